/* SPDX-License-Identifier: MIT */
/*
 * Goal: the windows admit exactly what their definition admits, and the wait that a refusal
 * tells is exact to the microsecond. Method: millions of random histories beside a model
 * that forgets nothing and counts anew each time; then the edges one by one, and a table
 * that is full.
 */
#include "limit/window.h"

#include <stdbool.h>
#include <string.h>

#include "lib/runner.h"

enum { US_PER_MS = 1000, HISTORIES = 2000000, STEPS_MAX = 9, RULES = 3, OPERATIONS = 2, KEYS = 2 };

static const struct window_subject alice = { "alice's work", "her address" };

/* ---- A model ---------------------------------------------------------------------- */

/* Everything that was ever recorded, in the order in which it was. */
struct model {
	struct {
		int64_t time_us;
		int64_t end_us; /* it counts for nothing from then on */
		unsigned operation;
		unsigned key;
	} made[STEPS_MAX];
	unsigned count;
	int64_t now_us;
};

static bool model_admits(const struct model *model, const struct hf_limit *limit,
			 unsigned operation, unsigned key, int64_t at_us)
{
	unsigned of_key = 0, of_all = 0;

	for (unsigned i = 0; i < model->count; i++) {
		if (model->made[i].operation != operation || model->made[i].end_us <= at_us)
			continue;
		of_all += model->made[i].time_us + limit->global_window_ms * US_PER_MS > at_us;
		of_key += model->made[i].key == key &&
			  model->made[i].time_us + limit->key_window_ms * US_PER_MS > at_us;
	}
	return (limit->key_max == 0 || of_key < limit->key_max) &&
	       (limit->global_max == 0 || of_all < limit->global_max);
}

static void model_record(struct model *model, const struct hf_limit *limit, unsigned operation,
			 unsigned key)
{
	int64_t life_ms = 0;

	if (limit->key_max > 0)
		life_ms = limit->key_window_ms;
	if (limit->global_max > 0 && limit->global_window_ms > life_ms)
		life_ms = limit->global_window_ms;
	if (life_ms == 0)
		return;
	model->made[model->count].time_us = model->now_us;
	model->made[model->count].end_us = model->now_us + life_ms * US_PER_MS;
	model->made[model->count].operation = operation;
	model->made[model->count].key = key;
	model->count++;
}

/* ---- Random histories ------------------------------------------------------------- */

static uint64_t random_state;

static unsigned pick(unsigned count)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((random_state >> 33) % count);
}

static struct hf_limit pick_limit(void)
{
	struct hf_limit limit = { .key_max = pick(4), .key_window_ms = 1 + pick(4),
				  .global_max = pick(5), .global_window_ms = 1 + pick(6) };

	return limit;
}

/* Mostly a step that ends at an edge of a window, or a microsecond beside it. */
static int64_t pick_pause(void)
{
	switch (pick(6)) {
	case 0:
		return 0;
	case 1:
		return pick(3000);
	case 2:
		return (int64_t)pick(5) * US_PER_MS + 1;
	case 3:
		return (int64_t)(1 + pick(5)) * US_PER_MS - 1;
	default:
		return (int64_t)pick(4) * US_PER_MS;
	}
}

static struct window_subject make_subject(unsigned operation, unsigned key)
{
	struct window_subject subject = { { 0 }, { 0 } };

	/* Subjects that differ in their last bytes only, and operations with the same keys. */
	subject.operation[WINDOW_OPERATION_SIZE - 1] = (uint8_t)operation;
	subject.key[WINDOW_KEY_SIZE - 1] = (uint8_t)key;
	return subject;
}

struct tally {
	unsigned long admitted;
	unsigned long refused;
};

/* What the model knows of the events that live must be what the table has. */
static bool has_same_events(const struct window *window, const struct model *model)
{
	struct window_event events[STEPS_MAX];
	struct window live = { events, window->count };
	uint32_t seen = 0;

	memcpy(events, window->events, window->count * sizeof *events);
	window_drop_expired(&live, model->now_us);
	for (unsigned i = 0; i < model->count; i++) {
		struct window_subject subject =
			make_subject(model->made[i].operation, model->made[i].key);

		if (model->made[i].end_us <= model->now_us)
			continue;
		if (seen == live.count || events[seen].time_us != model->made[i].time_us ||
		    memcmp(&events[seen].subject, &subject, sizeof subject) != 0)
			return false;
		seen++;
	}
	return seen == live.count;
}

/* What was answered must be what the model says, and the wait exact. */
static bool is_true(const struct window_answer *answer, const struct model *model,
		    const struct hf_limit *limit, unsigned operation, unsigned key)
{
	int64_t then_us = model->now_us + answer->wait_us;

	if (answer->reason == WINDOW_ADMITTED)
		return answer->wait_us == 0;
	return answer->wait_us > 0 && !model_admits(model, limit, operation, key, then_us - 1) &&
	       model_admits(model, limit, operation, key, then_us);
}

static void run_history(const struct hf_limit limits[RULES], struct tally *tally)
{
	struct window_event events[STEPS_MAX];
	struct window window = { events, 0 };
	struct model model = { .count = 0, .now_us = pick(2000) };

	for (unsigned steps = 1 + pick(STEPS_MAX); steps > 0; steps--) {
		unsigned kind = pick(8), operation = pick(OPERATIONS), key = pick(KEYS);
		/* An operation has its own limit, but sometimes another program's. */
		const struct hf_limit *limit = &limits[pick(6) == 0 ? RULES - 1 : operation];
		struct window_subject subject = make_subject(operation, key);
		struct window_answer answer;
		bool admits = kind == 0 || model_admits(&model, limit, operation, key, model.now_us);

		answer = kind == 0 ? window_record(&window, limit, &subject, model.now_us) :
			 kind == 1 ? window_check(&window, limit, &subject, model.now_us) :
				     window_take(&window, limit, &subject, model.now_us);
		/* Plain comparisons, since Check's own would take most of the time. */
		if (admits != (answer.reason == WINDOW_ADMITTED) ||
		    !is_true(&answer, &model, limit, operation, key))
			ck_abort_msg("%s: waits %lld us", admits ? "admitted" : "refused",
				     (long long)answer.wait_us);
		if (admits && kind != 1)
			model_record(&model, limit, operation, key);
		if (kind < 3 && !has_same_events(&window, &model))
			ck_abort_msg("the table has other events than the model");
		tally->admitted += admits;
		tally->refused += !admits;
		model.now_us += pick_pause();
	}
}

START_TEST(random_histories_agree_with_a_model_that_counts_anew)
{
	struct tally tally = { 0 };

	random_state = 20261122;
	for (unsigned i = 0; i < HISTORIES; i++) {
		static struct hf_limit limits[RULES];

		for (unsigned n = 0; i % 8 == 0 && n < RULES; n++)
			limits[n] = pick_limit();
		run_history(limits, &tally);
	}
	ck_assert_uint_gt(tally.admitted, HISTORIES);
	ck_assert_uint_gt(tally.refused, HISTORIES / 2);
}
END_TEST

/* ---- Edges ------------------------------------------------------------------------ */

struct table {
	struct window_event events[WINDOW_EVENTS_MAX];
	struct window window;
};

static struct window *make_table(struct table *table)
{
	table->window = (struct window){ table->events, 0 };
	return &table->window;
}

static void expect(struct window_answer answer, enum window_reason reason, int64_t wait_us)
{
	ck_assert_int_eq(answer.reason, reason);
	ck_assert_int_eq(answer.wait_us, wait_us);
}

static struct window_subject with_key(const char *key)
{
	struct window_subject subject = alice;

	memset(subject.key, 0, sizeof subject.key);
	memcpy(subject.key, key, strlen(key));
	return subject;
}

START_TEST(an_attempt_leaves_the_window_at_its_edge_and_not_before)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 2, .key_window_ms = 60000 };
	struct window *window = make_table(&table);

	expect(window_take(window, &limit, &alice, 1000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &alice, 5000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &alice, 5000), WINDOW_KEY, 59996000);
	expect(window_take(window, &limit, &alice, 60000999), WINDOW_KEY, 1);
	expect(window_check(window, &limit, &alice, 60001000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &alice, 60001000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &alice, 60001000), WINDOW_KEY, 4000);
}
END_TEST

START_TEST(a_refused_attempt_is_not_recorded)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = 1 };
	struct window *window = make_table(&table);

	expect(window_take(window, &limit, &alice, 0), WINDOW_ADMITTED, 0);
	for (int64_t now_us = 0; now_us < 1000; now_us++)
		expect(window_take(window, &limit, &alice, now_us), WINDOW_KEY, 1000 - now_us);
	ck_assert_uint_eq(window->count, 1);
	expect(window_take(window, &limit, &alice, 1000), WINDOW_ADMITTED, 0);
}
END_TEST

START_TEST(keys_do_not_count_for_each_other_but_all_count_for_the_operation)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = 10, .global_max = 2,
					.global_window_ms = 30 };
	struct window_subject bob = with_key("bob"), carol = with_key("carol");
	struct window_subject other = { "other work", "her address" };
	struct window *window = make_table(&table);

	expect(window_take(window, &limit, &alice, 0), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &bob, 1000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &carol, 2000), WINDOW_GLOBAL, 28000);
	expect(window_take(window, &limit, &other, 2000), WINDOW_ADMITTED, 0);
	/* Both hold bob up, and the longer wait counts. */
	expect(window_take(window, &limit, &bob, 2000), WINDOW_GLOBAL, 28000);
	expect(window_take(window, &limit, &carol, 30000), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &carol, 30500), WINDOW_KEY, 9500);
}
END_TEST

START_TEST(a_clock_that_stands_still_admits_no_more_than_the_maximum)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 5, .key_window_ms = 60000, .global_max = 20,
					.global_window_ms = 60000 };
	struct window *window = make_table(&table);
	unsigned admitted = 0;

	for (unsigned i = 0; i < 100; i++)
		admitted += window_take(window, &limit, &alice, 77).wait_us == 0;
	ck_assert_uint_eq(admitted, 5);
	expect(window_check(window, &limit, &alice, 77), WINDOW_KEY, 60000000);
}
END_TEST

START_TEST(a_limit_of_zero_is_off_and_records_nothing)
{
	static struct table table;
	const struct hf_limit off = { .key_window_ms = 60000, .global_window_ms = 60000 };
	const struct hf_limit no_key = { .key_window_ms = 90000, .global_max = 3,
					 .global_window_ms = 10 };
	struct window *window = make_table(&table);

	for (unsigned i = 0; i < 100; i++)
		expect(window_take(window, &off, &alice, 0), WINDOW_ADMITTED, 0);
	ck_assert_uint_eq(window->count, 0);
	ck_assert_uint_eq(window_life_ms(&off), 0);
	for (unsigned i = 0; i < 3; i++)
		expect(window_take(window, &no_key, &alice, 0), WINDOW_ADMITTED, 0);
	expect(window_take(window, &no_key, &alice, 0), WINDOW_GLOBAL, 10000);
	ck_assert_uint_eq(window_life_ms(&no_key), 10);
}
END_TEST

START_TEST(what_was_recorded_beyond_the_maximum_is_waited_for_too)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 2, .key_window_ms = 10 };
	struct window *window = make_table(&table);

	for (int64_t now_us = 0; now_us < 6000; now_us += 1000)
		expect(window_record(window, &limit, &alice, now_us), WINDOW_ADMITTED, 0);
	ck_assert_uint_eq(window->count, 6);
	/* Five must leave, the last of them the one of 4 ms. */
	expect(window_check(window, &limit, &alice, 6000), WINDOW_KEY, 8000);
	expect(window_take(window, &limit, &alice, 13999), WINDOW_KEY, 1);
	expect(window_take(window, &limit, &alice, 14000), WINDOW_ADMITTED, 0);
}
END_TEST

/* ---- The table -------------------------------------------------------------------- */

START_TEST(a_full_table_refuses_everybody_until_the_first_attempt_expires)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = 60000 };
	struct window *window = make_table(&table);

	for (uint32_t i = 0; i < WINDOW_EVENTS_MAX; i++) {
		struct window_subject subject = alice;

		memcpy(subject.key, &i, sizeof i);
		expect(window_take(window, &limit, &subject, i), WINDOW_ADMITTED, 0);
	}
	expect(window_take(window, &limit, &alice, 5000), WINDOW_FULL, 59995000);
	expect(window_record(window, &limit, &alice, 5000), WINDOW_FULL, 59995000);
	expect(window_check(window, &limit, &alice, 59999999), WINDOW_FULL, 1);
	ck_assert_uint_eq(window->count, WINDOW_EVENTS_MAX);
	expect(window_take(window, &limit, &alice, 60000000), WINDOW_ADMITTED, 0);
	ck_assert_uint_eq(window->count, WINDOW_EVENTS_MAX);
	expect(window_take(window, &limit, &alice, 60000000), WINDOW_KEY, 60000000);
	expect(window_record(window, &limit, &alice, 60000000), WINDOW_FULL, 1);
}
END_TEST

START_TEST(in_a_full_table_what_is_off_is_admitted_all_the_same)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = 1 };
	const struct hf_limit off = { 0 };
	struct window *window = make_table(&table);

	for (uint32_t i = 0; i < WINDOW_EVENTS_MAX; i++)
		expect(window_record(window, &limit, &alice, 0), WINDOW_ADMITTED, 0);
	expect(window_take(window, &off, &alice, 0), WINDOW_ADMITTED, 0);
	expect(window_record(window, &off, &alice, 0), WINDOW_ADMITTED, 0);
}
END_TEST

/* Lives of different lengths: what expires first need not be what came first. */
START_TEST(expired_attempts_make_room_wherever_they_stand)
{
	static struct table table;
	const struct hf_limit day = { .key_max = 1, .key_window_ms = 86400000 };
	const struct hf_limit blink = { .global_max = 1, .global_window_ms = 1 };
	struct window_subject bob = with_key("bob");
	struct window *window = make_table(&table);

	expect(window_record(window, &day, &alice, 0), WINDOW_ADMITTED, 0);
	for (uint32_t i = 2; i < WINDOW_EVENTS_MAX; i++)
		expect(window_record(window, &blink, &bob, 1), WINDOW_ADMITTED, 0);
	expect(window_record(window, &day, &bob, 2), WINDOW_ADMITTED, 0);
	expect(window_record(window, &day, &alice, 1000), WINDOW_FULL, 1);
	expect(window_record(window, &day, &alice, 1001), WINDOW_ADMITTED, 0);
	ck_assert_uint_eq(window->count, 3);
	ck_assert_int_eq(window->events[0].time_us, 0);
	ck_assert_int_eq(window->events[1].time_us, 2);
	ck_assert_int_eq(window->events[2].time_us, 1001);
	window_drop_expired(window, INT64_C(86400000000));
	ck_assert_uint_eq(window->count, 2);
	window_drop_expired(window, INT64_C(86400001001));
	ck_assert_uint_eq(window->count, 0);
}
END_TEST

START_TEST(the_longest_windows_are_exact_late_in_the_machines_life)
{
	static struct table table;
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = WINDOW_MS_MAX };
	const int64_t late_us = INT64_MAX / 2;
	const int64_t span_us = (int64_t)WINDOW_MS_MAX * US_PER_MS;
	struct window *window = make_table(&table);

	expect(window_take(window, &limit, &alice, late_us), WINDOW_ADMITTED, 0);
	expect(window_take(window, &limit, &alice, late_us), WINDOW_KEY, span_us);
	expect(window_take(window, &limit, &alice, late_us + span_us - 1), WINDOW_KEY, 1);
	expect(window_take(window, &limit, &alice, late_us + span_us), WINDOW_ADMITTED, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *histories = runner_cases(suite, "histories", 120);
	TCase *edges = runner_cases(suite, "edges", 60);
	TCase *full = runner_cases(suite, "the table", 60);

	tcase_add_test(histories, random_histories_agree_with_a_model_that_counts_anew);
	tcase_add_test(edges, an_attempt_leaves_the_window_at_its_edge_and_not_before);
	tcase_add_test(edges, a_refused_attempt_is_not_recorded);
	tcase_add_test(edges, keys_do_not_count_for_each_other_but_all_count_for_the_operation);
	tcase_add_test(edges, a_clock_that_stands_still_admits_no_more_than_the_maximum);
	tcase_add_test(edges, a_limit_of_zero_is_off_and_records_nothing);
	tcase_add_test(edges, what_was_recorded_beyond_the_maximum_is_waited_for_too);
	tcase_add_test(edges, the_longest_windows_are_exact_late_in_the_machines_life);
	tcase_add_test(full, a_full_table_refuses_everybody_until_the_first_attempt_expires);
	tcase_add_test(full, in_a_full_table_what_is_off_is_admitted_all_the_same);
	tcase_add_test(full, expired_attempts_make_room_wherever_they_stand);
	return runner_run(suite);
}
