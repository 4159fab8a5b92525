/* SPDX-License-Identifier: MIT */
/*
 * One pass over a text that gives the secrets in it, in order and without overlaps.
 *
 * The built-in rules hang on what is rare: long runs of characters, '=' and ':'. All other
 * bytes cost one look into a table. Hits of different rules that overlap become one hit, of
 * the longest one's kind, so that nothing of any is left.
 */
#ifndef REDACT_FINDER_H
#define REDACT_FINDER_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/assign.h"
#include "redact/block.h"
#include "redact/pattern.h"
#include "redact/redact.h"

enum { FINDER_QUEUE = 16 };

struct redactor {
	struct pattern *patterns;
	size_t pattern_count;
	struct buffer decoded; /* the string that is looked at (json.c) */
	struct buffer pass[2]; /* what is redacted and looked at once more */
};

struct finder {
	struct redactor *redactor;
	struct hf_slice text;
	size_t at; /* the built-in rules are done with what is before */
	size_t run_end; /* of the run that at is in, if it lies behind at */
	size_t word_end; /* the same of the word */
	bool is_quiet; /* what looks random is no secret here */
	struct redact_hit queue[FINDER_QUEUE]; /* hits of the built-in rules, by offset */
	size_t queue_at;
	size_t queue_count;
	struct redact_hit next[PATTERN_COUNT_MAX]; /* of each pattern; size 0: none */
};

/* Begins at from; name says what the text is the value of, if that is known. HF_ERR_NOMEM. */
int finder_init(struct finder *finder, struct redactor *redactor, struct hf_slice text, size_t from,
		enum assign_name name);
/* The next secret. HF_ERR_NOTFOUND: there is none; HF_ERR_NOMEM. */
int finder_next(struct finder *finder, struct redact_hit *ret_hit);

#endif
