/* SPDX-License-Identifier: MIT */
#include "cli/list_table.h"

#include <stdint.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/row.h"
#include "cli/sessions.h"
#include "cli/visible.h"

enum {
	MESSAGES_WIDTH_MIN = 4,
	STATE_WIDTH_MIN = 6,
	VERDICT_WIDTH = 12,
	TITLE_WIDTH_LEAST = 8, /* what row_put_title needs */
	TITLE_WIDTH_MIN = 16,
	TITLE_WIDTH_MAX = 60,
};

/* The columns of a table. The last one, the project, takes what the others leave. */
struct columns {
	const struct out *out;
	size_t id;
	size_t messages;
	size_t state;
	size_t title;
	size_t project; /* SIZE_MAX: nothing is cut */
	bool time;
	bool count; /* of messages */
	bool size;
	bool verdict;
};

static void put_state(struct strbuf *text, const struct hf_entry *entry, bool verdict)
{
	if (entry->error != HF_OK && !verdict)
		row_put_fault(text, entry->error);
	else
		strbuf_puts(text, hf_state_name(entry->state));
}

static void put_messages(struct strbuf *text, const struct hf_entry *entry)
{
	if (entry->error == HF_OK)
		strbuf_printf(text, "%llu", (unsigned long long)entry->info.messages);
	else
		strbuf_puts(text, "?");
}

/* The columns that a cell's text takes; clears it. */
static size_t take_width(struct strbuf *cell)
{
	size_t width = cell->size;

	strbuf_clear(cell);
	return width;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* What the columns need for all that is in them. */
static void measure(struct columns *columns, const struct sessions *sessions)
{
	struct strbuf cell = { 0 };

	for (size_t i = 0; i < sessions->count; i++)
		columns->verdict = columns->verdict || sessions->rows[i].entry.is_checked;
	for (size_t i = 0; i < sessions->count; i++) {
		const struct hf_entry *entry = &sessions->rows[i].entry;

		columns->id = larger(columns->id, row_id_width(entry->info.id));
		put_state(&cell, entry, columns->verdict);
		columns->state = larger(columns->state, take_width(&cell));
		put_messages(&cell, entry);
		columns->messages = larger(columns->messages, take_width(&cell));
		columns->title = larger(columns->title, row_title_width(&entry->info));
	}
	columns->title = columns->title < TITLE_WIDTH_MAX ? columns->title : TITLE_WIDTH_MAX;
	strbuf_release(&cell);
}

/* The columns before the title, with the gaps behind them. */
static size_t fixed_width(const struct columns *columns)
{
	return columns->id + ROW_GAP + (columns->time ? ROW_TIME_WIDTH + ROW_GAP : 0) +
	       (columns->count ? columns->messages + ROW_GAP : 0) +
	       (columns->size ? ROW_SIZE_WIDTH + ROW_GAP : 0) + columns->state + ROW_GAP +
	       (columns->verdict ? VERDICT_WIDTH + ROW_GAP : 0);
}

/* Makes the columns fit: the size goes first, then the project, the number of messages and
 * the time; then the title is cut. */
static void fit(struct columns *columns, size_t width)
{
	size_t rest;
	size_t share;

	if (fixed_width(columns) + 2 * TITLE_WIDTH_MIN + ROW_GAP > width)
		columns->size = false;
	if (fixed_width(columns) + TITLE_WIDTH_MIN > width)
		columns->count = false;
	if (fixed_width(columns) + TITLE_WIDTH_MIN > width)
		columns->time = false;
	rest = width > fixed_width(columns) ? width - fixed_width(columns) : 0;
	share = rest > 2 * TITLE_WIDTH_MIN + ROW_GAP ? rest * 3 / 5 : TITLE_WIDTH_MIN;
	if (rest < share)
		share = rest > TITLE_WIDTH_LEAST ? rest : TITLE_WIDTH_LEAST;
	columns->title = columns->title < share ? columns->title : share;
	columns->project = rest > columns->title + ROW_GAP ? rest - columns->title - ROW_GAP : 0;
}

static struct columns columns_of(const struct out *out, const struct sessions *sessions)
{
	struct columns columns = {
		.out = out,
		.id = ROW_ID_WIDTH,
		.messages = MESSAGES_WIDTH_MIN,
		.state = STATE_WIDTH_MIN,
		.title = TITLE_WIDTH_MIN,
		.project = SIZE_MAX,
		.time = true,
		.count = true,
		.size = true,
	};

	measure(&columns, sessions);
	if (out->width > 0)
		fit(&columns, out->width);
	return columns;
}

static void put_heading(const struct columns *columns, struct strbuf *text)
{
	out_style_begin(columns->out, text, OUT_BOLD);
	row_put(text, slice_of("SESSION"), columns->id);
	if (columns->time)
		row_put(text, slice_of("UPDATED"), ROW_TIME_WIDTH);
	if (columns->count)
		row_put_right(text, "MSGS", columns->messages);
	if (columns->size)
		row_put_right(text, "SIZE", ROW_SIZE_WIDTH);
	row_put(text, slice_of("STATE"), columns->state);
	if (columns->verdict)
		row_put(text, slice_of("VERDICT"), VERDICT_WIDTH);
	if (columns->project > 0) {
		row_put(text, slice_of("NAME"), columns->title);
		(void)visible_put_cut(text, slice_of("PROJECT"), columns->project);
	} else {
		strbuf_puts(text, "NAME");
	}
	out_style_end(columns->out, text);
	strbuf_puts(text, "\n");
}

static void put_state_cell(const struct columns *columns, struct strbuf *text,
			   const struct hf_entry *entry)
{
	bool styled = entry->active || (entry->error != HF_OK && !columns->verdict);
	struct strbuf state = { 0 };

	put_state(&state, entry, columns->verdict);
	if (styled)
		out_style_begin(columns->out, text, entry->error != HF_OK ? OUT_BAD : OUT_GOOD);
	row_put(text, strbuf_slice(&state), columns->state);
	if (styled)
		out_style_end(columns->out, text);
	strbuf_release(&state);
}

static void put_verdict_cell(const struct columns *columns, struct strbuf *text,
			     const struct hf_entry *entry)
{
	bool good = entry->is_checked && entry->check.verdict == HF_INTACT;
	struct strbuf verdict = { 0 };

	if (entry->is_checked)
		strbuf_puts(&verdict, hf_verdict_name(entry->check.verdict));
	else if (entry->error != HF_OK)
		row_put_fault(&verdict, entry->error);
	out_style_begin(columns->out, text, good ? OUT_GOOD : OUT_BAD);
	row_put(text, strbuf_slice(&verdict), VERDICT_WIDTH);
	out_style_end(columns->out, text);
	strbuf_release(&verdict);
}

static void put_row(const struct columns *columns, struct strbuf *text,
		    const struct hf_entry *entry)
{
	const struct hf_info *info = &entry->info;
	struct strbuf messages = { 0 };
	size_t used;

	row_put_id(text, info->id, columns->id);
	if (columns->time)
		row_put_time(text, info->updated_us);
	put_messages(&messages, entry);
	if (columns->count)
		row_put_right(text, messages.data, columns->messages);
	strbuf_release(&messages);
	if (columns->size)
		row_put_size(text, info->bytes);
	put_state_cell(columns, text, entry);
	if (columns->verdict)
		put_verdict_cell(columns, text, entry);
	used = row_put_title(columns->out, text, info, columns->title);
	if (columns->project > 0 && info->project.size > 0) {
		strbuf_printf(text, "%*s", (int)(columns->title - used + ROW_GAP), "");
		(void)visible_put_cut(text, info->project, columns->project);
	}
	row_end(text);
}

static int fault_of(const struct hf_entry *entry)
{
	if (entry->error == HF_OK && entry->is_checked)
		return hf_verdict_error(entry->check.verdict);
	return entry->error;
}

/* Says once of each error in the list what it means. */
static void explain_errors(struct cli *cli, const struct sessions *sessions)
{
	enum { ERRORS_MAX = 100 };
	bool said[ERRORS_MAX] = { false };

	for (size_t i = 0; i < sessions->count; i++) {
		int error = fault_of(&sessions->rows[i].entry);

		if (error >= HF_OK || error <= -ERRORS_MAX || said[-error])
			continue;
		said[-error] = true;
		errors_note(cli, "%s %s", hf_error_text(error), hf_error_hint(error));
	}
}

void list_table_print(struct cli *cli, const struct sessions *sessions)
{
	struct columns columns = columns_of(&cli->out, sessions);
	struct strbuf text = { 0 };

	put_heading(&columns, &text);
	for (size_t i = 0; i < sessions->count; i++)
		put_row(&columns, &text, &sessions->rows[i].entry);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	explain_errors(cli, sessions);
}
