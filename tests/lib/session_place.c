/* SPDX-License-Identifier: MIT */
#include "lib/session_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/session_expect.h"
#include "store/store.h"

int place_try(const struct place *place, const struct sys *sys, struct hf_detail *detail,
	      struct hf_store **ret_store)
{
	static const struct hf_limit unlimited = { .operation = "resume" };
	struct hf_store_options options = { .durability = place->durability,
					    .runtime_dir = place->runtime,
					    .rounds = HF_ROUNDS_MIN,
					    .padding = place->padding,
					    .threads = place->threads,
					    .max_record_size = place->max_record_size,
					    .log = place->log,
					    .log_context = place->log_context };

	if (place->is_unlimited) {
		options.limits = &unlimited;
		options.limit_count = 1;
	}
	return store_open_with(sys != NULL ? sys : place->sys, place->store, &options, detail,
			       ret_store);
}

struct hf_store *place_open(const struct place *place)
{
	struct hf_store *store = NULL;
	struct hf_detail detail = { 0 };
	int rc = place_try(place, NULL, &detail, &store);

	EXPECT(rc == HF_OK, "the store cannot be opened: %s", detail.message);
	return store;
}

struct place_name place_name(const char *id, const char *suffix)
{
	struct place_name name;

	(void)snprintf(name.text, sizeof name.text, "sessions/%s%s", id, suffix);
	return name;
}

static int open_file(const struct place *place, const char *name, int flags)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", place->store, name);
	return place->sys->open_at(place->sys->context, AT_FDCWD, path, flags, 0600);
}

struct place_bytes place_get(const struct place *place, const char *name, bool is_optional)
{
	const struct sys *sys = place->sys;
	struct place_bytes bytes = { NULL, 0 };
	int fd = open_file(place, name, O_RDONLY);
	struct stat found;

	if (fd < 0 && is_optional)
		return bytes;
	EXPECT(fd >= 0, "%s is not there", name);
	EXPECT(sys->stat(sys->context, fd, &found) == 0, "%s: no stat", name);
	bytes.size = (size_t)found.st_size;
	bytes.data = session_memory(bytes.size + 1);
	EXPECT(sys_read_all(sys, fd, bytes.data, bytes.size, 0) == 0, "%s: not read", name);
	(void)sys->close(sys->context, fd);
	return bytes;
}

void place_free(struct place_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct place_bytes){ NULL, 0 };
}

void place_put(const struct place *place, const char *name, uint64_t offset, const void *bytes,
	       size_t size, bool cut)
{
	const struct sys *sys = place->sys;
	int fd = open_file(place, name, O_RDWR | O_CREAT);
	size_t written;

	EXPECT(fd >= 0, "%s cannot be opened", name);
	EXPECT(sys_write_all(sys, fd, bytes, size, offset, &written) == 0, "%s: not written", name);
	if (cut)
		EXPECT(sys->truncate(sys->context, fd, offset + size) == 0, "%s: not cut", name);
	EXPECT(sys->sync_all(sys->context, fd) == 0, "%s: not synced", name);
	(void)sys->close(sys->context, fd);
}

void place_remove(const struct place *place, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", place->store, name);
	EXPECT(place->sys->unlink_at(place->sys->context, AT_FDCWD, path) == 0, "%s stays", name);
}

void place_mkdir(const struct place *place, const char *path)
{
	EXPECT(place->sys->mkdir_at(place->sys->context, AT_FDCWD, path, 0700) == 0, "%s: no mkdir",
	       path);
}

struct search {
	const char *prefix;
	const char *suffix;
	size_t count;
	char *name;
	size_t size;
};

static bool look(void *context, const char *name)
{
	struct search *search = context;
	size_t size = strlen(name);
	size_t suffix = strlen(search->suffix);

	if (size < suffix || strcmp(name + size - suffix, search->suffix) != 0 ||
	    strncmp(name, search->prefix, strlen(search->prefix)) != 0)
		return true;
	search->count++;
	if (search->name != NULL)
		(void)snprintf(search->name, search->size, "%s", name);
	return true;
}

static void walk(const struct place *place, const char *dir, struct search *search)
{
	const struct sys *sys = place->sys;
	int fd = open_file(place, dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return;
	EXPECT(sys->each_name(sys->context, fd, look, search) == 0, "%s: not listed", dir);
	(void)sys->close(sys->context, fd);
}

size_t place_count(const struct place *place, const char *dir, const char *suffix)
{
	struct search search = { .prefix = "", .suffix = suffix };

	walk(place, dir, &search);
	return search.count;
}

void place_find(const struct place *place, const char *dir, const char *prefix, char *name,
		size_t size)
{
	struct search search = { .prefix = prefix, .suffix = "", .name = name, .size = size };

	name[0] = '\0';
	walk(place, dir, &search);
}
