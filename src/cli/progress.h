/* SPDX-License-Identifier: MIT */
/* What a terminal sees of a long check or copy: one line on stderr that counts up to 100 %,
 * and if it is asked for says how fast that goes and how long it will take. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct cli;

struct progress {
	bool wanted; /* stderr is a terminal, and nobody asked for quiet */
	bool shown; /* a line stands there */
	unsigned percent; /* what it says */
	char label[64]; /* "verifying 1 of 3" */
	bool rated; /* say bytes a second and the time that is left */
	int64_t started_ms; /* of the monotonic clock; 0: at the first call */
	int64_t told_ms;
};

/* Looks whether progress is wanted; the label is the caller's to fill in. */
struct progress progress_look(const struct cli *cli);
/* Takes the progress of a check; an hf_progress_fn, context is the struct progress. */
void progress_show(void *context, uint64_t done, uint64_t total);
/* Takes the line away again. */
void progress_clear(struct progress *progress);

#endif
