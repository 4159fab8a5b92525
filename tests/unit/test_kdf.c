/* SPDX-License-Identifier: MIT */
/*
 * Goal: kdf.h is PBKDF2-HMAC-SHA256, HKDF-SHA256 with an empty salt, and SHA-256. Method:
 * known answers: of RFC 5869 where it has an empty salt, of FIPS 180-4, and of Python's
 * hashlib and hmac for the rest.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"

static void count_up(uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)i;
}

static void assert_key(const uint8_t key[static KDF_SIZE], const char *wanted)
{
	char text[2 * KDF_SIZE + 1] = "";

	text_put_hex(key, KDF_SIZE, text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(hkdf_gives_the_start_of_rfc_5869_case_3)
{
	uint8_t input[22];
	uint8_t key[KDF_SIZE];

	memset(input, 0x0b, sizeof input);
	kdf_hkdf(input, sizeof input, "", 0, key);
	assert_key(key, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}
END_TEST

START_TEST(hkdf_agrees_with_python)
{
	uint8_t input[32];
	uint8_t info[512];
	uint8_t key[KDF_SIZE];

	count_up(input, sizeof input);
	kdf_hkdf(input, sizeof input, "holdfast/1 key id", 17, key);
	assert_key(key, "5b431a0a38ba631b88b32a2d28b3e4e446e3fbbab35374641df984a38d44bd87");
	count_up(info, sizeof info);
	kdf_hkdf("", 0, info, sizeof info, key);
	assert_key(key, "5785c7eed660d4cf6ca0649958408632f3fb20235c9a9774bdec81757328777e");
}
END_TEST

START_TEST(pbkdf2_agrees_with_python)
{
	uint8_t secret[32];
	uint8_t salt[200];
	uint8_t key[KDF_SIZE];

	count_up(secret, sizeof secret);
	kdf_pbkdf2(secret, "", 0, 1, key);
	assert_key(key, "99411f24bfa9ee8e144e132c46b3b7d1f6d6bfbe2b82ab47b4963e43bfe8bdb6");
	kdf_pbkdf2(secret, "salt", 4, 2, key);
	assert_key(key, "cbcc928fa6cf50fde2b93627569c5d2fa359e83b8a653c5652aea8228bd94958");
	kdf_pbkdf2(secret, "holdfast/1 store keyhost.example", 32, 10000, key);
	assert_key(key, "bbe5c8a3857cc6a1281029f8de5c6922785c615b371ff2a83ed6ae04d677d9c2");
	count_up(salt, sizeof salt);
	kdf_pbkdf2(secret, salt, sizeof salt, 10001, key);
	assert_key(key, "2452a5bffa2ef1584a5d930fada9bd2be106a3728ddd21a7b3e6199a9ff71797");
}
END_TEST

START_TEST(sha256_gives_the_known_digests)
{
	uint8_t bytes[1000];
	uint8_t digest[KDF_SIZE];

	kdf_sha256("", 0, digest);
	assert_key(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	kdf_sha256("abc", 3, digest);
	assert_key(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	memset(bytes, 'a', sizeof bytes);
	kdf_sha256(bytes, sizeof bytes, digest);
	assert_key(digest, "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kdf");
	TCase *tcase = tcase_create("kdf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, hkdf_gives_the_start_of_rfc_5869_case_3);
	tcase_add_test(tcase, hkdf_agrees_with_python);
	tcase_add_test(tcase, pbkdf2_agrees_with_python);
	tcase_add_test(tcase, sha256_gives_the_known_digests);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
