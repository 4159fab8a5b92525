/* SPDX-License-Identifier: MIT */
/*
 * The real system calls, on real files: what sys.h adds to the manual pages (close on
 * exec, -errno, locks that exclude within a process, memory that a child does not see) and
 * the loops over short reads and writes.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "sys/sys.h"

/* The sanitizers turn mlock(2) into nothing. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static const struct sys *sys;
static struct scratch scratch;

static void set_up(void)
{
	sys = sys_posix();
	scratch = scratch_open();
}

static void tear_down(void)
{
	scratch_close(&scratch);
}

static int open_file(const char *name, int flags)
{
	return sys->open_at(sys->context, scratch.fd, name, flags, 0600);
}

static int make_file(const char *name, const char *text)
{
	scratch_put(scratch.fd, name, text, strlen(text));
	return open_file(name, O_RDWR);
}

/* ---- Files ---- */

START_TEST(descriptors_are_close_on_exec)
{
	int fd = make_file("file", "x");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
	ck_assert_int_eq(sys->close(sys->context, fd), -EBADF);
}
END_TEST

START_TEST(failures_are_negative_errnos)
{
	struct stat found = { .st_size = 77 };
	char byte;

	ck_assert_int_eq(open_file("missing", O_RDONLY), -ENOENT);
	ck_assert_int_eq(sys->stat_at(sys->context, scratch.fd, "missing", &found), -ENOENT);
	ck_assert_int_eq(found.st_size, 77);
	ck_assert_int_eq(sys->read_at(sys->context, -1, &byte, 1, 0), -EBADF);
	ck_assert_int_eq(sys->write_at(sys->context, -1, &byte, 1, 0), -EBADF);
	ck_assert_int_eq(sys->sync_all(sys->context, -1), -EBADF);
	ck_assert_int_eq(sys->sync_data(sys->context, -1), -EBADF);
	ck_assert_int_eq(sys->sync_start(sys->context, -1, 0, 0), -EBADF);
	ck_assert_int_eq(sys->truncate(sys->context, -1, 0), -EBADF);
	ck_assert_int_eq(sys->unlink_at(sys->context, scratch.fd, "missing"), -ENOENT);
	ck_assert_int_eq(sys->mkdir_at(sys->context, scratch.fd, "a/b", 0700), -ENOENT);
	ck_assert_int_eq(sys->lock(sys->context, -1, SYS_LOCK_EXCLUSIVE), -EBADF);
	ck_assert_int_eq(sys->each_name(sys->context, -1, NULL, NULL), -EBADF);
}
END_TEST

START_TEST(bytes_are_read_and_written_where_asked)
{
	int fd = make_file("file", "0123456789");
	char bytes[20] = "";

	ck_assert_int_eq(sys->write_at(sys->context, fd, "ab", 2, 4), 2);
	ck_assert_int_eq(sys->read_at(sys->context, fd, bytes, sizeof bytes, 2), 8);
	ck_assert_str_eq(bytes, "23ab6789");
	ck_assert_int_eq(sys->truncate(sys->context, fd, 5), 0);
	ck_assert_int_eq(scratch_size(scratch.fd, "file"), 5);
	ck_assert_int_eq(sys->sync_data(sys->context, fd), 0);
	ck_assert_int_eq(sys->sync_all(sys->context, fd), 0);
	ck_assert_int_eq(sys->sync_start(sys->context, fd, 0, 5), 0);
	ck_assert_int_eq(sys->chmod(sys->context, fd, 0640), 0);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
}
END_TEST

START_TEST(names_are_made_moved_and_removed)
{
	struct stat found;

	(void)sys->close(sys->context, make_file("a", "text"));
	ck_assert_int_eq(sys->mkdir_at(sys->context, scratch.fd, "dir", 0700), 0);
	ck_assert_int_eq(sys->link_at(sys->context, scratch.fd, "a", scratch.fd, "dir/b"), 0);
	ck_assert_int_eq(sys->link_at(sys->context, scratch.fd, "a", scratch.fd, "dir/b"), -EEXIST);
	ck_assert_int_eq(sys->stat_at(sys->context, scratch.fd, "a", &found), 0);
	ck_assert_uint_eq(found.st_nlink, 2);
	ck_assert_int_eq(sys->unlink_at(sys->context, scratch.fd, "a"), 0);
	ck_assert_int_eq(sys->rename_at(sys->context, scratch.fd, "dir/b", scratch.fd, "c"), 0);
	ck_assert_int_eq(scratch_size(scratch.fd, "c"), 4);
	ck_assert_uint_eq(scratch_count(scratch.fd, "dir"), 0);
}
END_TEST

START_TEST(links_are_not_followed_where_it_matters)
{
	struct stat found;

	(void)sys->close(sys->context, make_file("file", "text"));
	ck_assert_int_eq(symlinkat("file", scratch.fd, "link"), 0);
	ck_assert_int_eq(open_file("link", O_RDONLY | O_NOFOLLOW), -ELOOP);
	ck_assert_int_eq(sys->stat_at(sys->context, scratch.fd, "link", &found), 0);
	ck_assert(S_ISLNK(found.st_mode));
}
END_TEST

START_TEST(a_map_shows_the_file_and_outlives_its_descriptor)
{
	int fd = make_file("file", "mapped bytes");
	const void *bytes = NULL;

	ck_assert_int_eq(sys->map(sys->context, fd, 0, &bytes), -EINVAL);
	ck_assert_int_eq(sys->map(sys->context, fd, 12, &bytes), 0);
	ck_assert_int_eq(sys->write_at(sys->context, fd, "M", 1, 0), 1);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
	ck_assert_mem_eq(bytes, "Mapped bytes", 12);
	ck_assert_int_eq(sys->unmap(sys->context, bytes, 12), 0);
}
END_TEST

struct names {
	unsigned count;
	unsigned limit;
	bool dots;
};

static bool count_name(void *context, const char *name)
{
	struct names *names = context;

	names->dots = names->dots || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	return ++names->count != names->limit;
}

/* More names than one block of entries holds. */
START_TEST(a_walk_gives_every_name_once_and_can_be_ended)
{
	struct names names = { 0 };
	char name[200];

	for (int i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof name, "%0150d", i);
		scratch_put(scratch.fd, name, "", 0);
	}
	for (int round = 0; round < 2; round++) {
		names = (struct names){ .limit = 1000 };
		ck_assert_int_eq(sys->each_name(sys->context, scratch.fd, count_name, &names), 0);
		ck_assert_uint_eq(names.count, 500);
		ck_assert(!names.dots);
	}
	names = (struct names){ .limit = 3 };
	ck_assert_int_eq(sys->each_name(sys->context, scratch.fd, count_name, &names), 0);
	ck_assert_uint_eq(names.count, 3);
}
END_TEST

START_TEST(space_is_told)
{
	struct statvfs space = { 0 };

	ck_assert_int_eq(sys->space(sys->context, scratch.fd, &space), 0);
	ck_assert_uint_gt(space.f_frsize, 0);
	ck_assert_uint_gt(space.f_blocks, 0);
}
END_TEST

/* ---- Locks ---- */

START_TEST(two_opens_of_one_process_exclude_each_other)
{
	int one = make_file("lock", "");
	int two = open_file("lock", O_RDWR);
	int three;

	ck_assert_int_eq(sys->is_locked(sys->context, two), 0);
	ck_assert_int_eq(sys->lock(sys->context, one, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->lock(sys->context, one, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->lock(sys->context, two, SYS_LOCK_EXCLUSIVE), -EAGAIN);
	ck_assert_int_eq(sys->is_locked(sys->context, two), 1);
	ck_assert_int_eq(sys->is_locked(sys->context, one), 0);
	/* Closing any other descriptor of the file must not give the lock back. */
	three = open_file("lock", O_RDONLY);
	ck_assert_int_eq(sys->is_locked(sys->context, three), 1);
	ck_assert_int_eq(sys->close(sys->context, three), 0);
	ck_assert_int_eq(sys->is_locked(sys->context, two), 1);
	ck_assert_int_eq(sys->lock(sys->context, one, SYS_LOCK_NONE), 0);
	ck_assert_int_eq(sys->lock(sys->context, two, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->close(sys->context, two), 0);
	ck_assert_int_eq(sys->lock(sys->context, one, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->close(sys->context, one), 0);
}
END_TEST

static int hold_lock(void *context, struct child *parent)
{
	int own = open_file("lock", O_RDWR);

	(void)context;
	child_say(parent, sys->lock(sys->context, own, SYS_LOCK_EXCLUSIVE) == 0);
	child_stay();
}

START_TEST(the_kernel_gives_the_lock_of_the_dead_back)
{
	int fd = make_file("lock", "");
	struct child child = child_start(hold_lock, NULL);

	ck_assert_uint_eq(child_hear(&child), true);
	ck_assert_int_eq(sys->is_locked(sys->context, fd), 1);
	ck_assert_int_eq(sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE), -EAGAIN);
	child_kill(&child);
	ck_assert_int_eq(sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
}
END_TEST

/* ---- Time, randomness, names ---- */

START_TEST(clocks_go_on_and_sleep_sleeps)
{
	int64_t wall, first, second;

	ck_assert_int_eq(sys->wall_time(sys->context, &wall), 0);
	ck_assert(wall > INT64_C(1600000000) * 1000000);
	ck_assert_int_eq(sys->steady_time(sys->context, &first), 0);
	ck_assert_int_eq(sys->sleep(sys->context, 30000), 0);
	ck_assert_int_eq(sys->steady_time(sys->context, &second), 0);
	ck_assert(second - first >= 30000 && second - first < 20000000);
}
END_TEST

static void ignore_signal(int number)
{
	(void)number;
}

START_TEST(signals_do_not_wake_a_sleeper)
{
	struct itimerval interval = { { 0, 5000 }, { 0, 5000 } };
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = ignore_signal }; /* without SA_RESTART */
	int64_t first, second;

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(sys->steady_time(sys->context, &first), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &interval, NULL), 0);
	ck_assert_int_eq(sys->sleep(sys->context, 100000), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &none, NULL), 0);
	ck_assert_int_eq(sys->steady_time(sys->context, &second), 0);
	ck_assert_int_ge(second - first, 100000);
}
END_TEST

START_TEST(randomness_fills_all_and_differs)
{
	static uint8_t one[5000], two[5000];
	unsigned zeros = 0;

	ck_assert_int_eq(sys->random(sys->context, one, sizeof one), 0);
	ck_assert_int_eq(sys->random(sys->context, two, sizeof two), 0);
	ck_assert_mem_ne(one, two, 32);
	ck_assert_mem_ne(one + sizeof one - 32, two + sizeof two - 32, 32);
	for (size_t i = 0; i < sizeof one; i++)
		zeros += one[i] == 0;
	ck_assert_uint_lt(zeros, 200);
	ck_assert_int_eq(sys->random(sys->context, one, 0), 0);
}
END_TEST

START_TEST(the_host_name_is_cut_to_fit)
{
	char name[256] = "";
	char cut[2] = { 'x', 'x' };

	ck_assert_int_eq(sys->host_name(sys->context, name, sizeof name), 0);
	ck_assert_uint_gt(strlen(name), 0);
	ck_assert_int_eq(sys->host_name(sys->context, cut, sizeof cut), 0);
	ck_assert_int_eq(cut[0], name[0]);
	ck_assert_int_eq(cut[1], '\0');
	ck_assert_uint_eq(sys->user(sys->context), geteuid());
	ck_assert_int_eq(sys->process(sys->context), getpid());
}
END_TEST

/* ---- Secrets ---- */

/* True if the kernel has set a flag (two letters, see proc(5)) on memory. */
static bool has_flag(const void *memory, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	bool inside = false;
	bool found = false;
	char line[512];

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = (uintptr_t)memory >= from && (uintptr_t)memory < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line + 8, flag) != NULL;
	}
	(void)fclose(maps);
	return found;
}

static int has_zeros(void *memory, struct child *parent)
{
	static const uint8_t zeros[64];

	(void)parent;
	return memcmp(memory, zeros, sizeof zeros) == 0 ? 0 : 1;
}

START_TEST(secrets_are_kept_from_dumps_and_children)
{
	void *memory = NULL;
	bool locked = false;
	uint8_t zeros[64] = { 0 };
	struct child child;

	ck_assert_int_eq(sys->secret_new(sys->context, 64, &memory, &locked), 0);
	ck_assert_mem_eq(memory, zeros, 64);
	ck_assert(has_flag(memory, " dd"));
	ck_assert(has_flag(memory, " wf"));
	ck_assert(has_flag(memory, " lo") == locked || SANITIZED);
	memset(memory, 's', 64);
	child = child_start(has_zeros, memory);
	ck_assert_int_eq(child_end(&child), 0);
	ck_assert_int_eq(*(char *)memory, 's');
	sys->secret_free(sys->context, memory, 64);
	sys->secret_free(sys->context, NULL, 64);
}
END_TEST

START_TEST(secrets_of_impossible_sizes_are_refused)
{
	void *memory = NULL;
	bool locked;

	ck_assert_int_eq(sys->secret_new(sys->context, 0, &memory, &locked), -EINVAL);
	ck_assert_int_eq(sys->secret_new(sys->context, SIZE_MAX, &memory, &locked), -ENOMEM);
	ck_assert_int_lt(sys->secret_new(sys->context, SIZE_MAX / 2, &memory, &locked), 0);
	ck_assert_ptr_null(memory);
}
END_TEST

/* ---- The loops ---- */

static const struct fault_plan plans[] = {
	{ FAULT_NONE, FAULT_ANY, 0, 0 },
	{ FAULT_SHORT_ONE, FAULT_ANY, 1, 0 },
	{ FAULT_SHORT_HALF, FAULT_ANY, 1, 0 },
};

START_TEST(short_reads_and_writes_are_continued)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());
	const struct sys *faulty = fault_sys(fault);
	int fd = make_file("file", "");
	char bytes[32] = "";
	size_t written = 99;

	fault_sys_arm(fault, &plans[_i]);
	ck_assert_int_eq(sys_write_all(faulty, fd, "0123456789", 10, 3, &written), 0);
	ck_assert_uint_eq(written, 10);
	fault_sys_arm(fault, &plans[_i]);
	ck_assert_int_eq(sys_read_all(faulty, fd, bytes, 13, 0), 0);
	ck_assert_mem_eq(bytes,
			 "\0\0\0"
			 "0123456789",
			 13);
	fault_sys_arm(fault, &plans[_i]);
	ck_assert_int_eq(sys_read_some(faulty, fd, bytes, sizeof bytes, 5), 8);
	ck_assert_mem_eq(bytes, "23456789", 8);
	fault_sys_arm(fault, &plans[_i]);
	ck_assert_int_eq(sys_read_all(faulty, fd, bytes, 14, 0), -ENODATA);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
	fault_sys_free(fault);
}
END_TEST

static ssize_t write_nothing(void *context, int fd, const void *bytes, size_t size, uint64_t offset)
{
	(void)context;
	(void)fd;
	(void)bytes;
	(void)size;
	(void)offset;
	return 0;
}

START_TEST(a_write_that_fails_tells_how_far_it_came)
{
	struct fault_plan torn = { FAULT_TORN_EVER, FAULT_WRITE_AT, 1, ENOSPC };
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct sys lazy = *sys_posix();
	int fd = make_file("file", "");
	size_t written = 99;

	fault_sys_arm(fault, &torn);
	ck_assert_int_eq(sys_write_all(fault_sys(fault), fd, "0123456789", 10, 0, &written),
			 -ENOSPC);
	ck_assert_uint_eq(written, 5);
	lazy.write_at = write_nothing;
	ck_assert_int_eq(sys_write_all(&lazy, fd, "x", 1, 0, &written), -ENOSPC);
	ck_assert_uint_eq(written, 0);
	ck_assert_int_eq(sys_write_all(&lazy, fd, "x", 0, 0, &written), 0);
	ck_assert_int_eq(sys->close(sys->context, fd), 0);
	fault_sys_free(fault);
}
END_TEST

static void add_cases(TCase *tcase)
{
	tcase_add_test(tcase, descriptors_are_close_on_exec);
	tcase_add_test(tcase, failures_are_negative_errnos);
	tcase_add_test(tcase, bytes_are_read_and_written_where_asked);
	tcase_add_test(tcase, names_are_made_moved_and_removed);
	tcase_add_test(tcase, links_are_not_followed_where_it_matters);
	tcase_add_test(tcase, a_map_shows_the_file_and_outlives_its_descriptor);
	tcase_add_test(tcase, a_walk_gives_every_name_once_and_can_be_ended);
	tcase_add_test(tcase, space_is_told);
	tcase_add_test(tcase, two_opens_of_one_process_exclude_each_other);
	tcase_add_test(tcase, the_kernel_gives_the_lock_of_the_dead_back);
	tcase_add_test(tcase, clocks_go_on_and_sleep_sleeps);
	tcase_add_test(tcase, signals_do_not_wake_a_sleeper);
	tcase_add_test(tcase, randomness_fills_all_and_differs);
	tcase_add_test(tcase, the_host_name_is_cut_to_fit);
	tcase_add_test(tcase, secrets_are_kept_from_dumps_and_children);
	tcase_add_test(tcase, secrets_of_impossible_sizes_are_refused);
	tcase_add_loop_test(tcase, short_reads_and_writes_are_continued, 0, 3);
	tcase_add_test(tcase, a_write_that_fails_tells_how_far_it_came);
}

int main(void)
{
	Suite *suite = suite_create("sys");
	TCase *tcase = runner_cases(suite, "the real one", 60);

	add_cases(tcase);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	return runner_run(suite);
}
