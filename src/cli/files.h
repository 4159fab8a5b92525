/* SPDX-License-Identifier: MIT */
/*
 * Files that the command makes for the user: an exported session, and what belongs beside it.
 *
 * Each is written under a temporary name in its directory and synced; when all are whole they
 * are given their names, so that no half of anything is ever taken for a whole. If something
 * fails before the end, what was made is removed again, directories too; hence
 * the signals that end a program are held back meanwhile. Mode 0600, for it holds what a session
 * holds. What is there already is kept unless force is set; what force has replaced by then
 * stays replaced.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/strbuf.h"

struct file {
	int fd; /* -1: none */
	struct strbuf temporary;
	struct strbuf path; /* empty: not known yet */
};

/* What is to be removed if the rest fails. */
struct made {
	char *path;
	char *temporary; /* NULL: a directory, or the file has its name */
	bool is_directory;
	bool is_placed; /* it has its name, and there was nothing of that name before */
};

struct files {
	bool force;
	bool is_finished;
	bool is_directory; /* the main file's name is chosen at the end */
	struct strbuf directory; /* with its slash, or empty: the current one */
	struct file main;
	struct file beside;
	struct strbuf beside_name;
	struct strbuf in_the_way; /* what EEXIST is about */
	struct made *made; /* in the order in which they were made */
	size_t made_count;
	sigset_t signals; /* as they were, if is_holding */
	bool is_holding;
};

/* Begins at path: the main file, or a directory that it goes into. Returns 0, or the errno;
 * EEXIST: it is there, and force is not set, or it is no file at all. files is zeroed but for
 * force. */
int files_open(struct files *files, const char *path);
/* Writes to the main file (name is NULL), or to one beside it, whose directories are made;
 * what belongs to one file comes in one go. Returns 0 or the errno; EINTR: a signal says that
 * the program is to end, which files_release lets happen. */
int files_write(struct files *files, const char *name, const char *data, size_t size);
/* Gives all files their names; name is for a main file in a directory. Returns 0 or the
 * errno. The path of the main file is then in files->main.path. */
int files_finish(struct files *files, const char *name);
/* Removes what was made if it was not finished, and releases everything. Signals that came since
 * files_open end the program now. */
void files_release(struct files *files);

#endif
