/* SPDX-License-Identifier: MIT */
/*
 * Goal: errors and verdicts keep their values for ever, and what users are shown holds
 * nothing of the inside. Method: the values once more by hand, and rules over all rows.
 */
#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "holdfast.h"

struct row {
	int code;
	int exit_status;
	const char *name;
};

/* As published: never change a row, only add. */
static const struct row errors[] = {
	{ 0, 0, "HF_OK" }, { -1, 2, "HF_ERR_INVALID" }, { -2, 1, "HF_ERR_NOMEM" },
	{ -3, 10, "HF_ERR_IO" }, { -4, 9, "HF_ERR_NOSPACE" }, { -5, 5, "HF_ERR_DENIED" },
	{ -6, 5, "HF_ERR_READONLY" }, { -7, 1, "HF_ERR_FILES" }, { -8, 3, "HF_ERR_NOTFOUND" },
	{ -9, 4, "HF_ERR_EXISTS" }, { -10, 4, "HF_ERR_AMBIGUOUS" }, { -11, 6, "HF_ERR_BUSY" },
	{ -12, 7, "HF_ERR_CONFLICT" }, { -13, 7, "HF_ERR_ID_REUSED" },
	{ -14, 8, "HF_ERR_RECORD_SIZE" }, { -15, 8, "HF_ERR_SESSION_SIZE" },
	{ -16, 11, "HF_ERR_JSON" }, { -17, 12, "HF_ERR_FORMAT" }, { -18, 10, "HF_ERR_POISONED" },
	{ -19, 2, "HF_ERR_CLOSED" }, { -20, 1, "HF_ERR_FORKED" }, { -21, 13, "HF_ERR_KEY_MODE" },
	{ -22, 13, "HF_ERR_KEY_UNSAFE" }, { -23, 13, "HF_ERR_KEY_CORRUPT" },
	{ -24, 14, "HF_ERR_RATE_LIMITED" }, { -25, 8, "HF_ERR_MAX_SESSIONS" },
	{ -26, 8, "HF_ERR_MAX_SESSION_SIZE" }, { -27, 9, "HF_ERR_SPACE_RESERVE" },
	{ -28, 15, "HF_ERR_PROJECT" }, { -29, 15, "HF_ERR_PROJECT_CHANGED" },
	{ -30, 20, "HF_ERR_TORN" }, { -31, 21, "HF_ERR_TRUNCATED" }, { -32, 22, "HF_ERR_TAMPERED" },
	{ -33, 23, "HF_ERR_GAP" }, { -34, 24, "HF_ERR_ROLLED_BACK" },
	{ -35, 25, "HF_ERR_HEAD_MISSING" }, { -36, 26, "HF_ERR_WEAK_KEY" },
	{ -37, 27, "HF_ERR_KEY_MISSING" }, { -38, 28, "HF_ERR_UNSIGNED" },
	{ -40, 6, "HF_ERR_PROJECT_BUSY" }, { -41, 3, "HF_ERR_TRASHED" }, { -42, 16, "HF_ERR_CONFIG" },
	{ -43, 17, "HF_ERR_LIBRARY" }, { -44, 18, "HF_ERR_FOREIGN" },
	{ -45, 19, "HF_ERR_SIGNATURE" }, { -46, 29, "HF_ERR_BUNDLE" },
	{ -99, 1, "HF_ERR_INTERNAL" },
};
enum { ERRORS = sizeof errors / sizeof errors[0] };

static const struct row *find_row(int code)
{
	for (size_t i = 0; i < ERRORS; i++) {
		if (errors[i].code == code)
			return &errors[i];
	}
	return &errors[ERRORS - 1];
}

START_TEST(each_code_has_its_name_and_exit_status_for_ever)
{
	for (int code = -200; code <= 50; code++) {
		const struct row *row = find_row(code);

		ck_assert_str_eq(hf_error_name(code), row->name);
		ck_assert_int_eq(hf_error_exit(code), row->exit_status);
	}
}
END_TEST

START_TEST(each_text_is_a_sentence_for_users)
{
	static const char *const inside[] = { "/", "errno", "HF_", "%", "0x", "hmac", "MAC" };

	for (size_t i = 0; i < ERRORS; i++) {
		const char *text = hf_error_text(errors[i].code);
		const char *hint = hf_error_hint(errors[i].code);

		ck_assert(isupper((unsigned char)text[0]));
		ck_assert_int_eq(text[strlen(text) - 1], '.');
		ck_assert((hint[0] == '\0') == (errors[i].code == HF_OK));
		for (size_t k = 0; k < sizeof inside / sizeof inside[0]; k++) {
			bool is_slash_of_io = k == 0 && errors[i].code == HF_ERR_IO;

			ck_assert_msg(is_slash_of_io || strstr(text, inside[k]) == NULL, "%s", text);
		}
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(text, hf_error_text(errors[k].code)) != 0, "%s", text);
	}
}
END_TEST

static const struct {
	enum hf_verdict verdict;
	int value;
	const char *name;
	int error;
} verdicts[] = {
	{ HF_INTACT, 0, "intact", HF_OK },
	{ HF_UNSIGNED, 1, "unsigned", HF_ERR_UNSIGNED },
	{ HF_WEAK_KEY, 2, "weak-key", HF_ERR_WEAK_KEY },
	{ HF_TORN, 3, "torn", HF_ERR_TORN },
	{ HF_KEY_MISSING, 4, "key-missing", HF_ERR_KEY_MISSING },
	{ HF_HEAD_MISSING, 5, "head-missing", HF_ERR_HEAD_MISSING },
	{ HF_GAP, 6, "gap", HF_ERR_GAP },
	{ HF_TRUNCATED, 7, "truncated", HF_ERR_TRUNCATED },
	{ HF_ROLLED_BACK, 8, "rolled-back", HF_ERR_ROLLED_BACK },
	{ HF_TAMPERED, 9, "tampered", HF_ERR_TAMPERED },
};

START_TEST(each_verdict_has_its_value_name_and_error)
{
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		enum hf_verdict found = HF_TAMPERED;

		ck_assert_int_eq((int)verdicts[i].verdict, verdicts[i].value);
		ck_assert_str_eq(hf_verdict_name(verdicts[i].verdict), verdicts[i].name);
		ck_assert_int_eq(hf_verdict_error(verdicts[i].verdict), verdicts[i].error);
		ck_assert(hf_verdict_find(verdicts[i].name, &found));
		ck_assert_int_eq(found, verdicts[i].verdict);
		ck_assert_uint_eq(HF_ACCEPT(verdicts[i].verdict), 1u << verdicts[i].value);
	}
}
END_TEST

START_TEST(no_other_verdict_is_found)
{
	static const char *const names[] = { "", "Intact", "intact ", "gone", "unknown", "weak" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		enum hf_verdict found = HF_TORN;

		ck_assert(!hf_verdict_find(names[i], &found));
		ck_assert_int_eq(found, HF_TORN);
	}
	ck_assert_str_eq(hf_verdict_name((enum hf_verdict)77), "unknown");
	ck_assert_int_eq(hf_verdict_error((enum hf_verdict)77), HF_ERR_INTERNAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *error = tcase_create("error");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(error, each_code_has_its_name_and_exit_status_for_ever);
	tcase_add_test(error, each_text_is_a_sentence_for_users);
	tcase_add_test(error, each_verdict_has_its_value_name_and_error);
	tcase_add_test(error, no_other_verdict_is_found);
	suite_add_tcase(suite, error);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
