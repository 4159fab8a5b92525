/* SPDX-License-Identifier: MIT */
/*
 * Writing chats in the form of OpenAI's interface. One of our messages becomes any number of
 * lines: each result of a tool one of its own, as that interface asks for, and then the rest.
 */
#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "interop/openai_message.h"
#include "json/read.h"
#include "json/write.h"

struct writing {
	struct exporter *exporter;
	bool is_document;
	bool has_any;
	struct buffer parts; /* the content's parts, with commas between */
	struct buffer calls;
	size_t part_count;
	size_t call_count;
	bool is_rich;        /* a part is no text */
	struct buffer text;  /* the only part's text, as a string */
};

static void fail(struct writing *writing, int rc)
{
	if (writing->exporter->rc == HF_OK)
		writing->exporter->rc = rc;
}

static void put(struct writing *writing, struct buffer *out, struct hf_slice json)
{
	if (writing->exporter->rc == HF_OK)
		fail(writing, buffer_put(out, json.data, json.size));
}

static void put_text(struct writing *writing, struct buffer *out, const char *text)
{
	put(writing, out, (struct hf_slice){ text, strlen(text) });
}

/* The inside of a string, as it stands between its quotes. */
static void put_inside(struct writing *writing, struct buffer *out, struct hf_slice string)
{
	if (json_kind(string) == JSON_STRING && string.size >= 2)
		put(writing, out, (struct hf_slice){ string.data + 1, string.size - 2 });
}

/* A string as it is, any other JSON as the text of one. */
static void put_as_string(struct writing *writing, struct buffer *out, struct hf_slice json)
{
	if (json_kind(json) == JSON_STRING)
		put(writing, out, json);
	else if (writing->exporter->rc == HF_OK)
		fail(writing, json_put_string(out, json.data, json.size));
}

/* Writes the line that was made. */
static void put_line(struct writing *writing)
{
	if (writing->is_document && writing->has_any)
		export_put_text(writing->exporter, ",");
	writing->has_any = true;
	export_json_line(writing->exporter);
}

/* ---- Parts ---- */

static void begin_part(struct writing *writing, const char *text)
{
	put_text(writing, &writing->parts, writing->part_count > 0 ? "," : "");
	put_text(writing, &writing->parts, text);
	writing->part_count++;
}

/* Text, or JSON that has no other place, as a part. */
static void put_text_part(struct writing *writing, struct hf_slice json)
{
	begin_part(writing, "{\"type\":\"text\",\"text\":");
	if (writing->part_count == 1)
		put_as_string(writing, &writing->text, json);
	put_as_string(writing, &writing->parts, json);
	put_text(writing, &writing->parts, "}");
}

static void put_data_address(struct writing *writing, const struct export_part *part)
{
	put_text(writing, &writing->parts, "\"data:");
	if (part->media_type.size > 0)
		put_inside(writing, &writing->parts, part->media_type);
	else
		put_text(writing, &writing->parts, "application/octet-stream");
	put_text(writing, &writing->parts, ";base64,");
	put_inside(writing, &writing->parts, part->data);
	put_text(writing, &writing->parts, "\"");
}

static void put_image(struct writing *writing, const struct export_part *part)
{
	if (part->data.size == 0 && part->url.size == 0) {
		export_note(writing->exporter, "images without data");
		return;
	}
	writing->is_rich = true;
	begin_part(writing, "{\"type\":\"image_url\",\"image_url\":{\"url\":");
	if (part->data.size > 0)
		put_data_address(writing, part);
	else
		put(writing, &writing->parts, part->url);
	put_text(writing, &writing->parts, "}}");
}

static void put_audio(struct writing *writing, const struct export_part *part)
{
	size_t skip = strlen("\"audio/");

	begin_part(writing, "{\"type\":\"input_audio\",\"input_audio\":{\"data\":");
	put(writing, &writing->parts, part->data);
	put_text(writing, &writing->parts, ",\"format\":\"");
	put(writing, &writing->parts,
	    (struct hf_slice){ part->media_type.data + skip, part->media_type.size - skip });
	put_text(writing, &writing->parts, "}}");
}

static void put_file(struct writing *writing, const struct export_part *part)
{
	static const char audio[] = "\"audio/";

	if (part->data.size == 0 && part->url.size == 0) {
		export_note(writing->exporter, "files without data");
		return;
	}
	writing->is_rich = true;
	if (part->data.size > 0 && part->media_type.size > sizeof audio &&
	    memcmp(part->media_type.data, audio, sizeof audio - 1) == 0) {
		put_audio(writing, part);
		return;
	}
	begin_part(writing, "{\"type\":\"file\",\"file\":{");
	if (part->name.size > 0) {
		put_text(writing, &writing->parts, "\"filename\":");
		put_as_string(writing, &writing->parts, part->name);
		put_text(writing, &writing->parts, ",");
	}
	put_text(writing, &writing->parts, part->data.size > 0 ? "\"file_data\":" : "\"file_id\":");
	if (part->data.size > 0)
		put_data_address(writing, part);
	else
		put(writing, &writing->parts, part->url);
	put_text(writing, &writing->parts, "}}");
}

static void put_call(struct writing *writing, const struct export_part *part)
{
	static const struct hf_slice unnamed = { "\"\"", 2 };
	struct buffer *out = &writing->calls;

	put_text(writing, out, writing->call_count++ > 0 ? ",{\"id\":" : "{\"id\":");
	put_as_string(writing, out, part->id.size > 0 ? part->id : unnamed);
	put_text(writing, out, ",\"type\":\"function\",\"function\":{\"name\":");
	put_as_string(writing, out, part->name.size > 0 ? part->name : unnamed);
	put_text(writing, out, ",\"arguments\":");
	put_as_string(writing, out, part->arguments);
	put_text(writing, out, "}}");
}

/* A result's content: a text, or a list whose texts are told apart from what is none. */
static void put_result_content(struct writing *writing, struct hf_slice content)
{
	struct buffer *line = &writing->exporter->line;
	struct hf_slice part = { NULL, 0 };
	size_t position = 0;
	bool is_first = true;

	if (json_kind(content) != JSON_ARRAY) {
		put_as_string(writing, line, content);
		return;
	}
	put_text(writing, line, "[");
	while (json_next(content, &position, NULL, &part)) {
		struct hf_slice text = fact_member(part, "text");

		put_text(writing, line, is_first ? "" : ",");
		is_first = false;
		if (json_kind(part) == JSON_OBJECT && json_kind(text) != JSON_STRING)
			export_note(writing->exporter, "parts of tool results that are no text");
		put_text(writing, line, "{\"type\":\"text\",\"text\":");
		put_as_string(writing, line, json_kind(text) == JSON_STRING ? text : part);
		put_text(writing, line, "}");
	}
	put_text(writing, line, "]");
}

/* A message of its own. */
static void put_result(struct writing *writing, const struct export_part *part)
{
	struct buffer *line = &writing->exporter->line;

	put_text(writing, line, "{\"role\":\"tool\",");
	if (part->id.size > 0) {
		put_text(writing, line, "\"tool_call_id\":");
		put_as_string(writing, line, part->id);
		put_text(writing, line, ",");
	} else {
		export_note(writing->exporter, "tool results without the id of their call");
	}
	if (part->name.size > 0) {
		put_text(writing, line, "\"name\":");
		put_as_string(writing, line, part->name);
		put_text(writing, line, ",");
	}
	if (part->is_error)
		export_note(writing->exporter, "that tool results are errors");
	put_text(writing, line, "\"content\":");
	put_result_content(writing, part->content);
	put_text(writing, line, "}");
	put_line(writing);
}

static void put_part(struct writing *writing, const struct export_part *part)
{
	switch (part->kind) {
	case EXPORT_TEXT:
		put_text_part(writing, part->text);
		break;
	case EXPORT_THINKING:
		export_note(writing->exporter, "thinking");
		break;
	case EXPORT_CALL:
		put_call(writing, part);
		break;
	case EXPORT_RESULT:
		put_result(writing, part);
		break;
	case EXPORT_IMAGE:
		put_image(writing, part);
		break;
	case EXPORT_FILE:
		put_file(writing, part);
		break;
	default:
		export_note(writing->exporter, "parts of unknown kinds, written as text");
		put_text_part(writing, part->json);
	}
}

/* ---- Messages ---- */

static void put_content(struct writing *writing)
{
	struct buffer *line = &writing->exporter->line;

	put_text(writing, line, ",\"content\":");
	if (writing->part_count == 0) {
		put_text(writing, line, "null");
	} else if (writing->part_count == 1 && !writing->is_rich) {
		put(writing, line, (struct hf_slice){ writing->text.data, writing->text.size });
	} else {
		put_text(writing, line, "[");
		put(writing, line, (struct hf_slice){ writing->parts.data, writing->parts.size });
		put_text(writing, line, "]");
	}
}

static void put_rest(struct writing *writing, const struct export_message *message)
{
	static const char *const roles[] = {
		[EXPORT_USER] = "{\"role\":\"user\"",
		[EXPORT_ASSISTANT] = "{\"role\":\"assistant\"",
		[EXPORT_SYSTEM] = "{\"role\":\"system\"",
		[EXPORT_TOOL] = "{\"role\":\"tool\"",
	};
	struct buffer *line = &writing->exporter->line;
	struct hf_slice name = fact_member(message->record->data, "name");

	if (writing->part_count == 0 && writing->call_count == 0)
		return;
	put_text(writing, line, roles[message->role]);
	if (json_kind(name) == JSON_STRING && message->role != EXPORT_TOOL) {
		put_text(writing, line, ",\"name\":");
		put(writing, line, name);
	}
	put_content(writing);
	if (writing->call_count > 0) {
		put_text(writing, line, ",\"tool_calls\":[");
		put(writing, line, (struct hf_slice){ writing->calls.data, writing->calls.size });
		put_text(writing, line, "]");
	}
	put_text(writing, line, "}");
	if (message->role == EXPORT_TOOL)
		export_note(writing->exporter, "tool results without the id of their call");
	put_line(writing);
}

static void begin_rest(struct writing *writing)
{
	writing->parts.size = 0;
	writing->calls.size = 0;
	writing->text.size = 0;
	writing->part_count = 0;
	writing->call_count = 0;
	writing->is_rich = false;
}

/* Results are written as they come, so before the rest of their message, but never before a
 * call that came ahead of them. */
static void put_message(struct writing *writing, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;

	begin_rest(writing);
	while (writing->exporter->rc == HF_OK && export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT && writing->call_count > 0) {
			put_rest(writing, message);
			begin_rest(writing);
		}
		put_part(writing, &part);
	}
	put_rest(writing, message);
}

static int write_chat(struct exporter *exporter, bool is_document)
{
	struct writing writing = {
		.exporter = exporter,
		.is_document = is_document,
		.parts = BUFFER_INIT(EXPORT_LINE_MAX),
		.calls = BUFFER_INIT(EXPORT_LINE_MAX),
		.text = BUFFER_INIT(EXPORT_LINE_MAX),
	};
	struct export_message message;
	struct hf_record record = { 0 };

	text_copy(exporter->done.name, sizeof exporter->done.name,
		  hf_view_info(exporter->view)->id);
	memcpy(exporter->done.name + strlen(exporter->done.name), is_document ? ".json" : ".jsonl",
	       is_document ? 6 : 7);
	if (is_document)
		export_put_text(exporter, "{\"messages\":[\n");
	while (export_next(exporter, &record, &message))
		put_message(&writing, &message);
	if (is_document)
		export_put_text(exporter, "]}\n");
	buffer_release(&writing.parts);
	buffer_release(&writing.calls);
	buffer_release(&writing.text);
	return exporter->rc;
}

int openai_write_lines(struct exporter *exporter)
{
	return write_chat(exporter, false);
}

int openai_write_document(struct exporter *exporter)
{
	return write_chat(exporter, true);
}
