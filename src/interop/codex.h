/* SPDX-License-Identifier: MIT */
/* What the files of the format Codex share. */
#ifndef INTEROP_CODEX_H
#define INTEROP_CODEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/export.h"
#include "interop/format.h"
#include "interop/message.h"

/* One session that is being read. */
struct codex {
	struct buffer foreign, project, name, version, parent; /* facts */
	struct buffer model;    /* of the newest turn: a fact */
	struct buffer scratch;  /* for what an item has to be rebuilt from */
	int64_t created_us;
	bool is_named;          /* the file's name has the session's id */
	bool has_meta;          /* the line with the session's data was seen */
	char total[32];         /* tokens of the session when they were last told; "" at first */
};

/* Says what one item of the model's input means. HF_ERR_NOMEM; errors of the writer. */
int codex_item(struct codex *codex, struct hf_slice json, struct hf_slice time,
	       struct message_writer *writer);
/* Puts the newest model's name into a message. */
void codex_put_model(const struct codex *codex, struct message_writer *writer);

/*
 * Writes a session as a rollout that Codex lists and resumes: for each message what its
 * model gets, and what its screen shows. As the function of struct format.
 */
int codex_write(struct exporter *exporter);

#endif
