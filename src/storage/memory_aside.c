/* SPDX-License-Identifier: MIT */
/* The quarantine of storage_memory. */
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "storage/memory_internal.h"

struct aside *memory_aside_find(struct storage *storage, const char *name)
{
	struct aside *aside = ((struct memory *)storage)->quarantine;

	while (aside != NULL && strcmp(aside->name, name) != 0)
		aside = aside->next;
	return aside;
}

/* Copies the names first, since the callback may change the storage. */
int memory_aside_each(struct storage *storage, struct report *report, struct storage_id id,
		      storage_aside_fn each, void *context)
{
	struct buffer names = BUFFER_INIT(SIZE_MAX / 2);
	int rc = HF_OK;

	memory_enter(storage);
	for (const struct aside *aside = ((struct memory *)storage)->quarantine;
	     aside != NULL && rc == HF_OK; aside = aside->next) {
		if (storage_aside_is_name(id, aside->name))
			rc = buffer_put(&names, aside->name, sizeof aside->name);
	}
	memory_leave(storage);
	if (rc != HF_OK)
		rc = memory_fail(report);
	for (size_t at = 0; rc == HF_OK && at < names.size; at += STORAGE_QUARANTINE_NAME_SIZE) {
		if (!each(context, names.data + at))
			break;
	}
	buffer_release(&names);
	return rc;
}

/* A copy, since who holds a content may go on to write to it. */
int memory_aside_open(struct storage *storage, struct report *report, struct storage_id id,
		      const char *name, struct storage_log **ret_log)
{
	struct content *content = memory_log_content_new();
	const struct aside *aside;
	int rc = content != NULL ? HF_OK : HF_ERR_NOMEM;

	INVARIANT(storage_aside_is_name(id, name));
	memory_enter(storage);
	aside = memory_aside_find(storage, name);
	if (rc == HF_OK && aside != NULL)
		rc = memory_log_content_write(content, 0, aside->bytes.data, aside->bytes.size);
	memory_leave(storage);
	if (rc == HF_OK && aside == NULL)
		rc = report_fail(report, HF_ERR_NOTFOUND, "open", "there are no such bytes");
	else if (rc != HF_OK)
		rc = memory_fail(report);
	if (rc != HF_OK) {
		memory_log_content_release(content);
		return rc;
	}
	return memory_log_open_content(storage, report, content, ret_log);
}

int memory_aside_keep(struct storage_temp *temp, const char *name)
{
	struct memory_temp *own = (struct memory_temp *)temp;
	struct memory *memory = (struct memory *)temp->storage;
	struct aside *aside = mem_new(1, sizeof *aside);
	int rc = aside != NULL && own->content != NULL ? HF_OK : memory_fail(temp->report);

	INVARIANT(storage_aside_is_name(own->session->id, name));
	memory_enter(temp->storage);
	if (rc == HF_OK && memory_aside_find(temp->storage, name) != NULL)
		rc = report_fail(temp->report, HF_ERR_EXISTS, "keep", "this name is taken");
	if (rc == HF_OK) {
		text_copy(aside->name, sizeof aside->name, name);
		aside->bytes = own->content->bytes;
		own->content->bytes = (struct buffer)BUFFER_INIT(0);
		aside->next = memory->quarantine;
		memory->quarantine = aside;
		aside = NULL;
	}
	memory_leave(temp->storage);
	mem_free(aside);
	memory_temp_abandon(temp);
	return rc;
}
