/* SPDX-License-Identifier: MIT */
#include "lib/fault_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Present in programs that count allocations; see alloc_fault.h. */
__attribute__((weak)) void alloc_fault_pause(void);
__attribute__((weak)) void alloc_fault_resume(void);

static void enter(struct fault_sys *fault)
{
	if (alloc_fault_pause != NULL)
		alloc_fault_pause();
	(void)pthread_mutex_lock(&fault->mutex);
}

static void leave(struct fault_sys *fault)
{
	(void)pthread_mutex_unlock(&fault->mutex);
	if (alloc_fault_resume != NULL)
		alloc_fault_resume();
}

static void *must(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void count_call(struct fault_sys *fault, enum fault_call call)
{
	if (fault->total >= fault->trace_room) {
		fault->trace_room = fault->trace_room * 2 + 256;
		fault->trace = must(realloc(fault->trace, fault->trace_room));
	}
	fault->trace[fault->total] = (uint8_t)call;
	fault->total++;
	fault->counts[call]++;
}

static bool is_planned(const struct fault_sys *fault, enum fault_call call)
{
	const struct fault_plan *plan = &fault->plan;

	if (plan->kind == FAULT_NONE || fault->fired)
		return false;
	if (plan->call == FAULT_ANY)
		return fault->total == plan->nth;
	return plan->call == call && fault->counts[call] == plan->nth;
}

/* Carries out the plan at its call. */
static struct decision strike(struct fault_sys *fault, enum fault_call call)
{
	struct decision decision = { .run = true };
	int errno_value = fault->plan.errno_value;

	fault->fired = true;
	switch (fault->plan.kind) {
	case FAULT_ERRNO_EVER:
		fault->failing = call;
		fault->failures_left = UINT32_MAX;
		/* fall through */
	case FAULT_ERRNO:
		decision.run = false;
		decision.result = -errno_value;
		break;
	case FAULT_ERRNO_LATE:
		decision.result = -errno_value;
		break;
	case FAULT_SHORT_ONE:
		decision.one = true;
		break;
	case FAULT_TORN:
	case FAULT_TORN_EVER:
		fault->failing = call;
		fault->failures_left = fault->plan.kind == FAULT_TORN ? 1 : UINT32_MAX;
		/* fall through */
	case FAULT_SHORT_HALF:
		decision.half = true;
		break;
	case FAULT_DIE_MIDDLE:
		decision.half = true;
		/* fall through */
	case FAULT_DIE_BEFORE:
		decision.run = decision.half;
		decision.result = -EIO;
		fault->dead = true;
		break;
	case FAULT_DIE_AFTER:
		fault->dead = true;
		break;
	case FAULT_NONE:
		break;
	}
	return decision;
}

struct decision fault_decide(struct fault_sys *fault, enum fault_call call)
{
	struct decision decision = { .run = true };
	bool gives_back = call == FAULT_CLOSE || call == FAULT_UNMAP;

	enter(fault);
	if (fault->dead) {
		decision.run = false;
		decision.result = -EIO;
	} else {
		count_call(fault, call);
		if (is_planned(fault, call)) {
			decision = strike(fault, call);
		} else if (fault->failures_left > 0 && fault->failing == call) {
			fault->failures_left--;
			decision.run = false;
			decision.result = -fault->plan.errno_value;
		}
	}
	/* The kernel takes these back whatever it says of it, and when a process dies. */
	decision.run = decision.run || gives_back;
	leave(fault);
	return decision;
}

void fault_hold(struct fault_sys *fault, struct held held, const char *name)
{
	struct held *entry;

	enter(fault);
	entry = must(malloc(sizeof *entry));
	*entry = held;
	(void)snprintf(entry->name, sizeof entry->name, "%s", name);
	entry->next = fault->held;
	fault->held = entry;
	leave(fault);
}

/* Takes one off the list; NULL: it was not on it. */
static struct held *take(struct fault_sys *fault, enum fault_call by, int fd, const void *memory)
{
	struct held **link = &fault->held;
	struct held *entry;

	while (*link != NULL &&
	       ((*link)->by != by || (*link)->fd != fd || (*link)->memory != memory))
		link = &(*link)->next;
	entry = *link;
	if (entry != NULL)
		*link = entry->next;
	return entry;
}

void fault_let_go(struct fault_sys *fault, enum fault_call by, int fd, const void *memory)
{
	enter(fault);
	free(take(fault, by, fd, memory));
	leave(fault);
}

void fault_set_locked(struct fault_sys *fault, int fd, bool locked)
{
	enter(fault);
	for (struct held *held = fault->held; held != NULL; held = held->next) {
		if (held->by == FAULT_OPEN_AT && held->fd == fd)
			held->locked = locked;
	}
	leave(fault);
}


struct fault_sys *fault_sys_new(const struct sys *inner)
{
	struct fault_sys *fault;

	if (alloc_fault_pause != NULL)
		alloc_fault_pause();
	fault = must(calloc(1, sizeof *fault));
	fault->table = fault_table;
	fault->table.context = fault;
	fault->inner = inner;
	(void)pthread_mutex_init(&fault->mutex, NULL);
	if (alloc_fault_resume != NULL)
		alloc_fault_resume();
	return fault;
}

static void give_back(struct fault_sys *fault, const struct held *held)
{
	const struct sys *inner = fault->inner;

	if (held->by == FAULT_OPEN_AT)
		(void)inner->close(inner->context, held->fd);
	else if (held->by == FAULT_MAP)
		(void)inner->unmap(inner->context, held->memory, held->size);
	else
		inner->secret_free(inner->context, (void *)(uintptr_t)held->memory, held->size);
}

void fault_sys_free(struct fault_sys *fault)
{
	if (fault == NULL)
		return;
	while (fault->held != NULL) {
		struct held *held = fault->held;

		fault->held = held->next;
		give_back(fault, held);
		free(held);
	}
	(void)pthread_mutex_destroy(&fault->mutex);
	free(fault->trace);
	free(fault);
}

const struct sys *fault_sys(struct fault_sys *fault)
{
	return &fault->table;
}

void fault_sys_arm(struct fault_sys *fault, const struct fault_plan *plan)
{
	fault_sys_disarm(fault);
	enter(fault);
	fault->plan = *plan;
	fault->fired = false;
	fault->total = 0;
	memset(fault->counts, 0, sizeof fault->counts);
	leave(fault);
}

void fault_sys_disarm(struct fault_sys *fault)
{
	enter(fault);
	fault->plan.kind = FAULT_NONE;
	fault->dead = false;
	fault->failures_left = 0;
	leave(fault);
}

bool fault_sys_fired(struct fault_sys *fault)
{
	return fault->fired;
}

bool fault_sys_is_dead(struct fault_sys *fault)
{
	return fault->dead;
}

uint64_t fault_sys_count(struct fault_sys *fault, enum fault_call call)
{
	return call == FAULT_ANY ? fault->total : fault->counts[call];
}

struct fault_trace fault_sys_trace(struct fault_sys *fault)
{
	return (struct fault_trace){ fault->trace, fault->total };
}

const char *fault_sys_leaks(struct fault_sys *fault)
{
	size_t used = 0;

	fault->leaks[0] = '\0';
	for (struct held *held = fault->held; held != NULL && used < sizeof fault->leaks;
	     held = held->next)
		used += (size_t)snprintf(fault->leaks + used, sizeof fault->leaks - used,
					 "%s %d %s%s\n", fault_call_name(held->by), held->fd,
					 held->name, held->locked ? " locked" : "");
	return fault->leaks;
}

size_t fault_sys_locks(struct fault_sys *fault)
{
	size_t count = 0;

	for (struct held *held = fault->held; held != NULL; held = held->next)
		count += held->locked;
	return count;
}
