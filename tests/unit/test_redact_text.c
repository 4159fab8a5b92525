/* SPDX-License-Identifier: MIT */
/*
 * Goal: redacting replaces secrets and nothing else, and once is enough, whatever stands side
 * by side or overlaps; large and hostile text takes no more than linear time. Method: texts
 * with the expected result written down, and texts of many megabytes.
 */
#include "lib/alloc_fault.h"
#include "lib/runner.h"
#include "redact_fixture.h"

START_TEST(secrets_are_replaced_and_all_else_stays)
{
	struct redactor *redactor = redactor_with(NULL, 0);

	expect_redacted(redactor, "", false, "", 0);
	expect_redacted(redactor, "nothing \xff\x80 here", false, "nothing \xff\x80 here", 0);
	expect_redacted(redactor, "a " GITHUB " b\xf0\x9f\x98\x80 " AWS_ID "!", false,
			"a [redacted:github-token] b\xf0\x9f\x98\x80 [redacted:aws-access-key-id]!",
			2);
	expect_redacted(redactor, GITHUB "-" GITHUB, false,
			"[redacted:github-token]-[redacted:github-token]", 2);
	redactor_free(redactor);
}
END_TEST

START_TEST(a_text_is_looked_at_as_a_whole_with_its_nul_bytes)
{
	static const char text[] = "a\0" GITHUB "\0password=hunter2\0";
	struct redactor *redactor = redactor_with(NULL, 0);
	struct buffer out = { .max = 1000 };
	uint64_t count = 5;

	ck_assert_int_eq(
		redact_text(redactor, (struct hf_slice){ text, sizeof text - 1 }, &out, &count),
		HF_OK);
	ck_assert_uint_eq(count, 7);
	ck_assert_uint_eq(out.size, 2 + 23 + 10 + 19 + 1);
	ck_assert_mem_eq(out.data, "a\0[redacted:github-token]\0password=[redacted:password]\0",
			 out.size);
	buffer_release(&out);
	redactor_free(redactor);
}
END_TEST

START_TEST(rules_that_overlap_leave_nothing_of_either)
{
	static const char *const patterns[] = { "corp-[a-z]+", "=[a-z]{3}", "word" };
	struct redactor *plain = redactor_with(NULL, 0);
	struct redactor *redactor = redactor_with(patterns, 3);

	/* A known key under a telling name is known by its own kind. */
	expect_redacted(plain, "token=" GITHUB, false, "token=[redacted:github-token]", 1);
	expect_redacted(plain, "password = '" RANDOM_32 "'", false,
			"password = '[redacted:password]'", 1);
	expect_redacted(redactor,
			"pass"
			"word=abc12345",
			false, "pass[redacted:pattern][redacted:password]", 2);
	expect_redacted(redactor, "pwd=abc12345 corp-x", false,
			"pwd[redacted:password] [redacted:pattern]", 2);
	expect_redacted(redactor, "https://u:corp-secret1@h", false,
			"https://u:[redacted:url-password]@h", 1);
	redactor_free(plain);
	redactor_free(redactor);
}
END_TEST

START_TEST(a_marker_is_never_a_secret)
{
	static const char *const patterns[] = { "redacted", "[a-z]+:[a-z]+", ".*x" };
	struct redactor *redactor = redactor_with(patterns, 3);

	expect_redacted(redactor, "[redacted:pattern]", false, "[redacted:pattern]", 0);
	expect_redacted(redactor, "[redacted:github-token] ", false, "[redacted:github-token] ", 0);
	expect_redacted(redactor, "redacted [redacted:a-b] x", false,
			"[redacted:pattern] [redacted:a-b][redacted:pattern]", 2);
	expect_redacted(redactor, "password=[redacted:password]", false,
			"password=[redacted:password]", 0);
	redactor_free(redactor);
}
END_TEST

START_TEST(what_a_replacement_brings_to_light_is_replaced_too)
{
	static const char *const patterns[] = { "corp[A-Z]" };
	struct redactor *redactor = redactor_with(patterns, 1);

	expect_redacted(redactor, AWS_ID "corpA", false,
			"[redacted:aws-access-key-id][redacted:pattern]", 2);
	expect_redacted(redactor, "[\"" AWS_ID "corpA\"]", true,
			"[\"[redacted:aws-access-key-id][redacted:pattern]\"]", 2);
	redactor_free(redactor);
}
END_TEST

START_TEST(a_secret_that_begins_or_ends_a_character_takes_all_of_it)
{
	static const char *const patterns[] = { "a.", "\xa9z" };
	struct redactor *redactor = redactor_with(patterns, 2);

	expect_redacted(redactor, "a\xc3\xa9-", false, "[redacted:pattern]-", 1);
	expect_redacted(redactor, "-\xc3\xa9z", false, "-[redacted:pattern]", 1);
	redactor_free(redactor);
}
END_TEST

START_TEST(find_goes_on_where_it_is_told)
{
	struct redactor *redactor = redactor_with(NULL, 0);
	struct hf_slice text = slice("x " GITHUB " " AWS_ID);
	struct redact_hit hit = { "untouched", 7, 7 };

	ck_assert_int_eq(redact_find(redactor, text, 0, &hit), HF_OK);
	ck_assert_uint_eq(hit.offset, 2);
	/* In the middle of a key no key begins. */
	ck_assert_int_eq(redact_find(redactor, text, 3, &hit), HF_OK);
	ck_assert_str_eq(hit.kind, "aws-access-key-id");
	ck_assert_uint_eq(hit.offset, 3 + strlen(GITHUB));
	hit = (struct redact_hit){ "untouched", 7, 7 };
	ck_assert_int_eq(redact_find(redactor, text, text.size, &hit), HF_ERR_NOTFOUND);
	ck_assert_str_eq(hit.kind, "untouched");
	redactor_free(redactor);
}
END_TEST

START_TEST(a_full_buffer_is_left_as_it_was)
{
	struct redactor *redactor = redactor_with(NULL, 0);
	struct buffer out = { .max = 20 };
	uint64_t count = 3;

	ck_assert_int_eq(buffer_put(&out, "before", 6), HF_OK);
	ck_assert_int_eq(redact_text(redactor, slice("a " GITHUB), &out, &count),
			 HF_ERR_SESSION_SIZE);
	ck_assert_int_eq(redact_json(redactor, slice("[\"a " GITHUB "\"]"), &out, &count),
			 HF_ERR_SESSION_SIZE);
	ck_assert_uint_eq(out.size, 6);
	ck_assert_uint_eq(count, 3);
	buffer_release(&out);
	redactor_free(redactor);
}
END_TEST

static int use_all(void)
{
	static const char *const patterns[] = { "corp-[0-9]+" };
	struct report report = report_make(NULL, NULL);
	struct redactor *redactor = NULL;
	struct buffer out = { .max = SIZE_MAX };
	uint64_t count = 0;
	int rc = redactor_new(&report, patterns, 1, &redactor);

	if (rc == HF_OK)
		rc = redact_text(redactor, slice("corp-1 " GITHUB), &out, &count);
	if (rc == HF_OK)
		rc = redact_json(redactor, slice("{\"a\":\"\\n" GITHUB "\"}"), &out, &count);
	redactor_free(redactor);
	buffer_release(&out);
	return rc;
}

START_TEST(every_allocation_may_fail)
{
	uint64_t all;
	int first;

	alloc_fault_count();
	first = use_all();
	all = alloc_fault_stop();
	ck_assert_int_eq(first, HF_OK);
	ck_assert_uint_gt(all, 5);
	for (uint64_t n = 1; n <= all; n++) {
		int rc;

		alloc_fault_fail(n, false);
		rc = use_all();
		(void)alloc_fault_stop();
		ck_assert_int_eq(rc, HF_ERR_NOMEM);
	}
}
END_TEST

/* ---- Size ------------------------------------------------------------------------ */

enum { LARGE = 64 << 20, HOSTILE = 1 << 18, MANY = 4 << 20 };

/* A text of size bytes that repeats a unit. */
static char *repeated(const char *unit, size_t size)
{
	size_t length = strlen(unit);
	char *text = malloc(size);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < size; i++)
		text[i] = unit[i % length];
	return text;
}

START_TEST(a_text_of_64_megabytes_is_redacted)
{
	char *text = repeated("The quick brown fox jumps over the lazy dog, twice. ", LARGE);
	struct redactor *redactor = redactor_with(NULL, 0);
	struct buffer out = { .max = SIZE_MAX };
	uint64_t count = 0;

	memcpy(text + LARGE - 100, " " GITHUB " ", strlen(GITHUB) + 2);
	ck_assert_int_eq(redact_text(redactor, (struct hf_slice){ text, LARGE }, &out, &count),
			 HF_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(out.size, LARGE - strlen(GITHUB) + 23);
	ck_assert_mem_eq(out.data, text, LARGE - 99);
	buffer_release(&out);
	redactor_free(redactor);
	free(text);
}
END_TEST

/* Some would take minutes if time were not linear: the case's own limit is the test. */
START_TEST(hostile_text_takes_linear_time)
{
	static const char *const units[] = {
		"-----BEGIN PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\nA: b\n",
		"-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
		"password=",
		"password='",
		"password: ",
		"sk-",
		"s-",
		"eyJ.",
		"eyJaaaaaaaaaaaaaaaa.",
		"eyJaaaaaaaaaaaaaa",
		"://",
		"://a:",
		"http://u:p",
		"Bearer ",
		"a",
		"-",
		"_",
		"\\n",
		"%20",
		"=",
		":",
		"\"",
		"[redacted:",
		"SG.",
		"aB3",
		"aB3/",
		"A:\n",
		"AKIA",
		"\xc3\xa9",
		"xoxb-1",
		"MTAxMjM0NTY3ODkwMTIzNDU2.",
		"123456789:AA",
		"8dKq2mZ9vTfR4wXyA1sNcB7uGhJ0pLoE5iQkYtMr ",
		GITHUB "-",
	};
	struct redactor *redactor = redactor_with(NULL, 0);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t size = units[i][0] == 'g' ? MANY : HOSTILE;
		char *text = repeated(units[i], size);
		struct buffer out = { .max = SIZE_MAX };
		uint64_t count = 0;

		ck_assert_int_eq(
			redact_text(redactor, (struct hf_slice){ text, size }, &out, &count),
			HF_OK);
		buffer_release(&out);
		free(text);
	}
	redactor_free(redactor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redact_text");
	TCase *cases = runner_cases(suite, "text", 60);
	TCase *sizes = runner_cases(suite, "sizes", 60);

	tcase_add_test(cases, secrets_are_replaced_and_all_else_stays);
	tcase_add_test(cases, a_text_is_looked_at_as_a_whole_with_its_nul_bytes);
	tcase_add_test(cases, rules_that_overlap_leave_nothing_of_either);
	tcase_add_test(cases, a_marker_is_never_a_secret);
	tcase_add_test(cases, what_a_replacement_brings_to_light_is_replaced_too);
	tcase_add_test(cases, a_secret_that_begins_or_ends_a_character_takes_all_of_it);
	tcase_add_test(cases, find_goes_on_where_it_is_told);
	tcase_add_test(cases, a_full_buffer_is_left_as_it_was);
	tcase_add_test(cases, every_allocation_may_fail);
	tcase_add_test(sizes, a_text_of_64_megabytes_is_redacted);
	tcase_add_test(sizes, hostile_text_takes_linear_time);
	return runner_run(suite);
}
