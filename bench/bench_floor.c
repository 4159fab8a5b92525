/* SPDX-License-Identifier: MIT */
/*
 * What everything else rests on: what a sync costs on this disk, with and without a commit
 * of the file system's journal, what a MAC costs on this processor, and what it takes to
 * map a file and look at each of its pages.
 */
#include <fcntl.h>
#include <nettle/hmac.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum {
	RECORD_SIZE = 600,
	MAC_INPUT = 720,      /* of a record of 600 bytes: the MAC before, the envelope, the data */
	TURN = 100,
	ROUNDS = 30,
	MACS = 5000,
	PADDING = 1 << 20,
	MAP_SIZE = 100000000,
	LINE = 750,           /* the file is written in pieces of this size, as a log is */
	PAGE = 4096,
};

static int open_file(const struct bench *bench, const char *name)
{
	char path[BENCH_PATH_SIZE];
	int fd;

	bench_path(bench, name, path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		bench_die(path);
	return fd;
}

/* The median of write and fdatasync at *offset, which goes on. */
static double sync_turn(int fd, off_t *offset)
{
	char record[RECORD_SIZE];
	int64_t samples[TURN];

	memset(record, 'x', sizeof record);
	for (size_t i = 0; i < TURN; i++) {
		int64_t from = bench_now_ns();

		if (pwrite(fd, record, sizeof record, *offset) != RECORD_SIZE || fdatasync(fd) != 0)
			bench_die("fdatasync");
		samples[i] = bench_now_ns() - from;
		*offset += RECORD_SIZE;
	}
	return bench_percentile(samples, TURN, 0.5) / 1e3;
}

static void measure_sync(const struct bench *bench)
{
	struct bench_values in_place = { .count = 0 }, growing = { .count = 0 };
	static const char zeros[PADDING];
	int old_fd = open_file(bench, "in-place");
	int new_fd = open_file(bench, "growing");
	off_t old_end = 0, new_end = 0;

	bench_write(old_fd, zeros, sizeof zeros);
	if (fsync(old_fd) != 0)
		bench_die("fsync");
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		if (old_end + TURN * RECORD_SIZE > PADDING)
			old_end = 0;
		bench_add(&in_place, sync_turn(old_fd, &old_end));
		bench_add(&growing, sync_turn(new_fd, &new_end));
	}
	bench_report(bench, &(struct bench_row){ "floor: sync 600 B, in place / at a file's end", "us",
						 &in_place, &growing, BENCH_NO_GOAL, 0 });
	(void)close(old_fd);
	(void)close(new_fd);
}

static void measure_mac(const struct bench *bench)
{
	struct bench_values each = { .count = 0 };
	struct hmac_sha256_ctx hmac;
	uint8_t bytes[MAC_INPUT], mac[32];

	memset(bytes, 'x', sizeof bytes);
	hmac_sha256_set_key(&hmac, 32, bytes);
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		int64_t from = bench_now_ns();

		for (size_t i = 0; i < MACS; i++) {
			hmac_sha256_update(&hmac, sizeof bytes, bytes);
			hmac_sha256_digest(&hmac, sizeof mac, mac);
		}
		bench_add(&each, (double)(bench_now_ns() - from) / MACS);
	}
	bench_report(bench, &(struct bench_row){ "floor: HMAC-SHA256 of a record of 600 B", "ns",
						 &each, NULL, BENCH_NO_GOAL, 0 });
}

static void measure_map(const struct bench *bench)
{
	struct bench_values mapped = { .count = 0 };
	static const char line[LINE];
	int fd = open_file(bench, "mapped");
	volatile char sum = 0;

	for (size_t done = 0; done < MAP_SIZE; done += LINE)
		bench_write(fd, line, LINE);
	for (size_t round = bench_rounds(bench, ROUNDS); round > 0; round--) {
		int64_t from = bench_now_ns();
		const char *bytes = mmap(NULL, MAP_SIZE, PROT_READ, MAP_SHARED, fd, 0);

		if (bytes == MAP_FAILED)
			bench_die("mmap");
		for (size_t at = 0; at < MAP_SIZE; at += PAGE)
			sum = (char)(sum + bytes[at]);
		if (munmap((void *)(uintptr_t)bytes, MAP_SIZE) != 0)
			bench_die("munmap");
		bench_add(&mapped, (double)(bench_now_ns() - from) / 1e6);
	}
	bench_report(bench, &(struct bench_row){ "floor: map 100 MB, touch each page, unmap", "ms",
						 &mapped, NULL, BENCH_NO_GOAL, 0 });
	(void)close(fd);
}

int main(int argc, char **argv)
{
	struct bench bench;

	bench_begin(&bench, argc, argv);
	measure_sync(&bench);
	measure_mac(&bench);
	measure_map(&bench);
	return bench_end(&bench);
}
