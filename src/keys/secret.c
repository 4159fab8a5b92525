/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "holdfast.h"
#include "keys/secret_internal.h"

enum {
	ATTEMPTS_MAX = 5000, /* times that others may be in the way */
	PAUSE_US = 1000,     /* and how long to wait for them each time */
};

/* ---- Names ----------------------------------------------------------------------- */

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool secret_is_temp_name(const char *name)
{
	size_t size = strlen(name);

	return size == SECRET_TEMP_NAME_SIZE - 1 && begins_with(name, SECRET_TEMP_PREFIX) &&
	       strcmp(name + size - strlen(SECRET_TEMP_SUFFIX), SECRET_TEMP_SUFFIX) == 0;
}

bool secret_is_corrupt_name(const char *name)
{
	size_t prefix = strlen(SECRET_CORRUPT_PREFIX);
	uint64_t n;

	return begins_with(name, SECRET_CORRUPT_PREFIX) &&
	       text_get_u64(name + prefix, strlen(name + prefix), &n);
}

/* ---- Failures -------------------------------------------------------------------- */

int secret_call_failed(struct report *report, int rc, const char *operation, const char *name)
{
	int code = report_errno(report, -rc, operation, name);

	/* Those two would tell the user of sessions. */
	if (code != HF_ERR_NOTFOUND && code != HF_ERR_EXISTS)
		return code;
	report->detail.code = HF_ERR_IO;
	return HF_ERR_IO;
}

/* A call that failed on the way to the secret's bytes. */
static int reading_failed(struct secret *secret, struct report *report, int rc,
			  const char *operation)
{
	if (rc != -EACCES && rc != -EPERM && rc != -EIO)
		return secret_call_failed(report, rc, operation, SECRET_NAME);
	secret->state = SECRET_UNREADABLE;
	secret->reason = -rc;
	return HF_ERR_DENIED;
}

/* Says what stands in the way for now, which is no failure. */
static int found(struct secret *secret, enum secret_state state)
{
	secret->state = state;
	return HF_ERR_KEY_MISSING;
}

static int unsafe(struct report *report, const char *what)
{
	return report_fail(report, HF_ERR_KEY_UNSAFE, "key file", "%s", what);
}

/* ---- Reading --------------------------------------------------------------------- */

bool secret_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static struct secret_place place_of(const struct stat *stat)
{
	struct secret_place place = { stat->st_dev, stat->st_ino, stat->st_size, stat->st_mtim,
				      stat->st_ctim };

	return place;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool secret_is_at(const struct secret_dir *dir, const struct secret_place *place)
{
	const struct sys *sys = dir->sys;
	struct secret_place now;
	struct stat stat;

	if (sys->stat_at(sys->context, dir->fd, SECRET_NAME, &stat) < 0)
		return false;
	now = place_of(&stat);
	return now.device == place->device && now.inode == place->inode &&
	       now.size == place->size && is_same_time(&now.modified, &place->modified) &&
	       is_same_time(&now.changed, &place->changed);
}

/* Whoever can write to the directory can put a secret of his choice there. */
static int check_dir(const struct secret_dir *dir, struct report *report, struct secret *secret)
{
	const struct sys *sys = dir->sys;
	struct stat stat;
	int rc = sys->stat(sys->context, dir->fd, &stat);

	if (rc < 0)
		return reading_failed(secret, report, rc, "fstat");
	if (stat.st_uid != sys->user(sys->context) && stat.st_uid != 0)
		return unsafe(report, "the key directory belongs to another user: chown it");
	if ((stat.st_mode & 022) != 0)
		return report_fail(report, HF_ERR_KEY_MODE, "key file",
				   "the key directory has mode %03o, so that others can replace "
				   SECRET_NAME ": chmod 700 it",
				   (unsigned)stat.st_mode & 07777);
	return HF_OK;
}

/* Second names of a file that are of our own making. */
struct links {
	const struct secret_dir *dir;
	const struct stat *file;
	uint64_t count;
};

static bool count_link(void *context, const char *name)
{
	struct links *links = context;
	const struct sys *sys = links->dir->sys;
	struct stat stat;

	if (!secret_is_temp_name(name) && !secret_is_corrupt_name(name))
		return true;
	if (sys->stat_at(sys->context, links->dir->fd, name, &stat) < 0 ||
	    !secret_is_same_file(&stat, links->file))
		return true;
	links->count++;
	/* Its maker died before it could, or is about to. */
	if (secret_is_temp_name(name) && !links->dir->read_only)
		(void)sys->unlink_at(sys->context, links->dir->fd, name);
	return true;
}

/* Checks that no name of the file lies where we do not look after it. The count of names
 * must be the same before and after they were looked for, or nothing is known. */
static int check_links(const struct secret_dir *dir, struct report *report, int fd,
		       const struct stat *before, struct secret *secret)
{
	const struct sys *sys = dir->sys;
	struct links links = { dir, before, 0 };
	struct stat after;
	int rc;

	if (before->st_nlink == 1)
		return HF_OK;
	rc = sys->each_name(sys->context, dir->fd, count_link, &links);
	if (rc < 0)
		return reading_failed(secret, report, rc, "getdents");
	rc = sys->stat(sys->context, fd, &after);
	if (rc < 0)
		return reading_failed(secret, report, rc, "fstat");
	if (after.st_nlink != before->st_nlink || after.st_nlink < 1 + links.count)
		return found(secret, SECRET_CHANGED);
	if (after.st_nlink == 1 + links.count)
		return HF_OK;
	return unsafe(report, SECRET_NAME " has more than one name: remove the others, which "
		      "find -samefile shows");
}

static int check_file(const struct secret_dir *dir, struct report *report, int fd,
		      struct secret *secret)
{
	const struct sys *sys = dir->sys;
	struct stat stat;
	int rc = sys->stat(sys->context, fd, &stat);

	if (rc < 0)
		return reading_failed(secret, report, rc, "fstat");
	if (!S_ISREG(stat.st_mode))
		return unsafe(report, SECRET_NAME " is not a regular file: remove it");
	if (stat.st_uid != sys->user(sys->context))
		return unsafe(report, SECRET_NAME " belongs to another user: chown it");
	if ((stat.st_mode & 077) != 0)
		return report_fail(report, HF_ERR_KEY_MODE, "key file",
				   SECRET_NAME " has mode %03o, so that others can get at it: "
				   "chmod 600 it", (unsigned)stat.st_mode & 07777);
	secret->place = place_of(&stat);
	return check_links(dir, report, fd, &stat, secret);
}

static int read_text(const struct sys *sys, struct report *report, int fd, struct secret *secret)
{
	ssize_t size = sys_read_some(sys, fd, secret->text, sizeof secret->text, 0);

	if (size < 0)
		return reading_failed(secret, report, (int)size, "read");
	secret->text_size = (size_t)size;
	if (!keyfile_decode(secret->text, secret->text_size, &secret->file))
		return found(secret, SECRET_DAMAGED);
	kdf_sha256(secret->text, secret->text_size, secret->digest);
	return HF_OK;
}

int secret_examine(const struct secret_dir *dir, struct report *report, int fd,
		   struct secret *secret)
{
	int rc = check_file(dir, report, fd, secret);

	return rc == HF_OK ? read_text(dir->sys, report, fd, secret) : rc;
}

/* O_NONBLOCK, so that a pipe in the secret's place does not hold us up. */
int secret_open(const struct secret_dir *dir, int access)
{
	const struct sys *sys = dir->sys;

	return sys->open_at(sys->context, dir->fd, SECRET_NAME,
			    access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
}

static int opening_failed(struct secret *secret, struct report *report, int rc)
{
	if (rc == -ENOENT)
		return found(secret, SECRET_MISSING);
	if (rc == -ELOOP)
		return unsafe(report, SECRET_NAME " is a symbolic link: remove it");
	if (rc == -ENXIO || rc == -ENODEV)
		return unsafe(report, SECRET_NAME " is not a regular file: remove it");
	return reading_failed(secret, report, rc, "open");
}

static int read_once(const struct secret_dir *dir, struct report *report, struct secret *secret)
{
	const struct sys *sys = dir->sys;
	int fd = -1;
	int rc;

	mem_wipe(secret, sizeof *secret);
	secret->state = SECRET_GOOD;
	rc = check_dir(dir, report, secret);
	if (rc != HF_OK)
		goto out;
	fd = secret_open(dir, O_RDONLY);
	if (fd < 0) {
		rc = opening_failed(secret, report, fd);
		goto out;
	}
	rc = secret_examine(dir, report, fd, secret);
	(void)sys->close(sys->context, fd); /* nothing was written */
out:
	return secret->state != SECRET_GOOD ? HF_OK : rc;
}

static void wait_for_others(const struct sys *sys)
{
	(void)sys->sleep(sys->context, PAUSE_US);
}

static int gave_up(struct report *report)
{
	return report_fail(report, HF_ERR_IO, "key file",
			   "other processes keep changing " SECRET_NAME);
}

int secret_read(const struct secret_dir *dir, struct report *report, struct secret *secret)
{
	for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		int rc = read_once(dir, report, secret);

		if (rc != HF_OK || secret->state != SECRET_CHANGED)
			return rc;
		wait_for_others(dir->sys);
	}
	return gave_up(report);
}

/* ---- Those set aside ------------------------------------------------------------- */

struct walk {
	sys_name_fn each;
	void *each_context;
};

static bool walk_corrupt(void *context, const char *name)
{
	const struct walk *walk = context;

	return !secret_is_corrupt_name(name) || walk->each(walk->each_context, name);
}

int secret_each_corrupt(const struct secret_dir *dir, struct report *report, sys_name_fn each,
			void *each_context)
{
	struct walk walk = { each, each_context };
	int rc = dir->sys->each_name(dir->sys->context, dir->fd, walk_corrupt, &walk);

	return rc < 0 ? secret_call_failed(report, rc, "getdents", "the key directory") : HF_OK;
}

/* ---- Reading and making ---------------------------------------------------------- */

int secret_read_or_make(const struct secret_dir *dir, struct report *report, uint32_t rounds,
			struct secret *secret)
{
	for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
		int rc = secret_read(dir, report, secret);

		if (rc != HF_OK || secret->state == SECRET_GOOD ||
		    secret->state == SECRET_UNREADABLE)
			return rc;
		rc = secret->state == SECRET_MISSING ? secret_make(dir, report, rounds, secret) :
						       secret_aside(dir, report, secret);
		if (rc != HF_OK)
			return rc;
		if (secret->state == SECRET_CHANGED)
			wait_for_others(dir->sys);
	}
	return gave_up(report);
}
