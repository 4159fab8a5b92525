/* SPDX-License-Identifier: MIT */
/*
 * Files that the command makes for the user: an exported session, and what belongs beside it.
 *
 * Each is written under a temporary name in its directory, synced, and then given its own
 * name, so that no half of one is ever taken for a whole; mode 0600, for it holds what a
 * session holds. What is there already is kept unless force is set.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/strbuf.h"

struct file {
	int fd; /* -1: none */
	struct strbuf temporary;
	struct strbuf path; /* empty: not known yet */
};

struct files {
	bool force;
	bool is_directory; /* the main file's name is chosen at the end */
	struct strbuf directory; /* with its slash, or empty: the current one */
	struct file main;
	struct file beside;
	struct strbuf beside_name;
};

/* Begins at path: the main file, or a directory that it goes into. Returns 0, or the errno;
 * EEXIST: it is there, and force is not set, or it is no file at all. files is zeroed but for
 * force. */
int files_open(struct files *files, const char *path);
/* Writes to the main file (name is NULL), or to one beside it, whose directories are made;
 * what belongs to one file comes in one go. Returns 0 or the errno. */
int files_write(struct files *files, const char *name, const char *data, size_t size);
/* Gives all files their names; name is for a main file in a directory. Returns 0 or the
 * errno. The path of the main file is then in files->main.path. */
int files_finish(struct files *files, const char *name);
/* Removes what has no name yet, and releases everything. */
void files_release(struct files *files);

#endif
