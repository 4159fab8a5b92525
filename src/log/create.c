/* SPDX-License-Identifier: MIT */
/* Beginnings and ends: making a session, and removing one. */
#include <string.h>

#include "base/text.h"
#include "format/first.h"
#include "json/scan.h"
#include "json/write.h"
#include "log/found.h"
#include "log/metadata.h"
#include "log/move.h"
#include "log/writer.h"

/* Refuses an id under which there is, or was, a session. A head whose log is gone is what
 * an attack leaves; one that knows record 0 only is what a crash in here leaves. */
static int check_unused(const struct log_env *env, struct report *report, struct storage_id id)
{
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct found_head found;
	int rc = env->storage->ops->head_peek(env->storage, report, id, slots);

	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	if (rc == HF_OK)
		rc = found_find(env, report, id, slots, &found);
	if (rc != HF_OK)
		return rc;
	if (found.is_valid && found_is_nothing(&found.head))
		return HF_OK;
	return report_fail(report, HF_ERR_EXISTS, "create", "a head with this id is there");
}

/* Puts the new session onto the medium: the batch is its log. */
static int store_session(struct writer *writer)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	struct batch *batch = &writer->batch;
	uint8_t slots[STORAGE_HEAD_SIZE] = { 0 };
	struct fold fold = { 0 };
	struct head *head = &writer->head;
	int rc;

	batch_fold(batch, &fold);
	fold_apply(&fold, head);
	head->records = batch->n;
	head->offset = batch->bytes.size;
	memcpy(head->mac, batch->mac, MAC_SIZE);
	/* Both slots, so that neither can be damaged unnoticed. */
	for (head->counter = 1; head->counter <= STORAGE_HEAD_SLOTS; head->counter++)
		head_encode(head, &writer->key->head,
			    slots + (size_t)head_slot(head->counter) * STORAGE_HEAD_SLOT_SIZE);
	head->counter = STORAGE_HEAD_SLOTS;
	rc = ops->create(writer->env->storage, writer->report, writer->id, slots,
			 batch->bytes.data, batch->bytes.size);
	if (rc == HF_OK)
		rc = ops->log_open(writer->env->storage, writer->report, writer->id, STORAGE_WRITE,
				   &writer->log);
	writer->log_end = head->offset;
	writer->is_log_dirty = false;
	writer->is_head_dirty = false;
	return rc;
}

static int begin_session(struct writer *writer, const struct hf_session_options *options)
{
	const struct log_env *env = writer->env;
	struct metadata metadata = METADATA_INIT;
	struct head *head = &writer->head;
	int rc;

	memcpy(head->session, writer->id.bytes, sizeof head->session);
	rc = keyring_current(env->keyring, writer->report, head->key_id);
	if (rc == HF_OK)
		rc = session_key_new(env->keyring, writer->report, head->key_id, writer->id.bytes,
				     0, &writer->key);
	if (rc == HF_OK)
		rc = metadata_take(&metadata, writer->report, options);
	if (rc == HF_OK)
		rc = writer_begin(writer);
	if (rc == HF_OK)
		rc = metadata_add_first(&metadata, writer, NULL, 1);
	metadata_release(&metadata);
	return rc;
}

/* Says in the head that the session is gone, so that a crash while its files go leaves
 * nothing that looks like an attack. Without a good head there is nothing to say it in. */
static int mark_deleted(struct writer *writer)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	struct found_head found = { 0 };
	uint8_t slots[STORAGE_HEAD_SIZE];
	int rc;

	rc = ops->log_open(writer->env->storage, writer->report, writer->id, STORAGE_WRITE,
			   &writer->log);
	if (rc == HF_OK)
		rc = ops->head_read(writer->log, slots);
	if (rc == HF_OK)
		rc = found_find(writer->env, writer->report, writer->id, slots, &found);
	if (rc != HF_OK || !found.is_valid)
		return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	if ((found.head.flags & FORMAT_HEAD_DELETED) != 0)
		return HF_OK;
	rc = found_key(writer->env, writer->report, &found, &writer->key);
	if (rc != HF_OK)
		return rc;
	found.head.flags |= FORMAT_HEAD_DELETED;
	rc = writer_put_head(writer, &found.head);
	return rc == HF_OK ? writer_sync(writer) : rc;
}

int writer_find(const struct log_env *env, struct report *report, struct storage_id id)
{
	struct storage_log *log = NULL;
	uint8_t slots[STORAGE_HEAD_SIZE];
	int rc = env->storage->ops->log_open(env->storage, report, id, STORAGE_READ, &log);

	if (rc == HF_OK)
		env->storage->ops->log_close(log);
	if (rc == HF_ERR_NOTFOUND)
		rc = env->storage->ops->head_peek(env->storage, report, id, slots);
	return rc;
}

bool writer_is_gone(const struct log_env *env, struct report *report, struct storage_id id)
{
	struct storage_log *log = NULL;
	struct found_head found = { 0 };
	uint8_t slots[STORAGE_HEAD_SIZE];
	int log_rc = env->storage->ops->log_open(env->storage, report, id, STORAGE_READ, &log);
	int rc;

	if (log_rc == HF_OK)
		env->storage->ops->log_close(log);
	rc = env->storage->ops->head_peek(env->storage, report, id, slots);
	if (rc == HF_ERR_NOTFOUND)
		return log_rc == HF_ERR_NOTFOUND;
	if (rc == HF_OK)
		rc = found_find(env, report, id, slots, &found);
	if (rc != HF_OK || !found.is_valid)
		return false;
	return (found.head.flags & FORMAT_HEAD_DELETED) != 0 ||
	       (log_rc == HF_ERR_NOTFOUND && found_is_nothing(&found.head));
}

int writer_delete(const struct log_env *env, const struct log_env *other, struct report *report,
		  struct storage_id id)
{
	return writer_delete_unchanged(env, other, report, id, NULL);
}

/* A session that was moved to another place before its lock was taken here lives there. */
static int check_lives_here(const struct log_env *env, const struct log_env *other,
			    struct report *report, struct storage_id id)
{
	const struct storage_ops *ops = env->storage->ops;
	struct storage_found here = { .has_log = false };
	struct storage_found there = { .has_log = false };
	int rc = ops->find(env->storage, report, id, &here);

	if (rc == HF_OK && other != NULL)
		rc = ops->find(other->storage, report, id, &there);
	if (rc == HF_OK && !here.has_log && (!here.has_head || there.has_log))
		rc = report_fail(report, HF_ERR_NOTFOUND, "remove", "it was moved or removed");
	return rc;
}

/* What a move has left elsewhere goes first: as long as the session is there it means
 * nothing, and once it is not it would tell of a log that is missing. */
int writer_delete_unchanged(const struct log_env *env, const struct log_env *other,
			    struct report *report, struct storage_id id, const struct head *seen)
{
	const struct storage_ops *ops = env->storage->ops;
	struct storage_lock *lock = NULL;
	struct writer *writer = NULL;
	int rc = writer_find(env, report, id);

	if (rc == HF_OK)
		rc = ops->lock(env->storage, report, id, 0, &lock);
	if (rc == HF_OK)
		rc = writer_new(env, report, id, lock, &writer);
	if (rc == HF_OK && seen != NULL)
		rc = found_expect(env, report, id, seen);
	if (rc == HF_OK)
		rc = check_lives_here(env, other, report, id);
	if (rc == HF_OK && other != NULL)
		rc = move_drop_rest(other, report, id);
	if (rc == HF_OK)
		rc = mark_deleted(writer);
	if (rc == HF_OK)
		rc = ops->remove(env->storage, report, id);
	writer_free(writer);
	return rc;
}

/* Removes what is left of a session whose removal was cut short. */
static int finish_deletion(const struct log_env *env, struct report *report, struct storage_id id)
{
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct found_head found = { 0 };
	int rc = env->storage->ops->head_peek(env->storage, report, id, slots);

	if (rc == HF_OK)
		rc = found_find(env, report, id, slots, &found);
	if (rc == HF_OK && (found.head.flags & FORMAT_HEAD_DELETED) != 0)
		rc = writer_delete(env, NULL, report, id);
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* A random id is in use nowhere. */
static int check_elsewhere(const struct log_env *env, struct report *report, struct storage_id id,
			   const struct hf_session_options *options)
{
	if (env->refuse_elsewhere == NULL || options == NULL || options->id == NULL)
		return HF_OK;
	return env->refuse_elsewhere(env->owner, report, id);
}

int writer_create(const struct log_env *env, struct report *report, struct storage_id id,
		  const struct hf_session_options *options, struct writer **ret_writer)
{
	struct storage_lock *lock = NULL;
	struct writer *writer = NULL;
	int rc = finish_deletion(env, report, id);

	/* Locking makes a file, so that what is refused is best refused before; but only under
	 * the lock the answer stays true. */
	if (rc == HF_OK)
		rc = check_elsewhere(env, report, id, options);
	if (rc == HF_OK)
		rc = env->storage->ops->lock(env->storage, report, id, 0, &lock);
	if (rc == HF_ERR_BUSY)
		return report_fail(report, HF_ERR_EXISTS, "create", "the id is in use");
	if (rc == HF_OK)
		rc = writer_new(env, report, id, lock, &writer);
	if (rc == HF_OK)
		rc = check_unused(env, report, id);
	if (rc == HF_OK)
		rc = check_elsewhere(env, report, id, options);
	if (rc == HF_OK)
		rc = begin_session(writer, options);
	if (rc == HF_OK)
		rc = store_session(writer);
	if (rc != HF_OK) {
		writer_free(writer);
		return rc;
	}
	*ret_writer = writer;
	return HF_OK;
}
