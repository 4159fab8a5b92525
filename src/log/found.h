/* SPDX-License-Identifier: MIT */
/* Which of the two slots of a session's head counts. */
#ifndef LOG_FOUND_H
#define LOG_FOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "format/head.h"
#include "log/env.h"

/* The head of a session as found. */
struct found_head {
	struct head head;    /* zero unless is_valid */
	uint8_t store[16];   /* the store whose key signed it */
	bool is_valid;
	bool is_only;        /* it is valid and the other slot is not */
	bool is_key_missing; /* no slot could be checked since their key is not here */
};

/* The key of the generation that a valid head tells of. Errors of session_key_new. */
int found_key(const struct log_env *env, struct report *report, const struct found_head *found,
	      struct session_key **ret_key);

/*
 * Chooses the slot that counts: the valid one with the larger counter, but none signed with
 * a weak key, which anybody can do, beside one that is not. That none is valid is no
 * error. Errors of session_key_new other than HF_ERR_KEY_MISSING.
 */
int found_find(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found);

/*
 * The same for listings, which have no use for is_only and leave it false: when the slot
 * that claims the larger counter is good and its key is not weak, nothing in the other one
 * can count more, so that is not checked.
 */
int found_peek(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found);

/* True if both slots say the same, as the closing of a handle that has written leaves them:
 * then nobody has written since. The first state of a session is in both slots too, but
 * says nothing of that kind. head is what was found in these slots. */
bool found_is_settled(const uint8_t slots[static STORAGE_HEAD_SIZE], const struct head *head);

/* HF_OK if the head of a session is still the one that was seen; otherwise HF_ERR_CONFLICT,
 * also if it is gone or cannot be read. The caller holds the session's lock. */
int found_expect(const struct log_env *env, struct report *report, struct storage_id id,
		 const struct head *seen);

/* True if a head beside which there is no log means that there is no session: it was
 * removed, or its creation was cut short. Any other one means that a log is gone. */
bool found_is_nothing(const struct head *head);

#endif
