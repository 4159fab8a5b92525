/* SPDX-License-Identifier: MIT */
#include "json/read.h"

#include <string.h>

#include "json/decode.h"
#include "json/run.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

static struct hf_slice slice(const char *from, const char *to)
{
	return (struct hf_slice){ from, (size_t)(to - from) };
}

/* The value without white space around it. */
static struct hf_slice trim(struct hf_slice value)
{
	const char *from = value.size > 0 ? value.data : "";
	const char *to = from + value.size;

	from = skip_space(from, to);
	while (to > from && is_space(to[-1]))
		to--;
	return slice(from, to);
}

/* ---- Skipping: at < end; the result is behind what was skipped, or NULL ------------ */

/* at is at the opening quote. */
static const char *skip_string(const char *at, const char *end)
{
	at++;
	while (at < end) {
		at = json_run(at, end, JSON_RUN_STRING);
		if (at == end)
			return NULL;
		if (*at == '"')
			return at + 1;
		if (end - at < 2)
			return NULL;
		at += 2;
	}
	return NULL;
}

/* Counts brackets without telling [] from {}. */
static const char *skip_container(const char *at, const char *end)
{
	size_t depth = 0;

	while (at != NULL) {
		at = json_run(at, end, JSON_RUN_NESTING);
		if (at == end)
			return NULL;
		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		depth = *at == '{' || *at == '[' ? depth + 1 : depth - 1;
		at++;
		if (depth == 0)
			return at;
	}
	return NULL;
}

/* A number or a word: up to anything that can stand behind one. */
static const char *skip_scalar(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && !is_space(*at) && *at != ',' && *at != ':' &&
	       !json_run_ends(*at, JSON_RUN_NESTING))
		at++;
	return at > from ? at : NULL;
}

static const char *skip_value(const char *at, const char *end)
{
	switch (*at) {
	case '"':
		return skip_string(at, end);
	case '{':
	case '[':
		return skip_container(at, end);
	default:
		return skip_scalar(at, end);
	}
}

/* ---- Values ------------------------------------------------------------------ */

static bool is_word(struct hf_slice value, const char *word, size_t size)
{
	return value.size == size && memcmp(value.data, word, size) == 0;
}

enum json_kind json_kind(struct hf_slice value)
{
	value = trim(value);
	if (value.size == 0)
		return JSON_NONE;
	switch (value.data[0]) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return is_word(value, "true", 4) ? JSON_TRUE : JSON_NONE;
	case 'f':
		return is_word(value, "false", 5) ? JSON_FALSE : JSON_NONE;
	case 'n':
		return is_word(value, "null", 4) ? JSON_NULL : JSON_NONE;
	default:
		if (value.data[0] == '-' || (value.data[0] >= '0' && value.data[0] <= '9'))
			return JSON_NUMBER;
		return JSON_NONE;
	}
}

/* The start of the member behind position, or NULL. What kind of container it is is not
 * asked here, since looking for its bracket each time would make steps quadratic. */
static const char *find_member(struct hf_slice container, size_t position)
{
	const char *end;
	const char *at;

	if (position >= container.size)
		return NULL;
	end = container.data + container.size;
	at = skip_space(container.data + position, end);
	if (at == end)
		return NULL;
	if (position > 0 ? *at != ',' : *at != '{' && *at != '[')
		return NULL;
	at = skip_space(at + 1, end);
	return at < end ? at : NULL;
}

bool json_next(struct hf_slice container, size_t *position, struct hf_slice *ret_name,
	       struct hf_slice *ret_value)
{
	const char *from = find_member(container, *position);
	const char *end = from == NULL ? NULL : container.data + container.size;
	const char *to = from == NULL ? NULL : skip_value(from, end);
	const char *colon = to == NULL ? NULL : skip_space(to, end);
	struct hf_slice name = { "", 0 };

	if (to == NULL)
		return false;
	if (*from == '"' && colon < end && *colon == ':') {
		name = slice(from, to);
		from = skip_space(colon + 1, end);
		to = from < end ? skip_value(from, end) : NULL;
		if (to == NULL)
			return false;
	}
	*position = (size_t)(to - container.data);
	if (ret_name != NULL)
		*ret_name = name;
	*ret_value = slice(from, to);
	return true;
}

/* Whether a raw name with its quotes decodes to size bytes of text. */
static bool is_name(struct hf_slice raw, const char *text, size_t size)
{
	const char *at = raw.data + 1;
	const char *end = raw.data + raw.size - 1;

	if (memchr(at, '\\', (size_t)(end - at)) == NULL)
		return (size_t)(end - at) == size && memcmp(at, text, size) == 0;
	while (at < end) {
		char bytes[4];
		uint32_t point = json_decode_point(&at, end);
		size_t length;

		if (point == JSON_POINT_BAD)
			return false;
		length = json_encode_point(point, bytes);
		if (length > size || memcmp(bytes, text, length) != 0)
			return false;
		text += length;
		size -= length;
	}
	return size == 0;
}

bool json_member(struct hf_slice object, const char *name, struct hf_slice *ret_value)
{
	size_t name_size = strlen(name);
	size_t position = 0;
	struct hf_slice raw = { "", 0 };
	struct hf_slice value = { "", 0 };

	if (json_kind(object) != JSON_OBJECT)
		return false;
	while (json_next(object, &position, &raw, &value)) {
		if (raw.size >= 2 && is_name(raw, name, name_size)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* ---- Text -------------------------------------------------------------------- */

struct text {
	char *data;
	size_t room; /* bytes left before the NUL; 0 from the first cut on */
	size_t total; /* bytes of the whole text so far */
};

/* One-byte characters: these can be cut anywhere. */
static void text_put_run(struct text *text, const char *bytes, size_t size)
{
	size_t part = size < text->room ? size : text->room;

	if (part > 0) {
		memcpy(text->data, bytes, part);
		text->data += part;
		text->room -= part;
	}
	text->total += size;
}

static void text_put_point(struct text *text, uint32_t point)
{
	char bytes[4];
	size_t length;

	if (point == JSON_POINT_BAD || json_point_is_surrogate(point))
		point = JSON_POINT_REPLACEMENT;
	length = json_encode_point(point, bytes);
	if (length <= text->room) {
		memcpy(text->data, bytes, length);
		text->data += length;
		text->room -= length;
	} else {
		text->room = 0;
	}
	text->total += length;
}

int64_t json_text(struct hf_slice string, char *buffer, size_t size)
{
	struct text text = { buffer, size > 0 ? size - 1 : 0, 0 };
	const char *at;
	const char *end;

	string = trim(string);
	if (string.size < 2 || string.data[0] != '"' ||
	    skip_string(string.data, string.data + string.size) != string.data + string.size)
		return -1;
	at = string.data + 1;
	end = string.data + string.size - 1;
	while (at < end) {
		const char *run_end = json_run(at, end, JSON_RUN_TEXT);

		text_put_run(&text, at, (size_t)(run_end - at));
		at = run_end;
		if (at < end)
			text_put_point(&text, json_decode_point(&at, end));
	}
	if (size > 0)
		*text.data = '\0';
	return (int64_t)text.total;
}
