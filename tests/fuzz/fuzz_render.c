/* SPDX-License-Identifier: MIT */
/*
 * Arbitrary text in a Markdown document and in an HTML page. What must hold:
 *
 * - a quotation holds all of the text: md4c, told to let raw HTML through, finds none, finds
 *   no picture, and finds a heading behind the quotation to be outside it;
 * - a text on one line stays one line, without code;
 * - code in a fence stays in it;
 * - what a page holds of a text, rendered or not, is tags that we write, each closed in
 *   order, and text without "<", ">" and control characters; links lead to allowed places.
 */
#include <md4c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <dlfcn.h>

#include "interop/page_markdown.h"
#include "interop/quote.h"

enum { OUTPUT_MAX = 1 << 26, DEPTH_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* ---- Markdown, judged by md4c ---- */

struct judge {
	unsigned quotes;
	unsigned headings;  /* outside quotations */
	unsigned codes;     /* blocks of code outside quotations */
	unsigned spans;
	bool in_line;       /* no code may come */
};

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct judge *judge = context;

	(void)detail;
	judge->quotes += type == MD_BLOCK_QUOTE;
	judge->headings += type == MD_BLOCK_H && judge->quotes == 0;
	judge->codes += type == MD_BLOCK_CODE && judge->quotes == 0;
	must(judge->quotes > 0 || type == MD_BLOCK_DOC || type == MD_BLOCK_H || type == MD_BLOCK_CODE);
	must(type != MD_BLOCK_HTML);
	return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct judge *judge = context;

	(void)detail;
	judge->quotes -= type == MD_BLOCK_QUOTE;
	return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
	struct judge *judge = context;

	(void)detail;
	must(type != MD_SPAN_IMG);
	/* An address is made a link wherever it stands, and md4c drops backslashes in it. */
	must(!judge->in_line || type != MD_SPAN_CODE);
	return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
	(void)type, (void)detail, (void)context;
	return 0;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
	(void)text, (void)size, (void)context;
	must(type != MD_TEXT_HTML);
	return 0;
}

static struct judge read_as_viewer(const struct buffer *document, bool in_line)
{
	static __typeof__(&md_parse) parse;
	const MD_PARSER parser = { .flags = MD_DIALECT_GITHUB, .enter_block = enter_block,
				   .leave_block = leave_block, .enter_span = enter_span,
				   .leave_span = leave_span, .text = take_text };
	struct judge judge = { .in_line = in_line };

	if (parse == NULL) {
		void *symbol = dlsym(dlopen("libmd4c.so.0", RTLD_NOW), "md_parse");

		memcpy(&parse, &symbol, sizeof parse);
	}
	must(parse(document->data, (MD_SIZE)document->size, &parser, &judge) == 0);
	return judge;
}

static void check_document(struct hf_slice text)
{
	struct buffer out = BUFFER_INIT(OUTPUT_MAX);
	struct judge judge;

	must(quote_text(text, &out) == HF_OK && buffer_put_text(&out, "# heading\n") == HF_OK);
	judge = read_as_viewer(&out, false);
	must(judge.headings == 1 && judge.codes == 0);
	out.size = 0;
	must(buffer_put_text(&out, "# x") == HF_OK && quote_line(text, &out) == HF_OK &&
	     buffer_put_text(&out, "x\n") == HF_OK);
	judge = read_as_viewer(&out, true);
	must(judge.headings == 1 && judge.codes == 0);
	out.size = 0;
	must(quote_code(text, "", &out) == HF_OK && buffer_put_text(&out, "# heading\n") == HF_OK);
	judge = read_as_viewer(&out, false);
	must(judge.headings == 1 && judge.codes == 1);
	buffer_release(&out);
}

/* ---- HTML, judged by a reader that knows only what we write ---- */

static const char *const elements[] = {
	"p", "blockquote", "ul", "ol", "li", "div", "table", "thead", "tbody", "tr", "th", "td", "em",
	"strong", "del", "ins", "code", "pre", "span", "button", "a", "b", "i", "h3", "h4", "h5", "h6",
};
static const char *const starts[] = {
	" class=\"", " hidden", " tabindex=\"0", " type=\"button", " start=\"", " title=\"",
	" rel=\"noopener noreferrer nofollow", " target=\"_blank", " href=\"http", " href=\"HTTP",
	" href=\"mailto:",
};

static bool is_one_of(const char *const *list, size_t count, const char *at, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(list[i]) == size && memcmp(list[i], at, size) == 0)
			return true;
	}
	return false;
}

/* Reads an attribute at at; where it ends. */
static const char *read_attribute(const char *at, const char *end)
{
	const char *close;
	size_t size = 0;

	for (size_t i = 0; i < sizeof starts / sizeof starts[0] && size == 0; i++) {
		if ((size_t)(end - at) > strlen(starts[i]) && memcmp(at, starts[i], strlen(starts[i])) == 0)
			size = strlen(starts[i]);
	}
	/* Upper and lower case of a scheme are as they were written. */
	if (size == 0 && end - at > 11 && memcmp(at, " href=\"", 7) == 0)
		size = 7;
	must(size > 0);
	if (memchr(at, '"', size) == NULL)
		return at + size;
	close = memchr(at + size, '"', (size_t)(end - at) - size);
	must(close != NULL);
	return close + 1;
}

static size_t word_size(const char *at, const char *end)
{
	const char *from = at;

	while (at < end && ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9')))
		at++;
	return (size_t)(at - from);
}

static void check_html(const char *at, const char *end)
{
	struct { const char *name; size_t size; } open[DEPTH_MAX];
	unsigned depth = 0;

	while (at < end) {
		bool is_end;
		const char *name;
		size_t size;

		must(*at != '>' && *at != 0x7f);
		must((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
		if (*at++ != '<')
			continue;
		is_end = *at == '/';
		name = at + is_end;
		size = word_size(name, end);
		at = name + size;
		while (at < end && *at == ' ')
			at = read_attribute(at, end);
		must(at < end && *at++ == '>');
		if (is_one_of((const char *const[]){ "br", "hr" }, 2, name, size))
			continue;
		must(is_one_of(elements, sizeof elements / sizeof elements[0], name, size));
		if (is_end) {
			must(depth-- > 0 && open[depth].size == size &&
			     memcmp(open[depth].name, name, size) == 0);
		} else {
			must(depth < DEPTH_MAX);
			open[depth].name = name;
			open[depth++].size = size;
		}
	}
	must(depth == 0);
}

static int gather(void *context, const char *file, const char *data, size_t size)
{
	(void)file;
	return buffer_put(context, data, size);
}

static void check_page(struct hf_slice text, bool has_line_breaks)
{
	static struct md md;
	struct report report = report_make(NULL, NULL);
	struct buffer all = BUFFER_INIT(OUTPUT_MAX);
	struct hf_export_options options = { .write = gather, .context = &all };
	struct exporter exporter = { .report = &report, .options = &options };
	struct page page = { .exporter = &exporter, .out = BUFFER_INIT(OUTPUT_MAX) };

	if (md.handle == NULL)
		must(md_open(&report, &md) == HF_OK);
	page.md = md;
	page_markdown(&page, text, has_line_breaks);
	page_put(&page, "<span title=\"");
	page_attribute(&page, text);
	page_put(&page, "\">");
	page_text(&page, text);
	page_put(&page, "</span>");
	page_write(&page);
	must(exporter.rc == HF_OK);
	check_html(all.data, all.data + all.size);
	buffer_release(&page.out);
	buffer_release(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct buffer text = BUFFER_INIT(OUTPUT_MAX);
	struct hf_slice slice;

	must(buffer_put(&text, bytes, size) == HF_OK);
	render_line_ends(&text, 0);
	slice = (struct hf_slice){ text.data, text.size };
	check_document(slice);
	check_page(slice, size % 2 == 0);
	buffer_release(&text);
	return 0;
}
