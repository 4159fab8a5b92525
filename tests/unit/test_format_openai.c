/* SPDX-License-Identifier: MIT */
/*
 * Goal: chats in OpenAI's form are recognised, and nothing else is; each message means what
 * that interface says; and what is written is in that form again, with the same bytes where
 * nothing had to be changed. Method: files written by hand (tests/data/openai), and the
 * views and lines that must come of them, written by hand too.
 */
#include "lib/runner.h"
#include "reader_fixture.h"

#include <ftw.h>

#include "lib/scene.h"

/* ---- Reading ---------------------------------------------------------------------- */

static void read_data(struct reading *reading, const struct format *format, const char *name,
		      char **ret_bytes)
{
	char path[1024];
	size_t size;

	data_path(path, sizeof path, "openai", name);
	*ret_bytes = slurp(path, &size);
	reading->env = NULL;
	reading_open(reading, format, path, *ret_bytes, size);
}

static void gives(const struct format *format, const char *name, const char *const *views)
{
	struct reading reading;
	char *bytes;
	size_t count = 0;

	read_data(&reading, format, name, &bytes);
	for (; views[count] != NULL; count++) {
		ck_assert_msg(count < reading.count, "%s is missing", views[count]);
		ck_assert_str_eq(reading.views[count].text, views[count]);
		ck_assert(!reading.views[count].is_aside);
	}
	ck_assert_uint_eq(reading.count, count);
	reading_close(&reading);
	free(bytes);
}

#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"
#define MESSAGE(role, parts) "{\"role\":\"" role "\",\"content\":[" parts "]"

START_TEST(a_message_a_line_with_calls_and_results)
{
	static const char *const views[] = {
		MESSAGE("system", TEXT("You are a careful assistant.")) "}",
		MESSAGE("user", TEXT("What is the weather in Lima and in Oslo?")) "}",
		MESSAGE("assistant",
			"{\"type\":\"tool_call\",\"id\":\"call_1\",\"name\":\"weather\",\"arguments\":"
			"{\"city\":\"Lima\",\"units\":{\"t\":\"C\"}}},"
			"{\"type\":\"tool_call\",\"id\":\"call_2\",\"name\":\"weather\",\"arguments\":"
			"{\"city\":\"Oslo\"}}") "}",
		MESSAGE("tool", "{\"type\":\"tool_result\",\"id\":\"call_1\",\"content\":"
				"\"{\\\"t\\\":19}\"}") "}",
		MESSAGE("tool", "{\"type\":\"tool_result\",\"id\":\"call_2\",\"content\":"
				"\"{\\\"t\\\":-3}\"}") "}",
		MESSAGE("assistant", TEXT("19 \xc2\xb0""C in Lima, \xe2\x88\x92""3 \xc2\xb0""C in Oslo. "
					  "\\\"Warm\\\" and cold.\\n")) "}",
		MESSAGE("user",
			TEXT("And this?") ","
			"{\"type\":\"image\",\"media_type\":\"image/png\",\"data\":\"iVBORw0KGgo=\"},"
			"{\"type\":\"file\",\"media_type\":\"audio/wav\",\"data\":\"UklGRg==\"},"
			"{\"type\":\"file\",\"name\":\"a b.pdf\",\"media_type\":\"application/pdf\","
			"\"data\":\"JVBERi0=\"}") ",\"name\":\"ana\"}",
		MESSAGE("assistant", TEXT("A cloud.") ","
			"{\"type\":\"tool_call\",\"id\":\"call_3\",\"name\":\"note\",\"arguments\":"
			"\"not JSON\"}") "}",
		MESSAGE("tool",
			"{\"type\":\"tool_result\",\"id\":\"call_3\",\"name\":\"note\","
			"\"content\":[" TEXT("one") "," TEXT("two") "]}") "}",
		NULL,
	};

	gives(&format_openai, "tools.jsonl", views);
}
END_TEST

START_TEST(parts_of_all_kinds)
{
	static const char *const views[] = {
		MESSAGE("system", TEXT("Be brief.")) "}",
		MESSAGE("user",
			TEXT("Look:") ","
			"{\"type\":\"image\",\"url\":\"https://example.org/a.png\"},"
			"{\"type\":\"image\",\"media_type\":\"image/jpeg\",\"data\":\"\\/9j\\/4AAQ\"},"
			"{\"type\":\"file\",\"media_type\":\"audio/mp3\",\"data\":\"UklGRg==\"},"
			"{\"type\":\"file\",\"url\":\"file-abc\"},"
			"{\"type\":\"file\",\"name\":\"b.txt\",\"media_type\":\"text/plain\",\"data\":"
			"\"aGk=\"},"
			"{\"type\":\"image\",\"url\":\"https://example.org/b.png\"},"
			"{\"type\":\"other\",\"value\":{\"type\": \"hologram\", \"depth\": 3}}")
			",\"name\":\"ana\"}",
		MESSAGE("assistant", TEXT("A cloud.")) "}",
		MESSAGE("assistant", TEXT("I cannot do that.")) "}",
		MESSAGE("assistant", TEXT("No.")) ",\"model\":\"gpt-4.1-mini\"}",
		NULL,
	};
	struct reading reading;
	struct session_facts facts;
	char *bytes;

	gives(&format_openai_document, "parts.json", views);
	read_data(&reading, &format_openai_document, "parts.json", &bytes);
	facts = reading_facts(&reading);
	ck_assert_slice(facts.foreign, "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT");
	ck_assert_slice(facts.name, "Clouds \xe2\x98\x81");
	reading_close(&reading);
	free(bytes);
}
END_TEST

START_TEST(a_list_alone)
{
	static const char *const views[] = {
		MESSAGE("user", TEXT("Hello")) "}",
		MESSAGE("assistant", TEXT("Hi!")) "}",
		NULL,
	};

	gives(&format_openai_document, "list.json", views);
}
END_TEST

START_TEST(conversations_of_one_file_are_told_apart)
{
	static const char *const views[] = {
		MESSAGE("system", TEXT("Answer in verse.")) "}",
		MESSAGE("user", TEXT("Rain?")) "}",
		MESSAGE("assistant", TEXT("It falls.")) "}",
		MESSAGE("user", TEXT("Snow?")) ",\"chat\":2}",
		MESSAGE("assistant", TEXT("It lies.")) ",\"chat\":2}",
		NULL,
	};

	gives(&format_openai, "finetune.jsonl", views);
}
END_TEST

START_TEST(older_functions_and_newer_reasoning)
{
	static const char *const functions[] = {
		MESSAGE("user", TEXT("Time?")) "}",
		MESSAGE("assistant", "{\"type\":\"tool_call\",\"name\":\"clock\",\"arguments\":{}}") "}",
		MESSAGE("tool", "{\"type\":\"tool_result\",\"name\":\"clock\",\"content\":\"12:00\"}") "}",
		MESSAGE("assistant", TEXT("Noon.")) "}",
		NULL,
	};
	static const char *const reasoning[] = {
		MESSAGE("user", TEXT("2+2?")) "}",
		MESSAGE("assistant", "{\"type\":\"thinking\",\"thinking\":\"Easy.\"}," TEXT("4"))
			",\"time\":\"2026-01-02T03:04:05Z\"}",
		NULL,
	};

	gives(&format_openai, "functions.jsonl", functions);
	gives(&format_openai, "reasoning.jsonl", reasoning);
}
END_TEST

START_TEST(what_is_damaged_does_not_hide_the_rest)
{
	static const char *const views[] = {
		MESSAGE("user", TEXT("One")) "}",
		MESSAGE("assistant", TEXT("Two")) "}",
		NULL,
	};

	gives(&format_openai, "damaged.jsonl", views);
}
END_TEST

/* ---- Detecting ---------------------------------------------------------------------- */

enum { PROBE_SIZE = 64 << 10 };

static int detect_bytes(const struct format *format, const char *bytes, size_t size, bool is_whole)
{
	struct probe probe = { .path = "messages.jsonl", .name = "messages.jsonl",
			       .start = { bytes, size }, .is_whole = is_whole };

	return format->reader->detect(&probe);
}

static void detect_file(const char *path, int *ret_lines, int *ret_document)
{
	size_t size;
	char *bytes = slurp(path, &size);
	size_t start = size < PROBE_SIZE ? size : PROBE_SIZE;

	*ret_lines = detect_bytes(&format_openai, bytes, start, start == size);
	*ret_document = detect_bytes(&format_openai_document, bytes, start, start == size);
	free(bytes);
}

START_TEST(each_chat_is_recognised_as_what_it_is)
{
	static const struct {
		const char *name;
		bool is_document;
	} files[] = {
		{ "tools.jsonl", false },  { "parts.json", true },	{ "list.json", true },
		{ "finetune.jsonl", false }, { "functions.jsonl", false }, { "reasoning.jsonl", false },
		{ "damaged.jsonl", false },
	};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[1024];
		int lines;
		int document;

		data_path(path, sizeof path, "openai", files[i].name);
		detect_file(path, &lines, &document);
		ck_assert_msg((files[i].is_document ? document : lines) >= 60, "%s", files[i].name);
		ck_assert_msg((files[i].is_document ? lines : document) == 0, "%s", files[i].name);
	}
}
END_TEST

START_TEST(beginnings_that_are_cut_off_are_recognised)
{
	static const char line[] = "{\"role\":\"user\",\"content\":\"a long";
	static const char chat[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"a long";
	static const char list[] = "[{\"content\":\"\",\"role\":\"user\"},{\"role";

	ck_assert_int_gt(detect_bytes(&format_openai, line, sizeof line - 1, false), 0);
	ck_assert_int_gt(detect_bytes(&format_openai_document, list, sizeof list - 1, false), 0);
	/* It may be either; the document is the likelier one. */
	ck_assert_int_gt(detect_bytes(&format_openai_document, chat, sizeof chat - 1, false),
			 detect_bytes(&format_openai, chat, sizeof chat - 1, false));
}
END_TEST

static size_t others;

static int look_at_other(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	int lines;
	int document;

	(void)stat, (void)ftw;
	if (type != FTW_F)
		return 0;
	detect_file(path, &lines, &document);
	ck_assert_msg(lines == 0 && document == 0, "%s: %d %d", path, lines, document);
	others++;
	return 0;
}

START_TEST(files_of_other_agents_are_not_taken_for_chats)
{
	static const char *const texts[] = {
		"", "[]", "{}", "[1]", "{\"messages\":[]}", "{\"messages\":{}}", "role",
		"{\"role\":\"user\"}",
		"{\"type\":\"message\",\"role\":\"user\",\"content\":[]}\n",
		"{\"role\":\"wizard\",\"content\":\"x\"}\n",
		"{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"x\"}}\n",
		"{\"sessionId\":\"x\",\"messages\":[{\"type\":\"user\",\"content\":\"x\"}]}",
		"{\"n\":0,\"at\":\"x\",\"type\":\"message\",\"data\":{\"role\":\"user\",\"content\":1}}\n",
		"[{]", "{\"messages\":[}", "[[[[",
	};
	static const char *const agents[] = { "claude-code", "codex",	    "damaged", "gemini",
					      "gemini-json", "jidocode", "pi" };
	char path[1024];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ck_assert_msg(detect_bytes(&format_openai, texts[i], strlen(texts[i]), true) == 0, "%s",
			      texts[i]);
		ck_assert_msg(detect_bytes(&format_openai_document, texts[i], strlen(texts[i]), true) == 0,
			      "%s", texts[i]);
	}
	for (size_t i = 0; i < sizeof agents / sizeof agents[0]; i++) {
		data_path(path, sizeof path, agents[i], "");
		ck_assert_int_eq(nftw(path, look_at_other, 16, FTW_PHYS), 0);
	}
	ck_assert_uint_gt(others, 40);
}
END_TEST

/* ---- Writing -------------------------------------------------------------------------- */

struct written {
	char bytes[1 << 16];
	size_t size;
	char notes[1024];
	struct hf_export_options options;
	struct hf_export done;
};

static struct written written;
static struct scene scene;

static int take_bytes(void *context, const char *file, const char *bytes, size_t size)
{
	(void)context;
	ck_assert_ptr_null(file);
	ck_assert_uint_lt(size, sizeof written.bytes - written.size);
	memcpy(written.bytes + written.size, bytes, size);
	written.size += size;
	written.bytes[written.size] = '\0';
	return HF_OK;
}

static void take_note(void *context, const char *what, uint64_t count)
{
	char text[128];

	(void)context;
	(void)snprintf(text, sizeof text, "%s %u\n", what, (unsigned)count);
	ck_assert_uint_lt(strlen(written.notes) + strlen(text), sizeof written.notes);
	memcpy(written.notes + strlen(written.notes), text, strlen(text) + 1);
}

static void setup(void)
{
	memset(&written, 0, sizeof written);
	written.options.write = take_bytes;
	written.options.note = take_note;
	written.options.convert = true;
	scene_open(&scene, NULL);
}

static void teardown(void)
{
	scene_close(&scene);
}

static void append_json(struct hf_session *session, const char *json)
{
	struct hf_append record = { "message", NULL, json, strlen(json) };

	ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
}

static void export_as(const char *format)
{
	struct hf_view *view = NULL;

	written.size = 0;
	written.notes[0] = '\0';
	written.options.format = format;
	ck_assert_int_eq(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK);
	ck_assert_int_eq(hf_export(scene.store, view, &written.options, NULL, &written.done), HF_OK);
	hf_view_close(view);
}

static void make_from(const char *name)
{
	struct hf_session *session = scene_create(&scene, NULL);
	struct reading reading;
	char *bytes;

	read_data(&reading, &format_openai, name, &bytes);
	for (size_t i = 0; i < reading.count; i++)
		append_json(session, reading.views[i].text);
	scene_seal(session);
	reading_close(&reading);
	free(bytes);
}

START_TEST(what_was_read_is_written_byte_for_byte)
{
	char path[1024];
	size_t size;
	char *expected;

	data_path(path, sizeof path, "openai", "tools.jsonl");
	expected = slurp(path, &size);
	make_from("tools.jsonl");
	export_as("openai");
	ck_assert_msg(written.size == size && memcmp(written.bytes, expected, size) == 0, "%s",
		      written.bytes);
	ck_assert_str_eq(written.notes, "");
	ck_assert_uint_eq(written.done.messages, 9);
	ck_assert_uint_eq(strlen(written.done.name), 36 + 6);
	ck_assert_str_eq(written.done.name + 36, ".jsonl");
	free(expected);
}
END_TEST

START_TEST(a_document_has_the_same_messages_in_a_list)
{
	make_from("functions.jsonl");
	export_as("openai-json");
	ck_assert_str_eq(written.bytes,
			 "{\"messages\":[\n"
			 "{\"role\":\"user\",\"content\":\"Time?\"}\n"
			 ",{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"\",\"type\":"
			 "\"function\",\"function\":{\"name\":\"clock\",\"arguments\":\"{}\"}}]}\n"
			 ",{\"role\":\"tool\",\"name\":\"clock\",\"content\":\"12:00\"}\n"
			 ",{\"role\":\"assistant\",\"content\":\"Noon.\"}\n"
			 "]}\n");
	ck_assert_str_eq(written.notes, "tool results without the id of their call 1\n");
	ck_assert_int_eq(json_scan(written.bytes, written.size, NULL), HF_OK);
	ck_assert_str_eq(written.done.name + 36, ".json");
}
END_TEST

START_TEST(an_empty_session_is_an_empty_chat)
{
	scene_seal(scene_create(&scene, NULL));
	export_as("openai");
	ck_assert_uint_eq(written.size, 0);
	export_as("openai-json");
	ck_assert_str_eq(written.bytes, "{\"messages\":[\n]}\n");
}
END_TEST

START_TEST(results_come_before_the_rest_of_their_message_and_losses_are_told)
{
	static const char *const messages[] = {
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
		"{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"ls\","
		"\"input\":{\"p\":\"/\"}},{\"type\":\"text\",\"text\":\"b\"}]}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t1\","
		"\"content\":[{\"type\":\"text\",\"text\":\"x\"},{\"type\":\"image\",\"data\":"
		"\"AA==\"}],\"is_error\":true},"
		"{\"type\":\"text\",\"text\":\"go on\"}]}",
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"only\"}]}",
		"{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"url\":\"https://e.org/x\"},"
		"{\"type\":\"image\"},{\"type\":\"file\",\"name\":\"f\"},{\"type\":\"other\",\"value\":1},"
		"{\"type\":\"file\",\"name\":\"g\",\"data\":\"AA==\"}]}",
		"{\"role\":\"tool\",\"content\":[{\"type\":\"text\",\"text\":\"plain\"}]}",
	};
	struct hf_session *session = scene_create(&scene, NULL);

	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		append_json(session, messages[i]);
	scene_seal(session);
	export_as("openai");
	ck_assert_str_eq(
		written.bytes,
		"{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
		"{\"type\":\"text\",\"text\":\"b\"}],\"tool_calls\":[{\"id\":\"t1\",\"type\":"
		"\"function\",\"function\":{\"name\":\"ls\",\"arguments\":"
		"\"{\\\"p\\\":\\\"/\\\"}\"}}]}\n"
		"{\"role\":\"tool\",\"tool_call_id\":\"t1\",\"content\":[{\"type\":\"text\",\"text\":"
		"\"x\"},{\"type\":\"text\",\"text\":"
		"\"{\\\"type\\\":\\\"image\\\",\\\"data\\\":\\\"AA==\\\"}\"}]}\n"
		"{\"role\":\"user\",\"content\":\"go on\"}\n"
		"{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
		"\"https://e.org/x\"}},{\"type\":\"text\",\"text\":"
		"\"{\\\"type\\\":\\\"other\\\",\\\"value\\\":"
		"1}\"},{\"type\":\"file\",\"file\":{\"filename\":\"g\",\"file_data\":"
		"\"data:application/octet-stream;base64,AA==\"}}]}\n"
		"{\"role\":\"tool\",\"content\":\"plain\"}\n");
	ck_assert_str_eq(written.notes,
			 "thinking 2\nthat tool results are errors 1\n"
			 "parts of tool results that are no text 1\nimages without data 1\n"
			 "files without data 1\nparts of unknown kinds, written as text 1\n"
			 "tool results without the id of their call 1\n");
}
END_TEST

START_TEST(a_result_comes_behind_a_call_of_the_same_message)
{
	struct hf_session *session = scene_create(&scene, NULL);

	append_json(session, "{\"role\":\"assistant\",\"content\":[\"a\",{\"type\":\"tool_call\","
			     "\"id\":\"t\",\"name\":\"f\"},{\"type\":\"tool_result\",\"id\":\"t\"}]}");
	scene_seal(session);
	export_as("openai");
	ck_assert_str_eq(written.bytes,
			 "{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":[{\"id\":\"t\","
			 "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}\n"
			 "{\"role\":\"tool\",\"tool_call_id\":\"t\",\"content\":\"\"}\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format openai");
	TCase *cases = runner_cases(suite, "reading", 60);

	tcase_add_test(cases, a_message_a_line_with_calls_and_results);
	tcase_add_test(cases, parts_of_all_kinds);
	tcase_add_test(cases, a_list_alone);
	tcase_add_test(cases, conversations_of_one_file_are_told_apart);
	tcase_add_test(cases, older_functions_and_newer_reasoning);
	tcase_add_test(cases, what_is_damaged_does_not_hide_the_rest);
	tcase_add_test(cases, each_chat_is_recognised_as_what_it_is);
	tcase_add_test(cases, beginnings_that_are_cut_off_are_recognised);
	tcase_add_test(cases, files_of_other_agents_are_not_taken_for_chats);
	cases = runner_cases(suite, "writing", 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, what_was_read_is_written_byte_for_byte);
	tcase_add_test(cases, a_document_has_the_same_messages_in_a_list);
	tcase_add_test(cases, an_empty_session_is_an_empty_chat);
	tcase_add_test(cases, results_come_before_the_rest_of_their_message_and_losses_are_told);
	tcase_add_test(cases, a_result_comes_behind_a_call_of_the_same_message);
	return runner_run_in_memory(suite);
}
