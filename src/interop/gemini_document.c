/* SPDX-License-Identifier: MIT */
/*
 * Gemini CLI, older versions: chats/session-<time>-<8 digits>.json, one JSON text with the header
 * and an array of messages, written anew whenever something changes.
 */
#include <string.h>

#include "interop/fact.h"
#include "interop/gemini_message.h"
#include "json/read.h"

/* The members of a document before its messages. The bytes end within an array, and nobody
 * has checked them: the reader of members finds those before it, or nonsense. */
static int read_head(struct gemini *gemini, const struct piece *piece,
		     struct message_writer *writer)
{
	int rc = gemini_header(gemini, piece->bytes);

	return rc == HF_OK ? gemini_put_header(piece->bytes, writer) : rc;
}

/* The members behind the messages, made an object again. */
static int read_tail(struct gemini *gemini, const struct piece *piece)
{
	const char *comma = memchr(piece->bytes.data, ',', piece->bytes.size);
	struct buffer *json = &gemini->scratch;
	size_t size;
	int rc;

	if (comma == NULL)
		return HF_OK;
	size = (size_t)(piece->bytes.data + piece->bytes.size - comma);
	if (size > FACT_SIZE_MAX)
		return HF_OK;
	json->size = 0;
	rc = buffer_put(json, comma, size);
	if (rc != HF_OK)
		return rc;
	json->data[0] = '{';
	return gemini_header(gemini, (struct hf_slice){ json->data, json->size });
}

static int gemini_document_read(void *state, const struct piece *piece,
				struct message_writer *writer)
{
	struct gemini *gemini = state;

	if (piece->role == PIECE_HEAD)
		return read_head(gemini, piece, writer);
	if (piece->role == PIECE_TAIL)
		return read_tail(gemini, piece);
	return gemini_message(gemini, piece->json, writer);
}

/* The start of a file need not be all of it, so it need not be valid. */
static int gemini_document_detect(const struct probe *probe)
{
	static const char name[] = "\"messages\"";
	struct hf_slice start = probe->start;
	const char *line = probe->is_directory ? NULL : memchr(start.data, '\n', start.size);
	int best = 90;

	if (probe->is_directory || json_kind(start) != JSON_OBJECT ||
	    json_kind(fact_member(start, "sessionId")) != JSON_STRING)
		return 0;
	if (json_kind(fact_member(start, "projectHash")) != JSON_STRING)
		best = 50;
	/* A header that ends with its line is the newer format's. */
	if (line != NULL && line > start.data && line[-1] == '}')
		return 0;
	for (size_t at = 0; at + sizeof name <= start.size; at++) {
		if (memcmp(start.data + at, name, sizeof name - 1) == 0)
			return best;
	}
	return 0;
}

static const char *const arrays[] = { "messages", NULL };

static const struct format_reader reader = {
	.shape = FORMAT_DOCUMENT,
	.arrays = arrays,
	.detect = gemini_document_detect,
	.begin = gemini_begin,
	.end = gemini_end,
	.read = gemini_document_read,
	.facts = gemini_facts,
	.places = gemini_places,
};

const struct format format_gemini_document = {
	.about = { .name = "gemini-json",
		    .title = "Gemini CLI, one JSON per session",
		    .can_import = true,
		    .places = "$GEMINI_CLI_HOME or ~: .gemini/tmp",
		    .suffix = "" },
	.reader = &reader,
};
