/* SPDX-License-Identifier: MIT */
#include "interop/peek.h"

#include <stddef.h>
#include <string.h>

#include "json/run.h"

static const char *skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
		at++;
	return at;
}

/* Behind the string that begins at at, or the end. */
static const char *skip_string(const char *at, const char *end)
{
	at = json_run(at + 1, end, JSON_RUN_STRING);
	while (at < end && *at == '\\')
		at = end - at > 2 ? json_run(at + 2, end, JSON_RUN_STRING) : end;
	return at < end ? at + 1 : end;
}

/* The comma or bracket behind a value, or the end. */
static const char *skip_value(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		bool closes = *at == '}' || *at == ']';

		if (*at == '"') {
			at = skip_string(at, end);
			continue;
		}
		if (depth == 0 && (*at == ',' || closes))
			break;
		if (*at == '{' || *at == '[')
			depth++;
		else if (closes)
			depth--;
		at++;
	}
	return at;
}

bool peek_begin(struct peek *peek, struct hf_slice start, char open)
{
	const char *at = start.data;
	const char *end;

	if (start.size == 0)
		return false;
	end = at + start.size;
	if (end - at > 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	at = skip_space(at, end);
	if (at >= end || *at != open)
		return false;
	*peek = (struct peek){ .at = skip_space(at + 1, end), .end = end, .open = open };
	return true;
}

/* Steps over a member's name and colon; NULL: they are not there. */
static const char *skip_name(const char *at, const char *end, struct hf_slice *ret_name)
{
	const char *name = at;

	if (at >= end || *at != '"')
		return NULL;
	at = skip_string(at, end);
	*ret_name = (struct hf_slice){ name, (size_t)(at - name) };
	at = skip_space(at, end);
	return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

bool peek_next(struct peek *peek, struct hf_slice *ret_name, struct hf_slice *ret_rest)
{
	bool is_object = peek->open == '{';
	const char *at = peek->at;
	struct hf_slice name = { "", 0 };

	if (peek->is_over)
		return false;
	if (at < peek->end && *at == (is_object ? '}' : ']')) {
		peek->at++;
		peek->is_over = true;
		return false;
	}
	if (is_object)
		at = skip_name(at, peek->end, &name);
	/* What no value can begin with. */
	if (at == NULL || at >= peek->end || *at == '}' || *at == ']' || *at == ',')
		return false;
	*ret_name = name;
	*ret_rest = (struct hf_slice){ at, (size_t)(peek->end - at) };
	at = skip_value(at, peek->end);
	peek->value_end = at;
	if (at < peek->end && *at == ',')
		at = skip_space(at + 1, peek->end);
	peek->at = at;
	return true;
}

bool peek_is_all(const struct peek *peek)
{
	return peek->is_over && skip_space(peek->at, peek->end) == peek->end;
}
