/* SPDX-License-Identifier: MIT */
/*
 * Goal: a user's patterns find what they say, line by line, and neither a pattern nor a text
 * can make them take memory or time without bound. Method: patterns that are taken and such as
 * are refused, each with its reason; text longer than what is matched at once.
 */
#include "lib/runner.h"
#include "redact/pattern.h"
#include "redact_fixture.h"

static void becomes(const char *pattern, const char *text, const char *expected, uint64_t count)
{
	struct redactor *redactor = redactor_with(&pattern, 1);

	expect_redacted(redactor, text, false, expected, count);
	redactor_free(redactor);
}

#define X "[redacted:pattern]"

START_TEST(patterns_are_extended_regular_expressions_of_lines)
{
	becomes("corp-[0-9a-f]{4}", "a corp-12ab, corp-12a, corp-0000", "a " X ", corp-12a, " X, 2);
	becomes("^a+|b$", "aa ab\nab aab\n", X " a" X "\n" X "b aa" X "\n", 4);
	becomes("a.*b", "a\nb a-b-b\nab", "a\nb " X "\n" X, 2);
	becomes("(x|y)\\.[[:digit:]]+[]-]", "x.12] z.1] y.3-", X " z.1] " X, 2);
	becomes("\\w+@corp\\.example", "me@corp.example, you@corpxexample", X ", you@corpxexample",
		1);
	becomes("ab\\{c", "ab{c", X, 1);
}
END_TEST

START_TEST(a_pattern_that_is_refused_says_why)
{
	static const char *const refused[][2] = {
		{ "(a)\\1", "back-reference" },
		{ "\\bword\\b", "escape" },
		{ "\\<word", "escape" },
		{ "a*", "no characters" },
		{ "^$", "no characters" },
		{ "(a|b)?", "no characters" },
		{ "", "no characters" },
		{ "a{1000}", "more than 255" },
		{ "a{99999999999999999999}", "more than 255" },
		{ "(a{100}){100}", "too large" },
		{ "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+", "too large" },
		{ "a{2,1}", "not complete" },
		{ "a{", "brace" },
		{ "a{2", "not complete" },
		{ "(a", "'('" },
		{ "a)", "')'" },
		{ "[a", "bracket" },
		{ "[[:alpha:", "bracket" },
		{ "[[:nothing:]]", "not valid" },
		{ "a\\", "backslash" },
	};

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct report report = report_make(NULL, NULL);
		struct redactor *redactor = NULL;
		const char *patterns[] = { "fine", refused[i][0] };

		ck_assert_msg(redactor_new(&report, patterns, 2, &redactor) == HF_ERR_INVALID, "%s",
			      refused[i][0]);
		ck_assert_ptr_null(redactor);
		ck_assert_int_eq(report.detail.input, 1);
		ck_assert_msg(strstr(report.detail.message, refused[i][1]) != NULL, "%s: %s",
			      refused[i][0], report.detail.message);
	}
}
END_TEST

START_TEST(a_pattern_and_their_number_may_not_be_too_large)
{
	static const char *many[PATTERN_COUNT_MAX + 1];
	struct report report = report_make(NULL, NULL);
	struct redactor *redactor = NULL;
	char large[PATTERN_SIZE_MAX + 2];
	const char *one = large;

	for (size_t i = 0; i <= PATTERN_COUNT_MAX; i++)
		many[i] = "a";
	ck_assert_int_eq(redactor_new(&report, many, PATTERN_COUNT_MAX + 1, &redactor),
			 HF_ERR_INVALID);
	redactor_free(redactor_with(many, PATTERN_COUNT_MAX));
	memset(large, 'a', sizeof large);
	large[PATTERN_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(redactor_new(&report, &one, 1, &redactor), HF_ERR_INVALID);
	large[PATTERN_SIZE_MAX] = '\0';
	redactor_free(redactor_with(&one, 1));
}
END_TEST

START_TEST(the_text_that_every_match_holds_is_known)
{
	static const char *const patterns[][2] = {
		{ "abc", "abc" },     { "ab*c", "a" },		{ "ab+cd", "ab" },
		{ "a|b", "" },	      { "[a-z]+://x", "://x" }, { "(abc)d", "d" },
		{ "x{0,3}yz", "yz" }, { "x{2}", "x" },		{ "a\\.b?", "a." },
		{ "(a|b)cd|ef", "" }, { "^key=.*;$", "key=" },	{ "ab?", "a" },
	};

	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		char literal[32];

		ck_assert_ptr_null(pattern_check(patterns[i][0], literal));
		ck_assert_msg(strcmp(literal, patterns[i][1]) == 0, "%s: %s", patterns[i][0],
			      literal);
	}
}
END_TEST

/* A match of up to half of what is matched at once is found wherever it stands. */
START_TEST(long_lines_are_searched_in_pieces_that_overlap)
{
	static const char *const pattern = "<[^<>]*>";
	struct redactor *redactor = redactor_with(&pattern, 1);
	enum { SIZE = 6 * PATTERN_LINE, MATCH = PATTERN_LINE / 2 };
	char *text = malloc(SIZE);

	ck_assert_ptr_nonnull(text);
	for (size_t at = 1; at + MATCH < SIZE; at += 97) {
		struct redact_hit hit = { "", 0, 0 };

		memset(text, 'x', SIZE);
		text[at] = '<';
		text[at + MATCH - 1] = '>';
		ck_assert_int_eq(redact_find(redactor, (struct hf_slice){ text, SIZE }, 0, &hit),
				 HF_OK);
		ck_assert_uint_eq(hit.offset, at);
		ck_assert_uint_eq(hit.size, MATCH);
	}
	free(text);
	redactor_free(redactor);
}
END_TEST

START_TEST(a_match_without_end_is_found_piece_by_piece)
{
	const char *pattern = "y+";
	struct redactor *redactor = redactor_with(&pattern, 1);
	struct buffer out = { .max = SIZE_MAX };
	uint64_t count = 0;
	char *text = malloc(10 * PATTERN_LINE);

	ck_assert_ptr_nonnull(text);
	memset(text, 'y', 10 * PATTERN_LINE);
	ck_assert_int_eq(
		redact_text(redactor, (struct hf_slice){ text, 10 * PATTERN_LINE }, &out, &count),
		HF_OK);
	ck_assert_uint_eq(count, 10);
	ck_assert_ptr_null(memchr(out.data, 'y', out.size));
	buffer_release(&out);
	free(text);
	redactor_free(redactor);
}
END_TEST

/* Automata of such patterns have states without number; the case's limits are the test. */
START_TEST(hostile_patterns_and_text_take_bounded_time)
{
	static const char *const patterns[] = { "(a|b)*a(a|b){14}c", "(x+x+)+y", "a.{50}z",
						"[a-z]+://q" };
	struct redactor *redactor = redactor_with(patterns, 4);
	struct buffer out = { .max = SIZE_MAX };
	uint64_t count = 0;
	uint32_t random = 1;
	char text[40 << 10];

	for (size_t i = 0; i < sizeof text; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = random >> 31 ? 'a' : random >> 30 ? 'b' : 'x';
	}
	ck_assert_int_eq(
		redact_text(redactor, (struct hf_slice){ text, sizeof text }, &out, &count), HF_OK);
	ck_assert_uint_eq(count, 0);
	buffer_release(&out);
	redactor_free(redactor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("redact_pattern");
	TCase *cases = runner_cases(suite, "patterns", 60);

	tcase_add_test(cases, patterns_are_extended_regular_expressions_of_lines);
	tcase_add_test(cases, a_pattern_that_is_refused_says_why);
	tcase_add_test(cases, a_pattern_and_their_number_may_not_be_too_large);
	tcase_add_test(cases, the_text_that_every_match_holds_is_known);
	tcase_add_test(cases, long_lines_are_searched_in_pieces_that_overlap);
	tcase_add_test(cases, a_match_without_end_is_found_piece_by_piece);
	tcase_add_test(cases, hostile_patterns_and_text_take_bounded_time);
	return runner_run(suite);
}
