/* SPDX-License-Identifier: MIT */
/* Where a session lives: while it moves, when moves were cut short, in stores that were
 * opened before; and what an examination of the store tells of that. */
#include <pthread.h>
#include <sys/stat.h>

#include "store/store.h"
#include "trash_fixture.h"

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

/* ---- What moves that were cut short have left ---- */

/* A store through which the session is moved under the eyes of whoever looks for it. */
static struct hf_store *mover;
static struct sys fickle;
static const char *trigger; /* the name at which it moves */
static bool is_to_trash;
static bool is_moved;

static void move_once(const char *name)
{
	if (is_moved || strcmp(name, trigger) != 0)
		return;
	is_moved = true;
	ck_assert_int_eq(is_to_trash ? hf_session_trash(mover, ID_1, NULL) :
				       hf_session_restore(mover, ID_1, NULL), HF_OK);
}

static int move_before_open(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	move_once(name);
	return sys_posix()->open_at(context, dir_fd, name, flags, mode);
}

static int move_after_stat(void *context, int dir_fd, const char *name, struct stat *ret_stat)
{
	int rc = sys_posix()->stat_at(context, dir_fd, name, ret_stat);

	move_once(name);
	return rc;
}

/* Opens the store so that the session moves when a file of it is to be opened, or was looked
 * for. */
static void open_fickle(bool at_open, const char *name)
{
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = "" };
	char path[300];

	trigger = name;
	mover = f.store;
	f.store = NULL;
	fickle = *sys_posix();
	if (at_open)
		fickle.open_at = move_before_open;
	else
		fickle.stat_at = move_after_stat;
	(void)snprintf(path, sizeof path, "%s/store", f.scratch.path);
	ck_assert_int_eq(store_open_with(&fickle, path, &options, &f.detail, &f.store), HF_OK);
}

START_TEST(a_reader_follows_a_session_that_moves_before_it_is_opened)
{
	make();
	is_to_trash = _i == 0;
	if (!is_to_trash)
		ck_assert_int_eq(trash(), HF_OK);
	open_fickle(true, ID_1 ".jsonl");
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert(is_moved);
	check_place(is_to_trash);
	hf_store_close(mover);
}
END_TEST

START_TEST(a_session_that_moves_between_two_looks_is_found)
{
	make();
	ck_assert_int_eq(trash(), HF_OK);
	open_fickle(false, _i == 0 ? ID_1 ".jsonl" : ID_1 ".head");
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	ck_assert(is_moved);
	check_place(false);
	hf_store_close(mover);
}
END_TEST

START_TEST(a_removal_follows_a_session_that_moves_before_it_is_locked)
{
	make();
	is_to_trash = _i == 0;
	if (!is_to_trash)
		ck_assert_int_eq(trash(), HF_OK);
	open_fickle(true, ID_1 ".lock");
	ck_assert_int_eq(delete(), HF_OK);
	ck_assert(is_moved);
	check_gone();
	hf_store_close(mover);
}
END_TEST

/* The name of a file in one place is copied to the other. */
static void copy_over(bool to_trash, const char *suffix)
{
	char from[80], to[80];

	(void)snprintf(from, sizeof from, "store/%s/" ID_1 "%s", to_trash ? "sessions" : "trash",
		       suffix);
	(void)snprintf(to, sizeof to, "store/%s/" ID_1 "%s", to_trash ? "trash" : "sessions", suffix);
	scratch_copy(f.scratch.fd, from, f.scratch.fd, to);
}

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
	tcase_add_test(cases, a_session_is_found_whole_while_it_is_moved_to_and_fro);
	tcase_add_loop_test(cases, a_reader_follows_a_session_that_moves_before_it_is_opened, 0, 2);
	tcase_add_loop_test(cases, a_session_that_moves_between_two_looks_is_found, 0, 2);
	tcase_add_loop_test(cases, a_removal_follows_a_session_that_moves_before_it_is_locked, 0, 2);
	tcase_add_test(cases, a_rest_in_the_trash_means_nothing);
	tcase_add_test(cases, a_rest_outside_means_nothing);
	tcase_add_loop_test(cases, a_rest_in_the_trash_goes_with_the_next_move_or_removal, 0, 4);
	tcase_add_loop_test(cases, a_rest_outside_goes_with_the_next_move_or_removal, 0, 4);
	tcase_add_test(cases, two_sessions_of_one_id_are_both_kept);
	tcase_add_test(cases, an_examination_counts_the_trash);
	tcase_add_test(cases, an_examination_tells_of_what_moves_have_left);
	tcase_add_test(cases, a_trash_that_another_process_makes_is_seen);
	tcase_add_test(cases, who_only_writes_and_reads_never_looks_at_the_trash);
	tcase_add_test(cases, the_lock_of_the_store_excludes_and_is_no_session);
}

int main(void)
{
	Suite *suite = suite_create("place");
	TCase *cases = runner_cases(suite, "places", 60);

	tcase_add_checked_fixture(cases, set_up, tear_down);
	add_cases(cases);
	return runner_run(suite);
}
