/* SPDX-License-Identifier: MIT */
/*
 * What a session does with its storage, one thing each: for tests in which each of the
 * system calls behind it goes wrong in turn. A scenario works on session 1 of a simulated
 * medium and knows which states it may leave behind.
 */
#ifndef LIB_STORAGE_SCENARIO_H
#define LIB_STORAGE_SCENARIO_H

#include "lib/medium.h"

/* The records that scenarios begin with and write. */
#define STORAGE_SCENARIO_OLD "the first line\n"
#define STORAGE_SCENARIO_NEW "the second line\n"

enum { STORAGE_SCENARIO_TEXT_SIZE = 400 };

struct storage_scenario {
	const char *name;
	/* Makes what the run needs; nothing goes wrong here. */
	void (*prepare)(struct medium *medium);
	int (*run)(struct medium *medium);
	/* Fails the case unless the state fits to a run that ended with rc; plan says what went
	 * wrong. Also called for what is left after a power cut. */
	void (*check)(struct medium *medium, int rc, const char *plan);
	bool locks;   /* takes a lock itself, or needs none */
	bool creates; /* leaves nothing at all when it fails */
};

enum { STORAGE_SCENARIO_COUNT = 22 };
extern const struct storage_scenario storage_scenarios[STORAGE_SCENARIO_COUNT];

/* The beginning of session 1's log as text, or "-" when it has no log. */
const char *storage_scenario_log(struct medium *medium, char text[STORAGE_SCENARIO_TEXT_SIZE]);
bool storage_scenario_has_head(struct medium *medium);

#endif
