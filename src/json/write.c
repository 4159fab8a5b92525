/* SPDX-License-Identifier: MIT */
#include "json/write.h"

#include <string.h>

#include "base/text.h"
#include "json/run.h"

/* An ASCII character that cannot stand for itself. */
static int put_escape(struct buffer *buffer, char c)
{
	static const char letters[] = "\"\\\b\f\n\r\t";
	static const char names[] = "\"\\bfnrt";
	static const char digits[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15] };
	const char *letter = memchr(letters, c, sizeof letters - 1);

	if (letter == NULL)
		return buffer_put(buffer, escape, sizeof escape);
	escape[1] = names[letter - letters];
	return buffer_put(buffer, escape, 2);
}

/* A character above U+007F. *ret_length is its size in text. */
static int put_character(struct buffer *buffer, const char *text, size_t size, size_t *ret_length)
{
	size_t length = text_utf8_length(text, size);

	if (length == 0)
		return HF_ERR_INVALID;
	*ret_length = length;
	if (length == 3 && memcmp(text, "\xe2\x80\xa8", 3) == 0)
		return buffer_put_text(buffer, "\\u2028");
	if (length == 3 && memcmp(text, "\xe2\x80\xa9", 3) == 0)
		return buffer_put_text(buffer, "\\u2029");
	return buffer_put(buffer, text, length);
}

static int put_characters(struct buffer *buffer, const char *at, const char *end)
{
	int rc = HF_OK;

	while (rc == HF_OK && at < end) {
		const char *run_end = json_run(at, end, JSON_RUN_TEXT);
		size_t length = 1;

		rc = buffer_put(buffer, at, (size_t)(run_end - at));
		at = run_end;
		if (rc != HF_OK || at == end)
			break;
		if ((unsigned char)*at < 0x80)
			rc = put_escape(buffer, *at);
		else
			rc = put_character(buffer, at, (size_t)(end - at), &length);
		at += length;
	}
	return rc;
}

int json_put_string(struct buffer *buffer, const char *text, size_t size)
{
	size_t before = buffer->size;
	int rc;

	rc = buffer_put(buffer, "\"", 1);
	if (rc == HF_OK && size > 0)
		rc = put_characters(buffer, text, text + size);
	if (rc == HF_OK)
		rc = buffer_put(buffer, "\"", 1);
	if (rc != HF_OK)
		buffer->size = before;
	return rc;
}

int json_put_name(struct buffer *buffer, bool *first, const char *name)
{
	size_t before = buffer->size;
	int rc = HF_OK;

	if (!*first)
		rc = buffer_put(buffer, ",", 1);
	if (rc == HF_OK)
		rc = json_put_string(buffer, name, strlen(name));
	if (rc == HF_OK)
		rc = buffer_put(buffer, ":", 1);
	if (rc == HF_OK)
		*first = false;
	else
		buffer->size = before;
	return rc;
}

/* Ends a member: when its value failed, the name goes too. */
static int end_member(struct buffer *buffer, int rc, size_t before, bool was_first, bool *first)
{
	if (rc != HF_OK) {
		buffer->size = before;
		*first = was_first;
	}
	return rc;
}

int json_put_member_u64(struct buffer *buffer, bool *first, const char *name, uint64_t number)
{
	size_t before = buffer->size;
	bool was_first = *first;
	int rc;

	rc = json_put_name(buffer, first, name);
	if (rc == HF_OK)
		rc = buffer_put_u64(buffer, number);
	return end_member(buffer, rc, before, was_first, first);
}

int json_put_member_text(struct buffer *buffer, bool *first, const char *name, const char *text,
			 size_t size)
{
	size_t before = buffer->size;
	bool was_first = *first;
	int rc;

	rc = json_put_name(buffer, first, name);
	if (rc == HF_OK)
		rc = json_put_string(buffer, text, size);
	return end_member(buffer, rc, before, was_first, first);
}

int json_put_member_json(struct buffer *buffer, bool *first, const char *name, struct hf_slice json)
{
	size_t before = buffer->size;
	bool was_first = *first;
	int rc;

	rc = json_put_name(buffer, first, name);
	if (rc == HF_OK)
		rc = buffer_put(buffer, json.data, json.size);
	return end_member(buffer, rc, before, was_first, first);
}
