/* SPDX-License-Identifier: MIT */
/*
 * Goal: every row of a session becomes a piece that has all of it, whatever somebody has put
 * into the tables, and no file but the database's own is opened. Method: databases made by
 * hand; what their rows must look like is written out.
 */
#include "lib/runner.h"
#include "opencode_fixture.h"

static void open_made(struct fixture *f, const char *sql)
{
	char all[8192];

	fixture_open(f, "made.db");
	ck_assert_int_lt(snprintf(all, sizeof all, "%s%s", TABLES, sql), (int)sizeof all);
	make(f->path, all);
}

static const char *bytes_of(const struct fixture *f, const char *key)
{
	return fixture_find(f, key)->bytes;
}

START_TEST(a_row_is_an_object_of_all_its_columns)
{
	struct fixture f;

	open_made(&f, "ALTER TABLE session ADD COLUMN more; ALTER TABLE session ADD COLUMN less;"
		      "INSERT INTO session VALUES('ses_1', NULL, '/p \"q\"', '{\"a\": [1,\t2.50]}', '1',"
		      " '[unfinished', 1e999, -1.5, x'00ff')");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_str_eq(bytes_of(&f, "session"),
			 "{\"id\":\"ses_1\",\"parent_id\":null,\"directory\":\"/p \\\"q\\\"\","
			 "\"title\":{\"a\": [1,\t2.50]},\"version\":\"1\",\"revert\":\"[unfinished\","
			 "\"time_created\":\"Inf\",\"more\":-1.5,\"less:hex\":\"00ff\"}");
	ck_assert_int_eq(f.pieces[0].state, PIECE_GOOD);
	fixture_close(&f);
}
END_TEST

/* JSON that would break out of its place, or nest too deep in it, stands there as a string. */
START_TEST(what_is_no_json_of_its_own_is_a_string)
{
	struct fixture f;
	char deep[4 * HF_DEPTH_MAX];
	char sql[sizeof deep + 256];
	const struct kept_piece *piece;

	memset(deep, '[', HF_DEPTH_MAX);
	memset(deep + HF_DEPTH_MAX, ']', HF_DEPTH_MAX);
	deep[2 * HF_DEPTH_MAX] = '\0';
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO session(id, title, directory, version) VALUES"
		       "('ses_1', '{\"a\":1},\"x\":{\"b\":2}', '%s', '{\"a\":1,\"a\":2}')", deep);
	open_made(&f, sql);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	piece = fixture_find(&f, "session");
	ck_assert_int_eq(piece->state, PIECE_GOOD);
	ck_assert_ptr_nonnull(strstr(piece->bytes,
				     "\"title\":\"{\\\"a\\\":1},\\\"x\\\":{\\\"b\\\":2}\""));
	ck_assert_ptr_nonnull(strstr(piece->bytes, "\"directory\":\"[[["));
	ck_assert_ptr_nonnull(strstr(piece->bytes, "\"version\":\"{\\\"a\\\":1,\\\"a\\\":2}\""));
	fixture_close(&f);
}
END_TEST

START_TEST(text_that_is_no_utf8_is_kept_as_hexadecimal)
{
	struct fixture f;

	open_made(&f, "INSERT INTO session(id) VALUES('ses_1');"
		      "INSERT INTO message VALUES('msg_1', 'ses_1', 1, CAST(x'7b22ff' AS TEXT))");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert_str_eq(bytes_of(&f, "message/msg_1"),
			 "{\"id\":\"msg_1\",\"session_id\":\"ses_1\",\"time_created\":1,"
			 "\"data:hex\":\"7b22ff\"}");
	ck_assert_uint_eq(f.reading.count, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(ids_of_any_kind_make_keys_that_fit)
{
	struct fixture f;
	char sql[1024];
	char id[301];

	memset(id, 'i', 300);
	id[300] = '\0';
	(void)snprintf(sql, sizeof sql,
		       "INSERT INTO session(id) VALUES('ses_1');"
		       "INSERT INTO message(id, session_id, time_created) VALUES"
		       "('%s','ses_1',1), ('a/../b','ses_1',2), ('','ses_1',3), (x'00','ses_1',4),"
		       "(NULL,'ses_1',5), (char(10),'ses_1',6), (7,'ses_1','seven')", id);
	open_made(&f, sql);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	/* Those named by a blob or by nothing are passed over; the others are two pieces each. */
	ck_assert_uint_eq(f.count, 11);
	for (size_t i = 1; i < 9; i++)
		ck_assert_msg(strchr(f.pieces[i].key, '~') != NULL, "%s", f.pieces[i].key);
	ck_assert_str_ne(f.pieces[1].key, f.pieces[3].key);
	ck_assert_str_eq(f.pieces[9].key, "message/7");
	fixture_close(&f);
}
END_TEST

START_TEST(what_else_belongs_to_a_session_is_given_and_secrets_are_not)
{
	struct fixture f;
	struct session_facts facts;

	open_made(&f, "CREATE TABLE todo(session_id, content, status, priority, position);"
		      "CREATE TABLE session_input(id, session_id, admitted_seq, prompt);"
		      "CREATE TABLE session_message(session_id, id, data);" /* without its seq */
		      "CREATE TABLE session_share(session_id, id, secret);"
		      "CREATE TABLE event(id, aggregate_id, data);"
		      "INSERT INTO session(id) VALUES('ses_1');"
		      "INSERT INTO todo VALUES('ses_1','b','pending','low',1),"
		      "('ses_1','a','done','high',0),"
		      "('ses_2','c','done','high',0);"
		      "INSERT INTO session_input VALUES('inp_1','ses_1',1,'p');"
		      "INSERT INTO session_share VALUES('ses_1','s','SECRET');"
		      "INSERT INTO event VALUES('e','ses_1','{}');");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert_uint_eq(f.count, 4);
	ck_assert_str_eq(f.pieces[1].key, "todo/0");
	ck_assert_str_eq(f.pieces[2].key, "todo/1");
	ck_assert_str_eq(f.pieces[3].key, "session_input/inp_1");
	facts = reading_facts(&f.reading);
	ck_assert_slice(facts.todos, "[{\"content\":\"a\",\"status\":\"done\",\"priority\":\"high\"},"
				     "{\"content\":\"b\",\"status\":\"pending\",\"priority\":\"low\"}]");
	fixture_close(&f);
}
END_TEST

START_TEST(a_child_session_names_its_parent)
{
	struct fixture f;

	open_made(&f, "INSERT INTO session(id, parent_id, title, time_created)"
		      " VALUES('ses_1', 'ses_0', 'Zażółć', 1795390954101), ('ses_0', NULL, 't', -1)");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert_slice(reading_facts(&f.reading).parent, "ses_0");
	ck_assert_slice(reading_facts(&f.reading).name, "Zażółć");
	ck_assert_int_eq(reading_facts(&f.reading).created_us, INT64_C(1795390954101000));
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_0"), HF_OK);
	ck_assert_slice(reading_facts(&f.reading).parent, "");
	ck_assert_int_eq(reading_facts(&f.reading).created_us, 0);
	fixture_close(&f);
}
END_TEST

/* ---- What was taken back, and what has changed ---- */

#define TWO_MESSAGES                                                                              \
	"INSERT INTO session(id) VALUES('ses_1');"                                                \
	"INSERT INTO message VALUES('msg_1','ses_1',1,'{\"role\":\"user\"}'),"                    \
	"('msg_2','ses_1',2,'{\"role\":\"assistant\"}'),('msg_3','ses_1',3,'{\"role\":\"user\"}');" \
	"INSERT INTO part VALUES('prt_1','msg_1','ses_1','{\"type\":\"text\",\"text\":\"one\"}'),"  \
	"('prt_2','msg_2','ses_1','{\"type\":\"text\",\"text\":\"two\"}'),"                         \
	"('prt_3','msg_2','ses_1','{\"type\":\"text\",\"text\":\"three\"}'),"                       \
	"('prt_4','msg_3','ses_1','{\"type\":\"text\",\"text\":\"four\"}');"

static bool shows(const struct fixture *f, const char *id, const char *text)
{
	const struct view *view = fixture_view(f, id);

	return !view->is_aside && strstr(view->text, text) != NULL;
}

START_TEST(a_revert_takes_back_messages_and_ends_again)
{
	struct fixture f;

	open_made(&f, TWO_MESSAGES);
	make(f.path, "UPDATE session SET revert='{\"messageID\":\"msg_2\",\"snapshot\":\"s\"}'");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert(shows(&f, "msg_1", "one"));
	ck_assert(fixture_view(&f, "msg_2")->is_aside);
	ck_assert(fixture_view(&f, "msg_3")->is_aside);
	ck_assert(has(view_slice(fixture_view(&f, "msg_3")), "reverted"));
	ck_assert_ptr_nonnull(strstr(bytes_of(&f, "view/msg_2"), "\"kept\":false"));
	make(f.path, "UPDATE session SET revert='{\"messageID\":\"msg_2\",\"partID\":\"prt_3\"}'");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert(shows(&f, "msg_2", "two") && !shows(&f, "msg_2", "three"));
	ck_assert(fixture_view(&f, "msg_3")->is_aside);
	ck_assert_ptr_nonnull(strstr(bytes_of(&f, "view/msg_2"), "\"kept\":1"));
	make(f.path, "UPDATE session SET revert=NULL");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert(shows(&f, "msg_2", "three") && shows(&f, "msg_3", "four"));
	ck_assert_ptr_nonnull(strstr(bytes_of(&f, "view/msg_2"), "\"kept\":true"));
	fixture_close(&f);
}
END_TEST

/* A piece that is the same is not looked at again, so that which carries the view must not be. */
START_TEST(a_view_is_written_anew_when_any_row_of_its_message_has_changed)
{
	static const char *const changes[] = {
		"UPDATE part SET data='{\"type\":\"text\",\"text\":\"tow\"}' WHERE id='prt_2'",
		"INSERT INTO part VALUES('prt_21','msg_2','ses_1','{\"type\":\"step-start\"}')",
		"DELETE FROM part WHERE id='prt_3'",
		"UPDATE message SET data='{\"role\":\"assistant\",\"summary\":true}' WHERE id='msg_2'",
	};
	struct fixture f;
	char *before;
	char *other;

	open_made(&f, TWO_MESSAGES);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	before = strdup(bytes_of(&f, "view/msg_2"));
	other = strdup(bytes_of(&f, "view/msg_1"));
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
		ck_assert_str_eq(bytes_of(&f, "view/msg_2"), before);
		make(f.path, changes[i]);
		ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
		ck_assert_str_ne(bytes_of(&f, "view/msg_2"), before);
		ck_assert_str_eq(bytes_of(&f, "view/msg_1"), other);
		free(before);
		before = strdup(bytes_of(&f, "view/msg_2"));
	}
	free(before);
	free(other);
	fixture_close(&f);
}
END_TEST

/* ---- Hostile databases and files ---- */

START_TEST(what_is_no_database_of_opencode_is_refused)
{
	static const char *const others[] = {
		"CREATE TABLE session(id)",
		"CREATE TABLE session(id); CREATE TABLE message(id); CREATE VIEW part AS SELECT 1",
		("CREATE TABLE session(id); CREATE TABLE message(id);"
		 "CREATE VIRTUAL TABLE part USING fts5(id)"),
	};
	struct fixture f;

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		fixture_open(&f, "made.db");
		make(f.path, others[i]);
		ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
		ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_ERR_FOREIGN);
		fixture_close(&f);
	}
	fixture_open(&f, "made.db");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_NOTFOUND);
	scratch_put(f.scratch.fd, "made.db", "no database, but long enough to be one", 38);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	scratch_put(f.scratch.fd, "made.db", "", 0);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	fixture_close(&f);
}
END_TEST

START_TEST(tables_without_their_columns_or_indices_do_no_harm)
{
	struct fixture f;

	fixture_open(&f, "made.db");
	make(f.path, "CREATE TABLE session(id); CREATE TABLE message(id); CREATE TABLE part(x);"
		     "INSERT INTO session VALUES('ses_1')");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_ERR_FOREIGN);
	make(f.path, "DROP TABLE message; DROP TABLE part;"
		     "CREATE TABLE message(id, session_id, time_created, data);"
		     "CREATE TABLE part(id, message_id, data);"
		     "INSERT INTO message VALUES('msg_1','ses_1',1,'{\"role\":\"user\"}');"
		     "INSERT INTO part VALUES('prt_1','msg_1','{\"type\":\"text\",\"text\":\"t\"}')");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	ck_assert_uint_eq(f.count, 4);
	ck_assert_uint_eq(tally_of(&f.reading).users, 1);
	fixture_close(&f);
}
END_TEST

/* Without a primary key an id can come again and again; its rows and parts come once. */
START_TEST(rows_of_one_id_are_given_once)
{
	struct fixture f;

	fixture_open(&f, "made.db");
	make(f.path, "CREATE TABLE session(id); CREATE TABLE message(id, session_id, time_created);"
		     "CREATE TABLE part(id, message_id);"
		     "INSERT INTO session VALUES('ses_1'), ('ses_2'), ('ses_1');"
		     "INSERT INTO message VALUES('b','ses_1',1), ('a','ses_1',2), ('b','ses_1',3);"
		     "INSERT INTO part VALUES('p','b')");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_uint_eq(f.id_count, 2);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	/* Two sessions, then two messages, a part and a view, then the other message and its view. */
	ck_assert_uint_eq(f.count, 8);
	ck_assert_str_eq(f.pieces[2].key, "message/b");
	ck_assert_str_eq(f.pieces[3].key, "message/b");
	ck_assert_str_eq(f.pieces[4].key, "part/p");
	ck_assert_str_eq(f.pieces[6].key, "message/a");
	fixture_close(&f);
}
END_TEST

/* Too large to be looked into: it is given in parts. And too large to be read at all. */
START_TEST(a_row_of_many_megabytes_is_given_in_parts)
{
	struct fixture f;
	size_t parts = 0;
	size_t size = 0;

	open_made(&f, "INSERT INTO session(id) VALUES('ses_1');"
		      "INSERT INTO message(id, session_id, time_created) VALUES('msg_1','ses_1',1);"
		      "ALTER TABLE part ADD COLUMN big AS (CAST(zeroblob(35000000) AS BLOB));"
		      "INSERT INTO part(id, message_id) VALUES('prt_1','msg_1')");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_OK);
	for (size_t i = 2; i < f.count - 1; i++) {
		ck_assert_str_eq(f.pieces[i].key, "part/prt_1");
		ck_assert_int_eq(f.pieces[i].state, PIECE_LONG);
		ck_assert_uint_le(f.pieces[i].size, PIECE_PART_SIZE);
		ck_assert_int_eq(f.pieces[i].has_more, i < f.count - 2);
		size += f.pieces[i].size;
		parts++;
	}
	ck_assert_uint_eq(parts, 17);
	ck_assert_uint_gt(size, 2 * 35000000);
	ck_assert_ptr_nonnull(strstr(bytes_of(&f, "view/msg_1"), "\"parts\":1,"));
	make(f.path, "ALTER TABLE part ADD COLUMN huge AS (CAST(zeroblob(135000000) AS BLOB))");
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_1"), HF_ERR_RECORD_SIZE);
	fixture_close(&f);
}
END_TEST

START_TEST(links_and_pipes_are_not_opened)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	ck_assert_int_eq(renameat(f.scratch.fd, "opencode.db-wal", f.scratch.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("elsewhere", f.scratch.fd, "opencode.db-wal"), 0);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	scratch_remove(f.scratch.fd, "opencode.db-wal");
	ck_assert_int_eq(mkfifoat(f.scratch.fd, "opencode.db-wal", 0600), 0);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	scratch_remove(f.scratch.fd, "opencode.db-wal");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_int_eq(renameat(f.scratch.fd, "opencode.db", f.scratch.fd, "elsewhere"), 0);
	ck_assert_int_eq(symlinkat("elsewhere", f.scratch.fd, "opencode.db"), 0);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_FOREIGN);
	fixture_close(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("opencode_db");
	TCase *cases = runner_cases(suite, "rows", 60);

	tcase_add_test(cases, a_row_is_an_object_of_all_its_columns);
	tcase_add_test(cases, what_is_no_json_of_its_own_is_a_string);
	tcase_add_test(cases, text_that_is_no_utf8_is_kept_as_hexadecimal);
	tcase_add_test(cases, ids_of_any_kind_make_keys_that_fit);
	tcase_add_test(cases, what_else_belongs_to_a_session_is_given_and_secrets_are_not);
	tcase_add_test(cases, a_child_session_names_its_parent);
	tcase_add_test(cases, a_revert_takes_back_messages_and_ends_again);
	tcase_add_test(cases, a_view_is_written_anew_when_any_row_of_its_message_has_changed);
	tcase_add_test(cases, what_is_no_database_of_opencode_is_refused);
	tcase_add_test(cases, tables_without_their_columns_or_indices_do_no_harm);
	tcase_add_test(cases, rows_of_one_id_are_given_once);
	tcase_add_test(cases, a_row_of_many_megabytes_is_given_in_parts);
	tcase_add_test(cases, links_and_pipes_are_not_opened);
	return runner_run_in_memory(suite);
}
