/* SPDX-License-Identifier: MIT */
/* What scenarios find: sessions that are whole, and all that a crash leaves. */
#include <string.h>

#include "lib/session_expect.h"
#include "lib/session_scenario.h"

#define SETUP_ID "11111111-2222-4333-8444-555555555555"

static void create(struct act *act, struct hf_store *store, const char *id, const char *project)
{
	struct hf_session_options options = { .id = id, .name = "a name", .project = project };
	struct hf_detail detail = { 0 };
	int rc;

	rc = hf_session_create(store, &options, &detail, &act->session);
	EXPECT(rc == HF_OK, "creating gave %s: %s", hf_error_name(rc), detail.message);
}

static void close_session(struct act *act, enum hf_close how)
{
	EXPECT_CODE(hf_session_close(act->session, how, NULL), HF_OK, "closing");
	act->session = NULL;
}

/* Opens the session in a store of its own and appends what comes next. */
static void append_apart(struct act *act, uint32_t first, size_t count)
{
	struct hf_store *store = place_open(act->place);

	EXPECT_CODE(hf_session_open(store, act->history.id, NULL, NULL, &act->session), HF_OK,
		    "opening");
	for (size_t i = 0; i < count; i++)
		EXPECT_CODE(history_append(&act->history, act->session, first + (uint32_t)i, 1, true,
					   NULL), HF_OK, "appending");
	close_session(act, HF_CLOSE_LEAVE);
	hf_store_close(store);
}

static void make(struct act *act, size_t count, const char *project)
{
	struct hf_store *store = place_open(act->place);

	create(act, store, SETUP_ID, project);
	memcpy(act->history.id, SETUP_ID, sizeof SETUP_ID);
	act->history.exists = HISTORY_THERE;
	for (size_t i = 0; i < count; i++)
		EXPECT_CODE(history_append(&act->history, act->session, (uint32_t)i, 1, true, NULL),
			    HF_OK, "appending");
	close_session(act, HF_CLOSE_LEAVE);
	hf_store_close(store);
}

void act_make(struct act *act, size_t count)
{
	make(act, count, "/a/project");
}

/* A project's path that is so long that a slot of the head takes many sectors. */
void setup_long(struct act *act)
{
	char project[HF_PROJECT_MAX + 1];

	memset(project, 'p', sizeof project - 1);
	project[0] = '/';
	project[sizeof project - 1] = '\0';
	make(act, SCENARIO_MESSAGES, project);
}

struct place_bytes act_head(struct act *act)
{
	return place_get(act->place, place_name(act->history.id, ".head").text, false);
}

void act_put_head(struct act *act, struct place_bytes *head)
{
	place_put(act->place, place_name(act->history.id, ".head").text, 0, head->data, head->size,
		  true);
	place_free(head);
}

/* Adds bytes behind the log. */
static void add_to_log(struct act *act, const void *bytes, size_t size)
{
	struct place_name name = place_name(act->history.id, ".jsonl");
	struct place_bytes log = place_get(act->place, name.text, false);

	place_put(act->place, name.text, log.size, bytes, size, true);
	place_free(&log);
	act->history.stump = (struct hf_slice){ bytes, size };
}

void setup_session(struct act *act)
{
	act_make(act, SCENARIO_MESSAGES);
}

void setup_torn(struct act *act)
{
	static const char stump[] = "{\"n\":5,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"mess";

	act_make(act, SCENARIO_MESSAGES);
	add_to_log(act, stump, sizeof stump - 1);
}

/* More than is read at once: NUL bytes, as a power cut leaves them. */
void setup_much_torn(struct act *act)
{
	static const char zeros[90 << 10];

	act_make(act, SCENARIO_MESSAGES);
	add_to_log(act, zeros, sizeof zeros);
}

/* Two records that are whole and that the head does not know. */
void setup_unacknowledged(struct act *act)
{
	struct place_bytes head;

	act_make(act, SCENARIO_MESSAGES);
	head = act_head(act);
	append_apart(act, 10, 2);
	act_put_head(act, &head);
}

/* The first of two records that the head does not know is damaged: a gap. */
void setup_gap(struct act *act)
{
	struct place_name name;
	struct place_bytes log;
	struct history before;

	act_make(act, SCENARIO_MESSAGES);
	name = place_name(act->history.id, ".jsonl");
	log = place_get(act->place, name.text, false);
	before = act->history;
	{
		struct place_bytes head = act_head(act);

		append_apart(act, 10, 2);
		act_put_head(act, &head);
	}
	act->history = before;
	place_put(act->place, name.text, log.size + 8, "#", 1, false);
	place_free(&log);
}

void setup_headless(struct act *act)
{
	act_make(act, SCENARIO_MESSAGES);
	place_remove(act->place, place_name(act->history.id, ".head").text);
}

/* A save whose head is still to come. */
void setup_saved(struct act *act)
{
	struct hf_store *store;
	struct place_bytes head;

	act_make(act, SCENARIO_MESSAGES);
	head = act_head(act);
	store = place_open(act->place);
	EXPECT_CODE(hf_session_open(store, act->history.id, NULL, NULL, &act->session), HF_OK,
		    "opening");
	EXPECT_CODE(history_save(&act->history, act->session, 20, 3, NULL), HF_OK, "saving");
	close_session(act, HF_CLOSE_LEAVE);
	hf_store_close(store);
	act_put_head(act, &head);
}

void setup_sealed(struct act *act)
{
	struct hf_store *store;

	act_make(act, SCENARIO_MESSAGES);
	store = place_open(act->place);
	EXPECT_CODE(hf_session_open(store, act->history.id, NULL, NULL, &act->session), HF_OK,
		    "opening");
	close_session(act, HF_CLOSE_SEAL);
	hf_store_close(store);
}

/* Two more sessions, for listings. */
void setup_three(struct act *act)
{
	struct hf_store *store;

	act_make(act, SCENARIO_MESSAGES);
	store = place_open(act->place);
	create(act, store, "11111111-2222-4333-8444-666666666666", "/b");
	close_session(act, HF_CLOSE_LEAVE);
	create(act, store, "11111111-2222-4333-8444-777777777777", NULL);
	close_session(act, HF_CLOSE_SEAL);
	hf_store_close(store);
}
