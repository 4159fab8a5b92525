/* SPDX-License-Identifier: MIT */
/*
 * A struct sys around another one that counts its calls, makes any of them go wrong, and
 * knows what is still open.
 *
 *     struct fault_sys *fault = fault_sys_new(sys_posix());
 *     run(fault_sys(fault));                        // learn which calls are made
 *     struct fault_trace trace = fault_sys_trace(fault);
 *     fault_sys_each_plan(&trace, each, context);   // each: a new fault_sys, then
 *             fault_sys_arm(fault, plan);           //   as planned
 *             rc = run(fault_sys(fault));
 *             ck_assert(fault_sys_fired(fault));
 *             ck_assert_str_eq(fault_sys_leaks(fault), "");
 *
 * A call that fails has had no effect, unless the plan says that it fails late. After
 * death nothing has any effect and everything returns -EIO, except that descriptors,
 * maps and secrets are really given back, so that the test's own process loses nothing:
 * what is then on the disk is what a process killed there would have left. Locks that it
 * held are given back when their descriptors are closed, as the kernel would.
 *
 * May be used by several threads at once, but for new, free and the answers.
 */
#ifndef LIB_FAULT_SYS_H
#define LIB_FAULT_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/sys.h"

/* Every function of struct sys that is counted: X(name in capitals, text). */
#define FAULT_CALLS(X)                                                                 \
	X(OPEN_AT, "open_at") X(CLOSE, "close") X(READ_AT, "read_at")                      \
	X(WRITE_AT, "write_at") X(SYNC_DATA, "sync_data") X(SYNC_ALL, "sync_all")          \
	X(SYNC_START, "sync_start") X(TRUNCATE, "truncate") X(CHMOD, "chmod")              \
	X(STAT, "stat") X(STAT_AT, "stat_at") X(MKDIR_AT, "mkdir_at")                      \
	X(LINK_AT, "link_at") X(RENAME_AT, "rename_at") X(UNLINK_AT, "unlink_at")          \
	X(LOCK, "lock") X(IS_LOCKED, "is_locked") X(MAP, "map") X(UNMAP, "unmap")          \
	X(EACH_NAME, "each_name") X(SPACE, "space") X(RANDOM, "random")                    \
	X(WALL_TIME, "wall_time") X(STEADY_TIME, "steady_time") X(SLEEP, "sleep")          \
	X(HOST_NAME, "host_name") X(PROGRAM_NAME, "program_name") X(BOOT_ID, "boot_id")   \
	X(SECRET_NEW, "secret_new")

enum fault_call {
#define FAULT_CALL(name, text) FAULT_##name,
	FAULT_CALLS(FAULT_CALL)
#undef FAULT_CALL
	FAULT_CALL_COUNT,
	FAULT_ANY = FAULT_CALL_COUNT, /* in a plan: whatever function is called */
};

enum fault_kind {
	FAULT_NONE,
	FAULT_ERRNO,         /* the call fails */
	FAULT_ERRNO_EVER,    /* it fails, and so does that function from then on */
	FAULT_ERRNO_LATE,    /* it does its work and says that it failed */
	FAULT_SHORT_ONE,     /* reads or writes one byte */
	FAULT_SHORT_HALF,    /* reads or writes half of the bytes */
	FAULT_TORN,          /* writes half of the bytes; the next write fails */
	FAULT_TORN_EVER,     /* the same, and all later writes fail too */
	FAULT_DIE_BEFORE,    /* the process dies instead of the call */
	FAULT_DIE_MIDDLE,    /* it dies when half of the bytes are written */
	FAULT_DIE_AFTER,     /* it dies after the call */
};

/* What is to go wrong, and when: at the nth call (1 is the first) of call, or of any. */
struct fault_plan {
	enum fault_kind kind;
	enum fault_call call;
	uint64_t nth;
	int errno_value;
};

/* Which functions were called, in order. Belongs to the fault_sys. */
struct fault_trace {
	const uint8_t *calls;
	size_t count;
};

struct fault_sys;

struct fault_sys *fault_sys_new(const struct sys *inner);
/* Gives back all that is still open besides. */
void fault_sys_free(struct fault_sys *fault);
const struct sys *fault_sys(struct fault_sys *fault);

/* Sets what shall go wrong, and starts counting and tracing anew. */
void fault_sys_arm(struct fault_sys *fault, const struct fault_plan *plan);
/* Nothing goes wrong any more; the dead live again. Counting goes on. */
void fault_sys_disarm(struct fault_sys *fault);
/* True if what was planned has happened. */
bool fault_sys_fired(struct fault_sys *fault);
bool fault_sys_is_dead(struct fault_sys *fault);
/* Calls since the last arming (or since new). */
uint64_t fault_sys_count(struct fault_sys *fault, enum fault_call call);
struct fault_trace fault_sys_trace(struct fault_sys *fault);

/* What was acquired through this and not given back: descriptors with their names, locks,
 * maps and secrets, one a line; "" if there is nothing. Good until the next call of it. */
const char *fault_sys_leaks(struct fault_sys *fault);
/* Locks that are held now. */
size_t fault_sys_locks(struct fault_sys *fault);

const char *fault_call_name(enum fault_call call);
/* The errnos that a function can plausibly return, after the manual pages, 0 at the end. */
const int *fault_call_errnos(enum fault_call call);
/* "write_at number 3: ENOSPC once" and the like, for messages; size is enough at 128. */
void fault_plan_text(const struct fault_plan *plan, char *text, size_t size);

/*
 * Calls each with every way in which a run of these calls can go wrong: each call with
 * each of its errnos, once, for ever and (for syncs and names) late; reads and writes
 * short; writes torn; death before, in the middle of and after each call. Plans are by
 * number in the whole trace (FAULT_ANY).
 */
typedef void (*fault_plan_fn)(void *context, const struct fault_plan *plan);
void fault_sys_each_plan(const struct fault_trace *trace, fault_plan_fn each, void *context);

#endif
