/* SPDX-License-Identifier: MIT */
/* One session of a listing: the cells of a table's row, and members of an object. */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include <stddef.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/json.h"
#include "cli/out.h"
#include "cli/strbuf.h"

enum {
	ROW_ID_WIDTH = 8,
	ROW_LONG_ID_WIDTH = 13, /* ids that begin with a time (version 7) differ within these */
	ROW_TIME_WIDTH = 16,
	ROW_SIZE_WIDTH = 8,
	ROW_GAP = 2, /* spaces behind each cell */
};

/* Puts a cell of width columns and the gap behind it; what is too long is cut. */
void row_put(struct strbuf *text, struct hf_slice words, size_t width);
/* The same with the words at the right. */
void row_put_right(struct strbuf *text, const char *words, size_t width);
/* The beginning of an id, which may be "". */
void row_put_id(struct strbuf *text, const char *id, size_t width);
/* How much of this id tells it from others. */
size_t row_id_width(const char *id);
/* The time to the minute; nothing if it is not known. */
void row_put_time(struct strbuf *text, int64_t time_us);
void row_put_size(struct strbuf *text, uint64_t bytes);

/* An error's name in small letters: of a verdict's error this is the verdict. */
void row_put_fault(struct strbuf *text, int error);

/* The name of a session, or its first words. */
struct hf_slice row_title(const struct hf_info *info);
/* Puts a star if it is pinned, the title and the tags, as far as width (8 or more) allows;
 * returns the columns used. */
size_t row_put_title(const struct out *out, struct strbuf *text, const struct hf_info *info,
		     size_t width);
/* The columns that this takes if nothing is cut. */
size_t row_title_width(const struct hf_info *info);

/* Puts everything that is known of a session into an object. */
void row_put_json(struct json *json, const struct hf_entry *entry);

/* Ends the line: no spaces stand before its line feed. */
void row_end(struct strbuf *text);

#endif
