/* SPDX-License-Identifier: MIT */
/*
 * Goal: the secret on disk is made once, is only ever used when it is safe, and is never
 * lost. Method: real files in every state that secret.h names. What happens when several
 * processes are about it at once is in test_secret_race.c.
 */
#include "crypto/kdf.h"
#include "keys_fixture.h"
#include "lib/fault_sys.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_close(&fixture);
}

static int read_secret(struct secret *secret)
{
	struct secret_dir dir = fixture_dir(&fixture);

	return secret_read(&dir, &fixture.report, secret);
}

static int read_or_make(struct secret *secret)
{
	struct secret_dir dir = fixture_dir(&fixture);

	return secret_read_or_make(&dir, &fixture.report, FORMAT_ROUNDS_MIN, secret);
}

static void assert_state(enum secret_state state)
{
	struct secret secret;

	ck_assert_int_eq(read_secret(&secret), HF_OK);
	ck_assert_int_eq(secret.state, state);
}

/* The secret must be refused both to readers and to makers, with advice, and stay. */
static void assert_refused(int code, const char *advice)
{
	struct secret secret;

	ck_assert_int_eq(read_secret(&secret), code);
	ck_assert_ptr_nonnull(strstr(fixture.report.detail.message, advice));
	ck_assert_int_eq(fixture.report.detail.code, code);
	ck_assert_int_eq(read_or_make(&secret), code);
	ck_assert(scratch_exists(fixture.keys.fd, SECRET_NAME) ||
		  strstr(advice, "symbolic") != NULL);
}

static struct stat stat_of(const char *name)
{
	struct stat found;

	ck_assert_int_eq(fstatat(fixture.keys.fd, name, &found, AT_SYMLINK_NOFOLLOW), 0);
	return found;
}

/* ---- Good ones ------------------------------------------------------------------- */

START_TEST(a_good_secret_is_read)
{
	struct secret secret;
	uint8_t digest[KDF_SIZE];

	fixture_put_secret(&fixture);
	ck_assert_int_eq(read_secret(&secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	ck_assert_str_eq(secret.file.host, "build-7.example.org");
	ck_assert_uint_eq(secret.file.secret[31], 31);
	kdf_sha256(KNOWN_SECRET, strlen(KNOWN_SECRET), digest);
	ck_assert_mem_eq(secret.digest, digest, sizeof digest);
}
END_TEST

START_TEST(reading_makes_nothing)
{
	assert_state(SECRET_MISSING);
	fixture_assert_names(&fixture, 0);
}
END_TEST

START_TEST(a_missing_secret_is_made_and_private)
{
	struct secret secret, again;
	char host[256] = "";
	struct stat found;
	mode_t mask = umask(_i == 0 ? 0 : 0777);

	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	(void)umask(mask);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	ck_assert_uint_eq(secret.file.rounds, FORMAT_ROUNDS_MIN);
	ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
	ck_assert_str_eq(secret.file.host, host);
	found = stat_of(SECRET_NAME);
	ck_assert_uint_eq(found.st_mode & 07777, 0600);
	ck_assert_uint_eq(found.st_nlink, 1);
	fixture_assert_names(&fixture, 1);
	ck_assert_int_eq(read_or_make(&again), HF_OK);
	ck_assert_mem_eq(again.digest, secret.digest, sizeof secret.digest);
}
END_TEST

START_TEST(two_secrets_differ)
{
	struct secret first, second;

	ck_assert_int_eq(read_or_make(&first), HF_OK);
	scratch_remove(fixture.keys.fd, SECRET_NAME);
	ck_assert_int_eq(read_or_make(&second), HF_OK);
	ck_assert_mem_ne(first.file.secret, second.file.secret, sizeof first.file.secret);
}
END_TEST

static const char *given_host;

static int give_host(void *context, char *name, size_t size)
{
	(void)context;
	text_copy(name, size, given_host);
	return 0;
}

START_TEST(any_host_name_can_be_pinned)
{
	static const char *const hosts[][2] = {
		{ "", "localhost" },
		{ "my host\t\x7f~", "my?host??~" },
		{ "caf\xc3\xa9", "caf??" },
	};
	struct sys sys = *sys_posix();
	struct secret_dir dir = { &sys, fixture.keys.fd, false };
	struct secret secret;

	given_host = hosts[_i][0];
	sys.host_name = give_host;
	ck_assert_int_eq(secret_read_or_make(&dir, &fixture.report, FORMAT_ROUNDS_MIN, &secret),
			 HF_OK);
	ck_assert_str_eq(secret.file.host, hosts[_i][1]);
}
END_TEST

START_TEST(temp_files_of_the_dead_are_removed_when_a_secret_is_made)
{
	struct secret secret;

	fixture_put(&fixture, ".machine_secret.0123456789abcdef.tmp", "half", 0600);
	fixture_put(&fixture, ".machine_secret.mine", "not ours", 0600);
	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	fixture_assert_names(&fixture, 2);
	ck_assert(scratch_exists(fixture.keys.fd, ".machine_secret.mine"));
}
END_TEST

START_TEST(a_place_tells_versions_apart)
{
	struct secret_dir dir = fixture_dir(&fixture);
	struct secret secret;

	fixture_put_secret(&fixture);
	ck_assert_int_eq(read_secret(&secret), HF_OK);
	ck_assert(secret_is_at(&dir, &secret.place));
	ck_assert_int_eq(renameat(dir.fd, SECRET_NAME, dir.fd, "other"), 0);
	ck_assert(!secret_is_at(&dir, &secret.place));
	fixture_put_secret(&fixture);
	ck_assert(!secret_is_at(&dir, &secret.place));
}
END_TEST

/* ---- What is refused ------------------------------------------------------------- */

START_TEST(a_secret_that_others_can_get_at_is_refused)
{
	static const mode_t modes[] = { 0601, 0602, 0604, 0610, 0620, 0640, 0644, 0666, 0777 };

	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, modes[_i]);
	assert_refused(HF_ERR_KEY_MODE, "chmod 600");
	ck_assert_uint_eq(stat_of(SECRET_NAME).st_mode & 0777, modes[_i]);
	ck_assert_int_eq(fchmodat(fixture.keys.fd, SECRET_NAME, 0400, 0), 0);
	assert_state(SECRET_GOOD);
}
END_TEST

START_TEST(a_directory_that_others_can_write_to_is_refused)
{
	struct secret secret;

	fixture_put_secret(&fixture);
	ck_assert_int_eq(fchmod(fixture.keys.fd, _i == 0 ? 0720 : 0702), 0);
	assert_refused(HF_ERR_KEY_MODE, "chmod 700");
	scratch_remove(fixture.keys.fd, SECRET_NAME);
	ck_assert_int_eq(read_or_make(&secret), HF_ERR_KEY_MODE);
	fixture_assert_names(&fixture, 0);
	ck_assert_int_eq(fchmod(fixture.keys.fd, 0755), 0);
	assert_state(SECRET_MISSING);
}
END_TEST

START_TEST(a_symbolic_link_is_refused)
{
	fixture_put(&fixture, "elsewhere", KNOWN_SECRET, 0600);
	ck_assert_int_eq(symlinkat(_i == 0 ? "elsewhere" : "nowhere", fixture.keys.fd, SECRET_NAME),
			 0);
	assert_refused(HF_ERR_KEY_UNSAFE, "symbolic link");
	ck_assert(!scratch_exists(fixture.keys.fd, "nowhere"));
	ck_assert(S_ISLNK(stat_of(SECRET_NAME).st_mode));
}
END_TEST

START_TEST(a_pipe_is_refused_without_waiting)
{
	ck_assert_int_eq(mkfifoat(fixture.keys.fd, SECRET_NAME, 0600), 0);
	assert_refused(HF_ERR_KEY_UNSAFE, "not a regular file");
}
END_TEST

START_TEST(a_directory_in_its_place_is_refused)
{
	scratch_mkdir(fixture.keys.fd, SECRET_NAME);
	assert_refused(HF_ERR_KEY_UNSAFE, "not a regular file");
}
END_TEST

START_TEST(a_second_name_is_refused)
{
	fixture_put_secret(&fixture);
	if (_i == 0)
		ck_assert_int_eq(linkat(fixture.keys.fd, SECRET_NAME, fixture.runtime.fd, "copy", 0),
				 0);
	else
		ck_assert_int_eq(linkat(fixture.keys.fd, SECRET_NAME, fixture.keys.fd, "copy", 0), 0);
	/* One of ours does not excuse one that is not. */
	if (_i == 2)
		ck_assert_int_eq(linkat(fixture.keys.fd, SECRET_NAME, fixture.keys.fd,
					".machine_secret.0123456789abcdef.tmp", 0), 0);
	assert_refused(HF_ERR_KEY_UNSAFE, "more than one name");
}
END_TEST

START_TEST(a_second_name_left_by_a_crash_is_put_up_with_and_removed)
{
	struct secret_dir reader = fixture_dir(&fixture);
	struct secret secret;

	reader.read_only = true;
	fixture_put_secret(&fixture);
	ck_assert_int_eq(linkat(fixture.keys.fd, SECRET_NAME, fixture.keys.fd,
				".machine_secret.0123456789abcdef.tmp", 0), 0);
	ck_assert_int_eq(secret_read(&reader, &fixture.report, &secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	fixture_assert_names(&fixture, 2);
	assert_state(SECRET_GOOD);
	fixture_assert_names(&fixture, 1);
}
END_TEST

START_TEST(what_belongs_to_others_is_refused)
{
	if (geteuid() != 0)
		return; /* only root can give files away */
	fixture_put_secret(&fixture);
	ck_assert_int_eq(fchownat(fixture.keys.fd, SECRET_NAME, 65534, 65534, 0), 0);
	assert_refused(HF_ERR_KEY_UNSAFE, "belongs to another user");
	ck_assert_int_eq(fchownat(fixture.keys.fd, SECRET_NAME, 0, 0, 0), 0);
	assert_state(SECRET_GOOD);
	ck_assert_int_eq(fchown(fixture.keys.fd, 65534, 65534), 0);
	assert_refused(HF_ERR_KEY_UNSAFE, "key directory belongs to another user");
}
END_TEST

/* ---- Damaged ones ---------------------------------------------------------------- */

static const char damage[] = "not a key file";

START_TEST(damage_of_any_kind_is_seen)
{
	char text[2048];

	fixture_put(&fixture, SECRET_NAME, "", 0600);
	assert_state(SECRET_DAMAGED);
	memset(text, 0, sizeof text);
	scratch_put(fixture.keys.fd, SECRET_NAME, text, strlen(KNOWN_SECRET));
	assert_state(SECRET_DAMAGED);
	memset(text, '\n', sizeof text);
	memcpy(text, KNOWN_SECRET, strlen(KNOWN_SECRET));
	scratch_put(fixture.keys.fd, SECRET_NAME, text, sizeof text);
	assert_state(SECRET_DAMAGED);
	for (size_t size = 0; size < strlen(KNOWN_SECRET); size++) {
		scratch_put(fixture.keys.fd, SECRET_NAME, KNOWN_SECRET, size);
		assert_state(SECRET_DAMAGED);
	}
	ck_assert_int_eq(fixture.noted.warnings, 0);
}
END_TEST

START_TEST(a_damaged_secret_is_kept_aside_and_another_made)
{
	struct secret secret;
	struct stat before, after;

	fixture_put(&fixture, SECRET_NAME, damage, 0600);
	before = stat_of(SECRET_NAME);
	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	fixture_assert_names(&fixture, 2);
	fixture_assert_file(&fixture, "machine_secret.corrupt-1", damage);
	after = stat_of("machine_secret.corrupt-1");
	ck_assert_uint_eq(after.st_ino, before.st_ino);
	ck_assert_uint_eq(after.st_nlink, 1);
	ck_assert_uint_eq(fixture.noted.warnings, 1);
	ck_assert_ptr_nonnull(strstr(fixture.noted.last, "machine_secret.corrupt-1"));
}
END_TEST

START_TEST(what_was_kept_aside_is_never_overwritten)
{
	struct secret secret;

	fixture_put(&fixture, "machine_secret.corrupt-1", "one", 0600);
	fixture_put(&fixture, "machine_secret.corrupt-2", "two", 0600);
	fixture_put(&fixture, "machine_secret.corrupt-4", "four", 0600);
	fixture_put(&fixture, SECRET_NAME, damage, 0600);
	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	fixture_assert_file(&fixture, "machine_secret.corrupt-1", "one");
	fixture_assert_file(&fixture, "machine_secret.corrupt-2", "two");
	fixture_assert_file(&fixture, "machine_secret.corrupt-3", damage);
	fixture_assert_file(&fixture, "machine_secret.corrupt-4", "four");
}
END_TEST

START_TEST(setting_aside_is_finished_after_a_crash_in_its_middle)
{
	struct secret secret;

	fixture_put(&fixture, "machine_secret.corrupt-1", "one", 0600);
	fixture_put(&fixture, SECRET_NAME, damage, 0600);
	ck_assert_int_eq(linkat(fixture.keys.fd, SECRET_NAME, fixture.keys.fd,
				"machine_secret.corrupt-2", 0), 0);
	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	fixture_assert_file(&fixture, "machine_secret.corrupt-2", damage);
	fixture_assert_names(&fixture, 3);
}
END_TEST

START_TEST(corrupt_names_are_told_from_others)
{
	ck_assert(secret_is_corrupt_name("machine_secret.corrupt-1"));
	ck_assert(secret_is_corrupt_name("machine_secret.corrupt-100000"));
	ck_assert(!secret_is_corrupt_name("machine_secret.corrupt-"));
	ck_assert(!secret_is_corrupt_name("machine_secret.corrupt-01"));
	ck_assert(!secret_is_corrupt_name("machine_secret.corrupt-1x"));
	ck_assert(!secret_is_corrupt_name("machine_secret"));
	ck_assert(!secret_is_corrupt_name(""));
}
END_TEST

static void part_damaged_and_not_ours_to_write(struct fixture *unprivileged)
{
	struct secret secret;

	ck_assert_int_eq(read_or_make(&secret), HF_ERR_KEY_CORRUPT);
	ck_assert_ptr_nonnull(strstr(unprivileged->report.detail.message, "chmod 600"));
}

START_TEST(a_damaged_secret_that_cannot_be_set_aside_stays)
{
	fixture_put(&fixture, SECRET_NAME, damage, 0400);
	fixture_run_unprivileged(&fixture, part_damaged_and_not_ours_to_write);
	fixture_assert_file(&fixture, SECRET_NAME, damage);
	fixture_assert_names(&fixture, 1);
}
END_TEST

/* ---- Unreadable ones ------------------------------------------------------------- */

static void part_unreadable(struct fixture *unprivileged)
{
	struct secret secret;

	(void)unprivileged;
	ck_assert_int_eq(read_or_make(&secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_UNREADABLE);
	ck_assert_int_eq(secret.reason, EACCES);
}

START_TEST(a_secret_without_the_right_to_read_is_unreadable)
{
	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, 0000);
	fixture_run_unprivileged(&fixture, part_unreadable);
	fixture_assert_names(&fixture, 1);
	ck_assert_int_eq(fchmodat(fixture.keys.fd, SECRET_NAME, 0600, 0), 0);
	fixture_assert_file(&fixture, SECRET_NAME, KNOWN_SECRET);
}
END_TEST

START_TEST(a_secret_in_a_closed_directory_is_unreadable)
{
	fixture_put_secret(&fixture);
	ck_assert_int_eq(fchmod(fixture.keys.fd, 0600), 0);
	fixture_run_unprivileged(&fixture, part_unreadable);
}
END_TEST

START_TEST(a_failing_disk_makes_it_unreadable)
{
	static const enum fault_call calls[] = { FAULT_OPEN_AT, FAULT_READ_AT, FAULT_STAT };
	static const int errnos[] = { EIO, EACCES, EPERM };
	const struct fault_plan plan = { FAULT_ERRNO_EVER, calls[_i / 3], 1, errnos[_i % 3] };
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct secret_dir dir = { fault_sys(fault), fixture.keys.fd, false };
	struct secret secret;

	fixture_put_secret(&fixture);
	fault_sys_arm(fault, &plan);
	ck_assert_int_eq(secret_read_or_make(&dir, &fixture.report, FORMAT_ROUNDS_MIN, &secret),
			 HF_OK);
	ck_assert(fault_sys_fired(fault));
	ck_assert_int_eq(secret.state, SECRET_UNREADABLE);
	ck_assert_int_eq(secret.reason, errnos[_i % 3]);
	ck_assert_str_eq(fault_sys_leaks(fault), "");
	fault_sys_free(fault);
	fixture_assert_names(&fixture, 1);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("secret");
	SRunner *runner = srunner_create(suite);
	TCase *good = add_case(suite, "good");
	TCase *refused = add_case(suite, "refused");
	TCase *damaged = add_case(suite, "damaged");
	TCase *unreadable = add_case(suite, "unreadable");
	int failed;

	tcase_add_test(good, a_good_secret_is_read);
	tcase_add_test(good, reading_makes_nothing);
	tcase_add_loop_test(good, a_missing_secret_is_made_and_private, 0, 2);
	tcase_add_test(good, two_secrets_differ);
	tcase_add_loop_test(good, any_host_name_can_be_pinned, 0, 3);
	tcase_add_test(good, temp_files_of_the_dead_are_removed_when_a_secret_is_made);
	tcase_add_test(good, a_place_tells_versions_apart);
	tcase_add_loop_test(refused, a_secret_that_others_can_get_at_is_refused, 0, 9);
	tcase_add_loop_test(refused, a_directory_that_others_can_write_to_is_refused, 0, 2);
	tcase_add_loop_test(refused, a_symbolic_link_is_refused, 0, 2);
	tcase_add_test(refused, a_pipe_is_refused_without_waiting);
	tcase_add_test(refused, a_directory_in_its_place_is_refused);
	tcase_add_loop_test(refused, a_second_name_is_refused, 0, 3);
	tcase_add_test(refused, a_second_name_left_by_a_crash_is_put_up_with_and_removed);
	tcase_add_test(refused, what_belongs_to_others_is_refused);
	tcase_add_test(damaged, damage_of_any_kind_is_seen);
	tcase_add_test(damaged, a_damaged_secret_is_kept_aside_and_another_made);
	tcase_add_test(damaged, what_was_kept_aside_is_never_overwritten);
	tcase_add_test(damaged, setting_aside_is_finished_after_a_crash_in_its_middle);
	tcase_add_test(damaged, corrupt_names_are_told_from_others);
	tcase_add_test(damaged, a_damaged_secret_that_cannot_be_set_aside_stays);
	tcase_add_test(unreadable, a_secret_without_the_right_to_read_is_unreadable);
	tcase_add_test(unreadable, a_secret_in_a_closed_directory_is_unreadable);
	tcase_add_loop_test(unreadable, a_failing_disk_makes_it_unreadable, 0, 9);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
