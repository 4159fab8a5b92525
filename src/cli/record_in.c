/* SPDX-License-Identifier: MIT */
#include "cli/record_in.h"

#include <string.h>

#include "cli/strbuf.h"

static bool refuse(struct refusal *ret_refusal, int code, const char *message)
{
	*ret_refusal = (struct refusal){ code, message, -1 };
	return false;
}

bool record_in_check_around(struct hf_slice json, const struct hf_slice *values, size_t count,
			    struct refusal *ret_refusal)
{
	/* An empty string cannot grow together with what stands beside it, as a number would. */
	static const char placeholder[] = "\"\"";
	struct strbuf around = { 0 };
	const char *from = json.data;
	size_t offset = 0;
	int rc;

	for (size_t i = 0; i < count; i++) {
		strbuf_put(&around, from, (size_t)(values[i].data - from));
		strbuf_puts(&around, placeholder);
		from = values[i].data + values[i].size;
	}
	strbuf_put(&around, from, (size_t)(json.data + json.size - from));
	rc = hf_json_check(strbuf_slice(&around), NULL);
	strbuf_release(&around);
	if (rc == HF_OK)
		return true;
	/* What is wrong around the values is wrong with them in place, which tells where. */
	if (hf_json_check(json, &offset) == HF_OK)
		return true;
	*ret_refusal = (struct refusal){ rc, NULL, (int64_t)offset };
	return false;
}

bool record_in_decode(struct hf_slice string, char *field, size_t size)
{
	int64_t length = hf_json_text(string, field, size);

	return length >= 0 && (uint64_t)length < size && strlen(field) == (size_t)length;
}

/* The same, and not empty. */
static bool decode(struct hf_slice string, char *field, size_t size)
{
	return record_in_decode(string, field, size) && field[0] != '\0';
}

static bool is_named(struct hf_slice raw_name, const char *name)
{
	size_t size = strlen(name);

	return raw_name.size == size + 2 && memcmp(raw_name.data + 1, name, size) == 0;
}

static bool read_member(struct hf_slice name, struct hf_slice value, struct record_in *record,
			struct refusal *ret_refusal)
{
	if (is_named(name, "data")) {
		record->data = value;
		return true;
	}
	if (is_named(name, "type"))
		return decode(value, record->type, sizeof record->type) ||
		       refuse(ret_refusal, HF_ERR_INVALID,
			      "\"type\" is not the name of a type of records.");
	if (is_named(name, "id"))
		return decode(value, record->id, sizeof record->id) ||
		       refuse(ret_refusal, HF_ERR_INVALID,
			      "\"id\" is not a string of 1 to 128 characters.");
	return is_named(name, "n") || is_named(name, "at") || is_named(name, "mac") ||
	       refuse(ret_refusal, HF_ERR_INVALID,
		      "A record has the members \"type\", \"id\" and \"data\" and no others.");
}

bool record_in_read(struct hf_slice object, struct record_in *ret_record,
		    struct refusal *ret_refusal)
{
	struct record_in record = { .type = "message" };
	struct hf_slice name = { 0 };
	struct hf_slice value = { 0 };
	size_t position = 0;

	while (object.size > 0 && hf_json_next(object, &position, &name, &value)) {
		if (!read_member(name, value, &record, ret_refusal)) {
			/* Of two mistakes, bad JSON is the one that explains the other. */
			(void)record_in_check_around(object, NULL, 0, ret_refusal);
			return false;
		}
	}
	if (!record_in_check_around(object, &record.data, record.data.size > 0, ret_refusal))
		return false;
	if (record.data.size == 0)
		return refuse(ret_refusal, HF_ERR_INVALID,
			      "A record is an object with the member \"data\".");
	*ret_record = record;
	return true;
}

bool record_in_take_id(const char *name, struct record_in *record, struct refusal *ret_refusal)
{
	struct hf_slice value = { 0 };
	bool integer;

	if (!hf_json_member(record->data, name, &value) || value.size == 0)
		return true;
	if (value.size == 4 && memcmp(value.data, "null", 4) == 0)
		return true;
	integer = value.size <= HF_RECORD_ID_MAX;
	for (size_t i = 0; i < value.size && integer; i++)
		integer = value.data[i] >= '0' && value.data[i] <= '9';
	if (integer) {
		memcpy(record->id, value.data, value.size);
		record->id[value.size] = '\0';
		return true;
	}
	return decode(value, record->id, sizeof record->id) ||
	       refuse(ret_refusal, HF_ERR_INVALID,
		      "The member for the id is not a string of 1 to 128 characters.");
}

bool record_in_is_own(const struct record_in *record)
{
	static const char *const own[] = { "session", "seal", "resume", "repair", "relocate" };

	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
		if (strcmp(record->type, own[i]) == 0)
			return true;
	}
	return false;
}

struct hf_append record_in_append(const struct record_in *record)
{
	return (struct hf_append){
		.type = record->type,
		.id = record->id[0] != '\0' ? record->id : NULL,
		.json = record->data.data,
		.json_size = record->data.size,
	};
}
