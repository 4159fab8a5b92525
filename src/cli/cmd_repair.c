/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"

enum { REPAIR_ACCEPT, REPAIR_DRY_RUN };

static const struct option options[] = {
	[REPAIR_ACCEPT] = { "accept", 0, "LIST", "repair these too: gap,head-missing" },
	[REPAIR_DRY_RUN] = { "dry-run", 'n', NULL, "say what would be done" },
};

/* Reads "gap,head-missing"; false, and the user was told, if a name is wrong. */
static bool read_accept(const struct cli *cli, const char *list, uint32_t *ret_accept)
{
	uint32_t accept = 0;

	while (list != NULL && *list != '\0') {
		size_t size = strcspn(list, ",");
		char name[24] = { 0 };
		enum hf_verdict verdict = HF_INTACT;

		memcpy(name, list, size < sizeof name ? size : sizeof name - 1);
		if (!hf_verdict_find(name, &verdict) ||
		    (verdict != HF_GAP && verdict != HF_HEAD_MISSING && verdict != HF_TORN)) {
			(void)errors_usage(cli, "--accept: '%s' is not gap or head-missing", name);
			return false;
		}
		accept |= HF_ACCEPT(verdict);
		list += size;
		list += *list == ',';
	}
	*ret_accept = accept;
	return true;
}

static void put_text(struct strbuf *text, const struct hf_repair *repair, bool dry_run)
{
	strbuf_printf(text, "found: %s", hf_verdict_name(repair->before.verdict));
	if (repair->before.bad_record >= 0)
		strbuf_printf(text, " at record %lld, byte %lld",
			      (long long)repair->before.bad_record,
			      (long long)repair->before.bad_offset);
	strbuf_puts(text, "\n");
	if (!repair->changed) {
		strbuf_puts(text, "nothing to repair\n");
		return;
	}
	if (repair->removed_bytes > 0) {
		strbuf_printf(text, "%s %llu bytes at byte %llu to the quarantine",
			      dry_run ? "would move" : "moved",
			      (unsigned long long)repair->removed_bytes,
			      (unsigned long long)repair->removed_offset);
		if (repair->quarantine[0] != '\0')
			strbuf_printf(text, ": %s", repair->quarantine);
		strbuf_puts(text, "\n");
	}
	strbuf_puts(text, dry_run ? "would repair the session\n" : "repaired\n");
}

static void put_json(struct strbuf *text, const char *id, const struct hf_repair *repair,
		     bool dry_run)
{
	struct json json = { .out = text };

	json_open(&json, '{');
	json_put_text(&json, "session", slice_of(id));
	json_put_text(&json, "found", slice_of(hf_verdict_name(repair->before.verdict)));
	json_put_place(&json, "bad_record", repair->before.bad_record);
	json_put_place(&json, "bad_offset", repair->before.bad_offset);
	json_put_bool(&json, "dry_run", dry_run);
	json_put_bool(&json, "changed", repair->changed);
	json_put_number(&json, "removed_bytes", repair->removed_bytes);
	json_put_number(&json, "removed_offset", repair->removed_offset);
	json_put_text(&json, "quarantine", slice_of(repair->quarantine));
	json_close(&json, '}');
	strbuf_puts(text, "\n");
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool dry_run = arguments->values[REPAIR_DRY_RUN] != NULL;
	struct hf_repair repair = { 0 };
	struct strbuf text = { 0 };
	char id[HF_ID_SIZE];
	uint32_t accept = 0;
	int status;
	int rc;

	if (!read_accept(cli, arguments->values[REPAIR_ACCEPT], &accept))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_store(cli, dry_run ? ACCESS_READ : ACCESS_WRITE, NULL);
	if (status == 0)
		status = access_session(cli, arguments->operands[0], id);
	if (status != 0)
		return status;
	rc = hf_session_repair(cli->store, id, accept, dry_run, &cli->detail, &repair);
	if (rc != HF_OK)
		return errors_report(cli, rc, "repair session", id);
	if (cli->json)
		put_json(&text, id, &repair, dry_run);
	else if (!cli->quiet)
		put_text(&text, &repair, dry_run);
	out_write(&cli->out, &text);
	strbuf_release(&text);
	return 0;
}

const struct command cmd_repair = {
	.name = "repair",
	.summary = "mend a session after a crash",
	.synopsis = "SESSION",
	.text = "Checks the whole session and mends what can be mended: an incomplete record at "
		"the\n"
		"end; with --accept also a gap before valid records, and a missing head. Nothing "
		"is\n"
		"deleted: what is cut off goes to the store's quarantine, and a record says so.\n"
		"Tampered, truncated and rolled-back sessions are left as they are.",
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
