/* SPDX-License-Identifier: MIT */
/*
 * Looks at a session as it stands on the medium and says what it is: which head counts,
 * which records verify, which verdict follows (docs/FORMAT.md, "Checking a session").
 *
 * Of a log's bytes those below the head's offset are mapped: they never change and are
 * never cut while their generation lasts. Those past it may be padding that a writer
 * trims, or a tail that a repair cuts, so they are copied, but for whoever holds the
 * session's lock.
 */
#ifndef LOG_CHECK_H
#define LOG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "log/env.h"
#include "log/found.h"
#include "log/scan.h"

/* A checked session. Members are for reading. */
struct checked {
	const struct log_env *env;
	struct report *report;
	struct storage_id id;
	enum storage_access access; /* STORAGE_WRITE: the caller holds the lock */
	struct storage_log *log;    /* NULL: there is a head but no log */
	struct found_head found;
	struct session_key *key;    /* of the generation that the log has; NULL: key missing */
	uint64_t log_size;          /* bytes of the log, padding included */
	struct storage_map map;     /* the log's bytes [0, map.size) */
	char *tail;                 /* the log's bytes from map.size on, without padding */
	size_t tail_size;
	struct scan scan;           /* what verifies */
	struct head state;          /* the same folded; where an appender goes on */
	struct hf_check check;
};

/* Progress of the check; may be NULL. */
struct check_watch {
	hf_progress_fn progress;
	void *context;
};

/*
 * Opens and checks a session. Reports HF_OK whatever the verdict is. A reader that meets a
 * writer's unfinished work looks again, for some milliseconds at most.
 * HF_ERR_SESSION_SIZE: a reader met more than 4 GiB past the head.
 * HF_ERR_NOTFOUND: no such session, or it was removed, or its creation was cut short.
 * report must outlive what is returned; the caller frees it with check_close.
 */
int check_open(const struct log_env *env, struct report *report, struct storage_id id,
	       enum storage_access access, const struct check_watch *watch,
	       struct checked **ret_checked);
/* NULL is allowed. */
void check_close(struct checked *checked);

/* The bytes of the log from offset up to the end of the segment that holds it. */
struct hf_slice check_bytes(const struct checked *checked, uint64_t offset);

#endif
