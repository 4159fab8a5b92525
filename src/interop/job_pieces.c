/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/import_job.h"

static int add_file(struct job *job, const char *name)
{
	struct job_file file = { .name = NULL };

	if (job->file_count >= JOB_FILES_MAX)
		return report_fail(job->env->report, HF_ERR_FOREIGN, "import",
				   "there are more than %d files beside it", JOB_FILES_MAX);
	if (job->file_count == job->file_room) {
		size_t room = job->file_room > 0 ? job->file_room * 2 : 4;
		struct job_file *files = mem_resize(job->files, room, sizeof *files);

		if (files == NULL)
			return HF_ERR_NOMEM;
		job->files = files;
		job->file_room = room;
	}
	if (name != NULL) {
		file.name = mem_copy_text(name);
		if (file.name == NULL)
			return HF_ERR_NOMEM;
	}
	job->files[job->file_count++] = file;
	return HF_OK;
}

/* Whether a relative path stays below the directory it starts from. */
static bool is_below(const char *path)
{
	const char *at = path;

	if (path[0] == '/' || path[0] == '\0' || strlen(path) >= IMPORT_PATH_SIZE)
		return false;
	while (at != NULL) {
		at += at > path ? 1 : 0;
		if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
			return false;
		at = strchr(at, '/');
	}
	return true;
}

static int take_beside(void *context, const char *path, const char *foreign)
{
	struct job *job = context;

	(void)foreign;
	return is_below(path) ? add_file(job, path) : HF_OK;
}

static void look_at(struct job_file *file, const struct source *source)
{
	if (file->is_looked_at)
		return;
	file->size = source->size;
	file->modified_us = source->modified_us;
	file->is_looked_at = true;
}

int job_open(struct job *job)
{
	const struct import_found *found = job->found;
	int rc = identity_path(found->path, &job->path);

	if (rc != HF_OK || job->reader->shape == FORMAT_ROWS)
		return rc;
	rc = source_open(job->env->sys, job->env->report, found->path,
			 found->is_linked ? SOURCE_FOLLOW : SOURCE_NO_LINK, &job->source);
	if (rc == HF_OK)
		rc = add_file(job, NULL);
	if (rc != HF_OK)
		return rc;
	look_at(&job->files[0], &job->source);
	if (job->reader->beside != NULL)
		rc = job->reader->beside(job->env, found->path, take_beside, job);
	return rc;
}

void job_close(struct job *job)
{
	if (job->state != NULL)
		job->reader->end(job->state);
	again_release(&job->again);
	import_sink_release(&job->sink);
	hf_view_close(job->view);
	(void)hf_session_close(job->session, HF_CLOSE_LEAVE, NULL);
	source_close(&job->source);
	for (size_t i = 0; i < job->file_count; i++)
		mem_free(job->files[i].name);
	mem_free(job->files);
	buffer_release(&job->path);
}

/* ---- Reading ---- */

/* A file that is read: its source, and the job that is told how far it has come. */
struct reading {
	struct job *job;
	struct source *source;
	uint64_t before; /* bytes of the files before it */
};

static int64_t read_some(void *context, char *bytes, size_t size)
{
	struct reading *reading = context;
	struct job *job = reading->job;
	int64_t count = source_read(reading->source, bytes, size);

	job->bytes = reading->before + reading->source->at;
	if (job->bytes > job->bytes_max)
		job->bytes_max = job->bytes;
	import_progress(job->env, job->bytes);
	return count;
}

/* Opens a file beside the main one. What has been added since it was looked at first is for
 * the next import. */
static int open_beside(struct job *job, struct job_file *file, struct source *ret_source)
{
	size_t folder = (size_t)(import_walk_name(job->found->path) - job->found->path);
	char path[2 * IMPORT_PATH_SIZE];
	int rc;

	(void)snprintf(path, sizeof path, "%.*s%s", (int)folder, job->found->path, file->name);
	rc = source_open(job->env->sys, job->env->report, path, SOURCE_NO_LINK, ret_source);
	if (rc != HF_OK)
		return rc;
	look_at(file, ret_source);
	ret_source->size = file->size;
	return HF_OK;
}

/* What is done with a file that is open. */
typedef int (*job_file_fn)(void *context, struct reading *reading, const struct job_file *file);

static int with_file(struct job *job, size_t index, job_file_fn act, void *context)
{
	struct job_file *file = &job->files[index];
	struct source beside = { 0 };
	struct reading reading = { job, &job->source, index > 0 ? job->bytes : 0 };
	int rc = HF_OK;

	if (file->name != NULL)
		rc = open_beside(job, file, &beside);
	else
		source_rewind(&job->source);
	if (file->name != NULL)
		reading.source = &beside;
	/* One that has vanished since it was found, or is something else now, is not missed: what
	 * was stored of it is kept. */
	if ((rc == HF_ERR_NOTFOUND || rc == HF_ERR_FOREIGN) && file->name != NULL) {
		report_clear(job->env->report);
		return HF_OK;
	}
	if (rc == HF_OK)
		rc = act(context, &reading, file);
	if (rc == HF_OK && !file->has_digest) {
		rc = source_digest(reading.source, file->digest);
		file->has_digest = rc == HF_OK;
	}
	source_close(&beside);
	return rc;
}

struct with_bytes {
	int (*bytes)(void *context, struct source *source);
	void *context;
};

static int give_bytes(void *context, struct reading *reading, const struct job_file *file)
{
	const struct with_bytes *with = context;
	int rc = with->bytes(with->context, reading->source);

	(void)file;
	reading->job->bytes = reading->before + reading->source->at;
	if (reading->job->bytes > reading->job->bytes_max)
		reading->job->bytes_max = reading->job->bytes;
	return rc;
}

int job_read_file(struct job *job, size_t index, int (*bytes)(void *context, struct source *source),
		  void *context)
{
	struct with_bytes with = { bytes, context };

	return with_file(job, index, give_bytes, &with);
}

struct with_pieces {
	piece_fn each;
	void *context;
};

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static int give_pieces(void *context, struct reading *reading, const struct job_file *file)
{
	const struct with_pieces *with = context;
	const struct format_reader *reader = reading->job->reader;

	if (reader->shape == FORMAT_DOCUMENT)
		return piece_document(read_some, reading, reader->arrays, with->each, with->context);
	if (file->name == NULL || ends_with(file->name, ".jsonl"))
		return piece_lines(read_some, reading, file->name, with->each, with->context);
	return piece_blocks(read_some, reading, file->name, with->each, with->context);
}

int job_each_of_file(struct job *job, size_t index, piece_fn each, void *context)
{
	struct with_pieces with = { each, context };

	return with_file(job, index, give_pieces, &with);
}

/* ---- Rows ---- */

struct rows {
	struct job *job;
	piece_fn each;
	void *context;
};

static int give_row(void *context, const struct piece *piece)
{
	struct rows *rows = context;
	struct job *job = rows->job;

	job->row_count++;
	digest_update(&job->rows, piece->key, strlen(piece->key) + 1);
	digest_update(&job->rows, piece->bytes.data, piece->bytes.size);
	job->bytes += piece->bytes.size;
	if (job->bytes > job->bytes_max)
		job->bytes_max = job->bytes;
	return rows->each(rows->context, piece);
}

int job_each(struct job *job, piece_fn each, void *context)
{
	struct rows rows = { job, each, context };
	int rc = HF_OK;

	job->bytes = 0;
	if (job->reader->shape == FORMAT_ROWS) {
		job->row_count = 0;
		digest_init(&job->rows);
		return job->reader->rows(job->env, job->found->path, job->found->foreign, give_row,
					 &rows);
	}
	for (size_t i = 0; rc == HF_OK && i < job->file_count; i++)
		rc = job_each_of_file(job, i, each, context);
	return rc;
}
