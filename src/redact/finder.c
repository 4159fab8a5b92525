/* SPDX-License-Identifier: MIT */
#include "redact/finder.h"

#include <string.h>

#include "redact/auth.h"
#include "redact/chars.h"
#include "redact/entropy.h"
#include "redact/token.h"

static void put(struct finder *finder, struct redact_hit hit)
{
	finder->queue[finder->queue_count++] = hit;
}

/* ---- Built-in rules: runs -------------------------------------------------------- */

/* Where a word begins if what stands before it is an escape that a string in a string has:
 * the "n" of \n, the digits of \u000a and %20 are no part of it. */
static size_t behind_escape(struct hf_slice text, size_t at, size_t end)
{
	char before = at > 0 ? text.data[at - 1] : ' ';

	if (before == '%' && end - at > 2 && chars_is(text.data[at], CHARS_HEX) &&
	    chars_is(text.data[at + 1], CHARS_HEX))
		return at + 2;
	if (before != '\\')
		return at;
	if (text.data[at] == 'u' && end - at > 5)
		return at + 5;
	return chars_among(text.data[at], "nrtbf") ? at + 1 : at;
}

/* Looks for a key at at and, if an escape stands there, behind it. Returns its end, or 0. */
static size_t look_for_token(struct finder *finder, size_t at, size_t end)
{
	size_t behind = behind_escape(finder->text, at, end);
	struct redact_hit hit;

	if (!token_find(finder->text, at, end, &hit) &&
	    (behind == at || !token_find(finder->text, behind, end, &hit)))
		return 0;
	put(finder, hit);
	return hit.offset + hit.size;
}

/* Looks at each place of a word where a key can begin: at its beginning, and behind dashes.
 * Returns how far it came: to the word's end, or behind a key. */
static size_t look_at_word(struct finder *finder, size_t at, size_t end)
{
	const char *data = finder->text.data;

	while (end - at >= TOKEN_SIZE_MIN) {
		size_t behind = look_for_token(finder, at, end);
		const char *dash;

		if (behind > 0)
			return behind;
		dash = chars_is(data[at], CHARS_JOINT) ? data + at
						       : memchr(data + at, '-', end - at);
		if (dash == NULL)
			return end;
		at = chars_end(data, (size_t)(dash - data), end, CHARS_JOINT);
	}
	return end;
}

/* The rest of a run of 15 characters or more. */
static void step_long(struct finder *finder, size_t end)
{
	const char *data = finder->text.data;
	struct redact_hit hit;

	while (finder->at < end && finder->queue_count < FINDER_QUEUE - 2) {
		size_t word;

		/* Many keys can be one word, which is looked through once. */
		if (finder->at >= finder->word_end)
			finder->word_end = chars_end(data, finder->at, end, CHARS_WORD);
		word = finder->word_end;
		if (word - finder->at >= TOKEN_SIZE_MIN)
			word = look_at_word(finder, finder->at, word);
		if (block_find(finder->text, finder->at, word, &hit)) {
			put(finder, hit);
			word = hit.offset + hit.size;
		}
		finder->at = word < end && !chars_is(data[word], CHARS_WORD) ? word + 1 : word;
	}
}

/* A short run with a space behind it. */
static bool look_before_space(struct finder *finder, size_t at, size_t end,
			      struct redact_hit *ret_hit)
{
	struct hf_slice text = finder->text;
	size_t word = behind_escape(text, at, end);

	if (text.data[end - 1] == 'N')
		return block_find(text, at, end, ret_hit);
	if (word < end && (text.data[word] | 0x20) == 'b')
		return auth_find_header(text, word, end, ret_hit);
	return text.data[at] == '-' && assign_find_option(text, at, end, ret_hit);
}

/* A run that is shorter than any key of one word. */
static void step_short(struct finder *finder, size_t end)
{
	struct hf_slice text = finder->text;
	size_t at = finder->at;
	struct redact_hit hit = { 0 };
	bool is_found = false;

	if (end == text.size)
		return;
	if (text.data[end] == ' ')
		is_found = look_before_space(finder, at, end, &hit);
	else if (text.data[end] == '.')
		is_found = token_find_dotted(text, behind_escape(text, at, end), end, &hit);
	else if (text.data[end] == ':')
		is_found = token_find_telegram(text, behind_escape(text, at, end), end, &hit);
	if (is_found)
		put(finder, hit);
}

static void step_run(struct finder *finder)
{
	struct hf_slice text = finder->text;
	size_t at = finder->at;
	bool is_new = at >= finder->run_end;
	struct redact_hit hit;

	if (is_new)
		finder->run_end = chars_end(text.data, at, text.size, CHARS_RUN);
	if (finder->run_end - at < TOKEN_SIZE_MIN) {
		step_short(finder, finder->run_end);
		finder->at = finder->run_end;
		return;
	}
	if (is_new && text.data[at] == '-' && assign_find_option(text, at, finder->run_end, &hit))
		put(finder, hit);
	step_long(finder, finder->run_end);
	/* What looks random is judged last: a key that says what it is says more. */
	if (is_new && !finder->is_quiet && finder->queue_count == 0 &&
	    entropy_find(text, behind_escape(text, at, finder->run_end), finder->run_end, &hit))
		put(finder, hit);
}

/* Looks on until a hit is there or the text ends. */
static bool fill(struct finder *finder)
{
	struct hf_slice text = finder->text;

	finder->queue_at = finder->queue_count = 0;
	while (finder->queue_count == 0 && finder->at < text.size) {
		struct redact_hit hit;
		char c = text.data[finder->at];

		if (!chars_is(c, CHARS_STOP)) {
			finder->at++;
		} else if (chars_is(c, CHARS_RUN)) {
			step_run(finder);
		} else {
			if (assign_find(text, finder->at, &hit) ||
			    (c == ':' && auth_find_address(text, finder->at, &hit)))
				put(finder, hit);
			finder->at++;
		}
	}
	return finder->queue_count > 0;
}

/* ---- All rules ------------------------------------------------------------------- */

static int next_of_pattern(struct finder *finder, size_t index, size_t from)
{
	struct redact_hit *next = &finder->next[index];
	int rc = pattern_find(&finder->redactor->patterns[index], finder->text, from, next);

	if (rc == HF_ERR_NOTFOUND)
		next->size = 0;
	return rc == HF_ERR_NOTFOUND ? HF_OK : rc;
}

int finder_init(struct finder *finder, struct redactor *redactor, struct hf_slice text, size_t from,
		enum assign_name name)
{
	const char *kind = NULL;
	int rc = HF_OK;

	finder->redactor = redactor;
	finder->text = text;
	finder->at = from;
	finder->run_end = finder->word_end = 0;
	finder->is_quiet = name == ASSIGN_QUIET;
	finder->queue_at = finder->queue_count = 0;
	if (name != ASSIGN_OTHER && name != ASSIGN_QUIET && from == 0 &&
	    assign_is_secret(name, text.data, text.size, true, &kind))
		put(finder, (struct redact_hit){ kind, 0, text.size });
	for (size_t i = 0; i < redactor->pattern_count && rc == HF_OK; i++)
		rc = next_of_pattern(finder, i, from);
	return rc;
}

/* The rule whose hit comes first: a pattern's index, or the count of patterns for the built-in
 * rules. False: there is none. */
static bool first_rule(struct finder *finder, struct redact_hit *ret_hit, size_t *ret_rule)
{
	bool is_found = finder->queue_at < finder->queue_count || fill(finder);

	*ret_rule = finder->redactor->pattern_count;
	if (is_found)
		*ret_hit = finder->queue[finder->queue_at];
	for (size_t i = 0; i < finder->redactor->pattern_count; i++) {
		const struct redact_hit *hit = &finder->next[i];

		if (hit->size > 0 && (!is_found || hit->offset < ret_hit->offset)) {
			*ret_hit = *hit;
			*ret_rule = i;
			is_found = true;
		}
	}
	return is_found;
}

static int step_rule(struct finder *finder, size_t rule, const struct redact_hit *hit)
{
	if (rule < finder->redactor->pattern_count)
		return next_of_pattern(finder, rule, hit->offset + hit->size);
	finder->queue_at++;
	return HF_OK;
}

static size_t end_of(const struct redact_hit *hit)
{
	return hit->offset + hit->size;
}

/* How much a kind says: what only looks random says nothing, a name before it a little. */
static unsigned weight(const char *kind)
{
	static const char *const vague[] = { "password", "secret", "bearer-token" };

	for (size_t i = 0; i < sizeof vague / sizeof vague[0]; i++) {
		if (strcmp(kind, vague[i]) == 0)
			return 1;
	}
	return strcmp(kind, "high-entropy") == 0 ? 0 : 2;
}

/* Takes other into hit. The longer one's kind stays; of two that are equally long that which
 * says more, and what looks random only if there is nothing else. */
static void join(struct redact_hit *hit, const struct redact_hit *other)
{
	size_t from = hit->offset < other->offset ? hit->offset : other->offset;
	size_t to = end_of(hit) > end_of(other) ? end_of(hit) : end_of(other);
	unsigned mine = weight(hit->kind);
	unsigned others = weight(other->kind);

	if (mine == 0 || (others > 0 && other->size > hit->size) ||
	    (other->size == hit->size && others > mine))
		hit->kind = other->kind;
	hit->offset = from;
	hit->size = to - from;
}

/* Grows a hit to the borders of the characters of UTF-8 that it begins and ends in. */
static void round_out(struct hf_slice text, struct redact_hit *hit)
{
	size_t to = end_of(hit);

	for (unsigned i = 0; i < 3 && hit->offset > 0 && (text.data[hit->offset] & 0xc0) == 0x80;
	     i++)
		hit->offset--;
	for (unsigned i = 0; i < 3 && to < text.size && (text.data[to] & 0xc0) == 0x80; i++)
		to++;
	hit->size = to - hit->offset;
}

int finder_next(struct finder *finder, struct redact_hit *ret_hit)
{
	struct redact_hit hit;
	struct redact_hit other;
	size_t rule;
	int rc;

	if (!first_rule(finder, &hit, &rule))
		return HF_ERR_NOTFOUND;
	rc = step_rule(finder, rule, &hit);
	round_out(finder->text, &hit);
	while (rc == HF_OK && first_rule(finder, &other, &rule) && other.offset < end_of(&hit)) {
		rc = step_rule(finder, rule, &other);
		round_out(finder->text, &other);
		join(&hit, &other);
	}
	if (rc == HF_OK)
		*ret_hit = hit;
	return rc;
}
