/* SPDX-License-Identifier: MIT */
/*
 * What the tests of OpenCode's formats share: sessions are read as an import does, row by
 * row, with the pieces and views kept; and databases are made with the SQLite library
 * itself, which the code under test uses for nothing but reading.
 */
#ifndef UNIT_OPENCODE_FIXTURE_H
#define UNIT_OPENCODE_FIXTURE_H

#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interop/fact.h"
#include "interop/import.h"
#include "lib/scratch.h"
#include "reader_fixture.h"

/* A piece that was given. */
struct kept_piece {
	char *key;
	char *bytes; /* with a NUL behind them */
	size_t size;
	enum piece_state state;
	bool has_more;
};

struct fixture {
	struct scratch scratch;
	struct report report;
	struct hf_import_options options;
	struct import_env env;
	struct reading reading;
	struct kept_piece *pieces;
	size_t count;
	unsigned warnings;
	/* Called before each piece is taken; NULL: nothing is. */
	void (*before)(struct fixture *f, const struct piece *piece);
	char ids[64][64];  /* of the sessions that were found */
	size_t id_count;
	char path[400];    /* of the database or folder */
};

/* ---- Files ---- */

static inline int data_fd(void)
{
	char path[1024];
	int fd;

	data_path(path, sizeof path, "", "");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

/* Copies a file or folder of tests/data into the scratch directory. */
static inline void fixture_copy(struct fixture *f, const char *from, const char *to)
{
	int fd = data_fd();

	scratch_copy(fd, from, f->scratch.fd, to);
	close(fd);
}

static inline void fixture_copy_database(struct fixture *f)
{
	fixture_copy(f, "opencode/opencode.db", "opencode.db");
	fixture_copy(f, "opencode/opencode.db-wal", "opencode.db-wal");
	fixture_copy(f, "opencode/opencode.db-shm", "opencode.db-shm");
}

static inline void fixture_log(void *context, enum hf_log_level level, const char *message)
{
	struct fixture *f = context;

	(void)message;
	f->warnings += level == HF_LOG_WARNING;
}

static inline void fixture_open(struct fixture *f, const char *name)
{
	memset(f, 0, sizeof *f);
	f->scratch = scratch_open();
	f->report = report_make(fixture_log, f);
	f->env = (struct import_env){ .sys = sys_posix(), .report = &f->report,
				      .options = &f->options };
	(void)snprintf(f->path, sizeof f->path, "%s/%s", f->scratch.path, name);
}

/* ---- Reading ---- */

static inline void fixture_forget(struct fixture *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->pieces[i].key);
		free(f->pieces[i].bytes);
	}
	free(f->pieces);
	f->pieces = NULL;
	f->count = 0;
	if (f->reading.reader != NULL)
		reading_close(&f->reading);
	f->reading = (struct reading){ 0 };
}

static inline void fixture_close(struct fixture *f)
{
	fixture_forget(f);
	scratch_close(&f->scratch);
}

static inline int fixture_piece(void *context, const struct piece *piece)
{
	struct fixture *f = context;
	struct kept_piece *kept;

	if (f->before != NULL)
		f->before(f, piece);
	f->pieces = realloc(f->pieces, (f->count + 1) * sizeof *f->pieces);
	ck_assert_ptr_nonnull(f->pieces);
	kept = &f->pieces[f->count++];
	ck_assert_int_eq(piece->role, PIECE_ROW);
	ck_assert_uint_lt(strlen(piece->key), PIECE_KEY_MAX);
	*kept = (struct kept_piece){ strdup(piece->key), malloc(piece->bytes.size + 1),
				     piece->bytes.size, piece->state, piece->has_more };
	memcpy(kept->bytes, piece->bytes.data, piece->bytes.size);
	kept->bytes[piece->bytes.size] = '\0';
	return f->reading.reader->read(f->reading.state, piece, &f->reading.writer);
}

/* Reads one session; what was read before is forgotten. */
static inline int fixture_read(struct fixture *f, const struct format *format, const char *foreign)
{
	fixture_forget(f);
	f->reading = (struct reading){ .env = &f->env, .reader = format->reader };
	f->reading.writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						     .take = take_view,
						     .context = &f->reading };
	ck_assert_int_eq(format->reader->begin(&f->env, f->path, &f->reading.state), HF_OK);
	return format->reader->rows(&f->env, f->path, foreign, fixture_piece, f);
}

static inline int fixture_session(void *context, const char *path, const char *foreign)
{
	struct fixture *f = context;

	ck_assert_str_eq(path, f->path);
	ck_assert_uint_lt(f->id_count, 64);
	ck_assert_uint_lt(strlen(foreign), 64);
	strcpy(f->ids[f->id_count++], foreign);
	return HF_OK;
}

/* Lists the sessions. */
static inline int fixture_sessions(struct fixture *f, const struct format *format)
{
	f->id_count = 0;
	return format->reader->sessions(&f->env, f->path, fixture_session, f);
}

static inline const struct kept_piece *fixture_find(const struct fixture *f, const char *key)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->pieces[i].key, key) == 0)
			return &f->pieces[i];
	}
	ck_abort_msg("no piece %s", key);
}

/* The view of the message with an id; the newest if there are several. */
static inline const struct view *fixture_view(const struct fixture *f, const char *id)
{
	for (size_t i = f->reading.count; i-- > 0;) {
		if (says(view_slice(&f->reading.views[i]), "id", id))
			return &f->reading.views[i];
	}
	ck_abort_msg("no view %s", id);
}

/* ---- Counts ---- */

/* Compares what was read with what another program has counted. */
static inline void fixture_expect(struct fixture *f, struct hf_slice session)
{
	struct tally tally = { 0 };
	struct session_facts facts = reading_facts(&f->reading);
	struct hf_slice counts;
	char text[512];
	size_t errors = 0;
	size_t answers = 0;

	for (size_t i = 0; i < f->reading.count; i++) {
		struct hf_slice view = view_slice(&f->reading.views[i]);

		answers += !f->reading.views[i].is_aside && says(view, "role", "assistant");
		if (has(view, "error"))
			errors++;
		else
			tally_view(&tally, &f->reading.views[i]);
	}
	ck_assert(get(session, "in_files", &counts));
	ck_assert_uint_eq(tally.users, number(counts, "user_prompts"));
	ck_assert_uint_eq(answers, number(counts, "assistant_messages"));
	ck_assert_uint_eq(tally.texts + tally.summaries, number(counts, "texts"));
	ck_assert_uint_eq(tally.calls, number(counts, "tool_calls"));
	ck_assert_uint_eq(tally.results, number(counts, "tool_results"));
	ck_assert_uint_eq(tally.reasoning, number(counts, "reasoning"));
	ck_assert_uint_eq(tally.summaries, number(counts, "summary_messages"));
	ck_assert_uint_eq(errors, number(counts, "error_messages"));
	text_of(session, "first_user_text", text, sizeof text);
	ck_assert_str_eq(tally.first, text);
	text_of(session, "cwd", text, sizeof text);
	ck_assert_slice(facts.project, text);
	text_of(session, "agent_version", text, sizeof text);
	ck_assert_slice(facts.version, text);
	ck_assert(get(session, "session_start_in_file", &counts));
	ck_assert_int_eq(facts.created_us, fact_time(counts));
}

/* Reads all sessions of expected.json and compares each; returns how many there are. */
static inline size_t fixture_expect_all(struct fixture *f, const struct format *format,
					const char *expected)
{
	size_t size;
	size_t count = 0;
	size_t position = 0;
	char *bytes = slurp(expected, &size);
	struct hf_slice sessions;
	struct hf_slice session;
	char id[64];

	ck_assert(get((struct hf_slice){ bytes, size }, "sessions", &sessions));
	for (; hf_json_next(sessions, &position, NULL, &session); count++) {
		text_of(session, "session_id", id, sizeof id);
		ck_assert_int_eq(fixture_read(f, format, id), HF_OK);
		fixture_expect(f, session);
	}
	free(bytes);
	return count;
}

/* ---- Making databases ---- */

struct maker {
	void *library;
	sqlite3 *database;
	__typeof__(&sqlite3_exec) exec;
	__typeof__(&sqlite3_close) close;
};

static inline void maker_open(struct maker *maker, const char *path)
{
	__typeof__(&sqlite3_open) open_database;

	maker->library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL);
	ck_assert_ptr_nonnull(maker->library);
	*(void **)&open_database = dlsym(maker->library, "sqlite3_open");
	*(void **)&maker->exec = dlsym(maker->library, "sqlite3_exec");
	*(void **)&maker->close = dlsym(maker->library, "sqlite3_close");
	ck_assert_int_eq(open_database(path, &maker->database), SQLITE_OK);
}

static inline void maker_do(struct maker *maker, const char *sql)
{
	char *why = NULL;
	int rc = maker->exec(maker->database, sql, NULL, NULL, &why);

	ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, why);
}

static inline void maker_close(struct maker *maker)
{
	ck_assert_int_eq(maker->close(maker->database), SQLITE_OK);
	dlclose(maker->library);
}

/* Runs statements on the database at a path. */
static inline void make(const char *path, const char *sql)
{
	struct maker maker;

	maker_open(&maker, path);
	maker_do(&maker, sql);
	maker_close(&maker);
}

/* The tables that a database of OpenCode has at least. */
#define TABLES                                                                                   \
	"CREATE TABLE session(id text PRIMARY KEY, parent_id text, directory text, title text,"      \
	" version text, revert text, time_created integer);"                                         \
	"CREATE TABLE message(id text PRIMARY KEY, session_id text, time_created integer, data text);" \
	"CREATE TABLE part(id text PRIMARY KEY, message_id text, session_id text, data text);"       \
	"CREATE INDEX a ON message(session_id, time_created, id);"                                   \
	"CREATE INDEX b ON part(message_id, id);"

#endif
