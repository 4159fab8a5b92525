/* SPDX-License-Identifier: MIT */
/*
 * Goal: a key that is given to one hf_unbundle is known to that call and to nobody else, however
 * calls overlap, and stays known to it while others begin and end. Method: a call whose
 * archive makes another thread use the store at every step of the reading; and threads that
 * run freely.
 */
#include <pthread.h>

#include "lib/runner.h"
#include "unit/bundle_fixture.h"

enum { STEP = 1024, ROUNDS = 8, PAUSES_MIN = 10 };

static struct fixture f;

/* An archive, its key, and what came of it. */
struct reading {
	struct buffer bytes;
	const char *key;
	bool dry_run;
	size_t at;
	unsigned reads;
	unsigned pause_at;         /* the read before which it lets others do something */
	void (*meanwhile)(void);
	bool has_paused;
	unsigned items;
	enum hf_verdict worst;
	int rc;
};

static struct reading readings[2];
/* Keeps libarchive loaded: the thread sanitizer does not know the loader's own locks. */
static struct archive_in *held;

static int64_t give(void *context, char *data, size_t size)
{
	struct reading *reading = context;
	size_t left = reading->bytes.size - reading->at;

	if (reading->meanwhile != NULL && reading->reads++ == reading->pause_at) {
		reading->has_paused = true;
		reading->meanwhile();
	}
	size = size < STEP ? size : STEP;
	size = size < left ? size : left;
	if (size > 0)
		memcpy(data, reading->bytes.data + reading->at, size);
	reading->at += size;
	return (int64_t)size;
}

static void note(void *context, const struct hf_bundle_item *item)
{
	struct reading *reading = context;

	reading->items++;
	if (item->verdict > reading->worst)
		reading->worst = item->verdict;
}

static void *run(void *context)
{
	struct reading *reading = context;
	char path[400];
	struct hf_bundle_options options = { .dry_run = reading->dry_run,
					     .key_path = fixture_path(&f, reading->key, path),
					     .read = give, .item = note, .context = reading };

	reading->at = reading->reads = reading->items = 0;
	reading->has_paused = false;
	reading->worst = HF_INTACT;
	reading->rc = hf_unbundle(f.b, &options, NULL, NULL);
	return NULL;
}

static void run_in_thread(void *(*body)(void *), void *context)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, body, context), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* Keeps what is on the tape, as it is when it is not compressed. */
static void keep_tape(struct reading *reading, const char *key)
{
	struct parts parts;

	parts_open(&f, &parts);
	parts_close(&f, &parts);
	*reading = (struct reading){ .bytes = f.tape.bytes, .key = key };
	f.tape.bytes = (struct buffer)BUFFER_INIT(SIZE_MAX / 2);
}

/* Two stores, with keys of their own. */
static void setup(void)
{
	struct report report = report_make(NULL, NULL);
	struct hf_store *c;

	fixture_open(&f);
	fixture_make(f.a, ID_1, 3);
	fixture_make(f.a, ID_2, 3);
	bundle_all(&f, f.a);
	ck_assert_int_eq(archive_in_open(&report, parts_get, &f, &held), HF_OK);
	keep_tape(&readings[0], "a/keys/machine_secret");
	c = fixture_store(&f, "c", NULL);
	fixture_make(c, ID_3, 3);
	bundle_all(&f, c);
	hf_store_close(c);
	keep_tape(&readings[1], "c/keys/machine_secret");
}

static void teardown(void)
{
	buffer_release(&readings[0].bytes);
	buffer_release(&readings[1].bytes);
	archive_in_close(held);
	fixture_close(&f);
}

static void empty_b(void)
{
	hf_store_close(f.b);
	scratch_remove(f.scratch.fd, "b");
	f.b = fixture_store(&f, "b", NULL);
}

static void check_all_intact(void)
{
	static const char *const ids[] = { ID_1, ID_2, ID_3 };

	for (unsigned i = 0; i < 2; i++) {
		ck_assert_int_eq(readings[i].rc, HF_OK);
		ck_assert_uint_eq(readings[i].items, i == 0 ? 2 : 1);
		ck_assert_int_eq(readings[i].worst, HF_INTACT);
	}
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(verdict_of(f.b, ids[i]), HF_INTACT);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/keys/foreign"), 2);
}

static void take_the_other(void)
{
	run_in_thread(run, &readings[1]);
}

START_TEST(one_that_ends_meanwhile_takes_no_key_away)
{
	unsigned pauses = 0;

	readings[0].meanwhile = take_the_other;
	do {
		empty_b();
		readings[0].pause_at = pauses++;
		run_in_thread(run, &readings[0]);
		if (readings[0].has_paused)
			check_all_intact();
	} while (readings[0].has_paused);
	ck_assert_uint_gt(pauses, PAUSES_MIN);
}
END_TEST

/* The same key for both: the one must not take back what is the other's. */
START_TEST(one_with_the_same_key_takes_no_key_away)
{
	unsigned pauses = 0;

	bundle_first(&f);
	buffer_release(&readings[1].bytes);
	keep_tape(&readings[1], "a/keys/machine_secret");
	readings[1].dry_run = true;
	readings[0].meanwhile = take_the_other;
	do {
		empty_b();
		readings[0].pause_at = pauses++;
		run_in_thread(run, &readings[0]);
		ck_assert_int_eq(readings[0].rc, HF_OK);
		ck_assert_int_eq(readings[0].worst, HF_INTACT);
	} while (readings[0].has_paused);
	ck_assert_uint_gt(pauses, PAUSES_MIN);
}
END_TEST

static enum hf_verdict seen[2];

static void *look(void *context)
{
	(void)context;
	seen[0] = verdict_of(f.b, ID_1);
	seen[1] = verdict_of(f.b, ID_2);
	return NULL;
}

static void look_meanwhile(void)
{
	run_in_thread(look, NULL);
	ck_assert_int_eq(seen[0], HF_KEY_MISSING);
	ck_assert_int_eq(seen[1], HF_KEY_MISSING);
}

START_TEST(nobody_else_trusts_a_key_that_is_only_given_to_one)
{
	unsigned pauses = 0;

	bundle_all(&f, f.a);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	readings[0].dry_run = true;
	readings[0].meanwhile = look_meanwhile;
	do {
		readings[0].pause_at = pauses++;
		run_in_thread(run, &readings[0]);
		ck_assert_int_eq(readings[0].rc, HF_OK);
		ck_assert_int_eq(readings[0].worst, HF_INTACT);
	} while (readings[0].has_paused);
	ck_assert_uint_gt(pauses, PAUSES_MIN);
	ck_assert(!scratch_exists(f.scratch.fd, "b/keys/foreign"));
}
END_TEST

START_TEST(two_at_once_both_find_their_keys)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		pthread_t threads[2];

		empty_b();
		for (unsigned i = 0; i < 2; i++)
			ck_assert_int_eq(pthread_create(&threads[i], NULL, run, &readings[i]), 0);
		for (unsigned i = 0; i < 2; i++)
			ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		check_all_intact();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent unbundle");
	TCase *tcase = runner_cases(suite, "lent keys", 60);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, one_that_ends_meanwhile_takes_no_key_away);
	tcase_add_test(tcase, one_with_the_same_key_takes_no_key_away);
	tcase_add_test(tcase, nobody_else_trusts_a_key_that_is_only_given_to_one);
	tcase_add_test(tcase, two_at_once_both_find_their_keys);
	return runner_run(suite);
}
