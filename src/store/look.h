/* SPDX-License-Identifier: MIT */
/*
 * Looking at sessions as a listing does: what a session is and what it is doing, from its
 * head and its lock, without opening its log. docs/ARCHITECTURE.md, "States", says why what
 * is found is true of one moment although three things are read one after the other.
 */
#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/head.h"
#include "holdfast.h"
#include "store/store.h"

/* A session as it was seen. */
struct look {
	/* Its head; of a damaged session what else could be found out, the rest being zero,
	 * but never its id. */
	struct head head;
	enum hf_state state;
	int error;     /* HF_OK, or why not all is known, as in struct hf_entry */
	bool is_trash; /* where it was found */
};

/* Where to look. */
enum look_place {
	LOOK_SESSIONS = 1, /* outside the trash */
	LOOK_TRASH = 2,
};

/* Called for each session; false ends the walk. */
typedef bool (*look_fn)(void *context, const struct look *look);

/*
 * Looks at each session whose id begins with prefix (NULL: at each) in one place. One that
 * is moved meanwhile may be missed or, in two walks, be seen twice. Errors of each, and
 * HF_ERR_NOMEM or HF_ERR_FILES, which say nothing of a session; all other failures are a
 * session's own and stand in look->error.
 */
int look_each(struct hf_store *store, struct report *report, enum look_place place,
	      const char *prefix, look_fn seen, void *context);

/* True if the text of an id begins with prefix; NULL: that of each does. */
bool look_has_prefix(const uint8_t id[static 16], const char *prefix);

#endif
