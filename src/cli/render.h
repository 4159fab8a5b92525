/* SPDX-License-Identifier: MIT */
/* Records as text for people. All text from records is made visible (see visible.h). */
#ifndef CLI_RENDER_H
#define CLI_RENDER_H

#include <holdfast.h>

#include "cli/out.h"

/*
 * Puts a record: a message as a heading and its text, others in one line. Of messages it
 * understands {"role":,"content":}, where content is text or a list of parts (text,
 * thinking, calls of tools and their results, images), also inside a member "message" or
 * "payload" as agents' own files have it; other JSON is shown as it is, cut to one line.
 */
void render_record(const struct out *out, struct strbuf *text, const struct hf_record *record);

#endif
