/* SPDX-License-Identifier: MIT */
/* The functions of sim_sys. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sim_internal.h"

enum { BLOCK = 4096 };

/* The node of a descriptor that is a file, open for writing if that is wanted; else NULL
 * and -errno in *ret_rc. */
static struct sim_node *file_of(struct sim *sim, int fd, bool writing, int *ret_rc)
{
	struct sim_open *open = sim_open_of(sim, fd);

	*ret_rc = -EBADF;
	if (open == NULL || (writing && (open->flags & O_ACCMODE) == O_RDONLY))
		return NULL;
	*ret_rc = -EISDIR;
	return sim_node_is_dir(open->node) ? NULL : open->node;
}

static int sim_close(void *context, int fd)
{
	struct sim *sim = context;
	struct sim_open *open;

	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL) {
		if (open->node->locked_by == fd)
			open->node->locked_by = -1;
		open->node = NULL;
	}
	sim_leave(sim);
	return open != NULL ? 0 : -EBADF;
}

static ssize_t sim_read_at(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	struct sim *sim = context;
	struct sim_node *node;
	size_t count = 0;
	int rc;

	sim_enter(sim);
	node = file_of(sim, fd, false, &rc);
	if (node != NULL && offset < node->now.size) {
		count = node->now.size - (size_t)offset;
		count = count < size ? count : size;
		memcpy(bytes, node->now.data + offset, count);
	}
	sim_leave(sim);
	return node != NULL ? (ssize_t)count : rc;
}

/* Bytes that still fit. */
static uint64_t space_left(const struct sim *sim)
{
	uint64_t used = 0;

	if (sim->room == UINT64_MAX)
		return UINT64_MAX;
	for (const struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
		if (node->links > 0)
			used += node->now.size;
	}
	return used < sim->room ? sim->room - used : 0;
}

/* How many of the bytes can be written: what lies within the file always can. */
static size_t fitting(const struct sim *sim, const struct sim_node *node, size_t size,
		      uint64_t offset)
{
	uint64_t left = space_left(sim);
	uint64_t end = node->now.size;

	if (left >= UINT64_MAX - end || offset + size <= end + left)
		return size;
	return offset < end + left ? (size_t)(end + left - offset) : 0;
}

static ssize_t sim_write_at(void *context, int fd, const void *bytes, size_t size, uint64_t offset)
{
	struct sim *sim = context;
	struct sim_node *node;
	ssize_t count = 0;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	node = file_of(sim, fd, true, &rc);
	if (node != NULL) {
		count = (ssize_t)fitting(sim, node, size, offset);
		sim_node_write(node, (size_t)offset, bytes, (size_t)count);
		node->modified_us = sim->wall_us;
		rc = size > 0 && count == 0 ? -ENOSPC : 0;
	}
	sim_leave(sim);
	return rc < 0 ? rc : count;
}

static int sim_sync(void *context, int fd)
{
	struct sim *sim = context;
	struct sim_open *open;

	sim_announce(sim);
	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL && sim_node_is_dir(open->node))
		sim_dir_sync(sim, open->node);
	else if (open != NULL)
		sim_node_sync(open->node);
	sim_leave(sim);
	return open != NULL ? 0 : -EBADF;
}

/* 0, or -EBADF. */
static int check_descriptor(struct sim *sim, int fd)
{
	bool good;

	sim_enter(sim);
	good = sim_open_of(sim, fd) != NULL;
	sim_leave(sim);
	return good ? 0 : -EBADF;
}

static int sim_sync_start(void *context, int fd, uint64_t offset, uint64_t size)
{
	(void)offset;
	(void)size;
	return check_descriptor(context, fd);
}

static int sim_truncate(void *context, int fd, uint64_t size)
{
	struct sim *sim = context;
	struct sim_node *node;
	int rc;

	sim_announce(sim);
	sim_enter(sim);
	node = file_of(sim, fd, true, &rc);
	if (node != NULL)
		sim_node_truncate(node, (size_t)size);
	sim_leave(sim);
	/* Linux calls a descriptor that is not open for writing an invalid argument here. */
	return node != NULL ? 0 : sim_open_of(sim, fd) == NULL ? -EBADF : -EINVAL;
}

static int sim_chmod(void *context, int fd, mode_t mode)
{
	struct sim *sim = context;
	struct sim_open *open;

	sim_announce(sim);
	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL)
		open->node->mode = (open->node->mode & S_IFMT) | (mode & 07777);
	sim_leave(sim);
	return open != NULL ? 0 : -EBADF;
}

static int sim_stat(void *context, int fd, struct stat *ret_stat)
{
	struct sim *sim = context;
	struct sim_open *open;

	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL)
		sim_node_stat(open->node, ret_stat);
	sim_leave(sim);
	return open != NULL ? 0 : -EBADF;
}

static int sim_lock(void *context, int fd, enum sys_lock lock)
{
	struct sim *sim = context;
	struct sim_open *open;
	int rc = -EBADF;

	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL && (lock == SYS_LOCK_NONE || (open->flags & O_ACCMODE) != O_RDONLY)) {
		bool is_ours = open->node->locked_by == fd;

		rc = open->node->locked_by < 0 || is_ours || lock == SYS_LOCK_NONE ? 0 : -EAGAIN;
		if (rc == 0 && lock == SYS_LOCK_EXCLUSIVE)
			open->node->locked_by = fd;
		else if (rc == 0 && is_ours)
			open->node->locked_by = -1;
	}
	sim_leave(sim);
	return rc;
}

static int sim_is_locked(void *context, int fd)
{
	struct sim *sim = context;
	struct sim_open *open;
	int rc = -EBADF;

	sim_enter(sim);
	open = sim_open_of(sim, fd);
	if (open != NULL)
		rc = open->node->locked_by >= 0 && open->node->locked_by != fd;
	sim_leave(sim);
	return rc;
}

/* Zeroed memory that is on the list of what is held. */
static void *hold(struct sim *sim, size_t size)
{
	struct sim_held *held = sim_resize(NULL, 1, sizeof *held);

	held->memory = sim_resize(NULL, size, 1);
	memset(held->memory, 0, size);
	held->size = size;
	held->next = sim->held;
	sim->held = held;
	return held->memory;
}

static int let_go(struct sim *sim, const void *memory)
{
	struct sim_held **link = &sim->held;
	struct sim_held *held;

	while (*link != NULL && (*link)->memory != memory)
		link = &(*link)->next;
	held = *link;
	if (held == NULL)
		return -EINVAL;
	*link = held->next;
	free(held->memory);
	free(held);
	return 0;
}

/* A copy: what is written later does not show. */
static int sim_map(void *context, int fd, size_t size, const void **ret_bytes)
{
	struct sim *sim = context;
	struct sim_node *node;
	uint8_t *copy;
	int rc = -EINVAL;

	sim_enter(sim);
	node = size > 0 ? file_of(sim, fd, false, &rc) : NULL;
	if (node != NULL) {
		copy = hold(sim, size);
		if (node->now.size > 0)
			memcpy(copy, node->now.data, size < node->now.size ? size : node->now.size);
		*ret_bytes = copy;
		rc = 0;
	}
	sim_leave(sim);
	return rc;
}

static int sim_unmap(void *context, const void *bytes, size_t size)
{
	struct sim *sim = context;
	int rc;

	(void)size;
	sim_enter(sim);
	rc = let_go(sim, bytes);
	sim_leave(sim);
	return rc;
}

static int sim_space(void *context, int fd, struct statvfs *ret_space)
{
	struct sim *sim = context;
	uint64_t left;

	sim_enter(sim);
	left = space_left(sim);
	sim_leave(sim);
	if (check_descriptor(sim, fd) < 0)
		return -EBADF;
	memset(ret_space, 0, sizeof *ret_space);
	ret_space->f_bsize = BLOCK;
	ret_space->f_frsize = BLOCK;
	ret_space->f_bavail = (fsblkcnt_t)(left / BLOCK);
	ret_space->f_bfree = ret_space->f_bavail;
	ret_space->f_blocks = (fsblkcnt_t)(sim->room / BLOCK);
	ret_space->f_namemax = SIM_NAME_SIZE - 1;
	return 0;
}

static int sim_random_bytes(void *context, void *bytes, size_t size)
{
	struct sim *sim = context;

	sim_enter(sim);
	for (size_t i = 0; i < size; i++)
		((uint8_t *)bytes)[i] = (uint8_t)(sim_random(&sim->random) >> 32);
	sim_leave(sim);
	return 0;
}

/* Looks at a clock, which moves both. */
static int look(struct sim *sim, const int64_t *clock, int64_t *ret_time_us)
{
	sim_enter(sim);
	sim->wall_us++;
	sim->steady_us++;
	*ret_time_us = *clock;
	sim_leave(sim);
	return 0;
}

static int sim_wall_time(void *context, int64_t *ret_time_us)
{
	struct sim *sim = context;

	return look(sim, &sim->wall_us, ret_time_us);
}

static int sim_steady_time(void *context, int64_t *ret_time_us)
{
	struct sim *sim = context;

	return look(sim, &sim->steady_us, ret_time_us);
}

static int sim_sleep(void *context, int64_t duration_us)
{
	sim_advance(context, duration_us);
	return 0;
}

static int sim_program_name(void *context, char *name, size_t size)
{
	(void)context;
	(void)snprintf(name, size, "test");
	return 0;
}

static int sim_boot_id(void *context, uint8_t ret_id[16])
{
	(void)context;
	memset(ret_id, 0xb0, 16);
	return 0;
}

static int sim_host_name(void *context, char *name, size_t size)
{
	(void)context;
	(void)snprintf(name, size, "simulated");
	return 0;
}

static uid_t sim_user(void *context)
{
	(void)context;
	return SIM_USER;
}

static pid_t sim_process(void *context)
{
	return ((struct sim *)context)->process;
}

static int sim_secret_new(void *context, size_t size, void **ret_memory, bool *ret_locked)
{
	struct sim *sim = context;

	if (size == 0)
		return -EINVAL;
	sim_enter(sim);
	*ret_memory = hold(sim, size);
	*ret_locked = true;
	sim_leave(sim);
	return 0;
}

static void sim_secret_free(void *context, void *memory, size_t size)
{
	struct sim *sim = context;

	if (memory == NULL)
		return;
	explicit_bzero(memory, size);
	sim_enter(sim);
	(void)let_go(sim, memory);
	sim_leave(sim);
}

const struct sys sim_table = {
	.open_at = sim_open_at,
	.close = sim_close,
	.read_at = sim_read_at,
	.write_at = sim_write_at,
	.sync_data = sim_sync,
	.sync_all = sim_sync,
	.sync_start = sim_sync_start,
	.truncate = sim_truncate,
	.chmod = sim_chmod,
	.stat = sim_stat,
	.stat_at = sim_stat_at,
	.mkdir_at = sim_mkdir_at,
	.link_at = sim_link_at,
	.rename_at = sim_rename_at,
	.unlink_at = sim_unlink_at,
	.lock = sim_lock,
	.is_locked = sim_is_locked,
	.map = sim_map,
	.unmap = sim_unmap,
	.each_name = sim_each_name,
	.space = sim_space,
	.random = sim_random_bytes,
	.wall_time = sim_wall_time,
	.steady_time = sim_steady_time,
	.sleep = sim_sleep,
	.host_name = sim_host_name,
	.program_name = sim_program_name,
	.boot_id = sim_boot_id,
	.user = sim_user,
	.process = sim_process,
	.secret_new = sim_secret_new,
	.secret_free = sim_secret_free,
};
