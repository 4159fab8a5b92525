/* SPDX-License-Identifier: MIT */
#include "cli/document.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/input.h"
#include "cli/json.h"
#include "cli/memory.h"

static bool refuse(struct document_refusal *ret_refusal, const char *message)
{
	*ret_refusal = (struct document_refusal){ { HF_ERR_INVALID, message, -1 }, 0 };
	return false;
}

static bool add_record(struct document *document, struct hf_slice json, uint64_t place,
		       struct document_refusal *ret_refusal)
{
	struct record_in *record;

	if (document->count == document->room) {
		document->room = document->room == 0 ? 256 : document->room * 2;
		document->records =
			memory_resize(document->records, document->room, sizeof *document->records);
	}
	record = &document->records[document->count];
	if (!record_in_read(json, record, &ret_refusal->refusal)) {
		ret_refusal->place = place;
		return false;
	}
	document->count += !record_in_is_own(record);
	return true;
}

static bool read_array(struct document *document, struct hf_slice array,
		       struct document_refusal *ret_refusal)
{
	struct hf_slice value = { 0 };
	size_t position = 0;
	uint64_t place = 0;

	if (array.size == 0 || array.data[0] != '[')
		return refuse(ret_refusal, "\"records\" is not an array.");
	while (hf_json_next(array, &position, NULL, &value)) {
		if (!add_record(document, value, ++place, ret_refusal))
			return false;
	}
	return true;
}

static bool is_one_of(struct hf_slice name, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (name.size == strlen(names[i]) + 2 &&
		    memcmp(name.data + 1, names[i], name.size - 2) == 0)
			return true;
	}
	return false;
}

static bool read_text(struct hf_slice value, char *field, size_t size, const char *message,
		      struct document_refusal *ret_refusal)
{
	if (value.size == 4 && memcmp(value.data, "null", 4) == 0)
		return true;
	return record_in_decode(value, field, size) || refuse(ret_refusal, message);
}

static bool read_member(struct document *document, struct hf_slice name, struct hf_slice value,
			struct document_refusal *ret_refusal)
{
	static const char *const passed_over[] = { "session",	    "created", "updated", "verdict",
						   "message_count", "todos",   "origin",  NULL };

	if (is_one_of(name, (const char *const[]){ "records", NULL }))
		return read_array(document, value, ret_refusal);
	if (is_one_of(name, (const char *const[]){ "name", NULL }))
		return read_text(value, document->name, sizeof document->name,
				 "\"name\" is no string, or too long.", ret_refusal);
	if (is_one_of(name, (const char *const[]){ "project", NULL }))
		return read_text(value, document->project, sizeof document->project,
				 "\"project\" is no string, or too long.", ret_refusal);
	if (is_one_of(name, (const char *const[]){ "config", NULL })) {
		document->config = value;
		return true;
	}
	return is_one_of(name, passed_over) ||
	       refuse(ret_refusal, "The document has a member that a session has not.");
}

/* Checks the document around its records, which were checked one by one. */
static bool check_document(struct hf_slice text, struct hf_slice records,
			   struct document_refusal *ret_refusal)
{
	struct hf_slice *values = NULL;
	struct hf_slice value = { 0 };
	size_t position = 0;
	size_t count = 0;
	size_t room = 0;
	bool good;

	while (hf_json_next(records, &position, NULL, &value)) {
		if (count == room) {
			room = room == 0 ? 256 : room * 2;
			values = memory_resize(values, room, sizeof *values);
		}
		values[count++] = value;
	}
	ret_refusal->place = 0;
	good = record_in_check_around(text, values, count, &ret_refusal->refusal);
	memory_free(values);
	return good;
}

static bool read_document(struct hf_slice text, struct hf_slice records, struct document *document,
			  struct document_refusal *ret_refusal)
{
	struct hf_slice name = { 0 };
	struct hf_slice value = { 0 };
	size_t position = 0;

	/* First, so that what follows reads valid JSON and its messages can be believed. */
	if (!check_document(text, records, ret_refusal))
		return false;
	while (hf_json_next(text, &position, &name, &value)) {
		if (!read_member(document, name, value, ret_refusal))
			return false;
	}
	return true;
}

static bool read_lines(struct hf_slice text, struct document *document,
		       struct document_refusal *ret_refusal)
{
	uint64_t place = 0;

	while (text.size > 0) {
		const char *feed = memchr(text.data, '\n', text.size);
		struct hf_slice line = { text.data, text.size };

		if (feed != NULL)
			line.size = (size_t)(feed - text.data);
		place++;
		if (!input_is_blank(line) && !add_record(document, line, place, ret_refusal))
			return false;
		text.data += line.size + (feed != NULL);
		text.size -= line.size + (feed != NULL);
	}
	return true;
}

bool document_read(struct hf_slice text, struct document *ret_document,
		   struct document_refusal *ret_refusal)
{
	struct document *document = ret_document;
	struct hf_slice records = { 0 };
	bool good;

	if (hf_json_member(text, "records", &records))
		good = read_document(text, records, document, ret_refusal);
	else
		good = read_lines(text, document, ret_refusal);
	if (!good)
		return false;
	document->appends = memory_resize(NULL, document->count + 1, sizeof *document->appends);
	for (size_t i = 0; i < document->count; i++)
		document->appends[i] = record_in_append(&document->records[i]);
	return true;
}

void document_release(struct document *document)
{
	memory_free(document->records);
	memory_free(document->appends);
}

static void put_session(struct json *json, const struct hf_view *view)
{
	const struct hf_info *info = hf_view_info(view);

	json_put_text(json, "session", slice_of(info->id));
	json_put_text(json, "name", info->name);
	json_put_text(json, "project", info->project);
	json_put_time(json, "created", info->created_us);
	json_put_time(json, "updated", info->updated_us);
	json_put_number(json, "message_count", info->messages);
	json_put_text(json, "verdict", slice_of(hf_verdict_name(hf_view_check(view)->verdict)));
	json_put_raw(json, "config", hf_view_config(view));
	json_put_raw(json, "todos", hf_view_todos(view));
	json_put_raw(json, "origin", hf_view_origin(view));
}

static bool is_own(const struct hf_record *record)
{
	struct record_in probe = { 0 };

	if (record->type.size > HF_TYPE_MAX)
		return false;
	memcpy(probe.type, record->type.data, record->type.size);
	return record_in_is_own(&probe);
}

static void put_record(struct json *json, const struct hf_record *record)
{
	json_open(json, '{');
	json_put_number(json, "n", record->n);
	json_put_text(json, "at", record->at);
	json_put_text(json, "type", record->type);
	if (record->id.size > 0)
		json_put_text(json, "id", record->id);
	json_put_raw(json, "data", record->data);
	json_close(json, '}');
}

/* Writes what is in text; JSON needs no other care on a terminal than a record does. */
static void flush(struct cli *cli, struct strbuf *text)
{
	out_write_json(&cli->out, strbuf_slice(text));
	strbuf_clear(text);
}

void document_print(struct cli *cli, const struct hf_view *view)
{
	struct hf_record record = { 0 };
	struct strbuf text = { 0 };
	struct json json = { .out = &text };

	json_open(&json, '{');
	put_session(&json, view);
	json_open_member(&json, "records", '[');
	while (cli->out.failure == 0 && hf_view_next(view, &record)) {
		if (is_own(&record))
			continue;
		strbuf_puts(&text, json.more ? ",\n" : "\n");
		json.more = false;
		put_record(&json, &record);
		flush(cli, &text);
	}
	json_close(&json, ']');
	json_close(&json, '}');
	strbuf_puts(&text, "\n");
	flush(cli, &text);
	strbuf_release(&text);
}
