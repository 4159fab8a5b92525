/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON into a buffer: strings, and the members of an object that we make
 * ourselves. Brackets and values that are JSON already go in with buffer_put.
 *
 *     bool first = true;
 *     rc = buffer_put_text(out, "{");
 *     if (rc == HF_OK)
 *         rc = json_put_member_u64(out, &first, "format", 1);
 *     if (rc == HF_OK)
 *         rc = json_put_member_text(out, &first, "name", name, strlen(name));
 *     if (rc == HF_OK)
 *         rc = buffer_put_text(out, "}");
 *
 * What is written passes json_scan and compacting leaves it as it is, as long as no name
 * is put twice. All errors leave the buffer and *first as they were; besides the ones
 * named these are the errors of buffer_reserve.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "holdfast.h"

/* Puts a text in quotes, escaping what must be and U+2028 and U+2029. HF_ERR_INVALID: it
 * is not UTF-8. NUL bytes are allowed (\u0000); text may be NULL if size is 0. */
int json_put_string(struct buffer *buffer, const char *text, size_t size);

/* Puts a name and its colon, and a comma before them unless *first, which then becomes
 * false. The caller puts the value. HF_ERR_INVALID: the name is not UTF-8. */
int json_put_name(struct buffer *buffer, bool *first, const char *name);

/* Put a whole member: a number, a text (HF_ERR_INVALID: not UTF-8), or a value that is
 * compact JSON already, which is not checked. */
int json_put_member_u64(struct buffer *buffer, bool *first, const char *name, uint64_t number);
int json_put_member_text(struct buffer *buffer, bool *first, const char *name, const char *text,
			 size_t size);
int json_put_member_json(struct buffer *buffer, bool *first, const char *name,
			 struct hf_slice json);

#endif
