/* SPDX-License-Identifier: MIT */
/* Trash, restore, purge and delete, by the public calls, on sessions of every kind and on
 * what moves that were cut short have left. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "lib/runner.h"
#include "store/store.h"
#include "store_fixture.h"

#define OUTSIDE(suffix) "store/sessions/" ID_1 suffix
#define INSIDE(suffix) "store/trash/" ID_1 suffix
#define NIL "00000000-0000-0000-0000-000000000000"

static struct fixture f;

static void set_up(void)
{
	fixture_open(&f);
}

static void tear_down(void)
{
	fixture_close(&f);
}

static int trash(void)
{
	return hf_session_trash(f.store, ID_1, &f.detail);
}

static int restore(void)
{
	return hf_session_restore(f.store, ID_1, &f.detail);
}

static int purge(void)
{
	return hf_session_purge(f.store, ID_1, &f.detail);
}

static int delete(void)
{
	return hf_session_delete(f.store, ID_1, &f.detail);
}

static int try_open(void)
{
	int rc = hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session);

	if (rc == HF_OK)
		leave(&f, HF_CLOSE_LEAVE);
	return rc;
}

static int try_create(void)
{
	struct hf_session_options options = { .id = ID_1 };
	int rc = hf_session_create(f.store, &options, &f.detail, &f.session);

	if (rc == HF_OK)
		leave(&f, HF_CLOSE_LEAVE);
	return rc;
}

static int try_load(void)
{
	struct hf_view *view = NULL;
	int rc = hf_session_load(f.store, ID_1, &f.detail, &view);

	hf_view_close(view);
	return rc;
}

/* A session with three messages, left. */
static void make(void)
{
	create(&f, ID_1, "a name");
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
}

static bool exists(const char *name)
{
	return scratch_exists(f.scratch.fd, name);
}

/* Fails the case unless the session's log is there and nowhere else. */
static void check_place(bool in_trash)
{
	ck_assert_int_eq(exists(OUTSIDE(".jsonl")), !in_trash);
	ck_assert_int_eq(exists(OUTSIDE(".head")), !in_trash);
	ck_assert_int_eq(exists(INSIDE(".jsonl")), in_trash);
	ck_assert_int_eq(exists(INSIDE(".head")), in_trash);
}

static void check_gone(void)
{
	ck_assert(!exists(OUTSIDE(".jsonl")) && !exists(OUTSIDE(".head")));
	ck_assert(!exists(INSIDE(".jsonl")) && !exists(INSIDE(".head")));
	ck_assert_int_eq(try_load(), HF_ERR_NOTFOUND);
}

/* The name of a file in one place is copied to the other. */
static void copy_over(bool to_trash, const char *suffix)
{
	char from[80], to[80];

	(void)snprintf(from, sizeof from, "store/%s/" ID_1 "%s", to_trash ? "sessions" : "trash",
		       suffix);
	(void)snprintf(to, sizeof to, "store/%s/" ID_1 "%s", to_trash ? "trash" : "sessions", suffix);
	scratch_copy(f.scratch.fd, from, f.scratch.fd, to);
}

static void make_trash_dir(void)
{
	create(&f, ID_3, "other");
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_trash(f.store, ID_3, &f.detail), HF_OK);
}

/* ---- The two places ---- */

START_TEST(a_trashed_session_can_be_read_but_not_gone_on_with)
{
	struct hf_repair repair;
	struct hf_view *view;

	make();
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
	ck_assert(!exists(OUTSIDE(".lock")));
	view = load(&f, ID_1);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	ck_assert(slice_is(hf_view_info(view)->name, "a name"));
	ck_assert_uint_eq(hf_view_info(view)->messages, 3);
	hf_view_close(view);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(f.detail.code, HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, false, NULL, &repair), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, 0, true, NULL, &repair), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_resume(f.store, ID_1, NULL, NULL, &f.session, NULL),
			 HF_ERR_TRASHED);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_int_eq(f.detail.code, HF_ERR_EXISTS);
	check_place(true);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
}
END_TEST

START_TEST(a_restored_session_is_as_it_was)
{
	size_t before_size, after_size;
	char *before, *after;

	make();
	before = scratch_get(f.scratch.fd, OUTSIDE(".jsonl"), &before_size);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(restore(), HF_OK);
	check_place(false);
	ck_assert(!exists(INSIDE(".lock")));
	after = scratch_get(f.scratch.fd, OUTSIDE(".jsonl"), &after_size);
	ck_assert_uint_eq(before_size, after_size);
	ck_assert_mem_eq(before, after, before_size);
	free(before);
	free(after);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_uint_eq(verify(&f, ID_1).records, 6);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
}
END_TEST

START_TEST(what_is_done_already_is_done)
{
	make();
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert(!exists("store/trash"));
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
	ck_assert(!exists(OUTSIDE(".lock")));
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert_int_eq(restore(), HF_OK);
	check_place(false);
	ck_assert_int_eq(trash(), HF_OK);
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(trash(), HF_OK);
	check_place(true);
}
END_TEST

START_TEST(what_is_nowhere_is_not_found_and_leaves_nothing)
{
	ck_assert_int_eq(trash(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
	ck_assert(!exists("store/trash"));
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	make_trash_dir();
	ck_assert_int_eq(trash(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(try_open(), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 3);
}
END_TEST

START_TEST(a_session_that_is_being_written_to_stays)
{
	create(&f, ID_1, NULL);
	ck_assert_int_eq(trash(), HF_ERR_BUSY);
	ck_assert_int_eq(delete(), HF_ERR_BUSY);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	check_place(false);
}
END_TEST

START_TEST(a_purge_removes_from_the_trash_only)
{
	make();
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	check_place(false);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	check_gone();
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 0);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(restore(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(try_create(), HF_OK);
	check_place(false);
}
END_TEST

START_TEST(delete_removes_from_both_places)
{
	make();
	ck_assert_int_eq(delete(), HF_OK);
	check_gone();
	make();
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(delete(), HF_OK);
	check_gone();
	ck_assert_int_eq(delete(), HF_ERR_NOTFOUND);
}
END_TEST

START_TEST(a_view_outlives_the_move_of_its_session)
{
	struct hf_record record = { 0 };
	struct hf_view *view;
	unsigned count = 0;

	make();
	view = load(&f, ID_1);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	while (hf_view_next(view, &record))
		count++;
	ck_assert_uint_eq(count, 4);
	hf_view_close(view);
}
END_TEST

/* ---- While it moves ---- */

enum { MOVES = 300 };

static char move_failed[] = "a move failed";
static bool is_over;

static void *move_about(void *context)
{
	struct hf_store *store = context;
	void *failed = NULL;

	for (unsigned i = 0; failed == NULL && i < MOVES; i++) {
		int rc = i % 2 == 0 ? hf_session_trash(store, ID_1, NULL) :
				      hf_session_restore(store, ID_1, NULL);

		/* Who is refused an id holds its lock for a moment. */
		if (rc == HF_ERR_BUSY)
			i--;
		else if (rc != HF_OK)
			failed = move_failed;
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	return failed;
}

START_TEST(a_session_is_found_whole_while_it_is_moved_to_and_fro)
{
	void *failed = NULL;
	unsigned looks = 0;
	pthread_t thread;

	make();
	ck_assert_int_eq(pthread_create(&thread, NULL, move_about, f.store), 0);
	do {
		struct hf_check check = verify(&f, ID_1);

		ck_assert_int_eq(check.verdict, HF_INTACT);
		ck_assert_uint_eq(check.records, 4);
		ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
		looks++;
	} while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE));
	ck_assert_int_eq(pthread_join(thread, &failed), 0);
	ck_assert_ptr_null(failed);
	ck_assert_uint_gt(looks, 10);
	check_place(false);
}
END_TEST

/* ---- Whatever the verdict ---- */

static void do_nothing(void)
{
}

static void tamper(void)
{
	scratch_flip(f.scratch.fd, OUTSIDE(".jsonl"), 200, 1);
}

static void truncate_log(void)
{
	scratch_cut(f.scratch.fd, OUTSIDE(".jsonl"), 500);
}

static void tear(void)
{
	scratch_append(f.scratch.fd, OUTSIDE(".jsonl"), "{\"n\":4", 6);
}

static void lose_head(void)
{
	scratch_remove(f.scratch.fd, OUTSIDE(".head"));
}

static void lose_log(void)
{
	scratch_remove(f.scratch.fd, OUTSIDE(".jsonl"));
}

static void lose_key(void)
{
	scratch_remove(f.scratch.fd, "store/keys/machine_secret");
	fixture_reopen_store(&f, NULL);
}

static const struct {
	void (*damage)(void);
	enum hf_verdict verdict;
} damages[] = {
	{ do_nothing, HF_INTACT }, { tamper, HF_TAMPERED },       { truncate_log, HF_TRUNCATED },
	{ tear, HF_TORN },	   { lose_head, HF_HEAD_MISSING }, { lose_log, HF_TRUNCATED },
	{ lose_key, HF_KEY_MISSING },
};

START_TEST(a_session_moves_whatever_its_verdict)
{
	make();
	damages[_i].damage();
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/sessions"), 0);
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(restore(), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store/trash"), 0);
	ck_assert_int_eq(verify(&f, ID_1).verdict, damages[_i].verdict);
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(purge(), HF_OK);
	check_gone();
	ck_assert_int_eq(try_create(), HF_OK);
}
END_TEST

/* ---- What moves that were cut short have left ---- */

/* The session is outside, and its head in the trash too. */
static void leave_rest_inside(void)
{
	make_trash_dir();
	make();
	copy_over(true, ".head");
}

static void leave_rest_outside(void)
{
	make();
	ck_assert_int_eq(trash(), HF_OK);
	copy_over(false, ".head");
}

static unsigned count_listed(uint32_t states)
{
	struct hf_list_options options = { .states = states, .prefix = ID_1 };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	unsigned count = 0;

	ck_assert_int_eq(hf_list_open(f.store, &options, &f.detail, &list), HF_OK);
	while (hf_list_next(list, &entry) == HF_OK) {
		ck_assert_int_eq(entry.error, HF_OK);
		count++;
	}
	hf_list_close(list);
	return count;
}

START_TEST(a_rest_in_the_trash_means_nothing)
{
	leave_rest_inside();
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(try_open(), HF_OK);
	ck_assert_int_eq(purge(), HF_ERR_NOTFOUND);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_uint_eq(count_listed(0), 1);
	ck_assert_uint_eq(count_listed(1u << HF_TRASHED), 0);
	ck_assert(exists(INSIDE(".head")));
}
END_TEST

START_TEST(a_rest_outside_means_nothing)
{
	struct hf_repair repair;

	leave_rest_outside();
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(hf_session_repair(f.store, ID_1, HF_ACCEPT(HF_TRUNCATED), false, NULL,
					   &repair), HF_ERR_TRASHED);
	ck_assert_int_eq(try_create(), HF_ERR_EXISTS);
	ck_assert_uint_eq(count_listed(0), 0);
	ck_assert_uint_eq(count_listed(1u << HF_TRASHED), 1);
	ck_assert(exists(OUTSIDE(".head")));
}
END_TEST

static int (*const clearing[])(void) = { trash, restore, delete, purge };

START_TEST(a_rest_in_the_trash_goes_with_the_next_move_or_removal)
{
	int rc;

	leave_rest_inside();
	rc = clearing[_i]();
	ck_assert_int_eq(rc, clearing[_i] == purge ? HF_ERR_NOTFOUND : HF_OK);
	if (clearing[_i] == delete)
		check_gone();
	else if (clearing[_i] != purge)
		check_place(clearing[_i] == trash);
}
END_TEST

START_TEST(a_rest_outside_goes_with_the_next_move_or_removal)
{
	leave_rest_outside();
	ck_assert_int_eq(clearing[_i](), HF_OK);
	if (clearing[_i] == delete || clearing[_i] == purge) {
		check_gone();
		ck_assert_int_eq(try_create(), HF_OK);
	} else {
		check_place(clearing[_i] == trash);
	}
}
END_TEST

START_TEST(two_sessions_of_one_id_are_both_kept)
{
	make();
	ck_assert_int_eq(trash(), HF_OK);
	copy_over(false, ".jsonl");
	copy_over(false, ".head");
	ck_assert_int_eq(trash(), HF_ERR_EXISTS);
	ck_assert_int_eq(f.detail.code, HF_ERR_EXISTS);
	ck_assert_int_eq(restore(), HF_ERR_EXISTS);
	ck_assert(exists(OUTSIDE(".jsonl")) && exists(OUTSIDE(".head")));
	ck_assert(exists(INSIDE(".jsonl")) && exists(INSIDE(".head")));
	ck_assert_int_eq(try_open(), HF_OK);
	ck_assert_int_eq(delete(), HF_OK);
	check_place(true);
	ck_assert_int_eq(delete(), HF_OK);
	check_gone();
}
END_TEST

/* ---- Findings ---- */

struct findings {
	char text[4000];
};

static void note_finding(void *context, const struct hf_finding *finding)
{
	struct findings *findings = context;
	size_t used = strlen(findings->text);

	(void)snprintf(findings->text + used, sizeof findings->text - used, "%d %s: %s\n",
		       finding->level, finding->subject, finding->text);
}

static struct findings examine(void)
{
	struct findings findings = { "" };

	ck_assert_int_eq(hf_store_examine(f.store, note_finding, &findings, &f.detail), HF_OK);
	return findings;
}

START_TEST(an_examination_counts_the_trash)
{
	struct findings findings;

	make();
	findings = examine();
	ck_assert_ptr_null(strstr(findings.text, "trash"));
	ck_assert_int_eq(trash(), HF_OK);
	findings = examine();
	ck_assert_ptr_nonnull(strstr(findings.text, "1 files: 1 session is in the trash\n"));
	ck_assert_ptr_nonnull(strstr(findings.text, "1 permissions: trash has mode 0700\n"));
	ck_assert_ptr_null(strstr(findings.text, "2 files"));
	make_trash_dir();
	findings = examine();
	ck_assert_ptr_nonnull(strstr(findings.text, "1 files: 2 sessions are in the trash\n"));
}
END_TEST

START_TEST(an_examination_tells_of_what_moves_have_left)
{
	struct findings findings;

	leave_rest_inside();
	findings = examine();
	ck_assert_ptr_nonnull(strstr(findings.text, "2 files: trash/" ID_1 ".head is left over"));
	ck_assert_ptr_nonnull(strstr(findings.text, "1 session is in the trash\n"));
	ck_assert_int_eq(trash(), HF_OK);
	findings = examine();
	ck_assert_ptr_null(strstr(findings.text, "2 files"));
	copy_over(false, ".head");
	scratch_put(f.scratch.fd, "store/trash/notes", "", 0);
	findings = examine();
	ck_assert_ptr_nonnull(strstr(findings.text, "2 files: sessions/" ID_1 ".head is left over"));
	ck_assert_ptr_nonnull(strstr(findings.text, "2 files: trash/notes is not a file"));
}
END_TEST

/* ---- Stores ---- */

START_TEST(a_store_for_reading_reads_the_trash_and_leaves_it)
{
	struct hf_store_options options = { .read_only = true };

	make();
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(trash(), HF_ERR_CLOSED);
	ck_assert(!exists("store/trash"));
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(trash(), HF_OK);
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(restore(), HF_ERR_CLOSED);
	ck_assert_int_eq(purge(), HF_ERR_CLOSED);
	ck_assert_int_eq(delete(), HF_ERR_CLOSED);
	check_place(true);
}
END_TEST

/* A store that was opened before anything was ever trashed. */
START_TEST(a_trash_that_another_process_makes_is_seen)
{
	struct hf_store *first = f.store;

	make();
	f.store = NULL;
	ck_assert_int_eq(fixture_store(&f, NULL), HF_OK);
	ck_assert_int_eq(trash(), HF_OK);
	hf_store_close(f.store);
	f.store = first;
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert_int_eq(try_open(), HF_ERR_TRASHED);
	ck_assert_int_eq(restore(), HF_OK);
	check_place(false);
}
END_TEST

static struct sys blind;

static int open_but_no_trash(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	ck_assert_str_ne(name, "trash");
	return sys_posix()->open_at(context, dir_fd, name, flags, mode);
}

static int stat_but_no_trash(void *context, int dir_fd, const char *name, struct stat *ret_stat)
{
	ck_assert_str_ne(name, "trash");
	return sys_posix()->stat_at(context, dir_fd, name, ret_stat);
}

static int make_but_no_trash(void *context, int dir_fd, const char *name, mode_t mode)
{
	ck_assert_str_ne(name, "trash");
	return sys_posix()->mkdir_at(context, dir_fd, name, mode);
}

START_TEST(who_only_writes_and_reads_never_looks_at_the_trash)
{
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = "" };
	char path[300];

	make();
	ck_assert_int_eq(trash(), HF_OK);
	ck_assert_int_eq(restore(), HF_OK);
	hf_store_close(f.store);
	f.store = NULL;
	blind = *sys_posix();
	blind.open_at = open_but_no_trash;
	blind.stat_at = stat_but_no_trash;
	blind.mkdir_at = make_but_no_trash;
	(void)snprintf(path, sizeof path, "%s/store", f.scratch.path);
	ck_assert_int_eq(store_open_with(&blind, path, &options, &f.detail, &f.store), HF_OK);
	ck_assert_int_eq(hf_session_create(f.store, NULL, &f.detail, &f.session), HF_OK);
	append_many(&f, 2);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(try_open(), HF_OK);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
}
END_TEST

START_TEST(no_session_has_the_nil_id)
{
	struct hf_session_options options = { .id = NIL };
	struct hf_holder holder;
	struct hf_check check;

	ck_assert_int_eq(hf_session_create(f.store, &options, &f.detail, &f.session),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_open(f.store, NIL, NULL, &f.detail, &f.session), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_trash(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_restore(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_purge(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_delete(f.store, NIL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_who(f.store, NIL, &f.detail, &holder), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_verify(f.store, NIL, NULL, NULL, &f.detail, &check),
			 HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_trash(NULL, ID_1, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_restore(f.store, NULL, &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_session_purge(f.store, "no id", &f.detail), HF_ERR_INVALID);
}
END_TEST

START_TEST(the_lock_of_the_store_excludes_and_is_no_session)
{
	static const struct storage_id nil;
	struct report report = report_make(NULL, NULL);
	struct storage_lock *lock = NULL;
	struct storage_lock *other = NULL;
	struct hf_store *first = f.store;
	struct findings findings;

	ck_assert_int_eq(store_lock(first, &report, &lock), HF_OK);
	f.store = NULL;
	ck_assert_int_eq(fixture_store(&f, NULL), HF_OK);
	ck_assert_int_eq(f.store->storage->ops->lock(f.store->storage, &report, nil, 0, &other),
			 HF_ERR_BUSY);
	make();
	ck_assert_int_eq(trash(), HF_OK);
	first->storage->ops->unlock(lock);
	ck_assert_int_eq(store_lock(f.store, &report, &other), HF_OK);
	f.store->storage->ops->unlock(other);
	findings = examine();
	ck_assert_ptr_null(strstr(findings.text, NIL));
	hf_store_close(first);
}
END_TEST

static void add_cases(TCase *cases)
{
	tcase_add_test(cases, a_trashed_session_can_be_read_but_not_gone_on_with);
	tcase_add_test(cases, a_restored_session_is_as_it_was);
	tcase_add_test(cases, what_is_done_already_is_done);
	tcase_add_test(cases, what_is_nowhere_is_not_found_and_leaves_nothing);
	tcase_add_test(cases, a_session_that_is_being_written_to_stays);
	tcase_add_test(cases, a_purge_removes_from_the_trash_only);
	tcase_add_test(cases, delete_removes_from_both_places);
	tcase_add_test(cases, a_view_outlives_the_move_of_its_session);
	tcase_add_test(cases, a_session_is_found_whole_while_it_is_moved_to_and_fro);
	tcase_add_loop_test(cases, a_session_moves_whatever_its_verdict, 0,
			    (int)(sizeof damages / sizeof damages[0]));
	tcase_add_test(cases, a_rest_in_the_trash_means_nothing);
	tcase_add_test(cases, a_rest_outside_means_nothing);
	tcase_add_loop_test(cases, a_rest_in_the_trash_goes_with_the_next_move_or_removal, 0, 4);
	tcase_add_loop_test(cases, a_rest_outside_goes_with_the_next_move_or_removal, 0, 4);
	tcase_add_test(cases, two_sessions_of_one_id_are_both_kept);
	tcase_add_test(cases, an_examination_counts_the_trash);
	tcase_add_test(cases, an_examination_tells_of_what_moves_have_left);
	tcase_add_test(cases, a_store_for_reading_reads_the_trash_and_leaves_it);
	tcase_add_test(cases, a_trash_that_another_process_makes_is_seen);
	tcase_add_test(cases, who_only_writes_and_reads_never_looks_at_the_trash);
	tcase_add_test(cases, no_session_has_the_nil_id);
	tcase_add_test(cases, the_lock_of_the_store_excludes_and_is_no_session);
}

int main(void)
{
	Suite *suite = suite_create("trash");
	TCase *cases = runner_cases(suite, "trash", 60);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	add_cases(cases);
	return runner_run(suite);
}
