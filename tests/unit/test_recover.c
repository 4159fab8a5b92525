/* SPDX-License-Identifier: MIT */
/*
 * Goal: what may be mended is mended, nothing that was cut off is lost, a record says what
 * was done, and everything else is refused and left alone. Method: logs with each kind of
 * end are opened with each set of accepted verdicts.
 */
#include "base/text.h"
#include "crypto/kdf.h"
#include "json/read.h"
#include "writer_fixture.h"

enum { RECORDS = 6 };

/* A closed session with six records. */
static void open_six(struct fixture *f)
{
	fixture_create(f, NULL);
	append_many(f, RECORDS - 1);
	fixture_leave(f, HF_CLOSE_LEAVE);
}

/* Puts bytes behind the log's first keep bytes. */
static void put_tail(struct fixture *f, size_t keep, const char *tail, size_t size)
{
	struct hf_slice log = log_rig_log(&f->rig, f->id);
	char *bytes = malloc(keep + size + 1);

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, log.data, keep);
	memcpy(bytes + keep, tail, size);
	log_rig_put_log(&f->rig, f->id, bytes, keep + size);
	free(bytes);
}

/* The only file in the quarantine. */
static const struct aside *only_aside(struct fixture *f)
{
	const struct memory *memory = (const struct memory *)f->rig.storage;

	ck_assert_ptr_nonnull(memory->quarantine);
	ck_assert_ptr_null(memory->quarantine->next);
	return memory->quarantine;
}

static void expect_member(struct hf_slice data, const char *name, const char *wanted)
{
	struct hf_slice value = { 0 };

	ck_assert(json_member(data, name, &value));
	ck_assert_msg(record_slice_is(value, wanted), "%s is %.*s, not %s", name, (int)value.size,
		      value.data, wanted);
}

/* The repair record n tells of these bytes, and the quarantine has them. */
static void expect_repair(struct fixture *f, uint64_t n, const char *verdict, const char *bytes,
			  size_t size)
{
	const struct aside *aside = only_aside(f);
	struct hf_record record = record_at(f, n);
	char text[STORAGE_QUARANTINE_NAME_SIZE + 4], digits[TEXT_BASE64_32_SIZE];
	uint8_t digest[KDF_SIZE];

	ck_assert_uint_eq(aside->bytes.size, size);
	ck_assert_mem_eq(aside->bytes.data, bytes, size);
	ck_assert(record_slice_is(record.type, "repair"));
	(void)snprintf(text, sizeof text, "\"%s\"", verdict);
	expect_member(record.data, "verdict", text);
	(void)snprintf(text, sizeof text, "%zu", size);
	expect_member(record.data, "removed", text);
	(void)snprintf(text, sizeof text, "%zu",
		       (size_t)(record.line.data - log_rig_log(&f->rig, f->id).data));
	expect_member(record.data, "offset", text);
	(void)snprintf(text, sizeof text, "\"%s\"", aside->name);
	expect_member(record.data, "quarantine", text);
	kdf_sha256(bytes, size, digest);
	text_put_base64_32(digest, digits);
	(void)snprintf(text, sizeof text, "\"%.*s\"", TEXT_BASE64_32_SIZE, digits);
	expect_member(record.data, "sha256", text);
}

START_TEST(a_torn_tail_goes_to_the_quarantine_and_is_recorded)
{
	static const char *const tails[] = { "{\"n\":6,\"at\":\"2026", "x", "rubbish\n", "{}\n{}\n",
					     "\xff\xfe" };

	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
		struct hf_repair repair = { 0 };
		struct writer_open open = { .check_all = i % 2 == 0 };
		struct fixture f;
		size_t size;

		open_six(&f);
		size = log_rig_log(&f.rig, f.id).size;
		put_tail(&f, size, tails[i], strlen(tails[i]));
		ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
		ck_assert(repair.changed);
		ck_assert_int_eq(repair.before.verdict, HF_TORN);
		ck_assert_uint_eq(repair.removed_bytes, strlen(tails[i]));
		ck_assert_uint_eq(repair.removed_offset, size);
		ck_assert_str_eq(repair.quarantine, only_aside(&f)->name);
		expect_repair(&f, RECORDS, "torn", tails[i], strlen(tails[i]));
		append_many(&f, 1);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		expect_check(&f, HF_INTACT, RECORDS + 2);
		fixture_close(&f);
	}
}
END_TEST

/* The end of a tail that is larger than the record that tells of it must go too. */
START_TEST(a_long_torn_tail_is_cut_as_a_whole)
{
	static char tail[200000];
	struct fixture f;
	size_t size;

	memset(tail, 'x', sizeof tail);
	tail[1000] = tail[70000] = '\n';
	open_six(&f);
	size = log_rig_log(&f.rig, f.id).size;
	put_tail(&f, size, tail, sizeof tail);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	expect_repair(&f, RECORDS, "torn", tail, sizeof tail);
	ck_assert_uint_lt(log_rig_log(&f.rig, f.id).size, size + 1000);
	expect_check(&f, HF_INTACT, RECORDS + 1);
	fixture_close(&f);
}
END_TEST

START_TEST(records_past_the_head_are_taken_over)
{
	struct fixture f;
	uint8_t head[STORAGE_HEAD_SIZE];
	struct hf_slice log;
	char *kept;

	open_six(&f);
	memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	append_many(&f, 4);
	writer_free(f.writer);
	f.writer = NULL;
	log = log_rig_log(&f.rig, f.id);
	kept = malloc(log.size);
	ck_assert_ptr_nonnull(kept);
	memcpy(kept, log.data, log.size);
	for (unsigned check_all = 0; check_all < 2; check_all++) {
		struct writer_open open = { .check_all = check_all > 0 };
		struct hf_repair repair = { 0 };

		log_rig_put_head(&f.rig, f.id, head);
		ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
		ck_assert(!repair.changed);
		ck_assert_uint_eq(f.writer->head.records, RECORDS + 4);
		ck_assert_uint_eq(newest_head(&f).records, RECORDS + 4);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		log = log_rig_log(&f.rig, f.id);
		ck_assert_mem_eq(log.data, kept, log.size);
	}
	expect_check(&f, HF_INTACT, RECORDS + 4);
	free(kept);
	fixture_close(&f);
}
END_TEST

/* Leaves damage before valid records, none of them acknowledged. */
static void make_gap(struct fixture *f)
{
	uint8_t head[STORAGE_HEAD_SIZE];

	open_six(f);
	memcpy(head, log_rig_head(&f->rig, f->id), sizeof head);
	ck_assert_int_eq(fixture_reopen(f), HF_OK);
	append_many(f, 4);
	writer_free(f->writer);
	f->writer = NULL;
	memory_find(f->rig.storage, f->id)->content
		->bytes.data[log_rig_check(&f->rig, f->id).bytes - 300] ^= 1;
	log_rig_put_head(&f->rig, f->id, head);
	ck_assert_int_eq(log_rig_check(&f->rig, f->id).verdict, HF_GAP);
}

/* A batch is one write: of one that reached the medium in part, records behind the damage
 * prove no acknowledgement. */
START_TEST(what_is_left_of_one_batch_is_torn)
{
	struct hf_append records[5];
	uint8_t head[STORAGE_HEAD_SIZE];
	size_t start, size;
	struct fixture f;

	open_six(&f);
	start = log_rig_log(&f.rig, f.id).size;
	memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
	for (unsigned i = 0; i < 5; i++)
		records[i] = (struct hf_append){ "message", NULL, "\"batch\"", 7 };
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_int_eq(writer_append(f.writer, NULL, records, 5, NULL), HF_OK);
	writer_free(f.writer);
	f.writer = NULL;
	log_rig_put_head(&f.rig, f.id, head);
	memory_find(f.rig.storage, f.id)->content->bytes.data[start + 75] ^= 1;
	size = log_rig_log(&f.rig, f.id).size - start;
	expect_check(&f, HF_TORN, RECORDS);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_uint_eq(only_aside(&f)->bytes.size, size);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, RECORDS + 1);
	fixture_close(&f);
}
END_TEST

static void expect_refused(struct fixture *f, uint32_t accept, int code)
{
	struct writer_open open = { .accept = accept };
	struct hf_repair repair = { .removed_bytes = 77 };
	struct hf_slice log = log_rig_log(&f->rig, f->id);
	char *kept = malloc(log.size + 1);
	struct hf_check before = log_rig_check(&f->rig, f->id);

	ck_assert_ptr_nonnull(kept);
	if (log.size > 0)
		memcpy(kept, log.data, log.size);
	ck_assert_int_eq(fixture_reopen_with(f, &open, &repair), code);
	ck_assert_ptr_null(f->writer);
	ck_assert(!repair.changed);
	ck_assert_uint_eq(repair.removed_bytes, 0);
	ck_assert_int_eq(repair.before.verdict, before.verdict);
	ck_assert_int_eq(repair.before.bad_offset, before.bad_offset);
	ck_assert_int_eq(f->rig.report.detail.record, before.bad_record);
	ck_assert_int_eq(f->rig.report.detail.offset, before.bad_offset);
	ck_assert_uint_eq(log_rig_log(&f->rig, f->id).size, log.size);
	if (log.size > 0)
		ck_assert_mem_eq(log_rig_log(&f->rig, f->id).data, kept, log.size);
	ck_assert_ptr_null(((const struct memory *)f->rig.storage)->quarantine);
	free(kept);
}

START_TEST(a_gap_is_mended_only_when_it_is_accepted)
{
	struct writer_open open = { .accept = HF_ACCEPT(HF_GAP) };
	struct hf_repair repair = { 0 };
	struct hf_check before;
	struct fixture f;
	char *removed;
	size_t size;

	make_gap(&f);
	before = log_rig_check(&f.rig, f.id);
	expect_refused(&f, 0, HF_ERR_GAP);
	expect_refused(&f, HF_ACCEPT(HF_HEAD_MISSING), HF_ERR_GAP);
	size = (size_t)(before.log_bytes - before.bytes);
	removed = malloc(size);
	ck_assert_ptr_nonnull(removed);
	memcpy(removed, log_rig_log(&f.rig, f.id).data + before.bytes, size);
	ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
	ck_assert_int_eq(repair.before.verdict, HF_GAP);
	expect_repair(&f, before.records, "gap", removed, size);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, before.records + 1);
	free(removed);
	fixture_close(&f);
}
END_TEST

START_TEST(a_missing_head_is_made_anew_only_when_it_is_accepted)
{
	struct writer_open open = { .accept = HF_ACCEPT(HF_HEAD_MISSING) };
	struct hf_repair repair = { 0 };
	struct fixture f;

	open_six(&f);
	log_rig_put_head(&f.rig, f.id, NULL);
	expect_refused(&f, 0, HF_ERR_HEAD_MISSING);
	expect_refused(&f, HF_ACCEPT(HF_GAP), HF_ERR_HEAD_MISSING);
	ck_assert_ptr_null(log_rig_head(&f.rig, f.id));
	ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
	ck_assert(repair.changed);
	ck_assert_uint_eq(repair.removed_bytes, 0);
	ck_assert_str_eq(repair.quarantine, "");
	expect_record(&f, RECORDS, "repair", NULL);
	expect_member(record_at(&f, RECORDS).data, "verdict", "\"head-missing\"");
	expect_member(record_at(&f, RECORDS).data, "removed", "0");
	expect_member(record_at(&f, RECORDS).data, "sha256", "null");
	expect_member(record_at(&f, RECORDS).data, "quarantine", "null");
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, RECORDS + 1);
	fixture_close(&f);
}
END_TEST

START_TEST(a_gap_without_a_head_asks_for_both)
{
	struct writer_open open = { .accept = HF_ACCEPT(HF_HEAD_MISSING) | HF_ACCEPT(HF_GAP) };
	struct fixture f;

	make_gap(&f);
	log_rig_put_head(&f.rig, f.id, NULL);
	expect_refused(&f, HF_ACCEPT(HF_GAP), HF_ERR_HEAD_MISSING);
	expect_refused(&f, HF_ACCEPT(HF_HEAD_MISSING), HF_ERR_GAP);
	ck_assert_int_eq(fixture_reopen_with(&f, &open, NULL), HF_OK);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_stump_without_a_head_goes_with_it)
{
	struct writer_open open = { .accept = HF_ACCEPT(HF_HEAD_MISSING) };
	struct fixture f;
	size_t size;

	open_six(&f);
	size = log_rig_log(&f.rig, f.id).size;
	put_tail(&f, size, "stump", 5);
	log_rig_put_head(&f.rig, f.id, NULL);
	expect_refused(&f, 0, HF_ERR_HEAD_MISSING);
	ck_assert_int_eq(fixture_reopen_with(&f, &open, NULL), HF_OK);
	expect_repair(&f, RECORDS, "head-missing", "stump", 5);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, RECORDS + 1);
	fixture_close(&f);
}
END_TEST

START_TEST(what_is_no_verdict_and_a_missing_key_cannot_be_accepted)
{
	struct fixture f;

	open_six(&f);
	for (unsigned bit = 0; bit < 32; bit++) {
		struct writer_open open = { .accept = 1u << bit };
		int rc = fixture_reopen_with(&f, &open, NULL);

		ck_assert_int_eq(rc, bit <= HF_TAMPERED && bit != HF_KEY_MISSING ? HF_OK :
									   HF_ERR_INVALID);
		if (rc == HF_OK)
			fixture_leave(&f, HF_CLOSE_LEAVE);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(verdicts_that_are_not_named_are_never_mended)
{
	const uint32_t lesser = HF_ACCEPT(HF_GAP) | HF_ACCEPT(HF_HEAD_MISSING) | HF_ACCEPT(HF_TORN);
	const uint32_t all = WRITER_ACCEPTABLE;
	struct fixture f;
	size_t size;
	uint8_t head[STORAGE_HEAD_SIZE];
	char *log;

	open_six(&f);
	size = log_rig_log(&f.rig, f.id).size;
	memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
	put_tail(&f, size - 10, "", 0);
	expect_refused(&f, lesser | HF_ACCEPT(HF_ROLLED_BACK), HF_ERR_TRUNCATED);
	/* Nothing is left to go on from, whatever is accepted. */
	log_rig_put_log(&f.rig, f.id, "", 0);
	expect_refused(&f, all, HF_ERR_TRUNCATED);
	log_rig_put_log(&f.rig, f.id, "rubbish\n", 8);
	expect_refused(&f, all, HF_ERR_TAMPERED);
	log_rig_put_head(&f.rig, f.id, NULL);
	expect_refused(&f, all, HF_ERR_TAMPERED);
	fixture_close(&f);
	open_six(&f);
	log = malloc(size);
	ck_assert_ptr_nonnull(log);
	memcpy(log, log_rig_log(&f.rig, f.id).data, size);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_int_eq(writer_save(f.writer, NULL, NULL, 0), HF_OK);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	log_rig_put_log(&f.rig, f.id, log, size);
	expect_refused(&f, lesser | HF_ACCEPT(HF_TRUNCATED) | HF_ACCEPT(HF_TAMPERED),
		       HF_ERR_ROLLED_BACK);
	free(log);
	fixture_close(&f);
}
END_TEST

/* A crash after the new log was put in place, and before its head was written. */
START_TEST(a_repair_that_was_cut_short_before_its_head_is_done_again)
{
	/* How far from the end a byte is changed (0: none is), and how many bytes are cut off. */
	static const struct {
		size_t changed;
		size_t cut;
		uint32_t accept;
		enum hf_verdict found, left;
	} rows[] = {
		{ 80, 0, HF_ACCEPT(HF_TAMPERED), HF_TAMPERED, HF_TRUNCATED },
		{ 500, 0, HF_ACCEPT(HF_TAMPERED), HF_TAMPERED, HF_TRUNCATED },
		{ 0, 10, HF_ACCEPT(HF_TRUNCATED), HF_TRUNCATED, HF_TRUNCATED },
		{ 0, 500, HF_ACCEPT(HF_TRUNCATED), HF_TRUNCATED, HF_TRUNCATED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct writer_open open = { .accept = rows[i].accept };
		uint8_t head[STORAGE_HEAD_SIZE];
		struct hf_repair repair = { 0 };
		struct fixture f;
		size_t size;

		open_six(&f);
		size = log_rig_log(&f.rig, f.id).size;
		memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
		put_tail(&f, size - rows[i].cut, "", 0);
		if (rows[i].changed > 0)
			memory_find(f.rig.storage, f.id)->content->bytes.data[size - rows[i].changed] ^= 1;
		open.check_all = true;
		ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
		ck_assert_int_eq(repair.before.verdict, rows[i].found);
		writer_free(f.writer);
		f.writer = NULL;
		log_rig_put_head(&f.rig, f.id, head);
		ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, rows[i].left);
		ck_assert_int_eq(fixture_reopen_with(&f, &open, &repair), HF_OK);
		expect_record(&f, f.writer->head.records - 1, "repair", NULL);
		fixture_leave(&f, HF_CLOSE_LEAVE);
		ck_assert_int_eq(log_rig_check(&f.rig, f.id).verdict, HF_INTACT);
		fixture_close(&f);
	}
}
END_TEST

/* What a writer finds, who holds the lock and maps the whole log. */
static struct hf_check check_as_writer(struct fixture *f)
{
	struct checked *checked = NULL;
	struct hf_check check;

	ck_assert_int_eq(check_open(&f->rig.env, &f->rig.report, f->id, STORAGE_WRITE, NULL, &checked),
			 HF_OK);
	check = checked->check;
	check_close(checked);
	return check;
}

/* A line behind the first three records, where the head knows others. */
struct stranger {
	const char *type;
	uint64_t n;
	bool is_forged;  /* its MAC is not right */
	size_t size;     /* of its data */
	enum hf_verdict verdict;
};

/* Puts it there; the line ends past bytes behind the head's offset. Returns where it begins. */
static size_t put_stranger(struct fixture *f, const struct stranger *stranger, int64_t past)
{
	uint8_t slots[STORAGE_HEAD_SIZE] = { 0 };
	char data[4096];
	struct forge forge;
	size_t start;

	fixture_open(f);
	forge_begin(&forge, &f->rig, f->id, RIG_KEY_ID, 0);
	forge_log(&forge, f->id, 2);
	start = forge.bytes.size;
	(void)snprintf(data, sizeof data, "\"%0*d\"", (int)stranger->size - 2, 0);
	forge.n = stranger->n;
	forge_add(&forge, stranger->type, NULL, data);
	if (stranger->is_forged)
		forge.bytes.data[start + 70] ^= 1;
	log_rig_put_log(&f->rig, f->id, forge.bytes.data, forge.bytes.size);
	forge.bytes.size = (size_t)((int64_t)forge.bytes.size - past);
	forge.mac[0] ^= 1;
	forge.n = RECORDS;
	forge_slot(&forge, f->id, 20, slots);
	log_rig_put_head(&f->rig, f->id, slots);
	forge_end(&forge);
	return start;
}

/* A cut log is gone on from with the three records, if that is accepted; the line of the
 * repair that was cut short goes aside. */
static void expect_repairable(struct fixture *f, size_t start)
{
	struct writer_open open = { .accept = HF_ACCEPT(HF_TRUNCATED) };
	struct hf_slice log = log_rig_log(&f->rig, f->id);
	size_t size = log.size - start;
	char *line = malloc(size);

	ck_assert_ptr_nonnull(line);
	memcpy(line, log.data + start, size);
	expect_refused(f, HF_ACCEPT(HF_GAP) | HF_ACCEPT(HF_ROLLED_BACK), HF_ERR_TRUNCATED);
	ck_assert_int_eq(fixture_reopen_with(f, &open, NULL), HF_OK);
	expect_repair(f, 3, "truncated", line, size);
	fixture_leave(f, HF_CLOSE_LEAVE);
	expect_check(f, HF_INTACT, 4);
	free(line);
}

/* Only a repair, and only one that ends where the head's records do or behind that, is taken
 * for one that was cut short before its head. */
START_TEST(a_record_that_the_head_does_not_know_is_tampering_but_for_a_repair)
{
	/* A line of a repair has 119 bytes and its data. */
	static const struct stranger rows[] = {
		{ "repair", 3, false, 100, HF_TRUNCATED },
		{ "repair", 3, false, 2048 - 119, HF_TRUNCATED },
		{ "repair", 3, false, 2049 - 119, HF_TAMPERED },
		{ "repair", 4, false, 100, HF_TAMPERED },
		{ "repair", 2, false, 100, HF_TAMPERED },
		{ "repair", 3, true, 100, HF_TAMPERED },
		{ "message", 3, false, 100, HF_TAMPERED },
		{ "x-repair", 3, false, 100, HF_TAMPERED },
	};
	static const int64_t pasts[] = { 0, 1, 50, 200, -1, -300 };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 6; i++) {
		const struct stranger *row = &rows[i / 6];
		bool is_whole = row->n == 3 && !row->is_forged;
		int64_t past = pasts[i % 6];
		/* A record is good, and those that are missing are behind it. */
		enum hf_verdict verdict = past < 0 && is_whole ? HF_TRUNCATED : row->verdict;
		struct fixture f;
		size_t start = put_stranger(&f, row, past);
		struct hf_check check;

		if (row->verdict == HF_TRUNCATED)
			ck_assert_uint_eq(log_rig_log(&f.rig, f.id).size - start, row->size + 119);
		expect_check(&f, verdict, past < 0 && is_whole ? 4 : 3);
		check = check_as_writer(&f);
		ck_assert_int_eq(check.verdict, verdict);
		ck_assert_int_eq(check.bad_record, past < 0 && is_whole ? 4 : 3);
		ck_assert_uint_eq(check.bytes == start, check.records == 3);
		if (check.records == 3 && verdict == HF_TRUNCATED)
			expect_repairable(&f, start);
		fixture_close(&f);
	}
}
END_TEST

/* After a save that was cut short before the head: whatever stands there is moved to. */
START_TEST(a_save_without_its_head_is_taken_over)
{
	uint8_t head[STORAGE_HEAD_SIZE];
	struct fixture f;

	open_six(&f);
	memcpy(head, log_rig_head(&f.rig, f.id), sizeof head);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_int_eq(writer_save(f.writer, NULL, NULL, 0), HF_OK);
	writer_free(f.writer);
	f.writer = NULL;
	log_rig_put_head(&f.rig, f.id, head);
	ck_assert_int_eq(fixture_reopen(&f), HF_OK);
	ck_assert_uint_eq(f.writer->head.generation, 1);
	ck_assert_uint_eq(newest_head(&f).generation, 1);
	append_many(&f, 2);
	fixture_leave(&f, HF_CLOSE_LEAVE);
	expect_check(&f, HF_INTACT, 3);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("recover");
	TCase *recover = tcase_create("recover");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(recover, a_torn_tail_goes_to_the_quarantine_and_is_recorded);
	tcase_add_test(recover, a_long_torn_tail_is_cut_as_a_whole);
	tcase_add_test(recover, records_past_the_head_are_taken_over);
	tcase_add_test(recover, what_is_left_of_one_batch_is_torn);
	tcase_add_test(recover, a_gap_is_mended_only_when_it_is_accepted);
	tcase_add_test(recover, a_missing_head_is_made_anew_only_when_it_is_accepted);
	tcase_add_test(recover, a_gap_without_a_head_asks_for_both);
	tcase_add_test(recover, a_stump_without_a_head_goes_with_it);
	tcase_add_test(recover, what_is_no_verdict_and_a_missing_key_cannot_be_accepted);
	tcase_add_test(recover, verdicts_that_are_not_named_are_never_mended);
	tcase_add_test(recover, a_repair_that_was_cut_short_before_its_head_is_done_again);
	tcase_add_test(recover, a_record_that_the_head_does_not_know_is_tampering_but_for_a_repair);
	tcase_add_test(recover, a_save_without_its_head_is_taken_over);
	suite_add_tcase(suite, recover);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
