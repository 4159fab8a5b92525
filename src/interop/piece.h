/* SPDX-License-Identifier: MIT */
/*
 * Cutting foreign bytes into pieces, in bounded memory.
 *
 * The pieces of a file, put together in order, are the file: nothing is skipped, trimmed or
 * changed. A piece knows whether it looks whole; what is not is kept all the same.
 */
#ifndef INTEROP_PIECE_H
#define INTEROP_PIECE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "holdfast.h"

enum {
	PIECE_SIZE_MAX = 64 << 20, /* bytes of one line or element that is looked into */
	PIECE_PART_SIZE = 4 << 20, /* bytes of one part of a larger one, and of a block */
	PIECE_KEY_MAX = 200,       /* bytes of a piece's key with its NUL */
};

/* What stands between a piece and its meaning. */
enum piece_state {
	PIECE_GOOD,       /* json is valid JSON by json_scan (or with lax set, see there) */
	PIECE_BLANK,      /* nothing but white space */
	PIECE_TORN,       /* the file's last line, without its line feed, and no valid JSON */
	PIECE_NUL,        /* has NUL bytes, which a power cut leaves */
	PIECE_GLUED,      /* no valid JSON, but ends in or begins with a valid object: two records
	                   * that run into each other, or a stump with a record behind it */
	PIECE_UNPARSABLE, /* no valid JSON, for no reason that is known */
	PIECE_LONG,       /* longer than PIECE_SIZE_MAX: given in parts, never looked into */
	PIECE_BLOCK,      /* a block of a file that is no JSON */
};

enum piece_role {
	PIECE_LINE,
	PIECE_HEAD,    /* of a document: up to the first element of its array */
	PIECE_ELEMENT, /* one element, with the separator before it */
	PIECE_TAIL,    /* from behind the last element to the end */
	PIECE_ROW,
};

struct piece {
	enum piece_state state;
	enum piece_role role;
	struct hf_slice bytes; /* all of it, with its line feed or separator */
	/* PIECE_GOOD: the JSON in it without what surrounds it. PIECE_GLUED: the last valid
	 * object in it. PIECE_NUL: the same if there is one. PIECE_HEAD and _TAIL: empty; bytes
	 * are no JSON of their own. */
	struct hf_slice json;
	bool lax;              /* valid but for names that come twice: json_scan refuses it, the
	                        * readers of json/read.h take the first of each */
	const char *file;      /* NULL: the source's main file; or the relative path beside it */
	uint64_t offset;       /* of its first byte in its file */
	uint64_t line;         /* from 1; 0: not known */
	uint64_t index;        /* counted from 0 over the pieces of its file */
	const char *key;       /* PIECE_ROW: "message/msg_1", unique in its session; otherwise NULL */
	bool is_last;          /* the file ends with it */
	bool has_more;         /* PIECE_LONG and _BLOCK: the next piece goes on where it ends */
};

/* Where bytes come from: reads at most size; the count, 0 at the end, or an error code. */
typedef int64_t (*piece_read_fn)(void *context, char *bytes, size_t size);

/* Cuts lines. HF_ERR_NOMEM; errors of read and of each. */
int piece_lines(piece_read_fn read, void *read_context, const char *file,
		int (*each)(void *context, const struct piece *piece), void *context);
/* Cuts a document at the elements of its top-level member named in arrays (see format.h).
 * A document that is not valid JSON gives pieces that put together are the file all the
 * same, at least the last of them PIECE_UNPARSABLE. */
int piece_document(piece_read_fn read, void *read_context, const char *const *arrays,
		   int (*each)(void *context, const struct piece *piece), void *context);
/* Cuts blocks of PIECE_PART_SIZE bytes. */
int piece_blocks(piece_read_fn read, void *read_context, const char *file,
		 int (*each)(void *context, const struct piece *piece), void *context);
/* Looks at a piece's bytes and sets state, json and lax. Pure but for HF_ERR_NOMEM. */
int piece_look(struct piece *piece);

#endif
