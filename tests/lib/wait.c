/* SPDX-License-Identifier: MIT */
#include "lib/wait.h"

#include <stdlib.h>
#include <time.h>

enum { DELAY_MAX_MS = 50 };

double wait_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t wait_now_ms(void)
{
	return (int64_t)(wait_now() * 1000);
}

void wait_seconds(double seconds)
{
	struct timespec pause = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	(void)nanosleep(&pause, NULL);
}

void wait_ms(int64_t ms)
{
	wait_seconds((double)ms / 1000);
}

bool wait_until(bool (*is_so)(void *context), void *context, int64_t limit_ms)
{
	int64_t end = wait_now_ms() + limit_ms;
	int64_t delay = 1;

	while (!is_so(context)) {
		if (wait_now_ms() >= end)
			return false;
		wait_ms(delay);
		delay = delay * 2 < DELAY_MAX_MS ? delay * 2 : DELAY_MAX_MS;
	}
	return true;
}

double wait_budget(double seconds)
{
	const char *asked = getenv("CRASH_SECONDS");

	return asked != NULL ? strtod(asked, NULL) : seconds;
}
