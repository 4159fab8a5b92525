/* SPDX-License-Identifier: MIT */
#include "limit/window.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/invariant.h"

enum { US_PER_MS = 1000 };

/* One of a limit's two windows. */
struct measure {
	const uint8_t *operation;
	const uint8_t *key; /* NULL: of any key */
	uint32_t max;       /* 0: off */
	int64_t span_us;
};

static bool is_live(const struct window_event *event, int64_t at_us)
{
	return at_us - event->time_us < (int64_t)event->life_ms * US_PER_MS;
}

/* How many of the events that are there now are still in a window at some moment. */
static uint32_t count_at(const struct window *window, const struct measure *measure, int64_t at_us)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < window->count; i++) {
		const struct window_event *event = &window->events[i];
		const struct window_subject *subject = &event->subject;

		if (at_us - event->time_us < measure->span_us && is_live(event, at_us) &&
		    memcmp(subject->operation, measure->operation, sizeof subject->operation) == 0 &&
		    (measure->key == NULL ||
		     memcmp(subject->key, measure->key, sizeof subject->key) == 0))
			count++;
	}
	return count;
}

/*
 * The time until a window has room, 0 if it has. Events only leave as time goes by, so the
 * moment can be found by halving, which needs no order among them: they may live for
 * different times. After the whole span none is left.
 */
static int64_t measure_wait(const struct window *window, const struct measure *measure,
			    int64_t now_us)
{
	int64_t refused_us = 0;
	int64_t admitted_us = measure->span_us;

	if (measure->max == 0 || count_at(window, measure, now_us) < measure->max)
		return 0;
	while (admitted_us - refused_us > 1) {
		int64_t middle_us = refused_us + (admitted_us - refused_us) / 2;

		if (count_at(window, measure, now_us + middle_us) < measure->max)
			admitted_us = middle_us;
		else
			refused_us = middle_us;
	}
	return admitted_us;
}

/* The time until there is room for one more event; not positive if there is. */
static int64_t room_wait(const struct window *window, int64_t now_us)
{
	int64_t wait_us = INT64_MAX;

	if (window->count < WINDOW_EVENTS_MAX)
		return 0;
	for (uint32_t i = 0; i < window->count; i++) {
		const struct window_event *event = &window->events[i];
		int64_t left_us = event->time_us + (int64_t)event->life_ms * US_PER_MS - now_us;

		if (left_us < wait_us)
			wait_us = left_us;
	}
	return wait_us;
}

/* All that an attempt waits for has come when the last of it has. */
static void wait_longer(struct window_answer *answer, enum window_reason reason, int64_t wait_us)
{
	if (wait_us > answer->wait_us)
		*answer = (struct window_answer){ reason, wait_us };
}

uint32_t window_life_ms(const struct hf_limit *limit)
{
	uint32_t key_ms = limit->key_max != 0 ? limit->key_window_ms : 0;
	uint32_t global_ms = limit->global_max != 0 ? limit->global_window_ms : 0;

	return key_ms > global_ms ? key_ms : global_ms;
}

struct window_answer window_check(const struct window *window, const struct hf_limit *limit,
				  const struct window_subject *subject, int64_t now_us)
{
	struct window_answer answer = { WINDOW_ADMITTED, 0 };
	struct measure of_key = { subject->operation, subject->key, limit->key_max,
				  (int64_t)limit->key_window_ms * US_PER_MS };
	struct measure of_all = { subject->operation, NULL, limit->global_max,
				  (int64_t)limit->global_window_ms * US_PER_MS };

	INVARIANT(window->count == 0 || window->events[window->count - 1].time_us <= now_us);
	if (window_life_ms(limit) == 0)
		return answer;
	wait_longer(&answer, WINDOW_KEY, measure_wait(window, &of_key, now_us));
	wait_longer(&answer, WINDOW_GLOBAL, measure_wait(window, &of_all, now_us));
	wait_longer(&answer, WINDOW_FULL, room_wait(window, now_us));
	return answer;
}

struct window_answer window_record(struct window *window, const struct hf_limit *limit,
				   const struct window_subject *subject, int64_t now_us)
{
	struct window_answer answer = { WINDOW_ADMITTED, 0 };
	uint32_t life_ms = window_life_ms(limit);

	INVARIANT(window->count == 0 || window->events[window->count - 1].time_us <= now_us);
	if (life_ms == 0)
		return answer;
	INVARIANT(life_ms <= WINDOW_MS_MAX);
	window_drop_expired(window, now_us);
	wait_longer(&answer, WINDOW_FULL, room_wait(window, now_us));
	if (answer.reason == WINDOW_ADMITTED)
		window->events[window->count++] = (struct window_event){ now_us, life_ms, *subject };
	return answer;
}

struct window_answer window_take(struct window *window, const struct hf_limit *limit,
				 const struct window_subject *subject, int64_t now_us)
{
	struct window_answer answer = window_check(window, limit, subject, now_us);

	return answer.reason == WINDOW_ADMITTED ? window_record(window, limit, subject, now_us) :
						  answer;
}

void window_drop_expired(struct window *window, int64_t now_us)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < window->count; i++) {
		if (is_live(&window->events[i], now_us))
			window->events[kept++] = window->events[i];
	}
	window->count = kept;
}
