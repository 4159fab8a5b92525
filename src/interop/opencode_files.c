/* SPDX-License-Identifier: MIT */
/*
 * OpenCode's older folder of files (to 1.1): "storage", with one JSON file for each session,
 * message and part.
 *
 *     session/<project>/<session>.json    message/<session>/<message>.json
 *     part/<message>/<part>.json          session_diff/<session>.json    todo/<session>.json
 *
 * A piece's bytes are a file's. All file names can be had from its key and from the ids in
 * it. Ids are taken from the names, as OpenCode does, and rise with time, so that their order
 * is the order of the messages. session_share/<session>.json holds the secret with which a
 * published session can be changed; it is left where it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/import.h"
#include "interop/opencode_message.h"
#include "interop/opencode_rows.h"

enum { DIRECTORY = O_RDONLY | O_DIRECTORY | O_NOFOLLOW };

/* The files of one session. */
struct folder {
	const struct import_env *env;
	int fd;                /* of "storage" */
	struct opencode_rows rows;
	struct buffer bytes;   /* of one file */
};

/* ---- Names ---- */

struct names {
	struct buffer text; /* each with its NUL */
	const char **list;  /* sorted */
	size_t count;
	bool are_files;     /* only names that end in ".json", without it */
	int rc;
};

static void names_release(struct names *names)
{
	buffer_release(&names->text);
	mem_free(names->list);
}

static bool add_name(void *context, const char *name)
{
	struct names *names = context;
	size_t size = strlen(name);

	/* Files that are being written begin with a dot. */
	if (name[0] == '.')
		return true;
	if (names->are_files) {
		if (size <= 5 || strcmp(name + size - 5, ".json") != 0)
			return true;
		size -= 5;
	}
	names->rc = buffer_put(&names->text, name, size);
	if (names->rc == HF_OK)
		names->rc = buffer_put(&names->text, "", 1);
	names->count += names->rc == HF_OK;
	return names->rc == HF_OK;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int sort_names(struct names *names)
{
	const char *at = names->text.data;

	names->list = mem_new(names->count + 1, sizeof *names->list);
	if (names->list == NULL)
		return HF_ERR_NOMEM;
	for (size_t i = 0; i < names->count; i++) {
		names->list[i] = at;
		at += strlen(at) + 1;
	}
	qsort(names->list, names->count, sizeof *names->list, compare_names);
	return HF_OK;
}

static int fail(const struct folder *folder, int rc, const char *subject)
{
	return report_errno(folder->env->report, -rc, "open", subject);
}

/* The sorted names in a directory. */
static int read_names(const struct folder *folder, int dir_fd, bool are_files,
		      struct names *names)
{
	const struct sys *sys = folder->env->sys;
	int rc;

	*names = (struct names){ .text = BUFFER_INIT(OPENCODE_IDS_MAX), .are_files = are_files };
	rc = sys->each_name(sys->context, dir_fd, add_name, names);
	if (rc < 0)
		return fail(folder, rc, "a folder of OpenCode");
	return names->rc == HF_OK ? sort_names(names) : names->rc;
}

/* ---- Opening ---- */

/* Opens a folder below another; *ret_fd is -1 if it is not there or a link. */
static int open_folder(const struct folder *folder, int dir_fd, const char *name, int *ret_fd)
{
	const struct sys *sys = folder->env->sys;
	int fd = sys->open_at(sys->context, dir_fd, name, DIRECTORY, 0);

	*ret_fd = fd < 0 ? -1 : fd;
	if (fd >= 0 || fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return HF_OK;
	return fail(folder, fd, name);
}

static void close_fd(const struct folder *folder, int fd)
{
	if (fd >= 0)
		(void)folder->env->sys->close(folder->env->sys->context, fd);
}

/* Opens folder/id; *ret_fd is -1 if it is not there. */
static int open_below(const struct folder *folder, const char *name, const char *id, int *ret_fd)
{
	int outer = -1;
	int rc = open_folder(folder, folder->fd, name, &outer);

	*ret_fd = -1;
	if (rc == HF_OK && outer >= 0)
		rc = open_folder(folder, outer, id, ret_fd);
	close_fd(folder, outer);
	return rc;
}

/* ---- Files ---- */

/* Gives a file too large to be looked into, block by block. */
static int give_blocks(struct folder *folder, int fd, const char *kind, const char *id)
{
	const struct sys *sys = folder->env->sys;
	uint64_t offset = 0;
	bool more = true;
	int rc = HF_OK;

	while (rc == HF_OK && more) {
		char probe;
		struct hf_slice block = { folder->bytes.data, 0 };
		ssize_t size = sys_read_some(sys, fd, folder->bytes.data, PIECE_PART_SIZE, offset);
		ssize_t next = size < 0 ? size : sys_read_some(sys, fd, &probe, 1,
							       offset + (uint64_t)size);

		if (next < 0)
			return fail(folder, (int)next, kind);
		more = next > 0;
		block.size = (size_t)size;
		rc = opencode_give_block(&folder->rows, kind, id, block, offset, more);
		offset += (uint64_t)size;
	}
	return rc;
}

static int give_bytes(struct folder *folder, int fd, const char *kind, const char *id)
{
	const struct sys *sys = folder->env->sys;
	struct stat found;
	ssize_t size;
	int rc = sys->stat(sys->context, fd, &found);

	if (rc < 0)
		return fail(folder, rc, kind);
	if (!S_ISREG(found.st_mode))
		return HF_OK;
	folder->bytes.size = 0;
	/* One more, to see that there is none. */
	rc = buffer_reserve(&folder->bytes, found.st_size > PIECE_SIZE_MAX
						    ? (size_t)PIECE_PART_SIZE
						    : (size_t)found.st_size + 1);
	if (rc != HF_OK)
		return rc;
	if (found.st_size > PIECE_SIZE_MAX)
		return give_blocks(folder, fd, kind, id);
	size = sys_read_some(sys, fd, folder->bytes.data, (size_t)found.st_size, 0);
	if (size < 0)
		return fail(folder, (int)size, kind);
	folder->bytes.size = (size_t)size;
	if (strcmp(kind, "session") == 0)
		return opencode_give_session(&folder->rows, (struct hf_slice){ folder->bytes.data,
									       folder->bytes.size });
	return opencode_give(&folder->rows, kind, id,
			     (struct hf_slice){ folder->bytes.data, folder->bytes.size });
}

/* Gives dir_fd/<id>.json, if it is there, with the key "kind", or "kind/id" if is_many. */
static int give_file(struct folder *folder, int dir_fd, const char *kind, const char *id,
		     bool is_many)
{
	const struct sys *sys = folder->env->sys;
	char name[300];
	size_t size = strlen(id);
	int fd;
	int rc;

	if (size + sizeof ".json" > sizeof name)
		return HF_OK;
	memcpy(name, id, size);
	memcpy(name + size, ".json", sizeof ".json");
	/* Without waiting, should it be a pipe. */
	fd = sys->open_at(sys->context, dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd == -ENOENT || fd == -ELOOP)
		return HF_OK; /* removed since its name was read; or a link */
	if (fd < 0)
		return fail(folder, fd, kind);
	rc = give_bytes(folder, fd, kind, is_many ? id : NULL);
	close_fd(folder, fd);
	return rc;
}

static int give_message(struct folder *folder, int dir_fd, const char *id)
{
	struct names parts = { 0 };
	int parts_fd = -1;
	int rc = give_file(folder, dir_fd, "message", id, true);

	if (rc == HF_OK)
		rc = open_below(folder, "part", id, &parts_fd);
	if (rc == HF_OK && parts_fd >= 0)
		rc = read_names(folder, parts_fd, true, &parts);
	for (size_t i = 0; rc == HF_OK && i < parts.count; i++)
		rc = give_file(folder, parts_fd, "part", parts.list[i], true);
	if (rc == HF_OK)
		rc = opencode_give_view(&folder->rows, id);
	names_release(&parts);
	close_fd(folder, parts_fd);
	return rc;
}

static int give_messages(struct folder *folder, const char *session)
{
	struct names messages = { 0 };
	int fd = -1;
	int rc = open_below(folder, "message", session, &fd);

	if (rc == HF_OK && fd >= 0)
		rc = read_names(folder, fd, true, &messages);
	for (size_t i = 0; rc == HF_OK && i < messages.count; i++)
		rc = give_message(folder, fd, messages.list[i]);
	names_release(&messages);
	close_fd(folder, fd);
	return rc;
}

static int give_one(struct folder *folder, const char *below, const char *kind,
		    const char *session)
{
	int fd = -1;
	int rc = open_folder(folder, folder->fd, below, &fd);

	if (rc == HF_OK && fd >= 0)
		rc = give_file(folder, fd, kind, session, false);
	close_fd(folder, fd);
	return rc;
}

/* ---- Sessions ---- */

static int open_storage(const struct import_env *env, const char *path, struct folder *folder)
{
	const struct sys *sys = env->sys;
	int fd = sys->open_at(sys->context, AT_FDCWD, path, DIRECTORY, 0);

	*folder = (struct folder){ .env = env, .fd = fd, .bytes = BUFFER_INIT(PIECE_SIZE_MAX + 1) };
	return fd < 0 ? fail(folder, fd, path) : HF_OK;
}

/* Gives the session's file: each project has a folder for its sessions. */
static int give_session(struct folder *folder, const char *session)
{
	struct names projects = { 0 };
	int outer = -1;
	int rc = open_folder(folder, folder->fd, "session", &outer);

	if (rc == HF_OK && outer >= 0)
		rc = read_names(folder, outer, false, &projects);
	for (size_t i = 0; rc == HF_OK && folder->rows.index == 0 && i < projects.count; i++) {
		int fd = -1;

		rc = open_folder(folder, outer, projects.list[i], &fd);
		if (rc == HF_OK && fd >= 0)
			rc = give_file(folder, fd, "session", session, false);
		close_fd(folder, fd);
	}
	names_release(&projects);
	close_fd(folder, outer);
	return rc;
}

static int rows(const struct import_env *env, const char *path, const char *foreign, piece_fn each,
		void *context)
{
	struct folder folder;
	int rc = open_storage(env, path, &folder);

	if (rc != HF_OK)
		return rc;
	opencode_rows_begin(&folder.rows, each, context);
	if (foreign[0] == '\0' || foreign[0] == '.' || strchr(foreign, '/') != NULL)
		rc = report_fail(env->report, HF_ERR_INVALID, "import", "no id of a session");
	if (rc == HF_OK)
		rc = give_session(&folder, foreign);
	if (rc == HF_OK)
		rc = give_messages(&folder, foreign);
	if (rc == HF_OK)
		rc = give_one(&folder, "todo", "todo", foreign);
	if (rc == HF_OK)
		rc = give_one(&folder, "session_diff", "diff", foreign);
	opencode_rows_end(&folder.rows);
	buffer_release(&folder.bytes);
	close_fd(&folder, folder.fd);
	return rc;
}

/* Adds the sessions of one project. */
static int add_sessions(struct folder *folder, int outer, const char *project,
			struct names *sessions)
{
	int fd = -1;
	int rc = open_folder(folder, outer, project, &fd);

	if (rc == HF_OK && fd >= 0) {
		const struct sys *sys = folder->env->sys;

		rc = sys->each_name(sys->context, fd, add_name, sessions);
		rc = rc < 0 ? fail(folder, rc, "session") : sessions->rc;
	}
	close_fd(folder, fd);
	return rc;
}

/* Gives each session once, in order. */
static int give_ids(struct names *sessions, const char *path, source_fn each, void *context)
{
	int rc = sort_names(sessions);

	for (size_t i = 0; rc == HF_OK && i < sessions->count; i++) {
		if (i == 0 || strcmp(sessions->list[i], sessions->list[i - 1]) != 0)
			rc = each(context, path, sessions->list[i]);
	}
	return rc;
}

static int sessions(const struct import_env *env, const char *path, source_fn each, void *context)
{
	struct folder folder;
	struct names projects = { 0 };
	struct names found = { .text = BUFFER_INIT(OPENCODE_IDS_MAX), .are_files = true };
	int outer = -1;
	int rc = open_storage(env, path, &folder);

	if (rc == HF_OK)
		rc = open_folder(&folder, folder.fd, "session", &outer);
	if (rc == HF_OK && outer >= 0)
		rc = read_names(&folder, outer, false, &projects);
	for (size_t i = 0; rc == HF_OK && i < projects.count; i++)
		rc = add_sessions(&folder, outer, projects.list[i], &found);
	if (rc == HF_OK)
		rc = give_ids(&found, path, each, context);
	names_release(&projects);
	names_release(&found);
	close_fd(&folder, outer);
	close_fd(&folder, folder.fd);
	return rc;
}

/* ---- The format ---- */

static bool is_directory(const char *path, const char *below)
{
	const struct sys *sys = sys_posix();
	char name[FACT_PATH_SIZE];
	struct stat found;
	size_t size = strlen(path);

	if (size + strlen(below) >= sizeof name)
		return false;
	memcpy(name, path, size);
	text_copy(name + size, sizeof name - size, below);
	return sys->stat_at(sys->context, AT_FDCWD, name, &found) == 0 && S_ISDIR(found.st_mode);
}

static int detect(const struct probe *probe)
{
	bool is_ours = probe->is_directory && is_directory(probe->path, "/session") &&
		       is_directory(probe->path, "/message") && is_directory(probe->path, "/part");

	return is_ours ? 90 : 0;
}

/* Newer versions move everything into their database and leave the folder as it was: then it
 * holds nothing but old copies, and is imported only if somebody names it or this format. */
static int places(const struct import_env *env, source_fn each, void *context)
{
	char home[FACT_PATH_SIZE];
	struct stat found;
	size_t size;

	if (!fact_home("XDG_DATA_HOME", "/.local/share", home))
		return HF_OK;
	size = strlen(home);
	if (size + sizeof "/opencode/opencode.db" > sizeof home)
		return HF_OK;
	memcpy(home + size, "/opencode/opencode.db", sizeof "/opencode/opencode.db");
	if (env->options->format == NULL &&
	    env->sys->stat_at(env->sys->context, AT_FDCWD, home, &found) == 0)
		return HF_OK;
	home[size] = '\0';
	return fact_place(env, home, "/opencode/storage", each, context);
}

static const struct format_reader reader = {
	.shape = FORMAT_ROWS,
	.detect = detect,
	.begin = opencode_begin_files,
	.end = opencode_end,
	.read = opencode_read,
	.facts = opencode_facts,
	.sessions = sessions,
	.rows = rows,
	.places = places,
};

const struct format format_opencode_files = {
	.about = {
		.name = "opencode-files",
		.title = "OpenCode, folder of files",
		.can_import = true,
		.places = "$XDG_DATA_HOME/opencode/storage, ~/.local/share/opencode/storage",
		.suffix = "",
	},
	.reader = &reader,
};
