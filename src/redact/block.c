/* SPDX-License-Identifier: MIT */
#include "redact/block.h"

#include <string.h>

#include "redact/chars.h"
#include "redact/look.h"

static const char begin_word[] = "-----BEGIN";
static const char end_word[] = "-----END";

enum {
	BEGIN_SIZE = sizeof begin_word - 1,
	END_SIZE = sizeof end_word - 1,
	LABEL_MAX = 64,
	LINE_MIN = 40, /* characters of base64 that a body has in a row at least */
};

/* Behind the label and its dashes, or 0 if it is not the label of a private key. */
static size_t behind_label(struct hf_slice text, size_t at)
{
	size_t from = at;

	while (at < text.size && at - from < LABEL_MAX &&
	       (chars_is(text.data[at], CHARS_UPPER | CHARS_DIGIT) || text.data[at] == ' '))
		at++;
	if (!look_has(text.data + from, at - from, "private key"))
		return 0;
	if (text.size - at < 5 || memcmp(text.data + at, "-----", 5) != 0)
		return 0;
	return at + 5;
}

static bool begins_with(struct hf_slice text, size_t at, const char *word, size_t size)
{
	return text.size - at >= size && memcmp(text.data + at, word, size) == 0;
}

static bool is_line(struct hf_slice text, size_t at)
{
	return begins_with(text, at, end_word, END_SIZE) ||
	       begins_with(text, at, begin_word, BEGIN_SIZE);
}

/* The first "-----END" or "-----BEGIN" from at on, or the text's size. */
static size_t next_line(struct hf_slice text, size_t at)
{
	while (at < text.size && !is_line(text, at)) {
		const char *dash = memchr(text.data + at + 1, '-', text.size - at - 1);

		at = dash != NULL ? (size_t)(dash - text.data) : text.size;
	}
	return at;
}

/* Behind an escaped line feed, carriage return or tab at at, of any depth; at if none is
 * there. */
static size_t behind_escape(const char *text, size_t at, size_t end)
{
	size_t letter = at;

	while (letter < end && text[letter] == '\\')
		letter++;
	return letter > at && letter < end && chars_among(text[letter], "nrt") ? letter + 1
									       : letter;
}

/* Steps over what stands between two lines of base64: white space, written or escaped, quotes
 * and what joins strings. */
static size_t skip_gap(const char *text, size_t at, size_t end)
{
	size_t before;

	do {
		before = at;
		while (at < end &&
		       (chars_is(text[at], CHARS_SPACE) || chars_among(text[at], "\"',;|>#*$=.")))
			at++;
		at = behind_escape(text, at, end);
	} while (at > before);
	return at;
}

static size_t base64_end(const char *text, size_t at, size_t end)
{
	at = chars_end(text, at, end, CHARS_ALNUM | CHARS_BASE64);
	for (unsigned padding = 0; padding < 2 && at < end && text[at] == '='; padding++)
		at++;
	return at;
}

/* Whether a line of base64 of some length stands between. */
static bool has_body(const char *text, size_t at, size_t end)
{
	while (at < end) {
		size_t next = base64_end(text, at, end);

		if (next - at >= LINE_MIN)
			return true;
		at = next > at ? next : at + 1;
	}
	return false;
}

/* The end of the body of a block without END line: lines of base64, of which the last may be
 * short. Lines "Name: value" before them are stepped over. 0: there is no body. */
static size_t open_end(const char *text, size_t at, size_t end)
{
	size_t last = 0;

	for (unsigned headers = 0; headers < 8;) {
		size_t from = skip_gap(text, at, end);
		size_t to = base64_end(text, from, end);
		const char *feed;

		if (to - from >= LINE_MIN || (last > 0 && to - from >= 4 && from - at <= 8)) {
			bool is_last = to - from < LINE_MIN;

			last = at = to;
			if (is_last)
				break;
			continue;
		}
		feed = last == 0 && from < end
			       ? memchr(from + text, '\n', end - from < 200 ? end - from : 200)
			       : NULL;
		if (feed == NULL || !look_has(text + from, (size_t)(feed - text) - from, ": "))
			break;
		at = (size_t)(feed - text);
		headers++;
	}
	return last;
}

/* Behind the END line at at. */
static size_t behind_end(struct hf_slice text, size_t at)
{
	size_t from = at += END_SIZE;

	while (at < text.size && at - from < LABEL_MAX &&
	       (chars_is(text.data[at], CHARS_UPPER | CHARS_DIGIT) || text.data[at] == ' '))
		at++;
	for (unsigned dashes = 0; dashes < 5 && at < text.size && text.data[at] == '-'; dashes++)
		at++;
	return at;
}

bool block_find(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	size_t from;
	size_t body;
	size_t next;
	size_t to;

	if (end - at < BEGIN_SIZE ||
	    memcmp(text.data + end - BEGIN_SIZE, begin_word, BEGIN_SIZE) != 0)
		return false;
	from = end - BEGIN_SIZE;
	body = behind_label(text, end);
	if (body == 0)
		return false;
	next = next_line(text, body);
	if (next < text.size && next - body <= BLOCK_SIZE_MAX && text.data[next + 5] == 'E') {
		if (!has_body(text.data, body, next))
			return false;
		to = behind_end(text, next);
	} else {
		to = open_end(text.data, body, next);
	}
	if (to == 0)
		return false;
	*ret_hit = (struct redact_hit){ "private-key", from, to - from };
	return true;
}
