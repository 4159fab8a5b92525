/* SPDX-License-Identifier: MIT */
/*
 * Lines as the rows of an OpenCode session: a key, a tab, and the row's bytes. They go through
 * the giver of pieces and through both readers. What must hold:
 *
 * - each row is a piece with a key that fits, and its bytes are those of the row;
 * - a view is valid JSON, and none comes but with a piece that ends a message;
 * - facts are UTF-8, and todos are valid JSON.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "interop/opencode_message.h"
#include "interop/opencode_rows.h"
#include "json/scan.h"

enum { LINES_MAX = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct run {
	const struct format_reader *reader;
	void *state;
	struct message_writer writer;
	struct hf_slice row; /* what is being given; empty: a view */
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int take(void *context, struct hf_slice members, bool is_aside)
{
	struct run *run = context;
	struct buffer view = BUFFER_INIT(MESSAGE_SIZE_MAX + 2);

	(void)is_aside;
	must(run->row.size == 0);
	must(buffer_put(&view, "{", 1) == HF_OK);
	must(buffer_put(&view, members.data, members.size) == HF_OK);
	must(buffer_put(&view, "}", 1) == HF_OK);
	must(json_scan(view.data, view.size, NULL) == HF_OK);
	buffer_release(&view);
	return HF_OK;
}

static int read_piece(void *context, const struct piece *piece)
{
	struct run *run = context;

	must(piece->role == PIECE_ROW && strlen(piece->key) < PIECE_KEY_MAX);
	must(text_is_utf8(piece->key, strlen(piece->key)));
	must(run->row.size == 0 || (piece->bytes.size == run->row.size &&
				    memcmp(piece->bytes.data, run->row.data, run->row.size) == 0));
	return run->reader->read(run->state, piece, &run->writer);
}

/* Gives a line; "view/ID" ends a message. */
static void give(struct run *run, struct opencode_rows *rows, struct hf_slice line)
{
	const char *tab = memchr(line.data, '\t', line.size);
	char key[PIECE_KEY_MAX + 100];
	size_t size = tab != NULL ? (size_t)(tab - line.data) : line.size;
	char *id;

	if (size >= sizeof key)
		return;
	memcpy(key, line.data, size);
	key[size] = '\0';
	id = strchr(key, '/');
	if (id != NULL)
		*id++ = '\0';
	run->row = tab != NULL ? (struct hf_slice){ tab + 1, line.size - size - 1 }
			       : (struct hf_slice){ "", 0 };
	if (strcmp(key, "session") == 0) {
		must(opencode_give_session(rows, run->row) == HF_OK);
	} else if (strcmp(key, "view") == 0 && id != NULL) {
		run->row.size = 0;
		must(opencode_give_view(rows, id) == HF_OK);
	} else if (strlen(key) < 40 && text_is_utf8(key, strlen(key))) {
		must(opencode_give(rows, key, id, run->row) == HF_OK);
	}
}

static void run_all(const struct format *format, struct hf_slice input)
{
	struct run run = { .reader = format->reader };
	struct opencode_rows rows;
	struct session_facts facts;

	run.writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX), .take = take,
					      .context = &run };
	must(run.reader->begin(NULL, "", &run.state) == HF_OK);
	opencode_rows_begin(&rows, read_piece, &run);
	for (int i = 0; i < LINES_MAX && input.size > 0; i++) {
		const char *end = memchr(input.data, '\n', input.size);
		size_t size = end != NULL ? (size_t)(end - input.data) : input.size;

		give(&run, &rows, (struct hf_slice){ input.data, size });
		size += end != NULL;
		input.data += size;
		input.size -= size;
	}
	run.reader->facts(run.state, &facts);
	must(text_is_utf8(facts.foreign.data, facts.foreign.size));
	must(text_is_utf8(facts.name.data, facts.name.size));
	must(facts.todos.size == 0 || json_scan(facts.todos.data, facts.todos.size, NULL) == HF_OK);
	opencode_rows_end(&rows);
	run.reader->end(run.state);
	buffer_release(&run.writer.json);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct hf_slice input = { (const char *)bytes, size };

	run_all(&format_opencode, input);
	run_all(&format_opencode_files, input);
	return 0;
}
