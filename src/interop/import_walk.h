/* SPDX-License-Identifier: MIT */
/*
 * Finding what there is to import: goes through directories, asks the formats about each
 * file, and puts the sessions in an order that is the same each time.
 *
 * Directories are gone through without following links, to a depth of IMPORT_WALK_DEPTH, and
 * by names in the order of their bytes. Memory is for each file that is of a known format.
 */
#ifndef INTEROP_IMPORT_WALK_H
#define INTEROP_IMPORT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interop/format.h"
#include "interop/import.h"

enum {
	IMPORT_WALK_DEPTH = 32,         /* directories below the one that was named */
	IMPORT_WALK_NAMES_MAX = 1 << 20, /* names in one directory, and sessions in all */
	IMPORT_PATH_SIZE = 4096,
};

/* One session of another agent. */
struct import_found {
	char *path;
	char *foreign;               /* FORMAT_ROWS: its id there; otherwise NULL */
	const struct format *format; /* NULL: none, see error */
	uint64_t size;               /* of its file; of rows 0 but for the first */
	int error;                   /* why it cannot be imported */
	char message[160];           /* the same for people */
	bool is_linked;              /* a person has named it, so it may be a link */
	bool is_beside;              /* it is part of another session */
};

struct import_walk {
	struct import_env *env;
	const struct format *only;   /* NULL: any */
	bool is_quiet;               /* say nothing of files of no known format */
	struct import_found *list;
	size_t count;
	size_t room;
};

/*
 * Finds the sessions at path: a file, a directory, or a database. Files that cannot be read or
 * are of no known format are in the list with their error (HF_ERR_FOREIGN), unless the walk
 * is quiet. HF_ERR_NOTFOUND: nothing is at path; HF_ERR_NOMEM; HF_ERR_FOREIGN: there are too
 * many files. On failure the walk is to be released all the same.
 */
int import_walk_find(struct import_walk *walk, const char *path);
/* Puts the list in order and marks what is found twice or belongs to another session. */
int import_walk_settle(struct import_walk *walk);
void import_walk_release(struct import_walk *walk);

/* The last part of a path. */
const char *import_walk_name(const char *path);

#endif
