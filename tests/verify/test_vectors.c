/* SPDX-License-Identifier: MIT */
/*
 * Goal: what was ever written in format 1 can be read for ever, and what is written today
 * are the same bytes. Method: a store made by version 0.1.0 with a known secret lies in
 * tests/vectors/v1/store and is never made anew; it is verified and read, and the calls
 * that made it are repeated under the same clock and compared byte for byte.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/scratch.h"
#include "store/session.h"

#define WHOLE "00000000-0000-4000-8000-000000000001"
#define SAVED "00000000-0000-4000-8000-000000000002"
#define LEFT "00000000-0000-4000-8000-000000000003"
#define IMPORTED "00000000-0000-4000-8000-000000000004"
#define WEAK "00000000-0000-4000-8000-000000000005"
#define KEPT "00000000-0000-4000-8000-000000000006"

static const char *const names[] = {
	WHOLE ".jsonl", WHOLE ".head", SAVED ".jsonl", SAVED ".head", LEFT ".jsonl", LEFT ".head",
	IMPORTED ".jsonl", IMPORTED ".head", WEAK ".jsonl", WEAK ".head", KEPT ".jsonl", KEPT ".head",
};
enum { NAMES = sizeof names / sizeof names[0] };

/* ---- The store, copied ---- */

static int open_vectors(void)
{
	const char *source = getenv("HOLDFAST_SOURCE");
	char path[1024];
	int fd;

	(void)snprintf(path, sizeof path, "%s/tests/vectors/v1", source != NULL ? source : ".");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* A version control system keeps no modes. */
static void set_modes(const struct scratch *scratch)
{
	static const char *const folders[] = { "store", "store/keys", "store/sessions",
					       "store/quarantine" };

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		if (!scratch_exists(scratch->fd, folders[i]))
			scratch_mkdir(scratch->fd, folders[i]);
		ck_assert_int_eq(fchmodat(scratch->fd, folders[i], 0700, 0), 0);
	}
	ck_assert_int_eq(fchmodat(scratch->fd, "store/holdfast.json", 0600, 0), 0);
	ck_assert_int_eq(fchmodat(scratch->fd, "store/keys/machine_secret", 0600, 0), 0);
	for (size_t i = 0; i < NAMES; i++) {
		char name[100];

		(void)snprintf(name, sizeof name, "store/sessions/%s", names[i]);
		if (scratch_exists(scratch->fd, name))
			ck_assert_int_eq(fchmodat(scratch->fd, name, 0600, 0), 0);
	}
}

static struct scratch copy_store(void)
{
	struct scratch scratch = scratch_open();
	int fd = open_vectors();

	scratch_copy(fd, "store", scratch.fd, "store");
	(void)close(fd);
	set_modes(&scratch);
	return scratch;
}

/* ---- A system with a clock that stands still ---- */

struct clock {
	struct sys sys;
	int64_t now_us;
	bool is_secret_denied;
};

static int tell_time(void *context, int64_t *ret_time_us)
{
	struct clock *clock = context;

	*ret_time_us = clock->now_us;
	return 0;
}

static int open_or_deny(void *context, int dir_fd, const char *name, int flags, mode_t mode)
{
	struct clock *clock = context;

	if (clock->is_secret_denied && strcmp(name, "machine_secret") == 0)
		return -EACCES;
	return sys_posix()->open_at(sys_posix()->context, dir_fd, name, flags, mode);
}

static struct hf_store *open_store(const struct scratch *scratch, struct clock *clock,
				   bool read_only)
{
	struct hf_store_options options = { .read_only = read_only, .rounds = HF_ROUNDS_MIN,
					    .runtime_dir = "", .padding = 1, .threads = 1 };
	struct hf_store *store = NULL;
	char path[300];

	clock->sys = *sys_posix();
	clock->sys.context = clock;
	clock->sys.wall_time = tell_time;
	clock->sys.open_at = open_or_deny;
	(void)snprintf(path, sizeof path, "%s/store", scratch->path);
	ck_assert_int_eq(store_open_with(&clock->sys, path, &options, NULL, &store), HF_OK);
	return store;
}

/* ---- The calls that made it ---- */

static struct hf_slice slice_of(const char *text)
{
	return (struct hf_slice){ text, text != NULL ? strlen(text) : 0 };
}

static struct hf_session *create(struct hf_store *store, const char *id,
				 const struct hf_session_options *given)
{
	struct hf_session_options options = *given;
	struct hf_session *session = NULL;

	options.id = id;
	ck_assert_int_eq(hf_session_create(store, &options, NULL, &session), HF_OK);
	return session;
}

static void append(struct hf_session *session, const char *type, const char *id, const char *json)
{
	struct hf_append record = { type, id, json, strlen(json) };

	ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
}

static void make_whole(struct hf_store *store)
{
	struct hf_session_options options = { .name = "whole \"session\" \xc3\xa9",
					      .project = "/home/me/project",
					      .config = slice_of("{ \"model\" : \"m-1\" }") };
	struct hf_session *session = create(store, WHOLE, &options);

	append(session, "message", "msg-1",
	       "{\"role\":\"user\",\"content\":\"first words \\ud83d\\ude00 \xe2\x80\xa8\"}");
	append(session, "message", NULL,
	       "{\"role\":\"assistant\",\"n\":123456789012345678901234567890,\"f\":1.0,\"lone\":"
	       "\"\\ud800\"}");
	append(session, "todos", NULL, "[{\"text\":\"one\",\"done\":false}]");
	append(session, "config", NULL, "{\"model\":\"m-2\"}");
	append(session, "rename", NULL, "{\"name\":\"renamed\"}");
	append(session, "x-host", "!#[]~", "[[[[null,true,-0.0e+1]]]]");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_open(store, WHOLE, NULL, NULL, &session), HF_OK);
	append(session, "message", NULL, "\"resumed\"");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
}

static void make_saved(struct hf_store *store)
{
	struct hf_session *session =
		create(store, SAVED, &(struct hf_session_options){ .name = "saved" });
	struct hf_append records[] = { { "message", "a", "\"a\"", 3 }, { "message", NULL, "\"b\"", 3 },
				       { "todos", NULL, "[]", 2 } };

	append(session, "message", NULL, "\"of generation 0\"");
	ck_assert_int_eq(hf_session_save(session, NULL, records, 3, NULL), HF_OK);
	append(session, "message", NULL, "\"of generation 1\"");
	ck_assert_int_eq(hf_session_save(session, NULL, records, 2, NULL), HF_OK);
	append(session, "message", NULL, "\"of generation 2\"");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
}

static void make_rest(struct hf_store *store)
{
	struct hf_session *session = create(store, LEFT, &(struct hf_session_options){ 0 });

	append(session, "message", NULL, "{\"content\":[{\"text\":\"parts\"}]}");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	session = create(store, IMPORTED, &(struct hf_session_options){
				 .origin = slice_of("{\"from\":\"elsewhere\",\"unsigned\":true}") });
	append(session, "message", NULL, "{\"text\":\"imported\"}");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
}

/* Labelled, moved, closed, and labelled again. */
static void make_kept(struct hf_store *store)
{
	struct resume_place home = { .has_directory = true, .device = 65024, .inode = UINT64_MAX,
				     .owner = 1000, .mode = 040755 };
	struct resume_place nowhere = { .moved_to = "/new \"place\"" };
	struct hf_session *session = create(store, KEPT, &(struct hf_session_options){
							 .name = "kept", .project = "/first" });
	struct hf_append message = { "message", NULL, "\"saved\"", 7 };

	append(session, "tags", NULL, "{\"tags\":[\"one\",\"\xc3\xa9\"]}");
	append(session, "pin", NULL, "{\"pinned\":true}");
	ck_assert_int_eq(hf_session_save(session, &(struct hf_session_options){ .project = "/second" },
					 &message, 1, NULL), HF_OK);
	ck_assert_int_eq(writer_resume(session->writer, &home, slice_of("null")), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_open(store, KEPT, NULL, NULL, &session), HF_OK);
	ck_assert_int_eq(writer_resume(session->writer, &nowhere, slice_of("\"/second\"")), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_open(store, KEPT, NULL, NULL, &session), HF_OK);
	append(session, "tags", NULL, "{\"tags\":[\"two\"]}");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
}

/* With a secret that cannot be read. */
static void make_weak(const struct scratch *scratch, struct clock *clock)
{
	struct hf_session *session;
	struct hf_store *store;

	clock->is_secret_denied = true;
	store = open_store(scratch, clock, false);
	session = create(store, WEAK, &(struct hf_session_options){ 0 });
	append(session, "message", NULL, "\"anybody could have written this\"");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	hf_store_close(store);
}

static void expect_same_file(int fd, const struct scratch *scratch, const char *name)
{
	char path[100];
	size_t wanted_size, size;
	char *wanted, *found;

	(void)snprintf(path, sizeof path, "store/sessions/%s", name);
	wanted = scratch_get(fd, path, &wanted_size);
	found = scratch_get(scratch->fd, path, &size);
	ck_assert_msg(size == wanted_size && memcmp(found, wanted, size) == 0,
		      "%s is not what version 0.1.0 wrote", name);
	free(wanted);
	free(found);
}

START_TEST(the_same_calls_write_the_same_bytes_as_version_0_1_0)
{
	struct scratch scratch = copy_store();
	struct clock clock = { .now_us = INT64_C(1795391653123456) };
	struct hf_store *store;
	int fd = open_vectors();

	scratch_remove(scratch.fd, "store/sessions");
	scratch_mkdir(scratch.fd, "store/sessions");
	store = open_store(&scratch, &clock, false);
	make_whole(store);
	clock.now_us += 1000001;
	make_saved(store);
	clock.now_us = -1;
	make_rest(store);
	clock.now_us = INT64_C(1795391700000000);
	make_kept(store);
	hf_store_close(store);
	clock.now_us = INT64_C(253402300799999999);
	make_weak(&scratch, &clock);
	for (size_t i = 0; i < NAMES; i++)
		expect_same_file(fd, &scratch, names[i]);
	(void)close(fd);
	scratch_close(&scratch);
}
END_TEST

/* ---- Reading it ---- */

static const struct {
	const char *id;
	enum hf_verdict verdict;
	uint64_t records;
	uint64_t messages;
	uint64_t generation;
	uint64_t bytes;
	const char *name;
	const char *words;
	const char *last;  /* data of the last record */
	const char *tags;
	bool is_closed;
	bool is_pinned;
} sessions[] = {
	{ WHOLE, HF_INTACT, 11, 3, 0, 1963, "renamed", "first words \xf0\x9f\x98\x80 \xe2\x80\xa8",
	  "{\"records\":11}", "", true, false },
	{ SAVED, HF_INTACT, 4, 3, 2, 897, "saved", "a", "\"of generation 2\"", "", false, false },
	{ LEFT, HF_INTACT, 2, 1, 0, 576, "", "parts", "{\"content\":[{\"text\":\"parts\"}]}", "", false,
	  false },
	{ IMPORTED, HF_UNSIGNED, 3, 1, 0, 727, "", "imported", "{\"records\":3}", "", true, false },
	{ WEAK, HF_WEAK_KEY, 3, 1, 0, 709, "", "anybody could have written this", "{\"records\":3}", "",
	  true, false },
	{ KEPT, HF_INTACT, 8, 1, 1, 1591, "kept", "saved", "{\"tags\":[\"two\"]}", "two", true, true },
};
enum { SESSIONS = sizeof sessions / sizeof sessions[0] };

static void expect_text(struct hf_slice slice, const char *text)
{
	ck_assert_msg(slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0,
		      "%.*s, not %s", (int)slice.size, slice.data, text);
}

START_TEST(each_session_of_version_0_1_0_is_read)
{
	struct scratch scratch = copy_store();
	struct clock clock = { 0 };
	struct hf_store *store = open_store(&scratch, &clock, true);
	struct hf_view *view = NULL;
	struct hf_record record = { 0 };
	const struct hf_info *info;

	ck_assert_int_eq(hf_session_load(store, sessions[_i].id, NULL, &view), HF_OK);
	info = hf_view_info(view);
	ck_assert_str_eq(hf_verdict_name(hf_view_check(view)->verdict),
			 hf_verdict_name(sessions[_i].verdict));
	ck_assert_uint_eq(info->records, sessions[_i].records);
	ck_assert_uint_eq(hf_view_check(view)->acknowledged, sessions[_i].records);
	ck_assert_uint_eq(info->messages, sessions[_i].messages);
	ck_assert_uint_eq(info->generation, sessions[_i].generation);
	ck_assert_uint_eq(info->bytes, sessions[_i].bytes);
	expect_text(info->name, sessions[_i].name);
	expect_text(info->first_words, sessions[_i].words);
	expect_text(info->tags, sessions[_i].tags);
	ck_assert(info->closed == sessions[_i].is_closed && info->pinned == sessions[_i].is_pinned);
	ck_assert(hf_view_previous(view, &record));
	expect_text(record.data, sessions[_i].last);
	hf_view_close(view);
	hf_store_close(store);
	scratch_close(&scratch);
}
END_TEST

START_TEST(each_session_of_version_0_1_0_can_be_continued)
{
	struct scratch scratch = copy_store();
	struct clock clock = { .now_us = INT64_C(1895391653123456) };
	struct hf_store *store = open_store(&scratch, &clock, false);
	struct hf_session *session = NULL;
	struct hf_check check = { 0 };

	ck_assert_int_eq(hf_session_open(store, sessions[_i].id, NULL, NULL, &session), HF_OK);
	append(session, "message", NULL, "\"more\"");
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_verify(store, sessions[_i].id, NULL, NULL, NULL, &check), HF_OK);
	ck_assert_int_eq(check.verdict, sessions[_i].verdict);
	ck_assert_uint_ge(check.records, sessions[_i].records + 2);
	hf_store_close(store);
	scratch_close(&scratch);
}
END_TEST

START_TEST(each_changed_byte_of_these_sessions_is_seen)
{
	struct scratch scratch = copy_store();
	struct clock clock = { 0 };
	struct hf_store *store = open_store(&scratch, &clock, true);
	char name[100];

	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", sessions[_i].id);
	for (uint64_t at = 0; at < sessions[_i].bytes; at += 7) {
		struct hf_check check = { 0 };

		scratch_flip(scratch.fd, name, at, 0x20);
		ck_assert_int_eq(hf_session_verify(store, sessions[_i].id, NULL, NULL, NULL, &check),
				 HF_OK);
		ck_assert_int_eq(check.verdict, HF_TAMPERED);
		scratch_flip(scratch.fd, name, at, 0x20);
	}
	hf_store_close(store);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors");
	TCase *vectors = tcase_create("vectors");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(vectors, 60);
	tcase_add_test(vectors, the_same_calls_write_the_same_bytes_as_version_0_1_0);
	tcase_add_loop_test(vectors, each_session_of_version_0_1_0_is_read, 0, SESSIONS);
	tcase_add_loop_test(vectors, each_session_of_version_0_1_0_can_be_continued, 0, SESSIONS);
	tcase_add_loop_test(vectors, each_changed_byte_of_these_sessions_is_seen, 0, SESSIONS);
	suite_add_tcase(suite, vectors);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
