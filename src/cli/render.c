/* SPDX-License-Identifier: MIT */
#include "cli/render.h"

#include <stdbool.h>
#include <string.h>

#include "cli/clock.h"
#include "cli/visible.h"

enum {
	OTHER_WIDTH = 300, /* columns of JSON that is not understood */
	INPUT_WIDTH = 500, /* columns of the input of a tool */
	RESULT_LINES = 20, /* lines of the result of a tool */
	PARTS_DEPTH_MAX = 3,
};

static bool is_string(struct hf_slice value)
{
	return value.size > 1 && value.data[0] == '"';
}

static bool is_container(struct hf_slice value, char bracket)
{
	return value.size > 1 && value.data[0] == bracket;
}

/* Finds a member that is a string; false if there is none. */
static bool find_string(struct hf_slice object, const char *name, struct hf_slice *ret_value)
{
	struct hf_slice value = { 0 };

	if (!hf_json_member(object, name, &value) || !is_string(value))
		return false;
	*ret_value = value;
	return true;
}

static bool string_is(struct hf_slice string, const char *text)
{
	char decoded[64];
	int64_t size = hf_json_text(string, decoded, sizeof decoded);

	return size >= 0 && (uint64_t)size < sizeof decoded && strcmp(decoded, text) == 0;
}

static bool string_is_one_of(struct hf_slice string, const char *const texts[])
{
	for (size_t i = 0; texts[i] != NULL; i++) {
		if (string_is(string, texts[i]))
			return true;
	}
	return false;
}

static void end_line(struct strbuf *text)
{
	if (text->size > 0 && text->data[text->size - 1] != '\n')
		strbuf_puts(text, "\n");
}

static void put_string(struct strbuf *text, struct hf_slice string)
{
	struct strbuf decoded = { 0 };

	strbuf_put_json_text(&decoded, string);
	visible_put(text, strbuf_slice(&decoded), VISIBLE_LINES);
	end_line(text);
	strbuf_release(&decoded);
}

/* Puts JSON in one line of at most width columns. */
static void put_json(struct strbuf *text, struct hf_slice json, size_t width)
{
	/* Measuring megabytes to show one line would be a waste. */
	struct hf_slice start = { json.data, json.size < 4 * width ? json.size : 4 * width };

	(void)visible_put_cut(text, start, width);
	strbuf_puts(text, "\n");
}

/* The first lines of a string, indented: results of tools are long. */
static void put_result_text(const struct out *out, struct strbuf *text, struct hf_slice string)
{
	struct strbuf decoded = { 0 };
	struct hf_slice rest;
	size_t lines = 0;

	strbuf_put_json_text(&decoded, string);
	rest = strbuf_slice(&decoded);
	for (; rest.size > 0 && lines < RESULT_LINES; lines++) {
		const char *feed = memchr(rest.data, '\n', rest.size);
		size_t size = feed != NULL ? (size_t)(feed - rest.data) + 1 : rest.size;

		strbuf_puts(text, "    ");
		visible_put(text, (struct hf_slice){ rest.data, size }, VISIBLE_LINES);
		rest = (struct hf_slice){ rest.data + size, rest.size - size };
	}
	end_line(text);
	if (rest.size > 0) {
		out_style_begin(out, text, OUT_DIM);
		strbuf_printf(text, "    (%zu more bytes; holdfast log has all)", rest.size);
		out_style_end(out, text);
		strbuf_puts(text, "\n");
	}
	strbuf_release(&decoded);
}

static void put_label(const struct out *out, struct strbuf *text, const char *label,
		      struct hf_slice name)
{
	struct strbuf decoded = { 0 };

	strbuf_put_json_text(&decoded, name);
	out_style_begin(out, text, OUT_DIM);
	strbuf_printf(text, "[%s%s", label, decoded.size > 0 ? " " : "");
	visible_put(text, strbuf_slice(&decoded), VISIBLE_ONE_LINE);
	strbuf_puts(text, "]");
	out_style_end(out, text);
	strbuf_release(&decoded);
}

static void put_call(const struct out *out, struct strbuf *text, struct hf_slice part)
{
	static const char *const members[] = { "input", "arguments", "args", NULL };
	struct hf_slice name = { 0 };
	struct hf_slice input = { 0 };

	(void)find_string(part, "name", &name);
	for (size_t i = 0; members[i] != NULL && input.size == 0; i++)
		(void)hf_json_member(part, members[i], &input);
	put_label(out, text, "tool", name);
	strbuf_puts(text, " ");
	put_json(text, input, INPUT_WIDTH);
}

static void put_content(const struct out *out, struct strbuf *text, struct hf_slice content,
			unsigned depth, bool is_result);

static void put_result(const struct out *out, struct strbuf *text, struct hf_slice part,
		       unsigned depth)
{
	struct hf_slice content = { 0 };
	struct hf_slice failed = { 0 };

	(void)hf_json_member(part, "is_error", &failed);
	put_label(out, text, failed.size == 4 ? "result: failed" : "result",
		  (struct hf_slice){ 0 });
	strbuf_puts(text, "\n");
	if (hf_json_member(part, "content", &content) || hf_json_member(part, "output", &content))
		put_content(out, text, content, depth + 1, true);
}

static void put_thinking(const struct out *out, struct strbuf *text, struct hf_slice part)
{
	struct hf_slice thought = { 0 };

	(void)find_string(part, "thinking", &thought);
	put_label(out, text, "thinking", (struct hf_slice){ 0 });
	strbuf_puts(text, "\n");
	out_style_begin(out, text, OUT_DIM);
	put_string(text, thought);
	out_style_end(out, text);
}

static void put_part(const struct out *out, struct strbuf *text, struct hf_slice part,
		     unsigned depth, bool is_result)
{
	static const char *const texts[] = { "text", "input_text", "output_text", NULL };
	static const char *const calls[] = { "tool_use", "toolCall", "tool_call", "function_call",
					     NULL };
	static const char *const results[] = { "tool_result", "toolResult", "function_call_output",
					       NULL };
	struct hf_slice type = { 0 };
	struct hf_slice words = { 0 };

	(void)find_string(part, "type", &type);
	if (find_string(part, "text", &words) &&
	    (type.size == 0 || string_is_one_of(type, texts))) {
		put_content(out, text, words, depth + 1, is_result);
	} else if (string_is_one_of(type, calls)) {
		put_call(out, text, part);
	} else if (string_is_one_of(type, results)) {
		put_result(out, text, part, depth);
	} else if (string_is(type, "thinking")) {
		put_thinking(out, text, part);
	} else if (string_is(type, "image")) {
		put_label(out, text, "image", (struct hf_slice){ 0 });
		strbuf_puts(text, "\n");
	} else {
		put_json(text, part, OTHER_WIDTH);
	}
}

static void put_content(const struct out *out, struct strbuf *text, struct hf_slice content,
			unsigned depth, bool is_result)
{
	struct hf_slice part = { 0 };
	size_t position = 0;

	if (is_string(content) && is_result)
		put_result_text(out, text, content);
	else if (is_string(content))
		put_string(text, content);
	else if (!is_container(content, '[') || depth > PARTS_DEPTH_MAX)
		put_json(text, content, OTHER_WIDTH);
	else
		while (hf_json_next(content, &position, NULL, &part))
			put_part(out, text, part, depth + 1, is_result);
}

/* Finds the object with the role: the data itself, or what an agent's file wraps. */
static bool find_message(struct hf_slice data, struct hf_slice *ret_message,
			 struct hf_slice *ret_role)
{
	static const char *const wrappers[] = { "message", "payload" };

	if (find_string(data, "role", ret_role)) {
		*ret_message = data;
		return true;
	}
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
		struct hf_slice inner = { 0 };

		if (hf_json_member(data, wrappers[i], &inner) &&
		    find_string(inner, "role", ret_role)) {
			*ret_message = inner;
			return true;
		}
	}
	return false;
}

/* Calls of tools beside the content, as OpenAI's interface has them. */
static void put_tool_calls(const struct out *out, struct strbuf *text, struct hf_slice message)
{
	struct hf_slice calls = { 0 };
	struct hf_slice call = { 0 };
	struct hf_slice function = { 0 };
	size_t position = 0;

	if (!hf_json_member(message, "tool_calls", &calls) || !is_container(calls, '['))
		return;
	while (hf_json_next(calls, &position, NULL, &call)) {
		if (!hf_json_member(call, "function", &function))
			function = call;
		put_call(out, text, function);
	}
}

/* When it was said, if an import knows that; else when it was recorded. */
static void put_time(struct strbuf *text, const struct hf_record *record, struct hf_slice message)
{
	struct strbuf decoded = { 0 };
	struct hf_slice time = { 0 };
	struct hf_slice source = { 0 };

	if (find_string(message, "time", &time) && hf_json_member(message, "source", &source)) {
		strbuf_put_json_text(&decoded, time);
		visible_put(text, strbuf_slice(&decoded), VISIBLE_ONE_LINE);
	} else {
		clock_put_local(text, record->at_us);
	}
	strbuf_release(&decoded);
}

static void put_message(const struct out *out, struct strbuf *text, const struct hf_record *record,
			struct hf_slice message, struct hf_slice role)
{
	static const char *const tools[] = { "tool", "toolResult", "function", NULL };
	struct strbuf decoded = { 0 };
	struct hf_slice content = { 0 };

	strbuf_puts(text, "\n");
	strbuf_put_json_text(&decoded, role);
	out_style_begin(out, text, OUT_BOLD);
	visible_put(text, strbuf_slice(&decoded), VISIBLE_ONE_LINE);
	out_style_end(out, text);
	strbuf_puts(text, "  ");
	out_style_begin(out, text, OUT_DIM);
	put_time(text, record, message);
	strbuf_printf(text, "  #%llu", (unsigned long long)record->n);
	out_style_end(out, text);
	strbuf_puts(text, "\n");
	if (hf_json_member(message, "content", &content))
		put_content(out, text, content, 0, string_is_one_of(role, tools));
	put_tool_calls(out, text, message);
	strbuf_release(&decoded);
}

/* A record that is no message, or none that is understood, in one line. */
static void put_other(const struct out *out, struct strbuf *text, const struct hf_record *record)
{
	struct strbuf line = { 0 };

	visible_put(&line, record->type, VISIBLE_ONE_LINE);
	strbuf_puts(&line, " ");
	put_json(&line, record->data, OTHER_WIDTH);
	out_style_begin(out, text, OUT_DIM);
	strbuf_printf(text, "#%llu ", (unsigned long long)record->n);
	strbuf_put(text, line.data, line.size - 1);
	out_style_end(out, text);
	strbuf_puts(text, "\n");
	strbuf_release(&line);
}

void render_record(const struct out *out, struct strbuf *text, const struct hf_record *record)
{
	struct hf_slice message = { 0 };
	struct hf_slice role = { 0 };
	bool is_message = record->type.size == 7 && memcmp(record->type.data, "message", 7) == 0;

	if (is_message && find_message(record->data, &message, &role))
		put_message(out, text, record, message, role);
	else
		put_other(out, text, record);
}
