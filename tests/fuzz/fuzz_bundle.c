/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an archive, taken into a store. What must hold:
 *
 * - nothing is written beside the store's own directories, and nothing stays staged; nothing
 *   comes to the quarantine unless a session does;
 * - the session that is there already is as it was;
 * - a session that was taken in is one that the manifest in the archive told of: its log has the
 *   size that was told, and its verdict is one that can be without its key;
 * - what was taken in once is the same a second time.
 *
 * The bytes are those of an archive that is not compressed: tar as it is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holdfast.h"

#define OWN_ID "99999999-1111-4222-8333-444455556666"

enum { ITEMS_MAX = 64, PATH_SIZE = 600 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* One run over the bytes. */
struct reading {
	const uint8_t *bytes;
	size_t size;
	size_t at;
	struct hf_bundle_item items[ITEMS_MAX];
	size_t count;
};

static char root[PATH_SIZE];
static struct hf_store *store;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static const char *path_of(const char *name)
{
	static char path[2 * PATH_SIZE];

	(void)snprintf(path, sizeof path, "%s/%s", root, name);
	return path;
}

static size_t count_names(const char *name)
{
	DIR *dir = opendir(path_of(name));
	size_t count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		(void)closedir(dir);
	return count;
}

static void remove_all(void)
{
	static const char *const names[] = {
		"store/keys/machine_secret", "store/keys", "store/sessions/" OWN_ID ".jsonl",
		"store/sessions/" OWN_ID ".head", "store/sessions/" OWN_ID ".lock", "store/sessions",
		"store/quarantine", "store/incoming", "store/holdfast.json", "store", "",
	};

	hf_store_close(store);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		(void)remove(path_of(names[i]));
}

/* One store for all runs: each takes away again what it brought. */
static void prepare(void)
{
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = "",
					    .padding = 1, .durability = HF_OS };
	struct hf_session_options session = { .id = OWN_ID };
	struct hf_session *opened = NULL;

	(void)snprintf(root, sizeof root, "%s/holdfast-fuzz-XXXXXX",
		       access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(root) != NULL);
	must(hf_store_open(path_of("store"), &options, NULL, &store) == HF_OK);
	must(hf_session_create(store, &session, NULL, &opened) == HF_OK);
	must(hf_session_close(opened, HF_CLOSE_SEAL, NULL) == HF_OK);
	(void)atexit(remove_all);
}

static int64_t give(void *context, char *data, size_t size)
{
	struct reading *reading = context;

	if (size > reading->size - reading->at)
		size = reading->size - reading->at;
	if (size > 0)
		memcpy(data, reading->bytes + reading->at, size);
	reading->at += size;
	return (int64_t)size;
}

static void note(void *context, const struct hf_bundle_item *item)
{
	struct reading *reading = context;

	must((item->error == HF_OK) == (item->outcome != HF_BUNDLE_FAILED));
	must(item->message != NULL);
	if (reading->count < ITEMS_MAX)
		reading->items[reading->count++] = *item;
}

static int take(struct reading *reading)
{
	struct hf_bundle_options options = { .read = give, .item = note, .context = reading };
	struct hf_detail detail = { 0 };
	int rc;

	reading->at = 0;
	reading->count = 0;
	rc = hf_unbundle(store, &options, &detail, NULL);
	must(rc == HF_OK || detail.code == rc);
	return rc;
}

static enum hf_verdict verdict_of(const char *id, uint64_t *ret_bytes)
{
	struct hf_check check = { .verdict = HF_TAMPERED };

	must(hf_session_verify(store, id, NULL, NULL, NULL, &check) == HF_OK);
	*ret_bytes = check.log_bytes;
	return check.verdict;
}

static void check_item(const struct hf_bundle_item *item)
{
	uint64_t bytes = 0;
	enum hf_verdict verdict;

	if (item->outcome != HF_BUNDLE_TAKEN)
		return;
	verdict = verdict_of(item->id, &bytes);
	must(verdict == item->verdict);
	/* Padding at a log's end is no part of it. */
	must(bytes <= item->bytes);
	must(verdict == HF_KEY_MISSING || verdict >= HF_HEAD_MISSING);
}

static void check_store(void)
{
	uint64_t bytes;

	must(verdict_of(OWN_ID, &bytes) == HF_INTACT);
	must(count_names("") == 3);
	must(count_names("store") <= 8);
	must(count_names("store/incoming") <= 2);
	must(count_names("store/keys") == 3);
}

/* The directory's own two names are not counted. */
static void check_quarantine(const struct reading *reading)
{
	bool is_taken = false;

	for (size_t i = 0; i < reading->count; i++)
		is_taken = is_taken || reading->items[i].outcome == HF_BUNDLE_TAKEN;
	must(is_taken || reading->count == ITEMS_MAX || count_names("store/quarantine") <= 2);
}

/* Takes away what came, the quarantine included, which a removal leaves. */
static void clean(const struct reading *reading)
{
	struct dirent *entry;
	DIR *dir;

	for (size_t i = 0; i < reading->count; i++) {
		if (strcmp(reading->items[i].id, OWN_ID) != 0)
			must(hf_session_delete(store, reading->items[i].id, NULL) != HF_ERR_IO);
	}
	dir = opendir(path_of("store/quarantine"));
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct reading first, second;
	int rc;

	if (store == NULL)
		prepare();
	first.bytes = second.bytes = bytes;
	first.size = second.size = size;
	rc = take(&first);
	check_store();
	check_quarantine(&first);
	for (size_t i = 0; i < first.count; i++)
		check_item(&first.items[i]);
	must(take(&second) == rc);
	must(second.count == first.count);
	for (size_t i = 0; i < first.count; i++) {
		must((first.items[i].outcome == HF_BUNDLE_FAILED) ==
		     (second.items[i].outcome == HF_BUNDLE_FAILED));
		must(second.items[i].outcome != HF_BUNDLE_TAKEN);
	}
	check_store();
	clean(&first);
	return 0;
}
