/* SPDX-License-Identifier: MIT */
/* What a piece's bytes are: whole, or which kind of broken. Linear in their size. */
#include <string.h>

#include "interop/piece.h"
#include "base/text.h"
#include "json/scan.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct hf_slice trimmed(struct hf_slice text)
{
	while (text.size > 0 && is_space(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_space(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* What is looked at: an element without the comma before it. */
static struct hf_slice text_of(const struct piece *piece)
{
	struct hf_slice text = trimmed(piece->bytes);

	if (piece->role == PIECE_ELEMENT && text.size > 0 && text.data[0] == ',')
		text = trimmed((struct hf_slice){ text.data + 1, text.size - 1 });
	return text;
}

/* HF_OK: text is valid, *ret_lax but for names that come twice. */
static int check(struct hf_slice text, bool *ret_lax, struct json_fault *fault)
{
	int rc = json_scan(text.data, text.size, fault);

	*ret_lax = false;
	if (rc != HF_ERR_JSON)
		return rc;
	rc = json_scan_lax(text.data, text.size, fault);
	*ret_lax = rc == HF_OK;
	return rc;
}

/* Whether a quote ends or begins a string: an even number of backslashes is before it. */
static bool is_escaped(const char *start, const char *quote)
{
	const char *at = quote;

	while (at > start && at[-1] == '\\')
		at--;
	return ((quote - at) & 1) != 0;
}

/* The object that text ends with, if it is valid: goes back from the last brace to the one
 * that opens it. Strings in a valid object have their quotes in pairs, so counting from the
 * end is as good as from its beginning. */
static struct hf_slice object_at_end(struct hf_slice text)
{
	const char *at = text_end(text);
	bool in_string = false;
	size_t depth = 0;

	if (text.size == 0 || at[-1] != '}')
		return (struct hf_slice){ NULL, 0 };
	while (at > text.data) {
		at--;
		if (*at == '"' && !is_escaped(text.data, at))
			in_string = !in_string;
		else if (!in_string && (*at == '}' || *at == ']'))
			depth++;
		else if (!in_string && (*at == '{' || *at == '[') && --depth == 0)
			return (struct hf_slice){ at, (size_t)(text.data + text.size - at) };
	}
	return (struct hf_slice){ NULL, 0 };
}

/* The last of the valid objects that text begins with. */
static struct hf_slice object_at_start(struct hf_slice text)
{
	struct hf_slice found = { NULL, 0 };
	struct json_fault fault = { 0, NULL };

	while (text.size > 0 && text.data[0] == '{' &&
	       json_scan_lax(text.data, text.size, &fault) == HF_ERR_JSON &&
	       json_scan_lax(text.data, fault.offset, NULL) == HF_OK) {
		found = trimmed((struct hf_slice){ text.data, fault.offset });
		text.data += fault.offset;
		text.size -= fault.offset;
	}
	return found;
}

/* Finds the last valid object in a text that is not valid; empty: there is none. */
static int find_object(struct piece *piece, struct hf_slice text)
{
	struct hf_slice found = object_at_end(text);
	bool is_lax = false;
	int rc;

	if (found.size == 0 || json_scan_lax(found.data, found.size, NULL) != HF_OK)
		found = object_at_start(text);
	if (found.size == 0)
		return HF_OK;
	rc = check(found, &is_lax, NULL);
	if (rc != HF_OK)
		return rc;
	piece->json = found;
	piece->lax = is_lax;
	return HF_OK;
}

static bool has_feed(const struct piece *piece)
{
	return piece->bytes.size > 0 && piece->bytes.data[piece->bytes.size - 1] == '\n';
}

/* Tells the kinds of what is not valid apart. fault: where the text ceases to be JSON. */
static int look_closer(struct piece *piece, struct hf_slice text, size_t fault)
{
	bool is_cut = piece->role == PIECE_LINE && piece->is_last && !has_feed(piece);
	int rc = HF_OK;

	/* What could go on is cut off, even if its last bytes are an object within it. */
	if (!is_cut || fault < text.size)
		rc = find_object(piece, text);
	if (rc != HF_OK)
		return rc;
	if (memchr(text.data, '\0', text.size) != NULL)
		piece->state = PIECE_NUL;
	else if (piece->json.size > 0)
		piece->state = PIECE_GLUED;
	else
		piece->state = is_cut ? PIECE_TORN : PIECE_UNPARSABLE;
	return HF_OK;
}

int piece_look(struct piece *piece)
{
	struct hf_slice text = text_of(piece);
	struct json_fault fault = { 0, NULL };
	int rc;

	piece->json = (struct hf_slice){ NULL, 0 };
	piece->lax = false;
	if (text.size == 0) {
		piece->state = PIECE_BLANK;
		return HF_OK;
	}
	rc = check(text, &piece->lax, &fault);
	if (rc == HF_ERR_JSON)
		return look_closer(piece, text, fault.offset);
	if (rc != HF_OK)
		return rc;
	piece->state = PIECE_GOOD;
	piece->json = text;
	return HF_OK;
}
