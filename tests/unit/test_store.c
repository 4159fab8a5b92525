/* SPDX-License-Identifier: MIT */
/*
 * Goal: a store is made once, privately, and only where it does no harm; what opens it says
 * what is wrong. Method: directories in every state are opened with every kind of option.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "store_fixture.h"

static mode_t mode_of(const struct fixture *f, const char *name)
{
	struct stat found;

	ck_assert_int_eq(fstatat(f->scratch.fd, name, &found, AT_SYMLINK_NOFOLLOW), 0);
	return found.st_mode & 07777;
}

/* A fixture whose store is not there yet. */
static void open_nothing(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->scratch = scratch_open();
}

START_TEST(a_store_is_made_private_and_opened_again)
{
	struct fixture f;
	size_t size;
	char *marker, *again;

	fixture_open(&f);
	ck_assert_uint_eq(mode_of(&f, "store"), 0700);
	ck_assert_uint_eq(mode_of(&f, "store/keys"), 0700);
	ck_assert_uint_eq(mode_of(&f, "store/sessions"), 0700);
	ck_assert_uint_eq(mode_of(&f, "store/quarantine"), 0700);
	ck_assert_uint_eq(mode_of(&f, "store/holdfast.json"), 0600);
	marker = scratch_get(f.scratch.fd, "store/holdfast.json", &size);
	create(&f, ID_1, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_uint_eq(mode_of(&f, "store/keys/machine_secret"), 0600);
	ck_assert_uint_eq(mode_of(&f, "store/sessions/" ID_1 ".jsonl"), 0600);
	ck_assert_uint_eq(mode_of(&f, "store/sessions/" ID_1 ".head"), 0600);
	fixture_reopen_store(&f, NULL);
	again = scratch_get(f.scratch.fd, "store/holdfast.json", &size);
	ck_assert_str_eq(marker, again);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	free(marker);
	free(again);
	fixture_close(&f);
}
END_TEST

START_TEST(a_store_that_must_exist_is_not_made)
{
	struct hf_store_options must = { .must_exist = true };
	struct hf_store_options read = { .read_only = true };
	struct fixture f;

	open_nothing(&f);
	ck_assert_int_eq(fixture_store(&f, &must), HF_ERR_NOTFOUND);
	ck_assert_int_eq(f.detail.code, HF_ERR_NOTFOUND);
	ck_assert_int_eq(fixture_store(&f, &read), HF_ERR_NOTFOUND);
	ck_assert_ptr_null(f.store);
	ck_assert(!scratch_exists(f.scratch.fd, "store"));
	scratch_mkdir(f.scratch.fd, "store");
	ck_assert_int_eq(fixture_store(&f, &must), HF_ERR_NOTFOUND);
	ck_assert_int_eq(fixture_store(&f, &read), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store"), 0);
	fixture_close(&f);
}
END_TEST

START_TEST(a_directory_with_something_else_is_left_alone)
{
	struct hf_store_options options = { .must_exist = true };
	struct fixture f;

	open_nothing(&f);
	scratch_mkdir(f.scratch.fd, "store");
	scratch_put(f.scratch.fd, "store/thesis.txt", "x", 1);
	ck_assert_int_eq(fixture_store(&f, NULL), HF_ERR_FORMAT);
	ck_assert_int_eq(fixture_store(&f, &options), HF_ERR_FORMAT);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store"), 1);
	scratch_remove(f.scratch.fd, "store");
	scratch_put(f.scratch.fd, "store", "x", 1);
	ck_assert_int_eq(fixture_store(&f, NULL), HF_ERR_FORMAT);
	ck_assert_ptr_null(f.store);
	fixture_close(&f);
}
END_TEST

START_TEST(a_store_of_a_newer_version_is_not_touched)
{
	static const char marker[] =
		"{\"holdfast\":2,\"store\":\"10111213-1415-1617-1819-1a1b1c1d1e1f\","
		"\"created\":\"2026-11-22T23:54:13.123456Z\"}\n";
	struct fixture f;

	open_nothing(&f);
	scratch_mkdir(f.scratch.fd, "store");
	scratch_put(f.scratch.fd, "store/holdfast.json", marker, sizeof marker - 1);
	ck_assert_int_eq(fixture_store(&f, NULL), HF_ERR_FORMAT);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "store"), 1);
	fixture_close(&f);
}
END_TEST

START_TEST(options_out_of_bounds_are_refused)
{
	static const struct hf_store_options bad[] = {
		{ .rounds = HF_ROUNDS_MIN - 1 }, { .rounds = HF_ROUNDS_MAX + 1u },
		{ .max_record_size = HF_RECORD_SIZE_LIMIT + 1u }, { .padding = HF_PADDING_MAX + 1 },
		{ .threads = 17 }, { .durability = (enum hf_durability)3 },
		{ .durability = (enum hf_durability)-1 },
	};
	static const struct hf_store_options good[] = {
		{ .rounds = HF_ROUNDS_MIN }, { .max_record_size = HF_RECORD_SIZE_LIMIT },
		{ .max_record_size = 1 }, { .padding = HF_PADDING_MAX }, { .threads = 16 },
		{ .durability = HF_STRICT },
	};
	struct fixture f;

	open_nothing(&f);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_msg(fixture_store(&f, &bad[i]) == HF_ERR_INVALID, "row %zu", i);
		ck_assert_ptr_null(f.store);
	}
	ck_assert(!scratch_exists(f.scratch.fd, "store"));
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		fixture_reopen_store(&f, &good[i]);
	ck_assert_int_eq(hf_store_open(NULL, NULL, NULL, &f.store), HF_ERR_INVALID);
	ck_assert_int_eq(hf_store_open("", NULL, NULL, &f.store), HF_ERR_INVALID);
	ck_assert_int_eq(hf_store_open("x", NULL, NULL, NULL), HF_ERR_INVALID);
	hf_store_close(NULL);
	fixture_close(&f);
}
END_TEST

START_TEST(keys_may_lie_elsewhere)
{
	struct hf_store_options options = { .padding = 1 };
	char path[300];
	struct fixture f;

	open_nothing(&f);
	(void)snprintf(path, sizeof path, "%s/elsewhere", f.scratch.path);
	options.key_dir = path;
	ck_assert_int_eq(fixture_store(&f, &options), HF_OK);
	create(&f, ID_1, NULL);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert(scratch_exists(f.scratch.fd, "elsewhere/machine_secret"));
	ck_assert(!scratch_exists(f.scratch.fd, "store/keys/machine_secret"));
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_reopen_store(&f, NULL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_KEY_MISSING);
	fixture_close(&f);
}
END_TEST

/* The limit is for what a host appends, not for the library's own records. */
START_TEST(a_record_may_be_as_large_as_the_store_allows)
{
	struct hf_store_options options = { .max_record_size = 10, .padding = 1 };
	struct fixture f;

	open_nothing(&f);
	ck_assert_int_eq(fixture_store(&f, &options), HF_OK);
	create(&f, ID_1, "a name that is longer than the limit");
	ck_assert_int_eq(append(&f, "message", NULL, "1234567890"), HF_OK);
	ck_assert_int_eq(append(&f, "message", NULL, "12345678901"), HF_ERR_RECORD_SIZE);
	ck_assert_int_eq(append(&f, "message", NULL, "           1"), HF_OK);
	leave(&f, HF_CLOSE_SEAL);
	scratch_append(f.scratch.fd, "store/sessions/" ID_1 ".jsonl", "stump", 5);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	ck_assert_int_eq(append(&f, "message", NULL, "1"), HF_OK);
	ck_assert_int_eq(append(&f, "message", NULL, "12345678901"), HF_ERR_RECORD_SIZE);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

struct heard {
	unsigned count;
	enum hf_log_level worst;
};

static void hear(void *context, enum hf_log_level level, const char *message)
{
	struct heard *heard = context;

	ck_assert_ptr_null(strchr(message, '\n'));
	heard->count++;
	if (level > heard->worst)
		heard->worst = level;
}

START_TEST(failures_and_repairs_are_logged)
{
	struct heard heard = { 0 };
	struct hf_store_options options = { .log = hear, .log_context = &heard, .padding = 1 };
	struct fixture f;

	open_nothing(&f);
	ck_assert_int_eq(fixture_store(&f, &options), HF_OK);
	create(&f, ID_1, NULL);
	append_many(&f, 2);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_lt(heard.worst, HF_LOG_WARNING);
	scratch_append(f.scratch.fd, "store/sessions/" ID_1 ".jsonl", "stump", 5);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, NULL, &f.session), HF_OK);
	ck_assert_int_eq(heard.worst, HF_LOG_WARNING);
	ck_assert_int_eq(append(&f, "message", NULL, "{"), HF_ERR_JSON);
	ck_assert_int_eq(heard.worst, HF_LOG_ERROR);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *store = tcase_create("store");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(store, 60);
	tcase_add_test(store, a_store_is_made_private_and_opened_again);
	tcase_add_test(store, a_store_that_must_exist_is_not_made);
	tcase_add_test(store, a_directory_with_something_else_is_left_alone);
	tcase_add_test(store, a_store_of_a_newer_version_is_not_touched);
	tcase_add_test(store, options_out_of_bounds_are_refused);
	tcase_add_test(store, keys_may_lie_elsewhere);
	tcase_add_test(store, a_record_may_be_as_large_as_the_store_allows);
	tcase_add_test(store, failures_and_repairs_are_logged);
	suite_add_tcase(suite, store);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
