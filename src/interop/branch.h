/* SPDX-License-Identifier: MIT */
/*
 * Which messages of a session are the conversation as it stands.
 *
 * The records are read once into nodes: messages, nodes of the tree that are none, and what
 * changes the conversation (message.h). Where nodes name their parents, the current branch
 * is the way from its leaf, which is the last node or the one that an op names, up to the
 * root. A parent that is not there (its line is damaged) stands for the node before. Two
 * kinds of messages beside the way belong to it: further parts of an answer that is on it,
 * and results of tools whose call is, for agents that call several tools at once hang each
 * result on its own call. Where no node names a parent, the
 * messages stand in the order in which they came, less what was taken back.
 *
 * Time O(n log n) whatever the ids and parents are: ids are sorted, not hashed, and each
 * node is walked over once, so that a circle of parents ends.
 */
#ifndef INTEROP_BRANCH_H
#define INTEROP_BRANCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast.h"

enum { BRANCH_NONE = -1 };

enum node_kind {
	NODE_MESSAGE, /* shown if it is on the branch */
	NODE_HIDDEN,  /* part of the tree only */
	NODE_REWIND,  /* ops: the node with the id, and all after it, are taken back */
	NODE_DROP,
	NODE_LEAF,
	NODE_RESET,
};

struct node {
	uint64_t offset;       /* of its record in the log */
	struct hf_slice id;    /* JSON, empty: none. NODE_DROP: the number of turns */
	struct hf_slice parent; /* JSON, empty: it names none; "null" is a root */
	struct hf_slice reply; /* JSON, empty: none; the answer that it is one part of */
	enum node_kind kind;
	bool is_user;          /* begins a turn */
	bool is_shown;
};

struct branch {
	struct node *nodes;
	size_t count;
	size_t room;
	bool is_tree;          /* a node names its parent */
	size_t *by_id;         /* nodes with ids, sorted by id, then by position */
	size_t id_count;
	uint64_t *shown;       /* offsets of the messages to show, in order */
	size_t shown_count;
	uint64_t messages;     /* NODE_MESSAGE in all */
};

/* Finds the branch of a session. The slices point into the view. HF_ERR_NOMEM. On failure
 * branch is to be released all the same. */
int branch_find(struct branch *branch, const struct hf_view *view);
void branch_release(struct branch *branch);

/* Adds what a record is, if it matters. HF_ERR_NOMEM. */
int branch_add(struct branch *branch, const struct hf_record *record);
/* The newest node with an id before position limit; BRANCH_NONE if there is none. */
int64_t branch_lookup(const struct branch *branch, struct hf_slice id, size_t limit);
/* Marks what is shown, for either kind of conversation. HF_ERR_NOMEM. */
int branch_mark_line(struct branch *branch);
int branch_mark_tree(struct branch *branch, const struct hf_view *view);
/* The record of a node. */
bool branch_record(const struct hf_view *view, uint64_t offset, struct hf_record *ret_record);

#endif
