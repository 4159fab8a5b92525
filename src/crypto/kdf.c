/* SPDX-License-Identifier: MIT */
#include "crypto/kdf.h"

#include <nettle/hkdf.h>
#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha2.h>

#include "base/mem.h"

void kdf_pbkdf2(const uint8_t secret[static 32], const void *salt, size_t salt_size,
		uint32_t rounds, uint8_t ret_key[static KDF_SIZE])
{
	pbkdf2_hmac_sha256(32, secret, rounds, salt_size, salt, KDF_SIZE, ret_key);
}

static void put_bytes(void *context, size_t size, const uint8_t *bytes)
{
	hmac_sha256_update(context, size, bytes);
}

static void take_digest(void *context, size_t size, uint8_t *digest)
{
	hmac_sha256_digest(context, size, digest);
}

void kdf_hkdf(const void *input, size_t input_size, const void *info, size_t info_size,
	      uint8_t ret_key[static KDF_SIZE])
{
	static const uint8_t no_salt[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx hmac;
	uint8_t prk[SHA256_DIGEST_SIZE];

	hmac_sha256_set_key(&hmac, sizeof no_salt, no_salt);
	hkdf_extract(&hmac, put_bytes, take_digest, sizeof prk, input_size, input, prk);
	hmac_sha256_set_key(&hmac, sizeof prk, prk);
	hkdf_expand(&hmac, put_bytes, take_digest, sizeof prk, info_size, info, KDF_SIZE, ret_key);
	mem_wipe(&hmac, sizeof hmac);
	mem_wipe(prk, sizeof prk);
}

void kdf_sha256(const void *bytes, size_t size, uint8_t ret_digest[static KDF_SIZE])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, size, bytes);
	sha256_digest(&context, SHA256_DIGEST_SIZE, ret_digest);
	mem_wipe(&context, sizeof context);
}
