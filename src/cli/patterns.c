/* SPDX-License-Identifier: MIT */
#include "cli/patterns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/memory.h"

enum { FILE_SIZE_MAX = 1 << 20 };

static void add(struct patterns *patterns, const char *pattern)
{
	patterns->list = memory_resize(patterns->list, patterns->count + 1, sizeof *patterns->list);
	patterns->list[patterns->count++] = pattern;
}

/* Reads the file into text. Returns 0 or the errno; EFBIG: it is too large to be meant. */
static int read_file(struct strbuf *text, const char *path)
{
	FILE *file = fopen(path, "re");
	int failure = 0;
	size_t size;

	if (file == NULL)
		return errno;
	do {
		strbuf_reserve(text, 1 << 14);
		size = fread(text->data + text->size, 1, 1 << 14, file);
		text->size += size;
	} while (size > 0 && text->size <= FILE_SIZE_MAX);
	if (ferror(file) != 0)
		failure = EIO;
	else if (text->size > FILE_SIZE_MAX)
		failure = EFBIG;
	(void)fclose(file);
	strbuf_puts(text, "\n");
	return failure;
}

static void split(struct patterns *patterns)
{
	char *line = patterns->text.data;
	char *end = line + patterns->text.size;

	while (line < end) {
		char *feed = memchr(line, '\n', (size_t)(end - line));

		*feed = '\0';
		if (feed > line && feed[-1] == '\r')
			feed[-1] = '\0';
		if (line[0] != '\0' && line[0] != '#' && line[strspn(line, " \t")] != '\0')
			add(patterns, line);
		line = feed + 1;
	}
}

int patterns_read(struct cli *cli, struct patterns *patterns, const struct arguments *arguments,
		  const char *file)
{
	int failure;

	for (size_t i = 0; i < arguments->given_count; i++) {
		if (strcmp(arguments->given[i].name, "pattern") == 0)
			add(patterns, arguments->given[i].value);
	}
	if (file == NULL)
		return 0;
	failure = read_file(&patterns->text, file);
	if (failure == ENOENT || failure == ENOTDIR)
		return errors_usage(cli, "there is no file of patterns at %s", file);
	if (failure != 0)
		return errors_report_errno(cli, failure, "read", file);
	split(patterns);
	return 0;
}

void patterns_release(struct patterns *patterns)
{
	memory_free(patterns->list);
	strbuf_release(&patterns->text);
}
