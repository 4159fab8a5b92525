/* SPDX-License-Identifier: MIT */
/*
 * Real processes that are really killed: a child appends records of 10 bytes to 8 MiB and
 * tells each acknowledgement through a pipe; the parent kills it, opens what is left, and
 * finds every record that was acknowledged, byte for byte. It must meet torn tails, and
 * see them go to the quarantine.
 *
 * CRASH_SECONDS in the environment is how long the loop lasts.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/runner.h"
#include "lib/scene.h"
#include "lib/wait.h"

enum {
	SECONDS_DEFAULT = 20,
	SIZE_MIN = 10,
	SIZE_MAX_BITS = 23,          /* 8 MiB */
	SESSION_SIZE_MAX = 40 << 20, /* then another session */
	ABOUT_TO_WRITE = 0x40000000, /* flag in what a child tells */
};

static struct scene scene;

/* What the parent knows of the session at hand. */
static struct known {
	char id[HF_ID_SIZE];
	uint32_t acknowledged; /* messages 0 to acknowledged - 1 */
	uint32_t seed;         /* of the sizes; 0: only small ones */
	uint64_t bytes;
} known;

static struct tally {
	size_t rounds;
	size_t torn;
	size_t acknowledged;
	size_t unacknowledged; /* that were there all the same */
	size_t largest;
	double large_takes;    /* seconds that a large record took last */
} tally;

static uint32_t mix(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x7feb352du;
	value ^= value >> 15;
	value *= 0x846ca68bu;
	return value ^ value >> 16;
}

/* As many of each order of magnitude, and the largest each eighth time. */
static size_t size_of(uint32_t serial)
{
	uint32_t random = mix(known.seed ^ mix(serial + 1));
	uint32_t bits = 4 + random % (SIZE_MAX_BITS - 3);
	size_t top = (size_t)1 << bits;

	if (known.seed == 0)
		return 300 + random % 200;
	if (serial % 8 == 7)
		return (size_t)1 << SIZE_MAX_BITS;
	return SIZE_MIN + mix(random) % (top - SIZE_MIN + 1);
}

static struct place place_at(enum hf_durability durability, uint32_t padding)
{
	struct place place = scene.place;

	place.durability = durability;
	place.padding = padding;
	return place;
}

/* ---- The child ------------------------------------------------------------------- */

/* Appends until it is killed, and tells each message that is acknowledged. */
static int append_on(void *context, struct child *parent)
{
	struct hf_store *store = place_open(context);
	struct hf_session *session = NULL;
	struct hf_detail detail = { 0 };
	uint32_t serial = known.acknowledged;

	if (hf_session_open(store, known.id, NULL, &detail, &session) != HF_OK)
		return 4;
	for (;; serial++) {
		size_t size = size_of(serial);
		char *text = history_text(serial, size);
		struct hf_append record = { "message", NULL, text, strlen(text) };

		if (size == (size_t)1 << SIZE_MAX_BITS)
			child_say(parent, ABOUT_TO_WRITE);
		if (hf_session_append(session, NULL, &record, 1, &detail, NULL) != HF_OK)
			return 5;
		child_say(parent, serial);
		free(text);
	}
}

/* ---- The parent ------------------------------------------------------------------ */

/* Enters what a child acknowledges until it is dead. It is killed after a while: at any
 * moment (large is 3), or once it has written so many large records, in the next one. The
 * write is the last part of what that takes, so aim there. */
static void kill_in_time(const struct child *child, uint32_t large, double part)
{
	bool is_killed = large == 3;
	double begun = 0;
	uint32_t word;

	if (is_killed) {
		wait_seconds(part * 0.3);
		(void)kill(child->pid, SIGKILL);
	}
	while (child_try_hear(child, &word)) {
		if (word != ABOUT_TO_WRITE) {
			EXPECT(word == known.acknowledged, "acknowledged %" PRIu32 " after %" PRIu32,
			       word, known.acknowledged);
			known.acknowledged = word + 1;
			tally.acknowledged++;
			if (begun != 0 && !is_killed)
				tally.large_takes = wait_now() - begun;
			begun = 0;
			continue;
		}
		begun = wait_now();
		if (!is_killed && large-- == 0) {
			wait_seconds(tally.large_takes * (0.6 + 0.4 * part));
			(void)kill(child->pid, SIGKILL);
			is_killed = true;
		}
	}
}

/* Starts a child, kills it, and waits for its end. */
static int run_child(struct place *place, uint32_t random)
{
	struct child child = child_start(append_on, place);

	kill_in_time(&child, random % 4, (double)(random / 4 % 1000) / 1000);
	return child_end(&child);
}

static void check_message(const struct hf_record *record, uint32_t serial)
{
	size_t size = size_of(serial);
	char *text = history_text(serial, size);

	EXPECT(record->data.size == strlen(text) &&
		       memcmp(record->data.data, text, record->data.size) == 0,
	       "message %" PRIu32 " of %zu bytes is not what was written", serial, size);
	if (record->data.size > tally.largest)
		tally.largest = record->data.size;
	free(text);
}

/* Reads all messages; returns how many there are, and how many repairs are told of. */
static uint32_t read_all(struct hf_store *store, struct hf_check *ret_check, size_t *ret_repairs)
{
	struct hf_detail detail = { 0 };
	struct hf_record record = { 0 };
	struct hf_view *view = NULL;
	uint32_t serial = 0;
	int rc = hf_session_load(store, known.id, &detail, &view);

	EXPECT(rc == HF_OK, "loading gave %s: %s", hf_error_name(rc), detail.message);
	*ret_check = *hf_view_check(view);
	*ret_repairs = 0;
	while (hf_view_next(view, &record)) {
		if (record.type.size == 7 && memcmp(record.type.data, "message", 7) == 0)
			check_message(&record, serial++);
		else if (record.type.size == 6 && memcmp(record.type.data, "repair", 6) == 0)
			++*ret_repairs;
	}
	hf_view_close(view);
	return serial;
}

/* The bytes that do not verify must be in the quarantine once the session was opened. */
static void check_quarantine(const struct place *place, const struct hf_check *check,
			     size_t repairs_before, struct hf_store *store)
{
	struct place_bytes log = place_get(place, place_name(known.id, ".jsonl").text, false);
	struct place_bytes kept;
	struct hf_repair repair = { 0 };
	struct hf_check after;
	char name[160];
	size_t repairs;

	EXPECT_CODE(hf_session_repair(store, known.id, 0, false, NULL, &repair), HF_OK, "repairing");
	EXPECT(repair.changed && repair.removed_offset == check->bytes, "nothing was repaired");
	(void)snprintf(name, sizeof name, "quarantine/%s", repair.quarantine);
	kept = place_get(place, name, false);
	EXPECT(kept.size == check->log_bytes - check->bytes &&
		       memcmp(kept.data, log.data + check->bytes, kept.size) == 0,
	       "the quarantine has other bytes than the torn tail");
	place_free(&kept);
	place_free(&log);
	place_remove(place, name);
	(void)read_all(store, &after, &repairs);
	EXPECT(after.verdict == HF_INTACT && repairs == repairs_before + 1,
	       "after the repair the verdict is %s, with %zu repair records",
	       hf_verdict_name(after.verdict), repairs);
}

static void check_left(const struct place *place)
{
	struct hf_store *store = place_open(place);
	struct hf_check check;
	size_t repairs;
	uint32_t count = read_all(store, &check, &repairs);

	EXPECT(check.verdict == HF_INTACT || check.verdict == HF_TORN, "the verdict is %s",
	       hf_verdict_name(check.verdict));
	EXPECT(count == known.acknowledged || count == known.acknowledged + 1,
	       "%" PRIu32 " messages are there, %" PRIu32 " were acknowledged", count,
	       known.acknowledged);
	tally.unacknowledged += count - known.acknowledged;
	known.acknowledged = count;
	known.bytes = check.bytes;
	if (check.verdict == HF_TORN) {
		tally.torn++;
		check_quarantine(place, &check, repairs, store);
	}
	hf_store_close(store);
}

static void begin_session(const struct place *place, uint32_t seed)
{
	struct hf_store *store = place_open(place);
	struct hf_session *session = NULL;

	if (known.id[0] != '\0')
		EXPECT_CODE(hf_session_delete(store, known.id, NULL), HF_OK, "removing");
	EXPECT_CODE(hf_session_create(store, NULL, NULL, &session), HF_OK, "creating");
	known = (struct known){ .seed = seed };
	memcpy(known.id, hf_session_id(session), sizeof known.id);
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	hf_store_close(store);
}

START_TEST(what_was_acknowledged_outlives_kill_9)
{
	double end = wait_now() + wait_budget(SECONDS_DEFAULT);
	uint32_t random = (uint32_t)getpid() ^ (uint32_t)wait_now_ms();

	scene_prepare(&scene, NULL);
	printf("seed %" PRIu32 "\n", random);
	while (wait_now() < end || tally.rounds < 20 || (tally.torn == 0 && tally.rounds < 300)) {
		uint32_t pick = mix(random + (uint32_t)tally.rounds);
		struct place place = place_at(pick % 3 == 0 ? HF_SYNC : HF_OS, pick % 2);
		int status;

		session_where("seed %" PRIu32 ", round %zu", random, tally.rounds);
		if (known.id[0] == '\0' || known.bytes > SESSION_SIZE_MAX)
			begin_session(&place, pick | 1);
		status = run_child(&place, mix(pick));
		EXPECT(status == CHILD_SIGNAL + SIGKILL, "the child ended by itself: %d", status);
		check_left(&place);
		tally.rounds++;
	}
	printf("%zu kills, %zu torn tails, %zu records acknowledged, %zu more there, largest %zu\n",
	       tally.rounds, tally.torn, tally.acknowledged, tally.unacknowledged, tally.largest);
	(void)fflush(stdout);
	ck_assert_msg(tally.torn > 0, "no tail was torn in %zu rounds", tally.rounds);
	ck_assert_uint_gt(tally.acknowledged, tally.rounds / 4);
	scene_close(&scene);
}
END_TEST

/* ---- Torn at each byte ----------------------------------------------------------- */

enum { TORN_SERIAL = 3 }; /* a message of a few hundred bytes */

struct death {
	const struct place *place;
	uint64_t limit;
	uint32_t serial;
};

/* Appends a message with a limit on the size of files, and dies of it. */
static int append_and_die(void *context, struct child *parent)
{
	const struct death *death = context;
	struct rlimit files = { death->limit, death->limit };
	struct rlimit none = { 0, 0 };
	struct hf_store *store = place_open(death->place);
	struct hf_session *session = NULL;
	char *text = history_text(death->serial, size_of(death->serial));
	struct hf_append record = { "message", NULL, text, strlen(text) };

	(void)parent;
	if (hf_session_open(store, known.id, NULL, NULL, &session) != HF_OK)
		return 4;
	(void)signal(SIGXFSZ, SIG_DFL);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_FSIZE, &files);
	return hf_session_append(session, NULL, &record, 1, NULL, NULL) == HF_OK ? 0 : 5;
}

/* A session whose log is larger than its head, so that a limit is met by the log alone. */
static void make_large(const struct place *place)
{
	struct hf_store *store = place_open(place);
	struct hf_session *session = NULL;

	begin_session(place, 0);
	EXPECT_CODE(hf_session_open(store, known.id, NULL, NULL, &session), HF_OK, "opening");
	for (uint32_t serial = 0; serial < 40; serial++) {
		char *text = history_text(serial, size_of(serial));
		struct hf_append record = { "message", NULL, text, strlen(text) };

		EXPECT_CODE(hf_session_append(session, NULL, &record, 1, NULL, NULL), HF_OK, "appending");
		known.acknowledged = serial + 1;
		free(text);
	}
	EXPECT_CODE(hf_session_close(session, HF_CLOSE_LEAVE, NULL), HF_OK, "closing");
	hf_store_close(store);
}

START_TEST(a_line_can_be_torn_at_each_byte)
{
	struct place place;
	size_t size;

	scene_prepare(&scene, NULL);
	place = place_at(HF_SYNC, 1);
	make_large(&place);
	size = size_of(known.acknowledged);
	for (size_t cut = 1; cut < size; cut += 1 + size / 90) {
		struct place_bytes log = place_get(&place, place_name(known.id, ".jsonl").text, false);
		struct death death = { &place, log.size + cut, known.acknowledged };
		struct child child = child_start(append_and_die, &death);
		size_t torn = tally.torn;
		int status = child_end(&child);

		session_where("cut after byte %zu of %zu", cut, size);
		place_free(&log);
		EXPECT(status == CHILD_SIGNAL + SIGXFSZ, "the child ended by %d", status);
		check_left(&place);
		EXPECT(tally.torn == torn + 1, "the tail was not torn");
	}
	printf("%zu torn tails\n", tally.torn);
	ck_assert_uint_gt(tally.torn, 60);
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crash_kill");
	TCase *kills = runner_cases(suite, "kills", wait_budget(SECONDS_DEFAULT) + 120);

	tcase_add_test(kills, what_was_acknowledged_outlives_kill_9);
	tcase_add_test(kills, a_line_can_be_torn_at_each_byte);
	return runner_run(suite);
}
