/* SPDX-License-Identifier: MIT */
/* Messages in the form of OpenAI's chat interface, which many programs keep and exchange. */
#ifndef INTEROP_OPENAI_MESSAGE_H
#define INTEROP_OPENAI_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "interop/export.h"
#include "interop/message.h"

/* Whether bytes begin with an object that looks like a message: a known role, and content or
 * calls, and no "type", which the records of agents have. It may be cut off or damaged. */
bool openai_message_is(struct hf_slice start);

/*
 * Writes what a message means. The roles system and developer are one; tool and function are
 * results of tools; the parts text, input_text, output_text, refusal, image_url, input_image,
 * input_audio, file and input_file are understood, others kept as they are. chat: 0, or the
 * number of the conversation that the message belongs to, which is then said in the member
 * "chat". Errors of message_end.
 */
int openai_message_read(struct hf_slice message, size_t chat, struct message_writer *writer);

/* struct format's write, as lines and as one text {"messages":[...]}. Thinking is left out,
 * results of tools become messages of their own before the rest of their message. */
int openai_write_lines(struct exporter *exporter);
int openai_write_document(struct exporter *exporter);

#endif
