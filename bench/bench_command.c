/* SPDX-License-Identifier: MIT */
/*
 * The command from its start to the acknowledgement that it prints: `holdfast append ID
 * '{...}'` with the derived key in a runtime directory, against a bare C program that opens
 * a file, appends the same, syncs and says so. Needs $HOLDFAST, the command, and
 * $HOLDFAST_BENCH, the folder of these programs.
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

/* What a program took, in ms from its start. */
struct took {
	double ack; /* to its first output */
	double end;
};

static pid_t start(char *const argv[], int output_fd)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO) != 0)
		bench_die("posix_spawn");
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno != 0)
		bench_die(argv[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static struct took run(char *const argv[])
{
	struct took took;
	char output[256];
	int64_t from;
	int fds[2];
	int status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		bench_die("pipe2");
	from = bench_now_ns();
	pid = start(argv, fds[1]);
	(void)close(fds[1]);
	if (read(fds[0], output, sizeof output) <= 0)
		bench_die("no output");
	took.ack = (double)(bench_now_ns() - from) / 1e6;
	if (waitpid(pid, &status, 0) != pid)
		bench_die("waitpid");
	took.end = (double)(bench_now_ns() - from) / 1e6;
	(void)close(fds[0]);
	if (status != 0) {
		errno = ECHILD;
		bench_die(argv[0]);
	}
	return took;
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

/* The programs with their arguments. */
struct contest {
	char *ours[8];
	char *version[8]; /* ours doing nothing */
	char *bare[8];
};

static void measure(const struct bench *bench, struct contest *contest)
{
	struct bench_values ours = { .count = 0 }, theirs = { .count = 0 };
	struct bench_values ours_end = { .count = 0 }, theirs_end = { .count = 0 };
	struct bench_values version = { .count = 0 };
	size_t rounds = bench_rounds(bench, ROUNDS) + WARM_UP;

	for (size_t round = 0; round < rounds; round++) {
		struct took took_ours = run(contest->ours);
		struct took took_bare = run(contest->bare);
		struct took took_version = run(contest->version);

		if (round < WARM_UP)
			continue;
		bench_add(&ours, took_ours.ack);
		bench_add(&ours_end, took_ours.end);
		bench_add(&theirs, took_bare.ack);
		bench_add(&theirs_end, took_bare.end);
		bench_add(&version, took_version.end);
	}
	bench_report(bench, &(struct bench_row){ "command, start to acknowledgement / bare program",
						 "ms", &ours, &theirs, BENCH_DIFFERENCE_MAX, 1.0 });
	bench_report(bench, &(struct bench_row){ "command, start to end / bare program", "ms",
						 &ours_end, &theirs_end, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "command, --version only / bare program", "ms",
						 &version, &theirs_end, BENCH_NO_GOAL, 0 });
}

int main(int argc, char **argv)
{
	char id[HF_ID_SIZE], store[BENCH_PATH_SIZE], file[BENCH_PATH_SIZE];
	char command[BENCH_PATH_SIZE], bare[BENCH_PATH_SIZE];
	char option[] = "--store", append[] = "append", version[] = "--version";
	char record[RECORD_SIZE + 1] = "";
	struct contest contest = {
		.ours = { command, option, store, append, id, record, NULL },
		.version = { command, version, NULL },
		.bare = { bare, file, record, NULL },
	};
	struct bench bench;

	bench_begin(&bench, argc, argv);
	bench_message(record, RECORD_SIZE);
	if (setenv("XDG_RUNTIME_DIR", bench.dir, 1) != 0)
		bench_die("setenv");
	make_session(&bench, id, store);
	bench_path(&bench, "bare", file);
	(void)snprintf(command, sizeof command, "%s", from_environment("HOLDFAST"));
	(void)snprintf(bare, sizeof bare, "%s/bench_bare", from_environment("HOLDFAST_BENCH"));
	measure(&bench, &contest);
	return bench_end(&bench);
}
