/* SPDX-License-Identifier: MIT */
/* What the tests of src/redact share. Keys in them are made up, and written in two halves so
 * that nobody's scanner takes them for real ones. */
#ifndef UNIT_REDACT_FIXTURE_H
#define UNIT_REDACT_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redact/redact.h"

#define GITHUB \
	"ghp_" \
	"16C7e42F292c6912E7710c838347Ae178B4a"
#define AWS_ID \
	"AKIA" \
	"Q4X7PLMN2RSTUVWZ"
#define RANDOM_32      \
	"zB3kQ9vX2mN7" \
	"pL4wR8tY1uI6oA5sD0fG"

static inline struct hf_slice slice(const char *text)
{
	return (struct hf_slice){ text, strlen(text) };
}

static inline struct redactor *redactor_with(const char *const *patterns, size_t count)
{
	struct report report = report_make(NULL, NULL);
	struct redactor *redactor = NULL;

	ck_assert_int_eq(redactor_new(&report, patterns, count, &redactor), HF_OK);
	return redactor;
}

/* Redacts text (of JSON if is_json) and expects the result and the count. */
static inline void expect_redacted(struct redactor *redactor, const char *text, bool is_json,
				   const char *expected, uint64_t expected_count)
{
	struct buffer out = { .max = SIZE_MAX };
	struct buffer again = { .max = SIZE_MAX };
	uint64_t count = 0;
	int (*redact)(struct redactor *, struct hf_slice, struct buffer *, uint64_t *) =
		is_json ? redact_json : redact_text;

	ck_assert_int_eq(redact(redactor, slice(text), &out, &count), HF_OK);
	ck_assert_int_eq(buffer_put(&out, "", 1), HF_OK);
	ck_assert_str_eq(out.data, expected);
	ck_assert_uint_eq(count, expected_count);
	/* Once more changes nothing. */
	count = 0;
	ck_assert_int_eq(redact(redactor, slice(out.data), &again, &count), HF_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(again.size, out.size - 1);
	if (again.size > 0)
		ck_assert_mem_eq(again.data, out.data, again.size);
	buffer_release(&out);
	buffer_release(&again);
}

#endif
