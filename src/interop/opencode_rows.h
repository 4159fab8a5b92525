/* SPDX-License-Identifier: MIT */
/*
 * The pieces of an OpenCode session, whichever way it is stored. In this order:
 *
 *     session           the session's row or file
 *     message/<id>      a message's, then
 *     part/<id>         that of each of its parts, by id, and last
 *     view/<id>         what carries the message's view, see below; so on for each message
 *     todo, diff, ...   what else belongs to the session
 *
 * One message is spread over several rows, which change one by one while it is being
 * written. Its view has to be written again when any of them has changed, but a piece whose
 * bytes are here already is not looked at again. So a message ends with a piece that the
 * source does not hold, {"message":"msg_1","parts":3,"kept":...,"check":"<16 digits>"},
 * which says how many parts there are, what of the message was taken back ("kept": true,
 * false, or the number of parts that stay), and a checksum of all its rows.
 */
#ifndef INTEROP_OPENCODE_ROWS_H
#define INTEROP_OPENCODE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/format.h"

enum {
	OPENCODE_ID_MAX = 180,         /* bytes of an id with its NUL; longer ones are abridged */
	OPENCODE_IDS_MAX = 64 << 20,   /* bytes of all ids of messages of a session, and the like */
};

/* Giving the pieces of one session. */
struct opencode_rows {
	piece_fn each;
	void *context;
	uint64_t index;
	/* Where the session was taken back to: the first message, or the first part of it, that
	 * does not count any more. Empty: nothing was. */
	struct buffer revert_message;
	struct buffer revert_part;
	/* Of the message that is being given. */
	uint64_t check;
	uint64_t parts;
	uint64_t kept;     /* parts that stay */
	bool is_cut;       /* the part at which it was taken back has come */
};

void opencode_rows_begin(struct opencode_rows *rows, piece_fn each, void *context);
void opencode_rows_end(struct opencode_rows *rows);

/* Gives one row. kind is "message", "part" or another name; id NULL: the kind is the key.
 * HF_ERR_NOMEM; errors of each. */
int opencode_give(struct opencode_rows *rows, const char *kind, const char *id,
		  struct hf_slice bytes);
/* The same, once a row of kind "session" has been read: finds out what was taken back. */
int opencode_give_session(struct opencode_rows *rows, struct hf_slice bytes);
/* Ends a message. */
int opencode_give_view(struct opencode_rows *rows, const char *id);
/* Gives a block of a row that is too large to be looked into (PIECE_LONG): that which begins
 * at offset. All blocks but the last have more. */
int opencode_give_block(struct opencode_rows *rows, const char *kind, const char *id,
			struct hf_slice block, uint64_t offset, bool more);

#endif
