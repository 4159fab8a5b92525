/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/selection.h"

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct selection selection = { 0 };
	int status = access_store(cli, ACCESS_WRITE, NULL);

	if (status == 0)
		status = selection_read(cli, arguments, SELECTION_TRASH, &selection);
	if (status == 0)
		status = selection_each(cli, &selection, "restore session", hf_session_restore);
	selection_release(&selection);
	return status;
}

const struct command cmd_restore = {
	.name = "restore",
	.summary = "bring sessions back from the trash",
	.synopsis = "SESSION...",
	.text = "Brings sessions back from the trash, as they were. One that is not in the trash\n"
		"is left alone. 'holdfast list --trash' shows what is there.",
	.example = "  holdfast restore 1b9d\n",
	.options = NULL,
	.option_count = 0,
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_OK },
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run,
};
