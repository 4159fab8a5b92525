/* SPDX-License-Identifier: MIT */
/*
 * Goal: a transcript is the conversation as it stands: the current branch of a tree, less
 * what was replaced, taken back or repeated. Method: sessions made of records as an import
 * writes them; what the transcript gives is compared with texts written by hand.
 */
#include "lib/runner.h"
#include "store_fixture.h"

static struct fixture fixture;
static struct hf_view *view;
static struct hf_transcript *transcript;
static unsigned line;

static void setup(void)
{
	fixture_open(&fixture);
	create(&fixture, ID_1, NULL);
	line = 0;
}

static void teardown(void)
{
	hf_transcript_close(transcript);
	hf_view_close(view);
	transcript = NULL;
	view = NULL;
	fixture_close(&fixture);
}

/* A message of an import; place is such as "\"id\":\"a\",\"parent\":null". */
static void say(const char *role, const char *text, const char *place)
{
	char json[1024];

	(void)snprintf(json, sizeof json,
		       "{\"role\":\"%s\",\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]%s%s,"
		       "\"source\":{\"at\":%u,\"json\":{}}}",
		       role, text, place[0] != '\0' ? "," : "", place, line++);
	ck_assert_int_eq(append(&fixture, "message", NULL, json), HF_OK);
}

/* A message of an import with parts of one's own. */
static void say_parts(const char *parts, const char *place)
{
	char json[1024];

	(void)snprintf(json, sizeof json,
		       "{\"role\":\"assistant\",\"content\":[%s],%s,\"source\":{\"at\":%u,\"json\":{}}}",
		       parts, place, line++);
	ck_assert_int_eq(append(&fixture, "message", NULL, json), HF_OK);
}

static void other(const char *json)
{
	ck_assert_int_eq(append(&fixture, "x-source", NULL, json), HF_OK);
}

static void read_transcript(void)
{
	leave(&fixture, HF_CLOSE_SEAL);
	ck_assert_int_eq(hf_session_load(fixture.store, ID_1, NULL, &view), HF_OK);
	ck_assert_int_eq(hf_transcript_open(view, NULL, &transcript), HF_OK);
}

/* The first text of each message, with spaces between. */
static const char *texts(void)
{
	static char all[4096];
	struct hf_record record = { 0 };
	uint64_t count = 0;

	all[0] = '\0';
	hf_transcript_rewind(transcript);
	while (hf_transcript_next(transcript, &record)) {
		struct hf_slice content = { 0 }, part = { 0 }, text = { 0 };
		char word[100] = "?";
		size_t position = 0;

		ck_assert(hf_json_member(record.data, "content", &content));
		if (hf_json_next(content, &position, NULL, &part) &&
		    hf_json_member(part, "text", &text))
			(void)hf_json_text(text, word, sizeof word);
		else if (hf_json_text(content, word, sizeof word) < 0)
			(void)hf_json_text(hf_json_member(part, "id", &text) ? text : part, word,
					   sizeof word);
		(void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
			       count > 0 ? " " : "", word);
		count++;
	}
	ck_assert_uint_eq(count, hf_transcript_count(transcript));
	return all;
}

START_TEST(a_session_that_was_not_imported_shows_every_message)
{
	ck_assert_int_eq(append(&fixture, "message", NULL,
				"{\"role\":\"user\",\"content\":\"a\",\"id\":\"x\",\"parent\":\"q\"}"),
			 HF_OK);
	ck_assert_int_eq(append(&fixture, "todos", NULL, "[]"), HF_OK);
	ck_assert_int_eq(append(&fixture, "message", NULL,
				"{\"role\":\"user\",\"content\":\"b\",\"id\":\"x\",\"source\":{\"u\":1}}"),
			 HF_OK);
	read_transcript();
	ck_assert_str_eq(texts(), "a b");
	ck_assert_str_eq(texts(), "a b");
	ck_assert_uint_eq(hf_transcript_others(transcript), 0);
}
END_TEST

START_TEST(an_empty_session_has_an_empty_transcript)
{
	read_transcript();
	ck_assert_str_eq(texts(), "");
	ck_assert_uint_eq(hf_transcript_count(transcript), 0);
}
END_TEST

START_TEST(the_current_branch_of_a_tree_ends_at_its_last_node)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say("assistant", "b", "\"id\":\"2\",\"parent\":\"1\"");
	say("user", "left", "\"id\":\"3\",\"parent\":\"2\"");
	other("{\"op\":\"node\",\"id\":\"4\",\"parent\":\"2\",\"source\":{\"at\":9,\"json\":{}}}");
	say("user", "right", "\"id\":\"5\",\"parent\":\"4\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a b right");
	ck_assert_uint_eq(hf_transcript_others(transcript), 1);
}
END_TEST

START_TEST(a_leaf_can_be_named)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say("user", "b", "\"id\":\"2\",\"parent\":\"1\"");
	say("user", "c", "\"id\":\"3\",\"parent\":\"1\"");
	other("{\"op\":\"leaf\",\"id\":\"2\"}");
	read_transcript();
	ck_assert_str_eq(texts(), "a b");
}
END_TEST

START_TEST(a_circle_of_parents_ends)
{
	say("user", "a", "\"id\":\"1\",\"parent\":\"2\"");
	say("user", "b", "\"id\":\"2\",\"parent\":\"1\"");
	say("user", "c", "\"id\":\"3\",\"parent\":\"3\"");
	read_transcript();
	ck_assert_str_eq(texts(), "c");
}
END_TEST

START_TEST(a_parent_that_is_not_there_stands_for_the_node_before)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say("user", "left", "\"id\":\"9\",\"parent\":null");
	say("user", "b", "\"id\":\"2\",\"parent\":\"lost\"");
	say("user", "c", "\"id\":\"3\",\"parent\":\"2\"");
	read_transcript();
	ck_assert_str_eq(texts(), "left b c");
}
END_TEST

START_TEST(all_parts_of_an_answer_are_shown)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say("assistant", "b", "\"id\":\"2\",\"parent\":\"1\",\"reply\":\"r\"");
	say_parts("{\"type\":\"tool_call\",\"id\":\"c1\"}",
		  "\"id\":\"3\",\"parent\":\"2\",\"reply\":\"r\"");
	say_parts("{\"type\":\"tool_result\",\"id\":\"c1\",\"text\":\"r1\"}",
		  "\"id\":\"4\",\"parent\":\"3\"");
	say("assistant", "other", "\"id\":\"5\",\"parent\":\"1\",\"reply\":\"s\"");
	say("assistant", "c", "\"id\":\"6\",\"parent\":\"2\",\"reply\":\"r\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a b c1 r1 c");
}
END_TEST

START_TEST(another_conversation_is_no_part_of_the_tree)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	other("{\"role\":\"user\",\"content\":[],\"id\":\"2\",\"parent\":null,\"side\":\"agent\","
	      "\"source\":{\"at\":5,\"json\":{}}}");
	read_transcript();
	ck_assert_str_eq(texts(), "a");
}
END_TEST

START_TEST(repeated_ids_show_their_newest_record)
{
	say("user", "old", "\"id\":\"1\",\"parent\":null");
	say("user", "new", "\"id\":\"1\",\"parent\":null");
	say("user", "b", "\"id\":\"2\",\"parent\":\"1\"");
	read_transcript();
	ck_assert_str_eq(texts(), "new b");
}
END_TEST

START_TEST(results_that_hang_beside_the_way_belong_to_their_calls)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say_parts("{\"type\":\"tool_call\",\"id\":\"c1\"}", "\"id\":\"2\",\"parent\":\"1\"");
	say_parts("{\"type\":\"tool_call\",\"id\":\"c2\"}", "\"id\":\"3\",\"parent\":\"2\"");
	say_parts("{\"type\":\"tool_result\",\"id\":\"c1\",\"text\":\"r1\"}",
		  "\"id\":\"4\",\"parent\":\"2\"");
	say_parts("{\"type\":\"tool_result\",\"id\":\"c2\",\"text\":\"r2\"}",
		  "\"id\":\"5\",\"parent\":\"3\"");
	/* An earlier try of the second call: it has its result already. */
	say_parts("{\"type\":\"tool_result\",\"id\":\"c9\",\"text\":\"r9\"}",
		  "\"id\":\"6\",\"parent\":\"1\"");
	say("assistant", "end", "\"id\":\"7\",\"parent\":\"5\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a c1 c2 r1 r2 end");
	ck_assert_uint_eq(hf_transcript_others(transcript), 1);
}
END_TEST

START_TEST(what_was_said_after_the_import_follows_the_branch)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	say("user", "b", "\"id\":\"2\",\"parent\":null");
	ck_assert_int_eq(append(&fixture, "message", NULL, "{\"role\":\"user\",\"content\":\"new\"}"),
			 HF_OK);
	read_transcript();
	ck_assert_str_eq(texts(), "b new");
}
END_TEST

START_TEST(in_a_line_an_id_that_comes_again_replaces_its_message)
{
	say("user", "a", "\"id\":\"1\"");
	say("assistant", "old", "\"id\":\"2\"");
	say("user", "c", "");
	say("assistant", "new", "\"id\":\"2\"");
	say("user", "d", "\"id\":\"4\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a new c d");
}
END_TEST

START_TEST(a_rewind_takes_back_a_message_and_all_after_it)
{
	say("user", "a", "\"id\":\"1\"");
	say("assistant", "b", "\"id\":\"2\"");
	say("user", "c", "\"id\":\"3\"");
	other("{\"op\":\"rewind\",\"to\":\"2\"}");
	say("user", "d", "\"id\":\"4\"");
	say("user", "c again", "\"id\":\"3\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a d c again");
}
END_TEST

START_TEST(a_rewind_to_nothing_and_a_reset_empty_it)
{
	say("user", "a", "\"id\":\"1\"");
	other("{\"op\":\"rewind\",\"to\":null}");
	say("user", "lost", "\"id\":\"9\"");
	/* It is not there any more. */
	other("{\"op\":\"rewind\",\"to\":\"1\"}");
	say("user", "b", "\"id\":\"2\"");
	other("{\"op\":\"reset\"}");
	say("user", "c", "\"id\":\"2\"");
	read_transcript();
	ck_assert_str_eq(texts(), "c");
	ck_assert_uint_eq(hf_transcript_others(transcript), 3);
}
END_TEST

START_TEST(a_drop_takes_back_turns)
{
	say("user", "a", "");
	say("assistant", "b", "");
	say("user", "c", "");
	say("assistant", "d", "");
	say("user", "e", "");
	other("{\"op\":\"drop\",\"turns\":2}");
	say("user", "f", "");
	read_transcript();
	ck_assert_str_eq(texts(), "a b f");
}
END_TEST

START_TEST(a_reset_forgets_the_tree_before_it)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	other("{\"op\":\"reset\",\"source\":{\"at\":0,\"json\":{},\"version\":2}}");
	say("user", "b", "\"id\":\"2\",\"parent\":\"1\"");
	read_transcript();
	ck_assert_str_eq(texts(), "b");
}
END_TEST

START_TEST(hidden_messages_are_not_shown)
{
	say("user", "a", "\"id\":\"1\",\"parent\":null");
	other("{\"role\":\"user\",\"content\":[],\"id\":\"2\",\"parent\":\"1\",\"meta\":true,"
	      "\"source\":{\"at\":5,\"json\":{}}}");
	say("user", "b", "\"id\":\"3\",\"parent\":\"2\"");
	read_transcript();
	ck_assert_str_eq(texts(), "a b");
	ck_assert_uint_eq(hf_transcript_others(transcript), 0);
}
END_TEST

START_TEST(many_hostile_nodes_end)
{
	char place[64];

	/* Each its own child's child; the same id a thousand times over. */
	for (unsigned i = 0; i < 3000; i++) {
		(void)snprintf(place, sizeof place, "\"id\":\"%u\",\"parent\":\"%u\"", i % 7,
			       (i + 1) % 7);
		say("user", "x", place);
	}
	read_transcript();
	ck_assert_uint_eq(hf_transcript_count(transcript), 7);
}
END_TEST

START_TEST(arguments_that_are_missing_are_refused)
{
	struct hf_detail detail;

	leave(&fixture, HF_CLOSE_SEAL);
	ck_assert_int_eq(hf_transcript_open(NULL, &detail, &transcript), HF_ERR_INVALID);
	ck_assert_int_eq(detail.code, HF_ERR_INVALID);
	hf_transcript_close(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transcript");
	TCase *cases = runner_cases(suite, "transcript", 60);

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_session_that_was_not_imported_shows_every_message);
	tcase_add_test(cases, an_empty_session_has_an_empty_transcript);
	tcase_add_test(cases, the_current_branch_of_a_tree_ends_at_its_last_node);
	tcase_add_test(cases, a_leaf_can_be_named);
	tcase_add_test(cases, a_circle_of_parents_ends);
	tcase_add_test(cases, a_parent_that_is_not_there_stands_for_the_node_before);
	tcase_add_test(cases, all_parts_of_an_answer_are_shown);
	tcase_add_test(cases, another_conversation_is_no_part_of_the_tree);
	tcase_add_test(cases, repeated_ids_show_their_newest_record);
	tcase_add_test(cases, results_that_hang_beside_the_way_belong_to_their_calls);
	tcase_add_test(cases, what_was_said_after_the_import_follows_the_branch);
	tcase_add_test(cases, in_a_line_an_id_that_comes_again_replaces_its_message);
	tcase_add_test(cases, a_rewind_takes_back_a_message_and_all_after_it);
	tcase_add_test(cases, a_rewind_to_nothing_and_a_reset_empty_it);
	tcase_add_test(cases, a_drop_takes_back_turns);
	tcase_add_test(cases, a_reset_forgets_the_tree_before_it);
	tcase_add_test(cases, hidden_messages_are_not_shown);
	tcase_add_test(cases, many_hostile_nodes_end);
	tcase_add_test(cases, arguments_that_are_missing_are_refused);
	return runner_run(suite);
}
