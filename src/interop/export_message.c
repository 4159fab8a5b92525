/* SPDX-License-Identifier: MIT */
/* Reading messages for export: our own normalised ones, and what hosts write. */
#include <string.h>

#include "base/text.h"
#include "interop/export.h"
#include "json/read.h"

struct word {
	const char *quoted; /* as JSON, with its quotes */
	int meaning;
};

static const struct word roles[] = {
	{ "\"user\"", EXPORT_USER },	   { "\"human\"", EXPORT_USER },
	{ "\"assistant\"", EXPORT_ASSISTANT }, { "\"model\"", EXPORT_ASSISTANT },
	{ "\"system\"", EXPORT_SYSTEM },   { "\"developer\"", EXPORT_SYSTEM },
	{ "\"tool\"", EXPORT_TOOL },	   { "\"toolResult\"", EXPORT_TOOL },
	{ "\"function\"", EXPORT_TOOL },   { NULL, 0 },
};

static const struct word part_types[] = {
	{ "\"text\"", EXPORT_TEXT },
	{ "\"input_text\"", EXPORT_TEXT },
	{ "\"output_text\"", EXPORT_TEXT },
	{ "\"refusal\"", EXPORT_TEXT },
	{ "\"thinking\"", EXPORT_THINKING },
	{ "\"reasoning\"", EXPORT_THINKING },
	{ "\"tool_call\"", EXPORT_CALL },
	{ "\"tool_use\"", EXPORT_CALL },
	{ "\"toolCall\"", EXPORT_CALL },
	{ "\"function_call\"", EXPORT_CALL },
	{ "\"tool_result\"", EXPORT_RESULT },
	{ "\"toolResult\"", EXPORT_RESULT },
	{ "\"function_call_output\"", EXPORT_RESULT },
	{ "\"image\"", EXPORT_IMAGE },
	{ "\"image_url\"", EXPORT_IMAGE },
	{ "\"input_image\"", EXPORT_IMAGE },
	{ "\"file\"", EXPORT_FILE },
	{ NULL, 0 },
};

static bool slice_is(struct hf_slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

/* What a word means; otherwise if it is none of them. */
static int meaning_of(const struct word *words, struct hf_slice word, int otherwise)
{
	for (; words->quoted != NULL; words++) {
		if (slice_is(word, words->quoted))
			return words->meaning;
	}
	return otherwise;
}

/* The first member of one of these names (NULL at the end) that is there and not null. */
static struct hf_slice first_of(struct hf_slice object, const char *const *names)
{
	struct hf_slice value = { NULL, 0 };

	for (; *names != NULL; names++) {
		if (json_member(object, *names, &value) && json_kind(value) != JSON_NULL)
			return value;
	}
	return (struct hf_slice){ NULL, 0 };
}

static struct hf_slice string_of(struct hf_slice object, const char *const *names)
{
	struct hf_slice value = first_of(object, names);

	return json_kind(value) == JSON_STRING ? value : (struct hf_slice){ NULL, 0 };
}

static struct hf_slice member(struct hf_slice object, const char *name)
{
	const char *const names[] = { name, NULL };

	return first_of(object, names);
}

/* ---- Messages ---- */

/* The object with the role: the data itself, or what an agent's record wraps. */
static struct hf_slice unwrap(struct hf_slice data)
{
	static const char *const wrappers[] = { "message", "payload", NULL };
	struct hf_slice inner = first_of(data, wrappers);

	if (member(data, "role").size > 0 || member(inner, "role").size == 0)
		return data;
	return inner;
}

/* A time as we write it, or as other programs do (to the second or the millisecond, UTC). */
static bool get_time(struct hf_slice string, int64_t *ret_time_us)
{
	static const char rest[] = ".000000Z";
	char text[TEXT_TIME_SIZE + 1];
	char whole[TEXT_TIME_SIZE];
	int64_t size = json_text(string, text, sizeof text);

	if (size < 20 || size > TEXT_TIME_SIZE || text[size - 1] != 'Z')
		return false;
	memcpy(whole, text, (size_t)size - 1);
	memcpy(whole + size - 1, rest + (size - 20), sizeof whole - (size_t)(size - 1));
	return text_get_time(whole, ret_time_us);
}

void export_message_read(const struct hf_record *record, struct export_message *ret_message)
{
	static const char *const contents[] = { "content", "parts", "text", NULL };
	static const char *const times[] = { "time", "timestamp", NULL };
	struct hf_slice message = unwrap(record->data);
	struct export_message read = { .record = record, .at_us = record->at_us };

	read.role = (enum export_role)meaning_of(roles, member(message, "role"), EXPORT_SYSTEM);
	read.content = first_of(message, contents);
	read.calls = member(message, "tool_calls");
	read.id = member(message, "id");
	read.parent = member(message, "parent");
	read.reply = member(message, "reply");
	read.time = first_of(message, times);
	read.model = member(message, "model");
	read.usage = member(message, "usage");
	read.side = member(message, "side");
	read.is_summary = slice_is(member(message, "summary"), "true");
	read.is_error = slice_is(member(message, "error"), "true");
	if (json_kind(read.content) == JSON_NONE && json_kind(read.calls) == JSON_NONE)
		read.content = message; /* of no shape that is known: shown as it is */
	(void)get_time(read.time, &read.at_us);
	*ret_message = read;
}

/* ---- Parts ---- */

static void read_call(struct hf_slice json, struct export_part *part)
{
	static const char *const ids[] = { "id", "call_id", "tool_call_id", NULL };
	static const char *const arguments[] = { "arguments", "input", "args", NULL };
	static const struct hf_slice none = { "{}", 2 };
	struct hf_slice function = member(json, "function");

	part->kind = EXPORT_CALL;
	part->id = first_of(json, ids);
	if (json_kind(function) == JSON_OBJECT)
		json = function;
	part->name = member(json, "name");
	part->arguments = first_of(json, arguments);
	if (part->arguments.size == 0)
		part->arguments = none;
}

static void read_result(struct hf_slice json, struct export_part *part)
{
	static const char *const ids[] = { "tool_use_id", "tool_call_id", "toolCallId", "call_id", "id",
					   NULL };
	static const char *const names[] = { "name", "toolName", NULL };
	static const char *const contents[] = { "content", "output", NULL };
	static const char *const errors[] = { "is_error", "isError", NULL };
	static const struct hf_slice none = { "\"\"", 2 };

	part->kind = EXPORT_RESULT;
	part->id = first_of(json, ids);
	part->name = first_of(json, names);
	part->content = first_of(json, contents);
	if (part->content.size == 0)
		part->content = none;
	part->is_error = slice_is(first_of(json, errors), "true");
}

static void read_file(struct hf_slice json, struct export_part *part)
{
	static const char *const types[] = { "media_type", "mimeType", "mime", NULL };
	static const char *const names[] = { "name", "filename", NULL };
	struct hf_slice source = member(json, "source");
	struct hf_slice address = member(json, "image_url");

	if (json_kind(source) == JSON_OBJECT && member(json, "data").size == 0)
		json = source;
	part->media_type = string_of(json, types);
	part->name = string_of(json, names);
	part->data = string_of(json, (const char *const[]){ "data", NULL });
	part->url = string_of(json, (const char *const[]){ "url", NULL });
	if (json_kind(address) == JSON_OBJECT)
		part->url = string_of(address, (const char *const[]){ "url", NULL });
	else if (json_kind(address) == JSON_STRING)
		part->url = address;
}

static void read_part(struct hf_slice json, struct export_part *part)
{
	static const char *const texts[] = { "text", "thinking", "refusal", "reasoning", NULL };

	part->json = json;
	if (json_kind(json) == JSON_STRING) {
		part->kind = EXPORT_TEXT;
		part->text = json;
		return;
	}
	part->text = string_of(json, texts);
	part->kind = (enum export_part_kind)meaning_of(
		part_types, member(json, "type"), part->text.size > 0 ? EXPORT_TEXT : EXPORT_OTHER);
	if (part->kind == EXPORT_CALL)
		read_call(json, part);
	else if (part->kind == EXPORT_RESULT)
		read_result(json, part);
	else if (part->kind == EXPORT_IMAGE || part->kind == EXPORT_FILE)
		read_file(json, part);
	else if (part->kind != EXPORT_OTHER && part->text.size == 0)
		part->kind = EXPORT_OTHER;
}

/* A whole message that is the result of a tool, as OpenAI's interface has it. */
static bool is_bare_result(const struct export_message *message)
{
	static const char *const ids[] = { "tool_call_id", "toolCallId", NULL };

	return message->role == EXPORT_TOOL && first_of(unwrap(message->record->data), ids).size > 0;
}

/* Positions: the content's own, and behind all of it those of the calls. */
enum { POSITION_CALLS_BIT = 1 };

static bool next_call(const struct export_message *message, size_t *position,
		      struct export_part *part)
{
	struct hf_slice json;
	size_t at = *position >> POSITION_CALLS_BIT;

	if (json_kind(message->calls) != JSON_ARRAY || !json_next(message->calls, &at, NULL, &json))
		return false;
	part->json = json;
	read_call(json, part);
	*position = at << POSITION_CALLS_BIT | 1;
	return true;
}

bool export_part_next(const struct export_message *message, size_t *position,
		      struct export_part *ret_part)
{
	struct export_part part = { 0 };
	struct hf_slice json = message->content;
	size_t at = *position >> POSITION_CALLS_BIT;
	bool found;

	if ((*position & 1) != 0) {
		found = next_call(message, position, &part);
	} else if (json_kind(json) == JSON_ARRAY && !is_bare_result(message)) {
		found = json_next(json, &at, NULL, &json);
		*position = at << POSITION_CALLS_BIT;
		if (found)
			read_part(json, &part);
	} else {
		found = at == 0 && json.size > 0;
		*position = (size_t)1 << POSITION_CALLS_BIT;
		if (found && is_bare_result(message)) {
			part.json = unwrap(message->record->data);
			read_result(part.json, &part);
		} else if (found) {
			read_part(json, &part);
		}
	}
	if (!found && (*position & 1) == 0) {
		*position = 1;
		found = next_call(message, position, &part);
	}
	if (found)
		*ret_part = part;
	return found;
}
