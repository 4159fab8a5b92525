/* SPDX-License-Identifier: MIT */
/* Removing sessions: into the trash, out of it again, and for good. */
#include "log/move.h"
#include "log/writer.h"
#include "store/store.h"

enum { TRIES_MAX = 3 }; /* a session may be moved that often while it is being removed */

/* Begins a call that changes the session of an id. */
static int begin(struct hf_store *store, const char *id_text, struct report *report,
		 struct storage_id *ret_id)
{
	int rc = store_writable(store, store, report);

	return rc == HF_OK ? store_id(report, id_text, ret_id) : rc;
}

/* Moves a session that is in neither or the one or the other place. */
static int move_once(struct hf_store *store, struct report *report, struct storage_id id,
		     bool to_trash)
{
	struct move_places places = { &store->env, NULL };
	const struct log_env *place = NULL;
	int rc = store_place(store, report, id, &place);

	/* Only what is there needs a trash to be made. */
	if (rc == HF_OK)
		rc = store_trash(store, report, to_trash, &places.trash);
	if (rc != HF_OK)
		return rc;
	if (places.trash == NULL)
		return writer_is_gone(place, report, id) ? HF_ERR_NOTFOUND : HF_OK;
	return move_session(&places, report, id, to_trash);
}

/* Others may move it at the same time, so that it is now here, now there. */
static int move(struct hf_store *store, const char *id_text, bool to_trash,
		struct hf_detail *detail)
{
	struct report report = store_report(store);
	struct storage_id id;
	int rc = begin(store, id_text, &report, &id);

	if (rc != HF_OK)
		return report_deliver(&report, rc, detail);
	rc = move_once(store, &report, id, to_trash);
	for (unsigned tries = 1; rc == HF_ERR_NOTFOUND && tries < TRIES_MAX; tries++)
		rc = move_once(store, &report, id, to_trash);
	if (rc == HF_ERR_NOTFOUND && store_has(store, &report, id))
		rc = report_fail(&report, HF_ERR_BUSY, "move", "others are moving it");
	return report_deliver(&report, rc, detail);
}

int hf_session_trash(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	return move(store, id_text, true, detail);
}

int hf_session_restore(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	return move(store, id_text, false, detail);
}

/* Removes a session from the place where it lives, if it may live there. */
static int remove_once(struct hf_store *store, struct report *report, struct storage_id id,
		       bool only_trash)
{
	const struct log_env *place = NULL;
	const struct log_env *trash = NULL;
	int rc = store_place(store, report, id, &place);

	if (rc == HF_OK && only_trash && place == &store->env)
		return HF_ERR_NOTFOUND;
	if (rc == HF_OK)
		rc = store_trash(store, report, false, &trash);
	if (rc != HF_OK)
		return rc;
	return writer_delete(place, place == &store->env ? trash : &store->env, report, id);
}

static int remove_session(struct hf_store *store, const char *id_text, bool only_trash,
			  struct hf_detail *detail)
{
	struct report report = store_report(store);
	struct storage_id id;
	int rc = begin(store, id_text, &report, &id);

	if (rc == HF_OK)
		rc = remove_once(store, &report, id, only_trash);
	for (unsigned tries = 1; rc == HF_ERR_NOTFOUND && tries < TRIES_MAX; tries++)
		rc = remove_once(store, &report, id, only_trash);
	if (rc == HF_ERR_NOTFOUND && !only_trash && store_has(store, &report, id))
		rc = report_fail(&report, HF_ERR_BUSY, "remove", "others are moving it");
	return report_deliver(&report, rc, detail);
}

int hf_session_delete(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	return remove_session(store, id_text, false, detail);
}

int hf_session_purge(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	return remove_session(store, id_text, true, detail);
}
