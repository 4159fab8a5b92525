/* SPDX-License-Identifier: MIT */
#include "lib/scratch.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root_path[200];
static unsigned next_number;

#define MUST(condition, what, name) \
	ck_assert_msg((condition), "%s %s: %s", (what), (name), strerror(errno))

void scratch_begin(void)
{
	const char *base = getenv("TMPDIR");

	if (base == NULL || base[0] != '/' || strlen(base) > sizeof root_path - 32)
		base = "/tmp";
	(void)snprintf(root_path, sizeof root_path, "%s/holdfast-test-XXXXXX", base);
	if (mkdtemp(root_path) == NULL) {
		perror(root_path);
		exit(EXIT_FAILURE);
	}
}

/* Directories may have been made unreadable by a case. */
static void remove_tree(int dir_fd, const char *name)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	if (unlinkat(dir_fd, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
		return;
	/* What cannot be made accessible cannot be opened either, and is left. */
	if (fchmodat(dir_fd, name, 0700, 0) != 0)
		return;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_tree(dirfd(dir), entry->d_name);
	}
	(void)closedir(dir);
	(void)unlinkat(dir_fd, name, AT_REMOVEDIR);
}

void scratch_end(void)
{
	remove_tree(AT_FDCWD, root_path);
}

struct scratch scratch_open(void)
{
	struct scratch scratch = { "", -1 };

	ck_assert_msg(root_path[0] != '\0', "scratch_begin was not called");
	(void)snprintf(scratch.path, sizeof scratch.path, "%s/%ld-%u", root_path, (long)getpid(),
		       next_number++);
	MUST(mkdir(scratch.path, 0700) == 0, "mkdir", scratch.path);
	scratch.fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	MUST(scratch.fd >= 0, "open", scratch.path);
	return scratch;
}

void scratch_close(struct scratch *scratch)
{
	if (scratch->fd < 0)
		return;
	(void)close(scratch->fd);
	remove_tree(AT_FDCWD, scratch->path);
	scratch->fd = -1;
}

static void write_all(int dir_fd, const char *name, int flags, uint64_t offset, const void *bytes,
		      size_t size)
{
	int fd = openat(dir_fd, name, flags | O_WRONLY | O_CLOEXEC, 0600);

	MUST(fd >= 0, "open", name);
	MUST(pwrite(fd, bytes, size, (off_t)offset) == (ssize_t)size, "write", name);
	MUST(close(fd) == 0, "close", name);
}

void scratch_put(int dir_fd, const char *name, const void *bytes, size_t size)
{
	write_all(dir_fd, name, O_CREAT | O_TRUNC, 0, bytes, size);
}

void scratch_append(int dir_fd, const char *name, const void *bytes, size_t size)
{
	int64_t end = scratch_size(dir_fd, name);

	write_all(dir_fd, name, O_CREAT, end < 0 ? 0 : (uint64_t)end, bytes, size);
}

char *scratch_get(int dir_fd, const char *name, size_t *ret_size)
{
	int64_t size = scratch_size(dir_fd, name);
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	char *bytes;

	MUST(size >= 0 && fd >= 0, "open", name);
	bytes = calloc((size_t)size + 1, 1);
	ck_assert_ptr_nonnull(bytes);
	MUST(pread(fd, bytes, (size_t)size, 0) == size, "read", name);
	(void)close(fd);
	*ret_size = (size_t)size;
	return bytes;
}

void scratch_poke(int dir_fd, const char *name, uint64_t offset, const void *bytes, size_t size)
{
	write_all(dir_fd, name, 0, offset, bytes, size);
}

void scratch_flip(int dir_fd, const char *name, uint64_t offset, uint8_t mask)
{
	uint8_t byte = 0;
	int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);

	MUST(fd >= 0, "open", name);
	MUST(pread(fd, &byte, 1, (off_t)offset) == 1, "read", name);
	byte ^= mask;
	MUST(pwrite(fd, &byte, 1, (off_t)offset) == 1, "write", name);
	(void)close(fd);
}

void scratch_cut(int dir_fd, const char *name, uint64_t size)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);

	MUST(fd >= 0, "open", name);
	MUST(ftruncate(fd, (off_t)size) == 0, "truncate", name);
	(void)close(fd);
}

int64_t scratch_size(int dir_fd, const char *name)
{
	struct stat found;

	return fstatat(dir_fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found.st_size : -1;
}

bool scratch_exists(int dir_fd, const char *name)
{
	return scratch_size(dir_fd, name) >= 0;
}

static DIR *open_dir(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	MUST(dir != NULL, "opendir", name);
	return dir;
}

size_t scratch_count(int dir_fd, const char *name)
{
	DIR *dir = open_dir(dir_fd, name);
	size_t count = 0;

	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count - 2;
}

void scratch_mkdir(int dir_fd, const char *name)
{
	MUST(mkdirat(dir_fd, name, 0700) == 0, "mkdir", name);
}

void scratch_remove(int dir_fd, const char *name)
{
	remove_tree(dir_fd, name);
	MUST(!scratch_exists(dir_fd, name), "remove", name);
}

static void copy_file(int from_fd, const char *from, int to_fd, const char *to)
{
	size_t size;
	char *bytes = scratch_get(from_fd, from, &size);

	scratch_put(to_fd, to, bytes, size);
	free(bytes);
}

void scratch_copy(int from_fd, const char *from, int to_fd, const char *to)
{
	struct dirent *entry;
	struct stat found;
	DIR *from_dir;
	DIR *to_dir;

	MUST(fstatat(from_fd, from, &found, AT_SYMLINK_NOFOLLOW) == 0, "stat", from);
	if (!S_ISDIR(found.st_mode)) {
		copy_file(from_fd, from, to_fd, to);
		MUST(fchmodat(to_fd, to, found.st_mode & 07777, 0) == 0, "chmod", to);
		return;
	}
	if (strcmp(to, ".") != 0)
		scratch_mkdir(to_fd, to);
	from_dir = open_dir(from_fd, from);
	to_dir = open_dir(to_fd, to);
	while ((entry = readdir(from_dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			scratch_copy(dirfd(from_dir), entry->d_name, dirfd(to_dir), entry->d_name);
	}
	MUST(fchmod(dirfd(to_dir), found.st_mode & 07777) == 0, "chmod", to);
	(void)closedir(from_dir);
	(void)closedir(to_dir);
}
