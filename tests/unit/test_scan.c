/* SPDX-License-Identifier: MIT */
/*
 * Goal: a walk over a log stops at the first line that does not check, and comes to the
 * same whatever the number of threads and pieces. Method: forged lines with right MACs and
 * wrong contents, and a log of some megabytes that is damaged near each place where it is
 * cut into parts.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log_rig.h"
#include "log/scan.h"

struct fixture {
	struct log_rig rig;
	struct storage_id id;
	struct forge forge;
};

static void open_fixture(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	log_rig_open(&f->rig);
	f->id = log_rig_id(1);
	forge_begin(&f->forge, &f->rig, f->id, RIG_KEY_ID, 0);
}

static void close_fixture(struct fixture *f)
{
	forge_end(&f->forge);
	log_rig_close(&f->rig);
}

/* Walks over a copy in memory of just that size. */
static struct scan scan(struct fixture *f, const struct session_key *key, const char *bytes,
			size_t size)
{
	char *copy = malloc(size + (size == 0));
	struct scan scan = { 0 };

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, bytes, size);
	ck_assert_int_eq(scan_lines(&f->rig.env, &f->rig.report, key, copy, size, &scan), HF_OK);
	free(copy);
	/* The folded slices would dangle. */
	scan.fold = (struct fold){ .messages = scan.fold.messages, .promised = scan.fold.promised,
				   .any = scan.fold.any, .has_first = scan.fold.has_first,
				   .updated_us = scan.fold.updated_us };
	return scan;
}

START_TEST(good_lines_are_counted_folded_and_remembered)
{
	struct fixture f;
	struct scan found;

	open_fixture(&f);
	forge_log(&f.forge, f.id, 9);
	found = scan(&f, f.forge.key, f.forge.bytes.data, f.forge.bytes.size);
	ck_assert_uint_eq(found.records, 10);
	ck_assert_uint_eq(found.offset, f.forge.bytes.size);
	ck_assert(mac_equal(found.mac, f.forge.mac));
	ck_assert_uint_eq(found.fold.messages, 9);
	ck_assert(found.fold.has_first);
	close_fixture(&f);
}
END_TEST

START_TEST(a_walk_over_nothing_comes_nowhere)
{
	struct fixture f;
	struct scan found;

	open_fixture(&f);
	found = scan(&f, f.forge.key, "", 0);
	ck_assert_uint_eq(found.records + found.offset, 0);
	found = scan(&f, f.forge.key, "\n", 1);
	ck_assert_uint_eq(found.records + found.offset, 0);
	found = scan(&f, f.forge.key, "x", 1);
	ck_assert_uint_eq(found.records + found.offset, 0);
	close_fixture(&f);
}
END_TEST

START_TEST(a_line_without_its_line_feed_is_no_line)
{
	struct fixture f;
	struct scan found;

	open_fixture(&f);
	forge_log(&f.forge, f.id, 3);
	for (size_t less = 1; less < 200; less++) {
		found = scan(&f, f.forge.key, f.forge.bytes.data, f.forge.bytes.size - less);
		ck_assert_uint_le(found.records, 3);
		ck_assert(found.records == 3 || less > 100);
	}
	close_fixture(&f);
}
END_TEST

START_TEST(a_walk_goes_on_from_where_another_ended)
{
	struct fixture f;
	struct scan whole;

	open_fixture(&f);
	forge_log(&f.forge, f.id, 9);
	whole = scan(&f, f.forge.key, f.forge.bytes.data, f.forge.bytes.size);
	for (size_t cut = 0; cut <= f.forge.bytes.size; cut++) {
		struct scan two = { 0 };

		ck_assert_int_eq(scan_lines(&f.rig.env, &f.rig.report, f.forge.key,
					    f.forge.bytes.data, cut, &two), HF_OK);
		ck_assert_int_eq(scan_lines(&f.rig.env, &f.rig.report, f.forge.key,
					    f.forge.bytes.data + two.offset,
					    f.forge.bytes.size - (size_t)two.offset, &two), HF_OK);
		ck_assert_uint_eq(two.records, whole.records);
		ck_assert_uint_eq(two.offset, whole.offset);
		ck_assert(mac_equal(two.mac, whole.mac));
		ck_assert_uint_eq(two.fold.messages, whole.fold.messages);
	}
	close_fixture(&f);
}
END_TEST

/* Bodies that are signed rightly and are wrong all the same, as record 1. */
START_TEST(signed_lines_of_a_wrong_shape_do_not_check)
{
	static const char *const bodies[] = {
		"", "{}", "x",
		"{\"n\":2,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"message\",\"data\":1",
		"{\"n\":0,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"message\",\"data\":1",
		"{\"n\":01,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"message\",\"data\":1",
		"{\"n\":1,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"session\",\"data\":1",
		"{\"n\":1,\"at\":\"2026-11-22T23:54:63.123456Z\",\"type\":\"message\",\"data\":1",
		"{\"n\":1,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"Message\",\"data\":1",
		"{\"n\":1,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"message\",\"data\":",
	};
	struct fixture f;

	open_fixture(&f);
	forge_log(&f.forge, f.id, 0);
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		size_t size = f.forge.bytes.size;
		uint8_t mac[MAC_SIZE];
		struct scan found;

		memcpy(mac, f.forge.mac, sizeof mac);
		forge_body(&f.forge, bodies[i], strlen(bodies[i]));
		found = scan(&f, f.forge.key, f.forge.bytes.data, f.forge.bytes.size);
		ck_assert_msg(found.records == 1 && found.offset == size, "%s", bodies[i]);
		f.forge.bytes.size = size;
		memcpy(f.forge.mac, mac, sizeof mac);
	}
	close_fixture(&f);
}
END_TEST

START_TEST(the_first_record_must_be_the_session)
{
	struct fixture f;
	struct scan found;

	open_fixture(&f);
	forge_add(&f.forge, "message", NULL, "1");
	found = scan(&f, f.forge.key, f.forge.bytes.data, f.forge.bytes.size);
	ck_assert_uint_eq(found.records, 0);
	close_fixture(&f);
}
END_TEST

/* Of a session whose key is missing lines are taken as they are, but in sequence. */
START_TEST(without_a_key_the_shape_and_the_sequence_count)
{
	struct fixture f;
	struct scan found;
	char *feed;

	open_fixture(&f);
	forge_log(&f.forge, f.id, 9);
	f.forge.bytes.data[f.forge.bytes.size - 10] ^= 1;
	found = scan(&f, NULL, f.forge.bytes.data, f.forge.bytes.size);
	ck_assert_uint_eq(found.records, 10);
	feed = memchr(f.forge.bytes.data, '\n', f.forge.bytes.size);
	feed[6] = '2'; /* the number of record 1 */
	found = scan(&f, NULL, f.forge.bytes.data, f.forge.bytes.size);
	ck_assert_uint_eq(found.records, 1);
	close_fixture(&f);
}
END_TEST

/* ---- Threads ---- */

enum { BIG_RECORDS = 6200 };

static void forge_big(struct fixture *f)
{
	char data[700];
	char *first = forge_first(f->id, RIG_KEY_ID, 0, "null", 1);

	memset(data, 'd', sizeof data);
	data[0] = data[sizeof data - 2] = '"';
	data[sizeof data - 1] = '\0';
	forge_add(&f->forge, "session", NULL, first);
	free(first);
	for (unsigned i = 1; i < BIG_RECORDS; i++)
		forge_add(&f->forge, "message", NULL, data);
}

static struct scan scan_on(struct fixture *f, uint32_t threads)
{
	struct scan found = { 0 };

	f->rig.env.threads = threads;
	ck_assert_int_eq(scan_lines(&f->rig.env, &f->rig.report, f->forge.key, f->forge.bytes.data,
				    f->forge.bytes.size, &found), HF_OK);
	return found;
}

static void expect_same(struct fixture *f, const char *what, size_t at)
{
	struct scan one = scan_on(f, 1);
	static const uint32_t threads[] = { 2, 3, 16 };

	for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
		struct scan many = scan_on(f, threads[i]);

		ck_assert_msg(many.records == one.records && many.offset == one.offset &&
			      mac_equal(many.mac, one.mac) &&
			      many.fold.messages == one.fold.messages &&
			      many.fold.updated_us == one.fold.updated_us,
			      "%s at %zu: %llu records on %u threads, %llu on one", what, at,
			      (unsigned long long)many.records, threads[i],
			      (unsigned long long)one.records);
	}
}

START_TEST(more_threads_come_to_the_same)
{
	struct fixture f;

	open_fixture(&f);
	forge_big(&f);
	ck_assert_uint_gt(f.forge.bytes.size, 5000000);
	ck_assert_uint_eq(scan_on(&f, 1).records, BIG_RECORDS);
	expect_same(&f, "whole", 0);
	close_fixture(&f);
}
END_TEST

/* Also where the parts of two, three and five threads meet. */
START_TEST(more_threads_stop_at_the_same_damaged_line)
{
	struct fixture f;
	size_t size;

	open_fixture(&f);
	forge_big(&f);
	size = f.forge.bytes.size;
	for (unsigned part = 0; part <= 30; part++) {
		static const int near[] = { -60, 800 };

		for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
			int64_t at = (int64_t)(size / 30 * part) + near[i];

			if (at < 0 || at >= (int64_t)size)
				continue;
			f.forge.bytes.data[at] ^= 1;
			expect_same(&f, "damage", (size_t)at);
			f.forge.bytes.data[at] ^= 1;
		}
	}
	close_fixture(&f);
}
END_TEST

START_TEST(more_threads_are_not_deceived_by_lines_in_another_order)
{
	struct fixture f;
	size_t size, line, middle;
	char *copy;

	open_fixture(&f);
	forge_big(&f);
	size = f.forge.bytes.size;
	copy = malloc(size);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, f.forge.bytes.data, size);
	/* The second half first. */
	line = (size_t)((const char *)memchr(copy, '\n', size) + 1 - copy);
	middle = (size_t)((const char *)memchr(copy + size / 2, '\n', size / 2) + 1 - copy);
	memcpy(f.forge.bytes.data + line, copy + middle, size - middle);
	memcpy(f.forge.bytes.data + line + size - middle, copy + line, middle - line);
	ck_assert_uint_eq(scan_on(&f, 1).records, 1);
	expect_same(&f, "halves exchanged", middle);
	/* No line feed at all. */
	memset(f.forge.bytes.data, 'x', size);
	expect_same(&f, "one line", 0);
	memset(f.forge.bytes.data, '\n', size);
	expect_same(&f, "only line feeds", 0);
	free(copy);
	close_fixture(&f);
}
END_TEST

/* ---- Records behind damage ---- */

START_TEST(a_record_behind_damage_is_found_by_the_line_before_it_or_the_last_good_one)
{
	struct fixture f;
	uint8_t mac[MAC_SIZE];
	struct buffer bytes = BUFFER_INIT(10000);
	size_t start;
	struct mac *key;

	open_fixture(&f);
	key = &f.forge.key->record;
	forge_log(&f.forge, f.id, 3);
	memcpy(mac, f.forge.mac, sizeof mac);
	start = f.forge.bytes.size;
	forge_add(&f.forge, "message", NULL, "1");
	forge_add(&f.forge, "message", NULL, "2");
	/* The first line is the one that did not check: it is not looked at itself. */
	ck_assert(scan_finds_record(key, mac, f.forge.bytes.data + start,
				    f.forge.bytes.size - start));
	ck_assert_int_eq(buffer_put_text(&bytes, "rubbish\n"), HF_OK);
	ck_assert(!scan_finds_record(key, mac, bytes.data, bytes.size));
	ck_assert_int_eq(buffer_put(&bytes, f.forge.bytes.data + start,
				    f.forge.bytes.size - start), HF_OK);
	ck_assert(scan_finds_record(key, mac, bytes.data, bytes.size));
	/* Without its line feed it is none. */
	ck_assert(!scan_finds_record(key, mac, f.forge.bytes.data + start,
				     f.forge.bytes.size - start - 1));
	mac[0] ^= 1;
	ck_assert(scan_finds_record(key, mac, bytes.data, bytes.size));
	/* A line between the two breaks the chain. */
	bytes.size = 0;
	ck_assert_int_eq(buffer_put_text(&bytes, "rubbish\nmore\n"), HF_OK);
	ck_assert(!scan_finds_record(key, mac, bytes.data, bytes.size));
	ck_assert(!scan_finds_record(key, mac, "", 0));
	buffer_release(&bytes);
	close_fixture(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *lines = tcase_create("lines");
	TCase *threads = tcase_create("threads");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(lines, good_lines_are_counted_folded_and_remembered);
	tcase_add_test(lines, a_walk_over_nothing_comes_nowhere);
	tcase_add_test(lines, a_line_without_its_line_feed_is_no_line);
	tcase_add_test(lines, a_walk_goes_on_from_where_another_ended);
	tcase_add_test(lines, signed_lines_of_a_wrong_shape_do_not_check);
	tcase_add_test(lines, the_first_record_must_be_the_session);
	tcase_add_test(lines, without_a_key_the_shape_and_the_sequence_count);
	tcase_add_test(lines,
		       a_record_behind_damage_is_found_by_the_line_before_it_or_the_last_good_one);
	tcase_add_test(threads, more_threads_come_to_the_same);
	tcase_add_test(threads, more_threads_stop_at_the_same_damaged_line);
	tcase_add_test(threads, more_threads_are_not_deceived_by_lines_in_another_order);
	suite_add_tcase(suite, lines);
	suite_add_tcase(suite, threads);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
