/* SPDX-License-Identifier: MIT */
/* The public calls on keys. */
#include "store/store.h"

int hf_key_list(struct hf_store *store, hf_key_fn each, void *context, struct hf_detail *detail)
{
	struct report report = store_report(store);

	return report_deliver(&report, keyring_list(store->keyring, &report, each, context), detail);
}

int hf_key_prepare(struct hf_store *store, struct hf_detail *detail, struct hf_key_info *ret_key)
{
	struct report report = store_report(store);
	struct hf_key_info key;
	int rc = keyring_prepare(store->keyring, &report, &key);

	if (rc == HF_OK && ret_key != NULL)
		*ret_key = key;
	return report_deliver(&report, rc, detail);
}

int hf_key_drop(struct hf_store *store, struct hf_detail *detail)
{
	struct report report = store_report(store);

	return report_deliver(&report, keyring_drop(store->keyring, &report), detail);
}
