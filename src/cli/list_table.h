/* SPDX-License-Identifier: MIT */
/* The table that list prints, fitted to the terminal. */
#ifndef CLI_LIST_TABLE_H
#define CLI_LIST_TABLE_H

struct cli;
struct sessions;

/* Prints a row for each session, and says once of each error what it means. */
void list_table_print(struct cli *cli, const struct sessions *sessions);

#endif
