/* SPDX-License-Identifier: MIT */
/* Processes: one handle at a time, appends that expect a state, and handles that were taken
 * over a fork. */
#include <stdio.h>
#include <string.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scene.h"

enum { RACES = 40, PATIENCE_MS = 5000, TOLD_CONFLICT = 7 };

static struct scene scene;

/* ---- One writer ------------------------------------------------------------------ */

START_TEST(a_process_cannot_open_a_session_twice_either)
{
	struct hf_store *other;
	struct hf_session *session, *second = NULL;

	scene_open(&scene, NULL);
	other = place_open(&scene.place);
	session = scene_create(&scene, NULL);
	EXPECT_CODE(scene_try(&scene, 0, &second), HF_ERR_BUSY, "opening again");
	EXPECT_CODE(hf_session_open(other, scene.history.id, NULL, NULL, &second), HF_ERR_BUSY,
		    "opening through another store");
	scene_leave(session);
	EXPECT_CODE(hf_session_open(other, scene.history.id, NULL, NULL, &second), HF_OK, "opening");
	scene_leave(second);
	hf_store_close(other);
	scene_close(&scene);
}
END_TEST

/* ---- An append that expects a state ---------------------------------------------- */

struct race {
	struct child_gate gate;
	uint64_t records; /* that were read */
};

/* Appends if the session has as many records as were read. */
static int append_expecting(void *context, struct child *parent)
{
	const struct race *race = context;
	struct hf_append_options options = { true, race->records };
	struct hf_append record = { "message", NULL, "{\"who\":\"me\"}", 12 };
	struct hf_session *session = NULL;
	int rc;

	(void)parent;
	scene.store = place_open(&scene.place);
	child_gate_wait(&race->gate);
	rc = scene_try(&scene, PATIENCE_MS, &session);
	if (rc == HF_OK)
		rc = hf_session_append(session, &options, &record, 1, NULL, NULL);
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	return rc == HF_OK ? 0 : rc == HF_ERR_CONFLICT ? TOLD_CONFLICT : 1;
}

START_TEST(of_two_appends_that_expect_one_state_exactly_one_is_made)
{
	struct hf_check check;

	scene_open(&scene, NULL);
	scene_make(&scene, NULL, 0, 0);
	for (uint64_t i = 0; i < RACES; i++) {
		struct race race = { child_gate_make(), i + 1 };
		struct child first = child_start(append_expecting, &race);
		struct child second = child_start(append_expecting, &race);
		int one, other;

		child_gate_open(&race.gate);
		one = child_end(&first);
		other = child_end(&second);
		ck_assert_msg((one == 0 && other == TOLD_CONFLICT) || (one == TOLD_CONFLICT && other == 0),
			      "race %d: %d and %d", (int)i, one, other);
	}
	check = scene_verify(&scene, scene.history.id);
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert_uint_eq(check.records, 1 + RACES);
	scene_close(&scene);
}
END_TEST

/* ---- Over a fork ----------------------------------------------------------------- */

/* In a child: the handle is good for nothing. 0, or which expectation was not met. */
static int use_in_child(struct hf_session *session)
{
	struct hf_append record = { "message", NULL, "1", 1 };
	struct hf_detail detail = { 0 };

	if (hf_session_append(session, NULL, &record, 1, &detail, NULL) != HF_ERR_FORKED)
		return 1;
	if (detail.code != HF_ERR_FORKED || detail.message[0] == '\0')
		return 2;
	if (hf_session_save(session, NULL, &record, 1, NULL) != HF_ERR_FORKED)
		return 3;
	if (hf_session_sync(session, NULL) != HF_ERR_FORKED)
		return 4;
	return 0;
}

struct inherited {
	struct hf_session *session;
	bool closes;
};

static int inherit(void *context, struct child *parent)
{
	const struct inherited *inherited = context;
	int wrong = use_in_child(inherited->session);

	(void)parent;
	if (!inherited->closes)
		return wrong;
	if (hf_session_close(inherited->session, HF_CLOSE_SEAL, NULL) != HF_ERR_FORKED)
		wrong = 5;
	hf_store_close(scene.store);
	return wrong;
}

static int try_as_another(void *context, struct child *parent)
{
	struct hf_session *session = NULL;

	(void)context;
	(void)parent;
	scene.store = place_open(&scene.place);
	return -scene_try(&scene, 0, &session);
}

START_TEST(a_child_of_fork_cannot_use_its_parents_session)
{
	struct inherited inherited = { .closes = _i == 1 };
	struct child child;

	scene_open(&scene, NULL);
	inherited.session = scene_create(&scene, NULL);
	scene_append(&scene, inherited.session, 1, 2);
	child = child_start(inherit, &inherited);
	ck_assert_int_eq(child_end(&child), 0);
	/* The parent has lost nothing by it, and nobody else got in. */
	child = child_start(try_as_another, NULL);
	ck_assert_int_eq(child_end(&child), -HF_ERR_BUSY);
	scene_append(&scene, inherited.session, 3, 2);
	scene_seal(inherited.session);
	ck_assert_uint_eq(scene_look(&scene, SESSION_WHOLE).seen.count, 4);
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_processes");
	TCase *cases = runner_cases(suite, "processes", 150);

	tcase_add_test(cases, a_process_cannot_open_a_session_twice_either);
	tcase_add_test(cases, of_two_appends_that_expect_one_state_exactly_one_is_made);
	tcase_add_loop_test(cases, a_child_of_fork_cannot_use_its_parents_session, 0, 2);
	return runner_run(suite);
}
