/* SPDX-License-Identifier: MIT */
/* What the files that work on sessions open for writing share. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <pthread.h>

#include "log/writer.h"
#include "store/store.h"

struct hf_session {
	pthread_mutex_t mutex; /* guards all that follows */
	struct report report;
	struct writer *writer;
	char id[HF_ID_SIZE];
};

/* A handle without a writer; NULL: no memory. */
struct hf_session *session_new(const struct hf_store *store, struct storage_id id);
/* Frees it, but not its writer. NULL is allowed. */
void session_free(struct hf_session *session);

/* Takes the session for writing, as writer_open does, following it when it is moved
 * meanwhile. HF_ERR_TRASHED: it is in the trash. */
int session_take(struct hf_session *session, struct hf_store *store, struct storage_id id,
		 const struct writer_open *open, struct hf_repair *repair);

/* Begins and ends a call on a session: its mutex is held in between. */
void session_enter(struct hf_session *session);
/* Delivers the failure, if it is one, to the caller; returns the code. */
int session_leave(struct hf_session *session, int rc, struct hf_detail *detail);

/* Fails because there is no handle: HF_ERR_INVALID. */
int session_none(struct hf_detail *detail);

#endif
