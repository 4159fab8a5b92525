/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/age.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/row.h"

enum { CLEANUP_OLDER, CLEANUP_DRY_RUN, CLEANUP_PURGE, CLEANUP_TRASH };

static const struct option options[] = {
	[CLEANUP_OLDER] = { "older-than", 0, "AGE",
			    "with no record for so long: 30d, 12h, a date" },
	[CLEANUP_DRY_RUN] = { "dry-run", 'n', NULL, "say what would be done" },
	[CLEANUP_PURGE] = { "purge", 0, NULL, "for good, instead of into the trash" },
	[CLEANUP_TRASH] = { "trash", 0, NULL, "clean up the trash, for good" },
};

enum {
	OUTCOME_WIDTH = 12,
	REASON_WIDTH = 12,
	TITLE_WIDTH_MIN = 16,
	TITLE_WIDTH_MAX = 60,
	/* all columns before the title, with the gaps behind them */
	FIXED_WIDTH = ROW_ID_WIDTH + ROW_TIME_WIDTH + ROW_SIZE_WIDTH + OUTCOME_WIDTH +
		      REASON_WIDTH + 5 * ROW_GAP,
};

/* What is said while the library cleans up. */
struct cleanup {
	struct cli *cli;
	struct hf_cleanup_options wanted;
	struct strbuf text;
	struct json json;
	bool heading; /* stands in the text */
	int failure; /* exit status of the first session that could not be removed */
	uint64_t recent; /* of those that were kept */
};

static const char *outcome_name(const struct cleanup *cleanup, enum hf_cleanup_outcome outcome)
{
	if (outcome == HF_CLEANUP_FAILED)
		return "failed";
	if (outcome == HF_CLEANUP_KEPT)
		return "kept";
	return cleanup->wanted.dry_run ? "would remove" : "removed";
}

static void put_heading(struct cleanup *cleanup)
{
	const struct out *out = &cleanup->cli->out;
	struct strbuf *text = &cleanup->text;

	if (cleanup->heading)
		return;
	cleanup->heading = true;
	out_style_begin(out, text, OUT_BOLD);
	row_put(text, slice_of("SESSION"), ROW_ID_WIDTH);
	row_put(text, slice_of("UPDATED"), ROW_TIME_WIDTH);
	row_put_right(text, "SIZE", ROW_SIZE_WIDTH);
	row_put(text, slice_of("OUTCOME"), OUTCOME_WIDTH);
	row_put(text, slice_of("REASON"), REASON_WIDTH);
	strbuf_puts(text, "NAME");
	out_style_end(out, text);
	strbuf_puts(text, "\n");
}

static size_t title_width(const struct out *out)
{
	if (out->width == 0 || out->width > FIXED_WIDTH + TITLE_WIDTH_MAX)
		return TITLE_WIDTH_MAX;
	return out->width > FIXED_WIDTH + TITLE_WIDTH_MIN ? out->width - FIXED_WIDTH
							  : TITLE_WIDTH_MIN;
}

static void put_row(struct cleanup *cleanup, const struct hf_cleanup_item *item)
{
	const struct hf_info *info = &item->entry->info;
	struct strbuf *text = &cleanup->text;
	struct strbuf reason = { 0 };

	put_heading(cleanup);
	row_put_id(text, info->id, ROW_ID_WIDTH);
	row_put_time(text, info->updated_us);
	row_put_size(text, info->bytes);
	row_put(text, slice_of(outcome_name(cleanup, item->outcome)), OUTCOME_WIDTH);
	if (item->error != HF_OK)
		row_put_fault(&reason, item->error);
	else
		strbuf_puts(&reason, item->reason);
	row_put(text, strbuf_slice(&reason), REASON_WIDTH);
	(void)row_put_title(&cleanup->cli->out, text, info, title_width(&cleanup->cli->out));
	row_end(text);
	strbuf_release(&reason);
}

static void put_json(struct cleanup *cleanup, const struct hf_cleanup_item *item)
{
	static const char *const names[] = {
		[HF_CLEANUP_REMOVED] = "removed",
		[HF_CLEANUP_KEPT] = "kept",
		[HF_CLEANUP_FAILED] = "failed",
	};
	struct json *json = &cleanup->json;

	json_open(json, '{');
	json_put_text(json, "outcome", slice_of(names[item->outcome]));
	json_put_text(json, "reason", slice_of(item->reason));
	if (item->error != HF_OK)
		json_put_text(json, "cause", slice_of(hf_error_name(item->error)));
	else
		json_put_raw(json, "cause", (struct hf_slice){ 0 });
	row_put_json(json, item->entry);
	json_close(json, '}');
}

static void each(void *context, const struct hf_cleanup_item *item)
{
	struct cleanup *cleanup = context;
	struct cli *cli = cleanup->cli;
	bool recent = item->outcome == HF_CLEANUP_KEPT && strcmp(item->reason, "recent") == 0;

	cleanup->recent += recent;
	if (item->outcome == HF_CLEANUP_FAILED && cleanup->failure == 0)
		cleanup->failure = hf_error_exit(item->error);
	if (cli->json)
		put_json(cleanup, item);
	else if ((!recent || cli->verbose) && !cli->quiet)
		put_row(cleanup, item);
	/* What was removed is told at once, whatever becomes of the rest. */
	out_write(&cli->out, &cleanup->text);
}

static void put_totals(struct cleanup *cleanup, const struct hf_cleanup *totals)
{
	struct strbuf *text = &cleanup->text;

	strbuf_printf(text, "%s %llu (", cleanup->wanted.dry_run ? "would remove" : "removed",
		      (unsigned long long)totals->removed);
	out_put_size(text, totals->removed_bytes);
	strbuf_printf(text, "), kept %llu", (unsigned long long)totals->kept);
	if (cleanup->recent > 0)
		strbuf_printf(text, " (%llu recent)", (unsigned long long)cleanup->recent);
	strbuf_printf(text, ", failed %llu\n", (unsigned long long)totals->failed);
}

static void put_json_totals(struct cleanup *cleanup, const struct hf_cleanup *totals)
{
	struct json *json = &cleanup->json;

	json_close(json, ']');
	json_put_number(json, "removed", totals->removed);
	json_put_number(json, "kept", totals->kept);
	json_put_number(json, "failed", totals->failed);
	json_put_number(json, "removed_bytes", totals->removed_bytes);
	json_put_bool(json, "dry_run", cleanup->wanted.dry_run);
	json_close(json, '}');
	strbuf_puts(&cleanup->text, "\n");
}

static int clean_up(struct cleanup *cleanup)
{
	struct cli *cli = cleanup->cli;
	struct hf_cleanup totals = { 0 };
	int rc = HF_OK;

	cleanup->json.out = &cleanup->text;
	if (cli->json) {
		json_open(&cleanup->json, '{');
		json_open_member(&cleanup->json, "sessions", '[');
	}
	/* A store that was never made has nothing to clean up. */
	if (cli->store != NULL)
		rc = hf_store_cleanup(cli->store, &cleanup->wanted, each, cleanup, &cli->detail,
				      &totals);
	if (cli->json)
		put_json_totals(cleanup, &totals);
	else if (rc == HF_OK && !cli->quiet)
		put_totals(cleanup, &totals);
	out_write(&cli->out, &cleanup->text);
	strbuf_release(&cleanup->text);
	return rc == HF_OK ? cleanup->failure : errors_report(cli, rc, "clean up", NULL);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	struct cleanup cleanup = { .cli = cli };
	int status;

	if (values[CLEANUP_OLDER] == NULL)
		return errors_usage(cli, "--older-than is missing: nothing goes without an age");
	if (!age_read(cli, "--older-than", values[CLEANUP_OLDER], &cleanup.wanted.older_than_us))
		return hf_error_exit(HF_ERR_INVALID);
	cleanup.wanted.dry_run = values[CLEANUP_DRY_RUN] != NULL;
	cleanup.wanted.purge = values[CLEANUP_PURGE] != NULL;
	cleanup.wanted.trash = values[CLEANUP_TRASH] != NULL;
	status = access_config(cli);
	if (status == 0 && !access_no_store_yet(cli))
		status = access_store(cli, cleanup.wanted.dry_run ? ACCESS_READ : ACCESS_WRITE,
				      NULL);
	return status == 0 ? clean_up(&cleanup) : status;
}

const struct command cmd_cleanup = {
	.name = "cleanup",
	.summary = "move sessions to the trash that nobody used for long",
	.synopsis = "--older-than AGE",
	.text = "Moves the sessions that have had no record for so long to the trash, with "
		"--purge\n"
		"for good; with --trash it removes those in the trash. What counts is the time of\n"
		"the last record, not of the file, and in the trash not of the removal. Active,\n"
		"pinned and unreadable sessions are kept and said to be, those that are recent are\n"
		"only counted (--verbose lists them). A failure does not stop it: the exit status\n"
		"is that of the first one.",
	.example = "  holdfast cleanup --older-than 30d --dry-run\n"
		   "  holdfast cleanup --older-than 90d --trash\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_BUSY, HF_OK },
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
