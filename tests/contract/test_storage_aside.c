/* SPDX-License-Identifier: MIT */
/* What storage.h promises of the quarantine, on every medium. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "lib/medium.h"
#include "lib/runner.h"

/* "<uuid of session number>.<rest>". */
static const char *name_of(unsigned number, const char *rest)
{
	static char names[4][STORAGE_QUARANTINE_NAME_SIZE];
	static unsigned next;
	char *name = names[next++ % 4];

	text_put_uuid(medium_id(number).bytes, name);
	text_copy(name + TEXT_UUID_SIZE, STORAGE_QUARANTINE_NAME_SIZE - TEXT_UUID_SIZE, rest);
	return name;
}

static void stage(struct medium *medium, unsigned number, const char *name, const char *text)
{
	struct storage_temp *temp = NULL;

	ck_assert_int_eq(medium->ops->temp_begin(medium->storage, &medium->report,
						 medium_id(number), &temp), HF_OK);
	ck_assert_int_eq(medium->ops->temp_write(temp, text, strlen(text)), HF_OK);
	ck_assert_int_eq(medium->ops->temp_stage(temp, name), HF_OK);
}

static int bring(struct medium *medium, unsigned number, const char *name)
{
	return medium->ops->aside_bring(medium->storage, &medium->report, medium_id(number), name);
}

static int rename_one(struct medium *medium, unsigned number, const char *from, const char *to)
{
	return medium->ops->aside_rename(medium->storage, &medium->report, medium_id(number), from,
					 to);
}

static int unstage(struct medium *medium, unsigned number)
{
	return medium->ops->aside_unstage(medium->storage, &medium->report, medium_id(number));
}

static void check_aside(struct medium *medium, const char *name, const char *text)
{
	struct storage_log *log = NULL;

	ck_assert_int_eq(medium->ops->aside_open(medium->storage, &medium->report, medium_id(1),
						 name, &log), HF_OK);
	medium_check_open(log, text);
	medium->ops->log_close(log);
}

struct names {
	unsigned count;
	unsigned stop_at;
	char first[STORAGE_QUARANTINE_NAME_SIZE];
};

static bool note(void *context, const char *name)
{
	struct names *names = context;

	if (names->count++ == 0)
		text_copy(names->first, sizeof names->first, name);
	return names->count != names->stop_at;
}

static struct names names_in(struct medium *medium, unsigned number, unsigned stop_at)
{
	struct names names = { .stop_at = stop_at };

	ck_assert_int_eq(medium->ops->aside_each(medium->storage, &medium->report,
						 medium_id(number), note, &names), HF_OK);
	return names;
}

START_TEST(what_is_quarantined_is_named_and_read)
{
	struct medium medium = medium_open(_i);
	char name[STORAGE_QUARANTINE_NAME_SIZE];
	struct names names;

	ck_assert_uint_eq(names_in(&medium, 1, 0).count, 0);
	ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report, medium_id(1),
						"torn", "bytes", 5, name), HF_OK);
	ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report, medium_id(2),
						"torn", "other", 5, name), HF_OK);
	names = names_in(&medium, 1, 0);
	ck_assert_uint_eq(names.count, 1);
	ck_assert_str_eq(names.first, name_of(1, ".torn.0"));
	check_aside(&medium, names.first, "bytes");
	medium_close(&medium);
}
END_TEST

START_TEST(what_was_staged_comes_under_its_name)
{
	struct medium medium = medium_open(_i);
	char name[STORAGE_QUARANTINE_NAME_SIZE];

	stage(&medium, 1, name_of(1, ".gap.3"), "staged");
	stage(&medium, 1, name_of(1, ".gap.0"), "replaced");
	stage(&medium, 1, name_of(1, ".gap.0"), "");
	ck_assert_uint_eq(names_in(&medium, 1, 0).count, 0);
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.3")), HF_OK);
	ck_assert_uint_eq(names_in(&medium, 1, 0).count, 1);
	check_aside(&medium, name_of(1, ".gap.3"), "staged");
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_OK);
	check_aside(&medium, name_of(1, ".gap.0"), "");
	/* Once only. */
	ck_assert_int_eq(rename_one(&medium, 1, name_of(1, ".gap.0"), name_of(1, ".gap.7")), HF_OK);
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_ERR_IO);
	/* No log came of it, and names go on being new. */
	medium_check_log(&medium, 1, NULL);
	ck_assert_int_eq(medium.ops->quarantine(medium.storage, &medium.report, medium_id(1), "gap",
						"x", 1, name), HF_OK);
	ck_assert_str_eq(name, name_of(1, ".gap.0"));
	ck_assert_uint_eq(names_in(&medium, 1, 0).count, 3);
	ck_assert_uint_eq(names_in(&medium, 1, 2).count, 2);
	medium_close(&medium);
}
END_TEST

START_TEST(a_name_that_is_taken_is_refused)
{
	struct medium medium = medium_open(_i);

	stage(&medium, 1, name_of(1, ".gap.0"), "first");
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_OK);
	stage(&medium, 1, name_of(1, ".gap.0"), "second");
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_ERR_EXISTS);
	ck_assert_int_eq(medium.report.detail.code, HF_ERR_EXISTS);
	check_aside(&medium, name_of(1, ".gap.0"), "first");
	/* Until what has it gets another, which nothing may have either. */
	ck_assert_int_eq(rename_one(&medium, 1, name_of(1, ".gap.0"), name_of(1, ".gap.0")),
			 HF_ERR_EXISTS);
	ck_assert_int_eq(rename_one(&medium, 1, name_of(1, ".gap.0"), name_of(1, ".other.0")), HF_OK);
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_OK);
	check_aside(&medium, name_of(1, ".other.0"), "first");
	check_aside(&medium, name_of(1, ".gap.0"), "second");
	ck_assert_int_eq(rename_one(&medium, 1, name_of(1, ".gap.0"), name_of(1, ".other.0")),
			 HF_ERR_EXISTS);
	check_aside(&medium, name_of(1, ".other.0"), "first");
	medium_close(&medium);
}
END_TEST

START_TEST(all_that_is_staged_of_a_session_is_cleared_away_and_nothing_else)
{
	struct medium medium = medium_open(_i);

	ck_assert_int_eq(unstage(&medium, 1), HF_OK);
	medium_create(&medium, 1, "log");
	for (unsigned i = 0; i < 3; i++) {
		stage(&medium, 1, name_of(1, i == 0 ? ".gap.0" : i == 1 ? ".gap.1" : ".torn.0"), "x");
		stage(&medium, 2, name_of(2, i == 0 ? ".gap.0" : i == 1 ? ".gap.1" : ".torn.0"), "y");
	}
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.1")), HF_OK);
	ck_assert_int_eq(unstage(&medium, 1), HF_OK);
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".gap.0")), HF_ERR_IO);
	ck_assert_int_eq(bring(&medium, 1, name_of(1, ".torn.0")), HF_ERR_IO);
	check_aside(&medium, name_of(1, ".gap.1"), "x");
	medium_check_log(&medium, 1, "log");
	ck_assert_int_eq(bring(&medium, 2, name_of(2, ".torn.0")), HF_OK);
	medium_close(&medium);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	struct medium medium = medium_open(_i);
	struct storage_log *log = NULL;

	ck_assert_int_eq(medium.ops->aside_open(medium.storage, &medium.report, medium_id(1),
						name_of(1, ".gap.0"), &log), HF_ERR_NOTFOUND);
	ck_assert_ptr_null(log);
	medium_close(&medium);
}
END_TEST

START_TEST(only_names_that_a_repair_makes_are_names)
{
	static const char *const good[] = { ".torn.0", ".head-missing.12", ".x.18446744073709551615" };
	static const char *const bad[] = {
		"", ".", ".torn", ".torn.", "..0", ".torn.x", ".torn.-1", ".torn.00", ".torn.0 ",
		".Torn.0", ".to/rn.0", "/../../x.torn.0", "x.torn.0", ".torn.0/..", ".torn.0.0",
		".18446744073709551616.18446744073709551616",
		".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.0", ".\xc3\xa9.0",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		ck_assert(storage_aside_is_name(medium_id(1), name_of(1, good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!storage_aside_is_name(medium_id(1), name_of(1, bad[i])), "%s", bad[i]);
	ck_assert(!storage_aside_is_name(medium_id(2), name_of(1, ".torn.0")));
	ck_assert(!storage_aside_is_name(medium_id(1), ""));
	ck_assert(!storage_aside_is_name(medium_id(1), "../x"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("storage aside");
	TCase *tcase = runner_cases(suite, "each medium", 60);

	tcase_add_loop_test(tcase, what_is_quarantined_is_named_and_read, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, what_was_staged_comes_under_its_name, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, a_name_that_is_taken_is_refused, 0, MEDIUM_COUNT);
	tcase_add_loop_test(tcase, all_that_is_staged_of_a_session_is_cleared_away_and_nothing_else, 0,
			    MEDIUM_COUNT);
	tcase_add_loop_test(tcase, what_is_not_there_is_not_found, 0, MEDIUM_COUNT);
	tcase_add_test(tcase, only_names_that_a_repair_makes_are_names);
	return runner_run(suite);
}
