/* SPDX-License-Identifier: MIT */
/*
 * Goal: an export of what was imported gives back the very bytes, from however many records
 * and in whatever form they are stored, and says so when bytes are missing. Method: sessions
 * made of records as docs/INTERCHANGE.md describes them, by hand; the bytes are compared
 * with what went in, by hand.
 */
#include "lib/runner.h"
#include "store_fixture.h"

static struct fixture fixture;
static struct hf_view *view;
static char written[4][4096]; /* the main file, then those beside it */
static char names[4][128];
static size_t sizes[4];
static size_t files;
static unsigned calls;
static struct hf_export done;

static void begin_path(const char *format, const char *path)
{
	char origin[200];
	struct hf_session_options options = { .id = ID_1 };

	fixture_open(&fixture);
	(void)snprintf(origin, sizeof origin, "{\"format\":\"%s\",\"path\":\"%s\"}", format, path);
	options.origin = (struct hf_slice){ origin, strlen(origin) };
	ck_assert_int_eq(hf_session_create(fixture.store, &options, &fixture.detail,
					   &fixture.session),
			 HF_OK);
	memset(written, 0, sizeof written);
	memset(sizes, 0, sizeof sizes);
	memset(names, 0, sizeof names);
	files = 1;
	calls = 0;
}

static void begin(const char *format)
{
	begin_path(format, "/a/b/s.jsonl");
}

static void teardown(void)
{
	hf_view_close(view);
	view = NULL;
	fixture_close(&fixture);
}

static void put(const char *type, const char *json)
{
	ck_assert_int_eq(append(&fixture, type, NULL, json), HF_OK);
}

static int take(void *context, const char *file, const char *data, size_t size)
{
	size_t i = 0;

	(void)context;
	calls++;
	if (file != NULL) {
		for (i = 1; i < files && strcmp(names[i], file) != 0; i++)
			;
		ck_assert_uint_lt(i, 4);
		if (i == files)
			(void)snprintf(names[files++], sizeof names[0], "%s", file);
	}
	ck_assert_uint_lt(sizes[i] + size, sizeof written[0]);
	memcpy(written[i] + sizes[i], data, size);
	sizes[i] += size;
	return HF_OK;
}

static int export_as(const char *format, bool redact)
{
	struct hf_export_options options = { .format = format, .redact = redact, .write = take };

	leave(&fixture, HF_CLOSE_SEAL);
	ck_assert_int_eq(hf_session_load(fixture.store, ID_1, NULL, &view), HF_OK);
	return hf_export(fixture.store, view, &options, &fixture.detail, &done);
}

static void expect_main(const char *bytes, size_t size)
{
	ck_assert_uint_eq(sizes[0], size);
	ck_assert_mem_eq(written[0], bytes, size);
	ck_assert_uint_eq(done.bytes, sizes[0] + sizes[1] + sizes[2] + sizes[3]);
}

START_TEST(bytes_come_back_from_json_text_and_base64)
{
	static const char whole[] = "{\"a\":1.0}\n{ \"b\" : 2 }\r\n{\"c\":3}\n\0\xff\n{\"d\":4}";

	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1.0}}}");
	put("message", "{\"role\":\"user\",\"content\":[],"
		       "\"source\":{\"at\":10,\"line\":2,\"text\":\"{ \\\"b\\\" : 2 }\\r\\n\"}}");
	put("x-source", "{\"source\":{\"at\":23,\"line\":3,\"json\":{\"c\":3},\"end\":\"\\n\"}}");
	put("x-source", "{\"source\":{\"at\":31,\"line\":4,\"state\":\"nul\",\"base64\":\"AP8K\"}}");
	put("x-source", "{\"source\":{\"at\":34,\"line\":5,\"json\":{\"d\":4},\"end\":\"\"}}");
	ck_assert_int_eq(export_as("original", false), HF_OK);
	expect_main(whole, sizeof whole - 1);
	ck_assert(done.original);
	ck_assert_str_eq(done.name, "s.jsonl");
	ck_assert_uint_eq(files, 1);
}
END_TEST

START_TEST(a_piece_that_was_completed_later_replaces_the_torn_one)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1}}}");
	put("x-source", "{\"source\":{\"at\":8,\"line\":2,\"state\":\"torn\",\"text\":\"{\\\"b\"}}");
	put("x-import", "{}");
	put("x-source", "{\"source\":{\"at\":8,\"line\":2,\"json\":{\"b\":2}}}");
	ck_assert_int_eq(export_as("pi", false), HF_OK);
	expect_main("{\"a\":1}\n{\"b\":2}\n", 16);
}
END_TEST

START_TEST(parts_of_a_large_piece_follow_each_other)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"more\":true,\"text\":\"{\\\"a\"}}");
	put("x-source", "{\"source\":{\"at\":3,\"line\":1,\"more\":true,\"text\":\"\\\":\"}}");
	put("message", "{\"role\":\"user\",\"content\":[],"
		       "\"source\":{\"at\":5,\"line\":1,\"text\":\"1}\\n\"}}");
	put("message", "{\"role\":\"user\",\"content\":[],\"source\":{\"of\":true}}");
	ck_assert_int_eq(export_as("pi", false), HF_OK);
	expect_main("{\"a\":1}\n", 8);
	/* A piece larger than any buffer comes out too: its parts are never put together. */
	ck_assert_uint_eq(calls, 3);
}
END_TEST

START_TEST(the_newest_version_counts)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"old\":1}}}");
	put("x-source", "{\"source\":{\"at\":10,\"line\":2,\"json\":{\"old\":2}}}");
	put("x-source", "{\"op\":\"reset\","
			"\"source\":{\"at\":0,\"line\":1,\"version\":2,\"json\":{\"new\":1}}}");
	ck_assert_int_eq(export_as("pi", false), HF_OK);
	expect_main("{\"new\":1}\n", 10);
}
END_TEST

START_TEST(slots_of_a_document_are_put_together_in_their_order)
{
	begin("jidocode");
	put("x-source", "{\"source\":{\"slot\":0,\"text\":\"[\"}}");
	put("x-source", "{\"source\":{\"slot\":1,\"text\":\"1\"}}");
	put("x-source", "{\"source\":{\"slot\":2,\"text\":\"]\"}}");
	put("x-source", "{\"source\":{\"slot\":2,\"text\":\",2\"}}");
	put("x-source", "{\"source\":{\"slot\":3,\"text\":\"]\"}}");
	ck_assert_int_eq(export_as("original", false), HF_OK);
	expect_main("[1,2]", 5);
}
END_TEST

START_TEST(files_beside_come_out_under_their_names)
{
	begin("claude-code");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1}}}");
	put("x-source", "{\"source\":{\"file\":\"s/out/x.txt\",\"at\":0,\"text\":\"one \"}}");
	put("x-source", "{\"source\":{\"file\":\"s/out/x.txt\",\"at\":4,\"text\":\"two\"}}");
	put("x-source", "{\"source\":{\"file\":\"s/out/y.txt\",\"at\":0,\"base64\":\"/w==\"}}");
	ck_assert_int_eq(export_as("claude-code", false), HF_OK);
	expect_main("{\"a\":1}\n", 8);
	ck_assert_uint_eq(files, 3);
	ck_assert_str_eq(names[1], "s/out/x.txt");
	ck_assert_str_eq(written[1], "one two");
	ck_assert_str_eq(names[2], "s/out/y.txt");
	ck_assert_str_eq(written[2], "\xff");
}
END_TEST

START_TEST(a_name_that_leads_out_of_the_export_is_refused)
{
	static const char *const paths[] = { "../x", "/etc/x", "a/../../x", "a//b", "./x", "a/.", "",
					     ".ssh/rc" };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		char json[200];

		begin("claude-code");
		(void)snprintf(json, sizeof json,
			       "{\"source\":{\"file\":\"%s\",\"at\":0,\"text\":\"x\"}}", paths[i]);
		put("x-source", json);
		ck_assert_msg(export_as("claude-code", false) == HF_ERR_INVALID, "%s", paths[i]);
		ck_assert_uint_eq(files, 1);
		teardown();
	}
	begin("pi");
}
END_TEST

START_TEST(missing_bytes_are_an_error)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1}}}");
	put("x-source", "{\"source\":{\"at\":9,\"line\":2,\"json\":{\"b\":1}}}");
	ck_assert_int_eq(export_as("pi", false), HF_ERR_FOREIGN);
}
END_TEST

START_TEST(what_is_stored_wrongly_is_an_error)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"base64\":\"!\"}}");
	ck_assert_int_eq(export_as("pi", false), HF_ERR_JSON);
}
END_TEST

START_TEST(a_session_that_was_not_imported_has_no_original)
{
	fixture_open(&fixture);
	create(&fixture, ID_1, NULL);
	ck_assert_int_eq(export_as("original", false), HF_ERR_FOREIGN);
}
END_TEST

START_TEST(a_format_that_is_not_there_is_refused)
{
	begin("pi");
	ck_assert_int_eq(export_as("word-perfect", false), HF_ERR_INVALID);
}
END_TEST

START_TEST(secrets_are_replaced_line_by_line)
{
	static const char token[] = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
	char json[300];

	begin("pi");
	(void)snprintf(json, sizeof json, "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":\"%s\"}}}",
		       token);
	put("x-source", json);
	(void)snprintf(json, sizeof json,
		       "{\"source\":{\"at\":%zu,\"line\":2,\"state\":\"torn\","
		       "\"text\":\"{\\\"a\\\":\\\"%s\"}}",
		       strlen(token) + 9, token);
	put("x-source", json);
	ck_assert_int_eq(export_as("pi", true), HF_OK);
	ck_assert_str_eq(written[0], "{\"a\":\"[redacted:github-token]\"}\n"
				     "{\"a\":\"[redacted:github-token]");
	ck_assert_uint_eq(done.redacted, 2);
	ck_assert(!done.original);
}
END_TEST

START_TEST(only_secrets_are_replaced_and_line_ends_stay)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"text\":\" {\\\"a\\\": 1} \\r\\n\"}}");
	put("x-source", "{\"source\":{\"at\":12,\"line\":2,\"json\":{\"b\":2},\"end\":\"\"}}");
	ck_assert_int_eq(export_as("pi", true), HF_OK);
	ck_assert_str_eq(written[0], " {\"a\": 1} \r\n{\"b\":2}");
	ck_assert_uint_eq(done.redacted, 0);
}
END_TEST

START_TEST(secrets_in_the_names_of_files_are_replaced_and_names_stay_apart)
{
	static const char token[] = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
	static const char other[] = "ghp_0123456789abcdefghijABCDEFGHIJ012346";
	char json[300];

	(void)snprintf(json, sizeof json, "/a/%s/%s.jsonl", token, token);
	begin_path("pi", json);
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1}}}");
	put("x-source", "{\"source\":{\"file\":\"b/plain\",\"at\":0,\"text\":\"B\"}}");
	for (int i = 0; i < 2; i++) {
		(void)snprintf(json, sizeof json,
			       "{\"source\":{\"file\":\"b/%s.txt\",\"at\":0,\"text\":\"%d\"}}",
			       i == 0 ? token : other, i);
		put("x-source", json);
	}
	ck_assert_int_eq(export_as("pi", true), HF_OK);
	ck_assert_str_eq(done.name, "[redacted:github-token].jsonl");
	ck_assert_str_eq(names[1], "b/[redacted:github-token].txt-1");
	ck_assert_str_eq(written[1], "0");
	ck_assert_str_eq(names[2], "b/[redacted:github-token].txt-2");
	ck_assert_str_eq(written[2], "1");
	ck_assert_str_eq(names[3], "b/plain");
	ck_assert_uint_eq(done.redacted, 3);
}
END_TEST

START_TEST(what_was_added_is_put_behind_a_torn_line_on_its_own)
{
	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"type\":\"session\"}}}");
	put("x-source",
	    "{\"source\":{\"at\":19,\"line\":2,\"state\":\"torn\",\"text\":\"{\\\"b\"}}");
	put("message", "{\"role\":\"user\",\"content\":\"more\"}");
	ck_assert_int_eq(export_as("pi", false), HF_OK);
	ck_assert_int_eq(memcmp(written[0], "{\"type\":\"session\"}\n{\"b\n{\"", 25), 0);
	ck_assert_ptr_nonnull(strstr(written[0], "more"));
	ck_assert_uint_eq(done.messages, 1);
	ck_assert(!done.original);
}
END_TEST

static int refuse(void *context, const char *file, const char *data, size_t size)
{
	(void)context, (void)file, (void)data, (void)size;
	return HF_ERR_NOSPACE;
}

START_TEST(the_code_of_a_failed_write_is_returned)
{
	struct hf_export_options options = { .format = "original", .write = refuse };

	begin("pi");
	put("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":{\"a\":1}}}");
	leave(&fixture, HF_CLOSE_SEAL);
	ck_assert_int_eq(hf_session_load(fixture.store, ID_1, NULL, &view), HF_OK);
	ck_assert_int_eq(hf_export(fixture.store, view, &options, &fixture.detail, NULL),
			 HF_ERR_NOSPACE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("export_original");
	TCase *cases = runner_cases(suite, "original", 60);

	tcase_add_checked_fixture(cases, NULL, teardown);
	tcase_add_test(cases, bytes_come_back_from_json_text_and_base64);
	tcase_add_test(cases, a_piece_that_was_completed_later_replaces_the_torn_one);
	tcase_add_test(cases, parts_of_a_large_piece_follow_each_other);
	tcase_add_test(cases, the_newest_version_counts);
	tcase_add_test(cases, slots_of_a_document_are_put_together_in_their_order);
	tcase_add_test(cases, files_beside_come_out_under_their_names);
	tcase_add_test(cases, a_name_that_leads_out_of_the_export_is_refused);
	tcase_add_test(cases, missing_bytes_are_an_error);
	tcase_add_test(cases, what_is_stored_wrongly_is_an_error);
	tcase_add_test(cases, a_session_that_was_not_imported_has_no_original);
	tcase_add_test(cases, a_format_that_is_not_there_is_refused);
	tcase_add_test(cases, secrets_are_replaced_line_by_line);
	tcase_add_test(cases, only_secrets_are_replaced_and_line_ends_stay);
	tcase_add_test(cases, secrets_in_the_names_of_files_are_replaced_and_names_stay_apart);
	tcase_add_test(cases, what_was_added_is_put_behind_a_torn_line_on_its_own);
	tcase_add_test(cases, the_code_of_a_failed_write_is_returned);
	return runner_run(suite);
}
