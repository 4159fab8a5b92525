/* SPDX-License-Identifier: MIT */
/* The standard output: a terminal with colours and a pager, or a file or pipe without. */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include <holdfast.h>

#include "cli/strbuf.h"

struct cli;

struct out {
	bool terminal;
	bool colour; /* a terminal, NO_COLOR is not set, TERM is not "dumb" */
	size_t width; /* columns of the terminal; 0: there is none, nothing is cut */
	long pager; /* its process id, or 0 */
	int failure; /* errno of the first write that failed, or 0 */
	int *lost; /* the same of what errors_print wrote out, which has a constant struct cli */
};

enum out_style { OUT_BOLD, OUT_DIM, OUT_GOOD, OUT_WARNING, OUT_BAD };

/* Looks at what the standard output is. */
struct out out_look(void);
/* Starts $PAGER (less) if the output is a terminal, and writes to it from then on. */
void out_page(struct out *out);
/* Ends the output to the pager, if there is one, and waits for it. */
void out_page_end(struct out *out);

/* Puts text between the codes of a style, if colours are wanted. text must be visible. */
void out_style(const struct out *out, struct strbuf *text, enum out_style style, const char *words);
/* The same in two halves. */
void out_style_begin(const struct out *out, struct strbuf *text, enum out_style style);
void out_style_end(const struct out *out, struct strbuf *text);

/* Writes text to the standard output and clears it. After a failure (out->failure) there
 * is no use in going on; out_finish reports it. */
void out_write(struct out *out, struct strbuf *text);
/* Hands what was written on at once, for whoever waits for it. */
void out_flush(struct out *out);
/* Writes JSON as it is; to a terminal with what could harm it as \u escapes. */
void out_write_json(struct out *out, struct hf_slice json);

/*
 * Writes out what is still held back and says so if anything was lost (a full disk).
 * Returns status, or the exit status of the failure if status was 0.
 */
int out_finish(struct cli *cli, int status);

/* 12 B, 3.4 KB, 1.2 GB. */
void out_put_size(struct strbuf *text, uint64_t bytes);

#endif
