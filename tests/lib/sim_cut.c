/* SPDX-License-Identifier: MIT */
/* The life of a simulated file system, and what a power cut leaves of it. */
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>

#include "lib/sim_internal.h"

enum {
	SEED_NOTHING = 0,
	SEED_EVERYTHING = 1,
	ALWAYS = 8,
};

static const int64_t start_us = INT64_C(1700000000) * 1000000;

struct sim *sim_new(uint64_t seed)
{
	struct sim *sim = sim_resize(NULL, 1, sizeof *sim);

	memset(sim, 0, sizeof *sim);
	sim->table = sim_table;
	sim->table.context = sim;
	(void)pthread_mutex_init(&sim->mutex, NULL);
	sim->random = seed;
	sim->inode_next = 2;
	sim->room = UINT64_MAX;
	sim->wall_us = start_us;
	sim->steady_us = 1000000;
	sim->process = 4711;
	sim->root = sim_node_new(sim, S_IFDIR | 0700);
	sim->root->parent = sim->root;
	return sim;
}

void sim_free(struct sim *sim)
{
	if (sim == NULL)
		return;
	while (sim->held != NULL) {
		struct sim_held *held = sim->held;

		sim->held = held->next;
		free(held->memory);
		free(held);
	}
	sim_nodes_free(sim);
	free(sim->changes);
	(void)pthread_mutex_destroy(&sim->mutex);
	free(sim);
}

const struct sys *sim_sys(struct sim *sim)
{
	return &sim->table;
}

int sim_open_root(struct sim *sim)
{
	return sim->table.open_at(sim, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
}

void sim_on_change(struct sim *sim, sim_change_fn change, void *context)
{
	sim->on_change = change;
	sim->change_context = context;
}

void sim_set_room(struct sim *sim, uint64_t room)
{
	sim->room = room;
}

void sim_set_process(struct sim *sim, pid_t process)
{
	sim->process = process;
}

void sim_advance(struct sim *sim, int64_t duration_us)
{
	sim_enter(sim);
	sim->wall_us += duration_us;
	sim->steady_us += duration_us;
	sim_leave(sim);
}

size_t sim_held(struct sim *sim)
{
	size_t count = 0;

	sim_enter(sim);
	for (size_t i = 0; i < SIM_FD_MAX; i++)
		count += sim->opens[i].node != NULL;
	for (const struct sim_node *node = sim->nodes; node != NULL; node = node->next)
		count += node->locked_by >= 0;
	for (const struct sim_held *held = sim->held; held != NULL; held = held->next)
		count++;
	sim_leave(sim);
	return count;
}

/* ---- The power cut ---- */

/* True with a chance of chance in ALWAYS. */
static bool happens(uint64_t *random, unsigned chance)
{
	return sim_random(random) % ALWAYS < chance;
}

/* Chances for a whole file or directory: mostly nothing, mostly everything, or mixed. */
static unsigned pick_chance(uint64_t *random)
{
	static const unsigned chances[] = { 0, 1, 4, 4, 7, ALWAYS };

	return chances[sim_random(random) % (sizeof chances / sizeof chances[0])];
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Never less than the file has always had since it was synced. */
static size_t pick_size(const struct sim_node *node, uint64_t *random)
{
	size_t top = larger(node->synced.size, node->now.size);
	size_t first = (node->low + SIM_SECTOR - 1) / SIM_SECTOR;
	size_t last = top / SIM_SECTOR;

	switch (sim_random(random) % 4) {
	case 0:
		return node->synced.size;
	case 1:
		return node->sizes[sim_random(random) % node->size_count];
	case 2:
		if (first <= last)
			return (first + sim_random(random) % (last - first + 1)) * SIM_SECTOR;
		/* fall through */
	default:
		return node->now.size;
	}
}

/* Copies [from, to) of one state of a file; zeros where it has none. */
static void copy_state(struct sim_bytes *out, const struct sim_bytes *state, size_t from, size_t to)
{
	if (to > state->size)
		to = state->size;
	if (from < to)
		memcpy(out->data + from, state->data + from, to - from);
}

/* The chances of a sector to be new, and else to be old where it could be NUL. */
struct chances {
	unsigned new;
	unsigned old;
};

/* Fills in one sector: new, old, or old as far as the file has always reached. */
static void cut_sector(struct sim_node *twin, const struct sim_node *node, size_t from,
		       struct chances chances, uint64_t *random)
{
	size_t to = from + SIM_SECTOR < twin->now.size ? from + SIM_SECTOR : twin->now.size;

	if (happens(random, chances.new))
		copy_state(&twin->now, &node->now, from, to);
	else if (to <= node->low || happens(random, chances.old))
		copy_state(&twin->now, &node->synced, from, to);
	else
		copy_state(&twin->now, &node->synced, from, to < node->low ? to : node->low);
}

static void cut_file(struct sim_node *twin, const struct sim_node *node, uint64_t seed,
		     uint64_t *random)
{
	const struct sim_bytes *whole = seed == SEED_EVERYTHING ? &node->now : &node->synced;
	struct chances chances;

	if (seed == SEED_EVERYTHING || seed == SEED_NOTHING || node->size_count == 0) {
		sim_bytes_resize(&twin->now, whole->size);
		copy_state(&twin->now, whole, 0, whole->size);
		return;
	}
	chances.new = pick_chance(random);
	chances.old = pick_chance(random);
	sim_bytes_resize(&twin->now, pick_size(node, random));
	for (size_t from = 0; from < twin->now.size; from += SIM_SECTOR)
		cut_sector(twin, node, from, chances, random);
}

static void make_twins(struct sim *after, struct sim *sim, uint64_t seed, uint64_t *random)
{
	for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
		struct sim_node *twin =
			node == sim->root ? after->root : sim_node_new(after, node->mode);

		node->twin = twin;
		twin->inode = node->inode;
		twin->mode = node->mode;
		twin->modified_us = node->modified_us;
		if (!sim_node_is_dir(node)) {
			cut_file(twin, node, seed, random);
			twin->dirty_from = 0;
			twin->dirty_to = twin->now.size;
			sim_node_sync(twin);
		}
	}
}

static void cut_names(struct sim *sim, uint64_t seed, uint64_t *random)
{
	unsigned chance = pick_chance(random);

	if (seed == SEED_NOTHING || seed == SEED_EVERYTHING)
		chance = seed == SEED_NOTHING ? 0 : ALWAYS;
	for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
		for (size_t i = 0; i < node->durable.count; i++)
			sim_names_set(&node->twin->names, node->durable.entries[i].name,
				      node->durable.entries[i].node->twin);
	}
	for (size_t i = 0; i < sim->change_count; i++) {
		const struct sim_change *change = &sim->changes[i];

		if (!happens(random, chance))
			continue;
		if (change->from != NULL)
			sim_names_drop(&change->from->twin->names, change->from_name,
				       change->node->twin);
		if (change->to != NULL)
			sim_names_set(&change->to->twin->names, change->to_name,
				      change->node->twin);
	}
}

/* What is left is durable; links and parents follow from the names. */
static void settle(struct sim *after)
{
	for (struct sim_node *node = after->nodes; node != NULL; node = node->next) {
		for (size_t i = 0; i < node->names.count; i++) {
			struct sim_entry *entry = &node->names.entries[i];

			entry->node->links++;
			if (sim_node_is_dir(entry->node))
				entry->node->parent = node;
			sim_names_set(&node->durable, entry->name, entry->node);
		}
	}
}

struct sim *sim_power_cut(struct sim *sim, uint64_t seed)
{
	struct sim *after = sim_new(seed);
	uint64_t random = seed;

	sim_enter(sim);
	after->wall_us = sim->wall_us + 1000000;
	after->steady_us = 1000000;
	after->room = sim->room;
	after->process = sim->process + 1;
	after->random = sim_random(&sim->random) ^ seed;
	make_twins(after, sim, seed, &random);
	cut_names(sim, seed, &random);
	after->inode_next = sim->inode_next;
	settle(after);
	sim_leave(sim);
	return after;
}
