/* SPDX-License-Identifier: MIT */
/* What the files of this folder share: an open store, and how its functions begin. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "holdfast.h"
#include "format/head.h"
#include "limit/limit_file.h"
#include "log/env.h"
#include "sys/sys.h"

/* The rate limits that a store was opened with. */
struct store_limits {
	struct store_rule *rules; /* see limit.c; NULL: none was given */
	size_t count;
	uint32_t cleanup_interval_ms;
};

/* The limits on new sessions; see capacity.h. */
struct store_capacity {
	uint32_t max_sessions;  /* outside the trash; 0: none */
	bool auto_cleanup;      /* at the limit the oldest closed one goes to the trash */
	uint64_t space_reserve; /* bytes that stay free; 0: none */
};

struct hf_store {
	const struct sys *sys;
	int dir_fd;
	struct storage *storage;
	struct keyring *keyring;
	struct log_env env;            /* of the sessions outside the trash */
	struct log_env trash;          /* of those in it; use store_trash to get it */
	pthread_mutex_t trash_mutex;   /* guards the opening of the trash */
	char *program;                 /* what lock files call the holder; NULL: its own name */
	struct store_limits limits;
	struct store_capacity capacity;
	struct limit_file limit_file;
	hf_log_fn log;
	void *log_context;
	bool has_trash_mutex;
	bool read_only;
};

/* hf_store_open over another system; sys must outlive the store. For tests. */
int store_open_with(const struct sys *sys, const char *path,
		    const struct hf_store_options *options, struct hf_detail *detail,
		    struct hf_store **ret_store);

/* A report for one call on the store, which may be NULL. */
struct report store_report(const struct hf_store *store);

/* Reads a session's id. HF_ERR_INVALID: it is no UUID in lower case, or the nil UUID, which
 * is no session's id: its lock is the store's own. */
int store_id(struct report *report, const char *text, struct storage_id *ret_id);

/* HF_ERR_INVALID if the store or another argument that must not be NULL is. */
int store_check_call(const struct hf_store *store, const void *argument, struct report *report);

/* The same, and HF_ERR_CLOSED if the store was opened for reading only. */
int store_writable(const struct hf_store *store, const void *argument, struct report *report);

struct checked;
struct check_watch;

/*
 * The trash, a place like the one of the sessions outside it, which is opened when it is
 * first needed and stays open. *ret_trash is NULL if there is none and make is not set;
 * with make it is made, durable on return.
 */
int store_trash(struct hf_store *store, struct report *report, bool make,
		const struct log_env **ret_trash);

/*
 * Finds the place where a session lives: &store->env, or the trash if outside of it there
 * is nothing, or nothing but a head whose log is in the trash, which is what a move that
 * was cut short leaves. A head in the trash whose log is outside is such a rest too. So in
 * a walk over one place's names, an entry without a log is an entry of that place only if
 * this function gives the same place. A head whose log is in "incoming" (hf_unbundle) is
 * nothing at all. What removals and creations that were cut short have
 * left counts as a session here (see writer_is_gone). HF_ERR_NOTFOUND: in neither place,
 * not described in the report.
 */
int store_place(struct hf_store *store, struct report *report, struct storage_id id,
		const struct log_env **ret_place);

/* True if a session that a call has not found is there all the same, because it was moved
 * meanwhile. */
bool store_has(struct hf_store *store, struct report *report, struct storage_id id);

/* HF_ERR_TRASHED, described, if a session is in the trash; HF_OK if it is outside or
 * nowhere. */
int store_untrashed(struct hf_store *store, struct report *report, struct storage_id id);

/* Why a session could not be opened for writing, which failed with rc: HF_ERR_TRASHED,
 * described, if it was looked for outside and is in the trash; otherwise rc. */
int store_missing(struct hf_store *store, struct report *report, struct storage_id id, int rc);

/* refuse_elsewhere of struct log_env, for sessions that are made outside the trash. */
int store_refuse_elsewhere(void *owner, struct report *report, struct storage_id id);

/* check_open for reading where the session lives, following it when it is moved meanwhile. */
int store_check_session(struct hf_store *store, struct report *report, struct storage_id id,
			const struct check_watch *watch, struct checked **ret_checked);

/* Takes the lock of the store itself, for checking and then acting on several sessions at
 * once; waits up to some seconds for others who do that, then HF_ERR_BUSY. It is given back
 * with store->storage->ops->unlock. Whoever holds a session's lock must not ask for it. */
int store_lock(struct hf_store *store, struct report *report, struct storage_lock **ret_lock);

/* Copies the rate limits of options into zeroed limits. HF_ERR_INVALID: they are out of
 * bounds. On failure limits are to be released all the same. */
int store_limits_init(struct store_limits *limits, struct report *report,
		      const struct hf_store_options *options);
void store_limits_release(struct store_limits *limits);

/* One step with an attempt at an operation, under the store's limit for it; see
 * limit_file_do for the errors, and hf_limit_take for what operation and key may be. The
 * store is open for writing unless the step is LIMIT_CHECK. */
int store_limit(struct hf_store *store, struct report *report, const char *operation,
		const char *key, enum limit_step step);

/* A view of a session that was checked, which it takes over, also when it fails. */
int store_view(const struct hf_store *store, struct checked *checked, struct hf_view **ret_view);

/* Fills in what a folded head says. The slices point into head. */
void store_info(const struct head *head, struct hf_info *ret_info);

#endif
