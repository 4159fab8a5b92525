/* SPDX-License-Identifier: MIT */
/*
 * Goal: agreement with a published conformance corpus, JSONTestSuite, except where our
 * choice is stated. Method: every file of tests/vectors/json (see its README) goes through
 * both twins. y_ must be accepted, n_ refused; for i_, which the standard leaves open, and
 * for the few y_ that we refuse on purpose, the decision stands in a table here, and a
 * file that is in no table fails.
 */
#include "json_both.h"

#include <dirent.h>

struct decision {
	const char *file;
	int rc;
};

static const struct decision decisions[] = {
	/* We refuse names that come twice. */
	{ "y_object_duplicated_key.json", HF_ERR_JSON },
	{ "y_object_duplicated_key_and_value.json", HF_ERR_JSON },
	/* Numbers are never converted, so none is too large, too small or too exact. */
	{ "i_number_double_huge_neg_exp.json", HF_OK },
	{ "i_number_huge_exp.json", HF_OK },
	{ "i_number_neg_int_huge_exp.json", HF_OK },
	{ "i_number_pos_double_huge_exp.json", HF_OK },
	{ "i_number_real_neg_overflow.json", HF_OK },
	{ "i_number_real_pos_overflow.json", HF_OK },
	{ "i_number_real_underflow.json", HF_OK },
	{ "i_number_too_big_neg_int.json", HF_OK },
	{ "i_number_too_big_pos_int.json", HF_OK },
	{ "i_number_very_big_negative_int.json", HF_OK },
	/* Escapes of lone surrogates are grammar, and frequent in real transcripts. */
	{ "i_object_key_lone_2nd_surrogate.json", HF_OK },
	{ "i_string_1st_surrogate_but_2nd_missing.json", HF_OK },
	{ "i_string_1st_valid_surrogate_2nd_invalid.json", HF_OK },
	{ "i_string_incomplete_surrogate_and_escape_valid.json", HF_OK },
	{ "i_string_incomplete_surrogate_pair.json", HF_OK },
	{ "i_string_incomplete_surrogates_escape_valid.json", HF_OK },
	{ "i_string_invalid_lonely_surrogate.json", HF_OK },
	{ "i_string_invalid_surrogate.json", HF_OK },
	{ "i_string_inverted_surrogates_U+1D11E.json", HF_OK },
	{ "i_string_lone_second_surrogate.json", HF_OK },
	/* A byte order mark is refused. */
	{ "i_structure_UTF-8_BOM_empty_object.json", HF_ERR_JSON },
	/* Nesting ends at 128. */
	{ "i_structure_500_nested_arrays.json", HF_ERR_JSON },
};

/* Of the second folder: what others changed, we keep or refuse. */
static const struct decision transforms[] = {
	{ "object_same_key_different_values.json", HF_ERR_JSON },
	{ "object_same_key_same_value.json", HF_ERR_JSON },
	{ "object_same_key_unclear_values.json", HF_ERR_JSON },
};

static void folder_path(const char *folder, char *path, size_t size)
{
	const char *vectors = getenv("HOLDFAST_VECTORS");
	const char *source = getenv("HOLDFAST_SOURCE");

	if (vectors != NULL)
		(void)snprintf(path, size, "%s/json/%s", vectors, folder);
	else if (source != NULL)
		(void)snprintf(path, size, "%s/tests/vectors/json/%s", source, folder);
	else
#ifdef TEST_VECTORS_DIR
		(void)snprintf(path, size, "%s/json/%s", TEST_VECTORS_DIR, folder);
#else
		(void)snprintf(path, size, "tests/vectors/json/%s", folder);
#endif
}

static struct buffer read_file(const char *folder, const char *name)
{
	struct buffer bytes = BUFFER_INIT(1 << 20);
	char path[4096];
	FILE *file;

	ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", folder, name), sizeof path);
	file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s cannot be read", path);
	ck_assert_int_eq(buffer_reserve(&bytes, 1 << 20), HF_OK);
	bytes.size = fread(bytes.data, 1, 1 << 20, file);
	ck_assert_uint_lt(bytes.size, 1 << 20);
	(void)fclose(file);
	return bytes;
}

typedef void (*judge_fn)(const char *name, const struct both *both, const struct buffer *bytes);

/* Gives each .json file of a folder to judge; returns how many there were. */
static size_t walk(const char *folder, judge_fn judge)
{
	char path[2048];
	struct dirent *entry;
	size_t count = 0;
	DIR *directory;

	folder_path(folder, path, sizeof path);
	directory = opendir(path);
	ck_assert_msg(directory != NULL, "%s cannot be read", path);
	while ((entry = readdir(directory)) != NULL) {
		if (strstr(entry->d_name, ".json") == NULL)
			continue;
		struct buffer bytes = read_file(path, entry->d_name);
		struct both both = both_scan(bytes.data, bytes.size);

		judge(entry->d_name, &both, &bytes);
		buffer_release(&both.out);
		buffer_release(&bytes);
		count++;
	}
	(void)closedir(directory);
	return count;
}

static const struct decision *find_decision(const struct decision *rows, size_t count,
					    const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].file, name) == 0)
			return &rows[i];
	}
	return NULL;
}

static void judge_parsing(const char *name, const struct both *both, const struct buffer *bytes)
{
	const struct decision *decision =
		find_decision(decisions, sizeof decisions / sizeof *decisions, name);
	int expected = name[0] == 'y' ? HF_OK : HF_ERR_JSON;

	(void)bytes;
	ck_assert_msg(name[0] != 'i' || decision != NULL, "%s: no decision", name);
	if (decision != NULL)
		expected = decision->rc;
	ck_assert_msg(both->rc == expected, "%s: %s", name, hf_error_name(both->rc));
}

START_TEST(every_published_case_is_judged_as_it_says_or_as_we_decided)
{
	ck_assert_uint_eq(walk("parsing", judge_parsing), 293);
}
END_TEST

/* The files are compact but for a line feed at the end. */
static void judge_transform(const char *name, const struct both *both, const struct buffer *bytes)
{
	const struct decision *decision =
		find_decision(transforms, sizeof transforms / sizeof *transforms, name);

	ck_assert_msg(both->rc == (decision != NULL ? decision->rc : HF_OK), "%s: %s", name,
		      hf_error_name(both->rc));
	if (both->rc == HF_OK) {
		ck_assert_uint_ge(both->out.size + 1, bytes->size);
		ck_assert_mem_eq(both->out.data, bytes->data, both->out.size);
	}
}

START_TEST(what_other_parsers_transform_is_kept_or_refused)
{
	ck_assert_uint_eq(walk("transform", judge_transform), 19);
}
END_TEST

/* The package that the corpus comes from is text, so cases that are none stand here. */
static const struct {
	const char *bytes;
	size_t size;
} not_utf8[] = {
#define CASE(literal) { literal, sizeof(literal) - 1 }
	CASE("[\"\xff\"]"),                 /* no byte of UTF-8 at all */
	CASE("[\"\x80\"]"),                 /* a continuation alone */
	CASE("[\"\xc3\"]"),                 /* a character cut short by the quote */
	CASE("[\"\xe2\x82\"]"),
	CASE("[\"\xe9t\xe9\"]"),            /* Latin 1 */
	CASE("[\"\xc0\xaf\"]"),             /* overlong forms */
	CASE("[\"\xe0\x80\xaf\"]"),
	CASE("[\"\xf8\x88\x80\x80\x80\"]"),
	CASE("[\"\xed\xa0\x80\"]"),         /* a surrogate */
	CASE("[\"\xf4\x90\x80\x80\"]"),     /* beyond U+10FFFF */
	CASE("[\"\\\xe5\"]"),               /* after the start of an escape */
	CASE("[\"\\u\xe5\"]"),
	CASE("[\xe5]"), CASE("[1\xe5]"), CASE("[1e\xe5]"), CASE("\xe9"), CASE("\xef\xbb"),
	CASE("{\"\xb9\":\"0\",}"),
	CASE("\xff\xfe[\0\"\0\xe9\0\"\0]\0"), /* UTF-16, with a mark and without */
	CASE("[\0\"\0\xe9\0\"\0]\0"), CASE("\0[\0\"\0\xe9\0\"\0]"),
#undef CASE
};

START_TEST(bytes_that_are_not_utf8_are_refused)
{
	for (size_t i = 0; i < sizeof not_utf8 / sizeof *not_utf8; i++) {
		struct both both = both_scan(not_utf8[i].bytes, not_utf8[i].size);

		ck_assert_msg(both.rc == HF_ERR_JSON, "case %zu", i);
		buffer_release(&both.out);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json/corpus");
	TCase *tests = tcase_create("corpus");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tests, every_published_case_is_judged_as_it_says_or_as_we_decided);
	tcase_add_test(tests, what_other_parsers_transform_is_kept_or_refused);
	tcase_add_test(tests, bytes_that_are_not_utf8_are_refused);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
