/* SPDX-License-Identifier: MIT */
/*
 * A simulated file system, clock and random source in memory, as a struct sys, that tells
 * what is durable from what is only in the page cache, and can have its power cut.
 *
 *     struct sim *sim = sim_new(1);
 *     int root = sim_open_root(sim);
 *     ... use sim_sys(sim), root ...
 *     struct sim *after = sim_power_cut(sim, seed);   // sim goes on as if nothing happened
 *     ... look at what is left, with sim_sys(after) ...
 *     sim_free(after);
 *     sim_free(sim);
 *
 * What is durable: the bytes and the size of a file when it was last synced (sync_data and
 * sync_all alike), and the names in a directory when that was last synced. Syncing a file
 * does not make its name durable, and a directory's own name is durable when its parent
 * was synced. Modes are durable at once.
 *
 * What a power cut leaves of the rest is chosen by its seed:
 *   0   nothing that was not durable
 *   1   everything, as if all had been synced
 *   else: of each file a size that it had since the last sync, or one in between at a
 *       multiple of 512; each 512-byte sector old or new, or NUL where the file had ended
 *       meanwhile; each change of a name, in order, happened or not, all for itself. A
 *       rename happens wholly or not at all.
 *
 * Paths start at the simulated root: open_at(AT_FDCWD, "/a/b") works, "." and ".." too.
 * There are no links other than hard ones, and modes keep nobody out; wrap it in a
 * fault_sys to have calls fail. Descriptors start at 1000, so that none can be taken for
 * a real one. Time moves by one microsecond at each look and by sleeping.
 *
 * May be used by several threads at once. A program that runs out of memory in here ends.
 */
#ifndef LIB_SIM_SYS_H
#define LIB_SIM_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/sys.h"

struct sim;

/* An empty file system. seed: of its random source. */
struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *sim);
const struct sys *sim_sys(struct sim *sim);
/* A descriptor of the root directory; to be closed like any other. */
int sim_open_root(struct sim *sim);

/* What a power cut now would leave, as a file system of its own where nothing is open or
 * locked and everything is durable. sim itself is not changed. */
struct sim *sim_power_cut(struct sim *sim, uint64_t seed);

/* Called before each call that changes something (the power may be cut in it). NULL: not. */
typedef void (*sim_change_fn)(void *context, struct sim *sim);
void sim_on_change(struct sim *sim, sim_change_fn change, void *context);

/* Bytes that all files together may have; a write beyond is short, then -ENOSPC. */
void sim_set_room(struct sim *sim, uint64_t room);
void sim_advance(struct sim *sim, int64_t duration_us);
/* What process() tells from now on. */
void sim_set_process(struct sim *sim, pid_t process);

/* Descriptors, locks, maps and secrets that are held now. */
size_t sim_held(struct sim *sim);

#endif
