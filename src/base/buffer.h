/* SPDX-License-Identifier: MIT */
/*
 * A byte buffer that grows up to a maximum stated when it is made.
 *
 *     struct buffer buffer = BUFFER_INIT(1 << 20);
 *     rc = buffer_put(&buffer, bytes, size);
 *     ...
 *     buffer_release(&buffer);
 *
 * On any error the contents are as they were before the call.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;    /* NULL while nothing was ever put in */
	size_t size;   /* bytes in use */
	size_t room;   /* bytes allocated */
	size_t max;    /* size never exceeds this */
};

#define BUFFER_INIT(max_size) { NULL, 0, 0, (max_size) }

void buffer_release(struct buffer *buffer);

/* Makes room for size more bytes at data + size, without changing size. HF_ERR_NOMEM;
 * HF_ERR_SESSION_SIZE when the maximum would be exceeded. */
int buffer_reserve(struct buffer *buffer, size_t size);
/* Appends bytes; errors of buffer_reserve. */
int buffer_put(struct buffer *buffer, const void *bytes, size_t size);
int buffer_put_text(struct buffer *buffer, const char *text);
int buffer_put_u64(struct buffer *buffer, uint64_t number);

#endif
