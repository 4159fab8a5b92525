/* SPDX-License-Identifier: MIT */
/*
 * Goal: both twins of run.h find exactly the first byte that ends a run, and read nothing
 * at or behind the end. Method: every byte value at every place of runs of every length
 * around the block sizes, in memory of exactly that size at every alignment, against a
 * loop that looks at one byte at a time.
 */
#include <check.h>
#include <stdlib.h>

#include "json/run.h"

enum { LENGTH_MAX = 50, ALIGNMENTS = 16 };

static bool ends(unsigned char c, enum json_run run)
{
	if (run == JSON_RUN_NESTING)
		return c == '"' || c == '[' || c == ']' || c == '{' || c == '}';
	return c == '"' || c == '\\' || (run == JSON_RUN_TEXT && (c < 0x20 || c >= 0x80));
}

static const char *slow_run(const char *at, const char *end, enum json_run run)
{
	while (at < end && !ends((unsigned char)*at, run))
		at++;
	return at;
}

static void compare(const char *at, const char *end, enum json_run run)
{
	const char *expected = slow_run(at, end, run);

	if (json_run_plain(at, end, run) != expected || json_run(at, end, run) != expected)
		ck_abort_msg("a run of %td bytes, kind %d", end - at, run);
#if defined(__SSE2__)
	if (json_run_sse2(at, end, run) != expected)
		ck_abort_msg("a run of %td bytes, kind %d, SSE2", end - at, run);
#endif
}

static void compare_all(const char *at, const char *end)
{
	compare(at, end, JSON_RUN_TEXT);
	compare(at, end, JSON_RUN_STRING);
	compare(at, end, JSON_RUN_NESTING);
}

START_TEST(each_byte_at_each_place_ends_the_runs_it_should)
{
	for (size_t length = 1; length <= LENGTH_MAX; length++) {
		char *bytes = malloc(length);

		ck_assert_ptr_nonnull(bytes);
		memset(bytes, 'x', length);
		for (size_t place = 0; place < length; place++) {
			for (unsigned c = 0; c < 0x100; c++) {
				bytes[place] = (char)c;
				compare_all(bytes, bytes + length);
			}
			bytes[place] = 'x';
		}
		free(bytes);
	}
}
END_TEST

START_TEST(alignment_does_not_matter)
{
	static const char enders[] = "\"\\\x1f\x80[}";

	for (size_t shift = 0; shift < ALIGNMENTS; shift++) {
		for (size_t length = 0; length <= LENGTH_MAX; length++) {
			char *block = malloc(shift + length + 1);
			char *bytes = block + shift;

			ck_assert_ptr_nonnull(block);
			memset(bytes, 'x', length);
			compare_all(bytes, bytes + length);
			for (size_t i = 0; i < length * (sizeof enders - 1); i++) {
				bytes[i % length] = enders[i / length];
				bytes[length] = '"'; /* behind the end: must not be seen */
				compare_all(bytes, bytes + length);
				bytes[i % length] = 'x';
			}
			free(block);
		}
	}
}
END_TEST

/* Bytes next to each other must not disturb each other through borrows. */
START_TEST(every_pair_of_neighbours_is_told_apart)
{
	char bytes[24];

	for (unsigned i = 0; i < 0x10000; i++) {
		for (size_t place = 0; place < 9; place++) {
			memset(bytes, 'x', sizeof bytes);
			bytes[place] = (char)(i >> 8);
			bytes[place + 1] = (char)(i & 0xff);
			compare_all(bytes, bytes + sizeof bytes);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/run");
	TCase *tests = tcase_create("run");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, each_byte_at_each_place_ends_the_runs_it_should);
	tcase_add_test(tests, alignment_does_not_matter);
	tcase_add_test(tests, every_pair_of_neighbours_is_told_apart);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
