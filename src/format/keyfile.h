/* SPDX-License-Identifier: MIT */
/*
 * The key file (`machine_secret`) and the derived key's file in the runtime directory, as
 * bytes. docs/FORMAT.md describes the first; the second is this program's own business:
 *
 *     holdfast-key-cache 1
 *     for <base64url of SHA-256 of the key file's bytes>
 *     key <base64url of the store key>
 *     check <base64url of SHA-256 of all bytes before "check">
 */
#ifndef FORMAT_KEYFILE_H
#define FORMAT_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/constants.h"

struct keyfile {
	uint8_t secret[FORMAT_KEY_SIZE];
	char host[FORMAT_HOST_SIZE_MAX + 1];
	uint32_t rounds;
	char made[FORMAT_TIME_SIZE + 1];
};

struct keycache {
	uint8_t key_file_digest[32];
	uint8_t store_key[FORMAT_KEY_SIZE];
};

/* Writes the text without NUL; returns its size. */
size_t keyfile_encode(const struct keyfile *keyfile,
		      char ret_text[static FORMAT_KEY_FILE_SIZE_MAX]);
/* False unless text is exactly what keyfile_encode writes. */
bool keyfile_decode(const char *text, size_t size, struct keyfile *ret_keyfile);

size_t keycache_encode(const struct keycache *cache,
		       char ret_text[static FORMAT_KEY_FILE_SIZE_MAX]);
bool keycache_decode(const char *text, size_t size, struct keycache *ret_cache);

#endif
