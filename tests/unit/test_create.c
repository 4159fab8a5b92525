/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session is made with what it was asked to be, never over another one, and is gone
 * when it is removed. Method: options at their limits, and what crashes leave of both.
 */
#include "format/first.h"
#include "writer_fixture.h"

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static int create(struct fixture *f, const struct hf_session_options *options)
{
	report_clear(&f->rig.report);
	return writer_create(&f->rig.env, &f->rig.report, f->id, options, &f->writer);
}

static bool is_there(struct fixture *f)
{
	return log_rig_log(&f->rig, f->id).data != NULL || log_rig_head(&f->rig, f->id) != NULL;
}

START_TEST(record_0_says_what_was_asked_for)
{
	struct hf_session_options options = { .name = "a \"name\" \xc3\xa9", .project = "/p\n",
					      .config = slice_of(" {\"a\" : 1.0}"),
					      .origin = slice_of("{\"unsigned\":true}") };
	struct first first = { 0 };
	struct fixture f;

	fixture_create(&f, &options);
	ck_assert(first_decode(record_at(&f, 0).data, &first));
	ck_assert_mem_eq(first.session, f.id.bytes, 16);
	ck_assert_mem_eq(first.store, f.rig.env.store, 16);
	ck_assert_uint_eq(first.generation, 0);
	ck_assert_mem_eq(first.key_id, RIG_KEY_ID, 16);
	ck_assert_int_eq(first.created_us, RIG_TIME_US);
	ck_assert(record_slice_is(first.name, "\"a \\\"name\\\" \xc3\xa9\""));
	ck_assert(record_slice_is(first.project, "\"/p\\n\""));
	ck_assert(record_slice_is(first.config, "{\"a\":1.0}"));
	ck_assert(record_slice_is(first.origin, "{\"unsigned\":true}"));
	ck_assert_uint_eq(first.records, 1);
	ck_assert_uint_eq(f.writer->head.records, 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_UNSIGNED, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(texts_reach_their_limits_and_no_further)
{
	static char name[HF_NAME_MAX + 2], project[HF_PROJECT_MAX + 2];
	struct hf_session_options options = { .name = name, .project = project };
	struct fixture f;

	memset(name, 'n', HF_NAME_MAX);
	memset(project, 'p', HF_PROJECT_MAX);
	project[0] = '/';
	fixture_create(&f, &options);
	ck_assert_uint_eq(f.writer->head.name_size, HF_NAME_MAX);
	ck_assert_uint_eq(f.writer->head.project_size, HF_PROJECT_MAX);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 1);
	f.id = log_rig_id(2);
	name[HF_NAME_MAX] = 'n';
	ck_assert_int_eq(create(&f, &options), HF_ERR_INVALID);
	name[HF_NAME_MAX] = '\0';
	project[HF_PROJECT_MAX] = 'p';
	ck_assert_int_eq(create(&f, &options), HF_ERR_INVALID);
	ck_assert(!is_there(&f));
	fixture_close(&f);
}
END_TEST

START_TEST(slashes_at_the_end_of_a_project_are_left_out)
{
	static const char *const given[] = { "/a/", "/a//", "/a", "/", "//" };
	static const char *const kept[] = { "/a", "/a", "/a", "/", "/" };

	for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
		struct hf_session_options options = { .project = given[i] };
		struct fixture f;

		fixture_create(&f, &options);
		ck_assert_uint_eq(f.writer->head.project_size, strlen(kept[i]));
		ck_assert_mem_eq(f.writer->head.project, kept[i], strlen(kept[i]));
		fixture_leave(&f, HF_CLOSE_LEAVE);
		fixture_close(&f);
	}
}
END_TEST

START_TEST(options_that_are_not_valid_make_nothing)
{
	static const struct {
		const char *name, *project, *config, *origin;
		int rc;
	} rows[] = {
		{ "\xff", NULL, NULL, NULL, HF_ERR_INVALID },
		{ "\xed\xa0\x80", NULL, NULL, NULL, HF_ERR_INVALID },
		{ NULL, "", NULL, NULL, HF_ERR_INVALID },
		{ NULL, "p/q", NULL, NULL, HF_ERR_INVALID },
		{ NULL, "/\xc3", NULL, NULL, HF_ERR_INVALID },
		{ NULL, NULL, "[]", NULL, HF_ERR_JSON },
		{ NULL, NULL, "{\"a\":1,\"a\":2}", NULL, HF_ERR_JSON },
		{ NULL, NULL, " ", NULL, HF_ERR_JSON },
		{ NULL, NULL, NULL, "null", HF_ERR_JSON },
		{ NULL, NULL, NULL, "{", HF_ERR_JSON },
	};
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hf_session_options options = { .name = rows[i].name, .project = rows[i].project };

		if (rows[i].config != NULL)
			options.config = slice_of(rows[i].config);
		if (rows[i].origin != NULL)
			options.origin = slice_of(rows[i].origin);
		ck_assert_msg(create(&f, &options) == rows[i].rc, "row %zu: %s", i,
			      hf_error_name(f.rig.report.detail.code));
		ck_assert_ptr_null(f.writer);
		ck_assert(!is_there(&f));
	}
	ck_assert_int_eq(create(&f, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(an_id_that_is_taken_is_not_made_again)
{
	struct writer *first;
	struct fixture f;

	fixture_create(&f, NULL);
	first = f.writer;
	f.writer = NULL;
	ck_assert_int_eq(create(&f, NULL), HF_ERR_EXISTS);
	ck_assert_int_eq(writer_close(first, HF_CLOSE_LEAVE), HF_OK);
	ck_assert_int_eq(create(&f, NULL), HF_ERR_EXISTS);
	ck_assert_ptr_null(f.writer);
	/* A log that is gone, and a head that is, leave the id taken. */
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	append_many(&f, 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	log_rig_put_log(&f.rig, f.id, NULL, 0);
	ck_assert_int_eq(create(&f, NULL), HF_ERR_EXISTS);
	log_rig_put_log(&f.rig, f.id, "rubbish", 7);
	log_rig_put_head(&f.rig, f.id, NULL);
	ck_assert_int_eq(create(&f, NULL), HF_ERR_EXISTS);
	ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size, 7);
	fixture_close(&f);
}
END_TEST

/* A head that knows record 0 only, and no log: the creation that left it was cut short. */
START_TEST(what_a_crash_in_a_creation_leaves_does_not_take_the_id)
{
	struct fixture f;

	fixture_create(&f, NULL);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	log_rig_put_log(&f.rig, f.id, NULL, 0);
	ck_assert_int_eq(fixture_reopen(&f), HF_ERR_NOTFOUND);
	ck_assert_int_eq(create(&f, NULL), HF_OK);
	append_many(&f, 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 2);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_was_removed_is_gone_and_its_id_free)
{
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 3);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(writer_delete(&f.rig.env, NULL, &f.rig.report, f.id), HF_OK);
	ck_assert(!is_there(&f));
	ck_assert_int_eq(writer_delete(&f.rig.env, NULL, &f.rig.report, f.id), HF_ERR_NOTFOUND);
	ck_assert_int_eq(fixture_reopen(&f), HF_ERR_NOTFOUND);
	ck_assert_int_eq(create(&f, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_is_written_to_is_not_removed)
{
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(writer_delete(&f.rig.env, NULL, &f.rig.report, f.id), HF_ERR_BUSY);
	append_many(&f, 1);
	expect_check(&f, HF_INTACT, 2);
	fixture_close(&f);
}
END_TEST

/* A damaged session can be removed like any other. */
START_TEST(a_session_of_any_verdict_can_be_removed)
{
	for (unsigned kind = 0; kind < 4; kind++) {
		struct fixture f;

		fixture_create(&f, NULL);
		append_many(&f, 3);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		if (kind == 0)
			log_rig_put_log(&f.rig, f.id, "rubbish\n", 8);
		if (kind == 1)
			log_rig_put_log(&f.rig, f.id, NULL, 0);
		if (kind == 2)
			log_rig_put_head(&f.rig, f.id, NULL);
		if (kind == 3)
			log_rig_head(&f.rig, f.id)[60] ^= 1;
		ck_assert_int_eq(writer_delete(&f.rig.env, NULL, &f.rig.report, f.id), HF_OK);
		ck_assert(!is_there(&f));
		fixture_close(&f);
	}
}
END_TEST

/* A removal that was cut short after the head said so. */
START_TEST(a_session_marked_as_removed_is_none_and_its_id_free)
{
	uint8_t slot[STORAGE_HEAD_SLOT_SIZE];
	struct head head;
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 3);
	head = f.writer->head;
	head.counter += 2;
	head.flags |= FORMAT_HEAD_DELETED;
	head_encode(&head, &f.writer->key->head, slot);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	memcpy(log_rig_head(&f.rig, f.id) + (size_t)head_slot(head.counter) * STORAGE_HEAD_SLOT_SIZE,
	       slot, sizeof slot);
	ck_assert_int_eq(fixture_reopen(&f), HF_ERR_NOTFOUND);
	ck_assert_int_eq(create(&f, NULL), HF_OK);
	ck_assert_uint_eq(f.writer->head.records, 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 1);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("create");
	TCase *create_case = tcase_create("create");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(create_case, record_0_says_what_was_asked_for);
	tcase_add_test(create_case, texts_reach_their_limits_and_no_further);
	tcase_add_test(create_case, slashes_at_the_end_of_a_project_are_left_out);
	tcase_add_test(create_case, options_that_are_not_valid_make_nothing);
	tcase_add_test(create_case, an_id_that_is_taken_is_not_made_again);
	tcase_add_test(create_case, what_a_crash_in_a_creation_leaves_does_not_take_the_id);
	tcase_add_test(create_case, a_session_that_was_removed_is_gone_and_its_id_free);
	tcase_add_test(create_case, a_session_that_is_written_to_is_not_removed);
	tcase_add_test(create_case, a_session_of_any_verdict_can_be_removed);
	tcase_add_test(create_case, a_session_marked_as_removed_is_none_and_its_id_free);
	suite_add_tcase(suite, create_case);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
