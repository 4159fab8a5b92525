/* SPDX-License-Identifier: MIT */
#include "storage/memory.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "storage/memory_internal.h"

static struct memory *memory_of(struct storage *storage)
{
	return (struct memory *)storage;
}

void memory_enter(struct storage *storage)
{
	(void)pthread_mutex_lock(&memory_of(storage)->mutex);
}

void memory_leave(struct storage *storage)
{
	(void)pthread_mutex_unlock(&memory_of(storage)->mutex);
}

int memory_fail(struct report *report)
{
	return report_fail(report, HF_ERR_NOMEM, "allocate", "no memory for the storage");
}

struct session *memory_find(struct storage *storage, struct storage_id id)
{
	struct session *session = memory_of(storage)->sessions;

	while (session != NULL && memcmp(&session->id, &id, sizeof id) != 0)
		session = session->next;
	return session;
}

struct session *memory_get(struct memory *memory, struct storage_id id)
{
	struct session *session = memory_find(&memory->base, id);

	if (session != NULL)
		return session;
	session = mem_new(1, sizeof *session);
	if (session != NULL) {
		session->id = id;
		session->next = memory->sessions;
		memory->sessions = session;
	}
	return session;
}

static void memory_close(struct storage *storage)
{
	struct memory *memory = memory_of(storage);

	while (memory->sessions != NULL) {
		struct session *session = memory->sessions;

		memory->sessions = session->next;
		memory_log_content_release(session->content);
		mem_free(session);
	}
	memory_aside_release(memory->quarantine);
	memory_aside_release(memory->staged);
	(void)pthread_mutex_destroy(&memory->mutex);
	mem_free(memory);
}

/* Copies what there is first, since the callback may change the storage. */
static int memory_each(struct storage *storage, struct report *report, storage_found_fn found,
		       void *context)
{
	struct buffer entries = BUFFER_INIT(SIZE_MAX / 2);
	struct storage_found entry;
	int rc = HF_OK;

	memory_enter(storage);
	for (struct session *session = memory_of(storage)->sessions; session != NULL && rc == HF_OK;
	     session = session->next) {
		entry = (struct storage_found){
			session->id, session->content != NULL, session->has_head,
		};
		if (entry.has_log || entry.has_head)
			rc = buffer_put(&entries, &entry, sizeof entry);
	}
	memory_leave(storage);
	if (rc != HF_OK)
		rc = memory_fail(report);
	for (size_t at = 0; rc == HF_OK && at < entries.size; at += sizeof entry) {
		memcpy(&entry, entries.data + at, sizeof entry);
		if (!found(context, &entry))
			break;
	}
	buffer_release(&entries);
	return rc;
}

static int memory_each_stray(struct storage *storage, struct report *report,
			     storage_stray_fn stray, void *context)
{
	(void)storage;
	(void)report;
	(void)stray;
	(void)context;
	return HF_OK;
}

static int memory_create(struct storage *storage, struct report *report, struct storage_id id,
			 const void *head, const void *bytes, size_t size)
{
	struct content *content = memory_log_content_new();
	struct session *session;
	int rc = content != NULL ? memory_log_content_write(content, 0, bytes, size) : HF_ERR_NOMEM;

	memory_enter(storage);
	session = memory_get(memory_of(storage), id);
	if (rc != HF_OK || session == NULL) {
		rc = memory_fail(report);
	} else if (session->content != NULL) {
		rc = report_fail(report, HF_ERR_EXISTS, "create", "there is a log already");
	} else {
		memcpy(session->head, head, sizeof session->head);
		session->has_head = true;
		session->content = content;
		content = NULL;
	}
	memory_log_content_release(content);
	memory_leave(storage);
	return rc;
}

static int memory_remove(struct storage *storage, struct report *report, struct storage_id id)
{
	struct session *session;

	(void)report;
	memory_enter(storage);
	session = memory_find(storage, id);
	if (session != NULL) {
		memory_log_content_release(session->content);
		session->content = NULL;
		session->has_head = false;
	}
	memory_leave(storage);
	return HF_OK;
}

static int memory_find_parts(struct storage *storage, struct report *report, struct storage_id id,
			     struct storage_found *ret_found)
{
	const struct session *session;

	(void)report;
	memory_enter(storage);
	session = memory_find(storage, id);
	*ret_found = (struct storage_found){
		id, session != NULL && session->content != NULL,
		session != NULL && session->has_head,
	};
	memory_leave(storage);
	return HF_OK;
}

static int memory_space(struct storage *storage, struct report *report, uint64_t *ret_bytes)
{
	(void)storage;
	(void)report;
	*ret_bytes = UINT64_MAX;
	return HF_OK;
}

/* What is on its way between two storages: a copy, since who has the log open there may let
 * go of it under that storage's mutex only. */
struct parcel {
	struct content *content;
	bool has_head;
	uint8_t head[STORAGE_HEAD_SIZE];
};

static int pack(struct storage *from, struct storage_id id, struct parcel *parcel)
{
	const struct session *session;
	int rc = HF_OK;

	memory_enter(from);
	session = memory_find(from, id);
	if (session == NULL || (session->content == NULL && !session->has_head))
		rc = HF_ERR_NOTFOUND;
	if (rc == HF_OK && session->content != NULL) {
		parcel->content = memory_log_content_new();
		rc = parcel->content == NULL ?
			     HF_ERR_NOMEM :
			     memory_log_content_write(parcel->content, 0,
						      session->content->bytes.data,
						      session->content->bytes.size);
	}
	if (rc == HF_OK && session->has_head) {
		parcel->has_head = true;
		memcpy(parcel->head, session->head, sizeof parcel->head);
	}
	memory_leave(from);
	return rc;
}

/* Takes the content over if it succeeds. */
static int unpack(struct storage *storage, struct storage_id id, struct parcel *parcel)
{
	struct session *session;
	int rc = HF_OK;

	memory_enter(storage);
	session = memory_get(memory_of(storage), id);
	if (session == NULL) {
		rc = HF_ERR_NOMEM;
	} else if (session->content != NULL) {
		rc = HF_ERR_EXISTS;
	} else {
		session->content = parcel->content;
		parcel->content = NULL;
		session->has_head = parcel->has_head;
		memcpy(session->head, parcel->head, sizeof session->head);
	}
	memory_leave(storage);
	return rc;
}

/* Nobody but the caller, who has the locks, changes anything between the steps. */
static int memory_move_in(struct storage *storage, struct report *report, struct storage *from,
			  struct storage_id id)
{
	struct parcel parcel = { .content = NULL };
	int rc = pack(from, id, &parcel);

	if (rc == HF_OK)
		rc = unpack(storage, id, &parcel);
	if (rc == HF_OK)
		rc = memory_remove(from, report, id);
	memory_log_content_release(parcel.content);
	if (rc == HF_ERR_EXISTS)
		return report_fail(report, rc, "move", "the log is in both places");
	if (rc == HF_ERR_NOTFOUND)
		return report_fail(report, rc, "move", "there is no such session");
	return rc == HF_OK ? HF_OK : memory_fail(report);
}

static int memory_temp_begin(struct storage *storage, struct report *report, struct storage_id id,
			     struct storage_temp **ret_temp)
{
	struct memory_temp *temp = mem_new(1, sizeof *temp);
	struct content *content = memory_log_content_new();
	struct session *session;

	memory_enter(storage);
	session = memory_get(memory_of(storage), id);
	memory_leave(storage);
	if (temp == NULL || content == NULL || session == NULL) {
		memory_log_content_release(content);
		mem_free(temp);
		return memory_fail(report);
	}
	*temp = (struct memory_temp){ { storage, report }, session, content };
	*ret_temp = &temp->base;
	return HF_OK;
}

static int memory_temp_write(struct storage_temp *temp, const void *bytes, size_t size)
{
	struct memory_temp *own = (struct memory_temp *)temp;

	/* A temp that failed has no content any more, and cannot be committed. */
	if (own->content != NULL &&
	    memory_log_content_write(own->content, own->content->bytes.size, bytes, size) == HF_OK)
		return HF_OK;
	memory_log_content_release(own->content);
	own->content = NULL;
	return memory_fail(temp->report);
}

void memory_temp_abandon(struct storage_temp *temp)
{
	if (temp == NULL)
		return;
	memory_log_content_release(((struct memory_temp *)temp)->content);
	mem_free(temp);
}

static int memory_temp_commit(struct storage_temp *temp)
{
	struct memory_temp *own = (struct memory_temp *)temp;
	int rc = own->content != NULL ? HF_OK : memory_fail(temp->report);

	if (rc == HF_OK) {
		memory_enter(temp->storage);
		memory_log_content_release(own->session->content);
		own->session->content = own->content;
		own->content = NULL;
		memory_leave(temp->storage);
	}
	memory_temp_abandon(temp);
	return rc;
}

static int memory_quarantine(struct storage *storage, struct report *report, struct storage_id id,
			     const char *label, const void *bytes, size_t size,
			     char ret_name[STORAGE_QUARANTINE_NAME_SIZE])
{
	struct memory *memory = memory_of(storage);
	struct aside *aside = mem_new(1, sizeof *aside);
	char uuid[TEXT_UUID_SIZE + 1] = "";

	if (aside == NULL)
		return memory_fail(report);
	aside->bytes.max = SIZE_MAX / 2;
	if (buffer_put(&aside->bytes, bytes, size) != HF_OK) {
		mem_free(aside);
		return memory_fail(report);
	}
	text_put_uuid(id.bytes, uuid);
	memory_enter(storage);
	for (unsigned number = 0;
	     number == 0 || memory_aside_find(storage, aside->name) != NULL; number++)
		(void)snprintf(aside->name, sizeof aside->name, "%s.%s.%u", uuid, label, number);
	aside->next = memory->quarantine;
	memory->quarantine = aside;
	memcpy(ret_name, aside->name, sizeof aside->name);
	memory_leave(storage);
	return HF_OK;
}

static const struct storage_ops memory_ops = {
	.close = memory_close,
	.each = memory_each,
	.each_stray = memory_each_stray,
	.lock = memory_lock_take,
	.is_locked = memory_lock_is_held,
	.unlock = memory_lock_release,
	.lock_check = memory_lock_check,
	.create = memory_create,
	.log_open = memory_log_open,
	.remove = memory_remove,
	.temp_begin = memory_temp_begin,
	.temp_write = memory_temp_write,
	.temp_commit = memory_temp_commit,
	.temp_abandon = memory_temp_abandon,
	.quarantine = memory_quarantine,
	.log_close = memory_log_close,
	.log_size = memory_log_size,
	.log_is_current = memory_log_is_current,
	.log_read = memory_log_read,
	.log_map = memory_log_map,
	.log_unmap = memory_log_unmap,
	.log_write = memory_log_write,
	.log_sync = memory_log_sync,
	.log_cut = memory_log_cut,
	.head_read = memory_log_head_read,
	.head_write = memory_log_head_write,
	.head_sync = memory_log_sync,
	.head_peek = memory_log_head_peek,
	.holder = memory_lock_holder,
	.move_in = memory_move_in,
	.space = memory_space,
	.find = memory_find_parts,
	.aside_each = memory_aside_each,
	.aside_open = memory_aside_open,
	.temp_stage = memory_aside_stage,
	.aside_bring = memory_aside_bring,
	.aside_rename = memory_aside_rename,
	.aside_sync = memory_aside_sync,
	.aside_unstage = memory_aside_unstage,
};

int storage_memory_open(struct storage **ret_storage)
{
	struct memory *memory = mem_new(1, sizeof *memory);

	if (memory == NULL || pthread_mutex_init(&memory->mutex, NULL) != 0) {
		mem_free(memory);
		return HF_ERR_NOMEM;
	}
	memory->base.ops = &memory_ops;
	*ret_storage = &memory->base;
	return HF_OK;
}
