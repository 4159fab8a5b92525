/* SPDX-License-Identifier: MIT */
/* Sessions open for reading: verified records as slices of the log. */
#include <string.h>

#include "base/mem.h"
#include "format/record.h"
#include "log/check.h"
#include "store/store.h"

struct hf_view {
	struct report report;
	struct checked *checked;
	struct hf_info info;
};

int store_view(const struct hf_store *store, struct checked *checked, struct hf_view **ret_view)
{
	struct hf_view *view = mem_new(1, sizeof *view);

	if (view == NULL) {
		check_close(checked);
		return HF_ERR_NOMEM;
	}
	view->report = store_report(store);
	/* The report that it was checked with may go before the view does. */
	checked->report = &view->report;
	if (checked->log != NULL)
		checked->log->report = &view->report;
	view->checked = checked;
	store_info(&checked->state, &view->info);
	*ret_view = view;
	return HF_OK;
}

int hf_session_load(struct hf_store *store, const char *id_text, struct hf_detail *detail,
		    struct hf_view **ret_view)
{
	struct report report = store_report(store);
	struct checked *checked = NULL;
	struct storage_id id;
	int rc = store_check_call(store, ret_view, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &id);
	if (rc == HF_OK)
		rc = store_check_session(store, &report, id, NULL, &checked);
	if (rc == HF_OK)
		rc = store_view(store, checked, ret_view);
	return report_deliver(&report, rc, detail);
}

void hf_view_close(struct hf_view *view)
{
	if (view == NULL)
		return;
	check_close(view->checked);
	mem_free(view);
}

const struct hf_check *hf_view_check(const struct hf_view *view)
{
	return &view->checked->check;
}

const struct hf_info *hf_view_info(const struct hf_view *view)
{
	return &view->info;
}

struct hf_slice hf_view_todos(const struct hf_view *view)
{
	return view->checked->scan.fold.todos;
}

struct hf_slice hf_view_config(const struct hf_view *view)
{
	return view->checked->scan.fold.config;
}

struct hf_slice hf_view_origin(const struct hf_view *view)
{
	struct hf_slice origin = view->checked->scan.fold.origin;

	return record_slice_is(origin, "null") ? (struct hf_slice){ NULL, 0 } : origin;
}

/* Decodes the line that begins at offset. */
static bool record_at(const struct hf_view *view, uint64_t offset, struct hf_record *record)
{
	struct hf_slice bytes = check_bytes(view->checked, offset);
	const char *feed = bytes.size > 0 ? memchr(bytes.data, '\n', bytes.size) : NULL;

	if (feed == NULL || !record_decode(bytes.data, (size_t)(feed - bytes.data), record))
		return false;
	record->offset = offset;
	return true;
}

bool hf_view_next(const struct hf_view *view, struct hf_record *record)
{
	uint64_t offset = record->line.data != NULL ? record->offset + record->line.size + 1 : 0;

	return offset < view->checked->scan.offset && record_at(view, offset, record);
}

bool hf_view_previous(const struct hf_view *view, struct hf_record *record)
{
	const struct checked *checked = view->checked;
	uint64_t end = record->line.data != NULL ? record->offset : checked->scan.offset;
	uint64_t segment = end > checked->map.size ? checked->map.size : 0;
	const char *bytes;
	size_t at;

	if (end == 0)
		return false;
	/* Lines do not cross the border between the mapped and the copied bytes. */
	bytes = check_bytes(checked, segment).data;
	at = (size_t)(end - segment) - 1;
	while (at > 0 && bytes[at - 1] != '\n')
		at--;
	return record_at(view, segment + at, record);
}

bool hf_view_last(const struct hf_view *view, uint64_t count, struct hf_record *ret_record)
{
	struct hf_record record = { 0 };
	struct hf_record found = { 0 };

	while (count > 0 && hf_view_previous(view, &record)) {
		if (record_slice_is(record.type, "message")) {
			found = record;
			count--;
		}
	}
	if (found.line.data == NULL)
		return false;
	*ret_record = found;
	return true;
}

int hf_session_verify(struct hf_store *store, const char *id_text, hf_progress_fn progress,
		      void *progress_context, struct hf_detail *detail,
		      struct hf_check *ret_check)
{
	struct report report = store_report(store);
	struct check_watch watch = { progress, progress_context };
	struct checked *checked = NULL;
	struct storage_id id;
	int rc = store_check_call(store, ret_check, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &id);
	if (rc == HF_OK)
		rc = store_check_session(store, &report, id, &watch, &checked);
	if (rc == HF_OK)
		*ret_check = checked->check;
	check_close(checked);
	return report_deliver(&report, rc, detail);
}
