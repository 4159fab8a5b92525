/* SPDX-License-Identifier: MIT */
/* The items of a rollout: what goes to the model and comes from it. */
#include <string.h>

#include "interop/codex.h"
#include "base/text.h"
#include "interop/fact.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

/* An item with what stands around it. */
struct item {
	struct codex *codex;
	struct hf_slice json;
	struct hf_slice time;
	struct message_writer *writer;
};

void codex_put_model(const struct codex *codex, struct message_writer *writer)
{
	struct buffer model = BUFFER_INIT(6 * FACT_SIZE_MAX + 2);

	if (writer->rc == HF_OK && codex->model.size > 0)
		writer->rc = json_put_string(&model, codex->model.data, codex->model.size);
	message_model(writer, (struct hf_slice){ model.data, model.size });
	buffer_release(&model);
}

static struct hf_slice member(const struct item *item, const char *name)
{
	return fact_member(item->json, name);
}

/* What joins a call and its output; older items have only an id. */
static struct hf_slice call_id(const struct item *item)
{
	struct hf_slice id = member(item, "call_id");

	return json_kind(id) == JSON_STRING ? id : member(item, "id");
}

static int end_assistant(const struct item *item)
{
	message_time(item->writer, item->time);
	codex_put_model(item->codex, item->writer);
	return message_end(item->writer);
}

/* ---- Images ---- */

/* Empties the scratch and makes room in it; false: that would be more than it may take. */
static bool has_room(struct item *item, size_t size)
{
	int rc;

	if (item->writer->rc != HF_OK)
		return false;
	item->codex->scratch.size = 0;
	rc = buffer_reserve(&item->codex->scratch, size);
	if (rc == HF_ERR_NOMEM)
		item->writer->rc = rc;
	return rc == HF_OK;
}

/* Where a character stands in a string; 0: nowhere. */
static size_t find(struct hf_slice string, size_t from, char c)
{
	const char *at = from < string.size
				 ? memchr(string.data + from, c, string.size - from)
				 : NULL;

	return at != NULL ? (size_t)(at - string.data) : 0;
}

/* Puts raw characters of a string in quotes; the scratch's old contents stay before them. */
static struct hf_slice quoted(struct item *item, const char *from, size_t size)
{
	struct buffer *scratch = &item->codex->scratch;
	size_t start = scratch->size;

	if (item->writer->rc == HF_OK)
		item->writer->rc = buffer_put_text(scratch, "\"");
	if (item->writer->rc == HF_OK)
		item->writer->rc = buffer_put(scratch, from, size);
	if (item->writer->rc == HF_OK)
		item->writer->rc = buffer_put_text(scratch, "\"");
	if (item->writer->rc != HF_OK)
		return (struct hf_slice){ "", 0 };
	return (struct hf_slice){ scratch->data + start, scratch->size - start };
}

/* Takes "data:image/png;base64,AAAA" apart; false: it is another address. */
static bool split_data(struct item *item, struct hf_slice url, struct hf_slice *ret_type,
		       struct hf_slice *ret_data)
{
	static const char start[] = "\"data:";
	static const char base64[] = "base64";
	size_t type = sizeof start - 1;
	size_t semicolon = find(url, type, ';');
	size_t comma = find(url, type, ',');

	if (url.size < sizeof start || memcmp(url.data, start, type) != 0 || semicolon == 0 ||
	    comma != semicolon + sizeof base64 ||
	    memcmp(url.data + semicolon + 1, base64, sizeof base64 - 1) != 0)
		return false;
	/* Room for both: the second must not move the first. */
	if (!has_room(item, url.size + 4))
		return false;
	*ret_type = quoted(item, url.data + type, semicolon - type);
	*ret_data = quoted(item, url.data + comma + 1, url.size - comma - 2);
	return true;
}

static void put_image(struct item *item, struct hf_slice url)
{
	static const struct hf_slice none = { "", 0 };
	struct hf_slice type = none;
	struct hf_slice data = none;

	if (json_kind(url) == JSON_OBJECT)
		url = fact_member(url, "url");
	if (json_kind(url) != JSON_STRING)
		return;
	if (split_data(item, url, &type, &data))
		message_image(item->writer, type, data, none);
	else
		message_image(item->writer, none, none, url);
}

/* ---- Messages ---- */

/* What Codex puts under the user's name, by how it begins. */
static bool is_injected_text(struct hf_slice text)
{
	static const char *const starts[] = {
		"<environment_context>", "<user_instructions>", "# AGENTS.md instructions",
		"<skill>", "<user_shell_command>", "<turn_aborted>", "<subagent_notification>",
		"<hook_prompt", "<context_update>", "<additional_context>", "<goal_context>",
		"<user_action>",
	};

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (fact_begins(text, starts[i]))
			return true;
	}
	return false;
}

/* Whether a person typed any of it. Newer versions say so for each part; a text that begins
 * as an injected one is not a person's for certain only where they do not. */
static bool is_injected(const struct item *item, struct hf_slice content)
{
	struct hf_slice kinds = fact_member(
		member(item, "internal_chat_message_metadata_passthrough"), "content_item_kinds");
	struct hf_slice part = { "", 0 };
	size_t position = 0;
	bool has_kinds = false;

	while (json_next(kinds, &position, NULL, &part)) {
		if (fact_begins(part, "user."))
			return false;
		has_kinds |= !fact_is(part, "unknown");
	}
	if (has_kinds)
		return true;
	if (json_kind(content) == JSON_STRING)
		return is_injected_text(content);
	for (position = 0; json_next(content, &position, NULL, &part);) {
		if (is_injected_text(fact_member(part, "text")))
			return true;
	}
	return false;
}

/* The older versions tell the directory only in what the model gets. */
static int read_directory(struct codex *codex, struct hf_slice text)
{
	static const char open[] = "<cwd>";
	const char *at = text.data;
	const char *end = text_end(text);

	for (; end - at > (ptrdiff_t)sizeof open; at++) {
		const char *stop;

		if (memcmp(at, open, sizeof open - 1) != 0)
			continue;
		at += sizeof open - 1;
		stop = memchr(at, '<', (size_t)(end - at));
		if (stop == NULL || memchr(at, '\\', (size_t)(stop - at)) != NULL)
			return HF_OK;
		return fact_set_text(&codex->project,
				     (struct hf_slice){ at, (size_t)(stop - at) });
	}
	return HF_OK;
}

/* Puts one part of a message's content. */
static void put_content(struct item *item, struct hf_slice part)
{
	struct hf_slice type = fact_member(part, "type");
	struct hf_slice text = fact_member(part, "text");

	if (fact_is(type, "input_image"))
		put_image(item, fact_member(part, "image_url"));
	else if (json_kind(text) == JSON_STRING)
		message_text(item->writer, text);
	else
		message_other(item->writer, part);
}

static int read_message(struct item *item)
{
	struct hf_slice role = member(item, "role");
	struct hf_slice content = member(item, "content");
	struct hf_slice part = { "", 0 };
	size_t position = 0;
	bool is_user = fact_is(role, "user");
	bool is_assistant = fact_is(role, "assistant");
	bool is_meta = !is_assistant && (!is_user || is_injected(item, content));

	message_begin(item->writer, is_user	   ? MESSAGE_USER
				    : is_assistant ? MESSAGE_ASSISTANT
						   : MESSAGE_SYSTEM);
	if (json_kind(content) == JSON_STRING)
		message_text(item->writer, content);
	while (json_next(content, &position, NULL, &part))
		put_content(item, part);
	if (is_meta) {
		message_meta(item->writer);
		if (item->writer->rc == HF_OK && item->codex->project.size == 0)
			item->writer->rc = read_directory(item->codex, content);
	}
	if (is_assistant)
		return end_assistant(item);
	message_time(item->writer, item->time);
	return message_end(item->writer);
}

/* Words of one of Codex's agents to another. */
static int read_between_agents(struct item *item)
{
	struct hf_slice content = member(item, "content");
	struct hf_slice part = { "", 0 };
	size_t position = 0;

	message_begin(item->writer, MESSAGE_ASSISTANT);
	while (json_next(content, &position, NULL, &part))
		put_content(item, part);
	message_time(item->writer, item->time);
	message_side(item->writer, member(item, "author"));
	return message_end(item->writer);
}

/* What is readable of it; most of it is encrypted, and kept in the line. */
static int read_reasoning(struct item *item)
{
	static const char *const places[] = { "summary", "content" };
	bool has_text = false;

	message_begin(item->writer, MESSAGE_ASSISTANT);
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		struct hf_slice parts = member(item, places[i]);
		struct hf_slice part = { "", 0 };
		size_t position = 0;

		while (json_next(parts, &position, NULL, &part)) {
			struct hf_slice text = fact_member(part, "text");

			if (json_kind(text) != JSON_STRING)
				continue;
			message_thinking(item->writer, text);
			has_text = true;
		}
	}
	if (has_text)
		return end_assistant(item);
	message_drop(item->writer);
	return item->writer->rc;
}

/* ---- Calls ---- */

static int read_function_call(struct item *item)
{
	message_begin(item->writer, MESSAGE_ASSISTANT);
	message_call_packed(item->writer, call_id(item), member(item, "name"),
			    member(item, "arguments"));
	return end_assistant(item);
}

static int read_custom_call(struct item *item)
{
	message_begin(item->writer, MESSAGE_ASSISTANT);
	message_call(item->writer, call_id(item), member(item, "name"), member(item, "input"));
	return end_assistant(item);
}

static int read_named_call(struct item *item, const char *name, const char *arguments)
{
	struct hf_slice text = { name, strlen(name) };

	message_begin(item->writer, MESSAGE_ASSISTANT);
	message_call(item->writer, call_id(item), text, member(item, arguments));
	return HF_OK;
}

static int read_local_shell(struct item *item)
{
	(void)read_named_call(item, "\"local_shell\"", "action");
	return end_assistant(item);
}

static int read_tool_search(struct item *item)
{
	(void)read_named_call(item, "\"tool_search\"", "arguments");
	return end_assistant(item);
}

/* The service runs these itself, and tells no more than how it ended. */
static int read_web_search(struct item *item)
{
	struct hf_slice status = member(item, "status");

	(void)read_named_call(item, "\"web_search\"", "action");
	if (json_kind(status) == JSON_STRING)
		message_result(item->writer, call_id(item), (struct hf_slice){ "", 0 }, status,
			       fact_is(status, "failed"));
	return end_assistant(item);
}

static int read_image_generation(struct item *item)
{
	static const struct hf_slice png = { "\"image/png\"", 11 };
	static const struct hf_slice none = { "", 0 };
	struct hf_slice status = member(item, "status");
	struct hf_slice image = member(item, "result");

	(void)read_named_call(item, "\"image_generation\"", "revised_prompt");
	if (json_kind(status) == JSON_STRING)
		message_result(item->writer, call_id(item), none, status, fact_is(status, "failed"));
	if (json_kind(image) == JSON_STRING && image.size > 2)
		message_image(item->writer, png, image, none);
	return end_assistant(item);
}

/* ---- Outputs ---- */

/* One part of an output, as a part of the view. */
static int rebuild_part(struct buffer *out, struct hf_slice part)
{
	struct hf_slice text = fact_member(part, "text");
	struct hf_slice image = fact_member(part, "image_url");
	const char *before = "{\"type\":\"other\",\"value\":";
	struct hf_slice value = part;
	int rc;

	if (json_kind(text) == JSON_STRING) {
		before = "{\"type\":\"text\",\"text\":";
		value = text;
	} else if (json_kind(image) == JSON_STRING) {
		before = "{\"type\":\"image\",\"url\":";
		value = image;
	}
	rc = buffer_put_text(out, out->size == 0 ? "[" : ",");
	if (rc == HF_OK)
		rc = buffer_put_text(out, before);
	if (rc == HF_OK)
		rc = buffer_put(out, value.data, value.size);
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

/* An output's parts as the view's, in the scratch; as they are if that has no room. */
static struct hf_slice rebuild_parts(struct item *item, struct hf_slice output)
{
	struct buffer *out = &item->codex->scratch;
	struct hf_slice part = { "", 0 };
	size_t position = 0;
	int rc = item->writer->rc;

	out->size = 0;
	while (rc == HF_OK && json_next(output, &position, NULL, &part))
		rc = rebuild_part(out, part);
	if (rc == HF_OK)
		rc = buffer_put_text(out, out->size > 0 ? "]" : "[]");
	if (rc == HF_ERR_NOMEM)
		item->writer->rc = rc;
	return rc == HF_OK ? (struct hf_slice){ out->data, out->size } : output;
}

/* Versions before 2026 pack a command's output as {"output":...,"metadata":{"exit_code":...}}
 * into the string that the model gets. Gives the output itself. */
static struct hf_slice unpack(struct item *item, struct hf_slice output, bool *ret_failed)
{
	struct buffer *text = &item->codex->scratch;
	int64_t size = fact_begins(output, "{\"output\":") ? json_text(output, NULL, 0) : -1;
	struct hf_slice json = { "", 0 };
	struct hf_slice code;

	if (size < 0 || !has_room(item, (size_t)size + 1))
		return output;
	(void)json_text(output, text->data, (size_t)size + 1);
	json = (struct hf_slice){ text->data, (size_t)size };
	code = fact_member(fact_member(json, "metadata"), "exit_code");
	if (json_scan(json.data, json.size, NULL) != HF_OK || json_kind(code) != JSON_NUMBER ||
	    json_kind(fact_member(json, "output")) != JSON_STRING)
		return output;
	*ret_failed = code.size != 1 || code.data[0] != '0';
	return fact_member(json, "output");
}

static int read_output(struct item *item)
{
	struct hf_slice output = member(item, "output");
	struct hf_slice success = { "", 0 };
	bool is_error = false;

	if (json_kind(output) == JSON_OBJECT) { /* the first versions */
		success = fact_member(output, "success");
		if (fact_member(output, "content").size > 0)
			output = fact_member(output, "content");
	}
	is_error = json_kind(success) == JSON_FALSE;
	if (json_kind(output) == JSON_STRING)
		output = unpack(item, output, &is_error);
	else if (json_kind(output) == JSON_ARRAY)
		output = rebuild_parts(item, output);
	message_begin(item->writer, MESSAGE_TOOL);
	message_result(item->writer, call_id(item), member(item, "name"), output, is_error);
	message_time(item->writer, item->time);
	return message_end(item->writer);
}

static int read_search_output(struct item *item)
{
	message_begin(item->writer, MESSAGE_TOOL);
	message_result(item->writer, call_id(item), (struct hf_slice){ "", 0 },
		       member(item, "tools"), false);
	message_time(item->writer, item->time);
	return message_end(item->writer);
}

int codex_item(struct codex *codex, struct hf_slice json, struct hf_slice time,
	       struct message_writer *writer)
{
	static const struct {
		const char *type;
		int (*read)(struct item *item);
	} kinds[] = {
		{ "message", read_message },
		{ "reasoning", read_reasoning },
		{ "function_call", read_function_call },
		{ "function_call_output", read_output },
		{ "custom_tool_call", read_custom_call },
		{ "custom_tool_call_output", read_output },
		{ "local_shell_call", read_local_shell },
		{ "local_shell_call_output", read_output },
		{ "web_search_call", read_web_search },
		{ "tool_search_call", read_tool_search },
		{ "tool_search_output", read_search_output },
		{ "image_generation_call", read_image_generation },
		{ "agent_message", read_between_agents },
	};
	struct item item = { codex, json, time, writer };
	struct hf_slice type = fact_member(json, "type");

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (fact_is(type, kinds[i].type))
			return kinds[i].read(&item);
	}
	return HF_OK;
}
