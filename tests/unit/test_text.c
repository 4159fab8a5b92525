/* SPDX-License-Identifier: MIT */
/*
 * Goal: each text form has one spelling, read and written alike, at its limits too. Method:
 * known values, round trips, and everything near them that must be refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static bool reads_u64(const char *text, uint64_t wanted)
{
	uint64_t number = 77;
	bool read = text_get_u64(text, strlen(text), &number);

	ck_assert(read || number == 77);
	return read && number == wanted;
}

START_TEST(numbers_are_written_and_read_up_to_64_bits)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = { { 0, "0" }, { 9, "9" }, { 10, "10" }, { 4294967296, "4294967296" },
		     { UINT64_MAX - 1, "18446744073709551614" },
		     { UINT64_MAX, "18446744073709551615" } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char digits[TEXT_U64_SIZE];

		ck_assert_uint_eq(text_put_u64(rows[i].number, digits), strlen(rows[i].text));
		ck_assert_mem_eq(digits, rows[i].text, strlen(rows[i].text));
		ck_assert(reads_u64(rows[i].text, rows[i].number));
	}
}
END_TEST

START_TEST(no_other_spelling_of_a_number_is_read)
{
	static const char *const texts[] = { "", "00", "01", "-1", "+1", " 1", "1 ", "1x", "0x1", "a",
					     "18446744073709551616", "99999999999999999999",
					     "100000000000000000000", "1.0", "/", ":" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		uint64_t number = 77;

		ck_assert_msg(!text_get_u64(texts[i], strlen(texts[i]), &number), "%s", texts[i]);
		ck_assert_uint_eq(number, 77);
	}
}
END_TEST

START_TEST(base64url_goes_both_ways)
{
	uint8_t bytes[32], again[32];
	char text[TEXT_BASE64_32_SIZE];

	memset(bytes, 0, sizeof bytes);
	text_put_base64_32(bytes, text);
	ck_assert_mem_eq(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", sizeof text);
	memset(bytes, 0xff, sizeof bytes);
	text_put_base64_32(bytes, text);
	ck_assert_mem_eq(text, "__________________________________________8", sizeof text);
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	text_put_base64_32(bytes, text);
	ck_assert_mem_eq(text, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", sizeof text);
	for (unsigned round = 0; round < 256; round++) {
		for (unsigned i = 0; i < sizeof bytes; i++)
			bytes[i] = (uint8_t)(round * 31 + i * i * 7);
		text_put_base64_32(bytes, text);
		ck_assert(text_get_base64_32(text, again));
		ck_assert_mem_eq(bytes, again, sizeof bytes);
	}
}
END_TEST

START_TEST(only_the_canonical_base64url_is_read)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char text[TEXT_BASE64_32_SIZE];
	uint8_t bytes[32];
	unsigned last_accepted = 0;

	for (size_t at = 0; at < sizeof text; at++) {
		for (unsigned value = 0; value < 256; value++) {
			bool is_digit = value != 0 && strchr(digits, (int)value) != NULL;
			bool is_accepted;

			memset(text, 'A', sizeof text);
			text[at] = (char)value;
			is_accepted = text_get_base64_32(text, bytes);
			if (at + 1 < sizeof text)
				ck_assert(is_accepted == is_digit);
			else
				last_accepted += is_accepted;
			ck_assert(!is_accepted || is_digit);
		}
	}
	/* The last character has two unused bits. */
	ck_assert_uint_eq(last_accepted, 16);
}
END_TEST

START_TEST(hexadecimal_is_lower_case)
{
	static const uint8_t bytes[] = { 0x00, 0x0f, 0xa5, 0xff };
	char text[8];

	text_put_hex(bytes, sizeof bytes, text);
	ck_assert_mem_eq(text, "000fa5ff", sizeof text);
}
END_TEST

static const struct {
	int64_t time_us;
	const char *text;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ INT64_C(1795391653123456), "2026-11-22T23:54:13.123456Z" },
	{ INT64_C(951782400000000), "2000-02-29T00:00:00.000000Z" },
	{ INT64_C(-2203891200000001), "1900-02-28T23:59:59.999999Z" },
	{ INT64_C(-2203891200000000), "1900-03-01T00:00:00.000000Z" },
	{ INT64_C(253402300799999999), "9999-12-31T23:59:59.999999Z" },
	{ INT64_C(-62167219200000000), "0000-01-01T00:00:00.000000Z" },
	{ INT64_C(-62162035200000000), "0000-03-01T00:00:00.000000Z" },
};

START_TEST(times_are_written_and_read_from_year_0000_to_9999)
{
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		char text[TEXT_TIME_SIZE];
		int64_t time_us = 77;

		text_put_time(times[i].time_us, text);
		ck_assert_mem_eq(text, times[i].text, sizeof text);
		ck_assert(text_get_time(text, &time_us));
		ck_assert_int_eq(time_us, times[i].time_us);
	}
}
END_TEST

START_TEST(times_outside_these_years_are_clamped)
{
	char text[TEXT_TIME_SIZE];

	text_put_time(INT64_C(253402300800000000), text);
	ck_assert_mem_eq(text, "9999-12-31T23:59:59.999999Z", sizeof text);
	text_put_time(INT64_MAX, text);
	ck_assert_mem_eq(text, "9999-12-31T23:59:59.999999Z", sizeof text);
	text_put_time(INT64_C(-62167219200000001), text);
	ck_assert_mem_eq(text, "0000-01-01T00:00:00.000000Z", sizeof text);
	text_put_time(INT64_MIN, text);
	ck_assert_mem_eq(text, "0000-01-01T00:00:00.000000Z", sizeof text);
}
END_TEST

/* Every day of ten thousand years, against the calendar counted by hand. */
START_TEST(each_day_is_the_one_after_the_day_before)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t time_us = INT64_C(-62167219200000000);

	for (unsigned year = 0; year <= 9999; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		for (unsigned month = 1; month <= 12; month++) {
			unsigned last = days[month - 1] + (month == 2 && leap);

			for (unsigned day = 1; day <= last; day += day == 1 ? last - 1 : 1) {
				char text[TEXT_TIME_SIZE + 1] = "";
				char wanted[64];

				text_put_time(time_us + INT64_C(86400000000) * (day - 1), text);
				(void)snprintf(wanted, sizeof wanted, "%04u-%02u-%02uT00:00:00.000000Z", year,
					       month, day);
				ck_assert_str_eq(text, wanted);
			}
			time_us += INT64_C(86400000000) * last;
		}
	}
}
END_TEST

START_TEST(dates_that_do_not_exist_are_refused)
{
	static const char *const texts[] = {
		"2026-00-22T23:54:13.123456Z", "2026-13-22T23:54:13.123456Z",
		"2026-11-00T23:54:13.123456Z", "2026-11-31T23:54:13.123456Z",
		"2026-02-29T23:54:13.123456Z", "1900-02-29T23:54:13.123456Z",
		"2026-11-22T24:00:00.000000Z", "2026-11-22T23:60:13.123456Z",
		"2026-11-22T23:59:60.000000Z", "2026-11-22t23:54:13.123456Z",
		"2026-11-22T23:54:13.123456z", "2026-11-22T23:54:13,123456Z",
		"2026/11/22T23:54:13.123456Z", "2026-11-22 23:54:13.123456Z",
		"+026-11-22T23:54:13.123456Z", "2026-1 -22T23:54:13.123456Z",
		"2026-11-22T23:54:13.12345 Z", "2026-11-22T23:54:13.1234567",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int64_t time_us = 77;

		ck_assert_uint_eq(strlen(texts[i]), TEXT_TIME_SIZE);
		ck_assert_msg(!text_get_time(texts[i], &time_us), "%s", texts[i]);
		ck_assert_int_eq(time_us, 77);
	}
}
END_TEST

START_TEST(uuids_go_both_ways_in_one_form_only)
{
	static const char good[] = "0195d3a0-1111-4222-8333-4444555566ff";
	static const char *const bad[] = {
		"", "0195d3a0", "0195d3a0-1111-4222-8333-4444555566f",
		"0195d3a0-1111-4222-8333-4444555566fff", "0195D3A0-1111-4222-8333-4444555566ff",
		"0195d3a0-1111-4222-83334-444555566ff", "0195d3a011114222833344445555-66-f-f-",
		"{195d3a0-1111-4222-8333-4444555566f}", "0195d3ag-1111-4222-8333-4444555566ff",
	};
	uint8_t bytes[16];
	char text[TEXT_UUID_SIZE];

	ck_assert(text_get_uuid(good, strlen(good), bytes));
	ck_assert_uint_eq(bytes[0], 0x01);
	ck_assert_uint_eq(bytes[15], 0xff);
	text_put_uuid(bytes, text);
	ck_assert_mem_eq(text, good, sizeof text);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(bytes, 0x77, sizeof bytes);
		ck_assert_msg(!text_get_uuid(bad[i], strlen(bad[i]), bytes), "%s", bad[i]);
		for (size_t k = 0; k < sizeof bytes; k++)
			ck_assert_uint_eq(bytes[k], 0x77);
	}
}
END_TEST

/* RFC 3629, section 3: the ranges of the second byte by the first. */
START_TEST(utf8_is_told_from_all_else)
{
	static const struct {
		const char *bytes;
		size_t size;
		size_t length;
	} rows[] = {
		{ "", 0, 0 }, { "a", 1, 1 }, { "\0", 1, 1 }, { "\x7f", 1, 1 },
		{ "\x80", 1, 0 }, { "\xc1\xbf", 2, 0 }, { "\xc2\x80", 2, 2 }, { "\xdf\xbf", 2, 2 },
		{ "\xc2", 1, 0 }, { "\xc2\x7f", 2, 0 }, { "\xc2\xc0", 2, 0 },
		{ "\xe0\x9f\xbf", 3, 0 }, { "\xe0\xa0\x80", 3, 3 }, { "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 }, { "\xee\x80\x80", 3, 3 }, { "\xef\xbf\xbf", 3, 3 },
		{ "\xe0\xa0", 2, 0 }, { "\xe0\xa0\x7f", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 }, { "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, { "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 }, { "\xf0\x90\x80", 3, 0 }, { "\xff", 1, 0 },
		{ "\xf0\x90\x80\x7f", 4, 0 }, { "ab", 2, 1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		/* In memory of just that size, so that a sanitizer sees what is read beyond. */
		char *copy = malloc(rows[i].size + (rows[i].size == 0));

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, rows[i].bytes, rows[i].size);
		ck_assert_msg(text_utf8_length(copy, rows[i].size) == rows[i].length, "row %zu", i);
		free(copy);
	}
	ck_assert(text_is_utf8("", 0));
	ck_assert(text_is_utf8("a\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80", 10));
	ck_assert(!text_is_utf8("a\xc3\xa9\xe2\x80", 5));
}
END_TEST

START_TEST(a_copy_is_cut_to_its_field)
{
	char field[4];

	memset(field, 'x', sizeof field);
	text_copy(field, sizeof field, "ab");
	ck_assert_str_eq(field, "ab");
	text_copy(field, sizeof field, "abc");
	ck_assert_str_eq(field, "abc");
	text_copy(field, sizeof field, "abcd");
	ck_assert_str_eq(field, "abc");
	text_copy(field, 1, "abcd");
	ck_assert_str_eq(field, "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *text = tcase_create("text");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(text, numbers_are_written_and_read_up_to_64_bits);
	tcase_add_test(text, no_other_spelling_of_a_number_is_read);
	tcase_add_test(text, base64url_goes_both_ways);
	tcase_add_test(text, only_the_canonical_base64url_is_read);
	tcase_add_test(text, hexadecimal_is_lower_case);
	tcase_add_test(text, times_are_written_and_read_from_year_0000_to_9999);
	tcase_add_test(text, times_outside_these_years_are_clamped);
	tcase_add_test(text, each_day_is_the_one_after_the_day_before);
	tcase_add_test(text, dates_that_do_not_exist_are_refused);
	tcase_add_test(text, uuids_go_both_ways_in_one_form_only);
	tcase_add_test(text, utf8_is_told_from_all_else);
	tcase_add_test(text, a_copy_is_cut_to_its_field);
	suite_add_tcase(suite, text);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
