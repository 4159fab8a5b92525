/* SPDX-License-Identifier: MIT */
/* The listing as other files of this folder use it. */
#ifndef STORE_LIST_H
#define STORE_LIST_H

#include "store/rows.h"

/* Collects the rows of a listing, newest first, as many as it shall have; rows is empty
 * before, and the caller releases it in any case. Errors of hf_list_open. */
int list_collect(struct hf_store *store, struct report *report,
		 const struct hf_list_options *options, struct rows *rows);

/* Describes a session; the slices point into look. */
void list_describe(const struct look *look, struct hf_entry *ret_entry);

#endif
