/* SPDX-License-Identifier: MIT */
/* What record 0 says of a session beside its identity, as compact JSON. */
#ifndef LOG_METADATA_H
#define LOG_METADATA_H

#include "base/buffer.h"
#include "base/report.h"
#include "format/first.h"
#include "log/limits.h"
#include "holdfast.h"

struct writer;

struct metadata {
	struct buffer name;    /* a JSON string, or empty: null */
	struct buffer project;
	struct buffer config;  /* a JSON object, or empty: {} */
	struct buffer origin;  /* a JSON object, or empty: null */
	struct buffer tags;    /* a JSON array, or empty: [] */
	struct buffer former;  /* a JSON array of former project paths, or empty: [] */
	bool is_pinned;
	int64_t created_us;    /* 0: now */
};

#define METADATA_INIT                                                               \
	{                                                                              \
		BUFFER_INIT(METADATA_TEXT_MAX), BUFFER_INIT(METADATA_TEXT_MAX),           \
			BUFFER_INIT(METADATA_JSON_MAX), BUFFER_INIT(METADATA_JSON_MAX),      \
			BUFFER_INIT(METADATA_TEXT_MAX), BUFFER_INIT(METADATA_FORMER_MAX),    \
			false, 0                                                             \
	}

void metadata_release(struct metadata *metadata);

/* Takes what a caller gives (options may be NULL), leaving the rest as it is. A project
 * that is replaced becomes a former one.
 * HF_ERR_INVALID: a text is too long, not UTF-8, or the project is not absolute;
 * HF_ERR_JSON: configuration or origin is not an object. */
int metadata_take(struct metadata *metadata, struct report *report,
		  const struct hf_session_options *options);

/* Takes what the session has now: what the writer knows from its last save, or else what the
 * log says, all of it verified. Its log must then be free of a bad verdict. */
int metadata_take_current(struct metadata *metadata, struct writer *writer);

/* Lets the writer know what its session has from now on. Leaves nothing in metadata. */
void metadata_keep(struct metadata *metadata, struct writer *writer);

/* Adds record 0 to the writer's batch, for the generation in its head. previous: the one
 * that it replaces, or NULL. records: how many are written with it, itself included. */
int metadata_add_first(const struct metadata *metadata, struct writer *writer,
		       const struct first_previous *previous, uint64_t records);

#endif
