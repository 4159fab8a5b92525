/* SPDX-License-Identifier: MIT */
/*
 * One record, durable when the call returns: through a long-lived handle of ours, without
 * and with padding, against a bare file, SQLite and LMDB. First one after another, on a
 * calm machine and with every core busy; then many sessions at once against as many files.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appenders.h"

enum {
	RECORD_SIZE = 600,
	WARM_UP = 100,       /* appends before anything is measured */
	TURN = 100,          /* appends of one contender before the next has its turn */
	CALM_ROUNDS = 50,
	BUSY_ROUNDS = 30,
	SIDES_MAX = 5,
	CORES_MAX = 64,
	CROWD_MAX = 32,
	CROWD_ROUNDS = 11,
	P99_TURNS = 10,      /* so many make the samples of one p99 */
	CROWD_NS = 200000000, /* how long a crowd works in each round */
	NO_PADDING = 1,      /* as struct hf_store_options has it */
	DEFAULT_PADDING = 0,
};

/* ---- One after another ---- */

/* One contender and what its appends took. */
struct side {
	struct appender *appender;
	struct bench_values p50_us; /* of each turn */
	struct bench_values p99_us; /* of each P99_TURNS turns, the last of them perhaps fewer */
	int64_t samples[P99_TURNS * TURN]; /* in ns, since the last p99 */
	size_t count;
};

static void take_turn(struct side *side)
{
	int64_t *turn = side->samples + side->count;

	for (size_t i = 0; i < TURN; i++) {
		int64_t from = bench_now_ns();

		side->appender->append(side->appender);
		turn[i] = bench_now_ns() - from;
	}
	side->count += TURN;
	bench_add(&side->p50_us, bench_percentile(turn, TURN, 0.5) / 1e3);
}

static void take_p99(struct side *side)
{
	if (side->count > 0)
		bench_add(&side->p99_us, bench_percentile(side->samples, side->count, 0.99) / 1e3);
	side->count = 0;
}

static void contend(const struct bench *bench, struct side *sides, size_t count, size_t rounds)
{
	rounds = bench_rounds(bench, rounds);
	for (size_t i = 0; i < count; i++) {
		sides[i].p50_us.count = 0;
		sides[i].p99_us.count = 0;
		sides[i].count = 0;
		for (size_t n = 0; n < WARM_UP; n++)
			sides[i].appender->append(sides[i].appender);
	}
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			take_turn(&sides[(round + i) % count]);
		for (size_t i = 0; i < count; i++) {
			if ((round + 1) % P99_TURNS == 0 || round + 1 == rounds)
				take_p99(&sides[i]);
		}
	}
}

/* Starts a process for each core that does nothing but spin; returns their count. */
static size_t start_spinning(pid_t spinners[CORES_MAX])
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = cores < 1 ? 1 : cores > CORES_MAX ? (size_t)CORES_MAX : (size_t)cores;

	for (size_t i = 0; i < count; i++) {
		spinners[i] = fork();
		if (spinners[i] < 0)
			bench_die("fork");
		if (spinners[i] == 0) {
			volatile unsigned turns = 0;

			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				turns++;
		}
	}
	return count;
}

static void stop_spinning(const pid_t *spinners, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)kill(spinners[i], SIGKILL);
		(void)waitpid(spinners[i], NULL, 0);
	}
}

enum { BARE, PLAIN, PADDED, SQLITE, LMDB };

static void report_against(const struct bench *bench, const char *what, const struct side *ours,
			   const struct side *rival, double limit)
{
	char text[128];

	(void)snprintf(text, sizeof text, "%s, p50", what);
	bench_report(bench, &(struct bench_row){ text, "us", &ours->p50_us, &rival->p50_us,
						 limit > 0 ? BENCH_RATIO_MAX : BENCH_NO_GOAL,
						 limit });
	(void)snprintf(text, sizeof text, "%s, p99", what);
	bench_report(bench, &(struct bench_row){ text, "us", &ours->p99_us, &rival->p99_us,
						 BENCH_NO_GOAL, 0 });
}

static void one_by_one(const struct bench *bench, struct hf_store *plain, struct hf_store *padded,
		       const char *record)
{
	static struct side sides[SIDES_MAX];
	pid_t spinners[CORES_MAX];
	size_t count;

	sides[BARE].appender = appender_bare(bench, "bare", record, RECORD_SIZE);
	sides[PLAIN].appender = appender_holdfast(plain, record, RECORD_SIZE);
	sides[PADDED].appender = appender_holdfast(padded, record, RECORD_SIZE);
	sides[SQLITE].appender = appender_sqlite(bench, record, RECORD_SIZE);
	sides[LMDB].appender = appender_lmdb(bench, record, RECORD_SIZE);
	contend(bench, sides, SIDES_MAX, CALM_ROUNDS);
	report_against(bench, "append 600 B, no padding / bare file", &sides[PLAIN], &sides[BARE],
		       1.15);
	report_against(bench, "append 600 B, padding / bare file", &sides[PADDED], &sides[BARE],
		       0.85);
	report_against(bench, "append 600 B, padding / SQLite", &sides[PADDED], &sides[SQLITE], 0);
	report_against(bench, "append 600 B, padding / LMDB", &sides[PADDED], &sides[LMDB], 0);
	count = start_spinning(spinners);
	contend(bench, sides, PADDED + 1, BUSY_ROUNDS);
	stop_spinning(spinners, count);
	report_against(bench, "append, cores busy, no padding / bare file", &sides[PLAIN],
		       &sides[BARE], 0);
	report_against(bench, "append, cores busy, padding / bare file", &sides[PADDED],
		       &sides[BARE], 0);
	for (size_t i = 0; i < SIDES_MAX; i++)
		sides[i].appender->close(sides[i].appender);
}

/* ---- Many at once ---- */

struct crowd;

struct member {
	struct crowd *crowd;
	struct appender *appender;
	pthread_t thread;
	uint64_t appended;
};

struct crowd {
	struct member members[CROWD_MAX];
	size_t count;
	atomic_bool stop;
	struct bench_values rate; /* records a second, of each round */
};

static void *work(void *context)
{
	struct member *member = context;

	while (!atomic_load_explicit(&member->crowd->stop, memory_order_relaxed)) {
		member->appender->append(member->appender);
		member->appended++;
	}
	return NULL;
}

static void let_work(struct crowd *crowd)
{
	struct timespec pause = { 0, CROWD_NS };
	uint64_t appended = 0;
	int64_t from = bench_now_ns();

	atomic_store(&crowd->stop, false);
	for (size_t i = 0; i < crowd->count; i++) {
		crowd->members[i].appended = 0;
		errno = pthread_create(&crowd->members[i].thread, NULL, work, &crowd->members[i]);
		if (errno != 0)
			bench_die("pthread_create");
	}
	(void)nanosleep(&pause, NULL);
	atomic_store(&crowd->stop, true);
	for (size_t i = 0; i < crowd->count; i++) {
		(void)pthread_join(crowd->members[i].thread, NULL);
		appended += crowd->members[i].appended;
	}
	bench_add(&crowd->rate, (double)appended * 1e9 / (double)(bench_now_ns() - from));
}

enum { CROWDS = 3 };

/* Opens a crowd of bare files (no store) or of sessions. */
static void gather(const struct bench *bench, struct crowd *crowd, struct hf_store *store,
		   size_t count, const char *record)
{
	char name[64];

	*crowd = (struct crowd){ .count = count };
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "bare.%zu.%zu", count, i);
		crowd->members[i].crowd = crowd;
		crowd->members[i].appender =
			store == NULL ? appender_bare(bench, name, record, RECORD_SIZE) :
					appender_holdfast(store, record, RECORD_SIZE);
		for (size_t n = 0; n < WARM_UP / 4; n++)
			crowd->members[i].appender->append(crowd->members[i].appender);
	}
}

static void at_once(const struct bench *bench, struct hf_store *const stores[CROWDS],
		    size_t count, const char *record)
{
	static struct crowd crowds[CROWDS];
	size_t rounds = bench_rounds(bench, CROWD_ROUNDS);
	char text[128];

	for (size_t i = 0; i < CROWDS; i++)
		gather(bench, &crowds[i], stores[i], count, record);
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < CROWDS; i++)
			let_work(&crowds[(round + i) % CROWDS]);
	}
	for (size_t i = 1; i < CROWDS; i++) {
		(void)snprintf(text, sizeof text, "%zu sessions at once, %s / files", count,
			       i == PLAIN ? "no padding" : "padding");
		bench_report(bench, &(struct bench_row){ text, "/s", &crowds[i].rate,
							 &crowds[BARE].rate, BENCH_RATIO_MIN, 0.9 });
	}
	for (size_t i = 0; i < CROWDS; i++) {
		for (size_t n = 0; n < count; n++)
			crowds[i].members[n].appender->close(crowds[i].members[n].appender);
	}
}

int main(int argc, char **argv)
{
	struct bench bench;
	struct hf_store *stores[CROWDS] = { NULL };
	char record[RECORD_SIZE];

	bench_begin(&bench, argc, argv);
	bench_message(record, sizeof record);
	stores[PLAIN] = appender_store(&bench, "store", NO_PADDING, 0);
	stores[PADDED] = appender_store(&bench, "store", DEFAULT_PADDING, 0);
	one_by_one(&bench, stores[PLAIN], stores[PADDED], record);
	at_once(&bench, stores, 8, record);
	at_once(&bench, stores, 32, record);
	hf_store_close(stores[PLAIN]);
	hf_store_close(stores[PADDED]);
	return bench_end(&bench);
}
