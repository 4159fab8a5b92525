/* SPDX-License-Identifier: MIT */
/*
 * Real disks that are full, read-only, or somebody else's: small file systems that are
 * mounted for the test (needs root and leave to mount: says so if it has none), the limit
 * on the size of files, and an unprivileged user. Through the public functions only.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hardship.h"
#include "lib/runner.h"

enum { BALLAST = 1 << 20 };

static struct scene scene;

static void make_ballast(void)
{
	char *bytes = session_memory(BALLAST);

	memset(bytes, 'b', BALLAST);
	scratch_put(scene.scratch.fd, "disk/ballast", bytes, BALLAST);
	free(bytes);
}

/* Opens a store on a new disk. */
static bool begin_disk(int kind)
{
	if (!hardship_mount(&scene, (enum hardship_disk)kind, NULL))
		return false;
	scene.store = place_open(&scene.place);
	return true;
}

/* A failure for want of space says so, and to users no more than that. */
static void expect_no_space(int rc, const struct hf_detail *detail)
{
	EXPECT_CODE(rc, HF_ERR_NOSPACE, "on a full disk a call");
	EXPECT(detail->code == rc && (detail->os_errno == ENOSPC || detail->os_errno == EFBIG),
	       "the detail has errno %d", detail->os_errno);
	ck_assert_str_eq(hf_error_text(rc), "There is no space left on the storage.");
}

/* Appends until it fails. */
static size_t append_all(struct hf_session *session, uint32_t first)
{
	struct hf_detail detail = { 0 };
	uint32_t serial = first;
	int rc;

	while ((rc = history_append(&scene.history, session, serial, 1, true, &detail)) == HF_OK) {
		serial++;
		EXPECT(serial < first + HISTORY_MAX - 10, "the disk does not fill up");
	}
	expect_no_space(rc, &detail);
	EXPECT_CODE(history_append(&scene.history, session, serial + 1, 1, true, &detail),
		    HF_ERR_POISONED, "appending after that");
	return serial - first;
}

static void look(void)
{
	(void)scene_look(&scene, SESSION_TORN);
}

START_TEST(a_session_goes_on_when_the_full_disk_has_space_again)
{
	struct hf_session *session;
	size_t count;

	if (!begin_disk(_i))
		return;
	make_ballast();
	session = scene_create(&scene, NULL);
	count = append_all(session, HISTORY_BIG);
	EXPECT(count > 10, "only %zu records fit", count);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_ERR_POISONED, "sealing");
	/* What was acknowledged can be read while the disk is full. */
	hardship_fill(&scene);
	look();
	hardship_empty(&scene);
	scratch_remove(scene.scratch.fd, "disk/ballast");
	session = scene_session(&scene);
	scene_append(&scene, session, HISTORY_BIG + 90, 3);
	scene_seal(session);
	look();
	hardship_unmount(&scene);
}
END_TEST

START_TEST(a_torn_session_waits_for_space)
{
	static const char stump[] = "{\"n\":7";
	struct session_rules rules = { .verdicts = SESSION_TORN };
	struct session_found found;
	struct hf_detail detail = { 0 };
	struct hf_session *session;
	char name[120];
	int rc;

	if (!begin_disk(_i))
		return;
	scene_make(&scene, NULL, 1, 4);
	(void)snprintf(name, sizeof name, "disk/%s", scene_name(&scene, ".jsonl"));
	scratch_append(scene.scratch.fd, name, stump, sizeof stump - 1);
	hardship_fill(&scene);
	rc = hf_session_open(scene.store, scene.history.id, NULL, &detail, &session);
	/* The quarantine must have the bytes before the log may lose them. */
	expect_no_space(rc, &detail);
	look();
	hardship_empty(&scene);
	session_check(&scene.place, &scene.history, &rules, &found);
	EXPECT(found.verdict == HF_TORN, "the stump is gone");
	hardship_unmount(&scene);
}
END_TEST

START_TEST(on_a_full_disk_a_save_keeps_the_old_session)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session;

	if (!begin_disk(_i))
		return;
	session = scene_create(&scene, NULL);
	scene_append(&scene, session, HISTORY_BIG, 4);
	hardship_fill(&scene);
	expect_no_space(history_save(&scene.history, session, HISTORY_BIG + 20, 5, &detail), &detail);
	scene.history.has_next = false; /* the old one, for certain */
	scene_leave(session);
	look();
	EXPECT(place_count(&scene.place, "sessions", ".tmp") == 0, "a file was left over");
	hardship_empty(&scene);
	session = scene_session(&scene);
	EXPECT_CODE(history_save(&scene.history, session, HISTORY_BIG + 20, 5, &detail), HF_OK,
		    "saving");
	scene_seal(session);
	look();
	hardship_unmount(&scene);
}
END_TEST

START_TEST(on_a_full_disk_no_session_and_no_key_are_half_made)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;

	if (!begin_disk(_i))
		return;
	hardship_fill(&scene);
	expect_no_space(hf_session_create(scene.store, NULL, &detail, &session), &detail);
	EXPECT(place_count(&scene.place, "sessions", ".jsonl") == 0 &&
		       place_count(&scene.place, "sessions", ".head") == 0 &&
		       place_count(&scene.place, "keys", "") == 0,
	       "something was left over");
	hardship_empty(&scene);
	scene_make(&scene, NULL, 1, 1);
	look();
	hardship_unmount(&scene);
}
END_TEST

START_TEST(a_read_only_disk_can_be_read)
{
	struct hf_store_options options = { .read_only = true, .runtime_dir = "" };
	struct hf_detail detail = { 0 };
	struct hf_view *view = NULL;

	if (!begin_disk(HARDSHIP_TMPFS))
		return;
	scene_make(&scene, NULL, 1, 4);
	hf_store_close(scene.store);
	scene.store = NULL;
	ck_assert(hardship_read_only(&scene, true));
	EXPECT_CODE(hf_store_open(scene.store_path, &options, &detail, &scene.store), HF_OK,
		    "opening the store");
	EXPECT_CODE(hf_session_load(scene.store, scene.history.id, &detail, &view), HF_OK, "loading");
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	hf_view_close(view);
	hardship_unmount(&scene);
}
END_TEST

/* ---- The limit on the size of files ---------------------------------------------- */

START_TEST(a_limit_on_the_size_of_files_is_no_space)
{
	struct rlimit files = { 256 << 10, RLIM_INFINITY };
	struct hf_session *session;

	scene_open(&scene, NULL);
	session_where("RLIMIT_FSIZE");
	session = scene_create(&scene, NULL);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	ck_assert_uint_gt(append_all(session, HISTORY_BIG), 0);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_ERR_POISONED, "closing");
	files.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	look();
	session = scene_session(&scene);
	scene_append(&scene, session, HISTORY_BIG + 90, 3);
	scene_seal(session);
	look();
	scene_close(&scene);
}
END_TEST

/* ---- Somebody else's ------------------------------------------------------------- */

static void expect_denied(int rc, const struct hf_detail *detail)
{
	EXPECT(rc == HF_ERR_DENIED, "gave %s: %s", hf_error_name(rc), detail->message);
	ck_assert_int_eq(detail->os_errno, EACCES);
	ck_assert_str_eq(hf_error_text(rc), "Permission denied.");
	ck_assert_str_eq(hf_error_hint(rc), "Check the owner and the mode of the store.");
}

/* A store that belongs to the user who the rest of the case is run as. */
static bool begin_user(void)
{
	scene_open(&scene, NULL);
	scene_make(&scene, NULL, 1, 4);
	hf_store_close(scene.store);
	scene.store = NULL;
	return hardship_nobody(&scene);
}

static void change_mode(const char *name, mode_t mode)
{
	char path[400];

	(void)snprintf(path, sizeof path, "%s/%s", scene.store_path, name);
	ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(the_store_of_another_user_is_denied)
{
	struct hf_detail detail = { 0 };
	struct scene other;

	scene_open(&other, NULL);
	hf_store_close(other.store);
	other.store = NULL;
	if (begin_user())
		expect_denied(place_try(&other.place, NULL, &detail, &other.store), &detail);
}
END_TEST

START_TEST(a_directory_without_permission_to_read_is_denied)
{
	struct hf_detail detail = { 0 };
	struct hf_list *list = NULL;
	struct hf_view *view = NULL;

	if (!begin_user())
		return;
	scene.store = place_open(&scene.place);
	change_mode("sessions", 0000);
	/* The descriptor of the directory is open, its names are not to be had. */
	expect_denied(hf_session_load(scene.store, scene.history.id, &detail, &view), &detail);
	expect_denied(hf_list_open(scene.store, NULL, &detail, &list), &detail);
	hf_store_close(scene.store);
	expect_denied(place_try(&scene.place, NULL, &detail, &scene.store), &detail);
	change_mode("sessions", 0700);
	look();
}
END_TEST

START_TEST(a_secret_without_permission_to_read_makes_weak_sessions_that_say_so)
{
	if (!begin_user())
		return;
	change_mode("keys/machine_secret", 0000);
	scene.store = place_open(&scene.place);
	scene_make(&scene, NULL, 1, 4);
	(void)scene_look(&scene, 1 << HF_WEAK_KEY);
	/* It stays weak when the secret can be read again. */
	change_mode("keys/machine_secret", 0600);
	(void)scene_look(&scene, 1 << HF_WEAK_KEY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash_disk");
	TCase *cases = runner_cases(suite, "disks", 120);

	tcase_add_loop_test(cases, a_session_goes_on_when_the_full_disk_has_space_again, 0,
			    HARDSHIP_DISKS);
	tcase_add_loop_test(cases, a_torn_session_waits_for_space, 0, HARDSHIP_DISKS);
	tcase_add_loop_test(cases, on_a_full_disk_a_save_keeps_the_old_session, 0, HARDSHIP_DISKS);
	tcase_add_loop_test(cases, on_a_full_disk_no_session_and_no_key_are_half_made, 0,
			    HARDSHIP_DISKS);
	tcase_add_test(cases, a_read_only_disk_can_be_read);
	tcase_add_test(cases, a_limit_on_the_size_of_files_is_no_space);
	tcase_add_test(cases, the_store_of_another_user_is_denied);
	tcase_add_test(cases, a_directory_without_permission_to_read_is_denied);
	tcase_add_test(cases, a_secret_without_permission_to_read_makes_weak_sessions_that_say_so);
	return runner_run(suite);
}
