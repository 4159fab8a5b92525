/* SPDX-License-Identifier: MIT */
/*
 * Goal: every line of a file is taken, or refused with its number; nothing is cut or passed
 * over in silence; and no file is read that somebody else could have put there. Method: texts
 * with what was found in them, files of all kinds, each system call failing in turn.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/fault_sys.h"
#include "lib/scratch.h"
#include "store/config_file.h"

enum { LINE_MAX_SIZE = 198 }; /* of Debian's inih, without the line feed */

/* What was found, as "line:key=value;" one behind the other. */
struct found {
	char text[1024];
	int answer; /* what the callback returns */
};

static int note(void *context, const char *key, const char *value, unsigned line)
{
	struct found *found = context;
	size_t size = strlen(found->text);

	(void)snprintf(found->text + size, sizeof found->text - size, "%u:%s=%s;", line, key, value);
	return found->answer;
}

static int parse(const char *text, size_t size, struct found *found, char message[256])
{
	struct report report = report_make(NULL, NULL);
	int rc = config_file_parse(&report, "/etc/x", text, size, note, found);

	(void)snprintf(message, 256, "%s", report.detail.message);
	ck_assert_int_eq(report.detail.code, rc == HF_ERR_CONFIG ? HF_ERR_CONFIG : HF_OK);
	return rc;
}

START_TEST(settings_are_found_with_their_lines)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "a=1", "1:a=1;" },
		{ "a = 1\nb = 2\n", "1:a=1;2:b=2;" },
		{ "\n# x = 1\n; y\n\na: 1 2 \n", "5:a=1 2;" },
		{ "a = 1\n  b = 2\n\tc=3\n", "1:a=1;2:b=2;3:c=3;" },
		{ "a = 1\r\nb = 2\r\n\r\n", "1:a=1;2:b=2;" },
		{ "a = 1 ; why\nb = 1;2\nc = 1 # 2\n", "1:a=1;2:b=1;2;3:c=1 # 2;" },
		{ "a =\nb = x = y\nc = x:y\n", "1:a=;2:b=x = y;3:c=x:y;" },
		{ "\xef\xbb\xbf" "a = 1\n", "1:a=1;" },
		{ "\xef\xbb\xbf", "" },
		{ "= 1\n", "1:=1;" },
		{ "a = \xc3\xa9\n", "1:a=\xc3\xa9;" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct found found = { .answer = HF_OK };
		char message[256];

		ck_assert_int_eq(parse(cases[i][0], strlen(cases[i][0]), &found, message), HF_OK);
		ck_assert_str_eq(found.text, cases[i][1]);
	}
}
END_TEST

START_TEST(what_is_no_setting_is_refused_with_its_line)
{
	static const struct {
		const char *text;
		size_t size; /* 0: to the NUL */
		const char *message;
	} cases[] = {
		{ "a = 1\nb\n", 0, "/etc/x:2: this is not key = value" },
		{ "b", 0, "/etc/x:1: this is not key = value" },
		{ "a = 1\nb\nc\n[x]\n", 0, "/etc/x:2: this is not key = value" },
		{ "a\0b = 1", 7, "/etc/x:1: there is a control character in this line" },
		{ "a = 1\nb = 1\0\n", 13, "/etc/x:2: there is a control character in this line" },
		{ "a = 1\rb = 2\n", 0, "/etc/x:1: there is a control character in this line" },
		{ "a = \x1b[0m\n", 0, "/etc/x:1: there is a control character in this line" },
		{ "a = 1\n[section]\nb = 2\n", 0,
		  "/etc/x:2: there are no sections here: each line is key = value" },
		{ "  [section\n", 0, "/etc/x:1: there are no sections here: each line is key = value" },
		{ "\xef\xbb\xbf[x]\na = 1", 0,
		  "/etc/x:1: there are no sections here: each line is key = value" },
		{ "\xef\xbb\xbf\xef\xbb\xbf" "a = 1", 0,
		  "/etc/x:1: there is a control character in this line" },
		{ "a = 1\n \xef\xbb\xbf[x]\n", 0, "/etc/x:2: there is a control character in this line" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t size = cases[i].size > 0 ? cases[i].size : strlen(cases[i].text);
		struct found found = { .answer = HF_OK };
		char message[256];

		ck_assert_int_eq(parse(cases[i].text, size, &found, message), HF_ERR_CONFIG);
		ck_assert_str_eq(message, cases[i].message);
	}
}
END_TEST

START_TEST(a_line_that_is_too_long_for_the_parser_is_refused_not_cut)
{
	char text[2 * LINE_MAX_SIZE + 64], message[256];

	for (size_t size = LINE_MAX_SIZE - 2; size <= 2 * LINE_MAX_SIZE; size++) {
		struct found found = { .answer = HF_OK };
		int length = snprintf(text, sizeof text, "x = 1\n  a = %0*d\nb = 2\n", (int)size - 4, 7);
		int rc = parse(text, (size_t)length, &found, message);

		if (size <= LINE_MAX_SIZE) {
			ck_assert_int_eq(rc, HF_OK);
			ck_assert_uint_eq(strlen(found.text), strlen("1:x=1;2:a=;3:b=2;") + size - 4);
		} else {
			ck_assert_int_eq(rc, HF_ERR_CONFIG);
			ck_assert_str_eq(message, "/etc/x:2: this line is too long");
			ck_assert_str_eq(found.text, "1:x=1;");
		}
	}
}
END_TEST

START_TEST(a_comment_may_have_any_length)
{
	struct found found = { .answer = HF_OK };
	char text[2000], message[256];
	int length = snprintf(text, sizeof text, "# %01500d\na = 1\n", 7);

	ck_assert_int_eq(parse(text, (size_t)length, &found, message), HF_OK);
	ck_assert_str_eq(found.text, "2:a=1;");
}
END_TEST

START_TEST(the_first_refusal_of_a_setting_ends_it)
{
	struct found found = { .answer = HF_ERR_NOMEM };
	char message[256];

	ck_assert_int_eq(parse("a = 1\nb = 2\n", 12, &found, message), HF_ERR_NOMEM);
	ck_assert_str_eq(found.text, "1:a=1;");
	/* But a line before it that is no setting comes first. */
	found.text[0] = '\0';
	ck_assert_int_eq(parse("x\nb = 2\n", 8, &found, message), HF_ERR_CONFIG);
	ck_assert_str_eq(message, "/etc/x:1: this is not key = value");
}
END_TEST

START_TEST(a_long_path_is_shown_by_its_end)
{
	char path[600], text[CONFIG_PLACE_SIZE];

	memset(path, 'x', sizeof path);
	memcpy(path + sizeof path - 12, "/dir/config", 12);
	config_file_place(path, 4294967295, text);
	ck_assert_uint_eq(strlen(text), 3 + 100 + 11);
	ck_assert_ptr_nonnull(strstr(text, "x/dir/config:4294967295"));
	ck_assert_int_eq(strncmp(text, "...xx", 5), 0);
	/* Cut at a character, not in the middle of one. */
	memcpy(path + sizeof path - 102, "\xe2\x82\xac", 3);
	config_file_place(path, 0, text);
	ck_assert_int_eq(strncmp(text, "...xx", 5), 0);
	ck_assert_uint_eq(strlen(text), 3 + 98);
	config_file_place("/a", 0, text);
	ck_assert_str_eq(text, "/a");
}
END_TEST

static int read_file(const struct sys *sys, const struct scratch *scratch, const char *name,
		     bool own, struct found *found, struct hf_detail *detail)
{
	struct report report = report_make(NULL, NULL);
	char path[512];
	const struct config_file file = { path, own };
	int rc;

	memset(found, 0, sizeof *found);
	(void)snprintf(path, sizeof path, "%s/%s", scratch->path, name);
	rc = config_file_read(sys, &report, &file, note, found);
	return report_deliver(&report, rc, detail);
}

START_TEST(a_file_that_is_not_there_has_no_settings)
{
	struct scratch scratch = scratch_open();
	struct hf_detail detail;
	struct found found;

	scratch_put(scratch.fd, "file", "", 0);
	for (int own = 0; own < 2; own++) {
		ck_assert_int_eq(read_file(sys_posix(), &scratch, "x", own, &found, &detail), HF_OK);
		ck_assert_int_eq(read_file(sys_posix(), &scratch, "x/y", own, &found, &detail), HF_OK);
		ck_assert_int_eq(read_file(sys_posix(), &scratch, "file/y", own, &found, &detail), HF_OK);
		ck_assert_int_eq(read_file(sys_posix(), &scratch, "file", own, &found, &detail), HF_OK);
		ck_assert_str_eq(found.text, "");
	}
	scratch_close(&scratch);
}
END_TEST

/* What is said of a file, with or without own; "" if it is taken. */
static void check_said(const struct sys *sys, const struct scratch *scratch, const char *name,
		       bool own, const char *said)
{
	struct hf_detail detail = { .message = "" };
	struct found found;
	int rc = read_file(sys, scratch, name, own, &found, &detail);

	ck_assert_int_eq(rc, said[0] == '\0' ? HF_OK : HF_ERR_CONFIG);
	if (rc == HF_OK)
		ck_assert_str_eq(found.text, "1:a=1;");
	else
		ck_assert_msg(strstr(detail.message, said) != NULL, "%s", detail.message);
}

START_TEST(a_file_that_others_can_change_is_refused)
{
	static const struct {
		mode_t mode;
		const char *any;
		const char *own;
	} cases[] = {
		{ 0600, "", "" },
		{ 0644, "", "" },
		{ 0664, "", "can be written to by others" },
		{ 0602, "can be written to by others", "can be written to by others" },
	};
	struct scratch scratch = scratch_open();

	scratch_put(scratch.fd, "config", "a=1\n", 4);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_int_eq(fchmodat(scratch.fd, "config", cases[i].mode, 0), 0);
		check_said(sys_posix(), &scratch, "config", false, cases[i].any);
		check_said(sys_posix(), &scratch, "config", true, cases[i].own);
	}
	scratch_close(&scratch);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	struct scratch scratch = scratch_open();

	scratch_mkdir(scratch.fd, "directory");
	ck_assert_int_eq(mkfifoat(scratch.fd, "fifo", 0600), 0);
	scratch_put(scratch.fd, "config", "a=1\n", 4);
	ck_assert_int_eq(symlinkat("config", scratch.fd, "link"), 0);
	for (int own = 0; own < 2; own++) {
		check_said(sys_posix(), &scratch, "directory", own, "is not a regular file");
		check_said(sys_posix(), &scratch, "fifo", own, "is not a regular file");
	}
	check_said(sys_posix(), &scratch, "link", false, "");
	check_said(sys_posix(), &scratch, "link", true, "is a symbolic link");
	scratch_close(&scratch);
}
END_TEST

static uid_t somebody_else(void *context)
{
	(void)context;
	return geteuid() + 1;
}

START_TEST(the_file_of_somebody_else_is_refused_where_it_must_be_own)
{
	struct scratch scratch = scratch_open();
	struct sys sys = *sys_posix();

	sys.user = somebody_else;
	scratch_put(scratch.fd, "config", "a=1\n", 4);
	ck_assert_int_eq(fchmodat(scratch.fd, "config", 0600, 0), 0);
	check_said(&sys, &scratch, "config", true, "belongs to another user");
	check_said(&sys, &scratch, "config", false, "");
	scratch_close(&scratch);
}
END_TEST

/* A file that grows between being looked at and being read. */
static int small_stat(void *context, int fd, struct stat *ret_stat)
{
	int rc = sys_posix()->stat(context, fd, ret_stat);

	ret_stat->st_size = 3;
	return rc;
}

START_TEST(a_file_is_read_up_to_64_kib_and_refused_beyond)
{
	struct scratch scratch = scratch_open();
	struct sys growing = *sys_posix();
	char *text = malloc(CONFIG_FILE_SIZE_MAX + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, '\n', CONFIG_FILE_SIZE_MAX + 1);
	memcpy(text, "a=1", 3);
	growing.stat = small_stat;
	scratch_put(scratch.fd, "config", text, CONFIG_FILE_SIZE_MAX);
	check_said(sys_posix(), &scratch, "config", true, "");
	check_said(&growing, &scratch, "config", true, "");
	scratch_append(scratch.fd, "config", "\n", 1);
	check_said(sys_posix(), &scratch, "config", true, "is larger than 64 KiB");
	check_said(&growing, &scratch, "config", true, "is larger than 64 KiB");
	free(text);
	scratch_close(&scratch);
}
END_TEST

/* What one planned failure is tried on. */
struct walk {
	struct scratch scratch;
	unsigned tried;
	unsigned denied;
};

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct walk *walk = context;
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct hf_detail detail = { .code = HF_OK };
	struct found found;
	char text[128];
	int rc;

	fault_plan_text(plan, text, sizeof text);
	fault_sys_arm(fault, plan);
	rc = read_file(fault_sys(fault), &walk->scratch, "config", true, &found, &detail);
	ck_assert_msg(strcmp(fault_sys_leaks(fault), "") == 0, "%s: %s", text, fault_sys_leaks(fault));
	ck_assert_int_eq(detail.code, rc);
	if (rc != HF_OK)
		ck_assert_msg(strstr(detail.message, "config") != NULL, "%s: %s", text, detail.message);
	else if (plan->errno_value != ENOENT && plan->errno_value != ENOTDIR)
		ck_assert_msg(strcmp(found.text, "1:a=1;2:b=2;") == 0, "%s: %s", text, found.text);
	walk->denied += rc == HF_ERR_DENIED;
	walk->tried++;
	fault_sys_free(fault);
}

START_TEST(each_call_may_fail_and_no_half_file_is_taken_for_a_whole)
{
	struct walk walk = { .scratch = scratch_open() };
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct hf_detail detail;
	struct found found;

	scratch_put(walk.scratch.fd, "config", "a = 1\nb = 2\n", 12);
	ck_assert_int_eq(read_file(fault_sys(fault), &walk.scratch, "config", true, &found, &detail),
			 HF_OK);
	struct fault_trace trace = fault_sys_trace(fault);

	fault_sys_each_plan(&trace, try_plan, &walk);
	ck_assert_uint_gt(walk.tried, 20);
	ck_assert_uint_gt(walk.denied, 0);
	fault_sys_free(fault);
	scratch_close(&walk.scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_file");
	TCase *text = tcase_create("text");
	TCase *files = tcase_create("files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(text, settings_are_found_with_their_lines);
	tcase_add_test(text, what_is_no_setting_is_refused_with_its_line);
	tcase_add_test(text, a_line_that_is_too_long_for_the_parser_is_refused_not_cut);
	tcase_add_test(text, a_comment_may_have_any_length);
	tcase_add_test(text, the_first_refusal_of_a_setting_ends_it);
	tcase_add_test(text, a_long_path_is_shown_by_its_end);
	tcase_add_test(files, a_file_that_is_not_there_has_no_settings);
	tcase_add_test(files, a_file_that_others_can_change_is_refused);
	tcase_add_test(files, what_is_no_regular_file_is_refused_without_waiting);
	tcase_add_test(files, the_file_of_somebody_else_is_refused_where_it_must_be_own);
	tcase_add_test(files, a_file_is_read_up_to_64_kib_and_refused_beyond);
	tcase_add_test(files, each_call_may_fail_and_no_half_file_is_taken_for_a_whole);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, files);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
