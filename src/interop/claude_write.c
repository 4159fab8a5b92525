/* SPDX-License-Identifier: MIT */
/*
 * Claude Code's lines from the messages of any agent: one for each block of an answer, for
 * each result of a tool, and for what else the user's side said. Each names the one before.
 */
#include <string.h>

#include "interop/claude.h"
#include "interop/convert.h"
#include "interop/fact.h"
#include "json/read.h"

/* The version whose lines these are like. */
#define CLAUDE_VERSION "2.1.197"

enum { SESSION_SIZE = 256 };

struct writer {
	struct exporter *exporter;
	struct convert convert;
	struct hf_slice session;
	char session_text[SESSION_SIZE];
	struct hf_slice last;             /* of the original, as JSON, until a line is written */
	char parent[TEXT_UUID_SIZE + 1];  /* the line before; "": none was written yet */
	char answer[CONVERT_HEX_SIZE + 1]; /* of the model's answer that lines belong to */
	struct hf_slice reply;            /* what the source calls that answer, or empty */
	bool in_answer;
};

/* ---- Lines ---- */

static void begin_line(struct writer *writer, const char *type)
{
	struct convert *convert = &writer->convert;

	writer->exporter->line.size = 0;
	convert_put(convert, "{\"parentUuid\":");
	convert_put_parent(convert, writer->parent, writer->last);
	convert_put(convert, ",\"isSidechain\":false");
	convert_put_plain(convert, "type", type);
}

static void end_line(struct writer *writer, int64_t at_us)
{
	struct convert *convert = &writer->convert;

	convert_make_uuid(convert, writer->parent);
	convert_put_plain(convert, "uuid", writer->parent);
	convert_put(convert, ",\"timestamp\":");
	convert_put_time(convert, at_us);
	convert_put(convert, ",\"userType\":\"external\",\"entrypoint\":\"cli\",\"cwd\":");
	convert_put_project(convert);
	convert_put(convert, ",\"sessionId\":");
	convert_put_string(convert, writer->session);
	convert_put(convert, ",\"version\":\"" CLAUDE_VERSION "\",\"gitBranch\":\"\"}");
	export_json_line(writer->exporter);
}

/* ---- Blocks ---- */

static void put_image(struct writer *writer, const struct export_part *part, const char *type)
{
	struct convert *convert = &writer->convert;

	convert_put(convert, "{\"type\":\"");
	convert_put(convert, type);
	if (convert_has_data(part)) {
		convert_put_image(convert, part,
				  "\",\"source\":{\"type\":\"base64\",\"media_type\":", ",\"data\":");
	} else {
		convert_put(convert, "\",\"source\":{\"type\":\"url\",\"url\":");
		convert_put_json(convert, part->url);
	}
	convert_put(convert, "}}");
}

static void put_text(struct writer *writer, struct hf_slice string)
{
	convert_put(&writer->convert, "{\"type\":\"text\",\"text\":");
	convert_put_json(&writer->convert, string);
	convert_put(&writer->convert, "}");
}

/* Whether a part of the user's side, or of a result, can be carried over; notes it if not. */
static bool is_block(struct writer *writer, const struct export_part *part)
{
	switch (part->kind) {
	case EXPORT_TEXT: /* an empty text is refused */
		return part->text.size > 2;
	case EXPORT_IMAGE:
		if (convert_has_data(part) || part->url.size > 0)
			return true;
		export_note(writer->exporter, "images without data");
		return false;
	case EXPORT_FILE:
		if (convert_has_data(part) && fact_is(part->media_type, "application/pdf"))
			return true;
		export_note(writer->exporter, "files");
		return false;
	case EXPORT_THINKING:
		export_note(writer->exporter, "thinking, which needs its service's signature");
		return false;
	case EXPORT_CALL:
	case EXPORT_RESULT:
	case EXPORT_OTHER:
	default:
		export_note(writer->exporter, "parts of unknown kinds");
		return false;
	}
}

static void put_block(struct writer *writer, const struct export_part *part)
{
	if (part->kind == EXPORT_TEXT)
		put_text(writer, part->text);
	else
		put_image(writer, part, part->kind == EXPORT_FILE ? "document" : "image");
}

/* ---- The user's side ---- */

static void begin_user(struct writer *writer)
{
	begin_line(writer, "user");
	convert_put(&writer->convert, ",\"message\":{\"role\":\"user\",\"content\":[");
}

static void put_result_content(struct writer *writer, struct hf_slice content)
{
	struct convert *convert = &writer->convert;
	struct export_message parts = { .role = EXPORT_USER, .content = content };
	struct export_part part;
	size_t position = 0;
	bool is_first = true;

	if (json_kind(content) == JSON_STRING) {
		convert_put_json(convert, content);
		return;
	}
	if (json_kind(content) != JSON_ARRAY) {
		convert_put_string(convert, content);
		return;
	}
	convert_put(convert, "[");
	while (export_part_next(&parts, &position, &part)) {
		if (!is_block(writer, &part))
			continue;
		convert_put(convert, is_first ? "" : ",");
		put_block(writer, &part);
		is_first = false;
	}
	convert_put(convert, "]");
}

/* A result whose call is not there is no result to the service: it is said as text. */
static void write_stray(struct writer *writer, const struct export_part *part, int64_t at_us)
{
	export_note(writer->exporter, "results without their calls, written as text");
	begin_user(writer);
	if (json_kind(part->content) == JSON_STRING && part->content.size > 2) {
		put_text(writer, part->content);
	} else {
		convert_put(&writer->convert, "{\"type\":\"text\",\"text\":");
		convert_put_string(&writer->convert, part->content);
		convert_put(&writer->convert, "}");
	}
	convert_put(&writer->convert, "]}");
	end_line(writer, at_us);
}

static void write_result(struct writer *writer, const struct export_part *part, int64_t at_us)
{
	struct convert *convert = &writer->convert;
	struct convert_call call;

	if (!convert_close(convert, part, &call)) {
		write_stray(writer, part, at_us);
		return;
	}
	begin_user(writer);
	convert_put(convert, "{\"tool_use_id\":\"");
	convert_put(convert, call.made);
	convert_put(convert, "\",\"type\":\"tool_result\",\"content\":");
	put_result_content(writer, part->content);
	convert_put(convert, part->is_error ? ",\"is_error\":true}]}" : ",\"is_error\":false}]}");
	end_line(writer, at_us);
}

/* Answers all calls that still wait. */
static void answer_calls(struct writer *writer, int64_t at_us)
{
	static const struct hf_slice text = { "\"[no result was recorded]\"", 26 };
	const struct export_part none = { .kind = EXPORT_RESULT, .content = text,
					  .is_error = true };

	while (writer->convert.count > 0 && writer->exporter->rc == HF_OK) {
		export_note(writer->exporter, "calls without a result, answered by an error");
		write_result(writer, &none, at_us);
	}
	writer->in_answer = false;
}

/* Writes the results of a message, each on its line. Calls that still wait are answered only
 * where the message says something else too: hosts put results under the user's name, as the
 * service wants them, and maybe in several messages. */
static void write_results(struct writer *writer, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;
	bool is_said = false;

	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT)
			write_result(writer, &part, message->at_us);
		else
			is_said = true;
	}
	if (is_said && message->role != EXPORT_TOOL)
		answer_calls(writer, message->at_us);
}

/* Results first; then all the rest on one line. */
static void write_user(struct writer *writer, const struct export_message *message)
{
	struct convert *convert = &writer->convert;
	struct export_part part;
	size_t position = 0;
	bool is_first = true;

	if (message->role == EXPORT_SYSTEM)
		export_note(writer->exporter, "system messages, written as the user's");
	write_results(writer, message);
	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT || !is_block(writer, &part))
			continue;
		if (is_first)
			begin_user(writer);
		convert_put(convert, is_first ? "" : ",");
		put_block(writer, &part);
		is_first = false;
	}
	if (is_first)
		return;
	convert_put(convert, message->role == EXPORT_SYSTEM ? "]},\"isMeta\":true" : "]}");
	end_line(writer, message->at_us);
}

/* A summary stands for what came before: the chain begins anew with it. */
static void write_summary(struct writer *writer, const struct export_message *message)
{
	struct convert *convert = &writer->convert;
	struct export_part part;
	size_t position = 0;
	bool is_first = true;

	answer_calls(writer, message->at_us);
	writer->exporter->line.size = 0;
	convert_put(convert, "{\"parentUuid\":null,\"logicalParentUuid\":");
	convert_put_parent(convert, writer->parent, writer->last);
	convert_put(convert, ",\"isSidechain\":false,\"type\":\"system\","
			     "\"subtype\":\"compact_boundary\","
			     "\"content\":\"Conversation compacted\",\"isMeta\":false,"
			     "\"level\":\"info\",\"compactMetadata\":{\"trigger\":\"auto\","
			     "\"preTokens\":0}");
	end_line(writer, message->at_us);
	begin_user(writer);
	while (export_part_next(message, &position, &part)) {
		if (part.kind != EXPORT_TEXT || !is_block(writer, &part))
			continue;
		convert_put(convert, is_first ? "" : ",");
		put_text(writer, part.text);
		is_first = false;
	}
	convert_put(convert, "]},\"isVisibleInTranscriptOnly\":true,\"isCompactSummary\":true");
	end_line(writer, message->at_us);
}

/* ---- Answers ---- */

static bool has_call(const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;

	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_CALL)
			return true;
	}
	return false;
}

/* Lines go on with an answer if the source says so, and while calls of it wait: a service
 * wants their results right behind the answer. */
static void begin_answer(struct writer *writer, const struct export_message *message)
{
	bool goes_on = writer->in_answer && (convert_same(writer->reply, message->reply) ||
					     writer->convert.count > 0);

	writer->reply = message->reply;
	writer->in_answer = true;
	if (goes_on)
		return;
	convert_make_hex(&writer->convert, writer->answer);
	writer->answer[24] = '\0';
}

static void begin_block(struct writer *writer, const struct export_message *message)
{
	struct convert *convert = &writer->convert;

	begin_line(writer, "assistant");
	if (message->is_error)
		convert_put(convert, ",\"error\":\"unknown\",\"isApiErrorMessage\":true");
	convert_put(convert, ",\"message\":{\"id\":\"msg_");
	convert_put(convert, writer->answer);
	convert_put(convert, "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
	if (message->is_error)
		convert_put(convert, "\"<synthetic>\"");
	else if (json_kind(message->model) == JSON_STRING)
		convert_put_json(convert, message->model);
	else
		convert_put(convert, "\"unknown\"");
	convert_put(convert, ",\"content\":[");
}

static void end_block(struct writer *writer, const struct export_message *message, bool calls)
{
	struct convert *convert = &writer->convert;

	convert_put(convert, "],\"stop_sequence\":null");
	convert_put_plain(convert, "stop_reason", calls ? "tool_use" : "end_turn");
	convert_put(convert, ",\"usage\":{\"input_tokens\":");
	(void)convert_put_usage(convert, message->usage, "input", "input_tokens");
	convert_put(convert, ",\"output_tokens\":");
	(void)convert_put_usage(convert, message->usage, "output", "output_tokens");
	convert_put(convert, ",\"cache_read_input_tokens\":");
	(void)convert_put_usage(convert, message->usage, "cache_read", "cache_read_input_tokens");
	convert_put(convert, ",\"cache_creation_input_tokens\":");
	(void)convert_put_usage(convert, message->usage, "cache_write", "cache_creation_input_tokens");
	convert_put(convert, "}}");
	end_line(writer, message->at_us);
}

static void write_call(struct writer *writer, const struct export_part *part)
{
	struct convert *convert = &writer->convert;

	convert_put(convert, "{\"type\":\"tool_use\",\"id\":\"");
	convert_put(convert, convert_open(convert, part));
	convert_put(convert, "\",\"name\":");
	if (json_kind(part->name) == JSON_STRING && part->name.size > 2)
		convert_put_json(convert, part->name);
	else
		convert_put(convert, "\"unknown\"");
	convert_put(convert, ",\"input\":");
	convert_put_arguments(convert, part->arguments);
	convert_put(convert, "}");
}

static void write_answer(struct writer *writer, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;
	bool calls = has_call(message);

	begin_answer(writer, message);
	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT) {
			write_result(writer, &part, message->at_us);
		} else if (part.kind == EXPORT_IMAGE || part.kind == EXPORT_FILE) {
			export_note(writer->exporter, "images and files that the model gave");
		} else if (part.kind == EXPORT_CALL || is_block(writer, &part)) {
			begin_block(writer, message);
			if (part.kind == EXPORT_CALL)
				write_call(writer, &part);
			else
				put_text(writer, part.text);
			end_block(writer, message, calls);
		}
	}
}

/* ---- All of it ---- */

static void write_title(struct writer *writer)
{
	struct convert *convert = &writer->convert;
	const struct hf_info *info = hf_view_info(writer->exporter->view);

	if (info->name.size == 0 || writer->exporter->is_continued)
		return;
	writer->exporter->line.size = 0;
	convert_put(convert, "{\"type\":\"custom-title\",\"customTitle\":");
	convert_put_string(convert, info->name);
	convert_put(convert, ",\"sessionId\":");
	convert_put_string(convert, writer->session);
	convert_put(convert, "}");
	export_json_line(writer->exporter);
}

int claude_write(struct exporter *exporter)
{
	struct writer writer = { .exporter = exporter };
	struct hf_record record = { 0 };
	struct export_message message = { 0 };
	struct hf_slice branch;

	convert_init(&writer.convert, exporter);
	writer.session = convert_session(exporter, writer.session_text,
					 sizeof writer.session_text);
	if (exporter->is_continued)
		writer.last = convert_last_id(exporter->view);
	while (export_next(exporter, &record, &message)) {
		writer.convert.n = record.n;
		writer.convert.part = 0;
		if (message.is_summary && !json_member(record.data, "branch", &branch))
			write_summary(&writer, &message);
		else if (message.role == EXPORT_ASSISTANT)
			write_answer(&writer, &message);
		else
			write_user(&writer, &message);
	}
	answer_calls(&writer, message.at_us);
	write_title(&writer);
	convert_name(exporter, "", writer.session_text, ".jsonl");
	convert_release(&writer.convert);
	return exporter->rc;
}
