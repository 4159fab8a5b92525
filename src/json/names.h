/* SPDX-License-Identifier: MIT */
/*
 * The names of the objects that a scan is inside of, to refuse one that comes twice.
 *
 * One list serves all open objects: an object's names begin at the index `first` that
 * the list's count had when the object began, and leave the list when it ends. Names
 * are the input's own bytes between the quotes, and must have passed the scanner.
 *
 * A small object compares each new name with those before it. A large one sorts its
 * names when it ends. Nothing is hashed in a way that hostile names could abuse: the
 * time for n names of s bytes in all is O(s log n), the memory 48 bytes a name at most
 * (not counting what growing in steps leaves unused), none below JSON_NAMES_FEW names.
 */
#ifndef JSON_NAMES_H
#define JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_NAMES_FEW = 32, /* names that need no allocation */
	JSON_NAMES_LINEAR = 16, /* names up to which an object compares each with each */
};

struct json_name {
	uint64_t tag; /* equal for equal names; different for most others */
	const char *text; /* as in the input, with its escapes */
	size_t size;
};

struct json_names {
	struct json_name *list;
	size_t count;
	size_t room;
	struct json_name few[JSON_NAMES_FEW]; /* not initialized: zeroing it would cost more */
};

void json_names_init(struct json_names *names);
void json_names_release(struct json_names *names);

/* Adds a name to the object whose names begin at first. escaped: there is a backslash in
 * it. HF_ERR_JSON: the object has it already (found now or only at its end);
 * HF_ERR_NOMEM. */
int json_names_add(struct json_names *names, size_t first, const char *text, size_t size,
		   bool escaped);

/* Ends the object whose names begin at first: checks what json_names_add left unchecked
 * and forgets its names. HF_ERR_JSON: *ret_again is the first name that came before in
 * this object, in the order of the input; HF_ERR_NOMEM. */
int json_names_end(struct json_names *names, size_t first, const char **ret_again);

#endif
