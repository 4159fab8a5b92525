/* SPDX-License-Identifier: MIT */
/*
 * Goal: each row of the table "Checking a session" of docs/FORMAT.md gives its verdict, at
 * its place. Method: forged logs and heads, one or more for each row; what single bytes and
 * whole records do is the business of tests/tamper.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log_rig.h"

enum { RECORDS = 6 };

struct fixture {
	struct log_rig rig;
	struct storage_id id;
	struct forge forge;
	size_t starts[RECORDS + 2];
	uint8_t macs[RECORDS + 1][MAC_SIZE];
	uint8_t slots[RECORDS + 1][STORAGE_HEAD_SLOT_SIZE]; /* by records; counter 10 + that */
};

/* A log of generation 0 with six records, and a slot for each count of them. */
static void open_fixture(struct fixture *f, const char *key_id)
{
	char *first;

	memset(f, 0, sizeof *f);
	log_rig_open(&f->rig);
	f->id = log_rig_id(1);
	forge_begin(&f->forge, &f->rig, f->id, key_id, 0);
	first = forge_first(f->id, key_id, 0, "null", 1);
	for (unsigned n = 0; n < RECORDS; n++) {
		forge_add(&f->forge, n == 0 ? "session" : "message", NULL, n == 0 ? first : "\"text\"");
		f->starts[n + 1] = f->forge.bytes.size;
		memcpy(f->macs[n], f->forge.mac, MAC_SIZE);
		forge_slot(&f->forge, f->id, 10 + f->forge.n, f->slots[f->forge.n]);
	}
	free(first);
}

static void close_fixture(struct fixture *f)
{
	forge_end(&f->forge);
	log_rig_close(&f->rig);
}

/* Puts a head in place that tells of count records; 0: none. */
static void put_head(struct fixture *f, unsigned count)
{
	uint8_t head[STORAGE_HEAD_SIZE] = { 0 };

	memcpy(head + (size_t)head_slot(10 + count) * STORAGE_HEAD_SLOT_SIZE, f->slots[count],
	       STORAGE_HEAD_SLOT_SIZE);
	log_rig_put_head(&f->rig, f->id, count > 0 ? head : NULL);
}

/* Puts the first size bytes of the log in place, and what is given after them. */
static void put_log(struct fixture *f, size_t size, const char *more, size_t more_size)
{
	struct buffer bytes = BUFFER_INIT(1 << 20);

	RIG_MUST(buffer_put(&bytes, f->forge.bytes.data, size) == HF_OK);
	RIG_MUST(buffer_put(&bytes, more, more_size) == HF_OK);
	log_rig_put_log(&f->rig, f->id, bytes.size > 0 ? bytes.data : "", bytes.size);
	buffer_release(&bytes);
}

static void expect(struct fixture *f, enum hf_verdict verdict, uint64_t records, int64_t bad)
{
	struct hf_check check = log_rig_check(&f->rig, f->id);

	ck_assert_msg(check.verdict == verdict, "%s, not %s", hf_verdict_name(check.verdict),
		      hf_verdict_name(verdict));
	ck_assert_uint_eq(check.records, records);
	ck_assert_int_eq(check.bad_offset, bad);
	ck_assert_int_eq(check.bad_record, bad < 0 ? -1 : (int64_t)records);
}

START_TEST(a_whole_session_is_intact_and_fully_described)
{
	struct fixture f;
	struct hf_check check;

	open_fixture(&f, RIG_KEY_ID);
	put_log(&f, f.forge.bytes.size, "\n\n\n", 3);
	put_head(&f, 4);
	check = log_rig_check(&f.rig, f.id);
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert(!check.weak && !check.active);
	ck_assert_uint_eq(check.records, RECORDS);
	ck_assert_uint_eq(check.bytes, f.forge.bytes.size);
	ck_assert_uint_eq(check.log_bytes, f.forge.bytes.size);
	ck_assert_uint_eq(check.acknowledged, 4);
	ck_assert_int_eq(check.bad_record, -1);
	ck_assert_int_eq(check.bad_offset, -1);
	close_fixture(&f);
}
END_TEST

START_TEST(what_stands_past_the_end_is_intact_torn_or_a_gap)
{
	struct fixture f;
	size_t end;
	const char *last;
	size_t last_size;

	open_fixture(&f, RIG_KEY_ID);
	end = f.starts[RECORDS];
	last = f.forge.bytes.data + f.starts[5];
	last_size = end - f.starts[5];
	put_head(&f, 4);
	put_log(&f, end, "", 0);
	expect(&f, HF_INTACT, RECORDS, -1);
	put_log(&f, f.starts[4], "\n\n", 2);
	expect(&f, HF_INTACT, 4, -1);
	put_log(&f, end, "stump", 5);
	expect(&f, HF_TORN, RECORDS, (int64_t)end);
	put_log(&f, end - 1, "", 0);
	expect(&f, HF_TORN, 5, (int64_t)f.starts[5]);
	put_log(&f, f.starts[4], "\0\0\0", 3);
	expect(&f, HF_TORN, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], "rubbish\n\n\n", 10);
	expect(&f, HF_TORN, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], last, last_size);
	expect(&f, HF_TORN, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[5], "\n", 1);
	expect(&f, HF_INTACT, 5, -1);
	close_fixture(&f);
}
END_TEST

START_TEST(a_record_behind_rubbish_is_a_gap)
{
	struct fixture f;
	char bytes[2000] = "rubbish\n";
	size_t size;

	open_fixture(&f, RIG_KEY_ID);
	size = f.starts[RECORDS] - f.starts[5];
	put_head(&f, 4);
	memcpy(bytes + 8, f.forge.bytes.data + f.starts[5], size);
	put_log(&f, f.starts[5], bytes, 8 + size);
	expect(&f, HF_GAP, 5, (int64_t)f.starts[5]);
	put_log(&f, f.starts[5], bytes + 7, 1 + size);
	expect(&f, HF_GAP, 5, (int64_t)f.starts[5]);
	put_log(&f, f.starts[5], bytes, 8 + size - 1);
	expect(&f, HF_TORN, 5, (int64_t)f.starts[5]);
	close_fixture(&f);
}
END_TEST

START_TEST(what_is_missing_before_the_end_is_truncated)
{
	static const char blank[500];
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	put_head(&f, 5);
	put_log(&f, f.starts[4], "", 0);
	expect(&f, HF_TRUNCATED, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4] + 20, "", 0);
	expect(&f, HF_TRUNCATED, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], "\n\n\n", 3);
	expect(&f, HF_TRUNCATED, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], blank, sizeof blank);
	expect(&f, HF_TRUNCATED, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], "\0\0\n\0\n", 5);
	expect(&f, HF_TRUNCATED, 4, (int64_t)f.starts[4]);
	put_log(&f, 0, "", 0);
	expect(&f, HF_TRUNCATED, 0, 0);
	put_log(&f, 0, "\n\0\n", 3);
	expect(&f, HF_TRUNCATED, 0, 0);
	close_fixture(&f);
}
END_TEST

START_TEST(what_is_wrong_before_the_end_is_tampered)
{
	static const char blank[500];
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	put_head(&f, 5);
	put_log(&f, f.starts[4], "rubbish\n", 8);
	expect(&f, HF_TAMPERED, 4, (int64_t)f.starts[4]);
	put_log(&f, f.starts[4], blank, sizeof blank);
	put_log(&f, 0, "rubbish", 7);
	expect(&f, HF_TRUNCATED, 0, 0);
	put_log(&f, 0, "rubbish\n", 8);
	expect(&f, HF_TAMPERED, 0, 0);
	put_log(&f, f.starts[3], "\n", 1);
	expect(&f, HF_TRUNCATED, 3, (int64_t)f.starts[3]);
	close_fixture(&f);
}
END_TEST

START_TEST(blank_bytes_before_more_of_the_log_are_no_end)
{
	struct fixture f;
	char bytes[4000];
	size_t size;

	open_fixture(&f, RIG_KEY_ID);
	size = f.starts[RECORDS] - f.starts[5];
	put_head(&f, RECORDS);
	memset(bytes, '\n', sizeof bytes);
	memcpy(bytes + 2000, f.forge.bytes.data + f.starts[5], size);
	put_log(&f, f.starts[5], bytes, 2000 + size);
	expect(&f, HF_TAMPERED, 5, (int64_t)f.starts[5]);
	bytes[2000] = 'x';
	put_log(&f, f.starts[5], bytes, 2001);
	expect(&f, HF_TAMPERED, 5, (int64_t)f.starts[5]);
	close_fixture(&f);
}
END_TEST

START_TEST(a_log_without_a_head_says_where_it_ends)
{
	struct fixture f;
	char bytes[2000] = "rubbish\n";
	size_t size;

	open_fixture(&f, RIG_KEY_ID);
	size = f.starts[RECORDS] - f.starts[5];
	put_head(&f, 0);
	put_log(&f, f.starts[RECORDS], "\n", 1);
	expect(&f, HF_HEAD_MISSING, RECORDS, -1);
	put_log(&f, f.starts[RECORDS], "stump", 5);
	expect(&f, HF_HEAD_MISSING, RECORDS, (int64_t)f.starts[RECORDS]);
	memcpy(bytes + 8, f.forge.bytes.data + f.starts[5], size);
	put_log(&f, f.starts[5], bytes, 8 + size);
	expect(&f, HF_GAP, 5, (int64_t)f.starts[5]);
	put_log(&f, 0, "", 0);
	expect(&f, HF_TAMPERED, 0, 0);
	put_log(&f, f.starts[1] - 1, "", 0);
	expect(&f, HF_TAMPERED, 0, 0);
	close_fixture(&f);
}
END_TEST

START_TEST(neither_log_nor_head_is_no_session)
{
	struct checked *checked = NULL;
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	ck_assert_int_eq(check_open(&f.rig.env, &f.rig.report, f.id, STORAGE_READ, NULL, &checked),
			 HF_ERR_NOTFOUND);
	log_rig_put_log(&f.rig, f.id, NULL, 0);
	put_head(&f, 1);
	ck_assert_int_eq(check_open(&f.rig.env, &f.rig.report, f.id, STORAGE_READ, NULL, &checked),
			 HF_ERR_NOTFOUND);
	put_head(&f, 2);
	expect(&f, HF_TRUNCATED, 0, 0);
	ck_assert_ptr_null(checked);
	check_close(NULL);
	close_fixture(&f);
}
END_TEST

START_TEST(a_session_that_was_removed_is_no_session)
{
	struct checked *checked = NULL;
	uint8_t slots[STORAGE_HEAD_SIZE] = { 0 };
	struct head head;
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	ck_assert(head_decode(f.slots[RECORDS], head_slot(10 + RECORDS), f.id.bytes,
			      &f.forge.key->head, &head));
	head.flags |= FORMAT_HEAD_DELETED;
	head_encode(&head, &f.forge.key->head,
		    slots + (size_t)head_slot(head.counter) * STORAGE_HEAD_SLOT_SIZE);
	put_log(&f, f.starts[RECORDS], "", 0);
	log_rig_put_head(&f.rig, f.id, slots);
	ck_assert_int_eq(check_open(&f.rig.env, &f.rig.report, f.id, STORAGE_READ, NULL, &checked),
			 HF_ERR_NOTFOUND);
	close_fixture(&f);
}
END_TEST

/* The key id, as it is claimed, is all that can be said. */
START_TEST(a_key_that_is_not_here_is_missing_and_the_records_are_shown_unchecked)
{
	struct checked *checked = NULL;
	struct fixture f;
	uint8_t head[STORAGE_HEAD_SIZE] = { 0 };
	char *key_id;

	open_fixture(&f, RIG_KEY_ID);
	key_id = strstr(f.forge.bytes.data, RIG_KEY_ID);
	ck_assert_ptr_nonnull(key_id);
	memcpy(key_id, RIG_KEY_ID_UNKNOWN, 16);
	put_log(&f, f.starts[RECORDS], "", 0);
	put_head(&f, 0);
	expect(&f, HF_KEY_MISSING, 0, -1);
	memcpy(f.slots[RECORDS] + FORMAT_HEAD_KEY_ID_AT, RIG_KEY_ID_UNKNOWN, 16);
	memcpy(head, f.slots[RECORDS], STORAGE_HEAD_SLOT_SIZE);
	log_rig_put_head(&f.rig, f.id, head);
	expect(&f, HF_KEY_MISSING, 0, -1);
	ck_assert_int_eq(check_open(&f.rig.env, &f.rig.report, f.id, STORAGE_READ, NULL, &checked),
			 HF_OK);
	ck_assert_uint_eq(checked->scan.records, RECORDS);
	ck_assert_ptr_null(checked->key);
	check_close(checked);
	log_rig_put_log(&f.rig, f.id, NULL, 0);
	expect(&f, HF_KEY_MISSING, 0, -1);
	close_fixture(&f);
}
END_TEST

START_TEST(a_session_of_the_weak_key_says_so_beside_any_verdict)
{
	struct fixture f;

	open_fixture(&f, "weak0e3cce4a8804");
	put_log(&f, f.starts[RECORDS], "", 0);
	put_head(&f, RECORDS);
	expect(&f, HF_WEAK_KEY, RECORDS, -1);
	ck_assert(log_rig_check(&f.rig, f.id).weak);
	put_log(&f, f.starts[RECORDS], "stump", 5);
	expect(&f, HF_TORN, RECORDS, (int64_t)f.starts[RECORDS]);
	ck_assert(log_rig_check(&f.rig, f.id).weak);
	put_log(&f, f.starts[3], "", 0);
	expect(&f, HF_TRUNCATED, 3, (int64_t)f.starts[3]);
	ck_assert(log_rig_check(&f.rig, f.id).weak);
	close_fixture(&f);
}
END_TEST

/* Anybody can make a generation that is signed with the weak key. */
START_TEST(a_weak_generation_never_follows_a_strong_one)
{
	struct fixture f;
	struct forge weak;
	char previous[128], mac[TEXT_BASE64_32_SIZE + 1] = "";
	char *first;

	open_fixture(&f, RIG_KEY_ID);
	text_put_base64_32(f.forge.mac, mac);
	(void)snprintf(previous, sizeof previous, "{\"generation\":0,\"records\":%d,\"mac\":\"%s\"}",
		       RECORDS, mac);
	forge_begin(&weak, &f.rig, f.id, "weak0e3cce4a8804", 1);
	first = forge_first(f.id, "weak0e3cce4a8804", 1, previous, 1);
	forge_add(&weak, "session", NULL, first);
	free(first);
	log_rig_put_log(&f.rig, f.id, weak.bytes.data, weak.bytes.size);
	put_head(&f, RECORDS);
	expect(&f, HF_TAMPERED, 0, 0);
	put_head(&f, 0);
	expect(&f, HF_HEAD_MISSING, 1, -1);
	forge_end(&weak);
	close_fixture(&f);
}
END_TEST

/* Forges a log of one record 0, puts it and its head in place. */
static void put_first(struct fixture *f, const char *data)
{
	uint8_t head[STORAGE_HEAD_SIZE] = { 0 };
	struct forge forge;

	forge_begin(&forge, &f->rig, f->id, RIG_KEY_ID, 0);
	forge_add(&forge, "session", NULL, data);
	forge_slot(&forge, f->id, 2, head);
	log_rig_put_log(&f->rig, f->id, forge.bytes.data, forge.bytes.size);
	log_rig_put_head(&f->rig, f->id, head);
	forge_end(&forge);
}

/* Only who has the key can make these. */
START_TEST(a_signed_record_0_of_something_else_is_tampering)
{
	struct fixture f;
	char *data;

	open_fixture(&f, RIG_KEY_ID);
	data = forge_first(f.id, RIG_KEY_ID, 0, "null", 1);
	put_first(&f, data);
	expect(&f, HF_INTACT, 1, -1);
	free(data);
	data = forge_first(log_rig_id(2), RIG_KEY_ID, 0, "null", 1);
	put_first(&f, data);
	expect(&f, HF_TAMPERED, 0, 0);
	put_head(&f, 0);
	expect(&f, HF_TAMPERED, 0, 0);
	free(data);
	data = forge_first(f.id, RIG_KEY_ID, 1,
			   "{\"generation\":0,\"records\":1,\"mac\":"
			   "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", 1);
	put_first(&f, data);
	expect(&f, HF_TAMPERED, 0, 0);
	free(data);
	close_fixture(&f);
}
END_TEST

/* A generation that names the head's generation, records and MAC follows it, and no other. */
START_TEST(a_generation_follows_the_head_whose_whole_state_it_names)
{
	static const struct {
		int generation, records, flip;
		enum hf_verdict verdict;
	} rows[] = { { 0, RECORDS, 0, HF_INTACT }, { 0, RECORDS - 1, 0, HF_ROLLED_BACK },
		     { 0, RECORDS + 1, 0, HF_ROLLED_BACK }, { 1, RECORDS, 0, HF_ROLLED_BACK },
		     { 0, RECORDS, 1, HF_ROLLED_BACK } };
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	put_head(&f, RECORDS);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char previous[128], mac[TEXT_BASE64_32_SIZE + 1] = "";
		uint8_t bytes[MAC_SIZE];
		struct forge newer;
		char *first;

		memcpy(bytes, f.forge.mac, sizeof bytes);
		bytes[5] ^= (uint8_t)rows[i].flip;
		text_put_base64_32(bytes, mac);
		(void)snprintf(previous, sizeof previous,
			       "{\"generation\":%d,\"records\":%d,\"mac\":\"%s\"}", rows[i].generation,
			       rows[i].records, mac);
		forge_begin(&newer, &f.rig, f.id, RIG_KEY_ID, 2);
		first = forge_first(f.id, RIG_KEY_ID, 2, previous, 1);
		forge_add(&newer, "session", NULL, first);
		free(first);
		log_rig_put_log(&f.rig, f.id, newer.bytes.data, newer.bytes.size);
		expect(&f, rows[i].verdict, 1, -1);
		forge_end(&newer);
	}
	close_fixture(&f);
}
END_TEST

/* Progress tells of bytes, and comes to the end. */
struct progress {
	uint64_t calls;
	uint64_t done;
	uint64_t total;
};

static void note(void *context, uint64_t done, uint64_t total)
{
	struct progress *progress = context;

	ck_assert_uint_ge(done, progress->done);
	ck_assert_uint_le(done, total);
	progress->calls++;
	progress->done = done;
	progress->total = total;
}

START_TEST(progress_comes_to_the_end)
{
	struct progress progress = { 0 };
	struct check_watch watch = { note, &progress };
	struct checked *checked = NULL;
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	put_log(&f, f.starts[RECORDS], "", 0);
	put_head(&f, RECORDS);
	ck_assert_int_eq(check_open(&f.rig.env, &f.rig.report, f.id, STORAGE_READ, &watch, &checked),
			 HF_OK);
	ck_assert_uint_ge(progress.calls, 1);
	ck_assert_uint_eq(progress.done, f.starts[RECORDS]);
	ck_assert_uint_eq(progress.total, f.starts[RECORDS]);
	check_close(checked);
	close_fixture(&f);
}
END_TEST

START_TEST(a_torn_tail_under_a_held_lock_is_no_damage)
{
	struct storage_lock *lock = NULL;
	struct hf_check check;
	struct fixture f;

	open_fixture(&f, RIG_KEY_ID);
	put_log(&f, f.starts[RECORDS], "stump", 5);
	put_head(&f, RECORDS);
	ck_assert_int_eq(f.rig.storage->ops->lock(f.rig.storage, &f.rig.report, f.id, 0, &lock), HF_OK);
	check = log_rig_check(&f.rig, f.id);
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert(check.active);
	ck_assert_int_eq(check.bad_record, -1);
	put_log(&f, f.starts[4], "", 0);
	check = log_rig_check(&f.rig, f.id);
	ck_assert_int_eq(check.verdict, HF_TRUNCATED);
	ck_assert(check.active);
	f.rig.storage->ops->unlock(lock);
	close_fixture(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check");
	TCase *check = tcase_create("check");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(check, a_whole_session_is_intact_and_fully_described);
	tcase_add_test(check, what_stands_past_the_end_is_intact_torn_or_a_gap);
	tcase_add_test(check, a_record_behind_rubbish_is_a_gap);
	tcase_add_test(check, what_is_missing_before_the_end_is_truncated);
	tcase_add_test(check, what_is_wrong_before_the_end_is_tampered);
	tcase_add_test(check, blank_bytes_before_more_of_the_log_are_no_end);
	tcase_add_test(check, a_log_without_a_head_says_where_it_ends);
	tcase_add_test(check, neither_log_nor_head_is_no_session);
	tcase_add_test(check, a_session_that_was_removed_is_no_session);
	tcase_add_test(check,
		       a_key_that_is_not_here_is_missing_and_the_records_are_shown_unchecked);
	tcase_add_test(check, a_session_of_the_weak_key_says_so_beside_any_verdict);
	tcase_add_test(check, a_weak_generation_never_follows_a_strong_one);
	tcase_add_test(check, a_signed_record_0_of_something_else_is_tampering);
	tcase_add_test(check, a_generation_follows_the_head_whose_whole_state_it_names);
	tcase_add_test(check, progress_comes_to_the_end);
	tcase_add_test(check, a_torn_tail_under_a_held_lock_is_no_damage);
	suite_add_tcase(suite, check);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
