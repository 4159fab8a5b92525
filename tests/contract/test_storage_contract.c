/* SPDX-License-Identifier: MIT */
/*
 * What storage.h promises, on every medium: on real files, on a simulated file system, in
 * memory. Each case runs once for each.
 */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/medium.h"

START_TEST(a_created_session_reads_back)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log;
	uint8_t head[STORAGE_HEAD_SIZE];

	medium_create(&medium, 1, "first line\n");
	medium_check_log(&medium, 1, "first line\n");
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert(medium.ops->log_is_current(log));
	ck_assert_int_eq(medium.ops->head_read(log, head), HF_OK);
	ck_assert_mem_eq(head, medium_head('h'), sizeof head);
	medium.ops->log_close(log);
	medium_close(&medium);
}
END_TEST

START_TEST(create_refuses_a_session_that_is_there_and_leaves_it_alone)
{
	struct medium medium = medium_open(_i);
	uint8_t head[STORAGE_HEAD_SIZE];

	medium_create(&medium, 1, "old");
	ck_assert_int_eq(medium.ops->create(medium.storage, &medium.report, medium_id(1),
					    medium_head('x'), "new", 3),
			 HF_ERR_EXISTS);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_EXISTS);
	medium_check_log(&medium, 1, "old");
	ck_assert_int_eq(medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			 HF_OK);
	ck_assert_mem_eq(head, medium_head('h'), sizeof head);
	medium_close(&medium);
}
END_TEST

START_TEST(an_empty_log_can_be_created_and_mapped)
{
	struct medium medium = medium_open(_i);
	struct storage_map map = { NULL, 99 };
	struct storage_log *log;

	medium_create(&medium, 1, "");
	medium_check_log(&medium, 1, "");
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium.ops->log_map(log, 0, &map), HF_OK);
	ck_assert_uint_eq(map.size, 0);
	ck_assert_ptr_nonnull(map.bytes);
	medium.ops->log_unmap(log, &map);
	medium.ops->log_close(log);
	medium_close(&medium);
}
END_TEST

START_TEST(a_session_that_is_not_there_is_not_found)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log = NULL;
	uint8_t head[STORAGE_HEAD_SIZE] = { 7 };

	ck_assert_int_eq(medium.ops->log_open(medium.storage, &medium.report, medium_id(1),
					      STORAGE_WRITE, &log),
			 HF_ERR_NOTFOUND);
	ck_assert_ptr_null(log);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			 HF_ERR_NOTFOUND);
	ck_assert_int_eq(head[0], 7);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	medium_close(&medium);
}
END_TEST

START_TEST(a_log_grows_is_overwritten_and_is_cut)
{
	struct medium medium = medium_open(_i);
	struct storage_log *reader;
	struct storage_log *log;
	char bytes[8] = "";
	size_t count;

	medium_create(&medium, 1, "one ");
	reader = medium_log(&medium, 1, STORAGE_READ);
	log = medium_log(&medium, 1, STORAGE_WRITE);
	ck_assert_int_eq(medium.ops->log_write(log, 4, "two three", 9), HF_OK);
	ck_assert_int_eq(medium.ops->log_sync(log), HF_OK);
	medium_check_open(reader, "one two three");
	ck_assert_int_eq(medium.ops->log_write(log, 4, "TWO", 3), HF_OK);
	medium_check_open(reader, "one TWO three");
	ck_assert_int_eq(medium.ops->log_cut(log, 7), HF_OK);
	medium_check_open(reader, "one TWO");
	ck_assert_int_eq(medium.ops->log_read(reader, 4, bytes, sizeof bytes, &count), HF_OK);
	ck_assert_uint_eq(count, 3);
	ck_assert_int_eq(medium.ops->log_read(reader, 7, bytes, sizeof bytes, &count), HF_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(medium.ops->log_read(reader, 700, bytes, sizeof bytes, &count), HF_OK);
	ck_assert_uint_eq(count, 0);
	medium.ops->log_close(log);
	medium.ops->log_close(reader);
	medium_close(&medium);
}
END_TEST

START_TEST(what_was_cut_off_does_not_come_back_when_the_log_grows)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log;
	char bytes[12];
	size_t count;

	medium_create(&medium, 1, "abcdefghij");
	log = medium_log(&medium, 1, STORAGE_WRITE);
	ck_assert_int_eq(medium.ops->log_cut(log, 2), HF_OK);
	ck_assert_int_eq(medium.ops->log_write(log, 6, "xy", 2), HF_OK);
	ck_assert_int_eq(medium.ops->log_cut(log, 10), HF_OK);
	ck_assert_int_eq(medium.ops->log_read(log, 0, bytes, sizeof bytes, &count), HF_OK);
	ck_assert_uint_eq(count, 10);
	ck_assert_mem_eq(bytes, "ab\0\0\0\0xy\0\0", 10);
	medium.ops->log_close(log);
	medium_close(&medium);
}
END_TEST

START_TEST(a_map_outlives_its_generation_and_ends_where_the_log_does)
{
	struct medium medium = medium_open(_i);
	struct storage_map map = { NULL, 0 };
	struct storage_log *log;

	medium_create(&medium, 1, "mapped");
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium.ops->log_map(log, 7, &map), HF_ERR_IO);
	ck_assert_ptr_null(map.bytes);
	ck_assert_int_eq(medium.ops->log_map(log, 5, &map), HF_OK);
	ck_assert_uint_eq(map.size, 5);
	medium_replace(&medium, 1, "other");
	ck_assert_mem_eq(map.bytes, "mappe", 5);
	medium.ops->log_unmap(log, &map);
	ck_assert_uint_eq(map.size, 0);
	medium.ops->log_close(log);
	medium_close(&medium);
}
END_TEST

START_TEST(the_slots_of_a_head_are_written_one_at_a_time)
{
	struct medium medium = medium_open(_i);
	struct storage_log *reader;
	struct storage_log *log;
	uint8_t head[STORAGE_HEAD_SIZE];
	uint8_t wanted[STORAGE_HEAD_SIZE];

	medium_create(&medium, 1, "log");
	reader = medium_log(&medium, 1, STORAGE_READ);
	log = medium_log(&medium, 1, STORAGE_WRITE);
	memset(wanted, 'h', sizeof wanted);
	for (unsigned slot = 0; slot < STORAGE_HEAD_SLOTS; slot++) {
		uint8_t *part = wanted + (size_t)slot * STORAGE_HEAD_SLOT_SIZE;

		memset(part, 'A' + (int)slot, STORAGE_HEAD_SLOT_SIZE);
		ck_assert_int_eq(medium.ops->head_write(log, slot, part), HF_OK);
		ck_assert_int_eq(medium.ops->head_sync(log), HF_OK);
		ck_assert_int_eq(medium.ops->head_read(reader, head), HF_OK);
		ck_assert_mem_eq(head, wanted, sizeof head);
		ck_assert_int_eq(
			medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			HF_OK);
		ck_assert_mem_eq(head, wanted, sizeof head);
	}
	medium.ops->log_close(log);
	medium.ops->log_close(reader);
	medium_close(&medium);
}
END_TEST

START_TEST(a_new_generation_comes_in_one_step)
{
	struct medium medium = medium_open(_i);
	struct storage_temp *temp = NULL;
	struct storage_log *old;

	medium_create(&medium, 1, "old");
	old = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(
		medium.ops->temp_begin(medium.storage, &medium.report, medium_id(1), &temp), HF_OK);
	ck_assert_int_eq(medium.ops->temp_write(temp, "new ", 4), HF_OK);
	ck_assert_int_eq(medium.ops->temp_write(temp, "", 0), HF_OK);
	ck_assert_int_eq(medium.ops->temp_write(temp, "bytes", 5), HF_OK);
	medium_check_log(&medium, 1, "old");
	ck_assert(medium.ops->log_is_current(old));
	ck_assert_int_eq(medium.ops->temp_commit(temp), HF_OK);
	medium_check_log(&medium, 1, "new bytes");
	medium_check_open(old, "old");
	ck_assert(!medium.ops->log_is_current(old));
	medium.ops->log_close(old);
	medium_close(&medium);
}
END_TEST

START_TEST(a_generation_that_is_abandoned_leaves_nothing)
{
	struct medium medium = medium_open(_i);
	struct storage_temp *temp = NULL;

	medium_create(&medium, 1, "old");
	ck_assert_int_eq(
		medium.ops->temp_begin(medium.storage, &medium.report, medium_id(1), &temp), HF_OK);
	ck_assert_int_eq(medium.ops->temp_write(temp, "new", 3), HF_OK);
	medium.ops->temp_abandon(temp);
	medium.ops->temp_abandon(NULL);
	medium_check_log(&medium, 1, "old");
	medium_close(&medium);
}
END_TEST

/* Sizes on both sides of any buffer that a medium may have. */
START_TEST(a_large_generation_arrives_whole)
{
	static const size_t pieces[] = { 1, 131071, 131072, 131073, 500, 300000, 7, 65536, 65536 };
	struct medium medium = medium_open(_i);
	struct storage_temp *temp = NULL;
	char *bytes = malloc(1000000);
	struct storage_map map = { NULL, 0 };
	struct storage_log *log;
	size_t size = 0;
	uint64_t found;

	for (size_t i = 0; i < 1000000; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	ck_assert_int_eq(
		medium.ops->temp_begin(medium.storage, &medium.report, medium_id(1), &temp), HF_OK);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		ck_assert_int_eq(medium.ops->temp_write(temp, bytes + size, pieces[i]), HF_OK);
		size += pieces[i];
	}
	ck_assert_int_eq(medium.ops->temp_commit(temp), HF_OK);
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium.ops->log_size(log, &found), HF_OK);
	ck_assert_uint_eq(found, size);
	ck_assert_int_eq(medium.ops->log_map(log, size, &map), HF_OK);
	ck_assert(memcmp(map.bytes, bytes, size) == 0);
	medium.ops->log_unmap(log, &map);
	medium.ops->log_close(log);
	free(bytes);
	medium_close(&medium);
}
END_TEST

START_TEST(a_removed_session_is_gone_and_its_id_is_free)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log;
	uint8_t head[STORAGE_HEAD_SIZE];

	medium_create(&medium, 1, "text");
	medium_create(&medium, 2, "other");
	log = medium_log(&medium, 1, STORAGE_READ);
	ck_assert_int_eq(medium.ops->remove(medium.storage, &medium.report, medium_id(1)), HF_OK);
	ck_assert(!medium.ops->log_is_current(log));
	medium_check_open(log, "text");
	medium.ops->log_close(log);
	medium_check_log(&medium, 1, NULL);
	ck_assert_int_eq(medium.ops->head_peek(medium.storage, &medium.report, medium_id(1), head),
			 HF_ERR_NOTFOUND);
	ck_assert_int_eq(medium.ops->remove(medium.storage, &medium.report, medium_id(1)), HF_OK);
	medium_create(&medium, 1, "again");
	medium_check_log(&medium, 1, "again");
	medium_check_log(&medium, 2, "other");
	medium_close(&medium);
}
END_TEST

START_TEST(quarantined_bytes_get_names_of_their_own)
{
	struct medium medium = medium_open(_i);
	char names[3][STORAGE_QUARANTINE_NAME_SIZE];

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report,
							medium_id(1), i < 2 ? "torn" : "gap", "bad",
							3, names[i]),
				 HF_OK);
		ck_assert_ptr_nonnull(memchr(names[i], '\0', sizeof names[i]));
	}
	ck_assert_str_eq(names[0], "0100ab03-4100-0000-0000-000000000000.torn.0");
	ck_assert_str_eq(names[1], "0100ab03-4100-0000-0000-000000000000.torn.1");
	ck_assert_str_eq(names[2], "0100ab03-4100-0000-0000-000000000000.gap.0");
	medium_close(&medium);
}
END_TEST

/* ---- Locks ---- */

START_TEST(a_lock_keeps_out_all_others_until_it_is_given_back)
{
	struct medium medium = medium_open(_i);
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct storage_lock *other = NULL;

	ck_assert(medium.ops->is_locked(medium.storage, medium_id(1)));
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(2)));
	ck_assert_int_eq(medium.ops->lock(medium.storage, &medium.report, medium_id(1), 0, &other),
			 HF_ERR_BUSY);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_BUSY);
	other = medium_lock(&medium, 2);
	medium.ops->unlock(other);
	medium.ops->unlock(lock);
	medium.ops->unlock(NULL);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	medium.ops->unlock(medium_lock(&medium, 1));
	medium_close(&medium);
}
END_TEST

START_TEST(a_lock_survives_create_save_and_remove)
{
	struct medium medium = medium_open(_i);
	struct storage_lock *lock = medium_lock(&medium, 1);

	medium_create(&medium, 1, "text");
	ck_assert(medium.ops->is_locked(medium.storage, medium_id(1)));
	medium_replace(&medium, 1, "other");
	ck_assert(medium.ops->is_locked(medium.storage, medium_id(1)));
	ck_assert_int_eq(medium.ops->remove(medium.storage, &medium.report, medium_id(1)), HF_OK);
	medium.ops->unlock(lock);
	medium.ops->unlock(medium_lock(&medium, 1));
	medium_close(&medium);
}
END_TEST

START_TEST(waiting_for_a_lock_ends_with_the_timeout)
{
	struct medium medium = medium_open(_i);
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct storage_lock *other = NULL;
	const struct sys *sys = medium.sys != NULL ? medium.sys : sys_posix();
	int64_t before, after;

	ck_assert_int_eq(sys->steady_time(sys->context, &before), 0);
	ck_assert_int_eq(medium.ops->lock(medium.storage, &medium.report, medium_id(1), 60, &other),
			 HF_ERR_BUSY);
	ck_assert_int_eq(sys->steady_time(sys->context, &after), 0);
	ck_assert_int_ge(after - before, 60000);
	ck_assert_int_lt(after - before, 10000000);
	ck_assert_ptr_null(other);
	medium.ops->unlock(lock);
	medium_close(&medium);
}
END_TEST

struct race {
	struct medium *medium;
	unsigned long *counter; /* guarded by the lock alone */
};

enum { THREADS = 4, ROUNDS = 25 };

static char lock_failed[] = "a lock failed";

static void *count_under_lock(void *context)
{
	struct race *race = context;
	const struct storage_ops *ops = race->medium->ops;
	struct report report = report_make(NULL, NULL);

	for (int i = 0; i < ROUNDS; i++) {
		struct storage_lock *lock = NULL;
		unsigned long seen;
		int rc;

		do {
			rc = ops->lock(race->medium->storage, &report, medium_id(1), 30000, &lock);
		} while (rc == HF_ERR_BUSY); /* simulated time is soon over */
		if (rc != HF_OK)
			return lock_failed;
		seen = __atomic_load_n(race->counter, __ATOMIC_RELAXED);
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
		__atomic_store_n(race->counter, seen + 1, __ATOMIC_RELAXED);
		ops->unlock(lock);
	}
	return NULL;
}

START_TEST(threads_take_turns_with_a_lock)
{
	struct medium medium = medium_open(_i);
	unsigned long counter = 0;
	struct race race = { &medium, &counter };
	pthread_t threads[THREADS];
	void *failure;

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, count_under_lock, &race), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &failure), 0);
		ck_assert_ptr_null(failure);
	}
	ck_assert_uint_eq(counter, THREADS * ROUNDS);
	medium_close(&medium);
}
END_TEST

/* ---- Walks ---- */

enum { SESSIONS = 300 };

struct walk {
	unsigned seen[SESSIONS];
	unsigned calls;
	unsigned limit;
};

static bool see(void *context, const struct storage_found *found)
{
	struct walk *walk = context;
	unsigned number = found->id.bytes[0] + found->id.bytes[1] * 256U;

	ck_assert_uint_lt(number, SESSIONS);
	ck_assert_mem_eq(found->id.bytes, medium_id(number).bytes, 16);
	walk->seen[number] += 1U + (found->has_log ? 10U : 0U) + (found->has_head ? 100U : 0U);
	walk->calls++;
	return walk->calls != walk->limit;
}

START_TEST(an_empty_storage_has_no_sessions)
{
	struct medium medium = medium_open(_i);
	struct storage_lock *lock = medium_lock(&medium, 1);
	struct walk walk = { .limit = 0 };

	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, see, &walk), HF_OK);
	ck_assert_uint_eq(walk.calls, 0);
	medium.ops->unlock(lock);
	medium_close(&medium);
}
END_TEST

START_TEST(a_walk_finds_each_session_once)
{
	struct medium medium = medium_open(_i);
	struct walk walk = { .limit = 0 };

	for (unsigned i = 0; i < SESSIONS; i++)
		medium_create(&medium, i, "x");
	for (unsigned i = 0; i < SESSIONS; i += 3)
		ck_assert_int_eq(medium.ops->remove(medium.storage, &medium.report, medium_id(i)),
				 HF_OK);
	medium_replace(&medium, 0, "a log without a head");
	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, see, &walk), HF_OK);
	for (unsigned i = 1; i < SESSIONS; i++)
		ck_assert_uint_eq(walk.seen[i], i % 3 == 0 ? 0 : 111);
	ck_assert_uint_eq(walk.seen[0], 11);
	walk = (struct walk){ .limit = 7 };
	ck_assert_int_eq(medium.ops->each(medium.storage, &medium.report, see, &walk), HF_OK);
	ck_assert_uint_eq(walk.calls, 7);
	medium_close(&medium);
}
END_TEST

START_TEST(a_head_that_is_missing_is_made_by_writing_it)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log;
	uint8_t head[STORAGE_HEAD_SIZE] = { 9 };
	uint8_t zeros[STORAGE_HEAD_SLOT_SIZE] = { 0 };

	medium_replace(&medium, 1, "a log without a head");
	log = medium_log(&medium, 1, STORAGE_WRITE);
	ck_assert_int_eq(medium.ops->head_read(log, head), HF_ERR_NOTFOUND);
	ck_assert_int_eq(head[0], 9);
	ck_assert_int_eq(medium.ops->head_write(log, 1, medium_head('n')), HF_OK);
	ck_assert_int_eq(medium.ops->head_sync(log), HF_OK);
	ck_assert_int_eq(medium.ops->head_read(log, head), HF_OK);
	ck_assert_mem_eq(head + STORAGE_HEAD_SLOT_SIZE, medium_head('n'), STORAGE_HEAD_SLOT_SIZE);
	ck_assert_mem_eq(head, zeros, sizeof zeros);
	medium.ops->log_close(log);
	medium_close(&medium);
}
END_TEST

static void add_cases(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_created_session_reads_back, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, create_refuses_a_session_that_is_there_and_leaves_it_alone, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, an_empty_log_can_be_created_and_mapped, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_session_that_is_not_there_is_not_found, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_log_grows_is_overwritten_and_is_cut, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, what_was_cut_off_does_not_come_back_when_the_log_grows, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_map_outlives_its_generation_and_ends_where_the_log_does, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, the_slots_of_a_head_are_written_one_at_a_time, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_head_that_is_missing_is_made_by_writing_it, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_new_generation_comes_in_one_step, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_generation_that_is_abandoned_leaves_nothing, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_large_generation_arrives_whole, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_removed_session_is_gone_and_its_id_is_free, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, quarantined_bytes_get_names_of_their_own, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_lock_keeps_out_all_others_until_it_is_given_back, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_lock_survives_create_save_and_remove, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, waiting_for_a_lock_ends_with_the_timeout, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, threads_take_turns_with_a_lock, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, an_empty_storage_has_no_sessions, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_walk_finds_each_session_once, 0, MEDIUM_COUNT);
}

int main(void)
{
	Suite *suite = suite_create("storage contract");
	TCase *tcase = tcase_create("each medium");
	SRunner *runner;
	int failed;

	add_cases(tcase);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	scratch_begin();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
