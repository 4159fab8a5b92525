/* SPDX-License-Identifier: MIT */
/*
 * Goal: holdfast.json is written as docs/FORMAT.md says, and nothing else is read. Method:
 * one literal line, and everything near it.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "format/storefile.h"

static const char good[] = "{\"holdfast\":1,\"store\":\"10111213-1415-1617-1819-1a1b1c1d1e1f\","
			   "\"created\":\"2026-11-22T23:54:13.123456Z\"}\n";

static struct storefile example(void)
{
	struct storefile file = { .created_us = INT64_C(1795391653123456) };

	for (unsigned i = 0; i < sizeof file.store; i++)
		file.store[i] = (uint8_t)(0x10 + i);
	return file;
}

static bool accepts(const char *text, size_t size)
{
	struct storefile file = { { 0x77 }, 77 };
	bool accepted = storefile_decode(text, size, &file);

	/* What is refused leaves the result as it was. */
	ck_assert(accepted || (file.store[0] == 0x77 && file.created_us == 77));
	return accepted;
}

START_TEST(the_line_is_written_as_the_format_says)
{
	struct storefile file = example();
	char text[STOREFILE_SIZE];

	ck_assert_uint_eq(sizeof good - 1, STOREFILE_SIZE);
	storefile_encode(&file, text);
	ck_assert_mem_eq(text, good, STOREFILE_SIZE);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	struct storefile wanted = example();
	struct storefile file;

	ck_assert(storefile_decode(good, STOREFILE_SIZE, &file));
	ck_assert_mem_eq(file.store, wanted.store, sizeof wanted.store);
	ck_assert_int_eq(file.created_us, wanted.created_us);
}
END_TEST

START_TEST(any_other_size_is_refused)
{
	char text[2 * STOREFILE_SIZE];

	memcpy(text, good, STOREFILE_SIZE);
	memcpy(text + STOREFILE_SIZE, good, STOREFILE_SIZE);
	for (size_t size = 0; size <= sizeof text; size++)
		ck_assert(accepts(text, size) == (size == STOREFILE_SIZE));
}
END_TEST

/* Nothing is accepted that would be written otherwise: no two texts mean the same. */
START_TEST(each_other_byte_is_refused_or_means_something_else)
{
	char text[STOREFILE_SIZE];
	char again[STOREFILE_SIZE];
	struct storefile file;

	for (size_t i = 0; i < STOREFILE_SIZE; i++) {
		memcpy(text, good, sizeof text);
		for (unsigned value = 0; value < 256; value++) {
			text[i] = (char)value;
			if (!accepts(text, sizeof text))
				continue;
			ck_assert(storefile_decode(text, sizeof text, &file));
			storefile_encode(&file, again);
			ck_assert_mem_eq(again, text, sizeof text);
		}
		/* Outside the id and the time, one byte is as good as the whole shape. */
		text[i] = (char)(good[i] ^ 0x20);
		if (i < 23 || i >= 99 || (i >= 59 && i < 72))
			ck_assert(!accepts(text, sizeof text));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storefile");
	TCase *tcase = tcase_create("storefile");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, the_line_is_written_as_the_format_says);
	tcase_add_test(tcase, what_is_written_is_read_again);
	tcase_add_test(tcase, any_other_size_is_refused);
	tcase_add_test(tcase, each_other_byte_is_refused_or_means_something_else);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
