/* SPDX-License-Identifier: MIT */
/*
 * Goal: the reader gives the slices that are there, decodes texts as holdfast.h says, and
 * stays within any bytes it is given. Method: valid texts with known members; every cut
 * and every replaced byte of one text, in memory of exactly its size; the public edge.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "json/read.h"

static struct hf_slice text_slice(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static void is_text(struct hf_slice slice, const char *expected)
{
	ck_assert_uint_eq(slice.size, strlen(expected));
	if (slice.size > 0)
		ck_assert_mem_eq(slice.data, expected, slice.size);
}

static void has_member(const char *object, const char *name, const char *expected)
{
	struct hf_slice value = { "untouched", 9 };
	bool found = json_member(text_slice(object), name, &value);

	ck_assert_msg(found == (expected != NULL), "%s in %s", name, object);
	is_text(value, expected != NULL ? expected : "untouched");
}

START_TEST(members_are_found_by_name)
{
	static const char object[] = " { \"a\" : 1.0 , \"list\" : [ 1, \"]\" ] ,\"text\":\"\\\"}\","
				     "\"object\":{\"a\":{}}, \"\":null , \"last\":true } ";

	has_member(object, "a", "1.0");
	has_member(object, "list", "[ 1, \"]\" ]");
	has_member(object, "text", "\"\\\"}\"");
	has_member(object, "object", "{\"a\":{}}");
	has_member(object, "", "null");
	has_member(object, "last", "true");
	has_member(object, "las", NULL);
	has_member(object, "last ", NULL);
	has_member("{}", "a", NULL);
	has_member("[\"a\",1]", "a", NULL);
	has_member("\"a\"", "a", NULL);
	has_member("", "a", NULL);
	has_member("{\"a\":1,\"a\":2}", "a", "1");
}
END_TEST

START_TEST(names_are_compared_decoded)
{
	has_member("{\"\\u0061b\":1}", "ab", "1");
	has_member("{\"\\u0061b\":1}", "\\u0061b", NULL);
	has_member("{\"a\\/b\":1}", "a/b", "1");
	has_member("{\"\\u00e9\":1}", "\xc3\xa9", "1");
	has_member("{\"\xc3\xa9\":1}", "\xc3\xa9", "1");
	has_member("{\"\\ud83d\\ude00\":1}", "\xf0\x9f\x98\x80", "1");
	has_member("{\"\\ud83d\":1}", "\xef\xbf\xbd", NULL);
	has_member("{\"a\\u0000\":1,\"a\":2}", "a", "2");
	has_member("{\"\\u0061\":1}", "ab", NULL);
	has_member("{\"\\u0061b\":1}", "a", NULL);
	has_member("{\"\\ud83d\\ude00\":1}", "", NULL);
	has_member("{\"\\u20ac\":1}", "\xe2\x82", NULL);
}
END_TEST

START_TEST(steps_visit_each_element_in_order)
{
	static const char *const expected[] = {
		"1", "\"a,]\"", "[]", "[[2],{}]", "{\"b\":[]}", "null",
	};
	struct hf_slice array = text_slice(" [1, \"a,]\" ,[],[[2],{}] , {\"b\":[]},null ] ");
	struct hf_slice name = { "untouched", 9 };
	struct hf_slice value = { "untouched", 9 };
	size_t position = 0;

	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		ck_assert(json_next(array, &position, &name, &value));
		is_text(name, "");
		is_text(value, expected[i]);
	}
	name = text_slice("untouched");
	for (size_t i = 0; i < 2; i++) {
		ck_assert(!json_next(array, &position, &name, &value));
		is_text(name, "untouched");
		is_text(value, "null");
	}
}
END_TEST

START_TEST(steps_visit_each_member_in_order)
{
	struct hf_slice object = text_slice("{\"a\":1 , \"\\\"\" :[2], \"c\": \"3\"}");
	struct hf_slice name = { "", 0 };
	struct hf_slice value = { "", 0 };
	size_t position = 0;

	ck_assert(json_next(object, &position, &name, &value));
	is_text(name, "\"a\"");
	is_text(value, "1");
	ck_assert(json_next(object, &position, NULL, &value));
	is_text(value, "[2]");
	ck_assert(json_next(object, &position, &name, &value));
	is_text(name, "\"c\"");
	is_text(value, "\"3\"");
	ck_assert(!json_next(object, &position, &name, &value));
}
END_TEST

START_TEST(what_is_no_container_has_no_members)
{
	static const char *const texts[] = {
		"",    " ", "1",    "\"[1]\"", "null", "[]",	  "{}",
		"[ ]", "[", "[,1]", "[\"a",    "[[",   "{\"a\":", "{\"a\":}",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct hf_slice value = { "untouched", 9 };
		size_t position = 0;

		ck_assert_msg(!json_next(text_slice(texts[i]), &position, NULL, &value), "%s",
			      texts[i]);
		ck_assert_uint_eq(position, 0);
		is_text(value, "untouched");
	}
}
END_TEST

START_TEST(kinds_are_told_by_the_first_bytes)
{
	ck_assert_int_eq(json_kind(text_slice(" {}")), JSON_OBJECT);
	ck_assert_int_eq(json_kind(text_slice("[1]\n")), JSON_ARRAY);
	ck_assert_int_eq(json_kind(text_slice("\"\"")), JSON_STRING);
	ck_assert_int_eq(json_kind(text_slice("-1")), JSON_NUMBER);
	ck_assert_int_eq(json_kind(text_slice("0.5e9")), JSON_NUMBER);
	ck_assert_int_eq(json_kind(text_slice(" true ")), JSON_TRUE);
	ck_assert_int_eq(json_kind(text_slice("false")), JSON_FALSE);
	ck_assert_int_eq(json_kind(text_slice("null")), JSON_NULL);
	ck_assert_int_eq(json_kind(text_slice("nul")), JSON_NONE);
	ck_assert_int_eq(json_kind(text_slice("x")), JSON_NONE);
	ck_assert_int_eq(json_kind(text_slice(" ")), JSON_NONE);
	ck_assert_int_eq(json_kind((struct hf_slice){ NULL, 0 }), JSON_NONE);
}
END_TEST

static void decodes(const char *string, const char *expected, int64_t expected_size)
{
	char buffer[64];

	memset(buffer, 'z', sizeof buffer);
	ck_assert_int_eq(json_text(text_slice(string), buffer, sizeof buffer), expected_size);
	ck_assert_mem_eq(buffer, expected, (size_t)expected_size + 1);
	ck_assert_int_eq(json_text(text_slice(string), NULL, 0), expected_size);
}

START_TEST(texts_are_decoded)
{
	decodes("\"\"", "", 0);
	decodes(" \"abc\" ", "abc", 3);
	decodes("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8);
	decodes("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac", 6);
	decodes("\"caf\xc3\xa9 \xf0\x9f\x98\x80\"", "caf\xc3\xa9 \xf0\x9f\x98\x80", 10);
	decodes("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!", 5);
	decodes("\"a\\u0000b\"", "a\0b", 3);
}
END_TEST

START_TEST(a_lone_surrogate_becomes_the_replacement_character)
{
	decodes("\"\\ud83d\"", "\xef\xbf\xbd", 3);
	decodes("\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
	decodes("\"\\udc00\\udc00\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
	decodes("\"\\ud800\\udbff\"", "\xef\xbf\xbd\xef\xbf\xbd", 6);
	decodes("\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf", 4);
	decodes("\"\\ud83d\\ue000\"", "\xef\xbf\xbd\xee\x80\x80", 6);
	decodes("\"\\ud83dx\"", "\xef\xbf\xbdx", 4);
	decodes("\"\\ud83d\\n\"", "\xef\xbf\xbd\n", 4);
	decodes("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7);
	decodes("\"\xed\xa0\xbd\xff\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 12);
}
END_TEST

START_TEST(a_text_is_cut_at_a_character)
{
	static const char string[] = "\"ab\\u20ac\xc3\xa9"
				     "c\""; /* 1 1 3 2 1 bytes */
	static const size_t kept[] = { 0, 0, 1, 2, 2, 2, 5, 5, 7, 8, 8 };
	static const char whole[] = "ab\xe2\x82\xac\xc3\xa9"
				    "c";

	for (size_t size = 1; size < sizeof kept / sizeof *kept; size++) {
		char *buffer = malloc(size);

		ck_assert_ptr_nonnull(buffer);
		ck_assert_int_eq(json_text(text_slice(string), buffer, size), 8);
		ck_assert_uint_eq(strlen(buffer), kept[size]);
		ck_assert_mem_eq(buffer, whole, kept[size]);
		free(buffer);
	}
}
END_TEST

START_TEST(what_is_no_string_has_no_text)
{
	static const char *const texts[] = {
		"", "1", "\"", "\"a", "\"a\\\"", "\"a\"b\"", "[\"a\"]", "a\"",
	};
	char buffer[16];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ck_assert_int_eq(json_text(text_slice(texts[i]), buffer, sizeof buffer), -1);
}
END_TEST

static bool is_inside(struct hf_slice inner, struct hf_slice outer)
{
	return inner.size == 0 ||
	       (inner.data >= outer.data && inner.data + inner.size <= outer.data + outer.size);
}

/* Reads all there is to read, as far as eight levels down. */
static void read_all(struct hf_slice text, int levels)
{
	struct hf_slice name = { "", 0 };
	struct hf_slice value = { "", 0 };
	char buffer[8];
	size_t position = 0;
	size_t before = 0;

	(void)json_text(text, buffer, sizeof buffer);
	(void)json_member(text, "text", &value);
	while (levels > 0 && json_next(text, &position, &name, &value)) {
		if (!is_inside(name, text) || !is_inside(value, text) || position <= before ||
		    position > text.size || value.size == 0)
			ck_abort_msg("a slice outside of its text, or no step forward");
		before = position;
		read_all(name, 0);
		read_all(value, levels - 1);
	}
}

START_TEST(damaged_texts_are_read_within_their_bounds)
{
	static const char text[] =
		" {\"\\u0061\": [1, {\"text\": \"\\ud83d\\n\"}, []], \"b\": -1e5} ";

	for (size_t size = 0; size < sizeof text; size++) {
		char *copy = malloc(size + 1);

		ck_assert_ptr_nonnull(copy);
		for (size_t i = 0; i < size * 0x100; i++) {
			char *exact = copy + 1; /* at an odd address, ending where the block does */

			memcpy(exact, text, size);
			exact[i >> 8] = (char)(i & 0xff);
			read_all((struct hf_slice){ exact, size }, 8);
		}
		free(copy);
	}
}
END_TEST

START_TEST(deep_nesting_takes_no_stack)
{
	enum { DEPTH = 1 << 20 };
	char *text = malloc(2 * DEPTH);
	struct hf_slice value = { "", 0 };
	size_t position = 0;

	ck_assert_ptr_nonnull(text);
	memset(text, '[', DEPTH);
	memset(text + DEPTH, ']', DEPTH);
	ck_assert(json_next((struct hf_slice){ text, 2 * DEPTH }, &position, NULL, &value));
	ck_assert_uint_eq(value.size, 2 * DEPTH - 2);
	position = 0;
	ck_assert(!json_next((struct hf_slice){ text, 2 * DEPTH - 2 }, &position, NULL, &value));
	free(text);
}
END_TEST

START_TEST(the_public_functions_check_their_arguments)
{
	struct hf_slice broken = { NULL, 3 };
	struct hf_slice object = text_slice("{\"a\":\"b\"}");
	struct hf_slice value = { "", 0 };
	size_t position = 0;
	size_t offset = 77;
	char buffer[4];

	ck_assert_int_eq(hf_json_check(broken, &offset), HF_ERR_INVALID);
	ck_assert_int_eq(hf_json_check(object, &offset), HF_OK);
	ck_assert_uint_eq(offset, 77);
	ck_assert_int_eq(hf_json_check(text_slice("[1,]"), NULL), HF_ERR_JSON);
	ck_assert_int_eq(hf_json_check(text_slice("[1,]"), &offset), HF_ERR_JSON);
	ck_assert_uint_eq(offset, 3);
	ck_assert_int_eq(hf_json_check((struct hf_slice){ NULL, 0 }, &offset), HF_ERR_JSON);
	ck_assert_uint_eq(offset, 0);
	ck_assert(!hf_json_member(broken, "a", &value));
	ck_assert(!hf_json_member(object, NULL, &value));
	ck_assert(!hf_json_member(object, "a", NULL));
	ck_assert(hf_json_member(object, "a", &value));
	is_text(value, "\"b\"");
	ck_assert(!hf_json_next(broken, &position, NULL, &value));
	ck_assert(!hf_json_next(object, NULL, NULL, &value));
	ck_assert(!hf_json_next(object, &position, NULL, NULL));
	ck_assert(hf_json_next(object, &position, NULL, &value));
	position = 1000;
	ck_assert(!hf_json_next(object, &position, NULL, &value));
	ck_assert_int_eq(hf_json_text(broken, buffer, sizeof buffer), -1);
	ck_assert_int_eq(hf_json_text(value, NULL, 1), -1);
	ck_assert_int_eq(hf_json_text(value, NULL, 0), 1);
	ck_assert_int_eq(hf_json_text(value, buffer, sizeof buffer), 1);
	ck_assert_str_eq(buffer, "b");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/read");
	TCase *tests = tcase_create("read");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, members_are_found_by_name);
	tcase_add_test(tests, names_are_compared_decoded);
	tcase_add_test(tests, steps_visit_each_element_in_order);
	tcase_add_test(tests, steps_visit_each_member_in_order);
	tcase_add_test(tests, what_is_no_container_has_no_members);
	tcase_add_test(tests, kinds_are_told_by_the_first_bytes);
	tcase_add_test(tests, texts_are_decoded);
	tcase_add_test(tests, a_lone_surrogate_becomes_the_replacement_character);
	tcase_add_test(tests, a_text_is_cut_at_a_character);
	tcase_add_test(tests, what_is_no_string_has_no_text);
	tcase_add_test(tests, damaged_texts_are_read_within_their_bounds);
	tcase_add_test(tests, deep_nesting_takes_no_stack);
	tcase_add_test(tests, the_public_functions_check_their_arguments);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
