/* SPDX-License-Identifier: MIT */
/*
 * Goal: OpenCode's sessions come out as they are in its database and its older folder, the
 * newest from the log too, and neither is ever changed, whoever writes to it meanwhile.
 * Method: real ones, counted by another program and printed by OpenCode itself, then changed,
 * damaged and written to behind the reader's back.
 */
#include <errno.h>

#include "lib/fault_sys.h"
#include "lib/runner.h"
#include "opencode_fixture.h"

#define NEWEST "ses_dfa5a881effe2vFNisV99Px7lZ"    /* its newest messages are in the log */
#define SHORT "ses_dfa5c258affe59v7zqc9qDZFrI"
#define FORK "ses_dfa5aa63affe96jyvx9v07GMU4"
#define KILLED "ses_dfa5ad233ffegRKDc5bV7Kz1dT"
#define OLD_SHORT "ses_dfa4ef09bffemv0IxU5LeJkdHx"
#define OLD_TOOLS "ses_dfa4ee7cfffeCQ2UBUaq5eVSOO"

/* ---- What is there ---- */

START_TEST(sessions_of_a_database_are_what_was_counted)
{
	struct fixture f;
	char expected[1024];

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	data_path(expected, sizeof expected, "opencode", "expected.json");
	ck_assert_uint_eq(fixture_expect_all(&f, &format_opencode, expected), 9);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_uint_eq(f.id_count, 9);
	ck_assert_str_eq(f.ids[0], SHORT); /* the oldest */
	ck_assert_str_eq(f.ids[8], NEWEST);
	ck_assert_uint_eq(f.warnings, 0);
	fixture_close(&f);
}
END_TEST

START_TEST(sessions_of_a_folder_are_what_was_counted)
{
	struct fixture f;
	char expected[1024];

	fixture_open(&f, "storage");
	fixture_copy(&f, "opencode-files/storage", "storage");
	data_path(expected, sizeof expected, "opencode-files", "expected.json");
	ck_assert_uint_eq(fixture_expect_all(&f, &format_opencode_files, expected), 4);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode_files), HF_OK);
	ck_assert_uint_eq(f.id_count, 4);
	fixture_close(&f);
}
END_TEST

/* Compares the order of messages and parts with what OpenCode itself has printed, and the text
 * of each part: pieces hold the very JSON of the rows. */
static void compare_export(struct fixture *f, const char *id)
{
	char path[1024];
	char name[128];
	char key[PIECE_KEY_MAX];
	size_t size;
	size_t at = 0;
	size_t piece = 1;
	char *bytes;
	struct hf_slice messages;
	struct hf_slice message;

	(void)snprintf(name, sizeof name, "opencode/export/%s.json", id);
	data_path(path, sizeof path, name, "");
	path[strlen(path) - 1] = '\0';
	bytes = slurp(path, &size);
	ck_assert_int_eq(fixture_read(f, &format_opencode, id), HF_OK);
	ck_assert_str_eq(f->pieces[0].key, "session");
	ck_assert(get((struct hf_slice){ bytes, size }, "messages", &messages));
	while (hf_json_next(messages, &at, NULL, &message)) {
		size_t position = 0;
		struct hf_slice info;
		struct hf_slice parts;
		struct hf_slice part;

		ck_assert(get(message, "info", &info) && get(message, "parts", &parts));
		text_of(info, "id", name, sizeof name);
		(void)snprintf(key, sizeof key, "message/%s", name);
		ck_assert_str_eq(f->pieces[piece++].key, key);
		while (hf_json_next(parts, &position, NULL, &part)) {
			text_of(part, "id", path, sizeof path);
			(void)snprintf(key, sizeof key, "part/%.100s", path);
			ck_assert_str_eq(f->pieces[piece++].key, key);
		}
		(void)snprintf(key, sizeof key, "view/%s", name);
		ck_assert_str_eq(f->pieces[piece++].key, key);
	}
	ck_assert_uint_eq(piece, f->count);
	free(bytes);
}

START_TEST(messages_and_parts_are_in_the_order_that_opencode_prints)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	compare_export(&f, FORK);
	compare_export(&f, KILLED);
	fixture_close(&f);
}
END_TEST

START_TEST(a_file_is_a_piece_byte_for_byte)
{
	struct fixture f;
	size_t size;
	char *bytes;
	const struct kept_piece *piece;

	fixture_open(&f, "storage");
	fixture_copy(&f, "opencode-files/storage", "storage");
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, OLD_TOOLS), HF_OK);
	bytes = scratch_get(f.scratch.fd, "storage/session_diff/" OLD_TOOLS ".json", &size);
	piece = fixture_find(&f, "diff");
	ck_assert_uint_eq(piece->size, size);
	ck_assert_mem_eq(piece->bytes, bytes, size);
	free(bytes);
	/* One session, nine answers with ten messages, their parts, and a view for each. */
	ck_assert_uint_eq(f.reading.count, 10);
	fixture_close(&f);
}
END_TEST

START_TEST(a_session_that_is_not_there_has_no_pieces)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	ck_assert_int_eq(fixture_read(&f, &format_opencode, "ses_none"), HF_OK);
	ck_assert_uint_eq(f.count, 0);
	fixture_close(&f);
	fixture_open(&f, "storage");
	fixture_copy(&f, "opencode-files/storage", "storage");
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, "ses_none"), HF_OK);
	ck_assert_uint_eq(f.count, 0);
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, "../../x"), HF_ERR_INVALID);
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, ".."), HF_ERR_INVALID);
	fixture_close(&f);
}
END_TEST

/* ---- Nothing is changed ---- */

/* Calls that would change something. */
static const enum fault_call changing[] = {
	FAULT_WRITE_AT, FAULT_TRUNCATE, FAULT_CHMOD, FAULT_MKDIR_AT, FAULT_LINK_AT,
	FAULT_RENAME_AT, FAULT_UNLINK_AT, FAULT_LOCK, FAULT_SYNC_DATA, FAULT_SYNC_ALL,
};

static void assert_changes_nothing(struct fault_sys *fault)
{
	for (size_t i = 0; i < sizeof changing / sizeof changing[0]; i++)
		ck_assert_msg(fault_sys_count(fault, changing[i]) == 0, "%s",
			      fault_call_name(changing[i]));
	ck_assert_str_eq(fault_sys_leaks(fault), "");
}

START_TEST(not_a_byte_of_a_database_is_touched)
{
	static const char *const names[] = { "d/opencode.db", "d/opencode.db-wal",
					     "d/opencode.db-shm" };
	struct fixture f;
	struct fault_sys *fault = fault_sys_new(sys_posix());
	struct stat before[3];
	struct stat after;
	char *bytes[3];
	size_t size[3];

	fixture_open(&f, "d/opencode.db");
	scratch_mkdir(f.scratch.fd, "d");
	fixture_copy(&f, "opencode/opencode.db", names[0]);
	fixture_copy(&f, "opencode/opencode.db-wal", names[1]);
	fixture_copy(&f, "opencode/opencode.db-shm", names[2]);
	for (size_t i = 0; i < 3; i++) {
		bytes[i] = scratch_get(f.scratch.fd, names[i], &size[i]);
		ck_assert_int_eq(fstatat(f.scratch.fd, names[i], &before[i], 0), 0);
	}
	ck_assert_int_eq(fchmodat(f.scratch.fd, "d", 0555, 0), 0);
	f.env.sys = fault_sys(fault);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	for (size_t i = 0; i < f.id_count; i++)
		ck_assert_int_eq(fixture_read(&f, &format_opencode, f.ids[i]), HF_OK);
	assert_changes_nothing(fault);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "d"), 3);
	for (size_t i = 0; i < 3; i++) {
		size_t now;
		char *is = scratch_get(f.scratch.fd, names[i], &now);

		ck_assert_uint_eq(now, size[i]);
		ck_assert_mem_eq(is, bytes[i], now);
		ck_assert_int_eq(fstatat(f.scratch.fd, names[i], &after, 0), 0);
		ck_assert_mem_eq(&after.st_mtim, &before[i].st_mtim, sizeof after.st_mtim);
		ck_assert_mem_eq(&after.st_ctim, &before[i].st_ctim, sizeof after.st_ctim);
		free(is);
		free(bytes[i]);
	}
	ck_assert_int_eq(fchmodat(f.scratch.fd, "d", 0755, 0), 0);
	fixture_close(&f);
	fault_sys_free(fault);
}
END_TEST

START_TEST(a_folder_is_only_read)
{
	struct fixture f;
	struct fault_sys *fault = fault_sys_new(sys_posix());

	fixture_open(&f, "storage");
	fixture_copy(&f, "opencode-files/storage", "storage");
	f.env.sys = fault_sys(fault);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode_files), HF_OK);
	ck_assert_int_eq(fixture_read(&f, &format_opencode_files, OLD_TOOLS), HF_OK);
	assert_changes_nothing(fault);
	fixture_close(&f);
	fault_sys_free(fault);
}
END_TEST

/* ---- The log ---- */

static size_t prompts(struct fixture *f, const char *id)
{
	ck_assert_int_eq(fixture_read(f, &format_opencode, id), HF_OK);
	return tally_of(&f->reading).users;
}

START_TEST(the_newest_are_in_the_log_and_need_no_index)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	scratch_remove(f.scratch.fd, "opencode.db-shm");
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	ck_assert(!scratch_exists(f.scratch.fd, "opencode.db-shm"));
	scratch_remove(f.scratch.fd, "opencode.db-wal");
	ck_assert_uint_eq(prompts(&f, NEWEST), 1);
	ck_assert(!scratch_exists(f.scratch.fd, "opencode.db-wal"));
	fixture_close(&f);
}
END_TEST

/* A byte in the first frame's page, so that no frame has the checksum that it should. */
START_TEST(frames_that_the_index_counts_are_read_although_a_byte_is_wrong)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	scratch_flip(f.scratch.fd, "opencode.db-wal", 32 + 24 + 60, 1);
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_uint_eq(f.warnings, 1);
	/* An index that is damaged itself vouches for nothing, nor does one of another log. */
	scratch_flip(f.scratch.fd, "opencode.db-shm", 48 + 16, 1); /* one of its two copies */
	ck_assert_uint_eq(prompts(&f, NEWEST), 1);
	scratch_flip(f.scratch.fd, "opencode.db-shm", 16, 1); /* then both, without a checksum */
	ck_assert_uint_eq(prompts(&f, NEWEST), 1);
	scratch_flip(f.scratch.fd, "opencode.db-shm", 48 + 16, 1);
	scratch_flip(f.scratch.fd, "opencode.db-shm", 16, 1);
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	scratch_flip(f.scratch.fd, "opencode.db-wal", 16, 1);
	ck_assert_uint_eq(prompts(&f, NEWEST), 1);
	fixture_close(&f);
}
END_TEST

/* Frames that are counted but hold garbage: what was before them is still read. */
START_TEST(frames_that_are_no_pages_are_given_up)
{
	struct fixture f;
	char garbage[4096];

	memset(garbage, 0xee, sizeof garbage);
	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	for (uint64_t at = 32; at + 24 + 4096 <= 107152; at += 24 + 4096)
		scratch_poke(f.scratch.fd, "opencode.db-wal", at + 24, garbage, sizeof garbage);
	ck_assert_uint_eq(prompts(&f, NEWEST), 1);
	ck_assert_uint_eq(prompts(&f, SHORT), 1);
	fixture_close(&f);
}
END_TEST

/* ---- Somebody writes ---- */

static struct maker writer;
static size_t meddled;

/* Moves every page and empties the log, as a checkpoint does, and adds a message. */
static void meddle(struct fixture *f, const struct piece *piece)
{
	static const char *const steps[] = {
		"UPDATE part SET data=data; PRAGMA wal_checkpoint(TRUNCATE)",
		"DELETE FROM event; DELETE FROM migration; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
		"UPDATE message SET time_updated=time_updated+1; PRAGMA wal_checkpoint(RESTART);"
		"UPDATE part SET data=data||' '",
		"INSERT INTO message SELECT 'msg_zzz',session_id,time_created,time_updated,data"
		" FROM message WHERE id='msg_205a5a1230011ftbkZQRrP2Wte'",
	};

	(void)f, (void)piece;
	if (meddled % 5 == 4 && meddled / 5 < sizeof steps / sizeof steps[0])
		maker_do(&writer, steps[meddled / 5]);
	meddled++;
}

START_TEST(a_writer_at_work_does_not_spoil_what_is_read)
{
	struct fixture f;
	size_t before;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	before = f.count;
	maker_open(&writer, f.path);
	meddled = 0;
	f.before = meddle;
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	ck_assert_uint_ge(meddled, 20);
	ck_assert_uint_eq(f.count, before);
	for (size_t i = 0; i < f.count; i++)
		ck_assert_int_eq(f.pieces[i].state, PIECE_GOOD);
	f.before = NULL;
	ck_assert_int_eq(fixture_read(&f, &format_opencode, NEWEST), HF_OK);
	ck_assert_uint_eq(f.count, before + 2); /* what was added is there the next time */
	maker_close(&writer);
	fixture_close(&f);
}
END_TEST

/* Pages move, but the log has not begun anew. */
static void checkpoint(struct fixture *f, const struct piece *piece)
{
	(void)f, (void)piece;
	if (meddled++ == 8)
		maker_do(&writer, "DELETE FROM migration; VACUUM; PRAGMA wal_checkpoint(PASSIVE)");
}

START_TEST(a_checkpoint_alone_is_noticed)
{
	struct fixture f;
	size_t before;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	before = f.count;
	maker_open(&writer, f.path);
	/* So that the log is longer than what the checkpoint is about. */
	maker_do(&writer, "PRAGMA wal_autocheckpoint=0; DELETE FROM project_directory");
	meddled = 0;
	f.before = checkpoint;
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	ck_assert_uint_eq(f.count, before);
	maker_close(&writer);
	fixture_close(&f);
}
END_TEST

/* The log begins anew over the frames that are still to be read; the database does not change. */
static void begin_anew(struct fixture *f, const struct piece *piece)
{
	(void)f, (void)piece;
	if (meddled++ == 8)
		maker_do(&writer, "DELETE FROM migration; VACUUM");
}

START_TEST(a_log_that_begins_anew_is_noticed)
{
	struct fixture f;
	size_t before;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	before = f.count;
	maker_open(&writer, f.path);
	maker_do(&writer, "PRAGMA wal_autocheckpoint=0; UPDATE part SET data=data;"
			  "PRAGMA wal_checkpoint(PASSIVE)");
	(void)usleep(30000);
	meddled = 0;
	f.before = begin_anew;
	ck_assert_uint_eq(prompts(&f, NEWEST), 2);
	ck_assert_uint_eq(f.count, before);
	for (size_t i = 0; i < f.count; i++)
		ck_assert_int_eq(f.pieces[i].state, PIECE_GOOD);
	maker_close(&writer);
	fixture_close(&f);
}
END_TEST

/* It grows and is emptied for ever. */
static void hammer(struct fixture *f, const struct piece *piece)
{
	(void)f, (void)piece;
	maker_do(&writer, "UPDATE session SET time_updated=time_updated+1;"
			  "PRAGMA wal_checkpoint(TRUNCATE)");
}

START_TEST(a_writer_that_never_rests_only_slows_it_down)
{
	struct fixture f;

	fixture_open(&f, "opencode.db");
	fixture_copy_database(&f);
	maker_open(&writer, f.path);
	f.before = hammer;
	ck_assert_uint_eq(prompts(&f, SHORT), 1);
	ck_assert_uint_eq(f.count, 9);
	maker_close(&writer);
	fixture_close(&f);
}
END_TEST

START_TEST(a_database_with_a_hot_journal_is_not_believed)
{
	struct fixture f;

	fixture_open(&f, "made.db");
	make(f.path, TABLES "INSERT INTO session(id) VALUES('ses_1')");
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	ck_assert_uint_eq(f.id_count, 1);
	scratch_put(f.scratch.fd, "made.db-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_ERR_BUSY);
	scratch_put(f.scratch.fd, "made.db-journal", "\0\0\0\0\0\0\0\0", 8); /* one that is done with */
	ck_assert_int_eq(fixture_sessions(&f, &format_opencode), HF_OK);
	fixture_close(&f);
}
END_TEST

/* ---- Failures ---- */

struct trial {
	struct fixture f;
	struct fault_sys *fault;
	const struct format *format;
	const char *id;
	size_t views;
};

static void try_plan(void *context, const struct fault_plan *plan)
{
	struct trial *trial = context;
	char text[128];
	int rc;

	fault_sys_arm(trial->fault, plan);
	rc = fixture_read(&trial->f, trial->format, trial->id);
	fault_plan_text(plan, text, sizeof text);
	ck_assert_msg(rc <= HF_OK && rc != HF_ERR_INTERNAL, "%s: %d", text, rc);
	/* What could not be read is either an error or was not there. */
	ck_assert_msg(rc != HF_OK || trial->f.reading.count <= trial->views, "%s", text);
	ck_assert_msg(fault_sys_leaks(trial->fault)[0] == '\0', "%s: %s", text,
		      fault_sys_leaks(trial->fault));
	fault_sys_disarm(trial->fault);
}

static void try_failures(const struct format *format, const char *name, const char *id)
{
	struct trial trial = { .format = format, .id = id };
	struct fault_trace trace;

	fixture_open(&trial.f, name);
	if (format == &format_opencode)
		fixture_copy_database(&trial.f);
	else
		fixture_copy(&trial.f, "opencode-files/storage", "storage");
	trial.fault = fault_sys_new(sys_posix());
	trial.f.env.sys = fault_sys(trial.fault);
	(void)usleep(30000); /* the database has settled */
	fault_sys_arm(trial.fault, &(struct fault_plan){ .kind = FAULT_NONE });
	ck_assert_int_eq(fixture_read(&trial.f, format, id), HF_OK);
	trial.views = trial.f.reading.count;
	trace = fault_sys_trace(trial.fault);
	fault_sys_each_plan(&trace, try_plan, &trial);
	fixture_close(&trial.f);
	fault_sys_free(trial.fault);
}

START_TEST(any_call_may_fail_while_a_folder_is_read)
{
	try_failures(&format_opencode_files, "storage", OLD_SHORT);
}
END_TEST

START_TEST(any_call_may_fail_while_a_database_is_read)
{
	try_failures(&format_opencode, "opencode.db", SHORT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_opencode");
	TCase *cases = runner_cases(suite, "sessions", 120);

	tcase_add_test(cases, sessions_of_a_database_are_what_was_counted);
	tcase_add_test(cases, sessions_of_a_folder_are_what_was_counted);
	tcase_add_test(cases, messages_and_parts_are_in_the_order_that_opencode_prints);
	tcase_add_test(cases, a_file_is_a_piece_byte_for_byte);
	tcase_add_test(cases, a_session_that_is_not_there_has_no_pieces);
	tcase_add_test(cases, not_a_byte_of_a_database_is_touched);
	tcase_add_test(cases, a_folder_is_only_read);
	tcase_add_test(cases, the_newest_are_in_the_log_and_need_no_index);
	tcase_add_test(cases, frames_that_the_index_counts_are_read_although_a_byte_is_wrong);
	tcase_add_test(cases, frames_that_are_no_pages_are_given_up);
	tcase_add_test(cases, a_writer_at_work_does_not_spoil_what_is_read);
	tcase_add_test(cases, a_checkpoint_alone_is_noticed);
	tcase_add_test(cases, a_log_that_begins_anew_is_noticed);
	tcase_add_test(cases, a_writer_that_never_rests_only_slows_it_down);
	tcase_add_test(cases, a_database_with_a_hot_journal_is_not_believed);
	tcase_add_test(cases, any_call_may_fail_while_a_folder_is_read);
	tcase_add_test(cases, any_call_may_fail_while_a_database_is_read);
	return runner_run_in_memory(suite);
}
