/* SPDX-License-Identifier: MIT */
/*
 * Makes the n-th allocation fail. A program that uses this is linked with
 * -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc (see allocation_tests in
 * tests/meson.build); without these flags it does not link, so it cannot test nothing.
 *
 *     alloc_fault_count();               // count only
 *     run();
 *     uint64_t all = alloc_fault_stop();
 *     for (uint64_t n = 1; n <= all; n++) {
 *             alloc_fault_fail(n, false);
 *             run();                     // must report HF_ERR_NOMEM
 *             alloc_fault_stop();
 *     }
 *
 * Counts the allocations of the whole program's own code in all threads, but not those
 * that libraries make inside, nor those of fault_sys and sim_sys.
 */
#ifndef LIB_ALLOC_FAULT_H
#define LIB_ALLOC_FAULT_H

#include <stdbool.h>
#include <stdint.h>

/* Starts counting from 0, failing nothing. */
void alloc_fault_count(void);
/* Starts counting from 0 and fails the n-th allocation (1 is the first), or that one and
 * all after it. */
void alloc_fault_fail(uint64_t nth, bool for_ever);
/* Stops failing and counting; returns how many there were. */
uint64_t alloc_fault_stop(void);
/* True if an allocation was made to fail since the start. */
bool alloc_fault_fired(void);

/* Between these the calling thread's allocations are neither counted nor failed. They
 * nest. Test doubles put them around their own allocations. */
void alloc_fault_pause(void);
void alloc_fault_resume(void);

#endif
