/* SPDX-License-Identifier: MIT */
/*
 * Goal: a listing has each session once, the newest first, and exactly those that are asked
 * for. Method: stores of a few sessions under a clock of the test's own, and each member of
 * the options with what just holds and what just does not.
 */
#include <errno.h>

#include "lib/hardship.h"
#include "lib/runner.h"
#include "list_fixture.h"

static const struct hf_list_options everything = { .states = ~0u };

START_TEST(an_empty_store_is_an_empty_list)
{
	struct fixture f;

	tamed_open(&f);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "");
	expect_list(&f, (struct hf_list_options){ .prefix = "abcd", .limit = 3 }, "");
	expect_list(&f, everything, "");
	hf_list_close(NULL);
	fixture_close(&f);
}
END_TEST

/* Three sessions, the second of which has the newest record. */
static void make_three(struct fixture *f)
{
	tamed_open(f);
	make(f, (struct plan){ ID_1, "one", "/p/a", START_US + DAY_US, 2, HF_CLOSE_LEAVE });
	make(f, (struct plan){ ID_2, "Two and a half", "/p/ab", START_US + 3 * DAY_US, 3,
			       HF_CLOSE_SEAL });
	make(f, (struct plan){ ID_3, NULL, NULL, START_US + 2 * DAY_US, 4, HF_CLOSE_LEAVE });
}

START_TEST(each_session_is_listed_once_with_what_its_head_tells)
{
	static struct noted noted[ENTRIES_MAX];
	const struct noted *two = noted;
	struct fixture f;

	make_three(&f);
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 3);
	ck_assert_str_eq(two->entry.info.id, ID_2);
	ck_assert_int_eq(two->entry.error, HF_OK);
	ck_assert(!two->entry.active && !two->entry.is_checked);
	ck_assert_int_eq(two->entry.state, HF_CLOSED);
	ck_assert_str_eq(two->name, "Two and a half");
	ck_assert_str_eq(two->project, "/p/ab");
	ck_assert_str_eq(two->tags, "");
	ck_assert_uint_eq(two->entry.info.records, 5);
	ck_assert_uint_eq(two->entry.info.messages, 3);
	ck_assert(two->entry.info.closed && !two->entry.info.pinned && !two->entry.info.weak);
	ck_assert_int_ge(two->entry.info.created_us, START_US + 3 * DAY_US);
	ck_assert_int_gt(two->entry.info.updated_us, two->entry.info.created_us);
	ck_assert_int_lt(two->entry.info.updated_us, START_US + 3 * DAY_US + SECOND_US);
	ck_assert_uint_eq(two->entry.info.bytes,
			  (uint64_t)scratch_size(f.scratch.fd, FILE_OF(ID_2, ".jsonl")));
	ck_assert_int_eq(noted[1].entry.state, HF_INTERRUPTED);
	ck_assert_str_eq(noted[1].name, "");
	fixture_close(&f);
}
END_TEST

START_TEST(the_newest_record_comes_first)
{
	struct fixture f;

	make_three(&f);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "231");
	tamed.now_us = START_US + 4 * DAY_US;
	reopen(&f, ID_1);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "231");
	append_many(&f, 1);
	expect_list(&f, (struct hf_list_options){ .limit = 0 }, "123");
	expect_list(&f, (struct hf_list_options){ .limit = 2 }, "12");
	expect_list(&f, (struct hf_list_options){ .limit = 1 }, "1");
	expect_list(&f, (struct hf_list_options){ .limit = UINT64_MAX }, "123");
	fixture_close(&f);
}
END_TEST

/* Sessions of the very same moment; 40 of them, so that sorting has something to do. */
START_TEST(sessions_of_one_moment_come_by_their_ids)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	tamed_open(&f);
	for (unsigned i = 0; i < 40; i++) {
		make(&f, (struct plan){ .at_us = START_US + (i % 2) * DAY_US });
	}
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 40);
	for (unsigned i = 1; i < 40; i++) {
		const struct hf_info *a = &noted[i - 1].entry.info;
		const struct hf_info *b = &noted[i].entry.info;

		ck_assert_int_ge(a->updated_us, b->updated_us);
		ck_assert(a->updated_us > b->updated_us || strcmp(a->id, b->id) < 0);
	}
	ck_assert_int_eq(noted[19].entry.info.updated_us, noted[0].entry.info.updated_us);
	ck_assert_int_eq(noted[20].entry.info.updated_us, noted[39].entry.info.updated_us);
	fixture_close(&f);
}
END_TEST

START_TEST(a_prefix_chooses_sessions)
{
	struct fixture f;

	make_three(&f);
	expect_list(&f, (struct hf_list_options){ .prefix = "" }, "231");
	expect_list(&f, (struct hf_list_options){ .prefix = "0195" }, "21");
	expect_list(&f, (struct hf_list_options){ .prefix = ID_2 }, "2");
	expect_list(&f, (struct hf_list_options){ .prefix = ID_2 "0" }, "");
	expect_list(&f, (struct hf_list_options){ .prefix = "a" }, "3");
	expect_list(&f, (struct hf_list_options){ .prefix = "b" }, "");
	fixture_close(&f);
}
END_TEST

START_TEST(a_project_chooses_sessions_by_where_it_is_or_was)
{
	struct hf_detail detail = { 0 };
	struct hf_list *listing = NULL;
	struct fixture f;

	make_three(&f);
	expect_list(&f, (struct hf_list_options){ .project = "/p/a" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/a//" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/ab" }, "2");
	expect_list(&f, (struct hf_list_options){ .project = "/p" }, "");
	expect_list(&f, (struct hf_list_options){ .project = "/" }, "");
	reopen(&f, ID_1);
	ck_assert_int_eq(hf_session_save(f.session,
					 &(struct hf_session_options){ .project = "/q/b" }, NULL, 0,
					 NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_list(&f, (struct hf_list_options){ .project = "/p/a" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/a/" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/q/b" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/b" }, "");
	ck_assert_int_eq(hf_list_open(f.store, &(struct hf_list_options){ .project = "p/a" }, &detail,
				      &listing), HF_ERR_INVALID);
	ck_assert_int_eq(detail.code, HF_ERR_INVALID);
	ck_assert_int_eq(hf_list_open(f.store, &(struct hf_list_options){ .project = "" }, NULL,
				      &listing), HF_ERR_INVALID);
	ck_assert_ptr_null(listing);
	fixture_close(&f);
}
END_TEST

/* A project that was given with a slash at its end, and the root. */
START_TEST(slashes_at_the_end_of_a_project_do_not_matter)
{
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/p/a/" });
	make(&f, (struct plan){ .id = ID_2, .project = "/" });
	expect_list(&f, (struct hf_list_options){ .project = "/p/a" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/a///" }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/" }, "2");
	expect_list(&f, (struct hf_list_options){ .project = "//" }, "2");
	fixture_close(&f);
}
END_TEST

START_TEST(a_part_of_the_name_chooses_sessions)
{
	struct fixture f;

	make_three(&f);
	expect_list(&f, (struct hf_list_options){ .name = "two" }, "2");
	expect_list(&f, (struct hf_list_options){ .name = "AND" }, "2");
	expect_list(&f, (struct hf_list_options){ .name = "half" }, "2");
	expect_list(&f, (struct hf_list_options){ .name = "a" }, "2");
	expect_list(&f, (struct hf_list_options){ .name = "one" }, "1");
	expect_list(&f, (struct hf_list_options){ .name = "ones" }, "");
	expect_list(&f, (struct hf_list_options){ .name = "halff" }, "");
	expect_list(&f, (struct hf_list_options){ .name = "" }, "231");
	fixture_close(&f);
}
END_TEST

START_TEST(a_tag_chooses_sessions_that_have_just_this_one)
{
	const char *const both[] = { "red", "deep-blue" };
	const char *const blue[] = { "blue" };
	struct fixture f;

	make_three(&f);
	reopen(&f, ID_2);
	ck_assert_int_eq(hf_session_tag(f.session, both, 2, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	reopen(&f, ID_3);
	ck_assert_int_eq(hf_session_tag(f.session, blue, 1, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_list(&f, (struct hf_list_options){ .tag = "red" }, "2");
	expect_list(&f, (struct hf_list_options){ .tag = "deep-blue" }, "2");
	expect_list(&f, (struct hf_list_options){ .tag = "blue" }, "3");
	expect_list(&f, (struct hf_list_options){ .tag = "deep" }, "");
	expect_list(&f, (struct hf_list_options){ .tag = "re" }, "");
	expect_list(&f, (struct hf_list_options){ .tag = "red deep-blue" }, "");
	expect_list(&f, (struct hf_list_options){ .tag = "Red" }, "");
	fixture_close(&f);
}
END_TEST

START_TEST(times_choose_sessions_by_their_last_record)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;
	int64_t last;

	make_three(&f);
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 3);
	last = noted[1].entry.info.updated_us;
	expect_list(&f, (struct hf_list_options){ .since_us = last }, "23");
	expect_list(&f, (struct hf_list_options){ .since_us = last + 1 }, "2");
	expect_list(&f, (struct hf_list_options){ .before_us = last }, "1");
	expect_list(&f, (struct hf_list_options){ .before_us = last + 1 }, "31");
	expect_list(&f, (struct hf_list_options){ .since_us = last, .before_us = last + 1 }, "3");
	expect_list(&f, (struct hf_list_options){ .since_us = last, .before_us = last }, "");
	fixture_close(&f);
}
END_TEST

/* All that is given must hold. */
START_TEST(members_are_joined_by_and)
{
	struct fixture f;

	make_three(&f);
	expect_list(&f, (struct hf_list_options){ .prefix = "0195", .name = "o" }, "21");
	expect_list(&f, (struct hf_list_options){ .prefix = "0195", .name = "o", .limit = 1 }, "2");
	expect_list(&f, (struct hf_list_options){ .prefix = "0195", .name = "o",
						  .states = 1u << HF_INTERRUPTED }, "1");
	expect_list(&f, (struct hf_list_options){ .project = "/p/a", .name = "two" }, "");
	expect_list(&f, (struct hf_list_options){ .prefix = "a", .since_us = START_US + 9 * DAY_US },
		    "");
	fixture_close(&f);
}
END_TEST

/* Not resumable are sessions that are active, and those whose project is that of one. */
START_TEST(what_is_resumable_has_no_active_session_in_its_project)
{
	struct hf_session *other = NULL;
	struct fixture f;

	tamed_open(&f);
	make(&f, (struct plan){ .id = ID_1, .project = "/p/a", .at_us = START_US + 5 * DAY_US });
	make(&f, (struct plan){ .id = ID_2, .project = "/p/a", .at_us = START_US + 4 * DAY_US,
				.how = HF_CLOSE_LEAVE });
	make(&f, (struct plan){ .id = ID_3, .project = "/p/b", .at_us = START_US + 3 * DAY_US });
	make(&f, (struct plan){ .id = ID_4, .at_us = START_US + 2 * DAY_US });
	make(&f, (struct plan){ .id = ID_5, .at_us = START_US + DAY_US });
	expect_list(&f, (struct hf_list_options){ .resumable = true }, "12345");
	/* The active one stands in the listing after those that it matters for. */
	reopen(&f, ID_2);
	expect_list(&f, (struct hf_list_options){ .resumable = true }, "345");
	/* Although it is not asked for itself. */
	expect_list(&f, (struct hf_list_options){ .resumable = true, .states = 1u << HF_CLOSED },
		    "345");
	expect_list(&f, (struct hf_list_options){ .resumable = true, .limit = 1 }, "3");
	/* The active one is none of those that are asked for. */
	expect_list(&f, (struct hf_list_options){ .resumable = true, .prefix = ID_1 }, "");
	expect_list(&f, (struct hf_list_options){ .resumable = true, .prefix = ID_3 }, "3");
	/* A session without a project stands in nobody's way. */
	ck_assert_int_eq(hf_session_open(f.store, ID_5, NULL, NULL, &other), HF_OK);
	expect_list(&f, (struct hf_list_options){ .resumable = true }, "34");
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_list(&f, (struct hf_list_options){ .resumable = true }, "12345");
	fixture_close(&f);
}
END_TEST

/* More active projects than one, so that they are told apart. */
START_TEST(each_active_session_stands_for_its_own_project)
{
	struct hf_session *active[5] = { NULL };
	struct fixture f;

	tamed_open(&f);
	for (unsigned i = 0; i < 5; i++) {
		char project[] = { '/', (char)('e' - i), '\0' };

		make(&f, (struct plan){ .project = project });
		ck_assert_int_eq(hf_session_create(f.store, &(struct hf_session_options){
								    .project = project },
						   NULL, &active[i]), HF_OK);
	}
	make(&f, (struct plan){ .id = ID_1, .project = "/f" });
	expect_list(&f, (struct hf_list_options){ .resumable = true }, "1");
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(hf_session_close(active[i], HF_CLOSE_LEAVE, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(verifying_checks_each_session_that_is_listed)
{
	static struct noted noted[ENTRIES_MAX];
	struct fixture f;

	make_three(&f);
	scratch_flip(f.scratch.fd, FILE_OF(ID_2, ".jsonl"), 900, 1);
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .verify = true }, noted), 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(noted[i].entry.is_checked);
		ck_assert_int_eq(noted[i].entry.error, HF_OK);
		ck_assert_int_eq(noted[i].entry.check.verdict, i == 0 ? HF_TAMPERED : HF_INTACT);
	}
	scratch_remove(f.scratch.fd, FILE_OF(ID_3, ".head"));
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, NULL), HF_OK);
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .verify = true, .states = ~0u },
			       noted), 3);
	ck_assert_int_eq(find_noted(noted, 3, ID_1)->entry.state, HF_TRASHED);
	ck_assert_int_eq(find_noted(noted, 3, ID_1)->entry.check.verdict, HF_INTACT);
	ck_assert_int_eq(find_noted(noted, 3, ID_3)->entry.check.verdict, HF_HEAD_MISSING);
	ck_assert_int_eq(find_noted(noted, 3, ID_3)->entry.error, HF_ERR_HEAD_MISSING);
	fixture_close(&f);
}
END_TEST

/* One that goes while the list is handed out is not there any more. */
START_TEST(what_cannot_be_verified_any_more_is_left_out)
{
	struct hf_list *listing = NULL;
	struct hf_entry entry;
	struct fixture f;

	make_three(&f);
	ck_assert_int_eq(hf_list_open(f.store, &(struct hf_list_options){ .verify = true }, NULL,
				      &listing), HF_OK);
	ck_assert_int_eq(hf_session_delete(f.store, ID_2, NULL), HF_OK);
	ck_assert_int_eq(hf_session_trash(f.store, ID_3, NULL), HF_OK);
	/* One that is moved is checked where it is. */
	ck_assert_int_eq(hf_list_next(listing, &entry), HF_OK);
	ck_assert_str_eq(entry.info.id, ID_3);
	ck_assert(entry.is_checked);
	ck_assert_int_eq(hf_list_next(listing, &entry), HF_OK);
	ck_assert_str_eq(entry.info.id, ID_1);
	ck_assert_int_eq(hf_list_next(listing, &entry), HF_ERR_NOTFOUND);
	hf_list_close(listing);
	fixture_close(&f);
}
END_TEST

/* More than fit the room that is made at first, with texts of many lengths. */
START_TEST(many_sessions_are_listed)
{
	static struct noted noted[ENTRIES_MAX];
	char project[HF_PROJECT_MAX + 1];
	struct fixture f;

	tamed_open(&f);
	memset(project, 'p', sizeof project);
	project[0] = '/';
	for (unsigned i = 0; i < 150; i++) {
		project[20 * i + 1] = '\0';
		make(&f, (struct plan){ .project = i > 0 ? project : NULL, .name = &project[20 * i + 1] });
		project[20 * i + 1] = 'p';
	}
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 150);
	for (unsigned i = 0; i < 150; i++) {
		ck_assert_ptr_eq(find_noted(noted, 150, noted[i].entry.info.id), &noted[i]);
		ck_assert_uint_eq(strlen(noted[i].project), i < 149 ? 20 * (149 - i) + 1 : 0);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(files_of_no_session_are_not_listed)
{
	static const char *const names[] = {
		"store/sessions/notes.txt", "store/sessions/x.jsonl",
		"store/sessions/" ID_1 ".jsonl.bak",
		"store/sessions/." ID_1 ".0123456789abcdef.tmp", "store/sessions/" ID_3 "0.jsonl",
		"store/sessions/" ID_4 ".lock",
	};
	struct fixture f;

	make_three(&f);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		scratch_put(f.scratch.fd, names[i], "x", 1);
	expect_list(&f, everything, "231");
	ck_assert_int_eq(hf_session_delete(f.store, ID_2, NULL), HF_OK);
	expect_list(&f, everything, "31");
	fixture_close(&f);
}
END_TEST

/* Its log is there still, but its head says that it was removed. */
START_TEST(a_session_whose_removal_was_cut_short_is_not_listed)
{
	struct fixture f;

	make_three(&f);
	tamed.broken = ".jsonl";
	tamed.broken_errno = EIO;
	tamed.sys.open_at = sys_posix()->open_at;
	ck_assert_int_eq(hf_session_delete(f.store, ID_2, NULL), HF_ERR_IO);
	ck_assert(scratch_exists(f.scratch.fd, FILE_OF(ID_2, ".jsonl")));
	expect_list(&f, everything, "31");
	fixture_close(&f);
}
END_TEST

/* A head that cannot be read is that session's trouble; to have no descriptors left is
 * everybody's. */
START_TEST(a_lack_of_descriptors_is_no_damage)
{
	static struct noted noted[ENTRIES_MAX];
	struct hf_list *listing = NULL;
	struct hf_detail detail = { 0 };
	struct fixture f;

	make_three(&f);
	tamed.broken = ".head";
	tamed.broken_errno = EIO;
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 3);
	ck_assert_int_eq(noted[0].entry.error, HF_ERR_IO);
	ck_assert_int_eq(noted[0].entry.state, HF_UNKNOWN);
	ck_assert_str_eq(noted[0].name, "Two and a half");
	tamed.broken_errno = EMFILE;
	ck_assert_int_eq(hf_list_open(f.store, NULL, &detail, &listing), HF_ERR_FILES);
	ck_assert_int_eq(detail.code, HF_ERR_FILES);
	ck_assert_int_eq(detail.os_errno, EMFILE);
	/* Also where the log would tell what the head does not. */
	tamed.broken = NULL;
	scratch_remove(f.scratch.fd, FILE_OF(ID_2, ".head"));
	tamed.broken = ".jsonl";
	ck_assert_int_eq(hf_list_open(f.store, NULL, &detail, &listing), HF_ERR_FILES);
	tamed.broken_errno = EACCES;
	ck_assert_uint_eq(list(f.store, (struct hf_list_options){ .limit = 0 }, noted), 3);
	ck_assert_str_eq(noted[2].entry.info.id, ID_2);
	ck_assert_int_eq(noted[2].entry.error, HF_ERR_HEAD_MISSING);
	ck_assert_ptr_null(listing);
	fixture_close(&f);
}
END_TEST

/* The directory may not be there yet, which is no error; that it may not be read is one. */
START_TEST(what_is_not_there_is_empty_and_what_is_closed_is_denied)
{
	struct hf_detail detail = { 0 };
	struct hf_list *listing = NULL;
	static struct scene scene;
	char path[400];

	scene_open(&scene, NULL);
	scene_make(&scene, NULL, 0, 2);
	if (hardship_nobody(&scene)) {
		(void)snprintf(path, sizeof path, "%s/sessions", scene.store_path);
		ck_assert_int_eq(chmod(path, 0), 0);
		ck_assert_int_eq(hf_list_open(scene.store, NULL, &detail, &listing), HF_ERR_DENIED);
		ck_assert_int_eq(detail.os_errno, EACCES);
		ck_assert_int_eq(chmod(path, 0700), 0);
	}
	hf_store_close(scene.store);
	scratch_remove(scene.scratch.fd, "store/sessions");
	scene.store = NULL;
	(void)snprintf(path, sizeof path, "%s", scene.store_path);
	ck_assert_int_eq(hf_store_open(path, &(struct hf_store_options){ .read_only = true,
									.runtime_dir = "" },
				       &detail, &scene.store), HF_OK);
	ck_assert_int_eq(hf_list_open(scene.store, &everything, &detail, &listing), HF_OK);
	ck_assert_int_eq(hf_list_next(listing, &(struct hf_entry){ .error = 0 }), HF_ERR_NOTFOUND);
	hf_list_close(listing);
	hf_store_close(scene.store);
}
END_TEST

START_TEST(arguments_that_are_missing_are_refused)
{
	struct hf_list *listing = NULL;
	struct fixture f;

	tamed_open(&f);
	ck_assert_int_eq(hf_list_open(NULL, NULL, NULL, &listing), HF_ERR_INVALID);
	ck_assert_int_eq(hf_list_open(f.store, NULL, NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_list_open(f.store, NULL, NULL, &listing), HF_OK);
	hf_list_close(listing);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *cases = runner_cases(suite, "list", 60);

	tcase_add_test(cases, an_empty_store_is_an_empty_list);
	tcase_add_test(cases, each_session_is_listed_once_with_what_its_head_tells);
	tcase_add_test(cases, the_newest_record_comes_first);
	tcase_add_test(cases, sessions_of_one_moment_come_by_their_ids);
	tcase_add_test(cases, a_prefix_chooses_sessions);
	tcase_add_test(cases, a_project_chooses_sessions_by_where_it_is_or_was);
	tcase_add_test(cases, slashes_at_the_end_of_a_project_do_not_matter);
	tcase_add_test(cases, a_part_of_the_name_chooses_sessions);
	tcase_add_test(cases, a_tag_chooses_sessions_that_have_just_this_one);
	tcase_add_test(cases, times_choose_sessions_by_their_last_record);
	tcase_add_test(cases, members_are_joined_by_and);
	tcase_add_test(cases, what_is_resumable_has_no_active_session_in_its_project);
	tcase_add_test(cases, each_active_session_stands_for_its_own_project);
	tcase_add_test(cases, verifying_checks_each_session_that_is_listed);
	tcase_add_test(cases, what_cannot_be_verified_any_more_is_left_out);
	tcase_add_test(cases, many_sessions_are_listed);
	tcase_add_test(cases, files_of_no_session_are_not_listed);
	tcase_add_test(cases, a_session_whose_removal_was_cut_short_is_not_listed);
	tcase_add_test(cases, a_lack_of_descriptors_is_no_damage);
	tcase_add_test(cases, what_is_not_there_is_empty_and_what_is_closed_is_denied);
	tcase_add_test(cases, arguments_that_are_missing_are_refused);
	return runner_run(suite);
}
