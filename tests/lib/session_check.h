/* SPDX-License-Identifier: MIT */
/* What must hold of a session after anything that may have gone wrong with it. */
#ifndef LIB_SESSION_CHECK_H
#define LIB_SESSION_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/session_history.h"
#include "lib/session_place.h"

/* Bits of verdicts. */
enum {
	SESSION_WHOLE = 1 << HF_INTACT,
	SESSION_TORN = 1 << HF_INTACT | 1 << HF_TORN,
};

/* hf_session_trash and its like. */
typedef int (*session_operation)(struct hf_store *store, const char *id, struct hf_detail *detail);

/* What may be found. */
struct session_rules {
	uint32_t verdicts; /* HF_ACCEPT bits of those that may be found */
	uint32_t accept;   /* with which the session must then open */
	bool part;         /* a batch that was not acknowledged may be there in part */
	bool may_lose;     /* acknowledged records may be missing at the end */
	session_operation finish; /* what was cut short, and is done once more; or NULL */
	bool is_brief;     /* opened and looked at once, for walks that come by often */
};

/* What was found. */
struct session_found {
	enum hf_verdict verdict;
	bool is_there;
	uint64_t acknowledged; /* records, as the head tells */
	struct history_run seen;
};

/*
 * Reads a session and EXPECTs that it agrees with its history and is in one place only. A
 * move that was cut short is completed, and the session brought back from the trash if it
 * came there. Then goes on with it: opens
 * it for writing, which mends it, appends, reads again, and repairs it once more, which
 * must find nothing left to do. A session that is not there must be creatable. The
 * history has the session as it is afterwards.
 */
void session_check(const struct place *place, struct history *history,
		   const struct session_rules *rules, struct session_found *ret_found);
/* Repairs a session that may be opened only after that: opening does not look at records
 * before the last one, so that it does not find what is changed there. For all that can be
 * accepted but tampered it does nothing. */
void session_repair(struct hf_store *store, const char *id, uint32_t accept);
/* The reading alone. */
void session_look(const struct place *place, const struct history *history,
		  const struct session_rules *rules, struct session_found *ret_found);

#endif
