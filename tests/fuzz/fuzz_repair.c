/* SPDX-License-Identifier: MIT */
/*
 * A whole session, log and head, on storage in memory: checked, read, opened, repaired and
 * appended to. What must hold, whatever the bytes are:
 *
 * - all ways through a view agree, and give as many records as the check counts;
 * - what is refused leaves log and head as they were;
 * - after a repair the session is good, what verified before stands there as before, and
 *   what was removed is in the quarantine;
 * - a session that is good or torn, or whose verdict is accepted, can be opened, and is good
 *   after an append; one whose damage opening did not come to is found so afterwards too.
 *
 * An input is nine bytes (struct plan) and the lines of a log. Lines are signed before they
 * are used, so that mutations get past the MACs: whatever stands in a line's tail, or
 * nothing. The plan says which lines stay as they are, and what the head tells of.
 */
#include <stdint.h>

#include "format/first.h"
#include "lib/log_rig.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed);
/* libFuzzer's own; not there when a corpus is replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t size_max);

#define ID "0195d3a0-1111-4222-8333-444455556601"
static const char weak_id[] = "weak0e3cce4a8804";

struct plan {
	uint8_t unsigned_lines; /* bit n % 8 of line n: it stays as it is */
	uint8_t options;        /* enum option */
	uint8_t head;           /* enum head_kind */
	uint8_t head_lines;     /* of how many lines the head tells */
	uint8_t other;          /* enum other_kind: the other slot */
	uint8_t generation;     /* of the head and of the keys */
	uint8_t accept;         /* bits of HF_ACCEPT from HF_WEAK_KEY on */
	uint8_t padding;        /* line feeds after the log */
	uint8_t line_feed;      /* for editors: not used */
};

/* Another bit is refused before anything is looked at. */
static uint32_t accepted_by(const struct plan *plan)
{
	return ((uint32_t)plan->accept << HF_WEAK_KEY) & ~HF_ACCEPT(HF_KEY_MISSING);
}

enum option { RENUMBER = 1, WEAK = 2, CUT = 4, NULS = 8, LATER_KEYS = 16 };
enum head_kind { NONE, EXACT, MORE, OTHER_MAC, OTHER_OFFSET, DELETED, LATER, UNKNOWN, KINDS };
enum other_kind { EMPTY, ONE_LESS, NOISE, SAME, OTHERS };

static struct log_rig rig;
static struct hf_store store;
static struct storage_id id;

/* The session as it was put together. */
struct given {
	struct buffer log;
	uint8_t head[STORAGE_HEAD_SIZE];
	bool has_head;
};

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	log_rig_open(&rig);
	id = log_rig_id(1);
	rig.storage->ops->close(rig.storage);
	return 0;
}

/* ---- Putting it together ---- */

/* Where a line ended, and with which MAC. */
struct mark {
	uint64_t records;
	uint64_t offset;
	uint8_t mac[MAC_SIZE];
};

/* Puts a line's body with another number, if it has one. */
static void put_renumbered(struct buffer *log, const char *body, size_t size, uint64_t n)
{
	static const char start[] = "{\"n\":";
	size_t at = sizeof start - 1;

	if (size >= at && memcmp(body, start, at) == 0) {
		while (at < size && body[at] >= '0' && body[at] <= '9')
			at++;
		RIG_MUST(buffer_put_text(log, start) == HF_OK);
		RIG_MUST(buffer_put_u64(log, n) == HF_OK);
		body += at;
		size -= at;
	}
	RIG_MUST(buffer_put(log, body, size) == HF_OK);
}

/* Adds one line, signed if that is planned. */
static void put_line(struct buffer *log, const struct plan *plan, struct session_key *key,
		     struct hf_slice line, struct mark *mark)
{
	size_t start = log->size;
	size_t covered = line.size;
	uint8_t mac[MAC_SIZE];
	bool is_split = record_split(line.data, line.size, &covered, mac);

	if (line.size == 0 || (plan->unsigned_lines >> (mark->records % 8) & 1) != 0) {
		RIG_MUST(buffer_put(log, line.data, line.size) == HF_OK);
		RIG_MUST(buffer_put(log, "\n", 1) == HF_OK);
		if (is_split)
			memcpy(mark->mac, mac, MAC_SIZE);
	} else {
		if (!is_split)
			covered = line.size;
		if ((plan->options & RENUMBER) != 0)
			put_renumbered(log, line.data, covered, mark->records);
		else
			RIG_MUST(buffer_put(log, line.data, covered) == HF_OK);
		RIG_MUST(record_finish(log, start, &key->record, mark->mac) == HF_OK);
	}
	mark->records++;
	mark->offset = log->size;
}

/* Puts the lines together; tells where the head ends, and the line before it. */
static void put_lines(struct given *given, const struct plan *plan, struct session_key *key,
		      struct hf_slice lines, struct mark ret_marks[2])
{
	struct mark mark = { 0 };

	while (lines.size > 0) {
		const char *feed = memchr(lines.data, '\n', lines.size);
		size_t size = feed != NULL ? (size_t)(feed - lines.data) : lines.size;

		put_line(&given->log, plan, key, (struct hf_slice){ lines.data, size }, &mark);
		if (mark.records <= plan->head_lines || mark.records == 1) {
			ret_marks[0] = mark.records == 1 ? mark : ret_marks[1];
			ret_marks[1] = mark;
		}
		size += feed != NULL;
		lines.data += size;
		lines.size -= size;
	}
	for (unsigned i = 0; i < plan->padding; i++)
		RIG_MUST(buffer_put(&given->log, (plan->options & NULS) != 0 ? "" : "\n", 1) == HF_OK);
	if ((plan->options & CUT) != 0 && given->log.size > 0)
		given->log.size -= given->log.size > 40 ? 40 : 1;
}

/* A head that tells of the state which record 0 says that it replaced: a save cut short. */
static void precede(const struct given *given, struct head *head)
{
	const char *feed = given->log.size > 0 ? memchr(given->log.data, '\n', given->log.size) : NULL;
	struct hf_record record;
	struct first first;

	if (feed == NULL ||
	    !record_decode(given->log.data, (size_t)(feed - given->log.data), &record) ||
	    !first_decode(record.data, &first))
		return;
	head->generation = first.previous.generation;
	head->records = first.previous.records;
	memcpy(head->mac, first.previous.mac, sizeof head->mac);
}

static void put_slot(struct given *given, struct head *head, struct session_key *key)
{
	head_encode(head, &key->head,
		    given->head + (size_t)head_slot(head->counter) * STORAGE_HEAD_SLOT_SIZE);
}

static void put_head(struct given *given, const struct plan *plan, struct session_key *key,
		     const struct mark marks[2])
{
	enum head_kind kind = plan->head % KINDS;
	struct head head = { .counter = 7, .generation = plan->generation,
			     .records = marks[1].records + (kind == MORE),
			     .offset = marks[1].offset + (kind == OTHER_OFFSET) };

	memcpy(head.session, id.bytes, sizeof head.session);
	memcpy(head.key_id, (plan->options & WEAK) != 0 ? weak_id : RIG_KEY_ID, sizeof head.key_id);
	memcpy(head.mac, marks[1].mac, sizeof head.mac);
	if ((plan->options & LATER_KEYS) != 0)
		precede(given, &head);
	head.mac[0] ^= kind == OTHER_MAC;
	head.flags = kind == DELETED ? FORMAT_HEAD_DELETED : 0;
	head.generation += kind == LATER;
	if (kind == UNKNOWN)
		memcpy(head.key_id, RIG_KEY_ID_UNKNOWN, sizeof head.key_id);
	given->has_head = kind != NONE;
	memset(given->head, plan->other % OTHERS == NOISE ? 0x5a : 0, sizeof given->head);
	put_slot(given, &head, key);
	head.counter--;
	if (plan->other % OTHERS == ONE_LESS) {
		head.records = marks[0].records;
		head.offset = marks[0].offset;
		memcpy(head.mac, marks[0].mac, sizeof head.mac);
	}
	if (plan->other % OTHERS == ONE_LESS || plan->other % OTHERS == SAME)
		put_slot(given, &head, key);
}

static void put_together(struct given *given, const struct plan *plan, struct hf_slice lines)
{
	const char *key_id = (plan->options & WEAK) != 0 ? weak_id : RIG_KEY_ID;
	uint64_t generation = plan->generation + ((plan->options & LATER_KEYS) != 0 ? 1u : 0u);
	struct session_key *key = NULL;
	struct mark marks[2] = { { 0 } };

	RIG_MUST(session_key_new(rig.keyring, &rig.report, key_id, id.bytes, generation, &key) ==
		 HF_OK);
	put_lines(given, plan, key, lines, marks);
	put_head(given, plan, key, marks);
	session_key_free(rig.keyring, key);
}

/* ---- What is done with it ---- */

/* A fresh storage with the session in it. */
static void begin(const struct given *given)
{
	RIG_MUST(storage_memory_open(&rig.storage) == HF_OK);
	rig.env.storage = rig.storage;
	store = (struct hf_store){ .sys = &rig.sys, .dir_fd = -1, .storage = rig.storage,
				   .keyring = rig.keyring, .env = rig.env };
	log_rig_put_log(&rig, id, given->log.size > 0 ? given->log.data : "", given->log.size);
	log_rig_put_head(&rig, id, given->has_head ? given->head : NULL);
}

static void end(void)
{
	rig.storage->ops->close(rig.storage);
}

static void expect_unchanged(const struct given *given)
{
	struct hf_slice log = log_rig_log(&rig, id);
	const uint8_t *head = log_rig_head(&rig, id);

	RIG_MUST(log.size == given->log.size);
	RIG_MUST(log.size == 0 || memcmp(log.data, given->log.data, log.size) == 0);
	RIG_MUST((head != NULL) == given->has_head);
	RIG_MUST(head == NULL || memcmp(head, given->head, STORAGE_HEAD_SIZE) == 0);
	RIG_MUST(((struct memory *)rig.storage)->quarantine == NULL);
}

/* The bytes that verified stand where they stood. */
static void expect_kept(const struct given *given, const struct hf_check *before)
{
	struct hf_slice log = log_rig_log(&rig, id);

	RIG_MUST(log.size >= before->bytes);
	RIG_MUST(before->bytes == 0 || memcmp(log.data, given->log.data, before->bytes) == 0);
}

static bool is_good(enum hf_verdict verdict)
{
	return verdict <= HF_WEAK_KEY;
}

/* Verifies the session; false if there is none, which only a head can say. */
static bool verify(struct hf_check *check)
{
	int rc = hf_session_verify(&store, ID, NULL, NULL, NULL, check);

	RIG_MUST(rc == HF_OK || (rc == HF_ERR_NOTFOUND && log_rig_head(&rig, id) != NULL));
	if (rc != HF_OK)
		return false;
	RIG_MUST((check->bad_record < 0) == (check->bad_offset < 0));
	RIG_MUST(check->bytes <= check->log_bytes);
	RIG_MUST(!is_good(check->verdict) || check->bad_record < 0);
	return true;
}

/* Whether a session may be gone on from. Without a head more is asked, see try_repair. */
static bool is_accepted(const struct hf_check *check, uint32_t accept)
{
	if (check->verdict <= HF_TORN)
		return true;
	if ((accept & HF_ACCEPT(HF_TAMPERED)) != 0)
		accept |= HF_ACCEPT(HF_TRUNCATED);
	return check->records > 0 && (accept & HF_ACCEPT(check->verdict)) != 0;
}

static void try_view(const struct hf_check *check)
{
	struct hf_view *view = NULL;
	struct hf_record record = { 0 };
	uint64_t count = 0;
	uint64_t back = 0;

	RIG_MUST(hf_session_load(&store, ID, NULL, &view) == HF_OK);
	RIG_MUST(memcmp(hf_view_check(view), check, sizeof *check) == 0);
	while (hf_view_next(view, &record)) {
		RIG_MUST(record.n == count);
		count++;
	}
	record = (struct hf_record){ 0 };
	while (hf_view_previous(view, &record)) {
		back++;
		RIG_MUST(record.n == count - back);
	}
	RIG_MUST(back == count);
	RIG_MUST(count == check->records || check->verdict == HF_KEY_MISSING);
	(void)hf_view_last(view, 2, &record);
	hf_view_close(view);
}

/* The bytes in the quarantine are those that are gone from the log. */
static void expect_quarantined(const struct given *given, const struct hf_repair *repair)
{
	const struct aside *aside = ((const struct memory *)rig.storage)->quarantine;

	RIG_MUST((aside != NULL) == (repair->removed_bytes > 0));
	if (aside == NULL)
		return;
	RIG_MUST(aside->bytes.size == repair->removed_bytes && aside->next == NULL);
	RIG_MUST(repair->removed_offset + repair->removed_bytes <= given->log.size);
	RIG_MUST(memcmp(aside->bytes.data, given->log.data + repair->removed_offset,
			aside->bytes.size) == 0);
}

static void try_repair(const struct given *given, const struct hf_check *before, uint32_t accept)
{
	struct hf_repair plan = { 0 }, repair = { 0 };
	struct hf_check after = { 0 };
	int planned, rc;

	begin(given);
	planned = hf_session_repair(&store, ID, accept, true, NULL, &plan);
	expect_unchanged(given);
	rc = hf_session_repair(&store, ID, accept, false, NULL, &repair);
	RIG_MUST(rc == planned);
	RIG_MUST(rc != HF_OK || is_accepted(before, accept));
	/* A verdict that has lost its head too asks for both to be accepted. */
	RIG_MUST(rc == HF_OK || !is_accepted(before, accept) ||
		 (rc == HF_ERR_HEAD_MISSING && (accept & HF_ACCEPT(HF_HEAD_MISSING)) == 0));
	if (rc != HF_OK) {
		RIG_MUST(rc == hf_verdict_error(before->verdict) || rc == HF_ERR_HEAD_MISSING);
		expect_unchanged(given);
	} else {
		RIG_MUST(repair.changed == plan.changed && repair.removed_bytes == plan.removed_bytes);
		RIG_MUST(repair.changed == !is_good(before->verdict));
		RIG_MUST(verify(&after));
		RIG_MUST(is_good(after.verdict) && after.acknowledged == after.records);
		RIG_MUST(after.records == before->records + repair.changed);
		expect_kept(given, before);
		expect_quarantined(given, &repair);
	}
	end();
}

static int append_some(struct hf_session *session)
{
	struct hf_append records[] = { { "message", NULL, "\"new\"", 5 }, { "todos", "id", "[]", 2 } };
	int rc = hf_session_append(session, NULL, records, 1, NULL, NULL);

	return rc == HF_OK ? hf_session_append(session, NULL, records + 1, 1, NULL, NULL) : rc;
}

static void try_append(const struct given *given, const struct hf_check *before, uint32_t accept)
{
	struct hf_open_options options = { .accept = accept };
	struct hf_session *session = NULL;
	struct hf_check after = { 0 };
	int rc, appended;

	begin(given);
	rc = hf_session_open(&store, ID, &options, NULL, &session);
	RIG_MUST(rc == HF_OK || before->verdict > HF_TORN);
	if (rc != HF_OK) {
		RIG_MUST(rc == hf_verdict_error(before->verdict) || rc == HF_ERR_HEAD_MISSING);
		expect_unchanged(given);
		end();
		return;
	}
	appended = append_some(session);
	/* Ids are learnt from the end of the log, which must verify for that. */
	RIG_MUST(appended == HF_OK || appended == HF_ERR_ID_REUSED ||
		 (before->verdict >= HF_ROLLED_BACK && appended == HF_ERR_TAMPERED));
	RIG_MUST(hf_session_close(session, HF_CLOSE_SEAL, NULL) == HF_OK);
	RIG_MUST(verify(&after));
	/* Of what is damaged further up, opening may have looked at the end alone. */
	if (is_good(after.verdict))
		RIG_MUST(is_accepted(before, accept) && after.records > before->records);
	else
		RIG_MUST(before->verdict >= HF_ROLLED_BACK && after.verdict >= HF_ROLLED_BACK);
	expect_kept(given, before);
	end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct given given = { .log = BUFFER_INIT(SIZE_MAX / 2) };
	struct hf_check check = { 0 };
	struct plan plan;
	bool is_there;

	if (size < sizeof plan)
		return 0;
	memcpy(&plan, bytes, sizeof plan);
	put_together(&given, &plan, (struct hf_slice){ (const char *)bytes + sizeof plan,
						       size - sizeof plan });
	begin(&given);
	is_there = verify(&check);
	if (is_there)
		try_view(&check);
	expect_unchanged(&given);
	end();
	if (is_there) {
		try_repair(&given, &check, accepted_by(&plan));
		try_append(&given, &check, accepted_by(&plan));
	}
	buffer_release(&given.log);
	return 0;
}

/* ---- Mutations by whole lines ---- */

/* Finds line number n, counted round; its size with its line feed. */
static size_t find_line(const uint8_t *bytes, size_t size, unsigned n, size_t *ret_start)
{
	size_t start = sizeof(struct plan);

	for (;;) {
		const uint8_t *feed = memchr(bytes + start, '\n', size - start);
		size_t end = feed != NULL ? (size_t)(feed + 1 - bytes) : size;

		if (n-- == 0 || end == size) {
			*ret_start = start;
			return end - start;
		}
		start = end;
	}
}

/* Puts a line behind the one that follows it. */
static size_t swap_lines(uint8_t *bytes, size_t size, size_t start, size_t line)
{
	const uint8_t *feed = memchr(bytes + start + line, '\n', size - start - line);
	size_t next = feed != NULL ? (size_t)(feed + 1 - bytes) - start - line : 0;
	uint8_t *copy = next > 0 ? malloc(line) : NULL;

	if (copy == NULL)
		return size;
	memcpy(copy, bytes + start, line);
	memmove(bytes + start, bytes + start + line, next);
	memcpy(bytes + start + next, copy, line);
	free(copy);
	return size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t size_max, unsigned seed)
{
	size_t start, line;

	if (size <= sizeof(struct plan) || seed % 4 != 0)
		return LLVMFuzzerMutate(bytes, size, size_max);
	line = find_line(bytes, size, seed / 16 % 8, &start);
	switch (seed / 4 % 4) {
	case 0:
		memmove(bytes + start, bytes + start + line, size - start - line);
		return size - line;
	case 1:
		if (size + line > size_max)
			return size;
		memmove(bytes + start + line, bytes + start, size - start);
		return size + line;
	case 2:
		(void)LLVMFuzzerMutate(bytes, sizeof(struct plan), sizeof(struct plan));
		return size;
	default:
		return swap_lines(bytes, size, start, line);
	}
}
