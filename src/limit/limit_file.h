/* SPDX-License-Identifier: MIT */
/*
 * The attempts of a store, in one small file that all its processes share.
 *
 * The file "limits" has a fixed size and is made when first needed. It is opened for each
 * call, so that threads and forked children need nothing of each other, locked by the
 * kernel's lock on it, and written with one write to the place of the older of its two
 * images (limit/image.h). The lock dies with its holder, and a holder who dies leaves what
 * was there before, or what he was writing, whole.
 *
 * Nothing is synced: time is that of the machine since it was started, and what a power
 * cut takes away is of a start of the machine that is over.
 */
#ifndef LIMIT_LIMIT_FILE_H
#define LIMIT_LIMIT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "sys/sys.h"

#define LIMIT_FILE_NAME "limits"

/* What is done with an attempt. */
enum limit_step {
	LIMIT_CHECK,  /* would it be admitted? Nothing is recorded, the file may be missing */
	LIMIT_RECORD, /* it has been made */
	LIMIT_TAKE,   /* both, in one step */
};

/* Where the file is. Used by any number of threads; set up by assignment, owns nothing. */
struct limit_file {
	const struct sys *sys;
	int dir_fd;                   /* the store's directory */
	uint32_t cleanup_interval_ms; /* how old a file may be when a refusal rewrites it */
	/* The machine's start, asked for once. Atomic; boot is valid when is_known is. */
	uint64_t boot[2];
	bool is_known;
};

/* One attempt: texts with a NUL, and the limit that it falls under, whose name does not
 * matter. The windows are at most WINDOW_MS_MAX. */
struct limit_attempt {
	const char *operation;
	const char *key;
	const struct hf_limit *limit;
};

/*
 * Does a step with an attempt. HF_OK: it is admitted, and recorded if that was asked for.
 * Blocks while others use the file: 3 seconds at most, of which each needs some
 * microseconds.
 *
 * HF_ERR_RATE_LIMITED: not recorded; the report's detail has wait_ms. HF_ERR_BUSY: the file
 * was locked all the time. HF_ERR_DENIED: it is no plain file of the user's own that nobody
 * else may write to. HF_ERR_IO, HF_ERR_NOSPACE, HF_ERR_READONLY, ...: as the storage says;
 * the attempt is not admitted, and at worst it was recorded all the same. A missing or
 * damaged file, and one of an earlier start, begin anew, which the log is told.
 */
int limit_file_do(struct limit_file *file, struct report *report,
		  const struct limit_attempt *attempt, enum limit_step step);

#endif
