/* SPDX-License-Identifier: MIT */
/*
 * What the files that take a bundle in share.
 *
 * A session is staged in the directory "incoming" of the store, a place like that of the
 * sessions; there it is checked as any session is, and only then moved to the others, log and
 * head in the order of storage's move_in. What a crash leaves there is no session.
 *
 * Failures are of two kinds: of one session, after which the next one is looked for, and of
 * the archive (is_broken), after which nothing more can be read.
 */
#ifndef INTEROP_UNBUNDLE_H
#define INTEROP_UNBUNDLE_H

#include <stdbool.h>

#include "ext/archive.h"
#include "interop/bundle_manifest.h"
#include "log/env.h"
#include "store/store.h"

/* One call of hf_unbundle. */
struct unbundling {
	struct hf_store *store;
	struct report *report;
	const struct hf_bundle_options *options;
	struct archive_in *in;
	struct archive_member member; /* the next one, if has_member */
	bool has_member;
	bool is_broken;
	struct keyring_secret *secret; /* the key that was given, or NULL */
	struct keyring *keyring;       /* the store's keys, and that one where it is lent */
	struct log_env incoming;       /* its storage is NULL in a dry run */
	struct digest manifests;
	uint64_t sessions;             /* manifests that were read */
	uint64_t read;                 /* bytes of the archive */
	struct hf_bundle sum;
	int first_rc;                  /* of the first session that failed */
	struct hf_detail first_detail;
};

/* ---- unbundle_read.c: members in order ---- */

/* Looks at the next member, which stays the next one. HF_ERR_NOTFOUND: there is none.
 * Failures break the archive. */
int unbundle_peek(struct unbundling *u);

/* Takes the bytes of a member that are to be kept. NULL: they are only checked. */
typedef int (*unbundle_take_fn)(void *context, const char *bytes, size_t size);

/* Reads the next member, which must have this name and these bytes. HF_ERR_BUNDLE: it has
 * not; errors of take, which are not the archive's. */
int unbundle_member(struct unbundling *u, const char *name, const struct bundle_file *file,
		    unbundle_take_fn take, void *context);

/* Reads all of the next member, at most as many bytes as text may have. */
int unbundle_text(struct unbundling *u, struct buffer *text);

/* Passes over what is left of a session that was refused. Failures break the archive. */
int unbundle_skip(struct unbundling *u);

/* ---- unbundle_session.c: one session ---- */

/* Reads one session, from its manifest on, and takes it in. item->outcome, and what else is
 * known, is set in any case. */
int unbundle_session(struct unbundling *u, struct storage_id id, struct hf_bundle_item *item);

/* ---- unbundle_place.c: from the archive to its place ---- */

/* Stages the members that a manifest tells of, checks them, and puts them in place.
 * *ret_verdict is what the session is here. */
int unbundle_place(struct unbundling *u, const struct bundle_manifest *manifest,
		   enum hf_verdict *ret_verdict);

/* Clears away what is staged of a session, and what was put in place of it if its log was
 * not; the lock in "incoming" is held, and is worth nothing afterwards. HF_ERR_BUSY. */
int unbundle_clear(struct unbundling *u, struct storage_id id);

/* Keeps the key that was given, if it is that of the manifest's session. */
int unbundle_trust(struct unbundling *u, const struct bundle_manifest *manifest);

#endif
