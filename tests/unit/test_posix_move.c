/* SPDX-License-Identifier: MIT */
/*
 * Two places of storage_posix over one directory: what a move leaves on the medium, what it
 * makes of what earlier moves have left that were cut short, and which names belong where.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/medium.h"
#include "lib/runner.h"
#include "storage/posix.h"

#define UUID "0100ab03-4100-0000-0000-000000000000"
#define NIL "00000000-0000-0000-0000-000000000000"
#define LOG "sessions/" UUID ".jsonl"
#define HEAD "sessions/" UUID ".head"
#define LOCK "sessions/" UUID ".lock"
#define TRASHED_LOG "trash/" UUID ".jsonl"
#define TRASHED_HEAD "trash/" UUID ".head"

static struct medium medium;

static void set_up(void)
{
	medium = medium_open(MEDIUM_POSIX);
}

static void tear_down(void)
{
	medium_close(&medium);
}

static void open_trash(void)
{
	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
}

static void put_head(const char *name, char byte)
{
	scratch_put(medium.root, name, medium_head(byte), STORAGE_HEAD_SIZE);
}

/* ---- The directories ---- */

START_TEST(the_trash_is_made_when_it_is_opened_and_not_before)
{
	struct storage_posix_options options = { .place = STORAGE_POSIX_TRASH,
						 .missing = STORAGE_POSIX_REFUSE };
	struct storage *storage = NULL;
	struct stat found;

	ck_assert(!scratch_exists(medium.root, "trash"));
	ck_assert_int_eq(storage_posix_open(medium.sys, &medium.report, medium.root, &options,
					    &storage), HF_ERR_NOTFOUND);
	ck_assert_ptr_null(storage);
	ck_assert_int_eq(medium.report.detail.code, HF_OK);
	ck_assert(!scratch_exists(medium.root, "trash"));
	open_trash();
	ck_assert_int_eq(fstatat(medium.root, "trash", &found, 0), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0700);
	ck_assert_int_eq(storage_posix_open(medium.sys, &medium.report, medium.root, &options,
					    &storage), HF_OK);
	storage->ops->close(storage);
}
END_TEST

START_TEST(a_move_leaves_nothing_where_the_session_was)
{
	medium_create(&medium, 1, "text");
	open_trash();
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	ck_assert_uint_eq(scratch_count(medium.root, "sessions"), 0);
	ck_assert_uint_eq(scratch_count(medium.root, "trash"), 3); /* and its lock file */
	ck_assert_int_eq(medium_move(&medium, false), HF_OK);
	ck_assert_uint_eq(scratch_count(medium.root, "sessions"), 3);
	ck_assert_uint_eq(scratch_count(medium.root, "trash"), 0);
}
END_TEST

/* ---- What crashes have left ---- */

START_TEST(a_head_that_an_earlier_move_left_is_replaced)
{
	medium_create(&medium, 1, "text");
	open_trash();
	put_head(TRASHED_HEAD, 'x');
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_check_place(&medium, medium.trash, "text", 'h');
	ck_assert_uint_eq(scratch_count(medium.root, "sessions"), 0);
}
END_TEST

/* Otherwise somebody who takes a head away could have an old one put in its place. */
START_TEST(a_head_that_an_earlier_move_left_is_not_given_to_a_log_without_one)
{
	medium_replace(&medium, 1, "headless");
	open_trash();
	put_head(TRASHED_HEAD, 'x');
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_check_place(&medium, medium.trash, "headless", 0);
}
END_TEST

START_TEST(a_head_whose_log_is_nowhere_moves_alone)
{
	open_trash();
	put_head(HEAD, 'h');
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_check_place(&medium, medium.storage, NULL, 0);
	medium_check_place(&medium, medium.trash, NULL, 'h');
	ck_assert_int_eq(medium_move(&medium, false), HF_OK);
	medium_check_place(&medium, medium.storage, NULL, 'h');
	medium_check_place(&medium, medium.trash, NULL, 0);
}
END_TEST

START_TEST(a_short_head_moves_as_it_is)
{
	medium_create(&medium, 1, "text");
	scratch_cut(medium.root, HEAD, 5000);
	open_trash();
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	ck_assert_int_eq(scratch_size(medium.root, TRASHED_HEAD), 5000);
}
END_TEST

/* A link in place of a log or a head is nothing that is followed. */
START_TEST(what_is_no_file_of_the_store_does_not_move)
{
	static const char *const names[] = { LOG, HEAD };
	static const char *const others[] = { HEAD, LOG };

	open_trash();
	scratch_put(medium.root, "precious", "text", 4);
	scratch_put(medium.root, others[_i], "other", 5);
	ck_assert_int_eq(symlinkat("../precious", medium.root, names[_i]), 0);
	ck_assert_int_eq(medium_move(&medium, true), HF_ERR_DENIED);
	ck_assert(scratch_exists(medium.root, names[_i]));
	ck_assert(scratch_exists(medium.root, others[_i]));
	ck_assert(!scratch_exists(medium.root, TRASHED_LOG));
	ck_assert(!scratch_exists(medium.root, TRASHED_HEAD));
}
END_TEST

/* What was written with no sync must be on the medium before a head says that it is. */
START_TEST(a_power_cut_after_a_move_finds_the_log_whole)
{
	struct medium old = medium_open(MEDIUM_SIM);
	struct medium new = { .ops = old.ops, .report = report_make(NULL, NULL) };
	struct storage_log *log;

	medium_create(&old, 1, "text");
	log = medium_log(&old, 1, STORAGE_WRITE);
	ck_assert_int_eq(old.ops->log_write(log, 4, " and more", 9), HF_OK);
	old.ops->log_close(log);
	ck_assert_int_eq(medium_trash(&old, true), HF_OK);
	ck_assert_int_eq(medium_move(&old, true), HF_OK);
	new.sim = sim_power_cut(old.sim, 0);
	new.sys = sim_sys(new.sim);
	new.root = sim_open_root(new.sim);
	new.storage = medium_again(&new, false);
	ck_assert_int_eq(medium_trash(&new, false), HF_OK);
	medium_check_place(&new, new.trash, "text and more", 'h');
	medium_check_place(&new, new.storage, NULL, 'h'); /* a rest */
	new.ops->close(new.trash);
	new.ops->close(new.storage);
	sim_free(new.sim);
	medium_close(&old);
}
END_TEST

/* Whoever made trash/ may have died before its name was durable. */
START_TEST(a_trash_whose_name_is_not_durable_yet_is_made_so)
{
	struct medium old = medium_open(MEDIUM_SIM);
	struct medium new = { .ops = old.ops, .report = report_make(NULL, NULL) };

	medium_create(&old, 1, "text");
	ck_assert_int_eq(old.sys->mkdir_at(old.sys->context, old.root, "trash", 0700), 0);
	ck_assert_int_eq(medium_trash(&old, true), HF_OK);
	ck_assert_int_eq(medium_move(&old, true), HF_OK);
	new.sim = sim_power_cut(old.sim, 0);
	new.sys = sim_sys(new.sim);
	new.root = sim_open_root(new.sim);
	new.storage = medium_again(&new, false);
	ck_assert_int_eq(medium_trash(&new, false), HF_OK);
	medium_check_place(&new, new.trash, "text", 'h');
	new.ops->close(new.trash);
	new.ops->close(new.storage);
	sim_free(new.sim);
	medium_close(&old);
}
END_TEST

/* ---- Failures ---- */

/* The root, the copy of the head, and then the directory that it was put in. */
START_TEST(a_move_that_fails_before_the_log_leaves_no_head_behind)
{
	struct fault_plan plan = { FAULT_ERRNO, FAULT_SYNC_ALL, 3, EIO };

	medium_create(&medium, 1, "text");
	open_trash();
	fault_sys_arm(medium.fault, &plan);
	ck_assert_int_eq(medium_move(&medium, true), HF_ERR_IO);
	ck_assert(fault_sys_fired(medium.fault));
	fault_sys_disarm(medium.fault);
	medium_check_place(&medium, medium.storage, "text", 'h');
	medium_check_place(&medium, medium.trash, NULL, 0);
}
END_TEST

static struct sys watched;
static char order[200];

/* Enters a letter for each step: the log's rename, and what directory is synced. */
static void enter(char letter)
{
	size_t used = strlen(order);

	order[used] = letter;
	order[used + 1] = '\0';
}

static bool is_dir(int fd, const char *name)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && fstatat(medium.root, name, &named, 0) == 0 &&
	       opened.st_ino == named.st_ino;
}

static int watch_sync(void *context, int fd)
{
	if (is_dir(fd, "sessions"))
		enter('s');
	else if (is_dir(fd, "trash"))
		enter('t');
	return medium.sys->sync_all(context, fd);
}

static int watch_rename(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	if (dir_fd != to_fd)
		enter('R');
	return medium.sys->rename_at(context, dir_fd, from, to_fd, to);
}

START_TEST(after_the_rename_the_new_directory_is_synced_and_then_the_old_one)
{
	struct medium meddled = medium;

	medium_create(&medium, 1, "text");
	watched = *medium.sys;
	watched.sync_all = watch_sync;
	watched.rename_at = watch_rename;
	meddled.sys = &watched;
	ck_assert_int_eq(medium_try(&meddled, medium.root, true, &meddled.storage), HF_OK);
	ck_assert_int_eq(medium_trash(&meddled, true), HF_OK);
	ck_assert_int_eq(medium_move(&meddled, true), HF_OK);
	ck_assert_str_eq(order, "tRts");
	order[0] = '\0';
	ck_assert_int_eq(medium_move(&meddled, false), HF_OK);
	ck_assert_str_eq(order, "sRst");
	medium.ops->close(meddled.trash);
	medium.ops->close(meddled.storage);
}
END_TEST

/* ---- Names ---- */

struct strays {
	char text[1000];
};

static void note_stray(void *context, const char *place, const char *name, bool stale)
{
	struct strays *strays = context;
	size_t used = strlen(strays->text);

	(void)snprintf(strays->text + used, sizeof strays->text - used, "%s%s/%s\n",
		       stale ? "stale " : "", place, name);
}

static struct strays strays_of(struct storage *storage)
{
	struct strays strays = { "" };

	ck_assert_int_eq(medium.ops->each_stray(storage, &medium.report, note_stray, &strays),
			 HF_OK);
	return strays;
}

START_TEST(strays_are_told_of_by_the_place_that_they_are_in)
{
	struct strays strays;

	open_trash();
	medium_create(&medium, 1, "text");
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	scratch_put(medium.root, "trash/notes.txt", "", 0);
	scratch_put(medium.root, "trash/0200ab03-4100-0000-0000-000000000000.lock", "", 0);
	scratch_put(medium.root, "quarantine/something", "", 0);
	scratch_put(medium.root, "elsewhere", "", 0);
	strays = strays_of(medium.trash);
	ck_assert_ptr_nonnull(strstr(strays.text, "trash/notes.txt\n"));
	ck_assert_ptr_nonnull(
		strstr(strays.text, "stale trash/0200ab03-4100-0000-0000-000000000000.lock\n"));
	ck_assert_uint_eq(strlen(strays.text), 16 + 54);
	strays = strays_of(medium.storage);
	ck_assert_str_eq(strays.text, "/elsewhere\nquarantine/something\n");
}
END_TEST

static bool count_one(void *context, const struct storage_found *found)
{
	(void)found;
	++*(unsigned *)context;
	return true;
}

START_TEST(the_nil_id_has_a_lock_and_no_session)
{
	struct storage_id nil = { { 0 } };
	struct storage_lock *lock = NULL;
	struct strays strays;
	unsigned count = 0;

	ck_assert_int_eq(medium.ops->lock(medium.storage, &medium.report, nil, 0, &lock), HF_OK);
	medium.ops->unlock(lock);
	ck_assert(scratch_exists(medium.root, "sessions/" NIL ".lock"));
	strays = strays_of(medium.storage);
	ck_assert_str_eq(strays.text, "");
	scratch_put(medium.root, "sessions/" NIL ".jsonl", "", 0);
	scratch_put(medium.root, "sessions/" NIL ".head", "", 0);
	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, count_one, &count), HF_OK);
	ck_assert_uint_eq(count, 0);
	strays = strays_of(medium.storage);
	ck_assert_ptr_nonnull(strstr(strays.text, "sessions/" NIL ".jsonl\n"));
	ck_assert_ptr_nonnull(strstr(strays.text, "sessions/" NIL ".head\n"));
}
END_TEST

/* ---- Space ---- */

static struct sys large;
static struct statvfs told;

static int tell_space(void *context, int fd, struct statvfs *ret_space)
{
	(void)context;
	(void)fd;
	*ret_space = told;
	return 0;
}

START_TEST(space_is_what_this_user_can_write_and_never_overflows)
{
	struct medium meddled = medium;
	struct storage *storage = NULL;
	uint64_t bytes = 1;

	large = *medium.sys;
	large.space = tell_space;
	meddled.sys = &large;
	ck_assert_int_eq(medium_try(&meddled, medium.root, true, &storage), HF_OK);
	told = (struct statvfs){ .f_bsize = 1, .f_frsize = 4096, .f_bavail = 10, .f_bfree = 99 };
	ck_assert_int_eq(medium.ops->space(storage, &medium.report, &bytes), HF_OK);
	ck_assert_uint_eq(bytes, 40960);
	told.f_bavail = UINT64_MAX / 4096 + 1;
	ck_assert_int_eq(medium.ops->space(storage, &medium.report, &bytes), HF_OK);
	ck_assert_uint_eq(bytes, UINT64_MAX);
	storage->ops->close(storage);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("posix_move");
	TCase *tcase = runner_cases(suite, "two places", 60);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_trash_is_made_when_it_is_opened_and_not_before);
	tcase_add_test(tcase, a_move_leaves_nothing_where_the_session_was);
	tcase_add_test(tcase, a_head_that_an_earlier_move_left_is_replaced);
	tcase_add_test(tcase, a_head_that_an_earlier_move_left_is_not_given_to_a_log_without_one);
	tcase_add_test(tcase, a_head_whose_log_is_nowhere_moves_alone);
	tcase_add_test(tcase, a_short_head_moves_as_it_is);
	tcase_add_loop_test(tcase, what_is_no_file_of_the_store_does_not_move, 0, 2);
	tcase_add_test(tcase, a_power_cut_after_a_move_finds_the_log_whole);
	tcase_add_test(tcase, a_trash_whose_name_is_not_durable_yet_is_made_so);
	tcase_add_test(tcase, a_move_that_fails_before_the_log_leaves_no_head_behind);
	tcase_add_test(tcase, after_the_rename_the_new_directory_is_synced_and_then_the_old_one);
	tcase_add_test(tcase, strays_are_told_of_by_the_place_that_they_are_in);
	tcase_add_test(tcase, the_nil_id_has_a_lock_and_no_session);
	tcase_add_test(tcase, space_is_what_this_user_can_write_and_never_overflows);
	return runner_run(suite);
}
