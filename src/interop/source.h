/* SPDX-License-Identifier: MIT */
/*
 * A foreign file that is read: a regular file, opened without following a link and without
 * waiting for anybody, of which nothing is ever changed.
 *
 * What is read is the file as long as it was when it was opened; what is added meanwhile is
 * for the next import. A compressed file (zstd) is decompressed as it is read.
 */
#ifndef INTEROP_SOURCE_H
#define INTEROP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "crypto/digest.h"
#include "ext/zstd.h"
#include "sys/sys.h"

enum {
	SOURCE_PROBE_SIZE = 64 << 10,
	SOURCE_READ_SIZE = 256 << 10, /* bytes of a compressed file read at once */
};

struct source {
	const struct sys *sys;
	struct report *report;
	int fd;
	uint64_t size;         /* of the file */
	int64_t modified_us;
	uint64_t at;           /* bytes of the file that were read since it was begun */
	struct digest digest;  /* of these bytes */
	struct zstd *zstd;     /* NULL: it is not compressed */
	char *packed;          /* compressed bytes that were read: */
	size_t packed_size;    /* so many, */
	size_t packed_used;    /* of which so many were decompressed */
	bool is_cut;           /* compressed, and damaged or incomplete at its end */
};

enum source_links { SOURCE_NO_LINK, SOURCE_FOLLOW };

/*
 * Opens a file. follow: path itself may be a symbolic link, since a person has named it.
 * The caller closes *ret_source, which must not be moved. HF_ERR_FOREIGN: it is no regular
 * file (a FIFO is not waited for). HF_ERR_NOTFOUND, HF_ERR_DENIED, HF_ERR_LIBRARY, ...
 */
int source_open(const struct sys *sys, struct report *report, const char *path,
		enum source_links links, struct source *ret_source);
/* A zeroed one is allowed. */
void source_close(struct source *source);

/* Reads on: a piece_read_fn whose context is the source. HF_ERR_CONFLICT: the file has become
 * shorter than it was. Of a damaged compressed file what is before the damage comes, and
 * then the end, with is_cut set. */
int64_t source_read(void *context, char *bytes, size_t size);
/* Begins again at the first byte. */
void source_rewind(struct source *source);
/* Reads the first bytes, as many as there are up to size, and begins again. */
int64_t source_probe(struct source *source, char *bytes, size_t size);
/* Reads what is left, for the digest, and gives that of the whole file. */
int source_digest(struct source *source, uint8_t ret_digest[static DIGEST_SIZE]);

#endif
