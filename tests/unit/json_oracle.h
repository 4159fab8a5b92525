/* SPDX-License-Identifier: MIT */
/*
 * A second opinion on JSON, written as plainly as RFC 8259 reads and sharing nothing with
 * src/json: it recurses, compares every name with every other, and only knows texts of a
 * few hundred bytes.
 */
#ifndef UNIT_JSON_ORACLE_H
#define UNIT_JSON_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct oracle {
	const unsigned char *at;
	const unsigned char *end;
};

struct oracle_name {
	uint32_t points[64];
	size_t count;
};

static bool oracle_take(struct oracle *o, char c)
{
	if (o->at == o->end || *o->at != (unsigned char)c)
		return false;
	o->at++;
	return true;
}

static void oracle_space(struct oracle *o)
{
	while (o->at < o->end && memchr(" \t\r\n", *o->at, 4) != NULL)
		o->at++;
}

/* RFC 3629 by the value of the code point instead of by ranges of bytes. */
static bool oracle_character(struct oracle *o, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = *o->at++;
	size_t length = c < 0x80   ? 1
			: c < 0xc0 ? 0
			: c < 0xe0 ? 2
			: c < 0xf0 ? 3
			: c < 0xf8 ? 4
				   : 0;

	if (length == 0)
		return false;
	*point = length == 1 ? c : c & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (o->at == o->end || (*o->at & 0xc0) != 0x80)
			return false;
		*point = *point << 6 | (*o->at++ & 0x3fu);
	}
	return *point >= least[length] && *point <= 0x10ffff &&
	       (*point < 0xd800 || *point > 0xdfff);
}

static bool oracle_hex(struct oracle *o, uint32_t *value)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	*value = 0;
	for (size_t i = 0; i < 4; i++) {
		const char *digit = o->at < o->end && *o->at != 0 ? strchr(digits, *o->at) : NULL;
		uint32_t n;

		if (digit == NULL)
			return false;
		n = (uint32_t)(digit - digits);
		*value = *value * 16 + (n > 15 ? n - 6 : n);
		o->at++;
	}
	return true;
}

static bool oracle_escape(struct oracle *o, uint32_t *point)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (oracle_take(o, 'u'))
		return oracle_hex(o, point);
	letter = o->at < o->end && *o->at != 0 ? strchr(letters, *o->at) : NULL;
	if (letter == NULL)
		return false;
	o->at++;
	*point = (unsigned char)values[letter - letters];
	return true;
}

static bool oracle_string(struct oracle *o, struct oracle_name *name)
{
	name->count = 0;
	if (!oracle_take(o, '"'))
		return false;
	while (!oracle_take(o, '"')) {
		uint32_t point = 0;
		uint32_t *last = name->count > 0 ? &name->points[name->count - 1] : NULL;
		bool escape = oracle_take(o, '\\');

		if (o->at == o->end || (!escape && *o->at < 0x20))
			return false;
		if (escape ? !oracle_escape(o, &point) : !oracle_character(o, &point))
			return false;
		if (last != NULL && *last >= 0xd800 && *last < 0xdc00 && point >= 0xdc00 &&
		    point < 0xe000)
			*last = 0x10000 + (*last - 0xd800) * 0x400 + (point - 0xdc00);
		else
			name->points[name->count++ % 64] = point;
	}
	return true;
}

static bool oracle_digits(struct oracle *o)
{
	const unsigned char *from = o->at;

	while (o->at < o->end && *o->at >= '0' && *o->at <= '9')
		o->at++;
	return o->at > from;
}

static bool oracle_number(struct oracle *o)
{
	(void)oracle_take(o, '-');
	if (!oracle_take(o, '0') && !oracle_digits(o))
		return false;
	if (oracle_take(o, '.') && !oracle_digits(o))
		return false;
	if (oracle_take(o, 'e') || oracle_take(o, 'E')) {
		if (!oracle_take(o, '+'))
			(void)oracle_take(o, '-');
		return oracle_digits(o);
	}
	return true;
}

static bool oracle_word(struct oracle *o, const char *word)
{
	for (; *word != '\0'; word++) {
		if (!oracle_take(o, *word))
			return false;
	}
	return true;
}

static bool oracle_value(struct oracle *o);

static bool oracle_object(struct oracle *o)
{
	struct oracle_name names[24];
	size_t count = 0;

	oracle_space(o);
	if (oracle_take(o, '}'))
		return true;
	do {
		struct oracle_name *name = &names[count++ % 24];

		oracle_space(o);
		if (!oracle_string(o, name))
			return false;
		for (size_t i = 0; i + 1 < count; i++) {
			if (names[i].count == name->count &&
			    memcmp(names[i].points, name->points, name->count * 4) == 0)
				return false;
		}
		oracle_space(o);
		if (!oracle_take(o, ':') || !oracle_value(o))
			return false;
	} while (oracle_take(o, ','));
	return oracle_take(o, '}');
}

static bool oracle_array(struct oracle *o)
{
	oracle_space(o);
	if (oracle_take(o, ']'))
		return true;
	do {
		if (!oracle_value(o))
			return false;
	} while (oracle_take(o, ','));
	return oracle_take(o, ']');
}

/* A value with the white space around it. */
static bool oracle_value(struct oracle *o)
{
	struct oracle_name ignored;
	bool good;

	oracle_space(o);
	if (o->at == o->end)
		return false;
	if (*o->at == '"')
		good = oracle_string(o, &ignored);
	else if (oracle_take(o, '{'))
		good = oracle_object(o);
	else if (oracle_take(o, '['))
		good = oracle_array(o);
	else if (*o->at == 't' || *o->at == 'f' || *o->at == 'n')
		good = oracle_word(o, *o->at == 't' ? "true" : *o->at == 'f' ? "false" : "null");
	else
		good = oracle_number(o);
	oracle_space(o);
	return good;
}

static bool oracle_accepts(const char *bytes, size_t size)
{
	struct oracle o = { (const unsigned char *)bytes, (const unsigned char *)bytes + size };

	return oracle_value(&o) && o.at == o.end;
}

/* The compact form of an accepted text; compact has room for twice the size. */
static size_t oracle_compact(const char *bytes, size_t size, char *compact)
{
	bool inside = false;
	size_t out = 0;

	for (size_t i = 0; i < size; i++) {
		if (!inside && strchr(" \t\r\n", bytes[i]) != NULL)
			continue;
		if (bytes[i] == '"')
			inside = !inside;
		if (size - i >= 3 && memcmp(bytes + i, "\xe2\x80\xa8", 3) == 0) {
			memcpy(compact + out, "\\u2028", 6);
			out += 6;
			i += 2;
			continue;
		}
		if (size - i >= 3 && memcmp(bytes + i, "\xe2\x80\xa9", 3) == 0) {
			memcpy(compact + out, "\\u2029", 6);
			out += 6;
			i += 2;
			continue;
		}
		compact[out++] = bytes[i];
		if (bytes[i] == '\\')
			compact[out++] = bytes[++i];
	}
	return out;
}

#endif
