/* SPDX-License-Identifier: MIT */
/*
 * Goal: what a changed head can hide is known exactly. Method: every byte of each slot is
 * set to every other value, and the slots are removed, replayed and exchanged.
 *
 * Undetectable, and asserted as such here: an older state of the log and the head together
 * (a rollback of both looks like what a crash in between left, or like a backup). Harmless:
 * one damaged or older slot with the log as it was.
 */
#include "tamper/sample.h"

static uint8_t *slot_of(struct sample *sample, unsigned slot)
{
	return log_rig_head(&sample->rig, sample->id) + (size_t)slot * STORAGE_HEAD_SLOT_SIZE;
}

/* The bytes of a slot that say something. */
static size_t used_size(const uint8_t *slot)
{
	size_t size = STORAGE_HEAD_SLOT_SIZE;

	while (slot[size - 1] == 0)
		size--;
	return size;
}

/* Where the sample, which never moved, has 64 zero bytes: some changes to them will do. */
static bool is_former(size_t at)
{
	return at >= FORMAT_HEAD_FORMER_AT && at < FORMAT_HEAD_TEXT_AT;
}

/* What found_find makes of the head as it stands. */
static struct found_head find_head(struct sample *sample)
{
	struct found_head found;

	ck_assert_int_eq(found_find(&sample->rig.env, &sample->rig.report, sample->id,
				    log_rig_head(&sample->rig, sample->id), &found), HF_OK);
	return found;
}

/* Sets each byte that a slot uses to each other value: it must no longer count, so that the
 * head is the other slot's. */
static void change_used_bytes(struct sample *sample, unsigned slot, uint64_t records)
{
	uint8_t *bytes = slot_of(sample, slot);
	size_t used = used_size(bytes);

	for (size_t at = 0; at < used; at++) {
		uint8_t own = bytes[at];

		for (unsigned change = 1; change < 256; change += is_former(at) ? 63 : 1) {
			struct found_head found;

			bytes[at] = (uint8_t)(own ^ change);
			found = find_head(sample);
			ck_assert_msg(found.is_valid && found.head.records == records &&
				      head_slot(found.head.counter) == 1 - slot,
				      "byte %zu of slot %u xor %#x", at, slot, change);
		}
		bytes[at] = own;
	}
}

/* The same for the zero bytes behind them; without deriving the keys each time. */
static void change_zero_bytes(struct sample *sample, unsigned slot)
{
	uint8_t *bytes = slot_of(sample, slot);
	struct head head = { 0 };
	struct session_key *key = sample_head(sample, 0, &head);

	ck_assert(head_decode(bytes, slot, sample->id.bytes, &key->head, &head));
	for (size_t at = used_size(bytes); at < STORAGE_HEAD_SLOT_SIZE; at++) {
		for (unsigned value = 1; value < 256; value++) {
			bytes[at] = (uint8_t)value;
			ck_assert_msg(!head_decode(bytes, slot, sample->id.bytes, &key->head, &head),
				      "byte %zu of slot %u made %#x", at, slot, value);
		}
		bytes[at] = 0;
	}
	session_key_free(sample->rig.keyring, key);
}

START_TEST(no_byte_of_a_slot_can_be_changed_and_the_slot_still_count)
{
	struct sample sample;

	sample_open(&sample);
	sample_put_head_at(&sample, SAMPLE_RECORDS);
	change_used_bytes(&sample, head_slot(SAMPLE_RECORDS), SAMPLE_RECORDS - 1);
	change_used_bytes(&sample, head_slot(SAMPLE_RECORDS - 1), SAMPLE_RECORDS);
	change_zero_bytes(&sample, 0);
	change_zero_bytes(&sample, 1);
	sample_close(&sample);
}
END_TEST

/* Checks the session with each byte that a slot uses changed, and some of those it does not. */
static void check_each_byte(struct sample *sample, unsigned slot, struct expected expected)
{
	uint8_t *bytes = slot_of(sample, slot);
	size_t used = used_size(bytes);

	for (size_t at = 0; at < STORAGE_HEAD_SLOT_SIZE; at += at < used ? 1 : 61) {
		uint8_t own = bytes[at];

		for (unsigned change = 1; change < 256; change += 42) {
			if (is_former(at) && at % 8 != change % 8)
				continue;
			bytes[at] = (uint8_t)(own ^ change);
			sample_expect(sample, expected, "byte %zu of slot %u xor %#x", at, slot, change);
		}
		bytes[at] = own;
	}
}

/* Harmless: the other slot, and the log itself, say all. */
START_TEST(one_damaged_slot_beside_a_whole_log_is_intact)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned slot = 0; slot < STORAGE_HEAD_SLOTS; slot++)
		check_each_byte(&sample, slot, expect_good(HF_INTACT, SAMPLE_RECORDS));
	sample_put_head_at(&sample, SAMPLE_RECORDS);
	for (unsigned slot = 0; slot < STORAGE_HEAD_SLOTS; slot++)
		check_each_byte(&sample, slot, expect_good(HF_INTACT, SAMPLE_RECORDS));
	sample_close(&sample);
}
END_TEST

/* A session that was closed tells its end in both slots. */
START_TEST(a_damaged_slot_of_a_closed_session_hides_no_missing_record)
{
	struct sample sample;

	sample_open(&sample);
	log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[SAMPLE_RECORDS - 1]);
	for (unsigned slot = 0; slot < STORAGE_HEAD_SLOTS; slot++)
		check_each_byte(&sample, slot,
				expect_bad(&sample, HF_TRUNCATED, SAMPLE_RECORDS - 1));
	sample_close(&sample);
}
END_TEST

START_TEST(a_new_session_tells_its_end_in_both_slots)
{
	struct sample sample = { 0 };
	struct writer *writer;

	log_rig_open(&sample.rig);
	sample.id = log_rig_id(0x66);
	writer = sample_create(&sample.rig, sample.id);
	for (unsigned slot = 0; slot < STORAGE_HEAD_SLOTS; slot++) {
		struct head head;

		ck_assert(head_decode(slot_of(&sample, slot), slot, sample.id.bytes, &writer->key->head,
				      &head));
		ck_assert_uint_eq(head.records, 1);
	}
	writer_free(writer);
	sample_close(&sample);
}
END_TEST

/* Undetectable while nobody has closed the session since: the older slot and a log that
 * ends where it says are what was there one append ago. */
START_TEST(a_damaged_newer_slot_and_a_log_without_the_last_record_is_an_older_state)
{
	struct sample sample;

	sample_open(&sample);
	sample_put_head_at(&sample, SAMPLE_RECORDS);
	memset(slot_of(&sample, head_slot(SAMPLE_RECORDS)), 0, STORAGE_HEAD_SLOT_SIZE);
	log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[SAMPLE_RECORDS - 1]);
	sample_expect(&sample, expect_good(HF_INTACT, SAMPLE_RECORDS - 1), "one append ago");
	log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[SAMPLE_RECORDS - 2]);
	sample_expect(&sample, expect_bad(&sample, HF_TRUNCATED, SAMPLE_RECORDS - 2),
		      "two appends ago");
	sample_close(&sample);
}
END_TEST

START_TEST(a_head_that_is_gone_or_damaged_as_a_whole_is_head_missing)
{
	static const uint8_t zeros[STORAGE_HEAD_SIZE];
	uint8_t noise[STORAGE_HEAD_SIZE];
	struct sample sample;

	sample_open(&sample);
	log_rig_put_head(&sample.rig, sample.id, NULL);
	sample_expect(&sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "no head");
	log_rig_put_head(&sample.rig, sample.id, zeros);
	sample_expect(&sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "zeros");
	memcpy(noise, sample.head, sizeof noise);
	noise[60] ^= 1;
	noise[60 + STORAGE_HEAD_SLOT_SIZE] ^= 1;
	log_rig_put_head(&sample.rig, sample.id, noise);
	sample_expect(&sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "both slots changed");
	memcpy(noise, sample.head + STORAGE_HEAD_SLOT_SIZE, STORAGE_HEAD_SLOT_SIZE);
	memcpy(noise + STORAGE_HEAD_SLOT_SIZE, sample.head, STORAGE_HEAD_SLOT_SIZE);
	log_rig_put_head(&sample.rig, sample.id, noise);
	sample_expect(&sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "slots exchanged");
	sample_close(&sample);
}
END_TEST

START_TEST(the_head_of_another_session_is_no_head)
{
	struct sample sample;
	struct storage_id other = log_rig_id(0x77);

	sample_open(&sample);
	sample_append(&sample.rig, sample_create(&sample.rig, other), SAMPLE_RECORDS);
	log_rig_put_head(&sample.rig, sample.id, log_rig_head(&sample.rig, other));
	sample_expect(&sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "another's head");
	sample_close(&sample);
}
END_TEST

/* Harmless: what it does not tell of stands in the log, complete and signed. */
START_TEST(an_older_head_beside_the_whole_log_is_intact)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned count = 1; count <= SAMPLE_RECORDS; count++) {
		sample_put_head_at(&sample, count);
		sample_expect(&sample, expect_good(HF_INTACT, SAMPLE_RECORDS), "head at %u", count);
		ck_assert_uint_eq(log_rig_check(&sample.rig, sample.id).acknowledged, count);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(an_older_log_under_its_head_is_truncated)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned count = 0; count < SAMPLE_RECORDS; count++) {
		log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[count]);
		sample_expect(&sample, expect_bad(&sample, HF_TRUNCATED, count), "log at %u", count);
	}
	sample_close(&sample);
}
END_TEST

/* Undetectable: nothing in a store knows of more than its newest head. */
START_TEST(an_older_log_and_its_head_put_back_together_pass_for_intact)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned count = 1; count < SAMPLE_RECORDS; count++) {
		sample_put_head_at(&sample, count);
		log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[count]);
		sample_expect(&sample, expect_good(HF_INTACT, count), "both at %u", count);
	}
	sample_close(&sample);
}
END_TEST

/* Two generations of a session: what the older one was is kept in older. */
static void open_two_generations(struct sample *sample, struct sample *older)
{
	struct writer *writer = NULL;
	const struct writer_open open = { 0 };

	sample_open(older);
	memset(sample, 0, sizeof *sample);
	log_rig_open(&sample->rig);
	sample->id = older->id;
	log_rig_put_log(&sample->rig, sample->id, older->log, older->size);
	log_rig_put_head(&sample->rig, sample->id, older->head);
	ck_assert_int_eq(writer_open(&sample->rig.env, &sample->rig.report, sample->id, &open, NULL,
				     &writer), HF_OK);
	sample_save(writer, 30);
	sample_append(&sample->rig, writer, SAMPLE_RECORDS);
	sample_take(sample);
}

START_TEST(an_older_generation_under_the_newer_head_is_rolled_back)
{
	struct sample sample, older;

	open_two_generations(&sample, &older);
	log_rig_put_log(&sample.rig, sample.id, older.log, older.size);
	sample_expect(&sample, expect_good(HF_ROLLED_BACK, SAMPLE_RECORDS), "the older log");
	for (unsigned n = 0; n < 8; n++) {
		size_t cut = older.starts[n] + 10;

		log_rig_put_log(&sample.rig, sample.id, older.log, cut);
		sample_expect(&sample,
			      n == 0 ? expect_bad(&older, HF_TRUNCATED, 0) :
				       expect_bad(&older, HF_ROLLED_BACK, n), "the older log cut at %zu", cut);
	}
	sample_close(&sample);
	sample_close(&older);
}
END_TEST

/* Undetectable, as above; the other slot still has the older generation after one append. */
START_TEST(an_older_generation_and_its_head_put_back_together_pass_for_intact)
{
	struct sample sample, older;

	open_two_generations(&sample, &older);
	log_rig_put_log(&sample.rig, sample.id, older.log, older.size);
	log_rig_put_head(&sample.rig, sample.id, older.head);
	sample_expect(&sample, expect_good(HF_INTACT, SAMPLE_RECORDS), "all of the older");
	sample_close(&sample);
	sample_close(&older);
}
END_TEST

/* A save that was cut short before its head: intact, since record 0 names the state that
 * the head tells of; and rolled back when that is any other state. */
START_TEST(a_newer_generation_is_believed_only_if_it_follows_the_head)
{
	struct sample sample, older;

	open_two_generations(&sample, &older);
	log_rig_put_head(&sample.rig, sample.id, older.head);
	sample_expect(&sample, expect_good(HF_INTACT, SAMPLE_RECORDS), "the older head");
	for (unsigned count = 1; count < SAMPLE_RECORDS; count++) {
		sample_put_head_at(&older, count);
		log_rig_put_head(&sample.rig, sample.id, log_rig_head(&older.rig, older.id));
		sample_expect(&sample, expect_good(HF_ROLLED_BACK, SAMPLE_RECORDS), "head at %u", count);
	}
	sample_close(&sample);
	sample_close(&older);
}
END_TEST

START_TEST(a_newer_generation_without_all_its_first_records_is_truncated)
{
	struct sample sample, older;

	open_two_generations(&sample, &older);
	log_rig_put_head(&sample.rig, sample.id, older.head);
	for (unsigned count = 1; count < SAMPLE_RECORDS; count++) {
		log_rig_put_log(&sample.rig, sample.id, sample.log, sample.starts[count]);
		sample_expect(&sample, count < 31 ? expect_bad(&sample, HF_TRUNCATED, count) :
						    expect_good(HF_INTACT, count), "%u records", count);
		log_rig_put_head(&sample.rig, sample.id, NULL);
		sample_expect(&sample, count < 31 ? expect_bad(&sample, HF_TRUNCATED, count) :
						    expect_good(HF_HEAD_MISSING, count),
			      "%u records and no head", count);
		log_rig_put_head(&sample.rig, sample.id, older.head);
	}
	sample_close(&sample);
	sample_close(&older);
}
END_TEST

START_TEST(a_head_without_its_log_is_truncated_or_no_session)
{
	struct checked *checked = NULL;
	struct sample sample;

	sample_open(&sample);
	log_rig_put_log(&sample.rig, sample.id, NULL, 0);
	sample_expect(&sample, expect_bad(&sample, HF_TRUNCATED, 0), "no log");
	sample_put_head_at(&sample, 1);
	ck_assert_int_eq(check_open(&sample.rig.env, &sample.rig.report, sample.id, STORAGE_READ, NULL,
				    &checked), HF_ERR_NOTFOUND);
	ck_assert_ptr_null(checked);
	sample_close(&sample);
}
END_TEST

/* Signs a head that says what the log does not. */
static void put_lie(struct sample *sample, void (*lie)(const struct sample *sample,
						       struct head *head))
{
	uint8_t slots[STORAGE_HEAD_SIZE] = { 0 };
	struct head head = { 0 };
	struct session_key *key = sample_head(sample, 0, &head);

	lie(sample, &head);
	head_encode(&head, &key->head, slots + (size_t)head_slot(head.counter) *
					       STORAGE_HEAD_SLOT_SIZE);
	session_key_free(sample->rig.keyring, key);
	log_rig_put_head(&sample->rig, sample->id, slots);
}

static void lie_records(const struct sample *sample, struct head *head)
{
	(void)sample;
	head->records++;
}

static void lie_mac(const struct sample *sample, struct head *head)
{
	(void)sample;
	head->mac[31] ^= 1;
}

static void lie_offset(const struct sample *sample, struct head *head)
{
	(void)sample;
	head->offset--;
}

static void lie_nothing(const struct sample *sample, struct head *head)
{
	(void)sample;
	head->records = 0;
	head->offset = 0;
	memset(head->mac, 0, sizeof head->mac);
}

static void lie_offset_huge(const struct sample *sample, struct head *head)
{
	(void)sample;
	head->offset = INT64_MAX;
}

/* Only who has the key can make such heads: a fault of the program, or of its memory. */
START_TEST(a_signed_head_that_does_not_fit_the_log_is_tampering)
{
	struct sample sample;
	struct expected at_the_end;

	sample_open(&sample);
	at_the_end = expect_bad(&sample, HF_TAMPERED, SAMPLE_RECORDS - 1);
	put_lie(&sample, lie_records);
	sample_expect(&sample, at_the_end, "a record too many");
	put_lie(&sample, lie_mac);
	sample_expect(&sample, at_the_end, "another MAC");
	put_lie(&sample, lie_offset);
	sample_expect(&sample, at_the_end, "an offset within the last record");
	put_lie(&sample, lie_offset_huge);
	sample_expect(&sample, expect_bad(&sample, HF_TRUNCATED, SAMPLE_RECORDS), "a huge offset");
	put_lie(&sample, lie_nothing);
	sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, 0), "nothing");
	sample_close(&sample);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tamper head");
	TCase *bytes = tcase_create("bytes");
	TCase *states = tcase_create("states");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(bytes, 380);
	tcase_add_test(bytes, no_byte_of_a_slot_can_be_changed_and_the_slot_still_count);
	tcase_add_test(bytes, one_damaged_slot_beside_a_whole_log_is_intact);
	tcase_add_test(bytes, a_damaged_slot_of_a_closed_session_hides_no_missing_record);
	tcase_add_test(states, a_new_session_tells_its_end_in_both_slots);
	tcase_add_test(states,
		       a_damaged_newer_slot_and_a_log_without_the_last_record_is_an_older_state);
	tcase_add_test(states, a_head_that_is_gone_or_damaged_as_a_whole_is_head_missing);
	tcase_add_test(states, the_head_of_another_session_is_no_head);
	tcase_add_test(states, an_older_head_beside_the_whole_log_is_intact);
	tcase_add_test(states, an_older_log_under_its_head_is_truncated);
	tcase_add_test(states, an_older_log_and_its_head_put_back_together_pass_for_intact);
	tcase_add_test(states, an_older_generation_under_the_newer_head_is_rolled_back);
	tcase_add_test(states, an_older_generation_and_its_head_put_back_together_pass_for_intact);
	tcase_add_test(states, a_newer_generation_is_believed_only_if_it_follows_the_head);
	tcase_add_test(states, a_newer_generation_without_all_its_first_records_is_truncated);
	tcase_add_test(states, a_head_without_its_log_is_truncated_or_no_session);
	tcase_add_test(states, a_signed_head_that_does_not_fit_the_log_is_tampering);
	suite_add_tcase(suite, bytes);
	suite_add_tcase(suite, states);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
