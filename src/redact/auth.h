/* SPDX-License-Identifier: MIT */
/* Secrets by where they stand: behind "Bearer" and "Basic", and in addresses. */
#ifndef REDACT_AUTH_H
#define REDACT_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"

enum { AUTH_USER_MAX = 256 }; /* bytes of "user:password" in an address */

/* The token behind a word that says how it is used: "Bearer", or "Basic", whose token must
 * be base64 of text with a colon. The word is text[at] to text[end]. */
bool auth_find_header(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);
/* The password of "scheme://user:password@host", or the secret part of the address of a
 * webhook. colon is the place of "://", or of ":\/\/" as JSON may have it. */
bool auth_find_address(struct hf_slice text, size_t colon, struct redact_hit *ret_hit);

#endif
