/* SPDX-License-Identifier: MIT */
/* Several sessions named at once: all are found before anything is done to the first. */
#ifndef CLI_SELECTION_H
#define CLI_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include <holdfast.h>

#include "cli/options.h"

struct cli;

enum selection_place {
	SELECTION_ANYWHERE, /* outside the trash first */
	SELECTION_TRASH, /* in the trash first */
};

struct selection_id {
	char text[HF_ID_SIZE];
};

struct selection {
	struct selection_id *ids;
	size_t count;
	bool force; /* what is not there is no error */
	bool is_trash; /* they were looked for in the trash first */
};

/* Finds the sessions that the operands stand for. Returns 0 or the exit status, after
 * telling the user. With ret_selection->force those that are not there are left out. */
int selection_read(struct cli *cli, const struct arguments *arguments, enum selection_place place,
		   struct selection *ret_selection);
/* Takes all sessions of the trash. */
int selection_read_trash(struct cli *cli, struct selection *ret_selection);
void selection_release(struct selection *selection);

/* Asks on the terminal whether they are to go for good, unless yes is set. Returns 0, or the
 * exit status: 1 for a no, and a usage error where nobody can be asked. */
int selection_confirm(const struct cli *cli, const struct selection *selection, bool yes);

/* What is done to one session. */
typedef int (*selection_fn)(struct hf_store *store, const char *id, struct hf_detail *detail);

/* Does it to each, and goes on after a failure. Returns 0 or the exit status of the first
 * failure, after telling of each: "cannot <what> <id>: ...". */
int selection_each(struct cli *cli, const struct selection *selection, const char *what,
		   selection_fn action);

#endif
