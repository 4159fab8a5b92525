/* SPDX-License-Identifier: MIT */
/*
 * Goal: the file of rate limits is shared by all who use it, for as long as the machine
 * runs, and by nobody who must not; nothing locks it for ever. Method: real files under a
 * clock and a start of the machine that the test sets.
 */
#include "limit_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/invariant.h"
#include "lib/child.h"
#include "lib/runner.h"

/* ---- What it is for ---------------------------------------------------------------- */

START_TEST(attempts_of_all_who_use_the_file_are_counted)
{
	set_up();
	fill(3);
	expect_wait(take("key"), 59997);
	expect_wait(check("key"), 59997);
	ck_assert_int_eq(check("other key"), HF_OK);
	ck_assert_int_eq(count_events(), 3);
	rig.now_us += 59997 * US_PER_MS - 1;
	expect_wait(take("key"), 1);
	rig.now_us += 1;
	ck_assert_int_eq(check("key"), HF_OK);
	ck_assert_int_eq(take("key"), HF_OK);
	expect_wait(take("key"), 1);
	tear_down();
}
END_TEST

START_TEST(recording_alone_counts_without_checking)
{
	set_up();
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(use_with(machine(), LIMIT_RECORD, "key", &three), HF_OK);
	ck_assert_int_eq(count_events(), 5);
	expect_wait(check("key"), MINUTE_MS);
	ck_assert_int_eq(rig.report.detail.record, -1);
	ck_assert(strstr(rig.report.detail.message, "resume: 3 attempts in 60000 ms") != NULL);
	report_clear(&rig.report);
	ck_assert_int_eq(rig.report.detail.wait_ms, 0);
	tear_down();
}
END_TEST

START_TEST(a_limit_that_is_off_touches_no_file)
{
	const struct hf_limit off = { .key_window_ms = 5 };

	set_up();
	for (int step = LIMIT_CHECK; step <= LIMIT_TAKE; step++)
		ck_assert_int_eq(use_with(machine(), (enum limit_step)step, "key", &off), HF_OK);
	ck_assert_uint_eq(scratch_count(rig.scratch.fd, "."), 0);
	tear_down();
}
END_TEST

START_TEST(a_check_makes_and_changes_nothing)
{
	set_up();
	ck_assert_int_eq(check("key"), HF_OK);
	ck_assert_uint_eq(scratch_count(rig.scratch.fd, "."), 0);
	fill(3);
	keep_copy();
	rig.now_us += 10 * minute_us;
	ck_assert_int_eq(check("key"), HF_OK);
	ck_assert(is_as_copied());
	tear_down();
}
END_TEST

START_TEST(operations_and_keys_are_told_apart)
{
	struct limit_file file = { .sys = machine(), .cleanup_interval_ms = 60000 };
	const struct hf_limit one = { .key_max = 1, .key_window_ms = 1 };
	struct limit_attempt attempts[] = {
		{ "ab", "c", &one }, { "a", "bc", &one }, { "ab", "bc", &one }, { "a", "c", &one },
	};

	set_up();
	file.dir_fd = rig.scratch.fd;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
		ck_assert_int_eq(limit_file_do(&file, &rig.report, &attempts[i], LIMIT_TAKE), HF_OK);
	tear_down();
}
END_TEST

START_TEST(however_many_keys_there_are_the_file_keeps_its_size)
{
	const struct hf_limit limit = { .key_max = 1, .key_window_ms = MINUTE_MS };
	static struct window_event events[WINDOW_EVENTS_MAX];
	struct image image = { 7, { 0 }, 0, WINDOW_EVENTS_MAX - 20 };
	struct stat found;

	set_up();
	fill(1);
	scratch_cut(rig.scratch.fd, LIMIT_FILE_NAME, 0);
	for (uint32_t i = 0; i < image.count; i++) {
		events[i] = (struct window_event){ rig.now_us, MINUTE_MS, { { 0 }, { 0 } } };
		memcpy(events[i].subject.key, &i, sizeof i);
	}
	image.written_us = rig.now_us;
	put_image(&image, events);
	for (unsigned i = 0; i < 20; i++) {
		char key[16];

		(void)snprintf(key, sizeof key, "%u", i);
		ck_assert_int_eq(use_with(machine(), LIMIT_TAKE, key, &limit), HF_OK);
	}
	ck_assert_int_eq(count_events(), WINDOW_EVENTS_MAX);
	expect_wait(use_with(machine(), LIMIT_TAKE, "one more", &limit), MINUTE_MS);
	expect_wait(use_with(machine(), LIMIT_RECORD, "one more", &limit), MINUTE_MS);
	expect_wait(use_with(machine(), LIMIT_CHECK, "one more", &limit), MINUTE_MS);
	expect_wait(use_with(machine(), LIMIT_CHECK, "7", &limit), MINUTE_MS);
	ck_assert_int_eq(fstatat(rig.scratch.fd, LIMIT_FILE_NAME, &found, 0), 0);
	ck_assert_int_eq(found.st_size, IMAGE_FILE_SIZE);
	ck_assert_uint_eq(found.st_mode & 07777, 0600);
	rig.now_us += minute_us;
	ck_assert_int_eq(use_with(machine(), LIMIT_TAKE, "one more", &limit), HF_OK);
	ck_assert_int_eq(count_events(), 1);
	tear_down();
}
END_TEST

START_TEST(refusals_drop_what_expired_at_the_interval)
{
	const struct hf_limit hour = { .global_max = 1, .global_window_ms = 60 * MINUTE_MS };

	set_up();
	fill(3);
	ck_assert_int_eq(use_with(machine(), LIMIT_RECORD, "hour", &hour), HF_OK);
	rig.now_us += minute_us - 1;
	expect_wait(use_with(machine(), LIMIT_TAKE, "hour", &hour), 59 * MINUTE_MS + 1);
	ck_assert_int_eq(count_events(), 4);
	rig.now_us += 1;
	expect_wait(use_with(machine(), LIMIT_TAKE, "hour", &hour), 59 * MINUTE_MS);
	ck_assert_int_eq(count_events(), 1);
	/* Where nothing has expired nothing is written. */
	keep_copy();
	rig.now_us += 2 * minute_us;
	expect_wait(use_with(machine(), LIMIT_TAKE, "hour", &hour), 57 * MINUTE_MS);
	ck_assert(is_as_copied());
	tear_down();
}
END_TEST

/* ---- Clocks and starts of the machine ---------------------------------------------- */

START_TEST(a_missing_file_starts_anew)
{
	set_up();
	fill(3);
	ck_assert(log_has(NEW));
	scratch_remove(rig.scratch.fd, LIMIT_FILE_NAME);
	ck_assert_int_eq(look_and_go_on(), 0);
	ck_assert(log_has(NEW));
	tear_down();
}
END_TEST

START_TEST(another_start_of_the_machine_starts_anew)
{
	set_up();
	fill(3);
	rig.log[0] = '\0';
	rig.boot_number = 1;
	rig.now_us = 7;
	ck_assert_int_eq(check("key"), HF_OK);
	ck_assert(log_has(REBOOTED));
	ck_assert_int_eq(look_and_go_on(), 0);
	ck_assert(log_has(REBOOTED));
	ck_assert_int_eq(look_and_go_on(), 1);
	ck_assert_str_eq(rig.log, "");
	tear_down();
}
END_TEST

/* Without /proc nobody can tell the start: then nothing is forgotten that fits the clock. */
START_TEST(a_start_that_cannot_be_told_counts_as_the_same)
{
	set_up();
	fill(1);
	rig.boot_number = -ENOENT;
	fill(1);
	rig.boot_number = 0;
	ck_assert_int_eq(look_and_go_on(), 2);
	expect_wait(check("key"), 59998);
	scratch_remove(rig.scratch.fd, LIMIT_FILE_NAME);
	rig.boot_number = -ENOENT;
	fill(2);
	rig.boot_number = 5;
	ck_assert_int_eq(look_and_go_on(), 2);
	rig.boot_number = 6;
	ck_assert_int_eq(look_and_go_on(), 0);
	tear_down();
}
END_TEST

/* ---- Not a file of ours ------------------------------------------------------------ */

static void put_oddity(int number)
{
	scratch_put(rig.scratch.fd, "target", "precious", 8);
	switch (number) {
	case 0:
		ck_assert_int_eq(symlinkat("target", rig.scratch.fd, LIMIT_FILE_NAME), 0);
		break;
	case 1:
		ck_assert_int_eq(linkat(rig.scratch.fd, "target", rig.scratch.fd, LIMIT_FILE_NAME, 0), 0);
		break;
	case 2:
		scratch_mkdir(rig.scratch.fd, LIMIT_FILE_NAME);
		break;
	case 3:
		ck_assert_int_eq(mkfifoat(rig.scratch.fd, LIMIT_FILE_NAME, 0600), 0);
		break;
	case 4:
		scratch_put(rig.scratch.fd, LIMIT_FILE_NAME, "", 0);
		ck_assert_int_eq(fchmodat(rig.scratch.fd, LIMIT_FILE_NAME, 0620, 0), 0);
		break;
	case 5:
		scratch_put(rig.scratch.fd, LIMIT_FILE_NAME, "", 0);
		ck_assert_int_eq(fchmodat(rig.scratch.fd, LIMIT_FILE_NAME, 0602, 0), 0);
		break;
	default:
		scratch_put(rig.scratch.fd, LIMIT_FILE_NAME, "", 0);
		rig.user = geteuid() + 1;
		break;
	}
}

START_TEST(what_is_no_plain_file_of_ones_own_is_refused)
{
	char *target;
	size_t size;

	set_up();
	put_oddity(_i);
	for (int step = LIMIT_CHECK; step <= LIMIT_TAKE; step++) {
		ck_assert_int_eq(use_with(machine(), (enum limit_step)step, "key", &three), HF_ERR_DENIED);
		ck_assert_int_eq(rig.report.detail.code, HF_ERR_DENIED);
	}
	target = scratch_get(rig.scratch.fd, "target", &size);
	ck_assert_str_eq(target, "precious");
	free(target);
	tear_down();
}
END_TEST

/* ---- The lock ---------------------------------------------------------------------- */

static int holder_fd = -1;

static void hold_lock(void)
{
	holder_fd = openat(rig.scratch.fd, LIMIT_FILE_NAME, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(holder_fd, 0);
	ck_assert_int_eq(sys_posix()->lock(NULL, holder_fd, SYS_LOCK_EXCLUSIVE), 0);
}

static void let_go(void)
{
	(void)close(holder_fd);
}

START_TEST(a_file_that_stays_locked_is_given_up_after_seconds)
{
	set_up();
	fill(1);
	hold_lock();
	rig.slept_us = 0;
	ck_assert_int_eq(take("key"), HF_ERR_BUSY);
	ck_assert_int_ge(rig.slept_us, 3000000);
	ck_assert_int_le(rig.slept_us, 3100000);
	ck_assert_int_eq(check("key"), HF_OK);
	rig.on_sleep = let_go;
	ck_assert_int_eq(take("key"), HF_OK);
	ck_assert_int_eq(count_events(), 2);
	tear_down();
}
END_TEST

static void remove_file(void)
{
	scratch_remove(rig.scratch.fd, LIMIT_FILE_NAME);
}

static void replace_file(void)
{
	restore_copy();
}

START_TEST(a_file_that_is_removed_or_replaced_before_the_lock_is_opened_again)
{
	set_up();
	fill(2);
	keep_copy();
	rig.on_lock = remove_file;
	ck_assert_int_eq(take("key"), HF_OK);
	ck_assert_int_eq(count_events(), 1);
	rig.on_lock = replace_file;
	ck_assert_int_eq(take("key"), HF_OK);
	ck_assert_int_eq(count_events(), 3);
	tear_down();
}
END_TEST

static void rewrite_file(void)
{
	size_t size;
	char *bytes = scratch_get(rig.scratch.fd, "copy", &size);

	scratch_poke(rig.scratch.fd, LIMIT_FILE_NAME, 0, bytes, size);
	free(bytes);
}

static struct child bystander;

static int stand_by(void *context, struct child *parent)
{
	(void)context;
	(void)parent;
	child_stay();
}

static void fork_bystander(void)
{
	bystander = child_start(stand_by, NULL);
}

START_TEST(a_child_that_is_forked_meanwhile_does_not_keep_the_lock)
{
	set_up();
	fill(1);
	rig.on_time = fork_bystander;
	ck_assert_int_eq(take("key"), HF_OK);
	rig.slept_us = 0;
	ck_assert_int_eq(take("key"), HF_OK);
	ck_assert_int_eq(rig.slept_us, 0);
	child_kill(&bystander);
	tear_down();
}
END_TEST

/* Both images are torn when the check looks, and whole when it looks again. */
START_TEST(a_check_without_the_lock_looks_again_at_what_is_being_written)
{
	set_up();
	fill(3);
	keep_copy();
	scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, 3, 1);
	scratch_flip(rig.scratch.fd, LIMIT_FILE_NAME, IMAGE_PLACE_SIZE + 3, 1);
	rig.log[0] = '\0';
	rig.on_sleep = rewrite_file;
	expect_wait(check("key"), 59997);
	ck_assert(!log_has(WARNED));
	tear_down();
}
END_TEST

static void add_use(Suite *suite)
{
	TCase *cases = runner_cases(suite, "use", 60);

	tcase_add_test(cases, attempts_of_all_who_use_the_file_are_counted);
	tcase_add_test(cases, recording_alone_counts_without_checking);
	tcase_add_test(cases, a_limit_that_is_off_touches_no_file);
	tcase_add_test(cases, a_check_makes_and_changes_nothing);
	tcase_add_test(cases, operations_and_keys_are_told_apart);
	tcase_add_test(cases, however_many_keys_there_are_the_file_keeps_its_size);
	tcase_add_test(cases, refusals_drop_what_expired_at_the_interval);
	tcase_add_test(cases, a_missing_file_starts_anew);
	tcase_add_test(cases, another_start_of_the_machine_starts_anew);
	tcase_add_test(cases, a_start_that_cannot_be_told_counts_as_the_same);
}

int main(void)
{
	Suite *suite = suite_create("limit_file");
	TCase *locks;

	add_use(suite);
	locks = runner_cases(suite, "locks", 60);
	tcase_add_loop_test(locks, what_is_no_plain_file_of_ones_own_is_refused, 0, 7);
	tcase_add_test(locks, a_file_that_stays_locked_is_given_up_after_seconds);
	tcase_add_test(locks, a_file_that_is_removed_or_replaced_before_the_lock_is_opened_again);
	tcase_add_test(locks, a_child_that_is_forked_meanwhile_does_not_keep_the_lock);
	tcase_add_test(locks, a_check_without_the_lock_looks_again_at_what_is_being_written);
	return runner_run_in_memory(suite);
}
