/* SPDX-License-Identifier: MIT */
/*
 * Goal: a view shows the records that verify, the same from both ends, and stays as it was
 * taken. Method: logs whose end is mapped, copied, or both, are stepped through forwards,
 * backwards and from the last messages.
 */
#include "store_fixture.h"

#define LOG_1 "store/sessions/" ID_1 ".jsonl"
#define HEAD_1 "store/sessions/" ID_1 ".head"

enum { RECORDS_MAX = 64 };

/* Every record of a view, forwards. */
static unsigned take_all(const struct hf_view *view, struct hf_record *records)
{
	struct hf_record record = { 0 };
	unsigned count = 0;

	while (hf_view_next(view, &record)) {
		ck_assert_uint_lt(count, RECORDS_MAX);
		records[count++] = record;
	}
	return count;
}

static void expect_same(const struct hf_record *a, const struct hf_record *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_int_eq(a->at_us, b->at_us);
	ck_assert_uint_eq(a->offset, b->offset);
	ck_assert_ptr_eq(a->line.data, b->line.data);
	ck_assert_uint_eq(a->line.size, b->line.size);
	ck_assert_ptr_eq(a->data.data, b->data.data);
	ck_assert_uint_eq(a->data.size, b->data.size);
}

/* The last k messages, for each k, are those at the end of the forward walk. */
static void expect_last(const struct hf_view *view, const struct hf_record *records, unsigned count)
{
	unsigned messages[RECORDS_MAX + 1];
	unsigned found = 0;

	for (unsigned i = count; i-- > 0;) {
		if (slice_is(records[i].type, "message"))
			messages[found++] = i;
	}
	for (unsigned k = 1; k <= found + 2 && found > 0; k++) {
		struct hf_record record = { 0 };

		ck_assert(hf_view_last(view, k, &record));
		expect_same(&record, &records[messages[(k < found ? k : found) - 1]]);
	}
}

/* Steps through a view in each way and compares. Returns the count of records. */
static unsigned expect_ways_agree(const struct hf_view *view)
{
	struct hf_record records[RECORDS_MAX];
	struct hf_record record = { 0 };
	unsigned count = take_all(view, records);
	unsigned left = count;

	while (hf_view_previous(view, &record)) {
		ck_assert_uint_gt(left, 0);
		expect_same(&record, &records[--left]);
	}
	ck_assert_uint_eq(left, 0);
	/* From each record one step forth and back. */
	for (unsigned i = 0; i < count; i++) {
		record = records[i];
		ck_assert(hf_view_next(view, &record) == (i + 1 < count));
		expect_same(&record, &records[i + 1 < count ? i + 1 : i]);
		record = records[i];
		ck_assert(hf_view_previous(view, &record) == (i > 0));
		expect_same(&record, &records[i > 0 ? i - 1 : i]);
	}
	expect_last(view, records, count);
	return count;
}

static void make_session(struct fixture *f, unsigned count)
{
	static const char *const types[] = { "message", "x-a", "message", "todos", "rename" };

	fixture_open(f);
	create(f, ID_1, "first");
	for (unsigned i = 1; i < count; i++)
		ck_assert_int_eq(append(f, types[i % 5], NULL, "{\"name\":\"n\"}"), HF_OK);
	leave(f, HF_CLOSE_LEAVE);
}

START_TEST(all_ways_through_a_session_agree)
{
	for (unsigned count = 1; count < 40; count += count < 8 ? 1 : 10) {
		struct fixture f;
		struct hf_view *view;

		make_session(&f, count);
		view = load(&f, ID_1);
		ck_assert_uint_eq(expect_ways_agree(view), count);
		ck_assert_uint_eq(hf_view_info(view)->records, count);
		hf_view_close(view);
		fixture_close(&f);
	}
}
END_TEST

/* With an older head some records are mapped and some copied. */
START_TEST(all_ways_agree_across_the_end_that_the_head_tells_of)
{
	enum { COUNT = 20 };
	char names[COUNT + 1][16];
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, NULL);
	for (unsigned n = 1; n <= COUNT; n++) {
		(void)snprintf(names[n], sizeof names[n], "head-%u", n);
		scratch_copy(f.scratch.fd, HEAD_1, f.scratch.fd, names[n]);
		append_many(&f, 1);
	}
	leave(&f, HF_CLOSE_LEAVE);
	for (unsigned n = 1; n <= COUNT; n++) {
		struct hf_view *view;

		scratch_copy(f.scratch.fd, names[n], f.scratch.fd, HEAD_1);
		view = load(&f, ID_1);
		ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
		ck_assert_uint_eq(hf_view_check(view)->acknowledged, n);
		ck_assert_uint_eq(expect_ways_agree(view), COUNT + 1);
		hf_view_close(view);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(without_a_head_all_is_shown_that_verifies)
{
	struct hf_view *view;
	struct fixture f;

	make_session(&f, 10);
	scratch_remove(f.scratch.fd, HEAD_1);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_HEAD_MISSING);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(only_what_verifies_is_shown)
{
	struct hf_view *view;
	struct fixture f;
	uint64_t offset;

	make_session(&f, 10);
	view = load(&f, ID_1);
	offset = hf_view_check(view)->bytes;
	hf_view_close(view);
	for (uint64_t at = 0; at < offset; at += 97) {
		unsigned count;

		scratch_flip(f.scratch.fd, LOG_1, at, 0x01);
		view = load(&f, ID_1);
		ck_assert_int_eq(hf_view_check(view)->verdict, HF_TAMPERED);
		count = expect_ways_agree(view);
		ck_assert_uint_eq(count, hf_view_check(view)->records);
		ck_assert_uint_lt(count, 10);
		ck_assert_uint_eq(hf_view_info(view)->records, count);
		hf_view_close(view);
		scratch_flip(f.scratch.fd, LOG_1, at, 0x01);
	}
	scratch_cut(f.scratch.fd, LOG_1, 0);
	view = load(&f, ID_1);
	ck_assert_uint_eq(expect_ways_agree(view), 0);
	hf_view_close(view);
	scratch_remove(f.scratch.fd, LOG_1);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_TRUNCATED);
	ck_assert_uint_eq(expect_ways_agree(view), 0);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_torn_tail_and_padding_are_not_shown)
{
	struct hf_view *view;
	struct fixture f;

	make_session(&f, 10);
	scratch_append(f.scratch.fd, LOG_1, "\n\n\n", 3);
	view = load(&f, ID_1);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	hf_view_close(view);
	scratch_append(f.scratch.fd, LOG_1, "{\"n\":10,\"at\"", 12);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_TORN);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_view_is_a_snapshot)
{
	struct hf_view *view;
	struct fixture f;
	struct hf_append record = { "message", NULL, "\"new\"", 5 };

	make_session(&f, 10);
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	append_many(&f, 5);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	ck_assert_int_eq(hf_session_save(f.session, NULL, &record, 1, NULL), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	ck_assert_int_eq(hf_session_delete(f.store, ID_1, NULL), HF_OK);
	ck_assert_uint_eq(expect_ways_agree(view), 10);
	ck_assert(slice_is(hf_view_info(view)->name, "n"));
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(the_folded_session_is_shown)
{
	const struct hf_info *info;
	struct hf_view *view;
	struct fixture f;

	fixture_open(&f);
	create(&f, ID_1, "first \xc3\xa9");
	view = load(&f, ID_1);
	ck_assert(slice_is(hf_view_config(view), "{}"));
	ck_assert_uint_eq(hf_view_todos(view).size, 0);
	ck_assert_uint_eq(hf_view_origin(view).size, 0);
	hf_view_close(view);
	ck_assert_int_eq(append(&f, "todos", NULL, "[1]"), HF_OK);
	ck_assert_int_eq(append(&f, "todos", NULL, "[ 2 ]"), HF_OK);
	ck_assert_int_eq(append(&f, "config", NULL, "{\"m\":1}"), HF_OK);
	append_many(&f, 2);
	leave(&f, HF_CLOSE_SEAL);
	view = load(&f, ID_1);
	info = hf_view_info(view);
	ck_assert_str_eq(info->id, ID_1);
	ck_assert_uint_eq(strlen(info->key_id), HF_KEY_ID_SIZE - 1);
	ck_assert_uint_eq(info->generation, 0);
	ck_assert(slice_is(info->name, "first \xc3\xa9"));
	ck_assert_uint_eq(info->project.size, 0);
	ck_assert(slice_is(info->first_words, "4"));
	ck_assert_int_gt(info->created_us, INT64_C(1577836800000000));
	ck_assert_int_ge(info->updated_us, info->created_us);
	ck_assert_uint_eq(info->records, 7);
	ck_assert_uint_eq(info->messages, 2);
	ck_assert_uint_eq(info->bytes, hf_view_check(view)->bytes);
	ck_assert(info->closed && !info->weak);
	ck_assert(slice_is(hf_view_todos(view), "[2]"));
	ck_assert(slice_is(hf_view_config(view), "{\"m\":1}"));
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_without_messages_has_no_last_one)
{
	struct hf_record record = { .n = 77 };
	struct hf_view *view;
	struct fixture f;

	make_session(&f, 1);
	view = load(&f, ID_1);
	ck_assert(!hf_view_last(view, 1, &record));
	ck_assert(!hf_view_last(view, UINT64_MAX, &record));
	ck_assert_uint_eq(record.n, 77);
	hf_view_close(view);
	hf_view_close(NULL);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_not_there_is_not_loaded)
{
	struct hf_view *view = NULL;
	struct fixture f;

	make_session(&f, 1);
	ck_assert_int_eq(hf_session_load(f.store, ID_2, &f.detail, &view), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_load(f.store, "x", &f.detail, &view), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_load(f.store, "", &f.detail, &view), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_load(f.store, NULL, &f.detail, &view), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_load(f.store, "../" ID_1, &f.detail, &view), HF_ERR_INVALID);
	ck_assert_ptr_null(view);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *view = tcase_create("view");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(view, 60);
	tcase_add_test(view, all_ways_through_a_session_agree);
	tcase_add_test(view, all_ways_agree_across_the_end_that_the_head_tells_of);
	tcase_add_test(view, without_a_head_all_is_shown_that_verifies);
	tcase_add_test(view, only_what_verifies_is_shown);
	tcase_add_test(view, a_torn_tail_and_padding_are_not_shown);
	tcase_add_test(view, a_view_is_a_snapshot);
	tcase_add_test(view, the_folded_session_is_shown);
	tcase_add_test(view, a_session_without_messages_has_no_last_one);
	tcase_add_test(view, what_is_not_there_is_not_loaded);
	suite_add_tcase(suite, view);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
