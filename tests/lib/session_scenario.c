/* SPDX-License-Identifier: MIT */
#include "lib/session_scenario.h"

#include <string.h>

#include "lib/session_expect.h"

#define FRESH_ID "99999999-aaaa-4bbb-8ccc-dddddddddddd"

enum { PADDED_COMMITS = 9 }; /* a handle pads its log from here on */

/* ---- Steps ----------------------------------------------------------------------- */

struct act act_begin(const struct place *place, const struct history *history)
{
	struct act act = { .place = place, .again = 1 };

	if (history != NULL)
		act.history = *history;
	return act;
}

void act_ready(struct act *act, const struct scenario *scenario, const struct sys *sys)
{
	struct hf_key_info key;

	act->sys = sys;
	act->accept = scenario->accept;
	if (scenario->is_storeless)
		return;
	EXPECT_CODE(place_try(act->place, sys, NULL, &act->store), HF_OK, "opening the store");
	if (scenario->setup != NULL)
		EXPECT_CODE(hf_key_prepare(act->store, NULL, &key), HF_OK, "preparing the key");
	if (scenario->ready != NULL)
		scenario->ready(act);
}

void act_end(struct act *act)
{
	if (act->session != NULL)
		(void)act_close(act, HF_CLOSE_LEAVE);
	hf_store_close(act->store);
	act->store = NULL;
}

bool act_note(struct act *act, int rc, const struct hf_detail *detail)
{
	if (rc == HF_OK)
		return true;
	if (act->rc == HF_OK) {
		act->rc = rc;
		act->detail = *detail;
	}
	return false;
}

bool act_append(struct act *act, uint32_t first, size_t count, bool with_ids)
{
	struct hf_detail detail = { 0 };
	int rc = history_append(&act->history, act->session, first, count, with_ids, &detail);

	if (act_note(act, rc, &detail))
		return true;
	if (act->again == 1)
		act->again = history_append(&act->history, act->session, first + 50, 1, with_ids,
					    &detail);
	return false;
}

bool act_open(struct act *act, uint32_t accept)
{
	struct hf_open_options options = { .accept = accept };
	struct hf_detail detail = { 0 };

	return act_note(act, hf_session_open(act->store, act->history.id, &options, &detail,
					     &act->session), &detail);
}

bool act_close(struct act *act, enum hf_close how)
{
	struct hf_detail detail = { 0 };
	int rc = hf_session_close(act->session, how, &detail);

	act->session = NULL;
	return act_note(act, rc, &detail);
}

/* ---- What gets ready ------------------------------------------------------------- */

static void ready_open(struct act *act)
{
	EXPECT(act_open(act, 0), "opening gave %s", hf_error_name(act->rc));
}

/* A handle that has written so much that it pads, or did so once already. */
static void ready_padding(struct act *act)
{
	ready_open(act);
	for (uint32_t i = 0; i < PADDED_COMMITS - 1; i++)
		EXPECT(act_append(act, 30 + i, 1, false), "appending gave %s",
		       hf_error_name(act->rc));
}

static void ready_padded(struct act *act)
{
	ready_padding(act);
	EXPECT(act_append(act, 40, 1, false), "appending gave %s", hf_error_name(act->rc));
}

/* Something that is not synced yet. */
static void ready_unsynced(struct act *act)
{
	ready_open(act);
	EXPECT(act_append(act, 30, 2, false), "appending gave %s", hf_error_name(act->rc));
}

/* ---- Operations ------------------------------------------------------------------ */

static void run_store(struct act *act)
{
	struct hf_detail detail = { 0 };

	(void)act_note(act, place_try(act->place, act->sys, &detail, &act->store), &detail);
}

void scenario_key(struct act *act)
{
	struct hf_detail detail = { 0 };
	struct hf_key_info key;

	if (act_note(act, hf_key_prepare(act->store, &detail, &key), &detail) &&
	    key.state == HF_KEY_CURRENT)
		memcpy(act->key_id, key.id, sizeof act->key_id);
}

static void run_create(struct act *act)
{
	struct hf_session_options options = { .id = FRESH_ID, .name = "fresh" };
	struct hf_detail detail = { 0 };

	memcpy(act->history.id, FRESH_ID, sizeof FRESH_ID);
	act->history.exists = HISTORY_UNSURE;
	act->history.kept.count = 0;
	if (!act_note(act, hf_session_create(act->store, &options, &detail, &act->session), &detail))
		return;
	act->history.exists = HISTORY_THERE;
	for (uint32_t i = 0; i < 4; i++) {
		if (!act_append(act, SCENARIO_SERIAL + i, 1, true))
			return;
	}
	(void)act_close(act, HF_CLOSE_LEAVE);
}

static void run_append(struct act *act)
{
	for (uint32_t i = 0; i < 3; i++) {
		if (!act_append(act, SCENARIO_SERIAL + i, 1, false))
			return;
	}
}

static void run_batch(struct act *act)
{
	if (act_append(act, SCENARIO_SERIAL, 4, false))
		(void)act_append(act, SCENARIO_SERIAL + 4, 2, false);
}

static void run_ids(struct act *act)
{
	/* The first of these is in the session already. */
	if (act_append(act, SCENARIO_MESSAGES - 1, 3, true))
		(void)act_append(act, SCENARIO_SERIAL, 1, true);
}

static void run_large(struct act *act)
{
	(void)act_append(act, HISTORY_BIG, 2, false);
}

static void run_open_sealed(struct act *act)
{
	if (act_open(act, 0) && act_append(act, SCENARIO_SERIAL, 1, true))
		(void)act_close(act, HF_CLOSE_SEAL);
}

static void run_save(struct act *act)
{
	struct hf_detail detail = { 0 };
	int rc = history_save(&act->history, act->session, SCENARIO_SERIAL, 5, &detail);

	act->is_save = true;
	if (act_note(act, rc, &detail))
		(void)act_append(act, SCENARIO_SERIAL + 10, 1, false);
	else
		act->again = history_append(&act->history, act->session, SCENARIO_SERIAL + 20, 1, false,
					    &detail);
}

/* More than one piece. */
static void run_save_much(struct act *act)
{
	struct hf_detail detail = { 0 };

	act->is_save = true;
	(void)act_note(act, history_save(&act->history, act->session, HISTORY_BIG, 4, &detail),
		       &detail);
}

static void run_seal(struct act *act)
{
	(void)act_close(act, HF_CLOSE_SEAL);
}

static void run_leave(struct act *act)
{
	(void)act_close(act, HF_CLOSE_LEAVE);
}

static void run_sync(struct act *act)
{
	struct hf_detail detail = { 0 };

	if (!act_note(act, hf_session_sync(act->session, &detail), &detail))
		act->again = history_append(&act->history, act->session, SCENARIO_SERIAL + 20, 1, false,
					    &detail);
}

static void run_open(struct act *act)
{
	if (act_open(act, 0))
		(void)act_append(act, SCENARIO_SERIAL, 1, true);
}

static void run_repair(struct act *act)
{
	struct hf_detail detail = { 0 };
	struct hf_repair repaired;

	(void)act_note(act, hf_session_repair(act->store, act->history.id, act->accept, false,
					      &detail, &repaired), &detail);
}

static void run_delete(struct act *act)
{
	struct hf_detail detail = { 0 };

	act->history.exists = HISTORY_UNSURE;
	if (act_note(act, hf_session_delete(act->store, act->history.id, &detail), &detail))
		act->history.exists = HISTORY_GONE;
}

void scenario_list(struct act *act)
{
	struct hf_detail detail = { 0 };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;
	int rc;

	if (!act_note(act, hf_list_open(act->store, NULL, &detail, &list), &detail))
		return;
	while ((rc = hf_list_next(list, &entry)) == HF_OK) {
		count++;
		EXPECT(entry.info.records > 0 || entry.error != HF_OK, "an entry of nothing");
	}
	hf_list_close(list);
	EXPECT_CODE(rc, HF_ERR_NOTFOUND, "the end of a listing");
	act->again = count == 3 ? HF_OK : HF_ERR_NOTFOUND;
}

static void run_verify(struct act *act)
{
	struct hf_detail detail = { 0 };
	struct hf_check check = { 0 };

	if (act_note(act, hf_session_verify(act->store, act->history.id, NULL, NULL, &detail, &check),
		     &detail))
		act->again = hf_verdict_error(check.verdict);
}

static void run_load(struct act *act)
{
	struct hf_detail detail = { 0 };
	struct hf_view *view = NULL;
	struct history_run seen;

	if (!act_note(act, hf_session_load(act->store, act->history.id, &detail, &view), &detail))
		return;
	act->again = hf_verdict_error(hf_view_check(view)->verdict);
	history_read(view, &seen);
	hf_view_close(view);
	if (act->again == HF_OK)
		history_match(&act->history, &seen, false);
}

/* ---- The table ------------------------------------------------------------------- */

#define GAP_OR (SESSION_TORN | 1 << HF_GAP)
#define HEADLESS_OR (SESSION_WHOLE | 1 << HF_HEAD_MISSING)
#define CUT_OR (SESSION_WHOLE | 1 << HF_TRUNCATED)
#define CHANGED_OR (CUT_OR | 1 << HF_TAMPERED)
#define OLD_OR (SESSION_WHOLE | 1 << HF_ROLLED_BACK)

const struct scenario scenarios[] = {
	{ "make a store", HF_SYNC, 1, SESSION_WHOLE, 0, true, false, NULL, NULL, run_store },
	{ "make a key", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, NULL, NULL, scenario_key },
	{ "create the first session", HF_SYNC, 1, SESSION_TORN | 1 << HF_WEAK_KEY, 0, false, false,
	  NULL, NULL, run_create },
	{ "open a store", HF_SYNC, 1, SESSION_WHOLE, 0, true, false, setup_session, NULL, run_store },
	{ "read the key", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, setup_session, NULL,
	  scenario_key },
	{ "create", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, NULL, run_create },
	{ "append", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_open, run_append },
	{ "append at os", HF_OS, 1, SESSION_TORN, 0, false, false, setup_session, ready_open,
	  run_append },
	{ "append at strict", HF_STRICT, 1, SESSION_TORN, 0, false, false, setup_session, ready_open,
	  run_append },
	/* A slot of many sectors may tear, but never both. */
	{ "append to a session with long texts", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_long,
	  ready_open, run_append },
	{ "append to a session with long texts at strict", HF_STRICT, 1, SESSION_TORN, 0, false, false,
	  setup_long, ready_open, run_append },
	{ "append a batch", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_open,
	  run_batch },
	{ "append a batch at strict", HF_STRICT, 1, SESSION_TORN, 0, false, false, setup_session,
	  ready_open, run_batch },
	{ "append with ids", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_open,
	  run_ids },
	{ "append large records", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session,
	  ready_open, run_large },
	{ "append and pad", HF_SYNC, 2000, SESSION_TORN, 0, false, false, setup_session,
	  ready_padding, run_append },
	{ "append into padding", HF_SYNC, 2000, SESSION_TORN, 0, false, false, setup_session,
	  ready_padded, run_batch },
	{ "append into padding at strict", HF_STRICT, 2000, SESSION_TORN, 0, false, false,
	  setup_session, ready_padded, run_batch },
	{ "open a sealed session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_sealed, NULL,
	  run_open_sealed },
	{ "save", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_open, run_save },
	{ "save at os", HF_OS, 1, SESSION_TORN, 0, false, false, setup_session, ready_unsynced,
	  run_save },
	{ "save at strict", HF_STRICT, 1, SESSION_TORN, 0, false, false, setup_session, ready_padded,
	  run_save },
	{ "save much", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_open,
	  run_save_much },
	{ "seal", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, ready_unsynced, run_seal },
	{ "seal a padded log", HF_SYNC, 2000, SESSION_TORN, 0, false, false, setup_session,
	  ready_padded, run_seal },
	{ "seal at os", HF_OS, 1, SESSION_TORN, 0, false, false, setup_session, ready_unsynced,
	  run_seal },
	{ "leave a padded log", HF_SYNC, 2000, SESSION_TORN, 0, false, false, setup_session,
	  ready_padded, run_leave },
	{ "sync at os", HF_OS, 1, SESSION_TORN, 0, false, false, setup_session, ready_unsynced,
	  run_sync },
	{ "open", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, NULL, run_open },
	{ "open a torn session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_torn, NULL,
	  run_open },
	{ "open a torn session at strict", HF_STRICT, 1, SESSION_TORN, 0, false, false, setup_torn,
	  NULL, run_open },
	{ "open a session with many NULs", HF_SYNC, 1, SESSION_TORN, 0, false, false,
	  setup_much_torn, NULL, run_open },
	{ "open a session that is ahead of its head", HF_SYNC, 1, SESSION_TORN, 0, false, false,
	  setup_unacknowledged, NULL, run_open },
	{ "open a session saved ahead of its head", HF_SYNC, 1, SESSION_TORN, 0, false, false,
	  setup_saved, NULL, run_open },
	{ "resume", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_settled, NULL, scenario_resume },
	{ "resume a sealed session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_settled_sealed,
	  NULL, scenario_resume },
	{ "resume a session whose project moved", HF_SYNC, 1, SESSION_TORN, 0, false, false,
	  setup_session, NULL, scenario_resume_moved },
	{ "resume a torn session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_torn, NULL,
	  scenario_resume_moved },
	{ "repair a whole session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_session, NULL,
	  run_repair },
	{ "repair a torn session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_torn, NULL,
	  run_repair },
	{ "repair a gap", HF_SYNC, 1, GAP_OR, HF_ACCEPT(HF_GAP), false, false, setup_gap, NULL,
	  run_repair },
	{ "repair a missing head", HF_SYNC, 1, HEADLESS_OR, HF_ACCEPT(HF_HEAD_MISSING), false, false,
	  setup_headless, NULL, run_repair },
	{ "repair a gap without a head", HF_SYNC, 1, HEADLESS_OR | 1 << HF_GAP,
	  HF_ACCEPT(HF_HEAD_MISSING) | HF_ACCEPT(HF_GAP), false, false, setup_gap_headless, NULL,
	  run_repair },
	{ "repair a log that was cut a little", HF_SYNC, 1, CUT_OR, HF_ACCEPT(HF_TRUNCATED), false,
	  false, setup_cut_a_little, NULL, run_repair },
	{ "repair a log that was cut much", HF_SYNC, 1, CUT_OR, HF_ACCEPT(HF_TRUNCATED), false, false,
	  setup_cut_much, NULL, run_repair },
	{ "repair a log with a changed end", HF_SYNC, 1, CHANGED_OR, HF_ACCEPT(HF_TAMPERED), false,
	  false, setup_changed_last, NULL, run_repair },
	{ "repair a log that was changed before its end", HF_SYNC, 1, CHANGED_OR,
	  HF_ACCEPT(HF_TAMPERED), false, false, setup_changed_before, NULL, run_repair },
	{ "repair a log that was rolled back", HF_SYNC, 1, OLD_OR, HF_ACCEPT(HF_ROLLED_BACK), false,
	  false, setup_rolled_back, NULL, run_repair },
	{ "repair a torn log that was rolled back", HF_SYNC, 1, OLD_OR, HF_ACCEPT(HF_ROLLED_BACK),
	  false, false, setup_rolled_back_torn, NULL, run_repair },
	{ "delete", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, setup_session, NULL, run_delete },
	{ "delete a torn session", HF_SYNC, 1, SESSION_TORN, 0, false, false, setup_torn, NULL,
	  run_delete },
	{ "trash", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, setup_session, NULL, scenario_trash },
	{ "trash a session without a head", HF_SYNC, 1, HEADLESS_OR, HF_ACCEPT(HF_HEAD_MISSING),
	  false, false, setup_headless, NULL, scenario_trash },
	{ "trash what was trashed but for the rest", HF_SYNC, 1, SESSION_WHOLE, 0, false, false,
	  setup_rest_outside, NULL, scenario_trash },
	{ "restore", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, setup_trashed, NULL,
	  scenario_restore },
	{ "restore what never came to the trash", HF_SYNC, 1, SESSION_WHOLE, 0, false, false,
	  setup_rest_in_trash, NULL, scenario_restore },
	{ "purge", HF_SYNC, 1, SESSION_WHOLE, 0, false, false, setup_rest_outside, NULL,
	  scenario_purge },
	{ "delete what was to be trashed", HF_SYNC, 1, SESSION_WHOLE, 0, false, false,
	  setup_rest_in_trash, NULL, run_delete },
	{ "list", HF_SYNC, 1, SESSION_WHOLE, 0, false, true, setup_three, NULL, scenario_list },
	{ "verify", HF_SYNC, 1, SESSION_WHOLE, 0, false, true, setup_session, NULL, run_verify },
	{ "verify what is ahead of its head", HF_SYNC, 1, SESSION_WHOLE, 0, false, true,
	  setup_unacknowledged, NULL, run_verify },
	{ "load", HF_SYNC, 1, SESSION_WHOLE, 0, false, true, setup_session, NULL, run_load },
	{ "load from the trash", HF_SYNC, 1, SESSION_WHOLE, 0, false, true, setup_trashed, NULL,
	  run_load },
	{ "load what was saved ahead of its head", HF_SYNC, 1, SESSION_WHOLE, 0, false, true,
	  setup_saved, NULL, run_load },
};
const size_t scenario_count = sizeof scenarios / sizeof scenarios[0];
