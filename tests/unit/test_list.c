/* SPDX-License-Identifier: MIT */
/*
 * Goal: a listing has each session once, from its head, and no damage hides one or ends the
 * listing. Method: stores with whole, damaged, active and removed sessions.
 */
#include "store_fixture.h"

enum { ENTRIES_MAX = 300 };

/* An entry with its texts copied, since they last until the next call. */
struct noted {
	struct hf_entry entry;
	char name[HF_NAME_MAX + 1];
};

static size_t list_all(struct fixture *f, const char *prefix, struct noted *noted)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;
	int rc;

	ck_assert_int_eq(hf_list_open(f->store, &(struct hf_list_options){ .prefix = prefix }, &f->detail, &list), HF_OK);
	while ((rc = hf_list_next(list, &entry)) == HF_OK) {
		ck_assert_uint_lt(count, ENTRIES_MAX);
		noted[count].entry = entry;
		(void)snprintf(noted[count].name, sizeof noted[count].name, "%.*s",
			       (int)entry.info.name.size, entry.info.name.data);
		count++;
	}
	ck_assert_int_eq(rc, HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_list_next(list, &entry), HF_ERR_NOTFOUND);
	hf_list_close(list);
	return count;
}

static const struct noted *find(const struct noted *noted, size_t count, const char *id)
{
	const struct noted *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(noted[i].entry.info.id, id) == 0) {
			ck_assert_ptr_null(found);
			found = &noted[i];
		}
	}
	return found;
}

static void make_three(struct fixture *f)
{
	static const char *const ids[] = { ID_1, ID_2, ID_3 };
	static const char *const names[] = { "one", "two", NULL };

	fixture_open(f);
	for (size_t i = 0; i < 3; i++) {
		create(f, ids[i], names[i]);
		append_many(f, (unsigned)i + 2);
		leave(f, i == 1 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE);
	}
}

START_TEST(an_empty_store_is_an_empty_list)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	fixture_open(&f);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 0);
	ck_assert_uint_eq(list_all(&f, "abcd", noted), 0);
	hf_list_close(NULL);
	fixture_close(&f);
}
END_TEST

START_TEST(each_session_is_listed_once_with_what_its_head_tells)
{
	static struct noted noted[ENTRIES_MAX];
	const struct noted *two;
	struct fixture f;

	make_three(&f);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 3);
	two = find(noted, 3, ID_2);
	ck_assert_ptr_nonnull(two);
	ck_assert_int_eq(two->entry.error, HF_OK);
	ck_assert(!two->entry.active);
	ck_assert_str_eq(two->name, "two");
	ck_assert_uint_eq(two->entry.info.records, 5);
	ck_assert_uint_eq(two->entry.info.messages, 3);
	ck_assert(two->entry.info.closed);
	ck_assert_uint_gt(two->entry.info.bytes, 500);
	ck_assert_ptr_nonnull(find(noted, 3, ID_1));
	ck_assert(!find(noted, 3, ID_3)->entry.info.closed);
	fixture_close(&f);
}
END_TEST

START_TEST(a_prefix_chooses_sessions)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	make_three(&f);
	ck_assert_uint_eq(list_all(&f, "", noted), 3);
	ck_assert_uint_eq(list_all(&f, "0195", noted), 2);
	ck_assert_uint_eq(list_all(&f, ID_2, noted), 1);
	ck_assert_uint_eq(list_all(&f, "a", noted), 1);
	ck_assert_uint_eq(list_all(&f, "b", noted), 0);
	fixture_close(&f);
}
END_TEST

/* More than fit the room that is made at first. */
START_TEST(many_sessions_are_listed)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	fixture_open(&f);
	for (unsigned i = 0; i < 150; i++) {
		create(&f, NULL, NULL);
		leave(&f, HF_CLOSE_LEAVE);
	}
	ck_assert_uint_eq(list_all(&f, NULL, noted), 150);
	for (unsigned i = 0; i < 150; i++)
		ck_assert_ptr_eq(find(noted, 150, noted[i].entry.info.id), &noted[i]);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_is_held_is_active)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	make_three(&f);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 3);
	ck_assert(find(noted, 3, ID_1)->entry.active);
	ck_assert(!find(noted, 3, ID_2)->entry.active);
	fixture_close(&f);
}
END_TEST

#define FILE_OF(id, suffix) "store/sessions/" id suffix

/* A damaged session is an entry with its error, never the end of the list. */
START_TEST(damaged_sessions_are_listed_with_their_errors)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	make_three(&f);
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".head"));
	scratch_remove(f.scratch.fd, FILE_OF(ID_2, ".jsonl"));
	scratch_flip(f.scratch.fd, FILE_OF(ID_3, ".head"), 60, 1);
	scratch_flip(f.scratch.fd, FILE_OF(ID_3, ".head"), 4096 + 60, 1);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 3);
	ck_assert_int_eq(find(noted, 3, ID_1)->entry.error, HF_ERR_HEAD_MISSING);
	ck_assert_int_eq(find(noted, 3, ID_2)->entry.error, HF_ERR_TRUNCATED);
	ck_assert_str_eq(find(noted, 3, ID_2)->name, "two");
	ck_assert_int_eq(find(noted, 3, ID_3)->entry.error, HF_ERR_HEAD_MISSING);
	fixture_close(&f);
}
END_TEST

START_TEST(sessions_whose_key_is_missing_are_listed)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	make_three(&f);
	scratch_remove(f.scratch.fd, "store/keys/machine_secret");
	fixture_reopen_store(&f, NULL);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(noted[i].entry.error, HF_ERR_KEY_MISSING);
	fixture_close(&f);
}
END_TEST

START_TEST(files_of_no_session_are_not_listed)
{
	static struct noted noted[ENTRIES_MAX];
	static const char *const names[] = {
		"store/sessions/notes.txt", "store/sessions/x.jsonl", "store/sessions/" ID_1 ".jsonl.bak",
		"store/sessions/." ID_1 ".0123456789abcdef.tmp", "store/sessions/" ID_3 "0.jsonl",
	};
	struct fixture f;

	make_three(&f);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		scratch_put(f.scratch.fd, names[i], "x", 1);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 3);
	ck_assert_int_eq(hf_session_delete(f.store, ID_2, NULL), HF_OK);
	ck_assert_uint_eq(list_all(&f, NULL, noted), 2);
	ck_assert_ptr_null(find(noted, 2, ID_2));
	fixture_close(&f);
}
END_TEST

static int find_session(struct fixture *f, const char *prefix, const char *wanted)
{
	char id[HF_ID_SIZE] = "untouched";
	int rc = hf_session_find(f->store, prefix, &f->detail, id);

	ck_assert_str_eq(id, rc == HF_OK ? wanted : "untouched");
	return rc;
}

START_TEST(a_session_is_found_by_the_start_of_its_id)
{
	struct fixture f;

	make_three(&f);
	ck_assert_int_eq(find_session(&f, ID_1, ID_1), HF_OK);
	ck_assert_int_eq(find_session(&f, "aaaa", ID_3), HF_OK);
	ck_assert_int_eq(find_session(&f, "aaaaaaaa-1", ID_3), HF_OK);
	ck_assert_int_eq(find_session(&f, "0195", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find_session(&f, "0195d3a0-1111-4222-8333-44445555666", NULL),
			 HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find_session(&f, "bbbb", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find_session(&f, "0195d3a0-1111-4222-8333-444455556669", NULL),
			 HF_ERR_NOTFOUND);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_no_part_of_an_id_is_refused)
{
	static const char *const prefixes[] = { "",	 "a",	  "aaa",   "AAAA",   "aaag",
						"aaaa*", "../..", "aaaa ", ID_1 "0", "0195d3a0/" };
	struct fixture f;

	make_three(&f);
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		ck_assert_msg(find_session(&f, prefixes[i], NULL) == HF_ERR_INVALID, "%s", prefixes[i]);
	ck_assert_int_eq(find_session(&f, NULL, NULL), HF_ERR_INVALID);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *list = tcase_create("list");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(list, 60);
	tcase_add_test(list, an_empty_store_is_an_empty_list);
	tcase_add_test(list, each_session_is_listed_once_with_what_its_head_tells);
	tcase_add_test(list, a_prefix_chooses_sessions);
	tcase_add_test(list, many_sessions_are_listed);
	tcase_add_test(list, a_session_that_is_held_is_active);
	tcase_add_test(list, damaged_sessions_are_listed_with_their_errors);
	tcase_add_test(list, sessions_whose_key_is_missing_are_listed);
	tcase_add_test(list, files_of_no_session_are_not_listed);
	tcase_add_test(list, a_session_is_found_by_the_start_of_its_id);
	tcase_add_test(list, what_is_no_part_of_an_id_is_refused);
	suite_add_tcase(suite, list);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
