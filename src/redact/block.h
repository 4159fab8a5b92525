/* SPDX-License-Identifier: MIT */
/*
 * Private keys in armour: "-----BEGIN ... PRIVATE KEY-----" to the END line, of PEM, OpenSSH
 * and PGP; also where line feeds are written as \n, and where the end is missing.
 */
#ifndef REDACT_BLOCK_H
#define REDACT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"

enum { BLOCK_SIZE_MAX = 64 << 10 }; /* bytes between BEGIN and END */

/* Whether a word that ends at end is "-----BEGIN" and begins such a block. Looks no further than
 * to the next BEGIN, so that many of them take linear time. */
bool block_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);

#endif
