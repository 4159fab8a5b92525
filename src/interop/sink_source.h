/* SPDX-License-Identifier: MIT */
/*
 * The member "source" of a record: where a piece belongs, and its bytes as JSON, text or
 * base64 (docs/INTERCHANGE.md, "How an import is stored"). What stored.h reads back.
 */
#ifndef INTEROP_SINK_SOURCE_H
#define INTEROP_SINK_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interop/import_sink.h"

/* Which part of a piece a record holds. */
struct sink_part {
	struct hf_slice bytes;
	uint64_t at;      /* of bytes in the file */
	uint64_t slot;
	size_t index;     /* of it in the piece */
	bool has_more;
	bool is_view;     /* it has no bytes: a further view of the piece */
};

/* Writes the member's value to sink->source. Errors of buffer_put. */
int sink_source_put(struct import_sink *sink, const struct piece *piece,
		    const struct sink_part *part);
/* Bytes of one part: what fits into a record as base64. */
size_t sink_source_part_max(const struct import_sink *sink);
/* What a record says of a piece that is not good; NULL: nothing. */
const char *sink_source_state(enum piece_state state);

#endif
