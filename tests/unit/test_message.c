/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever a reader gives, what comes out is valid JSON of the shape that
 * docs/INTERCHANGE.md describes, bounded in size and depth. Method: messages written by
 * hand, compared with JSON written by hand; hostile values checked with json_scan.
 */
#include "interop/message.h"

#include <string.h>

#include "base/mem.h"
#include "json/read.h"
#include "json/scan.h"
#include "lib/runner.h"

static char taken[4096];
static size_t taken_size;
static unsigned taken_count;
static bool taken_aside;
static struct buffer whole = BUFFER_INIT(64 << 20);

static int take(void *context, struct hf_slice members, bool is_aside)
{
	(void)context;
	whole.size = 0;
	ck_assert_int_eq(buffer_put_text(&whole, "{"), HF_OK);
	ck_assert_int_eq(buffer_put(&whole, members.data, members.size), HF_OK);
	ck_assert_int_eq(buffer_put_text(&whole, "}"), HF_OK);
	taken_size = members.size < sizeof taken ? members.size : sizeof taken - 1;
	memcpy(taken, members.data, taken_size);
	taken[taken_size] = '\0';
	taken_count++;
	taken_aside = is_aside;
	return HF_OK;
}

static struct message_writer writer;

static void setup(void)
{
	writer = (struct message_writer){ .json = BUFFER_INIT(2 * (size_t)MESSAGE_SIZE_MAX),
					  .take = take };
	taken_count = 0;
}

static void teardown(void)
{
	buffer_release(&writer.json);
	buffer_release(&whole);
}

static struct hf_slice slice(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static void expect_valid(void)
{
	ck_assert_int_eq(message_end(&writer), HF_OK);
	ck_assert_int_eq(json_scan(whole.data, whole.size, NULL), HF_OK);
	ck_assert_uint_le(whole.size, MESSAGE_SIZE_MAX + 2);
}

/* Whether what came out holds a text. */
static bool holds(const char *text)
{
	size_t size = strlen(text);

	for (size_t i = 0; i + size <= whole.size; i++) {
		if (memcmp(whole.data + i, text, size) == 0)
			return true;
	}
	return false;
}

START_TEST(a_message_has_parts_and_members)
{
	message_begin(&writer, MESSAGE_ASSISTANT);
	message_thinking(&writer, slice("\"hm\""));
	message_text(&writer, slice("\"a \\u00e9\""));
	message_call(&writer, slice("\"c1\""), slice("\"ls\""), slice("{\"p\":1.50}"));
	message_call_packed(&writer, slice("\"c2\""), slice("\"rm\""), slice("\"{\\\"a\\\":[1]}\""));
	message_call_packed(&writer, slice("\"c3\""), slice("\"rm\""), slice("\"not json\""));
	message_result(&writer, slice("\"c1\""), slice(""), slice("\"out\""), true);
	message_image(&writer, slice("\"image/png\""), slice("\"AAAA\""), slice(""));
	message_id(&writer, slice("\"m1\""));
	message_parent(&writer, slice("null"));
	message_time(&writer, slice("1795391653123"));
	message_usage(&writer, slice("1"), slice("22"), slice(""), slice("null"));
	message_summary(&writer);
	expect_valid();
	ck_assert_str_eq(
		taken,
		"\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
		"{\"type\":\"text\",\"text\":\"a \\u00e9\"},"
		"{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"ls\",\"arguments\":{\"p\":1.50}},"
		"{\"type\":\"tool_call\",\"id\":\"c2\",\"name\":\"rm\",\"arguments\":{\"a\":[1]}},"
		"{\"type\":\"tool_call\",\"id\":\"c3\",\"name\":\"rm\",\"arguments\":\"not json\"},"
		"{\"type\":\"tool_result\",\"id\":\"c1\",\"content\":\"out\",\"is_error\":true},"
		"{\"type\":\"image\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}],"
		"\"id\":\"m1\",\"parent\":null,\"time\":\"2026-11-22T23:54:13.123000Z\","
		"\"usage\":{\"input\":1,\"output\":22},\"summary\":true");
	ck_assert(!taken_aside);
}
END_TEST

START_TEST(what_is_meta_or_of_another_conversation_stands_aside)
{
	message_begin(&writer, MESSAGE_USER);
	message_text_text(&writer, slice("<env>"));
	message_meta(&writer);
	expect_valid();
	ck_assert_str_eq(taken, "\"role\":\"user\",\"content\":["
				"{\"type\":\"text\",\"text\":\"<env>\"}],\"meta\":true");
	ck_assert(taken_aside);
	message_begin(&writer, MESSAGE_USER);
	message_side(&writer, slice("\"agent-7\""));
	expect_valid();
	ck_assert_str_eq(taken, "\"role\":\"user\",\"content\":[],\"side\":\"agent-7\"");
	ck_assert(taken_aside);
	message_begin(&writer, MESSAGE_USER);
	expect_valid();
	ck_assert(!taken_aside);
}
END_TEST

START_TEST(ops_are_written_at_once)
{
	message_op_rewind(&writer, slice("\"m1\""));
	ck_assert_str_eq(taken, "\"op\":\"rewind\",\"to\":\"m1\"");
	message_op_rewind(&writer, slice(""));
	ck_assert_str_eq(taken, "\"op\":\"rewind\",\"to\":null");
	message_op_drop(&writer, 3);
	ck_assert_str_eq(taken, "\"op\":\"drop\",\"turns\":3");
	message_op_leaf(&writer, slice("\"x\""));
	ck_assert_str_eq(taken, "\"op\":\"leaf\",\"id\":\"x\"");
	message_op_reset(&writer);
	ck_assert_str_eq(taken, "\"op\":\"reset\"");
	message_op_node(&writer, slice("\"a\""), slice("\"b\""));
	ck_assert_str_eq(taken, "\"op\":\"node\",\"id\":\"a\",\"parent\":\"b\"");
	ck_assert_uint_eq(taken_count, 6);
	ck_assert(taken_aside);
}
END_TEST

START_TEST(a_value_that_a_record_cannot_hold_becomes_text)
{
	char deep[2 * (HF_DEPTH_MAX - 2) + 1] = "";

	memset(deep, '[', HF_DEPTH_MAX - 2);
	memset(deep + HF_DEPTH_MAX - 2, ']', HF_DEPTH_MAX - 2);
	message_begin(&writer, MESSAGE_ASSISTANT);
	message_call(&writer, slice("\"c\""), slice("\"t\""), slice(deep));
	message_call(&writer, slice("\"d\""), slice("\"t\""), slice("{\"a\":1,\"a\":2}"));
	message_other(&writer, slice("{\"broken\":\xff"));
	expect_valid();
	ck_assert_ptr_nonnull(strstr(taken, "\"arguments\":\"[["));
	ck_assert_ptr_nonnull(strstr(taken, "\"arguments\":\"{\\\"a\\\":1,\\\"a\\\":2}\""));
	ck_assert_ptr_nonnull(strstr(taken, "\"value\":\"{\\\"broken\\\":\xef\xbf\xbd\""));
}
END_TEST

START_TEST(packed_arguments_that_would_change_stay_packed)
{
	message_begin(&writer, MESSAGE_ASSISTANT);
	message_call_packed(&writer, slice("\"c\""), slice("\"t\""),
			    slice("\"{\\\"a\\\":\\\"\\ud83d\\\"}\""));
	expect_valid();
	ck_assert_ptr_nonnull(strstr(taken, "\"arguments\":\"{\\\"a\\\":\\\"\\ud83d\\\"}\""));
}
END_TEST

START_TEST(text_that_is_no_utf8_is_replaced)
{
	message_begin(&writer, MESSAGE_USER);
	message_text_text(&writer, (struct hf_slice){ "a\xff\xc3\xa9\0\xe2\x82", 7 });
	expect_valid();
	ck_assert_str_eq(taken, "\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
				"\"a\xef\xbf\xbd\xc3\xa9\\u0000\xef\xbf\xbd\xef\xbf\xbd\"}]");
}
END_TEST

/* A JSON string of size bytes in all, of characters that take several bytes. */
static char *long_string(size_t size, const char *unit)
{
	char *text = mem_new(size + 1, 1);
	size_t length = strlen(unit);
	size_t at = 1;

	ck_assert_ptr_nonnull(text);
	text[0] = '"';
	for (; at + length < size; at += length)
		memcpy(text + at, unit, length);
	text[at] = '"';
	return text;
}

START_TEST(what_is_too_long_is_cut_between_characters)
{
	static const char *const units[] = { "x", "\xf0\x9f\x9a\x80", "\\ud83d\\ude80", "\\\\" };

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		char *text = long_string(MESSAGE_SIZE_MAX + 12345, units[i]);

		message_begin(&writer, MESSAGE_USER);
		message_text(&writer, slice(text));
		message_text(&writer, slice(text));
		message_id(&writer, slice("\"m\""));
		expect_valid();
		ck_assert_uint_gt(whole.size, MESSAGE_SIZE_MAX - (1 << 17));
		ck_assert(holds("\"cut\":true"));
		ck_assert(!holds("\\ud83d\""));
		mem_free(text);
	}
}
END_TEST

START_TEST(the_first_error_sticks)
{
	writer.json.max = 40;
	message_begin(&writer, MESSAGE_USER);
	message_text(&writer, slice("\"more than there is room for, far more than that\""));
	ck_assert_int_eq(message_end(&writer), HF_ERR_SESSION_SIZE);
	message_begin(&writer, MESSAGE_USER);
	ck_assert_int_eq(message_end(&writer), HF_ERR_SESSION_SIZE);
	ck_assert_uint_eq(taken_count, 0);
}
END_TEST

START_TEST(a_dropped_message_is_not_given)
{
	message_begin(&writer, MESSAGE_USER);
	message_text(&writer, slice("\"no\""));
	message_drop(&writer);
	ck_assert_int_eq(message_end(&writer), HF_OK);
	ck_assert_uint_eq(taken_count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *cases = runner_cases(suite, "message", 60);

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_message_has_parts_and_members);
	tcase_add_test(cases, what_is_meta_or_of_another_conversation_stands_aside);
	tcase_add_test(cases, ops_are_written_at_once);
	tcase_add_test(cases, a_value_that_a_record_cannot_hold_becomes_text);
	tcase_add_test(cases, packed_arguments_that_would_change_stay_packed);
	tcase_add_test(cases, text_that_is_no_utf8_is_replaced);
	tcase_add_test(cases, what_is_too_long_is_cut_between_characters);
	tcase_add_test(cases, the_first_error_sticks);
	tcase_add_test(cases, a_dropped_message_is_not_given);
	return runner_run(suite);
}
