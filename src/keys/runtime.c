/* SPDX-License-Identifier: MIT */
#include "keys/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "holdfast.h"

#define FOLDER "holdfast"
#define SUFFIX ".key"
#define TEMP_SUFFIX ".tmp"
#define CACHE_NOT_USED "the derived key is not kept for other processes: "

enum {
	FOLDER_MODE = 0700,
	FILE_MODE = 0600,
	NAME_DIGITS = 32,
	RANDOM_SIZE = 8,
	NAME_SIZE = NAME_DIGITS + sizeof SUFFIX,
	/* a dot, the name, a dot, random digits, the suffix and a NUL */
	TEMP_NAME_SIZE = 1 + NAME_SIZE + 2 * RANDOM_SIZE + sizeof TEMP_SUFFIX,
};

static void file_name(const uint8_t digest[static 32], char ret_name[static NAME_SIZE])
{
	text_put_hex(digest, NAME_DIGITS / 2, ret_name);
	memcpy(ret_name + NAME_DIGITS, SUFFIX, sizeof SUFFIX);
}

static int temp_name(const struct sys *sys, const char *name, char ret_name[static TEMP_NAME_SIZE])
{
	uint8_t random[RANDOM_SIZE];
	char *end = ret_name;
	int rc = sys->random(sys->context, random, sizeof random);

	if (rc < 0)
		return rc;
	*end++ = '.';
	memcpy(end, name, NAME_SIZE - 1);
	end += NAME_SIZE - 1;
	*end++ = '.';
	text_put_hex(random, sizeof random, end);
	memcpy(end + 2 * RANDOM_SIZE, TEMP_SUFFIX, sizeof TEMP_SUFFIX);
	return 0;
}

static void warn(struct report *report, const char *what)
{
	report_log(report, HF_LOG_WARNING, CACHE_NOT_USED "%s", what);
}

static void tell(struct report *report, const char *operation, int rc)
{
	report_log(report, HF_LOG_WARNING, CACHE_NOT_USED "%s failed (errno %d)", operation, -rc);
}

/* ---- Its directories ------------------------------------------------------------- */

/* Opens a directory that must be ours and have none of the forbidden bits of a mode. */
static int open_dir(const struct sys *sys, int parent_fd, const char *name, int flags,
		    mode_t forbidden)
{
	struct stat stat;
	int fd = sys->open_at(sys->context, parent_fd, name, O_RDONLY | O_DIRECTORY | flags, 0);
	int rc;

	if (fd < 0)
		return fd;
	rc = sys->stat(sys->context, fd, &stat);
	if (rc == 0 && (stat.st_uid != sys->user(sys->context) || (stat.st_mode & forbidden) != 0))
		rc = -EPERM;
	if (rc == 0)
		return fd;
	(void)sys->close(sys->context, fd);
	return rc;
}

/* Opens the runtime directory; a negative number, and a word in the log, if it cannot be
 * used. */
static int open_runtime_dir(const struct runtime *runtime, struct report *report)
{
	int fd;

	if (runtime->dir == NULL || runtime->dir[0] == '\0')
		return -ENOENT;
	if (runtime->dir[0] != '/') {
		warn(report, "the runtime directory's path is not absolute");
		return -EINVAL;
	}
	fd = open_dir(runtime->sys, AT_FDCWD, runtime->dir, 0, 022);
	if (fd == -EPERM)
		warn(report, "the runtime directory must be yours and writable by nobody else");
	else if (fd < 0)
		tell(report, "open", fd);
	return fd;
}

/* Opens our folder in the runtime directory, likewise. That there is none yet is no news. */
static int open_folder(const struct runtime *runtime, struct report *report, bool make)
{
	const struct sys *sys = runtime->sys;
	int parent_fd = open_runtime_dir(runtime, report);
	int rc = 0;

	if (parent_fd < 0)
		return parent_fd;
	if (make)
		rc = sys->mkdir_at(sys->context, parent_fd, FOLDER, FOLDER_MODE);
	if (rc == 0 || rc == -EEXIST)
		rc = open_dir(sys, parent_fd, FOLDER, O_NOFOLLOW, 077);
	(void)sys->close(sys->context, parent_fd);
	if (rc == -EPERM)
		warn(report, "its folder " FOLDER " must be yours and have mode 0700");
	else if (rc < 0 && (make || rc != -ENOENT))
		tell(report, "open " FOLDER, rc);
	return rc;
}

/* ---- Reading --------------------------------------------------------------------- */

static bool is_safe(const struct sys *sys, const struct stat *stat)
{
	return S_ISREG(stat->st_mode) && stat->st_uid == sys->user(sys->context) &&
	       stat->st_nlink == 1 && (stat->st_mode & 077) == 0;
}

static bool read_cache(const struct sys *sys, struct report *report, int fd,
		       struct keycache *ret_cache)
{
	char text[FORMAT_KEY_FILE_SIZE_MAX + 1];
	struct stat stat;
	ssize_t size = 0;
	bool good = false;
	int rc = sys->stat(sys->context, fd, &stat);

	if (rc < 0) {
		tell(report, "fstat", rc);
		return false;
	}
	if (!is_safe(sys, &stat)) {
		warn(report, "a file in it is not a plain file of yours with mode 0600");
		return false;
	}
	size = sys_read_some(sys, fd, text, sizeof text, 0);
	if (size < 0)
		tell(report, "read", (int)size);
	else if (!(good = keycache_decode(text, (size_t)size, ret_cache)))
		warn(report, "a file in it is damaged");
	mem_wipe(text, sizeof text);
	return good;
}

bool runtime_find(const struct runtime *runtime, struct report *report,
		  const uint8_t digest[static 32], uint8_t ret_store_key[static FORMAT_KEY_SIZE])
{
	const struct sys *sys = runtime->sys;
	struct keycache cache = { 0 };
	char name[NAME_SIZE];
	bool good = false;
	int folder_fd = open_folder(runtime, report, false);
	int fd = -1;

	if (folder_fd < 0)
		return false;
	file_name(digest, name);
	fd = sys->open_at(sys->context, folder_fd, name,
			  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0 && fd != -ENOENT)
		tell(report, "open", fd);
	if (fd < 0)
		goto out;
	good = read_cache(sys, report, fd, &cache) &&
	       memcmp(cache.key_file_digest, digest, sizeof cache.key_file_digest) == 0;
	if (good)
		memcpy(ret_store_key, cache.store_key, sizeof cache.store_key);
	(void)sys->close(sys->context, fd);
out:
	mem_wipe(&cache, sizeof cache);
	(void)sys->close(sys->context, folder_fd);
	return good;
}

/* ---- Writing --------------------------------------------------------------------- */

static int write_file(const struct sys *sys, int folder_fd, const char *name,
		      const struct keycache *cache)
{
	char text[FORMAT_KEY_FILE_SIZE_MAX];
	size_t size = keycache_encode(cache, text);
	size_t written;
	int rc, closed;
	int fd = sys->open_at(sys->context, folder_fd, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);

	if (fd < 0) {
		mem_wipe(text, sizeof text);
		return fd;
	}
	rc = sys_write_all(sys, fd, text, size, 0, &written);
	mem_wipe(text, sizeof text);
	closed = sys->close(sys->context, fd);
	return rc < 0 ? rc : closed;
}

void runtime_put(const struct runtime *runtime, struct report *report,
		 const struct keycache *cache)
{
	const struct sys *sys = runtime->sys;
	char name[NAME_SIZE];
	char temp[TEMP_NAME_SIZE];
	int folder_fd = open_folder(runtime, report, true);
	int rc;

	if (folder_fd < 0)
		return;
	file_name(cache->key_file_digest, name);
	rc = temp_name(sys, name, temp);
	if (rc == 0) {
		rc = write_file(sys, folder_fd, temp, cache);
		if (rc == 0)
			rc = sys->rename_at(sys->context, folder_fd, temp, folder_fd, name);
		if (rc < 0)
			(void)sys->unlink_at(sys->context, folder_fd, temp);
	}
	if (rc < 0)
		tell(report, "write", rc);
	(void)sys->close(sys->context, folder_fd);
}

int runtime_remove(const struct runtime *runtime, struct report *report,
		   const uint8_t digest[static 32])
{
	const struct sys *sys = runtime->sys;
	char name[NAME_SIZE];
	int folder_fd = open_folder(runtime, report, false);
	int rc;

	if (folder_fd < 0)
		return HF_OK;
	file_name(digest, name);
	rc = sys->unlink_at(sys->context, folder_fd, name);
	(void)sys->close(sys->context, folder_fd);
	if (rc < 0 && rc != -ENOENT)
		return report_errno(report, -rc, "unlink", "the derived key's file");
	return HF_OK;
}
