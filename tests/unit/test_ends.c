/* SPDX-License-Identifier: MIT */
/*
 * Goal: of a session whose head is of no use a listing tells what the ends of its log tell,
 * and reads no more of it than it says. Method: logs damaged in each way, listed; and the
 * bytes counted that are read of a large one.
 */
#include "lib/runner.h"
#include "list_fixture.h"
#include "log/ends.h"

/* A sealed session of five messages with all that record 0 can say. */
static void make_rich(struct fixture *f)
{
	tamed_open(f);
	make(f, (struct plan){ .id = ID_1, .name = "a name", .project = "/p/a",
			       .at_us = START_US + DAY_US, .messages = 5, .how = HF_CLOSE_SEAL });
}

static void lose_head(struct fixture *f)
{
	scratch_remove(f->scratch.fd, FILE_OF(ID_1, ".head"));
}

/* Expects what record 0 tells, and what the last line tells. */
static void expect_first(const struct noted *noted, bool is_known)
{
	ck_assert_str_eq(noted->name, is_known ? "a name" : "");
	ck_assert_str_eq(noted->project, is_known ? "/p/a" : "");
	ck_assert_int_eq(noted->entry.info.created_us != 0, is_known);
	ck_assert_int_eq(noted->entry.info.key_id[0] != '\0', is_known);
	ck_assert(!noted->entry.info.closed);
	ck_assert_uint_eq(noted->entry.info.messages, 0);
}

static void expect_last(const struct noted *noted, uint64_t records)
{
	const struct hf_info *info = &noted->entry.info;

	ck_assert_uint_eq(info->records, records);
	if (records > 0)
		ck_assert(info->updated_us > START_US + DAY_US &&
			  info->updated_us < START_US + DAY_US + SECOND_US);
	else
		ck_assert_int_eq(info->updated_us, 0);
}

START_TEST(without_a_head_the_ends_of_the_log_tell)
{
	const struct noted *noted;
	struct fixture f;
	uint64_t size;

	make_rich(&f);
	size = (uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_1, ".jsonl"));
	lose_head(&f);
	noted = only(&f);
	ck_assert_int_eq(noted->entry.error, HF_ERR_HEAD_MISSING);
	ck_assert_int_eq(noted->entry.state, HF_UNKNOWN);
	expect_first(noted, true);
	expect_last(noted, 7);
	ck_assert_uint_eq(noted->entry.info.bytes, size);
	fixture_close(&f);
}
END_TEST

START_TEST(a_log_of_one_record_tells_as_much)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .name = "a name", .project = "/p/a",
				.at_us = START_US + DAY_US, .how = HF_CLOSE_LEAVE });
	lose_head(&f);
	expect_first(only(&f), true);
	ck_assert_uint_eq(only(&f)->entry.info.records, 1);
	ck_assert_int_eq(only(&f)->entry.info.updated_us, START_US + DAY_US + 1);
	fixture_close(&f);
}
END_TEST

START_TEST(labels_of_record_0_are_told)
{
	const char *const tags[] = { "red", "blue" };
	struct fixture f;

	make_rich(&f);
	reopen(&f, ID_1);
	ck_assert_int_eq(hf_session_tag(f.session, tags, 2, NULL), HF_OK);
	ck_assert_int_eq(hf_session_pin(f.session, true, NULL), HF_OK);
	ck_assert_int_eq(hf_session_save(f.session, NULL, NULL, 0, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	lose_head(&f);
	ck_assert_str_eq(only(&f)->tags, "red blue");
	ck_assert(only(&f)->entry.info.pinned);
	ck_assert_uint_eq(only(&f)->entry.info.generation, 1);
	fixture_close(&f);
}
END_TEST

START_TEST(a_damaged_head_is_as_good_as_none)
{
	struct fixture f;

	make_rich(&f);
	scratch_flip(f.scratch.fd, FILE_OF(ID_1, ".head"), 60, 1);
	ck_assert_int_eq(only(&f)->entry.error, HF_OK);
	ck_assert_uint_eq(only(&f)->entry.info.messages, 5);
	scratch_flip(f.scratch.fd, FILE_OF(ID_1, ".head"), 4096 + 60, 1);
	ck_assert_int_eq(only(&f)->entry.error, HF_ERR_HEAD_MISSING);
	expect_first(only(&f), true);
	expect_last(only(&f), 7);
	fixture_close(&f);
}
END_TEST

/* Filters know what the ends tell. */
START_TEST(damaged_sessions_are_asked_for_by_what_is_known_of_them)
{
	struct fixture f;

	make_rich(&f);
	lose_head(&f);
	expect_list(&f, (struct hf_list_options){ .name = "NAME", .project = "/p/a" }, "1");
	expect_list(&f, (struct hf_list_options){ .since_us = START_US + DAY_US }, "1");
	expect_list(&f, (struct hf_list_options){ .before_us = START_US + DAY_US }, "");
	expect_list(&f, (struct hf_list_options){ .tag = "red" }, "");
	scratch_put(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), "", 0);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "1");
	expect_list(&f, (struct hf_list_options){ .prefix = "0195" }, "1");
	expect_list(&f, (struct hf_list_options){ .name = "NAME" }, "");
	expect_list(&f, (struct hf_list_options){ .since_us = 1 }, "");
	expect_list(&f, (struct hf_list_options){ .before_us = INT64_MAX }, "");
	fixture_close(&f);
}
END_TEST

/* What stands after the last record: padding, NUL bytes, a stump, nonsense. */
START_TEST(the_last_record_is_found_before_whatever_follows_it)
{
	static const size_t sizes[] = { 1, 2, 3, 5000, 65536, 70000, 1 << 20 };
	static char blank[1 << 20];
	struct fixture f;
	uint64_t size;

	make_rich(&f);
	size = (uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_1, ".jsonl"));
	lose_head(&f);
	for (unsigned i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
		memset(blank, i % 2 == 0 ? '\n' : '\0', sizeof blank);
		scratch_append(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), blank, sizes[i / 2]);
		expect_last(only(&f), 7);
		expect_first(only(&f), true);
		ck_assert_uint_eq(only(&f)->entry.info.bytes, size);
		scratch_cut(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), size);
	}
	scratch_append(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), "{\"n\":7,\"at\":\"2031", 16);
	expect_last(only(&f), 7);
	scratch_append(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), "\nnonsense\n\n", 11);
	expect_last(only(&f), 7);
	scratch_append(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), blank, 70000);
	expect_last(only(&f), 7);
	fixture_close(&f);
}
END_TEST

START_TEST(a_log_of_nothing_tells_nothing)
{
	static const char *const logs[] = { "", "\n", "\n\n", "{", "nonsense\n", "{}\n{}\n" };
	struct fixture f;

	make_rich(&f);
	lose_head(&f);
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		scratch_put(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), logs[i], strlen(logs[i]));
		ck_assert_int_eq(only(&f)->entry.error, HF_ERR_HEAD_MISSING);
		ck_assert_str_eq(only(&f)->entry.info.id, ID_1);
		expect_first(only(&f), false);
		expect_last(only(&f), 0);
	}
	fixture_close(&f);
}
END_TEST

/* Record 0 is checked; nothing is taken from one that was changed. */
START_TEST(a_record_0_that_does_not_verify_tells_nothing)
{
	struct fixture f;
	char *log;
	size_t size;

	make_rich(&f);
	lose_head(&f);
	log = scratch_get(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), &size);
	scratch_poke(f.scratch.fd, FILE_OF(ID_1, ".jsonl"),
		     (uint64_t)(strstr(log, "a name") - log), "b", 1);
	expect_first(only(&f), false);
	expect_last(only(&f), 7);
	/* Nor from one of another session. */
	scratch_put(f.scratch.fd, FILE_OF(ID_2, ".jsonl"), log, size);
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".jsonl"));
	expect_first(only(&f), false);
	expect_last(only(&f), 7);
	ck_assert_str_eq(only(&f)->entry.info.id, ID_2);
	free(log);
	fixture_close(&f);
}
END_TEST

START_TEST(without_the_key_the_ends_tell_what_they_claim)
{
	struct fixture f;

	make_rich(&f);
	scratch_remove(f.scratch.fd, "store/keys/machine_secret");
	tamed_reopen(&f, NULL);
	ck_assert_int_eq(only(&f)->entry.error, HF_ERR_KEY_MISSING);
	ck_assert_int_eq(only(&f)->entry.state, HF_UNKNOWN);
	expect_first(only(&f), true);
	expect_last(only(&f), 7);
	fixture_close(&f);
}
END_TEST

/* Appends one message whose line takes about size bytes. */
static void append_large(struct fixture *f, size_t size)
{
	char *json = malloc(size);

	memset(json, 'x', size);
	memcpy(json, "{\"content\":\"", 12);
	memcpy(json + size - 3, "\"}", 3);
	ck_assert_int_eq(append(f, "message", NULL, json), HF_OK);
	free(json);
}

/* Lines about as large as what is looked at: the line before them, one that just fits, and
 * one that does not. */
START_TEST(a_line_beyond_reach_tells_nothing)
{
	static const struct {
		size_t size;
		uint64_t records;
	} rows[] = { { 3000, 7 }, { 5000, 7 }, { 65000, 7 }, { 66000, 0 }, { 200000, 0 } };
	static char config[70000];
	struct hf_session_options options = { .id = ID_1, .name = "a name" };
	struct fixture f;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		tamed_open(&f);
		make(&f, (struct plan){ .id = ID_1, .name = "a name", .project = "/p/a",
					.at_us = START_US + DAY_US, .messages = 5,
					.how = HF_CLOSE_LEAVE });
		reopen(&f, ID_1);
		append_large(&f, rows[i].size);
		leave(&f, HF_CLOSE_LEAVE);
		lose_head(&f);
		expect_first(only(&f), true);
		expect_last(only(&f), rows[i].records);
		fixture_close(&f);
	}
	memset(config, ' ', sizeof config);
	memcpy(config, "{\"a\":\"", 6);
	memset(config + 6, 'y', sizeof config - 8);
	memcpy(config + sizeof config - 2, "\"}", 2);
	options.config = (struct hf_slice){ config, sizeof config };
	tamed_open(&f);
	ck_assert_int_eq(hf_session_create(f.store, &options, NULL, &f.session), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	lose_head(&f);
	expect_first(only(&f), false);
	ck_assert_uint_eq(only(&f)->entry.info.records, 2);
	fixture_close(&f);
}
END_TEST

/* Of a log of 50 MB no more is read than of a small one, and nothing is mapped; whether the
 * head is good or not. */
START_TEST(a_large_log_is_not_read)
{
	struct hf_store_options options = { .durability = HF_OS };
	struct fixture f;

	tamed_open(&f);
	tamed_reopen(&f, &options);
	make(&f, (struct plan){ .id = ID_1, .name = "a name", .project = "/p/a",
				.at_us = START_US + DAY_US, .messages = 1, .how = HF_CLOSE_LEAVE });
	reopen(&f, ID_1);
	for (unsigned i = 0; i < 50; i++)
		append_large(&f, 1 << 20);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_gt(scratch_size(f.scratch.fd, FILE_OF(ID_1, ".jsonl")), 50 << 20);
	tamed.bytes_read = tamed.maps = 0;
	ck_assert_int_eq(only(&f)->entry.error, HF_OK);
	ck_assert_uint_le(tamed.bytes_read, 2 * STORAGE_HEAD_SIZE);
	ck_assert_uint_eq(tamed.maps, 0);
	lose_head(&f);
	tamed.bytes_read = 0;
	expect_first(only(&f), true);
	ck_assert_uint_le(tamed.bytes_read, 2 * (4 << 10) + 64);
	tamed.bytes_read = 0;
	expect_last(only(&f), 53);
	/* Nothing but one line as far as is looked, from either end. */
	scratch_cut(f.scratch.fd, FILE_OF(ID_1, ".jsonl"), 40 << 20);
	tamed.bytes_read = 0;
	expect_last(only(&f), 0);
	ck_assert_uint_le(tamed.bytes_read, 2 * (64 << 10) + 64);
	ck_assert_uint_eq(tamed.maps, 0);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ends");
	TCase *cases = runner_cases(suite, "ends", 60);

	tcase_add_test(cases, without_a_head_the_ends_of_the_log_tell);
	tcase_add_test(cases, a_log_of_one_record_tells_as_much);
	tcase_add_test(cases, labels_of_record_0_are_told);
	tcase_add_test(cases, a_damaged_head_is_as_good_as_none);
	tcase_add_test(cases, damaged_sessions_are_asked_for_by_what_is_known_of_them);
	tcase_add_test(cases, the_last_record_is_found_before_whatever_follows_it);
	tcase_add_test(cases, a_log_of_nothing_tells_nothing);
	tcase_add_test(cases, a_record_0_that_does_not_verify_tells_nothing);
	tcase_add_test(cases, without_the_key_the_ends_tell_what_they_claim);
	tcase_add_test(cases, a_line_beyond_reach_tells_nothing);
	tcase_add_test(cases, a_large_log_is_not_read);
	return runner_run_in_memory(suite);
}
