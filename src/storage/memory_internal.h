/* SPDX-License-Identifier: MIT */
/*
 * What the files of storage_memory share. Not for anybody else.
 *
 * One mutex guards everything that hangs from struct memory, and the contents that open
 * logs hold. The operations carry the contracts of struct storage_ops.
 */
#ifndef STORAGE_MEMORY_INTERNAL_H
#define STORAGE_MEMORY_INTERNAL_H

#include <pthread.h>

#include "base/buffer.h"
#include "storage/storage.h"

/* The bytes of a log: held by its session until a save replaces them or the session is
 * removed, and by every log that is open on them. */
struct content {
	unsigned holders;
	struct buffer bytes;
};

/* Stays in the list when the session is removed, like the name of a lost lock file. */
struct session {
	struct session *next;
	struct storage_id id;
	struct content *content; /* NULL: no log */
	bool has_head;
	struct storage_holder holder; /* of the lock; is_held says whether there is one */
	uint8_t head[STORAGE_HEAD_SIZE];
};

/* Bytes in the quarantine. */
struct aside {
	struct aside *next;
	char name[STORAGE_QUARANTINE_NAME_SIZE];
	struct buffer bytes;
};

struct memory {
	struct storage base;
	pthread_mutex_t mutex;
	struct session *sessions;
	struct aside *quarantine;
	struct aside *staged; /* to come to the quarantine */
};

/* Takes and gives back the mutex. */
void memory_enter(struct storage *storage);
void memory_leave(struct storage *storage);

/* Describes that there is no memory: HF_ERR_NOMEM. */
int memory_fail(struct report *report);

/* Finds or makes a session; NULL: no memory. The mutex is held. */
struct session *memory_get(struct memory *memory, struct storage_id id);
/* Finds a session; NULL: it was never here. The mutex is held. */
struct session *memory_find(struct storage *storage, struct storage_id id);

/* A generation that is being written. */
struct memory_temp {
	struct storage_temp base;
	struct session *session;
	struct content *content; /* NULL: it has failed */
};

void memory_temp_abandon(struct storage_temp *temp);

/* ---- memory_aside.c ---- */

/* Finds what has a name in the quarantine; NULL: nothing. The mutex is held. */
struct aside *memory_aside_find(struct storage *storage, const char *name);
int memory_aside_each(struct storage *storage, struct report *report, struct storage_id id,
		      storage_aside_fn each, void *context);
int memory_aside_open(struct storage *storage, struct report *report, struct storage_id id,
		      const char *name, struct storage_log **ret_log);
int memory_aside_stage(struct storage_temp *temp, const char *name);
int memory_aside_bring(struct storage *storage, struct report *report, struct storage_id id,
		       const char *name);
int memory_aside_rename(struct storage *storage, struct report *report, struct storage_id id,
			const char *from, const char *to);
int memory_aside_sync(struct storage *storage, struct report *report);
int memory_aside_unstage(struct storage *storage, struct report *report, struct storage_id id);
/* Frees all of a list. */
void memory_aside_release(struct aside *asides);

/* ---- memory_lock.c ---- */

int memory_lock_take(struct storage *storage, struct report *report, struct storage_id id,
		     uint32_t timeout_ms, struct storage_lock **ret_lock);
bool memory_lock_is_held(struct storage *storage, struct storage_id id);
int memory_lock_check(struct storage_lock *lock, struct report *report);
void memory_lock_release(struct storage_lock *lock);
int memory_lock_holder(struct storage *storage, struct report *report, struct storage_id id,
		       struct storage_holder *ret_holder);

/* ---- memory_log.c ---- */

/* An empty content with one holder; NULL: no memory. */
struct content *memory_log_content_new(void);
/* Lets go of a content; the mutex is held if others may hold it. NULL is allowed. */
void memory_log_content_release(struct content *content);
/* Writes at offset; a hole before it reads as zeros. HF_ERR_NOMEM, HF_ERR_NOSPACE. */
int memory_log_content_write(struct content *content, uint64_t offset, const void *bytes,
			     size_t size);

/* Opens a content that is no session's for reading, and takes it over in any case. */
int memory_log_open_content(struct storage *storage, struct report *report,
			    struct content *content, struct storage_log **ret_log);
int memory_log_open(struct storage *storage, struct report *report, struct storage_id id,
		    enum storage_access access, struct storage_log **ret_log);
void memory_log_close(struct storage_log *log);
int memory_log_size(struct storage_log *log, uint64_t *ret_size);
bool memory_log_is_current(struct storage_log *log);
int memory_log_read(struct storage_log *log, uint64_t offset, void *bytes, size_t size,
		    size_t *ret_read);
int memory_log_map(struct storage_log *log, size_t size, struct storage_map *ret_map);
void memory_log_unmap(struct storage_log *log, struct storage_map *map);
int memory_log_write(struct storage_log *log, uint64_t offset, const void *bytes, size_t size);
int memory_log_sync(struct storage_log *log);
int memory_log_cut(struct storage_log *log, uint64_t size);
int memory_log_head_read(struct storage_log *log, uint8_t ret_head[STORAGE_HEAD_SIZE]);
int memory_log_head_write(struct storage_log *log, unsigned slot,
			  const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE]);
int memory_log_head_peek(struct storage *storage, struct report *report, struct storage_id id,
			 uint8_t ret_head[STORAGE_HEAD_SIZE]);

#endif
