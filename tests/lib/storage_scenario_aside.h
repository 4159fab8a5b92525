/* SPDX-License-Identifier: MIT */
/* The parts of those storage scenarios in which bytes come to the quarantine from elsewhere. */
#ifndef LIB_STORAGE_SCENARIO_ASIDE_H
#define LIB_STORAGE_SCENARIO_ASIDE_H

#include "lib/medium.h"

/* Bytes are staged and brought. */
int storage_scenario_aside_bring(struct medium *medium);
void storage_scenario_aside_check_brought(struct medium *medium, int rc, const char *plan);

/* Other bytes have their name, and make way for them. */
void storage_scenario_aside_prepare_taken(struct medium *medium);
int storage_scenario_aside_displace(struct medium *medium);
void storage_scenario_aside_check_displaced(struct medium *medium, int rc, const char *plan);

/* What is staged is cleared away. */
void storage_scenario_aside_prepare_staged(struct medium *medium);
int storage_scenario_aside_unstage(struct medium *medium);
void storage_scenario_aside_check_unstaged(struct medium *medium, int rc, const char *plan);

#endif
