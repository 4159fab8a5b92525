/* SPDX-License-Identifier: MIT */
/*
 * Where logs are kept: the one interface between the session layer and a medium.
 *
 * A storage holds, for each session id, a log (bytes that only grow at the end, or are
 * cut there), a head (HEAD_SLOTS slots of HEAD_SLOT_SIZE bytes, written one at a time),
 * and a lock. It knows nothing of what the bytes mean. storage_posix keeps them in a
 * directory; storage_memory in memory, for tests and as proof that the layers above use
 * nothing but this interface.
 *
 * Every function returns HF_OK or an error code, described in the report it was given or
 * that its log was opened with. Reports are used by one thread at a time; so are logs,
 * temps and locks. A storage is used by any number of threads.
 *
 * Errors of all: HF_ERR_IO, HF_ERR_NOSPACE, HF_ERR_DENIED, HF_ERR_READONLY, HF_ERR_FILES,
 * HF_ERR_NOMEM as the medium says. A directory of the store that vanished is HF_ERR_IO.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

enum {
	STORAGE_HEAD_SLOTS = 2,
	STORAGE_HEAD_SLOT_SIZE = 4096,
	STORAGE_HEAD_SIZE = STORAGE_HEAD_SLOTS * STORAGE_HEAD_SLOT_SIZE,
	STORAGE_QUARANTINE_NAME_SIZE = 96,
};

/* A session's id in binary. */
struct storage_id {
	uint8_t bytes[16];
};

struct storage;      /* a medium */
struct storage_log;  /* one session's log and head, opened */
struct storage_temp; /* a new generation of a log, being written */
struct storage_lock; /* the right to write to one session */

/* Bytes [0, size) of a log. */
struct storage_map {
	const char *bytes;
	size_t size;
};

enum storage_access { STORAGE_READ, STORAGE_WRITE };

/* Who holds a lock, in his own words. */
struct storage_holder {
	bool is_held;
	int64_t pid;       /* 0: not known */
	int64_t since_us;  /* 0: not known */
	char host[256];
	char program[64];
};

/* What a walk over a storage finds of one session. */
struct storage_found {
	struct storage_id id;
	bool has_log;
	bool has_head;
};
/* Called for each session; false ends the walk. */
typedef bool (*storage_found_fn)(void *context, const struct storage_found *found);

/* Called for each file that belongs to no session and no part of the store: leftovers of
 * crashes (stale is true) and foreign files. place is the directory that it is in: that of
 * the sessions, "quarantine" or "". */
typedef void (*storage_stray_fn)(void *context, const char *place, const char *name, bool stale);

/* Called for each name in the quarantine that is a session's; false ends the walk. */
typedef bool (*storage_aside_fn)(void *context, const char *name);

/* What a storage can do. New members go at the end. All are set. */
struct storage_ops {
	void (*close)(struct storage *storage);

	/* Walks over all sessions, those with a log or a head; each once, in no order. */
	int (*each)(struct storage *storage, struct report *report, storage_found_fn found,
		    void *context);
	/* Names what should not be there. */
	int (*each_stray)(struct storage *storage, struct report *report,
			  storage_stray_fn stray, void *context);

	/* Takes the lock of a session, waiting up to timeout_ms. It is not inherited over exec,
	 * excludes other processes and other threads alike, and is given back when the process
	 * dies. HF_ERR_BUSY: another holds it still. */
	int (*lock)(struct storage *storage, struct report *report, struct storage_id id,
		    uint32_t timeout_ms, struct storage_lock **ret_lock);
	/* True if anybody holds the lock now, this process included. */
	bool (*is_locked)(struct storage *storage, struct storage_id id);
	/* Gives the lock back. In a child forked since it was taken it only lets go of the
	 * child's share, and the parent keeps it. NULL is allowed. */
	void (*unlock)(struct storage_lock *lock);

	/* Makes a session with this head and log, the lock being held: the head first, then
	 * the log; both and their names are durable on return. HF_ERR_EXISTS: a log of this id
	 * is there (nothing changed). A crash leaves nothing, a head without a log, or both. */
	int (*create)(struct storage *storage, struct report *report, struct storage_id id,
		      const void *head, const void *bytes, size_t size);
	/* Opens a session's log. HF_ERR_NOTFOUND: there is no log. report must outlive it. */
	int (*log_open)(struct storage *storage, struct report *report, struct storage_id id,
			enum storage_access access, struct storage_log **ret_log);
	/* Removes log and head (in this order) and the lock file, the lock being held; durable
	 * on return. Removing what is not there is no error. */
	int (*remove)(struct storage *storage, struct report *report, struct storage_id id);

	/* Begins, fills, and commits (or abandons) a new generation. commit makes the bytes
	 * durable, puts them in the place of the log in one step and makes that durable. After
	 * a failed commit either the old or the new log is there. Both free the temp. */
	int (*temp_begin)(struct storage *storage, struct report *report, struct storage_id id,
			  struct storage_temp **ret_temp);
	int (*temp_write)(struct storage_temp *temp, const void *bytes, size_t size);
	int (*temp_commit)(struct storage_temp *temp);
	void (*temp_abandon)(struct storage_temp *temp);

	/* Keeps bytes aside under a name made of id, label and a number that makes it new;
	 * durable on return. */
	int (*quarantine)(struct storage *storage, struct report *report, struct storage_id id,
			  const char *label, const void *bytes, size_t size,
			  char ret_name[STORAGE_QUARANTINE_NAME_SIZE]);

	/* ---- On an open log ---- */
	void (*log_close)(struct storage_log *log);
	int (*log_size)(struct storage_log *log, uint64_t *ret_size);
	/* True while the log that was opened is the one that the id leads to: no save has
	 * replaced it, nothing has removed it. */
	bool (*log_is_current)(struct storage_log *log);
	/* Reads size bytes, or fewer at the end (*ret_read). */
	int (*log_read)(struct storage_log *log, uint64_t offset, void *bytes, size_t size,
			size_t *ret_read);
	/* Gives bytes [0, size) without copying; HF_ERR_IO if the log has fewer. They stay
	 * mapped until unmap, which comes before log_close, whatever happens to the id; but
	 * bytes that are cut off meanwhile must not be touched. */
	int (*log_map)(struct storage_log *log, size_t size, struct storage_map *ret_map);
	void (*log_unmap)(struct storage_log *log, struct storage_map *map);
	/* Writes at offset, as one write if the medium allows. Not durable. On failure any
	 * part may have been written. */
	int (*log_write)(struct storage_log *log, uint64_t offset, const void *bytes, size_t size);
	/* Makes durable what was written and cut. After a failure nothing is known of it. */
	int (*log_sync)(struct storage_log *log);
	/* Cuts the log to size. Not durable. */
	int (*log_cut)(struct storage_log *log, uint64_t size);
	/* Reads both slots; what is missing reads as zeros. HF_ERR_NOTFOUND: no head. */
	int (*head_read)(struct storage_log *log, uint8_t ret_head[STORAGE_HEAD_SIZE]);
	/* Writes one slot (0 or 1), making the head if it is missing. Not durable. */
	int (*head_write)(struct storage_log *log, unsigned slot,
			  const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE]);
	int (*head_sync)(struct storage_log *log);
	/* Reads the head of a session without opening its log (for listings; one open, one
	 * read). HF_ERR_NOTFOUND: no head; the report gets no entry for that. */
	int (*head_peek)(struct storage *storage, struct report *report, struct storage_id id,
			 uint8_t ret_head[STORAGE_HEAD_SIZE]);

	/* HF_OK while the lock keeps others out; HF_ERR_BUSY if its file was removed. */
	int (*lock_check)(struct storage_lock *lock, struct report *report);
	/* Reads what the holder of a lock says of himself; empty unless somebody holds it. */
	int (*holder)(struct storage *storage, struct report *report, struct storage_id id,
		      struct storage_holder *ret_holder);
	/* Moves log and head of a session here from another storage of the same kind and the
	 * same medium, and removes the lock file there; the caller holds the locks of both.
	 * Durable on return. A crash leaves the log in one of both places with its head beside
	 * it; a head without its log, in the place that it left or was to come to, is remains and
	 * means nothing as long as the other place has the log. A head whose log is in neither
	 * place moves alone. HF_ERR_EXISTS: a log of this id is here. HF_ERR_NOTFOUND: from has
	 * neither log nor head. */
	int (*move_in)(struct storage *storage, struct report *report, struct storage *from,
		       struct storage_id id);
	/* Bytes that this user can still write; UINT64_MAX if there is no bound. */
	int (*space)(struct storage *storage, struct report *report, uint64_t *ret_bytes);
	/* Says what there is of one session; nothing at all is no error. */
	int (*find)(struct storage *storage, struct report *report, struct storage_id id,
		    struct storage_found *ret_found);

	/* ---- What is in the quarantine, which places over one medium share ---- */
	/* Names what is kept aside of a session (storage_aside_is_name), in no order. */
	int (*aside_each)(struct storage *storage, struct report *report, struct storage_id id,
			  storage_aside_fn each, void *context);
	/* Opens such bytes for log_size, log_read and log_close, and nothing else.
	 * HF_ERR_NOTFOUND. report must outlive it. */
	int (*aside_open)(struct storage *storage, struct report *report, struct storage_id id,
			  const char *name, struct storage_log **ret_log);
	/* Commits what was written to a temp as bytes that are to come to the quarantine under a
	 * name of the session's, in place of what was staged under it; the caller holds the
	 * session's lock here. The bytes are durable on return, the name is not. Frees the temp in
	 * any case. */
	int (*temp_stage)(struct storage_temp *temp, const char *name);
	/* Brings what is staged here under a name, which is durable, to the quarantine. The caller
	 * holds the session's locks in the places that it lives in and comes through. Not durable; a
	 * crash leaves it staged or there. HF_ERR_EXISTS: something has that name. */
	int (*aside_bring)(struct storage *storage, struct report *report, struct storage_id id,
			   const char *name);
	/* Gives what is in the quarantine another name of the same session's, under the same
	 * locks. Not durable. HF_ERR_EXISTS: something has that name. */
	int (*aside_rename)(struct storage *storage, struct report *report, struct storage_id id,
			    const char *from, const char *to);
	/* Makes durable what was staged, brought and renamed. What is to come under a name that
	 * something else had must wait for it, since the two could else happen in either order. */
	int (*aside_sync)(struct storage *storage, struct report *report);
	/* Removes all that is staged of a session here, its lock being held; durable on return.
	 * Nothing is no error. */
	int (*aside_unstage)(struct storage *storage, struct report *report, struct storage_id id);
};

/* True if name is one that the quarantine can have for a session: <uuid>.<label>.<n>, where
 * label is 1 to 32 of a-z, 0-9 and '-', and n a number in decimal. */
bool storage_aside_is_name(struct storage_id id, const char *name);

struct storage {
	const struct storage_ops *ops;
};
struct storage_log {
	struct storage *storage;
	struct report *report;
};
struct storage_temp {
	struct storage *storage;
	struct report *report;
};
struct storage_lock {
	struct storage *storage;
};

#endif
