/* SPDX-License-Identifier: MIT */
/*
 * storage_posix under every failure of every call.
 *
 * Each scenario is one thing that a session does with its storage. It is run once to learn
 * which system calls it makes, and then again for each of them with each way to go wrong:
 * every errno, once, for ever and too late, short, torn, and the death of the process
 * before, in the middle of and after the call. Each time on a fresh simulated file system,
 * and each time these must hold:
 *
 *   - nothing is leaked and nothing stays locked;
 *   - the code is that of the failure, and the report tells of it;
 *   - the storage is in one of the states that the scenario allows, and if it said
 *     HF_OK in the state after it, even when the power is cut;
 *   - another process can go on from there, and what that one makes durable survives a
 *     power cut.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/medium.h"
#include "lib/storage_scenario.h"
#include "storage/posix.h"

enum { CUTS = 10, TEXT_SIZE = 240 };

/* What the walk of one scenario needs. */
struct walk {
	const struct storage_scenario *scenario;
	struct fault_trace trace; /* of the run in which nothing goes wrong */
	unsigned plans;
};

/* One run in which something goes wrong. */
struct attempt {
	struct medium medium;
	const struct storage_scenario *scenario;
	const struct fault_plan *plan;
	enum fault_call call; /* the one that goes wrong */
	char text[TEXT_SIZE]; /* what goes wrong, for messages */
	int rc; /* how the run ended */
};

/* ---- Power cuts ---- */

/* What a power cut leaves: nothing that is not durable, everything, and then other
 * mixtures for each plan. To be closed with end_cut. */
static struct medium begin_cut(struct attempt *attempt, unsigned number)
{
	const struct fault_plan *plan = attempt->plan;
	uint64_t seed = number < 2 ? number : plan->nth * 1000 + plan->kind * 100 + number;
	struct medium after = { .ops = attempt->medium.ops, .report = report_make(NULL, NULL) };

	after.sim = sim_power_cut(attempt->medium.sim, seed);
	after.sys = sim_sys(after.sim);
	after.root = sim_open_root(after.sim);
	after.storage = medium_again(&after, false);
	return after;
}

static void end_cut(struct medium *after)
{
	if (after->trash != NULL)
		after->ops->close(after->trash);
	after->ops->close(after->storage);
	sim_free(after->sim);
}

static void check_after_cuts(struct attempt *attempt)
{
	for (unsigned number = 0; number < CUTS; number++) {
		struct medium after = begin_cut(attempt, number);
		char text[TEXT_SIZE + 32];

		(void)snprintf(text, sizeof text, "%s, power cut %u", attempt->text, number);
		attempt->scenario->check(&after, attempt->rc, text);
		end_cut(&after);
	}
}

/* ---- Codes ---- */

static bool is_expected(const struct attempt *attempt)
{
	int rc = attempt->rc;

	switch (attempt->plan->errno_value) {
	case 0:
		return rc == HF_ERR_IO || rc == HF_ERR_BUSY;
	case ENOENT:
		return rc == HF_ERR_IO ||
		       (rc == HF_ERR_NOTFOUND && attempt->call == FAULT_OPEN_AT) ||
		       (rc == HF_ERR_BUSY && attempt->call == FAULT_STAT_AT);
	case EEXIST:
		return rc == HF_ERR_IO;
	case EAGAIN:
		return rc == (attempt->call == FAULT_LOCK ? HF_ERR_BUSY : HF_ERR_IO);
	case ELOOP:
	case ENOTDIR:
	case EISDIR:
		return rc == HF_ERR_DENIED;
	default:
		return rc == report_code(attempt->plan->errno_value);
	}
}

static void check_code(const struct attempt *attempt)
{
	const struct hf_detail *detail = &attempt->medium.report.detail;
	enum fault_kind kind = attempt->plan->kind;

	if (attempt->rc == HF_OK)
		return;
	ck_assert_msg(kind != FAULT_SHORT_ONE && kind != FAULT_SHORT_HALF, "%s: %s", attempt->text,
		      detail->message);
	ck_assert_msg(is_expected(attempt), "%s: %d, %s", attempt->text, attempt->rc,
		      detail->message);
	/* What is merely not there is told by the code alone when a head is peeked at. */
	ck_assert_msg(detail->code == attempt->rc || attempt->rc == HF_ERR_NOTFOUND,
		      "%s: %d, but the report has %d", attempt->text, attempt->rc, detail->code);
}

/* ---- What is left ---- */

static bool count_temp(void *context, const char *name)
{
	*(unsigned *)context += name[0] == '.';
	return true;
}

/* A run that failed, did not die and could clean up has cleaned up. */
static void check_left_over(struct attempt *attempt)
{
	static const char *const dirs[] = { "sessions", "quarantine", "trash" };
	struct medium *medium = &attempt->medium;
	const struct sys *sys = medium->sys;
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	unsigned count = 0;

	if (attempt->call == FAULT_UNLINK_AT)
		return;
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		int fd = sys->open_at(sys->context, medium->root, dirs[i], O_RDONLY, 0);

		if (fd == -ENOENT && i == 2)
			continue;
		ck_assert_int_eq(sys->each_name(sys->context, fd, count_temp, &count), 0);
		(void)sys->close(sys->context, fd);
	}
	ck_assert_msg(count == 0, "%s: %u temporary files are left", attempt->text, count);
	if (attempt->rc == HF_OK || !attempt->scenario->creates ||
	    attempt->plan->kind != FAULT_ERRNO)
		return;
	ck_assert_msg(strcmp(storage_scenario_log(medium, room), "-") == 0 &&
			      !storage_scenario_has_head(medium),
		      "%s: a failed creation left something", attempt->text);
}

/* Another process has the lock and goes on with what it finds; text is what it leaves. */
static void go_on(struct medium *medium, char text[2 * STORAGE_SCENARIO_TEXT_SIZE])
{
	char room[STORAGE_SCENARIO_TEXT_SIZE];
	const char *found = storage_scenario_log(medium, room);
	struct storage_log *log;
	uint64_t size = 0;

	if (found[0] == '-') {
		medium_create(medium, 1, STORAGE_SCENARIO_OLD);
		(void)snprintf(text, 2 * STORAGE_SCENARIO_TEXT_SIZE, "%s", STORAGE_SCENARIO_OLD);
		return;
	}
	log = medium_log(medium, 1, STORAGE_WRITE);
	ck_assert_int_eq(medium->ops->log_size(log, &size), HF_OK);
	ck_assert_int_eq(medium->ops->log_write(log, size, STORAGE_SCENARIO_NEW,
						strlen(STORAGE_SCENARIO_NEW)),
			 HF_OK);
	ck_assert_int_eq(medium->ops->log_sync(log), HF_OK);
	medium->ops->log_close(log);
	(void)snprintf(text, 2 * STORAGE_SCENARIO_TEXT_SIZE, "%s%s", found,
		       size < STORAGE_SCENARIO_TEXT_SIZE ? STORAGE_SCENARIO_NEW : "");
}

/* Another process goes on where one has died or failed. What it acknowledges must stay. */
static void check_succession(struct attempt *attempt)
{
	struct medium *medium = &attempt->medium;
	struct storage_lock *lock = medium_lock(medium, 1);
	char before[2 * STORAGE_SCENARIO_TEXT_SIZE];

	go_on(medium, before);
	for (unsigned number = 0; number < CUTS; number++) {
		struct medium after = begin_cut(attempt, number);
		char room[STORAGE_SCENARIO_TEXT_SIZE];
		const char *text = storage_scenario_log(&after, room);

		ck_assert_msg(strcmp(text, before) == 0,
			      "%s, then another process, power cut %u: \"%.60s\", not \"%.60s\"",
			      attempt->text, number, text, before);
		end_cut(&after);
	}
	medium->ops->unlock(lock);
}

/* ---- The walk ---- */

/* All scenarios that write run under the lock. */
static int run_locked(struct medium *medium, const struct storage_scenario *scenario)
{
	struct storage_lock *lock = NULL;
	int rc;

	report_clear(&medium->report);
	if (scenario->locks)
		return scenario->run(medium);
	rc = medium->ops->lock(medium->storage, &medium->report, medium_id(1), 0, &lock);
	if (rc == HF_OK)
		rc = scenario->run(medium);
	medium->ops->unlock(lock);
	return rc;
}

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct walk *walk = context;
	struct attempt attempt = {
		medium_open(MEDIUM_SIM), walk->scenario, plan, FAULT_ANY, "", 0
	};
	struct fault_sys *fault = attempt.medium.fault;
	char what[128];
	bool died;

	attempt.call = (enum fault_call)walk->trace.calls[plan->nth - 1];
	fault_plan_text(plan, what, sizeof what);
	(void)snprintf(attempt.text, sizeof attempt.text, "%s: %s (%s)", walk->scenario->name, what,
		       fault_call_name(attempt.call));
	walk->scenario->prepare(&attempt.medium);
	fault_sys_arm(fault, plan);
	attempt.rc = run_locked(&attempt.medium, walk->scenario);
	ck_assert_msg(fault_sys_fired(fault), "%s: did not happen", attempt.text);
	died = fault_sys_is_dead(fault);
	fault_sys_disarm(fault);
	ck_assert_msg(fault_sys_locks(fault) == 0, "%s: still locked", attempt.text);
	check_code(&attempt);
	walk->scenario->check(&attempt.medium, attempt.rc, attempt.text);
	check_after_cuts(&attempt);
	if (!died)
		check_left_over(&attempt);
	check_succession(&attempt);
	medium_close(&attempt.medium); /* nothing leaked */
	walk->plans++;
}

START_TEST(every_call_that_goes_wrong_leaves_a_good_storage)
{
	struct walk walk = { .scenario = &storage_scenarios[_i] };
	struct medium medium = medium_open(MEDIUM_SIM);
	struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	int rc;

	walk.scenario->prepare(&medium);
	fault_sys_arm(medium.fault, &none);
	rc = run_locked(&medium, walk.scenario);
	ck_assert_msg(rc == HF_OK, "%s: %s", walk.scenario->name, medium.report.detail.message);
	walk.trace = fault_sys_trace(medium.fault);
	ck_assert_uint_gt(walk.trace.count, 0);
	fault_sys_each_plan(&walk.trace, try_plan, &walk);
	ck_assert_uint_gt(walk.plans, 5 * walk.trace.count);
	medium_close(&medium);
}
END_TEST

/* Both directories are there, but whoever made them has not synced them yet, or died before
 * doing so: what is put in them must not depend on that. */
START_TEST(directories_that_are_not_durable_yet_are_made_so)
{
	struct medium medium = { .sim = sim_new(1), .report = report_make(NULL, NULL) };
	char name[STORAGE_QUARANTINE_NAME_SIZE];
	struct attempt attempt = { .plan = &(struct fault_plan){ FAULT_NONE, FAULT_ANY, 0, 0 } };
	struct medium after;

	medium.sys = sim_sys(medium.sim);
	medium.root = sim_open_root(medium.sim);
	ck_assert_int_eq(medium.sys->mkdir_at(medium.sys->context, medium.root, "sessions", 0700),
			 0);
	ck_assert_int_eq(medium.sys->mkdir_at(medium.sys->context, medium.root, "quarantine", 0700),
			 0);
	medium.storage = medium_again(&medium, true);
	medium.ops = medium.storage->ops;
	if (_i == 0)
		medium_create(&medium, 1, STORAGE_SCENARIO_OLD);
	else
		ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report,
							medium_id(1), "torn", "x", 1, name),
				 HF_OK);
	attempt.medium = medium;
	after = begin_cut(&attempt, 0);
	if (_i == 0)
		medium_check_log(&after, 1, STORAGE_SCENARIO_OLD);
	else
		ck_assert_int_ge(after.sys->open_at(after.sys->context, after.root,
						    "quarantine/0100ab03-4100-0000-0000-"
						    "000000000000.torn.0",
						    O_RDONLY, 0),
				 0);
	end_cut(&after);
	medium.ops->close(medium.storage);
	sim_free(medium.sim);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storage walk");
	TCase *tcase = tcase_create("each scenario");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, every_call_that_goes_wrong_leaves_a_good_storage, 0,
			    STORAGE_SCENARIO_COUNT);
	tcase_add_loop_test(tcase, directories_that_are_not_durable_yet_are_made_so, 0, 2);
	tcase_set_timeout(tcase, 300);
	suite_add_tcase(suite, tcase);
	scratch_begin();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
