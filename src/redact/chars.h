/* SPDX-License-Identifier: MIT */
/*
 * Classes of bytes, by one look into a table: all text is read through it.
 *
 * A word is a run of letters, digits, '-' and '_'. A run is a run of these and of '+' and
 * '/', so that it holds base64 of both alphabets, and paths too.
 */
#ifndef REDACT_CHARS_H
#define REDACT_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	CHARS_UPPER = 1,
	CHARS_LOWER = 2,
	CHARS_DIGIT = 4,
	CHARS_HEX = 8, /* of both cases */
	CHARS_JOINT = 16, /* '-' and '_' */
	CHARS_BASE64 = 32, /* '+' and '/' */
	CHARS_STOP = 64, /* what a run begins with, and '=' and ':' */
	CHARS_SPACE = 128,

	CHARS_LETTER = CHARS_UPPER | CHARS_LOWER,
	CHARS_ALNUM = CHARS_LETTER | CHARS_DIGIT,
	CHARS_WORD = CHARS_ALNUM | CHARS_JOINT,
	CHARS_RUN = CHARS_WORD | CHARS_BASE64,
};

extern const uint8_t chars_table[256];

/* Whether c is of one of the classes. */
static inline bool chars_is(char c, unsigned classes)
{
	return (chars_table[(unsigned char)c] & classes) != 0;
}

/* Whether c is one of the characters of a list. */
static inline bool chars_among(char c, const char *list)
{
	return c != '\0' && strchr(list, c) != NULL;
}

/* The first byte from at on that is of none of the classes, or size. */
static inline size_t chars_end(const char *text, size_t at, size_t size, unsigned classes)
{
	while (at < size && chars_is(text[at], classes))
		at++;
	return at;
}

/* A letter of ASCII in lower case; anything else as it is. */
static inline char chars_lower(char c)
{
	return chars_is(c, CHARS_UPPER) ? (char)(c | 0x20) : c;
}

#endif
