/* SPDX-License-Identifier: MIT */
/* Scenarios that resume sessions in full: the attempt is counted, the whole log is checked,
 * and the project's directory is looked at. */
#include "lib/session_expect.h"
#include "lib/session_scenario.h"

/* A directory that there is on every file system. */
#define PROJECT "/"

static int resume(struct hf_store *store, const char *id, uint32_t accept, const char *project,
		  struct hf_detail *detail, struct hf_session **ret_session,
		  struct hf_view **ret_view)
{
	struct hf_resume_options options = { .accept = accept, .project = project };

	return hf_session_resume(store, id, &options, detail, ret_session, ret_view);
}

/* Setups leave sessions whose project is nowhere; here it is where PROJECT is. */
void setup_settled(struct act *act)
{
	struct hf_store *store;

	setup_session(act);
	store = place_open(act->place);
	EXPECT_CODE(scenario_resume_again(store, act->history.id, NULL), HF_OK, "resuming");
	hf_store_close(store);
}

void setup_settled_sealed(struct act *act)
{
	struct hf_session *session = NULL;
	struct hf_store *store;

	setup_settled(act);
	store = place_open(act->place);
	EXPECT_CODE(hf_session_open(store, act->history.id, NULL, NULL, &session), HF_OK, "opening");
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "sealing");
	hf_store_close(store);
}

/* Resumes, reads what is given to the host, and goes on. */
static void run(struct act *act, const char *project)
{
	struct hf_detail detail = { 0 };
	struct hf_view *view = NULL;
	struct history_run seen;
	int rc = resume(act->store, act->history.id, 0, project, &detail, &act->session, &view);

	if (!act_note(act, rc, &detail))
		return;
	history_read(view, &seen);
	hf_view_close(view);
	history_match(&act->history, &seen, false);
	if (act_append(act, SCENARIO_SERIAL, 1, true))
		(void)act_close(act, HF_CLOSE_LEAVE);
}

void scenario_resume(struct act *act)
{
	run(act, NULL);
}

void scenario_resume_moved(struct act *act)
{
	run(act, PROJECT);
}

int scenario_resume_again(struct hf_store *store, const char *id, struct hf_detail *detail)
{
	struct hf_session *session = NULL;
	int rc = resume(store, id, HF_ACCEPT(HF_GAP), PROJECT, detail, &session, NULL);

	return rc == HF_OK ? hf_session_close(session, HF_CLOSE_LEAVE, detail) : rc;
}
