/* SPDX-License-Identifier: MIT */
/*
 * Goal: the file of rate limits holds what was recorded, whatever happens to it and to
 * those who write it, and what it has lost it says. Method: every byte damaged, every
 * length; every call failing, and every process dying at every call, with the next one
 * looking.
 */
#include "limit_fixture.h"

#include "lib/fault_sys.h"
#include "lib/runner.h"

/* ---- Damage ------------------------------------------------------------------------ */

START_TEST(any_damaged_byte_costs_one_attempt_at_most)
{
	size_t used = image_size(3);

	set_up();
	fill(3); /* the third image, at the second place; the second one has two */
	keep_copy();
	for (size_t i = 0; i < IMAGE_PLACES * used; i++) {
		unsigned place = i < used ? 0 : 1;
		size_t at = i < used ? i : i - used;
		int known;

		restore_copy();
		scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, place * IMAGE_PLACE_SIZE + at,
			     (uint8_t)(1u << (i % 8)));
		known = look_and_go_on();
		ck_assert_msg(known == (place == 1 ? 2 : 3), "byte %zu: %d", i, known);
		ck_assert(!log_has(WARNED));
	}
	tear_down();
}
END_TEST

START_TEST(any_byte_damaged_in_both_images_starts_anew_with_a_warning)
{
	set_up();
	fill(3);
	keep_copy();
	for (size_t at = 0; at < image_size(2); at++) {
		restore_copy();
		scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, at, 0x10);
		scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, IMAGE_PLACE_SIZE + at, 0x10);
		ck_assert_int_eq(check("key"), HF_OK);
		ck_assert_int_eq(look_and_go_on(), 0);
		ck_assert(log_has(WARNED));
		rig.log[0] = '\0';
		ck_assert_int_eq(look_and_go_on(), 1);
		ck_assert_str_eq(rig.log, "");
	}
	tear_down();
}
END_TEST

START_TEST(a_file_of_any_other_length_is_mended)
{
	size_t used = image_size(3);

	set_up();
	fill(3);
	keep_copy();
	for (size_t i = 0; i <= 2 * used + 2; i++) {
		size_t place = i <= used ? 0 : 1;
		size_t size = place * IMAGE_PLACE_SIZE + (i <= used ? i : i - used - 1);
		int wanted = place == 1 ? size >= IMAGE_PLACE_SIZE + used ? 3 : 2 :
			     size >= image_size(2) ? 2 : 0;

		restore_copy();
		scratch_cut(rig.scratch.fd, LIMIT_FILE_NAME, size);
		ck_assert_int_eq(look_and_go_on(), wanted);
		ck_assert_msg(log_has(WARNED) == (wanted == 0 && size > 0), "%zu: %s", size, rig.log);
	}
	restore_copy();
	scratch_cut(rig.scratch.fd, LIMIT_FILE_NAME, IMAGE_FILE_SIZE + 100000);
	ck_assert_int_eq(look_and_go_on(), 3);
	tear_down();
}
END_TEST

START_TEST(an_image_at_the_other_ones_place_is_none)
{
	char *bytes;
	size_t size;

	set_up();
	fill(3);
	bytes = scratch_get(rig.scratch.fd, LIMIT_FILE_NAME, &size);
	scratch_poke(rig.scratch.fd, LIMIT_FILE_NAME, 0, bytes + IMAGE_PLACE_SIZE, IMAGE_PLACE_SIZE);
	scratch_poke(rig.scratch.fd, LIMIT_FILE_NAME, IMAGE_PLACE_SIZE, bytes, IMAGE_PLACE_SIZE);
	ck_assert_int_eq(look_and_go_on(), 0);
	ck_assert(log_has(WARNED));
	free(bytes);
	tear_down();
}
END_TEST

START_TEST(an_image_that_cannot_be_true_is_damage)
{
	struct window_event events[2];
	struct image image;

	set_up();
	for (int i = 0; i < 7; i++) {
		fill(1);
		scratch_cut(rig.scratch.fd, LIMIT_FILE_NAME, 0);
		events[0] = (struct window_event){ rig.now_us - 5, MINUTE_MS, { { 0 }, { 0 } } };
		events[1] = (struct window_event){ rig.now_us - 3, MINUTE_MS, { { 0 }, { 0 } } };
		image = (struct image){ 10, { 0 }, rig.now_us, 2 };
		memset(image.boot, 'a', sizeof image.boot);
		if (i == 0)
			image.written_us = rig.now_us + 1; /* from the future */
		else if (i == 1)
			events[0].time_us = rig.now_us - 2; /* out of order */
		else if (i == 2)
			image.written_us = rig.now_us - 4; /* before its last event */
		else if (i == 3)
			events[1].life_ms = 0;
		else if (i == 4)
			events[1].life_ms = WINDOW_MS_MAX + 1;
		else if (i == 5)
			image.counter = INT64_MAX;
		put_image(&image, events);
		ck_assert_int_eq(look_and_go_on(), i == 6 ? 2 : 0);
		ck_assert_int_eq(log_has(WARNED), i != 6);
	}
	tear_down();
}
END_TEST

/* ---- Failing and dying calls ------------------------------------------------------- */

enum start { START_MISSING, START_SOME, START_MANY, START_DAMAGED, START_REBOOT, START_COUNT };

/* Makes a state of the file; returns how many attempts it counts for. */
static int make_start(enum start start)
{
	const struct hf_limit wide = { .key_max = 1000, .key_window_ms = MINUTE_MS };
	int count = start == START_MANY ? 40 : 2;

	rig.boot_number = 0;
	if (scratch_exists(rig.scratch.fd, LIMIT_FILE_NAME))
		scratch_remove(rig.scratch.fd, LIMIT_FILE_NAME);
	if (start == START_MISSING)
		return 0;
	for (int i = 0; i < count; i++)
		ck_assert_int_eq(use_with(machine(), LIMIT_RECORD, "other", &wide), HF_OK);
	if (start == START_REBOOT)
		rig.boot_number = 1;
	if (start != START_DAMAGED)
		return start == START_REBOOT ? 0 : count;
	scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, 3, 1);
	scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, IMAGE_PLACE_SIZE + 3, 1);
	return 0;
}

struct walk {
	struct fault_sys *fault;
	enum start start;
	enum limit_step step;
	unsigned runs;
	unsigned errors;
};

static void check_outcome(const struct walk *walk, const char *text, int rc, int before)
{
	int known;

	if (rc != HF_OK)
		ck_assert_msg(rig.report.detail.code == rc, "%s: the error is not described", text);
	ck_assert_msg(rc != HF_ERR_RATE_LIMITED && rc != HF_ERR_NOTFOUND && rc != HF_ERR_EXISTS,
		      "%s: %s", text, hf_error_name(rc));
	ck_assert_msg(strcmp(fault_sys_leaks(walk->fault), "") == 0, "%s: %s", text,
		      fault_sys_leaks(walk->fault));
	/* The next process: at once, and it knows of all that was there before. */
	rig.slept_us = 0;
	known = look_and_go_on();
	ck_assert_int_eq(rig.slept_us, 0);
	if (walk->step == LIMIT_CHECK)
		ck_assert_msg(known == before, "%s: %d of %d attempts", text, known, before);
	else if (rc == HF_OK)
		/* Who cannot tell the machine's start forgets nothing. */
		ck_assert_msg(known == before + 1 || (walk->start == START_REBOOT && known == 3),
			      "%s: %d of %d attempts", text, known, before + 1);
	else
		ck_assert_msg(known == before || known == before + 1, "%s: %d of %d attempts", text, known,
			      before);
}

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct walk *walk = context;
	int before = make_start(walk->start);
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	fault_sys_arm(walk->fault, plan);
	rc = use_with(fault_sys(walk->fault), walk->step, "key", &three);
	ck_assert_msg(fault_sys_fired(walk->fault), "%s did not happen", text);
	fault_sys_disarm(walk->fault);
	check_outcome(walk, text, rc, before);
	walk->runs++;
	walk->errors += rc != HF_OK;
}

START_TEST(whatever_fails_and_wherever_one_dies_nothing_is_forgotten)
{
	const struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	struct fault_trace trace;
	struct walk walk = { .start = (enum start)(_i / 3), .step = (enum limit_step)(_i % 3) };
	uint8_t calls[64];

	set_up();
	walk.fault = fault_sys_new(machine());
	(void)make_start(walk.start);
	fault_sys_arm(walk.fault, &none);
	ck_assert_int_eq(use_with(fault_sys(walk.fault), walk.step, "key", &three), HF_OK);
	trace = fault_sys_trace(walk.fault);
	ck_assert_uint_le(trace.count, sizeof calls);
	memcpy(calls, trace.calls, trace.count);
	trace.calls = calls;
	fault_sys_each_plan(&trace, try_plan, &walk);
	ck_assert_uint_ge(walk.runs, walk.step == LIMIT_CHECK ? 20 : 100);
	ck_assert_uint_ge(walk.errors, walk.step == LIMIT_CHECK ? 10 : 60);
	fault_sys_free(walk.fault);
	tear_down();
}
END_TEST

/* The same for a refusal that cleans up: it stays a refusal, and what lives is kept. */
static void try_refusal(void *context, const struct fault_plan *plan)
{
	const struct hf_limit hour = { .global_max = 1, .global_window_ms = 60 * MINUTE_MS };
	struct walk *walk = context;
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	restore_copy();
	fault_sys_arm(walk->fault, plan);
	rc = use_with(fault_sys(walk->fault), LIMIT_TAKE, "key", &hour);
	ck_assert_msg(rc != HF_OK, "%s: admitted", text);
	ck_assert_msg(rig.report.detail.code == rc, "%s: not described", text);
	fault_sys_disarm(walk->fault);
	ck_assert_msg(strcmp(fault_sys_leaks(walk->fault), "") == 0, "%s", text);
	expect_wait(use_with(machine(), LIMIT_TAKE, "key", &hour), 58 * MINUTE_MS);
	walk->runs++;
}

START_TEST(whatever_fails_in_a_refusal_it_stays_one)
{
	const struct fault_plan none = { FAULT_NONE, FAULT_ANY, 0, 0 };
	const struct hf_limit hour = { .global_max = 1, .global_window_ms = 60 * MINUTE_MS };
	struct walk walk = { .runs = 0 };
	struct fault_trace trace;
	uint8_t calls[64];

	set_up();
	walk.fault = fault_sys_new(machine());
	fill(3);
	ck_assert_int_eq(use_with(machine(), LIMIT_RECORD, "key", &hour), HF_OK);
	rig.now_us += 2 * minute_us;
	keep_copy();
	fault_sys_arm(walk.fault, &none);
	expect_wait(use_with(fault_sys(walk.fault), LIMIT_TAKE, "key", &hour), 58 * MINUTE_MS);
	ck_assert_int_eq(count_events(), 1);
	ck_assert_uint_eq(fault_sys_count(walk.fault, FAULT_WRITE_AT), 1);
	trace = fault_sys_trace(walk.fault);
	ck_assert_uint_le(trace.count, sizeof calls);
	memcpy(calls, trace.calls, trace.count);
	trace.calls = calls;
	fault_sys_each_plan(&trace, try_refusal, &walk);
	ck_assert_uint_ge(walk.runs, 100);
	fault_sys_free(walk.fault);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limit_file_faults");
	TCase *damage = runner_cases(suite, "damage", 60);
	TCase *faults = runner_cases(suite, "faults", 120);

	tcase_add_test(damage, any_damaged_byte_costs_one_attempt_at_most);
	tcase_add_test(damage, any_byte_damaged_in_both_images_starts_anew_with_a_warning);
	tcase_add_test(damage, a_file_of_any_other_length_is_mended);
	tcase_add_test(damage, an_image_at_the_other_ones_place_is_none);
	tcase_add_test(damage, an_image_that_cannot_be_true_is_damage);
	tcase_add_loop_test(faults, whatever_fails_and_wherever_one_dies_nothing_is_forgotten, 0,
			    START_COUNT * 3);
	tcase_add_test(faults, whatever_fails_in_a_refusal_it_stays_one);
	return runner_run_in_memory(suite);
}
