/* SPDX-License-Identifier: MIT */
/* What the files of sim_sys share. Not for tests. */
#ifndef LIB_SIM_INTERNAL_H
#define LIB_SIM_INTERNAL_H

#include <pthread.h>

#include "lib/sim_sys.h"

enum {
	SIM_FD_FIRST = 1000,
	SIM_FD_MAX = 1024,
	SIM_NAME_SIZE = 256,
	SIM_SIZES_MAX = 8,
	SIM_SECTOR = 512,
	SIM_USER = 1000,
};

struct sim_bytes {
	uint8_t *data;
	size_t size;
	size_t room;
};

struct sim_entry {
	char name[SIM_NAME_SIZE];
	struct sim_node *node;
};

struct sim_names {
	struct sim_entry *entries;
	size_t count;
	size_t room;
};

/* A file or directory. Lives as long as its sim, whether it has a name or not. */
struct sim_node {
	struct sim_node *next;
	struct sim_node *twin;   /* the one it becomes in a power cut */
	struct sim_node *parent; /* of a directory */
	uint64_t inode;
	mode_t mode;
	unsigned links;
	int locked_by;           /* a descriptor, or -1 */
	int64_t modified_us;
	/* Of files: what readers see, what is durable, and where they can differ. */
	struct sim_bytes now;
	struct sim_bytes synced;
	size_t dirty_from;
	size_t dirty_to;
	size_t low;                  /* the smallest size since the last sync */
	size_t sizes[SIM_SIZES_MAX]; /* the newest sizes since then */
	size_t size_count;
	/* Of directories. */
	struct sim_names names;
	struct sim_names durable;
};

/* A change of names that is not durable. from or to is NULL when there is none. */
struct sim_change {
	struct sim_node *node;
	struct sim_node *from;
	struct sim_node *to;
	char from_name[SIM_NAME_SIZE];
	char to_name[SIM_NAME_SIZE];
};

struct sim_open {
	struct sim_node *node; /* NULL: the descriptor is free */
	int flags;
};

struct sim_held {
	struct sim_held *next;
	void *memory;
	size_t size;
};

struct sim {
	struct sys table;
	pthread_mutex_t mutex;
	struct sim_node *nodes;
	struct sim_node *root;
	struct sim_change *changes;
	size_t change_count;
	size_t change_room;
	struct sim_open opens[SIM_FD_MAX];
	struct sim_held *held; /* maps and secrets */
	sim_change_fn on_change;
	void *change_context;
	uint64_t random;
	uint64_t inode_next;
	uint64_t room;
	int64_t wall_us;
	int64_t steady_us;
	pid_t process;
};

/* ---- sim_store.c: nodes, bytes and names. The caller has entered. ---- */

void sim_enter(struct sim *sim);
void sim_leave(struct sim *sim);

/* Memory that is there, or the end of the program. */
void *sim_resize(void *memory, size_t count, size_t size);
uint64_t sim_random(uint64_t *state);

struct sim_node *sim_node_new(struct sim *sim, mode_t mode);
void sim_nodes_free(struct sim *sim);
bool sim_node_is_dir(const struct sim_node *node);

/* Sets the size; new bytes are zeros. Nothing is noted. */
void sim_bytes_resize(struct sim_bytes *bytes, size_t size);
/* Change what readers see, noting what is not durable. */
void sim_node_write(struct sim_node *node, size_t offset, const void *bytes, size_t size);
void sim_node_truncate(struct sim_node *node, size_t size);
void sim_node_sync(struct sim_node *node);

struct sim_entry *sim_names_find(const struct sim_names *names, const char *name);
void sim_names_set(struct sim_names *names, const char *name, struct sim_node *node);
/* Removes name if it leads to node. */
void sim_names_drop(struct sim_names *names, const char *name, const struct sim_node *node);

/* Carries out a change of names for readers and notes it as not durable. */
void sim_change(struct sim *sim, const struct sim_change *change);
/* Makes a directory's changes durable. */
void sim_dir_sync(struct sim *sim, struct sim_node *dir);

/* Tells of a change to come. Not entered, so that the power can be cut in it. */
void sim_announce(struct sim *sim);
/* What a descriptor stands for; NULL: nothing. */
struct sim_open *sim_open_of(struct sim *sim, int fd);
void sim_node_stat(const struct sim_node *node, struct stat *ret_stat);

/* ---- sim_names.c ---- */

int sim_open_at(void *context, int dir_fd, const char *name, int flags, mode_t mode);
int sim_stat_at(void *context, int dir_fd, const char *name, struct stat *ret_stat);
int sim_mkdir_at(void *context, int dir_fd, const char *name, mode_t mode);
int sim_link_at(void *context, int dir_fd, const char *from, int to_fd, const char *to);
int sim_rename_at(void *context, int dir_fd, const char *from, int to_fd, const char *to);
int sim_unlink_at(void *context, int dir_fd, const char *name);
int sim_each_name(void *context, int dir_fd, sys_name_fn each, void *each_context);

/* ---- sim_sys.c ---- */

/* The functions, without a context. */
extern const struct sys sim_table;

#endif
