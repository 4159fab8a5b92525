/* SPDX-License-Identifier: MIT */
/* The current branch of a tree. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "interop/branch.h"
#include "json/read.h"

/* The id of a call that stands on the branch, or of a result that does. */
struct joint {
	struct hf_slice id;
	bool is_result;
};

struct joints {
	struct joint *list;
	size_t count;
	size_t room;
};

static int compare_joints(const void *left, const void *right)
{
	const struct joint *a = left;
	const struct joint *b = right;
	size_t size = a->id.size < b->id.size ? a->id.size : b->id.size;
	int order = size > 0 ? memcmp(a->id.data, b->id.data, size) : 0;

	if (order == 0)
		order = (a->id.size > b->id.size) - (a->id.size < b->id.size);
	return order != 0 ? order : a->is_result - b->is_result;
}

static int add_joint(struct joints *joints, struct hf_slice id, bool is_result)
{
	if (joints->count == joints->room) {
		size_t room = joints->room > 0 ? joints->room * 2 : 32;
		struct joint *list = mem_resize(joints->list, room, sizeof *list);

		if (list == NULL)
			return HF_ERR_NOMEM;
		joints->list = list;
		joints->room = room;
	}
	joints->list[joints->count++] = (struct joint){ id, is_result };
	return HF_OK;
}

static bool type_is(struct hf_slice part, const char *quoted)
{
	struct hf_slice type = { 0 };

	return json_member(part, "type", &type) && type.size == strlen(quoted) &&
	       memcmp(type.data, quoted, type.size) == 0;
}

/* Steps to the next part of a message that is a call or a result with an id. */
static bool next_joint(struct hf_slice content, size_t *position, struct joint *ret_joint)
{
	struct hf_slice part;
	struct hf_slice id;

	while (json_next(content, position, NULL, &part)) {
		bool is_result = type_is(part, "\"tool_result\"");

		if ((is_result || type_is(part, "\"tool_call\"")) && json_member(part, "id", &id)) {
			*ret_joint = (struct joint){ id, is_result };
			return true;
		}
	}
	return false;
}

static struct hf_slice content_of(const struct hf_view *view, const struct node *node)
{
	struct hf_slice content = { NULL, 0 };
	struct hf_record record;

	if (node->kind == NODE_MESSAGE && branch_record(view, node->offset, &record))
		(void)json_member(record.data, "content", &content);
	return content;
}

static int collect(const struct branch *branch, const struct hf_view *view, struct joints *joints)
{
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < branch->count; i++) {
		struct hf_slice content;
		struct joint joint;
		size_t position = 0;

		if (!branch->nodes[i].is_shown)
			continue;
		content = content_of(view, &branch->nodes[i]);
		while (rc == HF_OK && next_joint(content, &position, &joint))
			rc = add_joint(joints, joint.id, joint.is_result);
	}
	return rc;
}

/* Keeps the calls that have no result on the branch. */
static void keep_open_calls(struct joints *joints)
{
	size_t kept = 0;

	if (joints->count == 0)
		return;
	qsort(joints->list, joints->count, sizeof *joints->list, compare_joints);
	for (size_t i = 0; i < joints->count; i++) {
		struct joint call = joints->list[i];
		struct joint result = { call.id, true };

		/* A result stands right behind its calls. */
		while (i + 1 < joints->count && compare_joints(&joints->list[i + 1], &call) == 0)
			i++;
		if (i + 1 < joints->count && compare_joints(&joints->list[i + 1], &result) == 0)
			i++;
		else if (!call.is_result)
			joints->list[kept++] = call;
	}
	joints->count = kept;
}

static bool answers(const struct joints *open, struct hf_slice content)
{
	struct joint joint;
	size_t position = 0;

	while (next_joint(content, &position, &joint)) {
		struct joint call = { joint.id, false };

		if (joint.is_result &&
		    bsearch(&call, open->list, open->count, sizeof call, compare_joints) != NULL)
			return true;
	}
	return false;
}

/* Shows the results that hang beside the way although their calls are on it. */
static int mark_results(struct branch *branch, const struct hf_view *view, size_t first)
{
	struct joints joints = { 0 };
	int rc = collect(branch, view, &joints);

	if (rc == HF_OK)
		keep_open_calls(&joints);
	for (size_t i = first; rc == HF_OK && joints.count > 0 && i < branch->count; i++) {
		struct node *node = &branch->nodes[i];

		if (node->kind == NODE_MESSAGE && !node->is_shown &&
		    answers(&joints, content_of(view, node)))
			node->is_shown = true;
	}
	mem_free(joints.list);
	return rc;
}

static bool is_root(struct hf_slice parent)
{
	return parent.size == 0 || (parent.size == 4 && memcmp(parent.data, "null", 4) == 0);
}

/* The node that the branch ends with, counted from first on; BRANCH_NONE: there is none. */
static int64_t find_leaf(const struct branch *branch, size_t first)
{
	int64_t leaf = BRANCH_NONE;

	for (size_t i = first; i < branch->count; i++) {
		const struct node *node = &branch->nodes[i];

		if (node->kind <= NODE_HIDDEN && node->id.size > 0)
			leaf = (int64_t)i;
		else if (node->kind == NODE_LEAF)
			leaf = branch_lookup(branch, node->id, branch->count);
	}
	return leaf >= (int64_t)first ? leaf : BRANCH_NONE;
}

/* The node that one hangs on; BRANCH_NONE for a root, and for what has nothing before it. */
static int64_t parent_of(const struct branch *branch, int64_t at, size_t first)
{
	struct hf_slice parent = branch->nodes[at].parent;
	int64_t found;

	if (is_root(parent))
		return BRANCH_NONE;
	found = branch_lookup(branch, parent, branch->count);
	if (found >= (int64_t)first)
		return found;
	for (found = at - 1; found >= (int64_t)first; found--) {
		if (branch->nodes[found].kind <= NODE_HIDDEN && branch->nodes[found].id.size > 0)
			return found;
	}
	return BRANCH_NONE;
}

/* Whether a node, in its newest form, is a part of one of the answers. */
static bool is_part_of(const struct branch *branch, size_t at, const struct joints *replies)
{
	const struct node *node = &branch->nodes[at];
	struct joint reply = { node->reply, false };

	return node->kind == NODE_MESSAGE && !node->is_shown && node->reply.size > 0 &&
	       branch_lookup(branch, node->id, branch->count) == (int64_t)at &&
	       bsearch(&reply, replies->list, replies->count, sizeof reply, compare_joints) != NULL;
}

/* Shows the other parts of the answers that are on the way. */
static int mark_replies(struct branch *branch, size_t first)
{
	struct joints replies = { 0 };
	int rc = HF_OK;

	for (size_t i = first; rc == HF_OK && i < branch->count; i++) {
		const struct node *node = &branch->nodes[i];

		if (node->is_shown && node->kind == NODE_MESSAGE && node->reply.size > 0)
			rc = add_joint(&replies, node->reply, false);
	}
	if (rc == HF_OK && replies.count > 0)
		qsort(replies.list, replies.count, sizeof *replies.list, compare_joints);
	for (size_t i = first; rc == HF_OK && replies.count > 0 && i < branch->count; i++) {
		if (is_part_of(branch, i, &replies))
			branch->nodes[i].is_shown = true;
	}
	mem_free(replies.list);
	return rc;
}

int branch_mark_tree(struct branch *branch, const struct hf_view *view)
{
	size_t first = 0;
	int64_t at;
	int rc;

	for (size_t i = 0; i < branch->count; i++) {
		if (branch->nodes[i].kind == NODE_RESET)
			first = i + 1;
	}
	at = find_leaf(branch, first);
	while (at != BRANCH_NONE && !branch->nodes[at].is_shown) {
		branch->nodes[at].is_shown = true;
		at = parent_of(branch, at, first);
	}
	rc = mark_replies(branch, first);
	if (rc == HF_OK)
		rc = mark_results(branch, view, first);
	for (size_t i = first; i < branch->count; i++) {
		const struct node *node = &branch->nodes[i];

		/* What names neither itself nor a parent was said after the import. */
		if (node->kind == NODE_MESSAGE && (node->is_shown || node->id.size == 0))
			branch->shown[branch->shown_count++] = node->offset;
	}
	return rc;
}
