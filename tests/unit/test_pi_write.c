/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session of any origin becomes a tree as pi writes, lists and resumes it. Method:
 * messages appended by hand; the lines are compared with lines written by hand, in the shape
 * that version 0.73.1 was seen to list and resume.
 */
#include "convert_fixture.h"
#include "lib/runner.h"

static void setup(void)
{
	begin_conversion(NULL, NULL);
}

#define HEADER \
	"{\"type\":\"session\",\"version\":3,\"id\":\"" ID_1 "\",\"timestamp\":\"" TIME "\"," \
	"\"cwd\":\"/p\"}\n"
#define ENTRY(type, id, parent, rest) \
	"{\"type\":\"" type "\",\"id\":\"" id "\",\"parentId\":" parent ",\"timestamp\":\"" TIME "\"," \
	rest "}\n"
#define USER(id, parent, content) \
	ENTRY("message", id, parent, "\"message\":{\"role\":\"user\",\"content\":[" content "]," \
	      "\"timestamp\":" TIME_MS "}")
#define USAGE(input, output, total) \
	"\"usage\":{\"input\":" input ",\"output\":" output ",\"cacheRead\":0,\"cacheWrite\":0," \
	"\"totalTokens\":" total ",\"cost\":{\"input\":0,\"output\":0,\"cacheRead\":0," \
	"\"cacheWrite\":0,\"total\":0}}"
#define ANSWER(id, parent, content, stop) \
	ENTRY("message", id, parent, "\"message\":{\"role\":\"assistant\",\"content\":[" content "]," \
	      "\"api\":\"openai-completions\",\"provider\":\"unknown\",\"model\":\"unknown\"," \
	      USAGE("0", "0", "0") ",\"stopReason\":\"" stop "\",\"timestamp\":" TIME_MS "}")
#define RESULT(id, parent, call, name, content, error) \
	ENTRY("message", id, parent, "\"message\":{\"role\":\"toolResult\"," \
	      "\"toolCallId\":\"" call "\",\"toolName\":\"" name "\"," \
	      "\"content\":[" content "],\"isError\":" error ",\"timestamp\":" TIME_MS "}")
#define CALL(id, name, arguments) \
	"{\"type\":\"toolCall\",\"id\":\"" id "\",\"name\":\"" name "\",\"arguments\":" arguments "}"
#define ASK(id, name, arguments) \
	"{\"type\":\"tool_call\",\"id\":\"" id "\",\"name\":\"" name "\",\"arguments\":" arguments "}"
#define GIVE(id, content) "{\"type\":\"tool_result\",\"id\":\"" id "\",\"content\":" content "}"

START_TEST(a_conversation_is_a_chain_of_entries)
{
	say(SAY("user", TEXT("Hi")));
	say(SAY_WITH("assistant", "{\"type\":\"thinking\",\"thinking\":\"hm\"}," TEXT("Ho"),
		     ",\"model\":\"claude-x\",\"usage\":{\"input\":3,\"output\":4}"));
	expect_conversion("pi",
		HEADER USER("#1", "null", TEXT("Hi"))
		ENTRY("message", "#2", "\"#1\"", "\"message\":{\"role\":\"assistant\",\"content\":["
		      "{\"type\":\"thinking\",\"thinking\":\"hm\"}," TEXT("Ho") "],"
		      "\"api\":\"anthropic-messages\",\"provider\":\"anthropic\",\"model\":\"claude-x\","
		      USAGE("3", "4", "7") ",\"stopReason\":\"stop\",\"timestamp\":" TIME_MS "}"),
		"");
	ck_assert_str_eq(conversion.done.name, "2026-01-02T03-04-05-678Z_" ID_1 ".jsonl");
	ck_assert_uint_eq(conversion.done.messages, 2);
}
END_TEST

/* Claude Code spreads an answer over records; pi has one for each answer. */
START_TEST(parts_of_one_answer_are_put_together)
{
	say(SAY_WITH("assistant", TEXT("a"), ",\"reply\":\"r\""));
	say(SAY_WITH("assistant", ASK("c1", "ls", "{}"), ",\"reply\":\"r\""));
	say(SAY_WITH("assistant", ASK("c2", "cat", "{\"f\":1}"), ",\"reply\":\"r\""));
	say(SAY("tool", GIVE("c2", "\"two\"")));
	say(SAY("tool", GIVE("c1", "[" TEXT("one") "]")));
	say(SAY_WITH("assistant", TEXT("b"), ",\"reply\":\"s\""));
	expect_conversion("pi",
		HEADER
		ANSWER("#1", "null", TEXT("a") "," CALL("c1", "ls", "{}") ","
		       CALL("c2", "cat", "{\"f\":1}"), "toolUse")
		RESULT("#2", "\"#1\"", "c2", "cat", TEXT("two"), "false")
		RESULT("#3", "\"#2\"", "c1", "ls", TEXT("one"), "false")
		ANSWER("#4", "\"#3\"", TEXT("b"), "stop"),
		"");
}
END_TEST

START_TEST(every_call_has_a_result_before_the_user_speaks_again)
{
	say(SAY("assistant", ASK("c1", "ls", "{}")));
	say(SAY("user", TEXT("Stop")));
	say(SAY("tool", GIVE("c1", "\"late\"")));
	say(SAY("assistant", ASK("c|2", "ls", "\"{\\\"a\\\": 1}\"")));
	expect_conversion("pi",
		HEADER ANSWER("#1", "null", CALL("c1", "ls", "{}"), "toolUse")
		RESULT("#2", "\"#1\"", "c1", "ls", TEXT("[no result was recorded]"), "true")
		USER("#3", "\"#2\"", TEXT("Stop"))
		USER("#4", "\"#3\"", TEXT("late"))
		ANSWER("#5", "\"#4\"", CALL("#6", "ls", "{\"a\":1}"), "toolUse")
		RESULT("#7", "\"#5\"", "#6", "ls", TEXT("[no result was recorded]"), "true"),
		"calls without a result, answered by an error: 2\n"
		"results without their calls, written as text: 1\n");
}
END_TEST

START_TEST(errors_and_summaries_have_entries_of_their_own)
{
	say(SAY_WITH("assistant", TEXT("400"), ",\"error\":true"));
	say(SAY_WITH("user", TEXT("so far"), ",\"summary\":true"));
	say(SAY_WITH("user", TEXT("there"), ",\"summary\":true,\"branch\":true"));
	expect_conversion("pi",
		HEADER
		ENTRY("message", "#1", "null", "\"message\":{\"role\":\"assistant\",\"content\":[],"
		      "\"api\":\"openai-completions\",\"provider\":\"unknown\",\"model\":\"unknown\","
		      USAGE("0", "0", "0") ",\"stopReason\":\"error\",\"errorMessage\":\"400\","
		      "\"timestamp\":" TIME_MS "}")
		ENTRY("compaction", "#2", "\"#1\"", "\"firstKeptEntryId\":\"#2\",\"tokensBefore\":0,"
		      "\"summary\":\"so far\"")
		ENTRY("branch_summary", "#3", "\"#2\"", "\"fromId\":\"#3\",\"summary\":\"there\""),
		"");
}
END_TEST

START_TEST(what_cannot_be_carried_over_is_told)
{
	say(SAY("system", TEXT("Be good")));
	say(SAY("user", "{\"type\":\"image\",\"media_type\":\"image/gif\",\"data\":\"AAAA\"},"
			"{\"type\":\"image\",\"url\":\"https://x/\"},{\"type\":\"file\",\"name\":\"f\"},"
			"{\"type\":\"image\",\"url\":\"data:image/webp;base64,BBBB\"},"
			"{\"type\":\"image\",\"url\":\"data:image/webp;base64,\"},"
			"{\"type\":\"image\",\"url\":\"data:image/webp\"},"
			"{\"type\":\"other\",\"value\":1}"));
	expect_conversion("pi",
		HEADER USER("#1", "null", TEXT("Be good"))
		USER("#2", "\"#1\"", "{\"type\":\"image\",\"mimeType\":\"image/gif\",\"data\":\"AAAA\"},"
		     "{\"type\":\"image\",\"mimeType\":\"image/webp\",\"data\":\"BBBB\"}"),
		"system messages, written as the user's: 1\n"
		"images without data: 3\nfiles: 1\nparts of unknown kinds: 1\n");
}
END_TEST

START_TEST(the_name_comes_last)
{
	end_conversion();
	begin_conversion("My \"work\"", NULL);
	say(SAY("user", TEXT("Hi")));
	expect_conversion("pi", HEADER USER("#1", "null", TEXT("Hi"))
			  ENTRY("session_info", "#2", "\"#1\"", "\"name\":\"My \\\"work\\\"\""), "");
}
END_TEST

/* As services want them, and as hosts therefore keep them. */
START_TEST(results_under_the_users_name_answer_their_calls)
{
	say(SAY("assistant", ASK("c1", "ls", "{}") "," ASK("c2", "ls", "{}")));
	say(SAY("user", GIVE("c1", "\"one\"")));
	say(SAY("user", GIVE("c2", "\"two\"") "," TEXT("on")));
	expect_conversion("pi",
		HEADER
		ANSWER("#1", "null", CALL("c1", "ls", "{}") "," CALL("c2", "ls", "{}"), "toolUse")
		RESULT("#2", "\"#1\"", "c1", "ls", TEXT("one"), "false")
		RESULT("#3", "\"#2\"", "c2", "ls", TEXT("two"), "false")
		USER("#4", "\"#3\"", TEXT("on")),
		"");
}
END_TEST

START_TEST(a_message_of_nothing_that_can_be_carried_over_is_told_and_is_no_entry)
{
	say(SAY("user", "{\"type\":\"file\",\"name\":\"a\",\"data\":\"QQ==\"}"));
	say(SAY("user", "{\"type\":\"image\",\"url\":\"https://a/b.png\"}"));
	say(SAY("user", TEXT("Hi")));
	expect_conversion("pi", HEADER USER("#1", "null", TEXT("Hi")),
			  "files: 1\nimages without data: 1\n");
}
END_TEST

START_TEST(an_id_that_comes_again_is_replaced)
{
	say(SAY("assistant", ASK("c1", "ls", "{}")));
	say(SAY("tool", GIVE("c1", "\"one\"")));
	say(SAY("assistant", ASK("c1", "ls", "{}") "," ASK("c1", "ls", "{}")));
	say(SAY("tool", GIVE("c1", "\"two\"") "," GIVE("c1", "\"three\"")));
	expect_conversion("pi",
		HEADER
		ANSWER("#1", "null", CALL("c1", "ls", "{}"), "toolUse")
		RESULT("#2", "\"#1\"", "c1", "ls", TEXT("one"), "false")
		ANSWER("#3", "\"#2\"", CALL("#4", "ls", "{}") "," CALL("#5", "ls", "{}"), "toolUse")
		RESULT("#6", "\"#3\"", "#4", "ls", TEXT("two"), "false")
		RESULT("#7", "\"#6\"", "#5", "ls", TEXT("three"), "false"),
		"");
}
END_TEST

START_TEST(the_same_session_gives_the_same_bytes_and_no_id_twice)
{
	static char first[CONVERT_ROOM];

	for (size_t i = 0; i < 30; i++)
		say(SAY("user", TEXT("Hi")));
	convert_to("pi");
	memcpy(first, conversion.written, sizeof first);
	ck_assert_ptr_nonnull(strstr(conversion.masked, "\"id\":\"#30\",\"parentId\":\"#29\""));
	convert_to("pi");
	ck_assert_str_eq(conversion.written, first);
}
END_TEST

START_TEST(a_session_without_messages_is_a_header)
{
	convert_to("pi");
	ck_assert_int_eq(strncmp(conversion.masked, "{\"type\":\"session\",\"version\":3,", 30), 0);
	ck_assert_ptr_eq(strchr(conversion.masked, '\n') + 1, strchr(conversion.masked, '\0'));
}
END_TEST

#define PIECE(n, line, json) \
	",\"source\":{\"at\":" n ",\"line\":" line ",\"json\":" json "}}"
#define FIRST "{\"type\":\"session\",\"version\":3,\"id\":\"s-1\"}"
#define SECOND "{\"type\":\"message\",\"id\":\"b1\",\"parentId\":null}"

START_TEST(what_was_added_to_an_import_goes_on_from_its_last_entry)
{
	end_conversion();
	begin_conversion(NULL, "{\"format\":\"pi\",\"foreign\":\"s-1\",\"path\":\"/x/y_s-1.jsonl\"}");
	say_as("x-source", "{\"source\":{\"at\":0,\"line\":1,\"json\":" FIRST "}}");
	say("{\"role\":\"user\",\"content\":[" TEXT("Hi") "],\"id\":\"b1\",\"parent\":null"
	    PIECE("42", "2", SECOND));
	say(SAY("assistant", TEXT("Ho")));
	expect_conversion("pi", FIRST "\n" SECOND "\n" ANSWER("#1", "\"b1\"", TEXT("Ho"), "stop"),
			  "");
	ck_assert_str_eq(conversion.done.name, "y_s-1.jsonl");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pi_write");
	TCase *cases = runner_cases(suite, "pi", 60);

	tcase_add_checked_fixture(cases, setup, end_conversion);
	tcase_add_test(cases, a_conversation_is_a_chain_of_entries);
	tcase_add_test(cases, parts_of_one_answer_are_put_together);
	tcase_add_test(cases, every_call_has_a_result_before_the_user_speaks_again);
	tcase_add_test(cases, results_under_the_users_name_answer_their_calls);
	tcase_add_test(cases, a_message_of_nothing_that_can_be_carried_over_is_told_and_is_no_entry);
	tcase_add_test(cases, an_id_that_comes_again_is_replaced);
	tcase_add_test(cases, errors_and_summaries_have_entries_of_their_own);
	tcase_add_test(cases, what_cannot_be_carried_over_is_told);
	tcase_add_test(cases, the_name_comes_last);
	tcase_add_test(cases, the_same_session_gives_the_same_bytes_and_no_id_twice);
	tcase_add_test(cases, a_session_without_messages_is_a_header);
	tcase_add_test(cases, what_was_added_to_an_import_goes_on_from_its_last_entry);
	return runner_run_in_memory(suite);
}
