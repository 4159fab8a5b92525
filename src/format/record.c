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

/* What may stand in a type and in an id, since each record that is read passes here. */
enum { IN_ID = 1, IN_TYPE = 2 };
#define NO4 0, 0, 0, 0
#define NO16 NO4, NO4, NO4, NO4
#define ID 1, 1, 1, 1
#define T 3
#define T8 T, T, T, T, T, T, T, T
static const uint8_t classes[256] = {
	NO16, NO16,                              /* up to the space */
	0, 1, 0, 1, ID, ID, 1, T, 1, 1,          /* ! # to / with - */
	T8, T, T, 1, 1, ID,                      /* 0 to 9 : to ? */
	ID, ID, ID, ID, ID, ID, ID, 0, 1, 1, 1,  /* @ to [ ] to _ */
	1, T8, T8, T8, T, T, 1, 1, 1, 1, 0,      /* ` a to z { to ~ */
	NO16, NO16, NO16, NO16, NO16, NO16, NO16, NO16,
};
#undef T8
#undef T
#undef ID
#undef NO16
#undef NO4

/* The count of characters at the start of text that an id (a type) may have; 0 if there are
 * more of them than it may have. */
static inline size_t id_size(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && (classes[(unsigned char)text[count]] & IN_ID) != 0)
		count++;
	return count <= FORMAT_RECORD_ID_SIZE_MAX ? count : 0;
}

static inline size_t type_size(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && (classes[(unsigned char)text[count]] & IN_TYPE) != 0)
		count++;
	return count <= FORMAT_TYPE_SIZE_MAX ? count : 0;
}

/* Takes size characters, but not none. */
static inline bool take_slice(struct cursor *cursor, size_t size, struct hf_slice *ret_slice)
{
	*ret_slice = (struct hf_slice){ cursor->at, size };
	cursor->at += size;
	return size > 0;
}

static inline size_t left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static inline bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
	size_t size = text_take_u64(cursor->at, left(cursor), ret_number);

	cursor->at += size;
	return size > 0;
}

static inline bool take_time(struct cursor *cursor, struct hf_slice *ret_at)
{
	if (left(cursor) < TEXT_TIME_SIZE || !text_is_time(cursor->at))
		return false;
	return take_slice(cursor, TEXT_TIME_SIZE, ret_at);
}

bool record_find(const char *line, size_t size, struct hf_record *ret_record)
{
	struct cursor cursor = { line, line };
	struct hf_slice at, type;
	struct hf_slice id = { NULL, 0 };
	uint64_t n = 0;

	if (size <= FORMAT_TAIL_SIZE)
		return false;
	cursor.end = line + size - FORMAT_TAIL_SIZE;
	if (!TAKE(&cursor, "{\"n\":") || !take_number(&cursor, &n) ||
	    !TAKE(&cursor, ",\"at\":\"") || !take_time(&cursor, &at))
		return false;
	if (TAKE(&cursor, "\",\"id\":\"") &&
	    !take_slice(&cursor, id_size(cursor.at, left(&cursor)), &id))
		return false;
	if (!TAKE(&cursor, "\",\"type\":\"") ||
	    !take_slice(&cursor, type_size(cursor.at, left(&cursor)), &type) ||
	    !TAKE(&cursor, "\",\"data\":") || left(&cursor) == 0)
		return false;
	/* At once: copying a record member by member costs more than finding them. */
	*ret_record = (struct hf_record){
		.n = n,
		.at = at,
		.type = type,
		.id = id,
		.data = { cursor.at, left(&cursor) },
		.line = { line, size },
	};
	return true;
}

bool record_decode(const char *line, size_t size, struct hf_record *ret_record)
{
	struct hf_record record;

	if (!record_find(line, size, &record) || !text_get_time(record.at.data, &record.at_us))
		return false;
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
	size_t size = strnlen(id, FORMAT_RECORD_ID_SIZE_MAX + 1);

	return size > 0 && id_size(id, size) == size;
}

bool record_type_is_valid(const char *type)
{
	size_t size = strnlen(type, FORMAT_TYPE_SIZE_MAX + 1);

	if (size > 2 && memcmp(type, "x-", 2) == 0)
		return type_size(type, size) == size;
	return strcmp(type, "message") == 0 || strcmp(type, "todos") == 0 ||
	       strcmp(type, "config") == 0 || strcmp(type, "rename") == 0 ||
	       strcmp(type, "tags") == 0 || strcmp(type, "pin") == 0;
}
