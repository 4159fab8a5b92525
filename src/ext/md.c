/* SPDX-License-Identifier: MIT */
#include "ext/md.h"

#include <md4c.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/text.h"
#include "ext/library.h"

typedef __typeof__(&md_parse) parse_fn;

enum {
	ROOM_BEHIND = 256,  /* bytes behind a text that md4c may look at */
	STATIC_MAX = 16,    /* bytes of md4c's own texts: line feeds and indentation */
};

/* One text that is being read. */
struct reading {
	const char *start;
	size_t size;
	const struct md_events *events;
	void *context;
	struct buffer attribute; /* of the node that is entered */
	size_t budget;           /* bytes of attributes that may still come */
	int rc;
};

int md_open(struct report *report, struct md *ret_md)
{
	struct md md = { 0 };
	const struct library_symbol symbols[] = { { "md_parse", &md.parse } };
	const struct library library = { "libmd4c.so.0", "libmd4c0", symbols, 1 };
	int rc = library_open(&library, report, &md.handle);

	if (rc == HF_OK)
		*ret_md = md;
	return rc;
}

void md_close(struct md *md)
{
	library_close(md->handle);
	*md = (struct md){ 0 };
}

/* ---- Entities ---- */

static uint32_t number_of(const char *digits, size_t size)
{
	static const char known[] = "0123456789abcdef";
	uint32_t base = 10, number = 0;

	if (size > 0 && (digits[0] | 0x20) == 'x') {
		base = 16;
		digits++, size--;
	}
	for (size_t i = 0; i < size && number <= 0x10ffff; i++) {
		const char *at = strchr(known, digits[i] >= 'A' ? digits[i] | 0x20 : digits[i]);

		if (at == NULL || *at == '\0')
			return 0;
		number = number * base + (uint32_t)(at - known);
	}
	return number;
}

/* UTF-8 of a code point; what is none (0, a surrogate, too large) becomes U+FFFD. */
static size_t encode(uint32_t point, char bytes[static 4])
{
	if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		point = 0xfffd;
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xc0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xe0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3f));
		bytes[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	bytes[0] = (char)(0xf0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3f));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3f));
	bytes[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* Decodes an entity into bytes; 0: it is a named one that stays as it is. */
static size_t decode_entity(struct hf_slice entity, char bytes[static 4])
{
	static const char *const named[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };
	static const char meant[] = "&<>\"'";

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		if (entity.size == strlen(named[i]) && memcmp(entity.data, named[i], entity.size) == 0) {
			bytes[0] = meant[i];
			return 1;
		}
	}
	if (entity.size < 4 || entity.data[1] != '#')
		return 0;
	return encode(number_of(entity.data + 2, entity.size - 3), bytes);
}

static int put_entity(struct buffer *out, struct hf_slice entity)
{
	char bytes[4];
	size_t size = decode_entity(entity, bytes);

	return size > 0 ? buffer_put(out, bytes, size) : buffer_put(out, entity.data, entity.size);
}

/* Whether what md4c tells of is a part of the text, or memory of its own, which is no larger
 * than own_max. */
static bool is_sound(const struct reading *reading, const char *text, size_t size, size_t own_max)
{
	uintptr_t from = (uintptr_t)reading->start;
	uintptr_t at = (uintptr_t)text;

	if (at < from || at > from + reading->size + ROOM_BEHIND)
		return size <= own_max;
	return at <= from + reading->size && size <= from + reading->size - at;
}

/* Decodes an attribute into the reading's buffer. */
static int take_attribute(struct reading *reading, const MD_ATTRIBUTE *attribute,
			  struct hf_slice *ret_text)
{
	int rc = attribute->size <= reading->budget ? HF_OK : HF_ERR_INVALID;

	/* One with an entity or a backslash in it is put together elsewhere. */
	if (rc == HF_OK && !is_sound(reading, attribute->text, attribute->size, SIZE_MAX))
		rc = HF_ERR_INVALID;
	reading->attribute.size = 0;
	for (size_t i = 0; rc == HF_OK && attribute->size > 0 &&
			   attribute->substr_offsets[i] < attribute->size; i++) {
		MD_OFFSET from = attribute->substr_offsets[i];
		struct hf_slice piece = { attribute->text + from,
					  attribute->substr_offsets[i + 1] - from };

		if (attribute->substr_types[i] == MD_TEXT_ENTITY)
			rc = put_entity(&reading->attribute, piece);
		else
			rc = buffer_put(&reading->attribute, piece.data, piece.size);
	}
	if (rc == HF_OK) {
		reading->budget -= attribute->size;
		*ret_text = (struct hf_slice){ reading->attribute.data, reading->attribute.size };
	}
	return rc;
}

/* ---- What md4c calls ---- */

/* Fills in what a block is; false: of no interest. */
static bool describe_block(struct reading *reading, MD_BLOCKTYPE type, const void *detail,
			   struct md_node *node)
{
	static const enum md_kind kinds[] = {
		[MD_BLOCK_QUOTE] = MD_QUOTE,	  [MD_BLOCK_UL] = MD_BULLETS,
		[MD_BLOCK_OL] = MD_NUMBERS,	  [MD_BLOCK_LI] = MD_ITEM,
		[MD_BLOCK_HR] = MD_RULE,	  [MD_BLOCK_H] = MD_HEADING,
		[MD_BLOCK_CODE] = MD_CODE_BLOCK,  [MD_BLOCK_P] = MD_PARAGRAPH,
		[MD_BLOCK_TABLE] = MD_TABLE,	  [MD_BLOCK_THEAD] = MD_TABLE_HEAD,
		[MD_BLOCK_TBODY] = MD_TABLE_BODY, [MD_BLOCK_TR] = MD_ROW,
		[MD_BLOCK_TH] = MD_HEADER_CELL,	  [MD_BLOCK_TD] = MD_CELL,
	};

	if (type == MD_BLOCK_DOC || type == MD_BLOCK_HTML)
		return false;
	node->kind = kinds[type];
	if (type == MD_BLOCK_OL) {
		node->number = ((const MD_BLOCK_OL_DETAIL *)detail)->start;
	} else if (type == MD_BLOCK_H) {
		node->number = ((const MD_BLOCK_H_DETAIL *)detail)->level;
	} else if (type == MD_BLOCK_LI) {
		const MD_BLOCK_LI_DETAIL *item = detail;

		if (item->is_task)
			node->task = item->task_mark == ' ' ? ' ' : 'x';
	} else if (type == MD_BLOCK_TH || type == MD_BLOCK_TD) {
		node->align = (enum md_align)((const MD_BLOCK_TD_DETAIL *)detail)->align;
	} else if (type == MD_BLOCK_CODE) {
		reading->rc = take_attribute(reading, &((const MD_BLOCK_CODE_DETAIL *)detail)->lang,
					     &node->text);
	}
	return true;
}

static bool describe_span(struct reading *reading, MD_SPANTYPE type, const void *detail,
			  struct md_node *node)
{
	switch (type) {
	case MD_SPAN_EM:
		node->kind = MD_EMPHASIS;
		return true;
	case MD_SPAN_STRONG:
		node->kind = MD_STRONG;
		return true;
	case MD_SPAN_DEL:
		node->kind = MD_DELETED;
		return true;
	case MD_SPAN_CODE:
		node->kind = MD_CODE;
		return true;
	case MD_SPAN_A:
		node->kind = MD_LINK;
		reading->rc = take_attribute(reading, &((const MD_SPAN_A_DETAIL *)detail)->href,
					     &node->text);
		return true;
	case MD_SPAN_IMG:
		node->kind = MD_IMAGE;
		reading->rc = take_attribute(reading, &((const MD_SPAN_IMG_DETAIL *)detail)->src,
					     &node->text);
		return true;
	default:
		return false;
	}
}

static int give(struct reading *reading, int (*take)(void *, const struct md_node *),
		const struct md_node *node)
{
	if (reading->rc == HF_OK)
		reading->rc = take(reading->context, node);
	return reading->rc;
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct reading *reading = context;
	struct md_node node = { 0 };

	if (!describe_block(reading, type, detail, &node))
		return 0;
	return give(reading, reading->events->enter, &node);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context)
{
	struct reading *reading = context;
	struct md_node node = { 0 };

	if (!describe_block(reading, type, detail, &node))
		return 0;
	return give(reading, reading->events->leave, &node);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context)
{
	struct reading *reading = context;
	struct md_node node = { 0 };

	if (!describe_span(reading, type, detail, &node))
		return 0;
	return give(reading, reading->events->enter, &node);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context)
{
	struct reading *reading = context;
	struct md_node node = { 0 };

	if (!describe_span(reading, type, detail, &node))
		return 0;
	return give(reading, reading->events->leave, &node);
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context)
{
	struct reading *reading = context;
	struct hf_slice slice = { text, size };
	enum md_text kind = MD_PLAIN;
	char bytes[4];

	/* md4c does not stop at all events. */
	if (reading->rc != HF_OK)
		return reading->rc;
	if (!is_sound(reading, text, size, STATIC_MAX)) {
		reading->rc = HF_ERR_INVALID;
		return reading->rc;
	}
	if (type == MD_TEXT_BR) {
		kind = MD_HARD_BREAK;
	} else if (type == MD_TEXT_SOFTBR) {
		kind = MD_SOFT_BREAK;
	} else if (type == MD_TEXT_NULLCHAR) {
		slice = (struct hf_slice){ "", 1 };
	} else if (type == MD_TEXT_ENTITY) {
		slice = (struct hf_slice){ bytes, decode_entity(slice, bytes) };
		if (slice.size == 0) {
			slice = (struct hf_slice){ text, size };
			kind = MD_NAMED;
		}
	}
	reading->rc = reading->events->text(reading->context, kind, slice);
	return reading->rc;
}

/* Whether the byte at at is a marker of a quote, or the end of one of a list. */
static bool is_marker(const char *at, const char *end)
{
	if (*at == '>')
		return true;
	return *at != '\0' && strchr("-+*.)", *at) != NULL &&
	       (end - at == 1 || at[1] == ' ' || at[1] == '\t' || at[1] == '\n' || at[1] == '\r');
}

/* Whether a line begins with so many list and quote markers that md4c would take long for
 * the lines after it: its time is their number times the depth. */
static bool is_too_deep(struct hf_slice text)
{
	const char *end = text_end(text);
	unsigned markers = 0;
	bool at_start = true;

	for (const char *at = text.data; at < end; at++) {
		if (*at == '\n' || *at == '\r') {
			markers = 0;
			at_start = true;
		} else if (at_start && is_marker(at, end)) {
			if (++markers > MD_MARKERS_MAX)
				return true;
		} else if (*at != ' ' && *at != '\t' && !(*at >= '0' && *at <= '9')) {
			at_start = false;
		}
	}
	return false;
}

int md_read(const struct md *md, struct hf_slice text, const struct md_events *events,
	    void *context)
{
	struct reading reading = { .events = events, .context = context,
				   .attribute = BUFFER_INIT(MD_SIZE_MAX * 2),
				   .budget = 16 * text.size + MD_SIZE_MAX };
	const MD_PARSER parser = { .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH |
					    MD_FLAG_TASKLISTS | MD_FLAG_NOHTML,
				   .enter_block = enter_block, .leave_block = leave_block,
				   .enter_span = enter_span, .leave_span = leave_span,
				   .text = take_text };
	parse_fn parse = (parse_fn)md->parse;
	char *copy;
	int rc;

	if (text.size > MD_SIZE_MAX || is_too_deep(text))
		return HF_ERR_INVALID;
	copy = mem_new(text.size + ROOM_BEHIND, 1);
	if (copy == NULL)
		return HF_ERR_NOMEM;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	reading.start = copy;
	reading.size = text.size;
	rc = parse(copy, (MD_SIZE)text.size, &parser, &reading);
	buffer_release(&reading.attribute);
	mem_free(copy);
	return rc == 0 || reading.rc != HF_OK ? reading.rc : HF_ERR_NOMEM;
}
