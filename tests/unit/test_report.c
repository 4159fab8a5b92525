/* SPDX-License-Identifier: MIT */
/*
 * Goal: the cause of a failure reaches the caller's detail and the log, whole or cut, and
 * nothing of an earlier one. Method: reports are filled, delivered and looked at.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"

struct heard {
	unsigned count;
	enum hf_log_level level;
	char line[1024];
};

static void hear(void *context, enum hf_log_level level, const char *message)
{
	struct heard *heard = context;

	heard->count++;
	heard->level = level;
	(void)snprintf(heard->line, sizeof heard->line, "%s", message);
}

START_TEST(a_new_report_says_nothing)
{
	struct report report = report_make(NULL, NULL);
	struct hf_detail detail = { .code = 77 };

	ck_assert_int_eq(report_deliver(&report, HF_OK, &detail), HF_OK);
	ck_assert_int_eq(detail.code, 77);
	ck_assert_int_eq(report.detail.record, -1);
	ck_assert_int_eq(report.detail.offset, -1);
	ck_assert_int_eq(report.detail.input, -1);
}
END_TEST

START_TEST(a_failure_is_logged_and_delivered)
{
	struct heard heard = { 0 };
	struct report report = report_make(hear, &heard);
	struct hf_detail detail = { 0 };

	ck_assert_int_eq(report_fail(&report, HF_ERR_JSON, "append", "at %d", 5), HF_ERR_JSON);
	report_place(&report, 3, -1, 9);
	report_wait(&report, 1234);
	ck_assert_int_eq(report_deliver(&report, HF_ERR_JSON, &detail), HF_ERR_JSON);
	ck_assert_int_eq(detail.code, HF_ERR_JSON);
	ck_assert_int_eq(detail.os_errno, 0);
	ck_assert_int_eq(detail.record, 3);
	ck_assert_int_eq(detail.offset, -1);
	ck_assert_int_eq(detail.input, 9);
	ck_assert_int_eq(detail.wait_ms, 1234);
	ck_assert_str_eq(detail.operation, "append");
	ck_assert_str_eq(detail.message, "at 5");
	ck_assert_uint_eq(heard.count, 1);
	ck_assert_int_eq(heard.level, HF_LOG_ERROR);
	ck_assert_ptr_nonnull(strstr(heard.line, "HF_ERR_JSON"));
}
END_TEST

START_TEST(a_later_failure_replaces_all_of_an_earlier_one)
{
	struct report report = report_make(NULL, NULL);

	(void)report_errno(&report, EIO, "fsync", "a file");
	report_place(&report, 1, 2, 3);
	report_wait(&report, 4);
	(void)report_fail(&report, HF_ERR_BUSY, "lock", "held");
	ck_assert_int_eq(report.detail.os_errno, 0);
	ck_assert_int_eq(report.detail.record, -1);
	ck_assert_int_eq(report.detail.offset, -1);
	ck_assert_int_eq(report.detail.input, -1);
	ck_assert_int_eq(report.detail.wait_ms, 0);
	ck_assert_int_eq(report.detail.code, HF_ERR_BUSY);
}
END_TEST

START_TEST(a_failure_that_nobody_described_is_described_by_its_text)
{
	struct report report = report_make(NULL, NULL);
	struct hf_detail detail = { 0 };

	(void)report_fail(&report, HF_ERR_BUSY, "lock", "of another failure");
	ck_assert_int_eq(report_deliver(&report, HF_ERR_NOMEM, &detail), HF_ERR_NOMEM);
	ck_assert_int_eq(detail.code, HF_ERR_NOMEM);
	ck_assert_str_eq(detail.message, hf_error_text(HF_ERR_NOMEM));
	ck_assert_int_eq(report_deliver(&report, HF_ERR_NOMEM, NULL), HF_ERR_NOMEM);
}
END_TEST

START_TEST(texts_that_are_too_long_are_cut)
{
	char text[2000];
	struct heard heard = { 0 };
	struct report report = report_make(hear, &heard);

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	(void)report_fail(&report, HF_ERR_IO, text, "%s", text);
	ck_assert_uint_eq(strlen(report.detail.operation), sizeof report.detail.operation - 1);
	ck_assert_uint_eq(strlen(report.detail.message), sizeof report.detail.message - 1);
	ck_assert_uint_gt(strlen(heard.line), 100);
}
END_TEST

START_TEST(each_errno_has_its_code)
{
	static const struct {
		int errno_value;
		int code;
	} rows[] = { { ENOSPC, HF_ERR_NOSPACE }, { EDQUOT, HF_ERR_NOSPACE }, { EFBIG, HF_ERR_NOSPACE },
		     { EACCES, HF_ERR_DENIED }, { EPERM, HF_ERR_DENIED }, { EROFS, HF_ERR_READONLY },
		     { EMFILE, HF_ERR_FILES }, { ENFILE, HF_ERR_FILES }, { ENOMEM, HF_ERR_NOMEM },
		     { ENOENT, HF_ERR_NOTFOUND }, { EEXIST, HF_ERR_EXISTS }, { EIO, HF_ERR_IO },
		     { EINVAL, HF_ERR_IO }, { 99999, HF_ERR_IO } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct report report = report_make(NULL, NULL);

		ck_assert_int_eq(report_code(rows[i].errno_value), rows[i].code);
		ck_assert_int_eq(report_errno(&report, rows[i].errno_value, "open", i % 2 ? "it" : NULL),
				 rows[i].code);
		ck_assert_int_eq(report.detail.os_errno, rows[i].errno_value);
		ck_assert(report.detail.message[0] != '\0');
		ck_assert((strncmp(report.detail.message, "it: ", 4) == 0) == (i % 2 == 1));
	}
}
END_TEST

START_TEST(a_log_line_goes_to_whoever_listens)
{
	struct heard heard = { 0 };
	struct report report = report_make(hear, &heard);
	struct report deaf = report_make(NULL, NULL);

	report_log(&report, HF_LOG_DEBUG, "%s %d", "seven", 7);
	ck_assert_str_eq(heard.line, "seven 7");
	ck_assert_int_eq(heard.level, HF_LOG_DEBUG);
	report_log(&deaf, HF_LOG_ERROR, "nobody");
	ck_assert_uint_eq(heard.count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *report = tcase_create("report");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(report, a_new_report_says_nothing);
	tcase_add_test(report, a_failure_is_logged_and_delivered);
	tcase_add_test(report, a_later_failure_replaces_all_of_an_earlier_one);
	tcase_add_test(report, a_failure_that_nobody_described_is_described_by_its_text);
	tcase_add_test(report, texts_that_are_too_long_are_cut);
	tcase_add_test(report, each_errno_has_its_code);
	tcase_add_test(report, a_log_line_goes_to_whoever_listens);
	suite_add_tcase(suite, report);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
