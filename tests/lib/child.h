/* SPDX-License-Identifier: MIT */
/*
 * Processes that a test starts, talks to, stops and kills.
 *
 *     static int hold(void *context, struct child *parent)
 *     {
 *             ... take the session ...
 *             child_say(parent, 1);          // "I have it"
 *             child_stay();                  // until it is killed
 *     }
 *     struct child child = child_start(hold, &context);
 *     ck_assert_uint_eq(child_hear(&child), 1);
 *     child_kill(&child);
 *
 * A child is a fork of the test. It dies with the thread that started it, so that a case
 * that breaks off leaves no process behind, and it does not keep the pipes of its
 * siblings, so that "the other end is gone" means that process and no other. Whatever goes
 * wrong in here fails the running case. Not for several threads at once.
 */
#ifndef LIB_CHILD_H
#define LIB_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The other process, for both of them. */
struct child {
	pid_t pid;
	int from; /* what it says */
	int to;   /* what it is told */
};

enum { CHILD_SIGNAL = 1000 }; /* added to a signal's number where statuses are given */

/* What a child does; its exit status. */
typedef int (*child_fn)(void *context, struct child *parent);

struct child child_start(child_fn body, void *context);

/* Sends one number; nothing happens if the other end is gone. */
void child_say(const struct child *peer, uint32_t word);
/* Waits for one number; false if the other end is gone first. */
bool child_try_hear(const struct child *peer, uint32_t *ret_word);
/* Waits for one number, which must come. */
uint32_t child_hear(const struct child *peer);
/* The same with bytes; they must come. */
void child_say_bytes(const struct child *peer, const void *bytes, size_t size);
void child_hear_bytes(const struct child *peer, void *bytes, size_t size);
/* In a child: sleeps until it is killed. */
__attribute__((noreturn))
void child_stay(void);

/* Freezes a child (SIGSTOP), returning when it has stopped, and thaws it. */
void child_stop(const struct child *child);
void child_go_on(const struct child *child);
/* Kills a child that is alive (SIGKILL), returning when it is dead. */
void child_kill(struct child *child);
/* Waits for its end: the exit status, or CHILD_SIGNAL and the signal that it died of. */
int child_end(struct child *child);

/* Runs a program and waits for it, its output thrown away; true if it exits with 0. */
bool child_run(const char *const arguments[]);

/* Children that start at the same moment: each waits at the gate until it is opened, once.
 * Made before they are started. */
struct child_gate {
	int ends[2];
};
struct child_gate child_gate_make(void);
void child_gate_wait(const struct child_gate *gate);
void child_gate_open(struct child_gate *gate);

#endif
