/* SPDX-License-Identifier: MIT */
/* Appending the records of a host: each at most once, all or none. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "format/record.h"
#include "log/labels.h"
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

/* Learns the ids in the lines of bytes up to end. mac is the MAC of the record before them
 * and then of the last one. */
static int learn_lines(struct writer *writer, const char *bytes, const char *end,
		       uint8_t mac[static MAC_SIZE])
{
	while (bytes < end) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t size = feed != NULL ? (size_t)(feed - bytes) : 0;
		uint8_t found[MAC_SIZE], computed[MAC_SIZE];
		struct hf_record record;
		struct ids_entry entry;
		size_t covered;
		int rc = HF_OK;

		if (feed == NULL || !record_split(bytes, size, &covered, found))
			break;
		record_mac(&writer->key->record, mac, bytes, covered, computed);
		if (!mac_equal(computed, found) || !record_decode(bytes, size, &record))
			break;
		if (record.id.size > 0) {
			entry = ids_digest(record.id, record.type, record.data, record.n);
			rc = ids_add(&writer->ids, &entry);
		}
		if (rc != HF_OK)
			return rc;
		memcpy(mac, found, MAC_SIZE);
		bytes = feed + 1;
	}
	if (bytes < end || !mac_equal(mac, writer->head.mac))
		return report_fail(writer->report, HF_ERR_TAMPERED, "append",
				   "the end of the log does not verify");
	return HF_OK;
}

/* The log's last bytes, in which ids are looked for. */
struct window {
	char *bytes;
	const char *start;     /* of the first line whose predecessor's MAC is known */
	const char *end;
	uint8_t mac[MAC_SIZE]; /* of that predecessor */
};

/* Finds the first line in a window of size bytes. False: there is none. */
static bool find_start(const struct writer *writer, struct window *window, size_t size)
{
	size_t covered;

	window->start = window->bytes;
	memset(window->mac, 0, sizeof window->mac);
	if (size == writer->head.offset)
		return true;
	/* The window begins within a line, whose tail is what is needed of it. */
	window->start = memchr(window->bytes, '\n', size);
	if (window->start == NULL || ++window->start == window->end)
		return false;
	if (window->start - window->bytes > FORMAT_TAIL_SIZE &&
	    record_split(window->start - FORMAT_TAIL_SIZE - 1, FORMAT_TAIL_SIZE, &covered,
			 window->mac))
		return true;
	/* Or else the next one. */
	window->start = memchr(window->start, '\n', (size_t)(window->end - window->start));
	return window->start != NULL && ++window->start < window->end &&
	       record_split(window->start - FORMAT_TAIL_SIZE - 1, FORMAT_TAIL_SIZE, &covered,
			    window->mac);
}

/* Reads a window that holds the last record at least, however large that is. */
static int read_window(struct writer *writer, struct window *window)
{
	const struct storage_ops *ops = writer->env->storage->ops;
	uint64_t size = HF_ID_WINDOW_BYTES;

	for (;; size *= 2) {
		size_t got = 0;
		int rc;

		if (size > writer->head.offset)
			size = writer->head.offset;
		mem_free(window->bytes);
		window->bytes = mem_new((size_t)size, 1);
		if (window->bytes == NULL)
			return HF_ERR_NOMEM;
		rc = ops->log_read(writer->log, writer->head.offset - size, window->bytes,
				   (size_t)size, &got);
		if (rc != HF_OK)
			return rc;
		window->end = window->bytes + got;
		if (got != size)
			return report_fail(writer->report, HF_ERR_TRUNCATED, "append",
					   "the log is shorter than its head says");
		if (find_start(writer, window, got))
			return HF_OK;
		if (size == writer->head.offset)
			return report_fail(writer->report, HF_ERR_TAMPERED, "append",
					   "the end of the log has no records");
	}
}

/* Learns the ids in the log's last HF_ID_WINDOW_BYTES, once. */
static int learn_ids(struct writer *writer)
{
	struct window window = { 0 };
	int rc;

	if (writer->knows_ids)
		return HF_OK;
	ids_clear(&writer->ids);
	rc = read_window(writer, &window);
	if (rc == HF_OK)
		rc = learn_lines(writer, window.start, window.end, window.mac);
	writer->knows_ids = rc == HF_OK;
	mem_free(window.bytes);
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
						       { record->json, record->json_size }, false });
	if (rc == HF_OK && record->id != NULL)
		rc = sort_out_duplicate(writer, record, &before, start, &ack);
	if (rc == HF_OK && ret_ack != NULL)
		*ret_ack = ack;
	return rc;
}

/* True if the records only say how the session is kept. Bad ones are refused later. */
static bool are_labels(const struct hf_append *records, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *type = records[i].type;

		if (type == NULL || !labels_is_type((struct hf_slice){ type, strlen(type) }))
			return false;
	}
	return true;
}

/* Adds all records, with the one that reopens a sealed session before them. */
static int add_records(struct writer *writer, const struct hf_append *records, size_t count,
		       struct hf_ack *acks)
{
	static const char after_seal[] = "{\"after\":\"seal\"}";
	bool is_sealed = (writer->head.flags & FORMAT_HEAD_SEALED) != 0 &&
			 !are_labels(records, count);
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

/* A caller whose records are all there already has not been overtaken: he repeats an
 * append that he does not know to have succeeded. */
static int check_expected(struct writer *writer, const struct hf_append_options *options,
			  size_t count)
{
	bool is_repeated = count > 0 && writer->batch.bytes.size == 0;

	if (options == NULL || !options->expect || is_repeated ||
	    options->expect_records == writer->head.records)
		return HF_OK;
	return report_fail(writer->report, HF_ERR_CONFLICT, "append",
			   "the session has %" PRIu64 " records, %" PRIu64 " were expected",
			   writer->head.records, options->expect_records);
}

int writer_check_size(const struct log_env *env, struct report *report, uint64_t size)
{
	if (env->max_session_size == 0 || size <= env->max_session_size)
		return HF_OK;
	return report_fail(report, HF_ERR_MAX_SESSION_SIZE, "append",
			   "the log would take %" PRIu64 " bytes, max_session_size is %" PRIu64,
			   size, env->max_session_size);
}

int writer_append(struct writer *writer, const struct hf_append_options *options,
		  const struct hf_append *records, size_t count, struct hf_ack *ret_acks)
{
	struct hf_ack *acks = NULL;
	int rc = writer_usable(writer);

	if (rc != HF_OK)
		return rc;
	if (ret_acks != NULL && count > 0) {
		acks = mem_new(count, sizeof *acks);
		if (acks == NULL)
			return HF_ERR_NOMEM;
	}
	rc = add_records(writer, records, count, acks);
	if (rc == HF_OK)
		rc = check_expected(writer, options, count);
	/* A full session can still be named and pinned, and closed. */
	if (rc == HF_OK && !are_labels(records, count))
		rc = writer_check_size(writer->env, writer->report,
				       writer->head.offset + writer->batch.bytes.size);
	if (rc == HF_OK)
		rc = writer_commit(writer, false);
	/* Ids of records that were not written must not count as known. */
	if (rc != HF_OK)
		writer->knows_ids = false;
	else if (acks != NULL)
		memcpy(ret_acks, acks, count * sizeof *acks);
	mem_free(acks);
	return rc;
}
