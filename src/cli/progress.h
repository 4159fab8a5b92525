/* SPDX-License-Identifier: MIT */
/* What a terminal sees of a long check: one line on stderr that counts up to 100 %. */
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
};

/* Looks whether progress is wanted; the label is the caller's to fill in. */
struct progress progress_look(const struct cli *cli);
/* Takes the progress of a check; an hf_progress_fn, context is the struct progress. */
void progress_show(void *context, uint64_t done, uint64_t total);
/* Takes the line away again. */
void progress_clear(struct progress *progress);

#endif
