/* SPDX-License-Identifier: MIT */
/*
 * What the tests of listing and retention share: a store over a struct sys with a clock of
 * the test's own, that steps aside for the test when the store asks who holds a session, and
 * that counts what it reads; sessions made in one call; and listings as arrays.
 */
#ifndef UNIT_LIST_FIXTURE_H
#define UNIT_LIST_FIXTURE_H

#include "store/store.h"
#include "store_fixture.h"

enum { ENTRIES_MAX = 300 };

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
/* The first moment of a test: 2026-01-01T00:00:00Z. */
#define START_US (INT64_C(1767225600) * SECOND_US)

/* The system under the store of a test. Each case is a process of its own. */
struct tamed {
	struct sys sys;
	int64_t now_us;             /* what the clock says; it advances with each look */
	void (*at_question)(void *context); /* called before the kernel is asked for a lock */
	void *context;
	uint64_t bytes_read;
	uint64_t maps;
	const char *broken; /* files whose names end so can be neither opened nor removed */
	int broken_errno;
};
static struct tamed tamed;

static inline int tamed_wall_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	*ret_time_us = tamed.now_us++;
	return 0;
}

static inline int tamed_is_locked(void *context, int fd)
{
	if (tamed.at_question != NULL)
		tamed.at_question(tamed.context);
	return sys_posix()->is_locked(context, fd);
}

static inline ssize_t tamed_read_at(void *context, int fd, void *bytes, size_t size,
				    uint64_t offset)
{
	ssize_t count = sys_posix()->read_at(context, fd, bytes, size, offset);

	if (count > 0)
		tamed.bytes_read += (uint64_t)count;
	return count;
}

static inline int tamed_map(void *context, int fd, size_t size, const void **ret_bytes)
{
	tamed.maps++;
	return sys_posix()->map(context, fd, size, ret_bytes);
}

static inline bool is_broken(const char *name)
{
	size_t size = strlen(name);
	size_t broken = tamed.broken != NULL ? strlen(tamed.broken) : SIZE_MAX;

	return size >= broken && strcmp(name + size - broken, tamed.broken) == 0;
}

static inline int tamed_open_at(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	if (is_broken(name))
		return -tamed.broken_errno;
	return sys_posix()->open_at(context, dir_fd, name, flags, mode);
}

static inline int tamed_unlink_at(void *context, int dir_fd, const char *name)
{
	return is_broken(name) ? -tamed.broken_errno :
				 sys_posix()->unlink_at(context, dir_fd, name);
}

/* Opens the store once more, over the tamed system. */
static inline struct hf_store *open_tamed(struct fixture *f, const struct hf_store_options *given)
{
	struct hf_store_options options = { .limit_count = 0 };
	struct hf_store *store = NULL;
	char path[300];

	if (given != NULL)
		options = *given;
	options.padding = options.padding == 0 ? 1 : options.padding;
	options.rounds = HF_ROUNDS_MIN;
	options.runtime_dir = "";
	(void)snprintf(path, sizeof path, "%s/store", f->scratch.path);
	ck_assert_int_eq(store_open_with(&tamed.sys, path, &options, &f->detail, &store), HF_OK);
	return store;
}

/* A new store over the tamed system. */
static inline void tamed_open(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	tamed = (struct tamed){ .sys = *sys_posix(), .now_us = START_US };
	tamed.sys.wall_time = tamed_wall_time;
	tamed.sys.is_locked = tamed_is_locked;
	tamed.sys.read_at = tamed_read_at;
	tamed.sys.map = tamed_map;
	tamed.sys.open_at = tamed_open_at;
	tamed.sys.unlink_at = tamed_unlink_at;
	f->scratch = scratch_open();
	f->store = open_tamed(f, NULL);
	/* Making the key looks at the clock. */
	ck_assert_int_eq(hf_key_prepare(f->store, NULL, &(struct hf_key_info){ .rounds = 0 }), HF_OK);
}

static inline void tamed_reopen(struct fixture *f, const struct hf_store_options *options)
{
	hf_store_close(f->store);
	f->store = open_tamed(f, options);
}

/* A session to be made. */
struct plan {
	const char *id;
	const char *name;
	const char *project;
	int64_t at_us;     /* when its last record is written; 0: now */
	unsigned messages;
	enum hf_close how;
};

static inline void make(struct fixture *f, struct plan plan)
{
	struct hf_session_options options = { .id = plan.id, .name = plan.name,
					      .project = plan.project };

	if (plan.at_us != 0)
		tamed.now_us = plan.at_us;
	ck_assert_int_eq(hf_session_create(f->store, &options, &f->detail, &f->session), HF_OK);
	append_many(f, plan.messages);
	leave(f, plan.how);
}

static inline void reopen(struct fixture *f, const char *id)
{
	ck_assert_int_eq(hf_session_open(f->store, id, NULL, &f->detail, &f->session), HF_OK);
}

/* An entry with its texts copied, since they last until the next call. */
struct noted {
	struct hf_entry entry;
	char name[HF_NAME_MAX + 1];
	char project[HF_PROJECT_MAX + 1];
	char tags[HF_TAGS_SIZE_MAX + 1];
};

static inline void note_text(char *text, size_t size, struct hf_slice slice)
{
	(void)snprintf(text, size, "%.*s", (int)slice.size, slice.data != NULL ? slice.data : "");
}

/* Lists what is wanted; returns how many there are. */
static inline size_t list(struct hf_store *store, struct hf_list_options wanted,
			  struct noted noted[ENTRIES_MAX])
{
	struct hf_list *listing = NULL;
	struct hf_entry entry;
	size_t count = 0;
	int rc;

	ck_assert_int_eq(hf_list_open(store, &wanted, NULL, &listing), HF_OK);
	while ((rc = hf_list_next(listing, &entry)) == HF_OK) {
		struct noted *next = &noted[count++];

		ck_assert_uint_lt(count, ENTRIES_MAX);
		next->entry = entry;
		note_text(next->name, sizeof next->name, entry.info.name);
		note_text(next->project, sizeof next->project, entry.info.project);
		note_text(next->tags, sizeof next->tags, entry.info.tags);
	}
	ck_assert_int_eq(rc, HF_ERR_NOTFOUND);
	ck_assert_int_eq(hf_list_next(listing, &entry), HF_ERR_NOTFOUND);
	hf_list_close(listing);
	return count;
}

/* Finds the one entry of a session, or NULL. */
static inline const struct noted *find_noted(const struct noted *noted, size_t count,
					     const char *id)
{
	const struct noted *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(noted[i].entry.info.id, id) == 0) {
			ck_assert_ptr_null(found);
			found = &noted[i];
		}
	}
	return found;
}

/* The one session of a store. */
static inline const struct noted *only(struct fixture *f)
{
	static struct noted noted[ENTRIES_MAX];

	ck_assert_uint_eq(list(f->store, (struct hf_list_options){ .limit = 0 }, noted), 1);
	return noted;
}

/* Expects a listing to have these sessions in this order; ids are written as their last
 * characters, "132". */
static inline void expect_list(struct fixture *f, struct hf_list_options wanted, const char *ids)
{
	static struct noted noted[ENTRIES_MAX];
	char found[ENTRIES_MAX + 1] = "";
	size_t count = list(f->store, wanted, noted);

	for (size_t i = 0; i < count; i++)
		found[i] = noted[i].entry.info.id[HF_ID_SIZE - 2];
	ck_assert_str_eq(found, ids);
}

#define FILE_OF(id, suffix) "store/sessions/" id suffix
#define ID_4 "bbbbbbbb-1111-4222-8333-444455556664"
#define ID_5 "bbbbbbbb-1111-4222-8333-444455556665"

#endif
