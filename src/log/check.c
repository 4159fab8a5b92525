/* SPDX-License-Identifier: MIT */
#include "log/check.h"

#include <string.h>

#include "base/mem.h"
#include "format/first.h"
#include "format/record.h"
#include "log/judge.h"

/* How often and how long a reader looks again at a session that a writer is changing. */
enum { LOOKS_MAX = 10, LOOK_PAUSE_US = 2000 };
/* A reader copies no more than this of what is not known to stay. */
static const uint64_t copy_size_max = (uint64_t)4 << 30;
/* Progress is told after each piece of this size. */
static const size_t piece_size = (size_t)32 << 20;

struct hf_slice check_bytes(const struct checked *checked, uint64_t offset)
{
	if (offset < checked->map.size)
		return (struct hf_slice){ checked->map.bytes + offset,
					  checked->map.size - (size_t)offset };
	offset -= checked->map.size;
	if (offset >= checked->tail_size)
		return (struct hf_slice){ NULL, 0 };
	return (struct hf_slice){ checked->tail + offset, checked->tail_size - (size_t)offset };
}

static void drop_bytes(struct checked *c)
{
	if (c->map.bytes != NULL)
		c->env->storage->ops->log_unmap(c->log, &c->map);
	mem_free(c->tail);
	c->map = (struct storage_map){ NULL, 0 };
	c->tail = NULL;
	c->tail_size = 0;
}

/* Copies the log's bytes from offset on, without the padding at the end. */
static int copy_tail(struct checked *c, uint64_t offset)
{
	size_t size = (size_t)(c->log_size - offset);
	size_t got = 0;
	int rc;

	if (size == 0)
		return HF_OK;
	c->tail = mem_new(size, 1);
	if (c->tail == NULL)
		return HF_ERR_NOMEM;
	rc = c->env->storage->ops->log_read(c->log, offset, c->tail, size, &got);
	if (rc == HF_OK)
		c->tail_size = judge_padding(c->tail, got);
	return rc;
}

/* Maps the log's first size bytes, which are known to stay, and copies the rest. */
static int take_bytes(struct checked *c, uint64_t size)
{
	const struct storage_ops *ops = c->env->storage->ops;
	int rc = HF_OK;

	drop_bytes(c);
	if (c->log_size > SIZE_MAX / 2)
		return report_fail(c->report, HF_ERR_SESSION_SIZE, "map", "the log is too large");
	/* Nobody else cuts anything while the caller holds the lock. */
	if (c->access == STORAGE_WRITE)
		size = c->log_size;
	if (c->log_size - size > copy_size_max)
		return report_fail(c->report, HF_ERR_SESSION_SIZE, "read",
				   "too much stands past the head; a repair can deal with it");
	if (size > 0)
		rc = ops->log_map(c->log, (size_t)size, &c->map);
	return rc == HF_OK ? copy_tail(c, size) : rc;
}

static int scan_in_pieces(struct checked *c, const char *bytes, size_t size,
			  const struct check_watch *watch)
{
	uint64_t start = c->scan.offset;
	size_t done = 0;

	while (done < size) {
		size_t left = size - done;
		size_t piece = left;
		int rc;

		if (watch != NULL && watch->progress != NULL && left > piece_size) {
			const char *feed = memchr(bytes + done + piece_size, '\n', left - piece_size);

			if (feed != NULL)
				piece = (size_t)(feed + 1 - (bytes + done));
		}
		rc = scan_lines(c->env, c->report, c->key, bytes + done, piece, &c->scan);
		if (rc != HF_OK)
			return rc;
		done += piece;
		if (watch != NULL && watch->progress != NULL)
			watch->progress(watch->context, start + done, start + size);
		if (c->scan.offset - start != done)
			break;
	}
	return HF_OK;
}

/* Checks the mapped bytes and then, if all of them are good, the copied ones. */
static int scan_all(struct checked *c, const struct check_watch *watch)
{
	int rc = scan_in_pieces(c, c->map.bytes, c->map.size, watch);

	if (rc == HF_OK && c->scan.offset == c->map.size)
		rc = scan_in_pieces(c, c->tail, c->tail_size, watch);
	return rc;
}

/* The log's bytes without the padding at its end. */
static uint64_t bytes_in_use(const struct checked *c)
{
	if (c->tail_size > 0)
		return (uint64_t)c->map.size + c->tail_size;
	return judge_padding(c->map.bytes, c->map.size);
}

/* Reads what record 0 claims to be; false if it is not this session's record 0. The store
 * is not looked at: it may be another one, whose keys are here or not. */
static bool claims_this_session(const struct checked *c, struct first_claim *claim)
{
	struct hf_slice start = check_bytes(c, 0);

	return start.size > 0 && first_claims(start.data, start.size, claim) &&
	       memcmp(claim->session, c->id.bytes, sizeof claim->session) == 0;
}

/* A record 0 that is signed with the session's key, but says that it is another session's,
 * generation's or store's, does not check, and so nothing does: whoever has the key of one store
 * must not speak for another. */
static void check_first(struct checked *c)
{
	struct first_claim claim;

	if (c->key == NULL || c->scan.records == 0)
		return;
	if (!claims_this_session(c, &claim) || claim.generation != c->state.generation ||
	    memcmp(claim.store, c->key->store, sizeof claim.store) != 0)
		c->scan = (struct scan){ 0 };
}

/* Takes the key that a claim names (none if it is missing) and checks the log with it
 * from its first line on. A reader copies it all: what of it is acknowledged, and will
 * therefore stay, is not known. */
static int scan_as_claimed(struct checked *c, const struct first_claim *claim, bool may_lack_key,
			   const struct check_watch *watch)
{
	struct session_key *key = NULL;
	const struct session_key_choice choice = { .key_id = claim->key_id,
						   .session = c->id.bytes,
						   .generation = claim->generation,
						   .store = claim->store };
	int rc = session_key_choose(c->env->keyring, c->report, &choice, &key);

	if (rc != HF_OK && !(rc == HF_ERR_KEY_MISSING && may_lack_key))
		return rc;
	session_key_free(c->env->keyring, c->key);
	c->key = key;
	c->scan = (struct scan){ 0 };
	c->state.generation = claim->generation;
	memcpy(c->state.key_id, claim->key_id, sizeof c->state.key_id);
	rc = scan_all(c, watch);
	check_first(c);
	return rc;
}

/* True if record 0, verified, names the state that the head has as the one it replaced. */
static bool follows_head(const struct checked *c)
{
	struct hf_slice start = check_bytes(c, 0);
	const char *feed = memchr(start.data, '\n', start.size);
	const struct head *head = &c->found.head;
	struct hf_record record;
	struct first first;

	return feed != NULL && record_decode(start.data, (size_t)(feed - start.data), &record) &&
	       first_decode(record.data, &first) && first.has_previous &&
	       first.previous.generation == head->generation &&
	       first.previous.records == head->records &&
	       mac_equal(first.previous.mac, head->mac);
}

/* Record 0 is not of the head's generation: a save that was cut short, or an old state? A
 * weak key, with which anybody can sign, never follows another, nor one store's another's. */
static int judge_generation(struct checked *c, const struct check_watch *watch)
{
	struct first_claim claim;
	int rc;

	judge_set(c, HF_TAMPERED);
	if (!claims_this_session(c, &claim) || claim.generation == c->found.head.generation ||
	    memcmp(claim.store, c->found.store, sizeof claim.store) != 0 ||
	    (keyring_is_weak(claim.key_id) && !keyring_is_weak(c->found.head.key_id)))
		return HF_OK;
	rc = take_bytes(c, 0);
	if (rc == HF_OK)
		rc = scan_as_claimed(c, &claim, false, watch);
	if (rc == HF_ERR_KEY_MISSING)
		return HF_OK;
	if (rc != HF_OK || c->scan.records == 0)
		return rc;
	judge_clear(c, HF_INTACT);
	if (claim.generation < c->found.head.generation || !follows_head(c)) {
		judge_rest(c);
		c->check.verdict = HF_ROLLED_BACK;
		return HF_OK;
	}
	if (c->scan.records < c->scan.fold.promised)
		return judge_loss(c, true);
	judge_rest(c);
	return HF_OK;
}

/* Compares the end of the acknowledged records with the head, and judges what follows. */
static int judge_end(struct checked *c, const struct check_watch *watch)
{
	const struct head *head = &c->found.head;
	struct hf_slice past = check_bytes(c, head->offset);
	int rc;

	if (c->scan.records != head->records || !mac_equal(c->scan.mac, head->mac)) {
		judge_drop_last(c);
		return judge_loss(c, false);
	}
	rc = scan_in_pieces(c, past.data, past.size, watch);
	if (rc == HF_OK)
		judge_rest(c);
	return rc;
}

static int check_with_head(struct checked *c, const struct check_watch *watch)
{
	const struct head *head = &c->found.head;
	bool is_short = c->log_size < head->offset;
	uint64_t end = is_short ? c->log_size : head->offset;
	int rc;

	rc = take_bytes(c, end);
	if (rc == HF_OK)
		rc = found_key(c->env, c->report, &c->found, &c->key);
	if (rc != HF_OK)
		return rc;
	c->state.generation = head->generation;
	memcpy(c->state.key_id, head->key_id, sizeof c->state.key_id);
	rc = scan_in_pieces(c, c->map.bytes, (size_t)end, watch);
	if (rc != HF_OK)
		return rc;
	check_first(c);
	if (c->scan.records == 0) {
		rc = judge_generation(c, watch);
		/* Of an incomplete first line nothing can be claimed. */
		if (rc == HF_OK && c->check.verdict == HF_TAMPERED && c->scan.records == 0)
			rc = judge_loss(c, is_short);
		return rc;
	}
	if (c->scan.offset < end || is_short)
		return judge_loss(c, is_short);
	return judge_end(c, watch);
}

static int check_without_head(struct checked *c, const struct check_watch *watch)
{
	struct first_claim claim;
	int rc;

	rc = take_bytes(c, 0);
	if (rc != HF_OK)
		return rc;
	if (!claims_this_session(c, &claim)) {
		judge_set(c, HF_TAMPERED);
		return HF_OK;
	}
	rc = scan_as_claimed(c, &claim, true, watch);
	if (rc != HF_OK)
		return rc;
	if (c->key == NULL)
		judge_clear(c, HF_KEY_MISSING);
	else if (c->scan.records == 0)
		judge_set(c, HF_TAMPERED);
	else if (c->scan.records < c->scan.fold.promised)
		rc = judge_loss(c, true);
	else
		judge_rest(c);
	if (rc != HF_OK)
		return rc;
	/* Where the log ended nobody knows, whatever stands at its end. */
	if (c->check.verdict < HF_HEAD_MISSING && c->key != NULL)
		c->check.verdict = HF_HEAD_MISSING;
	return HF_OK;
}

/* A session that is whole may still be signed by nobody, or by anybody. */
static void grade_intact(struct checked *c)
{
	if (c->check.verdict != HF_INTACT)
		return;
	if ((c->state.flags & FORMAT_HEAD_UNSIGNED) != 0)
		c->check.verdict = HF_UNSIGNED;
	if (c->check.weak)
		c->check.verdict = HF_WEAK_KEY;
}

/* Fills in what follows from the rest. */
static void finish(struct checked *c)
{
	struct head *state = &c->state;

	if (c->check.verdict != HF_KEY_MISSING) {
		c->check.records = c->scan.records;
		c->check.bytes = c->scan.offset;
	}
	c->check.log_bytes = bytes_in_use(c);
	c->check.acknowledged = c->found.is_valid ? c->found.head.records : 0;
	memcpy(state->session, c->id.bytes, sizeof state->session);
	state->counter = c->found.is_valid ? c->found.head.counter : 0;
	state->records = c->scan.records;
	state->offset = c->scan.offset;
	memcpy(state->mac, c->scan.mac, MAC_SIZE);
	fold_apply(&c->scan.fold, state);
	c->check.weak = keyring_is_weak(state->key_id);
	grade_intact(c);
}

/* A head beside which there is no log. */
static int check_without_log(struct checked *c)
{
	uint8_t slots[STORAGE_HEAD_SIZE];
	int rc;

	rc = c->env->storage->ops->head_peek(c->env->storage, c->report, c->id, slots);
	if (rc != HF_OK)
		return rc;
	rc = found_find(c->env, c->report, c->id, slots, &c->found);
	if (rc != HF_OK)
		return rc;
	if (c->found.is_valid && found_is_nothing(&c->found.head))
		return HF_ERR_NOTFOUND;
	if (c->found.is_valid) {
		c->state.generation = c->found.head.generation;
		memcpy(c->state.key_id, c->found.head.key_id, sizeof c->state.key_id);
	}
	if (c->found.is_key_missing)
		judge_clear(c, HF_KEY_MISSING);
	else
		judge_set(c, HF_TRUNCATED);
	return HF_OK;
}

static int check_once(struct checked *c, const struct check_watch *watch)
{
	const struct storage_ops *ops = c->env->storage->ops;
	uint8_t slots[STORAGE_HEAD_SIZE];
	int rc;

	c->check.bad_record = -1;
	c->check.bad_offset = -1;
	rc = ops->log_open(c->env->storage, c->report, c->id, c->access, &c->log);
	if (rc == HF_ERR_NOTFOUND) {
		c->log = NULL;
		rc = check_without_log(c);
		goto out;
	}
	if (rc != HF_OK)
		goto out;
	/* The head first: what it tells of is in the log already. */
	rc = ops->head_read(c->log, slots);
	if (rc == HF_OK)
		rc = found_find(c->env, c->report, c->id, slots, &c->found);
	if (rc == HF_ERR_NOTFOUND)
		rc = HF_OK;
	if (rc != HF_OK)
		goto out;
	if (c->found.is_valid && (c->found.head.flags & FORMAT_HEAD_DELETED) != 0) {
		rc = HF_ERR_NOTFOUND;
		goto out;
	}
	rc = ops->log_size(c->log, &c->log_size);
	if (rc == HF_OK)
		rc = c->found.is_valid ? check_with_head(c, watch) : check_without_head(c, watch);
out:
	if (rc == HF_OK)
		finish(c);
	return rc;
}

/* Lets go of what check_once took, so that it can be done again. */
static void forget(struct checked *c)
{
	const struct storage_ops *ops = c->env->storage->ops;

	drop_bytes(c);
	if (c->log != NULL)
		ops->log_close(c->log);
	session_key_free(c->env->keyring, c->key);
	*c = (struct checked){ .env = c->env, .report = c->report, .id = c->id,
			       .access = c->access };
}

/* True if the log that was looked at is not the one that is there now. */
static bool has_moved_on(struct checked *c)
{
	const struct storage_ops *ops = c->env->storage->ops;
	struct storage_log *log = NULL;

	if (c->log != NULL)
		return !ops->log_is_current(c->log);
	if (ops->log_open(c->env->storage, c->report, c->id, STORAGE_READ, &log) != HF_OK)
		return false;
	ops->log_close(log);
	return true;
}

/* A reader's bad verdict on a session that is being written to may be the writer's
 * unfinished work, also if the writer has ended meanwhile. Says whether to look again:
 * without a writer in sight, a bad verdict must be seen twice. */
static bool should_look_again(struct checked *c, unsigned look)
{
	const struct storage_ops *ops = c->env->storage->ops;

	c->check.active = ops->is_locked(c->env->storage, c->id);
	if (c->check.verdict == HF_TORN && c->check.active) {
		judge_clear(c, HF_INTACT);
		grade_intact(c);
	}
	if (c->check.verdict < HF_TORN || c->check.verdict == HF_KEY_MISSING)
		return false;
	return look == 1 || c->check.active || has_moved_on(c);
}

int check_open(const struct log_env *env, struct report *report, struct storage_id id,
	       enum storage_access access, const struct check_watch *watch,
	       struct checked **ret_checked)
{
	struct checked *c = mem_new(1, sizeof *c);
	int rc = HF_ERR_NOMEM;

	if (c == NULL)
		goto out;
	*c = (struct checked){ .env = env, .report = report, .id = id, .access = access };
	for (unsigned look = 1;; look++) {
		rc = check_once(c, watch);
		if (rc != HF_OK || access == STORAGE_WRITE || !should_look_again(c, look) ||
		    look == LOOKS_MAX)
			break;
		forget(c);
		(void)env->sys->sleep(env->sys->context, LOOK_PAUSE_US);
	}
	if (rc != HF_OK)
		goto out;
	*ret_checked = c;
	c = NULL;
out:
	check_close(c);
	return rc;
}

void check_close(struct checked *checked)
{
	if (checked == NULL)
		return;
	forget(checked);
	mem_free(checked);
}
