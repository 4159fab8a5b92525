/* SPDX-License-Identifier: MIT */
/*
 * Goal: a value is taken if and only if it is one that the documentation allows, and a
 * mistyped name leads to the setting that was meant. Method: the table itself, each bound
 * and one step beyond it, each name with each letter left out, added and changed.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "store/config_keys.h"

static const struct config_key *key_of(const char *name)
{
	size_t index = config_keys_find(name);

	ck_assert_uint_lt(index, CONFIG_COUNT);
	return &config_keys[index];
}

static bool takes(const char *name, const char *text, uint64_t want)
{
	uint64_t number = 77;

	if (!config_keys_read(key_of(name), text, &number)) {
		ck_assert_uint_eq(number, 77);
		return false;
	}
	ck_assert_msg(number == want, "%s: '%s' is %llu", name, text, (unsigned long long)number);
	return true;
}

START_TEST(each_setting_has_a_name_a_help_and_a_standard_that_it_takes)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_key *key = &config_keys[i];
		uint64_t number;

		ck_assert_ptr_nonnull(key->name);
		ck_assert_uint_lt(strlen(key->name), CONFIG_NAME_SIZE);
		ck_assert_uint_eq(strspn(key->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(key->name));
		ck_assert_uint_gt(strlen(key->help), 10);
		ck_assert_uint_eq(config_keys_find(key->name), i);
		ck_assert_msg(config_keys_read(key, key->standard, &number), "%s", key->name);
	}
	ck_assert_uint_eq(config_keys_find(""), CONFIG_COUNT);
	ck_assert_uint_eq(config_keys_find("store"), CONFIG_COUNT);
	ck_assert_uint_eq(config_keys_find("Timeout"), CONFIG_COUNT);
}
END_TEST

/* Reads a count of the smallest unit there is of a kind. */
static bool takes_count(const struct config_key *key, uint64_t count)
{
	char text[32];
	uint64_t number;

	(void)snprintf(text, sizeof text, "%llu%s", (unsigned long long)count,
		       key->kind == CONFIG_TIME ? "ms" : "");
	return config_keys_read(key, text, &number) && number == count;
}

START_TEST(bounds_are_taken_and_one_step_beyond_them_is_not)
{
	size_t bounded = 0;

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_key *key = &config_keys[i];
		uint64_t min = 0, max = 0;

		if (key->min == NULL)
			continue;
		bounded++;
		ck_assert(config_keys_read(key, key->min, &min) && config_keys_read(key, key->max, &max));
		ck_assert(takes_count(key, min) && takes_count(key, max));
		ck_assert_msg(min == 0 || !takes_count(key, min - 1), "%s", key->name);
		ck_assert_msg(!takes_count(key, max + 1), "%s", key->name);
		ck_assert(!takes_count(key, UINT64_MAX));
	}
	ck_assert_uint_eq(bounded, 17);
}
END_TEST

START_TEST(sizes_have_units_of_1024)
{
	static const char *const wrong[] = { "", "K", "-1", "+1", "1 K", " 1", "1 ", "1KB", "1B", "1k",
					     "1.5M", "0x10", "01", "1KiBs", "1ms", "16777216T",
					     "18446744073709551616", "18014398509481985K" };

	ck_assert(takes("max_session_size", "0", 0));
	ck_assert(takes("max_session_size", "17", 17));
	ck_assert(takes("max_session_size", "3K", 3 << 10));
	ck_assert(takes("max_session_size", "3KiB", 3 << 10));
	ck_assert(takes("max_session_size", "3M", 3 << 20));
	ck_assert(takes("max_session_size", "3MiB", 3 << 20));
	ck_assert(takes("max_session_size", "3G", UINT64_C(3) << 30));
	ck_assert(takes("max_session_size", "3GiB", UINT64_C(3) << 30));
	ck_assert(takes("max_session_size", "3T", UINT64_C(3) << 40));
	ck_assert(takes("max_session_size", "3TiB", UINT64_C(3) << 40));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(!takes("max_session_size", wrong[i], 0), "'%s'", wrong[i]);
}
END_TEST

START_TEST(times_are_seconds_unless_they_have_a_unit)
{
	static const char *const wrong[] = { "", "s", "1 s", "1S", "1sec", "1.5s", "-1", "1M", "31d",
					     "1w", "213503982335d" };

	ck_assert(takes("timeout", "0", 0));
	ck_assert(takes("timeout", "7", 7000));
	ck_assert(takes("timeout", "250ms", 250));
	ck_assert(takes("timeout", "7s", 7000));
	ck_assert(takes("timeout", "2m", 120000));
	ck_assert(takes("timeout", "3h", 10800000));
	ck_assert(takes("timeout", "30d", UINT64_C(2592000000)));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_msg(!takes("timeout", wrong[i], 0), "'%s'", wrong[i]);
}
END_TEST

START_TEST(numbers_have_no_units)
{
	ck_assert(takes("max_sessions", "0", 0));
	ck_assert(takes("max_sessions", "4294967295", 4294967295));
	ck_assert(!takes("max_sessions", "4294967296", 0));
	ck_assert(!takes("max_sessions", "1K", 0));
	ck_assert(!takes("max_sessions", "", 0));
	ck_assert(!takes("max_sessions", "five", 0));
}
END_TEST

START_TEST(words_and_paths_are_taken_as_they_are_documented)
{
	ck_assert(takes("auto_cleanup", "yes", 1) && takes("auto_cleanup", "no", 0));
	ck_assert(takes("auto_cleanup", "true", 1) && takes("auto_cleanup", "false", 0));
	ck_assert(takes("auto_cleanup", "on", 1) && takes("auto_cleanup", "off", 0));
	ck_assert(!takes("auto_cleanup", "1", 1) && !takes("auto_cleanup", "Yes", 1));
	ck_assert(!takes("auto_cleanup", "", 0));
	ck_assert(takes("durability", "sync", 0) && takes("durability", "os", 1));
	ck_assert(takes("durability", "strict", 2) && !takes("durability", "", 0));
	ck_assert(!takes("durability", "yes", 0) && !takes("auto_cleanup", "sync", 0));
	ck_assert(takes("key_dir", "/a b", 0) && takes("key_dir", "", 0));
	ck_assert(!takes("key_dir", "keys", 0) && !takes("key_dir", "~/keys", 0));
	ck_assert(!takes("key_dir", "none", 0) && takes("runtime_dir", "none", 0));
	ck_assert(takes("runtime_dir", "/run", 0) && !takes("runtime_dir", "nones", 0));
}
END_TEST

START_TEST(what_is_wanted_is_said_in_words)
{
	static const char *const cases[][2] = {
		{ "durability", "sync, os or strict" },
		{ "auto_cleanup", "yes or no" },
		{ "max_sessions", "a number from 0 to 4294967295" },
		{ "max_record_size", "a size from 1 to 1G" },
		{ "timeout", "a time from 0 to 30d" },
		{ "key_dir", "an absolute path" },
		{ "runtime_dir", "an absolute path or none" },
	};
	char text[CONFIG_WANTED_SIZE];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		config_keys_wanted(key_of(cases[i][0]), text);
		ck_assert_str_eq(text, cases[i][1]);
	}
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		config_keys_wanted(&config_keys[i], text);
		ck_assert_uint_lt(strlen(text), CONFIG_WANTED_SIZE - 1);
	}
}
END_TEST

START_TEST(a_name_with_one_mistake_is_guessed)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const char *name = config_keys[i].name;

		for (size_t at = 0; at < strlen(name); at++) {
			char typed[3][2 * CONFIG_NAME_SIZE];

			(void)snprintf(typed[0], sizeof typed[0], "%.*s%s", (int)at, name, name + at + 1);
			(void)snprintf(typed[1], sizeof typed[1], "%.*s#%s", (int)at, name, name + at);
			(void)snprintf(typed[2], sizeof typed[2], "%.*s#%s", (int)at, name, name + at + 1);
			for (size_t j = 0; j < 3; j++)
				ck_assert_msg(config_keys_nearest(typed[j], 2) == i, "%s", typed[j]);
		}
	}
}
END_TEST

START_TEST(a_name_that_is_far_from_all_is_not_guessed)
{
	static const char *const names[] = { "", "x", "no", "store", "source", "build", "bench",
					     "session", "home", "debug", "frobnicate",
					     "max_sessions_max_sessions_max_sessions_max_sessions" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(config_keys_nearest(names[i], 3) == CONFIG_COUNT, "%s", names[i]);
	ck_assert_uint_eq(config_keys_nearest("thr", 4), CONFIG_COUNT);
	ck_assert_uint_eq(config_keys_nearest("tiemout", 3), CONFIG_TIMEOUT);
	ck_assert_uint_eq(config_keys_nearest("tiemout", 2), CONFIG_COUNT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_keys");
	TCase *keys = tcase_create("keys");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(keys, each_setting_has_a_name_a_help_and_a_standard_that_it_takes);
	tcase_add_test(keys, bounds_are_taken_and_one_step_beyond_them_is_not);
	tcase_add_test(keys, sizes_have_units_of_1024);
	tcase_add_test(keys, times_are_seconds_unless_they_have_a_unit);
	tcase_add_test(keys, numbers_have_no_units);
	tcase_add_test(keys, words_and_paths_are_taken_as_they_are_documented);
	tcase_add_test(keys, what_is_wanted_is_said_in_words);
	tcase_add_test(keys, a_name_with_one_mistake_is_guessed);
	tcase_add_test(keys, a_name_that_is_far_from_all_is_not_guessed);
	suite_add_tcase(suite, keys);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
