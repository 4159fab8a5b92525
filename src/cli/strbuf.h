/* SPDX-License-Identifier: MIT */
/*
 * Text that grows. Zero-initialise it, put things in, release it. The bytes are followed
 * by a NUL that does not count; data is NULL until something was put in.
 */
#ifndef CLI_STRBUF_H
#define CLI_STRBUF_H

#include <stddef.h>
#include <stdint.h>

#include <holdfast.h>

struct strbuf {
	char *data;
	size_t size; /* bytes in use */
	size_t room; /* bytes allocated, NUL included */
};

/* Makes room for size more bytes and the NUL at data + size; size stays. */
void strbuf_reserve(struct strbuf *text, size_t size);
void strbuf_put(struct strbuf *text, const char *data, size_t size);
void strbuf_puts(struct strbuf *text, const char *string);
/* Puts text as printf does. */
__attribute__((format(printf, 2, 3))) void strbuf_printf(struct strbuf *text, const char *format,
							 ...);
/* Decodes a JSON string with its quotes onto the end; puts nothing if it is none. */
void strbuf_put_json_text(struct strbuf *text, struct hf_slice string);
/* Forgets the bytes and keeps the memory. */
void strbuf_clear(struct strbuf *text);
void strbuf_release(struct strbuf *text);
/* The bytes, valid until the text is changed. */
struct hf_slice strbuf_slice(const struct strbuf *text);

/* A slice of a string with a NUL; NULL gives an empty one. */
struct hf_slice slice_of(const char *string);

#endif
