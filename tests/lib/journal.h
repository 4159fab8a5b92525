/* SPDX-License-Identifier: MIT */
/*
 * What several threads or processes did to the sessions of one store, and what they saw,
 * written down while they do it and judged afterwards.
 *
 * Each call is an event with the moments before and after it on one clock that all share.
 * journal_check then looks for an order of the calls in which each happened at one moment
 * between its two, and each gave what a session that is only ever used by one at a time
 * would have given: an acknowledged message is there from then on, exactly once, at its
 * number; a session has one holder; a view shows all messages that there were at some
 * moment during its call, none missing and none from elsewhere; what is listed was so at
 * one moment; nobody is told "busy" while nobody could have been in the way. If there is no
 * such order it prints what was done around the place where it got stuck.
 *
 * A worker that is killed leaves its last call without an end: it may have had its effect,
 * the first part of it (a batch), or none.
 */
#ifndef LIB_JOURNAL_H
#define LIB_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum {
	JOURNAL_EVENTS = 1 << 18,
	JOURNAL_SERIALS = 1 << 18,
	JOURNAL_SESSIONS = 4096,
	JOURNAL_WORKERS = 16,
};

/* X(name, text, takes the session's lock if only for a moment) */
#define JOURNAL_KINDS(X)                                                                    \
	X(CREATE, "create", true) X(OPEN, "open", true) X(RESUME, "resume", true)            \
	X(APPEND, "append", false) X(SAVE, "save", false) X(SEAL, "close sealed", true)      \
	X(LEAVE, "close", true) X(DIE, "is killed", true) X(TRASH, "trash", true)            \
	X(RESTORE, "restore", true) X(DELETE, "delete", true) X(PURGE, "purge", true)        \
	X(KEEP, "clean up, but not this", true) X(READ, "read", false)                       \
	X(LIST, "list", false) X(MISS, "list without it", false)

enum journal_kind {
#define JOURNAL_KIND(name, text, locks) JOURNAL_##name,
	JOURNAL_KINDS(JOURNAL_KIND)
#undef JOURNAL_KIND
	JOURNAL_KIND_COUNT,
};

/* One call on one session. */
struct journal_event {
	uint64_t begun;
	atomic_uint_least64_t ended; /* 0: it did not come to its end */
	uint32_t session;
	uint16_t worker;
	uint8_t kind;
	uint8_t state;       /* LIST: enum hf_state */
	int32_t rc;
	uint32_t serial;     /* APPEND, SAVE: the first message; the others follow */
	uint32_t count;      /* APPEND, SAVE: how many; LIST, READ: messages seen */
	uint32_t generation; /* LIST, READ */
	uint64_t digest;     /* READ: of the messages seen */
};

/* Shared by all threads and children. */
struct journal {
	atomic_uint_least64_t clock;
	atomic_uint used;
	atomic_uint serials;
	atomic_uint sessions;
	atomic_bool is_over;  /* for workers that go on until others are done */
	atomic_bool may_tear; /* workers are killed, so that logs may end in a stump */
	atomic_uint is_wrong;
	char wrong[600];      /* the first thing that went wrong outright */
	atomic_uint place_of[JOURNAL_SERIALS]; /* a message's number and 1, once it is known */
	struct journal_event events[JOURNAL_EVENTS];
};

/* Memory that children share. */
struct journal *journal_new(void);
void journal_free(struct journal *journal);

/* A new moment. */
uint64_t journal_now(struct journal *journal);
/* Begins an event before its call; ends it after that, or says when the call ended, and
 * returns rc. Whatever else the event tells is entered before it is ended. */
struct journal_event *journal_begin(struct journal *journal, uint32_t worker,
				    enum journal_kind kind, uint32_t session);
int journal_end(struct journal *journal, struct journal_event *event, int rc);
int journal_end_at(struct journal_event *event, int rc, uint64_t moment);
/* Enters that a process is about to be killed; ended when it is dead. */
struct journal_event *journal_die(struct journal *journal, uint32_t worker);

/* Notes what went wrong, if it is the first. */
__attribute__((format(printf, 2, 3)))
void journal_wrong(struct journal *journal, const char *format, ...);

/* count new serials, the first of them. */
uint32_t journal_serials(struct journal *journal, uint32_t count);
/* A message was acknowledged or seen at a number, which must always be the same. */
void journal_place(struct journal *journal, uint32_t serial, uint64_t n);
/* The digest of messages in order; that of none is JOURNAL_DIGEST. */
#define JOURNAL_DIGEST UINT64_C(0xcbf29ce484222325)
uint64_t journal_digest(uint64_t digest, uint32_t serial);

/* A new session's number, and the id that sessions have by their number. */
uint32_t journal_session(struct journal *journal);
void journal_id(uint32_t session, char ret_id[HF_ID_SIZE]);
/* The number of an id; false if it is none of ours. */
bool journal_number(const char *id, uint32_t *ret_session);

/* True if nothing went wrong and there is an order as told above; if there is none, prints
 * why not and notes it as wrong. */
bool journal_judge(struct journal *journal);
/* EXPECTs that. Returns the number of events. */
size_t journal_check(struct journal *journal);

#endif
