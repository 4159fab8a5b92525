/* SPDX-License-Identifier: MIT */
/*
 * Goal: the scanner accepts exactly what scan.h says. Method: compare with an independent
 * oracle on every small input of several kinds, and state by hand what the oracle is too
 * small for. Everything goes through both twins (json_both.h).
 */
#include <time.h>

#include "json_both.h"
#include "json_oracle.h"

/* Scans a text and compares the verdict and the compact form with the oracle's. */
static void agree(const char *bytes, size_t size)
{
	char compact[1024];
	bool good = oracle_accepts(bytes, size);
	struct both both = both_scan(bytes, size);

	if (size > sizeof compact / 2 || both.rc != (good ? HF_OK : HF_ERR_JSON) ||
	    (good && (both.out.size != oracle_compact(bytes, size, compact) ||
		      memcmp(both.out.data, compact, both.out.size) != 0)))
		ck_abort_msg("\"%.*s\" (%zu bytes): the oracle %s it", (int)size, bytes, size,
			     good ? "accepts" : "refuses");
	buffer_release(&both.out);
}

static int rc_of(const char *text)
{
	return both_rc(text, strlen(text));
}

static struct json_fault fault_of(const char *text)
{
	struct both both = both_scan(text, strlen(text));

	ck_assert_int_eq(both.rc, HF_ERR_JSON);
	return both.fault;
}

START_TEST(every_input_of_up_to_two_bytes_agrees_with_the_oracle)
{
	agree("", 0);
	for (unsigned i = 0; i < 0x10000; i++) {
		char bytes[2] = { (char)(i >> 8), (char)(i & 0xff) };

		agree(bytes, 2);
		if (i < 0x100)
			agree(bytes + 1, 1);
	}
}
END_TEST

/* All texts of up to `size` letters of an alphabet, between a prefix and a suffix. */
static void all_texts(const char *alphabet, size_t size, const char *prefix, const char *suffix)
{
	size_t letters = strlen(alphabet);
	size_t total = 1;
	char text[128];

	for (size_t n = 0; n <= size; n++, total *= letters) {
		for (size_t i = 0; i < total; i++) {
			size_t rest = i;
			size_t at = strlen(prefix);

			memcpy(text, prefix, at);
			for (size_t k = 0; k < n; k++, rest /= letters)
				text[at++] = alphabet[rest % letters];
			memcpy(text + at, suffix, strlen(suffix));
			agree(text, at + strlen(suffix));
		}
	}
}

START_TEST(every_short_text_of_json_letters_agrees_with_the_oracle)
{
	all_texts("{}[]\",:0 a", 5, "", "");
	all_texts("{}[]\",:1", 5, "{\"a\":", "}");
}
END_TEST

START_TEST(every_short_number_agrees_with_the_oracle)
{
	all_texts("0123+-.eE ", 5, "", "");
	all_texts("0+-.eE,", 5, "[", "]");
}
END_TEST

START_TEST(every_short_string_of_escapes_agrees_with_the_oracle)
{
	all_texts("\\\"/bfnrtu0aF", 4, "\"", "\"");
	all_texts("\\\"ud8Cc", 4, "\"\\ud83", "\"");
	all_texts("\\u069", 5, "{\"a\":1,\"\\u0", "1\":2}");
}
END_TEST

START_TEST(every_sequence_of_three_bytes_agrees_with_the_oracle)
{
	for (unsigned lead = 0x7e; lead <= 0xff; lead++) {
		for (unsigned i = 0; i < 0x10000; i++) {
			char text[] = { '"', (char)lead, (char)(i >> 8), (char)(i & 0xff), '"' };

			/* Below 0xe0 the third byte stands alone: its edges are enough. */
			if (lead < 0xe0 && (i & 0x3f) != 0 && (i & 0x3f) != 0x3f)
				continue;
			agree(text, sizeof text);
		}
	}
}
END_TEST

START_TEST(every_edge_of_four_byte_characters_agrees_with_the_oracle)
{
	static const unsigned char edges[] = { '"', 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xff };

	for (unsigned i = 0; i < 0x1000; i++) {
		for (size_t k = 0; k < sizeof edges * sizeof edges; k++) {
			char text[] = { '"',
					(char)(0xf0 | i >> 8),
					(char)(i & 0xff),
					(char)edges[k % sizeof edges],
					(char)edges[k / sizeof edges],
					'"' };

			agree(text, sizeof text);
			agree(text, sizeof text - 1);
		}
	}
}
END_TEST

START_TEST(each_byte_at_each_place_of_a_string_agrees_with_the_oracle)
{
	for (size_t size = 2; size < 52; size++) {
		for (size_t place = 1; place < size; place++) {
			for (unsigned c = 0; c < 0x100; c++) {
				char text[52];

				memset(text, 'x', size);
				text[0] = '"';
				text[size - 1] = '"';
				text[place] = (char)c;
				agree(text, size);
			}
		}
	}
}
END_TEST

START_TEST(nesting_ends_at_128)
{
	char text[6 * 129 + 1];

	for (size_t depth = 127; depth <= 129; depth++) {
		int expected = depth <= HF_DEPTH_MAX ? HF_OK : HF_ERR_JSON;

		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		ck_assert_int_eq(both_rc(text, 2 * depth), expected);
		for (size_t i = 0; i < depth; i++)
			memcpy(text + 5 * i, "{\"a\":", 5);
		text[5 * depth] = '0';
		memset(text + 5 * depth + 1, '}', depth);
		ck_assert_int_eq(both_rc(text, 6 * depth + 1), expected);
	}
	memset(text, '[', 129);
	text[129] = '\0';
	ck_assert_uint_eq(fault_of(text).offset, 128);
}
END_TEST

START_TEST(depth_counts_what_is_open_and_not_what_was)
{
	char text[3 * 1000 + 3];

	text[0] = '[';
	for (size_t i = 0; i < 1000; i++)
		memcpy(text + 1 + 3 * i, i % 2 == 0 ? "{}," : "[],", 3);
	memcpy(text + 3001, "0]", 2);
	ck_assert_int_eq(both_rc(text, 3003), HF_OK);
}
END_TEST

START_TEST(a_fault_says_where_and_why)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *reason;
	} cases[] = {
		{ "", 0, "the text ends too early" },
		{ "  ", 2, "the text ends too early" },
		{ "{\"a\":1", 6, "the text ends too early" },
		{ "\"abc", 4, "the text ends too early" },
		{ "[1,]", 3, "a value is missing" },
		{ "{\"a\":1,}", 7, "a name in quotes is missing" },
		{ "{\"a\" 1}", 5, "a colon is missing" },
		{ "[1 2]", 3, "a comma or a closing bracket is missing" },
		{ "[1}", 2, "a comma or a closing bracket is missing" },
		{ "1 2", 2, "something follows the end of the text" },
		{ "01", 1, "something follows the end of the text" },
		{ "[1.]", 3, "a digit is missing" },
		{ "nul!", 0, "an unknown word" },
		{ "[\"\\x\"]", 2, "an unknown escape" },
		{ "[\"\\u12g4\"]", 2, "\\u without four hexadecimal digits" },
		{ "[\"a\tb\"]", 3, "a control character in a string" },
		{ "[\"a\xff\"]", 3, "not UTF-8" },
		{ "\xef\xbb\xbf{}", 0, "a value is missing" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", 13, "a name comes twice in one object" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct json_fault fault = fault_of(cases[i].text);

		ck_assert_uint_eq(fault.offset, cases[i].offset);
		ck_assert_str_eq(fault.reason, cases[i].reason);
	}
	ck_assert_int_eq(json_scan(NULL, 0, NULL), HF_ERR_JSON);
}
END_TEST

START_TEST(names_are_compared_decoded)
{
	ck_assert_int_eq(rc_of("{\"a\":1,\"\\u0061\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"/\":1,\"\\/\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"\\n\":1,\"\\u000A\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(
		rc_of("{\"long names \xc3\xa9 too\":1,\"long n\\u0061mes \\u00e9 too\":2}"),
		HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"\":1,\"\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"a\":1,\"A\":2}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"\\u0000\":1,\"\":2}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"\xc3\xa9\":1,\"e\xcc\x81\":2}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"a\":{\"b\":1},\"b\":1,\"a\":1}"), HF_ERR_JSON);
}
END_TEST

START_TEST(a_lone_surrogate_in_a_name_equals_only_itself)
{
	ck_assert_int_eq(rc_of("{\"\\ud83d\":1,\"\\ud83d\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"\\ud83d\":1,\"\\uD83D\":2}"), HF_ERR_JSON);
	ck_assert_int_eq(rc_of("{\"\\ud83d\":1,\"\\ud83e\":2,\"\\udc00\":3}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"\\ud83d\":1,\"\\ufffd\":2,\"\xef\xbf\xbd!\":3}"), HF_OK);
	ck_assert_int_eq(rc_of("{\"\\udc00\\ud800\":1,\"\\ud800\\udc00\":2}"), HF_OK);
}
END_TEST

/* An object of count names, each a number between two texts, the last one being that of
 * number `last`. */
static struct buffer big_object(const char *const around[2], unsigned count, unsigned last)
{
	struct buffer text = BUFFER_INIT(BOTH_OUTPUT_MAX);

	ck_assert_int_eq(buffer_put_text(&text, "{"), HF_OK);
	for (unsigned i = 0; i < count; i++) {
		char member[128];
		unsigned number = i == count - 1 ? last : i;

		/* Not in order, so that sorting has something to do. */
		(void)snprintf(member, sizeof member, "%s\"%s%010u%s\":0", i > 0 ? "," : "",
			       around[0], number * 2654435761u, around[1]);
		ck_assert_int_eq(buffer_put_text(&text, member), HF_OK);
	}
	ck_assert_int_eq(buffer_put_text(&text, "}"), HF_OK);
	return text;
}

static void check_big_object(const char *before, const char *after, unsigned count)
{
	const char *const around[2] = { before, after };
	struct buffer unique = big_object(around, count, count - 1);

	ck_assert_int_eq(both_rc(unique.data, unique.size), HF_OK);
	for (unsigned twice = 0; twice < count - 1; twice += count / 3) {
		struct buffer text = big_object(around, count, twice);
		struct both both = both_scan(text.data, text.size);
		size_t last = text.size - 4;

		while (text.data[last - 1] != ',')
			last--;
		ck_assert_int_eq(both.rc, HF_ERR_JSON);
		ck_assert_uint_eq(both.fault.offset, last);
		buffer_release(&text);
	}
	buffer_release(&unique);
}

START_TEST(a_name_twice_is_found_around_every_threshold)
{
	for (unsigned count = 4; count < 140; count++) {
		check_big_object("", "", count);
		check_big_object("\\u0061", "", count);
	}
}
END_TEST

START_TEST(one_name_twice_among_100000_is_found)
{
	check_big_object("", "", 100000);
}
END_TEST

/* Quadratic work on these would take minutes. These names share head, tail
 * and size, which is what tags are made of. */
START_TEST(hostile_names_cost_no_more_than_sorting)
{
	clock_t from = clock();

	check_big_object("the same head", "the same tail", 100000);
	check_big_object("the s\\u0061me head", "the same tail", 30000);
	ck_assert_int_lt((clock() - from) / CLOCKS_PER_SEC, 30);
}
END_TEST

START_TEST(the_first_name_that_comes_again_is_reported)
{
	struct buffer text = BUFFER_INIT(1 << 20);
	size_t expected = 0;
	struct both both;

	ck_assert_int_eq(buffer_put_text(&text, "{"), HF_OK);
	for (unsigned i = 0; i < 100; i++) {
		char member[32];

		(void)snprintf(member, sizeof member, "\"%u\":0,", i < 50 ? i : 99 - i);
		if (i == 50)
			expected = text.size;
		ck_assert_int_eq(buffer_put_text(&text, member), HF_OK);
	}
	ck_assert_int_eq(buffer_put_text(&text, "\"\":0}"), HF_OK);
	both = both_scan(text.data, text.size);
	ck_assert_int_eq(both.rc, HF_ERR_JSON);
	ck_assert_uint_eq(both.fault.offset, expected);
	ck_assert_str_eq(both.fault.reason, "a name comes twice in one object");
	buffer_release(&text);
}
END_TEST

START_TEST(a_text_cut_anywhere_is_refused)
{
	static const char text[] =
		" {\"role\":\"assistant\",\"n\":-1.5e+10,\"list\":[true,false,null,{}, []],"
		"\"text\":\"caf\xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80 \\\"quoted\\\" "
		"\\ud83d\\ude00\\n\"}";

	ck_assert_int_eq(rc_of(text), HF_OK);
	for (size_t size = 0; size < sizeof text - 1; size++)
		ck_assert_int_eq(both_rc(text, size), HF_ERR_JSON);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/scan");
	TCase *oracle = tcase_create("oracle");
	TCase *rules = tcase_create("rules");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(oracle, 120);
	tcase_set_timeout(rules, 120);
	tcase_add_test(oracle, every_input_of_up_to_two_bytes_agrees_with_the_oracle);
	tcase_add_test(oracle, every_short_text_of_json_letters_agrees_with_the_oracle);
	tcase_add_test(oracle, every_short_number_agrees_with_the_oracle);
	tcase_add_test(oracle, every_short_string_of_escapes_agrees_with_the_oracle);
	tcase_add_test(oracle, every_sequence_of_three_bytes_agrees_with_the_oracle);
	tcase_add_test(oracle, every_edge_of_four_byte_characters_agrees_with_the_oracle);
	tcase_add_test(oracle, each_byte_at_each_place_of_a_string_agrees_with_the_oracle);
	tcase_add_test(rules, nesting_ends_at_128);
	tcase_add_test(rules, depth_counts_what_is_open_and_not_what_was);
	tcase_add_test(rules, a_fault_says_where_and_why);
	tcase_add_test(rules, names_are_compared_decoded);
	tcase_add_test(rules, a_lone_surrogate_in_a_name_equals_only_itself);
	tcase_add_test(rules, a_name_twice_is_found_around_every_threshold);
	tcase_add_test(rules, one_name_twice_among_100000_is_found);
	tcase_add_test(rules, hostile_names_cost_no_more_than_sorting);
	tcase_add_test(rules, the_first_name_that_comes_again_is_reported);
	tcase_add_test(rules, a_text_cut_anywhere_is_refused);
	suite_add_tcase(suite, oracle);
	suite_add_tcase(suite, rules);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
