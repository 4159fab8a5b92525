/* SPDX-License-Identifier: MIT */
/*
 * Secrets in the records of a session.
 *
 * An imported record holds what was said twice: as a view, and as the original bytes in its
 * member "source". A secret is told of once, at its place in the view if it stands there. So
 * the secrets of the view are remembered while the source is looked through, by a number
 * that does not depend on how line feeds and quotes are escaped.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/report.h"
#include "holdfast.h"
#include "interop/stored.h"
#include "json/read.h"
#include "redact/redact.h"

struct scan {
	struct redactor *redactor;
	const struct hf_record *record;
	void (*each)(void *context, const struct hf_secret *secret);
	void *context;
	uint64_t count;
	bool is_silent; /* secrets are only remembered */
	uint64_t *seen; /* of the record's view, and of the views that share its source */
	size_t seen_count;
	size_t seen_room;
	bool is_sorted;
	int rc; /* HF_ERR_NOMEM from a callback */
	struct buffer bytes; /* a source that was decoded from base64 */
};

/* ---- What was seen ---------------------------------------------------------------- */

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* FNV-1a over the letters and digits that are no part of an escape. Two secrets with one
 * number would only be taken for one, in one record. */
static uint64_t number_of(const char *secret, size_t size)
{
	uint64_t number = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++) {
		if (secret[i] == '\\' && i + 1 < size && is_alnum(secret[i + 1]))
			i++;
		else if (is_alnum(secret[i]))
			number = (number ^ (unsigned char)secret[i]) * UINT64_C(0x100000001b3);
	}
	return number;
}

static void remember(struct scan *scan, uint64_t number)
{
	if (scan->seen_count == scan->seen_room) {
		size_t room = scan->seen_room > 0 ? scan->seen_room * 2 : 64;
		uint64_t *seen = mem_resize(scan->seen, room, sizeof *seen);

		if (seen == NULL) {
			scan->rc = HF_ERR_NOMEM;
			return;
		}
		scan->seen = seen;
		scan->seen_room = room;
	}
	scan->seen[scan->seen_count++] = number;
	scan->is_sorted = false;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool was_seen(struct scan *scan, uint64_t number)
{
	if (scan->seen_count == 0)
		return false;
	if (!scan->is_sorted)
		qsort(scan->seen, scan->seen_count, sizeof *scan->seen, compare);
	scan->is_sorted = true;
	return bsearch(&number, scan->seen, scan->seen_count, sizeof number, compare) != NULL;
}

/* ---- Telling ---------------------------------------------------------------------- */

/* At most a quarter of a secret and 8 characters; of a private key its first line, which is
 * none of it. */
static void put_preview(const char *secret, const struct redact_hit *hit, char preview[32])
{
	bool is_block = strcmp(hit->kind, "private-key") == 0;
	size_t most = is_block ? 27 : hit->size / 4 < 8 ? hit->size / 4 : 8;
	size_t size = 0;

	while (size < most && secret[size] >= 0x20 && secret[size] < 0x7f &&
	       !(is_block && secret[size] == '\\')) {
		preview[size] = secret[size];
		size++;
	}
	memcpy(preview + size, "...", 4);
}

/* Copies a path, cut at a character of UTF-8. */
static void put_where(const char *where, char ret_where[128])
{
	size_t size = strlen(where);

	if (size > 127) {
		size = 127;
		while (size > 0 && ((unsigned char)where[size] & 0xc0) == 0x80)
			size--;
	}
	memcpy(ret_where, where, size);
	ret_where[size] = '\0';
}

static bool is_of_source(const char *where)
{
	return strncmp(where, "source", 6) == 0 &&
	       (where[6] == '\0' || where[6] == '.' || where[6] == '[');
}

/* The name of a row ("message/msg_1") is called a key, but opens nothing. Its parts are in the
 * row, too. */
static bool is_row_name(const struct scan *scan, const char *where, const struct redact_hit *hit)
{
	struct stored stored;
	struct hf_slice bytes;

	return strcmp(where, "source.key") == 0 && strcmp(hit->kind, "secret") == 0 &&
	       stored_read(scan->record, &stored) &&
	       (!stored.has_bytes || json_member(stored.source, "json", &bytes) ||
		json_member(stored.source, "text", &bytes) ||
		json_member(stored.source, "base64", &bytes));
}

static void tell(void *context, const char *where, struct hf_slice text,
		 const struct redact_hit *hit)
{
	struct scan *scan = context;
	const char *secret = text.data + hit->offset;
	uint64_t number = number_of(secret, hit->size);
	struct hf_secret found = { .kind = hit->kind, .record = scan->record };

	if (scan->is_silent) {
		if (!is_of_source(where))
			remember(scan, number);
		return;
	}
	if (is_row_name(scan, where, hit) || (is_of_source(where) && was_seen(scan, number)))
		return;
	remember(scan, number);
	scan->count++;
	found.offset = hit->offset;
	found.size = hit->size;
	put_where(where, found.where);
	put_preview(secret, hit, found.preview);
	if (scan->each != NULL)
		scan->each(scan->context, &found);
}

/* ---- Records ---------------------------------------------------------------------- */

static int scan_json(struct scan *scan, struct hf_slice json)
{
	int rc = redact_scan_json(scan->redactor, json, tell, scan);

	return rc == HF_OK ? scan->rc : rc;
}

/* Bytes that are no text came in as base64. */
static int scan_base64(struct scan *scan)
{
	struct stored stored;
	struct hf_slice string;
	int rc;

	if (!stored_read(scan->record, &stored) || !json_member(stored.source, "base64", &string))
		return HF_OK;
	scan->bytes.size = 0;
	rc = stored_bytes(&stored, &scan->bytes);
	if (rc == HF_ERR_JSON) /* somebody else's member of that name */
		return HF_OK;
	if (rc == HF_OK)
		rc = redact_scan_text(scan->redactor,
				      (struct hf_slice){ scan->bytes.data, scan->bytes.size },
				      "source.base64", tell, scan);
	return rc == HF_OK ? scan->rc : rc;
}

/* Whether a record's view belongs to the source of a record before it. */
static bool shares_source(const struct hf_record *record)
{
	struct stored stored;

	return stored_read(record, &stored) && !stored.has_bytes;
}

static int scan_record(struct scan *scan, const struct hf_view *view,
		       const struct hf_record *record)
{
	struct hf_record next = *record;
	int rc = HF_OK;

	scan->seen_count = 0;
	scan->is_silent = true;
	while (rc == HF_OK && !shares_source(record) && hf_view_next(view, &next) &&
	       shares_source(&next))
		rc = scan_json(scan, next.data);
	scan->is_silent = false;
	scan->record = record;
	if (rc == HF_OK)
		rc = scan_json(scan, record->data);
	if (rc == HF_OK)
		rc = scan_base64(scan);
	return rc;
}

int hf_scan(const struct hf_view *view, const char *const *patterns, size_t pattern_count,
	    void (*each)(void *context, const struct hf_secret *secret), void *context,
	    struct hf_detail *detail, uint64_t *ret_count)
{
	struct report report = report_make(NULL, NULL);
	struct scan scan = { .each = each, .context = context, .bytes = { .max = SIZE_MAX } };
	struct hf_record record = { 0 };
	int rc = HF_OK;

	if (view == NULL || (patterns == NULL && pattern_count > 0))
		rc = report_fail(&report, HF_ERR_INVALID, "scan",
				 "the view or patterns are missing");
	if (rc == HF_OK)
		rc = redactor_new(&report, patterns, pattern_count, &scan.redactor);
	while (rc == HF_OK && hf_view_next(view, &record))
		rc = scan_record(&scan, view, &record);
	if (rc == HF_OK && ret_count != NULL)
		*ret_count = scan.count;
	redactor_free(scan.redactor);
	mem_free(scan.seen);
	buffer_release(&scan.bytes);
	return report_deliver(&report, rc, detail);
}
