/* SPDX-License-Identifier: MIT */
#include "sys/sys.h"

#include <errno.h>

ssize_t sys_read_some(const struct sys *sys, int fd, void *bytes, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = sys->read_at(sys->context, fd, (char *)bytes + done, size - done,
					     offset + done);

		if (count < 0)
			return count;
		if (count == 0)
			break;
		done += (size_t)count;
	}
	return (ssize_t)done;
}

int sys_read_all(const struct sys *sys, int fd, void *bytes, size_t size, uint64_t offset)
{
	ssize_t count = sys_read_some(sys, fd, bytes, size, offset);

	if (count < 0)
		return (int)count;
	return (size_t)count == size ? 0 : -ENODATA;
}

int sys_write_all(const struct sys *sys, int fd, const void *bytes, size_t size, uint64_t offset,
		  size_t *ret_written)
{
	size_t done = 0;
	int rc = 0;

	while (done < size) {
		ssize_t count = sys->write_at(sys->context, fd, (const char *)bytes + done,
					      size - done, offset + done);

		if (count <= 0) {
			rc = count < 0 ? (int)count : -ENOSPC;
			break;
		}
		done += (size_t)count;
	}
	*ret_written = done;
	return rc;
}
