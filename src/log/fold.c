/* SPDX-License-Identifier: MIT */
#include "log/fold.h"

#include <string.h>

#include "format/first.h"
#include "format/record.h"
#include "json/read.h"

enum { MESSAGE_DEPTH = 4 };

/* The text of a message: a string member "content" or "text", itself or of its first part
 * that has one. Finds nothing in a message of another shape. */
static struct hf_slice message_text(struct hf_slice message, unsigned depth)
{
	static const char *const names[] = { "content", "text", "message", "parts" };
	struct hf_slice value = { NULL, 0 };
	struct hf_slice part;
	size_t position = 0;

	if (json_kind(message) == JSON_STRING)
		return message;
	if (depth == 0)
		return value;
	if (json_kind(message) == JSON_ARRAY) {
		while (value.size == 0 && json_next(message, &position, NULL, &part))
			value = message_text(part, depth - 1);
		return value;
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (value.size == 0 && json_member(message, names[i], &part))
			value = message_text(part, depth - 1);
	}
	return value;
}

static bool has_text(struct hf_slice message)
{
	return message_text(message, MESSAGE_DEPTH).size > strlen("\"\"");
}

static bool fold_first(struct fold *fold, const struct hf_record *record)
{
	struct first first;

	if (record->n != 0 || !first_decode(record->data, &first))
		return false;
	fold->has_first = true;
	fold->created_us = first.created_us;
	fold->name = first.name;
	fold->project = first.project;
	fold->config = first.config;
	fold->origin = first.origin;
	fold->promised = first.records;
	fold->tells_pinned = true;
	fold->pinned = first.is_pinned;
	fold->tags = first.tags;
	former_push_all(&fold->former, first.former);
	return true;
}

/* Takes a string member of the record's data; leaves *slice as it is if there is none. */
static void fold_member(const struct hf_record *record, const char *name, struct hf_slice *slice)
{
	struct hf_slice value;

	if (json_member(record->data, name, &value) && json_kind(value) == JSON_STRING)
		*slice = value;
}

static void fold_relocate(struct fold *fold, const struct hf_record *record)
{
	struct hf_slice from;

	fold_member(record, "project", &fold->project);
	if (json_member(record->data, "from", &from) && json_kind(from) == JSON_STRING)
		former_push(&fold->former, from);
}

/* Takes what a label says, if it has the shape of one. */
static void fold_label(struct fold *fold, const struct hf_record *record)
{
	struct hf_slice value;

	if (record_slice_is(record->type, "rename")) {
		fold_member(record, "name", &fold->name);
	} else if (record_slice_is(record->type, "tags")) {
		if (labels_are_tags(record->data) && json_member(record->data, "tags", &value))
			fold->tags = value;
	} else if (labels_is_pin(record->data) && json_member(record->data, "pinned", &value)) {
		fold->tells_pinned = true;
		fold->pinned = json_kind(value) == JSON_TRUE;
	}
}

bool fold_record(struct fold *fold, const struct hf_record *record)
{
	bool is_session = record_slice_is(record->type, "session");

	if (is_session != (record->n == 0) || (is_session && record->id.size > 0))
		return false;
	fold->any = true;
	fold->updated_us = record->at_us;
	if (labels_is_type(record->type)) {
		fold_label(fold, record);
		return true;
	}
	fold->tells_sealed = true;
	fold->sealed = record_slice_is(record->type, "seal");
	if (record_slice_is(record->type, "message")) {
		fold->messages++;
		if (fold->first_message.size == 0 && has_text(record->data))
			fold->first_message = record->data;
	} else if (is_session) {
		return fold_first(fold, record);
	} else if (record_slice_is(record->type, "todos")) {
		fold->todos = record->data;
	} else if (record_slice_is(record->type, "config")) {
		fold->config = record->data;
	} else if (record_slice_is(record->type, "relocate")) {
		fold_relocate(fold, record);
	}
	return true;
}

static void take_newer(struct hf_slice *slice, struct hf_slice newer)
{
	if (newer.size > 0)
		*slice = newer;
}

void fold_merge(struct fold *fold, const struct fold *next)
{
	if (!next->any)
		return;
	fold->messages += next->messages;
	if (fold->first_message.size == 0)
		fold->first_message = next->first_message;
	take_newer(&fold->name, next->name);
	take_newer(&fold->project, next->project);
	take_newer(&fold->config, next->config);
	take_newer(&fold->todos, next->todos);
	take_newer(&fold->origin, next->origin);
	take_newer(&fold->tags, next->tags);
	for (unsigned i = 0; i < next->former.count; i++)
		former_push(&fold->former, next->former.paths[i]);
	if (next->has_first) {
		fold->has_first = true;
		fold->created_us = next->created_us;
		fold->promised = next->promised;
	}
	fold->any = true;
	fold->updated_us = next->updated_us;
	if (next->tells_sealed) {
		fold->tells_sealed = true;
		fold->sealed = next->sealed;
	}
	if (next->tells_pinned) {
		fold->tells_pinned = true;
		fold->pinned = next->pinned;
	}
}

/* Decodes a JSON string into a text field without NUL, cut at a character. */
static uint32_t put_text(struct hf_slice string, char *field, size_t size)
{
	char text[FORMAT_PROJECT_SIZE_MAX + 1];
	size_t length;

	if (string.size == 0 || json_text(string, text, size + 1) < 0)
		return 0;
	length = strnlen(text, size);
	memcpy(field, text, length);
	return (uint32_t)length;
}

bool fold_is_unsigned(struct hf_slice origin)
{
	struct hf_slice value;

	return json_member(origin, "unsigned", &value) && record_slice_is(value, "true");
}

static void set_flag(struct head *head, uint64_t flag, bool is_set)
{
	head->flags &= ~flag;
	if (is_set)
		head->flags |= flag;
}

void fold_apply(const struct fold *fold, struct head *head)
{
	if (!fold->any)
		return;
	head->messages += fold->messages;
	if (head->words_size == 0 && fold->first_message.size > 0)
		head->words_size = put_text(message_text(fold->first_message, MESSAGE_DEPTH),
					    head->words, sizeof head->words);
	if (fold->name.size > 0)
		head->name_size = put_text(fold->name, head->name, sizeof head->name);
	if (fold->project.size > 0)
		head->project_size = put_text(fold->project, head->project, sizeof head->project);
	if (fold->has_first) {
		head->created_us = fold->created_us;
		if (fold_is_unsigned(fold->origin))
			head->flags |= FORMAT_HEAD_UNSIGNED;
	}
	if (fold->tags.size > 0)
		head->tags_size = labels_join(fold->tags, head->tags);
	former_apply(&fold->former, head);
	head->updated_us = fold->updated_us;
	if (fold->tells_sealed)
		set_flag(head, FORMAT_HEAD_SEALED, fold->sealed);
	if (fold->tells_pinned)
		set_flag(head, FORMAT_HEAD_PINNED, fold->pinned);
}
