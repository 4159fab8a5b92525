/* SPDX-License-Identifier: MIT */
#include "interop/stored.h"

#include <string.h>

#include "base/text.h"
#include "crypto/base64.h"
#include "interop/export.h"
#include "json/read.h"

static bool is_true(struct hf_slice object, const char *name)
{
	struct hf_slice value;

	return json_member(object, name, &value) && value.size == 4 &&
	       memcmp(value.data, "true", 4) == 0;
}

static bool get_number(struct hf_slice object, const char *name, uint64_t *ret_number)
{
	struct hf_slice value;

	return json_member(object, name, &value) &&
	       text_get_u64(value.data, value.size, ret_number);
}

bool stored_read(const struct hf_record *record, struct stored *ret_stored)
{
	struct stored stored = { .version = 1 };

	if (!json_member(record->data, "source", &stored.source) ||
	    json_kind(stored.source) != JSON_OBJECT)
		return false;
	(void)json_member(stored.source, "file", &stored.file);
	(void)json_member(stored.source, "key", &stored.key);
	(void)get_number(stored.source, "version", &stored.version);
	stored.has_slot = get_number(stored.source, "slot", &stored.at);
	stored.has_bytes = !is_true(stored.source, "of");
	/* A host's own message may have a member of this name. */
	if (!stored.has_slot && !get_number(stored.source, "at", &stored.at) &&
	    stored.key.size == 0 && stored.has_bytes)
		return false;
	stored.has_more = is_true(stored.source, "more");
	*ret_stored = stored;
	return true;
}

/* Appends the text of a string. */
static int put_decoded(struct buffer *out, struct hf_slice string)
{
	int64_t size = json_text(string, NULL, 0);
	int rc = size >= 0 ? buffer_reserve(out, (size_t)size + 1) : HF_ERR_JSON;

	if (rc == HF_OK) {
		(void)json_text(string, out->data + out->size, (size_t)size + 1);
		out->size += (size_t)size;
	}
	return rc;
}

static int put_json(const struct stored *stored, struct hf_slice json, struct buffer *out)
{
	struct hf_slice end = { NULL, 0 };
	struct hf_slice line;
	int rc = buffer_put(out, json.data, json.size);

	if (rc != HF_OK)
		return rc;
	if (json_member(stored->source, "end", &end))
		return put_decoded(out, end);
	return json_member(stored->source, "line", &line) ? buffer_put(out, "\n", 1) : HF_OK;
}

int stored_bytes(const struct stored *stored, struct buffer *out)
{
	struct hf_slice value;

	if (json_member(stored->source, "json", &value))
		return put_json(stored, value, out);
	if (json_member(stored->source, "text", &value))
		return put_decoded(out, value);
	if (json_member(stored->source, "base64", &value) && value.size >= 2)
		return base64_take(out, value.data + 1, value.size - 2);
	return HF_ERR_JSON;
}

int export_source_bytes(struct hf_slice data, struct buffer *out)
{
	const struct hf_record record = { .data = data };
	struct stored stored;

	if (!stored_read(&record, &stored) || !stored.has_bytes)
		return HF_OK;
	return stored_bytes(&stored, out);
}
