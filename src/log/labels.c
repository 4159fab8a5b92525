/* SPDX-License-Identifier: MIT */
#include "log/labels.h"

#include <string.h>

#include "format/record.h"
#include "json/decode.h"
#include "json/read.h"

bool labels_is_type(struct hf_slice type)
{
	return record_slice_is(type, "rename") || record_slice_is(type, "tags") ||
	       record_slice_is(type, "pin");
}

/* What a tag cannot hold, since it would end it for some reader: white space as Unicode has
 * it (White_Space in PropList.txt), commas and control characters. */
static bool ends_tag(uint32_t point)
{
	return point <= ' ' || point == ',' || (point >= 0x7f && point <= 0xa0) ||
	       point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
	       point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000 ||
	       json_point_is_surrogate(point) || point >= JSON_POINT_BAD;
}

/* Decodes a tag; returns its size, or 0 if it is none. */
static size_t decode_tag(struct hf_slice string, char ret_tag[static FORMAT_TAG_SIZE_MAX + 1])
{
	int64_t size = json_text(string, ret_tag, FORMAT_TAG_SIZE_MAX + 1);
	const char *at = string.data + 1;
	const char *end = string.data + string.size - 1;

	if (size <= 0 || size > FORMAT_TAG_SIZE_MAX)
		return 0;
	while (at < end) {
		if (ends_tag(json_decode_point(&at, end)))
			return 0;
	}
	return (size_t)size;
}

bool labels_have(const char *field, size_t size, const char *tag, size_t tag_size)
{
	size_t start = 0;

	while (start < size) {
		const char *space = memchr(field + start, ' ', size - start);
		size_t end = space != NULL ? (size_t)(space - field) : size;

		if (end - start == tag_size && memcmp(field + start, tag, tag_size) == 0)
			return true;
		start = end + 1;
	}
	return false;
}

/* Joins tags up to the first one that cannot be taken; *ret_count is how many were. */
static uint32_t join(struct hf_slice array, char field[static FORMAT_TAGS_SIZE_MAX],
		     unsigned *ret_count)
{
	char tag[FORMAT_TAG_SIZE_MAX + 1];
	struct hf_slice string;
	size_t position = 0;
	size_t used = 0;

	*ret_count = 0;
	while (json_next(array, &position, NULL, &string)) {
		size_t size = json_kind(string) == JSON_STRING ? decode_tag(string, tag) : 0;
		size_t space = used > 0 ? 1 : 0;

		if (size == 0 || *ret_count == FORMAT_TAGS_MAX ||
		    size + space > FORMAT_TAGS_SIZE_MAX - used || labels_have(field, used, tag, size))
			break;
		if (space > 0)
			field[used++] = ' ';
		memcpy(field + used, tag, size);
		used += size;
		(*ret_count)++;
	}
	return (uint32_t)used;
}

uint32_t labels_join(struct hf_slice array, char ret_field[static FORMAT_TAGS_SIZE_MAX])
{
	unsigned count;

	return join(array, ret_field, &count);
}

/* Finds the one member of an object that has only that. */
static bool only_member(struct hf_slice data, const char *name, struct hf_slice *ret_value)
{
	struct hf_slice value;
	size_t position = 0;

	return json_next(data, &position, NULL, &value) &&
	       !json_next(data, &position, NULL, &value) && json_member(data, name, ret_value);
}

bool labels_are_tags(struct hf_slice data)
{
	char field[FORMAT_TAGS_SIZE_MAX];
	struct hf_slice tags, tag;
	size_t position = 0;
	unsigned count = 0;

	if (!only_member(data, "tags", &tags) || json_kind(tags) != JSON_ARRAY)
		return false;
	(void)join(tags, field, &count);
	while (json_next(tags, &position, NULL, &tag)) {
		if (count-- == 0)
			return false;
	}
	return true;
}

bool labels_is_pin(struct hf_slice data)
{
	struct hf_slice pinned;

	return only_member(data, "pinned", &pinned) &&
	       (json_kind(pinned) == JSON_TRUE || json_kind(pinned) == JSON_FALSE);
}

void former_push(struct former *former, struct hf_slice path)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < former->count; i++) {
		struct hf_slice other = former->paths[i];

		if (other.size != path.size || memcmp(other.data, path.data, path.size) != 0)
			former->paths[kept++] = other;
	}
	if (kept == FORMAT_FORMER_MAX) {
		kept--;
		memmove(former->paths, former->paths + 1, kept * sizeof former->paths[0]);
	}
	former->paths[kept] = path;
	former->count = kept + 1;
}

void former_push_all(struct former *former, struct hf_slice array)
{
	struct hf_slice path;
	size_t position = 0;

	while (json_next(array, &position, NULL, &path)) {
		if (json_kind(path) == JSON_STRING)
			former_push(former, path);
	}
}

static void push_digest(struct head *head, const uint8_t digest[static FORMAT_FORMER_SIZE])
{
	unsigned last = 0;

	/* The place of the same digest, or the last one, is filled by those before it. */
	while (last < FORMAT_FORMER_MAX - 1 &&
	       memcmp(head->former[last], digest, FORMAT_FORMER_SIZE) != 0)
		last++;
	memmove(head->former[1], head->former[0], (size_t)last * FORMAT_FORMER_SIZE);
	memcpy(head->former[0], digest, FORMAT_FORMER_SIZE);
}

void former_apply(const struct former *former, struct head *head)
{
	char path[FORMAT_PROJECT_SIZE_MAX + 1];

	for (unsigned i = 0; i < former->count; i++) {
		uint8_t digest[FORMAT_FORMER_SIZE];
		int64_t size = json_text(former->paths[i], path, sizeof path);

		if (size <= 0 || size > FORMAT_PROJECT_SIZE_MAX)
			continue;
		head_digest_path(path, (size_t)size, digest);
		push_digest(head, digest);
	}
}
