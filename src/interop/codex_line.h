/* SPDX-License-Identifier: MIT */
/*
 * The lines of a rollout that is written, and what stands in them. Errors stick in the
 * exporter, whose line holds what was put so far.
 */
#ifndef INTEROP_CODEX_LINE_H
#define INTEROP_CODEX_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/convert.h"
#include "interop/export.h"

struct codex_writer {
	struct exporter *exporter;
	struct convert convert;
	struct buffer scratch;
	bool is_numbered;
	uint64_t ordinal; /* of the next line, if lines are numbered */
	int64_t at_us;    /* of the message that is written */
};

/* Begins a line of a type, up to the brace of its payload; ends and writes it. */
void codex_begin_line(struct codex_writer *writer, const char *type);
void codex_end_line(struct codex_writer *writer);

/* Puts text as it is; or a string, in which half a pair of surrogates, for which Codex
 * refuses a line, becomes U+FFFD. What is no string is put as "". */
void codex_put(struct codex_writer *writer, const char *text);
void codex_put_string(struct codex_writer *writer, struct hf_slice string);
/* Makes what the line holds from start on the text of one string. */
void codex_pack(struct codex_writer *writer, size_t start);

/* Whether a part goes into the lists below: text, and images that are there. */
bool codex_is_shown(const struct export_part *part);
/* The parts of a kind; of images those that are there. */
size_t codex_count_parts(const struct export_message *message, enum export_part_kind kind);
/* Put an image's address; the list of the parts that are shown, with the name that text has
 * in it; all text as one string. */
void codex_put_address(struct codex_writer *writer, const struct export_part *image);
void codex_put_content(struct codex_writer *writer, const struct export_message *message,
		       const char *text_type);
void codex_put_texts(struct codex_writer *writer, const struct export_message *message);

#endif
