/* SPDX-License-Identifier: MIT */
#include "interop/branch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "interop/stored.h"
#include "json/read.h"

static bool slice_is(struct hf_slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}

static bool starts_with(struct hf_slice slice, const char *text)
{
	size_t size = strlen(text);

	return slice.size >= size && memcmp(slice.data, text, size) == 0;
}

bool branch_record(const struct hf_view *view, uint64_t offset, struct hf_record *ret_record)
{
	/* A record that ends right before it; record 0 is no message, so offset is not 0. */
	struct hf_record record = { .offset = offset - 1, .line = { "", 0 } };

	if (!hf_view_next(view, &record))
		return false;
	*ret_record = record;
	return true;
}

static int compare_ids(struct hf_slice a, struct hf_slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size > 0 ? memcmp(a.data, b.data, size) : 0;

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* ---- Reading ---- */

static int push(struct branch *branch, const struct node *node)
{
	if (branch->count == branch->room) {
		size_t room = branch->room > 0 ? branch->room * 2 : 64;
		struct node *nodes = mem_resize(branch->nodes, room, sizeof *nodes);

		if (nodes == NULL)
			return HF_ERR_NOMEM;
		branch->nodes = nodes;
		branch->room = room;
	}
	branch->nodes[branch->count++] = *node;
	return HF_OK;
}

/* What an op is; false if it is none that is known. */
static bool read_op(struct hf_slice data, struct node *node)
{
	struct hf_slice op = { 0 };

	(void)json_member(data, "op", &op);
	if (slice_is(op, "\"rewind\"")) {
		node->kind = NODE_REWIND;
		(void)json_member(data, "to", &node->id);
	} else if (slice_is(op, "\"drop\"")) {
		node->kind = NODE_DROP;
		(void)json_member(data, "turns", &node->id);
	} else if (slice_is(op, "\"leaf\"")) {
		node->kind = NODE_LEAF;
		(void)json_member(data, "id", &node->id);
	} else if (slice_is(op, "\"reset\"")) {
		node->kind = NODE_RESET;
	} else if (slice_is(op, "\"node\"")) {
		node->kind = NODE_HIDDEN;
		(void)json_member(data, "id", &node->id);
		(void)json_member(data, "parent", &node->parent);
	} else {
		return false;
	}
	return true;
}

/* Whose record it is, and where it hangs: only what an import has written says that. */
static bool read_place(const struct hf_record *record, bool is_message, struct node *node)
{
	struct hf_slice data = record->data;
	struct hf_slice role = { 0 };
	struct hf_slice side = { 0 };
	struct stored stored;

	node->kind = is_message ? NODE_MESSAGE : NODE_HIDDEN;
	if (!json_member(data, "role", &role))
		return is_message;
	/* What belongs to another conversation is no node of this one's tree. */
	if (!is_message && json_member(data, "side", &side))
		return false;
	node->is_user = slice_is(role, "\"user\"");
	if (stored_read(record, &stored)) {
		(void)json_member(data, "id", &node->id);
		(void)json_member(data, "parent", &node->parent);
		(void)json_member(data, "reply", &node->reply);
	}
	return is_message || node->id.size > 0;
}

int branch_add(struct branch *branch, const struct hf_record *record)
{
	struct node node = { .offset = record->offset };
	bool is_message = slice_is(record->type, "message");
	bool matters;

	if (!is_message && !slice_is(record->type, "x-source"))
		return HF_OK;
	matters = !is_message && starts_with(record->data, "{\"op\":")
			  ? read_op(record->data, &node)
			  : read_place(record, is_message, &node);
	if (!matters)
		return HF_OK;
	branch->is_tree |= node.parent.size > 0;
	branch->messages += node.kind == NODE_MESSAGE;
	return push(branch, &node);
}

/* ---- Ids ---- */

/* For qsort, which hands over no context: what is sorted holds all that is compared. */
struct id_entry {
	struct hf_slice id;
	size_t position;
};

static int compare_entries(const void *left, const void *right)
{
	const struct id_entry *a = left;
	const struct id_entry *b = right;
	int order = compare_ids(a->id, b->id);

	return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

static int sort_ids(struct branch *branch)
{
	struct id_entry *entries = mem_new(branch->count + 1, sizeof *entries);
	int rc = HF_ERR_NOMEM;

	branch->by_id = mem_new(branch->count + 1, sizeof *branch->by_id);
	if (entries == NULL || branch->by_id == NULL)
		goto out;
	for (size_t i = 0; i < branch->count; i++) {
		if (branch->nodes[i].kind <= NODE_HIDDEN && branch->nodes[i].id.size > 0)
			entries[branch->id_count++] = (struct id_entry){ branch->nodes[i].id, i };
	}
	qsort(entries, branch->id_count, sizeof *entries, compare_entries);
	for (size_t i = 0; i < branch->id_count; i++)
		branch->by_id[i] = entries[i].position;
	rc = HF_OK;
out:
	mem_free(entries);
	return rc;
}

int64_t branch_lookup(const struct branch *branch, struct hf_slice id, size_t limit)
{
	size_t low = 0;
	size_t high = branch->id_count;

	/* The first entry that is not below (id, limit): the one before it may be ours. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t position = branch->by_id[middle];
		int order = compare_ids(branch->nodes[position].id, id);

		if (order < 0 || (order == 0 && position < limit))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || compare_ids(branch->nodes[branch->by_id[low - 1]].id, id) != 0)
		return BRANCH_NONE;
	return (int64_t)branch->by_id[low - 1];
}

/* ---- A line of messages ---- */

/* The messages that stand, as positions of nodes; where[i] is where node i's place in it is. */
struct line {
	size_t *order;
	size_t count;
	size_t *where;
};

/* The place in the line that an id stands at; BRANCH_NONE if it does not stand there. */
static int64_t find_place(const struct branch *branch, const struct line *line,
			  struct hf_slice id, size_t limit)
{
	int64_t node = id.size > 0 ? branch_lookup(branch, id, limit) : BRANCH_NONE;
	size_t place;

	if (node == BRANCH_NONE)
		return BRANCH_NONE;
	place = line->where[node];
	if (place >= line->count ||
	    compare_ids(branch->nodes[line->order[place]].id, id) != 0)
		return BRANCH_NONE;
	return (int64_t)place;
}

static void drop_turns(const struct branch *branch, struct line *line, struct hf_slice turns)
{
	uint64_t count = 0;

	(void)text_take_u64(turns.data, turns.size, &count);
	while (count > 0 && line->count > 0) {
		const struct node *node = &branch->nodes[line->order[--line->count]];

		count -= node->kind == NODE_MESSAGE && node->is_user;
	}
}

static void take_node(const struct branch *branch, struct line *line, size_t position)
{
	const struct node *node = &branch->nodes[position];
	int64_t place;

	switch (node->kind) {
	case NODE_MESSAGE:
	case NODE_HIDDEN:
		place = find_place(branch, line, node->id, position);
		if (place == BRANCH_NONE)
			place = (int64_t)line->count++;
		line->order[place] = position;
		line->where[position] = (size_t)place;
		break;
	case NODE_REWIND:
		/* An id that is not there takes everything back, as it does in Gemini CLI. */
		place = slice_is(node->id, "null") ? 0 : find_place(branch, line, node->id, position);
		line->count = place != BRANCH_NONE ? (size_t)place : 0;
		break;
	case NODE_DROP:
		drop_turns(branch, line, node->id);
		break;
	case NODE_RESET:
		line->count = 0;
		break;
	case NODE_LEAF:
	default:
		break;
	}
}

int branch_mark_line(struct branch *branch)
{
	struct line line = { mem_new(branch->count + 1, sizeof *line.order), 0,
			     mem_new(branch->count + 1, sizeof *line.where) };
	int rc = HF_ERR_NOMEM;

	if (line.order == NULL || line.where == NULL)
		goto out;
	for (size_t i = 0; i < branch->count; i++)
		take_node(branch, &line, i);
	for (size_t i = 0; i < line.count; i++) {
		const struct node *node = &branch->nodes[line.order[i]];

		if (node->kind == NODE_MESSAGE)
			branch->shown[branch->shown_count++] = node->offset;
	}
	rc = HF_OK;
out:
	mem_free(line.order);
	mem_free(line.where);
	return rc;
}

/* ---- All of it ---- */

int branch_find(struct branch *branch, const struct hf_view *view)
{
	struct hf_record record = { 0 };
	int rc = HF_OK;

	while (rc == HF_OK && hf_view_next(view, &record))
		rc = branch_add(branch, &record);
	if (rc == HF_OK)
		rc = sort_ids(branch);
	if (rc == HF_OK) {
		branch->shown = mem_new(branch->count + 1, sizeof *branch->shown);
		rc = branch->shown != NULL ? HF_OK : HF_ERR_NOMEM;
	}
	if (rc == HF_OK)
		rc = branch->is_tree ? branch_mark_tree(branch, view) : branch_mark_line(branch);
	return rc;
}

void branch_release(struct branch *branch)
{
	mem_free(branch->nodes);
	mem_free(branch->by_id);
	mem_free(branch->shown);
	*branch = (struct branch){ 0 };
}
