/* SPDX-License-Identifier: MIT */
/*
 * The power is cut before and after every system call of every scenario that changes
 * something, with several outcomes of what was not synced; what is left is looked at, gone
 * on with, and the power is cut in that as well.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session_expect.h"
#include "lib/session_scenario.h"
#include "lib/sim_sys.h"

enum {
	SEEDS = 14,       /* outcomes of one cut */
	SEEDS_AGAIN = 3,  /* outcomes of a cut in the recovery */
	AGAIN_EVERY = 23, /* of so many cuts, one is followed by cuts in the recovery */
};

static struct cuts {
	const struct scenario *scenario;
	struct place place;
	struct act act;
	struct sim *sim;
	size_t moment;   /* changes so far */
	uint64_t seed;
	size_t count;    /* cuts so far */
	size_t lost;     /* outcomes in which something acknowledged was lost */
	size_t torn;     /* outcomes that were torn */
} cuts;

static struct session_rules rules_of(const struct scenario *scenario)
{
	/* Of a batch of several records that was not acknowledged, a later one may have come
	 * to the disk and an earlier one not: a gap (docs/FORMAT.md). */
	struct session_rules rules = { .verdicts = scenario->verdicts | 1 << HF_GAP | 1 << HF_TORN,
				       .accept = scenario->accept | HF_ACCEPT(HF_GAP),
				       .finish = scenario_finish(scenario),
				       .part = true };

	return rules;
}

/* The store opens, and the key that the library told of is the one that there is. */
static void check_key_id(const struct place *place)
{
	struct hf_store *store = place_open(place);
	struct hf_key_info key;

	if (cuts.act.key_id[0] != '\0') {
		EXPECT_CODE(hf_key_prepare(store, NULL, &key), HF_OK, "preparing the key");
		EXPECT(strcmp(key.id, cuts.act.key_id) == 0, "the key is another one");
	}
	hf_store_close(store);
}

/* Looks at what one cut has left, and goes on with it. */
static void check_left(void *context)
{
	struct sim *after = context;
	struct session_rules rules = rules_of(cuts.scenario);
	struct history history = cuts.act.history;
	struct place place = cuts.place;
	struct session_found found;

	place.sys = sim_sys(after);
	check_key_id(&place);
	if (history.id[0] == '\0')
		return;
	session_check(&place, &history, &rules, &found);
	if (cuts.scenario->durability == HF_STRICT && found.is_there && !cuts.act.history.has_next)
		EXPECT(found.acknowledged > cuts.act.history.kept.count, "the head is behind");
	if (found.is_there && found.verdict == HF_GAP)
		EXPECT((cuts.scenario->verdicts & 1 << HF_GAP) != 0 || cuts.act.history.pending.count > 1,
		       "a gap where no batch of several records was written");
	cuts.torn += found.is_there && found.verdict == HF_TORN;
}

/* ---- A cut in the recovery ------------------------------------------------------- */

static struct history second; /* what is known while it goes on */

static void check_second(void *context)
{
	struct session_rules rules = rules_of(cuts.scenario);
	struct history history = second;
	struct place place = cuts.place;
	struct session_found found;

	place.sys = sim_sys(context);
	session_check(&place, &history, &rules, &found);
}

static void cut_again(void *context, struct sim *sim)
{
	size_t *moment = context;

	++*moment;
	for (uint64_t seed = 0; seed < SEEDS_AGAIN; seed++) {
		struct sim *after = sim_power_cut(sim, seed == 0 ? 0 : *moment * 31 + seed);

		session_where("%s, power cut at change %zu with seed %llu, then at change %zu with %llu",
			      cuts.scenario->name, cuts.moment, (unsigned long long)cuts.seed, *moment,
			      (unsigned long long)seed);
		(void)session_point(check_second, after);
		sim_free(after);
	}
}

/* Does what was cut short once more. */
static void finish_again(struct act *act, session_operation finish)
{
	struct hf_detail detail = { 0 };

	if (finish == hf_session_purge)
		second.exists = HISTORY_UNSURE;
	(void)act_note(act, finish(act->store, act->history.id, &detail), &detail);
}

/* Opens what is left and appends. */
static void append_again(struct act *act, uint32_t accept)
{
	session_repair(act->store, act->history.id, accept);
	if (!act_open(act, accept))
		return;
	/* What is tried is known from its beginning. */
	second = act->history;
	second.pending = (struct history_run){ { SCENARIO_SERIAL + 60 }, 1 };
	if (act_append(act, SCENARIO_SERIAL + 60, 1, true))
		second = act->history;
}

/* Goes on with what is left, while the power is cut again at each change. */
static void recover_cut(struct sim *left)
{
	struct place place = cuts.place;
	struct act act;
	struct session_rules rules = rules_of(cuts.scenario);
	struct session_found found;
	size_t moment = 0;

	place.sys = sim_sys(left);
	act = act_begin(&place, &cuts.act.history);
	session_look(&place, &act.history, &rules, &found);
	if (!found.is_there)
		return;
	history_settle(&act.history, &found.seen);
	act.history.exists = HISTORY_THERE;
	second = act.history;
	EXPECT_CODE(place_try(&place, NULL, NULL, &act.store), HF_OK, "opening the store");
	sim_on_change(left, cut_again, &moment);
	if (rules.finish != NULL)
		finish_again(&act, rules.finish);
	else
		append_again(&act, rules.accept);
	act_end(&act);
	sim_on_change(left, NULL, NULL);
	EXPECT(act.rc == HF_OK, "going on gave %s: %s", hf_error_name(act.rc), act.detail.message);
}

/* ---- The first cut --------------------------------------------------------------- */

static void cut(void *context, struct sim *sim)
{
	(void)context;
	cuts.moment++;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct sim *after;

		cuts.seed = seed < 2 ? seed : cuts.moment * 977 + seed;
		session_where("%s, power cut at change %zu with seed %llu", cuts.scenario->name,
			      cuts.moment, (unsigned long long)cuts.seed);
		after = sim_power_cut(sim, cuts.seed);
		(void)session_point(check_left, after);
		sim_free(after);
		cuts.count++;
		if (cuts.count % AGAIN_EVERY == 0 && cuts.act.history.id[0] != '\0') {
			after = sim_power_cut(sim, cuts.seed);
			recover_cut(after);
			sim_free(after);
		}
	}
}

static void prepare(const struct scenario *scenario)
{
	struct sim *sim = sim_new(7);
	struct act act;

	memset(&cuts, 0, sizeof cuts);
	cuts.scenario = scenario;
	cuts.place = (struct place){ .sys = sim_sys(sim), .store = "/store", .runtime = "/run",
				     .durability = scenario->durability,
				     .padding = scenario->padding, .threads = 1 };
	session_where("%s, setup", scenario->name);
	place_mkdir(&cuts.place, "/run");
	act = act_begin(&cuts.place, NULL);
	if (scenario->setup != NULL)
		scenario->setup(&act);
	/* All of that was long ago. */
	cuts.sim = sim_power_cut(sim, 1);
	sim_free(sim);
	cuts.place.sys = sim_sys(cuts.sim);
	cuts.act = act_begin(&cuts.place, &act.history);
}

START_TEST(a_power_cut_loses_nothing_that_was_acknowledged)
{
	const struct scenario *scenario = &scenarios[_i];

	if (scenario->is_reading || scenario->durability == HF_OS)
		return;
	prepare(scenario);
	act_ready(&cuts.act, scenario, sim_sys(cuts.sim));
	sim_on_change(cuts.sim, cut, NULL);
	scenario->run(&cuts.act);
	act_end(&cuts.act);
	cut(NULL, cuts.sim);
	sim_on_change(cuts.sim, NULL, NULL);
	ck_assert_msg(cuts.act.rc == HF_OK, "%s: %s", scenario->name, cuts.act.detail.message);
	ck_assert_uint_eq(sim_held(cuts.sim), 0);
	sim_free(cuts.sim);
	session_finish(scenario->name, SEEDS);
}
END_TEST

/* ---- The level that promises less ------------------------------------------------ */

static void check_os(void *context)
{
	static const struct session_rules anything = { .verdicts = UINT32_MAX, .may_lose = true };
	struct place place = cuts.place;
	struct session_found found;

	place.sys = sim_sys(context);
	session_look(&place, &cuts.act.history, &anything, &found);
	cuts.lost += found.seen.count < cuts.act.history.kept.count;
}

static size_t count_lost(void)
{
	cuts.lost = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct sim *after = sim_power_cut(cuts.sim, seed);

		session_where("%s, power cut with seed %llu", cuts.scenario->name,
			      (unsigned long long)seed);
		(void)session_point(check_os, after);
		sim_free(after);
	}
	return cuts.lost;
}

/* That the simulator can lose what is not synced is what makes the test above one. */
START_TEST(at_level_os_a_power_cut_loses_what_was_not_synced)
{
	struct scenario scenario = scenarios[0];
	struct hf_detail detail;

	scenario.name = "append at os, then sync";
	scenario.durability = HF_OS;
	scenario.setup = setup_session;
	scenario.is_storeless = false;
	prepare(&scenario);
	act_ready(&cuts.act, &scenario, sim_sys(cuts.sim));
	ck_assert(act_open(&cuts.act, 0));
	ck_assert(act_append(&cuts.act, SCENARIO_SERIAL, 3, false));
	ck_assert_uint_gt(count_lost(), 0);
	ck_assert_int_eq(hf_session_sync(cuts.act.session, &detail), HF_OK);
	ck_assert_uint_eq(count_lost(), 0);
	act_end(&cuts.act);
	sim_free(cuts.sim);
	session_finish(scenario.name, 2 * SEEDS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("torture_power");
	TCase *walks = tcase_create("walks");
	SRunner *runner;
	int failed;

	tcase_set_timeout(walks, 300);
	tcase_add_loop_test(walks, a_power_cut_loses_nothing_that_was_acknowledged, 0,
			    (int)scenario_count);
	tcase_add_test(walks, at_level_os_a_power_cut_loses_what_was_not_synced);
	suite_add_tcase(suite, walks);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
