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

int hf_session_trash(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	struct report report = store_report(store);
	struct move_places places = { NULL, NULL };
	const struct log_env *place = NULL;
	struct storage_id id;
	int rc = begin(store, id_text, &report, &id);

	/* Only what is there needs a trash to be made. */
	if (rc == HF_OK)
		rc = store_place(store, &report, id, &place);
	if (rc == HF_OK)
		rc = store_trash(store, &report, true, &places.trash);
	if (rc == HF_OK) {
		places.outside = &store->env;
		rc = move_session(&places, &report, id, true);
	}
	return report_deliver(&report, rc, detail);
}

int hf_session_restore(struct hf_store *store, const char *id_text, struct hf_detail *detail)
{
	struct report report = store_report(store);
	struct move_places places = { NULL, NULL };
	const struct log_env *place = NULL;
	struct storage_id id;
	int rc = begin(store, id_text, &report, &id);

	if (rc == HF_OK)
		rc = store_place(store, &report, id, &place);
	if (rc == HF_OK)
		rc = store_trash(store, &report, false, &places.trash);
	if (rc == HF_OK && places.trash == NULL) {
		rc = writer_is_gone(place, &report, id) ? HF_ERR_NOTFOUND : HF_OK;
	} else if (rc == HF_OK) {
		places.outside = &store->env;
		rc = move_session(&places, &report, id, false);
	}
	return report_deliver(&report, rc, detail);
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
