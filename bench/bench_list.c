/* SPDX-License-Identifier: MIT */
/*
 * Listing 10,000 sessions in a fresh process, by the library and by `holdfast list`,
 * against a fresh process that reads the names in the folder and then each head: one open,
 * read and close. The system's cache is warm and the key is in the runtime directory.
 *
 * Besides what the rival does, a listing asks the kernel who holds each session, checks
 * each head, and sorts. Needs $HOLDFAST, the command. Makes the sessions without syncs,
 * since making them is not what is measured.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "store/store.h"

enum { SESSIONS = 10000, PROJECTS = 40, ROUNDS = 15, WARM_UP = 2, READ_SIZE = 8192 };

extern char **environ;

/* ---- What is measured, each in a process of its own ---- */

static void list_store(const char *path, const struct hf_list_options *wanted)
{
	struct hf_store_options options = { .read_only = true };
	struct hf_store *store = NULL;
	struct hf_list *list = NULL;
	struct hf_entry entry;
	struct hf_detail detail;
	size_t count = 0;

	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	bench_must(hf_list_open(store, wanted, &detail, &list), &detail);
	for (; hf_list_next(list, &entry) == HF_OK; count++)
		bench_must(entry.error, NULL);
	hf_list_close(list);
	hf_store_close(store);
	if (count != (wanted->limit > 0 ? wanted->limit : SESSIONS))
		bench_die("not all sessions were listed");
}

static void read_heads(const char *path)
{
	static char bytes[READ_SIZE];
	char folder[BENCH_PATH_SIZE];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)snprintf(folder, sizeof folder, "%s/sessions", path);
	dir = opendir(folder);
	if (dir == NULL)
		bench_die(folder);
	while ((entry = readdir(dir)) != NULL) {
		const char *suffix = strrchr(entry->d_name, '.');
		int fd;

		if (suffix == NULL || strcmp(suffix, ".head") != 0)
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || pread(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes ||
		    close(fd) != 0)
			bench_die(entry->d_name);
		count++;
	}
	(void)closedir(dir);
	if (count != SESSIONS)
		bench_die("not all heads were read");
}

/* Runs as one of the processes that are measured, if the arguments say so. */
static bool be_measured(int argc, char **argv)
{
	if (argc != 3)
		return false;
	if (strcmp(argv[1], "list") == 0)
		list_store(argv[2], &(struct hf_list_options){ .limit = 0 });
	else if (strcmp(argv[1], "list-20") == 0)
		list_store(argv[2], &(struct hf_list_options){ .limit = 20 });
	else if (strcmp(argv[1], "heads") == 0)
		read_heads(argv[2]);
	else
		return false;
	return true;
}

/* ---- Measuring ---- */

/* Milliseconds that a program takes from its start to its end. Its output goes nowhere. */
static double run(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int64_t from = bench_now_ns();
	pid_t pid = 0;
	int status;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0)
		bench_die("posix_spawn");
	errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno != 0)
		bench_die(argv[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) != pid)
		bench_die("waitpid");
	if (status != 0) {
		errno = ECHILD;
		bench_die(argv[0]);
	}
	return (double)(bench_now_ns() - from) / 1e6;
}

static int no_sync(void *context, int fd)
{
	(void)context;
	(void)fd;
	return 0;
}

static void make_session(struct hf_store *store, size_t number)
{
	char name[64], project[64], text[200];
	struct hf_session_options options = { .name = name, .project = project };
	struct hf_append record = { "message", NULL, text, sizeof text };
	struct hf_session *session = NULL;
	struct hf_detail detail;

	(void)snprintf(name, sizeof name, "session number %zu", number);
	(void)snprintf(project, sizeof project, "/home/somebody/projects/%zu", number % PROJECTS);
	bench_message(text, sizeof text);
	bench_must(hf_session_create(store, &options, &detail, &session), &detail);
	bench_must(hf_session_append(session, NULL, &record, 1, &detail, NULL), &detail);
	bench_must(hf_session_close(session, number % 2 == 0 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE,
				    &detail),
		   &detail);
}

static void make_store(const char *path)
{
	struct sys sys = *sys_posix();
	struct hf_store *store = NULL;
	struct hf_detail detail;

	sys.sync_data = no_sync;
	sys.sync_all = no_sync;
	bench_must(store_open_with(&sys, path, NULL, &detail, &store), &detail);
	for (size_t i = 0; i < SESSIONS; i++)
		make_session(store, i);
	hf_store_close(store);
}

static void measure(const struct bench *bench, char *self, char *store)
{
	struct bench_values listed = { .count = 0 }, newest = { .count = 0 };
	struct bench_values command = { .count = 0 }, heads = { .count = 0 };
	char list[] = "list", list_20[] = "list-20", bare[] = "heads", option[] = "--store";
	char *holdfast = getenv("HOLDFAST");
	size_t rounds = bench_rounds(bench, ROUNDS) + WARM_UP;

	if (holdfast == NULL)
		bench_die("HOLDFAST");
	for (size_t round = 0; round < rounds; round++) {
		double took[] = {
			run((char *[]){ self, bare, store, NULL }),
			run((char *[]){ self, list, store, NULL }),
			run((char *[]){ self, list_20, store, NULL }),
			run((char *[]){ holdfast, option, store, list, NULL }),
		};

		if (round < WARM_UP)
			continue;
		bench_add(&heads, took[0]);
		bench_add(&listed, took[1]);
		bench_add(&newest, took[2]);
		bench_add(&command, took[3]);
	}
	bench_report(bench, &(struct bench_row){ "list 10,000 sessions / read their heads", "ms",
						 &listed, &heads, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "the newest 20 of 10,000 / read their heads", "ms",
						 &newest, &heads, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "holdfast list, 10,000 / read their heads", "ms",
						 &command, &heads, BENCH_NO_GOAL, 0 });
}

int main(int argc, char **argv)
{
	char store[BENCH_PATH_SIZE], self[] = "/proc/self/exe";
	struct bench bench;

	if (be_measured(argc, argv))
		return 0;
	bench_begin(&bench, argc, argv);
	if (setenv("XDG_RUNTIME_DIR", bench.dir, 1) != 0)
		bench_die("setenv");
	bench_path(&bench, "store", store);
	make_store(store);
	measure(&bench, self, store);
	return bench_end(&bench);
}
