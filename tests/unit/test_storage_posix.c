/* SPDX-License-Identifier: MIT */
/*
 * What storage_posix does beyond the contract of all storages: names and modes on the
 * real file system, things in place of files that should not be there, locks between
 * processes, and what stands in a lock file.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/medium.h"
#include "storage/posix.h"

#define UUID "0100ab03-4100-0000-0000-000000000000"
#define LOG "sessions/" UUID ".jsonl"
#define HEAD "sessions/" UUID ".head"
#define LOCK "sessions/" UUID ".lock"

static struct medium medium;

static void set_up(void)
{
	medium = medium_open(MEDIUM_POSIX);
}

static void tear_down(void)
{
	medium_close(&medium);
}

static int open_log(void)
{
	struct storage_log *log = NULL;
	int rc = medium.ops->log_open(medium.storage, &medium.report, medium_id(1), STORAGE_WRITE,
				      &log);

	if (rc == HF_OK)
		medium.ops->log_close(log);
	return rc;
}

static int take_lock(uint32_t timeout_ms, struct storage_lock **ret_lock)
{
	return medium.ops->lock(medium.storage, &medium.report, medium_id(1), timeout_ms, ret_lock);
}

/* ---- Names and modes ---- */

static void check_mode(const char *name, mode_t mode)
{
	struct stat found;

	ck_assert_msg(fstatat(medium.root, name, &found, AT_SYMLINK_NOFOLLOW) == 0, "%s", name);
	ck_assert_msg((found.st_mode & 07777) == mode, "%s: %o", name, found.st_mode);
}

START_TEST(files_are_private_and_where_the_header_says)
{
	struct storage_lock *lock;
	char name[STORAGE_QUARANTINE_NAME_SIZE];

	lock = medium_lock(&medium, 1);
	medium_create(&medium, 1, "text");
	medium_replace(&medium, 1, "more");
	ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report, medium_id(1),
						"torn", "x", 1, name),
			 HF_OK);
	check_mode("sessions", 0700);
	check_mode("quarantine", 0700);
	check_mode(LOG, 0600);
	check_mode(HEAD, 0600);
	check_mode(LOCK, 0600);
	check_mode("quarantine/" UUID ".torn.0", 0600);
	ck_assert_uint_eq(scratch_count(medium.root, "sessions"), 3);
	ck_assert_uint_eq(scratch_count(medium.root, "quarantine"), 1);
	ck_assert_int_eq(scratch_size(medium.root, HEAD), STORAGE_HEAD_SIZE);
	ck_assert_int_eq(medium.ops->remove(medium.storage, &medium.report, medium_id(1)), HF_OK);
	ck_assert_uint_eq(scratch_count(medium.root, "sessions"), 0);
	medium.ops->unlock(lock);
}
END_TEST

START_TEST(a_short_head_reads_as_zeros_where_it_ends)
{
	uint8_t head[STORAGE_HEAD_SIZE];
	uint8_t zeros[STORAGE_HEAD_SIZE] = { 0 };

	medium_create(&medium, 1, "text");
	scratch_cut(medium.root, HEAD, 5000);
	ck_assert_int_eq(medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			 HF_OK);
	ck_assert_mem_eq(head, medium_head('h'), 5000);
	ck_assert_mem_eq(head + 5000, zeros, sizeof head - 5000);
}
END_TEST

START_TEST(a_stale_head_without_a_log_is_replaced)
{
	uint8_t head[STORAGE_HEAD_SIZE];

	scratch_put(medium.root, HEAD, "old", 3);
	medium_create(&medium, 1, "text");
	ck_assert_int_eq(medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			 HF_OK);
	ck_assert_mem_eq(head, medium_head('h'), sizeof head);
}
END_TEST

/* ---- What should not be there ---- */

static void put_symlink(void)
{
	scratch_put(medium.root, "elsewhere", "text", 4);
	ck_assert_int_eq(symlinkat("../elsewhere", medium.root, LOG), 0);
}

static void put_second_name(void)
{
	medium_create(&medium, 1, "text");
	ck_assert_int_eq(linkat(medium.root, LOG, medium.root, "other name", 0), 0);
}

static void put_fifo(void)
{
	ck_assert_int_eq(mkfifoat(medium.root, LOG, 0600), 0);
}

static void put_directory(void)
{
	scratch_mkdir(medium.root, LOG);
}

static void put_foreign_file(void)
{
	medium_create(&medium, 1, "text");
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(medium.root, LOG, 12345, 12345, 0), 0);
	else
		scratch_remove(medium.root, LOG); /* only root can give files away */
}

static void (*const intruders[])(void) = { put_symlink, put_second_name, put_fifo, put_directory,
					   put_foreign_file };

START_TEST(what_is_no_private_file_is_refused_without_waiting)
{
	struct storage_log *log = NULL;
	bool is_root = geteuid() == 0;
	int wanted =
		intruders[_i] == put_foreign_file && !is_root ? HF_ERR_NOTFOUND : HF_ERR_DENIED;

	intruders[_i]();
	ck_assert_int_eq(open_log(), wanted);
	ck_assert_int_eq(medium.report.detail.code, wanted);
	ck_assert_ptr_nonnull(strstr(medium.report.detail.message, UUID));
	ck_assert_int_eq(medium.ops->log_open(medium.storage, &medium.report, medium_id(1),
					      STORAGE_READ, &log),
			 wanted);
	ck_assert_ptr_null(log);
}
END_TEST

/* Somebody else's file under the lock's name would lose its contents. */
START_TEST(a_lock_file_with_another_name_is_refused_and_kept)
{
	struct storage_lock *lock = NULL;

	scratch_put(medium.root, "precious", "text", 4);
	ck_assert_int_eq(linkat(medium.root, "precious", medium.root, LOCK, 0), 0);
	ck_assert_int_eq(take_lock(0, &lock), HF_ERR_DENIED);
	ck_assert_ptr_null(lock);
	ck_assert_int_eq(scratch_size(medium.root, "precious"), 4);
}
END_TEST

START_TEST(a_wider_mode_of_a_log_is_let_through)
{
	medium_create(&medium, 1, "text");
	ck_assert_int_eq(fchmodat(medium.root, LOG, 0644, 0), 0);
	ck_assert_int_eq(open_log(), HF_OK);
}
END_TEST

START_TEST(a_directory_that_vanished_is_an_error_and_no_empty_list)
{
	struct storage_lock *lock = NULL;
	struct storage_temp *temp = NULL;

	scratch_remove(medium.root, "sessions");
	ck_assert_int_eq(open_log(), HF_ERR_IO);
	ck_assert_int_eq(take_lock(0, &lock), HF_ERR_IO);
	ck_assert_int_eq(medium.ops->create(medium.storage, &medium.report, medium_id(1),
					    medium_head('h'), "x", 1),
			 HF_ERR_IO);
	ck_assert_int_eq(
		medium.ops->temp_begin(medium.storage, &medium.report, medium_id(1), &temp),
		HF_ERR_IO);
	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, NULL, NULL), HF_ERR_IO);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_IO);
}
END_TEST

/* As root nothing is denied, so the case becomes somebody else. */
START_TEST(a_directory_that_may_not_be_read_is_denied_and_no_empty_list)
{
	struct storage *storage = NULL;

	medium_create(&medium, 1, "text");
	if (geteuid() == 0) {
		ck_assert_int_eq(fchmodat(medium.root, ".", 0755, 0), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	} else {
		ck_assert_int_eq(fchmodat(medium.root, "sessions", 0, 0), 0);
	}
	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, NULL, NULL),
			 HF_ERR_DENIED);
	ck_assert_int_eq(open_log(), HF_ERR_DENIED);
	ck_assert_int_eq(medium_try(&medium, medium.root, false, &storage), HF_ERR_DENIED);
	ck_assert_ptr_null(storage);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

static bool fail_on_session(void *context, const struct storage_found *found)
{
	(void)context;
	(void)found;
	ck_abort_msg("a session where there is none");
	return false;
}

START_TEST(a_store_without_directories_is_empty_and_stays_so)
{
	struct scratch empty = scratch_open();
	struct report report = report_make(NULL, NULL);
	struct storage *storage = NULL;
	struct storage_lock *lock = NULL;
	struct storage_log *log = NULL;
	char name[STORAGE_QUARANTINE_NAME_SIZE];
	const struct storage_ops *ops;

	ck_assert_int_eq(medium_try(&medium, empty.fd, false, &storage), HF_OK);
	ops = storage->ops;
	ck_assert_int_eq(ops->each(storage, &report, fail_on_session, NULL), HF_OK);
	ck_assert_int_eq(ops->each_stray(storage, &report, NULL, NULL), HF_OK);
	ck_assert_int_eq(ops->log_open(storage, &report, medium_id(1), STORAGE_READ, &log),
			 HF_ERR_NOTFOUND);
	ck_assert_int_eq(ops->lock(storage, &report, medium_id(1), 0, &lock), HF_ERR_NOTFOUND);
	ck_assert(!ops->is_locked(storage, medium_id(1)));
	ck_assert_int_eq(ops->remove(storage, &report, medium_id(1)), HF_OK);
	ck_assert_int_eq(ops->create(storage, &report, medium_id(1), medium_head('h'), "x", 1),
			 HF_ERR_READONLY);
	ck_assert_int_eq(ops->quarantine(storage, &report, medium_id(1), "torn", "x", 1, name),
			 HF_ERR_READONLY);
	ck_assert_uint_eq(scratch_count(empty.fd, "."), 0);
	ops->close(storage);
	scratch_close(&empty);
}
END_TEST

/* ---- Strays ---- */

struct strays {
	char text[2000];
};

static void note_stray(void *context, const char *place, const char *name, bool stale)
{
	struct strays *strays = context;
	size_t used = strlen(strays->text);

	(void)snprintf(strays->text + used, sizeof strays->text - used, "%s%s/%s\n",
		       stale ? "stale " : "", place, name);
}

static const struct {
	const char *path;
	bool stale;
} known_strays[] = {
	{ "sessions/notes.txt", false },
	{ "sessions/." UUID ".0123456789abcdef.tmp", true },
	{ "sessions/." UUID ".0123456789ABCDEF.tmp", false },
	{ "sessions/0200ab03-4100-0000-0000-000000000000.lock", true },
	{ "sessions/" UUID ".jsonl.bak", false },
	{ "quarantine/something", false },
	{ "quarantine/" UUID ".torn.x", false },
	{ "quarantine/." UUID ".0123456789abcdef.tmp", true },
	{ "/keys", false }, /* in the root */
};

enum { STRAYS = sizeof known_strays / sizeof known_strays[0] };

START_TEST(what_belongs_to_nothing_is_named)
{
	struct strays strays = { "" };
	char line[200];
	size_t size = 0;

	medium_create(&medium, 1, "text");
	medium.ops->unlock(medium_lock(&medium, 1));
	scratch_put(medium.root, "quarantine/" UUID ".torn.12", "", 0);
	for (size_t i = 0; i < STRAYS; i++)
		scratch_put(medium.root, known_strays[i].path + (known_strays[i].path[0] == '/'),
			    "", 0);
	ck_assert_int_eq(
		medium.ops->each_stray(medium.storage, &medium.report, note_stray, &strays), HF_OK);
	for (size_t i = 0; i < STRAYS; i++) {
		(void)snprintf(line, sizeof line, "%s%s\n", known_strays[i].stale ? "stale " : "",
			       known_strays[i].path);
		ck_assert_msg(strstr(strays.text, line) != NULL, "%s is missing in\n%s", line,
			      strays.text);
		size += strlen(line);
	}
	ck_assert_msg(strlen(strays.text) == size, "too many:\n%s", strays.text);
}
END_TEST

START_TEST(what_is_being_written_is_no_stray)
{
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct storage_temp *temp = NULL;
	struct strays strays = { "" };

	ck_assert_int_eq(
		medium.ops->temp_begin(medium.storage, &medium.report, medium_id(1), &temp), HF_OK);
	ck_assert_int_eq(
		medium.ops->each_stray(medium.storage, &medium.report, note_stray, &strays), HF_OK);
	ck_assert_str_eq(strays.text, "");
	medium.ops->temp_abandon(temp);
	medium.ops->unlock(lock);
}
END_TEST

/* ---- Locks ---- */

START_TEST(a_lock_file_names_its_holder_while_it_is_held)
{
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct storage_lock *other = NULL;
	char start[32];
	size_t size;
	char *text = scratch_get(medium.root, LOCK, &size);

	(void)snprintf(start, sizeof start, "%ld ", (long)getpid());
	ck_assert_int_eq(strncmp(text, start, strlen(start)), 0);
	ck_assert_int_eq(text[size - 1], '\n');
	ck_assert_int_eq(take_lock(0, &other), HF_ERR_BUSY);
	ck_assert_ptr_nonnull(strstr(medium.report.detail.message, start));
	medium.ops->unlock(lock);
	ck_assert_int_eq(scratch_size(medium.root, LOCK), 0);
	free(text);
}
END_TEST

START_TEST(the_text_in_a_lock_file_decides_nothing)
{
	struct storage_lock *lock = NULL;
	struct storage_lock *other = NULL;
	char long_text[5000];

	memset(long_text, '\033', sizeof long_text);
	scratch_put(medium.root, LOCK, long_text, sizeof long_text);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	ck_assert_int_eq(take_lock(0, &lock), HF_OK);
	ck_assert_int_lt(scratch_size(medium.root, LOCK), 256);
	scratch_put(medium.root, LOCK, long_text, sizeof long_text);
	ck_assert_int_eq(take_lock(0, &other), HF_ERR_BUSY);
	ck_assert_ptr_null(strchr(medium.report.detail.message, '\033'));
	medium.ops->unlock(lock);
}
END_TEST

/* A child that holds the lock until it is killed; returns when it has it. */
static pid_t start_holder(void)
{
	int ready[2];
	char byte;
	pid_t child;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		struct storage_lock *lock = NULL;

		if (take_lock(0, &lock) != HF_OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	ck_assert_int_gt(child, 0);
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	return child;
}

static void kill_holder(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(the_lock_of_a_dead_process_is_free_and_its_names_are_synced)
{
	struct storage_lock *lock = NULL;
	pid_t child = start_holder();

	ck_assert(medium.ops->is_locked(medium.storage, medium_id(1)));
	ck_assert_int_eq(take_lock(20, &lock), HF_ERR_BUSY);
	kill_holder(child);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	fault_sys_arm(medium.fault, &(struct fault_plan){ FAULT_NONE, FAULT_ANY, 0, 0 });
	ck_assert_int_eq(take_lock(0, &lock), HF_OK);
	ck_assert_uint_ge(fault_sys_count(medium.fault, FAULT_SYNC_ALL), 1);
	medium.ops->unlock(lock);
	/* What was given back properly costs nothing. */
	fault_sys_arm(medium.fault, &(struct fault_plan){ FAULT_NONE, FAULT_ANY, 0, 0 });
	ck_assert_int_eq(take_lock(0, &lock), HF_OK);
	ck_assert_uint_eq(fault_sys_count(medium.fault, FAULT_SYNC_ALL), 0);
	medium.ops->unlock(lock);
}
END_TEST

static void *kill_later(void *context)
{
	(void)usleep(100000);
	(void)kill(*(pid_t *)context, SIGKILL);
	return NULL;
}

START_TEST(a_lock_is_waited_for)
{
	struct storage_lock *lock = NULL;
	pid_t child = start_holder();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, kill_later, &child), 0);
	ck_assert_int_eq(take_lock(30000, &lock), HF_OK);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	medium.ops->unlock(lock);
}
END_TEST

/* A struct sys in which the lock file is removed, and every other time made again by
 * somebody else, between its opening and its locking. */
static struct sys meddler;
static unsigned removals;

static int remove_then_lock(void *context, int fd, enum sys_lock lock)
{
	if (removals > 0) {
		removals--;
		ck_assert_int_eq(unlinkat(medium.root, LOCK, 0), 0);
		if (removals % 2 == 0)
			scratch_put(medium.root, LOCK, "", 0);
	}
	return medium.sys->lock(context, fd, lock);
}

START_TEST(a_lock_on_a_removed_file_is_not_believed)
{
	struct medium meddled = medium;
	struct storage *storage = NULL;
	struct storage_lock *lock = NULL;
	struct storage_lock *other = NULL;

	meddler = *medium.sys;
	meddler.lock = remove_then_lock;
	removals = 5;
	meddled.sys = &meddler;
	ck_assert_int_eq(medium_try(&meddled, medium.root, true, &storage), HF_OK);
	ck_assert_int_eq(storage->ops->lock(storage, &medium.report, medium_id(1), 0, &lock),
			 HF_OK);
	ck_assert_uint_eq(removals, 0);
	ck_assert_int_eq(take_lock(0, &other), HF_ERR_BUSY);
	storage->ops->unlock(lock);
	removals = 1000000;
	ck_assert_int_eq(storage->ops->lock(storage, &medium.report, medium_id(1), 0, &lock),
			 HF_ERR_BUSY);
	storage->ops->close(storage);
}
END_TEST

START_TEST(a_lock_can_be_taken_on_a_full_disk)
{
	struct fault_plan full = { FAULT_ERRNO_EVER, FAULT_WRITE_AT, 1, ENOSPC };
	struct storage_lock *lock = NULL;
	struct storage_lock *other = NULL;

	fault_sys_arm(medium.fault, &full);
	ck_assert_int_eq(take_lock(0, &lock), HF_OK);
	ck_assert(fault_sys_fired(medium.fault));
	ck_assert_int_eq(scratch_size(medium.root, LOCK), 1); /* marked all the same */
	ck_assert_int_eq(take_lock(0, &other), HF_ERR_BUSY);
	medium.ops->unlock(lock);
	ck_assert_int_eq(scratch_size(medium.root, LOCK), 0);
	fault_sys_disarm(medium.fault);
}
END_TEST

START_TEST(descriptors_do_not_pass_to_other_programs)
{
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct storage_log *log;

	medium_create(&medium, 1, "text");
	log = medium_log(&medium, 1, STORAGE_WRITE);
	for (int fd = 3; fd < 100; fd++) {
		int flags = fcntl(fd, F_GETFD);
		char link[64], name[256] = "";

		(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		if (readlink(link, name, sizeof name - 1) > 0 &&
		    strstr(name, medium.scratch.path) != NULL)
			ck_assert_msg((flags & FD_CLOEXEC) != 0, "%s", name);
	}
	medium.ops->log_close(log);
	medium.ops->unlock(lock);
}
END_TEST

static void add_cases(TCase *tcase)
{
	tcase_add_test(tcase, files_are_private_and_where_the_header_says);
	tcase_add_test(tcase, a_short_head_reads_as_zeros_where_it_ends);
	tcase_add_test(tcase, a_stale_head_without_a_log_is_replaced);
	tcase_add_loop_test(tcase, what_is_no_private_file_is_refused_without_waiting, 0,
			    (int)(sizeof intruders / sizeof intruders[0]));
	tcase_add_test(tcase, a_lock_file_with_another_name_is_refused_and_kept);
	tcase_add_test(tcase, a_wider_mode_of_a_log_is_let_through);
	tcase_add_test(tcase, a_directory_that_vanished_is_an_error_and_no_empty_list);
	tcase_add_test(tcase, a_directory_that_may_not_be_read_is_denied_and_no_empty_list);
	tcase_add_test(tcase, a_store_without_directories_is_empty_and_stays_so);
	tcase_add_test(tcase, what_belongs_to_nothing_is_named);
	tcase_add_test(tcase, what_is_being_written_is_no_stray);
	tcase_add_test(tcase, a_lock_file_names_its_holder_while_it_is_held);
	tcase_add_test(tcase, the_text_in_a_lock_file_decides_nothing);
	tcase_add_test(tcase, the_lock_of_a_dead_process_is_free_and_its_names_are_synced);
	tcase_add_test(tcase, a_lock_is_waited_for);
	tcase_add_test(tcase, a_lock_on_a_removed_file_is_not_believed);
	tcase_add_test(tcase, a_lock_can_be_taken_on_a_full_disk);
	tcase_add_test(tcase, descriptors_do_not_pass_to_other_programs);
}

int main(void)
{
	Suite *suite = suite_create("storage_posix");
	TCase *tcase = tcase_create("real files");
	SRunner *runner;
	int failed;

	add_cases(tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	scratch_begin();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
