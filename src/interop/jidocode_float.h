/* SPDX-License-Identifier: MIT */
/*
 * Numbers as the runtime of JidoCode writes them: the shortest decimal digits that are read
 * back as the same IEEE 754 double, in decimal or scientific form, whichever is shorter.
 *
 * All of it is integer arithmetic: no floating point, no locale, no rounding mode.
 */
#ifndef INTEROP_JIDOCODE_FLOAT_H
#define INTEROP_JIDOCODE_FLOAT_H

#include <stddef.h>

#include "holdfast.h"

enum { JIDOCODE_FLOAT_SIZE = 32 }; /* "-0.000..." and 17 digits at most, without NUL */

/*
 * Writes a JSON number that has a fraction or an exponent: 1e5 becomes 1.0e5, 100.00 becomes
 * 100.0. The number has passed a check of JSON's grammar. Takes time linear in its size.
 * HF_ERR_JSON: it is beyond the largest double. What is below the smallest becomes 0.0.
 */
int jidocode_float_put(struct hf_slice number, char ret_text[static JIDOCODE_FLOAT_SIZE],
		       size_t *ret_size);

#endif
