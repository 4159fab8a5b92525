/* SPDX-License-Identifier: MIT */
/* Reading the standard input: all of it, or line by line as it comes. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <holdfast.h>

#include "cli/strbuf.h"

struct cli;

/* Reads the standard input to its end, at most max bytes (else too_large is the code that
 * the user is told). Returns 0 or the exit status. */
int input_read_all(struct cli *cli, size_t max, int too_large, struct strbuf *ret_text);

/* Lines as they come. Zero-initialise it and set max. */
struct input {
	struct strbuf text; /* what was read and not yet given */
	size_t begin; /* where the next line begins in text */
	size_t searched; /* no line feed stands before this */
	size_t max; /* longest line that is given */
	bool skipping; /* in a line that is too long: its rest is thrown away */
	bool end; /* nothing more comes */
};

enum input_line {
	INPUT_LINE, /* *ret_line is a line without its line feed */
	INPUT_TOO_LONG, /* a line was longer than max; its bytes are gone or will be */
	INPUT_NONE, /* no whole line is there: call input_fill, or it was the end */
};

/* Takes the next line out of what was read; the slice is valid until input_fill. At the
 * end what stands after the last line feed counts as a line. */
enum input_line input_next(struct input *input, struct hf_slice *ret_line);
/* Reads once from the standard input, what is there up to a good deal; sets end at the
 * end. Returns false, and errno says why, on a failure. */
bool input_fill(struct input *input);
void input_release(struct input *input);

/* True if a line holds nothing but spaces, tabs and carriage returns. */
bool input_is_blank(struct hf_slice line);

#endif
