/* SPDX-License-Identifier: MIT */
/*
 * Goal: quarantined bytes come with their session or not at all; nothing that lies in the
 * quarantine keeps a session out or is lost; what a crash leaves is completed by the next one.
 * Method: a session that was repaired twice, its archive changed and cut, and a quarantine that
 * has something already.
 */
#include <unistd.h>

#include "bundle_fixture.h"
#include "lib/runner.h"

enum { ASIDES = 2 };

static struct fixture f;
static struct parts parts;
static char names[ASIDES][STORAGE_QUARANTINE_NAME_SIZE];
static const char *const texts[ASIDES] = { "first stump", "2nd" };

/* "<store>/<directory>/<name of one>". */
static const char *path_of(const char *dir, unsigned number)
{
	static char paths[4][200];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof paths[0], "%s/%s", dir, names[number]);
	return path;
}

static void setup(void)
{
	fixture_open(&f);
	fixture_make(f.a, ID_1, 3);
	for (unsigned i = 0; i < ASIDES; i++) {
		struct hf_repair repair = { 0 };

		scratch_append(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", texts[i], strlen(texts[i]));
		ck_assert_int_eq(hf_session_repair(f.a, ID_1, 0, false, NULL, &repair), HF_OK);
		(void)snprintf(names[i], sizeof names[i], "%s", repair.quarantine);
	}
	ck_assert_str_lt(names[0], names[1]);
	fixture_make(f.a, ID_2, 3);
	bundle_all(&f, f.a);
	parts_open(&f, &parts);
}

static void teardown(void)
{
	fixture_close(&f);
}

static struct part *aside_part(unsigned number)
{
	char name[300];
	struct part *part;

	(void)snprintf(name, sizeof name, MEMBER(ID_1, "quarantine/%s"), names[number]);
	part = parts_find(&parts, name);
	ck_assert_ptr_nonnull(part);
	return part;
}

static void check_file(const char *path, const char *text)
{
	size_t size;
	char *bytes = scratch_get(f.scratch.fd, path, &size);

	ck_assert_msg(size == strlen(text) && memcmp(bytes, text, size) == 0, "%s: \"%.*s\"", path,
		      (int)size, bytes);
	free(bytes);
}

static unsigned quarantined(void)
{
	return (unsigned)scratch_count(f.scratch.fd, "b/quarantine");
}

/* The session is there, and its quarantined bytes; and as many files of others. */
static void check_taken(unsigned others)
{
	assert_same_log(&f, ID_1);
	assert_nothing_left(&f, "b");
	for (unsigned i = 0; i < ASIDES; i++)
		check_file(path_of("b/quarantine", i), texts[i]);
	ck_assert_uint_eq(quarantined(), ASIDES + others);
}

static void take_genuine(unsigned others)
{
	bundle_all(&f, f.a);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	check_taken(others);
}

/* ---- All or nothing -------------------------------------------------------------- */

START_TEST(one_broken_file_keeps_all_of_them_out)
{
	aside_part((unsigned)_i)->bytes[1] ^= 1;
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	ck_assert(!is_there(f.b, ID_1));
	assert_same_log(&f, ID_2);
	assert_nothing_left(&f, "b");
	ck_assert_uint_eq(quarantined(), 0);
	ck_assert_int_eq(hf_session_delete(f.b, ID_2, NULL), HF_OK);
	take_genuine(0);
}
END_TEST

START_TEST(an_archive_that_ends_anywhere_leaves_all_of_a_session_or_nothing)
{
	size_t size;

	parts_close(&f, &parts);
	size = f.tape.bytes.size;
	for (size_t cut = 0; cut < size; cut += 512) {
		f.tape.bytes.size = cut;
		ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
		assert_nothing_left(&f, "b");
		if (is_there(f.b, ID_1))
			break;
		ck_assert_uint_eq(quarantined(), 0);
	}
	check_taken(0);
}
END_TEST

START_TEST(a_session_for_which_there_is_no_room_brings_nothing)
{
	struct hf_store_options options = { .padding = 1, .max_sessions = 1 };

	parts_close(&f, &parts);
	fixture_make(f.b, ID_3, 1);
	fixture_reopen(&f, &f.b, "b", &options);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_MAX_SESSIONS);
	assert_nothing_left(&f, "b");
	ck_assert_uint_eq(quarantined(), 0);
	fixture_reopen(&f, &f.b, "b", NULL);
	take_genuine(0);
}
END_TEST

/* One name twice, and names in another order: what was checked of one could be undone. */
START_TEST(names_that_do_not_follow_each_other_are_refused)
{
	struct bundle_manifest manifest = BUNDLE_MANIFEST_INIT;
	struct bundle_aside *first, *second;
	struct bundle_aside swap;

	parts_read_manifest(&parts, &manifest);
	ck_assert_uint_eq(bundle_aside_count(&manifest), ASIDES);
	first = bundle_aside_at(&manifest, 0);
	second = bundle_aside_at(&manifest, 1);
	swap = *first;
	*first = _i == 0 ? *second : *first;
	*second = swap;
	parts_write_manifest(&parts, &manifest);
	parts_close(&f, &parts);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_BUNDLE);
	ck_assert_int_eq(f.items[0].error, HF_ERR_BUNDLE);
	ck_assert_str_eq(f.items[0].message, "a manifest is damaged");
	ck_assert_uint_eq(quarantined(), 0);
}
END_TEST

/* ---- What is in the quarantine already ------------------------------------------- */

START_TEST(the_same_bytes_are_left_where_they_are)
{
	struct stat before, after;

	parts_close(&f, &parts);
	scratch_put(f.scratch.fd, path_of("b/quarantine", 1), texts[1], strlen(texts[1]));
	ck_assert_int_eq(fstatat(f.scratch.fd, path_of("b/quarantine", 1), &before, 0), 0);
	take_genuine(0);
	ck_assert_int_eq(fstatat(f.scratch.fd, path_of("b/quarantine", 1), &after, 0), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

static unsigned warnings;

static void note_warning(void *context, enum hf_log_level level, const char *message)
{
	(void)context;
	warnings += level == HF_LOG_WARNING && strstr(message, "\"displaced\"") != NULL;
}

START_TEST(other_bytes_make_way_and_are_not_lost)
{
	struct hf_store_options options = { .padding = 1, .log = note_warning };

	parts_close(&f, &parts);
	warnings = 0;
	fixture_reopen(&f, &f.b, "b", &options);
	scratch_put(f.scratch.fd, path_of("b/quarantine", 0), "first stumP", strlen("first stumP"));
	scratch_put(f.scratch.fd, path_of("b/quarantine", 1), "longer", 6);
	scratch_put(f.scratch.fd, "b/quarantine/" ID_1 ".displaced.0", "older", 5);
	scratch_put(f.scratch.fd, "b/quarantine/" ID_2 ".torn.0", "another's", 9);
	take_genuine(4);
	check_file("b/quarantine/" ID_1 ".displaced.0", "older");
	check_file("b/quarantine/" ID_1 ".displaced.1", "first stumP");
	check_file("b/quarantine/" ID_1 ".displaced.2", "longer");
	check_file("b/quarantine/" ID_2 ".torn.0", "another's");
	ck_assert_uint_eq(warnings, 1);
}
END_TEST

/* What made way once has a name that the next archive wants as well. */
START_TEST(nothing_makes_way_to_a_name_that_is_wanted)
{
	struct hf_store *c;

	parts_close(&f, &parts);
	scratch_put(f.scratch.fd, path_of("b/quarantine", 0), "other", 5);
	take_genuine(1);
	bundle_all(&f, f.b);
	c = fixture_store(&f, "c", NULL);
	scratch_put(f.scratch.fd, path_of("c/quarantine", 0), "third", 5);
	ck_assert_int_eq(unbundle(&f, c), HF_OK);
	hf_store_close(c);
	check_file("c/quarantine/" ID_1 ".displaced.0", "other");
	check_file("c/quarantine/" ID_1 ".displaced.1", "third");
	check_file(path_of("c/quarantine", 0), texts[0]);
	check_file(path_of("c/quarantine", 1), texts[1]);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "c/quarantine"), 4);
}
END_TEST

/* Nothing is known of it, and so nothing is done to it. */
START_TEST(what_cannot_be_read_there_is_named_and_stays)
{
	char text[20] = "";

	parts_close(&f, &parts);
	ck_assert_int_eq(symlinkat("../../precious", f.scratch.fd, path_of("b/quarantine", 1)), 0);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_DENIED);
	ck_assert_ptr_nonnull(strstr(f.items[0].message, names[1]));
	ck_assert(!is_there(f.b, ID_1));
	assert_same_log(&f, ID_2);
	assert_nothing_left(&f, "b");
	ck_assert_int_eq(readlinkat(f.scratch.fd, path_of("b/quarantine", 1), text, sizeof text - 1),
			 (ssize_t)strlen("../../precious"));
	ck_assert_int_eq(unlinkat(f.scratch.fd, path_of("b/quarantine", 1), 0), 0);
	ck_assert_int_eq(hf_session_delete(f.b, ID_2, NULL), HF_OK);
	take_genuine(0);
}
END_TEST

/* ---- What is durable when -------------------------------------------------------- */

static struct sys watched;
static char order[1000];

static void enter(char letter)
{
	size_t used = strlen(order);

	ck_assert_uint_lt(used + 1, sizeof order);
	order[used] = letter;
	order[used + 1] = '\0';
}

static bool is_dir(int fd, const char *name)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && fstatat(f.scratch.fd, name, &named, 0) == 0 &&
	       opened.st_ino == named.st_ino;
}

static int watch_sync(void *context, int fd)
{
	if (is_dir(fd, "b/quarantine"))
		enter('q');
	else if (is_dir(fd, "b/incoming"))
		enter('i');
	return sys_posix()->sync_all(context, fd);
}

/* Within the quarantine, to the quarantine, and to the sessions. */
static int watch_rename(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	if (is_dir(to_fd, "b/quarantine"))
		enter(dir_fd == to_fd ? 'D' : 'B');
	else if (is_dir(dir_fd, "b/incoming") && is_dir(to_fd, "b/sessions"))
		enter('M');
	return sys_posix()->rename_at(context, dir_fd, from, to_fd, to);
}

START_TEST(each_step_is_durable_before_the_next)
{
	struct hf_store_options options = { .padding = 1, .rounds = HF_ROUNDS_MIN,
					    .runtime_dir = "" };
	char path[400];

	parts_close(&f, &parts);
	scratch_put(f.scratch.fd, path_of("b/quarantine", 0), "other", 5);
	watched = *sys_posix();
	watched.sync_all = watch_sync;
	watched.rename_at = watch_rename;
	hf_store_close(f.b);
	ck_assert_int_eq(store_open_with(&watched, fixture_path(&f, "b", path), &options, NULL, &f.b),
			 HF_OK);
	order[0] = '\0';
	take_genuine(1);
	ck_assert_msg(strstr(order, "DqiBBqiM") != NULL, "%s", order);
}
END_TEST

/* ---- Crashes --------------------------------------------------------------------- */

static void note_finding(void *context, const struct hf_finding *finding)
{
	char (*found)[1000] = context;
	size_t used = strlen(*found);

	if (strstr(finding->text, "incoming") != NULL)
		(void)snprintf(*found + used, sizeof *found - used, "%s\n", finding->text);
}

static void stage(unsigned number, const char *text)
{
	scratch_put(f.scratch.fd, path_of("b/incoming", number), text, strlen(text));
}

/* One was brought, and one was not, when the crash came. */
START_TEST(what_a_crash_has_left_is_completed)
{
	char found[1000] = "";

	parts_close(&f, &parts);
	scratch_mkdir(f.scratch.fd, "b/incoming");
	scratch_copy(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", f.scratch.fd,
		     "b/incoming/" ID_1 ".jsonl");
	stage(1, texts[1]);
	scratch_put(f.scratch.fd, path_of("b/quarantine", 0), texts[0], strlen(texts[0]));
	ck_assert_int_eq(hf_store_examine(f.b, note_finding, &found, NULL), HF_OK);
	ck_assert_ptr_nonnull(strstr(found, "incoming/" ID_1 " is being taken in"));
	ck_assert_ptr_nonnull(strstr(found, "was left over by a crash"));
	ck_assert_ptr_null(strstr(found, "not a file of the store"));
	take_genuine(0);
}
END_TEST

/* Of a session that is not in this archive, and one whose log is gone already. */
START_TEST(what_others_have_staged_is_cleared_away)
{
	static const char other[] = "b/incoming/" ID_3 ".torn.0";

	parts_close(&f, &parts);
	scratch_mkdir(f.scratch.fd, "b/incoming");
	scratch_put(f.scratch.fd, other, "x", 1);
	scratch_put(f.scratch.fd, "b/incoming/" ID_3 ".jsonl", "x", 1);
	stage(0, "rest");
	take_genuine(0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unbundle aside");
	TCase *tcase = runner_cases(suite, "quarantine", 60);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, one_broken_file_keeps_all_of_them_out, 0, ASIDES);
	tcase_add_test(tcase, an_archive_that_ends_anywhere_leaves_all_of_a_session_or_nothing);
	tcase_add_test(tcase, a_session_for_which_there_is_no_room_brings_nothing);
	tcase_add_loop_test(tcase, names_that_do_not_follow_each_other_are_refused, 0, 2);
	tcase_add_test(tcase, the_same_bytes_are_left_where_they_are);
	tcase_add_test(tcase, other_bytes_make_way_and_are_not_lost);
	tcase_add_test(tcase, nothing_makes_way_to_a_name_that_is_wanted);
	tcase_add_test(tcase, what_cannot_be_read_there_is_named_and_stays);
	tcase_add_test(tcase, each_step_is_durable_before_the_next);
	tcase_add_test(tcase, what_a_crash_has_left_is_completed);
	tcase_add_test(tcase, what_others_have_staged_is_cleared_away);
	return runner_run(suite);
}
