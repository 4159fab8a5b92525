/* SPDX-License-Identifier: MIT */
/*
 * A Markdown document for people: what the session is, then its messages, each under a
 * heading. All that was said stands in quotations and fenced blocks (quote.h), so that what
 * is outside of these is ours, and the only headings of levels 1 and 2 are too.
 */
#include <string.h>

#include "interop/format.h"
#include "interop/quote.h"
#include "interop/render.h"
#include "json/read.h"

enum { PICTURE_MAX = 16 << 10 }; /* bytes of base64 that are carried along */

struct document {
	struct exporter *exporter;
	struct buffer text; /* of a part, decoded and redacted */
	uint64_t message;   /* number of the message, from 1 */
};

static struct buffer *out_of(struct document *document)
{
	return &document->exporter->line;
}

static void keep(struct document *document, int rc)
{
	if (document->exporter->rc == HF_OK && rc != HF_OK)
		document->exporter->rc = report_fail(document->exporter->report, rc, "export",
						     "a part of a message does not fit in memory");
}

static void put(struct document *document, const char *text)
{
	if (document->exporter->rc == HF_OK)
		keep(document, buffer_put_text(out_of(document), text));
}

static void put_u64(struct document *document, uint64_t number)
{
	if (document->exporter->rc == HF_OK)
		keep(document, buffer_put_u64(out_of(document), number));
}

/* What has gathered is redacted already, part by part. */
static void flush(struct document *document)
{
	struct buffer *out = out_of(document);

	export_put(document->exporter, out->data, out->size);
	out->size = 0;
}

static struct hf_slice text_of(struct document *document)
{
	render_line_ends(&document->text, 0);
	return (struct hf_slice){ document->text.data, document->text.size };
}

static struct hf_slice string(struct document *document, struct hf_slice json)
{
	document->text.size = 0;
	keep(document, render_string(document->exporter, json, &document->text));
	return text_of(document);
}

static struct hf_slice plain(struct document *document, struct hf_slice text)
{
	document->text.size = 0;
	keep(document, render_text(document->exporter, text, &document->text));
	return text_of(document);
}

/* JSON on lines, redacted. */
static struct hf_slice pretty(struct document *document, struct hf_slice json)
{
	struct buffer redacted = BUFFER_INIT(EXPORT_LINE_MAX);
	int rc = render_json(document->exporter, json, &redacted);

	document->text.size = 0;
	if (rc == HF_OK)
		rc = render_pretty((struct hf_slice){ redacted.data, redacted.size }, &document->text);
	keep(document, rc);
	buffer_release(&redacted);
	return (struct hf_slice){ document->text.data, document->text.size };
}

/* Puts foreign text by one of the functions of quote.h. */
static void put_by(struct document *document, int (*quote)(struct hf_slice, struct buffer *),
		   struct hf_slice text)
{
	if (document->exporter->rc == HF_OK)
		keep(document, quote(text, out_of(document)));
}

static void put_code(struct document *document, struct hf_slice text, const char *language)
{
	if (document->exporter->rc == HF_OK)
		keep(document, quote_code(text, language, out_of(document)));
	flush(document);
}

static void put_brief(struct document *document, struct hf_slice text)
{
	bool is_cut = false;

	put_by(document, quote_html, render_first_line(text, RENDER_BRIEF_MAX, &is_cut));
	if (is_cut)
		put(document, "\xe2\x80\xa6");
}

/* ---- What the session is ---- */

static void put_row(struct document *document, const char *name, struct hf_slice text)
{
	if (text.size == 0)
		return;
	put(document, "| ");
	put(document, name);
	put(document, " | ");
	put_by(document, quote_line, plain(document, text));
	put(document, " |\n");
}

static void put_row_text(struct document *document, const char *name, const char *text)
{
	put_row(document, name, (struct hf_slice){ text, strlen(text) });
}

static void put_time(struct document *document, int64_t at_us)
{
	char text[RENDER_TIME_SIZE];

	render_time(at_us, text);
	put(document, text);
	put(document, " UTC");
}

static void put_row_time(struct document *document, const char *name, int64_t at_us)
{
	put(document, "| ");
	put(document, name);
	put(document, " | ");
	put_time(document, at_us);
	put(document, " |\n");
}

static void put_verdict(struct document *document)
{
	const struct hf_check *check = hf_view_check(document->exporter->view);

	put(document, "| Verdict | **");
	put(document, hf_verdict_name(check->verdict));
	put(document, "** ");
	put(document, render_verdict(check->verdict));
	if (check->weak && check->verdict != HF_WEAK_KEY) {
		put(document, " ");
		put(document, render_verdict(HF_WEAK_KEY));
	}
	put(document, " |\n");
}

static void put_front(struct document *document)
{
	const struct hf_view *view = document->exporter->view;
	const struct hf_info *info = hf_view_info(view);
	struct hf_slice format;
	bool is_cut = false;

	put(document, "# ");
	put_by(document, quote_line,
	       render_first_line(plain(document, render_title(view)), RENDER_BRIEF_MAX, &is_cut));
	put(document, "\n\n| | |\n|---|---|\n");
	put_row_text(document, "Session", info->id);
	put_row(document, "Project", info->project);
	put_row(document, "Tags", info->tags);
	if (json_member(hf_view_origin(view), "format", &format)) {
		put(document, "| Imported from | ");
		put_by(document, quote_line, string(document, format));
		put(document, " |\n");
	}
	put_row_time(document, "Began", info->created_us);
	put_row_time(document, "Last record", info->updated_us);
	put(document, "| Messages | ");
	put_u64(document, hf_transcript_count(document->exporter->transcript));
	put(document, " |\n");
	put_verdict(document);
	if (info->key_id[0] != '\0')
		put_row_text(document, "Key id", info->key_id);
	if (document->exporter->redactor != NULL)
		put_row_text(document, "Secrets", "replaced by [redacted:KIND]");
	put(document, "\n");
	flush(document);
}

/* ---- Parts ---- */

static void begin_fold(struct document *document, const char *kind, struct hf_slice name,
		       struct hf_slice brief)
{
	put(document, "<details>\n<summary>");
	put(document, kind);
	if (name.size > 0) {
		put(document, " <b>");
		put_brief(document, string(document, name));
		put(document, "</b>");
	}
	if (brief.size > 0) {
		put(document, " <code>");
		put_brief(document, string(document, brief));
		put(document, "</code>");
	}
	put(document, "</summary>\n\n");
}

static void end_fold(struct document *document)
{
	put(document, "</details>\n\n");
	flush(document);
}

static void put_thinking(struct document *document, struct hf_slice json)
{
	static const struct hf_slice none = { NULL, 0 };

	begin_fold(document, "Thinking", none, none);
	put_by(document, quote_text, string(document, json));
	end_fold(document);
}

static void put_call(struct document *document, const struct export_part *call)
{
	struct buffer redacted = BUFFER_INIT(EXPORT_LINE_MAX);
	struct hf_slice arguments;

	/* Before its summary is made of it, so that no secret is seen in a part. */
	keep(document, render_json(document->exporter, call->arguments, &redacted));
	arguments = (struct hf_slice){ redacted.data, redacted.size };
	begin_fold(document, "Tool", call->name, render_brief(arguments));
	document->text.size = 0;
	keep(document, render_pretty(arguments, &document->text));
	put_code(document, (struct hf_slice){ document->text.data, document->text.size }, "json");
	end_fold(document);
	buffer_release(&redacted);
}

static bool is_short(struct hf_slice address)
{
	return address.size <= RENDER_BRIEF_MAX * 20;
}

/* A picture that is small goes along; of another, and of any file, it is said that it is
 * there. */
static void put_file(struct document *document, const struct export_part *part)
{
	const char *type = NULL;

	if (part->kind == EXPORT_IMAGE && part->data.size <= PICTURE_MAX &&
	    render_is_picture(part, &type)) {
		put(document, "![Image](data:");
		put(document, type);
		put(document, ";base64,");
		flush(document);
		export_put(document->exporter, part->data.data + 1, part->data.size - 2);
		put(document, ")\n\n");
		return;
	}
	put(document, part->kind == EXPORT_IMAGE ? "*Image" : "*File");
	if (part->name.size > 0) {
		put(document, " ");
		put_by(document, quote_line, string(document, part->name));
	}
	if (part->media_type.size > 0) {
		put(document, ", ");
		put_by(document, quote_line, string(document, part->media_type));
	}
	if (part->url.size > 0 && is_short(part->url)) {
		put(document, ", ");
		put_by(document, quote_line, string(document, part->url));
	}
	put(document, part->data.size > 2 ? ", not carried over*\n\n" : "*\n\n");
	if (part->data.size > 2)
		export_note(document->exporter, part->kind == EXPORT_IMAGE ? "large images" : "files");
}

static void put_result(struct document *document, const struct export_part *result)
{
	static const struct hf_slice none = { NULL, 0 };
	struct export_message message = { .content = result->content };
	struct export_part part;
	size_t position = 0;

	begin_fold(document, result->is_error ? "Result (error)" : "Result", result->name, none);
	if (json_kind(result->content) != JSON_ARRAY && json_kind(result->content) != JSON_STRING) {
		put_code(document, pretty(document, result->content), "json");
		end_fold(document);
		return;
	}
	while (document->exporter->rc == HF_OK && export_part_next(&message, &position, &part)) {
		if (part.kind == EXPORT_TEXT)
			put_code(document, string(document, part.text), "");
		else if (part.kind == EXPORT_IMAGE || part.kind == EXPORT_FILE)
			put_file(document, &part);
		else
			put_code(document, pretty(document, part.json), "json");
	}
	end_fold(document);
}

static void put_part(struct document *document, const struct export_part *part)
{
	switch (part->kind) {
	case EXPORT_TEXT:
		put_by(document, quote_text, string(document, part->text));
		flush(document);
		break;
	case EXPORT_THINKING:
		put_thinking(document, part->text);
		break;
	case EXPORT_CALL:
		put_call(document, part);
		break;
	case EXPORT_RESULT:
		put_result(document, part);
		break;
	case EXPORT_IMAGE:
	case EXPORT_FILE:
		put_file(document, part);
		break;
	case EXPORT_OTHER:
	default:
		put_code(document, pretty(document, part->json), "json");
	}
}

/* ---- Messages ---- */

static void put_heading(struct document *document, const struct export_message *message,
			enum export_part_kind first)
{
	bool is_result = first == EXPORT_RESULT && message->role == EXPORT_USER;

	put(document, "## ");
	put_u64(document, document->message);
	put(document, ". ");
	put(document, message->is_summary ? "Summary of what came before"
					  : render_role(is_result ? EXPORT_TOOL : message->role));
	put(document, message->is_error ? " (error), " : ", ");
	put_time(document, message->at_us);
	if (json_kind(message->model) == JSON_STRING && message->model.size > 2) {
		put(document, ", ");
		put_by(document, quote_line, string(document, message->model));
	}
	put(document, "\n\n");
}

static void put_message(struct document *document, const struct export_message *message)
{
	struct export_part part;
	size_t position = 0;
	bool is_begun = false;

	document->message++;
	while (document->exporter->rc == HF_OK && export_part_next(message, &position, &part)) {
		/* What has no text of its own: a thought that the service kept to itself. */
		if ((part.kind == EXPORT_TEXT || part.kind == EXPORT_THINKING) && part.text.size <= 2)
			continue;
		if (!is_begun)
			put_heading(document, message, part.kind);
		is_begun = true;
		put_part(document, &part);
	}
	flush(document);
}

static int write_markdown(struct exporter *exporter)
{
	struct document document = { .exporter = exporter, .text = BUFFER_INIT(EXPORT_LINE_MAX) };
	struct hf_record record = { 0 };
	struct export_message message;

	render_name(exporter, ".md");
	put_front(&document);
	while (export_next(exporter, &record, &message))
		put_message(&document, &message);
	buffer_release(&document.text);
	return exporter->rc;
}

const struct format format_markdown = {
	.about = { .name = "markdown", .title = "Markdown", .can_export = true, .places = "",
		    .suffix = ".md" },
	.write = write_markdown,
};
