/* SPDX-License-Identifier: MIT */
#include "log/metadata.h"

#include <string.h>

#include "base/text.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"
#include "log/fold.h"
#include "log/writer.h"

void metadata_release(struct metadata *metadata)
{
	buffer_release(&metadata->name);
	buffer_release(&metadata->project);
	buffer_release(&metadata->config);
	buffer_release(&metadata->origin);
	buffer_release(&metadata->tags);
	buffer_release(&metadata->former);
}

static int take_text(struct buffer *field, struct report *report, struct hf_slice text,
		     size_t max, const char *what)
{
	if (text.data == NULL)
		return HF_OK;
	if (text.size > max)
		return report_fail(report, HF_ERR_INVALID, "create", "the %s is longer than %zu bytes",
				   what, max);
	if (!text_is_utf8(text.data, text.size))
		return report_fail(report, HF_ERR_INVALID, "create", "the %s is not UTF-8", what);
	field->size = 0;
	return json_put_string(field, text.data, text.size);
}

static int take_object(struct buffer *field, struct report *report, struct hf_slice json,
		       const char *what)
{
	struct json_fault fault = { 0, "" };
	int rc;

	if (json.size == 0)
		return HF_OK;
	field->size = 0;
	rc = json_compact(json.data, json.size, field, &fault);
	if (rc == HF_ERR_SESSION_SIZE)
		return report_fail(report, HF_ERR_RECORD_SIZE, "create", "the %s is too large", what);
	if (rc == HF_ERR_JSON)
		return report_fail(report, rc, "create", "the %s: %s at byte %zu", what, fault.reason,
				   fault.offset);
	if (rc == HF_OK && json_kind((struct hf_slice){ field->data, field->size }) != JSON_OBJECT) {
		field->size = 0;
		rc = report_fail(report, HF_ERR_JSON, "create", "the %s is not an object", what);
	}
	return rc;
}

static int put_former(struct buffer *field, const struct former *former)
{
	int rc = buffer_put_text(field, "[");

	for (unsigned i = 0; rc == HF_OK && i < former->count; i++) {
		if (i > 0)
			rc = buffer_put_text(field, ",");
		if (rc == HF_OK)
			rc = buffer_put(field, former->paths[i].data, former->paths[i].size);
	}
	return rc == HF_OK ? buffer_put_text(field, "]") : rc;
}

static struct hf_slice slice_of(const struct buffer *field)
{
	return (struct hf_slice){ field->data, field->size };
}

static struct hf_slice text_slice(const char *text)
{
	return (struct hf_slice){ text, text != NULL ? strlen(text) : 0 };
}

/* Gives a field other contents, and leaves it the ones that were there. */
static void swap(struct buffer *field, struct buffer *other)
{
	struct buffer kept = *field;

	*field = *other;
	*other = kept;
}

/* Puts the present project among the former ones. */
static int remember_project(struct metadata *metadata)
{
	struct buffer remembered = BUFFER_INIT(METADATA_FORMER_MAX);
	struct former former = { .count = 0 };
	int rc;

	former_push_all(&former, slice_of(&metadata->former));
	former_push(&former, slice_of(&metadata->project));
	rc = put_former(&remembered, &former);
	if (rc == HF_OK)
		swap(&metadata->former, &remembered);
	buffer_release(&remembered);
	return rc;
}

/* Takes another project, and remembers the one that was there. "/a/" is "/a": paths are
 * compared, and digested, as they are written. */
static int take_project(struct metadata *metadata, struct report *report, struct hf_slice project)
{
	struct buffer taken = BUFFER_INIT(METADATA_TEXT_MAX);
	int rc;

	if (project.data == NULL)
		return HF_OK;
	project.size = text_path_size(project.data, project.size);
	rc = take_text(&taken, report, project, HF_PROJECT_MAX, "project");
	if (rc == HF_OK && metadata->project.size > 0 &&
	    (taken.size != metadata->project.size ||
	     memcmp(taken.data, metadata->project.data, taken.size) != 0))
		rc = remember_project(metadata);
	if (rc == HF_OK)
		swap(&metadata->project, &taken);
	buffer_release(&taken);
	return rc;
}

int metadata_take(struct metadata *metadata, struct report *report,
		  const struct hf_session_options *options)
{
	int rc;

	if (options == NULL)
		return HF_OK;
	if (options->project != NULL && options->project[0] != '/')
		return report_fail(report, HF_ERR_INVALID, "create",
				   "the project is not an absolute path");
	rc = take_text(&metadata->name, report, text_slice(options->name), HF_NAME_MAX, "name");
	if (rc == HF_OK)
		rc = take_project(metadata, report, text_slice(options->project));
	if (rc == HF_OK)
		rc = take_object(&metadata->config, report, options->config, "configuration");
	if (rc == HF_OK)
		rc = take_object(&metadata->origin, report, options->origin, "origin");
	if (rc == HF_OK && options->created_us != 0)
		metadata->created_us = options->created_us;
	return rc;
}

static int put_slice(struct buffer *field, struct hf_slice json)
{
	field->size = 0;
	return json_kind(json) == JSON_NULL ? HF_OK : buffer_put(field, json.data, json.size);
}

static int copy(const struct metadata *from, struct metadata *to)
{
	int rc = buffer_put(&to->name, from->name.data, from->name.size);

	if (rc == HF_OK)
		rc = buffer_put(&to->project, from->project.data, from->project.size);
	if (rc == HF_OK)
		rc = buffer_put(&to->config, from->config.data, from->config.size);
	if (rc == HF_OK)
		rc = buffer_put(&to->origin, from->origin.data, from->origin.size);
	if (rc == HF_OK)
		rc = buffer_put(&to->tags, from->tags.data, from->tags.size);
	if (rc == HF_OK)
		rc = buffer_put(&to->former, from->former.data, from->former.size);
	to->is_pinned = from->is_pinned;
	to->created_us = from->created_us;
	return rc;
}

void metadata_keep(struct metadata *metadata, struct writer *writer)
{
	metadata_release(&writer->metadata);
	writer->metadata = *metadata;
	writer->knows_metadata = true;
	*metadata = (struct metadata)METADATA_INIT;
}

static int take_fold(struct metadata *metadata, const struct fold *fold)
{
	int rc = put_slice(&metadata->name, fold->name);

	if (rc == HF_OK)
		rc = put_slice(&metadata->project, fold->project);
	if (rc == HF_OK)
		rc = put_slice(&metadata->config, fold->config);
	if (rc == HF_OK)
		rc = put_slice(&metadata->origin, fold->origin);
	if (rc == HF_OK)
		rc = put_slice(&metadata->tags, fold->tags);
	metadata->former.size = 0;
	if (rc == HF_OK)
		rc = put_former(&metadata->former, &fold->former);
	metadata->is_pinned = fold->pinned;
	metadata->created_us = fold->created_us;
	return rc;
}

int metadata_take_current(struct metadata *metadata, struct writer *writer)
{
	struct checked *checked = NULL;
	int rc;

	if (writer->knows_metadata)
		return copy(&writer->metadata, metadata);
	rc = check_open(writer->env, writer->report, writer->id, STORAGE_WRITE, NULL, &checked);
	if (rc == HF_OK && checked->check.verdict > HF_WEAK_KEY)
		rc = report_fail(writer->report, hf_verdict_error(checked->check.verdict), "save",
				 "the session is %s", hf_verdict_name(checked->check.verdict));
	if (rc == HF_OK)
		rc = take_fold(metadata, &checked->scan.fold);
	check_close(checked);
	return rc;
}

/* The field's JSON, or what stands for nothing. */
static struct hf_slice slice_or(const struct buffer *field, const char *nothing)
{
	if (field->size > 0)
		return slice_of(field);
	return (struct hf_slice){ nothing, strlen(nothing) };
}

int metadata_add_first(const struct metadata *metadata, struct writer *writer,
		       const struct first_previous *previous, uint64_t records)
{
	struct buffer data = BUFFER_INIT((size_t)2 * METADATA_JSON_MAX + 4 * METADATA_TEXT_MAX +
					 METADATA_FORMER_MAX);
	struct first first = {
		.generation = writer->head.generation,
		.created_us = metadata->created_us != 0 ? metadata->created_us : writer->batch.at_us,
		.name = slice_or(&metadata->name, "null"),
		.project = slice_or(&metadata->project, "null"),
		.config = slice_or(&metadata->config, "{}"),
		.origin = slice_or(&metadata->origin, "null"),
		.is_pinned = metadata->is_pinned,
		.tags = slice_or(&metadata->tags, "[]"),
		.former = slice_or(&metadata->former, "[]"),
		.has_previous = previous != NULL,
		.records = records,
	};
	int rc;

	memcpy(first.session, writer->id.bytes, sizeof first.session);
	memcpy(first.store, writer->key->store, sizeof first.store);
	memcpy(first.key_id, writer->head.key_id, sizeof first.key_id);
	if (previous != NULL)
		first.previous = *previous;
	rc = first_encode(&first, &data);
	if (rc == HF_OK)
		rc = writer_add(writer, "session", data.data, data.size);
	buffer_release(&data);
	return rc;
}
