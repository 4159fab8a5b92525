/* SPDX-License-Identifier: MIT */
/* Secrets in the strings of JSON. */
#include <string.h>

#include "redact/finder.h"
#include "redact/redact.h"
#include "redact/rewrite.h"
#include "redact/walk.h"

/* Two names that are replaced may come to be alike, which JSON's readers do not like. */
static int number_name(struct buffer *out, uint64_t number)
{
	int rc = buffer_put(out, "#", 1);

	return rc == HF_OK ? buffer_put_u64(out, number) : rc;
}

/* Appends a string's inside. *names counts the names that were replaced. */
static int put_string(struct redactor *redactor, const struct walk_string *string,
		      struct buffer *out, uint64_t *names, uint64_t *count)
{
	uint64_t hits = 0;
	int rc = rewrite_string(redactor, string->raw, string->name, out, &hits);

	if (rc == HF_OK && hits > 0 && string->is_name && ++*names > 1)
		rc = number_name(out, *names);
	*count += hits;
	return rc;
}

int redact_json(struct redactor *redactor, struct hf_slice json, struct buffer *out,
		uint64_t *count)
{
	size_t before = out->size;
	struct walk_string string;
	struct walk walk;
	uint64_t names = 0;
	uint64_t all = 0;
	size_t done = 0;
	int rc;

	walk_init(&walk, json, false);
	while ((rc = walk_next(&walk, &string)) == HF_OK) {
		size_t from = (size_t)(string.raw.data - json.data);

		rc = buffer_put(out, json.data + done, from - done);
		if (rc == HF_OK)
			rc = put_string(redactor, &string, out, &names, &all);
		if (rc != HF_OK)
			break;
		done = from + string.raw.size;
	}
	if (rc == HF_ERR_NOTFOUND)
		rc = buffer_put(out, json.data + done, json.size - done);
	if (rc == HF_OK)
		*count += all;
	else
		out->size = before;
	return rc;
}

/* Tells of the secrets in one string; returns HF_OK or HF_ERR_NOMEM. */
static int scan_string(struct redactor *redactor, const struct walk *walk,
		       const struct walk_string *string, redact_fn each, void *context,
		       uint64_t *ret_hits)
{
	struct hf_slice text = { NULL, 0 };
	struct redact_hit hit;
	struct finder finder;
	int rc = rewrite_decode(redactor, string->raw, &text);

	*ret_hits = 0;
	if (rc == HF_OK)
		rc = finder_init(&finder, redactor, text, 0, string->name);
	while (rc == HF_OK) {
		rc = finder_next(&finder, &hit);
		if (rc != HF_OK)
			break;
		*ret_hits += 1;
		each(context, walk_path(walk), text, &hit);
	}
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

int redact_scan_json(struct redactor *redactor, struct hf_slice json, redact_fn each, void *context)
{
	static const struct hf_slice unnamed = { "(redacted)", 10 };
	struct walk_string string;
	struct walk walk;
	uint64_t hits = 0;
	int rc;

	walk_init(&walk, json, true);
	while ((rc = walk_next(&walk, &string)) == HF_OK) {
		rc = scan_string(redactor, &walk, &string, each, context, &hits);
		if (rc != HF_OK)
			break;
		if (string.is_name)
			walk_enter(&walk, hits > 0 ? unnamed : string.raw);
	}
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}
