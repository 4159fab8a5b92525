/* SPDX-License-Identifier: MIT */
/*
 * Threads or processes that do whatever the dice say to a few sessions of one store, all
 * entered in a journal, which is judged at the end.
 *
 *     struct crew_plan plan = { .workers = 4, .sessions = 3, .steps = 400,
 *                               .weights = { [CREW_OPEN] = 5, [CREW_READ] = 3 } };
 *     crew_run(&plan, CREW_PROCESSES);
 *
 * A session that was removed is followed by a new one with another id.
 */
#ifndef LIB_CREW_H
#define LIB_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a worker does that holds no session: X(name in capitals). */
#define CREW_ACTIONS(X) \
	X(OPEN) X(RESUME) X(READ) X(LIST) X(TRASH) X(RESTORE) X(DELETE) X(PURGE) X(CLEAN_UP) X(EMPTY)

enum crew_action {
#define CREW_ACTION(name) CREW_##name,
	CREW_ACTIONS(CREW_ACTION)
#undef CREW_ACTION
	CREW_ACTION_COUNT,
};

/* Threads share a store or have one each; processes may be killed and started anew. */
enum crew_kind { CREW_THREADS, CREW_THREADS_APART, CREW_PROCESSES, CREW_KILLED };

struct crew_plan {
	uint32_t workers;
	uint32_t sessions;      /* at a time */
	uint32_t steps;         /* of each worker; or, if they are killed, kills in all */
	uint32_t hold_steps;    /* how long a session is held, about; 0: 4 */
	bool is_expecting;      /* appends name the records that they expect */
	uint32_t padding;       /* as in struct hf_store_options; 0: none */
	uint32_t weights[CREW_ACTION_COUNT];
};

/* Runs a plan in a store of its own, judges the journal (see journal_check), verifies
 * every session that is left, and goes on with it. Rounds with other dice follow for
 * CRASH_SECONDS, if that is set. Fails the case if any action was never done. */
void crew_run(const struct crew_plan *plan, enum crew_kind kind);

#endif
