/* SPDX-License-Identifier: MIT */
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0600, DIRECTORY_MODE = 0700 };

static bool is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

/* Opens a temporary file in the directory that prefix names. */
static int begin(struct file *file, struct hf_slice prefix)
{
	for (unsigned i = 0; i < 100; i++) {
		strbuf_clear(&file->temporary);
		strbuf_put(&file->temporary, prefix.data, prefix.size);
		strbuf_printf(&file->temporary, ".holdfast-%ld-%u", (long)getpid(), i);
		file->fd = open(file->temporary.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
				FILE_MODE);
		if (file->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	strbuf_clear(&file->temporary);
	return errno;
}

static int put(const struct file *file, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(file->fd, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		data += written;
		size -= (size_t)written;
	}
	return 0;
}

/* Syncs the file and gives it its name. */
static int end(struct file *file, bool force)
{
	int failure = 0;

	if (file->fd < 0)
		return 0;
	if (fsync(file->fd) != 0)
		failure = errno;
	if (close(file->fd) != 0 && failure == 0)
		failure = errno;
	file->fd = -1;
	/* link(2) leaves alone what is there; rename(2) takes its place. */
	if (failure == 0 && !force && link(file->temporary.data, file->path.data) != 0)
		failure = errno;
	if (failure == 0 && force && rename(file->temporary.data, file->path.data) != 0)
		failure = errno;
	if (failure != 0 || !force)
		(void)unlink(file->temporary.data);
	strbuf_clear(&file->temporary);
	return failure;
}

/* Makes the name durable. */
static int sync_directory(const struct files *files)
{
	const char *path = files->directory.size > 0 ? files->directory.data : ".";
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failure = 0;

	if (fd < 0)
		return errno;
	/* Not every file system syncs directories; the file itself is synced. */
	if (fsync(fd) != 0 && errno != EINVAL)
		failure = errno;
	(void)close(fd);
	return failure;
}

int files_open(struct files *files, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat info;

	files->main.fd = -1;
	files->beside.fd = -1;
	files->is_directory = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	if (files->is_directory) {
		strbuf_puts(&files->directory, path);
		strbuf_puts(&files->directory, "/");
	} else {
		/* A device, a pipe or a socket is not replaced by a file. */
		if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
			return EEXIST;
		if (slash != NULL)
			strbuf_put(&files->directory, path, (size_t)(slash - path) + 1);
		strbuf_puts(&files->main.path, path);
		if (!files->force && is_there(path))
			return EEXIST;
	}
	return begin(&files->main, strbuf_slice(&files->directory));
}

/* Makes the directories of a path that come after the first size bytes. */
static int make_directories(struct strbuf *path, size_t size)
{
	for (size_t i = size; i < path->size; i++) {
		if (path->data[i] != '/')
			continue;
		path->data[i] = '\0';
		if (mkdir(path->data, DIRECTORY_MODE) != 0 && errno != EEXIST) {
			path->data[i] = '/';
			return errno;
		}
		path->data[i] = '/';
	}
	return 0;
}

static int begin_beside(struct files *files, const char *name)
{
	struct strbuf *path = &files->beside.path;
	int failure = end(&files->beside, files->force);

	strbuf_clear(&files->beside_name);
	strbuf_puts(&files->beside_name, name);
	strbuf_clear(path);
	strbuf_put(path, files->directory.data, files->directory.size);
	strbuf_puts(path, name);
	if (failure == 0)
		failure = make_directories(path, files->directory.size);
	if (failure == 0 && !files->force && is_there(path->data))
		failure = EEXIST;
	if (failure == 0)
		failure = begin(&files->beside,
				(struct hf_slice){ path->data, (size_t)(strrchr(path->data, '/') != NULL
						? strrchr(path->data, '/') - path->data + 1
						: 0) });
	return failure;
}

int files_write(struct files *files, const char *name, const char *data, size_t size)
{
	int failure = 0;

	if (name == NULL)
		return put(&files->main, data, size);
	if (files->beside.fd < 0 || strcmp(files->beside_name.data, name) != 0)
		failure = begin_beside(files, name);
	return failure == 0 ? put(&files->beside, data, size) : failure;
}

int files_finish(struct files *files, const char *name)
{
	int failure = end(&files->beside, files->force);

	if (files->is_directory) {
		strbuf_put(&files->main.path, files->directory.data, files->directory.size);
		strbuf_puts(&files->main.path, name);
	}
	if (failure == 0)
		failure = end(&files->main, files->force);
	return failure == 0 ? sync_directory(files) : failure;
}

static void release(struct file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	if (file->temporary.size > 0)
		(void)unlink(file->temporary.data);
	strbuf_release(&file->temporary);
	strbuf_release(&file->path);
}

void files_release(struct files *files)
{
	release(&files->main);
	release(&files->beside);
	strbuf_release(&files->directory);
	strbuf_release(&files->beside_name);
}
