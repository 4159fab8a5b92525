/* SPDX-License-Identifier: MIT */
/*
 * Gemini CLI, newer versions: chats/session-<time>-<8 digits>.jsonl, a log of changes. A line is
 * a header {"sessionId","projectHash",...}, written again at each resume; a message, which
 * replaces the earlier one with its id; {"$set":{...}}, whose "messages" replaces all of
 * them; or {"$rewindTo":id}. The order in which the program itself asks what a line is
 * decides here too.
 */
#include <string.h>

#include "interop/fact.h"
#include "interop/gemini_message.h"
#include "json/read.h"
#include "json/scan.h"

enum { PROBE_LINES = 64 };

static int read_messages(struct gemini *gemini, struct hf_slice messages,
			 struct message_writer *writer)
{
	struct hf_slice message = { "", 0 };
	size_t position = 0;
	int rc = HF_OK;

	while (rc == HF_OK && json_next(messages, &position, NULL, &message))
		rc = gemini_message(gemini, message, writer);
	return rc;
}

static int read_set(struct gemini *gemini, struct hf_slice set, struct message_writer *writer)
{
	struct hf_slice messages = fact_member(set, "messages");
	int rc = gemini_header(gemini, set);

	if (rc != HF_OK || json_kind(messages) != JSON_ARRAY)
		return rc;
	gemini->answered.count = 0;
	message_op_reset(writer);
	return read_messages(gemini, messages, writer);
}

static int read_header(struct gemini *gemini, struct hf_slice header,
		       struct message_writer *writer)
{
	int rc = gemini_header(gemini, header);

	if (rc == HF_OK)
		rc = gemini_put_header(header, writer);
	if (rc == HF_OK)
		rc = read_messages(gemini, fact_member(header, "messages"), writer);
	return rc;
}

static int gemini_read(void *state, const struct piece *piece, struct message_writer *writer)
{
	struct gemini *gemini = state;
	struct hf_slice line = piece->json;
	struct hf_slice rewind = fact_member(line, "$rewindTo");
	struct hf_slice set = fact_member(line, "$set");

	if (json_kind(line) != JSON_OBJECT)
		return HF_OK;
	if (json_kind(rewind) == JSON_STRING) {
		gemini->answered.count = 0;
		message_op_rewind(writer, rewind);
		return writer->rc;
	}
	if (json_kind(fact_member(line, "id")) == JSON_STRING)
		return gemini_message(gemini, line, writer);
	if (json_kind(set) == JSON_OBJECT)
		return read_set(gemini, set, writer);
	if (json_kind(fact_member(line, "sessionId")) == JSON_STRING)
		return read_header(gemini, line, writer);
	return HF_OK;
}

/* ---- Recognising ---- */

static int judge_line(struct hf_slice line)
{
	static const char *const types[] = { "user", "gemini", "info", "warning", "error" };
	struct hf_slice type = fact_member(line, "type");

	if (json_kind(fact_member(line, "sessionId")) == JSON_STRING &&
	    json_kind(fact_member(line, "projectHash")) == JSON_STRING)
		return 95;
	if (json_kind(fact_member(line, "$set")) == JSON_OBJECT ||
	    json_kind(fact_member(line, "$rewindTo")) == JSON_STRING)
		return 85;
	if (json_kind(fact_member(line, "id")) != JSON_STRING ||
	    json_kind(fact_member(line, "timestamp")) != JSON_STRING ||
	    fact_member(line, "content").size == 0)
		return 0;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (fact_is(type, types[i]))
			return fact_is(type, "gemini") ? 90 : 60;
	}
	return 0;
}

/* A line that is longer than what is known of the file. */
static int judge_head(struct hf_slice line)
{
	static const char set[] = "{\"$set\":{\"messages\":[";

	return line.size > sizeof set && memcmp(line.data, set, sizeof set - 1) == 0 ? 70 : 0;
}

static int gemini_detect(const struct probe *probe)
{
	const char *at = probe->start.data;
	const char *end = probe->is_directory ? at : at + probe->start.size;
	int best = 0;

	for (int i = 0; i < PROBE_LINES && at < end; i++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));
		struct hf_slice line = { at, (size_t)((next != NULL ? next : end) - at) };
		int sure = json_scan(line.data, line.size, NULL) == HF_OK ? judge_line(line)
									  : judge_head(line);

		/* The older format's whole file on one line. */
		if (next == NULL && i == 0 &&
		    json_kind(fact_member(line, "messages")) == JSON_ARRAY)
			return 0;
		best = sure > best ? sure : best;
		at = next != NULL ? next + 1 : end;
	}
	return best;
}

static const struct format_reader reader = {
	.shape = FORMAT_LINES,
	.detect = gemini_detect,
	.begin = gemini_begin,
	.end = gemini_end,
	.read = gemini_read,
	.facts = gemini_facts,
	.places = gemini_places,
};

const struct format format_gemini = {
	.about = { .name = "gemini",
		    .title = "Gemini CLI",
		    .can_import = true,
		    .places = "$GEMINI_CLI_HOME or ~: .gemini/tmp",
		    .suffix = "" },
	.reader = &reader,
};
