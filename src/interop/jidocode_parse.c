/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_parse.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "json/decode.h"
#include "json/run.h"

struct parser {
	const char *at;
	const char *end;
	bool allow_lone;
	size_t depth;
	bool is_object[HF_DEPTH_MAX]; /* of the containers that are open */
};

static void skip_space(struct parser *parser)
{
	while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n' ||
					    *parser->at == '\t' || *parser->at == '\r'))
		parser->at++;
}

/* Takes one byte if it is the next. */
static bool take(struct parser *parser, char c)
{
	if (parser->at >= parser->end || *parser->at != c)
		return false;
	parser->at++;
	return true;
}

static bool take_escape(struct parser *parser)
{
	const char *at = parser->at;
	uint32_t point = json_decode_point(&at, parser->end);

	if (point == JSON_POINT_BAD || (json_point_is_surrogate(point) && !parser->allow_lone))
		return false;
	parser->at = at;
	return true;
}

static bool take_string(struct parser *parser)
{
	size_t length;

	if (!take(parser, '"'))
		return false;
	for (;;) {
		parser->at = json_run(parser->at, parser->end, JSON_RUN_TEXT);
		if (parser->at >= parser->end)
			return false;
		if (*parser->at == '"') {
			parser->at++;
			return true;
		}
		if (*parser->at == '\\') {
			if (!take_escape(parser))
				return false;
			continue;
		}
		length = (unsigned char)*parser->at < 0x20
				 ? 0
				 : text_utf8_length(parser->at, (size_t)(parser->end - parser->at));
		if (length == 0)
			return false;
		parser->at += length;
	}
}

static bool take_digits(struct parser *parser)
{
	const char *start = parser->at;

	while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9')
		parser->at++;
	return parser->at > start;
}

static bool take_number(struct parser *parser)
{
	(void)take(parser, '-');
	if (!take(parser, '0') && !take_digits(parser))
		return false;
	if (take(parser, '.') && !take_digits(parser))
		return false;
	if (take(parser, 'e') || take(parser, 'E')) {
		if (!take(parser, '+'))
			(void)take(parser, '-');
		return take_digits(parser);
	}
	return true;
}

static bool take_word(struct parser *parser, const char *word)
{
	size_t size = strlen(word);

	if ((size_t)(parser->end - parser->at) < size || memcmp(parser->at, word, size) != 0)
		return false;
	parser->at += size;
	return true;
}

static bool take_scalar(struct parser *parser)
{
	if (parser->at >= parser->end)
		return false;
	switch (*parser->at) {
	case '"':
		return take_string(parser);
	case 't':
		return take_word(parser, "true");
	case 'f':
		return take_word(parser, "false");
	case 'n':
		return take_word(parser, "null");
	default:
		return take_number(parser);
	}
}

/* Takes a name and its colon if the innermost container is an object. */
static bool take_name(struct parser *parser)
{
	if (!parser->is_object[parser->depth - 1])
		return true;
	skip_space(parser);
	if (!take_string(parser))
		return false;
	skip_space(parser);
	return take(parser, ':');
}

/* Takes the bracket that ends the innermost container. */
static bool take_end(struct parser *parser)
{
	if (!take(parser, parser->is_object[parser->depth - 1] ? '}' : ']'))
		return false;
	parser->depth--;
	return true;
}

/* Takes what follows a value: ends of containers, then a comma and the next name, or the end
 * of the text. *ret_more: another value follows. */
static bool take_after(struct parser *parser, bool *ret_more)
{
	for (;;) {
		skip_space(parser);
		if (parser->depth == 0) {
			*ret_more = false;
			return parser->at == parser->end;
		}
		if (take_end(parser))
			continue;
		*ret_more = true;
		return take(parser, ',') && take_name(parser);
	}
}

/* Takes the beginning of a container. *ret_more: its first value follows, otherwise it is
 * over already. */
static bool take_begin(struct parser *parser, bool *ret_more)
{
	bool is_object = *parser->at == '{';

	if (parser->depth == HF_DEPTH_MAX)
		return false;
	parser->at++;
	parser->is_object[parser->depth++] = is_object;
	skip_space(parser);
	if (take_end(parser))
		return take_after(parser, ret_more);
	*ret_more = true;
	return take_name(parser);
}

int jidocode_parse_check(struct hf_slice text, bool allow_lone, size_t *ret_offset)
{
	struct parser parser = { text.data, text_end(text), allow_lone, 0, { false } };
	bool more = text.size > 0;
	bool good = more;

	while (good && more) {
		skip_space(&parser);
		if (parser.at < parser.end && (*parser.at == '{' || *parser.at == '['))
			good = take_begin(&parser, &more);
		else
			good = take_scalar(&parser) && take_after(&parser, &more);
	}
	if (!good && ret_offset != NULL)
		*ret_offset = (size_t)(parser.at - text.data);
	return good ? HF_OK : HF_ERR_JSON;
}
