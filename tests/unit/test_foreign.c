/* SPDX-License-Identifier: MIT */
/*
 * Goal: a key of another store is found by its id and its store, and only if its file is as
 * safe as the own secret must be; ours goes before it. Method: a key file whose keys are
 * known, under the name of the store that they were computed for.
 */
#include "base/text.h"
#include "crypto/kdf.h"
#include "keys/foreign.h"
#include "keys_fixture.h"
#include "lib/runner.h"

/* The known secret belongs to this store, and the fixture's keyring is that of another. */
#define KNOWN_STORE "10111213-1415-1617-1819-1a1b1c1d1e1f"
#define KNOWN_DIR FOREIGN_DIR "/" KNOWN_STORE "." KNOWN_ID

static struct fixture fixture;
static struct keyring *keyring;
static const uint8_t session[16] = { 1 };
static const uint8_t our_store[16] = { 0x77 };

static struct keyring *open_ring(bool read_only)
{
	struct keyring_options options = fixture_options(&fixture);
	struct keyring *ring = NULL;
	int fd = open(fixture.keys.path, O_RDONLY | O_DIRECTORY);

	options.read_only = read_only;
	ck_assert_int_eq(keyring_open(sys_posix(), &fixture.report, fd, our_store, &options, &ring),
			 HF_OK);
	return ring;
}

static void put_known(void)
{
	scratch_mkdir(fixture.keys.fd, FOREIGN_DIR);
	scratch_mkdir(fixture.keys.fd, KNOWN_DIR);
	ck_assert_int_eq(fchmodat(fixture.keys.fd, FOREIGN_DIR, 0700, 0), 0);
	ck_assert_int_eq(fchmodat(fixture.keys.fd, KNOWN_DIR, 0700, 0), 0);
	fixture_put(&fixture, KNOWN_DIR "/" SECRET_NAME, KNOWN_SECRET, 0600);
}

static void setup(void)
{
	fixture_open(&fixture);
	put_known();
	keyring = open_ring(false);
}

static void teardown(void)
{
	keyring_close(keyring);
	fixture_close(&fixture);
}

static int choose_from(struct keyring *from, const uint8_t *store, unsigned skip, bool is_exact,
		       uint8_t ret_store[16])
{
	const struct session_key_choice choice = { .key_id = KNOWN_ID, .session = session,
						   .store = store, .skip = skip,
						   .is_exact = is_exact };
	struct session_key *key = NULL;
	int rc = session_key_choose(from, &fixture.report, &choice, &key);

	if (rc == HF_OK && ret_store != NULL)
		memcpy(ret_store, key->store, 16);
	session_key_free(from, key);
	return rc;
}

static int choose(const uint8_t *store, unsigned skip, bool is_exact, uint8_t ret_store[16])
{
	return choose_from(keyring, store, skip, is_exact, ret_store);
}

START_TEST(a_foreign_key_is_that_of_its_store)
{
	/* As test_session_key has it, for the same session. */
	uint8_t wanted_session[16];
	struct session_key *key = NULL;
	uint8_t result[MAC_SIZE];
	char text[2 * MAC_SIZE + 1] = "";

	for (unsigned i = 0; i < 16; i++)
		wanted_session[i] = (uint8_t)(0xa0 + i);
	ck_assert_int_eq(session_key_new(keyring, &fixture.report, KNOWN_ID, wanted_session, 0, &key),
			 HF_OK);
	ck_assert_mem_eq(key->store, known_store, 16);
	mac_update(&key->record, "abc", 3);
	mac_final(&key->record, result);
	text_put_hex(result, sizeof result, text);
	ck_assert_str_eq(text, "9d2442b311b47b1b7561fc922ca9c885a6692629c2b70833293bca2675a0420b");
	session_key_free(keyring, key);
}
END_TEST

START_TEST(it_is_found_by_its_store)
{
	static const uint8_t other[16] = { 0x55 };
	uint8_t store[16];

	ck_assert_int_eq(choose(known_store, 0, true, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	ck_assert_int_eq(choose(other, 0, true, NULL), HF_ERR_KEY_MISSING);
	/* What another store should have signed with it does not check, and is not missing. */
	ck_assert_int_eq(choose(other, 0, false, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	ck_assert_int_eq(choose(NULL, 1, false, NULL), HF_ERR_KEY_MISSING);
}
END_TEST

START_TEST(our_own_key_goes_first_and_both_are_tried)
{
	uint8_t store[16];

	fixture_put_secret(&fixture);
	ck_assert_int_eq(choose(NULL, 0, false, store), HF_OK);
	ck_assert_mem_eq(store, our_store, 16);
	ck_assert_int_eq(choose(NULL, 1, false, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	ck_assert_int_eq(choose(NULL, 2, false, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose(known_store, 0, true, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
}
END_TEST

/* Ways in which it cannot be used, and what a look for it says. */
static void others_can_read(void)
{
	ck_assert_int_eq(fchmodat(fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME, 0644, 0), 0);
}

static void others_can_replace(void)
{
	ck_assert_int_eq(fchmodat(fixture.keys.fd, KNOWN_DIR, 0777, 0), 0);
}

static void others_can_swap(void)
{
	ck_assert_int_eq(fchmodat(fixture.keys.fd, FOREIGN_DIR, 0777, 0), 0);
}

static void damage(void)
{
	scratch_flip(fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME, 30, 1);
}

static void take_away(void)
{
	scratch_remove(fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME);
}

static void rename_it(void)
{
	ck_assert_int_eq(renameat(fixture.keys.fd, KNOWN_DIR, fixture.keys.fd,
				  FOREIGN_DIR "/" KNOWN_STORE ".0123456789abcdef"), 0);
}
static void misname(void)
{
	ck_assert_int_eq(renameat(fixture.keys.fd, KNOWN_DIR, fixture.keys.fd,
				  FOREIGN_DIR "/" KNOWN_STORE "-" KNOWN_ID), 0);
}
static void link_file(void)
{
	scratch_put(fixture.keys.fd, "elsewhere", KNOWN_SECRET, strlen(KNOWN_SECRET));
	scratch_remove(fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME);
	ck_assert_int_eq(symlinkat("../../elsewhere", fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME), 0);
}
static void link_dir(void)
{
	ck_assert_int_eq(renameat(fixture.keys.fd, KNOWN_DIR, fixture.keys.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("../elsewhere", fixture.keys.fd, KNOWN_DIR), 0);
}
static void link_all(void)
{
	ck_assert_int_eq(renameat(fixture.keys.fd, FOREIGN_DIR, fixture.keys.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("elsewhere", fixture.keys.fd, FOREIGN_DIR), 0);
}
static void second_name(void)
{
	ck_assert_int_eq(linkat(fixture.keys.fd, KNOWN_DIR "/" SECRET_NAME, fixture.keys.fd, "more", 0),
			 0);
}

static const struct trouble {
	void (*make)(void);
	int code;
} troubles[] = {
	{ others_can_read, HF_ERR_KEY_MODE },	{ others_can_replace, HF_ERR_KEY_MODE },
	{ others_can_swap, HF_ERR_KEY_MODE },	{ damage, HF_ERR_KEY_MISSING },
	{ take_away, HF_ERR_KEY_MISSING },	{ rename_it, HF_ERR_KEY_MISSING },
	{ misname, HF_ERR_KEY_MISSING },	{ link_file, HF_ERR_KEY_UNSAFE },
	{ link_dir, HF_ERR_KEY_UNSAFE },	{ link_all, HF_ERR_KEY_UNSAFE },
	{ second_name, HF_ERR_KEY_UNSAFE },
};

START_TEST(a_key_that_is_not_safe_is_not_used)
{
	troubles[_i].make();
	ck_assert_int_eq(choose(NULL, 0, false, NULL), troubles[_i].code);
	ck_assert_int_eq(choose(known_store, 0, false, NULL), troubles[_i].code);
}
END_TEST

/* ---- Taking in ------------------------------------------------------------------- */

static struct keyring_secret *read_secret(void)
{
	struct keyring_secret *secret = NULL;
	char path[300];

	(void)snprintf(path, sizeof path, "%s/given", fixture.keys.path);
	fixture_put(&fixture, "given", KNOWN_SECRET, 0600);
	ck_assert_int_eq(keyring_secret_read(keyring, &fixture.report, path, &secret), HF_OK);
	ck_assert_mem_eq(keyring_secret_id(secret), KNOWN_ID, FORMAT_KEY_ID_SIZE);
	return secret;
}

static struct keyring *borrow(const struct keyring_secret *secret)
{
	struct keyring *borrower = NULL;

	ck_assert_int_eq(keyring_borrow(keyring, &fixture.report, secret, &borrower), HF_OK);
	return borrower;
}

START_TEST(a_lent_key_is_known_to_its_borrower_alone_and_a_kept_one_to_all)
{
	struct keyring_secret *secret = read_secret();
	struct keyring *one = borrow(secret);
	struct keyring *two = borrow(secret);
	struct keyring *none = borrow(NULL);

	scratch_remove(fixture.keys.fd, FOREIGN_DIR);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert(!keyring_is_lent(one));
	keyring_lend(one, known_store);
	keyring_lend(two, known_store);
	ck_assert(keyring_is_lent(one));
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_OK);
	ck_assert_int_eq(choose_from(none, known_store, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose(known_store, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert(!scratch_exists(fixture.keys.fd, FOREIGN_DIR));
	keyring_close(two);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_OK);
	keyring_lend(one, NULL);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose_from(one, NULL, 0, false, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(keyring_keep(keyring, &fixture.report, secret, known_store), HF_OK);
	ck_assert_int_eq(keyring_keep(keyring, &fixture.report, secret, known_store), HF_OK);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_OK);
	ck_assert_int_eq(choose_from(none, known_store, 0, true, NULL), HF_OK);
	keyring_close(one);
	keyring_close(none);
	keyring_secret_free(keyring, secret);
	ck_assert_int_eq(choose(known_store, 0, true, NULL), HF_OK);
	fixture_assert_file(&fixture, KNOWN_DIR "/" SECRET_NAME, KNOWN_SECRET);
	ck_assert_uint_eq(scratch_count(fixture.keys.fd, KNOWN_DIR), 1);
	keyring_close(keyring);
	keyring = open_ring(false);
	ck_assert_int_eq(choose(known_store, 0, true, NULL), HF_OK);
}
END_TEST

/* Lent for one more store than those for which it is ours, and known from elsewhere. */
START_TEST(a_lent_key_is_one_more_among_those_of_its_id)
{
	static const uint8_t lent_store[16] = { 0x44 };
	static const uint8_t other[16] = { 0x55 };
	struct keyring_secret *secret = read_secret();
	struct keyring *one = borrow(secret);
	uint8_t store[16];

	fixture_put_secret(&fixture);
	keyring_lend(one, lent_store);
	ck_assert_int_eq(choose_from(one, NULL, 0, false, store), HF_OK);
	ck_assert_mem_eq(store, lent_store, 16);
	ck_assert_int_eq(choose_from(one, NULL, 1, false, store), HF_OK);
	ck_assert_mem_eq(store, our_store, 16);
	ck_assert_int_eq(choose_from(one, NULL, 2, false, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	ck_assert_int_eq(choose_from(one, NULL, 3, false, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose_from(one, lent_store, 0, true, store), HF_OK);
	ck_assert_mem_eq(store, lent_store, 16);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	ck_assert_int_eq(choose_from(one, other, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose_from(one, other, 0, false, NULL), HF_OK);
	keyring_close(one);
	keyring_secret_free(keyring, secret);
}
END_TEST

/* What another store should have signed with a key that is only lent does not check. */
START_TEST(a_key_that_is_lent_for_another_store_is_not_missing)
{
	static const uint8_t other[16] = { 0x55 };
	struct keyring_secret *secret = read_secret();
	struct keyring *one = borrow(secret);
	uint8_t store[16];

	scratch_remove(fixture.keys.fd, FOREIGN_DIR);
	keyring_lend(one, known_store);
	ck_assert_int_eq(choose_from(one, other, 0, true, NULL), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(choose_from(one, other, 0, false, store), HF_OK);
	ck_assert_mem_eq(store, known_store, 16);
	keyring_close(one);
	keyring_secret_free(keyring, secret);
}
END_TEST

START_TEST(a_forked_child_does_not_have_what_was_lent)
{
	struct keyring_secret *secret = read_secret();
	struct keyring *one = borrow(secret);
	int status = -1;
	pid_t child;

	scratch_remove(fixture.keys.fd, FOREIGN_DIR);
	keyring_lend(one, known_store);
	child = check_fork();
	if (child == 0)
		_exit(choose_from(one, known_store, 0, true, NULL) == HF_ERR_KEY_MISSING ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(choose_from(one, known_store, 0, true, NULL), HF_OK);
	keyring_close(one);
	keyring_secret_free(keyring, secret);
}
END_TEST

START_TEST(what_is_damaged_is_not_written_over)
{
	struct keyring_secret *secret = read_secret();

	damage();
	ck_assert_int_eq(keyring_keep(keyring, &fixture.report, secret, known_store),
			 HF_ERR_KEY_CORRUPT);
	keyring_close(keyring);
	keyring = open_ring(true);
	ck_assert_int_eq(keyring_keep(keyring, &fixture.report, secret, known_store),
			 HF_ERR_READONLY);
	keyring_secret_free(keyring, secret);
}
END_TEST

struct listed {
	unsigned count;
	struct hf_key_info last;
};

static void note(void *context, const struct hf_key_info *key)
{
	struct listed *listed = context;

	listed->count++;
	listed->last = *key;
}

START_TEST(a_list_tells_whose_it_is)
{
	struct listed listed = { 0 };

	ck_assert_int_eq(keyring_list(keyring, &fixture.report, note, &listed), HF_OK);
	ck_assert_uint_eq(listed.count, 2);
	ck_assert_int_eq(listed.last.state, HF_KEY_FOREIGN);
	ck_assert_int_eq(listed.last.error, HF_OK);
	ck_assert_str_eq(listed.last.id, KNOWN_ID);
	ck_assert_str_eq(listed.last.store, KNOWN_STORE);
	ck_assert_str_eq(listed.last.file, KNOWN_DIR);
	ck_assert_str_eq(listed.last.host, "build-7.example.org");
	others_can_read();
	ck_assert_int_eq(keyring_list(keyring, &fixture.report, note, &listed), HF_OK);
	ck_assert_int_eq(listed.last.error, HF_ERR_KEY_MODE);
}
END_TEST

START_TEST(dropping_forgets_it_here_and_in_the_runtime_directory)
{
	ck_assert_int_eq(choose(NULL, 0, false, NULL), HF_OK);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "holdfast"), 1);
	keyring_close(keyring);
	/* Also if this process has never used it. */
	keyring = open_ring(false);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "holdfast"), 0);
	ck_assert_int_eq(choose(NULL, 0, false, NULL), HF_OK);
}
END_TEST

START_TEST(a_forked_child_derives_it_again)
{
	int status = -1;
	pid_t child;

	ck_assert_int_eq(choose(NULL, 0, false, NULL), HF_OK);
	child = check_fork();
	if (child == 0)
		_exit(choose(NULL, 0, false, NULL) == HF_OK ? 0 : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("foreign");
	TCase *tcase = runner_cases(suite, "foreign", 30);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_foreign_key_is_that_of_its_store);
	tcase_add_test(tcase, it_is_found_by_its_store);
	tcase_add_test(tcase, our_own_key_goes_first_and_both_are_tried);
	tcase_add_loop_test(tcase, a_key_that_is_not_safe_is_not_used, 0,
			    (int)(sizeof troubles / sizeof troubles[0]));
	tcase_add_test(tcase, a_lent_key_is_known_to_its_borrower_alone_and_a_kept_one_to_all);
	tcase_add_test(tcase, a_lent_key_is_one_more_among_those_of_its_id);
	tcase_add_test(tcase, a_key_that_is_lent_for_another_store_is_not_missing);
	tcase_add_test(tcase, a_forked_child_does_not_have_what_was_lent);
	tcase_add_test(tcase, what_is_damaged_is_not_written_over);
	tcase_add_test(tcase, a_list_tells_whose_it_is);
	tcase_add_test(tcase, dropping_forgets_it_here_and_in_the_runtime_directory);
	tcase_add_test(tcase, a_forked_child_derives_it_again);
	return runner_run(suite);
}
