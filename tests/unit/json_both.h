/* SPDX-License-Identifier: MIT */
/*
 * Both twins of the JSON scanner in one test program: the library's own, and scan.c once
 * more on the plain twin of run.h. Whatever a test scans goes through both, as a check
 * and as a compaction, and all four must agree.
 */
#ifndef UNIT_JSON_BOTH_H
#define UNIT_JSON_BOTH_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "holdfast.h"
#include "json/scan.h"

int plain_json_scan(const char *bytes, size_t size, struct json_fault *fault);
int plain_json_scan_lax(const char *bytes, size_t size, struct json_fault *fault);
int plain_json_compact(const char *bytes, size_t size, struct buffer *out,
		       struct json_fault *fault);
#define JSON_PLAIN
#define json_scan plain_json_scan
#define json_scan_lax plain_json_scan_lax
#define json_compact plain_json_compact
#include "json/scan.c"
#undef json_scan
#undef json_scan_lax
#undef json_compact

enum { BOTH_OUTPUT_MAX = 64 << 20 };

struct both {
	int rc;
	struct json_fault fault;
	struct buffer out; /* the compact text, which the caller releases */
};

static bool both_same_fault(const struct json_fault *a, const struct json_fault *b)
{
	return a->offset == b->offset && strcmp(a->reason, b->reason) == 0;
}

static bool both_same_text(const struct buffer *a, const struct buffer *b)
{
	return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* Scans a copy of exactly the size, so that a sanitizer sees a read past its end. Called
 * millions of times: Check's assertions write to a pipe even when they hold, so there is
 * one, and only for what does not. */
static struct both both_scan(const char *bytes, size_t size)
{
	struct both both = { HF_OK, { 0, "" }, BUFFER_INIT(BOTH_OUTPUT_MAX) };
	struct buffer plain = BUFFER_INIT(BOTH_OUTPUT_MAX);
	struct json_fault faults[3] = { { 0, "" }, { 0, "" }, { 0, "" } };
	char *copy = malloc(size + (size == 0));
	bool same;

	if (copy == NULL)
		ck_abort_msg("out of memory");
	if (size > 0)
		memcpy(copy, bytes, size);
	both.rc = json_scan(copy, size, &both.fault);
	same = plain_json_scan(copy, size, &faults[0]) == both.rc &&
	       json_compact(copy, size, &both.out, &faults[1]) == both.rc &&
	       plain_json_compact(copy, size, &plain, &faults[2]) == both.rc;
	for (size_t i = 0; i < 3; i++)
		same = same && both_same_fault(&faults[i], &both.fault);
	same = same && both_same_text(&plain, &both.out) && both.fault.offset <= size &&
	       (both.rc == HF_OK || both.out.size == 0);
	if (!same)
		ck_abort_msg("the twins differ: \"%.*s\" (%zu bytes)", (int)size, bytes, size);
	if (both.rc != HF_OK)
		buffer_release(&both.out);
	buffer_release(&plain);
	free(copy);
	return both;
}

/* The code that both twins give. */
static inline int both_rc(const char *bytes, size_t size)
{
	struct both both = both_scan(bytes, size);

	buffer_release(&both.out);
	return both.rc;
}

#endif
