/* SPDX-License-Identifier: MIT */
/* What bundle and unbundle have in common: they tell of each session, and of all at the end. */
#ifndef CLI_MOVING_H
#define CLI_MOVING_H

#include <stdbool.h>
#include <stdint.h>

#include <holdfast.h>

#include "cli/json.h"
#include "cli/progress.h"

struct cli;

struct moving {
	struct cli *cli;
	const char *done; /* "bundled", "taken in" */
	bool to_stdout; /* what is told goes there; else to stderr, since the archive is there */
	uint64_t total; /* bytes of what is read, if the library does not know; 0: not known */
	struct strbuf text;
	struct json json;
	struct progress progress;
	size_t failures;
};

/* label is what the progress says. */
struct moving moving_begin(struct cli *cli, const char *label, const char *done);
/* For struct hf_bundle_options; context is the struct moving. */
void moving_item(void *context, const struct hf_bundle_item *item);
void moving_progress(void *context, uint64_t done, uint64_t total);
/* Tells of the whole, and of a failure that is no single session's; returns the exit status. */
int moving_end(struct moving *moving, int rc, const struct hf_bundle *sum);

#endif
