/* SPDX-License-Identifier: MIT */
/*
 * Goal: what a session is follows from its records, however they are cut into runs. Method:
 * a log with every type is folded at once and in each pair of runs, and applied to a head.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log/fold.h"

#define KEPT(name, project, origin, pinned, tags, former)                                       \
	"{\"format\":1,\"session\":\"0195d3a0-1111-4222-8333-444455556666\",\"store\":"              \
	"\"10111213-1415-1617-1819-1a1b1c1d1e1f\",\"generation\":0,\"key\":\"9083ce5eaf1baf38\","  \
	"\"created\":\"1970-01-01T00:00:00.000042Z\",\"name\":" name ",\"project\":" project         \
	",\"config\":{\"a\":1},\"origin\":" origin ",\"pinned\":" pinned ",\"tags\":" tags         \
	",\"former\":" former ",\"previous\":null,\"records\":1}"
#define FIRST(name, project, origin) KEPT(name, project, origin, "false", "[]", "[]")

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static struct hf_record record(uint64_t n, const char *type, const char *data)
{
	return (struct hf_record){ .n = n, .at_us = 1000 + (int64_t)n, .type = slice_of(type),
				   .data = slice_of(data) };
}

static bool add(struct fold *fold, uint64_t n, const char *type, const char *data)
{
	struct hf_record added = record(n, type, data);

	return fold_record(fold, &added);
}

static struct head apply(const struct fold *fold)
{
	struct head head = { 0 };

	fold_apply(fold, &head);
	return head;
}

/* A log with every type. */
static const char *const log_records[][2] = {
	{ "session", KEPT("\"first\"", "\"/p\"", "{\"unsigned\":true}", "true", "[\"old\"]",
			  "[\"/n\",\"/m\"]") },
	{ "x-note", "1" },
	{ "message", "{\"role\":\"user\",\"content\":\"Hello\"}" },
	{ "todos", "[1]" },
	{ "message", "{\"content\":\"second\"}" },
	{ "config", "{\"b\":2}" },
	{ "rename", "{\"name\":\"renamed \\u00e9\"}" },
	{ "relocate", "{\"project\":\"/n\",\"from\":\"/p\"}" },
	{ "relocate", "{\"project\":\"/q\",\"from\":\"/n\"}" },
	{ "tags", "{\"tags\":[\"one\",\"tw\\u00f6\"]}" },
	{ "todos", "[2]" },
	{ "seal", "{\"records\":10}" },
	{ "resume", "{\"after\":\"seal\"}" },
	{ "unheard-of", "{}" },
	{ "repair", "{}" },
	{ "message", "3" },
	{ "pin", "{\"pinned\":false}" },
	{ "seal", "{\"records\":18}" },
	{ "tags", "{\"tags\":[\"no tag\"]}" },
	{ "pin", "{\"pinned\":true}" },
};
enum { RECORDS = sizeof log_records / sizeof log_records[0] };

static struct fold fold_run(size_t from, size_t to)
{
	struct fold fold = { 0 };

	for (size_t i = from; i < to; i++)
		ck_assert(add(&fold, i, log_records[i][0], log_records[i][1]));
	return fold;
}

static void expect_slice(struct hf_slice slice, const char *text)
{
	ck_assert_uint_eq(slice.size, strlen(text));
	ck_assert_mem_eq(slice.data, text, slice.size);
}

static void expect_all(const struct fold *fold)
{
	ck_assert_uint_eq(fold->messages, 3);
	expect_slice(fold->first_message, log_records[2][1]);
	expect_slice(fold->name, "\"renamed \\u00e9\"");
	expect_slice(fold->project, "\"/q\"");
	expect_slice(fold->config, "{\"b\":2}");
	expect_slice(fold->todos, "[2]");
	expect_slice(fold->origin, "{\"unsigned\":true}");
	expect_slice(fold->tags, "[\"one\",\"tw\\u00f6\"]");
	ck_assert_uint_eq(fold->former.count, 3);
	expect_slice(fold->former.paths[0], "\"/m\"");
	expect_slice(fold->former.paths[1], "\"/p\"");
	expect_slice(fold->former.paths[2], "\"/n\"");
	ck_assert_int_eq(fold->created_us, 42);
	ck_assert_int_eq(fold->updated_us, 1000 + RECORDS - 1);
	ck_assert_uint_eq(fold->promised, 1);
	ck_assert(fold->has_first && fold->any && fold->tells_sealed && fold->sealed);
	ck_assert(fold->tells_pinned && fold->pinned);
}

START_TEST(the_newest_record_of_each_type_counts)
{
	struct fold fold = fold_run(0, RECORDS);

	expect_all(&fold);
}
END_TEST

START_TEST(runs_merge_to_the_same_wherever_they_are_cut)
{
	for (size_t a = 0; a <= RECORDS; a++) {
		for (size_t b = a; b <= RECORDS; b++) {
			struct fold fold = fold_run(0, a);
			struct fold middle = fold_run(a, b);
			struct fold end = fold_run(b, RECORDS);

			fold_merge(&fold, &middle);
			fold_merge(&fold, &end);
			expect_all(&fold);
		}
	}
}
END_TEST

static void expect_text(const char *field, uint32_t size, const char *text)
{
	ck_assert_uint_eq(size, strlen(text));
	ck_assert_mem_eq(field, text, size);
}

/* The former paths of a head, the one left last first. */
static void expect_former(const struct head *head, const char *const *paths, size_t count)
{
	uint8_t wanted[FORMAT_FORMER_MAX][FORMAT_FORMER_SIZE] = { { 0 } };

	for (size_t i = 0; i < count; i++)
		head_digest_path(paths[i], strlen(paths[i]), wanted[i]);
	ck_assert_mem_eq(head->former, wanted, sizeof wanted);
}

/* As an appender does, which carries the head from batch to batch. */
START_TEST(a_head_is_brought_up_to_date_run_by_run)
{
	static const char *const former[] = { "/n", "/p", "/m" };

	for (size_t a = 1; a <= RECORDS; a++) {
		struct fold first = fold_run(0, a);
		struct fold second = fold_run(a, RECORDS);
		struct head head = apply(&first);

		fold_apply(&second, &head);
		ck_assert_uint_eq(head.messages, 3);
		expect_text(head.name, head.name_size, "renamed \xc3\xa9");
		expect_text(head.project, head.project_size, "/q");
		expect_text(head.words, head.words_size, "Hello");
		ck_assert_int_eq(head.created_us, 42);
		ck_assert_int_eq(head.updated_us, 1000 + RECORDS - 1);
		ck_assert_uint_eq(head.flags,
				  FORMAT_HEAD_SEALED | FORMAT_HEAD_UNSIGNED | FORMAT_HEAD_PINNED);
		expect_text(head.tags, head.tags_size, "one tw\xc3\xb6");
		expect_former(&head, former, 3);
		ck_assert_uint_eq(head.records, 0);
	}
}
END_TEST

START_TEST(only_a_last_record_that_is_a_seal_seals)
{
	enum { FIRST_SEAL = 11 };
	struct fold fold = fold_run(0, FIRST_SEAL + 1);
	struct head head = apply(&fold);

	ck_assert_uint_eq(head.flags & FORMAT_HEAD_SEALED, FORMAT_HEAD_SEALED);
	fold = fold_run(FIRST_SEAL + 1, FIRST_SEAL + 3);
	fold_apply(&fold, &head);
	ck_assert_uint_eq(head.flags & FORMAT_HEAD_SEALED, 0);
	/* Nothing new changes nothing. */
	fold = fold_run(FIRST_SEAL, FIRST_SEAL + 1);
	fold_apply(&fold, &head);
	fold = (struct fold){ 0 };
	fold_apply(&fold, &head);
	ck_assert_uint_eq(head.flags & FORMAT_HEAD_SEALED, FORMAT_HEAD_SEALED);
}
END_TEST

/* Folds short logs, of types by a letter each, cut everywhere; says whether it is closed. */
static bool is_closed_after(const char *letters)
{
	static const char *const kinds[][3] = {
		{ "s", "seal", "{\"records\":1}" }, { "m", "message", "1" },
		{ "n", "rename", "{\"name\":\"n\"}" }, { "t", "tags", "{\"tags\":[]}" },
		{ "p", "pin", "{\"pinned\":true}" }, { "r", "resume", "{}" },
		{ "l", "relocate", "{\"project\":\"/l\",\"from\":null}" }, { "b", "pin", "bad" },
	};
	size_t count = strlen(letters);
	uint64_t flags = 0;

	for (size_t cut = 0; cut <= count; cut++) {
		struct fold folds[2] = { { 0 }, { 0 } };
		struct head by_merge = { 0 }, by_head = { 0 };

		for (size_t i = 0; i < count; i++) {
			size_t k = 0;

			while (kinds[k][0][0] != letters[i])
				k++;
			ck_assert(add(&folds[i >= cut], 1 + i, kinds[k][1], kinds[k][2]));
		}
		fold_apply(&folds[0], &by_head);
		fold_apply(&folds[1], &by_head);
		fold_merge(&folds[0], &folds[1]);
		fold_apply(&folds[0], &by_merge);
		ck_assert_uint_eq(by_merge.flags, by_head.flags);
		ck_assert(cut == 0 || by_merge.flags == flags);
		flags = by_merge.flags;
	}
	return (flags & FORMAT_HEAD_SEALED) != 0;
}

START_TEST(labels_leave_a_closed_session_closed_wherever_runs_are_cut)
{
	static const char *const closed[] = { "s", "ms", "sn", "st", "sp", "sb", "smsntpnb", "nmspp" };
	static const char *const open[] = { "", "n", "t", "p", "m", "sm", "sr", "sl", "smn", "snmt",
					    "mntp", "ssrp" };

	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		ck_assert_msg(is_closed_after(closed[i]), "%s", closed[i]);
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		ck_assert_msg(!is_closed_after(open[i]), "%s", open[i]);
}
END_TEST

/* As moves of one project from place to place, '0' to '9', wherever the run is cut. */
START_TEST(former_paths_are_the_same_wherever_runs_are_cut)
{
	static const char moves[] = "0123456789" "8" "70" "010101" "2" "9";
	enum { MOVES = sizeof moves - 2 };
	char data[MOVES][48];
	struct head wanted = { 0 };

	for (size_t i = 0; i < MOVES; i++)
		(void)snprintf(data[i], sizeof data[i], "{\"project\":\"/%c\",\"from\":\"/%c\"}",
			       moves[i + 1], moves[i]);
	for (size_t cut = 0; cut <= MOVES; cut++) {
		static const char *const former[] = { "/2", "/1", "/0", "/7", "/8", "/9", "/6", "/5" };
		struct fold folds[2] = { { 0 }, { 0 } };
		struct head by_merge = { 0 }, by_head = { 0 };

		for (size_t i = 0; i < MOVES; i++)
			ck_assert(add(&folds[i >= cut], 1 + i, "relocate", data[i]));
		fold_apply(&folds[0], &by_head);
		fold_apply(&folds[1], &by_head);
		fold_merge(&folds[0], &folds[1]);
		fold_apply(&folds[0], &by_merge);
		expect_text(by_merge.project, by_merge.project_size, "/9");
		expect_former(&by_merge, former, 8);
		if (cut == 0)
			wanted = by_merge;
		ck_assert_mem_eq(&by_merge, &wanted, sizeof wanted);
		ck_assert_mem_eq(&by_head, &wanted, sizeof wanted);
	}
}
END_TEST

START_TEST(tags_of_record_0_end_before_the_first_that_is_none)
{
	static const char *const rows[][2] = {
		{ KEPT("null", "null", "null", "false", "[\"a\",\"b c\",\"d\"]", "[]"), "a" },
		{ KEPT("null", "null", "null", "false", "[\"a\",\"b\",\"a\",\"d\"]", "[]"), "a b" },
		{ KEPT("null", "null", "null", "false", "[\"\",\"d\"]", "[]"), "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fold fold = { 0 };
		struct head head;

		ck_assert(add(&fold, 0, "session", rows[i][0]));
		head = apply(&fold);
		expect_text(head.tags, head.tags_size, rows[i][1]);
	}
}
END_TEST

START_TEST(record_0_and_no_other_is_the_session)
{
	struct fold fold = { 0 };

	ck_assert(!add(&fold, 1, "session", FIRST("null", "null", "null")));
	ck_assert(!add(&fold, 0, "message", "1"));
	ck_assert(!add(&fold, 0, "session", "{}"));
	fold = (struct fold){ 0 };
	ck_assert(add(&fold, 0, "session", FIRST("null", "null", "null")));
}
END_TEST

START_TEST(members_of_other_kinds_are_passed_over)
{
	static const char *const data[] = { "{}", "[]", "1", "{\"name\":1}", "{\"name\":null}",
					    "{\"Name\":\"x\"}", "{\"a\":{\"name\":\"x\"}}",
					    "{\"from\":1}", "{\"tags\":{}}", "{\"pinned\":\"false\"}",
					    "{\"pinned\":false,\"tags\":[]}" };
	struct fold fold = fold_run(0, 1);

	for (size_t i = 0; i < sizeof data / sizeof data[0]; i++) {
		ck_assert(add(&fold, 1 + i, "rename", data[i]));
		expect_slice(fold.name, "\"first\"");
		ck_assert(add(&fold, 1 + i, "relocate", data[i]));
		expect_slice(fold.project, "\"/p\"");
		ck_assert(add(&fold, 1 + i, "tags", data[i]));
		expect_slice(fold.tags, "[\"old\"]");
		ck_assert(add(&fold, 1 + i, "pin", data[i]));
		ck_assert(fold.pinned);
		ck_assert_uint_eq(fold.former.count, 2);
	}
}
END_TEST

START_TEST(only_true_says_unsigned)
{
	static const struct {
		const char *data;
		uint64_t flags;
	} rows[] = {
		{ FIRST("null", "null", "null"), 0 },
		{ FIRST("null", "null", "{}"), 0 },
		{ FIRST("null", "null", "{\"unsigned\":false}"), 0 },
		{ FIRST("null", "null", "{\"unsigned\":1}"), 0 },
		{ FIRST("null", "null", "{\"unsigned\":\"true\"}"), 0 },
		{ FIRST("null", "null", "{\"a\":{\"unsigned\":true}}"), 0 },
		{ FIRST("null", "null", "{\"unsigned\":true}"), FORMAT_HEAD_UNSIGNED },
		{ FIRST("null", "null", "{\"\\u0075nsigned\":true}"), FORMAT_HEAD_UNSIGNED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fold fold = { 0 };
		struct head head;

		ck_assert(add(&fold, 0, "session", rows[i].data));
		head = apply(&fold);
		ck_assert_uint_eq(head.flags, rows[i].flags);
	}
}
END_TEST

START_TEST(first_words_are_found_in_messages_of_many_shapes)
{
	static const char *const rows[][2] = {
		{ "\"plain\"", "plain" },
		{ "{\"content\":\"c\"}", "c" },
		{ "{\"role\":\"user\",\"text\":\"t\"}", "t" },
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"p\"}]}", "p" },
		{ "{\"content\":[{\"type\":\"image\"},{\"type\":\"text\",\"text\":\"q\"}]}", "q" },
		{ "{\"message\":{\"content\":\"m\"}}", "m" },
		{ "{\"parts\":[{\"text\":\"g\"}]}", "g" },
		{ "{}", "" }, { "[]", "" }, { "null", "" }, { "{\"content\":7}", "" },
		{ "{\"content\":\"\"}", "" },
		{ "{\"content\":\"\\ud83d\"}", "\xef\xbf\xbd" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fold fold = { 0 };
		struct head head;

		ck_assert(add(&fold, 1, "message", rows[i][0]));
		head = apply(&fold);
		expect_text(head.words, head.words_size, rows[i][1]);
	}
}
END_TEST

/* A field that is full ends at a character. */
START_TEST(texts_are_cut_at_a_character)
{
	char data[4 * FORMAT_WORDS_SIZE_MAX];
	struct fold fold = { 0 };
	struct head head;

	data[0] = '"';
	for (unsigned i = 0; i < FORMAT_WORDS_SIZE_MAX; i++)
		memcpy(data + 1 + 3 * (size_t)i, "\xe2\x82\xac", 3);
	memcpy(data + 1 + 3 * FORMAT_WORDS_SIZE_MAX, "\"", 2);
	ck_assert(add(&fold, 1, "message", data));
	head = apply(&fold);
	ck_assert_uint_eq(head.words_size, FORMAT_WORDS_SIZE_MAX / 3 * 3);
	ck_assert_mem_eq(head.words, data + 1, head.words_size);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fold");
	TCase *fold = tcase_create("fold");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(fold, the_newest_record_of_each_type_counts);
	tcase_add_test(fold, runs_merge_to_the_same_wherever_they_are_cut);
	tcase_add_test(fold, a_head_is_brought_up_to_date_run_by_run);
	tcase_add_test(fold, only_a_last_record_that_is_a_seal_seals);
	tcase_add_test(fold, labels_leave_a_closed_session_closed_wherever_runs_are_cut);
	tcase_add_test(fold, former_paths_are_the_same_wherever_runs_are_cut);
	tcase_add_test(fold, tags_of_record_0_end_before_the_first_that_is_none);
	tcase_add_test(fold, record_0_and_no_other_is_the_session);
	tcase_add_test(fold, members_of_other_kinds_are_passed_over);
	tcase_add_test(fold, only_true_says_unsigned);
	tcase_add_test(fold, first_words_are_found_in_messages_of_many_shapes);
	tcase_add_test(fold, texts_are_cut_at_a_character);
	suite_add_tcase(suite, fold);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
