/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/change.h"
#include "cli/cli.h"

enum { PIN_WAIT };

static const struct option options[] = {
	[PIN_WAIT] = ACCESS_WAIT_OPTION,
};

static int pin(struct cli *cli, struct hf_session *session, const void *wish)
{
	(void)wish;
	return hf_session_pin(session, true, &cli->detail);
}

static int unpin(struct cli *cli, struct hf_session *session, const void *wish)
{
	(void)wish;
	return hf_session_pin(session, false, &cli->detail);
}

static int run_pin(struct cli *cli, const struct arguments *arguments)
{
	int status = access_store(cli, ACCESS_WRITE, NULL);

	return status != 0 ? status
			   : change_each(cli, arguments, arguments->values[PIN_WAIT], "pin session",
					 pin, NULL);
}

static int run_unpin(struct cli *cli, const struct arguments *arguments)
{
	int status = access_store(cli, ACCESS_WRITE, NULL);

	return status != 0 ? status
			   : change_each(cli, arguments, arguments->values[PIN_WAIT],
					 "unpin session", unpin, NULL);
}

#define PIN_ERRORS                                                                     \
	(const int[])                                                                  \
	{                                                                              \
		HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_TAMPERED, HF_OK \
	}

const struct command cmd_pin = {
	.name = "pin",
	.summary = "keep sessions from every clean-up",
	.synopsis = "SESSION...",
	.text = "Pins sessions: no clean-up removes them, however old they are, and\n"
		"'holdfast list' marks them with a star. A closed session stays closed.",
	.example = "  holdfast pin 1b9d\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = PIN_ERRORS,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run_pin,
};

const struct command cmd_unpin = {
	.name = "unpin",
	.summary = "let clean-ups have pinned sessions again",
	.synopsis = "SESSION...",
	.text = "Takes back what 'holdfast pin' did. A closed session stays closed.",
	.example = "  holdfast unpin 1b9d\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = PIN_ERRORS,
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run_unpin,
};
