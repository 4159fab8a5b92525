/* SPDX-License-Identifier: MIT */
/*
 * Goal: no byte of a log can change without the check saying so, and saying where. Method:
 * every byte of a log of 40 records is set to every other value, and the real check runs
 * over each of these logs (about a million and a half in each state of the session).
 */
#include <sys/wait.h>

#include "tamper/sample.h"

/* What the check must say when the byte at offset is changed to value. */
typedef struct expected expected_fn(const struct sample *sample, size_t offset, char value);

/* Sets each byte from start to end to every value but its own, or (step > 1) to some. */
static void change_each_byte(struct sample *sample, size_t start, size_t end, unsigned step,
			     expected_fn *expect)
{
	char *log = memory_find(sample->rig.storage, sample->id)->content->bytes.data;

	for (size_t at = start; at < end; at++) {
		for (unsigned change = 1; change < 256; change += step) {
			log[at] = (char)(sample->log[at] ^ (char)change);
			sample_expect(sample, expect(sample, at, log[at]), "byte %zu of record %u xor %#x", at,
			       sample_at(sample, at), change);
		}
		log[at] = sample->log[at];
	}
	sample_expect(sample, expect_good(HF_INTACT, SAMPLE_RECORDS), "restored");
}

static struct expected tampered_there(const struct sample *sample, size_t offset, char value)
{
	(void)value;
	return expect_bad(sample, HF_TAMPERED, sample_at(sample, offset));
}

/* In two processes, since this takes the most time of all. */
START_TEST(each_byte_set_to_each_other_value_is_tampering_at_its_record)
{
	struct sample sample;
	int status = -1;
	pid_t child;

	sample_open(&sample);
	child = check_fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		change_each_byte(&sample, 0, sample.size / 2, 1, tampered_there);
	else
		change_each_byte(&sample, sample.size / 2, sample.size, 1, tampered_there);
	sample_close(&sample);
	if (child == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(each_changed_byte_of_a_saved_generation_is_tampering_at_its_record)
{
	struct sample sample;

	sample_open_saved(&sample);
	change_each_byte(&sample, 0, sample.starts[1], 1, tampered_there);
	change_each_byte(&sample, sample.starts[1], sample.size, 51, tampered_there);
	sample_close(&sample);
}
END_TEST

enum { HEAD_RECORDS = 36 };

/* Whether a byte belongs to what makes the record's MAC: its tail and its line feed. */
static bool is_in_tail(const struct sample *sample, size_t offset)
{
	return sample->starts[sample_at(sample, offset) + 1] - offset <= FORMAT_TAIL_SIZE + 1;
}

/* True if the change has given record n the time of the record behind it (both have numbers
 * of two digits): then the two pass for what is left of one batch. */
static bool has_time_of_next(const struct sample *sample, unsigned n)
{
	const char *log = memory_find(sample->rig.storage, sample->id)->content->bytes.data;
	size_t at = strlen("{\"n\":38,\"at\":\"");

	return memcmp(log + sample->starts[n] + at, log + sample->starts[n + 1] + at,
		      FORMAT_TIME_SIZE) == 0;
}

/* Past the head a changed record is damage (gap) as long as a record behind it still checks
 * against the line before itself. The next one does unless the MAC was changed; the one
 * after that does in any case. */
static struct expected damaged_past_the_head(const struct sample *sample, size_t offset, char value)
{
	unsigned n = sample_at(sample, offset);
	unsigned behind = SAMPLE_RECORDS - 1 - n;
	size_t feed = sample->starts[n + 1] - 1;
	bool is_seen = behind > 1 || (behind == 1 && !is_in_tail(sample, offset));

	if (n < HEAD_RECORDS)
		return expect_bad(sample, HF_TAMPERED, n);
	/* A line feed that is lost joins two lines, the second of which is then not looked at. */
	if (offset == feed || (behind == 1 && has_time_of_next(sample, n)))
		is_seen = behind > 1;
	(void)value;
	return expect_bad(sample, is_seen ? HF_GAP : HF_TORN, n);
}

START_TEST(each_changed_byte_past_the_head_is_torn_or_a_gap_at_its_record)
{
	struct sample sample;

	sample_open(&sample);
	sample_put_head_at(&sample, HEAD_RECORDS);
	change_each_byte(&sample, sample.starts[HEAD_RECORDS], sample.size, 3,
			 damaged_past_the_head);
	change_each_byte(&sample, 0, sample.starts[HEAD_RECORDS], 85, damaged_past_the_head);
	sample_close(&sample);
}
END_TEST

/* A save that was cut short: the log is new, the head tells of the old generation. */
static struct expected tampered_new_generation(const struct sample *sample, size_t offset,
					       char value)
{
	unsigned n = sample_at(sample, offset);
	unsigned behind = SAMPLE_RECORDS - 1 - n;
	bool is_seen = behind > 1 || (behind == 1 && !is_in_tail(sample, offset) &&
				      !has_time_of_next(sample, n));

	(void)value;
	if (n < 20)
		return expect_bad(sample, HF_TAMPERED, n);
	return expect_bad(sample, is_seen ? HF_GAP : HF_TORN, n);
}

START_TEST(each_changed_byte_of_a_save_that_was_cut_short_shows_at_its_record)
{
	uint8_t head[STORAGE_HEAD_SIZE];
	struct sample sample = { 0 };
	struct writer *writer;

	log_rig_open(&sample.rig);
	sample.id = log_rig_id(0x66);
	writer = sample_create(&sample.rig, sample.id);
	memcpy(head, log_rig_head(&sample.rig, sample.id), sizeof head);
	sample_save(writer, 19);
	sample_append(&sample.rig, writer, SAMPLE_RECORDS);
	sample_take(&sample);
	log_rig_put_head(&sample.rig, sample.id, head);
	change_each_byte(&sample, 0, sample.starts[1], 1, tampered_new_generation);
	change_each_byte(&sample, sample.starts[1], sample.size, 51, tampered_new_generation);
	sample_close(&sample);
}
END_TEST

/* What is left of a log that is cut at a byte. */
static void cut_each_length(struct sample *sample, const char *padding, size_t padding_size)
{
	char *log = calloc(1, sample->size + padding_size);

	ck_assert_ptr_nonnull(log);
	for (size_t size = 0; size < sample->size; size++) {
		unsigned n = size == sample->size ? SAMPLE_RECORDS : sample_at(sample, size);

		memcpy(log, sample->log, size);
		memcpy(log + size, padding, padding_size);
		log_rig_put_log(&sample->rig, sample->id, log, size + padding_size);
		sample_expect(sample, expect_bad(sample, HF_TRUNCATED, n),
			      "cut at %zu and padded by %zu", size, padding_size);
	}
	free(log);
}

START_TEST(each_cut_is_a_truncation_at_the_first_missing_record)
{
	struct sample sample;

	sample_open(&sample);
	cut_each_length(&sample, "", 0);
	sample_close(&sample);
	sample_open_saved(&sample);
	cut_each_length(&sample, "", 0);
	sample_close(&sample);
}
END_TEST

/* A whole record less may be hidden by what padding leaves: still it is missing. */
START_TEST(a_log_cut_between_records_and_padded_is_a_truncation)
{
	struct sample sample;
	char *log;

	sample_open(&sample);
	log = malloc(2 * sample.size);
	ck_assert_ptr_nonnull(log);
	for (unsigned n = 0; n < SAMPLE_RECORDS; n++) {
		static const size_t sizes[] = { 1, 2, 3, 64, 4096 };

		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			size_t size = sample.starts[n] + sizes[i];

			if (size > 2 * sample.size)
				continue;
			memset(log, '\n', 2 * sample.size);
			memcpy(log, sample.log, sample.starts[n]);
			log_rig_put_log(&sample.rig, sample.id, log, size);
			sample_expect(&sample, expect_bad(&sample, HF_TRUNCATED, n),
				      "%u records and %zu line feeds", n, sizes[i]);
		}
	}
	free(log);
	sample_close(&sample);
}
END_TEST

/* Past the head nothing was acknowledged: a cut leaves fewer records, or a torn one. */
START_TEST(each_cut_past_the_head_is_torn_or_nothing_but_fewer_records)
{
	struct sample sample;

	sample_open(&sample);
	sample_put_head_at(&sample, HEAD_RECORDS);
	for (size_t size = sample.starts[HEAD_RECORDS]; size < sample.size; size++) {
		unsigned n = sample_at(&sample, size);

		log_rig_put_log(&sample.rig, sample.id, sample.log, size);
		sample_expect(&sample, size == sample.starts[n] ? expect_good(HF_INTACT, n) :
							   expect_bad(&sample, HF_TORN, n),
		       "cut at %zu", size);
	}
	sample_close(&sample);
}
END_TEST

START_TEST(each_cut_without_a_head_says_head_missing_and_shows_a_stump)
{
	struct sample sample;

	sample_open(&sample);
	log_rig_put_head(&sample.rig, sample.id, NULL);
	for (size_t size = 0; size < sample.size; size++) {
		unsigned n = sample_at(&sample, size);
		struct expected expected = expect_bad(&sample, HF_HEAD_MISSING, n);

		if (n == 0)
			expected.verdict = HF_TAMPERED;
		else if (size == sample.starts[n])
			expected = expect_good(HF_HEAD_MISSING, n);
		log_rig_put_log(&sample.rig, sample.id, sample.log, size);
		sample_expect(&sample, expected, "cut at %zu", size);
	}
	sample_close(&sample);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tamper bytes");
	TCase *bytes = tcase_create("bytes");
	TCase *cuts = tcase_create("cuts");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(bytes, 380);
	tcase_add_test(bytes, each_byte_set_to_each_other_value_is_tampering_at_its_record);
	tcase_add_test(bytes, each_changed_byte_of_a_saved_generation_is_tampering_at_its_record);
	tcase_add_test(bytes, each_changed_byte_past_the_head_is_torn_or_a_gap_at_its_record);
	tcase_add_test(bytes, each_changed_byte_of_a_save_that_was_cut_short_shows_at_its_record);
	tcase_add_test(cuts, each_cut_is_a_truncation_at_the_first_missing_record);
	tcase_add_test(cuts, a_log_cut_between_records_and_padded_is_a_truncation);
	tcase_add_test(cuts, each_cut_past_the_head_is_torn_or_nothing_but_fewer_records);
	tcase_add_test(cuts, each_cut_without_a_head_says_head_missing_and_shows_a_stump);
	suite_add_tcase(suite, bytes);
	suite_add_tcase(suite, cuts);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
