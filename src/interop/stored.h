/* SPDX-License-Identifier: MIT */
/*
 * How a piece of a source stands in a record: the member "source" of its data
 * (docs/INTERCHANGE.md, "How an import is stored").
 */
#ifndef INTEROP_STORED_H
#define INTEROP_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "holdfast.h"

struct stored {
	struct hf_slice source; /* the member */
	struct hf_slice file;   /* JSON, empty: the main file */
	struct hf_slice key;    /* JSON, empty: it has none */
	uint64_t at;            /* offset in its file; or its slot */
	uint64_t version;       /* from 1 */
	bool has_slot;
	bool has_bytes;         /* false: a further view of the piece before it */
	bool has_more;          /* the piece goes on with the next record */
};

/* Reads what a record says of its piece; false if it is not of an import. */
bool stored_read(const struct hf_record *record, struct stored *ret_stored);
/* Appends the piece's bytes to out. HF_ERR_JSON: they are not as they should be;
 * HF_ERR_SESSION_SIZE, HF_ERR_NOMEM. */
int stored_bytes(const struct stored *stored, struct buffer *out);

#endif
