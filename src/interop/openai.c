/* SPDX-License-Identifier: MIT */
/*
 * Chats as JSON Lines: a message a line, or a conversation a line ({"messages":[...]}), as
 * files for fine-tuning have it. All conversations of a file become one session, whose
 * messages say from the second conversation on which one they belong to.
 */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "interop/openai_message.h"
#include "interop/peek.h"
#include "json/read.h"

enum { LINES_MAX = 50 /* that are looked at */ };

struct state {
	size_t chats; /* lines with a conversation */
};

/* Whether bytes begin with an object whose "messages" begin with a message. */
static bool is_chat(struct hf_slice start)
{
	struct peek peek;
	struct peek messages;
	struct hf_slice name;
	struct hf_slice rest;

	if (!peek_begin(&peek, start, '{'))
		return false;
	while (peek_next(&peek, &name, &rest)) {
		if (fact_is(name, "messages"))
			return peek_begin(&messages, rest, '[') &&
			       peek_next(&messages, &name, &rest) && openai_message_is(rest);
	}
	return false;
}

/* A line alone may as well be a document: that format knows it better. */
static int detect(const struct probe *probe)
{
	const char *at = probe->start.data;
	const char *end = text_end(probe->start);
	size_t good = 0;
	size_t others = 0;

	if (probe->is_directory || probe->start.size == 0)
		return 0;
	for (size_t i = 0; at < end && i < LINES_MAX; i++) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		struct hf_slice line = { at, (size_t)((feed != NULL ? feed : end) - at) };
		struct peek peek;

		if (openai_message_is(line) || is_chat(line))
			good++;
		else if (peek_begin(&peek, line, '{'))
			others++;
		at = feed != NULL ? feed + 1 : end;
	}
	return good > 0 && good > others ? 60 : 0;
}

static int begin_session(const struct import_env *env, const char *path, void **ret_state)
{
	struct state *state = mem_new(1, sizeof *state);

	(void)env, (void)path;
	if (state == NULL)
		return HF_ERR_NOMEM;
	*ret_state = state;
	return HF_OK;
}

static void end_session(void *state)
{
	mem_free(state);
}

static int read_piece(void *context, const struct piece *piece, struct message_writer *writer)
{
	struct state *state = context;
	struct hf_slice messages = fact_member(piece->json, "messages");
	struct hf_slice message = { "", 0 };
	size_t position = 0;
	int rc = HF_OK;

	if (piece->state != PIECE_GOOD)
		return HF_OK;
	if (json_kind(messages) != JSON_ARRAY)
		return openai_message_read(piece->json, 0, writer);
	state->chats++;
	while (rc == HF_OK && json_next(messages, &position, NULL, &message))
		rc = openai_message_read(message, state->chats > 1 ? state->chats : 0, writer);
	return rc;
}

static void facts(void *state, struct session_facts *ret_facts)
{
	(void)state;
	*ret_facts = (struct session_facts){ .foreign = { "", 0 } };
}

static const struct format_reader reader = {
	.shape = FORMAT_LINES,
	.detect = detect,
	.begin = begin_session,
	.end = end_session,
	.read = read_piece,
	.facts = facts,
};

const struct format format_openai = {
	.about = {
		.name = "openai",
		.title = "OpenAI chat, JSON Lines",
		.can_import = true,
		.can_export = true,
		.places = "",
		.suffix = ".jsonl",
	},
	.reader = &reader,
	.write = openai_write_lines,
};
