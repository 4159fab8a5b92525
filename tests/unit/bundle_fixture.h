/* SPDX-License-Identifier: MIT */
/*
 * What the tests of bundles share: two stores with keys of their own, archives in memory, and
 * archives that are taken apart and put together again in other ways.
 */
#ifndef UNIT_BUNDLE_FIXTURE_H
#define UNIT_BUNDLE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "crypto/kdf.h"
#include "ext/archive.h"
#include "holdfast.h"
#include "interop/bundle_manifest.h"
#include "lib/scratch.h"
#include "store/store.h"

#define ID_1 "aaaaaaaa-1111-4222-8333-444455556661"
#define ID_2 "aaaaaaaa-1111-4222-8333-444455556662"
#define ID_3 "aaaaaaaa-1111-4222-8333-444455556663"
#define MEMBER(id, name) "holdfast-bundle/sessions/" id "/" name

enum { ITEMS_MAX = 8, MEMBERS_MAX = 32 };

/* An archive, and how far it was read. */
struct tape {
	struct buffer bytes;
	size_t at;
	size_t step;     /* bytes that one read gives at most; 0: all that are asked for */
	int64_t fail_at; /* reading or writing fails there; -1: never */
};

struct fixture {
	struct scratch scratch;
	struct hf_store *a;
	struct hf_store *b;
	struct hf_detail detail;
	struct tape tape;
	struct hf_bundle_item items[ITEMS_MAX];
	char messages[ITEMS_MAX][256];
	size_t count;
	struct hf_bundle sum;
};

static inline const char *fixture_path(const struct fixture *f, const char *name,
				       char path[static 400])
{
	(void)snprintf(path, 400, "%s/%s", f->scratch.path, name);
	return path;
}

static inline struct hf_store *fixture_store(struct fixture *f, const char *name,
					     const struct hf_store_options *given)
{
	struct hf_store_options options = { .padding = 1 };
	struct hf_store *store = NULL;
	char path[400];

	if (given != NULL)
		options = *given;
	options.rounds = HF_ROUNDS_MIN;
	if (options.runtime_dir == NULL)
		options.runtime_dir = "";
	ck_assert_int_eq(hf_store_open(fixture_path(f, name, path), &options, &f->detail, &store),
			 HF_OK);
	return store;
}

static inline void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->tape = (struct tape){ BUFFER_INIT(SIZE_MAX / 2), 0, 0, -1 };
	f->scratch = scratch_open();
	f->a = fixture_store(f, "a", NULL);
	f->b = fixture_store(f, "b", NULL);
}

static inline void fixture_close(struct fixture *f)
{
	hf_store_close(f->a);
	hf_store_close(f->b);
	buffer_release(&f->tape.bytes);
	scratch_close(&f->scratch);
}

/* Opens one of the stores anew, as another process would find it. */
static inline void fixture_reopen(struct fixture *f, struct hf_store **store, const char *name,
				  const struct hf_store_options *options)
{
	hf_store_close(*store);
	*store = fixture_store(f, name, options);
}

static inline void fixture_append(struct hf_session *session, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char json[64];
		int size = snprintf(json, sizeof json, "{\"role\":\"user\",\"content\":\"%u\"}",
				    (unsigned)hf_session_records(session));
		struct hf_append record = { "message", NULL, json, (size_t)size };

		ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
	}
}

/* Makes a closed session with count messages. */
static inline void fixture_make(struct hf_store *store, const char *id, unsigned count)
{
	struct hf_session_options options = { .id = id, .name = id, .project = "/tmp/project" };
	struct hf_session *session = NULL;

	ck_assert_int_eq(hf_session_create(store, &options, NULL, &session), HF_OK);
	fixture_append(session, count);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
}

/* ---- Archives -------------------------------------------------------------------- */

static inline int tape_write(void *context, const char *data, size_t size)
{
	struct tape *tape = &((struct fixture *)context)->tape;

	if (tape->fail_at >= 0 && tape->bytes.size + size > (size_t)tape->fail_at)
		return HF_ERR_NOSPACE;
	return buffer_put(&tape->bytes, data, size);
}

static inline int64_t tape_read(void *context, char *data, size_t size)
{
	struct tape *tape = &((struct fixture *)context)->tape;

	if (size > tape->bytes.size - tape->at)
		size = tape->bytes.size - tape->at;
	if (tape->step > 0 && size > tape->step)
		size = tape->step;
	if (tape->fail_at >= 0 && tape->at + size > (size_t)tape->fail_at)
		return HF_ERR_IO;
	if (size > 0)
		memcpy(data, tape->bytes.data + tape->at, size);
	tape->at += size;
	return (int64_t)size;
}

static inline void note_item(void *context, const struct hf_bundle_item *item)
{
	struct fixture *f = context;

	ck_assert_uint_lt(f->count, ITEMS_MAX);
	f->items[f->count] = *item;
	(void)snprintf(f->messages[f->count], sizeof f->messages[0], "%s", item->message);
	f->items[f->count].message = f->messages[f->count];
	f->count++;
}

static inline int bundle_ids(struct fixture *f, struct hf_store *store, const char *const *ids,
			     size_t count)
{
	struct hf_bundle_options options = { .write = tape_write, .item = note_item, .context = f };

	f->tape.bytes.size = 0;
	f->count = 0;
	return hf_bundle(store, ids, count, &options, &f->detail, &f->sum);
}

/* Bundles all sessions of a store. */
static inline void bundle_all(struct fixture *f, struct hf_store *store)
{
	ck_assert_int_eq(bundle_ids(f, store, NULL, 0), HF_OK);
}

/* Bundles ID_1 of the store a. */
static inline void bundle_first(struct fixture *f)
{
	const char *const ids[] = { ID_1 };

	ck_assert_int_eq(bundle_ids(f, f->a, ids, 1), HF_OK);
}

static inline int unbundle_with(struct fixture *f, struct hf_store *store, const char *key_path,
				bool dry_run)
{
	struct hf_bundle_options options = { .dry_run = dry_run, .key_path = key_path,
					     .read = tape_read, .item = note_item, .context = f };

	f->tape.at = 0;
	f->count = 0;
	memset(&f->detail, 0, sizeof f->detail);
	return hf_unbundle(store, &options, &f->detail, &f->sum);
}

static inline int unbundle(struct fixture *f, struct hf_store *store)
{
	return unbundle_with(f, store, NULL, false);
}

static inline int unbundle_key(struct fixture *f, struct hf_store *store, const char *key)
{
	char path[400];

	return unbundle_with(f, store, fixture_path(f, key, path), false);
}

/* ---- Archives taken apart -------------------------------------------------------- */

struct part {
	char name[300];
	char type;       /* of the tar header: '0' is a file */
	uint64_t size;   /* that the header claims */
	char *bytes;
	size_t held;     /* bytes that follow the header */
	char target[100];
};

struct parts {
	struct part part[MEMBERS_MAX];
	size_t count;
};

static inline int64_t parts_get(void *context, char *bytes, size_t size)
{
	return tape_read(context, bytes, size);
}

static inline struct part *parts_add(struct parts *parts, const char *name, const void *bytes,
				     size_t size)
{
	struct part *part = &parts->part[parts->count++];

	ck_assert_uint_le(parts->count, MEMBERS_MAX);
	memset(part, 0, sizeof *part);
	(void)snprintf(part->name, sizeof part->name, "%s", name);
	part->type = '0';
	part->size = part->held = size;
	part->bytes = malloc(size + 1);
	if (size > 0)
		memcpy(part->bytes, bytes, size);
	return part;
}

/* Takes the tape apart. */
static inline void parts_open(struct fixture *f, struct parts *parts)
{
	struct report report = report_make(NULL, NULL);
	struct archive_in *in = NULL;
	struct archive_member member;

	memset(parts, 0, sizeof *parts);
	f->tape.at = 0;
	ck_assert_int_eq(archive_in_open(&report, parts_get, f, &in), HF_OK);
	while (archive_in_next(in, &member) == HF_OK) {
		char *bytes = malloc(member.size + 1);
		size_t got = 0;

		ck_assert(member.is_file);
		ck_assert_int_eq(archive_in_read(in, bytes, member.size, &got), HF_OK);
		ck_assert_uint_eq(got, member.size);
		(void)parts_add(parts, member.name, bytes, got);
		free(bytes);
	}
	archive_in_close(in);
}

static inline struct part *parts_find(struct parts *parts, const char *name)
{
	for (size_t i = 0; i < parts->count; i++) {
		if (strcmp(parts->part[i].name, name) == 0)
			return &parts->part[i];
	}
	return NULL;
}

/* Moves the last part to a place before others. */
static inline struct part *parts_insert(struct parts *parts, size_t at)
{
	struct part last = parts->part[parts->count - 1];

	memmove(&parts->part[at + 1], &parts->part[at],
		(parts->count - 1 - at) * sizeof parts->part[0]);
	parts->part[at] = last;
	return &parts->part[at];
}

static inline void parts_remove(struct parts *parts, struct part *part)
{
	size_t at = (size_t)(part - parts->part);

	free(part->bytes);
	memmove(part, part + 1, (parts->count - 1 - at) * sizeof *part);
	parts->count--;
}

/* Puts a name into a header: what is too long for the field goes to the prefix, up to a slash. */
static inline void parts_put_name(char header[static 512], const char *name)
{
	size_t size = strlen(name);
	const char *slash = size > 100 ? strchr(name + size - 101, '/') : NULL;

	if (slash != NULL) {
		memcpy(header + 345, name, (size_t)(slash - name));
		size -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	memcpy(header, name, size < 100 ? size : 100);
}

/* Writes a tar header as POSIX describes it (ustar), and what follows. */
static inline void parts_put(struct buffer *out, const struct part *part)
{
	char header[512] = { 0 };
	unsigned sum = 0;
	static const char zeros[512];

	parts_put_name(header, part->name);
	(void)snprintf(header + 100, 8, "%07o", 0600u);
	(void)snprintf(header + 108, 8, "%07o", 0u);
	(void)snprintf(header + 116, 8, "%07o", 0u);
	if (part->size < (uint64_t)1 << 33) {
		(void)snprintf(header + 124, 12, "%011llo", (unsigned long long)part->size);
	} else {
		header[124] = (char)0x80;
		for (unsigned i = 0; i < 8; i++)
			header[124 + 11 - i] = (char)(part->size >> (8 * i));
	}
	(void)snprintf(header + 136, 12, "%011o", 0u);
	memset(header + 148, ' ', 8);
	header[156] = part->type;
	memcpy(header + 157, part->target, strlen(part->target));
	memcpy(header + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof header; i++)
		sum += (unsigned char)header[i];
	(void)snprintf(header + 148, 8, "%06o", sum);
	ck_assert_int_eq(buffer_put(out, header, sizeof header), HF_OK);
	ck_assert_int_eq(buffer_put(out, part->bytes, part->held), HF_OK);
	if (part->held % 512 != 0)
		ck_assert_int_eq(buffer_put(out, zeros, 512 - part->held % 512), HF_OK);
}

/* Puts the parts together as an archive that is not compressed; frees them. */
static inline void parts_close(struct fixture *f, struct parts *parts)
{
	static const char zeros[1024];

	f->tape.bytes.size = 0;
	for (size_t i = 0; i < parts->count; i++) {
		parts_put(&f->tape.bytes, &parts->part[i]);
		free(parts->part[i].bytes);
	}
	ck_assert_int_eq(buffer_put(&f->tape.bytes, zeros, sizeof zeros), HF_OK);
}

/* Reads the manifest of ID_1. */
static inline void parts_read_manifest(struct parts *parts, struct bundle_manifest *manifest)
{
	const struct part *told = parts_find(parts, MEMBER(ID_1, "manifest.json"));

	ck_assert_int_eq(bundle_manifest_read((struct hf_slice){ told->bytes, told->held },
					      manifest), HF_OK);
}

/* Puts a manifest in its place, with the digest that the log has now, and releases it. */
static inline void parts_write_manifest(struct parts *parts, struct bundle_manifest *manifest)
{
	const struct part *log = parts_find(parts, MEMBER(ID_1, "log.jsonl"));
	struct part *told = parts_find(parts, MEMBER(ID_1, "manifest.json"));
	struct buffer text = BUFFER_INIT(BUNDLE_MANIFEST_MAX);

	kdf_sha256(log->bytes, log->held, manifest->log.sha256);
	ck_assert_int_eq(bundle_manifest_put(manifest, &text), HF_OK);
	free(told->bytes);
	told->size = told->held = text.size;
	told->bytes = text.data;
	bundle_manifest_release(manifest);
}

/* ---- What there is in a store ---------------------------------------------------- */

static inline enum hf_verdict verdict_of(struct hf_store *store, const char *id)
{
	struct hf_check check = { .verdict = HF_TAMPERED };

	ck_assert_int_eq(hf_session_verify(store, id, NULL, NULL, NULL, &check), HF_OK);
	return check.verdict;
}

static inline bool is_there(struct hf_store *store, const char *id)
{
	struct hf_check check;

	return hf_session_verify(store, id, NULL, NULL, NULL, &check) == HF_OK;
}

/* Fails unless the logs of a session in two stores are the same. */
static inline void assert_same_log(const struct fixture *f, const char *id)
{
	char name[100];
	size_t sizes[2];
	char *logs[2];

	for (int i = 0; i < 2; i++) {
		(void)snprintf(name, sizeof name, "%s/sessions/%s.jsonl", i == 0 ? "a" : "b", id);
		logs[i] = scratch_get(f->scratch.fd, name, &sizes[i]);
	}
	ck_assert_uint_eq(sizes[0], sizes[1]);
	ck_assert_mem_eq(logs[0], logs[1], sizes[0]);
	free(logs[0]);
	free(logs[1]);
}

/* Fails unless nothing is staged and no temporary file is left. */
static inline void assert_nothing_left(const struct fixture *f, const char *store)
{
	char name[100];

	(void)snprintf(name, sizeof name, "%s/incoming", store);
	if (scratch_exists(f->scratch.fd, name))
		ck_assert_uint_eq(scratch_count(f->scratch.fd, name), 0);
}

#endif
