/* SPDX-License-Identifier: MIT */
/* Limits over several sessions that are checked and then acted on: processes that race for
 * the last free place of a store, and to be the only one that works on a project. */
#include <stdio.h>
#include <string.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scene.h"

enum { RACERS = 6, EACH = 4, ROOM = 5, ROUNDS = 40 };

static struct scene scene;

struct race {
	struct child_gate gate;
	struct hf_store_options options;
	char project[SCENE_PATH_SIZE];
	char ids[RACERS][HF_ID_SIZE];
	unsigned racer;
};

static void begin(struct race *race)
{
	memset(race, 0, sizeof *race);
	scene_open(&scene, NULL);
	race->gate = child_gate_make();
	race->options = (struct hf_store_options){ .rounds = HF_ROUNDS_MIN,
						   .runtime_dir = scene.runtime_path,
						   .durability = HF_OS };
}

static struct hf_store *open_store(const struct race *race)
{
	struct hf_store *store = NULL;

	EXPECT_CODE(hf_store_open(scene.store_path, &race->options, NULL, &store), HF_OK,
		    "opening the store");
	return store;
}

static size_t count(uint32_t states)
{
	struct hf_list_options options = { .states = states };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t found = 0;

	EXPECT_CODE(hf_list_open(scene.store, &options, NULL, &list), HF_OK, "listing");
	while (hf_list_next(list, &entry) == HF_OK)
		found++;
	hf_list_close(list);
	return found;
}

/* ---- max_sessions ---------------------------------------------------------------- */

/* Makes and closes sessions; says how many it got. */
static int make_sessions(void *context, struct child *parent)
{
	const struct race *race = context;
	struct hf_store *store = open_store(race);
	uint32_t made = 0;

	child_gate_wait(&race->gate);
	for (int i = 0; i < EACH; i++) {
		struct hf_session *session = NULL;
		int rc = hf_session_create(store, NULL, NULL, &session);

		if (rc == HF_ERR_MAX_SESSIONS)
			continue;
		EXPECT_CODE(rc, HF_OK, "creating");
		EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
		made++;
	}
	hf_store_close(store);
	child_say(parent, made);
	return 0;
}

static uint32_t race_to_make(struct race *race)
{
	struct child racers[RACERS];
	uint32_t made = 0;

	for (size_t i = 0; i < RACERS; i++)
		racers[i] = child_start(make_sessions, race);
	child_gate_open(&race->gate);
	for (size_t i = 0; i < RACERS; i++) {
		made += child_hear(&racers[i]);
		ck_assert_int_eq(child_end(&racers[i]), 0);
	}
	return made;
}

START_TEST(processes_that_race_for_the_last_place_fill_the_store_and_no_more)
{
	struct race race;

	begin(&race);
	race.options.max_sessions = ROOM;
	ck_assert_uint_eq(race_to_make(&race), ROOM);
	ck_assert_uint_eq(count(0), ROOM);
	ck_assert_uint_eq(count(UINT32_MAX), ROOM);
	scene_close(&scene);
}
END_TEST

/* Each moves an older one to the trash, never two, and none is lost. */
START_TEST(processes_that_make_room_for_themselves_lose_no_session)
{
	struct race race;
	uint32_t made;

	begin(&race);
	race.options.max_sessions = ROOM;
	race.options.auto_cleanup = true;
	made = race_to_make(&race);
	/* There may be a moment in which all that there are are active. */
	ck_assert_uint_gt(made, ROOM);
	ck_assert_uint_eq(count(0), ROOM);
	ck_assert_uint_eq(count(UINT32_MAX), made);
	scene_close(&scene);
}
END_TEST

/* ---- One for each project -------------------------------------------------------- */

/* Resumes a session of its own; says what it got, and holds it until it is told. */
static int resume_alone(void *context, struct child *parent)
{
	const struct race *race = context;
	struct hf_resume_options options = { .one_per_project = true };
	struct hf_store *store = open_store(race);
	struct hf_session *session = NULL;
	uint32_t word;
	int rc;

	child_gate_wait(&race->gate);
	rc = hf_session_resume(store, race->ids[race->racer], &options, NULL, &session, NULL);
	child_say(parent, (uint32_t)-rc);
	(void)child_try_hear(parent, &word);
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(store);
	return 0;
}

static void race_for_project(struct race *race)
{
	struct child racers[RACERS];
	size_t winners = 0;

	for (race->racer = 0; race->racer < RACERS; race->racer++)
		racers[race->racer] = child_start(resume_alone, race);
	child_gate_open(&race->gate);
	for (size_t i = 0; i < RACERS; i++) {
		uint32_t word = child_hear(&racers[i]);

		ck_assert_msg(word == HF_OK || word == -HF_ERR_PROJECT_BUSY, "resuming gave %s",
			      hf_error_name(-(int)word));
		winners += word == HF_OK;
	}
	ck_assert_uint_eq(winners, 1);
	ck_assert_uint_eq(count(1u << HF_ACTIVE), 1);
	for (size_t i = 0; i < RACERS; i++) {
		child_say(&racers[i], 1);
		ck_assert_int_eq(child_end(&racers[i]), 0);
	}
}

START_TEST(of_processes_that_want_a_project_for_themselves_one_gets_it)
{
	static const struct hf_limit unlimited = { .operation = "resume" };
	struct race race;

	begin(&race);
	race.options.limits = &unlimited;
	race.options.limit_count = 1;
	scratch_mkdir(scene.scratch.fd, "project");
	(void)snprintf(race.project, sizeof race.project, "%s/project", scene.scratch.path);
	for (size_t i = 0; i < RACERS; i++) {
		struct hf_session_options options = { .project = race.project };

		scene_leave(scene_create(&scene, &options));
		memcpy(race.ids[i], scene.history.id, sizeof race.ids[i]);
	}
	for (int i = 0; i < ROUNDS; i++) {
		if (i > 0)
			race.gate = child_gate_make();
		race_for_project(&race);
	}
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_capacity");
	TCase *cases = runner_cases(suite, "capacity", 120);

	tcase_add_test(cases, processes_that_race_for_the_last_place_fill_the_store_and_no_more);
	tcase_add_test(cases, processes_that_make_room_for_themselves_lose_no_session);
	tcase_add_test(cases, of_processes_that_want_a_project_for_themselves_one_gets_it);
	return runner_run_in_memory(suite);
}
