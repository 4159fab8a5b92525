/* SPDX-License-Identifier: MIT */
#include "interop/opencode_message.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/fact.h"
#include "interop/piece.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

enum { TODOS_MAX = 1 << 20 };

struct opencode {
	bool is_database;
	struct buffer foreign;
	struct buffer project;
	struct buffer name;
	struct buffer version;
	struct buffer parent;
	struct buffer todos;    /* "[...]", or empty */
	int64_t created_us;
	struct buffer message;  /* the message in hand, as JSON; empty: none that is good */
	struct buffer parts;    /* "[", and its parts with a comma after each */
	struct buffer data;     /* what an address carried, as a string */
};

/* ---- Life ---- */

static int begin(bool is_database, void **ret_state)
{
	struct opencode *oc = mem_new(1, sizeof *oc);

	if (oc == NULL)
		return HF_ERR_NOMEM;
	oc->is_database = is_database;
	oc->foreign = oc->project = oc->name = oc->version = oc->parent =
		(struct buffer)FACT_INIT;
	oc->todos.max = TODOS_MAX;
	oc->message.max = PIECE_SIZE_MAX;
	oc->parts.max = OPENCODE_PARTS_MAX;
	oc->data.max = OPENCODE_PARTS_MAX;
	*ret_state = oc;
	return HF_OK;
}

int opencode_begin_database(const struct import_env *env, const char *path, void **ret_state)
{
	(void)env, (void)path;
	return begin(true, ret_state);
}

int opencode_begin_files(const struct import_env *env, const char *path, void **ret_state)
{
	(void)env, (void)path;
	return begin(false, ret_state);
}

void opencode_end(void *state)
{
	struct opencode *oc = state;

	if (oc == NULL)
		return;
	buffer_release(&oc->foreign);
	buffer_release(&oc->project);
	buffer_release(&oc->name);
	buffer_release(&oc->version);
	buffer_release(&oc->parent);
	buffer_release(&oc->todos);
	buffer_release(&oc->message);
	buffer_release(&oc->parts);
	buffer_release(&oc->data);
	mem_free(oc);
}

void opencode_facts(void *state, struct session_facts *ret_facts)
{
	const struct opencode *oc = state;

	*ret_facts = (struct session_facts){
		.foreign = fact_get(&oc->foreign),
		.project = fact_get(&oc->project),
		.name = fact_get(&oc->name),
		.version = fact_get(&oc->version),
		.parent = fact_get(&oc->parent),
		.todos = fact_get(&oc->todos),
		.config = { "", 0 },
		.created_us = oc->created_us,
	};
}

/* ---- Rows ---- */

/* The message or part in a row. */
static struct hf_slice body_of(const struct opencode *oc, const struct piece *piece)
{
	return oc->is_database ? fact_member(piece->json, "data") : piece->json;
}

static int read_session(struct opencode *oc, struct hf_slice row)
{
	struct hf_slice created = oc->is_database
					  ? fact_member(row, "time_created")
					  : fact_member(fact_member(row, "time"), "created");
	uint64_t milliseconds = 0;
	int rc = fact_set(&oc->foreign, fact_member(row, "id"));

	if (rc == HF_OK)
		rc = fact_set(&oc->project, fact_member(row, "directory"));
	if (rc == HF_OK)
		rc = fact_set(&oc->name, fact_member(row, "title"));
	if (rc == HF_OK)
		rc = fact_set(&oc->version, fact_member(row, "version"));
	if (rc == HF_OK)
		rc = fact_set(&oc->parent,
			      fact_member(row, oc->is_database ? "parent_id" : "parentID"));
	if (text_get_u64(created.data, created.size, &milliseconds) &&
	    milliseconds <= INT64_MAX / 1000)
		oc->created_us = (int64_t)milliseconds * 1000;
	return rc;
}

static int read_message(struct opencode *oc, const struct piece *piece)
{
	struct hf_slice body = body_of(oc, piece);
	int rc;

	oc->message.size = 0;
	oc->parts.size = 0;
	if (json_kind(body) != JSON_OBJECT)
		return HF_OK;
	rc = buffer_put_text(&oc->parts, "[");
	return rc == HF_OK ? buffer_put(&oc->message, body.data, body.size) : rc;
}

/* A part that is not understood or does not fit leaves a null: places count. */
static int read_part(struct opencode *oc, const struct piece *piece)
{
	struct hf_slice body = body_of(oc, piece);
	int rc = HF_ERR_SESSION_SIZE;

	if (oc->message.size == 0 || piece->offset > 0)
		return HF_OK;
	if (json_kind(body) == JSON_OBJECT && body.size + 8 < oc->parts.max - oc->parts.size)
		rc = buffer_put(&oc->parts, body.data, body.size);
	if (rc == HF_ERR_SESSION_SIZE && oc->parts.max - oc->parts.size > 8)
		rc = buffer_put_text(&oc->parts, "null");
	if (rc == HF_OK)
		rc = buffer_put_text(&oc->parts, ",");
	return rc == HF_ERR_SESSION_SIZE ? HF_OK : rc;
}

/* The folder has all todos in one array, the database each in a row. */
static int read_todo(struct opencode *oc, const struct piece *piece)
{
	static const char *const names[] = { "content", "status", "priority" };
	bool first = true;
	int rc;

	if (piece->lax || 2 * piece->json.size + 64 > TODOS_MAX - oc->todos.size)
		return HF_OK;
	if (json_kind(piece->json) == JSON_ARRAY) {
		oc->todos.size = 0;
		return json_compact(piece->json.data, piece->json.size, &oc->todos, NULL);
	}
	if (oc->todos.size > 0)
		oc->todos.data[oc->todos.size - 1] = ',';
	rc = buffer_put_text(&oc->todos, oc->todos.size > 0 ? "{" : "[{");
	for (size_t i = 0; rc == HF_OK && i < sizeof names / sizeof names[0]; i++) {
		struct hf_slice value = fact_member(piece->json, names[i]);

		if (json_kind(value) == JSON_STRING)
			rc = json_put_member_json(&oc->todos, &first, names[i], value);
	}
	return rc == HF_OK ? buffer_put_text(&oc->todos, "}]") : rc;
}

/* ---- Parts ---- */

/* Splits an address that carries its data: gives them as a string, or nothing. */
static struct hf_slice data_of(struct opencode *oc, struct hf_slice url,
			       struct message_writer *writer)
{
	static const char mark[] = ";base64,";
	const char *end = text_end(url);
	const char *comma;
	size_t size;

	oc->data.size = 0;
	if (!fact_begins(url, "data:") || memchr(url.data, '\\', url.size) != NULL)
		return (struct hf_slice){ "", 0 };
	comma = memchr(url.data, ',', url.size);
	if (comma == NULL || comma - url.data < (ptrdiff_t)sizeof mark ||
	    memcmp(comma + 2 - sizeof mark, mark, sizeof mark - 1) != 0)
		return (struct hf_slice){ "", 0 };
	size = (size_t)(end - comma) - 1; /* with the quote at the end */
	if (writer->rc == HF_OK)
		writer->rc = buffer_put_text(&oc->data, "\"");
	if (writer->rc == HF_OK)
		writer->rc = buffer_put(&oc->data, comma + 1, size);
	return (struct hf_slice){ oc->data.data, oc->data.size };
}

static void write_file(struct opencode *oc, struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice mime = fact_member(part, "mime");
	struct hf_slice url = fact_member(part, "url");
	struct hf_slice data = data_of(oc, url, writer);

	if (data.size > 0)
		url = (struct hf_slice){ "", 0 };
	if (fact_begins(mime, "image/"))
		message_image(writer, mime, data, url);
	else
		message_file(writer, fact_member(part, "filename"), mime, data, url);
}

static void write_tool(struct opencode *oc, struct hf_slice part, struct message_writer *writer)
{
	struct hf_slice id = fact_member(part, "callID");
	struct hf_slice name = fact_member(part, "tool");
	struct hf_slice state = fact_member(part, "state");
	struct hf_slice status = fact_member(state, "status");
	struct hf_slice attached = { "", 0 };
	struct hf_slice attachments = fact_member(state, "attachments");
	size_t position = 0;

	message_call(writer, id, name, fact_member(state, "input"));
	if (fact_is(status, "completed"))
		message_result(writer, id, name, fact_member(state, "output"), false);
	else if (fact_is(status, "error"))
		message_result(writer, id, name, fact_member(state, "error"), true);
	while (json_kind(attachments) == JSON_ARRAY &&
	       json_next(attachments, &position, NULL, &attached))
		write_file(oc, attached, writer);
}

/* Writes a part; false if there is nothing in it to show. */
static bool write_part(struct opencode *oc, struct hf_slice part, struct message_writer *writer)
{
	static const char *const silent[] = { "step-start", "step-finish", "snapshot" };
	struct hf_slice type = fact_member(part, "type");
	struct hf_slice text = fact_member(part, "text");
	bool is_text = fact_is(type, "text");

	for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
		if (fact_is(type, silent[i]))
			return false;
	}
	if (json_kind(part) != JSON_OBJECT)
		return false;
	if ((is_text || fact_is(type, "reasoning")) && json_kind(text) == JSON_STRING) {
		if (text.size <= 2) /* the program was killed before the first word */
			return false;
		if (is_text)
			message_text(writer, text);
		else
			message_thinking(writer, text);
	} else if (fact_is(type, "tool")) {
		write_tool(oc, part, writer);
	} else if (fact_is(type, "file")) {
		write_file(oc, part, writer);
	} else {
		message_other(writer, part);
	}
	return true;
}

static bool is_true(struct hf_slice object, const char *name)
{
	return json_kind(fact_member(object, name)) == JSON_TRUE;
}

/* Whether a person or the model made the part, not the program in their name. */
static bool is_genuine(struct hf_slice part)
{
	return !is_true(part, "synthetic") && !is_true(part, "ignored") &&
	       !fact_is(fact_member(part, "type"), "compaction");
}

/* Which parts a view is made of. */
enum choice { CHOICE_ALL, CHOICE_GENUINE, CHOICE_REST };

/* Writes the parts that are chosen, of the first limit; their number. writer NULL: counts. */
static size_t write_parts(struct opencode *oc, uint64_t limit, enum choice choice,
			  struct message_writer *writer)
{
	/* An array without its end, which does not matter. */
	struct hf_slice parts = { oc->parts.data, oc->parts.size };
	struct hf_slice part = { "", 0 };
	size_t position = 0;
	size_t count = 0;

	while (limit-- > 0 && json_next(parts, &position, NULL, &part)) {
		if (choice != CHOICE_ALL && is_genuine(part) != (choice == CHOICE_GENUINE))
			continue;
		if (writer != NULL)
			count += write_part(oc, part, writer);
		else
			count += json_kind(part) == JSON_OBJECT;
	}
	return count;
}

/* ---- Messages ---- */

/* What a service said went wrong. It is the text of a message that has no other. */
static void write_error(struct hf_slice body, bool has_content, struct message_writer *writer)
{
	struct hf_slice error = fact_member(body, "error");
	struct hf_slice text = fact_member(fact_member(error, "data"), "message");

	if (json_kind(error) != JSON_OBJECT)
		return;
	if (json_kind(text) != JSON_STRING)
		text = fact_member(error, "name");
	if (has_content || json_kind(text) != JSON_STRING)
		message_other(writer, error);
	else
		message_text(writer, text);
}

static void write_members(struct hf_slice body, struct message_writer *writer)
{
	struct hf_slice model = fact_member(body, "modelID");
	struct hf_slice tokens = fact_member(body, "tokens");
	struct hf_slice cache = fact_member(tokens, "cache");

	if (json_kind(model) != JSON_STRING)
		model = fact_member(fact_member(body, "model"), "modelID");
	message_time(writer, fact_member(fact_member(body, "time"), "created"));
	message_model(writer, model);
	message_usage(writer, fact_member(tokens, "input"), fact_member(tokens, "output"),
		      fact_member(cache, "read"), fact_member(cache, "write"));
	if (is_true(body, "summary"))
		message_summary(writer);
}

/* Marks what is no message of the conversation: what the program put in, and what was taken
 * back, which is in the source until the next prompt. A view that is aside replaces the message
 * with its id where that stands, and is replaced by it again should the revert be undone. */
static void write_place(bool is_meta, struct hf_slice kept, struct message_writer *writer)
{
	static const struct hf_slice yes = { "true", 4 };
	bool is_reverted = json_kind(kept) == JSON_FALSE;

	if (is_reverted)
		message_member(writer, "reverted", yes);
	if (is_meta || is_reverted)
		message_meta(writer);
}

static void write_answer(struct opencode *oc, struct hf_slice id, struct hf_slice kept,
			 uint64_t limit, struct message_writer *writer)
{
	struct hf_slice body = { oc->message.data, oc->message.size };
	bool has_content;

	message_begin(writer, MESSAGE_ASSISTANT);
	has_content = write_parts(oc, limit, CHOICE_ALL, writer) > 0;
	write_error(body, has_content, writer);
	message_id(writer, id);
	write_members(body, writer);
	if (!has_content && json_kind(fact_member(body, "error")) == JSON_OBJECT)
		message_error(writer);
	write_place(false, kept, writer);
	(void)message_end(writer);
}

/* What a person typed, and, apart from it, what the program put in. */
static int write_prompt(struct opencode *oc, struct hf_slice id, struct hf_slice kept,
			uint64_t limit, struct message_writer *writer)
{
	struct hf_slice body = { oc->message.data, oc->message.size };
	size_t genuine = write_parts(oc, limit, CHOICE_GENUINE, NULL);
	size_t rest = write_parts(oc, limit, CHOICE_REST, NULL);
	struct buffer other_id = FACT_INIT;
	int rc = HF_OK;

	message_begin(writer, MESSAGE_USER);
	(void)write_parts(oc, limit, genuine > 0 ? CHOICE_GENUINE : CHOICE_ALL, writer);
	message_id(writer, id);
	write_members(body, writer);
	write_place(genuine == 0 && rest > 0, kept, writer);
	(void)message_end(writer);
	if (genuine == 0 || rest == 0)
		return HF_OK;
	/* An id of its own, for the same id would replace the prompt. */
	rc = buffer_put(&other_id, id.data, id.size - 1);
	if (rc == HF_OK)
		rc = buffer_put_text(&other_id, "+\"");
	if (rc == HF_OK) {
		message_begin(writer, MESSAGE_USER);
		(void)write_parts(oc, limit, CHOICE_REST, writer);
		message_id(writer, (struct hf_slice){ other_id.data, other_id.size });
		write_members(body, writer);
		write_place(true, kept, writer);
		(void)message_end(writer);
	}
	buffer_release(&other_id);
	return rc;
}

static int read_view(struct opencode *oc, struct hf_slice row, struct message_writer *writer)
{
	struct hf_slice body = { oc->message.data, oc->message.size };
	struct hf_slice role = fact_member(body, "role");
	struct hf_slice id = fact_member(row, "message");
	struct hf_slice kept = fact_member(row, "kept");
	uint64_t limit = UINT64_MAX;

	if (oc->message.size == 0 || json_kind(id) != JSON_STRING || id.size < 2 ||
	    id.size > FACT_SIZE_MAX / 2)
		return HF_OK;
	if (json_kind(kept) == JSON_NUMBER && !text_get_u64(kept.data, kept.size, &limit))
		return HF_OK;
	if (fact_is(role, "user"))
		return write_prompt(oc, id, kept, limit, writer);
	if (fact_is(role, "assistant"))
		write_answer(oc, id, kept, limit, writer);
	return HF_OK;
}

static bool key_begins(const struct piece *piece, const char *text)
{
	return strncmp(piece->key, text, strlen(text)) == 0;
}

int opencode_read(void *state, const struct piece *piece, struct message_writer *writer)
{
	struct opencode *oc = state;
	int rc = HF_OK;

	if (piece->key == NULL)
		return HF_OK;
	if (key_begins(piece, "message/"))
		rc = read_message(oc, piece);
	else if (key_begins(piece, "part/"))
		rc = read_part(oc, piece);
	else if (piece->state != PIECE_GOOD)
		return HF_OK;
	else if (strcmp(piece->key, "session") == 0)
		rc = read_session(oc, piece->json);
	else if (strcmp(piece->key, "todo") == 0 || key_begins(piece, "todo/"))
		rc = read_todo(oc, piece);
	else if (key_begins(piece, "view/"))
		rc = read_view(oc, piece->json, writer);
	return rc != HF_OK ? rc : writer->rc;
}
