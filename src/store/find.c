/* SPDX-License-Identifier: MIT */
/* Finding one session: by its id or a part of it, by its name, or as the last of all or of a
 * project. */
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "log/writer.h"
#include "store/filter.h"
#include "store/look.h"

enum { PREFIX_MIN = 4 };

/* ---- By id or name ---- */

struct search {
	const char *text;
	size_t size;
	bool by_name; /* and not by id, which the walk sees to */
	unsigned count;
	int error;    /* why it is not known whether a session has the name; or HF_OK */
	char id[HF_ID_SIZE];
};

/* True if an error keeps from knowing what a session is called, as a verdict does not. */
static bool is_doubt(int error)
{
	return error != HF_OK && error != HF_ERR_HEAD_MISSING && error != HF_ERR_TRUNCATED &&
	       error != HF_ERR_KEY_MISSING;
}

static bool take_match(void *context, const struct look *look)
{
	struct search *search = context;
	const struct head *head = &look->head;

	if (search->by_name && (head->name_size != search->size ||
				memcmp(head->name, search->text, search->size) != 0)) {
		if (search->error == HF_OK && is_doubt(look->error))
			search->error = look->error;
		return true;
	}
	text_put_uuid(head->session, search->id);
	search->count++;
	return search->count < 2;
}

static bool is_prefix(const char *text, size_t size)
{
	if (size < PREFIX_MIN || size > TEXT_UUID_SIZE)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'))
			return false;
	}
	return true;
}

/* Searches one place, by the beginning of an id and only then by name. Leaves count at 0 if
 * there is none. */
static int search_place(struct hf_store *store, struct report *report, enum look_place place,
			struct search *search)
{
	int rc = HF_OK;

	search->by_name = false;
	if (is_prefix(search->text, search->size))
		rc = look_each(store, report, place, search->text, take_match, search);
	search->by_name = true;
	if (rc == HF_OK && search->count == 0 && search->size <= HF_NAME_MAX)
		rc = look_each(store, report, place, NULL, take_match, search);
	return rc;
}

static int search_all(struct hf_store *store, struct report *report, struct search *search)
{
	int rc = search_place(store, report, LOOK_SESSIONS, search);

	if (rc == HF_OK && search->count == 0)
		rc = search_place(store, report, LOOK_TRASH, search);
	if (rc != HF_OK)
		return rc;
	if (search->count > 1)
		return HF_ERR_AMBIGUOUS;
	if (search->count == 1)
		return HF_OK;
	return search->error != HF_OK ? search->error : HF_ERR_NOTFOUND;
}

/* A whole id needs no walk over all sessions. */
static int find_whole(struct hf_store *store, struct report *report, const char *text)
{
	const struct log_env *trash = NULL;
	struct storage_id id = { { 0 } };
	int rc;

	if (!text_get_uuid(text, strnlen(text, TEXT_UUID_SIZE + 1), id.bytes))
		return HF_ERR_NOTFOUND;
	if (!writer_is_gone(&store->env, report, id))
		return HF_OK;
	rc = store_trash(store, report, false, &trash);
	if (rc == HF_OK && (trash == NULL || writer_is_gone(trash, report, id)))
		rc = HF_ERR_NOTFOUND;
	return rc;
}

int hf_session_find(struct hf_store *store, const char *text, struct hf_detail *detail,
		    char ret_id[HF_ID_SIZE])
{
	struct report report = store_report(store);
	struct search search = { .text = text };
	int rc = store_check_call(store, ret_id, &report);

	if (rc == HF_OK && (text == NULL || text[0] == '\0'))
		rc = report_fail(&report, HF_ERR_INVALID, "find", "there is nothing to find");
	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	rc = find_whole(store, &report, text);
	if (rc == HF_OK) {
		memcpy(ret_id, text, HF_ID_SIZE);
		return HF_OK;
	}
	report_clear(&report);
	search.size = strnlen(text, HF_NAME_MAX + 1);
	if (rc == HF_ERR_NOTFOUND)
		rc = search_all(store, &report, &search);
	if (rc == HF_OK)
		memcpy(ret_id, search.id, HF_ID_SIZE);
	return report_deliver(&report, rc, detail);
}

/* ---- The last ---- */

struct last {
	struct filter_path *levels; /* a directory and those above it, the nearest first; or NULL */
	size_t level_count;
	size_t level;               /* the nearest that is a project, so far */
	bool is_found;
	int error;                  /* as in struct search */
	int64_t updated_us;
	uint8_t id[16];
};

/* Finds the nearest level that is the project of a session. */
static size_t find_level(const struct last *last, const struct head *head)
{
	for (size_t i = 0; i < last->level_count && i <= last->level; i++) {
		if (filter_is_project(&last->levels[i], head))
			return i;
	}
	return last->level_count;
}

static bool is_newer(const struct last *last, const struct head *head)
{
	if (!last->is_found || head->updated_us != last->updated_us)
		return !last->is_found || head->updated_us > last->updated_us;
	return memcmp(head->session, last->id, sizeof last->id) < 0;
}

static bool consider(void *context, const struct look *look)
{
	struct last *last = context;
	const struct head *head = &look->head;

	if (last->error == HF_OK && is_doubt(look->error))
		last->error = look->error;
	if (last->levels != NULL) {
		size_t level = find_level(last, head);

		if (level == last->level_count)
			return true;
		if (level < last->level) {
			last->level = level;
			last->is_found = false;
		}
	}
	if (look->state == HF_ACTIVE || !is_newer(last, head))
		return true;
	last->is_found = true;
	last->updated_us = head->updated_us;
	memcpy(last->id, head->session, sizeof last->id);
	return true;
}

/* Takes a directory and all above it, up to the root. */
static int take_levels(struct last *last, struct report *report, const char *here)
{
	size_t size = strlen(here);
	size_t count = 1;

	if (here[0] != '/')
		return report_fail(report, HF_ERR_INVALID, "find",
				   "the directory is not an absolute path");
	for (size_t i = 0; i < size; i++)
		count += here[i] == '/';
	last->levels = mem_new(count, sizeof *last->levels);
	if (last->levels == NULL)
		return HF_ERR_NOMEM;
	for (;;) {
		while (size > 1 && here[size - 1] == '/')
			size--;
		/* What is longer is no session's project. */
		if (size <= HF_PROJECT_MAX)
			last->levels[last->level_count++] = filter_path(here, size);
		if (size == 1)
			break;
		while (here[size - 1] != '/')
			size--;
	}
	last->level = last->level_count;
	return HF_OK;
}

int hf_session_find_last(struct hf_store *store, const char *here, struct hf_detail *detail,
			 char ret_id[HF_ID_SIZE])
{
	struct report report = store_report(store);
	struct last last = { .level = 0 };
	int rc = store_check_call(store, ret_id, &report);

	if (rc == HF_OK && here != NULL)
		rc = take_levels(&last, &report, here);
	if (rc == HF_OK)
		rc = look_each(store, &report, LOOK_SESSIONS, NULL, consider, &last);
	if (rc == HF_OK && !last.is_found)
		rc = last.error != HF_OK ? last.error : HF_ERR_NOTFOUND;
	if (rc == HF_OK) {
		text_put_uuid(last.id, ret_id);
		ret_id[TEXT_UUID_SIZE] = '\0';
	}
	mem_free(last.levels);
	return report_deliver(&report, rc, detail);
}
