/* SPDX-License-Identifier: MIT */
/*
 * JidoCode keeps a session as one JSON text that it writes when the session ends, signed
 * over its own encoder's form of it. The whole file is judged before anything is taken from
 * it (jidocode_check.c); the pieces then are the elements of "conversation".
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "interop/import.h"
#include "interop/jidocode_canonical.h"
#include "interop/jidocode_check.h"
#include "interop/jidocode_schema.h"
#include "interop/jidocode_write.h"
#include "interop/peek.h"
#include "json/decode.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

enum { PART_MAX = 8 << 20 /* bytes of the todos, the configuration or the rest */ };

struct state {
	bool is_unsigned;
	struct report *report;
	struct buffer text;   /* all that was judged */
	bool repeats_ids;     /* then messages go without: one would stand for another */
	int64_t created_us;
	struct buffer foreign;
	struct buffer project;
	struct buffer name;
	struct buffer config; /* compact JSON, or empty */
	struct buffer todos;
	struct buffer rest;   /* an object of the members that are nothing to us */
};

/* ---- Detecting ---- */

static const char *const marks[] = { "version",	   "id",	 "name",      "project_path", "config",
				     "created_at", "updated_at", "closed_at", "todos" };

static bool is_mark(struct hf_slice name)
{
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		if (fact_is(name, marks[i]))
			return true;
	}
	return false;
}

/* Looks at the names of the outermost object, as far as there is one: what is damaged or cut
 * off is known too, and refused later with a reason. */
static int detect(const struct probe *probe)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;
	size_t count = 0;
	bool has_conversation = false;

	if (probe->is_directory || !peek_begin(&peek, probe->start, '{'))
		return 0;
	while (peek_next(&peek, &name, &rest)) {
		count += is_mark(name);
		has_conversation |= fact_is(name, "conversation") && rest.data[0] == '[';
	}
	if (has_conversation && count >= 2)
		return count >= 6 ? 95 : 85;
	/* The conversation comes third, behind a configuration of any size. */
	return !probe->is_whole && !has_conversation && count == 2 ? 20 : 0;
}

/* ---- What the whole text says ---- */

static int put_buffer(void *context, const char *bytes, size_t size)
{
	return buffer_put(context, bytes, size);
}

/* Puts a value so that it passes json_scan: without names that come twice. What is too large
 * is left out; it stays in the session's original bytes. */
static int put_part(struct hf_slice value, struct buffer *out)
{
	struct buffer canonical = BUFFER_INIT(PART_MAX);
	struct jidocode_form form = { .order = JIDOCODE_ORDER_FOUND,
				      .put = put_buffer,
				      .context = &canonical };
	int rc = jidocode_canonical_put(value, &form);

	if (rc == HF_OK)
		rc = json_compact(canonical.data, canonical.size, out, NULL);
	buffer_release(&canonical);
	return rc == HF_ERR_NOMEM ? rc : HF_OK;
}

/* The members that a session here has no place for, for writing it again. */
static int put_rest(struct hf_slice session, struct buffer *out)
{
	static const char *const names[] = { "created_at", "updated_at",     "closed_at",
					     "language",   "prompt_history", "cumulative_usage" };
	struct buffer part = BUFFER_INIT(PART_MAX);
	bool first = true;
	int rc = buffer_put_text(out, "{");

	for (size_t i = 0; rc == HF_OK && i < sizeof names / sizeof names[0]; i++) {
		part.size = 0;
		rc = put_part(fact_member(session, names[i]), &part);
		if (rc == HF_OK && part.size > 0)
			rc = json_put_member_json(out, &first, names[i],
						  (struct hf_slice){ part.data, part.size });
	}
	if (rc == HF_OK)
		rc = buffer_put_text(out, "}");
	buffer_release(&part);
	return rc;
}

/* A number that is the same for equal ids. */
static uint64_t id_tag(struct hf_slice id)
{
	const char *at = id.data;
	const char *end = text_end(id);
	uint64_t tag = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	while (at < end)
		tag = (tag ^ json_decode_point(&at, end)) * UINT64_C(0x100000001b3);
	return tag;
}

static int compare_tags(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a;
	uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Looks whether a message has the id of another. Who makes tags meet gains nothing by it. */
static int look_at_ids(struct hf_slice conversation, bool *ret_repeats)
{
	struct hf_slice message = { NULL, 0 };
	size_t count = 0;
	size_t room = 0;
	size_t position = 0;
	uint64_t *tags;

	while (json_next(conversation, &position, NULL, &message))
		room++;
	tags = mem_new(room + 1, sizeof *tags);
	if (tags == NULL)
		return HF_ERR_NOMEM;
	position = 0;
	while (json_next(conversation, &position, NULL, &message))
		tags[count++] = id_tag(fact_member(message, "id"));
	qsort(tags, count, sizeof *tags, compare_tags);
	*ret_repeats = false;
	for (size_t i = 1; i < count; i++)
		*ret_repeats |= tags[i] == tags[i - 1];
	mem_free(tags);
	return HF_OK;
}

static int take_facts(struct state *state, struct hf_slice session)
{
	int rc = fact_set(&state->foreign, fact_member(session, "id"));

	if (rc == HF_OK)
		rc = fact_set(&state->project, fact_member(session, "project_path"));
	if (rc == HF_OK)
		rc = fact_set(&state->name, fact_member(session, "name"));
	if (rc == HF_OK)
		rc = put_part(fact_member(session, "config"), &state->config);
	if (rc == HF_OK)
		rc = put_part(fact_member(session, "todos"), &state->todos);
	if (rc == HF_OK)
		rc = put_rest(session, &state->rest);
	if (rc == HF_OK)
		rc = look_at_ids(fact_member(session, "conversation"), &state->repeats_ids);
	(void)jidocode_schema_time(fact_member(session, "created_at"), &state->created_us);
	return rc;
}

/* ---- The reader ---- */

static void end_session(void *context)
{
	struct state *state = context;

	if (state == NULL)
		return;
	buffer_release(&state->text);
	buffer_release(&state->foreign);
	buffer_release(&state->project);
	buffer_release(&state->name);
	buffer_release(&state->config);
	buffer_release(&state->todos);
	buffer_release(&state->rest);
	mem_free(state);
}

static int begin_session(const struct import_env *env, const char *path, void **ret_state)
{
	struct state *state = mem_new(1, sizeof *state);

	(void)path;
	if (state == NULL)
		return HF_ERR_NOMEM;
	*state = (struct state){
		.report = env->report,
		.text = BUFFER_INIT(JIDOCODE_TEXT_MAX + 1),
		.foreign = FACT_INIT,
		.project = FACT_INIT,
		.name = FACT_INIT,
		.config = BUFFER_INIT(PART_MAX),
		.todos = BUFFER_INIT(PART_MAX),
		.rest = BUFFER_INIT(2 * PART_MAX),
	};
	*ret_state = state;
	return HF_OK;
}

static int check(void *context, const struct import_env *env, int fd)
{
	struct state *state = context;
	struct hf_slice session;
	struct stat stat;
	ssize_t size;
	int rc = env->sys->stat(env->sys->context, fd, &stat);

	if (rc < 0)
		return report_errno(env->report, -rc, "fstat", NULL);
	if (stat.st_size > JIDOCODE_TEXT_MAX)
		return report_fail(env->report, HF_ERR_SESSION_SIZE, "session",
				   "it is larger than %d bytes", (int)JIDOCODE_TEXT_MAX);
	rc = buffer_reserve(&state->text, (size_t)stat.st_size + 1);
	if (rc != HF_OK)
		return rc;
	size = sys_read_some(env->sys, fd, state->text.data, (size_t)stat.st_size, 0);
	if (size < 0)
		return report_errno(env->report, (int)-size, "pread", NULL);
	state->text.size = (size_t)size;
	session = (struct hf_slice){ state->text.data, state->text.size };
	rc = jidocode_check_text(env, session, &state->is_unsigned);
	return rc == HF_OK ? take_facts(state, session) : rc;
}

/* The file is read again for its pieces, and could have been written to meanwhile: only what
 * was judged is taken. */
static int check_piece(const struct state *state, const struct piece *piece)
{
	const struct buffer *text = &state->text;

	if (piece->bytes.size == 0)
		return HF_OK;
	if (piece->offset <= text->size && piece->bytes.size <= text->size - piece->offset &&
	    memcmp(text->data + piece->offset, piece->bytes.data, piece->bytes.size) == 0)
		return HF_OK;
	return report_fail(state->report, HF_ERR_CONFLICT, "read",
			   "the file was changed while it was read");
}

static enum message_role role_of(struct hf_slice role)
{
	if (fact_is(role, "user"))
		return MESSAGE_USER;
	if (fact_is(role, "assistant"))
		return MESSAGE_ASSISTANT;
	return fact_is(role, "tool") ? MESSAGE_TOOL : MESSAGE_SYSTEM;
}

static int read_message(const struct state *state, struct hf_slice json,
			struct message_writer *writer)
{
	struct hf_slice usage = fact_member(json, "usage");
	struct hf_slice none = { "", 0 };

	message_begin(writer, role_of(fact_member(json, "role")));
	message_text(writer, fact_member(json, "content"));
	if (!state->repeats_ids)
		message_id(writer, fact_member(json, "id"));
	message_time(writer, fact_member(json, "timestamp"));
	message_usage(writer, fact_member(usage, "input_tokens"),
		      fact_member(usage, "output_tokens"), none, none);
	return message_end(writer);
}

static int read_piece(void *context, const struct piece *piece, struct message_writer *writer)
{
	const struct state *state = context;
	int rc = check_piece(state, piece);

	if (rc != HF_OK)
		return rc;
	if (piece->role == PIECE_ELEMENT && piece->state == PIECE_GOOD &&
	    json_kind(piece->json) == JSON_OBJECT)
		return read_message(state, piece->json, writer);
	if (piece->role != PIECE_TAIL || state->rest.size == 0)
		return HF_OK;
	message_begin(writer, MESSAGE_SYSTEM);
	message_member(writer, "jidocode", (struct hf_slice){ state->rest.data, state->rest.size });
	message_meta(writer);
	return message_end(writer);
}

static void facts(void *context, struct session_facts *ret_facts)
{
	const struct state *state = context;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&state->foreign),
		.project = fact_get(&state->project),
		.name = fact_get(&state->name),
		.config = { state->config.data, state->config.size },
		.todos = { state->todos.data, state->todos.size },
		.created_us = state->created_us,
		.is_unsigned = state->is_unsigned,
	};
}

static int places(const struct import_env *env, source_fn each, void *context)
{
	char home[FACT_PATH_SIZE];

	/* No variable of the environment names JidoCode's own directory. */
	if (!fact_home("HOME", "", home))
		return HF_OK;
	return fact_place(env, home, "/.jido_code/sessions", each, context);
}

static const char *const arrays[] = { "conversation", NULL };

static const struct format_reader reader = {
	.shape = FORMAT_DOCUMENT,
	.detect = detect,
	.arrays = arrays,
	.begin = begin_session,
	.end = end_session,
	.read = read_piece,
	.facts = facts,
	.check = check,
	.places = places,
};

const struct format format_jidocode = {
	.about = {
		.name = "jidocode",
		.title = "JidoCode",
		.can_import = true,
		.can_export = true,
		.places = "~/.jido_code/sessions",
		.suffix = ".json",
	},
	.reader = &reader,
	.write = jidocode_write,
};
