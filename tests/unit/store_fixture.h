/* SPDX-License-Identifier: MIT */
/* What the tests of src/store share: a store in a scratch directory, by the public calls. */
#ifndef UNIT_STORE_FIXTURE_H
#define UNIT_STORE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "lib/scratch.h"

#define ID_1 "0195d3a0-1111-4222-8333-444455556661"
#define ID_2 "0195d3a0-1111-4222-8333-444455556662"
#define ID_3 "aaaaaaaa-1111-4222-8333-444455556663"

struct fixture {
	struct scratch scratch;
	struct hf_store *store;
	struct hf_session *session;
	struct hf_detail detail;
};

/* Opens the store again; the padding is off unless that is asked for. */
static inline int fixture_store(struct fixture *f, const struct hf_store_options *given)
{
	struct hf_store_options options = { .padding = 1 };
	char path[300];

	if (given != NULL)
		options = *given;
	if (options.rounds == 0)
		options.rounds = HF_ROUNDS_MIN;
	if (options.runtime_dir == NULL)
		options.runtime_dir = "";
	(void)snprintf(path, sizeof path, "%s/store", f->scratch.path);
	return hf_store_open(path, &options, &f->detail, &f->store);
}

static inline void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->scratch = scratch_open();
	ck_assert_int_eq(fixture_store(f, NULL), HF_OK);
}

static inline void fixture_close(struct fixture *f)
{
	(void)hf_session_close(f->session, HF_CLOSE_LEAVE, NULL);
	hf_store_close(f->store);
	scratch_close(&f->scratch);
}

static inline void fixture_reopen_store(struct fixture *f, const struct hf_store_options *options)
{
	hf_store_close(f->store);
	f->store = NULL;
	ck_assert_int_eq(fixture_store(f, options), HF_OK);
}

static inline void create(struct fixture *f, const char *id, const char *name)
{
	struct hf_session_options options = { .id = id, .name = name };

	ck_assert_int_eq(hf_session_create(f->store, &options, &f->detail, &f->session), HF_OK);
}

static inline void leave(struct fixture *f, enum hf_close how)
{
	struct hf_session *session = f->session;

	f->session = NULL;
	ck_assert_int_eq(hf_session_close(session, how, &f->detail), HF_OK);
}

static inline int append(struct fixture *f, const char *type, const char *id, const char *json)
{
	struct hf_append record = { type, id, json, strlen(json) };

	return hf_session_append(f->session, NULL, &record, 1, &f->detail, NULL);
}

/* Appends count messages that say their record's number. */
static inline void append_many(struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char json[64];

		(void)snprintf(json, sizeof json, "{\"role\":\"user\",\"content\":\"%u\"}",
			       (unsigned)hf_session_records(f->session));
		ck_assert_int_eq(append(f, "message", NULL, json), HF_OK);
	}
}

static inline bool slice_is(struct hf_slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

static inline struct hf_view *load(struct fixture *f, const char *id)
{
	struct hf_view *view = NULL;

	ck_assert_int_eq(hf_session_load(f->store, id, &f->detail, &view), HF_OK);
	return view;
}

static inline struct hf_check verify(struct fixture *f, const char *id)
{
	struct hf_check check = { 0 };

	ck_assert_int_eq(hf_session_verify(f->store, id, NULL, NULL, &f->detail, &check), HF_OK);
	return check;
}

#endif
