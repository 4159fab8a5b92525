/* SPDX-License-Identifier: MIT */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *mem_new(size_t count, size_t size)
{
	return calloc(count, size);
}

void *mem_resize(void *memory, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	/* A size of zero would free the memory, or not: the standard leaves it open. */
	return realloc(memory, count * size > 0 ? count * size : 1);
}

char *mem_copy_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = mem_new(size, 1);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void mem_free(void *memory)
{
	free(memory);
}

void mem_wipe(void *memory, size_t size)
{
	explicit_bzero(memory, size);
}
