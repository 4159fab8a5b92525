/* SPDX-License-Identifier: MIT */
/*
 * The media that a storage can be on, for tests that hold for all of them, and short ways
 * to use a storage that must succeed.
 *
 *     struct medium medium = medium_open(_i);      // _i from 0 to MEDIUM_COUNT - 1
 *     medium_create(&medium, 1, "bytes");
 *     ...
 *     medium_close(&medium);                       // fails the case if anything leaked
 *
 * Sessions are named by small numbers. scratch_begin must have been called.
 */
#ifndef LIB_MEDIUM_H
#define LIB_MEDIUM_H

#include "lib/fault_sys.h"
#include "lib/scratch.h"
#include "lib/sim_sys.h"
#include "storage/storage.h"

enum medium_kind {
	MEDIUM_POSIX,  /* storage_posix on real files */
	MEDIUM_SIM,    /* storage_posix on a simulated file system */
	MEDIUM_MEMORY, /* storage_memory */
	MEDIUM_COUNT,
};

struct medium {
	struct storage *storage;
	struct storage *trash; /* NULL until medium_trash opens it */
	const struct storage_ops *ops;
	struct report report;
	/* Of the two with files: what is below, NULL or -1 for storage_memory. */
	struct scratch scratch;
	struct sim *sim;
	struct fault_sys *fault;
	const struct sys *sys; /* fault's */
	int root;
};

/* kind is an enum medium_kind; an int, for it is mostly the number of a loop. */
struct medium medium_open(int kind);
void medium_close(struct medium *medium);
/* Opens the storage anew on what is there, as another process would. */
struct storage *medium_again(struct medium *medium, bool make);
/* The same in a directory of its own; it may fail. Only for the media with files. */
int medium_try(struct medium *medium, int root, bool make, struct storage **ret_storage);

/* Opens the trash beside the storage; make: if it is not there. It stays open. */
int medium_trash(struct medium *medium, bool make);

struct storage_id medium_id(unsigned number);
/* A head: both slots filled with a byte. */
const uint8_t *medium_head(char byte);

/* These fail the case when they do not succeed. */
void medium_create(struct medium *medium, unsigned number, const char *text);
struct storage_log *medium_log(struct medium *medium, unsigned number, enum storage_access access);
struct storage_lock *medium_lock(struct medium *medium, unsigned number);
/* Replaces a log by a new generation. */
void medium_replace(struct medium *medium, unsigned number, const char *text);
/* Moves session 1 into the trash or out of it, with its locks; they are given back. */
int medium_move(struct medium *medium, bool to_trash);
/* Fails the case unless a place has exactly a log with this text (NULL: none) and a head of
 * session 1 that is filled with this byte (0: none). */
void medium_check_place(struct medium *medium, struct storage *place, const char *text, char head);
/* Fails the case unless the log, or an open one, holds exactly this text; NULL: no log. */
void medium_check_log(struct medium *medium, unsigned number, const char *text);
void medium_check_open(struct storage_log *log, const char *text);

#endif
