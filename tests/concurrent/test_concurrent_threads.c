/* SPDX-License-Identifier: MIT */
/* Threads: many writers on one handle, many sessions in one store, and readers that look
 * while a writer appends, saves, mends and removes. Meant for the thread sanitizer too. */
#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/runner.h"
#include "lib/scene.h"

enum { THREADS = 6, APPENDS = 40, ROUNDS = 160, GENERATION = 1000000 };

static struct scene scene;

/* The first thing that went wrong in any thread. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char wrong[400];

__attribute__((format(printf, 1, 2)))
static void note(const char *format, ...)
{
	va_list arguments;

	(void)pthread_mutex_lock(&mutex);
	if (wrong[0] == '\0') {
		va_start(arguments, format);
		(void)vsnprintf(wrong, sizeof wrong, format, arguments);
		va_end(arguments);
	}
	(void)pthread_mutex_unlock(&mutex);
}

static bool is_ok(int rc, const char *what, const struct hf_detail *detail)
{
	if (rc != HF_OK)
		note("%s gave %s: %s", what, hf_error_name(rc), detail->message);
	return rc == HF_OK;
}

static void set_up(void)
{
	static const struct place like = { .durability = HF_OS, .padding = 4096 };

	scene_open(&scene, &like);
	wrong[0] = '\0';
}

static void tear_down(void)
{
	scene_close(&scene);
	ck_assert_msg(wrong[0] == '\0', "%s", wrong);
}

static void run_threads(void *(*function)(void *), void *contexts[], size_t count)
{
	pthread_t threads[THREADS + 4];

	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, function, contexts[i]), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

/* Appends {"g":...,"i":...} as one record. */
static int append(struct hf_session *session, uint32_t g, uint32_t i, struct hf_detail *detail,
		  struct hf_ack *ack)
{
	char json[64];
	struct hf_append record = { "message", NULL, json, 0 };

	record.json_size = (size_t)snprintf(json, sizeof json, "{\"g\":%" PRIu32 ",\"i\":%" PRIu32 "}",
					    g, i);
	return hf_session_append(session, NULL, &record, 1, detail, ack);
}

static uint32_t number(struct hf_slice json, const char *name)
{
	struct hf_slice value = { "", 0 };

	return hf_json_member(json, name, &value) ? (uint32_t)strtoul(value.data, NULL, 10) :
						    UINT32_MAX;
}

static bool is_message(const struct hf_record *record)
{
	return record->type.size == 7 && memcmp(record->type.data, "message", 7) == 0;
}

/* ---- One handle ------------------------------------------------------------------ */

struct appender {
	struct hf_session *session;
	uint32_t number;
	uint64_t last;
};

static void *append_many(void *context)
{
	struct appender *appender = context;
	struct hf_detail detail = { 0 };
	struct hf_ack ack = { 0, false };

	for (uint32_t i = 0; i < APPENDS; i++) {
		if (!is_ok(append(appender->session, appender->number, i, &detail, &ack), "appending",
			   &detail))
			return NULL;
		if (ack.n <= appender->last)
			note("thread %" PRIu32 ": number %" PRIu64 " after %" PRIu64, appender->number,
			     ack.n, appender->last);
		appender->last = ack.n;
		if (hf_session_records(appender->session) <= ack.n)
			note("fewer records than were acknowledged");
	}
	return NULL;
}

START_TEST(threads_append_to_one_session_through_one_handle)
{
	struct appender appenders[THREADS];
	void *contexts[THREADS];
	uint32_t next[THREADS] = { 0 };
	struct hf_record record = { 0 };
	struct hf_view *view = NULL;
	struct hf_session *session;

	set_up();
	session = scene_create(&scene, NULL);
	for (uint32_t i = 0; i < THREADS; i++) {
		appenders[i] = (struct appender){ session, i, 0 };
		contexts[i] = &appenders[i];
	}
	run_threads(append_many, contexts, THREADS);
	ck_assert_uint_eq(hf_session_records(session), 1 + THREADS * APPENDS);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_SEAL, NULL), HF_OK, "closing");
	EXPECT_CODE(hf_session_load(scene.store, scene.history.id, NULL, &view), HF_OK, "loading");
	ck_assert_int_eq(hf_view_check(view)->verdict, HF_INTACT);
	while (hf_view_next(view, &record)) {
		if (is_message(&record)) {
			uint32_t g = number(record.data, "g");

			ck_assert_uint_lt(g, THREADS);
			ck_assert_uint_eq(number(record.data, "i"), next[g]++);
		}
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_uint_eq(next[i], APPENDS);
	hf_view_close(view);
	tear_down();
}
END_TEST

/* ---- One store ------------------------------------------------------------------- */

static void *live(void *context)
{
	struct hf_detail detail = { 0 };
	struct hf_session *session = NULL;
	struct hf_key_info key;
	struct hf_check check = { 0 };
	char id[HF_ID_SIZE];

	for (uint32_t round = 0; round < 4; round++) {
		if (!is_ok(hf_session_create(scene.store, NULL, &detail, &session), "creating", &detail))
			return context;
		memcpy(id, hf_session_id(session), sizeof id);
		for (uint32_t i = 0; i < APPENDS / 4; i++)
			(void)is_ok(append(session, round, i, &detail, NULL), "appending", &detail);
		(void)is_ok(hf_session_close(session, HF_CLOSE_SEAL, &detail), "closing", &detail);
		(void)is_ok(hf_key_drop(scene.store, &detail), "dropping the key", &detail);
		(void)is_ok(hf_key_prepare(scene.store, &detail, &key), "preparing the key", &detail);
		if (is_ok(hf_session_verify(scene.store, id, NULL, NULL, &detail, &check), "verifying",
			  &detail) &&
		    (check.verdict != HF_INTACT || check.records != APPENDS / 4 + 2))
			note("the verdict is %s", hf_verdict_name(check.verdict));
		if (round % 2 == 0)
			(void)is_ok(hf_session_delete(scene.store, id, &detail), "removing", &detail);
	}
	return NULL;
}

START_TEST(threads_have_sessions_of_their_own_in_one_store)
{
	void *contexts[THREADS] = { NULL };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	set_up();
	run_threads(live, contexts, THREADS);
	EXPECT_CODE(hf_list_open(scene.store, NULL, NULL, &list), HF_OK, "listing");
	while (hf_list_next(list, &entry) == HF_OK) {
		ck_assert_int_eq(entry.error, HF_OK);
		count++;
	}
	hf_list_close(list);
	ck_assert_uint_eq(count, THREADS * 2);
	tear_down();
}
END_TEST

/* ---- Readers beside a writer ----------------------------------------------------- */

/* What was acknowledged: generation * GENERATION + messages in it. */
static atomic_uint_least64_t acknowledged;
static atomic_bool is_over;
static atomic_uint stumps; /* tails torn on purpose, and those mended: odd while there is one */
static atomic_size_t looks;

static void check_seen(const struct hf_view *view, uint64_t before)
{
	uint32_t generation = UINT32_MAX;
	uint32_t count = 0;
	struct hf_record record = { 0 };
	uint64_t seen;

	while (hf_view_next(view, &record)) {
		if (!is_message(&record))
			continue;
		if (generation == UINT32_MAX)
			generation = number(record.data, "g");
		if (number(record.data, "g") != generation || number(record.data, "i") != count)
			note("record %" PRIu64 " does not belong here", record.n);
		count++;
	}
	seen = generation == UINT32_MAX ? before : (uint64_t)generation * GENERATION + count;
	if (seen < before)
		note("seen %" PRIu64 " when %" PRIu64 " was acknowledged", seen, before);
}

/* Torn it may only be if there was a stump between then and now. */
static void check_verdict(const char *what, const struct hf_check *check, unsigned stumps_then)
{
	bool had_stump = stumps_then % 2 == 1 || atomic_load(&stumps) != stumps_then;

	if (check->verdict != HF_INTACT && !(check->verdict == HF_TORN && had_stump))
		note("%s beside a writer: %s at record %" PRId64 " of %" PRIu64, what,
		     hf_verdict_name(check->verdict), check->bad_record, check->records);
}

static void *read_along(void *context)
{
	while (!atomic_load(&is_over)) {
		struct hf_detail detail = { 0 };
		struct hf_view *view = NULL;
		struct hf_check check;
		uint64_t before = atomic_load(&acknowledged);
		unsigned stump = atomic_load(&stumps);

		if (!is_ok(hf_session_load(scene.store, scene.history.id, &detail, &view), "loading",
			   &detail))
			return context;
		check_verdict("loading", hf_view_check(view), stump);
		check_seen(view, before);
		hf_view_close(view);
		stump = atomic_load(&stumps);
		if (!is_ok(hf_session_verify(scene.store, scene.history.id, NULL, NULL, &detail, &check),
			   "verifying", &detail))
			return context;
		check_verdict("verifying", &check, stump);
		(void)atomic_fetch_add(&looks, 1);
	}
	return NULL;
}

static bool save(struct hf_session *session, uint32_t generation, uint32_t count)
{
	struct hf_append records[8];
	struct hf_detail detail = { 0 };
	char texts[8][64];

	for (uint32_t i = 0; i < count; i++) {
		int size = snprintf(texts[i], sizeof texts[i], "{\"g\":%" PRIu32 ",\"i\":%" PRIu32 "}",
				    generation, i);

		records[i] = (struct hf_append){ "message", NULL, texts[i], (size_t)size };
	}
	return is_ok(hf_session_save(session, NULL, records, count, &detail), "saving", &detail);
}

/* Lets go of the session, tears its log, and opens it again, which mends it. */
static struct hf_session *tear_and_mend(struct hf_session *session, bool tear)
{
	struct hf_detail detail = { 0 };

	(void)is_ok(hf_session_close(session, HF_CLOSE_LEAVE, &detail), "closing", &detail);
	session = NULL;
	if (tear) {
		(void)atomic_fetch_add(&stumps, 1);
		scratch_append(scene.scratch.fd, scene_name(&scene, ".jsonl"), "{\"n\":", 5);
	}
	(void)is_ok(hf_session_open(scene.store, scene.history.id, NULL, &detail, &session), "opening",
		    &detail);
	if (tear)
		(void)atomic_fetch_add(&stumps, 1);
	return session;
}

static void *write_along(void *context)
{
	struct hf_session *session = context;
	uint32_t generation = 0;
	uint32_t count = 0;

	for (uint32_t round = 1; round <= ROUNDS && session != NULL; round++) {
		struct hf_detail detail = { 0 };

		if (round % 17 == 0) {
			generation++;
			count = round % 7;
			if (!save(session, generation, count))
				break;
		} else if (round % 13 == 0) {
			session = tear_and_mend(session, round % 2 == 0);
		} else {
			if (!is_ok(append(session, generation, count, &detail, NULL), "appending", &detail))
				break;
			count++;
		}
		atomic_store(&acknowledged, (uint64_t)generation * GENERATION + count);
	}
	atomic_store(&is_over, true);
	(void)hf_session_close(session, HF_CLOSE_SEAL, NULL);
	return NULL;
}

struct job {
	void *(*function)(void *);
	void *context;
};

static void *run_job(void *context)
{
	struct job *job = context;

	return job->function(job->context);
}

START_TEST(a_reader_sees_a_whole_state_whatever_a_writer_does)
{
	struct job jobs[4];
	void *contexts[4];

	set_up();
	jobs[0] = (struct job){ write_along, scene_create(&scene, NULL) };
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			jobs[i] = (struct job){ read_along, NULL };
		contexts[i] = &jobs[i];
	}
	run_threads(run_job, contexts, 4);
	printf("%zu looks beside %d writes\n", atomic_load(&looks), ROUNDS);
	ck_assert_uint_gt(atomic_load(&looks), 5);
	tear_down();
}
END_TEST

/* ---- Removing while others look -------------------------------------------------- */

static void *look_for_it(void *context)
{
	const char *id = context;

	while (!atomic_load(&is_over)) {
		struct hf_detail detail = { 0 };
		struct hf_list *list = NULL;
		struct hf_entry entry;
		struct hf_check check;
		int rc = hf_session_verify(scene.store, id, NULL, NULL, &detail, &check);

		if (rc == HF_OK ? check.verdict != HF_INTACT : rc != HF_ERR_NOTFOUND)
			note("verifying what comes and goes: %s, %s: %s", hf_error_name(rc),
			     rc == HF_OK ? hf_verdict_name(check.verdict) : "", detail.message);
		if (!is_ok(hf_list_open(scene.store, NULL, &detail, &list), "listing", &detail))
			return NULL;
		while (hf_list_next(list, &entry) == HF_OK) {
			if (entry.error != HF_OK)
				note("an entry says %s", hf_error_name(entry.error));
		}
		hf_list_close(list);
		(void)atomic_fetch_add(&looks, 1);
	}
	return NULL;
}

static void *come_and_go(void *context)
{
	struct hf_session_options options = { .id = context };

	for (uint32_t round = 0; round < ROUNDS / 4; round++) {
		struct hf_detail detail = { 0 };
		struct hf_session *session = NULL;

		if (!is_ok(hf_session_create(scene.store, &options, &detail, &session), "creating",
			   &detail))
			break;
		for (uint32_t i = 0; i < 3; i++)
			(void)is_ok(append(session, round, i, &detail, NULL), "appending", &detail);
		(void)is_ok(hf_session_close(session, HF_CLOSE_SEAL, &detail), "closing", &detail);
		(void)is_ok(hf_session_delete(scene.store, context, &detail), "removing", &detail);
	}
	atomic_store(&is_over, true);
	return NULL;
}

START_TEST(a_reader_sees_a_session_that_comes_and_goes_whole_or_not_at_all)
{
	static char id[] = "11111111-2222-4333-8444-555555555555";
	struct job jobs[3] = { { come_and_go, id }, { look_for_it, id }, { look_for_it, id } };
	void *contexts[3] = { &jobs[0], &jobs[1], &jobs[2] };

	set_up();
	run_threads(run_job, contexts, 3);
	ck_assert_uint_gt(atomic_load(&looks), 5);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_threads");
	TCase *cases = runner_cases(suite, "threads", 150);

	tcase_add_test(cases, threads_append_to_one_session_through_one_handle);
	tcase_add_test(cases, threads_have_sessions_of_their_own_in_one_store);
	tcase_add_test(cases, a_reader_sees_a_whole_state_whatever_a_writer_does);
	tcase_add_test(cases, a_reader_sees_a_session_that_comes_and_goes_whole_or_not_at_all);
	return runner_run(suite);
}
