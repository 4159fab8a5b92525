/* SPDX-License-Identifier: MIT */
/*
 * The store key and what its id is, as docs/FORMAT.md says under "Keys". Pure functions.
 */
#ifndef KEYS_STORE_KEY_H
#define KEYS_STORE_KEY_H

#include <stdint.h>

#include "format/keyfile.h"

/* The store key of a key file: takes as long as its rounds, about 13 ms for 100,000. */
void store_key_derive(const struct keyfile *file, uint8_t ret_key[static FORMAT_KEY_SIZE]);

/* The public name of a store key, without NUL. */
void store_key_id(const uint8_t store_key[static FORMAT_KEY_SIZE],
		  char ret_id[static FORMAT_KEY_ID_SIZE]);

/* The key, and its id, that anybody can make who knows the store's id: not secret. */
void store_key_weak(const uint8_t store[static 16], uint8_t ret_key[static FORMAT_KEY_SIZE],
		    char ret_id[static FORMAT_KEY_ID_SIZE]);

#endif
