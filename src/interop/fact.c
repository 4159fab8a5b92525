/* SPDX-License-Identifier: MIT */
#include "interop/fact.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "interop/import.h"
#include "json/decode.h"
#include "json/read.h"

int fact_set(struct buffer *fact, struct hf_slice string)
{
	int64_t size = json_text(string, NULL, 0);
	int rc;

	if (size <= 0 || size >= FACT_SIZE_MAX)
		return HF_OK;
	fact->size = 0;
	rc = buffer_reserve(fact, (size_t)size + 1);
	if (rc != HF_OK)
		return rc;
	(void)json_text(string, fact->data, (size_t)size + 1);
	fact->size = (size_t)size;
	return HF_OK;
}

int fact_set_text(struct buffer *fact, struct hf_slice text)
{
	if (text.size == 0 || text.size >= FACT_SIZE_MAX || !text_is_utf8(text.data, text.size))
		return HF_OK;
	fact->size = 0;
	return buffer_put(fact, text.data, text.size);
}

struct hf_slice fact_get(const struct buffer *fact)
{
	return (struct hf_slice){ fact->size > 0 ? fact->data : "", fact->size };
}

struct hf_slice fact_member(struct hf_slice object, const char *name)
{
	struct hf_slice value = { "", 0 };

	(void)json_member(object, name, &value);
	return value;
}

/* ---- Comparing ---- */

/* Compares the string's text from where it stands with text. */
static bool begins_at(const char **at, const char *end, const char *text)
{
	const char *text_end = text + strlen(text);

	while (text < text_end) {
		if (*at >= end || json_decode_point(at, end) != json_decode_point(&text, text_end))
			return false;
	}
	return true;
}

static bool is_string(struct hf_slice string)
{
	return json_kind(string) == JSON_STRING && string.size >= 2;
}

bool fact_is(struct hf_slice string, const char *text)
{
	const char *at;

	if (!is_string(string))
		return false;
	at = string.data + 1;
	return begins_at(&at, string.data + string.size - 1, text) &&
	       at == string.data + string.size - 1;
}

bool fact_begins(struct hf_slice string, const char *text)
{
	const char *at;
	const char *next;
	const char *end;
	uint32_t point;

	if (!is_string(string))
		return false;
	at = string.data + 1;
	next = at;
	end = string.data + string.size - 1;
	while (next < end) {
		point = json_decode_point(&next, end);
		if (point != ' ' && point != '\n' && point != '\r' && point != '\t')
			break;
		at = next;
	}
	return begins_at(&at, end, text);
}

/* ---- Times ---- */

enum { TIME_SECONDS = 19, TIME_TEXT_MAX = 40, SECOND_US = 1000000 };

/* "Z", "+01:00" or nothing, as microseconds to subtract. */
static bool read_zone(const char *text, int64_t *ret_offset_us)
{
	uint64_t hours = 0;
	uint64_t minutes = 0;
	bool is_plain = text[0] == '\0' || strcmp(text, "Z") == 0;

	*ret_offset_us = 0;
	if (is_plain)
		return true;
	if (strlen(text) != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':')
		return false;
	/* Two digits each, the first of which may be a zero. */
	if (!text_get_u64(text + 1 + (text[1] == '0'), text[1] == '0' ? 1 : 2, &hours) ||
	    !text_get_u64(text + 4 + (text[4] == '0'), text[4] == '0' ? 1 : 2, &minutes))
		return false;
	*ret_offset_us = (int64_t)(hours * 60 + minutes) * 60 * SECOND_US;
	if (text[0] == '-')
		*ret_offset_us = -*ret_offset_us;
	return true;
}

int64_t fact_time(struct hf_slice string)
{
	char text[TIME_TEXT_MAX];
	char whole[TEXT_TIME_SIZE + 1] = "";
	int64_t size = json_text(string, text, sizeof text);
	int64_t time_us = 0;
	int64_t offset_us = 0;
	size_t at = TIME_SECONDS;

	if (size < TIME_SECONDS || size >= TIME_TEXT_MAX)
		return 0;
	memcpy(whole, text, TIME_SECONDS);
	memcpy(whole + TIME_SECONDS, ".000000Z", sizeof ".000000Z");
	whole[10] = 'T'; /* a space is common there */
	if (text[at] == '.') {
		for (at++; text[at] >= '0' && text[at] <= '9'; at++) {
			if (at < TEXT_TIME_SIZE - 1)
				whole[at] = text[at];
		}
	}
	if (!text_get_time(whole, &time_us) || !read_zone(text + at, &offset_us))
		return 0;
	return time_us - offset_us;
}

/* ---- Paths ---- */

bool fact_uuid_of_path(const char *path, struct hf_slice *ret_uuid)
{
	const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	size_t size = strcspn(name, ".");
	uint8_t id[16];

	if (size < TEXT_UUID_SIZE ||
	    !text_get_uuid(name + size - TEXT_UUID_SIZE, TEXT_UUID_SIZE, id))
		return false;
	*ret_uuid = (struct hf_slice){ name + size - TEXT_UUID_SIZE, TEXT_UUID_SIZE };
	return true;
}

/* Writes two texts one after the other; false if they do not fit. */
static bool join(const char *first, const char *second, char path[static FACT_PATH_SIZE])
{
	size_t first_size = strlen(first);
	size_t second_size = strlen(second);

	if (first_size >= FACT_PATH_SIZE || second_size >= FACT_PATH_SIZE - first_size)
		return false;
	memcpy(path, first, first_size);
	memcpy(path + first_size, second, second_size + 1);
	return true;
}

const char *fact_variable(const char *name)
{
	return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

bool fact_home(const char *variable, const char *below_home, char path[static FACT_PATH_SIZE])
{
	const char *home = fact_variable(variable);

	if (home != NULL && home[0] == '/')
		return join(home, "", path);
	home = fact_variable("HOME");
	return home != NULL && home[0] == '/' && join(home, below_home, path);
}

int fact_place(const struct import_env *env, const char *home, const char *below, source_fn each,
	       void *context)
{
	char path[FACT_PATH_SIZE];
	struct stat found;

	if (!join(home, below, path) ||
	    env->sys->stat_at(env->sys->context, AT_FDCWD, path, &found) != 0)
		return HF_OK;
	return each(context, path, "");
}
