/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/access.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/moving.h"

enum { UNBUNDLE_KEY, UNBUNDLE_DRY_RUN };

static const struct option options[] = {
	[UNBUNDLE_KEY] = { "key", 0, "FILE", "the machine_secret of the store it comes from" },
	[UNBUNDLE_DRY_RUN] = { "dry-run", 'n', NULL, "check the archive and list what is in it" },
};

static int64_t give(void *context, char *data, size_t size)
{
	ssize_t got;

	(void)context;
	do
		got = read(STDIN_FILENO, data, size);
	while (got < 0 && errno == EINTR);
	return got >= 0 ? got : HF_ERR_IO;
}

/* The size of the standard input, if it is a file; otherwise 0. */
static uint64_t input_size(void)
{
	struct stat found;

	return fstat(STDIN_FILENO, &found) == 0 && S_ISREG(found.st_mode) ?
		       (uint64_t)found.st_size : 0;
}

static int run(struct cli *cli, const struct arguments *arguments)
{
	bool dry_run = arguments->values[UNBUNDLE_DRY_RUN] != NULL;
	struct moving moving =
		moving_begin(cli, "unbundling", dry_run ? "to be taken in" : "taken in");
	struct hf_bundle_options wanted = { .dry_run = dry_run,
					    .key_path = arguments->values[UNBUNDLE_KEY],
					    .read = give,
					    .item = moving_item,
					    .progress = moving_progress,
					    .context = &moving };
	struct hf_bundle sum = { { 0 }, 0 };
	int status;
	int rc;

	moving.to_stdout = true;
	moving.total = input_size();
	if (isatty(STDIN_FILENO) == 1)
		return errors_usage(cli, "the archive is read from the standard input, as in "
					 "'holdfast unbundle < file'");
	status = access_store(cli, dry_run ? ACCESS_READ : ACCESS_MAKE, NULL);
	if (status != 0)
		return status;
	rc = hf_unbundle(cli->store, &wanted, &cli->detail, &sum);
	return moving_end(&moving, rc, &sum);
}

const struct command cmd_unbundle = {
	.name = "unbundle",
	.summary = "take in the sessions of an archive",
	.synopsis = "< FILE",
	.text = "Takes in the sessions of an archive that holdfast bundle has written, each under\n"
		"its own id, after everything in it was checked. Without the key of the store that\n"
		"it comes from, a session can be read, but neither trusted nor gone on with: it is\n"
		"key-missing. With --key it is as good here as it was there; the key is kept for\n"
		"sessions of that store. A session that is here already is left alone if it is the\n"
		"same, and otherwise refused. See holdfast-unbundle(1).",
	.example = "  holdfast unbundle --dry-run < sessions.tar.zst\n"
		   "  holdfast unbundle --key old/keys/machine_secret < sessions.tar.zst\n",
	.options = options,
	.option_count = sizeof options / sizeof options[0],
	.errors = (const int[]){ HF_ERR_BUNDLE, HF_ERR_EXISTS, HF_ERR_KEY_MISSING,
				 HF_ERR_MAX_SESSIONS, HF_ERR_SPACE_RESERVE, HF_ERR_LIBRARY,
				 HF_ERR_KEY_CORRUPT, HF_OK },
	.operands_min = 0,
	.operands_max = 0,
	.run = run,
};
