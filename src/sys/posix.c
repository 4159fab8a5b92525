/* SPDX-License-Identifier: MIT */
/* The real system calls. Linux: OFD locks, getdents64, sync_file_range, WIPEONFORK. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "sys/sys.h"

_Static_assert(sizeof(off_t) == 8, "build with 64-bit file offsets");

enum {
	US_PER_SECOND = 1000000,
	NS_PER_US = 1000,
	NAMES_SIZE = 32768, /* bytes of directory entries asked for at once */
};

/* Makes a system call again until it is not interrupted; -errno if it failed. */
#define RETRY(result, call)                               \
	do {                                                 \
		do {                                            \
			(result) = (call);                         \
		} while ((result) < 0 && errno == EINTR);       \
		if ((result) < 0)                               \
			(result) = -errno;                         \
	} while (0)

static int posix_open_at(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	int fd;

	(void)context;
	RETRY(fd, openat(dir_fd, name, flags | O_CLOEXEC, mode));
	return fd;
}

/* Linux lets go of the descriptor before anything can interrupt the call, so calling
 * again could close somebody else's. */
static int posix_close(void *context, int fd)
{
	(void)context;
	if (close(fd) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static ssize_t posix_read_at(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	ssize_t count;

	(void)context;
	RETRY(count, pread(fd, bytes, size, (off_t)offset));
	return count;
}

static ssize_t posix_write_at(void *context, int fd, const void *bytes, size_t size,
			      uint64_t offset)
{
	ssize_t count;

	(void)context;
	RETRY(count, pwrite(fd, bytes, size, (off_t)offset));
	return count;
}

static int posix_sync_data(void *context, int fd)
{
	(void)context;
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int posix_sync_all(void *context, int fd)
{
	(void)context;
	return fsync(fd) < 0 ? -errno : 0;
}

static int posix_sync_start(void *context, int fd, uint64_t offset, uint64_t size)
{
	(void)context;
	if (sync_file_range(fd, (off64_t)offset, (off64_t)size, SYNC_FILE_RANGE_WRITE) < 0)
		return -errno;
	return 0;
}

static int posix_truncate(void *context, int fd, uint64_t size)
{
	int rc;

	(void)context;
	RETRY(rc, ftruncate(fd, (off_t)size));
	return rc;
}

static int posix_chmod(void *context, int fd, mode_t mode)
{
	int rc;

	(void)context;
	RETRY(rc, fchmod(fd, mode));
	return rc;
}

static int posix_stat(void *context, int fd, struct stat *ret_stat)
{
	struct stat found;
	int rc;

	(void)context;
	RETRY(rc, fstat(fd, &found));
	if (rc == 0)
		*ret_stat = found;
	return rc;
}

static int posix_stat_at(void *context, int dir_fd, const char *name, struct stat *ret_stat)
{
	struct stat found;
	int rc;

	(void)context;
	RETRY(rc, fstatat(dir_fd, name, &found, AT_SYMLINK_NOFOLLOW));
	if (rc == 0)
		*ret_stat = found;
	return rc;
}

static int posix_mkdir_at(void *context, int dir_fd, const char *name, mode_t mode)
{
	int rc;

	(void)context;
	RETRY(rc, mkdirat(dir_fd, name, mode));
	return rc;
}

static int posix_link_at(void *context, int dir_fd, const char *from, int to_dir_fd,
			 const char *to)
{
	int rc;

	(void)context;
	RETRY(rc, linkat(dir_fd, from, to_dir_fd, to, 0));
	return rc;
}

static int posix_rename_at(void *context, int dir_fd, const char *from, int to_dir_fd,
			   const char *to)
{
	int rc;

	(void)context;
	RETRY(rc, renameat(dir_fd, from, to_dir_fd, to));
	return rc;
}

static int posix_unlink_at(void *context, int dir_fd, const char *name)
{
	int rc;

	(void)context;
	RETRY(rc, unlinkat(dir_fd, name, 0));
	return rc;
}

static int posix_lock(void *context, int fd, enum sys_lock lock)
{
	struct flock range = {
		.l_type = lock == SYS_LOCK_EXCLUSIVE ? F_WRLCK : F_UNLCK,
		.l_whence = SEEK_SET,
	};
	int rc;

	(void)context;
	RETRY(rc, fcntl(fd, F_OFD_SETLK, &range));
	return rc == -EACCES ? -EAGAIN : rc;
}

/* Asks for a shared lock, since nothing but an exclusive one stands in its way. */
static int posix_is_locked(void *context, int fd)
{
	struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int rc;

	(void)context;
	RETRY(rc, fcntl(fd, F_OFD_GETLK, &range));
	return rc < 0 ? rc : range.l_type != F_UNLCK;
}

static int posix_map(void *context, int fd, size_t size, const void **ret_bytes)
{
	void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	(void)context;
	if (bytes == MAP_FAILED)
		return -errno;
	*ret_bytes = bytes;
	return 0;
}

static int posix_unmap(void *context, const void *bytes, size_t size)
{
	(void)context;
	return munmap((void *)(uintptr_t)bytes, size) < 0 ? -errno : 0;
}

/* Gives the names of one block of entries; false when the walk has been ended. */
static bool give_names(const char *block, size_t size, sys_name_fn each, void *each_context)
{
	size_t position = 0;

	while (position < size) {
		const struct dirent64 *entry = (const void *)(block + position);

		position += entry->d_reclen;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (!each(each_context, entry->d_name))
			return false;
	}
	return true;
}

/* Opens the directory anew, so that the walk has a position of its own. */
static int posix_each_name(void *context, int dir_fd, sys_name_fn each, void *each_context)
{
	_Alignas(struct dirent64) char block[NAMES_SIZE];
	ssize_t size = 0;
	int fd = posix_open_at(context, dir_fd, ".", O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	do {
		RETRY(size, getdents64(fd, block, sizeof block));
	} while (size > 0 && give_names(block, (size_t)size, each, each_context));
	(void)posix_close(context, fd);
	return size < 0 ? (int)size : 0;
}

static int posix_space(void *context, int fd, struct statvfs *ret_space)
{
	struct statvfs space;
	int rc;

	(void)context;
	RETRY(rc, fstatvfs(fd, &space));
	if (rc == 0)
		*ret_space = space;
	return rc;
}

static int posix_random(void *context, void *bytes, size_t size)
{
	size_t done = 0;

	(void)context;
	while (done < size) {
		ssize_t count;

		RETRY(count, getrandom((char *)bytes + done, size - done, 0));
		if (count < 0)
			return (int)count;
		done += (size_t)count;
	}
	return 0;
}

static int clock_us(clockid_t clock, int64_t *ret_time_us)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return -errno;
	*ret_time_us = (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / NS_PER_US;
	return 0;
}

static int posix_wall_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	return clock_us(CLOCK_REALTIME, ret_time_us);
}

static int posix_steady_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	return clock_us(CLOCK_BOOTTIME, ret_time_us);
}

static int posix_sleep(void *context, int64_t duration_us)
{
	struct timespec rest = {
		.tv_sec = (time_t)(duration_us / US_PER_SECOND),
		.tv_nsec = (long)(duration_us % US_PER_SECOND) * NS_PER_US,
	};
	int rc;

	(void)context;
	RETRY(rc, nanosleep(&rest, &rest));
	return rc;
}

static int posix_host_name(void *context, char *name, size_t size)
{
	struct utsname host;

	(void)context;
	if (uname(&host) < 0)
		return -errno;
	text_copy(name, size, host.nodename);
	return 0;
}

static int posix_program_name(void *context, char *name, size_t size)
{
	(void)context;
	text_copy(name, size, program_invocation_short_name);
	return 0;
}

/* Linux's random(4): a UUID that the kernel makes once when it starts. */
static int posix_boot_id(void *context, uint8_t ret_id[16])
{
	char text[TEXT_UUID_SIZE];
	ssize_t count;
	int fd;

	(void)context;
	RETRY(fd, open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return fd;
	RETRY(count, read(fd, text, sizeof text));
	(void)close(fd);
	if (count < 0)
		return (int)count;
	return (size_t)count == sizeof text && text_get_uuid(text, sizeof text, ret_id) ? 0 : -EIO;
}

static uid_t posix_user(void *context)
{
	(void)context;
	return geteuid();
}

static pid_t posix_process(void *context)
{
	(void)context;
	return getpid();
}

/* size rounded up to pages, or 0 when it overflows. */
static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return size > SIZE_MAX - page ? 0 : (size + page - 1) / page * page;
}

/* Kernels before 4.14 know no MADV_WIPEONFORK and say EINVAL. There a child that forks
 * sees the secret; callers compare process ids besides. */
static int protect_pages(void *memory, size_t size)
{
	static const int advices[] = { MADV_DONTDUMP, MADV_WIPEONFORK };

	for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++) {
		int rc;

		RETRY(rc, madvise(memory, size, advices[i]));
		if (rc < 0 && rc != -EINVAL && rc != -ENOSYS)
			return rc;
	}
	return 0;
}

static int posix_secret_new(void *context, size_t size, void **ret_memory, bool *ret_locked)
{
	size_t whole = whole_pages(size);
	void *memory;
	int rc;

	(void)context;
	if (whole == 0)
		return size == 0 ? -EINVAL : -ENOMEM;
	memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	rc = protect_pages(memory, whole);
	if (rc < 0) {
		(void)munmap(memory, whole);
		return rc;
	}
	*ret_locked = mlock(memory, whole) == 0;
	*ret_memory = memory;
	return 0;
}

static void posix_secret_free(void *context, void *memory, size_t size)
{
	(void)context;
	if (memory == NULL)
		return;
	mem_wipe(memory, size);
	(void)munmap(memory, whole_pages(size));
}

static const struct sys posix = {
	.context = NULL,
	.open_at = posix_open_at,
	.close = posix_close,
	.read_at = posix_read_at,
	.write_at = posix_write_at,
	.sync_data = posix_sync_data,
	.sync_all = posix_sync_all,
	.sync_start = posix_sync_start,
	.truncate = posix_truncate,
	.chmod = posix_chmod,
	.stat = posix_stat,
	.stat_at = posix_stat_at,
	.mkdir_at = posix_mkdir_at,
	.link_at = posix_link_at,
	.rename_at = posix_rename_at,
	.unlink_at = posix_unlink_at,
	.lock = posix_lock,
	.is_locked = posix_is_locked,
	.map = posix_map,
	.unmap = posix_unmap,
	.each_name = posix_each_name,
	.space = posix_space,
	.random = posix_random,
	.wall_time = posix_wall_time,
	.steady_time = posix_steady_time,
	.sleep = posix_sleep,
	.host_name = posix_host_name,
	.program_name = posix_program_name,
	.boot_id = posix_boot_id,
	.user = posix_user,
	.process = posix_process,
	.secret_new = posix_secret_new,
	.secret_free = posix_secret_free,
};

const struct sys *sys_posix(void)
{
	return &posix;
}
