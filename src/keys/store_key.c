/* SPDX-License-Identifier: MIT */
#include "keys/store_key.h"

#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"

void store_key_id(const uint8_t store_key[static FORMAT_KEY_SIZE],
		  char ret_id[static FORMAT_KEY_ID_SIZE])
{
	uint8_t digest[KDF_SIZE];

	kdf_hkdf(store_key, FORMAT_KEY_SIZE, FORMAT_INFO_KEY_ID, strlen(FORMAT_INFO_KEY_ID),
		 digest);
	text_put_hex(digest, FORMAT_KEY_ID_SIZE / 2, ret_id);
}

void store_key_weak(const uint8_t store[static 16], uint8_t ret_key[static FORMAT_KEY_SIZE],
		    char ret_id[static FORMAT_KEY_ID_SIZE])
{
	char id[FORMAT_KEY_ID_SIZE];
	size_t prefix = strlen(FORMAT_WEAK_PREFIX);

	kdf_hkdf(FORMAT_INFO_WEAK, strlen(FORMAT_INFO_WEAK), store, 16, ret_key);
	store_key_id(ret_key, id);
	memcpy(ret_id, FORMAT_WEAK_PREFIX, prefix);
	memcpy(ret_id + prefix, id, FORMAT_KEY_ID_SIZE - prefix);
}

void store_key_derive(const struct keyfile *file, uint8_t ret_key[static FORMAT_KEY_SIZE])
{
	uint8_t salt[sizeof FORMAT_SALT - 1 + FORMAT_HOST_SIZE_MAX];
	size_t prefix = strlen(FORMAT_SALT);
	size_t host = strlen(file->host);

	memcpy(salt, FORMAT_SALT, prefix);
	memcpy(salt + prefix, file->host, host);
	kdf_pbkdf2(file->secret, salt, prefix + host, file->rounds, ret_key);
}
