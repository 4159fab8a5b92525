/* SPDX-License-Identifier: MIT */
/* Small things about text: decimal numbers, hexadecimal, base64url, times, UUIDs. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum {
	TEXT_U64_SIZE = 20,      /* digits of the largest uint64_t */
	TEXT_TIME_SIZE = 27,     /* 2026-11-22T23:54:13.123456Z */
	TEXT_UUID_SIZE = 36,
	TEXT_BASE64_32_SIZE = 43 /* 32 bytes as unpadded base64url */
};

/* Writes number in decimal without NUL; returns the count of digits. */
size_t text_put_u64(uint64_t number, char digits[static TEXT_U64_SIZE]);
/* Reads the decimal number without sign or leading zero that text begins with; returns the
 * count of its digits, 0 if there is none or it is too large. */
size_t text_take_u64(const char *text, size_t size, uint64_t *ret_number);
/* Reads all of text as such a number. */
bool text_get_u64(const char *text, size_t size, uint64_t *ret_number);

/* RFC 4648 section 5, without padding. */
void text_put_base64_32(const uint8_t bytes[static 32], char text[static TEXT_BASE64_32_SIZE]);
/* False unless text is the one canonical encoding (unused bits are zero); ret_bytes is
 * then unspecified. */
bool text_get_base64_32(const char text[static TEXT_BASE64_32_SIZE], uint8_t ret_bytes[static 32]);

/* Lower-case hexadecimal, 2 * size characters without NUL. */
void text_put_hex(const uint8_t *bytes, size_t size, char *text);

/*
 * Microseconds since 1970-01-01T00:00:00Z as TEXT_TIME_SIZE characters without NUL, by
 * the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
 * algorithms"). Times outside the years 0000 to 9999 are clamped.
 */
void text_put_time(int64_t time_us, char text[static TEXT_TIME_SIZE]);
/* False unless text is a valid date and time in exactly that shape. */
bool text_is_time(const char text[static TEXT_TIME_SIZE]);
bool text_get_time(const char text[static TEXT_TIME_SIZE], int64_t *ret_time_us);

/* A UUID as 36 lower-case characters without NUL, and back; no other form is accepted. */
void text_put_uuid(const uint8_t bytes[static 16], char text[static TEXT_UUID_SIZE]);
bool text_get_uuid(const char *text, size_t size, uint8_t ret_bytes[static 16]);

/* The length in bytes of the well-formed UTF-8 character at text (RFC 3629: no
 * surrogates, no overlong form), or 0. */
size_t text_utf8_length(const char *text, size_t size);
bool text_is_utf8(const char *text, size_t size);

/* Where a text ends. One that is empty may have no data, and NULL + 0 is undefined in C11
 * (6.5.6 paragraph 8). */
static inline const char *text_end(struct hf_slice text)
{
	return text.size > 0 ? text.data + text.size : text.data;
}

/* The size of a path without the slashes at its end; "/" keeps its own. */
size_t text_path_size(const char *path, size_t size);

/* Copies text into a field of size bytes, cut to fit, always with a NUL. */
void text_copy(char *field, size_t size, const char *text);

#endif
