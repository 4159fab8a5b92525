/* SPDX-License-Identifier: MIT */
/* The bytes of sessions that are here, as a bundle has them. */
#ifndef INTEROP_BUNDLE_BYTES_H
#define INTEROP_BUNDLE_BYTES_H

#include "interop/bundle_manifest.h"
#include "log/check.h"

/* The bytes at the beginning of a checked log that a bundle holds: those of the records if
 * nothing worse than a weak key can be said of it, else all but the padding at its end. What
 * a writer adds meanwhile is thus left out, and what damage there is goes along. */
uint64_t bundle_bytes_log(const struct checked *checked);

/* Gives these bytes in pieces; each ends it with what is not HF_OK. */
typedef int (*bundle_bytes_fn)(void *context, const char *bytes, size_t size);
int bundle_bytes_each(const struct checked *checked, bundle_bytes_fn each, void *context);
int bundle_bytes_digest(const struct checked *checked, struct bundle_file *ret_file);

/* The same of quarantined bytes. HF_ERR_NOTFOUND: nothing has that name. */
int bundle_bytes_each_aside(struct storage *storage, struct report *report,
			    struct storage_id id, const char *name,
			    bundle_bytes_fn each, void *context);
int bundle_bytes_digest_aside(struct storage *storage, struct report *report,
			      struct storage_id id, const char *name,
			      struct bundle_file *ret_file);

#endif
