/* SPDX-License-Identifier: MIT */
/*
 * The rules of rate limits, pure: a table of attempts in memory, and sliding windows over
 * it. Time is a parameter, in microseconds of a clock that never goes back.
 *
 * An attempt made at t is in a window of w as long as now - t < w: at t + w exactly it has
 * left it. It lives in the table as long as the longer window of the limit that it was
 * recorded under, and counts for nothing after that, whatever other limits say. Limits
 * may be others at each call, as those of programs that share a table can be.
 */
#ifndef LIMIT_WINDOW_H
#define LIMIT_WINDOW_H

#include <stdint.h>

#include "holdfast.h"

enum {
	WINDOW_EVENTS_MAX = 4096,
	WINDOW_OPERATION_SIZE = 12,
	WINDOW_KEY_SIZE = 16,
};

/* The longest window: 30 days. */
#define WINDOW_MS_MAX UINT32_C(2592000000)

/* What is attempted, and for whom: digests of the names, so that an event has one size
 * however long these are. A key of one operation is another than the same of another. */
struct window_subject {
	uint8_t operation[WINDOW_OPERATION_SIZE];
	uint8_t key[WINDOW_KEY_SIZE];
};

/* One attempt. */
struct window_event {
	int64_t time_us;
	uint32_t life_ms; /* 1 to WINDOW_MS_MAX */
	struct window_subject subject;
};

/* The table: the oldest event first, events of one time in the order of their recording.
 * The caller owns the array, which has room for one more event than count, or for
 * WINDOW_EVENTS_MAX. */
struct window {
	struct window_event *events;
	uint32_t count;
};

enum window_reason {
	WINDOW_ADMITTED,
	WINDOW_KEY,    /* the limit for the key */
	WINDOW_GLOBAL, /* the limit for the operation in all */
	WINDOW_FULL,   /* WINDOW_EVENTS_MAX events live */
};

/* Whether an attempt is admitted; if not, how long until the same attempt would be, to the
 * microsecond, if nothing else is recorded meanwhile, and what is the last to allow it. */
struct window_answer {
	enum window_reason reason;
	int64_t wait_us; /* 0: admitted */
};

/* How long an attempt under this limit lives; 0: the limit is off, nothing is recorded. */
uint32_t window_life_ms(const struct hf_limit *limit);

/* Would an attempt be admitted now? now_us is not before the newest event, here and in all
 * functions below. The limit's name is not looked at. */
struct window_answer window_check(const struct window *window, const struct hf_limit *limit,
				  const struct window_subject *subject, int64_t now_us);
/* Records an attempt whatever the maxima say, and drops what has expired. Refused only
 * when the table is full of events that live; nothing was recorded then. */
struct window_answer window_record(struct window *window, const struct hf_limit *limit,
				   const struct window_subject *subject, int64_t now_us);
/* Checks, and records what is admitted. */
struct window_answer window_take(struct window *window, const struct hf_limit *limit,
				 const struct window_subject *subject, int64_t now_us);
/* Drops the events that have expired, the others staying in order. */
void window_drop_expired(struct window *window, int64_t now_us);

#endif
