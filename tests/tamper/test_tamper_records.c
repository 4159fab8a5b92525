/* SPDX-License-Identifier: MIT */
/*
 * Goal: whole records cannot be removed, repeated, reordered, exchanged or stripped of what
 * signs them unnoticed. Method: each of these is done to each record of the sample.
 *
 * Undetectable, and asserted as such here: removing records that stand past the head from
 * the end of the log. Nobody was told that they are kept.
 */
#include "tamper/sample.h"

enum { HEAD_RECORDS = 36 };

/* A log put together from pieces. */
struct pieces {
	struct buffer bytes;
};

static void put(struct pieces *pieces, const char *bytes, size_t size)
{
	ck_assert_int_eq(buffer_put(&pieces->bytes, bytes, size), HF_OK);
}

/* Adds records from to (not included). */
static void put_records(struct pieces *pieces, const struct sample *sample, unsigned from,
			unsigned to)
{
	put(pieces, sample->log + sample->starts[from], sample->starts[to] - sample->starts[from]);
}

/* Puts the pieces in the place of the sample's log, and begins anew. */
static void use(struct pieces *pieces, struct sample *sample)
{
	log_rig_put_log(&sample->rig, sample->id, pieces->bytes.data, pieces->bytes.size);
	buffer_release(&pieces->bytes);
}

static struct pieces no_pieces(void)
{
	return (struct pieces){ BUFFER_INIT(1 << 20) };
}

START_TEST(a_removed_record_is_missed_where_it_stood)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();

		put_records(&pieces, &sample, 0, n);
		put_records(&pieces, &sample, n + 1, SAMPLE_RECORDS);
		use(&pieces, &sample);
		sample_expect(&sample, expect_bad(&sample, n + 1 < SAMPLE_RECORDS ? HF_TAMPERED :
									   HF_TRUNCATED, n),
			      "record %u removed", n);
	}
	sample_close(&sample);
}
END_TEST

/* The last one removed is as if it had never been: it was not acknowledged. */
START_TEST(a_record_removed_past_the_head_is_a_gap_unless_it_is_one_of_the_last_two)
{
	struct sample sample;

	sample_open(&sample);
	sample_put_head_at(&sample, HEAD_RECORDS);
	for (unsigned n = HEAD_RECORDS; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();
		struct expected expected = expect_bad(&sample, HF_GAP, n);

		if (n == SAMPLE_RECORDS - 1)
			expected = expect_good(HF_INTACT, n);
		else if (n == SAMPLE_RECORDS - 2)
			expected.verdict = HF_TORN;
		put_records(&pieces, &sample, 0, n);
		put_records(&pieces, &sample, n + 1, SAMPLE_RECORDS);
		use(&pieces, &sample);
		sample_expect(&sample, expected, "record %u removed", n);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(a_doubled_record_is_tampering_behind_the_first)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();

		put_records(&pieces, &sample, 0, n + 1);
		put_records(&pieces, &sample, n, SAMPLE_RECORDS);
		use(&pieces, &sample);
		/* The last one doubled stands past the end: it is rubbish there, and no more. */
		sample_expect(&sample, expect_bad(&sample, n + 1 < SAMPLE_RECORDS ? HF_TAMPERED :
									   HF_TORN, n + 1),
			      "record %u doubled", n);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(two_exchanged_records_are_tampering_at_the_first)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned a = 0; a < SAMPLE_RECORDS; a++) {
		for (unsigned b = a + 1; b < SAMPLE_RECORDS; b++) {
			struct pieces pieces = no_pieces();

			put_records(&pieces, &sample, 0, a);
			put_records(&pieces, &sample, b, b + 1);
			put_records(&pieces, &sample, a + 1, b);
			put_records(&pieces, &sample, a, a + 1);
			put_records(&pieces, &sample, b + 1, SAMPLE_RECORDS);
			use(&pieces, &sample);
			sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, a),
				      "records %u and %u exchanged", a, b);
		}
	}
	sample_close(&sample);
}
END_TEST

/* Replaces each record by the one with the same number of another log. */
static void move_each_in(struct sample *sample, const struct sample *other, unsigned first,
			 const char *what)
{
	for (unsigned n = first; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();

		put_records(&pieces, sample, 0, n);
		put_records(&pieces, other, n, n + 1);
		put_records(&pieces, sample, n + 1, SAMPLE_RECORDS);
		use(&pieces, sample);
		sample_expect(sample, expect_bad(sample, HF_TAMPERED, n), "record %u of %s", n, what);
	}
}

/* Record 0 of another generation is a good one in itself. */
static void move_first_in(struct sample *sample, const struct sample *other, const char *what)
{
	struct pieces pieces = no_pieces();

	put_records(&pieces, other, 0, 1);
	put_records(&pieces, sample, 1, SAMPLE_RECORDS);
	use(&pieces, sample);
	sample_expect(sample, expect_bad(other, HF_ROLLED_BACK, 1), "record 0 of %s", what);
}

/* Replaces log and head by those of another. */
static void move_all_in(struct sample *sample, const struct sample *other, const char *what)
{
	log_rig_put_log(&sample->rig, sample->id, other->log, other->size);
	sample_expect(sample, expect_bad(sample, HF_TAMPERED, 0), "the log of %s", what);
	log_rig_put_head(&sample->rig, sample->id, other->head);
	sample_expect(sample, expect_bad(sample, HF_TAMPERED, 0), "log and head of %s", what);
	log_rig_put_log(&sample->rig, sample->id, sample->log, sample->size);
	sample_expect(sample, expect_good(HF_HEAD_MISSING, SAMPLE_RECORDS), "the head of %s", what);
}

START_TEST(records_of_another_session_of_the_store_are_tampering)
{
	struct sample sample, other;

	sample_open(&sample);
	memset(&other, 0, sizeof other);
	log_rig_open(&other.rig);
	other.id = log_rig_id(0x67);
	sample_append(&other.rig, sample_create(&other.rig, other.id), SAMPLE_RECORDS);
	sample_take(&other);
	move_each_in(&sample, &other, 0, "another session");
	move_all_in(&sample, &other, "another session");
	sample_close(&other);
	sample_close(&sample);
}
END_TEST

/* The same session id, the same secret, the same records: only the store differs. */
START_TEST(records_of_another_store_are_tampering)
{
	struct sample sample, other;

	sample_open(&sample);
	memset(&other, 0, sizeof other);
	log_rig_open_store(&other.rig, "10111213-1415-1617-1819-1a1b1c1d1e1e");
	other.id = sample.id;
	sample_append(&other.rig, sample_create(&other.rig, other.id), SAMPLE_RECORDS);
	sample_take(&other);
	move_each_in(&sample, &other, 0, "another store");
	move_all_in(&sample, &other, "another store");
	sample_close(&other);
	sample_close(&sample);
}
END_TEST

START_TEST(records_of_another_generation_are_tampering)
{
	struct sample sample, other;

	sample_open_saved(&sample);
	sample_open(&other);
	move_each_in(&sample, &other, 1, "generation 0");
	move_each_in(&other, &sample, 1, "generation 1");
	move_first_in(&sample, &other, "generation 0");
	move_first_in(&other, &sample, "generation 1");
	sample_close(&other);
	sample_close(&sample);
}
END_TEST

START_TEST(a_record_without_its_mac_is_tampering)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();
		size_t covered = sample.starts[n + 1] - FORMAT_TAIL_SIZE - 1;

		put(&pieces, sample.log, covered);
		put(&pieces, "}\n", 2);
		put_records(&pieces, &sample, n + 1, SAMPLE_RECORDS);
		use(&pieces, &sample);
		sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, n), "record %u stripped", n);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(a_record_with_an_empty_mac_is_tampering)
{
	static const char fill[] = { 'A', '\0', '0', '_', ' ' };
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		char *log = memory_find(sample.rig.storage, sample.id)->content->bytes.data;
		char *mac = log + sample.starts[n + 1] - 3 - FORMAT_MAC_TEXT_SIZE;

		for (size_t i = 0; i < sizeof fill; i++) {
			memset(mac, fill[i], FORMAT_MAC_TEXT_SIZE);
			sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, n), "record %u, MAC of %#x",
				      n, (unsigned)fill[i]);
		}
		memcpy(mac, sample.log + (mac - log), FORMAT_MAC_TEXT_SIZE);
	}
	sample_close(&sample);
}
END_TEST

/* With the head, and without any: there is no unsigned mode to fall back into. */
START_TEST(a_log_of_records_without_macs_is_tampering)
{
	static const char *const tails[] = { "}\n", ",\"mac\":\"\"}\n", ",\"mac\":null}\n" };
	struct sample sample;

	sample_open(&sample);
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		struct pieces pieces = no_pieces();

		sample_restore(&sample);
		for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
			put(&pieces, sample.log + sample.starts[n],
			    sample.starts[n + 1] - sample.starts[n] - FORMAT_TAIL_SIZE - 1);
			put(&pieces, tails[i], strlen(tails[i]));
		}
		use(&pieces, &sample);
		sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, 0), "all end in %s", tails[i]);
		log_rig_put_head(&sample.rig, sample.id, NULL);
		sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, 0), "likewise, without a head");
	}
	sample_close(&sample);
}
END_TEST

/* The last one blanked is what a power cut leaves of a record that was never synced. */
START_TEST(a_record_overwritten_by_zeros_is_tampering_or_missing_at_the_end)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		char *log = memory_find(sample.rig.storage, sample.id)->content->bytes.data;
		size_t size = sample.starts[n + 1] - sample.starts[n];
		struct expected expected = expect_bad(
			&sample, n + 1 < SAMPLE_RECORDS ? HF_TAMPERED : HF_TRUNCATED, n);

		memset(log + sample.starts[n], 0, size);
		sample_expect(&sample, expected, "record %u zeroed", n);
		log[sample.starts[n + 1] - 1] = '\n';
		sample_expect(&sample, expected, "record %u zeroed but for its line feed", n);
		memset(log + sample.starts[n], '\n', size);
		sample_expect(&sample, expected, "record %u made line feeds", n);
		memcpy(log + sample.starts[n], sample.log + sample.starts[n], size);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(a_line_put_between_records_is_tampering)
{
	static const char *const lines[] = {
		"\n", "{}\n", "\0\n",
		"{\"n\":1,\"at\":\"2026-11-22T23:54:13.123456Z\",\"type\":\"message\",\"data\":1}\n",
	};
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
			struct pieces pieces = no_pieces();

			put_records(&pieces, &sample, 0, n);
			put(&pieces, lines[i], i == 2 ? 2 : strlen(lines[i]));
			put_records(&pieces, &sample, n, SAMPLE_RECORDS);
			use(&pieces, &sample);
			sample_expect(&sample, expect_bad(&sample, HF_TAMPERED, n),
				      "line %zu before record %u", i, n);
		}
	}
	sample_close(&sample);
}
END_TEST

/* Past the end rubbish is torn, whatever it is, as long as no record follows it; line feeds
 * are padding. A record of the log itself, put there again, follows nothing. */
START_TEST(rubbish_past_the_end_is_torn_and_line_feeds_are_padding)
{
	struct sample sample;

	sample_open(&sample);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		struct pieces pieces = no_pieces();

		put_records(&pieces, &sample, 0, SAMPLE_RECORDS);
		put_records(&pieces, &sample, n, n + 1);
		use(&pieces, &sample);
		sample_expect(&sample, expect_bad(&sample, HF_TORN, SAMPLE_RECORDS), "record %u again", n);
	}
	for (unsigned value = 0; value < 256; value++) {
		struct pieces pieces = no_pieces();
		char byte = (char)value;

		put_records(&pieces, &sample, 0, SAMPLE_RECORDS);
		put(&pieces, &byte, 1);
		use(&pieces, &sample);
		sample_expect(&sample,
			      byte == '\n' ? expect_good(HF_INTACT, SAMPLE_RECORDS) :
					     expect_bad(&sample, HF_TORN, SAMPLE_RECORDS),
			      "byte %#x at the end", value);
	}
	sample_close(&sample);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tamper records");
	TCase *records = tcase_create("records");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(records, a_removed_record_is_missed_where_it_stood);
	tcase_add_test(records,
		       a_record_removed_past_the_head_is_a_gap_unless_it_is_one_of_the_last_two);
	tcase_add_test(records, a_doubled_record_is_tampering_behind_the_first);
	tcase_add_test(records, two_exchanged_records_are_tampering_at_the_first);
	tcase_add_test(records, records_of_another_session_of_the_store_are_tampering);
	tcase_add_test(records, records_of_another_store_are_tampering);
	tcase_add_test(records, records_of_another_generation_are_tampering);
	tcase_add_test(records, a_record_without_its_mac_is_tampering);
	tcase_add_test(records, a_record_with_an_empty_mac_is_tampering);
	tcase_add_test(records, a_log_of_records_without_macs_is_tampering);
	tcase_add_test(records, a_record_overwritten_by_zeros_is_tampering_or_missing_at_the_end);
	tcase_add_test(records, a_line_put_between_records_is_tampering);
	tcase_add_test(records, rubbish_past_the_end_is_torn_and_line_feeds_are_padding);
	suite_add_tcase(suite, records);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
