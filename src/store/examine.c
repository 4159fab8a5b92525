/* SPDX-License-Identifier: MIT */
/* Looking at a store as a whole: permissions, keys, space, files that should not be there. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "log/writer.h"
#include "storage/posix.h"
#include "store/marker.h"
#include "store/store.h"

/* Below this a store is short of space. */
static const uint64_t space_low = (uint64_t)64 << 20;
/* 2020-01-01: a clock before this was never set. */
static const int64_t clock_min_us = INT64_C(1577836800000000);

struct examination {
	struct hf_store *store;
	const struct log_env *place; /* that is walked over */
	uint64_t sessions;           /* that it has */
	struct report report;
	hf_finding_fn each;
	void *context;
};

__attribute__((format(printf, 4, 5)))
static void find(struct examination *e, enum hf_log_level level, const char *subject,
		 const char *format, ...)
{
	char text[512];
	struct hf_finding finding = { level, subject, text };
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	e->each(e->context, &finding);
}

static void examine_mode(struct examination *e, const char *what, const struct stat *found,
			 mode_t forbidden)
{
	mode_t mode = found->st_mode & 07777;

	if (found->st_uid != e->store->sys->user(e->store->sys->context))
		find(e, HF_LOG_WARNING, "permissions", "%s belongs to another user", what);
	if ((mode & forbidden) != 0)
		find(e, HF_LOG_WARNING, "permissions", "%s has mode %04o; make it private: chmod go= it",
		     what, (unsigned)mode);
	else
		find(e, HF_LOG_INFO, "permissions", "%s has mode %04o", what, (unsigned)mode);
}

static void examine_permissions(struct examination *e)
{
	static const char *const names[] = { "keys", "sessions", "trash", "incoming",
					      "quarantine" };
	const struct sys *sys = e->store->sys;
	struct stat found;
	int rc = sys->stat(sys->context, e->store->dir_fd, &found);

	if (rc == 0)
		examine_mode(e, "the store", &found, 0077);
	for (size_t i = 0; i < sizeof names / sizeof names[0] && rc == 0; i++) {
		if (sys->stat_at(sys->context, e->store->dir_fd, names[i], &found) == 0)
			examine_mode(e, names[i], &found, 0077);
	}
	if (rc < 0)
		find(e, HF_LOG_ERROR, "permissions", "the store's mode cannot be read");
}

static void examine_key(void *context, const struct hf_key_info *key)
{
	struct examination *e = context;

	if (key->error != HF_OK)
		find(e, HF_LOG_WARNING, "keys", "%s: %s %s", key->file, hf_error_text(key->error),
		     hf_error_hint(key->error));
	else if (key->state == HF_KEY_WEAK)
		find(e, HF_LOG_WARNING, "keys",
		     "a weak key is in use, since the secret cannot be read; new sessions can be forged");
	else if (key->state == HF_KEY_CORRUPT)
		find(e, HF_LOG_WARNING, "keys",
		     "%s: a damaged secret; sessions signed with it cannot be checked", key->file);
	else if (key->state == HF_KEY_ABSENT)
		find(e, HF_LOG_INFO, "keys", "there is no key yet; the first session makes one");
	else if (key->state == HF_KEY_FOREIGN)
		find(e, HF_LOG_INFO, "keys", "key %s is trusted for sessions of store %s", key->id,
		     key->store);
	else
		find(e, HF_LOG_INFO, "keys", "key %s is current", key->id);
}

static int examine_space(struct examination *e)
{
	const struct sys *sys = e->store->sys;
	const char *advice = "";
	struct statvfs space;
	uint64_t free_bytes;
	int rc = sys->space(sys->context, e->store->dir_fd, &space);

	if (rc < 0)
		return report_errno(&e->report, -rc, "statvfs", NULL);
	free_bytes = (uint64_t)space.f_bavail * space.f_frsize;
	if (free_bytes < space_low)
		advice = "; appends will soon fail";
	else if (free_bytes < e->store->capacity.space_reserve)
		advice = "; that is less than space_reserve, so no session can be made";
	find(e, advice[0] != '\0' ? HF_LOG_WARNING : HF_LOG_INFO, "space",
	     "%" PRIu64 " MiB are free%s", free_bytes >> 20, advice);
	if (space.f_files > 0 && space.f_favail == 0)
		find(e, HF_LOG_WARNING, "space", "no file can be made: the file system has no inodes");
	return HF_OK;
}

static void examine_stray(void *context, const char *place, const char *name, bool stale)
{
	struct examination *e = context;
	const char *slash = place[0] != '\0' ? "/" : "";

	/* The storage knows its own files only. */
	if (place[0] == '\0' && marker_owns(name, &stale) && !stale)
		return;
	if (stale)
		find(e, HF_LOG_WARNING, "files", "%s%s%s was left over by a crash and can be removed",
		     place, slash, name);
	else
		find(e, HF_LOG_WARNING, "files", "%s%s%s is not a file of the store", place, slash, name);
}

/* What a removal or a move that was cut short has left is listed nowhere. */
static bool examine_session(void *context, const struct storage_found *found)
{
	struct examination *e = context;
	const struct log_env *lives = NULL;
	const char *name = e->place == &e->store->env ? "sessions" : "trash";
	char id[TEXT_UUID_SIZE + 1] = "";
	int place_rc = HF_OK;

	text_put_uuid(found->id.bytes, id);
	if (!found->has_log)
		place_rc = store_place(e->store, &e->report, found->id, &lives);
	if (!found->has_log && place_rc == HF_ERR_NOTFOUND)
		find(e, HF_LOG_WARNING, "files",
		     "%s/%s.head is of a session that is being taken in, or was when a crash came: the "
		     "next unbundle clears it away", name, id);
	else if (!found->has_log && place_rc == HF_OK && lives != e->place)
		find(e, HF_LOG_WARNING, "files",
		     "%s/%s.head is left over from a move that was cut short: trash or restore the "
		     "session once more", name, id);
	else if (writer_is_gone(e->place, &e->report, found->id))
		find(e, HF_LOG_WARNING, "files",
		     "session %s was removed, but not all of its files: remove it again", id);
	else
		e->sessions++;
	return true;
}

/* Walks over the names in one place. */
static int examine_place(struct examination *e, const struct log_env *place)
{
	const struct storage_ops *ops = place->storage->ops;
	int rc = ops->each_stray(place->storage, &e->report, examine_stray, e);

	e->place = place;
	e->sessions = 0;
	return rc == HF_OK ? ops->each(place->storage, &e->report, examine_session, e) : rc;
}

/* What is there is no session yet, or never will be one. */
static bool examine_incoming(void *context, const struct storage_found *found)
{
	struct examination *e = context;
	char id[TEXT_UUID_SIZE + 1] = "";

	text_put_uuid(found->id.bytes, id);
	find(e, HF_LOG_WARNING, "files",
	     "incoming/%s is being taken in, or was when a crash came: the next unbundle clears it "
	     "away", id);
	return true;
}

static int examine_arrivals(struct examination *e)
{
	const struct storage_posix_options options = { .place = STORAGE_POSIX_INCOMING,
						       .missing = STORAGE_POSIX_REFUSE };
	struct storage *storage = NULL;
	int rc = storage_posix_open(e->store->sys, &e->report, e->store->dir_fd, &options,
				    &storage);

	if (rc != HF_OK)
		return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	rc = storage->ops->each_stray(storage, &e->report, examine_stray, e);
	if (rc == HF_OK)
		rc = storage->ops->each(storage, &e->report, examine_incoming, e);
	storage->ops->close(storage);
	return rc;
}

static int examine_files(struct examination *e)
{
	const struct log_env *trash = NULL;
	int rc = examine_place(e, &e->store->env);

	if (rc == HF_OK)
		rc = store_trash(e->store, &e->report, false, &trash);
	if (rc == HF_OK && trash != NULL)
		rc = examine_place(e, trash);
	if (rc == HF_OK && trash != NULL && e->sessions > 0)
		find(e, HF_LOG_INFO, "files", "%" PRIu64 " session%s in the trash", e->sessions,
		     e->sessions == 1 ? " is" : "s are");
	return rc == HF_OK ? examine_arrivals(e) : rc;
}

static int examine_clock(struct examination *e)
{
	const struct sys *sys = e->store->sys;
	int64_t now_us;
	int rc = sys->wall_time(sys->context, &now_us);

	if (rc < 0)
		return report_errno(&e->report, -rc, "clock_gettime", NULL);
	if (now_us < clock_min_us)
		find(e, HF_LOG_WARNING, "clock", "the clock was never set; times will be wrong");
	return HF_OK;
}

int hf_store_examine(struct hf_store *store, hf_finding_fn each, void *context,
		     struct hf_detail *detail)
{
	struct examination e = { .store = store, .report = store_report(store), .each = each,
				 .context = context };
	int rc = store_check_call(each != NULL ? store : NULL, store, &e.report);

	if (rc != HF_OK)
		return report_deliver(&e.report, rc, detail);
	examine_permissions(&e);
	rc = keyring_list(store->keyring, &e.report, examine_key, &e);
	if (rc == HF_OK)
		rc = examine_space(&e);
	if (rc == HF_OK)
		rc = examine_files(&e);
	if (rc == HF_OK)
		rc = examine_clock(&e);
	return report_deliver(&e.report, rc, detail);
}
