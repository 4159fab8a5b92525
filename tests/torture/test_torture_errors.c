/* SPDX-License-Identifier: MIT */
/*
 * Every system call of every scenario fails with every errno it can return, once and for
 * ever, is short, is torn, or is the last thing that the process does; after each the
 * session is looked at and gone on with (session_check).
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "lib/session_expect.h"
#include "lib/session_scenario.h"
#include "sys/sys.h"

/* One scenario on the real file system. */
struct walk {
	const struct scenario *scenario;
	struct scratch scratch;
	char runtime[300];
	char store[300];
	struct place place;
	struct history history;  /* as the setup leaves it */
	struct place_bytes key;  /* likewise; NULL: there is none */
	bool is_whole;           /* nothing is torn in it */
	struct fault_trace trace;
	struct fault_plan plan;
	struct fault_sys *fault; /* of the point */
	struct act act;          /* of the point */
};

static struct walk walk;

/* The call that a plan strikes. */
static enum fault_call struck(void)
{
	return walk.trace.calls[walk.plan.nth - 1];
}

static bool is_death(enum fault_kind kind)
{
	return kind == FAULT_DIE_BEFORE || kind == FAULT_DIE_MIDDLE || kind == FAULT_DIE_AFTER;
}

static bool is_errno(enum fault_kind kind)
{
	return kind == FAULT_ERRNO || kind == FAULT_ERRNO_EVER || kind == FAULT_ERRNO_LATE ||
	       kind == FAULT_TORN || kind == FAULT_TORN_EVER;
}

/* Runs the scenario in a fresh copy of what its setup made. */
static void run_once(const struct fault_plan *plan)
{
	walk.fault = fault_sys_new(sys_posix());
	walk.act = act_begin(&walk.place, &walk.history);
	act_ready(&walk.act, walk.scenario, fault_sys(walk.fault));
	fault_sys_arm(walk.fault, plan);
	walk.scenario->run(&walk.act);
	act_end(&walk.act);
}

/* Errnos that mean something else where they come from than report_code can know. */
static const struct {
	enum fault_call call; /* FAULT_ANY: whichever */
	int errno_value;
	int code;
} meanings[] = {
	/* What should be there is not, or has been replaced by something else. */
	{ FAULT_ANY, ENOENT, HF_ERR_IO },
	{ FAULT_ANY, EEXIST, HF_ERR_IO },
	{ FAULT_ANY, ELOOP, HF_ERR_DENIED },
	{ FAULT_ANY, EISDIR, HF_ERR_DENIED },
	{ FAULT_ANY, ENOTDIR, HF_ERR_DENIED },
	{ FAULT_OPEN_AT, ELOOP, HF_ERR_KEY_UNSAFE },
	{ FAULT_OPEN_AT, ENOTDIR, HF_ERR_FORMAT },
	/* A head or a log that is not there is a verdict. */
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_HEAD_MISSING },
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_TRUNCATED },
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_GAP },
	/* The directory was not made, and is then found not to be there. */
	{ FAULT_MKDIR_AT, EEXIST, HF_ERR_NOTFOUND },
	/* The key directory cannot be made where it is to be. */
	{ FAULT_MKDIR_AT, EEXIST, HF_ERR_INVALID },
	{ FAULT_MKDIR_AT, ENOENT, HF_ERR_INVALID },
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_INVALID },
	/* Another one holds the lock, or keeps making lock files. */
	{ FAULT_LOCK, EAGAIN, HF_ERR_BUSY },
	{ FAULT_LOCK, EAGAIN, HF_ERR_EXISTS },
	{ FAULT_STAT_AT, ENOENT, HF_ERR_BUSY },
	{ FAULT_STAT_AT, ENOENT, HF_ERR_EXISTS },
	/* A project's directory that is not there, or no more. */
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_PROJECT },
	{ FAULT_OPEN_AT, ELOOP, HF_ERR_PROJECT },
	{ FAULT_OPEN_AT, ENOTDIR, HF_ERR_PROJECT },
	{ FAULT_OPEN_AT, ENOENT, HF_ERR_PROJECT_CHANGED },
	{ FAULT_OPEN_AT, ELOOP, HF_ERR_PROJECT_CHANGED },
	{ FAULT_OPEN_AT, ENOTDIR, HF_ERR_PROJECT_CHANGED },
	/* After a record was written it is not true that nothing was changed. */
	{ FAULT_ANY, ENOMEM, HF_ERR_IO },
};

static bool is_right_code(enum fault_call call, int errno_value, int code)
{
	if (code == report_code(errno_value))
		return true;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if ((meanings[i].call == FAULT_ANY || meanings[i].call == call) &&
		    meanings[i].errno_value == errno_value && meanings[i].code == code)
			return true;
	}
	return false;
}

/* Calls whose failure must never be answered with success. Keys are another matter: what
 * fails is the cache, or is tried again, or makes a weak key of it. */
static bool must_be_told(enum fault_call call)
{
	if (walk.history.id[0] == '\0')
		return false;
	/* What cannot be read is moved all the same, if its files can be. */
	if (call == FAULT_READ_AT)
		return walk.scenario->run != scenario_list && walk.scenario->run != scenario_key &&
		       scenario_finish(walk.scenario) == NULL;
	return call == FAULT_SYNC_DATA || call == FAULT_SYNC_ALL || call == FAULT_RENAME_AT ||
	       call == FAULT_MAP || (call == FAULT_LINK_AT && walk.plan.errno_value != EEXIST);
}

static void check_code(void)
{
	const struct act *act = &walk.act;
	static const char *const unsafe[] = { " /", "errno", "EIO", "1111", ".jsonl" };

	if (act->rc == HF_OK) {
		EXPECT(!is_errno(walk.plan.kind) || !must_be_told(struck()),
		       "a failure was answered with success");
		return;
	}
	EXPECT(act->detail.code == act->rc, "the detail has code %d, not %d", act->detail.code,
	       act->rc);
	EXPECT(act->detail.message[0] != '\0', "the detail has no message");
	for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
		EXPECT(strstr(hf_error_text(act->rc), unsafe[i]) == NULL &&
			       strstr(hf_error_hint(act->rc), unsafe[i]) == NULL,
		       "the text for users tells too much");
	if (!is_errno(walk.plan.kind))
		return;
	EXPECT(is_right_code(struck(), walk.plan.errno_value, act->rc), "gave %s: %s",
	       hf_error_name(act->rc), act->detail.message);
	if (act->rc == report_code(walk.plan.errno_value) && walk.plan.errno_value != ENOENT)
		EXPECT(act->detail.os_errno == walk.plan.errno_value, "the detail has errno %d: %s",
		       act->detail.os_errno, act->detail.message);
}

static bool is_writing(enum fault_call call)
{
	return call == FAULT_WRITE_AT || call == FAULT_SYNC_DATA || call == FAULT_SYNC_ALL ||
	       call == FAULT_TRUNCATE;
}

/* A handle that could not write is good for nothing more. */
static void check_handle(void)
{
	enum fault_call call = struck();
	const struct act *act = &walk.act;

	/* To do a part of the work is no failure. */
	if (walk.plan.kind == FAULT_SHORT_ONE || walk.plan.kind == FAULT_SHORT_HALF) {
		EXPECT(act->rc == HF_OK && (act->again == 1 || act->again == HF_OK), "gave %s: %s",
		       hf_error_name(act->rc), act->detail.message);
		return;
	}
	if (act->again == 1 || !is_errno(walk.plan.kind))
		return;
	if (walk.scenario->is_reading)
		EXPECT(act->again == HF_OK || (call == FAULT_OPEN_AT && walk.plan.errno_value == ENOENT),
		       "a failure passed for the verdict %s", hf_error_name(act->again));
	else if (call == FAULT_RENAME_AT || (is_writing(call) && !act->is_save))
		EXPECT_CODE(act->again, HF_ERR_POISONED, "the handle after a failed write");
}

/* Nothing is left over but by death, or if it cannot be removed. */
static void check_strays(void)
{
	static const char *const dirs[] = { "sessions", "trash", "quarantine", "keys" };

	if (is_death(walk.plan.kind) || struck() == FAULT_UNLINK_AT)
		return;
	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
		EXPECT(place_count(&walk.place, dirs[i], ".tmp") == 0, "a file was left over in %s",
		       dirs[i]);
}

static void check_key(void)
{
	struct place_bytes key = place_get(&walk.place, "keys/machine_secret", true);

	if (walk.key.data != NULL)
		EXPECT(key.data != NULL && key.size == walk.key.size &&
			       memcmp(key.data, walk.key.data, key.size) == 0,
		       "the secret was changed");
	place_free(&key);
}

/* The key that the library told of is the one that there is. */
static void check_key_id(void)
{
	struct hf_key_info key;
	struct hf_store *store;

	if (walk.act.key_id[0] == '\0')
		return;
	store = place_open(&walk.place);
	EXPECT_CODE(hf_key_prepare(store, NULL, &key), HF_OK, "preparing the key");
	EXPECT(strcmp(key.id, walk.act.key_id) == 0, "the key is another one");
	hf_store_close(store);
}

static void point(void *context)
{
	struct session_rules rules = { .verdicts = walk.scenario->verdicts,
				       .accept = walk.scenario->accept,
				       .finish = scenario_finish(walk.scenario),
				       .part = is_death(walk.plan.kind),
				       .is_brief = !is_death(walk.plan.kind) };
	struct session_found found;

	(void)context;
	run_once(&walk.plan);
	EXPECT(fault_sys_fired(walk.fault), "nothing went wrong");
	EXPECT(fault_sys_trace(walk.fault).calls[walk.plan.nth - 1] == struck(),
	       "something else went wrong");
	EXPECT(fault_sys_leaks(walk.fault)[0] == '\0', "leaked: %s", fault_sys_leaks(walk.fault));
	check_code();
	check_handle();
	check_strays();
	check_key();
	check_key_id();
	/* A process that lives takes back what it could not write. */
	if (is_errno(walk.plan.kind) && struck() != FAULT_TRUNCATE && walk.is_whole)
		rules.verdicts &= ~(uint32_t)HF_ACCEPT(HF_TORN);
	if (walk.act.history.id[0] == '\0')
		return;
	if (walk.scenario->is_reading)
		session_look(&walk.place, &walk.act.history, &rules, &found);
	else
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
	/* Where keys are made, they have not been cached yet. */
	scratch_remove(walk.scratch.fd, "run");
	scratch_mkdir(walk.scratch.fd, "run");
}

static void each(void *context, const struct fault_plan *plan)
{
	char text[128];

	(void)context;
	walk.plan = *plan;
	walk.plan.call = FAULT_ANY;
	fault_plan_text(&(struct fault_plan){ plan->kind, struck(), plan->nth, plan->errno_value },
			text, sizeof text);
	session_where("%s, %s", walk.scenario->name, text);
	fresh_copy();
	(void)session_point(point, NULL);
	fault_sys_free(walk.fault);
	walk.fault = NULL;
}

/* Makes what the scenario starts from. */
static void prepare(const struct scenario *scenario)
{
	struct act act;

	walk.scenario = scenario;
	walk.is_whole = scenario->setup != setup_torn && scenario->setup != setup_much_torn &&
			scenario->setup != setup_gap;
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
	walk.key = place_get(&walk.place, "keys/machine_secret", true);
	scratch_copy(walk.scratch.fd, "store", walk.scratch.fd, "template");
}

START_TEST(every_system_call_can_go_wrong)
{
	struct fault_plan nothing = { .kind = FAULT_NONE };
	struct fault_sys *learned;
	struct fault_trace trace;

	prepare(&scenarios[_i]);
	fresh_copy();
	session_where("%s, nothing goes wrong", walk.scenario->name);
	run_once(&nothing);
	ck_assert_msg(walk.act.rc == HF_OK, "%s: %s: %s", walk.scenario->name,
		      hf_error_name(walk.act.rc), walk.act.detail.message);
	ck_assert_str_eq(fault_sys_leaks(walk.fault), "");
	learned = walk.fault;
	trace = fault_sys_trace(learned);
	walk.trace = trace;
	fault_sys_each_plan(&trace, each, NULL);
	fault_sys_free(learned);
	place_free(&walk.key);
	scratch_close(&walk.scratch);
	session_finish(walk.scenario->name, 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture_errors");
	TCase *walks = runner_cases(suite, "walks", 300);

	tcase_add_loop_test(walks, every_system_call_can_go_wrong, 0, (int)scenario_count);
	return runner_run_in_memory(suite);
}
