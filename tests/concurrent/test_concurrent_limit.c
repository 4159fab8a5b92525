/* SPDX-License-Identifier: MIT */
/* Rate limits under processes and threads that all want the same: never one more than the
 * limit, never one less, and a file that stays good however its writers end. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "holdfast.h"
#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "lib/wait.h"

enum {
	PROCESSES = 8,
	THREADS = 6,
	MAX = 250,
	ATTEMPTS = 120, /* of each, so that most are refused */
	SPAN_MS = 40,   /* of the windows that move on during the test */
	SPAN_MAX = 15,
	SPANS = 12,
	ADMITTED_MAX = 20000,
	VICTIMS = 4,
	KILL_ROUNDS = 12, /* times MAX is nearly what the file has room for */
	KILLS = 12,
	KILL_AFTER_US = 4000,
};

/* One admitted attempt: it was recorded at some moment between the two. */
struct admitted {
	int64_t from_us;
	int64_t to_us;
};

/* What all processes of a case write to. */
struct shared {
	atomic_uint admitted;
	atomic_uint refused;
	atomic_uint wrong;    /* any other outcome */
	atomic_uint warnings; /* of the library */
	atomic_int last_error;
	atomic_bool is_over;
	atomic_bool in_flight[VICTIMS];
	struct admitted times[ADMITTED_MAX];
};

static struct scratch scratch;
static struct shared *shared;
static struct hf_store *store;

static void count_warning(void *context, enum hf_log_level level, const char *message)
{
	(void)context;
	/* A refusal is an error to whoever is refused, and no news of the file. */
	if (level >= HF_LOG_WARNING && strstr(message, "HF_ERR_RATE_LIMITED") == NULL)
		atomic_fetch_add(&shared->warnings, 1);
}

static struct hf_store *open_store(const struct hf_limit *limit)
{
	struct hf_store_options options = { .limits = limit, .limit_count = 1, .runtime_dir = "",
					    .log = count_warning };
	struct hf_store *opened = NULL;
	char path[300];

	(void)snprintf(path, sizeof path, "%s/store", scratch.path);
	ck_assert_int_eq(hf_store_open(path, &options, NULL, &opened), HF_OK);
	return opened;
}

static void set_up(void)
{
	scratch = scratch_open();
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void tear_down(void)
{
	unsigned wrong = atomic_load(&shared->wrong), warnings = atomic_load(&shared->warnings);
	int last = atomic_load(&shared->last_error);

	(void)munmap(shared, sizeof *shared);
	scratch_close(&scratch);
	ck_assert_msg(wrong == 0, "%u times something else, such as %s", wrong, hf_error_name(last));
	ck_assert_uint_eq(warnings, 0);
}

static bool take(struct hf_store *of, const char *operation)
{
	int rc = hf_limit_take(of, operation, "one key", NULL);

	if (rc == HF_OK) {
		atomic_fetch_add(&shared->admitted, 1);
	} else if (rc == HF_ERR_RATE_LIMITED) {
		atomic_fetch_add(&shared->refused, 1);
	} else {
		atomic_fetch_add(&shared->wrong, 1);
		atomic_store(&shared->last_error, rc);
	}
	return rc == HF_OK;
}

static int64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- Exactly as many as the limit says --------------------------------------------- */

static const struct hf_limit by_key = { "work", MAX, 600000, 0, 0 };
static const struct hf_limit in_all = { "work", 0, 0, MAX, 600000 };
static struct child_gate gate;

static int hammer(void *context, struct child *parent)
{
	struct hf_store *own = open_store(context);

	child_say(parent, 1);
	child_gate_wait(&gate);
	for (unsigned i = 0; i < ATTEMPTS; i++)
		(void)take(own, "work");
	hf_store_close(own);
	return 0;
}

/* Once the limit is reached a check must never again say otherwise, whatever it meets in
 * the file. Ends when it is told to. */
static int watch(void *context, struct child *parent)
{
	struct hf_store *own = open_store(context);
	bool is_refused = false, is_over = false;

	child_say(parent, 1);
	while (!is_over) {
		int rc;

		is_over = atomic_load(&shared->is_over);
		rc = hf_limit_check(own, "work", "one key", NULL);
		if (rc != HF_ERR_RATE_LIMITED && (rc != HF_OK || is_refused)) {
			atomic_fetch_add(&shared->wrong, 1);
			atomic_store(&shared->last_error, rc);
		}
		is_refused = rc == HF_ERR_RATE_LIMITED;
	}
	hf_store_close(own);
	return is_refused ? 0 : 1;
}

START_TEST(processes_that_hammer_one_key_are_admitted_as_often_as_the_limit_says)
{
	struct hf_limit limit = _i == 0 ? by_key : in_all;
	struct child children[PROCESSES], watcher;

	set_up();
	store = open_store(&limit);
	watcher = child_start(watch, &limit);
	ck_assert_uint_eq(child_hear(&watcher), 1);
	gate = child_gate_make();
	for (size_t i = 0; i < PROCESSES; i++)
		children[i] = child_start(hammer, &limit);
	for (size_t i = 0; i < PROCESSES; i++)
		ck_assert_uint_eq(child_hear(&children[i]), 1);
	child_gate_open(&gate);
	for (size_t i = 0; i < PROCESSES; i++)
		ck_assert_int_eq(child_end(&children[i]), 0);
	ck_assert_int_eq(hf_limit_check(store, "work", "one key", NULL), HF_ERR_RATE_LIMITED);
	atomic_store(&shared->is_over, true);
	ck_assert_int_eq(child_end(&watcher), 0);
	ck_assert_uint_eq(atomic_load(&shared->admitted), MAX);
	ck_assert_uint_eq(atomic_load(&shared->refused), PROCESSES * ATTEMPTS - MAX);
	hf_store_close(store);
	tear_down();
}
END_TEST

static void *hammer_in_thread(void *context)
{
	for (unsigned i = 0; i < ATTEMPTS; i++)
		(void)take(context, "work");
	return NULL;
}

START_TEST(threads_that_hammer_one_key_are_admitted_as_often_as_the_limit_says)
{
	pthread_t threads[THREADS];

	set_up();
	store = open_store(&by_key);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer_in_thread, store), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_uint_eq(atomic_load(&shared->admitted), MAX);
	ck_assert_uint_eq(atomic_load(&shared->refused), THREADS * ATTEMPTS - MAX);
	hf_store_close(store);
	tear_down();
}
END_TEST

/* ---- Windows that move on ---------------------------------------------------------- */

static int hammer_for_a_while(void *context, struct child *parent)
{
	int64_t end_us = now_us() + SPANS * SPAN_MS * 1000;

	(void)context;
	(void)parent;
	for (int64_t from_us = now_us(); from_us < end_us; from_us = now_us()) {
		int rc = hf_limit_take(store, "work", "one key", NULL);
		unsigned place;

		if (rc == HF_OK) {
			place = atomic_fetch_add(&shared->admitted, 1);
			if (place >= ADMITTED_MAX)
				return 1;
			shared->times[place] = (struct admitted){ from_us, now_us() };
		} else if (rc != HF_ERR_RATE_LIMITED) {
			atomic_fetch_add(&shared->wrong, 1);
			atomic_store(&shared->last_error, rc);
		}
	}
	return 0;
}

/* The most attempts that have certainly been made within one window. */
static unsigned most_in_one_window(unsigned count)
{
	unsigned most = 0;

	for (unsigned last = 0; last < count; last++) {
		unsigned within = 0;

		for (unsigned i = 0; i < count; i++)
			within += shared->times[i].to_us <= shared->times[last].to_us &&
				  shared->times[i].from_us > shared->times[last].to_us - SPAN_MS * 1000;
		most = within > most ? within : most;
	}
	return most;
}

START_TEST(no_window_wherever_it_lies_has_more_than_the_limit)
{
	const struct hf_limit limit = { "work", SPAN_MAX, SPAN_MS, 0, 0 };
	struct child children[PROCESSES];
	unsigned count;

	set_up();
	store = open_store(&limit);
	for (size_t i = 0; i < PROCESSES; i++)
		children[i] = child_start(hammer_for_a_while, NULL);
	for (size_t i = 0; i < PROCESSES; i++)
		ck_assert_int_eq(child_end(&children[i]), 0);
	count = atomic_load(&shared->admitted);
	ck_assert_uint_le(most_in_one_window(count), SPAN_MAX);
	/* It did move on, and not by much more than it may. */
	ck_assert_uint_gt(count, 2 * SPAN_MAX);
	hf_store_close(store);
	tear_down();
}
END_TEST

/* ---- Writers that are killed ------------------------------------------------------- */

/* Takes until it is killed, and notes when it is in a call. Uses its parent's store, which
 * a forked child may do with rate limits. */
struct victim {
	unsigned number;
	char operation[32];
};

static int take_until_killed(void *context, struct child *parent)
{
	const struct victim *victim = context;

	(void)parent;
	while (atomic_load(&shared->wrong) == 0) {
		atomic_store(&shared->in_flight[victim->number], true);
		(void)take(store, victim->operation);
		atomic_store(&shared->in_flight[victim->number], false);
	}
	child_stay();
}

static unsigned random_number(unsigned below)
{
	static uint64_t state = 3;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((state >> 33) % below);
}

/* Kills and replaces victims at random moments; how many of them died within a call. */
static unsigned run_victims(const char *operation)
{
	struct victim victims[VICTIMS];
	struct child children[VICTIMS];
	unsigned in_flight = 0;

	for (unsigned i = 0; i < VICTIMS; i++) {
		victims[i].number = i;
		(void)snprintf(victims[i].operation, sizeof victims[i].operation, "%s", operation);
		children[i] = child_start(take_until_killed, &victims[i]);
	}
	for (unsigned kills = 0; kills < KILLS; kills++) {
		unsigned i = kills % VICTIMS;

		wait_seconds(random_number(KILL_AFTER_US) / 1e6);
		child_kill(&children[i]);
		in_flight += atomic_exchange(&shared->in_flight[i], false);
		if (kills + VICTIMS < KILLS)
			children[i] = child_start(take_until_killed, &victims[i]);
	}
	return in_flight;
}

START_TEST(writers_that_are_killed_leave_a_good_file_and_are_counted)
{
	const struct hf_limit limit = { "default", MAX, 600000, 0, 0 };
	unsigned in_flight = 0;

	set_up();
	store = open_store(&limit);
	for (unsigned round = 0; round < KILL_ROUNDS; round++) {
		char operation[32];
		unsigned lost, admitted;

		(void)snprintf(operation, sizeof operation, "round %u", round);
		atomic_store(&shared->admitted, 0);
		lost = run_victims(operation);
		/* Nobody has the lock any more: what is left is admitted at once. */
		while (take(store, operation))
			continue;
		admitted = atomic_load(&shared->admitted);
		ck_assert_msg(admitted <= MAX && admitted + lost >= MAX,
			      "%u admitted, %u died in a call, the limit is %d", admitted, lost, MAX);
		in_flight += lost;
	}
	ck_assert_uint_gt(in_flight, 0);
	hf_store_close(store);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_limit");
	TCase *cases = runner_cases(suite, "rate limits", 150);

	tcase_add_loop_test(cases,
			    processes_that_hammer_one_key_are_admitted_as_often_as_the_limit_says, 0, 2);
	tcase_add_test(cases, threads_that_hammer_one_key_are_admitted_as_often_as_the_limit_says);
	tcase_add_test(cases, no_window_wherever_it_lies_has_more_than_the_limit);
	tcase_add_test(cases, writers_that_are_killed_leave_a_good_file_and_are_counted);
	return runner_run_in_memory(suite);
}
