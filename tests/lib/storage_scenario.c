/* SPDX-License-Identifier: MIT */
#include "lib/storage_scenario.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/storage_scenario_aside.h"

/* What runs ask. Unlike ck_assert it allocates nothing while all is well, so that runs can
 * have their allocations counted. */
#define MUST(condition)                                 \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* ---- Looking at a storage ---- */

/* The text of session 1's log, or "-" when it has none. */
const char *storage_scenario_log(struct medium *medium, char text[STORAGE_SCENARIO_TEXT_SIZE])
{
	struct storage_log *log = NULL;
	size_t size = 0;
	int rc = medium->ops->log_open(medium->storage, &medium->report, medium_id(1), STORAGE_READ,
				       &log);

	if (rc == HF_ERR_NOTFOUND)
		return "-";
	ck_assert_int_eq(rc, HF_OK);
	ck_assert_int_eq(medium->ops->log_read(log, 0, text, STORAGE_SCENARIO_TEXT_SIZE - 1, &size),
			 HF_OK);
	text[size] = '\0';
	medium->ops->log_close(log);
	return text;
}

bool storage_scenario_has_head(struct medium *medium)
{
	uint8_t head[STORAGE_HEAD_SIZE];
	int rc = medium->ops->head_peek(medium->storage, &medium->report, medium_id(1), head);

	ck_assert(rc == HF_OK || rc == HF_ERR_NOTFOUND);
	return rc == HF_OK;
}

/* Fails unless the log of session 1 is one of two texts, the second one after HF_OK. */
static void check_old_or_new(struct medium *medium, int rc, const char *plan, const char *old,
			     const char *new)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = storage_scenario_log(medium, room);

	ck_assert_msg(strcmp(text, new) == 0 || (rc != HF_OK && strcmp(text, old) == 0),
		      "%s, result %d: the log is \"%s\"", plan, rc, text);
	ck_assert_msg(text[0] == '-' || storage_scenario_has_head(medium),
		      "%s: a log without a head", plan);
}

/* ---- The scenarios ---- */

static void prepare_nothing(struct medium *medium)
{
	(void)medium;
}

static void prepare_session(struct medium *medium)
{
	medium_create(medium, 1, STORAGE_SCENARIO_OLD);
}

static int run_open(struct medium *medium)
{
	struct storage *storage = NULL;
	const struct sys *sys = sim_sys(medium->sim);
	int root = sys->open_at(sys->context, medium->root, "new", O_RDONLY | O_DIRECTORY, 0);
	int rc = medium_try(medium, root, true, &storage);

	if (rc == HF_OK)
		storage->ops->close(storage);
	else
		MUST(storage == NULL);
	(void)sys->close(sys->context, root);
	return rc;
}

static void prepare_open(struct medium *medium)
{
	ck_assert_int_eq(medium->sys->mkdir_at(medium->sys->context, medium->root, "new", 0700), 0);
	ck_assert_int_eq(medium->sys->sync_all(medium->sys->context, medium->root), 0);
}

static void check_open(struct medium *medium, int rc, const char *plan)
{
	struct stat found;

	if (rc != HF_OK)
		return;
	ck_assert_msg(medium->sys->stat_at(medium->sys->context, medium->root, "new/sessions",
					   &found) == 0 &&
			      medium->sys->stat_at(medium->sys->context, medium->root,
						   "new/quarantine", &found) == 0,
		      "%s: a directory is not durable", plan);
}

static int run_create(struct medium *medium)
{
	return medium->ops->create(medium->storage, &medium->report, medium_id(1), medium_head('n'),
				   STORAGE_SCENARIO_NEW, strlen(STORAGE_SCENARIO_NEW));
}

static void check_create(struct medium *medium, int rc, const char *plan)
{
	check_old_or_new(medium, rc, plan, "-", STORAGE_SCENARIO_NEW);
}

static int append(struct medium *medium, struct storage_log *log)
{
	uint64_t size = 0;
	int rc = medium->ops->log_size(log, &size);

	if (rc == HF_OK)
		rc = medium->ops->log_write(log, size, STORAGE_SCENARIO_NEW,
					    strlen(STORAGE_SCENARIO_NEW));
	if (rc == HF_OK)
		rc = medium->ops->log_sync(log);
	if (rc == HF_OK)
		rc = medium->ops->head_write(log, 1, medium_head('n'));
	if (rc == HF_OK)
		rc = medium->ops->head_sync(log);
	return rc;
}

static int run_append(struct medium *medium)
{
	struct storage_log *log = NULL;
	int rc = medium->ops->log_open(medium->storage, &medium->report, medium_id(1),
				       STORAGE_WRITE, &log);

	if (rc != HF_OK) {
		MUST(log == NULL);
		return rc;
	}
	rc = append(medium, log);
	medium->ops->log_close(log);
	return rc;
}

static void check_append(struct medium *medium, int rc, const char *plan)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = storage_scenario_log(medium, room);

	ck_assert_msg(strncmp(text, STORAGE_SCENARIO_OLD, strlen(STORAGE_SCENARIO_OLD)) == 0,
		      "%s: the log is \"%s\"", plan, text);
	ck_assert_msg(rc != HF_OK || strcmp(text, STORAGE_SCENARIO_OLD STORAGE_SCENARIO_NEW) == 0,
		      "%s: the log is \"%s\"", plan, text);
	ck_assert_msg(storage_scenario_has_head(medium), "%s: the head is gone", plan);
}

static int run_cut(struct medium *medium)
{
	struct storage_log *log = NULL;
	int rc = medium->ops->log_open(medium->storage, &medium->report, medium_id(1),
				       STORAGE_WRITE, &log);

	if (rc != HF_OK)
		return rc;
	rc = medium->ops->log_cut(log, 3);
	if (rc == HF_OK)
		rc = medium->ops->log_sync(log);
	medium->ops->log_close(log);
	return rc;
}

static void check_cut(struct medium *medium, int rc, const char *plan)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = storage_scenario_log(medium, room);

	ck_assert_msg(strncmp(text, "the", 3) == 0, "%s: the log is \"%s\"", plan, text);
	ck_assert_msg(rc != HF_OK || strcmp(text, "the") == 0, "%s: the log is \"%s\"", plan, text);
}

static int read_all(struct medium *medium, struct storage_log *log)
{
	struct storage_map map = { NULL, 0 };
	uint8_t head[STORAGE_HEAD_SIZE];
	uint64_t size = 0;
	int rc = medium->ops->log_size(log, &size);

	if (rc == HF_OK)
		rc = medium->ops->log_map(log, (size_t)size, &map);
	if (rc == HF_OK) {
		MUST(map.size == strlen(STORAGE_SCENARIO_OLD));
		MUST(memcmp(map.bytes, STORAGE_SCENARIO_OLD, map.size) == 0);
		medium->ops->log_unmap(log, &map);
		rc = medium->ops->head_read(log, head);
	}
	if (rc == HF_OK)
		MUST(memcmp(head, medium_head('h'), sizeof head) == 0);
	return rc;
}

static int run_read(struct medium *medium)
{
	struct storage_log *log = NULL;
	uint8_t head[STORAGE_HEAD_SIZE];
	int rc = medium->ops->head_peek(medium->storage, &medium->report, medium_id(1), head);

	if (rc == HF_OK) {
		MUST(memcmp(head, medium_head('h'), sizeof head) == 0);
		rc = medium->ops->log_open(medium->storage, &medium->report, medium_id(1),
					   STORAGE_READ, &log);
	}
	if (rc != HF_OK)
		return rc;
	rc = read_all(medium, log);
	(void)medium->ops->log_is_current(log);
	medium->ops->log_close(log);
	return rc;
}

static void check_read(struct medium *medium, int rc, const char *plan)
{
	(void)rc;
	check_old_or_new(medium, HF_OK, plan, STORAGE_SCENARIO_OLD, STORAGE_SCENARIO_OLD);
}

static int run_save(struct medium *medium)
{
	struct storage_temp *temp = NULL;
	int rc = medium->ops->temp_begin(medium->storage, &medium->report, medium_id(1), &temp);

	if (rc != HF_OK) {
		MUST(temp == NULL);
		return rc;
	}
	rc = medium->ops->temp_write(temp, STORAGE_SCENARIO_NEW, strlen(STORAGE_SCENARIO_NEW));
	if (rc == HF_OK)
		return medium->ops->temp_commit(temp);
	medium->ops->temp_abandon(temp);
	return rc;
}

static void check_save(struct medium *medium, int rc, const char *plan)
{
	check_old_or_new(medium, rc, plan, STORAGE_SCENARIO_OLD, STORAGE_SCENARIO_NEW);
}

/* More than the buffer holds, so that writing starts before the commit. */
static int run_large_save(struct medium *medium)
{
	static char bytes[200000];
	struct storage_temp *temp = NULL;
	int rc = medium->ops->temp_begin(medium->storage, &medium->report, medium_id(1), &temp);

	if (rc != HF_OK)
		return rc;
	memset(bytes, 'l', sizeof bytes);
	for (int i = 0; i < 3 && rc == HF_OK; i++)
		rc = medium->ops->temp_write(temp, bytes, sizeof bytes / (i == 1 ? 4 : 1));
	/* A commit after a failed write must refuse. */
	MUST(medium->ops->temp_commit(temp) != HF_OK || rc == HF_OK);
	return medium->report.detail.code;
}

static void check_large_save(struct medium *medium, int rc, const char *plan)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *text = storage_scenario_log(medium, room);
	struct storage_log *log;
	uint64_t size = 0;

	if (text[0] != 'l') {
		ck_assert_msg(rc != HF_OK && strcmp(text, STORAGE_SCENARIO_OLD) == 0,
			      "%s: the log is \"%s\"", plan, text);
		return;
	}
	log = medium_log(medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium->ops->log_size(log, &size), HF_OK);
	ck_assert_msg(size == 450000, "%s: %llu bytes", plan, (unsigned long long)size);
	medium->ops->log_close(log);
}

static int run_remove(struct medium *medium)
{
	return medium->ops->remove(medium->storage, &medium->report, medium_id(1));
}

static void check_remove(struct medium *medium, int rc, const char *plan)
{
	check_old_or_new(medium, rc, plan, STORAGE_SCENARIO_OLD, "-");
	ck_assert_msg(rc != HF_OK || !storage_scenario_has_head(medium), "%s: the head is left",
		      plan);
}

static char quarantine_name[STORAGE_QUARANTINE_NAME_SIZE];

static int run_quarantine(struct medium *medium)
{
	quarantine_name[0] = '\0';
	return medium->ops->quarantine(medium->storage, &medium->report, medium_id(1), "torn",
				       STORAGE_SCENARIO_NEW, strlen(STORAGE_SCENARIO_NEW),
				       quarantine_name);
}

/* Whatever has a final name is whole. */
static void check_quarantine(struct medium *medium, int rc, const char *plan)
{
	const struct sys *sys = medium->sys;
	char path[STORAGE_QUARANTINE_NAME_SIZE + 16];
	char bytes[STORAGE_SCENARIO_TEXT_SIZE] = "";
	int fd;

	ck_assert_msg(rc != HF_OK || quarantine_name[0] != '\0', "%s: no name", plan);
	(void)snprintf(path, sizeof path, "quarantine/%s",
		       rc == HF_OK ? quarantine_name
				   : "0100ab03-4100-0000-0000-000000000000.torn.0");
	fd = sys->open_at(sys->context, medium->root, path, O_RDONLY, 0);
	ck_assert_msg(rc != HF_OK || fd >= 0, "%s: nothing in the quarantine", plan);
	if (fd < 0)
		return;
	ck_assert_msg(sys_read_some(sys, fd, bytes, sizeof bytes - 1, 0) ==
				      (ssize_t)strlen(STORAGE_SCENARIO_NEW) &&
			      strcmp(bytes, STORAGE_SCENARIO_NEW) == 0,
		      "%s: the quarantine has \"%s\"", plan, bytes);
	(void)sys->close(sys->context, fd);
}

static bool count_found(void *context, const struct storage_found *found)
{
	MUST(found->has_log && found->has_head);
	++*(unsigned *)context;
	return true;
}

static int run_each(struct medium *medium)
{
	unsigned count = 0;
	int rc = medium->ops->each(medium->storage, &medium->report, count_found, &count);

	MUST(count == (rc == HF_OK ? 1 : 0));
	return rc;
}

static void ignore_stray(void *context, const char *place, const char *name, bool stale)
{
	(void)context;
	(void)place;
	(void)name;
	(void)stale;
}

static int run_each_stray(struct medium *medium)
{
	return medium->ops->each_stray(medium->storage, &medium->report, ignore_stray, NULL);
}

static int run_lock(struct medium *medium)
{
	struct storage_lock *lock = NULL;
	struct storage_lock *second = NULL;
	int rc = medium->ops->lock(medium->storage, &medium->report, medium_id(1), 20, &lock);

	if (rc != HF_OK) {
		MUST(lock == NULL);
		return rc;
	}
	MUST(medium->ops->lock(medium->storage, &medium->report, medium_id(1), 20, &second) !=
	     HF_OK);
	(void)medium->ops->is_locked(medium->storage, medium_id(1));
	medium->ops->unlock(lock);
	report_clear(&medium->report);
	return HF_OK;
}

/* The lock file of one who died while holding it. */
static void prepare_dead_holder(struct medium *medium)
{
	const struct sys *sys = medium->sys;
	int fd = sys->open_at(sys->context, medium->root,
			      "sessions/0100ab03-4100-0000-0000-000000000000.lock",
			      O_RDWR | O_CREAT, 0600);

	ck_assert_int_eq(sys->write_at(sys->context, fd, "1 a b\n", 6, 0), 6);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
	medium_create(medium, 1, STORAGE_SCENARIO_OLD);
}

/* A head is missing, and made. */
static void prepare_headless(struct medium *medium)
{
	medium_replace(medium, 1, STORAGE_SCENARIO_OLD);
}

static int run_head(struct medium *medium)
{
	struct storage_log *log = NULL;
	int rc = medium->ops->log_open(medium->storage, &medium->report, medium_id(1),
				       STORAGE_WRITE, &log);

	if (rc != HF_OK)
		return rc;
	rc = medium->ops->head_write(log, 0, medium_head('n'));
	if (rc == HF_OK)
		rc = medium->ops->head_sync(log);
	medium->ops->log_close(log);
	return rc;
}

static void check_head(struct medium *medium, int rc, const char *plan)
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];

	ck_assert_str_eq(storage_scenario_log(medium, room), STORAGE_SCENARIO_OLD);
	ck_assert_msg(rc != HF_OK || storage_scenario_has_head(medium), "%s: no head", plan);
}

/* ---- Two places ---- */

static int run_move(struct medium *medium, bool to_trash)
{
	struct storage *from = to_trash ? medium->storage : medium->trash;
	struct storage *to = to_trash ? medium->trash : medium->storage;
	struct storage_lock *lock = NULL;
	int rc = medium->ops->lock(medium->trash, &medium->report, medium_id(1), 0, &lock);

	if (rc == HF_OK)
		rc = medium->ops->move_in(to, &medium->report, from, medium_id(1));
	medium->ops->unlock(lock);
	return rc;
}

static int run_trash(struct medium *medium)
{
	int rc = medium_trash(medium, true);

	return rc == HF_OK ? run_move(medium, true) : rc;
}

static int run_restore(struct medium *medium)
{
	return run_move(medium, false);
}

static void prepare_trashed(struct medium *medium)
{
	medium_create(medium, 1, STORAGE_SCENARIO_OLD);
	ck_assert_int_eq(medium_trash(medium, true), HF_OK);
	ck_assert_int_eq(medium_move(medium, true), HF_OK);
}

/* The log is in one of the places, with the head beside it. */
static void check_places(struct medium *medium, bool is_done, bool to_trash, const char *plan)
{
	struct storage *first = medium->storage;
	char texts[2][STORAGE_SCENARIO_TEXT_SIZE];
	const char *found[2];

	ck_assert_int_eq(medium_trash(medium, false), HF_OK);
	for (int i = 0; i < 2; i++) {
		medium->storage = i == 0 ? first : medium->trash;
		found[i] = storage_scenario_log(medium, texts[i]);
		ck_assert_msg(found[i][0] == '-' || (strcmp(found[i], STORAGE_SCENARIO_OLD) == 0 &&
						     storage_scenario_has_head(medium)),
			      "%s: the log in place %d is \"%s\"", plan, i, found[i]);
	}
	medium->storage = first;
	ck_assert_msg((found[0][0] == '-') != (found[1][0] == '-'), "%s: in both places, or none",
		      plan);
	ck_assert_msg(!is_done || found[to_trash ? 0 : 1][0] == '-', "%s: not moved", plan);
}

static void check_trash(struct medium *medium, int rc, const char *plan)
{
	check_places(medium, rc == HF_OK, true, plan);
}

static void check_restore(struct medium *medium, int rc, const char *plan)
{
	check_places(medium, rc == HF_OK, false, plan);
}

static int run_holder(struct medium *medium)
{
	struct storage_holder holder = { .is_held = false };
	struct storage_lock *lock = NULL;
	int rc = medium->ops->lock(medium->storage, &medium->report, medium_id(1), 0, &lock);

	if (rc != HF_OK)
		return rc;
	rc = medium->ops->holder(medium->storage, &medium->report, medium_id(1), &holder);
	MUST(rc == HF_OK || !holder.is_held);
	medium->ops->unlock(lock);
	return rc;
}

static int run_space(struct medium *medium)
{
	uint64_t bytes = 0;
	int rc = medium->ops->space(medium->storage, &medium->report, &bytes);

	MUST((rc == HF_OK) == (bytes > 0));
	return rc;
}

static int run_find(struct medium *medium)
{
	struct storage_found found = { .has_log = false };
	int rc = medium->ops->find(medium->storage, &medium->report, medium_id(1), &found);

	MUST(rc == HF_OK || !found.has_log);
	return rc;
}

const struct storage_scenario storage_scenarios[STORAGE_SCENARIO_COUNT] = {
	{ "open", prepare_open, run_open, check_open, true, false },
	{ "create", prepare_nothing, run_create, check_create, false, true },
	{ "append", prepare_session, run_append, check_append, false, false },
	{ "cut", prepare_session, run_cut, check_cut, false, false },
	{ "head", prepare_headless, run_head, check_head, false, false },
	{ "read", prepare_session, run_read, check_read, true, false },
	{ "save", prepare_session, run_save, check_save, false, false },
	{ "large save", prepare_session, run_large_save, check_large_save, false, false },
	{ "remove", prepare_session, run_remove, check_remove, false, false },
	{ "quarantine", prepare_nothing, run_quarantine, check_quarantine, false, false },
	{ "each", prepare_session, run_each, check_read, true, false },
	{ "each stray", prepare_session, run_each_stray, check_read, true, false },
	{ "lock", prepare_session, run_lock, check_read, true, false },
	{ "lock of the dead", prepare_dead_holder, run_lock, check_read, true, false },
	{ "trash", prepare_session, run_trash, check_trash, false, false },
	{ "restore", prepare_trashed, run_restore, check_restore, false, false },
	{ "holder", prepare_session, run_holder, check_read, true, false },
	{ "space", prepare_session, run_space, check_read, true, false },
	{ "bring", prepare_nothing, storage_scenario_aside_bring,
	  storage_scenario_aside_check_brought, false, false },
	{ "displace", storage_scenario_aside_prepare_taken, storage_scenario_aside_displace,
	  storage_scenario_aside_check_displaced, false, false },
	{ "unstage", storage_scenario_aside_prepare_staged, storage_scenario_aside_unstage,
	  storage_scenario_aside_check_unstaged, false, false },
	{ "find", prepare_session, run_find, check_read, true, false },
};
