/* SPDX-License-Identifier: MIT */
#include "interop/gemini_message.h"

#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "json/read.h"

static const struct hf_slice none = { "", 0 };

/* ---- Calls ---- */

/* FNV-1a. */
static uint64_t sum_of(struct hf_slice id)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.size; i++)
		sum = (sum ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static bool knows(const struct gemini_calls *calls, struct hf_slice id)
{
	uint64_t sum = sum_of(id);

	for (size_t i = 0; i < calls->count; i++) {
		if (calls->sums[i] == sum)
			return true;
	}
	return false;
}

static void remember(struct gemini_calls *calls, struct hf_slice id)
{
	if (id.size > 0 && calls->count < GEMINI_CALLS_MAX)
		calls->sums[calls->count++] = sum_of(id);
}

/* ---- Parts ---- */

/* Steps through the parts of what is an array of them, or one alone. */
static bool next_part(struct hf_slice content, size_t *position, struct hf_slice *ret_part)
{
	if (json_kind(content) == JSON_ARRAY)
		return json_next(content, position, NULL, ret_part);
	if (*position > 0 || content.size == 0 || json_kind(content) == JSON_NULL)
		return false;
	*position = 1;
	*ret_part = content;
	return true;
}

/* The text of a part that is text, a string alone among them. */
static struct hf_slice text_of(struct hf_slice part)
{
	struct hf_slice text = json_kind(part) == JSON_STRING ? part : fact_member(part, "text");

	return json_kind(text) == JSON_STRING ? text : none;
}

static bool is_context(struct hf_slice part)
{
	struct hf_slice text = text_of(part);

	return fact_begins(text, "<session_context>") || fact_begins(text, "<hook_context>");
}

static struct hf_slice response_of(struct hf_slice part)
{
	struct hf_slice response = fact_member(part, "functionResponse");

	return json_kind(response) == JSON_OBJECT ? response : none;
}

static bool is_thought(struct hf_slice part)
{
	return json_kind(fact_member(part, "thought")) == JSON_TRUE;
}

static void put_data(struct hf_slice data, struct message_writer *writer)
{
	struct hf_slice type = fact_member(data, "mimeType");

	if (fact_begins(type, "image/"))
		message_image(writer, type, fact_member(data, "data"), none);
	else
		message_file(writer, fact_member(data, "displayName"), type,
			     fact_member(data, "data"), fact_member(data, "fileUri"));
}

/* ---- Results ---- */

/* What a tool gave back, of which a program's own wrapping is left out. */
static struct hf_slice output_of(struct hf_slice response, bool *ret_is_error)
{
	struct hf_slice value = fact_member(response, "response");
	struct hf_slice output = fact_member(value, "output");
	struct hf_slice error = fact_member(value, "error");

	if (json_kind(output) == JSON_STRING)
		return output;
	if (json_kind(error) == JSON_STRING) {
		*ret_is_error = true;
		return error;
	}
	return value;
}

/* Appends a text of our own and JSON after it, which may be empty. */
static int put_pair(struct buffer *out, const char *text, struct hf_slice json)
{
	int rc = buffer_put_text(out, text);

	return rc == HF_OK ? buffer_put(out, json.data, json.size) : rc;
}

/* Appends one part of a result to the list in out. */
static int list_part(struct buffer *out, struct hf_slice part)
{
	struct hf_slice text = text_of(part);
	struct hf_slice file = fact_member(part, "inlineData");
	struct hf_slice type = fact_member(file, "mimeType");
	struct hf_slice data = fact_member(file, "data");
	int rc = buffer_put_text(out, out->size == 0 ? "[{\"type\":" : ",{\"type\":");

	if (rc == HF_OK && text.size > 0) {
		rc = put_pair(out, "\"text\",\"text\":", text);
	} else if (rc == HF_OK && json_kind(type) == JSON_STRING &&
		   json_kind(data) == JSON_STRING) {
		rc = put_pair(out, fact_begins(type, "image/") ? "\"image\",\"media_type\":"
							      : "\"file\",\"media_type\":",
			      type);
		if (rc == HF_OK)
			rc = put_pair(out, ",\"data\":", data);
	} else if (rc == HF_OK) {
		rc = put_pair(out, "\"other\",\"value\":", part);
	}
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

/* Appends the parts of a container that are no responses. */
static int list_parts(struct buffer *out, struct hf_slice parts)
{
	struct hf_slice part = none;
	size_t position = 0;
	int rc = HF_OK;

	while (rc == HF_OK && next_part(parts, &position, &part)) {
		if (response_of(part).size == 0)
			rc = list_part(out, part);
	}
	return rc;
}

static bool has_others(struct hf_slice parts)
{
	struct hf_slice part = none;
	size_t position = 0;

	while (next_part(parts, &position, &part)) {
		if (response_of(part).size == 0)
			return true;
	}
	return false;
}

/* A result with pictures and the like: its output and those, as the parts of the view. What
 * there is no room for is left out. */
static struct hf_slice combine(struct gemini *gemini, struct hf_slice output,
			       struct hf_slice parts, struct hf_slice siblings,
			       struct message_writer *writer)
{
	struct buffer *out = &gemini->scratch;
	int rc = writer->rc;

	out->size = 0;
	if (rc == HF_OK && output.size > 0)
		rc = list_part(out, output);
	if (rc == HF_OK)
		rc = list_parts(out, parts);
	if (rc == HF_OK)
		rc = list_parts(out, siblings);
	if (rc == HF_OK)
		rc = buffer_put_text(out, out->size > 0 ? "]" : "[]");
	if (rc == HF_ERR_NOMEM)
		writer->rc = rc;
	return rc == HF_OK ? (struct hf_slice){ out->data, out->size } : output;
}

/* Puts one response; siblings are the other parts of the same result. */
static void put_response(struct gemini *gemini, struct hf_slice response,
			 struct hf_slice siblings, bool is_error, struct message_writer *writer)
{
	struct hf_slice parts = fact_member(response, "parts");
	struct hf_slice output = output_of(response, &is_error);

	if (has_others(parts) || has_others(siblings))
		output = combine(gemini, output, parts, siblings, writer);
	message_result(writer, fact_member(response, "id"), fact_member(response, "name"), output,
		       is_error);
}

/* The response to a call among the parts of its result, or the only one there is. A
 * program that shortens old results puts those of all calls of a turn into each. */
static struct hf_slice find_response(struct hf_slice result, struct hf_slice id)
{
	struct hf_slice first = none;
	struct hf_slice part = none;
	size_t position = 0;

	while (next_part(result, &position, &part)) {
		struct hf_slice response = response_of(part);
		struct hf_slice name = fact_member(response, "id");

		if (first.size == 0)
			first = response;
		if (id.size > 0 && name.size == id.size && memcmp(name.data, id.data, id.size) == 0)
			return response;
	}
	return first;
}

/* The result of a call, given with the call. */
static void put_result(struct gemini *gemini, struct hf_slice call, struct message_writer *writer)
{
	struct hf_slice result = fact_member(call, "result");
	struct hf_slice id = fact_member(call, "id");
	struct hf_slice status = fact_member(call, "status");
	struct hf_slice response = find_response(result, id);
	bool is_error = fact_is(status, "error") || fact_is(status, "cancelled");
	struct hf_slice output = result;

	if (result.size == 0 || json_kind(result) == JSON_NULL)
		return;
	if (response.size > 0)
		output = output_of(response, &is_error);
	if (json_kind(result) != JSON_STRING &&
	    (has_others(result) || has_others(fact_member(response, "parts"))))
		output = combine(gemini, response.size > 0 ? output : none,
				 fact_member(response, "parts"), result, writer);
	message_result(writer, id, fact_member(call, "name"), output, is_error);
	remember(&gemini->answered, id);
}

/* ---- Messages ---- */

static void put_part(struct gemini *gemini, struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice text = text_of(part);
	struct hf_slice call = fact_member(part, "functionCall");
	struct hf_slice data = fact_member(part, "inlineData");
	struct hf_slice file = fact_member(part, "fileData");

	if (text.size > 2) {
		if (is_thought(part))
			message_thinking(writer, text);
		else
			message_text(writer, text);
	} else if (json_kind(call) == JSON_OBJECT) {
		message_call(writer, fact_member(call, "id"), fact_member(call, "name"),
			     fact_member(call, "args"));
		remember(&gemini->called, fact_member(call, "id"));
	} else if (response_of(part).size > 0) {
		put_response(gemini, response_of(part), none, false, writer);
	} else if (json_kind(data) == JSON_OBJECT) {
		put_data(data, writer);
	} else if (json_kind(file) == JSON_OBJECT) {
		put_data(file, writer);
	} else if (text.size == 0) {
		message_other(writer, part);
	}
}

/* What kinds of parts a user's message has. */
struct kinds {
	bool has_context;
	bool has_responses;
	bool has_others;
	bool is_answered; /* all results are known already */
};

static struct kinds look_at(const struct gemini *gemini, struct hf_slice content)
{
	struct kinds kinds = { .is_answered = true };
	struct hf_slice part = none;
	size_t position = 0;

	while (next_part(content, &position, &part)) {
		struct hf_slice response = response_of(part);

		if (is_context(part)) {
			kinds.has_context = true;
		} else if (response.size > 0) {
			kinds.has_responses = true;
			kinds.is_answered &= knows(&gemini->answered, fact_member(response, "id"));
		} else {
			kinds.has_others = true;
		}
	}
	return kinds;
}

/* The context is where the program tells the model of the directory it works in. */
static int read_directory(struct gemini *gemini, struct hf_slice text)
{
	static const char mark[] = "**Workspace Directories:**\\n  - ";
	const char *end = text_end(text);
	const char *stop;

	for (const char *at = text.data; end - at > (ptrdiff_t)sizeof mark; at++) {
		if (memcmp(at, mark, sizeof mark - 1) != 0)
			continue;
		at += sizeof mark - 1;
		stop = memchr(at, '\\', (size_t)(end - at));
		if (stop == NULL || stop[1] != 'n' || at[0] != '/')
			return HF_OK;
		return fact_set_text(&gemini->project,
				     (struct hf_slice){ at, (size_t)(stop - at) });
	}
	return HF_OK;
}

static int end_message(struct hf_slice json, bool has_id, struct message_writer *writer)
{
	if (has_id)
		message_id(writer, fact_member(json, "id"));
	message_time(writer, fact_member(json, "timestamp"));
	return message_end(writer);
}

/* Puts the parts that are the program's context, or those that are not. */
static void put_parts(struct gemini *gemini, struct hf_slice content, bool of_context,
		      struct message_writer *writer)
{
	struct hf_slice part = none;
	size_t position = 0;

	while (next_part(content, &position, &part)) {
		if (is_context(part) != of_context)
			continue;
		put_part(gemini, part, writer);
		if (of_context && writer->rc == HF_OK && gemini->project.size == 0)
			writer->rc = read_directory(gemini, text_of(part));
		if (!of_context)
			remember(&gemini->answered, fact_member(response_of(part), "id"));
	}
}

static int read_user(struct gemini *gemini, struct hf_slice json, struct message_writer *writer)
{
	struct hf_slice content = fact_member(json, "content");
	struct kinds kinds = look_at(gemini, content);
	bool is_split = kinds.has_context && (kinds.has_others || kinds.has_responses);
	bool is_results = kinds.has_responses && !kinds.has_others;

	if (kinds.has_context) {
		message_begin(writer, MESSAGE_USER);
		put_parts(gemini, content, true, writer);
		message_meta(writer);
		if (end_message(json, !is_split, writer) != HF_OK || !is_split)
			return writer->rc;
	}
	if (!is_results)
		gemini->answered.count = 0;
	message_begin(writer, is_results ? MESSAGE_TOOL : MESSAGE_USER);
	put_parts(gemini, content, false, writer);
	if (is_results && kinds.is_answered)
		message_meta(writer);
	return end_message(json, true, writer);
}

/* A thought has a subject and what it says. */
static void put_thought(struct gemini *gemini, struct hf_slice thought,
			struct message_writer *writer)
{
	struct hf_slice subject = fact_member(thought, "subject");
	struct hf_slice text = fact_member(thought, "description");
	struct buffer *out = &gemini->scratch;
	int rc = writer->rc;

	if (json_kind(text) != JSON_STRING)
		return;
	if (json_kind(subject) == JSON_STRING && subject.size > 2 && rc == HF_OK) {
		out->size = 0;
		rc = buffer_put_text(out, "\"**");
		rc = rc == HF_OK ? buffer_put(out, subject.data + 1, subject.size - 2) : rc;
		rc = rc == HF_OK ? buffer_put_text(out, "** ") : rc;
		rc = rc == HF_OK ? buffer_put(out, text.data + 1, text.size - 1) : rc;
		if (rc == HF_OK)
			text = (struct hf_slice){ out->data, out->size };
	}
	if (rc == HF_ERR_NOMEM)
		writer->rc = rc;
	message_thinking(writer, text);
}

/* Thoughts stand beside the content, unless it has them among its parts. */
static void put_thoughts(struct gemini *gemini, struct hf_slice json,
			 struct message_writer *writer)
{
	struct hf_slice content = fact_member(json, "content");
	struct hf_slice thoughts = fact_member(json, "thoughts");
	struct hf_slice thought = none;
	size_t position = 0;

	while (next_part(content, &position, &thought)) {
		if (is_thought(thought))
			return;
	}
	for (position = 0; json_next(thoughts, &position, NULL, &thought);)
		put_thought(gemini, thought, writer);
}

/* Calls with their results stand beside the content too; newer versions repeat the calls in
 * it. */
static void put_calls(struct gemini *gemini, struct hf_slice calls, struct message_writer *writer)
{
	struct hf_slice call = none;
	size_t position = 0;

	while (json_next(calls, &position, NULL, &call)) {
		struct hf_slice id = fact_member(call, "id");

		if (json_kind(call) != JSON_OBJECT)
			continue;
		if (id.size == 0 || !knows(&gemini->called, id))
			message_call(writer, id, fact_member(call, "name"), fact_member(call, "args"));
		put_result(gemini, call, writer);
	}
}

static int read_model(struct gemini *gemini, struct hf_slice json, struct message_writer *writer)
{
	struct hf_slice tokens = fact_member(json, "tokens");

	gemini->called.count = 0;
	gemini->answered.count = 0;
	message_begin(writer, MESSAGE_ASSISTANT);
	put_thoughts(gemini, json, writer);
	put_parts(gemini, fact_member(json, "content"), false, writer);
	put_calls(gemini, fact_member(json, "toolCalls"), writer);
	message_model(writer, fact_member(json, "model"));
	message_usage(writer, fact_member(tokens, "input"), fact_member(tokens, "output"),
		      fact_member(tokens, "cached"), none);
	return end_message(json, true, writer);
}

/* What the program told its user; the model never saw it. */
static int read_notice(struct gemini *gemini, struct hf_slice json, struct message_writer *writer)
{
	message_begin(writer, MESSAGE_SYSTEM);
	put_parts(gemini, fact_member(json, "content"), false, writer);
	if (fact_is(fact_member(json, "type"), "error"))
		message_error(writer);
	else
		message_meta(writer);
	return end_message(json, true, writer);
}

int gemini_message(struct gemini *gemini, struct hf_slice json, struct message_writer *writer)
{
	struct hf_slice type = fact_member(json, "type");

	if (fact_is(type, "user"))
		return read_user(gemini, json, writer);
	if (fact_is(type, "gemini"))
		return read_model(gemini, json, writer);
	if (fact_is(type, "info") || fact_is(type, "warning") || fact_is(type, "error"))
		return read_notice(gemini, json, writer);
	return HF_OK;
}
