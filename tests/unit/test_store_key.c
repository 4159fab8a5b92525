/* SPDX-License-Identifier: MIT */
/* Goal: store keys and ids are those of docs/FORMAT.md. Method: Python's answers. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "keys/store_key.h"

static void assert_key(const uint8_t key[static FORMAT_KEY_SIZE], const char *wanted)
{
	char text[2 * FORMAT_KEY_SIZE + 1] = "";

	text_put_hex(key, FORMAT_KEY_SIZE, text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(the_store_key_comes_from_secret_host_and_rounds)
{
	struct keyfile file = { .host = "build-7.example.org", .rounds = 10000 };
	uint8_t key[FORMAT_KEY_SIZE];
	char id[FORMAT_KEY_ID_SIZE];

	for (unsigned i = 0; i < sizeof file.secret; i++)
		file.secret[i] = (uint8_t)i;
	store_key_derive(&file, key);
	assert_key(key, "f8b6e096b0450579451e9aa3b53d6ea172ac308646f4cd165236ea4858f4e73e");
	store_key_id(key, id);
	ck_assert_mem_eq(id, "9083ce5eaf1baf38", sizeof id);
}
END_TEST

START_TEST(a_host_of_the_largest_size_is_used_whole)
{
	struct keyfile file = { .rounds = 10000 };
	uint8_t key[FORMAT_KEY_SIZE], other[FORMAT_KEY_SIZE];

	memset(file.host, 'h', FORMAT_HOST_SIZE_MAX);
	store_key_derive(&file, key);
	file.host[FORMAT_HOST_SIZE_MAX - 1] = 'i';
	store_key_derive(&file, other);
	ck_assert_mem_ne(key, other, sizeof key);
}
END_TEST

START_TEST(the_weak_key_comes_from_the_store_id)
{
	uint8_t store[16];
	uint8_t key[FORMAT_KEY_SIZE];
	char id[FORMAT_KEY_ID_SIZE];

	for (unsigned i = 0; i < sizeof store; i++)
		store[i] = (uint8_t)(0x10 + i);
	store_key_weak(store, key, id);
	assert_key(key, "77fb7e9f75a3a32995320244292eae25d24a2a13ca78e653008d1c750b1dc2ec");
	ck_assert_mem_eq(id, "weak0e3cce4a8804", sizeof id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store key");
	TCase *tcase = tcase_create("store key");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, the_store_key_comes_from_secret_host_and_rounds);
	tcase_add_test(tcase, a_host_of_the_largest_size_is_used_whole);
	tcase_add_test(tcase, the_weak_key_comes_from_the_store_id);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
