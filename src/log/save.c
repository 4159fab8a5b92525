/* SPDX-License-Identifier: MIT */
/*
 * Saving a whole session as a new generation: a new log beside the old one, then a rename.
 * Until the rename the session is the old one, and after it the new one; the head follows
 * (docs/FORMAT.md tells how a reader knows a generation whose head is still to come).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/invariant.h"
#include "format/record.h"
#include "log/fold.h"
#include "log/metadata.h"
#include "log/writer.h"

/* Lines are handed to the storage in pieces of about this size. */
static const size_t save_piece_size = 256 << 10;

/* A generation while it is being written. */
struct saving {
	struct writer *writer;      /* a shadow that has the new generation's head and key */
	struct storage_temp *temp;
};

/* Hands over what the batch holds and goes on after it. */
static int flush(struct saving *saving)
{
	struct writer *writer = saving->writer;
	struct batch *batch = &writer->batch;
	struct fold fold = { 0 };
	int rc;

	batch_fold(batch, &fold);
	fold_apply(&fold, &writer->head);
	writer->head.offset += batch->bytes.size;
	rc = writer->env->storage->ops->temp_write(saving->temp, batch->bytes.data,
						   batch->bytes.size);
	batch->bytes.size = 0;
	return rc;
}

/* Refuses an id that stands for another record of the same save already. */
static int note_id(struct writer *writer, const struct hf_append *record, uint64_t n)
{
	struct hf_slice id = { record->id, strlen(record->id) };
	struct ids_entry entry = ids_digest(id, id, id, n);
	uint64_t earlier;

	if (ids_find(&writer->ids, &entry, &earlier) != IDS_NEW)
		return report_fail(writer->report, HF_ERR_ID_REUSED, "save",
				   "the id of record %" PRIu64 " stands for record %" PRIu64 " too", n,
				   earlier);
	return ids_add(&writer->ids, &entry);
}

static int add_one(struct saving *saving, const struct hf_append *record)
{
	struct report *report = saving->writer->report;
	struct batch *batch = &saving->writer->batch;
	int rc;

	if (record->type == NULL || !record_type_is_valid(record->type) ||
	    (record->id != NULL && !record_id_is_valid(record->id)) ||
	    (record->json == NULL && record->json_size > 0))
		return report_fail(report, HF_ERR_INVALID, "save",
				   "a record's type or id is not one that can be saved");
	rc = batch_add(batch, report,
		       &(struct batch_record){ record->type, record->id,
					       { record->json, record->json_size }, false });
	if (rc == HF_OK && record->id != NULL)
		rc = note_id(saving->writer, record, batch->n - 1);
	if (rc == HF_OK)
		rc = writer_check_size(saving->writer->env, report,
				       saving->writer->head.offset + batch->bytes.size);
	if (rc == HF_OK && batch->bytes.size >= save_piece_size)
		rc = flush(saving);
	return rc;
}

static int add_all(struct saving *saving, const struct metadata *metadata,
		   const struct first_previous *previous, const struct hf_append *records,
		   size_t count)
{
	struct writer *writer = saving->writer;
	int rc = writer_begin(writer);

	if (rc == HF_OK)
		rc = metadata_add_first(metadata, writer, previous, (uint64_t)count + 1);
	for (size_t i = 0; i < count && rc == HF_OK; i++) {
		rc = add_one(saving, &records[i]);
		if (rc != HF_OK)
			report_place(writer->report, -1, -1, (int64_t)i);
	}
	if (rc == HF_OK)
		rc = flush(saving);
	writer->head.records = writer->batch.n;
	memcpy(writer->head.mac, writer->batch.mac, MAC_SIZE);
	return rc;
}

/* Sets up a shadow writer for the next generation, without lock and log of its own. */
static int begin_shadow(struct writer *shadow, struct writer *writer)
{
	const struct log_env *env = writer->env;
	struct head head = { .counter = writer->head.counter,
			     .generation = writer->head.generation + 1 };
	struct session_key_choice choice = { .key_id = writer->head.key_id,
					     .session = writer->id.bytes,
					     .generation = head.generation,
					     .store = writer->key->store };

	memcpy(head.session, writer->id.bytes, sizeof head.session);
	memcpy(head.key_id, writer->head.key_id, sizeof head.key_id);
	*shadow = (struct writer){ .env = env, .report = writer->report, .id = writer->id,
				   .head = head };
	shadow->batch.bytes.max = writer->batch.bytes.max;
	shadow->batch.data_size_max = writer->batch.data_size_max;
	if (head.generation > (uint64_t)INT64_MAX)
		return report_fail(writer->report, HF_ERR_SESSION_SIZE, "save",
				   "there can be no further generation");
	return session_key_choose(env->keyring, writer->report, &choice, &shadow->key);
}

/* Puts the new generation in the place of the old one, and takes it up. */
static int replace(struct writer *writer, struct saving *saving)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	struct storage_log *log = NULL;
	struct head head = saving->writer->head;
	int rc = ops->temp_commit(saving->temp);

	saving->temp = NULL;
	if (rc == HF_OK)
		rc = ops->log_open(writer->env->storage, writer->report, writer->id, STORAGE_WRITE,
				   &log);
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	ops->log_close(writer->log);
	session_key_free(writer->env->keyring, writer->key);
	writer->log = log;
	writer->key = saving->writer->key;
	saving->writer->key = NULL;
	writer->log_end = head.offset;
	writer->is_log_dirty = false;
	writer->must_cut = false;
	writer->knows_ids = false;
	return writer_put_head(writer, &head);
}

static bool is_marked(const struct metadata *metadata)
{
	return fold_is_unsigned((struct hf_slice){ metadata->origin.data, metadata->origin.size });
}

/* What was imported without a signature stays marked, whatever is saved over it. */
static int take_metadata(struct writer *writer, const struct hf_session_options *options,
			 struct metadata *metadata)
{
	int rc = metadata_take_current(metadata, writer);
	bool is_unsigned = rc == HF_OK && is_marked(metadata);

	if (rc == HF_OK)
		rc = metadata_take(metadata, writer->report, options);
	if (rc == HF_OK && is_unsigned && !is_marked(metadata))
		rc = report_fail(writer->report, HF_ERR_INVALID, "save",
				 "the origin would no longer say that the session is unsigned");
	return rc;
}

int writer_save(struct writer *writer, const struct hf_session_options *options,
		const struct hf_append *records, size_t count)
{
	struct metadata metadata = METADATA_INIT;
	struct first_previous previous = { 0 };
	struct writer shadow = { 0 };
	struct saving saving = { &shadow, NULL };
	int rc = writer_usable(writer);

	if (rc == HF_OK)
		rc = take_metadata(writer, options, &metadata);
	if (rc == HF_OK)
		rc = begin_shadow(&shadow, writer);
	if (rc == HF_OK)
		rc = writer->env->storage->ops->temp_begin(writer->env->storage, writer->report,
							   writer->id, &saving.temp);
	if (rc != HF_OK)
		goto out;
	previous.generation = writer->head.generation;
	previous.records = writer->head.records;
	memcpy(previous.mac, writer->head.mac, MAC_SIZE);
	rc = add_all(&saving, &metadata, &previous, records, count);
	if (rc == HF_OK)
		rc = writer_check_lock(writer);
	/* Record 0 names the state that the head has; so that must be durable once the new
	 * generation is in place. */
	if (rc == HF_OK)
		rc = writer_sync(writer);
	if (rc == HF_OK)
		rc = replace(writer, &saving);
	if (rc == HF_OK)
		metadata_keep(&metadata, writer);
out:
	if (saving.temp != NULL)
		writer->env->storage->ops->temp_abandon(saving.temp);
	session_key_free(writer->env->keyring, shadow.key);
	batch_release(&shadow.batch);
	ids_release(&shadow.ids);
	metadata_release(&metadata);
	return rc;
}
