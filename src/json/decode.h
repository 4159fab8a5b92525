/* SPDX-License-Identifier: MIT */
/*
 * The characters of a JSON string, one code point at a time.
 *
 * Equal names have equal sequences of code points, however they were escaped. A
 * surrogate escape that has no partner stands for itself (0xd800 to 0xdfff): JSON's
 * grammar allows it, real transcripts hold it, and UTF-8 proper has no form for it.
 */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JSON_POINT_REPLACEMENT = 0xfffd,
	JSON_POINT_BAD = 0x110000, /* no code point: the bytes are no character of a string */
};

/* The value of the 4 hexadecimal digits at at, or -1 if they are not there. */
int32_t json_decode_hex(const char *at, const char *end);

/*
 * Decodes the character at *at (raw UTF-8, an escape, or a pair of surrogate escapes),
 * which lies before end, and moves *at behind it. Gives JSON_POINT_BAD for anything else
 * and moves *at by one byte. Quotes and control characters count as characters.
 */
uint32_t json_decode_point(const char **at, const char *end);

static inline bool json_point_is_surrogate(uint32_t point)
{
	return point >= 0xd800 && point <= 0xdfff;
}

/* Encodes a code point up to 0x10ffff as UTF-8, surrogates by the same scheme (called
 * WTF-8); returns the count of bytes, 1 to 4. */
size_t json_encode_point(uint32_t point, char ret_bytes[static 4]);

#endif
