/* SPDX-License-Identifier: MIT */
/*
 * Goal: what the rollouts of Codex say, old and new, whole and damaged. Method: real files of
 * two versions with counts that were made without this code, and single lines written by
 * hand for what those files do not have.
 */
#include "interop/import.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "reader_fixture.h"

static const struct format *const format = &format_codex;

/* The time of a session in microseconds, as expected.json has it to the millisecond. */
static const struct {
	const char *text;
	int64_t time_us;
} starts[] = {
	{ "2026-11-22T23:58:04.998Z", INT64_C(1795391884998000) },
	{ "2026-11-22T23:58:06.208Z", INT64_C(1795391886208000) },
};

static void expect_counts(struct reading *reading, struct hf_slice session)
{
	struct tally tally = tally_of(reading);
	struct hf_slice in_files;
	char text[512];
	char name[64];

	text_of(session, "name", name, sizeof name);
	ck_assert(get(session, "in_files", &in_files));
	ck_assert_msg(tally.users == number(in_files, "user_prompts"), "%s: users", name);
	ck_assert_msg(tally.texts == number(in_files, "texts"), "%s: texts", name);
	ck_assert_msg(tally.calls == number(in_files, "tool_calls"), "%s: calls", name);
	ck_assert_msg(tally.results == number(in_files, "tool_results"), "%s: results", name);
	ck_assert_msg(tally.reasoning == number(in_files, "reasoning"), "%s: reasoning", name);
	ck_assert_msg(tally.summaries == number(in_files, "compactions"), "%s: summaries", name);
	text_of(session, "first_user_text", text, sizeof text);
	ck_assert_str_eq(tally.first, text);
	text_of(session, "cwd", text, sizeof text);
	ck_assert_slice(reading_facts(reading).project, text);
	text_of(session, "session_id", text, sizeof text);
	ck_assert_slice(reading_facts(reading).foreign, text);
}

static void expect_all(struct reading *reading, struct hf_slice session)
{
	struct session_facts facts = reading_facts(reading);
	char start[64];

	expect_counts(reading, session);
	ck_assert_slice(facts.version, "0.58.0");
	text_of(session, "session_start_in_file", start, sizeof start);
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		if (strcmp(starts[i].text, start) == 0)
			ck_assert_int_eq(facts.created_us, starts[i].time_us);
	}
}

START_TEST(sessions_of_an_older_version_are_what_was_counted)
{
	ck_assert_uint_eq(each_session(format, "codex/0.58.0", expect_all), 8);
}
END_TEST

/* Their first lines are left out: the directory is in the turns, the id in the name. */
START_TEST(sessions_of_the_newest_version_are_what_was_counted_even_without_their_first_line)
{
	ck_assert_uint_eq(each_session(format, "codex/0.169.0", expect_counts), 9);
}
END_TEST

/* ---- Damage ---- */

static struct tally tally_file(const char *name)
{
	struct reading reading = { 0 };
	struct tally tally;
	char path[1024];
	size_t size;
	char *bytes;

	data_path(path, sizeof path, "damaged/codex", name);
	bytes = slurp(path, &size);
	reading_open(&reading, format, path, bytes, size);
	tally = tally_of(&reading);
	reading_close(&reading);
	free(bytes);
	return tally;
}

/* The undamaged session has 3 prompts, 5 texts, 2 calls and 2 results; what a resume of it
 * adds is 1 prompt, 2 texts, 1 call and 1 result. */
START_TEST(damage_costs_no_more_than_the_damaged_line)
{
	static const struct {
		const char *name;
		size_t users, texts, calls;
	} cases[] = {
		{ "torn10.before.jsonl", 3, 5, 2 },
		{ "torn10.after.jsonl", 4, 7, 3 },
		{ "garbage-tail.after.jsonl", 4, 7, 3 },
		{ "middle-line-corrupt.after.jsonl", 3, 7, 3 }, /* the first prompt's line */
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct tally tally = tally_file(cases[i].name);

		ck_assert_msg(tally.users == cases[i].users, "%s: %zu users", cases[i].name,
			      tally.users);
		ck_assert_msg(tally.texts == cases[i].texts, "%s: %zu texts", cases[i].name,
			      tally.texts);
		ck_assert_msg(tally.calls == cases[i].calls && tally.results == cases[i].calls,
			      "%s: %zu calls, %zu results", cases[i].name, tally.calls,
			      tally.results);
	}
}
END_TEST

/* ---- Single lines ---- */

/* Reads lines as a file of that path. */
static struct reading read_lines(const char *path, const char *lines)
{
	struct reading reading = { 0 };

	reading_open(&reading, format, path, lines, strlen(lines));
	return reading;
}

/* Expects the views of lines to be exactly these, in order; NULL at the end. */
static void expect_views(const char *lines, const char *const *views)
{
	struct reading reading = read_lines("x.jsonl", lines);
	size_t count = 0;

	for (; views[count] != NULL; count++) {
		ck_assert_msg(count < reading.count, "missing: %s", views[count]);
		ck_assert_str_eq(reading.views[count].text, views[count]);
	}
	ck_assert_msg(reading.count == count, "too much: %s",
		      reading.count > count ? reading.views[count].text : "");
	reading_close(&reading);
}

#define ITEM(json)                                                                             \
	"{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"type\":\"response_item\",\"payload\":" json \
	"}\n"
#define EVENT(json)                                                                            \
	"{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"type\":\"event_msg\",\"payload\":" json "}\n"
#define TIME "\"time\":\"2026-01-02T03:04:05.678Z\""

START_TEST(a_text_that_comes_twice_is_one_message)
{
	static const char *const views[] = {
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]," TIME "}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Ho\"}]," TIME "}",
		NULL,
	};

	expect_views(
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		     "\"text\":\"Hi\"}]}")
		EVENT("{\"type\":\"user_message\",\"message\":\"Hi\",\"images\":[]}")
		EVENT("{\"type\":\"agent_message\",\"message\":\"Ho\"}")
		ITEM("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
		     "\"output_text\",\"text\":\"Ho\"}]}"),
		views);
}
END_TEST

START_TEST(what_the_program_puts_in_is_set_aside)
{
	struct reading reading = read_lines(
		"x.jsonl",
		ITEM("{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":"
		     "\"input_text\",\"text\":\"Be good.\"}]}")
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		     "\"text\":\" <user_instructions>x</user_instructions>\"}]}")
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		     "\"text\":\"# AGENTS.md instructions for /x\"}]}")
		/* Where each part says what it is, its words decide nothing. */
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		     "\"text\":\"Hooked.\"}],\"internal_chat_message_metadata_passthrough\":"
		     "{\"content_item_kinds\":[\"hook.prompt\"]}}")
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		     "\"text\":\"<skill> is a tag?\"}],\"internal_chat_message_metadata_passthrough\""
		     ":{\"content_item_kinds\":[\"user.text\"]}}"));

	ck_assert_uint_eq(reading.count, 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert_msg(reading.views[i].is_aside == (i < 4), "%s", reading.views[i].text);
		ck_assert(has(view_slice(&reading.views[i]), "meta") == (i < 4));
	}
	reading_close(&reading);
}
END_TEST

START_TEST(calls_are_unpacked_and_joined_with_what_they_gave_back)
{
	static const char *const views[] = {
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_call\",\"id\":\"c1\","
		"\"name\":\"shell\",\"arguments\":{\"command\":[\"ls\"]}}]," TIME "}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"c1\","
		"\"content\":\"a\\n\\\"b\\\"\",\"is_error\":true}]," TIME "}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_call\",\"id\":\"c2\","
		"\"name\":\"apply_patch\",\"arguments\":\"*** Begin\"}]," TIME "}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"c2\","
		"\"content\":[{\"type\":\"text\",\"text\":\"ok\"},"
		"{\"type\":\"image\",\"url\":\"data:image/png;base64,AA==\"}]}]," TIME "}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_call\",\"id\":\"c3\","
		"\"name\":\"local_shell\",\"arguments\":{\"type\":\"exec\"}}]," TIME "}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"c3\","
		"\"content\":\"no\",\"is_error\":true}]," TIME "}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_call\",\"id\":\"w1\","
		"\"name\":\"web_search\",\"arguments\":{\"query\":\"q\"}},{\"type\":\"tool_result\","
		"\"id\":\"w1\",\"content\":\"completed\"}]," TIME "}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_call\",\"id\":\"c4\","
		"\"name\":\"f\",\"arguments\":\"{not json\"}]," TIME "}",
		NULL,
	};

	expect_views(
		ITEM("{\"type\":\"function_call\",\"name\":\"shell\",\"arguments\":"
		     "\"{\\\"command\\\":[\\\"ls\\\"]}\",\"call_id\":\"c1\"}")
		ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":"
		     "\"{\\\"output\\\":\\\"a\\\\n\\\\\\\"b\\\\\\\"\\\",\\\"metadata\\\":"
		     "{\\\"exit_code\\\":2}}\"}")
		ITEM("{\"type\":\"custom_tool_call\",\"call_id\":\"c2\",\"name\":\"apply_patch\","
		     "\"input\":\"*** Begin\"}")
		ITEM("{\"type\":\"custom_tool_call_output\",\"call_id\":\"c2\",\"output\":["
		     "{\"type\":\"input_text\",\"text\":\"ok\"},{\"type\":\"input_image\","
		     "\"image_url\":\"data:image/png;base64,AA==\"}]}")
		ITEM("{\"type\":\"local_shell_call\",\"id\":\"c3\",\"call_id\":null,\"status\":"
		     "\"completed\",\"action\":{\"type\":\"exec\"}}")
		ITEM("{\"type\":\"function_call_output\",\"call_id\":\"c3\",\"output\":"
		     "{\"content\":\"no\",\"success\":false}}")
		ITEM("{\"type\":\"web_search_call\",\"id\":\"w1\",\"status\":\"completed\","
		     "\"action\":{\"query\":\"q\"}}")
		ITEM("{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{not json\","
		     "\"call_id\":\"c4\"}"),
		views);
}
END_TEST

START_TEST(an_image_in_an_address_is_taken_out_of_it)
{
	static const char *const views[] = {
		"{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"media_type\":\"image/png\","
		"\"data\":\"iVBO\"},{\"type\":\"image\",\"url\":\"https://x/y.png\"},"
		"{\"type\":\"image\",\"url\":\"data:image/png\\u003bbase64,AA\"},"
		"{\"type\":\"image\",\"url\":\"data:,x\"}]," TIME "}",
		NULL,
	};

	expect_views(
		ITEM("{\"type\":\"message\",\"role\":\"user\",\"content\":["
		     "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,iVBO\"},"
		     "{\"type\":\"input_image\",\"image_url\":{\"url\":\"https://x/y.png\"}},"
		     "{\"type\":\"input_image\",\"image_url\":\"data:image/png\\u003bbase64,AA\"},"
		     "{\"type\":\"input_image\",\"image_url\":\"data:,x\"}]}"),
		views);
}
END_TEST

START_TEST(reasoning_that_cannot_be_read_is_no_message)
{
	static const char *const views[] = {
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"A\"},"
		"{\"type\":\"thinking\",\"thinking\":\"B\"}]," TIME ",\"model\":\"gpt-x\"}",
		NULL,
	};

	expect_views(
		ITEM("{\"type\":\"reasoning\",\"summary\":[],\"content\":null,"
		     "\"encrypted_content\":\"QQ==\"}")
		"{\"timestamp\":\"t\",\"type\":\"turn_context\",\"payload\":{\"model\":\"gpt-x\"}}\n"
		ITEM("{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":"
		     "\"A\"}],\"content\":[{\"type\":\"reasoning_text\",\"text\":\"B\"}]}"),
		views);
}
END_TEST

START_TEST(turns_are_taken_back_and_summaries_are_told)
{
	static const char *const views[] = {
		"{\"op\":\"drop\",\"turns\":2}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"All so far.\"}]," TIME
		",\"summary\":true}",
		NULL,
	};

	expect_views(
		EVENT("{\"type\":\"thread_rolled_back\",\"num_turns\":2}")
		EVENT("{\"type\":\"thread_rolled_back\",\"num_turns\":0}")
		EVENT("{\"type\":\"thread_rolled_back\",\"num_turns\":-1}")
		EVENT("{\"type\":\"thread_rolled_back\"}")
		"{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"type\":\"compacted\",\"payload\":"
		"{\"message\":\"All so far.\",\"replacement_history\":[]}}\n"
		"{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"type\":\"compacted\",\"payload\":"
		"{\"message\":\"\"}}\n",
		views);
}
END_TEST

START_TEST(usage_is_told_once_for_each_answer)
{
	static const char *const views[] = {
		"{\"role\":\"assistant\",\"content\":[]," TIME
		",\"usage\":{\"input\":5,\"output\":2,\"cache_read\":1},\"meta\":true}",
		NULL,
	};
	const char *lines =
		EVENT("{\"type\":\"token_count\",\"info\":null}")
		EVENT("{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"total_tokens\":7},"
		      "\"last_token_usage\":{\"input_tokens\":5,\"cached_input_tokens\":1,"
		      "\"output_tokens\":2}}}")
		EVENT("{\"type\":\"token_count\",\"info\":{\"total_token_usage\":{\"total_tokens\":7},"
		      "\"last_token_usage\":{\"input_tokens\":5,\"cached_input_tokens\":1,"
		      "\"output_tokens\":2}},\"rate_limits\":{}}");

	expect_views(lines, views);
}
END_TEST

/* The shape of files until the autumn of 2025. */
START_TEST(a_session_without_envelopes_is_understood)
{
	struct reading reading = read_lines(
		"/s/rollout-2025-08-18T01-16-13-c3c4b301-27c8-4c70-b6e4-46b99fdf0236.jsonl",
		"{\"id\":\"c3c4b301-27c8-4c70-b6e4-46b99fdf0236\",\"timestamp\":"
		"\"2025-08-18T01:16:13.522Z\",\"instructions\":null,\"git\":{\"branch\":\"main\"}}\n"
		"{\"record_type\":\"state\"}\n"
		"{\"type\":\"message\",\"id\":null,\"role\":\"user\",\"content\":[{\"type\":"
		"\"input_text\",\"text\":\"<environment_context>\\n  <cwd>/home/me/x</cwd>\"}]}\n"
		"{\"type\":\"message\",\"id\":null,\"role\":\"user\",\"content\":[{\"type\":"
		"\"input_text\",\"text\":\"Go\"}]}\n"
		"{\"type\":\"function_call\",\"id\":null,\"name\":\"shell\",\"arguments\":\"{}\","
		"\"call_id\":\"c\"}\n"
		"{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"done\"}\n"
		"{\"type\":\"message\",\"id\":null,\"role\":\"assistant\",\"content\":[{\"type\":"
		"\"output_text\",\"text\":\"Gone\"}]}\n");
	struct session_facts facts = reading_facts(&reading);
	struct tally tally = tally_of(&reading);

	ck_assert_slice(facts.foreign, "c3c4b301-27c8-4c70-b6e4-46b99fdf0236");
	ck_assert_slice(facts.project, "/home/me/x");
	ck_assert_int_eq(facts.created_us, INT64_C(1755479773522000));
	ck_assert_str_eq(tally.first, "Go");
	ck_assert_uint_eq(tally.users, 1);
	ck_assert_uint_eq(tally.texts, 1);
	ck_assert_uint_eq(tally.calls, 1);
	ck_assert_uint_eq(tally.results, 1);
	reading_close(&reading);
}
END_TEST

#define META(id, more)                                                                         \
	"{\"timestamp\":\"2026-01-02T03:04:06.000Z\",\"type\":\"session_meta\",\"payload\":{\"id\":" \
	"\"" id "\",\"timestamp\":\"2026-01-02T03:04:05.678Z\"" more "}}\n"
#define ONE "11111111-1111-4111-8111-111111111111"
#define TWO "22222222-2222-4222-8222-222222222222"

START_TEST(a_fork_names_its_parent_and_keeps_its_own_id)
{
	/* Newer forks point into their parent; older ones repeat it with its first line. */
	static const char *const lines[] = {
		META(ONE, ",\"forked_from_id\":\"" TWO "\",\"cwd\":\"/a\",\"history_base\":{}"),
		META(ONE, ",\"forked_from_id\":\"" TWO "\",\"cwd\":\"/a\"") META(TWO, ",\"cwd\":\"/b\""),
		META(ONE, ",\"cwd\":\"/a\",\"source\":{\"subagent\":{\"thread_spawn\":"
			  "{\"parent_thread_id\":\"" TWO "\"}}}"),
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct reading reading = read_lines("x.jsonl", lines[i]);
		struct session_facts facts = reading_facts(&reading);

		ck_assert_slice(facts.foreign, ONE);
		ck_assert_slice(facts.parent, TWO);
		ck_assert_slice(facts.project, "/a");
		ck_assert_int_eq(facts.created_us, INT64_C(1767323045678000));
		reading_close(&reading);
	}
}
END_TEST

START_TEST(the_name_of_a_file_whose_first_line_is_damaged_is_its_id)
{
	struct reading reading = read_lines("/s/rollout-2026-01-02T03-04-05-" ONE ".jsonl.zst",
					    "{\"timest\x01garbage\n" META(TWO, ""));

	ck_assert_slice(reading_facts(&reading).foreign, ONE);
	reading_close(&reading);
}
END_TEST

/* ---- Recognising ---- */

static int detect(const char *name, const char *start)
{
	struct probe probe = { .path = name, .name = name, .start = { start, strlen(start) } };

	return format->reader->detect(&probe);
}

START_TEST(a_rollout_is_recognised_by_what_is_in_it)
{
	static const char message[] = "{\"type\":\"message\",\"role\":\"user\",\"content\":[]}\n";
	char long_line[600] = "{\"timestamp\":\"t\",\"ordinal\":0,\"type\":\"session_meta\","
			      "\"payload\":{\"x\":\"";

	memset(long_line + strlen(long_line), 'x', 100);
	ck_assert_int_gt(detect("x", META(ONE, "")), 90);
	ck_assert_int_gt(detect("x", "{\"timest\x01\n\n" EVENT("{\"type\":\"x\"}")), 90);
	ck_assert_int_gt(detect("x", long_line), 50);
	ck_assert_int_gt(detect("x", "{\"record_type\":\"state\"}\n"), 50);
	ck_assert_int_gt(detect("rollout-x.jsonl", message), 50);
	ck_assert_int_eq(detect("x.jsonl", message), 0);
	ck_assert_int_eq(detect("rollout-x.jsonl", ""), 0);
	ck_assert_int_eq(detect("rollout-x.jsonl", "{\"type\":\"user\",\"message\":{}}\n"), 0);
	ck_assert_int_eq(detect("rollout-x.jsonl", "nothing\n"), 0);
}
END_TEST

static int keep_place(void *context, const char *path, const char *foreign)
{
	char *places = context;
	size_t size = strlen(places);

	(void)foreign;
	ck_assert_int_lt(snprintf(places + size, 1024 - size, "%s;", path), (int)(1024 - size));
	return HF_OK;
}

START_TEST(sessions_are_looked_for_where_the_program_keeps_them)
{
	struct import_env env = { .sys = sys_posix() };
	struct scratch scratch = scratch_open();
	char expected[1024];
	char places[1024] = "";

	scratch_mkdir(scratch.fd, "sessions");
	ck_assert_int_eq(setenv("CODEX_HOME", scratch.path, 1), 0);
	ck_assert_int_eq(format->reader->places(&env, keep_place, places), HF_OK);
	ck_assert_int_lt(snprintf(expected, sizeof expected, "%s/sessions;", scratch.path),
			 (int)sizeof expected);
	ck_assert_str_eq(places, expected);
	scratch_mkdir(scratch.fd, ".codex");
	scratch_mkdir(scratch.fd, ".codex/archived_sessions");
	ck_assert_int_eq(unsetenv("CODEX_HOME"), 0);
	ck_assert_int_eq(setenv("HOME", scratch.path, 1), 0);
	places[0] = '\0';
	ck_assert_int_eq(format->reader->places(&env, keep_place, places), HF_OK);
	ck_assert_int_lt(snprintf(expected, sizeof expected, "%s/.codex/archived_sessions;",
				  scratch.path),
			 (int)sizeof expected);
	ck_assert_str_eq(places, expected);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_codex");
	TCase *files = runner_cases(suite, "files", 60);
	TCase *lines = runner_cases(suite, "lines", 60);
	TCase *sources = runner_cases(suite, "sources", 60);

	tcase_add_test(files, sessions_of_an_older_version_are_what_was_counted);
	tcase_add_test(files,
		       sessions_of_the_newest_version_are_what_was_counted_even_without_their_first_line);
	tcase_add_test(files, damage_costs_no_more_than_the_damaged_line);
	tcase_add_test(lines, a_text_that_comes_twice_is_one_message);
	tcase_add_test(lines, what_the_program_puts_in_is_set_aside);
	tcase_add_test(lines, calls_are_unpacked_and_joined_with_what_they_gave_back);
	tcase_add_test(lines, an_image_in_an_address_is_taken_out_of_it);
	tcase_add_test(lines, reasoning_that_cannot_be_read_is_no_message);
	tcase_add_test(lines, turns_are_taken_back_and_summaries_are_told);
	tcase_add_test(lines, usage_is_told_once_for_each_answer);
	tcase_add_test(lines, a_session_without_envelopes_is_understood);
	tcase_add_test(sources, a_fork_names_its_parent_and_keeps_its_own_id);
	tcase_add_test(sources, the_name_of_a_file_whose_first_line_is_damaged_is_its_id);
	tcase_add_test(sources, a_rollout_is_recognised_by_what_is_in_it);
	tcase_add_test(sources, sessions_are_looked_for_where_the_program_keeps_them);
	return runner_run_in_memory(suite);
}
