/* SPDX-License-Identifier: MIT */
/*
 * Looks for what must never be said: pieces of secrets that were planted, in whatever the
 * library says. A piece is 12 bytes that stand together; shorter ones meet by chance.
 *
 *     struct secrets *secrets = secrets_new();
 *     secrets_add(secrets, json, strlen(json));
 *     secrets_add_key(secrets, key, 32);
 *     ck_assert(!secrets_in(secrets, detail.message, piece));
 *     secrets_free(secrets);
 */
#ifndef LIB_SECRETS_H
#define LIB_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/session_place.h"

enum { SECRETS_PIECE = 12 };

struct secrets;

struct secrets *secrets_new(void);
void secrets_free(struct secrets *secrets);

/* Plants bytes as they are; or a key in every form that it may be written in: raw, in
 * hexadecimal, in base64 of both alphabets. A key may be at most 64 bytes. */
void secrets_add(struct secrets *secrets, const void *bytes, size_t size);
void secrets_add_key(struct secrets *secrets, const void *bytes, size_t size);
/* Plants the messages that tests write (see session_history.h): those with serials from
 * first on, as they are written with history_append. */
void secrets_add_messages(struct secrets *secrets, uint32_t first, uint32_t count);
/* Plants the keys of a store that there are: the secret and the key derived from it, if it
 * is in the runtime directory. */
void secrets_add_keys(struct secrets *secrets, const struct place *place);

/* True if a text has a piece of any of them, which is then copied. */
bool secrets_in(const struct secrets *secrets, const char *text, char ret_piece[SECRETS_PIECE + 1]);

#endif
