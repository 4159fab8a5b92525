/* SPDX-License-Identifier: MIT */
/* Trash, restore, purge and delete, by the public calls, on sessions of every kind. */
#include "trash_fixture.h"

/* ---- The two places ---- */

START_TEST(a_trashed_session_can_be_read_but_not_gone_on_with)
{
	struct hf_repair repair;
	struct hf_view *view;

	make();
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
	ck_assert(!exists(OUTSIDE(".lock")));
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	ck_assert(slice_is(hf_view_info(view)->name, "a name"));
	ck_assert_uint_eq(hf_view_info(view)->messages, 3);
	hf_view_close(view);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(f.detail.code, HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, true, NULL, &repair), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_resume(f.store, ID_1, NULL, NULL, &f.session, NULL),
			 HF_ERR_TRASHED);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_int_eq(f.detail.code, HF_ERR_EXISTS);
	check_place(true);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
}
END_TEST

START_TEST(a_restored_session_is_as_it_was)
{
	size_t before_size, after_size;
	char *before, *after;

	make();
	before = scratch_get(f.scratch.fd, OUTSIDE(".jsonl"), &before_size);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(restore(), HF_OK);
	check_place(false);
	ck_assert(!exists(INSIDE(".lock")));
	after = scratch_get(f.scratch.fd, OUTSIDE(".jsonl"), &after_size);
	ck_assert_uint_eq(before_size, after_size);
	ck_assert_mem_eq(before, after, before_size);
	free(before);
	free(after);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_uint_eq(verify(&f, ID_1).records, 6);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
}
END_TEST

START_TEST(what_is_done_already_is_done)
{
	make();
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert(!exists("store/trash"));
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
	ck_assert(!exists(OUTSIDE(".lock")));
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert_int_eq(restore(), HF_OK);
	check_place(false);
	ck_assert_int_eq(trash(), HF_OK);
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
}
END_TEST

START_TEST(what_is_nowhere_is_not_found_and_leaves_nothing)
{
	ck_assert_int_eq(trash(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
	ck_assert(!exists("store/trash"));
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	make_trash_dir();
	ck_assert_int_eq(trash(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(try_open(), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 3);
}
END_TEST

START_TEST(a_session_that_is_being_written_to_stays)
{
	create(&f, ID_1, NULL);
	ck_assert_int_eq(trash(), HF_ERR_BUSY);
	ck_assert_int_eq(delete(), HF_ERR_BUSY);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	check_place(false);
}
END_TEST

START_TEST(a_purge_removes_from_the_trash_only)
{
	make();
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	check_place(false);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	check_gone();
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 0);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(try_create(), HF_OK);
	check_place(false);
}
END_TEST

START_TEST(delete_removes_from_both_places)
{
	make();
	ck_assert_int_eq(delete(), HF_OK);
	check_gone();
	make();
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(delete(), HF_OK);
	check_gone();
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
}
END_TEST

START_TEST(a_view_outlives_the_move_of_its_session)
{
	struct hf_record record = { 0 };
	struct hf_view *view;
	unsigned count = 0;

	make();
	view = load(&f, ID_1);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	while (hf_view_next(view, &record))
		count++;
	ck_assert_uint_eq(count, 4);
	hf_view_close(view);
}
END_TEST

/* ---- Whatever the verdict ---- */

static void do_nothing(void)
{
}

static void tamper(void)
{
	scratch_flip(f.scratch.fd, OUTSIDE(".jsonl"), 200, 1);
}

static void truncate_log(void)
{
	scratch_cut(f.scratch.fd, OUTSIDE(".jsonl"), 500);
}

static void tear(void)
{
	scratch_append(f.scratch.fd, OUTSIDE(".jsonl"), "{\"n\":4", 6);
}

static void lose_head(void)
{
	scratch_remove(f.scratch.fd, OUTSIDE(".head"));
}

static void lose_log(void)
{
	scratch_remove(f.scratch.fd, OUTSIDE(".jsonl"));
}

static void lose_key(void)
{
	scratch_remove(f.scratch.fd, "store/keys/machine_secret");
	fixture_reopen_store(&f, NULL);
}

static const struct {
	void (*damage)(void);
	enum hf_verdict verdict;
} damages[] = {
	{ do_nothing, HF_INTACT }, { tamper, HF_TAMPERED },       { truncate_log, HF_TRUNCATED },
	{ tear, HF_TORN },	   { lose_head, HF_HEAD_MISSING }, { lose_log, HF_TRUNCATED },
	{ lose_key, HF_KEY_MISSING },
};

START_TEST(a_session_moves_whatever_its_verdict)
{
	make();
	damages[_i].damage();
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 0);
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	check_gone();
	ck_assert_int_eq(try_create(), HF_OK);
}
END_TEST

/* ---- Stores ---- */

START_TEST(a_store_for_reading_reads_the_trash_and_leaves_it)
{
	struct hf_store_options options = { .read_only = true };

	make();
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(trash(), HF_ERR_CLOSED);
	ck_assert(!exists("store/trash"));
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(trash(), HF_OK);
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(restore(), HF_ERR_CLOSED);
	ck_assert_int_eq(purge(), HF_ERR_CLOSED);
	ck_assert_int_eq(delete(), HF_ERR_CLOSED);
	check_place(true);
}
END_TEST

START_TEST(no_session_has_the_nil_id)
{
	struct hf_session_options options = { .id = NIL };
	struct hf_holder holder;
	struct hf_check check;

	ck_assert_int_eq(hf_session_create(f.store, &options, &f.detail, &f.session),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_open(f.store, NIL, NULL, &f.detail, &f.session), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_trash(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_restore(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_purge(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_delete(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_who(f.store, NIL, &f.detail, &holder), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_verify(f.store, NIL, NULL, NULL, &f.detail, &check),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_trash(NULL, ID_1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_restore(f.store, NULL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_purge(f.store, "no id", &f.detail), HF_ERR_INVALID);
}
END_TEST

static void add_cases(TCase *cases)
{
	tcase_add_test(cases, a_trashed_session_can_be_read_but_not_gone_on_with);
	tcase_add_test(cases, a_restored_session_is_as_it_was);
	tcase_add_test(cases, what_is_done_already_is_done);
	tcase_add_test(cases, what_is_nowhere_is_not_found_and_leaves_nothing);
	tcase_add_test(cases, a_session_that_is_being_written_to_stays);
	tcase_add_test(cases, a_purge_removes_from_the_trash_only);
	tcase_add_test(cases, delete_removes_from_both_places);
	tcase_add_test(cases, a_view_outlives_the_move_of_its_session);
	tcase_add_loop_test(cases, a_session_moves_whatever_its_verdict, 0,
			    (int)(sizeof damages / sizeof damages[0]));
	tcase_add_test(cases, a_store_for_reading_reads_the_trash_and_leaves_it);
	tcase_add_test(cases, no_session_has_the_nil_id);
}

int main(void)
{
	Suite *suite = suite_create("trash");
	TCase *cases = runner_cases(suite, "trash", 60);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	add_cases(cases);
	return runner_run(suite);
}
