/* SPDX-License-Identifier: MIT */
/*
 * Writing rollouts. Written are lines as version 0.58 has them, which later versions read
 * and go on with in the same way; a rollout of a version that numbers its lines is gone on
 * with in numbered ones, for such a version refuses others.
 *
 * Thinking of another model is shown, but not given to the model: its service takes back
 * only what it has encrypted itself.
 */
#include <string.h>

#include "interop/codex.h"
#include "interop/codex_line.h"
#include "interop/fact.h"
#include "interop/stored.h"
#include "json/read.h"

enum {
	TOOL_NAME_SIZE = 65, /* of a tool's name that services take, with its NUL */
	SECOND_SIZE = 19,    /* 2026-11-22T23:54:13 */
};

/* Counts what has no place in a rollout. */
static void note_rest(struct codex_writer *writer, const struct export_part *part)
{
	if (part->kind == EXPORT_FILE)
		export_note(writer->exporter, "attached files");
	else if (part->kind == EXPORT_IMAGE && !codex_is_shown(part))
		export_note(writer->exporter, "images without data");
	else if (part->kind == EXPORT_OTHER)
		export_note(writer->exporter, "content of an unknown kind");
}

/* ---- Tools ---- */

/* What services take in ids and names. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/* A tool's name with what services refuse replaced. */
static void put_tool_name(struct codex_writer *writer, struct hf_slice string)
{
	char name[TOOL_NAME_SIZE];
	int64_t size = json_text(string, name, sizeof name);
	bool is_plain = size > 0 && (size_t)size < sizeof name;

	if (size <= 0)
		text_copy(name, sizeof name, "unknown");
	for (char *at = name + strspn(name, plain); *at != '\0'; at += strspn(at, plain)) {
		*at = '_';
		is_plain = false;
	}
	if (!is_plain)
		export_note(writer->exporter, "names of tools as they were");
	convert_put_plain(&writer->convert, "name", name);
}

static void write_call(struct codex_writer *writer, const struct export_part *call)
{
	const char *id = convert_open(&writer->convert, call);
	size_t start;

	codex_begin_line(writer, "response_item");
	codex_put(writer, "\"type\":\"function_call\"");
	put_tool_name(writer, call->name);
	codex_put(writer, ",\"arguments\":");
	start = writer->exporter->line.size;
	convert_put_arguments(&writer->convert, call->arguments);
	codex_pack(writer, start);
	convert_put_plain(&writer->convert, "call_id", id);
	codex_end_line(writer);
}

static void begin_output(struct codex_writer *writer, const struct convert_call *call)
{
	codex_begin_line(writer, "response_item");
	codex_put(writer, "\"type\":\"function_call_output\"");
	convert_put_plain(&writer->convert, "call_id", call->made);
	codex_put(writer, ",\"output\":");
}

static void put_output(struct codex_writer *writer, struct hf_slice content)
{
	struct export_message parts = { .role = EXPORT_USER, .content = content };
	size_t start = writer->exporter->line.size;
	bool is_list = json_kind(content) == JSON_ARRAY;

	if (json_kind(content) == JSON_STRING) {
		codex_put_string(writer, content);
	} else if (is_list && codex_count_parts(&parts, EXPORT_IMAGE) > 0) {
		codex_put_content(writer, &parts, "input_text");
	} else if (is_list && codex_count_parts(&parts, EXPORT_TEXT) > 0) {
		codex_put_texts(writer, &parts);
	} else {
		convert_put_json(&writer->convert, content);
		codex_pack(writer, start);
	}
}

/* Whether a call can be in the original that is gone on with: its id is written as it is. */
static bool is_of_original(struct codex_writer *writer, struct convert_call *call)
{
	int64_t size = json_text(call->id, call->made, sizeof call->made);

	return writer->exporter->is_continued && size > 0 && (size_t)size < sizeof call->made &&
	       call->made[strspn(call->made, plain)] == '\0';
}

static void write_result(struct codex_writer *writer, const struct export_part *result)
{
	struct convert_call call = { .id = result->id };

	if (!convert_close(&writer->convert, result, &call) && !is_of_original(writer, &call)) {
		export_note(writer->exporter, "results of calls that are not there");
		return;
	}
	begin_output(writer, &call);
	put_output(writer, result->content);
	codex_end_line(writer);
	if (result->is_error)
		export_note(writer->exporter, "marks of tools that failed");
}

/* Answers what nothing has answered; the word is the one that Codex uses itself. */
static void answer_rest(struct codex_writer *writer)
{
	static const struct export_part any = { .kind = EXPORT_RESULT };
	struct convert_call call;

	while (writer->exporter->rc == HF_OK && convert_close(&writer->convert, &any, &call)) {
		begin_output(writer, &call);
		codex_put(writer, "\"aborted\"");
		codex_end_line(writer);
		export_note(writer->exporter, "calls without a result, which got one made up");
	}
}

/* ---- Messages ---- */

static void write_message(struct codex_writer *writer, const struct export_message *message,
			  const char *role)
{
	codex_begin_line(writer, "response_item");
	codex_put(writer, "\"type\":\"message\",\"role\":\"");
	codex_put(writer, role);
	codex_put(writer, "\",\"content\":");
	codex_put_content(writer, message, "input_text");
	codex_end_line(writer);
}

/* What the screen and the list of sessions show of a user's message. */
static void write_user_event(struct codex_writer *writer, const struct export_message *message)
{
	struct export_part part = { 0 };
	size_t position = 0;
	const char *before = ",\"images\":[";

	codex_begin_line(writer, "event_msg");
	codex_put(writer, "\"type\":\"user_message\",\"message\":");
	codex_put_texts(writer, message);
	while (export_part_next(message, &position, &part)) {
		if (part.kind != EXPORT_IMAGE || !codex_is_shown(&part))
			continue;
		codex_put(writer, before);
		codex_put_address(writer, &part);
		before = ",";
	}
	codex_put(writer, before[1] == '\0' ? "]" : ",\"images\":[]");
	codex_end_line(writer);
}

static void write_results(struct codex_writer *writer, const struct export_message *message)
{
	struct export_part part = { 0 };
	size_t position = 0;

	while (export_part_next(message, &position, &part)) {
		if (message->role == EXPORT_TOOL && part.kind == EXPORT_TEXT)
			part = (struct export_part){ .kind = EXPORT_RESULT, .content = part.text };
		if (part.kind == EXPORT_RESULT)
			write_result(writer, &part);
		else
			note_rest(writer, &part);
	}
}

static void write_user(struct codex_writer *writer, const struct export_message *message)
{
	write_results(writer, message);
	if (codex_count_parts(message, EXPORT_TEXT) + codex_count_parts(message, EXPORT_IMAGE) == 0)
		return;
	answer_rest(writer);
	write_message(writer, message, "user");
	write_user_event(writer, message);
}

static void write_event(struct codex_writer *writer, const char *start, struct hf_slice text)
{
	codex_begin_line(writer, "event_msg");
	codex_put(writer, start);
	codex_put_string(writer, text);
	codex_end_line(writer);
}

static void write_text(struct codex_writer *writer, struct hf_slice text)
{
	write_event(writer, "\"type\":\"agent_message\",\"message\":", text);
	codex_begin_line(writer, "response_item");
	codex_put(writer, "\"type\":\"message\",\"role\":\"assistant\",\"content\":"
		    "[{\"type\":\"output_text\",\"text\":");
	codex_put_string(writer, text);
	codex_put(writer, "}]");
	codex_end_line(writer);
}

static void write_assistant(struct codex_writer *writer, const struct export_message *message)
{
	struct export_part part = { 0 };
	size_t position = 0;

	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_TEXT) {
			write_text(writer, part.text);
		} else if (part.kind == EXPORT_THINKING) {
			write_event(writer, "\"type\":\"agent_reasoning\",\"text\":", part.text);
			export_note(writer->exporter, "thinking, which is shown but not given to the model");
		} else if (part.kind == EXPORT_CALL) {
			write_call(writer, &part);
		} else if (part.kind == EXPORT_RESULT) {
			write_result(writer, &part);
		} else if (part.kind == EXPORT_IMAGE) {
			export_note(writer->exporter, "images that a model made");
		} else {
			note_rest(writer, &part);
		}
	}
}

static void write_summary(struct codex_writer *writer, const struct export_message *message)
{
	answer_rest(writer);
	codex_begin_line(writer, "compacted");
	codex_put(writer, "\"message\":");
	codex_put_texts(writer, message);
	codex_end_line(writer);
}

static void write_one(struct codex_writer *writer, const struct export_message *message)
{
	writer->convert.n = message->record->n;
	writer->convert.part = 0;
	writer->at_us = message->at_us;
	if (message->is_error)
		export_note(writer->exporter, "errors of the service");
	else if (message->is_summary)
		write_summary(writer, message);
	else if (message->role == EXPORT_USER)
		write_user(writer, message);
	else if (message->role == EXPORT_ASSISTANT)
		write_assistant(writer, message);
	else if (message->role == EXPORT_TOOL)
		write_results(writer, message);
	else if (codex_count_parts(message, EXPORT_TEXT) > 0)
		write_message(writer, message, "developer");
}

/* ---- The session ---- */

/* When the conversation began. */
static int64_t begin_time(const struct exporter *exporter)
{
	int64_t time_us = hf_view_info(exporter->view)->created_us;
	struct export_message message;
	struct hf_record record;

	if (hf_transcript_next(exporter->transcript, &record)) {
		export_message_read(&record, &message);
		time_us = message.at_us;
	}
	hf_transcript_rewind(exporter->transcript);
	return time_us;
}

/* rollout-<time>-<id>.jsonl: Codex finds a session by the id in the name. */
static void name_file(struct codex_writer *writer, struct hf_slice id)
{
	char time[TEXT_TIME_SIZE];
	struct buffer name = BUFFER_INIT(sizeof writer->exporter->done.name - 1);
	int rc;

	text_put_time(writer->at_us, time);
	time[13] = '-';
	time[16] = '-';
	rc = buffer_put_text(&name, "rollout-");
	rc = rc == HF_OK ? buffer_put(&name, time, SECOND_SIZE) : rc;
	rc = rc == HF_OK ? buffer_put_text(&name, "-") : rc;
	rc = rc == HF_OK ? buffer_put(&name, id.data, id.size) : rc;
	rc = rc == HF_OK ? buffer_put(&name, ".jsonl", sizeof ".jsonl") : rc;
	if (rc == HF_OK)
		memcpy(writer->exporter->done.name, name.data, name.size);
	else if (rc == HF_ERR_NOMEM)
		writer->exporter->rc = rc;
	buffer_release(&name);
}

/* What a session is to be gone on with without a provider's name goes on with the one that
 * Codex is set up for, and is listed under it. */
static void write_meta(struct codex_writer *writer, struct hf_slice id)
{
	const struct hf_info *info = hf_view_info(writer->exporter->view);

	codex_begin_line(writer, "session_meta");
	codex_put(writer, "\"id\":");
	convert_put_string(&writer->convert, id);
	codex_put(writer, ",\"timestamp\":");
	convert_put_time(&writer->convert, writer->at_us);
	codex_put(writer, ",\"cwd\":");
	if (info->project.size > 0)
		convert_put_string(&writer->convert, info->project);
	else
		codex_put(writer, "\"/\"");
	codex_put(writer, ",\"originator\":\"holdfast\",\"cli_version\":\"0.58.0\","
		    "\"instructions\":null,\"source\":\"cli\"");
	codex_end_line(writer);
}

/* The line that a record holds, as JSON; empty if it holds none. */
static struct hf_slice line_of(struct codex_writer *writer, const struct stored *stored)
{
	struct hf_slice line = fact_member(stored->source, "json");

	if (line.size > 0 || !stored->has_bytes || stored->has_more)
		return line;
	writer->scratch.size = 0;
	if (stored_bytes(stored, &writer->scratch) != HF_OK)
		return line;
	return (struct hf_slice){ writer->scratch.data, writer->scratch.size };
}

/* The number of the line behind the original's last one, if its lines have numbers. */
static void go_on(struct codex_writer *writer)
{
	struct hf_record record = { 0 };
	struct stored stored;

	while (hf_view_next(writer->exporter->view, &record)) {
		struct hf_slice ordinal;
		uint64_t number = 0;

		if (!stored_read(&record, &stored))
			continue;
		ordinal = fact_member(line_of(writer, &stored), "ordinal");
		if (!text_get_u64(ordinal.data, ordinal.size, &number) || number == UINT64_MAX)
			continue;
		writer->is_numbered = true;
		writer->ordinal = number + 1;
	}
}

int codex_write(struct exporter *exporter)
{
	struct codex_writer writer = { .exporter = exporter,
				       .scratch = BUFFER_INIT(EXPORT_LINE_MAX) };
	struct export_message message;
	struct hf_record record;
	char session[FACT_SIZE_MAX];
	struct hf_slice id = convert_session(exporter, session, sizeof session);

	convert_init(&writer.convert, exporter);
	writer.at_us = begin_time(exporter);
	if (exporter->is_continued) {
		go_on(&writer);
	} else {
		name_file(&writer, id);
		write_meta(&writer, id);
	}
	while (export_next(exporter, &record, &message))
		write_one(&writer, &message);
	answer_rest(&writer);
	convert_release(&writer.convert);
	buffer_release(&writer.scratch);
	return exporter->rc;
}
