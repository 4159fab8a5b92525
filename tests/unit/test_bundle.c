/* SPDX-License-Identifier: MIT */
/*
 * Goal: what a bundle has of a session is what the session is, and taken in elsewhere it is
 * that again, byte for byte, under its own id; and it is trusted only with its key.
 * Method: two stores on real files.
 */
#include <fcntl.h>
#include <unistd.h>

#include "bundle_fixture.h"
#include "lib/runner.h"

static struct fixture f;

static void setup(void)
{
	fixture_open(&f);
}

static void teardown(void)
{
	fixture_close(&f);
}

START_TEST(a_session_comes_out_as_it_went_in)
{
	fixture_make(f.a, ID_1, 5);
	bundle_first(&f);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_TAKEN);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	ck_assert_str_eq(f.items[0].id, ID_1);
	ck_assert_uint_eq(f.sum.outcomes[HF_BUNDLE_TAKEN], 1);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_TAKEN);
	ck_assert_int_eq(f.items[0].verdict, HF_KEY_MISSING);
	assert_same_log(&f, ID_1);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_KEY_MISSING);
	assert_nothing_left(&f, "b");
}
END_TEST

START_TEST(the_bundle_is_an_archive_that_tar_can_list)
{
	static const char *const names[] = {
		"holdfast-bundle/bundle.json",	MEMBER(ID_1, "manifest.json"),
		MEMBER(ID_1, "log.jsonl"),	MEMBER(ID_1, "head"),
		MEMBER(ID_2, "manifest.json"),	MEMBER(ID_2, "log.jsonl"),
		MEMBER(ID_2, "head"),		"holdfast-bundle/end.json",
	};
	static const uint8_t zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
	struct parts parts;

	fixture_make(f.a, ID_2, 1);
	fixture_make(f.a, ID_1, 1);
	bundle_all(&f, f.a);
	ck_assert_mem_eq(f.tape.bytes.data, zstd_magic, sizeof zstd_magic);
	parts_open(&f, &parts);
	ck_assert_uint_eq(parts.count, 8);
	for (size_t i = 0; i < 8; i++)
		ck_assert_str_eq(parts.part[i].name, names[i]);
	parts_close(&f, &parts);
}
END_TEST

START_TEST(no_key_is_in_a_bundle)
{
	struct parts parts;
	size_t size;
	char *secret = scratch_get(f.scratch.fd, "a/holdfast.json", &size);

	free(secret);
	fixture_make(f.a, ID_1, 3);
	secret = scratch_get(f.scratch.fd, "a/keys/machine_secret", &size);
	bundle_first(&f);
	parts_open(&f, &parts);
	parts_close(&f, &parts);
	/* Not the line of the secret, nor a part of it. */
	ck_assert_ptr_null(memmem(f.tape.bytes.data, f.tape.bytes.size, strstr(secret, "secret ") + 7,
				  12));
	free(secret);
}
END_TEST

START_TEST(the_key_makes_a_session_trusted_for_ever)
{
	struct hf_check check;

	fixture_make(f.a, ID_1, 5);
	bundle_first(&f);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	fixture_reopen(&f, &f.b, "b", NULL);
	ck_assert_int_eq(hf_session_verify(f.b, ID_1, NULL, NULL, NULL, &check), HF_OK);
	ck_assert_int_eq(check.verdict, HF_INTACT);
	ck_assert_uint_eq(check.records, 7);
	assert_same_log(&f, ID_1);
}
END_TEST

START_TEST(the_key_can_come_after_the_session)
{
	fixture_make(f.a, ID_1, 2);
	bundle_first(&f);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_KEY_MISSING);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_SAME);
	fixture_reopen(&f, &f.b, "b", NULL);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
}
END_TEST

START_TEST(a_wrong_key_is_refused_and_says_whose_is_needed)
{
	fixture_make(f.a, ID_1, 2);
	fixture_make(f.b, ID_2, 2);
	bundle_first(&f);
	/* Its own key is not the one that signed it. */
	ck_assert_int_eq(unbundle_key(&f, f.b, "b/keys/machine_secret"), HF_ERR_KEY_MISSING);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_FAILED);
	ck_assert_ptr_nonnull(strstr(f.items[0].message, f.items[0].key_id));
	ck_assert(!is_there(f.b, ID_1));
	ck_assert(!scratch_exists(f.scratch.fd, "b/keys/foreign"));
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/holdfast.json"), HF_ERR_KEY_CORRUPT);
	ck_assert_int_eq(unbundle_key(&f, f.b, "nothing"), HF_ERR_NOTFOUND);
	ck_assert(!is_there(f.b, ID_1));
}
END_TEST

START_TEST(without_its_key_a_session_is_read_but_not_written_to)
{
	struct hf_session *session = NULL;
	struct hf_record record = { 0 };
	struct hf_view *view = NULL;
	unsigned count = 0;

	fixture_make(f.a, ID_1, 3);
	bundle_first(&f);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_int_eq(hf_session_load(f.b, ID_1, NULL, &view), HF_OK);
	while (hf_view_next(view, &record))
		count++;
	ck_assert_uint_eq(count, 5);
	ck_assert_str_eq(hf_view_info(view)->id, ID_1);
	hf_view_close(view);
	ck_assert_int_eq(hf_session_open(f.b, ID_1, NULL, NULL, &session), HF_ERR_KEY_MISSING);
}
END_TEST

START_TEST(with_its_key_a_session_goes_on_under_that_key)
{
	struct hf_append record = { "message", NULL, "{\"role\":\"user\",\"content\":\"s\"}", 29 };
	struct hf_session *session = NULL;
	char key_id[HF_KEY_ID_SIZE];
	struct hf_view *view = NULL;

	fixture_make(f.a, ID_1, 3);
	fixture_make(f.b, ID_2, 1);
	bundle_first(&f);
	memcpy(key_id, f.items[0].key_id, sizeof key_id);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(hf_session_open(f.b, ID_1, NULL, NULL, &session), HF_OK);
	fixture_append(session, 2);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	fixture_reopen(&f, &f.b, "b", NULL);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	ck_assert_int_eq(hf_session_open(f.b, ID_1, NULL, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_save(session, NULL, &record, 1, NULL), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(hf_session_load(f.b, ID_1, NULL, &view), HF_OK);
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	ck_assert_str_eq(hf_view_info(view)->key_id, key_id);
	ck_assert_uint_eq(hf_view_info(view)->generation, 1);
	hf_view_close(view);
	/* And it goes home again. */
	ck_assert_int_eq(bundle_ids(&f, f.b, &(const char *){ ID_1 }, 1), HF_OK);
	ck_assert_int_eq(hf_session_delete(f.a, ID_1, NULL), HF_OK);
	ck_assert_int_eq(unbundle(&f, f.a), HF_OK);
	ck_assert_int_eq(verdict_of(f.a, ID_1), HF_INTACT);
	assert_same_log(&f, ID_1);
}
END_TEST

START_TEST(a_session_that_is_here_already_is_left_alone)
{
	struct hf_session *session = NULL;

	fixture_make(f.a, ID_1, 2);
	bundle_first(&f);
	ck_assert_int_eq(unbundle(&f, f.a), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_SAME);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	ck_assert_int_eq(hf_session_trash(f.a, ID_1, NULL), HF_OK);
	ck_assert_int_eq(unbundle(&f, f.a), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_SAME);
	ck_assert_int_eq(hf_session_restore(f.a, ID_1, NULL), HF_OK);
	ck_assert_int_eq(hf_session_open(f.a, ID_1, NULL, NULL, &session), HF_OK);
	fixture_append(session, 1);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(unbundle(&f, f.a), HF_ERR_EXISTS);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_FAILED);
	ck_assert_int_eq(f.items[0].error, HF_ERR_EXISTS);
	ck_assert_int_eq(verdict_of(f.a, ID_1), HF_INTACT);
}
END_TEST

START_TEST(one_session_that_is_refused_does_not_stop_the_others)
{
	fixture_make(f.a, ID_1, 1);
	fixture_make(f.a, ID_2, 1);
	fixture_make(f.a, ID_3, 1);
	fixture_make(f.b, ID_2, 9);
	bundle_all(&f, f.a);
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_EXISTS);
	ck_assert_uint_eq(f.count, 3);
	ck_assert_uint_eq(f.sum.outcomes[HF_BUNDLE_TAKEN], 2);
	ck_assert_uint_eq(f.sum.outcomes[HF_BUNDLE_FAILED], 1);
	ck_assert(is_there(f.b, ID_1));
	ck_assert(is_there(f.b, ID_3));
	ck_assert_int_eq(verdict_of(f.b, ID_2), HF_INTACT);
}
END_TEST

START_TEST(a_session_that_is_being_written_to_is_bundled_as_it_is_seen)
{
	struct hf_session *session = NULL;
	struct hf_session_options options = { .id = ID_1 };

	/* With padding behind it, and a head that was not synced. */
	fixture_reopen(&f, &f.a, "a", &(struct hf_store_options){ .padding = 0 });
	ck_assert_int_eq(hf_session_create(f.a, &options, NULL, &session), HF_OK);
	fixture_append(session, 20);
	bundle_first(&f);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	fixture_append(session, 20);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	ck_assert_int_eq(hf_session_open(f.b, ID_1, NULL, NULL, &session), HF_OK);
	ck_assert_uint_eq(hf_session_records(session), 21);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
}
END_TEST

/* Each is a kind of damage, the verdict that follows, and whether the head goes. */
static const struct damage {
	enum hf_verdict verdict;
	int64_t flip; /* a byte of the log, or -1 */
	int64_t cut;  /* bytes to take from its end, or -1 */
	const char *add;
	bool no_head;
	bool no_log;
} damages[] = {
	{ HF_TAMPERED, 700, -1, "", false, false },
	{ HF_TRUNCATED, -1, 40, "", false, false },
	{ HF_HEAD_MISSING, -1, -1, "", true, false },
	{ HF_TORN, -1, -1, "{\"n\":8,\"at", false, false },
	{ HF_TAMPERED, 40, -1, "", false, false },
	{ HF_TRUNCATED, -1, -1, "", false, true },
};

START_TEST(a_damaged_session_keeps_its_verdict)
{
	const struct damage *damage = &damages[_i];
	const char *log = "a/sessions/" ID_1 ".jsonl";

	fixture_make(f.a, ID_1, 5);
	if (damage->flip >= 0)
		scratch_flip(f.scratch.fd, log, (uint64_t)damage->flip, 1);
	if (damage->cut >= 0)
		scratch_cut(f.scratch.fd, log, (uint64_t)(scratch_size(f.scratch.fd, log) -
							  damage->cut));
	scratch_append(f.scratch.fd, log, damage->add, strlen(damage->add));
	if (damage->no_head)
		scratch_remove(f.scratch.fd, "a/sessions/" ID_1 ".head");
	if (damage->no_log)
		scratch_remove(f.scratch.fd, log);
	bundle_first(&f);
	ck_assert_int_eq(f.items[0].verdict, damage->verdict);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_TAKEN);
	fixture_reopen(&f, &f.b, "b", NULL);
	ck_assert_int_eq(verdict_of(f.b, ID_1), damage->no_log ? HF_TAMPERED : damage->verdict);
	if (!damage->no_log)
		assert_same_log(&f, ID_1);
}
END_TEST

START_TEST(the_quarantine_comes_along_under_the_same_name)
{
	const char *log = "a/sessions/" ID_1 ".jsonl";
	struct hf_session *session = NULL;
	struct hf_repair repair = { 0 };
	char name[200];
	size_t size;
	char *bytes;

	fixture_make(f.a, ID_1, 5);
	scratch_append(f.scratch.fd, log, "stump", 5);
	ck_assert_int_eq(hf_session_repair(f.a, ID_1, 0, false, NULL, &repair), HF_OK);
	ck_assert_str_ne(repair.quarantine, "");
	fixture_make(f.a, ID_2, 1);
	bundle_all(&f, f.a);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	(void)snprintf(name, sizeof name, "b/quarantine/%s", repair.quarantine);
	bytes = scratch_get(f.scratch.fd, name, &size);
	ck_assert_uint_eq(size, 5);
	ck_assert_mem_eq(bytes, "stump", 5);
	free(bytes);
	/* Another session's bytes are not taken for its own. */
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/quarantine"), 1);
	ck_assert_int_eq(verdict_of(f.b, ID_1), HF_INTACT);
	/* It stays when the session goes, and is the same when it comes again. */
	ck_assert_int_eq(hf_session_delete(f.b, ID_1, NULL), HF_OK);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_uint_eq(scratch_count(f.scratch.fd, "b/quarantine"), 1);
	(void)session;
}
END_TEST

START_TEST(a_dry_run_tells_and_changes_nothing)
{
	char path[400];
	struct hf_store_options options = { .read_only = true };

	fixture_make(f.a, ID_1, 2);
	fixture_make(f.b, ID_2, 2);
	bundle_first(&f);
	fixture_reopen(&f, &f.b, "b", &options);
	ck_assert_int_eq(unbundle_with(&f, f.b, NULL, true), HF_OK);
	ck_assert_int_eq(f.items[0].outcome, HF_BUNDLE_TAKEN);
	ck_assert_int_eq(f.items[0].verdict, HF_KEY_MISSING);
	ck_assert_int_eq(unbundle_with(&f, f.b, fixture_path(&f, "a/keys/machine_secret", path), true),
			 HF_OK);
	ck_assert_int_eq(f.items[0].verdict, HF_INTACT);
	ck_assert(!is_there(f.b, ID_1));
	ck_assert(!scratch_exists(f.scratch.fd, "b/incoming"));
	ck_assert(!scratch_exists(f.scratch.fd, "b/keys/foreign"));
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_CLOSED);
}
END_TEST

START_TEST(limits_on_new_sessions_hold)
{
	fixture_make(f.a, ID_1, 20);
	fixture_make(f.b, ID_2, 1);
	bundle_first(&f);
	fixture_reopen(&f, &f.b, "b", &(struct hf_store_options){ .max_sessions = 1 });
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_MAX_SESSIONS);
	fixture_reopen(&f, &f.b, "b",
		       &(struct hf_store_options){ .space_reserve = (uint64_t)1 << 60 });
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_SPACE_RESERVE);
	fixture_reopen(&f, &f.b, "b", &(struct hf_store_options){ .max_session_size = 1000 });
	ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_MAX_SESSION_SIZE);
	ck_assert(!is_there(f.b, ID_1));
	assert_nothing_left(&f, "b");
	fixture_reopen(&f, &f.b, "b", &(struct hf_store_options){ .max_sessions = 2 });
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
}
END_TEST

START_TEST(a_session_that_is_not_there_is_left_out_and_told_of)
{
	const char *const ids[] = { ID_1, ID_2, ID_1 };
	const char *const bad[] = { "no id" };

	fixture_make(f.a, ID_1, 1);
	ck_assert_int_eq(bundle_ids(&f, f.a, ids, 3), HF_ERR_NOTFOUND);
	ck_assert_uint_eq(f.count, 2);
	ck_assert_int_eq(f.items[1].error, HF_ERR_NOTFOUND);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_uint_eq(f.count, 1);
	ck_assert_int_eq(bundle_ids(&f, f.a, bad, 1), HF_ERR_INVALID);
	ck_assert_int_eq(hf_bundle(f.a, ids, 1, NULL, NULL, NULL), HF_ERR_INVALID);
	ck_assert_int_eq(hf_unbundle(f.a, NULL, NULL, NULL), HF_ERR_INVALID);
}
END_TEST

START_TEST(an_empty_store_gives_an_empty_bundle)
{
	bundle_all(&f, f.a);
	ck_assert_uint_eq(f.count, 0);
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
	ck_assert_uint_eq(f.count, 0);
}
END_TEST

START_TEST(failures_of_the_callers_functions_come_back)
{
	fixture_make(f.a, ID_1, 5);
	f.tape.fail_at = 10;
	ck_assert_int_eq(bundle_ids(&f, f.a, &(const char *){ ID_1 }, 1), HF_ERR_NOSPACE);
	f.tape.fail_at = -1;
	bundle_first(&f);
	f.tape.step = 7;
	for (size_t at = 0; at < f.tape.bytes.size; at += 100) {
		f.tape.fail_at = (int64_t)at;
		ck_assert_int_eq(unbundle(&f, f.b), HF_ERR_IO);
		assert_nothing_left(&f, "b");
	}
	f.tape.fail_at = -1;
	ck_assert_int_eq(unbundle(&f, f.b), HF_OK);
}
END_TEST

START_TEST(a_head_that_was_signed_anew_says_what_the_old_one_did)
{
	struct hf_list_options options = { .prefix = ID_1 };
	struct hf_entry entries[2];
	struct hf_list *lists[2] = { NULL, NULL };
	struct hf_store *stores[2];

	fixture_make(f.a, ID_1, 3);
	bundle_first(&f);
	ck_assert_int_eq(unbundle_key(&f, f.b, "a/keys/machine_secret"), HF_OK);
	stores[0] = f.a;
	stores[1] = f.b;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(hf_list_open(stores[i], &options, NULL, &lists[i]), HF_OK);
		ck_assert_int_eq(hf_list_next(lists[i], &entries[i]), HF_OK);
		ck_assert_int_eq(entries[i].error, HF_OK);
		ck_assert_int_eq(entries[i].state, HF_CLOSED);
	}
	ck_assert_uint_eq(entries[0].info.records, entries[1].info.records);
	ck_assert_uint_eq(entries[0].info.messages, entries[1].info.messages);
	ck_assert_int_eq(entries[0].info.created_us, entries[1].info.created_us);
	ck_assert_int_eq(entries[0].info.updated_us, entries[1].info.updated_us);
	ck_assert_uint_eq(entries[0].info.bytes, entries[1].info.bytes);
	ck_assert_uint_eq(entries[1].info.name.size, strlen(ID_1));
	ck_assert_uint_eq(entries[0].info.project.size, entries[1].info.project.size);
	hf_list_close(lists[0]);
	hf_list_close(lists[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle");
	TCase *tcase = runner_cases(suite, "bundle", 60);

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_session_comes_out_as_it_went_in);
	tcase_add_test(tcase, the_bundle_is_an_archive_that_tar_can_list);
	tcase_add_test(tcase, no_key_is_in_a_bundle);
	tcase_add_test(tcase, the_key_makes_a_session_trusted_for_ever);
	tcase_add_test(tcase, the_key_can_come_after_the_session);
	tcase_add_test(tcase, a_wrong_key_is_refused_and_says_whose_is_needed);
	tcase_add_test(tcase, without_its_key_a_session_is_read_but_not_written_to);
	tcase_add_test(tcase, with_its_key_a_session_goes_on_under_that_key);
	tcase_add_test(tcase, a_session_that_is_here_already_is_left_alone);
	tcase_add_test(tcase, one_session_that_is_refused_does_not_stop_the_others);
	tcase_add_test(tcase, a_session_that_is_being_written_to_is_bundled_as_it_is_seen);
	tcase_add_loop_test(tcase, a_damaged_session_keeps_its_verdict, 0,
			    (int)(sizeof damages / sizeof damages[0]));
	tcase_add_test(tcase, the_quarantine_comes_along_under_the_same_name);
	tcase_add_test(tcase, a_dry_run_tells_and_changes_nothing);
	tcase_add_test(tcase, limits_on_new_sessions_hold);
	tcase_add_test(tcase, a_session_that_is_not_there_is_left_out_and_told_of);
	tcase_add_test(tcase, an_empty_store_gives_an_empty_bundle);
	tcase_add_test(tcase, failures_of_the_callers_functions_come_back);
	tcase_add_test(tcase, a_head_that_was_signed_anew_says_what_the_old_one_did);
	return runner_run(suite);
}
