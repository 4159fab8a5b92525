/* SPDX-License-Identifier: MIT */
/* The file that says that a directory is a store: holdfast.json. */
#ifndef FORMAT_STOREFILE_H
#define FORMAT_STOREFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STOREFILE_SIZE = 102 }; /* checked against the shape in storefile.c */

struct storefile {
	uint8_t store[16];
	int64_t created_us;
};

void storefile_encode(const struct storefile *file, char ret_text[static STOREFILE_SIZE]);
/* False unless text is exactly of the shape. */
bool storefile_decode(const char *text, size_t size, struct storefile *ret_file);

#endif
