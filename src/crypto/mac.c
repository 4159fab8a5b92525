/* SPDX-License-Identifier: MIT */
#include "crypto/mac.h"

#include <nettle/hmac.h>
#include <string.h>

_Static_assert(sizeof(struct hmac_sha256_ctx) <= sizeof(struct mac), "the state fits");
_Static_assert(_Alignof(struct hmac_sha256_ctx) <= _Alignof(struct mac), "and is aligned");
_Static_assert(SHA256_DIGEST_SIZE == MAC_SIZE, "SHA-256 gives 32 bytes");

static struct hmac_sha256_ctx *context_of(struct mac *mac)
{
	return (struct hmac_sha256_ctx *)(void *)mac->state;
}

void mac_init(struct mac *mac, const uint8_t key[static MAC_KEY_SIZE])
{
	hmac_sha256_set_key(context_of(mac), MAC_KEY_SIZE, key);
}

void mac_update(struct mac *mac, const void *bytes, size_t size)
{
	hmac_sha256_update(context_of(mac), size, bytes);
}

void mac_final(struct mac *mac, uint8_t ret_mac[static MAC_SIZE])
{
	hmac_sha256_digest(context_of(mac), MAC_SIZE, ret_mac);
}

bool mac_equal(const uint8_t a[static MAC_SIZE], const uint8_t b[static MAC_SIZE])
{
	uint64_t difference = 0;

	/* Nettle's memeql_sec goes byte by byte, which is seen in the time of a check. */
	for (size_t i = 0; i < MAC_SIZE; i += sizeof difference) {
		uint64_t word_a, word_b;

		memcpy(&word_a, a + i, sizeof word_a);
		memcpy(&word_b, b + i, sizeof word_b);
		difference |= word_a ^ word_b;
	}
	return difference == 0;
}
