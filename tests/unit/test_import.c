/* SPDX-License-Identifier: MIT */
/*
 * Goal: what is imported is stored as docs/INTERCHANGE.md says, byte for byte, whatever it
 * is. Method: small sources whose records are stated by hand, and hostile ones.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "import_fixture.h"

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

/* ---- What is stored ---- */

START_TEST(a_line_becomes_a_record_with_its_view_and_its_bytes)
{
	import_put(&scene, "a.jsonl", "{\"sid\":\"" IMPORT_UUID "\"}\n"
				      "{\"role\":\"user\",\"text\":\"hi\",\"id\":\"1\"}\n"
				      "{\"n\":1.50,\"u\":\"\\u0041\"}\r\n"
				      "{ \"n\":1}\n\n"
				      "{\"n\":1,\"n\":2}");
	import_expect(&scene, "a.jsonl", "new t-lines 6 1 0 a.jsonl;");
	ck_assert_str_eq(scene.id, IMPORT_UUID);
	ck_assert_str_eq(import_text(&scene, scene.id, text, sizeof text),
			 "x-source {\"source\":{\"at\":0,\"line\":1,\"json\":{\"sid\":\"" IMPORT_UUID "\"}}}\n"
			 "message {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}],\"id"
			 "\":\"1\","
			 "\"source\":{\"at\":47,\"line\":2,\"json\":{\"role\":\"user\",\"text\":\"hi\",\"id"
			 "\":\"1\"}}}\n"
			 "x-source {\"source\":{\"at\":84,\"line\":3,\"end\":\"\\r\\n\",\"json\":{\"n\":1.50,"
			 "\"u\":\"\\u0041\"}}}\n"
			 "x-source {\"source\":{\"at\":109,\"line\":4,\"text\":\"{ \\\"n\\\":1}\\n\"}}\n"
			 "x-source {\"source\":{\"at\":118,\"line\":5,\"state\":\"blank\",\"text\":\"\\n\"}}\n"
			 "x-source {\"source\":{\"at\":119,\"line\":6,\"text\":\"{"
			 "\\\"n\\\":1,\\\"n\\\":2}\"}}\n");
}
END_TEST

START_TEST(what_is_broken_is_kept_as_it_is_and_told_of)
{
	static const char bytes[] = "{\"sid\":\"x\"}\n"
				    "\0\0\0\n"
				    "{\"t\":\"{\"role\":\"user\",\"text\":\"late\"}\n"
				    "\xff garbage\n"
				    "{\"role\":\"us";

	scratch_put(scene.scratch.fd, "src/a", bytes, sizeof bytes - 1);
	import_expect(&scene, "a", "new t-lines 5 1 4 a;");
	ck_assert_str_eq(scene.notes, "nul 2 12 4;glued 3 16 36;unparsable 4 52 10;torn 5 62 11;");
	ck_assert_str_eq(import_text(&scene, scene.id, text, sizeof text),
			 "x-source {\"source\":{\"at\":0,\"line\":1,\"json\":{\"sid\":\"x\"}}}\n"
			 "x-source {\"source\":{\"at\":12,\"line\":2,\"state\":\"nul\",\"text\":"
			 "\"\\u0000\\u0000\\u0000\\n\"}}\n"
			 "message {\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"late\"}],"
			 "\"source\":{\"at\":16,\"line\":3,\"state\":\"glued\","
			 "\"text\":\"{"
			 "\\\"t\\\":\\\"{\\\"role\\\":\\\"user\\\",\\\"text\\\":\\\"late\\\"}\\n\"}}\n"
			 "x-source {\"source\":{\"at\":52,\"line\":4,\"state\":\"unparsable\",\"base64\":\"/y"
			 "BnYXJiYWdlCg==\"}}\n"
			 "x-source {\"source\":{\"at\":62,\"line\":5,\"state\":\"torn\",\"text\":\"{"
			 "\\\"role\\\":\\\"us\"}}\n");
	import_expect_bytes(&scene, 1, bytes, sizeof bytes - 1);
}
END_TEST

START_TEST(further_messages_of_a_line_have_records_without_bytes)
{
	import_put(&scene, "a", "{\"sid\":\"x\",\"views\":3,\"text\":\"t\"}\n");
	import_expect(&scene, "a", "new t-lines 1 3 0 a;");
	ck_assert_str_eq(import_text(&scene, scene.id, text, sizeof text),
			 "message {\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}],"
			 "\"source\":{\"at\":0,\"line\":1,\"json\":{\"sid\":\"x\",\"views\":3,\"text\":\"t\"}"
			 "}}\n"
			 "message {\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}],"
			 "\"source\":{\"at\":0,\"line\":1,\"of\":true}}\n"
			 "message {\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"t\"}],"
			 "\"source\":{\"at\":0,\"line\":1,\"of\":true}}\n");
}
END_TEST

START_TEST(the_first_record_says_where_it_came_from_and_the_last_what_it_was)
{
	struct hf_view *view;
	struct hf_record record = { 0 };
	struct hf_slice value;

	import_put(&scene, "a", "{\"sid\":\"x\",\"cwd\":\"/w\",\"title\":\"A\\ttitle\"}\n");
	import_expect(&scene, "a", "new t-lines 1 0 0 a;");
	view = import_view(&scene, scene.id);
	(void)snprintf(text, sizeof text, "{\"format\":\"t-lines\",\"foreign\":\"x\",\"path\":\"%s/a"
			"\"}",
		       scene.source);
	ck_assert_uint_eq(hf_view_origin(view).size, strlen(text));
	ck_assert_mem_eq(hf_view_origin(view).data, text, strlen(text));
	ck_assert(strncmp(hf_view_info(view)->name.data, "A title", 7) == 0);
	ck_assert(strncmp(hf_view_info(view)->project.data, "/w", 2) == 0);
	ck_assert_int_eq(hf_view_info(view)->created_us, 1000000);
	ck_assert(hf_view_info(view)->closed);
	ck_assert(hf_view_previous(view, &record) && hf_view_previous(view, &record));
	ck_assert(strncmp(record.type.data, "x-import", 8) == 0);
	ck_assert(json_member(record.data, "files", &value));
	/* printf '{"sid":"x","cwd":"/w","title":"A\\ttitle"}\n' | sha256sum */
	ck_assert(memmem(value.data, value.size, "\"sha256\":\"390510c249754bd3871591e85cd30e47d38533"
			"f77c26b7c089f3be0d268c9904\"", 75) != NULL);
	ck_assert(memmem(value.data, value.size, "{\"name\":\"a\",\"size\":42,\"modified\":\"", 33) !=
		  NULL);
	hf_view_close(view);
}
END_TEST

START_TEST(a_todo_list_becomes_the_sessions_and_a_later_title_its_name)
{
	struct hf_view *view;

	import_put(&scene, "a", "{\"sid\":\"x\",\"title\":\"old\",\"todos\":[ 1]}\n");
	import_expect(&scene, "a", "new t-lines 1 0 0 a;");
	import_more(&scene, "a", "{\"title\":\"newer\",\"todos\":[1,2]}\n");
	import_expect(&scene, "a", "added t-lines 1 0 0 a;");
	view = import_view(&scene, scene.id);
	ck_assert(strncmp(hf_view_info(view)->name.data, "newer", 5) == 0);
	ck_assert_uint_eq(hf_view_todos(view).size, 5);
	ck_assert_mem_eq(hf_view_todos(view).data, "[1,2]", 5);
	hf_view_close(view);
}
END_TEST

/* ---- Large things ---- */

/* How many records have their bytes as base64. */
static unsigned count_base64(void)
{
	struct hf_view *view = import_view(&scene, scene.id);
	struct hf_record record = { 0 };
	struct hf_slice source, value;
	unsigned count = 0;

	while (hf_view_next(view, &record))
		count += json_member(record.data, "source", &source) &&
			 json_member(source, "base64", &value);
	hf_view_close(view);
	return count;
}

/* Imports one line with a text of size bytes, with records of at most record_max. */
static void import_large(size_t size, uint32_t record_max, const char *items, const char *notes)
{
	static const char head[] = "{\"sid\":\"x\",\"role\":\"user\",\"text\":\"";
	char *bytes = malloc(size + sizeof head + 3);
	size_t all = sizeof head - 1;

	ck_assert_ptr_nonnull(bytes);
	hf_store_close(scene.store);
	scene.options.max_record_size = record_max;
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	memcpy(bytes, head, all);
	for (size_t i = 0; i < size; i += 2)
		memcpy(bytes + all + i, "\xc3\xa4", 2);
	all += size;
	memcpy(bytes + all, "\"}\n", 3);
	all += 3;
	scratch_put(scene.scratch.fd, "src/a", bytes, all);
	import_expect(&scene, "a", items);
	ck_assert_str_eq(scene.notes, notes);
	import_expect_bytes(&scene, 1, bytes, all);
	/* No character is cut in two. */
	ck_assert_uint_eq(count_base64(), 0);
	import_expect(&scene, "a", "unchanged t-lines 0 0 0 a;");
	free(bytes);
}

START_TEST(a_line_of_16_megabytes_is_kept_whole_and_its_view_is_cut)
{
	import_large(16 << 20, 0, "new t-lines 1 1 0 a;", "");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 1);
}
END_TEST

START_TEST(a_view_that_no_record_can_hold_is_left_out_and_told_of)
{
	import_large(400000, 100000, "new t-lines 1 0 0 a;", "too long 1 0 400036;");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 0);
}
END_TEST

START_TEST(a_view_and_bytes_that_do_not_fit_together_are_two_records)
{
	import_large(60000, 100000, "new t-lines 1 1 0 a;", "");
	ck_assert_uint_eq(import_messages(&scene, scene.id), 1);
}
END_TEST

START_TEST(records_may_be_as_small_as_a_few_hundred_bytes)
{
	import_large(2000, 600, "new t-lines 1 0 0 a;", "too long 1 0 2036;");
}
END_TEST

START_TEST(a_line_longer_than_what_is_looked_into_is_kept_in_parts)
{
	size_t size = PIECE_SIZE_MAX + 30;
	char *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', size);
	memcpy(bytes, "{\"sid\":\"x\"}\n\xc3\xa4", 14);
	memcpy(bytes + size - 10, "\n{\"n\":111}", 10);
	scratch_put(scene.scratch.fd, "src/a", bytes, size);
	import_expect(&scene, "a", "new t-lines 3 0 0 a;");
	ck_assert_str_eq(scene.notes, "too long 2 12 67108873;");
	import_expect_bytes(&scene, 1, bytes, size);
	scratch_append(scene.scratch.fd, "src/a", bytes, size);
	import_expect(&scene, "a", "added t-lines 3 0 1 a;");
	import_expect(&scene, "a", "unchanged t-lines 0 0 0 a;");
	free(bytes);
}
END_TEST

START_TEST(what_nests_as_deep_as_json_may_is_kept_as_text)
{
	char line[600] = "{\"sid\":\"x\"}\n";
	size_t size = strlen(line);

	memset(line + size, '[', 127);
	memset(line + size + 127, ']', 127);
	memcpy(line + size + 254, "\n", 2);
	import_put(&scene, "a", line);
	import_expect(&scene, "a", "new t-lines 2 0 0 a;");
	import_expect_bytes(&scene, 1, line, strlen(line));
	memset(line + size, '[', 130);
	import_put(&scene, "b", line);
}
END_TEST

/* ---- Finding ---- */

START_TEST(directories_are_gone_through_in_order_and_links_are_not_followed)
{
	int src = open(scene.source, O_RDONLY | O_DIRECTORY);

	import_put(&scene, "other", "no session\n");
	import_put(&scene, "b.jsonl", "{\"sid\":\"b\"}\n");
	scratch_mkdir(src, "a");
	import_put(&scene, "a/z", "{\"sid\":\"az\"}\n");
	import_put(&scene, "a/empty", "");
	ck_assert_int_eq(symlinkat("..", src, "a/loop"), 0);
	ck_assert_int_eq(symlinkat("../b.jsonl", src, "a/link"), 0);
	ck_assert_int_eq(mkfifoat(src, "fifo", 0600), 0);
	import_expect(&scene, NULL,
		      "skipped  0 0 0 empty;skipped  0 0 0 link;skipped  0 0 0 loop;"
		      "new t-lines 1 0 0 z;new t-lines 1 0 0 b.jsonl;"
		      "skipped  0 0 0 fifo;skipped  0 0 0 other;");
	ck_assert_uint_eq(scene.sum.outcomes[HF_IMPORT_SKIPPED], 5);
	ck_assert_uint_eq(scene.sum.outcomes[HF_IMPORT_NEW], 2);
	(void)close(src);
}
END_TEST

START_TEST(a_directory_that_is_too_deep_is_told_of)
{
	char path[400] = "src";

	for (int i = 0; i < 36; i++) {
		(void)strcat(path, "/d");
		scratch_mkdir(scene.scratch.fd, path);
	}
	(void)strcat(path, "/a");
	scratch_put(scene.scratch.fd, path, "{\"sid\":\"b\"}\n", 12);
	import_expect(&scene, NULL, "skipped  0 0 0 d;");
}
END_TEST

START_TEST(files_beside_a_session_belong_to_it)
{
	struct buffer bytes;

	import_put(&scene, "a", "{\"sid\":\"x\"}\n");
	import_put(&scene, "beside-a.jsonl", "{\"sid\":\"y\",\"role\":\"user\",\"text\":\"b\"}\n{}\n");
	import_put(&scene, "beside-b.txt", "some output");
	import_expect(&scene, NULL, "new t-lines 4 1 0 a;");
	bytes = import_bytes(&scene, scene.id, "beside-b.txt", 1);
	ck_assert_uint_eq(bytes.size, 11);
	buffer_release(&bytes);
}
END_TEST

START_TEST(what_is_named_must_be_there_and_of_a_known_format)
{
	import_put(&scene, "a", "nothing\n");
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_FOREIGN);
	ck_assert_int_eq(import_run(&scene, "b"), HF_ERR_NOTFOUND);
	ck_assert_int_eq(mkfifoat(scene.scratch.fd, "src/fifo", 0600), 0);
	ck_assert_int_eq(import_run(&scene, "fifo"), HF_ERR_FOREIGN);
	scene.import.format = "t-doc";
	import_put(&scene, "a", "{\"sid\":\"x\"}\n");
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_FOREIGN);
	scene.import.format = "unknown";
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_FOREIGN);
	scene.import.format = "t-lines";
	ck_assert_int_eq(import_run(&scene, "a"), HF_OK);
}
END_TEST

START_TEST(a_person_may_name_a_link)
{
	import_put(&scene, "a", "{\"sid\":\"x\"}\n");
	ck_assert_int_eq(symlinkat("a", scene.scratch.fd, "src/link"), 0);
	import_expect(&scene, "link", "new t-lines 1 0 0 link;");
}
END_TEST

START_TEST(a_compressed_file_is_decompressed)
{
	static const char line[] = "{\"sid\":\"x\"}\n";
	char frame[64] = "\x28\xb5\x2f\xfd\x20\x0c\x61\x00\x00";

	/* a frame of one raw block: RFC 8878, 3.1.1 */
	memcpy(frame + 9, line, 12);
	scratch_put(scene.scratch.fd, "src/a.zst", frame, 21);
	import_expect(&scene, "a.zst", "new t-lines 1 0 0 a.zst;");
	import_expect_bytes(&scene, 1, line, 12);
	scratch_append(scene.scratch.fd, "src/a.zst", frame, 15);
	import_expect(&scene, "a.zst", "added t-lines 1 0 1 a.zst;");
	ck_assert_str_eq(scene.notes, "torn 2 12 6;");
	scratch_append(scene.scratch.fd, "src/a.zst", frame + 15, 6);
	import_expect(&scene, "a.zst", "added t-lines 1 0 0 a.zst;");
	import_expect_bytes(&scene, 1, "{\"sid\":\"x\"}\n{\"sid\":\"x\"}\n", 24);
}
END_TEST

START_TEST(a_dry_run_says_the_same_and_changes_nothing)
{
	char store[300];

	import_put(&scene, "a", "{\"sid\":\"x\",\"role\":\"user\",\"text\":\"t\"}\n{");
	scene.import.dry_run = true;
	import_expect(&scene, "a", "new t-lines 2 1 1 a;");
	ck_assert_str_eq(scene.notes, "torn 2 37 1;");
	ck_assert_uint_eq(scratch_count(scene.scratch.fd, "store/sessions"), 0);
	scene.import.dry_run = false;
	import_expect(&scene, "a", "new t-lines 2 1 1 a;");
	import_more(&scene, "a", "}\n{\"role\":\"user\",\"text\":\"t\"}\n");
	hf_store_close(scene.store);
	scene.options.read_only = true;
	(void)snprintf(store, sizeof store, "%s/store", scene.scratch.path);
	ck_assert_int_eq(import_try_store(&scene), HF_OK);
	ck_assert_int_eq(import_run(&scene, "a"), HF_ERR_CLOSED);
	scene.import.dry_run = true;
	import_expect(&scene, "a", "added t-lines 2 1 0 a;");
	import_expect(&scene, "a", "added t-lines 2 1 0 a;");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import");
	TCase *cases = runner_cases(suite, "import", 120);

	tcase_add_checked_fixture(cases, open_scene, close_scene);
	tcase_add_test(cases, a_line_becomes_a_record_with_its_view_and_its_bytes);
	tcase_add_test(cases, what_is_broken_is_kept_as_it_is_and_told_of);
	tcase_add_test(cases, further_messages_of_a_line_have_records_without_bytes);
	tcase_add_test(cases, the_first_record_says_where_it_came_from_and_the_last_what_it_was);
	tcase_add_test(cases, a_todo_list_becomes_the_sessions_and_a_later_title_its_name);
	tcase_add_test(cases, a_line_of_16_megabytes_is_kept_whole_and_its_view_is_cut);
	tcase_add_test(cases, a_view_that_no_record_can_hold_is_left_out_and_told_of);
	tcase_add_test(cases, a_view_and_bytes_that_do_not_fit_together_are_two_records);
	tcase_add_test(cases, records_may_be_as_small_as_a_few_hundred_bytes);
	tcase_add_test(cases, a_line_longer_than_what_is_looked_into_is_kept_in_parts);
	tcase_add_test(cases, what_nests_as_deep_as_json_may_is_kept_as_text);
	tcase_add_test(cases, directories_are_gone_through_in_order_and_links_are_not_followed);
	tcase_add_test(cases, a_directory_that_is_too_deep_is_told_of);
	tcase_add_test(cases, files_beside_a_session_belong_to_it);
	tcase_add_test(cases, what_is_named_must_be_there_and_of_a_known_format);
	tcase_add_test(cases, a_person_may_name_a_link);
	tcase_add_test(cases, a_compressed_file_is_decompressed);
	tcase_add_test(cases, a_dry_run_says_the_same_and_changes_nothing);
	return runner_run_in_memory(suite);
}
