/* SPDX-License-Identifier: MIT */
/*
 * Goal: a save replaces the records and keeps what the session is, and the new generation
 * names the one that it replaced. Method: the real writer; record 0 of each generation is
 * decoded and compared with the state before.
 */
#include "format/first.h"
#include "writer_fixture.h"

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

/* Saves count messages. */
static int save(struct fixture *f, const struct hf_session_options *options, unsigned count)
{
	struct hf_append *records = calloc(count + 1, sizeof *records);
	int rc;

	ck_assert_ptr_nonnull(records);
	for (unsigned i = 0; i < count; i++)
		records[i] = (struct hf_append){ "message", NULL, "\"saved\"", 7 };
	report_clear(&f->rig.report);
	rc = writer_save(f->writer, options, records, count);
	free(records);
	return rc;
}

static struct first first_of(struct fixture *f)
{
	struct first first = { 0 };

	ck_assert(first_decode(record_at(f, 0).data, &first));
	return first;
}

START_TEST(a_generation_names_the_one_that_it_replaced)
{
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert(!first_of(&f).has_previous);
	for (uint64_t generation = 1; generation <= 5; generation++) {
		struct head before;
		struct first first;

		append_many(&f, (unsigned)generation);
		before = f.writer->head;
		ck_assert_int_eq(save(&f, NULL, 10 * (unsigned)generation), HF_OK);
		first = first_of(&f);
		ck_assert_uint_eq(first.generation, generation);
		ck_assert_uint_eq(first.records, 10 * generation + 1);
		ck_assert(first.has_previous);
		ck_assert_uint_eq(first.previous.generation, before.generation);
		ck_assert_uint_eq(first.previous.records, before.records);
		ck_assert(mac_equal(first.previous.mac, before.mac));
		ck_assert_uint_eq(f.writer->head.records, 10 * generation + 1);
		ck_assert_uint_eq(newest_head(&f).generation, generation);
		ck_assert_uint_gt(newest_head(&f).counter, before.counter);
	}
	append_many(&f, 3);
	fixture_leave(&f, HF_CLOSE_SEAL);
	expect_check(&f, HF_INTACT, 55);
	fixture_close(&f);
}
END_TEST

START_TEST(a_save_keeps_what_it_is_not_told_to_change)
{
	struct hf_session_options options = { .name = "first", .project = "/p",
					      .config = slice_of("{\"a\":1}"),
					      .origin = slice_of("{\"from\":\"x\"}") };
	struct hf_session_options change = { .project = "/q" };
	struct first first;
	struct fixture f;

	fixture_create(&f, &options);
	ck_assert_int_eq(append(&f, "rename", NULL, "{\"name\":\"second \\u00e9\"}", NULL), HF_OK);
	ck_assert_int_eq(append(&f, "config", NULL, "{\"b\":2}", NULL), HF_OK);
	ck_assert_int_eq(append(&f, "tags", NULL, "{ \"tags\": [\"a\", \"\\u0062\"] }", NULL), HF_OK);
	ck_assert_int_eq(append(&f, "pin", NULL, "{\"pinned\":true}", NULL), HF_OK);
	f.rig.now_us += 1000000;
	ck_assert_int_eq(save(&f, NULL, 2), HF_OK);
	first = first_of(&f);
	ck_assert(record_slice_is(first.name, "\"second \\u00e9\""));
	ck_assert(record_slice_is(first.project, "\"/p\""));
	ck_assert(record_slice_is(first.config, "{\"b\":2}"));
	ck_assert(record_slice_is(first.origin, "{\"from\":\"x\"}"));
	ck_assert(record_slice_is(first.tags, "[\"a\",\"\\u0062\"]"));
	ck_assert(record_slice_is(first.former, "[]"));
	ck_assert(first.is_pinned);
	ck_assert_int_eq(first.created_us, RIG_TIME_US);
	ck_assert_int_gt(record_at(&f, 0).at_us, RIG_TIME_US + 999999);
	ck_assert_int_eq(save(&f, &change, 2), HF_OK);
	first = first_of(&f);
	ck_assert(record_slice_is(first.name, "\"second \\u00e9\""));
	ck_assert(record_slice_is(first.project, "\"/q\""));
	ck_assert(record_slice_is(first.former, "[\"/p\"]"));
	ck_assert_int_eq(newest_head(&f).created_us, RIG_TIME_US);
	ck_assert_uint_eq(newest_head(&f).flags, FORMAT_HEAD_PINNED);
	fixture_close(&f);
}
END_TEST

/* Whether the project was changed by saves or by moves, through this handle or another. */
START_TEST(a_save_keeps_the_former_projects)
{
	struct hf_session_options options = { .project = "/0" };
	struct resume_place place = { .moved_to = "/1" };
	struct fixture f;

	fixture_create(&f, &options);
	ck_assert_int_eq(writer_resume(f.writer, &place, slice_of("\"/0\"")), HF_OK);
	expect_record(&f, 1, "relocate", "{\"project\":\"/1\",\"from\":\"/0\"}");
	ck_assert_int_eq(save(&f, NULL, 2), HF_OK);
	ck_assert(record_slice_is(first_of(&f).former, "[\"/0\"]"));
	ck_assert(record_slice_is(first_of(&f).project, "\"/1\""));
	for (unsigned i = 2; i < 11; i++) {
		char project[8];

		(void)snprintf(project, sizeof project, "/%u", i);
		options.project = project;
		ck_assert_int_eq(save(&f, &options, 0), HF_OK);
		/* Saving again with the same one forgets nothing, and remembers nothing. */
		ck_assert_int_eq(save(&f, &options, 0), HF_OK);
	}
	fixture_leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	options.project = "/5";
	ck_assert_int_eq(save(&f, &options, 1), HF_OK);
	ck_assert(record_slice_is(first_of(&f).former,
				  "[\"/3\",\"/4\",\"/5\",\"/6\",\"/7\",\"/8\",\"/9\",\"/10\"]"));
	expect_check(&f, HF_INTACT, 2);
	fixture_close(&f);
}
END_TEST

START_TEST(a_save_changes_all_that_it_is_told_to)
{
	struct hf_session_options options = { .name = "first", .config = slice_of("{\"a\":1}") };
	struct hf_session_options change = { .name = "n", .project = "/q", .config = slice_of(" { } "),
					     .origin = slice_of("{\"o\":1}") };
	struct first first;
	struct fixture f;

	fixture_create(&f, &options);
	ck_assert_int_eq(save(&f, &change, 0), HF_OK);
	first = first_of(&f);
	ck_assert(record_slice_is(first.name, "\"n\""));
	ck_assert(record_slice_is(first.project, "\"/q\""));
	ck_assert(record_slice_is(first.config, "{}"));
	ck_assert(record_slice_is(first.origin, "{\"o\":1}"));
	ck_assert_uint_eq(first.records, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_unsigned_stays_so)
{
	struct hf_session_options options = { .origin = slice_of("{\"unsigned\":true}") };
	struct hf_session_options change = { .origin = slice_of("{\"unsigned\":false}") };
	struct fixture f;

	fixture_create(&f, &options);
	ck_assert_int_eq(save(&f, &change, 1), HF_ERR_INVALID);
	ck_assert_uint_eq(f.writer->head.generation, 0);
	change.origin = slice_of("{\"o\":1,\"unsigned\":true}");
	ck_assert_int_eq(save(&f, &change, 1), HF_OK);
	ck_assert_int_eq(save(&f, NULL, 2), HF_OK);
	ck_assert(record_slice_is(first_of(&f).origin, "{\"o\":1,\"unsigned\":true}"));
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_UNSIGNED, 3);
	fixture_close(&f);
}
END_TEST

START_TEST(a_refused_save_changes_nothing)
{
	static const char *const bad_names[] = { "\xff" };
	struct hf_session_options options[] = {
		{ .name = bad_names[0] }, { .project = "relative" }, { .config = slice_of("[]") },
		{ .config = slice_of("{") }, { .origin = slice_of("1") },
	};
	static const int wanted[] = { HF_ERR_INVALID, HF_ERR_INVALID, HF_ERR_JSON, HF_ERR_JSON,
				      HF_ERR_JSON };
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 3);
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		ck_assert_int_eq(save(&f, &options[i], 2), wanted[i]);
		ck_assert_uint_eq(f.writer->head.records, 4);
		ck_assert_uint_eq(f.writer->head.generation, 0);
	}
	append_many(&f, 1);
	expect_check(&f, HF_INTACT, 5);
	fixture_close(&f);
}
END_TEST

START_TEST(one_bad_record_keeps_the_old_generation)
{
	static const struct hf_append bad[] = { { "message", NULL, "{", 1 }, { "seal", NULL, "1", 1 },
						{ NULL, NULL, "1", 1 }, { "message", "a b", "1", 1 },
						{ "message", NULL, NULL, 1 } };
	static const int wanted[] = { HF_ERR_JSON, HF_ERR_INVALID, HF_ERR_INVALID, HF_ERR_INVALID,
				      HF_ERR_INVALID };
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 3);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct hf_append records[3] = { { "message", NULL, "1", 1 }, { "message", NULL, "2", 1 } };

		records[2] = bad[i];
		report_clear(&f.rig.report);
		ck_assert_int_eq(writer_save(f.writer, NULL, records, 3), wanted[i]);
		ck_assert_int_eq(f.rig.report.detail.input, 2);
		ck_assert_uint_eq(f.writer->head.records, 4);
	}
	append_many(&f, 1);
	expect_check(&f, HF_INTACT, 5);
	ck_assert_uint_eq(f.writer->head.generation, 0);
	fixture_close(&f);
}
END_TEST

/* Bytes are handed over in pieces; what is folded and chained must not show that. */
START_TEST(a_save_of_some_megabytes_is_whole)
{
	enum { COUNT = 3000, DATA = 1000 };
	struct hf_append *records = calloc(COUNT, sizeof *records);
	static char json[DATA + 1];
	struct fixture f;

	ck_assert_ptr_nonnull(records);
	memset(json, 'x', DATA);
	json[0] = json[DATA - 1] = '"';
	fixture_create(&f, NULL);
	for (unsigned i = 0; i < COUNT; i++)
		records[i] = (struct hf_append){ i == 7 ? "todos" : "message", NULL, json, DATA };
	ck_assert_int_eq(writer_save(f.writer, NULL, records, COUNT), HF_OK);
	free(records);
	ck_assert_uint_eq(f.writer->head.messages, COUNT - 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, COUNT + 1);
	fixture_close(&f);
}
END_TEST

/* Ids of the generation before stand for nothing any more. */
START_TEST(ids_count_within_a_generation)
{
	struct hf_append records[] = { { "message", "a", "1", 1 } };
	struct hf_ack ack = { 0 };
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(append(&f, "message", "a", "0", NULL), HF_OK);
	ck_assert_int_eq(append(&f, "message", "b", "0", NULL), HF_OK);
	ck_assert_int_eq(writer_save(f.writer, NULL, records, 1), HF_OK);
	ck_assert_int_eq(append(&f, "message", "a", "1", &ack), HF_OK);
	ck_assert(ack.duplicate && ack.n == 1);
	ck_assert_int_eq(append(&f, "message", "b", "0", &ack), HF_OK);
	ck_assert(!ack.duplicate && ack.n == 2);
	fixture_close(&f);
}
END_TEST

START_TEST(a_save_reopens_a_sealed_session)
{
	struct fixture f;

	fixture_create(&f, NULL);
	fixture_leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_int_eq(save(&f, NULL, 1), HF_OK);
	ck_assert_uint_eq(newest_head(&f).flags & FORMAT_HEAD_SEALED, 0);
	fixture_leave(&f, HF_CLOSE_SEAL);
	expect_record(&f, 2, "seal", "{\"records\":3}");
	fixture_close(&f);
}
END_TEST

/* Nobody saves over a log that was altered: it may be all that is left. */
START_TEST(a_session_that_was_altered_is_not_saved_over)
{
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 5);
	memory_find(f.rig.storage, f.id)->content->bytes.data[500] ^= 1;
	ck_assert_int_eq(save(&f, NULL, 2), HF_ERR_TAMPERED);
	ck_assert_uint_eq(f.writer->head.generation, 0);
	expect_check(&f, HF_TAMPERED, 1);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("save");
	TCase *saves = tcase_create("save");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(saves, a_generation_names_the_one_that_it_replaced);
	tcase_add_test(saves, a_save_keeps_what_it_is_not_told_to_change);
	tcase_add_test(saves, a_save_keeps_the_former_projects);
	tcase_add_test(saves, a_save_changes_all_that_it_is_told_to);
	tcase_add_test(saves, what_is_unsigned_stays_so);
	tcase_add_test(saves, a_refused_save_changes_nothing);
	tcase_add_test(saves, one_bad_record_keeps_the_old_generation);
	tcase_add_test(saves, a_save_of_some_megabytes_is_whole);
	tcase_add_test(saves, ids_count_within_a_generation);
	tcase_add_test(saves, a_save_reopens_a_sealed_session);
	tcase_add_test(saves, a_session_that_was_altered_is_not_saved_over);
	suite_add_tcase(suite, saves);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
