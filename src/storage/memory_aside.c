/* SPDX-License-Identifier: MIT */
/* The quarantine of storage_memory. */
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "storage/memory_internal.h"

static struct memory *memory_of(struct storage *storage)
{
	return (struct memory *)storage;
}

/* Finds where a list has a name: the link to it, or the one at the end. */
static struct aside **find_in(struct aside **link, const char *name)
{
	while (*link != NULL && strcmp((*link)->name, name) != 0)
		link = &(*link)->next;
	return link;
}

struct aside *memory_aside_find(struct storage *storage, const char *name)
{
	return *find_in(&memory_of(storage)->quarantine, name);
}

static void release_one(struct aside *aside)
{
	if (aside != NULL)
		buffer_release(&aside->bytes);
	mem_free(aside);
}

void memory_aside_release(struct aside *asides)
{
	while (asides != NULL) {
		struct aside *aside = asides;

		asides = aside->next;
		release_one(aside);
	}
}

/* Copies the names first, since the callback may change the storage. */
int memory_aside_each(struct storage *storage, struct report *report, struct storage_id id,
		      storage_aside_fn each, void *context)
{
	struct buffer names = BUFFER_INIT(SIZE_MAX / 2);
	int rc = HF_OK;

	memory_enter(storage);
	for (const struct aside *aside = memory_of(storage)->quarantine;
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

/* Takes one out of its list, if it is there. */
static struct aside *take(struct aside **link)
{
	struct aside *aside = *link;

	if (aside != NULL)
		*link = aside->next;
	return aside;
}

static void put_first(struct aside **list, struct aside *aside)
{
	aside->next = *list;
	*list = aside;
}

int memory_aside_stage(struct storage_temp *temp, const char *name)
{
	struct memory_temp *own = (struct memory_temp *)temp;
	struct memory *memory = memory_of(temp->storage);
	struct aside *aside = mem_new(1, sizeof *aside);
	int rc = aside != NULL && own->content != NULL ? HF_OK : memory_fail(temp->report);

	INVARIANT(storage_aside_is_name(own->session->id, name));
	memory_enter(temp->storage);
	if (rc == HF_OK) {
		release_one(take(find_in(&memory->staged, name)));
		text_copy(aside->name, sizeof aside->name, name);
		aside->bytes = own->content->bytes;
		own->content->bytes = (struct buffer)BUFFER_INIT(0);
		put_first(&memory->staged, aside);
		aside = NULL;
	}
	memory_leave(temp->storage);
	mem_free(aside);
	memory_temp_abandon(temp);
	return rc;
}

/* Brings one from its list to the quarantine, under a name that nothing has there. */
static int rename_aside(struct storage *storage, struct report *report, struct aside **list,
			const char *from, const char *to)
{
	struct aside **link;
	int rc = HF_OK;

	memory_enter(storage);
	link = find_in(list, from);
	if (memory_aside_find(storage, to) != NULL) {
		rc = report_fail(report, HF_ERR_EXISTS, "rename", "this name is taken");
	} else if (*link == NULL) {
		rc = report_fail(report, HF_ERR_IO, "rename", "there are no such bytes");
	} else {
		struct aside *aside = take(link);

		text_copy(aside->name, sizeof aside->name, to);
		put_first(&memory_of(storage)->quarantine, aside);
	}
	memory_leave(storage);
	return rc;
}

int memory_aside_bring(struct storage *storage, struct report *report, struct storage_id id,
		       const char *name)
{
	INVARIANT(storage_aside_is_name(id, name));
	return rename_aside(storage, report, &memory_of(storage)->staged, name, name);
}

int memory_aside_rename(struct storage *storage, struct report *report, struct storage_id id,
			const char *from, const char *to)
{
	INVARIANT(storage_aside_is_name(id, from) && storage_aside_is_name(id, to));
	return rename_aside(storage, report, &memory_of(storage)->quarantine, from, to);
}

int memory_aside_sync(struct storage *storage, struct report *report)
{
	(void)storage;
	(void)report;
	return HF_OK;
}

int memory_aside_unstage(struct storage *storage, struct report *report, struct storage_id id)
{
	struct aside **link = &memory_of(storage)->staged;

	(void)report;
	memory_enter(storage);
	while (*link != NULL) {
		if (storage_aside_is_name(id, (*link)->name))
			release_one(take(link));
		else
			link = &(*link)->next;
	}
	memory_leave(storage);
	return HF_OK;
}
