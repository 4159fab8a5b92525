/* SPDX-License-Identifier: MIT */
/*
 * The key that JidoCode signs with: PBKDF2-HMAC-SHA256 with 100,000 rounds, the application's
 * salt as the password, and as the salt the same again, the bytes of the machine_secret and
 * the host's name up to its first dot.
 */
#ifndef INTEROP_JIDOCODE_KEY_H
#define INTEROP_JIDOCODE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "crypto/kdf.h"
#include "sys/sys.h"

enum {
	JIDOCODE_SECRET_MIN = 32, /* bytes; JidoCode takes no shorter file for one */
	JIDOCODE_SECRET_MAX = 4096,
	JIDOCODE_HOST_SIZE = 256,
	JIDOCODE_SALT_MAX = 32,   /* bytes of an application's salt */
	JIDOCODE_SIGNATURE_SIZE = 44,
};

/* What a key is made of. Wiped by jidocode_key_wipe. */
struct jidocode_secret {
	uint8_t bytes[JIDOCODE_SECRET_MAX];
	size_t size;
	char host[JIDOCODE_HOST_SIZE];
};

/*
 * Reads the machine_secret at path, byte for byte. host: NULL is this machine's. A file that
 * others can read is only warned of: it is another program's. HF_ERR_KEY_MISSING: it is not
 * there; HF_ERR_KEY_UNSAFE: it is no regular file; HF_ERR_KEY_CORRUPT: its size cannot be;
 * errors of reading.
 */
int jidocode_key_load(const struct sys *sys, struct report *report, const char *path,
		      const char *host, struct jidocode_secret *ret_secret);
void jidocode_key_wipe(struct jidocode_secret *secret);

/* Where JidoCode keeps its secret; size bytes with NUL. HF_ERR_KEY_MISSING: no home. */
int jidocode_key_path(struct report *report, char *ret_path, size_t size);

/* The salts that JidoCode is built with, the usual one first; NULL after the last. */
const char *jidocode_key_salt(size_t index);

/* Takes some 15 ms. HF_ERR_INVALID: the salt is longer than JIDOCODE_SALT_MAX. HF_ERR_NOMEM. */
int jidocode_key_derive(const struct jidocode_secret *secret, const char *salt,
			struct report *report, uint8_t ret_key[static KDF_SIZE]);

/* A MAC as JidoCode writes it: base64 (RFC 4648 section 4), padded. */
void jidocode_key_signature(const uint8_t mac[static KDF_SIZE],
			    char ret_text[static JIDOCODE_SIGNATURE_SIZE]);

#endif
