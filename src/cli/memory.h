/* SPDX-License-Identifier: MIT */
/*
 * Memory of the command. A command that has no memory for its own needs has nothing
 * better to do than to say so and end: whatever was acknowledged is on disk. Hence no
 * function here fails; the process ends with the exit status of HF_ERR_NOMEM.
 */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stddef.h>

/* Resizes memory (or NULL) to count elements of size bytes; what is new is not zeroed. */
void *memory_resize(void *memory, size_t count, size_t size);
/* A copy of size bytes with a NUL behind them. The caller frees it with memory_free. */
char *memory_copy(const char *data, size_t size);
/* Frees what the functions above gave. NULL is allowed. */
void memory_free(void *memory);

#endif
