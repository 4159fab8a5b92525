/* SPDX-License-Identifier: MIT */
#include "redact/redact.h"

#include <string.h>

#include "base/mem.h"
#include "redact/finder.h"
#include "redact/marker.h"
#include "redact/rewrite.h"

int redactor_new(struct report *report, const char *const *patterns, size_t count,
		 struct redactor **ret_redactor)
{
	struct redactor *redactor = mem_new(1, sizeof *redactor);
	int rc = HF_OK;

	if (redactor == NULL)
		return HF_ERR_NOMEM;
	redactor->decoded.max = redactor->pass[0].max = redactor->pass[1].max = SIZE_MAX;
	if (count > PATTERN_COUNT_MAX)
		rc = report_fail(report, HF_ERR_INVALID, "pattern", "more than %d patterns",
				 PATTERN_COUNT_MAX);
	if (rc == HF_OK && count > 0) {
		redactor->patterns = mem_new(count, sizeof *redactor->patterns);
		rc = redactor->patterns == NULL ? HF_ERR_NOMEM : HF_OK;
	}
	for (size_t i = 0; i < count && rc == HF_OK; i++) {
		rc = pattern_init(report, patterns[i], &redactor->patterns[i]);
		if (rc == HF_OK)
			redactor->pattern_count++;
		else if (rc == HF_ERR_INVALID)
			report_place(report, -1, -1, (int64_t)i);
	}
	if (rc == HF_OK)
		*ret_redactor = redactor;
	else
		redactor_free(redactor);
	return rc;
}

void redactor_free(struct redactor *redactor)
{
	if (redactor == NULL)
		return;
	for (size_t i = 0; i < redactor->pattern_count; i++)
		pattern_release(&redactor->patterns[i]);
	mem_free(redactor->patterns);
	buffer_release(&redactor->decoded);
	buffer_release(&redactor->pass[0]);
	buffer_release(&redactor->pass[1]);
	mem_free(redactor);
}

int redact_find(struct redactor *redactor, struct hf_slice text, size_t from,
		struct redact_hit *ret_hit)
{
	struct finder finder;
	int rc = finder_init(&finder, redactor, text, from, ASSIGN_OTHER);

	return rc == HF_OK ? finder_next(&finder, ret_hit) : rc;
}

int redact_scan_text(struct redactor *redactor, struct hf_slice text, const char *where,
		     redact_fn each, void *context)
{
	struct redact_hit hit;
	struct finder finder;
	int rc = finder_init(&finder, redactor, text, 0, ASSIGN_OTHER);

	while (rc == HF_OK) {
		rc = finder_next(&finder, &hit);
		if (rc == HF_OK)
			each(context, where, text, &hit);
	}
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

/* Appends text to out once over; *ret_hits is the number of secrets replaced. */
static int pass(struct redactor *redactor, struct hf_slice text, struct buffer *out,
		uint64_t *ret_hits)
{
	struct redact_hit hit = { 0 };
	struct finder finder;
	size_t done = 0;
	int rc = finder_init(&finder, redactor, text, 0, ASSIGN_OTHER);

	*ret_hits = 0;
	while (rc == HF_OK) {
		rc = finder_next(&finder, &hit);
		if (rc != HF_OK)
			break;
		rc = buffer_put(out, text.data + done, hit.offset - done);
		if (rc == HF_OK)
			rc = marker_put(out, hit.kind);
		done = hit.offset + hit.size;
		*ret_hits += 1;
	}
	if (rc == HF_ERR_NOTFOUND)
		rc = buffer_put(out, text.data + done, text.size - done);
	return rc;
}

/* Replacing one secret can bring another to light, at a border that was none before. */
int redact_text(struct redactor *redactor, struct hf_slice text, struct buffer *out,
		uint64_t *count)
{
	struct buffer *again = &redactor->pass[0];
	size_t before = out->size;
	uint64_t all = 0;
	uint64_t hits = 0;
	int rc = pass(redactor, text, out, &hits);

	for (unsigned passes = 1; rc == HF_OK && hits > 0 && passes < REWRITE_PASSES; passes++) {
		struct hf_slice rest = { out->data + before, out->size - before };
		struct redact_hit hit;

		all += hits;
		hits = 0;
		rc = redact_find(redactor, rest, 0, &hit);
		if (rc != HF_OK)
			break;
		again->size = 0;
		rc = pass(redactor, rest, again, &hits);
		out->size = before;
		if (rc == HF_OK)
			rc = buffer_put(out, again->data, again->size);
	}
	rc = rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	if (rc == HF_OK)
		*count += all + hits;
	else
		out->size = before;
	return rc;
}
