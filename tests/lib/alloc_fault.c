/* SPDX-License-Identifier: MIT */
#include "lib/alloc_fault.h"

#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool counting;
static bool fails_for_ever;
static bool fired;
static uint64_t calls;
static uint64_t fail_at; /* 0: never */
static _Thread_local unsigned paused;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static void start(uint64_t nth, bool for_ever)
{
	(void)pthread_mutex_lock(&mutex);
	counting = true;
	fails_for_ever = for_ever;
	fired = false;
	calls = 0;
	fail_at = nth;
	(void)pthread_mutex_unlock(&mutex);
}

void alloc_fault_count(void)
{
	start(0, false);
}

void alloc_fault_fail(uint64_t nth, bool for_ever)
{
	start(nth, for_ever);
}

uint64_t alloc_fault_stop(void)
{
	uint64_t count;

	(void)pthread_mutex_lock(&mutex);
	count = calls;
	counting = false;
	(void)pthread_mutex_unlock(&mutex);
	return count;
}

bool alloc_fault_fired(void)
{
	bool result;

	(void)pthread_mutex_lock(&mutex);
	result = fired;
	(void)pthread_mutex_unlock(&mutex);
	return result;
}

void alloc_fault_pause(void)
{
	paused++;
}

void alloc_fault_resume(void)
{
	paused--;
}

static bool must_fail(void)
{
	bool fail = false;

	if (paused > 0)
		return false;
	(void)pthread_mutex_lock(&mutex);
	if (counting) {
		calls++;
		fail = fail_at != 0 && (calls == fail_at || (fails_for_ever && calls > fail_at));
		fired = fired || fail;
	}
	(void)pthread_mutex_unlock(&mutex);
	return fail;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return must_fail() ? NULL : __real_realloc(memory, size);
}
