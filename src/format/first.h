/* SPDX-License-Identifier: MIT */
/* The data of record 0, which says what a session is (docs/FORMAT.md, "Record 0"). */
#ifndef FORMAT_FIRST_H
#define FORMAT_FIRST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "crypto/mac.h"
#include "format/constants.h"
#include "holdfast.h"

/* The generation that a save replaced. */
struct first_previous {
	uint64_t generation;
	uint64_t records;
	uint8_t mac[MAC_SIZE];
};

struct first {
	uint8_t session[16];
	uint8_t store[16];
	uint64_t generation;
	char key_id[FORMAT_KEY_ID_SIZE];
	int64_t created_us;
	struct hf_slice name;    /* JSON: a string, or null */
	struct hf_slice project; /* JSON: a string, or null */
	struct hf_slice config;  /* JSON: an object */
	struct hf_slice origin;  /* JSON: an object, or null */
	bool is_pinned;
	struct hf_slice tags;    /* JSON: an array of strings */
	struct hf_slice former;  /* JSON: an array of former project paths, oldest first */
	bool has_previous;
	struct first_previous previous;
	uint64_t records;        /* written together with record 0 */
};

/* What record 0 claims before anything is checked, to choose a key. */
struct first_claim {
	uint8_t session[16];
	uint8_t store[16];
	uint64_t generation;
	char key_id[FORMAT_KEY_ID_SIZE];
};

/* Reads the claim from the first line of a log (size may end anywhere after it). False
 * unless the line begins as record 0 must. */
bool first_claims(const char *line, size_t size, struct first_claim *ret_claim);

/* Decodes the data of a record 0 that is verified; slices of it. False if it has not the
 * exact shape. */
bool first_decode(struct hf_slice data, struct first *ret_first);

/* Appends the data of record 0. The slices must be valid, compact JSON of the kinds named
 * above. Errors of buffer_put. */
int first_encode(const struct first *first, struct buffer *out);

#endif
