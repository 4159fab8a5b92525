/* SPDX-License-Identifier: MIT */
/*
 * What readers keep of a session while they go through its pieces: ids, paths, names and
 * times, taken from JSON that anybody may have written.
 *
 * A fact is a struct buffer with decoded text of at most FACT_SIZE_MAX bytes. What is no
 * string, empty or too long is no fact, and leaves the one before as it was.
 */
#ifndef INTEROP_FACT_H
#define INTEROP_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/format.h"

enum { FACT_SIZE_MAX = 4096, FACT_PATH_SIZE = 4096 };

#define FACT_INIT BUFFER_INIT(FACT_SIZE_MAX)

/* Sets a fact from a string. HF_ERR_NOMEM. */
int fact_set(struct buffer *fact, struct hf_slice string);
/* Sets a fact from decoded text, which is taken only if it is UTF-8. HF_ERR_NOMEM. */
int fact_set_text(struct buffer *fact, struct hf_slice text);
/* The text of a fact, valid until it is set again; empty if there is none. */
struct hf_slice fact_get(const struct buffer *fact);

/* A member's value, or an empty slice. */
struct hf_slice fact_member(struct hf_slice object, const char *name);
/* Whether a string's decoded text is text. */
bool fact_is(struct hf_slice string, const char *text);
/* Whether a string's decoded text begins with text, white space before it left out. */
bool fact_begins(struct hf_slice string, const char *text);

/* Reads a string such as "2026-11-22T23:54:13.123Z" or "2026-11-22T23:54:13+01:00" as
 * microseconds since 1970; 0 if it is no time. */
int64_t fact_time(struct hf_slice string);

/* The UUID that the last part of a path ends in, before its suffix or suffixes. */
bool fact_uuid_of_path(const char *path, struct hf_slice *ret_uuid);

/* A variable of the environment; NULL: it is not set. The library never changes the
 * environment; a host that does must not do so meanwhile. */
const char *fact_variable(const char *name);
/* Where an agent keeps its things: the environment's variable, or below the home directory.
 * False: neither is set, or it is no absolute path that fits. */
bool fact_home(const char *variable, const char *below_home, char path[static FACT_PATH_SIZE]);
/* Gives home and below it if something is there. Errors of each. */
int fact_place(const struct import_env *env, const char *home, const char *below, source_fn each,
	       void *context);

#endif
