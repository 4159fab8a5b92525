/* SPDX-License-Identifier: MIT */
/*
 * Stores for tests, on a real file system or a simulated one: where they are, how they are
 * opened, and their files read and changed behind the library's back, all through a
 * struct sys. The keys are cheap to derive. Whatever goes wrong in here is an EXPECT.
 */
#ifndef LIB_SESSION_PLACE_H
#define LIB_SESSION_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"
#include "sys/sys.h"

struct place {
	const struct sys *sys; /* that nothing goes wrong with */
	const char *store;     /* path of the store */
	const char *runtime;   /* path of the runtime directory, or "" */
	enum hf_durability durability;
	uint32_t padding;      /* as in struct hf_store_options */
	uint32_t threads;
	uint32_t max_record_size;
	bool is_unlimited;     /* sessions may be resumed as often as one likes */
	hf_log_fn log;         /* NULL: none */
	void *log_context;
};

/* Bytes of a file. Free with place_free; zeroed memory is none. */
struct place_bytes {
	char *data;
	size_t size;
};

/* Opens the store, through sys instead of place->sys if that is not NULL. */
int place_try(const struct place *place, const struct sys *sys, struct hf_detail *detail,
	      struct hf_store **ret_store);
/* The same, which must succeed. */
struct hf_store *place_open(const struct place *place);

/* Reads a file of the store, which must be there unless is_optional; "data" is NULL then. */
struct place_bytes place_get(const struct place *place, const char *name, bool is_optional);
void place_free(struct place_bytes *bytes);
/* Writes bytes at an offset, making the file if need be; the file ends there if cut. */
void place_put(const struct place *place, const char *name, uint64_t offset, const void *bytes,
	       size_t size, bool cut);
void place_remove(const struct place *place, const char *name);
/* Makes the directory. */
void place_mkdir(const struct place *place, const char *path);

/* Names in a directory of the store that end in suffix. */
size_t place_count(const struct place *place, const char *dir, const char *suffix);
/* The one name there that has this prefix, or "". */
void place_find(const struct place *place, const char *dir, const char *prefix, char *name,
		size_t size);

/* "sessions/<id><suffix>". */
struct place_name {
	char text[80];
};
struct place_name place_name(const char *id, const char *suffix);

#endif
