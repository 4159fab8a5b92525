/* SPDX-License-Identifier: MIT */
/*
 * One session opened for writing: its lock, its log, its keys, and the state that the log
 * is in after the last acknowledged record.
 *
 * writer.c commits batches and closes; open.c, create.c, append.c, save.c, recover.c and
 * resume.c are what is done with it. A writer is used by one thread at a time.
 *
 * Once a write, a sync or a rename has failed nobody knows what the medium holds; the
 * writer is poisoned and every later call fails with HF_ERR_POISONED. Opening the session
 * again finds out.
 */
#ifndef LOG_WRITER_H
#define LOG_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "log/batch.h"
#include "log/check.h"
#include "log/env.h"
#include "log/ids.h"
#include "log/metadata.h"

struct writer {
	const struct log_env *env;
	struct report *report;
	struct storage_id id;
	struct storage_lock *lock;
	struct storage_log *log;
	struct session_key *key;
	struct head head;      /* where the log ends, and what it means */
	uint64_t log_end;      /* bytes of the log, padding included */
	bool is_poisoned;
	bool must_cut;         /* bytes past the head are a stump that the next commit cuts */
	bool is_log_dirty;     /* not known to be durable as a whole */
	bool is_head_dirty;
	bool is_only_slot;     /* the head was read from the only slot that is good */
	bool has_written;      /* through this handle */
	bool is_padding_off;   /* there was no space for it */
	bool knows_ids;        /* ids holds what the log's end has */
	bool knows_metadata;   /* metadata holds what a save keeps */
	uint32_t commits;
	struct ids ids;
	struct metadata metadata;
	struct batch batch;
};

/* The verdicts that can be accepted, as bits of HF_ACCEPT: without the key nothing can be
 * signed. Those that stand in nobody's way can be named too. */
#define WRITER_ACCEPTABLE ((HF_ACCEPT(HF_TAMPERED + 1) - 1) & ~HF_ACCEPT(HF_KEY_MISSING))

/* How to open one. */
struct writer_open {
	uint32_t timeout_ms;
	uint32_t accept;   /* bits of HF_ACCEPT */
	bool check_all;    /* verify the whole log, not only its end */
	const struct check_watch *watch; /* of that check; NULL: none */
	/* NULL, or where the session as it was checked is left, before anything was mended; with
	 * check_all only. The caller closes it. What verifies of it stays readable. */
	struct checked **keep;
};

/*
 * Opens a session for writing: takes the lock, finds the log's end, repairs what may be
 * repaired. ret_repair (may be NULL) says what was found and done, also when the verdict is
 * not accepted. report must outlive the writer.
 * Errors: see hf_session_open.
 */
int writer_open(const struct log_env *env, struct report *report, struct storage_id id,
		const struct writer_open *options, struct hf_repair *ret_repair,
		struct writer **ret_writer);

/* Makes a session and opens it. Errors: see hf_session_create. */
int writer_create(const struct log_env *env, struct report *report, struct storage_id id,
		  const struct hf_session_options *options, struct writer **ret_writer);

/* Appends the records of a host. Errors: see hf_session_append. */
int writer_append(struct writer *writer, const struct hf_append_options *options,
		  const struct hf_append *records, size_t count, struct hf_ack *ret_acks);

/* HF_ERR_MAX_SESSION_SIZE if a host's records may not bring the log to size bytes. */
int writer_check_size(const struct log_env *env, struct report *report, uint64_t size);

/* The project's directory at the moment of a resume. */
struct resume_place {
	const char *moved_to; /* NULL, or where the project is from now on */
	bool has_directory;
	uint64_t device;
	uint64_t inode;
	uint64_t owner;
	uint64_t mode;
};

/* Appends the record that says that the session goes on, and before it one that says where
 * the project has moved from and to if it has; durable on return. current: the project as
 * a JSON string, or empty or null. */
int writer_resume(struct writer *writer, const struct resume_place *place,
		  struct hf_slice current);

/* Replaces the session. Errors: see hf_session_save. */
int writer_save(struct writer *writer, const struct hf_session_options *options,
		const struct hf_append *records, size_t count);

/* Makes everything durable, the head included. */
int writer_sync(struct writer *writer);

/* Closes and frees; appends a seal first if that is wanted. */
int writer_close(struct writer *writer, enum hf_close how);

/* Removes a session, holding its lock, and what a move has left of it in another place
 * (other may be NULL: there is none). Errors: see hf_session_delete. */
int writer_delete(const struct log_env *env, const struct log_env *other, struct report *report,
		  struct storage_id id);
/* The same, if its head is still the one that was seen (NULL: whatever it is):
 * HF_ERR_CONFLICT otherwise, nothing done. */
int writer_delete_unchanged(const struct log_env *env, const struct log_env *other,
			    struct report *report, struct storage_id id, const struct head *seen);

/* HF_OK if the storage has a log or a head of this session, HF_ERR_NOTFOUND if neither. */
int writer_find(const struct log_env *env, struct report *report, struct storage_id id);
/* True if it is known that there is no such session: no files, or what a removal or a
 * creation that was cut short has left of them. */
bool writer_is_gone(const struct log_env *env, struct report *report, struct storage_id id);

/* ---- Between the files of this folder ---- */

/* Allocates a writer that holds the lock already (taken over in any case). */
int writer_new(const struct log_env *env, struct report *report, struct storage_id id,
	       struct storage_lock *lock, struct writer **ret_writer);
/* Lets go of everything without writing. NULL is allowed. */
void writer_free(struct writer *writer);

/* HF_OK, or why nothing can be written with it. */
int writer_usable(struct writer *writer);
/* Poisons it; returns code. */
int writer_poison(struct writer *writer, int code);

/* HF_ERR_BUSY (and it is poisoned) if the lock no longer keeps others out; other errors
 * leave it as it is. */
int writer_check_lock(struct writer *writer);

/* Begins the batch that follows the log's last record, with the present time. */
int writer_begin(struct writer *writer);
/* Adds a record of the library's own. */
int writer_add(struct writer *writer, const char *type, const char *json, size_t size);
/* Writes, syncs and acknowledges the batch; on failure nothing of it is acknowledged. An
 * empty batch is no error. is_durable: sync whatever the store's level is. */
int writer_commit(struct writer *writer, bool is_durable);
/* Writes the head to its next slot. Poisons on failure. */
int writer_put_head(struct writer *writer, const struct head *head);

/* Continues a session that check_open has found, mending it as its verdict and the accept
 * bits allow; otherwise fails with the verdict's error, nothing changed. */
int writer_recover(struct writer *writer, struct checked *checked, uint32_t accept,
		   struct hf_repair *ret_repair);
/* HF_OK if a session that was found so may be written to, given the accept bits; otherwise
 * the error of the verdict in the way. */
int writer_may_continue(const struct checked *checked, uint32_t accept);

#endif
