/* SPDX-License-Identifier: MIT */
/*
 * The seam: every system call, the clock and randomness, behind one table of functions,
 * so that a test can fail, shorten, delay, record or simulate any of them.
 *
 * Conventions: a function returns 0 or a count on success and -errno on failure, never
 * sets errno for its caller, and does exactly one system call (those that a comment names
 * excepted). EINTR is retried by sys_posix, so no caller sees it, except from sync calls,
 * which are never retried. File descriptors are opened with O_CLOEXEC always. Names are
 * relative to dir_fd. Everything may be called from any thread.
 */
#ifndef SYS_SYS_H
#define SYS_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

enum sys_lock {
	SYS_LOCK_EXCLUSIVE,
	SYS_LOCK_NONE,
};

/* Called for each name in a directory but "." and ".."; false ends the walk. */
typedef bool (*sys_name_fn)(void *context, const char *name);

struct sys {
	void *context; /* what the functions below are given first */

	/* openat(2) with O_CLOEXEC added. */
	int (*open_at)(void *context, int dir_fd, const char *name, int flags, mode_t mode);
	/* close(2). The descriptor is gone whatever is returned. */
	int (*close)(void *context, int fd);
	/* pread(2) and pwrite(2): may be short. */
	ssize_t (*read_at)(void *context, int fd, void *bytes, size_t size, uint64_t offset);
	ssize_t (*write_at)(void *context, int fd, const void *bytes, size_t size, uint64_t offset);
	/* fdatasync(2), and fsync(2) for directories and new files. Never retried. */
	int (*sync_data)(void *context, int fd);
	int (*sync_all)(void *context, int fd);
	/* sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts writing out, waits for
	 * nothing, promises nothing. */
	int (*sync_start)(void *context, int fd, uint64_t offset, uint64_t size);
	int (*truncate)(void *context, int fd, uint64_t size);
	int (*chmod)(void *context, int fd, mode_t mode);
	int (*stat)(void *context, int fd, struct stat *ret_stat);
	/* fstatat(2) with AT_SYMLINK_NOFOLLOW. */
	int (*stat_at)(void *context, int dir_fd, const char *name, struct stat *ret_stat);
	int (*mkdir_at)(void *context, int dir_fd, const char *name, mode_t mode);
	int (*link_at)(void *context, int dir_fd, const char *from, int to_dir_fd, const char *to);
	int (*rename_at)(void *context, int dir_fd, const char *from, int to_dir_fd, const char *to);
	int (*unlink_at)(void *context, int dir_fd, const char *name);
	/* Open-file-description lock on the whole file, never waiting: -EAGAIN when another
	 * holds it. Released by SYS_LOCK_NONE or by closing the descriptor's last copy. */
	int (*lock)(void *context, int fd, enum sys_lock lock);
	/* 1: another open file description holds an exclusive lock; 0: none does. */
	int (*is_locked)(void *context, int fd);
	/* mmap(2) of bytes [0, size) for reading, MAP_SHARED; and munmap(2). */
	int (*map)(void *context, int fd, size_t size, const void **ret_bytes);
	int (*unmap)(void *context, const void *bytes, size_t size);
	/* Walks a directory (openat, getdents64, close). */
	int (*each_name)(void *context, int dir_fd, sys_name_fn each, void *each_context);
	int (*space)(void *context, int fd, struct statvfs *ret_space);
	/* getrandom(2), all of size or an error. */
	int (*random)(void *context, void *bytes, size_t size);
	/* Microseconds since 1970 by the wall clock, and since some moment by the monotonic
	 * clock that goes on during suspend (CLOCK_BOOTTIME). */
	int (*wall_time)(void *context, int64_t *ret_time_us);
	int (*steady_time)(void *context, int64_t *ret_time_us);
	int (*sleep)(void *context, int64_t duration_us);
	/* The host's name with its NUL, cut to size. */
	int (*host_name)(void *context, char *name, size_t size);
	/* The running program's name as the kernel knows it, with its NUL, cut to size. */
	int (*program_name)(void *context, char *name, size_t size);
	/* 16 bytes that are others after each start of the machine. */
	int (*boot_id)(void *context, uint8_t ret_id[16]);
	uid_t (*user)(void *context);
	pid_t (*process)(void *context);
	/* Zeroed memory for secrets: own pages, kept out of core dumps and wiped in a forked
	 * child (madvise(2) MADV_DONTDUMP, MADV_WIPEONFORK), locked against swapping if the
	 * limits allow (*ret_locked). size is rounded up to pages. */
	int (*secret_new)(void *context, size_t size, void **ret_memory, bool *ret_locked);
	/* Wipes and unmaps it. */
	void (*secret_free)(void *context, void *memory, size_t size);
};

/* The real thing. */
const struct sys *sys_posix(void);

/* Reads exactly size bytes; 0, -errno, or -ENODATA when the file ends before. */
int sys_read_all(const struct sys *sys, int fd, void *bytes, size_t size, uint64_t offset);
/* Reads until size bytes are there or the file ends; the count, or -errno. */
ssize_t sys_read_some(const struct sys *sys, int fd, void *bytes, size_t size, uint64_t offset);
/* Writes all bytes, going on after short writes. On failure *ret_written bytes were
 * written (it is always set). A write of nothing without an error counts as -ENOSPC. */
int sys_write_all(const struct sys *sys, int fd, const void *bytes, size_t size, uint64_t offset,
		  size_t *ret_written);

#endif
