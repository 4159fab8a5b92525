/* SPDX-License-Identifier: MIT */
#include "storage/posix.h"

#include <errno.h>
#include <fcntl.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "storage/posix_internal.h"

static void posix_close(struct storage *storage)
{
	struct posix *posix = posix_of(storage);
	const struct sys *sys = posix->sys;

	if (posix->place_fd >= 0)
		(void)sys->close(sys->context, posix->place_fd);
	if (posix->quarantine_fd >= 0)
		(void)sys->close(sys->context, posix->quarantine_fd);
	mem_free(posix);
}

static int refuse_existing(struct posix *posix, struct report *report, const char *name)
{
	bool exists = false;
	int rc = posix_file_exists(posix, report, name, &exists);

	if (rc == HF_OK && exists)
		return report_fail(report, HF_ERR_EXISTS, "create", "%s: is there already", name);
	return rc;
}

/* The log's name must be gone for good before the head's, since a log without a head
 * looks like somebody's attack. */
static int remove_session(struct posix *posix, struct report *report, struct storage_id id,
			  bool with_lock)
{
	struct posix_name log = posix_file_name(id, POSIX_LOG_SUFFIX);
	struct posix_name head = posix_file_name(id, POSIX_HEAD_SUFFIX);
	struct posix_name lock = posix_file_name(id, POSIX_LOCK_SUFFIX);
	int rc;

	rc = posix_file_unlink(posix, report, log.text);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(posix, report, posix->place_fd);
	if (rc == HF_OK)
		rc = posix_file_unlink(posix, report, head.text);
	if (rc == HF_OK && with_lock)
		rc = posix_file_unlink(posix, report, lock.text);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(posix, report, posix->place_fd);
	return rc;
}

static int posix_remove(struct storage *storage, struct report *report, struct storage_id id)
{
	struct posix *posix = posix_of(storage);

	return posix->place_fd < 0 ? HF_OK : remove_session(posix, report, id, true);
}

/* Puts head and log, written and synced, under their names. */
static int place_session(struct posix *posix, struct report *report, struct storage_id id,
			 struct posix_file *head, struct posix_file *log)
{
	struct posix_name log_name = posix_file_name(id, POSIX_LOG_SUFFIX);
	struct posix_name head_name = posix_file_name(id, POSIX_HEAD_SUFFIX);
	struct report unheard = report_make(NULL, NULL);
	int rc = posix_file_rename(posix, report, head, head_name.text);

	if (rc != HF_OK)
		return rc;
	rc = posix_file_sync_dir(posix, report, posix->place_fd);
	if (rc == HF_OK)
		rc = posix_file_rename(posix, report, log, log_name.text);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(posix, report, posix->place_fd);
	if (rc != HF_OK)
		(void)remove_session(posix, &unheard, id, false);
	return rc;
}

/* A rename could replace a log that came up after the check, but only the lock's holder
 * makes logs. A link could not, but would leave two names after a crash. */
static int posix_create(struct storage *storage, struct report *report, struct storage_id id,
			const void *head, const void *bytes, size_t size)
{
	struct posix *posix = posix_of(storage);
	struct posix_name log_name = posix_file_name(id, POSIX_LOG_SUFFIX);
	struct posix_file head_file = POSIX_FILE_NONE;
	struct posix_file log_file = POSIX_FILE_NONE;
	int rc;

	rc = refuse_existing(posix, report, log_name.text);
	if (rc != HF_OK)
		return rc;
	rc = posix_file_make(posix, report, id,
			     (struct hf_slice){ head, STORAGE_HEAD_SIZE }, &head_file);
	if (rc != HF_OK)
		goto out;
	rc = posix_file_make(posix, report, id, (struct hf_slice){ bytes, size }, &log_file);
	if (rc != HF_OK)
		goto out;
	rc = posix_file_sync_root(posix, report);
	if (rc != HF_OK)
		goto out;
	rc = place_session(posix, report, id, &head_file, &log_file);
out:
	posix_file_release(posix, &log_file);
	posix_file_release(posix, &head_file);
	return rc;
}

int posix_find(struct storage *storage, struct report *report, struct storage_id id,
	       struct storage_found *ret_found)
{
	struct posix *posix = posix_of(storage);
	struct posix_name log = posix_file_name(id, POSIX_LOG_SUFFIX);
	struct posix_name head = posix_file_name(id, POSIX_HEAD_SUFFIX);
	struct storage_found found = { .id = id };
	int rc = posix_file_exists(posix, report, log.text, &found.has_log);

	if (rc == HF_OK)
		rc = posix_file_exists(posix, report, head.text, &found.has_head);
	if (rc == HF_OK)
		*ret_found = found;
	return rc;
}

static int posix_space(struct storage *storage, struct report *report, uint64_t *ret_bytes)
{
	struct posix *posix = posix_of(storage);
	struct statvfs space;
	uint64_t bytes;
	int rc = posix->sys->space(posix->sys->context, posix->root_fd, &space);

	if (rc < 0)
		return posix_file_fail(report, rc, "statvfs", "the store");
	if (__builtin_mul_overflow((uint64_t)space.f_bavail, (uint64_t)space.f_frsize, &bytes))
		bytes = UINT64_MAX;
	*ret_bytes = bytes;
	return HF_OK;
}

static const struct storage_ops posix_ops = {
	.close = posix_close,
	.each = posix_walk_each,
	.each_stray = posix_walk_each_stray,
	.lock = posix_lock_take,
	.is_locked = posix_lock_is_held,
	.unlock = posix_lock_release,
	.create = posix_create,
	.log_open = posix_log_open,
	.remove = posix_remove,
	.temp_begin = posix_temp_begin,
	.temp_write = posix_temp_write,
	.temp_commit = posix_temp_commit,
	.temp_abandon = posix_temp_abandon,
	.quarantine = posix_temp_quarantine,
	.log_close = posix_log_close,
	.log_size = posix_log_size,
	.log_is_current = posix_log_is_current,
	.log_read = posix_log_read,
	.log_map = posix_log_map,
	.log_unmap = posix_log_unmap,
	.log_write = posix_log_write,
	.log_sync = posix_log_sync,
	.log_cut = posix_log_cut,
	.head_read = posix_log_head_read,
	.head_write = posix_log_head_write,
	.head_sync = posix_log_head_sync,
	.head_peek = posix_log_head_peek,
	.lock_check = posix_lock_check,
	.holder = posix_holder,
	.move_in = posix_move_in,
	.space = posix_space,
	.find = posix_find,
	.aside_each = posix_walk_each_aside,
	.aside_open = posix_log_open_aside,
	.temp_stage = posix_temp_stage,
	.aside_bring = posix_aside_bring,
	.aside_rename = posix_aside_rename,
	.aside_sync = posix_aside_sync,
	.aside_unstage = posix_aside_unstage,
};

struct posix *posix_of(struct storage *storage)
{
	INVARIANT(storage->ops == &posix_ops);
	return (struct posix *)storage;
}

/* Opens a sub-directory, making it if that is wanted; *ret_fd is -1 if it is not there. */
static int open_dir(struct posix *posix, struct report *report, const char *name, bool make,
		    int *ret_fd)
{
	const struct sys *sys = posix->sys;
	int rc = make ? sys->mkdir_at(sys->context, posix->root_fd, name, 0700) : -EEXIST;
	int fd;

	if (rc < 0 && rc != -EEXIST)
		return posix_file_fail(report, rc, "mkdir", name);
	if (rc == 0)
		rc = posix_file_sync_dir(posix, report, posix->root_fd);
	if (rc != -EEXIST && rc != HF_OK)
		return rc;
	fd = sys->open_at(sys->context, posix->root_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
			  0);
	if (fd == -ENOENT && !make)
		fd = -1;
	else if (fd < 0)
		return posix_file_fail(report, fd, "open", name);
	*ret_fd = fd;
	return HF_OK;
}

static int open_dirs(struct posix *posix, struct report *report,
		     enum storage_posix_missing missing)
{
	bool make = missing == STORAGE_POSIX_MAKE;
	int rc = open_dir(posix, report, posix->place, make, &posix->place_fd);

	if (rc == HF_OK && posix->place_fd < 0 && missing == STORAGE_POSIX_REFUSE)
		return HF_ERR_NOTFOUND;
	return rc == HF_OK ? open_dir(posix, report, "quarantine", make, &posix->quarantine_fd) :
			     rc;
}

int storage_posix_open(const struct sys *sys, struct report *report, int dir_fd,
		       const struct storage_posix_options *options,
		       struct storage **ret_storage)
{
	struct posix *posix = mem_new(1, sizeof *posix);
	int rc;

	if (posix == NULL)
		return report_fail(report, HF_ERR_NOMEM, "open", "no memory for a storage");
	posix->base.ops = &posix_ops;
	posix->sys = sys;
	posix->place = options->place;
	if (options->program != NULL)
		text_copy(posix->program, sizeof posix->program, options->program);
	posix->root_fd = dir_fd;
	posix->place_fd = -1;
	posix->quarantine_fd = -1;
	rc = open_dirs(posix, report, options->missing);
	if (rc != HF_OK) {
		posix_close(&posix->base);
		return rc;
	}
	*ret_storage = &posix->base;
	return HF_OK;
}
