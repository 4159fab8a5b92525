/* SPDX-License-Identifier: MIT */
#include "format/record.h"

#include <string.h>

#include "base/text.h"

static const char tail_start[] = ",\"mac\":\"";
enum { TAIL_START_SIZE = sizeof tail_start - 1 };

bool record_split(const char *line, size_t size, size_t *ret_size,
		  uint8_t ret_mac[static MAC_SIZE])
{
	const char *tail;

	if (size < FORMAT_TAIL_SIZE)
		return false;
	tail = line + size - FORMAT_TAIL_SIZE;
	if (memcmp(tail, tail_start, TAIL_START_SIZE) != 0 || line[size - 2] != '"' ||
	    line[size - 1] != '}')
		return false;
	if (!text_get_base64_32(tail + TAIL_START_SIZE, ret_mac))
		return false;
	*ret_size = size - FORMAT_TAIL_SIZE;
	return true;
}

void record_mac(struct mac *key, const uint8_t previous[static MAC_SIZE], const char *bytes,
		size_t size, uint8_t ret_mac[static MAC_SIZE])
{
	mac_update(key, previous, MAC_SIZE);
	mac_update(key, bytes, size);
	mac_final(key, ret_mac);
}

/* A reader of the envelope's fixed text; it never goes beyond end. */
struct cursor {
	const char *at;
	const char *end;
};

static inline bool take(struct cursor *cursor, const char *text, size_t size)
{
	if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, text, size) != 0)
		return false;
	cursor->at += size;
	return true;
}

#define TAKE(cursor, literal) take(cursor, literal, sizeof(literal) - 1)

/* Takes what stands before the next quote, at least one and at most max characters. */
static bool take_until_quote(struct cursor *cursor, size_t max, struct hf_slice *ret_slice)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *quote = memchr(cursor->at, '"', left < max + 1 ? left : max + 1);

	if (quote == NULL || quote == cursor->at)
		return false;
	*ret_slice = (struct hf_slice){ cursor->at, (size_t)(quote - cursor->at) };
	cursor->at = quote;
	return true;
}

static bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
		cursor->at++;
	return text_get_u64(start, (size_t)(cursor->at - start), ret_number);
}

static bool take_time(struct cursor *cursor, struct hf_record *record)
{
	if (cursor->end - cursor->at < TEXT_TIME_SIZE ||
	    !text_get_time(cursor->at, &record->at_us))
		return false;
	record->at = (struct hf_slice){ cursor->at, TEXT_TIME_SIZE };
	cursor->at += TEXT_TIME_SIZE;
	return true;
}

static bool id_character(char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static bool type_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_id(struct hf_slice id)
{
	bool is_good = id.size > 0 && id.size <= FORMAT_RECORD_ID_SIZE_MAX;

	for (size_t i = 0; i < id.size && is_good; i++)
		is_good = id_character(id.data[i]);
	return is_good;
}

static bool is_type(struct hf_slice type)
{
	bool is_good = type.size > 0 && type.size <= FORMAT_TYPE_SIZE_MAX;

	for (size_t i = 0; i < type.size && is_good; i++)
		is_good = type_character(type.data[i]);
	return is_good;
}

/* Takes the optional id, the type, and what stands between it and the data. */
static bool take_names(struct cursor *cursor, struct hf_record *record)
{
	if (TAKE(cursor, ",\"id\":\"")) {
		if (!take_until_quote(cursor, FORMAT_RECORD_ID_SIZE_MAX, &record->id) ||
		    !is_id(record->id) || !TAKE(cursor, "\""))
			return false;
	}
	return TAKE(cursor, ",\"type\":\"") &&
	       take_until_quote(cursor, FORMAT_TYPE_SIZE_MAX, &record->type) &&
	       is_type(record->type) && TAKE(cursor, "\",\"data\":") && cursor->at < cursor->end;
}

bool record_decode(const char *line, size_t size, struct hf_record *ret_record)
{
	struct hf_record record = { 0 };
	struct cursor cursor = { line, line };

	if (size <= FORMAT_TAIL_SIZE)
		return false;
	cursor.end = line + size - FORMAT_TAIL_SIZE;
	if (!TAKE(&cursor, "{\"n\":") || !take_number(&cursor, &record.n) ||
	    !TAKE(&cursor, ",\"at\":\"") || !take_time(&cursor, &record) ||
	    !TAKE(&cursor, "\"") || !take_names(&cursor, &record))
		return false;
	record.data = (struct hf_slice){ cursor.at, (size_t)(cursor.end - cursor.at) };
	record.line = (struct hf_slice){ line, size };
	*ret_record = record;
	return true;
}

int record_begin(struct buffer *out, const struct record_envelope *envelope)
{
	char text[FORMAT_RECORD_ID_SIZE_MAX + FORMAT_TYPE_SIZE_MAX + 128];
	struct buffer line = { text, 0, sizeof text, sizeof text };
	char at[TEXT_TIME_SIZE];
	int rc;

	text_put_time(envelope->at_us, at);
	if ((rc = buffer_put_text(&line, "{\"n\":")) != HF_OK ||
	    (rc = buffer_put_u64(&line, envelope->n)) != HF_OK ||
	    (rc = buffer_put_text(&line, ",\"at\":\"")) != HF_OK ||
	    (rc = buffer_put(&line, at, sizeof at)) != HF_OK)
		return rc;
	if (envelope->id != NULL && ((rc = buffer_put_text(&line, "\",\"id\":\"")) != HF_OK ||
				     (rc = buffer_put_text(&line, envelope->id)) != HF_OK))
		return rc;
	if ((rc = buffer_put_text(&line, "\",\"type\":\"")) != HF_OK ||
	    (rc = buffer_put_text(&line, envelope->type)) != HF_OK ||
	    (rc = buffer_put_text(&line, "\",\"data\":")) != HF_OK)
		return rc;
	return buffer_put(out, line.data, line.size);
}

int record_finish(struct buffer *out, size_t start, struct mac *key, uint8_t mac[static MAC_SIZE])
{
	char tail[FORMAT_TAIL_SIZE + 1];

	record_mac(key, mac, out->data + start, out->size - start, mac);
	memcpy(tail, tail_start, TAIL_START_SIZE);
	text_put_base64_32(mac, tail + TAIL_START_SIZE);
	memcpy(tail + FORMAT_TAIL_SIZE - 2, "\"}\n", 3);
	return buffer_put(out, tail, sizeof tail);
}

bool record_id_is_valid(const char *id)
{
	return is_id((struct hf_slice){ id, strnlen(id, FORMAT_RECORD_ID_SIZE_MAX + 1) });
}

bool record_type_is_valid(const char *type)
{
	struct hf_slice slice = { type, strnlen(type, FORMAT_TYPE_SIZE_MAX + 1) };

	if (slice.size > 2 && memcmp(type, "x-", 2) == 0)
		return is_type(slice);
	return strcmp(type, "message") == 0 || strcmp(type, "todos") == 0 ||
	       strcmp(type, "config") == 0 || strcmp(type, "rename") == 0;
}
