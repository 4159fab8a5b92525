/* SPDX-License-Identifier: MIT */
/*
 * Goal: what the writer puts is valid, compact JSON that decodes to what was given, and a
 * failure leaves the buffer as it was. Method: every byte and character by itself, every
 * size of room.
 */
#include <check.h>
#include <string.h>

#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

static void writes(const char *text, size_t size, const char *expected)
{
	struct buffer out = BUFFER_INIT(1000);

	ck_assert_int_eq(json_put_string(&out, text, size), HF_OK);
	ck_assert_uint_eq(out.size, strlen(expected));
	ck_assert_mem_eq(out.data, expected, out.size);
	buffer_release(&out);
}

START_TEST(only_what_must_be_is_escaped)
{
	writes("", 0, "\"\"");
	writes(NULL, 0, "\"\"");
	writes("a/b'\x7f<", 6, "\"a/b'\x7f<\"");
	writes("\"\\\b\f\n\r\t", 7, "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
	writes("\0\x01\x1f", 3, "\"\\u0000\\u0001\\u001f\"");
	writes("\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	writes("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 12,
	       "\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"");
}
END_TEST

/* One character of UTF-8, by another way than the library's. */
static size_t encode(uint32_t point, char *text)
{
	if (point < 0x80)
		text[0] = (char)point;
	else
		text[0] = (char)(point < 0x800	   ? 0xc0 | point >> 6
				 : point < 0x10000 ? 0xe0 | point >> 12
						   : 0xf0 | point >> 18);
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

	for (size_t i = 1; i < length; i++)
		text[i] = (char)(0x80 | (point >> 6 * (length - 1 - i) & 0x3f));
	return length;
}

START_TEST(every_character_survives_writing_and_reading)
{
	struct buffer out = BUFFER_INIT(1000);
	struct buffer compact = BUFFER_INIT(1000);

	for (uint32_t point = 0; point <= 0x10ffff; point++) {
		char text[8] = "x";
		char back[16];
		size_t size = 1 + encode(point, text + 1);
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		int rc;

		out.size = 0;
		compact.size = 0;
		rc = json_put_string(&out, text, size);
		if (surrogate && rc == HF_ERR_INVALID && out.size == 0)
			continue;
		if (rc != HF_OK || json_compact(out.data, out.size, &compact, NULL) != HF_OK ||
		    compact.size != out.size || memcmp(compact.data, out.data, out.size) != 0 ||
		    json_text((struct hf_slice){ out.data, out.size }, back, sizeof back) !=
			    (int64_t)size ||
		    memcmp(back, text, size) != 0)
			ck_abort_msg("U+%04X", (unsigned)point);
	}
	buffer_release(&out);
	buffer_release(&compact);
}
END_TEST

START_TEST(what_is_not_utf8_is_refused)
{
	static const char *const texts[] = {
		"\xff",
		"ab\x80",
		"\xc3",
		"\xc3x",
		"\xe2\x80",
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80",
		"\xc0\x80",
		"0123456789abcdef\xf0\x9f\x98",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buffer out = BUFFER_INIT(1000);
		bool first = true;

		ck_assert_int_eq(buffer_put_text(&out, "{"), HF_OK);
		ck_assert_int_eq(json_put_string(&out, texts[i], strlen(texts[i])), HF_ERR_INVALID);
		ck_assert_int_eq(json_put_name(&out, &first, texts[i]), HF_ERR_INVALID);
		ck_assert_int_eq(
			json_put_member_text(&out, &first, "n", texts[i], strlen(texts[i])),
			HF_ERR_INVALID);
		ck_assert_uint_eq(out.size, 1);
		ck_assert(first);
		buffer_release(&out);
	}
}
END_TEST

static const char object[] = "{\"format\":1,\"big\":18446744073709551615,"
			     "\"na\\nme\":\"\\\"a\\\"\",\"config\":{\"a\":1.0}}";

static int put_object(struct buffer *out)
{
	struct hf_slice config = { "{\"a\":1.0}", 9 };
	bool first = true;
	int rc;

	rc = buffer_put_text(out, "{");
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "format", 1);
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "big", UINT64_MAX);
	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "na\nme", "\"a\"", 3);
	if (rc == HF_OK)
		rc = json_put_member_json(out, &first, "config", config);
	if (rc == HF_OK)
		rc = buffer_put_text(out, "}");
	return rc;
}

START_TEST(members_make_an_object)
{
	struct buffer out = BUFFER_INIT(1000);

	ck_assert_int_eq(put_object(&out), HF_OK);
	ck_assert_uint_eq(out.size, sizeof object - 1);
	ck_assert_mem_eq(out.data, object, out.size);
	ck_assert_int_eq(json_scan(out.data, out.size, NULL), HF_OK);
	buffer_release(&out);
}
END_TEST

/* A full buffer is left as it was before the member that did not fit: at a comma's place. */
START_TEST(a_member_that_does_not_fit_leaves_nothing)
{
	static const size_t ends[] = { 0, 1, 11, 38, 55, 74 };

	for (size_t max = 0; max < sizeof object - 1; max++) {
		struct buffer out = BUFFER_INIT(max);
		size_t expected = 0;

		ck_assert_int_eq(put_object(&out), HF_ERR_SESSION_SIZE);
		for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
			if (ends[i] <= max)
				expected = ends[i];
		}
		ck_assert_uint_eq(out.size, expected);
		if (expected > 0)
			ck_assert_mem_eq(out.data, object, expected);
		buffer_release(&out);
	}
}
END_TEST

START_TEST(a_failed_first_member_stays_the_first)
{
	struct buffer out = BUFFER_INIT(4);
	bool first = true;

	ck_assert_int_eq(json_put_member_u64(&out, &first, "a", 10), HF_ERR_SESSION_SIZE);
	ck_assert(first);
	ck_assert_int_eq(json_put_name(&out, &first, "a"), HF_OK);
	ck_assert(!first);
	ck_assert_int_eq(json_put_name(&out, &first, "a"), HF_ERR_SESSION_SIZE);
	ck_assert_uint_eq(out.size, 4);
	buffer_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/write");
	TCase *tests = tcase_create("write");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, only_what_must_be_is_escaped);
	tcase_add_test(tests, every_character_survives_writing_and_reading);
	tcase_add_test(tests, what_is_not_utf8_is_refused);
	tcase_add_test(tests, members_make_an_object);
	tcase_add_test(tests, a_member_that_does_not_fit_leaves_nothing);
	tcase_add_test(tests, a_failed_first_member_stays_the_first);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
