/* SPDX-License-Identifier: MIT */
/*
 * One thread or process that works on the sessions of a store and enters each of its calls
 * in a journal: the calls that a test mixes as it likes.
 *
 * Sessions go by their numbers in the journal. A player holds one session at most, as is
 * told by held. Each call returns what the library gave; a code that the library may never
 * give there, and bytes that nobody has written, are noted as wrong in the journal.
 */
#ifndef LIB_PLAYER_H
#define LIB_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/journal.h"

struct player {
	struct journal *journal;
	struct hf_store *store;
	uint32_t worker;          /* its number in the journal */
	uint32_t random;          /* the state of its dice; any value */
	struct hf_session *held;  /* NULL: none */
	uint32_t session;         /* the one that is held */
};

/* A number below the limit, from the player's dice. */
uint32_t player_roll(struct player *player, uint32_t limit);

/* Taking and giving back. What is taken is held if HF_OK is returned. */
int player_create(struct player *player, uint32_t session);
int player_open(struct player *player, uint32_t session, uint32_t timeout_ms);
int player_resume(struct player *player, uint32_t session, uint32_t timeout_ms);
int player_close(struct player *player, enum hf_close how);

/* Writing to the session that is held: count messages, as one batch or as a new
 * generation. */
int player_append(struct player *player, uint32_t count);
int player_append_expecting(struct player *player, uint32_t count, uint64_t records);
int player_save(struct player *player, uint32_t count);

/* Looking. A reading gives the number of records, if there are any (NULL: does not). */
int player_read(struct player *player, uint32_t session, uint64_t *ret_records);
void player_list(struct player *player);

/* Removing. A clean-up takes what has had no record for age_us, of the trash for good. */
int player_trash(struct player *player, uint32_t session);
int player_restore(struct player *player, uint32_t session);
int player_delete(struct player *player, uint32_t session);
int player_purge(struct player *player, uint32_t session);
void player_clean_up(struct player *player, int64_t age_us, bool trash);

#endif
