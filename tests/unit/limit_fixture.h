/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the file of rate limits share: real files under a clock and a start of
 * the machine that the test sets, and short ways to use and to look at the file.
 */
#ifndef UNIT_LIMIT_FIXTURE_H
#define UNIT_LIMIT_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/scratch.h"
#include "limit/image.h"
#include "limit/limit_file.h"

enum { US_PER_MS = 1000, MINUTE_MS = 60000 };

static const int64_t minute_us = INT64_C(60000000);

/* ---- The machine as the test wants it ---------------------------------------------- */

static struct {
	struct scratch scratch;
	int64_t now_us;
	int64_t slept_us;
	int boot_number; /* negative: -errno */
	uid_t user;
	void (*on_lock)(void); /* called once, before a lock is asked for; the same below */
	void (*on_time)(void);
	void (*on_sleep)(void);
	struct report report;
	char log[4000];
} rig;

static inline void call_once(void (**hook)(void))
{
	void (*function)(void) = *hook;

	*hook = NULL;
	if (function != NULL)
		function();
}

static inline int get_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	call_once(&rig.on_time);
	*ret_time_us = rig.now_us;
	return 0;
}

static inline int get_wall_time(void *context, int64_t *ret_time_us)
{
	(void)context;
	(void)ret_time_us;
	ck_abort_msg("the wall clock was asked");
	return -EINVAL;
}

static inline int do_sleep(void *context, int64_t duration_us)
{
	(void)context;
	rig.slept_us += duration_us;
	call_once(&rig.on_sleep);
	return 0;
}

static inline int get_boot_id(void *context, uint8_t ret_id[16])
{
	(void)context;
	if (rig.boot_number < 0)
		return rig.boot_number;
	memset(ret_id, 'a' + rig.boot_number, 16);
	return 0;
}

static inline int take_lock(void *context, int fd, enum sys_lock lock)
{
	if (lock == SYS_LOCK_EXCLUSIVE)
		call_once(&rig.on_lock);
	return sys_posix()->lock(context, fd, lock);
}

static inline uid_t get_user(void *context)
{
	(void)context;
	return rig.user;
}

static inline int do_not_sync(void *context, int fd)
{
	(void)context;
	(void)fd;
	ck_abort_msg("something was synced");
	return -EIO;
}

static inline const struct sys *machine(void)
{
	static struct sys sys;

	sys = *sys_posix();
	sys.steady_time = get_time;
	sys.wall_time = get_wall_time;
	sys.sleep = do_sleep;
	sys.boot_id = get_boot_id;
	sys.lock = take_lock;
	sys.user = get_user;
	sys.sync_all = do_not_sync;
	sys.sync_data = do_not_sync;
	return &sys;
}

/* ---- Using the file ---------------------------------------------------------------- */

static inline void keep_log(void *context, enum hf_log_level level, const char *message)
{
	size_t size = strlen(rig.log);

	(void)context;
	(void)snprintf(rig.log + size, sizeof rig.log - size, "%d %s\n", (int)level, message);
}

static const struct hf_limit three = { .key_max = 3, .key_window_ms = MINUTE_MS };

static inline void set_up(void)
{
	rig.scratch = scratch_open();
	rig.now_us = 1000 * minute_us;
	rig.boot_number = 0;
	rig.user = geteuid();
	rig.report = report_make(keep_log, NULL);
	rig.log[0] = '\0';
}

static inline void tear_down(void)
{
	scratch_close(&rig.scratch);
}

/* Every call through a new object, as another process would make it. */
static inline int use_with(const struct sys *sys, enum limit_step step, const char *key,
			   const struct hf_limit *limit)
{
	struct limit_file file = { .sys = sys, .dir_fd = rig.scratch.fd, .cleanup_interval_ms = 60000 };
	struct limit_attempt attempt = { "resume", key, limit };

	report_clear(&rig.report);
	return limit_file_do(&file, &rig.report, &attempt, step);
}

static inline int take(const char *key)
{
	return use_with(machine(), LIMIT_TAKE, key, &three);
}

static inline int check(const char *key)
{
	return use_with(machine(), LIMIT_CHECK, key, &three);
}

static inline void fill(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		ck_assert_int_eq(take("key"), HF_OK);
		rig.now_us += US_PER_MS;
	}
}

static inline void expect_wait(int rc, int64_t wait_ms)
{
	ck_assert_int_eq(rc, HF_ERR_RATE_LIMITED);
	ck_assert_int_eq(rig.report.detail.code, HF_ERR_RATE_LIMITED);
	ck_assert_int_eq(rig.report.detail.wait_ms, wait_ms);
}

/* How many attempts the newest whole image has; -1: there is none. */
static inline int count_events(void)
{
	static struct window_event events[WINDOW_EVENTS_MAX];
	struct image image;
	uint64_t counter = 0;
	size_t size = 0;
	int count = -1;
	char *bytes;

	if (!scratch_exists(rig.scratch.fd, LIMIT_FILE_NAME))
		return -1;
	bytes = scratch_get(rig.scratch.fd, LIMIT_FILE_NAME, &size);
	for (size_t at = 0; at + IMAGE_SIZE_MAX <= size; at += IMAGE_PLACE_SIZE) {
		const uint8_t *place = (const uint8_t *)bytes + at;

		if (image_peek(place, &image) && image.counter > counter &&
		    image_decode(place, image_size(image.count), &image, events)) {
			counter = image.counter;
			count = (int)image.count;
		}
	}
	free(bytes);
	return count;
}

/* Puts an image into an empty file that is there. */
static inline void put_image(const struct image *image, const struct window_event *events)
{
	static uint8_t bytes[IMAGE_SIZE_MAX];

	image_encode(image, events, bytes);
	scratch_poke(rig.scratch.fd, LIMIT_FILE_NAME, image_place(image->counter) * IMAGE_PLACE_SIZE,
		     bytes, image_size(image->count));
}

static inline bool log_has(const char *text)
{
	return strstr(rig.log, text) != NULL;
}

#define WARNED "2 limits: damaged"
#define NEW "1 limits: new"
#define REBOOTED "1 limits: of an earlier start"

/* What a damaged file leads to: the next process gets in, and knows of so many. */
static inline int look_and_go_on(void)
{
	int known;

	rig.log[0] = '\0';
	ck_assert_int_eq(use_with(machine(), LIMIT_RECORD, "key", &three), HF_OK);
	known = count_events() - 1;
	ck_assert_int_ge(known, 0);
	ck_assert_int_eq(scratch_size(rig.scratch.fd, LIMIT_FILE_NAME), IMAGE_FILE_SIZE);
	return known;
}

static inline void keep_copy(void)
{
	scratch_copy(rig.scratch.fd, LIMIT_FILE_NAME, rig.scratch.fd, "copy");
}

static inline void restore_copy(void)
{
	scratch_remove(rig.scratch.fd, LIMIT_FILE_NAME);
	scratch_copy(rig.scratch.fd, "copy", rig.scratch.fd, LIMIT_FILE_NAME);
}

static inline bool is_as_copied(void)
{
	size_t size, copy_size;
	char *bytes = scratch_get(rig.scratch.fd, LIMIT_FILE_NAME, &size);
	char *copy = scratch_get(rig.scratch.fd, "copy", &copy_size);
	bool is_same = size == copy_size && memcmp(bytes, copy, size) == 0;

	free(bytes);
	free(copy);
	return is_same;
}

#endif
