/* SPDX-License-Identifier: MIT */
/*
 * The only place that allocates memory. Tests make the n-th allocation fail by wrapping
 * malloc, calloc and realloc at link time.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for count elements of size bytes; NULL when there is none, or when the
 * product overflows. The caller frees it with mem_free. */
void *mem_new(size_t count, size_t size);
/* Resizes what mem_new gave (or NULL) without zeroing what is new; NULL leaves it as it
 * was. */
void *mem_resize(void *memory, size_t count, size_t size);
/* A copy of text with its NUL; NULL when there is no memory. */
char *mem_copy_text(const char *text);
void mem_free(void *memory);
/* Overwrites memory so that no compiler leaves the overwriting out. */
void mem_wipe(void *memory, size_t size);

#endif
