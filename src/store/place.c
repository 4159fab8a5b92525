/* SPDX-License-Identifier: MIT */
/* Where sessions live: outside the trash, or in it. */
#include "store/store.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "log/check.h"
#include "log/writer.h"
#include "storage/posix.h"

enum {
	LOOKS_MAX = 10,         /* a session may be moved that often while it is looked for */
	LOCK_TIMEOUT_MS = 5000, /* for the lock of the store */
};

/* False if it is not there; what cannot be looked at may be. */
static bool may_have_trash(const struct hf_store *store)
{
	struct stat found;

	return store->sys->stat_at(store->sys->context, store->dir_fd, STORAGE_POSIX_TRASH,
				   &found) != -ENOENT;
}

static int open_trash(struct hf_store *store, struct report *report, bool make)
{
	struct storage_posix_options options = {
		.place = STORAGE_POSIX_TRASH,
		.missing = make && !store->read_only ? STORAGE_POSIX_MAKE : STORAGE_POSIX_REFUSE,
		.program = store->program,
	};
	struct storage *storage = NULL;
	int rc = storage_posix_open(store->sys, report, store->dir_fd, &options, &storage);

	/* What follows from there being none is worth a second look. */
	if (rc == HF_ERR_NOTFOUND && may_have_trash(store))
		rc = storage_posix_open(store->sys, report, store->dir_fd, &options, &storage);
	if (rc != HF_OK)
		return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	store->trash = store->env;
	store->trash.storage = storage;
	return HF_OK;
}

int store_trash(struct hf_store *store, struct report *report, bool make,
		const struct log_env **ret_trash)
{
	int rc = HF_OK;

	(void)pthread_mutex_lock(&store->trash_mutex);
	if (store->trash.storage == NULL)
		rc = open_trash(store, report, make);
	if (rc == HF_OK)
		*ret_trash = store->trash.storage != NULL ? &store->trash : NULL;
	(void)pthread_mutex_unlock(&store->trash_mutex);
	return rc;
}

static int find(const struct log_env *env, struct report *report, struct storage_id id,
		struct storage_found *ret_found)
{
	return env->storage->ops->find(env->storage, report, id, ret_found);
}

/* True if a session is on its way into the store (hf_unbundle): its log is not in its place
 * yet, and what head there is already means nothing. */
static bool is_incoming(const struct hf_store *store, struct storage_id id)
{
	char name[sizeof STORAGE_POSIX_INCOMING + TEXT_UUID_SIZE + sizeof ".jsonl"];
	size_t prefix = strlen(STORAGE_POSIX_INCOMING "/");
	struct stat found;

	memcpy(name, STORAGE_POSIX_INCOMING "/", prefix);
	text_put_uuid(id.bytes, name + prefix);
	text_copy(name + prefix + TEXT_UUID_SIZE, sizeof ".jsonl", ".jsonl");
	return store->sys->stat_at(store->sys->context, store->dir_fd, name, &found) == 0;
}

/* Where a session is by what was found of it outside the trash and in it; NULL: nowhere. */
static const struct log_env *choose(struct hf_store *store, const struct storage_found *outside,
				    const struct storage_found *inside)
{
	if (outside->has_log || (outside->has_head && !inside->has_log))
		return &store->env;
	return inside->has_log || inside->has_head ? &store->trash : NULL;
}

/* One look at both places. *ret_done: what was found cannot come from a move between the
 * looks at the one and at the other. */
static int look(struct hf_store *store, struct report *report, struct storage_id id,
		const struct log_env **ret_place, bool *ret_done)
{
	struct storage_found outside = { .has_log = false };
	struct storage_found inside = { .has_log = false };
	const struct log_env *trash = NULL;
	int rc = find(&store->env, report, id, &outside);

	if (rc == HF_OK && !outside.has_log)
		rc = store_trash(store, report, false, &trash);
	if (rc == HF_OK && trash != NULL)
		rc = find(trash, report, id, &inside);
	if (rc != HF_OK)
		return rc;
	*ret_done = outside.has_log || inside.has_log || trash == NULL;
	*ret_place = choose(store, &outside, &inside);
	if (*ret_place != NULL && !outside.has_log && !inside.has_log && is_incoming(store, id))
		*ret_place = NULL;
	return HF_OK;
}

int store_place(struct hf_store *store, struct report *report, struct storage_id id,
		const struct log_env **ret_place)
{
	const struct log_env *place = NULL;
	bool is_done = false;
	int rc = HF_OK;

	for (unsigned looks = 0; rc == HF_OK && !is_done && looks < LOOKS_MAX; looks++)
		rc = look(store, report, id, &place, &is_done);
	if (rc != HF_OK)
		return rc;
	if (place == NULL)
		return HF_ERR_NOTFOUND;
	*ret_place = place;
	return HF_OK;
}

bool store_has(struct hf_store *store, struct report *report, struct storage_id id)
{
	const struct log_env *place = NULL;

	return store_place(store, report, id, &place) == HF_OK && !writer_is_gone(place, report, id);
}

int store_untrashed(struct hf_store *store, struct report *report, struct storage_id id)
{
	const struct log_env *place = NULL;
	int rc = store_place(store, report, id, &place);

	if (rc == HF_ERR_NOTFOUND)
		return HF_OK;
	if (rc == HF_OK && place != &store->env && !writer_is_gone(place, report, id))
		rc = report_fail(report, HF_ERR_TRASHED, "open", "the session is in the trash");
	return rc;
}

int store_missing(struct hf_store *store, struct report *report, struct storage_id id, int rc)
{
	const struct log_env *place = NULL;
	int why = HF_OK;

	if (rc == HF_ERR_NOTFOUND || rc == HF_ERR_TRUNCATED)
		why = store_untrashed(store, report, id);
	/* A head alone, of what is only coming in. */
	if ((rc == HF_ERR_TRUNCATED || rc == HF_ERR_KEY_MISSING) && why == HF_OK &&
	    store_place(store, report, id, &place) == HF_ERR_NOTFOUND)
		why = report_fail(report, HF_ERR_NOTFOUND, "open", "it is being taken in");
	return why == HF_OK ? rc : why;
}

int store_refuse_elsewhere(void *owner, struct report *report, struct storage_id id)
{
	struct storage_found found = { .has_log = false };
	const struct log_env *trash = NULL;
	int rc = store_trash(owner, report, false, &trash);

	if (rc == HF_OK && trash != NULL)
		rc = find(trash, report, id, &found);
	if (rc != HF_OK || (!found.has_log && !found.has_head))
		return rc;
	/* A removal from the trash that was cut short is finished. */
	if (writer_is_gone(trash, report, id))
		rc = writer_delete(trash, NULL, report, id);
	else
		rc = HF_ERR_EXISTS;
	if (rc == HF_ERR_BUSY || rc == HF_ERR_EXISTS)
		return report_fail(report, HF_ERR_EXISTS, "create",
				   "a session with this id is in the trash");
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Looks whether a session whose log was not found lies elsewhere by now, or has a log after
 * all: then it has been moved. */
static bool has_moved(struct hf_store *store, struct report *report, struct storage_id id,
		      const struct log_env **place)
{
	struct storage_found found = { .has_log = false };
	const struct log_env *before = *place;

	return store_place(store, report, id, place) == HF_OK &&
	       find(*place, report, id, &found) == HF_OK && (found.has_log || *place != before);
}

int store_check_session(struct hf_store *store, struct report *report, struct storage_id id,
			const struct check_watch *watch, struct checked **ret_checked)
{
	const struct log_env *place = NULL;
	struct checked *checked = NULL;
	int rc = store_place(store, report, id, &place);

	for (unsigned looks = 1; rc == HF_OK; looks++) {
		rc = check_open(place, report, id, STORAGE_READ, watch, &checked);
		if (looks == LOOKS_MAX || (rc != HF_OK && rc != HF_ERR_NOTFOUND) ||
		    (rc == HF_OK && checked->log != NULL) ||
		    !has_moved(store, report, id, &place))
			break;
		check_close(checked);
		checked = NULL;
		rc = HF_OK;
	}
	if (rc == HF_OK)
		*ret_checked = checked;
	return rc;
}

int store_lock(struct hf_store *store, struct report *report, struct storage_lock **ret_lock)
{
	static const struct storage_id nil;

	return store->storage->ops->lock(store->storage, report, nil, LOCK_TIMEOUT_MS, ret_lock);
}
