/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/mend.h"

enum { REPAIR_ACCEPT, REPAIR_DRY_RUN };

static const struct option options[] = {
	[REPAIR_ACCEPT] = MEND_ACCEPT_OPTION,
	[REPAIR_DRY_RUN] = { "dry-run", 'n', NULL, "say what would be done" },
};

/* What is said of a session: of one that was refused only what was found. */
static void put_text(struct strbuf *text, const struct hf_repair *repair, bool dry_run, int rc)
{
	strbuf_puts(text, "found: ");
	mend_put_found(text, &repair->before);
	strbuf_puts(text, "\n");
	if (rc != HF_OK)
		return;
	mend_put_removed(text, repair, dry_run);
	if (!repair->changed)
		strbuf_puts(text, "nothing to repair\n");
	else
		strbuf_puts(text, dry_run ? "would repair the session\n" : "repaired\n");
}

static void put_json(struct strbuf *text, const char *id, const struct hf_repair *repair,
		     bool dry_run)
{
	struct json json = { .out = text };

	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(id));
	json_put_bool(&json, "dry_run", dry_run);
	mend_put_json(&json, repair);
	json_close(&json, '}');
	strbuf_puts(text, "\n");
}

/* Whether the check was carried out, so that there is something to tell. */
static bool is_known(const struct hf_repair *repair, int rc)
{
	return rc == HF_OK || rc == hf_verdict_error(repair->before.verdict);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool dry_run = arguments->values[REPAIR_DRY_RUN] != NULL;
	struct hf_repair repair = { .before = { .bad_record = -1, .bad_offset = -1 } };
	struct strbuf text = { 0 };
	char id[HF_ID_SIZE];
	uint32_t accept = 0;
	int status;
	int rc;

	if (!mend_read_accept(cli, arguments->values[REPAIR_ACCEPT], &accept))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_store(cli, dry_run ? ACCESS_READ : ACCESS_WRITE, NULL);
	if (status == 0)
		status = access_session(cli, arguments->operands[0], id);
	if (status != 0)
		return status;
	rc = hf_session_repair(cli->store, id, accept, dry_run, &cli->detail, &repair);
	if (is_known(&repair, rc) && cli->json)
		put_json(&text, id, &repair, dry_run);
	else if (is_known(&repair, rc) && !cli->quiet)
		put_text(&text, &repair, dry_run, rc);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return rc == HF_OK ? 0 : errors_report_session(cli, rc, "repair session", id);
}

const struct command cmd_repair = {
	.name = "repair",
	.summary = "mend a session after a crash",
	.synopsis = "SESSION",
	.text = "Checks the whole session and mends what can be mended: an incomplete record at "
		"the\n"
		"end, and the verdicts that --accept names: torn, head-missing, gap, truncated,\n"
		"rolled-back, tampered. What verifies is kept and gone on from. Nothing is "
		"deleted:\n"
		"what is cut off goes to the store's quarantine, and a record says for ever what\n"
		"was found. Who accepts tampered accepts truncated too.",
	.example = "  holdfast repair 1b9d --accept gap --dry-run\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_TRUNCATED,
				 HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_ROLLED_BACK,
				 HF_ERR_HEAD_MISSING, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
