/* SPDX-License-Identifier: MIT */
/*
 * Goal: of all who make a store at once one succeeds and all get its id; a crash at any call
 * leaves nothing that stops the next. Method: real directories, each call failing in turn,
 * and processes that race.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "store/marker.h"

#define MARKER "{\"holdfast\":1,\"store\":\"10111213-1415-1617-1819-1a1b1c1d1e1f\"," \
	       "\"created\":\"2026-11-22T23:54:13.123456Z\"}\n"

static int open_marker(const struct sys *sys, const struct scratch *scratch, bool make,
		       uint8_t ret_store[16])
{
	struct report report = report_make(NULL, NULL);

	return marker_open(sys, &report, scratch->fd, make, ret_store);
}

START_TEST(a_marker_that_is_there_is_read)
{
	struct scratch scratch = scratch_open();
	uint8_t store[16] = { 0 };

	scratch_put(scratch.fd, "holdfast.json", MARKER, sizeof MARKER - 1);
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, false, store), HF_OK);
	ck_assert_uint_eq(store[0], 0x10);
	ck_assert_uint_eq(store[15], 0x1f);
	scratch_put(scratch.fd, "other", "x", 1);
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, store), HF_OK);
	scratch_close(&scratch);
}
END_TEST

START_TEST(a_damaged_marker_is_never_replaced)
{
	static const char *const texts[] = { "", "{", "{}\n", MARKER "x", MARKER "\n" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct scratch scratch = scratch_open();
		uint8_t store[16] = { 0x77 };

		scratch_put(scratch.fd, "holdfast.json", texts[i], strlen(texts[i]));
		ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, store), HF_ERR_FORMAT);
		ck_assert_uint_eq(store[0], 0x77);
		ck_assert_int_eq(scratch_size(scratch.fd, "holdfast.json"), (int64_t)strlen(texts[i]));
		ck_assert_uint_eq(scratch_count(scratch.fd, "."), 1);
		scratch_close(&scratch);
	}
}
END_TEST

START_TEST(a_marker_is_made_once)
{
	struct scratch scratch = scratch_open();
	uint8_t first[16] = { 0 }, again[16] = { 0 };

	ck_assert_int_eq(open_marker(sys_posix(), &scratch, false, first), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(scratch_count(scratch.fd, "."), 0);
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, first), HF_OK);
	ck_assert_uint_eq(first[6] >> 4, 4);
	ck_assert_uint_eq(first[8] >> 6, 2);
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, again), HF_OK);
	ck_assert_mem_eq(first, again, sizeof first);
	ck_assert_uint_eq(scratch_count(scratch.fd, "."), 1);
	scratch_close(&scratch);
}
END_TEST

START_TEST(what_a_crash_left_does_not_stop_the_next)
{
	struct scratch scratch = scratch_open();
	uint8_t store[16];

	scratch_put(scratch.fd, ".holdfast.10111213-1415-1617-1819-1a1b1c1d1e1f", "{", 1);
	scratch_mkdir(scratch.fd, "keys");
	scratch_mkdir(scratch.fd, "sessions");
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, store), HF_OK);
	scratch_close(&scratch);
}
END_TEST

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct scratch scratch = scratch_open();
	struct fault_sys *fault = fault_sys_new(sys_posix());
	uint8_t store[16] = { 0x77 }, again[16] = { 0 };
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	fault_sys_arm(fault, plan);
	rc = open_marker(fault_sys(fault), &scratch, true, store);
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: %s", text, fault_sys_leaks(fault));
	ck_assert_int_eq(open_marker(sys_posix(), &scratch, true, again), HF_OK);
	if (rc == HF_OK)
		ck_assert_msg(memcmp(store, again, sizeof store) == 0, "%s", text);
	fault_sys_free(fault);
	scratch_close(&scratch);
	++*(unsigned *)context;
}

START_TEST(each_call_may_fail_and_the_next_time_it_goes_on)
{
	struct scratch scratch = scratch_open();
	struct fault_sys *fault = fault_sys_new(sys_posix());
	uint8_t store[16];
	unsigned tried = 0;

	ck_assert_int_eq(open_marker(fault_sys(fault), &scratch, true, store), HF_OK);
	struct fault_trace trace = fault_sys_trace(fault);

	fault_sys_each_plan(&trace, try_plan, &tried);
	ck_assert_uint_gt(tried, 30);
	fault_sys_free(fault);
	scratch_close(&scratch);
}
END_TEST

struct race {
	struct scratch scratch;
	struct child_gate gate;
};

/* Says which store it has made or found. */
static int make_marker(void *context, struct child *parent)
{
	const struct race *race = context;
	uint8_t store[16];

	child_gate_wait(&race->gate);
	if (open_marker(sys_posix(), &race->scratch, true, store) != HF_OK)
		return 1;
	child_say_bytes(parent, store, sizeof store);
	return 0;
}

START_TEST(processes_that_race_agree)
{
	enum { RACERS = 8, ROUNDS = 20 };

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct race race = { scratch_open(), child_gate_make() };
		struct child racers[RACERS];
		uint8_t first[16], store[16];

		for (unsigned i = 0; i < RACERS; i++)
			racers[i] = child_start(make_marker, &race);
		child_gate_open(&race.gate);
		for (unsigned i = 0; i < RACERS; i++) {
			child_hear_bytes(&racers[i], store, sizeof store);
			ck_assert_int_eq(child_end(&racers[i]), 0);
			if (i == 0)
				memcpy(first, store, sizeof first);
			ck_assert_mem_eq(first, store, sizeof first);
		}
		ck_assert_uint_eq(scratch_count(race.scratch.fd, "."), 1);
		scratch_close(&race.scratch);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("marker");
	TCase *marker = runner_cases(suite, "marker", 60);

	tcase_add_test(marker, a_marker_that_is_there_is_read);
	tcase_add_test(marker, a_damaged_marker_is_never_replaced);
	tcase_add_test(marker, a_marker_is_made_once);
	tcase_add_test(marker, what_a_crash_left_does_not_stop_the_next);
	tcase_add_test(marker, each_call_may_fail_and_the_next_time_it_goes_on);
	tcase_add_test(marker, processes_that_race_agree);
	return runner_run(suite);
}
