/* SPDX-License-Identifier: MIT */
/*
 * Scratch directories on the real file system, and rough handling of files in them.
 *
 *     int main(void)
 *     {
 *             scratch_begin();            // in the parent, before any case is forked
 *             ... run the suite ...
 *             scratch_end();
 *     }
 *     START_TEST(a_case)
 *     {
 *             struct scratch scratch = scratch_open();
 *             scratch_put(scratch.fd, "file", "abc", 3);
 *             scratch_close(&scratch);
 *     }
 *
 * All directories of a program stand under one that scratch_begin makes in $TMPDIR or
 * /tmp and scratch_end removes, so that a case that breaks off leaves nothing behind. Any
 * failure of a helper fails the running case. Names are relative to a directory
 * descriptor and may have slashes.
 */
#ifndef LIB_SCRATCH_H
#define LIB_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch {
	char path[256];
	int fd;
};

void scratch_begin(void);
void scratch_end(void);

/* A new empty directory, and its removal with everything in it. */
struct scratch scratch_open(void);
void scratch_close(struct scratch *scratch);

/* Makes or replaces a file; appends to it; reads all of it (free with free, NUL added). */
void scratch_put(int dir_fd, const char *name, const void *bytes, size_t size);
void scratch_append(int dir_fd, const char *name, const void *bytes, size_t size);
char *scratch_get(int dir_fd, const char *name, size_t *ret_size);
/* Overwrites bytes of a file in place, or flips the bits of mask in one byte. */
void scratch_poke(int dir_fd, const char *name, uint64_t offset, const void *bytes, size_t size);
void scratch_flip(int dir_fd, const char *name, uint64_t offset, uint8_t mask);
/* Makes a file shorter or longer. */
void scratch_cut(int dir_fd, const char *name, uint64_t size);
/* The size of a file, or -1 if it is not there. */
int64_t scratch_size(int dir_fd, const char *name);
bool scratch_exists(int dir_fd, const char *name);
/* How many names a directory has, besides "." and "..". */
size_t scratch_count(int dir_fd, const char *name);
void scratch_mkdir(int dir_fd, const char *name);
/* Removes a file or a whole directory. */
void scratch_remove(int dir_fd, const char *name);
/* Copies a file or a directory with all that is in it; modes are kept, times are not. */
void scratch_copy(int from_fd, const char *from, int to_fd, const char *to);

#endif
