/* SPDX-License-Identifier: MIT */
/*
 * Records on their way to a log: encoded, signed and chained in a buffer, so that they can
 * be written with one write.
 */
#ifndef LOG_BATCH_H
#define LOG_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/report.h"
#include "crypto/mac.h"
#include "log/fold.h"

struct batch {
	struct buffer bytes;   /* the lines; kept allocated from batch to batch */
	struct mac *key;       /* of the session's generation; not owned */
	uint64_t n;            /* number that the next record gets */
	uint8_t mac[MAC_SIZE]; /* of the record before it */
	int64_t at_us;         /* time of the records */
	uint32_t data_size_max; /* bytes of one record's data */
};

/* One record to add. */
struct batch_record {
	const char *type;
	const char *id;        /* NULL: none */
	struct hf_slice data;  /* JSON text, checked and compacted on the way in */
	bool is_own;           /* made by the library: compact, and not bound by data_size_max */
};

/* Begins a batch that follows the record with number n - 1 and MAC mac. Zeroed memory
 * with a maximum in bytes is an empty batch. */
void batch_begin(struct batch *batch, struct mac *key, uint64_t n,
		 const uint8_t mac[static MAC_SIZE], int64_t at_us);
void batch_release(struct batch *batch);

/*
 * Adds a record. Each refusal is described in the report and leaves the batch as it was.
 * HF_ERR_JSON: the data is not acceptable JSON (offset says where); HF_ERR_RECORD_SIZE:
 * it is too large; HF_ERR_INVALID: it is not what its type asks for.
 */
int batch_add(struct batch *batch, struct report *report, const struct batch_record *record);

/* What the records in the buffer mean; slices into the buffer. */
void batch_fold(const struct batch *batch, struct fold *fold);

#endif
