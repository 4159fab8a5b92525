/* SPDX-License-Identifier: MIT */
/*
 * Whether bytes are JSON as the decoder of JidoCode takes it (Jason 1.4): RFC 8259 in UTF-8
 * without a byte order mark, any value at the top, names may come twice, no surrogate
 * escape without its partner. Nesting ends at HF_DEPTH_MAX, which that decoder does not
 * limit. json_scan will not do: it refuses names that come twice, and takes lone surrogates.
 */
#ifndef INTEROP_JIDOCODE_PARSE_H
#define INTEROP_JIDOCODE_PARSE_H

#include <stdbool.h>

#include "holdfast.h"

/* Linear in the size, without recursion. allow_lone: lone surrogate escapes are taken.
 * HF_ERR_JSON: it is not JSON; *ret_offset (may be NULL) is then where, the one output that
 * is set by a failure. Text that passes may be read with json/read.h. */
int jidocode_parse_check(struct hf_slice text, bool allow_lone, size_t *ret_offset);

#endif
