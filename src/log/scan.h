/* SPDX-License-Identifier: MIT */
/*
 * Walks over the lines of a log, checks each against its MAC and the one before it, and
 * folds what they mean. It stops at the first line that does not check; saying what that
 * means is check.h's business.
 */
#ifndef LOG_SCAN_H
#define LOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/mac.h"
#include "log/env.h"
#include "log/fold.h"

/* How far the walk has come: everything before is good. Zero at a log's beginning. */
struct scan {
	uint64_t records;
	uint64_t offset;       /* bytes, from the beginning of the log */
	uint8_t mac[MAC_SIZE]; /* of the last record */
	struct fold fold;
};

/*
 * Walks over bytes, which begin at scan->offset of the log, on up to env->threads threads.
 * Bytes after the last line feed are no line. With a NULL key lines are taken for good
 * when they are well formed and in sequence, for a session whose key is missing.
 * HF_ERR_NOMEM: no memory for threads' keys; scan is then unchanged.
 */
int scan_lines(const struct log_env *env, struct report *report, const struct session_key *key,
	       const char *bytes, size_t size, struct scan *scan);

/* True if bytes that do not check hold, after their first line, a complete line that
 * checks against mac, or lines that check against the MACs on the lines before them and
 * are not all of one time. Records of one time are of one batch, whose one write a power
 * cut may have brought onto the medium in any order. */
bool scan_finds_record(struct mac *key, const uint8_t mac[static MAC_SIZE], const char *bytes,
		       size_t size);

#endif
