/* SPDX-License-Identifier: MIT */
#include "cli/input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/errors.h"

enum { READ_SIZE = 256 << 10 };

/* Reads once onto the end of text; 0 at the end of the input, -1 on a failure. */
static ssize_t read_some(struct strbuf *text)
{
	ssize_t size;

	strbuf_reserve(text, READ_SIZE);
	do {
		size = read(STDIN_FILENO, text->data + text->size, READ_SIZE);
	} while (size < 0 && errno == EINTR);
	if (size > 0)
		text->size += (size_t)size;
	text->data[text->size] = '\0';
	return size;
}

int input_read_all(struct cli *cli, size_t max, int too_large, struct strbuf *ret_text)
{
	ssize_t size;

	do {
		size = read_some(ret_text);
		if (ret_text->size > max)
			return errors_report(cli, too_large, "read the input", NULL);
	} while (size > 0);
	if (size < 0)
		return errors_report_errno(cli, errno, "read the input", NULL);
	return 0;
}

bool input_is_blank(struct hf_slice line)
{
	for (size_t i = 0; i < line.size; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
			return false;
	}
	return true;
}

/* Throws away the rest of a line that was too long; false if it has not ended yet. */
static bool skip_rest(struct input *input)
{
	const char *rest = input->text.data + input->begin;
	const char *feed = memchr(rest, '\n', input->text.size - input->begin);

	if (feed == NULL) {
		input->begin = input->searched = input->text.size;
		return false;
	}
	input->begin += (size_t)(feed - rest) + 1;
	input->searched = input->begin;
	input->skipping = false;
	return true;
}

enum input_line input_next(struct input *input, struct hf_slice *ret_line)
{
	const char *data = input->text.data;
	const char *feed;
	size_t size;

	if (data == NULL || (input->skipping && !skip_rest(input)))
		return INPUT_NONE;
	feed = memchr(data + input->searched, '\n', input->text.size - input->searched);
	size = feed != NULL ? (size_t)(feed - data) - input->begin
			    : input->text.size - input->begin;
	input->searched = feed != NULL ? (size_t)(feed - data) + 1 : input->text.size;
	if (size > input->max) {
		input->skipping = feed == NULL;
		input->begin = input->searched;
		return INPUT_TOO_LONG;
	}
	if (feed == NULL && (!input->end || size == 0))
		return INPUT_NONE;
	*ret_line = (struct hf_slice){ data + input->begin, size };
	input->begin = input->searched;
	return INPUT_LINE;
}

bool input_fill(struct input *input)
{
	struct strbuf *text = &input->text;
	ssize_t size;

	if (input->begin > 0) {
		memmove(text->data, text->data + input->begin, text->size - input->begin);
		text->size -= input->begin;
		input->searched -= input->begin;
		input->begin = 0;
	}
	size = read_some(text);
	input->end = size == 0;
	return size >= 0;
}

void input_release(struct input *input)
{
	strbuf_release(&input->text);
}
