/* SPDX-License-Identifier: MIT */
/* One change of a session's labels: it is opened, changed and let go of. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include <holdfast.h>

#include "cli/options.h"

struct cli;

/* Does the change and returns a code of the library; wish is what change_session was given. */
typedef int (*change_fn)(struct cli *cli, struct hf_session *session, const void *wish);

/* Opens the session that text stands for, does the change, and leaves a closed session
 * closed. wait is the value of --wait or NULL, what says what cannot be done. Returns 0 or
 * the exit status, after telling the user. */
int change_session(struct cli *cli, const char *text, const char *wait, const char *what,
		   change_fn change, const void *wish);

/* The same for each of the operands; all are found before the first is changed. */
int change_each(struct cli *cli, const struct arguments *arguments, const char *wait,
		const char *what, change_fn change, const void *wish);

#endif
