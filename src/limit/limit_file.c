/* SPDX-License-Identifier: MIT */
#include "limit/limit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "crypto/kdf.h"
#include "limit/image.h"

enum {
	US_PER_MS = 1000,
	DELAY_MIN_US = 20,
	DELAY_MAX_US = 5000,
	PATIENCE_US = 3000000,
	REPLACED_MAX = 16, /* the file may be removed that often while it is opened */
	LOOKS_MAX = 12,    /* at a file that is being written to */
	START_EVENTS = 24,
	/* Read of each image at once: all of it, as a rule. */
	START_SIZE = IMAGE_HEAD_SIZE + START_EVENTS * IMAGE_EVENT_SIZE,
	FILE_MODE = 0600,
	OTHERS_WRITE = 022,
};

/* What is in the file, as far as it counts. */
enum content {
	CONTENT_GOOD,
	CONTENT_BLANK,   /* nothing was ever written */
	CONTENT_REBOOT,  /* of an earlier start of the machine */
	CONTENT_DAMAGED,
};

/* One call. */
struct use {
	struct limit_file *file;
	const struct sys *sys;
	struct report *report;
	int fd;          /* -1: there is no file */
	bool is_locked;
	uint64_t size;   /* of the locked file */
	uint8_t boot[IMAGE_BOOT_SIZE];
	int64_t now_us;
	struct image image;   /* the newest; all zeros: there is none that counts */
	struct window window; /* those of its events that live; released with the use */
};

static int fail(struct report *report, int64_t result, const char *operation)
{
	int errno_value = (int)-result;
	bool is_odd = errno_value == ELOOP || errno_value == EISDIR || errno_value == ENXIO ||
		      errno_value == ENOTDIR;
	bool is_gone = errno_value == ENOENT || errno_value == EEXIST;
	int code;

	if (!is_odd && !is_gone)
		return report_errno(report, errno_value, operation, LIMIT_FILE_NAME);
	code = report_fail(report, is_odd ? HF_ERR_DENIED : HF_ERR_IO, operation,
			   LIMIT_FILE_NAME ": %s (errno %d)",
			   is_odd ? "not what the store puts there, but a link or special file" :
				    "the directory that holds it has been removed",
			   errno_value);
	report->detail.os_errno = errno_value;
	return code;
}

/* ---- The machine's start -------------------------------------------------------- */

/* Threads that race write the same. Where the start cannot be told (no /proc), it is
 * zeros, which count as equal to any, so that nobody forgets what another has recorded. A
 * table of an earlier start is then known by its times, or keeps somebody out for a window
 * at most. */
static void get_boot(struct limit_file *file, uint8_t ret_boot[static IMAGE_BOOT_SIZE])
{
	uint8_t bytes[IMAGE_BOOT_SIZE] = { 0 };
	uint64_t halves[2];

	if (__atomic_load_n(&file->is_known, __ATOMIC_ACQUIRE)) {
		halves[0] = __atomic_load_n(&file->boot[0], __ATOMIC_RELAXED);
		halves[1] = __atomic_load_n(&file->boot[1], __ATOMIC_RELAXED);
		memcpy(ret_boot, halves, IMAGE_BOOT_SIZE);
		return;
	}
	if (file->sys->boot_id(file->sys->context, bytes) == 0) {
		memcpy(halves, bytes, IMAGE_BOOT_SIZE);
		__atomic_store_n(&file->boot[0], halves[0], __ATOMIC_RELAXED);
		__atomic_store_n(&file->boot[1], halves[1], __ATOMIC_RELAXED);
		__atomic_store_n(&file->is_known, true, __ATOMIC_RELEASE);
	}
	memcpy(ret_boot, bytes, IMAGE_BOOT_SIZE);
}

static bool is_same_boot(const uint8_t one[static IMAGE_BOOT_SIZE],
			 const uint8_t other[static IMAGE_BOOT_SIZE])
{
	static const uint8_t unknown[IMAGE_BOOT_SIZE];

	return memcmp(one, other, IMAGE_BOOT_SIZE) == 0 ||
	       memcmp(one, unknown, IMAGE_BOOT_SIZE) == 0 ||
	       memcmp(other, unknown, IMAGE_BOOT_SIZE) == 0;
}

/* ---- Opening and locking -------------------------------------------------------- */

static int check_file(const struct use *use, const struct stat *found)
{
	const char *what = NULL;

	if (!S_ISREG(found->st_mode))
		what = "not a regular file";
	else if (found->st_uid != use->sys->user(use->sys->context))
		what = "belongs to another user";
	else if (found->st_nlink > 1)
		what = "has other names as well";
	else if ((found->st_mode & OTHERS_WRITE) != 0)
		what = "can be written to by others; make it private: chmod 600 it";
	if (what == NULL)
		return HF_OK;
	return report_fail(use->report, HF_ERR_DENIED, "open", LIMIT_FILE_NAME ": %s", what);
}

/* Closing alone would leave the lock to a child that was forked meanwhile. */
static void close_file(struct use *use)
{
	if (use->is_locked)
		(void)use->sys->lock(use->sys->context, use->fd, SYS_LOCK_NONE);
	use->is_locked = false;
	if (use->fd >= 0)
		(void)use->sys->close(use->sys->context, use->fd);
	use->fd = -1;
}

static int open_flags(const struct use *use, int flags)
{
	return use->sys->open_at(use->sys->context, use->file->dir_fd, LIMIT_FILE_NAME,
				 flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, FILE_MODE);
}

/* Opens the file for writing, and makes it if it is missing; or for reading, and then the
 * descriptor is -1 if it is. limit_file_do closes it. */
static int open_file(struct use *use, bool writes, struct stat *ret_stat)
{
	int fd = open_flags(use, writes ? O_RDWR : O_RDONLY);
	int rc;

	if (fd == -ENOENT && !writes)
		return HF_OK;
	/* Not at once with O_CREAT, which locks the directory although nothing is made. */
	if (fd == -ENOENT)
		fd = open_flags(use, O_RDWR | O_CREAT);
	if (fd < 0)
		return fail(use->report, fd, "open");
	use->fd = fd;
	rc = use->sys->stat(use->sys->context, fd, ret_stat);
	return rc < 0 ? fail(use->report, rc, "fstat") : check_file(use, ret_stat);
}

/* Takes the lock on the open file, waiting as long as *patience_us lasts. */
static int wait_for_lock(struct use *use, int64_t *patience_us)
{
	const struct sys *sys = use->sys;
	int64_t delay_us = DELAY_MIN_US;
	int rc = sys->lock(sys->context, use->fd, SYS_LOCK_EXCLUSIVE);

	while (rc == -EAGAIN && *patience_us > 0) {
		rc = sys->sleep(sys->context, delay_us);
		if (rc < 0)
			return fail(use->report, rc, "sleep");
		*patience_us -= delay_us;
		delay_us = delay_us * 2 < DELAY_MAX_US ? delay_us * 2 : DELAY_MAX_US;
		rc = sys->lock(sys->context, use->fd, SYS_LOCK_EXCLUSIVE);
	}
	if (rc == -EAGAIN)
		return report_fail(use->report, HF_ERR_BUSY, "lock",
				   LIMIT_FILE_NAME ": held by another process");
	return rc < 0 ? fail(use->report, rc, "lock") : HF_OK;
}

/* A lock on a file that has lost its name keeps nobody out. After the lock, since before it
 * another may have changed the size. */
static int find_name(struct use *use, const struct stat *opened, bool *ret_current)
{
	struct stat named;
	int rc = use->sys->stat_at(use->sys->context, use->file->dir_fd, LIMIT_FILE_NAME, &named);

	if (rc < 0 && rc != -ENOENT)
		return fail(use->report, rc, "fstatat");
	*ret_current = rc == 0 && named.st_dev == opened->st_dev && named.st_ino == opened->st_ino;
	if (*ret_current)
		use->size = (uint64_t)named.st_size;
	return HF_OK;
}

/* Opens the file, making it if need be, with its lock held. */
static int open_locked(struct use *use)
{
	int64_t patience_us = PATIENCE_US;

	for (unsigned i = 0; i < REPLACED_MAX; i++) {
		struct stat opened;
		bool is_current = false;
		int rc = open_file(use, true, &opened);

		if (rc == HF_OK)
			rc = wait_for_lock(use, &patience_us);
		use->is_locked = rc == HF_OK;
		if (rc == HF_OK)
			rc = find_name(use, &opened, &is_current);
		if (rc != HF_OK || is_current)
			return rc;
		close_file(use);
	}
	return report_fail(use->report, HF_ERR_BUSY, "lock",
			   LIMIT_FILE_NAME ": is being removed again and again");
}

/* ---- Reading -------------------------------------------------------------------- */

/* The start of the image at one place. */
struct candidate {
	uint8_t bytes[START_SIZE]; /* zeros where the file has none */
	struct image image;        /* what its head claims; counter 0: it is no image's */
};

static int read_start(const struct use *use, unsigned place, struct candidate *ret_candidate)
{
	ssize_t size;

	memset(ret_candidate, 0, sizeof *ret_candidate);
	size = sys_read_some(use->sys, use->fd, ret_candidate->bytes, START_SIZE,
			     (uint64_t)place * IMAGE_PLACE_SIZE);
	if (size < 0)
		return fail(use->report, size, "pread");
	if (!image_peek(ret_candidate->bytes, &ret_candidate->image) ||
	    image_place(ret_candidate->image.counter) != place)
		ret_candidate->image.counter = 0;
	return HF_OK;
}

/* Reads all of an image; *ret_good tells whether it is whole. The use then has its events,
 * with room for one more. */
static int read_image(struct use *use, const struct candidate *candidate, bool *ret_good)
{
	size_t size = image_size(candidate->image.count);
	size_t start = size < START_SIZE ? size : (size_t)START_SIZE;
	uint8_t *bytes = mem_new(size, 1);
	ssize_t more = 0;

	mem_free(use->window.events);
	use->window.count = 0;
	use->window.events = mem_new((size_t)candidate->image.count + 1, sizeof *use->window.events);
	if (bytes == NULL || use->window.events == NULL) {
		mem_free(bytes);
		return report_fail(use->report, HF_ERR_NOMEM, "read", "no memory for the attempts");
	}
	memcpy(bytes, candidate->bytes, start);
	if (size > start)
		more = sys_read_some(use->sys, use->fd, bytes + start, size - start,
				     (uint64_t)image_place(candidate->image.counter) *
						     IMAGE_PLACE_SIZE + start);
	*ret_good = more >= 0 && image_decode(bytes, size, &use->image, use->window.events);
	mem_free(bytes);
	if (*ret_good)
		use->window.count = use->image.count;
	return more < 0 ? fail(use->report, more, "pread") : HF_OK;
}

static bool is_blank(const struct candidate *candidate)
{
	static const uint8_t zeros[START_SIZE];

	return memcmp(candidate->bytes, zeros, sizeof zeros) == 0;
}

/* Reads the newer image, or the older one if that is not whole. */
static int read_newest(struct use *use, enum content *ret_content)
{
	struct candidate candidates[IMAGE_PLACES];
	unsigned newer;
	bool is_good = false;
	int rc = read_start(use, 0, &candidates[0]);

	if (rc == HF_OK)
		rc = read_start(use, 1, &candidates[1]);
	if (rc != HF_OK)
		return rc;
	newer = candidates[1].image.counter > candidates[0].image.counter ? 1 : 0;
	for (unsigned i = 0; rc == HF_OK && !is_good && i < IMAGE_PLACES; i++) {
		const struct candidate *candidate = &candidates[i == 0 ? newer : 1 - newer];

		if (candidate->image.counter != 0)
			rc = read_image(use, candidate, &is_good);
	}
	*ret_content = is_good ? CONTENT_GOOD :
		       is_blank(&candidates[0]) && is_blank(&candidates[1]) ? CONTENT_BLANK :
									     CONTENT_DAMAGED;
	return rc;
}

/* The same without the lock: what is being written is looked at again. Two images are
 * never written at once, so that this ends soon unless the file is damaged. */
static int read_unlocked(struct use *use, enum content *ret_content)
{
	int64_t delay_us = DELAY_MIN_US;
	int rc = read_newest(use, ret_content);

	for (unsigned i = 1; rc == HF_OK && *ret_content == CONTENT_DAMAGED && i < LOOKS_MAX; i++) {
		rc = use->sys->sleep(use->sys->context, delay_us);
		if (rc < 0)
			return fail(use->report, rc, "sleep");
		delay_us *= 2;
		rc = read_newest(use, ret_content);
	}
	return rc;
}

/* Forgets what does not count any more, and says so. The clock must have been read after
 * the file. */
static void judge(struct use *use, enum content content)
{
	if (content == CONTENT_GOOD && !is_same_boot(use->image.boot, use->boot))
		content = CONTENT_REBOOT;
	else if (content == CONTENT_GOOD &&
		 (use->image.written_us > use->now_us || use->image.counter == INT64_MAX))
		content = CONTENT_DAMAGED;
	if (content == CONTENT_GOOD)
		return;
	if (content == CONTENT_DAMAGED)
		report_log(use->report, HF_LOG_WARNING,
			   LIMIT_FILE_NAME ": damaged; all rate limits start anew");
	else if (content == CONTENT_REBOOT)
		report_log(use->report, HF_LOG_INFO,
			   LIMIT_FILE_NAME ": of an earlier start of the machine; rate limits start anew");
	else if (use->is_locked)
		report_log(use->report, HF_LOG_INFO, LIMIT_FILE_NAME ": new; rate limits start");
	use->window.count = 0;
	use->image = (struct image){ .counter = 0 };
}

/* Reads the file, and then the clock; what has expired is left out. */
static int load(struct use *use)
{
	enum content content = CONTENT_BLANK;
	int rc;

	get_boot(use->file, use->boot);
	rc = use->is_locked ? read_newest(use, &content) : read_unlocked(use, &content);
	if (rc != HF_OK)
		return rc;
	rc = use->sys->steady_time(use->sys->context, &use->now_us);
	if (rc < 0)
		return fail(use->report, rc, "clock_gettime");
	judge(use, content);
	window_drop_expired(&use->window, use->now_us);
	if (use->window.events == NULL)
		use->window.events = mem_new(1, sizeof *use->window.events);
	return use->window.events != NULL ? HF_OK :
					    report_fail(use->report, HF_ERR_NOMEM, "read",
							"no memory for the attempts");
}

/* ---- Writing -------------------------------------------------------------------- */

/* Gives the file its size. What does not count any more goes: an old image must never be
 * taken for the newer one. Whoever dies in between leaves a blank file. */
static int prepare(struct use *use)
{
	const struct sys *sys = use->sys;
	int rc = 0;

	if (use->image.counter == 0 && use->size != 0)
		rc = sys->truncate(sys->context, use->fd, 0);
	if (rc == 0 && (use->image.counter == 0 || use->size != IMAGE_FILE_SIZE))
		rc = sys->truncate(sys->context, use->fd, IMAGE_FILE_SIZE);
	return rc < 0 ? fail(use->report, rc, "ftruncate") : HF_OK;
}

/* Writes the table as the next image. */
static int write_image(struct use *use)
{
	struct image image = { use->image.counter + 1, { 0 }, use->now_us, use->window.count };
	size_t size = image_size(use->window.count);
	size_t written;
	uint8_t *bytes;
	int rc = prepare(use);

	if (rc != HF_OK)
		return rc;
	bytes = mem_new(size, 1);
	if (bytes == NULL)
		return report_fail(use->report, HF_ERR_NOMEM, "write", "no memory for the attempts");
	memcpy(image.boot, use->boot, sizeof image.boot);
	image_encode(&image, use->window.events, bytes);
	rc = sys_write_all(use->sys, use->fd, bytes, size,
			   (uint64_t)image_place(image.counter) * IMAGE_PLACE_SIZE, &written);
	mem_free(bytes);
	return rc < 0 ? fail(use->report, rc, "pwrite") : HF_OK;
}

/* Otherwise what expired would stay in the file for as long as everything is refused. That
 * this fails changes nothing. */
static void clean_up(struct use *use)
{
	int64_t interval_us = (int64_t)use->file->cleanup_interval_ms * US_PER_MS;

	if (use->window.count < use->image.count && use->now_us - use->image.written_us >= interval_us)
		(void)write_image(use);
}

/* ---- The step ------------------------------------------------------------------- */

/* The digests that stand for an attempt. */
static struct window_subject make_subject(const struct limit_attempt *attempt)
{
	struct window_subject subject;
	uint8_t digest[KDF_SIZE];

	kdf_sha256(attempt->operation, strlen(attempt->operation), digest);
	memcpy(subject.operation, digest, sizeof subject.operation);
	kdf_sha256(attempt->key, strlen(attempt->key), digest);
	memcpy(subject.key, digest, sizeof subject.key);
	return subject;
}

static int refuse(struct report *report, const struct limit_attempt *attempt,
		  const struct window_answer *answer)
{
	const struct hf_limit *limit = attempt->limit;
	int64_t wait_ms = (answer->wait_us + US_PER_MS - 1) / US_PER_MS;
	int rc = HF_ERR_RATE_LIMITED;

	if (answer->reason == WINDOW_FULL)
		rc = report_fail(report, rc, "limit", "%s: %d attempts are remembered, no more can be",
				 attempt->operation, WINDOW_EVENTS_MAX);
	else if (answer->reason == WINDOW_KEY)
		rc = report_fail(report, rc, "limit", "%s: %u attempts in %u ms for one key",
				 attempt->operation, (unsigned)limit->key_max,
				 (unsigned)limit->key_window_ms);
	else
		rc = report_fail(report, rc, "limit", "%s: %u attempts in %u ms in all",
				 attempt->operation, (unsigned)limit->global_max,
				 (unsigned)limit->global_window_ms);
	report_wait(report, wait_ms);
	return rc;
}

static int check(struct use *use, const struct limit_attempt *attempt,
		 const struct window_subject *subject)
{
	struct window_answer answer;
	struct stat ignored;
	int rc = open_file(use, false, &ignored);

	if (rc != HF_OK || use->fd < 0)
		return rc;
	rc = load(use);
	if (rc != HF_OK)
		return rc;
	answer = window_check(&use->window, attempt->limit, subject, use->now_us);
	return answer.reason == WINDOW_ADMITTED ? HF_OK : refuse(use->report, attempt, &answer);
}

static int take(struct use *use, const struct limit_attempt *attempt,
		const struct window_subject *subject, enum limit_step step)
{
	struct window_answer answer;
	int rc = open_locked(use);

	if (rc == HF_OK)
		rc = load(use);
	if (rc != HF_OK)
		return rc;
	answer = (step == LIMIT_TAKE ? window_take : window_record)(&use->window, attempt->limit,
								    subject, use->now_us);
	if (answer.reason == WINDOW_ADMITTED)
		return write_image(use);
	clean_up(use);
	return refuse(use->report, attempt, &answer);
}

int limit_file_do(struct limit_file *file, struct report *report,
		  const struct limit_attempt *attempt, enum limit_step step)
{
	struct use use = { .file = file, .sys = file->sys, .report = report, .fd = -1 };
	struct window_subject subject;
	int rc;

	if (window_life_ms(attempt->limit) == 0)
		return HF_OK;
	subject = make_subject(attempt);
	rc = step == LIMIT_CHECK ? check(&use, attempt, &subject) :
				   take(&use, attempt, &subject, step);
	close_file(&use);
	mem_free(use.window.events);
	return rc;
}
