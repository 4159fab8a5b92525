/* SPDX-License-Identifier: MIT */
/* Open logs and their heads in storage_posix. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "storage/posix_internal.h"

struct posix_log {
	struct storage_log base;
	struct storage_id id;
	struct posix_name name; /* of fd's file */
	enum storage_access access;
	int fd;
	int head_fd;    /* -1: not opened yet */
	bool head_made; /* we made the head: its name is not durable yet */
	dev_t device;   /* of fd, which keeps its number from being used again */
	ino_t inode;
};

static struct posix_log *log_of(struct storage_log *log)
{
	(void)posix_of(log->storage);
	return (struct posix_log *)log;
}

static const struct sys *sys_of(struct storage_log *log)
{
	return posix_of(log->storage)->sys;
}

static int fail_log(struct posix_log *log, int64_t result, const char *operation)
{
	return posix_file_fail(log->base.report, result, operation, log->name.text);
}

static int fail_head(struct posix_log *log, int64_t result, const char *operation)
{
	struct posix_name name = posix_file_name(log->id, POSIX_HEAD_SUFFIX);

	return posix_file_fail(log->base.report, result, operation, name.text);
}

/* Memory for an open log; NULL: there is none, which is described. */
static struct posix_log *new_log(struct storage *storage, struct report *report,
				 struct storage_id id, enum storage_access access)
{
	struct posix_log *log = mem_new(1, sizeof *log);

	if (log == NULL) {
		(void)report_fail(report, HF_ERR_NOMEM, "open", "no memory for a log");
		return NULL;
	}
	log->base.storage = storage;
	log->base.report = report;
	log->id = id;
	log->access = access;
	log->head_fd = -1;
	return log;
}

int posix_log_open(struct storage *storage, struct report *report, struct storage_id id,
		   enum storage_access access, struct storage_log **ret_log)
{
	struct posix_log *log = new_log(storage, report, id, access);
	struct stat found;
	int rc;

	if (log == NULL)
		return HF_ERR_NOMEM;
	log->name = posix_file_name(id, POSIX_LOG_SUFFIX);
	rc = posix_file_open(posix_of(storage), report, log->name.text,
			     access == STORAGE_WRITE ? O_RDWR : O_RDONLY, &found, &log->fd);
	if (rc != HF_OK) {
		mem_free(log);
		return rc;
	}
	log->device = found.st_dev;
	log->inode = found.st_ino;
	*ret_log = &log->base;
	return HF_OK;
}

int posix_log_open_aside(struct storage *storage, struct report *report, struct storage_id id,
			 const char *name, struct storage_log **ret_log)
{
	struct posix_log *log;
	struct stat found;
	int rc;

	INVARIANT(storage_aside_is_name(id, name));
	log = new_log(storage, report, id, STORAGE_READ);
	if (log == NULL)
		return HF_ERR_NOMEM;
	text_copy(log->name.text, sizeof log->name.text, name);
	rc = posix_file_open_aside(posix_of(storage), report, name, &found, &log->fd);
	if (rc != HF_OK) {
		mem_free(log);
		return rc;
	}
	*ret_log = &log->base;
	return HF_OK;
}

void posix_log_close(struct storage_log *log)
{
	struct posix_log *own;
	const struct sys *sys;

	if (log == NULL)
		return;
	own = log_of(log);
	sys = sys_of(log);
	if (own->head_fd >= 0)
		(void)sys->close(sys->context, own->head_fd);
	(void)sys->close(sys->context, own->fd);
	mem_free(own);
}

int posix_log_size(struct storage_log *log, uint64_t *ret_size)
{
	const struct sys *sys = sys_of(log);
	struct stat found;
	int rc = sys->stat(sys->context, log_of(log)->fd, &found);

	if (rc < 0)
		return fail_log(log_of(log), rc, "fstat");
	*ret_size = (uint64_t)found.st_size;
	return HF_OK;
}

bool posix_log_is_current(struct storage_log *log)
{
	struct posix_log *own = log_of(log);
	struct posix *posix = posix_of(log->storage);
	struct posix_name name = posix_file_name(own->id, POSIX_LOG_SUFFIX);
	struct stat named;

	return posix->sys->stat_at(posix->sys->context, posix->place_fd, name.text,
				   &named) == 0 &&
	       named.st_dev == own->device && named.st_ino == own->inode;
}

int posix_log_read(struct storage_log *log, uint64_t offset, void *bytes, size_t size,
		   size_t *ret_read)
{
	ssize_t count = sys_read_some(sys_of(log), log_of(log)->fd, bytes, size, offset);

	if (count < 0)
		return fail_log(log_of(log), count, "pread");
	*ret_read = (size_t)count;
	return HF_OK;
}

int posix_log_map(struct storage_log *log, size_t size, struct storage_map *ret_map)
{
	const struct sys *sys = sys_of(log);
	struct storage_map map = { "", 0 };
	const void *bytes;
	uint64_t present = 0;
	int rc;

	if (size > 0) {
		/* Touching pages beyond the end would kill the process. */
		rc = posix_log_size(log, &present);
		if (rc != HF_OK)
			return rc;
		if (present < size)
			return report_fail(log->report, HF_ERR_IO, "mmap",
					   "the log is shorter than it was");
		rc = sys->map(sys->context, log_of(log)->fd, size, &bytes);
		if (rc < 0)
			return fail_log(log_of(log), rc, "mmap");
		map.bytes = bytes;
		map.size = size;
	}
	*ret_map = map;
	return HF_OK;
}

void posix_log_unmap(struct storage_log *log, struct storage_map *map)
{
	const struct sys *sys = sys_of(log);

	if (map->size > 0)
		(void)sys->unmap(sys->context, map->bytes, map->size);
	map->bytes = NULL;
	map->size = 0;
}

int posix_log_write(struct storage_log *log, uint64_t offset, const void *bytes, size_t size)
{
	struct posix_log *own = log_of(log);
	size_t written;
	int rc;

	INVARIANT(own->access == STORAGE_WRITE);
	rc = sys_write_all(sys_of(log), own->fd, bytes, size, offset, &written);
	return rc < 0 ? fail_log(own, rc, "pwrite") : HF_OK;
}

int posix_log_sync(struct storage_log *log)
{
	const struct sys *sys = sys_of(log);
	int rc = sys->sync_data(sys->context, log_of(log)->fd);

	return rc < 0 ? fail_log(log_of(log), rc, "fdatasync") : HF_OK;
}

int posix_log_cut(struct storage_log *log, uint64_t size)
{
	const struct sys *sys = sys_of(log);
	int rc;

	INVARIANT(log_of(log)->access == STORAGE_WRITE);
	rc = sys->truncate(sys->context, log_of(log)->fd, size);
	return rc < 0 ? fail_log(log_of(log), rc, "ftruncate") : HF_OK;
}

/* Opens the head if it is not open yet. HF_ERR_NOTFOUND: there is none. */
static int open_head(struct posix_log *log)
{
	struct posix *posix = posix_of(log->base.storage);
	struct posix_name name = posix_file_name(log->id, POSIX_HEAD_SUFFIX);
	int flags = log->access == STORAGE_WRITE ? O_RDWR : O_RDONLY;
	struct stat found;

	if (log->head_fd >= 0)
		return HF_OK;
	return posix_file_open(posix, log->base.report, name.text, flags, &found, &log->head_fd);
}

/* Whether there is a head: one whose name is known to be durable spares a sync. */
static bool has_head(struct posix_log *log)
{
	struct posix *posix = posix_of(log->base.storage);
	struct posix_name name = posix_file_name(log->id, POSIX_HEAD_SUFFIX);
	struct stat found;

	return posix->sys->stat_at(posix->sys->context, posix->place_fd, name.text, &found) == 0;
}

/* Makes the head, which was not there. */
static int make_head(struct posix_log *log)
{
	struct posix *posix = posix_of(log->base.storage);
	struct posix_name name = posix_file_name(log->id, POSIX_HEAD_SUFFIX);
	struct stat found;
	int rc = posix_file_open(posix, log->base.report, name.text, O_RDWR | O_CREAT, &found,
				 &log->head_fd);

	if (rc == HF_OK)
		log->head_made = true;
	return rc;
}

int posix_log_head_read(struct storage_log *log, uint8_t ret_head[STORAGE_HEAD_SIZE])
{
	struct posix_log *own = log_of(log);
	uint8_t head[STORAGE_HEAD_SIZE] = { 0 };
	ssize_t count;
	int rc = open_head(own);

	if (rc != HF_OK)
		return rc;
	count = sys_read_some(sys_of(log), own->head_fd, head, sizeof head, 0);
	if (count < 0)
		return fail_head(own, count, "pread");
	memcpy(ret_head, head, sizeof head);
	return HF_OK;
}

int posix_log_head_write(struct storage_log *log, unsigned slot,
			 const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE])
{
	struct posix_log *own = log_of(log);
	size_t written;
	int rc = HF_OK;

	INVARIANT(own->access == STORAGE_WRITE && slot < STORAGE_HEAD_SLOTS);
	if (own->head_fd < 0)
		rc = has_head(own) ? open_head(own) : make_head(own);
	if (rc != HF_OK)
		return rc;
	rc = sys_write_all(sys_of(log), own->head_fd, bytes, STORAGE_HEAD_SLOT_SIZE,
			   (uint64_t)slot * STORAGE_HEAD_SLOT_SIZE, &written);
	return rc < 0 ? fail_head(own, rc, "pwrite") : HF_OK;
}

int posix_log_head_sync(struct storage_log *log)
{
	struct posix_log *own = log_of(log);
	struct posix *posix = posix_of(log->storage);
	int rc = open_head(own);

	if (rc != HF_OK)
		return rc;
	rc = posix->sys->sync_data(posix->sys->context, own->head_fd);
	if (rc < 0)
		return fail_head(own, rc, "fdatasync");
	if (own->head_made)
		rc = posix_file_sync_dir(posix, log->report, posix->place_fd);
	if (rc == HF_OK)
		own->head_made = false;
	return rc;
}

/* Checks nothing about the file: a listing reads many, and the head's own MAC tells. */
int posix_log_head_peek(struct storage *storage, struct report *report, struct storage_id id,
			uint8_t ret_head[STORAGE_HEAD_SIZE])
{
	struct posix *posix = posix_of(storage);
	const struct sys *sys = posix->sys;
	struct posix_name name = posix_file_name(id, POSIX_HEAD_SUFFIX);
	uint8_t head[STORAGE_HEAD_SIZE] = { 0 };
	ssize_t count;
	int fd = -ENOENT;

	if (posix->place_fd >= 0)
		fd = sys->open_at(sys->context, posix->place_fd, name.text,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT)
		return HF_ERR_NOTFOUND;
	if (fd < 0)
		return posix_file_fail(report, fd, "open", name.text);
	count = sys_read_some(sys, fd, head, sizeof head, 0);
	(void)sys->close(sys->context, fd);
	if (count < 0)
		return posix_file_fail(report, count, "pread", name.text);
	memcpy(ret_head, head, sizeof head);
	return HF_OK;
}
