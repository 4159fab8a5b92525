/* SPDX-License-Identifier: MIT */
/*
 * First runs: several processes make a store, its secret and a session each at the same
 * moment, in a thousand places one after the other. All of them must end up with one store
 * and one key, and nothing left over.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scene.h"
#include "lib/wait.h"

enum { RACERS = 3, RACES = 1000 };

/* What the racers share. They live through all races, so that they start together. */
struct course {
	pthread_barrier_t start;
	pthread_barrier_t finish;
	char store_path[300];
	char runtime_path[300];
	char key_ids[RACERS][HF_KEY_ID_SIZE];
	char wrong[300];
};

static struct course *course;
static struct scratch scratch;

static void note(const char *what, int rc, const struct hf_detail *detail)
{
	(void)snprintf(course->wrong, sizeof course->wrong, "%s gave %s: %s", what,
		       hf_error_name(rc), detail->message);
}

/* What a program does that runs for the first time. */
static void run_first(unsigned racer)
{
	struct hf_store_options options = { .rounds = HF_ROUNDS_MIN,
					    .runtime_dir = course->runtime_path,
					    .durability = HF_OS };
	struct hf_detail detail = { 0 };
	struct hf_store *store = NULL;
	struct hf_session *session = NULL;
	struct hf_key_info key;
	int rc = hf_store_open(course->store_path, &options, &detail, &store);

	if (rc != HF_OK) {
		note("opening the store", rc, &detail);
		return;
	}
	rc = hf_session_create(store, NULL, &detail, &session);
	if (rc == HF_OK)
		rc = hf_session_close(session, HF_CLOSE_SEAL, &detail);
	if (rc == HF_OK)
		rc = hf_key_prepare(store, &detail, &key);
	if (rc != HF_OK)
		note("the first session", rc, &detail);
	else
		memcpy(course->key_ids[racer], key.id, sizeof key.id);
	hf_store_close(store);
}

static int race_along(void *context, struct child *parent)
{
	unsigned racer = *(const unsigned *)context;

	(void)parent;
	for (unsigned race = 1; race <= RACES; race++) {
		(void)pthread_barrier_wait(&course->start);
		run_first(racer);
		(void)pthread_barrier_wait(&course->finish);
	}
	return 0;
}

static size_t count_intact(struct hf_store *store, const char *key_id)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	EXPECT_CODE(hf_list_open(store, NULL, NULL, &list), HF_OK, "listing");
	for (; hf_list_next(list, &entry) == HF_OK; count++) {
		struct hf_check check;

		EXPECT(strcmp(entry.info.key_id, key_id) == 0, "a session has another key");
		EXPECT(entry.info.closed, "a session was not closed");
		EXPECT_CODE(hf_session_verify(store, entry.info.id, NULL, NULL, NULL, &check), HF_OK,
			    "verifying");
		EXPECT(check.verdict == HF_INTACT, "a session is %s", hf_verdict_name(check.verdict));
	}
	hf_list_close(list);
	return count;
}

/* One store, one secret, all sessions of it, and nothing beside them. */
static void check_store(const char *key_id, size_t sessions)
{
	struct place place = { .sys = sys_posix(), .store = course->store_path,
			       .runtime = course->runtime_path };
	struct hf_store *store = place_open(&place);

	EXPECT(count_intact(store, key_id) == sessions, "there are not %zu sessions", sessions);
	hf_store_close(store);
	EXPECT(place_count(&place, "keys", "") == 1, "there is more than one key");
	EXPECT(place_count(&place, "sessions", ".tmp") == 0, "something was left over");
}

static void run_race(unsigned race)
{
	char name[32];

	session_where("race %u", race);
	(void)snprintf(name, sizeof name, "race-%u", race);
	(void)snprintf(course->store_path, sizeof course->store_path, "%s/%s", scratch.path, name);
	/* In every other race without a cache across processes. */
	course->runtime_path[0] = '\0';
	if (race % 2 == 0)
		(void)snprintf(course->runtime_path, sizeof course->runtime_path, "%s/run", scratch.path);
	(void)pthread_barrier_wait(&course->start);
	(void)pthread_barrier_wait(&course->finish);
	EXPECT(course->wrong[0] == '\0', "%s", course->wrong);
	/* The key's id follows from the secret and from the store's id. */
	for (unsigned i = 1; i < RACERS; i++)
		EXPECT(strcmp(course->key_ids[i], course->key_ids[0]) == 0, "keys %s and %s",
		       course->key_ids[i], course->key_ids[0]);
	check_store(course->key_ids[0], RACERS);
	scratch_remove(scratch.fd, name);
}

START_TEST(a_thousand_races_to_make_a_store_and_its_secret)
{
	struct child racers[RACERS];
	pthread_barrierattr_t shared;
	double begun = wait_now();

	scratch = scratch_open();
	scratch_mkdir(scratch.fd, "run");
	course = mmap(NULL, sizeof *course, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(course != MAP_FAILED);
	ck_assert_int_eq(pthread_barrierattr_init(&shared), 0);
	ck_assert_int_eq(pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED), 0);
	ck_assert_int_eq(pthread_barrier_init(&course->start, &shared, RACERS + 1), 0);
	ck_assert_int_eq(pthread_barrier_init(&course->finish, &shared, RACERS + 1), 0);
	for (unsigned i = 0; i < RACERS; i++)
		racers[i] = child_start(race_along, &i);
	for (unsigned race = 1; race <= RACES; race++)
		run_race(race);
	for (unsigned i = 0; i < RACERS; i++)
		ck_assert_int_eq(child_end(&racers[i]), 0);
	printf("%d races of %d processes in %.1f s\n", RACES, RACERS, wait_now() - begun);
	(void)munmap(course, sizeof *course);
	scratch_close(&scratch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("concurrent_first_runs");
	TCase *cases = runner_cases(suite, "first runs", 150);

	tcase_add_test(cases, a_thousand_races_to_make_a_store_and_its_secret);
	return runner_run_in_memory(suite);
}
