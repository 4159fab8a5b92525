/* SPDX-License-Identifier: MIT */
/* The text in a lock file: what is written there, and what is made of whatever is there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/medium.h"
#include "lib/runner.h"
#include "storage/posix.h"

#define LOCK "sessions/0100ab03-4100-0000-0000-000000000000.lock"
#define TIME "2026-11-22T23:54:13.123456Z"

static struct medium medium;

static void set_up(void)
{
	medium = medium_open(MEDIUM_POSIX);
}

static void tear_down(void)
{
	medium_close(&medium);
}

static struct storage_holder holder_of(struct storage *storage)
{
	struct storage_holder holder = { .pid = -7 };

	ck_assert_int_eq(storage->ops->holder(storage, &medium.report, medium_id(1), &holder), HF_OK);
	return holder;
}

/* ---- Writing ---- */

/* Takes the lock as a program of this name; the text is to be freed. */
static char *text_of(const char *program, struct storage_holder *ret_holder)
{
	struct storage_posix_options options = { .place = STORAGE_POSIX_SESSIONS,
						 .missing = STORAGE_POSIX_MAKE,
						 .program = program };
	struct storage *storage = NULL;
	struct storage_lock *lock = NULL;
	size_t size;
	char *text;

	ck_assert_int_eq(storage_posix_open(medium.sys, &medium.report, medium.root, &options,
					    &storage), HF_OK);
	ck_assert_int_eq(storage->ops->lock(storage, &medium.report, medium_id(1), 0, &lock), HF_OK);
	text = scratch_get(medium.root, LOCK, &size);
	ck_assert_uint_lt(size, 256);
	*ret_holder = holder_of(medium.storage); /* by another storage */
	storage->ops->unlock(lock);
	storage->ops->close(storage);
	return text;
}

static const struct {
	const char *given;
	const char *wanted;
} programs[] = {
	{ "holdfast", "holdfast" },
	{ "Web Content", "Web_Content" },
	{ "a\tb\nc\r", "a_b_c_" },
	{ "\033[31mred\177", "_[31mred_" },
	{ "\xc3\xa9t\xc3\xa9", "__t__" },
	{ "999 evil 2026-11-22T23:54:13.123456Z root", "999_evil_2026-11-22T23:54:13.123456Z_root" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456789",
	  "012345678901234567890123456789012345678901234567890123456789012" },
};

START_TEST(a_program_is_one_printable_word)
{
	struct storage_holder holder;
	char *text = text_of(programs[_i].given, &holder);
	char end[80];

	(void)snprintf(end, sizeof end, " %s\n", programs[_i].wanted);
	ck_assert_uint_gt(strlen(text), strlen(end));
	ck_assert_str_eq(text + strlen(text) - strlen(end), end);
	ck_assert(holder.is_held);
	ck_assert_str_eq(holder.program, programs[_i].wanted);
	ck_assert_int_eq(holder.pid, getpid());
	ck_assert_int_gt(holder.since_us, 0);
	ck_assert_str_ne(holder.host, "");
	free(text);
}
END_TEST

START_TEST(a_program_without_a_name_is_called_by_its_own)
{
	struct storage_holder holder;
	char name[64] = "";

	ck_assert_int_eq(medium.sys->program_name(medium.sys->context, name, sizeof name), 0);
	ck_assert_str_ne(name, "");
	free(text_of(NULL, &holder));
	ck_assert_str_eq(holder.program, name);
	free(text_of("", &holder));
	ck_assert_str_eq(holder.program, name);
}
END_TEST

static struct sys mute;

static int say_nothing(void *context, char *name, size_t size)
{
	(void)context;
	(void)size;
	name[0] = '\0';
	return 0;
}

static int no_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	(void)ret_time_us;
	return -1;
}

START_TEST(what_cannot_be_told_is_not_known)
{
	struct storage_posix_options options = { .place = STORAGE_POSIX_SESSIONS };
	struct storage *storage = NULL;
	struct storage_lock *lock = NULL;
	struct storage_holder holder;

	mute = *medium.sys;
	mute.host_name = say_nothing;
	mute.program_name = say_nothing;
	mute.wall_time = no_time;
	ck_assert_int_eq(storage_posix_open(&mute, &medium.report, medium.root, &options, &storage),
			 HF_OK);
	ck_assert_int_eq(storage->ops->lock(storage, &medium.report, medium_id(1), 0, &lock), HF_OK);
	holder = holder_of(medium.storage);
	ck_assert(holder.is_held);
	ck_assert_int_eq(holder.pid, getpid());
	ck_assert_str_eq(holder.host, "");
	ck_assert_str_eq(holder.program, "");
	ck_assert_int_eq(holder.since_us, 0);
	storage->ops->unlock(lock);
	storage->ops->close(storage);
}
END_TEST

/* ---- Reading what anybody may have written ---- */

static const struct {
	const char *text;
	size_t size; /* 0: that of the text */
	int64_t pid;
	const char *host;
	bool has_since;
	const char *program;
} hostile[] = {
	{ "4711 host " TIME " agent\n", 0, 4711, "host", true, "agent" },
	{ "4711 host " TIME "\n", 0, 4711, "host", true, "" }, /* as the first version wrote */
	{ "4711 ? ? ?\n", 0, 4711, "", false, "" },
	{ "", 0, 0, "", false, "" },
	{ "\n", 0, 0, "", false, "" },
	{ "4", 1, 0, "", false, "" }, /* cut off: the number went on */
	{ "4711 host " TIME " agent", 0, 0, "", false, "" },
	{ "-1 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "0 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "2147483648 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "99999999999999999999999 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "0x10 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "007 host " TIME " agent\n", 0, 0, "host", true, "agent" },
	{ "4711 host 2026-99-22T23:54:13.123456Z agent\n", 0, 4711, "host", false, "agent" },
	{ "4711 host yesterday agent\n", 0, 4711, "host", false, "agent" },
	{ "4711  " TIME " agent\n", 0, 4711, "", true, "agent" },
	{ "4711 host " TIME " agent and more\n", 0, 4711, "host", true, "agent" },
	{ "    \n", 0, 0, "", false, "" },
	{ "4711 \033[31mhost " TIME " agent\n", 0, 0, "", false, "" },
	{ "4711 host\0 " TIME " agent\n", 45, 0, "", false, "" },
	{ "4711 host " TIME " agent\r\n", 0, 0, "", false, "" },
	{ "4711 host " TIME " agent\n5 other " TIME " x\n", 0, 4711, "host", true, "agent" },
	{ "4711 host " TIME
	  " 01234567890123456789012345678901234567890123456789012345678901234567890\n",
	  0, 4711, "host", true, "" },
	{ "\xff\xfe\xfd", 0, 0, "", false, "" },
};

START_TEST(any_text_in_a_lock_file_is_taken_apart_with_care)
{
	struct storage_lock *lock = medium_lock(&medium, 1);
	size_t size = hostile[_i].size > 0 ? hostile[_i].size : strlen(hostile[_i].text);
	struct storage_holder holder;

	scratch_put(medium.root, LOCK, hostile[_i].text, size);
	holder = holder_of(medium.storage);
	ck_assert(holder.is_held);
	ck_assert_int_eq(holder.pid, hostile[_i].pid);
	ck_assert_str_eq(holder.host, hostile[_i].host);
	ck_assert_int_eq(holder.since_us, hostile[_i].has_since ? INT64_C(1795391653123456) : 0);
	ck_assert_str_eq(holder.program, hostile[_i].program);
	medium.ops->unlock(lock);
}
END_TEST

/* Sizes around that of the room for it, with and without an end of the line. */
START_TEST(a_text_of_any_size_fits)
{
	char text[600];

	for (size_t size = 250; size < sizeof text; size += size < 260 ? 1 : 200) {
		struct storage_lock *lock = medium_lock(&medium, 1);
		struct storage_holder holder;

		memset(text, 'x', sizeof text);
		memcpy(text, "1 ", 2);
		text[size - 1] = '\n';
		scratch_put(medium.root, LOCK, text, size);
		holder = holder_of(medium.storage);
		ck_assert(holder.is_held);
		ck_assert_int_eq(holder.pid, size <= 255 ? 1 : 0);
		ck_assert_uint_eq(strlen(holder.host), size <= 255 ? size - 3 : 0);
		medium.ops->unlock(lock);
	}
}
END_TEST

START_TEST(the_text_of_somebody_who_has_gone_names_nobody)
{
	struct storage_holder holder;

	scratch_put(medium.root, LOCK, "4711 host " TIME " agent\n", 43);
	holder = holder_of(medium.storage);
	ck_assert(!holder.is_held);
	ck_assert_int_eq(holder.pid, 0);
	ck_assert_str_eq(holder.host, "");
	ck_assert_str_eq(holder.program, "");
}
END_TEST

/* ---- Races ---- */

static struct storage_lock *held;
static struct sys fickle;
static unsigned looks;

/* The holder lets go after the first look. */
static int look_and_let_go(void *context, int fd)
{
	int rc = medium.sys->is_locked(context, fd);

	if (looks++ == 0) {
		medium.ops->unlock(held);
		scratch_put(medium.root, LOCK, "4711 host " TIME " agent\n", 43);
	}
	return rc;
}

START_TEST(who_lets_go_meanwhile_is_not_told_of)
{
	struct medium meddled = medium;
	struct storage *storage = NULL;
	struct storage_holder holder;

	held = medium_lock(&medium, 1);
	fickle = *medium.sys;
	fickle.is_locked = look_and_let_go;
	meddled.sys = &fickle;
	ck_assert_int_eq(medium_try(&meddled, medium.root, true, &storage), HF_OK);
	holder = holder_of(storage);
	ck_assert_uint_eq(looks, 2);
	ck_assert(!holder.is_held);
	ck_assert_int_eq(holder.pid, 0);
	storage->ops->close(storage);
}
END_TEST

/* Somebody takes the lock right after the text was read that a dead one left. */
static ssize_t read_and_lock(void *context, int fd, void *bytes, size_t size, uint64_t offset)
{
	ssize_t count = medium.sys->read_at(context, fd, bytes, size, offset);

	if (held == NULL)
		held = medium_lock(&medium, 1);
	return count;
}

START_TEST(the_text_of_the_dead_is_not_taken_for_that_of_who_comes_next)
{
	struct medium meddled = medium;
	struct storage *storage = NULL;
	struct storage_holder holder;

	scratch_put(medium.root, LOCK, "4711 host " TIME " agent\n", 43);
	fickle = *medium.sys;
	fickle.read_at = read_and_lock;
	meddled.sys = &fickle;
	ck_assert_int_eq(medium_try(&meddled, medium.root, true, &storage), HF_OK);
	holder = holder_of(storage);
	ck_assert_int_eq(holder.pid, 0);
	medium.ops->unlock(held);
	storage->ops->close(storage);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("posix_holder");
	TCase *tcase = runner_cases(suite, "lock files", 60);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_program_is_one_printable_word, 0,
			    (int)(sizeof programs / sizeof programs[0]));
	tcase_add_test(tcase, a_program_without_a_name_is_called_by_its_own);
	tcase_add_test(tcase, what_cannot_be_told_is_not_known);
	tcase_add_loop_test(tcase, any_text_in_a_lock_file_is_taken_apart_with_care, 0,
			    (int)(sizeof hostile / sizeof hostile[0]));
	tcase_add_test(tcase, a_text_of_any_size_fits);
	tcase_add_test(tcase, the_text_of_somebody_who_has_gone_names_nobody);
	tcase_add_test(tcase, the_text_of_the_dead_is_not_taken_for_that_of_who_comes_next);
	tcase_add_test(tcase, who_lets_go_meanwhile_is_not_told_of);
	return runner_run(suite);
}
