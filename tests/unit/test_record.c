/* SPDX-License-Identifier: MIT */
/*
 * Goal: a record's line is written as docs/FORMAT.md says, byte for byte, and no other
 * line is read. Method: literal lines whose MACs were computed by another program from
 * that page, each limit, and everything near a good line.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "format/record.h"

#define AT "2026-11-22T23:54:13.123456Z"
#define AT_US INT64_C(1795391653123456)

/* HMAC-SHA256 under the key 0, 1, ... 31, computed with Python's hmac. */
static const char line_0[] = "{\"n\":0,\"at\":\"" AT "\",\"type\":\"x-a\",\"data\":1,\"mac\":"
			     "\"J9uKkeknZ9u58TZfmiib4QBcksaTlukUJxe8_zD2MMo\"}";
static const char line_1[] = "{\"n\":1,\"at\":\"" AT "\",\"id\":\"i~1\",\"type\":\"message\","
			     "\"data\":{\"a\":\"\\u2028\"},\"mac\":"
			     "\"wwUrYu9Esi-f-sp-YQtyheuIUa3kZw1hK_xWO1Uk_Lw\"}";

static void init_key(struct mac *key)
{
	uint8_t bytes[MAC_KEY_SIZE];

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	mac_init(key, bytes);
}

static int add(struct buffer *out, const struct record_envelope *envelope, const char *data,
	       uint8_t mac[MAC_SIZE])
{
	size_t start = out->size;
	struct mac key;
	int rc;

	init_key(&key);
	if ((rc = record_begin(out, envelope)) != HF_OK || (rc = buffer_put_text(out, data)) != HF_OK)
		return rc;
	return record_finish(out, start, &key, mac);
}

START_TEST(records_are_written_and_chained_as_the_format_says)
{
	struct buffer out = BUFFER_INIT(1000);
	uint8_t mac[MAC_SIZE] = { 0 };

	ck_assert_int_eq(add(&out, &(struct record_envelope){ 0, AT_US, NULL, "x-a" }, "1", mac),
			 HF_OK);
	ck_assert_uint_eq(out.size, sizeof line_0);
	ck_assert_mem_eq(out.data, line_0, sizeof line_0 - 1);
	ck_assert_int_eq(out.data[out.size - 1], '\n');
	out.size = 0;
	ck_assert_int_eq(add(&out, &(struct record_envelope){ 1, AT_US, "i~1", "message" },
			     "{\"a\":\"\\u2028\"}", mac), HF_OK);
	ck_assert_mem_eq(out.data, line_1, sizeof line_1 - 1);
	buffer_release(&out);
}
END_TEST

START_TEST(a_line_is_split_and_its_mac_computed_anew)
{
	uint8_t zero[MAC_SIZE] = { 0 }, first[MAC_SIZE], second[MAC_SIZE], computed[MAC_SIZE];
	struct mac key;
	size_t covered = 0;

	init_key(&key);
	ck_assert(record_split(line_0, sizeof line_0 - 1, &covered, first));
	ck_assert_uint_eq(covered, sizeof line_0 - 1 - FORMAT_TAIL_SIZE);
	record_mac(&key, zero, line_0, covered, computed);
	ck_assert(mac_equal(computed, first));
	ck_assert(record_split(line_1, sizeof line_1 - 1, &covered, second));
	record_mac(&key, first, line_1, covered, computed);
	ck_assert(mac_equal(computed, second));
	record_mac(&key, zero, line_1, covered, computed);
	ck_assert(!mac_equal(computed, second));
}
END_TEST

/* Splits a copy in memory of just its size. */
static bool splits(const char *line, size_t size)
{
	char *copy = malloc(size + (size == 0));
	uint8_t mac[MAC_SIZE];
	size_t covered = 4711;
	bool is_split;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, line, size);
	is_split = record_split(copy, size, &covered, mac);
	ck_assert(covered == (is_split ? size - FORMAT_TAIL_SIZE : 4711));
	free(copy);
	return is_split;
}

START_TEST(only_a_tail_of_the_fixed_shape_is_split)
{
	char line[sizeof line_0];
	size_t size = sizeof line_0 - 1;
	size_t tail = size - FORMAT_TAIL_SIZE;

	for (size_t cut = 0; cut < size; cut++)
		ck_assert(!splits(line_0, cut));
	for (size_t i = tail; i < size; i++) {
		bool is_mac = i >= tail + 8 && i < size - 2;
		unsigned accepted = 0;

		for (unsigned value = 0; value < 256; value++) {
			memcpy(line, line_0, sizeof line);
			line[i] = (char)value;
			accepted += splits(line, size);
		}
		ck_assert_uint_eq(accepted, !is_mac ? 1 : i + 1 < size - 2 ? 64 : 16);
	}
	/* A line may be the tail alone; that it is no record is record_decode's business. */
	ck_assert(splits(line_0 + tail, FORMAT_TAIL_SIZE));
}
END_TEST

static bool decodes(const char *line, struct hf_record *ret_record)
{
	size_t size = strlen(line);
	char *copy = malloc(size + 1);
	struct hf_record record = { .n = 4711 };
	bool is_record;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, line, size);
	is_record = record_decode(copy, size, &record);
	ck_assert(is_record || record.n == 4711);
	if (ret_record != NULL)
		*ret_record = record;
	free(copy);
	return is_record;
}

START_TEST(a_line_is_decoded_into_slices_of_itself)
{
	struct hf_record record = { 0 };

	ck_assert(record_decode(line_1, sizeof line_1 - 1, &record));
	ck_assert_uint_eq(record.n, 1);
	ck_assert_int_eq(record.at_us, AT_US);
	ck_assert(record_slice_is(record.at, AT));
	ck_assert(record_slice_is(record.id, "i~1"));
	ck_assert(record_slice_is(record.type, "message"));
	ck_assert(record_slice_is(record.data, "{\"a\":\"\\u2028\"}"));
	ck_assert_ptr_eq(record.line.data, line_1);
	ck_assert_uint_eq(record.line.size, sizeof line_1 - 1);
	ck_assert_uint_eq(record.offset, 0);
	ck_assert(record_decode(line_0, sizeof line_0 - 1, &record));
	ck_assert_uint_eq(record.id.size, 0);
}
END_TEST

#define TAIL ",\"mac\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"
#define BODY(n, at, id, type, data) \
	"{\"n\":" n ",\"at\":\"" at "\"" id ",\"type\":\"" type "\",\"data\":" data TAIL
#define A_32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A_128 A_32 A_32 A_32 A_32

START_TEST(limits_of_the_envelope_are_reached)
{
	static const char *const lines[] = {
		BODY("0", AT, "", "a", "1"),
		BODY("18446744073709551615", AT, "", "a", "1"),
		BODY("7", "0000-01-01T00:00:00.000000Z", "", "a", "1"),
		BODY("7", "1969-12-31T23:59:59.999999Z", "", "a", "1"),
		BODY("7", "9999-12-31T23:59:59.999999Z", "", "a", "1"),
		BODY("7", AT, "", A_32, "1"),
		BODY("7", AT, "", "-", "1"),
		BODY("7", AT, "", "0-z", "1"),
		BODY("7", AT, ",\"id\":\"!\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"" A_128 "\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"!#[]~'\"", "a", "1"),
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(decodes(lines[i], NULL), "%s", lines[i]);
}
END_TEST

START_TEST(lines_of_another_shape_are_refused)
{
	static const char *const lines[] = {
		"", "{}", TAIL, "{" TAIL, "{\"n\":7" TAIL,
		BODY("", AT, "", "a", "1"),
		BODY("00", AT, "", "a", "1"),
		BODY("07", AT, "", "a", "1"),
		BODY("-1", AT, "", "a", "1"),
		BODY("1e1", AT, "", "a", "1"),
		BODY("18446744073709551616", AT, "", "a", "1"),
		BODY("7", "2026-02-30T23:54:13.123456Z", "", "a", "1"),
		BODY("7", "2026-11-22T23:54:13.123456", "", "a", "1"),
		BODY("7", AT " ", "", "a", "1"),
		BODY("7", AT, "", "", "1"),
		BODY("7", AT, "", A_32 "a", "1"),
		BODY("7", AT, "", "A", "1"),
		BODY("7", AT, "", "a_b", "1"),
		BODY("7", AT, "", "a b", "1"),
		BODY("7", AT, "", "\xc3\xa9", "1"),
		BODY("7", AT, ",\"id\":\"\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"" A_128 "a\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"a b\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"a\\\\b\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"a\x7f\"", "a", "1"),
		BODY("7", AT, ",\"id\":\"\xc3\xa9\"", "a", "1"),
		BODY("7", AT, ",\"id\":7", "a", "1"),
		BODY("7", AT, "", "a", ""),
		" " BODY("7", AT, "", "a", "1"),
		"{\"at\":\"" AT "\",\"n\":7,\"type\":\"a\",\"data\":1" TAIL,
		"{\"n\":7,\"at\":\"" AT "\",\"type\":\"a\",\"id\":\"i\",\"data\":1" TAIL,
		"{\"n\": 7,\"at\":\"" AT "\",\"type\":\"a\",\"data\":1" TAIL,
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ck_assert_msg(!decodes(lines[i], NULL), "%s", lines[i]);
}
END_TEST

/* Every cut and every other byte of the envelope: refused, or it says something else. */
START_TEST(no_two_envelopes_mean_the_same)
{
	size_t data = (size_t)(strstr(line_1, "\"data\":") - line_1) + 7;
	struct hf_record wanted = { 0 };

	ck_assert(decodes(line_1, &wanted));
	for (size_t i = 0; i < data; i++) {
		for (unsigned value = 1; value < 256; value++) {
			char line[sizeof line_1];
			struct hf_record record;

			memcpy(line, line_1, sizeof line);
			if (line[i] == (char)value)
				continue;
			line[i] = (char)value;
			if (record_decode(line, sizeof line - 1, &record))
				ck_assert(record.n != wanted.n || record.at_us != wanted.at_us ||
					  !record_slice_is(record.id, "i~1") ||
					  !record_slice_is(record.type, "message"));
		}
	}
}
END_TEST

START_TEST(ids_and_types_of_hosts_have_their_limits)
{
	char id[FORMAT_RECORD_ID_SIZE_MAX + 2];
	char type[FORMAT_TYPE_SIZE_MAX + 2];

	memset(id, 'i', sizeof id);
	id[FORMAT_RECORD_ID_SIZE_MAX + 1] = '\0';
	ck_assert(!record_id_is_valid(id));
	id[FORMAT_RECORD_ID_SIZE_MAX] = '\0';
	ck_assert(record_id_is_valid(id));
	ck_assert(!record_id_is_valid(""));
	for (unsigned value = 1; value < 256; value++) {
		char one[2] = { (char)value, '\0' };

		ck_assert(record_id_is_valid(one) ==
			  (value > 0x20 && value < 0x7f && value != '"' && value != '\\'));
	}
	memset(type, 'a', sizeof type);
	memcpy(type, "x-", 2);
	type[FORMAT_TYPE_SIZE_MAX + 1] = '\0';
	ck_assert(!record_type_is_valid(type));
	type[FORMAT_TYPE_SIZE_MAX] = '\0';
	ck_assert(record_type_is_valid(type));
}
END_TEST

START_TEST(hosts_cannot_append_types_of_the_library)
{
	static const char *const good[] = { "message", "todos", "config", "rename", "tags", "pin",
					    "x-a", "x--", "x-0" };
	static const char *const bad[] = { "", "x", "x-", "X-a", "x-A", "x-a_b", "x-a b", "session",
					   "seal", "resume", "repair", "relocate", "messages", "other",
					   "tag", "pins" };

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_msg(record_type_is_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!record_type_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(the_longest_envelope_is_written)
{
	static const char id[] = A_128;
	static const char type[] = "x-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct record_envelope envelope = { UINT64_MAX, INT64_MIN, id, type };
	struct buffer out = BUFFER_INIT(1000);
	uint8_t mac[MAC_SIZE] = { 0 };
	struct hf_record record;

	ck_assert_int_eq(add(&out, &envelope, "null", mac), HF_OK);
	ck_assert(record_decode(out.data, out.size - 1, &record));
	ck_assert_uint_eq(record.n, UINT64_MAX);
	ck_assert(record_slice_is(record.id, id));
	ck_assert(record_slice_is(record.type, type));
	ck_assert(record_slice_is(record.at, "0000-01-01T00:00:00.000000Z"));
	buffer_release(&out);
}
END_TEST

START_TEST(a_full_buffer_is_an_error_and_stays)
{
	struct record_envelope envelope = { 0, AT_US, NULL, "x-a" };
	uint8_t mac[MAC_SIZE] = { 0 };

	for (size_t max = 0; max < sizeof line_0; max++) {
		struct buffer out = BUFFER_INIT(max);

		ck_assert_int_eq(add(&out, &envelope, "1", mac), HF_ERR_SESSION_SIZE);
		ck_assert_uint_le(out.size, max);
		buffer_release(&out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("record");
	TCase *record = tcase_create("record");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(record, records_are_written_and_chained_as_the_format_says);
	tcase_add_test(record, a_line_is_split_and_its_mac_computed_anew);
	tcase_add_test(record, only_a_tail_of_the_fixed_shape_is_split);
	tcase_add_test(record, a_line_is_decoded_into_slices_of_itself);
	tcase_add_test(record, limits_of_the_envelope_are_reached);
	tcase_add_test(record, lines_of_another_shape_are_refused);
	tcase_add_test(record, no_two_envelopes_mean_the_same);
	tcase_add_test(record, ids_and_types_of_hosts_have_their_limits);
	tcase_add_test(record, hosts_cannot_append_types_of_the_library);
	tcase_add_test(record, the_longest_envelope_is_written);
	tcase_add_test(record, a_full_buffer_is_an_error_and_stays);
	suite_add_tcase(suite, record);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
