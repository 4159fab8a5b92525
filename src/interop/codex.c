/* SPDX-License-Identifier: MIT */
/*
 * Codex: rollout-<time>-<uuid>.jsonl, one file for each thread.
 *
 * A line is {"timestamp","type","payload"}; until the autumn of 2025 the items stood there
 * bare, behind a first line with the session's id. Every text comes twice: as what the
 * model gets (response_item) and as what the screen shows (event_msg). The first is read as
 * the message, since it is what a resumed session begins with; of the events only those
 * that have no such twin are looked at. A fork of a newer version does not repeat its
 * parent, it points into it, and so does its session here.
 *
 * Messages have no ids here: the lines stand in order, and Codex takes back turns by their
 * number (thread_rolled_back).
 */
#include "interop/codex.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "json/read.h"
#include "json/scan.h"

enum {
	PROBE_LINES = 64,  /* lines of a file's start that are looked at */
	PROBE_HEAD = 256,  /* bytes of a damaged or cut line that tell what it is */
};

/* ---- The session ---- */

static int codex_begin(const struct import_env *env, const char *path, void **ret_state)
{
	struct codex *codex = mem_new(1, sizeof *codex);
	struct hf_slice uuid = { "", 0 };
	int rc = HF_OK;

	(void)env;
	if (codex == NULL)
		return HF_ERR_NOMEM;
	*codex = (struct codex){ FACT_INIT, FACT_INIT, FACT_INIT, FACT_INIT, FACT_INIT, FACT_INIT,
				 .scratch = BUFFER_INIT(2 * MESSAGE_SIZE_MAX) };
	codex->is_named = fact_uuid_of_path(path, &uuid);
	if (codex->is_named)
		rc = fact_set_text(&codex->foreign, uuid);
	if (rc != HF_OK) {
		mem_free(codex);
		return rc;
	}
	*ret_state = codex;
	return HF_OK;
}

static void codex_end(void *state)
{
	struct codex *codex = state;

	if (codex == NULL)
		return;
	buffer_release(&codex->foreign);
	buffer_release(&codex->project);
	buffer_release(&codex->name);
	buffer_release(&codex->version);
	buffer_release(&codex->parent);
	buffer_release(&codex->model);
	buffer_release(&codex->scratch);
	mem_free(codex);
}

static void codex_facts(void *state, struct session_facts *ret_facts)
{
	const struct codex *codex = state;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&codex->foreign), .project = fact_get(&codex->project),
		.name = fact_get(&codex->name),	      .version = fact_get(&codex->version),
		.parent = fact_get(&codex->parent),   .created_us = codex->created_us,
	};
}

/* The thread that this one was forked from, or whose subagent it is. */
static struct hf_slice parent_of(struct hf_slice meta)
{
	struct hf_slice spawn = fact_member(
		fact_member(fact_member(meta, "source"), "subagent"), "thread_spawn");
	const struct hf_slice places[] = {
		fact_member(meta, "forked_from_id"),
		fact_member(meta, "parent_thread_id"),
		fact_member(spawn, "parent_thread_id"),
	};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (json_kind(places[i]) == JSON_STRING)
			return places[i];
	}
	return (struct hf_slice){ "", 0 };
}

/* Only the first line of its kind is the session's own: older forks repeat their parent's
 * behind it. Where the first line is damaged, that would be the parent's, so a file's name
 * wins over a later line. */
static int read_meta(struct codex *codex, struct hf_slice meta, bool is_first)
{
	int rc = HF_OK;
	int64_t time_us;

	if (codex->has_meta)
		return HF_OK;
	codex->has_meta = true;
	if (is_first || !codex->is_named)
		rc = fact_set(&codex->foreign, fact_member(meta, "id"));
	if (rc == HF_OK)
		rc = fact_set(&codex->project, fact_member(meta, "cwd"));
	if (rc == HF_OK)
		rc = fact_set(&codex->version, fact_member(meta, "cli_version"));
	if (rc == HF_OK)
		rc = fact_set(&codex->parent, parent_of(meta));
	time_us = fact_time(fact_member(meta, "timestamp"));
	if (time_us != 0)
		codex->created_us = time_us;
	return rc;
}

static int read_context(struct codex *codex, struct hf_slice context)
{
	int rc = fact_set(&codex->model, fact_member(context, "model"));

	if (rc == HF_OK && codex->project.size == 0)
		rc = fact_set(&codex->project, fact_member(context, "cwd"));
	return rc;
}

/* ---- Events and the like ---- */

/* What an answer took, told behind it in a line of its own: kept as a view that is no
 * message. The same counts are told again when nothing but limits has changed. */
static void read_tokens(struct codex *codex, struct hf_slice event, struct hf_slice time,
			struct message_writer *writer)
{
	struct hf_slice info = fact_member(event, "info");
	struct hf_slice last = fact_member(info, "last_token_usage");
	struct hf_slice total =
		fact_member(fact_member(info, "total_token_usage"), "total_tokens");

	if (json_kind(total) != JSON_NUMBER || total.size >= sizeof codex->total ||
	    (total.size == strlen(codex->total) &&
	     memcmp(total.data, codex->total, total.size) == 0))
		return;
	memcpy(codex->total, total.data, total.size);
	codex->total[total.size] = '\0';
	message_begin(writer, MESSAGE_ASSISTANT);
	message_time(writer, time);
	codex_put_model(codex, writer);
	message_usage(writer, fact_member(last, "input_tokens"),
		      fact_member(last, "output_tokens"),
		      fact_member(last, "cached_input_tokens"),
		      fact_member(last, "cache_write_input_tokens"));
	message_meta(writer);
	(void)message_end(writer);
}

static int read_event(struct codex *codex, struct hf_slice event, struct hf_slice time,
		      struct message_writer *writer)
{
	struct hf_slice type = fact_member(event, "type");
	struct hf_slice count = fact_member(event, "num_turns");
	uint64_t turns = 0;

	if (fact_is(type, "token_count")) {
		read_tokens(codex, event, time, writer);
	} else if (fact_is(type, "thread_rolled_back")) {
		if (text_get_u64(count.data, count.size, &turns) && turns > 0)
			message_op_drop(writer, turns);
	} else if (fact_is(type, "thread_name_updated")) {
		return fact_set(&codex->name, fact_member(event, "thread_name"));
	}
	return writer->rc;
}

/* From here on the model sees a summary instead of what came before. */
static int read_compacted(struct hf_slice compacted, struct hf_slice time,
			  struct message_writer *writer)
{
	struct hf_slice text = fact_member(compacted, "message");

	if (json_kind(text) != JSON_STRING || text.size <= 2)
		return HF_OK;
	message_begin(writer, MESSAGE_USER);
	message_text(writer, text);
	message_time(writer, time);
	message_summary(writer);
	return message_end(writer);
}

/* ---- Lines ---- */

static int read_wrapped(struct codex *codex, struct hf_slice line, const struct piece *piece,
			struct message_writer *writer)
{
	struct hf_slice type = fact_member(line, "type");
	struct hf_slice time = fact_member(line, "timestamp");
	struct hf_slice payload = fact_member(line, "payload");

	if (fact_is(type, "response_item"))
		return codex_item(codex, payload, time, writer);
	if (fact_is(type, "event_msg"))
		return read_event(codex, payload, time, writer);
	if (fact_is(type, "session_meta"))
		return read_meta(codex, payload, piece->index == 0);
	if (fact_is(type, "turn_context"))
		return read_context(codex, payload);
	if (fact_is(type, "compacted"))
		return read_compacted(payload, time, writer);
	return HF_OK;
}

static int codex_read(void *state, const struct piece *piece, struct message_writer *writer)
{
	struct codex *codex = state;
	struct hf_slice line = piece->json;
	struct hf_slice time = fact_member(line, "timestamp");

	if (json_kind(line) != JSON_OBJECT)
		return HF_OK;
	if (codex->created_us == 0)
		codex->created_us = fact_time(time);
	if (json_kind(fact_member(line, "payload")) == JSON_OBJECT)
		return read_wrapped(codex, line, piece, writer);
	if (json_kind(fact_member(line, "type")) == JSON_STRING)
		return codex_item(codex, line, time, writer);
	if (json_kind(fact_member(line, "id")) == JSON_STRING && time.size > 0)
		return read_meta(codex, line, piece->index == 0);
	return HF_OK;
}

/* ---- Recognising ---- */

static bool has_text(struct hf_slice bytes, const char *text)
{
	size_t size = strlen(text);

	for (size_t at = 0; at + size <= bytes.size; at++) {
		if (memcmp(bytes.data + at, text, size) == 0)
			return true;
	}
	return false;
}

static bool is_wrapped(struct hf_slice line)
{
	static const char *const types[] = { "session_meta", "response_item", "event_msg",
					     "turn_context", "compacted", "world_state" };
	struct hf_slice type = fact_member(line, "type");

	if (json_kind(fact_member(line, "payload")) != JSON_OBJECT ||
	    json_kind(fact_member(line, "timestamp")) != JSON_STRING)
		return false;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (fact_is(type, types[i]))
			return true;
	}
	return false;
}

/* The first line before there were envelopes. */
static bool is_bare_meta(struct hf_slice line)
{
	return fact_member(line, "type").size == 0 && fact_member(line, "instructions").size > 0 &&
	       json_kind(fact_member(line, "id")) == JSON_STRING &&
	       json_kind(fact_member(line, "timestamp")) == JSON_STRING;
}

/* How sure one good line makes. */
static int judge_line(struct hf_slice line, bool is_named)
{
	struct hf_slice type = fact_member(line, "type");

	if (is_wrapped(line))
		return 95;
	if (fact_is(fact_member(line, "record_type"), "state"))
		return 80;
	if (is_bare_meta(line))
		return is_named ? 90 : 60;
	if (fact_is(type, "function_call_output") ||
	    (fact_is(type, "message") && json_kind(fact_member(line, "role")) == JSON_STRING))
		return is_named ? 70 : 0;
	return 0;
}

/* A line that is damaged, or longer than what is known of the file. */
static int judge_head(struct hf_slice line)
{
	static const char *const marks[] = { "\"type\":\"session_meta\",\"payload\":{",
					     "\"type\":\"response_item\",\"payload\":{",
					     "\"type\":\"event_msg\",\"payload\":{" };
	struct hf_slice head = { line.data, line.size < PROBE_HEAD ? line.size : PROBE_HEAD };

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (has_text(head, marks[i]))
			return 75;
	}
	return 0;
}

static int codex_detect(const struct probe *probe)
{
	const char *at = probe->start.data;
	const char *end = probe->is_directory ? at : at + probe->start.size;
	bool is_named = strncmp(probe->name, "rollout-", 8) == 0;
	int best = 0;

	for (int i = 0; i < PROBE_LINES && at < end; i++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		struct hf_slice line = { at, (size_t)((next != NULL ? next : end) - at) };
		int sure = json_scan(line.data, line.size, NULL) == HF_OK
				   ? judge_line(line, is_named)
				   : judge_head(line);

		best = sure > best ? sure : best;
		at = next != NULL ? next + 1 : end;
	}
	return best;
}

static int codex_places(const struct import_env *env, source_fn each, void *context)
{
	char home[FACT_PATH_SIZE];
	int rc;

	if (!fact_home("CODEX_HOME", "/.codex", home))
		return HF_OK;
	rc = fact_place(env, home, "/sessions", each, context);
	if (rc == HF_OK)
		rc = fact_place(env, home, "/archived_sessions", each, context);
	return rc;
}

static const struct format_reader reader = {
	.shape = FORMAT_LINES,
	.detect = codex_detect,
	.begin = codex_begin,
	.end = codex_end,
	.read = codex_read,
	.facts = codex_facts,
	.places = codex_places,
};

const struct format format_codex = {
	.about = { .name = "codex",
		    .title = "Codex",
		    .can_import = true,
		    .can_export = true,
		    .places = "$CODEX_HOME or ~/.codex: sessions, archived_sessions",
		    .suffix = ".jsonl" },
	.reader = &reader,
	.write = codex_write,
};
