/* SPDX-License-Identifier: MIT */
#include "interop/render.h"

#include <string.h>

#include "base/text.h"
#include "json/decode.h"
#include "json/read.h"

/* ---- Text out of JSON ---- */

int render_text(struct exporter *exporter, struct hf_slice text, struct buffer *out)
{
	if (exporter->redactor == NULL)
		return buffer_put(out, text.data, text.size);
	return redact_text(exporter->redactor, text, out, &exporter->done.redacted);
}

static int decode(struct hf_slice string, struct buffer *out)
{
	int64_t size = json_text(string, NULL, 0);
	int rc;

	if (size < 0)
		return buffer_put(out, string.data, string.size);
	rc = buffer_reserve(out, (size_t)size + 1);
	if (rc == HF_OK) {
		(void)json_text(string, out->data + out->size, (size_t)size + 1);
		out->size += (size_t)size;
	}
	return rc;
}

int render_string(struct exporter *exporter, struct hf_slice json, struct buffer *out)
{
	struct buffer text = BUFFER_INIT(EXPORT_LINE_MAX);
	int rc;

	if (exporter->redactor == NULL)
		return decode(json, out);
	rc = decode(json, &text);
	if (rc == HF_OK)
		rc = render_text(exporter, (struct hf_slice){ text.data, text.size }, out);
	buffer_release(&text);
	return rc;
}

int render_json(struct exporter *exporter, struct hf_slice json, struct buffer *out)
{
	if (exporter->redactor == NULL)
		return buffer_put(out, json.data, json.size);
	return redact_json(exporter->redactor, json, out, &exporter->done.redacted);
}

/* ---- JSON on lines ---- */

static int break_line(struct buffer *out, unsigned depth)
{
	static const char spaces[2 * RENDER_INDENT_MAX + 1] = "                ";

	int rc = buffer_put(out, "\n", 1);

	if (depth > RENDER_INDENT_MAX)
		depth = RENDER_INDENT_MAX;
	return rc == HF_OK ? buffer_put(out, spaces, (size_t)depth * 2) : rc;
}

/* Where the string that begins at at ends. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\' && end - at > 1)
			at++;
	}
	return at < end ? at + 1 : end;
}

/* Puts the token at *at and moves behind it. */
static int put_token(const char **at, const char *end, unsigned *depth, struct buffer *out)
{
	const char *from = *at;
	char c = *from;
	bool is_start = c == '{' || c == '[';
	int rc = HF_OK;

	*at = c == '"' ? string_end(from, end) : from + 1;
	if (is_start && *at < end && **at == c + 2) { /* {} or [] */
		*at += 1;
		return buffer_put(out, from, 2);
	}
	if (c == '}' || c == ']')
		rc = break_line(out, *depth > 0 ? --*depth : 0);
	if (rc == HF_OK)
		rc = buffer_put(out, from, (size_t)(*at - from));
	if (rc != HF_OK)
		return rc;
	if (c == ':')
		return buffer_put(out, " ", 1);
	*depth += is_start;
	return is_start || c == ',' ? break_line(out, *depth) : HF_OK;
}

int render_pretty(struct hf_slice json, struct buffer *out)
{
	const char *end = text_end(json);
	unsigned depth = 0;
	int rc = HF_OK;

	if (json.size > RENDER_PRETTY_MAX)
		return buffer_put(out, json.data, json.size);
	for (const char *at = json.data; rc == HF_OK && at < end;)
		rc = put_token(&at, end, &depth, out);
	return rc;
}

/* ---- Characters that are not seen ---- */

static bool is_hidden(uint32_t point)
{
	/* C0 and C1 controls, marks and overrides of direction, ends of lines and paragraphs,
	 * annotations, tags. */
	static const struct { uint32_t first, last; } ranges[] = {
		{ 0x0, 0x8 }, { 0xb, 0x1f }, { 0x7f, 0x9f }, { 0x61c, 0x61c }, { 0x200e, 0x200f },
		{ 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	}
	return false;
}

size_t render_hidden(const char *at, const char *end, uint32_t *ret_point)
{
	unsigned char c = (unsigned char)*at;
	const char *next = at;
	size_t size = 1;

	if (c >= 0x80) {
		size = text_utf8_length(at, (size_t)(end - at));
		*ret_point = JSON_POINT_REPLACEMENT;
		if (size == 0)
			return 1;
		*ret_point = json_decode_point(&next, end);
	} else {
		*ret_point = c;
	}
	return is_hidden(*ret_point) ? size : 0;
}

int render_mark(uint32_t point, struct buffer *out)
{
	static const char digits[] = "0123456789ABCDEF";
	char text[10];
	size_t size = 0;

	if (point == JSON_POINT_REPLACEMENT)
		return buffer_put_text(out, "\xef\xbf\xbd");
	if (point < 0x20 || point == 0x7f) {
		size = json_encode_point(point == 0x7f ? 0x2421 : 0x2400 + point, text);
		return buffer_put(out, text, size);
	}
	text[size++] = 'U';
	text[size++] = '+';
	for (int shift = point > 0xffff ? 16 : 12; shift >= 0; shift -= 4)
		text[size++] = digits[point >> shift & 15];
	return buffer_put(out, text, size);
}

void render_line_ends(struct buffer *text, size_t from)
{
	size_t to = from;

	for (size_t i = from; i < text->size; i++) {
		char c = text->data[i];

		if (c == '\r' && i + 1 < text->size && text->data[i + 1] == '\n')
			continue;
		text->data[to++] = c == '\r' ? '\n' : c;
	}
	text->size = to;
}

/* ---- Short forms ---- */

struct hf_slice render_brief(struct hf_slice arguments)
{
	static const char *const telling[] = { "command", "cmd",	 "file_path", "filePath",
					       "path",	  "absolute_path", "pattern",	"query",
					       "url",	  "description",   "prompt" };
	struct hf_slice value = { NULL, 0 };
	size_t position = 0;

	for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++) {
		if (json_member(arguments, telling[i], &value) && json_kind(value) != JSON_NULL)
			return value;
	}
	if (json_kind(arguments) == JSON_STRING)
		return arguments;
	while (json_next(arguments, &position, NULL, &value)) {
		if (json_kind(value) == JSON_STRING)
			return value;
	}
	return (struct hf_slice){ NULL, 0 };
}

struct hf_slice render_first_line(struct hf_slice text, size_t size, bool *ret_cut)
{
	size_t used = 0;

	while (text.size > 0 && (*text.data == '\n' || *text.data == ' ' || *text.data == '\t'))
		text.data++, text.size--;
	while (used < text.size && text.data[used] != '\n') {
		size_t length = text_utf8_length(text.data + used, text.size - used);

		length = length > 0 ? length : 1;
		if (used + length > size)
			break;
		used += length;
	}
	*ret_cut = used < text.size;
	return (struct hf_slice){ text.data, used };
}

void render_time(int64_t at_us, char ret_text[static RENDER_TIME_SIZE])
{
	char text[TEXT_TIME_SIZE];

	text_put_time(at_us, text);
	memcpy(ret_text, text, RENDER_TIME_SIZE - 1);
	ret_text[10] = ' ';
	ret_text[RENDER_TIME_SIZE - 1] = '\0';
}

const char *render_role(unsigned export_role)
{
	switch (export_role) {
	case EXPORT_USER:
		return "User";
	case EXPORT_ASSISTANT:
		return "Assistant";
	case EXPORT_TOOL:
		return "Tool";
	case EXPORT_SYSTEM:
	default:
		return "System";
	}
}

const char *render_verdict(enum hf_verdict verdict)
{
	static const char *const meanings[] = {
		[HF_INTACT] = "Every record is signed and chained to the one before it. None is "
			      "missing, none was altered.",
		[HF_UNSIGNED] = "The session was imported without a signature: its records are as they "
				"were found, and who wrote them is not known.",
		[HF_WEAK_KEY] = "The session was signed with a weak key: anybody could have written "
				"these records.",
		[HF_TORN] = "The session ends in an incomplete record. All that was acknowledged is "
			    "here.",
		[HF_KEY_MISSING] = "The key that signed the session was not there, so its records could "
				   "not be checked.",
		[HF_HEAD_MISSING] = "The records verify, but the file that says where the session ended "
				    "is missing: if its end was cut off, that would not show.",
		[HF_GAP] = "A damaged region lies before valid records. Only what stands before it is "
			   "shown.",
		[HF_TRUNCATED] = "Records that were acknowledged are missing at the end.",
		[HF_ROLLED_BACK] = "An older state of the session was put in the place of a newer one.",
		[HF_TAMPERED] = "A record was altered or damaged. Only the records before it verify, and "
				"only they are shown.",
	};

	return verdict <= HF_TAMPERED ? meanings[verdict] : "";
}

struct hf_slice render_title(const struct hf_view *view)
{
	const struct hf_info *info = hf_view_info(view);
	bool is_cut = false;
	struct hf_slice title = info->name;

	if (title.size == 0)
		title = render_first_line(info->first_words, RENDER_BRIEF_MAX, &is_cut);
	if (title.size == 0)
		title = (struct hf_slice){ info->id, strlen(info->id) };
	return title;
}

void render_name(struct exporter *exporter, const char *suffix)
{
	char *name = exporter->done.name;
	size_t room = sizeof exporter->done.name;
	size_t used;

	text_copy(name, room, hf_view_info(exporter->view)->id);
	used = strlen(name);
	text_copy(name + used, room - used, suffix);
}

/* ---- Pictures ---- */

static bool is_base64(struct hf_slice string)
{
	size_t padding = 0;

	if (string.size < 6 || (string.size - 2) % 4 != 0)
		return false;
	for (size_t i = 1; i + 1 < string.size; i++) {
		char c = string.data[i];

		if (c == '=')
			padding++;
		else if (padding > 0 || !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
					  (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return padding <= 2;
}

bool render_is_picture(const struct export_part *part, const char **ret_type)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/gif", "image/webp" };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (part->media_type.size == strlen(types[i]) + 2 &&
		    memcmp(part->media_type.data + 1, types[i], strlen(types[i])) == 0) {
			*ret_type = types[i];
			return is_base64(part->data);
		}
	}
	return false;
}
