/* SPDX-License-Identifier: MIT */
#include "lib/session_history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session_expect.h"

enum { BATCH_MAX = 48, ID_SIZE = 24 };

size_t history_size(uint32_t serial)
{
	uint32_t mixed = serial * 2654435761u;

	if (serial >= HISTORY_HUGE)
		return ((size_t)1200 << 10) + mixed % 4096;
	if (serial >= HISTORY_BIG)
		return ((size_t)100 << 10) + mixed % 4096;
	return 16 + mixed % 600;
}

char *history_text(uint32_t serial, size_t size)
{
	char *text = session_memory(size + 64);
	size_t at = (size_t)snprintf(text, 64, "{\"s\":%" PRIu32, serial);
	uint32_t state = serial * 747796405u + 1;

	if (size >= at + 9) {
		at += (size_t)snprintf(text + at, 16, ",\"t\":\"");
		while (at < size - 2) {
			state = state * 1664525u + 1013904223u;
			text[at++] = (char)('a' + (state >> 24) % 26);
		}
		text[at++] = '"';
	}
	text[at] = '}';
	return text;
}

/* Records to write, with the texts they point to. */
struct batch_made {
	struct hf_append records[BATCH_MAX];
	char ids[BATCH_MAX][ID_SIZE];
	size_t count;
};

static struct batch_made *make_batch(uint32_t first, size_t count, bool with_ids)
{
	struct batch_made *made = session_memory(sizeof *made);

	made->count = count;
	for (size_t i = 0; i < count; i++) {
		uint32_t serial = first + (uint32_t)i;
		char *text = history_text(serial, history_size(serial));

		(void)snprintf(made->ids[i], ID_SIZE, "m-%" PRIu32, serial);
		made->records[i] = (struct hf_append){ "message", with_ids ? made->ids[i] : NULL, text,
						       strlen(text) };
	}
	return made;
}

static void free_batch(struct batch_made *made)
{
	for (size_t i = 0; i < made->count; i++)
		free((void *)(uintptr_t)made->records[i].json);
	free(made);
}

static void add(struct history_run *run, uint32_t serial)
{
	EXPECT(run->count < HISTORY_MAX, "too many messages for a history");
	run->serials[run->count++] = serial;
}

static bool has(const struct history_run *run, uint32_t serial)
{
	for (size_t i = 0; i < run->count; i++) {
		if (run->serials[i] == serial)
			return true;
	}
	return false;
}

/* Codes of calls that have certainly not written anything. */
static bool wrote_nothing(int rc)
{
	return rc == HF_ERR_POISONED || rc == HF_ERR_CONFLICT || rc == HF_ERR_NOMEM ||
	       rc == HF_ERR_INVALID || rc == HF_ERR_JSON || rc == HF_ERR_RECORD_SIZE ||
	       rc == HF_ERR_ID_REUSED || rc == HF_ERR_FORKED || rc == HF_ERR_TAMPERED;
}

/* Which of the messages are not in the session yet. */
static struct history_run find_fresh(const struct history *history, uint32_t first, size_t count,
				     bool with_ids)
{
	struct history_run fresh = { .count = 0 };

	for (size_t i = 0; i < count; i++) {
		if (!with_ids || !has(&history->kept, first + (uint32_t)i))
			add(&fresh, first + (uint32_t)i);
	}
	return fresh;
}

int history_append(struct history *history, struct hf_session *session, uint32_t first,
		   size_t count, bool with_ids, struct hf_detail *detail)
{
	struct batch_made *made = make_batch(first, count, with_ids);
	struct history_run fresh = find_fresh(history, first, count, with_ids);
	struct history_run before = history->pending;
	struct hf_ack acks[BATCH_MAX];
	int rc;

	/* From the call on, until it tells, readers may find them. */
	if (before.count == 0)
		history->pending = fresh;
	rc = hf_session_append(session, NULL, made->records, count, detail, acks);
	free_batch(made);
	if (rc == HF_OK) {
		for (size_t i = 0; i < count; i++)
			EXPECT(acks[i].duplicate == (with_ids && has(&history->kept, first + (uint32_t)i)),
			       "ack %zu: duplicate is %d", i, acks[i].duplicate);
		for (size_t i = 0; i < fresh.count; i++)
			add(&history->kept, fresh.serials[i]);
		/* What came before it cannot show up any more, or the numbers would not fit. */
		history->pending.count = 0;
		history->has_next = false;
	} else if (wrote_nothing(rc)) {
		history->pending = before;
	}
	return rc;
}

int history_save(struct history *history, struct hf_session *session, uint32_t first,
		 size_t count, struct hf_detail *detail)
{
	struct batch_made *made = make_batch(first, count, false);
	int rc;

	history->next.count = 0;
	for (size_t i = 0; i < count; i++)
		add(&history->next, first + (uint32_t)i);
	/* From the call on, until it tells, readers may find the one or the other. */
	history->has_next = true;
	rc = hf_session_save(session, NULL, made->records, count, detail);
	free_batch(made);
	if (rc == HF_OK) {
		history->kept = history->next;
		history->pending.count = 0;
	}
	if (rc == HF_OK || rc == HF_ERR_POISONED)
		history->has_next = false;
	return rc;
}

void history_read(const struct hf_view *view, struct history_run *ret_seen)
{
	struct hf_record record = { 0 };
	uint64_t n = 0;

	ret_seen->count = 0;
	for (; hf_view_next(view, &record); n++) {
		struct hf_slice number;
		uint32_t serial;
		char *text;

		EXPECT(record.n == n, "record %" PRIu64 " has number %" PRIu64, n, record.n);
		if (record.type.size != 7 || memcmp(record.type.data, "message", 7) != 0)
			continue;
		EXPECT(hf_json_member(record.data, "s", &number), "a message without a serial");
		serial = (uint32_t)strtoul(number.data, NULL, 10);
		text = history_text(serial, history_size(serial));
		EXPECT(record.data.size == strlen(text) &&
			       memcmp(record.data.data, text, record.data.size) == 0,
		       "message %" PRIu32 " is not what was written", serial);
		free(text);
		add(ret_seen, serial);
	}
	EXPECT(n == hf_view_check(view)->records, "%" PRIu64 " records are read of %" PRIu64, n,
	       hf_view_check(view)->records);
}

static void print_run(const struct history_run *run, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < run->count && used + 12 < size; i++)
		used += (size_t)snprintf(text + used, size - used, " %" PRIu32, run->serials[i]);
}

static bool is_equal(const struct history_run *left, const struct history_run *right)
{
	return left->count == right->count &&
	       memcmp(left->serials, right->serials, left->count * sizeof left->serials[0]) == 0;
}

/* True if seen is kept with count of pending after it. */
static bool is_kept_and(const struct history *history, const struct history_run *seen, size_t count)
{
	struct history_run wanted = history->kept;

	for (size_t i = 0; i < count; i++)
		add(&wanted, history->pending.serials[i]);
	return is_equal(&wanted, seen);
}

void history_match(const struct history *history, const struct history_run *seen, bool part)
{
	char is[160], kept[160], pending[160];

	if (history->has_next && is_equal(&history->next, seen))
		return;
	for (size_t count = 0; count <= history->pending.count; count++) {
		if ((part || count == 0 || count == history->pending.count) &&
		    is_kept_and(history, seen, count))
			return;
	}
	print_run(seen, is, sizeof is);
	print_run(&history->kept, kept, sizeof kept);
	print_run(&history->pending, pending, sizeof pending);
	session_fail(__FILE__, __LINE__, "messages are%s; acknowledged%s; tried%s", is, kept, pending);
}

void history_settle(struct history *history, const struct history_run *seen)
{
	history->kept = *seen;
	history->pending.count = 0;
	history->has_next = false;
}
