/* SPDX-License-Identifier: MIT */
/* What the tests of the exports for people share: a session of given messages, exported into
 * memory by the public calls. */
#ifndef UNIT_RENDER_FIXTURE_H
#define UNIT_RENDER_FIXTURE_H

#include <stdbool.h>

#include "store_fixture.h"

enum { RENDERED_MAX = 4 << 20 };

/* An exported file, with a NUL behind it. */
struct rendered {
	char *text;
	size_t size;
	size_t size_max; /* writing fails from here on */
	struct hf_export done;
};

static inline int rendered_write(void *context, const char *file, const char *data, size_t size)
{
	struct rendered *rendered = context;

	ck_assert_ptr_null(file);
	if (rendered->size + size > rendered->size_max)
		return HF_ERR_NOSPACE;
	memcpy(rendered->text + rendered->size, data, size);
	rendered->size += size;
	rendered->text[rendered->size] = '\0';
	return HF_OK;
}

static inline void rendered_free(struct rendered *rendered)
{
	free(rendered->text);
	rendered->text = NULL;
}

/* Makes a session; the caller adds messages with append and calls leave. */
static inline void begin_session(struct fixture *f, const char *name, const char *project)
{
	struct hf_session_options options = { .id = ID_1, .name = name, .project = project };

	ck_assert_int_eq(hf_session_create(f->store, &options, &f->detail, &f->session), HF_OK);
}

static inline void say(struct fixture *f, const char *json)
{
	ck_assert_msg(append(f, "message", NULL, json) == HF_OK, "%s: %s", f->detail.message, json);
}

/* Makes a session of the lines of a file of tests/data. */
static inline void session_of_file(struct fixture *f, const char *file, const char *name,
				   const char *project)
{
	char path[500];
	char *line = NULL;
	size_t room = 0;
	FILE *lines;

	(void)snprintf(path, sizeof path, "%s/tests/data/%s", getenv("HOLDFAST_SOURCE"), file);
	lines = fopen(path, "r");
	ck_assert_msg(lines != NULL, "%s", path);
	begin_session(f, name, project);
	while (getline(&line, &room, lines) > 0)
		say(f, line);
	free(line);
	(void)fclose(lines);
	leave(f, HF_CLOSE_SEAL);
}

/* Exports the session into memory; size_max 0: as much as there is room for. */
static inline int render(struct fixture *f, const char *format, bool redact, size_t size_max,
			 struct rendered *ret_rendered)
{
	struct rendered rendered = { .size_max = size_max > 0 ? size_max : RENDERED_MAX };
	struct hf_export_options options = { .format = format, .redact = redact,
					     .write = rendered_write, .context = &rendered };
	struct hf_view *view = load(f, ID_1);
	int rc;

	rendered.text = calloc(1, RENDERED_MAX + 1);
	ck_assert_ptr_nonnull(rendered.text);
	rc = hf_export(f->store, view, &options, &f->detail, &rendered.done);
	hf_view_close(view);
	*ret_rendered = rendered;
	return rc;
}

/* The same, which must succeed. */
static inline struct rendered rendered_as(struct fixture *f, const char *format, bool redact)
{
	struct rendered rendered;

	ck_assert_msg(render(f, format, redact, 0, &rendered) == HF_OK, "%s", f->detail.message);
	ck_assert_uint_eq(rendered.size, rendered.done.bytes);
	return rendered;
}

static inline void must_hold(const struct rendered *rendered, const char *text)
{
	ck_assert_msg(strstr(rendered->text, text) != NULL, "missing: %s", text);
}

static inline void must_not_hold(const struct rendered *rendered, const char *text)
{
	ck_assert_msg(strstr(rendered->text, text) == NULL, "found: %s", text);
}

/* How often a text comes. */
static inline unsigned count_of(const struct rendered *rendered, const char *text)
{
	unsigned count = 0;

	for (const char *at = rendered->text; (at = strstr(at, text)) != NULL; at++)
		count++;
	return count;
}

#endif
