/* SPDX-License-Identifier: MIT */
#include "interop/page_front.h"

#include <string.h>

#include "interop/page_asset.h"
#include "interop/page_join.h"
#include "json/read.h"

/* ---- The head ---- */

static void put_title(struct page *page)
{
	struct hf_slice title = page_plain(page, render_title(page->exporter->view));
	bool is_cut = false;

	page_attribute(page, render_first_line(title, RENDER_BRIEF_MAX, &is_cut));
}

/* The policy comes before anything that it is to keep from happening. */
static void put_head(struct page *page)
{
	page_put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"");
	page_put(page, page_asset_policy);
	page_put(page, "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"generator\" content=\"Holdfast " HF_VERSION "\">\n<title>");
	put_title(page);
	page_put(page, "</title>\n<style>");
	page_write(page);
	export_put(page->exporter, page_asset_style, page_asset_style_size);
	page_put(page, "</style>\n</head>\n");
}

static void put_bar(struct page *page)
{
	page_put(page,
		 "<body>\n<a class=\"skip\" href=\"#messages\">Skip to the messages</a>\n"
		 "<header class=\"top\">\n<a class=\"home\" href=\"#top\">");
	put_title(page);
	page_put(page,
		 "</a>\n<div class=\"tools-bar\" id=\"tools\" hidden>\n"
		 "<div class=\"search\" role=\"search\">"
		 "<input type=\"search\" id=\"query\" placeholder=\"Search\" "
		 "aria-label=\"Search in this session\" aria-describedby=\"found\" "
		 "autocomplete=\"off\" spellcheck=\"false\">"
		 "<kbd aria-hidden=\"true\">/</kbd>"
		 "<output id=\"found\" aria-live=\"polite\"></output>"
		 "<button type=\"button\" id=\"previous\" aria-label=\"Previous match\" "
		 "title=\"Previous match (Shift+Enter)\">&uarr;</button>"
		 "<button type=\"button\" id=\"next\" aria-label=\"Next match\" "
		 "title=\"Next match (Enter)\">&darr;</button></div>\n"
		 "<button type=\"button\" id=\"fold\" aria-pressed=\"false\">Expand all</button>\n"
		 "<button type=\"button\" id=\"theme\">Theme: auto</button>\n</div>\n</header>\n");
}

/* ---- What the session is ---- */

static void begin_row(struct page *page, const char *name)
{
	page_put(page, "<dt>");
	page_put(page, name);
	page_put(page, "</dt><dd>");
}

static void put_row(struct page *page, const char *name, struct hf_slice text)
{
	if (text.size == 0)
		return;
	begin_row(page, name);
	page_text(page, page_plain(page, text));
	page_put(page, "</dd>\n");
}

static void put_row_text(struct page *page, const char *name, const char *text)
{
	put_row(page, name, (struct hf_slice){ text, strlen(text) });
}

static void put_counts(struct page *page, uint64_t prompts)
{
	struct hf_transcript *transcript = page->exporter->transcript;
	uint64_t others = hf_transcript_others(transcript);

	begin_row(page, "Messages");
	page_put_u64(page, hf_transcript_count(transcript));
	page_put(page, prompts == 1 ? ", 1 of them a prompt" : ", ");
	if (prompts != 1) {
		page_put_u64(page, prompts);
		page_put(page, " of them prompts");
	}
	if (others > 0) {
		page_put(page, "; ");
		page_put_u64(page, others);
		page_put(page, " more on other branches, or taken back, are not shown");
	}
	page_put(page, "</dd>\n");
}

static void put_origin(struct page *page)
{
	struct hf_slice format, version;
	struct hf_slice origin = hf_view_origin(page->exporter->view);

	if (!json_member(origin, "format", &format))
		return;
	begin_row(page, "Imported from");
	page_text(page, page_string(page, format));
	if (json_member(origin, "version", &version) && json_kind(version) == JSON_STRING) {
		page_put(page, " ");
		page_text(page, page_string(page, version));
	}
	page_put(page, "</dd>\n");
}

static void put_check(struct page *page)
{
	const struct hf_check *check = hf_view_check(page->exporter->view);
	const struct hf_info *info = hf_view_info(page->exporter->view);
	bool is_good = check->verdict == HF_INTACT;

	begin_row(page, "Verdict");
	page_put(page, is_good ? "<strong class=\"verdict good\">" : "<strong class=\"verdict bad\">");
	page_put(page, hf_verdict_name(check->verdict));
	page_put(page, "</strong> <span class=\"means\">");
	page_put(page, render_verdict(check->verdict));
	if (check->weak && check->verdict != HF_WEAK_KEY) {
		page_put(page, " ");
		page_put(page, render_verdict(HF_WEAK_KEY));
	}
	page_put(page, "</span></dd>\n");
	if (info->key_id[0] == '\0')
		return;
	begin_row(page, "Key id");
	page_put(page, "<code>");
	page_attribute(page, (struct hf_slice){ info->key_id, strlen(info->key_id) });
	page_put(page, "</code> <span class=\"means\">names the key that signed the session. This page "
		       "is a copy: it shows what was checked when it was made, and is not signed "
		       "itself.</span></dd>\n");
}

static void put_about(struct page *page, uint64_t prompts)
{
	const struct hf_info *info = hf_view_info(page->exporter->view);

	page_put(page, "<section class=\"about\" id=\"top\" aria-label=\"About this session\">\n<h1>");
	put_title(page);
	page_put(page, "</h1>\n<dl>\n");
	put_check(page);
	put_row_text(page, "Session", info->id);
	put_row(page, "Project", info->project);
	put_row(page, "Tags", info->tags);
	put_origin(page);
	begin_row(page, "Began");
	page_time(page, info->created_us, true);
	page_put(page, " UTC</dd>\n");
	begin_row(page, "Last record");
	page_time(page, info->updated_us, true);
	page_put(page, " UTC</dd>\n");
	put_counts(page, prompts);
	if (page->exporter->redactor != NULL)
		put_row_text(page, "Secrets", "What looks like one is replaced by [redacted:KIND].");
	page_put(page, "</dl>\n</section>\n");
}

/* ---- The prompts ---- */

static void put_prompts(struct page *page, const struct page_prompt *prompts, size_t count)
{
	page_put(page, "<nav class=\"prompts\" aria-label=\"Prompts\">\n<details id=\"prompts\">"
		       "<summary>Prompts</summary>\n<ol>\n");
	for (size_t i = 0; i < count && page->exporter->rc == HF_OK; i++) {
		page_put(page, "<li><a href=\"#m");
		page_put_u64(page, prompts[i].message);
		page_put(page, "\">");
		page_brief(page, page_string(page, prompts[i].text));
		page_put(page, "</a></li>\n");
		page_flush(page);
	}
	page_put(page, "</ol>\n</details>\n</nav>\n");
}

void page_front(struct page *page)
{
	const struct page_prompt *prompts = NULL;
	size_t count = page_join_prompts(page->join, &prompts);

	put_head(page);
	put_bar(page);
	page_put(page, "<div class=\"page\">\n");
	if (count > 1)
		put_prompts(page, prompts, count);
	page_put(page, "<main id=\"messages\" tabindex=\"-1\">\n");
	put_about(page, count);
}
