/* SPDX-License-Identifier: MIT */
#include "cli/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/memory.h"

void strbuf_reserve(struct strbuf *text, size_t size)
{
	size_t needed = text->size + size + 1;
	size_t room = text->room < 64 ? 64 : text->room;

	if (needed <= text->room)
		return;
	while (room < needed)
		room += room / 2;
	text->data = memory_resize(text->data, room, 1);
	text->room = room;
}

void strbuf_put(struct strbuf *text, const char *data, size_t size)
{
	strbuf_reserve(text, size);
	if (size > 0)
		memcpy(text->data + text->size, data, size);
	text->size += size;
	text->data[text->size] = '\0';
}

void strbuf_puts(struct strbuf *text, const char *string)
{
	strbuf_put(text, string, strlen(string));
}

void strbuf_printf(struct strbuf *text, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	strbuf_reserve(text, (size_t)size);
	va_start(arguments, format);
	(void)vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
	va_end(arguments);
	text->size += (size_t)size;
}

void strbuf_put_json_text(struct strbuf *text, struct hf_slice string)
{
	int64_t size;

	/* Decoding never makes a string longer than its escaped form. The text may hold NULs. */
	strbuf_reserve(text, string.size);
	size = hf_json_text(string, text->data + text->size, string.size + 1);
	if (size > 0 && (uint64_t)size <= string.size)
		text->size += (size_t)size;
	text->data[text->size] = '\0';
}

void strbuf_clear(struct strbuf *text)
{
	text->size = 0;
	if (text->data != NULL)
		text->data[0] = '\0';
}

void strbuf_release(struct strbuf *text)
{
	memory_free(text->data);
	*text = (struct strbuf){ 0 };
}

struct hf_slice strbuf_slice(const struct strbuf *text)
{
	return (struct hf_slice){ text->data, text->size };
}

struct hf_slice slice_of(const char *string)
{
	return (struct hf_slice){ string, string == NULL ? 0 : strlen(string) };
}
