/* SPDX-License-Identifier: MIT */
/*
 * Text of strangers on the user's terminal. What an agent, a tool or a web page wrote
 * must not move the cursor, set the title, answer queries or turn the reading order
 * round: such characters are shown as what they are and never sent as they are.
 *
 *   C0 controls and DEL         ^[  ^G  ^?   (as cat -v does)
 *   C1 controls, directions,    <U+009B>  <U+202E>
 *   invisible characters
 *   bytes that are no UTF-8     <9B>
 */
#ifndef CLI_VISIBLE_H
#define CLI_VISIBLE_H

#include <stddef.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/strbuf.h"

enum visible_lines {
	VISIBLE_ONE_LINE, /* line feeds and tabs become spaces */
	VISIBLE_LINES, /* line feeds and tabs stay, the CR of a CR LF goes */
};

/* Puts text in its visible form. */
void visible_put(struct strbuf *out, struct hf_slice text, enum visible_lines lines);
/* Puts at most width columns of text in one line; "..." ends what was cut. Returns the
 * columns used. */
size_t visible_put_cut(struct strbuf *out, struct hf_slice text, size_t width);
/* The columns that text in one line takes. */
size_t visible_width(struct hf_slice text);

/* Puts one JSON text (or line of them), with those of the characters above that JSON
 * allows raw replaced by \u escapes: the same value, harmless on a terminal. */
void visible_put_json(struct strbuf *out, struct hf_slice json);

/* Decodes the UTF-8 character at text: its length and code point, or 0. */
size_t visible_decode(const char *text, size_t size, uint32_t *ret_code_point);

#endif
