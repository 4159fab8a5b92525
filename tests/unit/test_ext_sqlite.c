/* SPDX-License-Identifier: MIT */
/*
 * Goal: a database is read from bytes that somebody hands over, log included, whatever the
 * bytes are, and nothing else can be done with it. Method: a real database, and hostile ones
 * made with the library itself, all held in memory.
 */
#include "ext/sqlite.h"
#include "lib/runner.h"
#include "opencode_fixture.h"

/* The two files in memory. */
struct image {
	char *bytes[2];
	size_t sizes[2];
	uint64_t reads;
	uint64_t fail_at; /* the read that fails; 0: none */
	struct sqlite_files files;
	struct report report;
	struct sqlite *sqlite;
};

static int64_t size_of(void *context, enum sqlite_file file)
{
	const struct image *image = context;

	return (int64_t)image->sizes[file];
}

static int64_t read_at(void *context, enum sqlite_file file, void *bytes, size_t size,
		       uint64_t offset)
{
	struct image *image = context;
	size_t left = offset < image->sizes[file] ? image->sizes[file] - (size_t)offset : 0;

	if (++image->reads == image->fail_at)
		return HF_ERR_DENIED;
	size = size < left ? size : left;
	if (size > 0)
		memcpy(bytes, image->bytes[file] + offset, size);
	return (int64_t)size;
}

static void open_image(struct image *image)
{
	image->report = report_make(NULL, NULL);
	image->files = (struct sqlite_files){ image, size_of, read_at };
	ck_assert_int_eq(sqlite_open(&image->files, &image->report, &image->sqlite), HF_OK);
}

static void load(struct image *image, const char *path, bool with_log)
{
	char log[500];

	memset(image, 0, sizeof *image);
	image->bytes[SQLITE_DATABASE] = slurp(path, &image->sizes[SQLITE_DATABASE]);
	(void)snprintf(log, sizeof log, "%s-wal", path);
	if (with_log)
		image->bytes[SQLITE_LOG] = slurp(log, &image->sizes[SQLITE_LOG]);
	open_image(image);
}

static void load_data(struct image *image, bool with_log)
{
	char path[400];

	data_path(path, sizeof path, "opencode", "opencode.db");
	load(image, path, with_log);
}

/* A database that statements have made. */
static void load_made(struct image *image, const char *sql)
{
	struct scratch scratch = scratch_open();
	char path[300];

	(void)snprintf(path, sizeof path, "%s/made.db", scratch.path);
	make(path, sql);
	load(image, path, false);
	scratch_close(&scratch);
}

static void unload(struct image *image)
{
	sqlite_close(image->sqlite);
	free(image->bytes[SQLITE_DATABASE]);
	free(image->bytes[SQLITE_LOG]);
}

/* The rows of a query, or the error that it ends with. */
static int64_t count_rows(struct image *image, const char *sql, const char *text)
{
	struct sqlite_rows rows = { 0 };
	struct hf_slice value;
	int64_t count = 0;
	bool more = true;
	int rc = sqlite_query(image->sqlite, sql, text, &rows);

	while (rc == HF_OK && more) {
		rc = sqlite_next(&rows, &more);
		count += rc == HF_OK && more;
		for (size_t i = 0; rc == HF_OK && more && i < sqlite_columns(&rows); i++)
			rc = sqlite_value(&rows, i, &value);
	}
	sqlite_end(&rows);
	return rc == HF_OK ? count : rc;
}

START_TEST(the_log_belongs_to_the_database)
{
	struct image image;

	load_data(&image, true);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM message", NULL), 54);
	unload(&image);
	load_data(&image, false);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM message", NULL), 52);
	unload(&image);
}
END_TEST

START_TEST(values_come_as_they_are_stored)
{
	static const enum sqlite_kind kinds[] = { SQLITE_NOTHING, SQLITE_NUMBER, SQLITE_NUMBER,
						  SQLITE_STRING, SQLITE_STRING, SQLITE_BYTES,
						  SQLITE_BYTES };
	static const char *const texts[] = { "", "-9223372036854775808", "0.1", "a\"b", "",
					     "\x01\xff", "" };
	struct image image;
	struct sqlite_rows rows = { 0 };
	struct hf_slice value;
	bool more = false;

	load_made(&image, "CREATE TABLE t(a, b, c, d, e, f, g);"
			  "INSERT INTO t VALUES"
			  "(NULL, -9223372036854775808, 0.1, 'a\"b', '', x'01ff', x'')");
	ck_assert_int_eq(sqlite_query(image.sqlite, "SELECT * FROM t WHERE d=?1", "a\"b", &rows),
			 HF_OK);
	ck_assert_int_eq(sqlite_next(&rows, &more), HF_OK);
	ck_assert(more);
	ck_assert_uint_eq(sqlite_columns(&rows), 7);
	for (size_t i = 0; i < 7; i++) {
		ck_assert_int_eq(sqlite_kind(&rows, i), kinds[i]);
		ck_assert_int_eq(sqlite_value(&rows, i, &value), HF_OK);
		ck_assert_slice(value, texts[i]);
		ck_assert_int_eq(sqlite_name(&rows, i)[0], "abcdefg"[i]);
	}
	ck_assert_int_eq(sqlite_next(&rows, &more), HF_OK);
	ck_assert(!more);
	sqlite_end(&rows);
	unload(&image);
}
END_TEST

START_TEST(nothing_but_plain_reading_is_allowed)
{
	static const char *const statements[] = {
		"DELETE FROM message",
		"INSERT INTO message VALUES('a','b',1,1,'')",
		"CREATE TABLE t(a)",
		"CREATE TEMP TABLE t(a)",
		"DROP TABLE part",
		"VACUUM",
		"ATTACH '/tmp/other.db' AS other",
		"PRAGMA journal_mode=DELETE",
		"PRAGMA locking_mode=NORMAL",
		"SELECT load_extension('a')",
		"SELECT hex(randomblob(9))",
		"SELECT * FROM pragma_table_info('part')",
		"WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT n FROM r",
		"BEGIN EXCLUSIVE",
		"no SQL at all",
	};
	struct image image;

	load_data(&image, true);
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
		ck_assert_msg(count_rows(&image, statements[i], NULL) == HF_ERR_FOREIGN, "%s",
			      statements[i]);
	ck_assert_int_eq(count_rows(&image, "SELECT id FROM session", NULL), 9);
	unload(&image);
}
END_TEST

START_TEST(what_only_looks_like_a_table_is_none)
{
	static const struct {
		const char *name;
		bool is_table;
	} tables[] = { { "t", true }, { "v", false }, { "x", false }, { "i", false }, { "n", false } };
	struct image image;

	load_made(&image, "CREATE TABLE t(a); CREATE VIEW v AS SELECT * FROM t;"
			  "CREATE INDEX i ON t(a); CREATE VIRTUAL TABLE x USING fts5(a)");
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		bool has_it = !tables[i].is_table;

		ck_assert_int_eq(sqlite_has_table(image.sqlite, tables[i].name, &has_it), HF_OK);
		ck_assert_msg(has_it == tables[i].is_table, "%s", tables[i].name);
	}
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM v", NULL), HF_ERR_FOREIGN);
	unload(&image);
}
END_TEST

/* A column that is computed costs the file nothing, however large it is. */
START_TEST(a_row_that_is_too_large_is_refused)
{
	struct image image;

	load_made(&image, "CREATE TABLE t(a, b AS (zeroblob(a)));"
			  "INSERT INTO t(a) VALUES(1000), (200000000)");
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM t WHERE a=1000", NULL), 1);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM t", NULL), HF_ERR_RECORD_SIZE);
	unload(&image);
}
END_TEST

START_TEST(a_step_that_takes_too_long_is_ended)
{
	struct image image;

	load_made(&image, "CREATE TABLE t(a); INSERT INTO t SELECT value FROM"
			  " (WITH RECURSIVE r(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM r"
			  " LIMIT 300) SELECT value FROM r)");
	ck_assert_int_eq(count_rows(&image, "SELECT 1 FROM t, t AS u, t AS v, t AS w"
					    " WHERE t.a+u.a+v.a+w.a<0", NULL), HF_ERR_FOREIGN);
	ck_assert_str_eq(sqlite_why(image.sqlite), "it takes too long");
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM t", NULL), 300);
	unload(&image);
}
END_TEST

/* Asked for each row of a table, that would take the square of its time. */
START_TEST(a_query_by_key_does_not_go_through_a_large_table)
{
	struct image image;

	load_made(&image, "CREATE TABLE t(a); INSERT INTO t SELECT value FROM"
			  " (WITH RECURSIVE r(value) AS (SELECT 1 UNION ALL SELECT value+1 FROM r"
			  " LIMIT 40000) SELECT value FROM r); CREATE TABLE u(a PRIMARY KEY);"
			  "INSERT INTO u SELECT '' || a FROM t");
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM t WHERE a=?1", "x"), HF_ERR_FOREIGN);
	ck_assert_str_eq(sqlite_why(image.sqlite), "it takes too long");
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM u WHERE a=?1", "39999"), 1);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM t", NULL), 40000);
	unload(&image);
}
END_TEST

/* What would need a temporary file is refused, so that memory stays bounded. */
START_TEST(more_than_fits_into_memory_is_not_sorted)
{
	struct image image;

	load_made(&image, "CREATE TABLE t(a, b AS (zeroblob(1000000)));"
			  "INSERT INTO t(a) SELECT value FROM (WITH RECURSIVE r(value)"
			  " AS (SELECT 1 UNION ALL SELECT value+1 FROM r"
			  " LIMIT 30) SELECT value FROM r)");
	ck_assert_int_eq(count_rows(&image, "SELECT a FROM t ORDER BY a DESC", NULL), 30);
	ck_assert_int_eq(count_rows(&image, "SELECT b FROM t ORDER BY b, a", NULL), HF_ERR_FOREIGN);
	unload(&image);
}
END_TEST

START_TEST(any_read_may_fail)
{
	struct image image;
	struct sqlite *none = NULL;
	uint64_t opening;
	uint64_t all;

	load_data(&image, true);
	opening = image.reads;
	ck_assert_uint_eq(opening, 1);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM message", NULL), 54);
	all = image.reads;
	image.reads = 0;
	image.fail_at = 1;
	ck_assert_int_eq(sqlite_open(&image.files, &image.report, &none), HF_ERR_DENIED);
	ck_assert_ptr_null(none);
	unload(&image);
	ck_assert_uint_gt(all, 20);
	for (uint64_t n = opening + 1; n <= all; n++) {
		load_data(&image, true);
		image.fail_at = n;
		ck_assert_int_eq(count_rows(&image, "SELECT * FROM message", NULL), HF_ERR_DENIED);
		unload(&image);
	}
}
END_TEST

START_TEST(any_bytes_are_a_database_or_none)
{
	struct image image;
	size_t size;

	load_data(&image, true);
	size = image.sizes[SQLITE_DATABASE];
	sqlite_close(image.sqlite);
	/* Odd steps, so that all places of a page are hit: its head, its cells, its middle. */
	for (size_t at = 0; at < size; at = at < 4096 ? at + 41 : at + 4139) {
		char was = image.bytes[SQLITE_DATABASE][at];
		int64_t count;

		image.bytes[SQLITE_DATABASE][at] = (char)(was ^ 0x55);
		open_image(&image);
		count = count_rows(&image, "SELECT * FROM part ORDER BY message_id, id", NULL);
		ck_assert_msg(count >= 0 || count == HF_ERR_FOREIGN || count == HF_ERR_RECORD_SIZE,
			      "byte %zu: %d", at, (int)count);
		sqlite_close(image.sqlite);
		image.bytes[SQLITE_DATABASE][at] = was;
	}
	image.sizes[SQLITE_DATABASE] = 100; /* a stump */
	image.sizes[SQLITE_LOG] = 0;
	open_image(&image);
	ck_assert_int_eq(count_rows(&image, "SELECT * FROM part", NULL), HF_ERR_FOREIGN);
	unload(&image);
}
END_TEST

START_TEST(two_databases_are_read_at_once)
{
	struct image one;
	struct image two;
	struct sqlite_rows rows = { 0 };
	bool more = false;

	load_data(&one, true);
	load_data(&two, false);
	ck_assert_int_eq(sqlite_query(one.sqlite, "SELECT id FROM message", NULL, &rows), HF_OK);
	ck_assert_int_eq(sqlite_next(&rows, &more), HF_OK);
	ck_assert_int_eq(count_rows(&two, "SELECT * FROM message", NULL), 52);
	ck_assert_int_eq(sqlite_next(&rows, &more), HF_OK);
	ck_assert(more);
	sqlite_end(&rows);
	unload(&two);
	ck_assert_int_eq(count_rows(&one, "SELECT * FROM message", NULL), 54);
	unload(&one);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ext_sqlite");
	TCase *cases = runner_cases(suite, "databases", 60);

	tcase_add_test(cases, the_log_belongs_to_the_database);
	tcase_add_test(cases, values_come_as_they_are_stored);
	tcase_add_test(cases, nothing_but_plain_reading_is_allowed);
	tcase_add_test(cases, what_only_looks_like_a_table_is_none);
	tcase_add_test(cases, a_row_that_is_too_large_is_refused);
	tcase_add_test(cases, a_step_that_takes_too_long_is_ended);
	tcase_add_test(cases, a_query_by_key_does_not_go_through_a_large_table);
	tcase_add_test(cases, more_than_fits_into_memory_is_not_sorted);
	tcase_add_test(cases, any_read_may_fail);
	tcase_add_test(cases, any_bytes_are_a_database_or_none);
	tcase_add_test(cases, two_databases_are_read_at_once);
	return runner_run_in_memory(suite);
}
