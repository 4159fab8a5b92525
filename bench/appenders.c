/* SPDX-License-Identifier: MIT */
#include "appenders.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void *make(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		bench_die("memory");
	return memory;
}

/* ---- Holdfast ---- */

struct holdfast {
	struct appender base;
	struct hf_session *session;
};

static void holdfast_append(struct appender *appender)
{
	struct holdfast *own = (struct holdfast *)appender;
	struct hf_append record = { "message", NULL, appender->record, appender->size };
	struct hf_detail detail;

	bench_must(hf_session_append(own->session, NULL, &record, 1, &detail, NULL), &detail);
}

static void holdfast_close(struct appender *appender)
{
	struct holdfast *own = (struct holdfast *)appender;

	if (own == NULL)
		return;
	bench_must(hf_session_close(own->session, HF_CLOSE_SEAL, NULL), NULL);
	free(own);
}

struct appender *appender_holdfast(struct hf_store *store, const char *record, size_t size)
{
	struct holdfast *own = make(sizeof *own);
	struct hf_detail detail;

	own->base = (struct appender){ holdfast_append, holdfast_close, record, size };
	bench_must(hf_session_create(store, NULL, &detail, &own->session), &detail);
	return &own->base;
}

struct hf_store *appender_store(const struct bench *bench, const char *name, uint32_t padding,
				uint32_t threads)
{
	struct hf_store_options options = { .padding = padding, .threads = threads,
					    .runtime_dir = "" };
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char path[BENCH_PATH_SIZE];

	bench_path(bench, name, path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	return store;
}

/* ---- A bare file ---- */

struct bare {
	struct appender base;
	int fd;
};

static void bare_append(struct appender *appender)
{
	struct bare *own = (struct bare *)appender;

	bench_write(own->fd, appender->record, appender->size);
	if (fdatasync(own->fd) != 0)
		bench_die("fdatasync");
}

static void bare_close(struct appender *appender)
{
	struct bare *own = (struct bare *)appender;

	if (own == NULL)
		return;
	if (close(own->fd) != 0)
		bench_die("close");
	free(own);
}

struct appender *appender_bare(const struct bench *bench, const char *name, const char *record,
			       size_t size)
{
	struct bare *own = make(sizeof *own);
	char path[BENCH_PATH_SIZE];

	own->base = (struct appender){ bare_append, bare_close, record, size };
	bench_path(bench, name, path);
	own->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (own->fd < 0)
		bench_die(path);
	return &own->base;
}

/* ---- SQLite ---- */

struct sqlite {
	struct appender base;
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static void sqlite_must(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_DONE)
		return;
	(void)fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void sqlite_append(struct appender *appender)
{
	struct sqlite *own = (struct sqlite *)appender;

	sqlite_must(own->db, sqlite3_bind_text(own->insert, 1, appender->record,
					       (int)appender->size, SQLITE_STATIC));
	sqlite_must(own->db, sqlite3_step(own->insert));
	sqlite_must(own->db, sqlite3_reset(own->insert));
}

static void sqlite_close(struct appender *appender)
{
	struct sqlite *own = (struct sqlite *)appender;

	if (own == NULL)
		return;
	sqlite_must(own->db, sqlite3_finalize(own->insert));
	sqlite_must(NULL, sqlite3_close(own->db));
	free(own);
}

struct appender *appender_sqlite(const struct bench *bench, const char *record, size_t size)
{
	static const char setup[] =
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"CREATE TABLE record(n INTEGER PRIMARY KEY, data TEXT NOT NULL);";
	struct sqlite *own = make(sizeof *own);
	char path[BENCH_PATH_SIZE];

	own->base = (struct appender){ sqlite_append, sqlite_close, record, size };
	bench_path(bench, "rival.sqlite", path);
	sqlite_must(own->db, sqlite3_open(path, &own->db));
	sqlite_must(own->db, sqlite3_exec(own->db, setup, NULL, NULL, NULL));
	sqlite_must(own->db, sqlite3_prepare_v2(own->db, "INSERT INTO record(data) VALUES(?)", -1,
						&own->insert, NULL));
	return &own->base;
}

/* ---- LMDB ---- */

struct lmdb {
	struct appender base;
	MDB_env *env;
	MDB_dbi dbi;
	uint64_t n;
};

enum { LMDB_MAP_SIZE = 1 << 30 };

static void lmdb_must(int rc)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "LMDB: %s\n", mdb_strerror(rc));
	exit(1);
}

static void lmdb_append(struct appender *appender)
{
	struct lmdb *own = (struct lmdb *)appender;
	/* mdb_put reads the data and changes nothing of it. */
	MDB_val data = { appender->size, (void *)(uintptr_t)appender->record };
	MDB_val key = { sizeof own->n, &own->n };
	MDB_txn *transaction;

	lmdb_must(mdb_txn_begin(own->env, NULL, 0, &transaction));
	lmdb_must(mdb_put(transaction, own->dbi, &key, &data, MDB_APPEND));
	lmdb_must(mdb_txn_commit(transaction));
	own->n++;
}

static void lmdb_close(struct appender *appender)
{
	struct lmdb *own = (struct lmdb *)appender;

	if (own == NULL)
		return;
	mdb_env_close(own->env);
	free(own);
}

struct appender *appender_lmdb(const struct bench *bench, const char *record, size_t size)
{
	struct lmdb *own = make(sizeof *own);
	char path[BENCH_PATH_SIZE];
	MDB_txn *transaction;

	own->base = (struct appender){ lmdb_append, lmdb_close, record, size };
	bench_path(bench, "rival.lmdb", path);
	if (mkdir(path, 0700) != 0)
		bench_die(path);
	lmdb_must(mdb_env_create(&own->env));
	lmdb_must(mdb_env_set_mapsize(own->env, LMDB_MAP_SIZE));
	lmdb_must(mdb_env_open(own->env, path, 0, 0600));
	lmdb_must(mdb_txn_begin(own->env, NULL, 0, &transaction));
	lmdb_must(mdb_dbi_open(transaction, NULL, MDB_INTEGERKEY, &own->dbi));
	lmdb_must(mdb_txn_commit(transaction));
	return &own->base;
}
