/* SPDX-License-Identifier: MIT */
/*
 * Goal: the public calls on sessions keep their contracts: outputs untouched on failure,
 * details that say what was wrong, and nothing done to a store that is open for reading.
 * Method: each call on a real store with good, bad and missing arguments; the layers below
 * have their own tests.
 */
#include "store_fixture.h"

#define LOG_1 "store/sessions/" ID_1 ".jsonl"
#define HEAD_1 "store/sessions/" ID_1 ".head"

START_TEST(a_session_without_an_id_gets_a_random_one)
{
	char ids[2][HF_ID_SIZE];
	struct fixture f;

	fixture_open(&f);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(hf_session_create(f.store, NULL, NULL, &f.session), HF_OK);
		(void)snprintf(ids[i], HF_ID_SIZE, "%s", hf_session_id(f.session));
		ck_assert_uint_eq(strlen(ids[i]), HF_ID_SIZE - 1);
		ck_assert_int_eq(ids[i][14], '4');
		ck_assert_ptr_nonnull(strchr("89ab", ids[i][19]));
		ck_assert_uint_eq(hf_session_records(f.session), 1);
		leave(&f, HF_CLOSE_LEAVE);
	}
	ck_assert_str_ne(ids[0], ids[1]);
	fixture_close(&f);
}
END_TEST

START_TEST(ids_that_are_no_uuids_are_refused_by_every_call)
{
	static const char *const ids[] = { "", "x", "0195D3A0-1111-4222-8333-444455556661",
					   "0195d3a0-1111-4222-8333-44445555666", "../../etc/passwd",
					   ID_1 "x", "0195d3a0-1111-4222-8333-44445555666/" };
	struct hf_check check = { .records = 77 };
	struct hf_repair repair = { .removed_bytes = 77 };
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
		struct hf_session_options options = { .id = ids[i] };

		ck_assert_int_eq(hf_session_create(f.store, &options, &f.detail, &f.session),
				 HF_ERR_INVALID);
		ck_assert_int_eq(f.detail.code, HF_ERR_INVALID);
		ck_assert_int_eq(hf_session_open(f.store, ids[i], NULL, NULL, &f.session),
				 HF_ERR_INVALID);
		ck_assert_int_eq(hf_session_delete(f.store, ids[i], NULL), HF_ERR_INVALID);
		ck_assert_int_eq(hf_session_verify(f.store, ids[i], NULL, NULL, NULL, &check),
				 HF_ERR_INVALID);
		ck_assert_int_eq(hf_session_repair(f.store, ids[i], 0, false, NULL, &repair),
				 HF_ERR_INVALID);
		ck_assert_ptr_null(f.session);
	}
	ck_assert_uint_eq(check.records, 77);
	ck_assert_uint_eq(repair.removed_bytes, 77);
	ck_assert_int_eq(hf_session_open(f.store, NULL, NULL, NULL, &f.session), HF_ERR_INVALID);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_not_there_is_not_found_and_not_made)
{
	struct hf_check check = { .records = 77 };
	struct hf_repair repair = { .removed_bytes = 77 };
	struct fixture f;
	size_t files;

	fixture_open(&f);
	create(&f, ID_2, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	files = scratch_count(f.scratch.fd, "store/sessions");
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_verify(f.store, ID_1, NULL, NULL, NULL, &check), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, true, NULL, &repair), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(check.records, 77);
	ck_assert_uint_eq(repair.removed_bytes, 77);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), files);
	fixture_close(&f);
}
END_TEST

/* What others lose: all of it is there again in another process's view of the store. */
START_TEST(json_goes_through_the_whole_way_byte_for_byte)
{
	static const char *const texts[] = {
		"{\"lone\":\"\\ud83d\",\"pair\":\"\\ud83d\\ude00\"}",
		"{\"big\":123456789012345678901234567890,\"float\":1.0,\"int\":1,\"exp\":1E+2}",
		"{\"sep\":\"\\u2028\\u2029\",\"slash\":\"\\/\"}",
		"[[[[{}]]],\"\xf0\x9f\x98\x80\",-0]",
	};
	struct hf_record record = { 0 };
	struct hf_view *view;
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(append(&f, "message", NULL, texts[i]), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	fixture_reopen_store(&f, NULL);
	view = load(&f, ID_1);
	ck_assert(hf_view_next(view, &record));
	for (size_t i = 0; i < 4; i++) {
		ck_assert(hf_view_next(view, &record));
		ck_assert_msg(slice_is(record.data, texts[i]), "%.*s", (int)record.data.size,
			      record.data.data);
	}
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_refused_record_is_named_and_the_handle_stays_good)
{
	struct hf_append records[] = { { "message", "a", "1", 1 },
				       { "message", "b", "{\"x\":1,}", 8 } };
	struct hf_ack acks[2] = { { 77, true }, { 77, true } };
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	ck_assert_int_eq(hf_session_append(f.session, NULL, records, 2, &f.detail, acks), HF_ERR_JSON);
	ck_assert_int_eq(f.detail.code, HF_ERR_JSON);
	ck_assert_int_eq(f.detail.input, 1);
	ck_assert_int_eq(f.detail.offset, 7);
	ck_assert_uint_eq(acks[0].n, 77);
	ck_assert_int_eq(hf_session_append(f.session, NULL, NULL, 1, &f.detail, acks), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_append(f.session, NULL, NULL, 0, &f.detail, acks), HF_OK);
	ck_assert_int_eq(hf_session_append(f.session, NULL, records, 1, NULL, acks), HF_OK);
	ck_assert_uint_eq(acks[0].n, 1);
	ck_assert_uint_eq(hf_session_records(f.session), 2);
	ck_assert_int_eq(hf_session_save(f.session, NULL, NULL, 1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_save(f.session, NULL, records, 2, &f.detail), HF_ERR_JSON);
	ck_assert_int_eq(f.detail.input, 1);
	ck_assert_uint_eq(hf_session_records(f.session), 2);
	ck_assert_int_eq(hf_session_sync(f.session, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_save_keeps_the_id)
{
	struct hf_session_options same = { .id = ID_1, .name = "new" };
	struct hf_session_options other = { .id = ID_2 };
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	ck_assert_int_eq(hf_session_save(f.session, &other, NULL, 0, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_save(f.session, &same, NULL, 0, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_uint_eq(verify(&f, ID_1).records, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(a_second_writer_waits_or_is_busy)
{
	struct hf_open_options options = { .timeout_ms = 20 };
	struct hf_session *second = NULL;
	struct hf_store *other = NULL;
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	other = f.store;
	f.store = NULL;
	ck_assert_int_eq(fixture_store(&f, NULL), HF_OK);
	/* From the same store, and from another handle on it. */
	ck_assert_int_eq(hf_session_open(other, ID_1, NULL, NULL, &second), HF_ERR_BUSY);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, NULL, &second), HF_ERR_BUSY);
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, NULL), HF_ERR_BUSY);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, NULL), HF_ERR_BUSY);
	ck_assert_ptr_null(second);
	ck_assert(verify(&f, ID_1).active);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert(!verify(&f, ID_1).active);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	hf_store_close(other);
	fixture_close(&f);
}
END_TEST

START_TEST(a_store_open_for_reading_changes_nothing)
{
	struct hf_store_options options = { .read_only = true };
	struct hf_repair repair = { 0 };
	struct fixture f;
	int64_t size;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
	scratch_append(f.scratch.fd, LOG_1, "stump", 5);
	size = scratch_size(f.scratch.fd, LOG_1);
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(hf_session_create(f.store, NULL, NULL, &f.session), HF_ERR_CLOSED);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_ERR_CLOSED);
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, NULL), HF_ERR_CLOSED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_ERR_CLOSED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, true, NULL, &repair), HF_OK);
	ck_assert(repair.changed);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_TORN);
	ck_assert_int_eq(scratch_size(f.scratch.fd, LOG_1), size);
	fixture_close(&f);
}
END_TEST

START_TEST(a_dry_run_says_what_a_repair_then_does)
{
	struct hf_repair plan = { 0 }, repair = { 0 };
	struct fixture f;
	int64_t size;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_OK);
	ck_assert(!repair.changed);
	ck_assert_int_eq(repair.before.verdict, HF_INTACT);
	size = scratch_size(f.scratch.fd, LOG_1);
	scratch_append(f.scratch.fd, LOG_1, "a stump\n", 8);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, true, NULL, &plan), HF_OK);
	ck_assert_int_eq(scratch_size(f.scratch.fd, LOG_1), size + 8);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/quarantine"), 0);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_OK);
	ck_assert(plan.changed && repair.changed);
	ck_assert_int_eq(plan.before.verdict, HF_TORN);
	ck_assert_int_eq(repair.before.verdict, HF_TORN);
	ck_assert_uint_eq(plan.removed_bytes, repair.removed_bytes);
	ck_assert_uint_eq(plan.removed_offset, repair.removed_offset);
	ck_assert_str_eq(plan.quarantine, "");
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/quarantine"), 1);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_uint_eq(verify(&f, ID_1).records, 5);
	fixture_close(&f);
}
END_TEST

START_TEST(opening_tells_what_it_has_repaired)
{
	struct hf_repair repair = { .removed_bytes = 77 };
	struct hf_open_options options = { .repair = &repair };
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, NULL, &f.session), HF_OK);
	ck_assert(!repair.changed);
	ck_assert_uint_eq(repair.removed_bytes, 0);
	leave(&f, HF_CLOSE_LEAVE);
	scratch_append(f.scratch.fd, LOG_1, "a stump\n", 8);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, NULL, &f.session), HF_OK);
	ck_assert(repair.changed);
	ck_assert_int_eq(repair.before.verdict, HF_TORN);
	ck_assert_uint_eq(repair.removed_bytes, 8);
	leave(&f, HF_CLOSE_LEAVE);
	options.accept = HF_ACCEPT(HF_KEY_MISSING);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, NULL, &f.session),
			 HF_ERR_INVALID);
	fixture_close(&f);
}
END_TEST

START_TEST(a_repair_of_what_cannot_be_mended_is_its_verdicts_error)
{
	struct hf_repair repair = { .removed_bytes = 77 };
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
	scratch_flip(f.scratch.fd, LOG_1, 500, 1);
	for (unsigned dry = 0; dry < 2; dry++) {
		ck_assert_int_eq(hf_session_repair(f.store, ID_1, HF_ACCEPT(HF_GAP), dry > 0, &f.detail,
						   &repair), HF_ERR_TAMPERED);
		ck_assert_uint_eq(repair.removed_bytes, 0);
		ck_assert_int_eq(repair.before.verdict, HF_TAMPERED);
		ck_assert(!repair.changed);
	}
	scratch_flip(f.scratch.fd, LOG_1, 500, 1);
	scratch_remove(f.scratch.fd, HEAD_1);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair),
			 HF_ERR_HEAD_MISSING);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, HF_ACCEPT(HF_HEAD_MISSING), false, NULL,
					   &repair), HF_OK);
	ck_assert(repair.changed);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(the_seal_and_the_handle_go_as_they_are_told)
{
	struct hf_view *view;
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	view = load(&f, ID_1);
	ck_assert(!hf_view_info(view)->closed);
	hf_view_close(view);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	view = load(&f, ID_1);
	ck_assert(hf_view_info(view)->closed);
	ck_assert_uint_eq(hf_view_info(view)->records, 2);
	hf_view_close(view);
	ck_assert_int_eq(hf_session_close(NULL, HF_CLOSE_SEAL, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(removing_a_session_leaves_the_others)
{
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	append_many(&f, 2);
	leave(&f, HF_CLOSE_LEAVE);
	create(&f, ID_2, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, NULL), HF_OK);
	ck_assert(!scratch_exists(f.scratch.fd, LOG_1) && !scratch_exists(f.scratch.fd, HEAD_1));
	ck_assert(!scratch_exists(f.scratch.fd, "store/sessions/" ID_1 ".lock"));
	ck_assert_int_eq(verify(&f, ID_2).verdict, HF_INTACT);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_ERR_NOTFOUND);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *session = tcase_create("session");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(session, 60);
	tcase_add_test(session, a_session_without_an_id_gets_a_random_one);
	tcase_add_test(session, ids_that_are_no_uuids_are_refused_by_every_call);
	tcase_add_test(session, what_is_not_there_is_not_found_and_not_made);
	tcase_add_test(session, json_goes_through_the_whole_way_byte_for_byte);
	tcase_add_test(session, a_refused_record_is_named_and_the_handle_stays_good);
	tcase_add_test(session, a_save_keeps_the_id);
	tcase_add_test(session, a_second_writer_waits_or_is_busy);
	tcase_add_test(session, a_store_open_for_reading_changes_nothing);
	tcase_add_test(session, a_dry_run_says_what_a_repair_then_does);
	tcase_add_test(session, opening_tells_what_it_has_repaired);
	tcase_add_test(session, a_repair_of_what_cannot_be_mended_is_its_verdicts_error);
	tcase_add_test(session, the_seal_and_the_handle_go_as_they_are_told);
	tcase_add_test(session, removing_a_session_leaves_the_others);
	suite_add_tcase(suite, session);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
