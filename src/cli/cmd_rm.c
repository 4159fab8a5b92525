/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/selection.h"

enum { RM_PURGE, RM_YES, RM_FORCE };

static const struct option options[] = {
	[RM_PURGE] = { "purge", 0, NULL, "for good, instead of into the trash" },
	[RM_YES] = { "yes", 'y', NULL, "with --purge: do not ask" },
	[RM_FORCE] = { "force", 'f', NULL, "a session that is not there is no error" },
};

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool purge = arguments->values[RM_PURGE] != NULL;
	struct selection selection = { .force = arguments->values[RM_FORCE] != NULL };
	int status = access_store(cli, ACCESS_WRITE, NULL);

	if (status == 0)
		status = selection_read(cli, arguments, SELECTION_ANYWHERE, &selection);
	if (status == 0 && purge)
		status = selection_confirm(cli, &selection, arguments->values[RM_YES] != NULL);
	if (status == 0)
		status = selection_each(cli, &selection, "remove session",
					purge ? hf_session_delete : hf_session_trash);
	selection_release(&selection);
	return status;
}

const struct command cmd_rm = {
	.name = "rm",
	.summary = "move sessions to the trash",
	.synopsis = "SESSION...",
	.text = "Moves sessions to the trash, from where 'holdfast restore' brings them back. "
		"With\n"
		"--purge they are removed for good: this asks first on a terminal; elsewhere "
		"--yes\n"
		"must be given. If one of several cannot be found, none is removed; one that is "
		"in\n"
		"the trash already stays there. The exit status is 1 if the answer was no.",
	.example = "  holdfast rm 1b9d\n"
		   "  holdfast rm --purge --yes 1b9d\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_OK },
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run,
};
