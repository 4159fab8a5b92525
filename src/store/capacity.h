/* SPDX-License-Identifier: MIT */
/* The limits of a store on new sessions: max_sessions and space_reserve. */
#ifndef STORE_CAPACITY_H
#define STORE_CAPACITY_H

#include "store/store.h"

/*
 * Sees that a session may be made: called before each is. With max_sessions the store's
 * lock is taken, so that of several creators none goes beyond the limit; the caller gives
 * *ret_lock (NULL: there is none) back when the session is there. What moves to the trash
 * to make room is durable there.
 *
 * Nothing is moved for a session that could not be made anyway: id is the one it is to
 * have and options what it is to be, which are looked at for that.
 *
 * HF_ERR_SPACE_RESERVE; HF_ERR_MAX_SESSIONS; HF_ERR_BUSY: others make sessions for seconds;
 * with auto_cleanup also HF_ERR_EXISTS, HF_ERR_INVALID and HF_ERR_JSON, as for
 * hf_session_create, and what kept a session from going to the trash.
 */
int capacity_claim(struct hf_store *store, struct report *report, struct storage_id id,
		   const struct hf_session_options *options, struct storage_lock **ret_lock);

#endif
