/* SPDX-License-Identifier: MIT */
#include "log/writer.h"

#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"

enum {
	/* A handle pads its log once it has shown to be long-lived. */
	PADDING_AFTER_COMMITS = 8,
	/* The head is synced with every so manieth commit. */
	HEAD_SYNC_COMMITS = 256,
};
/* Bytes of one batch, which bounds the memory of a handle. */
static const size_t batch_size_max = (size_t)HF_RECORD_SIZE_LIMIT + ((size_t)64 << 20);

int writer_new(const struct log_env *env, struct report *report, struct storage_id id,
	       struct storage_lock *lock, struct writer **ret_writer)
{
	struct writer *writer = mem_new(1, sizeof *writer);

	if (writer == NULL) {
		env->storage->ops->unlock(lock);
		return HF_ERR_NOMEM;
	}
	writer->env = env;
	writer->report = report;
	writer->id = id;
	writer->lock = lock;
	/* An earlier program may have left both in memory only. */
	writer->is_log_dirty = true;
	writer->is_head_dirty = true;
	writer->batch.bytes.max = batch_size_max;
	writer->batch.data_size_max = env->max_record_size;
	*ret_writer = writer;
	return HF_OK;
}

void writer_free(struct writer *writer)
{
	const struct storage_ops *ops;

	if (writer == NULL)
		return;
	ops = writer->env->storage->ops;
	if (writer->log != NULL)
		ops->log_close(writer->log);
	session_key_free(writer->env->keyring, writer->key);
	ids_release(&writer->ids);
	metadata_release(&writer->metadata);
	batch_release(&writer->batch);
	ops->unlock(writer->lock);
	mem_free(writer);
}

int writer_usable(struct writer *writer)
{
	if (!session_key_is_ready(writer->env->keyring, writer->key))
		return report_fail(writer->report, HF_ERR_FORKED, "write",
				   "the handle was opened before fork");
	if (writer->is_poisoned)
		return report_fail(writer->report, HF_ERR_POISONED, "write",
				   "an earlier write failed");
	return HF_OK;
}

int writer_poison(struct writer *writer, int code)
{
	writer->is_poisoned = true;
	/* That memory was short says to a caller that nothing was changed. */
	if (code == HF_ERR_NOMEM) {
		code = HF_ERR_IO;
		writer->report->detail.code = code;
	}
	return code;
}

int writer_begin(struct writer *writer)
{
	const struct sys *sys = writer->env->sys;
	int64_t now_us;
	int rc = sys->wall_time(sys->context, &now_us);

	if (rc < 0)
		return report_errno(writer->report, -rc, "clock_gettime", NULL);
	/* Records of one time are taken to be of one batch (see scan_finds_record). */
	if (now_us == writer->head.updated_us)
		now_us++;
	batch_begin(&writer->batch, &writer->key->record, writer->head.records,
		    writer->head.mac, now_us);
	return HF_OK;
}

int writer_add(struct writer *writer, const char *type, const char *json, size_t size)
{
	struct batch_record record = { type, NULL, { json, size }, true };
	int rc;

	/* The limit is for what a host appends: it must not stand in the way of a repair. */
	writer->batch.data_size_max = UINT32_MAX;
	rc = batch_add(&writer->batch, writer->report, &record);
	writer->batch.data_size_max = writer->env->max_record_size;
	return rc;
}

/* Now and then the head is synced at the usual level too: what a power cut, or damage to
 * the newest slot, can set the head back by stays bounded. */
static bool is_head_sync_due(const struct writer *writer)
{
	return writer->env->durability == HF_STRICT ||
	       (writer->env->durability == HF_SYNC &&
		writer->commits % HEAD_SYNC_COMMITS == HEAD_SYNC_COMMITS - 1);
}

/* A slot that an earlier power cut has torn is the one to write next; the good one must be
 * on the medium by then, or both could be lost in one more. */
static int keep_only_slot(struct writer *writer)
{
	int rc = HF_OK;

	if (!writer->is_only_slot)
		return HF_OK;
	if (writer->is_head_dirty)
		rc = writer->env->storage->ops->head_sync(writer->log);
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	writer->is_head_dirty = false;
	writer->is_only_slot = false;
	return HF_OK;
}

int writer_put_head(struct writer *writer, const struct head *head)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint8_t slot[STORAGE_HEAD_SLOT_SIZE];
	struct head next = *head;
	int rc;

	if (next.counter > (uint64_t)INT64_MAX - 2)
		return report_fail(writer->report, HF_ERR_SESSION_SIZE, "head",
				   "the head cannot be written once more");
	/* As long as it is not known that the newest slot is on the medium, it is written over,
	 * and the other one stays: two slots on their way there could be torn by one power cut. */
	rc = keep_only_slot(writer);
	if (rc != HF_OK)
		return rc;
	next.counter += writer->is_head_dirty ? 2 : 1;
	head_encode(&next, &writer->key->head, slot);
	writer->is_head_dirty = true;
	rc = ops->head_write(writer->log, head_slot(next.counter), slot);
	if (rc == HF_OK && is_head_sync_due(writer)) {
		rc = ops->head_sync(writer->log);
		writer->is_head_dirty = rc != HF_OK;
	}
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	writer->head = next;
	writer->has_written = true;
	return HF_OK;
}

/* Bytes of padding to write after a batch that ends at end. */
static size_t padding_for(const struct writer *writer, uint64_t end)
{
	if (writer->is_padding_off || writer->must_cut || end <= writer->log_end ||
	    writer->commits < PADDING_AFTER_COMMITS)
		return 0;
	return writer->env->padding;
}

/* Writes the batch's bytes with padding after them if some is due; without, if there is no
 * space for it. */
static int write_bytes(struct writer *writer)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	struct buffer *bytes = &writer->batch.bytes;
	uint64_t end = writer->head.offset + bytes->size;
	size_t padding = padding_for(writer, end);
	int rc;

	if (padding > 0 && buffer_reserve(bytes, padding) == HF_OK) {
		memset(bytes->data + bytes->size, '\n', padding);
		rc = ops->log_write(writer->log, writer->head.offset, bytes->data,
				    bytes->size + padding);
		if (rc == HF_OK) {
			writer->log_end = end + padding;
			return HF_OK;
		}
		if (rc != HF_ERR_NOSPACE)
			return rc;
		writer->is_padding_off = true;
		rc = ops->log_cut(writer->log, writer->head.offset);
		if (rc != HF_OK)
			return rc;
		writer->log_end = writer->head.offset;
	}
	rc = ops->log_write(writer->log, writer->head.offset, bytes->data, bytes->size);
	if (rc == HF_OK && writer->log_end < end)
		writer->log_end = end;
	return rc;
}

/* Brings the batch onto the medium. */
static int write_batch(struct writer *writer, bool is_durable)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint64_t end = writer->head.offset + writer->batch.bytes.size;
	int rc;

	writer->is_log_dirty = true;
	rc = write_bytes(writer);
	if (rc == HF_OK && writer->must_cut) {
		rc = ops->log_cut(writer->log, end);
		if (rc == HF_OK)
			writer->log_end = end;
	}
	if (rc == HF_OK && is_durable) {
		rc = ops->log_sync(writer->log);
		writer->is_log_dirty = rc != HF_OK;
	}
	return rc;
}

/* Takes back what a failed write left; the report keeps telling of the failure itself. */
static void cut_back(struct writer *writer)
{
	struct hf_detail detail = writer->report->detail;

	/* A stump that is still to be cut must not be lost before the cut is recorded. */
	if (!writer->must_cut)
		(void)writer->env->storage->ops->log_cut(writer->log, writer->head.offset);
	writer->report->detail = detail;
}

/* Somebody who tidies up may have removed the lock file, and then another writer may have
 * come in. It may still be removed right after this check, but no longer go unnoticed for
 * the rest of the session. */
int writer_check_lock(struct writer *writer)
{
	int rc = writer->env->storage->ops->lock_check(writer->lock, writer->report);

	return rc == HF_ERR_BUSY ? writer_poison(writer, rc) : rc;
}

int writer_commit(struct writer *writer, bool is_durable)
{
	struct batch *batch = &writer->batch;
	struct head head = writer->head;
	struct fold fold = { 0 };
	int rc;

	if (batch->bytes.size == 0)
		return HF_OK;
	rc = writer_check_lock(writer);
	if (rc != HF_OK)
		return rc;
	if (head.offset > (uint64_t)INT64_MAX - batch->bytes.size - HF_PADDING_MAX)
		return report_fail(writer->report, HF_ERR_SESSION_SIZE, "append",
				   "the log would be too large");
	/* The fold is of the batch's bytes as they are now: padding may move them. */
	batch_fold(batch, &fold);
	fold_apply(&fold, &head);
	rc = write_batch(writer, is_durable || writer->env->durability != HF_OS);
	if (rc != HF_OK) {
		cut_back(writer);
		return writer_poison(writer, rc);
	}
	head.records = batch->n;
	head.offset += batch->bytes.size;
	memcpy(head.mac, batch->mac, MAC_SIZE);
	rc = writer_put_head(writer, &head);
	if (rc != HF_OK)
		return rc;
	if (fold.name.size > 0 || fold.project.size > 0 || fold.config.size > 0 ||
	    fold.tags.size > 0 || fold.tells_pinned)
		writer->knows_metadata = false;
	writer->must_cut = false;
	writer->commits++;
	return HF_OK;
}

int writer_sync(struct writer *writer)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	int rc = HF_OK;

	if (writer->is_log_dirty)
		rc = ops->log_sync(writer->log);
	if (rc == HF_OK) {
		writer->is_log_dirty = false;
		if (writer->is_head_dirty)
			rc = ops->head_sync(writer->log);
	}
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	writer->is_head_dirty = false;
	return HF_OK;
}

static int append_seal(struct writer *writer)
{
	char json[64];
	struct buffer data = { json, 0, sizeof json, sizeof json };
	int rc;

	if ((writer->head.flags & FORMAT_HEAD_SEALED) != 0)
		return HF_OK;
	rc = writer_begin(writer);
	if (rc != HF_OK)
		return rc;
	if ((rc = buffer_put_text(&data, "{\"records\":")) != HF_OK ||
	    (rc = buffer_put_u64(&data, writer->head.records + 1)) != HF_OK ||
	    (rc = buffer_put_text(&data, "}")) != HF_OK)
		return rc;
	rc = writer_add(writer, "seal", data.data, data.size);
	return rc == HF_OK ? writer_commit(writer, true) : rc;
}

/* Cuts the padding off, so that the file is what it looks like. */
static int trim(struct writer *writer)
{
	int rc;

	if (writer->log_end == writer->head.offset || writer->must_cut)
		return HF_OK;
	rc = writer->env->storage->ops->log_cut(writer->log, writer->head.offset);
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	writer->log_end = writer->head.offset;
	writer->is_log_dirty = true;
	return HF_OK;
}

/* Leaves a log that can rest: without padding, durable, and with its end in both slots, so
 * that damage to one of them hides nothing. */
static int settle(struct writer *writer)
{
	int rc = writer_check_lock(writer);

	if (rc == HF_OK)
		rc = trim(writer);
	if (rc == HF_OK)
		rc = writer_sync(writer);
	if (rc == HF_OK)
		rc = writer_put_head(writer, &writer->head);
	return rc == HF_OK ? writer_sync(writer) : rc;
}

int writer_close(struct writer *writer, enum hf_close how)
{
	int rc = writer_usable(writer);

	/* The last write needs no space written ahead for the next one. */
	writer->is_padding_off = true;
	if (rc == HF_OK && how == HF_CLOSE_SEAL)
		rc = append_seal(writer);
	if (rc == HF_OK && writer->has_written)
		rc = settle(writer);
	writer_free(writer);
	return rc;
}
