/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/sessions.h"
#include "cli/visible.h"

enum { LIST_IDS };

static const struct option options[] = {
	[LIST_IDS] = { "ids", 0, NULL, "only ids and names, a tab between them" },
};

enum {
	ID_WIDTH = 8,
	STATE_WIDTH = 12,
	TITLE_WIDTH_MIN = 16,
	TITLE_WIDTH_MAX = 60,
	/* id, updated, messages, state and the spaces behind them */
	FIXED_WIDTH = ID_WIDTH + 2 + 16 + 2 + 8 + 2 + STATE_WIDTH + 2,
};

static const char *state_of(const struct hf_entry *entry)
{
	if (entry->active)
		return "active";
	return entry->info.closed ? "closed" : "open";
}

static struct hf_slice title_of(const struct hf_entry *entry)
{
	return entry->info.name.size > 0 ? entry->info.name : entry->info.first_words;
}

static void put_padded(struct strbuf *text, struct hf_slice words, size_t width)
{
	size_t used = visible_put_cut(text, words, width);

	strbuf_printf(text, "%*s", (int)(width - used + 2), "");
}

static void put_time(struct strbuf *text, int64_t time_us)
{
	struct strbuf time = { 0 };

	if (time_us > 0)
		clock_put_local(&time, time_us);
	put_padded(text, (struct hf_slice){ time.data, time.size < 16 ? time.size : 16 }, 16);
	strbuf_release(&time);
}

/* Puts the name of an error in small letters: of a verdict's error this is the verdict. */
static void put_fault(struct strbuf *text, int error)
{
	struct strbuf fault = { 0 };

	strbuf_puts(&fault, hf_error_name(error) + sizeof "HF_ERR_" - 1);
	for (size_t i = 0; i < fault.size; i++) {
		if (fault.data[i] == '_')
			fault.data[i] = '-';
		else if (fault.data[i] >= 'A' && fault.data[i] <= 'Z')
			fault.data[i] = (char)(fault.data[i] - 'A' + 'a');
	}
	put_padded(text, strbuf_slice(&fault), STATE_WIDTH);
	strbuf_release(&fault);
}

static void put_state(const struct out *out, struct strbuf *text, const struct hf_entry *entry)
{
	if (entry->error != HF_OK) {
		out_style_begin(out, text, OUT_BAD);
		put_fault(text, entry->error);
		out_style_end(out, text);
		return;
	}
	if (entry->active)
		out_style_begin(out, text, OUT_GOOD);
	put_padded(text, slice_of(state_of(entry)), STATE_WIDTH);
	if (entry->active)
		out_style_end(out, text);
}

static void put_row(const struct out *out, struct strbuf *text, const struct hf_entry *entry,
		    size_t title_width)
{
	const struct hf_info *info = &entry->info;
	size_t project_width = SIZE_MAX;

	put_padded(text, (struct hf_slice){ info->id, ID_WIDTH }, ID_WIDTH);
	put_time(text, info->updated_us);
	if (entry->error == HF_OK)
		strbuf_printf(text, "%8llu  ", (unsigned long long)info->messages);
	else
		strbuf_printf(text, "%8s  ", "?");
	put_state(out, text, entry);
	put_padded(text, title_of(entry), title_width);
	if (out->width > 0 && out->width > FIXED_WIDTH + title_width + 2)
		project_width = out->width - FIXED_WIDTH - title_width - 2;
	else if (out->width > 0)
		project_width = 0;
	(void)visible_put_cut(text, info->project, project_width);
	while (text->data[text->size - 1] == ' ')
		text->size--;
	strbuf_puts(text, "\n");
}

/* The width of the column of titles: what they need, and what the terminal has. */
static size_t fit_titles(const struct out *out, const struct sessions *sessions)
{
	size_t width = TITLE_WIDTH_MIN;
	size_t half;

	for (size_t i = 0; i < sessions->count; i++) {
		size_t needed = visible_width(title_of(&sessions->rows[i].entry));

		width = needed > width ? needed : width;
	}
	width = width < TITLE_WIDTH_MAX ? width : TITLE_WIDTH_MAX;
	if (out->width == 0)
		return width;
	half = out->width > FIXED_WIDTH + 2 * TITLE_WIDTH_MIN ? (out->width - FIXED_WIDTH) * 3 / 5
							      : TITLE_WIDTH_MIN;
	return width < half ? width : half;
}

/* Says once of each error in the list what it means. */
static void explain_errors(struct cli *cli, const struct sessions *sessions)
{
	enum { ERRORS_MAX = 100 };
	bool said[ERRORS_MAX] = { false };

	for (size_t i = 0; i < sessions->count; i++) {
		int error = sessions->rows[i].entry.error;

		if (error >= HF_OK || error <= -ERRORS_MAX || said[-error])
			continue;
		said[-error] = true;
		errors_note(cli, "%s %s", hf_error_text(error), hf_error_hint(error));
	}
}

static void print_table(struct cli *cli, const struct sessions *sessions)
{
	size_t title_width = fit_titles(&cli->out, sessions);
	struct strbuf text = { 0 };

	out_style_begin(&cli->out, &text, OUT_BOLD);
	strbuf_printf(&text, "%-8s  %-16s  %8s  %-12s  %-*s  %s", "SESSION", "UPDATED", "MESSAGES",
		      "STATE", (int)title_width, "NAME", "PROJECT");
	out_style_end(&cli->out, &text);
	strbuf_puts(&text, "\n");
	for (size_t i = 0; i < sessions->count; i++)
		put_row(&cli->out, &text, &sessions->rows[i].entry, title_width);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	explain_errors(cli, sessions);
}

/* A time, or null if it is not known. */
static void put_json_time(struct json *json, const char *name, int64_t time_us)
{
	if (time_us == 0)
		json_put_raw(json, name, (struct hf_slice){ 0 });
	else
		json_put_time(json, name, time_us);
}

static void put_entry(struct json *json, const struct hf_entry *entry)
{
	const struct hf_info *info = &entry->info;

	json_open(json, '{');
	json_put_text(json, "session", slice_of(info->id));
	json_put_text(json, "name", info->name);
	json_put_text(json, "project", info->project);
	json_put_text(json, "first_words", info->first_words);
	json_put_text(json, "state", slice_of(state_of(entry)));
	put_json_time(json, "created", info->created_us);
	put_json_time(json, "updated", info->updated_us);
	json_put_number(json, "records", info->records);
	json_put_number(json, "messages", info->messages);
	json_put_number(json, "bytes", info->bytes);
	json_put_number(json, "generation", info->generation);
	json_put_text(json, "key", slice_of(info->key_id));
	json_put_bool(json, "weak", info->weak);
	if (entry->error == HF_OK) {
		json_put_raw(json, "error", (struct hf_slice){ 0 });
	} else {
		json_put_text(json, "error", slice_of(hf_error_name(entry->error)));
		json_put_text(json, "message", slice_of(hf_error_text(entry->error)));
	}
	json_close(json, '}');
}

static void print_json(struct cli *cli, const struct sessions *sessions)
{
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	json_open(&json, '[');
	for (size_t i = 0; i < sessions->count; i++) {
		put_entry(&json, &sessions->rows[i].entry);
		if (i + 1 < sessions->count)
			strbuf_puts(&text, ",\n");
		json.more = false;
	}
	json_close(&json, ']');
	strbuf_puts(&text, "\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static void print_ids(struct cli *cli, const struct sessions *sessions)
{
	struct strbuf text = { 0 };

	for (size_t i = 0; i < sessions->count; i++) {
		const struct hf_entry *entry = &sessions->rows[i].entry;

		strbuf_printf(&text, "%s\t", entry->info.id);
		visible_put(&text, title_of(entry), VISIBLE_ONE_LINE);
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *prefix = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	struct sessions sessions = { 0 };
	int status = 0;

	if (!access_no_store_yet(cli)) {
		status = access_store(cli, ACCESS_READ, NULL);
		if (status == 0)
			status = sessions_read(cli, prefix, &sessions);
	}
	if (status == 0 && cli->json)
		print_json(cli, &sessions);
	else if (status == 0 && arguments->values[LIST_IDS] != NULL)
		print_ids(cli, &sessions);
	else if (status == 0 && sessions.count == 0)
		errors_note(cli, "no sessions");
	else if (status == 0)
		print_table(cli, &sessions);
	sessions_release(&sessions);
	return status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = "list the sessions, newest first",
	.synopsis = "[PREFIX]",
	.text = "Lists the sessions, or those whose id begins with PREFIX, newest first. A "
		"damaged\n"
		"session is listed with its error. With --json it prints an array of objects.",
	.example = "  holdfast list\n"
		   "  holdfast list --json | jq -r '.[] | select(.state == \"open\").session'\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_OK },
	.operands_min = 0,
	.operands_max = 1,
	.run = run,
};
