/* SPDX-License-Identifier: MIT */
/*
 * A reader of JSON that hands out slices of the text: nothing is copied, converted or
 * allocated.
 *
 *     size_t position = 0;
 *     struct hf_slice value = { 0 };
 *     while (json_next(array, &position, NULL, &value))
 *         ...
 *
 * It trusts that the text has passed json_scan, and is fast because of that: skipping a
 * value looks only for quotes and brackets. On any other bytes each function still stays
 * within them, takes time linear in their size, and finds nothing, or nonsense.
 *
 * A slice may have white space around its value; slices given out have none. All of it
 * is pure: any thread may call it.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum json_kind {
	JSON_NONE, /* no value, or no text at all */
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_STRING,
	JSON_NUMBER,
	JSON_TRUE,
	JSON_FALSE,
	JSON_NULL,
};

/* What a value is, by its first bytes. */
enum json_kind json_kind(struct hf_slice value);

/*
 * Steps through an array or an object; *position is 0 at the start and otherwise as the
 * last call left it. *ret_name (may be NULL) is the raw name with its quotes, empty in an
 * array. False: it is no container, or there is no further member; nothing is set.
 */
bool json_next(struct hf_slice container, size_t *position, struct hf_slice *ret_name,
	       struct hf_slice *ret_value);

/* Finds the first member with a name (UTF-8, compared with the decoded names of the
 * object), in time linear in the object's size. False: it is no object, or has none. */
bool json_member(struct hf_slice object, const char *name, struct hf_slice *ret_value);

/*
 * Decodes a string into buffer as UTF-8 with a NUL, at most size bytes in all, cut at a
 * character; a lone surrogate becomes U+FFFD, as do bytes that are not UTF-8. buffer may
 * be NULL if size is 0. Returns the bytes that the whole text takes without the NUL
 * (it was cut if that is not below size), or -1 if it is no string; the buffer is then
 * unspecified. A text can hold U+0000, so the size counts, not the first NUL.
 */
int64_t json_text(struct hf_slice string, char *buffer, size_t size);

#endif
