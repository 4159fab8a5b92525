/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"
#include "cli/moving.h"
#include "cli/selection.h"

enum { BUNDLE_ALL };

static const struct option options[] = {
	[BUNDLE_ALL] = { "all", 'a', NULL, "all sessions outside the trash" },
};

static int take(void *context, const char *data, size_t size)
{
	struct moving *moving = context;
	struct strbuf text = { 0 };

	strbuf_put(&text, data, size);
	out_write(&moving->cli->out, &text);
	strbuf_release(&text);
	/* out_finish says what is wrong. */
	return moving->cli->out.failure == 0 ? HF_OK : HF_ERR_IO;
}

static int bundle(struct cli *cli, const struct selection *selection)
{
	struct moving moving = moving_begin(cli, "bundling", "bundled");
	const char **ids = memory_resize(NULL, selection->count + 1, sizeof *ids);
	struct hf_bundle_options wanted = { .write = take,
					    .item = moving_item,
					    .progress = moving_progress,
					    .context = &moving };
	struct hf_bundle sum = { { 0 }, 0 };
	int rc;

	for (size_t i = 0; i < selection->count; i++)
		ids[i] = selection->ids[i].text;
	rc = hf_bundle(cli->store, selection->ids != NULL ? ids : NULL, selection->count, &wanted,
		       &cli->detail, &sum);
	memory_free(ids);
	return moving_end(&moving, rc, &sum);
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool all = arguments->values[BUNDLE_ALL] != NULL;
	struct selection selection = { 0 };
	int status;

	if (all == (arguments->operand_count > 0))
		return errors_usage(cli, "give sessions, or --all");
	if (cli->out.terminal)
		return errors_usage(cli,
				    "an archive is no reading for a terminal: write it to a file, as "
				    "in 'holdfast bundle --all > file'");
	status = access_store(cli, ACCESS_READ, NULL);
	if (status == 0 && !all)
		status = selection_read(cli, arguments, SELECTION_ANYWHERE, &selection);
	if (status == 0)
		status = bundle(cli, &selection);
	selection_release(&selection);
	return status;
}

const struct command cmd_bundle = {
	.name = "bundle",
	.summary = "write sessions into an archive, to move them",
	.synopsis = "SESSION... | --all",
	.text = "Writes sessions to the standard output as one compressed archive, which holdfast\n"
		"unbundle takes in elsewhere: their records, what is quarantined of them, and what\n"
		"checking says of them. Sessions in the trash, in use or damaged are bundled too.\n"
		"No key is in it: whoever has the archive can read the sessions, but not sign.\n"
		"What was bundled is told on the standard error. See holdfast-bundle(1).",
	.example = "  holdfast bundle --all > sessions.tar.zst\n"
		   "  holdfast bundle 01234567 | ssh elsewhere holdfast unbundle\n"
		   "  tar --zstd -tf sessions.tar.zst\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_NOTFOUND, HF_ERR_AMBIGUOUS, HF_ERR_LIBRARY, HF_ERR_IO,
				 HF_OK },
	.operands_min = 0,
	.operands_max = (size_t)-1,
	.run = run,
};
