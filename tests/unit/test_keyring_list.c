/* SPDX-License-Identifier: MIT */
/*
 * Goal: a list tells of every key file what it is and why it cannot be used if so, and
 * makes nothing. Method: real key directories in every state.
 */
#include "keys_fixture.h"

static struct fixture fixture;

static void setup(void)
{
	fixture_open(&fixture);
}

static void teardown(void)
{
	fixture_close(&fixture);
}

struct listed {
	unsigned count;
	struct hf_key_info keys[8];
};

static void take(void *context, const struct hf_key_info *key)
{
	struct listed *listed = context;

	ck_assert_uint_lt(listed->count, ARRAY_SIZE(listed->keys));
	listed->keys[listed->count++] = *key;
}

static struct listed list(struct keyring *keyring)
{
	struct listed listed = { 0 };

	ck_assert_int_eq(keyring_list(keyring, &fixture.report, take, &listed), HF_OK);
	ck_assert_int_eq(fixture.report.detail.code, HF_OK);
	return listed;
}

START_TEST(a_list_tells_of_the_current_key_and_where_it_came_from)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct listed listed;

	fixture_put_secret(&fixture);
	listed = list(keyring);
	ck_assert_uint_eq(listed.count, 1);
	ck_assert_int_eq(listed.keys[0].state, HF_KEY_CURRENT);
	ck_assert_int_eq(listed.keys[0].error, HF_OK);
	ck_assert_str_eq(listed.keys[0].id, KNOWN_ID);
	ck_assert_uint_eq(listed.keys[0].rounds, 10000);
	ck_assert_str_eq(listed.keys[0].host, "build-7.example.org");
	ck_assert_str_eq(listed.keys[0].made, "2026-11-22T23:54:13.123456Z");
	ck_assert_str_eq(listed.keys[0].file, SECRET_NAME);
	ck_assert_str_eq(listed.keys[0].source, "derived");
	ck_assert_str_eq(list(keyring).keys[0].source, "memory");
	keyring_close(keyring);
	keyring = fixture_keyring(&fixture);
	ck_assert_str_eq(list(keyring).keys[0].source, "runtime cache");
	keyring_close(keyring);
}
END_TEST

START_TEST(a_list_makes_nothing)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct listed listed = list(keyring);

	ck_assert_uint_eq(listed.count, 1);
	ck_assert_int_eq(listed.keys[0].state, HF_KEY_ABSENT);
	ck_assert_str_eq(listed.keys[0].id, "");
	fixture_assert_names(&fixture, 0);
	keyring_close(keyring);
}
END_TEST

START_TEST(a_list_tells_of_damaged_secrets)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct listed listed;

	fixture_put(&fixture, SECRET_NAME, "damaged", 0600);
	fixture_put(&fixture, "machine_secret.corrupt-7", "damaged too", 0600);
	fixture_put(&fixture, "unrelated", "", 0600);
	listed = list(keyring);
	ck_assert_uint_eq(listed.count, 2);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(listed.keys[i].state, HF_KEY_CORRUPT);
		ck_assert_int_eq(listed.keys[i].error, HF_ERR_KEY_CORRUPT);
	}
	ck_assert_str_eq(listed.keys[0].file, SECRET_NAME);
	ck_assert_str_eq(listed.keys[1].file, "machine_secret.corrupt-7");
	fixture_assert_file(&fixture, SECRET_NAME, "damaged");
	keyring_close(keyring);
}
END_TEST

START_TEST(a_list_tells_why_a_secret_cannot_be_used)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct listed listed;

	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, 0644);
	listed = list(keyring);
	ck_assert_uint_eq(listed.count, 1);
	ck_assert_int_eq(listed.keys[0].error, HF_ERR_KEY_MODE);
	ck_assert_str_eq(listed.keys[0].id, "");
	keyring_close(keyring);
}
END_TEST

static void part_list_weak(struct fixture *unprivileged)
{
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct keyring *keyring = fixture_keyring_with(unprivileged, sys_posix(), &options);
	struct listed listed = list(keyring);

	ck_assert_uint_eq(listed.count, 1);
	ck_assert_int_eq(listed.keys[0].state, HF_KEY_WEAK);
	ck_assert_int_eq(listed.keys[0].error, HF_ERR_DENIED);
	ck_assert_str_eq(listed.keys[0].id, KNOWN_WEAK_ID);
	keyring_close(keyring);
}

START_TEST(a_list_tells_of_the_weak_key)
{
	fixture_put(&fixture, SECRET_NAME, KNOWN_SECRET, 0000);
	fixture_run_unprivileged(&fixture, part_list_weak);
}
END_TEST

START_TEST(preparing_makes_a_key_and_tells_of_it)
{
	struct keyring *keyring = fixture_keyring(&fixture);
	struct hf_key_info info;
	char id[HF_KEY_ID_SIZE];

	ck_assert_int_eq(keyring_prepare(keyring, &fixture.report, &info), HF_OK);
	ck_assert_str_eq(info.source, "derived");
	ck_assert_int_eq(info.state, HF_KEY_CURRENT);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), info.id);
	keyring_close(keyring);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyring list");
	TCase *listing = tcase_create("listing");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(listing, setup, teardown);
	suite_add_tcase(suite, listing);
	tcase_add_test(listing, a_list_tells_of_the_current_key_and_where_it_came_from);
	tcase_add_test(listing, a_list_makes_nothing);
	tcase_add_test(listing, a_list_tells_of_damaged_secrets);
	tcase_add_test(listing, a_list_tells_why_a_secret_cannot_be_used);
	tcase_add_test(listing, a_list_tells_of_the_weak_key);
	tcase_add_test(listing, preparing_makes_a_key_and_tells_of_it);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
