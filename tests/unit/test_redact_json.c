/* SPDX-License-Identifier: MIT */
/*
 * Goal: in JSON every string is looked at decoded and by its name, the rest stays byte for
 * byte, and what comes out is JSON. Method: texts with the expected result written down.
 */
#include "json/scan.h"
#include "lib/runner.h"
#include "redact_fixture.h"

static void becomes(const char *json, const char *expected, uint64_t count)
{
	struct redactor *redactor = redactor_with(NULL, 0);

	ck_assert_int_eq(json_scan(expected, strlen(expected), NULL), HF_OK);
	expect_redacted(redactor, json, true, expected, count);
	redactor_free(redactor);
}

static void stays(const char *json)
{
	becomes(json, json, 0);
}

START_TEST(what_holds_no_secret_stays_byte_for_byte)
{
	stays("null");
	stays("\"\"");
	stays(" { \"a\" : [ 1.50 , -0 , 1e400, true, \"\\u00e9\\/\\ud83d \xc3\xa9\" ] , \"b\" : {} "
	      "} \n");
	stays("[[[[\"x\"]]], {\"\": \"\"}]");
}
END_TEST

START_TEST(only_the_secret_of_a_string_is_replaced)
{
	becomes("{ \"a\\u0062\" : \"\\u00e9\\/\\ud83d " GITHUB " \\n\xf0\x9f\x98\x80\" }",
		"{ \"a\\u0062\" : \"\\u00e9\\/\\ud83d [redacted:github-token] "
		"\\n\xf0\x9f\x98\x80\" }",
		1);
	becomes("[\"" AWS_ID "\",\"b\",\"" GITHUB "," GITHUB "\"]",
		"[\"[redacted:aws-access-key-id]\",\"b\","
		"\"[redacted:github-token],[redacted:github-token]\"]",
		3);
}
END_TEST

START_TEST(a_secret_that_is_written_with_escapes_is_found)
{
	becomes("\"\\u0067hp\\u005f"
		"16C7e42F292c6912E7710c838347Ae178B4\\u0061\"",
		"\"[redacted:github-token]\"", 1);
	becomes("\"x\\n" GITHUB "\\n\"", "\"x\\n[redacted:github-token]\\n\"", 1);
	becomes("\"https:\\/\\/u:hunter2@h\"", "\"https:\\/\\/u:[redacted:url-password]@h\"", 1);
}
END_TEST

START_TEST(a_string_is_judged_by_its_name)
{
	becomes("{\"password\":\"correcthorse\",\"passwords\":1}",
		"{\"password\":\"[redacted:password]\",\"passwords\":1}", 1);
	becomes("{\"dbPassword\":\"\\u0068unter2\"}", "{\"dbPassword\":\"[redacted:password]\"}",
		1);
	becomes("{\"x\":{\"client_secret\":[\"a\",\"9f8e7d6c5b4a3928\"]},\"y\":"
		"\"9f8e7d6c5b4a3928\"}",
		"{\"x\":{\"client_secret\":[\"a\",\"[redacted:secret]\"]},\"y\":"
		"\"9f8e7d6c5b4a3928\"}",
		1);
	stays("{\"token\":\"session\",\"password\":\"your-password-here\",\"key\":\"a1b2c3d4\"}");
}
END_TEST

START_TEST(names_say_what_only_looks_random)
{
	becomes("{\"text\":\"" RANDOM_32 "\"}", "{\"text\":\"[redacted:high-entropy]\"}", 1);
	stays("{\"signature\":\"" RANDOM_32 "\",\"toolUseId\":\"" RANDOM_32
	      "\",\"mac\":\"" RANDOM_32 "\"}");
}
END_TEST

START_TEST(a_secret_in_json_in_a_string_is_found)
{
	becomes("{\"arguments\":\"{\\\"command\\\":\\\"curl -H 'x'\\\\n" GITHUB "\\\"}\"}",
		"{\"arguments\":\"{\\\"command\\\":\\\"curl -H "
		"'x'\\\\n[redacted:github-token]\\\"}\"}",
		1);
	becomes("\"{\\\"password\\\": \\\"hunter22\\\", \\\"n\\\": 1}\"",
		"\"{\\\"password\\\": \\\"[redacted:password]\\\", \\\"n\\\": 1}\"", 1);
}
END_TEST

START_TEST(a_name_that_is_a_secret_is_replaced_and_names_stay_apart)
{
	becomes("{\"" GITHUB "\":1}", "{\"[redacted:github-token]\":1}", 1);
	becomes("{\"" GITHUB "\":1,\"" GITHUB "b\":2,\"c\":3}",
		"{\"[redacted:github-token]\":1,\"[redacted:github-token]#2\":2,\"c\":3}", 2);
}
END_TEST

START_TEST(what_is_no_json_is_refused_and_changes_nothing)
{
	static const char *const texts[] = { "[", "{\"a\":\"b", "\"\\", "]", "{\"a\":[}]]" };
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct buffer out = { .max = 100 };
		uint64_t count = 0;

		ck_assert_int_eq(redact_json(redactor, slice(texts[i]), &out, &count), HF_ERR_JSON);
		ck_assert_uint_eq(out.size, 0);
		buffer_release(&out);
	}
	redactor_free(redactor);
}
END_TEST

START_TEST(nesting_is_followed_as_deep_as_json_may_go)
{
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t depth = HF_DEPTH_MAX; depth <= HF_DEPTH_MAX + 1; depth++) {
		struct buffer out = { .max = SIZE_MAX };
		char json[2 * HF_DEPTH_MAX + 100] = "";
		uint64_t count = 0;
		size_t size = 0;

		for (size_t i = 0; i < depth; i++)
			json[size++] = '[';
		size += (size_t)snprintf(json + size, sizeof json - size, "\"%s\"", GITHUB);
		for (size_t i = 0; i < depth; i++)
			json[size++] = ']';
		ck_assert_int_eq(
			redact_json(redactor, (struct hf_slice){ json, size }, &out, &count),
			depth == HF_DEPTH_MAX ? HF_OK : HF_ERR_JSON);
		ck_assert_uint_eq(count, depth == HF_DEPTH_MAX);
		buffer_release(&out);
	}
	redactor_free(redactor);
}
END_TEST

/* ---- Places ------------------------------------------------------------------------ */

struct told {
	char text[4000];
	size_t size;
};

static void tell(void *context, const char *where, struct hf_slice text,
		 const struct redact_hit *hit)
{
	struct told *told = context;

	told->size += (size_t)snprintf(told->text + told->size, sizeof told->text - told->size,
				       "%s %zu %s %.*s\n", where, hit->offset, hit->kind,
				       (int)hit->size, text.data + hit->offset);
}

static void tells(const char *json, const char *expected)
{
	struct redactor *redactor = redactor_with(NULL, 0);
	struct told told = { .size = 0 };

	ck_assert_int_eq(redact_scan_json(redactor, slice(json), tell, &told), HF_OK);
	ck_assert_str_eq(told.text, expected);
	redactor_free(redactor);
}

START_TEST(each_secret_is_told_with_its_path)
{
	tells("{\"a\":1}", "");
	tells("\"" AWS_ID "\"", " 0 aws-access-key-id " AWS_ID "\n");
	tells("{\"role\":\"user\",\"content\":[{\"text\":\"x\"},2,{\"type\":\"t\",\"text\":"
	      "\"\\ny " AWS_ID "\"}],"
	      "\"b c\":{\"d\":\"" AWS_ID "\"},\"e\":[[\"\"],[\"1\",\"" AWS_ID
	      "\"]],\"password\":\"hunter22\"}",
	      "content[2].text 3 aws-access-key-id " AWS_ID "\n"
	      "[\"b c\"].d 0 aws-access-key-id " AWS_ID "\n"
	      "e[1][1] 0 aws-access-key-id " AWS_ID "\n"
	      "password 0 password hunter22\n");
	tells("{\"a\":{},\"b\":[],\"c\":{\"d\":{\"e\":[]}},\"f\":\"" AWS_ID "\"}",
	      "f 0 aws-access-key-id " AWS_ID "\n");
}
END_TEST

START_TEST(a_path_does_not_show_a_secret_and_is_not_endless)
{
	struct redactor *redactor = redactor_with(NULL, 0);
	struct told told = { .size = 0 };
	char json[2000] = "";

	tells("{\"x\":{\"" AWS_ID "\":{\"y\":\"" GITHUB "\"}}}",
	      "x 0 aws-access-key-id " AWS_ID "\nx[\"(redacted)\"].y 0 github-token " GITHUB "\n");
	(void)snprintf(json, sizeof json,
		       "{\"%0500d\":{\"b\":\"" AWS_ID "\"},\"c\":\"" AWS_ID "\"}", 0);
	ck_assert_int_eq(redact_scan_json(redactor, slice(json), tell, &told), HF_OK);
	ck_assert_uint_lt(strcspn(told.text, " "), 256);
	ck_assert_ptr_nonnull(strstr(told.text, "\nc 0 aws-access-key-id"));
	redactor_free(redactor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redact_json");
	TCase *cases = runner_cases(suite, "json", 60);
	TCase *places = runner_cases(suite, "places", 60);

	tcase_add_test(cases, what_holds_no_secret_stays_byte_for_byte);
	tcase_add_test(cases, only_the_secret_of_a_string_is_replaced);
	tcase_add_test(cases, a_secret_that_is_written_with_escapes_is_found);
	tcase_add_test(cases, a_string_is_judged_by_its_name);
	tcase_add_test(cases, names_say_what_only_looks_random);
	tcase_add_test(cases, a_secret_in_json_in_a_string_is_found);
	tcase_add_test(cases, a_name_that_is_a_secret_is_replaced_and_names_stay_apart);
	tcase_add_test(cases, what_is_no_json_is_refused_and_changes_nothing);
	tcase_add_test(cases, nesting_is_followed_as_deep_as_json_may_go);
	tcase_add_test(places, each_secret_is_told_with_its_path);
	tcase_add_test(places, a_path_does_not_show_a_secret_and_is_not_endless);
	return runner_run(suite);
}
