/* SPDX-License-Identifier: MIT */
/*
 * A session of messages given by hand, exported to another agent's format. Ids that the
 * export makes up are replaced by numbers in the order in which they come ("#1"), so that the
 * lines can be compared with lines written by hand, and what is the same stays the same.
 */
#ifndef UNIT_CONVERT_FIXTURE_H
#define UNIT_CONVERT_FIXTURE_H

#include "json/scan.h"
#include "store_fixture.h"

#define TIME "2026-01-02T03:04:05.678Z"
#define TIME_MS "1767323045678"
/* A message, and one with further members. */
#define SAY(role, content) SAY_WITH(role, content, "")
#define SAY_WITH(role, content, rest) \
	"{\"role\":\"" role "\",\"content\":[" content "],\"time\":\"" TIME "\"" rest "}"
#define TEXT(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

enum { CONVERT_ROOM = 65536, CONVERT_IDS = 64 };

struct conversion {
	struct fixture fixture;
	struct hf_view *view;
	char written[CONVERT_ROOM];
	char masked[CONVERT_ROOM];
	char notes[1024];
	struct hf_export done;
};

/* Each test program has one. */
static struct conversion conversion;

static inline void begin_conversion(const char *name, const char *origin)
{
	struct hf_session_options options = { .id = ID_1, .project = "/p", .name = name };

	memset(&conversion, 0, sizeof conversion);
	fixture_open(&conversion.fixture);
	if (origin != NULL)
		options.origin = (struct hf_slice){ origin, strlen(origin) };
	ck_assert_int_eq(hf_session_create(conversion.fixture.store, &options,
					   &conversion.fixture.detail,
					   &conversion.fixture.session), HF_OK);
}

static inline void end_conversion(void)
{
	hf_view_close(conversion.view);
	fixture_close(&conversion.fixture);
}

static inline void say_as(const char *type, const char *json)
{
	ck_assert_int_eq(append(&conversion.fixture, type, NULL, json), HF_OK);
}

static inline void say(const char *json)
{
	say_as("message", json);
}

static inline int take_written(void *context, const char *file, const char *data, size_t size)
{
	size_t before = strlen(conversion.written);

	(void)context;
	if (file != NULL) /* beside the exported one */
		return HF_OK;
	ck_assert_uint_lt(before + size, sizeof conversion.written);
	memcpy(conversion.written + before, data, size);
	conversion.written[before + size] = '\0';
	return HF_OK;
}

static inline void take_note(void *context, const char *what, uint64_t count)
{
	size_t size = strlen(conversion.notes);

	(void)context;
	(void)snprintf(conversion.notes + size, sizeof conversion.notes - size, "%s: %u\n", what,
		       (unsigned)count);
}

/* How many characters at at are an id that was made up: a UUID, "msg_" and 24 digits, "call_"
 * and 32, or 8 digits in quotes. */
static inline size_t made_id(const char *at)
{
	static const char hex[] = "0123456789abcdef";

	if (strncmp(at, "msg_", 4) == 0 && strspn(at + 4, hex) == 24)
		return 28;
	if (strncmp(at, "call_", 5) == 0 && strspn(at + 5, hex) == 32)
		return 37;
	if (at[-1] != '"')
		return 0;
	if (strspn(at, hex) == 8 && at[8] == '"')
		return 8;
	return strspn(at, hex) == 8 && strspn(at, "0123456789abcdef-") == 36 &&
			       strncmp(at, ID_1, 36) != 0 ? 36 : 0;
}

static inline void mask_ids(void)
{
	char ids[CONVERT_IDS][40] = { "" };
	size_t count = 0;
	size_t size = 0;

	for (const char *at = conversion.written; *at != '\0';) {
		size_t length = at > conversion.written ? made_id(at) : 0;
		size_t i = 0;

		if (length == 0) {
			conversion.masked[size++] = *at++;
			continue;
		}
		while (i < count && (strlen(ids[i]) != length || strncmp(ids[i], at, length) != 0))
			i++;
		if (i == count) {
			ck_assert_uint_lt(count, CONVERT_IDS);
			memcpy(ids[count], at, length);
			ids[count++][length] = '\0';
		}
		size += (size_t)snprintf(conversion.masked + size, sizeof conversion.masked - size,
					 "#%zu", i + 1);
		at += length;
	}
	conversion.masked[size] = '\0';
}

static inline void convert_to(const char *format)
{
	struct hf_export_options options = { .format = format, .write = take_written,
					     .note = take_note };

	conversion.written[0] = '\0';
	conversion.notes[0] = '\0';
	if (conversion.view == NULL) {
		leave(&conversion.fixture, HF_CLOSE_SEAL);
		conversion.view = load(&conversion.fixture, ID_1);
	}
	ck_assert_int_eq(hf_export(conversion.fixture.store, conversion.view, &options,
				   &conversion.fixture.detail, &conversion.done), HF_OK);
	for (char *at = conversion.written; *at != '\0'; at = strchr(at, '\n') + 1)
		ck_assert_int_eq(json_scan(at, strcspn(at, "\n"), NULL), HF_OK);
	mask_ids();
}

static inline void expect_conversion(const char *format, const char *lines, const char *notes)
{
	convert_to(format);
	ck_assert_str_eq(conversion.masked, lines);
	ck_assert_str_eq(conversion.notes, notes);
}

#endif
