/* SPDX-License-Identifier: MIT */
#include "interop/jidocode_schema.h"

#include <string.h>

#include "base/text.h"
#include "interop/fact.h"
#include "json/read.h"

enum { TEXT_MAX = 64, DATE_TIME_SIZE = 19, SECOND_US = 1000000 };

/* ---- Times ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Two digits that are at most max, or -1. */
static int two_digits(const char *text, int max)
{
	int value;

	if (!is_digit(text[0]) || !is_digit(text[1]))
		return -1;
	value = (text[0] - '0') * 10 + (text[1] - '0');
	return value <= max ? value : -1;
}

/* "Z", "+hh", "+hhmm" or "+hh:mm", and nothing behind it; "-00:00" says that nobody knows. */
static bool read_offset(const char *text, int64_t *ret_offset_us)
{
	size_t size = strlen(text);
	int hours;
	int minutes = 0;

	*ret_offset_us = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if ((text[0] != '+' && text[0] != '-') || strcmp(text, "-00:00") == 0)
		return false;
	hours = two_digits(text + 1, 23);
	if (size == 6 && text[3] == ':')
		minutes = two_digits(text + 4, 59);
	else if (size == 5)
		minutes = two_digits(text + 3, 59);
	else if (size != 3)
		return false;
	if (hours < 0 || minutes < 0)
		return false;
	*ret_offset_us = (int64_t)(hours * 60 + minutes) * 60 * SECOND_US;
	if (text[0] == '-')
		*ret_offset_us = -*ret_offset_us;
	return true;
}

bool jidocode_schema_time(struct hf_slice string, int64_t *ret_us)
{
	char text[TEXT_MAX];
	char whole[TEXT_TIME_SIZE + 1] = "";
	int64_t size = json_text(string, text, sizeof text);
	int64_t time_us = 0;
	int64_t offset_us = 0;
	size_t at = DATE_TIME_SIZE;

	if (size <= DATE_TIME_SIZE || size >= TEXT_MAX || (text[10] != 'T' && text[10] != ' '))
		return false;
	memcpy(whole, text, DATE_TIME_SIZE);
	memcpy(whole + DATE_TIME_SIZE, ".000000Z", sizeof ".000000Z");
	whole[10] = 'T';
	if (text[at] == '.' || text[at] == ',') {
		if (!is_digit(text[++at]))
			return false;
		for (; is_digit(text[at]); at++) {
			if (at < TEXT_TIME_SIZE - 1)
				whole[at] = text[at];
		}
	}
	if (!text_get_time(whole, &time_us) || !read_offset(text + at, &offset_us))
		return false;
	if (ret_us != NULL)
		*ret_us = time_us - offset_us;
	return true;
}

/* ---- Members ---- */

struct rule {
	const char *name;
	enum json_kind kind; /* JSON_NONE: any, but there */
	const char *missing;
	const char *wrong;
};

static const struct rule session_rules[] = {
	{ "version", JSON_NUMBER, "it has no version", "its version is no number" },
	{ "id", JSON_STRING, "it has no id", "its id is no text" },
	{ "name", JSON_STRING, "it has no name", "its name is no text" },
	{ "project_path", JSON_STRING, "it has no project_path", "its project_path is no text" },
	{ "config", JSON_OBJECT, "it has no config", "its config is no object" },
	{ "created_at", JSON_NONE, "it has no created_at", "" },
	{ "updated_at", JSON_NONE, "it has no updated_at", "" },
	{ "closed_at", JSON_NONE, "it has no closed_at", "" },
	{ "conversation", JSON_ARRAY, "it has no conversation", "its conversation is no list" },
	{ "todos", JSON_ARRAY, "it has no todos", "its todos are no list" },
};

static const struct rule message_rules[] = {
	{ "id", JSON_STRING, "a message has no id", "a message's id is no text" },
	{ "role", JSON_STRING, "a message has no role", "a message's role is no text" },
	{ "content", JSON_STRING, "a message has no content", "a message's content is no text" },
	{ "timestamp", JSON_STRING, "a message has no timestamp",
	  "a message's timestamp is no text" },
};

static const struct rule todo_rules[] = {
	{ "content", JSON_STRING, "a todo has no content", "a todo's content is no text" },
	{ "status", JSON_STRING, "a todo has no status", "a todo's status is no text" },
	{ "active_form", JSON_STRING, "a todo has no active_form",
	  "a todo's active_form is no text" },
};

static const char *check_members(struct hf_slice object, const struct rule *rules, size_t count)
{
	const char *wrong = NULL;

	for (size_t i = 0; i < count; i++) {
		struct hf_slice value = { NULL, 0 };

		if (!json_member(object, rules[i].name, &value))
			return rules[i].missing;
		if (wrong == NULL && rules[i].kind != JSON_NONE && json_kind(value) != rules[i].kind)
			wrong = rules[i].wrong;
	}
	return wrong;
}

static const char *check_message(struct hf_slice message)
{
	const char *fault = check_members(message, message_rules, 4);
	struct hf_slice role = fact_member(message, "role");

	if (fault != NULL)
		return fault;
	if (!fact_is(role, "user") && !fact_is(role, "assistant") && !fact_is(role, "system") &&
	    !fact_is(role, "tool"))
		return "a message's role is not known";
	if (!jidocode_schema_time(fact_member(message, "timestamp"), NULL))
		return "a message's timestamp is no time";
	return NULL;
}

static const char *check_todo(struct hf_slice todo)
{
	const char *fault = check_members(todo, todo_rules, 3);
	struct hf_slice status = fact_member(todo, "status");

	if (fault != NULL)
		return fault;
	if (!fact_is(status, "pending") && !fact_is(status, "in_progress") &&
	    !fact_is(status, "completed"))
		return "a todo's status is not known";
	return NULL;
}

static const char *check_each(struct hf_slice array, const char *(*check)(struct hf_slice element))
{
	struct hf_slice element = { NULL, 0 };
	const char *fault = NULL;
	size_t position = 0;

	while (fault == NULL && json_next(array, &position, NULL, &element))
		fault = check(element);
	return fault;
}

const char *jidocode_schema_fault(struct hf_slice session)
{
	size_t count = sizeof session_rules / sizeof session_rules[0];
	const char *fault = check_members(session, session_rules, count);
	struct hf_slice version = fact_member(session, "version");

	if (fault != NULL)
		return fault;
	if (version.size != 1 || version.data[0] != '1')
		return "its version is another than 1";
	fault = check_each(fact_member(session, "conversation"), check_message);
	if (fault == NULL)
		fault = check_each(fact_member(session, "todos"), check_todo);
	if (fault == NULL && (!jidocode_schema_time(fact_member(session, "created_at"), NULL) ||
			      !jidocode_schema_time(fact_member(session, "updated_at"), NULL)))
		fault = "its created_at or updated_at is no time";
	return fault;
}
