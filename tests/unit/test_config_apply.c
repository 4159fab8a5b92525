/* SPDX-License-Identifier: MIT */
/*
 * Goal: each setting reaches exactly the member of the options that it stands for, and what
 * the options point to stays. Method: the settings one at a time, all members looked at.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config_fixture.h"

/* Everything that a configuration says, as one text a member, in the order of the table. */
enum { FIELD_SIZE = 64 };

static void put_limit(const struct hf_limit *limit, char fields[][FIELD_SIZE])
{
	(void)snprintf(fields[0], FIELD_SIZE, "%u", limit->key_max);
	(void)snprintf(fields[1], FIELD_SIZE, "%u", limit->key_window_ms);
	(void)snprintf(fields[2], FIELD_SIZE, "%u", limit->global_max);
	(void)snprintf(fields[3], FIELD_SIZE, "%u", limit->global_window_ms);
}

static const char *or_null(const char *text)
{
	return text != NULL ? text : "NULL";
}

static void put_fields(const struct hf_config *config, char fields[CONFIG_COUNT][FIELD_SIZE])
{
	struct hf_store_options options;

	/* Every member that is not set shows. */
	memset(&options, 0x5a, sizeof options);
	hf_config_apply(config, &options);
	ck_assert_uint_eq(options.limit_count, 2);
	ck_assert_str_eq(options.limits[0].operation, "resume");
	ck_assert_str_eq(options.limits[1].operation, "default");
	(void)snprintf(fields[CONFIG_DURABILITY], FIELD_SIZE, "%d", (int)options.durability);
	(void)snprintf(fields[CONFIG_TIMEOUT], FIELD_SIZE, "%u", hf_config_timeout_ms(config));
	(void)snprintf(fields[CONFIG_MAX_RECORD_SIZE], FIELD_SIZE, "%u", options.max_record_size);
	(void)snprintf(fields[CONFIG_MAX_SESSION_SIZE], FIELD_SIZE, "%" PRIu64,
		       options.max_session_size);
	(void)snprintf(fields[CONFIG_MAX_SESSIONS], FIELD_SIZE, "%u", options.max_sessions);
	(void)snprintf(fields[CONFIG_AUTO_CLEANUP], FIELD_SIZE, "%d", options.auto_cleanup);
	(void)snprintf(fields[CONFIG_SPACE_RESERVE], FIELD_SIZE, "%" PRIu64, options.space_reserve);
	(void)snprintf(fields[CONFIG_ONE_PER_PROJECT], FIELD_SIZE, "%d",
		       hf_config_one_per_project(config));
	put_limit(&options.limits[0], &fields[CONFIG_RESUME_MAX]);
	put_limit(&options.limits[1], &fields[CONFIG_DEFAULT_MAX]);
	(void)snprintf(fields[CONFIG_CLEANUP_INTERVAL], FIELD_SIZE, "%u", options.cleanup_interval_ms);
	(void)snprintf(fields[CONFIG_KEY_DIR], FIELD_SIZE, "%s", or_null(options.key_dir));
	(void)snprintf(fields[CONFIG_RUNTIME_DIR], FIELD_SIZE, "%s", or_null(options.runtime_dir));
	(void)snprintf(fields[CONFIG_ROUNDS], FIELD_SIZE, "%u", options.rounds);
	(void)snprintf(fields[CONFIG_THREADS], FIELD_SIZE, "%u", options.threads);
	(void)snprintf(fields[CONFIG_PADDING], FIELD_SIZE, "%u", options.padding);
}

static const struct {
	const char *standard; /* what holds if nobody sets it */
	const char *value;
	const char *want;
} members[CONFIG_COUNT] = {
	[CONFIG_DURABILITY] = { "0", "strict", "2" },
	[CONFIG_TIMEOUT] = { "0", "7ms", "7" },
	[CONFIG_MAX_RECORD_SIZE] = { "16777216", "1G", "1073741824" },
	[CONFIG_MAX_SESSION_SIZE] = { "0", "5T", "5497558138880" },
	[CONFIG_MAX_SESSIONS] = { "0", "4294967295", "4294967295" },
	[CONFIG_AUTO_CLEANUP] = { "0", "on", "1" },
	[CONFIG_SPACE_RESERVE] = { "16777216", "0", "0" },
	[CONFIG_ONE_PER_PROJECT] = { "0", "true", "1" },
	[CONFIG_RESUME_MAX] = { "5", "1", "1" },
	[CONFIG_RESUME_WINDOW] = { "60000", "2s", "2000" },
	[CONFIG_RESUME_GLOBAL_MAX] = { "20", "3", "3" },
	[CONFIG_RESUME_GLOBAL_WINDOW] = { "60000", "4s", "4000" },
	[CONFIG_DEFAULT_MAX] = { "5", "6", "6" },
	[CONFIG_DEFAULT_WINDOW] = { "60000", "7s", "7000" },
	[CONFIG_DEFAULT_GLOBAL_MAX] = { "20", "8", "8" },
	[CONFIG_DEFAULT_GLOBAL_WINDOW] = { "60000", "30d", "2592000000" },
	[CONFIG_CLEANUP_INTERVAL] = { "60000", "1h", "3600000" },
	[CONFIG_KEY_DIR] = { "NULL", "/keys", "/keys" },
	[CONFIG_RUNTIME_DIR] = { "NULL", "none", "" },
	[CONFIG_ROUNDS] = { "100000", "10000", "10000" },
	[CONFIG_THREADS] = { "2", "16", "16" },
	[CONFIG_PADDING] = { "65536", "0", "1" },
};

START_TEST(each_setting_reaches_its_own_member_and_no_other)
{
	struct place *place = place_open();
	char fields[CONFIG_COUNT][FIELD_SIZE];

	for (size_t i = 0; i <= CONFIG_COUNT; i++) {
		ck_assert_int_eq(load(place), HF_OK);
		if (i < CONFIG_COUNT)
			ck_assert_int_eq(hf_config_set(place->config, config_keys[i].name, members[i].value,
						       NULL), HF_OK);
		put_fields(place->config, fields);
		for (size_t j = 0; j < CONFIG_COUNT; j++)
			ck_assert_msg(strcmp(fields[j], i == j ? members[j].want : members[j].standard) == 0,
				      "%s set: %s is %s", i < CONFIG_COUNT ? config_keys[i].name : "nothing",
				      config_keys[j].name, fields[j]);
	}
	place_close(place);
}
END_TEST

START_TEST(members_that_no_setting_stands_for_are_left_alone)
{
	struct place *place = place_open();
	struct hf_store_options options = { .read_only = true, .must_exist = true, .program = "me",
					    .log_context = place };

	ck_assert_int_eq(load(place), HF_OK);
	hf_config_apply(place->config, &options);
	ck_assert(options.read_only && options.must_exist);
	ck_assert_str_eq(options.program, "me");
	ck_assert_ptr_eq(options.log_context, place);
	ck_assert(options.log == NULL);
	place_close(place);
}
END_TEST

START_TEST(strings_and_limits_live_as_long_as_the_configuration)
{
	struct place *place = place_open();
	struct hf_store_options options = { 0 };

	put_user(place, "key_dir = /a/b\nruntime_dir = /c\n");
	ck_assert_int_eq(load(place), HF_OK);
	scratch_remove(place->scratch.fd, "holdfast/config");
	memset(place->variables, 0, sizeof place->variables);
	memset(place->store, 0, sizeof place->store);
	hf_config_apply(place->config, &options);
	ck_assert_int_eq(hf_config_set(place->config, "rounds", "20000", NULL), HF_OK);
	ck_assert_int_eq(hf_config_set(place->config, "runtime_dir", "", NULL), HF_OK);
	ck_assert_str_eq(options.key_dir, "/a/b");
	ck_assert_uint_eq(options.limits[0].key_max, 5);
	check_timeout(place, "0", "default", NULL, 0);
	ck_assert_ptr_nonnull(strstr(get(place, "key_dir").file, "/holdfast/config"));
	hf_config_apply(place->config, &options);
	ck_assert_ptr_null(options.runtime_dir);
	place_close(place);
}
END_TEST

START_TEST(a_store_opens_with_all_settings_at_their_bounds)
{
	struct place *place = place_open();
	struct hf_store_options options = { .runtime_dir = "" };
	char path[400];

	for (int high = 0; high < 2; high++) {
		struct hf_store *store = NULL;

		ck_assert_int_eq(load(place), HF_OK);
		for (size_t i = 0; i < CONFIG_COUNT; i++) {
			const struct config_key *key = &config_keys[i];

			if (key->min != NULL)
				ck_assert_int_eq(hf_config_set(place->config, key->name,
							       high != 0 ? key->max : key->min, NULL), HF_OK);
		}
		ck_assert_int_eq(hf_config_set(place->config, "runtime_dir", "none", NULL), HF_OK);
		hf_config_apply(place->config, &options);
		(void)snprintf(path, sizeof path, "%s/%d", place->scratch.path, high);
		ck_assert_msg(hf_store_open(path, &options, &place->detail, &store) == HF_OK, "%s",
			      place->detail.message);
		hf_store_close(store);
	}
	place_close(place);
}
END_TEST

START_TEST(a_store_may_get_its_file_before_it_is_made)
{
	struct place *place = place_open();
	struct hf_store *store = NULL;

	put_store(place, "rounds = 20000\n");
	ck_assert_int_eq(hf_store_open(place->store, NULL, &place->detail, &store), HF_OK);
	hf_store_close(store);
	place_close(place);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_apply");
	TCase *apply = tcase_create("apply");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(apply, each_setting_reaches_its_own_member_and_no_other);
	tcase_add_test(apply, members_that_no_setting_stands_for_are_left_alone);
	tcase_add_test(apply, strings_and_limits_live_as_long_as_the_configuration);
	tcase_add_test(apply, a_store_opens_with_all_settings_at_their_bounds);
	tcase_add_test(apply, a_store_may_get_its_file_before_it_is_made);
	suite_add_tcase(suite, apply);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
