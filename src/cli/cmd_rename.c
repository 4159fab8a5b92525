/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/change.h"
#include "cli/cli.h"

enum { RENAME_WAIT };

static const struct option options[] = {
	[RENAME_WAIT] = ACCESS_WAIT_OPTION,
};

static int rename_session(struct cli *cli, struct hf_session *session, const void *wish)
{
	return hf_session_rename(session, wish, &cli->detail);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	int status = access_store(cli, ACCESS_WRITE, NULL);

	if (status != 0)
		return status;
	return change_session(cli, arguments->operands[0], arguments->values[RENAME_WAIT],
			      "rename session", rename_session, arguments->operands[1]);
}

const struct command cmd_rename = {
	.name = "rename",
	.summary = "give a session another name",
	.synopsis = "SESSION NAME",
	.text = "Gives a session another name, by which it can then be called; '' takes the name\n"
		"away. A closed session stays closed.",
	.example = "  holdfast rename 1b9d 'fix the parser, again'\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_TAMPERED,
				 HF_OK },
	.operands_min = 2,
	.operands_max = 2,
	.run = run,
};
