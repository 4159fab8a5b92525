/* SPDX-License-Identifier: MIT */
/* What it means that a log does not go on as its head or its writer said: the verdicts of
 * docs/FORMAT.md, "Checking a session". Part of check.h. */
#ifndef LOG_JUDGE_H
#define LOG_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "log/check.h"

/* The count of bytes before the padding at the end, the last record's line feed among
 * them. */
size_t judge_padding(const char *bytes, size_t size);

/* Sets a verdict, the first bad record being the one after the last good one; or one of a
 * session without a bad record. */
void judge_set(struct checked *c, enum hf_verdict verdict);
void judge_clear(struct checked *c, enum hf_verdict verdict);

/* Judges what stands after the last good record, where nothing is acknowledged yet. */
void judge_rest(struct checked *c);

/* A line that should be there does not check: was the log cut, or was it changed? An
 * incomplete line at the end of a log that is too short comes from cutting. Errors of
 * log_read. */
int judge_loss(struct checked *c, bool is_short);

/* Takes back the last record of a scan over the mapped bytes: it checks, but is not the one
 * that should stand there. What is folded of it stays folded. */
void judge_drop_last(struct checked *c);

#endif
