/* SPDX-License-Identifier: MIT */
/*
 * Goal: whatever processes do to the secret at once, they all sign with one key, and a
 * damaged secret is kept aside exactly once. Method: one process is held up before each of
 * its calls in turn, while another goes as far as it can (to its end, or until it waits for
 * the first); and twenty processes start together, many times.
 */
#include <pthread.h>
#include "keys_fixture.h"
#include "keys_meddle.h"
#include "lib/child.h"
#include "lib/runner.h"

static const char damage[] = "not a key file";

/* ---- Two, in every order --------------------------------------------------------- */

/* The process that comes in between, as a thread with a keyring of its own: what they
 * share is the disk alone, and locks tell open file descriptions apart, not threads. */
struct other {
	struct fixture fixture;  /* its report; the directories are the first one's */
	struct meddle meddle;    /* tells when it waits */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool started;
	bool at_rest;            /* it is done, or waits */
	char id[HF_KEY_ID_SIZE];
};

static void rest(void *context)
{
	struct other *other = context;

	ck_assert_int_eq(pthread_mutex_lock(&other->mutex), 0);
	other->at_rest = true;
	ck_assert_int_eq(pthread_cond_signal(&other->changed), 0);
	ck_assert_int_eq(pthread_mutex_unlock(&other->mutex), 0);
}

static void *run_other(void *context)
{
	struct other *other = context;
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct keyring *keyring = fixture_keyring_with(&other->fixture, &other->meddle.table,
						       &options);

	(void)fixture_current(&other->fixture, keyring, other->id);
	keyring_close(keyring);
	rest(other);
	return NULL;
}

static void let_other_run(void *context)
{
	struct other *other = context;

	other->started = true;
	ck_assert_int_eq(pthread_create(&other->thread, NULL, run_other, other), 0);
	ck_assert_int_eq(pthread_mutex_lock(&other->mutex), 0);
	while (!other->at_rest)
		ck_assert_int_eq(pthread_cond_wait(&other->changed, &other->mutex), 0);
	ck_assert_int_eq(pthread_mutex_unlock(&other->mutex), 0);
}

static void other_init(struct other *other, const struct fixture *fixture)
{
	memset(other, 0, sizeof *other);
	other->fixture = *fixture;
	other->fixture.report = report_make(fixture_note, &other->fixture.noted);
	meddle_init(&other->meddle);
	other->meddle.on_sleep = rest;
	other->meddle.context = other;
	ck_assert_int_eq(pthread_mutex_init(&other->mutex, NULL), 0);
	ck_assert_int_eq(pthread_cond_init(&other->changed, NULL), 0);
}

/* There is one good secret, and all that was damaged lies aside, once. */
static void assert_tidy(const struct fixture *fixture, bool was_damaged)
{
	struct secret_dir dir = fixture_dir(fixture);
	struct report report = report_make(NULL, NULL);
	struct secret secret;

	ck_assert_int_eq(secret_read(&dir, &report, &secret), HF_OK);
	ck_assert_int_eq(secret.state, SECRET_GOOD);
	fixture_assert_names(fixture, was_damaged ? 2 : 1);
	if (was_damaged)
		fixture_assert_file(fixture, "machine_secret.corrupt-1", damage);
}

/* Holds the first up before its nth call; false if it makes no more so many. */
static bool meet(uint64_t nth, bool damaged)
{
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct fixture fixture;
	struct meddle meddle;
	struct other other;
	struct keyring *keyring;
	char id[HF_KEY_ID_SIZE];

	fixture_open(&fixture);
	if (damaged)
		fixture_put(&fixture, SECRET_NAME, damage, 0600);
	other_init(&other, &fixture);
	meddle_init(&meddle);
	meddle.nth = nth;
	meddle.happen = let_other_run;
	meddle.context = &other;
	keyring = fixture_keyring_with(&fixture, &meddle.table, &options);
	(void)fixture_current(&fixture, keyring, id);
	keyring_close(keyring);
	if (other.started) {
		ck_assert_int_eq(pthread_join(other.thread, NULL), 0);
		ck_assert_msg(strcmp(id, other.id) == 0, "before call %u: %s and %s", (unsigned)nth,
			      id, other.id);
	}
	assert_tidy(&fixture, damaged);
	fixture_close(&fixture);
	return other.started;
}

START_TEST(two_that_make_a_secret_agree_in_every_order)
{
	uint64_t nth = 1;

	while (meet(nth, false))
		nth++;
	ck_assert_uint_gt(nth, 15);
}
END_TEST

START_TEST(two_that_meet_a_damaged_secret_agree_in_every_order)
{
	uint64_t nth = 1;

	while (meet(nth, true))
		nth++;
	ck_assert_uint_gt(nth, 30);
}
END_TEST

/* ---- What the walk above rests on, said outright --------------------------------- */

/* In between, another process sets the damaged secret aside and makes a good one. */
struct replacer {
	struct fixture *fixture;
	char id[HF_KEY_ID_SIZE];
	unsigned locks;
};

static struct replacer replacer;

static int lock_after_replacing(void *context, int fd, enum sys_lock lock)
{
	if (lock == SYS_LOCK_EXCLUSIVE && replacer.locks++ == 0) {
		struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
		struct keyring *keyring =
			fixture_keyring_with(replacer.fixture, sys_posix(), &options);

		(void)fixture_current(replacer.fixture, keyring, replacer.id);
		keyring_close(keyring);
	}
	return sys_posix()->lock(context, fd, lock);
}

START_TEST(a_late_comer_does_not_move_the_fresh_secret_aside)
{
	struct sys sys = *sys_posix();
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct fixture fixture;
	struct keyring *keyring;
	char id[HF_KEY_ID_SIZE];

	fixture_open(&fixture);
	fixture_put(&fixture, SECRET_NAME, damage, 0600);
	replacer = (struct replacer){ .fixture = &fixture };
	sys.lock = lock_after_replacing;
	keyring = fixture_keyring_with(&fixture, &sys, &options);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), replacer.id);
	keyring_close(keyring);
	ck_assert(!scratch_exists(fixture.keys.fd, "machine_secret.corrupt-2"));
	assert_tidy(&fixture, true);
	fixture_close(&fixture);
}
END_TEST

static int restore_in_place(void *context, int fd, enum sys_lock lock)
{
	if (lock == SYS_LOCK_EXCLUSIVE)
		scratch_put(replacer.fixture->keys.fd, SECRET_NAME, KNOWN_SECRET,
			    strlen(KNOWN_SECRET));
	return sys_posix()->lock(context, fd, lock);
}

START_TEST(a_secret_that_is_restored_meanwhile_is_left_in_its_place)
{
	struct sys sys = *sys_posix();
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN };
	struct fixture fixture;
	struct keyring *keyring;
	char id[HF_KEY_ID_SIZE];

	fixture_open(&fixture);
	fixture_put(&fixture, SECRET_NAME, damage, 0600);
	replacer = (struct replacer){ .fixture = &fixture };
	sys.lock = restore_in_place;
	keyring = fixture_keyring_with(&fixture, &sys, &options);
	ck_assert_str_eq(fixture_current(&fixture, keyring, id), KNOWN_ID);
	keyring_close(keyring);
	assert_tidy(&fixture, false);
	fixture_close(&fixture);
}
END_TEST

/* ---- Twenty at once -------------------------------------------------------------- */

enum { RACERS = 20, ROUNDS_DEFAULT = 25 };

struct race {
	struct fixture fixture;
	struct child_gate gate;
};

/* Says the id of the key that it gets. */
static int race_along(void *context, struct child *parent)
{
	struct race *race = context;
	struct keyring_options options = { .rounds = FORMAT_ROUNDS_MIN,
					   .runtime_dir = race->fixture.runtime.path };
	char id[HF_KEY_ID_SIZE];
	struct keyring *keyring = fixture_keyring_with(&race->fixture, sys_posix(), &options);

	child_gate_wait(&race->gate);
	child_say_bytes(parent, fixture_current(&race->fixture, keyring, id), FORMAT_KEY_ID_SIZE);
	keyring_close(keyring);
	return 0;
}

static void run_race(bool damaged)
{
	struct race race = { .gate = child_gate_make() };
	struct child racers[RACERS];
	char first[FORMAT_KEY_ID_SIZE], id[FORMAT_KEY_ID_SIZE];

	fixture_open(&race.fixture);
	if (damaged)
		fixture_put(&race.fixture, SECRET_NAME, damage, 0600);
	for (unsigned i = 0; i < RACERS; i++)
		racers[i] = child_start(race_along, &race);
	child_gate_open(&race.gate);
	for (unsigned i = 0; i < RACERS; i++) {
		child_hear_bytes(&racers[i], id, sizeof id);
		ck_assert_int_eq(child_end(&racers[i]), 0);
		if (i == 0)
			memcpy(first, id, sizeof first);
		ck_assert_mem_eq(id, first, sizeof first);
	}
	assert_tidy(&race.fixture, damaged);
	ck_assert_uint_eq(scratch_count(race.fixture.runtime.fd, "holdfast"), 1);
	fixture_close(&race.fixture);
}

/* HOLDFAST_RACES=1000 for a long run. */
static unsigned long rounds(void)
{
	const char *wanted = getenv("HOLDFAST_RACES");

	return wanted != NULL ? strtoul(wanted, NULL, 10) : ROUNDS_DEFAULT;
}

START_TEST(twenty_processes_agree_on_one_secret)
{
	for (unsigned long i = 0; i < rounds(); i++)
		run_race(false);
}
END_TEST

START_TEST(twenty_processes_agree_on_what_replaces_a_damaged_secret)
{
	for (unsigned long i = 0; i < rounds(); i++)
		run_race(true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret race");
	TCase *two = runner_cases(suite, "two", 120);
	TCase *many = runner_cases(suite, "many", 600);

	tcase_add_test(two, two_that_make_a_secret_agree_in_every_order);
	tcase_add_test(two, two_that_meet_a_damaged_secret_agree_in_every_order);
	tcase_add_test(two, a_late_comer_does_not_move_the_fresh_secret_aside);
	tcase_add_test(two, a_secret_that_is_restored_meanwhile_is_left_in_its_place);
	tcase_add_test(many, twenty_processes_agree_on_one_secret);
	tcase_add_test(many, twenty_processes_agree_on_what_replaces_a_damaged_secret);
	return runner_run(suite);
}
