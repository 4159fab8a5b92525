/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_message.h"

#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "interop/jidocode_schema.h"
#include "json/read.h"
#include "json/write.h"

void jidocode_message_release(struct jidocode_message *message)
{
	buffer_release(&message->said);
	buffer_release(&message->results);
}

/* ---- Texts ---- */

/* Appends the decoded text of a string; of any other JSON, the JSON. */
static int put_decoded(struct buffer *out, struct hf_slice json)
{
	int64_t size = json_text(json, NULL, 0);
	int rc;

	if (size < 0)
		return buffer_put(out, json.data, json.size);
	rc = buffer_reserve(out, (size_t)size + 1);
	if (rc != HF_OK)
		return rc;
	(void)json_text(json, out->data + out->size, (size_t)size + 1);
	out->size += (size_t)size;
	return HF_OK;
}

/* Sets what is put next apart from what stands there. */
static int put_gap(struct buffer *out)
{
	return out->size > 0 ? buffer_put_text(out, "\n\n") : HF_OK;
}

/* "[label: name] " */
static int put_label(struct buffer *out, const char *label, struct hf_slice name)
{
	int rc = buffer_put_text(out, "[");

	if (rc == HF_OK)
		rc = buffer_put_text(out, label);
	if (rc == HF_OK && name.size > 0)
		rc = buffer_put_text(out, ": ");
	if (rc == HF_OK && name.size > 0)
		rc = put_decoded(out, name);
	if (rc == HF_OK)
		rc = buffer_put_text(out, "]");
	return rc;
}

/* The texts of a result's parts, with the others as JSON. */
static int put_parts(struct buffer *out, struct hf_slice parts)
{
	struct hf_slice part = { NULL, 0 };
	size_t position = 0;
	bool is_first = true;
	int rc = HF_OK;

	while (rc == HF_OK && json_next(parts, &position, NULL, &part)) {
		struct hf_slice text = fact_member(part, "text");

		if (!is_first)
			rc = buffer_put_text(out, "\n");
		is_first = false;
		if (rc == HF_OK)
			rc = put_decoded(out, json_kind(text) == JSON_STRING ? text : part);
	}
	return rc;
}

static int put_result(const struct export_part *part, struct jidocode_message *message)
{
	struct buffer *out = &message->results;
	int rc = put_gap(out);

	message->has_results = true;
	if (rc == HF_OK && part->is_error)
		rc = buffer_put_text(out, "[error] ");
	if (rc != HF_OK)
		return rc;
	return json_kind(part->content) == JSON_ARRAY ? put_parts(out, part->content)
						      : put_decoded(out, part->content);
}

static int put_call(const struct export_part *part, struct buffer *out)
{
	int rc = put_label(out, "tool call", part->name);

	if (rc == HF_OK)
		rc = buffer_put_text(out, " ");
	return rc == HF_OK ? put_decoded(out, part->arguments) : rc;
}

/* A part that is said rather than got back. */
static int put_said(const struct export_part *part, struct buffer *out)
{
	int rc = put_gap(out);

	if (rc != HF_OK)
		return rc;
	switch (part->kind) {
	case EXPORT_TEXT:
		return put_decoded(out, part->text);
	case EXPORT_CALL:
		return put_call(part, out);
	case EXPORT_IMAGE:
		return put_label(out, "image", part->media_type);
	case EXPORT_FILE:
		return put_label(out, "file", part->name);
	default:
		return put_decoded(out, part->json);
	}
}

/* What is noted of a part; NULL: it is carried over. */
static const char *loss_of(enum export_part_kind kind)
{
	switch (kind) {
	case EXPORT_THINKING:
		return "thinking";
	case EXPORT_CALL:
		return "tool calls, written as text";
	case EXPORT_RESULT:
		return "tool results, written as text";
	case EXPORT_IMAGE:
		return "images";
	case EXPORT_FILE:
		return "files";
	case EXPORT_OTHER:
		return "parts of unknown kinds, written as text";
	default:
		return NULL;
	}
}

int jidocode_message_read(const struct export_message *read, struct exporter *exporter,
			  struct jidocode_message *ret_message)
{
	struct export_part part;
	size_t position = 0;
	int rc = HF_OK;

	ret_message->said.size = 0;
	ret_message->results.size = 0;
	ret_message->has_said = false;
	ret_message->has_results = false;
	if (read->usage.size > 0)
		export_note(exporter, "token counts");
	while (rc == HF_OK && export_part_next(read, &position, &part)) {
		const char *loss = loss_of(part.kind);

		if (loss != NULL)
			export_note(exporter, loss);
		if (part.kind == EXPORT_THINKING)
			continue;
		if (part.kind == EXPORT_RESULT) {
			rc = put_result(&part, ret_message);
			continue;
		}
		ret_message->has_said = true;
		rc = put_said(&part, &ret_message->said);
	}
	return rc;
}

/* ---- Messages ---- */

static const char *role_name(enum export_role role)
{
	static const char *const names[] = {
		[EXPORT_USER] = "user",
		[EXPORT_ASSISTANT] = "assistant",
		[EXPORT_SYSTEM] = "system",
		[EXPORT_TOOL] = "tool",
	};

	return names[role];
}

/* The id as it came, or one made of the record's number; with a suffix if the message
 * beside it has the same. */
static int put_id(const struct export_message *read, bool is_second, struct buffer *out)
{
	struct buffer text = BUFFER_INIT(EXPORT_LINE_MAX);
	int rc;

	if (json_kind(read->id) == JSON_STRING) {
		rc = put_decoded(&text, read->id);
	} else {
		rc = buffer_put_text(&text, "message-");
		if (rc == HF_OK)
			rc = buffer_put_u64(&text, read->record->n);
	}
	if (rc == HF_OK && is_second)
		rc = buffer_put_text(&text, "-results");
	if (rc == HF_OK)
		rc = json_put_string(out, text.data, text.size);
	buffer_release(&text);
	return rc;
}

int jidocode_message_put(const struct export_message *read, const struct jidocode_message *message,
			 int which, struct buffer *out)
{
	bool is_results = which == 0;
	const struct buffer *text = is_results ? &message->results : &message->said;
	const char *role = is_results ? "tool" : role_name(read->role);
	char time[TEXT_TIME_SIZE];
	bool first = true;
	int rc;

	if (is_results ? !message->has_results : !message->has_said)
		return HF_OK;
	rc = buffer_put_text(out, "{");
	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "content", text->data, text->size);
	if (rc == HF_OK)
		rc = json_put_name(out, &first, "id");
	if (rc == HF_OK)
		rc = put_id(read, is_results && message->has_said, out);
	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "role", role, strlen(role));
	text_put_time(read->at_us, time);
	if (rc == HF_OK && jidocode_schema_time(read->time, NULL))
		rc = json_put_member_json(out, &first, "timestamp", read->time);
	else if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "timestamp", time, sizeof time);
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

/* ---- Todos ---- */

/* The first string among the members of these names; empty if there is none. */
static struct hf_slice first_string(struct hf_slice object, const char *const names[3])
{
	for (size_t i = 0; i < 3 && names[i] != NULL; i++) {
		struct hf_slice value = fact_member(object, names[i]);

		if (json_kind(value) == JSON_STRING)
			return value;
	}
	return (struct hf_slice){ "", 0 };
}

static const char *status_of(struct hf_slice todo, struct exporter *exporter)
{
	struct hf_slice status = fact_member(todo, "status");

	if (fact_is(status, "completed") || fact_is(status, "done"))
		return "completed";
	if (fact_is(status, "in_progress"))
		return "in_progress";
	if (!fact_is(status, "pending"))
		export_note(exporter, "states of todos that JidoCode does not have");
	return "pending";
}

static int put_todo(struct hf_slice todo, struct exporter *exporter, struct buffer *out)
{
	static const char *const contents[] = { "content", "text", "title" };
	static const char *const forms[] = { "active_form", "activeForm", NULL };
	struct hf_slice content = first_string(todo, contents);
	struct hf_slice form = first_string(todo, forms);
	const char *status = status_of(todo, exporter);
	bool first = true;
	int rc = buffer_put_text(out, "{");

	if (json_kind(todo) == JSON_STRING)
		content = todo;
	if (content.size == 0)
		content = (struct hf_slice){ "\"\"", 2 };
	if (rc == HF_OK)
		rc = json_put_member_json(out, &first, "active_form",
					  form.size > 0 ? form : content);
	if (rc == HF_OK)
		rc = json_put_member_json(out, &first, "content", content);
	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "status", status, strlen(status));
	return rc == HF_OK ? buffer_put_text(out, "}") : rc;
}

int jidocode_message_todos(struct hf_slice todos, struct exporter *exporter, struct buffer *out)
{
	struct hf_slice todo = { NULL, 0 };
	size_t position = 0;
	bool is_first = true;
	int rc = buffer_put_text(out, "[");

	if (json_kind(todos) == JSON_OBJECT)
		todos = fact_member(todos, "todos");
	while (rc == HF_OK && json_kind(todos) == JSON_ARRAY &&
	       json_next(todos, &position, NULL, &todo)) {
		if (!is_first)
			rc = buffer_put_text(out, ",");
		is_first = false;
		if (rc == HF_OK)
			rc = put_todo(todo, exporter, out);
	}
	return rc == HF_OK ? buffer_put_text(out, "]") : rc;
}
