/* SPDX-License-Identifier: MIT */
#include "cli/visible.h"

#include <stdbool.h>
#include <string.h>

/* The length that the first byte of a character announces, or 0. */
static size_t announced_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_surrogate(uint32_t code_point)
{
	return code_point >= 0xd800 && code_point <= 0xdfff;
}

size_t visible_decode(const char *text, size_t size, uint32_t *ret_code_point)
{
	/* By length: the bits of the first byte that count, and what is not overlong. */
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = size > 0 ? (unsigned char)text[0] : 0xff;
	size_t length = announced_length(first);
	uint32_t code_point = first & masks[length];

	if (length == 0 || size < length)
		return 0;
	for (size_t i = 1; i < length; i++) {
		unsigned char next = (unsigned char)text[i];

		if ((next & 0xc0) != 0x80)
			return 0;
		code_point = code_point << 6 | (next & 0x3f);
	}
	if (code_point < smallest[length] || code_point > 0x10ffff || is_surrogate(code_point))
		return 0;
	*ret_code_point = code_point;
	return length;
}

struct range {
	uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code_point)
{
	for (size_t i = 0; i < count; i++) {
		if (code_point >= ranges[i].first && code_point <= ranges[i].last)
			return true;
	}
	return false;
}

/* What acts on a terminal or hides from the reader. Zero width joiners stay: emoji need
 * them. */
static bool is_dangerous(uint32_t code_point)
{
	static const struct range ranges[] = {
		{ 0x0080, 0x009f }, { 0x061c, 0x061c }, { 0x200b, 0x200b },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
	};

	return code_point >= 0x80 && is_in(ranges, sizeof ranges / sizeof ranges[0], code_point);
}

/* Columns of a character that is shown as it is: a rough table of what terminals do. */
static size_t columns(uint32_t code_point)
{
	static const struct range none[] = {
		{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },   { 0x064b, 0x065f },
		{ 0x093c, 0x093c }, { 0x0941, 0x094d }, { 0x0e34, 0x0e3a },   { 0x0e47, 0x0e4e },
		{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200c, 0x200d },   { 0x20d0, 0x20ff },
		{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0x1f3fb, 0x1f3ff },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },
		{ 0x25fd, 0x25fe },   { 0x2614, 0x2615 },   { 0x26a1, 0x26a1 },
		{ 0x2705, 0x2705 },   { 0x2728, 0x2728 },   { 0x274c, 0x274c },
		{ 0x2753, 0x2755 },   { 0x2795, 0x2797 },   { 0x2e80, 0x303e },
		{ 0x3041, 0xa4cf },   { 0xa960, 0xa97c },   { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff },
		{ 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
	};

	if (code_point < 0x300)
		return 1;
	if (is_in(none, sizeof none / sizeof none[0], code_point))
		return 0;
	return is_in(wide, sizeof wide / sizeof wide[0], code_point) ? 2 : 1;
}

enum { FORM_SIZE = 16 };

/* One character in its visible form. */
struct form {
	char text[FORM_SIZE];
	size_t size; /* bytes of text */
	size_t columns;
	size_t taken; /* bytes of the input it stands for */
};

static void put_hex(struct form *form, const char *before, uint32_t number, unsigned digits)
{
	form->size = strlen(before);
	memcpy(form->text, before, form->size);
	while (digits-- > 0)
		form->text[form->size++] = "0123456789ABCDEF"[number >> (4 * digits) & 15];
	form->text[form->size++] = '>';
	form->columns = form->size;
}

static void shape(struct hf_slice text, struct form *form)
{
	uint32_t code_point = 0;
	size_t length = visible_decode(text.data, text.size, &code_point);

	form->taken = length > 0 ? length : 1;
	if (length == 0) {
		put_hex(form, "<", (unsigned char)text.data[0], 2);
	} else if (code_point < 0x20 || code_point == 0x7f) {
		form->text[0] = '^';
		form->text[1] = (char)(code_point ^ 0x40);
		form->size = form->columns = 2;
	} else if (is_dangerous(code_point)) {
		put_hex(form, "<U+", code_point, code_point > 0xffff ? 5 : 4);
	} else {
		memcpy(form->text, text.data, length);
		form->size = length;
		form->columns = columns(code_point);
	}
}

static void shape_one_line(struct hf_slice text, struct form *form)
{
	bool space = text.data[0] == '\n' || text.data[0] == '\t';

	shape(space ? (struct hf_slice){ " ", 1 } : text, form);
}

static struct hf_slice after(struct hf_slice text, size_t size)
{
	return (struct hf_slice){ text.data + size, text.size - size };
}

void visible_put(struct strbuf *out, struct hf_slice text, enum visible_lines lines)
{
	struct form form;

	while (text.size > 0) {
		char c = text.data[0];

		if (lines == VISIBLE_LINES && c == '\r' && text.size > 1 && text.data[1] == '\n') {
			text = after(text, 1);
			continue;
		}
		if (lines == VISIBLE_LINES && (c == '\n' || c == '\t')) {
			strbuf_put(out, &c, 1);
			text = after(text, 1);
			continue;
		}
		shape_one_line(text, &form);
		strbuf_put(out, form.text, form.size);
		text = after(text, form.taken);
	}
}

size_t visible_width(struct hf_slice text)
{
	size_t width = 0;
	struct form form;

	for (; text.size > 0; text = after(text, form.taken)) {
		shape_one_line(text, &form);
		width += form.columns;
	}
	return width;
}

size_t visible_put_cut(struct strbuf *out, struct hf_slice text, size_t width)
{
	bool cut = visible_width(text) > width;
	size_t limit = cut && width > 3 ? width - 3 : width;
	size_t used = 0;
	struct form form;

	for (; text.size > 0; text = after(text, form.taken)) {
		shape_one_line(text, &form);
		if (used + form.columns > limit)
			break;
		strbuf_put(out, form.text, form.size);
		used += form.columns;
	}
	if (cut && width > 3) {
		strbuf_puts(out, "...");
		used += 3;
	}
	return used;
}

void visible_put_json(struct strbuf *out, struct hf_slice json)
{
	const char *plain = json.data;

	while (json.size > 0) {
		uint32_t code_point = 0;
		size_t length = visible_decode(json.data, json.size, &code_point);

		if (length > 0 && (code_point == 0x7f || is_dangerous(code_point))) {
			strbuf_put(out, plain, (size_t)(json.data - plain));
			if (code_point > 0xffff)
				strbuf_printf(out, "\\u%04x\\u%04x",
					      (unsigned)(0xd800 + ((code_point - 0x10000) >> 10)),
					      (unsigned)(0xdc00 + (code_point & 0x3ff)));
			else
				strbuf_printf(out, "\\u%04x", (unsigned)code_point);
			plain = json.data + length;
		}
		json = after(json, length > 0 ? length : 1);
	}
	strbuf_put(out, plain, (size_t)(json.data - plain));
}
