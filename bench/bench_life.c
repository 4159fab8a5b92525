/* SPDX-License-Identifier: MIT */
/*
 * The life of a session, step by step, against the bare system calls that each step needs:
 * taking and giving back a lease, against opening and locking a file that names its holder;
 * and resuming a session of 10 MB, against locking, mapping and reading its log, computing
 * one HMAC-SHA256 over it, and one synced write.
 */
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "bench.h"
#include "storage/posix.h"

enum {
	LEASES = 500,        /* in a round */
	ROUNDS = 31,
	LOG_SIZE = 10000000,
	RECORD_SIZE = 600,
	BATCH = 256,
	WRITE_SIZE = 300,    /* like the record of a resume */
	MAC_SIZE = 32,
};

static const char holder[] = "12345 host 2026-01-01T00:00:00.000000Z program\n";

/* An open-file-description lock, fcntl(2). */
static void lock_file(int fd, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	if (fcntl(fd, F_OFD_SETLK, &lock) != 0)
		bench_die("lock");
}

static double lease_ours(struct storage *storage, struct report *report)
{
	struct storage_id id = { { 1 } };
	struct storage_lock *lock = NULL;
	int64_t from = bench_now_ns();

	for (size_t i = 0; i < LEASES; i++) {
		bench_must(storage->ops->lock(storage, report, id, 0, &lock), &report->detail);
		storage->ops->unlock(lock);
	}
	return (double)(bench_now_ns() - from) / 1e3 / LEASES;
}

static double lease_bare(int dir_fd)
{
	int64_t from = bench_now_ns();
	struct stat stat;

	for (size_t i = 0; i < LEASES; i++) {
		int fd = openat(dir_fd, "bare", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			bench_die("bare");
		lock_file(fd, F_WRLCK);
		if (fstatat(dir_fd, "bare", &stat, AT_SYMLINK_NOFOLLOW) != 0)
			bench_die("fstatat");
		bench_write(fd, holder, sizeof holder - 1);
		if (ftruncate(fd, 0) != 0)
			bench_die("ftruncate");
		lock_file(fd, F_UNLCK);
		(void)close(fd);
	}
	return (double)(bench_now_ns() - from) / 1e3 / LEASES;
}

static void measure_leases(const struct bench *bench)
{
	static const struct storage_posix_options options = { STORAGE_POSIX_SESSIONS,
							      STORAGE_POSIX_MAKE, "bench" };
	struct bench_values ours = { .count = 0 }, bare = { .count = 0 };
	struct report report = report_make(NULL, NULL);
	struct storage *storage = NULL;
	int dir_fd = open(bench->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		bench_die(bench->dir);
	bench_must(storage_posix_open(sys_posix(), &report, dir_fd, &options, &storage),
		   &report.detail);
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		bench_add(&ours, lease_ours(storage, &report));
		bench_add(&bare, lease_bare(dir_fd));
	}
	bench_report(bench, &(struct bench_row){ "take and give a lease / the same on a file", "us",
						 &ours, &bare, BENCH_NO_GOAL, 0 });
	storage->ops->close(storage);
	(void)close(dir_fd);
}

static struct hf_store *open_store(const struct bench *bench)
{
	const struct hf_limit none = { .operation = "resume" };
	struct hf_store_options options = { .runtime_dir = "", .limits = &none, .limit_count = 1 };
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char path[BENCH_PATH_SIZE];

	bench_path(bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	return store;
}

static void make_session(const struct bench *bench, struct hf_store *store, char id[HF_ID_SIZE])
{
	struct hf_session_options options = { .project = bench->dir };
	struct hf_append records[BATCH];
	struct hf_session *session = NULL;
	struct hf_detail detail;
	char text[RECORD_SIZE];

	bench_message(text, sizeof text);
	for (size_t i = 0; i < BATCH; i++)
		records[i] = (struct hf_append){ "message", NULL, text, sizeof text };
	bench_must(hf_session_create(store, &options, &detail, &session), &detail);
	memcpy(id, hf_session_id(session), HF_ID_SIZE);
	for (size_t written = 0; written < LOG_SIZE; written += sizeof text * BATCH)
		bench_must(hf_session_append(session, NULL, records, BATCH, &detail, NULL),
			   &detail);
	bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
}

static double resume_ours(struct hf_store *store, const char *id)
{
	struct hf_session *session = NULL;
	struct hf_view *view = NULL;
	struct hf_detail detail;
	int64_t from = bench_now_ns();
	double taken;

	bench_must(hf_session_resume(store, id, NULL, &detail, &session, &view), &detail);
	taken = (double)(bench_now_ns() - from) / 1e3;
	hf_view_close(view);
	bench_must(hf_session_close(session, HF_CLOSE_LEAVE, &detail), &detail);
	return taken;
}

static double resume_bare(const char *path)
{
	uint8_t key[MAC_SIZE] = { 1 }, mac[MAC_SIZE];
	struct hmac_sha256_ctx hmac;
	struct stat stat;
	char text[WRITE_SIZE];
	double taken;
	int64_t from = bench_now_ns();
	void *bytes;
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &stat) != 0)
		bench_die(path);
	lock_file(fd, F_WRLCK);
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		bench_die("mmap");
	hmac_sha256_set_key(&hmac, sizeof key, key);
	hmac_sha256_update(&hmac, (size_t)stat.st_size, bytes);
	hmac_sha256_digest(&hmac, sizeof mac, mac);
	memset(text, mac[0], sizeof text);
	if (pwrite(fd, text, sizeof text, stat.st_size) != (ssize_t)sizeof text ||
	    fdatasync(fd) != 0)
		bench_die("pwrite");
	taken = (double)(bench_now_ns() - from) / 1e3;
	if (munmap(bytes, (size_t)stat.st_size) != 0 || ftruncate(fd, stat.st_size) != 0 ||
	    fdatasync(fd) != 0)
		bench_die("ftruncate");
	(void)close(fd);
	return taken;
}

/* The rival's file is a copy of the log. */
static void copy_log(const struct bench *bench, const char *id, char ret_path[BENCH_PATH_SIZE])
{
	char from[BENCH_PATH_SIZE], name[64], bytes[65536];
	ssize_t size;
	int in, out;

	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", id);
	bench_path(bench, name, from);
	bench_path(bench, "copy", ret_path);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(ret_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (in < 0 || out < 0)
		bench_die(from);
	while ((size = read(in, bytes, sizeof bytes)) > 0)
		bench_write(out, bytes, (size_t)size);
	if (size < 0 || fdatasync(out) != 0)
		bench_die(ret_path);
	(void)close(in);
	(void)close(out);
}

static void measure_resumes(const struct bench *bench)
{
	struct bench_values ours = { .count = 0 }, bare = { .count = 0 };
	struct hf_store *store = open_store(bench);
	char id[HF_ID_SIZE], path[BENCH_PATH_SIZE];

	make_session(bench, store, id);
	copy_log(bench, id, path);
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		bench_add(&ours, resume_ours(store, id));
		bench_add(&bare, resume_bare(path));
	}
	bench_report(bench, &(struct bench_row){ "resume 10 MB / lock, map, one HMAC, synced write",
						 "us", &ours, &bare, BENCH_NO_GOAL, 0 });
	hf_store_close(store);
}

int main(int argc, char **argv)
{
	struct bench bench;

	bench_begin(&bench, argc, argv);
	measure_leases(&bench);
	measure_resumes(&bench);
	return bench_end(&bench);
}
