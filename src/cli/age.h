/* SPDX-License-Identifier: MIT */
/*
 * Times that users give: an age counted back from now (30d, 12h, 90m, 45s, 500ms, 2w), or
 * a date (2026-11-23, 2026-11-23 04:30, 2026-11-23T04:30:15) in the user's time zone, in
 * UTC with a Z behind it. The times that --json prints are such dates.
 */
#ifndef CLI_AGE_H
#define CLI_AGE_H

#include <stdbool.h>
#include <stdint.h>

struct cli;

/* Reads a time of either kind as microseconds since 1970; what is the option's name for the
 * message. Returns false, and the user was told, if it is none. NULL leaves *time_us as it
 * is. */
bool age_read_time(const struct cli *cli, const char *what, const char *value, int64_t *time_us);
/* The same as an age in microseconds, never negative: a date to come is none. */
bool age_read(const struct cli *cli, const char *what, const char *value, int64_t *age_us);

#endif
