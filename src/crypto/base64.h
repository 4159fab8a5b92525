/* SPDX-License-Identifier: MIT */
/* RFC 4648 section 4, with padding: how bytes that are no text stand in JSON. */
#ifndef CRYPTO_BASE64_H
#define CRYPTO_BASE64_H

#include "base/buffer.h"

/* Appends bytes as base64. Errors of buffer_reserve. */
int base64_put(struct buffer *buffer, const void *bytes, size_t size);
/* Appends the bytes that text stands for. HF_ERR_JSON: it is not base64; errors of
 * buffer_reserve. The buffer's contents are then as they were. */
int base64_take(struct buffer *buffer, const char *text, size_t size);

#endif
