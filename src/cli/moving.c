/* SPDX-License-Identifier: MIT */
#include "cli/moving.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/visible.h"

struct moving moving_begin(struct cli *cli, const char *label, const char *done)
{
	struct moving moving = { .cli = cli, .done = done, .progress = progress_look(cli) };

	(void)snprintf(moving.progress.label, sizeof moving.progress.label, "%s", label);
	return moving;
}

/* Writes what is told to where it goes. What is on its way to the standard output goes
 * first, and that it cannot be written must not be lost. */
static void print(struct moving *moving)
{
	if (moving->text.size == 0)
		return;
	if (moving->to_stdout) {
		out_write(&moving->cli->out, &moving->text);
		return;
	}
	out_flush(&moving->cli->out);
	errors_print(moving->cli, &moving->text);
}

static const char *outcome_name(const struct moving *moving, enum hf_bundle_outcome outcome)
{
	if (outcome == HF_BUNDLE_TAKEN)
		return moving->cli->json ? "taken" : moving->done;
	return outcome == HF_BUNDLE_SAME ? "same" : "failed";
}

static void put_line(struct moving *moving, const struct hf_bundle_item *item)
{
	const struct out *out = &moving->cli->out;
	struct strbuf *text = &moving->text;
	bool good = item->outcome != HF_BUNDLE_FAILED;

	strbuf_printf(text, "%s  ", item->id);
	if (moving->to_stdout)
		out_style_begin(out, text, good ? OUT_GOOD : OUT_BAD);
	strbuf_puts(text, outcome_name(moving, item->outcome));
	if (moving->to_stdout)
		out_style_end(out, text);
	if (good)
		strbuf_printf(text, "  %s", hf_verdict_name(item->verdict));
	strbuf_puts(text, "  ");
	out_put_size(text, item->bytes);
	if (item->key_id[0] != '\0') {
		strbuf_puts(text, "  key ");
		visible_put(text, slice_of(item->key_id), VISIBLE_ONE_LINE);
	}
	strbuf_puts(text, "\n");
	if (good)
		return;
	strbuf_printf(text, "  %s", hf_error_text(item->error));
	if (item->message[0] != '\0') {
		strbuf_puts(text, " (");
		visible_put(text, slice_of(item->message), VISIBLE_ONE_LINE);
		strbuf_puts(text, ")");
	}
	strbuf_puts(text, "\n");
}

static void put_json(struct moving *moving, const struct hf_bundle_item *item)
{
	struct json json = { .out = &moving->text };

	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(item->id));
	json_put_text(&json, "outcome", slice_of(outcome_name(moving, item->outcome)));
	json_put_text(&json, "verdict", slice_of(hf_verdict_name(item->verdict)));
	json_put_text(&json, "key", slice_of(item->key_id));
	json_put_number(&json, "bytes", item->bytes);
	if (item->error != HF_OK)
		errors_put_json(&json, item->error);
	json_put_text(&json, "detail", slice_of(item->message));
	json_close(&json, '}');
	strbuf_puts(&moving->text, "\n");
}

void moving_item(void *context, const struct hf_bundle_item *item)
{
	struct moving *moving = context;

	progress_clear(&moving->progress);
	moving->failures += item->outcome == HF_BUNDLE_FAILED;
	if (moving->cli->json)
		put_json(moving, item);
	else if (!moving->cli->quiet || item->outcome == HF_BUNDLE_FAILED)
		put_line(moving, item);
	print(moving);
}

void moving_progress(void *context, uint64_t done, uint64_t total)
{
	struct moving *moving = context;

	if (total == 0)
		total = moving->total;
	if (total > 0)
		progress_show(&moving->progress, done, total);
}

int moving_end(struct moving *moving, int rc, const struct hf_bundle *sum)
{
	struct cli *cli = moving->cli;
	uint64_t sessions = sum->outcomes[HF_BUNDLE_TAKEN];
	struct strbuf size = { 0 };
	bool is_told = rc != HF_OK && moving->failures > 0 && rc != HF_ERR_BUNDLE;

	progress_clear(&moving->progress);
	out_put_size(&size, sum->bytes);
	out_flush(&cli->out);
	if (!cli->json && cli->out.failure == 0)
		errors_note(cli, "%llu session%s %s, %s%s", (unsigned long long)sessions,
			    sessions == 1 ? "" : "s", moving->done, size.data,
			    sum->outcomes[HF_BUNDLE_SAME] > 0 ? "; others were here already" : "");
	strbuf_release(&size);
	strbuf_release(&moving->text);
	if (rc == HF_OK)
		return 0;
	/* The archive could not be written: out_finish says so, and gives the status for it. */
	if (cli->out.failure != 0 && !moving->to_stdout)
		return 0;
	if (cli->out.failure != 0 || is_told)
		return hf_error_exit(rc);
	return errors_report(cli, rc, moving->to_stdout ? "unbundle" : "bundle", NULL);
}
