/* SPDX-License-Identifier: MIT */
/*
 * Goal: max_sessions and space_reserve hold for new sessions, also when many are made at
 * once, and for nothing else; and what auto_cleanup moves is what it may move. Method: small
 * limits, a file system whose free space the test sets, and processes that race.
 */
#include <sys/statvfs.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "list_fixture.h"

/* What was logged. */
static char logged[8192];
static unsigned warnings;

static void take_line(void *context, enum hf_log_level level, const char *message)
{
	size_t size = strlen(logged);

	(void)context;
	warnings += level == HF_LOG_WARNING;
	if (level == HF_LOG_INFO || level == HF_LOG_WARNING)
		(void)snprintf(logged + size, sizeof logged - size, "%s\n", message);
}

static void open_with(struct fixture *f, struct hf_store_options options)
{
	options.log = take_line;
	logged[0] = '\0';
	warnings = 0;
	tamed_reopen(f, &options);
}

/* Tries to make a session and closes it at once. */
static int try_make(struct fixture *f, const char *id, enum hf_close how)
{
	struct hf_session_options options = { .id = id };
	struct hf_session *session = NULL;
	int rc = hf_session_create(f->store, &options, &f->detail, &session);

	ck_assert_int_eq(rc != HF_OK, session == NULL);
	if (rc == HF_OK)
		ck_assert_int_eq(hf_session_close(session, how, NULL), HF_OK);
	else
		ck_assert_int_eq(f->detail.code, rc);
	return rc;
}

START_TEST(without_a_limit_there_is_none)
{
	struct fixture f;

	tamed_open(&f);
	open_with(&f, (struct hf_store_options){ .auto_cleanup = true });
	for (unsigned i = 0; i < 20; i++)
		ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_OK);
	ck_assert_uint_eq(warnings, 0);
	/* Nor a lock of the store, which costs time. */
	ck_assert(!scratch_exists(f.scratch.fd, FILE_OF("00000000-0000-0000-0000-000000000000",
							".lock")));
	fixture_close(&f);
}
END_TEST

START_TEST(at_the_limit_no_session_is_made)
{
	struct fixture f;

	tamed_open(&f);
	open_with(&f, (struct hf_store_options){ .max_sessions = 3 });
	ck_assert_int_eq(try_make(&f, ID_1, HF_CLOSE_SEAL), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_2, HF_CLOSE_SEAL), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_3, HF_CLOSE_LEAVE), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_4, HF_CLOSE_SEAL), HF_ERR_MAX_SESSIONS);
	ck_assert_ptr_nonnull(strstr(f.detail.message, "3 sessions"));
	ck_assert_ptr_nonnull(strstr(f.detail.message, "max_sessions is 3"));
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "321");
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 10);
	/* Those that are there go on. */
	reopen(&f, ID_3);
	append_many(&f, 3);
	leave(&f, HF_CLOSE_SEAL);
	/* One in the trash does not count, and neither does one that is gone. */
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_4, HF_CLOSE_SEAL), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_5, HF_CLOSE_SEAL), HF_ERR_MAX_SESSIONS);
	ck_assert_int_eq(hf_session_delete(f.store, ID_2, NULL), HF_OK);
	ck_assert_int_eq(try_make(&f, ID_5, HF_CLOSE_SEAL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(from_80_percent_on_the_log_gets_a_warning)
{
	struct fixture f;

	tamed_open(&f);
	open_with(&f, (struct hf_store_options){ .max_sessions = 10 });
	for (unsigned i = 1; i <= 10; i++) {
		ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_OK);
		ck_assert_uint_eq(warnings, i < 8 ? 0 : i - 7);
	}
	ck_assert_ptr_nonnull(strstr(logged, "8 sessions of at most 10 (max_sessions)"));
	ck_assert_ptr_nonnull(strstr(logged, "10 sessions of at most 10 (max_sessions)"));
	ck_assert_ptr_null(strstr(logged, "7 sessions"));
	fixture_close(&f);
}
END_TEST

/* Six sessions: one pinned, one interrupted, one active, one damaged, two that may go. */
static void make_six(struct fixture *f)
{
	tamed_open(f);
	make(f, (struct plan){ .id = ID_1, .at_us = START_US + DAY_US });
	make(f, (struct plan){ .id = ID_2, .at_us = START_US + 2 * DAY_US, .messages = 1,
			       .how = HF_CLOSE_LEAVE });
	make(f, (struct plan){ .id = ID_3, .at_us = START_US + 4 * DAY_US });
	make(f, (struct plan){ .id = ID_4, .at_us = START_US + 3 * DAY_US });
	make(f, (struct plan){ .id = ID_5, .at_us = START_US });
	make(f, (struct plan){ .id = "cccccccc-1111-4222-8333-444455556666", .at_us = START_US });
	tamed.now_us = START_US + DAY_US;
	reopen(f, ID_1);
	ck_assert_int_eq(hf_session_pin(f->session, true, NULL), HF_OK);
	leave(f, HF_CLOSE_LEAVE);
	scratch_remove(f->scratch.fd, FILE_OF("cccccccc-1111-4222-8333-444455556666", ".head"));
	tamed.now_us = START_US + 10 * DAY_US;
}

START_TEST(auto_cleanup_moves_the_oldest_closed_session_to_the_trash)
{
	struct fixture f;

	make_six(&f);
	open_with(&f, (struct hf_store_options){ .max_sessions = 6, .auto_cleanup = true });
	reopen(&f, ID_5);
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_LEAVE), HF_OK);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "4");
	ck_assert_ptr_nonnull(strstr(logged, ID_4 ": moved to the trash by auto_cleanup"));
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_LEAVE), HF_OK);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "34");
	/* None of the others may go. */
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_LEAVE), HF_ERR_MAX_SESSIONS);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "34");
	ck_assert_int_eq(hf_session_restore(f.store, ID_4, NULL), HF_OK);
	ck_assert_int_eq(verify(&f, ID_4).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(auto_cleanup_moves_as_many_as_a_lower_limit_asks_for)
{
	struct fixture f;

	tamed_open(&f);
	for (unsigned i = 0; i < 7; i++)
		make(&f, (struct plan){ .at_us = START_US + i * DAY_US });
	open_with(&f, (struct hf_store_options){ .max_sessions = 4, .auto_cleanup = true });
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash") / 3, 4);
	tamed_reopen(&f, &(struct hf_store_options){ .max_sessions = 4 });
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_ERR_MAX_SESSIONS);
	fixture_close(&f);
}
END_TEST

#define IN_TRASH "cccccccc-1111-4222-8333-444455556667"

/* For a session that cannot be made no other one goes. */
START_TEST(a_request_that_is_not_valid_moves_nothing)
{
	static const struct {
		struct hf_session_options options;
		int rc;
	} rows[] = {
		{ { .id = ID_3 }, HF_ERR_EXISTS },
		{ { .id = IN_TRASH }, HF_ERR_EXISTS },
		{ { .project = "relative" }, HF_ERR_INVALID },
		{ { .config = { "[]", 2 } }, HF_ERR_JSON },
		{ { .name = "\xff" }, HF_ERR_INVALID },
	};
	struct hf_session *session = NULL;
	struct fixture f;

	make_six(&f);
	make(&f, (struct plan){ .id = IN_TRASH });
	ck_assert_int_eq(hf_session_trash(f.store, IN_TRASH, NULL), HF_OK);
	open_with(&f, (struct hf_store_options){ .max_sessions = 6, .auto_cleanup = true });
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_int_eq(hf_session_create(f.store, &rows[i].options, NULL, &session),
				 rows[i].rc);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "7");
	fixture_close(&f);
}
END_TEST

/* What is left of removals, creations and moves that were cut short is no session. */
START_TEST(what_is_no_session_does_not_count)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1 });
	make(&f, (struct plan){ .id = ID_2, .messages = 3 });
	make(&f, (struct plan){ .id = ID_3 });
	scratch_copy(f.scratch.fd, FILE_OF(ID_2, ".head"), f.scratch.fd, "store/kept");
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	scratch_copy(f.scratch.fd, "store/kept", f.scratch.fd, FILE_OF(ID_2, ".head"));
	create(&f, ID_4, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	scratch_remove(f.scratch.fd, FILE_OF(ID_4, ".jsonl"));
	open_with(&f, (struct hf_store_options){ .max_sessions = 3 });
	ck_assert_int_eq(try_make(&f, ID_5, HF_CLOSE_SEAL), HF_OK);
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_ERR_MAX_SESSIONS);
	fixture_close(&f);
}
END_TEST

/* ---- Space ----------------------------------------------------------------------- */

static uint64_t blocks_free;
static unsigned space_calls;

static int set_space(void *context, int fd, struct statvfs *ret_space)
{
	(void)context;
	(void)fd;
	space_calls++;
	*ret_space = (struct statvfs){ .f_bsize = 4096, .f_frsize = 1024, .f_bavail = blocks_free,
				       .f_bfree = blocks_free + 100000 };
	return 0;
}

START_TEST(below_the_reserve_no_session_is_made_and_all_others_go_on)
{
	struct fixture f;

	tamed_open(&f);
	tamed.sys.space = set_space;
	open_with(&f, (struct hf_store_options){ .space_reserve = 1 << 20 });
	blocks_free = 1024;
	ck_assert_int_eq(try_make(&f, ID_1, HF_CLOSE_LEAVE), HF_OK);
	blocks_free = 1023;
	ck_assert_int_eq(try_make(&f, ID_2, HF_CLOSE_SEAL), HF_ERR_SPACE_RESERVE);
	ck_assert_ptr_nonnull(strstr(f.detail.message, "1047552"));
	ck_assert_ptr_nonnull(strstr(f.detail.message, "1048576"));
	ck_assert_int_eq(hf_error_exit(HF_ERR_SPACE_RESERVE), 9);
	blocks_free = 0;
	space_calls = 0;
	reopen(&f, ID_1);
	append_many(&f, 4);
	ck_assert_int_eq(hf_session_save(f.session, NULL, NULL, 0, NULL), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	ck_assert_uint_eq(space_calls, 0);
	fixture_close(&f);
}
END_TEST

/* The reserve comes first: of sessions that cannot be made none is a reason to move one. */
START_TEST(below_the_reserve_nothing_is_moved)
{
	struct fixture f;

	tamed_open(&f);
	tamed.sys.space = set_space;
	blocks_free = 0;
	make(&f, (struct plan){ .id = ID_1 });
	ck_assert_uint_eq(space_calls, 0);
	open_with(&f, (struct hf_store_options){ .max_sessions = 1, .auto_cleanup = true,
						 .space_reserve = 1 });
	ck_assert_int_eq(try_make(&f, NULL, HF_CLOSE_SEAL), HF_ERR_SPACE_RESERVE);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "1");
	fixture_close(&f);
}
END_TEST

/* ---- Many at once ---------------------------------------------------------------- */

enum { CREATORS = 6, TRIES = 5, MAX = 11 };

struct race {
	struct fixture *f;
	struct child_gate gate;
	bool auto_cleanup;
};

/* Makes sessions until it may not; says how many it made. */
static int create_many(void *context, struct child *parent)
{
	struct race *race = context;
	struct hf_store *store = open_tamed(race->f, &(struct hf_store_options){
							     .max_sessions = MAX,
							     .auto_cleanup = race->auto_cleanup });
	uint32_t made = 0;

	child_gate_wait(&race->gate);
	for (unsigned i = 0; i < TRIES; i++) {
		struct hf_session *session = NULL;
		int rc = hf_session_create(store, NULL, NULL, &session);

		if (rc != HF_OK && rc != HF_ERR_MAX_SESSIONS)
			return -rc;
		made += rc == HF_OK;
		if (hf_session_close(session, HF_CLOSE_SEAL, NULL) != HF_OK)
			return 1;
	}
	hf_store_close(store);
	child_say(parent, made);
	return 0;
}

START_TEST(creators_at_once_never_go_beyond_the_limit)
{
	static struct noted noted[ENTRIES_MAX];
	struct child children[CREATORS];
	struct fixture f;
	struct race race = { .f = &f, .auto_cleanup = _i == 1 };
	size_t made = 0, count;

	tamed_open(&f);
	race.gate = child_gate_make();
	for (unsigned i = 0; i < CREATORS; i++)
		children[i] = child_start(create_many, &race);
	child_gate_open(&race.gate);
	for (unsigned i = 0; i < CREATORS; i++) {
		made += child_hear(&children[i]);
		ck_assert_int_eq(child_end(&children[i]), 0);
	}
	count = list(f.store, (struct hf_list_options){ .limit = 0 }, noted);
	ck_assert_uint_eq(count, MAX);
	if (!race.auto_cleanup)
		ck_assert_uint_eq(made, MAX);
	count = list(f.store, (struct hf_list_options){ .states = 1u << HF_TRASHED }, noted);
	ck_assert_uint_eq(count, made - MAX);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capacity");
	TCase *cases = runner_cases(suite, "capacity", 60);

	tcase_add_test(cases, without_a_limit_there_is_none);
	tcase_add_test(cases, at_the_limit_no_session_is_made);
	tcase_add_test(cases, from_80_percent_on_the_log_gets_a_warning);
	tcase_add_test(cases, auto_cleanup_moves_the_oldest_closed_session_to_the_trash);
	tcase_add_test(cases, auto_cleanup_moves_as_many_as_a_lower_limit_asks_for);
	tcase_add_test(cases, a_request_that_is_not_valid_moves_nothing);
	tcase_add_test(cases, what_is_no_session_does_not_count);
	tcase_add_test(cases, below_the_reserve_no_session_is_made_and_all_others_go_on);
	tcase_add_test(cases, below_the_reserve_nothing_is_moved);
	tcase_add_loop_test(cases, creators_at_once_never_go_beyond_the_limit, 0, 2);
	return runner_run(suite);
}
