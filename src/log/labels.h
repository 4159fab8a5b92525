/* SPDX-License-Identifier: MIT */
/* What says how a session is kept: its tags, its pin, and where its project was before.
 * docs/FORMAT.md, "Types", has the rules. Pure. */
#ifndef LOG_LABELS_H
#define LOG_LABELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/head.h"
#include "holdfast.h"

/* True for the record types that leave a sealed session sealed. */
bool labels_is_type(struct hf_slice type);

/* True if the data of a record of type "tags", or "pin", has the shape it must have. */
bool labels_are_tags(struct hf_slice data);
bool labels_is_pin(struct hf_slice data);

/* Puts the tags of an array of strings into a field with a space between, those that fit
 * and are valid; returns the bytes used. */
uint32_t labels_join(struct hf_slice array, char ret_field[static FORMAT_TAGS_SIZE_MAX]);

/* True if a tag is among those of a field with a space between. */
bool labels_have(const char *field, size_t size, const char *tag, size_t tag_size);

/* Former project paths, JSON strings, oldest first, each once. */
struct former {
	struct hf_slice paths[FORMAT_FORMER_MAX];
	unsigned count;
};

/* Adds the path that was left last; the oldest of too many is forgotten. */
void former_push(struct former *former, struct hf_slice path);
/* Adds all of an array of strings. */
void former_push_all(struct former *former, struct hf_slice array);
/* Adds them to the digests in a head, in the same way. */
void former_apply(const struct former *former, struct head *head);

#endif
