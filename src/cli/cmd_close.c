/* SPDX-License-Identifier: MIT */
#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/selection.h"

enum { CLOSE_WAIT };

static const struct option options[] = {
	[CLOSE_WAIT] = ACCESS_WAIT_OPTION,
};

static int close_one(struct cli *cli, const char *id, const char *wait)
{
	struct hf_session *session = NULL;
	int status = access_writer(cli, id, wait, &session);
	int rc;

	if (status != 0)
		return status;
	rc = hf_session_close(session, HF_CLOSE_SEAL, &cli->detail);
	return rc == HF_OK ? 0 : errors_report(cli, rc, "close session", id);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct selection selection = { 0 };
	int status = access_store(cli, ACCESS_WRITE, NULL);

	if (status == 0)
		status = selection_read(cli, arguments, SELECTION_ANYWHERE, &selection);
	for (size_t i = 0, count = status == 0 ? selection.count : 0; i < count; i++) {
		int failure = close_one(cli, selection.ids[i].text, arguments->values[CLOSE_WAIT]);

		status = status != 0 ? status : failure;
	}
	selection_release(&selection);
	return status;
}

const struct command cmd_close = {
	.name = "close",
	.summary = "end sessions with a seal",
	.synopsis = "SESSION...",
	.text = "Ends sessions: the last record of each becomes a seal, and its state is "
		"\"closed\".\n"
		"Whoever writes to it again opens it again. A session that is closed stays as it "
		"is.",
	.example = "  holdfast close 1b9d\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_ERR_TAMPERED,
				 HF_OK },
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run,
};
