/* SPDX-License-Identifier: MIT */
/*
 * Steps through the strings of a JSON text, names too, and knows where each stands. Nothing
 * recurses and nothing is allocated.
 */
#ifndef REDACT_WALK_H
#define REDACT_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"
#include "redact/assign.h"

enum { WALK_PATH_MAX = 256 };

/* An array or object that is open. */
struct walk_level {
	bool is_object;
	size_t path_size; /* of the path of the container itself */
	uint64_t index; /* in an array */
	enum assign_name name; /* what the container is the value of */
};

struct walk {
	struct hf_slice json;
	size_t at;
	size_t depth;
	struct walk_level levels[HF_DEPTH_MAX + 1];
	bool expects_name;
	enum assign_name name; /* what the last name says of its value */
	char path[WALK_PATH_MAX]; /* of the string, with a NUL */
	size_t path_size;
	bool has_path; /* paths are wanted */
};

/* One string. */
struct walk_string {
	struct hf_slice raw; /* between its quotes */
	bool is_name;
	enum assign_name name; /* of a value: what its name says of it */
};

/* json and the walk must stay where they are until its end. */
void walk_init(struct walk *walk, struct hf_slice json, bool has_path);
/* The next string. HF_ERR_NOTFOUND: there is none; HF_ERR_JSON: this is no JSON. */
int walk_next(struct walk *walk, struct walk_string *ret_string);
/* Where the string stands, "content[0].text". Of a name: where its object stands. */
const char *walk_path(const struct walk *walk);
/* Tells how the name that was given last is to be called in paths: as it stands (raw), or if
 * it holds a secret by something else. To be called for each name if paths are wanted. */
void walk_enter(struct walk *walk, struct hf_slice raw);

#endif
