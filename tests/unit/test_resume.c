/* SPDX-License-Identifier: MIT */
/*
 * Goal: resuming takes the lease, checks everything, mends what is torn, makes sure of the
 * project's directory, and leaves a record of it; and what forbids it is told apart. Method:
 * real stores and directories; the directory is swapped in between by a system under the
 * library that does so at a chosen call.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/wait.h"
#include "store/store.h"
#include "lib/runner.h"
#include "store_fixture.h"
#include "sys/sys.h"

#define LOG_1 "store/sessions/" ID_1 ".jsonl"

static char *project_path(const struct fixture *f, const char *name, char path[400])
{
	(void)snprintf(path, 400, "%s/%s", f->scratch.path, name);
	return path;
}

/* A session of two messages whose project is the directory name, which is made. */
static void make_session(struct fixture *f, const char *id, const char *name, enum hf_close how)
{
	char path[400];
	struct hf_session_options options = { .id = id, .name = "first" };

	if (name != NULL) {
		options.project = project_path(f, name, path);
		if (!scratch_exists(f->scratch.fd, name))
			scratch_mkdir(f->scratch.fd, name);
	}
	ck_assert_int_eq(hf_session_create(f->store, &options, &f->detail, &f->session), HF_OK);
	append_many(f, 2);
	leave(f, how);
}

static int resume(struct fixture *f, const char *id, const struct hf_resume_options *options)
{
	return hf_session_resume(f->store, id, options, &f->detail, &f->session, NULL);
}

/* Checks the type and the data's beginning of the record that is count from the end. */
static void expect_record(struct fixture *f, unsigned count, const char *type, const char *data)
{
	struct hf_view *view = load(f, ID_1);
	struct hf_record record = { 0 };

	for (unsigned i = 0; i < count; i++)
		ck_assert(hf_view_previous(view, &record));
	ck_assert_msg(slice_is(record.type, type), "%.*s", (int)record.line.size, record.line.data);
	ck_assert_msg(record.data.size >= strlen(data) &&
			      memcmp(record.data.data, data, strlen(data)) == 0,
		      "%.*s", (int)record.line.size, record.line.data);
	hf_view_close(view);
}

START_TEST(a_session_goes_on_after_an_interruption_and_after_a_seal)
{
	enum hf_close how = _i == 0 ? HF_CLOSE_LEAVE : HF_CLOSE_SEAL;
	struct hf_view *view = NULL;
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", how);
	ck_assert_int_eq(hf_session_resume(f.store, ID_1, NULL, &f.detail, &f.session, &view),
			 HF_OK);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	ck_assert_uint_eq(hf_view_info(view)->messages, 2);
	ck_assert(slice_is(hf_view_info(view)->name, "first"));
	append_many(&f, 1);
	expect_record(&f, 2, "resume",
		      _i == 0 ? "{\"after\":\"interruption\",\"directory\":{\"device\":" :
				"{\"after\":\"seal\",\"directory\":{\"device\":");
	leave(&f, HF_CLOSE_LEAVE);
	/* The view lives on without the session. */
	ck_assert_uint_eq(hf_view_info(view)->records, _i == 0 ? 3 : 4);
	hf_view_close(view);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(only_one_resume_has_the_session)
{
	struct hf_session *other = NULL;
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	ck_assert_int_eq(hf_session_resume(f.store, ID_1, NULL, &f.detail, &other, NULL),
			 HF_ERR_BUSY);
	ck_assert_ptr_null(other);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(a_torn_tail_is_mended_and_told_of)
{
	struct hf_repair repair = { 0 };
	struct hf_resume_options options = { .repair = &repair };
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, NULL, HF_CLOSE_LEAVE);
	scratch_append(f.scratch.fd, LOG_1, "{\"n\":3", 6);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	ck_assert(repair.changed);
	ck_assert_int_eq(repair.before.verdict, HF_TORN);
	ck_assert_uint_eq(repair.removed_bytes, 6);
	leave(&f, HF_CLOSE_LEAVE);
	expect_record(&f, 1, "resume", "{\"after\":\"interruption\",\"directory\":null}");
	expect_record(&f, 2, "repair", "{\"verdict\":\"torn\"");
	fixture_close(&f);
}
END_TEST

START_TEST(a_bad_verdict_must_be_named)
{
	struct hf_resume_options options = { 0 };
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	scratch_flip(f.scratch.fd, LOG_1, (uint64_t)scratch_size(f.scratch.fd, LOG_1) - 100, 1);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_ERR_TAMPERED);
	options.accept = HF_ACCEPT(HF_TRUNCATED) | HF_ACCEPT(HF_GAP);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_ERR_TAMPERED);
	options.accept = HF_ACCEPT(HF_TAMPERED);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_project_that_is_no_directory_forbids_it_and_changes_nothing)
{
	struct fixture f;
	int64_t size;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	size = scratch_size(f.scratch.fd, LOG_1);
	scratch_remove(f.scratch.fd, "project");
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_ERR_PROJECT);
	scratch_put(f.scratch.fd, "project", "a file", 6);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_ERR_PROJECT);
	ck_assert_int_eq(scratch_size(f.scratch.fd, LOG_1), size);
	/* And the lease was given back. */
	scratch_remove(f.scratch.fd, "project");
	scratch_mkdir(f.scratch.fd, "project");
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(a_project_that_moved_is_named_anew_and_its_history_kept)
{
	char old[400], new[400], expected[900];
	struct hf_resume_options options = { 0 };
	struct hf_append record = { "message", NULL, "{}", 2 };
	struct hf_view *view;
	struct fixture f;
	size_t size = 0;
	char *log;

	fixture_open(&f);
	make_session(&f, ID_1, "old", HF_CLOSE_LEAVE);
	scratch_remove(f.scratch.fd, "old");
	scratch_mkdir(f.scratch.fd, "new");
	options.project = project_path(&f, "new", new);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	(void)snprintf(expected, sizeof expected, "{\"project\":\"%s\",\"from\":\"%s\"}", new,
		       project_path(&f, "old", old));
	expect_record(&f, 2, "relocate", expected);
	leave(&f, HF_CLOSE_LEAVE);
	/* Once it is there, no second record says so; and a save keeps where it was. */
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	expect_record(&f, 2, "resume", "{");
	ck_assert_int_eq(hf_session_save(f.session, NULL, &record, 1, &f.detail), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	view = load(&f, ID_1);
	ck_assert(slice_is(hf_view_info(view)->project, new));
	hf_view_close(view);
	(void)snprintf(expected, sizeof expected, "\"former\":[\"%s\"]", old);
	log = scratch_get(f.scratch.fd, LOG_1, &size);
	ck_assert_ptr_nonnull(strstr(log, expected));
	free(log);
	fixture_close(&f);
}
END_TEST

START_TEST(a_relative_or_missing_new_place_is_refused)
{
	struct hf_resume_options options = { .project = "relative" };
	char path[400];
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_ERR_INVALID);
	options.project = project_path(&f, "nowhere", path);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_ERR_PROJECT);
	fixture_close(&f);
}
END_TEST

/* Swaps the project's directory when the log is written to: after the first look. */
struct swapper {
	struct sys sys;
	const char *path;
	bool armed;
	bool by_mode;
};

static ssize_t swap_and_write(void *context, int fd, const void *bytes, size_t size,
			      uint64_t offset)
{
	struct swapper *swapper = context;
	char away[500];

	if (swapper->armed && size > 3 && memcmp(bytes, "{\"n", 3) == 0) {
		swapper->armed = false;
		if (swapper->by_mode) {
			ck_assert_int_eq(chmod(swapper->path, 0777), 0);
		} else {
			(void)snprintf(away, sizeof away, "%s.away", swapper->path);
			ck_assert_int_eq(rename(swapper->path, away), 0);
			ck_assert_int_eq(mkdir(swapper->path, 0700), 0);
		}
	}
	return sys_posix()->write_at(NULL, fd, bytes, size, offset);
}

START_TEST(a_swap_of_the_directory_in_between_is_noticed)
{
	char path[400], store_path[400];
	struct swapper swapper = { .sys = *sys_posix(), .by_mode = _i == 1 };
	struct hf_store_options options = { .runtime_dir = "", .padding = 1 };
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	swapper.path = project_path(&f, "project", path);
	swapper.sys.context = &swapper;
	swapper.sys.write_at = swap_and_write;
	hf_store_close(f.store);
	f.store = NULL;
	ck_assert_int_eq(store_open_with(&swapper.sys, project_path(&f, "store", store_path),
					 &options, &f.detail, &f.store), HF_OK);
	swapper.armed = true;
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_ERR_PROJECT_CHANGED);
	ck_assert_ptr_null(f.session);
	ck_assert(!swapper.armed);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(one_session_of_a_project_can_be_asked_for)
{
	struct hf_resume_options options = { .one_per_project = true };
	struct hf_session *other = NULL;
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	make_session(&f, ID_2, "project", HF_CLOSE_LEAVE);
	make_session(&f, ID_3, "elsewhere", HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	ck_assert_int_eq(hf_session_resume(f.store, ID_2, &options, &f.detail, &other, NULL),
			 HF_ERR_PROJECT_BUSY);
	ck_assert_int_eq(hf_session_resume(f.store, ID_3, &options, &f.detail, &other, NULL),
			 HF_OK);
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	/* Who does not ask for it may have a second one. */
	ck_assert_int_eq(hf_session_resume(f.store, ID_2, NULL, &f.detail, &other, NULL), HF_OK);
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_2, &options), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(slashes_at_a_paths_end_make_no_other_project)
{
	struct hf_list_options wanted = { 0 };
	struct hf_resume_options options = { .one_per_project = true };
	struct hf_session_options slashed = { .id = ID_2 };
	struct hf_session *other = NULL;
	struct hf_list *list = NULL;
	struct hf_entry entry;
	char plain[400], path[401], moved[400];
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	(void)snprintf(path, sizeof path, "%s/", project_path(&f, "project", plain));
	slashed.project = path;
	ck_assert_int_eq(hf_session_create(f.store, &slashed, &f.detail, &other), HF_OK);
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_ERR_PROJECT_BUSY);
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	/* It has not moved there. */
	options.project = path;
	ck_assert_int_eq(resume(&f, ID_1, &options), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	expect_record(&f, 2, "message", "{");
	scratch_mkdir(f.scratch.fd, "moved");
	options.project = project_path(&f, "moved", moved);
	ck_assert_int_eq(resume(&f, ID_2, &options), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	wanted.project = plain;
	wanted.prefix = ID_2;
	ck_assert_int_eq(hf_list_open(f.store, &wanted, &f.detail, &list), HF_OK);
	ck_assert_int_eq(hf_list_next(list, &entry), HF_OK);
	ck_assert_str_eq(entry.info.id, ID_2);
	hf_list_close(list);
	fixture_close(&f);
}
END_TEST

/* Counts failures that are told of. */
static void count_errors(void *context, enum hf_log_level level, const char *message)
{
	unsigned *errors = context;

	(void)message;
	if (level == HF_LOG_ERROR)
		(void)__atomic_add_fetch(errors, 1, __ATOMIC_RELAXED);
}

static void *resume_patiently(void *context)
{
	struct fixture *f = context;
	struct hf_resume_options options = { .one_per_project = true, .timeout_ms = 20000 };
	struct hf_session *session = NULL;
	int rc = hf_session_resume(f->store, ID_1, &options, NULL, &session, NULL);

	ck_assert_int_eq(rc, HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	return NULL;
}

START_TEST(whoever_waits_for_a_session_holds_up_nobody_else)
{
	unsigned errors = 0;
	struct hf_store_options limited = { .padding = 1, .max_sessions = 100,
					    .log = count_errors, .log_context = &errors };
	struct hf_session *other = NULL;
	pthread_t thread;
	struct fixture f;

	fixture_open(&f);
	fixture_reopen_store(&f, &limited);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	ck_assert_int_eq(pthread_create(&thread, NULL, resume_patiently, &f), 0);
	(void)usleep(200000);
	/* This takes the store's lock, and would wait 5 seconds for it in vain. */
	ck_assert_int_eq(hf_session_create(f.store, NULL, &f.detail, &other), HF_OK);
	ck_assert_int_eq(hf_session_close(other, HF_CLOSE_LEAVE, NULL), HF_OK);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	/* Waiting is no failure, and fills nobody's log. */
	ck_assert_uint_le(__atomic_load_n(&errors, __ATOMIC_RELAXED), 1);
	fixture_close(&f);
}
END_TEST

START_TEST(too_many_attempts_are_refused_for_as_long_as_is_said)
{
	const struct hf_limit limit = { "resume", 2, 300, 0, 0 };
	struct hf_store_options options = { .padding = 1, .limits = &limit, .limit_count = 1 };
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, "project", HF_CLOSE_LEAVE);
	fixture_reopen_store(&f, &options);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
		leave(&f, HF_CLOSE_LEAVE);
	}
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_ERR_RATE_LIMITED);
	ck_assert_int_gt(f.detail.wait_ms, 0);
	ck_assert_int_le(f.detail.wait_ms, 300);
	wait_ms(f.detail.wait_ms);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_is_not_there_or_in_the_trash_is_told_apart)
{
	struct fixture f;

	fixture_open(&f);
	make_session(&f, ID_1, NULL, HF_CLOSE_SEAL);
	ck_assert_int_eq(resume(&f, ID_2, NULL), HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_session_trash(f.store, ID_1, &f.detail), HF_OK);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_restore(f.store, ID_1, &f.detail), HF_OK);
	ck_assert_int_eq(resume(&f, ID_1, NULL), HF_OK);
	ck_assert_int_eq(hf_session_resume(f.store, NULL, NULL, NULL, &f.session, NULL),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_resume(f.store, ID_1, NULL, NULL, NULL, NULL),
			 HF_ERR_INVALID);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resume");
	TCase *tcase = runner_cases(suite, "resume", 60);

	tcase_add_loop_test(tcase, a_session_goes_on_after_an_interruption_and_after_a_seal, 0, 2);
	tcase_add_test(tcase, only_one_resume_has_the_session);
	tcase_add_test(tcase, a_torn_tail_is_mended_and_told_of);
	tcase_add_test(tcase, a_bad_verdict_must_be_named);
	tcase_add_test(tcase, a_project_that_is_no_directory_forbids_it_and_changes_nothing);
	tcase_add_test(tcase, a_project_that_moved_is_named_anew_and_its_history_kept);
	tcase_add_test(tcase, a_relative_or_missing_new_place_is_refused);
	tcase_add_loop_test(tcase, a_swap_of_the_directory_in_between_is_noticed, 0, 2);
	tcase_add_test(tcase, one_session_of_a_project_can_be_asked_for);
	tcase_add_test(tcase, slashes_at_a_paths_end_make_no_other_project);
	tcase_add_test(tcase, whoever_waits_for_a_session_holds_up_nobody_else);
	tcase_add_test(tcase, too_many_attempts_are_refused_for_as_long_as_is_said);
	tcase_add_test(tcase, a_session_that_is_not_there_or_in_the_trash_is_told_apart);
	return runner_run(suite);
}
