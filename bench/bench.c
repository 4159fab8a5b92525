/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	QUICK_ROUNDS = 3,
	GOAL_SIZE = 32,
	TREE_FDS = 16, /* descriptors for the walk that removes the scratch folder */
};

void bench_die(const char *what)
{
	(void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(1);
}

void bench_must(int rc, const struct hf_detail *detail)
{
	if (rc == HF_OK)
		return;
	(void)fprintf(stderr, "%s: %s %s\n", program_invocation_short_name, hf_error_name(rc),
		      detail != NULL ? detail->message : "");
	exit(1);
}

void bench_begin(struct bench *bench, int argc, char **argv)
{
	const char *given = getenv("BENCH_DIR");
	char *dir;

	*bench = (struct bench){ .json = false };
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			bench->json = true;
		} else if (strcmp(argv[i], "--quick") == 0) {
			bench->quick = true;
		} else {
			(void)fprintf(stderr, "usage: %s [--json] [--quick]\n"
				      "Works in a fresh folder of $BENCH_DIR.\n", argv[0]);
			exit(2);
		}
	}
	dir = realpath(given != NULL ? given : ".", NULL);
	if (dir == NULL)
		bench_die("BENCH_DIR");
	(void)snprintf(bench->dir, sizeof bench->dir, "%s/%s.XXXXXX", dir,
		       program_invocation_short_name);
	free(dir);
	if (mkdtemp(bench->dir) == NULL)
		bench_die(bench->dir);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
	(void)stat;
	(void)type;
	(void)walk;
	return remove(path);
}

int bench_end(struct bench *bench)
{
	if (nftw(bench->dir, remove_one, TREE_FDS, FTW_DEPTH | FTW_PHYS) != 0)
		bench_die(bench->dir);
	return fflush(stdout) == 0 ? 0 : 1;
}

void bench_path(const struct bench *bench, const char *name, char ret_path[BENCH_PATH_SIZE])
{
	int size = snprintf(ret_path, BENCH_PATH_SIZE, "%s/%s", bench->dir, name);

	if (size < 0 || size >= BENCH_PATH_SIZE) {
		errno = ENAMETOOLONG;
		bench_die(name);
	}
}

size_t bench_rounds(const struct bench *bench, size_t rounds)
{
	return bench->quick && rounds > QUICK_ROUNDS ? (size_t)QUICK_ROUNDS : rounds;
}

int64_t bench_now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		bench_die("clock_gettime");
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint32_t bench_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

void bench_message(char *text, size_t size)
{
	static const char start[] = "{\"role\":\"user\",\"content\":\"";
	static const char words[] = "the function returns a pointer to the first byte, and we ";
	static const char end[] = "\"}";
	size_t head = sizeof start - 1;

	memcpy(text, start, head);
	for (size_t i = head; i < size - (sizeof end - 1); i++)
		text[i] = words[(i - head) % (sizeof words - 1)];
	memcpy(text + size - (sizeof end - 1), end, sizeof end - 1);
}

void bench_write(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t count = write(fd, at, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			bench_die("write");
		at += count;
		size -= (size_t)count;
	}
}

/* ---- Statistics ---- */

static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

static int compare_numbers(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left;
	int64_t b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

void bench_add(struct bench_values *values, double value)
{
	if (values->count == BENCH_ROUNDS_MAX) {
		errno = ENOSPC;
		bench_die("rounds");
	}
	values->value[values->count++] = value;
}

double bench_median(const struct bench_values *values)
{
	struct bench_values sorted = *values;
	size_t middle = sorted.count / 2;

	if (sorted.count == 0)
		return 0;
	qsort(sorted.value, sorted.count, sizeof sorted.value[0], compare_doubles);
	if (sorted.count % 2 != 0)
		return sorted.value[middle];
	return (sorted.value[middle - 1] + sorted.value[middle]) / 2;
}

double bench_percentile(int64_t *samples, size_t count, double share)
{
	size_t index = (size_t)((double)count * share);

	if (count == 0)
		return 0;
	qsort(samples, count, sizeof *samples, compare_numbers);
	return (double)samples[index < count ? index : count - 1];
}

/* ---- The table ---- */

/* What is compared with a row's goal, and what the column "ratio" shows. */
struct outcome {
	double ours;
	double rival;
	double ratio;
	double measure; /* what the goal is about */
};

static struct outcome judge(const struct bench_row *row)
{
	struct outcome outcome = { .ours = bench_median(row->ours) };
	struct bench_values ratios = { .count = 0 };
	struct bench_values differences = { .count = 0 };

	if (row->rival != NULL) {
		for (size_t i = 0; i < row->ours->count && i < row->rival->count; i++) {
			bench_add(&ratios, row->ours->value[i] / row->rival->value[i]);
			bench_add(&differences, row->ours->value[i] - row->rival->value[i]);
		}
		outcome.rival = bench_median(row->rival);
		outcome.ratio = bench_median(&ratios);
	}
	outcome.measure = row->goal == BENCH_DIFFERENCE_MAX ? bench_median(&differences) :
			  row->goal == BENCH_OURS_MAX	    ? outcome.ours :
							      outcome.ratio;
	return outcome;
}

static const char *met(const struct bench_row *row, const struct outcome *outcome)
{
	if (row->goal == BENCH_NO_GOAL)
		return "";
	if (row->goal == BENCH_RATIO_MIN)
		return outcome->measure >= row->limit ? "met" : "not met";
	return outcome->measure <= row->limit ? "met" : "not met";
}

static void put_goal(const struct bench_row *row, char text[GOAL_SIZE])
{
	text[0] = '\0';
	switch (row->goal) {
	case BENCH_RATIO_MAX:
		(void)snprintf(text, GOAL_SIZE, "<= %.2f", row->limit);
		break;
	case BENCH_RATIO_MIN:
		(void)snprintf(text, GOAL_SIZE, ">= %.2f", row->limit);
		break;
	case BENCH_DIFFERENCE_MAX:
		(void)snprintf(text, GOAL_SIZE, "<= +%g %s", row->limit, row->unit);
		break;
	case BENCH_OURS_MAX:
		(void)snprintf(text, GOAL_SIZE, "<= %g %s", row->limit, row->unit);
		break;
	case BENCH_NO_GOAL:
	default:
		break;
	}
}

static void report_json(const struct bench_row *row, const struct outcome *outcome,
			const char *goal)
{
	/* What stands in a row is ours: nothing in it needs escaping. */
	(void)printf("{\"what\":\"%s\",\"unit\":\"%s\",\"ours\":%.4g", row->what, row->unit,
		     outcome->ours);
	if (row->rival != NULL)
		(void)printf(",\"rival\":%.4g,\"ratio\":%.3f", outcome->rival, outcome->ratio);
	if (row->goal != BENCH_NO_GOAL)
		(void)printf(",\"goal\":\"%s\",\"measure\":%.4g,\"met\":%s", goal, outcome->measure,
			     strcmp(met(row, outcome), "met") == 0 ? "true" : "false");
	(void)printf(",\"rounds\":%zu}\n", row->ours->count);
}

/* The column "ratio"; the difference where the goal is one. */
static void put_ratio(const struct bench_row *row, const struct outcome *outcome,
		      char text[GOAL_SIZE])
{
	text[0] = '\0';
	if (row->goal == BENCH_DIFFERENCE_MAX)
		(void)snprintf(text, GOAL_SIZE, "%+.3g %s", outcome->measure, row->unit);
	else if (row->rival != NULL)
		(void)snprintf(text, GOAL_SIZE, "%.2f", outcome->ratio);
}

void bench_report(const struct bench *bench, const struct bench_row *row)
{
	struct outcome outcome = judge(row);
	char goal[GOAL_SIZE], ratio[GOAL_SIZE], ours[GOAL_SIZE], rival[GOAL_SIZE] = "";

	put_goal(row, goal);
	if (bench->json) {
		report_json(row, &outcome, goal);
		return;
	}
	put_ratio(row, &outcome, ratio);
	(void)snprintf(ours, sizeof ours, "%.4g %s", outcome.ours, row->unit);
	if (row->rival != NULL)
		(void)snprintf(rival, sizeof rival, "%.4g %s", outcome.rival, row->unit);
	(void)printf("%-58s %13s %13s %9s  %-10s %s\n", row->what, ours, rival, ratio, goal,
		     met(row, &outcome));
}
