/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/selection.h"

enum { PURGE_ALL, PURGE_YES, PURGE_FORCE };

static const struct option options[] = {
	[PURGE_ALL] = { "all", 'a', NULL, "all sessions of the trash" },
	[PURGE_YES] = { "yes", 'y', NULL, "do not ask" },
	[PURGE_FORCE] = { "force", 'f', NULL, "a session that is not there is no error" },
};

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool all = arguments->values[PURGE_ALL] != NULL;
	struct selection selection = { .force = arguments->values[PURGE_FORCE] != NULL };
	int status;

	if (all == (arguments->operand_count > 0))
		return errors_usage(cli, "give sessions, or --all");
	status = access_store(cli, ACCESS_WRITE, NULL);
	if (status == 0 && all)
		status = selection_read_trash(cli, &selection);
	else if (status == 0)
		status = selection_read(cli, arguments, SELECTION_TRASH, &selection);
	if (status == 0 && all && selection.count == 0)
		errors_note(cli, "the trash is empty");
	if (status == 0)
		status = selection_confirm(cli, &selection, arguments->values[PURGE_YES] != NULL);
	if (status == 0)
		status = selection_each(cli, &selection, "purge session", hf_session_purge);
	selection_release(&selection);
	return status;
}

const struct command cmd_purge = {
	.name = "purge",
	.summary = "remove sessions of the trash for good",
	.synopsis = "SESSION... | --all",
	.text = "Removes sessions that are in the trash for good. Asks first on a terminal;\n"
		"elsewhere --yes must be given. A session outside the trash is not found here: "
		"see\n"
		"'holdfast rm --purge'. The exit status is 1 if the answer was no.",
	.example = "  holdfast purge --all --yes\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_OK },
	.operands_min = 0,
	.operands_max = (size_t)-1,
	.run = run,
};
