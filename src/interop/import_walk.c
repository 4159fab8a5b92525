/* SPDX-License-Identifier: MIT */
#include "interop/import_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/source.h"
#include "store/marker.h"

const char *import_walk_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

void import_walk_release(struct import_walk *walk)
{
	for (size_t i = 0; i < walk->count; i++) {
		mem_free(walk->list[i].path);
		mem_free(walk->list[i].foreign);
	}
	mem_free(walk->list);
	walk->list = NULL;
	walk->count = 0;
	walk->room = 0;
}

/* ---- The list ---- */

static int too_many(struct import_walk *walk, const char *path)
{
	return report_fail(walk->env->report, HF_ERR_FOREIGN, "import",
			   "%s: there are more than %d files", path, IMPORT_WALK_NAMES_MAX);
}

static int grow(struct import_walk *walk)
{
	size_t room = walk->room > 0 ? walk->room * 2 : 16;
	struct import_found *list;

	if (walk->count < walk->room)
		return HF_OK;
	list = mem_resize(walk->list, room, sizeof *list);
	if (list == NULL)
		return HF_ERR_NOMEM;
	walk->list = list;
	walk->room = room;
	return HF_OK;
}

/* Adds one; foreign may be NULL. */
static int add(struct import_walk *walk, const char *path, const char *foreign,
	       const struct import_found *like)
{
	struct import_found found = *like;
	int rc;

	if (walk->count >= IMPORT_WALK_NAMES_MAX)
		return too_many(walk, path);
	rc = grow(walk);
	if (rc != HF_OK)
		return rc;
	found.path = mem_copy_text(path);
	found.foreign = foreign != NULL ? mem_copy_text(foreign) : NULL;
	if (found.path == NULL || (foreign != NULL && found.foreign == NULL)) {
		mem_free(found.path);
		mem_free(found.foreign);
		return HF_ERR_NOMEM;
	}
	walk->list[walk->count++] = found;
	return HF_OK;
}

/* Adds what cannot be imported: with the report's words if it has some, or with text. Lack of
 * memory and of descriptors is no property of the file. */
static int add_failed(struct import_walk *walk, const char *path, int rc, const char *text)
{
	struct import_found found = { .error = rc };
	const struct hf_detail *detail = &walk->env->report->detail;

	if (rc == HF_ERR_NOMEM || rc == HF_ERR_FILES)
		return rc;
	if (rc == HF_ERR_FOREIGN && walk->is_quiet)
		return HF_OK;
	text_copy(found.message, sizeof found.message,
		  text == NULL && detail->code == rc ? detail->message :
		  text != NULL ? text : hf_error_text(rc));
	return add(walk, path, NULL, &found);
}

/* ---- Formats ---- */

/* The format that is surest of a file; NULL: none. */
static const struct format *recognise(const struct import_walk *walk, const struct probe *probe)
{
	const struct format *const *format = walk->env->formats;
	const struct format *best = NULL;
	int best_score = 0;

	for (; *format != NULL; format++) {
		int score;

		if ((*format)->reader == NULL || (walk->only != NULL && *format != walk->only))
			continue;
		score = (*format)->reader->detect(probe);
		if (score > best_score) {
			best = *format;
			best_score = score;
		}
	}
	return best;
}

/* What the sessions of a database are added with. */
struct rows {
	struct import_walk *walk;
	const struct import_found *like;
	size_t count;
};

static int add_row(void *context, const char *path, const char *foreign)
{
	struct rows *rows = context;
	struct import_found found = *rows->like;

	if (rows->count++ > 0)
		found.size = 0; /* one file is read for all of them */
	return add(rows->walk, path, foreign != NULL ? foreign : "", &found);
}

/* Adds the session in a file, or those in a database or directory of one format. */
static int add_sessions(struct import_walk *walk, const char *path, const struct import_found *like)
{
	struct rows rows = { walk, like, 0 };
	size_t before = walk->count;
	int rc;

	if (like->format->reader->shape != FORMAT_ROWS)
		return add(walk, path, NULL, like);
	rc = like->format->reader->sessions(walk->env, path, add_row, &rows);
	if (rc == HF_OK || rc == HF_ERR_NOMEM)
		return rc;
	/* Those that were found before it went wrong are imported. */
	if (before == IMPORT_WALK_NAMES_MAX)
		return rc;
	return add_failed(walk, path, rc, NULL);
}

/* ---- Files ---- */

static const char is_own[] = "it is Holdfast's own; bundle and unbundle carry its sessions";

/* A log of a store like this one quotes lines of other agents, and must not be taken for theirs. */
static bool is_own_log(struct hf_slice start)
{
	static const char before[] = "{\"n\":0,\"at\":\"";
	static const char behind[] = "\",\"type\":\"session\",\"data\":{";
	size_t at = sizeof before - 1 + TEXT_TIME_SIZE;

	return start.size >= at + sizeof behind - 1 &&
	       memcmp(start.data, before, sizeof before - 1) == 0 &&
	       memcmp(start.data + at, behind, sizeof behind - 1) == 0;
}

static int probe_file(struct import_walk *walk, const char *path, bool is_named, char *start)
{
	struct probe probe = { .path = path, .name = import_walk_name(path) };
	struct import_found found = { .is_linked = is_named };
	struct source source = { 0 };
	int64_t count;
	int rc = source_open(walk->env->sys, walk->env->report, path,
			     is_named ? SOURCE_FOLLOW : SOURCE_NO_LINK, &source);

	if (rc == HF_ERR_NOTFOUND && !is_named)
		return HF_OK; /* it is gone meanwhile */
	if (rc != HF_OK)
		return add_failed(walk, path, rc, NULL);
	count = source_probe(&source, start, SOURCE_PROBE_SIZE);
	found.size = source.size;
	probe.is_whole = count < SOURCE_PROBE_SIZE;
	source_close(&source);
	if (count < 0)
		return add_failed(walk, path, (int)count, NULL);
	probe.start = (struct hf_slice){ start, (size_t)count };
	if (is_own_log(probe.start))
		return add_failed(walk, path, HF_ERR_FOREIGN, is_own);
	found.format = recognise(walk, &probe);
	if (found.format == NULL)
		return add_failed(walk, path, HF_ERR_FOREIGN,
				  walk->only == NULL ? "it is of no known format"
						     : "it is not of the format that was named");
	return add_sessions(walk, path, &found);
}

static int add_file(struct import_walk *walk, const char *path, bool is_named)
{
	char *start = mem_resize(NULL, SOURCE_PROBE_SIZE, 1);
	int rc = HF_ERR_NOMEM;

	report_clear(walk->env->report);
	if (start != NULL)
		rc = probe_file(walk, path, is_named, start);
	mem_free(start);
	return rc;
}

/* ---- Directories ---- */

/* The names in one directory. */
struct names {
	char **list;
	size_t count;
	size_t room;
	int rc;
};

static bool take_name(void *context, const char *name)
{
	struct names *names = context;

	if (names->count == names->room) {
		size_t room = names->room > 0 ? names->room * 2 : 64;
		char **list = mem_resize(names->list, room, sizeof *list);

		names->rc = list != NULL ? HF_OK : HF_ERR_NOMEM;
		if (list == NULL)
			return false;
		names->list = list;
		names->room = room;
	}
	if (names->count >= IMPORT_WALK_NAMES_MAX)
		names->rc = HF_ERR_FOREIGN;
	else if ((names->list[names->count] = mem_copy_text(name)) == NULL)
		names->rc = HF_ERR_NOMEM;
	else
		names->count++;
	return names->rc == HF_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void release_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->list[i]);
	mem_free(names->list);
}

/* A directory that is being gone through. */
struct level {
	struct names names;
	size_t next;
	size_t path_size; /* of its path */
};

struct levels {
	struct level list[IMPORT_WALK_DEPTH + 1];
	size_t depth;
	char path[IMPORT_PATH_SIZE]; /* of what is being looked at */
};

static bool is_store(const struct import_walk *walk, int fd)
{
	const struct sys *sys = walk->env->sys;
	struct stat found;
	uint8_t id[16];

	return sys->stat_at(sys->context, fd, "holdfast.json", &found) == 0 &&
	       marker_open(sys, walk->env->report, fd, false, id) == HF_OK;
}

/* Opens the directory at levels->path and takes its names. A store is not gone into. */
static int enter(struct import_walk *walk, struct levels *levels, bool is_named)
{
	const struct sys *sys = walk->env->sys;
	struct level *level = &levels->list[levels->depth];
	int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | (is_named ? 0 : O_NOFOLLOW);
	int fd = sys->open_at(sys->context, AT_FDCWD, levels->path, flags, 0);
	int rc;

	memset(level, 0, sizeof *level);
	level->path_size = strlen(levels->path);
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return HF_OK; /* it is gone, or something else now */
	if (fd < 0)
		return add_failed(walk, levels->path,
				  report_errno(walk->env->report, -fd, "open", levels->path), NULL);
	if (is_store(walk, fd)) {
		(void)sys->close(sys->context, fd);
		return add_failed(walk, levels->path, HF_ERR_FOREIGN, is_own);
	}
	report_clear(walk->env->report);
	rc = sys->each_name(sys->context, fd, take_name, &level->names);
	(void)sys->close(sys->context, fd);
	levels->depth++;
	if (level->names.count > 1)
		qsort(level->names.list, level->names.count, sizeof(char *), compare_names);
	if (level->names.rc == HF_ERR_FOREIGN)
		return too_many(walk, levels->path);
	if (level->names.rc != HF_OK || rc == 0)
		return level->names.rc;
	return add_failed(walk, levels->path,
			  report_errno(walk->env->report, -rc, "getdents", levels->path), NULL);
}

/* Looks whether a format takes the directory at levels->path as a whole; otherwise goes in. */
static int add_directory(struct import_walk *walk, struct levels *levels, bool is_named)
{
	struct probe probe = { .path = levels->path, .name = import_walk_name(levels->path),
			       .start = { "", 0 }, .is_directory = true };
	struct import_found found = { .is_linked = is_named };

	report_clear(walk->env->report);
	found.format = recognise(walk, &probe);
	if (found.format != NULL)
		return add_sessions(walk, levels->path, &found);
	if (levels->depth > IMPORT_WALK_DEPTH)
		return add_failed(walk, levels->path, HF_ERR_FOREIGN, "it lies too deep");
	return enter(walk, levels, is_named);
}

/* Takes what is at levels->path. */
static int add_entry(struct import_walk *walk, struct levels *levels)
{
	const struct sys *sys = walk->env->sys;
	struct stat found;
	int rc = sys->stat_at(sys->context, AT_FDCWD, levels->path, &found);

	report_clear(walk->env->report);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return HF_OK;
	if (rc < 0)
		return add_failed(walk, levels->path,
				  report_errno(walk->env->report, -rc, "stat", levels->path), NULL);
	if (S_ISDIR(found.st_mode))
		return add_directory(walk, levels, false);
	if (S_ISREG(found.st_mode))
		return add_file(walk, levels->path, false);
	return add_failed(walk, levels->path, HF_ERR_FOREIGN,
			  S_ISLNK(found.st_mode) ? "it is a symbolic link" : "it is no regular file");
}

/* Takes the next name of the innermost directory, or leaves that. */
static int next_entry(struct import_walk *walk, struct levels *levels)
{
	struct level *level = &levels->list[levels->depth - 1];
	size_t size = level->path_size;
	const char *name;

	if (level->next == level->names.count) {
		release_names(&level->names);
		levels->depth--;
		return HF_OK;
	}
	name = level->names.list[level->next++];
	if (size + 1 + strlen(name) >= sizeof levels->path) {
		levels->path[size] = '\0';
		return add_failed(walk, levels->path, HF_ERR_FOREIGN, "a path in it is too long");
	}
	(void)snprintf(levels->path + size, sizeof levels->path - size, "%s%s",
		       size > 0 && levels->path[size - 1] == '/' ? "" : "/", name);
	return add_entry(walk, levels);
}

static int walk_directory(struct import_walk *walk, const char *path)
{
	struct levels *levels = mem_new(1, sizeof *levels);
	int rc;

	if (levels == NULL)
		return HF_ERR_NOMEM;
	text_copy(levels->path, sizeof levels->path, path);
	rc = add_directory(walk, levels, true);
	while (rc == HF_OK && levels->depth > 0)
		rc = next_entry(walk, levels);
	while (levels->depth > 0)
		release_names(&levels->list[--levels->depth].names);
	mem_free(levels);
	return rc;
}

int import_walk_find(struct import_walk *walk, const char *path)
{
	const struct sys *sys = walk->env->sys;
	struct stat found;
	int fd = sys->open_at(sys->context, AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int rc;

	if (strlen(path) >= IMPORT_PATH_SIZE)
		rc = report_fail(walk->env->report, HF_ERR_NOTFOUND, "import", "the path is too long");
	else if (fd == -ENXIO)
		rc = report_fail(walk->env->report, HF_ERR_FOREIGN, "open", "%s: is no regular file",
				 path);
	else if (fd < 0)
		rc = report_errno(walk->env->report, -fd, "open", path);
	else
		rc = sys->stat(sys->context, fd, &found);
	if (fd >= 0)
		(void)sys->close(sys->context, fd);
	if (fd >= 0 && rc < 0 && strlen(path) < IMPORT_PATH_SIZE)
		rc = report_errno(walk->env->report, -rc, "stat", path);
	if (rc != HF_OK)
		return rc;
	return S_ISDIR(found.st_mode) ? walk_directory(walk, path) : add_file(walk, path, true);
}

/* ---- What belongs together ---- */

static int compare_found(const void *left, const void *right)
{
	const struct import_found *a = left;
	const struct import_found *b = right;
	int order = strcmp(a->path, b->path);

	if (order == 0)
		order = strcmp(a->foreign != NULL ? a->foreign : "",
			       b->foreign != NULL ? b->foreign : "");
	return order;
}

struct beside {
	struct import_walk *walk;
	const char *path; /* of the session */
};

/* Marks the file with this path relative to a session's. */
static int mark_beside(void *context, const char *path, const char *foreign)
{
	struct beside *beside = context;
	struct import_walk *walk = beside->walk;
	size_t folder = (size_t)(import_walk_name(beside->path) - beside->path);
	char whole[2 * IMPORT_PATH_SIZE];
	struct import_found key = { .path = whole };
	struct import_found *found;

	(void)foreign;
	if (folder + strlen(path) >= sizeof whole)
		return HF_OK;
	(void)snprintf(whole, sizeof whole, "%.*s%s", (int)folder, beside->path, path);
	found = bsearch(&key, walk->list, walk->count, sizeof *walk->list, compare_found);
	if (found != NULL)
		found->is_beside = true;
	return HF_OK;
}

int import_walk_settle(struct import_walk *walk)
{
	int rc = HF_OK;

	if (walk->count > 1)
		qsort(walk->list, walk->count, sizeof *walk->list, compare_found);
	for (size_t i = 1; i < walk->count; i++)
		walk->list[i].is_beside = compare_found(&walk->list[i - 1], &walk->list[i]) == 0;
	for (size_t i = 0; rc == HF_OK && i < walk->count; i++) {
		const struct import_found *found = &walk->list[i];
		struct beside beside = { walk, found->path };

		if (found->format == NULL || found->is_beside || found->format->reader->beside == NULL)
			continue;
		rc = found->format->reader->beside(walk->env, found->path, mark_beside, &beside);
		if (rc != HF_ERR_NOMEM)
			rc = HF_OK; /* told of when the session is imported */
	}
	return rc;
}

