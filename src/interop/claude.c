/* SPDX-License-Identifier: MIT */
/*
 * Sessions of Claude Code: lines that each name the line they follow (parentUuid). One answer
 * of the model is spread over several lines, a block each, that share message.id. Lines of
 * other types stand in the same chain and become nodes. After a compaction the chain begins
 * anew, and logicalParentUuid says where.
 *
 * Subagents have files of their own beside the session's; in older versions they stand among
 * its lines as a side chain, or in agent-*.jsonl in the same directory, which are imported as
 * sessions with a parent.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/claude.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "json/read.h"
#include "json/scan.h"

/* Titles by what they are worth. */
enum { TITLE_SUMMARY, TITLE_MODEL, TITLE_USER, TITLES };

struct claude {
	struct buffer foreign;
	struct buffer project;
	struct buffer version;
	struct buffer parent;
	struct buffer titles[TITLES];
	int64_t created_us;
	bool is_named;  /* foreign is from the file's name */
	bool is_side;   /* all of it is a subagent's */
};

static bool is_string(struct hf_slice value)
{
	return json_kind(value) == JSON_STRING;
}

static bool is_true(struct hf_slice line, const char *name)
{
	return json_kind(fact_member(line, name)) == JSON_TRUE;
}

/* ---- Recognising ---- */

static int judge_line(struct hf_slice line)
{
	static const char *const types[] = {
		"queue-operation", "last-prompt", "custom-title", "ai-title", "mode", "attachment",
		"system", "progress", "permission-mode", "agent-name", "tag",
	};
	struct hf_slice type = fact_member(line, "type");
	bool has_session = is_string(fact_member(line, "sessionId"));

	if (fact_is(type, "summary"))
		return is_string(fact_member(line, "summary")) &&
		       is_string(fact_member(line, "leafUuid")) ? 60 : 0;
	if (fact_is(type, "file-history-snapshot"))
		return is_string(fact_member(line, "messageId")) ? 60 : 0;
	if (!has_session)
		return 0;
	if (fact_is(type, "user") || fact_is(type, "assistant"))
		return is_string(fact_member(line, "uuid")) &&
		       fact_member(line, "parentUuid").size > 0 ? 95 : 0;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (fact_is(type, types[i]))
			return 70;
	}
	return 0;
}

/* What a subagent did is imported with its session. */
static bool is_beside(const struct probe *probe)
{
	return strncmp(probe->name, "agent-", 6) == 0 && strstr(probe->path, "/subagents/") != NULL;
}

static int detect(const struct probe *probe)
{
	const char *at = probe->start.data;
	const char *end = text_end(probe->start);
	int best = 0;

	if (probe->is_directory || is_beside(probe))
		return 0;
	while (at < end && best < 95) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));
		struct hf_slice line = { at, (size_t)((line_end != NULL ? line_end : end) - at) };
		/* A first line may be longer than what is given of the file. */
		bool is_cut = line_end == NULL && !probe->is_whole && at == probe->start.data;
		int score = 0;

		if (is_cut || json_scan(line.data, line.size, NULL) == HF_OK)
			score = judge_line(line);
		best = score > best ? score : best;
		at = line_end != NULL ? line_end + 1 : end;
	}
	return best;
}

/* ---- State ---- */

static void end(void *state)
{
	struct claude *claude = state;

	if (claude == NULL)
		return;
	buffer_release(&claude->foreign);
	buffer_release(&claude->project);
	buffer_release(&claude->version);
	buffer_release(&claude->parent);
	for (size_t i = 0; i < TITLES; i++)
		buffer_release(&claude->titles[i]);
	mem_free(claude);
}

/* The file is named by the session's id, or by a subagent's. */
static int take_name(struct claude *claude, const char *path)
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	struct hf_slice id = { name, strcspn(name, ".") };
	struct hf_slice uuid;

	claude->is_side = strncmp(name, "agent-", 6) == 0;
	if (!claude->is_side && (!fact_uuid_of_path(path, &uuid) || uuid.data != name))
		return HF_OK;
	claude->is_named = true;
	return fact_set_text(&claude->foreign, id);
}

static int begin(const struct import_env *env, const char *path, void **ret_state)
{
	struct claude *claude = mem_new(1, sizeof *claude);
	int rc;

	(void)env;
	if (claude == NULL)
		return HF_ERR_NOMEM;
	*claude = (struct claude){ .foreign = FACT_INIT, .project = FACT_INIT,
				   .version = FACT_INIT, .parent = FACT_INIT,
				   .titles = { FACT_INIT, FACT_INIT, FACT_INIT } };
	rc = take_name(claude, path);
	if (rc != HF_OK) {
		end(claude);
		return rc;
	}
	*ret_state = claude;
	return HF_OK;
}

static void facts(void *state, struct session_facts *ret_facts)
{
	struct claude *claude = state;
	const struct buffer *title = &claude->titles[TITLE_USER];

	while (title->size == 0 && title > claude->titles)
		title--;
	*ret_facts = (struct session_facts){
		.foreign = fact_get(&claude->foreign), .project = fact_get(&claude->project),
		.name = fact_get(title), .version = fact_get(&claude->version),
		.parent = fact_get(&claude->parent), .created_us = claude->created_us,
	};
}

/* ---- What lines tell of the session ---- */

/* A line that was copied from another session, or says so, names the session's parent. */
static int note_session(struct claude *claude, struct hf_slice line)
{
	struct hf_slice forked = fact_member(fact_member(line, "forkedFrom"), "sessionId");
	struct hf_slice session = fact_member(line, "sessionId");
	struct hf_slice foreign;
	char text[64];
	int64_t size;

	if (claude->foreign.size == 0 && is_string(session))
		return fact_set(&claude->foreign, session);
	if (claude->parent.size > 0)
		return HF_OK;
	if (is_string(forked))
		return fact_set(&claude->parent, forked);
	foreign = fact_get(&claude->foreign);
	size = json_text(session, text, sizeof text);
	if (size <= 0 || size >= (int64_t)sizeof text ||
	    ((size_t)size == foreign.size && memcmp(text, foreign.data, foreign.size) == 0))
		return HF_OK;
	return fact_set(&claude->parent, session);
}

/* A title that is empty takes the one before away. */
static int note_title(struct claude *claude, int which, struct hf_slice title)
{
	if (json_text(title, NULL, 0) == 0)
		claude->titles[which].size = 0;
	return fact_set(&claude->titles[which], title);
}

static int note_message(struct claude *claude, struct hf_slice line)
{
	int rc = fact_set(&claude->version, fact_member(line, "version"));

	if (claude->created_us == 0)
		claude->created_us = fact_time(fact_member(line, "timestamp"));
	if (rc == HF_OK && claude->project.size == 0)
		rc = fact_set(&claude->project, fact_member(line, "cwd"));
	return rc;
}

static int note(struct claude *claude, struct hf_slice line, struct hf_slice type)
{
	int rc = note_session(claude, line);

	if (rc != HF_OK)
		return rc;
	if (fact_is(type, "user") || fact_is(type, "assistant"))
		return note_message(claude, line);
	if (fact_is(type, "custom-title"))
		return note_title(claude, TITLE_USER, fact_member(line, "customTitle"));
	if (fact_is(type, "ai-title"))
		return note_title(claude, TITLE_MODEL, fact_member(line, "aiTitle"));
	/* Before the first message stand summaries of other sessions. */
	if (fact_is(type, "summary") && claude->created_us != 0)
		return note_title(claude, TITLE_SUMMARY, fact_member(line, "summary"));
	if (fact_is(type, "relocated"))
		return fact_set(&claude->project, fact_member(line, "relocatedCwd"));
	return HF_OK;
}

/* ---- Messages ---- */

/* The first text of a content, if it is nothing but text. */
static struct hf_slice first_text(struct hf_slice content)
{
	struct hf_slice block;
	size_t position = 0;

	if (is_string(content) || !json_next(content, &position, NULL, &block))
		return content;
	return fact_member(block, "text");
}

/* What the program says under the user's name. */
static bool is_made_up(struct hf_slice content)
{
	static const char *const beginnings[] = {
		"<command-name>", "<command-message>", "<local-command-stdout>",
		"<local-command-stderr>", "<local-command-caveat>", "<task-notification>",
		"<system-reminder>", "[Request interrupted by user",
	};
	struct hf_slice text = first_text(content);

	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
		if (fact_begins(text, beginnings[i]))
			return true;
	}
	return false;
}

static bool has_result(struct hf_slice content)
{
	struct hf_slice block;
	size_t position = 0;

	while (json_kind(content) == JSON_ARRAY && json_next(content, &position, NULL, &block)) {
		if (fact_is(fact_member(block, "type"), "tool_result"))
			return true;
	}
	return false;
}

static struct hf_slice parent_of(struct hf_slice line)
{
	struct hf_slice parent = fact_member(line, "parentUuid");

	if (!is_string(parent))
		parent = fact_member(line, "logicalParentUuid");
	return is_string(parent) ? parent : (struct hf_slice){ "null", 4 };
}

/* What all messages end with. */
static int finish(struct message_writer *writer, struct hf_slice line, bool is_side)
{
	struct hf_slice id = fact_member(line, "uuid");
	struct hf_slice time = fact_member(line, "timestamp");

	if (is_string(id)) {
		message_id(writer, id);
		message_parent(writer, parent_of(line));
	}
	if (is_string(time))
		message_time(writer, time);
	if (is_side)
		message_side(writer, fact_member(line, "agentId"));
	return message_end(writer);
}

static void read_user(struct message_writer *writer, struct hf_slice line)
{
	struct hf_slice content = fact_member(fact_member(line, "message"), "content");
	bool is_result = has_result(content);

	message_begin(writer, is_result ? MESSAGE_TOOL : MESSAGE_USER);
	claude_content(writer, content);
	if (is_true(line, "isCompactSummary"))
		message_summary(writer);
	else if (is_true(line, "isMeta") || (!is_result && is_made_up(content)))
		message_meta(writer);
}

static void read_assistant(struct message_writer *writer, struct hf_slice line)
{
	struct hf_slice message = fact_member(line, "message");
	struct hf_slice model = fact_member(message, "model");
	struct hf_slice usage = fact_member(message, "usage");
	bool is_error = is_true(line, "isApiErrorMessage");
	bool is_model = !fact_is(model, "<synthetic>"); /* the program itself otherwise */

	message_begin(writer, MESSAGE_ASSISTANT);
	claude_content(writer, fact_member(message, "content"));
	if (is_string(fact_member(message, "id")))
		message_reply(writer, fact_member(message, "id"));
	if (is_model)
		message_model(writer, model);
	message_usage(writer, fact_member(usage, "input_tokens"),
		      fact_member(usage, "output_tokens"),
		      fact_member(usage, "cache_read_input_tokens"),
		      fact_member(usage, "cache_creation_input_tokens"));
	if (is_error)
		message_error(writer);
	else if (!is_model)
		message_meta(writer);
}

/* What the user typed while the model was at work. */
static bool read_queued(struct message_writer *writer, struct hf_slice line)
{
	struct hf_slice attachment = fact_member(line, "attachment");
	struct hf_slice mode = fact_member(attachment, "commandMode");

	if (!fact_is(fact_member(attachment, "type"), "queued_command") ||
	    fact_member(attachment, "prompt").size == 0)
		return false;
	message_begin(writer, MESSAGE_USER);
	claude_content(writer, fact_member(attachment, "prompt"));
	if ((mode.size > 0 && !fact_is(mode, "prompt")) || is_true(line, "isMeta"))
		message_meta(writer);
	return true;
}

/* Where the conversation was taken back to, said by the program when it was; the same line
 * without "explicit" only helps it to list sessions, and may be out of date. */
static void read_leaf(struct message_writer *writer, struct hf_slice line)
{
	struct hf_slice leaf = fact_member(line, "leafUuid");

	if (!is_true(line, "explicit"))
		return;
	if (is_string(leaf))
		message_op_leaf(writer, leaf);
	else if (json_kind(leaf) == JSON_NULL)
		message_op_reset(writer);
}

/* What is no message of the conversation, but stands in its chain or moves its end. */
static void read_other(struct message_writer *writer, struct hf_slice line, struct hf_slice type)
{
	struct hf_slice id = fact_member(line, "uuid");

	if (is_string(id) && fact_member(line, "parentUuid").size > 0)
		message_op_node(writer, id, parent_of(line));
	else if (fact_is(type, "last-prompt"))
		read_leaf(writer, line);
}

/* Begins a message if the line is one. */
static bool read_message(struct message_writer *writer, struct hf_slice line, struct hf_slice type)
{
	if (fact_is(type, "user"))
		read_user(writer, line);
	else if (fact_is(type, "assistant"))
		read_assistant(writer, line);
	else
		return fact_is(type, "attachment") && read_queued(writer, line);
	return true;
}

static int read_line(void *state, const struct piece *piece, struct message_writer *writer)
{
	struct claude *claude = state;
	struct hf_slice line = piece->json;
	struct hf_slice type = fact_member(line, "type");
	bool is_side = piece->file != NULL || (is_true(line, "isSidechain") && !claude->is_side);
	int rc = HF_OK;

	if (!is_string(type))
		return HF_OK;
	if (piece->file == NULL)
		rc = note(claude, line, type);
	if (rc != HF_OK)
		return rc;
	if (read_message(writer, line, type))
		return finish(writer, line, is_side);
	if (!is_side)
		read_other(writer, line, type);
	return writer->rc;
}

/* ---- Places ---- */

static int places(const struct import_env *env, source_fn each, void *context)
{
	char path[FACT_PATH_SIZE];
	int rc = HF_OK;

	if (fact_home("CLAUDE_CONFIG_DIR", "/.claude", path))
		rc = fact_place(env, path, "/projects", each, context);
	if (rc == HF_OK && fact_variable("CLAUDE_CONFIG_DIR") == NULL &&
	    fact_home("CLAUDE_CONFIG_DIR", "/.config/claude", path))
		rc = fact_place(env, path, "/projects", each, context);
	return rc;
}

static const struct format_reader reader = {
	.shape = FORMAT_LINES,
	.detect = detect,
	.begin = begin,
	.end = end,
	.read = read_line,
	.facts = facts,
	.beside = claude_beside,
	.places = places,
};

const struct format format_claude = {
	.about = { .name = "claude-code", .title = "Claude Code", .can_import = true,
		    .can_export = true,
		    .places = "$CLAUDE_CONFIG_DIR/projects, ~/.claude/projects",
		    .suffix = ".jsonl" },
	.reader = &reader,
	.write = claude_write,
};
