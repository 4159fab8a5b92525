/* SPDX-License-Identifier: MIT */
#include "interop/page_markdown.h"

#include <string.h>

#include "base/text.h"

enum { ADDRESS_MAX = 1000 }; /* bytes of a bare address */

struct rendering {
	struct page *page;
	bool has_line_breaks;
	unsigned depth;   /* elements that are open: */
	struct { enum md_kind kind; unsigned number; } open[PAGE_DEPTH_MAX];
	unsigned links;   /* links and images among them */
	bool is_anchor;   /* the outermost of these is an <a> */
	bool is_code;     /* in a block of code */
	bool is_diff;     /* of which the lines are coloured */
	const char *line; /* the tag that the current line of a diff closes with, or NULL */
	bool at_start;    /* of a line of a diff */
};

static const char *const tags[][2] = {
	[MD_PARAGRAPH] = { "<p>", "</p>\n" },
	[MD_QUOTE] = { "<blockquote>", "</blockquote>\n" },
	[MD_BULLETS] = { "<ul>\n", "</ul>\n" },
	[MD_ITEM] = { "<li>", "</li>\n" },
	[MD_RULE] = { "<hr>\n", "" },
	[MD_CODE_BLOCK] = { "", "</pre></div>\n" },
	[MD_TABLE] = { "<div class=\"wide\"><table>\n", "</table></div>\n" },
	[MD_TABLE_HEAD] = { "<thead>", "</thead>\n" },
	[MD_TABLE_BODY] = { "<tbody>", "</tbody>\n" },
	[MD_ROW] = { "<tr>", "</tr>\n" },
	[MD_EMPHASIS] = { "<em>", "</em>" },
	[MD_STRONG] = { "<strong>", "</strong>" },
	[MD_DELETED] = { "<del>", "</del>" },
	[MD_CODE] = { "<code>", "</code>" },
	[MD_NUMBERS] = { "", "</ol>\n" },
	[MD_HEADING] = { "", "" },
	[MD_HEADER_CELL] = { "<th", "</th>" },
	[MD_CELL] = { "<td", "</td>" },
	[MD_LINK] = { "", "" },
	[MD_IMAGE] = { "", "" },
};

/* ---- Headings, lists, cells ---- */

/* The page has two levels of its own above. */
static const char *heading(unsigned level, bool is_end)
{
	static const char *const both[][2] = {
		{ "<h3>", "</h3>\n" }, { "<h4>", "</h4>\n" }, { "<h5>", "</h5>\n" },
		{ "<h6>", "</h6>\n" }, { "<h6>", "</h6>\n" }, { "<h6>", "</h6>\n" },
	};

	return both[level >= 1 && level <= 6 ? level - 1 : 5][is_end];
}

static void enter_list(struct page *page, unsigned start)
{
	if (start == 1) {
		page_put(page, "<ol>\n");
		return;
	}
	page_put(page, "<ol start=\"");
	page_put_u64(page, start);
	page_put(page, "\">\n");
}

static void enter_cell(struct page *page, const struct md_node *node)
{
	static const char *const ends[] = { ">", ">", " class=\"center\">", " class=\"right\">" };

	page_put(page, tags[node->kind][0]);
	page_put(page, ends[node->align]);
}

static void enter_item(struct page *page, char task)
{
	if (task == 0)
		page_put(page, "<li>");
	else
		page_put(page, task == ' ' ? "<li class=\"task\">\xe2\x98\x90 "
					   : "<li class=\"task\">\xe2\x98\x91 ");
}

/* ---- Code ---- */

static bool is_word(struct hf_slice text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static void enter_code(struct rendering *rendering, struct hf_slice language)
{
	struct page *page = rendering->page;

	rendering->is_code = true;
	rendering->is_diff = is_word(language, "diff") || is_word(language, "patch");
	rendering->at_start = true;
	page_put(page, "<div class=\"code\"><div class=\"bar\"><span>");
	if (language.size > 0)
		page_brief(page, language);
	else
		page_put(page, "text");
	page_put(page, "</span><button type=\"button\" class=\"copy\" hidden>Copy</button></div>"
		       "<pre tabindex=\"0\">");
}

static void end_line(struct rendering *rendering)
{
	if (rendering->line != NULL)
		page_put(rendering->page, rendering->line);
	rendering->line = NULL;
	rendering->at_start = true;
}

static void begin_line(struct rendering *rendering, char first)
{
	rendering->at_start = false;
	if (first == '+') {
		page_put(rendering->page, "<ins>");
		rendering->line = "</ins>";
	} else if (first == '-') {
		page_put(rendering->page, "<del>");
		rendering->line = "</del>";
	}
}

static void put_diff(struct rendering *rendering, struct hf_slice text)
{
	while (text.size > 0) {
		const char *feed = memchr(text.data, '\n', text.size);
		size_t size = feed != NULL ? (size_t)(feed - text.data) : text.size;

		if (size > 0 && rendering->at_start)
			begin_line(rendering, text.data[0]);
		page_text(rendering->page, (struct hf_slice){ text.data, size });
		if (feed != NULL) {
			end_line(rendering);
			page_put(rendering->page, "\n");
			size++;
		}
		text.data += size;
		text.size -= size;
	}
}

static void leave_code(struct rendering *rendering)
{
	end_line(rendering);
	rendering->is_code = false;
	rendering->is_diff = false;
	page_put(rendering->page, tags[MD_CODE_BLOCK][1]);
}

/* ---- Links ---- */

static void put_anchor(struct page *page, struct hf_slice target)
{
	page_put(page, "<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"");
	page_target(page, target);
	page_put(page, "\">");
}

/* HTML has no links in links, Markdown has: of pictures in links, and of links in the text
 * of a picture. Only the outermost becomes one. */
static void enter_link(struct rendering *rendering, const struct md_node *node)
{
	struct page *page = rendering->page;
	bool is_outermost = rendering->links++ == 0;

	if (is_outermost && page_is_target(node->text)) {
		rendering->is_anchor = true;
		put_anchor(page, node->text);
	} else {
		page_put(page, "<span class=\"ref\" title=\"");
		page_attribute(page, node->text);
		page_put(page, "\">");
	}
	if (node->kind == MD_IMAGE)
		page_put(page, "<span class=\"picture\">Image</span> ");
}

static void leave_link(struct rendering *rendering)
{
	bool is_outermost = --rendering->links == 0;

	page_put(rendering->page, is_outermost && rendering->is_anchor ? "</a>" : "</span>");
	if (is_outermost)
		rendering->is_anchor = false;
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t count_in(const char *at, const char *end, char c)
{
	size_t count = 0;

	while (at < end)
		count += *at++ == c;
	return count;
}

/* Whether the byte before end would end a sentence, or a bracket that was opened before. */
static bool is_outside(const char *from, const char *end)
{
	return strchr("?!.,:;*_~", end[-1]) != NULL ||
	       (end[-1] == ')' && count_in(from, end, ')') > count_in(from, end, '(')) ||
	       (end[-1] == ']' && count_in(from, end, ']') > count_in(from, end, '['));
}

static size_t scheme_size(const char *at, const char *end)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(schemes[i]);

		if ((size_t)(end - at) > size && memcmp(at, schemes[i], size) == 0)
			return size;
	}
	return 0;
}

/* The end of a bare address that begins at at; at if none begins there. */
static const char *address_end(const char *at, const char *end)
{
	const char *from = at;
	size_t scheme = scheme_size(at, end);

	if (scheme == 0)
		return from;
	while (at < end && *at > 0x20 && *at < 0x7f && strchr("<>\"'`\\|{}^", *at) == NULL &&
	       at - from < ADDRESS_MAX)
		at++;
	while (at > from + scheme && is_outside(from, at))
		at--;
	return at > from + scheme ? at : from;
}

/* Puts text in which bare addresses become links. */
static void put_linked(struct page *page, struct hf_slice text)
{
	const char *end = text_end(text);
	const char *from = text.data;

	for (const char *at = text.data; at < end;) {
		const char *h = memchr(at, 'h', (size_t)(end - at));
		const char *after = h != NULL ? address_end(h, end) : end;

		if (h == NULL)
			break;
		at = h + 1;
		if (after == h || (h > text.data && is_alphanumeric(h[-1])))
			continue;
		page_text(page, (struct hf_slice){ from, (size_t)(h - from) });
		put_anchor(page, (struct hf_slice){ h, (size_t)(after - h) });
		page_text(page, (struct hf_slice){ h, (size_t)(after - h) });
		page_put(page, "</a>");
		at = from = after;
	}
	page_text(page, (struct hf_slice){ from, (size_t)(end - from) });
}

/* ---- Events ---- */

static int enter(void *context, const struct md_node *node)
{
	struct rendering *rendering = context;
	struct page *page = rendering->page;

	if (rendering->depth == PAGE_DEPTH_MAX)
		return HF_ERR_INVALID;
	rendering->open[rendering->depth].kind = node->kind;
	rendering->open[rendering->depth++].number = node->number;
	switch (node->kind) {
	case MD_HEADING:
		page_put(page, heading(node->number, false));
		break;
	case MD_NUMBERS:
		enter_list(page, node->number);
		break;
	case MD_ITEM:
		enter_item(page, node->task);
		break;
	case MD_CODE_BLOCK:
		enter_code(rendering, node->text);
		break;
	case MD_HEADER_CELL:
	case MD_CELL:
		enter_cell(page, node);
		break;
	case MD_LINK:
	case MD_IMAGE:
		enter_link(rendering, node);
		break;
	default:
		page_put(page, tags[node->kind][0]);
	}
	return page->exporter->rc;
}

/* Closes the innermost element. */
static void close_one(struct rendering *rendering)
{
	struct page *page = rendering->page;
	enum md_kind kind = rendering->open[--rendering->depth].kind;

	if (kind == MD_HEADING)
		page_put(page, heading(rendering->open[rendering->depth].number, true));
	else if (kind == MD_CODE_BLOCK)
		leave_code(rendering);
	else if (kind == MD_LINK || kind == MD_IMAGE)
		leave_link(rendering);
	else
		page_put(page, tags[kind][1]);
}

/* md4c does not always leave what it has entered, nor enter what it leaves. */
static int leave(void *context, const struct md_node *node)
{
	struct rendering *rendering = context;
	unsigned at = rendering->depth;

	while (at > 0 && rendering->open[at - 1].kind != node->kind) {
		/* What is in a line does not end a block. */
		if (node->kind >= MD_EMPHASIS && rendering->open[at - 1].kind < MD_EMPHASIS)
			return HF_OK;
		at--;
	}
	while (at > 0 && rendering->depth >= at)
		close_one(rendering);
	return rendering->page->exporter->rc;
}

/* An entity of letters and digits is the browser's to know, but not if it would turn the
 * order of what stands around it. */
static void put_named(struct page *page, struct hf_slice entity)
{
	char text[56] = "";

	if (is_word(entity, "&lrm;") || is_word(entity, "&rlm;")) {
		page_text(page, entity);
		return;
	}
	for (size_t i = 1; i + 1 < entity.size; i++) {
		char c = entity.data[i];

		if (entity.size >= sizeof text ||
		    !((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))) {
			page_text(page, entity);
			return;
		}
	}
	memcpy(text, entity.data, entity.size < sizeof text ? entity.size : 0);
	page_put(page, text);
}

static bool is_in_code(const struct rendering *rendering)
{
	return rendering->is_code ||
	       (rendering->depth > 0 && rendering->open[rendering->depth - 1].kind == MD_CODE);
}

static int text(void *context, enum md_text kind, struct hf_slice slice)
{
	struct rendering *rendering = context;
	struct page *page = rendering->page;

	switch (kind) {
	case MD_NAMED:
		put_named(page, slice);
		break;
	case MD_HARD_BREAK:
		page_put(page, "<br>\n");
		break;
	case MD_SOFT_BREAK:
		page_put(page, rendering->has_line_breaks ? "<br>\n" : "\n");
		break;
	case MD_PLAIN:
	default:
		if (rendering->is_diff)
			put_diff(rendering, slice);
		else if (rendering->links > 0 || is_in_code(rendering))
			page_text(page, slice);
		else
			put_linked(page, slice);
	}
	return page->exporter->rc;
}

void page_markdown(struct page *page, struct hf_slice source, bool has_line_breaks)
{
	static const struct md_events events = { enter, leave, text };
	struct rendering rendering = { .page = page, .has_line_breaks = has_line_breaks };
	size_t from = page->out.size;
	int rc;

	if (page->exporter->rc != HF_OK)
		return;
	rc = md_read(&page->md, source, &events, &rendering);
	if (page->exporter->rc != HF_OK)
		return;
	while (rc == HF_OK && rendering.depth > 0)
		close_one(&rendering);
	if (rc == HF_ERR_INVALID) {
		page->out.size = from;
		page_put(page, "<div class=\"plain\">");
		page_text(page, source);
		page_put(page, "</div>\n");
	} else if (rc != HF_OK) {
		page->exporter->rc = report_fail(page->exporter->report, rc, "md_parse",
						 "no memory for Markdown");
	}
	page_flush(page);
}
