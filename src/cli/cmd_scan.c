/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/patterns.h"
#include "cli/row.h"
#include "cli/sessions.h"
#include "cli/visible.h"

enum { SCAN_PATTERN, SCAN_PATTERN_FILE };

static const struct option options[] = {
	[SCAN_PATTERN] = { "pattern", 0, "REGEX", "what is a secret, too; may come again" },
	[SCAN_PATTERN_FILE] = { "pattern-file", 0, "FILE", "the same, one in a line" },
};

enum {
	EXIT_FOUND = 30, /* no error's status: a scan that finds something has not failed */

	RECORD_WIDTH = 6,
	KIND_WIDTH = 18,
	WHERE_WIDTH = 36,
};

/* A run over several sessions. */
struct scan {
	struct cli *cli;
	struct patterns patterns;
	const char *id; /* of the session that is looked through */
	uint64_t secrets;
	size_t sessions; /* looked through */
	size_t hit; /* those with secrets */
	int failure; /* exit status of the first session that was not read as a whole */
	int usage; /* exit status of a pattern that is not valid, or 0 */
	struct strbuf text;
	struct json json;
};

static void put_json(struct json *json, const char *id, const struct hf_secret *secret)
{
	json_open(json, '{');
	json_put_text(json, "session", slice_of(id));
	json_put_number(json, "record", secret->record->n);
	json_put_text(json, "type", secret->record->type);
	json_put_text(json, "kind", slice_of(secret->kind));
	json_put_text(json, "where", slice_of(secret->where));
	json_put_number(json, "offset", secret->offset);
	json_put_number(json, "size", secret->size);
	json_put_text(json, "preview", slice_of(secret->preview));
	json_close(json, '}');
}

/* A cell that is cut on a terminal only. */
static void put_cell(const struct scan *scan, struct strbuf *text, const char *words, size_t width)
{
	size_t used = visible_width(slice_of(words));

	if (scan->cli->out.width > 0 || used <= width) {
		row_put(text, slice_of(words), width);
		return;
	}
	visible_put(text, slice_of(words), VISIBLE_ONE_LINE);
	strbuf_printf(text, "%*s", ROW_GAP, "");
}

static void put_heading(const struct scan *scan, struct strbuf *text)
{
	out_style_begin(&scan->cli->out, text, OUT_BOLD);
	row_put(text, slice_of("SESSION"), ROW_LONG_ID_WIDTH);
	row_put_right(text, "RECORD", RECORD_WIDTH);
	row_put(text, slice_of("KIND"), KIND_WIDTH);
	row_put(text, slice_of("WHERE"), WHERE_WIDTH);
	strbuf_puts(text, "PREVIEW");
	out_style_end(&scan->cli->out, text);
	strbuf_puts(text, "\n");
}

static void put_row(const struct scan *scan, struct strbuf *text, const struct hf_secret *secret)
{
	char record[24];

	(void)snprintf(record, sizeof record, "%llu", (unsigned long long)secret->record->n);
	row_put_id(text, scan->id, ROW_LONG_ID_WIDTH);
	row_put_right(text, record, RECORD_WIDTH);
	put_cell(scan, text, secret->kind, KIND_WIDTH);
	put_cell(scan, text, secret->where, WHERE_WIDTH);
	visible_put(text, slice_of(secret->preview), VISIBLE_ONE_LINE);
	row_end(text);
}

static void take(void *context, const struct hf_secret *secret)
{
	struct scan *scan = context;

	if (scan->cli->json) {
		put_json(&scan->json, scan->id, secret);
	} else {
		if (scan->secrets == 0)
			put_heading(scan, &scan->text);
		put_row(scan, &scan->text, secret);
	}
	scan->secrets++;
	out_write(&scan->cli->out, &scan->text);
}

static void fail(struct scan *scan, int status)
{
	scan->failure = scan->failure != 0 ? scan->failure : status;
}

/* Says that not all of a session was looked through. */
static void judge(struct scan *scan, const struct hf_view *view)
{
	enum hf_verdict verdict = hf_view_check(view)->verdict;
	int error = hf_verdict_error(verdict);

	if (verdict == HF_INTACT)
		return;
	errors_note(scan->cli, "%s is %s: %s", scan->id, hf_verdict_name(verdict),
		    hf_error_text(error));
	if (verdict > HF_TORN)
		fail(scan, hf_error_exit(error));
}

/* What is wrong with a pattern is for the user to know, who wrote it. */
static int refuse_pattern(struct cli *cli)
{
	struct strbuf message = { 0 };
	int status;

	strbuf_puts(&message, cli->detail.message);
	cli->detail = (struct hf_detail){ 0 };
	status = errors_usage(cli, "%s", message.data);
	strbuf_release(&message);
	return status;
}

static void scan_one(struct scan *scan, const char *id)
{
	struct cli *cli = scan->cli;
	struct hf_view *view = NULL;
	uint64_t count = 0;
	int rc = hf_session_load(cli->store, id, &cli->detail, &view);

	scan->id = id;
	if (rc == HF_OK)
		rc = hf_scan(view, scan->patterns.list, scan->patterns.count, take, scan,
			     &cli->detail, &count);
	if (rc == HF_OK)
		judge(scan, view);
	else if (rc == HF_ERR_INVALID)
		scan->usage = refuse_pattern(cli);
	else
		fail(scan, errors_report(cli, rc, "scan session", id));
	hf_view_close(view);
	scan->id = NULL;
	scan->sessions++;
	scan->hit += count > 0;
}

static bool may_go_on(const struct scan *scan)
{
	return scan->usage == 0 && scan->cli->out.failure == 0;
}

static void scan_all(struct scan *scan)
{
	struct sessions sessions = { 0 };

	fail(scan, sessions_read(scan->cli, &(struct hf_list_options){ 0 }, &sessions));
	for (size_t i = 0; i < sessions.count && may_go_on(scan); i++)
		scan_one(scan, sessions.rows[i].entry.info.id);
	sessions_release(&sessions);
}

static void scan_given(struct scan *scan, const struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->operand_count && may_go_on(scan); i++) {
		char id[HF_ID_SIZE];
		int status = access_session(scan->cli, arguments->operands[i], id);

		if (status == 0)
			scan_one(scan, id);
		else
			fail(scan, status);
	}
}

static int finish(struct scan *scan)
{
	struct cli *cli = scan->cli;

	if (cli->json) {
		json_close(&scan->json, ']');
		strbuf_puts(&scan->text, "\n");
	}
	out_write(&cli->out, &scan->text);
	strbuf_release(&scan->text);
	if (scan->usage != 0)
		return scan->usage;
	errors_note(cli, "%llu %s in %zu of %zu %s", (unsigned long long)scan->secrets,
		    scan->secrets == 1 ? "secret" : "secrets", scan->hit, scan->sessions,
		    scan->sessions == 1 ? "session" : "sessions");
	return scan->secrets > 0 ? EXIT_FOUND : scan->failure;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct scan scan = { .cli = cli };
	int status =
		patterns_read(cli, &scan.patterns, arguments, arguments->values[SCAN_PATTERN_FILE]);

	if (status == 0)
		status = access_store(cli, ACCESS_READ, NULL);
	if (status == 0) {
		scan.json.out = &scan.text;
		if (cli->json)
			json_open(&scan.json, '[');
		if (arguments->operand_count == 0)
			scan_all(&scan);
		else
			scan_given(&scan, arguments);
		status = finish(&scan);
	}
	patterns_release(&scan.patterns);
	return status;
}

const struct command cmd_scan = {
	.name = "scan",
	.summary = "look for secrets in sessions",
	.synopsis = "[SESSION...]",
	.text = "Says where secrets stand in the sessions, or in all of the store: keys of\n"
		"well-known providers, private keys, bearer tokens, assigned passwords, long\n"
		"random strings, and what --pattern (POSIX extended) says. Of each the first\n"
		"characters are shown, never all of it. Nothing is changed: export --redact\n"
		"leaves secrets out. With --json an array of objects is printed. The exit status\n"
		"is 30 if secrets were found.",
	.example = "  holdfast scan || echo 'look before you share'\n"
		   "  holdfast scan 1b9d --pattern 'corp-[0-9a-f]{16}' --json | jq -r '.[].kind'\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_TRUNCATED,
				 HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_ROLLED_BACK,
				 HF_ERR_HEAD_MISSING, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 0,
	.operands_max = (size_t)-1,
	.run = run,
};
