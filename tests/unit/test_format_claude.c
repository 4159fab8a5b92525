/* SPDX-License-Identifier: MIT */
/*
 * Goal: what Claude Code's sessions say, with their chain and the files beside them. Method:
 * real files with counts that were made without this code, and single lines written by hand
 * for what those files do not have.
 */
#include <unistd.h>

#include "interop/claude.h"
#include "interop/import.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "reader_fixture.h"

static const struct format *const format = &format_claude;

#define PROJECT "projects/-home-dev01-demo-project/"

/* ---- Counts ---- */

/* What is counted of a session besides what a person would read. */
struct extras {
	size_t errors;
	size_t replies; /* answers of the model, whatever lines they take */
};

static bool is_new_reply(const struct reading *reading, size_t at, struct hf_slice reply)
{
	struct hf_slice value;

	for (size_t i = 0; i < at; i++) {
		if (get(view_slice(&reading->views[i]), "reply", &value) && equal(value, reply))
			return false;
	}
	return true;
}

static struct tally sum(const struct reading *reading, struct extras *ret_extras)
{
	struct tally tally = { 0 };
	struct extras extras = { 0, 0 };

	for (size_t i = 0; i < reading->count; i++) {
		struct hf_slice view = view_slice(&reading->views[i]);
		struct hf_slice reply;

		if (has(view, "op"))
			continue;
		if (has(view, "error")) {
			extras.errors++;
			continue;
		}
		tally_view(&tally, &reading->views[i]);
		if (!reading->views[i].is_aside && get(view, "reply", &reply))
			extras.replies += is_new_reply(reading, i, reply);
	}
	*ret_extras = extras;
	return tally;
}

static void expect_all(struct reading *reading, struct hf_slice session)
{
	struct extras extras;
	struct tally tally = sum(reading, &extras);
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
	ck_assert_msg(extras.errors == number(counts, "api_error_messages"), "%s: errors", name);
	ck_assert_msg(extras.replies == number(counts, "replies"), "%s: replies", name);
	text_of(session, "first_user_text", text, sizeof text);
	ck_assert_str_eq(tally.first, text);
	text_of(session, "cwd", text, sizeof text);
	ck_assert_slice(facts.project, text);
	text_of(session, "session_id", text, sizeof text);
	if (strcmp(name, "s9-fork") != 0) /* the id is not known beforehand there */
		ck_assert_slice(facts.foreign, text);
	ck_assert_slice(facts.version, "2.1.197");
}

START_TEST(sessions_are_what_was_counted)
{
	ck_assert_uint_eq(each_session(format, "claude-code", expect_all), 10);
}
END_TEST

/* Reads lines as a file of that path. */
static struct reading read_lines(const char *path, const char *lines)
{
	struct reading reading = { 0 };

	reading_open(&reading, format, path, lines, strlen(lines));
	return reading;
}

static struct reading read_file(const char *name, char **ret_bytes)
{
	struct reading reading = { 0 };
	char path[1024];
	size_t size;

	data_path(path, sizeof path, "claude-code", name);
	*ret_bytes = slurp(path, &size);
	reading_open(&reading, format, path, *ret_bytes, size);
	return reading;
}

START_TEST(a_session_begins_with_its_first_message)
{
	char *bytes;
	struct reading reading =
		read_file(PROJECT "25f89c62-b365-4604-995c-0237998f478e.jsonl", &bytes);
	struct session_facts facts = reading_facts(&reading);

	ck_assert_slice(facts.foreign, "25f89c62-b365-4604-995c-0237998f478e");
	ck_assert_slice(facts.parent, "");
	ck_assert_slice(facts.name, "");
	/* 2026-11-22T23:35:48.186Z; it was queued 117 ms before. */
	ck_assert_int_eq(facts.created_us, INT64_C(1795390548186000));
	reading_close(&reading);
	free(bytes);
}
END_TEST

/* ---- The chain ---- */

static bool find_id(const struct reading *reading, struct hf_slice id, size_t *ret_at)
{
	struct hf_slice value;

	for (size_t i = 0; i < reading->count; i++) {
		if (get(view_slice(&reading->views[i]), "id", &value) && equal(value, id)) {
			*ret_at = i;
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
		ck_assert_msg(find_id(reading, parent, &at), "no such line: %.*s",
			      (int)parent.size, parent.data);
	}
}

/* Of two calls made at once one has its result beside the way. */
static void expect_way(struct reading *reading, struct hf_slice session)
{
	bool is_parallel = says(session, "name", "s2-tools");
	size_t messages = 0;

	for (size_t i = 0; i < reading->count; i++)
		messages += !has(view_slice(&reading->views[i]), "op");
	ck_assert_uint_eq(walk_up(reading) + is_parallel, messages);
}

START_TEST(the_last_line_leads_through_the_compaction_to_the_root)
{
	ck_assert_uint_eq(each_session(format, "claude-code", expect_way), 10);
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

#define LINE(type, rest) \
	"{\"parentUuid\":\"a\",\"isSidechain\":false,\"type\":\"" type "\"," rest \
	",\"uuid\":\"b\",\"timestamp\":\"2026-11-22T23:35:32.061Z\",\"sessionId\":\"s\"}\n"
#define USER(content) \
	LINE("user", "\"message\":{\"role\":\"user\",\"content\":" content "}")
#define TAIL "\"id\":\"b\",\"parent\":\"a\",\"time\":\"2026-11-22T23:35:32.061Z\"}"
#define TEXT(text) "\"content\":[{\"type\":\"text\",\"text\":\"" text "\"}],"

START_TEST(an_answer_keeps_its_blocks_and_says_what_it_is_part_of)
{
	expect_views(
		LINE("assistant", "\"message\":{\"id\":\"msg_1\",\"role\":\"assistant\",\"model\":\"m\","
		     "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"x\"},"
		     "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":"
		     "\"Bash\",\"input\":{\"command\":\"ls\"}},{\"type\":\"redacted_thinking\","
		     "\"data\":\"x\"}],\"usage\":{\"input_tokens\":1,\"output_tokens\":2,"
		     "\"cache_read_input_tokens\":3,\"cache_creation_input_tokens\":4}}"),
		(const char *const[]){
			"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
			"{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_call\",\"id\":\"t\",\"name\":"
			"\"Bash\",\"arguments\":{\"command\":\"ls\"}},{\"type\":\"other\",\"value\":"
			"{\"type\":\"redacted_thinking\",\"data\":\"x\"}}],\"reply\":\"msg_1\","
			"\"model\":\"m\",\"usage\":{\"input\":1,\"output\":2,\"cache_read\":3,"
			"\"cache_write\":4}," TAIL, NULL });
}
END_TEST

START_TEST(results_and_attachments_are_parts)
{
	expect_views(USER("[{\"tool_use_id\":\"t\",\"type\":\"tool_result\",\"content\":\"x\","
			  "\"is_error\":true}]"),
		     (const char *const[]){
			     "{\"role\":\"tool\",\"content\":[{\"type\":\"tool_result\",\"id\":\"t\","
			     "\"content\":\"x\",\"is_error\":true}]," TAIL, NULL });
	expect_views(USER("[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":"
			  "\"image/png\",\"data\":\"AAAA\"}},{\"type\":\"image\",\"source\":{\"type\":"
			  "\"url\",\"url\":\"https://x/\"}},{\"type\":\"document\",\"title\":\"T\","
			  "\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\","
			  "\"data\":\"BBBB\"}}]"),
		     (const char *const[]){
			     "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"media_type\":"
			     "\"image/png\",\"data\":\"AAAA\"},{\"type\":\"image\",\"url\":"
			     "\"https://x/\"},{\"type\":\"file\",\"name\":\"T\",\"media_type\":"
			     "\"application/pdf\",\"data\":\"BBBB\"}]," TAIL, NULL });
}
END_TEST

START_TEST(what_the_program_says_for_the_user_is_set_aside)
{
	static const char *const lines[] = {
		USER("\"<command-name>/compact</command-name>\""),
		USER("\"<local-command-stdout>x</local-command-stdout>\""),
		USER("[{\"type\":\"text\",\"text\":\"[Request interrupted by user for tool use]\"}]"),
		LINE("user", "\"isMeta\":true,\"message\":{\"role\":\"user\",\"content\":\"x\"}"),
		LINE("assistant", "\"message\":{\"role\":\"assistant\",\"model\":\"<synthetic>\","
		     "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}"),
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct reading reading = read_lines("x.jsonl", lines[i]);

		ck_assert_uint_eq(reading.count, 1);
		ck_assert_msg(reading.views[0].is_aside, "%s", lines[i]);
		ck_assert(has(view_slice(&reading.views[0]), "meta"));
		reading_close(&reading);
	}
	expect_views(USER("\"about <command-name>\""),
		     (const char *const[]){ "{\"role\":\"user\"," TEXT("about <command-name>") TAIL,
					    NULL });
}
END_TEST

START_TEST(errors_and_summaries_are_marked)
{
	expect_views(LINE("assistant", "\"isApiErrorMessage\":true,\"message\":{\"model\":"
			  "\"<synthetic>\",\"content\":[{\"type\":\"text\",\"text\":\"400\"}]}"),
		     (const char *const[]){ "{\"role\":\"assistant\"," TEXT("400")
					    "\"error\":true," TAIL, NULL });
	expect_views(LINE("user", "\"isCompactSummary\":true,\"isMeta\":true,"
			  "\"message\":{\"content\":\"so far\"}"),
		     (const char *const[]){ "{\"role\":\"user\"," TEXT("so far") "\"summary\":true,"
					    TAIL, NULL });
}
END_TEST

START_TEST(lines_of_other_types_are_nodes_and_a_compaction_leads_back)
{
	expect_views(LINE("attachment", "\"attachment\":{\"type\":\"skill_listing\"}")
		     "{\"parentUuid\":null,\"logicalParentUuid\":\"b\",\"isSidechain\":false,"
		     "\"type\":\"system\",\"subtype\":\"compact_boundary\",\"uuid\":\"c\"}\n"
		     "{\"type\":\"queue-operation\",\"operation\":\"enqueue\",\"sessionId\":\"s\"}\n"
		     "{\"type\":\"last-prompt\",\"leafUuid\":\"c\",\"sessionId\":\"s\"}\n"
		     "{\"type\":\"never-heard-of\"}\n[1]\n",
		     (const char *const[]){ "{\"op\":\"node\",\"id\":\"b\",\"parent\":\"a\"}",
					    "{\"op\":\"node\",\"id\":\"c\",\"parent\":\"b\"}", NULL });
}
END_TEST

START_TEST(a_rewind_moves_the_leaf)
{
	expect_views("{\"type\":\"last-prompt\",\"leafUuid\":\"c\",\"explicit\":true,"
		     "\"sessionId\":\"s\"}\n"
		     "{\"type\":\"last-prompt\",\"leafUuid\":null,\"explicit\":true,"
		     "\"sessionId\":\"s\"}\n",
		     (const char *const[]){ "{\"op\":\"leaf\",\"id\":\"c\"}", "{\"op\":\"reset\"}",
					    NULL });
}
END_TEST

START_TEST(what_was_typed_while_the_model_was_at_work_is_a_message)
{
	expect_views(LINE("attachment", "\"attachment\":{\"type\":\"queued_command\",\"prompt\":"
			  "\"and this\",\"commandMode\":\"prompt\"}"),
		     (const char *const[]){ "{\"role\":\"user\"," TEXT("and this") TAIL, NULL });
	expect_views(LINE("attachment", "\"attachment\":{\"type\":\"queued_command\",\"prompt\":"
			  "[{\"type\":\"text\",\"text\":\"done\"}],\"commandMode\":"
			  "\"task-notification\"}"),
		     (const char *const[]){ "{\"role\":\"user\"," TEXT("done") "\"meta\":true," TAIL,
					    NULL });
}
END_TEST

#define SIDE(rest) \
	"{\"parentUuid\":null,\"isSidechain\":true,\"agentId\":\"g7\",\"type\":\"user\"," \
	"\"message\":{\"role\":\"user\",\"content\":\"go\"},\"uuid\":\"b\"" rest "}\n"

START_TEST(what_a_subagent_did_is_told_apart)
{
	const struct piece piece = { .file = "x/subagents/agent-g7.jsonl",
				     .json = { USER("\"x\""), sizeof USER("\"x\"") - 2 } };
	struct reading reading = read_lines("x.jsonl", SIDE(""));

	ck_assert_uint_eq(reading.count, 1);
	ck_assert(reading.views[0].is_aside);
	ck_assert(says(view_slice(&reading.views[0]), "side", "g7"));
	/* All that is in a file beside it. */
	reading.writer.context = &reading;
	ck_assert_int_eq(format->reader->read(reading.state, &piece, &reading.writer), HF_OK);
	ck_assert_uint_eq(reading.count, 2);
	ck_assert(reading.views[1].is_aside);
	ck_assert(has(view_slice(&reading.views[1]), "side"));
	reading_close(&reading);
}
END_TEST

/* Older versions: a file in the same directory, with the id of the session it belongs to. */
START_TEST(a_subagent_with_a_file_of_its_own_is_a_session_with_a_parent)
{
	struct reading reading = read_lines(
		"/p/agent-g7.jsonl", SIDE(",\"sessionId\":\"11111111-1111-4111-8111-111111111111\""));
	struct session_facts facts = reading_facts(&reading);

	ck_assert_slice(facts.foreign, "agent-g7");
	ck_assert_slice(facts.parent, "11111111-1111-4111-8111-111111111111");
	ck_assert_uint_eq(reading.count, 1);
	ck_assert(!reading.views[0].is_aside);
	reading_close(&reading);
}
END_TEST

START_TEST(a_fork_names_its_parent)
{
	struct reading reading = read_lines(
		"/p/22222222-2222-4222-8222-222222222222.jsonl",
		"{\"type\":\"user\",\"sessionId\":\"22222222-2222-4222-8222-222222222222\","
		"\"forkedFrom\":{\"sessionId\":\"p1\",\"messageUuid\":\"x\"},\"uuid\":\"b\"}\n");

	ck_assert_slice(reading_facts(&reading).parent, "p1");
	reading_close(&reading);
	reading = read_lines("/p/22222222-2222-4222-8222-222222222222.jsonl",
			     "{\"type\":\"user\",\"sessionId\":\"p2\",\"uuid\":\"b\"}\n");
	ck_assert_slice(reading_facts(&reading).foreign, "22222222-2222-4222-8222-222222222222");
	ck_assert_slice(reading_facts(&reading).parent, "p2");
	reading_close(&reading);
}
END_TEST

START_TEST(a_title_of_the_user_counts_more_than_one_of_the_model)
{
	static const char summary[] =
		"{\"type\":\"summary\",\"summary\":\"S\",\"leafUuid\":\"b\"}\n";
	static const char by_model[] =
		"{\"type\":\"ai-title\",\"aiTitle\":\"M\",\"sessionId\":\"s\"}\n";
	static const char by_user[] =
		"{\"type\":\"custom-title\",\"customTitle\":\"U\",\"sessionId\":\"s\"}\n";
	static const char taken_away[] =
		"{\"type\":\"custom-title\",\"customTitle\":\"\",\"sessionId\":\"s\"}\n";
	const struct {
		const char *parts[4];
		const char *name;
	} cases[] = {
		{ { USER("\"x\""), summary, "", "" }, "S" },
		{ { summary, USER("\"x\""), "", "" }, "" }, /* of another session */
		{ { USER("\"x\""), by_model, summary, "" }, "M" },
		{ { by_user, USER("\"x\""), by_model, "" }, "U" },
		{ { by_user, by_model, taken_away, "" }, "M" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char lines[2048];
		struct reading reading;

		(void)snprintf(lines, sizeof lines, "%s%s%s%s", cases[i].parts[0], cases[i].parts[1],
			       cases[i].parts[2], cases[i].parts[3]);
		reading = read_lines("x.jsonl", lines);
		ck_assert_slice(reading_facts(&reading).name, cases[i].name);
		reading_close(&reading);
	}
}
END_TEST

/* ---- Recognising and finding ---- */

static int detect(const char *path, const char *bytes, size_t size, bool is_whole)
{
	const char *slash = strrchr(path, '/');
	const struct probe probe = { .path = path, .name = slash != NULL ? slash + 1 : path,
				     .start = { bytes, size }, .is_whole = is_whole };

	return format->reader->detect(&probe);
}

START_TEST(files_of_this_format_are_recognised_even_damaged)
{
	static const char damaged[] = "{\"parentUu\x00xx\n" USER("\"x\"");
	static const char titles[] =
		"{\"type\":\"summary\",\"summary\":\"S\",\"leafUuid\":\"b\"}\n";
	static const char long_one[] =
		"{\"type\":\"user\",\"parentUuid\":null,\"uuid\":\"b\",\"sessionId\":\"s\",\"m\":\"";
	static const char queued[] =
		"{\"type\":\"queue-operation\",\"operation\":\"enqueue\",\"sessionId\":\"s\"}\n";
	char *longer = malloc(65536);

	ck_assert_ptr_nonnull(longer);
	ck_assert_int_ge(detect("/p/x.jsonl", damaged, sizeof damaged - 1, true), 95);
	ck_assert_int_ge(detect("/p/x.jsonl", titles, strlen(titles), true), 50);
	ck_assert_int_ge(detect("/p/x.jsonl", queued, strlen(queued), true), 50);
	/* A first line that is longer than what is looked at, as a prompt with an image is. */
	memset(longer, 'x', 65536);
	memcpy(longer, long_one, strlen(long_one));
	ck_assert_int_ge(detect("/p/x.jsonl", longer, 65536, false), 95);
	free(longer);
}
END_TEST

START_TEST(other_files_are_not)
{
	static const char *const others[] = {
		"", "\n\n", "hello", "{}", "{\"type\":\"user\"}\n",
		"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"x\"}}\n",
		"{\"display\":\"x\",\"project\":\"/\",\"sessionId\":\"s\"}\n",
		"{\"type\":\"session\",\"version\":3,\"id\":\"x\",\"timestamp\":\"t\",\"cwd\":\"/\"}\n",
		"{\"sessionId\":\"s\",\"projectHash\":\"x\",\"kind\":\"main\"}\n",
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(detect("/p/x.jsonl", others[i], strlen(others[i]), true) == 0, "%s",
			      others[i]);
	/* It is imported with its session. */
	ck_assert_int_eq(detect("/p/x/subagents/agent-g7.jsonl", USER("\"x\""),
				strlen(USER("\"x\"")), true), 0);
}
END_TEST

struct found {
	char paths[8][512];
	size_t count;
	int rc;
};

static int note_path(void *context, const char *path, const char *foreign)
{
	struct found *found = context;

	ck_assert_str_eq(foreign, "");
	ck_assert_uint_lt(found->count, 8);
	(void)snprintf(found->paths[found->count++], sizeof found->paths[0], "%s", path);
	return found->rc;
}

START_TEST(files_beside_a_session_are_given_in_the_order_of_their_names)
{
	static const char *const expected[] = {
		"x/subagents/agent-a.jsonl", "x/subagents/agent-b.jsonl",
		"x/subagents/agent-d.jsonl", "x/subagents/agent-e.jsonl",
		"x/subagents/deep/agent-c.jsonl", "x/tool-results/b1.txt",
	};
	struct scratch scratch = scratch_open();
	struct report report = report_make(NULL, NULL);
	const struct import_env env = { .sys = sys_posix(), .report = &report };
	struct found found = { .count = 0, .rc = HF_OK };
	char path[512];

	scratch_mkdir(scratch.fd, "x");
	scratch_mkdir(scratch.fd, "x/tool-results");
	scratch_mkdir(scratch.fd, "x/subagents");
	scratch_mkdir(scratch.fd, "x/subagents/deep");
	scratch_mkdir(scratch.fd, "outside");
	scratch_put(scratch.fd, "x/tool-results/b1.txt", "1", 1);
	scratch_put(scratch.fd, "x/subagents/agent-b.jsonl", "1", 1);
	scratch_put(scratch.fd, "x/subagents/agent-e.jsonl", "1", 1);
	scratch_put(scratch.fd, "x/subagents/agent-a.jsonl", "1", 1);
	scratch_put(scratch.fd, "x/subagents/agent-d.jsonl", "1", 1);
	scratch_put(scratch.fd, "x/subagents/deep/agent-c.jsonl", "1", 1);
	scratch_put(scratch.fd, "outside/secret", "1", 1);
	ck_assert_int_eq(symlinkat("../outside", scratch.fd, "x/link"), 0);
	ck_assert_int_eq(symlinkat("../outside/secret", scratch.fd, "x/file"), 0);
	(void)snprintf(path, sizeof path, "%s/x.jsonl", scratch.path);
	ck_assert_int_eq(claude_beside(&env, path, note_path, &found), HF_OK);
	ck_assert_uint_eq(found.count, 6);
	for (size_t i = 0; i < found.count; i++)
		ck_assert_str_eq(found.paths[i], expected[i]);
	/* What it is told to stop with stops it; no directory is no error. */
	found = (struct found){ .count = 0, .rc = HF_ERR_NOSPACE };
	ck_assert_int_eq(claude_beside(&env, path, note_path, &found), HF_ERR_NOSPACE);
	ck_assert_uint_eq(found.count, 1);
	(void)snprintf(path, sizeof path, "%s/y.jsonl", scratch.path);
	ck_assert_int_eq(claude_beside(&env, path, note_path, &found), HF_OK);
	ck_assert_uint_eq(found.count, 1);
	scratch_close(&scratch);
}
END_TEST

START_TEST(its_places_follow_its_environment)
{
	struct scratch scratch = scratch_open();
	const struct hf_import_options options = { 0 };
	const struct import_env env = { .sys = sys_posix(), .options = &options };
	struct found found = { .count = 0, .rc = HF_OK };
	char path[512];

	(void)unsetenv("CLAUDE_CONFIG_DIR");
	ck_assert_int_eq(setenv("HOME", scratch.path, 1), 0);
	scratch_mkdir(scratch.fd, ".claude");
	scratch_mkdir(scratch.fd, ".claude/projects");
	scratch_mkdir(scratch.fd, ".config");
	scratch_mkdir(scratch.fd, ".config/claude");
	scratch_mkdir(scratch.fd, ".config/claude/projects");
	scratch_mkdir(scratch.fd, "other");
	ck_assert_int_eq(format->reader->places(&env, note_path, &found), HF_OK);
	(void)snprintf(path, sizeof path, "%s/other", scratch.path);
	ck_assert_int_eq(setenv("CLAUDE_CONFIG_DIR", path, 1), 0);
	ck_assert_int_eq(format->reader->places(&env, note_path, &found), HF_OK);
	ck_assert_uint_eq(found.count, 2);
	scratch_mkdir(scratch.fd, "other/projects");
	ck_assert_int_eq(format->reader->places(&env, note_path, &found), HF_OK);
	ck_assert_uint_eq(found.count, 3);
	(void)snprintf(path, sizeof path, "%s/.claude/projects", scratch.path);
	ck_assert_str_eq(found.paths[0], path);
	(void)snprintf(path, sizeof path, "%s/.config/claude/projects", scratch.path);
	ck_assert_str_eq(found.paths[1], path);
	(void)snprintf(path, sizeof path, "%s/other/projects", scratch.path);
	ck_assert_str_eq(found.paths[2], path);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_claude");
	TCase *cases = runner_cases(suite, "claude", 60);

	tcase_add_test(cases, sessions_are_what_was_counted);
	tcase_add_test(cases, a_session_begins_with_its_first_message);
	tcase_add_test(cases, the_last_line_leads_through_the_compaction_to_the_root);
	tcase_add_test(cases, an_answer_keeps_its_blocks_and_says_what_it_is_part_of);
	tcase_add_test(cases, results_and_attachments_are_parts);
	tcase_add_test(cases, what_the_program_says_for_the_user_is_set_aside);
	tcase_add_test(cases, errors_and_summaries_are_marked);
	tcase_add_test(cases, lines_of_other_types_are_nodes_and_a_compaction_leads_back);
	tcase_add_test(cases, a_rewind_moves_the_leaf);
	tcase_add_test(cases, what_was_typed_while_the_model_was_at_work_is_a_message);
	tcase_add_test(cases, what_a_subagent_did_is_told_apart);
	tcase_add_test(cases, a_subagent_with_a_file_of_its_own_is_a_session_with_a_parent);
	tcase_add_test(cases, a_fork_names_its_parent);
	tcase_add_test(cases, a_title_of_the_user_counts_more_than_one_of_the_model);
	tcase_add_test(cases, files_of_this_format_are_recognised_even_damaged);
	tcase_add_test(cases, other_files_are_not);
	tcase_add_test(cases, files_beside_a_session_are_given_in_the_order_of_their_names);
	tcase_add_test(cases, its_places_follow_its_environment);
	return runner_run(suite);
}
