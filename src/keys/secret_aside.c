/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "holdfast.h"
#include "keys/secret_internal.h"

enum { CORRUPT_MAX = 10000 }; /* damaged secrets that are kept aside */

#define CORRUPT_NAME_SIZE (sizeof SECRET_CORRUPT_PREFIX + TEXT_U64_SIZE)

static void corrupt_name(uint64_t n, char ret_name[static CORRUPT_NAME_SIZE])
{
	size_t size = strlen(SECRET_CORRUPT_PREFIX);

	memcpy(ret_name, SECRET_CORRUPT_PREFIX, size);
	size += text_put_u64(n, ret_name + size);
	ret_name[size] = '\0';
}

/* Gives the damaged file its second name, the first that is free; it may have got one
 * from a process that died then. */
static int link_aside(const struct secret_dir *dir, struct report *report,
		      const struct stat *damaged, char ret_name[static CORRUPT_NAME_SIZE])
{
	const struct sys *sys = dir->sys;
	struct stat taken;
	int rc = -EEXIST;

	for (uint64_t n = 1; n <= CORRUPT_MAX && rc == -EEXIST; n++) {
		corrupt_name(n, ret_name);
		rc = sys->link_at(sys->context, dir->fd, SECRET_NAME, dir->fd, ret_name);
		if (rc == -EEXIST &&
		    sys->stat_at(sys->context, dir->fd, ret_name, &taken) == 0 &&
		    secret_is_same_file(&taken, damaged))
			rc = 0;
	}
	return rc < 0 ? secret_call_failed(report, rc, "link", ret_name) : HF_OK;
}

/* Moves the name of a damaged file whose lock we hold. The new name is durable before the
 * old one goes. */
static int move_aside(const struct secret_dir *dir, struct report *report,
		      const struct stat *damaged)
{
	const struct sys *sys = dir->sys;
	char name[CORRUPT_NAME_SIZE];
	int rc = link_aside(dir, report, damaged, name);

	if (rc != HF_OK)
		return rc;
	rc = sys->sync_all(sys->context, dir->fd);
	if (rc < 0)
		return secret_call_failed(report, rc, "fsync", "the key directory");
	rc = sys->unlink_at(sys->context, dir->fd, SECRET_NAME);
	if (rc < 0)
		return secret_call_failed(report, rc, "unlink", SECRET_NAME);
	rc = sys->sync_all(sys->context, dir->fd);
	if (rc < 0)
		return secret_call_failed(report, rc, "fsync", "the key directory");
	report_log(report, HF_LOG_WARNING,
		   SECRET_NAME " is damaged and was kept aside as %s; a new one is made, and "
		   "sessions signed before cannot be checked until it is restored", name);
	return HF_OK;
}

/* Locks the damaged file that fd has open, if the secret's name is still its own. Only the
 * holder of its lock may take that from it. */
static int lock_named(const struct secret_dir *dir, struct report *report, int fd,
		      struct secret *secret, struct stat *ret_locked)
{
	const struct sys *sys = dir->sys;
	struct stat named;
	int rc = sys->lock(sys->context, fd, SYS_LOCK_EXCLUSIVE);

	if (rc == -EAGAIN) {
		secret->state = SECRET_CHANGED;
		return HF_OK;
	}
	if (rc < 0)
		return secret_call_failed(report, rc, "lock", SECRET_NAME);
	rc = sys->stat(sys->context, fd, ret_locked);
	if (rc < 0)
		return secret_call_failed(report, rc, "fstat", SECRET_NAME);
	rc = sys->stat_at(sys->context, dir->fd, SECRET_NAME, &named);
	if (rc < 0 && rc != -ENOENT)
		return secret_call_failed(report, rc, "fstatat", SECRET_NAME);
	if (rc == -ENOENT || !secret_is_same_file(&named, ret_locked))
		secret->state = SECRET_CHANGED;
	return HF_OK;
}

int secret_aside(const struct secret_dir *dir, struct report *report, struct secret *secret)
{
	const struct sys *sys = dir->sys;
	struct stat damaged = { 0 };
	int rc;
	int fd = secret_open(dir, O_RDWR); /* a lock needs the right to write */

	secret->state = SECRET_GOOD;
	if (fd == -ENOENT)
		return HF_OK;
	if (fd == -EACCES || fd == -EPERM)
		return report_fail(report, HF_ERR_KEY_CORRUPT, "key file",
				   SECRET_NAME " is damaged and cannot be set aside: chmod 600 it");
	if (fd < 0)
		return secret_call_failed(report, fd, "open", SECRET_NAME);
	rc = lock_named(dir, report, fd, secret, &damaged);
	if (rc != HF_OK || secret->state == SECRET_CHANGED)
		goto out;
	/* It may have been restored in place by now. */
	rc = secret_examine(dir, report, fd, secret);
	if (secret->state == SECRET_DAMAGED)
		rc = move_aside(dir, report, &damaged);
	else if (secret->state != SECRET_GOOD)
		rc = HF_OK;
out:
	/* A child forked meanwhile may hold the descriptor too: closing would not unlock. */
	(void)sys->lock(sys->context, fd, SYS_LOCK_NONE);
	(void)sys->close(sys->context, fd);
	return rc;
}
