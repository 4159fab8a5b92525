/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of every scenario fails, once and for ever: the caller is told so,
 * nothing was changed that it does not know of, and nothing is leaked.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/alloc_fault.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "lib/session_expect.h"
#include "lib/session_scenario.h"

static struct walk {
	const struct scenario *scenario;
	struct scratch scratch;
	char runtime[300];
	char store[300];
	struct place place;
	struct history history; /* as the setup leaves it */
	uint64_t nth;           /* the allocation that fails; 0: none */
	bool for_ever;
	uint64_t count;         /* allocations of the last run */
	struct fault_sys *fault;
	struct act act;
} walk;

static void run_once(void)
{
	walk.act = act_begin(&walk.place, &walk.history);
	act_ready(&walk.act, walk.scenario, fault_sys(walk.fault));
	if (walk.nth == 0)
		alloc_fault_count();
	else
		alloc_fault_fail(walk.nth, walk.for_ever);
	walk.scenario->run(&walk.act);
	act_end(&walk.act);
	walk.count = alloc_fault_stop();
}

static void check_answer(void)
{
	const struct act *act = &walk.act;

	if (act->rc == HF_OK)
		return;
	/* Once the new generation stands in its place, it is not true that nothing was changed. */
	if (act->rc == HF_ERR_IO && act->is_save) {
		EXPECT(act->again == 1 || act->again == HF_ERR_POISONED, "the handle goes on");
		return;
	}
	EXPECT(act->rc == HF_ERR_NOMEM, "gave %s: %s", hf_error_name(act->rc), act->detail.message);
	EXPECT(act->detail.code == HF_ERR_NOMEM && act->detail.message[0] != '\0',
	       "the detail does not tell");
	/* Nothing was changed, so the handle is as good as it was. */
	if (act->again != 1 && !walk.scenario->is_reading && !walk.for_ever && !act->is_save)
		EXPECT_CODE(act->again, HF_OK, "the handle afterwards");
}

static void point(void *context)
{
	struct session_rules rules = { .verdicts = walk.scenario->verdicts,
				       .accept = walk.scenario->accept,
				       .finish = scenario_finish(walk.scenario) };
	struct session_found found;

	(void)context;
	run_once();
	EXPECT(alloc_fault_fired(), "no allocation failed");
	EXPECT(fault_sys_leaks(walk.fault)[0] == '\0', "leaked: %s", fault_sys_leaks(walk.fault));
	check_answer();
	EXPECT(place_count(&walk.place, "sessions", ".tmp") == 0 &&
		       place_count(&walk.place, "trash", ".tmp") == 0, "a file was left over");
	if (walk.act.history.id[0] != '\0')
		session_check(&walk.place, &walk.act.history, &rules, &found);
}

static void fresh_copy(void)
{
	if (scratch_exists(walk.scratch.fd, "store"))
		scratch_remove(walk.scratch.fd, "store");
	if (walk.scenario->setup != NULL) {
		scratch_copy(walk.scratch.fd, "template", walk.scratch.fd, "store");
		return;
	}
	scratch_remove(walk.scratch.fd, "run");
	scratch_mkdir(walk.scratch.fd, "run");
}

static void prepare(const struct scenario *scenario)
{
	struct act act;

	walk.scenario = scenario;
	walk.scratch = scratch_open();
	(void)snprintf(walk.store, sizeof walk.store, "%s/store", walk.scratch.path);
	(void)snprintf(walk.runtime, sizeof walk.runtime, "%s/run", walk.scratch.path);
	scratch_mkdir(walk.scratch.fd, "run");
	walk.place = (struct place){ .sys = sys_posix(), .store = walk.store, .runtime = walk.runtime,
				     .durability = scenario->durability,
				     .padding = scenario->padding, .threads = 1 };
	session_where("%s, setup", scenario->name);
	if (scenario->setup == NULL)
		return;
	act = act_begin(&walk.place, NULL);
	scenario->setup(&act);
	walk.history = act.history;
	scratch_copy(walk.scratch.fd, "store", walk.scratch.fd, "template");
}

/* Runs one point with a fault_sys of its own, which tells of leaks. */
static void one_point(void)
{
	session_where("%s, allocation %llu fails %s", walk.scenario->name,
		      (unsigned long long)walk.nth, walk.for_ever ? "for ever" : "once");
	fresh_copy();
	walk.fault = fault_sys_new(sys_posix());
	(void)session_point(point, NULL);
	(void)alloc_fault_stop();
	fault_sys_free(walk.fault);
}

START_TEST(every_allocation_can_fail)
{
	uint64_t all;

	prepare(&scenarios[_i]);
	fresh_copy();
	walk.fault = fault_sys_new(sys_posix());
	run_once();
	fault_sys_free(walk.fault);
	all = walk.count;
	ck_assert_msg(walk.act.rc == HF_OK, "%s: %s", walk.scenario->name, walk.act.detail.message);
	for (walk.nth = 1; walk.nth <= all; walk.nth++) {
		walk.for_ever = false;
		one_point();
		walk.for_ever = true;
		one_point();
	}
	scratch_close(&walk.scratch);
	/* Reading and syncing allocate little, some scenarios nothing at all. */
	session_finish(walk.scenario->name, 2 * (size_t)all);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture_memory");
	TCase *walks = runner_cases(suite, "walks", 300);

	tcase_add_loop_test(walks, every_allocation_can_fail, 0, (int)scenario_count);
	return runner_run_in_memory(suite);
}
