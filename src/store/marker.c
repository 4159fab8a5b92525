/* SPDX-License-Identifier: MIT */
#include "store/marker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "format/storefile.h"
#include "limit/limit_file.h"
#include "storage/posix.h"

#define MARKER_NAME "holdfast.json"
/* What a crash while making the file may leave. */
#define MARKER_TEMP_PREFIX ".holdfast."

static int read_marker(const struct sys *sys, struct report *report, int dir_fd,
		       uint8_t ret_store[static 16])
{
	char text[STOREFILE_SIZE + 1];
	struct storefile file;
	ssize_t size;
	int fd = sys->open_at(sys->context, dir_fd, MARKER_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
			      0);

	if (fd == -ENOENT)
		return HF_ERR_NOTFOUND;
	if (fd < 0)
		return report_errno(report, -fd, "open", MARKER_NAME);
	size = sys_read_some(sys, fd, text, sizeof text, 0);
	(void)sys->close(sys->context, fd);
	if (size < 0)
		return report_errno(report, (int)-size, "pread", MARKER_NAME);
	if (!storefile_decode(text, (size_t)size, &file))
		return report_fail(report, HF_ERR_FORMAT, "open",
				   MARKER_NAME ": damaged, or of a newer version");
	memcpy(ret_store, file.store, sizeof file.store);
	return HF_OK;
}

bool marker_owns(const char *name, bool *ret_stale)
{
	bool is_temp = strncmp(name, MARKER_TEMP_PREFIX, sizeof MARKER_TEMP_PREFIX - 1) == 0;

	if (!is_temp && strcmp(name, MARKER_NAME) != 0 && strcmp(name, "keys") != 0 &&
	    strcmp(name, "config") != 0 && strcmp(name, LIMIT_FILE_NAME) != 0)
		return false;
	*ret_stale = is_temp;
	return true;
}

/* Notes a name that is no part of what this program leaves behind. */
static bool note_foreign(void *context, const char *name)
{
	bool *has_foreign = context;
	bool is_stale;

	if (!marker_owns(name, &is_stale) && strcmp(name, STORAGE_POSIX_SESSIONS) != 0 &&
	    strcmp(name, STORAGE_POSIX_TRASH) != 0 && strcmp(name, STORAGE_POSIX_INCOMING) != 0 &&
	    strcmp(name, "quarantine") != 0)
		*has_foreign = true;
	return !*has_foreign;
}

/* A fresh version 4 UUID (RFC 9562). */
static int make_uuid(const struct sys *sys, struct report *report, uint8_t uuid[static 16])
{
	int rc = sys->random(sys->context, uuid, 16);

	if (rc < 0)
		return report_errno(report, -rc, "getrandom", NULL);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return HF_OK;
}

/* Writes the file under a temporary name; durable but for the name. */
static int write_temp(const struct sys *sys, struct report *report, int dir_fd, const char *name,
		      const char *text)
{
	size_t written;
	int rc, closed;
	int fd = sys->open_at(sys->context, dir_fd, name,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (fd < 0)
		return report_errno(report, -fd, "open", name);
	rc = sys_write_all(sys, fd, text, STOREFILE_SIZE, 0, &written);
	if (rc == 0)
		rc = sys->sync_all(sys->context, fd);
	closed = sys->close(sys->context, fd);
	if (rc == 0)
		rc = closed;
	return rc < 0 ? report_errno(report, -rc, "write", name) : HF_OK;
}

static int make_marker(const struct sys *sys, struct report *report, int dir_fd)
{
	char text[STOREFILE_SIZE];
	char name[sizeof MARKER_TEMP_PREFIX + TEXT_UUID_SIZE] = MARKER_TEMP_PREFIX;
	struct storefile file = { 0 };
	int rc = make_uuid(sys, report, file.store);

	if (rc != HF_OK)
		return rc;
	rc = sys->wall_time(sys->context, &file.created_us);
	if (rc < 0)
		return report_errno(report, -rc, "clock_gettime", NULL);
	storefile_encode(&file, text);
	text_put_uuid(file.store, name + sizeof MARKER_TEMP_PREFIX - 1);
	name[sizeof name - 1] = '\0';
	rc = write_temp(sys, report, dir_fd, name, text);
	if (rc == HF_OK) {
		rc = sys->link_at(sys->context, dir_fd, name, dir_fd, MARKER_NAME);
		rc = rc < 0 && rc != -EEXIST ? report_errno(report, -rc, "link", MARKER_NAME) : HF_OK;
	}
	(void)sys->unlink_at(sys->context, dir_fd, name);
	return rc;
}

/* Refuses to make a store of a directory that is used for something else. */
static int check_fresh(const struct sys *sys, struct report *report, int dir_fd)
{
	bool has_foreign = false;
	int rc = sys->each_name(sys->context, dir_fd, note_foreign, &has_foreign);

	if (rc < 0)
		return report_errno(report, -rc, "getdents", NULL);
	if (has_foreign)
		return report_fail(report, HF_ERR_FORMAT, "open",
				   "the directory is not empty and is no store");
	return HF_OK;
}

int marker_sync_parent(const struct sys *sys, struct report *report, int dir_fd,
		       const char *file)
{
	struct stat found;
	int fd, rc;

	if (sys->stat_at(sys->context, dir_fd, file, &found) == 0)
		return HF_OK;
	fd = sys->open_at(sys->context, dir_fd, "..", O_RDONLY | O_DIRECTORY, 0);
	if (fd == -EACCES)
		return HF_OK;
	if (fd < 0)
		return report_errno(report, -fd, "open", "..");
	rc = sys->sync_all(sys->context, fd);
	(void)sys->close(sys->context, fd);
	return rc < 0 ? report_errno(report, -rc, "fsync", "..") : HF_OK;
}

int marker_open(const struct sys *sys, struct report *report, int dir_fd, bool make,
		uint8_t ret_store[static 16])
{
	int rc = read_marker(sys, report, dir_fd, ret_store);

	if (rc != HF_ERR_NOTFOUND)
		return rc;
	if (!make) {
		rc = check_fresh(sys, report, dir_fd);
		return rc != HF_OK ? rc : report_fail(report, HF_ERR_NOTFOUND, "open",
						      "the directory is empty");
	}
	rc = check_fresh(sys, report, dir_fd);
	if (rc == HF_OK)
		rc = marker_sync_parent(sys, report, dir_fd, MARKER_NAME);
	if (rc == HF_OK)
		rc = make_marker(sys, report, dir_fd);
	if (rc == HF_OK) {
		rc = sys->sync_all(sys->context, dir_fd);
		if (rc < 0)
			return report_errno(report, -rc, "fsync", NULL);
		rc = read_marker(sys, report, dir_fd, ret_store);
	}
	return rc == HF_ERR_NOTFOUND ?
		       report_fail(report, HF_ERR_IO, "open", MARKER_NAME ": vanished") : rc;
}
