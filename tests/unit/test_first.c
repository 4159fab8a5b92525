/* SPDX-License-Identifier: MIT */
/*
 * Goal: record 0 says what a session is in one shape only. Method: literal data as
 * docs/FORMAT.md gives it, what is near it, and each member at its limits.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/first.h"
#include "format/record.h"

#define SESSION "0195d3a0-1111-4222-8333-444455556666"
#define STORE "10111213-1415-1617-1819-1a1b1c1d1e1f"
#define TIME "2026-11-22T23:54:13.123456Z"
#define MAC_TEXT "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define CLAIM(generation, key) "{\"format\":1,\"session\":\"" SESSION "\",\"store\":\"" STORE \
	"\",\"generation\":" generation ",\"key\":\"" key "\","
#define KEPT(pinned, tags, former) \
	",\"pinned\":" pinned ",\"tags\":" tags ",\"former\":" former
#define DATA_KEPT(generation, key, created, name, project, config, origin, kept, previous, \
		  records)                                                              \
	CLAIM(generation, key) "\"created\":\"" created "\",\"name\":" name ",\"project\":" project \
	",\"config\":" config ",\"origin\":" origin kept ",\"previous\":" previous              \
	",\"records\":" records "}"
#define DATA(generation, key, created, name, project, config, origin, previous, records)   \
	DATA_KEPT(generation, key, created, name, project, config, origin,                     \
		  KEPT("false", "[]", "[]"), previous, records)
/* With other members that say how a session is kept. */
#define DATA_WITH(kept) \
	DATA_KEPT("0", KEY, TIME, "null", "null", "{}", "null", kept, "null", "1")
#define KEY "9083ce5eaf1baf38"
#define PREVIOUS "{\"generation\":6,\"records\":40,\"mac\":\"" MAC_TEXT "\"}"

static const char small[] = DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "1");
static const char large[] = DATA_KEPT("7", "weak0e3cce4a8804", TIME, "\"a\\nb\"", "\"/p\"",
				      "{\"previous\":null,\"records\":[1]}", "{\"unsigned\":true}",
				      KEPT("true", "[\"a\",\"b]\"]", "[\"/o\"]"), PREVIOUS,
				      "18446744073709551615");

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static bool decodes(const char *text, struct first *ret_first)
{
	size_t size = strlen(text);
	char *copy = malloc(size + 1);
	struct first first = { .records = 4711 };
	bool is_valid;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	is_valid = first_decode((struct hf_slice){ copy, size }, &first);
	ck_assert(is_valid || first.records == 4711);
	if (ret_first != NULL)
		*ret_first = first;
	free(copy);
	return is_valid;
}

START_TEST(the_data_is_written_as_the_format_says)
{
	struct first first = { .created_us = INT64_C(1795391653123456), .name = slice_of("null"),
			       .project = slice_of("null"), .config = slice_of("{}"),
			       .origin = slice_of("null"), .tags = slice_of("[]"),
			       .former = slice_of("[]"), .records = 1 };
	struct buffer out = BUFFER_INIT(1000);

	ck_assert(text_get_uuid(SESSION, 36, first.session));
	ck_assert(text_get_uuid(STORE, 36, first.store));
	memcpy(first.key_id, KEY, sizeof first.key_id);
	ck_assert_int_eq(first_encode(&first, &out), HF_OK);
	ck_assert_uint_eq(out.size, sizeof small - 1);
	ck_assert_mem_eq(out.data, small, out.size);
	buffer_release(&out);
}
END_TEST

START_TEST(what_is_read_is_written_again)
{
	static const char *const texts[] = { small, large };

	for (size_t i = 0; i < 2; i++) {
		struct buffer out = BUFFER_INIT(1000);
		struct first first = { 0 };

		ck_assert(first_decode(slice_of(texts[i]), &first));
		ck_assert_int_eq(first_encode(&first, &out), HF_OK);
		ck_assert_uint_eq(out.size, strlen(texts[i]));
		ck_assert_mem_eq(out.data, texts[i], out.size);
		buffer_release(&out);
	}
}
END_TEST

START_TEST(each_member_is_read)
{
	struct first first = { 0 };

	ck_assert(first_decode(slice_of(large), &first));
	ck_assert_uint_eq(first.session[0], 0x01);
	ck_assert_uint_eq(first.store[15], 0x1f);
	ck_assert_uint_eq(first.generation, 7);
	ck_assert_mem_eq(first.key_id, "weak0e3cce4a8804", 16);
	ck_assert_int_eq(first.created_us, INT64_C(1795391653123456));
	ck_assert(record_slice_is(first.name, "\"a\\nb\""));
	ck_assert(record_slice_is(first.project, "\"/p\""));
	ck_assert(record_slice_is(first.config, "{\"previous\":null,\"records\":[1]}"));
	ck_assert(record_slice_is(first.origin, "{\"unsigned\":true}"));
	ck_assert(first.is_pinned);
	ck_assert(record_slice_is(first.tags, "[\"a\",\"b]\"]"));
	ck_assert(record_slice_is(first.former, "[\"/o\"]"));
	ck_assert(first.has_previous);
	ck_assert_uint_eq(first.previous.generation, 6);
	ck_assert_uint_eq(first.previous.records, 40);
	ck_assert_uint_eq(first.previous.mac[31], 31);
	ck_assert_uint_eq(first.records, UINT64_MAX);
}
END_TEST

START_TEST(data_of_another_shape_is_refused)
{
	static const char *const texts[] = {
		"", "{}", "[]", CLAIM("0", KEY),
		DATA("00", KEY, TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("-1", KEY, TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("18446744073709551616", KEY, TIME, "null", "null", "{}", "null", PREVIOUS, "1"),
		DATA("0", "9083ce5eaf1baf3", TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("0", "9083CE5EAF1BAF38", TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("0", "week0e3cce4a8804", TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, "2026-02-30T23:54:13.123456Z", "null", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, "1", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, "{}", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, "true", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, "null", "[]", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, "null", "null", "null", "null", "null", "1"),
		DATA("0", KEY, TIME, "null", "null", "[]", "null", "null", "1"),
		DATA("0", KEY, TIME, "null", "null", "{}", "[]", "null", "1"),
		DATA("0", KEY, TIME, "null", "null", "{}", "\"x\"", "null", "1"),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", PREVIOUS, "1"),
		DATA("1", KEY, TIME, "null", "null", "{}", "null", "null", "1"),
		DATA("1", KEY, TIME, "null", "null", "{}", "null", "{}", "1"),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "0"),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "2"),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "01"),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "\"1\""),
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "1") " ",
		DATA("0", KEY, TIME, "null", "null", "{}", "null", "null", "1,\"more\":1"),
		DATA("0", KEY, TIME, "null,\"more\":1", "null", "{}", "null", "null", "1"),
		DATA("0", KEY, TIME, " null", "null", "{}", "null", "null", "1"),
		CLAIM("0", KEY) "\"created\":\"" TIME "\",\"project\":null,\"name\":null,\"config\":{},"
				"\"origin\":null" KEPT("false", "[]", "[]")
				",\"previous\":null,\"records\":1}",
		DATA_WITH(""), DATA_WITH(",\"pinned\":false"),
		DATA_WITH(",\"pinned\":false,\"tags\":[]"), DATA_WITH(",\"tags\":[],\"former\":[]"),
		DATA_WITH(",\"tags\":[],\"pinned\":false,\"former\":[]"),
		DATA_WITH(KEPT("false", "[]", "[]") ",\"more\":1"),
		DATA_WITH(KEPT("null", "[]", "[]")), DATA_WITH(KEPT("0", "[]", "[]")),
		DATA_WITH(KEPT("\"true\"", "[]", "[]")), DATA_WITH(KEPT("truer", "[]", "[]")),
		DATA_WITH(KEPT("false", "null", "[]")), DATA_WITH(KEPT("false", "{}", "[]")),
		DATA_WITH(KEPT("false", "\"a\"", "[]")), DATA_WITH(KEPT("false", "[1]", "[]")),
		DATA_WITH(KEPT("false", "[\"a\",null]", "[]")),
		DATA_WITH(KEPT("false", "[[\"a\"]]", "[]")), DATA_WITH(KEPT("false", "[\"a\"", "[]")),
		DATA_WITH(KEPT("false", "[]", "null")), DATA_WITH(KEPT("false", "[]", "{\"a\":\"b\"}")),
		DATA_WITH(KEPT("false", "[]", "[true]")), DATA_WITH(KEPT("false", "[]", "[\"/p\",2]")),
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_msg(!decodes(texts[i], NULL), "%s", texts[i]);
}
END_TEST

/* Whether so many tags and former paths are taken. */
static bool takes(unsigned tags, unsigned former)
{
	static const char strings[] = "\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",\"/\","
				      "\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",\"/\",";
	char text[sizeof small + sizeof strings * 2];
	size_t before = (size_t)(strstr(small, "[]") - small);

	(void)snprintf(text, sizeof text, "%.*s[%.*s],\"former\":[%.*s]%s", (int)before, small,
		       tags > 0 ? (int)tags * 4 - 1 : 0, strings,
		       former > 0 ? (int)former * 4 - 1 : 0, strings, strstr(small, ",\"previous\""));
	return decodes(text, NULL);
}

START_TEST(there_are_so_many_tags_and_former_paths_and_no_more)
{
	ck_assert(takes(0, 0));
	ck_assert(takes(FORMAT_TAGS_MAX, FORMAT_FORMER_MAX));
	ck_assert(!takes(FORMAT_TAGS_MAX + 1, 0));
	ck_assert(!takes(0, FORMAT_FORMER_MAX + 1));
}
END_TEST

/* Such a record 0 can only be a program's own; it is not damage. */
START_TEST(what_stands_in_a_tag_is_not_looked_at)
{
	struct first first = { 0 };

	ck_assert(decodes(DATA_WITH(KEPT("false", "[\"a b\",\"\",\"a b\"]", "[\"no path\"]")), NULL));
	ck_assert(first_decode(slice_of(DATA_WITH(KEPT("true", "[\"\\\\\\\"]\"]", "[]"))), &first));
	ck_assert(record_slice_is(first.tags, "[\"\\\\\\\"]\"]"));
}
END_TEST

START_TEST(each_cut_of_the_data_is_refused)
{
	for (size_t size = 0; size < sizeof large - 1; size++) {
		char text[sizeof large];

		memcpy(text, large, size);
		text[size] = '\0';
		ck_assert_msg(!decodes(text, NULL), "cut at %zu", size);
	}
}
END_TEST

/* No changed byte is taken for the same data. */
START_TEST(each_changed_byte_is_refused_or_means_something_else)
{
	for (size_t i = 0; i < sizeof large - 1; i++) {
		for (unsigned value = 1; value < 256; value++) {
			char text[sizeof large];
			struct buffer out = BUFFER_INIT(1000);
			struct first first;

			memcpy(text, large, sizeof text);
			text[i] = (char)value;
			if (!first_decode(slice_of(text), &first))
				continue;
			ck_assert_int_eq(first_encode(&first, &out), HF_OK);
			ck_assert_uint_eq(out.size, sizeof text - 1);
			ck_assert_mem_eq(out.data, text, out.size);
			buffer_release(&out);
		}
	}
}
END_TEST

#define LINE_START "{\"n\":0,\"at\":\"" TIME "\",\"type\":\"session\",\"data\":"

START_TEST(a_claim_is_read_from_the_start_of_a_line)
{
	static const char line[] = LINE_START CLAIM("7", KEY);
	struct first_claim claim = { .generation = 4711 };

	for (size_t size = 0; size < sizeof line - 1; size++) {
		char *copy = malloc(size + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, line, size);
		ck_assert(!first_claims(copy, size, &claim));
		ck_assert_uint_eq(claim.generation, 4711);
		free(copy);
	}
	ck_assert(first_claims(line, sizeof line - 1, &claim));
	ck_assert_uint_eq(claim.generation, 7);
	ck_assert_uint_eq(claim.session[0], 0x01);
	ck_assert_uint_eq(claim.store[0], 0x10);
	ck_assert_mem_eq(claim.key_id, KEY, 16);
}
END_TEST

START_TEST(other_lines_claim_nothing)
{
	static const char *const lines[] = {
		"{\"n\":1,\"at\":\"" TIME "\",\"type\":\"session\",\"data\":" CLAIM("0", KEY),
		"{\"n\":0,\"at\":\"" TIME "\",\"type\":\"message\",\"data\":" CLAIM("0", KEY),
		"{\"n\":0,\"at\":\"" TIME "\",\"id\":\"i\",\"type\":\"session\",\"data\":" CLAIM("0", KEY),
		"{\"n\":0,\"at\":\"2026-11-22T23:54:60.123456Z\",\"type\":\"session\",\"data\":"
			CLAIM("0", KEY),
		LINE_START "{\"format\":2,\"session\":\"" SESSION "\",\"store\":\"" STORE
			   "\",\"generation\":0,\"key\":\"" KEY "\",",
		LINE_START "{\"format\":1,\"session\":\"" STORE "x\",\"store\":\"" STORE
			   "\",\"generation\":0,\"key\":\"" KEY "\",",
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct first_claim claim;

		ck_assert_msg(!first_claims(lines[i], strlen(lines[i]), &claim), "%s", lines[i]);
	}
}
END_TEST

START_TEST(a_full_buffer_is_an_error)
{
	struct first first = { 0 };

	ck_assert(first_decode(slice_of(large), &first));
	for (size_t max = 0; max < sizeof large - 1; max++) {
		struct buffer out = BUFFER_INIT(max);

		ck_assert_int_eq(first_encode(&first, &out), HF_ERR_SESSION_SIZE);
		buffer_release(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("first");
	TCase *first = tcase_create("first");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(first, the_data_is_written_as_the_format_says);
	tcase_add_test(first, what_is_read_is_written_again);
	tcase_add_test(first, each_member_is_read);
	tcase_add_test(first, data_of_another_shape_is_refused);
	tcase_add_test(first, there_are_so_many_tags_and_former_paths_and_no_more);
	tcase_add_test(first, what_stands_in_a_tag_is_not_looked_at);
	tcase_add_test(first, each_cut_of_the_data_is_refused);
	tcase_add_test(first, each_changed_byte_is_refused_or_means_something_else);
	tcase_add_test(first, a_claim_is_read_from_the_start_of_a_line);
	tcase_add_test(first, other_lines_claim_nothing);
	tcase_add_test(first, a_full_buffer_is_an_error);
	suite_add_tcase(suite, first);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
