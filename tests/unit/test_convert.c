/* SPDX-License-Identifier: MIT */
/*
 * Goal: a result finds its call, however many wait, and the work for it stays bounded.
 * Method: calls and results are given to the table by hand, and what it says is counted.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "interop/convert.h"
#include "lib/runner.h"

enum { MANY = 3000, ID_ROOM = 16 };

static struct exporter exporter;
static struct convert convert;
/* As JSON; the table keeps slices of them. */
static char (*ids)[ID_ROOM];

static void setup(void)
{
	exporter = (struct exporter){ .rc = HF_OK };
	ids = mem_new(2 * CONVERT_CALLS_MAX, sizeof *ids);
	ck_assert_ptr_nonnull(ids);
	for (unsigned i = 0; i < 2 * CONVERT_CALLS_MAX; i++)
		(void)snprintf(ids[i], sizeof ids[i], "\"c%u\"", i);
	convert_init(&convert, &exporter);
}

static void teardown(void)
{
	convert_release(&convert);
	mem_free(ids);
}

static struct hf_slice id_of(unsigned i)
{
	return (struct hf_slice){ ids[i], strlen(ids[i]) };
}

static void open_calls(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		struct export_part call = { .kind = EXPORT_CALL, .id = id_of(i) };
		char made[ID_ROOM];

		(void)snprintf(made, sizeof made, "c%u", i);
		ck_assert_str_eq(convert_open(&convert, &call), made);
	}
	ck_assert_int_eq(exporter.rc, HF_OK);
}

/* Whether the result of call i finds it. */
static bool answers(unsigned i)
{
	struct export_part result = { .kind = EXPORT_RESULT, .id = id_of(i) };
	struct convert_call call;

	if (!convert_close(&convert, &result, &call))
		return false;
	ck_assert_uint_eq(call.id.size, result.id.size);
	ck_assert_mem_eq(call.id.data, result.id.data, result.id.size);
	return true;
}

/* The calls that are left, oldest first. */
static void expect_rest(unsigned first, unsigned count)
{
	static const struct export_part any = { .kind = EXPORT_RESULT };
	struct convert_call call;

	for (unsigned i = first; i < first + count; i++) {
		ck_assert(convert_close(&convert, &any, &call));
		ck_assert_mem_eq(call.id.data, ids[i], strlen(ids[i]));
	}
	ck_assert(!convert_close(&convert, &any, &call));
}

START_TEST(thousands_of_calls_wait_for_results_in_their_order)
{
	open_calls(0, MANY);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_msg(answers(i), "%u", i);
	expect_rest(0, 0);
	ck_assert_ptr_null(exporter.notes[0].what);
}
END_TEST

START_TEST(thousands_of_calls_are_answered_last_first)
{
	open_calls(0, MANY);
	for (unsigned i = MANY; i > 0; i--)
		ck_assert_msg(answers(i - 1), "%u", i - 1);
	expect_rest(0, 0);
}
END_TEST

START_TEST(what_waits_stays_in_order_when_others_are_answered)
{
	open_calls(0, 10);
	ck_assert(answers(2));
	ck_assert(answers(8));
	ck_assert(answers(9));
	ck_assert(answers(0));
	ck_assert(answers(1));
	ck_assert(!answers(2));
	/* What was in front of them is used anew. */
	for (unsigned i = 10; i < 1000; i++) {
		open_calls(i, 1);
		ck_assert(answers(i));
	}
	expect_rest(3, 5);
}
END_TEST

START_TEST(a_result_is_not_looked_for_among_all_that_wait)
{
	open_calls(0, 2 * CONVERT_LOOK_MAX + 1);
	ck_assert(!answers(CONVERT_LOOK_MAX));
	ck_assert(answers(CONVERT_LOOK_MAX + 1));
	ck_assert(answers(CONVERT_LOOK_MAX));
}
END_TEST

START_TEST(of_too_many_calls_the_oldest_are_given_up_and_told_of)
{
	open_calls(0, CONVERT_CALLS_MAX + 3);
	ck_assert_str_eq(exporter.notes[0].what,
			 "calls that wait for a result, beyond 65,536 at once");
	ck_assert_uint_eq(exporter.notes[0].count, 3);
	ck_assert(!answers(2));
	expect_rest(3, CONVERT_CALLS_MAX);
}
END_TEST

START_TEST(memory_stays_bounded_while_all_calls_wait_for_ever)
{
	open_calls(0, 2 * CONVERT_CALLS_MAX);
	ck_assert_uint_eq(exporter.notes[0].count, CONVERT_CALLS_MAX);
	ck_assert_uint_le(convert.call_room, 2 * CONVERT_CALLS_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("convert");
	TCase *cases = runner_cases(suite, "convert", 60);

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, thousands_of_calls_wait_for_results_in_their_order);
	tcase_add_test(cases, thousands_of_calls_are_answered_last_first);
	tcase_add_test(cases, what_waits_stays_in_order_when_others_are_answered);
	tcase_add_test(cases, a_result_is_not_looked_for_among_all_that_wait);
	tcase_add_test(cases, of_too_many_calls_the_oldest_are_given_up_and_told_of);
	tcase_add_test(cases, memory_stays_bounded_while_all_calls_wait_for_ever);
	return runner_run_in_memory(suite);
}
