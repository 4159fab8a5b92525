/* SPDX-License-Identifier: MIT */
/* The sessions of a store in memory, for commands that look at all before they say or do
 * anything. */
#ifndef CLI_SESSIONS_H
#define CLI_SESSIONS_H

#include <stddef.h>

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

/* Reads the sessions that options name, newest first. Returns 0 or the exit status, after
 * telling the user. */
int sessions_read(struct cli *cli, const struct hf_list_options *options,
		  struct sessions *ret_sessions);
void sessions_release(struct sessions *sessions);

#endif
