/* SPDX-License-Identifier: MIT */
/*
 * Goal: two programs written from docs/FORMAT.md say the same of sessions that came from
 * elsewhere: imports, signed at their source or not, and sessions of another store, with its
 * key and without it. Method: a store with sessions of all kinds, whole and damaged, is
 * bundled and taken in by a second one; keys are given, taken away, damaged and renamed, and
 * what came in is damaged byte by byte. The verifier in Python runs beside it.
 */
#include "base/text.h"
#include "lib/runner.h"
#include "unit/bundle_fixture.h"
#include "verify/agree.h"

#define STORE_ID "5a7e0000-0000-4000-8000-00000000000f"

enum { CARRIED_MAX = 16 };

/* A session of the store a, and what it is there. */
struct carried {
	const char *what;
	char id[HF_ID_SIZE];
	const char *verdict;
};

static struct fixture f;
static struct peer peer;
static struct carried carried[CARRIED_MAX];
static size_t carried_count;

/* ---- Asking both ----------------------------------------------------------------- */

/* Both must say the same of a session in the store "a" or "b"; and this verdict, unless it
 * is NULL. */
static void expect(const char *store, const char *id, const char *verdict, const char *what)
{
	char ours[ANSWER_SIZE], theirs[ANSWER_SIZE], path[400];

	agree_ask_library(store[0] == 'a' ? f.a : f.b, id, ours);
	ask(&peer, theirs, "check %s %s", fixture_path(&f, store, path), id);
	ck_assert_msg(strcmp(ours, theirs) == 0, "%s: %s: C says \"%s\", Python says \"%s\"", store,
		      what, ours, theirs);
	if (verdict != NULL)
		ck_assert_msg(strncmp(ours, verdict, strcspn(ours, " ")) == 0 &&
			      strlen(verdict) == strcspn(ours, " "),
			      "%s: %s: \"%s\" instead of %s", store, what, ours, verdict);
}

/* All that were carried; verdict NULL: what each was in the store a. */
static void expect_all(const char *store, const char *verdict)
{
	for (size_t i = 0; i < carried_count; i++)
		expect(store, carried[i].id, verdict != NULL ? verdict : carried[i].verdict,
		       carried[i].what);
}

/* Has both look at the keys of the store b anew. */
static void reopen(void)
{
	char answer[ANSWER_SIZE];

	fixture_reopen(&f, &f.b, "b", NULL);
	ask(&peer, answer, "fresh");
}

/* ---- Sessions -------------------------------------------------------------------- */

static void add(const char *what, const char *id, const char *verdict)
{
	struct carried *one = &carried[carried_count++];

	ck_assert_uint_le(carried_count, CARRIED_MAX);
	one->what = what;
	one->verdict = verdict;
	memcpy(one->id, id, sizeof one->id);
}

static void take_id(void *context, const struct hf_import_item *item)
{
	memcpy(context, item->id, HF_ID_SIZE);
}

/* Imports a file of tests/data and gives the session's id. */
static void import_file(struct hf_store *store, const char *name, char ret_id[HF_ID_SIZE])
{
	const char *source = getenv("HOLDFAST_SOURCE");
	char path[1024], secret[1024];
	struct hf_import_options options = { .secret_path = secret, .host = "vm",
					     .allow_unsigned = true, .item = take_id,
					     .context = ret_id };
	struct hf_import sum;

	(void)snprintf(path, sizeof path, "%s/tests/data/%s", source != NULL ? source : ".", name);
	(void)snprintf(secret, sizeof secret, "%s/tests/data/jidocode/machine_secret",
		       source != NULL ? source : ".");
	ck_assert_int_eq(hf_import(store, path, &options, &f.detail, &sum), HF_OK);
	ck_assert_uint_eq(sum.outcomes[HF_IMPORT_NEW], 1);
}

static void add_import(const char *name, const char *verdict)
{
	char id[HF_ID_SIZE] = "";

	import_file(f.a, name, id);
	add(name, id, verdict);
}

static void save(struct hf_store *store, const char *id)
{
	struct hf_append record = { "message", NULL, "\"saved\"", 7 };
	struct hf_session *session = NULL;

	ck_assert_int_eq(hf_session_open(store, id, NULL, &f.detail, &session), HF_OK);
	ck_assert_int_eq(hf_session_save(session, NULL, &record, 1, &f.detail), HF_OK);
	fixture_append(session, 2);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, &f.detail), HF_OK);
}

/* Makes a session and gives the name of one of its files in the scratch directory. */
static void make(unsigned number, const char *what, const char *verdict, const char *suffix,
		 char name[100])
{
	char id[HF_ID_SIZE];

	(void)snprintf(id, sizeof id, "aaaaaaaa-1111-4222-8333-4444555566%02u", number % 100);
	fixture_make(f.a, id, 3);
	add(what, id, verdict);
	(void)snprintf(name, 100, "a/sessions/%s%s", id, suffix);
}

static void make_damaged(void)
{
	struct hf_session *session = NULL;
	char name[100];
	uint64_t size;

	make(10, "tampered", "tampered", ".jsonl", name);
	scratch_flip(f.scratch.fd, name, (uint64_t)scratch_size(f.scratch.fd, name) / 2, 1);
	make(11, "truncated", "truncated", ".jsonl", name);
	size = (uint64_t)scratch_size(f.scratch.fd, name);
	scratch_cut(f.scratch.fd, name, size - 10);
	make(12, "torn", "torn", ".jsonl", name);
	scratch_append(f.scratch.fd, name, "{\"n\":5,", 7);
	make(13, "without a head", "head-missing", ".head", name);
	scratch_remove(f.scratch.fd, name);
	make(14, "mended", "intact", ".jsonl", name);
	scratch_append(f.scratch.fd, name, "{\"n\":5,", 7);
	ck_assert_int_eq(hf_session_open(f.a, carried[carried_count - 1].id, NULL, &f.detail,
					 &session), HF_OK);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_SEAL, &f.detail), HF_OK);
}

static void setup(void)
{
	fixture_open(&f);
	peer = peer_open();
	carried_count = 0;
	fixture_make(f.a, ID_1, 3);
	add("plain", ID_1, "intact");
	fixture_make(f.a, ID_2, 3);
	save(f.a, ID_2);
	add("saved", ID_2, "intact");
	add_import("jidocode/6_roles_todos.66666666-6666-4666-b666-666666666666.json", "intact");
	add_import("jidocode/variants/unsigned.66666666-6666-4666-b666-666666666666.json", "unsigned");
	add_import("openai/tools.jsonl", "intact");
	make_damaged();
	/* The receiver has a secret and a session of its own. */
	fixture_make(f.b, ID_3, 3);
}

static void teardown(void)
{
	peer_close(&peer);
	fixture_close(&f);
}

/* Bundles what there is in the store a and has the store b take it in. */
static void carry(const char *key)
{
	struct hf_bundle_options out = { .write = tape_write, .context = &f };
	struct hf_bundle_options in = { .read = tape_read, .context = &f };
	char path[400];

	f.tape.bytes.size = 0;
	f.tape.at = 0;
	ck_assert_int_eq(hf_bundle(f.a, NULL, 0, &out, &f.detail, NULL), HF_OK);
	in.key_path = key != NULL ? fixture_path(&f, key, path) : NULL;
	ck_assert_int_eq(hf_unbundle(f.b, &in, &f.detail, &f.sum), HF_OK);
	ck_assert_uint_eq(f.sum.outcomes[HF_BUNDLE_TAKEN] + f.sum.outcomes[HF_BUNDLE_SAME],
			  carried_count);
	reopen();
}

/* ---- Whole sessions -------------------------------------------------------------- */

START_TEST(both_agree_on_sessions_before_and_after_their_key_has_come)
{
	expect_all("a", NULL);
	carry(NULL);
	expect_all("b", "key-missing");
	carry("a/keys/machine_secret");
	expect_all("b", NULL);
	expect("b", ID_3, "intact", "of the receiver");
}
END_TEST

START_TEST(both_agree_when_the_receiver_goes_on_with_a_session)
{
	carry("a/keys/machine_secret");
	/* Plain, saved before, signed and unsigned at the source. */
	for (size_t i = 0; i < 5; i++) {
		save(f.b, carried[i].id);
		save(f.b, carried[i].id);
		expect("b", carried[i].id, carried[i].verdict, carried[i].what);
		ck_assert_int_eq(hf_session_trash(f.b, carried[i].id, &f.detail), HF_OK);
		expect("b", carried[i].id, carried[i].verdict, carried[i].what);
	}
}
END_TEST

START_TEST(both_agree_on_an_unsigned_import_of_ones_own)
{
	static const char name[] =
		"jidocode/variants/signature_null.66666666-6666-4666-b666-666666666666.json";
	char id[HF_ID_SIZE] = "", path[100];
	size_t size;
	char *log;

	import_file(f.b, name, id);
	expect("b", id, "unsigned", name);
	save(f.b, id);
	expect("b", id, "unsigned", "saved anew");
	/* Nobody without the key can take the mark away. */
	(void)snprintf(path, sizeof path, "b/sessions/%s.jsonl", id);
	log = scratch_get(f.scratch.fd, path, &size);
	scratch_poke(f.scratch.fd, path,
		     (uint64_t)(strstr(log, "\"unsigned\":true") - log), "\"unsigneD\":true", 15);
	expect("b", id, "tampered", "the mark was changed");
	free(log);
}
END_TEST

/* ---- Keys ------------------------------------------------------------------------ */

/* The name of the one key that the store b has of another, below its scratch directory. */
static void name_key(const char *store, const char *id, const char *rest, char name[200])
{
	char own[TEXT_UUID_SIZE + 1] = "", key_id[FORMAT_KEY_ID_SIZE + 1] = "";
	size_t size;
	char *log = scratch_get(f.scratch.fd, "a/sessions/" ID_1 ".jsonl", &size);

	text_put_uuid(f.a->env.store, own);
	memcpy(key_id, strstr(log, ",\"key\":\"") + 8, FORMAT_KEY_ID_SIZE);
	free(log);
	(void)snprintf(name, 200, "b/keys/foreign/%s.%s%s", store != NULL ? store : own,
		       id != NULL ? id : key_id, rest);
}

static void rename_key(const char *store, const char *id)
{
	char from[200], to[200];

	name_key(NULL, NULL, "", from);
	name_key(store, id, "", to);
	ck_assert_int_eq(renameat(f.scratch.fd, from, f.scratch.fd, to), 0);
}

/* What is done to the key, and what all of its sessions are then: a key that is known, but only
 * for another store, proves nothing. */
static const struct change {
	const char *what;
	const char *store;   /* the directory is renamed: to this store */
	const char *id;      /* or this key id */
	const char *verdict;
} changes[] = {
	{ "the directory is gone", NULL, NULL, "key-missing" },
	{ "the file is gone", NULL, NULL, "key-missing" },
	{ "the file is damaged", NULL, NULL, "key-missing" },
	{ "it is another key", NULL, NULL, "key-missing" },
	{ "it has the name of another key", NULL, "0123456789abcdef", "key-missing" },
	{ "it has the name of another store", STORE_ID, NULL, "tampered" },
};

START_TEST(both_agree_when_the_key_is_not_as_it_was)
{
	const struct change *change = &changes[_i];
	size_t size;
	char *other;
	char name[200];

	carry("a/keys/machine_secret");
	name_key(NULL, NULL, _i == 0 ? "" : "/machine_secret", name);
	if (_i <= 1)
		scratch_remove(f.scratch.fd, name);
	if (_i == 2)
		scratch_flip(f.scratch.fd, name, 30, 1);
	if (_i == 3) {
		other = scratch_get(f.scratch.fd, "b/keys/machine_secret", &size);
		scratch_put(f.scratch.fd, name, other, size);
		free(other);
	}
	if (change->id != NULL || change->store != NULL)
		rename_key(change->store, change->id);
	reopen();
	expect_all("b", change->verdict);
}
END_TEST

/* Two stores with one secret have keys with one id; record 0 says which of them it is. */
START_TEST(both_agree_when_stores_share_a_secret)
{
	char from[200], to[200];

	carry("a/keys/machine_secret");
	name_key(NULL, NULL, "", from);
	name_key(STORE_ID, NULL, "", to);
	scratch_copy(f.scratch.fd, from, f.scratch.fd, to);
	reopen();
	expect_all("b", NULL);
	/* Here the receiver's own secret is the same, and it has no key of the other store. */
	scratch_copy(f.scratch.fd, "a/keys/machine_secret", f.scratch.fd, "b/given");
	scratch_remove(f.scratch.fd, "b/keys");
	scratch_mkdir(f.scratch.fd, "b/keys");
	ck_assert_int_eq(fchmodat(f.scratch.fd, "b/keys", 0700, 0), 0);
	scratch_copy(f.scratch.fd, "b/given", f.scratch.fd, "b/keys/machine_secret");
	reopen();
	expect_all("b", "tampered");
}
END_TEST

/* ---- Damage ---------------------------------------------------------------------- */

/* Changes bytes of a file, each in three ways, and puts them back. */
static void damage(const struct carried *one, const char *suffix, size_t step)
{
	char name[100], what[200];
	size_t size;
	char *bytes;

	(void)snprintf(name, sizeof name, "b/sessions/%s%s", one->id, suffix);
	bytes = scratch_get(f.scratch.fd, name, &size);
	for (size_t at = 0; at < size; at += step) {
		char byte = (char)(bytes[at] ^ (at % 3 == 0 ? 0x20 : 0x01));

		if (at % 3 == 1)
			byte = '\n';
		scratch_poke(f.scratch.fd, name, at, &byte, 1);
		(void)snprintf(what, sizeof what, "%s, byte %zu of %s", one->what, at, suffix);
		expect("b", one->id, NULL, what);
		scratch_poke(f.scratch.fd, name, at, bytes + at, 1);
	}
	for (size_t left = size; left > 0; left -= left < 7 * step ? left : 7 * step) {
		scratch_cut(f.scratch.fd, name, left);
		(void)snprintf(what, sizeof what, "%s, %zu bytes of %s", one->what, left, suffix);
		expect("b", one->id, NULL, what);
	}
	scratch_put(f.scratch.fd, name, bytes, size);
	free(bytes);
}

START_TEST(both_agree_on_damage_to_what_came_from_elsewhere)
{
	carry(_i == 0 ? "a/keys/machine_secret" : NULL);
	/* Plain, saved, signed, unsigned. */
	for (size_t i = 0; i < 4; i++) {
		damage(&carried[i], ".jsonl", i < 2 ? 3 : 17);
		damage(&carried[i], ".head", 37);
		expect("b", carried[i].id, _i == 0 ? carried[i].verdict : "key-missing", "again whole");
	}
}
END_TEST

/* Logs and heads of the two stores, and of two sessions, in each other's places. */
START_TEST(both_agree_on_files_that_were_exchanged)
{
	static const char *const from[] = { "a/sessions/" ID_1, "a/sessions/" ID_2,
					    "b/sessions/" ID_3 };
	char log[100], head[100], what[100];

	carry("a/keys/machine_secret");
	for (int i = 0; i < 27; i++) {
		const char *to = i / 9 == 0 ? ID_1 : i / 9 == 1 ? ID_2 : ID_3;

		(void)snprintf(log, sizeof log, "b/sessions/%s.jsonl", to);
		(void)snprintf(head, sizeof head, "b/sessions/%s.head", to);
		scratch_copy(f.scratch.fd, log, f.scratch.fd, "log");
		scratch_copy(f.scratch.fd, head, f.scratch.fd, "head");
		for (int k = 0; k < 2; k++) {
			char source[100];

			(void)snprintf(source, sizeof source, "%s%s", from[k == 0 ? i % 3 : i / 3 % 3],
				       k == 0 ? ".jsonl" : ".head");
			scratch_copy(f.scratch.fd, source, f.scratch.fd, "copy");
			scratch_remove(f.scratch.fd, k == 0 ? log : head);
			scratch_copy(f.scratch.fd, "copy", f.scratch.fd, k == 0 ? log : head);
			scratch_remove(f.scratch.fd, "copy");
		}
		(void)snprintf(what, sizeof what, "exchange %d", i);
		expect("b", to, NULL, what);
		scratch_remove(f.scratch.fd, log);
		scratch_remove(f.scratch.fd, head);
		scratch_copy(f.scratch.fd, "log", f.scratch.fd, log);
		scratch_copy(f.scratch.fd, "head", f.scratch.fd, head);
		scratch_remove(f.scratch.fd, "log");
		scratch_remove(f.scratch.fd, "head");
	}
}
END_TEST

/* ---- Where a session is ---------------------------------------------------------- */

static const char *const places[] = { "sessions", "trash", "incoming" };

/* Puts what one place has of the session (1: a log, 2: a head), other bytes in each. */
static void put_place(size_t place, unsigned has, const char *log, size_t size, const char *head)
{
	char name[100];

	(void)snprintf(name, sizeof name, "b/%s/" ID_1 ".jsonl", places[place]);
	if ((has & 1) != 0)
		scratch_put(f.scratch.fd, name, log, size - 30 * place);
	else if (scratch_exists(f.scratch.fd, name))
		scratch_remove(f.scratch.fd, name);
	(void)snprintf(name, sizeof name, "b/%s/" ID_1 ".head", places[place]);
	if ((has & 2) != 0)
		scratch_put(f.scratch.fd, name, head, 8192 - 4096 * (place == 2));
	else if (scratch_exists(f.scratch.fd, name))
		scratch_remove(f.scratch.fd, name);
}

/* Where the session is, by hand from the table in docs/FORMAT.md: 0, 1, or -1 for nowhere. */
static int place_of(unsigned sessions, unsigned trash, unsigned incoming)
{
	if (sessions & 1)
		return 0;
	if (trash & 1)
		return 1;
	if ((sessions | trash) == 0 || (incoming & 1))
		return -1;
	return sessions != 0 ? 0 : 1;
}

START_TEST(both_agree_on_where_a_session_is)
{
	size_t size, head_size;
	char *log, *head;

	carry("a/keys/machine_secret");
	log = scratch_get(f.scratch.fd, "b/sessions/" ID_1 ".jsonl", &size);
	head = scratch_get(f.scratch.fd, "b/sessions/" ID_1 ".head", &head_size);
	ck_assert_int_eq(hf_session_trash(f.b, ID_2, &f.detail), HF_OK);
	if (!scratch_exists(f.scratch.fd, "b/incoming"))
		scratch_mkdir(f.scratch.fd, "b/incoming");
	for (unsigned i = 0; i < 64; i++) {
		const unsigned has[] = { i % 4, i / 4 % 4, i / 16 };
		int place = place_of(has[0], has[1], has[2]);
		const char *verdict = "none";
		char what[100];

		for (size_t k = 0; k < 3; k++)
			put_place(k, has[k], log, size, head);
		/* The log in the trash is cut. */
		if (place >= 0)
			verdict = (has[place] & 2) == 0 ? "head-missing" :
				  place == 0 && (has[place] & 1) ? "intact" : "truncated";
		(void)snprintf(what, sizeof what, "sessions %u, trash %u, incoming %u", has[0], has[1],
			       has[2]);
		expect("b", ID_1, verdict, what);
	}
	free(log);
	free(head);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("carried");
	TCase *whole = runner_cases(suite, "whole", 60);
	TCase *keys = runner_cases(suite, "keys", 60);
	TCase *damaged = runner_cases(suite, "damaged", 120);

	tcase_add_checked_fixture(whole, setup, teardown);
	tcase_add_checked_fixture(keys, setup, teardown);
	tcase_add_checked_fixture(damaged, setup, teardown);
	tcase_add_test(whole, both_agree_on_sessions_before_and_after_their_key_has_come);
	tcase_add_test(whole, both_agree_when_the_receiver_goes_on_with_a_session);
	tcase_add_test(whole, both_agree_on_an_unsigned_import_of_ones_own);
	tcase_add_test(whole, both_agree_on_where_a_session_is);
	tcase_add_loop_test(keys, both_agree_when_the_key_is_not_as_it_was, 0,
			    (int)(sizeof changes / sizeof changes[0]));
	tcase_add_test(keys, both_agree_when_stores_share_a_secret);
	tcase_add_loop_test(damaged, both_agree_on_damage_to_what_came_from_elsewhere, 0, 2);
	tcase_add_test(damaged, both_agree_on_files_that_were_exchanged);
	return runner_run(suite);
}
