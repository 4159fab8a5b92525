/* SPDX-License-Identifier: MIT */
/*
 * Cutting foreign bytes into pieces. What must hold, for lines, documents and blocks:
 *
 * - the pieces put together, in order, are the file; offsets and indices say so, and the
 *   last one, and no other, says that it is;
 * - where the pieces are does not depend on how many bytes each read gives;
 * - the JSON of a piece lies within it, and is valid when it is said to be;
 * - lines end where line feeds are; a document that is valid as a whole has only good
 *   pieces, and one that is not ends in one that is said to be unparsable.
 *
 * The first byte chooses how much each read gives.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "interop/piece.h"
#include "json/read.h"
#include "json/scan.h"

enum { PIECES_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

struct stream {
	struct hf_slice all;
	size_t at;
	size_t step;
};

/* What is known of the pieces so far. */
struct seen {
	struct hf_slice all;
	const struct seen *like; /* the same file, read in other steps */
	uint64_t offset;
	uint64_t count;
	uint64_t lines;
	bool is_ended;
	bool is_bad;
	enum piece_state last;
	uint32_t sizes[PIECES_MAX];
};

static int64_t read_some(void *context, char *bytes, size_t size)
{
	struct stream *stream = context;
	size_t count = stream->all.size - stream->at;

	if (count > stream->step)
		count = stream->step;
	if (count > size)
		count = size;
	if (count > 0)
		memcpy(bytes, stream->all.data + stream->at, count);
	stream->at += count;
	return (int64_t)count;
}

static void check_json(const struct piece *piece)
{
	struct hf_slice json = piece->json;

	if (json.size == 0) {
		must(piece->state != PIECE_GLUED);
		must(piece->state != PIECE_GOOD || piece->role == PIECE_HEAD || piece->role == PIECE_TAIL);
		return;
	}
	must(json.data >= piece->bytes.data &&
	     json.data + json.size <= piece->bytes.data + piece->bytes.size);
	must(json_scan(json.data, json.size, NULL) == (piece->lax ? HF_ERR_JSON : HF_OK));
	must(json_scan_lax(json.data, json.size, NULL) == HF_OK);
	must(piece->state != PIECE_GLUED || json_kind(json) == JSON_OBJECT);
	must(piece->state != PIECE_BLANK && piece->state != PIECE_TORN);
}

static int take(void *context, const struct piece *piece)
{
	struct seen *seen = context;

	must(!seen->is_ended && piece->bytes.size > 0);
	must(piece->offset == seen->offset && piece->index == seen->count);
	must(piece->bytes.size <= seen->all.size - seen->offset);
	must(memcmp(piece->bytes.data, seen->all.data + seen->offset, piece->bytes.size) == 0);
	check_json(piece);
	seen->offset += piece->bytes.size;
	seen->is_ended = piece->is_last;
	must(piece->is_last == (seen->offset == seen->all.size));
	seen->is_bad = seen->is_bad || (piece->state != PIECE_GOOD && piece->state != PIECE_BLANK);
	seen->last = piece->state;
	seen->lines += piece->line > 0;
	must(piece->role != PIECE_LINE || piece->state == PIECE_BLOCK || piece->line == seen->lines);
	if (seen->count < PIECES_MAX) {
		if (seen->like != NULL)
			must(seen->like->sizes[seen->count] == piece->bytes.size);
		seen->sizes[seen->count] = (uint32_t)piece->bytes.size;
	}
	seen->count++;
	return HF_OK;
}

static void finish(const struct seen *seen)
{
	must(seen->offset == seen->all.size && seen->is_ended == (seen->all.size > 0));
	must(seen->like == NULL || seen->like->count == seen->count);
}

static void check_lines(struct seen *seen)
{
	uint64_t feeds = 0;

	for (size_t i = 0; i < seen->all.size; i++)
		feeds += seen->all.data[i] == '\n';
	if (seen->all.size > 0 && seen->all.data[seen->all.size - 1] != '\n')
		feeds++;
	must(seen->lines == feeds && seen->count == feeds);
}

static void check_document(const struct seen *seen)
{
	bool is_valid = json_scan_lax(seen->all.data, seen->all.size, NULL) == HF_OK;

	if (seen->all.size == 0)
		return;
	must(is_valid == !seen->is_bad);
	must(is_valid || seen->last == PIECE_UNPARSABLE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const arrays[] = { "messages", "items", "", NULL };
	static struct seen whole, again;
	size_t step = size > 0 ? (size_t)bytes[0] + 1 : 1;
	struct hf_slice all = { size > 0 ? (const char *)bytes + 1 : "", size > 0 ? size - 1 : 0 };

	for (int shape = 0; shape < 3; shape++) {
		for (int round = 0; round < 2; round++) {
			struct stream stream = { all, 0, round == 0 ? SIZE_MAX : step };
			struct seen *seen = round == 0 ? &whole : &again;

			*seen = (struct seen){ .all = all, .like = round == 0 ? NULL : &whole };
			if (shape == 0)
				must(piece_lines(read_some, &stream, NULL, take, seen) == HF_OK);
			else if (shape == 1)
				must(piece_document(read_some, &stream, arrays, take, seen) == HF_OK);
			else
				must(piece_blocks(read_some, &stream, "a", take, seen) == HF_OK);
			finish(seen);
			if (shape == 0)
				check_lines(seen);
			if (shape == 1)
				check_document(seen);
		}
	}
	return 0;
}
