/* SPDX-License-Identifier: MIT */
#include "interop/codex_line.h"

#include <string.h>

#include "json/decode.h"
#include "json/read.h"

/* ---- Lines ---- */

void codex_put(struct codex_writer *writer, const char *text)
{
	convert_put(&writer->convert, text);
}

void codex_begin_line(struct codex_writer *writer, const char *type)
{
	char digits[TEXT_U64_SIZE + 1];

	codex_put(writer, "{\"timestamp\":");
	convert_put_time(&writer->convert, writer->at_us);
	if (writer->is_numbered) {
		digits[text_put_u64(writer->ordinal++, digits)] = '\0';
		codex_put(writer, ",\"ordinal\":");
		codex_put(writer, digits);
	}
	codex_put(writer, ",\"type\":\"");
	codex_put(writer, type);
	codex_put(writer, "\",\"payload\":{");
}

void codex_end_line(struct codex_writer *writer)
{
	codex_put(writer, "}}");
	export_json_line(writer->exporter);
}

/* ---- Strings ---- */

/* The bytes of the escape at at, which begins with a backslash; *ret_is_lone: it is half of
 * a pair of surrogates, without the other half. */
static size_t escape_size(const char *at, const char *end, bool *ret_is_lone)
{
	int32_t high = end - at >= 6 && at[1] == 'u' ? json_decode_hex(at + 2, end) : -1;
	int32_t low = -1;

	*ret_is_lone = false;
	if (high < 0)
		return end - at < 2 ? 1 : 2;
	if (!json_point_is_surrogate((uint32_t)high))
		return 6;
	if (end - at >= 12 && at[6] == '\\' && at[7] == 'u')
		low = json_decode_hex(at + 8, end);
	*ret_is_lone = high >= 0xdc00 || low < 0xdc00 || low > 0xdfff;
	return *ret_is_lone ? 6 : 12;
}

/* Puts what is between a string's quotes. Codex refuses a line with half a pair of
 * surrogates, so U+FFFD is put in its place. */
static void put_inside(struct codex_writer *writer, struct hf_slice string)
{
	const char *at;
	const char *end;

	if (json_kind(string) != JSON_STRING || string.size < 2)
		return;
	at = string.data + 1;
	end = string.data + string.size - 1;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		bool is_lone = false;
		size_t size = escape != NULL ? escape_size(escape, end, &is_lone) : 0;
		const char *stop = escape != NULL ? escape : end;

		if (!is_lone)
			stop += size;
		convert_put_json(&writer->convert, (struct hf_slice){ at, (size_t)(stop - at) });
		if (is_lone) {
			codex_put(writer, "\\ufffd");
			stop += size;
		}
		at = stop;
	}
}

void codex_put_string(struct codex_writer *writer, struct hf_slice string)
{
	codex_put(writer, "\"");
	put_inside(writer, string);
	codex_put(writer, "\"");
}

/* Makes what the line holds from start on the text of one string. */
void codex_pack(struct codex_writer *writer, size_t start)
{
	struct exporter *exporter = writer->exporter;
	struct buffer *scratch = &writer->scratch;

	if (exporter->rc != HF_OK)
		return;
	scratch->size = 0;
	exporter->rc =
		buffer_put(scratch, exporter->line.data + start, exporter->line.size - start);
	exporter->line.size = start;
	convert_put_string(&writer->convert, (struct hf_slice){ scratch->data, scratch->size });
}

/* ---- Parts ---- */

/* A string with the address of an image. */
void codex_put_address(struct codex_writer *writer, const struct export_part *image)
{
	codex_put(writer, "\"");
	if (image->data.size > 0) {
		codex_put(writer, "data:");
		if (image->media_type.size > 0)
			put_inside(writer, image->media_type);
		else
			codex_put(writer, "image/png");
		codex_put(writer, ";base64,");
		put_inside(writer, image->data);
	} else {
		put_inside(writer, image->url);
	}
	codex_put(writer, "\"");
}

bool codex_is_shown(const struct export_part *part)
{
	return part->kind == EXPORT_TEXT ||
	       (part->kind == EXPORT_IMAGE && (part->data.size > 0 || part->url.size > 0));
}

/* Puts the list of the parts that are text or images. text_type: what text is called. */
void codex_put_content(struct codex_writer *writer, const struct export_message *message,
			const char *text_type)
{
	struct export_part part = { 0 };
	size_t position = 0;
	const char *before = "[";

	while (export_part_next(message, &position, &part)) {
		if (!codex_is_shown(&part))
			continue;
		codex_put(writer, before);
		codex_put(writer, "{\"type\":\"");
		codex_put(writer, part.kind == EXPORT_TEXT ? text_type : "input_image");
		codex_put(writer, part.kind == EXPORT_TEXT ? "\",\"text\":" : "\",\"image_url\":");
		if (part.kind == EXPORT_TEXT)
			codex_put_string(writer, part.text);
		else
			codex_put_address(writer, &part);
		codex_put(writer, "}");
		before = ",";
	}
	codex_put(writer, before[0] == '[' ? "[]" : "]");
}

/* Puts all text of a message as one string. */
void codex_put_texts(struct codex_writer *writer, const struct export_message *message)
{
	struct export_part part = { 0 };
	size_t position = 0;
	const char *before = "";

	codex_put(writer, "\"");
	while (export_part_next(message, &position, &part)) {
		if (part.kind != EXPORT_TEXT)
			continue;
		codex_put(writer, before);
		put_inside(writer, part.text);
		before = "\\n";
	}
	codex_put(writer, "\"");
}

size_t codex_count_parts(const struct export_message *message, enum export_part_kind kind)
{
	struct export_part part = { 0 };
	size_t position = 0;
	size_t count = 0;

	while (export_part_next(message, &position, &part))
		count += part.kind == kind && (kind != EXPORT_IMAGE || codex_is_shown(&part));
	return count;
}
