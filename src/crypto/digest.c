/* SPDX-License-Identifier: MIT */
#include "crypto/digest.h"

#include <nettle/sha2.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct digest), "the state fits");
_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct digest), "and is aligned");
_Static_assert(SHA256_DIGEST_SIZE == DIGEST_SIZE, "SHA-256 gives 32 bytes");

static struct sha256_ctx *context_of(struct digest *digest)
{
	return (struct sha256_ctx *)(void *)digest->state;
}

void digest_init(struct digest *digest)
{
	sha256_init(context_of(digest));
}

void digest_update(struct digest *digest, const void *bytes, size_t size)
{
	sha256_update(context_of(digest), size, bytes);
}

void digest_final(struct digest *digest, uint8_t ret_digest[static DIGEST_SIZE])
{
	sha256_digest(context_of(digest), DIGEST_SIZE, ret_digest);
}
