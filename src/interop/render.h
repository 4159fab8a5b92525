/* SPDX-License-Identifier: MIT */
/*
 * What the exports for people share (Markdown and HTML): text out of JSON with its secrets
 * replaced, characters that a reader would not see, and words for what is told.
 *
 * All functions that append to a buffer return its errors, or those of the redactor, and
 * count what they replace in exporter->done.redacted.
 */
#ifndef INTEROP_RENDER_H
#define INTEROP_RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "interop/export.h"

enum {
	RENDER_TIME_SIZE = 20,         /* 2026-11-22 23:54:13 with a NUL */
	RENDER_INDENT_MAX = 8,         /* levels of JSON that are indented */
	RENDER_PRETTY_MAX = 256 << 10, /* bytes of JSON that is laid out on lines */
	RENDER_BRIEF_MAX = 100,        /* bytes of what a folded part is told by */
};

/* Appends a text with its secrets replaced. */
int render_text(struct exporter *exporter, struct hf_slice text, struct buffer *out);
/* The same for the text in a JSON string; any other JSON is taken as it stands. */
int render_string(struct exporter *exporter, struct hf_slice json, struct buffer *out);
/* Appends JSON with the secrets in its strings replaced, compact. */
int render_json(struct exporter *exporter, struct hf_slice json, struct buffer *out);
/* Appends JSON on lines of its own for each member, if it is not too large. Redacts
 * nothing: json has been. */
int render_pretty(struct hf_slice json, struct buffer *out);

/*
 * The length of the character at at (before end) if people would not see it, or would see
 * the text around it in another order than it stands: control characters but for tab and
 * line feed, directional marks, tags, and bytes that are no UTF-8. Otherwise 0.
 * *ret_point is the character, U+FFFD for such bytes.
 */
size_t render_hidden(const char *at, const char *end, uint32_t *ret_point);
/* Puts what stands for such a character: a symbol for a control character ("\xe2\x90\x9b" for
 * ESC), otherwise "U+202E". */
int render_mark(uint32_t point, struct buffer *out);
/* Turns all line ends of text[from..] into line feeds, in place. */
void render_line_ends(struct buffer *text, size_t from);

/* The part of the arguments of a call that tells most: a command, a path. arguments have
 * been redacted. A slice of JSON; empty if there is none. */
struct hf_slice render_brief(struct hf_slice arguments);
/* Cuts a text to one line of at most size bytes, at a character; *ret_cut: there was more. */
struct hf_slice render_first_line(struct hf_slice text, size_t size, bool *ret_cut);

void render_time(int64_t at_us, char ret_text[static RENDER_TIME_SIZE]);
const char *render_role(unsigned export_role);
/* What a verdict means for a reader, a sentence or two. */
const char *render_verdict(enum hf_verdict verdict);
/* What the session is called: its name, or how it begins, or its id. Not redacted. */
struct hf_slice render_title(const struct hf_view *view);
/* Sets the name of the exported file: the session's id with a suffix. */
void render_name(struct exporter *exporter, const char *suffix);
/* Whether a part is a picture that may be shown: its media type is one of four, and
 * its data are base64. *ret_type is static ("image/png"). */
bool render_is_picture(const struct export_part *part, const char **ret_type);

#endif
