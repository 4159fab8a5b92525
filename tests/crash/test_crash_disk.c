/* SPDX-License-Identifier: MIT */
/*
 * Real disks that are full, read-only, or somebody else's: small file systems that are
 * mounted for the test (needs root and leave to mount: says so if it has none), the limit
 * on the size of files, and an unprivileged user. Through the public functions only.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holdfast.h"
#include "lib/scratch.h"
#include "lib/session_check.h"
#include "lib/session_expect.h"

enum { NOBODY = 65534, BALLAST = 1 << 20, SMALL_DISK = 6 << 20 };

static struct scratch scratch;
static struct place place;
static struct history history;
static char store_path[300], mount_path[280];

static void set_up(void)
{
	scratch = scratch_open();
	scratch_mkdir(scratch.fd, "disk");
	(void)snprintf(mount_path, sizeof mount_path, "%s/disk", scratch.path);
	(void)snprintf(store_path, sizeof store_path, "%s/disk/store", scratch.path);
	place = (struct place){ .sys = sys_posix(), .store = store_path, .runtime = "",
				.durability = HF_SYNC };
	memset(&history, 0, sizeof history);
}

static void tear_down(void)
{
	scratch_close(&scratch);
}

/* ---- File systems ---------------------------------------------------------------- */

/* Runs a program; true if it succeeds. */
static bool run(const char *const arguments[])
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* Mounts go away with the process, which is the case's own. */
static bool may_mount(void)
{
	if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return true;
	printf("skipped: file systems cannot be mounted here\n");
	return false;
}

static bool mount_tmpfs(void)
{
	char options[64];

	(void)snprintf(options, sizeof options, "size=%d,mode=0755", (int)SMALL_DISK);
	return mount("tmpfs", mount_path, "tmpfs", 0, options) == 0;
}

static bool mount_ext4(void)
{
	char image[300];
	const char *const make[] = { "mkfs.ext4", "-q", "-F", "-m", "0", image, NULL };
	const char *const attach[] = { "mount", "-o", "loop", image, mount_path, NULL };

	(void)snprintf(image, sizeof image, "%s/image", scratch.path);
	scratch_put(scratch.fd, "image", "", 0);
	scratch_cut(scratch.fd, "image", SMALL_DISK);
	return run(make) && run(attach);
}

typedef bool (*mount_fn)(void);
static const struct {
	const char *name;
	mount_fn mount;
} disks[] = { { "tmpfs", mount_tmpfs }, { "ext4 on a loop device", mount_ext4 } };
enum { DISK_COUNT = sizeof disks / sizeof disks[0] };

static bool begin_disk(int number)
{
	/* A descriptor from before would not see what is mounted. */
	if (!may_mount())
		return false;
	set_up();
	session_where("%s", disks[number].name);
	if (disks[number].mount())
		return true;
	printf("skipped: %s cannot be mounted here\n", disks[number].name);
	return false;
}

static void end_disk(void)
{
	(void)umount2(mount_path, MNT_DETACH);
	tear_down();
}

/* Takes all the space that is left. */
static void fill(const char *name)
{
	static const char bytes[4096] = "x";
	char path[300];
	size_t step = sizeof bytes;
	int fd;

	(void)snprintf(path, sizeof path, "%s/%s", mount_path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	EXPECT(fd >= 0, "%s: %s", path, strerror(errno));
	while (step > 0) {
		if (write(fd, bytes, step) != (ssize_t)step)
			step /= 2;
	}
	(void)close(fd);
}

static void make_ballast(void)
{
	char *bytes = session_memory(BALLAST);

	memset(bytes, 'b', BALLAST);
	scratch_put(scratch.fd, "disk/ballast", bytes, BALLAST);
	free(bytes);
}

/* ---- Sessions -------------------------------------------------------------------- */

static struct hf_session *create(struct hf_store *store)
{
	struct hf_session *session = NULL;

	EXPECT_CODE(hf_session_create(store, NULL, NULL, &session), HF_OK, "creating");
	memcpy(history.id, hf_session_id(session), sizeof history.id);
	history.exists = HISTORY_THERE;
	return session;
}

static struct hf_session *reopen(struct hf_store *store)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	int rc = hf_session_open(store, history.id, NULL, &detail, &session);

	EXPECT(rc == HF_OK, "opening gave %s: %s", hf_error_name(rc), detail.message);
	return session;
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

	while ((rc = history_append(&history, session, serial, 1, true, &detail)) == HF_OK) {
		serial++;
		EXPECT(serial < first + HISTORY_MAX - 10, "the disk does not fill up");
	}
	expect_no_space(rc, &detail);
	EXPECT_CODE(history_append(&history, session, serial + 1, 1, true, &detail), HF_ERR_POISONED,
		    "appending after that");
	return serial - first;
}

static void look(void)
{
	static const struct session_rules rules = { .verdicts = SESSION_TORN };
	struct session_found found;

	session_look(&place, &history, &rules, &found);
}

START_TEST(a_session_goes_on_when_the_full_disk_has_space_again)
{
	struct hf_store *store;
	struct hf_session *session;
	size_t count;

	if (!begin_disk(_i))
		return;
	make_ballast();
	store = place_open(&place);
	session = create(store);
	count = append_all(session, HISTORY_BIG);
	EXPECT(count > 10, "only %zu records fit", count);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_ERR_POISONED, "sealing");
	/* What was acknowledged can be read while the disk is full. */
	fill("rest");
	look();
	scratch_remove(scratch.fd, "disk/rest");
	scratch_remove(scratch.fd, "disk/ballast");
	session = reopen(store);
	EXPECT_CODE(history_append(&history, session, HISTORY_BIG + 90, 3, true, NULL), HF_OK,
		    "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	look();
	hf_store_close(store);
	end_disk();
}
END_TEST

START_TEST(a_torn_session_waits_for_space)
{
	static const char stump[] = "{\"n\":7";
	struct session_rules rules = { .verdicts = SESSION_TORN };
	struct session_found found;
	struct hf_detail detail = { 0 };
	struct hf_session *session;
	struct hf_store *store;
	char name[120];
	int rc;

	if (!begin_disk(_i))
		return;
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(history_append(&history, session, 1, 4, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	(void)snprintf(name, sizeof name, "disk/store/%s", place_name(history.id, ".jsonl").text);
	scratch_append(scratch.fd, name, stump, sizeof stump - 1);
	fill("rest");
	rc = hf_session_open(store, history.id, NULL, &detail, &session);
	/* The quarantine must have the bytes before the log may lose them. */
	expect_no_space(rc, &detail);
	look();
	scratch_remove(scratch.fd, "disk/rest");
	hf_store_close(store);
	session_check(&place, &history, &rules, &found);
	EXPECT(found.verdict == HF_TORN, "the stump is gone");
	end_disk();
}
END_TEST

START_TEST(on_a_full_disk_a_save_keeps_the_old_session)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session;
	struct hf_store *store;

	if (!begin_disk(_i))
		return;
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(history_append(&history, session, HISTORY_BIG, 4, true, NULL), HF_OK, "appending");
	fill("rest");
	expect_no_space(history_save(&history, session, HISTORY_BIG + 20, 5, &detail), &detail);
	history.has_next = false; /* the old one, for certain */
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	look();
	EXPECT(place_count(&place, "sessions", ".tmp") == 0, "a file was left over");
	scratch_remove(scratch.fd, "disk/rest");
	session = reopen(store);
	EXPECT_CODE(history_save(&history, session, HISTORY_BIG + 20, 5, &detail), HF_OK, "saving");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	look();
	hf_store_close(store);
	end_disk();
}
END_TEST

START_TEST(on_a_full_disk_no_session_and_no_key_are_half_made)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	struct hf_store *store;

	if (!begin_disk(_i))
		return;
	store = place_open(&place);
	fill("rest");
	expect_no_space(hf_session_create(store, NULL, &detail, &session), &detail);
	EXPECT(place_count(&place, "sessions", ".jsonl") == 0 &&
		       place_count(&place, "sessions", ".head") == 0 &&
		       place_count(&place, "keys", "") == 0,
	       "something was left over");
	scratch_remove(scratch.fd, "disk/rest");
	session = create(store);
	EXPECT_CODE(history_append(&history, session, 1, 1, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	hf_store_close(store);
	look();
	end_disk();
}
END_TEST

START_TEST(a_read_only_disk_can_be_read)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session;
	struct hf_store *store;
	struct hf_view *view = NULL;
	struct hf_store_options options = { .read_only = true, .runtime_dir = "" };

	if (!begin_disk(0))
		return;
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(history_append(&history, session, 1, 4, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	ck_assert_int_eq(mount(NULL, mount_path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	EXPECT_CODE(hf_session_create(store, NULL, &detail, &session), HF_ERR_READONLY, "creating");
	ck_assert_str_eq(hf_error_text(HF_ERR_READONLY), "The storage is read-only.");
	EXPECT_CODE(hf_session_open(store, history.id, NULL, &detail, &session), HF_ERR_READONLY,
		    "opening");
	EXPECT_CODE(hf_session_delete(store, history.id, &detail), HF_ERR_READONLY, "removing");
	hf_store_close(store);
	EXPECT_CODE(hf_store_open(store_path, &options, &detail, &store), HF_OK, "opening the store");
	EXPECT_CODE(hf_session_load(store, history.id, &detail, &view), HF_OK, "loading");
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	hf_view_close(view);
	hf_store_close(store);
	end_disk();
}
END_TEST

/* ---- The limit on the size of files ---------------------------------------------- */

START_TEST(a_limit_on_the_size_of_files_is_no_space)
{
	struct rlimit files = { 256 << 10, RLIM_INFINITY };
	struct hf_session *session;
	struct hf_store *store;

	set_up();
	session_where("RLIMIT_FSIZE");
	store = place_open(&place);
	session = create(store);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	ck_assert_uint_gt(append_all(session, HISTORY_BIG), 0);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_ERR_POISONED, "closing");
	files.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &files), 0);
	look();
	session = reopen(store);
	EXPECT_CODE(history_append(&history, session, HISTORY_BIG + 90, 3, true, NULL), HF_OK,
		    "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	hf_store_close(store);
	look();
	tear_down();
}
END_TEST

/* ---- Somebody else's ------------------------------------------------------------- */

/* Gives the store to nobody, who the rest of the case is then run as. */
static bool become_nobody(const char *const own[], size_t count)
{
	char path[360];

	if (geteuid() != 0) {
		printf("skipped: this needs root to become somebody else\n");
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", store_path, own[i]);
		ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
	}
	/* The way to it must be open. */
	ck_assert_int_eq(chmod(scratch.path, 0755), 0);
	(void)snprintf(path, sizeof path, "%s/..", scratch.path);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_int_eq(chmod(mount_path, 0755), 0);
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
	return true;
}

static void make_store(void)
{
	struct hf_store *store = place_open(&place);
	struct hf_session *session = create(store);

	EXPECT_CODE(history_append(&history, session, 1, 4, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	hf_store_close(store);
}

static void expect_denied(int rc, const struct hf_detail *detail)
{
	EXPECT(rc == HF_ERR_DENIED, "gave %s: %s", hf_error_name(rc), detail->message);
	ck_assert_int_eq(detail->os_errno, EACCES);
	ck_assert_str_eq(hf_error_text(rc), "Permission denied.");
	ck_assert_str_eq(hf_error_hint(rc), "Check the owner and the mode of the store.");
}

START_TEST(the_store_of_another_user_is_denied)
{
	struct hf_detail detail = { 0 };
	struct hf_store *store = NULL;

	set_up();
	make_store();
	if (!become_nobody(NULL, 0))
		return;
	expect_denied(place_try(&place, NULL, &detail, &store), &detail);
}
END_TEST

/* What one can do as somebody who owns the store but may not write to a part of it. */
START_TEST(a_directory_without_permission_to_write_is_denied)
{
	static const char *const own[] = { "", "holdfast.json", "keys", "keys/machine_secret",
					   "sessions", "quarantine" };
	const char *suffixes[] = { ".jsonl", ".head" };
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	struct hf_store *store = NULL;
	char path[400];

	set_up();
	make_store();
	for (size_t i = 0; i < 2 && geteuid() == 0; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", store_path,
			       place_name(history.id, suffixes[i]).text);
		ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
	}
	(void)snprintf(path, sizeof path, "%s/%s", store_path, place_name(history.id, ".lock").text);
	ck_assert_int_eq(unlink(path), 0);
	if (!become_nobody(own, sizeof own / sizeof own[0]))
		return;
	store = place_open(&place);
	(void)snprintf(path, sizeof path, "%s/sessions", store_path);
	ck_assert_int_eq(chmod(path, 0500), 0);
	expect_denied(hf_session_create(store, NULL, &detail, &session), &detail);
	expect_denied(hf_session_open(store, history.id, NULL, &detail, &session), &detail);
	look();
	ck_assert_int_eq(chmod(path, 0000), 0);
	{
		struct hf_list *list = NULL;
		struct hf_view *view = NULL;

		/* The descriptor of the directory is open, its names are not to be had. */
		expect_denied(hf_session_load(store, history.id, &detail, &view), &detail);
		expect_denied(hf_list_open(store, NULL, &detail, &list), &detail);
	}
	hf_store_close(store);
	expect_denied(place_try(&place, NULL, &detail, &store), &detail);
	ck_assert_int_eq(chmod(path, 0700), 0);
	look();
}
END_TEST

START_TEST(a_secret_without_permission_to_read_makes_weak_sessions_that_say_so)
{
	static const char *const own[] = { "", "holdfast.json", "keys", "keys/machine_secret",
					   "sessions", "quarantine" };
	struct session_rules rules = { .verdicts = 1 << HF_WEAK_KEY };
	struct session_found found;
	struct hf_session *session;
	struct hf_store *store;
	char path[400];

	set_up();
	make_store();
	if (!become_nobody(own, sizeof own / sizeof own[0]))
		return;
	(void)snprintf(path, sizeof path, "%s/keys/machine_secret", store_path);
	ck_assert_int_eq(chmod(path, 0000), 0);
	memset(&history, 0, sizeof history);
	store = place_open(&place);
	session = create(store);
	EXPECT_CODE(history_append(&history, session, 1, 4, true, NULL), HF_OK, "appending");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	hf_store_close(store);
	session_look(&place, &history, &rules, &found);
	/* It stays weak when the secret can be read again. */
	ck_assert_int_eq(chmod(path, 0600), 0);
	session_look(&place, &history, &rules, &found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash_disk");
	TCase *cases = tcase_create("disks");
	SRunner *runner;
	int failed;

	scratch_begin();
	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, a_session_goes_on_when_the_full_disk_has_space_again, 0, DISK_COUNT);
	tcase_add_loop_test(cases, a_torn_session_waits_for_space, 0, DISK_COUNT);
	tcase_add_loop_test(cases, on_a_full_disk_a_save_keeps_the_old_session, 0, DISK_COUNT);
	tcase_add_loop_test(cases, on_a_full_disk_no_session_and_no_key_are_half_made, 0, DISK_COUNT);
	tcase_add_test(cases, a_read_only_disk_can_be_read);
	tcase_add_test(cases, a_limit_on_the_size_of_files_is_no_space);
	tcase_add_test(cases, the_store_of_another_user_is_denied);
	tcase_add_test(cases, a_directory_without_permission_to_write_is_denied);
	tcase_add_test(cases, a_secret_without_permission_to_read_makes_weak_sessions_that_say_so);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
