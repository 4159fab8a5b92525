/* SPDX-License-Identifier: MIT */
/* Strings that nothing is known of but that they look drawn at random. */
#ifndef REDACT_ENTROPY_H
#define REDACT_ENTROPY_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"

enum {
	ENTROPY_SIZE_MIN = 32, /* characters */
	ENTROPY_SIZE_MAX = 128, /* longer ones are data: images, signatures */
	ENTROPY_NEAR = 100, /* how far before an AWS secret key its name may stand */
};

/* Whether the run text[at] to text[end] is such a string: of base64, with letters of both
 * cases and digits mixed as chance does it. Digests, ids and what stands behind a name that
 * says so are none; hexadecimal is one only under a secret's name (assign.h). An AWS secret
 * key is told by its length and by what stands before it. */
bool entropy_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);

#endif
