/* SPDX-License-Identifier: MIT */
#include "interop/import_again.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "json/read.h"

enum { BYTES_MAX = PIECE_SIZE_MAX + (1 << 20) };

static bool slice_equal(struct hf_slice a, struct hf_slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool slice_is(struct hf_slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

void again_release(struct again *again)
{
	mem_free(again->runs);
	mem_free(again->entries);
	again->runs = NULL;
	again->entries = NULL;
	again->run_count = 0;
	again->entry_count = 0;
}

/* ---- Runs ---- */

static int add_run(struct again *again, const struct hf_record *record, const struct stored *stored)
{
	struct again_run run = { stored->file, stored->version, *record, record->n + 1 };

	if (again->run_count == again->run_room) {
		size_t room = again->run_room > 0 ? again->run_room * 2 : 16;
		struct again_run *runs = mem_resize(again->runs, room, sizeof *runs);

		if (runs == NULL)
			return HF_ERR_NOMEM;
		again->runs = runs;
		again->run_room = room;
	}
	again->runs[again->run_count++] = run;
	return HF_OK;
}

/* Only records of these types are an import's. */
static bool read_stored(const struct hf_record *record, struct stored *ret_stored)
{
	return (slice_is(record->type, "message") || slice_is(record->type, "x-source")) &&
	       stored_read(record, ret_stored);
}

int again_read(struct again *again, const struct hf_view *view)
{
	struct hf_record record = { 0 };
	struct stored stored;
	int rc = HF_OK;

	again->view = view;
	while (rc == HF_OK && hf_view_next(view, &record)) {
		struct again_run *last = again->run_count > 0 ? &again->runs[again->run_count - 1] : NULL;

		if (slice_is(record.type, "x-import")) {
			struct hf_slice more;

			(void)json_member(record.data, "name", &again->name);
			again->is_finished = !json_member(record.data, "more", &more);
		}
		if (!read_stored(&record, &stored))
			continue;
		again->is_finished = false;
		if (stored.version > again->version)
			again->version = stored.version;
		if (last != NULL && last->version == stored.version &&
		    slice_equal(last->file, stored.file))
			last->end_n = record.n + 1;
		else
			rc = add_run(again, &record, &stored);
	}
	return rc;
}

/* ---- Streams ---- */

struct again_stream again_stream_make(const struct again *again, struct hf_slice file,
				      uint64_t version)
{
	return (struct again_stream){ .again = again, .file = file, .version = version,
				      .bytes = BUFFER_INIT(BYTES_MAX), .is_good = true };
}

void again_stream_release(struct again_stream *stream)
{
	buffer_release(&stream->bytes);
}

static bool is_run_of(const struct again_stream *stream, const struct again_run *run)
{
	return run->version == stream->version && slice_equal(run->file, stream->file);
}

/* Goes to the next record of the file. False: there is none. */
static bool next_record(struct again_stream *stream)
{
	const struct again *again = stream->again;

	if (stream->is_open && hf_view_next(again->view, &stream->record) &&
	    stream->record.n < again->runs[stream->run].end_n)
		return true;
	if (stream->is_open)
		stream->run++;
	stream->is_open = false;
	while (stream->run < again->run_count && !is_run_of(stream, &again->runs[stream->run]))
		stream->run++;
	if (stream->run == again->run_count)
		return false;
	stream->record = again->runs[stream->run].first;
	stream->is_open = true;
	return true;
}

static int take_record(struct again_stream *stream)
{
	struct hf_slice state;
	struct stored stored;
	int rc;

	stream->used = 0;
	stream->bytes.size = 0;
	if (!read_stored(&stream->record, &stored) || !stored.has_bytes)
		return HF_OK;
	if (stored.has_slot || stored.key.size > 0 || stored.at != stream->offset)
		return HF_ERR_FORMAT;
	rc = stored_bytes(&stored, &stream->bytes);
	if (rc == HF_ERR_JSON || rc == HF_ERR_SESSION_SIZE)
		return HF_ERR_FORMAT;
	stream->is_good = !stored.has_more && !json_member(stored.source, "state", &state);
	return rc;
}

int again_stream_next(struct again_stream *stream, size_t size, struct hf_slice *ret_bytes)
{
	int rc = HF_OK;

	while (rc == HF_OK && stream->used == stream->bytes.size) {
		if (!next_record(stream)) {
			*ret_bytes = (struct hf_slice){ "", 0 };
			return HF_OK;
		}
		rc = take_record(stream);
	}
	if (rc != HF_OK)
		return rc;
	if (size > stream->bytes.size - stream->used)
		size = stream->bytes.size - stream->used;
	*ret_bytes = (struct hf_slice){ stream->bytes.data + stream->used, size };
	stream->used += size;
	stream->offset += size;
	return HF_OK;
}

/* ---- Entries ---- */

static void tag_of(const void *bytes, size_t size, uint8_t ret_tag[static AGAIN_TAG_SIZE])
{
	uint8_t digest[KDF_SIZE];

	kdf_sha256(bytes, size, digest);
	memcpy(ret_tag, digest, AGAIN_TAG_SIZE);
}

static void tag_of_slot(uint64_t slot, uint8_t ret_tag[static AGAIN_TAG_SIZE])
{
	memset(ret_tag, 0, AGAIN_TAG_SIZE);
	memcpy(ret_tag, &slot, sizeof slot);
}

/* What is gathered of the piece whose records are being gone through. */
struct gathered {
	struct again_entry entry;
	struct digest digest;
	bool is_open;
	uint64_t slot;   /* of its first record */
	struct buffer bytes;
	struct buffer key;
};

static int add_entry(struct again *again, struct gathered *gathered)
{
	uint8_t digest[DIGEST_SIZE];

	if (!gathered->is_open)
		return HF_OK;
	gathered->is_open = false;
	digest_final(&gathered->digest, digest);
	memcpy(gathered->entry.bytes, digest, AGAIN_TAG_SIZE);
	if (again->entry_count >= AGAIN_ENTRIES_MAX)
		return HF_ERR_FOREIGN;
	if (again->entry_count == again->entry_room) {
		size_t room = again->entry_room > 0 ? again->entry_room * 2 : 64;
		struct again_entry *entries = mem_resize(again->entries, room, sizeof *entries);

		if (entries == NULL)
			return HF_ERR_NOMEM;
		again->entries = entries;
		again->entry_room = room;
	}
	again->entries[again->entry_count++] = gathered->entry;
	return HF_OK;
}

static int begin_entry(struct gathered *gathered, const struct stored *stored)
{
	int64_t size = stored->has_slot ? 0 : json_text(stored->key, NULL, 0);
	int rc;

	if (size < 0)
		return HF_ERR_FORMAT;
	gathered->entry = (struct again_entry){ .has_ids = true };
	digest_init(&gathered->digest);
	gathered->is_open = true;
	gathered->slot = stored->at;
	if (stored->has_slot) {
		tag_of_slot(stored->at, gathered->entry.key);
		return HF_OK;
	}
	gathered->key.size = 0;
	rc = buffer_reserve(&gathered->key, (size_t)size + 1);
	if (rc != HF_OK)
		return rc;
	(void)json_text(stored->key, gathered->key.data, (size_t)size + 1);
	tag_of(gathered->key.data, (size_t)size, gathered->entry.key);
	return HF_OK;
}

/* Whether a record with bytes goes on with the piece that is open. */
static bool goes_on(const struct gathered *gathered, const struct stored *stored)
{
	struct hf_slice part;

	if (!gathered->is_open || gathered->entry.is_whole)
		return false;
	if (stored->has_slot)
		return stored->at == gathered->slot + gathered->entry.parts;
	return json_member(stored->source, "part", &part);
}

static int gather(struct again *again, struct gathered *gathered, const struct hf_record *record,
		  const struct stored *stored)
{
	struct again_entry *entry = &gathered->entry;
	struct hf_slice id;
	int rc = HF_OK;

	if (stored->has_bytes && !goes_on(gathered, stored)) {
		rc = add_entry(again, gathered);
		if (rc == HF_OK)
			rc = begin_entry(gathered, stored);
	}
	if (rc != HF_OK || !gathered->is_open)
		return rc;
	if (slice_is(record->type, "message")) {
		entry->has_messages = true;
		entry->has_ids = entry->has_ids && json_member(record->data, "id", &id);
	}
	entry->n = record->n;
	if (!stored->has_bytes)
		return HF_OK;
	gathered->bytes.size = 0;
	rc = stored_bytes(stored, &gathered->bytes);
	if (rc == HF_ERR_JSON || rc == HF_ERR_SESSION_SIZE)
		return HF_ERR_FORMAT;
	digest_update(&gathered->digest, gathered->bytes.data, gathered->bytes.size);
	entry->parts++;
	entry->is_whole = !stored->has_more;
	if (stored->has_slot && stored->at >= again->slots)
		again->slots = stored->at + 1;
	return rc;
}

static int compare_entries(const void *left, const void *right)
{
	const struct again_entry *a = left;
	const struct again_entry *b = right;
	int order = memcmp(a->key, b->key, AGAIN_TAG_SIZE);

	return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

/* Puts the entries in order and keeps the newest of each key. */
static void settle(struct again *again)
{
	size_t kept = 0;

	if (again->entry_count > 1)
		qsort(again->entries, again->entry_count, sizeof *again->entries, compare_entries);
	for (size_t i = 0; i < again->entry_count; i++) {
		if (kept > 0 && memcmp(again->entries[kept - 1].key, again->entries[i].key,
				       AGAIN_TAG_SIZE) == 0)
			kept--;
		again->entries[kept++] = again->entries[i];
	}
	again->entry_count = kept;
}

int again_enter(struct again *again, uint64_t version)
{
	struct gathered gathered = { .bytes = BUFFER_INIT(BYTES_MAX), .key = BUFFER_INIT(64 << 10) };
	struct hf_record record = { 0 };
	struct stored stored;
	int rc = HF_OK;

	again->entry_count = 0;
	again->slots = 0;
	while (rc == HF_OK && hf_view_next(again->view, &record)) {
		if (read_stored(&record, &stored) && stored.version == version)
			rc = gather(again, &gathered, &record, &stored);
	}
	if (rc == HF_OK)
		rc = add_entry(again, &gathered);
	settle(again);
	buffer_release(&gathered.bytes);
	buffer_release(&gathered.key);
	return rc;
}

static struct again_entry *find(struct again *again, const struct again_entry *key)
{
	size_t low = 0;
	size_t high = again->entry_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(again->entries[middle].key, key->key, AGAIN_TAG_SIZE);

		if (order == 0)
			return &again->entries[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

struct again_entry *again_find_slot(struct again *again, uint64_t slot)
{
	struct again_entry key;

	tag_of_slot(slot, key.key);
	return find(again, &key);
}

struct again_entry *again_find_key(struct again *again, const char *text)
{
	struct again_entry key;

	tag_of(text, strlen(text), key.key);
	return find(again, &key);
}

bool again_is(const struct again_entry *entry, const uint8_t digest[static 32])
{
	return entry->is_whole && memcmp(entry->bytes, digest, AGAIN_TAG_SIZE) == 0;
}
