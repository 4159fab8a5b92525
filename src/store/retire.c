/* SPDX-License-Identifier: MIT */
#include "store/retire.h"

#include <string.h>

#include "log/move.h"
#include "log/writer.h"

static int remove_for_good(struct hf_store *store, struct report *report, const struct look *seen,
			   struct storage_id id)
{
	const struct log_env *trash = NULL;
	int rc = store_trash(store, report, false, &trash);

	if (rc != HF_OK)
		return rc;
	if (!seen->is_trash)
		return writer_delete_unchanged(&store->env, trash, report, id, &seen->head);
	return trash != NULL ?
		       writer_delete_unchanged(trash, &store->env, report, id, &seen->head) :
		       HF_ERR_NOTFOUND;
}

int retire_session(struct hf_store *store, struct report *report, const struct look *seen,
		   bool for_good)
{
	struct move_places places = { .outside = &store->env };
	struct storage_id id;
	int rc;

	memcpy(id.bytes, seen->head.session, sizeof id.bytes);
	if (for_good)
		return remove_for_good(store, report, seen, id);
	rc = store_trash(store, report, true, &places.trash);
	return rc == HF_OK ? move_unchanged(&places, report, id, &seen->head) : rc;
}
