/* SPDX-License-Identifier: MIT */
/*
 * Goal: of the newest HF_ID_WINDOW ids it is known what they stand for, and of no other.
 * Method: the window is filled beyond its size.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/alloc_fault.h"
#include "log/ids.h"

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static struct ids_entry entry(const char *id, const char *type, const char *data, uint64_t n)
{
	return ids_digest(slice_of(id), slice_of(type), slice_of(data), n);
}

static struct ids_entry numbered(unsigned number)
{
	char id[32];

	(void)snprintf(id, sizeof id, "id-%u", number);
	return entry(id, "message", "1", number);
}

START_TEST(nothing_is_known_at_first)
{
	struct ids ids = { 0 };
	struct ids_entry one = numbered(1);
	uint64_t n = 77;

	ck_assert_int_eq(ids_find(&ids, &one, &n), IDS_NEW);
	ck_assert_uint_eq(n, 77);
	ids_release(&ids);
}
END_TEST

START_TEST(an_id_stands_for_its_type_and_data)
{
	struct ids ids = { 0 };
	struct ids_entry added = entry("id", "message", "1", 5);
	struct ids_entry same = entry("id", "message", "1", 9);
	struct ids_entry others[] = { entry("id", "message", "2", 9), entry("id", "x-a", "1", 9),
				      entry("id", "message1", "", 9), entry("id", "", "message1", 9) };
	struct ids_entry unknown = entry("di", "message", "1", 9);
	uint64_t n = 77;

	ck_assert_int_eq(ids_add(&ids, &added), HF_OK);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_int_eq(ids_find(&ids, &others[i], &n), IDS_OTHER);
	ck_assert_int_eq(ids_find(&ids, &unknown, &n), IDS_NEW);
	ck_assert_uint_eq(n, 77);
	ck_assert_int_eq(ids_find(&ids, &same, &n), IDS_SAME);
	ck_assert_uint_eq(n, 5);
	ids_release(&ids);
}
END_TEST

START_TEST(the_newest_ids_are_known_and_older_ones_forgotten)
{
	struct ids ids = { 0 };
	const unsigned count = 3 * HF_ID_WINDOW + 7;

	for (unsigned i = 0; i < count; i++) {
		struct ids_entry added = numbered(i);
		struct ids_entry oldest = numbered(i >= HF_ID_WINDOW ? i - HF_ID_WINDOW + 1 : 0);
		struct ids_entry before = numbered(i >= HF_ID_WINDOW ? i - HF_ID_WINDOW : count);
		uint64_t n = 0;

		ck_assert_int_eq(ids_add(&ids, &added), HF_OK);
		ck_assert_int_eq(ids_find(&ids, &added, &n), IDS_SAME);
		ck_assert_uint_eq(n, i);
		ck_assert_int_eq(ids_find(&ids, &oldest, &n), IDS_SAME);
		ck_assert_int_eq(ids_find(&ids, &before, &n), IDS_NEW);
	}
	ids_release(&ids);
}
END_TEST

START_TEST(what_is_cleared_is_forgotten)
{
	struct ids ids = { 0 };
	struct ids_entry one = numbered(1);
	uint64_t n = 77;

	ck_assert_int_eq(ids_add(&ids, &one), HF_OK);
	ids_clear(&ids);
	ck_assert_int_eq(ids_find(&ids, &one, &n), IDS_NEW);
	ck_assert_int_eq(ids_add(&ids, &one), HF_OK);
	ck_assert_int_eq(ids_find(&ids, &one, &n), IDS_SAME);
	ids_release(&ids);
	ids_release(&ids);
}
END_TEST

START_TEST(without_memory_nothing_is_added)
{
	struct ids ids = { 0 };
	struct ids_entry one = numbered(1);
	uint64_t n = 77;
	int rc;

	alloc_fault_fail(1, true);
	rc = ids_add(&ids, &one);
	alloc_fault_stop();
	ck_assert_int_eq(rc, HF_ERR_NOMEM);
	ck_assert_int_eq(ids_find(&ids, &one, &n), IDS_NEW);
	ids_release(&ids);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ids");
	TCase *ids = tcase_create("ids");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(ids, nothing_is_known_at_first);
	tcase_add_test(ids, an_id_stands_for_its_type_and_data);
	tcase_add_test(ids, the_newest_ids_are_known_and_older_ones_forgotten);
	tcase_add_test(ids, what_is_cleared_is_forgotten);
	tcase_add_test(ids, without_memory_nothing_is_added);
	suite_add_tcase(suite, ids);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
