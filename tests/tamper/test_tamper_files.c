/* SPDX-License-Identifier: MIT */
/*
 * Goal: what a user of the library is told, and can still read, of a store whose files were
 * meddled with; and that a session with a bad verdict is neither written to nor changed.
 * Method: one store is made by the public calls; each case of a table changes a copy of it
 * through the file system alone and is looked at by all calls that open a session.
 *
 * Undetectable, and so in the table as intact: an older log put back with its head; a head
 * that is one or more appends older than its log, or has a damaged slot (harmless: the log
 * says all); anything done to the lock file.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "holdfast.h"
#include "lib/scratch.h"

#define ID "0195d3a0-1111-4222-8333-444455556666"
#define OTHER "0195d3a0-1111-4222-8333-444455557777"
#define UNKNOWN "0195d3a0-1111-4222-8333-444455558888"
#define LOG "store/sessions/" ID ".jsonl"
#define HEAD "store/sessions/" ID ".head"

enum { RECORDS = 12, OLDER = 7, SLOT_SIZE = 4096 };

/* The store as it was made, and what the session's log was when it had OLDER records. */
static struct scratch master;
static char *whole_log;
static size_t whole_size;
static size_t starts[RECORDS + 1];

static struct hf_store *open_store(const struct scratch *scratch, bool read_only)
{
	struct hf_store_options options = { .read_only = read_only, .rounds = HF_ROUNDS_MIN,
					    .runtime_dir = "", .padding = 1 };
	struct hf_store *store = NULL;
	char path[300];

	(void)snprintf(path, sizeof path, "%s/store", scratch->path);
	ck_assert_int_eq(hf_store_open(path, &options, NULL, &store), HF_OK);
	return store;
}

static void append_up_to(struct hf_session *session, unsigned count)
{
	while (hf_session_records(session) < count) {
		char json[64];
		struct hf_append record = { "message", NULL, json, 0 };

		(void)snprintf(json, sizeof json, "{\"role\":\"user\",\"content\":\"%u\"}",
			       (unsigned)hf_session_records(session));
		record.json_size = strlen(json);
		ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
	}
}

static void make_session(struct hf_store *store, const char *id)
{
	struct hf_session_options options = { .id = id };
	struct hf_session *session = NULL;

	ck_assert_int_eq(hf_session_create(store, &options, NULL, &session), HF_OK);
	append_up_to(session, OLDER);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
}

static void make_master(void)
{
	struct hf_session *session = NULL;
	struct hf_store *store;
	const char *at;

	master = scratch_open();
	scratch_mkdir(master.fd, "store");
	store = open_store(&master, false);
	make_session(store, OTHER);
	make_session(store, ID);
	scratch_copy(master.fd, LOG, master.fd, "older-log");
	scratch_copy(master.fd, HEAD, master.fd, "older-head");
	ck_assert_int_eq(hf_session_open(store, ID, NULL, NULL, &session), HF_OK);
	append_up_to(session, RECORDS);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	hf_store_close(store);
	whole_log = scratch_get(master.fd, LOG, &whole_size);
	at = whole_log;
	for (unsigned n = 0; n <= RECORDS; n++) {
		starts[n] = (size_t)(at - whole_log);
		if (n < RECORDS)
			at = (const char *)memchr(at, '\n', whole_size - starts[n]) + 1;
	}
	ck_assert_uint_eq(starts[RECORDS], whole_size);
}

static void drop_master(void)
{
	free(whole_log);
	scratch_close(&master);
}

/* ---- What is done to the copy ---- */

static void nothing(int fd)
{
	(void)fd;
}

static void flip_log(int fd)
{
	scratch_flip(fd, LOG, starts[5] + 40, 0x10);
}

static void cut_log(int fd)
{
	scratch_cut(fd, LOG, starts[9] + 20);
}

static void empty_log(int fd)
{
	scratch_cut(fd, LOG, 0);
}

static void lengthen_log(int fd)
{
	scratch_append(fd, LOG, "{\"n\":12,", 8);
}

static void pad_log(int fd)
{
	scratch_append(fd, LOG, "\n\n\n\n", 4);
}

static void remove_log(int fd)
{
	scratch_remove(fd, LOG);
}

static void remove_head(int fd)
{
	scratch_remove(fd, HEAD);
}

static void remove_both(int fd)
{
	remove_log(fd);
	remove_head(fd);
}

static void zero_slot(int fd)
{
	static const char zeros[SLOT_SIZE];

	scratch_poke(fd, HEAD, SLOT_SIZE, zeros, sizeof zeros);
}

static void cut_head(int fd)
{
	scratch_cut(fd, HEAD, SLOT_SIZE + 100);
}

static void empty_head(int fd)
{
	scratch_cut(fd, HEAD, 0);
}

static void replay_log(int fd)
{
	scratch_copy(fd, "older-log", fd, LOG);
}

static void replay_head(int fd)
{
	scratch_copy(fd, "older-head", fd, HEAD);
}

static void replay_both(int fd)
{
	replay_log(fd);
	replay_head(fd);
}

static void take_others_log(int fd)
{
	scratch_copy(fd, "store/sessions/" OTHER ".jsonl", fd, LOG);
}

static void take_others_head(int fd)
{
	scratch_copy(fd, "store/sessions/" OTHER ".head", fd, HEAD);
}

static void take_others_both(int fd)
{
	take_others_log(fd);
	take_others_head(fd);
}

static void change_store_id(int fd)
{
	static const char zeros[] = "00000000";

	scratch_poke(fd, "store/holdfast.json", 23, zeros, 8);
}

static void remove_key(int fd)
{
	scratch_remove(fd, "store/keys/machine_secret");
}

static void damage_key(int fd)
{
	scratch_flip(fd, "store/keys/machine_secret", 30, 1);
}

/* Another good secret: the one of docs/FORMAT.md's example values, 0 to 31. */
static void replace_key(int fd)
{
	static const char text[] = "holdfast-key 1\n"
				   "secret AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"
				   "host build-7.example.org\n"
				   "rounds 10000\n"
				   "made 2026-11-22T23:54:13.123456Z\n"
				   "check G36NJ79G7dxuYHZeRLJNVnSYoSLsGAOqpz6KLaVQ7y4\n";

	scratch_put(fd, "store/keys/machine_secret", text, sizeof text - 1);
}

static void remove_lock(int fd)
{
	scratch_remove(fd, "store/sessions/" ID ".lock");
}

static void fill_lock(int fd)
{
	scratch_put(fd, "store/sessions/" ID ".lock", "4711 somebody\n", 14);
}

struct damage {
	const char *name;
	void (*apply)(int fd);
	int rc;                  /* of all calls, if it is not HF_OK */
	enum hf_verdict verdict;
	unsigned records;
	int bad;                 /* number of the record where it says that it is bad, or -1 */
};

static const struct damage damages[] = {
	{ "nothing", nothing, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "a byte of the log", flip_log, HF_OK, HF_TAMPERED, 5, 5 },
	{ "the log cut", cut_log, HF_OK, HF_TRUNCATED, 9, 9 },
	{ "the log emptied", empty_log, HF_OK, HF_TRUNCATED, 0, 0 },
	{ "the log lengthened by a stump", lengthen_log, HF_OK, HF_TORN, RECORDS, RECORDS },
	{ "the log padded", pad_log, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "the log removed", remove_log, HF_OK, HF_TRUNCATED, 0, 0 },
	{ "the head removed", remove_head, HF_OK, HF_HEAD_MISSING, RECORDS, -1 },
	{ "log and head removed", remove_both, HF_ERR_NOTFOUND, HF_INTACT, 0, -1 },
	{ "a slot zeroed", zero_slot, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "a slot cut off", cut_head, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "the head emptied", empty_head, HF_OK, HF_HEAD_MISSING, RECORDS, -1 },
	{ "an older log", replay_log, HF_OK, HF_TRUNCATED, OLDER, OLDER },
	{ "an older head", replay_head, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "an older log and its head", replay_both, HF_OK, HF_INTACT, OLDER, -1 },
	{ "another session's log", take_others_log, HF_OK, HF_TAMPERED, 0, 0 },
	{ "another session's head", take_others_head, HF_OK, HF_HEAD_MISSING, RECORDS, -1 },
	{ "another session's log and head", take_others_both, HF_OK, HF_TAMPERED, 0, 0 },
	{ "another store's id", change_store_id, HF_OK, HF_TAMPERED, 0, 0 },
	{ "no secret", remove_key, HF_OK, HF_KEY_MISSING, 0, -1 },
	{ "a damaged secret", damage_key, HF_OK, HF_KEY_MISSING, 0, -1 },
	{ "another secret", replace_key, HF_OK, HF_KEY_MISSING, 0, -1 },
	{ "no lock file", remove_lock, HF_OK, HF_INTACT, RECORDS, -1 },
	{ "a lock file that names somebody", fill_lock, HF_OK, HF_INTACT, RECORDS, -1 },
};
enum { DAMAGES = sizeof damages / sizeof damages[0] };

/* ---- What is then seen ---- */

static void expect_check(const struct damage *damage, const struct hf_check *check)
{
	ck_assert_msg(check->verdict == damage->verdict, "%s: %s", damage->name,
		      hf_verdict_name(check->verdict));
	ck_assert_uint_eq(check->records, damage->records);
	ck_assert_uint_eq(check->bytes, starts[damage->records]);
	ck_assert_int_eq(check->bad_record, damage->bad);
	ck_assert_int_eq(check->bad_offset, damage->bad < 0 ? -1 : (int64_t)starts[damage->bad]);
	ck_assert(!check->weak && !check->active);
}

/* Reading gives the records that verify, byte for byte, and no other. */
static void expect_view(const struct damage *damage, struct hf_store *store)
{
	struct hf_view *view = NULL;
	struct hf_record record = { 0 };
	unsigned n = 0;
	int rc = hf_session_load(store, ID, NULL, &view);

	ck_assert_int_eq(rc, damage->rc);
	if (rc != HF_OK)
		return;
	expect_check(damage, hf_view_check(view));
	while (hf_view_next(view, &record)) {
		ck_assert_msg(damage->verdict == HF_KEY_MISSING || n < damage->records,
			      "%s: record %u is shown", damage->name, n);
		ck_assert_uint_eq(record.n, n);
		ck_assert_uint_eq(record.line.size, starts[n + 1] - starts[n] - 1);
		ck_assert_mem_eq(record.line.data, whole_log + starts[n], record.line.size);
		n++;
	}
	ck_assert_uint_eq(n, damage->verdict == HF_KEY_MISSING ? RECORDS : damage->records);
	hf_view_close(view);
}

/* Opening looks at the end only, so that it takes no longer for a long session. Damage before
 * that is seen by whoever reads or verifies, then as before. */
static bool is_unseen_by_open(const struct damage *damage)
{
	return damage->verdict == HF_TAMPERED && damage->bad > 0;
}

/* What a check says when the session was opened and went on. */
static void expect_after_append(const struct damage *damage, struct hf_store *store)
{
	struct hf_check check = { 0 };

	ck_assert_int_eq(hf_session_verify(store, ID, NULL, NULL, NULL, &check), HF_OK);
	if (is_unseen_by_open(damage)) {
		expect_check(damage, &check);
		return;
	}
	ck_assert_msg(check.verdict == HF_INTACT, "%s", damage->name);
	ck_assert_uint_eq(check.records, RECORDS + 3 + 1);
	ck_assert_uint_eq(check.acknowledged, check.records);
}

/* Opening for writing goes on, or changes nothing. */
static void expect_open(const struct damage *damage, struct hf_store *store,
			const struct scratch *scratch)
{
	struct hf_session *session = NULL;
	struct hf_detail detail = { 0 };
	int64_t log_size = scratch_size(scratch->fd, LOG);
	int wanted = damage->rc != HF_OK ? damage->rc : hf_verdict_error(damage->verdict);
	int rc = hf_session_open(store, ID, NULL, &detail, &session);

	if (is_unseen_by_open(damage) || damage->verdict == HF_TORN)
		wanted = HF_OK;
	ck_assert_msg(rc == wanted, "%s: %s", damage->name, hf_error_name(rc));
	if (rc == HF_OK) {
		append_up_to(session, RECORDS + 3);
		ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
		expect_after_append(damage, store);
		return;
	}
	ck_assert_ptr_null(session);
	ck_assert_int_eq(detail.code, wanted);
	if (damage->rc == HF_OK)
		ck_assert_int_eq(detail.record, damage->bad);
	ck_assert_int_eq(scratch_size(scratch->fd, LOG), log_size);
}

/* Files are as they were after everything that refuses or only looks. */
static void expect_unchanged(const struct damage *damage, const struct scratch *scratch,
			     const char *name, const char *before, int64_t size)
{
	size_t now_size;
	char *now;

	ck_assert_int_eq(scratch_size(scratch->fd, name), size);
	if (size < 0)
		return;
	now = scratch_get(scratch->fd, name, &now_size);
	ck_assert_msg(memcmp(now, before, now_size) == 0, "%s: %s was changed", damage->name, name);
	free(now);
}

static char *get(const struct scratch *scratch, const char *name, int64_t *ret_size)
{
	size_t size;

	*ret_size = scratch_size(scratch->fd, name);
	return *ret_size >= 0 ? scratch_get(scratch->fd, name, &size) : NULL;
}

START_TEST(each_meddling_has_its_verdict_in_every_call)
{
	const struct damage *damage = &damages[_i];
	struct scratch scratch;
	struct hf_store *store;
	struct hf_check check = { 0 };
	int64_t log_size, head_size;
	char *log, *head;
	int rc;

	make_master();
	scratch = scratch_open();
	scratch_copy(master.fd, ".", scratch.fd, ".");
	damage->apply(scratch.fd);
	log = get(&scratch, LOG, &log_size);
	head = get(&scratch, HEAD, &head_size);
	store = open_store(&scratch, false);
	rc = hf_session_verify(store, ID, NULL, NULL, NULL, &check);
	ck_assert_int_eq(rc, damage->rc);
	if (rc == HF_OK)
		expect_check(damage, &check);
	expect_view(damage, store);
	expect_unchanged(damage, &scratch, LOG, log, log_size);
	expect_unchanged(damage, &scratch, HEAD, head, head_size);
	expect_open(damage, store, &scratch);
	if (damage->verdict > HF_TORN && !is_unseen_by_open(damage)) {
		expect_unchanged(damage, &scratch, LOG, log, log_size);
		expect_unchanged(damage, &scratch, HEAD, head, head_size);
	}
	hf_store_close(store);
	free(log);
	free(head);
	scratch_close(&scratch);
	drop_master();
}
END_TEST

/* Whoever reads only is told the same, and leaves no trace. */
START_TEST(each_meddling_has_the_same_verdict_read_only)
{
	const struct damage *damage = &damages[_i];
	struct hf_check check = { 0 };
	struct scratch scratch;
	struct hf_store *store;
	size_t keys, sessions;
	int rc;

	make_master();
	scratch = scratch_open();
	scratch_copy(master.fd, ".", scratch.fd, ".");
	damage->apply(scratch.fd);
	keys = scratch_count(scratch.fd, "store/keys");
	sessions = scratch_count(scratch.fd, "store/sessions");
	store = open_store(&scratch, true);
	rc = hf_session_verify(store, ID, NULL, NULL, NULL, &check);
	ck_assert_int_eq(rc, damage->rc);
	if (rc == HF_OK)
		expect_check(damage, &check);
	expect_view(damage, store);
	ck_assert_uint_eq(scratch_count(scratch.fd, "store/keys"), keys);
	ck_assert_uint_eq(scratch_count(scratch.fd, "store/sessions"), sessions);
	hf_store_close(store);
	scratch_close(&scratch);
	drop_master();
}
END_TEST

/* A session under a name that is not its own is nobody's. */
START_TEST(a_session_under_another_name_is_tampering)
{
	struct hf_check check = { 0 };
	struct scratch scratch;
	struct hf_store *store;

	make_master();
	scratch = scratch_open();
	scratch_copy(master.fd, ".", scratch.fd, ".");
	scratch_copy(scratch.fd, LOG, scratch.fd, "store/sessions/" UNKNOWN ".jsonl");
	scratch_copy(scratch.fd, HEAD, scratch.fd, "store/sessions/" UNKNOWN ".head");
	store = open_store(&scratch, false);
	ck_assert_int_eq(hf_session_verify(store, UNKNOWN, NULL, NULL, NULL, &check), HF_OK);
	ck_assert_int_eq(check.verdict, HF_TAMPERED);
	ck_assert_uint_eq(check.records, 0);
	ck_assert_int_eq(check.bad_record, 0);
	ck_assert_int_eq(check.bad_offset, 0);
	hf_store_close(store);
	scratch_close(&scratch);
	drop_master();
}
END_TEST

/* A secret that others could have read, or that is not a file of ours, is not used. */
START_TEST(an_unsafe_secret_is_an_error_and_no_verdict)
{
	struct hf_check check = { .records = 77 };
	struct scratch scratch;
	struct hf_store *store;

	make_master();
	scratch = scratch_open();
	scratch_copy(master.fd, ".", scratch.fd, ".");
	ck_assert_int_eq(fchmodat(scratch.fd, "store/keys/machine_secret", 0644, 0), 0);
	store = open_store(&scratch, false);
	ck_assert_int_eq(hf_session_verify(store, ID, NULL, NULL, NULL, &check), HF_ERR_KEY_MODE);
	ck_assert_uint_eq(check.records, 77);
	hf_store_close(store);
	scratch_close(&scratch);
	drop_master();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tamper files");
	TCase *files = tcase_create("files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(files, each_meddling_has_its_verdict_in_every_call, 0, DAMAGES);
	tcase_add_loop_test(files, each_meddling_has_the_same_verdict_read_only, 0, DAMAGES);
	tcase_add_test(files, a_session_under_another_name_is_tampering);
	tcase_add_test(files, an_unsafe_secret_is_an_error_and_no_verdict);
	suite_add_tcase(suite, files);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
