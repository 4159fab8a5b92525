/* SPDX-License-Identifier: MIT */
#include "interop/opencode_row.h"

#include <string.h>

#include "base/text.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

/* Puts a text that is an object or array as it stands there. HF_ERR_JSON: it is none. */
static int put_json(struct buffer *out, const char *name, struct hf_slice text, bool *first)
{
	enum json_kind kind = json_kind(text);
	bool was_first = *first;
	size_t before = out->size;
	size_t at;
	int rc;

	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return HF_ERR_JSON;
	rc = json_put_name(out, first, name);
	if (rc != HF_OK)
		return rc;
	at = out->size - 1; /* the colon, which is a bracket while the text is checked: it */
	rc = buffer_put(out, text.data, text.size); /* will nest in the row one deeper */
	if (rc == HF_OK)
		rc = buffer_put(out, "]", 1);
	if (rc == HF_OK) {
		out->data[at] = '[';
		rc = json_scan(out->data + at, out->size - at, NULL);
		out->data[at] = ':';
		out->size--;
	}
	if (rc != HF_OK) {
		out->size = before;
		*first = was_first;
	}
	return rc;
}

static int put_hex(struct buffer *out, const char *name, struct hf_slice bytes, bool *first)
{
	char long_name[256];
	size_t size = strlen(name);
	int rc;

	if (size + sizeof ":hex" > sizeof long_name)
		return HF_ERR_FOREIGN;
	memcpy(long_name, name, size);
	memcpy(long_name + size, ":hex", sizeof ":hex");
	rc = json_put_name(out, first, long_name);
	if (rc == HF_OK)
		rc = buffer_reserve(out, 2 * bytes.size + 2);
	if (rc != HF_OK)
		return rc;
	out->data[out->size++] = '"';
	text_put_hex((const uint8_t *)bytes.data, bytes.size, out->data + out->size);
	out->size += 2 * bytes.size;
	out->data[out->size++] = '"';
	return HF_OK;
}

static int put_column(struct buffer *out, const struct sqlite_rows *rows, size_t column,
		      bool *first)
{
	const char *name = sqlite_name(rows, column);
	enum sqlite_kind kind = sqlite_kind(rows, column);
	struct hf_slice value = { "", 0 };
	int rc = sqlite_value(rows, column, &value);

	if (rc != HF_OK)
		return rc;
	if (kind == SQLITE_NOTHING)
		return json_put_member_json(out, first, name, (struct hf_slice){ "null", 4 });
	/* "Inf" is no number in JSON. */
	if (kind == SQLITE_NUMBER && json_scan(value.data, value.size, NULL) == HF_OK)
		return json_put_member_json(out, first, name, value);
	if (kind == SQLITE_BYTES || !text_is_utf8(value.data, value.size))
		return put_hex(out, name, value, first);
	rc = put_json(out, name, value, first);
	return rc == HF_ERR_JSON ? json_put_member_text(out, first, name, value.data, value.size)
				 : rc;
}

int opencode_row_key(const struct sqlite_rows *rows, const char *column, struct buffer *out,
		     bool *ret_found)
{
	struct hf_slice value = { "", 0 };
	int rc = HF_OK;

	*ret_found = column == NULL;
	out->size = 0;
	for (size_t i = 0; column != NULL && i < sqlite_columns(rows); i++) {
		enum sqlite_kind kind = sqlite_kind(rows, i);

		if (strcmp(sqlite_name(rows, i), column) == 0 &&
		    (kind == SQLITE_STRING || kind == SQLITE_NUMBER) &&
		    sqlite_value(rows, i, &value) == HF_OK &&
		    memchr(value.data, '\0', value.size) == NULL) {
			*ret_found = true;
			rc = buffer_put(out, value.data, value.size);
			if (rc == HF_OK)
				rc = buffer_put(out, "", 1);
			break;
		}
	}
	return rc == HF_ERR_SESSION_SIZE ? HF_ERR_RECORD_SIZE : rc;
}

int opencode_row_json(const struct sqlite_rows *rows, struct buffer *out)
{
	bool first = true;
	int rc;

	out->size = 0;
	rc = buffer_put_text(out, "{");
	for (size_t i = 0; rc == HF_OK && i < sqlite_columns(rows); i++)
		rc = put_column(out, rows, i, &first);
	if (rc == HF_OK)
		rc = buffer_put_text(out, "}");
	if (rc == HF_ERR_INVALID) /* a column's name is not UTF-8 */
		return HF_ERR_FOREIGN;
	return rc == HF_ERR_SESSION_SIZE ? HF_ERR_RECORD_SIZE : rc;
}
