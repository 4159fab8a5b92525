/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session of any origin becomes lines as Claude Code writes, lists and resumes them.
 * Method: messages appended by hand; the lines are compared with lines written by hand, in
 * the shape that version 2.1.197 was seen to list and resume.
 */
#include "base/mem.h"
#include "convert_fixture.h"
#include "lib/runner.h"

static void setup(void)
{
	begin_conversion(NULL, NULL);
}

#define LINE(parent, id, type, rest) \
	"{\"parentUuid\":" parent ",\"isSidechain\":false,\"type\":\"" type "\"" rest END(id)
#define END(id) \
	",\"uuid\":\"" id "\",\"timestamp\":\"" TIME "\",\"userType\":\"external\"," \
	"\"entrypoint\":\"cli\",\"cwd\":\"/p\",\"sessionId\":\"" ID_1 "\",\"version\":\"2.1.197\"," \
	"\"gitBranch\":\"\"}\n"
#define USER(parent, id, content) \
	LINE(parent, id, "user", ",\"message\":{\"role\":\"user\",\"content\":[" content "]}")
#define BLOCK(parent, id, answer, content, stop) \
	LINE(parent, id, "assistant", ",\"message\":{\"id\":\"" answer "\",\"type\":\"message\"," \
	     "\"role\":\"assistant\",\"model\":\"unknown\",\"content\":[" content "]," \
	     "\"stop_sequence\":null,\"stop_reason\":\"" stop "\",\"usage\":{\"input_tokens\":0," \
	     "\"output_tokens\":0,\"cache_read_input_tokens\":0,\"cache_creation_input_tokens\":0}}")
#define CALL(id, name, input) \
	"{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"" name "\",\"input\":" input "}"
#define RESULT(id, content, error) \
	"{\"tool_use_id\":\"" id "\",\"type\":\"tool_result\",\"content\":" content "," \
	"\"is_error\":" error "}"
#define ASK(id, name, arguments) \
	"{\"type\":\"tool_call\",\"id\":\"" id "\",\"name\":\"" name "\",\"arguments\":" arguments "}"
#define GIVE(id, content) "{\"type\":\"tool_result\",\"id\":\"" id "\",\"content\":" content "}"

START_TEST(a_conversation_is_a_chain_of_lines)
{
	say(SAY("user", TEXT("Hi")));
	say(SAY_WITH("assistant", TEXT("Ho") "," TEXT("Hum"),
		     ",\"model\":\"m\",\"usage\":{\"input\":1,\"output\":2,\"cache_read\":3,"
		     "\"cache_write\":4}"));
	convert_to("claude-code");
	ck_assert_str_eq(conversion.notes, "");
	ck_assert_str_eq(conversion.done.name, ID_1 ".jsonl");
	ck_assert_int_eq(strncmp(conversion.masked, USER("null", "#1", TEXT("Hi")),
				 strlen(USER("null", "#1", TEXT("Hi")))), 0);
	/* Each block has a line; both are of one answer. */
	ck_assert_ptr_nonnull(strstr(conversion.masked,
		"{\"parentUuid\":\"#1\",\"isSidechain\":false,\"type\":\"assistant\",\"message\":"
		"{\"id\":\"#2\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":["
		TEXT("Ho") "],\"stop_sequence\":null,\"stop_reason\":\"end_turn\",\"usage\":"
		"{\"input_tokens\":1,\"output_tokens\":2,\"cache_read_input_tokens\":3,"
		"\"cache_creation_input_tokens\":4}}" END("#3")));
	ck_assert_ptr_nonnull(strstr(conversion.masked,
		"{\"parentUuid\":\"#3\",\"isSidechain\":false,\"type\":\"assistant\",\"message\":"
		"{\"id\":\"#2\","));
}
END_TEST

START_TEST(calls_and_results_are_joined)
{
	say(SAY("assistant", TEXT("a") "," ASK("c1", "ls", "{\"p\":1}") "," ASK("c 2", "cat", "[1]")));
	say(SAY("tool", GIVE("c 2", "[" TEXT("two") ",{\"type\":\"image\",\"data\":\"AAAA\","
					    "\"mimeType\":\"image/gif\"}]") ","
			GIVE("c1", "\"one\"")));
	say(SAY("assistant", TEXT("b")));
	expect_conversion("claude-code",
		BLOCK("null", "#2", "#1", TEXT("a"), "tool_use")
		BLOCK("\"#2\"", "#3", "#1", CALL("c1", "ls", "{\"p\":1}"), "tool_use")
		BLOCK("\"#3\"", "#5", "#1", CALL("#4", "cat", "{\"value\":[1]}"), "tool_use")
		USER("\"#5\"", "#6", RESULT("#4", "[" TEXT("two") ",{\"type\":\"image\",\"source\":{"
				"\"type\":\"base64\",\"media_type\":\"image/gif\",\"data\":\"AAAA\"}}]",
				"false"))
		USER("\"#6\"", "#7", RESULT("c1", "\"one\"", "false"))
		BLOCK("\"#7\"", "#9", "#8", TEXT("b"), "end_turn"),
		"");
}
END_TEST

START_TEST(every_call_has_a_result_before_the_user_speaks_again)
{
	say(SAY("assistant", ASK("c1", "ls", "{}")));
	say(SAY("assistant", TEXT("so")));
	say(SAY("user", TEXT("Stop")));
	say(SAY("tool", GIVE("c1", "\"late\"")));
	say(SAY("assistant", ASK("c2", "ls", "{}")));
	expect_conversion("claude-code",
		BLOCK("null", "#2", "#1", CALL("c1", "ls", "{}"), "tool_use")
		/* The result has to come right behind the answer, so this is part of it. */
		BLOCK("\"#2\"", "#3", "#1", TEXT("so"), "end_turn")
		USER("\"#3\"", "#4", RESULT("c1", "\"[no result was recorded]\"", "true"))
		USER("\"#4\"", "#5", TEXT("Stop"))
		USER("\"#5\"", "#6", TEXT("late"))
		BLOCK("\"#6\"", "#8", "#7", CALL("c2", "ls", "{}"), "tool_use")
		USER("\"#8\"", "#9", RESULT("c2", "\"[no result was recorded]\"", "true")),
		"calls without a result, answered by an error: 2\n"
		"results without their calls, written as text: 1\n");
}
END_TEST

/* As the service wants them, and as hosts therefore keep them. */
START_TEST(results_under_the_users_name_answer_their_calls)
{
	say(SAY("assistant", ASK("c1", "ls", "{}") "," ASK("c2", "ls", "{}")));
	say(SAY("user", GIVE("c1", "\"one\"")));
	say(SAY("user", GIVE("c2", "\"two\"") "," TEXT("on")));
	expect_conversion("claude-code",
		BLOCK("null", "#2", "#1", CALL("c1", "ls", "{}"), "tool_use")
		BLOCK("\"#2\"", "#3", "#1", CALL("c2", "ls", "{}"), "tool_use")
		USER("\"#3\"", "#4", RESULT("c1", "\"one\"", "false"))
		USER("\"#4\"", "#5", RESULT("c2", "\"two\"", "false"))
		USER("\"#5\"", "#6", TEXT("on")),
		"");
}
END_TEST

START_TEST(an_id_that_comes_again_is_replaced)
{
	say(SAY("assistant", ASK("c1", "ls", "{}")));
	say(SAY("tool", GIVE("c1", "\"one\"")));
	say(SAY("assistant", ASK("c1", "ls", "{}")));
	say(SAY("tool", GIVE("c1", "\"two\"")));
	expect_conversion("claude-code",
		BLOCK("null", "#2", "#1", CALL("c1", "ls", "{}"), "tool_use")
		USER("\"#2\"", "#3", RESULT("c1", "\"one\"", "false"))
		BLOCK("\"#3\"", "#6", "#4", CALL("#5", "ls", "{}"), "tool_use")
		USER("\"#6\"", "#7", RESULT("#5", "\"two\"", "false")),
		"");
}
END_TEST

START_TEST(a_summary_begins_the_chain_anew)
{
	say(SAY("user", TEXT("Hi")));
	say(SAY_WITH("user", TEXT("so far"), ",\"summary\":true"));
	say(SAY("user", TEXT("On")));
	expect_conversion("claude-code",
		USER("null", "#1", TEXT("Hi"))
		"{\"parentUuid\":null,\"logicalParentUuid\":\"#1\",\"isSidechain\":false,"
		"\"type\":\"system\",\"subtype\":\"compact_boundary\",\"content\":"
		"\"Conversation compacted\",\"isMeta\":false,\"level\":\"info\",\"compactMetadata\":{"
		"\"trigger\":\"auto\",\"preTokens\":0}" END("#2")
		LINE("\"#2\"", "#3", "user", ",\"message\":{\"role\":\"user\",\"content\":["
		     TEXT("so far") "]},\"isVisibleInTranscriptOnly\":true,\"isCompactSummary\":true")
		USER("\"#3\"", "#4", TEXT("On")),
		"");
}
END_TEST

START_TEST(what_cannot_be_carried_over_is_told)
{
	say(SAY("system", TEXT("Be good")));
	say(SAY("user", "{\"type\":\"image\",\"media_type\":\"image/gif\"},{\"type\":\"file\",\"name\":"
			"\"f\"},{\"type\":\"other\",\"value\":1}"));
	say(SAY("assistant", "{\"type\":\"thinking\",\"thinking\":\"hm\"},{\"type\":\"image\",\"url\":"
			     "\"https://x/\"}"));
	expect_conversion("claude-code",
		LINE("null", "#1", "user", ",\"message\":{\"role\":\"user\",\"content\":["
		     TEXT("Be good") "]},\"isMeta\":true"),
		"system messages, written as the user's: 1\n"
		"images without data: 1\nfiles: 1\nparts of unknown kinds: 1\n"
		"thinking, which needs its service's signature: 1\n"
		"images and files that the model gave: 1\n");
}
END_TEST

START_TEST(what_stands_beside_the_conversation_is_told_of)
{
	say("{\"role\":\"user\",\"content\":[" TEXT("a") "],\"id\":\"1\",\"parent\":null,"
	    "\"source\":{\"at\":0,\"json\":{}}}");
	say("{\"role\":\"user\",\"content\":[" TEXT("left") "],\"id\":\"2\",\"parent\":\"1\","
	    "\"source\":{\"at\":2,\"json\":{}}}");
	say_as("x-source", "{\"role\":\"user\",\"content\":[],\"id\":\"3\",\"side\":\"g\",\"source\":"
			   "{\"at\":4,\"json\":{}}}");
	say("{\"role\":\"user\",\"content\":[" TEXT("right") "],\"id\":\"4\",\"parent\":\"1\","
	    "\"source\":{\"at\":6,\"json\":{}}}");
	convert_to("claude-code");
	ck_assert_ptr_nonnull(strstr(conversion.written, "right"));
	ck_assert_ptr_null(strstr(conversion.written, "left"));
	ck_assert_str_eq(conversion.notes,
			 "messages on other branches: 1\n"
			 "messages of subagents and other side conversations: 1\n");
}
END_TEST

START_TEST(a_text_that_the_view_cut_is_told_of)
{
	static const char before[] = "{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"data\":\"";
	static const char behind[] = "\",\"cut\":true}," TEXT("whole") "],"
				     "\"source\":{\"at\":0,\"json\":{}}}";
	const size_t size = 1 << 20;
	char *json = mem_new(size + sizeof before + sizeof behind, 1);

	ck_assert_ptr_nonnull(json);
	memcpy(json, before, sizeof before - 1);
	memset(json + sizeof before - 1, 'A', size);
	memcpy(json + sizeof before - 1 + size, behind, sizeof behind);
	say(json);
	mem_free(json);
	convert_to("claude-code");
	ck_assert_ptr_nonnull(strstr(conversion.notes, "ends of texts that are too long: 1\n"));
}
END_TEST

/* Programs that keep no tree have dropped these themselves. */
START_TEST(what_was_taken_back_is_not_told_of)
{
	say("{\"role\":\"user\",\"content\":[" TEXT("a") "],\"id\":\"1\","
	    "\"source\":{\"at\":0,\"json\":{}}}");
	say("{\"role\":\"user\",\"content\":[" TEXT("b") "],\"id\":\"1\","
	    "\"source\":{\"at\":2,\"json\":{}}}");
	convert_to("claude-code");
	ck_assert_ptr_null(strstr(conversion.written, TEXT("a")));
	ck_assert_str_eq(conversion.notes, "");
}
END_TEST

START_TEST(errors_of_the_service_are_no_answers_of_the_model)
{
	say(SAY_WITH("assistant", TEXT("400"), ",\"error\":true"));
	convert_to("claude-code");
	ck_assert_ptr_nonnull(strstr(conversion.masked, "\"isApiErrorMessage\":true"));
	ck_assert_ptr_nonnull(strstr(conversion.masked, "\"model\":\"<synthetic>\""));
}
END_TEST

START_TEST(the_title_comes_last)
{
	end_conversion();
	begin_conversion("My \"work\"", NULL);
	say(SAY("user", TEXT("Hi")));
	expect_conversion("claude-code",
		USER("null", "#1", TEXT("Hi"))
		"{\"type\":\"custom-title\",\"customTitle\":\"My \\\"work\\\"\",\"sessionId\":\"" ID_1
		"\"}\n",
		"");
}
END_TEST

START_TEST(the_same_session_gives_the_same_bytes)
{
	static char first[CONVERT_ROOM];

	for (size_t i = 0; i < 30; i++)
		say(SAY("user", TEXT("Hi")));
	convert_to("claude-code");
	memcpy(first, conversion.written, sizeof first);
	ck_assert_ptr_nonnull(strstr(conversion.masked, "\"uuid\":\"#30\""));
	convert_to("claude-code");
	ck_assert_str_eq(conversion.written, first);
}
END_TEST

#define FIRST "{\"uuid\":\"u1\"}"

START_TEST(what_was_added_to_an_import_goes_on_from_its_last_line)
{
	end_conversion();
	begin_conversion(NULL, "{\"format\":\"claude-code\",\"foreign\":\"a/s-1\"}");
	say("{\"role\":\"user\",\"content\":[" TEXT("Hi") "],\"id\":\"u1\",\"parent\":null,"
	    "\"source\":{\"at\":0,\"line\":1,\"json\":" FIRST "}}");
	/* What a subagent said last is not what the conversation ended with. */
	say_as("x-source", "{\"role\":\"user\",\"content\":[],\"id\":\"u2\",\"side\":\"g\",\"source\":"
			   "{\"file\":\"x/a.jsonl\",\"at\":0,\"line\":1,\"json\":{}}}");
	say(SAY("user", TEXT("On")));
	convert_to("claude-code");
	ck_assert_int_eq(strncmp(conversion.masked, FIRST "\n", strlen(FIRST "\n")), 0);
	ck_assert_ptr_nonnull(strstr(conversion.masked, "{\"parentUuid\":\"u1\",\"isSidechain\":false,"
		"\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[" TEXT("On") "]}"));
	/* The lines say what the session is called there; a file cannot be called that. */
	ck_assert_ptr_nonnull(strstr(conversion.masked, "\"sessionId\":\"a/s-1\""));
	ck_assert_str_eq(conversion.done.name, ID_1 ".jsonl");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("claude_write");
	TCase *cases = runner_cases(suite, "claude", 60);

	tcase_add_checked_fixture(cases, setup, end_conversion);
	tcase_add_test(cases, a_conversation_is_a_chain_of_lines);
	tcase_add_test(cases, calls_and_results_are_joined);
	tcase_add_test(cases, every_call_has_a_result_before_the_user_speaks_again);
	tcase_add_test(cases, results_under_the_users_name_answer_their_calls);
	tcase_add_test(cases, an_id_that_comes_again_is_replaced);
	tcase_add_test(cases, a_summary_begins_the_chain_anew);
	tcase_add_test(cases, what_cannot_be_carried_over_is_told);
	tcase_add_test(cases, what_stands_beside_the_conversation_is_told_of);
	tcase_add_test(cases, a_text_that_the_view_cut_is_told_of);
	tcase_add_test(cases, what_was_taken_back_is_not_told_of);
	tcase_add_test(cases, errors_of_the_service_are_no_answers_of_the_model);
	tcase_add_test(cases, the_title_comes_last);
	tcase_add_test(cases, the_same_session_gives_the_same_bytes);
	tcase_add_test(cases, what_was_added_to_an_import_goes_on_from_its_last_line);
	return runner_run_in_memory(suite);
}
