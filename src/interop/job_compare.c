/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "interop/import_job.h"

/* ---- Files of lines ---- */

struct comparison {
	struct again_stream stream;
	struct job *job;
	uint64_t size;   /* bytes that are alike */
	enum job_state state;
};

/* Compares bytes of the source with what is stored. *ret_done: that tells the state. */
static int compare_bytes(struct comparison *comparison, struct hf_slice bytes, bool *ret_done)
{
	while (bytes.size > 0) {
		struct hf_slice stored = { NULL, 0 };
		int rc = again_stream_next(&comparison->stream, bytes.size, &stored);

		if (rc == HF_ERR_FORMAT)
			rc = report_fail(comparison->job->env->report, rc, "import",
					 "what was imported of it before cannot be put together");
		if (rc != HF_OK)
			return rc;
		*ret_done = true;
		if (stored.size == 0) {
			comparison->state = JOB_LONGER;
			return HF_OK;
		}
		if (memcmp(stored.data, bytes.data, stored.size) != 0) {
			comparison->state = JOB_DIFFERENT;
			return HF_OK;
		}
		*ret_done = false;
		comparison->size += stored.size;
		bytes.data += stored.size;
		bytes.size -= stored.size;
	}
	return HF_OK;
}

/* At the source's end: is there more that is stored? */
static int compare_end(struct comparison *comparison)
{
	struct hf_slice stored = { NULL, 0 };
	int rc = again_stream_next(&comparison->stream, 1, &stored);

	comparison->state = stored.size > 0 ? JOB_SHORTER : JOB_SAME;
	return rc;
}

static int compare_source(void *context, struct source *source)
{
	struct comparison *comparison = context;
	char *bytes = mem_resize(NULL, SOURCE_READ_SIZE, 1);
	bool is_done = false;
	int64_t count = 1;
	int rc = bytes != NULL ? HF_OK : HF_ERR_NOMEM;

	while (rc == HF_OK && !is_done && count > 0) {
		count = source_read(source, bytes, SOURCE_READ_SIZE);
		if (count < 0)
			rc = (int)count;
		else if (count == 0)
			rc = compare_end(comparison);
		else
			rc = compare_bytes(comparison,
					   (struct hf_slice){ bytes, (size_t)count }, &is_done);
		import_progress(comparison->job->env, source->at);
	}
	mem_free(bytes);
	return rc;
}

static int compare_file(struct job *job, size_t index, uint64_t version, enum job_state *ret_state)
{
	struct job_file *file = &job->files[index];
	struct buffer name = BUFFER_INIT(64 << 10);
	struct comparison comparison = { .job = job, .state = JOB_SAME };
	int rc = file->name != NULL ? import_put_path(&name, file->name) : HF_OK;

	comparison.stream = again_stream_make(&job->again,
					      (struct hf_slice){ name.data, name.size }, version);
	if (rc == HF_OK)
		rc = job_read_file(job, index, compare_source, &comparison);
	file->stored = comparison.size;
	file->is_stored_good = comparison.stream.is_good;
	*ret_state = comparison.state;
	again_stream_release(&comparison.stream);
	buffer_release(&name);
	return rc;
}

static int compare_files(struct job *job, uint64_t version, enum job_state *ret_state)
{
	enum job_state worst = JOB_SAME;
	int rc = HF_OK;

	job->bytes = 0;
	for (size_t i = 0; rc == HF_OK && worst != JOB_DIFFERENT && i < job->file_count; i++) {
		enum job_state state = JOB_SAME;

		rc = compare_file(job, i, version, &state);
		worst = state > worst ? state : worst;
	}
	*ret_state = worst;
	return rc;
}

/* ---- Documents and rows ---- */

struct keyed {
	struct job *job;
	struct again_entry *entry; /* of the piece that is open */
	struct digest digest;
	bool is_open;
	uint64_t slot;
	uint64_t parts;
	bool has_new;
	bool has_changed;
	bool has_lost;
	bool is_different; /* what has changed cannot be told by adding to it */
};

static bool is_document(const struct keyed *keyed)
{
	return keyed->job->reader->shape == FORMAT_DOCUMENT;
}

/* Judges a piece whose bytes are not those that are stored. */
static void take_change(struct keyed *keyed, const struct piece *piece)
{
	const struct again_entry *entry = keyed->entry;

	if (is_document(keyed) && piece->role != PIECE_ELEMENT && piece->is_last &&
	    keyed->slot + keyed->parts < keyed->job->again.slots) {
		keyed->has_lost = true; /* the end comes sooner */
		return;
	}
	keyed->has_changed = true;
	/* An import that was cut short in it; whatever is put there now wins. */
	if (!entry->is_whole)
		return;
	if (is_document(keyed))
		keyed->is_different |= entry->has_messages || entry->parts != keyed->parts;
	else
		keyed->is_different |= entry->has_messages && !entry->has_ids;
}

static int compare_piece(void *context, const struct piece *piece)
{
	struct keyed *keyed = context;
	struct again *again = &keyed->job->again;
	uint8_t digest[DIGEST_SIZE];

	if (!keyed->is_open) {
		keyed->is_open = true;
		keyed->parts = 0;
		digest_init(&keyed->digest);
		keyed->entry = is_document(keyed) ? again_find_slot(again, keyed->slot) :
						    again_find_key(again, piece->key);
	}
	keyed->parts += import_sink_parts(&keyed->job->sink, piece);
	digest_update(&keyed->digest, piece->bytes.data, piece->bytes.size);
	if (piece->has_more)
		return HF_OK;
	keyed->is_open = false;
	digest_final(&keyed->digest, digest);
	if (keyed->entry == NULL) {
		keyed->has_new = true;
	} else {
		keyed->entry->is_seen = true;
		keyed->entry->is_same = again_is(keyed->entry, digest);
		if (keyed->entry->is_same)
			keyed->parts = keyed->entry->parts;
		else
			take_change(keyed, piece);
	}
	keyed->slot += keyed->parts;
	return HF_OK;
}

/* Sees whether something of what is stored is gone. A row that has no message may go. */
static void find_lost(struct keyed *keyed)
{
	const struct again *again = &keyed->job->again;

	if (is_document(keyed)) {
		keyed->has_lost |= keyed->slot < again->slots;
		return;
	}
	for (size_t i = 0; i < again->entry_count; i++)
		keyed->has_lost |= !again->entries[i].is_seen && again->entries[i].has_messages;
}

static int compare_entries(struct job *job, uint64_t version, enum job_state *ret_state)
{
	struct keyed keyed = { .job = job };
	int rc = again_enter(&job->again, version);

	if (rc == HF_ERR_FORMAT)
		rc = report_fail(job->env->report, rc, "import",
				 "what was imported of it before cannot be put together");
	if (rc == HF_OK)
		rc = job_each(job, compare_piece, &keyed);
	if (rc != HF_OK)
		return rc;
	find_lost(&keyed);
	if (keyed.is_different || (keyed.has_lost && (keyed.has_new || keyed.has_changed)))
		*ret_state = JOB_DIFFERENT;
	else if (keyed.has_lost)
		*ret_state = JOB_SHORTER;
	else
		*ret_state = keyed.has_new || keyed.has_changed ? JOB_LONGER : JOB_SAME;
	return HF_OK;
}

int job_compare(struct job *job, uint64_t version, enum job_state *ret_state)
{
	if (job->reader->shape == FORMAT_LINES)
		return compare_files(job, version, ret_state);
	return compare_entries(job, version, ret_state);
}
