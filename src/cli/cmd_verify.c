/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/sessions.h"

enum { VERIFY_ALL };

static const struct option options[] = {
	[VERIFY_ALL] = { "all", 'a', NULL, "all sessions of the store" },
};

/* A run over several sessions. */
struct verify {
	struct cli *cli;
	size_t done;
	size_t total;
	struct progress progress;
	enum hf_verdict worst;
	int failure; /* exit status of the first session that was not checked */
	struct strbuf text;
	struct json json;
};

static void put_line(const struct out *out, struct strbuf *text, const char *id,
		     const struct hf_check *check)
{
	bool good = check->verdict == HF_INTACT;

	strbuf_printf(text, "%s  ", id);
	out_style(out, text, good ? OUT_GOOD : OUT_BAD, hf_verdict_name(check->verdict));
	strbuf_printf(text, "  %llu records, ", (unsigned long long)check->records);
	out_put_size(text, check->log_bytes);
	if (check->active)
		strbuf_puts(text, ", active");
	if (check->weak && check->verdict != HF_WEAK_KEY)
		strbuf_puts(text, ", signed with a weak key");
	strbuf_puts(text, "\n");
	if (good)
		return;
	strbuf_printf(text, "  %s", hf_error_text(hf_verdict_error(check->verdict)));
	if (check->bad_record >= 0)
		strbuf_printf(text, " The first bad record is %lld, at byte %lld.",
			      (long long)check->bad_record, (long long)check->bad_offset);
	strbuf_printf(text, "\n  %s\n", hf_error_hint(hf_verdict_error(check->verdict)));
}

static void put_json(struct json *json, const struct hf_check *check)
{
	json_put_text(json, "verdict", slice_of(hf_verdict_name(check->verdict)));
	json_put_bool(json, "weak", check->weak);
	json_put_bool(json, "active", check->active);
	json_put_number(json, "records", check->records);
	json_put_number(json, "bytes", check->bytes);
	json_put_number(json, "log_bytes", check->log_bytes);
	json_put_number(json, "acknowledged", check->acknowledged);
	json_put_place(json, "bad_record", check->bad_record);
	json_put_place(json, "bad_offset", check->bad_offset);
}

static void verify_one(struct verify *verify, const char *id)
{
	struct cli *cli = verify->cli;
	struct hf_check check = { 0 };
	struct progress *progress = &verify->progress;
	int rc;

	(void)snprintf(progress->label, sizeof progress->label, "verifying %zu of %zu",
		       verify->done + 1, verify->total);
	rc = hf_session_verify(cli->store, id, progress_show, progress, &cli->detail, &check);
	progress_clear(progress);
	if (cli->json) {
		json_open(&verify->json, '{');
		json_put_text(&verify->json, "session", slice_of(id));
		if (rc == HF_OK)
			put_json(&verify->json, &check);
		else
			errors_put_json(&verify->json, rc);
		json_close(&verify->json, '}');
	} else if (rc == HF_OK && (!cli->quiet || check.verdict != HF_INTACT)) {
		put_line(&cli->out, &verify->text, id, &check);
		out_write(&cli->out, &verify->text);
	}
	if (rc == HF_OK && check.verdict > verify->worst)
		verify->worst = check.verdict;
	if (rc != HF_OK) {
		int status = errors_report(cli, rc, "verify session", id);

		verify->failure = verify->failure != 0 ? verify->failure : status;
	}
	verify->done++;
}

static void verify_all(struct verify *verify)
{
	struct sessions sessions = { 0 };

	verify->failure = sessions_read(verify->cli, &(struct hf_list_options){ 0 }, &sessions);
	verify->total = sessions.count;
	if (verify->failure == 0 && sessions.count == 0)
		errors_note(verify->cli, "no sessions");
	for (size_t i = 0; i < sessions.count; i++)
		verify_one(verify, sessions.rows[i].entry.info.id);
	sessions_release(&sessions);
}

static void verify_given(struct verify *verify, const struct arguments *arguments)
{
	verify->total = arguments->operand_count;
	for (size_t i = 0; i < arguments->operand_count; i++) {
		char id[HF_ID_SIZE];
		int status = access_session(verify->cli, arguments->operands[i], id);

		if (status == 0)
			verify_one(verify, id);
		else if (verify->failure == 0)
			verify->failure = status;
	}
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct verify verify = { .cli = cli, .worst = HF_INTACT };
	bool all = arguments->values[VERIFY_ALL] != NULL;
	int status;

	if (all == (arguments->operand_count > 0))
		return errors_usage(cli, "give sessions, or --all");
	status = access_store(cli, ACCESS_READ, NULL);
	if (status != 0)
		return status;
	verify.progress = progress_look(cli);
	verify.json.out = &verify.text;
	if (cli->json)
		json_open(&verify.json, '[');
	if (all)
		verify_all(&verify);
	else
		verify_given(&verify, arguments);
	if (cli->json) {
		json_close(&verify.json, ']');
		strbuf_puts(&verify.text, "\n");
	}
	out_write(&cli->out, &verify.text);
	strbuf_release(&verify.text);
	if (verify.worst != HF_INTACT)
		return hf_error_exit(hf_verdict_error(verify.worst));
	return verify.failure;
}

const struct command cmd_verify = {
	.name = "verify",
	.summary = "check sessions from the first byte to the last",
	.synopsis = "SESSION... | --all",
	.text = "Checks the signature of every record and the chain between them, and prints a\n"
		"verdict for each session; of a bad one also the first bad record and its byte in\n"
		"the log. The exit status is that of the worst verdict. With --quiet only bad\n"
		"sessions are printed; with --json an array of objects.",
	.example = "  holdfast verify --all --quiet || mail -s 'damaged sessions' me </dev/null\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors =
		(const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_TORN, HF_ERR_TRUNCATED,
			       HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_ROLLED_BACK, HF_ERR_HEAD_MISSING,
			       HF_ERR_WEAK_KEY, HF_ERR_KEY_MISSING, HF_ERR_UNSIGNED, HF_OK },
	.operands_min = 0,
	.operands_max = (size_t)-1,
	.run = run,
};
