/* SPDX-License-Identifier: MIT */
/*
 * One attempt checked and recorded in the file of rate limits, against the least that any
 * such file needs: open, lock, read, write, unlock, close. By one process alone, and by 8
 * that want the same file all the time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum {
	TURN = 500,      /* calls in a round, of each process */
	ROUNDS = 40,
	PROCESSES = 8,
	TABLE_SIZE = 1040, /* bytes that a table of 24 attempts takes */
};

/* The first is never refused and forgets quickly, the second refuses all but one. */
static const struct hf_limit limits[] = {
	{ "admitted", HF_LIMIT_MAX, 1, 0, 0 },
	{ "refused", 1, 600000, 0, 0 },
};

static struct hf_store *open_store(const struct bench *bench)
{
	struct hf_store_options options = { .runtime_dir = "", .limits = limits, .limit_count = 2 };
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char path[BENCH_PATH_SIZE];

	bench_path(bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	return store;
}

static void take(void *context)
{
	struct hf_detail detail;

	bench_must(hf_limit_take(context, "admitted", "key", &detail), &detail);
}

static void take_refused(void *context)
{
	if (hf_limit_take(context, "refused", "key", NULL) != HF_ERR_RATE_LIMITED)
		bench_die("an attempt was not refused");
}

static void check(void *context)
{
	struct hf_detail detail;

	bench_must(hf_limit_check(context, "admitted", "key", &detail), &detail);
}

static void set_lock(int fd, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLKW, &range) != 0)
		bench_die("lock");
}

static void use_bare(const char *path, bool writes)
{
	char table[TABLE_SIZE];
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		bench_die(path);
	set_lock(fd, F_WRLCK);
	if (pread(fd, table, sizeof table, 0) != sizeof table)
		bench_die("pread");
	if (writes && pwrite(fd, table, sizeof table, 0) != sizeof table)
		bench_die("pwrite");
	set_lock(fd, F_UNLCK);
	if (close(fd) != 0)
		bench_die("close");
}

static void use_file(void *context)
{
	use_bare(context, true);
}

static void look_at_file(void *context)
{
	use_bare(context, false);
}

/* Microseconds a call. */
static double run_alone(void (*call)(void *context), void *context)
{
	int64_t from = bench_now_ns();

	for (size_t i = 0; i < TURN; i++)
		call(context);
	return (double)(bench_now_ns() - from) / 1e3 / TURN;
}

/* The same for all processes together: the time in which one call of one of them is done. */
static double run_many(void (*call)(void *context), void *context)
{
	int gate[2];
	int64_t from;
	char byte;

	if (pipe2(gate, O_CLOEXEC) != 0)
		bench_die("pipe");
	for (size_t i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (pid < 0)
			bench_die("fork");
		if (pid != 0)
			continue;
		(void)close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		(void)run_alone(call, context);
		_exit(0);
	}
	from = bench_now_ns();
	(void)close(gate[0]);
	(void)close(gate[1]);
	for (size_t i = 0; i < PROCESSES; i++) {
		int status;

		if (wait(&status) < 0 || status != 0)
			bench_die("a process failed");
	}
	return (double)(bench_now_ns() - from) / 1e3 / TURN / PROCESSES;
}

static void measure(const struct bench *bench, struct hf_store *store, char *path)
{
	struct bench_values taken = { .count = 0 }, bare = { .count = 0 };
	struct bench_values refused = { .count = 0 }, looked = { .count = 0 };
	struct bench_values checked = { .count = 0 };
	struct bench_values many = { .count = 0 }, many_bare = { .count = 0 };

	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		bench_add(&taken, run_alone(take, store));
		bench_add(&bare, run_alone(use_file, path));
		bench_add(&refused, run_alone(take_refused, store));
		bench_add(&looked, run_alone(look_at_file, path));
		bench_add(&checked, run_alone(check, store));
		bench_add(&many, run_many(take, store));
		bench_add(&many_bare, run_many(use_file, path));
	}
	bench_report(bench, &(struct bench_row){ "limit: take / open, lock, read, write, close", "us",
						 &taken, &bare, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "limit: refused / open, lock, read, close", "us",
						 &refused, &looked, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "limit: check / open, lock, read, close", "us",
						 &checked, &looked, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "limit: take, 8 processes / the same calls", "us",
						 &many, &many_bare, BENCH_NO_GOAL, 0 });
}

int main(int argc, char **argv)
{
	static const char table[TABLE_SIZE];
	struct bench bench;
	struct hf_store *store;
	char path[BENCH_PATH_SIZE];
	int fd;

	bench_begin(&bench, argc, argv);
	store = open_store(&bench);
	bench_must(hf_limit_take(store, "refused", "key", NULL), NULL);
	bench_path(&bench, "bare", path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		bench_die(path);
	bench_write(fd, table, sizeof table);
	(void)close(fd);
	measure(&bench, store, path);
	hf_store_close(store);
	return bench_end(&bench);
}
