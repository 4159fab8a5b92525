/* SPDX-License-Identifier: MIT */
/* Secrets that say by their first characters what they are: keys of providers. */
#ifndef REDACT_TOKEN_H
#define REDACT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"

enum { TOKEN_SIZE_MIN = 15 }; /* the shortest word that one begins with, but for the dotted */

/* Whether a key begins at the beginning of a word, text[at] to text[end]. It may end behind
 * the word where it has parts with dots between them. Time is linear in the key's size. */
bool token_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);
/* The same for keys whose first part is a short word: "SG.", "ya29.", "hvs.". */
bool token_find_dotted(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);
/* A Telegram bot's: 8 to 10 digits (the word at at), a colon, and 35 characters. */
bool token_find_telegram(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);

#endif
