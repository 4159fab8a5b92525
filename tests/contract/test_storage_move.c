/* SPDX-License-Identifier: MIT */
/*
 * What storage.h promises of two places over one medium, of holders and of space, on every
 * medium: on real files, on a simulated file system, in memory.
 */
#include <check.h>
#include <string.h>

#include "lib/medium.h"
#include "lib/runner.h"

START_TEST(a_session_moves_with_its_head_and_back)
{
	struct medium medium = medium_open(_i);

	medium_create(&medium, 1, "text");
	medium_create(&medium, 2, "other");
	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_check_place(&medium, medium.storage, NULL, 0);
	medium_check_place(&medium, medium.trash, "text", 'h');
	medium_check_log(&medium, 2, "other");
	ck_assert_int_eq(medium_move(&medium, false), HF_OK);
	medium_check_place(&medium, medium.storage, "text", 'h');
	medium_check_place(&medium, medium.trash, NULL, 0);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	ck_assert(!medium.ops->is_locked(medium.trash, medium_id(1)));
	medium_close(&medium);
}
END_TEST

START_TEST(a_move_refuses_a_log_that_is_there_and_leaves_both_alone)
{
	struct medium medium = medium_open(_i);

	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
	medium_create(&medium, 1, "first");
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_replace(&medium, 1, "second");
	ck_assert_int_eq(medium_move(&medium, true), HF_ERR_EXISTS);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_EXISTS);
	medium_check_place(&medium, medium.storage, "second", 0);
	medium_check_place(&medium, medium.trash, "first", 'h');
	medium_close(&medium);
}
END_TEST

START_TEST(where_nothing_is_nothing_moves)
{
	struct medium medium = medium_open(_i);

	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
	ck_assert_int_eq(medium_move(&medium, true), HF_ERR_NOTFOUND);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(medium_move(&medium, false), HF_ERR_NOTFOUND);
	medium_check_place(&medium, medium.storage, NULL, 0);
	medium_check_place(&medium, medium.trash, NULL, 0);
	medium_close(&medium);
}
END_TEST

START_TEST(a_log_without_a_head_stays_without_one)
{
	struct medium medium = medium_open(_i);

	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
	medium_replace(&medium, 1, "headless");
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	medium_check_place(&medium, medium.storage, NULL, 0);
	medium_check_place(&medium, medium.trash, "headless", 0);
	medium_close(&medium);
}
END_TEST

START_TEST(who_has_a_log_open_keeps_it_when_it_moves)
{
	struct medium medium = medium_open(_i);
	struct storage_map map = { NULL, 0 };
	struct storage_log *log;

	ck_assert_int_eq(medium_trash(&medium, true), HF_OK);
	medium_create(&medium, 1, "text");
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium.ops->log_map(log, 4, &map), HF_OK);
	ck_assert_int_eq(medium_move(&medium, true), HF_OK);
	ck_assert(!medium.ops->log_is_current(log));
	medium_check_open(log, "text");
	ck_assert_mem_eq(map.bytes, "text", 4);
	medium.ops->log_unmap(log, &map);
	medium.ops->log_close(log);
	medium_check_place(&medium, medium.trash, "text", 'h');
	medium_close(&medium);
}
END_TEST

/* ---- Who and how much ---- */

START_TEST(a_lock_tells_who_holds_it_while_it_is_held)
{
	struct medium medium = medium_open(_i);
	const struct sys *sys = medium.sys != NULL ? medium.sys : sys_posix();
	struct storage_holder holder = { .pid = 7 };
	struct storage_lock *lock;
	char host[256] = "";
	int64_t now = 0;

	ck_assert_int_eq(medium.ops->holder(medium.storage, &medium.report, medium_id(1), &holder),
			 HF_OK);
	ck_assert(!holder.is_held);
	ck_assert_int_eq(holder.pid, 0);
	lock = medium_lock(&medium, 1);
	ck_assert_int_eq(medium.ops->holder(medium.storage, &medium.report, medium_id(1), &holder),
			 HF_OK);
	ck_assert_int_eq(sys->wall_time(sys->context, &now), 0);
	ck_assert_int_eq(sys->host_name(sys->context, host, sizeof host), 0);
	ck_assert(holder.is_held);
	ck_assert_int_eq(holder.pid, sys->process(sys->context));
	ck_assert_str_eq(holder.host, host);
	ck_assert_str_ne(holder.program, "");
	ck_assert_int_le(holder.since_us, now);
	ck_assert_int_gt(holder.since_us, now - 60000000);
	medium.ops->unlock(lock);
	ck_assert_int_eq(medium.ops->holder(medium.storage, &medium.report, medium_id(1), &holder),
			 HF_OK);
	ck_assert(!holder.is_held);
	ck_assert_int_eq(holder.pid, 0);
	ck_assert_str_eq(holder.host, "");
	ck_assert_str_eq(holder.program, "");
	ck_assert_int_eq(holder.since_us, 0);
	medium_close(&medium);
}
END_TEST

START_TEST(there_is_space_to_write)
{
	struct medium medium = medium_open(_i);
	uint64_t bytes = 0;

	ck_assert_int_eq(medium.ops->space(medium.storage, &medium.report, &bytes), HF_OK);
	ck_assert_uint_gt(bytes, 4096);
	medium_close(&medium);
}
END_TEST

static void add_cases(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_session_moves_with_its_head_and_back, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_move_refuses_a_log_that_is_there_and_leaves_both_alone, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, where_nothing_is_nothing_moves, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_log_without_a_head_stays_without_one, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, who_has_a_log_open_keeps_it_when_it_moves, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_lock_tells_who_holds_it_while_it_is_held, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, there_is_space_to_write, 0, MEDIUM_COUNT);
}

int main(void)
{
	Suite *suite = suite_create("storage move");

	add_cases(runner_cases(suite, "each medium", 60));
	return runner_run(suite);
}
