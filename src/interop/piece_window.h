/* SPDX-License-Identifier: MIT */
/*
 * The part of a stream of bytes that is looked at: what was read and not yet taken.
 *
 * The bytes lie in one block that moves only in piece_window_more, so slices of it are good
 * until then. Memory is what the largest piece took, up to PIECE_WINDOW_MAX; a byte is moved
 * a few times at most, whatever the sizes of pieces and reads are.
 */
#ifndef INTEROP_PIECE_WINDOW_H
#define INTEROP_PIECE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "interop/piece.h"

enum {
	PIECE_READ_SIZE = 256 << 10, /* bytes asked for at once */
	/* Room for the largest piece that is not cut, for the read that shows that it goes on,
	 * and for one that shows whether anything follows. */
	PIECE_WINDOW_MAX = PIECE_SIZE_MAX + 2 * PIECE_READ_SIZE,
};

struct piece_window {
	piece_read_fn read;
	void *context;
	char *bytes;     /* the first byte that is not yet taken */
	size_t size;     /* how many there are */
	uint64_t offset; /* of bytes in the stream */
	bool is_end;     /* the stream ends with them */
	char *block;
	size_t room;     /* of block */
};

struct piece_window piece_window_make(piece_read_fn read, void *context);
void piece_window_release(struct piece_window *window);

/* Reads some more, or finds the end. There must be room: size is less than
 * PIECE_WINDOW_MAX. HF_ERR_NOMEM, errors of read. */
int piece_window_more(struct piece_window *window);
/* Takes the first size bytes away. */
void piece_window_take(struct piece_window *window, size_t size);

#endif
