/* SPDX-License-Identifier: MIT */
/*
 * Looks for an order of a journal's events, session by session (what is done to one session
 * says nothing of another). The search goes forward through the events of all workers: of
 * those that come next, any may be the next that began before every other one of them had
 * ended. What changes nothing is taken as soon as it fits; where several that change
 * something fit, each is tried, and no state is tried twice. (After J. Wing and C. Gong,
 * "Testing and Verifying Concurrent Objects", 1993.)
 *
 * Views and listings are judged apart, because these may be of different moments: a view
 * finds what is in the log, a listing what was acknowledged.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/journal_model.h"
#include "lib/session_expect.h"

enum look { LOOK_VIEWS, LOOK_LISTS };

enum { TOLD_EVENTS = 12 }; /* of each worker, around where the search is stuck */

/* How far a search is: the events of each worker that are done, and of the next one, if it
 * is a batch, the messages. */
struct point {
	struct model model;
	uint32_t done[JOURNAL_WORKERS];
	uint32_t part[JOURNAL_WORKERS];
	uint16_t next_way; /* of those to be tried here */
};

struct search {
	enum look look;
	uint32_t session;
	struct op *ops[JOURNAL_WORKERS];
	uint32_t count[JOURNAL_WORKERS];
	struct point *points;
	size_t depth;
	size_t points_max;
	uint64_t *seen; /* open addressing; 0 is free */
	size_t seen_size;
	size_t seen_used;
	struct point furthest;
	uint64_t furthest_done;
};

/* ---- States that were met before ------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

static uint64_t mix_content(uint64_t hash, const struct content *content)
{
	hash = mix(mix(hash, content->generation), content->messages);
	hash = mix(hash, content->digest);
	return mix(hash, (uint64_t)(content->exists | content->trashed << 1 | content->closed << 2));
}

static uint64_t hash_of(const struct point *point)
{
	uint64_t hash = mix_content(1, &point->model.shown);

	if (point->model.is_hidden)
		hash = mix_content(mix(hash, 7), &point->model.hidden);
	hash = mix(hash, (uint64_t)point->model.holder << 1 | point->model.is_untouched);
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		hash = mix(hash, (uint64_t)point->done[i] << 32 | point->part[i]);
	return hash | 1;
}

static bool enter_hash(uint64_t *seen, size_t size, uint64_t hash)
{
	size_t at = (size_t)(hash >> 1) & (size - 1);

	for (; seen[at] != 0; at = (at + 1) & (size - 1)) {
		if (seen[at] == hash)
			return false;
	}
	seen[at] = hash;
	return true;
}

/* True if this has not been met before. */
static bool is_new(struct search *search, uint64_t hash)
{
	if (search->seen_used * 2 >= search->seen_size) {
		size_t size = search->seen_size > 0 ? search->seen_size * 2 : 4096;
		uint64_t *seen = session_memory(size * sizeof *seen);

		for (size_t i = 0; i < search->seen_size; i++) {
			if (search->seen[i] != 0)
				(void)enter_hash(seen, size, search->seen[i]);
		}
		free(search->seen);
		search->seen = seen;
		search->seen_size = size;
	}
	if (!enter_hash(search->seen, search->seen_size, hash))
		return false;
	search->seen_used++;
	return true;
}

/* ---- The search ------------------------------------------------------------------ */

static const struct op *next_op(const struct search *search, const struct point *point,
				unsigned worker)
{
	return point->done[worker] < search->count[worker] ?
		       &search->ops[worker][point->done[worker]] : NULL;
}

/* Whether a worker's next event may come next: no other one that waits had ended before. */
static bool may_be_next(const struct search *search, const struct point *point,
			const struct op *op)
{
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++) {
		const struct op *other = next_op(search, point, i);

		if (other != NULL && other->ended < op->begun)
			return false;
	}
	return true;
}

/* Takes all that changes nothing and fits. */
static void take_pure(const struct search *search, struct point *point)
{
	bool again = true;

	while (again) {
		again = false;
		for (unsigned i = 0; i < JOURNAL_WORKERS; i++) {
			const struct op *op = next_op(search, point, i);

			if (op == NULL || !model_is_pure(op) || !may_be_next(search, point, op) ||
			    !model_fits(&point->model, op))
				continue;
			point->done[i]++;
			again = true;
		}
	}
}

/* One step of a worker's next event that changes something. */
static bool step(const struct search *search, struct point *point, unsigned worker,
		 enum model_way way)
{
	const struct op *op = next_op(search, point, worker);

	if (op == NULL || model_is_pure(op) || !may_be_next(search, point, op) ||
	    (way == MODEL_HIDDEN && search->look == LOOK_VIEWS) ||
	    !model_do(&point->model, op, point->part[worker], way))
		return false;
	if (way != MODEL_SKIP && op->event->kind == JOURNAL_APPEND &&
	    ++point->part[worker] < op->event->count)
		return true;
	point->done[worker]++;
	point->part[worker] = 0;
	return true;
}

static uint64_t done_of(const struct point *point)
{
	uint64_t done = 0;

	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		done += point->done[i];
	return done;
}

static void push(struct search *search, const struct point *point)
{
	if (search->depth == search->points_max) {
		size_t larger = search->points_max > 0 ? search->points_max * 2 : 256;
		struct point *points = session_memory(larger * sizeof *points);

		if (search->depth > 0)
			memcpy(points, search->points, search->depth * sizeof *points);
		free(search->points);
		search->points = points;
		search->points_max = larger;
	}
	search->points[search->depth] = *point;
	search->points[search->depth++].next_way = 0;
	if (done_of(point) >= search->furthest_done) {
		search->furthest_done = done_of(point);
		search->furthest = *point;
	}
}

/* Tries the next way on from the newest point; false if there is none left. */
static bool go_on(struct search *search)
{
	struct point *top = &search->points[search->depth - 1];

	while (top->next_way < JOURNAL_WORKERS * MODEL_WAYS) {
		struct point next = *top;
		unsigned way = top->next_way++;

		if (!step(search, &next, way / MODEL_WAYS, (enum model_way)(way % MODEL_WAYS)))
			continue;
		take_pure(search, &next);
		if (is_new(search, hash_of(&next))) {
			push(search, &next);
			return true;
		}
	}
	return false;
}

static bool find_order(struct search *search)
{
	struct point start = { .model = { .holder = MODEL_NOBODY } };
	uint64_t all = 0;

	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		all += search->count[i];
	take_pure(search, &start);
	push(search, &start);
	while (search->depth > 0) {
		if (done_of(&search->points[search->depth - 1]) == all)
			return true;
		if (!go_on(search))
			search->depth--;
	}
	return false;
}

/* ---- Getting the events ready ---------------------------------------------------- */

static bool concerns(const struct search *search, const struct journal_event *event)
{
	if (event->begun == 0 || (search->look == LOOK_VIEWS ?
					  event->kind == JOURNAL_LIST || event->kind == JOURNAL_MISS :
					  event->kind == JOURNAL_READ))
		return false;
	return event->session == search->session || event->kind == JOURNAL_DIE;
}

/* The events of one session, and the deaths of all workers. */
static void collect(struct search *search, struct journal *journal, size_t used)
{
	uint32_t sizes[JOURNAL_WORKERS] = { 0 };

	for (size_t i = 0; i < used; i++)
		sizes[journal->events[i].worker] += concerns(search, &journal->events[i]);
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		search->ops[i] = session_memory(sizes[i] * sizeof *search->ops[i]);
	for (size_t i = 0; i < used; i++) {
		const struct journal_event *event = &journal->events[i];
		struct op *op = &search->ops[event->worker][search->count[event->worker]];

		if (!concerns(search, event))
			continue;
		search->count[event->worker]++;
		op->event = event;
		op->begun = event->begun;
		op->ended = atomic_load(&event->ended);
		op->is_unfinished = op->ended == 0;
	}
}

static int by_begin(const void *left, const void *right)
{
	const struct op *l = left, *r = right;

	return l->begun < r->begun ? -1 : l->begun > r->begun;
}

/* Puts a worker's events in order. A call that was cut short ends when its process is
 * dead, and the death comes after it. False if a call of the living has no end. */
static bool order(struct search *search, unsigned worker)
{
	struct op *ops = search->ops[worker];
	uint32_t count = search->count[worker];

	qsort(ops, count, sizeof *ops, by_begin);
	for (uint32_t i = 0; i < count; i++) {
		struct op death = ops[i];

		if (death.event->kind != JOURNAL_DIE)
			continue;
		for (; i + 1 < count && ops[i + 1].begun < death.ended; i++)
			ops[i] = ops[i + 1];
		ops[i] = death;
		if (i > 0 && ops[i - 1].is_unfinished)
			ops[i - 1].ended = death.ended;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (ops[i].ended == 0)
			return false;
	}
	return true;
}

/* Only what met others needs to know whether somebody was there for a moment. */
static bool met_others(const struct journal_event *event)
{
	return event->rc == HF_ERR_BUSY || event->kind == JOURNAL_LIST ||
	       event->kind == JOURNAL_DELETE || event->kind == JOURNAL_PURGE;
}

static void excuse(const struct search *search, struct op *op)
{
	for (unsigned i = 0; i < JOURNAL_WORKERS && met_others(op->event); i++) {
		for (uint32_t j = 0; j < search->count[i] && !op->is_excused; j++) {
			const struct op *other = &search->ops[i][j];

			op->is_excused = i != op->event->worker && model_locks(other->event->kind) &&
					 other->begun < op->ended && op->begun < other->ended;
		}
	}
}

/* ---- Telling --------------------------------------------------------------------- */

static void tell_op(const struct op *op, bool is_next)
{
	const struct journal_event *event = op->event;

	printf("  %c worker %2u %8" PRIu64 "..%-8" PRIu64 " %s", is_next ? '>' : ' ', event->worker,
	       op->begun, op->ended, model_name(event->kind));
	if (event->kind == JOURNAL_APPEND || event->kind == JOURNAL_SAVE)
		printf(" %" PRIu32 " from %" PRIu32, event->count, event->serial);
	if (event->kind == JOURNAL_READ || event->kind == JOURNAL_LIST)
		printf(" generation %" PRIu32 ", %" PRIu32 " messages", event->generation, event->count);
	if (event->kind == JOURNAL_LIST)
		printf(", %s", hf_state_name((enum hf_state)event->state));
	printf(": %s\n", op->is_unfinished ? "(killed)" : hf_error_name(event->rc));
}

static void tell(const struct search *search)
{
	const struct model *model = &search->furthest.model;
	const struct content *content = &model->shown;

	printf("session %" PRIu32 ", %s: no order; the longest ends with generation %" PRIu32
	       ", %" PRIu32 " messages,%s%s%s holder %d\n",
	       search->session, search->look == LOOK_VIEWS ? "views" : "listings",
	       content->generation, content->messages, content->exists ? "" : " gone,",
	       content->trashed ? " in the trash," : "", content->closed ? " closed," : "",
	       model->holder == MODEL_NOBODY ? -1 : (int)model->holder);
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++) {
		uint32_t next = search->furthest.done[i];
		uint32_t from = next > TOLD_EVENTS / 2 ? next - TOLD_EVENTS / 2 : 0;

		for (uint32_t j = from; j < search->count[i] && j < from + TOLD_EVENTS; j++)
			tell_op(&search->ops[i][j], j == next);
	}
	(void)fflush(stdout);
}

static bool check_session(struct journal *journal, uint32_t session, size_t used,
			  enum look look)
{
	struct search search = { .look = look, .session = session };
	bool found = true;

	collect(&search, journal, used);
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		found = order(&search, i) && found;
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++) {
		for (uint32_t j = 0; j < search.count[i]; j++)
			excuse(&search, &search.ops[i][j]);
	}
	found = found && find_order(&search);
	if (!found)
		tell(&search);
	for (unsigned i = 0; i < JOURNAL_WORKERS; i++)
		free(search.ops[i]);
	free(search.points);
	free(search.seen);
	return found;
}

bool journal_judge(struct journal *journal)
{
	size_t used = atomic_load(&journal->used);
	uint32_t sessions = atomic_load(&journal->sessions);

	for (uint32_t i = 0; i < sessions && atomic_load(&journal->is_wrong) == 0; i++) {
		if (!check_session(journal, i, used, LOOK_VIEWS) ||
		    !check_session(journal, i, used, LOOK_LISTS))
			journal_wrong(journal, "the calls on session %" PRIu32
				      " cannot have been made one after the other", i);
	}
	return atomic_load(&journal->is_wrong) == 0;
}

size_t journal_check(struct journal *journal)
{
	EXPECT(journal_judge(journal), "%s", journal->wrong);
	return atomic_load(&journal->used);
}
