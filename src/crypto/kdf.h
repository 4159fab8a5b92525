/* SPDX-License-Identifier: MIT */
/* Keys from secrets and from other keys, and plain digests. All functions are pure. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

enum { KDF_SIZE = 32 };

/* PBKDF2-HMAC-SHA256 (RFC 8018): slow on purpose, about 13 ms for 100,000 rounds. */
void kdf_pbkdf2(const uint8_t secret[static 32], const void *salt, size_t salt_size,
		uint32_t rounds, uint8_t ret_key[static KDF_SIZE]);

/* HKDF-SHA256 (RFC 5869) with an empty salt and 32 bytes of output. */
void kdf_hkdf(const void *input, size_t input_size, const void *info, size_t info_size,
	      uint8_t ret_key[static KDF_SIZE]);

/* SHA-256 of bytes. */
void kdf_sha256(const void *bytes, size_t size, uint8_t ret_digest[static KDF_SIZE]);

#endif
