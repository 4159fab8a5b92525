/* SPDX-License-Identifier: MIT */
/* The parts of Claude Code's format that have files of their own. */
#ifndef INTEROP_CLAUDE_H
#define INTEROP_CLAUDE_H

#include "interop/export.h"
#include "interop/format.h"

/* struct format_reader's beside: all regular files below the directory that has a session's
 * name without ".jsonl": what its subagents did, outputs of tools too long for the log, and
 * whatever else there is, sorted by their names, CLAUDE_BESIDE_DEPTH directories deep. The
 * paths are relative to the directory of path. Links are not followed. HF_ERR_NOMEM;
 * HF_ERR_SESSION_SIZE: a directory has more than CLAUDE_BESIDE_MAX names; errors of reading a
 * directory that is there, and of each. */
enum { CLAUDE_BESIDE_DEPTH = 8, CLAUDE_BESIDE_MAX = 1 << 16 };
int claude_beside(const struct import_env *env, const char *path, source_fn each, void *context);

/* Reads the content of a message in Anthropic's form (a string or an array of blocks) as parts
 * of the message that was begun. */
void claude_content(struct message_writer *writer, struct hf_slice content);

/* struct format's write: lines of users and assistants that form a chain, or, if the original
 * stands before, that go on from its last one. Errors of the exporter's functions. */
int claude_write(struct exporter *exporter);

#endif
