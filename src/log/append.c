/* SPDX-License-Identifier: MIT */
/* Appending the records of a host: each at most once, all or none. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "format/record.h"
#include "log/writer.h"

static int check_record(struct report *report, const struct hf_append *record)
{
	if (record->type == NULL || !record_type_is_valid(record->type))
		return report_fail(report, HF_ERR_INVALID, "append",
				   "the type is not one that can be appended");
	if (record->id != NULL && !record_id_is_valid(record->id))
		return report_fail(report, HF_ERR_INVALID, "append",
				   "the record's id has a character that it must not have");
	if (record->json == NULL && record->json_size > 0)
		return report_fail(report, HF_ERR_INVALID, "append", "there is no JSON");
	return HF_OK;
}

/* Learns the ids in bytes of the log that begin with a whole line; the first line, whose
 * predecessor is not known, is believed only for its MAC. */
static int learn_lines(struct writer *writer, const char *bytes, size_t size)
{
	const char *end = bytes + size;
	uint8_t before[MAC_SIZE], found[MAC_SIZE], computed[MAC_SIZE];
	bool has_before = writer->head.offset == size;
	size_t covered;

	memset(before, 0, sizeof before);
	while (bytes < end) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t line_size = feed != NULL ? (size_t)(feed - bytes) : 0;
		struct hf_record record;
		struct ids_entry entry;
		int rc;

		if (feed == NULL || !record_split(bytes, line_size, &covered, found))
			break;
		if (has_before) {
			record_mac(&writer->key->record, before, bytes, covered, computed);
			if (!mac_equal(computed, found) || !record_decode(bytes, line_size, &record))
				break;
			entry = ids_digest(record.id, record.type, record.data, record.n);
			rc = record.id.size > 0 ? ids_add(&writer->ids, &entry) : HF_OK;
			if (rc != HF_OK)
				return rc;
		}
		memcpy(before, found, MAC_SIZE);
		has_before = true;
		bytes = feed + 1;
	}
	if (bytes < end || !mac_equal(before, writer->head.mac))
		return report_fail(writer->report, HF_ERR_TAMPERED, "append",
				   "the end of the log does not verify");
	return HF_OK;
}

/* Reads the ids in the log's last HF_ID_WINDOW_BYTES, once. */
static int learn_ids(struct writer *writer)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint64_t end = writer->head.offset;
	size_t size = end < HF_ID_WINDOW_BYTES ? (size_t)end : (size_t)HF_ID_WINDOW_BYTES;
	char *bytes = NULL;
	const char *start;
	size_t got = 0;
	int rc;

	if (writer->knows_ids)
		return HF_OK;
	ids_clear(&writer->ids);
	bytes = mem_new(size, 1);
	if (bytes == NULL)
		return HF_ERR_NOMEM;
	rc = ops->log_read(writer->log, end - size, bytes, size, &got);
	if (rc != HF_OK)
		goto out;
	start = bytes;
	if (size < end) {
		/* The window begins within a line, or so it must be taken. */
		start = memchr(bytes, '\n', got);
		start = start != NULL ? start + 1 : bytes + got;
	}
	/* A last record larger than the window leaves no whole line in it. */
	if (start < bytes + got)
		rc = learn_lines(writer, start, (size_t)(bytes + got - start));
	writer->knows_ids = rc == HF_OK;
out:
	mem_free(bytes);
	return rc;
}

/* The data of the record that was added last, as it will stand in the log. */
static struct hf_slice last_data(const struct batch *batch, size_t start)
{
	struct hf_record record = { 0 };

	(void)record_decode(batch->bytes.data + start, batch->bytes.size - start - 1, &record);
	return record.data;
}

/* Takes a record back out of the batch if its id is known already. */
static int sort_out_duplicate(struct writer *writer, const struct hf_append *record,
			      const struct batch *before, size_t start, struct hf_ack *ack)
{
	struct batch *batch = &writer->batch;
	struct hf_slice id = { record->id, strlen(record->id) };
	struct hf_slice type = { record->type, strlen(record->type) };
	struct ids_entry entry = ids_digest(id, type, last_data(batch, start), ack->n);

	switch (ids_find(&writer->ids, &entry, &ack->n)) {
	case IDS_NEW:
		return ids_add(&writer->ids, &entry);
	case IDS_SAME:
		ack->duplicate = true;
		batch->bytes.size = start;
		batch->n = before->n;
		memcpy(batch->mac, before->mac, MAC_SIZE);
		return HF_OK;
	default:
		return report_fail(writer->report, HF_ERR_ID_REUSED, "append",
				   "the id stands for another record");
	}
}

static int add_record(struct writer *writer, const struct hf_append *record, struct hf_ack *ret_ack)
{
	struct batch *batch = &writer->batch;
	struct batch before = *batch;
	struct hf_ack ack = { batch->n, false };
	size_t start = batch->bytes.size;
	int rc = check_record(writer->report, record);

	if (rc == HF_OK && record->id != NULL)
		rc = learn_ids(writer);
	if (rc == HF_OK)
		rc = batch_add(batch, writer->report,
			       &(struct batch_record){ record->type, record->id,
						       { record->json, record->json_size } });
	if (rc == HF_OK && record->id != NULL)
		rc = sort_out_duplicate(writer, record, &before, start, &ack);
	if (rc == HF_OK && ret_ack != NULL)
		*ret_ack = ack;
	return rc;
}

/* Adds all records, with the one that reopens a sealed session before them. */
static int add_records(struct writer *writer, const struct hf_append *records, size_t count,
		       struct hf_ack *acks)
{
	static const char after_seal[] = "{\"after\":\"seal\"}";
	bool is_sealed = (writer->head.flags & FORMAT_HEAD_SEALED) != 0;
	size_t resumed = 0;
	int rc = writer_begin(writer);

	if (rc == HF_OK && is_sealed) {
		rc = writer_add(writer, "resume", after_seal, sizeof after_seal - 1);
		resumed = writer->batch.bytes.size;
	}
	for (size_t i = 0; i < count && rc == HF_OK; i++) {
		rc = add_record(writer, &records[i], acks != NULL ? &acks[i] : NULL);
		if (rc != HF_OK)
			report_place(writer->report, -1, -1, (int64_t)i);
	}
	/* Duplicates alone do not reopen a session. */
	if (rc == HF_OK && writer->batch.bytes.size == resumed)
		writer->batch.bytes.size = 0;
	return rc;
}

int writer_append(struct writer *writer, const struct hf_append_options *options,
		  const struct hf_append *records, size_t count, struct hf_ack *ret_acks)
{
	struct hf_ack *acks = NULL;
	int rc = writer_usable(writer);

	if (rc != HF_OK)
		return rc;
	if (options != NULL && options->expect && options->expect_records != writer->head.records)
		return report_fail(writer->report, HF_ERR_CONFLICT, "append",
				   "the session has %" PRIu64 " records, %" PRIu64 " were expected",
				   writer->head.records, options->expect_records);
	if (count == 0)
		return HF_OK;
	if (ret_acks != NULL) {
		acks = mem_new(count, sizeof *acks);
		if (acks == NULL)
			return HF_ERR_NOMEM;
	}
	rc = add_records(writer, records, count, acks);
	if (rc == HF_OK)
		rc = writer_commit(writer, false);
	/* Ids of records that were not written must not count as known. */
	if (rc != HF_OK)
		writer->knows_ids = false;
	else if (ret_acks != NULL)
		memcpy(ret_acks, acks, count * sizeof *acks);
	mem_free(acks);
	return rc;
}
