/* SPDX-License-Identifier: MIT */
/* Nodes, bytes and names of sim_sys, and which of them are durable. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sim_internal.h"

enum { BLOCK = 4096 };

/* Present in programs that count allocations; see alloc_fault.h. */
__attribute__((weak)) void alloc_fault_pause(void);
__attribute__((weak)) void alloc_fault_resume(void);

void sim_enter(struct sim *sim)
{
	if (alloc_fault_pause != NULL)
		alloc_fault_pause();
	(void)pthread_mutex_lock(&sim->mutex);
}

void sim_leave(struct sim *sim)
{
	(void)pthread_mutex_unlock(&sim->mutex);
	if (alloc_fault_resume != NULL)
		alloc_fault_resume();
}

void *sim_resize(void *memory, size_t count, size_t size)
{
	void *result;

	if (alloc_fault_pause != NULL)
		alloc_fault_pause();
	result = realloc(memory, count * size + 1);
	if (alloc_fault_resume != NULL)
		alloc_fault_resume();
	if (result == NULL)
		abort();
	return result;
}

uint64_t sim_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

struct sim_node *sim_node_new(struct sim *sim, mode_t mode)
{
	struct sim_node *node = sim_resize(NULL, 1, sizeof *node);

	memset(node, 0, sizeof *node);
	node->inode = sim->inode_next++;
	node->mode = mode;
	node->locked_by = -1;
	node->modified_us = sim->wall_us;
	node->dirty_from = SIZE_MAX;
	node->next = sim->nodes;
	sim->nodes = node;
	return node;
}

void sim_nodes_free(struct sim *sim)
{
	while (sim->nodes != NULL) {
		struct sim_node *node = sim->nodes;

		sim->nodes = node->next;
		free(node->now.data);
		free(node->synced.data);
		free(node->names.entries);
		free(node->durable.entries);
		free(node);
	}
}

bool sim_node_is_dir(const struct sim_node *node)
{
	return S_ISDIR(node->mode);
}

void sim_bytes_resize(struct sim_bytes *bytes, size_t size)
{
	if (size > bytes->room) {
		bytes->room = size * 2;
		bytes->data = sim_resize(bytes->data, bytes->room, 1);
	}
	if (size > bytes->size)
		memset(bytes->data + bytes->size, 0, size - bytes->size);
	bytes->size = size;
}

/* Notes that [from, to) can differ from what is durable, and the size that it has now. */
static void note_dirty(struct sim_node *node, size_t from, size_t to)
{
	size_t last = node->size_count;

	if (from < node->dirty_from)
		node->dirty_from = from;
	if (to > node->dirty_to)
		node->dirty_to = to;
	if (node->now.size < node->low)
		node->low = node->now.size;
	if (last == SIM_SIZES_MAX) {
		memmove(node->sizes, node->sizes + 1, sizeof node->sizes - sizeof node->sizes[0]);
		last--;
	}
	node->sizes[last] = node->now.size;
	node->size_count = last + 1;
}

void sim_node_write(struct sim_node *node, size_t offset, const void *bytes, size_t size)
{
	size_t from = offset < node->now.size ? offset : node->now.size;

	if (size == 0)
		return;
	if (offset + size > node->now.size)
		sim_bytes_resize(&node->now, offset + size);
	memcpy(node->now.data + offset, bytes, size);
	note_dirty(node, from, offset + size);
}

void sim_node_truncate(struct sim_node *node, size_t size)
{
	size_t before = node->now.size;

	sim_bytes_resize(&node->now, size);
	note_dirty(node, size < before ? size : before, size < before ? before : size);
}

void sim_node_sync(struct sim_node *node)
{
	size_t to = node->dirty_to < node->now.size ? node->dirty_to : node->now.size;

	sim_bytes_resize(&node->synced, node->now.size);
	if (node->dirty_from < to)
		memcpy(node->synced.data + node->dirty_from, node->now.data + node->dirty_from,
		       to - node->dirty_from);
	node->dirty_from = SIZE_MAX;
	node->dirty_to = 0;
	node->low = node->now.size;
	node->size_count = 0;
}

struct sim_entry *sim_names_find(const struct sim_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->entries[i].name, name) == 0)
			return &names->entries[i];
	}
	return NULL;
}

void sim_names_set(struct sim_names *names, const char *name, struct sim_node *node)
{
	struct sim_entry *entry = sim_names_find(names, name);

	if (entry == NULL) {
		if (names->count == names->room) {
			names->room = names->room * 2 + 8;
			names->entries = sim_resize(names->entries, names->room, sizeof *entry);
		}
		entry = &names->entries[names->count++];
		(void)snprintf(entry->name, sizeof entry->name, "%s", name);
	}
	entry->node = node;
}

void sim_names_drop(struct sim_names *names, const char *name, const struct sim_node *node)
{
	struct sim_entry *entry = sim_names_find(names, name);

	if (entry != NULL && entry->node == node)
		*entry = names->entries[--names->count];
}

void sim_change(struct sim *sim, const struct sim_change *change)
{
	if (sim->change_count == sim->change_room) {
		sim->change_room = sim->change_room * 2 + 16;
		sim->changes = sim_resize(sim->changes, sim->change_room, sizeof *change);
	}
	sim->changes[sim->change_count++] = *change;
	if (change->from != NULL) {
		sim_names_drop(&change->from->names, change->from_name, change->node);
		change->node->links--;
	}
	if (change->to != NULL) {
		struct sim_entry *old = sim_names_find(&change->to->names, change->to_name);

		if (old != NULL)
			old->node->links--;
		sim_names_set(&change->to->names, change->to_name, change->node);
		change->node->links++;
	}
}

void sim_dir_sync(struct sim *sim, struct sim_node *dir)
{
	size_t left = 0;

	for (size_t i = 0; i < sim->change_count; i++) {
		struct sim_change *change = &sim->changes[i];

		if (change->from != dir && change->to != dir) {
			sim->changes[left++] = *change;
			continue;
		}
		if (change->from != NULL)
			sim_names_drop(&change->from->durable, change->from_name, change->node);
		if (change->to != NULL)
			sim_names_set(&change->to->durable, change->to_name, change->node);
	}
	sim->change_count = left;
}

void sim_announce(struct sim *sim)
{
	if (sim->on_change != NULL)
		sim->on_change(sim->change_context, sim);
}

struct sim_open *sim_open_of(struct sim *sim, int fd)
{
	if (fd < SIM_FD_FIRST || fd >= SIM_FD_FIRST + SIM_FD_MAX ||
	    sim->opens[fd - SIM_FD_FIRST].node == NULL)
		return NULL;
	return &sim->opens[fd - SIM_FD_FIRST];
}

void sim_node_stat(const struct sim_node *node, struct stat *ret_stat)
{
	memset(ret_stat, 0, sizeof *ret_stat);
	ret_stat->st_dev = 1;
	ret_stat->st_ino = node->inode;
	ret_stat->st_mode = node->mode;
	ret_stat->st_nlink = sim_node_is_dir(node) ? 2 : node->links;
	ret_stat->st_uid = SIM_USER;
	ret_stat->st_gid = SIM_USER;
	ret_stat->st_size = (off_t)node->now.size;
	ret_stat->st_blksize = BLOCK;
	ret_stat->st_blocks = (blkcnt_t)((node->now.size + BLOCK - 1) / BLOCK * (BLOCK / 512));
	ret_stat->st_mtim.tv_sec = node->modified_us / 1000000;
	ret_stat->st_mtim.tv_nsec = node->modified_us % 1000000 * 1000;
	ret_stat->st_ctim = ret_stat->st_mtim;
	ret_stat->st_atim = ret_stat->st_mtim;
}
