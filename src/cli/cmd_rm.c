/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"

enum { RM_YES, RM_FORCE };

static const struct option options[] = {
	[RM_YES] = { "yes", 'y', NULL, "do not ask" },
	[RM_FORCE] = { "force", 'f', NULL, "the same as --yes" },
};

struct id {
	char text[HF_ID_SIZE];
};

/* Asks on the terminal; only an answer that begins with y or Y is a yes. */
static bool ask(const struct id *ids, size_t count)
{
	int answer;

	for (size_t i = 0; i < count; i++)
		(void)fprintf(stderr, "  %s\n", ids[i].text);
	(void)fprintf(stderr, "Remove %s for good? [y/N] ",
		      count == 1 ? "this session" : "these sessions");
	(void)fflush(stderr);
	answer = getchar();
	return answer == 'y' || answer == 'Y';
}

static int confirm(struct cli *cli, const struct arguments *arguments, const struct id *ids)
{
	if (arguments->values[RM_YES] != NULL || arguments->values[RM_FORCE] != NULL)
		return 0;
	if (isatty(STDIN_FILENO) != 1)
		return errors_usage(cli, "nobody can be asked here: give --yes to remove");
	if (ask(ids, arguments->operand_count))
		return 0;
	errors_note(cli, "nothing was removed");
	return 1;
}

static int remove_all(struct cli *cli, const struct id *ids, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count; i++) {
		int rc = hf_session_delete(cli->store, ids[i].text, &cli->detail);

		if (rc != HF_OK) {
			int failure = errors_report(cli, rc, "remove session", ids[i].text);

			status = status != 0 ? status : failure;
		}
	}
	return status;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	struct id *ids = memory_resize(NULL, arguments->operand_count, sizeof *ids);
	int status = access_store(cli, ACCESS_WRITE, NULL);

	/* All must be found before the first is removed. */
	for (size_t i = 0; i < arguments->operand_count && status == 0; i++)
		status = access_session(cli, arguments->operands[i], ids[i].text);
	if (status == 0)
		status = confirm(cli, arguments, ids);
	if (status == 0)
		status = remove_all(cli, ids, arguments->operand_count);
	memory_free(ids);
	return status;
}

const struct command cmd_rm = {
	.name = "rm",
	.summary = "remove sessions for good",
	.synopsis = "SESSION...",
	.text = "Removes sessions for good. Asks first on a terminal; elsewhere --yes must be "
		"given.\n"
		"If one of several cannot be found, none is removed. The exit status is 1 if the\n"
		"answer was no.",
	.example = "  holdfast rm 1b9d --yes\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_BUSY, HF_OK },
	.operands_min = 1,
	.operands_max = (size_t)-1,
	.run = run,
};
