/* SPDX-License-Identifier: MIT */
/*
 * What the tests of importing share: a store, sources in a scratch directory, and formats of
 * their own, so that nothing here depends on any agent.
 *
 *     t-lines  {"sid":"...","cwd":"...","title":"...","role":"user","text":"...","id":"..."}
 *              any of the members; {"views":3} has that many messages, {"todos":[...]} a
 *              todo list. Files "beside-<name>" in the same directory belong to it.
 *     t-doc    {"sid":"...","chat":[ the same ]}
 *     t-rows   a file whose first line is "rows <id>", then lines "key json"
 */
#ifndef UNIT_IMPORT_FIXTURE_H
#define UNIT_IMPORT_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "interop/fact.h"
#include "interop/format.h"
#include "interop/import.h"
#include "interop/stored.h"
#include "json/read.h"
#include "lib/runner.h"
#include "lib/scratch.h"
#include "store/store.h"

#define IMPORT_UUID "0195d3a0-1111-4222-8333-444455556661"

struct import_state {
	struct buffer sid, cwd, title, todos;
};

/* Called at each piece that a reader of these formats is given; NULL: nothing. */
static void (*import_hook)(const struct piece *piece);

static inline int import_begin(const struct import_env *env, const char *path, void **ret_state)
{
	static const struct import_state empty = { FACT_INIT, FACT_INIT, FACT_INIT, FACT_INIT };
	struct import_state *state = mem_new(1, sizeof *state);

	(void)env, (void)path;
	if (state == NULL)
		return HF_ERR_NOMEM;
	*state = empty;
	*ret_state = state;
	return HF_OK;
}

static inline void import_end(void *context)
{
	struct import_state *state = context;

	buffer_release(&state->sid);
	buffer_release(&state->cwd);
	buffer_release(&state->title);
	buffer_release(&state->todos);
	mem_free(state);
}

static inline int import_say(struct hf_slice json, struct message_writer *writer)
{
	struct hf_slice text = fact_member(json, "text");
	struct hf_slice views = fact_member(json, "views");
	int count = fact_member(json, "role").size > 0 ? 1 : 0;
	int rc = HF_OK;

	if (views.size > 0)
		count = views.data[0] - '0';
	for (int i = 0; rc == HF_OK && i < count; i++) {
		message_begin(writer, fact_is(fact_member(json, "role"), "user") ? MESSAGE_USER :
										     MESSAGE_ASSISTANT);
		message_text(writer, text);
		message_id(writer, fact_member(json, "id"));
		rc = message_end(writer);
	}
	return rc;
}

static inline int import_read(void *context, const struct piece *piece,
			      struct message_writer *writer)
{
	struct import_state *state = context;
	struct hf_slice todos;
	int rc;

	if (import_hook != NULL)
		import_hook(piece);
	if (piece->json.size == 0 || piece->state == PIECE_BLOCK)
		return HF_OK;
	rc = fact_set(&state->sid, fact_member(piece->json, "sid"));
	if (rc == HF_OK)
		rc = fact_set(&state->cwd, fact_member(piece->json, "cwd"));
	if (rc == HF_OK)
		rc = fact_set(&state->title, fact_member(piece->json, "title"));
	if (rc == HF_OK && json_member(piece->json, "todos", &todos)) {
		state->todos.size = 0;
		rc = buffer_put(&state->todos, todos.data, todos.size);
	}
	return rc == HF_OK ? import_say(piece->json, writer) : rc;
}

static inline int import_read_doc(void *context, const struct piece *piece,
				  struct message_writer *writer)
{
	struct import_state *state = context;
	struct hf_slice sid;

	if (piece->role == PIECE_HEAD) {
		sid.data = memmem(piece->bytes.data, piece->bytes.size, "{\"sid\":\"", 8);
		if (sid.data == NULL)
			return HF_OK;
		sid.data += 7;
		sid.size = strcspn(sid.data + 1, "\"") + 2;
		return fact_set(&state->sid, sid);
	}
	return import_read(context, piece, writer);
}

static inline void import_facts(void *context, struct session_facts *ret_facts)
{
	struct import_state *state = context;

	ret_facts->foreign = fact_get(&state->sid);
	ret_facts->project = fact_get(&state->cwd);
	ret_facts->name = fact_get(&state->title);
	ret_facts->todos = (struct hf_slice){ state->todos.data, state->todos.size };
	ret_facts->created_us = 1000000;
}

static inline bool import_has(const struct probe *probe, const char *text)
{
	return probe->start.size > 0 &&
	       memmem(probe->start.data, probe->start.size, text, strlen(text)) != NULL;
}

static inline int import_detect(const struct probe *probe)
{
	return strncmp(probe->name, "beside-", 7) != 0 && import_has(probe, "\"sid\"") &&
			       !import_has(probe, "\"chat\"") ? 50 : 0;
}

static inline int import_detect_doc(const struct probe *probe)
{
	return import_has(probe, "\"chat\":") ? 60 : 0;
}

static inline int import_detect_rows(const struct probe *probe)
{
	return probe->start.size > 5 && memcmp(probe->start.data, "rows ", 5) == 0 ? 90 : 0;
}

static inline int import_beside(const struct import_env *env, const char *path, source_fn each,
				void *context)
{
	static const char *const names[] = { "beside-a.jsonl", "beside-b.txt" };
	int rc = HF_OK;

	for (size_t i = 0; rc == HF_OK && i < 2; i++) {
		char whole[1000];
		struct stat found;

		(void)snprintf(whole, sizeof whole, "%.*s%s",
			       (int)(strrchr(path, '/') + 1 - path), path, names[i]);
		if (env->sys->stat_at(env->sys->context, AT_FDCWD, whole, &found) == 0)
			rc = each(context, names[i], "");
	}
	return rc;
}

static inline int import_each_row(const char *path, piece_fn each, void *context, char *id)
{
	char line[4096];
	FILE *file = fopen(path, "r");
	struct piece piece = { .role = PIECE_ROW };
	int rc = HF_OK;

	ck_assert_ptr_nonnull(file);
	while (rc == HF_OK && fgets(line, sizeof line, file) != NULL) {
		char *space = strchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		if (piece.key == NULL && id[0] == '\0') {
			(void)snprintf(id, 100, "%s", space + 1);
			if (each == NULL)
				break;
			continue;
		}
		*space = '\0';
		piece.key = line;
		piece.bytes = (struct hf_slice){ space + 1, strlen(space + 1) };
		rc = piece_look(&piece);
		if (rc == HF_OK)
			rc = each(context, &piece);
		piece.index++;
	}
	(void)fclose(file);
	return rc;
}

static inline int import_sessions(const struct import_env *env, const char *path, source_fn each,
				  void *context)
{
	char id[100] = "";

	(void)env;
	(void)import_each_row(path, NULL, NULL, id);
	return each(context, path, id);
}

static inline int import_rows(const struct import_env *env, const char *path, const char *foreign,
			      piece_fn each, void *context)
{
	char id[100] = "";

	(void)env, (void)foreign;
	return import_each_row(path, each, context, id);
}

static const char *const import_arrays[] = { "chat", NULL };
static const struct format_reader import_lines_reader = {
	.shape = FORMAT_LINES, .detect = import_detect, .begin = import_begin, .end = import_end,
	.read = import_read, .facts = import_facts, .beside = import_beside,
};
static const struct format_reader import_doc_reader = {
	.shape = FORMAT_DOCUMENT, .detect = import_detect_doc, .arrays = import_arrays,
	.begin = import_begin, .end = import_end, .read = import_read_doc, .facts = import_facts,
};
static const struct format_reader import_rows_reader = {
	.shape = FORMAT_ROWS, .detect = import_detect_rows, .begin = import_begin, .end = import_end,
	.read = import_read, .facts = import_facts, .sessions = import_sessions, .rows = import_rows,
};
static const struct format import_lines_format = { .about = { .name = "t-lines" },
						    .reader = &import_lines_reader };
static const struct format import_doc_format = { .about = { .name = "t-doc" },
						  .reader = &import_doc_reader };
static const struct format import_rows_format = { .about = { .name = "t-rows" },
						   .reader = &import_rows_reader };
static const struct format *const import_formats[] = { &import_lines_format, &import_doc_format,
							&import_rows_format, NULL };

/* ---- The scene ---- */

struct import_scene {
	struct scratch scratch;        /* "src" and "store" are in it */
	char source[300];
	struct hf_store *store;
	struct hf_store_options options;
	struct hf_import_options import;
	const struct sys *sys;
	struct hf_detail detail;
	struct hf_import sum;
	/* What was told: "new t-lines <records> <messages> <bad> <name>;" for each item, and
	 * "<what> <line>;" for each note. */
	char items[8000];
	char notes[2000];
	char id[HF_ID_SIZE];           /* of the item that came last */
	uint64_t progress, total;
};

static inline void import_take_item(void *context, const struct hf_import_item *item)
{
	static const char *const outcomes[] = { "new", "added", "unchanged", "rewritten",
						"truncated", "skipped", "failed" };
	struct import_scene *scene = context;
	size_t size = strlen(scene->items);
	const char *name = strrchr(item->path, '/');

	(void)snprintf(scene->items + size, sizeof scene->items - size, "%s %s %u %u %u %s;",
		       outcomes[item->outcome], item->format, (unsigned)item->records,
		       (unsigned)item->messages, (unsigned)item->bad, name != NULL ? name + 1 : "");
	(void)snprintf(scene->id, sizeof scene->id, "%s", item->id);
}

static inline void import_take_note(void *context, const struct hf_import_note *note)
{
	struct import_scene *scene = context;
	size_t size = strlen(scene->notes);

	(void)snprintf(scene->notes + size, sizeof scene->notes - size, "%s %u %u %u;", note->what,
		       (unsigned)note->line, (unsigned)note->offset, (unsigned)note->size);
}

static inline void import_take_progress(void *context, uint64_t done, uint64_t total)
{
	struct import_scene *scene = context;

	ck_assert(done >= scene->progress && done <= total);
	scene->progress = done;
	scene->total = total;
}

static inline int import_try_store(struct import_scene *scene)
{
	char path[300];

	(void)snprintf(path, sizeof path, "%s/store", scene->scratch.path);
	return store_open_with(scene->sys, path, &scene->options, &scene->detail, &scene->store);
}

static inline void import_open(struct import_scene *scene)
{
	memset(scene, 0, sizeof *scene);
	import_hook = NULL;
	scene->scratch = scratch_open();
	scratch_mkdir(scene->scratch.fd, "src");
	(void)snprintf(scene->source, sizeof scene->source, "%s/src", scene->scratch.path);
	scene->sys = sys_posix();
	scene->options = (struct hf_store_options){ .padding = 1, .rounds = HF_ROUNDS_MIN,
						     .runtime_dir = "", .durability = HF_OS };
	scene->import = (struct hf_import_options){ .item = import_take_item,
						     .note = import_take_note,
						     .progress = import_take_progress,
						     .context = scene };
	ck_assert_int_eq(import_try_store(scene), HF_OK);
}

static inline void import_close(struct import_scene *scene)
{
	hf_store_close(scene->store);
	scratch_close(&scene->scratch);
}

static inline void import_put(struct import_scene *scene, const char *name, const char *text)
{
	char path[300];

	(void)snprintf(path, sizeof path, "src/%s", name);
	scratch_put(scene->scratch.fd, path, text, strlen(text));
}

static inline void import_more(struct import_scene *scene, const char *name, const char *text)
{
	char path[300];

	(void)snprintf(path, sizeof path, "src/%s", name);
	scratch_append(scene->scratch.fd, path, text, strlen(text));
}

/* Imports a file of the source, or (NULL) all of it. */
static inline int import_run(struct import_scene *scene, const char *name)
{
	char path[700];

	(void)snprintf(path, sizeof path, name != NULL ? "%s/%s" : "%s", scene->source,
		       name != NULL ? name : "");
	scene->items[0] = '\0';
	scene->notes[0] = '\0';
	scene->progress = 0;
	memset(&scene->sum, 0, sizeof scene->sum);
	return import_with(scene->store, import_formats, path, &scene->import, &scene->detail,
			   &scene->sum);
}

/* Imports and expects what is told of the items. */
static inline void import_expect(struct import_scene *scene, const char *name, const char *items)
{
	ck_assert_int_eq(import_run(scene, name), HF_OK);
	ck_assert_str_eq(scene->items, items);
	ck_assert_uint_eq(scene->progress, scene->total);
}

static inline struct hf_view *import_view(struct import_scene *scene, const char *id)
{
	struct hf_view *view = NULL;

	ck_assert_int_eq(hf_session_load(scene->store, id, &scene->detail, &view), HF_OK);
	/* Weak: the secret could not be read when a test let that fail. */
	ck_assert_int_le(hf_view_check(view)->verdict, HF_WEAK_KEY);
	return view;
}

/* The bytes of one file in one version, put together in the order of the records: those of a
 * slot or key that came later replace the earlier ones only in the caller's eyes. */
static inline struct buffer import_bytes(struct import_scene *scene, const char *id,
					 const char *file, uint64_t version)
{
	struct buffer bytes = BUFFER_INIT((size_t)1 << 30);
	struct hf_view *view = import_view(scene, id);
	struct hf_record record = { 0 };
	struct stored stored;

	while (hf_view_next(view, &record)) {
		if (!stored_read(&record, &stored) || !stored.has_bytes || stored.version != version)
			continue;
		if (file != NULL ? !fact_is(stored.file, file) : stored.file.size > 0)
			continue;
		ck_assert(stored.has_slot || stored.key.size > 0 || stored.at == bytes.size);
		ck_assert_int_eq(stored_bytes(&stored, &bytes), HF_OK);
	}
	hf_view_close(view);
	return bytes;
}

/* The stored bytes of the main file are these. */
static inline void import_expect_bytes(struct import_scene *scene, uint64_t version,
				       const void *bytes, size_t size)
{
	struct buffer stored = import_bytes(scene, scene->id, NULL, version);

	ck_assert_uint_eq(stored.size, size);
	ck_assert(size == 0 || memcmp(stored.data, bytes, size) == 0);
	buffer_release(&stored);
}

/* The records of a session as "type data\n" for each, but for record 0 and those of the
 * library's own. What changes from run to run is left out. */
static inline char *import_text(struct import_scene *scene, const char *id, char *text,
				size_t room)
{
	struct hf_view *view = import_view(scene, id);
	struct hf_record record = { 0 };
	size_t size = 0;

	text[0] = '\0';
	while (hf_view_next(view, &record)) {
		if (record.n == 0 || strncmp(record.type.data, "seal", 4) == 0 ||
		    strncmp(record.type.data, "resume", 6) == 0 ||
		    strncmp(record.type.data, "x-import", 8) == 0)
			continue;
		ck_assert_uint_lt(size + record.data.size + 64, room);
		size += (size_t)snprintf(text + size, room - size, "%.*s %.*s\n",
					 (int)record.type.size, record.type.data,
					 (int)record.data.size, record.data.data);
	}
	hf_view_close(view);
	return text;
}

/* How many records are messages. */
static inline unsigned import_messages(struct import_scene *scene, const char *id)
{
	struct hf_view *view = import_view(scene, id);
	unsigned count = (unsigned)hf_view_info(view)->messages;

	hf_view_close(view);
	return count;
}

#endif
