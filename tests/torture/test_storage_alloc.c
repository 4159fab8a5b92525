/* SPDX-License-Identifier: MIT */
/*
 * Storages under every failure of every allocation: each scenario again with its n-th
 * allocation failing, and with all from the n-th on. It must say HF_ERR_NOMEM, leave what
 * was there, and lose no memory (which the sanitizers watch), descriptor or lock.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/alloc_fault.h"
#include "lib/medium.h"
#include "lib/storage_scenario.h"

enum { KINDS = 2 };

static const int kinds[KINDS] = { MEDIUM_SIM, MEDIUM_MEMORY };

/* Scenarios that look at files are nothing for storage_memory. */
static bool needs_files(const struct storage_scenario *scenario)
{
	return strcmp(scenario->name, "open") == 0 || strcmp(scenario->name, "quarantine") == 0 ||
	       strcmp(scenario->name, "lock of the dead") == 0;
}

/* Runs a scenario with its nth allocation failing (0: none); how many there were. */
static uint64_t run_once(const struct storage_scenario *scenario, int kind,
			 uint64_t nth, bool for_ever)
{
	struct medium medium = medium_open(kind);
	struct storage_lock *lock;
	int wanted = nth == 0 ? HF_OK : HF_ERR_NOMEM;
	uint64_t count;
	int rc;

	scenario->prepare(&medium);
	lock = scenario->locks ? NULL : medium_lock(&medium, 1);
	report_clear(&medium.report);
	alloc_fault_fail(nth, for_ever);
	rc = scenario->run(&medium);
	count = alloc_fault_stop();
	medium.ops->unlock(lock);
	ck_assert_msg(nth == 0 ? rc == HF_OK : alloc_fault_fired(), "%s: %d", scenario->name, rc);
	/* The second lock of that scenario must fail, with whatever code. */
	if (nth != 1 && strncmp(scenario->name, "lock", 4) == 0)
		wanted = HF_OK;
	ck_assert_msg(rc == wanted, "%s, allocation %u: %d", scenario->name, (unsigned)nth, rc);
	ck_assert_int_eq(medium.report.detail.code, rc);
	scenario->check(&medium, rc, scenario->name);
	ck_assert(!medium.ops->is_locked(medium.storage, medium_id(1)));
	medium_close(&medium);
	return count;
}

START_TEST(an_allocation_that_fails_is_told_and_changes_nothing)
{
	const struct storage_scenario *scenario = &storage_scenarios[_i / KINDS];
	int kind = kinds[_i % KINDS];
	uint64_t count;

	if (kind == MEDIUM_MEMORY && needs_files(scenario))
		return;
	count = run_once(scenario, kind, 0, false);
	for (uint64_t nth = 1; nth <= count; nth++) {
		(void)run_once(scenario, kind, nth, false);
		(void)run_once(scenario, kind, nth, true);
	}
}
END_TEST

/* The scenarios above would prove nothing if they did not allocate. */
START_TEST(scenarios_do_allocate)
{
	uint64_t count = 0;

	for (int i = 0; i < STORAGE_SCENARIO_COUNT; i++)
		count += run_once(&storage_scenarios[i], MEDIUM_SIM, 0, false);
	ck_assert_uint_gt(count, STORAGE_SCENARIO_COUNT / 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storage alloc");
	TCase *tcase = tcase_create("each scenario");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, an_allocation_that_fails_is_told_and_changes_nothing, 0,
			    STORAGE_SCENARIO_COUNT * KINDS);
	tcase_add_test(tcase, scenarios_do_allocate);
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
