/* SPDX-License-Identifier: MIT */
#include "interop/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "holdfast.h"

enum { US_PER_SECOND = 1000000, NS_PER_US = 1000 };

static int refuse(struct report *report, const char *path)
{
	return report_fail(report, HF_ERR_FOREIGN, "open", "%s: is no regular file", path);
}

/* Looks at what was opened, and whether it is compressed. */
static int examine(struct source *source, const char *path)
{
	char start[4];
	struct stat found;
	ssize_t size;
	int rc = source->sys->stat(source->sys->context, source->fd, &found);

	if (rc < 0)
		return report_errno(source->report, -rc, "stat", path);
	if (!S_ISREG(found.st_mode))
		return refuse(source->report, path);
	source->size = (uint64_t)found.st_size;
	source->modified_us = (int64_t)found.st_mtim.tv_sec * US_PER_SECOND +
			      found.st_mtim.tv_nsec / NS_PER_US;
	size = sys_read_some(source->sys, source->fd, start, sizeof start, 0);
	if (size < 0)
		return report_errno(source->report, (int)-size, "read", path);
	if (!zstd_is_frame((struct hf_slice){ start, (size_t)size }))
		return HF_OK;
	source->packed = mem_resize(NULL, SOURCE_READ_SIZE, 1);
	if (source->packed == NULL)
		return HF_ERR_NOMEM;
	return zstd_new(source->report, &source->zstd);
}

int source_open(const struct sys *sys, struct report *report, const char *path,
		enum source_links links, struct source *ret_source)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (links == SOURCE_FOLLOW ? 0 : O_NOFOLLOW);
	struct source source = { .sys = sys, .report = report };
	int rc;

	source.fd = sys->open_at(sys->context, AT_FDCWD, path, flags, 0);
	if (source.fd == -ELOOP || source.fd == -ENXIO || source.fd == -ENODEV)
		return refuse(report, path);
	if (source.fd < 0)
		return report_errno(report, -source.fd, "open", path);
	rc = examine(&source, path);
	if (rc != HF_OK) {
		source_close(&source);
		return rc;
	}
	source_rewind(&source);
	*ret_source = source;
	return HF_OK;
}

void source_close(struct source *source)
{
	if (source->sys == NULL)
		return;
	(void)source->sys->close(source->sys->context, source->fd);
	zstd_free(source->zstd);
	mem_free(source->packed);
	memset(source, 0, sizeof *source);
}

void source_rewind(struct source *source)
{
	source->at = 0;
	source->packed_size = 0;
	source->packed_used = 0;
	source->is_cut = false;
	digest_init(&source->digest);
	if (source->zstd != NULL)
		zstd_reset(source->zstd);
}

/* Reads bytes of the file as they are. */
static int64_t read_file(struct source *source, char *bytes, size_t size)
{
	uint64_t left = source->size - source->at;
	ssize_t count;

	if (size > left)
		size = (size_t)left;
	if (size == 0)
		return 0;
	count = source->sys->read_at(source->sys->context, source->fd, bytes, size, source->at);
	if (count < 0)
		return report_errno(source->report, (int)-count, "read", NULL);
	if (count == 0)
		return report_fail(source->report, HF_ERR_CONFLICT, "read",
				   "the file became shorter while it was read");
	digest_update(&source->digest, bytes, (size_t)count);
	source->at += (uint64_t)count;
	return count;
}

static int64_t read_packed(struct source *source, char *bytes, size_t size)
{
	for (;;) {
		struct hf_slice input = { source->packed, source->packed_size };
		int64_t count = zstd_decode(source->zstd, input, &source->packed_used, bytes, size);

		if (count == HF_ERR_FOREIGN) {
			source->is_cut = true;
			return 0;
		}
		if (count != 0)
			return count;
		count = read_file(source, source->packed, SOURCE_READ_SIZE);
		if (count < 0)
			return count;
		source->packed_size = (size_t)count;
		source->packed_used = 0;
		if (count == 0) {
			source->is_cut = zstd_is_inside(source->zstd);
			return 0;
		}
	}
}

int64_t source_read(void *context, char *bytes, size_t size)
{
	struct source *source = context;

	return source->zstd != NULL ? read_packed(source, bytes, size) :
				      read_file(source, bytes, size);
}

int64_t source_probe(struct source *source, char *bytes, size_t size)
{
	size_t done = 0;
	int64_t count = 1;

	while (count > 0 && done < size) {
		count = source_read(source, bytes + done, size - done);
		done += count > 0 ? (size_t)count : 0;
	}
	source_rewind(source);
	return count < 0 ? count : (int64_t)done;
}

int source_digest(struct source *source, uint8_t ret_digest[static DIGEST_SIZE])
{
	int64_t count = source->at < source->size ? 1 : 0;
	char *bytes = count > 0 ? mem_resize(NULL, SOURCE_READ_SIZE, 1) : NULL;

	if (bytes == NULL && count > 0)
		return HF_ERR_NOMEM;
	while (count > 0)
		count = read_file(source, bytes, SOURCE_READ_SIZE);
	mem_free(bytes);
	if (count < 0)
		return (int)count;
	digest_final(&source->digest, ret_digest);
	return HF_OK;
}
