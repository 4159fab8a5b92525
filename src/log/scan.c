/* SPDX-License-Identifier: MIT */
#include "log/scan.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/invariant.h"
#include "base/text.h"
#include "format/record.h"

/* A part below this size is not worth a thread (starting one costs about 30 us). */
static const size_t part_size_min = 1 << 20;
enum { PARTS_MAX = 16 };

/* Checks one line (without line feed) and adds it, but not its time: *ret_at is that as
 * text. */
static bool scan_line(struct mac *key, const char *line, size_t size, struct scan *scan,
		      struct hf_slice *ret_at)
{
	struct hf_record record;
	uint8_t computed[MAC_SIZE];
	uint8_t found[MAC_SIZE];
	size_t covered;

	if (!record_split(line, size, &covered, found))
		return false;
	if (key != NULL) {
		record_mac(key, scan->mac, line, covered, computed);
		if (!mac_equal(computed, found))
			return false;
	}
	if (!record_find(line, size, &record) || record.n != scan->records ||
	    !fold_record(&scan->fold, &record))
		return false;
	memcpy(scan->mac, found, MAC_SIZE);
	scan->records++;
	scan->offset += size + 1;
	*ret_at = record.at;
	return true;
}

static void scan_part(struct mac *key, const char *bytes, size_t size, struct scan *scan)
{
	const char *end = bytes + size;
	struct hf_slice at = { NULL, 0 };

	while (bytes < end) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));

		if (feed == NULL || !scan_line(key, bytes, (size_t)(feed - bytes), scan, &at))
			break;
		bytes = feed + 1;
	}
	/* Of all the times only the last one counts. */
	if (at.data != NULL)
		(void)text_get_time(at.data, &scan->fold.updated_us);
}

/* A run of whole lines that one thread checks. */
struct part {
	const char *bytes;
	size_t size;
	struct session_key *key; /* own copy, NULL without a key */
	struct scan start;
	struct scan scan;
	pthread_t thread;
	bool is_running;
};

static void *run_part(void *context)
{
	struct part *part = context;

	scan_part(part->key != NULL ? &part->key->record : NULL, part->bytes, part->size,
		  &part->scan);
	return NULL;
}

/* Says where a part starts, from the line before it and from its own first line. What it
 * claims is believed only when the part before it has come to the same point. */
static bool begin_part(const char *log, struct part *part)
{
	const char *feed = memchr(part->bytes, '\n', part->size);
	struct hf_record record;
	size_t covered;
	size_t before = (size_t)(part->bytes - log);

	if (feed == NULL || before < FORMAT_TAIL_SIZE + 1 ||
	    !record_split(part->bytes - FORMAT_TAIL_SIZE - 1, FORMAT_TAIL_SIZE, &covered,
			  part->start.mac) ||
	    (size_t)(feed - part->bytes) < FORMAT_TAIL_SIZE ||
	    !record_decode(part->bytes, (size_t)(feed - part->bytes), &record))
		return false;
	part->start.records = record.n;
	return true;
}

/* Cuts bytes into parts at line feeds; the last part takes the rest. Returns their count:
 * fewer than wanted if a part could not begin. */
static size_t cut_parts(const char *bytes, size_t size, size_t wanted, const struct scan *scan,
			struct part *parts)
{
	const char *end = bytes + size;
	const char *at = bytes;
	size_t count = 0;

	while (count < wanted) {
		struct part *part = &parts[count];
		const char *goal = bytes + size / wanted * (count + 1);
		const char *feed = NULL;

		*part = (struct part){ .bytes = at, .size = (size_t)(end - at) };
		if (count == 0) {
			part->start = *scan;
			part->start.fold = (struct fold){ 0 };
		} else if (!begin_part(bytes, part)) {
			break;
		}
		if (count + 1 < wanted && goal > at)
			feed = memchr(goal, '\n', (size_t)(end - goal));
		count++;
		if (feed == NULL || feed + 1 == end)
			return count;
		part->size = (size_t)(feed + 1 - at);
		at = feed + 1;
	}
	/* The part that could not begin belongs to the one before it. */
	parts[count - 1].size = (size_t)(end - parts[count - 1].bytes);
	return count;
}

/* Starts a thread that receives no signals: they are the host's. On failure the part is
 * simply run by the caller. */
static void start_part(struct part *part)
{
	sigset_t all, old;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return;
	part->is_running = pthread_create(&part->thread, NULL, run_part, part) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Joins the parts' results up to the first line that does not check. */
static void merge_parts(const struct part *parts, size_t count, struct scan *scan)
{
	for (size_t i = 0; i < count; i++) {
		const struct part *part = &parts[i];

		if (part->start.records != scan->records ||
		    !mac_equal(part->start.mac, scan->mac))
			return;
		fold_merge(&scan->fold, &part->scan.fold);
		scan->records = part->scan.records;
		scan->offset += part->scan.offset - part->start.offset;
		memcpy(scan->mac, part->scan.mac, MAC_SIZE);
		if (part->scan.offset - part->start.offset != part->size)
			return;
	}
}

/* Checks all parts, each but the first on a thread of its own if there is one to be had. */
static void run_parts(struct part *parts, size_t count)
{
	for (size_t i = 1; i < count; i++)
		start_part(&parts[i]);
	for (size_t i = 0; i < count; i++) {
		if (!parts[i].is_running)
			(void)run_part(&parts[i]);
	}
	for (size_t i = 1; i < count; i++) {
		if (parts[i].is_running)
			(void)pthread_join(parts[i].thread, NULL);
	}
}

int scan_lines(const struct log_env *env, struct report *report, const struct session_key *key,
	       const char *bytes, size_t size, struct scan *scan)
{
	struct part parts[PARTS_MAX];
	size_t wanted = size / part_size_min;
	size_t count;
	int rc = HF_OK;

	if (size == 0)
		return HF_OK;
	if (wanted > env->threads)
		wanted = env->threads;
	wanted = wanted < 1 ? 1 : wanted > PARTS_MAX ? PARTS_MAX : wanted;
	count = cut_parts(bytes, size, wanted, scan, parts);
	INVARIANT(count > 0);
	for (size_t i = 0; i < count && rc == HF_OK; i++) {
		parts[i].scan = parts[i].start;
		if (key != NULL)
			rc = session_key_copy(env->keyring, report, key, &parts[i].key);
	}
	if (rc == HF_OK) {
		run_parts(parts, count);
		merge_parts(parts, count, scan);
	}
	for (size_t i = 0; i < count; i++)
		session_key_free(env->keyring, parts[i].key);
	return rc;
}

/* What has been seen of the lines after a bad one. */
struct rest {
	struct mac *key;
	const uint8_t *mac;        /* of the last good record */
	uint8_t before[MAC_SIZE];  /* on the line before, if that has a tail */
	bool has_before;
	struct hf_slice before_at; /* its time; empty if it has none */
	struct hf_slice at;        /* of the records found; empty: none yet */
};

static bool checks_after(struct mac *key, const uint8_t previous[static MAC_SIZE],
			 struct hf_slice covered, const uint8_t found[static MAC_SIZE])
{
	uint8_t computed[MAC_SIZE];

	record_mac(key, previous, covered.data, covered.size, computed);
	return mac_equal(computed, found);
}

static bool is_same(struct hf_slice a, struct hf_slice b)
{
	return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Adds a line; is_first: the bad one itself. False: it is a record that cannot have been
 * written together with all that was found before it. */
static bool add_to_rest(struct rest *rest, const char *line, size_t size, bool is_first)
{
	struct hf_record record = { 0 };
	struct hf_slice covered = { line, 0 };
	uint8_t found[MAC_SIZE];
	bool is_split = record_split(line, size, &covered.size, found);
	bool is_good = true;

	if (is_split && !is_first && checks_after(rest->key, rest->mac, covered, found))
		return false;
	if (is_split)
		(void)record_find(line, size, &record);
	if (is_split && !is_first && rest->has_before &&
	    checks_after(rest->key, rest->before, covered, found)) {
		is_good = record.at.size > 0 && is_same(record.at, rest->before_at) &&
			  (rest->at.size == 0 || is_same(record.at, rest->at));
		rest->at = record.at;
	}
	rest->has_before = is_split;
	rest->before_at = record.at;
	if (is_split)
		memcpy(rest->before, found, MAC_SIZE);
	return is_good;
}

bool scan_finds_record(struct mac *key, const uint8_t mac[static MAC_SIZE], const char *bytes,
		       size_t size)
{
	const char *end = bytes + size;
	struct rest rest = { .key = key, .mac = mac };

	for (bool is_first = true; bytes < end; is_first = false) {
		const char *feed = memchr(bytes, '\n', (size_t)(end - bytes));

		if (feed == NULL)
			return false;
		if (!add_to_rest(&rest, bytes, (size_t)(feed - bytes), is_first))
			return true;
		bytes = feed + 1;
	}
	return false;
}
