/* SPDX-License-Identifier: MIT */
/*
 * Sessions in a store with two places: outside the trash and in it. A session lives in the
 * one or in the other; what a move that was cut short leaves in the place where it does not
 * live is a head without a log, and means nothing (struct storage_ops, move_in).
 *
 * Whoever moves a session holds its locks in both places, taken in this order. Whoever
 * makes, writes to or removes a session holds its lock in the place where it lives.
 */
#ifndef LOG_MOVE_H
#define LOG_MOVE_H

#include <stdbool.h>

#include "format/head.h"
#include "log/env.h"

/* The two places. */
struct move_places {
	const struct log_env *outside;
	const struct log_env *trash;
};

/*
 * Moves a session into the trash, or out of it, and clears away what an earlier move has
 * left of it where it was. It is durable then, also if it had been there already.
 * HF_ERR_NOTFOUND: there is no such session. HF_ERR_EXISTS: there is one in each place.
 * HF_ERR_BUSY: it is being written to.
 */
int move_session(const struct move_places *places, struct report *report, struct storage_id id,
		 bool to_trash);

/* The same into the trash, of a session outside it whose head must still be the one that was
 * seen: HF_ERR_CONFLICT otherwise, nothing done. HF_ERR_NOTFOUND: it is not there any more. */
int move_unchanged(const struct move_places *places, struct report *report, struct storage_id id,
		   const struct head *seen);

/* Removes the head that a move which was cut short has left, in the place other, of a
 * session whose lock in the place where it lives is held. Durable on return. */
int move_drop_rest(const struct log_env *other, struct report *report, struct storage_id id);

#endif
