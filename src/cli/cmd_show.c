/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/clock.h"
#include "cli/errors.h"
#include "cli/render.h"
#include "cli/visible.h"

enum { SHOW_LAST, SHOW_ALL, SHOW_NO_PAGER };

static const struct option options[] = {
	[SHOW_LAST] = { "last", 0, "K", "only the last K messages" },
	[SHOW_ALL] = { "all", 0, NULL, "every record, also other branches and what is no message" },
	[SHOW_NO_PAGER] = { "no-pager", 0, NULL, "write straight to the terminal" },
};

static void put_field(struct strbuf *text, const char *label, struct hf_slice value)
{
	if (value.size == 0)
		return;
	strbuf_printf(text, "%-9s ", label);
	visible_put(text, value, VISIBLE_ONE_LINE);
	strbuf_puts(text, "\n");
}

static void put_verdict(const struct out *out, struct strbuf *text, const struct hf_check *check)
{
	bool good = check->verdict == HF_INTACT;

	strbuf_printf(text, "%-9s ", "verdict");
	out_style(out, text, good ? OUT_GOOD : OUT_BAD, hf_verdict_name(check->verdict));
	if (!good)
		strbuf_printf(text, "  %s", hf_error_text(hf_verdict_error(check->verdict)));
	strbuf_puts(text, "\n");
}

/* Where it was imported from. */
static void put_origin(struct strbuf *text, struct hf_slice origin)
{
	struct strbuf format = { 0 };
	struct hf_slice value = { 0 };

	if (hf_json_member(origin, "format", &value))
		strbuf_put_json_text(&format, value);
	put_field(text, "from", strbuf_slice(&format));
	strbuf_release(&format);
}

static void put_heading(const struct out *out, struct strbuf *text, const struct hf_view *view)
{
	const struct hf_info *info = hf_view_info(view);
	const struct hf_check *check = hf_view_check(view);

	out_style_begin(out, text, OUT_BOLD);
	strbuf_printf(text, "%-9s %s", "session", info->id);
	out_style_end(out, text);
	strbuf_puts(text, "\n");
	put_field(text, "name", info->name);
	put_field(text, "project", info->project);
	put_origin(text, hf_view_origin(view));
	strbuf_printf(text, "%-9s ", "created");
	clock_put_local(text, info->created_us);
	strbuf_printf(text, "\n%-9s ", "updated");
	clock_put_local(text, info->updated_us);
	strbuf_printf(text, "\n%-9s %llu in %llu records, ", "messages",
		      (unsigned long long)info->messages, (unsigned long long)info->records);
	strbuf_puts(text, hf_state_name(check->active  ? HF_ACTIVE
					: info->closed ? HF_CLOSED
						       : HF_INTERRUPTED));
	strbuf_puts(text, "\n");
	put_verdict(out, text, check);
	put_field(text, "key", slice_of(info->key_id));
}

/* Puts record on the one before the last messages, or on the last one if there are none. */
static void skip_to_last(const struct hf_view *view, uint64_t last, struct hf_record *record)
{
	if (last > 0)
		(void)hf_view_last(view, last, record);
	(void)hf_view_previous(view, record);
}

/* Prints the records of a transcript that are left, as an array. */
static void show_branch_json(struct cli *cli, struct hf_transcript *transcript)
{
	struct hf_record record = { 0 };
	struct strbuf text = { 0 };

	strbuf_puts(&text, "[");
	for (bool more = false; cli->out.failure == 0 && hf_transcript_next(transcript, &record);
	     more = true) {
		strbuf_puts(&text, more ? ",\n" : "");
		out_write(&cli->out, &text);
		out_write_json(&cli->out, record.line);
	}
	strbuf_puts(&text, "]\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static void show_branch_text(struct cli *cli, const struct hf_view *view,
			     struct hf_transcript *transcript)
{
	struct hf_record record = { 0 };
	struct strbuf text = { 0 };

	put_heading(&cli->out, &text, view);
	if (hf_transcript_others(transcript) > 0)
		strbuf_printf(&text, "%-9s %llu messages on other branches, replaced or taken back: "
			      "--all\n", "others",
			      (unsigned long long)hf_transcript_others(transcript));
	out_write(&cli->out, &text);
	while (cli->out.failure == 0 && hf_transcript_next(transcript, &record)) {
		render_record(&cli->out, &text, &record);
		out_write(&cli->out, &text);
	}
	strbuf_release(&text);
}

/* The newest messages of the current branch, last at most. */
static int show_branch(struct cli *cli, const struct hf_view *view, uint64_t last)
{
	struct hf_transcript *transcript = NULL;
	struct hf_record record = { 0 };
	uint64_t skipped = 0;
	int rc = hf_transcript_open(view, &cli->detail, &transcript);

	if (rc != HF_OK)
		return errors_report(cli, rc, "show session", hf_view_info(view)->id);
	if (last < hf_transcript_count(transcript))
		skipped = hf_transcript_count(transcript) - last;
	while (skipped > 0 && hf_transcript_next(transcript, &record))
		skipped--;
	if (cli->json)
		show_branch_json(cli, transcript);
	else
		show_branch_text(cli, view, transcript);
	hf_transcript_close(transcript);
	return 0;
}

static void show_text(struct cli *cli, const struct hf_view *view, struct hf_record *record)
{
	struct strbuf text = { 0 };

	put_heading(&cli->out, &text, view);
	out_write(&cli->out, &text);
	while (cli->out.failure == 0 && hf_view_next(view, record)) {
		render_record(&cli->out, &text, record);
		out_write(&cli->out, &text);
	}
	strbuf_release(&text);
}

static void show_json(struct cli *cli, const struct hf_view *view, struct hf_record *record)
{
	const char *before = "[";
	struct strbuf text = { 0 };

	for (; cli->out.failure == 0 && hf_view_next(view, record); before = ",\n") {
		strbuf_puts(&text, before);
		out_write(&cli->out, &text);
		out_write_json(&cli->out, record->line);
	}
	strbuf_puts(&text, before[0] == '[' ? "[]\n" : "]\n");
	out_write(&cli->out, &text);
	strbuf_release(&text);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct hf_record record = { 0 };
	struct hf_view *view = NULL;
	uint64_t last = UINT64_MAX;
	bool is_branch;
	int status;

	if (!options_number(cli, "--last", arguments->values[SHOW_LAST], UINT64_MAX, &last))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_store(cli, ACCESS_READ, NULL);
	if (status == 0)
		status = access_view(cli, arguments->operands[0], &view);
	if (status != 0)
		return status;
	is_branch = hf_view_origin(view).size > 0 && arguments->values[SHOW_ALL] == NULL;
	if (!is_branch && arguments->values[SHOW_LAST] != NULL)
		skip_to_last(view, last, &record);
	if (!cli->json && arguments->values[SHOW_NO_PAGER] == NULL)
		out_page(&cli->out);
	if (is_branch)
		status = show_branch(cli, view, last);
	else if (cli->json)
		show_json(cli, view, &record);
	else
		show_text(cli, view, &record);
	out_page_end(&cli->out);
	if (status == 0)
		status = access_view_status(cli, view);
	hf_view_close(view);
	return status;
}

const struct command cmd_show = {
	.name = "show",
	.summary = "show a session to read",
	.synopsis = "SESSION",
	.text = "Shows what a session is and its messages, on a terminal through $PAGER (less).\n"
		"Characters that act on a terminal are made visible. With --json it prints an "
		"array\n"
		"of the records as they are stored. Of a damaged session it shows the records "
		"that\n"
		"verify, and says what is wrong. Of an imported session it shows the current\n"
		"branch of the conversation, with --all everything.",
	.example = "  holdfast show 1b9d --last 5\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_TRUNCATED,
				 HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
