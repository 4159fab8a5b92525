/* SPDX-License-Identifier: MIT */
/*
 * The promises of fault_sys, on which all walks rest: it strikes where it was told to and
 * nowhere else, the dead have no effect, and what is not given back is named.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fault_sys.h"
#include "lib/sim_sys.h"

static struct sim *sim;
static struct fault_sys *fault;
static const struct sys *sys;
static int root;

static void set_up(void)
{
	sim = sim_new(1);
	root = sim_open_root(sim);
	fault = fault_sys_new(sim_sys(sim));
	sys = fault_sys(fault);
}

static void tear_down(void)
{
	fault_sys_free(fault);
	ck_assert_uint_eq(sim_held(sim), 1); /* the root: all else was given back */
	sim_free(sim);
}

static void arm(enum fault_kind kind, enum fault_call call, uint64_t nth, int errno_value)
{
	struct fault_plan plan = { kind, call, nth, errno_value };

	fault_sys_arm(fault, &plan);
}

static int open_file(void)
{
	return sys->open_at(sys->context, root, "file", O_RDWR | O_CREAT, 0600);
}

static ssize_t put(int fd, const char *text, uint64_t offset)
{
	return sys->write_at(sys->context, fd, text, strlen(text), offset);
}

/* The size of the file as the simulator has it. */
static int64_t size_now(void)
{
	const struct sys *inner = sim_sys(sim);
	struct stat found;

	return inner->stat_at(inner->context, root, "file", &found) < 0 ? -1 : found.st_size;
}

START_TEST(the_nth_call_of_a_function_fails_once_without_effect)
{
	int fd = open_file();

	arm(FAULT_ERRNO, FAULT_WRITE_AT, 2, ENOSPC);
	ck_assert_int_eq(put(fd, "ab", 0), 2);
	ck_assert_int_eq(sys->sync_all(sys->context, fd), 0);
	ck_assert(!fault_sys_fired(fault));
	ck_assert_int_eq(put(fd, "cd", 2), -ENOSPC);
	ck_assert(fault_sys_fired(fault));
	ck_assert_int_eq(size_now(), 2);
	ck_assert_int_eq(put(fd, "cd", 2), 2);
	ck_assert_uint_eq(fault_sys_count(fault, FAULT_WRITE_AT), 3);
	ck_assert_uint_eq(fault_sys_count(fault, FAULT_SYNC_ALL), 1);
	ck_assert_uint_eq(fault_sys_count(fault, FAULT_ANY), 4);
}
END_TEST

START_TEST(the_nth_call_of_all_fails_for_ever_for_its_function)
{
	int fd = open_file();

	arm(FAULT_ERRNO_EVER, FAULT_ANY, 2, EIO);
	ck_assert_int_eq(put(fd, "ab", 0), 2);
	ck_assert_int_eq(sys->sync_data(sys->context, fd), -EIO);
	ck_assert_int_eq(put(fd, "cd", 2), 2);
	ck_assert_int_eq(sys->sync_data(sys->context, fd), -EIO);
	ck_assert_int_eq(sys->sync_all(sys->context, fd), 0);
	fault_sys_disarm(fault);
	ck_assert_int_eq(sys->sync_data(sys->context, fd), 0);
}
END_TEST

START_TEST(a_late_failure_has_done_its_work)
{
	int fd = open_file();

	arm(FAULT_ERRNO_LATE, FAULT_WRITE_AT, 1, EIO);
	ck_assert_int_eq(put(fd, "abcd", 0), -EIO);
	ck_assert_int_eq(size_now(), 4);
}
END_TEST

START_TEST(reads_and_writes_are_shortened_and_torn)
{
	int fd = open_file();
	char bytes[8];

	arm(FAULT_SHORT_ONE, FAULT_WRITE_AT, 1, 0);
	ck_assert_int_eq(put(fd, "abcd", 0), 1);
	ck_assert_int_eq(put(fd, "abcd", 0), 4);
	arm(FAULT_SHORT_HALF, FAULT_READ_AT, 1, 0);
	ck_assert_int_eq(sys->read_at(sys->context, fd, bytes, 4, 0), 2);
	arm(FAULT_TORN, FAULT_WRITE_AT, 1, ENOSPC);
	ck_assert_int_eq(put(fd, "efgh", 4), 2);
	ck_assert_int_eq(put(fd, "gh", 6), -ENOSPC);
	ck_assert_int_eq(put(fd, "gh", 6), 2);
	arm(FAULT_TORN_EVER, FAULT_WRITE_AT, 1, ENOSPC);
	ck_assert_int_eq(put(fd, "ijkl", 8), 2);
	ck_assert_int_eq(put(fd, "kl", 10), -ENOSPC);
	ck_assert_int_eq(put(fd, "kl", 10), -ENOSPC);
}
END_TEST

/* Before, in the middle and after: what of "abcd" is in the file. */
static const struct {
	enum fault_kind kind;
	int64_t size;
	ssize_t result;
} deaths[] = {
	{ FAULT_DIE_BEFORE, 0, -EIO },
	{ FAULT_DIE_MIDDLE, 2, -EIO },
	{ FAULT_DIE_AFTER, 4, 4 },
};

START_TEST(the_dead_have_no_effect_but_lose_nothing)
{
	void *memory = NULL;
	const void *map = NULL;
	bool locked;
	int fd = open_file();

	ck_assert_int_eq(sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_int_eq(sys->secret_new(sys->context, 10, &memory, &locked), 0);
	ck_assert_int_eq(sys->map(sys->context, fd, 1, &map), 0);
	arm(deaths[_i].kind, FAULT_WRITE_AT, 1, 0);
	ck_assert_int_eq(put(fd, "abcd", 0), deaths[_i].result);
	ck_assert(fault_sys_is_dead(fault));
	ck_assert_int_eq(size_now(), deaths[_i].size);
	ck_assert_int_eq(put(fd, "xxxxxxxx", 0), -EIO);
	ck_assert_int_eq(sys->truncate(sys->context, fd, 0), -EIO);
	ck_assert_int_eq(sys->unlink_at(sys->context, root, "file"), -EIO);
	ck_assert_int_eq(sys->rename_at(sys->context, root, "file", root, "other"), -EIO);
	ck_assert_int_eq(sys->sleep(sys->context, 1), -EIO);
	ck_assert_int_eq(open_file(), -EIO);
	ck_assert_int_eq(size_now(), deaths[_i].size);
	ck_assert_uint_eq(fault_sys_locks(fault), 1);
	(void)sys->close(sys->context, fd);
	(void)sys->unmap(sys->context, map, 1);
	sys->secret_free(sys->context, memory, 10);
	ck_assert_str_eq(fault_sys_leaks(fault), "");
	ck_assert_uint_eq(fault_sys_locks(fault), 0);
}
END_TEST

START_TEST(what_is_not_given_back_is_named)
{
	void *memory = NULL;
	const void *map = NULL;
	bool locked;
	int fd = open_file();

	ck_assert_ptr_nonnull(strstr(fault_sys_leaks(fault), "file"));
	ck_assert_int_eq(sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE), 0);
	ck_assert_ptr_nonnull(strstr(fault_sys_leaks(fault), "locked"));
	ck_assert_int_eq(put(fd, "x", 0), 1);
	ck_assert_int_eq(sys->map(sys->context, fd, 1, &map), 0);
	ck_assert_ptr_nonnull(strstr(fault_sys_leaks(fault), "map"));
	ck_assert_int_eq(sys->secret_new(sys->context, 10, &memory, &locked), 0);
	ck_assert_ptr_nonnull(strstr(fault_sys_leaks(fault), "secret_new"));
	/* tear_down sees that free gives all of it back. */
}
END_TEST

static void count_plan(void *context, const struct fault_plan *plan)
{
	unsigned *counts = context;

	ck_assert(plan->call == FAULT_ANY && plan->nth >= 1 && plan->nth <= 2);
	counts[plan->kind]++;
}

START_TEST(the_plans_of_a_trace_have_every_way_of_every_call)
{
	unsigned counts[FAULT_DIE_AFTER + 1] = { 0 };
	struct fault_trace trace;
	int fd = open_file();

	arm(FAULT_NONE, FAULT_ANY, 0, 0);
	(void)put(fd, "x", 0);
	(void)sys->close(sys->context, fd);
	trace = fault_sys_trace(fault);
	ck_assert_uint_eq(trace.count, 2);
	ck_assert_uint_eq(trace.calls[0], FAULT_WRITE_AT);
	ck_assert_uint_eq(trace.calls[1], FAULT_CLOSE);
	fault_sys_each_plan(&trace, count_plan, counts);
	ck_assert_uint_eq(counts[FAULT_ERRNO], 8); /* 5 errnos of a write, 3 of a close */
	ck_assert_uint_eq(counts[FAULT_ERRNO_EVER], 8);
	ck_assert_uint_eq(counts[FAULT_ERRNO_LATE], 1);
	ck_assert_uint_eq(counts[FAULT_SHORT_ONE] + counts[FAULT_SHORT_HALF], 2);
	ck_assert_uint_eq(counts[FAULT_TORN] + counts[FAULT_TORN_EVER], 3);
	ck_assert_uint_eq(counts[FAULT_DIE_BEFORE], 2);
	ck_assert_uint_eq(counts[FAULT_DIE_MIDDLE], 1);
	ck_assert_uint_eq(counts[FAULT_DIE_AFTER], 2);
}
END_TEST

START_TEST(every_function_can_fail)
{
	for (int call = 0; call < FAULT_CALL_COUNT; call++) {
		ck_assert_int_gt(fault_call_errnos((enum fault_call)call)[0], 0);
		ck_assert_ptr_nonnull(fault_call_name((enum fault_call)call));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault_sys");
	TCase *tcase = tcase_create("promises");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_nth_call_of_a_function_fails_once_without_effect);
	tcase_add_test(tcase, the_nth_call_of_all_fails_for_ever_for_its_function);
	tcase_add_test(tcase, a_late_failure_has_done_its_work);
	tcase_add_test(tcase, reads_and_writes_are_shortened_and_torn);
	tcase_add_loop_test(tcase, the_dead_have_no_effect_but_lose_nothing, 0, 3);
	tcase_add_test(tcase, what_is_not_given_back_is_named);
	tcase_add_test(tcase, the_plans_of_a_trace_have_every_way_of_every_call);
	tcase_add_test(tcase, every_function_can_fail);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
