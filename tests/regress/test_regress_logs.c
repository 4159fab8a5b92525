/* SPDX-License-Identifier: MIT */
/*
 * What users of other agents have lost sessions by, each under the issue that told of it:
 * damaged logs. Here it costs nobody anything that was acknowledged, or is told aloud.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scene.h"
#include "lib/wait.h"

enum { MESSAGES = 6, ACCEPT_ALL = 1 << HF_GAP | 1 << HF_HEAD_MISSING };

static struct scene scene;

static void set_up(void)
{
	struct hf_session *session;

	scene_open(&scene, NULL);
	session = scene_create(&scene, NULL);
	for (uint32_t i = 0; i < MESSAGES; i++)
		scene_append(&scene, session, i, 1);
	scene_leave(session);
}

static void tear_down(void)
{
	scene_close(&scene);
}

static struct place_bytes get_log(void)
{
	return place_get(&scene.place, place_name(scene.history.id, ".jsonl").text, false);
}

/* Writes into the log behind the library's back. */
static void put_log(uint64_t offset, const void *bytes, size_t size, bool cut)
{
	place_put(&scene.place, place_name(scene.history.id, ".jsonl").text, offset, bytes, size, cut);
}

static struct hf_check verify(void)
{
	return scene_verify(&scene, scene.history.id);
}

/* Where the line of a record begins in a log. */
static size_t line_start(const struct place_bytes *log, size_t number)
{
	const char *at = log->data;

	for (size_t i = 0; i < number; i++)
		at = strchr(at, '\n') + 1;
	return (size_t)(at - log->data);
}

/* The session is mended and goes on, with all that was acknowledged. */
static void expect_mended(enum hf_verdict before)
{
	struct session_rules rules = { .verdicts = 1u << before };
	struct session_found found;

	session_check(&scene.place, &scene.history, &rules, &found);
}

/* Opens the session in a process that ends without closing it. */
static int open_and_die(void *context, struct child *parent)
{
	(void)context;
	(void)parent;
	(void)scene_session(&scene);
	return 0;
}

START_TEST(claude_code_49876_nul_bytes_at_the_end_after_a_power_cut)
{
	struct place_bytes log;
	struct child child;
	char nuls[5000] = { 0 };

	set_up();
	log = get_log();
	put_log(log.size, nuls, sizeof nuls, true);
	place_free(&log);
	ck_assert_int_eq(verify().verdict, HF_TORN);
	child = child_start(open_and_die, NULL);
	ck_assert_int_eq(child_end(&child), 0);
	/* It was mended as it was opened, and not only as it is closed. */
	expect_mended(HF_INTACT);
	ck_assert_uint_eq(place_count(&scene.place, "quarantine", ""), 1);
	tear_down();
}
END_TEST

START_TEST(claude_code_76059_nul_bytes_in_the_middle_after_a_power_cut)
{
	struct place_bytes log, head;
	struct history_run before;
	struct session_rules rules = { .verdicts = 1 << HF_GAP, .accept = HF_ACCEPT(HF_GAP) };
	struct session_found found;
	struct hf_session *session;
	char nuls[64] = { 0 };

	set_up();
	head = place_get(&scene.place, place_name(scene.history.id, ".head").text, false);
	log = get_log();
	before = scene.history.kept;
	session = scene_session(&scene);
	scene_append(&scene, session, 50, 3);
	scene_leave(session);
	/* As if the acknowledgement had never been: the head is the old one. */
	place_put(&scene.place, place_name(scene.history.id, ".head").text, 0, head.data, head.size,
		  true);
	put_log(log.size + 20, nuls, sizeof nuls, false);
	scene.history.kept = before;
	/* What stands behind the hole is not believed, and not thrown away without a word. */
	EXPECT_CODE(scene_try(&scene, 0, &session), HF_ERR_GAP, "opening");
	session_check(&scene.place, &scene.history, &rules, &found);
	ck_assert_uint_eq(place_count(&scene.place, "quarantine", ""), 1);
	place_free(&head);
	place_free(&log);
	tear_down();
}
END_TEST

START_TEST(claude_code_52387_codex_24425_a_torn_line_and_the_next_glued_to_it)
{
	struct hf_session *session;
	struct place_bytes log;
	struct place_bytes after;

	set_up();
	log = get_log();
	put_log(log.size, "{\"n\":7,\"at\":\"2026", 17, true);
	session = scene_session(&scene);
	scene_append(&scene, session, 60, 1);
	scene_leave(session);
	after = get_log();
	/* A line of its own, directly behind the last good one. */
	ck_assert_mem_eq(after.data, log.data, log.size);
	ck_assert(strncmp(after.data + log.size, "{\"n\":7,", 7) == 0);
	ck_assert_ptr_null(strstr(after.data, "2026{"));
	expect_mended(HF_INTACT);
	place_free(&after);
	place_free(&log);
	tear_down();
}
END_TEST

START_TEST(claude_code_50347_reading_stops_at_the_first_bad_line_and_days_are_lost)
{
	struct place_bytes log, after;
	struct hf_session *session;
	struct hf_view *view = NULL;
	struct hf_check check;
	struct history_run seen;

	set_up();
	log = get_log();
	put_log(line_start(&log, 4) + 30, "#", 1, false);
	place_free(&log);
	log = get_log();
	/* It is told which line and where; what stands before it can be read. */
	check = verify();
	ck_assert_int_eq(check.verdict, HF_TAMPERED);
	ck_assert_int_eq(check.bad_record, 4);
	ck_assert_int_eq(check.bad_offset, (int64_t)line_start(&log, 4));
	ck_assert_uint_eq(check.acknowledged, MESSAGES + 1);
	EXPECT_CODE(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK, "loading");
	history_read(view, &seen);
	ck_assert_uint_eq(seen.count, 3);
	hf_view_close(view);
	EXPECT_CODE(hf_session_repair(scene.store, scene.history.id, ACCEPT_ALL, false, NULL, NULL),
		    HF_ERR_TAMPERED, "repairing");
	/* Opening for writing reads the end alone; what is appended hides nothing of it, and not
	 * a byte of what was there is changed. */
	session = scene_session(&scene);
	EXPECT_CODE(history_append(&scene.history, session, 60, 1, false, NULL), HF_OK, "appending");
	scene_leave(session);
	check = verify();
	ck_assert_int_eq(check.verdict, HF_TAMPERED);
	ck_assert_int_eq(check.bad_record, 4);
	after = get_log();
	ck_assert_uint_gt(after.size, log.size);
	ck_assert_mem_eq(after.data, log.data, log.size);
	place_free(&after);
	place_free(&log);
	tear_down();
}
END_TEST

START_TEST(claude_code_53821_resuming_gives_a_blank_session)
{
	struct hf_session *session = NULL;
	struct hf_check check;

	set_up();
	put_log(0, "", 0, true);
	check = verify();
	ck_assert_int_eq(check.verdict, HF_TRUNCATED);
	ck_assert_int_eq(check.bad_record, 0);
	EXPECT_CODE(scene_try(&scene, 0, &session), HF_ERR_TRUNCATED, "opening what was emptied");
	place_remove(&scene.place, place_name(scene.history.id, ".jsonl").text);
	EXPECT_CODE(scene_try(&scene, 0, &session), HF_ERR_TRUNCATED, "opening what was removed");
	tear_down();
}
END_TEST

START_TEST(claude_code_16720_a_full_disk_loses_history_silently)
{
	struct rlimit files = { 48 << 10, RLIM_INFINITY };
	struct hf_session *session;
	struct hf_detail detail = { 0 };
	uint32_t serial = 100;
	int rc;

	set_up();
	session = scene_session(&scene);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	rc = history_append(&scene.history, session, HISTORY_BIG, 1, true, &detail);
	EXPECT_CODE(rc, HF_ERR_NOSPACE, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_ERR_POISONED, "closing");
	session = scene_session(&scene);
	while ((rc = history_append(&scene.history, session, serial, 1, true, &detail)) == HF_OK &&
	       serial < 170)
		serial++;
	files.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	ck_assert_uint_gt(serial, 110);
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	expect_mended(HF_INTACT);
	tear_down();
}
END_TEST

START_TEST(claude_code_24457_one_line_of_12_mb_takes_20_minutes)
{
	struct hf_append record = { "message", "large", NULL, 12 << 20 };
	struct hf_record found = { 0 };
	struct hf_session *session;
	struct hf_view *view = NULL;
	double begun = wait_now();
	char *text;

	set_up();
	text = history_text(1, 12 << 20);
	record.json = text;
	session = scene_session(&scene);
	EXPECT_CODE(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK, "appending");
	scene_seal(session);
	EXPECT_CODE(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK, "loading");
	ck_assert(hf_view_last(view, 1, &found));
	ck_assert_uint_eq(found.data.size, 12 << 20);
	ck_assert_mem_eq(found.data.data, text, 12 << 20);
	ck_assert(wait_now() - begun < 20);
	hf_view_close(view);
	free(text);
	tear_down();
}
END_TEST

START_TEST(copilot_cli_2490_raw_u2028_breaks_readers_of_lines)
{
	static const char json[] = "{\"t\":\"a\xe2\x80\xa8"
				   "b\xe2\x80\xa9"
				   "c\"}";
	struct hf_append record = { "message", NULL, json, sizeof json - 1 };
	struct hf_record found = { 0 };
	struct hf_session *session;
	struct hf_view *view = NULL;
	struct hf_slice text;
	struct place_bytes log;
	char decoded[32];

	set_up();
	session = scene_session(&scene);
	EXPECT_CODE(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK, "appending");
	scene_leave(session);
	log = get_log();
	ck_assert_ptr_null(strstr(log.data, "\xe2\x80"));
	ck_assert_ptr_nonnull(strstr(log.data, "\"a\\u2028b\\u2029c\""));
	place_free(&log);
	EXPECT_CODE(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK, "loading");
	ck_assert(hf_view_last(view, 1, &found));
	ck_assert(hf_json_member(found.data, "t", &text));
	ck_assert_int_eq(hf_json_text(text, decoded, sizeof decoded), 9);
	ck_assert_str_eq(decoded, "a\xe2\x80\xa8"
				  "b\xe2\x80\xa9"
				  "c");
	hf_view_close(view);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("regress_logs");
	TCase *cases = runner_cases(suite, "logs", 100);

	tcase_add_test(cases, claude_code_49876_nul_bytes_at_the_end_after_a_power_cut);
	tcase_add_test(cases, claude_code_76059_nul_bytes_in_the_middle_after_a_power_cut);
	tcase_add_test(cases, claude_code_52387_codex_24425_a_torn_line_and_the_next_glued_to_it);
	tcase_add_test(cases, claude_code_50347_reading_stops_at_the_first_bad_line_and_days_are_lost);
	tcase_add_test(cases, claude_code_53821_resuming_gives_a_blank_session);
	tcase_add_test(cases, claude_code_16720_a_full_disk_loses_history_silently);
	tcase_add_test(cases, claude_code_24457_one_line_of_12_mb_takes_20_minutes);
	tcase_add_test(cases, copilot_cli_2490_raw_u2028_breaks_readers_of_lines);
	return runner_run(suite);
}
