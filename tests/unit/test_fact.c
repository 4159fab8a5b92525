/* SPDX-License-Identifier: MIT */
/*
 * Goal: what is taken of foreign JSON as a fact is text of a bounded size, and times are read
 * as they are written elsewhere. Method: values written by hand; the times as the command
 * date(1) gives them.
 */
#include <stdlib.h>
#include <string.h>

#include "interop/fact.h"
#include "lib/runner.h"

static struct hf_slice slice(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static void expect(const struct buffer *fact, const char *text)
{
	struct hf_slice is = fact_get(fact);

	ck_assert_uint_eq(is.size, strlen(text));
	ck_assert_mem_eq(is.data, text, is.size);
}

START_TEST(what_is_no_fact_leaves_the_one_before)
{
	struct buffer fact = FACT_INIT;
	char longest[FACT_SIZE_MAX + 2];
	size_t size = FACT_SIZE_MAX + 1; /* with its quotes: one byte less than the maximum */

	expect(&fact, "");
	ck_assert_int_eq(fact_set(&fact, slice("\"a\\u00e9\"")), HF_OK);
	expect(&fact, "a\xc3\xa9");
	ck_assert_int_eq(fact_set(&fact, slice("\"\"")), HF_OK);
	ck_assert_int_eq(fact_set(&fact, slice("17")), HF_OK);
	ck_assert_int_eq(fact_set(&fact, slice("null")), HF_OK);
	ck_assert_int_eq(fact_set(&fact, slice("")), HF_OK);
	ck_assert_int_eq(fact_set_text(&fact, slice("")), HF_OK);
	ck_assert_int_eq(fact_set_text(&fact, slice("\xff")), HF_OK);
	expect(&fact, "a\xc3\xa9");
	ck_assert_int_eq(fact_set_text(&fact, slice("b")), HF_OK);
	expect(&fact, "b");
	memset(longest, 'x', sizeof longest);
	longest[0] = '"';
	longest[size] = '"';
	ck_assert_int_eq(fact_set(&fact, (struct hf_slice){ longest, size + 1 }), HF_OK);
	expect(&fact, "b");
	longest[size - 1] = '"';
	ck_assert_int_eq(fact_set(&fact, (struct hf_slice){ longest, size }), HF_OK);
	ck_assert_uint_eq(fact.size, FACT_SIZE_MAX - 1);
	buffer_release(&fact);
}
END_TEST

START_TEST(strings_are_compared_by_what_they_say)
{
	ck_assert(fact_is(slice("\"user\""), "user"));
	ck_assert(fact_is(slice("\"\\u0075ser\""), "user"));
	ck_assert(!fact_is(slice("\"users\""), "user"));
	ck_assert(!fact_is(slice("\"use\""), "user"));
	ck_assert(!fact_is(slice("user"), "user"));
	ck_assert(!fact_is(slice(""), ""));
	ck_assert(fact_is(slice("\"\""), ""));
	ck_assert(!fact_is((struct hf_slice){ NULL, 0 }, ""));
	ck_assert(fact_begins(slice("\" \\n\\t<a>b\""), "<a>"));
	ck_assert(fact_begins(slice("\"<a>\""), "<a>"));
	ck_assert(!fact_begins(slice("\"<a\""), "<a>"));
	ck_assert(!fact_begins(slice("\"x<a>\""), "<a>"));
	ck_assert(!fact_begins(slice("[\"<a>\"]"), "<a>"));
}
END_TEST

START_TEST(times_are_read_as_they_are_written_elsewhere)
{
	static const struct {
		const char *text;
		int64_t time_us;
	} cases[] = {
		{ "\"2026-11-22T23:58:04.998Z\"", INT64_C(1795391884998000) },
		{ "\"2026-11-22T23:58:04.998123Z\"", INT64_C(1795391884998123) },
		{ "\"2026-11-22T23:58:04.998123999Z\"", INT64_C(1795391884998123) },
		{ "\"2026-11-22T23:58:04Z\"", INT64_C(1795391884000000) },
		{ "\"2026-11-22 23:58:04\"", INT64_C(1795391884000000) },
		{ "\"2026-11-23T00:58:04+01:00\"", INT64_C(1795391884000000) },
		{ "\"2026-11-22T13:28:04-10:30\"", INT64_C(1795391884000000) },
		{ "\"2026-11-22T23:58:04+1:00\"", 0 },
		{ "\"2026-11-22T23:58:04 CET\"", 0 },
		{ "\"2026-13-22T23:58:04Z\"", 0 },
		{ "\"2026-11-22T23:58\"", 0 },
		{ "1795391884", 0 },
		{ "\"\"", 0 },
		{ "", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_msg(fact_time(slice(cases[i].text)) == cases[i].time_us, "%s: %lld",
			      cases[i].text, (long long)fact_time(slice(cases[i].text)));
}
END_TEST

START_TEST(a_name_that_ends_in_a_uuid_tells_it)
{
	static const char uuid[] = "01a20590-e8ad-7e01-b600-11bab3aba6e7";
	static const char *const good[] = {
		"/a/rollout-2026-11-22T23-21-52-01a20590-e8ad-7e01-b600-11bab3aba6e7.jsonl.zst",
		"01a20590-e8ad-7e01-b600-11bab3aba6e7",
	};
	static const char *const bad[] = {
		"", "/", "/01a20590-e8ad-7e01-b600-11bab3aba6e7/x.jsonl",
		"01a20590-e8ad-7e01-b600-11bab3aba6eg.jsonl",
	};
	struct hf_slice found = { "", 0 };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		ck_assert(fact_uuid_of_path(good[i], &found));
		ck_assert_uint_eq(found.size, strlen(uuid));
		ck_assert_mem_eq(found.data, uuid, found.size);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert(!fact_uuid_of_path(bad[i], &found));
}
END_TEST

START_TEST(a_home_is_an_absolute_path_or_none)
{
	char path[FACT_PATH_SIZE];

	ck_assert_int_eq(setenv("HOME", "/home/me", 1), 0);
	ck_assert_int_eq(unsetenv("X_HOME"), 0);
	ck_assert(fact_home("X_HOME", "/.x", path));
	ck_assert_str_eq(path, "/home/me/.x");
	ck_assert_int_eq(setenv("X_HOME", "/elsewhere", 1), 0);
	ck_assert(fact_home("X_HOME", "/.x", path));
	ck_assert_str_eq(path, "/elsewhere");
	ck_assert_int_eq(setenv("X_HOME", "relative", 1), 0);
	ck_assert(fact_home("X_HOME", "/.x", path));
	ck_assert_str_eq(path, "/home/me/.x");
	ck_assert_int_eq(unsetenv("HOME"), 0);
	ck_assert(!fact_home("X_HOME", "/.x", path));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fact");
	TCase *cases = runner_cases(suite, "facts", 30);

	tcase_add_test(cases, what_is_no_fact_leaves_the_one_before);
	tcase_add_test(cases, strings_are_compared_by_what_they_say);
	tcase_add_test(cases, times_are_read_as_they_are_written_elsewhere);
	tcase_add_test(cases, a_name_that_ends_in_a_uuid_tells_it);
	tcase_add_test(cases, a_home_is_an_absolute_path_or_none);
	return runner_run_in_memory(suite);
}
