/* SPDX-License-Identifier: MIT */
/*
 * HMAC-SHA256 (RFC 2104, FIPS 180-4) with the keyed state kept, so that each further
 * MAC under the same key costs only its own bytes.
 *
 * A struct mac is as secret as its key: keep it in memory for secrets and wipe it. It is
 * used by one thread at a time; copy it (plain assignment) for another thread.
 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAC_SIZE = 32, MAC_KEY_SIZE = 32 };

struct mac {
	uint64_t state[48]; /* Nettle's struct hmac_sha256_ctx; mac.c checks that it fits */
};

void mac_init(struct mac *mac, const uint8_t key[static MAC_KEY_SIZE]);
void mac_update(struct mac *mac, const void *bytes, size_t size);
/* Gives the MAC of all bytes since the last mac_final, and is ready for the next. */
void mac_final(struct mac *mac, uint8_t ret_mac[static MAC_SIZE]);

/* Compares in a time that does not depend on where the bytes differ. */
bool mac_equal(const uint8_t a[static MAC_SIZE], const uint8_t b[static MAC_SIZE]);

#endif
