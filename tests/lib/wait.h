/* SPDX-License-Identifier: MIT */
/*
 * Time in tests: what is waited for is looked at again at growing intervals until it is so,
 * and given up after a limit. No test sleeps for as long as something "should" take.
 */
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum { WAIT_LIMIT_MS = 60000 }; /* what takes longer than this has failed */

/* The steady clock. */
int64_t wait_now_ms(void);
double wait_now(void); /* in seconds */

void wait_ms(int64_t ms);
void wait_seconds(double seconds);

/* Looks until it is so: after 1 ms, then at intervals that double up to 50 ms. False if it
 * is not so after limit_ms. */
bool wait_until(bool (*is_so)(void *context), void *context, int64_t limit_ms);

/* How long a loop may go on: CRASH_SECONDS of the environment, or else what is given. */
double wait_budget(double seconds);

#endif
