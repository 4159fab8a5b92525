/* SPDX-License-Identifier: MIT */
/*
 * Archives in the pax format, compressed with zstd, by libarchive; written and read in one
 * pass, with a member at a time, in memory that does not grow with them. What is read may
 * also be not compressed at all; other formats, filters and external programs are not used.
 *
 * Used by one thread at a time. A report must outlive what is opened with it. The caller's
 * functions give HF_OK (or a count) or an error code, which comes back from the call that
 * called them.
 */
#ifndef EXT_ARCHIVE_H
#define EXT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"

struct archive_out;
struct archive_in;

typedef int (*archive_put_fn)(void *context, const char *bytes, size_t size);
/* At most size bytes; 0 at the end. */
typedef int64_t (*archive_get_fn)(void *context, char *bytes, size_t size);

/* Opens an archive for writing. HF_ERR_LIBRARY: libarchive is not there, or cannot compress
 * with zstd itself. */
int archive_out_open(struct report *report, archive_put_fn put, void *context,
		     struct archive_out **ret_out);
/* Begins a regular file; the one before is complete. The name is ASCII. */
int archive_out_begin(struct archive_out *out, const char *name, uint64_t size, int64_t time_us);
/* Writes bytes of it, no more in all than its size. */
int archive_out_put(struct archive_out *out, const char *bytes, size_t size);
/* Ends the archive and writes out what is held back. */
int archive_out_end(struct archive_out *out);
/* Frees it; an archive that was not ended is useless. NULL is allowed. */
void archive_out_close(struct archive_out *out);

/* One member, valid until the next call for one. */
struct archive_member {
	const char *name;
	uint64_t size;
	bool is_file; /* a regular one, and no link */
};

/* Opens an archive for reading. HF_ERR_LIBRARY as above. HF_ERR_BUNDLE: it is no archive. */
int archive_in_open(struct report *report, archive_get_fn get, void *context,
		    struct archive_in **ret_in);
/* Goes to the next member, whatever was read of the one before. HF_ERR_NOTFOUND: there is
 * none, not described. HF_ERR_BUNDLE: the archive is damaged or cut. */
int archive_in_next(struct archive_in *in, struct archive_member *ret_member);
/* Reads size bytes of the member, or fewer at its end. */
int archive_in_read(struct archive_in *in, char *bytes, size_t size, size_t *ret_read);
/* NULL is allowed. */
void archive_in_close(struct archive_in *in);

#endif
