/* SPDX-License-Identifier: MIT */
/*
 * Saving a whole session of 1,000 messages of 500 bytes, against writing as many bytes as
 * the log then has to a new file, fsync, rename over the old one, fsync of the directory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

enum { MESSAGES = 1000, MESSAGE_SIZE = 500, ROUNDS = 60, WARM_UP = 3 };

/* The rival's directory and the bytes that it writes. */
struct bare {
	int dir_fd;
	char *bytes;
	size_t size;
};

static double save_bare(const struct bare *bare)
{
	int64_t from = bench_now_ns();
	int fd = openat(bare->dir_fd, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		bench_die("open");
	bench_write(fd, bare->bytes, bare->size);
	if (fsync(fd) != 0 || close(fd) != 0 ||
	    renameat(bare->dir_fd, "new", bare->dir_fd, "saved") != 0 || fsync(bare->dir_fd) != 0)
		bench_die("save");
	return (double)(bench_now_ns() - from) / 1e6;
}

static double save_ours(struct hf_session *session, const struct hf_append *records)
{
	int64_t from = bench_now_ns();
	struct hf_detail detail;

	bench_must(hf_session_save(session, NULL, records, MESSAGES, &detail), &detail);
	return (double)(bench_now_ns() - from) / 1e6;
}

static void make_bare(const struct bench *bench, size_t size, struct bare *bare)
{
	char path[BENCH_PATH_SIZE];

	bench_path(bench, "bare", path);
	if (mkdir(path, 0700) != 0)
		bench_die(path);
	bare->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bare->bytes = malloc(size);
	bare->size = size;
	if (bare->dir_fd < 0 || bare->bytes == NULL)
		bench_die(path);
	memset(bare->bytes, 'x', size);
}

static size_t log_size(const struct bench *bench, const struct hf_session *session)
{
	char name[64], path[BENCH_PATH_SIZE];
	struct stat stat_of_log;

	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", hf_session_id(session));
	bench_path(bench, name, path);
	if (stat(path, &stat_of_log) != 0)
		bench_die(path);
	return (size_t)stat_of_log.st_size;
}

static void measure(const struct bench *bench, struct hf_session *session,
		    const struct hf_append *records)
{
	struct bench_values ours = { .count = 0 }, theirs = { .count = 0 };
	size_t rounds = bench_rounds(bench, ROUNDS);
	struct bare bare;

	(void)save_ours(session, records);
	make_bare(bench, log_size(bench, session), &bare);
	for (size_t i = 0; i < WARM_UP; i++) {
		(void)save_ours(session, records);
		(void)save_bare(&bare);
	}
	for (size_t round = 0; round < rounds; round++) {
		if (round % 2 == 0)
			bench_add(&ours, save_ours(session, records));
		bench_add(&theirs, save_bare(&bare));
		if (round % 2 != 0)
			bench_add(&ours, save_ours(session, records));
	}
	bench_report(bench, &(struct bench_row){ "save 1,000 x 500 B / write, fsync, rename, fsync",
						 "ms", &ours, &theirs, BENCH_RATIO_MAX, 1.2 });
	(void)close(bare.dir_fd);
	free(bare.bytes);
}

int main(int argc, char **argv)
{
	static char texts[MESSAGES][MESSAGE_SIZE];
	static struct hf_append records[MESSAGES];
	struct hf_store_options options = { .runtime_dir = "" };
	struct hf_store *store = NULL;
	struct hf_session *session = NULL;
	struct hf_detail detail;
	struct bench bench;
	char path[BENCH_PATH_SIZE];

	bench_begin(&bench, argc, argv);
	for (size_t i = 0; i < MESSAGES; i++) {
		bench_message(texts[i], MESSAGE_SIZE);
		records[i] = (struct hf_append){ "message", NULL, texts[i], MESSAGE_SIZE };
	}
	bench_path(&bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	bench_must(hf_session_create(store, NULL, &detail, &session), &detail);
	measure(&bench, session, records);
	bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
	hf_store_close(store);
	return bench_end(&bench);
}
