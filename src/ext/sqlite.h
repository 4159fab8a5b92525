/* SPDX-License-Identifier: MIT */
/*
 * Reading a SQLite database that belongs to somebody else, without ever touching it.
 *
 * SQLite is given a file system of its own (a VFS) that has two files, the database and its
 * write-ahead log, and can do nothing but read them through the caller's functions. So not
 * even the -shm file is made or written, no lock is taken, and no checkpoint can happen: in
 * exclusive locking mode SQLite keeps the index of the log in its heap. What is in the log
 * counts, also if there is no -shm file.
 *
 * Taking no locks has a price: a program that writes meanwhile can move pages under our
 * feet. The caller has to look, after each row, whether the files are still what they were
 * when the database was opened; if not, the row is worth nothing, whatever it says and
 * whichever error came instead of it, and the database has to be opened again.
 *
 * The database is hostile: no view, trigger, function, extension, virtual table or attached
 * file is looked into, cells are checked, rows have a maximum, a step has a time limit, a
 * query with a parameter goes through some thousand rows at most where no index helps it,
 * and nothing is sorted that does not fit into the cache.
 */
#ifndef EXT_SQLITE_H
#define EXT_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

enum { SQLITE_ROW_MAX = 128 << 20 }; /* bytes of one row */

enum sqlite_file { SQLITE_DATABASE, SQLITE_LOG };

/* Where the bytes come from. Functions return a count, or a code of holdfast.h, which then is
 * the result of what was called here. */
struct sqlite_files {
	void *context;
	/* Bytes of a file; 0 if it is not there. */
	int64_t (*size)(void *context, enum sqlite_file file);
	/* Reads bytes; fewer than size only where the file ends. */
	int64_t (*read)(void *context, enum sqlite_file file, void *bytes, size_t size,
			uint64_t offset);
};

enum sqlite_kind { SQLITE_NOTHING, SQLITE_NUMBER, SQLITE_STRING, SQLITE_BYTES };

struct sqlite;

/* The rows of a query that is under way. */
struct sqlite_rows {
	struct sqlite *sqlite;
	void *statement; /* NULL: ended */
};

/* Opens a database. It is not looked into yet, so any bytes will do. files must live as long
 * as *ret_sqlite, which the caller closes. HF_ERR_LIBRARY; HF_ERR_NOMEM. */
int sqlite_open(const struct sqlite_files *files, struct report *report,
		struct sqlite **ret_sqlite);
/* Ends what is open. NULL is allowed; all rows must have been ended. */
void sqlite_close(struct sqlite *sqlite);

/*
 * Begins a query with one parameter, a text (NULL: it has none). The caller ends the rows,
 * also after a failure of sqlite_next. HF_ERR_FOREIGN: it is no database, is damaged, or has
 * no such table or column; sqlite_why says it. HF_ERR_NOMEM; errors of the files' functions.
 */
int sqlite_query(struct sqlite *sqlite, const char *sql, const char *text,
		 struct sqlite_rows *ret_rows);
/* Steps to the next row; *ret_more is false behind the last one. Errors of sqlite_query;
 * HF_ERR_RECORD_SIZE: the row is larger than SQLITE_ROW_MAX. */
int sqlite_next(struct sqlite_rows *rows, bool *ret_more);
void sqlite_end(struct sqlite_rows *rows);

/* The columns of a row. Slices are valid until the next step. */
size_t sqlite_columns(const struct sqlite_rows *rows);
const char *sqlite_name(const struct sqlite_rows *rows, size_t column);
enum sqlite_kind sqlite_kind(const struct sqlite_rows *rows, size_t column);
/* The bytes of a string, as they are there, or of a blob; a number in decimal. HF_ERR_NOMEM. */
int sqlite_value(const struct sqlite_rows *rows, size_t column, struct hf_slice *ret_value);

/* Whether there is an ordinary table of that name, which is neither a view nor virtual.
 * Errors of sqlite_next. */
int sqlite_has_table(struct sqlite *sqlite, const char *name, bool *ret_has);
/* What SQLite says of the last failure; for people. */
const char *sqlite_why(const struct sqlite *sqlite);

#endif
