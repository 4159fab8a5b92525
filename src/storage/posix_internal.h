/* SPDX-License-Identifier: MIT */
/*
 * What the files of storage_posix share. Not for anybody else.
 *
 * A function that returns an error code has described the failure in the report. The
 * operations carry the contracts of struct storage_ops.
 */
#ifndef STORAGE_POSIX_INTERNAL_H
#define STORAGE_POSIX_INTERNAL_H

#include "base/text.h"
#include "storage/posix.h"

enum { POSIX_PROGRAM_SIZE = sizeof ((struct storage_holder *)0)->program };

struct posix {
	struct storage base;
	const struct sys *sys;
	const char *place;  /* name of the sessions' directory */
	char program[POSIX_PROGRAM_SIZE]; /* for lock files; "": the process's name */
	int root_fd;        /* the caller's, never closed here */
	int place_fd;       /* of the sessions' directory; -1: not there, and not to be made */
	int quarantine_fd;  /* the same */
	/* The sub-directories' own names are durable. False until this storage has synced the
	 * root, since whoever made them may have died before doing so. Atomic. */
	bool root_durable;
	/* A rename or a sync of the sessions' directory failed, so that a name may be visible
	 * and yet not durable. Locks are then left as the dead leave them. Atomic. */
	bool is_in_doubt;
};

struct posix *posix_of(struct storage *storage);

int posix_find(struct storage *storage, struct report *report, struct storage_id id,
	       struct storage_found *ret_found);

/* ---- posix_file.c: names, failures, files being written ---- */

enum { POSIX_NAME_SIZE = STORAGE_QUARANTINE_NAME_SIZE };

struct posix_name {
	char text[POSIX_NAME_SIZE];
};

#define POSIX_LOG_SUFFIX ".jsonl"
#define POSIX_HEAD_SUFFIX ".head"
#define POSIX_LOCK_SUFFIX ".lock"
#define POSIX_TEMP_SUFFIX ".tmp"

/* <uuid><suffix>. The suffix fits; all are constants or checked before. */
struct posix_name posix_file_name(struct storage_id id, const char *suffix);

/* Describes a failed system call (result is -errno) on name. What other calls mean by "no
 * such file" and "exists already" has no such meaning here: HF_ERR_IO. What an open with
 * O_NOFOLLOW says of things that are not regular files is HF_ERR_DENIED. */
int posix_file_fail(struct report *report, int64_t result, const char *operation,
		    const char *name);
/* Describes that name was not found in a directory: HF_ERR_NOTFOUND, or HF_ERR_IO when
 * the directory itself has been removed. dir_fd -1: HF_ERR_NOTFOUND. */
int posix_file_fail_missing(struct posix *posix, struct report *report, int dir_fd,
			    const char *name);
/* Opens an existing file, never waiting and never through a link, and checks that it is a
 * regular file with one name that belongs to the user, HF_ERR_DENIED otherwise. A file
 * whose last name was removed meanwhile passes. HF_ERR_NOTFOUND: described. */
int posix_file_open(struct posix *posix, struct report *report, const char *name, int flags,
		    struct stat *ret_stat, int *ret_fd);
/* The same for reading, in the quarantine. */
int posix_file_open_aside(struct posix *posix, struct report *report, const char *name,
			  struct stat *ret_stat, int *ret_fd);
/* Syncs a directory. A failure puts the names of this storage in doubt. */
int posix_file_sync_dir(struct posix *posix, struct report *report, int dir_fd);
/* Makes the names of the sub-directories durable, once per storage. */
int posix_file_sync_root(struct posix *posix, struct report *report);

/* A file that is being written under a temporary name. */
struct posix_file {
	int dir_fd;
	int fd;                 /* -1: none */
	struct posix_name name; /* empty: it has none, or no longer */
};

#define POSIX_FILE_NONE { -1, -1, { "" } }

/* Makes an empty one in a directory. */
int posix_file_begin(struct posix *posix, struct report *report, int dir_fd, struct storage_id id,
		     struct posix_file *ret_file);
int posix_file_write(struct posix *posix, struct report *report, struct posix_file *file,
		     struct hf_slice bytes, uint64_t offset);
/* Makes its bytes durable. */
int posix_file_sync(struct posix *posix, struct report *report, struct posix_file *file);
/* begin, write and sync. On failure *ret_file is to be released all the same. */
int posix_file_make(struct posix *posix, struct report *report, struct storage_id id,
		    struct hf_slice bytes, struct posix_file *ret_file);
/* Gives it its name in the same directory, in place of whatever has it. Not durable. */
int posix_file_rename(struct posix *posix, struct report *report, struct posix_file *file,
		      const char *to);
/* Closes it, and removes the temporary name if it has that still. */
void posix_file_release(struct posix *posix, struct posix_file *file);
/* Says whether the sessions' directory has a name. */
int posix_file_exists(struct posix *posix, struct report *report, const char *name,
		      bool *ret_exists);
/* Removes a name from it; that it is not there is no error. Not durable. */
int posix_file_unlink(struct posix *posix, struct report *report, const char *name);
/* Puts the names of this storage in doubt (see struct posix). */
void posix_file_doubt(struct posix *posix);

/* ---- posix_walk.c ---- */

int posix_walk_each(struct storage *storage, struct report *report, storage_found_fn found,
		    void *context);
int posix_walk_each_stray(struct storage *storage, struct report *report, storage_stray_fn stray,
			  void *context);
int posix_walk_each_aside(struct storage *storage, struct report *report, struct storage_id id,
			  storage_aside_fn each, void *context);
/* The same of what is staged in the place of this storage. */
int posix_walk_staged(struct storage *storage, struct report *report, struct storage_id id,
		      storage_aside_fn each, void *context);

/* ---- posix_lock.c ---- */

int posix_lock_take(struct storage *storage, struct report *report, struct storage_id id,
		    uint32_t timeout_ms, struct storage_lock **ret_lock);
bool posix_lock_is_held(struct storage *storage, struct storage_id id);
void posix_lock_release(struct storage_lock *lock);
int posix_lock_check(struct storage_lock *lock, struct report *report);

/* ---- posix_holder.c ---- */

enum { POSIX_HOLDER_SIZE = 256 };

/* Says in a lock file who holds the lock: "<pid> <host> <since> <program>". None of it is
 * ever relied upon. */
void posix_holder_write(struct posix *posix, int fd);
/* Reads that text, made safe to show. */
void posix_holder_show(struct posix *posix, int fd, char holder[POSIX_HOLDER_SIZE]);
int posix_holder(struct storage *storage, struct report *report, struct storage_id id,
		 struct storage_holder *ret_holder);

/* ---- posix_move.c ---- */

int posix_move_in(struct storage *storage, struct report *report, struct storage *from,
		  struct storage_id id);

/* ---- posix_temp.c ---- */

int posix_temp_begin(struct storage *storage, struct report *report, struct storage_id id,
		     struct storage_temp **ret_temp);
int posix_temp_write(struct storage_temp *temp, const void *bytes, size_t size);
int posix_temp_commit(struct storage_temp *temp);
void posix_temp_abandon(struct storage_temp *temp);
int posix_temp_stage(struct storage_temp *temp, const char *name);
int posix_temp_quarantine(struct storage *storage, struct report *report, struct storage_id id,
			  const char *label, const void *bytes, size_t size,
			  char ret_name[STORAGE_QUARANTINE_NAME_SIZE]);

/* ---- posix_aside.c ---- */

int posix_aside_bring(struct storage *storage, struct report *report, struct storage_id id,
		      const char *name);
int posix_aside_rename(struct storage *storage, struct report *report, struct storage_id id,
		       const char *from, const char *to);
int posix_aside_sync(struct storage *storage, struct report *report);
int posix_aside_unstage(struct storage *storage, struct report *report, struct storage_id id);

/* ---- posix_log.c ---- */

int posix_log_open(struct storage *storage, struct report *report, struct storage_id id,
		   enum storage_access access, struct storage_log **ret_log);
int posix_log_open_aside(struct storage *storage, struct report *report, struct storage_id id,
			 const char *name, struct storage_log **ret_log);
void posix_log_close(struct storage_log *log);
int posix_log_size(struct storage_log *log, uint64_t *ret_size);
bool posix_log_is_current(struct storage_log *log);
int posix_log_read(struct storage_log *log, uint64_t offset, void *bytes, size_t size,
		   size_t *ret_read);
int posix_log_map(struct storage_log *log, size_t size, struct storage_map *ret_map);
void posix_log_unmap(struct storage_log *log, struct storage_map *map);
int posix_log_write(struct storage_log *log, uint64_t offset, const void *bytes, size_t size);
int posix_log_sync(struct storage_log *log);
int posix_log_cut(struct storage_log *log, uint64_t size);
int posix_log_head_read(struct storage_log *log, uint8_t ret_head[STORAGE_HEAD_SIZE]);
int posix_log_head_write(struct storage_log *log, unsigned slot,
			 const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE]);
int posix_log_head_sync(struct storage_log *log);
int posix_log_head_peek(struct storage *storage, struct report *report, struct storage_id id,
			uint8_t ret_head[STORAGE_HEAD_SIZE]);

#endif
