/* SPDX-License-Identifier: MIT */
/* Names, failures and files of storage_posix. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/invariant.h"
#include "storage/posix_internal.h"

enum { TEMP_RANDOM_SIZE = 8 };

struct posix_name posix_file_name(struct storage_id id, const char *suffix)
{
	struct posix_name name;
	size_t size = strlen(suffix) + 1;

	INVARIANT(size <= sizeof name.text - TEXT_UUID_SIZE);
	text_put_uuid(id.bytes, name.text);
	memcpy(name.text + TEXT_UUID_SIZE, suffix, size);
	return name;
}

int posix_file_fail(struct report *report, int64_t result, const char *operation, const char *name)
{
	int errno_value = (int)-result;
	const char *meaning;
	int code;

	switch (errno_value) {
	case ENOENT:
		code = HF_ERR_IO;
		meaning = "it or the directory that holds it has been removed";
		break;
	case EEXIST:
		code = HF_ERR_IO;
		meaning = "something else has this name";
		break;
	case ELOOP:
	case EISDIR:
	case ENOTDIR:
	case ENXIO:
		code = HF_ERR_DENIED;
		meaning = "not what the store puts there, but a link or special file";
		break;
	default:
		return report_errno(report, errno_value, operation, name);
	}
	code = report_fail(report, code, operation, "%s: %s (errno %d)", name, meaning,
			   errno_value);
	report->detail.os_errno = errno_value;
	return code;
}

int posix_file_fail_missing(struct posix *posix, struct report *report, int dir_fd,
			    const char *name)
{
	struct stat found;

	if (dir_fd >= 0 && posix->sys->stat(posix->sys->context, dir_fd, &found) == 0 &&
	    found.st_nlink == 0)
		return posix_file_fail(report, -ENOENT, "open", name);
	return report_errno(report, ENOENT, "open", name);
}

static int check_file(struct posix *posix, struct report *report, int fd, const char *name,
		      struct stat *ret_stat)
{
	const struct sys *sys = posix->sys;
	struct stat found;
	int rc = sys->stat(sys->context, fd, &found);

	if (rc < 0)
		return posix_file_fail(report, rc, "fstat", name);
	if (!S_ISREG(found.st_mode))
		return report_fail(report, HF_ERR_DENIED, "open", "%s: not a regular file", name);
	if (found.st_uid != sys->user(sys->context))
		return report_fail(report, HF_ERR_DENIED, "open", "%s: belongs to user %lu", name,
				   (unsigned long)found.st_uid);
	if (found.st_nlink > 1)
		return report_fail(report, HF_ERR_DENIED, "open", "%s: has other names as well",
				   name);
	*ret_stat = found;
	return HF_OK;
}

/* A file in a directory of the storage, and how to open it. */
struct opening {
	int dir_fd;
	const char *name;
	int flags;
};

static int open_file(struct posix *posix, struct report *report, const struct opening *opening,
		     struct stat *ret_stat, int *ret_fd)
{
	const struct sys *sys = posix->sys;
	const char *name = opening->name;
	int fd = -ENOENT;
	int rc;

	if (opening->dir_fd >= 0)
		fd = sys->open_at(sys->context, opening->dir_fd, name,
				  opening->flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (fd == -ENOENT && (opening->flags & O_CREAT) == 0)
		return posix_file_fail_missing(posix, report, opening->dir_fd, name);
	if (fd < 0)
		return posix_file_fail(report, fd, "open", name);
	rc = check_file(posix, report, fd, name, ret_stat);
	if (rc != HF_OK) {
		(void)sys->close(sys->context, fd);
		return rc;
	}
	*ret_fd = fd;
	return HF_OK;
}

int posix_file_open(struct posix *posix, struct report *report, const char *name, int flags,
		    struct stat *ret_stat, int *ret_fd)
{
	const struct opening opening = { posix->place_fd, name, flags };

	return open_file(posix, report, &opening, ret_stat, ret_fd);
}

int posix_file_open_aside(struct posix *posix, struct report *report, const char *name,
			  struct stat *ret_stat, int *ret_fd)
{
	const struct opening opening = { posix->quarantine_fd, name, O_RDONLY };

	return open_file(posix, report, &opening, ret_stat, ret_fd);
}

int posix_file_exists(struct posix *posix, struct report *report, const char *name,
		      bool *ret_exists)
{
	struct stat found;
	int rc = -ENOENT;

	if (posix->place_fd >= 0)
		rc = posix->sys->stat_at(posix->sys->context, posix->place_fd, name, &found);
	if (rc < 0 && rc != -ENOENT)
		return posix_file_fail(report, rc, "fstatat", name);
	*ret_exists = rc == 0;
	return HF_OK;
}

int posix_file_unlink(struct posix *posix, struct report *report, const char *name)
{
	int rc = posix->sys->unlink_at(posix->sys->context, posix->place_fd, name);

	return rc < 0 && rc != -ENOENT ? posix_file_fail(report, rc, "unlink", name) : HF_OK;
}

void posix_file_doubt(struct posix *posix)
{
	__atomic_store_n(&posix->is_in_doubt, true, __ATOMIC_RELEASE);
}

int posix_file_sync_dir(struct posix *posix, struct report *report, int dir_fd)
{
	int rc = posix->sys->sync_all(posix->sys->context, dir_fd);

	if (rc == 0)
		return HF_OK;
	posix_file_doubt(posix);
	return posix_file_fail(report, rc, "fsync", "directory");
}

int posix_file_sync_root(struct posix *posix, struct report *report)
{
	int rc = HF_OK;

	if (!__atomic_load_n(&posix->root_durable, __ATOMIC_ACQUIRE))
		rc = posix_file_sync_dir(posix, report, posix->root_fd);
	if (rc == HF_OK)
		__atomic_store_n(&posix->root_durable, true, __ATOMIC_RELEASE);
	return rc;
}

/* .<uuid>.<16 hex>.tmp */
static int temp_name(struct posix *posix, struct report *report, struct storage_id id,
		     struct posix_name *ret_name)
{
	uint8_t random[TEMP_RANDOM_SIZE];
	char *end = ret_name->text;
	int rc = posix->sys->random(posix->sys->context, random, sizeof random);

	if (rc < 0)
		return posix_file_fail(report, rc, "getrandom", "temporary name");
	*end++ = '.';
	text_put_uuid(id.bytes, end);
	end += TEXT_UUID_SIZE;
	*end++ = '.';
	text_put_hex(random, sizeof random, end);
	end += 2 * sizeof random;
	memcpy(end, POSIX_TEMP_SUFFIX, sizeof POSIX_TEMP_SUFFIX);
	return HF_OK;
}

int posix_file_begin(struct posix *posix, struct report *report, int dir_fd, struct storage_id id,
		     struct posix_file *ret_file)
{
	const struct sys *sys = posix->sys;
	struct posix_file file = { dir_fd, -1, { "" } };
	int rc;

	if (dir_fd < 0)
		return report_fail(report, HF_ERR_READONLY, "open",
				   "the store was opened for reading only");
	rc = temp_name(posix, report, id, &file.name);
	if (rc != HF_OK)
		return rc;
	file.fd = sys->open_at(sys->context, dir_fd, file.name.text,
			       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (file.fd < 0)
		return posix_file_fail(report, file.fd, "open", file.name.text);
	*ret_file = file;
	return HF_OK;
}

int posix_file_write(struct posix *posix, struct report *report, struct posix_file *file,
		     struct hf_slice bytes, uint64_t offset)
{
	size_t written;
	int rc = sys_write_all(posix->sys, file->fd, bytes.data, bytes.size, offset, &written);

	return rc < 0 ? posix_file_fail(report, rc, "pwrite", file->name.text) : HF_OK;
}

int posix_file_sync(struct posix *posix, struct report *report, struct posix_file *file)
{
	int rc = posix->sys->sync_all(posix->sys->context, file->fd);

	return rc < 0 ? posix_file_fail(report, rc, "fsync", file->name.text) : HF_OK;
}

int posix_file_make(struct posix *posix, struct report *report, struct storage_id id,
		    struct hf_slice bytes, struct posix_file *ret_file)
{
	int rc = posix_file_begin(posix, report, posix->place_fd, id, ret_file);

	if (rc == HF_OK)
		rc = posix_file_write(posix, report, ret_file, bytes, 0);
	if (rc == HF_OK)
		rc = posix_file_sync(posix, report, ret_file);
	return rc;
}

int posix_file_rename(struct posix *posix, struct report *report, struct posix_file *file,
		      const char *to)
{
	const struct sys *sys = posix->sys;
	int rc = sys->rename_at(sys->context, file->dir_fd, file->name.text, file->dir_fd, to);

	if (rc < 0) {
		posix_file_doubt(posix);
		return posix_file_fail(report, rc, "rename", to);
	}
	file->name.text[0] = '\0';
	return HF_OK;
}

void posix_file_release(struct posix *posix, struct posix_file *file)
{
	const struct sys *sys = posix->sys;

	if (file->fd >= 0)
		(void)sys->close(sys->context, file->fd);
	if (file->name.text[0] != '\0')
		(void)sys->unlink_at(sys->context, file->dir_fd, file->name.text);
	file->fd = -1;
	file->name.text[0] = '\0';
}
