/* SPDX-License-Identifier: MIT */
/* The order of large maps in Erlang/OTP 25 and older: a tree over hashes of the names. */
#ifndef INTEROP_JIDOCODE_HASH_H
#define INTEROP_JIDOCODE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

/* A member of an object that is being put in order. */
struct jidocode_member {
	struct hf_slice name; /* with its quotes, as it stands in the text */
	struct hf_slice value;
	uint32_t hash;        /* the larger, the earlier */
	bool is_escaped;      /* there is a backslash in the name */
};

/* What a name is ordered by: its hash with the groups of 4 bits in reverse, as the tree
 * branches by the lowest group first. Computed over the decoded name, without a copy. */
uint32_t jidocode_hash(struct hf_slice name);

#endif
