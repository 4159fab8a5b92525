/* SPDX-License-Identifier: MIT */
/* The sessions of a store in memory, for commands that sort them or go through all. */
#ifndef CLI_SESSIONS_H
#define CLI_SESSIONS_H

#include <holdfast.h>

struct cli;

/* One session of a listing with text of its own. */
struct session_row {
	struct hf_entry entry; /* its slices point to text */
	char *text;
};

struct sessions {
	struct session_row *rows;
	size_t count;
	size_t room;
};

/* Reads the sessions whose id begins with prefix (NULL: all), newest first. Returns 0 or
 * the exit status, after telling the user. */
int sessions_read(struct cli *cli, const char *prefix, struct sessions *ret_sessions);
void sessions_release(struct sessions *sessions);

#endif
