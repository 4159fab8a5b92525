/* SPDX-License-Identifier: MIT */
/*
 * Goal: the older folder of files is read whatever is in it, and neither format is taken for
 * what it is not, or looked for where it is not. Method: folders made by hand.
 */
#include "lib/runner.h"
#include "opencode_fixture.h"

static void put(struct fixture *f, const char *name, const char *text)
{
	scratch_put(f->scratch.fd, name, text, strlen(text));
}

/* A session with one message of two parts. */
static void open_made(struct fixture *f)
{
	static const char *const folders[] = { "s", "s/session", "s/session/p", "s/message",
					       "s/message/ses_1", "s/part", "s/part/msg_1" };

	fixture_open(f, "s");
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		scratch_mkdir(f->scratch.fd, folders[i]);
	put(f, "s/session/p/ses_1.json", "{\"id\":\"ses_1\",\"parentID\":\"ses_0\"}");
	put(f, "s/message/ses_1/msg_1.json", "{\"role\":\"user\"}");
	put(f, "s/part/msg_1/prt_2.json", "{\"type\":\"text\",\"text\":\"b\"}");
	put(f, "s/part/msg_1/prt_1.json", "{\n  \"type\": \"text\",\n  \"text\": \"a\"\n}");
}

/* The keys of all pieces, with a space after each. */
static void expect_keys(struct fixture *f, const char *expected)
{
	char keys[1024] = "";

	ck_assert_int_eq(fixture_read(f, &format_opencode_files, "ses_1"), HF_OK);
	for (size_t i = 0; i < f->count; i++) {
		strcat(keys, f->pieces[i].key);
		strcat(keys, " ");
	}
	ck_assert_str_eq(keys, expected);
}

#define KEYS "session message/msg_1 part/prt_1 part/prt_2 view/msg_1 "

START_TEST(pieces_are_in_the_order_of_their_names)
{
	struct fixture f;

	open_made(&f);
	put(&f, "s/message/ses_1/msg_0.json", "{\"role\":\"assistant\"}");
	expect_keys(&f, "session message/msg_0 view/msg_0 " /* without parts */
			"message/msg_1 part/prt_1 part/prt_2 view/msg_1 ");
	ck_assert_str_eq(fixture_find(&f, "part/prt_1")->bytes,
			 "{\n  \"type\": \"text\",\n  \"text\": \"a\"\n}");
	ck_assert_slice(reading_facts(&f.reading).parent, "ses_0");
	fixture_close(&f);
}
END_TEST

START_TEST(todos_and_differences_come_too_but_not_the_secret_of_a_share)
{
	struct fixture f;

	open_made(&f);
	scratch_mkdir(f.scratch.fd, "s/todo");
	scratch_mkdir(f.scratch.fd, "s/session_diff");
	scratch_mkdir(f.scratch.fd, "s/session_share");
	put(&f, "s/todo/ses_1.json", "[ {\"content\": \"c\"} ]");
	put(&f, "s/session_diff/ses_1.json", "[]");
	put(&f, "s/session_share/ses_1.json", "{\"secret\":\"S\"}");
	expect_keys(&f, KEYS "todo diff ");
	ck_assert_slice(reading_facts(&f.reading).todos, "[{\"content\":\"c\"}]");
	fixture_close(&f);
}
END_TEST

START_TEST(links_pipes_folders_and_unfinished_files_are_passed_over)
{
	struct fixture f;

	open_made(&f);
	put(&f, "outside", "{\"type\":\"text\",\"text\":\"stolen\"}");
	put(&f, "s/part/msg_1/.oc-prt_3.json.1.tmp", "{");
	put(&f, "s/part/msg_1/prt_3.json.tmp", "{");
	put(&f, "s/part/msg_1/.prt_3.json", "{");
	ck_assert_int_eq(symlinkat("../../../outside", f.scratch.fd, "s/part/msg_1/prt_4.json"), 0);
	ck_assert_int_eq(mkfifoat(f.scratch.fd, "s/part/msg_1/prt_5.json", 0600), 0);
	scratch_mkdir(f.scratch.fd, "s/part/msg_1/prt_6.json");
	ck_assert_int_eq(symlinkat("../../s/part/msg_1", f.scratch.fd, "s/part/msg_2"), 0);
	put(&f, "s/message/ses_1/msg_2.json", "{\"role\":\"user\"}");
	expect_keys(&f, KEYS "message/msg_2 view/msg_2 ");
	fixture_close(&f);
}
END_TEST

START_TEST(a_broken_file_is_kept_and_the_rest_is_read)
{
	struct fixture f;

	open_made(&f);
	put(&f, "s/part/msg_1/prt_1.json", "{\"type\":\"text\",\"te");
	scratch_put(f.scratch.fd, "s/part/msg_1/prt_3.json", "\0\0\0\0", 4);
	put(&f, "s/part/msg_1/prt_4.json", "");
	expect_keys(&f, "session message/msg_1 part/prt_1 part/prt_2 "
			"part/prt_3 part/prt_4 view/msg_1 ");
	ck_assert_int_eq(f.pieces[2].state, PIECE_UNPARSABLE);
	ck_assert_str_eq(f.pieces[2].bytes, "{\"type\":\"text\",\"te");
	ck_assert_int_eq(f.pieces[4].state, PIECE_NUL);
	ck_assert_uint_eq(f.pieces[4].size, 4);
	ck_assert_int_eq(f.pieces[5].state, PIECE_BLANK);
	ck_assert_ptr_nonnull(strstr(f.reading.views[0].text, "[{\"type\":\"text\",\"text\":\"b\"}]"));
	fixture_close(&f);
}
END_TEST

START_TEST(a_file_of_many_megabytes_is_given_in_parts)
{
	const size_t size = ((size_t)PIECE_SIZE_MAX) + 1000;
	struct fixture f;
	size_t sum = 0;

	open_made(&f);
	scratch_cut(f.scratch.fd, "s/part/msg_1/prt_1.json", size);
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, "ses_1"), HF_OK);
	ck_assert_uint_eq(f.count, 4 + 17);
	for (size_t i = 2; i < 19; i++) {
		ck_assert_str_eq(f.pieces[i].key, "part/prt_1");
		ck_assert_int_eq(f.pieces[i].state, PIECE_LONG);
		ck_assert_int_eq(f.pieces[i].has_more, i < 18);
		sum += f.pieces[i].size;
	}
	ck_assert_uint_eq(sum, size);
	ck_assert_ptr_nonnull(strstr(fixture_find(&f, "view/msg_1")->bytes, "\"parts\":2,"));
	ck_assert_ptr_nonnull(strstr(f.reading.views[0].text, "[{\"type\":\"text\",\"text\":\"b\"}]"));
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_of_two_projects_is_given_once)
{
	struct fixture f;

	open_made(&f);
	scratch_mkdir(f.scratch.fd, "s/session/global");
	put(&f, "s/session/global/ses_1.json", "{\"id\":\"ses_1\",\"title\":\"moved\"}");
	put(&f, "s/session/global/ses_0.json", "{\"id\":\"ses_0\"}");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode_files), HF_OK);
	ck_assert_uint_eq(f.id_count, 2);
	ck_assert_str_eq(f.ids[0], "ses_0");
	ck_assert_str_eq(f.ids[1], "ses_1");
	expect_keys(&f, KEYS);
	fixture_close(&f);
}
END_TEST

/* ---- What it is, and where ---- */

static int detect(const struct format *format, const char *path, bool is_directory)
{
	static char start[64 << 10];
	struct probe probe = { .path = path, .is_directory = is_directory };
	FILE *file = is_directory ? NULL : fopen(path, "rb");

	probe.name = strrchr(path, '/') + 1;
	if (file != NULL) {
		probe.start = (struct hf_slice){ start, fread(start, 1, sizeof start, file) };
		ck_assert_int_eq(fclose(file), 0);
	}
	return format->reader->detect(&probe);
}

START_TEST(a_format_is_known_by_what_it_is_not_by_its_name)
{
	struct fixture f;
	char path[1024];

	open_made(&f);
	ck_assert_int_gt(detect(&format_opencode_files, f.path, true), 50);
	ck_assert_int_eq(detect(&format_opencode, f.path, true), 0);
	ck_assert_int_eq(detect(&format_opencode_files, f.scratch.path, true), 0);
	scratch_remove(f.scratch.fd, "s/part");
	put(&f, "s/part", "a file");
	ck_assert_int_eq(detect(&format_opencode_files, f.path, true), 0);
	data_path(path, sizeof path, "opencode", "opencode.db");
	ck_assert_int_gt(detect(&format_opencode, path, false), 50);
	ck_assert_int_eq(detect(&format_opencode_files, path, false), 0);
	/* A database of any name may be one; it says itself if it is none. */
	(void)snprintf(path, sizeof path, "%s/other.db", f.scratch.path);
	make(path, "CREATE TABLE t(a)");
	ck_assert_int_gt(detect(&format_opencode, path, false), 0);
	ck_assert_int_lt(detect(&format_opencode, path, false), 50);
	ck_assert_uint_lt(strlen(path), sizeof f.path);
	memcpy(f.path, path, strlen(path) + 1);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	put(&f, "opencode.db", "{\"no\":\"database\"}");
	(void)snprintf(path, sizeof path, "%s/opencode.db", f.scratch.path);
	ck_assert_int_eq(detect(&format_opencode, path, false), 0);
	fixture_close(&f);
}
END_TEST

struct found {
	char paths[8][512];
	size_t count;
	size_t root; /* bytes of the scratch directory's path */
};

static int add_place(void *context, const char *path, const char *foreign)
{
	struct found *found = context;

	ck_assert_str_eq(foreign, "");
	ck_assert_uint_lt(found->count, 8);
	(void)snprintf(found->paths[found->count++], 512, "%.500s", path + found->root);
	return HF_OK;
}

/* The places of a format, with a space after each; they are few, so sorting is not worth it. */
static void expect_places(struct fixture *f, const struct format *format, const char *expected)
{
	struct found found = { .root = strlen(f->scratch.path) };
	char all[2048] = "";

	ck_assert_int_eq(format->reader->places(&f->env, add_place, &found), HF_OK);
	for (size_t i = 0; i < found.count; i++) {
		strcat(all, found.paths[i]);
		strcat(all, " ");
	}
	ck_assert_str_eq(all, expected);
}

START_TEST(sessions_are_looked_for_where_the_environment_says)
{
	struct fixture f;
	char path[512];

	fixture_open(&f, "");
	ck_assert_int_eq(unsetenv("OPENCODE_DB"), 0);
	ck_assert_int_eq(unsetenv("XDG_DATA_HOME"), 0);
	ck_assert_int_eq(setenv("HOME", f.scratch.path, 1), 0);
	expect_places(&f, &format_opencode, "");
	expect_places(&f, &format_opencode_files, "");
	scratch_mkdir(f.scratch.fd, ".local");
	scratch_mkdir(f.scratch.fd, ".local/share");
	scratch_mkdir(f.scratch.fd, ".local/share/opencode");
	scratch_mkdir(f.scratch.fd, ".local/share/opencode/storage");
	expect_places(&f, &format_opencode_files, "/.local/share/opencode/storage ");
	/* What has been moved into the database is not looked for in the folder. */
	put(&f, ".local/share/opencode/opencode.db", "");
	put(&f, ".local/share/opencode/opencode.db-wal", "");
	expect_places(&f, &format_opencode, "/.local/share/opencode/opencode.db ");
	expect_places(&f, &format_opencode_files, "");
	scratch_remove(f.scratch.fd, ".local/share/opencode/opencode.db");
	put(&f, ".local/share/opencode/opencode-dev.db", "");
	expect_places(&f, &format_opencode, "/.local/share/opencode/opencode-dev.db ");
	ck_assert_int_eq(setenv("OPENCODE_DB", "other", 1), 0);
	expect_places(&f, &format_opencode, "");
	put(&f, ".local/share/opencode/other", "");
	expect_places(&f, &format_opencode, "/.local/share/opencode/other ");
	ck_assert_int_eq(setenv("OPENCODE_DB", ":memory:", 1), 0);
	expect_places(&f, &format_opencode, "");
	put(&f, "mine.db", "");
	(void)snprintf(path, sizeof path, "%s/mine.db", f.scratch.path);
	ck_assert_int_eq(setenv("OPENCODE_DB", path, 1), 0);
	expect_places(&f, &format_opencode, "/mine.db ");
	ck_assert_int_eq(unsetenv("OPENCODE_DB"), 0);
	(void)snprintf(path, sizeof path, "%s/xdg", f.scratch.path);
	ck_assert_int_eq(setenv("XDG_DATA_HOME", path, 1), 0);
	expect_places(&f, &format_opencode, "");
	scratch_mkdir(f.scratch.fd, "xdg");
	scratch_mkdir(f.scratch.fd, "xdg/opencode");
	put(&f, "xdg/opencode/opencode.db", "");
	expect_places(&f, &format_opencode, "/xdg/opencode/opencode.db ");
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencode_files");
	TCase *cases = runner_cases(suite, "folders", 60);

	tcase_add_test(cases, pieces_are_in_the_order_of_their_names);
	tcase_add_test(cases, todos_and_differences_come_too_but_not_the_secret_of_a_share);
	tcase_add_test(cases, links_pipes_folders_and_unfinished_files_are_passed_over);
	tcase_add_test(cases, a_broken_file_is_kept_and_the_rest_is_read);
	tcase_add_test(cases, a_file_of_many_megabytes_is_given_in_parts);
	tcase_add_test(cases, a_session_of_two_projects_is_given_once);
	tcase_add_test(cases, a_format_is_known_by_what_it_is_not_by_its_name);
	tcase_add_test(cases, sessions_are_looked_for_where_the_environment_says);
	return runner_run_in_memory(suite);
}
