/* SPDX-License-Identifier: MIT */
/*
 * Cutting one JSON text at the elements of an array in it.
 *
 * A walk over the bytes that knows strings and how deep it is inside of brackets, and
 * nothing else, so it gets through anything; whether a piece is valid is looked at when it
 * is given out. All that the walk has seen of the current piece lies in the window, unless
 * the piece is longer than PIECE_SIZE_MAX: then its parts go out as it gets longer.
 */
#include <string.h>

#include "base/mem.h"
#include "interop/piece.h"
#include "interop/piece_window.h"
#include "json/read.h"
#include "json/run.h"
#include "json/scan.h"

enum { NAME_SIZE = 256 }; /* of the array's decoded name; longer ones are none that is wanted */

struct document {
	struct piece_window window;
	const char *const *arrays;
	int (*each)(void *context, const struct piece *piece);
	void *context;
	uint64_t index;
	size_t at;         /* how far the walk has come in the window */
	uint64_t depth;    /* brackets that are open there */
	uint64_t base;     /* depth inside of the array */
	bool in_string;
	bool has_begun;    /* the current piece has more than separators */
	bool is_bad;       /* something was not valid */
	bool is_long;      /* the current piece is given in parts */
	size_t name;       /* the string that ended last, at depth 1 of an object: its quotes */
	size_t name_end;
	uint64_t elements; /* given so far */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- Giving pieces out ---- */

/* Whether the text is valid between what would have to stand before and behind it. */
static int check_between(const char *before, struct hf_slice text, const char *behind,
			 bool *ret_good)
{
	size_t head = strlen(before);
	size_t tail = strlen(behind);
	size_t size = head + text.size + tail;
	char *whole = mem_resize(NULL, size, 1);
	int rc;

	if (whole == NULL)
		return HF_ERR_NOMEM;
	memcpy(whole, before, head);
	memcpy(whole + head, text.data, text.size);
	memcpy(whole + head + text.size, behind, tail);
	rc = json_scan_lax(whole, size, NULL);
	mem_free(whole);
	*ret_good = rc == HF_OK;
	return rc == HF_ERR_JSON ? HF_OK : rc;
}

/* A comma before each element but the first, which has none. */
static bool is_separated(const struct document *document, struct hf_slice bytes)
{
	size_t at = 0;

	while (at < bytes.size && is_space(bytes.data[at]))
		at++;
	return (at < bytes.size && bytes.data[at] == ',') == (document->elements > 0);
}

/* Whether what is around the elements is valid without them. */
static int look_around(const struct document *document, const struct piece *piece, bool *ret_good)
{
	bool is_array = document->base == 1;

	if (document->base == 0) /* the array was not found: this is all */
		return check_between("", piece->bytes, "", ret_good);
	if (piece->role == PIECE_HEAD)
		return check_between("", piece->bytes, is_array ? "]" : "]}", ret_good);
	return check_between(is_array ? "[" : "{\"\":[", piece->bytes, "", ret_good);
}

/* Says what a whole piece is. */
static int look(struct document *document, struct piece *piece)
{
	bool is_good = false;
	int rc = HF_OK;

	if (piece->role == PIECE_ELEMENT) {
		rc = piece_look(piece);
		is_good = piece->state == PIECE_GOOD && is_separated(document, piece->bytes);
		document->elements++;
	} else {
		rc = look_around(document, piece, &is_good);
	}
	/* If the array was found, what follows its last element at least closes it. */
	is_good = is_good && (piece->role == PIECE_TAIL || document->base == 0 || !piece->is_last);
	document->is_bad = document->is_bad || !is_good;
	if (piece->role != PIECE_ELEMENT)
		piece->state = is_good ? PIECE_GOOD : PIECE_UNPARSABLE;
	if (piece->is_last && document->is_bad)
		piece->state = PIECE_UNPARSABLE;
	return rc;
}

/* Gives the first size bytes of the window, all of a piece or a part of it. */
static int give(struct document *document, size_t size, enum piece_role role, bool has_more)
{
	struct piece_window *window = &document->window;
	struct piece piece = {
		.state = PIECE_LONG,
		.role = role,
		.bytes = { window->bytes, size },
		.offset = window->offset,
		.index = document->index++,
		.is_last = window->is_end && size == window->size,
		.has_more = has_more,
	};
	int rc = HF_OK;

	if (!has_more && !document->is_long)
		rc = look(document, &piece);
	if (rc == HF_OK)
		rc = document->each(document->context, &piece);
	document->is_long = has_more;
	document->has_begun = has_more;
	document->name_end = 0;
	document->at -= size;
	piece_window_take(window, size);
	return rc;
}

/* Reads on; a piece that has become too long goes out in parts first. */
static int more(struct document *document, enum piece_role role)
{
	int rc = HF_OK;

	while (rc == HF_OK && (document->is_long || document->window.size > PIECE_SIZE_MAX) &&
	       document->at > PIECE_PART_SIZE)
		rc = give(document, PIECE_PART_SIZE, role, true);
	return rc == HF_OK ? piece_window_more(&document->window) : rc;
}

/* Gives what is left in the window, in parts if the piece is long. */
static int give_rest(struct document *document, enum piece_role role)
{
	struct piece_window *window = &document->window;
	int rc = HF_OK;

	document->at = window->size;
	while (rc == HF_OK && window->size > PIECE_PART_SIZE &&
	       (document->is_long || window->size > PIECE_SIZE_MAX))
		rc = give(document, PIECE_PART_SIZE, role, true);
	if (rc == HF_OK && window->size > 0)
		rc = give(document, window->size, role, false);
	return rc;
}

/* ---- The walk ---- */

/* Goes to the end of the string that the walk is in, or as far as there are bytes. */
static void skip_string(struct document *document)
{
	const char *end = document->window.bytes + document->window.size;
	const char *at = document->window.bytes + document->at;

	while (document->in_string) {
		at = json_run(at, end, JSON_RUN_STRING);
		if (at == end || (*at == '\\' && end - at < 2))
			break;
		document->in_string = *at == '\\';
		at += document->in_string ? 2 : 1;
	}
	document->at = (size_t)(at - document->window.bytes);
}

static size_t skip_back(const char *bytes, size_t at)
{
	while (at > 0 && is_space(bytes[at - 1]))
		at--;
	return at;
}

/* Decodes the name of the member whose value begins at the walk's place. */
static bool get_name(const struct document *document, char text[static NAME_SIZE])
{
	const char *bytes = document->window.bytes;
	struct hf_slice name = { bytes + document->name, document->name_end - document->name };
	size_t at = skip_back(bytes, document->at);

	if (at == 0 || bytes[at - 1] != ':')
		return false;
	at = skip_back(bytes, at - 1);
	return document->name_end > 0 && at == document->name_end &&
	       json_text(name, text, NAME_SIZE) < NAME_SIZE && text[0] != '\0';
}

/* Whether the bracket at the walk's place opens the wanted array. */
static bool is_wanted(const struct document *document)
{
	char text[NAME_SIZE] = "";

	if (document->window.bytes[document->at] != '[' ||
	    (document->depth == 1 && !get_name(document, text)))
		return false;
	for (size_t i = 0; document->arrays[i] != NULL; i++) {
		if (strcmp(document->arrays[i], text) == 0)
			return true;
	}
	return false;
}

/* Takes the bracket or quote at the walk's place. */
static void take_mark(struct document *document)
{
	char c = document->window.bytes[document->at];

	if (c == '"') {
		document->in_string = true;
		if (document->depth == 1 && document->base == 0)
			document->name = document->at;
	} else if (c == '{' || c == '[') {
		document->depth++;
	} else if (document->depth > 0) {
		document->depth--;
	}
	document->at++;
}

/* Goes on to the next place outside of strings that is a bracket or a quote. False: it is
 * not in the window. */
static bool next_mark(struct document *document)
{
	struct piece_window *window = &document->window;
	const char *at;

	if (document->in_string) {
		skip_string(document);
		if (document->in_string)
			return false;
		if (document->depth == 1 && document->base == 0)
			document->name_end = document->at;
	}
	at = json_run(window->bytes + document->at, window->bytes + window->size, JSON_RUN_NESTING);
	document->at = (size_t)(at - window->bytes);
	return document->at < window->size;
}

/* Gives what ends with the bracket at the walk's place. */
static int end_head(struct document *document)
{
	struct piece_window *window = &document->window;
	int rc = HF_OK;

	take_mark(document);
	document->base = document->depth;
	if (document->at == window->size)
		rc = piece_window_more(window);
	return rc == HF_OK ? give(document, document->at, PIECE_HEAD, false) : rc;
}

/* Walks to the array and gives what is before its first element, or all if it is not there. */
static int walk_head(struct document *document)
{
	struct piece_window *window = &document->window;
	int rc = HF_OK;

	while (rc == HF_OK && !window->is_end) {
		if (window->size == 0 || !next_mark(document)) {
			rc = more(document, PIECE_HEAD);
		} else if (document->depth <= 1 && !document->is_long && is_wanted(document)) {
			return end_head(document);
		} else {
			take_mark(document);
		}
	}
	return rc == HF_OK ? give_rest(document, PIECE_HEAD) : rc;
}

/* Goes on at the depth of the array's elements. *ret_end: an element ends here. *ret_closed:
 * the array does. */
static void step(struct document *document, bool *ret_end, bool *ret_closed)
{
	char c = document->window.bytes[document->at];
	bool is_closing = c == ']' || c == '}';

	*ret_end = document->has_begun && (is_space(c) || c == ',' || is_closing);
	*ret_closed = !document->has_begun && is_closing;
	if (*ret_end || *ret_closed)
		return;
	if (c == '"' || c == '{' || c == '[') {
		take_mark(document);
		document->has_begun = true;
		return;
	}
	document->has_begun = document->has_begun || !(is_space(c) || c == ',');
	document->at++;
}

/* Goes on inside of an element. *ret_end: it ends here. False: more bytes are needed. */
static bool dive(struct document *document, bool *ret_end)
{
	bool was_string = document->in_string;

	if (was_string) {
		skip_string(document);
		if (document->in_string)
			return false;
	} else {
		if (!next_mark(document))
			return false;
		take_mark(document);
	}
	*ret_end = document->depth == document->base && !document->in_string;
	return true;
}

/* Gives the element that ends at the walk's place. What ends the file there is no element
 * but the rest of a document that lacks its end. */
static int end_element(struct document *document)
{
	struct piece_window *window = &document->window;
	int rc = HF_OK;

	if (document->at == window->size)
		rc = piece_window_more(window);
	if (rc != HF_OK || document->at == window->size)
		return rc;
	while (rc == HF_OK && document->at > PIECE_PART_SIZE &&
	       (document->is_long || document->at > PIECE_SIZE_MAX))
		rc = give(document, PIECE_PART_SIZE, PIECE_ELEMENT, true);
	return rc == HF_OK ? give(document, document->at, PIECE_ELEMENT, false) : rc;
}

static int walk_elements(struct document *document)
{
	struct piece_window *window = &document->window;
	bool is_closed = false;
	int rc = HF_OK;

	while (rc == HF_OK && !is_closed && !window->is_end) {
		bool is_inside = document->in_string || document->depth > document->base;
		bool is_end = false;
		bool is_moving = document->at < window->size;

		if (is_moving && is_inside)
			is_moving = dive(document, &is_end);
		else if (is_moving)
			step(document, &is_end, &is_closed);
		if (is_end)
			rc = end_element(document);
		else if (!is_moving)
			rc = more(document, PIECE_ELEMENT);
	}
	return rc;
}

static int walk_tail(struct document *document)
{
	struct piece_window *window = &document->window;
	int rc = HF_OK;

	while (rc == HF_OK && !window->is_end) {
		document->at = window->size;
		rc = more(document, PIECE_TAIL);
	}
	return rc == HF_OK ? give_rest(document, PIECE_TAIL) : rc;
}

int piece_document(piece_read_fn read, void *read_context, const char *const *arrays,
		   int (*each)(void *context, const struct piece *piece), void *context)
{
	struct document document = { .window = piece_window_make(read, read_context),
				     .arrays = arrays, .each = each, .context = context };
	int rc = walk_head(&document);

	if (rc == HF_OK && document.base > 0)
		rc = walk_elements(&document);
	if (rc == HF_OK && document.base > 0)
		rc = walk_tail(&document);
	piece_window_release(&document.window);
	return rc;
}
