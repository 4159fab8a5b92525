/* SPDX-License-Identifier: MIT */
/*
 * Keys: what a store pays for its key once it is in memory, and what it pays before, in a
 * new process, with and without the cache of the runtime directory.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "bench.h"
#include "keys/keyring.h"
#include "keys/keyring_internal.h"
#include "sys/sys.h"

enum { FETCHES = 100000, DERIVATIONS = 2000, ROUNDS = 31, COLD_ROUNDS = 15 };

static const uint8_t store_id[16] = { 7 };
static const uint8_t session_id[16] = { 9 };

static struct keyring *open_keyring(const struct bench *bench, const char *runtime_dir)
{
	struct keyring_options options = { .rounds = HF_ROUNDS_DEFAULT,
					   .runtime_dir = runtime_dir };
	struct report report = report_make(NULL, NULL);
	struct keyring *keyring = NULL;
	char path[BENCH_PATH_SIZE];
	int fd;

	bench_path(bench, "keys", path);
	(void)mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		bench_die(path);
	bench_must(keyring_open(sys_posix(), &report, fd, store_id, &options, &keyring),
		   &report.detail);
	return keyring;
}

static double fetch_current(struct keyring *keyring)
{
	struct report report = report_make(NULL, NULL);
	char id[FORMAT_KEY_ID_SIZE];
	int64_t from = bench_now_ns();

	for (int i = 0; i < FETCHES; i++)
		bench_must(keyring_current(keyring, &report, id), &report.detail);
	return (double)(bench_now_ns() - from) / FETCHES;
}

/* As session_key.c does it for each session: under the mutex, by id. */
static double look_up(struct keyring *keyring, const char id[static FORMAT_KEY_ID_SIZE])
{
	struct report report = report_make(NULL, NULL);
	const struct session_key_choice choice = { .key_id = id, .session = session_id };
	struct key_found found;
	int64_t from = bench_now_ns();

	for (int i = 0; i < FETCHES; i++) {
		(void)pthread_mutex_lock(&keyring->mutex);
		bench_must(keyring_find(keyring, &report, &choice, &found), &report.detail);
		(void)pthread_mutex_unlock(&keyring->mutex);
	}
	return (double)(bench_now_ns() - from) / FETCHES;
}

static double derive(struct keyring *keyring, const char id[static FORMAT_KEY_ID_SIZE])
{
	struct report report = report_make(NULL, NULL);
	struct session_key *key = NULL;
	int64_t from = bench_now_ns();

	for (int i = 0; i < DERIVATIONS; i++) {
		bench_must(session_key_new(keyring, &report, id, session_id, (uint64_t)i, &key),
			   &report.detail);
		session_key_free(keyring, key);
	}
	return (double)(bench_now_ns() - from) / DERIVATIONS / 1e3;
}

/* A keyring that has to get its key from the runtime directory, or by deriving it. */
static double fetch_cold(const struct bench *bench, const char *runtime_dir)
{
	struct report report = report_make(NULL, NULL);
	struct keyring *keyring = open_keyring(bench, runtime_dir);
	char id[FORMAT_KEY_ID_SIZE];
	int64_t from = bench_now_ns();

	bench_must(keyring_current(keyring, &report, id), &report.detail);
	from = bench_now_ns() - from;
	keyring_close(keyring);
	return (double)from / 1e3;
}

int main(int argc, char **argv)
{
	struct bench_values current = { .count = 0 }, lookup = { .count = 0 };
	struct bench_values session = { .count = 0 }, cached = { .count = 0 };
	struct bench_values derived = { .count = 0 };
	struct report report = report_make(NULL, NULL);
	struct bench bench;
	struct keyring *keyring;
	char id[FORMAT_KEY_ID_SIZE];

	bench_begin(&bench, argc, argv);
	keyring = open_keyring(&bench, bench.dir);
	bench_must(keyring_current(keyring, &report, id), &report.detail);
	for (size_t round = bench_rounds(&bench, ROUNDS); round > 0; round--) {
		bench_add(&current, fetch_current(keyring));
		bench_add(&lookup, look_up(keyring, id));
		bench_add(&session, derive(keyring, id));
	}
	for (size_t round = bench_rounds(&bench, COLD_ROUNDS); round > 0; round--) {
		bench_add(&cached, fetch_cold(&bench, bench.dir));
		bench_add(&derived, fetch_cold(&bench, NULL));
	}
	keyring_close(keyring);
	bench_report(&bench, &(struct bench_row){ "warm key, id of the current one", "ns", &current,
						  NULL, BENCH_OURS_MAX, 100 });
	bench_report(&bench, &(struct bench_row){ "warm key, looked up by id", "ns", &lookup, NULL,
						  BENCH_OURS_MAX, 100 });
	bench_report(&bench, &(struct bench_row){ "a session's keys from it, in locked memory", "us",
						  &session, NULL, BENCH_NO_GOAL, 0 });
	bench_report(&bench, &(struct bench_row){ "cold key, runtime directory / PBKDF2", "us",
						  &cached, &derived, BENCH_NO_GOAL, 0 });
	return bench_end(&bench);
}
