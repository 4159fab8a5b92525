/* SPDX-License-Identifier: MIT */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

struct progress progress_look(const struct cli *cli)
{
	struct progress progress = { .wanted = !cli->quiet && isatty(STDERR_FILENO) == 1 };

	return progress;
}

enum { RATE_INTERVAL_MS = 250 }; /* between two lines that tell a rate */

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ", 120 MB/s, 12 s left" as far as it is known. */
static void put_rate(struct strbuf *text, int64_t elapsed_ms, uint64_t done, uint64_t total)
{
	double rate = (double)done / (double)elapsed_ms * 1000;

	if (done == 0)
		return;
	strbuf_puts(text, ", ");
	out_put_size(text, (uint64_t)rate);
	strbuf_printf(text, "/s, %.0f s left", total > done ? (double)(total - done) / rate : 0.0);
}

static void show_rated(struct progress *progress, uint64_t done, uint64_t total)
{
	int64_t now = now_ms();
	struct strbuf text = { 0 };

	if (progress->started_ms == 0)
		progress->started_ms = now;
	if (now - progress->told_ms < RATE_INTERVAL_MS || now == progress->started_ms)
		return;
	progress->told_ms = now;
	progress->shown = true;
	out_put_size(&text, done);
	strbuf_puts(&text, " of ");
	out_put_size(&text, total);
	put_rate(&text, now - progress->started_ms, done, total);
	(void)fprintf(stderr, "\r%s: %s\033[K", progress->label, text.data);
	(void)fflush(stderr);
	strbuf_release(&text);
}

void progress_show(void *context, uint64_t done, uint64_t total)
{
	struct progress *progress = context;
	unsigned percent = total > 0 ? (unsigned)((double)done / (double)total * 100.0) : 100;

	if (progress->wanted && progress->rated) {
		show_rated(progress, done, total);
		return;
	}
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
