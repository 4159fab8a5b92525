/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks share: clocks, statistics, a scratch folder, and the one table that
 * their results go into.
 *
 * A measurement is a comparison. Both sides take turns, round by round, so that whatever
 * else the machine does strikes both; a result is the median of the rounds, and a ratio the
 * median of each round's own ratio. A missed goal is shown and is no failure: timings
 * depend on the machine.
 *
 * Everything here ends the program with a message when it fails.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum { BENCH_ROUNDS_MAX = 512, BENCH_PATH_SIZE = 1024 };

/* How a program was called, and where it works. */
struct bench {
	bool json;  /* one JSON object a line instead of the table's rows */
	bool quick; /* a few rounds only, to see that it works */
	char dir[BENCH_PATH_SIZE]; /* a fresh folder; bench_end removes it */
};

/* Reads the arguments (--json, --quick, --help) and makes the scratch folder in $BENCH_DIR,
 * or in the present directory. */
void bench_begin(struct bench *bench, int argc, char **argv);
/* Removes the scratch folder. Returns the program's exit status. */
int bench_end(struct bench *bench);

/* Ends the program: "name: what: reason of errno". */
_Noreturn void bench_die(const char *what);
/* Ends the program unless a call of the library went well. */
void bench_must(int rc, const struct hf_detail *detail);

/* A path in the scratch folder. */
void bench_path(const struct bench *bench, const char *name, char ret_path[BENCH_PATH_SIZE]);
/* The number of rounds to run, much less when the call said --quick. */
size_t bench_rounds(const struct bench *bench, size_t rounds);

/* Nanoseconds by the monotonic clock. */
int64_t bench_now_ns(void);
/* A generator of our own, so that every run measures the same. */
uint32_t bench_random(uint32_t *state);

/* Fills text with size bytes of a JSON object like an agent's message, without a NUL. At
 * least 32 bytes. */
void bench_message(char *text, size_t size);
/* Writes all bytes to a descriptor. */
void bench_write(int fd, const void *bytes, size_t size);

/* Values of one kind, each round's in its place. */
struct bench_values {
	double value[BENCH_ROUNDS_MAX];
	size_t count;
};

void bench_add(struct bench_values *values, double value);
double bench_median(const struct bench_values *values);
/* The value below which a share (0.5, 0.99) of count samples lies. Sorts them. */
double bench_percentile(int64_t *samples, size_t count, double share);

enum bench_goal {
	BENCH_NO_GOAL,
	BENCH_RATIO_MAX,      /* ours divided by the rival's is at most limit */
	BENCH_RATIO_MIN,      /* ... at least limit */
	BENCH_DIFFERENCE_MAX, /* ours less the rival's is at most limit, in the row's unit */
	BENCH_OURS_MAX,       /* ours is at most limit, in the row's unit */
};

/* One row of the table. rival may be NULL. */
struct bench_row {
	const char *what;
	const char *unit;
	const struct bench_values *ours;
	const struct bench_values *rival;
	enum bench_goal goal;
	double limit;
};

void bench_report(const struct bench *bench, const struct bench_row *row);

#endif
