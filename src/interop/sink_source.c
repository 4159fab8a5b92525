/* SPDX-License-Identifier: MIT */
#include "interop/sink_source.h"

#include <string.h>

#include "base/text.h"
#include "crypto/base64.h"
#include "json/scan.h"
#include "json/write.h"

enum { AROUND_MAX = 8 << 10 /* bytes of the record around a part's bytes */ };

int import_put_path(struct buffer *out, const char *path)
{
	struct buffer text = BUFFER_INIT(64 << 10);
	size_t size = strlen(path);
	size_t length = 0;
	int rc = HF_OK;

	for (size_t at = 0; rc == HF_OK && at < size; at += length) {
		char hex[5] = "\xef\xbf\xbd";

		length = text_utf8_length(path + at, size - at);
		if (length > 0) {
			rc = buffer_put(&text, path + at, length);
			continue;
		}
		length = 1;
		text_put_hex((const uint8_t *)path + at, 1, hex + 3);
		rc = buffer_put(&text, hex, sizeof hex);
	}
	if (rc == HF_OK)
		rc = json_put_string(out, text.data, text.size);
	buffer_release(&text);
	return rc;
}

const char *sink_source_state(enum piece_state state)
{
	switch (state) {
	case PIECE_BLANK:
		return "blank";
	case PIECE_TORN:
		return "torn";
	case PIECE_NUL:
		return "nul";
	case PIECE_GLUED:
		return "glued";
	case PIECE_UNPARSABLE:
		return "unparsable";
	case PIECE_LONG:
		return "long";
	case PIECE_BLOCK:
		return "block";
	case PIECE_GOOD:
	default:
		return NULL;
	}
}

/* Where the part belongs. */
static int put_place(struct import_sink *sink, const struct piece *piece,
		     const struct sink_part *part, bool *first)
{
	struct buffer *out = &sink->source;
	int rc = HF_OK;

	if (piece->file != NULL) {
		rc = json_put_name(out, first, "file");
		if (rc == HF_OK)
			rc = import_put_path(out, piece->file);
	}
	if (rc != HF_OK)
		return rc;
	if (sink->shape == FORMAT_LINES)
		return json_put_member_u64(out, first, "at", part->at);
	if (sink->shape == FORMAT_DOCUMENT)
		return json_put_member_u64(out, first, "slot", part->slot);
	rc = json_put_member_text(out, first, "key", piece->key, strlen(piece->key));
	if (rc == HF_OK && part->index > 0)
		rc = json_put_member_u64(out, first, "part", part->index);
	return rc;
}

static int put_flags(struct import_sink *sink, const struct piece *piece,
		     const struct sink_part *part, bool *first)
{
	static const struct hf_slice yes = { "true", 4 };
	const char *state = sink_source_state(piece->state);
	struct buffer *out = &sink->source;
	int rc = HF_OK;

	if (piece->line > 0)
		rc = json_put_member_u64(out, first, "line", piece->line);
	if (rc == HF_OK && state != NULL)
		rc = json_put_member_text(out, first, "state", state, strlen(state));
	if (rc == HF_OK && sink->version > 1)
		rc = json_put_member_u64(out, first, "version", sink->version);
	if (rc == HF_OK && part->has_more)
		rc = json_put_member_json(out, first, "more", yes);
	if (rc == HF_OK && part->is_view)
		rc = json_put_member_json(out, first, "of", yes);
	return rc;
}

/* What stands behind the JSON of a piece whose bytes are that and no more; NULL: they are
 * not. */
static const char *end_of(const struct piece *piece)
{
	static const char *const ends[] = { "", "\n", "\r\n" };
	size_t left = piece->bytes.size - piece->json.size;

	if (piece->json.size == 0 || piece->json.data != piece->bytes.data || left > 2)
		return NULL;
	return memcmp(piece->bytes.data + piece->json.size, ends[left], left) == 0 ? ends[left] : NULL;
}

/* Whether the piece's JSON can stand in a record as it is: an append would not change it, and
 * it does not nest too deep there. */
static int try_json(struct import_sink *sink, const struct piece *piece, bool *ret_good)
{
	int rc;

	sink->wrapped.size = 0;
	sink->compact.size = 0;
	rc = buffer_put(&sink->wrapped, "[[", 2);
	if (rc == HF_OK)
		rc = buffer_put(&sink->wrapped, piece->json.data, piece->json.size);
	if (rc == HF_OK)
		rc = buffer_put(&sink->wrapped, "]]", 2);
	if (rc == HF_OK)
		rc = json_compact(sink->wrapped.data, sink->wrapped.size, &sink->compact, NULL);
	*ret_good = rc == HF_OK && sink->compact.size == sink->wrapped.size &&
		    memcmp(sink->compact.data, sink->wrapped.data, sink->wrapped.size) == 0;
	return rc == HF_ERR_NOMEM ? rc : HF_OK;
}

static int put_json(struct import_sink *sink, const struct piece *piece, bool *first)
{
	const char *end = end_of(piece);
	/* What is meant if nothing is said. */
	bool is_usual = strcmp(end, piece->line > 0 ? "\n" : "") == 0;
	int rc = HF_OK;

	if (!is_usual)
		rc = json_put_member_text(&sink->source, first, "end", end, strlen(end));
	return rc == HF_OK ? json_put_member_json(&sink->source, first, "json", piece->json) : rc;
}

/* Bytes that a record's source may take without what is around it. */
static size_t value_max(const struct import_sink *sink)
{
	size_t max = sink->env->record_max;

	return max > 2 * AROUND_MAX ? max - AROUND_MAX : max / 2;
}

/* The bytes as text if they are text that does not grow much by escapes, else as base64. */
static int put_bytes(struct import_sink *sink, struct hf_slice bytes, bool *first)
{
	struct buffer *out = &sink->source;
	size_t before = out->size;
	bool was_first = *first;
	int rc = json_put_member_text(out, first, "text", bytes.data, bytes.size);

	if (rc == HF_OK && out->size - before <= 2 * bytes.size + 64 &&
	    out->size - before <= value_max(sink))
		return HF_OK;
	if (rc != HF_OK && rc != HF_ERR_INVALID && rc != HF_ERR_SESSION_SIZE)
		return rc;
	out->size = before;
	*first = was_first;
	rc = json_put_name(out, first, "base64");
	if (rc == HF_OK)
		rc = buffer_put(out, "\"", 1);
	if (rc == HF_OK)
		rc = base64_put(out, bytes.data, bytes.size);
	return rc == HF_OK ? buffer_put(out, "\"", 1) : rc;
}

/* The bytes of a part, in the first of the three ways that gives them back. */
static int put_contents(struct import_sink *sink, const struct piece *piece,
			const struct sink_part *part, bool *first)
{
	bool is_whole = part->bytes.size == piece->bytes.size && !part->has_more;
	bool is_json = false;
	int rc = HF_OK;

	if (part->is_view)
		return HF_OK;
	if (is_whole && piece->state == PIECE_GOOD && !piece->lax && end_of(piece) != NULL)
		rc = try_json(sink, piece, &is_json);
	if (rc != HF_OK)
		return rc;
	return is_json ? put_json(sink, piece, first) : put_bytes(sink, part->bytes, first);
}

int sink_source_put(struct import_sink *sink, const struct piece *piece,
		    const struct sink_part *part)
{
	bool first = true;
	int rc;

	sink->source.size = 0;
	rc = buffer_put(&sink->source, "{", 1);
	if (rc == HF_OK)
		rc = put_place(sink, piece, part, &first);
	if (rc == HF_OK)
		rc = put_flags(sink, piece, part, &first);
	if (rc == HF_OK)
		rc = put_contents(sink, piece, part, &first);
	return rc == HF_OK ? buffer_put(&sink->source, "}", 1) : rc;
}

size_t sink_source_part_max(const struct import_sink *sink)
{
	size_t max = value_max(sink) / 4 * 3;

	max = max > 64 ? max - 16 : 48;
	return max < PIECE_PART_SIZE ? max : PIECE_PART_SIZE;
}
