/* SPDX-License-Identifier: MIT */
#include "lib/journal_model.h"

static const char *const names[] = {
#define JOURNAL_KIND_NAME(name, text, locks) text,
	JOURNAL_KINDS(JOURNAL_KIND_NAME)
#undef JOURNAL_KIND_NAME
};
static const bool locking[] = {
#define JOURNAL_KIND_LOCKS(name, text, locks) locks,
	JOURNAL_KINDS(JOURNAL_KIND_LOCKS)
#undef JOURNAL_KIND_LOCKS
};

const char *model_name(uint8_t kind)
{
	return names[kind];
}

bool model_locks(uint8_t kind)
{
	return locking[kind];
}

/* ---- Calls that change something ------------------------------------------------- */

static void put(struct content *content, uint32_t serial)
{
	content->messages++;
	content->digest = journal_digest(content->digest, serial);
	content->closed = false;
}

static void put_saved(struct content *content, const struct journal_event *event)
{
	content->generation++;
	content->messages = 0;
	content->digest = JOURNAL_DIGEST;
	content->closed = false;
	for (uint32_t i = 0; i < event->count; i++)
		put(content, event->serial + i);
}

static bool create(struct model *model, const struct journal_event *event)
{
	if (model->shown.exists)
		return false;
	*model = (struct model){ .holder = event->worker,
				 .shown = { .exists = true, .digest = JOURNAL_DIGEST } };
	return true;
}

/* Takes the session for writing, which brings to light what a dead one had written. */
static bool take(struct model *model, const struct journal_event *event)
{
	if (!model->shown.exists || model->shown.trashed || model->holder != MODEL_NOBODY)
		return false;
	if (model->is_hidden)
		model->shown = model->hidden;
	model->is_hidden = false;
	model->holder = event->worker;
	model->is_untouched = event->kind == JOURNAL_OPEN;
	if (event->kind == JOURNAL_RESUME)
		model->shown.closed = false;
	return true;
}

static bool write_held(struct model *model, const struct journal_event *event, uint32_t part,
		       bool hide)
{
	struct content *content = &model->shown;

	if (model->holder != event->worker)
		return false;
	if (event->kind != JOURNAL_LEAVE)
		model->is_untouched = false;
	if (hide) {
		if (!model->is_hidden)
			model->hidden = model->shown;
		model->is_hidden = true;
		content = &model->hidden;
	}
	if (event->kind == JOURNAL_APPEND)
		put(content, event->serial + part);
	else if (event->kind == JOURNAL_SAVE)
		put_saved(content, event);
	else if (event->kind == JOURNAL_SEAL)
		content->closed = true;
	if (!hide && (event->kind == JOURNAL_SEAL || event->kind == JOURNAL_LEAVE))
		model->holder = MODEL_NOBODY;
	return true;
}

/* Moves a session to the trash or back, or finds that done. */
static bool move(struct model *model, bool to_trash)
{
	struct content *content = &model->shown;

	if (!content->exists || (content->trashed != to_trash && model->holder != MODEL_NOBODY))
		return false;
	content->trashed = to_trash;
	model->hidden.trashed = to_trash;
	return true;
}

/* Who is overtaken by another one that removes it has nothing left to do. */
static bool remove_it(struct model *model, const struct op *op, bool trashed_only)
{
	struct content *content = &model->shown;

	if (!content->exists)
		return op->is_excused;
	if (model->holder != MODEL_NOBODY || (trashed_only && !content->trashed))
		return false;
	content->exists = false;
	model->is_hidden = false;
	return true;
}

static bool die(struct model *model, const struct journal_event *event)
{
	if (model->holder == event->worker)
		model->holder = MODEL_NOBODY;
	return true;
}

bool model_do(struct model *model, const struct op *op, uint32_t part, enum model_way way)
{
	const struct journal_event *event = op->event;
	bool hide = way == MODEL_HIDDEN;

	if (way != MODEL_DONE && !op->is_unfinished)
		return false;
	if (way == MODEL_SKIP)
		return true;
	switch (event->kind) {
	case JOURNAL_APPEND:
	case JOURNAL_SAVE:
	case JOURNAL_SEAL:
	case JOURNAL_LEAVE:
		return write_held(model, event, part, hide);
	case JOURNAL_CREATE:
		return !hide && create(model, event);
	case JOURNAL_OPEN:
	case JOURNAL_RESUME:
		return !hide && take(model, event);
	case JOURNAL_TRASH:
	case JOURNAL_RESTORE:
		return !hide && move(model, event->kind == JOURNAL_TRASH);
	case JOURNAL_DIE:
		return !hide && die(model, event);
	default:
		return !hide && remove_it(model, op, event->kind == JOURNAL_PURGE);
	}
}

/* ---- Calls that change nothing --------------------------------------------------- */

bool model_is_pure(const struct op *op)
{
	uint8_t kind = op->event->kind;

	return op->event->rc != HF_OK || kind == JOURNAL_READ || kind == JOURNAL_LIST ||
	       kind == JOURNAL_MISS || kind == JOURNAL_KEEP;
}

/* A listing looks at the head, then at the lock. Somebody who had not written anything yet
 * at the one, and has let go at the other, may be overlooked. */
static bool fits_state(const struct model *model, const struct op *op)
{
	bool is_held = model->holder != MODEL_NOBODY;
	uint8_t state = op->event->state;

	if (state == HF_TRASHED || model->shown.trashed)
		return state == HF_TRASHED && model->shown.trashed;
	if (state == HF_ACTIVE)
		return is_held || op->is_excused;
	if (is_held && !(model->is_untouched && op->is_excused))
		return false;
	return state == (model->shown.closed ? HF_CLOSED : HF_INTERRUPTED);
}

static bool fits_list(const struct model *model, const struct op *op)
{
	const struct journal_event *event = op->event;
	const struct content *content = &model->shown;

	if (event->kind == JOURNAL_MISS)
		return !content->exists || content->trashed;
	return content->exists && event->generation == content->generation &&
	       event->count == content->messages && fits_state(model, op);
}

static bool fits_read(const struct model *model, const struct journal_event *event)
{
	const struct content *content = &model->shown;

	return content->exists && event->generation == content->generation &&
	       event->count == content->messages && event->digest == content->digest;
}

/* Calls that were refused. */
static bool fits_error(const struct model *model, const struct op *op)
{
	const struct journal_event *event = op->event;
	const struct content *content = &model->shown;

	switch (event->rc) {
	case HF_ERR_BUSY:
		return model->holder != MODEL_NOBODY || op->is_excused;
	case HF_ERR_TRASHED:
		return content->exists && content->trashed;
	case HF_ERR_NOTFOUND:
		return !content->exists || (event->kind == JOURNAL_PURGE && !content->trashed);
	case HF_ERR_CONFLICT:
		return event->kind == JOURNAL_APPEND && model->holder == event->worker;
	default:
		return false;
	}
}

bool model_fits(const struct model *model, const struct op *op)
{
	uint8_t kind = op->event->kind;

	if (op->is_unfinished)
		return true;
	if (kind == JOURNAL_LIST || kind == JOURNAL_MISS)
		return fits_list(model, op);
	if (op->event->rc != HF_OK)
		return fits_error(model, op);
	return kind == JOURNAL_READ ? fits_read(model, op->event) : kind == JOURNAL_KEEP;
}
