/* SPDX-License-Identifier: MIT */
/*
 * Patterns of the user's own: POSIX extended regular expressions, matched by the C library
 * under bounds that keep hostile text and careless patterns from taking memory or time.
 *
 * - A pattern has at most PATTERN_SIZE_MAX bytes and, with all its repetitions written out,
 *   PATTERN_COST_MAX characters. Back-references are refused, and so are the escapes that
 *   look at what stands beside a match (\b, \<, ...), and a pattern that matches nothing.
 * - Text is matched line by line, and a line longer than PATTERN_LINE in pieces that overlap
 *   by half: a match of up to PATTERN_LINE / 2 bytes is always found.
 * - What the C library keeps from one match to the next is thrown away now and then, since
 *   hostile text can make it grow.
 *
 * Matching a piece takes the C library at worst time in proportion to the square of its
 * size, so all in all a line costs at most PATTERN_LINE steps a byte.
 */
#ifndef REDACT_PATTERN_H
#define REDACT_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "redact/redact.h"

enum {
	PATTERN_COUNT_MAX = 256,
	PATTERN_SIZE_MAX = 1024,
	PATTERN_COST_MAX = 2000,
	PATTERN_DEPTH_MAX = 32, /* nesting of groups */
	PATTERN_LINE = 2048,
	PATTERN_USES_MAX = 16, /* pieces after which the C library's memory is thrown away */
};

struct pattern {
	regex_t regex;
	char *source; /* to compile it anew */
	unsigned uses;
	bool is_compiled; /* regex is there */
	char literal[32]; /* text that every match holds; "" if none is known */
};

/* Checks and compiles source. HF_ERR_INVALID, and the report says why; HF_ERR_NOMEM. */
int pattern_init(struct report *report, const char *source, struct pattern *ret_pattern);
void pattern_release(struct pattern *pattern);

/* Why a pattern is refused, or NULL; static text. Also finds ret_literal. */
const char *pattern_check(const char *source, char ret_literal[static 32]);

/* Finds the first match in text from from on that does not touch a marker. HF_OK,
 * HF_ERR_NOTFOUND, HF_ERR_NOMEM. */
int pattern_find(struct pattern *pattern, struct hf_slice text, size_t from,
		 struct redact_hit *ret_hit);

#endif
