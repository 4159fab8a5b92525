/* SPDX-License-Identifier: MIT */
/*
 * Loading a session of 100 MB, every record checked, against HMAC-SHA256 alone: the rival
 * maps the same file, knows beforehand where each line begins and ends, and does nothing
 * but compute what each MAC would be. The file is in memory for both.
 */
#include <errno.h>
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

enum {
	LOG_SIZE = 100000000,
	RECORD_SIZE = 600,
	RECORD_MAX = 65536,
	BATCH = 256,
	ROUNDS = 15,
	MAC_SIZE = 32,
	TAIL_SIZE = 53, /* of a line, from ,"mac":" on: what its MAC does not cover */
	WAYS = 3,       /* the rival, one thread, two threads */
};

/* Sizes of the lines of real sessions in their order: one of Claude Code 2.1.197 with large
 * outputs of tools, one of Codex 0.169.0, one of pi 0.73.1. Mean 2,220, median 707. */
static const uint16_t agent_sizes[] = {
	197, 138, 489, 1927, 5139, 4248, 1063, 35992, 1059, 185, 746, 952, 1074, 34663, 1062,
	36024, 953, 1060, 185, 746, 1075, 34665, 21903, 185, 82, 159, 138, 965, 1297, 721, 598,
	545, 1960, 123, 177, 138, 534, 1013, 536, 5172, 1102, 165, 22343, 495, 5983, 935, 5875,
	619, 603, 883, 488, 436, 576, 416, 743, 503, 830, 987, 878, 708, 511, 510, 834, 828,
	1221, 1065, 671, 710, 402, 731, 506, 834, 727, 643, 710, 420, 749, 516, 834, 821, 656,
	710, 440, 769, 587, 834, 686, 603, 710, 579, 833, 707, 603, 709, 512, 833, 740, 649,
	709, 602, 614, 833, 600, 709, 611, 941, 833, 709, 558, 146, 135, 131, 273, 773, 567,
	711, 751, 358, 629, 329, 650, 364, 760, 673, 647, 662, 589, 377, 677, 335, 705,
};

static const uint16_t even_sizes[] = { RECORD_SIZE };

/* A log to load, and what the rival knows of it. */
struct subject {
	char id[HF_ID_SIZE];
	char path[BENCH_PATH_SIZE];
	size_t *ends;   /* where each line's feed stands */
	size_t lines;
	size_t size;
};

static struct hf_store *open_store(const struct bench *bench, uint32_t threads)
{
	struct hf_store_options options = { .durability = HF_OS, .runtime_dir = "",
					    .threads = threads };
	struct hf_store *store = NULL;
	struct hf_detail detail;
	char path[BENCH_PATH_SIZE];

	bench_path(bench, "store", path);
	bench_must(hf_store_open(path, &options, &detail, &store), &detail);
	return store;
}

static void fill(struct hf_session *session, const uint16_t *sizes, size_t count)
{
	static char texts[BATCH][RECORD_MAX];
	struct hf_append records[BATCH];
	struct hf_detail detail;
	size_t written = 0;
	size_t next = 0;

	while (written < LOG_SIZE) {
		for (size_t i = 0; i < BATCH; i++) {
			size_t size = sizes[next++ % count];

			bench_message(texts[i], size);
			records[i] = (struct hf_append){ "message", NULL, texts[i], size };
			written += size;
		}
		bench_must(hf_session_append(session, NULL, records, BATCH, &detail, NULL),
			   &detail);
	}
}

static const char *map_log(const char *path, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *bytes;

	if (fd < 0 || fstat(fd, &stat) != 0)
		bench_die(path);
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		bench_die("mmap");
	(void)close(fd);
	*ret_size = (size_t)stat.st_size;
	return bytes;
}

static void unmap_log(const char *bytes, size_t size)
{
	if (munmap((void *)(uintptr_t)bytes, size) != 0)
		bench_die("munmap");
}

static void find_lines(struct subject *subject)
{
	const char *bytes = map_log(subject->path, &subject->size);
	const char *end = bytes + subject->size;

	for (const char *at = bytes; at < end; at++)
		subject->lines += *at == '\n';
	subject->ends = calloc(subject->lines, sizeof *subject->ends);
	if (subject->ends == NULL)
		bench_die("memory");
	subject->lines = 0;
	for (const char *at = bytes; at < end; at++) {
		if (*at == '\n')
			subject->ends[subject->lines++] = (size_t)(at - bytes);
	}
	unmap_log(bytes, subject->size);
}

static void make_subject(const struct bench *bench, struct hf_store *store,
			 const uint16_t *sizes, size_t count, struct subject *subject)
{
	struct hf_session *session = NULL;
	struct hf_detail detail;
	char name[64];

	*subject = (struct subject){ .lines = 0 };
	bench_must(hf_session_create(store, NULL, &detail, &session), &detail);
	memcpy(subject->id, hf_session_id(session), sizeof subject->id);
	fill(session, sizes, count);
	bench_must(hf_session_close(session, HF_CLOSE_SEAL, &detail), &detail);
	(void)snprintf(name, sizeof name, "store/sessions/%s.jsonl", subject->id);
	bench_path(bench, name, subject->path);
	find_lines(subject);
}

/* The rival: what has to be computed in any case. */
static double compute_macs(const struct subject *subject)
{
	static const uint8_t key[MAC_SIZE] = { 1 };
	struct hmac_sha256_ctx hmac;
	uint8_t mac[MAC_SIZE] = { 0 };
	int64_t from = bench_now_ns();
	size_t start = 0;
	size_t size;
	const char *bytes = map_log(subject->path, &size);

	hmac_sha256_set_key(&hmac, sizeof key, key);
	for (size_t i = 0; i < subject->lines; i++) {
		hmac_sha256_update(&hmac, sizeof mac, mac);
		hmac_sha256_update(&hmac, subject->ends[i] - start - TAIL_SIZE,
				   (const uint8_t *)bytes + start);
		hmac_sha256_digest(&hmac, sizeof mac, mac);
		start = subject->ends[i] + 1;
	}
	unmap_log(bytes, size);
	return (double)(bench_now_ns() - from) / 1e6;
}

static double load(struct hf_store *store, const struct subject *subject)
{
	int64_t from = bench_now_ns();
	struct hf_view *view = NULL;
	struct hf_detail detail;
	bool is_good;

	bench_must(hf_session_load(store, subject->id, &detail, &view), &detail);
	is_good = hf_view_check(view)->verdict == HF_INTACT &&
		  hf_view_check(view)->records == subject->lines;
	hf_view_close(view);
	if (!is_good) {
		errno = EBADMSG;
		bench_die("load");
	}
	return (double)(bench_now_ns() - from) / 1e6;
}

static void measure(const struct bench *bench, struct hf_store *const stores[WAYS],
		    const struct subject *subject, const char *what)
{
	static const double limits[WAYS] = { 0, 1.10, 0.65 };
	struct bench_values ms[WAYS] = { 0 };
	size_t rounds = bench_rounds(bench, ROUNDS);
	char text[128];

	(void)compute_macs(subject);
	(void)load(stores[1], subject);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < WAYS; i++) {
			size_t way = (round + i) % WAYS;

			bench_add(&ms[way], way == 0 ? compute_macs(subject) :
						       load(stores[way], subject));
		}
	}
	for (size_t way = 1; way < WAYS; way++) {
		(void)snprintf(text, sizeof text, "load 100 MB, %s, %zu thread%s / HMAC alone", what,
			       way, way == 1 ? "" : "s");
		bench_report(bench, &(struct bench_row){ text, "ms", &ms[way], &ms[0],
							 BENCH_RATIO_MAX, limits[way] });
	}
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct hf_store *stores[WAYS] = { NULL };
	struct subject subject;

	bench_begin(&bench, argc, argv);
	stores[1] = open_store(&bench, 1);
	stores[2] = open_store(&bench, 2);
	make_subject(&bench, stores[1], even_sizes, sizeof even_sizes / sizeof *even_sizes,
		     &subject);
	measure(&bench, stores, &subject, "600 B");
	free(subject.ends);
	make_subject(&bench, stores[1], agent_sizes, sizeof agent_sizes / sizeof *agent_sizes,
		     &subject);
	measure(&bench, stores, &subject, "agents' sizes");
	free(subject.ends);
	hf_store_close(stores[1]);
	hf_store_close(stores[2]);
	return bench_end(&bench);
}
