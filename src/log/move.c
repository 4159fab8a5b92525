/* SPDX-License-Identifier: MIT */
#include "log/move.h"

#include "log/found.h"
#include "log/writer.h"

/* How long to wait for a lock in the trash, where nobody writes: a removal holds it for
 * some milliseconds, and so does another move. */
enum { TRASH_TIMEOUT_MS = 5000 };

/* A session in both places. */
struct move {
	const struct log_env *from;
	const struct log_env *to;
	struct report *report;
	struct storage_id id;
	struct storage_found here;  /* what there is in the place it is to leave */
	struct storage_found there; /* and in the one it is to come to */
};

static int lock(const struct log_env *env, struct report *report, struct storage_id id,
		uint32_t timeout_ms, struct storage_lock **ret_lock)
{
	return env->storage->ops->lock(env->storage, report, id, timeout_ms, ret_lock);
}

static int look(struct move *move)
{
	const struct storage_ops *ops = move->from->storage->ops;
	int rc = ops->find(move->from->storage, move->report, move->id, &move->here);

	return rc == HF_OK ? ops->find(move->to->storage, move->report, move->id, &move->there) :
			     rc;
}

/* True if the place that it is to come to is the one where it lives. */
static bool has_arrived(const struct move *move)
{
	return move->there.has_log ? !move->here.has_log :
				     move->there.has_head && !move->here.has_log && !move->here.has_head;
}

/* Taking the lock makes the names there durable, if whoever brought it there could not make
 * sure of them. Whoever has a session open outside the trash did that when he took it. */
static int settle(struct move *move, bool to_trash)
{
	struct storage_lock *held = NULL;
	int rc = lock(move->to, move->report, move->id, to_trash ? TRASH_TIMEOUT_MS : 0, &held);

	if (rc == HF_ERR_BUSY && !to_trash)
		return HF_OK;
	if (rc == HF_OK)
		rc = look(move);
	if (rc == HF_OK && !has_arrived(move))
		rc = report_fail(move->report, HF_ERR_BUSY, "move", "it is being moved");
	if (rc == HF_OK)
		rc = move_drop_rest(move->from, move->report, move->id);
	move->to->storage->ops->unlock(held);
	return rc;
}

/* Moves it, both locks being held. It may have been moved or removed meanwhile. */
static int carry(struct move *move)
{
	int rc = look(move);

	if (rc != HF_OK)
		return rc;
	if (has_arrived(move))
		return move_drop_rest(move->from, move->report, move->id);
	return move->to->storage->ops->move_in(move->to->storage, move->report,
					       move->from->storage, move->id);
}

/* Takes both locks, and moves it unless it is not as it was seen (NULL: whatever it is). */
static int lock_and_carry(const struct move_places *places, struct move *move,
			  const struct head *seen)
{
	struct storage_lock *outside = NULL;
	struct storage_lock *inside = NULL;
	int rc = lock(places->outside, move->report, move->id, 0, &outside);

	if (rc == HF_OK)
		rc = lock(places->trash, move->report, move->id, TRASH_TIMEOUT_MS, &inside);
	if (rc == HF_OK && seen != NULL)
		rc = found_expect(places->outside, move->report, move->id, seen);
	if (rc == HF_OK)
		rc = carry(move);
	places->trash->storage->ops->unlock(inside);
	places->outside->storage->ops->unlock(outside);
	return rc;
}

int move_unchanged(const struct move_places *places, struct report *report, struct storage_id id,
		   const struct head *seen)
{
	struct move move = { .from = places->outside,
			     .to = places->trash,
			     .report = report,
			     .id = id };
	int rc = look(&move);

	/* Taking a lock makes a file, and would do so for what is gone. */
	if (rc == HF_OK && !move.here.has_log)
		rc = HF_ERR_NOTFOUND;
	return rc == HF_OK ? lock_and_carry(places, &move, seen) : rc;
}

int move_session(const struct move_places *places, struct report *report, struct storage_id id,
		 bool to_trash)
{
	struct move move = { .from = to_trash ? places->outside : places->trash,
			     .to = to_trash ? places->trash : places->outside,
			     .report = report,
			     .id = id };
	int rc = look(&move);

	if (rc != HF_OK)
		return rc;
	if (writer_is_gone(has_arrived(&move) ? move.to : move.from, report, id))
		return HF_ERR_NOTFOUND;
	if (has_arrived(&move))
		return settle(&move, to_trash);
	return lock_and_carry(places, &move, NULL);
}

/* What would go with it, or stay without it, is worth a second look at each file. */
static int has_rest(const struct log_env *other, struct report *report, struct storage_id id,
		    bool *ret_has_rest)
{
	const struct storage_ops *ops = other->storage->ops;
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct storage_found found = { .has_log = false };
	struct storage_log *log = NULL;
	int rc = ops->find(other->storage, report, id, &found);

	*ret_has_rest = false;
	if (rc != HF_OK || found.has_log)
		return rc;
	rc = found.has_head ? HF_OK : ops->head_peek(other->storage, report, id, slots);
	if (rc != HF_OK)
		return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
	rc = ops->log_open(other->storage, report, id, STORAGE_READ, &log);
	if (rc == HF_OK)
		ops->log_close(log);
	*ret_has_rest = rc == HF_ERR_NOTFOUND;
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

int move_drop_rest(const struct log_env *other, struct report *report, struct storage_id id)
{
	bool is_there = false;
	int rc = has_rest(other, report, id, &is_there);

	return rc == HF_OK && is_there ?
		       other->storage->ops->remove(other->storage, report, id) : rc;
}
