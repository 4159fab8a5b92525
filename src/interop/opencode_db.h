/* SPDX-License-Identifier: MIT */
/*
 * OpenCode's database, read as one consistent state while OpenCode may be writing.
 *
 * Nothing is locked and nothing is copied. Only a checkpoint changes the database's file and
 * only behind one does the log start over; so as long as the file has its size and times and
 * the log its first bytes, what is read belongs to the state in which both were opened, also
 * if more is appended to the log. That is looked at after each row; a row read from files
 * that have changed is thrown away, both are opened again, and the query goes on behind the
 * rows that were given.
 */
#ifndef INTEROP_OPENCODE_DB_H
#define INTEROP_OPENCODE_DB_H

#include "base/buffer.h"
#include "ext/sqlite.h"
#include "interop/import.h"
#include "interop/opencode_log.h"

struct opencode_db {
	const struct import_env *env;
	const char *path;
	int fd;                /* the database; -1: not open */
	int log_fd;            /* its log; -1: it has none */
	struct stat found;     /* what the database's file was when it was opened */
	char log_head[OPENCODE_LOG_HEAD];
	size_t log_head_size;
	struct opencode_log log;
	bool is_strict;        /* frames without their checksum count as SQLite counts them: not */
	struct sqlite_files files;
	struct sqlite *sqlite;
	struct buffer row;     /* as JSON */
	struct buffer key;     /* the text of the column that names the row, with a NUL */
};

/* One query: with one parameter, a text. */
struct opencode_query {
	const char *sql;
	const char *text;
	const char *key;   /* the column that names its rows; NULL: there is none */
	bool is_optional;  /* there may be no such table or column */
};

/* Takes a row: db->row is a JSON object of its columns, db->key what names it. */
typedef int (*opencode_row_fn)(void *context, struct opencode_db *db);

/* Opens the database at path. The caller closes it in any case. HF_ERR_FOREIGN: it is none of
 * OpenCode. HF_ERR_BUSY: it did not stand still. HF_ERR_LIBRARY; errors of opening a file. */
int opencode_db_open(struct opencode_db *db, const struct import_env *env, const char *path);
void opencode_db_close(struct opencode_db *db);

/*
 * Gives each row of a query, as opencode_row.h writes it. A row that is named by something
 * other than a text or number is passed over.
 *
 * HF_ERR_FOREIGN: the database is damaged, or has no such table. HF_ERR_RECORD_SIZE: a row
 * is larger than SQLITE_ROW_MAX. HF_ERR_BUSY; HF_ERR_NOMEM; errors of row.
 */
int opencode_db_each(struct opencode_db *db, const struct opencode_query *query,
		     opencode_row_fn row, void *context);

#endif
