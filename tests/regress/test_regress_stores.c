/* SPDX-License-Identifier: MIT */
/*
 * What users of other agents have lost sessions by, each under the issue that told of it:
 * several processes, locks, listings, and programs that tidy up unasked.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/child.h"
#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/scene.h"

enum {
	MESSAGES = 4,
	RUNS = 24,
	MANY = 60,
	ACCEPT_ALL = 1 << HF_GAP | 1 << HF_HEAD_MISSING,
};

#define ID_ONE "abcdef01-2222-4333-8444-000000000001"
#define ID_TWO "abcdef01-2222-4333-8444-000000000002"

static struct scene scene;

static void set_up(void)
{
	scene_open(&scene, NULL);
}

static void tear_down(void)
{
	scene_close(&scene);
}

/* Makes a session with messages of its own; the scene's history is the newest one's. */
static void make(const char *id, uint32_t first)
{
	scene_make(&scene, id, first, MESSAGES);
}

static void expect_whole(void)
{
	EXPECT(scene_look(&scene, SESSION_WHOLE).is_there, "the session is gone");
}

/* A child that opens the session, tells that it has, and stays. */
static int hold(void *context, struct child *parent)
{
	(void)context;
	scene.store = place_open(&scene.place);
	scene_append(&scene, scene_session(&scene), 30, 1);
	child_say(parent, 1);
	child_stay();
}

static struct child start_holder(void)
{
	struct child child = child_start(hold, NULL);

	ck_assert_uint_eq(child_hear(&child), 1);
	return child;
}

START_TEST(claude_code_20992_pi_8300_codex_33241_two_processes_resume_one_session)
{
	struct hf_session *session = NULL;
	struct hf_view *view = NULL;
	struct child child;

	set_up();
	make(ID_ONE, 0);
	child = start_holder();
	EXPECT_CODE(hf_session_open(scene.store, ID_ONE, NULL, NULL, &session), HF_ERR_BUSY, "opening");
	/* Reading goes on meanwhile. */
	EXPECT_CODE(hf_session_load(scene.store, ID_ONE, NULL, &view), HF_OK, "loading");
	ck_assert(hf_view_check(view)->active);
	ck_assert_uint_eq(hf_view_info(view)->messages, MESSAGES + 1);
	hf_view_close(view);
	child_kill(&child);
	tear_down();
}
END_TEST

START_TEST(codex_43374_a_stale_lock_blocks_resume)
{
	static const char living[] = "1 somewhere 2026-11-22T23:54:13.123456Z\n";
	struct hf_session *session = NULL;
	struct child child;

	set_up();
	make(ID_ONE, 0);
	child = start_holder();
	child_kill(&child);
	ck_assert(scratch_size(scene.scratch.fd, "store/sessions/" ID_ONE ".lock") > 0);
	EXPECT_CODE(hf_session_open(scene.store, ID_ONE, NULL, NULL, &session), HF_OK, "opening");
	scene_leave(session);
	/* What the lock file says is for people: not even a living process's number counts. */
	scratch_put(scene.scratch.fd, "store/sessions/" ID_ONE ".lock", living, sizeof living - 1);
	EXPECT_CODE(hf_session_open(scene.store, ID_ONE, NULL, NULL, &session), HF_OK, "opening");
	scene_leave(session);
	tear_down();
}
END_TEST

static int run_first(void *context, struct child *parent)
{
	(void)context;
	(void)parent;
	scene.store = place_open(&scene.place);
	make(NULL, 0);
	return 0;
}

START_TEST(codex_42447_first_runs_racing)
{
	struct child children[RUNS];
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	scene_prepare(&scene, NULL);
	for (size_t i = 0; i < RUNS; i++)
		children[i] = child_start(run_first, NULL);
	for (size_t i = 0; i < RUNS; i++)
		ck_assert_int_eq(child_end(&children[i]), 0);
	scene_reopen(&scene);
	EXPECT_CODE(hf_list_open(scene.store, NULL, NULL, &list), HF_OK, "listing");
	for (; hf_list_next(list, &entry) == HF_OK; count++)
		ck_assert_int_eq(scene_verify(&scene, entry.info.id).verdict, HF_INTACT);
	hf_list_close(list);
	ck_assert_uint_eq(count, RUNS);
	ck_assert_uint_eq(place_count(&scene.place, "keys", ""), 1);
	tear_down();
}
END_TEST

START_TEST(codex_21750_one_damaged_file_stops_everything)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t good = 0, bad = 0;

	set_up();
	make(ID_ONE, 0);
	make(ID_TWO, 10);
	scratch_put(scene.scratch.fd, "store/sessions/" ID_ONE ".head", "nonsense", 8);
	scratch_put(scene.scratch.fd, "store/sessions/catalog.db", "nonsense", 8);
	EXPECT_CODE(hf_list_open(scene.store, NULL, NULL, &list), HF_OK, "listing");
	while (hf_list_next(list, &entry) == HF_OK) {
		good += entry.error == HF_OK;
		bad += entry.error == HF_ERR_HEAD_MISSING;
	}
	hf_list_close(list);
	ck_assert_uint_eq(good, 1);
	ck_assert_uint_eq(bad, 1);
	expect_whole();
	tear_down();
}
END_TEST

/* The host died between the append and its own note of the acknowledgement, and sends the
 * same records again, as one must that wants each of them once at least. */
START_TEST(codex_38552_an_at_least_once_duplicate_is_refused_for_ever)
{
	struct hf_append other = { "message", "m-2", "\"something else\"", 16 };
	struct hf_session *session = NULL;
	struct hf_detail detail = { 0 };

	set_up();
	make(ID_ONE, 0);
	for (int again = 0; again < 3; again++) {
		EXPECT_CODE(hf_session_open(scene.store, ID_ONE, NULL, NULL, &session), HF_OK, "opening");
		/* history_append expects that exactly the known ones count as duplicates. */
		scene_append(&scene, session, 2, 3);
		EXPECT_CODE(hf_session_append(session, NULL, &other, 1, &detail, NULL),
			    HF_ERR_ID_REUSED, "another record with that id");
		ck_assert_int_eq(detail.input, 0);
		scene_append(&scene, session, 20 + (uint32_t)again, 1);
		scene_leave(session);
	}
	expect_whole();
	ck_assert_uint_eq(scene.history.kept.count, MESSAGES + 1 + 3);
	tear_down();
}
END_TEST

START_TEST(claude_code_59248_sessions_are_deleted_by_age)
{
	struct timespec old[2] = { { 86400 * 365, 0 }, { 86400 * 365, 0 } };
	static const char *const suffixes[] = { ".jsonl", ".head", ".lock" };
	struct hf_session *session = NULL;
	char path[420];

	set_up();
	make(ID_ONE, 0);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", scene.store_path,
			       place_name(ID_ONE, suffixes[i]).text);
		ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	}
	/* Whatever is done with the store, nothing goes. */
	scene_reopen(&scene);
	EXPECT_CODE(hf_session_create(scene.store, NULL, NULL, &session), HF_OK, "creating");
	scene_seal(session);
	expect_whole();
	tear_down();
}
END_TEST

START_TEST(gemini_cli_27368_what_cannot_be_parsed_is_deleted)
{
	static const char *const names[] = { "store/sessions/" ID_TWO ".jsonl",
					     "store/sessions/notes.txt",
					     "store/sessions/." ID_TWO ".0123456789abcdef.tmp" };
	struct hf_session *session = NULL;
	struct hf_view *view = NULL;
	size_t size;

	set_up();
	make(ID_ONE, 0);
	for (size_t i = 0; i < 3; i++)
		scratch_put(scene.scratch.fd, names[i], "{not json", 9);
	EXPECT_CODE(hf_session_open(scene.store, ID_TWO, NULL, NULL, &session), HF_ERR_TAMPERED,
		    "opening");
	EXPECT_CODE(hf_session_repair(scene.store, ID_TWO, ACCEPT_ALL, false, NULL, NULL),
		    HF_ERR_TAMPERED, "repairing");
	EXPECT_CODE(hf_session_load(scene.store, ID_TWO, NULL, &view), HF_OK, "loading");
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_TAMPERED);
	hf_view_close(view);
	expect_whole();
	for (size_t i = 0; i < 3; i++) {
		char *bytes = scratch_get(scene.scratch.fd, names[i], &size);

		ck_assert_uint_eq(size, 9);
		ck_assert_str_eq(bytes, "{not json");
		free(bytes);
	}
	tear_down();
}
END_TEST

START_TEST(gemini_cli_28643_ids_that_share_8_digits_delete_one_another)
{
	char id[HF_ID_SIZE];
	struct hf_detail detail = { 0 };

	set_up();
	make(ID_ONE, 0);
	make(ID_TWO, 10);
	EXPECT_CODE(hf_session_find(scene.store, "abcdef01", &detail, id), HF_ERR_AMBIGUOUS, "finding");
	EXPECT_CODE(hf_session_delete(scene.store, "abcdef01", &detail), HF_ERR_INVALID, "removing");
	EXPECT_CODE(hf_session_delete(scene.store, ID_ONE, &detail), HF_OK, "removing");
	expect_whole();
	EXPECT_CODE(hf_session_find(scene.store, "abcdef01", &detail, id), HF_OK, "finding");
	ck_assert_str_eq(id, ID_TWO);
	tear_down();
}
END_TEST

/* Each session costs a listing one small read, however long its history is. */
START_TEST(pi_3611_listing_reads_all_of_every_file)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct fault_plan nothing = { .kind = FAULT_NONE };
	struct hf_store *counted = NULL;
	struct hf_key_info key;
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	set_up();
	for (uint32_t i = 0; i < MANY; i++)
		make(NULL, i == 0 ? HISTORY_BIG : 0);
	EXPECT_CODE(place_try(&scene.place, fault_sys(fault), NULL, &counted), HF_OK, "opening");
	EXPECT_CODE(hf_key_prepare(counted, NULL, &key), HF_OK, "preparing the key");
	fault_sys_arm(fault, &nothing);
	EXPECT_CODE(hf_list_open(counted, NULL, NULL, &list), HF_OK, "listing");
	while (hf_list_next(list, &entry) == HF_OK) {
		ck_assert_uint_eq(entry.info.messages, MESSAGES);
		count++;
	}
	hf_list_close(list);
	ck_assert_uint_eq(count, MANY);
	ck_assert_uint_le(fault_sys_count(fault, FAULT_READ_AT), MANY);
	ck_assert_uint_eq(fault_sys_count(fault, FAULT_MAP), 0);
	hf_store_close(counted);
	fault_sys_free(fault);
	tear_down();
}
END_TEST

START_TEST(claude_code_81603_pi_6394_a_moved_project_cannot_be_resumed)
{
	char moved[300];
	struct session_rules rules = { .verdicts = SESSION_WHOLE };
	struct session_found found;

	set_up();
	make(ID_ONE, 0);
	hf_store_close(scene.store);
	(void)snprintf(moved, sizeof moved, "%s/elsewhere", scene.scratch.path);
	ck_assert_int_eq(rename(scene.store_path, moved), 0);
	scene.place.store = moved;
	scene.store = place_open(&scene.place);
	session_check(&scene.place, &scene.history, &rules, &found);
	EXPECT(found.is_there, "the session is gone");
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("regress_stores");
	TCase *cases = runner_cases(suite, "stores", 100);

	tcase_add_test(cases, claude_code_20992_pi_8300_codex_33241_two_processes_resume_one_session);
	tcase_add_test(cases, codex_43374_a_stale_lock_blocks_resume);
	tcase_add_test(cases, codex_42447_first_runs_racing);
	tcase_add_test(cases, codex_21750_one_damaged_file_stops_everything);
	tcase_add_test(cases, codex_38552_an_at_least_once_duplicate_is_refused_for_ever);
	tcase_add_test(cases, claude_code_59248_sessions_are_deleted_by_age);
	tcase_add_test(cases, gemini_cli_27368_what_cannot_be_parsed_is_deleted);
	tcase_add_test(cases, gemini_cli_28643_ids_that_share_8_digits_delete_one_another);
	tcase_add_test(cases, pi_3611_listing_reads_all_of_every_file);
	tcase_add_test(cases, claude_code_81603_pi_6394_a_moved_project_cannot_be_resumed);
	return runner_run(suite);
}
