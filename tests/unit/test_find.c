/* SPDX-License-Identifier: MIT */
/*
 * Goal: a text finds the one session that it stands for, an id before a name and what is
 * outside the trash before what is in it; and the last session of a directory is that of the
 * nearest project. Method: stores of a few sessions, and every kind of text.
 */
#include <errno.h>

#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "list_fixture.h"

/* Finds wanted, or fails and writes nothing. */
static int find(struct fixture *f, const char *text, const char *wanted)
{
	char id[HF_ID_SIZE] = "untouched";
	int rc = hf_session_find(f->store, text, &f->detail, id);

	ck_assert_str_eq(id, rc == HF_OK ? wanted : "untouched");
	ck_assert_int_eq(rc == HF_OK ? HF_OK : f->detail.code, rc);
	return rc;
}

static void make_three(struct fixture *f)
{
	tamed_open(f);
	make(f, (struct plan){ .id = ID_1, .name = "one", .messages = 2 });
	make(f, (struct plan){ .id = ID_2, .name = "two words", .messages = 1 });
	make(f, (struct plan){ .id = ID_3, .messages = 1, .how = HF_CLOSE_LEAVE });
}

START_TEST(a_session_is_found_by_its_id_or_the_beginning_of_it)
{
	struct fixture f;

	make_three(&f);
	ck_assert_int_eq(find(&f, ID_1, ID_1), HF_OK);
	ck_assert_int_eq(find(&f, "aaaa", ID_3), HF_OK);
	ck_assert_int_eq(find(&f, "aaaaaaaa-1", ID_3), HF_OK);
	ck_assert_int_eq(find(&f, "0195", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find(&f, "0195d3a0-1111-4222-8333-44445555666", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find(&f, "bbbb", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "aaa", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "0195d3a0-1111-4222-8333-444455556669", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, ID_3 "0", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "AAAA", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "00000000-0000-0000-0000-000000000000", NULL), HF_ERR_NOTFOUND);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_is_found_by_its_whole_name)
{
	char name[HF_NAME_MAX + 2];
	struct fixture f;

	make_three(&f);
	memset(name, 'n', sizeof name);
	name[HF_NAME_MAX] = '\0';
	make(&f, (struct plan){ .id = ID_4, .name = name });
	ck_assert_int_eq(find(&f, "one", ID_1), HF_OK);
	ck_assert_int_eq(find(&f, "two words", ID_2), HF_OK);
	ck_assert_int_eq(find(&f, "two", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "words", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "One", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, name, ID_4), HF_OK);
	name[HF_NAME_MAX] = 'n';
	name[HF_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(find(&f, name, NULL), HF_ERR_NOTFOUND);
	reopen(&f, ID_3);
	ck_assert_int_eq(hf_session_rename(f.session, "one", NULL), HF_OK);
	ck_assert_int_eq(find(&f, "one", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(hf_session_rename(f.session, "three", NULL), HF_OK);
	ck_assert_int_eq(find(&f, "one", ID_1), HF_OK);
	ck_assert_int_eq(find(&f, "three", ID_3), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(an_id_goes_before_a_name)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .name = "aaaa" });
	make(&f, (struct plan){ .id = ID_2, .name = ID_3 });
	ck_assert_int_eq(find(&f, "aaaa", ID_1), HF_OK);
	ck_assert_int_eq(find(&f, ID_3, ID_2), HF_OK);
	make(&f, (struct plan){ .id = ID_3 });
	ck_assert_int_eq(find(&f, "aaaa", ID_3), HF_OK);
	ck_assert_int_eq(find(&f, ID_3, ID_3), HF_OK);
	/* Several ids are several, whatever has the name. */
	make(&f, (struct plan){ .id = "aaaa0000-1111-4222-8333-444455556663" });
	ck_assert_int_eq(find(&f, "aaaa", NULL), HF_ERR_AMBIGUOUS);
	fixture_close(&f);
}
END_TEST

START_TEST(the_trash_is_searched_last)
{
	struct fixture f;

	make_three(&f);
	make(&f, (struct plan){ .id = ID_4, .name = "one" });
	ck_assert_int_eq(find(&f, "one", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	ck_assert_int_eq(find(&f, "one", ID_4), HF_OK);
	ck_assert_int_eq(find(&f, "0195", ID_2), HF_OK);
	ck_assert_int_eq(find(&f, ID_1, ID_1), HF_OK);
	ck_assert_int_eq(find(&f, "0195d3a0-1111-4222-8333-444455556661", ID_1), HF_OK);
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	ck_assert_int_eq(find(&f, "0195", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find(&f, "two words", ID_2), HF_OK);
	ck_assert_int_eq(hf_session_purge(f.store, ID_1, NULL), HF_OK);
	ck_assert_int_eq(find(&f, "0195", ID_2), HF_OK);
	ck_assert_int_eq(find(&f, ID_1, NULL), HF_ERR_NOTFOUND);
	/* A name outside goes before an id inside. */
	reopen(&f, ID_3);
	ck_assert_int_eq(hf_session_rename(f.session, "0195", NULL), HF_OK);
	ck_assert_int_eq(find(&f, "0195", ID_3), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(nothing_is_found_by_nothing)
{
	struct fixture f;

	make_three(&f);
	ck_assert_int_eq(find(&f, "", NULL), HF_ERR_INVALID);
	ck_assert_int_eq(find(&f, NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_find(f.store, "one", NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(find(&f, "../..", NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(find(&f, "aaaa*", NULL), HF_ERR_NOTFOUND);
	fixture_close(&f);
}
END_TEST

START_TEST(damaged_sessions_are_found)
{
	struct fixture f;

	make_three(&f);
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".head"));
	scratch_remove(f.scratch.fd, FILE_OF(ID_2, ".jsonl"));
	ck_assert_int_eq(find(&f, "one", ID_1), HF_OK);
	ck_assert_int_eq(find(&f, "two words", ID_2), HF_OK);
	ck_assert_int_eq(find(&f, "0195", NULL), HF_ERR_AMBIGUOUS);
	ck_assert_int_eq(find(&f, ID_1, ID_1), HF_OK);
	ck_assert_int_eq(find(&f, ID_2, ID_2), HF_OK);
	fixture_close(&f);
}
END_TEST

/* Who could not read a session's name does not know that nobody has it. */
START_TEST(that_a_name_cannot_be_read_is_told)
{
	struct fixture f;

	make_three(&f);
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".head"));
	scratch_remove(f.scratch.fd, FILE_OF(ID_1, ".jsonl"));
	scratch_mkdir(f.scratch.fd, FILE_OF(ID_1, ".head"));
	ck_assert_int_eq(find(&f, "two words", ID_2), HF_OK);
	ck_assert_int_eq(find(&f, "aaaa", ID_3), HF_OK);
	ck_assert_int_ne(find(&f, "none", NULL), HF_ERR_NOTFOUND);
	fixture_close(&f);
}
END_TEST

/* The way that every command with an id goes. */
START_TEST(a_whole_id_is_found_without_a_walk)
{
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct fault_plan nothing = { .kind = FAULT_NONE };
	struct fixture f;
	char path[300];

	make_three(&f);
	hf_store_close(f.store);
	(void)snprintf(path, sizeof path, "%s/store", f.scratch.path);
	ck_assert_int_eq(store_open_with(fault_sys(fault), path,
					 &(struct hf_store_options){ .runtime_dir = "" }, NULL,
					 &f.store), HF_OK);
	ck_assert_int_eq(hf_key_prepare(f.store, NULL, &(struct hf_key_info){ .rounds = 0 }), HF_OK);
	fault_sys_arm(fault, &nothing);
	ck_assert_int_eq(find(&f, ID_1, ID_1), HF_OK);
	ck_assert_uint_eq(fault_sys_count(fault, FAULT_EACH_NAME), 0);
	ck_assert_uint_le(fault_sys_count(fault, FAULT_OPEN_AT), 2);
	ck_assert_uint_le(fault_sys_count(fault, FAULT_READ_AT), 1);
	/* And the beginning of an id with the heads of those that begin so. */
	fault_sys_arm(fault, &nothing);
	ck_assert_int_eq(find(&f, "aaaa", ID_3), HF_OK);
	ck_assert_uint_le(fault_sys_count(fault, FAULT_READ_AT), 2);
	hf_store_close(f.store);
	f.store = NULL;
	fixture_close(&f);
	fault_sys_free(fault);
}
END_TEST

/* ---- The last -------------------------------------------------------------------- */

/* Finds wanted, or nothing if that is NULL. */
static void expect_last(struct fixture *f, const char *here, const char *wanted)
{
	char id[HF_ID_SIZE] = "untouched";
	int rc = hf_session_find_last(f->store, here, &f->detail, id);

	ck_assert_msg(rc == (wanted != NULL ? HF_OK : HF_ERR_NOTFOUND), "%s: %s",
		      here != NULL ? here : "all", hf_error_name(rc));
	ck_assert_str_eq(id, wanted != NULL ? wanted : "untouched");
}

START_TEST(the_last_session_is_the_newest_that_is_not_active)
{
	struct fixture f;

	tamed_open(&f);
	expect_last(&f, NULL, NULL);
	make(&f, (struct plan){ .id = ID_1, .at_us = START_US + 3 * DAY_US });
	make(&f, (struct plan){ .id = ID_2, .at_us = START_US + 2 * DAY_US });
	make(&f, (struct plan){ .id = ID_3, .at_us = START_US + DAY_US });
	expect_last(&f, NULL, ID_1);
	reopen(&f, ID_1);
	expect_last(&f, NULL, ID_2);
	ck_assert_int_eq(hf_session_trash(f.store, ID_2, NULL), HF_OK);
	expect_last(&f, NULL, ID_3);
	ck_assert_int_eq(hf_session_delete(f.store, ID_3, NULL), HF_OK);
	expect_last(&f, NULL, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	expect_last(&f, NULL, ID_1);
	fixture_close(&f);
}
END_TEST

START_TEST(of_sessions_of_one_moment_the_last_has_the_first_id)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_3, .at_us = START_US + DAY_US });
	make(&f, (struct plan){ .id = ID_1, .at_us = START_US + DAY_US });
	make(&f, (struct plan){ .id = ID_2, .at_us = START_US + DAY_US });
	expect_last(&f, NULL, ID_1);
	expect_list(&f, (struct hf_list_options){ .limit = 1 }, "1");
	fixture_close(&f);
}
END_TEST

START_TEST(the_last_session_here_is_that_of_the_nearest_project)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/p", .at_us = START_US + 5 * DAY_US });
	make(&f, (struct plan){ .id = ID_2, .project = "/p/a", .at_us = START_US + DAY_US });
	make(&f, (struct plan){ .id = ID_3, .project = "/p/a", .at_us = START_US + 2 * DAY_US });
	make(&f, (struct plan){ .id = ID_4, .at_us = START_US + 7 * DAY_US });
	expect_last(&f, "/p", ID_1);
	expect_last(&f, "/p/", ID_1);
	expect_last(&f, "/p/b/c", ID_1);
	expect_last(&f, "/p/ab", ID_1);
	expect_last(&f, "/p/a", ID_3);
	expect_last(&f, "/p/a/", ID_3);
	expect_last(&f, "/p/a/b/c/d", ID_3);
	expect_last(&f, "/p/a//b", ID_3);
	expect_last(&f, "/q", NULL);
	expect_last(&f, "/", NULL);
	make(&f, (struct plan){ .id = ID_5, .project = "/", .at_us = START_US });
	expect_last(&f, "/q", ID_5);
	expect_last(&f, "/", ID_5);
	expect_last(&f, "/p/a", ID_3);
	fixture_close(&f);
}
END_TEST

/* The nearest project is that directory, even if all its sessions are active now. */
START_TEST(an_active_project_hides_those_above_it)
{
	struct hf_session *other = NULL;
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/p", .at_us = START_US + 5 * DAY_US });
	make(&f, (struct plan){ .id = ID_2, .project = "/p/a", .at_us = START_US + DAY_US });
	make(&f, (struct plan){ .id = ID_3, .project = "/p/a", .at_us = START_US + 2 * DAY_US });
	reopen(&f, ID_3);
	expect_last(&f, "/p/a", ID_2);
	ck_assert_int_eq(hf_session_open(f.store, ID_2, NULL, NULL, &other), HF_OK);
	expect_last(&f, "/p/a", NULL);
	expect_last(&f, "/p", ID_1);
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(a_project_that_has_moved_is_found_where_it_was)
{
	struct hf_session_options moved = { .project = "/q/a" };
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/p/a" });
	reopen(&f, ID_1);
	ck_assert_int_eq(hf_session_save(f.session, &moved, NULL, 0, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_last(&f, "/q/a/b", ID_1);
	expect_last(&f, "/p/a/b", ID_1);
	expect_last(&f, "/p", NULL);
	fixture_close(&f);
}
END_TEST

START_TEST(a_directory_must_be_absolute_and_may_be_deep)
{
	static char deep[40000];
	char id[HF_ID_SIZE] = "untouched";
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/a" });
	for (size_t i = 0; i < sizeof deep - 1; i++)
		deep[i] = i % 2 == 0 ? '/' : 'a';
	expect_last(&f, deep, ID_1);
	deep[1] = 'b';
	expect_last(&f, deep, NULL);
	ck_assert_int_eq(hf_session_find_last(f.store, "a", NULL, id), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_find_last(f.store, "", NULL, id), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_find_last(f.store, NULL, NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_find_last(NULL, NULL, NULL, id), HF_ERR_INVALID);
	ck_assert_str_eq(id, "untouched");
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("find");
	TCase *cases = runner_cases(suite, "find", 60);

	tcase_add_test(cases, a_session_is_found_by_its_id_or_the_beginning_of_it);
	tcase_add_test(cases, a_session_is_found_by_its_whole_name);
	tcase_add_test(cases, an_id_goes_before_a_name);
	tcase_add_test(cases, the_trash_is_searched_last);
	tcase_add_test(cases, nothing_is_found_by_nothing);
	tcase_add_test(cases, damaged_sessions_are_found);
	tcase_add_test(cases, that_a_name_cannot_be_read_is_told);
	tcase_add_test(cases, a_whole_id_is_found_without_a_walk);
	tcase_add_test(cases, the_last_session_is_the_newest_that_is_not_active);
	tcase_add_test(cases, of_sessions_of_one_moment_the_last_has_the_first_id);
	tcase_add_test(cases, the_last_session_here_is_that_of_the_nearest_project);
	tcase_add_test(cases, an_active_project_hides_those_above_it);
	tcase_add_test(cases, a_project_that_has_moved_is_found_where_it_was);
	tcase_add_test(cases, a_directory_must_be_absolute_and_may_be_deep);
	return runner_run(suite);
}
