/* SPDX-License-Identifier: MIT */
/*
 * Sessions of pi: a line for the session, then a tree of entries that name their parent.
 * The current branch ends with the last entry of the file, whatever it is, so all entries
 * that are no messages become nodes. Version 1 had no ids and no tree.
 *
 * After a crash pi writes what it holds in memory behind what it has written before: a line
 * may have another glued to it, and ids come again with the same content.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "interop/pi.h"
#include "json/read.h"
#include "json/scan.h"

enum { TEXT_SIZE_MAX = 1 << 20 };

struct pi {
	struct buffer foreign;
	struct buffer project;
	struct buffer name;
	struct buffer parent;
	int64_t created_us;
	bool has_header;
};

/* ---- Recognising ---- */

/* How sure a line makes that its file is pi's. */
static int judge_line(struct hf_slice line)
{
	struct hf_slice type = fact_member(line, "type");
	bool has_time = json_kind(fact_member(line, "timestamp")) == JSON_STRING;
	bool has_id = json_kind(fact_member(line, "id")) == JSON_STRING;
	struct hf_slice parent = fact_member(line, "parentId");

	if (!has_time)
		return 0;
	if (fact_is(type, "session"))
		return has_id && json_kind(fact_member(line, "cwd")) == JSON_STRING ? 95 : 0;
	if (!has_id || (json_kind(parent) != JSON_STRING && json_kind(parent) != JSON_NULL))
		return 0;
	if (fact_is(type, "message"))
		return json_kind(fact_member(line, "message")) == JSON_OBJECT ? 85 : 0;
	return fact_is(type, "model_change") || fact_is(type, "thinking_level_change") ||
			       fact_is(type, "compaction") ? 80 : 0;
}

static int detect(const struct probe *probe)
{
	const char *at = probe->start.data;
	const char *end = text_end(probe->start);
	int best = 0;

	while (!probe->is_directory && at < end && best < 80) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		struct hf_slice line = { at, (size_t)((line_end != NULL ? line_end : end) - at) };
		int score = 0;

		if (json_scan(line.data, line.size, NULL) == HF_OK)
			score = judge_line(line);
		best = score > best ? score : best;
		at = line_end != NULL ? line_end + 1 : end;
	}
	return best;
}

/* ---- State ---- */

static void end(void *state)
{
	struct pi *pi = state;

	if (pi == NULL)
		return;
	buffer_release(&pi->foreign);
	buffer_release(&pi->project);
	buffer_release(&pi->name);
	buffer_release(&pi->parent);
	mem_free(pi);
}

static int begin(const struct import_env *env, const char *path, void **ret_state)
{
	struct pi *pi = mem_new(1, sizeof *pi);
	struct hf_slice id;
	int rc = HF_OK;

	(void)env;
	if (pi == NULL)
		return HF_ERR_NOMEM;
	*pi = (struct pi){ .foreign = FACT_INIT, .project = FACT_INIT, .name = FACT_INIT,
			   .parent = FACT_INIT };
	/* Should the header be lost, the file's name still tells the id. */
	if (fact_uuid_of_path(path, &id))
		rc = fact_set_text(&pi->foreign, id);
	if (rc != HF_OK) {
		end(pi);
		return rc;
	}
	*ret_state = pi;
	return HF_OK;
}

static void facts(void *state, struct session_facts *ret_facts)
{
	struct pi *pi = state;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&pi->foreign), .project = fact_get(&pi->project),
		.name = fact_get(&pi->name), .parent = fact_get(&pi->parent),
		.created_us = pi->created_us,
	};
}

/* The parent is named by its file, whose name ends in its id. */
static int read_parent(struct pi *pi, struct hf_slice header)
{
	struct hf_slice path = fact_member(header, "parentSession");
	struct hf_slice id;
	int rc;

	if (path.size == 0)
		path = fact_member(header, "branchedFrom");
	rc = fact_set(&pi->parent, path);
	if (rc != HF_OK || pi->parent.size == 0)
		return rc;
	/* fact_set leaves a NUL behind the text. */
	if (fact_uuid_of_path(pi->parent.data, &id)) {
		memmove(pi->parent.data, id.data, id.size);
		pi->parent.size = id.size;
	}
	return HF_OK;
}

/* The first header counts: later ones are written by a program that begins anew. */
static int read_header(struct pi *pi, struct hf_slice header)
{
	int rc;

	if (pi->has_header || json_kind(fact_member(header, "id")) != JSON_STRING)
		return HF_OK;
	pi->has_header = true;
	rc = fact_set(&pi->foreign, fact_member(header, "id"));
	if (rc == HF_OK)
		rc = fact_set(&pi->project, fact_member(header, "cwd"));
	if (rc == HF_OK)
		rc = read_parent(pi, header);
	pi->created_us = fact_time(fact_member(header, "timestamp"));
	return rc;
}

/* An empty name takes the name away. */
static int read_name(struct pi *pi, struct hf_slice entry)
{
	struct hf_slice name = fact_member(entry, "name");

	if (json_text(name, NULL, 0) == 0)
		pi->name.size = 0;
	return fact_set(&pi->name, name);
}

/* ---- Parts ---- */

/* True if it is a part that is known; all of pi's roles share these. */
static bool read_part(struct message_writer *writer, struct hf_slice part)
{
	struct hf_slice type = fact_member(part, "type");
	struct hf_slice none = { "", 0 };

	if (fact_is(type, "text"))
		message_text(writer, fact_member(part, "text"));
	else if (fact_is(type, "thinking"))
		message_thinking(writer, fact_member(part, "thinking"));
	else if (fact_is(type, "toolCall"))
		message_call(writer, fact_member(part, "id"), fact_member(part, "name"),
			     fact_member(part, "arguments"));
	else if (fact_is(type, "image"))
		message_image(writer, fact_member(part, "mimeType"), fact_member(part, "data"), none);
	else
		return false;
	return true;
}

static void read_content(struct message_writer *writer, struct hf_slice content)
{
	struct hf_slice part;
	size_t position = 0;

	if (json_kind(content) == JSON_STRING)
		message_text(writer, content);
	while (json_kind(content) == JSON_ARRAY && json_next(content, &position, NULL, &part)) {
		if (!read_part(writer, part))
			message_other(writer, part);
	}
}

static bool is_empty_list(struct hf_slice content)
{
	struct hf_slice part;
	size_t position = 0;

	return json_kind(content) != JSON_STRING && !json_next(content, &position, NULL, &part);
}

static void put_string(struct message_writer *writer, struct buffer *text, struct hf_slice string)
{
	int64_t size = json_text(string, NULL, 0);
	size_t taken = size > TEXT_SIZE_MAX / 4 ? TEXT_SIZE_MAX / 4 : (size_t)(size > 0 ? size : 0);

	if (writer->rc != HF_OK || taken == 0)
		return;
	writer->rc = buffer_reserve(text, taken + 1);
	if (writer->rc == HF_OK) {
		(void)json_text(string, text->data + text->size, taken + 1);
		text->size += size > (int64_t)taken ? strlen(text->data + text->size) : taken;
	}
}

static void put_text(struct message_writer *writer, struct buffer *text, const char *more)
{
	if (writer->rc == HF_OK)
		writer->rc = buffer_put_text(text, more);
}

/* A command that the user ran, in the words in which pi tells the model of it. */
static void read_execution(struct message_writer *writer, struct hf_slice message)
{
	struct buffer text = BUFFER_INIT(TEXT_SIZE_MAX);
	struct hf_slice exit_code = fact_member(message, "exitCode");

	put_text(writer, &text, "Ran `");
	put_string(writer, &text, fact_member(message, "command"));
	put_text(writer, &text, "`\n```\n");
	put_string(writer, &text, fact_member(message, "output"));
	put_text(writer, &text, "\n```");
	if (json_kind(fact_member(message, "cancelled")) == JSON_TRUE)
		put_text(writer, &text, "\n\n(command cancelled)");
	if (json_kind(exit_code) == JSON_NUMBER && exit_code.size < 16 &&
	    !(exit_code.size == 1 && exit_code.data[0] == '0')) {
		put_text(writer, &text, "\n\nCommand exited with code ");
		if (writer->rc == HF_OK)
			writer->rc = buffer_put(&text, exit_code.data, exit_code.size);
	}
	message_text_text(writer, (struct hf_slice){ text.data, text.size });
	buffer_release(&text);
}

/* ---- Entries ---- */

/* What all messages end with. */
static int finish(struct message_writer *writer, struct hf_slice entry, struct hf_slice message)
{
	struct hf_slice id = fact_member(entry, "id");
	struct hf_slice parent = fact_member(entry, "parentId");
	struct hf_slice time = fact_member(entry, "timestamp");

	if (json_kind(id) == JSON_STRING) {
		message_id(writer, id);
		if (json_kind(parent) == JSON_STRING || json_kind(parent) == JSON_NULL)
			message_parent(writer, parent);
	}
	if (json_kind(time) != JSON_STRING)
		time = fact_member(message, "timestamp");
	if (json_kind(time) == JSON_STRING || json_kind(time) == JSON_NUMBER)
		message_time(writer, time);
	return message_end(writer);
}

static void read_assistant(struct message_writer *writer, struct hf_slice message)
{
	struct hf_slice content = fact_member(message, "content");
	struct hf_slice error = fact_member(message, "errorMessage");
	struct hf_slice usage = fact_member(message, "usage");
	bool is_error = json_kind(error) == JSON_STRING && is_empty_list(content);

	message_begin(writer, MESSAGE_ASSISTANT);
	read_content(writer, content);
	if (is_error)
		message_text(writer, error);
	message_model(writer, fact_member(message, "model"));
	message_usage(writer, fact_member(usage, "input"), fact_member(usage, "output"),
		      fact_member(usage, "cacheRead"), fact_member(usage, "cacheWrite"));
	if (is_error)
		message_error(writer);
	else if (json_kind(error) == JSON_STRING)
		message_member(writer, "error_text", error);
}

static void read_result(struct message_writer *writer, struct hf_slice message)
{
	message_begin(writer, MESSAGE_TOOL);
	message_result(writer, fact_member(message, "toolCallId"), fact_member(message, "toolName"),
		       fact_member(message, "content"),
		       json_kind(fact_member(message, "isError")) == JSON_TRUE);
}

static void read_summary(struct message_writer *writer, struct hf_slice entry)
{
	message_begin(writer, MESSAGE_USER);
	message_text(writer, fact_member(entry, "summary"));
	message_summary(writer);
}

/* What an extension says to the model under the user's name. */
static void read_custom(struct message_writer *writer, struct hf_slice entry)
{
	message_begin(writer, MESSAGE_USER);
	read_content(writer, fact_member(entry, "content"));
	message_meta(writer);
}

static int read_message(struct message_writer *writer, struct hf_slice entry)
{
	struct hf_slice message = fact_member(entry, "message");
	struct hf_slice role = fact_member(message, "role");

	if (fact_is(role, "user")) {
		message_begin(writer, MESSAGE_USER);
		read_content(writer, fact_member(message, "content"));
	} else if (fact_is(role, "assistant")) {
		read_assistant(writer, message);
	} else if (fact_is(role, "toolResult")) {
		read_result(writer, message);
	} else if (fact_is(role, "bashExecution")) {
		message_begin(writer, MESSAGE_USER);
		read_execution(writer, message);
		if (json_kind(fact_member(message, "excludeFromContext")) == JSON_TRUE)
			message_meta(writer);
	} else if (fact_is(role, "compactionSummary") || fact_is(role, "branchSummary")) {
		read_summary(writer, message);
	} else if (fact_is(role, "custom") || fact_is(role, "hookMessage")) {
		read_custom(writer, message);
	} else {
		message_begin(writer, MESSAGE_SYSTEM);
		message_other(writer, message);
		message_meta(writer);
	}
	return finish(writer, entry, message);
}

static int read_node(struct message_writer *writer, struct hf_slice entry)
{
	struct hf_slice id = fact_member(entry, "id");
	struct hf_slice parent = fact_member(entry, "parentId");

	if (json_kind(id) != JSON_STRING)
		return HF_OK;
	if (json_kind(parent) != JSON_STRING)
		parent = (struct hf_slice){ "null", 4 };
	message_op_node(writer, id, parent);
	return writer->rc;
}

static int read_entry(void *state, const struct piece *piece, struct message_writer *writer)
{
	struct hf_slice entry = piece->json;
	struct hf_slice type = fact_member(entry, "type");
	int rc = HF_OK;

	if (json_kind(entry) != JSON_OBJECT)
		return HF_OK;
	if (fact_is(type, "session"))
		return read_header(state, entry);
	if (fact_is(type, "message"))
		return read_message(writer, entry);
	if (fact_is(type, "compaction") || fact_is(type, "branch_summary")) {
		read_summary(writer, entry);
		/* Beside a branch's summary stands what came before it: it replaces nothing. */
		if (fact_is(type, "branch_summary"))
			message_member(writer, "branch", (struct hf_slice){ "true", 4 });
		return finish(writer, entry, (struct hf_slice){ "", 0 });
	}
	if (fact_is(type, "custom_message")) {
		read_custom(writer, entry);
		return finish(writer, entry, (struct hf_slice){ "", 0 });
	}
	if (fact_is(type, "session_info"))
		rc = read_name(state, entry);
	return rc == HF_OK ? read_node(writer, entry) : rc;
}

/* ---- Places ---- */

/* pi honours one variable for all that it keeps and one for the sessions alone. */
static int places(const struct import_env *env, source_fn each, void *context)
{
	static const char alone[] = "PI_CODING_AGENT_SESSION_DIR";
	char path[FACT_PATH_SIZE];
	int rc = HF_OK;

	if (fact_variable(alone) != NULL && fact_home(alone, "/.pi/agent/sessions", path))
		rc = fact_place(env, path, "", each, context);
	else if (fact_home("PI_CODING_AGENT_DIR", "/.pi/agent", path))
		rc = fact_place(env, path, "/sessions", each, context);
	return rc;
}

static const struct format_reader reader = {
	.shape = FORMAT_LINES,
	.detect = detect,
	.begin = begin,
	.end = end,
	.read = read_entry,
	.facts = facts,
	.places = places,
};

const struct format format_pi = {
	.about = { .name = "pi", .title = "pi", .can_import = true, .can_export = true,
		    .places = "$PI_CODING_AGENT_SESSION_DIR, $PI_CODING_AGENT_DIR/sessions, "
			      "~/.pi/agent/sessions",
		    .suffix = ".jsonl" },
	.reader = &reader,
	.write = pi_write,
};
