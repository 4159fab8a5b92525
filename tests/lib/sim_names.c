/* SPDX-License-Identifier: MIT */
/* The functions of sim_sys that work on names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sim_internal.h"

/* Where a path leads: the directory of its last part, that part, and what is there. */
struct place {
	struct sim_node *dir;
	struct sim_node *node; /* NULL: nothing */
	char name[SIM_NAME_SIZE];
};

static struct sim_node *step(struct sim_node *dir, const char *name)
{
	struct sim_entry *entry;

	if (strcmp(name, ".") == 0)
		return dir;
	if (strcmp(name, "..") == 0)
		return dir->parent;
	entry = sim_names_find(&dir->names, name);
	return entry != NULL ? entry->node : NULL;
}

static int find_place(struct sim *sim, int dir_fd, const char *path, struct place *place)
{
	struct sim_open *open = sim_open_of(sim, dir_fd);

	if (path[0] == '\0')
		return -ENOENT;
	if (path[0] != '/' && dir_fd != AT_FDCWD && open == NULL)
		return -EBADF;
	place->node = path[0] == '/' || dir_fd == AT_FDCWD ? sim->root : open->node;
	place->dir = place->node;
	(void)snprintf(place->name, sizeof place->name, ".");
	while (*(path += strspn(path, "/")) != '\0') {
		size_t size = strcspn(path, "/");

		if (place->node == NULL)
			return -ENOENT;
		if (!sim_node_is_dir(place->node))
			return -ENOTDIR;
		if (size >= sizeof place->name)
			return -ENAMETOOLONG;
		memcpy(place->name, path, size);
		place->name[size] = '\0';
		place->dir = place->node;
		place->node = step(place->dir, place->name);
		path += size;
	}
	return 0;
}

/* Enters node under the name of a place. */
static void add_name(struct sim *sim, const struct place *place, struct sim_node *node)
{
	struct sim_change change = { .node = node, .to = place->dir };

	memcpy(change.to_name, place->name, sizeof change.to_name);
	sim_change(sim, &change);
}

static int new_descriptor(struct sim *sim, struct sim_node *node, int flags)
{
	for (int i = 0; i < SIM_FD_MAX; i++) {
		if (sim->opens[i].node == NULL) {
			sim->opens[i] = (struct sim_open){ node, flags };
			return SIM_FD_FIRST + i;
		}
	}
	return -EMFILE;
}

static int open_place(struct sim *sim, struct place *place, int flags, mode_t mode)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	if (place->node != NULL && (flags & O_CREAT) != 0 && (flags & O_EXCL) != 0)
		return -EEXIST;
	if (place->node == NULL && (flags & O_CREAT) == 0)
		return -ENOENT;
	if (place->node == NULL) {
		place->node = sim_node_new(sim, S_IFREG | (mode & 07777));
		add_name(sim, place, place->node);
	}
	if (sim_node_is_dir(place->node) && writes)
		return -EISDIR;
	if (!sim_node_is_dir(place->node) && (flags & O_DIRECTORY) != 0)
		return -ENOTDIR;
	if ((flags & O_TRUNC) != 0)
		sim_node_truncate(place->node, 0);
	return new_descriptor(sim, place->node, flags);
}

int sim_open_at(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	struct sim *sim = context;
	struct place place;
	int rc;

	if ((flags & (O_CREAT | O_TRUNC)) != 0)
		sim_announce(sim);
	sim_enter(sim);
	rc = find_place(sim, dir_fd, name, &place);
	if (rc == 0)
		rc = open_place(sim, &place, flags, mode);
	sim_leave(sim);
	return rc;
}

int sim_stat_at(void *context, int dir_fd, const char *name, struct stat *ret_stat)
{
	struct sim *sim = context;
	struct place place;
	int rc;

	sim_enter(sim);
	rc = find_place(sim, dir_fd, name, &place);
	if (rc == 0 && place.node == NULL)
		rc = -ENOENT;
	if (rc == 0)
		sim_node_stat(place.node, ret_stat);
	sim_leave(sim);
	return rc;
}

int sim_mkdir_at(void *context, int dir_fd, const char *name, mode_t mode)
{
	struct sim *sim = context;
	struct sim_node *node;
	struct place place;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	rc = find_place(sim, dir_fd, name, &place);
	if (rc == 0 && place.node != NULL)
		rc = -EEXIST;
	if (rc == 0) {
		node = sim_node_new(sim, S_IFDIR | (mode & 07777));
		node->parent = place.dir;
		add_name(sim, &place, node);
	}
	sim_leave(sim);
	return rc;
}

static int find_file(struct sim *sim, int dir_fd, const char *name, struct place *place)
{
	int rc = find_place(sim, dir_fd, name, place);

	if (rc == 0 && place->node == NULL)
		rc = -ENOENT;
	return rc == 0 && sim_node_is_dir(place->node) ? -EISDIR : rc;
}

int sim_link_at(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	struct sim *sim = context;
	struct place from_place;
	struct place to_place;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	rc = find_file(sim, dir_fd, from, &from_place);
	if (rc == 0)
		rc = find_place(sim, to_fd, to, &to_place);
	if (rc == 0 && to_place.node != NULL)
		rc = -EEXIST;
	if (rc == 0)
		add_name(sim, &to_place, from_place.node);
	sim_leave(sim);
	return rc;
}

int sim_rename_at(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	struct sim *sim = context;
	struct sim_change change = { 0 };
	struct place from_place;
	struct place to_place;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	rc = find_file(sim, dir_fd, from, &from_place);
	if (rc == 0)
		rc = find_place(sim, to_fd, to, &to_place);
	if (rc == 0 && to_place.node != NULL && sim_node_is_dir(to_place.node))
		rc = -EISDIR;
	/* Two names of one file: rename(2) does nothing, and that is a success. */
	if (rc == 0 && to_place.node != from_place.node) {
		change.node = from_place.node;
		change.from = from_place.dir;
		change.to = to_place.dir;
		memcpy(change.from_name, from_place.name, sizeof change.from_name);
		memcpy(change.to_name, to_place.name, sizeof change.to_name);
		sim_change(sim, &change);
	}
	sim_leave(sim);
	return rc;
}

int sim_unlink_at(void *context, int dir_fd, const char *name)
{
	struct sim *sim = context;
	struct sim_change change = { 0 };
	struct place place;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	rc = find_file(sim, dir_fd, name, &place);
	if (rc == 0) {
		change.node = place.node;
		change.from = place.dir;
		memcpy(change.from_name, place.name, sizeof change.from_name);
		sim_change(sim, &change);
	}
	sim_leave(sim);
	return rc;
}

/* Copies the names first, since the callback may use the file system. */
int sim_each_name(void *context, int dir_fd, sys_name_fn each, void *each_context)
{
	struct sim *sim = context;
	struct sim_entry *entries = NULL;
	struct sim_open *open;
	size_t count = 0;
	bool is_dir;

	sim_enter(sim);
	open = sim_open_of(sim, dir_fd);
	is_dir = open != NULL && sim_node_is_dir(open->node);
	if (is_dir) {
		count = open->node->names.count;
		entries = sim_resize(NULL, count, sizeof *entries);
		if (count > 0)
			memcpy(entries, open->node->names.entries, count * sizeof *entries);
	}
	sim_leave(sim);
	for (size_t i = 0; i < count && each(each_context, entries[i].name); i++)
		continue;
	free(entries);
	return is_dir ? 0 : open == NULL ? -EBADF : -ENOTDIR;
}
