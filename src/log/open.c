/* SPDX-License-Identifier: MIT */
/* Opening a session for writing: from its end where that tells all, else by a check of it
 * all. */
#include <string.h>

#include "base/mem.h"
#include "format/record.h"
#include "log/found.h"
#include "log/writer.h"

/* What may stand past a head, besides padding, for the log's end to be read alone. */
enum { END_SIZE = 64 << 10 };

/* The bytes of a log from the tail of its last acknowledged record on. */
struct log_end {
	char *bytes;
	size_t size;        /* bytes read */
	size_t past;        /* where what is past the head begins */
};

/* Reads the end and checks that it fits the head. Says whether it does and is all there. */
static int read_end(struct writer *writer, const struct head *head, struct log_end *end,
		    bool *ret_fits)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint8_t mac[MAC_SIZE];
	size_t covered, size;
	int rc = ops->log_size(writer->log, &writer->log_end);

	*ret_fits = false;
	end->past = FORMAT_TAIL_SIZE + 1;
	if (rc != HF_OK || head->offset < end->past || writer->log_end < head->offset ||
	    writer->log_end - head->offset > (uint64_t)END_SIZE + HF_PADDING_MAX)
		return rc;
	size = end->past + (size_t)(writer->log_end - head->offset);
	end->bytes = mem_new(size, 1);
	if (end->bytes == NULL)
		return HF_ERR_NOMEM;
	rc = ops->log_read(writer->log, head->offset - end->past, end->bytes, size, &end->size);
	if (rc != HF_OK)
		return rc;
	*ret_fits = end->size == size && end->bytes[end->past - 1] == '\n' &&
		    record_split(end->bytes, FORMAT_TAIL_SIZE, &covered, mac) &&
		    mac_equal(mac, head->mac);
	return HF_OK;
}

/* Takes over records that were written but whose acknowledgement was cut short. They are
 * written and synced once more: after a sync that failed, the system may hold pages that
 * it takes for written and that are not on the medium. */
static int adopt(struct writer *writer, const struct scan *scan, const char *bytes)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	struct head head = writer->head;
	size_t size = (size_t)(scan->offset - head.offset);
	int rc = ops->log_write(writer->log, head.offset, bytes, size);

	if (rc == HF_OK)
		rc = ops->log_sync(writer->log);
	if (rc != HF_OK)
		return writer_poison(writer, rc);
	head.records = scan->records;
	head.offset = scan->offset;
	memcpy(head.mac, scan->mac, MAC_SIZE);
	fold_apply(&scan->fold, &head);
	return writer_put_head(writer, &head);
}

/* Goes on from the end of a log that fits its head. Says whether that could be done. */
static int continue_from_end(struct writer *writer, const struct found_head *found,
			     const struct log_end *end, bool *ret_done)
{
	struct scan scan = { 0 };
	size_t rest;
	int rc = found_key(writer->env, writer->report, found, &writer->key);

	*ret_done = false;
	if (rc != HF_OK)
		return rc;
	scan.records = found->head.records;
	scan.offset = found->head.offset;
	memcpy(scan.mac, found->head.mac, MAC_SIZE);
	rc = scan_lines(writer->env, writer->report, writer->key, end->bytes + end->past,
			end->size - end->past, &scan);
	if (rc != HF_OK)
		return rc;
	for (rest = end->past + (size_t)(scan.offset - found->head.offset); rest < end->size; rest++) {
		if (end->bytes[rest] != '\n')
			return HF_OK;
	}
	writer->head = found->head;
	writer->is_only_slot = found->is_only;
	*ret_done = true;
	return scan.records > found->head.records ?
		       adopt(writer, &scan, end->bytes + end->past) : HF_OK;
}

/* The way for the common case: the head is good, and so is what little follows it. */
static int open_at_end(struct writer *writer, bool *ret_done)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct found_head found = { 0 };
	struct log_end end = { NULL, 0, 0 };
	bool fits = false;
	int rc;

	*ret_done = false;
	rc = ops->log_open(writer->env->storage, writer->report, writer->id, STORAGE_WRITE,
			   &writer->log);
	if (rc == HF_OK)
		rc = ops->head_read(writer->log, slots);
	if (rc == HF_OK)
		rc = found_find(writer->env, writer->report, writer->id, slots, &found);
	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	if (rc != HF_OK || !found.is_valid || (found.head.flags & FORMAT_HEAD_DELETED) != 0)
		return rc;
	rc = read_end(writer, &found.head, &end, &fits);
	if (rc == HF_OK && fits)
		rc = continue_from_end(writer, &found, &end, ret_done);
	mem_free(end.bytes);
	return rc;
}

/* The way for all other cases: check everything and act on the verdict. */
static int open_checked(struct writer *writer, const struct writer_open *options,
			struct hf_repair *repair)
{
	struct checked *checked = NULL;
	int rc;

	if (writer->log != NULL)
		writer->env->storage->ops->log_close(writer->log);
	session_key_free(writer->env->keyring, writer->key);
	writer->log = NULL;
	writer->key = NULL;
	rc = check_open(writer->env, writer->report, writer->id, STORAGE_WRITE, options->watch,
			&checked);
	if (rc == HF_OK)
		rc = writer_recover(writer, checked, options->accept, repair);
	if (rc == HF_OK && options->keep != NULL) {
		*options->keep = checked;
		checked = NULL;
	}
	check_close(checked);
	return rc;
}

int writer_open(const struct log_env *env, struct report *report, struct storage_id id,
		const struct writer_open *options, struct hf_repair *ret_repair,
		struct writer **ret_writer)
{
	struct hf_repair repair = { 0 };
	struct storage_lock *lock = NULL;
	struct writer *writer = NULL;
	bool is_done = false;
	/* Locking makes a file, and asking for a session that is not there must leave none. It
	 * must not be removed afterwards either: that nothing is found is no reason to remove. */
	int rc = writer_find(env, report, id);

	if (rc == HF_OK && (options->accept & ~WRITER_ACCEPTABLE) != 0)
		rc = report_fail(report, HF_ERR_INVALID, "open",
				 "a verdict is named that cannot be accepted");
	if (rc == HF_OK)
		rc = env->storage->ops->lock(env->storage, report, id, options->timeout_ms, &lock);
	if (rc == HF_OK)
		rc = writer_new(env, report, id, lock, &writer);
	if (rc != HF_OK)
		goto out;
	if (!options->check_all)
		rc = open_at_end(writer, &is_done);
	if (rc == HF_OK && !is_done)
		rc = open_checked(writer, options, &repair);
	/* Of a verdict that is not accepted the caller must hear too. */
	if (ret_repair != NULL && (rc == HF_OK || repair.before.verdict != HF_INTACT))
		*ret_repair = repair;
	if (rc != HF_OK)
		goto out;
	*ret_writer = writer;
	writer = NULL;
out:
	writer_free(writer);
	return rc;
}
