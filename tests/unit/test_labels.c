/* SPDX-License-Identifier: MIT */
/*
 * Goal: names, tags and pins hold what they are given, over saves and seals, and nothing
 * else; former projects are remembered, each once, up to their number. Method: the pure
 * functions on tables of good and bad JSON, then the public calls on real sessions.
 */
#include "log/labels.h"
#include "lib/runner.h"
#include "store_fixture.h"

static struct hf_slice slice(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

START_TEST(tags_are_words)
{
	static const char *const good[] = {
		"{\"tags\":[]}", "{\"tags\":[\"a\"]}", "{\"tags\":[\"a\",\"b:c/d\",\"\\u00e9\"]}",
	};
	static const char *const bad[] = {
		"{}", "[]", "{\"tags\":null}", "{\"tags\":[1]}", "{\"tags\":[\"\"]}",
		"{\"tags\":[\"a b\"]}", "{\"tags\":[\"a,b\"]}", "{\"tags\":[\"a\\u0000\"]}",
		"{\"tags\":[\"a\\n\"]}", "{\"tags\":[\"a\",\"a\"]}", "{\"tags\":[\"\\u2003\"]}",
		"{\"tags\":[\"\\u00a0x\"]}", "{\"tags\":[\"\\ud800\"]}", "{\"tags\":[\"\\u007f\"]}",
		"{\"tags\":[],\"more\":1}", "{\"tag\":[]}", "{\"tags\":[[\"a\"]]}",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert_msg(labels_are_tags(slice(good[i])), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!labels_are_tags(slice(bad[i])), "%s", bad[i]);
}
END_TEST

/* {"tags":[...]} of count tags of size bytes each, all different. */
static bool takes_tags(unsigned count, unsigned size)
{
	char json[4096] = "{\"tags\":[";
	size_t used = strlen(json);

	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(json + used, sizeof json - used, "%s\"%0*u\"",
					 i > 0 ? "," : "", (int)size, i);
	(void)snprintf(json + used, sizeof json - used, "]}");
	return labels_are_tags(slice(json));
}

START_TEST(tags_are_bounded_in_number_and_size)
{
	ck_assert(takes_tags(HF_TAGS_MAX, 8));
	ck_assert(!takes_tags(HF_TAGS_MAX + 1, 8));
	ck_assert(takes_tags(1, HF_TAG_SIZE_MAX));
	ck_assert(!takes_tags(1, HF_TAG_SIZE_MAX + 1));
	/* 4 * 63 + 3 spaces are 255 bytes, 4 * 64 + 3 are 259. */
	ck_assert(takes_tags(4, 63));
	ck_assert(!takes_tags(4, 64));
}
END_TEST

START_TEST(a_pin_is_true_or_false)
{
	ck_assert(labels_is_pin(slice("{\"pinned\":true}")));
	ck_assert(labels_is_pin(slice("{\"pinned\":false}")));
	ck_assert(!labels_is_pin(slice("{\"pinned\":1}")));
	ck_assert(!labels_is_pin(slice("{\"pinned\":null}")));
	ck_assert(!labels_is_pin(slice("{\"pinned\":true,\"x\":1}")));
	ck_assert(!labels_is_pin(slice("{}")));
}
END_TEST

/* Pushes the given paths ("a" stands for "/a") and says which are remembered. */
static void remembered(const char *pushed, unsigned split, char *ret_names)
{
	static char paths[26][8];
	struct former first = { .count = 0 }, second = { .count = 0 };

	for (unsigned i = 0; pushed[i] != '\0'; i++) {
		char *path = paths[pushed[i] - 'a'];

		(void)snprintf(path, sizeof paths[0], "\"/%c\"", pushed[i]);
		former_push(i < split ? &first : &second, slice(path));
	}
	for (unsigned i = 0; i < second.count; i++)
		former_push(&first, second.paths[i]);
	for (unsigned i = 0; i < first.count; i++)
		ret_names[i] = first.paths[i].data[2];
	ret_names[first.count] = '\0';
}

START_TEST(former_projects_are_remembered_once_and_the_newest_eight)
{
	static const char *const cases[][2] = {
		{ "", "" },	  { "a", "a" },		    { "aba", "ba" },
		{ "aa", "a" },	  { "abcdefgh", "abcdefgh" }, { "abcdefghi", "bcdefghi" },
		{ "abcdefgha", "bcdefgha" }, { "abababababc", "abc" }, { "cabababababab", "cab" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		/* However the run is split, the parts merge to the same. */
		for (unsigned split = 0; split <= strlen(cases[i][0]); split++) {
			char names[FORMAT_FORMER_MAX + 1];

			remembered(cases[i][0], split, names);
			ck_assert_str_eq(names, cases[i][1]);
		}
	}
}
END_TEST

START_TEST(the_head_remembers_the_same_as_digests)
{
	static const char *const pushed[] = { "a", "aba", "abcdefgha", "cabababab" };

	for (size_t i = 0; i < sizeof pushed / sizeof pushed[0]; i++) {
		char names[FORMAT_FORMER_MAX + 1];
		struct head head = { 0 };
		size_t count;

		remembered(pushed[i], 0, names);
		count = strlen(names);
		for (const char *at = pushed[i]; *at != '\0'; at++) {
			char path[8];
			struct former one = { .count = 0 };

			(void)snprintf(path, sizeof path, "\"/%c\"", *at);
			former_push(&one, slice(path));
			former_apply(&one, &head);
		}
		for (size_t k = 0; k < FORMAT_FORMER_MAX; k++) {
			uint8_t digest[FORMAT_FORMER_SIZE] = { 0 };
			char path[3] = "/";

			if (k < count) {
				path[1] = names[count - 1 - k];
				head_digest_path(path, 2, digest);
			}
			ck_assert_mem_eq(head.former[k], digest, sizeof digest);
		}
	}
}
END_TEST

static const char *const two_tags[] = { "b", "a" };

/* A session with a name, a pin and two tags. */
static void make_labelled(struct fixture *f, enum hf_close how)
{
	fixture_open(f);
	create(f, ID_1, "first");
	append_many(f, 2);
	leave(f, how);
	ck_assert_int_eq(hf_session_open(f->store, ID_1, NULL, &f->detail, &f->session), HF_OK);
	ck_assert_int_eq(hf_session_rename(f->session, "second", &f->detail), HF_OK);
	ck_assert_int_eq(hf_session_pin(f->session, true, &f->detail), HF_OK);
	ck_assert_int_eq(hf_session_tag(f->session, two_tags, 2, &f->detail), HF_OK);
}

static void expect_labels(struct fixture *f, bool closed)
{
	struct hf_view *view = load(f, ID_1);
	const struct hf_info *info = hf_view_info(view);

	ck_assert(slice_is(info->name, "second"));
	ck_assert(slice_is(info->tags, "b a"));
	ck_assert(info->pinned);
	ck_assert(info->closed == closed);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	hf_view_close(view);
}

START_TEST(labels_leave_a_session_closed_or_open)
{
	struct fixture f;

	make_labelled(&f, _i == 0 ? HF_CLOSE_LEAVE : HF_CLOSE_SEAL);
	leave(&f, HF_CLOSE_LEAVE);
	expect_labels(&f, _i == 1);
	ck_assert_uint_eq(verify(&f, ID_1).records, _i == 0 ? 6 : 7);
	/* A message opens it again. */
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	expect_labels(&f, false);
	fixture_close(&f);
}
END_TEST

START_TEST(labels_outlive_a_save)
{
	struct hf_append record = { "message", NULL, "{}", 2 };
	struct fixture f;

	make_labelled(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_save(f.session, NULL, &record, 1, &f.detail), HF_OK);
	expect_labels(&f, false);
	/* The next save takes them from what the writer knows. */
	ck_assert_int_eq(hf_session_save(f.session, NULL, &record, 1, &f.detail), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_labels(&f, false);
	fixture_close(&f);
}
END_TEST

START_TEST(labels_can_be_taken_back)
{
	struct hf_append record = { "message", NULL, "{}", 2 };
	struct hf_view *view;
	struct fixture f;

	make_labelled(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_pin(f.session, false, &f.detail), HF_OK);
	ck_assert_int_eq(hf_session_tag(f.session, NULL, 0, &f.detail), HF_OK);
	if (_i == 1)
		ck_assert_int_eq(hf_session_save(f.session, NULL, &record, 1, &f.detail), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	view = load(&f, ID_1);
	ck_assert_uint_eq(hf_view_info(view)->tags.size, 0);
	ck_assert(!hf_view_info(view)->pinned);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_no_label_is_refused_and_the_handle_stays_good)
{
	static const char *const bad[] = { "a b" };
	static const char *const nothing[] = { NULL };
	char long_name[HF_NAME_MAX + 2];
	struct fixture f;

	make_labelled(&f, HF_CLOSE_LEAVE);
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	ck_assert_int_eq(hf_session_tag(f.session, bad, 1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_tag(f.session, nothing, 1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_tag(f.session, NULL, 1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_tag(f.session, two_tags, HF_TAGS_MAX + 1, &f.detail),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_rename(f.session, long_name, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_rename(f.session, "\xff", &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_rename(f.session, NULL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(append(&f, "relocate", NULL, "{\"project\":\"/a\",\"from\":null}"),
			 HF_ERR_INVALID);
	long_name[HF_NAME_MAX] = '\0';
	ck_assert_int_eq(hf_session_rename(f.session, long_name, &f.detail), HF_OK);
	ck_assert_int_eq(hf_session_rename(f.session, "second", &f.detail), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_labels(&f, false);
	fixture_close(&f);
}
END_TEST

START_TEST(a_full_session_can_still_be_named_and_closed)
{
	struct hf_store_options options = { .padding = 1, .max_session_size = 2000 };
	struct hf_append record = { "message", NULL, "{}", 2 };
	struct hf_append many[30];
	struct fixture f;
	uint64_t records;
	int rc;

	fixture_open(&f);
	fixture_reopen_store(&f, &options);
	create(&f, ID_1, "first");
	do {
		records = hf_session_records(f.session);
		rc = append(&f, "message", NULL, "{}");
	} while (rc == HF_OK);
	ck_assert_int_eq(rc, HF_ERR_MAX_SESSION_SIZE);
	ck_assert_uint_eq(hf_session_records(f.session), records);
	ck_assert_uint_gt(records, 5);
	ck_assert_int_eq(hf_session_rename(f.session, "second", &f.detail), HF_OK);
	for (size_t i = 0; i < 30; i++)
		many[i] = record;
	ck_assert_int_eq(hf_session_save(f.session, NULL, many, 30, &f.detail),
			 HF_ERR_MAX_SESSION_SIZE);
	ck_assert_int_eq(hf_session_save(f.session, NULL, many, 2, &f.detail), HF_OK);
	ck_assert_int_eq(append(&f, "message", NULL, "{}"), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("labels");
	TCase *tcase = runner_cases(suite, "labels", 60);

	tcase_add_test(tcase, tags_are_words);
	tcase_add_test(tcase, tags_are_bounded_in_number_and_size);
	tcase_add_test(tcase, a_pin_is_true_or_false);
	tcase_add_test(tcase, former_projects_are_remembered_once_and_the_newest_eight);
	tcase_add_test(tcase, the_head_remembers_the_same_as_digests);
	tcase_add_loop_test(tcase, labels_leave_a_session_closed_or_open, 0, 2);
	tcase_add_test(tcase, labels_outlive_a_save);
	tcase_add_loop_test(tcase, labels_can_be_taken_back, 0, 2);
	tcase_add_test(tcase, what_is_no_label_is_refused_and_the_handle_stays_good);
	tcase_add_test(tcase, a_full_session_can_still_be_named_and_closed);
	return runner_run(suite);
}
