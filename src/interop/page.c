/* SPDX-License-Identifier: MIT */
#include "interop/page.h"

#include <string.h>

#include "base/text.h"

enum {
	FLUSH_SIZE = 64 << 10,
	TARGET_MAX = 4096, /* bytes of a link's target; browsers refuse much longer ones */
};

void page_keep(struct page *page, int rc)
{
	if (page->exporter->rc == HF_OK && rc != HF_OK)
		page->exporter->rc = report_fail(page->exporter->report, rc, "export",
						 "a part of the page does not fit in memory");
}

void page_write(struct page *page)
{
	export_put(page->exporter, page->out.data, page->out.size);
	page->out.size = 0;
}

void page_flush(struct page *page)
{
	if (page->out.size >= FLUSH_SIZE)
		page_write(page);
}

static void put(struct page *page, const char *bytes, size_t size)
{
	if (page->exporter->rc == HF_OK)
		page_keep(page, buffer_put(&page->out, bytes, size));
}

void page_put(struct page *page, const char *markup)
{
	put(page, markup, strlen(markup));
}

void page_put_u64(struct page *page, uint64_t number)
{
	if (page->exporter->rc == HF_OK)
		page_keep(page, buffer_put_u64(&page->out, number));
}

/* ---- Escaping ---- */

static const char *reference_for(char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* The bytes from at on that stand for themselves everywhere. */
static size_t plain_run(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f &&
	       reference_for(*at) == NULL)
		at++;
	return (size_t)(at - from);
}

static void put_mark(struct page *page, uint32_t point, bool in_content)
{
	put(page, in_content ? "<b class=\"mark\">" : "[", in_content ? 16 : 1);
	if (page->exporter->rc == HF_OK)
		page_keep(page, render_mark(point, &page->out));
	put(page, in_content ? "</b>" : "]", in_content ? 4 : 1);
}

/* The length of a terminal's control sequence (ECMA-48: ESC [ ... letter), or 0. */
static size_t sequence_size(const char *at, const char *end)
{
	const char *from = at;

	if (end - at < 3 || at[0] != '\x1b' || at[1] != '[')
		return 0;
	for (at += 2; at < end && *at >= 0x20 && *at < 0x40; at++)
		continue;
	return at < end && *at >= 0x40 && *at < 0x7f ? (size_t)(at + 1 - from) : 0;
}

/* Puts the character at at, which is not plain; returns its length. */
static size_t put_special(struct page *page, const char *at, const char *end, bool in_content)
{
	const char *reference = reference_for(*at);
	uint32_t point = 0;
	size_t size;

	if (reference != NULL) {
		page_put(page, reference);
		return 1;
	}
	size = render_hidden(at, end, &point);
	if (size == 0) {
		size = point >= 0x10000 ? 4 : point >= 0x800 ? 3 : point >= 0x80 ? 2 : 1;
		put(page, !in_content && size == 1 ? " " : at, size);
		return size;
	}
	put_mark(page, point, in_content);
	return size;
}

static void escape(struct page *page, struct hf_slice text, bool in_content)
{
	const char *end = text_end(text);

	for (const char *at = text.data; at < end && page->exporter->rc == HF_OK;) {
		size_t run = plain_run(at, end);

		put(page, at, run);
		at += run;
		if (at == end)
			break;
		run = in_content ? sequence_size(at, end) : 0;
		if (run > 0) {
			page_put(page, "<i class=\"esc\">\xe2\x90\x9b");
			escape(page, (struct hf_slice){ at + 1, run - 1 }, false);
			page_put(page, "</i>");
			at += run;
		} else {
			at += put_special(page, at, end, in_content);
		}
	}
}

void page_text(struct page *page, struct hf_slice text)
{
	escape(page, text, true);
}

void page_attribute(struct page *page, struct hf_slice text)
{
	escape(page, text, false);
}

/* ---- Links ---- */

static bool begins_with(struct hf_slice text, const char *lower)
{
	size_t size = strlen(lower);

	if (text.size < size)
		return false;
	for (size_t i = 0; i < size; i++) {
		char c = text.data[i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != lower[i])
			return false;
	}
	return true;
}

bool page_is_target(struct hf_slice target)
{
	return target.size <= TARGET_MAX &&
	       (begins_with(target, "http://") || begins_with(target, "https://") ||
		begins_with(target, "mailto:"));
}

void page_target(struct page *page, struct hf_slice target)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < target.size; i++) {
		unsigned char c = (unsigned char)target.data[i];
		char code[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (c == '&')
			page_put(page, "&amp;");
		else if (c <= 0x20 || c >= 0x7f || strchr("\"'<>`{}|\\^", c) != NULL)
			put(page, code, sizeof code);
		else
			put(page, target.data + i, 1);
	}
}

/* ---- Larger things ---- */

struct hf_slice page_string(struct page *page, struct hf_slice json)
{
	page->text.size = 0;
	if (page->exporter->rc == HF_OK)
		page_keep(page, render_string(page->exporter, json, &page->text));
	render_line_ends(&page->text, 0);
	return (struct hf_slice){ page->text.data, page->text.size };
}

struct hf_slice page_plain(struct page *page, struct hf_slice text)
{
	page->text.size = 0;
	if (page->exporter->rc == HF_OK)
		page_keep(page, render_text(page->exporter, text, &page->text));
	return (struct hf_slice){ page->text.data, page->text.size };
}

void page_time(struct page *page, int64_t at_us, bool with_date)
{
	char text[RENDER_TIME_SIZE];

	render_time(at_us, text);
	page_put(page, "<time datetime=\"");
	put(page, text, 10);
	put(page, "T", 1);
	put(page, text + 11, 8);
	page_put(page, "Z\" title=\"");
	page_put(page, text);
	page_put(page, " UTC\">");
	page_put(page, with_date ? text : text + 11);
	page_put(page, "</time>");
}

void page_brief(struct page *page, struct hf_slice text)
{
	bool is_cut = false;

	page_text(page, render_first_line(text, RENDER_BRIEF_MAX, &is_cut));
	if (is_cut)
		page_put(page, "\xe2\x80\xa6");
}

void page_block(struct page *page, const char *label, struct hf_slice text)
{
	page_put(page, "<div class=\"code\"><div class=\"bar\"><span>");
	page_put(page, label);
	page_put(page, "</span><button type=\"button\" class=\"copy\" hidden>Copy</button></div>"
		       "<pre tabindex=\"0\">");
	/* A line feed right behind the tag would be dropped. */
	if (text.size > 0 && text.data[0] == '\n')
		page_put(page, "\n");
	page_text(page, text);
	page_put(page, "</pre></div>\n");
	page_flush(page);
}
