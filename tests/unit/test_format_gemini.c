/* SPDX-License-Identifier: MIT */
/*
 * Goal: what the sessions of the Gemini CLI say, the log of changes and the older JSON, whole
 * and damaged. Method: real files with counts that were made without this code, folded here
 * anew, and single lines written by hand for what those files do not have.
 */
#include "interop/import.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "reader_fixture.h"

static const struct format *const format = &format_gemini;

/* ---- Real files ---- */

/* Every call in these files was answered, so there are as many results as calls; how often
 * the file repeats a result is counted apart. */
static void expect_counts(struct reading *reading, struct hf_slice session)
{
	struct tally tally = tally_of(reading);
	struct hf_slice in_files;
	char text[512];
	char name[64];

	text_of(session, "name", name, sizeof name);
	ck_assert(get(session, "in_files", &in_files));
	ck_assert_msg(tally.users == number(in_files, "user_prompts"), "%s: users", name);
	ck_assert_msg(tally.texts == number(in_files, "texts"), "%s: %zu texts", name, tally.texts);
	ck_assert_msg(tally.calls == number(in_files, "tool_calls"), "%s: calls", name);
	ck_assert_msg(tally.results == tally.calls, "%s: %zu results", name, tally.results);
	ck_assert_msg(tally.all_results ==
			      number(in_files, "tool_results") +
				      number(in_files, "function_responses"),
		      "%s: %zu results in all", name, tally.all_results);
	text_of(session, "first_user_text", text, sizeof text);
	ck_assert_str_eq(tally.first, text);
}

static int64_t start_of(struct hf_slice session)
{
	static const struct {
		const char *text;
		int64_t time_us;
	} starts[] = {
		{ "2026-11-22T23:48:26.652Z", INT64_C(1795391306652000) },
		{ "2026-11-22T23:53:57.309Z", INT64_C(1795391637309000) },
	};
	char text[64];

	text_of(session, "session_start_in_file", text, sizeof text);
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (strcmp(text, starts[i].text) == 0)
			return starts[i].time_us;
	}
	return 0;
}

static void expect_log(struct reading *reading, struct hf_slice session)
{
	struct session_facts facts = reading_facts(reading);
	struct hf_slice in_files;
	char text[512];

	expect_counts(reading, session);
	ck_assert(get(session, "in_files", &in_files));
	ck_assert_uint_eq(tally_of(reading).reasoning, number(in_files, "reasoning"));
	text_of(session, "session_id", text, sizeof text);
	ck_assert_slice(facts.foreign, text);
	text_of(session, "cwd", text, sizeof text);
	ck_assert_slice(facts.project, text);
	if (start_of(session) != 0)
		ck_assert_int_eq(facts.created_us, start_of(session));
}

START_TEST(logs_are_what_was_counted)
{
	ck_assert_uint_eq(each_session(format, "gemini", expect_log), 6);
}
END_TEST

static void expect_document(struct reading *reading, struct hf_slice session)
{
	struct session_facts facts = reading_facts(reading);
	struct hf_slice in_files;

	expect_counts(reading, session);
	ck_assert(get(session, "in_files", &in_files));
	ck_assert_uint_eq(tally_of(reading).reasoning, number(in_files, "reasoning"));
	ck_assert_uint_eq(facts.foreign.size, 36);
	ck_assert_uint_eq(facts.project.size, 0);
	if (start_of(session) != 0)
		ck_assert_int_eq(facts.created_us, start_of(session));
}

START_TEST(older_documents_are_what_was_counted)
{
	ck_assert_uint_eq(each_session(&format_gemini_document, "gemini-json", expect_document), 5);
}
END_TEST

/* The undamaged session has 3 prompts, 5 texts and 2 calls; a resume adds 1, 2 and 1. The
 * program forgets a last answer that is torn or overwritten, and so does what was counted. */
START_TEST(damage_costs_no_more_than_the_damaged_line)
{
	static const struct {
		const char *name;
		size_t users, texts, calls;
	} cases[] = {
		{ "first-line-corrupt.after.jsonl", 4, 7, 3 },
		{ "garbage-tail.after.jsonl", 4, 7, 3 },
		{ "late-line-corrupt.after.jsonl", 4, 6, 3 },
		{ "torn-reply.after.jsonl", 4, 6, 3 },
		{ "torn10.before.jsonl", 3, 5, 2 },
		{ "real-kill9-torn.jsonl", 1, 0, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct reading reading = { 0 };
		struct tally tally;
		char path[1024];
		size_t size;
		char *bytes;

		data_path(path, sizeof path, "damaged/gemini", cases[i].name);
		bytes = slurp(path, &size);
		reading_open(&reading, format, path, bytes, size);
		tally = tally_of(&reading);
		ck_assert_msg(tally.users == cases[i].users && tally.texts == cases[i].texts &&
				      tally.calls == cases[i].calls,
			      "%s: %zu users, %zu texts, %zu calls", cases[i].name, tally.users,
			      tally.texts, tally.calls);
		/* A header at each resume, and "$set", name the session too. */
		if (i + 1 < sizeof cases / sizeof cases[0])
			ck_assert_slice(reading_facts(&reading).foreign,
					"4550554f-0329-4332-887a-1961d5963a3b");
		reading_close(&reading);
		free(bytes);
	}
}
END_TEST

/* ---- Single lines ---- */

/* Expects the views of lines to be exactly these, in order; NULL at the end. */
static void expect_views(const struct format *of, const char *lines, const char *const *views)
{
	struct reading reading = { 0 };
	size_t count = 0;

	reading_open(&reading, of, "x.jsonl", lines, strlen(lines));
	for (; views[count] != NULL; count++) {
		ck_assert_msg(count < reading.count, "missing: %s", views[count]);
		ck_assert_str_eq(reading.views[count].text, views[count]);
	}
	ck_assert_msg(reading.count == count, "too much: %s",
		      reading.count > count ? reading.views[count].text : "");
	reading_close(&reading);
}

#define AT "\"timestamp\":\"2026-01-02T03:04:05.678Z\""
#define TIME "\"time\":\"2026-01-02T03:04:05.678Z\""
#define USER(id, content) "{\"id\":\"" id "\"," AT ",\"type\":\"user\",\"content\":" content "}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define SAID(id, text)                                                                         \
	"{\"role\":\"user\",\"content\":[" TEXT(text) "],\"id\":\"" id "\"," TIME "}"

START_TEST(a_log_replaces_and_takes_back)
{
	static const char *const views[] = {
		"{\"role\":\"system\",\"content\":[],\"time\":\"t\",\"project_hash\":\"h\","
		"\"meta\":true}",
		SAID("a", "A"),
		"{\"op\":\"rewind\",\"to\":\"a\"}",
		"{\"op\":\"reset\"}",
		SAID("b", "B"),
		SAID("c", "C"),
		NULL,
	};

	expect_views(format,
		     "{\"sessionId\":\"s\",\"projectHash\":\"h\",\"startTime\":\"t\"}\n"
		     USER("a", "\"A\"") "\n"
		     "{\"$rewindTo\":\"a\"}\n"
		     "{\"$set\":{\"lastUpdated\":\"u\"}}\n"
		     "{\"$set\":{\"messages\":[" USER("b", "{\"text\":\"B\"}") "," USER("c", "[\"C\"]")
		     "]}}\n"
		     "{\"unknown\":1}\n[]\n",
		     views);
}
END_TEST

START_TEST(an_answer_has_thoughts_text_calls_and_results_in_order)
{
	static const char *const views[] = {
		"{\"role\":\"assistant\",\"content\":["
		"{\"type\":\"thinking\",\"thinking\":\"**S** D\"}," TEXT("T") ","
		"{\"type\":\"tool_call\",\"id\":\"1\",\"name\":\"f\",\"arguments\":{\"x\":1}},"
		"{\"type\":\"tool_result\",\"id\":\"1\",\"name\":\"f\",\"content\":\"out\"},"
		"{\"type\":\"tool_call\",\"id\":\"2\",\"name\":\"g\",\"arguments\":{}},"
		"{\"type\":\"tool_result\",\"id\":\"2\",\"name\":\"g\",\"content\":\"bad\","
		"\"is_error\":true},"
		"{\"type\":\"tool_call\",\"id\":\"3\",\"name\":\"h\",\"arguments\":{}}],"
		"\"model\":\"m\",\"usage\":{\"input\":1,\"output\":2,\"cache_read\":3},"
		"\"id\":\"a\"," TIME "}",
		NULL,
	};

	expect_views(
		format,
		"{\"id\":\"a\"," AT ",\"type\":\"gemini\",\"content\":\"T\",\"thoughts\":["
		"{\"subject\":\"S\",\"description\":\"D\"}],\"tokens\":{\"input\":1,\"output\":2,"
		"\"cached\":3},\"model\":\"m\",\"toolCalls\":["
		"{\"id\":\"1\",\"name\":\"f\",\"args\":{\"x\":1},\"result\":[{\"functionResponse\":"
		"{\"id\":\"1\",\"response\":{\"output\":\"out\"}}}],\"status\":\"success\"},"
		"{\"id\":\"2\",\"name\":\"g\",\"args\":{},\"result\":[{\"functionResponse\":"
		"{\"id\":\"1\",\"response\":{\"output\":\"no\"}}},{\"functionResponse\":"
		"{\"id\":\"2\",\"response\":{\"error\":\"bad\"}}}],\"status\":\"success\"},"
		"{\"id\":\"3\",\"name\":\"h\",\"args\":{},\"status\":\"cancelled\"}]}\n",
		views);
}
END_TEST

#define RESPONSE(id) "{\"functionResponse\":{\"id\":\"" id "\",\"response\":{\"output\":\"o\"}}}"
#define RESULT(id) "{\"type\":\"tool_result\",\"id\":\"" id "\",\"content\":\"o\"}"
#define CALL(id) "{\"type\":\"tool_call\",\"id\":\"" id "\",\"name\":\"f\",\"arguments\":{}}"

START_TEST(a_result_that_is_told_again_is_set_aside)
{
	static const char *const views[] = {
		"{\"op\":\"reset\"}",
		"{\"role\":\"assistant\",\"content\":[" CALL("1") "],\"id\":\"a\"," TIME "}",
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"id\":\"a_response\"," TIME "}",
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"meta\":true,\"id\":\"b\"," TIME "}",
		"{\"role\":\"user\",\"content\":[" TEXT("x") "],\"id\":\"c\"," TIME "}",
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"id\":\"d\"," TIME "}",
		NULL,
	};

	/* Calls in the content are not repeated from beside it. */
	expect_views(format,
		     "{\"$set\":{\"messages\":[{\"id\":\"a\"," AT ",\"type\":\"gemini\",\"content\":["
		     "{\"functionCall\":{\"id\":\"1\",\"name\":\"f\",\"args\":{}}}],\"tokens\":null,"
		     "\"toolCalls\":[{\"id\":\"1\",\"name\":\"f\",\"result\":null}]},"
		     USER("a_response", "[" RESPONSE("1") "]") ","
		     USER("b", "[" RESPONSE("1") "]") "," USER("c", "\"x\"") ","
		     USER("d", "[" RESPONSE("1") "]") "]}}\n",
		     views);
}
END_TEST

/* After a reset nothing is known of what was answered before. */
START_TEST(a_reset_forgets_what_was_answered)
{
	static const char *const views[] = {
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"id\":\"a\"," TIME "}",
		"{\"op\":\"reset\"}",
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"id\":\"b\"," TIME "}",
		"{\"op\":\"rewind\",\"to\":\"b\"}",
		"{\"role\":\"tool\",\"content\":[" RESULT("1") "],\"id\":\"c\"," TIME "}",
		NULL,
	};

	expect_views(format,
		     USER("a", "[" RESPONSE("1") "]") "\n"
		     "{\"$set\":{\"messages\":[" USER("b", "[" RESPONSE("1") "]") "]}}\n"
		     "{\"$rewindTo\":\"b\"}\n"
		     USER("c", "[" RESPONSE("1") "]") "\n",
		     views);
}
END_TEST

START_TEST(thoughts_in_the_content_are_not_repeated_and_failed_tools_are_marked)
{
	static const char *const views[] = {
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"D\"},"
		CALL("1") ",{\"type\":\"tool_result\",\"id\":\"1\",\"name\":\"f\",\"content\":\"o\","
		"\"is_error\":true}],\"id\":\"a\"," TIME "}",
		NULL,
	};

	expect_views(format,
		     "{\"id\":\"a\"," AT ",\"type\":\"gemini\",\"content\":[{\"text\":\"D\",\"thought\":"
		     "true}],\"thoughts\":[{\"description\":\"D\"}],\"toolCalls\":[{\"id\":\"1\",\"name\":"
		     "\"f\",\"result\":[" RESPONSE("1") "],\"status\":\"error\"}]}\n",
		     views);
}
END_TEST

START_TEST(context_and_a_prompt_in_one_message_are_two_views)
{
	static const char *const views[] = {
		"{\"role\":\"user\",\"content\":[" TEXT("<session_context>\\n- **Workspace "
		"Directories:**\\n  - /home/me/x\\n</session_context>") "],\"meta\":true," TIME "}",
		SAID("a", "Go"),
		"{\"role\":\"user\",\"content\":[" TEXT("<hook_context>") "],\"meta\":true,"
		"\"id\":\"b\"," TIME "}",
		NULL,
	};
	static const char lines[] =
		USER("a", "[{\"text\":\"<session_context>\\n- **Workspace Directories:**\\n  - "
			  "/home/me/x\\n</session_context>\"},{\"text\":\"Go\"}]") "\n"
		USER("b", "[{\"text\":\"<hook_context>\"}]") "\n";
	struct reading reading = { 0 };

	expect_views(format, lines, views);
	reading_open(&reading, format, "x.jsonl", lines, strlen(lines));
	ck_assert_slice(reading_facts(&reading).project, "/home/me/x");
	reading_close(&reading);
}
END_TEST

START_TEST(files_and_unknown_parts_are_kept)
{
	static const char *const views[] = {
		"{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"media_type\":\"image/png\","
		"\"data\":\"QQ==\"},{\"type\":\"file\",\"media_type\":\"text/x\",\"url\":\"gs://x\"},"
		"{\"type\":\"other\",\"value\":{\"new\":[1]}}],\"id\":\"a\"," TIME "}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"1\",\"content\":["
		"{\"type\":\"text\",\"text\":\"o\"},{\"type\":\"image\",\"media_type\":\"image/png\","
		"\"data\":\"QQ==\"}]}],\"id\":\"b\"," TIME "}",
		NULL,
	};

	expect_views(format,
		     USER("a", "[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"QQ==\"}},"
			       "{\"fileData\":{\"mimeType\":\"text/x\",\"fileUri\":\"gs://x\"}},"
			       "{\"new\":[1]},{\"text\":\"\"}]") "\n"
		     USER("b", "[{\"functionResponse\":{\"id\":\"1\",\"response\":{\"output\":\"o\"},"
			       "\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"QQ==\"}"
			       "}]}}]") "\n",
		     views);
}
END_TEST

START_TEST(what_the_program_tells_its_user_is_no_part_of_the_conversation)
{
	static const char *const views[] = {
		"{\"role\":\"system\",\"content\":[" TEXT("I") "],\"meta\":true,\"id\":\"i\"," TIME "}",
		"{\"role\":\"system\",\"content\":[" TEXT("E") "],\"error\":true,\"id\":\"e\"," TIME "}",
		NULL,
	};

	expect_views(format,
		     "{\"id\":\"i\"," AT ",\"type\":\"info\",\"content\":\"I\"}\n"
		     "{\"id\":\"e\"," AT ",\"type\":\"error\",\"content\":\"E\"}\n"
		     "{\"id\":\"x\"," AT ",\"type\":\"new\",\"content\":\"X\"}\n",
		     views);
}
END_TEST

START_TEST(a_document_has_its_title_behind_its_messages)
{
	static const char document[] = "{\n \"sessionId\": \"s1\",\n \"projectHash\": \"h\",\n"
				       " \"startTime\": \"2026-01-02T03:04:05.678Z\",\n"
				       " \"messages\": [\n  " USER("a", "\"A\"") ",\n  "
				       USER("b", "\"B\"") "\n ],\n \"summary\": \"Two letters\"\n}\n";
	static const char *const views[] = {
		"{\"role\":\"system\",\"content\":[]," TIME ",\"project_hash\":\"h\",\"meta\":true}",
		SAID("a", "A"),
		SAID("b", "B"),
		NULL,
	};
	struct reading reading = { 0 };

	expect_views(&format_gemini_document, document, views);
	reading_open(&reading, &format_gemini_document, "x.json", document, strlen(document));
	ck_assert_slice(reading_facts(&reading).foreign, "s1");
	ck_assert_slice(reading_facts(&reading).name, "Two letters");
	ck_assert_int_eq(reading_facts(&reading).created_us, INT64_C(1767323045678000));
	reading_close(&reading);
}
END_TEST

/* ---- Sources ---- */

START_TEST(a_file_beside_the_sessions_names_the_project)
{
	struct import_env env = { .sys = sys_posix() };
	struct scratch scratch = scratch_open();
	struct reading reading = { .env = &env };
	char path[512];

	scratch_mkdir(scratch.fd, "chats");
	scratch_put(scratch.fd, ".project_root", "/home/me/root\n", 14);
	ck_assert_int_lt(snprintf(path, sizeof path, "%s/chats/8d34761a/x.jsonl", scratch.path),
			 (int)sizeof path);
	reading_open(&reading, format, path, "", 0);
	ck_assert_slice(reading_facts(&reading).project, "/home/me/root");
	ck_assert_slice(reading_facts(&reading).parent, "8d34761a");
	reading_close(&reading);
	scratch_put(scratch.fd, ".project_root", "relative", 8);
	reading_open(&reading, format, path, "", 0);
	ck_assert_slice(reading_facts(&reading).project, "");
	reading_close(&reading);
	scratch_close(&scratch);
}
END_TEST

static int detect(const struct format *of, const char *start)
{
	struct probe probe = { .path = "x", .name = "x", .start = { start, strlen(start) } };

	return of->reader->detect(&probe);
}

START_TEST(the_two_formats_are_told_apart)
{
	static const char header[] = "{\"sessionId\":\"s\",\"projectHash\":\"h\"}\n";
	static const char pretty[] = "{\n\"sessionId\": \"s\",\n\"projectHash\": \"h\",\n"
				     "\"messages\": [\n{\"id\": \"a";
	static const char line[] = "{\"sessionId\":\"s\",\"projectHash\":\"h\",\"messages\":[]}";
	const struct format *document = &format_gemini_document;

	ck_assert_int_gt(detect(format, header), 90);
	ck_assert_int_gt(detect(format, "{\"sess\x01\n{\"$set\":{}}\n"), 80);
	ck_assert_int_gt(detect(format, "{\"$rewindTo\":\"a\"}\n"), 80);
	ck_assert_int_gt(detect(format, "{\"$set\":{\"messages\":[{\"id\":\"a"), 50);
	ck_assert_int_eq(detect(document, header), 0);
	ck_assert_int_eq(detect(document, "{\"sessionId\":\"s\",\"projectHash\":\"h\"}\n"
					  "{\"$set\":{\"messages\":[]}}\n"),
			 0);
	ck_assert_int_gt(detect(document, pretty), 80);
	ck_assert_int_eq(detect(format, pretty), 0);
	ck_assert_int_gt(detect(document, line), 80);
	ck_assert_int_eq(detect(format, line), 0);
	ck_assert_int_eq(detect(format, "{\"id\":\"a\",\"type\":\"user\",\"message\":{}}\n"), 0);
	ck_assert_int_eq(detect(document, "{\"sessionId\":\"s\",\"projectHash\":\"h\"}"), 0);
	ck_assert_int_eq(detect(document, "[]"), 0);
	ck_assert_int_eq(detect(document, ""), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_gemini");
	TCase *files = runner_cases(suite, "files", 60);
	TCase *lines = runner_cases(suite, "lines", 60);
	TCase *sources = runner_cases(suite, "sources", 60);

	tcase_add_test(files, logs_are_what_was_counted);
	tcase_add_test(files, older_documents_are_what_was_counted);
	tcase_add_test(files, damage_costs_no_more_than_the_damaged_line);
	tcase_add_test(lines, a_log_replaces_and_takes_back);
	tcase_add_test(lines, an_answer_has_thoughts_text_calls_and_results_in_order);
	tcase_add_test(lines, a_result_that_is_told_again_is_set_aside);
	tcase_add_test(lines, a_reset_forgets_what_was_answered);
	tcase_add_test(lines,
		       thoughts_in_the_content_are_not_repeated_and_failed_tools_are_marked);
	tcase_add_test(lines, context_and_a_prompt_in_one_message_are_two_views);
	tcase_add_test(lines, files_and_unknown_parts_are_kept);
	tcase_add_test(lines, what_the_program_tells_its_user_is_no_part_of_the_conversation);
	tcase_add_test(lines, a_document_has_its_title_behind_its_messages);
	tcase_add_test(sources, a_file_beside_the_sessions_names_the_project);
	tcase_add_test(sources, the_two_formats_are_told_apart);
	return runner_run_in_memory(suite);
}
