/* SPDX-License-Identifier: MIT */
/* Scenarios that move sessions between the two places of a store, and remove them there. */
#include <stdio.h>

#include "lib/session_expect.h"
#include "lib/session_scenario.h"

/* ---- What is there before -------------------------------------------------------- */

static void trash(struct act *act)
{
	struct hf_store *store = place_open(act->place);

	EXPECT_CODE(hf_session_trash(store, act->history.id, NULL), HF_OK, "trashing");
	hf_store_close(store);
}

void setup_trashed(struct act *act)
{
	setup_session(act);
	trash(act);
}

/* Copies a head to where a move that was cut short leaves one. */
static void copy_head(struct act *act, const char *from, const char *to)
{
	char name[80];
	struct place_bytes head;

	(void)snprintf(name, sizeof name, "%s/%s.head", from, act->history.id);
	head = place_get(act->place, name, false);
	(void)snprintf(name, sizeof name, "%s/%s.head", to, act->history.id);
	place_put(act->place, name, 0, head.data, head.size, true);
	place_free(&head);
}

void setup_rest_in_trash(struct act *act)
{
	char path[400];

	setup_session(act);
	(void)snprintf(path, sizeof path, "%s/trash", act->place->store);
	place_mkdir(act->place, path);
	copy_head(act, "sessions", "trash");
}

void setup_rest_outside(struct act *act)
{
	setup_trashed(act);
	copy_head(act, "trash", "sessions");
}

/* ---- What is done ---------------------------------------------------------------- */

static void run(struct act *act, session_operation operation)
{
	struct hf_detail detail = { 0 };

	(void)act_note(act, operation(act->store, act->history.id, &detail), &detail);
}

void scenario_trash(struct act *act)
{
	run(act, hf_session_trash);
}

void scenario_restore(struct act *act)
{
	run(act, hf_session_restore);
}

void scenario_purge(struct act *act)
{
	act->history.exists = HISTORY_UNSURE;
	run(act, hf_session_purge);
	if (act->rc == HF_OK)
		act->history.exists = HISTORY_GONE;
}

session_operation scenario_finish(const struct scenario *scenario)
{
	if (scenario->run == scenario_trash)
		return hf_session_trash;
	if (scenario->run == scenario_restore)
		return hf_session_restore;
	if (scenario->run == scenario_resume || scenario->run == scenario_resume_moved)
		return scenario_resume_again;
	return scenario->run == scenario_purge ? hf_session_purge : NULL;
}
