/* SPDX-License-Identifier: MIT */
/*
 * What the writers of agents' formats share: JSON into the exporter's line, names that are
 * made up but always the same, and which calls of tools still wait for their results.
 *
 * Agents send a whole session to a model's service when they go on with it, and services
 * refuse a call without a result as well as a result without a call. So each call that is
 * written is answered, if need be by a made-up error, before the user speaks again.
 *
 * Errors stick in the exporter.
 */
#ifndef INTEROP_CONVERT_H
#define INTEROP_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "interop/export.h"

enum {
	CONVERT_CALLS_MAX = 1 << 16, /* calls that wait at a time; of more the oldest is given up */
	CONVERT_LOOK_MAX = 1024,  /* of them, from each end, that a result's id is compared with */
	CONVERT_IDS_MAX = 1 << 19, /* ids that are remembered, so that none is written twice */
	CONVERT_HEX_SIZE = 32,
	CONVERT_ID_SIZE = 65,     /* of an id that services take, with its NUL */
};

/* A call that waits. The slices are JSON in the exporter's view. */
struct convert_call {
	struct hf_slice id;
	struct hf_slice name;
	char made[CONVERT_ID_SIZE]; /* the id it is written with: A-Z a-z 0-9 _ - */
};

struct convert {
	struct exporter *exporter;
	struct convert_call *calls; /* from first on, count of them, oldest first */
	size_t first;
	size_t count;
	size_t call_room;
	uint64_t *ids;              /* tags of the ids that were written; 0: free */
	size_t id_count;
	size_t id_room;             /* a power of two, at least twice the count; or 0 */
	uint64_t n;                 /* the record that is written */
	uint64_t part;              /* names made for it so far */
};

/* convert is to be released in any case. */
void convert_init(struct convert *convert, struct exporter *exporter);
void convert_release(struct convert *convert);

/* Put into the exporter's line: text or JSON as it is; a text as a string; a time in
 * milliseconds as a string ("2026-11-22T23:54:13.123Z") or as a number. */
void convert_put(struct convert *convert, const char *text);
void convert_put_json(struct convert *convert, struct hf_slice json);
void convert_put_string(struct convert *convert, struct hf_slice text);
void convert_put_time(struct convert *convert, int64_t time_us);
void convert_put_ms(struct convert *convert, int64_t time_us);
/* A member's name (",\"name\":") and a text without anything that must be escaped. */
void convert_put_plain(struct convert *convert, const char *name, const char *text);
/* The id of the entry before as a string: parent, which is text, or if that is empty last,
 * which is JSON, or null. */
void convert_put_parent(struct convert *convert, const char *parent, struct hf_slice last);
/* Puts an image's media type and its base64 data, each as a string behind the text that is
 * given. The data may stand in an address ("data:image/png;base64,..."). */
void convert_put_image(struct convert *convert, const struct export_part *part,
		       const char *before_type, const char *before_data);
bool convert_has_data(const struct export_part *part);
/* The session's directory as a string. */
void convert_put_project(struct convert *convert);
/* What a tool was given, as an object: what is none is put into one, as "value". */
void convert_put_arguments(struct convert *convert, struct hf_slice arguments);
void convert_put_number(struct convert *convert, uint64_t number);
/* Puts and returns a count of tokens: the usage's member of one of these names, or 0. */
uint64_t convert_put_usage(struct convert *convert, struct hf_slice usage, const char *name,
			   const char *other_name);

/* A name for the next thing that is made of the record at hand: depends on the session, the
 * record, and what came before it of the same record. */
void convert_make_hex(struct convert *convert, char hex[static CONVERT_HEX_SIZE]);
void convert_make_uuid(struct convert *convert, char uuid[static TEXT_UUID_SIZE + 1]);
uint32_t convert_seed(struct convert *convert);

/* Takes a call that is written now; gives the id to write, valid until the next call. An id
 * that services do not take, or that was written before, is replaced by one that is made up. */
const char *convert_open(struct convert *convert, const struct export_part *call);
/* Finds and takes away the call that a result answers: the one with its id, or, if it has
 * none, the oldest. False: there is none. */
bool convert_close(struct convert *convert, const struct export_part *result,
		   struct convert_call *ret_call);

/* The id of the entry that an import's original ends with, as JSON; empty: there is none. */
struct hf_slice convert_last_id(const struct hf_view *view);
/* What the session is called there if the original goes on, otherwise its id here; decoded
 * into buffer. */
struct hf_slice convert_session(const struct exporter *exporter, char *buffer, size_t size);
/* Sets the name of the exported file: before, the session, and suffix. A session's id that is
 * no part of a file's name is replaced by the one here. What goes on keeps its name. */
void convert_name(struct exporter *exporter, const char *before, const char *session,
		  const char *suffix);
/* Whether two slices are the same and not empty. */
bool convert_same(struct hf_slice a, struct hf_slice b);

#endif
