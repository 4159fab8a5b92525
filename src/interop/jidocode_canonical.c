/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_canonical.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "interop/jidocode_float.h"
#include "interop/jidocode_hash.h"
#include "json/decode.h"
#include "json/read.h"
#include "json/run.h"

enum { SMALL_MAX = 32 /* members of a map that is no hash tree */ };

/* A container whose beginning is written. */
struct level {
	struct hf_slice array; /* empty: an object */
	size_t position;       /* in the array, or the index of the next member */
	size_t first;          /* of its members in the encoder's list */
	size_t end;
	bool has_any;          /* something stands in it already */
};

struct encoder {
	const struct jidocode_form *form;
	int rc;
	uint64_t written;
	uint64_t stepped;      /* bytes that were read over to find members */
	size_t depth;
	struct level levels[HF_DEPTH_MAX];
	struct jidocode_member *members;
	size_t count;
	size_t room;
};

static void fail(struct encoder *encoder, int rc)
{
	if (encoder->rc == HF_OK)
		encoder->rc = rc;
}

static void put(struct encoder *encoder, const char *bytes, size_t size)
{
	if (encoder->rc != HF_OK || size == 0)
		return;
	encoder->written += size;
	if (encoder->written > JIDOCODE_CANONICAL_MAX)
		fail(encoder, HF_ERR_SESSION_SIZE);
	else
		fail(encoder, encoder->form->put(encoder->form->context, bytes, size));
}

static void put_text(struct encoder *encoder, const char *text)
{
	put(encoder, text, strlen(text));
}

/* A new line of the innermost container, or of the one around it. */
static void put_line(struct encoder *encoder, size_t depth)
{
	static const char spaces[] = "                                ";
	size_t left = (encoder->form->depth + depth) * 2;

	put_text(encoder, "\n");
	while (left > 0) {
		size_t size = left < sizeof spaces - 1 ? left : sizeof spaces - 1;

		put(encoder, spaces, size);
		left -= size;
	}
}

/* ---- Scalars ---- */

/* The letter of a short escape, or 0. */
static char escape_letter(uint32_t point)
{
	switch (point) {
	case '"':
	case '\\':
		return (char)point;
	case '\b':
		return 'b';
	case '\t':
		return 't';
	case '\n':
		return 'n';
	case '\f':
		return 'f';
	case '\r':
		return 'r';
	default:
		return 0;
	}
}

static void put_point(struct encoder *encoder, uint32_t point)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[6] = { '\\', 'u', '0', '0', 0, 0 };
	char letter = escape_letter(point);

	if (letter != 0) {
		text[1] = letter;
		put(encoder, text, 2);
	} else if (point < 0x20) {
		text[4] = digits[point >> 4];
		text[5] = digits[point & 15];
		put(encoder, text, 6);
	} else {
		if (json_point_is_surrogate(point) && encoder->form->mend)
			point = JSON_POINT_REPLACEMENT;
		put(encoder, text, json_encode_point(point, text));
	}
}

static void put_string(struct encoder *encoder, struct hf_slice string)
{
	const char *at = string.data + 1;
	const char *end = string.data + string.size - 1;

	put_text(encoder, "\"");
	while (at < end && encoder->rc == HF_OK) {
		const char *run = json_run(at, end, JSON_RUN_STRING);

		put(encoder, at, (size_t)(run - at));
		at = run;
		if (at < end)
			put_point(encoder, json_decode_point(&at, end));
	}
	put_text(encoder, "\"");
}

static bool is_whole(struct hf_slice number)
{
	for (size_t i = 0; i < number.size; i++) {
		if (number.data[i] == '.' || (number.data[i] | 0x20) == 'e')
			return false;
	}
	return true;
}

static void put_number(struct encoder *encoder, struct hf_slice number)
{
	char text[JIDOCODE_FLOAT_SIZE];
	size_t size = 0;
	int rc;

	if (is_whole(number)) {
		if (number.size == 2 && memcmp(number.data, "-0", 2) == 0)
			put_text(encoder, "0");
		else
			put(encoder, number.data, number.size);
		return;
	}
	rc = jidocode_float_put(number, text, &size);
	if (rc != HF_OK)
		fail(encoder, rc);
	else
		put(encoder, text, size);
}

/* ---- Members ---- */

/* Compares two names by their code points, which is the order of their bytes as UTF-8. */
static int compare_names(struct hf_slice a, struct hf_slice b)
{
	const char *at_a = a.data + 1;
	const char *at_b = b.data + 1;
	const char *end_a = a.data + a.size - 1;
	const char *end_b = b.data + b.size - 1;

	while (at_a < end_a && at_b < end_b) {
		uint32_t point_a = json_decode_point(&at_a, end_a);
		uint32_t point_b = json_decode_point(&at_b, end_b);

		if (point_a != point_b)
			return point_a < point_b ? -1 : 1;
	}
	return (at_a < end_a) - (at_b < end_b);
}

/* The same for names without escapes. */
static int compare_bytes(struct hf_slice a, struct hf_slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size > 2 ? memcmp(a.data + 1, b.data + 1, size - 2) : 0;

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int compare_places(const void *a, const void *b)
{
	const char *place_a = ((const struct jidocode_member *)a)->name.data;
	const char *place_b = ((const struct jidocode_member *)b)->name.data;

	return (place_a > place_b) - (place_a < place_b);
}

/* By name, and of equal names by place. */
static int compare_members(const void *a, const void *b)
{
	const struct jidocode_member *one = a;
	const struct jidocode_member *other = b;
	int order = one->is_escaped || other->is_escaped
			    ? compare_names(one->name, other->name)
			    : compare_bytes(one->name, other->name);

	return order != 0 ? order : compare_places(a, b);
}

/* By hash, and of equal hashes by name: no map of real life gets there. */
static int compare_hashes(const void *a, const void *b)
{
	const struct jidocode_member *one = a;
	const struct jidocode_member *other = b;

	if (one->hash != other->hash)
		return one->hash > other->hash ? -1 : 1;
	return compare_members(a, b);
}

/* Counts bytes that are about to be read over: how often each is depends on the nesting. */
static void count_steps(struct encoder *encoder, struct hf_slice container)
{
	encoder->stepped += container.size;
	if (encoder->stepped > JIDOCODE_STEPS_MAX)
		fail(encoder, HF_ERR_SESSION_SIZE);
}

static bool add_member(struct encoder *encoder, struct hf_slice name, struct hf_slice value)
{
	struct jidocode_member *grown;
	size_t room = encoder->room * 2 + 64;

	if (encoder->count == JIDOCODE_MEMBERS_MAX) {
		fail(encoder, HF_ERR_SESSION_SIZE);
		return false;
	}
	if (encoder->count == encoder->room) {
		grown = mem_resize(encoder->members, room, sizeof *grown);
		if (grown == NULL) {
			fail(encoder, HF_ERR_NOMEM);
			return false;
		}
		encoder->members = grown;
		encoder->room = room;
	}
	encoder->members[encoder->count++] = (struct jidocode_member){
		.name = name,
		.value = value,
		.is_escaped = memchr(name.data, '\\', name.size) != NULL,
	};
	return true;
}

/* Leaves out of the sorted list names that came before, and the signature. */
static size_t drop_members(struct jidocode_member *list, size_t count, bool leave_signature)
{
	static const struct hf_slice signature = { "\"signature\"", 11 };
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool again = kept > 0 && compare_names(list[kept - 1].name, list[i].name) == 0;

		if (!again)
			list[kept++] = list[i];
	}
	count = kept;
	kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (!leave_signature || compare_names(list[i].name, signature) != 0)
			list[kept++] = list[i];
	}
	return kept;
}

/* Lists the members of an object in the order in which they are to be written. */
static void list_members(struct encoder *encoder, struct hf_slice object)
{
	struct hf_slice name = { NULL, 0 };
	struct hf_slice value = { NULL, 0 };
	struct jidocode_member *list;
	size_t first = encoder->count;
	size_t position = 0;
	size_t count;

	count_steps(encoder, object);
	while (encoder->rc == HF_OK && json_next(object, &position, &name, &value)) {
		if (!add_member(encoder, name, value))
			return;
	}
	count = encoder->count - first;
	if (count == 0)
		return;
	list = encoder->members + first;
	qsort(list, count, sizeof *list, compare_members);
	count = drop_members(list, count, encoder->form->leave_signature && encoder->depth == 0);
	encoder->count = first + count;
	if (count <= SMALL_MAX)
		return;
	if (encoder->form->has_large != NULL)
		*encoder->form->has_large = true;
	if (encoder->form->order == JIDOCODE_ORDER_FOUND) {
		qsort(list, count, sizeof *list, compare_places);
		return;
	}
	for (size_t i = 0; i < count; i++)
		list[i].hash = jidocode_hash(list[i].name);
	qsort(list, count, sizeof *list, compare_hashes);
}

/* ---- Values ---- */

static void begin_object(struct encoder *encoder, struct hf_slice object)
{
	size_t first = encoder->count;

	list_members(encoder, object);
	if (encoder->rc != HF_OK)
		return;
	if (encoder->count == first) {
		put_text(encoder, "{}");
		return;
	}
	put_text(encoder, "{");
	INVARIANT(encoder->depth < HF_DEPTH_MAX);
	encoder->levels[encoder->depth++] = (struct level){
		.position = first,
		.first = first,
		.end = encoder->count,
	};
}

static void begin_array(struct encoder *encoder, struct hf_slice array)
{
	size_t position = 0;
	struct hf_slice value = { NULL, 0 };

	if (!json_next(array, &position, NULL, &value)) {
		put_text(encoder, "[]");
		return;
	}
	count_steps(encoder, array);
	put_text(encoder, "[");
	INVARIANT(encoder->depth < HF_DEPTH_MAX);
	encoder->levels[encoder->depth++] = (struct level){ .array = array };
}

static void put_value(struct encoder *encoder, struct hf_slice value)
{
	switch (json_kind(value)) {
	case JSON_OBJECT:
		begin_object(encoder, value);
		break;
	case JSON_ARRAY:
		begin_array(encoder, value);
		break;
	case JSON_STRING:
		put_string(encoder, value);
		break;
	case JSON_NUMBER:
		put_number(encoder, value);
		break;
	default:
		put(encoder, value.data, value.size);
	}
}

/* Ends the innermost container. */
static void end_level(struct encoder *encoder, const struct level *level)
{
	encoder->depth--;
	put_line(encoder, encoder->depth);
	if (level->array.size > 0) {
		put_text(encoder, "]");
	} else {
		put_text(encoder, "}");
		encoder->count = level->first;
	}
}

/* Writes the next thing of the innermost container. */
static void step(struct encoder *encoder)
{
	struct level *level = &encoder->levels[encoder->depth - 1];
	bool is_array = level->array.size > 0;
	struct hf_slice value = { NULL, 0 };
	const struct jidocode_member *member = NULL;

	if (is_array ? !json_next(level->array, &level->position, NULL, &value)
		     : level->position == level->end) {
		end_level(encoder, level);
		return;
	}
	if (level->has_any)
		put_text(encoder, ",");
	level->has_any = true;
	put_line(encoder, encoder->depth);
	if (!is_array) {
		member = &encoder->members[level->position++];
		value = member->value; /* the list may move below */
		put_string(encoder, member->name);
		put_text(encoder, ": ");
	}
	put_value(encoder, value);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static struct hf_slice trim(struct hf_slice json)
{
	while (json.size > 0 && is_space(json.data[json.size - 1]))
		json.size--;
	while (json.size > 0 && is_space(json.data[0])) {
		json.data++;
		json.size--;
	}
	return json;
}

int jidocode_canonical_put(struct hf_slice json, const struct jidocode_form *form)
{
	struct encoder *encoder;
	int rc;

	if (json.size > JIDOCODE_TEXT_MAX)
		return HF_ERR_SESSION_SIZE;
	encoder = mem_new(1, sizeof *encoder);
	if (encoder == NULL)
		return HF_ERR_NOMEM;
	encoder->form = form;
	put_value(encoder, trim(json));
	while (encoder->rc == HF_OK && encoder->depth > 0)
		step(encoder);
	rc = encoder->rc;
	mem_free(encoder->members);
	mem_free(encoder);
	return rc;
}
