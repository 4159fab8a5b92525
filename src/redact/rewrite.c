/* SPDX-License-Identifier: MIT */
#include "redact/rewrite.h"

#include <string.h>

#include "base/text.h"
#include "json/decode.h"
#include "redact/finder.h"
#include "redact/marker.h"

int rewrite_decode(struct redactor *redactor, struct hf_slice raw, struct hf_slice *ret_text)
{
	struct buffer *decoded = &redactor->decoded;
	const char *at = raw.data;
	const char *end = text_end(raw);
	int rc;

	if (raw.size == 0 || memchr(raw.data, '\\', raw.size) == NULL) {
		*ret_text = raw;
		return HF_OK;
	}
	/* No character takes more bytes decoded than raw, but a byte that is no UTF-8. */
	decoded->size = 0;
	rc = buffer_reserve(decoded, raw.size);
	while (rc == HF_OK && at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		char bytes[4];
		uint32_t point;

		if (escape == NULL)
			escape = end;
		rc = buffer_put(decoded, at, (size_t)(escape - at));
		at = escape;
		if (rc != HF_OK || at == end)
			break;
		point = json_decode_point(&at, end);
		rc = buffer_put(decoded, bytes, json_encode_point(point, bytes));
	}
	*ret_text = (struct hf_slice){ decoded->data, decoded->size };
	return rc;
}

/* Moves *at, which stands for *offset in the decoded text, on to offset to. */
static void advance(const char **at, const char *end, size_t *offset, size_t to)
{
	while (*offset < to && *at < end) {
		const char *escape = memchr(*at, '\\', (size_t)(end - *at));
		size_t run = (size_t)((escape != NULL ? escape : end) - *at);
		char bytes[4];

		if (run > to - *offset)
			run = to - *offset;
		*at += run;
		*offset += run;
		if (*offset < to && *at < end)
			*offset += json_encode_point(json_decode_point(at, end), bytes);
	}
}

static int pass(struct redactor *redactor, struct hf_slice raw, enum assign_name name,
		struct buffer *out, uint64_t *ret_hits)
{
	const char *at = raw.data;
	const char *end = text_end(raw);
	struct hf_slice text = { NULL, 0 };
	struct redact_hit hit = { 0 };
	struct finder finder;
	size_t offset = 0;
	int rc = rewrite_decode(redactor, raw, &text);

	*ret_hits = 0;
	if (rc == HF_OK)
		rc = finder_init(&finder, redactor, text, 0, name);
	while (rc == HF_OK) {
		const char *from = at;

		rc = finder_next(&finder, &hit);
		if (rc != HF_OK)
			break;
		advance(&at, end, &offset, hit.offset);
		rc = buffer_put(out, from, (size_t)(at - from));
		if (rc == HF_OK)
			rc = marker_put(out, hit.kind);
		advance(&at, end, &offset, hit.offset + hit.size);
		*ret_hits += 1;
	}
	if (rc == HF_ERR_NOTFOUND)
		rc = buffer_put(out, at, (size_t)(end - at));
	return rc;
}

int rewrite_string(struct redactor *redactor, struct hf_slice raw, enum assign_name name,
		   struct buffer *out, uint64_t *count)
{
	uint64_t hits = 1;
	uint64_t all = 0;
	int rc = HF_OK;

	for (unsigned passes = 0; rc == HF_OK && hits > 0 && passes < REWRITE_PASSES; passes++) {
		struct buffer *to = &redactor->pass[passes % 2];

		to->size = 0;
		rc = pass(redactor, raw, name, to, &hits);
		if (rc == HF_OK && hits > 0)
			raw = (struct hf_slice){ to->data, to->size };
		all += hits;
	}
	if (rc == HF_OK)
		rc = buffer_put(out, raw.data, raw.size);
	if (rc == HF_OK)
		*count += all;
	return rc;
}
