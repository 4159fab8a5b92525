/* SPDX-License-Identifier: MIT */
/*
 * The command from its start to its end: `holdfast append ID '{...}'` with the derived key
 * in a runtime directory, against a bare C program that opens a file, appends the same and
 * syncs. Needs $HOLDFAST and $HOLDFAST_BENCH, which bench/run.sh sets.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { RECORD_SIZE = 600, ROUNDS = 200, WARM_UP = 10 };

extern char **environ;

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL) {
		errno = ENOENT;
		bench_die(name);
	}
	return value;
}

/* Runs a program to its end with its output thrown away; the time in ms. */
static double run(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int64_t from;
	int status;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0)
		bench_die("posix_spawn");
	from = bench_now_ns();
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno != 0)
		bench_die(argv[0]);
	if (waitpid(pid, &status, 0) != pid)
		bench_die("waitpid");
	from = bench_now_ns() - from;
	(void)posix_spawn_file_actions_destroy(&actions);
	if (status != 0) {
		errno = ECHILD;
		bench_die(argv[0]);
	}
	return (double)from / 1e6;
}

static void make_session(const struct bench *bench, char ret_id[HF_ID_SIZE],
			 char ret_store[BENCH_PATH_SIZE])
{
	struct hf_store *store = NULL;
	struct hf_session *session = NULL;
	struct hf_detail detail;

	bench_path(bench, "store", ret_store);
	bench_must(hf_store_open(ret_store, NULL, &detail, &store), &detail);
	bench_must(hf_session_create(store, NULL, &detail, &session), &detail);
	memcpy(ret_id, hf_session_id(session), HF_ID_SIZE);
	bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
	hf_store_close(store);
}

int main(int argc, char **argv)
{
	struct bench_values ours = { .count = 0 }, theirs = { .count = 0 }, empty = { .count = 0 };
	char id[HF_ID_SIZE], store[BENCH_PATH_SIZE], file[BENCH_PATH_SIZE], bare[BENCH_PATH_SIZE];
	char record[RECORD_SIZE + 1] = "";
	char command[BENCH_PATH_SIZE];
	char option[] = "--store", append[] = "append", version[] = "--version";
	struct bench bench;
	size_t rounds;

	bench_begin(&bench, argc, argv);
	bench_message(record, RECORD_SIZE);
	if (setenv("XDG_RUNTIME_DIR", bench.dir, 1) != 0)
		bench_die("setenv");
	make_session(&bench, id, store);
	bench_path(&bench, "bare", file);
	(void)snprintf(command, sizeof command, "%s", from_environment("HOLDFAST"));
	(void)snprintf(bare, sizeof bare, "%s/bench_bare", from_environment("HOLDFAST_BENCH"));
	rounds = bench_rounds(&bench, ROUNDS) + WARM_UP;
	for (size_t round = 0; round < rounds; round++) {
		double took_ours = run((char *[]){ command, option, store, append, id, record, NULL });
		double took_bare = run((char *[]){ bare, file, record, NULL });
		double took_empty = run((char *[]){ command, version, NULL });

		if (round < WARM_UP)
			continue;
		bench_add(&ours, took_ours);
		bench_add(&theirs, took_bare);
		bench_add(&empty, took_empty);
	}
	bench_report(&bench, &(struct bench_row){ "holdfast append / bare program, open, write, sync",
						  "ms", &ours, &theirs, BENCH_DIFFERENCE_MAX, 1.0 });
	bench_report(&bench, &(struct bench_row){ "holdfast --version / the same", "ms", &empty,
						  &theirs, BENCH_NO_GOAL, 0 });
	return bench_end(&bench);
}
