/* SPDX-License-Identifier: MIT */
/* What both formats of the Gemini CLI share: the session and its messages. */
#ifndef INTEROP_GEMINI_MESSAGE_H
#define INTEROP_GEMINI_MESSAGE_H

#include <stdint.h>

#include "base/buffer.h"
#include "interop/format.h"
#include "interop/message.h"

enum { GEMINI_CALLS_MAX = 256 };

/* Calls by their ids. No more than GEMINI_CALLS_MAX are known; of hostile input more than
 * that, and ids with equal sums, are taken for others than they are. */
struct gemini_calls {
	uint64_t sums[GEMINI_CALLS_MAX];
	size_t count;
};

/* One session that is being read. */
struct gemini {
	struct buffer foreign, project, name, parent; /* facts */
	struct buffer folder;     /* the fact project, as a file beside the session has it */
	struct buffer scratch;    /* for what has to be rebuilt */
	int64_t created_us;
	struct gemini_calls answered; /* calls whose results the newest messages gave */
	struct gemini_calls called;   /* calls of the message that is being read */
};

int gemini_begin(const struct import_env *env, const char *path, void **ret_state);
void gemini_end(void *state);
void gemini_facts(void *state, struct session_facts *ret_facts);

/*
 * Takes one of the session's own members: a whole header, or what "$set" holds.
 * HF_ERR_NOMEM.
 */
int gemini_header(struct gemini *gemini, struct hf_slice header);
/* Puts a view of a header that is no message: what the header says and facts do not hold. Both
 * take a header whose bytes were not checked, too. */
int gemini_put_header(struct hf_slice header, struct message_writer *writer);

/*
 * Says what one message means: a view for it, or two where the program put its context and
 * a person's words into one. A message that repeats the results which the message before it
 * has with its calls is meta. HF_ERR_NOMEM; errors of the writer.
 */
int gemini_message(struct gemini *gemini, struct hf_slice json, struct message_writer *writer);

/* Gives the directory where the program keeps its sessions. As places of struct format. */
int gemini_places(const struct import_env *env, source_fn each, void *context);

#endif
