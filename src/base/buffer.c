/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"

#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "holdfast.h"

void buffer_release(struct buffer *buffer)
{
	mem_free(buffer->data);
	buffer->data = NULL;
	buffer->size = 0;
	buffer->room = 0;
}

int buffer_reserve(struct buffer *buffer, size_t size)
{
	size_t room = buffer->room;
	char *data;

	INVARIANT(buffer->size <= buffer->room && buffer->size <= buffer->max);
	if (size <= buffer->room - buffer->size && size <= buffer->max - buffer->size)
		return HF_OK;
	if (size > buffer->max - buffer->size)
		return HF_ERR_SESSION_SIZE;
	room = room > buffer->max / 2 ? buffer->max : room * 2;
	if (room < buffer->size + size)
		room = buffer->size + size;
	if (room < 256 && buffer->max >= 256)
		room = 256;
	data = mem_resize(buffer->data, room, 1);
	if (data == NULL)
		return HF_ERR_NOMEM;
	buffer->data = data;
	buffer->room = room;
	return HF_OK;
}

int buffer_put(struct buffer *buffer, const void *bytes, size_t size)
{
	int rc = buffer_reserve(buffer, size);

	if (rc != HF_OK || size == 0)
		return rc;
	memcpy(buffer->data + buffer->size, bytes, size);
	buffer->size += size;
	return HF_OK;
}

int buffer_put_text(struct buffer *buffer, const char *text)
{
	return buffer_put(buffer, text, strlen(text));
}

int buffer_put_u64(struct buffer *buffer, uint64_t number)
{
	char digits[TEXT_U64_SIZE];

	return buffer_put(buffer, digits, text_put_u64(number, digits));
}
