/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session with a bad verdict is gone on from only when the caller names the verdict,
 * and then with all that verifies, while nothing that was in the log is lost. Method: logs
 * are damaged in each way, then repaired with every single verdict accepted.
 */
#include <sys/stat.h>

#include "lib/runner.h"
#include "store_fixture.h"

#define LOG_1 "store/sessions/" ID_1 ".jsonl"
#define HEAD_1 "store/sessions/" ID_1 ".head"

enum { MESSAGES = 6, RECORDS = 1 + MESSAGES };

struct way {
	enum hf_verdict verdict;
	uint64_t kept;      /* records that verify */
	bool moves_bytes;   /* something goes to the quarantine */
	void (*damage)(struct fixture *f);
};

/* Where a record's line begins in the log. */
static uint64_t offset_of(struct fixture *f, uint64_t n)
{
	struct hf_view *view = load(f, ID_1);
	struct hf_record record = { 0 };

	while (hf_view_next(view, &record) && record.n < n)
		;
	ck_assert_uint_eq(record.n, n);
	hf_view_close(view);
	return record.offset;
}

static void change_in_the_middle(struct fixture *f)
{
	scratch_flip(f->scratch.fd, LOG_1, offset_of(f, 3) + 90, 1);
}

static void change_at_the_end(struct fixture *f)
{
	scratch_flip(f->scratch.fd, LOG_1, offset_of(f, RECORDS - 1) + 90, 1);
}

static void cut_between_records(struct fixture *f)
{
	scratch_cut(f->scratch.fd, LOG_1, offset_of(f, 4));
}

static void cut_within_a_record(struct fixture *f)
{
	scratch_cut(f->scratch.fd, LOG_1, offset_of(f, 4) + 10);
}

static void remove_head(struct fixture *f)
{
	scratch_remove(f->scratch.fd, HEAD_1);
}

static void put_old_generation(struct fixture *f)
{
	struct hf_append record = { "message", NULL, "{\"content\":\"new\"}", 17 };

	scratch_copy(f->scratch.fd, LOG_1, f->scratch.fd, "old");
	ck_assert_int_eq(hf_session_open(f->store, ID_1, NULL, &f->detail, &f->session), HF_OK);
	ck_assert_int_eq(hf_session_save(f->session, NULL, &record, 1, &f->detail), HF_OK);
	leave(f, HF_CLOSE_LEAVE);
	scratch_remove(f->scratch.fd, LOG_1);
	scratch_copy(f->scratch.fd, "old", f->scratch.fd, LOG_1);
}

static const struct way ways[] = {
	{ HF_TAMPERED, 3, true, change_in_the_middle },
	{ HF_TAMPERED, RECORDS - 1, true, change_at_the_end },
	{ HF_TRUNCATED, 4, false, cut_between_records },
	{ HF_TRUNCATED, 4, true, cut_within_a_record },
	{ HF_HEAD_MISSING, RECORDS, false, remove_head },
	{ HF_ROLLED_BACK, RECORDS, false, put_old_generation },
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static void make_damaged(struct fixture *f, const struct way *way)
{
	fixture_open(f);
	create(f, ID_1, "first");
	append_many(f, MESSAGES);
	leave(f, HF_CLOSE_LEAVE);
	way->damage(f);
	ck_assert_int_eq(verify(f, ID_1).verdict, way->verdict);
}

static int repair(struct fixture *f, uint32_t accept, bool dry_run, struct hf_repair *repair)
{
	memset(repair, 0, sizeof *repair);
	return hf_session_repair(f->store, ID_1, accept, dry_run, &f->detail, repair);
}

/* The log's bytes stand, one way or the other, in the log and in the quarantine. */
static void expect_nothing_lost(struct fixture *f, const char *before, size_t size,
				const struct hf_repair *repair)
{
	char name[200];
	size_t kept = 0, aside = 0;
	char *log = scratch_get(f->scratch.fd, LOG_1, &kept);
	char *rest = NULL;

	ck_assert_uint_ge(kept, repair->removed_offset);
	ck_assert_mem_eq(log, before, repair->removed_offset);
	if (repair->removed_bytes > 0) {
		(void)snprintf(name, sizeof name, "store/quarantine/%s", repair->quarantine);
		rest = scratch_get(f->scratch.fd, name, &aside);
		ck_assert_uint_eq(aside, repair->removed_bytes);
		ck_assert_mem_eq(rest, before + repair->removed_offset, aside);
	}
	ck_assert_uint_eq(repair->removed_offset + aside, size);
	free(log);
	free(rest);
}

START_TEST(an_accepted_verdict_is_gone_on_from)
{
	const struct way *way = &ways[_i];
	struct fixture f;
	struct hf_repair done;
	struct hf_check check;
	size_t size = 0;
	char *before;

	make_damaged(&f, way);
	before = scratch_get(f.scratch.fd, LOG_1, &size);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(way->verdict), false, &done), HF_OK);
	ck_assert(done.changed);
	ck_assert_int_eq(done.before.verdict, way->verdict);
	ck_assert(way->moves_bytes == (done.removed_bytes > 0));
	expect_nothing_lost(&f, before, size, &done);
	check = verify(&f, ID_1);
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert_uint_eq(check.records, way->kept + 1);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, NULL, &f.detail, &f.session), HF_OK);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_SEAL);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	free(before);
	fixture_close(&f);
}
END_TEST

START_TEST(no_other_verdict_is_accepted_in_its_place)
{
	const struct way *way = &ways[_i];
	struct fixture f;
	size_t size = 0, after_size = 0;
	char *before, *after;

	make_damaged(&f, way);
	before = scratch_get(f.scratch.fd, LOG_1, &size);
	for (int other = HF_INTACT; other <= HF_TAMPERED; other++) {
		struct hf_repair done;
		int expected = other == HF_KEY_MISSING ? HF_ERR_INVALID :
							 hf_verdict_error(way->verdict);

		/* Who accepts tampering accepts that records are missing. */
		if (other == (int)way->verdict ||
		    (other == HF_TAMPERED && way->verdict == HF_TRUNCATED))
			continue;
		ck_assert_int_eq(repair(&f, HF_ACCEPT(other), false, &done), expected);
		if (other != HF_KEY_MISSING)
			ck_assert_int_eq(done.before.verdict, way->verdict);
		ck_assert(!done.changed);
	}
	after = scratch_get(f.scratch.fd, LOG_1, &after_size);
	ck_assert_uint_eq(after_size, size);
	ck_assert_mem_eq(after, before, size);
	ck_assert(!scratch_exists(f.scratch.fd, "store/quarantine") ||
		  scratch_count(f.scratch.fd, "store/quarantine") == 0);
	free(before);
	free(after);
	fixture_close(&f);
}
END_TEST

START_TEST(a_dry_run_says_what_the_repair_does)
{
	const struct way *way = &ways[_i];
	struct fixture f;
	struct hf_repair planned, done;

	make_damaged(&f, way);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(way->verdict), true, &planned), HF_OK);
	ck_assert_int_eq(verify(&f, ID_1).verdict, way->verdict);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(way->verdict), false, &done), HF_OK);
	ck_assert(planned.changed && done.changed);
	ck_assert_uint_eq(planned.removed_bytes, done.removed_bytes);
	ck_assert_uint_eq(planned.removed_offset, done.removed_offset);
	fixture_close(&f);
}
END_TEST

START_TEST(a_view_outlives_the_repair_of_what_it_shows)
{
	struct fixture f;
	struct hf_record record = { 0 };
	struct hf_repair done;
	struct hf_view *view;
	unsigned seen = 0;

	make_damaged(&f, &ways[0]);
	view = load(&f, ID_1);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(HF_TAMPERED), false, &done), HF_OK);
	while (hf_view_next(view, &record))
		seen++;
	ck_assert_uint_eq(seen, ways[0].kept);
	hf_view_close(view);
	fixture_close(&f);
}
END_TEST

START_TEST(a_view_outlives_a_repair_without_a_head)
{
	struct hf_record record = { 0 };
	struct hf_repair done;
	struct hf_view *view;
	struct fixture f;
	unsigned seen = 0;
	size_t size = 0;
	char *log;

	fixture_open(&f);
	create(&f, ID_1, "first");
	append_many(&f, 300);
	leave(&f, HF_CLOSE_LEAVE);
	view = load(&f, ID_1);
	log = scratch_get(f.scratch.fd, LOG_1, &size);
	scratch_poke(f.scratch.fd, LOG_1, (uint64_t)(strstr(log + 5000, "user") - log), "USER", 4);
	free(log);
	remove_head(&f);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(HF_HEAD_MISSING) | HF_ACCEPT(HF_GAP), false, &done),
			 HF_OK);
	ck_assert_int_lt(scratch_size(f.scratch.fd, LOG_1), 6000);
	/* Bytes that were cut off under it would end the process here. */
	while (hf_view_next(view, &record))
		seen++;
	ck_assert_uint_ge(seen, 300);
	hf_view_close(view);
	ck_assert_int_eq(verify(&f, ID_1).verdict, HF_INTACT);
	fixture_close(&f);
}
END_TEST

START_TEST(a_log_that_was_cut_is_replaced_and_not_written_to)
{
	struct hf_repair done;
	struct fixture f;
	struct stat before, after;

	make_damaged(&f, &ways[2]);
	ck_assert_int_eq(fstatat(f.scratch.fd, LOG_1, &before, 0), 0);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(HF_TRUNCATED), false, &done), HF_OK);
	ck_assert_int_eq(fstatat(f.scratch.fd, LOG_1, &after, 0), 0);
	ck_assert(before.st_ino != after.st_ino);
	fixture_close(&f);
}
END_TEST

START_TEST(without_a_first_record_nothing_can_be_gone_on_from)
{
	struct fixture f;
	struct hf_repair done;

	make_damaged(&f, &ways[0]);
	scratch_flip(f.scratch.fd, LOG_1, 200, 1);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(HF_TAMPERED), false, &done), HF_ERR_TAMPERED);
	scratch_remove(f.scratch.fd, LOG_1);
	ck_assert_int_eq(repair(&f, HF_ACCEPT(HF_TRUNCATED), false, &done), HF_ERR_TRUNCATED);
	fixture_close(&f);
}
END_TEST

START_TEST(opening_accepts_as_repairing_does)
{
	const struct way *way = &ways[_i];
	struct hf_repair done = { 0 };
	struct hf_open_options options = { .repair = &done };
	struct fixture f;

	make_damaged(&f, way);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, &f.detail, &f.session),
			 hf_verdict_error(way->verdict));
	ck_assert_int_eq(done.before.verdict, way->verdict);
	options.accept = HF_ACCEPT(way->verdict);
	ck_assert_int_eq(hf_session_open(f.store, ID_1, &options, &f.detail, &f.session), HF_OK);
	ck_assert(done.changed);
	append_many(&f, 1);
	leave(&f, HF_CLOSE_LEAVE);
	ck_assert_uint_eq(verify(&f, ID_1).records, way->kept + 2);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("accept");
	TCase *tcase = runner_cases(suite, "verdicts", 60);

	tcase_add_loop_test(tcase, an_accepted_verdict_is_gone_on_from, 0, WAYS);
	tcase_add_loop_test(tcase, no_other_verdict_is_accepted_in_its_place, 0, WAYS);
	tcase_add_loop_test(tcase, a_dry_run_says_what_the_repair_does, 0, WAYS);
	/* Opening reads only the end: what was changed before it goes unnoticed there. */
	tcase_add_loop_test(tcase, opening_accepts_as_repairing_does, 2, WAYS);
	tcase_add_test(tcase, a_view_outlives_a_repair_without_a_head);
	tcase_add_test(tcase, a_log_that_was_cut_is_replaced_and_not_written_to);
	tcase_add_test(tcase, a_view_outlives_the_repair_of_what_it_shows);
	tcase_add_test(tcase, without_a_first_record_nothing_can_be_gone_on_from);
	return runner_run(suite);
}
