/* SPDX-License-Identifier: MIT */
/*
 * Goal: the key file and the derived key's file are written as docs/FORMAT.md and keyfile.h
 * say, and nothing else is read. Method: literal texts whose check lines Python computed;
 * every flipped bit and every cut; and texts that are wrong in one place but carry a right
 * check line, so that the check is not what refuses them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"
#include "format/keyfile.h"

#define FIRST "holdfast-key 1\n"
#define SECRET "secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
#define HOST "host build-7.example.org\n"
#define ROUNDS "rounds 10000\n"
#define MADE "made 2026-11-22T23:54:13.123456Z\n"

static const char good[] =
	FIRST SECRET HOST ROUNDS MADE "check G36NJ79G7dxuYHZeRLJNVnSYoSLsGAOqpz6KLaVQ7y4\n";
static const char good_cache[] = "holdfast-key-cache 1\n"
				 "for KrteatsFBFeBZurDah1rtdknDeWDFcrVfkROKtJmrKk\n"
				 "key -LbglrBFBXlFHpqjtT1uoXKsMIZG9M0WUjbqSFj05z4\n"
				 "check sFzL6sxvtH_2mjnLhjuB7SCYWdg15CCTjqWD17uzeRA\n";

static struct keyfile example(void)
{
	struct keyfile keyfile = { .host = "build-7.example.org",
				   .rounds = 10000,
				   .made = "2026-11-22T23:54:13.123456Z" };

	for (unsigned i = 0; i < sizeof keyfile.secret; i++)
		keyfile.secret[i] = (uint8_t)i;
	return keyfile;
}

/* Decodes a copy that ends where the text does, so that a sanitizer sees what reads on. */
static bool accepts(const char *text, size_t size)
{
	char *copy = malloc(size + (size == 0));
	struct keyfile keyfile;
	struct keyfile before;
	bool accepted;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	memset(&keyfile, 0x77, sizeof keyfile);
	before = keyfile;
	accepted = keyfile_decode(copy, size, &keyfile);
	ck_assert(accepted || memcmp(&keyfile, &before, sizeof before) == 0);
	free(copy);
	return accepted;
}

static bool accepts_cache(const char *text, size_t size)
{
	char *copy = malloc(size + (size == 0));
	struct keycache cache;
	struct keycache before;
	bool accepted;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	memset(&cache, 0x77, sizeof cache);
	before = cache;
	accepted = keycache_decode(copy, size, &cache);
	ck_assert(accepted || memcmp(&cache, &before, sizeof before) == 0);
	free(copy);
	return accepted;
}

/* Whether lines are accepted once they end in a right check line. */
static bool accepts_checked(const char *lines)
{
	char text[4096];
	uint8_t digest[KDF_SIZE];
	char digits[TEXT_BASE64_32_SIZE];
	int size;

	kdf_sha256(lines, strlen(lines), digest);
	text_put_base64_32(digest, digits);
	size = snprintf(text, sizeof text, "%scheck %.*s\n", lines, TEXT_BASE64_32_SIZE, digits);
	ck_assert(size > 0 && (size_t)size < sizeof text);
	return accepts(text, (size_t)size);
}

START_TEST(a_key_file_is_written_as_the_format_says)
{
	struct keyfile keyfile = example();
	char text[FORMAT_KEY_FILE_SIZE_MAX];
	size_t size = keyfile_encode(&keyfile, text);

	ck_assert_uint_eq(size, sizeof good - 1);
	ck_assert_mem_eq(text, good, size);
}
END_TEST

START_TEST(a_key_file_is_read_as_it_was_written)
{
	struct keyfile wanted = example();
	struct keyfile keyfile;

	ck_assert(keyfile_decode(good, sizeof good - 1, &keyfile));
	ck_assert_mem_eq(keyfile.secret, wanted.secret, sizeof wanted.secret);
	ck_assert_str_eq(keyfile.host, wanted.host);
	ck_assert_uint_eq(keyfile.rounds, wanted.rounds);
	ck_assert_str_eq(keyfile.made, wanted.made);
}
END_TEST

START_TEST(the_largest_key_file_goes_both_ways)
{
	struct keyfile wanted = example();
	struct keyfile keyfile;
	char text[FORMAT_KEY_FILE_SIZE_MAX];
	size_t size;

	memset(wanted.host, '~', FORMAT_HOST_SIZE_MAX);
	wanted.host[FORMAT_HOST_SIZE_MAX] = '\0';
	wanted.rounds = FORMAT_ROUNDS_MAX;
	size = keyfile_encode(&wanted, text);
	ck_assert(keyfile_decode(text, size, &keyfile));
	ck_assert_str_eq(keyfile.host, wanted.host);
	ck_assert_uint_eq(keyfile.rounds, FORMAT_ROUNDS_MAX);
}
END_TEST

START_TEST(a_flipped_bit_is_refused)
{
	char text[sizeof good];

	memcpy(text, good, sizeof good);
	for (size_t bit = 0; bit < 8 * (sizeof good - 1); bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		ck_assert(!accepts(text, sizeof good - 1));
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
	}
	ck_assert(accepts(text, sizeof good - 1));
}
END_TEST

START_TEST(any_other_size_is_refused)
{
	char text[2 * sizeof good] = "";

	memcpy(text, good, sizeof good);
	memcpy(text + sizeof good - 1, good, sizeof good);
	for (size_t size = 0; size < sizeof text - 1; size++)
		ck_assert(accepts(text, size) == (size == sizeof good - 1));
}
END_TEST

START_TEST(a_text_over_the_size_limit_is_refused)
{
	char text[FORMAT_KEY_FILE_SIZE_MAX + 1];

	memset(text, '\n', sizeof text);
	memcpy(text, good, sizeof good - 1);
	ck_assert(!accepts(text, sizeof text));
}
END_TEST

START_TEST(rounds_are_bounded)
{
	ck_assert(accepts_checked(FIRST SECRET HOST ROUNDS MADE));
	ck_assert(accepts_checked(FIRST SECRET HOST "rounds 10000000\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 9999\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 10000001\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 18446744073709551616\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 4294977296\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 010000\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds +10000\n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds 10000 \n" MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST "rounds \n" MADE));
}
END_TEST

START_TEST(a_host_is_1_to_255_printable_characters)
{
	char host[300];
	char lines[1024];

	for (size_t size = 0; size <= 257; size++) {
		memset(host, 'h', size);
		host[size] = '\0';
		ck_assert_int_gt(snprintf(lines, sizeof lines, FIRST SECRET "host %s\n" ROUNDS MADE,
					  host), 0);
		ck_assert(accepts_checked(lines) == (size >= 1 && size <= 255));
	}
	for (unsigned c = 1; c < 256; c++) {
		ck_assert_int_gt(snprintf(lines, sizeof lines, FIRST SECRET "host a%cb\n" ROUNDS MADE,
					  (int)c), 0);
		ck_assert(accepts_checked(lines) == (c >= 0x21 && c <= 0x7e));
	}
}
END_TEST

START_TEST(lines_must_be_there_in_order_and_right)
{
	ck_assert(!accepts_checked(FIRST HOST SECRET ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST MADE ROUNDS));
	ck_assert(!accepts_checked(SECRET HOST ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST SECRET SECRET HOST ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST ROUNDS MADE "more x\n"));
	ck_assert(!accepts_checked("holdfast-key 2\n" SECRET HOST ROUNDS MADE));
	ck_assert(!accepts_checked("holdfast-key 1\r\n" SECRET HOST ROUNDS MADE));
	ck_assert(!accepts_checked("\xef\xbb\xbf" FIRST SECRET HOST ROUNDS MADE));
	/* 44 digits; a digit of the other base64; unused bits that are set */
	ck_assert(!accepts_checked(FIRST "secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8A\n" HOST
				   ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST "secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+\n" HOST
				   ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST "secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n" HOST
				   ROUNDS MADE));
	ck_assert(!accepts_checked(FIRST SECRET HOST ROUNDS "made 2026-02-30T23:54:13.123456Z\n"));
	ck_assert(!accepts_checked(FIRST SECRET HOST ROUNDS "made 2026-11-22T23:54:13.123456+\n"));
	ck_assert(!accepts_checked(FIRST SECRET HOST ROUNDS "made 2026-11-22\n"));
}
END_TEST

START_TEST(a_cache_is_written_and_read_as_its_header_says)
{
	struct keycache cache;
	char text[FORMAT_KEY_FILE_SIZE_MAX];
	uint8_t digest[KDF_SIZE];

	ck_assert(keycache_decode(good_cache, sizeof good_cache - 1, &cache));
	kdf_sha256(good, sizeof good - 1, digest);
	ck_assert_mem_eq(cache.key_file_digest, digest, sizeof digest);
	ck_assert_uint_eq(cache.store_key[0], 0xf8);
	ck_assert_uint_eq(cache.store_key[31], 0x3e);
	ck_assert_uint_eq(keycache_encode(&cache, text), sizeof good_cache - 1);
	ck_assert_mem_eq(text, good_cache, sizeof good_cache - 1);
}
END_TEST

START_TEST(a_cache_with_a_flipped_bit_or_of_another_size_is_refused)
{
	char text[sizeof good_cache + 1] = "";

	memcpy(text, good_cache, sizeof good_cache - 1);
	for (size_t bit = 0; bit < 8 * (sizeof good_cache - 1); bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		ck_assert(!accepts_cache(text, sizeof good_cache - 1));
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t size = 0; size <= sizeof text; size++)
		ck_assert(accepts_cache(text, size) == (size == sizeof good_cache - 1));
	ck_assert(!accepts_cache(good, sizeof good - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyfile");
	TCase *key = tcase_create("key file");
	TCase *cache = tcase_create("cache");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(key, a_key_file_is_written_as_the_format_says);
	tcase_add_test(key, a_key_file_is_read_as_it_was_written);
	tcase_add_test(key, the_largest_key_file_goes_both_ways);
	tcase_add_test(key, a_flipped_bit_is_refused);
	tcase_add_test(key, any_other_size_is_refused);
	tcase_add_test(key, a_text_over_the_size_limit_is_refused);
	tcase_add_test(key, rounds_are_bounded);
	tcase_add_test(key, a_host_is_1_to_255_printable_characters);
	tcase_add_test(key, lines_must_be_there_in_order_and_right);
	suite_add_tcase(suite, key);
	tcase_add_test(cache, a_cache_is_written_and_read_as_its_header_says);
	tcase_add_test(cache, a_cache_with_a_flipped_bit_or_of_another_size_is_refused);
	suite_add_tcase(suite, cache);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
