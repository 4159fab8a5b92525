/* SPDX-License-Identifier: MIT */
/*
 * The readers of other agents' files on arbitrary bytes. The first byte chooses the format,
 * the rest is the file. What must hold:
 *
 * - the pieces, put together, are the file, whatever is in it;
 * - every view that comes out is valid JSON in its braces, and bounded;
 * - what is told of the session is text, and bounded;
 * - the same bytes mean the same when they are read again;
 * - recognising a file gives a number from 0 to 100.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "interop/format.h"
#include "interop/import.h"
#include "json/scan.h"
#include "sys/sys.h"

enum { PROBE_SIZE = 64 << 10, VIEW_SIZE_MAX = 2 * MESSAGE_SIZE_MAX, FACT_MAX = 64 << 10 };

/* By the first byte, from '0' on. */
static const char *const names[] = { "codex",	 "gemini", "gemini-json", "claude-code", "pi",
				     "jidocode", "openai", "openai-json" };

struct input {
	const struct format_reader *reader;
	void *state;
	struct hf_slice file;
	size_t given;  /* bytes of the file that the cutter has taken */
	size_t pieces; /* bytes that came out of it again */
	struct message_writer writer;
	struct buffer view;
	uint64_t sum;  /* of all views */
	bool has_stopped;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int take_view(void *context, struct hf_slice members, bool is_aside)
{
	struct input *input = context;
	struct buffer *view = &input->view;

	view->size = 0;
	must(buffer_put_text(view, "{") == HF_OK);
	must(buffer_put(view, members.data, members.size) == HF_OK);
	must(buffer_put_text(view, is_aside ? "} " : "}") == HF_OK);
	must(json_scan(view->data, view->size, NULL) == HF_OK);
	for (size_t i = 0; i < view->size; i++)
		input->sum = (input->sum ^ (unsigned char)view->data[i]) * UINT64_C(0x100000001b3);
	return HF_OK;
}

static int64_t give_bytes(void *context, char *bytes, size_t size)
{
	struct input *input = context;
	size_t left = input->file.size - input->given;

	size = size < left ? size : left;
	if (size > 0)
		memcpy(bytes, input->file.data + input->given, size);
	input->given += size;
	return (int64_t)size;
}

static void check_text(struct hf_slice text)
{
	must(text.size <= FACT_MAX);
	must(text.size == 0 || text_is_utf8(text.data, text.size));
}

static void check_facts(struct input *input)
{
	struct session_facts facts = { 0 };

	input->reader->facts(input->state, &facts);
	check_text(facts.foreign);
	check_text(facts.project);
	check_text(facts.name);
	check_text(facts.version);
	check_text(facts.parent);
}

static int take_piece(void *context, const struct piece *piece)
{
	struct input *input = context;
	int rc;

	must(piece->bytes.size <= input->file.size - input->pieces);
	must(piece->bytes.size == 0 ||
	     memcmp(piece->bytes.data, input->file.data + input->pieces, piece->bytes.size) == 0);
	input->pieces += piece->bytes.size;
	if (input->has_stopped)
		return HF_OK;
	rc = input->reader->read(input->state, piece, &input->writer);
	must(input->writer.rc == HF_OK && !input->writer.in_content);
	/* A reader may refuse a session, but not for want of memory or by mistake. */
	must(rc != HF_ERR_NOMEM && rc != HF_ERR_INTERNAL);
	input->has_stopped = rc != HF_OK;
	check_facts(input);
	return HF_OK;
}

/* Reads the file once; the sum of what came out. */
static uint64_t read_file(const struct format_reader *reader, struct hf_slice file)
{
	static const struct hf_import_options options = { 0 };
	struct report report = report_make(NULL, NULL);
	struct import_env env = { .sys = sys_posix(), .report = &report, .options = &options };
	struct input input = { .reader = reader, .file = file, .view = BUFFER_INIT(VIEW_SIZE_MAX) };
	int rc;

	input.writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						.take = take_view, .context = &input };
	must(reader->begin(&env, "/none/chats/of/x.jsonl", &input.state) == HF_OK);
	rc = reader->shape == FORMAT_LINES
		     ? piece_lines(give_bytes, &input, NULL, take_piece, &input)
		     : piece_document(give_bytes, &input, reader->arrays, take_piece, &input);
	must(rc == HF_OK && input.pieces == file.size);
	check_facts(&input);
	reader->end(input.state);
	buffer_release(&input.writer.json);
	buffer_release(&input.view);
	return input.sum;
}

static void detect(const struct format_reader *reader, struct hf_slice file)
{
	struct probe probe = { .path = "/none/rollout-x.jsonl", .name = "rollout-x.jsonl" };
	int sure;

	probe.is_whole = file.size <= PROBE_SIZE;
	probe.start = (struct hf_slice){ file.data, probe.is_whole ? file.size : PROBE_SIZE };
	sure = reader->detect(&probe);
	must(sure >= 0 && sure <= 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct format *format = NULL;
	char *copy;

	if (size > 0)
		format = format_find(names[(bytes[0] - (size_t)'0') % (sizeof names / sizeof names[0])]);
	/* What judges the whole first is fuzz_jidocode's, and rows are fuzz_opencode's. */
	if (format == NULL || format->reader == NULL || format->reader->shape == FORMAT_ROWS ||
	    format->reader->check != NULL)
		return 0;
	/* Of just that size, so that reading behind its end is seen. */
	copy = malloc(size);
	must(copy != NULL);
	memcpy(copy, bytes + 1, size - 1);
	detect(format->reader, (struct hf_slice){ copy, size - 1 });
	must(read_file(format->reader, (struct hf_slice){ copy, size - 1 }) ==
	     read_file(format->reader, (struct hf_slice){ copy, size - 1 }));
	free(copy);
	return 0;
}
