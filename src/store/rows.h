/* SPDX-License-Identifier: MIT */
/*
 * The sessions of one listing, packed: for each about 300 bytes and its texts, not the 4 KB
 * of a head. Zeroed memory is an empty one; rows_release frees it.
 */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/look.h"

/* One session; the rest of it is packed. */
struct row {
	int64_t updated_us;
	uint8_t id[16];
	size_t at;       /* where its packed bytes begin */
	size_t sequence; /* the place in which it was added */
};

struct rows {
	struct row *rows;
	size_t count;
	size_t room;
	struct buffer packed;
};

void rows_init(struct rows *rows);
void rows_release(struct rows *rows);

/* Adds one. HF_ERR_NOMEM. */
int rows_add(struct rows *rows, const struct look *look);
/* Unpacks the one at index. */
void rows_get(const struct rows *rows, size_t index, struct look *ret_look);

/* Leaves of the rows of one session only the last one that was added. */
void rows_unite(struct rows *rows);
/* Drops those that keep says false of. */
typedef bool (*rows_keep_fn)(void *context, const struct look *look);
void rows_filter(struct rows *rows, rows_keep_fn keep, void *context);
/* Puts the one with the newest record first; those of one time by id. */
void rows_sort(struct rows *rows);

#endif
