/* SPDX-License-Identifier: MIT */
/* Chats as one JSON text: {"messages":[...]}, with whatever else beside, or the list alone. */
#include "base/mem.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "interop/openai_message.h"
#include "interop/peek.h"
#include "json/read.h"

struct state {
	struct buffer foreign;
	struct buffer name;
};

/* Whether the list that bytes begin with begins with a message. */
static bool is_list(struct hf_slice start, bool *ret_is_all)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;

	if (!peek_begin(&peek, start, '[') || !peek_next(&peek, &name, &rest) ||
	    !openai_message_is(rest))
		return false;
	while (peek_next(&peek, &name, &rest))
		;
	*ret_is_all = peek_is_all(&peek);
	return true;
}

static bool is_object(struct hf_slice start, bool *ret_is_all)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;
	bool has_messages = false;
	bool ignored;

	if (!peek_begin(&peek, start, '{'))
		return false;
	while (peek_next(&peek, &name, &rest))
		has_messages |= fact_is(name, "messages") && is_list(rest, &ignored);
	*ret_is_all = peek_is_all(&peek);
	/* Over and not all: the first of several lines. */
	return has_messages && (*ret_is_all || !peek.is_over);
}

static int detect(const struct probe *probe)
{
	bool is_all = false;

	if (probe->is_directory ||
	    (!is_list(probe->start, &is_all) && !is_object(probe->start, &is_all)))
		return 0;
	return is_all ? 70 : 65;
}

static int begin_session(const struct import_env *env, const char *path, void **ret_state)
{
	struct state *state = mem_new(1, sizeof *state);

	(void)env, (void)path;
	if (state == NULL)
		return HF_ERR_NOMEM;
	*state = (struct state){ FACT_INIT, FACT_INIT };
	*ret_state = state;
	return HF_OK;
}

static void end_session(void *context)
{
	struct state *state = context;

	if (state == NULL)
		return;
	buffer_release(&state->foreign);
	buffer_release(&state->name);
	mem_free(state);
}

/* What stands before the messages: the head is no JSON of its own. */
static int read_head(struct state *state, struct hf_slice head)
{
	struct peek peek;
	struct hf_slice name;
	struct hf_slice rest;
	int rc = HF_OK;

	if (!peek_begin(&peek, head, '{'))
		return HF_OK;
	while (rc == HF_OK && peek_next(&peek, &name, &rest)) {
		rest.size = (size_t)(peek.value_end - rest.data);
		if (fact_is(name, "id"))
			rc = fact_set(&state->foreign, rest);
		else if (fact_is(name, "title"))
			rc = fact_set(&state->name, rest);
	}
	return rc;
}

static int read_piece(void *context, const struct piece *piece, struct message_writer *writer)
{
	if (piece->role == PIECE_HEAD)
		return read_head(context, piece->bytes);
	if (piece->role != PIECE_ELEMENT || piece->state != PIECE_GOOD)
		return HF_OK;
	return openai_message_read(piece->json, 0, writer);
}

static void facts(void *context, struct session_facts *ret_facts)
{
	const struct state *state = context;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&state->foreign),
		.name = fact_get(&state->name),
	};
}

static const char *const arrays[] = { "messages", "", NULL };

static const struct format_reader reader = {
	.shape = FORMAT_DOCUMENT,
	.detect = detect,
	.arrays = arrays,
	.begin = begin_session,
	.end = end_session,
	.read = read_piece,
	.facts = facts,
};

const struct format format_openai_document = {
	.about = {
		.name = "openai-json",
		.title = "OpenAI chat, JSON",
		.can_import = true,
		.can_export = true,
		.places = "",
		.suffix = ".json",
	},
	.reader = &reader,
	.write = openai_write_document,
};
