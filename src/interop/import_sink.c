/* SPDX-License-Identifier: MIT */
#include "interop/import_sink.h"

#include <string.h>

#include "base/mem.h"
#include "interop/sink_source.h"
#include "json/scan.h"

enum {
	VIEWS_SIZE_MAX = MESSAGE_SIZE_MAX + (4 << 20), /* of one piece */
	BATCH_SIZE_MAX = 128 << 20,
	SOURCE_SIZE_MAX = 16 << 20,
	WRAPPED_SIZE_MAX = PIECE_PART_SIZE + 16,
};

/* Takes a view from the reader. */
static int take_view(void *context, struct hf_slice members, bool is_aside)
{
	struct import_sink *sink = context;
	struct sink_view view = { sink->views.size, members.size, is_aside };
	int rc;

	if (sink->view_count == sink->view_room) {
		size_t room = sink->view_room > 0 ? sink->view_room * 2 : 8;
		struct sink_view *list = mem_resize(sink->view_list, room, sizeof *list);

		if (list == NULL)
			return HF_ERR_NOMEM;
		sink->view_list = list;
		sink->view_room = room;
	}
	rc = buffer_put(&sink->views, members.data, members.size);
	if (rc == HF_OK)
		sink->view_list[sink->view_count++] = view;
	return rc;
}

void import_sink_init(struct import_sink *sink, struct import_env *env, const char *path,
		      enum format_shape shape)
{
	*sink = (struct import_sink){
		.env = env,
		.path = path,
		.shape = shape,
		.version = 1,
		.writer = { .json = BUFFER_INIT(MESSAGE_SIZE_MAX), .take = take_view,
			    .context = sink },
		.views = BUFFER_INIT(VIEWS_SIZE_MAX),
		.batch = BUFFER_INIT(BATCH_SIZE_MAX),
		.source = BUFFER_INIT(SOURCE_SIZE_MAX),
		.wrapped = BUFFER_INIT(WRAPPED_SIZE_MAX),
		.compact = BUFFER_INIT(WRAPPED_SIZE_MAX),
	};
}

void import_sink_release(struct import_sink *sink)
{
	buffer_release(&sink->writer.json);
	buffer_release(&sink->views);
	buffer_release(&sink->batch);
	buffer_release(&sink->source);
	buffer_release(&sink->wrapped);
	buffer_release(&sink->compact);
	mem_free(sink->view_list);
	mem_free(sink->record_list);
	sink->view_list = NULL;
	sink->record_list = NULL;
	sink->view_count = 0;
	sink->record_count = 0;
}

static void note_at(const struct import_sink *sink, uint64_t line, uint64_t offset, uint64_t size,
		    const char *what)
{
	const struct hf_import_note told = { sink->path, line, offset, size, what };

	import_note(sink->env, &told);
}

static void note(const struct import_sink *sink, const struct piece *piece, const char *what)
{
	note_at(sink, piece->line, piece->offset, piece->bytes.size, what);
}

int import_sink_drop(struct import_sink *sink, const struct piece *piece, int rc)
{
	if (rc == HF_OK)
		rc = sink->writer.rc;
	if (rc == HF_ERR_SESSION_SIZE && sink->session != NULL)
		note(sink, piece, "too long");
	sink->writer.rc = HF_OK;
	message_drop(&sink->writer);
	sink->views.size = 0;
	sink->view_count = 0;
	return rc == HF_ERR_SESSION_SIZE ? HF_OK : rc;
}

/* ---- Batches ---- */

int import_sink_flush(struct import_sink *sink)
{
	struct hf_append *records;
	struct hf_detail detail;
	int rc = HF_OK;

	if (sink->record_count == 0)
		return HF_OK;
	if (sink->session != NULL) {
		records = mem_new(sink->record_count, sizeof *records);
		if (records == NULL)
			return HF_ERR_NOMEM;
		for (size_t i = 0; i < sink->record_count; i++) {
			const struct sink_record *record = &sink->record_list[i];

			records[i] = (struct hf_append){ record->type, NULL,
							 sink->batch.data + record->offset,
							 record->size };
		}
		rc = hf_session_append(sink->session, NULL, records, sink->record_count, &detail,
				       NULL);
		mem_free(records);
		if (rc != HF_OK)
			sink->env->report->detail = detail;
	}
	sink->batch.size = 0;
	sink->record_count = 0;
	return rc;
}

static int flush_if_full(struct import_sink *sink)
{
	if (sink->batch.size < SINK_BATCH_SIZE && sink->record_count < SINK_BATCH_COUNT)
		return HF_OK;
	return import_sink_flush(sink);
}

/* Enters the data that was put into the batch from offset on. */
static int add_record(struct import_sink *sink, size_t offset, const char *type)
{
	struct sink_record record = { offset, sink->batch.size - offset, type };

	if (sink->record_count == sink->record_room) {
		size_t room = sink->record_room > 0 ? sink->record_room * 2 : SINK_BATCH_COUNT;
		struct sink_record *list = mem_resize(sink->record_list, room, sizeof *list);

		if (list == NULL)
			return HF_ERR_NOMEM;
		sink->record_list = list;
		sink->record_room = room;
	}
	sink->record_list[sink->record_count++] = record;
	return HF_OK;
}

int import_sink_extra(struct import_sink *sink, const char *type, struct hf_slice json)
{
	size_t offset = sink->batch.size;
	int rc = buffer_put(&sink->batch, json.data, json.size);

	return rc == HF_OK ? add_record(sink, offset, type) : rc;
}

/* Puts a record: a view's members, which may be none, and the source. */
static int put_record(struct import_sink *sink, struct hf_slice members, const char *type)
{
	size_t offset = sink->batch.size;
	int rc = buffer_put(&sink->batch, "{", 1);

	if (rc == HF_OK)
		rc = buffer_put(&sink->batch, members.data, members.size);
	if (rc == HF_OK)
		rc = buffer_put_text(&sink->batch, members.size > 0 ? ",\"source\":" : "\"source\":");
	if (rc == HF_OK)
		rc = buffer_put(&sink->batch, sink->source.data, sink->source.size);
	if (rc == HF_OK)
		rc = buffer_put(&sink->batch, "}", 1);
	return rc == HF_OK ? add_record(sink, offset, type) : rc;
}

/* ---- Pieces ---- */

/* How many of the bytes go into the next part: not into the middle of a character. */
static size_t next_part(struct hf_slice bytes, size_t max)
{
	size_t size = max;

	if (bytes.size <= max)
		return bytes.size;
	while (size > max - 3 && ((unsigned char)bytes.data[size] & 0xc0) == 0x80)
		size--;
	return size;
}

size_t import_sink_parts(const struct import_sink *sink, const struct piece *piece)
{
	struct hf_slice bytes = piece->bytes;
	size_t count = 0;

	do {
		size_t size = next_part(bytes, sink_source_part_max(sink));

		bytes.data += size;
		bytes.size -= size;
		count++;
	} while (bytes.size > 0);
	return count;
}

/* Whether a view can stand in a record: a reader may have got its members wrong. */
static int try_view(struct hf_slice members, bool *ret_good)
{
	struct buffer whole = BUFFER_INIT(VIEWS_SIZE_MAX + 2);
	int rc = buffer_put(&whole, "{", 1);

	if (rc == HF_OK)
		rc = buffer_put(&whole, members.data, members.size);
	if (rc == HF_OK)
		rc = buffer_put(&whole, "}", 1);
	if (rc == HF_OK)
		rc = json_scan(whole.data, whole.size, NULL);
	buffer_release(&whole);
	*ret_good = rc == HF_OK;
	return rc == HF_ERR_JSON ? HF_OK : rc;
}

static struct hf_slice members_of(const struct import_sink *sink, const struct sink_view *view)
{
	return (struct hf_slice){ sink->views.data + view->offset, view->size };
}

/* Leaves out the views that are not valid. */
static int sift_views(struct import_sink *sink, const struct piece *piece)
{
	size_t kept = 0;

	for (size_t i = 0; i < sink->view_count; i++) {
		bool is_good = false;
		int rc = try_view(members_of(sink, &sink->view_list[i]), &is_good);

		if (rc != HF_OK)
			return rc;
		if (is_good)
			sink->view_list[kept++] = sink->view_list[i];
		else
			note(sink, piece, "too long");
	}
	sink->view_count = kept;
	return HF_OK;
}

static const char *type_of(struct import_sink *sink, const struct sink_view *view)
{
	sink->messages += !view->is_aside;
	return view->is_aside ? "x-source" : "message";
}

/* Whether a view and the source that was put last fit into one record. */
static bool fits(const struct import_sink *sink, const struct sink_view *view)
{
	return sink->source.size + view->size + 16 <= sink->env->record_max;
}

/* Puts the views from first on in records of their own; those that no record can hold are
 * left out. */
static int put_views(struct import_sink *sink, const struct piece *piece, struct sink_part *part,
		     size_t first)
{
	int rc = HF_OK;

	part->is_view = true;
	part->has_more = false;
	if (first < sink->view_count)
		rc = sink_source_put(sink, piece, part);
	for (size_t i = first; rc == HF_OK && i < sink->view_count; i++) {
		const struct sink_view *view = &sink->view_list[i];

		if (fits(sink, view))
			rc = put_record(sink, members_of(sink, view), type_of(sink, view));
		else
			note(sink, piece, "too long");
	}
	return rc;
}

/* Puts the record with a piece's last bytes, and its views: the first in the same record if it
 * fits, the others in records of their own. */
static int put_last(struct import_sink *sink, const struct piece *piece, struct sink_part *part)
{
	static const struct hf_slice reset = { "\"op\":\"reset\"", 12 };
	struct hf_slice none = { NULL, 0 };
	size_t joined = 0;
	int rc = sink_source_put(sink, piece, part);

	if (rc != HF_OK)
		return rc;
	if (sink->must_reset) {
		rc = put_record(sink, reset, "x-source");
		sink->must_reset = false;
	} else if (sink->view_count > 0 && part->index == 0 &&
		   fits(sink, &sink->view_list[0])) {
		rc = put_record(sink, members_of(sink, &sink->view_list[0]),
				type_of(sink, &sink->view_list[0]));
		joined = 1;
	} else {
		rc = put_record(sink, none, "x-source");
	}
	return rc == HF_OK ? put_views(sink, piece, part, joined) : rc;
}

/* Puts a part that others follow. */
static int put_part(struct import_sink *sink, const struct piece *piece,
		    const struct sink_part *part)
{
	static const struct hf_slice reset = { "\"op\":\"reset\"", 12 };
	struct hf_slice none = { NULL, 0 };
	int rc = sink_source_put(sink, piece, part);

	if (rc == HF_OK)
		rc = put_record(sink, sink->must_reset ? reset : none, "x-source");
	sink->must_reset = false;
	return rc == HF_OK ? flush_if_full(sink) : rc;
}

static void count_piece(struct import_sink *sink, const struct piece *piece)
{
	bool is_long = piece->state == PIECE_LONG;
	const char *what = is_long ? "too long" : sink_source_state(piece->state);
	bool is_bad = piece->state == PIECE_TORN || piece->state == PIECE_NUL ||
		      piece->state == PIECE_GLUED || piece->state == PIECE_UNPARSABLE;

	if (sink->long_size == 0)
		sink->long_offset = piece->offset;
	sink->long_size += piece->bytes.size;
	if (piece->has_more)
		return;
	sink->records++;
	sink->bad += is_bad;
	if (is_bad || is_long)
		note_at(sink, piece->line, sink->long_offset, sink->long_size, what);
	sink->long_size = 0;
}

int import_sink_put(struct import_sink *sink, const struct piece *piece, size_t from,
		    bool with_views)
{
	struct hf_slice rest = { piece->bytes.data + from, piece->bytes.size - from };
	struct sink_part part = { .at = piece->offset + from, .index = sink->part };
	size_t max = sink_source_part_max(sink);
	int rc = HF_OK;

	if (with_views)
		rc = sift_views(sink, piece);
	else
		sink->view_count = 0;
	while (rc == HF_OK && rest.size > max) {
		part.bytes = (struct hf_slice){ rest.data, next_part(rest, max) };
		part.has_more = true;
		part.slot = sink->slot++;
		rc = put_part(sink, piece, &part);
		rest.data += part.bytes.size;
		rest.size -= part.bytes.size;
		part.at += part.bytes.size;
		part.index++;
	}
	if (rc == HF_OK) {
		part.bytes = rest;
		part.has_more = piece->has_more;
		part.slot = sink->slot++;
		sink->part = piece->has_more ? part.index + 1 : 0;
		rc = put_last(sink, piece, &part);
	}
	count_piece(sink, piece);
	if (rc == HF_OK)
		rc = import_sink_drop(sink, piece, HF_OK);
	return rc == HF_OK ? flush_if_full(sink) : rc;
}
