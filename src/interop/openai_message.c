/* SPDX-License-Identifier: MIT */
#include "interop/openai_message.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/peek.h"
#include "json/read.h"

static const struct hf_slice none = { "", 0 };

static bool is_there(struct hf_slice value)
{
	return value.size > 0 && json_kind(value) != JSON_NULL;
}

static struct hf_slice string_member(struct hf_slice object, const char *name)
{
	struct hf_slice value = fact_member(object, name);

	return json_kind(value) == JSON_STRING ? value : none;
}

/* ---- Detecting ---- */

static const struct {
	const char *name;
	enum message_role role;
} roles[] = {
	{ "system", MESSAGE_SYSTEM }, { "developer", MESSAGE_SYSTEM },
	{ "user", MESSAGE_USER },     { "assistant", MESSAGE_ASSISTANT },
	{ "tool", MESSAGE_TOOL },     { "function", MESSAGE_TOOL },
};

static bool find_role(struct hf_slice string, enum message_role *ret_role)
{
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		if (fact_is(string, roles[i].name)) {
			*ret_role = roles[i].role;
			return true;
		}
	}
	return false;
}

/* The string that bytes begin with, as far as it can be seen that it is one. */
static struct hf_slice first_string(struct hf_slice rest)
{
	const char *quote = rest.size > 1 && rest.data[0] == '"'
				    ? memchr(rest.data + 1, '"', rest.size - 1)
				    : NULL;

	return quote != NULL ? (struct hf_slice){ rest.data, (size_t)(quote - rest.data) + 1 } : none;
}

bool openai_message_is(struct hf_slice start)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;
	enum message_role role;
	bool has_role = false;
	bool has_content = false;

	if (!peek_begin(&peek, start, '{'))
		return false;
	while (peek_next(&peek, &name, &rest)) {
		if (fact_is(name, "type"))
			return false;
		if (fact_is(name, "role"))
			has_role = find_role(first_string(rest), &role);
		has_content |= fact_is(name, "content") || fact_is(name, "tool_calls") ||
			       fact_is(name, "function_call");
	}
	return has_role && has_content;
}

/* ---- Parts ---- */

/* A string made of the inside of others, as they stand between quotes. */
static struct hf_slice put_quoted(struct buffer *out, struct hf_slice inside, const char *before,
				  int *rc)
{
	out->size = 0;
	*rc = buffer_put_text(out, "\"");
	if (*rc == HF_OK)
		*rc = buffer_put_text(out, before);
	if (*rc == HF_OK)
		*rc = buffer_put(out, inside.data, inside.size);
	if (*rc == HF_OK)
		*rc = buffer_put_text(out, "\"");
	return (struct hf_slice){ out->data, out->size };
}

/* Takes apart "data:image/png;base64,..."; false: it is another address. The results are
 * insides of strings. */
static bool split_data(struct hf_slice url, struct hf_slice *ret_type, struct hf_slice *ret_data)
{
	static const char prefix[] = "\"data:";
	static const char marker[] = ";base64,";
	const char *at = url.data;
	const char *end = text_end(url);
	const char *comma;

	if (url.size < sizeof prefix || memcmp(at, prefix, sizeof prefix - 1) != 0)
		return false;
	at += sizeof prefix - 1;
	comma = memchr(at, ',', (size_t)(end - at));
	if (comma == NULL || comma - at < (ptrdiff_t)sizeof marker - 2 ||
	    memcmp(comma + 2 - sizeof marker, marker, sizeof marker - 1) != 0)
		return false;
	*ret_type = (struct hf_slice){ at, (size_t)(comma + 2 - sizeof marker - at) };
	*ret_data = (struct hf_slice){ comma + 1, (size_t)(end - 1 - (comma + 1)) };
	return true;
}

/* An image or a file by an address, which may hold the data itself. */
static void put_address(struct message_writer *writer, bool is_image, struct hf_slice name,
			struct hf_slice url)
{
	struct buffer type = BUFFER_INIT(url.size + 2);
	struct buffer data = BUFFER_INIT(url.size + 2);
	struct hf_slice type_inside = none;
	struct hf_slice data_inside = none;
	struct hf_slice type_string = none;
	struct hf_slice data_string = none;
	int rc = HF_OK;

	if (split_data(url, &type_inside, &data_inside)) {
		type_string = put_quoted(&type, type_inside, "", &rc);
		if (rc == HF_OK)
			data_string = put_quoted(&data, data_inside, "", &rc);
		url = none;
	}
	if (rc != HF_OK)
		writer->rc = writer->rc == HF_OK ? rc : writer->rc;
	else if (is_image)
		message_image(writer, type_string, data_string, url);
	else
		message_file(writer, name, type_string, data_string, url);
	buffer_release(&type);
	buffer_release(&data);
}

/* {"type":"image_url","image_url":{"url":...}}, or the address itself as a string. */
static void read_image(struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice image = fact_member(part, "image_url");

	if (json_kind(image) == JSON_OBJECT)
		image = fact_member(image, "url");
	if (json_kind(image) == JSON_STRING)
		put_address(writer, true, none, image);
	else
		message_other(writer, part);
}

static void read_audio(struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice audio = fact_member(part, "input_audio");
	struct hf_slice data = string_member(audio, "data");
	struct hf_slice format = string_member(audio, "format");
	struct buffer type = BUFFER_INIT(64);
	int rc = HF_OK;

	if (data.size == 0 || format.size < 3 || format.size > 32) {
		message_other(writer, part);
		return;
	}
	format = (struct hf_slice){ format.data + 1, format.size - 2 };
	format = put_quoted(&type, format, "audio/", &rc);
	if (rc == HF_OK)
		message_file(writer, none, format, data, none);
	else if (writer->rc == HF_OK)
		writer->rc = rc;
	buffer_release(&type);
}

/* {"type":"file","file":{"filename":...,"file_data":...}}, or these members in the part. */
static void read_file(struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice file = fact_member(part, "file");
	struct hf_slice url;

	if (json_kind(file) != JSON_OBJECT)
		file = part;
	url = string_member(file, "file_data");
	if (url.size == 0)
		url = string_member(file, "file_url");
	if (url.size == 0)
		url = string_member(file, "file_id");
	put_address(writer, false, string_member(file, "filename"), url);
}

static void read_part(struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice type = fact_member(part, "type");
	struct hf_slice text = string_member(part, "text");
	struct hf_slice refusal = string_member(part, "refusal");

	if (json_kind(part) == JSON_STRING)
		message_text(writer, part);
	else if (text.size > 0 && (fact_is(type, "text") || fact_is(type, "input_text") ||
				   fact_is(type, "output_text")))
		message_text(writer, text);
	else if (refusal.size > 0 && fact_is(type, "refusal"))
		message_text(writer, refusal);
	else if (fact_is(type, "image_url") || fact_is(type, "input_image"))
		read_image(part, writer);
	else if (fact_is(type, "input_audio"))
		read_audio(part, writer);
	else if (fact_is(type, "file") || fact_is(type, "input_file"))
		read_file(part, writer);
	else
		message_other(writer, part);
}

static void read_content(struct hf_slice content, struct message_writer *writer)
{
	struct hf_slice part = none;
	size_t position = 0;

	if (json_kind(content) == JSON_ARRAY) {
		while (json_next(content, &position, NULL, &part))
			read_part(part, writer);
	} else if (json_kind(content) == JSON_STRING) {
		message_text(writer, content);
	} else if (is_there(content)) {
		message_other(writer, content);
	}
}

/* ---- Calls ---- */

static void read_function(struct hf_slice id, struct hf_slice function,
			  struct message_writer *writer)
{
	struct hf_slice arguments = fact_member(function, "arguments");
	struct hf_slice name = string_member(function, "name");

	if (json_kind(arguments) == JSON_STRING)
		message_call_packed(writer, id, name, arguments);
	else
		message_call(writer, id, name, is_there(arguments) ? arguments : none);
}

static void read_call(struct hf_slice call, struct message_writer *writer)
{
	struct hf_slice id = string_member(call, "id");
	struct hf_slice function = fact_member(call, "function");
	struct hf_slice custom = fact_member(call, "custom");

	if (json_kind(function) == JSON_OBJECT)
		read_function(id, function, writer);
	else if (json_kind(custom) == JSON_OBJECT)
		message_call(writer, id, string_member(custom, "name"),
			     fact_member(custom, "input"));
	else
		message_other(writer, call);
}

static void read_calls(struct hf_slice message, struct message_writer *writer)
{
	struct hf_slice calls = fact_member(message, "tool_calls");
	struct hf_slice old = fact_member(message, "function_call");
	struct hf_slice call = none;
	size_t position = 0;

	while (json_kind(calls) == JSON_ARRAY && json_next(calls, &position, NULL, &call))
		read_call(call, writer);
	if (json_kind(old) == JSON_OBJECT)
		read_function(none, old, writer);
}

/* ---- Messages ---- */

/* What models of other makers think, and the refusal, beside the content. */
static void read_beside(struct hf_slice message, struct message_writer *writer)
{
	struct hf_slice thinking = string_member(message, "reasoning_content");
	struct hf_slice refusal = string_member(message, "refusal");

	if (thinking.size == 0)
		thinking = string_member(message, "reasoning");
	if (thinking.size > 0)
		message_thinking(writer, thinking);
	read_content(fact_member(message, "content"), writer);
	if (refusal.size > 0)
		message_text(writer, refusal);
}

static void put_chat(size_t chat, struct message_writer *writer)
{
	char digits[TEXT_U64_SIZE];

	if (chat > 0)
		message_member(writer, "chat",
			       (struct hf_slice){ digits, text_put_u64(chat, digits) });
}

int openai_message_read(struct hf_slice message, size_t chat, struct message_writer *writer)
{
	enum message_role role = MESSAGE_USER;
	struct hf_slice content = fact_member(message, "content");
	struct hf_slice name = string_member(message, "name");

	if (!find_role(fact_member(message, "role"), &role))
		return writer->rc;
	message_begin(writer, role);
	if (role == MESSAGE_TOOL) {
		message_result(writer, string_member(message, "tool_call_id"), name,
			       is_there(content) ? content : none, false);
	} else {
		read_beside(message, writer);
		read_calls(message, writer);
		message_member(writer, "name", name);
	}
	message_time(writer, string_member(message, "timestamp"));
	message_model(writer, string_member(message, "model"));
	put_chat(chat, writer);
	return message_end(writer);
}
