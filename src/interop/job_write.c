/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "interop/import_job.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

enum {
	EXTRA_SIZE_MAX = 16 << 20,
	FILES_SIZE = 256 << 10, /* bytes of one record that lists files, from which on it ends */
};

/* ---- Pieces ---- */

/* Whether, and from which byte on, a piece of a file is to be put. */
static int write_line(struct job *job, const struct job_file *file, const struct piece *piece)
{
	uint64_t end = piece->offset + piece->bytes.size;
	size_t from = 0;

	if (end <= file->stored)
		return import_sink_drop(&job->sink, piece, HF_OK);
	if (piece->offset < file->stored)
		from = (size_t)(file->stored - piece->offset);
	/* A last line that was complete but for its line feed has its views already. */
	return import_sink_put(&job->sink, piece, from,
			       from == 0 || !file->is_stored_good || piece->state != PIECE_GOOD);
}

static int write_entry(struct job *job, const struct piece *piece)
{
	struct import_sink *sink = &job->sink;
	const struct again_entry *entry = NULL;

	if (job->again.entry_count > 0)
		entry = sink->shape == FORMAT_DOCUMENT ? again_find_slot(&job->again, sink->slot) :
							 again_find_key(&job->again, piece->key);
	if (sink->part > 0 || entry == NULL || !entry->is_same)
		return import_sink_put(sink, piece, 0, true);
	if (!piece->has_more)
		sink->slot += entry->parts;
	return import_sink_drop(sink, piece, HF_OK);
}

/* What pieces of one pass are given to. */
struct writing {
	struct job *job;
	struct job_file *file; /* NULL: rows */
};

static int write_piece(void *context, const struct piece *piece)
{
	struct writing *writing = context;
	struct job *job = writing->job;
	int rc = job->reader->read(job->state, piece, &job->sink.writer);

	if (rc == HF_ERR_SESSION_SIZE || (rc == HF_OK && job->sink.writer.rc != HF_OK))
		rc = import_sink_drop(&job->sink, piece, rc);
	if (rc != HF_OK)
		return rc;
	return job->reader->shape == FORMAT_LINES ? write_line(job, writing->file, piece) :
						    write_entry(job, piece);
}

static int write_pieces(struct job *job)
{
	struct writing writing = { job, NULL };
	int rc = HF_OK;

	if (job->reader->shape == FORMAT_ROWS)
		return job_each(job, write_piece, &writing);
	job->bytes = 0;
	for (size_t i = 0; rc == HF_OK && i < job->file_count; i++) {
		writing.file = &job->files[i];
		rc = job_each_of_file(job, i, write_piece, &writing);
	}
	return rc;
}

/* ---- What is known at the end ---- */

static int put_digest(struct buffer *out, bool *first, const uint8_t digest[static DIGEST_SIZE])
{
	char hex[2 * DIGEST_SIZE];

	text_put_hex(digest, DIGEST_SIZE, hex);
	return json_put_member_text(out, first, "sha256", hex, sizeof hex);
}

static int put_file(const struct job_file *file, const char *path, struct buffer *out)
{
	char time[TEXT_TIME_SIZE];
	bool first = true;
	int rc = buffer_put(out, "{", 1);

	text_put_time(file->modified_us, time);
	if (rc == HF_OK)
		rc = json_put_name(out, &first, "name");
	if (rc == HF_OK)
		rc = import_put_path(out, file->name != NULL ? file->name : import_walk_name(path));
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "size", file->size);
	if (rc == HF_OK)
		rc = json_put_member_text(out, &first, "modified", time, sizeof time);
	if (rc == HF_OK && file->has_digest)
		rc = put_digest(out, &first, file->digest);
	return rc == HF_OK ? buffer_put(out, "}", 1) : rc;
}

/* The list of files from *index on, as many as one record shall have. */
static int put_files(const struct job *job, size_t *index, struct buffer *out)
{
	int rc = buffer_put_text(out, "\"files\":[");
	bool is_first = true;

	while (rc == HF_OK && *index < job->file_count && out->size < FILES_SIZE) {
		const struct job_file *file = &job->files[(*index)++];

		if (!file->is_looked_at)
			continue;
		if (!is_first)
			rc = buffer_put(out, ",", 1);
		is_first = false;
		if (rc == HF_OK)
			rc = put_file(file, job->path.data, out);
	}
	return rc == HF_OK ? buffer_put(out, "]", 1) : rc;
}

static int put_rows(struct job *job, struct buffer *out)
{
	uint8_t digest[DIGEST_SIZE];
	bool first = true;
	int rc = buffer_put_text(out, "\"rows\":{");

	digest_final(&job->rows, digest);
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "count", job->row_count);
	if (rc == HF_OK)
		rc = put_digest(out, &first, digest);
	return rc == HF_OK ? buffer_put(out, "}", 1) : rc;
}

static int put_sum(const struct job *job, struct buffer *out)
{
	static const char *const names[] = { "new", "added", "unchanged", "rewritten" };
	const struct import_sink *sink = &job->sink;
	const char *outcome = names[job->outcome];
	bool first = false;
	int rc = json_put_member_text(out, &first, "outcome", outcome, strlen(outcome));

	if (rc == HF_OK && sink->version > 1)
		rc = json_put_member_u64(out, &first, "version", sink->version);
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "records", sink->records);
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "messages", sink->messages);
	if (rc == HF_OK)
		rc = json_put_member_u64(out, &first, "bad", sink->bad);
	if (rc == HF_OK && job->source.is_cut)
		rc = buffer_put_text(out, ",\"cut\":true");
	if (rc == HF_OK && job->identity.name[0] != '\0')
		rc = json_put_member_text(out, &first, "name", job->identity.name,
					  strlen(job->identity.name));
	return rc;
}

/* The records of type x-import: the files, in as many records as that takes, and the sum in
 * the last one. */
static int write_import(struct job *job)
{
	struct buffer out = BUFFER_INIT(EXTRA_SIZE_MAX);
	size_t index = 0;
	int rc = HF_OK;

	do {
		out.size = 0;
		rc = buffer_put(&out, "{", 1);
		if (rc == HF_OK)
			rc = job->reader->shape == FORMAT_ROWS ? put_rows(job, &out) :
								 put_files(job, &index, &out);
		if (rc == HF_OK)
			rc = index < job->file_count ? buffer_put_text(&out, ",\"more\":true") :
						       put_sum(job, &out);
		if (rc == HF_OK)
			rc = buffer_put(&out, "}", 1);
		/* Where not even this fits it is left out: the session is whole without it. */
		if (rc == HF_OK && out.size <= job->env->record_max)
			rc = import_sink_extra(&job->sink, "x-import",
					       (struct hf_slice){ out.data, out.size });
	} while (rc == HF_OK && index < job->file_count);
	buffer_release(&out);
	return rc;
}

/* The title, if it is another than at the last import and nobody has given the session one of
 * his own since. */
static int write_name(struct job *job, const char *before)
{
	struct buffer out = BUFFER_INIT(EXTRA_SIZE_MAX);
	struct hf_slice current = { before, strlen(before) };
	bool first = true;
	int rc = HF_OK;

	if (job->view != NULL)
		current = hf_view_info(job->view)->name;
	if (job->identity.name[0] == '\0' || strcmp(job->identity.name, before) == 0 ||
	    current.size != strlen(before) ||
	    (current.size > 0 && memcmp(current.data, before, current.size) != 0))
		return HF_OK;
	rc = buffer_put(&out, "{", 1);
	if (rc == HF_OK)
		rc = json_put_member_text(&out, &first, "name", job->identity.name,
					  strlen(job->identity.name));
	if (rc == HF_OK)
		rc = buffer_put(&out, "}", 1);
	if (rc == HF_OK)
		rc = import_sink_extra(&job->sink, "rename", (struct hf_slice){ out.data, out.size });
	buffer_release(&out);
	return rc;
}

/* A todo list or a configuration, if it is not what the session has already. */
static int write_state(struct job *job, const char *type, struct hf_slice json,
		       struct hf_slice current)
{
	struct buffer out = BUFFER_INIT(EXTRA_SIZE_MAX);
	int rc;

	if (json.size == 0 || (type[0] == 'c' && json_kind(json) != JSON_OBJECT))
		return HF_OK;
	rc = json_compact(json.data, json.size, &out, NULL);
	if (rc == HF_OK && out.size <= job->env->record_max &&
	    (out.size != current.size || memcmp(out.data, current.data, out.size) != 0))
		rc = import_sink_extra(&job->sink, type, (struct hf_slice){ out.data, out.size });
	buffer_release(&out);
	return rc == HF_ERR_JSON || rc == HF_ERR_SESSION_SIZE ? HF_OK : rc;
}

static int write_facts(struct job *job)
{
	struct session_facts facts = { .created_us = 0 };
	struct hf_slice none = { "", 0 };
	char before[HF_NAME_MAX + 1];
	int rc;

	memcpy(before, job->identity.name, sizeof before);
	if (job->view != NULL) {
		before[0] = '\0';
		if (job->again.name.size > 0)
			(void)hf_json_text(job->again.name, before, sizeof before);
	}
	job->reader->facts(job->state, &facts);
	identity_take(&job->identity, &facts);
	rc = write_name(job, before);
	if (rc == HF_OK)
		rc = write_state(job, "todos", facts.todos,
				 job->view != NULL ? hf_view_todos(job->view) : none);
	if (rc == HF_OK)
		rc = write_state(job, "config", facts.config,
				 job->view != NULL ? hf_view_config(job->view) : none);
	return rc;
}

int job_write(struct job *job)
{
	int rc = HF_OK;

	/* A state that has looked at the whole source (reader->check) knows all it needs. */
	if (job->state == NULL)
		rc = job->reader->begin(job->env, job->found->path, &job->state);
	if (rc == HF_OK)
		rc = write_pieces(job);
	if (rc == HF_OK)
		rc = write_facts(job);
	if (rc == HF_OK)
		rc = write_import(job);
	return rc == HF_OK ? import_sink_flush(&job->sink) : rc;
}
