/* SPDX-License-Identifier: MIT */
/*
 * Goal: the right key signs, whatever state the secret is in; keys that are asked for are
 * found or missing, never made; nothing is kept that was dropped. (What a list tells is in
 * test_keyring_list.c.) Method: real key files, among them one whose keys Python computed,
 * and real forks.
 */
#include "keys_fixture.h"
#include "lib/alloc_fault.h"
#include "lib/fault_sys.h"

static const uint8_t session_id[16] = { 0xa0, 0xa1 };

static struct fixture fixture;

static void setup(void)
{
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_close(&fixture);
}

static int find(struct keyring *keyring, const char *id)
{
	struct session_key *key = NULL;
	int rc = session_key_new(keyring, &fixture.report, id, session_id, 0, &key);

	ck_assert((key != NULL) == (rc == HF_OK));
	session_key_free(keyring, key);
	return rc;
}

static struct keyring *read_only_keyring(void)
{
	struct keyring_options options = fixture_options(&fixture);

	options.read_only = true;
	return fixture_keyring_with(&fixture, sys_posix(), &options);
}

/* ---- The current key ------------------------------------------------------------- */

START_TEST(the_id_is_the_one_that_the_format_gives)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE];

	fixture_put_secret(&fixture);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_key_that_was_made_is_found_again)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE], again[HF_KEY_ID_SIZE];

	(void)fixture_current(&fixture, keyring, id);
	ck_assert(!keyring_is_weak(id));
	keyring_close(keyring);
	keyring = fixture_keyring(&fixture);
	ck_assert_str_eq(fixture_current(&fixture, keyring, again), id);
	keyring_close(keyring);
	ck_assert_uint_eq(fixture.noted.warnings, 0);
}
END_TEST

START_TEST(a_read_only_keyring_makes_no_secret)
{
	struct keyring *keyring = read_only_keyring();
	char id[HF_KEY_ID_SIZE] = "untouched";

	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(fixture.report.detail.code, HF_ERR_KEY_MISSING);
	ck_assert_str_eq(id, "untouched");
	fixture_assert_names(&fixture, 0);
	fixture_put(&fixture, SECRET_NAME, "damaged", 0600);
	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_KEY_CORRUPT);
	ck_assert_str_eq(id, "untouched");
	fixture_assert_file(&fixture, SECRET_NAME, "damaged");
	fixture_assert_names(&fixture, 1);
	fixture_put_secret(&fixture);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_read_only_keyring_needs_no_directory)
{
	struct keyring_options options = { .read_only = true, .rounds = FORMAT_ROUNDS_MIN };
	struct keyring *keyring = NULL;
	char id[HF_KEY_ID_SIZE];

	ck_assert_int_eq(keyring_open(sys_posix(), &fixture.report, -1, known_store, &options,
				      &keyring), HF_OK);
	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	keyring_close(keyring);
	keyring_close(NULL);
}
END_TEST

START_TEST(an_unsafe_secret_signs_nothing)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE] = "untouched";

	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, 0640);
	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_KEY_MODE);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MODE);
	ck_assert_str_eq(id, "untouched");
	ck_assert_int_eq(fchmodat(fixture.keys.fd, SECRET_NAME, 0600, 0), 0);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_directory_that_could_not_be_synced_is_not_trusted_any_more)
{
	const struct fault_plan plan = { FAULT_ERRNO, FAULT_SYNC_ALL, _i == 0 ? 1 : 2, EIO };
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct keyring *keyring = fixture_keyring_with(&fixture, fault_sys(fault), &options);
	char id[HF_KEY_ID_SIZE];

	if (_i == 0)
		fixture_put_secret(&fixture);
	fault_sys_arm(fault, &plan);
	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_IO);
	ck_assert(fault_sys_fired(fault));
	ck_assert_int_eq(keyring_current(keyring, &fixture.report, id), HF_ERR_IO);
	keyring_close(keyring);
	keyring = fixture_keyring(&fixture);
	(void)fixture_current(&fixture, keyring, id);
	fixture_assert_names(&fixture, 1);
	keyring_close(keyring);
	fault_sys_free(fault);
}
END_TEST

/* ---- The weak key ---------------------------------------------------------------- */

static void part_weak(struct fixture *unprivileged)
{
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct keyring *keyring = fixture_keyring_with(unprivileged, sys_posix(), &options);
	char id[HF_KEY_ID_SIZE];

	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(fixture_current(unprivileged, keyring, id), KNOWN_WEAK_ID);
	ck_assert(keyring_is_weak(id));
	ck_assert_uint_eq(unprivileged->noted.warnings, 1);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(find(keyring, KNOWN_WEAK_ID), HF_OK);
	/* As soon as the secret can be read it signs what is new. */
	ck_assert_int_eq(fchmodat(unprivileged->keys.fd, SECRET_NAME, 0600, 0), 0);
	ck_assert_str_eq(fixture_current(unprivileged, keyring, id), KNOWN_ID);
	ck_assert_int_eq(find(keyring, KNOWN_WEAK_ID), HF_OK);
	keyring_close(keyring);
}

START_TEST(an_unreadable_secret_leads_to_the_weak_key_until_it_is_readable)
{
	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, 0000);
	fixture_run_unprivileged(&fixture, part_weak);
	fixture_assert_names(&fixture, 1);
}
END_TEST

START_TEST(a_directory_that_may_not_be_opened_leads_to_the_weak_key)
{
	struct keyring_options options = { .dir_denied = true, .rounds = FORMAT_ROUNDS_MIN };
	struct keyring *keyring = NULL;
	char id[HF_KEY_ID_SIZE];

	ck_assert_int_eq(keyring_open(sys_posix(), &fixture.report, -1, known_store, &options,
				      &keyring), HF_OK);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_WEAK_ID);
	keyring_close(keyring);
}
END_TEST

START_TEST(the_weak_key_is_known_without_a_secret_and_makes_none)
{
	struct keyring *keyring = fixture_keyring(&fixture);

	ck_assert_int_eq(find(keyring, KNOWN_WEAK_ID), HF_OK);
	ck_assert_int_eq(find(keyring, "weak0e3cce4a8805"), HF_ERR_KEY_MISSING);
	fixture_assert_names(&fixture, 0);
	keyring_close(keyring);
}
END_TEST

/* ---- Finding --------------------------------------------------------------------- */

START_TEST(a_key_that_is_asked_for_is_never_made)
{
	struct keyring *keyring = fixture_keyring(&fixture);

	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	fixture_assert_names(&fixture, 0);
	fixture_put(&fixture, SECRET_NAME, "damaged", 0600);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	fixture_assert_names(&fixture, 1);
	fixture_assert_file(&fixture, SECRET_NAME, "damaged");
	ck_assert_int_eq(fixture.report.detail.code, HF_OK);
	ck_assert_uint_eq(fixture.noted.errors, 0);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_key_that_is_asked_for_is_loaded)
{
	struct keyring *keyring = fixture_keyring(&fixture);

	fixture_put_secret(&fixture);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_OK);
	ck_assert_int_eq(find(keyring, "9083ce5eaf1baf39"), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_OK);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_secret_that_replaced_the_loaded_one_is_noticed)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE];

	(void)fixture_current(&fixture, keyring, id);
	scratch_remove(fixture.keys.fd, SECRET_NAME);
	/* The key in memory stays good as long as there is no other. */
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(find(keyring, id), HF_OK);
	fixture_put_secret(&fixture);
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_OK);
	ck_assert_int_eq(find(keyring, id), HF_ERR_KEY_MISSING);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_warm_key_costs_no_system_call)
{
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct keyring *keyring = fixture_keyring_with(&fixture, fault_sys(fault), &options);
	char id[HF_KEY_ID_SIZE];
	size_t calls;

	(void)fixture_current(&fixture, keyring, id);
	calls = fault_sys_trace(fault).count;
	for (int i = 0; i < 100; i++)
		(void)fixture_current(&fixture, keyring, id);
	ck_assert_uint_eq(fault_sys_trace(fault).count, calls);
	ck_assert_int_eq(find(keyring, id), HF_OK);
	/* One page for the session's own keys. */
	ck_assert_uint_eq(fault_sys_trace(fault).count, calls + 1);
	/* When the key is not known, one look whether the secret has changed, and one for keys of
	 * other stores. */
	ck_assert_int_eq(find(keyring, KNOWN_ID), HF_ERR_KEY_MISSING);
	ck_assert_uint_eq(fault_sys_trace(fault).count, calls + 3);
	keyring_close(keyring);
	ck_assert_str_eq(fault_sys_leaks(fault), "");
	fault_sys_free(fault);
}
END_TEST

/* ---- Dropping and forking -------------------------------------------------------- */

START_TEST(a_dropped_key_is_gone_from_memory_and_disk)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct hf_key_info info;
	char id[HF_KEY_ID_SIZE], again[HF_KEY_ID_SIZE];

	(void)fixture_current(&fixture, keyring, id);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "holdfast"), 1);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "holdfast"), 0);
	ck_assert_int_eq(keyring_prepare(keyring, &fixture.report, &info), HF_OK);
	ck_assert_str_eq(info.source, "derived");
	ck_assert_str_eq(fixture_current(&fixture, keyring, again), id);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_process_that_never_used_the_key_can_drop_it)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	char id[HF_KEY_ID_SIZE];

	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	fixture_assert_names(&fixture, 0);
	(void)fixture_current(&fixture, keyring, id);
	keyring_close(keyring);
	keyring = fixture_keyring(&fixture);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	ck_assert_uint_eq(scratch_count(fixture.runtime.fd, "holdfast"), 0);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_drop_that_leaves_the_file_says_so)
{
	const struct fault_plan plan = { FAULT_ERRNO, FAULT_UNLINK_AT, 1, EROFS };
	struct keyring_options options = fixture_options(&fixture);
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct keyring *keyring = fixture_keyring_with(&fixture, fault_sys(fault), &options);
	struct hf_key_info info;
	char id[HF_KEY_ID_SIZE];

	(void)fixture_current(&fixture, keyring, id);
	fault_sys_arm(fault, &plan);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_ERR_READONLY);
	/* It is out of memory all the same. */
	ck_assert_int_eq(keyring_prepare(keyring, &fixture.report, &info), HF_OK);
	ck_assert_str_eq(info.source, "runtime cache");
	keyring_close(keyring);
	fault_sys_free(fault);
}
END_TEST

START_TEST(a_session_key_outlives_a_drop)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct session_key *key = NULL;

	fixture_put_secret(&fixture);
	ck_assert_int_eq(session_key_new(keyring, &fixture.report, KNOWN_ID, session_id, 0, &key),
			 HF_OK);
	ck_assert_int_eq(keyring_drop(keyring, &fixture.report), HF_OK);
	ck_assert(session_key_is_ready(keyring, key));
	session_key_free(keyring, key);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_forked_child_has_no_keys_but_can_get_them)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct session_key *key = NULL;
	struct session_key *copy = NULL;
	char id[HF_KEY_ID_SIZE];
	int status = -1;
	pid_t child;

	fixture_put_secret(&fixture);
	ck_assert_int_eq(session_key_new(keyring, &fixture.report, KNOWN_ID, session_id, 0, &key),
			 HF_OK);
	child = check_fork();
	if (child == 0) {
		struct session_key zero;

		memset(&zero, 0, sizeof zero);
		ck_assert_mem_eq(key, &zero, sizeof zero);
		ck_assert(!session_key_is_ready(keyring, key));
		ck_assert_int_eq(session_key_copy(keyring, &fixture.report, key, &copy),
				 HF_ERR_FORKED);
		ck_assert_int_eq(find(keyring, KNOWN_ID), HF_OK);
		ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
		session_key_free(keyring, key);
		keyring_close(keyring);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(session_key_is_ready(keyring, key));
	session_key_free(keyring, key);
	keyring_close(keyring);
}
END_TEST

/* ---- Memory ---------------------------------------------------------------------- */

START_TEST(opening_without_memory_says_so)
{
	struct keyring_options options = fixture_options(&fixture);
	struct keyring *keyring = NULL;
	uint64_t all = 0;
	int rc = HF_ERR_NOMEM;

	for (uint64_t n = 1; rc == HF_ERR_NOMEM; n++, all++) {
		alloc_fault_fail(n, false);
		rc = keyring_open(sys_posix(), &fixture.report, -1, known_store,
				  &(struct keyring_options){ .read_only = true,
							     .rounds = options.rounds,
							     .runtime_dir = options.runtime_dir },
				  &keyring);
		(void)alloc_fault_stop();
		ck_assert((keyring != NULL) == (rc == HF_OK));
	}
	ck_assert_int_eq(rc, HF_OK);
	ck_assert_uint_ge(all, 2);
	keyring_close(keyring);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_tests(Suite *suite)
{
	TCase *current = add_case(suite, "current");
	TCase *weak = add_case(suite, "weak");
	TCase *finding = add_case(suite, "finding");
	TCase *dropping = add_case(suite, "dropping");

	tcase_add_test(current, the_id_is_the_one_that_the_format_gives);
	tcase_add_test(current, a_key_that_was_made_is_found_again);
	tcase_add_test(current, a_read_only_keyring_makes_no_secret);
	tcase_add_test(current, a_read_only_keyring_needs_no_directory);
	tcase_add_test(current, an_unsafe_secret_signs_nothing);
	tcase_add_loop_test(current,
			    a_directory_that_could_not_be_synced_is_not_trusted_any_more, 0, 2);
	tcase_add_test(current, opening_without_memory_says_so);
	tcase_add_test(weak, an_unreadable_secret_leads_to_the_weak_key_until_it_is_readable);
	tcase_add_test(weak, a_directory_that_may_not_be_opened_leads_to_the_weak_key);
	tcase_add_test(weak, the_weak_key_is_known_without_a_secret_and_makes_none);
	tcase_add_test(finding, a_key_that_is_asked_for_is_never_made);
	tcase_add_test(finding, a_key_that_is_asked_for_is_loaded);
	tcase_add_test(finding, a_secret_that_replaced_the_loaded_one_is_noticed);
	tcase_add_test(finding, a_warm_key_costs_no_system_call);
	tcase_add_test(dropping, a_dropped_key_is_gone_from_memory_and_disk);
	tcase_add_test(dropping, a_process_that_never_used_the_key_can_drop_it);
	tcase_add_test(dropping, a_drop_that_leaves_the_file_says_so);
	tcase_add_test(dropping, a_session_key_outlives_a_drop);
	tcase_add_test(dropping, a_forked_child_has_no_keys_but_can_get_them);
}

int main(void)
{
	Suite *suite = suite_create("keyring");
	SRunner *runner = srunner_create(suite);
	int failed;

	add_tests(suite);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
