/* SPDX-License-Identifier: MIT */
/*
 * Importing and exporting, each in a fresh process as a user runs it, in MB/s of the source.
 *
 * For each format of lines a real session of that agent is repeated until the file is 100 MB,
 * and `holdfast import` of it stands against `wc -l` and `sha256sum` of the same file. Then
 * the import's largest resident size for 100 MB and for 1 GB, and exports of one session to
 * its own bytes, to OpenAI messages, to Markdown and to HTML, against `cat` of its log.
 *
 * Needs $HOLDFAST, the command, and $HOLDFAST_DATA, the folder tests/data. Imports run at
 * durability "os": what is measured is the work, not the disk; a sync for each MB comes on
 * top. --quick takes 4 MB.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { MEGABYTE = 1000000, ROUNDS = 5, PATH_SIZE = 2 * BENCH_PATH_SIZE, SOURCE_MAX = 16 << 20 };

extern char **environ;

struct format {
	const char *name;
	const char *file; /* below tests/data */
};

static const struct format formats[] = {
	{ "claude-code",
	  "claude-code/projects/-home-dev01-demo-project/ec0c7f21-3cad-42c5-97b6-d4ef4ba13342.jsonl" },
	{ "codex", "codex/0.58.0/sessions/2026/11/22/"
		   "rollout-2026-11-22T23-58-09-01a205b2-1ea3-7f53-b79e-eecaa7099bee.jsonl" },
	{ "pi", "pi" },
	{ "gemini", "gemini" },
};

/* What a process took. */
struct took {
	double milliseconds;
	double resident_mb; /* its largest resident size */
};

static struct took run(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	struct rusage usage = { 0 };
	int64_t from = bench_now_ns();
	pid_t pid = 0;
	int status;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) != 0)
		bench_die("posix_spawn");
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno != 0)
		bench_die(argv[0]);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (wait4(pid, &status, 0, &usage) != pid)
		bench_die("wait4");
	if (status != 0) {
		errno = ECHILD;
		bench_die(argv[0]);
	}
	return (struct took){ (double)(bench_now_ns() - from) / 1e6,
			      (double)usage.ru_maxrss * 1024 / 1e6 };
}

/* The largest file of JSON Lines below a folder, or the file itself. */
static void find_source(const char *path, char ret_path[PATH_SIZE], off_t *size)
{
	struct stat stat;
	struct dirent *entry;
	DIR *dir;

	if (lstat(path, &stat) != 0)
		bench_die(path);
	if (S_ISREG(stat.st_mode)) {
		size_t length = strlen(path);

		if (stat.st_size > *size && length > 6 && strcmp(path + length - 6, ".jsonl") == 0) {
			*size = stat.st_size;
			(void)snprintf(ret_path, PATH_SIZE, "%s", path);
		}
		return;
	}
	dir = opendir(path);
	if (dir == NULL)
		bench_die(path);
	while ((entry = readdir(dir)) != NULL) {
		char below[PATH_SIZE];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
		find_source(below, ret_path, size);
	}
	(void)closedir(dir);
}

/* Repeats a file until it has so many bytes. */
static void make_input(const char *from, const char *to, uint64_t wanted)
{
	static char bytes[SOURCE_MAX];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t size;
	uint64_t done = 0;

	if (in < 0 || out < 0)
		bench_die(from);
	size = read(in, bytes, sizeof bytes);
	if (size <= 0 || (size_t)size == sizeof bytes || bytes[size - 1] != '\n')
		bench_die("a source of whole lines");
	for (; done < wanted; done += (uint64_t)size)
		bench_write(out, bytes, (size_t)size);
	if (close(in) != 0 || close(out) != 0)
		bench_die(to);
}

static char *holdfast;
static char store_option[] = "--store", quiet[] = "--quiet", import[] = "import";
static char export[] = "export", to_option[] = "--to";

static void remove_store(char *store)
{
	char rm[] = "rm", flags[] = "-rf";

	(void)run((char *[]){ rm, flags, store, NULL });
}

static struct took import_file(char *format, char *input, char *store)
{
	struct took took;

	remove_store(store);
	took = run((char *[]){ holdfast, store_option, store, quiet, import, format, input, NULL });
	return took;
}

static void measure_import(const struct bench *bench, const struct format *format, char *input,
			   char *store)
{
	struct bench_values ours = { .count = 0 }, lines = { .count = 0 }, digest = { .count = 0 };
	char wc[] = "wc", lines_option[] = "-l", sha256sum[] = "sha256sum", name[32], what[100];
	struct stat stat;

	(void)snprintf(name, sizeof name, "%s", format->name);
	if (lstat(input, &stat) != 0)
		bench_die(input);
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		double megabytes = (double)stat.st_size / 1e3; /* over milliseconds: MB/s */

		bench_add(&ours, megabytes / import_file(name, input, store).milliseconds);
		bench_add(&lines, megabytes / run((char *[]){ wc, lines_option, input, NULL })
						      .milliseconds);
		bench_add(&digest, megabytes / run((char *[]){ sha256sum, input, NULL }).milliseconds);
	}
	(void)snprintf(what, sizeof what, "import %s / wc -l", format->name);
	bench_report(bench, &(struct bench_row){ what, "MB/s", &ours, &lines, BENCH_NO_GOAL, 0 });
	(void)snprintf(what, sizeof what, "import %s / sha256sum", format->name);
	bench_report(bench, &(struct bench_row){ what, "MB/s", &ours, &digest, BENCH_NO_GOAL, 0 });
}

/* The import's largest resident size, for one file against that of a tenth of it. */
static void measure_memory(const struct bench *bench, const char *source, char *store)
{
	struct bench_values small = { .count = 0 }, large = { .count = 0 };
	uint64_t unit = bench->quick ? MEGABYTE : 100 * (uint64_t)MEGABYTE;
	char input[BENCH_PATH_SIZE], format[] = "claude-code";

	bench_path(bench, "memory.jsonl", input);
	make_input(source, input, unit);
	bench_add(&small, import_file(format, input, store).resident_mb);
	make_input(source, input, 10 * unit);
	bench_add(&large, import_file(format, input, store).resident_mb);
	remove_store(store);
	if (unlink(input) != 0)
		bench_die(input);
	bench_report(bench, &(struct bench_row){ "memory to import 1 GB / to import 100 MB", "MB",
						 &large, &small, BENCH_NO_GOAL, 0 });
}

/* The one session's id, by the name of its log. */
static void find_session(const char *store, char ret_id[HF_ID_SIZE], char ret_log[PATH_SIZE])
{
	struct dirent *entry;
	char folder[PATH_SIZE];
	DIR *dir;

	(void)snprintf(folder, sizeof folder, "%s/sessions", store);
	dir = opendir(folder);
	if (dir == NULL)
		bench_die(folder);
	ret_id[0] = '\0';
	while ((entry = readdir(dir)) != NULL) {
		const char *suffix = strrchr(entry->d_name, '.');

		if (suffix != NULL && strcmp(suffix, ".jsonl") == 0)
			(void)snprintf(ret_id, HF_ID_SIZE, "%.36s", entry->d_name);
	}
	(void)closedir(dir);
	(void)snprintf(ret_log, PATH_SIZE, "%.1000s/%.40s.jsonl", folder, ret_id);
}

/* Makes a session of a real one many times over. Not of that file itself: lines with the same
 * ids replace each other, and an export would hold little; OpenAI's messages have none. */
static void make_session(const struct bench *bench, char *source, char *input, char *store)
{
	char once[BENCH_PATH_SIZE], id[HF_ID_SIZE], log[PATH_SIZE];
	char claude[] = "claude-code", openai[] = "openai", output[] = "-o";

	bench_path(bench, "once.jsonl", once);
	(void)import_file(claude, source, store);
	find_session(store, id, log);
	(void)run((char *[]){ holdfast, store_option, store, quiet, export, id, to_option, openai,
			      output, once, NULL });
	make_input(once, input, bench->quick ? MEGABYTE : 20 * (uint64_t)MEGABYTE);
	(void)import_file(openai, input, store);
}

static void measure_exports(const struct bench *bench, char *source, char *store)
{
	static const char *const targets[] = { "original", "openai", "markdown", "html" };
	char input[BENCH_PATH_SIZE], id[HF_ID_SIZE], log[PATH_SIZE];
	char cat[] = "cat";
	struct stat stat;

	bench_path(bench, "export.jsonl", input);
	make_session(bench, source, input, store);
	find_session(store, id, log);
	if (lstat(input, &stat) != 0)
		bench_die(input);
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		struct bench_values ours = { .count = 0 }, bare = { .count = 0 };
		char target[16], what[100];

		(void)snprintf(target, sizeof target, "%s", targets[i]);
		(void)snprintf(what, sizeof what, "export to %s / cat of the log", target);
		for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
			double megabytes = (double)stat.st_size / 1e3;

			bench_add(&ours, megabytes / run((char *[]){ holdfast, store_option, store, quiet,
								     export, id, to_option, target,
								     NULL })
							     .milliseconds);
			bench_add(&bare, megabytes / run((char *[]){ cat, log, NULL }).milliseconds);
		}
		bench_report(bench,
			     &(struct bench_row){ what, "MB/s", &ours, &bare, BENCH_NO_GOAL, 0 });
	}
}

int main(int argc, char **argv)
{
	char source[PATH_SIZE], input[BENCH_PATH_SIZE], store[BENCH_PATH_SIZE];
	const char *data = getenv("HOLDFAST_DATA");
	struct bench bench;

	bench_begin(&bench, argc, argv);
	holdfast = getenv("HOLDFAST");
	if (holdfast == NULL || data == NULL)
		bench_die("HOLDFAST, HOLDFAST_DATA");
	if (setenv("XDG_RUNTIME_DIR", bench.dir, 1) != 0 || setenv("HOLDFAST_DURABILITY", "os", 1) != 0)
		bench_die("setenv");
	bench_path(&bench, "store", store);
	bench_path(&bench, "input.jsonl", input);
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		char path[PATH_SIZE];
		off_t size = 0;

		(void)snprintf(path, sizeof path, "%s/%s", data, formats[i].file);
		find_source(path, source, &size);
		make_input(source, input, bench.quick ? 4 * MEGABYTE : 100 * (uint64_t)MEGABYTE);
		measure_import(&bench, &formats[i], input, store);
		if (i == 0) {
			measure_memory(&bench, source, store);
			measure_exports(&bench, source, store);
		}
	}
	return bench_end(&bench);
}
