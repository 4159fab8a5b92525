/* SPDX-License-Identifier: MIT */
#include "redact/pattern.h"

#include <string.h>

#include "base/mem.h"
#include "redact/chars.h"
#include "redact/marker.h"

/* A part of a line that is matched at once. */
struct piece {
	size_t from;
	size_t to;
	int flags; /* REG_NOTBOL, REG_NOTEOL */
	bool is_cut; /* the line goes on behind it */
};

static int compile(struct pattern *pattern)
{
	int rc = regcomp(&pattern->regex, pattern->source, REG_EXTENDED);

	pattern->is_compiled = rc == 0;
	pattern->uses = 0;
	if (rc == REG_ESPACE)
		return HF_ERR_NOMEM;
	return rc == 0 ? HF_OK : HF_ERR_INVALID;
}

static bool matches_nothing(const struct pattern *pattern)
{
	return regexec(&pattern->regex, "", 0, NULL, 0) == 0;
}

static int refuse(struct report *report, const char *why)
{
	return report_fail(report, HF_ERR_INVALID, "pattern", "a pattern has %s", why);
}

int pattern_init(struct report *report, const char *source, struct pattern *ret_pattern)
{
	struct pattern pattern = { 0 };
	const char *why = pattern_check(source, pattern.literal);
	int rc;

	if (why != NULL)
		return refuse(report, why);
	pattern.source = mem_copy_text(source);
	if (pattern.source == NULL)
		return HF_ERR_NOMEM;
	rc = compile(&pattern);
	if (rc == HF_ERR_INVALID) {
		char message[128];

		(void)regerror(regcomp(&pattern.regex, source, REG_EXTENDED), NULL, message,
			       sizeof message);
		rc = report_fail(report, HF_ERR_INVALID, "pattern", "a pattern is not valid: %s",
				 message);
	} else if (rc == HF_OK && matches_nothing(&pattern)) {
		rc = refuse(report, "a match of no characters");
	}
	if (rc == HF_OK)
		*ret_pattern = pattern;
	else
		pattern_release(&pattern);
	return rc;
}

void pattern_release(struct pattern *pattern)
{
	if (pattern->is_compiled)
		regfree(&pattern->regex);
	mem_free(pattern->source);
	*pattern = (struct pattern){ 0 };
}

/* ---- Pieces -------------------------------------------------------------------- */

static bool ends_line(char c)
{
	return c == '\n' || c == '\0';
}

/* The piece that begins at at, which lies before the text's end. A marker ends it as the end
 * of a line does, but that "$" does not match there. */
static void piece_at(struct hf_slice text, size_t at, struct piece *piece)
{
	size_t limit = text.size - at > PATTERN_LINE ? at + PATTERN_LINE : text.size;

	piece->from = at;
	piece->flags = at > 0 && !ends_line(text.data[at - 1]) ? REG_NOTBOL : 0;
	while (at < limit && !ends_line(text.data[at]) && marker_size(text, at) == 0)
		at++;
	piece->to = at;
	piece->is_cut = at == limit && at < text.size && !ends_line(text.data[at]) &&
			marker_size(text, at) == 0;
	if (at < text.size && !ends_line(text.data[at]))
		piece->flags |= REG_NOTEOL;
}

/* Where the next piece begins if nothing was found in this one. */
static size_t behind(struct hf_slice text, const struct piece *piece)
{
	if (piece->is_cut)
		return piece->from + PATTERN_LINE / 2;
	if (piece->to < text.size && marker_size(text, piece->to) > 0)
		return piece->to + marker_size(text, piece->to);
	return piece->to + 1;
}

/* Matches one piece; HF_ERR_NOTFOUND: it does not. */
static int match(struct pattern *pattern, struct hf_slice text, const struct piece *piece,
		 struct redact_hit *ret_hit)
{
	char line[PATTERN_LINE + 1];
	size_t size = piece->to - piece->from;
	regmatch_t found;
	int rc;

	memcpy(line, text.data + piece->from, size);
	line[size] = '\0';
	if (strstr(line, pattern->literal) == NULL)
		return HF_ERR_NOTFOUND;
	if (++pattern->uses > PATTERN_USES_MAX) {
		regfree(&pattern->regex);
		rc = compile(pattern);
		if (rc != HF_OK)
			return HF_ERR_NOMEM;
	}
	rc = regexec(&pattern->regex, line, 1, &found, piece->flags);
	if (rc == REG_ESPACE)
		return HF_ERR_NOMEM;
	if (rc != 0 || found.rm_eo <= found.rm_so)
		return HF_ERR_NOTFOUND;
	ret_hit->kind = "pattern";
	ret_hit->offset = piece->from + (size_t)found.rm_so;
	ret_hit->size = (size_t)(found.rm_eo - found.rm_so);
	return HF_OK;
}

int pattern_find(struct pattern *pattern, struct hf_slice text, size_t from,
		 struct redact_hit *ret_hit)
{
	int rc = HF_ERR_NOTFOUND;

	while (rc == HF_ERR_NOTFOUND && from < text.size) {
		struct piece piece;

		if (!pattern->is_compiled) /* memory was short once */
			rc = compile(pattern) == HF_OK ? HF_ERR_NOTFOUND : HF_ERR_NOMEM;
		if (rc != HF_ERR_NOTFOUND)
			break;
		piece_at(text, from, &piece);
		if (piece.to > piece.from)
			rc = match(pattern, text, &piece, ret_hit);
		from = behind(text, &piece);
	}
	return rc;
}
