/* SPDX-License-Identifier: MIT */
/*
 * What the pieces of an OpenCode session mean; both ways to store one share it. The pieces
 * are those of opencode_rows.h. A row of the database has its message or part in the member
 * "data"; a file is the message or part.
 *
 * The view of a message comes with its last piece, view/<id>, and is all of it: text,
 * thinking, calls with their results, images and files. Its parts are gathered until then;
 * those that do not fit into OPENCODE_PARTS_MAX bytes are not in the view.
 *
 * OpenCode's parentID says which prompt an answer belongs to. It makes no tree, so no parents
 * are given: messages stand in the order in which they came.
 */
#ifndef INTEROP_OPENCODE_MESSAGE_H
#define INTEROP_OPENCODE_MESSAGE_H

#include "interop/format.h"

enum { OPENCODE_PARTS_MAX = 64 << 20 };

/* The functions of struct format_reader, for the database and for the folder. */
int opencode_begin_database(const struct import_env *env, const char *path, void **ret_state);
int opencode_begin_files(const struct import_env *env, const char *path, void **ret_state);
void opencode_end(void *state);
int opencode_read(void *state, const struct piece *piece, struct message_writer *writer);
void opencode_facts(void *state, struct session_facts *ret_facts);

#endif
