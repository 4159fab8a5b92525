/* SPDX-License-Identifier: MIT */
/* The public calls on keys. */
#include "store/store.h"

int hf_key_list(struct hf_store *store, hf_key_fn each, void *context, struct hf_detail *detail)
{
	struct report report = store_report(store);
	/* A pointer to a function is no pointer to void. */
	int rc = store_check_call(each != NULL ? store : NULL, store, &report);

	if (rc == HF_OK)
		rc = keyring_list(store->keyring, &report, each, context);
	return report_deliver(&report, rc, detail);
}

int hf_key_prepare(struct hf_store *store, struct hf_detail *detail, struct hf_key_info *ret_key)
{
	struct report report = store_report(store);
	struct hf_key_info key = { 0 };
	int rc = store_check_call(store, store, &report);

	if (rc == HF_OK)
		rc = keyring_prepare(store->keyring, &report, &key);
	if (rc == HF_OK && ret_key != NULL)
		*ret_key = key;
	return report_deliver(&report, rc, detail);
}

int hf_key_drop(struct hf_store *store, struct hf_detail *detail)
{
	struct report report = store_report(store);
	int rc = store_check_call(store, store, &report);

	if (rc == HF_OK)
		rc = keyring_drop(store->keyring, &report);
	return report_deliver(&report, rc, detail);
}
