/* SPDX-License-Identifier: MIT */
/*
 * Goal: struct mac is HMAC-SHA256. Method: the cases of RFC 4231, whose keys are brought to
 * our fixed 32 bytes in the ways that HMAC itself would (short ones are filled up with
 * zeros, long ones are hashed), and the ways of giving the bytes in pieces.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"

struct vector {
	size_t key_size;
	size_t data_size;
	const char *key;   /* one byte that repeats if it is one character long */
	const char *data;  /* likewise */
	const char *mac;
};

static const struct vector rfc4231[] = {
	{ 20, 8, "\x0b", "Hi There",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ 4, 28, "Jefe", "what do ya want for nothing?",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ 20, 50, "\xaa", "\xdd",
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ 25, 50, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
		  "\x14\x15\x16\x17\x18\x19", "\xcd",
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	/* The RFC gives the first 16 bytes of this one; the rest is Python's. */
	{ 20, 20, "\x0c", "Test With Truncation",
	  "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5" },
	{ 131, 54, "\xaa", "Test Using Larger Than Block-Size Key - Hash Key First",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ 131, 152, "\xaa", "This is a test using a larger than block-size key and a larger than "
		  "block-size data. The key needs to be hashed before being used by the HMAC "
		  "algorithm.",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

/* Fills bytes with a text, or with its only character. */
static void fill(uint8_t *bytes, const char *text, size_t size)
{
	if (text[1] == '\0')
		memset(bytes, text[0], size);
	else
		memcpy(bytes, text, size);
}

static struct mac keyed(const struct vector *vector)
{
	uint8_t long_key[256] = { 0 };
	uint8_t key[MAC_KEY_SIZE] = { 0 };
	struct mac mac;

	fill(long_key, vector->key, vector->key_size);
	if (vector->key_size > 64)
		kdf_sha256(long_key, vector->key_size, key);
	else
		memcpy(key, long_key, sizeof key);
	mac_init(&mac, key);
	return mac;
}

static void assert_mac(const uint8_t mac[static MAC_SIZE], const char *wanted)
{
	char text[2 * MAC_SIZE + 1] = "";

	text_put_hex(mac, MAC_SIZE, text);
	ck_assert_str_eq(text, wanted);
}

START_TEST(the_cases_of_rfc_4231_come_out_right)
{
	const struct vector *vector = &rfc4231[_i];
	struct mac mac = keyed(vector);
	uint8_t data[256];
	uint8_t result[MAC_SIZE];

	fill(data, vector->data, vector->data_size);
	mac_update(&mac, data, vector->data_size);
	mac_final(&mac, result);
	assert_mac(result, vector->mac);
}
END_TEST

START_TEST(bytes_may_come_in_any_pieces)
{
	const struct vector *vector = &rfc4231[6];
	struct mac mac = keyed(vector);
	uint8_t data[256];
	uint8_t result[MAC_SIZE];

	fill(data, vector->data, vector->data_size);
	for (size_t piece = 1; piece <= vector->data_size; piece++) {
		for (size_t at = 0; at < vector->data_size; at += piece) {
			size_t left = vector->data_size - at;

			mac_update(&mac, data + at, left < piece ? left : piece);
			mac_update(&mac, data, 0);
		}
		mac_final(&mac, result);
		assert_mac(result, vector->mac);
	}
}
END_TEST

START_TEST(a_copy_goes_its_own_way)
{
	struct mac mac = keyed(&rfc4231[0]);
	struct mac copy;
	uint8_t result[MAC_SIZE];

	mac_update(&mac, "Hi ", 3);
	copy = mac;
	mac_update(&mac, "You", 3);
	mac_final(&mac, result);
	mac_update(&copy, "There", 5);
	mac_final(&copy, result);
	assert_mac(result, rfc4231[0].mac);
}
END_TEST

START_TEST(macs_are_equal_only_if_every_bit_is)
{
	uint8_t a[MAC_SIZE];
	uint8_t b[MAC_SIZE];

	memset(a, 0x5a, sizeof a);
	memcpy(b, a, sizeof b);
	ck_assert(mac_equal(a, b));
	for (unsigned bit = 0; bit < 8 * MAC_SIZE; bit++) {
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!mac_equal(a, b));
		b[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mac");
	TCase *tcase = tcase_create("mac");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, the_cases_of_rfc_4231_come_out_right, 0,
			    (int)ARRAY_SIZE(rfc4231));
	tcase_add_test(tcase, bytes_may_come_in_any_pieces);
	tcase_add_test(tcase, a_copy_goes_its_own_way);
	tcase_add_test(tcase, macs_are_equal_only_if_every_bit_is);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
