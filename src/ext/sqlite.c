/* SPDX-License-Identifier: MIT */
#include "ext/sqlite.h"

#include <sqlite3.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "ext/library.h"

enum {
	/* Instructions of SQLite's machine between two looks at the limit, and looks that one
	 * step may take: some seconds. */
	STEP_OPS = 10000,
	STEP_LOOKS_MAX = 10000,
	/* Rows that a query with a parameter may go through where no index helps it: there can be
	 * as many such queries as rows. */
	SCAN_MAX = 10000,
	SCHEMA_SIZE_MAX = 1 << 20, /* bytes of one statement, those of the schema included */
	COLUMNS_MAX = 200,
	SECTOR_SIZE = 4096,
};

/* The functions of the library that are used: X(name without "sqlite3_"). */
#define FUNCTIONS(X)                                                                         \
	X(open_v2) X(close) X(errmsg) X(db_config) X(limit) X(exec) X(set_authorizer)          \
	X(progress_handler) X(prepare_v2) X(step) X(finalize) X(bind_text) X(column_count)     \
	X(column_name) X(column_type) X(column_text) X(column_blob) X(column_bytes)            \
	X(vfs_register) X(vfs_unregister) X(bind_parameter_count) X(stmt_status)

struct functions {
#define FUNCTION(name) __typeof__(&sqlite3_##name)(name);
	FUNCTIONS(FUNCTION)
#undef FUNCTION
	void *library;
};

struct sqlite {
	struct functions f;
	sqlite3 *database;
	sqlite3_vfs vfs;
	char vfs_name[48];
	const struct sqlite_files *files;
	int files_rc;   /* the first error of the files' functions since the last query */
	unsigned looks; /* at the time limit, in this step */
	sqlite3_stmt *keyed; /* the statement of this step, if it has a parameter */
};

/* ---- The file system ---- */

/* SQLite allocates it, of the size that the VFS names, and knows only its beginning. */
struct vfs_file {
	sqlite3_file base;
	struct sqlite *sqlite;
	enum sqlite_file file;
};

static int refuse(struct sqlite *sqlite, int64_t code)
{
	if (sqlite->files_rc == HF_OK)
		sqlite->files_rc = (int)code;
	return SQLITE_IOERR_READ;
}

static int file_close(sqlite3_file *file)
{
	(void)file;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
	struct vfs_file *file = (struct vfs_file *)(void *)base;
	const struct sqlite_files *files = file->sqlite->files;
	int64_t got = size >= 0 && offset >= 0
			      ? files->read(files->context, file->file, bytes, (size_t)size,
					    (uint64_t)offset)
			      : HF_ERR_INTERNAL;

	if (got < 0)
		return refuse(file->sqlite, got);
	if (got == size)
		return SQLITE_OK;
	memset((char *)bytes + got, 0, (size_t)(size - got));
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	(void)file, (void)bytes, (void)size, (void)offset;
	return SQLITE_READONLY;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	(void)file, (void)size;
	return SQLITE_READONLY;
}

/* Nothing is ever written, so nothing needs to be synced; and no lock is taken. */
static int file_nothing(sqlite3_file *file, int what)
{
	(void)file, (void)what;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	struct vfs_file *file = (struct vfs_file *)(void *)base;
	const struct sqlite_files *files = file->sqlite->files;
	int64_t size = files->size(files->context, file->file);

	if (size < 0)
		return refuse(file->sqlite, size);
	*ret_size = size;
	return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *file, int *ret_reserved)
{
	(void)file;
	*ret_reserved = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
	(void)file, (void)op, (void)argument;
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file)
{
	(void)file;
	return SECTOR_SIZE;
}

static int file_characteristics(sqlite3_file *file)
{
	(void)file;
	return 0;
}

/* Version 1 has no shared memory, so that SQLite must keep the log's index to itself. */
static const sqlite3_io_methods file_methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_nothing,
	.xFileSize = file_size,
	.xLock = file_nothing,
	.xUnlock = file_nothing,
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
		    int *ret_flags)
{
	struct vfs_file *file = (struct vfs_file *)(void *)base;

	(void)name;
	base->pMethods = NULL;
	/* Journals and temporary files: what does not fit into memory is refused. */
	if ((flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return SQLITE_CANTOPEN;
	file->sqlite = vfs->pAppData;
	file->file = (flags & SQLITE_OPEN_WAL) != 0 ? SQLITE_LOG : SQLITE_DATABASE;
	base->pMethods = &file_methods;
	if (ret_flags != NULL)
		*ret_flags = SQLITE_OPEN_READONLY;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs, (void)name, (void)sync;
	return SQLITE_READONLY;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_exists)
{
	struct sqlite *sqlite = vfs->pAppData;
	size_t size = strlen(name);
	int64_t bytes = 0;

	(void)flags;
	if (size > 4 && strcmp(name + size - 4, "-wal") == 0)
		bytes = sqlite->files->size(sqlite->files->context, SQLITE_LOG);
	if (bytes < 0)
		return refuse(sqlite, bytes);
	*ret_exists = bytes > 0;
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *path)
{
	(void)vfs;
	if (size <= 0)
		return SQLITE_CANTOPEN;
	text_copy(path, (size_t)size, name);
	return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *bytes)
{
	(void)vfs;
	memset(bytes, 0, (size_t)size);
	return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *ret_time)
{
	(void)vfs;
	*ret_time = 0;
	return SQLITE_OK;
}

/* The name is the address, so that databases of several threads do not meet. */
static void make_vfs(struct sqlite *sqlite)
{
	static const char prefix[] = "holdfast-read-only-";
	const uintptr_t address = (uintptr_t)sqlite;

	memcpy(sqlite->vfs_name, prefix, sizeof prefix);
	text_put_hex((const uint8_t *)&address, sizeof address, sqlite->vfs_name + sizeof prefix - 1);
	sqlite->vfs = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct vfs_file),
		.mxPathname = 64,
		.zName = sqlite->vfs_name,
		.pAppData = sqlite,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
	};
}

/* ---- Opening ---- */

static int load(struct sqlite *sqlite, struct report *report)
{
	const struct library_symbol symbols[] = {
#define FUNCTION(name) { "sqlite3_" #name, &sqlite->f.name },
		FUNCTIONS(FUNCTION)
#undef FUNCTION
	};
	const struct library library = { "libsqlite3.so.0", "libsqlite3-0", symbols,
					 ARRAY_SIZE(symbols) };

	return library_open(&library, report, &sqlite->f.library);
}

/* Plain reading is all that a statement may do. Hostile schemas can hide calls of functions
 * in columns that are computed. */
static int authorize(void *context, int action, const char *first, const char *second,
		     const char *third, const char *fourth)
{
	(void)context, (void)first, (void)second, (void)third, (void)fourth;
	return action == SQLITE_SELECT || action == SQLITE_READ ? SQLITE_OK : SQLITE_DENY;
}

static int look_at_limit(void *context)
{
	struct sqlite *sqlite = context;

	if (sqlite->keyed != NULL && sqlite->f.stmt_status(sqlite->keyed,
			SQLITE_STMTSTATUS_FULLSCAN_STEP, 0) > SCAN_MAX)
		sqlite->looks = STEP_LOOKS_MAX;
	return ++sqlite->looks > STEP_LOOKS_MAX;
}

static void set_limits(struct sqlite *sqlite)
{
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, SQLITE_ROW_MAX },
		{ SQLITE_LIMIT_SQL_LENGTH, SCHEMA_SIZE_MAX },
		{ SQLITE_LIMIT_COLUMN, COLUMNS_MAX },
		{ SQLITE_LIMIT_EXPR_DEPTH, 50 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 4 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
		{ SQLITE_LIMIT_WORKER_THREADS, 0 },
	};
	/* What a library is too old to know it refuses, which is as good. */
	static const int settings[][2] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		(void)sqlite->f.limit(sqlite->database, limits[i][0], limits[i][1]);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		(void)sqlite->f.db_config(sqlite->database, settings[i][0], settings[i][1],
					  (int *)NULL);
}

static int failure(struct sqlite *sqlite, int rc)
{
	if (sqlite->files_rc != HF_OK)
		return sqlite->files_rc;
	if ((rc & 0xff) == SQLITE_NOMEM)
		return HF_ERR_NOMEM;
	return (rc & 0xff) == SQLITE_TOOBIG ? HF_ERR_RECORD_SIZE : HF_ERR_FOREIGN;
}

static int connect(struct sqlite *sqlite)
{
	/* Exclusive, before anything is read: see the header. Pragmas that need the schema, such
	 * as cache_size, would read it here; SQLite's own 2 MB are enough. */
	static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE;"
				       "PRAGMA cell_size_check=ON;"
				       "PRAGMA trusted_schema=OFF;"
				       "PRAGMA query_only=ON;"
				       "PRAGMA temp_store=FILE;";
	int rc = sqlite->f.vfs_register(&sqlite->vfs, 0);

	if (rc != SQLITE_OK)
		return failure(sqlite, rc);
	rc = sqlite->f.open_v2("holdfast", &sqlite->database,
			       SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
				       SQLITE_OPEN_PRIVATECACHE,
			       sqlite->vfs_name);
	/* An open database keeps its VFS; nobody else shall find it. */
	(void)sqlite->f.vfs_unregister(&sqlite->vfs);
	if (rc == SQLITE_OK) {
		set_limits(sqlite);
		rc = sqlite->f.exec(sqlite->database, settings, NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = sqlite->f.set_authorizer(sqlite->database, authorize, NULL);
	if (rc != SQLITE_OK)
		return failure(sqlite, rc);
	sqlite->f.progress_handler(sqlite->database, STEP_OPS, look_at_limit, sqlite);
	return HF_OK;
}

int sqlite_open(const struct sqlite_files *files, struct report *report,
		struct sqlite **ret_sqlite)
{
	struct sqlite *sqlite = mem_new(1, sizeof *sqlite);
	int rc = HF_ERR_NOMEM;

	if (sqlite == NULL)
		goto out;
	sqlite->files = files;
	make_vfs(sqlite);
	rc = load(sqlite, report);
	if (rc != HF_OK)
		goto out;
	rc = connect(sqlite);
	if (rc != HF_OK)
		goto out;
	*ret_sqlite = sqlite;
	sqlite = NULL;
out:
	sqlite_close(sqlite);
	return rc;
}

void sqlite_close(struct sqlite *sqlite)
{
	if (sqlite == NULL)
		return;
	if (sqlite->database != NULL)
		(void)sqlite->f.close(sqlite->database);
	library_close(sqlite->f.library);
	mem_free(sqlite);
}

/* ---- Queries ---- */

int sqlite_query(struct sqlite *sqlite, const char *sql, const char *text,
		 struct sqlite_rows *ret_rows)
{
	sqlite3_stmt *statement = NULL;
	int rc;

	sqlite->files_rc = HF_OK;
	sqlite->looks = 0;
	rc = sqlite->f.prepare_v2(sqlite->database, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK && text != NULL)
		rc = sqlite->f.bind_text(statement, 1, text, -1, SQLITE_TRANSIENT);
	if (rc != SQLITE_OK) {
		(void)sqlite->f.finalize(statement);
		return failure(sqlite, rc);
	}
	*ret_rows = (struct sqlite_rows){ sqlite, statement };
	return HF_OK;
}

int sqlite_next(struct sqlite_rows *rows, bool *ret_more)
{
	struct sqlite *sqlite = rows->sqlite;
	int rc;

	sqlite->looks = 0;
	sqlite->keyed = sqlite->f.bind_parameter_count(rows->statement) > 0 ? rows->statement : NULL;
	rc = sqlite->f.step(rows->statement);
	sqlite->keyed = NULL;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return failure(sqlite, rc);
	*ret_more = rc == SQLITE_ROW;
	return HF_OK;
}

void sqlite_end(struct sqlite_rows *rows)
{
	if (rows->statement != NULL)
		(void)rows->sqlite->f.finalize(rows->statement);
	rows->statement = NULL;
}

size_t sqlite_columns(const struct sqlite_rows *rows)
{
	return (size_t)rows->sqlite->f.column_count(rows->statement);
}

const char *sqlite_name(const struct sqlite_rows *rows, size_t column)
{
	const char *name = rows->sqlite->f.column_name(rows->statement, (int)column);

	return name != NULL ? name : "";
}

enum sqlite_kind sqlite_kind(const struct sqlite_rows *rows, size_t column)
{
	switch (rows->sqlite->f.column_type(rows->statement, (int)column)) {
	case SQLITE_INTEGER:
	case SQLITE_FLOAT:
		return SQLITE_NUMBER;
	case SQLITE_TEXT:
		return SQLITE_STRING;
	case SQLITE_BLOB:
		return SQLITE_BYTES;
	default:
		return SQLITE_NOTHING;
	}
}

int sqlite_value(const struct sqlite_rows *rows, size_t column, struct hf_slice *ret_value)
{
	const struct functions *f = &rows->sqlite->f;
	enum sqlite_kind kind = sqlite_kind(rows, column);
	const void *bytes = NULL;

	if (kind == SQLITE_BYTES)
		bytes = f->column_blob(rows->statement, (int)column);
	else if (kind != SQLITE_NOTHING)
		bytes = f->column_text(rows->statement, (int)column);
	/* An empty blob has no bytes; a text without any has run out of memory. */
	if (bytes == NULL && (kind == SQLITE_STRING || kind == SQLITE_NUMBER))
		return HF_ERR_NOMEM;
	*ret_value = (struct hf_slice){ bytes != NULL ? bytes : "",
					(size_t)f->column_bytes(rows->statement, (int)column) };
	return HF_OK;
}

int sqlite_has_table(struct sqlite *sqlite, const char *name, bool *ret_has)
{
	struct sqlite_rows rows = { 0 };
	bool more = false;
	int rc = sqlite_query(sqlite,
			      "SELECT 1 FROM sqlite_master WHERE type='table' AND name=?1"
			      " AND rootpage>0",
			      name, &rows);

	if (rc == HF_OK)
		rc = sqlite_next(&rows, &more);
	sqlite_end(&rows);
	if (rc == HF_OK)
		*ret_has = more;
	return rc;
}

const char *sqlite_why(const struct sqlite *sqlite)
{
	return sqlite->looks > STEP_LOOKS_MAX ? "it takes too long"
					      : sqlite->f.errmsg(sqlite->database);
}
