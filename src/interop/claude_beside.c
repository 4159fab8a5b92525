/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/report.h"
#include "interop/claude.h"
#include "interop/fact.h"
#include "interop/import.h"

/* The names of one directory. */
struct names {
	char **list;
	size_t count;
	size_t room;
	int rc;
};

struct walk {
	const struct import_env *env;
	source_fn each;
	void *context;
	const char *base;          /* where in path the names that are given begin */
	char path[FACT_PATH_SIZE]; /* of what is looked at */
	unsigned depth;
};

static int compare_names(const void *left, const void *right)
{
	char *const *a = left;
	char *const *b = right;

	return strcmp(*a, *b);
}

static bool collect(void *context, const char *name)
{
	struct names *names = context;
	size_t room = names->room > 0 ? names->room * 2 : 64;
	char **list = names->list;

	if (names->count == CLAUDE_BESIDE_MAX) {
		names->rc = HF_ERR_SESSION_SIZE;
		return false;
	}
	if (names->count == names->room) {
		list = mem_resize(names->list, room, sizeof *list);
		if (list != NULL) {
			names->list = list;
			names->room = room;
		}
	}
	if (list != NULL)
		list[names->count] = mem_copy_text(name);
	if (list == NULL || list[names->count] == NULL) {
		names->rc = HF_ERR_NOMEM;
		return false;
	}
	names->count++;
	return true;
}

static void forget(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->list[i]);
	mem_free(names->list);
}

/* Appends "/name" to the walk's path; false if it does not fit. */
static bool descend(struct walk *walk, size_t size, const char *name)
{
	size_t name_size = strlen(name);

	if (name_size + 2 > sizeof walk->path - size)
		return false;
	walk->path[size] = '/';
	memcpy(walk->path + size + 1, name, name_size + 1);
	return true;
}

static int list_names(const struct walk *walk, int fd, struct names *names)
{
	const struct sys *sys = walk->env->sys;
	int rc = sys->each_name(sys->context, fd, collect, names);

	if (names->rc == HF_ERR_SESSION_SIZE)
		return report_fail(walk->env->report, names->rc, "import",
				   "there are too many files in %s", walk->path);
	if (names->rc != HF_OK)
		return names->rc;
	if (rc != 0)
		return report_errno(walk->env->report, -rc, "import", walk->path);
	if (names->count > 0)
		qsort(names->list, names->count, sizeof *names->list, compare_names);
	return HF_OK;
}

static int walk_directory(struct walk *walk, int parent_fd, const char *name);

static int walk_name(struct walk *walk, int fd, const char *name)
{
	const struct sys *sys = walk->env->sys;
	struct stat found;

	/* What is gone by now was not there. */
	if (sys->stat_at(sys->context, fd, name, &found) != 0)
		return HF_OK;
	if (S_ISREG(found.st_mode))
		return walk->each(walk->context, walk->base, "");
	if (S_ISDIR(found.st_mode) && walk->depth < CLAUDE_BESIDE_DEPTH)
		return walk_directory(walk, fd, name);
	return HF_OK;
}

/* Goes no deeper than CLAUDE_BESIDE_DEPTH. */
static int walk_directory(struct walk *walk, int parent_fd, const char *name)
{
	const struct sys *sys = walk->env->sys;
	struct names names = { 0 };
	size_t size = strlen(walk->path);
	int rc = HF_OK;
	int fd = sys->open_at(sys->context, parent_fd, name,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	/* What was replaced or removed meanwhile was not there. */
	if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
		return HF_OK;
	if (fd < 0)
		return report_errno(walk->env->report, -fd, "import", walk->path);
	walk->depth++;
	rc = list_names(walk, fd, &names);
	for (size_t i = 0; rc == HF_OK && i < names.count; i++) {
		if (descend(walk, size, names.list[i]))
			rc = walk_name(walk, fd, names.list[i]);
		walk->path[size] = '\0';
	}
	walk->depth--;
	forget(&names);
	(void)sys->close(sys->context, fd);
	return rc;
}

int claude_beside(const struct import_env *env, const char *path, source_fn each, void *context)
{
	static const char suffix[] = ".jsonl";
	struct walk walk = { .env = env, .each = each, .context = context };
	size_t size = strlen(path);
	const char *slash;
	struct stat found;

	if (size >= sizeof walk.path || size < sizeof suffix ||
	    strcmp(path + size - (sizeof suffix - 1), suffix) != 0)
		return HF_OK;
	memcpy(walk.path, path, size - (sizeof suffix - 1));
	slash = strrchr(walk.path, '/');
	walk.base = slash != NULL ? slash + 1 : walk.path;
	if (walk.base[0] == '\0' ||
	    env->sys->stat_at(env->sys->context, AT_FDCWD, walk.path, &found) != 0 ||
	    !S_ISDIR(found.st_mode))
		return HF_OK;
	return walk_directory(&walk, AT_FDCWD, walk.path);
}
