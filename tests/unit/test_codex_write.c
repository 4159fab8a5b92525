/* SPDX-License-Identifier: MIT */
/*
 * Goal: a session of any origin becomes a rollout as Codex writes and resumes them. Method:
 * messages appended by hand; the lines are compared with lines written by hand, in the shape
 * that was seen to be listed and resumed by versions 0.58.0 and 0.169.0.
 */
#include "json/scan.h"
#include "lib/runner.h"
#include "store_fixture.h"

#define TIME "2026-01-02T03:04:05.678Z"
#define SAY(role, content) "{\"role\":\"" role "\",\"content\":" content ",\"time\":\"" TIME "\"}"
#define LINE(type, payload)                                                                    \
	"{\"timestamp\":\"" TIME "\",\"type\":\"" type "\",\"payload\":{" payload "}}\n"
#define META                                                                                   \
	LINE("session_meta", "\"id\":\"" ID_1 "\",\"timestamp\":\"" TIME "\",\"cwd\":\"/p\","    \
			     "\"originator\":\"holdfast\",\"cli_version\":\"0.58.0\","           \
			     "\"instructions\":null,\"source\":\"cli\"")
#define USER(text)                                                                             \
	LINE("response_item", "\"type\":\"message\",\"role\":\"user\",\"content\":["             \
			      "{\"type\":\"input_text\",\"text\":\"" text "\"}]")                  \
	LINE("event_msg", "\"type\":\"user_message\",\"message\":\"" text "\",\"images\":[]")
#define ANSWER(text)                                                                           \
	LINE("event_msg", "\"type\":\"agent_message\",\"message\":\"" text "\"")                   \
	LINE("response_item", "\"type\":\"message\",\"role\":\"assistant\",\"content\":["          \
			      "{\"type\":\"output_text\",\"text\":\"" text "\"}]")
#define CALL(name, arguments, id)                                                              \
	LINE("response_item", "\"type\":\"function_call\",\"name\":\"" name "\",\"arguments\":"    \
			      "\"" arguments "\",\"call_id\":\"" id "\"")
#define OUTPUT(id, output)                                                                     \
	LINE("response_item", "\"type\":\"function_call_output\",\"call_id\":\"" id "\","          \
			      "\"output\":" output)

static struct fixture fixture;
static struct hf_view *view;
static char written[16384];
static char notes[1024];
static struct hf_export done;

static void begin(const char *origin)
{
	struct hf_session_options options = { .id = ID_1, .project = "/p" };

	fixture_open(&fixture);
	if (origin != NULL)
		options.origin = (struct hf_slice){ origin, strlen(origin) };
	ck_assert_int_eq(hf_session_create(fixture.store, &options, &fixture.detail,
					   &fixture.session),
			 HF_OK);
}

static void setup(void)
{
	begin(NULL);
}

static void teardown(void)
{
	hf_view_close(view);
	view = NULL;
	fixture_close(&fixture);
}

static void say(const char *json)
{
	ck_assert_int_eq(append(&fixture, "message", NULL, json), HF_OK);
}

static int take(void *context, const char *file, const char *data, size_t size)
{
	size_t before = strlen(written);

	(void)context;
	ck_assert_ptr_null(file);
	ck_assert_uint_lt(before + size, sizeof written);
	memcpy(written + before, data, size);
	written[before + size] = '\0';
	return HF_OK;
}

static void note(void *context, const char *what, uint64_t count)
{
	size_t size = strlen(notes);

	(void)context;
	(void)snprintf(notes + size, sizeof notes - size, "%s: %u\n", what, (unsigned)count);
}

static void export_session(void)
{
	struct hf_export_options options = { .format = "codex", .write = take, .note = note };

	written[0] = '\0';
	notes[0] = '\0';
	if (view == NULL) {
		leave(&fixture, HF_CLOSE_SEAL);
		view = load(&fixture, ID_1);
	}
	ck_assert_int_eq(hf_export(fixture.store, view, &options, &fixture.detail, &done), HF_OK);
	for (char *at = written; *at != '\0'; at = strchr(at, '\n') + 1)
		ck_assert_int_eq(json_scan(at, strcspn(at, "\n"), NULL), HF_OK);
}

static void expect(const char *lines, const char *noted)
{
	export_session();
	ck_assert_str_eq(written, lines);
	ck_assert_str_eq(notes, noted);
}

START_TEST(what_is_said_stands_once_for_the_model_and_once_for_the_screen)
{
	static const char lines[] = META USER("Hi \\\"you\\\"") ANSWER("Ho") ANSWER("Hum");
	char first[sizeof written];

	say(SAY("user", "\"Hi \\\"you\\\"\""));
	say(SAY("assistant", "[{\"type\":\"text\",\"text\":\"Ho\"},"
			     "{\"type\":\"text\",\"text\":\"Hum\"}]"));
	expect(lines, "");
	ck_assert_str_eq(done.name, "rollout-2026-01-02T03-04-05-" ID_1 ".jsonl");
	ck_assert_uint_eq(done.messages, 2);
	memcpy(first, written, sizeof first);
	expect(first, "");
}
END_TEST

START_TEST(a_call_has_its_arguments_in_a_string_and_its_output)
{
	say(SAY("assistant",
		"[{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"Bash\",\"arguments\":"
		"{\"a\":\"\\\"\"}},{\"type\":\"tool_call\",\"id\":\"c2\",\"name\":\"Read\","
		"\"arguments\":{}}]"));
	say(SAY("tool", "[{\"type\":\"tool_result\",\"id\":\"c2\",\"content\":[{\"type\":\"text\","
			"\"text\":\"x\"},{\"type\":\"text\",\"text\":\"y\"}]}]"));
	say(SAY("user", "[{\"type\":\"tool_result\",\"id\":\"c1\",\"content\":{\"n\":1},"
			"\"is_error\":true},{\"type\":\"text\",\"text\":\"Go on\"}]"));
	expect(META CALL("Bash", "{\\\"a\\\":\\\"\\\\\\\"\\\"}", "c1") CALL("Read", "{}", "c2")
		       OUTPUT("c2", "\"x\\ny\"") OUTPUT("c1", "\"{\\\"n\\\":1}\"") USER("Go on"),
	       "marks of tools that failed: 1\n");
}
END_TEST

START_TEST(every_call_is_answered_before_the_user_speaks_again)
{
	say(SAY("assistant", "[{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"f\","
			     "\"arguments\":{}}]"));
	say(SAY("user", "\"Stop\""));
	say(SAY("assistant", "[{\"type\":\"tool_call\",\"id\":\"c2\",\"name\":\"f\","
			     "\"arguments\":{}}]"));
	say(SAY("tool", "[{\"type\":\"tool_result\",\"id\":\"c9\",\"content\":\"?\"}]"));
	expect(META CALL("f", "{}", "c1") OUTPUT("c1", "\"aborted\"") USER("Stop")
		       CALL("f", "{}", "c2") OUTPUT("c2", "\"aborted\""),
	       "calls without a result, which got one made up: 2\n"
	       "results of calls that are not there: 1\n");
}
END_TEST

START_TEST(images_go_with_the_prompt_and_with_results)
{
	say(SAY("user", "[{\"type\":\"text\",\"text\":\"See\"},{\"type\":\"image\",\"media_type\":"
			"\"image/jpeg\",\"data\":\"QQ==\"},{\"type\":\"image\"},"
			"{\"type\":\"file\",\"name\":\"a.pdf\"}]"));
	say(SAY("assistant", "[{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"f\","
			     "\"arguments\":{}}]"));
	say(SAY("tool", "[{\"type\":\"tool_result\",\"id\":\"c1\",\"content\":[{\"type\":\"text\","
			"\"text\":\"x\"},{\"type\":\"image\",\"url\":\"https://x/y\"}]}]"));
	expect(META LINE("response_item",
			 "\"type\":\"message\",\"role\":\"user\",\"content\":["
			 "{\"type\":\"input_text\",\"text\":\"See\"},{\"type\":\"input_image\","
			 "\"image_url\":\"data:image/jpeg;base64,QQ==\"}]")
		       LINE("event_msg", "\"type\":\"user_message\",\"message\":\"See\",\"images\":["
					 "\"data:image/jpeg;base64,QQ==\"]")
		       CALL("f", "{}", "c1")
		       OUTPUT("c1", "[{\"type\":\"input_text\",\"text\":\"x\"},{\"type\":"
				    "\"input_image\",\"image_url\":\"https://x/y\"}]"),
	       "images without data: 1\nattached files: 1\n");
}
END_TEST

START_TEST(what_codex_cannot_take_is_replaced_or_told_of)
{
	say(SAY("system", "\"Be good\""));
	say(SAY("assistant", "[{\"type\":\"thinking\",\"thinking\":\"Hm\"},{\"type\":\"text\","
			     "\"text\":\"\\ud83d \\ud83d\\ude80 \\udc00\\udc00x\\\\ud83d\"},"
			     "{\"type\":\"tool_call\",\"id\":\"c1\",\"name\":\"a b.c\","
			     "\"arguments\":\"raw\"},{\"type\":\"tool_result\",\"id\":\"c1\","
			     "\"content\":\"\"}]"));
	say("{\"role\":\"assistant\",\"content\":\"Overloaded\",\"error\":true}");
	expect(META LINE("response_item", "\"type\":\"message\",\"role\":\"developer\",\"content\":["
					  "{\"type\":\"input_text\",\"text\":\"Be good\"}]")
		       LINE("event_msg", "\"type\":\"agent_reasoning\",\"text\":\"Hm\"")
		       ANSWER("\\ufffd \\ud83d\\ude80 \\ufffd\\ufffdx\\\\ud83d")
		       CALL("a_b_c", "{\\\"value\\\":\\\"raw\\\"}", "c1") OUTPUT("c1", "\"\""),
	       "thinking, which is shown but not given to the model: 1\n"
	       "names of tools as they were: 1\nerrors of the service: 1\n");
}
END_TEST

START_TEST(a_summary_stands_for_what_came_before_it)
{
	say(SAY("user", "\"One\""));
	say("{\"role\":\"user\",\"content\":\"All so far\",\"summary\":true,\"time\":\"" TIME "\"}");
	say(SAY("assistant", "\"Two\""));
	expect(META USER("One") LINE("compacted", "\"message\":\"All so far\"") ANSWER("Two"), "");
}
END_TEST

START_TEST(an_empty_session_is_a_first_line)
{
	export_session();
	ck_assert_ptr_eq(strchr(written, '\n'), written + strlen(written) - 1);
	ck_assert_ptr_nonnull(strstr(written, "\"type\":\"session_meta\""));
}
END_TEST

/* ---- Going on with an import ---- */

#define ORIGIN "{\"format\":\"codex\",\"foreign\":\"" ID_2 "\",\"path\":\"/x/y.jsonl\"}"
#define OLD "{\"timestamp\":\"t\",\"type\":\"event_msg\",\"payload\":{}}"
#define NUMBERED "{\"timestamp\":\"t\",\"ordinal\":41,\"type\":\"event_msg\",\"payload\":{}}"

static void import_line(const char *at, const char *line)
{
	char json[512];

	(void)snprintf(json, sizeof json, "{\"source\":{\"at\":%s,\"line\":1,\"json\":%s}}", at, line);
	ck_assert_int_eq(append(&fixture, "x-source", NULL, json), HF_OK);
}

START_TEST(what_was_added_stands_behind_the_original)
{
	begin(ORIGIN);
	import_line("0", OLD);
	say(SAY("user", "\"More\""));
	say(SAY("tool", "[{\"type\":\"tool_result\",\"id\":\"c1\",\"content\":\"late\"}]"));
	expect(OLD "\n" USER("More") OUTPUT("c1", "\"late\""), "");
	ck_assert_str_eq(done.name, "y.jsonl");
	teardown();
}
END_TEST

/* Such a version refuses a file whose last line has no number. */
START_TEST(lines_behind_numbered_ones_are_numbered)
{
	begin(ORIGIN);
	import_line("0", NUMBERED);
	say(SAY("user", "\"More\""));
	export_session();
	ck_assert_ptr_nonnull(strstr(written, "{\"timestamp\":\"" TIME "\",\"ordinal\":42,\"type\":"
					      "\"response_item\""));
	ck_assert_ptr_nonnull(strstr(written, "{\"timestamp\":\"" TIME "\",\"ordinal\":43,\"type\":"
					      "\"event_msg\""));
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("codex_write");
	TCase *whole = runner_cases(suite, "whole", 60);
	TCase *continued = runner_cases(suite, "continued", 60);

	tcase_add_checked_fixture(whole, setup, teardown);
	tcase_add_test(whole, what_is_said_stands_once_for_the_model_and_once_for_the_screen);
	tcase_add_test(whole, a_call_has_its_arguments_in_a_string_and_its_output);
	tcase_add_test(whole, every_call_is_answered_before_the_user_speaks_again);
	tcase_add_test(whole, images_go_with_the_prompt_and_with_results);
	tcase_add_test(whole, what_codex_cannot_take_is_replaced_or_told_of);
	tcase_add_test(whole, a_summary_stands_for_what_came_before_it);
	tcase_add_test(whole, an_empty_session_is_a_first_line);
	tcase_add_test(continued, what_was_added_stands_behind_the_original);
	tcase_add_test(continued, lines_behind_numbered_ones_are_numbered);
	return runner_run_in_memory(suite);
}
