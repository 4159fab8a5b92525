/* SPDX-License-Identifier: MIT */
/*
 * Decompressing zstd (RFC 8878) as it comes, in bounded memory.
 *
 * What is compressed may be hostile: a window of more than ZSTD_WINDOW_MAX bytes is refused,
 * and so is output beyond what ZSTD_RATIO_MAX allows for the input that was taken so far.
 * Several frames in a row are one stream, as the command zstd has it.
 */
#ifndef EXT_ZSTD_H
#define EXT_ZSTD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/report.h"
#include "holdfast.h"

enum {
	ZSTD_WINDOW_LOG_MAX = 26, /* 64 MiB: all but --ultra -22 and --long=27 */
	ZSTD_RATIO_MAX = 2000,    /* bytes of output for one of input; text gives 5 to 200 */
	ZSTD_FREE_MAX = 64 << 20, /* bytes of output that are never too many */
};

struct zstd;

/* True if bytes begin as a zstd frame does (or a skippable one). */
bool zstd_is_frame(struct hf_slice bytes);

/* HF_ERR_LIBRARY: zstd is not installed; HF_ERR_NOMEM. */
int zstd_new(struct report *report, struct zstd **ret_zstd);
/* NULL is allowed. */
void zstd_free(struct zstd *zstd);
/* Is ready for another stream. */
void zstd_reset(struct zstd *zstd);

/*
 * Decompresses some of input, of which *used bytes were taken before, into at most size
 * bytes; adds what it takes to *used and returns how many bytes it gave. 0: it wants more
 * input. HF_ERR_FOREIGN: the input is damaged, or is refused; HF_ERR_NOMEM. Nothing more
 * comes after an error until zstd_reset.
 */
int64_t zstd_decode(struct zstd *zstd, struct hf_slice input, size_t *used, char *bytes,
		    size_t size);
/* True if a frame has begun and not ended: the stream is cut off here. */
bool zstd_is_inside(const struct zstd *zstd);

#endif
