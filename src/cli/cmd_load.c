/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/document.h"

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct hf_view *view = NULL;
	int status = access_store(cli, ACCESS_READ, NULL);

	if (status == 0)
		status = access_view(cli, arguments->operands[0], &view);
	if (status != 0)
		return status;
	document_print(cli, view);
	status = access_view_status(cli, view);
	hf_view_close(view);
	return status;
}

const struct command cmd_load = {
	.name = "load",
	.summary = "print a session as one JSON document",
	.synopsis = "SESSION",
	.text = "Prints a session as one JSON document: its name, project, times, configuration "
		"and\n"
		"todos as they are now, and its records. Its messages are the records of type\n"
		"message. save reads the same document. --json changes nothing.",
	.example = "  holdfast load 1b9d | holdfast save --create\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_TRUNCATED,
				 HF_ERR_TAMPERED, HF_ERR_GAP, HF_ERR_KEY_MISSING, HF_OK },
	.operands_min = 1,
	.operands_max = 1,
	.run = run,
};
