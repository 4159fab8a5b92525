/* SPDX-License-Identifier: MIT */
#include "cli/out.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"
#include "cli/visible.h"

extern char **environ;

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0';
}

struct out out_look(void)
{
	const char *term = getenv("TERM");
	struct winsize size = { 0 };
	struct out out = { 0 };

	out.terminal = isatty(STDOUT_FILENO) == 1;
	if (!out.terminal)
		return out;
	out.colour = !is_set("NO_COLOR") && term != NULL && strcmp(term, "dumb") != 0;
	out.width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		out.width = size.ws_col;
	return out;
}

enum { PAGER_WORDS_MAX = 16 };

/* Splits $PAGER at spaces; no shell sees it. */
static void split(char *command, char *words[PAGER_WORDS_MAX + 1])
{
	size_t count = 0;
	char *word = command;

	while (*word != '\0' && count < PAGER_WORDS_MAX) {
		char *end = word + strcspn(word, " \t");

		if (end > word)
			words[count++] = word;
		word = *end == '\0' ? end : end + 1;
		*end = '\0';
	}
	words[count] = NULL;
}

/* Starts the program with what is read from read_fd as its input; 0 if that fails. */
static pid_t spawn(char *const words[], int read_fd, int write_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return 0;
	if (posix_spawn_file_actions_adddup2(&actions, read_fd, STDIN_FILENO) != 0 ||
	    posix_spawn_file_actions_addclose(&actions, read_fd) != 0 ||
	    posix_spawn_file_actions_addclose(&actions, write_fd) != 0 ||
	    posix_spawnp(&pid, words[0], &actions, NULL, words, environ) != 0)
		pid = 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

void out_page(struct out *out)
{
	const char *pager = getenv("PAGER");
	char *words[PAGER_WORDS_MAX + 1];
	char *command = NULL;
	int ends[2] = { -1, -1 };

	if (!out->terminal || (pager != NULL && (pager[0] == '\0' || strcmp(pager, "cat") == 0)))
		return;
	/* Leave short output on the screen, pass colours, do not clear at the end. */
	(void)setenv("LESS", "FRX", 0);
	command = pager == NULL ? memory_copy("less", 4) : memory_copy(pager, strlen(pager));
	split(command, words);
	if (words[0] == NULL || pipe(ends) != 0)
		goto out;
	out->pager = spawn(words, ends[0], ends[1]);
	if (out->pager == 0 || dup2(ends[1], STDOUT_FILENO) < 0)
		goto out;
	/* The user may leave the pager at any time: that is no failure and no reason to die.
	 * An interrupt is the pager's, which has the terminal. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
out:
	if (ends[0] >= 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
	memory_free(command);
}

void out_page_end(struct out *out)
{
	int status = 0;

	if (out->pager == 0)
		return;
	(void)fflush(stdout);
	clearerr(stdout);
	out->failure = *out->lost = 0;
	(void)close(STDOUT_FILENO);
	while (waitpid((pid_t)out->pager, &status, 0) < 0 && errno == EINTR)
		continue;
	/* Keep the descriptor's number taken, for whatever opens a file next. */
	(void)dup2(STDERR_FILENO, STDOUT_FILENO);
	out->pager = 0;
}

void out_style_begin(const struct out *out, struct strbuf *text, enum out_style style)
{
	static const char *const codes[] = { "1", "2", "32", "33", "31" };

	if (out->colour)
		strbuf_printf(text, "\033[%sm", codes[style]);
}

void out_style_end(const struct out *out, struct strbuf *text)
{
	if (out->colour)
		strbuf_puts(text, "\033[0m");
}

void out_style(const struct out *out, struct strbuf *text, enum out_style style, const char *words)
{
	out_style_begin(out, text, style);
	strbuf_puts(text, words);
	out_style_end(out, text);
}

static void write_bytes(struct out *out, const char *data, size_t size)
{
	if (size > 0 && fwrite(data, 1, size, stdout) != size && out->failure == 0)
		out->failure = errno;
}

void out_write(struct out *out, struct strbuf *text)
{
	write_bytes(out, text->data, text->size);
	strbuf_clear(text);
}

void out_flush(struct out *out)
{
	if (fflush(stdout) != 0 && out->failure == 0)
		out->failure = errno;
}

void out_write_json(struct out *out, struct hf_slice json)
{
	struct strbuf visible = { 0 };

	if (!out->terminal) {
		write_bytes(out, json.data, json.size);
		return;
	}
	visible_put_json(&visible, json);
	out_write(out, &visible);
	strbuf_release(&visible);
}

int out_finish(struct cli *cli, int status)
{
	int failure;

	out_flush(&cli->out);
	failure = cli->out.failure != 0 ? cli->out.failure : *cli->out.lost;
	/* Some file systems report a full disk only now. */
	if (close(STDOUT_FILENO) != 0 && errno != EBADF && failure == 0)
		failure = errno;
	if (failure == 0)
		return status;
	failure = errors_report_errno(cli, failure, "write the output", NULL);
	return status != 0 ? status : failure;
}

void out_put_size(struct strbuf *text, uint64_t bytes)
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };
	uint64_t tenths = bytes * 10;
	size_t unit = 0;

	if (bytes < 1000) {
		strbuf_printf(text, "%u B", (unsigned)bytes);
		return;
	}
	for (; tenths >= 10000; unit++)
		tenths = (tenths + 500) / 1000;
	strbuf_printf(text, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10),
		      units[unit]);
}
