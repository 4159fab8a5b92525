/* SPDX-License-Identifier: MIT */
/*
 * Goal: importing again appends what is new and nothing else, and recognises what was cut or
 * rewritten. Method: sources that change between imports, one import after the other, at
 * once, and cut short.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "import_fixture.h"
#include "lib/child.h"

static struct import_scene scene;
static char text[64 << 10];

static void open_scene(void)
{
	import_open(&scene);
}

static void close_scene(void)
{
	import_close(&scene);
}

static void expect(const char *items)
{
	import_expect(&scene, "a", items);
}

static uint64_t record_count(void)
{
	struct hf_view *view = import_view(&scene, scene.id);
	uint64_t count = hf_view_info(view)->records;

	ck_assert(hf_view_info(view)->closed);
	hf_view_close(view);
	return count;
}

/* ---- Lines ---- */

START_TEST(what_is_here_already_is_not_written_again)
{
	uint64_t records;

	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"1\"}\n");
	expect("new t-lines 2 1 0 a;");
	records = record_count();
	expect("unchanged t-lines 0 0 0 a;");
	ck_assert_uint_eq(record_count(), records);
	import_more(&scene, "a", "{\"role\":\"user\",\"text\":\"2\"}\n");
	expect("added t-lines 1 1 0 a;");
	expect("unchanged t-lines 0 0 0 a;");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 2);
	import_expect_bytes(&scene, 1,
			    "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"1\"}\n"
			    "{\"role\":\"user\",\"text\":\"2\"}\n", 66);
}
END_TEST

START_TEST(a_torn_line_that_has_grown_gets_its_rest_and_its_view)
{
	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"role\":\"us");
	expect("new t-lines 2 0 1 a;");
	import_more(&scene, "a", "er\",\"text\":\"1");
	expect("added t-lines 1 0 1 a;");
	import_more(&scene, "a", "\"}\n");
	expect("added t-lines 1 1 0 a;");
	expect("unchanged t-lines 0 0 0 a;");
	ck_assert_str_eq(import_text(&scene, scene.id, text, sizeof text),
			 "x-source {\"source\":{\"at\":0,\"line\":1,\"json\":{\"sid\":\"x\"}}}\n"
			 "x-source {\"source\":{\"at\":12,\"line\":2,\"state\":\"torn\",\"text\":\"{"
			 "\\\"role\\\":\\\"us\"}}\n"
			 "x-source {\"source\":{\"at\":23,\"line\":2,\"state\":\"torn\",\"text\":\"er"
			 "\\\",\\\"text\\\":\\\"1\"}}\n"
			 "message {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"1\"}],"
			 "\"source\":{\"at\":36,\"line\":2,\"text\":\"\\\"}\\n\"}}\n");
}
END_TEST

START_TEST(a_message_whose_line_feed_comes_late_is_not_there_twice)
{
	import_put(&scene, "a", "{\"sid\":\"x\",\"role\":\"user\",\"text\":\"1\"}");
	expect("new t-lines 1 1 0 a;");
	import_more(&scene, "a", "\n");
	expect("added t-lines 1 0 0 a;");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 1);
	import_more(&scene, "a", "{\"role\":\"user\",\"text\":\"2\"}");
	expect("added t-lines 1 1 0 a;");
	/* Another process writes right behind it. */
	import_more(&scene, "a", "{\"role\":\"user\",\"text\":\"3\"}\n");
	expect("added t-lines 1 1 1 a;");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 3);
	expect("unchanged t-lines 0 0 0 a;");
}
END_TEST

START_TEST(a_source_that_has_lost_its_end_changes_nothing)
{
	uint64_t records;

	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"1\"}\n");
	expect("new t-lines 2 1 0 a;");
	records = record_count();
	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"role\":\"us");
	expect("truncated t-lines 0 0 0 a;");
	ck_assert_uint_eq(record_count(), records);
}
END_TEST

START_TEST(a_rewritten_source_is_a_new_version_and_the_old_one_stays)
{
	static const char old[] = "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"1\"}\n";
	static const char new[] = "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"2\"}\n";

	import_put(&scene, "a", old);
	expect("new t-lines 2 1 0 a;");
	import_put(&scene, "a", new);
	expect("rewritten t-lines 2 1 0 a;");
	expect("unchanged t-lines 0 0 0 a;");
	import_expect_bytes(&scene, 1, old, sizeof old - 1);
	import_expect_bytes(&scene, 2, new, sizeof new - 1);
	ck_assert_ptr_nonnull(strstr(import_text(&scene, scene.id, text, sizeof text),
				     "x-source {\"op\":\"reset\",\"source\":{\"at\":0,\"line\":1,\"version\":2,"));
	/* An old copy of it is no news. */
	import_put(&scene, "a", old);
	expect("unchanged t-lines 0 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"role\":\"user\",\"text\":\"2\"}\n{\"role\":\"use"
			"r\"}\n");
	expect("added t-lines 1 1 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\"}\n{\"text\":\"2\"}\n");
	expect("rewritten t-lines 2 0 0 a;");
	import_expect_bytes(&scene, 3, "{\"sid\":\"x\"}\n{\"text\":\"2\"}\n", 25);
}
END_TEST

START_TEST(files_beside_it_grow_too_and_may_vanish)
{
	struct buffer bytes;

	import_put(&scene, "a", "{\"sid\":\"x\"}\n");
	import_put(&scene, "beside-a.jsonl", "{\"n\":1}\n");
	expect("new t-lines 2 0 0 a;");
	import_put(&scene, "beside-b.txt", "out");
	import_more(&scene, "beside-a.jsonl", "{\"n\":2}\n");
	import_more(&scene, "a", "{\"n\":3}\n");
	expect("added t-lines 3 0 0 a;");
	expect("unchanged t-lines 0 0 0 a;");
	scratch_remove(scene.scratch.fd, "src/beside-a.jsonl");
	expect("unchanged t-lines 0 0 0 a;");
	import_expect_bytes(&scene, 1, "{\"sid\":\"x\"}\n{\"n\":3}\n", 20);
	bytes = import_bytes(&scene, scene.id, "beside-a.jsonl", 1);
	ck_assert_uint_eq(bytes.size, 16);
	ck_assert_mem_eq(bytes.data, "{\"n\":1}\n{\"n\":2}\n", 16);
	buffer_release(&bytes);
}
END_TEST

START_TEST(records_of_other_hands_do_not_matter)
{
	struct hf_append record = { "message", NULL, "{\"role\":\"user\",\"source\":{\"x\":1}}", 32 };
	struct hf_session *session = NULL;

	import_put(&scene, "a", "{\"sid\":\"x\",\"title\":\"old\"}\n");
	expect("new t-lines 1 0 0 a;");
	ck_assert_int_eq(hf_session_open(scene.store, scene.id, NULL, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_rename(session, "mine", NULL), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	import_more(&scene, "a", "{\"title\":\"newer\"}\n");
	expect("added t-lines 1 0 0 a;");
	expect("unchanged t-lines 0 0 0 a;");
	/* Nor is a name that a person has given taken away. */
	{
		struct hf_view *view = import_view(&scene, scene.id);

		ck_assert(strncmp(hf_view_info(view)->name.data, "mine", 4) == 0);
		hf_view_close(view);
	}
}
END_TEST

/* ---- Ids ---- */

START_TEST(an_id_that_is_no_uuid_gives_one_that_is_the_same_each_time)
{
	char id[HF_ID_SIZE];

	import_put(&scene, "a", "{\"sid\":\"x\"}\n");
	expect("new t-lines 1 0 0 a;");
	/* sha256 of "holdfast/1 import\0t-lines\0x\0", version and variant set */
	ck_assert_str_eq(scene.id, "b6b90c0f-58c2-832b-a8a7-d4681cfca972");
	(void)snprintf(id, sizeof id, "%s", scene.id);
	import_put(&scene, "a", "{\"sid\":\"00000000-0000-0000-0000-000000000000\"}\n");
	expect("new t-lines 1 0 0 a;");
	ck_assert_str_ne(scene.id, id);
	ck_assert_str_ne(scene.id, "00000000-0000-0000-0000-000000000000");
}
END_TEST

START_TEST(an_id_that_something_else_has_is_left_alone)
{
	struct hf_session_options options = { .id = IMPORT_UUID };
	struct hf_session *session = NULL;

	ck_assert_int_eq(hf_session_create(scene.store, &options, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	import_put(&scene, "a", "{\"sid\":\"" IMPORT_UUID "\"}\n");
	expect("new t-lines 1 0 0 a;");
	ck_assert_str_ne(scene.id, IMPORT_UUID);
	expect("unchanged t-lines 0 0 0 a;");
	ck_assert_uint_eq(scratch_count(scene.scratch.fd, "store/sessions"), 6);
}
END_TEST

START_TEST(another_file_with_the_same_id_is_another_session_unless_it_goes_on_with_it)
{
	import_put(&scene, "a", "{\"sid\":\"" IMPORT_UUID "\"}\n{\"n\":1}\n");
	expect("new t-lines 2 0 0 a;");
	import_put(&scene, "b", "{\"sid\":\"" IMPORT_UUID "\"}\n{\"n\":1}\n{\"n\":2}\n");
	import_expect(&scene, "b", "added t-lines 1 0 0 b;");
	ck_assert_str_eq(scene.id, IMPORT_UUID);
	import_put(&scene, "c", "{\"sid\":\"" IMPORT_UUID "\"}\n{\"n\":3}\n");
	import_expect(&scene, "c", "new t-lines 2 0 0 c;");
	ck_assert_str_ne(scene.id, IMPORT_UUID);
	import_expect(&scene, "c", "unchanged t-lines 0 0 0 c;");
	import_expect(&scene, "b", "unchanged t-lines 0 0 0 b;");
}
END_TEST

START_TEST(what_was_thrown_away_is_not_brought_back)
{
	import_put(&scene, "a", "{\"sid\":\"" IMPORT_UUID "\"}\n");
	expect("new t-lines 1 0 0 a;");
	ck_assert_int_eq(hf_session_trash(scene.store, IMPORT_UUID, NULL), HF_OK);
	expect("skipped t-lines 0 0 0 a;");
	ck_assert_uint_eq(scratch_count(scene.scratch.fd, "store/sessions"), 0);
}
END_TEST

/* ---- Documents and rows ---- */

START_TEST(a_document_that_grows_gets_its_new_elements_and_its_new_end)
{
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"}]}");
	expect("new t-doc 3 1 0 a;");
	expect("unchanged t-doc 0 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"},{\"role"
			"\":\"user\"}]}");
	expect("added t-doc 2 1 0 a;");
	expect("unchanged t-doc 0 0 0 a;");
	ck_assert_str_eq(import_text(&scene, scene.id, text, sizeof text),
			 "x-source {\"source\":{\"slot\":0,\"text\":\"{"
			 "\\\"sid\\\":\\\"x\\\",\\\"chat\\\":[\"}}\n"
			 "message {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"1\"}],"
			 "\"source\":{\"slot\":1,\"json\":{\"role\":\"user\",\"text\":\"1\"}}}\n"
			 "x-source {\"source\":{\"slot\":2,\"text\":\"]}\"}}\n"
			 "message {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"}],"
			 "\"source\":{\"slot\":2,\"text\":\",{\\\"role\\\":\\\"user\\\"}\"}}\n"
			 "x-source {\"source\":{\"slot\":3,\"text\":\"]}\"}}\n");
}
END_TEST

START_TEST(a_document_whose_messages_have_changed_is_rewritten)
{
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"},{\"role"
			"\":\"user\"}]}");
	expect("new t-doc 4 2 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"}]}");
	expect("truncated t-doc 0 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"},{\"rol");
	expect("truncated t-doc 0 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"2\"},{\"role"
			"\":\"user\"}]}");
	expect("rewritten t-doc 4 2 0 a;");
	expect("unchanged t-doc 0 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"more\":1,\"chat\":[{\"role\":\"user\",\"text\":\"2"
			"\"},{\"role\":\"user\"}]}");
	expect("added t-doc 1 0 0 a;");
	import_put(&scene, "a", "{\"sid\":\"x\",\"chat\":[{\"role\":\"user\",\"text\":\"1\"},{\"role"
			"\":\"user\"}]}");
	expect("unchanged t-doc 0 0 0 a;");
}
END_TEST

START_TEST(rows_are_told_apart_by_their_keys)
{
	import_put(&scene, "a", "rows r1\nm/1 {\"role\":\"user\",\"text\":\"1\",\"id\":\"1\"}\nx {\"n"
			"\":1}\n");
	expect("new t-rows 2 1 0 a;");
	expect("unchanged t-rows 0 0 0 a;");
	/* Changed, and a new one before it. */
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\",\"id\":\"0\"}\n"
				"m/1 {\"role\":\"user\",\"text\":\"2\",\"id\":\"1\"}\nx {\"n\":1}\n");
	expect("added t-rows 2 2 0 a;");
	expect("unchanged t-rows 0 0 0 a;");
	/* A row without messages may go. */
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\",\"id\":\"0\"}\n"
				"m/1 {\"role\":\"user\",\"text\":\"2\",\"id\":\"1\"}\n");
	expect("unchanged t-rows 0 0 0 a;");
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\",\"id\":\"0\"}\n");
	expect("truncated t-rows 0 0 0 a;");
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\",\"id\":\"0\"}\ny {}\n");
	expect("rewritten t-rows 2 1 0 a;");
	expect("unchanged t-rows 0 0 0 a;");
	/* Nobody could tell which message this one replaces. */
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\"}\ny {}\n");
	expect("added t-rows 1 1 0 a;");
	import_put(&scene, "a", "rows r1\nm/0 {\"role\":\"user\",\"text\":\"3\"}\ny {}\n");
	expect("rewritten t-rows 2 1 0 a;");
}
END_TEST

/* ---- At once, and meanwhile ---- */

/* A source of many messages: more than one batch. */
static size_t put_many(unsigned count)
{
	struct buffer bytes = BUFFER_INIT(64 << 20);
	char line[600];

	(void)buffer_put_text(&bytes, "{\"sid\":\"" IMPORT_UUID "\"}\n");
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(line, sizeof line, "{\"role\":\"user\",\"id\":\"%u\",\"text\":\"%0400u\"}"
				"\n",
			       i, i);
		(void)buffer_put_text(&bytes, line);
	}
	scratch_put(scene.scratch.fd, "src/a", bytes.data, bytes.size);
	buffer_release(&bytes);
	return count;
}

struct racing {
	struct child_gate gate;
};

static int race(void *context, struct child *parent)
{
	struct racing *racing = context;
	int rc;

	(void)parent;
	scene.store = NULL;
	if (import_try_store(&scene) != HF_OK)
		return 2;
	child_gate_wait(&racing->gate);
	rc = import_run(&scene, "a");
	hf_store_close(scene.store);
	return rc == HF_OK ? 0 : 1;
}

START_TEST(two_imports_at_once_make_no_duplicates)
{
	enum { CHILDREN = 4 };
	struct racing racing = { child_gate_make() };
	struct child children[CHILDREN];
	size_t count = put_many(3000);

	for (int i = 0; i < CHILDREN; i++)
		children[i] = child_start(race, &racing);
	child_gate_open(&racing.gate);
	for (int i = 0; i < CHILDREN; i++)
		ck_assert_int_eq(child_end(&children[i]), 0);
	expect("unchanged t-lines 0 0 0 a;");
	ck_assert_uint_eq(import_messages(&scene, IMPORT_UUID), count);
}
END_TEST

static void append_meanwhile(const struct piece *piece)
{
	if (piece->line == 2)
		import_more(&scene, "a", "{\"n\":9}\n");
}

static void cut_meanwhile(const struct piece *piece)
{
	if (piece->line == 3)
		scratch_cut(scene.scratch.fd, "src/a", 100);
}

START_TEST(what_a_file_gets_while_it_is_read_is_for_the_next_import)
{
	(void)put_many(10);
	import_hook = append_meanwhile;
	expect("new t-lines 11 10 0 a;");
	import_hook = NULL;
	/* It grew when its beginning was looked at, and again when all of it was read. */
	expect("added t-lines 2 0 0 a;");
}
END_TEST

START_TEST(a_file_that_shrinks_while_it_is_read_is_refused)
{
	(void)put_many(3000);
	import_hook = cut_meanwhile;
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_CONFLICT);
	import_hook = NULL;
	(void)put_many(3000);
	ck_assert_int_eq(import_run(&scene, "a"), HF_OK);
	ck_assert_uint_eq(import_messages(&scene, IMPORT_UUID), 3000);
}
END_TEST

START_TEST(a_damaged_session_is_not_added_to)
{
	char name[100];

	(void)put_many(10);
	expect("new t-lines 11 10 0 a;");
	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", IMPORT_UUID);
	scratch_flip(scene.scratch.fd, name, 1000, 1);
	import_more(&scene, "a", "{\"n\":9}\n");
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_TAMPERED);
	ck_assert_str_eq(scene.items, "failed t-lines 0 0 0 a;");
}
END_TEST

START_TEST(one_session_that_fails_does_not_stop_the_others)
{
	char name[100];

	(void)put_many(10);
	expect("new t-lines 11 10 0 a;");
	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", IMPORT_UUID);
	scratch_flip(scene.scratch.fd, name, 1000, 1);
	import_put(&scene, "b", "{\"sid\":\"y\"}\n");
	ck_assert_int_eq(import_run(&scene, NULL), HF_ERR_TAMPERED);
	ck_assert_int_eq(scene.detail.code, HF_ERR_TAMPERED);
	ck_assert_str_eq(scene.items, "failed t-lines 0 0 0 a;new t-lines 1 0 0 b;");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import_again");
	TCase *cases = runner_cases(suite, "import again", 120);

	tcase_add_checked_fixture(cases, open_scene, close_scene);
	tcase_add_test(cases, what_is_here_already_is_not_written_again);
	tcase_add_test(cases, a_torn_line_that_has_grown_gets_its_rest_and_its_view);
	tcase_add_test(cases, a_message_whose_line_feed_comes_late_is_not_there_twice);
	tcase_add_test(cases, a_source_that_has_lost_its_end_changes_nothing);
	tcase_add_test(cases, a_rewritten_source_is_a_new_version_and_the_old_one_stays);
	tcase_add_test(cases, files_beside_it_grow_too_and_may_vanish);
	tcase_add_test(cases, records_of_other_hands_do_not_matter);
	tcase_add_test(cases, an_id_that_is_no_uuid_gives_one_that_is_the_same_each_time);
	tcase_add_test(cases, an_id_that_something_else_has_is_left_alone);
	tcase_add_test(cases,
		       another_file_with_the_same_id_is_another_session_unless_it_goes_on_with_it);
	tcase_add_test(cases, what_was_thrown_away_is_not_brought_back);
	tcase_add_test(cases, a_document_that_grows_gets_its_new_elements_and_its_new_end);
	tcase_add_test(cases, a_document_whose_messages_have_changed_is_rewritten);
	tcase_add_test(cases, rows_are_told_apart_by_their_keys);
	tcase_add_test(cases, two_imports_at_once_make_no_duplicates);
	tcase_add_test(cases, what_a_file_gets_while_it_is_read_is_for_the_next_import);
	tcase_add_test(cases, a_file_that_shrinks_while_it_is_read_is_refused);
	tcase_add_test(cases, a_damaged_session_is_not_added_to);
	tcase_add_test(cases, one_session_that_fails_does_not_stop_the_others);
	return runner_run_in_memory(suite);
}
