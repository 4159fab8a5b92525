/* SPDX-License-Identifier: MIT */
/* What the tests of the trash share: a store with the session ID_1, moved and looked for in
 * both places. One store a program. */
#ifndef UNIT_TRASH_FIXTURE_H
#define UNIT_TRASH_FIXTURE_H

#include "lib/runner.h"
#include "store_fixture.h"

/* Files of the session, in the scratch directory. */
#define OUTSIDE(suffix) "store/sessions/" ID_1 suffix
#define INSIDE(suffix) "store/trash/" ID_1 suffix
#define NIL "00000000-0000-0000-0000-000000000000"

static struct fixture f;

static inline void set_up(void)
{
	fixture_open(&f);
}

static inline void tear_down(void)
{
	fixture_close(&f);
}

static inline int trash(void)
{
	return hf_session_trash(f.store, ID_1, &f.detail);
}

static inline int restore(void)
{
	return hf_session_restore(f.store, ID_1, &f.detail);
}

static inline int purge(void)
{
	return hf_session_purge(f.store, ID_1, &f.detail);
}

static inline int delete(void)
{
	return hf_session_delete(f.store, ID_1, &f.detail);
}

static inline int try_open(void)
{
	int rc = hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session);

	if (rc == HF_OK)
		leave(&f, HF_CLOSE_LEAVE);
	return rc;
}

static inline int try_create(void)
{
	struct hf_session_options options = { .id = ID_1 };
	int rc = hf_session_create(f.store, &options, &f.detail, &f.session);

	if (rc == HF_OK)
		leave(&f, HF_CLOSE_LEAVE);
	return rc;
}

static inline int try_load(void)
{
	struct hf_view *view = NULL;
	int rc = hf_session_load(f.store, ID_1, &f.detail, &view);

	hf_view_close(view);
	return rc;
}

/* A session with three messages, left. */
static inline void make(void)
{
	create(&f, ID_1, "a name");
	append_many(&f, 3);
	leave(&f, HF_CLOSE_LEAVE);
}

static inline bool exists(const char *name)
{
	return scratch_exists(f.scratch.fd, name);
}

/* Fails the case unless the session's log is there and nowhere else. */
static inline void check_place(bool in_trash)
{
	ck_assert_int_eq(exists(OUTSIDE(".jsonl")), !in_trash);
	ck_assert_int_eq(exists(OUTSIDE(".head")), !in_trash);
	ck_assert_int_eq(exists(INSIDE(".jsonl")), in_trash);
	ck_assert_int_eq(exists(INSIDE(".head")), in_trash);
}

static inline void check_gone(void)
{
	ck_assert(!exists(OUTSIDE(".jsonl")) && !exists(OUTSIDE(".head")));
	ck_assert(!exists(INSIDE(".jsonl")) && !exists(INSIDE(".head")));
	ck_assert_int_eq(try_load(), HF_ERR_NOTFOUND);
}

static inline void make_trash_dir(void)
{
	create(&f, ID_3, "other");
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(hf_session_trash(f.store, ID_3, &f.detail), HF_OK);
}

#endif
