/* SPDX-License-Identifier: MIT */
/*
 * What a session is and does if only one call at a time is made: the measure that
 * journal_check holds the real ones against. For journal_check alone.
 */
#ifndef LIB_JOURNAL_MODEL_H
#define LIB_JOURNAL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/journal.h"

enum { MODEL_NOBODY = 0xffff };

/* How a call that changes something goes. The last two are for calls that were cut short. */
enum model_way {
	MODEL_DONE,   /* with its effect */
	MODEL_SKIP,   /* without any */
	MODEL_HIDDEN, /* with one that a listing tells of when the session is opened next */
	MODEL_WAYS,
};

/* A session at one moment. */
struct content {
	uint32_t generation;
	uint32_t messages;
	uint64_t digest;
	bool exists;
	bool trashed;
	bool closed;
};

struct model {
	struct content shown;
	struct content hidden; /* what opening will find, if is_hidden */
	bool is_hidden;
	bool is_untouched;     /* nothing was written since it was taken */
	uint16_t holder;       /* a worker, or MODEL_NOBODY */
};

/* An event as it is judged. */
struct op {
	const struct journal_event *event;
	uint64_t begun;
	uint64_t ended;
	bool is_unfinished;
	bool is_excused; /* somebody else may have had the lock for a moment meanwhile */
};

/* The texts of kinds, and whether they take the lock. */
const char *model_name(uint8_t kind);
bool model_locks(uint8_t kind);

/* True if the call changes nothing: it looks, or was refused. */
bool model_is_pure(const struct op *op);
/* Whether a pure call may have given what it gave now. */
bool model_fits(const struct model *model, const struct op *op);
/* Does another call, or the part of it with this number if it is a batch. False if it
 * cannot have succeeded now; the model is then of no use. */
bool model_do(struct model *model, const struct op *op, uint32_t part, enum model_way way);

#endif
