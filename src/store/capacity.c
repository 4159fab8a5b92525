/* SPDX-License-Identifier: MIT */
#include "store/capacity.h"

#include <string.h>

#include "base/text.h"
#include "log/metadata.h"
#include "log/writer.h"
#include "store/list.h"
#include "store/retire.h"

enum { WARNING_PERCENT = 80 };

static int check_space(struct hf_store *store, struct report *report)
{
	uint64_t reserve = store->capacity.space_reserve;
	uint64_t bytes = 0;
	int rc;

	if (reserve == 0)
		return HF_OK;
	rc = store->storage->ops->space(store->storage, report, &bytes);
	if (rc == HF_OK && bytes < reserve)
		rc = report_fail(report, HF_ERR_SPACE_RESERVE, "create",
				 "%llu bytes are free, and space_reserve is %llu",
				 (unsigned long long)bytes, (unsigned long long)reserve);
	return rc;
}

static bool count_one(void *context, const struct storage_found *found)
{
	size_t *count = context;

	(void)found;
	(*count)++;
	return true;
}

static int check_makeable(struct hf_store *store, struct report *report, struct storage_id id,
			  const struct hf_session_options *options)
{
	struct metadata metadata = METADATA_INIT;
	const struct log_env *place = NULL;
	int rc = metadata_take(&metadata, report, options);

	metadata_release(&metadata);
	if (rc != HF_OK || options == NULL || options->id == NULL)
		return rc;
	rc = store_place(store, report, id, &place);
	if (rc == HF_OK && !writer_is_gone(place, report, id))
		return report_fail(report, HF_ERR_EXISTS, "create", "the id is in use");
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

static bool may_retire(const struct look *look)
{
	return look->state == HF_CLOSED && look->error == HF_OK &&
	       (look->head.flags & FORMAT_HEAD_PINNED) == 0;
}

/* Moves sessions to the trash, the oldest first, until so many are gone or all that may go
 * were tried. One that somebody takes just now, or that fails, is passed over. */
static int retire_oldest(struct hf_store *store, struct report *report, const struct rows *rows,
			 size_t *wanted)
{
	int failed = HF_OK;

	for (size_t i = rows->count; i > 0 && *wanted > 0; i--) {
		char id[TEXT_UUID_SIZE];
		struct look look;
		int rc;

		rows_get(rows, i - 1, &look);
		if (!may_retire(&look))
			continue;
		rc = retire_session(store, report, &look, false);
		if (rc == HF_OK) {
			text_put_uuid(look.head.session, id);
			report_log(report, HF_LOG_WARNING, "%.*s: moved to the trash by auto_cleanup",
				   TEXT_UUID_SIZE, id);
		}
		if (rc == HF_OK || rc == HF_ERR_NOTFOUND)
			(*wanted)--;
		else if (rc != HF_ERR_BUSY && rc != HF_ERR_CONFLICT && failed == HF_OK)
			failed = rc;
	}
	return *wanted > 0 ? failed : HF_OK;
}

static int refuse(struct hf_store *store, struct report *report, size_t count)
{
	return report_fail(report, HF_ERR_MAX_SESSIONS, "create",
			   "there are %zu sessions, and max_sessions is %u", count,
			   (unsigned)store->capacity.max_sessions);
}

/* Makes room for one more, names alone having said that there is none. Among these can be
 * what moves, removals and creations have left that were cut short, so now each is looked
 * at. *count is how many there are then. */
static int make_room(struct hf_store *store, struct report *report, struct storage_id id,
		     const struct hf_session_options *options, size_t *count)
{
	const struct store_capacity *capacity = &store->capacity;
	struct rows rows;
	size_t surplus;
	int rc;

	rows_init(&rows);
	rc = list_collect(store, report, NULL, &rows);
	*count = rows.count;
	if (rc != HF_OK || *count < capacity->max_sessions)
		goto out;
	surplus = *count - capacity->max_sessions + 1;
	if (capacity->auto_cleanup) {
		rc = check_makeable(store, report, id, options);
		if (rc == HF_OK)
			rc = retire_oldest(store, report, &rows, &surplus);
		*count = capacity->max_sessions - 1 + surplus;
	}
	if (rc == HF_OK && surplus > 0)
		rc = refuse(store, report, *count);
out:
	rows_release(&rows);
	return rc;
}

static int claim(struct hf_store *store, struct report *report, struct storage_id id,
		 const struct hf_session_options *options)
{
	uint32_t max = store->capacity.max_sessions;
	size_t count = 0;
	int rc = store->storage->ops->each(store->storage, report, count_one, &count);

	if (rc == HF_OK && count >= max)
		rc = make_room(store, report, id, options, &count);
	if (rc == HF_OK && (uint64_t)(count + 1) * 100 >= (uint64_t)max * WARNING_PERCENT)
		report_log(report, HF_LOG_WARNING, "%zu sessions of at most %u (max_sessions)",
			   count + 1, (unsigned)max);
	return rc;
}

int capacity_claim(struct hf_store *store, struct report *report, struct storage_id id,
		   const struct hf_session_options *options, struct storage_lock **ret_lock)
{
	struct storage_lock *lock = NULL;
	int rc = check_space(store, report);

	if (rc == HF_OK && store->capacity.max_sessions > 0) {
		rc = store_lock(store, report, &lock);
		if (rc == HF_OK)
			rc = claim(store, report, id, options);
	}
	if (rc == HF_OK) {
		*ret_lock = lock;
		lock = NULL;
	}
	store->storage->ops->unlock(lock);
	return rc;
}
