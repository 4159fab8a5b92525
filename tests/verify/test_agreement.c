/* SPDX-License-Identifier: MIT */
/*
 * Goal: two programs written from docs/FORMAT.md say the same of any session. Method: the
 * second one (holdfast_verify.py) runs beside this test. Sessions that the library made are
 * damaged byte by byte, cut at each length and put together from other states, and both
 * are asked; then the second one forges sessions with the key, right and wrong, and both
 * are asked again. Verdict, records and place must be equal.
 */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holdfast.h"
#include "lib/scratch.h"
#include "verify/agree.h"

#define ID "0195d3a0-1111-4222-8333-444455556666"
#define LOG "store/sessions/" ID ".jsonl"
#define HEAD "store/sessions/" ID ".head"

enum { RECORDS = 6, OLDER = 4, SLOT_SIZE = 4096 };

/* ---- Ours ---- */

struct fixture {
	struct scratch scratch;
	struct hf_store *store;
	struct peer peer;
	char path[300];
	/* The session in its states. */
	char *log, *older_log, *saved_log;
	char *head, *older_head, *saved_head;
	size_t log_size, older_size, saved_size;
	unsigned long asked;
};

static void open_store(struct fixture *f)
{
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN, .runtime_dir = "", .padding = 1 };

	ck_assert_int_eq(hf_store_open(f->path, &options, NULL, &f->store), HF_OK);
}

__attribute__((format(printf, 2, 3)))
static void expect_agreement(struct fixture *f, const char *format, ...)
{
	char ours[ANSWER_SIZE], theirs[ANSWER_SIZE], what[256];
	va_list arguments;

	agree_ask_library(f->store, ID, ours);
	ask(&f->peer, theirs, "check %s %s", f->path, ID);
	f->asked++;
	if (strcmp(ours, theirs) == 0)
		return;
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof what, format, arguments);
	va_end(arguments);
	ck_abort_msg("%s: C says \"%s\", Python says \"%s\"", what, ours, theirs);
}

static void append_up_to(struct hf_session *session, unsigned count)
{
	static const char *const types[] = { "message", "x-a", "todos", "message" };

	while (hf_session_records(session) < count) {
		unsigned n = (unsigned)hf_session_records(session);
		struct hf_append record = { types[n % 4], n % 3 == 0 ? "id" : NULL, "\"\\ud800\"", 8 };
		char id[16];

		(void)snprintf(id, sizeof id, "id-%u", n);
		record.id = record.id != NULL ? id : NULL;
		ck_assert_int_eq(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK);
	}
}

static void take(struct fixture *f, char **log, size_t *size, char **head)
{
	size_t head_size;

	*log = scratch_get(f->scratch.fd, LOG, size);
	*head = scratch_get(f->scratch.fd, HEAD, &head_size);
	ck_assert_uint_eq(head_size, 2 * SLOT_SIZE);
}

/* Makes the session and keeps three states: with some records, with all, saved anew. */
static void fixture_open(struct fixture *f)
{
	struct hf_session_options options = { .id = ID, .name = "name" };
	struct hf_append record = { "message", NULL, "1", 1 };
	struct hf_session *session = NULL;

	memset(f, 0, sizeof *f);
	f->scratch = scratch_open();
	(void)snprintf(f->path, sizeof f->path, "%s/store", f->scratch.path);
	open_store(f);
	ck_assert_int_eq(hf_session_create(f->store, &options, NULL, &session), HF_OK);
	append_up_to(session, OLDER);
	take(f, &f->older_log, &f->older_size, &f->older_head);
	append_up_to(session, RECORDS);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	take(f, &f->log, &f->log_size, &f->head);
	ck_assert_int_eq(hf_session_open(f->store, ID, NULL, NULL, &session), HF_OK);
	ck_assert_int_eq(hf_session_save(session, NULL, &record, 1, NULL), HF_OK);
	append_up_to(session, OLDER);
	ck_assert_int_eq(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK);
	take(f, &f->saved_log, &f->saved_size, &f->saved_head);
	f->peer = peer_open();
}

static void fixture_close(struct fixture *f)
{
	peer_close(&f->peer);
	hf_store_close(f->store);
	free(f->log);
	free(f->older_log);
	free(f->saved_log);
	free(f->head);
	free(f->older_head);
	free(f->saved_head);
	scratch_close(&f->scratch);
}

static void put(struct fixture *f, const char *log, size_t size, const char *head)
{
	if (log != NULL)
		scratch_put(f->scratch.fd, LOG, log, size);
	else if (scratch_exists(f->scratch.fd, LOG))
		scratch_remove(f->scratch.fd, LOG);
	if (head != NULL)
		scratch_put(f->scratch.fd, HEAD, head, 2 * SLOT_SIZE);
	else if (scratch_exists(f->scratch.fd, HEAD))
		scratch_remove(f->scratch.fd, HEAD);
}

/* ---- Sessions of the library, damaged ---- */

/* A log and a head that are put beside each other. */
struct state {
	const char *name;
	const char *log;
	size_t size;
	const char *head;
};

enum { STATES = 8 };

static struct state state_of(const struct fixture *f, int number)
{
	const struct state states[STATES] = {
		{ "as closed", f->log, f->log_size, f->head },
		{ "with an older head", f->log, f->log_size, f->older_head },
		{ "without a head", f->log, f->log_size, NULL },
		{ "an older log", f->older_log, f->older_size, f->head },
		{ "saved", f->saved_log, f->saved_size, f->saved_head },
		{ "saved, with the head before", f->saved_log, f->saved_size, f->head },
		{ "saved, with another head", f->saved_log, f->saved_size, f->older_head },
		{ "the log before a save", f->log, f->log_size, f->saved_head },
	};

	return states[number];
}

START_TEST(both_agree_on_each_changed_byte_of_a_log)
{
	static const char changes[] = { 0x01, 0x20, '\n' };
	struct fixture f;
	struct state state;
	char byte;

	fixture_open(&f);
	state = state_of(&f, _i);
	put(&f, state.log, state.size, state.head);
	expect_agreement(&f, "%s", state.name);
	for (size_t at = 0; at < state.size; at++) {
		for (size_t i = 0; i < sizeof changes; i++) {
			/* The third makes a line feed of it, or something else of a line feed. Of the
			 * rarer states one change for each byte will do. */
			if (_i > 1 && i != at % sizeof changes)
				continue;
			byte = (char)(i < 2 ? state.log[at] ^ changes[i] :
				      state.log[at] == '\n' ? 'x' : '\n');
			scratch_poke(f.scratch.fd, LOG, at, &byte, 1);
			expect_agreement(&f, "%s, byte %zu made %#x", state.name, at, (unsigned)byte);
		}
		scratch_poke(f.scratch.fd, LOG, at, state.log + at, 1);
	}
	fixture_close(&f);
}
END_TEST

START_TEST(both_agree_on_each_cut_of_a_log_and_what_is_put_behind_it)
{
	static const struct {
		const char *bytes;
		size_t size;
	} tails[] = { { "", 0 }, { "\n", 1 }, { "\n\n\n\n", 4 }, { "\0\0\0", 3 }, { "x\n", 2 },
		      { "\0\n\0\n", 4 } };
	struct fixture f;
	struct state state;

	fixture_open(&f);
	state = state_of(&f, _i);
	for (size_t size = 0; size <= state.size; size++) {
		put(&f, state.log, size, state.head);
		for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
			if (i > 0 && size % 13 != 0 && size > 0 && state.log[size - 1] != '\n')
				continue;
			scratch_cut(f.scratch.fd, LOG, size);
			scratch_append(f.scratch.fd, LOG, tails[i].bytes, tails[i].size);
			expect_agreement(&f, "%s, cut at %zu, tail %zu", state.name, size, i);
		}
	}
	fixture_close(&f);
}
END_TEST

START_TEST(both_agree_on_each_changed_byte_of_a_head)
{
	struct fixture f;
	struct state state;

	fixture_open(&f);
	state = state_of(&f, _i);
	put(&f, state.log, state.size, state.head);
	for (size_t at = 0; at < 2 * SLOT_SIZE && state.head != NULL; at++) {
		for (unsigned change = 1; change < 256; change *= 15) {
			char byte = (char)(state.head[at] ^ (char)change);

			/* Of the zero bytes in a slot and behind it some will do. */
			if ((at % SLOT_SIZE > 256 && at % 97 != 0) || (_i > 1 && change > 1) ||
			    (at % SLOT_SIZE > 160 && at % SLOT_SIZE < 216 && at % 9 != 0))
				continue;
			scratch_poke(f.scratch.fd, HEAD, at, &byte, 1);
			expect_agreement(&f, "%s, byte %zu of the head xor %#x", state.name, at, change);
		}
		scratch_poke(f.scratch.fd, HEAD, at, state.head + at, 1);
	}
	fixture_close(&f);
}
END_TEST

/* Lines removed, doubled, exchanged, and taken from the other states. */
static void try_lines(struct fixture *f, const struct state *state, const struct state *other)
{
	const char *end = state->log + state->size;
	unsigned n = 0;

	for (const char *line = state->log; line < end; n++) {
		const char *next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
		const char *after = next < end ?
					    (const char *)memchr(next, '\n', (size_t)(end - next)) + 1 : next;
		size_t before = (size_t)(line - state->log);

		put(f, state->log, before, state->head);
		scratch_append(f->scratch.fd, LOG, next, (size_t)(end - next));
		expect_agreement(f, "%s, line %u removed", state->name, n);
		scratch_cut(f->scratch.fd, LOG, (uint64_t)(next - state->log));
		scratch_append(f->scratch.fd, LOG, line, (size_t)(end - line));
		expect_agreement(f, "%s, line %u doubled or more", state->name, n);
		put(f, state->log, before, state->head);
		scratch_append(f->scratch.fd, LOG, next, (size_t)(after - next));
		scratch_append(f->scratch.fd, LOG, line, (size_t)(next - line));
		scratch_append(f->scratch.fd, LOG, after, (size_t)(end - after));
		expect_agreement(f, "%s, line %u exchanged with the next", state->name, n);
		put(f, state->log, before, state->head);
		scratch_append(f->scratch.fd, LOG, other->log, other->size);
		expect_agreement(f, "%s, %s from line %u on", state->name, other->name, n);
		line = next;
	}
}

START_TEST(both_agree_on_lines_in_another_order)
{
	struct fixture f;

	fixture_open(&f);
	for (int i = 0; i < STATES; i++) {
		struct state state = state_of(&f, i);

		for (int k = 0; k < STATES; k++) {
			struct state other = state_of(&f, k);

			try_lines(&f, &state, &other);
		}
	}
	fixture_close(&f);
}
END_TEST

START_TEST(both_agree_when_the_secret_or_the_store_is_another)
{
	struct fixture f;

	fixture_open(&f);
	for (int change = 0; change < 3; change++) {
		char answer[ANSWER_SIZE];

		if (change == 0)
			scratch_poke(f.scratch.fd, "store/holdfast.json", 23, "00000000", 8);
		if (change == 1)
			scratch_flip(f.scratch.fd, "store/keys/machine_secret", 30, 1);
		if (change == 2)
			scratch_remove(f.scratch.fd, "store/keys/machine_secret");
		hf_store_close(f.store);
		open_store(&f);
		ask(&f.peer, answer, "fresh");
		for (int i = 0; i < STATES; i++) {
			struct state state = state_of(&f, i);

			put(&f, state.log, state.size, state.head);
			expect_agreement(&f, "change %d: %s", change, state.name);
			put(&f, NULL, 0, state.head);
			expect_agreement(&f, "change %d: no log, head of %s", change, state.name);
			put(&f, state.log, state.size / 2, state.head);
			expect_agreement(&f, "change %d: half of %s", change, state.name);
		}
	}
	fixture_close(&f);
}
END_TEST

/* ---- Sessions that the other one forged ---- */

START_TEST(both_agree_on_sessions_that_were_forged_with_the_key)
{
	struct fixture f;
	char theirs[ANSWER_SIZE], ours[ANSWER_SIZE];
	unsigned long count;

	memset(&f, 0, sizeof f);
	f.scratch = scratch_open();
	(void)snprintf(f.path, sizeof f.path, "%s/store", f.scratch.path);
	f.peer = peer_open();
	ask(&f.peer, theirs, "forge %s", f.path);
	count = strtoul(theirs, NULL, 10);
	ck_assert_uint_gt(count, 2000);
	open_store(&f);
	for (unsigned long i = 0; i < count; i++) {
		size_t size;

		ask(&f.peer, theirs, "case %lu", i);
		agree_ask_library(f.store, ID, ours);
		size = strlen(ours);
		ck_assert_msg(strncmp(theirs, ours, size) == 0 && theirs[size] == ' ',
			      "C says \"%s\", Python says \"%s\"", ours, theirs);
	}
	peer_close(&f.peer);
	hf_store_close(f.store);
	scratch_close(&f.scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("agreement");
	TCase *damaged = tcase_create("damaged");
	TCase *forged = tcase_create("forged");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(damaged, 300);
	tcase_set_timeout(forged, 60);
	tcase_add_loop_test(damaged, both_agree_on_each_changed_byte_of_a_log, 0, STATES);
	tcase_add_loop_test(damaged, both_agree_on_each_cut_of_a_log_and_what_is_put_behind_it, 0,
			    STATES);
	tcase_add_loop_test(damaged, both_agree_on_each_changed_byte_of_a_head, 0, STATES);
	tcase_add_test(damaged, both_agree_on_lines_in_another_order);
	tcase_add_test(damaged, both_agree_when_the_secret_or_the_store_is_another);
	tcase_add_test(forged, both_agree_on_sessions_that_were_forged_with_the_key);
	suite_add_tcase(suite, damaged);
	suite_add_tcase(suite, forged);
	scratch_begin();
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? 0 : 1;
}
