/* SPDX-License-Identifier: MIT */
/*
 * Goal: what a listing says of a session, its info and its state, is true of one moment,
 * whatever others do while it looks. Method: the store's question to the kernel, who holds a
 * session, which stands between its reading of a head and its answer, lets the test change
 * the session first.
 */
#include "lib/runner.h"
#include "list_fixture.h"

START_TEST(states_have_names)
{
	static const char *const names[] = { "active", "interrupted", "closed", "trashed", "unknown" };
	enum hf_state state;

	for (unsigned i = 0; i < 5; i++) {
		ck_assert_str_eq(hf_state_name((enum hf_state)i), names[i]);
		ck_assert(hf_state_find(names[i], &state));
		ck_assert_uint_eq(state, i);
	}
	state = HF_CLOSED;
	ck_assert(!hf_state_find("Active", &state));
	ck_assert(!hf_state_find("", &state));
	ck_assert(!hf_state_find("activ", &state));
	ck_assert(!hf_state_find(NULL, &state));
	ck_assert_int_eq(state, HF_CLOSED);
	ck_assert_str_eq(hf_state_name((enum hf_state)99), "unknown");
}
END_TEST

START_TEST(a_session_is_active_interrupted_closed_or_trashed)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .messages = 2, .how = HF_CLOSE_LEAVE });
	ck_assert_int_eq(only(&f)->entry.state, HF_INTERRUPTED);
	reopen(&f, ID_1);
	ck_assert_int_eq(only(&f)->entry.state, HF_ACTIVE);
	ck_assert(only(&f)->entry.active);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(only(&f)->entry.state, HF_CLOSED);
	ck_assert(!only(&f)->entry.active);
	/* Somebody holds it, and has written nothing yet. */
	reopen(&f, ID_1);
	ck_assert_int_eq(only(&f)->entry.state, HF_ACTIVE);
	ck_assert(only(&f)->entry.info.closed);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(only(&f)->entry.state, HF_INTERRUPTED);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "1");
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "1");
	ck_assert_int_eq(hf_session_restore(f.store, ID_1, NULL), HF_OK);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "");
	ck_assert_int_eq(only(&f)->entry.state, HF_INTERRUPTED);
	fixture_close(&f);
}
END_TEST

START_TEST(states_choose_sessions)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .how = HF_CLOSE_LEAVE });
	make(&f, (struct plan){ .id = ID_2, .how = HF_CLOSE_SEAL });
	make(&f, (struct plan){ .id = ID_3, .how = HF_CLOSE_SEAL });
	make(&f, (struct plan){ .id = ID_4, .how = HF_CLOSE_SEAL });
	ck_assert_int_eq(hf_session_trash(f.store, ID_3, NULL), HF_OK);
	scratch_remove(f.scratch.fd, FILE_OF(ID_4, ".head"));
	make(&f, (struct plan){ .id = ID_5, .how = HF_CLOSE_LEAVE });
	reopen(&f, ID_5);
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_ACTIVE }, "5");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_INTERRUPTED }, "1");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_CLOSED }, "2");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "3");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_UNKNOWN }, "4");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_CLOSED | 1u << HF_TRASHED },
		    "32");
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "5421");
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "54321");
	expect_list(&f, (struct hf_list_options){ .states = 1u << 9 }, "");
	fixture_close(&f);
}
END_TEST

START_TEST(a_damaged_session_is_active_or_its_state_is_not_known)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .messages = 2, .how = HF_CLOSE_SEAL });
	reopen(&f, ID_1);
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".head"));
	ck_assert_int_eq(only(&f)->entry.state, HF_ACTIVE);
	ck_assert_int_eq(only(&f)->entry.error, HF_ERR_HEAD_MISSING);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(only(&f)->entry.state, HF_UNKNOWN);
	ck_assert_int_eq(only(&f)->entry.error, HF_ERR_HEAD_MISSING);
	fixture_close(&f);
}
END_TEST

/* The head tells all there is to be told, only the log is gone. */
START_TEST(a_session_without_a_log_has_the_state_that_its_head_tells)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .name = "gone", .messages = 2, .how = HF_CLOSE_SEAL });
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".jsonl"));
	ck_assert_int_eq(only(&f)->entry.error, HF_ERR_TRUNCATED);
	ck_assert_int_eq(only(&f)->entry.state, HF_CLOSED);
	ck_assert_str_eq(only(&f)->name, "gone");
	ck_assert_uint_eq(only(&f)->entry.info.records, 4);
	fixture_close(&f);
}
END_TEST

/* ---- Between two looks ---- */

/* What others do at the question; through a store of their own, which is not tamed. */
struct others {
	struct fixture f;
	unsigned questions;
	unsigned until; /* the last question at which they do something */
};
static struct others others;

static void others_open(struct fixture *f)
{
	memset(&others, 0, sizeof others);
	others.f.scratch = f->scratch;
	ck_assert_int_eq(fixture_store(&others.f, NULL), HF_OK);
	others.until = 1;
}

static void others_close(void)
{
	tamed.at_question = NULL;
	(void)hf_session_close(others.f.session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(others.f.store);
}

static bool is_time(void)
{
	return ++others.questions <= others.until;
}

/* Appends and lets go. */
static void finish(void *how)
{
	if (!is_time())
		return;
	append_many(&others.f, 2);
	leave(&others.f, *(enum hf_close *)how);
}

START_TEST(a_session_that_ends_meanwhile_is_listed_as_it_ended)
{
	static enum hf_close hows[] = { HF_CLOSE_LEAVE, HF_CLOSE_SEAL };
	struct fixture f;

	for (unsigned i = 0; i < 2; i++) {
		tamed_open(&f);
		make(&f, (struct plan){ .id = ID_1, .messages = 1, .how = HF_CLOSE_LEAVE });
		others_open(&f);
		reopen(&others.f, ID_1);
		append_many(&others.f, 1);
		tamed.context = &hows[i];
		tamed.at_question = finish;
		ck_assert_int_eq(only(&f)->entry.state, i == 0 ? HF_INTERRUPTED : HF_CLOSED);
		ck_assert_uint_eq(others.questions, 2);
		others.questions = 9;
		ck_assert_uint_eq(only(&f)->entry.info.records, 5 + i);
		others_close();
		fixture_close(&f);
	}
}
END_TEST

/* Takes it, appends and lets go. */
static void come_and_go(void *context)
{
	(void)context;
	if (!is_time())
		return;
	reopen(&others.f, ID_1);
	append_many(&others.f, 1);
	leave(&others.f, HF_CLOSE_LEAVE);
}

/* A session that was just made has the same in both slots, as one that was closed has. */
START_TEST(a_session_that_is_written_to_meanwhile_is_listed_as_it_is_then)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .how = HF_CLOSE_LEAVE });
	others_open(&f);
	tamed.at_question = come_and_go;
	ck_assert_uint_eq(only(&f)->entry.info.records, 2);
	ck_assert_int_eq(only(&f)->entry.state, HF_INTERRUPTED);
	others_close();
	fixture_close(&f);
}
END_TEST

/* Puts another head in the place of the one that was just read, as somebody would who writes
 * without end and is never met. */
static char *heads[2];

static void put_head(void *context)
{
	struct fixture *f = context;

	scratch_put(f->scratch.fd, FILE_OF(ID_1, ".head"), heads[++others.questions % 2], 8192);
}

/* Whoever wrote the head that was read held the session when he did. */
START_TEST(a_session_that_changes_at_each_look_is_active)
{
	const struct noted *noted;
	struct fixture f;
	size_t size;

	tamed_open(&f);
	others_open(&f);
	create(&f, ID_1, "busy");
	for (unsigned i = 0; i < 2; i++) {
		append_many(&f, 1);
		heads[i] = scratch_get(f.scratch.fd, FILE_OF(ID_1, ".head"), &size);
		ck_assert_uint_eq(size, 8192);
	}
	leave(&f, HF_CLOSE_LEAVE);
	scratch_put(f.scratch.fd, FILE_OF(ID_1, ".head"), heads[0], size);
	tamed.context = &f;
	tamed.at_question = put_head;
	noted = only(&f);
	ck_assert_int_eq(noted->entry.state, HF_ACTIVE);
	ck_assert_uint_eq(noted->entry.info.records, 3);
	ck_assert_str_eq(noted->name, "busy");
	ck_assert_uint_eq(others.questions, 4);
	tamed.at_question = NULL;
	ck_assert_int_eq(only(&f)->entry.state, HF_INTERRUPTED);
	free(heads[0]);
	free(heads[1]);
	others_close();
	fixture_close(&f);
}
END_TEST

/* Appends without letting go. */
static void go_on(void *context)
{
	(void)context;
	if (is_time())
		append_many(&others.f, 1);
}

START_TEST(a_session_that_is_held_is_active_with_what_was_read)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .messages = 1, .how = HF_CLOSE_LEAVE });
	others_open(&f);
	reopen(&others.f, ID_1);
	tamed.at_question = go_on;
	ck_assert_int_eq(only(&f)->entry.state, HF_ACTIVE);
	ck_assert_uint_eq(others.questions, 1);
	others_close();
	fixture_close(&f);
}
END_TEST

/* ---- While others come, go and move ---- */

static void delete_second(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_delete(others.f.store, ID_2, NULL), HF_OK);
}

START_TEST(a_session_that_is_removed_meanwhile_is_left_out)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .how = HF_CLOSE_LEAVE });
	make(&f, (struct plan){ .id = ID_2, .how = HF_CLOSE_LEAVE });
	make(&f, (struct plan){ .id = ID_3, .how = HF_CLOSE_LEAVE });
	others_open(&f);
	tamed.at_question = delete_second;
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "31");
	others_close();
	fixture_close(&f);
}
END_TEST

/* Moves what is listed before it, or after it, to the other place. */
static void trash_second(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_trash(others.f.store, ID_2, NULL), HF_OK);
}

static void trash_first(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_trash(others.f.store, ID_1, NULL), HF_OK);
}

static void restore_first(void *context)
{
	(void)context;
	if (is_time())
		ck_assert_int_eq(hf_session_restore(others.f.store, ID_1, NULL), HF_OK);
}

START_TEST(a_session_that_is_moved_meanwhile_is_listed_once)
{
	static void (*const moves[])(void *) = { trash_second, trash_first, restore_first };
	struct hf_list_options both = { .states = ~0u };
	struct fixture f;

	for (size_t i = 0; i < 3; i++) {
		tamed_open(&f);
		make(&f, (struct plan){ .id = ID_1, .how = HF_CLOSE_SEAL });
		make(&f, (struct plan){ .id = ID_2, .how = HF_CLOSE_SEAL });
		make(&f, (struct plan){ .id = ID_3, .how = HF_CLOSE_SEAL });
		if (moves[i] == restore_first)
			ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
		others_open(&f);
		tamed.at_question = moves[i];
		expect_list(&f, both, "321");
		tamed.at_question = NULL;
		expect_list(&f, both, "321");
		expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED },
			    i == 0 ? "2" : i == 1 ? "1" : "");
		others_close();
		fixture_close(&f);
	}
}
END_TEST

/* A crash in a move leaves a head in the place where the session is not. */
START_TEST(what_a_move_has_left_is_no_session)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .messages = 3, .how = HF_CLOSE_SEAL });
	make(&f, (struct plan){ .id = ID_2, .messages = 3, .how = HF_CLOSE_SEAL });
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	scratch_copy(f.scratch.fd, FILE_OF(ID_1, ".head"), f.scratch.fd,
		     "store/trash/" ID_1 ".head");
	scratch_copy(f.scratch.fd, "store/trash/" ID_2 ".head", f.scratch.fd,
		     FILE_OF(ID_2, ".head"));
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "1");
	expect_list(&f, (struct hf_list_options){ .states = 1u << HF_TRASHED }, "2");
	expect_list(&f, (struct hf_list_options){ .states = ~0u }, "21");
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list_states");
	TCase *cases = runner_cases(suite, "states", 60);

	tcase_add_test(cases, states_have_names);
	tcase_add_test(cases, a_session_is_active_interrupted_closed_or_trashed);
	tcase_add_test(cases, states_choose_sessions);
	tcase_add_test(cases, a_damaged_session_is_active_or_its_state_is_not_known);
	tcase_add_test(cases, a_session_without_a_log_has_the_state_that_its_head_tells);
	tcase_add_test(cases, a_session_that_ends_meanwhile_is_listed_as_it_ended);
	tcase_add_test(cases, a_session_that_is_written_to_meanwhile_is_listed_as_it_is_then);
	tcase_add_test(cases, a_session_that_changes_at_each_look_is_active);
	tcase_add_test(cases, a_session_that_is_held_is_active_with_what_was_read);
	tcase_add_test(cases, a_session_that_is_removed_meanwhile_is_left_out);
	tcase_add_test(cases, a_session_that_is_moved_meanwhile_is_listed_once);
	tcase_add_test(cases, what_a_move_has_left_is_no_session);
	return runner_run(suite);
}
