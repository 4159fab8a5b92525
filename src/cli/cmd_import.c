/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/row.h"
#include "cli/visible.h"

enum {
	IMPORT_DRY_RUN,
	IMPORT_UNSIGNED,
	IMPORT_SECRET,
	IMPORT_HOST,
	IMPORT_SALT,
	IMPORT_FORMATS,
};

static const struct option options[] = {
	[IMPORT_DRY_RUN] = { "dry-run", 'n', NULL, "say what would be done" },
	[IMPORT_UNSIGNED] = { "allow-unsigned", 0, NULL,
			      "JidoCode: take sessions without a signature" },
	[IMPORT_SECRET] = { "secret", 0, "FILE", "JidoCode: the machine_secret that signed" },
	[IMPORT_HOST] = { "hostname", 0, "NAME", "JidoCode: the host's name at that time" },
	[IMPORT_SALT] = { "salt", 0, "TEXT", "JidoCode: the application's salt" },
	[IMPORT_FORMATS] = { "formats", 0, NULL, "list the formats and where agents keep them" },
};

enum { OUTCOME_WIDTH = 14, FORMAT_WIDTH = 14, COUNT_WIDTH = 8, NAME_WIDTH = 16 };

/* What is said while the library imports. */
struct importing {
	struct cli *cli;
	struct hf_import_options wanted;
	struct strbuf text;
	struct json json;
	struct progress progress;
	struct hf_import sum;
	bool heading; /* stands in the text */
	int failure; /* exit status of the first that failed */
};

static const char *const outcome_names[] = {
	[HF_IMPORT_NEW] = "new",
	[HF_IMPORT_ADDED] = "added",
	[HF_IMPORT_UNCHANGED] = "unchanged",
	[HF_IMPORT_REWRITTEN] = "rewritten",
	[HF_IMPORT_TRUNCATED] = "truncated",
	[HF_IMPORT_SKIPPED] = "skipped",
	[HF_IMPORT_FAILED] = "failed",
};

static void put_heading(struct importing *importing)
{
	const struct out *out = &importing->cli->out;
	struct strbuf *text = &importing->text;

	if (importing->heading)
		return;
	importing->heading = true;
	out_style_begin(out, text, OUT_BOLD);
	row_put(text, slice_of("SESSION"), ROW_LONG_ID_WIDTH);
	row_put(text, slice_of("OUTCOME"), OUTCOME_WIDTH);
	row_put(text, slice_of("FORMAT"), FORMAT_WIDTH);
	row_put_right(text, "MESSAGES", COUNT_WIDTH);
	row_put_right(text, "BAD", COUNT_WIDTH);
	row_put_right(text, "SIZE", ROW_SIZE_WIDTH);
	strbuf_puts(text, "SOURCE");
	out_style_end(out, text);
	strbuf_puts(text, "\n");
}

static void put_count(struct strbuf *text, uint64_t count)
{
	char digits[24];

	(void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
	row_put_right(text, digits, COUNT_WIDTH);
}

static void put_row(struct importing *importing, const struct hf_import_item *item)
{
	struct strbuf *text = &importing->text;

	put_heading(importing);
	row_put_id(text, item->id, ROW_LONG_ID_WIDTH);
	row_put(text, slice_of(outcome_names[item->outcome]), OUTCOME_WIDTH);
	row_put(text, slice_of(item->format), FORMAT_WIDTH);
	put_count(text, item->messages);
	put_count(text, item->bad);
	row_put_size(text, item->bytes);
	/* What is wrong with a file often begins with its path. */
	if (strncmp(item->message, item->path, strlen(item->path)) != 0)
		visible_put(text, slice_of(item->path), VISIBLE_ONE_LINE);
	if (item->message[0] != '\0') {
		strbuf_puts(text, text->data[text->size - 1] == ' ' ? "" : ": ");
		visible_put(text, slice_of(item->message), VISIBLE_ONE_LINE);
	}
	row_end(text);
}

static void put_json(struct importing *importing, const struct hf_import_item *item)
{
	struct json *json = &importing->json;

	json_open(json, '{');
	json_put_text(json, "outcome", slice_of(outcome_names[item->outcome]));
	json_put_text(json, "session", slice_of(item->id));
	json_put_text(json, "format", slice_of(item->format));
	json_put_text(json, "path", slice_of(item->path));
	json_put_text(json, "foreign", slice_of(item->foreign));
	json_put_number(json, "records", item->records);
	json_put_number(json, "messages", item->messages);
	json_put_number(json, "bad", item->bad);
	json_put_number(json, "bytes", item->bytes);
	if (item->error != HF_OK)
		errors_put_json(json, item->error);
	json_put_text(json, "detail", slice_of(item->message));
	json_close(json, '}');
}

static void each(void *context, const struct hf_import_item *item)
{
	struct importing *importing = context;
	struct cli *cli = importing->cli;
	bool matters = item->outcome != HF_IMPORT_SKIPPED && item->outcome != HF_IMPORT_UNCHANGED;

	progress_clear(&importing->progress);
	if (item->outcome == HF_IMPORT_FAILED && importing->failure == 0)
		importing->failure = hf_error_exit(item->error);
	if (cli->json)
		put_json(importing, item);
	else if ((matters || cli->verbose) && !cli->quiet)
		put_row(importing, item);
	out_write(&cli->out, &importing->text);
}

static void note(void *context, const struct hf_import_note *note)
{
	struct importing *importing = context;
	struct strbuf text = { 0 };

	progress_clear(&importing->progress);
	visible_put(&text, slice_of(note->path), VISIBLE_ONE_LINE);
	if (note->line > 0)
		strbuf_printf(&text, ":%llu", (unsigned long long)note->line);
	errors_note(importing->cli, "%s: %s: %llu bytes at %llu are kept as they are", text.data,
		    note->what, (unsigned long long)note->size, (unsigned long long)note->offset);
	strbuf_release(&text);
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
	progress_show(&((struct importing *)context)->progress, done, total);
}

/* ---- The sum ---- */

static void put_totals(struct importing *importing)
{
	const struct hf_import *sum = &importing->sum;
	struct strbuf *text = &importing->text;
	const char *before = "";

	for (size_t i = 0; i <= HF_IMPORT_FAILED; i++) {
		if (sum->outcomes[i] == 0)
			continue;
		strbuf_printf(text, "%s%llu %s", before, (unsigned long long)sum->outcomes[i],
			      outcome_names[i]);
		before = ", ";
	}
	if (before[0] == '\0')
		strbuf_puts(text, "no sessions found");
	strbuf_printf(text, "%s: %llu messages, ",
		      importing->wanted.dry_run ? " (nothing was changed)" : "",
		      (unsigned long long)sum->messages);
	out_put_size(text, sum->bytes);
	if (sum->bad > 0)
		strbuf_printf(text, "; %llu records could not be understood and are kept",
			      (unsigned long long)sum->bad);
	strbuf_puts(text, "\n");
}

static void put_json_totals(struct importing *importing)
{
	const struct hf_import *sum = &importing->sum;
	struct json *json = &importing->json;

	json_close(json, ']');
	for (size_t i = 0; i <= HF_IMPORT_FAILED; i++)
		json_put_number(json, outcome_names[i], sum->outcomes[i]);
	json_put_number(json, "records", sum->records);
	json_put_number(json, "messages", sum->messages);
	json_put_number(json, "bad", sum->bad);
	json_put_number(json, "bytes", sum->bytes);
	json_put_bool(json, "dry_run", importing->wanted.dry_run);
	json_close(json, '}');
	strbuf_puts(&importing->text, "\n");
}

/* ---- Importing ---- */

static void add_sum(struct hf_import *sum, const struct hf_import *more)
{
	for (size_t i = 0; i <= HF_IMPORT_FAILED; i++)
		sum->outcomes[i] += more->outcomes[i];
	sum->records += more->records;
	sum->messages += more->messages;
	sum->bad += more->bad;
	sum->bytes += more->bytes;
}

/* Says what is wrong with a path. The words of the errors themselves are about a store. */
static int report_path(const struct cli *cli, int rc, const char *path)
{
	const char *hint = "Nothing was changed. Name the format, or another file.";
	char text[sizeof cli->detail.message + 32];

	if (path != NULL && path[0] == '\0')
		return errors_usage(cli, "a path is empty");
	if (path == NULL || cli->detail.code != rc)
		return errors_report(cli, rc, "import", path);
	(void)snprintf(text, sizeof text, "cannot import %s", cli->detail.message);
	if (rc == HF_ERR_NOTFOUND)
		hint = "Name a file or a directory; 'holdfast import --formats' lists the formats.";
	else if (rc == HF_ERR_DENIED)
		hint = "Check its owner and mode.";
	else if (rc != HF_ERR_FOREIGN)
		return errors_report(cli, rc, "import", path);
	return errors_report_text(cli, rc, text, hint);
}

static void import_one(struct importing *importing, const char *path)
{
	struct cli *cli = importing->cli;
	struct hf_import sum = { 0 };
	struct strbuf absolute = { 0 };
	uint64_t failed_before = importing->sum.outcomes[HF_IMPORT_FAILED];
	const char *place = path;
	int rc;

	/* The path is part of where a session came from: it must mean the same tomorrow. */
	if (path != NULL && path[0] != '\0' && access_absolute(path, &absolute))
		place = absolute.data;
	rc = hf_import(cli->store, place, &importing->wanted, &cli->detail, &sum);
	strbuf_release(&absolute);
	progress_clear(&importing->progress);
	add_sum(&importing->sum, &sum);
	/* What failed of several was told with its item. */
	if (rc != HF_OK && importing->sum.outcomes[HF_IMPORT_FAILED] == failed_before) {
		int status = report_path(cli, rc, path);

		if (importing->failure == 0)
			importing->failure = status;
	}
}

static int import_all(struct importing *importing, const char *const *paths, size_t count)
{
	struct cli *cli = importing->cli;

	importing->json.out = &importing->text;
	importing->progress = progress_look(cli);
	importing->progress.rated = true;
	(void)snprintf(importing->progress.label, sizeof importing->progress.label, "importing");
	if (cli->json) {
		json_open(&importing->json, '{');
		json_open_member(&importing->json, "sessions", '[');
	}
	if (count == 0)
		import_one(importing, NULL);
	for (size_t i = 0; i < count; i++)
		import_one(importing, paths[i]);
	if (cli->json)
		put_json_totals(importing);
	else if (!cli->quiet)
		put_totals(importing);
	out_write(&cli->out, &importing->text);
	strbuf_release(&importing->text);
	return importing->failure;
}

static int list_formats(struct cli *cli)
{
	const struct hf_format *format;
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	if (cli->json)
		json_open(&json, '[');
	for (size_t i = 0; (format = hf_format_get(i)) != NULL; i++) {
		if (cli->json) {
			json_open(&json, '{');
			json_put_text(&json, "name", slice_of(format->name));
			json_put_text(&json, "title", slice_of(format->title));
			json_put_bool(&json, "import", format->can_import);
			json_put_bool(&json, "export", format->can_export);
			json_put_text(&json, "places", slice_of(format->places));
			json_close(&json, '}');
			continue;
		}
		row_put(&text, slice_of(format->name), NAME_WIDTH);
		row_put(&text, slice_of(format->can_import ? "import" : ""), 6);
		row_put(&text, slice_of(format->can_export ? "export" : ""), 6);
		strbuf_printf(&text, "%s%s%s", format->title, format->places[0] != '\0' ? ": " : "",
			      format->places);
		row_end(&text);
	}
	if (cli->json) {
		json_close(&json, ']');
		strbuf_puts(&text, "\n");
	}
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	const char *const *paths = arguments->operands;
	size_t count = arguments->operand_count;
	struct importing importing = { .cli = cli };
	struct hf_import_options *wanted = &importing.wanted;
	int status;

	if (values[IMPORT_FORMATS] != NULL)
		return list_formats(cli);
	/* The first operand is a format if there is one of that name. */
	if (count > 0 && hf_format_find(paths[0]) != NULL) {
		wanted->format = paths[0];
		paths++;
		count--;
		if (!hf_format_find(wanted->format)->can_import)
			return errors_usage(cli, "of the format '%s' nothing is imported",
					    wanted->format);
	}
	wanted->dry_run = values[IMPORT_DRY_RUN] != NULL;
	wanted->allow_unsigned = values[IMPORT_UNSIGNED] != NULL;
	wanted->secret_path = values[IMPORT_SECRET];
	wanted->host = values[IMPORT_HOST];
	wanted->salt = values[IMPORT_SALT];
	wanted->item = each;
	wanted->note = note;
	wanted->progress = show_progress;
	wanted->context = &importing;
	status = access_config(cli);
	/* What would be done is known without a store, too. */
	if (status == 0 && !(wanted->dry_run && access_store_is_absent(cli)))
		status = access_store(cli, wanted->dry_run ? ACCESS_READ : ACCESS_MAKE, NULL);
	return status == 0 ? import_all(&importing, paths, count) : status;
}

const struct command cmd_import = {
	.name = "import",
	.summary = "take in sessions of other agents",
	.synopsis = "[FORMAT] [PATH...]",
	.text = "Imports sessions of Claude Code, Codex, pi, Gemini CLI, OpenCode, JidoCode and\n"
		"OpenAI-style chats: a file, a database or a directory with many. The format is\n"
		"recognised unless it is named; without a path it looks where the agents keep\n"
		"their sessions. The original bytes are kept, and a view of them that is the same\n"
		"for all. Importing again appends only what is new. What is torn or not\n"
		"understood is kept as it is, and reported with its file and line. Sources are\n"
		"never changed. A failure does not stop it: the exit status is that of the first\n"
		"one. --verbose also lists what was skipped or unchanged.",
	.example = "  holdfast import --dry-run\n"
		   "  holdfast import claude-code ~/.claude/projects\n"
		   "  holdfast import jidocode session.json --secret machine_secret\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_BUSY, HF_ERR_LIBRARY, HF_ERR_FOREIGN,
				 HF_ERR_SIGNATURE, HF_ERR_KEY_MISSING, HF_ERR_UNSIGNED, HF_OK },
	.operands_min = 0,
	.operands_max = (size_t)-1,
	.run = run,
};
