/* SPDX-License-Identifier: MIT */
#include "cli/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <holdfast.h>

void *memory_resize(void *memory, size_t count, size_t size)
{
	void *resized = NULL;

	if (size != 0 && count <= (size_t)-1 / size)
		resized = realloc(memory, count * size > 0 ? count * size : 1);
	if (resized == NULL) {
		(void)fprintf(stderr, "holdfast: %s\n", hf_error_text(HF_ERR_NOMEM));
		exit(hf_error_exit(HF_ERR_NOMEM));
	}
	return resized;
}

char *memory_copy(const char *data, size_t size)
{
	char *copy = memory_resize(NULL, size + 1, 1);

	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

void memory_free(void *memory)
{
	free(memory);
}
