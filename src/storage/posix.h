/* SPDX-License-Identifier: MIT */
/*
 * Sessions in a directory of a POSIX file system:
 *
 *     sessions/<uuid>.jsonl    the log
 *     sessions/<uuid>.head     the head
 *     sessions/<uuid>.lock     the lock file: never renamed, names its holder for people
 *     sessions/.<uuid>.<16 hex>.tmp   a generation or head being written
 *     quarantine/<uuid>.<label>.<n>   bytes kept aside
 *
 * Several storages can share a directory, each with a place of its own in it: what is in
 * sessions/ above can be in trash/ and incoming/ as well. The quarantine is the same for all.
 *
 * Directories are 0700, files 0600, opened with O_NOFOLLOW and O_CLOEXEC.
 */
#ifndef STORAGE_POSIX_H
#define STORAGE_POSIX_H

#include "storage/storage.h"
#include "sys/sys.h"

/* The directory of the sessions that are not in the trash, and of those that are. */
#define STORAGE_POSIX_SESSIONS "sessions"
#define STORAGE_POSIX_TRASH "trash"
/* And of those that are being taken in, which are no sessions yet. */
#define STORAGE_POSIX_INCOMING "incoming"

/* What becomes of sub-directories that are missing. */
enum storage_posix_missing {
	STORAGE_POSIX_EMPTY,  /* they count as empty, as long as the storage is open */
	STORAGE_POSIX_MAKE,   /* they are made, durable on return */
	STORAGE_POSIX_REFUSE, /* HF_ERR_NOTFOUND if it is the place; no entry in the report */
};

struct storage_posix_options {
	const char *place;   /* name of the directory of the sessions; must outlive the storage */
	enum storage_posix_missing missing;
	const char *program; /* what lock files call this program; NULL: its own name. Copied */
};

/* Opens the storage in the directory dir_fd (not taken over, must stay open). sys must
 * outlive it. */
int storage_posix_open(const struct sys *sys, struct report *report, int dir_fd,
		       const struct storage_posix_options *options,
		       struct storage **ret_storage);

#endif
