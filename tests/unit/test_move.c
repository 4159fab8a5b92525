/* SPDX-License-Identifier: MIT */
/* Moves and removals that end with their process, and what the next one makes of what they
 * have left: by the public calls over a simulated file system. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "lib/session_place.h"
#include "lib/sim_sys.h"

#define ID "0195d3a0-1111-4222-8333-444455556661"

static struct sim *sim;
static struct place place;

static void set_up(void)
{
	struct hf_session_options options = { .id = ID };
	struct hf_append record = { "message", NULL, "{\"s\":1}", 7 };
	struct hf_session *session = NULL;
	struct hf_store *store;

	sim = sim_new(3);
	place = (struct place){ .sys = sim_sys(sim), .store = "/store", .runtime = "", .padding = 1,
				.threads = 1 };
	store = place_open(&place);
	ck_assert_int_eq(hf_session_create(store, &options, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	hf_store_close(store);
}

static void tear_down(void)
{
	sim_free(sim);
}

typedef int (*operation)(struct hf_store *store, const char *id, struct hf_detail *detail);

/* Does it in a process that dies at the nth of these calls. */
static void die_in(operation what, enum fault_kind kind, enum fault_call call, uint64_t nth)
{
	struct fault_sys *fault = fault_sys_new(sim_sys(sim));
	struct fault_plan plan = { kind, call, nth, 0 };
	struct hf_store *store = NULL;

	ck_assert_int_eq(place_try(&place, fault_sys(fault), NULL, &store), HF_OK);
	fault_sys_arm(fault, &plan);
	ck_assert_int_ne(what(store, ID, NULL), HF_OK);
	ck_assert(fault_sys_fired(fault));
	hf_store_close(store);
	fault_sys_free(fault);
}

static int once(operation what)
{
	struct hf_store *store = place_open(&place);
	int rc = what(store, ID, NULL);

	hf_store_close(store);
	return rc;
}

static bool exists(const struct sys *sys, const char *dir)
{
	char path[100];
	struct stat found;

	(void)snprintf(path, sizeof path, "/store/%s/" ID ".jsonl", dir);
	return sys->stat_at(sys->context, AT_FDCWD, path, &found) == 0;
}

static enum hf_verdict wanted = HF_INTACT;

static int verify(struct hf_store *store, const char *id, struct hf_detail *detail)
{
	struct hf_check check;
	int rc = hf_session_verify(store, id, NULL, NULL, detail, &check);

	if (rc == HF_OK)
		ck_assert_int_eq(check.verdict, wanted);
	return rc;
}

static int try_open(struct hf_store *store, const char *id, struct hf_detail *detail)
{
	struct hf_session *session = NULL;
	int rc = hf_session_open(store, id, NULL, detail, &session);

	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	return rc;
}

static int try_create(struct hf_store *store, const char *id, struct hf_detail *detail)
{
	struct hf_session_options options = { .id = id };
	struct hf_session *session = NULL;
	int rc = hf_session_create(store, &options, detail, &session);

	(void)hf_session_close(session, HF_CLOSE_LEAVE, NULL);
	return rc;
}

static int who(struct hf_store *store, const char *id, struct hf_detail *detail)
{
	struct hf_holder holder;

	return hf_session_who(store, id, detail, &holder);
}

/* The log is renamed, after the head if there is one, and no directory is synced any more.
 * What is then answered with success must be true after a power cut. */
START_TEST(what_a_dead_process_moved_is_durable_once_it_is_said_to_be_done)
{
	operation what = _i % 2 == 0 ? hf_session_trash : hf_session_restore;
	bool is_headless = _i >= 2;
	struct sim *after;

	if (is_headless) {
		place_remove(&place, "sessions/" ID ".head");
		wanted = HF_HEAD_MISSING;
	}
	if (what == hf_session_restore)
		ck_assert_int_eq(once(hf_session_trash), HF_OK);
	die_in(what, FAULT_DIE_AFTER, FAULT_RENAME_AT, is_headless ? 1 : 2);
	ck_assert_int_eq(once(what), HF_OK);
	after = sim_power_cut(sim, 0);
	ck_assert_int_eq(exists(sim_sys(after), "trash"), what == hf_session_trash);
	ck_assert_int_eq(exists(sim_sys(after), "sessions"), what == hf_session_restore);
	place.sys = sim_sys(after);
	ck_assert_int_eq(once(verify), HF_OK);
	sim_free(after);
}
END_TEST

static const operation removals[] = { hf_session_delete, hf_session_purge };

/* The head says that the session is gone, and its files are there still. */
static void leave_half_removed(int number)
{
	if (removals[number] == hf_session_purge)
		ck_assert_int_eq(once(hf_session_trash), HF_OK);
	die_in(removals[number], FAULT_DIE_BEFORE, FAULT_UNLINK_AT, 1);
	ck_assert(exists(sim_sys(sim), number == 0 ? "sessions" : "trash"));
}

START_TEST(what_is_removed_but_for_its_files_is_not_there)
{
	leave_half_removed(_i);
	ck_assert_int_eq(once(verify), HF_ERR_NOTFOUND);
	ck_assert_int_eq(once(try_open), HF_ERR_NOTFOUND);
	ck_assert_int_eq(once(who), HF_ERR_NOTFOUND);
	ck_assert_int_eq(once(hf_session_trash), HF_ERR_NOTFOUND);
	ck_assert_int_eq(once(hf_session_restore), HF_ERR_NOTFOUND);
	ck_assert(exists(sim_sys(sim), _i == 0 ? "sessions" : "trash"));
}
END_TEST

START_TEST(a_removal_that_was_cut_short_is_finished_by_the_next)
{
	leave_half_removed(_i);
	ck_assert_int_eq(once(removals[_i]), HF_OK);
	ck_assert(!exists(sim_sys(sim), "sessions") && !exists(sim_sys(sim), "trash"));
	ck_assert_int_eq(once(removals[_i]), HF_ERR_NOTFOUND);
}
END_TEST

START_TEST(an_id_whose_removal_was_cut_short_can_be_used_again)
{
	leave_half_removed(_i);
	ck_assert_int_eq(once(try_create), HF_OK);
	ck_assert(exists(sim_sys(sim), "sessions") && !exists(sim_sys(sim), "trash"));
	ck_assert_int_eq(once(verify), HF_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("move");
	TCase *cases = runner_cases(suite, "cut short", 60);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_loop_test(cases, what_a_dead_process_moved_is_durable_once_it_is_said_to_be_done, 0,
			    4);
	tcase_add_loop_test(cases, what_is_removed_but_for_its_files_is_not_there, 0, 2);
	tcase_add_loop_test(cases, a_removal_that_was_cut_short_is_finished_by_the_next, 0, 2);
	tcase_add_loop_test(cases, an_id_whose_removal_was_cut_short_can_be_used_again, 0, 2);
	return runner_run(suite);
}
