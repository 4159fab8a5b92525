/* SPDX-License-Identifier: MIT */
/*
 * Ways to append one record so that it is on the medium when the call returns: ours, and
 * the rivals that a host could use instead. Each syncs every record; none of them skips it.
 */
#ifndef BENCH_APPENDERS_H
#define BENCH_APPENDERS_H

#include "bench.h"

struct appender {
	void (*append)(struct appender *appender);
	/* Lets go of it; NULL is allowed. */
	void (*close)(struct appender *appender);
	const char *record;
	size_t size;
};

/* Makes a session in a store that stays open longer, and keeps its handle. */
struct appender *appender_holdfast(struct hf_store *store, const char *record, size_t size);
/* A file opened with O_APPEND: write, fdatasync. */
struct appender *appender_bare(const struct bench *bench, const char *name, const char *record,
			       size_t size);
/* SQLite, write-ahead log, synchronous=FULL: one row a transaction by a prepared insert. */
struct appender *appender_sqlite(const struct bench *bench, const char *record, size_t size);
/* LMDB with its default flags: one put a transaction. */
struct appender *appender_lmdb(const struct bench *bench, const char *record, size_t size);

/* Opens a store of the scratch folder, making it first if it is not there. Several handles
 * may be open on one; padding and threads as in struct hf_store_options. */
struct hf_store *appender_store(const struct bench *bench, const char *name, uint32_t padding,
				uint32_t threads);

#endif
