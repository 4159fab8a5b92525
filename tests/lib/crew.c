/* SPDX-License-Identifier: MIT */
#include "lib/crew.h"

#include <check.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/child.h"
#include "lib/player.h"
#include "lib/scene.h"
#include "lib/wait.h"

enum {
	SLOTS_MAX = 16,
	BATCH_MAX = 4,
	HOLD_STEPS = 4,
	PATIENCE_MS = 15,
	KILL_WITHIN_US = 12000,
	OLD_US = 3000, /* the age at which a clean-up takes sessions */
	PERCENT = 100,
};

/* What all workers of a run share. */
struct shared {
	atomic_uint slots[SLOTS_MAX]; /* the sessions that they work on */
	atomic_uint done[CREW_ACTION_COUNT];
};

static struct run {
	const struct crew_plan *plan;
	enum crew_kind kind;
	struct scene scene;
	struct journal *journal;
	struct shared *shared;
	uint32_t seed;
} run;

static const char *const names[] = {
#define CREW_NAME(name) #name,
	CREW_ACTIONS(CREW_NAME)
#undef CREW_NAME
};

/* ---- A worker -------------------------------------------------------------------- */

/* Puts a new session in the place of one that is gone. */
static void replace(struct player *player, uint32_t slot, uint32_t old)
{
	uint32_t fresh = journal_session(player->journal);
	unsigned expected = old;

	if (player_create(player, fresh) == HF_OK)
		(void)atomic_compare_exchange_strong(&run.shared->slots[slot], &expected, fresh);
}

static int take(struct player *player, uint32_t session, bool resume)
{
	uint32_t patience = player_roll(player, 2) * PATIENCE_MS;
	uint64_t records = 0;
	int rc;

	if (!run.plan->is_expecting)
		return resume ? player_resume(player, session, patience) :
				player_open(player, session, patience);
	rc = player_read(player, session, &records);
	if (rc == HF_OK)
		rc = player_open(player, session, patience);
	if (rc == HF_OK)
		(void)player_append_expecting(player, 1, records);
	return rc;
}

static int act(struct player *player, enum crew_action action, uint32_t session)
{
	switch (action) {
	case CREW_READ:
		return player_read(player, session, NULL);
	case CREW_LIST:
		player_list(player);
		return HF_OK;
	case CREW_TRASH:
		return player_trash(player, session);
	case CREW_RESTORE:
		return player_restore(player, session);
	case CREW_DELETE:
		return player_delete(player, session);
	case CREW_PURGE:
		return player_purge(player, session);
	case CREW_CLEAN_UP:
	case CREW_EMPTY:
		player_clean_up(player, OLD_US, action == CREW_EMPTY);
		return HF_OK;
	default:
		return take(player, session, action == CREW_RESUME);
	}
}

static enum crew_action choose(struct player *player)
{
	const uint32_t *weights = run.plan->weights;
	uint32_t sum = 0;
	uint32_t roll;

	for (size_t i = 0; i < CREW_ACTION_COUNT; i++)
		sum += weights[i];
	roll = player_roll(player, sum);
	for (size_t i = 0; i < CREW_ACTION_COUNT; i++) {
		if (roll < weights[i])
			return (enum crew_action)i;
		roll -= weights[i];
	}
	return CREW_OPEN;
}

static void step_free(struct player *player)
{
	uint32_t slot = player_roll(player, run.plan->sessions);
	uint32_t session = atomic_load(&run.shared->slots[slot]);
	enum crew_action action = choose(player);
	int rc = act(player, action, session);

	if (rc == HF_OK)
		(void)atomic_fetch_add(&run.shared->done[action], 1);
	if (rc == HF_ERR_NOTFOUND && action != CREW_PURGE)
		replace(player, slot, session);
}

static void step_held(struct player *player)
{
	uint32_t hold = run.plan->hold_steps > 0 ? run.plan->hold_steps : HOLD_STEPS;
	uint32_t roll = player_roll(player, PERCENT);

	if (player_roll(player, hold) == 0)
		(void)player_close(player, roll % 2 == 0 ? HF_CLOSE_SEAL : HF_CLOSE_LEAVE);
	else if (roll < 70)
		(void)player_append(player, 1 + player_roll(player, BATCH_MAX));
	else if (roll < 85)
		(void)player_save(player, player_roll(player, BATCH_MAX));
	else
		(void)player_read(player, player->session, NULL);
}

static void work(struct player *player, uint32_t steps)
{
	for (uint32_t i = 0; i < steps && atomic_load(&run.journal->is_wrong) == 0; i++) {
		if (player->held == NULL)
			step_free(player);
		else
			step_held(player);
	}
	if (player->held != NULL)
		(void)player_close(player, HF_CLOSE_LEAVE);
}

static struct player make_player(uint32_t worker, struct hf_store *store, uint32_t life)
{
	return (struct player){ .journal = run.journal, .store = store, .worker = worker,
				.random = (run.seed * 31 + worker) * 2654435761u + life };
}

/* ---- Threads and processes ------------------------------------------------------- */

static void *be_thread(void *context)
{
	struct player *player = context;
	struct hf_store *own = run.kind == CREW_THREADS_APART ? place_open(&run.scene.place) : NULL;

	if (own != NULL)
		player->store = own;
	work(player, run.plan->steps);
	hf_store_close(own);
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[JOURNAL_WORKERS];
	struct player players[JOURNAL_WORKERS];

	for (uint32_t i = 0; i < run.plan->workers; i++) {
		players[i] = make_player(i, run.scene.store, 0);
		ck_assert_int_eq(pthread_create(&threads[i], NULL, be_thread, &players[i]), 0);
	}
	for (uint32_t i = 0; i < run.plan->workers; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

struct role {
	struct child_gate gate;
	uint32_t worker;
	uint32_t life; /* how often this worker was started before */
};

static int be_process(void *context, struct child *parent)
{
	const struct role *role = context;
	struct player player = make_player(role->worker, NULL, role->life);

	(void)parent;
	player.store = place_open(&run.scene.place);
	if (run.kind == CREW_PROCESSES)
		child_gate_wait(&role->gate);
	work(&player, run.kind == CREW_KILLED ? UINT32_MAX : run.plan->steps);
	hf_store_close(player.store);
	return 0;
}

static void run_processes(void)
{
	struct child children[JOURNAL_WORKERS];
	struct role role = { .gate = child_gate_make() };

	for (uint32_t i = 0; i < run.plan->workers; i++) {
		role.worker = i;
		children[i] = child_start(be_process, &role);
	}
	child_gate_open(&role.gate);
	for (uint32_t i = 0; i < run.plan->workers; i++)
		ck_assert_int_eq(child_end(&children[i]), 0);
}

static void kill_one(struct child *child, uint32_t worker)
{
	struct journal_event *death = journal_die(run.journal, worker);

	EXPECT(atomic_load(&run.journal->is_wrong) == 0, "%s", run.journal->wrong);
	child_kill(child);
	(void)journal_end(run.journal, death, HF_OK);
}

/* Kills one after another at any moment, and starts another in its place. */
static void run_killed(void)
{
	struct player dice = make_player(JOURNAL_WORKERS, NULL, 0);
	struct child children[JOURNAL_WORKERS];
	struct role role = { .life = 0 };

	atomic_store(&run.journal->may_tear, true);
	for (role.worker = 0; role.worker < run.plan->workers; role.worker++)
		children[role.worker] = child_start(be_process, &role);
	for (role.life = 1; role.life <= run.plan->steps; role.life++) {
		wait_seconds(player_roll(&dice, KILL_WITHIN_US) / 1e6);
		role.worker = player_roll(&dice, run.plan->workers);
		kill_one(&children[role.worker], role.worker);
		children[role.worker] = child_start(be_process, &role);
	}
	for (uint32_t i = 0; i < run.plan->workers; i++)
		kill_one(&children[i], i);
}

/* ---- A run ----------------------------------------------------------------------- */

static void begin_run(void)
{
	struct place like = { .durability = HF_OS, .is_unlimited = true,
			      .padding = run.plan->padding > 0 ? run.plan->padding : 1 };
	struct player player;

	scene_open(&run.scene, &like);
	run.journal = journal_new();
	run.shared = mmap(NULL, sizeof *run.shared, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(run.shared != MAP_FAILED);
	player = make_player(JOURNAL_WORKERS - 1, run.scene.store, 0);
	for (uint32_t i = 0; i < run.plan->sessions; i++) {
		uint32_t session = journal_session(run.journal);

		(void)player_create(&player, session);
		(void)player_close(&player, HF_CLOSE_LEAVE);
		atomic_store(&run.shared->slots[i], session);
	}
}

/* Opens, reads, lists, verifies what is left: all of it is there and can be gone on with. */
static void end_run(void)
{
	struct player player = make_player(JOURNAL_WORKERS - 1, run.scene.store, 1);
	struct hf_list_options all = { .states = UINT32_MAX };
	struct hf_list *list = NULL;
	struct hf_entry entry;
	size_t count = 0;

	scene_reopen(&run.scene);
	player.store = run.scene.store;
	player_list(&player);
	EXPECT_CODE(hf_list_open(player.store, &all, NULL, &list), HF_OK, "listing");
	for (; hf_list_next(list, &entry) == HF_OK; count++) {
		uint32_t session = 0;

		EXPECT(journal_number(entry.info.id, &session), "nobody made %s", entry.info.id);
		(void)player_read(&player, session, NULL);
		if (player_open(&player, session, 0) == HF_OK) {
			(void)player_append(&player, 1);
			(void)player_close(&player, HF_CLOSE_SEAL);
			(void)player_read(&player, session, NULL);
			ck_assert_int_eq(scene_verify(&run.scene, entry.info.id).verdict, HF_INTACT);
		}
	}
	hf_list_close(list);
	ck_assert_uint_ge(count, 1);
}

static void run_once(void)
{
	size_t events;

	begin_run();
	if (run.kind == CREW_KILLED)
		run_killed();
	else if (run.kind == CREW_PROCESSES)
		run_processes();
	else
		run_threads();
	end_run();
	events = journal_check(run.journal);
	printf("%zu calls, %u sessions;", events, atomic_load(&run.journal->sessions));
	for (size_t i = 0; i < CREW_ACTION_COUNT; i++) {
		unsigned done = atomic_load(&run.shared->done[i]);

		if (run.plan->weights[i] == 0)
			continue;
		printf(" %s %u", names[i], done);
		EXPECT(done > 0, "%s was never done", names[i]);
	}
	printf("\n");
	journal_free(run.journal);
	(void)munmap(run.shared, sizeof *run.shared);
	scene_close(&run.scene);
}

void crew_run(const struct crew_plan *plan, enum crew_kind kind)
{
	double end = wait_now() + wait_budget(0);

	run = (struct run){ .plan = plan, .kind = kind, .seed = (uint32_t)wait_now_ms() };
	do {
		session_where("seed %" PRIu32, run.seed);
		run_once();
		run.seed++;
	} while (wait_now() < end);
}
