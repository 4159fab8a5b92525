/* SPDX-License-Identifier: MIT */
/*
 * Goal: what pi's sessions say, whole and damaged, with their tree. Method: real files with
 * counts that were made without this code, real damage, and single lines written by hand for
 * what those files do not have.
 */
#include "interop/import.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "reader_fixture.h"

static const struct format *const format = &format_pi;

/* ---- Counts ---- */

/* Sums up what the views of messages say; errors of the service are counted apart. */
static struct tally sum(const struct reading *reading, size_t *ret_errors)
{
	struct tally tally = { 0 };

	*ret_errors = 0;
	for (size_t i = 0; i < reading->count; i++) {
		struct hf_slice view = view_slice(&reading->views[i]);

		if (has(view, "error"))
			(*ret_errors)++;
		else if (!has(view, "op"))
			tally_view(&tally, &reading->views[i]);
	}
	return tally;
}

static void expect_all(struct reading *reading, struct hf_slice session)
{
	size_t errors;
	struct tally tally = sum(reading, &errors);
	struct session_facts facts = reading_facts(reading);
	struct hf_slice counts;
	char text[512];
	char name[64];

	text_of(session, "name", name, sizeof name);
	ck_assert(get(session, "in_files", &counts));
	ck_assert_msg(tally.users == number(counts, "user_prompts"), "%s: users", name);
	ck_assert_msg(tally.texts == number(counts, "texts"), "%s: texts", name);
	ck_assert_msg(tally.calls == number(counts, "tool_calls"), "%s: calls", name);
	ck_assert_msg(tally.results == number(counts, "tool_results"), "%s: results", name);
	ck_assert_msg(tally.reasoning == number(counts, "reasoning"), "%s: reasoning", name);
	ck_assert_msg(tally.summaries == number(counts, "compactions"), "%s: summaries", name);
	ck_assert_msg(errors == number(counts, "error_messages"), "%s: errors", name);
	text_of(session, "first_user_text", text, sizeof text);
	ck_assert_str_eq(tally.first, text);
	text_of(session, "cwd", text, sizeof text);
	ck_assert_slice(facts.project, text);
}

START_TEST(sessions_are_what_was_counted)
{
	ck_assert_uint_eq(each_session(format, "pi", expect_all), 11);
}
END_TEST

/* Reads lines as a file of that path. */
static struct reading read_lines(const char *path, const char *lines)
{
	struct reading reading = { 0 };

	reading_open(&reading, format, path, lines, strlen(lines));
	return reading;
}

static struct reading read_file(const char *folder, const char *name, char **ret_bytes)
{
	struct reading reading = { 0 };
	char path[1024];
	size_t size;

	data_path(path, sizeof path, folder, name);
	*ret_bytes = slurp(path, &size);
	reading_open(&reading, format, path, *ret_bytes, size);
	return reading;
}

#define SESSIONS "sessions/--home-dev01-demo-project--/"

START_TEST(the_header_tells_of_the_session)
{
	char *bytes;
	struct reading reading = read_file(
		"pi", SESSIONS "2026-11-22T23-37-32-415Z_01a2059f-3ffe-759e-8f24-fe6c32200f4a.jsonl",
		&bytes);
	struct session_facts facts = reading_facts(&reading);

	ck_assert_slice(facts.foreign, "01a2059f-3ffe-759e-8f24-fe6c32200f4a");
	ck_assert_slice(facts.parent, "01a2059e-99ff-779f-acc3-4204316dfb26");
	ck_assert_slice(facts.project, "/home/dev01/demo-project");
	ck_assert_slice(facts.name, "");
	ck_assert_int_eq(facts.created_us, INT64_C(1795390652415000));
	reading_close(&reading);
	free(bytes);
}
END_TEST

/* ---- The tree ---- */

/* Where the newest view with an id stands. */
static bool find_id(const struct reading *reading, struct hf_slice id, size_t *ret_at)
{
	struct hf_slice value;

	for (size_t i = reading->count; i > 0; i--) {
		if (get(view_slice(&reading->views[i - 1]), "id", &value) && equal(value, id)) {
			*ret_at = i - 1;
			return true;
		}
	}
	return false;
}

/* Walks from the last view up to the root; returns how many messages are on the way. */
static size_t walk_up(const struct reading *reading)
{
	size_t at = reading->count - 1;
	size_t messages = 0;

	for (size_t steps = 0;; steps++) {
		struct hf_slice view = view_slice(&reading->views[at]);
		struct hf_slice parent;

		ck_assert_uint_lt(steps, reading->count);
		messages += !has(view, "op");
		ck_assert_msg(get(view, "parent", &parent), "no parent: %s", view.data);
		if (hf_json_text(parent, NULL, 0) < 0)
			return messages;
		ck_assert_msg(find_id(reading, parent, &at), "no such entry: %.*s",
			      (int)parent.size, parent.data);
	}
}

static void expect_way(struct reading *reading, struct hf_slice session)
{
	size_t messages = 0;

	(void)session;
	for (size_t i = 0; i < reading->count; i++)
		messages += !has(view_slice(&reading->views[i]), "op");
	ck_assert_uint_eq(walk_up(reading), messages);
}

START_TEST(the_last_entry_leads_through_all_messages_to_the_root)
{
	ck_assert_uint_eq(each_session(format, "pi", expect_way), 11);
}
END_TEST

/* ---- Damage ---- */

START_TEST(damage_costs_no_more_than_the_damaged_line)
{
	static const struct {
		const char *name;
		size_t users, texts, calls;
	} cases[] = {
		{ "altered-valid-json.after.jsonl", 4, 7, 3 },
		{ "torn10.before.jsonl", 3, 4, 2 },
		{ "torn10.after.jsonl", 4, 6, 3 },  /* the prompt is glued to the torn reply */
		{ "garbage-tail.before.jsonl", 3, 5, 2 },
		{ "garbage-tail.after.jsonl", 4, 7, 3 },
		{ "middle-line-corrupt.before.jsonl", 2, 5, 2 },
		{ "middle-line-corrupt.after.jsonl", 3, 7, 3 },
		{ "first-line-corrupt.before.jsonl", 3, 5, 2 },
		{ "first-line-corrupt.after.jsonl", 1, 2, 1 }, /* pi had emptied it */
		{ "real-kill9-torn.jsonl", 1, 0, 0 },
		{ "two-writers.after.jsonl", 5, 19, 14 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char *bytes;
		size_t errors;
		struct reading reading = read_file("damaged/pi", cases[i].name, &bytes);
		struct tally tally = sum(&reading, &errors);

		ck_assert_msg(tally.users == cases[i].users, "%s: %zu users", cases[i].name,
			      tally.users);
		ck_assert_msg(tally.texts == cases[i].texts, "%s: %zu texts", cases[i].name,
			      tally.texts);
		ck_assert_msg(tally.calls == cases[i].calls && tally.results == cases[i].calls,
			      "%s: %zu calls, %zu results", cases[i].name, tally.calls,
			      tally.results);
		reading_close(&reading);
		free(bytes);
	}
}
END_TEST

START_TEST(what_was_glued_together_leads_on)
{
	char *bytes;
	struct reading reading = read_file("damaged/pi", "torn10.after.jsonl", &bytes);

	/* 9 messages, the prompt that is glued to the torn reply, and 3 that hang on it. */
	ck_assert_uint_eq(walk_up(&reading), 13);
	reading_close(&reading);
	free(bytes);
}
END_TEST

/* Entries 2 to 4 come again behind the torn line, with a header glued to it. */
START_TEST(entries_that_come_again_after_a_crash_have_the_same_ids)
{
	char *bytes;
	struct reading reading =
		read_file("damaged/pi", "real-kill9-torn-then-resumed-twice.jsonl", &bytes);
	struct hf_slice first;
	struct hf_slice again;

	ck_assert_slice(reading_facts(&reading).foreign, "01a205cb-38a9-7357-bf21-e7f0e4b3ca94");
	ck_assert_uint_eq(reading.count, 14);
	for (size_t i = 0; i < 3; i++) {
		ck_assert(get(view_slice(&reading.views[i]), "id", &first));
		ck_assert(get(view_slice(&reading.views[i + 3]), "id", &again));
		ck_assert(equal(first, again));
	}
	ck_assert_uint_eq(walk_up(&reading), 9);
	reading_close(&reading);
	free(bytes);
}
END_TEST

START_TEST(the_first_header_counts)
{
	struct reading reading = read_lines(
		"x.jsonl",
		"{\"type\":\"session\",\"version\":3,\"id\":\"one\",\"cwd\":\"/a\"}\n"
		"{\"type\":\"session\",\"version\":3,\"id\":\"two\",\"cwd\":\"/b\"}\n");

	ck_assert_slice(reading_facts(&reading).foreign, "one");
	ck_assert_slice(reading_facts(&reading).project, "/a");
	reading_close(&reading);
}
END_TEST

START_TEST(without_a_header_the_name_of_the_file_tells_the_id)
{
	struct reading reading = read_lines(
		"/s/2026-11-22T23-36-49-919Z_01a2059e-99ff-779f-acc3-4204316dfb26.jsonl",
		"{\"type\":\"s\n");

	ck_assert_slice(reading_facts(&reading).foreign, "01a2059e-99ff-779f-acc3-4204316dfb26");
	ck_assert_uint_eq(reading.count, 0);
	reading_close(&reading);
}
END_TEST

/* ---- Single lines ---- */

/* Expects the views of lines to be exactly these, in order; NULL at the end. */
static void expect_views(const char *lines, const char *const *views)
{
	struct reading reading = read_lines("x.jsonl", lines);
	size_t count = 0;

	for (; views[count] != NULL; count++) {
		ck_assert_msg(count < reading.count, "missing: %s", views[count]);
		ck_assert_str_eq(reading.views[count].text, views[count]);
	}
	ck_assert_uint_eq(reading.count, count);
	reading_close(&reading);
}

#define ENTRY(type, id, parent, rest) \
	"{\"type\":\"" type "\",\"id\":\"" id "\",\"parentId\":" parent \
	",\"timestamp\":\"2026-11-22T23:36:43.733Z\"," rest "}\n"
#define MESSAGE(rest) ENTRY("message", "b1", "\"a1\"", "\"message\":{" rest "}")
#define TAIL "\"id\":\"b1\",\"parent\":\"a1\",\"time\":\"2026-11-22T23:36:43.733Z\"}"

START_TEST(an_answer_keeps_its_parts_in_order)
{
	expect_views(
		MESSAGE("\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\","
			"\"thinkingSignature\":\"x\"},{\"type\":\"text\",\"text\":\"a\"},"
			"{\"type\":\"toolCall\",\"id\":\"c\",\"name\":\"bash\",\"arguments\":{\"command\":"
			"\"ls\"}},{\"type\":\"new\"}],\"model\":\"m\",\"usage\":{\"input\":1,\"output\":2,"
			"\"cacheRead\":3,\"cacheWrite\":4,\"totalTokens\":10},\"stopReason\":\"toolUse\","
			"\"timestamp\":5"),
		(const char *const[]){
			"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
			"{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_call\",\"id\":\"c\","
			"\"name\":\"bash\",\"arguments\":{\"command\":\"ls\"}},{\"type\":\"other\","
			"\"value\":{\"type\":\"new\"}}],\"model\":\"m\",\"usage\":{\"input\":1,\"output\":2,"
			"\"cache_read\":3,\"cache_write\":4}," TAIL, NULL });
}
END_TEST

START_TEST(an_error_is_a_message_of_the_service)
{
	expect_views(MESSAGE("\"role\":\"assistant\",\"content\":[],\"errorMessage\":\"400\""),
		     (const char *const[]){
			     "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"400\"}],"
			     "\"error\":true," TAIL, NULL });
	/* What was said until then counts for more. */
	expect_views(MESSAGE("\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
			     "\"errorMessage\":\"aborted\""),
		     (const char *const[]){
			     "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
			     "\"error_text\":\"aborted\"," TAIL, NULL });
}
END_TEST

START_TEST(results_users_and_commands_are_told_apart)
{
	expect_views(MESSAGE("\"role\":\"toolResult\",\"toolCallId\":\"c\",\"toolName\":\"bash\","
			     "\"content\":[{\"type\":\"text\",\"text\":\"x\"}],\"isError\":true"),
		     (const char *const[]){
			     "{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"c\","
			     "\"name\":\"bash\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}],"
			     "\"is_error\":true}]," TAIL, NULL });
	expect_views(MESSAGE("\"role\":\"user\",\"content\":[{\"type\":\"image\",\"data\":\"AAAA\","
			     "\"mimeType\":\"image/png\"}]"),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"media_type\":"
			     "\"image/png\",\"data\":\"AAAA\"}]," TAIL, NULL });
	expect_views(MESSAGE("\"role\":\"bashExecution\",\"command\":\"ls\",\"output\":\"a\\nb\","
			     "\"exitCode\":2,\"cancelled\":false"),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
			     "\"Ran `ls`\\n```\\na\\nb\\n```\\n\\nCommand exited with code 2\"}]," TAIL,
			     NULL });
	expect_views(MESSAGE("\"role\":\"hookMessage\",\"content\":\"by the way\""),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"by the way\"}],"
			     "\"meta\":true," TAIL, NULL });
}
END_TEST

START_TEST(summaries_are_marked)
{
	expect_views(ENTRY("compaction", "b1", "\"a1\"", "\"summary\":\"so far\",\"tokensBefore\":9"),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"so far\"}],"
			     "\"summary\":true," TAIL, NULL });
	expect_views(ENTRY("branch_summary", "b1", "\"a1\"", "\"fromId\":\"x\",\"summary\":\"there\""),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"there\"}],"
			     "\"summary\":true,\"branch\":true," TAIL, NULL });
}
END_TEST

START_TEST(all_other_entries_are_nodes)
{
	expect_views(ENTRY("label", "a1", "null", "\"targetId\":\"x\",\"label\":\"y\"")
		     ENTRY("custom", "b1", "\"a1\"", "\"data\":{}")
		     ENTRY("never-heard-of", "c1", "\"b1\"", "\"x\":1")
		     "{\"type\":\"without\"}\n[1]\n\"text\"\nnull\n",
		     (const char *const[]){ "{\"op\":\"node\",\"id\":\"a1\",\"parent\":null}",
					    "{\"op\":\"node\",\"id\":\"b1\",\"parent\":\"a1\"}",
					    "{\"op\":\"node\",\"id\":\"c1\",\"parent\":\"b1\"}", NULL });
}
END_TEST

START_TEST(the_newest_name_counts_and_an_empty_one_takes_it_away)
{
	struct reading reading = read_lines("x.jsonl",
		ENTRY("session_info", "a1", "null", "\"name\":\"one\"")
		ENTRY("session_info", "a2", "\"a1\"", "\"name\":\"two\""));

	ck_assert_slice(reading_facts(&reading).name, "two");
	reading_close(&reading);
	reading = read_lines("x.jsonl", ENTRY("session_info", "a1", "null", "\"name\":\"one\"")
					ENTRY("session_info", "a2", "\"a1\"", "\"name\":\"\""));
	ck_assert_slice(reading_facts(&reading).name, "");
	reading_close(&reading);
}
END_TEST

START_TEST(version_one_has_no_tree)
{
	expect_views("{\"type\":\"session\",\"id\":\"s\",\"timestamp\":\"2025-11-22T23:36:43.733Z\","
		     "\"cwd\":\"/x\",\"provider\":\"p\",\"modelId\":\"m\"}\n"
		     "{\"type\":\"message\",\"timestamp\":\"2025-11-22T23:36:44.733Z\","
		     "\"message\":{\"role\":\"user\",\"content\":\"hi\",\"timestamp\":1}}\n"
		     "{\"type\":\"message\",\"message\":{\"role\":\"assistant\",\"content\":"
		     "[{\"type\":\"text\",\"text\":\"ho\"}],\"timestamp\":1795390603837}}\n"
		     "{\"type\":\"model_change\",\"timestamp\":\"x\",\"provider\":\"p\"}\n",
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],"
			     "\"time\":\"2025-11-22T23:36:44.733Z\"}",
			     "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"ho\"}],"
			     "\"time\":\"2026-11-22T23:36:43.837000Z\"}", NULL });
}
END_TEST

/* ---- Recognising and finding ---- */

static int detect(const char *bytes, size_t size, bool is_whole)
{
	const struct probe probe = { .path = "/x/y.jsonl", .name = "y.jsonl",
				     .start = { bytes, size }, .is_whole = is_whole };

	return format->reader->detect(&probe);
}

static int detect_file(const char *folder, const char *name)
{
	char path[1024];
	size_t size;
	char *bytes;
	int score;

	data_path(path, sizeof path, folder, name);
	bytes = slurp(path, &size);
	score = detect(bytes, size < 65536 ? size : 65536, size <= 65536);
	free(bytes);
	return score;
}

START_TEST(files_of_this_format_are_recognised_even_damaged)
{
	static const char *const names[] = {
		"first-line-corrupt.before.jsonl", "first-line-corrupt.after.jsonl",
		"real-kill9-torn.jsonl", "two-writers.after.jsonl", "garbage-tail.after.jsonl",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		ck_assert_msg(detect_file("damaged/pi", names[i]) >= 80, "%s", names[i]);
}
END_TEST

START_TEST(other_files_are_not)
{
	static const char *const others[] = {
		"", "\n\n", "hello", "{}", "{\"type\":\"session\"}\n",
		"{\"type\":\"session\",\"id\":\"x\"}\n",
		"{\"type\":\"message\",\"role\":\"user\",\"content\":\"x\"}\n",
		"{\"role\":\"user\",\"content\":\"x\"}\n",
		("{\"timestamp\":\"t\",\"type\":\"session_meta\",\"payload\":{\"id\":\"x\","
		 "\"cwd\":\"/\"}}\n"),
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(detect(others[i], strlen(others[i]), true) == 0, "%s", others[i]);
	ck_assert_int_eq(detect_file("claude-code", "projects/-home-dev01-demo-project/"
						    "a1aa0b1f-d4a6-4691-8a49-e1710d1aa107.jsonl"), 0);
}
END_TEST

struct found {
	char paths[2][256];
	size_t count;
};

static int note_place(void *context, const char *path, const char *foreign)
{
	struct found *found = context;

	ck_assert_str_eq(foreign, "");
	ck_assert_uint_lt(found->count, 2);
	(void)snprintf(found->paths[found->count++], sizeof found->paths[0], "%s", path);
	return HF_OK;
}

START_TEST(its_place_follows_its_environment)
{
	struct scratch scratch = scratch_open();
	const struct hf_import_options options = { 0 };
	struct import_env env = { .sys = sys_posix(), .options = &options };
	struct found found = { .count = 0 };
	char path[512];

	(void)unsetenv("PI_CODING_AGENT_SESSION_DIR");
	(void)unsetenv("PI_CODING_AGENT_DIR");
	ck_assert_int_eq(setenv("HOME", scratch.path, 1), 0);
	ck_assert_int_eq(format->reader->places(&env, note_place, &found), HF_OK);
	ck_assert_uint_eq(found.count, 0);
	scratch_mkdir(scratch.fd, ".pi");
	scratch_mkdir(scratch.fd, ".pi/agent");
	scratch_mkdir(scratch.fd, ".pi/agent/sessions");
	scratch_mkdir(scratch.fd, "other");
	scratch_mkdir(scratch.fd, "other/sessions");
	ck_assert_int_eq(format->reader->places(&env, note_place, &found), HF_OK);
	(void)snprintf(path, sizeof path, "%s/other", scratch.path);
	ck_assert_int_eq(setenv("PI_CODING_AGENT_DIR", path, 1), 0);
	ck_assert_int_eq(format->reader->places(&env, note_place, &found), HF_OK);
	ck_assert_uint_eq(found.count, 2);
	(void)snprintf(path, sizeof path, "%s/.pi/agent/sessions", scratch.path);
	ck_assert_str_eq(found.paths[0], path);
	(void)snprintf(path, sizeof path, "%s/other/sessions", scratch.path);
	ck_assert_str_eq(found.paths[1], path);
	found.count = 0;
	(void)snprintf(path, sizeof path, "%s/other", scratch.path);
	ck_assert_int_eq(setenv("PI_CODING_AGENT_SESSION_DIR", path, 1), 0);
	ck_assert_int_eq(format->reader->places(&env, note_place, &found), HF_OK);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.paths[0], path);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_pi");
	TCase *cases = runner_cases(suite, "pi", 60);

	tcase_add_test(cases, sessions_are_what_was_counted);
	tcase_add_test(cases, the_header_tells_of_the_session);
	tcase_add_test(cases, the_last_entry_leads_through_all_messages_to_the_root);
	tcase_add_test(cases, damage_costs_no_more_than_the_damaged_line);
	tcase_add_test(cases, what_was_glued_together_leads_on);
	tcase_add_test(cases, entries_that_come_again_after_a_crash_have_the_same_ids);
	tcase_add_test(cases, the_first_header_counts);
	tcase_add_test(cases, without_a_header_the_name_of_the_file_tells_the_id);
	tcase_add_test(cases, an_answer_keeps_its_parts_in_order);
	tcase_add_test(cases, an_error_is_a_message_of_the_service);
	tcase_add_test(cases, results_users_and_commands_are_told_apart);
	tcase_add_test(cases, summaries_are_marked);
	tcase_add_test(cases, all_other_entries_are_nodes);
	tcase_add_test(cases, the_newest_name_counts_and_an_empty_one_takes_it_away);
	tcase_add_test(cases, version_one_has_no_tree);
	tcase_add_test(cases, files_of_this_format_are_recognised_even_damaged);
	tcase_add_test(cases, other_files_are_not);
	tcase_add_test(cases, its_place_follows_its_environment);
	return runner_run(suite);
}
