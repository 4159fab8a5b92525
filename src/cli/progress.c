/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

struct progress progress_look(const struct cli *cli)
{
	struct progress progress = { .wanted = !cli->quiet && isatty(STDERR_FILENO) == 1 };

	return progress;
}

void progress_show(void *context, uint64_t done, uint64_t total)
{
	struct progress *progress = context;
	unsigned percent = total > 0 ? (unsigned)((double)done / (double)total * 100.0) : 100;

	if (!progress->wanted || percent == progress->percent)
		return;
	progress->percent = percent;
	progress->shown = true;
	(void)fprintf(stderr, "\r%s: %3u %%", progress->label, percent);
	(void)fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->shown)
		(void)fputs("\r\033[K", stderr);
	progress->shown = false;
	progress->percent = 0;
}
