/* SPDX-License-Identifier: MIT */
/*
 * Locks of storage_posix.
 *
 * The lock is the kernel's lock on the open lock file. The file's text is for people, but
 * its size tells something to us: it is empty unless somebody holds the lock, died holding
 * it, or could not make sure of a name. Who finds it filled syncs the directory, for what
 * the other has renamed may be visible and yet not durable, and what is appended to it now
 * would vanish with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "storage/posix_internal.h"

enum {
	TRIES_MAX = 16,       /* the lock file may be removed that often while we take it */
	DELAY_MAX_US = 50000,
	US_PER_MS = 1000,
};

struct posix_lock {
	struct storage_lock base;
	struct storage_id id;
	int fd;
	pid_t owner; /* a forked child has the descriptor too, but not the right */
	dev_t device;
	ino_t inode;
};

/* What one attempt found. */
struct attempt {
	int fd;                   /* >= 0: the lock is ours */
	dev_t device;
	ino_t inode;
	bool was_filled;          /* its last holder left names in doubt */
	char holder[POSIX_HOLDER_SIZE]; /* who has it instead, or "" */
};

/* One attempt. Without an error and without a descriptor the lock is another's. */
static int attempt_lock(struct posix *posix, struct report *report, const char *name,
			struct attempt *ret_attempt)
{
	const struct sys *sys = posix->sys;
	struct stat opened, named;
	int fd = -1;
	int rc;

	rc = posix_file_open(posix, report, name, O_RDWR | O_CREAT, &opened, &fd);
	if (rc != HF_OK)
		return rc;
	rc = sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE);
	if (rc == -EAGAIN) {
		posix_holder_show(posix, fd, ret_attempt->holder);
		rc = HF_OK;
		goto out;
	}
	if (rc < 0) {
		rc = posix_file_fail(report, rc, "lock", name);
		goto out;
	}
	/* Between the opening and the locking the file may have been removed, and a lock on
	 * a file without a name keeps nobody out. */
	rc = sys->stat_at(sys->context, posix->place_fd, name, &named);
	if (rc < 0 && rc != -ENOENT) {
		rc = posix_file_fail(report, rc, "fstatat", name);
		goto out;
	}
	if (rc == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
		ret_attempt->fd = fd;
		ret_attempt->device = opened.st_dev;
		ret_attempt->inode = opened.st_ino;
		ret_attempt->was_filled = named.st_size != 0;
		fd = -1;
	}
	rc = HF_OK;
out:
	if (fd >= 0)
		(void)sys->close(sys->context, fd);
	return rc;
}

/* Attempts again at growing intervals until the lock is ours or the time is over. */
static int wait_for_lock(struct posix *posix, struct report *report, const char *name,
			 uint32_t timeout_ms, struct attempt *ret_attempt)
{
	const struct sys *sys = posix->sys;
	int64_t delay_us = US_PER_MS;
	int64_t now_us = 0;
	int64_t end_us = 0;
	int rc = timeout_ms > 0 ? sys->steady_time(sys->context, &end_us) : 0;

	now_us = end_us;
	end_us += (int64_t)timeout_ms * US_PER_MS;
	for (unsigned tries = 0; rc == 0; tries++) {
		ret_attempt->holder[0] = '\0';
		rc = attempt_lock(posix, report, name, ret_attempt);
		if (rc != HF_OK || ret_attempt->fd >= 0)
			return rc;
		if (ret_attempt->holder[0] == '\0' && tries < TRIES_MAX)
			continue;
		if (now_us >= end_us)
			return report_fail(report, HF_ERR_BUSY, "lock", "%s: held by %s", name,
					   ret_attempt->holder);
		if (delay_us > end_us - now_us)
			delay_us = end_us - now_us;
		rc = sys->sleep(sys->context, delay_us);
		delay_us = delay_us * 2 < DELAY_MAX_US ? delay_us * 2 : DELAY_MAX_US;
		if (rc == 0)
			rc = sys->steady_time(sys->context, &now_us);
	}
	return posix_file_fail(report, rc, "clock", name);
}

/* Finishes what the last holder may have left undone, and enters the new one. */
static int enter_holder(struct posix *posix, struct report *report, const struct attempt *attempt)
{
	const struct sys *sys = posix->sys;
	int rc = HF_OK;

	if (attempt->was_filled) {
		rc = posix_file_sync_root(posix, report);
		if (rc == HF_OK)
			rc = posix_file_sync_dir(posix, report, posix->place_fd);
		if (rc == HF_OK)
			(void)sys->truncate(sys->context, attempt->fd, 0);
	}
	if (rc == HF_OK)
		posix_holder_write(posix, attempt->fd);
	return rc;
}

int posix_lock_take(struct storage *storage, struct report *report, struct storage_id id,
		    uint32_t timeout_ms, struct storage_lock **ret_lock)
{
	struct posix *posix = posix_of(storage);
	struct posix_name name = posix_file_name(id, POSIX_LOCK_SUFFIX);
	struct attempt attempt = { .fd = -1 };
	struct posix_lock *lock;
	int rc;

	if (posix->place_fd < 0)
		return posix_file_fail_missing(posix, report, -1, name.text);
	lock = mem_new(1, sizeof *lock);
	if (lock == NULL)
		return report_fail(report, HF_ERR_NOMEM, "lock", "no memory for a lock");
	rc = wait_for_lock(posix, report, name.text, timeout_ms, &attempt);
	if (rc == HF_OK)
		rc = enter_holder(posix, report, &attempt);
	if (rc != HF_OK)
		goto out;
	lock->base.storage = storage;
	lock->id = id;
	lock->fd = attempt.fd;
	lock->owner = posix->sys->process(posix->sys->context);
	lock->device = attempt.device;
	lock->inode = attempt.inode;
	*ret_lock = &lock->base;
	attempt.fd = -1;
	lock = NULL;
out:
	if (attempt.fd >= 0)
		(void)posix->sys->close(posix->sys->context, attempt.fd);
	mem_free(lock);
	return rc;
}

/* What cannot be opened is taken as not locked: the answer is for showing, and whoever
 * wants to write asks for the lock itself. */
bool posix_lock_is_held(struct storage *storage, struct storage_id id)
{
	struct posix *posix = posix_of(storage);
	const struct sys *sys = posix->sys;
	struct posix_name name = posix_file_name(id, POSIX_LOCK_SUFFIX);
	int fd = -1;
	int rc;

	if (posix->place_fd >= 0)
		fd = sys->open_at(sys->context, posix->place_fd, name.text,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return false;
	rc = sys->is_locked(sys->context, fd);
	(void)sys->close(sys->context, fd);
	return rc > 0;
}

void posix_lock_release(struct storage_lock *lock)
{
	struct posix_lock *own = (struct posix_lock *)lock;
	const struct sys *sys;
	struct posix *posix;

	if (lock == NULL)
		return;
	posix = posix_of(lock->storage);
	sys = posix->sys;
	if (sys->process(sys->context) == own->owner) {
		if (!__atomic_load_n(&posix->is_in_doubt, __ATOMIC_ACQUIRE))
			(void)sys->truncate(sys->context, own->fd, 0);
		/* Closing alone would leave the lock to children that have the descriptor. */
		(void)sys->lock(sys->context, own->fd, SYS_LOCK_NONE);
	}
	(void)sys->close(sys->context, own->fd);
	mem_free(own);
}

int posix_lock_check(struct storage_lock *lock, struct report *report)
{
	struct posix_lock *own = (struct posix_lock *)lock;
	struct posix *posix = posix_of(lock->storage);
	const struct sys *sys = posix->sys;
	struct posix_name name = posix_file_name(own->id, POSIX_LOCK_SUFFIX);
	struct stat named = { 0 };
	int rc = sys->stat_at(sys->context, posix->place_fd, name.text, &named);

	if (rc < 0 && rc != -ENOENT)
		return posix_file_fail(report, rc, "fstatat", name.text);
	/* The descriptor keeps the inode's number from being used again. */
	if (rc == -ENOENT || named.st_dev != own->device || named.st_ino != own->inode)
		return report_fail(report, HF_ERR_BUSY, "lock", "%s: was removed", name.text);
	return HF_OK;
}
