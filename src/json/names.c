/* SPDX-License-Identifier: MIT */
#include "json/names.h"

#include <string.h>

#include "base/mem.h"
#include "holdfast.h"
#include "json/decode.h"

void json_names_init(struct json_names *names)
{
	names->list = names->few;
	names->count = 0;
	names->room = JSON_NAMES_FEW;
}

void json_names_release(struct json_names *names)
{
	if (names->list != names->few)
		mem_free(names->list);
	json_names_init(names);
}

static uint64_t mix(uint64_t head, uint64_t tail, size_t size)
{
	tail *= UINT64_C(0x9e3779b97f4a7c15);
	return (head ^ tail ^ tail >> 32) * UINT64_C(0xff51afd7ed558ccd) + size;
}

/* Both ends of a name and its size tell nearly all names apart. */
static uint64_t tag_raw(const char *text, size_t size)
{
	uint64_t head = 0;
	uint64_t tail = 0;
	uint32_t half = 0;

	if (size >= 8) {
		memcpy(&head, text, 8);
		memcpy(&tail, text + size - 8, 8);
	} else if (size >= 4) {
		memcpy(&half, text, 4);
		head = half;
		memcpy(&half, text + size - 4, 4);
		tail = half;
	} else if (size > 0) {
		head = (unsigned char)text[0];
		tail = (uint64_t)(unsigned char)text[size / 2] << 8 | (unsigned char)text[size - 1];
	}
	return mix(head, tail, size);
}

/* The tag that the same name has without escapes. */
static uint64_t tag_escaped(const char *text, size_t size)
{
	const char *end = text + size;
	char head[8] = { 0 };
	char tail[8] = { 0 };
	size_t decoded = 0;
	uint64_t ends[2];

	while (text < end) {
		char bytes[4];
		size_t length = json_encode_point(json_decode_point(&text, end), bytes);

		for (size_t i = 0; i < length; i++, decoded++) {
			if (decoded < sizeof head)
				head[decoded] = bytes[i];
			memmove(tail, tail + 1, sizeof tail - 1);
			tail[sizeof tail - 1] = bytes[i];
		}
	}
	if (decoded < sizeof head)
		return tag_raw(head, decoded);
	memcpy(&ends[0], head, sizeof head);
	memcpy(&ends[1], tail, sizeof tail);
	return mix(ends[0], ends[1], decoded);
}

static int compare_points(const struct json_name *a, const struct json_name *b)
{
	const char *at_a = a->text;
	const char *at_b = b->text;
	const char *end_a = at_a + a->size;
	const char *end_b = at_b + b->size;

	while (at_a < end_a && at_b < end_b) {
		uint32_t point_a = json_decode_point(&at_a, end_a);
		uint32_t point_b = json_decode_point(&at_b, end_b);

		if (point_a != point_b)
			return point_a < point_b ? -1 : 1;
	}
	return (at_a < end_a) - (at_b < end_b);
}

static bool has_escape(const struct json_name *name)
{
	return name->size > 0 && memchr(name->text, '\\', name->size) != NULL;
}

/* Orders by tag first, then by code points, which UTF-8 keeps in the order of its bytes. */
static int compare(const struct json_name *a, const struct json_name *b)
{
	size_t size = a->size < b->size ? a->size : b->size;
	int order;

	if (a->tag != b->tag)
		return a->tag < b->tag ? -1 : 1;
	if (has_escape(a) || has_escape(b))
		return compare_points(a, b);
	order = size > 0 ? memcmp(a->text, b->text, size) : 0;
	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int grow(struct json_names *names)
{
	bool few = names->list == names->few;
	struct json_name *list;

	if (names->room > SIZE_MAX / 2)
		return HF_ERR_NOMEM;
	list = mem_resize(few ? NULL : names->list, names->room * 2, sizeof *list);
	if (list == NULL)
		return HF_ERR_NOMEM;
	if (few)
		memcpy(list, names->few, sizeof names->few);
	names->list = list;
	names->room *= 2;
	return HF_OK;
}

int json_names_add(struct json_names *names, size_t first, const char *text, size_t size,
		   bool escaped)
{
	struct json_name name = { 0, text, size };
	int rc;

	name.tag = escaped ? tag_escaped(text, size) : tag_raw(text, size);
	if (names->count == names->room) {
		rc = grow(names);
		if (rc != HF_OK)
			return rc;
	}
	if (names->count - first < JSON_NAMES_LINEAR) {
		for (size_t i = first; i < names->count; i++) {
			if (names->list[i].tag == name.tag && compare(&names->list[i], &name) == 0)
				return HF_ERR_JSON;
		}
	}
	names->list[names->count++] = name;
	return HF_OK;
}

/* Merges the ordered runs [from, middle) and [middle, to) of list into sorted. */
static void merge(const struct json_name *list, size_t from, size_t middle, size_t to,
		  struct json_name *sorted)
{
	size_t left = from;
	size_t right = middle;

	for (size_t i = from; i < to; i++) {
		bool take_left =
			left < middle && (right == to || compare(&list[left], &list[right]) <= 0);

		sorted[i] = list[take_left ? left++ : right++];
	}
}

/* Merge sort, because its worst case is its usual case and it compares each name only
 * O(log n) times, long names included. Returns list or spare, whichever is in order. */
static const struct json_name *sort(struct json_name *list, struct json_name *spare, size_t count)
{
	for (size_t width = 1; width < count; width *= 2) {
		struct json_name *swap = list;

		for (size_t from = 0; from < count; from += 2 * width) {
			size_t middle = count - from > width ? from + width : count;
			size_t to = count - middle > width ? middle + width : count;

			merge(list, from, middle, to, spare);
		}
		list = spare;
		spare = swap;
	}
	return list;
}

/* Equal names stand together in the order of the input, since the sort is stable. */
static const char *first_again(const struct json_name *sorted, size_t count)
{
	const char *again = NULL;

	for (size_t i = 1; i < count; i++) {
		if (compare(&sorted[i - 1], &sorted[i]) == 0 &&
		    (again == NULL || sorted[i].text < again))
			again = sorted[i].text;
	}
	return again;
}

int json_names_end(struct json_names *names, size_t first, const char **ret_again)
{
	size_t count = names->count - first;
	struct json_name *spare;
	const char *again;

	names->count = first;
	if (count <= JSON_NAMES_LINEAR)
		return HF_OK;
	spare = mem_resize(NULL, count, sizeof *spare);
	if (spare == NULL)
		return HF_ERR_NOMEM;
	again = first_again(sort(names->list + first, spare, count), count);
	mem_free(spare);
	if (again == NULL)
		return HF_OK;
	*ret_again = again;
	return HF_ERR_JSON;
}
