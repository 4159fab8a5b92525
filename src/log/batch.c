/* SPDX-License-Identifier: MIT */
#include "log/batch.h"

#include <string.h>

#include "base/invariant.h"
#include "base/text.h"
#include "format/record.h"
#include "holdfast.h"
#include "json/read.h"
#include "json/scan.h"
#include "log/labels.h"
#include "log/limits.h"

void batch_begin(struct batch *batch, struct mac *key, uint64_t n,
		 const uint8_t mac[static MAC_SIZE], int64_t at_us)
{
	batch->bytes.size = 0;
	batch->key = key;
	batch->n = n;
	memcpy(batch->mac, mac, MAC_SIZE);
	batch->at_us = at_us;
}

void batch_release(struct batch *batch)
{
	buffer_release(&batch->bytes);
}

/* A rename's name must be one that a session can be created with. */
static bool name_is_valid(struct hf_slice data)
{
	char text[HF_NAME_MAX + 1];
	struct hf_slice name;
	int64_t size;

	if (!json_member(data, "name", &name) || json_kind(name) != JSON_STRING)
		return false;
	size = json_text(name, text, sizeof text);
	return size >= 0 && size <= HF_NAME_MAX;
}

/* Types whose data the library reads back ask for a shape. */
static int check_shape(struct report *report, const char *type, struct hf_slice data)
{
	if (strcmp(type, "config") == 0 && json_kind(data) != JSON_OBJECT)
		return report_fail(report, HF_ERR_INVALID, "append", "config is not an object");
	if (strcmp(type, "config") == 0 && data.size > METADATA_JSON_MAX)
		return report_fail(report, HF_ERR_RECORD_SIZE, "append",
				   "config takes more than %d bytes", METADATA_JSON_MAX);
	if (strcmp(type, "rename") == 0 && !name_is_valid(data))
		return report_fail(report, HF_ERR_INVALID, "append",
				   "a name takes at most %d bytes: {\"name\":\"...\"}", HF_NAME_MAX);
	if (strcmp(type, "tags") == 0 && !labels_are_tags(data))
		return report_fail(report, HF_ERR_INVALID, "append",
				   "a tag is a word of at most %d bytes without spaces and commas, "
				   "each given once, %d of them at most: {\"tags\":[\"...\"]}",
				   HF_TAG_SIZE_MAX, HF_TAGS_MAX);
	if (strcmp(type, "pin") == 0 && !labels_is_pin(data))
		return report_fail(report, HF_ERR_INVALID, "append",
				   "a pin is set or not: {\"pinned\":true}");
	return HF_OK;
}

static int add_data(struct batch *batch, struct report *report, struct hf_slice json)
{
	struct json_fault fault = { 0, "" };
	size_t start = batch->bytes.size;
	int rc = json_compact(json.data, json.size, &batch->bytes, &fault);

	if (rc == HF_ERR_JSON) {
		rc = report_fail(report, rc, "append", "%s at byte %zu", fault.reason, fault.offset);
		report_place(report, -1, (int64_t)fault.offset, -1);
	} else if (rc == HF_ERR_SESSION_SIZE ||
		   (rc == HF_OK && batch->bytes.size - start > batch->data_size_max)) {
		rc = report_fail(report, HF_ERR_RECORD_SIZE, "append",
				 "the data takes more than max_record_size = %u bytes",
				 (unsigned)batch->data_size_max);
	}
	return rc;
}

int batch_add(struct batch *batch, struct report *report, const struct batch_record *record)
{
	struct record_envelope envelope = { batch->n, batch->at_us, record->id, record->type };
	size_t start = batch->bytes.size;
	struct hf_slice data;
	size_t data_start;
	int rc;

	rc = record_begin(&batch->bytes, &envelope);
	if (rc != HF_OK)
		goto out;
	data_start = batch->bytes.size;
	rc = record->is_own ? buffer_put(&batch->bytes, record->data.data, record->data.size) :
			      add_data(batch, report, record->data);
	if (rc != HF_OK)
		goto out;
	data = (struct hf_slice){ batch->bytes.data + data_start, batch->bytes.size - data_start };
	rc = check_shape(report, record->type, data);
	if (rc == HF_OK)
		rc = record_finish(&batch->bytes, start, batch->key, batch->mac);
	if (rc == HF_OK)
		batch->n++;
out:
	if (rc != HF_OK)
		batch->bytes.size = start;
	return rc == HF_ERR_SESSION_SIZE ? HF_ERR_RECORD_SIZE : rc;
}

void batch_fold(const struct batch *batch, struct fold *fold)
{
	const char *at = batch->bytes.data;
	const char *end = text_end((struct hf_slice){ at, batch->bytes.size });
	struct hf_record record = { 0 };

	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));

		/* What we are about to write is what a reader will accept. */
		INVARIANT(feed != NULL && record_find(at, (size_t)(feed - at), &record));
		INVARIANT(fold_record(fold, &record));
		at = feed + 1;
	}
	/* Of all the times only the last one counts. */
	if (record.at.data != NULL)
		(void)text_get_time(record.at.data, &fold->updated_us);
}
