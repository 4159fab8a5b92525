/* SPDX-License-Identifier: MIT */
/*
 * Goal: a clean-up removes the sessions that it was asked to remove, no other, and tells of
 * each. Method: a clock of the test's own; sessions of several ages and states; and changes
 * by others between the listing and the removal, made when the store asks who holds what.
 */
#include <errno.h>

#include "lib/runner.h"
#include "list_fixture.h"

/* What was told of each session. */
struct told {
	size_t count;
	struct {
		char id[HF_ID_SIZE];
		enum hf_cleanup_outcome outcome;
		char reason[16];
		int error;
		uint64_t bytes;
	} items[ENTRIES_MAX];
};

static struct told told;
static struct hf_cleanup totals;

static void note(void *context, const struct hf_cleanup_item *item)
{
	ck_assert_ptr_eq(context, &told);
	memcpy(told.items[told.count].id, item->entry->info.id, HF_ID_SIZE);
	told.items[told.count].outcome = item->outcome;
	(void)snprintf(told.items[told.count].reason, 16, "%s", item->reason);
	told.items[told.count].error = item->error;
	told.items[told.count].bytes = item->entry->info.bytes;
	told.count++;
}

static int clean(struct fixture *f, struct hf_cleanup_options options)
{
	memset(&told, 0, sizeof told);
	memset(&totals, 0xff, sizeof totals);
	return hf_store_cleanup(f->store, &options, note, &told, &f->detail, &totals);
}

/* Expects what was told of a session: "removed", "failed", "" (nothing), or the reason. */
static void expect_told(const char *id, const char *what)
{
	const char *found = "";

	for (size_t i = 0; i < told.count; i++) {
		if (strcmp(told.items[i].id, id) != 0)
			continue;
		ck_assert_str_eq(found, "");
		found = told.items[i].outcome == HF_CLEANUP_REMOVED ? "removed" :
			told.items[i].outcome == HF_CLEANUP_FAILED  ? "failed" :
								      told.items[i].reason;
		ck_assert((told.items[i].outcome == HF_CLEANUP_KEPT) ==
			  (told.items[i].reason[0] != '\0'));
	}
	ck_assert_msg(strcmp(found, what) == 0, "%s: %s", id, found);
}

static void expect_totals(uint64_t removed, uint64_t kept, uint64_t failed)
{
	ck_assert_uint_eq(totals.removed, removed);
	ck_assert_uint_eq(totals.kept, kept);
	ck_assert_uint_eq(totals.failed, failed);
	ck_assert_uint_eq(told.count, removed + kept + failed);
}

static bool is_trashed(struct fixture *f, const char *id)
{
	static struct noted noted[ENTRIES_MAX];
	size_t count = list(f->store, (struct hf_list_options){ .states = 1u << HF_TRASHED }, noted);

	return find_noted(noted, count, id) != NULL;
}

/* Five sessions with last records 1 to 5 days after the start; the clock then stands at 10
 * days, and the first two are older than this. */
#define OLD_US (7 * DAY_US + DAY_US / 2)

static void make_five(struct fixture *f)
{
	static const char *const ids[] = { ID_1, ID_2, ID_3, ID_4, ID_5 };

	tamed_open(f);
	for (int i = 0; i < 5; i++)
		make(f, (struct plan){ .id = ids[i], .at_us = START_US + (i + 1) * DAY_US,
				       .messages = (unsigned)i,
				       .how = i % 2 == 0 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE });
	tamed.now_us = START_US + 10 * DAY_US;
}

START_TEST(old_sessions_go_to_the_trash_and_recent_ones_stay)
{
	struct fixture f;
	uint64_t bytes;

	make_five(&f);
	bytes = (uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_1, ".jsonl")) +
		(uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_2, ".jsonl"));
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = OLD_US }),
			 HF_OK);
	expect_totals(2, 3, 0);
	ck_assert_uint_eq(totals.removed_bytes, bytes);
	expect_told(ID_1, "removed");
	expect_told(ID_2, "removed");
	expect_told(ID_3, "recent");
	expect_told(ID_4, "recent");
	expect_told(ID_5, "recent");
	/* The oldest first. */
	ck_assert_str_eq(told.items[0].id, ID_1);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "543");
	ck_assert(is_trashed(&f, ID_1) && is_trashed(&f, ID_2));
	ck_assert_int_eq(hf_session_restore(f.store, ID_1, NULL), HF_OK);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	/* Once more there is nothing to do, but for what was restored. */
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = OLD_US +
									       2 * DAY_US }),
			 HF_OK);
	expect_totals(0, 4, 0);
	fixture_close(&f);
}
END_TEST

/* The age is that of the last record, to the microsecond. */
START_TEST(a_session_goes_at_just_the_age_that_was_named)
{
	static struct noted noted[ENTRIES_MAX];
	struct hf_cleanup_options options = { .dry_run = true };
	struct fixture f;
	int64_t last;

	make_five(&f);
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 5);
	last = find_noted(noted, 5, ID_1)->entry.info.updated_us;
	options.older_than_us = tamed.now_us - last;
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_told(ID_1, "removed");
	expect_totals(1, 4, 0);
	options.older_than_us = tamed.now_us - last + 1;
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(0, 5, 0);
	options.older_than_us = INT64_MAX;
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(0, 5, 0);
	options.older_than_us = 0;
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(5, 0, 0);
	fixture_close(&f);
}
END_TEST

/* The times of files say when somebody copied them. */
START_TEST(times_of_files_do_not_count)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct fixture f;

	make_five(&f);
	ck_assert_int_eq(utimensat(f.scratch.fd, FILE_OF(ID_5, ".jsonl"), old, 0), 0);
	ck_assert_int_eq(utimensat(f.scratch.fd, FILE_OF(ID_5, ".head"), old, 0), 0);
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = OLD_US }), HF_OK);
	expect_told(ID_5, "recent");
	expect_told(ID_1, "removed");
	fixture_close(&f);
}
END_TEST

START_TEST(active_pinned_and_unreadable_sessions_are_kept_and_told_of)
{
	static const struct hf_cleanup_options all[] = { { .older_than_us = 0 }, { .purge = true } };
	struct fixture f;

	for (unsigned i = 0; i < 2; i++) {
		make_five(&f);
		reopen(&f, ID_2);
		ck_assert_int_eq(hf_session_pin(f.session, true, NULL), HF_OK);
		leave(&f, HF_CLOSE_LEAVE);
		scratch_remove(f.scratch.fd, FILE_OF(ID_3, ".head"));
		scratch_remove(f.scratch.fd, FILE_OF(ID_4, ".jsonl"));
		reopen(&f, ID_1);
		ck_assert_int_eq(clean(&f, all[i]), HF_OK);
		expect_totals(1, 4, 0);
		expect_told(ID_1, "active");
		expect_told(ID_2, "pinned");
		expect_told(ID_3, "unreadable");
		expect_told(ID_4, "unreadable");
		expect_told(ID_5, "removed");
		for (size_t item = 0; item < told.count; item++) {
			const char *id = told.items[item].id;

			ck_assert_int_eq(told.items[item].error,
					 strcmp(id, ID_3) == 0 ? HF_ERR_HEAD_MISSING :
					 strcmp(id, ID_4) == 0 ? HF_ERR_TRUNCATED : HF_OK);
		}
		ck_assert_int_eq(is_trashed(&f, ID_5), i == 0);
		ck_assert(scratch_exists(f.scratch.fd, FILE_OF(ID_3, ".jsonl")));
		append_many(&f, 1);
		fixture_close(&f);
	}
}
END_TEST

START_TEST(a_session_whose_key_is_missing_is_kept)
{
	struct fixture f;

	make_five(&f);
	scratch_remove(f.scratch.fd, "store/keys/machine_secret");
	tamed_reopen(&f, NULL);
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = 0 }), HF_OK);
	expect_totals(0, 5, 0);
	expect_told(ID_1, "unreadable");
	ck_assert_int_eq(told.items[0].error, HF_ERR_KEY_MISSING);
	fixture_close(&f);
}
END_TEST

START_TEST(a_dry_run_changes_nothing)
{
	struct hf_cleanup_options options = { .older_than_us = OLD_US, .dry_run = true };
	struct fixture f;
	uint64_t bytes;

	make_five(&f);
	bytes = (uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_1, ".jsonl")) +
		(uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_2, ".jsonl"));
	for (unsigned i = 0; i < 2; i++) {
		options.purge = i == 1;
		ck_assert_int_eq(clean(&f, options), HF_OK);
		expect_totals(2, 3, 0);
		ck_assert_uint_eq(totals.removed_bytes, bytes);
		expect_told(ID_1, "removed");
		expect_list(&f, (struct hf_list_options){ .limit = 0 }, "54321");
	}
	ck_assert(!scratch_exists(f.scratch.fd, "store/trash"));
	reopen(&f, ID_1);
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_told(ID_1, "active");
	leave(&f, HF_CLOSE_LEAVE);
	/* For which a store may be open for reading. */
	tamed_reopen(&f, &(struct hf_store_options){ .read_only = true });
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(2, 3, 0);
	options.dry_run = false;
	ck_assert_int_eq(clean(&f, options), HF_ERR_CLOSED);
	fixture_close(&f);
}
END_TEST

START_TEST(a_purge_removes_for_good)
{
	struct fixture f;

	make_five(&f);
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = OLD_US,
								.purge = true }), HF_OK);
	expect_totals(2, 3, 0);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 9);
	ck_assert(!scratch_exists(f.scratch.fd, "store/trash"));
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "543");
	fixture_close(&f);
}
END_TEST

START_TEST(the_trash_is_emptied_by_age_too)
{
	struct hf_cleanup_options options = { .older_than_us = OLD_US, .trash = true };
	struct fixture f;

	make_five(&f);
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(0, 0, 0);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	ck_assert_int_eq(hf_session_trash(f.store, ID_5, NULL), HF_OK);
	reopen(&f, ID_2);
	ck_assert_int_eq(hf_session_pin(f.session, true, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_totals(1, 2, 0);
	expect_told(ID_1, "removed");
	expect_told(ID_2, "pinned");
	expect_told(ID_5, "recent");
	options.older_than_us = 0;
	ck_assert_int_eq(clean(&f, options), HF_OK);
	expect_told(ID_5, "removed");
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "243");
	ck_assert(is_trashed(&f, ID_2));
	fixture_close(&f);
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_nothing_old)
{
	struct fixture f;

	make_five(&f);
	tamed.now_us = START_US - 5 * DAY_US;
	for (int64_t age = 0; age < 3; age++) {
		ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = age * DAY_US }),
				 HF_OK);
		expect_totals(0, 5, 0);
		expect_told(ID_1, "recent");
	}
	tamed.now_us = START_US + 3 * DAY_US;
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = DAY_US }), HF_OK);
	expect_totals(1, 4, 0);
	expect_told(ID_1, "removed");
	fixture_close(&f);
}
END_TEST

/* ---- What others do meanwhile ---------------------------------------------------- */

static struct fixture others;

static void others_open(struct fixture *f, void (*act)(void *))
{
	memset(&others, 0, sizeof others);
	others.scratch = f->scratch;
	ck_assert_int_eq(fixture_store(&others, NULL), HF_OK);
	tamed.at_question = act;
}

static void others_close(void)
{
	(void)hf_session_close(others.session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(others.store);
}

/* Acts once, after the first of the five was looked at: sessions are looked at by id. */
static unsigned questions;

static bool is_time(void)
{
	return ++questions == 2;
}

static void take_first(void *context)
{
	(void)context;
	if (is_time())
		reopen(&others, ID_1);
}

static void append_to_first(void *context)
{
	(void)context;
	if (!is_time())
		return;
	reopen(&others, ID_1);
	append_many(&others, 1);
	leave(&others, HF_CLOSE_SEAL);
}

static void pin_first(void *context)
{
	(void)context;
	if (!is_time())
		return;
	reopen(&others, ID_1);
	ck_assert_int_eq(hf_session_pin(others.session, true, NULL), HF_OK);
	leave(&others, HF_CLOSE_LEAVE);
}

static void delete_first(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_delete(others.store, ID_1, NULL), HF_OK);
}

static void trash_first(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_trash(others.store, ID_1, NULL), HF_OK);
}

/* Under the same id there is another session, which has as many records. */
static void replace_first(void *context)
{
	(void)context;
	if (!is_time())
		return;
	ck_assert_int_eq(hf_session_delete(others.store, ID_1, NULL), HF_OK);
	create(&others, ID_1, "another");
	leave(&others, HF_CLOSE_SEAL);
}

START_TEST(a_session_that_has_changed_since_it_was_listed_is_kept)
{
	static const struct {
		void (*act)(void *context);
		const char *told;
	} rows[] = { { take_first, "active" },	 { append_to_first, "recent" },
		     { pin_first, "recent" },	 { delete_first, "" },
		     { trash_first, "" },	 { replace_first, "recent" } };
	struct fixture f;

	for (unsigned i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		struct hf_cleanup_options options = { .older_than_us = DAY_US, .purge = i % 2 == 1 };

		make_five(&f);
		questions = 0;
		others_open(&f, rows[i / 2].act);
		ck_assert_int_eq(clean(&f, options), HF_OK);
		tamed.at_question = NULL;
		ck_assert_uint_ge(questions, 2);
		expect_told(ID_1, rows[i / 2].told);
		expect_told(ID_5, "removed");
		ck_assert_uint_eq(totals.failed, 0);
		ck_assert_uint_eq(totals.removed, 4);
		if (rows[i / 2].told[0] != '\0')
			ck_assert(scratch_exists(f.scratch.fd, FILE_OF(ID_1, ".jsonl")));
		others_close();
		fixture_close(&f);
	}
}
END_TEST

/* ---- Failures -------------------------------------------------------------------- */

/* A session whose id is taken in the trash cannot go there; the others can. */
START_TEST(a_failure_is_told_and_stops_nothing)
{
	struct fixture f;

	make_five(&f);
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	scratch_copy(f.scratch.fd, "store/trash/" ID_2 ".jsonl", f.scratch.fd,
		     FILE_OF(ID_2, ".jsonl"));
	scratch_copy(f.scratch.fd, "store/trash/" ID_2 ".head", f.scratch.fd, FILE_OF(ID_2, ".head"));
	ck_assert_int_eq(clean(&f, (struct hf_cleanup_options){ .older_than_us = 0 }), HF_OK);
	expect_totals(4, 0, 1);
	expect_told(ID_2, "failed");
	for (size_t i = 0; i < told.count; i++)
		ck_assert_int_eq(told.items[i].error,
				 strcmp(told.items[i].id, ID_2) == 0 ? HF_ERR_EXISTS : HF_OK);
	ck_assert(scratch_exists(f.scratch.fd, FILE_OF(ID_2, ".jsonl")));
	fixture_close(&f);
}
END_TEST

START_TEST(requests_that_make_no_sense_are_refused)
{
	struct hf_cleanup_options options = { .older_than_us = -1 };
	struct hf_cleanup untouched = { 7, 7, 7, 7 };
	struct fixture f;

	make_five(&f);
	ck_assert_int_eq(hf_store_cleanup(f.store, &options, NULL, NULL, NULL, &untouched),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_store_cleanup(f.store, NULL, NULL, NULL, NULL, &untouched),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_store_cleanup(NULL, &options, NULL, NULL, NULL, &untouched),
			 HF_ERR_INVALID);
	ck_assert_uint_eq(untouched.removed, 7);
	/* Nobody need listen. */
	options.older_than_us = OLD_US;
	ck_assert_int_eq(hf_store_cleanup(f.store, &options, NULL, NULL, NULL, NULL), HF_OK);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "543");
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cleanup");
	TCase *cases = runner_cases(suite, "cleanup", 60);

	tcase_add_test(cases, old_sessions_go_to_the_trash_and_recent_ones_stay);
	tcase_add_test(cases, a_session_goes_at_just_the_age_that_was_named);
	tcase_add_test(cases, times_of_files_do_not_count);
	tcase_add_test(cases, active_pinned_and_unreadable_sessions_are_kept_and_told_of);
	tcase_add_test(cases, a_session_whose_key_is_missing_is_kept);
	tcase_add_test(cases, a_dry_run_changes_nothing);
	tcase_add_test(cases, a_purge_removes_for_good);
	tcase_add_test(cases, the_trash_is_emptied_by_age_too);
	tcase_add_test(cases, a_clock_that_was_set_back_makes_nothing_old);
	tcase_add_test(cases, a_session_that_has_changed_since_it_was_listed_is_kept);
	tcase_add_test(cases, a_failure_is_told_and_stops_nothing);
	tcase_add_test(cases, requests_that_make_no_sense_are_refused);
	return runner_run(suite);
}
