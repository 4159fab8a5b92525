/* SPDX-License-Identifier: MIT */
#include "json/decode.h"

#include "base/text.h"

static int32_t hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit = (char)(digit | 0x20);
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int32_t json_decode_hex(const char *at, const char *end)
{
	int32_t value = 0;

	if (end - at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int32_t digit = hex_value(at[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* The character that a one-letter escape stands for, or -1. */
static int32_t simple_escape(char letter)
{
	switch (letter) {
	case '"':
	case '\\':
	case '/':
		return letter;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return -1;
	}
}

/* *at is at "\u" and four digits that were read as high; takes in the low half behind
 * them if there is one. */
static uint32_t join_surrogates(uint32_t high, const char **at, const char *end)
{
	int32_t low;

	*at += 6;
	if (high < 0xd800 || high > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
		return high;
	low = json_decode_hex(*at + 2, end);
	if (low < 0xdc00 || low > 0xdfff)
		return high;
	*at += 6;
	return 0x10000 + ((high - 0xd800) << 10) + (uint32_t)low - 0xdc00;
}

static uint32_t decode_escape(const char **at, const char *end)
{
	int32_t value;

	if (end - *at < 2) {
		*at += 1;
		return JSON_POINT_BAD;
	}
	if ((*at)[1] == 'u') {
		value = json_decode_hex(*at + 2, end);
		if (value >= 0)
			return join_surrogates((uint32_t)value, at, end);
	} else {
		value = simple_escape((*at)[1]);
		if (value >= 0) {
			*at += 2;
			return (uint32_t)value;
		}
	}
	*at += 1;
	return JSON_POINT_BAD;
}

uint32_t json_decode_point(const char **at, const char *end)
{
	const unsigned char *bytes = (const unsigned char *)*at;
	size_t length;

	if (bytes[0] == '\\')
		return decode_escape(at, end);
	length = text_utf8_length(*at, (size_t)(end - *at));
	*at += length == 0 ? 1 : length;
	switch (length) {
	case 1:
		return bytes[0];
	case 2:
		return (uint32_t)(bytes[0] & 0x1f) << 6 | (bytes[1] & 0x3f);
	case 3:
		return (uint32_t)(bytes[0] & 0x0f) << 12 | (uint32_t)(bytes[1] & 0x3f) << 6 |
		       (bytes[2] & 0x3f);
	case 4:
		return (uint32_t)(bytes[0] & 0x07) << 18 | (uint32_t)(bytes[1] & 0x3f) << 12 |
		       (uint32_t)(bytes[2] & 0x3f) << 6 | (bytes[3] & 0x3f);
	default:
		return JSON_POINT_BAD;
	}
}

size_t json_encode_point(uint32_t point, char ret_bytes[static 4])
{
	if (point < 0x80) {
		ret_bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		ret_bytes[0] = (char)(0xc0 | point >> 6);
		ret_bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		ret_bytes[0] = (char)(0xe0 | point >> 12);
		ret_bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		ret_bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	ret_bytes[0] = (char)(0xf0 | point >> 18);
	ret_bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	ret_bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	ret_bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}
