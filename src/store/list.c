/* SPDX-License-Identifier: MIT */
/* Listing sessions from their heads, and finding one by the start of its id. */
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "log/check.h"
#include "log/found.h"
#include "log/writer.h"
#include "store/store.h"

enum { PREFIX_MIN = 4, LOOKS_MAX = 4 };

struct hf_list {
	const struct hf_store *store;
	struct report report;
	char prefix[TEXT_UUID_SIZE + 1];
	struct storage_found *sessions;
	size_t count;
	size_t room;
	size_t next;
	int error;               /* of collecting */
	struct head head;        /* what the last entry's slices point to */
};

static bool has_prefix(const struct storage_id *id, const char *prefix)
{
	char text[TEXT_UUID_SIZE];

	text_put_uuid(id->bytes, text);
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool collect(void *context, const struct storage_found *found)
{
	struct hf_list *list = context;
	struct storage_found *sessions;

	if (!has_prefix(&found->id, list->prefix))
		return true;
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 64 : list->room * 2;

		sessions = mem_resize(list->sessions, room, sizeof *sessions);
		if (sessions == NULL) {
			list->error = HF_ERR_NOMEM;
			return false;
		}
		list->sessions = sessions;
		list->room = room;
	}
	list->sessions[list->count++] = *found;
	return true;
}

int hf_list_open(struct hf_store *store, const struct hf_list_options *options,
		 struct hf_detail *detail, struct hf_list **ret_list)
{
	const char *prefix = options != NULL ? options->prefix : NULL;
	struct report report = store_report(store);
	struct hf_list *list = mem_new(1, sizeof *list);
	int rc = store_check_call(store, ret_list, &report);

	if (rc == HF_OK && list == NULL)
		rc = HF_ERR_NOMEM;
	if (rc != HF_OK)
		goto out;
	list->store = store;
	text_copy(list->prefix, sizeof list->prefix, prefix != NULL ? prefix : "");
	rc = store->storage->ops->each(store->storage, &report, collect, list);
	if (rc == HF_OK)
		rc = list->error;
	if (rc != HF_OK)
		goto out;
	list->report = store_report(store);
	*ret_list = list;
	list = NULL;
out:
	hf_list_close(list);
	return report_deliver(&report, rc, detail);
}

void hf_list_close(struct hf_list *list)
{
	if (list == NULL)
		return;
	mem_free(list->sessions);
	mem_free(list);
}

/* Why a session without a head that counts cannot be described. */
static int head_error(const struct found_head *found, bool has_log)
{
	if (found->is_key_missing)
		return HF_ERR_KEY_MISSING;
	return has_log ? HF_ERR_HEAD_MISSING : HF_ERR_TRUNCATED;
}

/* Describes one session by what its names and its head tell. False: it is none. */
static bool describe_once(struct hf_list *list, const struct storage_found *session,
		     struct hf_entry *entry)
{
	const struct log_env *env = &list->store->env;
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct found_head found = { 0 };
	int rc;

	report_clear(&list->report);
	rc = env->storage->ops->head_peek(env->storage, &list->report, session->id, slots);
	if (rc == HF_OK)
		rc = found_find(env, &list->report, session->id, slots, &found);
	if (rc == HF_ERR_NOTFOUND && !session->has_log)
		return false;
	if (rc == HF_ERR_NOTFOUND)
		rc = HF_OK;
	if (found.is_valid && ((found.head.flags & FORMAT_HEAD_DELETED) != 0 ||
			       (!session->has_log && found_is_nothing(&found.head))))
		return false;
	list->head = found.head;
	memcpy(list->head.session, session->id.bytes, sizeof list->head.session);
	store_info(&list->head, &entry->info);
	if (!found.is_valid)
		entry->info.key_id[0] = '\0';
	entry->error = rc != HF_OK ? rc : HF_OK;
	if (rc == HF_OK && (!found.is_valid || !session->has_log))
		entry->error = head_error(&found, session->has_log);
	entry->active = env->storage->ops->is_locked(env->storage, session->id);
	return true;
}

/* True unless the log is known not to be there. */
static bool has_log(struct hf_list *list, struct storage_id id)
{
	const struct log_env *env = &list->store->env;
	struct storage_log *log = NULL;
	int rc = env->storage->ops->log_open(env->storage, &list->report, id, STORAGE_READ, &log);

	if (rc == HF_OK)
		env->storage->ops->log_close(log);
	return rc != HF_ERR_NOTFOUND;
}

/* Describes one session. False: it is none, or no longer. The names were read a while ago:
 * one that came or went since then only seems to lack a part, so that is looked at again. */
static bool describe(struct hf_list *list, const struct storage_found *session,
		     struct hf_entry *entry)
{
	struct storage_found now = *session;

	for (unsigned look = 1;; look++) {
		if (!describe_once(list, &now, entry))
			return false;
		if ((entry->error != HF_ERR_HEAD_MISSING && entry->error != HF_ERR_TRUNCATED) ||
		    look == LOOKS_MAX)
			return true;
		now.has_log = has_log(list, session->id);
	}
}

int hf_list_next(struct hf_list *list, struct hf_entry *ret_entry)
{
	while (list->next < list->count) {
		struct hf_entry entry = { 0 };

		if (describe(list, &list->sessions[list->next++], &entry)) {
			*ret_entry = entry;
			return HF_OK;
		}
	}
	return HF_ERR_NOTFOUND;
}

static bool is_prefix(const char *text)
{
	size_t size = strnlen(text, TEXT_UUID_SIZE + 1);

	if (size < PREFIX_MIN || size > TEXT_UUID_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'))
			return false;
	}
	return true;
}

/* Takes the first entry, and says if there is another. */
static int take_only(struct hf_list *list, char ret_id[HF_ID_SIZE])
{
	struct hf_entry entry;
	int rc = hf_list_next(list, &entry);

	if (rc != HF_OK)
		return rc;
	memcpy(ret_id, entry.info.id, HF_ID_SIZE);
	return hf_list_next(list, &entry) == HF_OK ? HF_ERR_AMBIGUOUS : HF_OK;
}

/* A whole id needs no walk over all sessions. */
static int find_whole(struct hf_store *store, struct report *report, const char *text,
		      char ret_id[HF_ID_SIZE])
{
	struct storage_id id;
	int rc = store_id(report, text, &id);

	if (rc == HF_OK && writer_is_gone(&store->env, report, id))
		rc = HF_ERR_NOTFOUND;
	if (rc == HF_OK)
		memcpy(ret_id, text, HF_ID_SIZE);
	return rc;
}

int hf_session_find(struct hf_store *store, const char *prefix, struct hf_detail *detail,
		    char ret_id[HF_ID_SIZE])
{
	struct report report = store_report(store);
	struct hf_list *list = NULL;
	char id[HF_ID_SIZE];
	int rc;

	rc = store_check_call(store, ret_id, &report);
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	if (prefix != NULL && strnlen(prefix, HF_ID_SIZE) == TEXT_UUID_SIZE)
		return report_deliver(&report, find_whole(store, &report, prefix, ret_id), detail);
	if (prefix == NULL || !is_prefix(prefix)) {
		rc = report_fail(&report, HF_ERR_INVALID, "find",
				 "an id is given by at least %d of its characters", PREFIX_MIN);
		return report_deliver(&report, rc, detail);
	}
	rc = hf_list_open(store, &(struct hf_list_options){ .prefix = prefix }, detail, &list);
	if (rc != HF_OK)
		return rc;
	rc = take_only(list, id);
	hf_list_close(list);
	if (rc == HF_OK)
		memcpy(ret_id, id, HF_ID_SIZE);
	return report_deliver(&report, rc, detail);
}
