/* SPDX-License-Identifier: MIT */
/*
 * A database's log whose frames do not all have the checksums that they should.
 *
 * SQLite reads a log up to the first frame that does not check, and forgets the rest: behind
 * one wrong byte the newest messages would be lost without a word. But the index beside the
 * log (-shm) says how many frames were committed; whoever had the database open when it was
 * written would read them all. So frames that the index counts, and that bear the log's own
 * salts, get the checksum that they should have while they are read. Nothing is written, and
 * what the index does not vouch for stays as it is.
 *
 * This is about bytes only. All numbers in the index are in the order of the machine that
 * wrote it: one from another kind of machine vouches for nothing.
 */
#ifndef INTEROP_OPENCODE_LOG_H
#define INTEROP_OPENCODE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum {
	OPENCODE_LOG_HEAD = 32,  /* bytes of a log's header, with its salts */
	OPENCODE_INDEX_HEAD = 96, /* bytes of an index's header: two copies of the same */
};

struct opencode_log {
	uint32_t counted;    /* frames that the index counts */
	uint32_t mended;     /* that got another checksum since the log was opened */
	size_t page;         /* bytes of a page */
	bool is_big_endian;  /* how words are taken for the checksum */
	uint64_t next;       /* the frame that is checked next; they are in a row */
	uint32_t sums[2];    /* the checksum of the frame before */
	char salts[8];
};

/* Looks at the header of a log and the beginning of the index beside it, which may be empty. */
void opencode_log_begin(struct opencode_log *log, struct hf_slice head, struct hf_slice index);
/* Mends what was read of the log at offset, if it is the next frame. */
void opencode_log_mend(struct opencode_log *log, uint64_t offset, char *bytes, size_t size);

#endif
