/* SPDX-License-Identifier: MIT */
#include "redact/assign.h"

#include <string.h>

#include "redact/chars.h"
#include "redact/look.h"

enum { GAP_MAX = 8 };

/* How a value stands behind its name. */
struct value {
	size_t from;
	size_t to;
	bool is_quoted;
	bool is_tight; /* NAME=value, without a space or quotes */
	bool is_loud; /* the name is in capitals, as variables of the environment are */
};

/* ---- Is it one? ------------------------------------------------------------------ */

static bool is_password(const char *value, size_t size, const struct look *look, bool is_quoted)
{
	if (look->lower + look->upper == look->size)
		return size >= 8 && is_quoted;
	if (look->digits == look->size)
		return size >= 6;
	if (look->digits == 0 && look->others == 0) /* words with joints between */
		return false;
	return size >= (is_quoted ? 5u : 6u) && !look_is_word(value, size, "utf-8");
}

static bool is_made_secret(const char *value, size_t size, const struct look *look)
{
	if (size < 8 || look->digits < 2 || look->lower + look->upper < 2)
		return size >= 16 && look->digits == 0 && look->upper >= 4 && look->lower >= 4 &&
		       look->others == 0 && look->changes * 5 >= look->size * 2;
	return !look_is_words(value, size) && look->others * 4 <= look->size &&
	       look->entropy >= 2500;
}

/* 32 bytes in base64 and more, as accounts of Azure have. */
static bool is_storage_key(const char *value, size_t size)
{
	return size >= 43 && chars_end(value, 0, size, CHARS_RUN) + 3 > size &&
	       look_is_random(value, size);
}

/* A path is none, though its names may have digits. */
static bool is_path(const char *value, size_t size)
{
	return size >= 2 && (value[0] == '/' || value[0] == '~' || memcmp(value, "./", 2) == 0 ||
			     memcmp(value, "..", 2) == 0 || look_has(value, size, "://"));
}

static bool is_key(const char *value, size_t size)
{
	return size >= 20 && look_is_random(value, size);
}

bool assign_is_secret(enum assign_name name, const char *value, size_t size, bool is_quoted,
		      const char **ret_kind)
{
	struct look look;
	bool is_secret = false;

	if (size < 4 || size > ASSIGN_VALUE_MAX || look_is_placeholder(value, size) ||
	    is_path(value, size) || memchr(value, ' ', size) != NULL)
		return false;
	look_at(value, size, &look);
	*ret_kind = name == ASSIGN_PASSWORD ? "password" : "secret";
	if (name == ASSIGN_PASSWORD) {
		is_secret = is_password(value, size, &look, is_quoted);
	} else if (name == ASSIGN_SECRET) {
		is_secret = is_made_secret(value, size, &look);
	} else if (name == ASSIGN_STORAGE && is_storage_key(value, size)) {
		*ret_kind = "azure-storage-key";
		is_secret = true;
	} else if (name == ASSIGN_KEY || name == ASSIGN_STORAGE) {
		is_secret = is_key(value, size);
	}
	return is_secret;
}

/* ---- Where is it? ---------------------------------------------------------------- */

/* Steps back over what stands between a name and its separator: spaces, and the quotes and
 * the bracket of ["name"]. */
static size_t name_end(const char *text, size_t at)
{
	size_t least = at > GAP_MAX ? at - GAP_MAX : 0;
	bool has_quote;

	while (at > least && (text[at - 1] == ' ' || text[at - 1] == '\t'))
		at--;
	has_quote = at > least + 1 && text[at - 1] == ']' &&
		    (text[at - 2] == '"' || text[at - 2] == '\'');
	at -= has_quote;
	while (at > least && (text[at - 1] == '"' || text[at - 1] == '\'' || text[at - 1] == '\\' ||
			      text[at - 1] == '`'))
		at--;
	return at;
}

static size_t name_begin(const char *text, size_t end)
{
	size_t at = end;

	while (at > 0 && end - at < ASSIGN_NAME_MAX && chars_is(text[at - 1], CHARS_WORD))
		at--;
	return at;
}

static enum assign_name name_at(const char *text, size_t separator, bool *ret_is_loud)
{
	/* What the names end with, so that most are told by one look. */
	static const char last[] = "dDeEtTyYnNsSlLhH";
	size_t end = name_end(text, separator);
	size_t from;

	if (end == 0 || !chars_among(text[end - 1], last))
		return ASSIGN_OTHER;
	from = name_begin(text, end);
	*ret_is_loud = end > from && chars_is(text[end - 1], CHARS_UPPER);
	return assign_name(text + from, end - from);
}

static size_t skip_spaces(struct hf_slice text, size_t at)
{
	size_t from = at;

	while (at < text.size && at - from < GAP_MAX &&
	       (text.data[at] == ' ' || text.data[at] == '\t'))
		at++;
	return at;
}

/* Steps over "=", "==", "=>", ":=" and over a type as in "password: str = ". */
static size_t skip_separator(struct hf_slice text, size_t at)
{
	char first = text.data[at++];
	size_t type;
	size_t equals;

	while (at < text.size && (text.data[at] == '=' || (first == '=' && text.data[at] == '>')))
		at++;
	if (first != ':')
		return at;
	type = skip_spaces(text, at);
	equals = skip_spaces(text,
			     chars_end(text.data, type,
				       text.size - type > 24 ? type + 24 : text.size, CHARS_WORD));
	if (equals > type && equals + 1 < text.size && text.data[equals] == '=' &&
	    text.data[equals + 1] != '=' && text.data[equals - 1] == ' ')
		return equals + 1;
	return at;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

/* Where the quote stands that begins a value, perhaps escaped, perhaps behind a letter
 * (b"...", @"..."); the text's size if there is none. */
static size_t opening_quote(struct hf_slice text, size_t at)
{
	const char *data = text.data;
	size_t from = at;

	if (at + 1 < text.size && chars_among(data[at], "bBrRfFuUL@") && is_quote(data[at + 1]))
		from++;
	while (from < text.size && data[from] == '\\' && from - at < 4)
		from++;
	return from < text.size && is_quote(data[from]) ? from : text.size;
}

/* Finds the quotes around a value, or in a string the escaped ones; false if there are none. */
static bool find_quoted(struct hf_slice text, size_t at, struct value *value)
{
	const char *data = text.data;
	size_t quote = opening_quote(text, at);
	bool is_escaped = quote > at && data[quote - 1] == '\\';
	size_t limit;
	size_t to;

	if (quote == text.size)
		return false;
	limit = text.size - quote > ASSIGN_VALUE_MAX ? quote + ASSIGN_VALUE_MAX + 2 : text.size;
	for (to = quote + 1; to < limit && data[to] != data[quote] && data[to] != '\n'; to++)
		to += !is_escaped && data[to] == '\\' && to + 1 < limit;
	/* Without its closing quote it is no string, or too long a one. */
	value->is_quoted = to < limit && data[to] == data[quote];
	value->from = quote + 1;
	value->to = to < limit ? to : limit;
	while (is_escaped && value->to > value->from && data[value->to - 1] == '\\')
		value->to--;
	return true;
}

/* A value without quotes ends where shells, YAML, addresses and connection strings end it. */
static void find_bare(struct hf_slice text, size_t at, struct value *value)
{
	size_t limit = text.size - at > ASSIGN_VALUE_MAX ? at + ASSIGN_VALUE_MAX + 1 : text.size;

	value->from = value->to = at;
	while (value->to < limit && (unsigned char)text.data[value->to] > 0x20 &&
	       strchr(",;)}]'\"`&|<>\\", text.data[value->to]) == NULL)
		value->to++;
	while (value->to > at && strchr(".?:", text.data[value->to - 1]) != NULL)
		value->to--;
}

/* Whether what has no quotes can be a value and is not code. */
static bool is_bare_value(struct hf_slice text, enum assign_name name, const struct value *value)
{
	const char *from = text.data + value->from;
	size_t size = value->to - value->from;
	struct look look;

	if (size > ASSIGN_VALUE_MAX || look_is_code(from, size))
		return false;
	look_at(from, size, &look);
	if (look.lower + look.upper == look.size) /* a word: another variable, most often */
		return name == ASSIGN_PASSWORD && value->is_tight && value->is_loud;
	return look.lower + look.upper > 0 || value->is_tight;
}

static bool find_value(struct hf_slice text, size_t at, enum assign_name name, struct value *value,
		       struct redact_hit *ret_hit)
{
	const char *kind = NULL;

	if (!find_quoted(text, at, value)) {
		find_bare(text, at, value);
		if (!is_bare_value(text, name, value))
			return false;
	} else if (!value->is_quoted) {
		return false;
	}
	if (!assign_is_secret(name, text.data + value->from, value->to - value->from,
			      value->is_quoted || (value->is_tight && value->is_loud), &kind))
		return false;
	*ret_hit = (struct redact_hit){ kind, value->from, value->to - value->from };
	return true;
}

bool assign_find(struct hf_slice text, size_t at, struct redact_hit *ret_hit)
{
	struct value value = { 0 };
	enum assign_name name = name_at(text.data, at, &value.is_loud);
	size_t from;

	if (name == ASSIGN_OTHER || name == ASSIGN_QUIET)
		return false;
	if (text.data[at] == ':' && at + 1 < text.size && text.data[at + 1] == ':')
		return false;
	from = skip_separator(text, at);
	value.is_tight = from == at + 1 && text.data[at] == '=';
	from = skip_spaces(text, from);
	value.is_tight = value.is_tight && from == at + 1;
	return from < text.size && find_value(text, from, name, &value, ret_hit);
}

bool assign_find_option(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit)
{
	struct value value = { 0 };
	enum assign_name name;
	size_t from = skip_spaces(text, end);

	if (end - at < 5 || memcmp(text.data + at, "--", 2) != 0 || from == end ||
	    from == text.size || text.data[from] == '-')
		return false;
	name = assign_name(text.data + at, end - at);
	if (name != ASSIGN_PASSWORD && name != ASSIGN_SECRET)
		return false;
	return find_value(text, from, name, &value, ret_hit);
}

enum assign_name assign_name_before(struct hf_slice text, size_t at)
{
	size_t separator = name_end(text.data, at);
	size_t end;
	size_t from;

	if (separator == 0 || !chars_among(text.data[separator - 1], ":="))
		return ASSIGN_OTHER;
	end = name_end(text.data, separator - 1);
	from = name_begin(text.data, end);
	return assign_name(text.data + from, end - from);
}
