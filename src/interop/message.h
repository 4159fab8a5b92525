/* SPDX-License-Identifier: MIT */
/*
 * The normalised message: how what any agent's record means is written down. The JSON that
 * comes out is described for users in docs/INTERCHANGE.md:
 *
 *     {"role":"assistant",
 *      "content":[{"type":"text","text":"..."},
 *                 {"type":"thinking","thinking":"..."},
 *                 {"type":"tool_call","id":"...","name":"...","arguments":{...}},
 *                 {"type":"tool_result","id":"...","name":"...","content":"..." or [...],
 *                  "is_error":true},
 *                 {"type":"image","media_type":"image/png","data":"<base64>"},
 *                 {"type":"image","url":"..."}, {"type":"file","name":"...", ...}],
 *      "id":"...","parent":"...","reply":"...","time":"2026-11-22T23:35:32.061Z",
 *      "model":"...","usage":{"input":1,"output":2,"cache_read":3,"cache_write":4},
 *      "meta":true,"side":"...","summary":true,"error":true,
 *      "source":{...}}
 *
 * A format calls message_begin, then the parts, then the members, then message_end, in any
 * number of messages per piece (usually none or one). Errors stick: all calls after the first
 * that fails do nothing, and message_end returns it; so none but message_end is checked.
 * Strings are given as slices of JSON (with their quotes, as they stand in the source), or as
 * decoded text by the functions that end in _text, which replace what is not UTF-8. Empty
 * slices leave a member out. So nothing is decoded and encoded again without need.
 *
 * What is a message of the conversation: what a person typed and what a model said, called
 * and got back. What a program put in between under somebody's name (environment, reminders,
 * caveats, instructions) is "meta". What belongs to another conversation (a subagent's) is
 * "side". Both are kept with their views but are no messages of the session.
 */
#ifndef INTEROP_MESSAGE_H
#define INTEROP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "holdfast.h"

enum message_role { MESSAGE_USER, MESSAGE_ASSISTANT, MESSAGE_SYSTEM, MESSAGE_TOOL };

struct message_writer {
	int rc;              /* the first error, which sticks */
	struct buffer json;  /* the message so far, without its closing brace */
	bool in_content;
	bool has_parts;
	bool is_aside;       /* meta or side */
	/* Takes a finished message: its members without the braces around them. */
	int (*take)(void *context, struct hf_slice members, bool is_aside);
	void *context;
};

/* Bytes that one message may take; what goes beyond is cut off from its longest texts'
 * ends, with "cut":true in the part. The piece's own bytes are kept whole. */
enum { MESSAGE_SIZE_MAX = 12 << 20 };

void message_begin(struct message_writer *writer, enum message_role role);
int message_end(struct message_writer *writer);
/* Forgets the message that was begun. */
void message_drop(struct message_writer *writer);

/* Parts of the content. */
void message_text(struct message_writer *writer, struct hf_slice string);
void message_text_text(struct message_writer *writer, struct hf_slice text);
void message_thinking(struct message_writer *writer, struct hf_slice string);
/* arguments: any JSON. A string that holds JSON (as OpenAI's interface has it) is given by
 * message_call_packed, which unpacks it if it is valid and keeps it as a string if not. */
void message_call(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
		  struct hf_slice arguments);
void message_call_packed(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
			 struct hf_slice arguments_string);
/* content: any JSON: a string, or an array of parts, which are kept as they are. */
void message_result(struct message_writer *writer, struct hf_slice id, struct hf_slice name,
		    struct hf_slice content, bool is_error);
/* An image by its base64 data or by its address (strings). */
void message_image(struct message_writer *writer, struct hf_slice media_type,
		   struct hf_slice data, struct hf_slice url);
/* Another attachment: name and text, each may be empty. */
void message_file(struct message_writer *writer, struct hf_slice name, struct hf_slice media_type,
		  struct hf_slice data, struct hf_slice url);
/* A part of no kind above, as it stands there: {"type":"other","value":...}. */
void message_other(struct message_writer *writer, struct hf_slice json);

/* Members after the content. */
void message_id(struct message_writer *writer, struct hf_slice string);
void message_parent(struct message_writer *writer, struct hf_slice string); /* null: a root */
void message_reply(struct message_writer *writer, struct hf_slice string); /* the model's answer
	that this is one part of, where an answer is spread over several records */
void message_time(struct message_writer *writer, struct hf_slice string_or_number); /* a text
	as it stands there, or milliseconds since 1970 */
void message_model(struct message_writer *writer, struct hf_slice string);
/* Numbers as they stand in the source; empty: not known. */
void message_usage(struct message_writer *writer, struct hf_slice input, struct hf_slice output,
		   struct hf_slice cache_read, struct hf_slice cache_write);
void message_meta(struct message_writer *writer);
void message_side(struct message_writer *writer, struct hf_slice string); /* whose */
void message_summary(struct message_writer *writer); /* stands for what came before it */
void message_error(struct message_writer *writer);   /* the text is an error of the service */
/* Another member, any JSON. */
void message_member(struct message_writer *writer, const char *name, struct hf_slice json);

/*
 * What changes the conversation without being a message of it; a piece of its own, written
 * as {"op":...}. Messages have ids then.
 *
 *   rewind  the message with this id and all after it are taken back; all, if there is none
 *   drop    the newest count turns (a user's message and what follows) are taken back
 *   leaf    the current branch ends with the message with this id
 *   reset   everything before is replaced by the messages that follow
 *
 * A message whose id came before replaces that one in its place.
 */
void message_op_rewind(struct message_writer *writer, struct hf_slice id_string);
void message_op_drop(struct message_writer *writer, uint64_t turns);
void message_op_leaf(struct message_writer *writer, struct hf_slice id_string);
void message_op_reset(struct message_writer *writer);
/* A node of a tree that is no message but that messages hang on: its id and its parent. */
void message_op_node(struct message_writer *writer, struct hf_slice id_string,
		     struct hf_slice parent_string);

#endif
