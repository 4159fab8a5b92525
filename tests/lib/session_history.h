/* SPDX-License-Identifier: MIT */
/*
 * What a host knows of its session: the messages that were acknowledged, those that were
 * tried and not acknowledged, and what a save without an answer would have put in their
 * place. Whatever happened, a session that is read must agree with that.
 *
 * A message is told by its serial number, which its text, size included, follows from.
 */
#ifndef LIB_SESSION_HISTORY_H
#define LIB_SESSION_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum {
	HISTORY_MAX = 96,
	HISTORY_BIG = 1000,  /* serials from here on: about 100 KiB */
	HISTORY_HUGE = 2000, /* from here on: about 1.2 MiB */
};

/* Messages in order. */
struct history_run {
	uint32_t serials[HISTORY_MAX];
	size_t count;
};

enum history_exists { HISTORY_GONE, HISTORY_UNSURE, HISTORY_THERE };

struct history {
	char id[HF_ID_SIZE];
	enum history_exists exists;
	struct history_run kept;    /* acknowledged */
	struct history_run pending; /* tried after these, without an acknowledgement */
	struct history_run next;    /* of a save without an acknowledgement */
	bool has_next;
	struct hf_slice stump;      /* what was put behind the log, to be found in the quarantine */
};

/* The text of a message: JSON that is compact already, of exactly size bytes if that is
 * enough for the serial. Free with free. */
char *history_text(uint32_t serial, size_t size);
/* The size that a message with this serial has in what follows. */
size_t history_size(uint32_t serial);

/* Appends messages as one batch, with ids ("m-<serial>") if wanted, and enters what came
 * of it. Returns what the append did. */
int history_append(struct history *history, struct hf_session *session, uint32_t first,
		   size_t count, bool with_ids, struct hf_detail *detail);
/* Saves the session with count messages from first on, likewise. */
int history_save(struct history *history, struct hf_session *session, uint32_t first,
		 size_t count, struct hf_detail *detail);

/* Reads a view's messages; EXPECTs that each is what its serial says. */
void history_read(const struct hf_view *view, struct history_run *ret_seen);
/* EXPECTs that they are what the history allows: all that is kept and what is pending, or
 * none of that (or, if part is set, a part of it), or what a save would have put. */
void history_match(const struct history *history, const struct history_run *seen, bool part);
/* What was seen is what there is from now on. */
void history_settle(struct history *history, const struct history_run *seen);

#endif
