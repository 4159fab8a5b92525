/* SPDX-License-Identifier: MIT */
/* The user's own patterns of secrets, for scan and export: --pattern and --pattern-file. */
#ifndef CLI_PATTERNS_H
#define CLI_PATTERNS_H

#include <stddef.h>

#include "cli/options.h"
#include "cli/strbuf.h"

struct cli;

/* Zero-initialise it. */
struct patterns {
	const char **list;
	size_t count;
	struct strbuf text; /* of the file, each line ended by a NUL */
};

/* Takes what every --pattern gives, and the patterns in the file that --pattern-file names
 * (NULL: none), one in a line; blank lines and lines that begin with '#' are passed over.
 * Returns 0 or the exit status. */
int patterns_read(struct cli *cli, struct patterns *patterns, const struct arguments *arguments,
		  const char *file);
void patterns_release(struct patterns *patterns);

#endif
