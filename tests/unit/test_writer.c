/* SPDX-License-Identifier: MIT */
/*
 * Goal: a writer acknowledges what is on the medium and nothing else, goes on from any good
 * end, and is poisoned by every failure of the medium. Method: the real writer on storage
 * in memory whose operations are counted, or made to fail at the n-th call.
 */
#include "writer_fixture.h"

/* ---- A storage that counts and fails ---- */

enum op { OP_WRITE, OP_SYNC, OP_CUT, OP_HEAD_WRITE, OP_HEAD_SYNC, OP_COUNT };

static struct storage_ops real_ops;
static struct storage_ops watched_ops;
static unsigned calls[OP_COUNT];
static enum op failing_op;
static unsigned fails_at;   /* the call that fails, from 1; 0: none */
static int fails_with;

static int watch(enum op op, struct storage_log *log)
{
	calls[op]++;
	if (fails_at == 0 || op != failing_op || calls[op] != fails_at)
		return HF_OK;
	return report_fail(log->report, fails_with, "test", "the medium fails");
}

static int watched_write(struct storage_log *log, uint64_t offset, const void *bytes, size_t size)
{
	int rc = watch(OP_WRITE, log);

	/* A write that fails may have written any part. */
	if (rc != HF_OK)
		(void)real_ops.log_write(log, offset, bytes, size / 2);
	return rc == HF_OK ? real_ops.log_write(log, offset, bytes, size) : rc;
}

static int watched_sync(struct storage_log *log)
{
	int rc = watch(OP_SYNC, log);

	return rc == HF_OK ? real_ops.log_sync(log) : rc;
}

static int watched_cut(struct storage_log *log, uint64_t size)
{
	int rc = watch(OP_CUT, log);

	return rc == HF_OK ? real_ops.log_cut(log, size) : rc;
}

static int watched_head_write(struct storage_log *log, unsigned slot,
			      const uint8_t bytes[STORAGE_HEAD_SLOT_SIZE])
{
	int rc = watch(OP_HEAD_WRITE, log);

	return rc == HF_OK ? real_ops.head_write(log, slot, bytes) : rc;
}

static int watched_head_sync(struct storage_log *log)
{
	int rc = watch(OP_HEAD_SYNC, log);

	return rc == HF_OK ? real_ops.head_sync(log) : rc;
}

static void watch_storage(struct fixture *f)
{
	real_ops = *f->rig.storage->ops;
	watched_ops = real_ops;
	watched_ops.log_write = watched_write;
	watched_ops.log_sync = watched_sync;
	watched_ops.log_cut = watched_cut;
	watched_ops.head_write = watched_head_write;
	watched_ops.head_sync = watched_head_sync;
	f->rig.storage->ops = &watched_ops;
	memset(calls, 0, sizeof calls);
	fails_at = 0;
}

static void fail_at(enum op op, unsigned at, int code)
{
	memset(calls, 0, sizeof calls);
	failing_op = op;
	fails_at = at;
	fails_with = code;
}

/* ---- Durability ---- */

START_TEST(an_append_is_one_write_and_the_syncs_of_its_level)
{
	static const struct {
		enum hf_durability level;
		unsigned syncs, head_syncs;
	} rows[] = { { HF_SYNC, 1, 0 }, { HF_OS, 0, 0 }, { HF_STRICT, 1, 1 } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fixture f;

		fixture_open(&f);
		f.rig.env.durability = rows[i].level;
		ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
		watch_storage(&f);
		append_many(&f, 1);
		ck_assert_uint_eq(calls[OP_WRITE], 1);
		ck_assert_uint_eq(calls[OP_SYNC], rows[i].syncs);
		ck_assert_uint_eq(calls[OP_HEAD_WRITE], 1);
		ck_assert_uint_eq(calls[OP_HEAD_SYNC], rows[i].head_syncs);
		/* What a level left out, closing makes up for. */
		ck_assert_int_eq(writer_sync(f.writer), HF_OK);
		ck_assert_uint_eq(calls[OP_SYNC], 1);
		ck_assert_uint_eq(calls[OP_HEAD_SYNC], 1);
		ck_assert_int_eq(writer_sync(f.writer), HF_OK);
		ck_assert_uint_eq(calls[OP_SYNC] + calls[OP_HEAD_SYNC], 2);
		fixture_close(&f);
	}
}
END_TEST

START_TEST(a_seal_is_synced_at_every_level)
{
	static const enum hf_durability levels[] = { HF_SYNC, HF_OS, HF_STRICT };

	for (size_t i = 0; i < 3; i++) {
		struct fixture f;

		fixture_open(&f);
		f.rig.env.durability = levels[i];
		ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
		append_many(&f, 1);
		watch_storage(&f);
		fixture_leave(&f, HF_CLOSE_SEAL);
		ck_assert_uint_ge(calls[OP_SYNC], 1);
		ck_assert_uint_ge(calls[OP_HEAD_SYNC], 1);
		expect_check(&f, HF_INTACT, 3);
		fixture_close(&f);
	}
}
END_TEST

/* ---- Failures ---- */

static void expect_poisoned(struct fixture *f)
{
	ck_assert_int_eq(append(f, "message", NULL, "1", NULL), HF_ERR_POISONED);
	ck_assert_int_eq(writer_save(f->writer, NULL, NULL, 0), HF_ERR_POISONED);
	ck_assert_int_eq(writer_usable(f->writer), HF_ERR_POISONED);
	ck_assert_int_eq(writer_close(f->writer, HF_CLOSE_SEAL), HF_ERR_POISONED);
	f->writer = NULL;
}

/* The error is the medium's own, all that was acknowledged is there, and opening the
 * session again goes on. */
START_TEST(each_failure_of_an_append_poisons_and_loses_nothing)
{
	static const enum op ops[] = { OP_WRITE, OP_SYNC, OP_HEAD_WRITE, OP_HEAD_SYNC };
	static const int codes[] = { HF_ERR_IO, HF_ERR_NOSPACE, HF_ERR_READONLY };

	for (size_t i = 0; i < sizeof ops / sizeof ops[0] * 3; i++) {
		struct hf_ack ack = { 77, true };
		struct fixture f;

		fixture_open(&f);
		f.rig.env.durability = HF_STRICT;
		ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
		append_many(&f, 3);
		watch_storage(&f);
		fail_at(ops[i / 3], 1, codes[i % 3]);
		ck_assert_int_eq(append(&f, "message", "id", "\"failed\"", &ack), codes[i % 3]);
		ck_assert_str_eq(f.rig.report.detail.message, "the medium fails");
		ck_assert_uint_eq(ack.n, 77);
		fails_at = 0;
		expect_poisoned(&f);
		ck_assert_int_eq(fixture_reopen(&f), HF_OK);
		ck_assert_uint_ge(f.writer->head.records, 4);
		ck_assert_int_eq(append(&f, "message", "id", "\"failed\"", &ack), HF_OK);
		ck_assert_uint_ge(ack.n, 4);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_INTACT);
		fixture_close(&f);
	}
}
END_TEST

START_TEST(each_failure_of_a_close_is_told_and_loses_nothing)
{
	static const enum op ops[] = { OP_WRITE, OP_SYNC, OP_HEAD_WRITE, OP_HEAD_SYNC };

	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		struct fixture f;

		fixture_create(&f, NULL);
		append_many(&f, 3);
		watch_storage(&f);
		fail_at(ops[i], 1, HF_ERR_IO);
		ck_assert_int_eq(writer_close(f.writer, HF_CLOSE_SEAL), HF_ERR_IO);
		f.writer = NULL;
		fails_at = 0;
		ck_assert_int_le(log_rig_check(&f.rig, f.id).verdict, HF_TORN);
		ck_assert_uint_ge(log_rig_check(&f.rig, f.id).records, 4);
		ck_assert_int_eq(fixture_reopen(&f), HF_OK);
		fixture_leave(&f, HF_CLOSE_SEAL);
		ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_INTACT);
		fixture_close(&f);
	}
}
END_TEST

/* Each call that a repair makes fails in turn; the next opening mends what is left. */
START_TEST(each_failure_of_a_repair_is_mended_by_the_next)
{
	for (unsigned op = 0; op < OP_COUNT; op++) {
		for (unsigned at = 1; at < 4; at++) {
			struct fixture f;
			struct hf_slice log;
			int rc;

			fixture_create(&f, NULL);
			append_many(&f, 3);
			fixture_leave(&f, HF_CLOSE_LEAVE);
			log = log_rig_log(&f.rig, f.id);
			ck_assert_int_eq(memory_log_content_write(
						 memory_find(f.rig.storage, f.id)->content, log.size,
						 "a stump of some length, without an end", 38), HF_OK);
			watch_storage(&f);
			fail_at((enum op)op, at, HF_ERR_IO);
			rc = fixture_reopen(&f);
			ck_assert(rc == HF_OK || rc == HF_ERR_IO);
			fails_at = 0;
			if (rc == HF_OK)
				fixture_leave(&f, HF_CLOSE_LEAVE);
			ck_assert_int_eq(fixture_reopen(&f), HF_OK);
			append_many(&f, 1);
			fixture_leave(&f, HF_CLOSE_LEAVE);
			ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_INTACT);
			ck_assert_uint_ge(log_rig_check(&f.rig, f.id).records, 5);
			fixture_close(&f);
		}
	}
}
END_TEST

/* ---- Padding ---- */

START_TEST(a_writer_that_lives_long_pads_and_trims_when_it_closes)
{
	struct fixture f;
	size_t records_end;

	fixture_open(&f);
	f.rig.env.padding = 4096;
	ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
	append_many(&f, 3);
	ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size, f.writer->head.offset);
	append_many(&f, 40);
	ck_assert_uint_gt(log_rig_log(&f.rig, f.id).size, f.writer->head.offset);
	ck_assert_uint_le(log_rig_log(&f.rig, f.id).size, f.writer->head.offset + 4096);
	records_end = (size_t)f.writer->head.offset;
	for (size_t i = records_end; i < log_rig_log(&f.rig, f.id).size; i++)
		ck_assert_int_eq(log_rig_log(&f.rig, f.id).data[i], '\n');
	expect_check(&f, HF_INTACT, 44);
	/* A writer that dies leaves padding, which the next one takes over. */
	writer_free(f.writer);
	f.writer = NULL;
	expect_check(&f, HF_INTACT, 44);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	append_many(&f, 1);
	fixture_leave(&f, HF_CLOSE_SEAL);
	expect_check(&f, HF_INTACT, 46);
	ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size, newest_head(&f).offset);
	fixture_close(&f);
}
END_TEST

START_TEST(without_space_for_padding_records_are_appended_all_the_same)
{
	struct fixture f;

	fixture_open(&f);
	f.rig.env.padding = 4096;
	ck_assert_int_eq(writer_create(&f.rig.env, &f.rig.report, f.id, NULL, &f.writer), HF_OK);
	append_many(&f, 8);
	watch_storage(&f);
	fail_at(OP_WRITE, 1, HF_ERR_NOSPACE);
	append_many(&f, 1);
	ck_assert_uint_eq(calls[OP_WRITE], 2);
	ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size, f.writer->head.offset);
	append_many(&f, 20);
	expect_check(&f, HF_INTACT, 30);
	fixture_close(&f);
}
END_TEST

/* ---- Opening ---- */

START_TEST(one_writer_holds_a_session)
{
	const struct writer_open open = { .timeout_ms = 5 };
	struct writer *second = NULL;
	struct fixture f;

	fixture_create(&f, NULL);
	ck_assert_int_eq(writer_open(&f.rig.env, &f.rig.report, f.id, &open, NULL, &second),
			 HF_ERR_BUSY);
	ck_assert_ptr_null(second);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	fixture_close(&f);
}
END_TEST

START_TEST(asking_for_a_session_that_is_not_there_leaves_nothing)
{
	struct fixture f;

	fixture_open(&f);
	ck_assert_int_eq(fixture_reopen(&f), HF_ERR_NOTFOUND);
	ck_assert_ptr_null(f.writer);
	ck_assert_ptr_null(log_rig_log(&f.rig, f.id).data);
	fixture_close(&f);
}
END_TEST

/* Opening reads the end, however long the log is: damage far before it is not seen. */
START_TEST(opening_does_not_read_the_whole_log)
{
	struct fixture f;

	fixture_create(&f, NULL);
	append_many(&f, 30);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	memory_find(f.rig.storage, f.id)->content->bytes.data[600] ^= 1;
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	append_many(&f, 1);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_TAMPERED);
	fixture_close(&f);
}
END_TEST

START_TEST(opening_sees_that_the_last_record_is_not_the_heads)
{
	for (size_t back = 2; back < 46; back++) {
		struct fixture f;
		struct hf_slice log;

		fixture_create(&f, NULL);
		append_many(&f, 3);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		log = log_rig_log(&f.rig, f.id);
		memory_find(f.rig.storage, f.id)->content->bytes.data[log.size - back] ^= 1;
		ck_assert_int_eq(fixture_reopen(&f), HF_ERR_TAMPERED);
		ck_assert_int_eq(f.rig.report.detail.record, 3);
		fixture_close(&f);
	}
}
END_TEST

/* A last record that is larger than what is read at once, and a long way past the head. */
START_TEST(opening_copes_with_records_larger_than_its_window)
{
	enum { DATA = 300000 };
	char *json = malloc(DATA + 1);
	uint8_t head[STORAGE_HEAD_SIZE];
	struct fixture f;

	ck_assert_ptr_nonnull(json);
	memset(json, 'x', DATA);
	json[0] = json[DATA - 1] = '"';
	json[DATA] = '\0';
	fixture_create(&f, NULL);
	memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(append(&f, "message", NULL, json, NULL), HF_OK);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_uint_eq(f.writer->head.records, 4);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	log_rig_put_head(&f.rig, f.id, head);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_uint_eq(f.writer->head.records, 4);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 4);
	free(json);
	fixture_close(&f);
}
END_TEST

START_TEST(a_close_leaves_the_end_in_both_slots)
{
	for (unsigned how = 0; how < 2; how++) {
		struct head slots[STORAGE_HEAD_SLOTS];
		struct session_key *key = NULL;
		struct fixture f;

		fixture_create(&f, NULL);
		append_many(&f, 4);
		fixture_leave(&f, how == 0 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE);
		ck_assert_int_eq(session_key_new(f.rig.keyring, &f.rig.report, RIG_KEY_ID, f.id.bytes, 0,
						 &key), HF_OK);
		for (unsigned i = 0; i < STORAGE_HEAD_SLOTS; i++)
			ck_assert(head_decode(log_rig_head(&f.rig, f.id) + (size_t)i * STORAGE_HEAD_SLOT_SIZE,
					      i, f.id.bytes, &key->head, &slots[i]));
		session_key_free(f.rig.keyring, key);
		ck_assert_uint_eq(slots[0].records, how == 0 ? 6 : 5);
		ck_assert_uint_eq(slots[1].records, slots[0].records);
		ck_assert(mac_equal(slots[0].mac, slots[1].mac));
		fixture_close(&f);
	}
}
END_TEST

/* The key's memory is wiped in a child; the rig's is not, so that is done by hand. */
START_TEST(a_handle_is_of_no_use_after_fork)
{
	struct fixture f;

	fixture_create(&f, NULL);
	f.writer->key->ready = 0;
	ck_assert_int_eq(append(&f, "message", NULL, "1", NULL), HF_ERR_FORKED);
	ck_assert_int_eq(writer_save(f.writer, NULL, NULL, 0), HF_ERR_FORKED);
	ck_assert_int_eq(writer_close(f.writer, HF_CLOSE_SEAL), HF_ERR_FORKED);
	f.writer = NULL;
	expect_check(&f, HF_INTACT, 1);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("writer");
	TCase *medium = tcase_create("medium");
	TCase *opening = tcase_create("opening");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(medium, an_append_is_one_write_and_the_syncs_of_its_level);
	tcase_add_test(medium, a_seal_is_synced_at_every_level);
	tcase_add_test(medium, each_failure_of_an_append_poisons_and_loses_nothing);
	tcase_add_test(medium, each_failure_of_a_close_is_told_and_loses_nothing);
	tcase_add_test(medium, each_failure_of_a_repair_is_mended_by_the_next);
	tcase_add_test(medium, a_writer_that_lives_long_pads_and_trims_when_it_closes);
	tcase_add_test(medium, without_space_for_padding_records_are_appended_all_the_same);
	tcase_add_test(opening, one_writer_holds_a_session);
	tcase_add_test(opening, asking_for_a_session_that_is_not_there_leaves_nothing);
	tcase_add_test(opening, opening_does_not_read_the_whole_log);
	tcase_add_test(opening, opening_sees_that_the_last_record_is_not_the_heads);
	tcase_add_test(opening, opening_copes_with_records_larger_than_its_window);
	tcase_add_test(opening, a_close_leaves_the_end_in_both_slots);
	tcase_add_test(opening, a_handle_is_of_no_use_after_fork);
	suite_add_tcase(suite, medium);
	suite_add_tcase(suite, opening);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
