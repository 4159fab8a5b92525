/* SPDX-License-Identifier: MIT */
#include "lib/session_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/session_expect.h"

enum { SERIAL_AFTER = 900 }; /* of what is appended to see that it can be done */

/* Whether a listing of both places has the session; it has it once. */
static bool is_listed(struct hf_store *store, const char *id, int *ret_error)
{
	struct hf_list_options all = { .states = UINT32_MAX };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	unsigned count = 0;
	int rc = hf_list_open(store, &all, NULL, &list);

	EXPECT_CODE(rc, HF_OK, "listing");
	while ((rc = hf_list_next(list, &entry)) == HF_OK) {
		if (strcmp(entry.info.id, id) == 0) {
			count++;
			*ret_error = entry.error;
			EXPECT(!entry.active, "the session is still locked");
		}
	}
	EXPECT_CODE(rc, HF_ERR_NOTFOUND, "the end of a listing");
	hf_list_close(list);
	EXPECT(count <= 1, "the session is listed %u times", count);
	return count > 0;
}

static void match_truncated(const struct history *history, const struct history_run *seen)
{
	size_t count = seen->count < history->kept.count ? seen->count : history->kept.count;

	EXPECT(memcmp(seen->serials, history->kept.serials, count * sizeof seen->serials[0]) == 0,
	       "other messages than were written");
}

static void look(struct hf_store *store, const struct history *history,
		 const struct session_rules *rules, struct session_found *found)
{
	struct hf_detail detail = { 0 };
	struct hf_view *view = NULL;
	struct hf_check check;
	int rc = hf_session_load(store, history->id, &detail, &view);

	if (rc == HF_ERR_NOTFOUND && history->exists != HISTORY_THERE) {
		found->is_there = false;
		return;
	}
	EXPECT(rc == HF_OK, "loading gave %s: %s", hf_error_name(rc), detail.message);
	EXPECT(history->exists != HISTORY_GONE, "a session that was removed is there");
	check = *hf_view_check(view);
	found->is_there = true;
	found->verdict = check.verdict;
	found->acknowledged = check.acknowledged;
	EXPECT((HF_ACCEPT(check.verdict) & rules->verdicts) != 0,
	       "the verdict is %s at record %" PRId64 " of %" PRIu64 " (%" PRIu64 " acknowledged)",
	       hf_verdict_name(check.verdict), check.bad_record, check.records,
	       check.acknowledged);
	history_read(view, &found->seen);
	hf_view_close(view);
	if (rules->may_lose)
		match_truncated(history, &found->seen);
	else
		history_match(history, &found->seen, rules->part);
	EXPECT_CODE(hf_session_verify(store, history->id, NULL, NULL, NULL, &check), HF_OK,
		    "verifying");
	EXPECT(check.verdict == found->verdict, "verifying says %s, loading %s",
	       hf_verdict_name(check.verdict), hf_verdict_name(found->verdict));
}

static void look_at(struct hf_store *store, const struct history *history,
		    const struct session_rules *rules, struct session_found *ret_found)
{
	int error = HF_OK;
	bool listed;

	*ret_found = (struct session_found){ .verdict = HF_INTACT };
	look(store, history, rules, ret_found);
	listed = is_listed(store, history->id, &error);
	EXPECT(listed == ret_found->is_there, "listed: %d, there: %d", listed, ret_found->is_there);
	if (listed && ret_found->verdict <= HF_TORN)
		EXPECT_CODE(error, HF_OK, "the entry of the session");
}

void session_look(const struct place *place, const struct history *history,
		  const struct session_rules *rules, struct session_found *ret_found)
{
	struct hf_store *store = place_open(place);

	look_at(store, history, rules, ret_found);
	hf_store_close(store);
}

void session_repair(struct hf_store *store, const char *id, uint32_t accept)
{
	struct hf_detail detail = { 0 };
	struct hf_repair repair;
	int rc;

	if ((accept & HF_ACCEPT(HF_TAMPERED)) == 0)
		return;
	rc = hf_session_repair(store, id, accept, false, &detail, &repair);
	EXPECT(rc == HF_OK, "repairing gave %s: %s", hf_error_name(rc), detail.message);
}

/* Opens the session for writing and appends. */
static void go_on(struct hf_store *store, struct history *history,
		  const struct session_rules *rules, uint32_t serial)
{
	struct hf_open_options options = { .accept = rules->accept };
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	int rc = hf_session_open(store, history->id, &options, &detail, &session);

	EXPECT(rc == HF_OK, "opening gave %s: %s", hf_error_name(rc), detail.message);
	rc = history_append(history, session, serial, 1, true, &detail);
	EXPECT(rc == HF_OK, "appending gave %s: %s", hf_error_name(rc), detail.message);
	rc = hf_session_close(session, HF_CLOSE_LEAVE, &detail);
	EXPECT(rc == HF_OK, "closing gave %s: %s", hf_error_name(rc), detail.message);
}

/* Makes a session of the id that is free. */
static void create_again(struct hf_store *store, struct history *history)
{
	struct hf_session_options options = { .id = history->id };
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	int rc = hf_session_create(store, &options, &detail, &session);

	EXPECT(rc == HF_OK, "creating gave %s: %s", hf_error_name(rc), detail.message);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	history->exists = HISTORY_THERE;
	history->kept.count = 0;
}

/* A repair of what is mended changes nothing. */
static void repair_again(struct hf_store *store, const struct place *place,
			 const struct history *history, const struct session_rules *rules)
{
	struct place_name name = place_name(history->id, ".jsonl");
	struct place_bytes before = place_get(place, name.text, false);
	struct place_bytes after;
	struct hf_repair repair = { .changed = true };
	int rc = hf_session_repair(store, history->id, rules->accept, false, NULL, &repair);

	EXPECT_CODE(rc, HF_OK, "repairing again");
	EXPECT(!repair.changed, "a second repair changed something");
	after = place_get(place, name.text, false);
	EXPECT(before.size == after.size && memcmp(before.data, after.data, before.size) == 0,
	       "a second repair changed the log");
	place_free(&before);
	place_free(&after);
}

static bool is_aside(const struct place *place, const struct history *history,
		     enum hf_verdict verdict)
{
	bool is_it = false;

	for (unsigned number = 0; number < 8 && !is_it; number++) {
		char name[120];
		struct place_bytes kept;

		(void)snprintf(name, sizeof name, "quarantine/%s.%s.%u", history->id,
			       hf_verdict_name(verdict), number);
		kept = place_get(place, name, true);
		is_it = kept.size == history->stump.size && kept.size > 0 &&
			memcmp(kept.data, history->stump.data, kept.size) == 0;
		place_free(&kept);
	}
	return is_it;
}

/* A stump that was mended is in the quarantine, byte for byte. */
static void find_stump(const struct place *place, const struct history *history)
{
	for (enum hf_verdict verdict = HF_TORN; verdict <= HF_TAMPERED; verdict++) {
		if (is_aside(place, history, verdict))
			return;
	}
	session_fail(__FILE__, __LINE__, "the bytes that were cut off are not in the quarantine");
}

static bool has_log(const struct place *place, const char *dir, const char *id)
{
	char name[80];
	struct place_bytes log;
	bool is_there;

	(void)snprintf(name, sizeof name, "%s/%s.jsonl", dir, id);
	log = place_get(place, name, true);
	is_there = log.data != NULL;
	place_free(&log);
	return is_there;
}

/* Completes a move that was cut short, and brings the session back if it is in the trash. */
static void complete(struct hf_store *store, const struct place *place,
		     const struct history *history, const struct session_rules *rules,
		     struct session_found *found)
{
	struct hf_detail detail = { 0 };
	bool is_trashed;
	int rc;

	EXPECT(!has_log(place, "sessions", history->id) || !has_log(place, "trash", history->id),
	       "the session is in both places");
	if (rules->finish != NULL) {
		rc = rules->finish(store, history->id, &detail);
		EXPECT(rc == HF_OK || (!found->is_there && rc == HF_ERR_NOTFOUND),
		       "doing it once more gave %s: %s", hf_error_name(rc), detail.message);
		look_at(store, history, rules, found);
		EXPECT(found->is_there == (rules->finish != hf_session_purge),
		       "after doing it once more the session is %s", found->is_there ? "there" : "gone");
	}
	is_trashed = has_log(place, "trash", history->id);
	EXPECT(rules->finish == NULL || is_trashed == (rules->finish == hf_session_trash),
	       "after doing it once more the session is in the wrong place");
	if (is_trashed)
		EXPECT_CODE(hf_session_restore(store, history->id, NULL), HF_OK, "restoring");
	EXPECT(!has_log(place, "trash", history->id), "the session is still in the trash");
}

void session_check(const struct place *place, struct history *history,
		   const struct session_rules *rules, struct session_found *ret_found)
{
	struct session_rules whole = *rules;
	struct session_found after;
	struct hf_store *store = place_open(place);

	look_at(store, history, rules, ret_found);
	complete(store, place, history, rules, ret_found);
	if (!ret_found->is_there)
		create_again(store, history);
	history_settle(history, &ret_found->seen);
	history->exists = HISTORY_THERE;
	session_repair(store, history->id, rules->accept);
	go_on(store, history, rules, SERIAL_AFTER);
	/* It was mended, so that it is whole; only a weak key stays weak. */
	whole.verdicts = SESSION_WHOLE | (rules->verdicts & HF_ACCEPT(HF_WEAK_KEY));
	whole.part = false;
	whole.may_lose = false;
	look_at(store, history, &whole, &after);
	repair_again(store, place, history, &whole);
	if (ret_found->is_there && history->stump.size > 0)
		find_stump(place, history);
	if (rules->is_brief) {
		hf_store_close(store);
		return;
	}
	go_on(store, history, &whole, SERIAL_AFTER + 1);
	/* The same id once more, also after the session was opened anew, is not written. */
	go_on(store, history, &whole, SERIAL_AFTER + 1);
	session_look(place, history, &whole, &after);
	hf_store_close(store);
}
