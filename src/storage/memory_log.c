/* SPDX-License-Identifier: MIT */
/* Open logs and their heads in storage_memory. */
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "storage/memory_internal.h"

struct memory_log {
	struct storage_log base;
	enum storage_access access;
	struct session *session;
	struct content *content;
};

static int fail_missing(struct report *report, const char *what)
{
	return report_fail(report, HF_ERR_NOTFOUND, "open", "there is no such %s", what);
}

struct content *memory_log_content_new(void)
{
	struct content *content = mem_new(1, sizeof *content);

	if (content != NULL) {
		content->holders = 1;
		content->bytes.max = SIZE_MAX / 2;
	}
	return content;
}

void memory_log_content_release(struct content *content)
{
	if (content == NULL || --content->holders > 0)
		return;
	buffer_release(&content->bytes);
	mem_free(content);
}

int memory_log_content_write(struct content *content, uint64_t offset, const void *bytes,
			     size_t size)
{
	struct buffer *buffer = &content->bytes;
	int rc = HF_OK;

	if (offset > buffer->max || size > buffer->max - offset)
		return HF_ERR_NOSPACE;
	if (offset + size > buffer->size)
		rc = buffer_reserve(buffer, (size_t)offset + size - buffer->size);
	if (rc != HF_OK)
		return rc;
	if (offset > buffer->size)
		memset(buffer->data + buffer->size, 0, (size_t)offset - buffer->size);
	if (size > 0)
		memcpy(buffer->data + offset, bytes, size);
	if (offset + size > buffer->size)
		buffer->size = (size_t)offset + size;
	return HF_OK;
}

int memory_log_open_content(struct storage *storage, struct report *report,
			    struct content *content, struct storage_log **ret_log)
{
	struct memory_log *log = mem_new(1, sizeof *log);

	if (log == NULL) {
		memory_log_content_release(content);
		return memory_fail(report);
	}
	*log = (struct memory_log){ { storage, report }, STORAGE_READ, NULL, content };
	*ret_log = &log->base;
	return HF_OK;
}

int memory_log_open(struct storage *storage, struct report *report, struct storage_id id,
		    enum storage_access access, struct storage_log **ret_log)
{
	struct memory_log *log = mem_new(1, sizeof *log);
	struct session *session;

	if (log == NULL)
		return memory_fail(report);
	memory_enter(storage);
	session = memory_find(storage, id);
	if (session != NULL && session->content != NULL) {
		*log = (struct memory_log){
			{ storage, report }, access, session, session->content
		};
		session->content->holders++;
	}
	memory_leave(storage);
	if (log->content == NULL) {
		mem_free(log);
		return fail_missing(report, "log");
	}
	*ret_log = &log->base;
	return HF_OK;
}

void memory_log_close(struct storage_log *log)
{
	if (log == NULL)
		return;
	memory_enter(log->storage);
	memory_log_content_release(((struct memory_log *)log)->content);
	memory_leave(log->storage);
	mem_free(log);
}

int memory_log_size(struct storage_log *log, uint64_t *ret_size)
{
	memory_enter(log->storage);
	*ret_size = ((struct memory_log *)log)->content->bytes.size;
	memory_leave(log->storage);
	return HF_OK;
}

bool memory_log_is_current(struct storage_log *log)
{
	struct memory_log *own = (struct memory_log *)log;
	bool current;

	memory_enter(log->storage);
	current = own->session->content == own->content;
	memory_leave(log->storage);
	return current;
}

int memory_log_read(struct storage_log *log, uint64_t offset, void *bytes, size_t size,
		    size_t *ret_read)
{
	struct buffer *content = &((struct memory_log *)log)->content->bytes;
	size_t count = 0;

	memory_enter(log->storage);
	if (offset < content->size)
		count = content->size - (size_t)offset;
	if (count > size)
		count = size;
	if (count > 0)
		memcpy(bytes, content->data + offset, count);
	memory_leave(log->storage);
	*ret_read = count;
	return HF_OK;
}

/* A copy, since the bytes move when the log grows. */
int memory_log_map(struct storage_log *log, size_t size, struct storage_map *ret_map)
{
	char *bytes = mem_new(size > 0 ? size : 1, 1);
	size_t count;

	if (bytes == NULL)
		return memory_fail(log->report);
	(void)memory_log_read(log, 0, bytes, size, &count);
	if (count < size) {
		mem_free(bytes);
		return report_fail(log->report, HF_ERR_IO, "map", "the log is shorter than it was");
	}
	*ret_map = (struct storage_map){ bytes, size };
	return HF_OK;
}

void memory_log_unmap(struct storage_log *log, struct storage_map *map)
{
	(void)log;
	mem_free((void *)(uintptr_t)map->bytes);
	*map = (struct storage_map){ NULL, 0 };
}

int memory_log_write(struct storage_log *log, uint64_t offset, const void *bytes, size_t size)
{
	struct memory_log *own = (struct memory_log *)log;
	int rc;

	INVARIANT(own->access == STORAGE_WRITE);
	memory_enter(log->storage);
	rc = memory_log_content_write(own->content, offset, bytes, size);
	memory_leave(log->storage);
	return rc == HF_OK ? HF_OK : memory_fail(log->report);
}

int memory_log_sync(struct storage_log *log)
{
	(void)log;
	return HF_OK;
}

int memory_log_cut(struct storage_log *log, uint64_t size)
{
	struct memory_log *own = (struct memory_log *)log;
	struct buffer *content = &own->content->bytes;
	int rc = HF_OK;

	INVARIANT(own->access == STORAGE_WRITE);
	memory_enter(log->storage);
	if (size <= content->size)
		content->size = (size_t)size;
	else
		rc = memory_log_content_write(own->content, size, "", 0);
	memory_leave(log->storage);
	return rc == HF_OK ? HF_OK : memory_fail(log->report);
}

int memory_log_head_peek(struct storage *storage, struct report *report, struct storage_id id,
			 uint8_t ret_head[STORAGE_HEAD_SIZE])
{
	struct session *session;
	bool found;

	(void)report;
	memory_enter(storage);
	session = memory_find(storage, id);
	found = session != NULL && session->has_head;
	if (found)
		memcpy(ret_head, session->head, sizeof session->head);
	memory_leave(storage);
	return found ? HF_OK : HF_ERR_NOTFOUND;
}

int memory_log_head_read(struct storage_log *log, uint8_t ret_head[STORAGE_HEAD_SIZE])
{
	struct session *session = ((struct memory_log *)log)->session;
	int rc = memory_log_head_peek(log->storage, log->report, session->id, ret_head);

	return rc == HF_OK ? HF_OK : fail_missing(log->report, "head");
}

int memory_log_head_write(struct storage_log *log, unsigned slot,
			  const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE])
{
	struct memory_log *own = (struct memory_log *)log;
	struct session *session = own->session;

	INVARIANT(own->access == STORAGE_WRITE && slot < STORAGE_HEAD_SLOTS);
	memory_enter(log->storage);
	if (!session->has_head)
		memset(session->head, 0, sizeof session->head);
	session->has_head = true;
	memcpy(session->head + (size_t)slot * STORAGE_HEAD_SLOT_SIZE, bytes,
	       STORAGE_HEAD_SLOT_SIZE);
	memory_leave(log->storage);
	return HF_OK;
}
