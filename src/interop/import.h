/* SPDX-License-Identifier: MIT */
/* What the parts of an import share. */
#ifndef INTEROP_IMPORT_H
#define INTEROP_IMPORT_H

#include "base/report.h"
#include "holdfast.h"
#include "sys/sys.h"

struct format;

/* One call of hf_import. */
struct import_env {
	const struct sys *sys;
	struct report *report;
	const struct hf_import_options *options; /* never NULL */
	struct hf_store *store;
	const struct format *const *formats;     /* to recognise; NULL after the last one */
	uint32_t record_max;   /* bytes of one record's data */
	uint64_t bytes_total;  /* of all sources that were found */
	uint64_t bytes_before; /* of those that are done */
	uint64_t bytes_told;   /* of which progress was told */
	struct hf_import sum;
	int rc;                /* of the first session that failed */
	struct hf_detail first; /* and why */
};

/* hf_import with a table of formats of the caller's, NULL at its end. For tests. */
int import_with(struct hf_store *store, const struct format *const *formats, const char *path,
		const struct hf_import_options *options, struct hf_detail *detail,
		struct hf_import *ret_import);

/* Tells of a piece that is kept but not understood. */
void import_note(const struct import_env *env, const struct hf_import_note *note);
/* Tells of an item, and adds it to the sum. */
void import_tell(struct import_env *env, struct hf_import_item *item);
/* Tells how far the source that is being read has come: bytes of it. Does so at most once
 * for some hundred KiB, and never goes back. */
void import_progress(struct import_env *env, uint64_t bytes);

#endif
