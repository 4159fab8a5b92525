/* SPDX-License-Identifier: MIT */
#include "crypto/base64.h"

#include <nettle/base64.h>

#include "holdfast.h"

int base64_put(struct buffer *buffer, const void *bytes, size_t size)
{
	int rc = size < SIZE_MAX / 2 ? buffer_reserve(buffer, BASE64_ENCODE_RAW_LENGTH(size))
				     : HF_ERR_SESSION_SIZE;

	if (rc != HF_OK || size == 0)
		return rc;
	base64_encode_raw(buffer->data + buffer->size, size, bytes);
	buffer->size += BASE64_ENCODE_RAW_LENGTH(size);
	return HF_OK;
}

int base64_take(struct buffer *buffer, const char *text, size_t size)
{
	struct base64_decode_ctx context;
	size_t decoded;
	int rc = size < SIZE_MAX / 2 ? buffer_reserve(buffer, BASE64_DECODE_LENGTH(size))
				     : HF_ERR_SESSION_SIZE;

	if (rc != HF_OK || size == 0)
		return rc;
	decoded = BASE64_DECODE_LENGTH(size);
	base64_decode_init(&context);
	if (!base64_decode_update(&context, &decoded, (uint8_t *)buffer->data + buffer->size, size,
				  text) ||
	    !base64_decode_final(&context))
		return HF_ERR_JSON;
	buffer->size += decoded;
	return HF_OK;
}
