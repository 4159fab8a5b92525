/* SPDX-License-Identifier: MIT */
/* What the tests of the writer share: a rig, one session, and short ways to append to it
 * and to look at what stands in its log. */
#ifndef UNIT_WRITER_FIXTURE_H
#define UNIT_WRITER_FIXTURE_H

#include <check.h>

#include "lib/log_rig.h"
#include "log/found.h"

struct fixture {
	struct log_rig rig;
	struct storage_id id;
	struct writer *writer; /* NULL: the session is closed */
};

static inline void fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	log_rig_open(&f->rig);
	f->id = log_rig_id(1);
}

static inline void fixture_create(struct fixture *f, const struct hf_session_options *options)
{
	fixture_open(f);
	ck_assert_int_eq(writer_create(&f->rig.env, &f->rig.report, f->id, options, &f->writer), HF_OK);
}

static inline void fixture_leave(struct fixture *f, enum hf_close how)
{
	ck_assert_int_eq(writer_close(f->writer, how), HF_OK);
	f->writer = NULL;
}

static inline int fixture_reopen_with(struct fixture *f, const struct writer_open *options,
				      struct hf_repair *ret_repair)
{
	report_clear(&f->rig.report);
	return writer_open(&f->rig.env, &f->rig.report, f->id, options, ret_repair, &f->writer);
}

static inline int fixture_reopen(struct fixture *f)
{
	const struct writer_open open = { 0 };

	return fixture_reopen_with(f, &open, NULL);
}

static inline void fixture_close(struct fixture *f)
{
	writer_free(f->writer);
	log_rig_close(&f->rig);
}

static inline int append(struct fixture *f, const char *type, const char *id, const char *json,
			 struct hf_ack *ret_ack)
{
	struct hf_append record = { type, id, json, strlen(json) };

	report_clear(&f->rig.report);
	return writer_append(f->writer, NULL, &record, 1, ret_ack);
}

/* Appends count messages. */
static inline void append_many(struct fixture *f, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(append(f, "message", NULL, "\"text\"", NULL), HF_OK);
}

/* Finds record n in the log; its type and data. */
static inline struct hf_record record_at(struct fixture *f, uint64_t n)
{
	struct hf_slice log = log_rig_log(&f->rig, f->id);
	struct hf_record record = { 0 };
	const char *feed;

	for (uint64_t i = 0;; i++) {
		feed = memchr(log.data, '\n', log.size);
		ck_assert_ptr_nonnull(feed);
		if (i == n)
			break;
		log.size -= (size_t)(feed + 1 - log.data);
		log.data = feed + 1;
	}
	ck_assert(record_decode(log.data, (size_t)(feed - log.data), &record));
	ck_assert_uint_eq(record.n, n);
	return record;
}

static inline void expect_record(struct fixture *f, uint64_t n, const char *type, const char *data)
{
	struct hf_record record = record_at(f, n);

	ck_assert_msg(record_slice_is(record.type, type), "record %u is a %.*s", (unsigned)n,
		      (int)record.type.size, record.type.data);
	if (data != NULL)
		ck_assert_msg(record_slice_is(record.data, data), "%.*s", (int)record.data.size,
			      record.data.data);
}

static inline void expect_check(struct fixture *f, enum hf_verdict verdict, uint64_t records)
{
	struct hf_check check = log_rig_check(&f->rig, f->id);

	ck_assert_msg(check.verdict == verdict, "%s, not %s", hf_verdict_name(check.verdict),
		      hf_verdict_name(verdict));
	ck_assert_uint_eq(check.records, records);
}

/* The newest slot's state. */
static inline struct head newest_head(struct fixture *f)
{
	struct found_head found = { 0 };

	ck_assert_int_eq(found_find(&f->rig.env, &f->rig.report, f->id, log_rig_head(&f->rig, f->id),
				    &found), HF_OK);
	ck_assert(found.is_valid);
	return found.head;
}

#endif
