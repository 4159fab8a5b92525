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
	bool is_valid;
	bool is_only;        /* it is valid and the other slot is not */
	bool is_key_missing; /* no slot could be checked since their key is not here */
};

/*
 * Chooses the slot that counts: the valid one with the larger counter, but none signed with
 * a weak key, which anybody can do, beside one that is not. That none is valid is no
 * error. Errors of session_key_new other than HF_ERR_KEY_MISSING.
 */
int found_find(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found);

/* True if a head beside which there is no log means that there is no session: it was
 * removed, or its creation was cut short. Any other one means that a log is gone. */
bool found_is_nothing(const struct head *head);

#endif
