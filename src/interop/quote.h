/* SPDX-License-Identifier: MIT */
/*
 * Foreign text in a Markdown document, so that it is read as it was meant but cannot get out
 * of its place: CommonMark's and GitHub's readers find no raw HTML in it, and nothing of it
 * outside its own block, whatever it holds.
 *
 * Text that is Markdown becomes a quotation, line by line: a quotation ends where its lines
 * end, so no fence that was left open and no heading reaches beyond it. In it "<" before what
 * could be a tag becomes "&lt;", and the "!" of a picture, which a viewer would fetch,
 * becomes "&#33;", so that only its link is left; but not where all readers agree that there
 * is code. Where they may not agree (a fence behind a list marker, a code span over several
 * lines), code shows these entities: the price of not being fooled.
 *
 * All functions append to out and return errors of buffer_put. Texts are UTF-8 with line
 * feeds for line ends (render_line_ends).
 */
#ifndef INTEROP_QUOTE_H
#define INTEROP_QUOTE_H

#include "base/buffer.h"
#include "holdfast.h"

/* Markdown as a quotation. Text that is empty or blank gives nothing. */
int quote_text(struct hf_slice text, struct buffer *out);
/* Text as it is in a fenced block; language is ours, or "". */
int quote_code(struct hf_slice text, const char *language, struct buffer *out);
/* Text on one line of a heading, table or paragraph, with nothing in it of a meaning. */
int quote_line(struct hf_slice text, struct buffer *out);
/* The same on a line of HTML. */
int quote_html(struct hf_slice text, struct buffer *out);

#endif
