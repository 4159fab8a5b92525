/* SPDX-License-Identifier: MIT */
/* Walks over the directories of storage_posix. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/invariant.h"
#include "storage/posix_internal.h"

/* What a name in the sessions directory stands for. */
enum kind {
	KIND_LOG = 1,
	KIND_HEAD = 2,
	KIND_LOCK = 4,
	KIND_TEMP = 8,
	KIND_FOREIGN = 16,
};

/* One name seen, or all of one session once they are folded. */
struct seen {
	uint8_t id[16];
	uint8_t kinds;
};

enum {
	SEEN_MAX = 1 << 30, /* bytes: 63 million names */
	TEMP_NAME_SIZE = 1 + TEXT_UUID_SIZE + 1 + 16 + sizeof POSIX_TEMP_SUFFIX - 1,
};

/* No session has the nil UUID; there is a lock of it. */
static bool is_nil(const uint8_t id[16])
{
	static const uint8_t nil[16];

	return memcmp(id, nil, sizeof nil) == 0;
}

/* Reads a name. The id is set for all kinds but foreign names. */
static enum kind read_name(const char *name, uint8_t ret_id[16])
{
	static const struct {
		const char *suffix;
		enum kind kind;
	} suffixes[] = {
		{ POSIX_LOG_SUFFIX, KIND_LOG },
		{ POSIX_HEAD_SUFFIX, KIND_HEAD },
		{ POSIX_LOCK_SUFFIX, KIND_LOCK },
	};
	enum kind kind = KIND_FOREIGN;
	size_t size = strlen(name);

	if (size == TEMP_NAME_SIZE && name[0] == '.' &&
	    text_get_uuid(name + 1, TEXT_UUID_SIZE, ret_id) && name[1 + TEXT_UUID_SIZE] == '.' &&
	    strspn(name + TEXT_UUID_SIZE + 2, "0123456789abcdef") == 16 &&
	    strcmp(name + size - 4, POSIX_TEMP_SUFFIX) == 0)
		return KIND_TEMP;
	if (size < TEXT_UUID_SIZE || !text_get_uuid(name, TEXT_UUID_SIZE, ret_id))
		return KIND_FOREIGN;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (strcmp(name + TEXT_UUID_SIZE, suffixes[i].suffix) == 0)
			kind = suffixes[i].kind;
	}
	return kind == KIND_LOCK || !is_nil(ret_id) ? kind : KIND_FOREIGN;
}

struct collection {
	struct buffer names; /* of struct seen */
	int rc;
};

static bool collect(void *context, const char *name)
{
	struct collection *collection = context;
	struct seen seen = { { 0 }, 0 };

	seen.kinds = (uint8_t)read_name(name, seen.id);
	if ((seen.kinds & (KIND_LOG | KIND_HEAD | KIND_LOCK)) == 0)
		return true;
	collection->rc = buffer_put(&collection->names, &seen, sizeof seen);
	return collection->rc == HF_OK;
}

static int compare_seen(const void *left, const void *right)
{
	return memcmp(left, right, sizeof ((const struct seen *)left)->id);
}

/* Folds neighbours of one id into one entry each; returns how many are left. */
static size_t fold(struct seen *seen, size_t count)
{
	size_t last = 0;

	if (count == 0)
		return 0;
	for (size_t i = 1; i < count; i++) {
		if (compare_seen(&seen[i], &seen[last]) == 0)
			seen[last].kinds |= seen[i].kinds;
		else
			seen[++last] = seen[i];
	}
	return last + 1;
}

/* Collects what there is of each session. The caller releases the buffer in any case. */
static int collect_sessions(struct posix *posix, struct report *report, struct buffer *names,
			    struct seen **ret_seen, size_t *ret_count)
{
	struct collection collection = { *names, HF_OK };
	struct seen *seen;
	size_t count;
	int rc = 0;

	if (posix->place_fd >= 0)
		rc = posix->sys->each_name(posix->sys->context, posix->place_fd, collect,
					   &collection);
	*names = collection.names;
	if (collection.rc != HF_OK)
		return report_fail(report, HF_ERR_NOMEM, "list", "no memory for the names");
	if (rc < 0)
		return posix_file_fail(report, rc, "getdents", posix->place);
	seen = (struct seen *)(void *)names->data;
	count = names->size / sizeof *seen;
	if (count > 0)
		qsort(seen, count, sizeof *seen, compare_seen);
	*ret_seen = seen;
	*ret_count = fold(seen, count);
	return HF_OK;
}

int posix_walk_each(struct storage *storage, struct report *report, storage_found_fn found,
		    void *context)
{
	struct buffer names = BUFFER_INIT(SEEN_MAX);
	struct seen *seen = NULL;
	size_t count = 0;
	bool more = true;
	int rc = collect_sessions(posix_of(storage), report, &names, &seen, &count);

	for (size_t i = 0; rc == HF_OK && more && i < count; i++) {
		struct storage_found entry = {
			.has_log = (seen[i].kinds & KIND_LOG) != 0,
			.has_head = (seen[i].kinds & KIND_HEAD) != 0,
		};

		memcpy(entry.id.bytes, seen[i].id, sizeof entry.id.bytes);
		if (entry.has_log || entry.has_head)
			more = found(context, &entry);
	}
	buffer_release(&names);
	return rc;
}

struct stray_walk {
	struct storage *storage;
	const char *place; /* name of the sessions' directory */
	storage_stray_fn stray;
	void *context;
};

/* True if a name is one under which bytes are staged that are to come to the quarantine. */
static bool is_staged(const struct stray_walk *walk, const char *name, uint8_t ret_id[16])
{
	struct storage_id id = { { 0 } };

	if (strcmp(walk->place, STORAGE_POSIX_INCOMING) != 0 || strlen(name) < TEXT_UUID_SIZE ||
	    !text_get_uuid(name, TEXT_UUID_SIZE, id.bytes) || !storage_aside_is_name(id, name))
		return false;
	memcpy(ret_id, id.bytes, sizeof id.bytes);
	return true;
}

/* A temporary file is a leftover unless somebody is writing it now. */
static void give_temp(const struct stray_walk *walk, const char *place, const char *name,
		      const uint8_t id_bytes[16])
{
	struct storage_id id;

	memcpy(id.bytes, id_bytes, sizeof id.bytes);
	if (!posix_lock_is_held(walk->storage, id))
		walk->stray(walk->context, place, name, true);
}

static bool stray_in_sessions(void *context, const char *name)
{
	const struct stray_walk *walk = context;
	uint8_t id[16];
	enum kind kind = read_name(name, id);

	if (kind == KIND_TEMP || is_staged(walk, name, id))
		give_temp(walk, walk->place, name, id);
	else if (kind == KIND_FOREIGN)
		walk->stray(walk->context, walk->place, name, false);
	return true;
}

/* <uuid>.<label>.<n> belongs there. */
static bool stray_in_quarantine(void *context, const char *name)
{
	const struct stray_walk *walk = context;
	const char *number = strrchr(name, '.');
	uint8_t id[16];
	uint64_t ignored;

	if (read_name(name, id) == KIND_TEMP)
		give_temp(walk, "quarantine", name, id);
	else if (strlen(name) < TEXT_UUID_SIZE || !text_get_uuid(name, TEXT_UUID_SIZE, id) ||
		 name[TEXT_UUID_SIZE] != '.' || number <= name + TEXT_UUID_SIZE ||
		 !text_get_u64(number + 1, strlen(number + 1), &ignored))
		walk->stray(walk->context, "quarantine", name, false);
	return true;
}

static bool stray_in_root(void *context, const char *name)
{
	const struct stray_walk *walk = context;

	if (strcmp(name, STORAGE_POSIX_SESSIONS) != 0 && strcmp(name, STORAGE_POSIX_TRASH) != 0 &&
	    strcmp(name, STORAGE_POSIX_INCOMING) != 0 &&
	    strcmp(name, "quarantine") != 0)
		walk->stray(walk->context, "", name, false);
	return true;
}

/* Lock files of sessions that are not there: left by a creation that failed. */
static int each_stale_lock(struct posix *posix, struct report *report,
			   const struct stray_walk *walk)
{
	struct buffer names = BUFFER_INIT(SEEN_MAX);
	struct seen *seen = NULL;
	size_t count = 0;
	int rc = collect_sessions(posix, report, &names, &seen, &count);

	for (size_t i = 0; rc == HF_OK && i < count; i++) {
		struct storage_id id;
		struct posix_name name;

		if (seen[i].kinds != KIND_LOCK || is_nil(seen[i].id))
			continue;
		memcpy(id.bytes, seen[i].id, sizeof id.bytes);
		name = posix_file_name(id, POSIX_LOCK_SUFFIX);
		give_temp(walk, posix->place, name.text, id.bytes);
	}
	buffer_release(&names);
	return rc;
}

static int each_stray_in(struct posix *posix, struct report *report, int dir_fd,
			 const char *name, sys_name_fn each, struct stray_walk *walk)
{
	int rc = 0;

	if (dir_fd >= 0)
		rc = posix->sys->each_name(posix->sys->context, dir_fd, each, walk);
	return rc < 0 ? posix_file_fail(report, rc, "getdents", name) : HF_OK;
}

struct aside_walk {
	struct storage_id id;
	storage_aside_fn each;
	void *context;
};

static bool give_aside(void *context, const char *name)
{
	const struct aside_walk *walk = context;

	return !storage_aside_is_name(walk->id, name) || walk->each(walk->context, name);
}

int posix_walk_each_aside(struct storage *storage, struct report *report, struct storage_id id,
			  storage_aside_fn each, void *context)
{
	struct posix *posix = posix_of(storage);
	struct aside_walk walk = { id, each, context };
	int rc = 0;

	if (posix->quarantine_fd >= 0)
		rc = posix->sys->each_name(posix->sys->context, posix->quarantine_fd, give_aside,
					   &walk);
	return rc < 0 ? posix_file_fail(report, rc, "getdents", "quarantine") : HF_OK;
}

int posix_walk_staged(struct storage *storage, struct report *report, struct storage_id id,
		      storage_aside_fn each, void *context)
{
	struct posix *posix = posix_of(storage);
	struct aside_walk walk = { id, each, context };
	int rc = 0;

	if (posix->place_fd >= 0)
		rc = posix->sys->each_name(posix->sys->context, posix->place_fd, give_aside, &walk);
	return rc < 0 ? posix_file_fail(report, rc, "getdents", posix->place) : HF_OK;
}

/* What all places share is walked over for the sessions outside the trash alone. */
int posix_walk_each_stray(struct storage *storage, struct report *report, storage_stray_fn stray,
			  void *context)
{
	struct posix *posix = posix_of(storage);
	struct stray_walk walk = { storage, posix->place, stray, context };
	int rc = each_stray_in(posix, report, posix->place_fd, posix->place, stray_in_sessions,
			       &walk);

	if (rc == HF_OK)
		rc = each_stale_lock(posix, report, &walk);
	if (rc != HF_OK || strcmp(posix->place, STORAGE_POSIX_SESSIONS) != 0)
		return rc;
	rc = each_stray_in(posix, report, posix->root_fd, ".", stray_in_root, &walk);
	return rc == HF_OK ? each_stray_in(posix, report, posix->quarantine_fd, "quarantine",
					   stray_in_quarantine, &walk) : rc;
}
