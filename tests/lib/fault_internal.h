/* SPDX-License-Identifier: MIT */
/* What the files of fault_sys share. Not for tests. */
#ifndef LIB_FAULT_INTERNAL_H
#define LIB_FAULT_INTERNAL_H

#include <pthread.h>

#include "lib/fault_sys.h"

enum { FAULT_LEAKS_SIZE = 2048, FAULT_NAME_SIZE = 64 };

/* Something acquired: a descriptor, a map or a secret. */
struct held {
	struct held *next;
	enum fault_call by; /* FAULT_OPEN_AT, FAULT_MAP or FAULT_SECRET_NEW */
	int fd;
	bool locked;
	const void *memory;
	size_t size;
	char name[FAULT_NAME_SIZE];
};

struct fault_sys {
	struct sys table;
	const struct sys *inner;
	pthread_mutex_t mutex;
	struct fault_plan plan;
	bool fired;
	bool dead;
	enum fault_call failing; /* this function fails from now on */
	unsigned failures_left;  /* so many times */
	uint64_t counts[FAULT_CALL_COUNT];
	uint64_t total;
	uint8_t *trace;
	size_t trace_room;
	struct held *held;
	char leaks[FAULT_LEAKS_SIZE];
};

/* What becomes of one call. */
struct decision {
	bool run;      /* the inner call is made */
	bool one;      /* with one byte */
	bool half;     /* with half of the bytes */
	int result;    /* < 0: what is returned whatever came of it */
};

/* Counts a call and says what becomes of it. */
struct decision fault_decide(struct fault_sys *fault, enum fault_call call);
/* Enters something acquired in the list, or strikes it off. */
void fault_hold(struct fault_sys *fault, struct held held, const char *name);
void fault_let_go(struct fault_sys *fault, enum fault_call by, int fd, const void *memory);
/* Enters whether a descriptor holds a lock. */
void fault_set_locked(struct fault_sys *fault, int fd, bool locked);

/* The functions, without a context. */
extern const struct sys fault_table;

#endif
