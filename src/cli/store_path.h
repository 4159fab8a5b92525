/* SPDX-License-Identifier: MIT */
/* Where the store is: --store, else $HOLDFAST_STORE, else the user's data directory. */
#ifndef CLI_STORE_PATH_H
#define CLI_STORE_PATH_H

#include "cli/strbuf.h"

struct cli;

/* Puts the path of the store. Returns false if nothing says where it is (no $HOME). */
bool store_path_get(const struct cli *cli, struct strbuf *ret_path);
/* True if the user named the store, so that its absence is a mistake. */
bool store_path_is_named(const struct cli *cli);
/* Makes the directories above the store, 0700. Returns 0 or the errno of the first that could
 * not be made; whether that matters shows when the store is opened. */
int store_path_make_parents(const char *path);

#endif
