/* SPDX-License-Identifier: MIT */
/*
 * A struct sys that lets something happen in between: before the nth call that goes
 * through it, it calls a function of the test's. With one such run for each n, two
 * processes are tried in every order in which one of them is held up once.
 */
#ifndef UNIT_KEYS_MEDDLE_H
#define UNIT_KEYS_MEDDLE_H

#include "sys/sys.h"

struct meddle {
	struct sys table;
	uint64_t count;          /* calls so far */
	uint64_t nth;            /* before which of them; 0: never */
	void (*happen)(void *context);
	void *context;
	void (*on_sleep)(void *context); /* called instead of sleeping, if set */
};

static inline const struct sys *meddle_before(void *context)
{
	struct meddle *meddle = context;

	if (++meddle->count == meddle->nth)
		meddle->happen(meddle->context);
	return sys_posix();
}

#define MEDDLE(name, parameters, arguments)                            \
	static inline int meddle_##name parameters                        \
	{                                                                 \
		const struct sys *sys = meddle_before(context);                \
		context = sys->context;                                        \
		return sys->name arguments;                                    \
	}

MEDDLE(open_at, (void *context, int dir_fd, const char *name, int flags, mode_t mode),
       (context, dir_fd, name, flags, mode))
MEDDLE(close, (void *context, int fd), (context, fd))
MEDDLE(sync_all, (void *context, int fd), (context, fd))
MEDDLE(chmod, (void *context, int fd, mode_t mode), (context, fd, mode))
MEDDLE(stat, (void *context, int fd, struct stat *ret_stat), (context, fd, ret_stat))
MEDDLE(stat_at, (void *context, int dir_fd, const char *name, struct stat *ret_stat),
       (context, dir_fd, name, ret_stat))
MEDDLE(link_at, (void *context, int dir_fd, const char *from, int to_dir_fd, const char *to),
       (context, dir_fd, from, to_dir_fd, to))
MEDDLE(unlink_at, (void *context, int dir_fd, const char *name), (context, dir_fd, name))
MEDDLE(lock, (void *context, int fd, enum sys_lock lock), (context, fd, lock))
MEDDLE(each_name, (void *context, int dir_fd, sys_name_fn each, void *each_context),
       (context, dir_fd, each, each_context))
#undef MEDDLE

static inline ssize_t meddle_read_at(void *context, int fd, void *bytes, size_t size,
				     uint64_t offset)
{
	const struct sys *sys = meddle_before(context);

	return sys->read_at(sys->context, fd, bytes, size, offset);
}

static inline ssize_t meddle_write_at(void *context, int fd, const void *bytes, size_t size,
				      uint64_t offset)
{
	const struct sys *sys = meddle_before(context);

	return sys->write_at(sys->context, fd, bytes, size, offset);
}

static inline int meddle_sleep(void *context, int64_t duration_us)
{
	struct meddle *meddle = context;

	if (meddle->on_sleep != NULL)
		meddle->on_sleep(meddle->context);
	return sys_posix()->sleep(NULL, duration_us);
}

/* Prepares it in place; it must not move. The functions that are not replaced are those of
 * sys_posix, which want no context. */
static inline void meddle_init(struct meddle *meddle)
{
	*meddle = (struct meddle){ .table = *sys_posix() };
	meddle->table.context = meddle;
	meddle->table.open_at = meddle_open_at;
	meddle->table.close = meddle_close;
	meddle->table.sync_all = meddle_sync_all;
	meddle->table.chmod = meddle_chmod;
	meddle->table.stat = meddle_stat;
	meddle->table.stat_at = meddle_stat_at;
	meddle->table.link_at = meddle_link_at;
	meddle->table.unlink_at = meddle_unlink_at;
	meddle->table.lock = meddle_lock;
	meddle->table.each_name = meddle_each_name;
	meddle->table.read_at = meddle_read_at;
	meddle->table.write_at = meddle_write_at;
	meddle->table.sleep = meddle_sleep;
}

#endif
