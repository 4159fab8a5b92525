/* SPDX-License-Identifier: MIT */
/*
 * Goal: the public calls of rate limits do what holdfast.h says of them. Method: the calls
 * on a store, in real time where it matters, with windows of some milliseconds.
 */
#include "store_fixture.h"

#include <sys/stat.h>

#include "base/invariant.h"
#include "lib/runner.h"
#include "lib/wait.h"

static struct fixture f;

static void set_up(void)
{
	fixture_open(&f);
}

static void tear_down(void)
{
	fixture_close(&f);
}

static void open_with(const struct hf_limit *limits, size_t count)
{
	struct hf_store_options options = { .padding = 1, .limits = limits, .limit_count = count };

	memset(&f, 0, sizeof f);
	f.scratch = scratch_open();
	ck_assert_int_eq(fixture_store(&f, &options), HF_OK);
}

static int take(const char *operation, const char *key)
{
	return hf_limit_take(f.store, operation, key, &f.detail);
}

static void expect_taken(const char *operation, const char *key, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(take(operation, key), HF_OK);
	ck_assert_int_eq(take(operation, key), HF_ERR_RATE_LIMITED);
}

START_TEST(by_default_five_are_admitted_for_a_key_and_twenty_in_all)
{
	static const char *const keys[] = { "a", "b", "c", "d" };

	set_up();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		expect_taken("login", keys[i], HF_LIMIT_KEY_MAX);
	ck_assert_int_eq(take("login", "e"), HF_ERR_RATE_LIMITED);
	ck_assert_int_eq(take("logout", "e"), HF_OK);
	tear_down();
}
END_TEST

START_TEST(a_refusal_says_how_long_to_wait)
{
	set_up();
	expect_taken("resume", ID_1, 5);
	ck_assert_int_eq(f.detail.code, HF_ERR_RATE_LIMITED);
	ck_assert_int_gt(f.detail.wait_ms, HF_LIMIT_WINDOW_MS - 30000);
	ck_assert_int_le(f.detail.wait_ms, HF_LIMIT_WINDOW_MS);
	ck_assert(strstr(f.detail.message, ID_1) == NULL);
	ck_assert_str_ne(f.detail.message, "");
	/* Another failure has nothing of it. */
	ck_assert_int_eq(take("", "x"), HF_ERR_INVALID);
	ck_assert_int_eq(f.detail.wait_ms, 0);
	ck_assert_int_eq(hf_limit_take(f.store, "resume", ID_1, NULL), HF_ERR_RATE_LIMITED);
	tear_down();
}
END_TEST

START_TEST(who_waits_as_long_as_he_was_told_is_admitted)
{
	const struct hf_limit limit = { "try", 2, 80, 0, 0 };

	open_with(&limit, 1);
	for (unsigned round = 0; round < 5; round++) {
		int64_t begun;

		while (take("try", "key") == HF_OK)
			continue;
		begun = wait_now_ms();
		ck_assert_int_gt(f.detail.wait_ms, 0);
		ck_assert_int_le(f.detail.wait_ms, 80);
		wait_ms(f.detail.wait_ms);
		ck_assert_msg(take("try", "key") == HF_OK, "refused after %d of %d ms",
			      (int)(wait_now_ms() - begun), (int)f.detail.wait_ms);
	}
	tear_down();
}
END_TEST

START_TEST(check_and_record_each_do_one_half)
{
	set_up();
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(hf_limit_check(f.store, "x", "key", &f.detail), HF_OK);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(hf_limit_record(f.store, "x", "key", &f.detail), HF_OK);
	ck_assert_int_eq(hf_limit_check(f.store, "x", "key", &f.detail), HF_ERR_RATE_LIMITED);
	ck_assert_int_gt(f.detail.wait_ms, 0);
	ck_assert_int_eq(take("x", "key"), HF_ERR_RATE_LIMITED);
	ck_assert_int_eq(hf_limit_record(f.store, "x", "key", &f.detail), HF_OK);
	ck_assert_int_eq(hf_limit_check(f.store, "x", "other", &f.detail), HF_OK);
	tear_down();
}
END_TEST

START_TEST(an_operation_has_its_own_limit_or_the_one_called_default)
{
	char name[] = "resume";
	const struct hf_limit limits[] = {
		{ name, 1, 60000, 0, 0 },
		{ "default", 2, 60000, 3, 60000 },
		{ "free", 0, 0, 0, 0 },
	};

	open_with(limits, ARRAY_SIZE(limits));
	memset(name, 'x', sizeof name - 1); /* the store has its own copy */
	expect_taken("resume", "a", 1);
	expect_taken("resume", "b", 1);
	expect_taken("other", "a", 2);
	expect_taken("other", "b", 1);
	expect_taken("another", "a", 2);
	for (unsigned i = 0; i < 50; i++)
		ck_assert_int_eq(take("free", "a"), HF_OK);
	tear_down();
}
END_TEST

START_TEST(without_a_default_the_built_in_one_holds_for_the_others)
{
	const struct hf_limit limit = { "resume", 1, 60000, 1, 60000 };

	open_with(&limit, 1);
	expect_taken("resume", "a", 1);
	expect_taken("other", "a", HF_LIMIT_KEY_MAX);
	tear_down();
}
END_TEST

START_TEST(a_store_that_is_opened_again_still_knows)
{
	set_up();
	expect_taken("resume", ID_1, 5);
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(take("resume", ID_1), HF_ERR_RATE_LIMITED);
	tear_down();
}
END_TEST

START_TEST(a_store_open_for_reading_can_be_checked_only)
{
	struct hf_store_options options = { .read_only = true };

	set_up();
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(hf_limit_check(f.store, "resume", ID_1, &f.detail), HF_OK);
	fixture_reopen_store(&f, NULL);
	expect_taken("resume", ID_1, 5);
	fixture_reopen_store(&f, &options);
	ck_assert_int_eq(hf_limit_check(f.store, "resume", ID_1, &f.detail), HF_ERR_RATE_LIMITED);
	ck_assert_int_eq(hf_limit_take(f.store, "resume", ID_2, &f.detail), HF_ERR_CLOSED);
	ck_assert_int_eq(hf_limit_record(f.store, "resume", ID_2, &f.detail), HF_ERR_CLOSED);
	tear_down();
}
END_TEST

START_TEST(operations_and_keys_have_bounds)
{
	char operation[66], key[1026];

	set_up();
	memset(operation, 'o', sizeof operation);
	memset(key, '\xff', sizeof key);
	operation[64] = key[1024] = '\0';
	ck_assert_int_eq(take(operation, key), HF_OK);
	ck_assert_int_eq(take("~ !", "\n"), HF_OK);
	operation[64] = 'o';
	operation[65] = '\0';
	ck_assert_int_eq(take(operation, "key"), HF_ERR_INVALID);
	key[1024] = 'k';
	key[1025] = '\0';
	ck_assert_int_eq(take("x", key), HF_ERR_INVALID);
	ck_assert_int_eq(take("x", ""), HF_ERR_INVALID);
	ck_assert_int_eq(take("x", NULL), HF_ERR_INVALID);
	ck_assert_int_eq(take("", "key"), HF_ERR_INVALID);
	ck_assert_int_eq(take("a\tb", "key"), HF_ERR_INVALID);
	ck_assert_int_eq(take("\xc3\xa4", "key"), HF_ERR_INVALID);
	ck_assert_int_eq(take(NULL, "key"), HF_ERR_INVALID);
	ck_assert_int_eq(hf_limit_check(NULL, "x", "key", &f.detail), HF_ERR_INVALID);
	ck_assert_int_eq(hf_limit_record(NULL, "x", "key", NULL), HF_ERR_INVALID);
	tear_down();
}
END_TEST

/* ---- What a store is opened with --------------------------------------------------- */

static const struct {
	struct hf_limit limit;
	int code;
} bounds[] = {
	{ { "x", HF_LIMIT_MAX, 2592000000u, HF_LIMIT_MAX, 2592000000u }, HF_OK },
	{ { "x", 1, 1, 0, 0 }, HF_OK },
	{ { "x", 0, 0, 1, 1 }, HF_OK },
	{ { "x", HF_LIMIT_MAX + 1, 1, 0, 0 }, HF_ERR_INVALID },
	{ { "x", 0, 0, HF_LIMIT_MAX + 1, 1 }, HF_ERR_INVALID },
	{ { "x", 1, 0, 0, 0 }, HF_ERR_INVALID },
	{ { "x", 0, 0, 1, 0 }, HF_ERR_INVALID },
	{ { "x", 1, 2592000001u, 0, 0 }, HF_ERR_INVALID },
	{ { "x", 0, 0, 1, 2592000001u }, HF_ERR_INVALID },
	{ { NULL, 1, 1, 0, 0 }, HF_ERR_INVALID },
	{ { "", 1, 1, 0, 0 }, HF_ERR_INVALID },
	{ { "a\nb", 1, 1, 0, 0 }, HF_ERR_INVALID },
	{ { "0123456789012345678901234567890123456789012345678901234567890123x", 1, 1, 0, 0 },
	  HF_ERR_INVALID },
};

START_TEST(limits_that_are_out_of_bounds_make_no_store)
{
	struct hf_store_options options = { .limits = &bounds[_i].limit, .limit_count = 1 };

	memset(&f, 0, sizeof f);
	f.scratch = scratch_open();
	ck_assert_int_eq(fixture_store(&f, &options), bounds[_i].code);
	ck_assert(scratch_exists(f.scratch.fd, "store") == (bounds[_i].code == HF_OK));
	ck_assert((f.store != NULL) == (bounds[_i].code == HF_OK));
	tear_down();
}
END_TEST

START_TEST(limits_are_given_once_for_each_operation)
{
	const struct hf_limit limits[] = { { "x", 1, 1, 0, 0 }, { "x", 2, 1, 0, 0 } };
	struct hf_store_options options = { .limits = limits, .limit_count = 2 };

	memset(&f, 0, sizeof f);
	f.scratch = scratch_open();
	ck_assert_int_eq(fixture_store(&f, &options), HF_ERR_INVALID);
	options.limits = NULL;
	ck_assert_int_eq(fixture_store(&f, &options), HF_ERR_INVALID);
	options.limits = limits;
	options.limit_count = 1000000;
	ck_assert_int_eq(fixture_store(&f, &options), HF_ERR_INVALID);
	tear_down();
}
END_TEST

/* ---- The file in the store --------------------------------------------------------- */

static void note_file(void *context, const struct hf_finding *finding)
{
	if (strcmp(finding->subject, "files") == 0)
		++*(unsigned *)context;
}

START_TEST(the_file_belongs_to_the_store)
{
	unsigned strays = 0;
	struct stat found;

	set_up();
	ck_assert_int_eq(take("x", "key"), HF_OK);
	ck_assert_int_eq(fstatat(f.scratch.fd, "store/limits", &found, 0), 0);
	ck_assert_uint_eq(found.st_mode & 07777, 0600);
	ck_assert_int_eq(hf_store_examine(f.store, note_file, &strays, &f.detail), HF_OK);
	ck_assert_uint_eq(strays, 0);
	/* A store whose making was cut short is made all the same. */
	hf_store_close(f.store);
	f.store = NULL;
	scratch_remove(f.scratch.fd, "store/holdfast.json");
	ck_assert_int_eq(fixture_store(&f, NULL), HF_OK);
	tear_down();
}
END_TEST

START_TEST(a_file_that_is_no_plain_one_refuses_the_attempt)
{
	set_up();
	scratch_mkdir(f.scratch.fd, "store/limits");
	ck_assert_int_eq(take("x", "key"), HF_ERR_DENIED);
	ck_assert_int_eq(f.detail.code, HF_ERR_DENIED);
	ck_assert_int_eq(f.detail.wait_ms, 0);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_limit");
	TCase *calls = runner_cases(suite, "calls", 60);
	TCase *options = runner_cases(suite, "options", 60);
	TCase *file = runner_cases(suite, "the file", 60);

	tcase_add_test(calls, by_default_five_are_admitted_for_a_key_and_twenty_in_all);
	tcase_add_test(calls, a_refusal_says_how_long_to_wait);
	tcase_add_test(calls, who_waits_as_long_as_he_was_told_is_admitted);
	tcase_add_test(calls, check_and_record_each_do_one_half);
	tcase_add_test(calls, a_store_that_is_opened_again_still_knows);
	tcase_add_test(calls, a_store_open_for_reading_can_be_checked_only);
	tcase_add_test(calls, operations_and_keys_have_bounds);
	tcase_add_test(options, an_operation_has_its_own_limit_or_the_one_called_default);
	tcase_add_test(options, without_a_default_the_built_in_one_holds_for_the_others);
	tcase_add_loop_test(options, limits_that_are_out_of_bounds_make_no_store, 0,
			    (int)ARRAY_SIZE(bounds));
	tcase_add_test(options, limits_are_given_once_for_each_operation);
	tcase_add_test(file, the_file_belongs_to_the_store);
	tcase_add_test(file, a_file_that_is_no_plain_one_refuses_the_attempt);
	return runner_run_in_memory(suite);
}
