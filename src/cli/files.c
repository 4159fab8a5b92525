/* SPDX-License-Identifier: MIT */
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/memory.h"

enum { FILE_MODE = 0600, DIRECTORY_MODE = 0700 };

static bool is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static int is_in_the_way(struct files *files, const char *path)
{
	strbuf_clear(&files->in_the_way);
	strbuf_puts(&files->in_the_way, path);
	return EEXIST;
}

/* The signals that end a program, so that they do not end it here. */
static void hold_signals(struct files *files)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGHUP);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	files->is_holding = sigprocmask(SIG_BLOCK, &signals, &files->signals) == 0;
}

/* A signal that was held back before, by whoever started the program, is not meant. */
static bool is_told_to_end(const struct files *files)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t pending;

	if (!files->is_holding || sigpending(&pending) != 0)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		if (sigismember(&pending, ends[i]) == 1 &&
		    sigismember(&files->signals, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Keeps in mind what was made; temporary is NULL for a directory. */
static void add_made(struct files *files, struct hf_slice path, const struct strbuf *temporary)
{
	struct made *made;

	files->made = memory_resize(files->made, files->made_count + 1, sizeof *files->made);
	made = &files->made[files->made_count++];
	*made = (struct made){ .path = memory_copy(path.data, path.size),
			       .is_directory = temporary == NULL };
	if (temporary != NULL)
		made->temporary = memory_copy(temporary->data, temporary->size);
}

/* Opens a temporary file in the directory that prefix names. */
static int begin(const struct files *files, struct file *file, struct hf_slice prefix)
{
	for (size_t i = files->made_count; i < files->made_count + 100; i++) {
		strbuf_clear(&file->temporary);
		strbuf_put(&file->temporary, prefix.data, prefix.size);
		strbuf_printf(&file->temporary, ".holdfast-%ld-%zu", (long)getpid(), i);
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

/* Syncs the file, which is whole then and waits for its name. */
static int end(struct files *files, struct file *file)
{
	int failure = 0;

	if (file->fd < 0)
		return 0;
	if (fsync(file->fd) != 0)
		failure = errno;
	if (close(file->fd) != 0 && failure == 0)
		failure = errno;
	file->fd = -1;
	add_made(files, strbuf_slice(&file->path), &file->temporary);
	strbuf_clear(&file->temporary);
	return failure;
}

/* Gives a file its name. link(2) leaves alone what is there; rename(2) takes its place. */
static int place(struct made *made, bool force)
{
	bool has_no_links;

	if (link(made->temporary, made->path) == 0) {
		made->is_placed = true;
		(void)unlink(made->temporary);
	} else {
		/* FAT and its like; there are moments in which another's file would be lost. */
		has_no_links = (errno == EPERM || errno == ENOTSUP) && !is_there(made->path);
		if (!has_no_links && (errno != EEXIST || !force))
			return errno;
		if (rename(made->temporary, made->path) != 0)
			return errno;
		made->is_placed = has_no_links;
	}
	memory_free(made->temporary);
	made->temporary = NULL;
	return 0;
}

/* Makes the names in a directory durable. */
static int sync_directory(const char *path)
{
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
	hold_signals(files);
	files->is_directory = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
	if (files->is_directory) {
		strbuf_puts(&files->directory, path);
		if (slash == NULL || slash[1] != '\0')
			strbuf_puts(&files->directory, "/");
	} else {
		/* A device, a pipe or a socket is not replaced by a file. */
		if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
			return is_in_the_way(files, path);
		if (slash != NULL)
			strbuf_put(&files->directory, path, (size_t)(slash - path) + 1);
		strbuf_puts(&files->main.path, path);
		if (!files->force && is_there(path))
			return is_in_the_way(files, path);
	}
	return begin(files, &files->main, strbuf_slice(&files->directory));
}

/* Makes the directories of a path that come after the first size bytes. */
static int make_directories(struct files *files, struct strbuf *path, size_t size)
{
	int failure = 0;

	for (size_t i = size; i < path->size && failure == 0; i++) {
		if (path->data[i] != '/')
			continue;
		path->data[i] = '\0';
		if (mkdir(path->data, DIRECTORY_MODE) == 0)
			add_made(files, (struct hf_slice){ path->data, i }, NULL);
		else if (errno != EEXIST)
			failure = errno;
		path->data[i] = '/';
	}
	return failure;
}

static int begin_beside(struct files *files, const char *name)
{
	struct strbuf *path = &files->beside.path;
	int failure = end(files, &files->beside);

	strbuf_clear(&files->beside_name);
	strbuf_puts(&files->beside_name, name);
	strbuf_clear(path);
	strbuf_put(path, files->directory.data, files->directory.size);
	strbuf_puts(path, name);
	if (failure == 0)
		failure = make_directories(files, path, files->directory.size);
	if (failure == 0 && !files->force && is_there(path->data))
		failure = is_in_the_way(files, path->data);
	if (failure == 0)
		failure = begin(files, &files->beside,
				(struct hf_slice){ path->data, (size_t)(strrchr(path->data, '/') != NULL
						? strrchr(path->data, '/') - path->data + 1
						: 0) });
	return failure;
}

int files_write(struct files *files, const char *name, const char *data, size_t size)
{
	int failure = 0;

	if (is_told_to_end(files))
		return EINTR;
	if (name == NULL)
		return put(&files->main, data, size);
	if (files->beside.fd < 0 || strcmp(files->beside_name.data, name) != 0)
		failure = begin_beside(files, name);
	return failure == 0 ? put(&files->beside, data, size) : failure;
}

/* What an export needs comes before what needs it; directories are synced when all is in them. */
static int place_all(struct files *files)
{
	int failure = 0;

	for (size_t i = 0; i < files->made_count && failure == 0; i++) {
		if (files->made[i].temporary != NULL)
			failure = place(&files->made[i], files->force);
		if (failure == EEXIST)
			failure = is_in_the_way(files, files->made[i].path);
	}
	for (size_t i = 0; i < files->made_count && failure == 0; i++) {
		if (files->made[i].is_directory)
			failure = sync_directory(files->made[i].path);
	}
	if (failure == 0)
		failure = sync_directory(files->directory.size > 0 ? files->directory.data : ".");
	return failure;
}

int files_finish(struct files *files, const char *name)
{
	int failure = end(files, &files->beside);

	if (files->is_directory) {
		strbuf_put(&files->main.path, files->directory.data, files->directory.size);
		strbuf_puts(&files->main.path, name);
	}
	if (failure == 0)
		failure = end(files, &files->main);
	if (failure == 0)
		failure = place_all(files);
	files->is_finished = failure == 0;
	return failure;
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

/* Takes back, last first, so that a directory is empty if nobody else has put something in. */
static void undo(const struct made *made)
{
	if (made->temporary != NULL)
		(void)unlink(made->temporary);
	if (made->is_directory)
		(void)rmdir(made->path);
	else if (made->is_placed)
		(void)unlink(made->path);
}

void files_release(struct files *files)
{
	release(&files->main);
	release(&files->beside);
	for (size_t i = files->made_count; i > 0; i--) {
		struct made *made = &files->made[i - 1];

		if (!files->is_finished)
			undo(made);
		memory_free(made->path);
		memory_free(made->temporary);
	}
	memory_free(files->made);
	files->made = NULL;
	files->made_count = 0;
	strbuf_release(&files->directory);
	strbuf_release(&files->beside_name);
	strbuf_release(&files->in_the_way);
	if (files->is_holding)
		(void)sigprocmask(SIG_SETMASK, &files->signals, NULL);
	files->is_holding = false;
}
