/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 of bytes that come in pieces. Of bytes that are all there: kdf_sha256.
 *
 * A struct digest holds no secret, is used by one thread at a time, and may be copied to
 * ask for a digest on the way.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32 };

struct digest {
	uint64_t state[16]; /* Nettle's struct sha256_ctx; digest.c checks that it fits */
};

void digest_init(struct digest *digest);
void digest_update(struct digest *digest, const void *bytes, size_t size);
/* Gives the digest of all bytes since digest_init, and begins anew. */
void digest_final(struct digest *digest, uint8_t ret_digest[static DIGEST_SIZE]);

#endif
