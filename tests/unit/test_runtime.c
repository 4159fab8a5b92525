/* SPDX-License-Identifier: MIT */
/*
 * Goal: the runtime directory's cache gives the right key or none, and its troubles are
 * never more than a word in the log. Method: the cache in every state, alone and below a
 * keyring.
 */
#include "crypto/kdf.h"
#include "keys/runtime.h"
#include "keys_fixture.h"

/* The cache's file for the known secret: the digest of its bytes, cut to 32 digits. */
#define FOLDER "holdfast"
#define NAME FOLDER "/2abb5e6adb0504578166eac36a1d6bb5.key"

static struct fixture fixture;
static struct keycache known;

static void setup(void)
{
	fixture_open(&fixture);
	kdf_sha256(KNOWN_SECRET, strlen(KNOWN_SECRET), known.key_file_digest);
	memset(known.store_key, 0x5a, sizeof known.store_key);
}

static void teardown(void)
{
	fixture_close(&fixture);
}

static struct runtime runtime_at(const char *dir)
{
	return (struct runtime){ sys_posix(), dir };
}

/* Whether the key is found, and if so that it is the right one. */
static bool finds(void)
{
	struct runtime runtime = runtime_at(fixture.runtime.path);
	uint8_t key[FORMAT_KEY_SIZE] = { 0 };
	bool found = runtime_find(&runtime, &fixture.report, known.key_file_digest, key);

	ck_assert(!found || memcmp(key, known.store_key, sizeof key) == 0);
	ck_assert(found || key[0] == 0);
	return found;
}

static void put_known(void)
{
	struct runtime runtime = runtime_at(fixture.runtime.path);

	runtime_put(&runtime, &fixture.report, &known);
}

static int drop_known(void)
{
	struct runtime runtime = runtime_at(fixture.runtime.path);

	return runtime_remove(&runtime, &fixture.report, known.key_file_digest);
}

static mode_t mode_of(const char *name)
{
	struct stat found;

	ck_assert_int_eq(fstatat(fixture.runtime.fd, name, &found, 0), 0);
	return found.st_mode & 07777;
}

/* ---- The cache alone ------------------------------------------------------------- */

START_TEST(a_key_is_kept_privately_and_found)
{
	mode_t mask = umask(0);

	ck_assert(!finds());
	ck_assert_uint_eq(fixture.noted.warnings, 0);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "."), 0);
	put_known();
	(void)umask(mask);
	ck_assert(finds());
	ck_assert_uint_eq(mode_of(FOLDER), 0700);
	ck_assert_uint_eq(mode_of(NAME), 0600);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, FOLDER), 1);
	ck_assert_uint_eq(fixture.noted.warnings, 0);
}
END_TEST

START_TEST(a_newer_key_replaces_the_file)
{
	put_known();
	known.store_key[0] ^= 1;
	put_known();
	ck_assert(finds());
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, FOLDER), 1);
}
END_TEST

START_TEST(a_removed_key_is_gone)
{
	ck_assert_int_eq(drop_known(), HF_OK);
	put_known();
	ck_assert_int_eq(drop_known(), HF_OK);
	ck_assert(!finds());
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, FOLDER), 0);
	ck_assert_int_eq(drop_known(), HF_OK);
}
END_TEST

START_TEST(no_directory_is_no_cache)
{
	static const char *const dirs[] = { NULL, "", "relative", "/nonexistent/at/all" };
	struct runtime runtime = runtime_at(dirs[_i]);
	uint8_t key[FORMAT_KEY_SIZE];

	runtime_put(&runtime, &fixture.report, &known);
	ck_assert(!runtime_find(&runtime, &fixture.report, known.key_file_digest, key));
	ck_assert_int_eq(runtime_remove(&runtime, &fixture.report, known.key_file_digest), HF_OK);
	ck_assert((fixture.noted.warnings > 0) == (_i > 1));
	ck_assert_uint_eq(fixture.noted.errors, 0);
}
END_TEST

/* Makes the cache unsafe or wrong in one way each. */
static void make_open(void)
{
	ck_assert_int_eq(fchmod(fixture.runtime.fd, 0770), 0);
}

static void make_folder_open(void)
{
	ck_assert_int_eq(fchmodat(fixture.runtime.fd, FOLDER, 0710, 0), 0);
}

static void make_file_open(void)
{
	ck_assert_int_eq(fchmodat(fixture.runtime.fd, NAME, 0640, 0), 0);
}

static void make_folder_a_link(void)
{
	ck_assert_int_eq(renameat(fixture.runtime.fd, FOLDER, fixture.runtime.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("elsewhere", fixture.runtime.fd, FOLDER), 0);
}

static void make_file_a_link(void)
{
	ck_assert_int_eq(renameat(fixture.runtime.fd, NAME, fixture.runtime.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("../elsewhere", fixture.runtime.fd, NAME), 0);
}

static void make_second_name(void)
{
	ck_assert_int_eq(linkat(fixture.runtime.fd, NAME, fixture.runtime.fd, "copy", 0), 0);
}

static void make_pipe(void)
{
	scratch_remove(fixture.runtime.fd, NAME);
	ck_assert_int_eq(mkfifoat(fixture.runtime.fd, NAME, 0600), 0);
}

static void make_cut(void)
{
	scratch_cut(fixture.runtime.fd, NAME, 100);
}

static void make_longer(void)
{
	scratch_append(fixture.runtime.fd, NAME, "\n", 1);
}

static void make_flipped(void)
{
	scratch_flip(fixture.runtime.fd, NAME, 80, 1);
}

/* The right name, and good in itself, but of another key file. */
static void make_stale(void)
{
	struct keycache other = known;
	char text[FORMAT_KEY_FILE_SIZE_MAX];

	other.key_file_digest[31] ^= 1;
	scratch_put(fixture.runtime.fd, NAME, text, keycache_encode(&other, text));
}

static void make_others(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(fixture.runtime.fd, NAME, 65534, 65534, 0), 0);
	else
		make_flipped();
}

struct fault {
	void (*make)(void);
	bool mends;   /* a new file may be put in its place */
	bool silent;
};

static const struct fault faults[] = {
	{ make_open, false, false },        { make_folder_open, false, false },
	{ make_folder_a_link, false, false }, { make_file_open, true, false },
	{ make_file_a_link, true, false },  { make_second_name, true, false },
	{ make_pipe, true, false },         { make_cut, true, false },
	{ make_longer, true, false },       { make_flipped, true, false },
	{ make_stale, true, true },         { make_others, true, false },
};

START_TEST(what_is_unsafe_or_wrong_is_not_used)
{
	put_known();
	ck_assert(finds());
	faults[_i].make();
	ck_assert(!finds());
	ck_assert((fixture.noted.warnings > 0) == !faults[_i].silent);
	put_known();
	ck_assert(finds() == faults[_i].mends);
	ck_assert_uint_eq(fixture.noted.errors, 0);
}
END_TEST

/* ---- Below a keyring ------------------------------------------------------------- */

/* The keyring must give the known id whatever the cache is like. */
static const char *source_of_key(void)
{
	static struct hf_key_info info;
	struct keyring *keyring = fixture_keyring(&fixture);

	ck_assert_int_eq(keyring_prepare(keyring, &fixture.report, &info), HF_OK);
	ck_assert_str_eq(info.id, KNOWN_ID);
	keyring_close(keyring);
	return info.source;
}

START_TEST(a_keyring_lives_with_any_cache)
{
	fixture_put_secret(&fixture);
	ck_assert_str_eq(source_of_key(), "derived");
	ck_assert_str_eq(source_of_key(), "runtime cache");
	faults[_i].make();
	ck_assert_str_eq(source_of_key(), "derived");
	ck_assert_str_eq(source_of_key(), faults[_i].mends ? "runtime cache" : "derived");
}
END_TEST

START_TEST(a_changed_key_file_does_not_meet_the_old_ones_key)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE];

	(void)fixture_current(&fixture, keyring, id);
	keyring_close(keyring);
	fixture_put_secret(&fixture);
	ck_assert_str_eq(source_of_key(), "derived");
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, FOLDER), 2);
}
END_TEST

static int refuse_sync(void *context, int fd)
{
	(void)context;
	(void)fd;
	return -EIO;
}

/* The cache says to its readers that the secret's name is durable. */
START_TEST(a_reader_that_could_not_sync_does_not_fill_the_cache)
{
	struct keyring_options options = fixture_options(&fixture);
	struct sys sys = *sys_posix();
	struct keyring *keyring;
	char id[HF_KEY_ID_SIZE];

	options.read_only = true;
	fixture_put_secret(&fixture);
	sys.sync_all = refuse_sync;
	keyring = fixture_keyring_with(&fixture, &sys, &options);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "."), 0);
	sys.sync_all = sys_posix()->sync_all;
	keyring = fixture_keyring_with(&fixture, &sys, &options);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, FOLDER), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("runtime");
	TCase *alone = tcase_create("alone");
	TCase *below = tcase_create("below a keyring");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(alone, setup, teardown);
	tcase_add_checked_fixture(below, setup, teardown);
	suite_add_tcase(suite, alone);
	suite_add_tcase(suite, below);
	tcase_add_test(alone, a_key_is_kept_privately_and_found);
	tcase_add_test(alone, a_newer_key_replaces_the_file);
	tcase_add_test(alone, a_removed_key_is_gone);
	tcase_add_loop_test(alone, no_directory_is_no_cache, 0, 4);
	tcase_add_loop_test(alone, what_is_unsafe_or_wrong_is_not_used, 0, (int)ARRAY_SIZE(faults));
	tcase_add_loop_test(below, a_keyring_lives_with_any_cache, 0, (int)ARRAY_SIZE(faults));
	tcase_add_test(below, a_changed_key_file_does_not_meet_the_old_ones_key);
	tcase_add_test(below, a_reader_that_could_not_sync_does_not_fill_the_cache);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
