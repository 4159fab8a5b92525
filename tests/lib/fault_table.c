/* SPDX-License-Identifier: MIT */
/* The functions of fault_sys: each asks what is to become of the call, and does it. */
#include "lib/fault_internal.h"

static size_t part(const struct decision *decision, size_t size)
{
	if (decision->one && size > 1)
		return 1;
	return decision->half && size > 1 ? size / 2 : size;
}

/* Begins the body of a function: decides, and names what it needs. */
#define BEGIN(call)                                                \
	struct fault_sys *fault = context;                            \
	const struct sys *inner = fault->inner;                       \
	struct decision decision = fault_decide(fault, (call))
#define END(expression)                                            \
	do {                                                          \
		int done_ = decision.run ? (expression) : 0;             \
		return decision.result < 0 ? decision.result : done_;    \
	} while (0)

static int fault_open_at(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	BEGIN(FAULT_OPEN_AT);
	int fd;

	if (decision.result < 0)
		return decision.result;
	fd = inner->open_at(inner->context, dir_fd, name, flags, mode);
	if (fd >= 0)
		fault_hold(fault, (struct held){ .by = FAULT_OPEN_AT, .fd = fd }, name);
	return fd;
}

static int fault_close(void *context, int fd)
{
	BEGIN(FAULT_CLOSE);

	fault_let_go(fault, FAULT_OPEN_AT, fd, NULL);
	END(inner->close(inner->context, fd));
}

static ssize_t fault_read_at(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	BEGIN(FAULT_READ_AT);

	if (decision.result < 0)
		return decision.result;
	return inner->read_at(inner->context, fd, bytes, part(&decision, size), offset);
}

static ssize_t fault_write_at(void *context, int fd, const void *bytes, size_t size,
			      uint64_t offset)
{
	BEGIN(FAULT_WRITE_AT);
	ssize_t count = 0;

	if (decision.run)
		count = inner->write_at(inner->context, fd, bytes, part(&decision, size), offset);
	return decision.result < 0 ? decision.result : count;
}

static int fault_sync_data(void *context, int fd)
{
	BEGIN(FAULT_SYNC_DATA);
	END(inner->sync_data(inner->context, fd));
}

static int fault_sync_all(void *context, int fd)
{
	BEGIN(FAULT_SYNC_ALL);
	END(inner->sync_all(inner->context, fd));
}

static int fault_sync_start(void *context, int fd, uint64_t offset, uint64_t size)
{
	BEGIN(FAULT_SYNC_START);
	END(inner->sync_start(inner->context, fd, offset, size));
}

static int fault_truncate(void *context, int fd, uint64_t size)
{
	BEGIN(FAULT_TRUNCATE);
	END(inner->truncate(inner->context, fd, size));
}

static int fault_chmod(void *context, int fd, mode_t mode)
{
	BEGIN(FAULT_CHMOD);
	END(inner->chmod(inner->context, fd, mode));
}

static int fault_stat(void *context, int fd, struct stat *ret_stat)
{
	BEGIN(FAULT_STAT);
	END(inner->stat(inner->context, fd, ret_stat));
}

static int fault_stat_at(void *context, int dir_fd, const char *name, struct stat *ret_stat)
{
	BEGIN(FAULT_STAT_AT);
	END(inner->stat_at(inner->context, dir_fd, name, ret_stat));
}

static int fault_mkdir_at(void *context, int dir_fd, const char *name, mode_t mode)
{
	BEGIN(FAULT_MKDIR_AT);
	END(inner->mkdir_at(inner->context, dir_fd, name, mode));
}

static int fault_link_at(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	BEGIN(FAULT_LINK_AT);
	END(inner->link_at(inner->context, dir_fd, from, to_fd, to));
}

static int fault_rename_at(void *context, int dir_fd, const char *from, int to_fd, const char *to)
{
	BEGIN(FAULT_RENAME_AT);
	END(inner->rename_at(inner->context, dir_fd, from, to_fd, to));
}

static int fault_unlink_at(void *context, int dir_fd, const char *name)
{
	BEGIN(FAULT_UNLINK_AT);
	END(inner->unlink_at(inner->context, dir_fd, name));
}

static int fault_lock(void *context, int fd, enum sys_lock lock)
{
	BEGIN(FAULT_LOCK);
	int rc;

	if (decision.result < 0)
		return decision.result;
	rc = inner->lock(inner->context, fd, lock);
	if (rc == 0)
		fault_set_locked(fault, fd, lock == SYS_LOCK_EXCLUSIVE);
	return rc;
}

static int fault_is_locked(void *context, int fd)
{
	BEGIN(FAULT_IS_LOCKED);
	END(inner->is_locked(inner->context, fd));
}

static int fault_map(void *context, int fd, size_t size, const void **ret_bytes)
{
	BEGIN(FAULT_MAP);
	int rc;

	if (decision.result < 0)
		return decision.result;
	rc = inner->map(inner->context, fd, size, ret_bytes);
	if (rc == 0)
		fault_hold(fault,
			   (struct held){ .by = FAULT_MAP, .fd = -1, .memory = *ret_bytes, .size = size },
		     "");
	return rc;
}

static int fault_unmap(void *context, const void *bytes, size_t size)
{
	BEGIN(FAULT_UNMAP);

	fault_let_go(fault, FAULT_MAP, -1, bytes);
	END(inner->unmap(inner->context, bytes, size));
}

static int fault_each_name(void *context, int dir_fd, sys_name_fn each, void *each_context)
{
	BEGIN(FAULT_EACH_NAME);
	END(inner->each_name(inner->context, dir_fd, each, each_context));
}

static int fault_space(void *context, int fd, struct statvfs *ret_space)
{
	BEGIN(FAULT_SPACE);
	END(inner->space(inner->context, fd, ret_space));
}

static int fault_random(void *context, void *bytes, size_t size)
{
	BEGIN(FAULT_RANDOM);
	END(inner->random(inner->context, bytes, size));
}

static int fault_wall_time(void *context, int64_t *ret_time_us)
{
	BEGIN(FAULT_WALL_TIME);
	END(inner->wall_time(inner->context, ret_time_us));
}

static int fault_steady_time(void *context, int64_t *ret_time_us)
{
	BEGIN(FAULT_STEADY_TIME);
	END(inner->steady_time(inner->context, ret_time_us));
}

static int fault_sleep(void *context, int64_t duration_us)
{
	BEGIN(FAULT_SLEEP);
	END(inner->sleep(inner->context, duration_us));
}

static int fault_host_name(void *context, char *name, size_t size)
{
	BEGIN(FAULT_HOST_NAME);
	END(inner->host_name(inner->context, name, size));
}

static int fault_program_name(void *context, char *name, size_t size)
{
	BEGIN(FAULT_PROGRAM_NAME);
	END(inner->program_name(inner->context, name, size));
}

static int fault_boot_id(void *context, uint8_t ret_id[16])
{
	BEGIN(FAULT_BOOT_ID);
	END(inner->boot_id(inner->context, ret_id));
}

static uid_t fault_user(void *context)
{
	const struct sys *inner = ((struct fault_sys *)context)->inner;

	return inner->user(inner->context);
}

static pid_t fault_process(void *context)
{
	const struct sys *inner = ((struct fault_sys *)context)->inner;

	return inner->process(inner->context);
}

static int fault_secret_new(void *context, size_t size, void **ret_memory, bool *ret_locked)
{
	BEGIN(FAULT_SECRET_NEW);
	struct held held = { .by = FAULT_SECRET_NEW, .fd = -1, .size = size };
	int rc;

	if (decision.result < 0)
		return decision.result;
	rc = inner->secret_new(inner->context, size, ret_memory, ret_locked);
	if (rc == 0) {
		held.memory = *ret_memory;
		fault_hold(fault, held, "");
	}
	return rc;
}

static void fault_secret_free(void *context, void *memory, size_t size)
{
	struct fault_sys *fault = context;

	fault_let_go(fault, FAULT_SECRET_NEW, -1, memory);
	fault->inner->secret_free(fault->inner->context, memory, size);
}

const struct sys fault_table = {
	.open_at = fault_open_at,
	.close = fault_close,
	.read_at = fault_read_at,
	.write_at = fault_write_at,
	.sync_data = fault_sync_data,
	.sync_all = fault_sync_all,
	.sync_start = fault_sync_start,
	.truncate = fault_truncate,
	.chmod = fault_chmod,
	.stat = fault_stat,
	.stat_at = fault_stat_at,
	.mkdir_at = fault_mkdir_at,
	.link_at = fault_link_at,
	.rename_at = fault_rename_at,
	.unlink_at = fault_unlink_at,
	.lock = fault_lock,
	.is_locked = fault_is_locked,
	.map = fault_map,
	.unmap = fault_unmap,
	.each_name = fault_each_name,
	.space = fault_space,
	.random = fault_random,
	.wall_time = fault_wall_time,
	.steady_time = fault_steady_time,
	.sleep = fault_sleep,
	.host_name = fault_host_name,
	.program_name = fault_program_name,
	.boot_id = fault_boot_id,
	.user = fault_user,
	.process = fault_process,
	.secret_new = fault_secret_new,
	.secret_free = fault_secret_free,
};
