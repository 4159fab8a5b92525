/* SPDX-License-Identifier: MIT */
/*
 * The derived key across processes: `<dir>/holdfast/<32 hex>.key`, where dir is the user's
 * runtime directory and the name the beginning of the SHA-256 of the key file's bytes. A
 * file is used only if it tells that whole digest, so a key file that was replaced never
 * meets the old one's key.
 *
 * This is a short cut, never a need: trouble is logged and then there is no cache.
 * dir NULL or "": likewise. The directories and the file must be ours, and open to nobody
 * else (dir itself: writable by nobody else); checked on descriptors.
 */
#ifndef KEYS_RUNTIME_H
#define KEYS_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "format/keyfile.h"
#include "sys/sys.h"

/* The cache's place: what the functions below have in common. */
struct runtime {
	const struct sys *sys;
	const char *dir;
};

/* Finds the store key of the key file with this digest. */
bool runtime_find(const struct runtime *runtime, struct report *report,
		  const uint8_t digest[static 32], uint8_t ret_store_key[static FORMAT_KEY_SIZE]);

/* Keeps a store key, replacing the file in one step. It need not survive a power cut. */
void runtime_put(const struct runtime *runtime, struct report *report,
		 const struct keycache *cache);

/* Removes a store key. Unlike the rest this tells of failure, since the key is still there
 * then: the errors of report_errno. */
int runtime_remove(const struct runtime *runtime, struct report *report,
		   const uint8_t digest[static 32]);

#endif
