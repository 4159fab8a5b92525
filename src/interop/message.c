/* SPDX-License-Identifier: MIT */
#include "interop/message.h"

#include <string.h>

#include "base/text.h"
#include "json/decode.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

enum {
	/* Levels that the view and the record put around a value of a part. */
	DEPTH_AROUND = 8,
	/* Kept free for what follows a long text: ends of parts and small members. */
	ROOM_AFTER = 64 << 10,
	/* Members that name things; longer ones are no names. */
	NAME_SIZE_MAX = 4 << 10,
};

static const char *const role_names[] = { "user", "assistant", "system", "tool" };

static void put(struct message_writer *writer, const char *bytes, size_t size)
{
	if (writer->rc == HF_OK)
		writer->rc = buffer_put(&writer->json, bytes, size);
}

static void put_text(struct message_writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

/* Bytes that a value may still take. */
static size_t room_left(const struct message_writer *writer)
{
	size_t used = writer->json.size + ROOM_AFTER;

	return used < MESSAGE_SIZE_MAX ? MESSAGE_SIZE_MAX - used : 0;
}

/* The end of the last character of a string's inside that fits into size bytes. */
static const char *cut_at(const char *at, const char *end, size_t size)
{
	const char *limit = size < (size_t)(end - at) ? at + size : end;
	const char *next = at;

	while (next < end) {
		(void)json_decode_point(&next, end);
		if (next > limit)
			break;
		at = next;
	}
	return at;
}

/* Puts a string, cut if it is too long; true if it was. What is no string is put as "". */
static bool put_string(struct message_writer *writer, struct hf_slice string)
{
	size_t room = room_left(writer);

	if (json_kind(string) != JSON_STRING || string.size < 2) {
		put_text(writer, "\"\"");
		return false;
	}
	if (string.size <= room) {
		put(writer, string.data, string.size);
		return false;
	}
	put_text(writer, "\"");
	put(writer, string.data + 1,
	    (size_t)(cut_at(string.data + 1, string.data + string.size - 1, room) -
		     (string.data + 1)));
	put_text(writer, "\"");
	return true;
}

/* How deep a value nests; it has passed json_scan. */
static bool is_shallow(struct hf_slice value)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < value.size; i++) {
		char c = value.data[i];

		if (in_string) {
			i += c == '\\';
			in_string = c != '"';
		} else if (c == '"') {
			in_string = true;
		} else if (c == '[' || c == '{') {
			if (++depth > HF_DEPTH_MAX - DEPTH_AROUND)
				return false;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return true;
}

/* Puts any bytes as a string, with U+FFFD for what is not UTF-8; true if it was cut. */
static bool put_bytes(struct message_writer *writer, struct hf_slice text)
{
	size_t room = room_left(writer) / 6; /* \u0000 is the longest escape of a byte */
	size_t size = text.size < room ? text.size : room;
	size_t at = 0;

	put_text(writer, "\"");
	while (writer->rc == HF_OK && at < size) {
		size_t run = at;
		size_t start = writer->json.size;
		size_t length;

		while (run < size && (length = text_utf8_length(text.data + run, text.size - run)) > 0)
			run += length;
		if (run > at) {
			writer->rc = json_put_string(&writer->json, text.data + at, run - at);
			if (writer->rc != HF_OK)
				break;
			/* Without its quotes: what was put so far has the opening one. */
			memmove(writer->json.data + start, writer->json.data + start + 1,
				writer->json.size - start - 2);
			writer->json.size -= 2;
		}
		at = run;
		if (at < size) {
			put_text(writer, "\xef\xbf\xbd");
			at++;
		}
	}
	put_text(writer, "\"");
	return size < text.size;
}

/* Puts any value; as the text of a string if a record could not hold it as it is. A value that
 * is too long is left out: true. */
static bool put_value(struct message_writer *writer, struct hf_slice value)
{
	if (json_kind(value) == JSON_STRING)
		return put_string(writer, value);
	if (value.size == 0) {
		put_text(writer, "null");
		return false;
	}
	if (value.size > room_left(writer)) {
		put_text(writer, "null");
		return true;
	}
	if (json_scan(value.data, value.size, NULL) == HF_OK && is_shallow(value)) {
		put(writer, value.data, value.size);
		return false;
	}
	return put_bytes(writer, value);
}

/* ---- Beginning and ending ---- */

static void reset(struct message_writer *writer)
{
	writer->json.size = 0;
	writer->in_content = false;
	writer->has_parts = false;
	writer->is_aside = false;
}

void message_begin(struct message_writer *writer, enum message_role role)
{
	reset(writer);
	put_text(writer, "\"role\":\"");
	put_text(writer, role_names[role]);
	put_text(writer, "\",\"content\":[");
	writer->in_content = true;
}

static void end_content(struct message_writer *writer)
{
	if (writer->in_content)
		put_text(writer, "]");
	writer->in_content = false;
}

int message_end(struct message_writer *writer)
{
	end_content(writer);
	if (writer->rc == HF_OK && writer->json.size > 0)
		writer->rc = writer->take(writer->context,
					  (struct hf_slice){ writer->json.data, writer->json.size },
					  writer->is_aside);
	reset(writer);
	return writer->rc;
}

void message_drop(struct message_writer *writer)
{
	reset(writer);
}

/* ---- Parts ---- */

static void begin_part(struct message_writer *writer, const char *type)
{
	if (writer->has_parts)
		put_text(writer, ",");
	writer->has_parts = true;
	put_text(writer, "{\"type\":\"");
	put_text(writer, type);
	put_text(writer, "\"");
}

static void end_part(struct message_writer *writer, bool was_cut)
{
	put_text(writer, was_cut ? ",\"cut\":true}" : "}");
}

/* A member that names something; left out if it is empty or too long to be a name. */
static void put_name(struct message_writer *writer, const char *name, struct hf_slice value)
{
	if (value.size == 0 || value.size > NAME_SIZE_MAX || json_kind(value) == JSON_NULL)
		return;
	put_text(writer, ",\"");
	put_text(writer, name);
	put_text(writer, "\":");
	(void)put_value(writer, value);
}

/* A member that can be long; true if it was cut. */
static bool put_long(struct message_writer *writer, const char *name, struct hf_slice value)
{
	if (value.size == 0)
		return false;
	put_text(writer, ",\"");
	put_text(writer, name);
	put_text(writer, "\":");
	return put_value(writer, value);
}

void message_text(struct message_writer *writer, struct hf_slice string)
{
	bool was_cut;

	begin_part(writer, "text");
	put_text(writer, ",\"text\":");
	was_cut = put_string(writer, string);
	end_part(writer, was_cut);
}

void message_text_text(struct message_writer *writer, struct hf_slice text)
{
	bool was_cut;

	begin_part(writer, "text");
	put_text(writer, ",\"text\":");
	was_cut = put_bytes(writer, text);
	end_part(writer, was_cut);
}

void message_thinking(struct message_writer *writer, struct hf_slice string)
{
	bool was_cut;

	begin_part(writer, "thinking");
	put_text(writer, ",\"thinking\":");
	was_cut = put_string(writer, string);
	end_part(writer, was_cut);
}

void message_call(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
		  struct hf_slice arguments)
{
	static const struct hf_slice none = { "{}", 2 };
	bool was_cut;

	begin_part(writer, "tool_call");
	put_name(writer, "id", id);
	put_name(writer, "name", name);
	was_cut = put_long(writer, "arguments", arguments.size > 0 ? arguments : none);
	end_part(writer, was_cut);
}

/* Whether a decoded text may stand for another: a lone surrogate comes out as U+FFFD. */
static bool is_replaced(const char *text, size_t size)
{
	enum { FIRST_BYTE = 0xef };
	static const char replacement[] = "\xef\xbf\xbd";
	const char *at = text;

	while ((at = memchr(at, FIRST_BYTE, (size_t)(text + size - at))) != NULL) {
		if ((size_t)(text + size - at) >= sizeof replacement - 1 &&
		    memcmp(at, replacement, sizeof replacement - 1) == 0)
			return true;
		at++;
	}
	return false;
}

void message_call_packed(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
			 struct hf_slice arguments_string)
{
	struct buffer packed = BUFFER_INIT(MESSAGE_SIZE_MAX);
	struct hf_slice arguments = arguments_string;
	int64_t size = json_text(arguments_string, NULL, 0);

	if (writer->rc == HF_OK && size > 0 && size < MESSAGE_SIZE_MAX) {
		writer->rc = buffer_reserve(&packed, (size_t)size + 1);
		if (writer->rc == HF_OK) {
			(void)json_text(arguments_string, packed.data, (size_t)size + 1);
			if (!is_replaced(packed.data, (size_t)size) &&
			    json_scan(packed.data, (size_t)size, NULL) == HF_OK)
				arguments = (struct hf_slice){ packed.data, (size_t)size };
		}
	}
	message_call(writer, id, name, arguments);
	buffer_release(&packed);
}

void message_result(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
		    struct hf_slice content, bool is_error)
{
	static const struct hf_slice none = { "\"\"", 2 };
	bool was_cut;

	begin_part(writer, "tool_result");
	put_name(writer, "id", id);
	put_name(writer, "name", name);
	was_cut = put_long(writer, "content", content.size > 0 ? content : none);
	if (is_error)
		put_text(writer, ",\"is_error\":true");
	end_part(writer, was_cut);
}

void message_image(struct message_writer *writer, struct hf_slice media_type, struct hf_slice data,
		   struct hf_slice url)
{
	bool was_cut;

	begin_part(writer, "image");
	put_name(writer, "media_type", media_type);
	was_cut = put_long(writer, "data", data);
	was_cut |= put_long(writer, "url", url);
	end_part(writer, was_cut);
}

void message_file(struct message_writer *writer, struct hf_slice name, struct hf_slice media_type,
		  struct hf_slice data, struct hf_slice url)
{
	bool was_cut;

	begin_part(writer, "file");
	put_name(writer, "name", name);
	put_name(writer, "media_type", media_type);
	was_cut = put_long(writer, "data", data);
	was_cut |= put_long(writer, "url", url);
	end_part(writer, was_cut);
}

void message_other(struct message_writer *writer, struct hf_slice json)
{
	bool was_cut;

	begin_part(writer, "other");
	was_cut = put_long(writer, "value", json);
	end_part(writer, was_cut);
}

/* ---- Members ---- */

void message_member(struct message_writer *writer, const char *name, struct hf_slice json)
{
	if (json.size == 0)
		return;
	end_content(writer);
	(void)put_long(writer, name, json);
}

static void put_id(struct message_writer *writer, const char *name, struct hf_slice value)
{
	if (value.size > 0 && value.size <= NAME_SIZE_MAX)
		message_member(writer, name, value);
}

void message_id(struct message_writer *writer, struct hf_slice string)
{
	put_id(writer, "id", string);
}

void message_parent(struct message_writer *writer, struct hf_slice string)
{
	put_id(writer, "parent", string);
}

void message_reply(struct message_writer *writer, struct hf_slice string)
{
	put_id(writer, "reply", string);
}

void message_time(struct message_writer *writer, struct hf_slice string_or_number)
{
	char text[TEXT_TIME_SIZE + 2] = "\"";
	uint64_t milliseconds = 0;

	if (json_kind(string_or_number) != JSON_NUMBER) {
		put_id(writer, "time", string_or_number);
		return;
	}
	if (text_take_u64(string_or_number.data, string_or_number.size, &milliseconds) == 0 ||
	    milliseconds > INT64_MAX / 1000)
		return;
	text_put_time((int64_t)milliseconds * 1000, text + 1);
	text[TEXT_TIME_SIZE + 1] = '"';
	message_member(writer, "time", (struct hf_slice){ text, sizeof text });
}

void message_model(struct message_writer *writer, struct hf_slice string)
{
	if (json_kind(string) == JSON_STRING)
		put_id(writer, "model", string);
}

void message_usage(struct message_writer *writer, struct hf_slice input, struct hf_slice output,
		   struct hf_slice cache_read, struct hf_slice cache_write)
{
	static const char *const names[] = { "input", "output", "cache_read", "cache_write" };
	const struct hf_slice values[] = { input, output, cache_read, cache_write };
	const char *before = ",\"usage\":{\"";

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		if (json_kind(values[i]) != JSON_NUMBER || values[i].size > 32)
			continue;
		end_content(writer);
		put_text(writer, before);
		put_text(writer, names[i]);
		put_text(writer, "\":");
		put(writer, values[i].data, values[i].size);
		before = ",\"";
	}
	if (before[1] == '"' && before[2] == '\0')
		put_text(writer, "}");
}

static void put_flag(struct message_writer *writer, const char *name)
{
	message_member(writer, name, (struct hf_slice){ "true", 4 });
}

void message_meta(struct message_writer *writer)
{
	put_flag(writer, "meta");
	writer->is_aside = true;
}

void message_side(struct message_writer *writer, struct hf_slice string)
{
	static const struct hf_slice unnamed = { "\"\"", 2 };

	put_id(writer, "side",
	       string.size > 0 && string.size <= NAME_SIZE_MAX ? string : unnamed);
	writer->is_aside = true;
}

void message_summary(struct message_writer *writer)
{
	put_flag(writer, "summary");
}

void message_error(struct message_writer *writer)
{
	put_flag(writer, "error");
}

/* ---- What changes the conversation ---- */

static void begin_op(struct message_writer *writer, const char *op)
{
	reset(writer);
	put_text(writer, "\"op\":\"");
	put_text(writer, op);
	put_text(writer, "\"");
	writer->is_aside = true;
}

static void op_with(struct message_writer *writer, const char *op, const char *name,
		    struct hf_slice value)
{
	static const struct hf_slice null = { "null", 4 };

	begin_op(writer, op);
	if (name != NULL)
		put_id(writer, name, value.size > 0 ? value : null);
	(void)message_end(writer);
}

void message_op_rewind(struct message_writer *writer, struct hf_slice id_string)
{
	op_with(writer, "rewind", "to", id_string);
}

void message_op_drop(struct message_writer *writer, uint64_t turns)
{
	char digits[TEXT_U64_SIZE];
	size_t size = text_put_u64(turns, digits);

	op_with(writer, "drop", "turns", (struct hf_slice){ digits, size });
}

void message_op_leaf(struct message_writer *writer, struct hf_slice id_string)
{
	op_with(writer, "leaf", "id", id_string);
}

void message_op_reset(struct message_writer *writer)
{
	op_with(writer, "reset", NULL, (struct hf_slice){ NULL, 0 });
}

void message_op_node(struct message_writer *writer, struct hf_slice id_string,
		     struct hf_slice parent_string)
{
	begin_op(writer, "node");
	put_id(writer, "id", id_string);
	put_id(writer, "parent", parent_string);
	(void)message_end(writer);
}
