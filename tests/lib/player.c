/* SPDX-License-Identifier: MIT */
#include "lib/player.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session_expect.h"
#include "lib/session_history.h"

enum {
	BATCH_MAX = 16,
	SIZE_MIN = 16,
	SIZE_SPREAD = 400,
	MISSED_MAX = 32, /* of the newest sessions it is noted that a listing lacks them */
};

uint32_t player_roll(struct player *player, uint32_t limit)
{
	player->random = player->random * 1664525u + 1013904223u;
	return (player->random >> 8) % limit;
}

static struct journal_event *begin(struct player *player, enum journal_kind kind,
				   uint32_t session)
{
	return journal_begin(player->journal, player->worker, kind, session);
}

/* Codes that are no answer to what was asked are wrong. */
static void judge(struct player *player, int rc, const char *what, const struct hf_detail *detail)
{
	if (rc != HF_OK && rc != HF_ERR_BUSY && rc != HF_ERR_NOTFOUND && rc != HF_ERR_TRASHED &&
	    rc != HF_ERR_CONFLICT)
		journal_wrong(player->journal, "%s gave %s: %s: %s", what, hf_error_name(rc),
			      detail->operation, detail->message);
}

static int end(struct player *player, struct journal_event *event, int rc, const char *what,
	       const struct hf_detail *detail)
{
	judge(player, rc, what, detail);
	return journal_end(player->journal, event, rc);
}

/* ---- Taking and giving back ------------------------------------------------------ */

int player_create(struct player *player, uint32_t session)
{
	char id[HF_ID_SIZE];
	struct hf_session_options options = { .id = id };
	struct hf_detail detail = { 0 };
	struct journal_event *event;

	journal_id(session, id);
	player->session = session;
	event = begin(player, JOURNAL_CREATE, session);
	return end(player, event, hf_session_create(player->store, &options, &detail, &player->held),
		   "creating", &detail);
}

int player_open(struct player *player, uint32_t session, uint32_t timeout_ms)
{
	struct hf_open_options options = { .timeout_ms = timeout_ms };
	struct hf_detail detail = { 0 };
	struct journal_event *event;
	char id[HF_ID_SIZE];

	journal_id(session, id);
	player->session = session;
	event = begin(player, JOURNAL_OPEN, session);
	return end(player, event, hf_session_open(player->store, id, &options, &detail, &player->held),
		   "opening", &detail);
}

int player_close(struct player *player, enum hf_close how)
{
	struct hf_session *held = player->held;
	struct hf_detail detail = { 0 };
	struct journal_event *event =
		begin(player, how == HF_CLOSE_SEAL ? JOURNAL_SEAL : JOURNAL_LEAVE, player->session);

	player->held = NULL;
	return end(player, event, hf_session_close(held, how, &detail), "closing", &detail);
}

/* ---- Writing --------------------------------------------------------------------- */

static size_t size_of(uint32_t serial)
{
	return SIZE_MIN + serial * 2654435761u % SIZE_SPREAD;
}

static void make_records(struct hf_append records[BATCH_MAX], uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char *text = history_text(first + i, size_of(first + i));

		records[i] = (struct hf_append){ "message", NULL, text, strlen(text) };
	}
}

static void free_records(struct hf_append records[BATCH_MAX], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free((void *)(uintptr_t)records[i].json);
}

static int append(struct player *player, uint32_t count, const struct hf_append_options *options)
{
	struct hf_append records[BATCH_MAX];
	struct hf_ack acks[BATCH_MAX];
	struct hf_detail detail = { 0 };
	struct journal_event *event;
	uint32_t first;
	int rc;

	count = count < BATCH_MAX ? count : BATCH_MAX;
	first = journal_serials(player->journal, count);
	make_records(records, first, count);
	event = begin(player, JOURNAL_APPEND, player->session);
	event->serial = first;
	event->count = count;
	rc = hf_session_append(player->held, options, records, count, &detail, acks);
	for (uint32_t i = 0; rc == HF_OK && i < count; i++)
		journal_place(player->journal, first + i, acks[i].n);
	/* A closed session is resumed first, which is a record too. */
	if (rc == HF_OK && options != NULL && acks[0].n != options->expect_records &&
	    acks[0].n != options->expect_records + 1)
		journal_wrong(player->journal, "an append that expects %" PRIu64 " records is at %" PRIu64,
			      options->expect_records, acks[0].n);
	(void)end(player, event, rc, "appending", &detail);
	free_records(records, count);
	return rc;
}

int player_append(struct player *player, uint32_t count)
{
	return append(player, count, NULL);
}

int player_append_expecting(struct player *player, uint32_t count, uint64_t records)
{
	struct hf_append_options options = { true, records };

	return append(player, count, &options);
}

int player_save(struct player *player, uint32_t count)
{
	struct hf_append records[BATCH_MAX];
	struct hf_detail detail = { 0 };
	struct journal_event *event;
	uint32_t first;
	int rc;

	count = count < BATCH_MAX ? count : BATCH_MAX;
	first = journal_serials(player->journal, count);
	make_records(records, first, count);
	event = begin(player, JOURNAL_SAVE, player->session);
	event->serial = first;
	event->count = count;
	rc = hf_session_save(player->held, NULL, records, count, &detail);
	(void)end(player, event, rc, "saving", &detail);
	free_records(records, count);
	return rc;
}

/* ---- Looking --------------------------------------------------------------------- */

/* The serial of a message whose bytes are what was written; or notes what is wrong. */
static uint32_t read_message(struct player *player, const struct hf_record *record)
{
	struct hf_slice number;
	uint32_t serial;
	char *text;

	if (!hf_json_member(record->data, "s", &number)) {
		journal_wrong(player->journal, "a message without a serial");
		return 0;
	}
	serial = (uint32_t)strtoul(number.data, NULL, 10);
	text = history_text(serial, size_of(serial));
	if (record->data.size != strlen(text) ||
	    memcmp(record->data.data, text, record->data.size) != 0)
		journal_wrong(player->journal, "message %" PRIu32 " is not what was written", serial);
	free(text);
	return serial;
}

static void read_view(struct player *player, const struct hf_view *view,
		      struct journal_event *event)
{
	const struct hf_check *check = hf_view_check(view);
	struct hf_record record = { 0 };
	uint32_t serial;
	uint64_t n = 0;

	event->generation = (uint32_t)hf_view_info(view)->generation;
	event->digest = JOURNAL_DIGEST;
	event->count = 0;
	for (; hf_view_next(view, &record); n++) {
		if (record.n != n)
			journal_wrong(player->journal, "record %" PRIu64 " has number %" PRIu64, n, record.n);
		if (record.type.size != 7 || memcmp(record.type.data, "message", 7) != 0)
			continue;
		serial = read_message(player, &record);
		journal_place(player->journal, serial, n);
		event->digest = journal_digest(event->digest, serial);
		event->count++;
	}
	if (n != check->records)
		journal_wrong(player->journal, "%" PRIu64 " records are read of %" PRIu64, n,
			      check->records);
	if (check->verdict != HF_INTACT &&
	    !(check->verdict == HF_TORN && atomic_load(&player->journal->may_tear)))
		journal_wrong(player->journal, "a view is %s at record %" PRId64 " of %" PRIu64,
			      hf_verdict_name(check->verdict), check->bad_record, n);
}

int player_read(struct player *player, uint32_t session, uint64_t *ret_records)
{
	struct hf_detail detail = { 0 };
	struct hf_view *view = NULL;
	struct journal_event *event;
	char id[HF_ID_SIZE];
	uint64_t moment;
	int rc;

	journal_id(session, id);
	event = begin(player, JOURNAL_READ, session);
	rc = hf_session_load(player->store, id, &detail, &view);
	/* What the view holds does not change any more. */
	moment = journal_now(player->journal);
	if (rc == HF_OK) {
		read_view(player, view, event);
		if (ret_records != NULL)
			*ret_records = hf_view_check(view)->records;
	}
	judge(player, rc, "loading", &detail);
	hf_view_close(view);
	return journal_end_at(event, rc, moment);
}

/* Enters one session of a listing that has begun at a moment. */
static void enter_listed(struct player *player, uint64_t begun, uint32_t session,
			 const struct hf_entry *entry)
{
	struct journal_event *event = begin(player, entry != NULL ? JOURNAL_LIST : JOURNAL_MISS,
					    session);

	event->begun = begun;
	if (entry != NULL) {
		event->generation = (uint32_t)entry->info.generation;
		event->count = (uint32_t)entry->info.messages;
		event->state = (uint8_t)entry->state;
	}
	(void)journal_end(player->journal, event, HF_OK);
}

void player_list(struct player *player)
{
	uint32_t sessions = atomic_load(&player->journal->sessions);
	bool *is_listed = session_memory(JOURNAL_SESSIONS * sizeof *is_listed);
	uint64_t begun = journal_now(player->journal);
	struct hf_detail detail = { 0 };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	uint32_t session = 0;
	int rc = hf_list_open(player->store, NULL, &detail, &list);

	if (rc != HF_OK)
		journal_wrong(player->journal, "listing gave %s: %s", hf_error_name(rc), detail.message);
	while (rc == HF_OK && (rc = hf_list_next(list, &entry)) == HF_OK) {
		if (!journal_number(entry.info.id, &session) || is_listed[session])
			journal_wrong(player->journal, "a listing has %s twice, or nobody made it",
				      entry.info.id);
		is_listed[session] = true;
		if (entry.error != HF_OK)
			journal_wrong(player->journal, "the entry of session %" PRIu32 " says %s", session,
				      hf_error_name(entry.error));
		enter_listed(player, begun, session, &entry);
	}
	session = sessions > MISSED_MAX ? sessions - MISSED_MAX : 0;
	for (; rc == HF_ERR_NOTFOUND && session < sessions; session++) {
		if (!is_listed[session])
			enter_listed(player, begun, session, NULL);
	}
	hf_list_close(list);
	free(is_listed);
}
