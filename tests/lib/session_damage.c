/* SPDX-License-Identifier: MIT */
/* Setups of sessions that are gone on with only if their verdict is accepted. Each keeps what
 * verifies, and what is to be found in the quarantine afterwards. */
#include <string.h>

#include "lib/session_expect.h"
#include "lib/session_scenario.h"

enum {
	LAST = 3,        /* number of the last record, which is shorter than one of a repair */
	ASIDE_MAX = 4096,
};

/* What should go to the quarantine; a process sets up one session. */
static char aside[ASIDE_MAX];

static struct place_bytes get_log(const struct act *act)
{
	return place_get(act->place, place_name(act->history.id, ".jsonl").text, false);
}

static void put_in_log(const struct act *act, size_t at, const char *bytes, size_t size, bool cut)
{
	place_put(act->place, place_name(act->history.id, ".jsonl").text, at, bytes, size, cut);
}

static struct hf_store *open_session(struct act *act)
{
	struct hf_store *store = place_open(act->place);

	EXPECT_CODE(hf_session_open(store, act->history.id, NULL, NULL, &act->session), HF_OK,
		    "opening");
	return store;
}

static void close_session(struct act *act, struct hf_store *store)
{
	EXPECT_CODE(hf_session_close(act->session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	act->session = NULL;
	hf_store_close(store);
}

/* Three messages, the last one of them short. */
static void make(struct act *act)
{
	struct hf_store *store;

	act_make(act, LAST - 1);
	store = open_session(act);
	EXPECT_CODE(history_append(&act->history, act->session, 0, 1, false, NULL), HF_OK,
		    "appending");
	close_session(act, store);
}

/* Where record n begins. */
static size_t start_of(const struct act *act, unsigned n)
{
	struct place_bytes log = get_log(act);
	const char *at = log.data;
	size_t start;

	while (n-- > 0 && at != NULL) {
		at = memchr(at, '\n', log.size - (size_t)(at - log.data));
		at = at != NULL ? at + 1 : NULL;
	}
	EXPECT(at != NULL, "the log has too few records");
	start = (size_t)(at - log.data);
	place_free(&log);
	return start;
}

/* What verifies ends before record n (of messages alone), which begins at an offset; what
 * follows is to come to the quarantine. */
static void keep_before(struct act *act, unsigned n, size_t start)
{
	struct place_bytes log = get_log(act);
	size_t size = log.size - start;

	EXPECT(size <= sizeof aside, "too much goes to the quarantine");
	memcpy(aside, log.data + start, size);
	act->history.stump = (struct hf_slice){ aside, size };
	act->history.kept.count = n - 1;
	place_free(&log);
}

/* Less is missing than the record of the repair takes. */
void setup_cut_a_little(struct act *act)
{
	size_t start;

	make(act);
	start = start_of(act, LAST);
	put_in_log(act, start, "", 0, true);
	keep_before(act, LAST, start);
}

/* More is missing than that, and a stump is left. */
void setup_cut_much(struct act *act)
{
	size_t start;

	make(act);
	start = start_of(act, LAST - 1);
	put_in_log(act, start + 10, "", 0, true);
	keep_before(act, LAST - 1, start);
}

static void change(struct act *act, unsigned n)
{
	size_t start;

	make(act);
	start = start_of(act, n);
	put_in_log(act, start + 8, "#", 1, false);
	keep_before(act, n, start);
}

void setup_changed_last(struct act *act)
{
	change(act, LAST);
}

void setup_changed_before(struct act *act)
{
	change(act, LAST - 1);
}

/* The log of before a save stands under the head of after it. */
void setup_rolled_back(struct act *act)
{
	struct place_bytes log;
	struct history before;
	struct hf_store *store;

	make(act);
	log = get_log(act);
	before = act->history;
	store = open_session(act);
	EXPECT_CODE(history_save(&act->history, act->session, 20, 1, NULL), HF_OK, "saving");
	close_session(act, store);
	act->history = before;
	put_in_log(act, 0, log.data, log.size, true);
	place_free(&log);
}

void setup_rolled_back_torn(struct act *act)
{
	static const char stump[] = "{\"n\":4,\"at\":";
	struct place_bytes log;

	setup_rolled_back(act);
	log = get_log(act);
	put_in_log(act, log.size, stump, sizeof stump - 1, true);
	place_free(&log);
	act->history.stump = (struct hf_slice){ stump, sizeof stump - 1 };
}

/* Neither a head, nor all that was written. */
void setup_gap_headless(struct act *act)
{
	change(act, LAST - 1);
	place_remove(act->place, place_name(act->history.id, ".head").text);
}
