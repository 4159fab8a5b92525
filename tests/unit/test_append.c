/* SPDX-License-Identifier: MIT */
/*
 * Goal: records are appended each at most once, all or none, and byte for byte. Method:
 * the real writer on storage in memory; ids around the window, refusals in the middle of
 * batches, and JSON that others are known to lose.
 */
#include "writer_fixture.h"

static int append_two(struct fixture *f, const char *a, const char *b)
{
	struct hf_append records[] = { { "message", NULL, a, strlen(a) },
				       { "message", NULL, b, strlen(b) } };

	report_clear(&f->rig.report);
	return writer_append(f->writer, NULL, records, 2, NULL);
}

START_TEST(json_is_kept_byte_for_byte_less_white_space)
{
	static const char *const rows[][2] = {
		{ "\"\\ud800\"", "\"\\ud800\"" },
		{ "\"\\udc00\\ud800\"", "\"\\udc00\\ud800\"" },
		{ "\"\\uD83D\\uDE00\"", "\"\\uD83D\\uDE00\"" },
		{ "\"\xf0\x9f\x98\x80\"", "\"\xf0\x9f\x98\x80\"" },
		{ "123456789012345678901234567890", "123456789012345678901234567890" },
		{ "[1.0,1,1.00,1e0,1E+0,-0,-0.0]", "[1.0,1,1.00,1e0,1E+0,-0,-0.0]" },
		{ "1e99999", "1e99999" },
		{ "\"\\u2028\xe2\x80\xa8\\u2029\xe2\x80\xa9\"", "\"\\u2028\\u2028\\u2029\\u2029\"" },
		{ "\"\\/\\u0041\\u0000\"", "\"\\/\\u0041\\u0000\"" },
		{ "{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}" },
		{ " { \"a\" :\t[ ] ,\r\n\"b c\" : \" d \" } ", "{\"a\":[],\"b c\":\" d \"}" },
		{ "\"\\n\"", "\"\\n\"" },
	};
	struct fixture f;

	fixture_create(&f, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_int_eq(append(&f, "message", NULL, rows[i][0], NULL), HF_OK);
		expect_record(&f, 1 + i, "message", rows[i][1]);
	}
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 1 + sizeof rows / sizeof rows[0]);
	fixture_close(&f);
}
END_TEST

static void nest(char *json, unsigned depth)
{
	memset(json, '[', depth);
	memset(json + depth, ']', depth);
	json[2 * depth] = '\0';
}

START_TEST(data_may_nest_up_to_the_limit)
{
	char json[2 * HF_DEPTH_MAX + 8];
	struct fixture f;

	fixture_create(&f, NULL);
	nest(json, HF_DEPTH_MAX);
	ck_assert_int_eq(append(&f, "message", NULL, json, NULL), HF_OK);
	nest(json, HF_DEPTH_MAX + 1);
	ck_assert_int_eq(append(&f, "message", NULL, json, NULL), HF_ERR_JSON);
	ck_assert_uint_eq(f.writer->head.records, 2);
	fixture_close(&f);
}
END_TEST

START_TEST(data_of_the_largest_size_is_appended_and_no_larger)
{
	struct fixture f;
	char *json;
	enum { LIMIT = 100000 };

	fixture_open(&f);
	f.rig.env.max_record_size = LIMIT;
	ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
	json = malloc(LIMIT + 2);
	ck_assert_ptr_nonnull(json);
	memset(json, 'x', LIMIT + 2);
	json[0] = json[LIMIT - 1] = '"';
	json[LIMIT] = '\0';
	ck_assert_int_eq(append(&f, "message", NULL, json, NULL), HF_OK);
	json[LIMIT - 1] = 'x';
	json[LIMIT] = '"';
	json[LIMIT + 1] = '\0';
	ck_assert_int_eq(append(&f, "message", NULL, json, NULL), HF_ERR_RECORD_SIZE);
	ck_assert_int_eq(append(&f, "message", NULL, "1", NULL), HF_OK);
	ck_assert_uint_eq(f.writer->head.records, 3);
	free(json);
	fixture_close(&f);
}
END_TEST

/* ---- All or none ---- */

START_TEST(one_bad_record_keeps_the_whole_batch_out)
{
	static const struct {
		const char *type, *id, *json;
		int rc;
	} bad[] = {
		{ "message", NULL, "{", HF_ERR_JSON },
		{ "message", NULL, "", HF_ERR_JSON },
		{ "seal", NULL, "1", HF_ERR_INVALID },
		{ "x-", NULL, "1", HF_ERR_INVALID },
		{ "message", "", "1", HF_ERR_INVALID },
		{ "message", "a b", "1", HF_ERR_INVALID },
		{ "config", NULL, "1", HF_ERR_INVALID },
		{ "message", "known", "2", HF_ERR_ID_REUSED },
		{ "message", "fresh-0", "2", HF_ERR_ID_REUSED },
		{ NULL, NULL, "1", HF_ERR_INVALID },
		{ "message", NULL, NULL, HF_ERR_INVALID },
	};
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "known", "1", NULL), HF_OK);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		for (size_t place = 1; place < 4; place++) {
			struct hf_append records[4] = {
				{ "message", "fresh-0", "1", 1 }, { "message", "fresh-1", "1", 1 },
				{ "message", "fresh-2", "1", 1 }, { "message", "fresh-3", "1", 1 },
			};
			struct hf_ack acks[4] = { { 77, true }, { 77, true }, { 77, true }, { 77, true } };
			size_t size = log_rig_log(&f.rig, f.id).size;

			records[place] = (struct hf_append){ bad[i].type, bad[i].id, bad[i].json,
							     bad[i].json != NULL ? strlen(bad[i].json) : 1 };
			report_clear(&f.rig.report);
			ck_assert_msg(writer_append(f.writer, NULL, records, 4, acks) == bad[i].rc,
				      "row %zu at %zu: %s", i, place,
				      hf_error_name(f.rig.report.detail.code));
			ck_assert_int_eq(f.rig.report.detail.input, (int64_t)place);
			ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size, size);
			ck_assert_uint_eq(f.writer->head.records, 2);
			ck_assert_uint_eq(acks[0].n, 77);
		}
	}
	/* What was refused is not known, and the handle is good. */
	ck_assert_int_eq(append(&f, "message", "fresh-0", "3", NULL), HF_OK);
	ck_assert_uint_eq(f.writer->head.records, 3);
	fixture_close(&f);
}
END_TEST

START_TEST(a_batch_is_one_run_of_records_with_their_numbers)
{
	struct hf_append records[100];
	struct hf_ack acks[100];
	struct fixture f;

	fixture_create(&f, NULL);
	for (unsigned i = 0; i < 100; i++)
		records[i] = (struct hf_append){ "message", NULL, "[]", 2 };
	ck_assert_int_eq(writer_append(f.writer, NULL, records, 100, acks), HF_OK);
	for (unsigned i = 0; i < 100; i++) {
		ck_assert_uint_eq(acks[i].n, 1 + i);
		ck_assert(!acks[i].duplicate);
	}
	ck_assert_int_eq(writer_append(f.writer, NULL, NULL, 0, NULL), HF_OK);
	expect_check(&f, HF_INTACT, 101);
	ck_assert_uint_eq(newest_head(&f).counter, 3);
	fixture_close(&f);
}
END_TEST

START_TEST(an_append_that_expects_another_count_is_a_conflict)
{
	struct hf_append_options options = { .expect = true, .expect_records = 1 };
	struct hf_append record = { "message", NULL, "1", 1 };
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_OK);
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_ERR_CONFLICT);
	options.expect_records = 3;
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_ERR_CONFLICT);
	options.expect_records = UINT64_MAX;
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_ERR_CONFLICT);
	ck_assert_uint_eq(f.writer->head.records, 2);
	options.expect_records = 2;
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_OK);
	options.expect = false;
	ck_assert_int_eq(writer_append(f.writer, &options, &record, 1, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

/* ---- Ids ---- */

START_TEST(an_id_is_appended_once)
{
	struct hf_ack ack = { 0 };
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "a", "{\"x\":1}", &ack), HF_OK);
	ck_assert(ack.n == 1 && !ack.duplicate);
	append_many(&f, 3);
	/* White space does not make it another record. */
	ck_assert_int_eq(append(&f, "message", "a", " { \"x\" : 1 } ", &ack), HF_OK);
	ck_assert(ack.n == 1 && ack.duplicate);
	ck_assert_int_eq(append(&f, "message", "a", "{\"x\":1.0}", &ack), HF_ERR_ID_REUSED);
	ck_assert_int_eq(append(&f, "x-a", "a", "{\"x\":1}", &ack), HF_ERR_ID_REUSED);
	ck_assert_uint_eq(f.writer->head.records, 5);
	fixture_close(&f);
}
END_TEST

START_TEST(an_id_given_twice_in_a_batch_is_written_once)
{
	struct hf_append records[] = { { "message", "a", "1", 1 }, { "message", "b", "2", 1 },
				       { "message", "a", "1", 1 }, { "message", "c", "3", 1 } };
	struct hf_ack acks[4];
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(writer_append(f.writer, NULL, records, 4, acks), HF_OK);
	ck_assert(acks[0].n == 1 && acks[1].n == 2 && acks[2].n == 1 && acks[3].n == 3);
	ck_assert(!acks[0].duplicate && !acks[1].duplicate && acks[2].duplicate && !acks[3].duplicate);
	expect_record(&f, 3, "message", "3");
	expect_check(&f, HF_INTACT, 4);
	/* All of it once more: nothing is written. */
	ck_assert_int_eq(writer_append(f.writer, NULL, records, 4, acks), HF_OK);
	ck_assert(acks[3].duplicate && acks[3].n == 3);
	expect_check(&f, HF_INTACT, 4);
	fixture_close(&f);
}
END_TEST

static int append_numbered(struct fixture *f, unsigned number, const char *json,
			   struct hf_ack *ret_ack)
{
	char id[32];

	(void)snprintf(id, sizeof id, "id-%u", number);
	return append(f, "message", id, json, ret_ack);
}

/* In the same handle, and after opening again. */
START_TEST(the_newest_ids_of_the_window_are_known)
{
	struct hf_ack ack = { 0 };
	struct fixture f;

	fixture_create(&f, NULL);
	for (unsigned i = 0; i < HF_ID_WINDOW; i++)
		ck_assert_int_eq(append_numbered(&f, i, "1", NULL), HF_OK);
	for (unsigned reopened = 0; reopened < 2; reopened++) {
		ck_assert_int_eq(append_numbered(&f, 0, "1", &ack), HF_OK);
		ck_assert(ack.duplicate && ack.n == 1);
		ck_assert_int_eq(append_numbered(&f, HF_ID_WINDOW - 1, "2", &ack), HF_ERR_ID_REUSED);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	}
	/* One more, and the oldest is forgotten. */
	ck_assert_int_eq(append_numbered(&f, HF_ID_WINDOW, "1", NULL), HF_OK);
	ck_assert_int_eq(append_numbered(&f, 1, "1", &ack), HF_OK);
	ck_assert(ack.duplicate && ack.n == 2);
	ck_assert_int_eq(append_numbered(&f, 0, "1", &ack), HF_OK);
	ck_assert(!ack.duplicate && ack.n == HF_ID_WINDOW + 2);
	fixture_close(&f);
}
END_TEST

/* Opening again reads a limited part of the log's end. */
START_TEST(ids_are_known_after_opening_again_within_the_window_of_bytes)
{
	enum { DATA = 100000, COUNT = 25 };
	struct hf_ack ack = { 0 };
	struct fixture f;
	char *json = malloc(DATA + 1);
	unsigned known = 0;

	ck_assert_ptr_nonnull(json);
	memset(json, 'x', DATA);
	json[0] = json[DATA - 1] = '"';
	json[DATA] = '\0';
	fixture_create(&f, NULL);
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert_int_eq(append_numbered(&f, i, json, NULL), HF_OK);
	/* The handle that wrote them knows them all. */
	ck_assert_int_eq(append_numbered(&f, 0, json, &ack), HF_OK);
	ck_assert(ack.duplicate && ack.n == 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	for (unsigned i = COUNT; i-- > 0;) {
		int rc = append_numbered(&f, i, "\"other\"", &ack);

		if (rc == HF_OK)
			break;
		ck_assert_int_eq(rc, HF_ERR_ID_REUSED);
		known++;
	}
	/* Of the ten that fit, the first has no line before it that could be checked. */
	ck_assert_uint_ge(known, HF_ID_WINDOW_BYTES / (DATA + 200) - 1);
	ck_assert_uint_le(known, HF_ID_WINDOW_BYTES / DATA);
	free(json);
	fixture_close(&f);
}
END_TEST

START_TEST(a_last_record_larger_than_the_window_hides_no_fault)
{
	enum { DATA = HF_ID_WINDOW_BYTES + 1000 };
	struct hf_ack ack = { 0 };
	struct fixture f;
	char *json = malloc(DATA + 1);

	ck_assert_ptr_nonnull(json);
	memset(json, 'x', DATA);
	json[0] = json[DATA - 1] = '"';
	json[DATA] = '\0';
	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "small", "1", NULL), HF_OK);
	ck_assert_int_eq(append(&f, "message", "large", json, NULL), HF_OK);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_int_eq(append(&f, "message", "new", "1", &ack), HF_OK);
	ck_assert(ack.n == 3 && !ack.duplicate);
	free(json);
	fixture_close(&f);
}
END_TEST

START_TEST(an_end_of_the_log_that_does_not_verify_teaches_no_ids)
{
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "a", "1", NULL), HF_OK);
	append_many(&f, 3);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	memory_find(f.rig.storage, f.id)->content->bytes.data[500] ^= 1;
	ck_assert_int_eq(append(&f, "message", "a", "1", NULL), HF_ERR_TAMPERED);
	ck_assert_uint_eq(f.writer->head.records, 5);
	fixture_close(&f);
}
END_TEST

/* ---- Seal and resume ---- */

START_TEST(an_append_after_a_seal_says_so_first)
{
	struct hf_ack ack = { 0 };
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "a", "1", NULL), HF_OK);
	fixture_leave(&f, HF_CLOSE_SEAL);
	expect_record(&f, 2, "seal", "{\"records\":3}");
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	/* What is there already reopens nothing. */
	ck_assert_int_eq(append(&f, "message", "a", "1", &ack), HF_OK);
	ck_assert(ack.duplicate && ack.n == 1);
	ck_assert_uint_eq(f.writer->head.records, 3);
	ck_assert_int_eq(append_two(&f, "1", "{"), HF_ERR_JSON);
	ck_assert_uint_eq(f.writer->head.records, 3);
	ck_assert_int_eq(append(&f, "message", "b", "2", &ack), HF_OK);
	ck_assert(!ack.duplicate && ack.n == 4);
	expect_record(&f, 3, "resume", "{\"after\":\"seal\"}");
	expect_record(&f, 4, "message", "2");
	append_many(&f, 1);
	expect_record(&f, 5, "message", "\"text\"");
	fixture_leave(&f, HF_CLOSE_SEAL);
	expect_record(&f, 6, "seal", "{\"records\":7}");
	expect_check(&f, HF_INTACT, 7);
	fixture_close(&f);
}
END_TEST

START_TEST(closing_a_sealed_session_again_seals_it_no_further)
{
	struct fixture f;

	fixture_create(&f, NULL);
	fixture_leave(&f, HF_CLOSE_SEAL);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(fixture_reopen(&f), HF_OK);
		fixture_leave(&f, HF_CLOSE_SEAL);
	}
	expect_check(&f, HF_INTACT, 2);
	fixture_close(&f);
}
END_TEST

/* The order is the number, whatever the clock says. */
START_TEST(times_before_1970_and_beyond_9999_are_kept_or_clamped)
{
	static const struct {
		int64_t now_us;
		const char *at;
	} rows[] = { { -1, "1969-12-31T23:59:59.999999Z" },
		     { INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
		     { INT64_MAX, "9999-12-31T23:59:59.999999Z" },
		     { INT64_MIN, "0000-01-01T00:00:00.000000Z" }, { 0, "1970-01-01T00:00:00.000000Z" } };
	struct fixture f;

	fixture_create(&f, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		f.rig.now_us = rows[i].now_us;
		append_many(&f, 1);
		ck_assert(record_slice_is(record_at(&f, 1 + i).at, rows[i].at));
	}
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 6);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("append");
	TCase *data = tcase_create("data");
	TCase *ids = tcase_create("ids");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(data, json_is_kept_byte_for_byte_less_white_space);
	tcase_add_test(data, data_may_nest_up_to_the_limit);
	tcase_add_test(data, data_of_the_largest_size_is_appended_and_no_larger);
	tcase_add_test(data, one_bad_record_keeps_the_whole_batch_out);
	tcase_add_test(data, a_batch_is_one_run_of_records_with_their_numbers);
	tcase_add_test(data, an_append_that_expects_another_count_is_a_conflict);
	tcase_add_test(data, an_append_after_a_seal_says_so_first);
	tcase_add_test(data, closing_a_sealed_session_again_seals_it_no_further);
	tcase_add_test(data, times_before_1970_and_beyond_9999_are_kept_or_clamped);
	tcase_add_test(ids, an_id_is_appended_once);
	tcase_add_test(ids, an_id_given_twice_in_a_batch_is_written_once);
	tcase_add_test(ids, the_newest_ids_of_the_window_are_known);
	tcase_add_test(ids, ids_are_known_after_opening_again_within_the_window_of_bytes);
	tcase_add_test(ids, a_last_record_larger_than_the_window_hides_no_fault);
	tcase_add_test(ids, an_end_of_the_log_that_does_not_verify_teaches_no_ids);
	suite_add_tcase(suite, data);
	suite_add_tcase(suite, ids);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
