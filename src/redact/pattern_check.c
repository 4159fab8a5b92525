/* SPDX-License-Identifier: MIT */
/* Which patterns are taken, and what every match of one holds. */
#include <string.h>

#include "redact/chars.h"
#include "redact/pattern.h"

/* A pattern as it is read. Costs are characters once all repetitions are written out. */
struct reader {
	const char *at;
	unsigned depth;
	unsigned long cost[PATTERN_DEPTH_MAX + 1]; /* of each open group so far */
	unsigned long atom; /* of what was read last, already counted in its group */
	bool has_choice; /* a '|' outside of all groups */
	char run[32]; /* the literal characters being read, outside of all groups */
	size_t run_size;
	char *literal; /* the longest run so far */
};

static void end_run(struct reader *reader)
{
	if (reader->run_size > strlen(reader->literal)) {
		memcpy(reader->literal, reader->run, reader->run_size);
		reader->literal[reader->run_size] = '\0';
	}
	reader->run_size = 0;
}

static void take_atom(struct reader *reader, unsigned long cost)
{
	reader->atom = cost;
	reader->cost[reader->depth] += cost;
}

static void take_literal(struct reader *reader, char c)
{
	take_atom(reader, 1);
	if (reader->depth > 0)
		return;
	if (reader->run_size == sizeof reader->run - 1)
		end_run(reader);
	reader->run[reader->run_size++] = c;
}

/* What was read last is there factor times, or perhaps not at all. */
static void repeat(struct reader *reader, unsigned long factor, bool is_optional)
{
	unsigned long more = reader->atom * (factor > 1 ? factor - 1 : 0);

	reader->cost[reader->depth] += more;
	reader->atom += more;
	if (reader->run_size > 0 && is_optional)
		reader->run_size--;
	end_run(reader);
}

static const char *read_number(const char *at, unsigned long *ret_number)
{
	unsigned long number = 0;

	for (; chars_is(*at, CHARS_DIGIT); at++)
		number = number > PATTERN_COST_MAX ? number
						   : number * 10 + (unsigned long)(*at - '0');
	*ret_number = number;
	return at;
}

/* "{2}", "{2,}", "{2,5}"; at is behind the brace. */
static const char *read_bounds(struct reader *reader)
{
	unsigned long least = 0;
	unsigned long most = 0;
	const char *at = read_number(reader->at, &least);

	if (at == reader->at)
		return "a brace that begins no repetition; write \\{";
	most = least;
	if (*at == ',') {
		const char *second = read_number(at + 1, &most);

		most = second == at + 1 ? least + 1 : most;
		at = second;
	}
	if (*at != '}' || most < least)
		return "a repetition that is not complete";
	if (most > 255)
		return "a repetition of more than 255";
	reader->at = at + 1;
	repeat(reader, most, least == 0);
	return NULL;
}

/* "[...]"; at is behind the bracket. */
static const char *read_brackets(struct reader *reader)
{
	const char *at = reader->at;

	at += *at == '^';
	at += *at == ']';
	while (*at != '\0' && *at != ']') {
		if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
			const char close[] = { at[1], ']', '\0' };
			const char *end = strstr(at + 2, close);

			if (end == NULL)
				break;
			at = end + 1;
		}
		at++;
	}
	if (*at != ']')
		return "a bracket that is not closed";
	reader->at = at + 1;
	take_atom(reader, 1);
	end_run(reader);
	return NULL;
}

static const char *read_escape(struct reader *reader)
{
	char c = *reader->at;

	if (c == '\0')
		return "a backslash at its end";
	reader->at++;
	if (chars_is(c, CHARS_DIGIT))
		return "a back-reference";
	if (strchr("wWsS", c) != NULL) {
		take_atom(reader, 1);
		end_run(reader);
		return NULL;
	}
	if (chars_is(c, CHARS_LETTER) || strchr("<>`'", c) != NULL)
		return "an escape that is no part of extended regular expressions";
	take_literal(reader, c);
	return NULL;
}

static const char *read_group(struct reader *reader, char c)
{
	if (c == '(') {
		end_run(reader);
		if (reader->depth == PATTERN_DEPTH_MAX)
			return "groups that nest too deep";
		reader->cost[++reader->depth] = 0;
		return NULL;
	}
	if (reader->depth == 0)
		return "a ')' without '('";
	reader->depth--;
	take_atom(reader, reader->cost[reader->depth + 1] + 1);
	return NULL;
}

static const char *read_one(struct reader *reader)
{
	char c = *reader->at++;

	switch (c) {
	case '\\':
		return read_escape(reader);
	case '[':
		return read_brackets(reader);
	case '(':
	case ')':
		return read_group(reader, c);
	case '{':
		return read_bounds(reader);
	case '*':
	case '?':
		repeat(reader, 1, true);
		return NULL;
	case '+': /* is written out as "xx*" */
		repeat(reader, 2, false);
		return NULL;
	case '|':
		reader->has_choice = reader->has_choice || reader->depth == 0;
		end_run(reader);
		return NULL;
	case '.':
	case '^':
	case '$':
		take_atom(reader, 1);
		end_run(reader);
		return NULL;
	default:
		take_literal(reader, c);
		return NULL;
	}
}

const char *pattern_check(const char *source, char ret_literal[static 32])
{
	struct reader reader = { .at = source, .literal = ret_literal };
	const char *why = NULL;

	ret_literal[0] = '\0';
	if (strlen(source) > PATTERN_SIZE_MAX)
		return "more than 1024 bytes";
	while (why == NULL && *reader.at != '\0') {
		why = read_one(&reader);
		if (reader.cost[reader.depth] > PATTERN_COST_MAX)
			why = "repetitions that make it too large";
	}
	end_run(&reader);
	if (why == NULL && reader.depth > 0)
		why = "a '(' without ')'";
	if (reader.has_choice)
		ret_literal[0] = '\0';
	return why;
}
