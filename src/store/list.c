/* SPDX-License-Identifier: MIT */
/* Listing sessions: one pass over all heads, then in order. */
#include "store/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "log/check.h"
#include "store/filter.h"

struct hf_list {
	struct hf_store *store;
	struct report report;
	struct rows rows;
	size_t next;
	bool verify;
	struct look look; /* what the last entry's slices point to */
};

const char *hf_state_name(enum hf_state state)
{
	switch (state) {
#define STATE_NAME(name, value, text) \
	case name:                        \
		return text;
		HF_STATES(STATE_NAME)
#undef STATE_NAME
	}
	return "unknown";
}

bool hf_state_find(const char *name, enum hf_state *ret_state)
{
	static const enum hf_state states[] = {
#define STATE(name, value, text) name,
		HF_STATES(STATE)
#undef STATE
	};

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(states); i++) {
		if (strcmp(hf_state_name(states[i]), name) == 0) {
			*ret_state = states[i];
			return true;
		}
	}
	return false;
}

/* ---- Collecting ---- */

struct collection {
	struct filter filter;
	struct rows *rows;
	bool wants_busy;
	struct buffer busy; /* digests of the projects that have an active session */
	int rc;
};

static int note_busy(struct collection *collection, const struct head *head)
{
	struct filter_path path = filter_path(head->project, head->project_size);

	return head->project_size > 0 ?
		       buffer_put(&collection->busy, path.digest, sizeof path.digest) : HF_OK;
}

static bool collect(void *context, const struct look *look)
{
	struct collection *collection = context;

	if (collection->wants_busy && look->state == HF_ACTIVE)
		collection->rc = note_busy(collection, &look->head);
	if (collection->rc == HF_OK && filter_holds(&collection->filter, look))
		collection->rc = rows_add(collection->rows, look);
	return collection->rc == HF_OK;
}

/* Walks over the places that can have what is asked for. A session may be moved from one to
 * the other meanwhile: in three walks it is seen at least once, and counts as it was seen
 * last. */
static int collect_places(struct hf_store *store, struct report *report, const char *prefix,
			  struct collection *collection)
{
	uint32_t states = collection->filter.states;
	bool in_trash = (states & 1u << HF_TRASHED) != 0;
	bool outside = (states & ~(1u << HF_TRASHED)) != 0;
	int rc = HF_OK;

	if (in_trash && outside)
		rc = look_each(store, report, LOOK_TRASH, prefix, collect, collection);
	if (rc == HF_OK && collection->rc == HF_OK && outside)
		rc = look_each(store, report, LOOK_SESSIONS, prefix, collect, collection);
	if (rc == HF_OK && collection->rc == HF_OK && in_trash)
		rc = look_each(store, report, LOOK_TRASH, prefix, collect, collection);
	if (rc == HF_OK)
		rc = collection->rc;
	if (rc == HF_OK && in_trash && outside)
		rows_unite(collection->rows);
	return rc;
}

static int compare_digest(const void *left, const void *right)
{
	return memcmp(left, right, FORMAT_FORMER_SIZE);
}

/* True unless a session is active, or another one of its project is. */
static bool is_resumable(void *context, const struct look *look)
{
	const struct collection *collection = context;
	const struct buffer *busy = &collection->busy;
	struct filter_path path = filter_path(look->head.project, look->head.project_size);

	if (look->state == HF_ACTIVE)
		return false;
	return busy->size == 0 ||
	       bsearch(path.digest, busy->data, busy->size / FORMAT_FORMER_SIZE,
		       FORMAT_FORMER_SIZE, compare_digest) == NULL;
}

static void keep_resumable(struct collection *collection)
{
	struct buffer *busy = &collection->busy;

	if (busy->size > 0)
		qsort(busy->data, busy->size / FORMAT_FORMER_SIZE, FORMAT_FORMER_SIZE,
		      compare_digest);
	rows_filter(collection->rows, is_resumable, collection);
}

int list_collect(struct hf_store *store, struct report *report,
		 const struct hf_list_options *options, struct rows *rows)
{
	static const struct hf_list_options none = { .limit = 0 };
	struct collection collection = { .rows = rows, .busy = BUFFER_INIT(SIZE_MAX / 2) };
	int rc;

	if (options == NULL)
		options = &none;
	rc = filter_init(&collection.filter, report, options);
	collection.wants_busy = options->resumable;
	/* What is active beside those that are asked for matters for what is resumable. */
	if (rc == HF_OK)
		rc = collect_places(store, report, options->resumable ? NULL : options->prefix,
				    &collection);
	if (rc == HF_OK && options->resumable)
		keep_resumable(&collection);
	rows_sort(rows);
	if (options->limit > 0 && rows->count > options->limit)
		rows->count = (size_t)options->limit;
	buffer_release(&collection.busy);
	return rc;
}

/* ---- Handing out ---- */

int hf_list_open(struct hf_store *store, const struct hf_list_options *options,
		 struct hf_detail *detail, struct hf_list **ret_list)
{
	struct report report = store_report(store);
	struct hf_list *list = mem_new(1, sizeof *list);
	int rc = store_check_call(store, ret_list, &report);

	if (rc == HF_OK && list == NULL)
		rc = HF_ERR_NOMEM;
	if (rc != HF_OK)
		goto out;
	list->store = store;
	list->report = store_report(store);
	list->verify = options != NULL && options->verify;
	rows_init(&list->rows);
	rc = list_collect(store, &report, options, &list->rows);
	if (rc != HF_OK)
		goto out;
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
	rows_release(&list->rows);
	mem_free(list);
}

void list_describe(const struct look *look, struct hf_entry *ret_entry)
{
	struct hf_entry entry = { .error = look->error, .state = look->state };

	store_info(&look->head, &entry.info);
	entry.active = look->state == HF_ACTIVE;
	*ret_entry = entry;
}

/* Checks the session of an entry. HF_ERR_NOTFOUND: it is gone meanwhile. Any other failure
 * is a session's own. */
static int check_entry(struct hf_list *list, struct hf_entry *entry)
{
	struct checked *checked = NULL;
	struct storage_id id;
	int rc;

	report_clear(&list->report);
	memcpy(id.bytes, list->look.head.session, sizeof id.bytes);
	rc = store_check_session(list->store, &list->report, id, NULL, &checked);
	if (rc == HF_OK) {
		entry->check = checked->check;
		entry->is_checked = true;
	} else if (entry->error == HF_OK) {
		entry->error = rc;
	}
	check_close(checked);
	return rc;
}

int hf_list_next(struct hf_list *list, struct hf_entry *ret_entry)
{
	while (list->next < list->rows.count) {
		struct hf_entry entry;

		rows_get(&list->rows, list->next++, &list->look);
		list_describe(&list->look, &entry);
		if (list->verify && check_entry(list, &entry) == HF_ERR_NOTFOUND)
			continue;
		*ret_entry = entry;
		return HF_OK;
	}
	return HF_ERR_NOTFOUND;
}
