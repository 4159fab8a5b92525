/* SPDX-License-Identifier: MIT */
/*
 * Reads a file as an import does, cut into pieces and given to a format, and keeps the views
 * that come out. What the views come to is worked out here anew, without the code under
 * test: what was replaced, taken back or put aside does not count.
 */
#ifndef READER_FIXTURE_H
#define READER_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interop/format.h"
#include "json/scan.h"
#include "sys/sys.h"

struct view {
	char *text; /* JSON, with its braces */
	bool is_aside;
};

struct reading {
	struct import_env *env; /* may be NULL */
	const struct format_reader *reader;
	void *state;
	struct message_writer writer;
	struct view *views;
	size_t count;
	const char *bytes;
	size_t size;
	size_t at;
};

/* What a conversation comes to. */
struct tally {
	size_t users;   /* messages of a person */
	size_t texts;   /* of a model, with text */
	size_t calls;
	size_t results;
	size_t all_results; /* those put aside too */
	size_t reasoning;
	size_t summaries;
	char first[512]; /* the first words of a person */
};

/* ---- Files ---- */

static inline char *slurp(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	size_t size = 0;

	ck_assert_msg(file != NULL, "%s is missing", path);
	do {
		bytes = realloc(bytes, size + (1 << 16));
		ck_assert_ptr_nonnull(bytes);
		size += fread(bytes + size, 1, 1 << 16, file);
	} while (!feof(file) && !ferror(file));
	ck_assert_int_eq(fclose(file), 0);
	*ret_size = size;
	return bytes;
}

/* The path of a file of tests/data. */
static inline void data_path(char *path, size_t size, const char *folder, const char *name)
{
	const char *source = getenv("HOLDFAST_SOURCE");

	ck_assert_msg(source != NULL, "HOLDFAST_SOURCE is not set");
	ck_assert_int_lt(snprintf(path, size, "%s/tests/data/%s/%s", source, folder, name),
			 (int)size);
}

/* ---- Reading ---- */

static inline int64_t give_bytes(void *context, char *bytes, size_t size)
{
	struct reading *reading = context;
	size_t left = reading->size - reading->at;

	size = size < left ? size : left;
	memcpy(bytes, reading->bytes + reading->at, size);
	reading->at += size;
	return (int64_t)size;
}

static inline int take_view(void *context, struct hf_slice members, bool is_aside)
{
	struct reading *reading = context;
	struct view *view;

	reading->views = realloc(reading->views, (reading->count + 1) * sizeof *reading->views);
	ck_assert_ptr_nonnull(reading->views);
	view = &reading->views[reading->count++];
	view->is_aside = is_aside;
	view->text = malloc(members.size + 3);
	ck_assert_ptr_nonnull(view->text);
	view->text[0] = '{';
	memcpy(view->text + 1, members.data, members.size);
	memcpy(view->text + 1 + members.size, "}", 2);
	ck_assert_msg(json_scan(view->text, members.size + 2, NULL) == HF_OK, "no JSON: %s",
		      view->text);
	return HF_OK;
}

static inline int take_piece(void *context, const struct piece *piece)
{
	struct reading *reading = context;

	return reading->reader->read(reading->state, piece, &reading->writer);
}

/* Reads bytes as if they were in a file at path. */
static inline void reading_open(struct reading *reading, const struct format *format,
				const char *path, const char *bytes, size_t size)
{
	int rc;

	*reading = (struct reading){ .env = reading->env, .reader = format->reader,
				     .bytes = bytes, .size = size };
	reading->writer = (struct message_writer){ .json = BUFFER_INIT(MESSAGE_SIZE_MAX),
						   .take = take_view, .context = reading };
	ck_assert_int_eq(reading->reader->begin(reading->env, path, &reading->state), HF_OK);
	if (reading->reader->shape == FORMAT_LINES)
		rc = piece_lines(give_bytes, reading, NULL, take_piece, reading);
	else
		rc = piece_document(give_bytes, reading, reading->reader->arrays, take_piece,
				    reading);
	ck_assert_int_eq(rc, HF_OK);
	ck_assert_uint_eq(reading->at, size);
}

static inline void reading_close(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		free(reading->views[i].text);
	free(reading->views);
	buffer_release(&reading->writer.json);
	reading->reader->end(reading->state);
}

static inline struct session_facts reading_facts(struct reading *reading)
{
	struct session_facts facts = { 0 };

	reading->reader->facts(reading->state, &facts);
	return facts;
}

#define ck_assert_slice(slice, text)                                                           \
	do {                                                                                   \
		struct hf_slice is = (slice);                                                  \
		ck_assert_msg(is.size == strlen(text) && memcmp(is.data, text, is.size) == 0,   \
			      "\"%.*s\" is not \"%s\"", (int)is.size, is.data, text);           \
	} while (0)

/* ---- What the views say ---- */

static inline struct hf_slice view_slice(const struct view *view)
{
	return (struct hf_slice){ view->text, strlen(view->text) };
}

static inline bool get(struct hf_slice object, const char *name, struct hf_slice *ret_value)
{
	return hf_json_member(object, name, ret_value);
}

/* Whether a member is a string of this text. */
static inline bool says(struct hf_slice object, const char *name, const char *text)
{
	struct hf_slice value;
	char is[256];

	return get(object, name, &value) && hf_json_text(value, is, sizeof is) >= 0 &&
	       strcmp(is, text) == 0;
}

static inline bool has(struct hf_slice object, const char *name)
{
	struct hf_slice value;

	return get(object, name, &value);
}

static inline bool equal(struct hf_slice one, struct hf_slice other)
{
	return one.size == other.size && memcmp(one.data, other.data, one.size) == 0;
}

/* Where among the kept views one with an id stands; count if nowhere. */
static inline size_t place_of(const struct view *views, const size_t *kept, size_t count,
			      struct hf_slice id)
{
	struct hf_slice value;
	size_t i = 0;

	while (i < count && !(get(view_slice(&views[kept[i]]), "id", &value) && equal(value, id)))
		i++;
	return i;
}

/* Takes the newest turns back. */
static inline size_t drop_turns(const struct view *views, const size_t *kept, size_t count,
				struct hf_slice op)
{
	struct hf_slice turns = { "0", 1 };
	long left;

	ck_assert(get(op, "turns", &turns));
	for (left = strtol(turns.data, NULL, 10); left > 0 && count > 0;) {
		const struct view *view = &views[kept[--count]];

		left -= !view->is_aside && says(view_slice(view), "role", "user");
	}
	return count;
}

/* Which views are left when all that changes the conversation is done; the caller frees. */
static inline size_t *fold(const struct reading *reading, size_t *ret_count)
{
	size_t *kept = malloc((reading->count + 1) * sizeof *kept);
	size_t count = 0;
	struct hf_slice id;

	ck_assert_ptr_nonnull(kept);
	for (size_t i = 0; i < reading->count; i++) {
		struct hf_slice view = view_slice(&reading->views[i]);
		size_t place = count;

		if (says(view, "op", "reset")) {
			count = 0;
			continue;
		}
		if (says(view, "op", "rewind")) {
			ck_assert(get(view, "to", &id));
			place = place_of(reading->views, kept, count, id);
			count = place < count ? place : 0;
			continue;
		}
		if (says(view, "op", "drop")) {
			count = drop_turns(reading->views, kept, count, view);
			continue;
		}
		ck_assert_msg(!has(view, "op"), "an unknown op");
		if (get(view, "id", &id))
			place = place_of(reading->views, kept, count, id);
		kept[place] = i;
		count += place == count;
	}
	*ret_count = count;
	return kept;
}

static inline void tally_view(struct tally *tally, const struct view *view)
{
	struct hf_slice json = view_slice(view);
	struct hf_slice content;
	struct hf_slice part;
	size_t position = 0;
	bool has_text = false;
	bool has_thinking = false;

	ck_assert(get(json, "content", &content));
	while (hf_json_next(content, &position, NULL, &part)) {
		tally->all_results += says(part, "type", "tool_result");
		if (view->is_aside)
			continue;
		if (says(part, "type", "text") && tally->users == 0 && !has_text &&
		    says(json, "role", "user")) {
			struct hf_slice text;

			ck_assert(get(part, "text", &text));
			ck_assert_int_ge(hf_json_text(text, tally->first, sizeof tally->first), 0);
		}
		has_text |= says(part, "type", "text");
		has_thinking |= says(part, "type", "thinking");
		tally->calls += says(part, "type", "tool_call");
		tally->results += says(part, "type", "tool_result");
	}
	if (has(json, "summary")) {
		tally->summaries++;
		return;
	}
	tally->users += has_text && says(json, "role", "user");
	tally->texts += has_text && says(json, "role", "assistant");
	tally->reasoning += has_thinking;
}

static inline struct tally tally_of(const struct reading *reading)
{
	struct tally tally = { 0 };
	size_t count;
	size_t *kept = fold(reading, &count);

	for (size_t i = 0; i < count; i++)
		tally_view(&tally, &reading->views[kept[i]]);
	free(kept);
	return tally;
}

/* ---- What was expected ---- */

/* A number in an object of expected.json; 0 if it is not there. */
static inline size_t number(struct hf_slice object, const char *name)
{
	struct hf_slice value;

	return get(object, name, &value) ? (size_t)strtoul(value.data, NULL, 10) : 0;
}

static inline void text_of(struct hf_slice object, const char *name, char *text, size_t size)
{
	struct hf_slice value;

	ck_assert_msg(get(object, name, &value), "%s is missing", name);
	ck_assert_int_lt(hf_json_text(value, text, size), (int)size);
}

/* Reads each session that expected.json of a folder of tests/data tells of, and gives it with
 * what is told. Returns how many there were. */
typedef void (*session_fn)(struct reading *reading, struct hf_slice expected);

static inline size_t each_session(const struct format *format, const char *folder, session_fn each)
{
	char path[1024];
	char name[256];
	size_t size;
	size_t count = 0;
	size_t position = 0;
	struct hf_slice sessions;
	struct hf_slice session;
	struct hf_slice files;
	struct hf_slice file;
	char *expected;

	data_path(path, sizeof path, folder, "expected.json");
	expected = slurp(path, &size);
	ck_assert(get((struct hf_slice){ expected, size }, "sessions", &sessions));
	while (hf_json_next(sessions, &position, NULL, &session)) {
		struct reading reading = { 0 };
		size_t at = 0;
		size_t bytes_size;
		char *bytes;

		ck_assert(get(session, "files", &files) && hf_json_next(files, &at, NULL, &file));
		ck_assert_int_lt(hf_json_text(file, name, sizeof name), (int)sizeof name);
		data_path(path, sizeof path, folder, name);
		bytes = slurp(path, &bytes_size);
		reading_open(&reading, format, path, bytes, bytes_size);
		each(&reading, session);
		reading_close(&reading);
		free(bytes);
		count++;
	}
	free(expected);
	return count;
}

#endif
