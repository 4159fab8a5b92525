/* SPDX-License-Identifier: MIT */
/*
 * The gate that all foreign JSON passes: is it one JSON text, and what is it without its
 * white space?
 *
 * Accepted is exactly one text of RFC 8259 (any value at the top), with these choices
 * where the standard leaves one:
 *
 * - The bytes are UTF-8 by RFC 3629: no overlong form, no surrogate, no byte order mark.
 * - Containers nest up to HF_DEPTH_MAX deep.
 * - No object has a name twice. Names are compared decoded: "a" is "\u0061".
 * - A surrogate escape without its partner ("\ud83d") is accepted: the grammar allows it.
 *   As part of a name it is equal to nothing but itself.
 * - Numbers are not converted: any that the grammar allows is accepted, of any length.
 *
 * Nothing recurses and the time is O(size log size) at worst, for objects with many
 * names; otherwise it is linear. Functions here are pure: any thread may call them.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stddef.h>

#include "base/buffer.h"

/* Why and where a text was refused. */
struct json_fault {
	size_t offset; /* of the first byte that cannot be, or the size of the text */
	const char *reason; /* static text that holds nothing of the input */
};

/*
 * Checks a text. bytes may be NULL if size is 0. HF_ERR_JSON: it is refused, and *fault
 * (may be NULL) is filled; for a name that comes twice, offset is where it begins the
 * second time. HF_ERR_NOMEM: an object has so many names that they cannot be compared.
 */
int json_scan(const char *bytes, size_t size, struct json_fault *fault);

/* The same, but that an object may have a name twice: for what other programs have written,
 * which is read as it is. HF_ERR_JSON as above; needs no memory. */
int json_scan_lax(const char *bytes, size_t size, struct json_fault *fault);

/*
 * Checks a text as json_scan does and appends it to out byte for byte, less the white space
 * around its tokens, with U+2028 and U+2029 as the escapes \u2028 and \u2029 (readers of
 * lines in other languages take them for line ends). Numbers, other escapes and the
 * order of members are as they were. bytes must not lie in out. The result passes
 * json_scan, holds no line feed, and is what compacting it again would give.
 *
 * Errors of json_scan; HF_ERR_SESSION_SIZE: out's maximum would be exceeded (by the
 * result; white space does not count). On any error out's contents are unchanged.
 */
int json_compact(const char *bytes, size_t size, struct buffer *out, struct json_fault *fault);

#endif
