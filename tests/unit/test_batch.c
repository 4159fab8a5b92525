/* SPDX-License-Identifier: MIT */
/*
 * Goal: a batch holds signed records that chain on, and a refused record leaves no trace.
 * Method: records are added and the lines verified; each kind of refusal between them.
 */
#include <check.h>
#include <string.h>

#include "log/batch.h"
#include "log/scan.h"
#include "format/record.h"

struct fixture {
	struct mac key;
	struct batch batch;
	struct report report;
};

static void open_batch(struct fixture *f)
{
	uint8_t bytes[MAC_KEY_SIZE] = { 1 }, mac[MAC_SIZE] = { 2 };

	memset(f, 0, sizeof *f);
	mac_init(&f->key, bytes);
	f->report = report_make(NULL, NULL);
	f->batch.bytes.max = 1 << 20;
	f->batch.data_size_max = 1000;
	batch_begin(&f->batch, &f->key, 5, mac, 1000);
}

static int add(struct fixture *f, const char *type, const char *id, const char *json)
{
	struct batch_record record = { type, id, { json, strlen(json) }, false };

	return batch_add(&f->batch, &f->report, &record);
}

/* Checks the lines of the batch against the chain that it began with. */
static void expect_lines(const struct fixture *f, const char *const *data, size_t count)
{
	const char *at = f->batch.bytes.data;
	const char *end = at + f->batch.bytes.size;
	uint8_t mac[MAC_SIZE] = { 2 };
	struct mac key = f->key;

	for (size_t i = 0; i < count; i++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		uint8_t found[MAC_SIZE], computed[MAC_SIZE];
		struct hf_record record;
		size_t covered;

		ck_assert_ptr_nonnull(feed);
		ck_assert(record_split(at, (size_t)(feed - at), &covered, found));
		record_mac(&key, mac, at, covered, computed);
		ck_assert(mac_equal(computed, found));
		ck_assert(record_decode(at, (size_t)(feed - at), &record));
		ck_assert_uint_eq(record.n, 5 + i);
		ck_assert_int_eq(record.at_us, 1000);
		ck_assert_msg(record_slice_is(record.data, data[i]), "%s", data[i]);
		memcpy(mac, found, sizeof mac);
		at = feed + 1;
	}
	ck_assert_ptr_eq(at, end);
	ck_assert_uint_eq(f->batch.n, 5 + count);
	ck_assert(mac_equal(f->batch.mac, mac));
}

START_TEST(records_are_compacted_signed_and_chained)
{
	static const char *const data[] = { "{\"a\":[1,2.0]}", "\"\\u2028\"", "null",
					    "123456789012345678901234567890" };
	struct fixture f;

	open_batch(&f);
	ck_assert_int_eq(add(&f, "message", NULL, " { \"a\" : [ 1 , 2.0 ] }\n"), HF_OK);
	ck_assert_int_eq(add(&f, "x-a", "id", "\"\xe2\x80\xa8\""), HF_OK);
	ck_assert_int_eq(add(&f, "todos", NULL, "null"), HF_OK);
	ck_assert_int_eq(add(&f, "message", NULL, data[3]), HF_OK);
	expect_lines(&f, data, 4);
	batch_release(&f.batch);
}
END_TEST

struct refusal {
	const char *type;
	const char *json;
	int rc;
	int64_t offset;
};

static const struct refusal refusals[] = {
	{ "message", "", HF_ERR_JSON, 0 },
	{ "message", "{\"a\":1,}", HF_ERR_JSON, 7 },
	{ "message", "{\"a\":1,\"a\":2}", HF_ERR_JSON, 7 },
	{ "message", "1 2", HF_ERR_JSON, 2 },
	{ "message", "\"\xff\"", HF_ERR_JSON, 1 },
	{ "config", "[]", HF_ERR_INVALID, -1 },
	{ "config", "null", HF_ERR_INVALID, -1 },
	{ "rename", "{}", HF_ERR_INVALID, -1 },
	{ "rename", "\"x\"", HF_ERR_INVALID, -1 },
	{ "rename", "{\"name\":7}", HF_ERR_INVALID, -1 },
	{ "rename", "{\"name\":null}", HF_ERR_INVALID, -1 },
	{ "tags", "[]", HF_ERR_INVALID, -1 },
	{ "tags", "{\"tags\":[\"a b\"]}", HF_ERR_INVALID, -1 },
	{ "tags", "{\"tags\":[],\"more\":1}", HF_ERR_INVALID, -1 },
	{ "pin", "true", HF_ERR_INVALID, -1 },
	{ "pin", "{\"pinned\":null}", HF_ERR_INVALID, -1 },
};

START_TEST(a_refused_record_leaves_the_batch_as_it_was)
{
	static const char *const data[] = { "1", "2" };

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *refusal = &refusals[i];
		struct fixture f;

		open_batch(&f);
		ck_assert_int_eq(add(&f, "message", NULL, "1"), HF_OK);
		ck_assert_msg(add(&f, refusal->type, NULL, refusal->json) == refusal->rc, "%s",
			      refusal->json);
		ck_assert_int_eq(f.report.detail.code, refusal->rc);
		ck_assert_int_eq(f.report.detail.offset, refusal->offset);
		ck_assert_int_eq(add(&f, "message", NULL, "2"), HF_OK);
		expect_lines(&f, data, 2);
		batch_release(&f.batch);
	}
}
END_TEST

/* The limit counts the data as it is written. */
START_TEST(data_of_the_largest_size_is_taken_and_no_larger)
{
	struct fixture f;
	char json[1200];

	open_batch(&f);
	memset(json, 'x', sizeof json);
	json[0] = json[999] = '"';
	json[1000] = '\0';
	ck_assert_int_eq(add(&f, "message", NULL, json), HF_OK);
	json[999] = 'x';
	json[1000] = '"';
	json[1001] = '\0';
	ck_assert_int_eq(add(&f, "message", NULL, json), HF_ERR_RECORD_SIZE);
	memset(json, ' ', sizeof json);
	json[1198] = '1';
	json[1199] = '\0';
	ck_assert_int_eq(add(&f, "message", NULL, json), HF_OK);
	ck_assert_uint_eq(f.batch.n, 7);
	batch_release(&f.batch);
}
END_TEST

START_TEST(a_batch_that_is_full_refuses_the_record)
{
	struct fixture f;
	int rc = HF_OK;
	unsigned added = 0;

	open_batch(&f);
	f.batch.bytes.max = 2000;
	while (rc == HF_OK && added < 100) {
		rc = add(&f, "message", NULL, "\"0123456789\"");
		added += rc == HF_OK;
	}
	ck_assert_int_eq(rc, HF_ERR_RECORD_SIZE);
	ck_assert_uint_gt(added, 5);
	ck_assert_uint_eq(f.batch.n, 5 + added);
	ck_assert_uint_le(f.batch.bytes.size, 2000);
	ck_assert_int_eq(f.batch.bytes.data[f.batch.bytes.size - 1], '\n');
	batch_release(&f.batch);
}
END_TEST

static void put_name(char *json, unsigned size)
{
	memcpy(json, "{\"name\":\"", 9);
	memset(json + 9, 'n', size);
	memcpy(json + 9 + size, "\"}", 3);
}

START_TEST(a_name_has_the_same_limit_as_at_creation)
{
	struct fixture f;
	char json[HF_NAME_MAX + 32];

	open_batch(&f);
	put_name(json, HF_NAME_MAX);
	ck_assert_int_eq(add(&f, "rename", NULL, json), HF_OK);
	put_name(json, HF_NAME_MAX + 1);
	ck_assert_int_eq(add(&f, "rename", NULL, json), HF_ERR_INVALID);
	batch_release(&f.batch);
}
END_TEST

START_TEST(a_batch_is_folded_from_its_own_lines)
{
	struct fixture f;
	struct fold fold = { 0 };

	open_batch(&f);
	batch_fold(&f.batch, &fold);
	ck_assert(!fold.any);
	ck_assert_int_eq(add(&f, "message", NULL, "\"a\""), HF_OK);
	ck_assert_int_eq(add(&f, "todos", NULL, "[]"), HF_OK);
	batch_fold(&f.batch, &fold);
	ck_assert_uint_eq(fold.messages, 1);
	ck_assert(record_slice_is(fold.todos, "[]"));
	batch_release(&f.batch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("batch");
	TCase *batch = tcase_create("batch");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(batch, records_are_compacted_signed_and_chained);
	tcase_add_test(batch, a_refused_record_leaves_the_batch_as_it_was);
	tcase_add_test(batch, data_of_the_largest_size_is_taken_and_no_larger);
	tcase_add_test(batch, a_batch_that_is_full_refuses_the_record);
	tcase_add_test(batch, a_name_has_the_same_limit_as_at_creation);
	tcase_add_test(batch, a_batch_is_folded_from_its_own_lines);
	suite_add_tcase(suite, batch);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
