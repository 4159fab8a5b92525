/* SPDX-License-Identifier: MIT */
#include "interop/quote.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "interop/render.h"

/* What is known of where a line stands. */
enum standing {
	STANDS_FREE,    /* in no fence, that is certain */
	STANDS_FENCED,  /* in a fence, that is certain */
	STANDS_EITHER,  /* between two fence lines so deep that they may be text; after the
	                 * second it is certain again */
	STANDS_UNKNOWN, /* readers may differ from here on */
};

struct quoting {
	struct buffer *out;
	enum standing standing;
	char fence;        /* ` or ~, of the open one */
	size_t fence_size;
	size_t indent;     /* spaces before it */
	bool is_trusted;   /* no code span of this paragraph is open from an earlier line */
	bool has_bar;      /* this paragraph may be a table */
	bool has_text;     /* the line above is not blank */
	int rc;
};

static void put(struct quoting *quoting, const char *bytes, size_t size)
{
	if (quoting->rc == HF_OK)
		quoting->rc = buffer_put(quoting->out, bytes, size);
}

static void put_text(struct quoting *quoting, const char *text)
{
	put(quoting, text, strlen(text));
}

/* Puts bytes with marks for what would not be seen. */
static void put_seen(struct quoting *quoting, const char *at, const char *end)
{
	const char *from = at;
	uint32_t point = 0;

	while (at < end && quoting->rc == HF_OK) {
		size_t size;

		if (*at >= 0x20 && *at < 0x7f) {
			at++;
			continue;
		}
		size = render_hidden(at, end, &point);
		if (size == 0) {
			at++;
			while (at < end && ((unsigned char)*at & 0xc0) == 0x80)
				at++;
			continue;
		}
		put(quoting, from, (size_t)(at - from));
		if (quoting->rc == HF_OK && point >= 0x80 && point != 0xfffd)
			put_text(quoting, "\xe2\x80\xb9");
		if (quoting->rc == HF_OK)
			quoting->rc = render_mark(point, quoting->out);
		if (point >= 0x80 && point != 0xfffd)
			put_text(quoting, "\xe2\x80\xba");
		at += size;
		from = at;
	}
	put(quoting, from, (size_t)(at - from));
}

static size_t run_of(const char *at, const char *end, char c)
{
	const char *from = at;

	while (at < end && *at == c)
		at++;
	return (size_t)(at - from);
}

static bool is_blank(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at == end;
}

/* Columns that the white space before a line's text takes; *ret_text is that text. */
static size_t indent_of(const char *at, const char *end, const char **ret_text)
{
	size_t column = 0;

	for (; at < end && (*at == ' ' || *at == '\t'); at++)
		column += *at == ' ' ? 1 : 4 - column % 4;
	*ret_text = at;
	return column;
}

/* Whether a run of 3 or more backticks or tildes is in a line. */
static bool has_fence(const char *at, const char *end)
{
	for (; end - at >= 3; at++) {
		if ((*at == '`' || *at == '~') && at[1] == *at && at[2] == *at)
			return true;
	}
	return false;
}

/* ---- Inside a line ---- */

/* The end of the code span that the run of backticks at at opens in this line, or NULL.
 * Not one with a "|" in it, which may be the end of a table's cell. */
static const char *span_end(const char *at, const char *end)
{
	size_t size = run_of(at, end, '`');

	for (at += size; at < end && *at != '|'; at++) {
		size_t run = run_of(at, end, '`');

		if (run == size)
			return at + run;
		if (run > 0)
			at += run - 1;
	}
	return NULL;
}

static bool begins_with(const char *at, const char *end, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(end - at) >= size && memcmp(at, text, size) == 0;
}

/* The end of "<https://...>" at at, or NULL. */
static const char *address_end(const char *at, const char *end)
{
	if (!begins_with(at, end, "<https://") && !begins_with(at, end, "<http://"))
		return NULL;
	for (at++; at < end && *at > 0x20 && *at < 0x7f && strchr("<>\"'`\\", *at) == NULL; at++)
		continue;
	return at < end && *at == '>' ? at + 1 : NULL;
}

static bool may_be_tag(const char *at, const char *end)
{
	char c = end - at > 1 ? (char)(at[1] | 0x20) : ' ';

	return (c >= 'a' && c <= 'z') || (end - at > 1 && strchr("/!?", at[1]) != NULL);
}

/* What may be left as it is from at on, whose byte has a meaning; or NULL. */
static const char *harmless(struct quoting *quoting, const char *at, const char *end)
{
	const char *after = NULL;

	if (*at == '\\' && end - at > 1 && strchr("`\\", at[1]) != NULL)
		return at + 2;
	if (*at == '`') {
		size_t run = run_of(at, end, '`');

		if (quoting->is_trusted && quoting->standing == STANDS_FREE)
			after = span_end(at, end);
		if (after == NULL)
			quoting->is_trusted = false;
		return after != NULL ? after : at + run;
	}
	if (*at == '<')
		return may_be_tag(at, end) ? address_end(at, end) : at + 1;
	if (*at == '!')
		return begins_with(at, end, "![") ? NULL : at + 1;
	return at + 1;
}

/* Puts text of a line outside code. */
static void put_inline(struct quoting *quoting, const char *at, const char *end)
{
	const char *from = at;

	while (at < end) {
		const char *after = strchr("\\`<!", *at) == NULL || *at == '\0'
					    ? at + 1
					    : harmless(quoting, at, end);

		if (after == NULL) {
			put_seen(quoting, from, at);
			put_text(quoting, *at == '<' ? "&lt;" : "&#33;");
			from = after = at + 1;
		}
		at = after;
	}
	put_seen(quoting, from, end);
}

/* ---- Lines ---- */

/* A line that may close the open fence: what it does under every reading. The fence stands
 * in a container that begins somewhere between column 0 and its own indent. */
static void look_fenced(struct quoting *quoting, const char *at, const char *end)
{
	const char *text;
	size_t indent = indent_of(at, end, &text);
	size_t run = run_of(text, end, quoting->fence);
	bool is_close = run >= quoting->fence_size && is_blank(text + run, end);
	bool closes;

	if (text == end)
		return;
	quoting->is_trusted = quoting->standing == STANDS_FENCED;
	closes = is_close && (quoting->indent <= 3 ? indent <= 3 : indent == quoting->indent);
	/* Less indent: its container may have ended. */
	if (closes && indent >= quoting->indent)
		quoting->standing = STANDS_FREE;
	else if (indent < quoting->indent || (is_close && indent <= quoting->indent + 3))
		quoting->standing = STANDS_UNKNOWN;
}

/* A line outside fences: whether it opens one. */
static void look_free(struct quoting *quoting, const char *at, const char *end)
{
	const char *text;
	size_t indent = indent_of(at, end, &text);
	size_t run;

	if (!has_fence(at, end))
		return;
	run = text < end && (*text == '`' || *text == '~') ? run_of(text, end, *text) : 0;
	if (run >= 3 && *text == '`' && memchr(text + run, '`', (size_t)(end - text) - run) != NULL)
		return; /* a code span in a paragraph */
	/* Below text, a fence that is too deep is text to CommonMark, but md4c opens it, and then
	 * needs another one to close it than a list would. */
	if (run < 3 || (indent > 3 && quoting->has_text)) {
		quoting->standing = STANDS_UNKNOWN;
		return;
	}
	quoting->standing = indent <= 3 ? STANDS_FENCED : STANDS_EITHER;
	quoting->fence = *text;
	quoting->fence_size = run;
	quoting->indent = indent;
}

/* Puts the white space before a line as spaces: tabs count from where a line begins, which
 * is further right in a quotation. */
static const char *put_indent(struct quoting *quoting, const char *at, const char *end)
{
	const char *text;
	size_t columns = indent_of(at, end, &text);

	if (memchr(at, '\t', (size_t)(text - at)) == NULL) {
		put(quoting, at, (size_t)(text - at));
		return text;
	}
	while (columns-- > 0)
		put(quoting, " ", 1);
	return text;
}

/* Whether a line is a fence or in it, by where it stood before and after it was looked at. */
static bool is_code(enum standing before, enum standing after)
{
	return after == STANDS_FENCED || (before == STANDS_FENCED && after != STANDS_UNKNOWN);
}

static void put_line(struct quoting *quoting, const char *at, const char *end)
{
	enum standing before = quoting->standing;

	if (is_blank(at, end)) {
		put_text(quoting, ">\n");
		quoting->is_trusted = true;
		quoting->has_bar = false;
		quoting->has_text = false;
		return;
	}
	if (before == STANDS_FREE)
		look_free(quoting, at, end);
	else if (before == STANDS_FENCED || before == STANDS_EITHER)
		look_fenced(quoting, at, end);
	quoting->has_text = true;
	/* Readers differ in whether a fence ends a table. */
	if (before == STANDS_FREE && quoting->standing == STANDS_FENCED && quoting->has_bar)
		put_text(quoting, ">\n");
	quoting->has_bar = quoting->standing != STANDS_FENCED &&
			   (quoting->has_bar || memchr(at, '|', (size_t)(end - at)) != NULL);
	put_text(quoting, "> ");
	if (is_code(before, quoting->standing)) {
		/* Code keeps its tabs where it does not matter how far they reach. */
		if (quoting->indent > 0 || has_fence(at, end))
			at = put_indent(quoting, at, end);
		put_seen(quoting, at, end);
	} else {
		put_inline(quoting, put_indent(quoting, at, end), end);
	}
	put_text(quoting, "\n");
}

int quote_text(struct hf_slice text, struct buffer *out)
{
	struct quoting quoting = { .out = out, .is_trusted = true };
	const char *at = text.size > 0 ? text.data : "";
	const char *end = at + text.size;

	while (end > at && strchr(" \t\n", end[-1]) != NULL && end[-1] != '\0')
		end--;
	while (at < end && quoting.rc == HF_OK) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = feed != NULL ? feed : end;

		put_line(&quoting, at, line_end);
		at = line_end + (feed != NULL ? 1 : 0);
	}
	if (text.size > 0 && end > text.data)
		put_text(&quoting, "\n");
	return quoting.rc;
}

int quote_code(struct hf_slice text, const char *language, struct buffer *out)
{
	struct quoting quoting = { .out = out };
	const char *end = text_end(text);
	size_t longest = 2;

	for (const char *at = text.data; at < end;) {
		size_t run = run_of(at, end, '`');

		longest = run > longest ? run : longest;
		at += run > 0 ? run : 1;
	}
	for (size_t i = 0; i <= longest; i++)
		put(&quoting, "`", 1);
	put_text(&quoting, language);
	put_text(&quoting, "\n");
	for (const char *at = text.data; at < end;) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = feed != NULL ? feed : end;

		put_seen(&quoting, at, line_end);
		put_text(&quoting, "\n");
		at = line_end + (feed != NULL ? 1 : 0);
	}
	for (size_t i = 0; i <= longest; i++)
		put(&quoting, "`", 1);
	put_text(&quoting, "\n\n");
	return quoting.rc;
}

/* ---- One line ---- */

/* What a character of a line becomes, or NULL. References are used where a backslash would
 * not do: some readers drop it from an address. */
static const char *replacement(char c, bool is_html)
{
	static const struct { char c; bool is_markdown; const char *text; } list[] = {
		{ '<', false, "&lt;" },   { '>', false, "&gt;" },   { '&', false, "&amp;" },
		{ '"', false, "&quot;" }, { '\n', false, " " },     { '\t', false, " " },
		{ '`', true, "&#96;" },   { '[', true, "&#91;" },   { ']', true, "&#93;" },
		{ '|', true, "&#124;" },  { '\\', true, "\\\\" },   { '*', true, "\\*" },
		{ '_', true, "\\_" },     { '~', true, "\\~" },     { '$', true, "\\$" },
	};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		if (list[i].c == c)
			return list[i].is_markdown && is_html ? NULL : list[i].text;
	}
	return NULL;
}

static int put_one(struct hf_slice text, bool is_html, struct buffer *out)
{
	struct quoting quoting = { .out = out };
	const char *end = text_end(text);
	const char *from = text.data;

	for (const char *at = text.data; at < end; at++) {
		const char *instead = replacement(*at, is_html);

		if (instead == NULL)
			continue;
		put_seen(&quoting, from, at);
		put_text(&quoting, instead);
		from = at + 1;
	}
	put_seen(&quoting, from, end);
	return quoting.rc;
}

int quote_line(struct hf_slice text, struct buffer *out)
{
	return put_one(text, false, out);
}

int quote_html(struct hf_slice text, struct buffer *out)
{
	return put_one(text, true, out);
}
