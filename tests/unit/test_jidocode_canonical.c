/* SPDX-License-Identifier: MIT */
/*
 * Goal: the form that JidoCode's encoder gives a value is known to the byte. Method: files
 * that the original program has written must come out of their own JSON as they are, and so
 * must reformatted copies of them; small values are compared with what its documentation and
 * an independent verifier (tests/data/jidocode/verify.py) say.
 */
#include "lib/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "interop/jidocode_canonical.h"
#include "interop/jidocode_float.h"
#include "interop/jidocode_hash.h"
#include "interop/jidocode_parse.h"

static int put(void *context, const char *bytes, size_t size)
{
	return buffer_put(context, bytes, size);
}

static int encode(const char *text, size_t size, struct jidocode_form form, struct buffer *out)
{
	struct hf_slice json = { text, size };

	ck_assert_int_eq(jidocode_parse_check(json, form.mend, NULL), HF_OK);
	out->size = 0;
	form.put = put;
	form.context = out;
	return jidocode_canonical_put(json, &form);
}

static void gives(const char *text, const char *expected)
{
	struct buffer out = BUFFER_INIT(1 << 20);

	ck_assert_int_eq(encode(text, strlen(text), (struct jidocode_form){ 0 }, &out), HF_OK);
	ck_assert_int_eq(buffer_put(&out, "", 1), HF_OK);
	ck_assert_str_eq(out.data, expected);
	buffer_release(&out);
}

/* A file of tests/data/jidocode; free with free. */
static char *read_data(const char *name, size_t *ret_size)
{
	char path[1024];
	char *bytes = malloc(1 << 20);
	FILE *file;

	ck_assert_ptr_nonnull(getenv("HOLDFAST_SOURCE"));
	(void)snprintf(path, sizeof path, "%s/tests/data/jidocode/%s", getenv("HOLDFAST_SOURCE"),
		       name);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL && bytes != NULL, "%s", path);
	*ret_size = fread(bytes, 1, 1 << 20, file);
	ck_assert_int_eq(fclose(file), 0);
	return bytes;
}

static void becomes(const char *name, const char *original)
{
	struct buffer out = BUFFER_INIT(1 << 20);
	size_t size;
	size_t expected_size;
	char *text = read_data(name, &size);
	char *expected = read_data(original, &expected_size);

	ck_assert_int_eq(encode(text, size, (struct jidocode_form){ 0 }, &out), HF_OK);
	ck_assert_msg(out.size == expected_size && memcmp(out.data, expected, out.size) == 0,
		      "%s", name);
	buffer_release(&out);
	free(text);
	free(expected);
}

#define SIX "6_roles_todos.66666666-6666-4666-b666-666666666666.json"
#define THREE "3_numbers.33333333-3333-4333-8333-333333333333.json"
#define SEVEN "7_maps_over_32_keys.77777777-7777-4777-8777-777777777777.json"

START_TEST(what_the_original_program_wrote_is_its_own_form)
{
	static const char *const names[] = {
		"1_empty.11111111-1111-4111-8111-111111111111.json",
		"2_unicode.22222222-2222-4222-8222-222222222222.json",
		THREE,
		"4_nested.44444444-4444-4444-9444-444444444444.json",
		SIX,
		SEVEN,
		"salt2025/2_unicode.22222222-2222-4222-8222-222222222222.json",
		"salt2025/6_roles_todos.66666666-6666-4666-b666-666666666666.json",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		becomes(names[i], names[i]);
}
END_TEST

START_TEST(other_layouts_of_the_same_value_come_to_the_same_form)
{
#define VARIANT(name) "variants/" name ".66666666-6666-4666-b666-666666666666.json"
	becomes(VARIANT("reformatted_ascii_escapes"), SIX);
	becomes(VARIANT("reformatted_compact"), SIX);
	becomes(VARIANT("reformatted_crlf"), SIX);
	becomes(VARIANT("reformatted_key_order"), SIX);
	becomes(VARIANT("duplicate_name_genuine_first"), SIX);
	becomes(VARIANT("trailing_newline"), SIX);
#undef VARIANT
#define VARIANT(name) "variants/" name ".33333333-3333-4333-8333-333333333333.json"
	becomes(VARIANT("int_exponent_1e5"), THREE);
	becomes(VARIANT("float_other_spelling_accepted"), THREE);
}
END_TEST

START_TEST(only_what_must_be_is_escaped)
{
	gives("\"a\\/b \\u007f\\u2028<>&\"", "\"a/b \x7f\xe2\x80\xa8<>&\"");
	gives("\"\\u0000\\u001f\\u000B\\b\\t\\n\\f\\r\\\"\\\\\"",
	      "\"\\u0000\\u001F\\u000B\\b\\t\\n\\f\\r\\\"\\\\\"");
	gives("\"\\u00e9\\ud83d\\ude00\\uffff\"", "\"\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbf\"");
	gives(" \"\" ", "\"\"");
}
END_TEST

START_TEST(layout_is_two_spaces_a_level_and_empty_containers_stay_on_the_line)
{
	gives("[]", "[]");
	gives("{ }", "{}");
	gives("[[],{},[1,[2]]]",
	      "[\n  [],\n  {},\n  [\n    1,\n    [\n      2\n    ]\n  ]\n]");
	gives("{\"b\":{\"c\":[]},\"a\":null}",
	      "{\n  \"a\": null,\n  \"b\": {\n    \"c\": []\n  }\n}");
	gives("[true,false,null,\"\"]", "[\n  true,\n  false,\n  null,\n  \"\"\n]");
}
END_TEST

START_TEST(names_are_ordered_by_their_bytes_and_the_first_of_equal_ones_counts)
{
	gives("{\"\\u00e9\":1,\"z\":2,\"\":3,\"a\\u0000\":4,\"a\":5,\"Z\":6,\"\\ud83d\\ude00\":7,"
	      "\"\\uffff\":8}",
	      "{\n  \"\": 3,\n  \"Z\": 6,\n  \"a\": 5,\n  \"a\\u0000\": 4,\n  \"z\": 2,\n"
	      "  \"\xc3\xa9\": 1,\n  \"\xef\xbf\xbf\": 8,\n  \"\xf0\x9f\x98\x80\": 7\n}");
	gives("{\"a\":1,\"b\":2,\"\\u0061\":3,\"a\":{\"x\":4}}", "{\n  \"a\": 1,\n  \"b\": 2\n}");
}
END_TEST

START_TEST(the_signature_is_left_out_at_the_top_only)
{
	static const char text[] = "{\"signature\":1,\"\\u0073ignature\":2,\"a\":{\"signature\":3}}";
	static const char expected[] = "{\n  \"a\": {\n    \"signature\": 3\n  }\n}";
	struct jidocode_form form = { .leave_signature = true };
	struct buffer out = BUFFER_INIT(1000);

	ck_assert_int_eq(encode(text, sizeof text - 1, form, &out), HF_OK);
	ck_assert_uint_eq(out.size, sizeof expected - 1);
	ck_assert_mem_eq(out.data, expected, out.size);
	ck_assert_int_eq(encode("{\"signature\":1}", 15, form, &out), HF_OK);
	ck_assert_uint_eq(out.size, 2);
	ck_assert_mem_eq(out.data, "{}", 2);
	buffer_release(&out);
}
END_TEST

START_TEST(large_maps_keep_the_order_found_if_that_is_asked_for)
{
	struct jidocode_form form = { .order = JIDOCODE_ORDER_FOUND };
	struct buffer text = BUFFER_INIT(10000);
	struct buffer found = BUFFER_INIT(10000);
	struct buffer hashed = BUFFER_INIT(10000);

	/* 33 members from the last down, so that neither order is theirs. */
	ck_assert_int_eq(buffer_put_text(&text, "{"), HF_OK);
	for (int i = 33; i > 0; i--) {
		char member[32];

		(void)snprintf(member, sizeof member, "%s\n  \"k%02d\": %d", i < 33 ? "," : "", i, i);
		ck_assert_int_eq(buffer_put_text(&text, member), HF_OK);
	}
	ck_assert_int_eq(buffer_put_text(&text, "\n}"), HF_OK);
	ck_assert_int_eq(encode(text.data, text.size, form, &found), HF_OK);
	ck_assert_uint_eq(found.size, text.size);
	ck_assert_mem_eq(found.data, text.data, text.size);
	form.order = JIDOCODE_ORDER_OTP25;
	ck_assert_int_eq(encode(text.data, text.size, form, &hashed), HF_OK);
	ck_assert_uint_eq(hashed.size, text.size);
	ck_assert_mem_ne(hashed.data, text.data, text.size);
	buffer_release(&text);
	buffer_release(&found);
	buffer_release(&hashed);
}
END_TEST

START_TEST(mending_writes_a_lone_surrogate_as_the_replacement_character)
{
	static const char text[] = "[\"\\ud83d x\"]";
	struct jidocode_form form = { .mend = true };
	struct buffer out = BUFFER_INIT(1000);

	ck_assert_int_eq(jidocode_parse_check((struct hf_slice){ text, sizeof text - 1 }, false, NULL),
			 HF_ERR_JSON);
	ck_assert_int_eq(encode(text, sizeof text - 1, form, &out), HF_OK);
	ck_assert_uint_eq(out.size, 13);
	ck_assert_mem_eq(out.data, "[\n  \"\xef\xbf\xbd x\"\n]", 13);
	buffer_release(&out);
}
END_TEST

START_TEST(numbers_have_the_shortest_digits_in_the_shorter_form)
{
	static const char *const pairs[][2] = {
		{ "-0", "0" },
		{ "12345678901234567890123456789012345", "12345678901234567890123456789012345" },
		{ "0.0", "0.0" },
		{ "-0.0", "-0.0" },
		{ "0e5", "0.0" },
		{ "1e-400", "0.0" },
		{ "-1e-400", "-0.0" },
		{ "1e5", "1.0e5" },
		{ "100.00", "100.0" },
		{ "1E+3", "1.0e3" },
		{ "120e0", "120.0" },
		{ "1.2e4", "1.2e4" },
		{ "1230.0", "1230.0" },
		{ "0.0001", "0.0001" },
		{ "0.00012", "1.2e-4" },
		{ "0.1", "0.1" },
		{ "0.1000000000000000055511151231257827021181583404541015625", "0.1" },
		{ "0.30000000000000004", "0.30000000000000004" },
		{ "9007199254740991.0", "9007199254740991.0" },
		{ "9007199254740992.0", "9.007199254740992e15" },
		{ "9007199254740993.0", "9.007199254740992e15" },
		{ "1e16", "1.0e16" },
		{ "1e23", "1.0e23" },
		{ "5e-324", "5.0e-324" },
		{ "4.9e-324", "5.0e-324" },
		{ "2.4703282292062327e-324", "0.0" },
		{ "2.4703282292062328e-324", "5.0e-324" },
		{ "2.2250738585072011e-308", "2.225073858507201e-308" },
		{ "1.7976931348623157e308", "1.7976931348623157e308" },
		{ "1.7976931348623158e308", "1.7976931348623157e308" },
		/* A power of two: the doubles below it lie twice as close. */
		{ "5.684341886080801486968994140625e-14", "5.684341886080802e-14" },
		{ "9.5367431640625e-7", "9.5367431640625e-7" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		gives(pairs[i][0], pairs[i][1]);
}
END_TEST

START_TEST(numbers_beyond_the_largest_double_are_refused)
{
	static const char *const numbers[] = { "1e309", "-1e309", "1.7976931348623159e308",
					       "1e99999999999999999999", "1.5e400" };
	struct buffer out = BUFFER_INIT(1000);

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		ck_assert_int_eq(encode(numbers[i], strlen(numbers[i]), (struct jidocode_form){ 0 },
					&out),
				 HF_ERR_JSON);
	buffer_release(&out);
}
END_TEST

/* A number of many digits is read to its last one, in bounded memory. */
START_TEST(a_digit_far_behind_can_decide)
{
	static char text[3000];
	char out[JIDOCODE_FLOAT_SIZE];
	size_t size = 0;
	size_t start;

	/* Half way between 1 and the next double: to the even one, unless there is more. */
	start = (size_t)snprintf(text, sizeof text,
				 "1.00000000000000011102230246251565404236316680908203125");
	memset(text + start, '0', sizeof text - start);
	ck_assert_int_eq(jidocode_float_put((struct hf_slice){ text, sizeof text }, out, &size),
			 HF_OK);
	ck_assert_uint_eq(size, 3);
	ck_assert_mem_eq(out, "1.0", 3);
	text[sizeof text - 1] = '1';
	ck_assert_int_eq(jidocode_float_put((struct hf_slice){ text, sizeof text }, out, &size),
			 HF_OK);
	ck_assert_uint_eq(size, 18);
	ck_assert_mem_eq(out, "1.0000000000000002", 18);
}
END_TEST

/* Order of 8 names on Erlang/OTP 25, from the map of 1,000 in the data. */
START_TEST(hashes_order_names_as_the_runtime_does)
{
	static const char *const names[] = { "\"key-555\"", "\"key-195\"", "\"key-750\"",
					     "\"key-761\"", "\"key-185\"", "\"key-10\"",
					     "\"key-188\"", "\"key-509\"" };
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		uint32_t hash = jidocode_hash((struct hf_slice){ names[i], strlen(names[i]) });

		ck_assert_msg(hash < last, "%s", names[i]);
		last = hash;
	}
	ck_assert_uint_eq(jidocode_hash((struct hf_slice){ "\"k\\u00e9\"", 9 }),
			  jidocode_hash((struct hf_slice){ "\"k\xc3\xa9\"", 5 }));
}
END_TEST

START_TEST(the_decoder_takes_and_refuses_what_jason_does)
{
	static const char *const good[] = {
		"1", " [ ] ", "{\"a\":1,\"a\":2}", "\"\\ud83d\\ude00\"", "-0", "0.5e-7", "[1,2]\r\n",
		"\"\xef\xbf\xbf\"", "{\"\":{\"\":[{}]}}",
	};
	static const char *const bad[] = {
		"", " ", "01", "1.", ".5", "1e", "+1", "- 1", "[1,]", "[,1]", "{\"a\":1,}", "{\"a\"}",
		"{a:1}", "{\"a\":1 \"b\":2}", "[1 2]", "]", "[}", "{]", "\"", "\"\\\"", "\"\n\"",
		"\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"", "\"\xff\"",
		"\"\xed\xa0\x80\"", "\"\xc0\x80\"", "nul", "True", "NaN", "\xef\xbb\xbf{}", "{}x",
		"[1]]", "\"a\" \"b\"",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_msg(jidocode_parse_check((struct hf_slice){ good[i], strlen(good[i]) }, false,
						   NULL) == HF_OK,
			      "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(jidocode_parse_check((struct hf_slice){ bad[i], strlen(bad[i]) }, false,
						   NULL) == HF_ERR_JSON,
			      "%s", bad[i]);
}
END_TEST

START_TEST(nesting_ends_at_the_limit)
{
	struct buffer out = BUFFER_INIT(1 << 20);
	char text[2 * (HF_DEPTH_MAX + 1)];

	memset(text, '[', HF_DEPTH_MAX + 1);
	memset(text + HF_DEPTH_MAX + 1, ']', HF_DEPTH_MAX + 1);
	ck_assert_int_eq(jidocode_parse_check((struct hf_slice){ text, sizeof text }, false, NULL),
			 HF_ERR_JSON);
	ck_assert_int_eq(encode(text + 1, sizeof text - 2, (struct jidocode_form){ 0 }, &out),
			 HF_OK);
	buffer_release(&out);
}
END_TEST

static int refuse(void *context, const char *bytes, size_t size)
{
	(void)context, (void)bytes, (void)size;
	return HF_ERR_NOSPACE;
}

START_TEST(an_error_of_whoever_takes_the_text_is_passed_on)
{
	struct jidocode_form form = { .put = refuse };

	ck_assert_int_eq(jidocode_canonical_put((struct hf_slice){ "[1]", 3 }, &form),
			 HF_ERR_NOSPACE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jidocode canonical");
	TCase *cases = runner_cases(suite, "form", 60);

	tcase_add_test(cases, what_the_original_program_wrote_is_its_own_form);
	tcase_add_test(cases, other_layouts_of_the_same_value_come_to_the_same_form);
	tcase_add_test(cases, only_what_must_be_is_escaped);
	tcase_add_test(cases, layout_is_two_spaces_a_level_and_empty_containers_stay_on_the_line);
	tcase_add_test(cases, names_are_ordered_by_their_bytes_and_the_first_of_equal_ones_counts);
	tcase_add_test(cases, the_signature_is_left_out_at_the_top_only);
	tcase_add_test(cases, large_maps_keep_the_order_found_if_that_is_asked_for);
	tcase_add_test(cases, mending_writes_a_lone_surrogate_as_the_replacement_character);
	tcase_add_test(cases, numbers_have_the_shortest_digits_in_the_shorter_form);
	tcase_add_test(cases, numbers_beyond_the_largest_double_are_refused);
	tcase_add_test(cases, a_digit_far_behind_can_decide);
	tcase_add_test(cases, hashes_order_names_as_the_runtime_does);
	tcase_add_test(cases, the_decoder_takes_and_refuses_what_jason_does);
	tcase_add_test(cases, nesting_ends_at_the_limit);
	tcase_add_test(cases, an_error_of_whoever_takes_the_text_is_passed_on);
	return runner_run(suite);
}
