/* SPDX-License-Identifier: MIT */
/*
 * Goal: compacting changes white space and U+2028/2029 and not one byte more, and a
 * failure leaves the output as it was. Method: pairs of texts, every size of room, and
 * runs of every length around the sizes that the copying treats differently.
 */
#include "json_both.h"

/* The text compacts to expected, and that to itself. */
static void compacts(const char *text, const char *expected)
{
	for (int round = 0; round < 2; round++, text = expected) {
		struct both both = both_scan(text, strlen(text));

		ck_assert_int_eq(both.rc, HF_OK);
		ck_assert_uint_eq(both.out.size, strlen(expected));
		ck_assert_mem_eq(both.out.data, expected, both.out.size);
		buffer_release(&both.out);
	}
}

START_TEST(white_space_goes_and_white_space_in_strings_stays)
{
	compacts(" {\t\"a b\" :\n[ 1 ,\r\n2 ] , \"c\":{ } , \"d\":[ ] } \n",
		 "{\"a b\":[1,2],\"c\":{},\"d\":[]}");
	compacts("\n\n \"  \"", "\"  \"");
	compacts("  0  ", "0");
	compacts("null", "null");
}
END_TEST

START_TEST(numbers_and_escapes_and_order_are_kept)
{
	char digits[403];

	compacts("[1.0, 1, -0, -0.0, 1E400, 1e+2, 10000000000000000999, 0.1000]",
		 "[1.0,1,-0,-0.0,1E400,1e+2,10000000000000000999,0.1000]");
	compacts("[\"\\u0061\\/\\ud83d\\uDE00 \\ud83d\\\"\"]",
		 "[\"\\u0061\\/\\ud83d\\uDE00 \\ud83d\\\"\"]");
	compacts("{\"b\":1, \"a\":2, \"\":3}", "{\"b\":1,\"a\":2,\"\":3}");
	memset(digits, '7', 400);
	digits[400] = '\0';
	compacts(digits, digits);
}
END_TEST

START_TEST(line_separators_become_escapes)
{
	compacts("\"\xe2\x80\xa8\"", "\"\\u2028\"");
	compacts("[ \"a\xe2\x80\xa9z\" , \"\xe2\x80\xa8\xe2\x80\xa9\" ]",
		 "[\"a\\u2029z\",\"\\u2028\\u2029\"]");
	compacts("{\"\xe2\x80\xa8\":0}", "{\"\\u2028\":0}");
	/* their neighbours, and the same last byte behind another first one */
	compacts("\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe3\x80\xa8\"",
		 "\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x81\xa8\xe3\x80\xa8\"");
	ck_assert_int_eq(both_rc("\xe2\x80\xa8", 3), HF_ERR_JSON);
	ck_assert_int_eq(both_rc("{\"\xe2\x80\xa8\":0,\"\\u2028\":1}", 20), HF_ERR_JSON);
}
END_TEST

START_TEST(a_text_of_nothing_but_line_separators_doubles)
{
	enum { COUNT = 10000 };
	struct both both;
	char *text = malloc(3 * COUNT + 2);

	ck_assert_ptr_nonnull(text);
	text[0] = '"';
	for (size_t i = 0; i < COUNT; i++)
		memcpy(text + 1 + 3 * i, "\xe2\x80\xa8", 3);
	text[3 * COUNT + 1] = '"';
	both = both_scan(text, 3 * COUNT + 2);
	ck_assert_int_eq(both.rc, HF_OK);
	ck_assert_uint_eq(both.out.size, 6 * COUNT + 2);
	for (size_t i = 0; i < COUNT; i++) {
		if (memcmp(both.out.data + 1 + 6 * i, "\\u2028", 6) != 0)
			ck_abort_msg("separator %zu", i);
	}
	buffer_release(&both.out);
	free(text);
}
END_TEST

START_TEST(runs_of_every_length_are_copied_whole)
{
	for (size_t run = 0; run < 70; run++) {
		for (size_t spaces = 0; spaces < 20; spaces++) {
			char text[256];
			char expected[256];
			size_t size = 0;

			size += (size_t)snprintf(
				text, sizeof text, "[\"%.*s\"%*s,%*s\"\xe2\x80\xa8%.*s\"%*s]",
				(int)run,
				"0123456789012345678901234567890123456789"
				"012345678901234567890123456789",
				(int)spaces, "", (int)spaces, "", (int)(run / 2),
				"abcdefghijklmnopqrstuvwxyzabcdefghijk", (int)spaces, "");
			ck_assert_uint_lt(size, sizeof text);
			(void)snprintf(expected, sizeof expected, "[\"%.*s\",\"\\u2028%.*s\"]",
				       (int)run,
				       "0123456789012345678901234567890123456789"
				       "012345678901234567890123456789",
				       (int)(run / 2), "abcdefghijklmnopqrstuvwxyzabcdefghijk");
			compacts(text, expected);
		}
	}
}
END_TEST

typedef int (*compact_fn)(const char *bytes, size_t size, struct buffer *out,
			  struct json_fault *fault);
static const compact_fn twins[] = { json_compact, plain_json_compact };

START_TEST(it_appends_behind_what_is_there)
{
	for (size_t i = 0; i < 2; i++) {
		struct buffer out = BUFFER_INIT(100);

		ck_assert_int_eq(buffer_put_text(&out, "{\"data\":"), HF_OK);
		ck_assert_int_eq(twins[i]("[ 1 ]", 5, &out, NULL), HF_OK);
		ck_assert_int_eq(twins[i](" \"\xe2\x80\xa9\"", 6, &out, NULL), HF_OK);
		ck_assert_uint_eq(out.size, 19);
		ck_assert_mem_eq(out.data, "{\"data\":[1]\"\\u2029\"", 19);
		buffer_release(&out);
	}
}
END_TEST

/* The result takes 27 bytes and stands behind 3 others. */
START_TEST(the_maximum_counts_for_the_result_and_not_for_white_space)
{
	static const char text[] = " [ \"0123456789\" , \"\xe2\x80\xa8\" , true ] ";
	static const char compact[] = "[\"0123456789\",\"\\u2028\",true]";

	for (size_t max = 3; max < 60; max++) {
		for (size_t i = 0; i < 2; i++) {
			struct buffer out = BUFFER_INIT(max);
			int expected = max >= 3 + sizeof compact - 1 ? HF_OK : HF_ERR_SESSION_SIZE;

			ck_assert_int_eq(buffer_put_text(&out, "abc"), HF_OK);
			ck_assert_int_eq(twins[i](text, sizeof text - 1, &out, NULL), expected);
			ck_assert_uint_eq(out.size, expected == HF_OK ? 3 + sizeof compact - 1 : 3);
			ck_assert_mem_eq(out.data, "abc", 3);
			if (expected == HF_OK)
				ck_assert_mem_eq(out.data + 3, compact, sizeof compact - 1);
			buffer_release(&out);
		}
	}
}
END_TEST

START_TEST(an_error_leaves_the_output_unchanged)
{
	static const char *const texts[] = { "", "[1,", "[ 1 , 2 ] x",
					     "{ \"a\" : 1 , \"a\" : 2 }" };

	for (size_t i = 0; i < 2 * sizeof texts / sizeof *texts; i++) {
		struct buffer out = BUFFER_INIT(1000);
		const char *text = texts[i / 2];

		ck_assert_int_eq(buffer_put_text(&out, "kept"), HF_OK);
		ck_assert_int_eq(twins[i % 2](text, strlen(text), &out, NULL), HF_ERR_JSON);
		ck_assert_uint_eq(out.size, 4);
		ck_assert_mem_eq(out.data, "kept", 4);
		buffer_release(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/compact");
	TCase *tests = tcase_create("compact");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tests, white_space_goes_and_white_space_in_strings_stays);
	tcase_add_test(tests, numbers_and_escapes_and_order_are_kept);
	tcase_add_test(tests, line_separators_become_escapes);
	tcase_add_test(tests, a_text_of_nothing_but_line_separators_doubles);
	tcase_add_test(tests, runs_of_every_length_are_copied_whole);
	tcase_add_test(tests, it_appends_behind_what_is_there);
	tcase_add_test(tests, the_maximum_counts_for_the_result_and_not_for_white_space);
	tcase_add_test(tests, an_error_leaves_the_output_unchanged);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
