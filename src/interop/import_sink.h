/* SPDX-License-Identifier: MIT */
/*
 * What pieces and their views become: records, appended in batches.
 *
 * A format's reader speaks to sink->writer; its views are kept until the piece that they are
 * of is put, or dropped. docs/INTERCHANGE.md, "How an import is stored", describes what is
 * written. A batch ends between pieces, or between parts of a large one; never between a
 * piece's last bytes and its views, so that what is stored of a piece always has its views.
 */
#ifndef INTEROP_IMPORT_SINK_H
#define INTEROP_IMPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/format.h"
#include "interop/import.h"
#include "interop/message.h"
#include "interop/piece.h"

enum {
	SINK_BATCH_SIZE = 1 << 20,  /* bytes of data from which on a batch is appended */
	SINK_BATCH_COUNT = 256,     /* records, the same */
};

struct sink_view { size_t offset, size; bool is_aside; };
struct sink_record { size_t offset, size; const char *type; };

struct import_sink {
	struct import_env *env;
	struct hf_session *session;  /* NULL: nothing is written, only counted */
	const char *path;            /* of the source, for notes */
	enum format_shape shape;
	uint64_t version;            /* of the source's state, from 1 */
	bool must_reset;             /* the next record says that all before is replaced */
	uint64_t slot;               /* FORMAT_DOCUMENT: of the next record */
	size_t part;                 /* of the next record in its row or element */
	uint64_t long_offset;        /* of a piece that comes in blocks: where it began, */
	uint64_t long_size;          /* and how much of it has come */
	struct message_writer writer;
	uint64_t records;            /* pieces that were put */
	uint64_t messages;
	uint64_t bad;

	struct buffer views;         /* members of the current piece's views */
	struct sink_view *view_list;
	size_t view_count, view_room;
	struct buffer batch;         /* the data of records that are not yet appended */
	struct sink_record *record_list;
	size_t record_count, record_room;
	struct buffer source;        /* the member "source" of one record */
	struct buffer wrapped, compact; /* to see whether JSON comes back as it was */
};

void import_sink_init(struct import_sink *sink, struct import_env *env, const char *path,
		      enum format_shape shape);
/* Forgets what was not appended. */
void import_sink_release(struct import_sink *sink);

/* Forgets the views that the reader has given since the last put or drop. rc is what the
 * reader has returned: a view that was too large is told of and is no error. */
int import_sink_drop(struct import_sink *sink, const struct piece *piece, int rc);
/* Puts a piece from its byte `from` on; what is before is stored already. with_views: and
 * what the reader has said of it. Errors of hf_session_append. */
int import_sink_put(struct import_sink *sink, const struct piece *piece, size_t from,
		    bool with_views);
/* Puts a record of another type, json being its data. */
int import_sink_extra(struct import_sink *sink, const char *type, struct hf_slice json);
/* Appends what is left. */
int import_sink_flush(struct import_sink *sink);

/* Records that the bytes of a piece take. */
size_t import_sink_parts(const struct import_sink *sink, const struct piece *piece);

/* The text of a path as UTF-8: a byte that is none becomes U+FFFD and its two hexadecimal
 * digits. Puts it as a JSON string. */
int import_put_path(struct buffer *out, const char *path);

#endif
