/* SPDX-License-Identifier: MIT */
/* Times as text. All times are microseconds since 1970-01-01 UTC. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

#include <stdint.h>

#include "cli/strbuf.h"

int64_t clock_now_us(void);

/* 2026-11-22T23:54:13.123456Z, for programs. */
void clock_put_utc(struct strbuf *out, int64_t time_us);
/* 2026-11-22 23:54:13 in the user's time zone, for people. */
void clock_put_local(struct strbuf *out, int64_t time_us);

#endif
