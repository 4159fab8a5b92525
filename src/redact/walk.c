/* SPDX-License-Identifier: MIT */
#include "redact/walk.h"

#include <stdio.h>
#include <string.h>

#include "json/run.h"
#include "redact/chars.h"

void walk_init(struct walk *walk, struct hf_slice json, bool has_path)
{
	walk->json = json;
	walk->at = 0;
	walk->depth = 0;
	walk->levels[0] = (struct walk_level){ 0 };
	walk->expects_name = false;
	walk->name = ASSIGN_OTHER;
	walk->path_size = 0;
	walk->path[0] = '\0';
	walk->has_path = has_path;
}

/* ---- Paths ---------------------------------------------------------------------- */

/* What is too long is cut, at a character. */
static void path_put(struct walk *walk, const char *text, size_t size)
{
	size_t room = WALK_PATH_MAX - 1 - walk->path_size;

	if (size > room) {
		size = room;
		while (size > 0 && (text[size] & 0xc0) == 0x80)
			size--;
	}
	memcpy(walk->path + walk->path_size, text, size);
	walk->path_size += size;
	walk->path[walk->path_size] = '\0';
}

static void path_back(struct walk *walk)
{
	walk->path_size = walk->levels[walk->depth].path_size;
	walk->path[walk->path_size] = '\0';
}

void walk_enter(struct walk *walk, struct hf_slice raw)
{
	bool is_plain = raw.size > 0 && chars_end(raw.data, 0, raw.size, CHARS_WORD) == raw.size;

	path_back(walk);
	if (!is_plain) {
		path_put(walk, "[\"", 2);
		path_put(walk, raw.data, raw.size);
		path_put(walk, "\"]", 2);
		return;
	}
	if (walk->path_size > 0)
		path_put(walk, ".", 1);
	path_put(walk, raw.data, raw.size);
}

static void enter_element(struct walk *walk)
{
	struct walk_level *level = &walk->levels[walk->depth];
	char text[32];
	int size;

	if (!walk->has_path || walk->depth == 0 || level->is_object)
		return;
	size = snprintf(text, sizeof text, "[%llu]", (unsigned long long)level->index);
	path_back(walk);
	path_put(walk, text, (size_t)size);
}

const char *walk_path(const struct walk *walk)
{
	return walk->path;
}

/* ---- Steps ---------------------------------------------------------------------- */

static int open_container(struct walk *walk, bool is_object)
{
	if (walk->depth == HF_DEPTH_MAX)
		return HF_ERR_JSON;
	enter_element(walk);
	walk->depth++;
	walk->levels[walk->depth] =
		(struct walk_level){ is_object, walk->path_size, 0, walk->name };
	walk->expects_name = is_object;
	if (is_object)
		walk->name = ASSIGN_OTHER;
	return HF_OK;
}

static int close_container(struct walk *walk)
{
	if (walk->depth == 0)
		return HF_ERR_JSON;
	path_back(walk);
	walk->depth--;
	walk->expects_name = false;
	walk->name = walk->levels[walk->depth].name;
	return HF_OK;
}

static void next_member(struct walk *walk)
{
	struct walk_level *level = &walk->levels[walk->depth];

	level->index++;
	walk->expects_name = level->is_object;
	walk->name = level->is_object ? ASSIGN_OTHER : level->name;
}

/* The string that begins at at, with its quote. */
static int take_string(struct walk *walk, struct walk_string *ret_string)
{
	const char *from = walk->json.data + walk->at + 1;
	const char *end = walk->json.data + walk->json.size;
	const char *to = from;

	for (; (to = json_run(to, end, JSON_RUN_STRING)) < end && *to == '\\'; to += 2) {
		if (end - to < 2)
			return HF_ERR_JSON;
	}
	if (to >= end)
		return HF_ERR_JSON;
	ret_string->raw = (struct hf_slice){ from, (size_t)(to - from) };
	ret_string->is_name = walk->expects_name;
	ret_string->name = walk->expects_name ? ASSIGN_OTHER : walk->name;
	walk->at = (size_t)(to - walk->json.data) + 1;
	if (walk->expects_name)
		walk->name = assign_name(ret_string->raw.data, ret_string->raw.size);
	else
		enter_element(walk);
	if (ret_string->is_name && walk->has_path)
		path_back(walk);
	walk->expects_name = false;
	return HF_OK;
}

int walk_next(struct walk *walk, struct walk_string *ret_string)
{
	int rc = HF_OK;

	while (rc == HF_OK && walk->at < walk->json.size) {
		char c = walk->json.data[walk->at];

		if (c == '"')
			return take_string(walk, ret_string);
		if (c == '{' || c == '[')
			rc = open_container(walk, c == '{');
		else if (c == '}' || c == ']')
			rc = close_container(walk);
		else if (c == ',')
			next_member(walk);
		walk->at++;
	}
	if (rc != HF_OK)
		return rc;
	return walk->depth == 0 ? HF_ERR_NOTFOUND : HF_ERR_JSON;
}
