/* SPDX-License-Identifier: MIT */
/*
 * The meaning of a run of records: what a session's metadata, todos and configuration are
 * after them. Folds of consecutive runs merge, so that runs can be folded on several
 * threads. All slices are JSON within the records' own bytes.
 */
#ifndef LOG_FOLD_H
#define LOG_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "format/head.h"
#include "holdfast.h"
#include "log/labels.h"

struct fold {
	uint64_t messages;
	struct hf_slice first_message; /* data of the first message that has text; or empty */
	struct hf_slice name;          /* a JSON string or null; empty: not said in this run */
	struct hf_slice project;
	struct hf_slice config;
	struct hf_slice todos;
	struct hf_slice origin;
	struct hf_slice tags;          /* a JSON array; empty: not said in this run */
	struct former former;          /* where the project was before, as far as this run says */
	int64_t created_us;            /* valid if has_first */
	int64_t updated_us;            /* of the last record; valid if any */
	uint64_t promised;             /* records that record 0 says were written with it */
	bool has_first;                /* the run holds record 0 */
	bool any;
	bool tells_sealed;             /* a record other than a label is in the run */
	bool sealed;                   /* the last such record is a seal; valid if tells_sealed */
	bool tells_pinned;
	bool pinned;                   /* valid if tells_pinned */
};

/* Adds a record. False if it is a record 0 whose data is not of the exact shape, or a
 * session record elsewhere. */
bool fold_record(struct fold *fold, const struct hf_record *record);
/* Adds the run that follows. */
void fold_merge(struct fold *fold, const struct fold *next);
/* Brings the folded state in a head up to date: counts, times, texts and flags, but not
 * where the log ends. */
void fold_apply(const struct fold *fold, struct head *head);
/* Whether a session of this origin (JSON, or empty) is HF_UNSIGNED. */
bool fold_is_unsigned(struct hf_slice origin);

#endif
