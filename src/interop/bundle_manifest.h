/* SPDX-License-Identifier: MIT */
/*
 * What a bundle says of itself, as docs/BUNDLE.md describes it: the names of its members, and
 * the manifest that each session begins with. Bytes to structures and back; no I/O.
 */
#ifndef INTEROP_BUNDLE_MANIFEST_H
#define INTEROP_BUNDLE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "crypto/digest.h"
#include "format/constants.h"
#include "holdfast.h"
#include "storage/storage.h"

#define BUNDLE_ROOT "holdfast-bundle/"
#define BUNDLE_BEGIN BUNDLE_ROOT "bundle.json" /* the first member */
#define BUNDLE_END BUNDLE_ROOT "end.json"      /* the last one */
/* Of a session, below BUNDLE_ROOT "sessions/<uuid>/". */
#define BUNDLE_MANIFEST "manifest.json"
#define BUNDLE_LOG "log.jsonl"
#define BUNDLE_HEAD "head"
#define BUNDLE_ASIDE "quarantine/"

enum {
	BUNDLE_VERSION = 1,
	BUNDLE_NAME_SIZE = 256,       /* a member's name with its NUL */
	BUNDLE_NOTE_MAX = 4096,       /* bytes of the first and the last member */
	BUNDLE_MANIFEST_MAX = 4 << 20,
	BUNDLE_ASIDE_MAX = 10000,     /* quarantined files of one session */
};

/* The bytes of one member. */
struct bundle_file {
	uint64_t size;
	uint8_t sha256[DIGEST_SIZE];
};

struct bundle_aside {
	char name[STORAGE_QUARANTINE_NAME_SIZE];
	struct bundle_file file;
};

struct bundle_manifest {
	struct storage_id id;
	bool has_origin;        /* record 0 could be read: the next three hold what it says */
	uint8_t store[16];
	char key_id[FORMAT_KEY_ID_SIZE];
	uint64_t generation;
	enum hf_verdict verdict; /* what the session was when it was bundled */
	uint64_t records;        /* that verified, or were well formed if the key was missing */
	struct bundle_file log;
	bool has_head;
	struct bundle_file head;
	struct buffer asides;    /* of struct bundle_aside */
};

#define BUNDLE_MANIFEST_INIT                                             \
	{ .asides = BUFFER_INIT(BUNDLE_ASIDE_MAX * sizeof(struct bundle_aside)) }

void bundle_manifest_release(struct bundle_manifest *manifest);
size_t bundle_aside_count(const struct bundle_manifest *manifest);
struct bundle_aside *bundle_aside_at(const struct bundle_manifest *manifest, size_t index);
/* True if one that was read has this name. */
bool bundle_aside_is(const struct bundle_manifest *manifest, const char *name);

/* Appends the manifest as one line. Errors of buffer_put. */
int bundle_manifest_put(const struct bundle_manifest *manifest, struct buffer *out);
/* Reads what bundle_manifest_put has written, into one that is empty, and which is to be
 * released in any case. HF_ERR_BUNDLE: it is not that, or was changed. HF_ERR_NOMEM. */
int bundle_manifest_read(struct hf_slice text, struct bundle_manifest *manifest);

/* "holdfast-bundle/sessions/<uuid>/<part><name>". */
void bundle_name(struct storage_id id, const char *part, const char *name,
		 char ret_name[static BUNDLE_NAME_SIZE]);
/* True if a name is that of a manifest; the id is never the nil UUID. */
bool bundle_name_is_manifest(const char *name, struct storage_id *ret_id);

/* The first and the last member. */
struct bundle_begin {
	char made[FORMAT_TIME_SIZE + 1];
	uint8_t store[16]; /* the store that made the bundle */
};
struct bundle_end {
	uint64_t sessions;
	uint8_t sha256[DIGEST_SIZE]; /* of all manifests, one after the other */
};
int bundle_begin_put(const struct bundle_begin *bundle, struct buffer *out);
int bundle_begin_read(struct hf_slice text, struct bundle_begin *ret_begin);
int bundle_end_put(const struct bundle_end *bundle, struct buffer *out);
int bundle_end_read(struct hf_slice text, struct bundle_end *ret_end);

#endif
