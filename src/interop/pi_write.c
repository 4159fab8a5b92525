/* SPDX-License-Identifier: MIT */
/*
 * pi's entries from the messages of any agent: a whole answer of the model's is one entry,
 * which is why parts are gathered until it is known that the answer is over.
 */
#include <string.h>

#include "interop/convert.h"
#include "interop/fact.h"
#include "interop/pi.h"
#include "json/read.h"

enum { SESSION_SIZE = 256, ENTRY_ID_SIZE = 8 };

struct writer {
	struct exporter *exporter;
	struct convert convert;
	struct hf_slice session;
	char session_text[SESSION_SIZE];
	struct hf_slice last;            /* of the original, as JSON, until an entry is written */
	char parent[TEXT_UUID_SIZE + 1]; /* the entry before; "": none was written yet */
	uint32_t entries;
	uint32_t first_id;
	/* The answer that is gathered in exporter->line: its content, not closed yet. */
	bool in_answer;
	bool has_parts;
	bool has_calls;
	struct hf_slice reply, model, usage; /* of its newest message, in the exporter's view */
	int64_t at_us;
};

/* ---- Entries ---- */

/* pi's ids are 8 hexadecimal digits that are unique in the file: counted ones, shuffled by a
 * multiplication that can be undone. Behind an original they are UUIDs, which nothing there
 * can be equal to. */
static void make_entry_id(struct writer *writer, char id[static TEXT_UUID_SIZE + 1])
{
	uint32_t number = writer->first_id + writer->entries++ * UINT32_C(2654435761);

	if (writer->exporter->is_continued) {
		convert_make_uuid(&writer->convert, id);
		return;
	}
	for (size_t i = 0; i < ENTRY_ID_SIZE; i++)
		id[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 15];
	id[ENTRY_ID_SIZE] = '\0';
}

/* Puts what all entries begin with, and makes this the last one. */
static void begin_entry(struct writer *writer, const char *type, int64_t at_us)
{
	struct convert *convert = &writer->convert;
	char id[TEXT_UUID_SIZE + 1];

	make_entry_id(writer, id);
	writer->exporter->line.size = 0;
	convert_put(convert, "{\"type\":\"");
	convert_put(convert, type);
	convert_put(convert, "\"");
	convert_put_plain(convert, "id", id);
	convert_put(convert, ",\"parentId\":");
	convert_put_parent(convert, writer->parent, writer->last);
	convert_put(convert, ",\"timestamp\":");
	convert_put_time(convert, at_us);
	memcpy(writer->parent, id, sizeof id);
}

static void end_entry(struct writer *writer)
{
	convert_put(&writer->convert, "}");
	export_json_line(writer->exporter);
}

static void write_header(struct writer *writer, int64_t at_us)
{
	struct convert *convert = &writer->convert;

	writer->exporter->line.size = 0;
	convert_put(convert, "{\"type\":\"session\",\"version\":3,\"id\":");
	convert_put_string(convert, writer->session);
	convert_put(convert, ",\"timestamp\":");
	convert_put_time(convert, at_us);
	convert_put(convert, ",\"cwd\":");
	convert_put_project(convert);
	end_entry(writer);
}

/* ---- Parts ---- */

static void put_part(struct writer *writer, const struct export_part *part)
{
	struct convert *convert = &writer->convert;
	bool is_thinking = part->kind == EXPORT_THINKING;

	if (part->kind == EXPORT_IMAGE) {
		convert_put_image(convert, part, "{\"type\":\"image\",\"mimeType\":", ",\"data\":");
	} else {
		convert_put(convert, is_thinking ? "{\"type\":\"thinking\",\"thinking\":"
						 : "{\"type\":\"text\",\"text\":");
		convert_put_json(convert, part->text);
	}
	convert_put(convert, "}");
}

static void put_call(struct writer *writer, const struct export_part *part)
{
	struct convert *convert = &writer->convert;

	convert_put(convert, "{\"type\":\"toolCall\",\"id\":\"");
	convert_put(convert, convert_open(convert, part));
	convert_put(convert, "\",\"name\":");
	if (json_kind(part->name) == JSON_STRING)
		convert_put_json(convert, part->name);
	else
		convert_put(convert, "\"unknown\"");
	convert_put(convert, ",\"arguments\":");
	convert_put_arguments(convert, part->arguments);
	convert_put(convert, "}");
}

/* Whether a part that is text or an image can be carried over; notes it if not. */
static bool is_carried(struct writer *writer, const struct export_part *part)
{
	if (part->kind == EXPORT_TEXT || (part->kind == EXPORT_IMAGE && convert_has_data(part)))
		return true;
	export_note(writer->exporter, part->kind == EXPORT_IMAGE  ? "images without data"
				      : part->kind == EXPORT_FILE ? "files"
								  : "parts of unknown kinds");
	return false;
}

/* Puts what a result holds, or what the user said, as an array without its end. */
static void put_content(struct writer *writer, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;
	bool is_first = true;

	convert_put(&writer->convert, "[");
	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT || !is_carried(writer, &part))
			continue;
		convert_put(&writer->convert, is_first ? "" : ",");
		put_part(writer, &part);
		is_first = false;
	}
	convert_put(&writer->convert, "]");
}

/* ---- Answers ---- */

/* Which of pi's interfaces a model is behind, as far as its name tells. */
static void put_interface(struct writer *writer, struct hf_slice model)
{
	static const struct { const char *begins, *api, *provider; } known[] = {
		{ "claude", "anthropic-messages", "anthropic" },
		{ "gpt", "openai-responses", "openai" },
		{ "gemini", "google-generative-ai", "google" },
		{ "", "openai-completions", "unknown" },
	};
	size_t i = 0;

	while (known[i].begins[0] != '\0' && !fact_begins(model, known[i].begins))
		i++;
	convert_put_plain(&writer->convert, "api", known[i].api);
	convert_put_plain(&writer->convert, "provider", known[i].provider);
	convert_put(&writer->convert, ",\"model\":");
	if (json_kind(model) == JSON_STRING)
		convert_put_json(&writer->convert, model);
	else
		convert_put(&writer->convert, "\"unknown\"");
}

static void put_usage(struct writer *writer)
{
	static const char *const names[][3] = {
		{ "input", "input", "input_tokens" },
		{ "output", "output", "output_tokens" },
		{ "cacheRead", "cache_read", "cache_read_input_tokens" },
		{ "cacheWrite", "cache_write", "cache_creation_input_tokens" },
	};
	struct convert *convert = &writer->convert;
	uint64_t total = 0;

	convert_put(convert, ",\"usage\":{");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		convert_put(convert, i > 0 ? ",\"" : "\"");
		convert_put(convert, names[i][0]);
		convert_put(convert, "\":");
		total += convert_put_usage(convert, writer->usage, names[i][1], names[i][2]);
	}
	convert_put(convert, ",\"totalTokens\":");
	convert_put_number(convert, total);
	convert_put(convert, ",\"cost\":{\"input\":0,\"output\":0,\"cacheRead\":0,"
			     "\"cacheWrite\":0,\"total\":0}}");
}

static void end_message(struct writer *writer)
{
	convert_put(&writer->convert, ",\"timestamp\":");
	convert_put_ms(&writer->convert, writer->at_us);
	convert_put(&writer->convert, "}");
	end_entry(writer);
}

/* error: what the service said, as a string, or empty. */
static void end_answer(struct writer *writer, const char *stop_reason, struct hf_slice error)
{
	convert_put(&writer->convert, "]");
	put_interface(writer, writer->model);
	put_usage(writer);
	convert_put_plain(&writer->convert, "stopReason", stop_reason);
	if (error.size > 0) {
		convert_put(&writer->convert, ",\"errorMessage\":");
		convert_put_json(&writer->convert, error);
	}
	end_message(writer);
	writer->in_answer = false;
}

/* Ends the answer that is gathered, if there is one. */
static void close_answer(struct writer *writer)
{
	if (writer->in_answer)
		end_answer(writer, writer->has_calls ? "toolUse" : "stop",
			   (struct hf_slice){ NULL, 0 });
}

static void begin_answer(struct writer *writer, const struct export_message *message)
{
	bool goes_on = writer->in_answer && (convert_same(writer->reply, message->reply) ||
					     writer->convert.count > 0);

	if (!goes_on) {
		close_answer(writer);
		begin_entry(writer, "message", message->at_us);
		convert_put(&writer->convert, ",\"message\":{\"role\":\"assistant\",\"content\":[");
		writer->in_answer = true;
		writer->has_parts = false;
		writer->has_calls = false;
	}
	writer->reply = message->reply;
	writer->model = message->model;
	writer->usage = message->usage;
	writer->at_us = message->at_us;
}

/* ---- Results ---- */

static void put_result_content(struct writer *writer, struct hf_slice content)
{
	const struct export_message parts = { .role = EXPORT_USER, .content = content };
	enum json_kind kind = json_kind(content);

	if (kind == JSON_ARRAY) {
		put_content(writer, &parts);
		return;
	}
	convert_put(&writer->convert, "[{\"type\":\"text\",\"text\":");
	if (kind == JSON_STRING)
		convert_put_json(&writer->convert, content);
	else
		convert_put_string(&writer->convert, content);
	convert_put(&writer->convert, "}]");
}

static void write_result(struct writer *writer, const struct export_part *part)
{
	struct convert *convert = &writer->convert;
	struct convert_call call = { .made = "" };
	bool is_known;

	close_answer(writer);
	is_known = convert_close(convert, part, &call);
	begin_entry(writer, "message", writer->at_us);
	if (!is_known) {
		export_note(writer->exporter, "results without their calls, written as text");
		convert_put(convert, ",\"message\":{\"role\":\"user\",\"content\":");
		put_result_content(writer, part->content);
		end_message(writer);
		return;
	}
	convert_put(convert, ",\"message\":{\"role\":\"toolResult\"");
	convert_put_plain(convert, "toolCallId", call.made);
	convert_put(convert, ",\"toolName\":");
	if (json_kind(part->name) == JSON_STRING)
		convert_put_json(convert, part->name);
	else if (json_kind(call.name) == JSON_STRING)
		convert_put_json(convert, call.name);
	else
		convert_put(convert, "\"unknown\"");
	convert_put(convert, ",\"content\":");
	put_result_content(writer, part->content);
	convert_put(convert, part->is_error ? ",\"isError\":true" : ",\"isError\":false");
	end_message(writer);
}

/* Answers all calls that still wait. */
static void answer_calls(struct writer *writer)
{
	static const struct hf_slice text = { "\"[no result was recorded]\"", 26 };
	const struct export_part none = { .kind = EXPORT_RESULT, .content = text,
					  .is_error = true };

	close_answer(writer);
	while (writer->convert.count > 0 && writer->exporter->rc == HF_OK) {
		export_note(writer->exporter, "calls without a result, answered by an error");
		write_result(writer, &none);
	}
}

/* ---- Messages ---- */

static void write_part_of_answer(struct writer *writer, const struct export_part *part)
{
	if (part->kind == EXPORT_FILE || part->kind == EXPORT_IMAGE) {
		export_note(writer->exporter, "images and files that the model gave");
		return;
	}
	if (part->kind != EXPORT_CALL && part->kind != EXPORT_THINKING && !is_carried(writer, part))
		return;
	convert_put(&writer->convert, writer->has_parts ? "," : "");
	writer->has_parts = true;
	writer->has_calls |= part->kind == EXPORT_CALL;
	if (part->kind == EXPORT_CALL)
		put_call(writer, part);
	else
		put_part(writer, part);
}

static void write_answer(struct writer *writer, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;

	begin_answer(writer, message);
	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT) {
			write_result(writer, &part);
			begin_answer(writer, message);
		} else {
			write_part_of_answer(writer, &part);
		}
	}
}

/* An error of the service is an answer without content. */
static void write_error(struct writer *writer, const struct export_message *message)
{
	struct export_part part = { 0 };
	struct hf_slice error = { "\"\"", 2 };
	size_t position = 0;

	close_answer(writer);
	begin_answer(writer, message);
	if (export_part_next(message, &position, &part) && part.kind == EXPORT_TEXT)
		error = part.text;
	end_answer(writer, "error", error);
}

/* Writes the results of a message, each in an entry. Calls that still wait are answered only if
 * it says something else too: hosts put results under the user's name, maybe in several
 * messages. False: nothing else can be carried over. */
static bool write_results(struct writer *writer, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;
	bool is_said = false;
	bool is_kept = false;

	while (export_part_next(message, &position, &part)) {
		if (part.kind == EXPORT_RESULT)
			write_result(writer, &part);
		is_said |= part.kind != EXPORT_RESULT;
		is_kept |= part.kind == EXPORT_TEXT ||
			   (part.kind == EXPORT_IMAGE && convert_has_data(&part));
	}
	if (is_said && message->role != EXPORT_TOOL)
		answer_calls(writer);
	if (!is_kept) { /* only noted: the line may be an answer that goes on */
		size_t size = writer->exporter->line.size;

		put_content(writer, message);
		writer->exporter->line.size = size;
	}
	return is_kept;
}

/* Results first; then all the rest in one entry. */
static void write_user(struct writer *writer, const struct export_message *message)
{
	if (message->role == EXPORT_SYSTEM)
		export_note(writer->exporter, "system messages, written as the user's");
	writer->at_us = message->at_us;
	if (!write_results(writer, message))
		return;
	close_answer(writer);
	begin_entry(writer, "message", message->at_us);
	convert_put(&writer->convert, ",\"message\":{\"role\":\"user\",\"content\":");
	put_content(writer, message);
	end_message(writer);
}

/* Of what is before a compaction pi keeps what begins with an entry; here itself: nothing. */
static void write_summary(struct writer *writer, const struct export_message *message,
			  bool is_branch)
{
	struct convert *convert = &writer->convert;
	struct export_part part = { 0 };
	size_t position = 0;

	answer_calls(writer);
	begin_entry(writer, is_branch ? "branch_summary" : "compaction", message->at_us);
	convert_put_plain(convert, is_branch ? "fromId" : "firstKeptEntryId", writer->parent);
	convert_put(convert, is_branch ? ",\"summary\":" : ",\"tokensBefore\":0,\"summary\":");
	if (export_part_next(message, &position, &part) && part.kind == EXPORT_TEXT)
		convert_put_json(convert, part.text);
	else
		convert_put(convert, "\"\"");
	end_entry(writer);
}

static void write_message(struct writer *writer, const struct export_message *message)
{
	struct hf_slice branch;
	bool is_branch = json_member(message->record->data, "branch", &branch);

	if (message->is_summary)
		write_summary(writer, message, is_branch);
	else if (message->role == EXPORT_ASSISTANT && message->is_error)
		write_error(writer, message);
	else if (message->role == EXPORT_ASSISTANT)
		write_answer(writer, message);
	else
		write_user(writer, message);
}

/* ---- All of it ---- */

static void write_name(struct writer *writer, int64_t at_us)
{
	struct hf_slice name = hf_view_info(writer->exporter->view)->name;

	if (name.size == 0 || writer->exporter->is_continued)
		return;
	begin_entry(writer, "session_info", at_us);
	convert_put(&writer->convert, ",\"name\":");
	convert_put_string(&writer->convert, name);
	end_entry(writer);
}

/* The file is named by its time and its session. */
static void name_file(struct writer *writer, int64_t at_us)
{
	char before[TEXT_TIME_SIZE + 2];

	text_put_time(at_us, before);
	for (size_t i = 0; i < 23; i++)
		before[i] = before[i] == ':' || before[i] == '.' ? '-' : before[i];
	memcpy(before + 23, "Z_", 3);
	convert_name(writer->exporter, before, writer->session_text, ".jsonl");
}

static void begin(struct writer *writer, int64_t at_us)
{
	name_file(writer, at_us);
	if (writer->exporter->is_continued)
		writer->last = convert_last_id(writer->exporter->view);
	else
		write_header(writer, at_us);
}

int pi_write(struct exporter *exporter)
{
	struct writer writer = { .exporter = exporter };
	const struct hf_info *info = hf_view_info(exporter->view);
	struct hf_record record = { 0 };
	struct export_message message = { 0 };

	convert_init(&writer.convert, exporter);
	writer.session = convert_session(exporter, writer.session_text,
					 sizeof writer.session_text);
	writer.first_id = convert_seed(&writer.convert);
	writer.at_us = info->created_us;
	for (bool is_first = true; export_next(exporter, &record, &message); is_first = false) {
		if (is_first)
			begin(&writer, message.at_us);
		writer.convert.n = record.n;
		writer.convert.part = 0;
		write_message(&writer, &message);
	}
	if (message.record == NULL)
		begin(&writer, info->created_us);
	answer_calls(&writer);
	write_name(&writer, writer.at_us);
	convert_release(&writer.convert);
	return exporter->rc;
}
