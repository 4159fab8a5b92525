/* SPDX-License-Identifier: MIT */
/*
 * Goal: JidoCode's files are accepted and refused as the original program does it, but for the
 * holes that it has, and what is in them is understood. Method: files of the original program,
 * tampered with in many ways, and what it says of each (tests/data/jidocode/README.txt);
 * views and facts that must come of them, written by hand.
 */
#include "lib/runner.h"
#include "jidocode_fixture.h"

#include "interop/jidocode_schema.h"
#include "lib/scratch.h"

/* ---- What the original says ----------------------------------------------------- */

/* name, what the original does, what we do without and with allow_unsigned. */
struct verdict {
	const char *name;
	const char *original;
	int plain;
	int allowing;
};

#define BOTH(code) code, code

static const struct verdict verdicts[] = {
	{ ONE, "ok", BOTH(HF_OK) },
	{ TWO, "ok", BOTH(HF_OK) },
	{ THREE, "ok", BOTH(HF_OK) },
	{ FOUR, "ok", BOTH(HF_OK) },
	/* Not among the data: 5_thousand. */
	{ SIX, "ok", BOTH(HF_OK) },
	{ SEVEN, "ok", BOTH(HF_OK) },
	{ "variants/bom_prefix" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/duplicate_name_genuine_first" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/duplicate_name_genuine_last" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/empty_file" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/float_other_spelling_accepted" ID_3, "ok", BOTH(HF_OK) },
	{ "variants/float_to_int" ID_3, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/int_exponent_1e5" ID_3, "ok", BOTH(HF_OK) },
	{ "variants/invalid_utf8" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/lone_surrogate_escape" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/neg_zero_to_zero" ID_3, "error", BOTH(HF_ERR_SIGNATURE) },
	/* Differs: the original raises an exception; we refuse. */
	{ "variants/not_an_object" ID_6, "RAISES", BOTH(HF_ERR_FOREIGN) },
	{ "variants/reformatted_ascii_escapes" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/reformatted_compact" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/reformatted_crlf" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/reformatted_key_order" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/signature_empty" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/signature_from_other_file" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/signature_no_padding" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	/* Differs: the original takes what has no signature with a warning only, so that anybody
	 * can strip it; we do so only if it is asked for, and mark the session. */
	{ "variants/signature_null" ID_6, "ok", HF_ERR_UNSIGNED, HF_OK },
	/* Differs: the original raises an exception; we refuse. */
	{ "variants/signature_number" ID_6, "RAISES", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/signature_one_char" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_content" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_extra_key" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_message_removed" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_role" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_swap_messages" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/tampered_todo_status" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
	{ "variants/trailing_garbage" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/trailing_newline" ID_6, "ok", BOTH(HF_OK) },
	{ "variants/truncated_half" ID_6, "error", BOTH(HF_ERR_JSON) },
	{ "variants/truncated_last_byte" ID_6, "error", BOTH(HF_ERR_JSON) },
	/* Differs, as above. */
	{ "variants/unsigned" ID_6, "ok", HF_ERR_UNSIGNED, HF_OK },
	/* The original refuses these for what is in them; we look at the signature first. */
	{ "variants/unsigned_bad_role" ID_6, "error", HF_ERR_UNSIGNED, HF_ERR_FOREIGN },
	{ "variants/unsigned_bad_timestamp" ID_6, "error", HF_ERR_UNSIGNED, HF_ERR_FOREIGN },
	{ "variants/unsigned_missing_todos" ID_6, "error", HF_ERR_UNSIGNED, HF_ERR_FOREIGN },
	{ "variants/unsigned_version_2" ID_6, "error", HF_ERR_UNSIGNED, HF_ERR_FOREIGN },
	{ "variants/version_2" ID_6, "error", BOTH(HF_ERR_SIGNATURE) },
};

START_TEST(a_file_is_judged_as_the_original_judges_it)
{
	const struct verdict *verdict = &verdicts[_i];

	ck_assert_msg(judge(verdict->name, SALT, false) == verdict->plain, "%s gave %d",
		      verdict->name, judge(verdict->name, SALT, false));
	ck_assert_msg(judge(verdict->name, SALT, true) == verdict->allowing, "%s gave %d",
		      verdict->name, judge(verdict->name, SALT, true));
}
END_TEST

/* Finds the lines of a list of outcomes in the table; returns how many there are. */
static size_t compare_outcomes(const char *folder)
{
	char name[256];
	char path[1024];
	size_t size;
	size_t count = 0;
	char *bytes;

	(void)snprintf(name, sizeof name, "%sorig_outcomes.tsv", folder);
	data_path(path, sizeof path, "jidocode", name);
	bytes = slurp(path, &size);
	for (char *at = bytes; at < bytes + size; count++) {
		char *tab = memchr(at, '\t', (size_t)(bytes + size - at));
		char *end = memchr(at, '\n', (size_t)(bytes + size - at));
		size_t i = 0;

		ck_assert(tab != NULL && end != NULL && tab < end);
		(void)snprintf(name, sizeof name, "%s%.*s", folder, (int)(tab - at), at);
		while (i < sizeof verdicts / sizeof verdicts[0] &&
		       strcmp(verdicts[i].name, name) != 0)
			i++;
		if (strncmp(at, "5_", 2) != 0) {
			ck_assert_msg(i < sizeof verdicts / sizeof verdicts[0], "%s", name);
			ck_assert_msg(strncmp(tab + 1, verdicts[i].original,
					      strlen(verdicts[i].original)) == 0,
				      "%s", name);
		}
		at = end + 1;
	}
	free(bytes);
	return count;
}

START_TEST(the_table_has_every_outcome_of_the_original)
{
	/* One of them is of 5_thousand. */
	ck_assert_uint_eq(compare_outcomes("") + compare_outcomes("variants/"),
			  sizeof verdicts / sizeof verdicts[0] + 1);
}
END_TEST

/* ---- Contents --------------------------------------------------------------------- */

START_TEST(messages_come_with_role_text_id_and_time)
{
	static const char *const views[] = {
		"{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"You are a helpful "
		"assistant.\"}],\"id\":\"m1\",\"time\":\"2025-03-04T05:06:07.123456Z\"}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Fix the bug in lib/a.ex\"}],"
		"\"id\":\"m2\",\"time\":\"2025-03-04T05:06:08.123456Z\"}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Reading the "
		"file.\"}],\"id\":\"m3\",\"time\":\"2025-03-04T05:06:09.123456Z\"}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"text\",\"text\":\"{\\\"ok\\\":true,\\\"lines"
		"\\\":[1,2,3]}\"}],\"id\":\"m4\",\"time\":\"2025-03-04T05:06:10.123456Z\"}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Done.\"}],"
		"\"id\":\"m5\",\"time\":\"2025-03-04T05:06:11.123456Z\"}",
	};
	struct judged source;

	source_make(&source, "machine_secret");
	source_open_data(&source, SIX);
	ck_assert_int_eq(source.rc, HF_OK);
	ck_assert_uint_eq(source.reading.count, 6);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_str_eq(source.reading.views[i].text, views[i]);
		ck_assert(!source.reading.views[i].is_aside);
	}
	/* What is needed to write the file again stands aside. */
	ck_assert(source.reading.views[5].is_aside);
	ck_assert_ptr_nonnull(strstr(source.reading.views[5].text,
				     "\"jidocode\":{\"created_at\":\"2025-03-04T05:06:07.123456Z\","
				     "\"updated_at\":\"2025-03-04T06:06:07.123456Z\","
				     "\"closed_at\":\"2025-03-05T06:07:08.090000Z\"}"));
	source_close(&source);
}
END_TEST

START_TEST(what_the_session_is_comes_with_it)
{
	struct judged source;
	struct session_facts facts;

	source_make(&source, "machine_secret");
	source_open_data(&source, SIX);
	facts = reading_facts(&source.reading);
	ck_assert_slice(facts.foreign, "66666666-6666-4666-b666-666666666666");
	ck_assert_slice(facts.name, "roles and todos");
	ck_assert_slice(facts.project, "/home/user/projects/demo");
	ck_assert_uint_eq(facts.version.size, 0);
	ck_assert_int_eq(facts.created_us, 1741064767123456);
	ck_assert(!facts.is_unsigned);
	ck_assert_slice(facts.todos,
			"[{\"active_form\":\"Writing parser\",\"content\":\"Write parser\",\"status\":"
			"\"completed\"},{\"active_form\":\"Running tests\",\"content\":\"Run tests\","
			"\"status\":\"in_progress\"},{\"active_form\":\"No active form given\",\"content\":"
			"\"No active form given\",\"status\":\"pending\"},{\"active_form\":\"\",\"content\":"
			"\"\",\"status\":\"pending\"},{\"active_form\":\"Ship \xf0\x9f\x9a\x80 \\\"now\\\"\","
			"\"content\":\"Ship \xf0\x9f\x9a\x80 \\\"now\\\"\",\"status\":\"pending\"}]");
	ck_assert_ptr_nonnull(memmem(facts.config.data, facts.config.size, "\"temperature\":0.7", 17));
	source_close(&source);
}
END_TEST

/* Otherwise the second message would stand for the first. */
START_TEST(messages_with_the_same_id_lose_it)
{
	static const char text[] =
		"{\"version\":1,\"id\":\"x\",\"name\":\"n\",\"project_path\":\"/p\",\"config\":{},"
		"\"created_at\":\"2025-03-04T05:06:07Z\",\"updated_at\":\"2025-03-04 05:06:07,5+01\","
		"\"closed_at\":null,\"todos\":[],\"conversation\":["
		"{\"id\":\"a\",\"role\":\"user\",\"content\":\"1\",\"timestamp\":\"2025-03-04T05:06:07Z\"},"
		"{\"id\":\"\\u0061\",\"role\":\"user\",\"content\":\"2\",\"timestamp\":"
		"\"2025-03-04T05:06:07Z\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}]}";
	struct scratch scratch = scratch_open();
	struct judged source;
	char path[512];

	(void)snprintf(path, sizeof path, "%s/file", scratch.path);
	scratch_put(scratch.fd, "file", text, sizeof text - 1);
	source_make(&source, "machine_secret");
	source.options.allow_unsigned = true;
	source_open(&source, path);
	ck_assert_int_eq(source.rc, HF_OK);
	ck_assert_uint_eq(source.reading.count, 3);
	ck_assert_str_eq(source.reading.views[1].text,
			 "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"2\"}],"
			 "\"time\":\"2025-03-04T05:06:07Z\",\"usage\":{\"input\":3,\"output\":4}}");
	source_close(&source);
	scratch_close(&scratch);
}
END_TEST

START_TEST(times_are_those_that_elixir_takes)
{
	static const struct {
		const char *text;
		int64_t us; /* -1: no time */
	} times[] = {
		{ "\"2025-03-04T05:06:07.123456Z\"", 1741064767123456 },
		{ "\"2025-03-04T05:06:07Z\"", 1741064767000000 },
		{ "\"2025-03-04 05:06:07,5Z\"", 1741064767500000 },
		{ "\"2025-03-04T05:06:07.1234567899Z\"", 1741064767123456 },
		{ "\"2025-03-04T05:06:07+01:30\"", 1741059367000000 },
		{ "\"2025-03-04T05:06:07-0130\"", 1741070167000000 },
		{ "\"2025-03-04T05:06:07+01\"", 1741061167000000 },
		{ "\"2025-03-04T05:06:07\"", -1 },
		{ "\"2025-03-04T05:06:07.Z\"", -1 },
		{ "\"2025-03-04T05:06:07-00:00\"", -1 },
		{ "\"2025-03-04T05:06Z\"", -1 },
		{ "\"2025-02-30T05:06:07Z\"", -1 },
		{ "\"2025-03-04t05:06:07Z\"", -1 },
		{ "\"2025-03-04T05:06:07Zx\"", -1 },
		{ "\"2025-03-04T05:06:07+1:00\"", -1 },
		{ "\"yesterday\"", -1 },
		{ "\"\"", -1 },
		{ "1741064767", -1 },
		{ "null", -1 },
	};

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct hf_slice text = { times[i].text, strlen(times[i].text) };
		int64_t us = -2;

		ck_assert_msg(jidocode_schema_time(text, &us) == (times[i].us != -1), "%s",
			      times[i].text);
		ck_assert_msg(us == (times[i].us != -1 ? times[i].us : -2), "%s", times[i].text);
	}
}
END_TEST

/* ---- Detecting --------------------------------------------------------------------- */

static int detect(const char *text, size_t size, bool is_whole)
{
	struct probe probe = { .path = "x.json", .name = "x.json", .start = { text, size },
			       .is_whole = is_whole };

	return format_jidocode.reader->detect(&probe);
}

START_TEST(jidocode_is_recognised_also_when_it_is_cut_off_or_damaged)
{
	static const char *const names[] = {
		ONE, TWO, THREE, FOUR, SIX, SEVEN, "variants/bom_prefix" ID_6,
		"variants/truncated_half" ID_6, "variants/invalid_utf8" ID_6,
		"variants/reformatted_compact" ID_6, "variants/reformatted_key_order" ID_6,
		"variants/unsigned_missing_todos" ID_6, "variants/trailing_garbage" ID_6,
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[1024];
		size_t size;
		char *bytes;

		data_path(path, sizeof path, "jidocode", names[i]);
		bytes = slurp(path, &size);
		ck_assert_msg(detect(bytes, size, true) >= 85, "%s", names[i]);
		free(bytes);
	}
	ck_assert_int_gt(detect("{\"closed_at\":\"x\",\"config\":{\"a\":[", 31, false), 0);
}
END_TEST

START_TEST(what_is_no_session_of_jidocode_is_not_taken_for_one)
{
	static const char *const texts[] = {
		"", "{", "[1,2,3]", "{}", "\"conversation\"", "{\"conversation\":[]}",
		"{\"conversation\":{},\"version\":1,\"id\":2,\"name\":3}",
		"{\"messages\":[{\"role\":\"user\",\"content\":\"\\\"conversation\\\":[\"}],\"id\":1}",
		"{\"x\":{\"conversation\":[],\"version\":1,\"id\":1,\"closed_at\":1}}",
		"{\"closed_at\":1,\"config\":{}}",
		"{\"type\":\"session\",\"version\":3,\"id\":\"x\",\"timestamp\":1}\n",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_msg(detect(texts[i], strlen(texts[i]), true) == 0, "%s", texts[i]);
}
END_TEST

/* A signature says nothing of what is written to the file behind it. */
START_TEST(what_was_changed_since_it_was_judged_is_not_taken)
{
	struct judged source;
	struct reading *reading = &source.reading;
	struct piece piece;
	char *at;

	source_make(&source, "machine_secret");
	source.options.salt = SALT;
	source_open_data(&source, SIX);
	ck_assert_int_eq(source.rc, HF_OK);
	piece = (struct piece){ .role = PIECE_HEAD, .state = PIECE_GOOD,
				.bytes = { source.bytes, 100 } };
	ck_assert_int_eq(reading->reader->read(reading->state, &piece, &reading->writer), HF_OK);
	at = strstr(source.bytes, "\"content\"");
	piece = (struct piece){ .role = PIECE_ELEMENT, .offset = (uint64_t)(at - source.bytes),
				.bytes = { at, 20 }, .state = PIECE_GOOD };
	ck_assert_int_eq(reading->reader->read(reading->state, &piece, &reading->writer), HF_OK);
	at[15] ^= 1;
	ck_assert_int_eq(reading->reader->read(reading->state, &piece, &reading->writer),
			 HF_ERR_CONFLICT);
	ck_assert_str_ne(source.report.detail.message, "");
	at[15] ^= 1;
	piece.offset = reading->size - 10; /* longer than it was */
	ck_assert_int_eq(reading->reader->read(reading->state, &piece, &reading->writer),
			 HF_ERR_CONFLICT);
	source_close(&source);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format jidocode");
	TCase *cases = runner_cases(suite, "reading", 60);
	int count = (int)(sizeof verdicts / sizeof verdicts[0]);

	tcase_add_loop_test(cases, a_file_is_judged_as_the_original_judges_it, 0, count);
	tcase_add_test(cases, the_table_has_every_outcome_of_the_original);
	tcase_add_test(cases, messages_come_with_role_text_id_and_time);
	tcase_add_test(cases, what_the_session_is_comes_with_it);
	tcase_add_test(cases, messages_with_the_same_id_lose_it);
	tcase_add_test(cases, times_are_those_that_elixir_takes);
	tcase_add_test(cases, jidocode_is_recognised_also_when_it_is_cut_off_or_damaged);
	tcase_add_test(cases, what_is_no_session_of_jidocode_is_not_taken_for_one);
	tcase_add_test(cases, what_was_changed_since_it_was_judged_is_not_taken);
	return runner_run_in_memory(suite);
}
