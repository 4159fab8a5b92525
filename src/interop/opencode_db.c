/* SPDX-License-Identifier: MIT */
#include "interop/opencode_db.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "interop/opencode_row.h"
#include "interop/piece.h"

enum {
	/* A file's times are those of the kernel's last tick, at most this long ago: two changes
	 * in one tick look alike. */
	TICK_US = 20000,
	WAIT_US = 25000,
	TRIES_MAX = 40,
	ROW_JSON_MAX = 192 << 20, /* bytes of a row with the escapes of its texts */
	FORMAT_OFFSET = 18, /* in a database: 2 if it has a log, 1 if it has a journal */
};

static int fail(const struct opencode_db *db, int rc, const char *operation)
{
	return report_errno(db->env->report, -rc, operation, db->path);
}

/* ---- Files ---- */

static int fd_of(const struct opencode_db *db, enum sqlite_file file)
{
	return file == SQLITE_LOG ? db->log_fd : db->fd;
}

static int64_t size_of(void *context, enum sqlite_file file)
{
	const struct opencode_db *db = context;
	const struct sys *sys = db->env->sys;
	struct stat found;
	int rc;

	if (fd_of(db, file) < 0)
		return 0;
	rc = sys->stat(sys->context, fd_of(db, file), &found);
	return rc < 0 ? report_code(-rc) : found.st_size;
}

static int64_t read_raw(struct opencode_db *db, int fd, void *bytes, size_t size, uint64_t offset)
{
	ssize_t got = fd >= 0 ? sys_read_some(db->env->sys, fd, bytes, size, offset) : 0;

	return got < 0 ? report_code((int)-got) : got;
}

static int64_t read_bytes(void *context, enum sqlite_file file, void *bytes, size_t size,
			  uint64_t offset)
{
	struct opencode_db *db = context;
	int64_t got = read_raw(db, fd_of(db, file), bytes, size, offset);

	if (file == SQLITE_LOG && got == (int64_t)size)
		opencode_log_mend(&db->log, offset, bytes, size);
	return got;
}

/* Opens a regular file without following a link. *ret_fd is -1 if there is none. */
static int open_file(const struct opencode_db *db, const char *suffix, int *ret_fd)
{
	const struct sys *sys = db->env->sys;
	char path[FACT_PATH_SIZE];
	size_t size = strlen(db->path);
	struct stat found;
	int fd;
	int rc;

	*ret_fd = -1;
	if (size + strlen(suffix) >= sizeof path)
		return report_fail(db->env->report, HF_ERR_INVALID, "open", "the path is too long");
	memcpy(path, db->path, size);
	text_copy(path + size, sizeof path - size, suffix);
	/* Without waiting, should it be a pipe. */
	fd = sys->open_at(sys->context, AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -ENOENT)
		return HF_OK;
	if (fd < 0 && fd != -ELOOP)
		return fail(db, fd, "open");
	if (fd < 0)
		return report_fail(db->env->report, HF_ERR_FOREIGN, "open",
				   "%s%s is a symbolic link", db->path, suffix);
	rc = sys->stat(sys->context, fd, &found);
	if (rc < 0 || !S_ISREG(found.st_mode)) {
		(void)sys->close(sys->context, fd);
		return rc < 0 ? fail(db, rc, "open")
			      : report_fail(db->env->report, HF_ERR_FOREIGN, "open",
					    "%s%s is no file", db->path, suffix);
	}
	*ret_fd = fd;
	return HF_OK;
}

static void close_file(const struct opencode_db *db, int *fd)
{
	if (*fd >= 0)
		(void)db->env->sys->close(db->env->sys->context, *fd);
	*fd = -1;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && is_same_time(a->st_mtim, b->st_mtim) &&
	       is_same_time(a->st_ctim, b->st_ctim);
}

/* Looks at the database's file; *ret_settled: it was not changed within the last tick. */
static int look(struct opencode_db *db, bool *ret_settled)
{
	const struct sys *sys = db->env->sys;
	struct stat before = db->found;
	int64_t now_us = 0;
	int64_t changed_us;
	int rc = sys->stat(sys->context, db->fd, &db->found);

	if (rc == 0)
		rc = sys->wall_time(sys->context, &now_us);
	if (rc < 0)
		return fail(db, rc, "stat");
	changed_us = (int64_t)db->found.st_ctim.tv_sec * 1000000 + db->found.st_ctim.tv_nsec / 1000;
	/* Seen before, and a wait ago: then it does not matter what the clock says. */
	*ret_settled = is_same_file(&before, &db->found) || now_us - changed_us > TICK_US;
	return HF_OK;
}

/* Whether a journal says that the database's file is half written. */
static int has_journal(struct opencode_db *db, bool *ret_has)
{
	char format = 0;
	char first = 0;
	int fd = -1;
	int rc;

	*ret_has = false;
	if (read_raw(db, db->fd, &format, 1, FORMAT_OFFSET) != 1 || format != 1)
		return HF_OK;
	rc = open_file(db, "-journal", &fd);
	if (rc == HF_OK && fd >= 0)
		*ret_has = read_raw(db, fd, &first, 1, 0) == 1 && first != 0;
	close_file(db, &fd);
	return rc;
}

static void close_all(struct opencode_db *db)
{
	sqlite_close(db->sqlite);
	db->sqlite = NULL;
	close_file(db, &db->fd);
	close_file(db, &db->log_fd);
	db->found = (struct stat){ 0 };
}

/* Opens both files; *ret_ready: they stand still. */
static int open_files(struct opencode_db *db, bool *ret_ready)
{
	bool has = false;
	int rc = HF_OK;

	if (db->fd < 0)
		rc = open_file(db, "", &db->fd);
	if (rc == HF_OK && db->fd < 0)
		rc = report_fail(db->env->report, HF_ERR_NOTFOUND, "open", "%s", db->path);
	if (rc == HF_OK)
		rc = look(db, ret_ready);
	if (rc == HF_OK)
		rc = has_journal(db, &has);
	*ret_ready &= !has;
	return rc;
}

/* What the index beside the log says of it, as far as it can be believed. */
static void begin_log(struct opencode_db *db)
{
	char index[OPENCODE_INDEX_HEAD];
	int64_t size = 0;
	int fd = -1;

	if (!db->is_strict && open_file(db, "-shm", &fd) == HF_OK)
		size = read_raw(db, fd, index, sizeof index, 0);
	close_file(db, &fd);
	opencode_log_begin(&db->log, (struct hf_slice){ db->log_head, db->log_head_size },
			   (struct hf_slice){ index, size > 0 ? (size_t)size : 0 });
}

/* After the database, never before: see opencode_db.h. */
static int open_log(struct opencode_db *db)
{
	int64_t size;
	int rc = open_file(db, "-wal", &db->log_fd);

	if (rc != HF_OK)
		return rc;
	size = read_raw(db, db->log_fd, db->log_head, sizeof db->log_head, 0);
	if (size < 0)
		return (int)size;
	db->log_head_size = (size_t)size;
	begin_log(db);
	return HF_OK;
}

static int open_all(struct opencode_db *db)
{
	const struct sys *sys = db->env->sys;
	bool is_ready = false;
	int rc = HF_OK;

	close_all(db);
	for (int i = 0; rc == HF_OK && !is_ready; i++) {
		if (i == TRIES_MAX)
			return report_fail(db->env->report, HF_ERR_BUSY, "open",
					   "%s is being written, or was when its program ended",
					   db->path);
		if (i > 0)
			(void)sys->sleep(sys->context, WAIT_US);
		rc = open_files(db, &is_ready);
	}
	if (rc == HF_OK)
		rc = open_log(db);
	return rc == HF_OK ? sqlite_open(&db->files, db->env->report, &db->sqlite) : rc;
}

/* Whether all that was read since the files were opened belongs to one state. */
static bool is_unchanged(struct opencode_db *db)
{
	const struct sys *sys = db->env->sys;
	char head[OPENCODE_LOG_HEAD];
	struct stat found;

	if (sys->stat(sys->context, db->fd, &found) < 0 || !is_same_file(&found, &db->found))
		return false;
	return read_raw(db, db->log_fd, head, sizeof head, 0) == (int64_t)db->log_head_size &&
	       memcmp(head, db->log_head, db->log_head_size) == 0;
}

/* ---- Queries ---- */

/* One way through the rows of a query, from the one after *given on. */
struct pass {
	const struct opencode_query *query;
	opencode_row_fn row;
	void *context;
	uint64_t given; /* rows, over all passes */
	bool is_stale;  /* the files have changed */
	bool is_final;  /* the code is that of row */
};

static int give_rows(struct opencode_db *db, struct pass *pass, struct sqlite_rows *rows)
{
	uint64_t skip = pass->given;
	bool more = true;
	int rc = HF_OK;

	while (rc == HF_OK && more) {
		bool has_key = false;

		rc = sqlite_next(rows, &more);
		if (rc == HF_OK && more && skip > 0) {
			skip--;
			continue;
		}
		if (rc == HF_OK && more)
			rc = opencode_row_json(rows, &db->row);
		if (rc == HF_OK && more)
			rc = opencode_row_key(rows, pass->query->key, &db->key, &has_key);
		pass->is_stale = !is_unchanged(db);
		if (rc != HF_OK || !more || pass->is_stale)
			return rc;
		pass->given++;
		rc = has_key ? pass->row(pass->context, db) : HF_OK;
		pass->is_final = rc != HF_OK;
	}
	return rc;
}

static int run_pass(struct opencode_db *db, struct pass *pass)
{
	struct sqlite_rows rows = { 0 };
	int rc = sqlite_query(db->sqlite, pass->query->sql, pass->query->text, &rows);

	if (rc != HF_OK) {
		pass->is_stale = !is_unchanged(db);
		return rc == HF_ERR_FOREIGN && pass->query->is_optional ? HF_OK : rc;
	}
	rc = give_rows(db, pass, &rows);
	sqlite_end(&rows);
	return rc;
}

/* Mended frames may hold any bytes. If they turn out to be no database, it is read without. */
static bool give_up_mended(struct opencode_db *db, int rc)
{
	if (rc != HF_ERR_FOREIGN || db->log.mended == 0 || db->is_strict)
		return false;
	db->is_strict = true;
	return true;
}

int opencode_db_each(struct opencode_db *db, const struct opencode_query *query,
		     opencode_row_fn row, void *context)
{
	struct pass pass = { .query = query, .row = row, .context = context };
	uint64_t before = 0;
	int tries = 0;
	int rc = run_pass(db, &pass);

	while (!pass.is_final && (pass.is_stale || give_up_mended(db, rc))) {
		tries = pass.given > before ? 0 : tries + 1;
		before = pass.given;
		if (tries == TRIES_MAX)
			return report_fail(db->env->report, HF_ERR_BUSY, "read",
					   "%s is written all the time", db->path);
		pass.is_stale = false;
		rc = open_all(db);
		if (rc != HF_OK)
			return rc;
		rc = run_pass(db, &pass);
	}
	if (pass.is_final || rc == HF_OK || rc == HF_ERR_NOMEM)
		return rc;
	if (rc == HF_ERR_RECORD_SIZE)
		return report_fail(db->env->report, rc, "read", "a row in %s is too large", db->path);
	return report_fail(db->env->report, rc, "read", "%s: %s", db->path,
			   sqlite_why(db->sqlite));
}

/* ---- Opening ---- */

static int check_tables(struct opencode_db *db)
{
	static const char *const names[] = { "session", "message", "part" };
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < sizeof names / sizeof names[0]; i++) {
		bool has = false;

		rc = sqlite_has_table(db->sqlite, names[i], &has);
		if (rc == HF_OK && !has)
			rc = HF_ERR_FOREIGN;
	}
	return rc;
}

int opencode_db_open(struct opencode_db *db, const struct import_env *env, const char *path)
{
	int rc = HF_OK;

	*db = (struct opencode_db){
		.env = env,
		.path = path,
		.fd = -1,
		.log_fd = -1,
		.files = { .context = db, .size = size_of, .read = read_bytes },
		.row = BUFFER_INIT(ROW_JSON_MAX),
		.key = BUFFER_INIT(PIECE_SIZE_MAX),
	};
	for (int i = 0; i < TRIES_MAX; i++) {
		rc = open_all(db);
		if (rc != HF_OK)
			return rc;
		rc = check_tables(db);
		if (rc == HF_ERR_NOMEM || (is_unchanged(db) && !give_up_mended(db, rc)))
			break;
	}
	if (rc == HF_ERR_FOREIGN)
		return report_fail(env->report, rc, "open", "%s is no database of OpenCode", path);
	return rc;
}

void opencode_db_close(struct opencode_db *db)
{
	close_all(db);
	buffer_release(&db->row);
	buffer_release(&db->key);
}
