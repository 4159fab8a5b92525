/* SPDX-License-Identifier: MIT */
/* Messages and todos as JidoCode has them: texts and nothing else. */
#ifndef INTEROP_JIDOCODE_MESSAGE_H
#define INTEROP_JIDOCODE_MESSAGE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "interop/export.h"

/* The texts of one message, and of the results of tools in it, which become a message of
 * their own. */
struct jidocode_message {
	struct buffer said;
	struct buffer results;
	bool has_said;    /* even if it is empty */
	bool has_results;
};

#define JIDOCODE_MESSAGE_INIT                                                       \
	{                                                                              \
		BUFFER_INIT(EXPORT_LINE_MAX), BUFFER_INIT(EXPORT_LINE_MAX), false, false  \
	}

void jidocode_message_release(struct jidocode_message *message);

/* Turns a message's parts into texts, noting in the exporter what is lost. HF_ERR_NOMEM,
 * HF_ERR_SESSION_SIZE. */
int jidocode_message_read(const struct export_message *read, struct exporter *exporter,
			  struct jidocode_message *ret_message);

/* Appends one of the two messages that were read as JSON: which is 0 for the results, 1 for
 * the rest. Appends nothing if there is none. Errors as above. */
int jidocode_message_put(const struct export_message *read, const struct jidocode_message *message,
			 int which, struct buffer *out);

/* Appends a todo list of any agent (a list, or an object with the list "todos") as JidoCode's.
 * Errors as above. */
int jidocode_message_todos(struct hf_slice todos, struct exporter *exporter, struct buffer *out);

#endif
