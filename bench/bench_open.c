/* SPDX-License-Identifier: MIT */
/*
 * Opening a session for writing and letting go of it, against opening, reading and closing
 * its three files; and listing 1,000 sessions, against reading as many heads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum {
	SESSIONS = 1000,
	OPENS = 100,     /* in a round */
	RECORDS = 20,    /* in the session that is opened */
	RECORD_SIZE = 600,
	ROUNDS = 31,
	READ_SIZE = 8192,
};

static char ids[SESSIONS][HF_ID_SIZE];

/* The sessions are made unsynced, since making them is not what is measured. */
static void make_sessions(const struct bench *bench)
{
	struct hf_store_options options = { .durability = HF_OS, .runtime_dir = "" };
	struct hf_session *session = NULL;
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char text[RECORD_SIZE], path[BENCH_PATH_SIZE];
	struct hf_append record = { "message", NULL, text, sizeof text };

	bench_message(text, sizeof text);
	bench_path(bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	for (size_t i = 0; i < SESSIONS; i++) {
		bench_must(hf_session_create(store, NULL, &detail, &session), &detail);
		memcpy(ids[i], hf_session_id(session), HF_ID_SIZE);
		for (size_t n = 0; n < RECORDS; n++)
			bench_must(hf_session_append(session, NULL, &record, 1, &detail, NULL),
				   &detail);
		bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
	}
	hf_store_close(store);
}

static struct hf_store *open_store(const struct bench *bench)
{
	struct hf_store_options options = { .runtime_dir = "" };
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char path[BENCH_PATH_SIZE];

	bench_path(bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	return store;
}

static void read_file(int dir_fd, const char *id, const char *suffix)
{
	char name[HF_ID_SIZE + 8], bytes[READ_SIZE];
	int fd;

	(void)snprintf(name, sizeof name, "%s%s", id, suffix);
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, bytes, sizeof bytes) < 0 || close(fd) != 0)
		bench_die(name);
}

static double open_ours(struct hf_store *store)
{
	struct hf_session *session = NULL;
	struct hf_detail detail;
	int64_t from = bench_now_ns();

	for (size_t i = 0; i < OPENS; i++) {
		bench_must(hf_session_open(store, ids[i], NULL, &detail, &session), &detail);
		bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
	}
	return (double)(bench_now_ns() - from) / 1e3 / OPENS;
}

static double open_files(int dir_fd)
{
	int64_t from = bench_now_ns();

	for (size_t i = 0; i < OPENS; i++) {
		read_file(dir_fd, ids[i], ".lock");
		read_file(dir_fd, ids[i], ".head");
		read_file(dir_fd, ids[i], ".jsonl");
	}
	return (double)(bench_now_ns() - from) / 1e3 / OPENS;
}

static double list_ours(struct hf_store *store)
{
	struct hf_list *list = NULL;
	struct hf_entry entry;
	struct hf_detail detail;
	int64_t from = bench_now_ns();

	bench_must(hf_list_open(store, NULL, &detail, &list), &detail);
	for (size_t i = 0; i < SESSIONS; i++) {
		bench_must(hf_list_next(list, &entry), NULL);
		bench_must(entry.error, NULL);
	}
	hf_list_close(list);
	return (double)(bench_now_ns() - from) / 1e3 / SESSIONS;
}

static double read_heads(int dir_fd)
{
	int64_t from = bench_now_ns();

	for (size_t i = 0; i < SESSIONS; i++)
		read_file(dir_fd, ids[i], ".head");
	return (double)(bench_now_ns() - from) / 1e3 / SESSIONS;
}

static void measure(const struct bench *bench, struct hf_store *store, int dir_fd)
{
	struct bench_values opened = { .count = 0 }, files = { .count = 0 };
	struct bench_values listed = { .count = 0 }, heads = { .count = 0 };

	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		bench_add(&opened, open_ours(store));
		bench_add(&files, open_files(dir_fd));
		bench_add(&listed, list_ours(store));
		bench_add(&heads, read_heads(dir_fd));
	}
	bench_report(bench, &(struct bench_row){ "open and close a handle / read its 3 files", "us",
						 &opened, &files, BENCH_NO_GOAL, 0 });
	bench_report(bench, &(struct bench_row){ "list 1,000 sessions, each / read its head", "us",
						 &listed, &heads, BENCH_NO_GOAL, 0 });
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct hf_store *store;
	char path[BENCH_PATH_SIZE];
	int dir_fd;

	bench_begin(&bench, argc, argv);
	make_sessions(&bench);
	store = open_store(&bench);
	bench_path(&bench, "store/sessions", path);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		bench_die(path);
	(void)list_ours(store);
	measure(&bench, store, dir_fd);
	(void)close(dir_fd);
	hf_store_close(store);
	return bench_end(&bench);
}
