/* SPDX-License-Identifier: MIT */
/* Who holds a session. */
#include "base/text.h"
#include "log/writer.h"
#include "store/store.h"

int hf_session_who(struct hf_store *store, const char *id_text, struct hf_detail *detail,
		   struct hf_holder *ret_holder)
{
	struct report report = store_report(store);
	struct storage_holder found = { .is_held = false };
	const struct log_env *place = NULL;
	struct storage_id id = { { 0 } };
	int rc = store_check_call(store, ret_holder, &report);

	if (rc == HF_OK)
		rc = store_id(&report, id_text, &id);
	if (rc == HF_OK)
		rc = store_place(store, &report, id, &place);
	if (rc == HF_OK && writer_is_gone(place, &report, id) && !store_has(store, &report, id))
		rc = HF_ERR_NOTFOUND;
	if (rc == HF_OK)
		rc = place->storage->ops->holder(place->storage, &report, id, &found);
	if (rc == HF_OK) {
		struct hf_holder holder = { .is_held = found.is_held,
					    .pid = found.pid,
					    .since_us = found.since_us };

		text_copy(holder.program, sizeof holder.program, found.program);
		text_copy(holder.host, sizeof holder.host, found.host);
		*ret_holder = holder;
	}
	return report_deliver(&report, rc, detail);
}
