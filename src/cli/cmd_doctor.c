/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/json.h"
#include "cli/visible.h"

/* What is printed while the library looks around. */
struct doctor {
	struct cli *cli;
	struct strbuf text;
	struct json json;
	bool healthy;
};

static const char *level_name(enum hf_log_level level)
{
	if (level == HF_LOG_ERROR)
		return "error";
	return level == HF_LOG_WARNING ? "warning" : "ok";
}

static void put_finding(struct doctor *doctor, const struct hf_finding *finding)
{
	struct strbuf *text = &doctor->text;
	enum out_style style = finding->level == HF_LOG_ERROR	  ? OUT_BAD
			       : finding->level == HF_LOG_WARNING ? OUT_WARNING
								  : OUT_GOOD;

	out_style_begin(&doctor->cli->out, text, style);
	strbuf_printf(text, "%-7s", level_name(finding->level));
	out_style_end(&doctor->cli->out, text);
	strbuf_printf(text, "  %-12s ", finding->subject);
	visible_put(text, slice_of(finding->text), VISIBLE_ONE_LINE);
	strbuf_puts(text, "\n");
}

static void each(void *context, const struct hf_finding *finding)
{
	struct doctor *doctor = context;
	bool fine = finding->level < HF_LOG_WARNING;

	doctor->healthy = doctor->healthy && fine;
	if (doctor->cli->json) {
		json_open(&doctor->json, '{');
		json_put_text(&doctor->json, "level", slice_of(level_name(finding->level)));
		json_put_text(&doctor->json, "subject", slice_of(finding->subject));
		json_put_text(&doctor->json, "text", slice_of(finding->text));
		json_close(&doctor->json, '}');
	} else if (!fine || !doctor->cli->quiet) {
		put_finding(doctor, finding);
	}
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct doctor doctor = { .cli = cli, .healthy = true };
	int status = access_store(cli, ACCESS_READ, NULL);
	int rc;

	(void)arguments;
	if (status != 0)
		return status;
	doctor.json.out = &doctor.text;
	if (cli->json)
		json_open(&doctor.json, '[');
	rc = hf_store_examine(cli->store, each, &doctor, &cli->detail);
	if (cli->json) {
		json_close(&doctor.json, ']');
		strbuf_puts(&doctor.text, "\n");
	}
	out_write(&cli->out, &doctor.text);
	strbuf_release(&doctor.text);
	if (rc != HF_OK)
		return errors_report(cli, rc, "examine the store", NULL);
	return doctor.healthy ? 0 : 1;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.summary = "look for trouble: permissions, keys, space, stale files",
	.synopsis = "",
	.text = "Looks at permissions, keys, free space and stale files of the store and says "
		"what\n"
		"to do about what it finds. Changes nothing. The exit status is 0 if all is well "
		"and\n"
		"1 if there is a warning or an error. With --quiet only these are printed.",
	.example = "  holdfast doctor\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_OK },
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
