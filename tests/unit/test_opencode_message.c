/* SPDX-License-Identifier: MIT */
/*
 * Goal: what each kind of part and message means. Method: pieces written by hand as files
 * have them, with the views that they must make written out.
 */
#include "interop/opencode_message.h"
#include "lib/runner.h"
#include "opencode_fixture.h"

/* One message with parts, NULL at the end; what becomes of it is in the reading. */
static void read_parts(struct fixture *f, const char *message, const char *const *parts,
		       const char *kept)
{
	char view[128];
	const char *texts[32];
	const char *keys[32] = { "session", "message/msg_1" };
	size_t count = 2;

	fixture_forget(f);
	f->reading = (struct reading){ .env = &f->env, .reader = format_opencode_files.reader };
	f->reading.writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						     .take = take_view, .context = &f->reading };
	ck_assert_int_eq(f->reading.reader->begin(&f->env, "", &f->reading.state), HF_OK);
	texts[0] = "{\"id\":\"ses_1\"}";
	texts[1] = message;
	for (size_t i = 0; parts[i] != NULL; i++) {
		texts[count] = parts[i];
		keys[count++] = "part/prt_1";
	}
	(void)snprintf(view, sizeof view, "{\"message\":\"msg_1\",\"parts\":1,\"kept\":%s}", kept);
	texts[count] = view;
	keys[count++] = "view/msg_1";
	for (size_t i = 0; i < count; i++) {
		struct piece piece = { .role = PIECE_ROW, .key = keys[i],
				       .bytes = { texts[i], strlen(texts[i]) } };

		ck_assert_int_eq(piece_look(&piece), HF_OK);
		ck_assert_int_eq(f->reading.reader->read(f->reading.state, &piece,
							 &f->reading.writer), HF_OK);
	}
}

#define USER "{\"role\":\"user\",\"time\":{\"created\":1795390954101}}"
#define ASSISTANT "{\"role\":\"assistant\"}"

/* The one view that a part makes in an answer. */
static void expect_part(const char *part, const char *content)
{
	const char *const parts[] = { part, NULL };
	struct fixture f;
	char view[1024];

	fixture_open(&f, "");
	read_parts(&f, ASSISTANT, parts, "true");
	(void)snprintf(view, sizeof view,
		       "{\"role\":\"assistant\",\"content\":[%s],\"id\":\"msg_1\"}", content);
	ck_assert_uint_eq(f.reading.count, 1);
	ck_assert_str_eq(f.reading.views[0].text, view);
	ck_assert(!f.reading.views[0].is_aside);
	fixture_close(&f);
}

START_TEST(each_kind_of_part_becomes_its_part_of_the_view)
{
	static const char *const pairs[][2] = {
		{ "{\"type\":\"text\",\"text\":\"a\\u0041\"}",
		  "{\"type\":\"text\",\"text\":\"a\\u0041\"}" },
		{ "{\"type\":\"text\",\"text\":\"\"}", "" },
		{ "{\"type\":\"reasoning\",\"text\":\"r\"}", "{\"type\":\"thinking\",\"thinking\":\"r\"}" },
		{ "{\"type\":\"step-start\"}", "" },
		{ "{\"type\":\"step-finish\",\"cost\":1}", "" },
		{ "{\"type\":\"snapshot\"}", "" },
		{ "{\"type\":\"patch\",\"hash\":\"h\"}",
		  "{\"type\":\"other\",\"value\":{\"type\":\"patch\",\"hash\":\"h\"}}" },
		{ "{\"type\":\"new\"}", "{\"type\":\"other\",\"value\":{\"type\":\"new\"}}" },
		{ "{\"type\":\"text\",\"text\":7}",
		  "{\"type\":\"other\",\"value\":{\"type\":\"text\",\"text\":7}}" },
		{ "{}", "{\"type\":\"other\",\"value\":{}}" },
		{ "[]", "" },
		{ "{\"type\":\"text\"", "" },
		{ "{\"type\":\"file\",\"mime\":\"image/png\",\"url\":\"data:image/png;base64,QUJD\"}",
		  "{\"type\":\"image\",\"media_type\":\"image/png\",\"data\":\"QUJD\"}" },
		{ "{\"type\":\"file\",\"mime\":\"image/png\",\"url\":\"data:a;base64,QU\\/D\"}",
		  "{\"type\":\"image\",\"media_type\":\"image/png\",\"url\":\"data:a;base64,QU\\/D\"}" },
		{ "{\"type\":\"file\",\"mime\":\"image/png\",\"url\":\"https://e/x.png\"}",
		  "{\"type\":\"image\",\"media_type\":\"image/png\",\"url\":\"https://e/x.png\"}" },
		{ "{\"type\":\"file\",\"mime\":\"text/plain\",\"filename\":\"n\","
		  "\"url\":\"data:text/plain,a\"}",
		  "{\"type\":\"file\",\"name\":\"n\",\"media_type\":\"text/plain\","
		  "\"url\":\"data:text/plain,a\"}" },
		{ "{\"type\":\"file\",\"mime\":\"a/b\",\"url\":\"data:,\"}",
		  "{\"type\":\"file\",\"media_type\":\"a/b\",\"url\":\"data:,\"}" },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		expect_part(pairs[i][0], pairs[i][1]);
}
END_TEST

#define CALL "{\"type\":\"tool_call\",\"id\":\"c\",\"name\":\"bash\",\"arguments\":{\"a\":1}}"
#define TOOL(state) "{\"type\":\"tool\",\"callID\":\"c\",\"tool\":\"bash\",\"state\":{" state "}}"
#define INPUT "\"input\":{\"a\":1}"

START_TEST(a_tool_is_a_call_and_when_it_has_ended_a_result)
{
	expect_part(TOOL("\"status\":\"pending\"," INPUT), CALL);
	expect_part(TOOL("\"status\":\"running\"," INPUT), CALL);
	expect_part(TOOL("\"status\":\"completed\"," INPUT ",\"output\":\"o\""),
		    CALL ",{\"type\":\"tool_result\",\"id\":\"c\",\"name\":\"bash\",\"content\":\"o\"}");
	expect_part(TOOL("\"status\":\"error\"," INPUT ",\"error\":\"e\""),
		    CALL ",{\"type\":\"tool_result\",\"id\":\"c\",\"name\":\"bash\",\"content\":\"e\","
			 "\"is_error\":true}");
	expect_part(TOOL("\"status\":\"completed\"," INPUT ",\"output\":\"o\",\"attachments\":["
			 "{\"type\":\"file\",\"mime\":\"image/gif\",\"url\":\"data:image/gif;base64,Rw==\"}]"),
		    CALL ",{\"type\":\"tool_result\",\"id\":\"c\",\"name\":\"bash\",\"content\":\"o\"},"
			 "{\"type\":\"image\",\"media_type\":\"image/gif\",\"data\":\"Rw==\"}");
	expect_part("{\"type\":\"tool\"}", "{\"type\":\"tool_call\",\"arguments\":{}}");
}
END_TEST

START_TEST(what_the_program_put_into_a_prompt_stands_apart)
{
	static const char *const parts[] = {
		"{\"type\":\"text\",\"text\":\"mine\"}",
		"{\"type\":\"text\",\"text\":\"not mine\",\"synthetic\":true}",
		"{\"type\":\"text\",\"text\":\"nor this\",\"ignored\":true}", NULL };
	struct fixture f;

	fixture_open(&f, "");
	read_parts(&f, USER, parts, "true");
	ck_assert_uint_eq(f.reading.count, 2);
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"mine\"}],"
			 "\"id\":\"msg_1\",\"time\":\"2026-11-22T23:42:34.101000Z\"}");
	ck_assert_str_eq(f.reading.views[1].text,
			 "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"not mine\"},"
			 "{\"type\":\"text\",\"text\":\"nor this\"}],\"id\":\"msg_1+\","
			 "\"time\":\"2026-11-22T23:42:34.101000Z\",\"meta\":true}");
	ck_assert(!f.reading.views[0].is_aside && f.reading.views[1].is_aside);
	/* Nothing of it is mine; then again nothing is in it at all. */
	read_parts(&f, USER, parts + 1, "true");
	ck_assert_uint_eq(f.reading.count, 1);
	ck_assert(f.reading.views[0].is_aside);
	ck_assert(says(view_slice(&f.reading.views[0]), "id", "msg_1"));
	read_parts(&f, USER, parts + 1, "false"); /* and taken back besides */
	ck_assert_uint_eq(f.reading.count, 1);
	ck_assert(f.reading.views[0].is_aside && has(view_slice(&f.reading.views[0]), "reverted"));
	read_parts(&f, USER, parts + 3, "true");
	ck_assert_uint_eq(f.reading.count, 1);
	ck_assert(!f.reading.views[0].is_aside);
	fixture_close(&f);
}
END_TEST

START_TEST(an_error_of_the_service_is_the_text_only_if_there_is_no_other)
{
	static const char *const none[] = { "{\"type\":\"step-start\"}", NULL };
	static const char *const some[] = { "{\"type\":\"text\",\"text\":\"begun\"}", NULL };
	static const char message[] = "{\"role\":\"assistant\",\"error\":{\"name\":\"APIError\","
				      "\"data\":{\"message\":\"no\"}}}";
	struct fixture f;

	fixture_open(&f, "");
	read_parts(&f, message, none, "true");
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"no\"}],"
			 "\"id\":\"msg_1\",\"error\":true}");
	read_parts(&f, message, some, "true");
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"begun\"},"
			 "{\"type\":\"other\",\"value\":{\"name\":\"APIError\","
			 "\"data\":{\"message\":\"no\"}}}],\"id\":\"msg_1\"}");
	fixture_close(&f);
}
END_TEST

START_TEST(an_answer_says_which_model_gave_it_and_what_it_took)
{
	static const char *const none[] = { NULL };
	struct fixture f;

	fixture_open(&f, "");
	read_parts(&f, "{\"role\":\"assistant\",\"modelID\":\"m\",\"summary\":true,"
		       "\"tokens\":{\"input\":1,"
		       "\"output\":2,\"cache\":{\"read\":3,\"write\":4}},\"parentID\":\"msg_0\"}",
		   none, "true");
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"assistant\",\"content\":[],\"id\":\"msg_1\",\"model\":\"m\","
			 "\"usage\":{\"input\":1,\"output\":2,\"cache_read\":3,\"cache_write\":4},"
			 "\"summary\":true}");
	fixture_close(&f);
}
END_TEST

/* A part that cannot be read keeps its place, so that a revert cuts where it should. */
START_TEST(parts_count_although_they_are_broken)
{
	static const char *const parts[] = { "{\"type\":\"text\",\"te", "",
					     "{\"type\":\"text\",\"text\":\"third\"}",
					     "{\"type\":\"text\",\"text\":\"fourth\"}", NULL };
	struct fixture f;

	fixture_open(&f, "");
	read_parts(&f, ASSISTANT, parts, "3");
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"third\"}],"
			 "\"id\":\"msg_1\"}");
	read_parts(&f, ASSISTANT, parts, "0");
	ck_assert_str_eq(f.reading.views[0].text,
			 "{\"role\":\"assistant\",\"content\":[],\"id\":\"msg_1\"}");
	fixture_close(&f);
}
END_TEST

START_TEST(a_message_that_cannot_be_read_has_no_view)
{
	static const char *const messages[] = { "{\"role\":\"user\"", "", "[]", "{\"role\":\"tool\"}",
						"{}", "{\"role\":7}" };
	static const char *const parts[] = { "{\"type\":\"text\",\"text\":\"t\"}", NULL };
	struct fixture f;

	fixture_open(&f, "");
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		read_parts(&f, messages[i], parts, "true");
		ck_assert_uint_eq(f.reading.count, 0);
	}
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencode_message");
	TCase *cases = runner_cases(suite, "views", 60);

	tcase_add_test(cases, each_kind_of_part_becomes_its_part_of_the_view);
	tcase_add_test(cases, a_tool_is_a_call_and_when_it_has_ended_a_result);
	tcase_add_test(cases, what_the_program_put_into_a_prompt_stands_apart);
	tcase_add_test(cases, an_error_of_the_service_is_the_text_only_if_there_is_no_other);
	tcase_add_test(cases, an_answer_says_which_model_gave_it_and_what_it_took);
	tcase_add_test(cases, parts_count_although_they_are_broken);
	tcase_add_test(cases, a_message_that_cannot_be_read_has_no_view);
	return runner_run(suite);
}
