/* SPDX-License-Identifier: MIT */
/*
 * One pass over the text with an explicit stack.
 *
 * Each scan_ function takes the place to go on from and returns the place behind what it
 * scanned, or NULL after stop(). The output is copied in runs: `kept` marks where input
 * that is wanted but not yet copied begins, and only white space and U+2028 or U+2029 end
 * a run, so a text that is compact already is copied once, as a whole.
 *
 * To stay out of the way of the fast path, a failure to get memory for the output is
 * noted in `rc` and makes the input look as if it ended; stop() keeps the first failure.
 */
#include "json/scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "holdfast.h"
#include "json/decode.h"
#include "json/names.h"
#include "json/run.h"

/* Stands in the stack for an array, which has no names. */
#define ARRAY_MARK SIZE_MAX

struct scan {
	const char *start;
	const char *end;
	const char *kept;
	struct buffer *out; /* NULL: only check */
	char *put; /* where the next output goes */
	char *put_end;
	int rc;
	const char *fault_at;
	const char *reason;
	bool escaped; /* the string scanned last holds a backslash */
	bool is_lax; /* a name may come twice in one object */
	size_t depth;
	/* Per open container: where its names begin, or ARRAY_MARK. Set when it is opened. */
	size_t first[HF_DEPTH_MAX];
	struct json_names names;
};

__attribute__((cold, noinline)) static const char *stop(struct scan *scan, int rc, const char *at,
							const char *reason)
{
	if (scan->rc == HF_OK) {
		scan->rc = rc;
		scan->fault_at = at;
		scan->reason = reason;
	}
	return NULL;
}

static const char *refuse(struct scan *scan, const char *at, const char *reason)
{
	return stop(scan, HF_ERR_JSON, at, reason);
}

static const char *refuse_end(struct scan *scan)
{
	return refuse(scan, scan->end, "the text ends too early");
}

/* ---- Output ------------------------------------------------------------------ */

/* Makes room in out for size bytes that are to be put next. */
__attribute__((cold, noinline)) static bool make_room(struct scan *scan, size_t size)
{
	struct buffer *out = scan->out;
	size_t old_size = out->size;
	size_t done = scan->put == NULL ? 0 : (size_t)(scan->put - out->data) - old_size;
	int rc;

	out->size += done; /* only while buffer_reserve is to keep what was put */
	rc = buffer_reserve(out, size);
	out->size = old_size;
	if (rc != HF_OK) {
		(void)stop(scan, rc, scan->kept, "there is no room for the output");
		return false;
	}
	scan->put = out->data + old_size + done;
	scan->put_end = out->data + (out->room < out->max ? out->room : out->max);
	return true;
}

/* Puts bytes of the input. */
static inline bool put(struct scan *scan, const char *from, size_t size)
{
	if (size > (size_t)(scan->put_end - scan->put) && !make_room(scan, size))
		return false;
	if (size <= 16 && scan->end - from >= 16 && scan->put_end - scan->put >= 16)
		memcpy(scan->put, from, 16); /* of fixed size: a move instead of a call */
	else
		memcpy(scan->put, from, size);
	scan->put += size;
	return true;
}

/* Ends the run that is being kept at to; the next one begins at resume. */
static inline bool keep_until(struct scan *scan, const char *to, const char *resume)
{
	const char *from = scan->kept;

	scan->kept = resume;
	return scan->out == NULL || to == from || put(scan, from, (size_t)(to - from));
}

/* ---- Strings ----------------------------------------------------------------- */

static inline bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline const char *skip_space(struct scan *scan, const char *at)
{
	const char *from = at;

	if (at == scan->end || !is_space(*at))
		return at;
	while (at < scan->end && is_space(*at))
		at++;
	return keep_until(scan, from, at) ? at : scan->end;
}

static const char *scan_escape(struct scan *scan, const char *at)
{
	scan->escaped = true;
	if (scan->end - at < 2)
		return refuse_end(scan);
	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		if (json_decode_hex(at + 2, scan->end) >= 0)
			return at + 6;
		return refuse(scan, at, "\\u without four hexadecimal digits");
	default:
		return refuse(scan, at, "an unknown escape");
	}
}

/* U+2028 or U+2029, 3 bytes at at, goes out as an escape. */
__attribute__((noinline)) static const char *escape_separator(struct scan *scan, const char *at)
{
	static const char escapes[2][6] = { "\\u2028", "\\u2029" };

	if (scan->out == NULL)
		return at + 3;
	if (!keep_until(scan, at, at + 3))
		return scan->end;
	if (scan->put_end - scan->put < 6 && !make_room(scan, 6))
		return scan->end;
	memcpy(scan->put, escapes[at[2] & 1], 6);
	scan->put += 6;
	return at + 3;
}

static inline bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The same as text_utf8_length, whose usual answers it finds without a call. */
static inline size_t character_length(const char *at, const char *end)
{
	unsigned char first = (unsigned char)*at;

	if (end - at >= 3 && is_continuation(at[1])) {
		if (first >= 0xc2 && first <= 0xdf)
			return 2;
		if (first > 0xe0 && first <= 0xef && first != 0xed && is_continuation(at[2]))
			return 3;
	}
	return text_utf8_length(at, (size_t)(end - at));
}

/* A run of characters above U+007F. */
static const char *scan_characters(struct scan *scan, const char *at)
{
	while (at < scan->end && (unsigned char)*at >= 0x80) {
		size_t length = character_length(at, scan->end);

		if (length == 0)
			return refuse(scan, at, "not UTF-8");
		if (length == 3 && memcmp(at, "\xe2\x80", 2) == 0 && (at[2] & 0x3e) == 0x28)
			at = escape_separator(scan, at);
		else
			at += length;
	}
	return at;
}

/* at is behind the opening quote. */
static inline const char *scan_string(struct scan *scan, const char *at)
{
	while (at != NULL) {
		at = json_run(at, scan->end, JSON_RUN_TEXT);
		if (at == scan->end)
			return refuse_end(scan);
		if (*at == '"')
			return at + 1;
		if (*at == '\\')
			at = scan_escape(scan, at);
		else if ((unsigned char)*at >= 0x80)
			at = scan_characters(scan, at);
		else
			at = refuse(scan, at, "a control character in a string");
	}
	return NULL;
}

/* ---- Other values ------------------------------------------------------------ */

static const char *scan_word(struct scan *scan, const char *at, const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (at + i == scan->end)
			return refuse_end(scan);
		if (at[i] != word[i])
			return refuse(scan, at, "an unknown word");
	}
	return at + size;
}

/* One digit or more. */
static const char *scan_digits(struct scan *scan, const char *at)
{
	const char *from = at;

	while (at < scan->end && *at >= '0' && *at <= '9')
		at++;
	if (at > from)
		return at;
	return at == scan->end ? refuse_end(scan) : refuse(scan, at, "a digit is missing");
}

static const char *scan_number(struct scan *scan, const char *at)
{
	if (*at == '-')
		at++;
	if (at < scan->end && *at == '0')
		at++; /* a digit behind it is found to be out of place later */
	else
		at = scan_digits(scan, at);
	if (at != NULL && at < scan->end && *at == '.')
		at = scan_digits(scan, at + 1);
	if (at != NULL && at < scan->end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < scan->end && (*at == '+' || *at == '-'))
			at++;
		at = scan_digits(scan, at);
	}
	return at;
}

/* ---- Containers -------------------------------------------------------------- */

static const char *scan_name(struct scan *scan, const char *at)
{
	const char *from = at + 1;
	int rc = HF_OK;

	if (at == scan->end)
		return refuse_end(scan);
	if (*at != '"')
		return refuse(scan, at, "a name in quotes is missing");
	scan->escaped = false;
	at = scan_string(scan, from);
	if (at == NULL)
		return NULL;
	if (!scan->is_lax)
		rc = json_names_add(&scan->names, scan->first[scan->depth - 1], from,
				    (size_t)(at - 1 - from), scan->escaped);
	if (rc != HF_OK)
		return stop(scan, rc, from - 1, "a name comes twice in one object");
	at = skip_space(scan, at);
	if (at == scan->end)
		return refuse_end(scan);
	return *at == ':' ? at + 1 : refuse(scan, at, "a colon is missing");
}

/* at is behind the bracket. *ret_more: the container is open and a value comes next. */
static const char *open_container(struct scan *scan, const char *at, bool object, bool *ret_more)
{
	if (scan->depth == HF_DEPTH_MAX)
		return refuse(scan, at - 1, "nested too deep");
	at = skip_space(scan, at);
	if (at == scan->end)
		return refuse_end(scan);
	if (*at == (object ? '}' : ']'))
		return at + 1;
	scan->first[scan->depth] = object ? scan->names.count : ARRAY_MARK;
	scan->depth++;
	*ret_more = true;
	return object ? scan_name(scan, at) : at;
}

static const char *close_container(struct scan *scan, const char *at)
{
	size_t first = scan->first[scan->depth - 1];
	const char *again = at;
	int rc;

	if (first != ARRAY_MARK) {
		rc = json_names_end(&scan->names, first, &again);
		if (rc != HF_OK)
			return stop(scan, rc, again - 1, "a name comes twice in one object");
	}
	scan->depth--;
	return at + 1;
}

/* What may stand behind a value in a container: its end, or a comma and (*ret_more) the
 * next value. */
static inline const char *scan_follower(struct scan *scan, const char *at, bool *ret_more)
{
	bool object = scan->first[scan->depth - 1] != ARRAY_MARK;

	at = skip_space(scan, at);
	if (at == scan->end)
		return refuse_end(scan);
	if (*at == ',') {
		*ret_more = true;
		return object ? scan_name(scan, skip_space(scan, at + 1)) : at + 1;
	}
	if (*at == (object ? '}' : ']'))
		return close_container(scan, at);
	return refuse(scan, at, "a comma or a closing bracket is missing");
}

/* A whole value; or, with *ret_more, a container up to its first value. */
static inline const char *scan_value(struct scan *scan, const char *at, bool *ret_more)
{
	if (at == scan->end)
		return refuse_end(scan);
	switch (*at) {
	case '"':
		return scan_string(scan, at + 1);
	case '{':
		return open_container(scan, at + 1, true, ret_more);
	case '[':
		return open_container(scan, at + 1, false, ret_more);
	case 't':
		return scan_word(scan, at, "true", 4);
	case 'f':
		return scan_word(scan, at, "false", 5);
	case 'n':
		return scan_word(scan, at, "null", 4);
	default:
		if (*at == '-' || (*at >= '0' && *at <= '9'))
			return scan_number(scan, at);
		return refuse(scan, at, "a value is missing");
	}
}

static const char *scan_values(struct scan *scan, const char *at)
{
	while (at != NULL) {
		bool more = false;

		at = scan_value(scan, skip_space(scan, at), &more);
		while (at != NULL && !more) {
			if (scan->depth == 0)
				return at;
			at = scan_follower(scan, at, &more);
		}
	}
	return NULL;
}

/* ---- Both checks ------------------------------------------------------------- */

static int scan_text(struct scan *scan, struct json_fault *fault)
{
	const char *at;

	json_names_init(&scan->names);
	at = scan_values(scan, scan->start);
	if (at != NULL)
		at = skip_space(scan, at);
	if (at != NULL && at != scan->end)
		(void)refuse(scan, at, "something follows the end of the text");
	if (at == scan->end)
		(void)keep_until(scan, at, at);
	json_names_release(&scan->names);
	if (scan->rc == HF_ERR_JSON && fault != NULL) {
		fault->offset = (size_t)(scan->fault_at - scan->start);
		fault->reason = scan->reason;
	}
	return scan->rc;
}

/* Sets what a scan begins with, and not the stack and the names, which are large and are
 * written before they are read. */
static void scan_begin(struct scan *scan, const char *bytes, size_t size, struct buffer *out)
{
	scan->start = size > 0 ? bytes : "";
	scan->end = scan->start + size;
	scan->kept = scan->start;
	scan->out = out;
	scan->put = NULL;
	scan->put_end = NULL;
	scan->rc = HF_OK;
	scan->fault_at = scan->start;
	scan->reason = "";
	scan->escaped = false;
	scan->is_lax = false;
	scan->depth = 0;
}

int json_scan(const char *bytes, size_t size, struct json_fault *fault)
{
	struct scan scan;

	scan_begin(&scan, bytes, size, NULL);
	return scan_text(&scan, fault);
}

int json_scan_lax(const char *bytes, size_t size, struct json_fault *fault)
{
	struct scan scan;

	scan_begin(&scan, bytes, size, NULL);
	scan.is_lax = true;
	return scan_text(&scan, fault);
}

int json_compact(const char *bytes, size_t size, struct buffer *out, struct json_fault *fault)
{
	size_t left = out->max - out->size;
	struct scan scan;
	int rc;

	scan_begin(&scan, bytes, size, out);
	rc = buffer_reserve(out, size < left ? size : left);
	if (rc != HF_OK)
		return rc;
	if (out->data != NULL) {
		scan.put = out->data + out->size;
		scan.put_end = out->data + (out->room < out->max ? out->room : out->max);
	}
	rc = scan_text(&scan, fault);
	if (rc == HF_OK)
		out->size = (size_t)(scan.put - out->data);
	return rc;
}
