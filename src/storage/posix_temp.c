/* SPDX-License-Identifier: MIT */
/* New generations of logs, and the quarantine, in storage_posix. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "storage/posix_internal.h"

enum {
	/* Bytes collected before a write. After each the kernel is asked to start writing out,
	 * so that the disk works while the caller computes the next. */
	ROOM = 128 << 10,
	LABEL_MAX = 32,
	QUARANTINE_MAX = 10000, /* files of one session and label */
};

struct posix_temp {
	struct storage_temp base;
	struct storage_id id;
	struct posix_file file;
	uint64_t written; /* bytes in the file */
	size_t filled;    /* bytes in the buffer */
	int failed;       /* the first failure: nothing can be committed any more */
	char buffer[ROOM];
};

static struct posix_temp *temp_of(struct storage_temp *temp)
{
	(void)posix_of(temp->storage);
	return (struct posix_temp *)temp;
}

int posix_temp_begin(struct storage *storage, struct report *report, struct storage_id id,
		     struct storage_temp **ret_temp)
{
	struct posix *posix = posix_of(storage);
	struct posix_temp *temp = mem_new(1, sizeof *temp);
	int rc;

	if (temp == NULL)
		return report_fail(report, HF_ERR_NOMEM, "open", "no memory for a new log");
	temp->base.storage = storage;
	temp->base.report = report;
	temp->id = id;
	rc = posix_file_begin(posix, report, posix->place_fd, id, &temp->file);
	if (rc != HF_OK) {
		mem_free(temp);
		return rc;
	}
	*ret_temp = &temp->base;
	return HF_OK;
}

/* Writes bytes behind what is written and gets them on their way to the disk. */
static int put(struct posix_temp *temp, struct hf_slice bytes)
{
	struct posix *posix = posix_of(temp->base.storage);
	struct report *report = temp->base.report;
	int rc = posix_file_write(posix, report, &temp->file, bytes, temp->written);

	if (rc != HF_OK)
		return rc;
	rc = posix->sys->sync_start(posix->sys->context, temp->file.fd, temp->written, bytes.size);
	temp->written += bytes.size;
	/* Only a hint, which some file systems do not take; but bad news is news. */
	if (rc == -EIO || rc == -ENOSPC || rc == -EDQUOT)
		return posix_file_fail(report, rc, "sync_file_range", temp->file.name.text);
	return HF_OK;
}

static int flush(struct posix_temp *temp)
{
	struct hf_slice bytes = { temp->buffer, temp->filled };

	temp->filled = 0;
	return bytes.size > 0 ? put(temp, bytes) : HF_OK;
}

int posix_temp_write(struct storage_temp *temp, const void *bytes, size_t size)
{
	struct posix_temp *own = temp_of(temp);

	if (own->failed == HF_OK && size > ROOM - own->filled)
		own->failed = flush(own);
	if (own->failed != HF_OK)
		return own->failed;
	if (size >= ROOM) {
		own->failed = put(own, (struct hf_slice){ bytes, size });
		return own->failed;
	}
	memcpy(own->buffer + own->filled, bytes, size);
	own->filled += size;
	return HF_OK;
}

int posix_temp_commit(struct storage_temp *temp)
{
	struct posix_temp *own = temp_of(temp);
	struct posix *posix = posix_of(temp->storage);
	struct posix_name name = posix_file_name(own->id, POSIX_LOG_SUFFIX);
	int rc = own->failed;

	if (rc == HF_OK)
		rc = flush(own);
	if (rc == HF_OK)
		rc = posix_file_sync(posix, temp->report, &own->file);
	if (rc == HF_OK)
		rc = posix_file_rename(posix, temp->report, &own->file, name.text);
	if (rc == HF_OK)
		rc = posix_file_sync_dir(posix, temp->report, posix->place_fd);
	posix_temp_abandon(temp);
	return rc;
}

int posix_temp_stage(struct storage_temp *temp, const char *name)
{
	struct posix_temp *own = temp_of(temp);
	struct posix *posix = posix_of(temp->storage);
	int rc = own->failed;

	INVARIANT(storage_aside_is_name(own->id, name));
	if (rc == HF_OK)
		rc = flush(own);
	if (rc == HF_OK)
		rc = posix_file_sync(posix, temp->report, &own->file);
	if (rc == HF_OK)
		rc = posix_file_rename(posix, temp->report, &own->file, name);
	posix_temp_abandon(temp);
	return rc;
}

void posix_temp_abandon(struct storage_temp *temp)
{
	struct posix_temp *own;

	if (temp == NULL)
		return;
	own = temp_of(temp);
	posix_file_release(posix_of(temp->storage), &own->file);
	mem_free(own);
}

/* Gives a file the first free name <uuid>.<label>.<n>, leaving its temporary one. */
static int link_numbered(struct posix *posix, struct report *report, struct posix_file *file,
			 const char *stem, struct posix_name *ret_name)
{
	const struct sys *sys = posix->sys;
	struct posix_name name = { "" };
	int rc = -EEXIST;

	for (unsigned number = 0; rc == -EEXIST && number < QUARANTINE_MAX; number++) {
		(void)snprintf(name.text, sizeof name.text, "%s.%u", stem, number);
		rc = sys->link_at(sys->context, file->dir_fd, file->name.text, file->dir_fd,
				  name.text);
	}
	if (rc < 0)
		return posix_file_fail(report, rc, "link", name.text);
	*ret_name = name;
	return HF_OK;
}

int posix_temp_quarantine(struct storage *storage, struct report *report, struct storage_id id,
			  const char *label, const void *bytes, size_t size,
			  char ret_name[STORAGE_QUARANTINE_NAME_SIZE])
{
	struct posix *posix = posix_of(storage);
	struct posix_file file = POSIX_FILE_NONE;
	struct posix_name name = { "" };
	char stem[TEXT_UUID_SIZE + LABEL_MAX + 2] = "";
	int rc;

	INVARIANT(strlen(label) <= LABEL_MAX && strchr(label, '/') == NULL);
	text_put_uuid(id.bytes, stem);
	stem[TEXT_UUID_SIZE] = '.';
	text_copy(stem + TEXT_UUID_SIZE + 1, LABEL_MAX + 1, label);
	rc = posix_file_begin(posix, report, posix->quarantine_fd, id, &file);
	if (rc == HF_OK)
		rc = posix_file_write(posix, report, &file, (struct hf_slice){ bytes, size }, 0);
	if (rc == HF_OK)
		rc = posix_file_sync(posix, report, &file);
	if (rc == HF_OK)
		rc = posix_file_sync_root(posix, report);
	if (rc == HF_OK)
		rc = link_numbered(posix, report, &file, stem, &name);
	if (rc != HF_OK)
		goto out;
	rc = posix_file_sync_dir(posix, report, posix->quarantine_fd);
	if (rc == HF_OK)
		memcpy(ret_name, name.text, sizeof name.text);
	else
		(void)posix->sys->unlink_at(posix->sys->context, posix->quarantine_fd, name.text);
out:
	posix_file_release(posix, &file);
	return rc;
}
