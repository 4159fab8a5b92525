/* SPDX-License-Identifier: MIT */
/*
 * The main function of a test program:
 *
 *     int main(void)
 *     {
 *             Suite *suite = suite_create("list");
 *             TCase *cases = runner_cases(suite, "lists", 60);
 *
 *             tcase_add_test(cases, an_empty_store_is_an_empty_list);
 *             return runner_run(suite);
 *     }
 */
#ifndef LIB_RUNNER_H
#define LIB_RUNNER_H

#include <check.h>

/* A new group of cases, each of which may take so many seconds. */
TCase *runner_cases(Suite *suite, const char *name, double seconds);

/* Runs a suite with a scratch directory for all its cases, and frees it. Returns the exit
 * status for main. */
int runner_run(Suite *suite);
/* The same with the scratch directory in memory, unless TMPDIR names another place: for
 * tests that write much and for which the disk makes no difference. */
int runner_run_in_memory(Suite *suite);

#endif
