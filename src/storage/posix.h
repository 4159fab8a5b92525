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
 * Directories are 0700, files 0600, opened with O_NOFOLLOW and O_CLOEXEC.
 */
#ifndef STORAGE_POSIX_H
#define STORAGE_POSIX_H

#include "storage/storage.h"
#include "sys/sys.h"

/* Opens the storage in the directory dir_fd (not taken over, must stay open), making its
 * sub-directories when make is set (durable on return); otherwise those that are missing
 * count as empty. sys must outlive it. */
int storage_posix_open(const struct sys *sys, struct report *report, int dir_fd, bool make,
		       struct storage **ret_storage);

#endif
