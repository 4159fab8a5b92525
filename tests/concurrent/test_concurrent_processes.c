/* SPDX-License-Identifier: MIT */
/* Processes: one writer at a time, locks that die with their holder, first runs that race,
 * appends that expect a state, and handles that were taken over a fork. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/scratch.h"
#include "lib/session_check.h"
#include "lib/session_expect.h"

enum { FIRST_RUNS = 200, RACES = 40 };

static struct scratch scratch;
static char store_path[300], runtime_path[300];
static struct place place;
static struct history history;

static void set_up(void)
{
	scratch = scratch_open();
	(void)snprintf(store_path, sizeof store_path, "%s/store", scratch.path);
	(void)snprintf(runtime_path, sizeof runtime_path, "%s/run", scratch.path);
	scratch_mkdir(scratch.fd, "run");
	place = (struct place){ .sys = sys_posix(), .store = store_path, .runtime = runtime_path };
	memset(&history, 0, sizeof history);
}

static void tear_down(void)
{
	scratch_close(&scratch);
}

static struct hf_session *create(struct hf_store *store)
{
	struct hf_session *session = NULL;

	EXPECT_CODE(hf_session_create(store, NULL, NULL, &session), HF_OK, "creating");
	memcpy(history.id, hf_session_id(session), sizeof history.id);
	history.exists = HISTORY_THERE;
	return session;
}

/* Children that start at the same moment: each waits for the gate to be closed. */
static int gate[2];

static void make_gate(void)
{
	ck_assert_int_eq(pipe2(gate, O_CLOEXEC), 0);
}

static void wait_at_gate(void)
{
	char byte;

	(void)close(gate[1]);
	(void)!read(gate[0], &byte, 1);
}

static void open_gate(void)
{
	(void)close(gate[0]);
	(void)close(gate[1]);
}

static pid_t start(void)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	return pid;
}

/* The exit status of a child, or 1000 and its signal. */
static int status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int try_open(struct hf_store *store, uint32_t timeout_ms, struct hf_session **ret_session)
{
	struct hf_open_options options = { .timeout_ms = timeout_ms };

	return hf_session_open(store, history.id, &options, NULL, ret_session);
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- One writer ------------------------------------------------------------------ */

/* Holds the session and says so, until it is killed. */
__attribute__((noreturn))
static void hold(int fd)
{
	struct hf_store *store = place_open(&place);
	struct hf_session *session = NULL;

	if (try_open(store, 0, &session) != HF_OK || write(fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		(void)pause();
}

START_TEST(a_second_writer_is_told_that_the_session_is_busy_until_the_first_is_dead)
{
	struct hf_store *store;
	struct hf_session *session;
	int64_t begun;
	int told[2];
	char byte;
	pid_t pid;

	set_up();
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
	pid = start();
	if (pid == 0)
		hold(told[1]);
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	EXPECT_CODE(try_open(store, 0, &session), HF_ERR_BUSY, "opening");
	begun = now_ms();
	EXPECT_CODE(try_open(store, 60, &session), HF_ERR_BUSY, "opening with patience");
	ck_assert_int_ge(now_ms() - begun, 55);
	EXPECT_CODE(hf_session_delete(store, history.id, NULL), HF_ERR_BUSY, "removing");
	EXPECT_CODE(hf_session_repair(store, history.id, 0, false, NULL, NULL), HF_ERR_BUSY,
		    "repairing");
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(status_of(pid), 1000 + SIGKILL);
	EXPECT_CODE(try_open(store, 0, &session), HF_OK, "opening what a dead process held");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	hf_store_close(store);
	(void)close(told[0]);
	(void)close(told[1]);
	tear_down();
}
END_TEST

START_TEST(a_process_cannot_open_a_session_twice_either)
{
	struct hf_store *store, *other;
	struct hf_session *session, *second = NULL;

	set_up();
	store = place_open(&place);
	other = place_open(&place);
	session = create(store);
	EXPECT_CODE(try_open(store, 0, &second), HF_ERR_BUSY, "opening again");
	EXPECT_CODE(try_open(other, 0, &second), HF_ERR_BUSY, "opening through another store");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	EXPECT_CODE(try_open(other, 0, &second), HF_OK, "opening");
	EXPECT_CODE(hf_session_close(second, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	hf_store_close(other);
	hf_store_close(store);
	tear_down();
}
END_TEST

/* ---- First runs ------------------------------------------------------------------ */

__attribute__((noreturn))
static void first_run(uint32_t number)
{
	struct hf_detail detail = { 0 };
	struct hf_store *store = NULL;
	struct hf_session *session = NULL;
	int rc;

	wait_at_gate();
	rc = place_try(&place, NULL, &detail, &store);
	if (rc == HF_OK)
		rc = hf_session_create(store, NULL, &detail, &session);
	if (rc == HF_OK)
		rc = history_append(&history, session, number, 1, true, &detail);
	if (rc == HF_OK)
		rc = hf_session_close(session, HF_CLOSE_SEAL, &detail);
	if (rc != HF_OK)
		(void)fprintf(stderr, "%s: %s\n", hf_error_name(rc), detail.message);
	hf_store_close(store);
	_exit(rc == HF_OK ? 0 : 1);
}

/* All sessions verify, with one key. */
static size_t count_sessions(struct hf_store *store)
{
	char key_id[HF_KEY_ID_SIZE] = "";
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	EXPECT_CODE(hf_list_open(store, NULL, NULL, &list), HF_OK, "listing");
	while (hf_list_next(list, &entry) == HF_OK) {
		struct hf_check check;

		if (count++ == 0)
			memcpy(key_id, entry.info.key_id, sizeof key_id);
		ck_assert_str_eq(entry.info.key_id, key_id);
		ck_assert(entry.info.closed);
		EXPECT_CODE(hf_session_verify(store, entry.info.id, NULL, NULL, NULL, &check), HF_OK,
			    "verifying");
		ck_assert_int_eq(check.verdict, HF_INTACT);
	}
	hf_list_close(list);
	return count;
}

START_TEST(first_runs_that_race_make_one_store_and_one_secret)
{
	pid_t pids[FIRST_RUNS];
	struct hf_store *store;

	set_up();
	make_gate();
	for (uint32_t i = 0; i < FIRST_RUNS; i++) {
		pids[i] = start();
		if (pids[i] == 0)
			first_run(i);
	}
	open_gate();
	for (size_t i = 0; i < FIRST_RUNS; i++)
		ck_assert_int_eq(status_of(pids[i]), 0);
	store = place_open(&place);
	ck_assert_uint_eq(count_sessions(store), FIRST_RUNS);
	hf_store_close(store);
	/* One secret and nothing beside it: none was set aside, none is left over. */
	ck_assert_uint_eq(place_count(&place, "keys", ""), 1);
	ck_assert_uint_eq(place_count(&place, "sessions", ".tmp"), 0);
	tear_down();
}
END_TEST

/* ---- An append that expects a state ---------------------------------------------- */

/* Appends if the session has as many records as were read: 0 done, 7 conflict. */
__attribute__((noreturn))
static void append_expecting(uint64_t records, const char *who)
{
	struct hf_append_options options = { true, records };
	char json[32];
	struct hf_append record = { "message", NULL, json, 0 };
	struct hf_store *store;
	struct hf_session *session = NULL;
	int rc;

	record.json_size = (size_t)snprintf(json, sizeof json, "{\"who\":\"%s\"}", who);
	wait_at_gate();
	store = place_open(&place);
	rc = try_open(store, 5000, &session);
	if (rc == HF_OK)
		rc = hf_session_append(session, &options, &record, 1, NULL, NULL);
	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(store);
	_exit(rc == HF_OK ? 0 : rc == HF_ERR_CONFLICT ? 7 : 1);
}

START_TEST(of_two_appends_that_expect_one_state_exactly_one_is_made)
{
	struct hf_store *store;
	struct hf_session *session;
	struct hf_check check;

	set_up();
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	for (uint64_t race = 0; race < RACES; race++) {
		pid_t first, second;
		int one, other;

		make_gate();
		first = start();
		if (first == 0)
			append_expecting(race + 1, "first");
		second = start();
		if (second == 0)
			append_expecting(race + 1, "second");
		open_gate();
		one = status_of(first);
		other = status_of(second);
		ck_assert_msg((one == 0 && other == 7) || (one == 7 && other == 0),
			      "race %d: %d and %d", (int)race, one, other);
	}
	EXPECT_CODE(hf_session_verify(store, history.id, NULL, NULL, NULL, &check), HF_OK, "verifying");
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert_uint_eq(check.records, 1 + RACES);
	hf_store_close(store);
	tear_down();
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

START_TEST(a_child_of_fork_cannot_use_its_parents_session)
{
	struct session_rules rules = { .verdicts = SESSION_WHOLE };
	struct session_found found;
	struct hf_session *session, *second = NULL;
	struct hf_store *store;
	bool closes = _i == 1;
	pid_t pid;

	set_up();
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(history_append(&history, session, 1, 2, true, NULL), HF_OK, "appending");
	pid = start();
	if (pid == 0) {
		int rc = use_in_child(session);

		if (closes && hf_session_close(session, HF_CLOSE_SEAL, NULL) != HF_ERR_FORKED)
			rc = 5;
		if (closes)
			hf_store_close(store);
		_exit(rc);
	}
	ck_assert_int_eq(status_of(pid), 0);
	/* The parent has lost nothing by it, and nobody else got in. */
	pid = start();
	if (pid == 0) {
		store = place_open(&place);
		_exit(try_open(store, 0, &second) == HF_ERR_BUSY ? 0 : 1);
	}
	ck_assert_int_eq(status_of(pid), 0);
	EXPECT_CODE(history_append(&history, session, 3, 2, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	hf_store_close(store);
	session_look(&place, &history, &rules, &found);
	ck_assert_uint_eq(found.seen.count, 4);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_processes");
	TCase *cases = tcase_create("processes");
	SRunner *runner;
	int failed;

	scratch_begin();
	tcase_set_timeout(cases, 150);
	tcase_add_test(cases, a_second_writer_is_told_that_the_session_is_busy_until_the_first_is_dead);
	tcase_add_test(cases, a_process_cannot_open_a_session_twice_either);
	tcase_add_test(cases, first_runs_that_race_make_one_store_and_one_secret);
	tcase_add_test(cases, of_two_appends_that_expect_one_state_exactly_one_is_made);
	tcase_add_loop_test(cases, a_child_of_fork_cannot_use_its_parents_session, 0, 2);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
