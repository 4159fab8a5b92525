/* SPDX-License-Identifier: MIT */
/*
 * OpenCode's database (from 1.2): one SQLite file for all sessions, with a log (-wal) that
 * holds what is newest. A piece is a row: opencode_rows.h has their order, opencode_row.h their
 * bytes, opencode_db.h how a database is read that somebody else may be writing.
 *
 * What of the database belongs to a session, and is kept: its rows of session, message, part,
 * todo, session_message, session_input and session_context_epoch. What is not:
 *
 * - event: every state that a message or part ever had, for the synchronisation between
 *   machines. In a real database its 6.4 MB say what the 4.4 MB of messages and parts say.
 * - session_share: the secret with which a published session can be changed. account,
 *   credential, permission and the like: they are nobody else's business.
 * - project and workspace, which many sessions share.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "interop/fact.h"
#include "interop/opencode_db.h"
#include "interop/opencode_message.h"
#include "interop/opencode_rows.h"

/* ---- Ids ---- */

/* Ids that were read before anything is done with them, each with its NUL. */
struct ids {
	struct buffer text;
	const char **list; /* by settle_ids: each id once, in the order of the text */
	size_t count;
};

static int add_id(void *context, struct opencode_db *db)
{
	struct ids *ids = context;

	ids->count++;
	return buffer_put(&ids->text, db->key.data, db->key.size);
}

static int compare_places(const void *a, const void *b)
{
	const char *one = *(const char *const *)a;
	const char *other = *(const char *const *)b;

	return (one > other) - (one < other);
}

/* By text, and of equal ones by place. */
static int compare_ids(const void *a, const void *b)
{
	int order = strcmp(*(const char *const *)a, *(const char *const *)b);

	return order != 0 ? order : compare_places(a, b);
}

/* Lists the ids. A hostile table can have an id as often as it likes: all rows of an id are
 * given with it at once, so the square of them would be given were it taken each time. */
static int settle_ids(struct ids *ids)
{
	const char *at = ids->text.data;
	size_t kept = 0;

	ids->list = mem_new(ids->count + 1, sizeof *ids->list);
	if (ids->list == NULL)
		return HF_ERR_NOMEM;
	for (size_t i = 0; i < ids->count; i++) {
		ids->list[i] = at;
		at += strlen(at) + 1;
	}
	qsort(ids->list, ids->count, sizeof *ids->list, compare_ids);
	for (size_t i = 0; i < ids->count; i++) {
		if (kept == 0 || strcmp(ids->list[kept - 1], ids->list[i]) != 0)
			ids->list[kept++] = ids->list[i];
	}
	qsort(ids->list, kept, sizeof *ids->list, compare_places);
	ids->count = kept;
	return HF_OK;
}

static void release_ids(struct ids *ids)
{
	buffer_release(&ids->text);
	mem_free(ids->list);
}

/* ---- One session ---- */

struct giving {
	struct opencode_rows rows;
	struct opencode_db db;
	const char *kind;  /* of the rows that are given */
	uint64_t found;    /* rows of that kind */
};

static int give_session(void *context, struct opencode_db *db)
{
	struct giving *giving = context;

	giving->found++;
	return opencode_give_session(&giving->rows,
				     (struct hf_slice){ db->row.data, db->row.size });
}

static int give_row(void *context, struct opencode_db *db)
{
	struct giving *giving = context;

	giving->found++;
	return opencode_give(&giving->rows, giving->kind, db->key.size > 0 ? db->key.data : NULL,
			     (struct hf_slice){ db->row.data, db->row.size });
}

static int give_kind(struct giving *giving, const char *kind, const struct opencode_query *query)
{
	giving->kind = kind;
	giving->found = 0;
	return opencode_db_each(&giving->db, query, give_row, giving);
}

static int give_message(struct giving *giving, const char *id)
{
	const struct opencode_query message = {
		.sql = "SELECT * FROM message WHERE id=?1", .text = id, .key = "id",
	};
	const struct opencode_query parts = {
		.sql = "SELECT * FROM part WHERE message_id=?1 ORDER BY id", .text = id, .key = "id",
	};
	int rc = give_kind(giving, "message", &message);

	if (rc != HF_OK || giving->found == 0) /* removed meanwhile */
		return rc;
	rc = give_kind(giving, "part", &parts);
	return rc == HF_OK ? opencode_give_view(&giving->rows, id) : rc;
}

static int give_messages(struct giving *giving, const char *session)
{
	/* As OpenCode lists them. The index is in that order: nothing is sorted. */
	const struct opencode_query query = {
		.sql = "SELECT id FROM message WHERE session_id=?1 ORDER BY time_created, id",
		.text = session,
		.key = "id",
	};
	struct ids ids = { .text = BUFFER_INIT(OPENCODE_IDS_MAX) };
	int rc = opencode_db_each(&giving->db, &query, add_id, &ids);

	if (rc == HF_OK)
		rc = settle_ids(&ids);
	for (size_t i = 0; rc == HF_OK && i < ids.count; i++)
		rc = give_message(giving, ids.list[i]);
	release_ids(&ids);
	return rc;
}

/* What versions may or may not have. */
static int give_rest(struct giving *giving, const char *session)
{
	static const struct {
		const char *kind;
		const char *sql;
		const char *key;
	} tables[] = {
		{ "todo", "SELECT * FROM todo WHERE session_id=?1 ORDER BY position", "position" },
		{ "session_message",
		  "SELECT * FROM session_message WHERE session_id=?1 ORDER BY seq", "id" },
		{ "session_input",
		  "SELECT * FROM session_input WHERE session_id=?1 ORDER BY admitted_seq", "id" },
		{ "session_context_epoch",
		  "SELECT * FROM session_context_epoch WHERE session_id=?1", NULL },
	};
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < sizeof tables / sizeof tables[0]; i++) {
		const struct opencode_query query = { tables[i].sql, session, tables[i].key, true };

		rc = give_kind(giving, tables[i].kind, &query);
	}
	return rc;
}

static int rows(const struct import_env *env, const char *path, const char *foreign, piece_fn each,
		void *context)
{
	const struct opencode_query query = {
		.sql = "SELECT * FROM session WHERE id=?1", .text = foreign, .key = "id",
	};
	struct giving giving = { .found = 0 };
	int rc = opencode_db_open(&giving.db, env, path);

	opencode_rows_begin(&giving.rows, each, context);
	if (rc == HF_OK)
		rc = opencode_db_each(&giving.db, &query, give_session, &giving);
	if (rc == HF_OK && giving.found > 0)
		rc = give_messages(&giving, foreign);
	if (rc == HF_OK && giving.rows.index > 0)
		rc = give_rest(&giving, foreign);
	opencode_rows_end(&giving.rows);
	opencode_db_close(&giving.db);
	return rc;
}

/* ---- All sessions ---- */

static int sessions(const struct import_env *env, const char *path, source_fn each, void *context)
{
	/* Ids of sessions fall with time: the oldest comes first, and forks behind their origin. */
	const struct opencode_query query = {
		.sql = "SELECT id FROM session ORDER BY id DESC", .key = "id",
	};
	struct ids ids = { .text = BUFFER_INIT(OPENCODE_IDS_MAX) };
	struct opencode_db db;
	int rc = opencode_db_open(&db, env, path);

	if (rc == HF_OK)
		rc = opencode_db_each(&db, &query, add_id, &ids);
	if (rc == HF_OK && db.log.mended > 0)
		report_log(env->report, HF_LOG_WARNING,
			   "%s-wal: %u frames do not have their checksum; they are read because the "
			   "-shm file counts them", path, db.log.mended);
	if (rc == HF_OK)
		rc = settle_ids(&ids);
	/* It stays open, so that the library is loaded once for all of them. */
	for (size_t i = 0; rc == HF_OK && i < ids.count; i++)
		rc = each(context, path, ids.list[i]);
	release_ids(&ids);
	opencode_db_close(&db);
	return rc;
}

/* ---- Where ---- */

static bool ends_in(const char *name, const char *end)
{
	size_t size = strlen(name);

	return size >= strlen(end) && strcmp(name + size - strlen(end), end) == 0;
}

/* "opencode.db", or "opencode-CHANNEL.db" of a version that is no release. */
static bool is_our_name(const char *name)
{
	return strncmp(name, "opencode", 8) == 0 && (name[8] == '.' || name[8] == '-') &&
	       ends_in(name, ".db");
}

/* Any database may be one of OpenCode: its tables are described somewhere in it, or only in
 * the log yet. sessions() finds out. */
static int detect(const struct probe *probe)
{
	static const char magic[16] = "SQLite format 3";

	if (probe->start.size < sizeof magic ||
	    memcmp(probe->start.data, magic, sizeof magic) != 0)
		return 0;
	return is_our_name(probe->name) ? 90 : 10;
}

struct channels {
	struct buffer names; /* "/opencode/NAME", each with its NUL */
	int rc;
};

static bool add_channel(void *context, const char *name)
{
	struct channels *channels = context;

	if (is_our_name(name)) {
		channels->rc = buffer_put_text(&channels->names, "/opencode/");
		if (channels->rc == HF_OK)
			channels->rc = buffer_put(&channels->names, name, strlen(name) + 1);
	}
	return channels->rc == HF_OK;
}

/* Gives the databases of all channels in OpenCode's folder. */
static int give_channels(const struct import_env *env, const char *home, source_fn each,
			 void *context)
{
	const struct sys *sys = env->sys;
	struct channels channels = { BUFFER_INIT(1 << 20), HF_OK };
	char path[FACT_PATH_SIZE];
	size_t size = strlen(home);
	int fd;

	if (size + sizeof "/opencode" > sizeof path)
		return HF_OK;
	memcpy(path, home, size);
	memcpy(path + size, "/opencode", sizeof "/opencode");
	fd = sys->open_at(sys->context, AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return HF_OK;
	(void)sys->each_name(sys->context, fd, add_channel, &channels);
	(void)sys->close(sys->context, fd);
	for (size_t at = 0; channels.rc == HF_OK && at < channels.names.size;) {
		const char *below = channels.names.data + at;

		at += strlen(below) + 1;
		channels.rc = fact_place(env, home, below, each, context);
	}
	buffer_release(&channels.names);
	return channels.rc;
}

/* OPENCODE_DB names the database: a path, or one below OpenCode's folder. */
static int places(const struct import_env *env, source_fn each, void *context)
{
	const char *name = fact_variable("OPENCODE_DB");
	char home[FACT_PATH_SIZE];
	size_t size;

	if (name != NULL && strcmp(name, ":memory:") == 0)
		return HF_OK;
	if (name != NULL && name[0] == '/')
		return fact_place(env, "", name, each, context);
	if (!fact_home("XDG_DATA_HOME", "/.local/share", home))
		return HF_OK;
	if (name == NULL || name[0] == '\0')
		return give_channels(env, home, each, context);
	size = strlen(home);
	if (size + sizeof "/opencode/" > sizeof home)
		return HF_OK;
	memcpy(home + size, "/opencode/", sizeof "/opencode/");
	return fact_place(env, home, name, each, context);
}

/* ---- The format ---- */

static const struct format_reader reader = {
	.shape = FORMAT_ROWS,
	.detect = detect,
	.begin = opencode_begin_database,
	.end = opencode_end,
	.read = opencode_read,
	.facts = opencode_facts,
	.sessions = sessions,
	.rows = rows,
	.places = places,
};

const struct format format_opencode = {
	.about = {
		.name = "opencode",
		.title = "OpenCode",
		.can_import = true,
		.places = "$OPENCODE_DB, $XDG_DATA_HOME/opencode/opencode.db, "
			  "~/.local/share/opencode/opencode.db",
		.suffix = "",
	},
	.reader = &reader,
};
