/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"

enum { LOG_FROM, LOG_LAST };

static const struct option options[] = {
	[LOG_FROM] = { "from", 0, "N", "begin with record N" },
	[LOG_LAST] = { "last", 0, "K", "only the last K records" },
};

/* Prints the records behind *record whose number is from or more. */
static void print(struct cli *cli, const struct hf_view *view, struct hf_record *record,
		  uint64_t from)
{
	struct strbuf text = { 0 };

	while (cli->out.failure == 0 && hf_view_next(view, record)) {
		if (record->n < from)
			continue;
		out_write_json(&cli->out, record->line);
		strbuf_puts(&text, "\n");
		out_write(&cli->out, &text);
	}
	strbuf_release(&text);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	const char *const *values = arguments->values;
	struct hf_record record = { 0 };
	struct hf_view *view = NULL;
	uint64_t from = 0;
	uint64_t last = 0;
	int status;

	if (values[LOG_FROM] != NULL && values[LOG_LAST] != NULL)
		return errors_usage(cli, "give either --from or --last");
	if (!options_number(cli, "--from", values[LOG_FROM], UINT64_MAX, &from) ||
	    !options_number(cli, "--last", values[LOG_LAST], UINT64_MAX, &last))
		return hf_error_exit(HF_ERR_INVALID);
	status = access_store(cli, ACCESS_READ, NULL);
	if (status == 0)
		status = access_view(cli, arguments->operands[0], &view);
	if (status != 0)
		return status;
	if (values[LOG_LAST] != NULL && hf_view_previous(view, &record)) {
		bool more = true;

		for (uint64_t i = 0; i < last && more; i++)
			more = hf_view_previous(view, &record);
		if (!more)
			record = (struct hf_record){ 0 };
	}
	print(cli, view, &record, from);
	status = access_view_status(cli, view);
	hf_view_close(view);
	return status;
}

const struct command cmd_log = {
	.name = "log",
	.summary = "print the records as they are stored",
	.synopsis = "SESSION",
	.text = "Prints the records that verify, one a line, byte for byte as they are stored "
		"(JSON\n"
		"Lines). On a terminal the few characters that could act on it are written as "
		"JSON\n"
		"escapes.",
	.example = "  holdfast log 1b9d | jq -r 'select(.type == \"message\") | .data.role'\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_TRUNCATED,
				 HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
