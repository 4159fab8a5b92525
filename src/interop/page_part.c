/* SPDX-License-Identifier: MIT */
#include "interop/page_part.h"

#include <string.h>

#include "json/read.h"
#include "interop/page_join.h"
#include "interop/page_markdown.h"

/* ---- Pictures, files, other things ---- */

static void put_address(struct page *page, struct hf_slice url)
{
	struct hf_slice target = page_string(page, url);

	if (page_is_target(target)) {
		page_put(page, " <a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"");
		page_target(page, target);
		page_put(page, "\">");
		page_brief(page, target);
		page_put(page, "</a>");
	} else if (target.size > 0) {
		page_put(page, " <code>");
		page_brief(page, target);
		page_put(page, "</code>");
	}
}

static void put_name(struct page *page, struct hf_slice name)
{
	if (name.size == 0)
		return;
	page_put(page, " <code>");
	page_brief(page, page_string(page, name));
	page_put(page, "</code>");
}

static void put_picture(struct page *page, const struct export_part *part, const char *type)
{
	page_put(page, "<figure><img alt=\"Image in the conversation\" decoding=\"async\" src=\"data:");
	page_put(page, type);
	page_put(page, ";base64,");
	/* Base64 alone, by render_is_picture, so it needs no escaping. */
	page_write(page);
	export_put(page->exporter, part->data.data + 1, part->data.size - 2);
	page_put(page, "\"></figure>\n");
}

static void put_file(struct page *page, const struct export_part *part)
{
	const char *type = NULL;

	if (part->kind == EXPORT_IMAGE && render_is_picture(part, &type)) {
		put_picture(page, part, type);
		return;
	}
	page_put(page, "<p class=\"file\">");
	page_put(page, part->kind == EXPORT_IMAGE ? "Image" : "File");
	put_name(page, part->name);
	put_name(page, part->media_type);
	put_address(page, part->url);
	if (part->data.size > 2)
		page_put(page, " (its data are not shown)");
	page_put(page, "</p>\n");
}

/* JSON on lines, in page->text. */
static struct hf_slice pretty(struct page *page, struct hf_slice json)
{
	page->text.size = 0;
	page_keep(page, render_pretty(json, &page->text));
	return (struct hf_slice){ page->text.data, page->text.size };
}

/* JSON on lines, redacted. */
static void put_json(struct page *page, const char *label, struct hf_slice json)
{
	struct buffer redacted = BUFFER_INIT(EXPORT_LINE_MAX);

	page_keep(page, render_json(page->exporter, json, &redacted));
	page_block(page, label, pretty(page, (struct hf_slice){ redacted.data, redacted.size }));
	buffer_release(&redacted);
}

static void put_thinking(struct page *page, struct hf_slice json)
{
	struct hf_slice text = page_string(page, json);

	if (text.size == 0)
		return;
	page_put(page, "<details class=\"thinking\"><summary><span class=\"name\">Thinking</span> "
		       "<span class=\"brief\">");
	page_brief(page, text);
	page_put(page, "</span></summary>\n<div class=\"text\">");
	page_markdown(page, text, false);
	page_put(page, "</div></details>\n");
}

/* ---- Calls and results ---- */

static bool begins_with_any(struct hf_slice name, const char *const *beginnings)
{
	for (; *beginnings != NULL; beginnings++) {
		size_t size = strlen(*beginnings);

		if (name.size >= size && memcmp(name.data, *beginnings, size) == 0)
			return true;
	}
	return false;
}

/* Whether a value is shown beside its name. */
static bool is_short(struct hf_slice value, struct hf_slice text)
{
	enum json_kind kind = json_kind(value);

	return kind != JSON_OBJECT && kind != JSON_ARRAY && text.size <= 200 &&
	       (text.size == 0 || memchr(text.data, '\n', text.size) == NULL);
}

/* An argument: its name, and its value decoded. */
static void put_argument(struct page *page, struct hf_slice name, struct hf_slice value)
{
	static const char *const old[] = { "\"old_str", "\"oldStr", "\"oldText", "\"old_text", NULL };
	static const char *const new[] = { "\"new_str", "\"newStr", "\"newText", "\"new_text", NULL };
	bool is_text = json_kind(value) == JSON_STRING;
	const char *kind = begins_with_any(name, old)   ? "<div class=\"argument old\">"
			   : begins_with_any(name, new) ? "<div class=\"argument new\">"
							: "<div class=\"argument\">";
	struct hf_slice text;

	page_put(page, kind);
	page_put(page, "<span class=\"label\">");
	page->text.size = 0;
	/* All arguments are redacted already, so what follows only decodes. */
	page_brief(page, page_string(page, name));
	page_put(page, "</span>");
	text = page_string(page, value);
	if (is_short(value, text)) {
		page_put(page, " <code>");
		page_text(page, text);
		page_put(page, "</code></div>\n");
		return;
	}
	page_put(page, "<pre tabindex=\"0\">");
	if (!is_text)
		text = pretty(page, value);
	/* A line feed right behind the tag would be dropped. */
	if (text.size > 0 && text.data[0] == '\n')
		page_put(page, "\n");
	page_text(page, text);
	page_put(page, "</pre></div>\n");
	page_flush(page);
}

static void put_arguments(struct page *page, struct hf_slice arguments)
{
	struct hf_slice name, value;
	size_t position = 0;

	if (json_kind(arguments) != JSON_OBJECT) {
		static const struct hf_slice input = { "\"input\"", 7 };

		put_argument(page, input, arguments);
		return;
	}
	while (page->exporter->rc == HF_OK && json_next(arguments, &position, &name, &value))
		put_argument(page, name, value);
}

/* Parts of a result's content. */
static void put_content(struct page *page, struct hf_slice content)
{
	struct export_message message = { .content = content };
	struct export_part part;
	size_t position = 0;

	if (json_kind(content) == JSON_STRING) {
		struct hf_slice text = page_string(page, content);

		if (text.size > 0)
			page_block(page, "Result", text);
		else
			page_put(page, "<p class=\"file\">No output</p>\n");
		return;
	}
	if (json_kind(content) != JSON_ARRAY) {
		put_json(page, "Result", content);
		return;
	}
	while (page->exporter->rc == HF_OK && export_part_next(&message, &position, &part)) {
		if (part.kind == EXPORT_TEXT)
			page_block(page, "Result", page_string(page, part.text));
		else if (part.kind == EXPORT_IMAGE || part.kind == EXPORT_FILE)
			put_file(page, &part);
		else
			put_json(page, "Result", part.json);
	}
}

/* The line that a folded call is told by. */
static void put_summary(struct page *page, const char *kind, struct hf_slice name,
			struct hf_slice brief)
{
	page_put(page, "<span class=\"kind\">");
	page_put(page, kind);
	page_put(page, "</span> <span class=\"name\">");
	page_brief(page, page_string(page, name));
	page_put(page, "</span> <code class=\"brief\">");
	if (brief.size > 0)
		page_brief(page, page_string(page, brief));
	page_put(page, "</code>");
}

static void put_call(struct page *page, const struct export_message *message,
		     const struct export_part *call)
{
	struct buffer arguments = BUFFER_INIT(EXPORT_LINE_MAX);
	struct export_part result = { 0 };
	struct hf_slice json;
	int64_t at_us = message->at_us;
	bool is_joined = page_join_take(page->join, call->id, &result, &at_us);

	page_keep(page, render_json(page->exporter, call->arguments, &arguments));
	json = (struct hf_slice){ arguments.data, arguments.size };
	page_put(page, result.is_error ? "<details class=\"tool bad\"><summary>"
				       : "<details class=\"tool\"><summary>");
	put_summary(page, "Tool", call->name, render_brief(json));
	if (result.is_error)
		page_put(page, " <span class=\"state\">error</span>");
	else if (!is_joined)
		page_put(page, " <span class=\"state none\">no result</span>");
	page_put(page, " ");
	page_time(page, message->at_us, false);
	page_put(page, "</summary>\n<div class=\"body\">\n");
	put_arguments(page, json);
	if (is_joined)
		put_content(page, result.content);
	page_put(page, "</div></details>\n");
	buffer_release(&arguments);
}

/* A result whose call is not here. */
static void put_result(struct page *page, const struct export_part *result)
{
	page_put(page, result->is_error ? "<details class=\"tool bad\"><summary>"
					: "<details class=\"tool\"><summary>");
	put_summary(page, "Result", result->name, (struct hf_slice){ NULL, 0 });
	if (result->is_error)
		page_put(page, " <span class=\"state\">error</span>");
	page_put(page, "</summary>\n<div class=\"body\">\n");
	put_content(page, result->content);
	page_put(page, "</div></details>\n");
}

/* What is of no kind that is known, folded. */
static void put_other(struct page *page, struct hf_slice json)
{
	page_put(page, "<details class=\"tool\"><summary><span class=\"kind\">Other</span> "
		       "<code class=\"brief\">");
	page->text.size = 0;
	page_keep(page, render_json(page->exporter, json, &page->text));
	page_brief(page, (struct hf_slice){ page->text.data, page->text.size });
	page_put(page, "</code></summary>\n<div class=\"body\">\n");
	put_json(page, "Other", json);
	page_put(page, "</div></details>\n");
}

/* ---- Turns ---- */

static const char *turn_class(const struct export_message *message, enum export_role role)
{
	if (message->is_summary)
		return "summary";
	switch (role) {
	case EXPORT_USER:
		return "user";
	case EXPORT_ASSISTANT:
		return "assistant";
	case EXPORT_TOOL:
		return "tools";
	case EXPORT_SYSTEM:
	default:
		return "system";
	}
}

static void close_message(struct page *page)
{
	if (page->is_message_open)
		page_put(page, "</div>\n");
	page->is_message_open = false;
}

void page_part_end(struct page *page)
{
	close_message(page);
	if (page->is_open)
		page_put(page, "</article>\n");
	page->is_open = false;
	page_flush(page);
}

static bool goes_on(const struct page *page, const struct export_message *message,
		    enum export_role role)
{
	return page->is_open && page->role == role && !message->is_summary &&
	       role != EXPORT_USER && role != EXPORT_SYSTEM &&
	       page->model.size == message->model.size &&
	       (message->model.size == 0 ||
		memcmp(page->model.data, message->model.data, message->model.size) == 0);
}

static void open_turn(struct page *page, const struct export_message *message,
		      enum export_role role)
{
	page_put(page, "<article class=\"turn ");
	page_put(page, turn_class(message, role));
	page_put(page, "\">\n<h2>");
	page_put(page, message->is_summary ? "Summary of what came before" : render_role(role));
	page_put(page, "</h2><p class=\"when\">");
	if (json_kind(message->model) == JSON_STRING && message->model.size > 2) {
		page_put(page, "<span class=\"model\">");
		page_brief(page, page_string(page, message->model));
		page_put(page, "</span> ");
	}
	page_time(page, message->at_us, true);
	page_put(page, "</p>\n");
	page->is_open = true;
	/* Nothing goes on with a summary. */
	page->role = message->is_summary ? EXPORT_SYSTEM : role;
	page->model = message->model;
}

/* Opens what a part of a message stands in, unless it is open. */
static void open_message(struct page *page, const struct export_message *message,
			 enum export_role role)
{
	if (page->is_message_open)
		return;
	if (!goes_on(page, message, role)) {
		page_part_end(page);
		open_turn(page, message, role);
	}
	page_put(page, message->is_error ? "<div class=\"message failed\" id=\"m"
					 : "<div class=\"message\" id=\"m");
	page_put_u64(page, page->message);
	page_put(page, "\">\n");
	page->is_message_open = true;
}

/* Text that is not for reading first is folded. */
static void put_text(struct page *page, const struct export_message *message,
		     struct hf_slice json)
{
	bool is_folded = message->is_summary || message->role == EXPORT_SYSTEM;
	struct hf_slice text = page_string(page, json);

	if (is_folded) {
		page_put(page, "<details class=\"long\"><summary><span class=\"brief\">");
		page_brief(page, text);
		page_put(page, "</span></summary>\n");
	}
	page_put(page, "<div class=\"text\">");
	page_markdown(page, text, message->role == EXPORT_USER && !message->is_summary);
	page_put(page, is_folded ? "</div></details>\n" : "</div>\n");
}

static bool is_empty(const struct export_part *part)
{
	return (part->kind == EXPORT_TEXT || part->kind == EXPORT_THINKING) && part->text.size <= 2;
}

static void put_part(struct page *page, const struct export_message *message,
		     const struct export_part *part)
{
	switch (part->kind) {
	case EXPORT_TEXT:
		put_text(page, message, part->text);
		break;
	case EXPORT_THINKING:
		put_thinking(page, part->text);
		break;
	case EXPORT_CALL:
		put_call(page, message, part);
		break;
	case EXPORT_RESULT:
		put_result(page, part);
		break;
	case EXPORT_IMAGE:
	case EXPORT_FILE:
		put_file(page, part);
		break;
	case EXPORT_OTHER:
	default:
		put_other(page, part->json);
	}
}

void page_part_message(struct page *page, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;

	while (page->exporter->rc == HF_OK && export_part_next(message, &position, &part)) {
		enum export_role role = message->role;

		if (part.kind == EXPORT_RESULT) {
			if (page_join_pass(page->join))
				continue;
			role = role == EXPORT_USER ? EXPORT_TOOL : role;
		}
		if (is_empty(&part))
			continue;
		open_message(page, message, role);
		put_part(page, message, &part);
	}
	close_message(page);
	page->message++;
	page_flush(page);
}
