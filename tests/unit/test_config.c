/* SPDX-License-Identifier: MIT */
/*
 * Goal: the later source wins, a mistake is told with its place and what was meant, and
 * what fails to be read is never taken for the whole. Method: files and an environment made
 * here, all system calls and allocations failing.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/alloc_fault.h"
#include "lib/fault_sys.h"
#include "config_fixture.h"

START_TEST(the_later_source_is_over_the_earlier)
{
	struct place *place = place_open();

	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "0", "default", NULL, 0);
	put_user(place, "\ntimeout = 1s\nrounds = 20000\n");
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "1s", "file", "/holdfast/config", 2);
	put_store(place, "timeout = 2s\n");
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "2s", "file", "/store/config", 1);
	put_variable(place, "HOLDFAST_TIMEOUT=3s");
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "3s", "environment", NULL, 0);
	ck_assert_uint_eq(hf_config_timeout_ms(place->config), 3000);
	ck_assert_int_eq(hf_config_set(place->config, "timeout", "4", &place->detail), HF_OK);
	check_timeout(place, "4", "option", NULL, 0);
	ck_assert_uint_eq(hf_config_timeout_ms(place->config), 4000);
	/* What only one source sets is there all the same. */
	ck_assert_str_eq(get(place, "rounds").value, "20000");
	ck_assert_str_eq(get(place, "threads").source, "default");
	place_close(place);
}
END_TEST

START_TEST(the_users_file_is_found_as_the_xdg_specification_says)
{
	struct place *place = place_open();
	char home[400];

	put_user(place, "timeout = 1s\n");
	scratch_mkdir(place->scratch.fd, ".config");
	scratch_mkdir(place->scratch.fd, ".config/holdfast");
	scratch_put(place->scratch.fd, ".config/holdfast/config", "timeout = 9s\n", 13);
	(void)snprintf(home, sizeof home, "HOME=%s", place->scratch.path);
	place->environment[1] = home;
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "1s", "file", "/holdfast/config", 1);
	/* A relative path is ignored, and so is an empty one. */
	place->environment[0] = "XDG_CONFIG_HOME=.";
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "9s", "file", "/.config/holdfast/config", 1);
	place->environment[0] = "XDG_CONFIG_HOME=";
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "9s", "file", "/.config/holdfast/config", 1);
	(void)snprintf(place->variables[0], sizeof place->variables[0], "XDG_CONFIG_HOME_%s",
		       place->scratch.path);
	place->environment[0] = place->variables[0];
	place->environment[1] = NULL;
	ck_assert_int_eq(load(place), HF_OK);
	check_timeout(place, "0", "default", NULL, 0);
	hf_config_free(place->config);
	ck_assert_int_eq(config_load_with(sys_posix(), place->environment + 1, NULL, NULL,
					  &place->config), HF_OK);
	place_close(place);
}
END_TEST

START_TEST(the_real_environment_is_read)
{
	struct place *place = place_open();

	ck_assert_int_eq(setenv("XDG_CONFIG_HOME", place->scratch.path, 1), 0);
	ck_assert_int_eq(setenv("HOLDFAST_ROUNDS", "30000", 1), 0);
	put_user(place, "timeout = 1s\n");
	put_store(place, "threads = 3\n");
	ck_assert_int_eq(hf_config_load(place->store, NULL, &place->config), HF_OK);
	check_timeout(place, "1s", "file", "/holdfast/config", 1);
	ck_assert_str_eq(get(place, "rounds").source, "environment");
	ck_assert_str_eq(get(place, "threads").value, "3");
	place_close(place);
}
END_TEST

/* The message without the directories before the file. */
static const char *message_of(const struct place *place)
{
	const char *message = place->detail.message;
	size_t size = strlen(place->scratch.path);

	return strncmp(message, place->scratch.path, size) == 0 ? message + size : message;
}

START_TEST(a_mistake_in_a_file_is_told_with_its_place_and_what_was_meant)
{
	static const char *const cases[][2] = {
		{ "max_sesions = 5\n", "/holdfast/config:1: there is no setting 'max_sesions'; "
				       "is 'max_sessions' meant?" },
		{ "\n\ntimeOut = 5\n",
		  "/holdfast/config:3: there is no setting 'timeOut'; is 'timeout' meant?" },
		{ "colour = red\n", "/holdfast/config:1: there is no setting 'colour'" },
		{ "store = /x\n", "/holdfast/config:1: there is no setting 'store'" },
		{ "max_sessions = abc\n", "/holdfast/config:1: max_sessions: 'abc' is not a number from 0 "
					  "to 4294967295" },
		{ "max_record_size = 2G\n",
		  "/holdfast/config:1: max_record_size: '2G' is not a size from 1 to 1G" },
		{ "resume_window = 0\n",
		  "/holdfast/config:1: resume_window: '0' is not a time from 1ms to 30d" },
		{ "durability = never\n",
		  "/holdfast/config:1: durability: 'never' is not sync, os or strict" },
		{ "auto_cleanup =\n", "/holdfast/config:1: auto_cleanup: '' is not yes or no" },
		{ "key_dir = keys\n", "/holdfast/config:1: key_dir: 'keys' is not an absolute path" },
		{ "timeout = 1\nrounds = 20000\ntimeout = 1\n",
		  "/holdfast/config:3: timeout is set in line 1 already" },
		{ "threads\n", "/holdfast/config:1: this is not key = value" },
		{ "threads = 1234567890123456789012345678901234567890x\n",
		  "/holdfast/config:1: threads: '1234567890123456789012345678901234567890'... is not a "
		  "number from 1 to 16" },
	};
	struct place *place = place_open();

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		put_user(place, cases[i][0]);
		ck_assert_int_eq(load(place), HF_ERR_CONFIG);
		ck_assert_int_eq(place->detail.code, HF_ERR_CONFIG);
		ck_assert_str_eq(message_of(place), cases[i][1]);
		ck_assert_ptr_null(place->config);
	}
	/* Each file may set it once. */
	put_user(place, "timeout = 1\n");
	put_store(place, "timeout = 2\ntimeout = 3\n");
	ck_assert_int_eq(load(place), HF_ERR_CONFIG);
	ck_assert_str_eq(message_of(place), "/store/config:2: timeout is set in line 1 already");
	place_close(place);
}
END_TEST

START_TEST(the_stores_file_must_be_safe)
{
	struct place *place = place_open();

	put_store(place, "timeout = 2s\n");
	ck_assert_int_eq(fchmodat(place->scratch.fd, "store/config", 0620, 0), 0);
	ck_assert_int_eq(load(place), HF_ERR_CONFIG);
	ck_assert_str_eq(message_of(place), "/store/config: can be written to by others");
	place_close(place);
}
END_TEST

START_TEST(a_mistake_in_the_environment_is_told_and_strangers_are_let_be)
{
	static const char *const wrong[][2] = {
		{ "HOLDFAST_TIMEOUT=soon", "HOLDFAST_TIMEOUT: 'soon' is not a time from 0 to 30d" },
		{ "HOLDFAST_TIMEOU=1",
		  "HOLDFAST_TIMEOU: there is no such setting; is HOLDFAST_TIMEOUT meant?" },
		{ "HOLDFAST_timeout=1",
		  "HOLDFAST_timeout: there is no such setting; is HOLDFAST_TIMEOUT meant?" },
		{ "HOLDFAST_MAX_SESION=1",
		  "HOLDFAST_MAX_SESION: there is no such setting; is HOLDFAST_MAX_SESSIONS meant?" },
	};
	static const char *const strangers[] = {
		"HOLDFAST_STORE=/x", "HOLDFAST_SOURCE=/x", "HOLDFAST_BUILD=/x", "HOLDFAST_BENCH=/x",
		"HOLDFAST=/x", "HOLDFAST_=1", "HOLDFAST_TIMEOUT=", "HOLDFAST_TIMEOU=", "HOLDFAST_TIMEOUT",
		"holdfast_timeout=1", "XHOLDFAST_TIMEOUT=1",
		"HOLDFAST_MAX_SESSIONS_MAX_SESSIONS_MAX_SESSIONS_MAX_SESSIONS=1",
	};
	struct place *place = place_open();

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		put_variable(place, wrong[i][0]);
		ck_assert_int_eq(load(place), HF_ERR_CONFIG);
		ck_assert_str_eq(place->detail.message, wrong[i][1]);
	}
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
		put_variable(place, strangers[i]);
		ck_assert_msg(load(place) == HF_OK, "%s", strangers[i]);
		check_timeout(place, "0", "default", NULL, 0);
	}
	place_close(place);
}
END_TEST

START_TEST(a_wrong_option_is_refused_and_changes_nothing)
{
	struct place *place = place_open();

	ck_assert_int_eq(load(place), HF_OK);
	ck_assert_int_eq(hf_config_set(place->config, "timeout", "3s", NULL), HF_OK);
	ck_assert_int_eq(hf_config_set(place->config, "timeout", "x", &place->detail), HF_ERR_CONFIG);
	ck_assert_str_eq(place->detail.message, "timeout: 'x' is not a time from 0 to 30d");
	ck_assert_int_eq(hf_config_set(place->config, "tmeout", "1", &place->detail), HF_ERR_CONFIG);
	ck_assert_str_eq(place->detail.message, "there is no setting 'tmeout'; is 'timeout' meant?");
	ck_assert_int_eq(hf_config_set(place->config, "timeout", NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_config_set(place->config, NULL, "1", NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_config_set(NULL, "timeout", "1", &place->detail), HF_ERR_INVALID);
	ck_assert_int_eq(place->detail.code, HF_ERR_INVALID);
	check_timeout(place, "3s", "option", NULL, 0);
	ck_assert_int_eq(hf_config_load(NULL, &place->detail, NULL), HF_ERR_INVALID);
	hf_config_free(NULL);
	place_close(place);
}
END_TEST

/* What is loaded while something fails: all of it, or nothing and an error. */
static void check_whole(struct place *place, int rc, const char *what)
{
	if (rc != HF_OK) {
		ck_assert_ptr_null(place->config);
		ck_assert_msg(place->detail.code == rc, "%s", what);
		return;
	}
	check_timeout(place, "2s", "file", "/store/config", 1);
	ck_assert_str_eq(get(place, "key_dir").value, "/a");
	ck_assert_str_eq(get(place, "rounds").value, "30000");
}

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct place *place = context;
	struct fault_sys *fault = fault_sys_new(sys_posix());
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	fault_sys_arm(fault, plan);
	place->config = NULL;
	rc = config_load_with(fault_sys(fault), place->environment, place->store, &place->detail,
			      &place->config);
	/* A file of which the system says that it is not there is empty. */
	if (rc != HF_OK || (plan->errno_value != ENOENT && plan->errno_value != ENOTDIR))
		check_whole(place, rc, text);
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: %s", text, fault_sys_leaks(fault));
	hf_config_free(place->config);
	place->config = NULL;
	fault_sys_free(fault);
}

static struct place *place_of_three(void)
{
	struct place *place = place_open();

	put_user(place, "timeout = 1s\nkey_dir = /a\n");
	put_store(place, "timeout = 2s\n");
	put_variable(place, "HOLDFAST_ROUNDS=30000");
	return place;
}

START_TEST(each_call_may_fail_and_nothing_is_half_loaded)
{
	struct place *place = place_of_three();
	struct fault_sys *fault = fault_sys_new(sys_posix());

	ck_assert_int_eq(config_load_with(fault_sys(fault), place->environment, place->store, NULL,
					  &place->config), HF_OK);
	struct fault_trace trace = fault_sys_trace(fault);

	ck_assert_uint_eq(fault_sys_count(fault, FAULT_OPEN_AT), 2);
	hf_config_free(place->config);
	fault_sys_each_plan(&trace, try_plan, place);
	fault_sys_free(fault);
	place_close(place);
}
END_TEST

START_TEST(no_memory_is_an_error_and_nothing_is_half_loaded)
{
	struct place *place = place_of_three();
	uint64_t all;
	int rc;

	alloc_fault_count();
	rc = load(place);
	all = alloc_fault_stop();
	check_whole(place, rc, "all memory");
	ck_assert_uint_gt(all, 6);
	for (uint64_t n = 1; n <= all; n++) {
		hf_config_free(place->config);
		place->config = NULL;
		alloc_fault_fail(n, false);
		rc = load(place);
		(void)alloc_fault_stop();
		ck_assert_int_eq(rc, HF_ERR_NOMEM);
		check_whole(place, rc, "too little memory");
	}
	ck_assert_int_eq(load(place), HF_OK);
	alloc_fault_fail(1, false);
	rc = hf_config_set(place->config, "timeout", "9s", NULL);
	(void)alloc_fault_stop();
	ck_assert_int_eq(rc, HF_ERR_NOMEM);
	check_whole(place, HF_OK, "");
	place_close(place);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *sources = tcase_create("sources");
	TCase *faults = tcase_create("faults");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(sources, the_later_source_is_over_the_earlier);
	tcase_add_test(sources, the_users_file_is_found_as_the_xdg_specification_says);
	tcase_add_test(sources, the_real_environment_is_read);
	tcase_add_test(sources, a_mistake_in_a_file_is_told_with_its_place_and_what_was_meant);
	tcase_add_test(sources, the_stores_file_must_be_safe);
	tcase_add_test(sources, a_mistake_in_the_environment_is_told_and_strangers_are_let_be);
	tcase_add_test(sources, a_wrong_option_is_refused_and_changes_nothing);
	tcase_add_test(faults, each_call_may_fail_and_nothing_is_half_loaded);
	tcase_add_test(faults, no_memory_is_an_error_and_nothing_is_half_loaded);
	suite_add_tcase(suite, sources);
	suite_add_tcase(suite, faults);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
