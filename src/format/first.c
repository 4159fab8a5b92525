/* SPDX-License-Identifier: MIT */
#include "format/first.h"

#include <string.h>

#include "base/text.h"
#include "json/read.h"

/* Reads fixed text, then what varies; never beyond end. */
struct cursor {
	const char *at;
	const char *end;
};

static bool take(struct cursor *cursor, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(cursor->end - cursor->at) < size || memcmp(cursor->at, text, size) != 0)
		return false;
	cursor->at += size;
	return true;
}

/* Takes size characters whatever they are. */
static const char *take_any(struct cursor *cursor, size_t size)
{
	const char *at = cursor->at;

	if ((size_t)(cursor->end - cursor->at) < size)
		return NULL;
	cursor->at += size;
	return at;
}

static bool take_uuid(struct cursor *cursor, uint8_t ret_uuid[static 16])
{
	const char *text = take_any(cursor, TEXT_UUID_SIZE);

	return text != NULL && text_get_uuid(text, TEXT_UUID_SIZE, ret_uuid);
}

static bool take_u64(struct cursor *cursor, uint64_t *ret_number)
{
	const char *start = cursor->at;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9')
		cursor->at++;
	return text_get_u64(start, (size_t)(cursor->at - start), ret_number);
}

static bool key_id_is_valid(const char *key_id)
{
	size_t start = memcmp(key_id, FORMAT_WEAK_PREFIX, 4) == 0 ? 4 : 0;

	for (size_t i = start; i < FORMAT_KEY_ID_SIZE; i++) {
		if (!((key_id[i] >= '0' && key_id[i] <= '9') || (key_id[i] >= 'a' && key_id[i] <= 'f')))
			return false;
	}
	return true;
}

/* The members that stand first, in a shape that needs no JSON parser. */
static bool take_claim(struct cursor *cursor, struct first_claim *claim)
{
	const char *key_id;

	if (!take(cursor, "{\"format\":1,\"session\":\"") || !take_uuid(cursor, claim->session) ||
	    !take(cursor, "\",\"store\":\"") || !take_uuid(cursor, claim->store) ||
	    !take(cursor, "\",\"generation\":") || !take_u64(cursor, &claim->generation) ||
	    claim->generation > INT64_MAX ||
	    !take(cursor, ",\"key\":\""))
		return false;
	key_id = take_any(cursor, FORMAT_KEY_ID_SIZE);
	if (key_id == NULL || !key_id_is_valid(key_id) || !take(cursor, "\","))
		return false;
	memcpy(claim->key_id, key_id, FORMAT_KEY_ID_SIZE);
	return true;
}

bool first_claims(const char *line, size_t size, struct first_claim *ret_claim)
{
	struct cursor cursor = { line, line + size };
	struct first_claim claim = { 0 };
	int64_t at_us;
	const char *at;

	if (!take(&cursor, "{\"n\":0,\"at\":\""))
		return false;
	at = take_any(&cursor, TEXT_TIME_SIZE);
	if (at == NULL || !text_get_time(at, &at_us) ||
	    !take(&cursor, "\",\"type\":\"session\",\"data\":") || !take_claim(&cursor, &claim))
		return false;
	*ret_claim = claim;
	return true;
}

/* Takes the value of the member that json_next comes to, which must stand right here. */
static bool take_value(struct cursor *cursor, struct hf_slice data, size_t *position,
		       enum json_kind kind, struct hf_slice *ret_value)
{
	struct hf_slice value;

	if (!json_next(data, position, NULL, &value) || value.data != cursor->at)
		return false;
	if (json_kind(value) != kind && (json_kind(value) != JSON_NULL || kind == JSON_ARRAY))
		return false;
	cursor->at += value.size;
	*ret_value = value;
	return true;
}

/* True if an array has count strings at most, and nothing else: each stands right after the
 * bracket, or the comma, before it. */
static bool is_string_array(struct hf_slice array, size_t count)
{
	const char *at = array.data + 1;
	const char *end = array.data + array.size - 1;
	struct hf_slice value;
	size_t position = 0;

	while (json_next(array, &position, NULL, &value)) {
		if (count-- == 0 || json_kind(value) != JSON_STRING || value.data != at)
			return false;
		at += value.size;
		if (at < end && *at++ != ',')
			return false;
	}
	return at == end && (position == 0 || end[-1] != ',');
}

/* Takes the members that say how a session is kept. */
static bool take_labels(struct cursor *cursor, struct hf_slice data, size_t *position,
			struct first *first)
{
	struct hf_slice pinned;

	if (!take(cursor, ",\"pinned\":") || !json_next(data, position, NULL, &pinned) ||
	    pinned.data != cursor->at ||
	    (json_kind(pinned) != JSON_TRUE && json_kind(pinned) != JSON_FALSE))
		return false;
	first->is_pinned = json_kind(pinned) == JSON_TRUE;
	cursor->at += pinned.size;
	return take(cursor, ",\"tags\":") &&
	       take_value(cursor, data, position, JSON_ARRAY, &first->tags) &&
	       is_string_array(first->tags, FORMAT_TAGS_MAX) && take(cursor, ",\"former\":") &&
	       take_value(cursor, data, position, JSON_ARRAY, &first->former) &&
	       is_string_array(first->former, FORMAT_FORMER_MAX);
}

/* Takes the members that hold JSON of the host's, and those after them. */
static bool take_values(struct cursor *cursor, struct hf_slice data, struct first *first)
{
	enum { MEMBERS_BEFORE = 6 };
	struct hf_slice skipped;
	size_t position = 0;

	for (unsigned i = 0; i < MEMBERS_BEFORE; i++) {
		if (!json_next(data, &position, NULL, &skipped))
			return false;
	}
	return take(cursor, "\",\"name\":") &&
	       take_value(cursor, data, &position, JSON_STRING, &first->name) &&
	       take(cursor, ",\"project\":") &&
	       take_value(cursor, data, &position, JSON_STRING, &first->project) &&
	       take(cursor, ",\"config\":") &&
	       take_value(cursor, data, &position, JSON_OBJECT, &first->config) &&
	       json_kind(first->config) == JSON_OBJECT && take(cursor, ",\"origin\":") &&
	       take_value(cursor, data, &position, JSON_OBJECT, &first->origin) &&
	       take_labels(cursor, data, &position, first);
}

static bool take_previous(struct cursor *cursor, struct first *first)
{
	const char *mac;

	if (take(cursor, "null"))
		return true;
	if (!take(cursor, "{\"generation\":") || !take_u64(cursor, &first->previous.generation) ||
	    !take(cursor, ",\"records\":") || !take_u64(cursor, &first->previous.records) ||
	    !take(cursor, ",\"mac\":\""))
		return false;
	mac = take_any(cursor, TEXT_BASE64_32_SIZE);
	first->has_previous = true;
	return mac != NULL && text_get_base64_32(mac, first->previous.mac) && take(cursor, "\"}");
}

/* A first generation is made with one record and follows nothing. */
static bool numbers_fit(const struct first *first, uint64_t generation)
{
	if (generation == 0)
		return !first->has_previous && first->records == 1;
	return first->has_previous && first->records > 0;
}

bool first_decode(struct hf_slice data, struct first *ret_first)
{
	struct cursor cursor = { data.data, data.data + data.size };
	struct first_claim claim = { 0 };
	struct first first = { 0 };
	const char *created;

	if (!take_claim(&cursor, &claim) || !take(&cursor, "\"created\":\""))
		return false;
	created = take_any(&cursor, TEXT_TIME_SIZE);
	if (created == NULL || !text_get_time(created, &first.created_us) ||
	    !take_values(&cursor, data, &first))
		return false;
	if (!take(&cursor, ",\"previous\":") || !take_previous(&cursor, &first) ||
	    !take(&cursor, ",\"records\":") || !take_u64(&cursor, &first.records) ||
	    !take(&cursor, "}") || cursor.at != cursor.end ||
	    !numbers_fit(&first, claim.generation))
		return false;
	memcpy(first.session, claim.session, sizeof first.session);
	memcpy(first.store, claim.store, sizeof first.store);
	memcpy(first.key_id, claim.key_id, sizeof first.key_id);
	first.generation = claim.generation;
	*ret_first = first;
	return true;
}

static int put_uuid(struct buffer *out, const uint8_t uuid[static 16])
{
	char text[TEXT_UUID_SIZE];

	text_put_uuid(uuid, text);
	return buffer_put(out, text, sizeof text);
}

static int put_claim(const struct first *first, struct buffer *out)
{
	char created[TEXT_TIME_SIZE];
	int rc;

	text_put_time(first->created_us, created);
	if ((rc = buffer_put_text(out, "{\"format\":1,\"session\":\"")) != HF_OK ||
	    (rc = put_uuid(out, first->session)) != HF_OK ||
	    (rc = buffer_put_text(out, "\",\"store\":\"")) != HF_OK ||
	    (rc = put_uuid(out, first->store)) != HF_OK ||
	    (rc = buffer_put_text(out, "\",\"generation\":")) != HF_OK ||
	    (rc = buffer_put_u64(out, first->generation)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"key\":\"")) != HF_OK ||
	    (rc = buffer_put(out, first->key_id, sizeof first->key_id)) != HF_OK ||
	    (rc = buffer_put_text(out, "\",\"created\":\"")) != HF_OK)
		return rc;
	return buffer_put(out, created, sizeof created);
}

static int put_previous(const struct first *first, struct buffer *out)
{
	char mac[TEXT_BASE64_32_SIZE];
	int rc;

	if (!first->has_previous)
		return buffer_put_text(out, "null");
	text_put_base64_32(first->previous.mac, mac);
	if ((rc = buffer_put_text(out, "{\"generation\":")) != HF_OK ||
	    (rc = buffer_put_u64(out, first->previous.generation)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"records\":")) != HF_OK ||
	    (rc = buffer_put_u64(out, first->previous.records)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"mac\":\"")) != HF_OK ||
	    (rc = buffer_put(out, mac, sizeof mac)) != HF_OK)
		return rc;
	return buffer_put_text(out, "\"}");
}

static int put_labels(const struct first *first, struct buffer *out)
{
	int rc;

	if ((rc = buffer_put_text(out, ",\"pinned\":")) != HF_OK ||
	    (rc = buffer_put_text(out, first->is_pinned ? "true" : "false")) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"tags\":")) != HF_OK ||
	    (rc = buffer_put(out, first->tags.data, first->tags.size)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"former\":")) != HF_OK)
		return rc;
	return buffer_put(out, first->former.data, first->former.size);
}

static int put_values(const struct first *first, struct buffer *out)
{
	int rc;

	if ((rc = buffer_put_text(out, "\",\"name\":")) != HF_OK ||
	    (rc = buffer_put(out, first->name.data, first->name.size)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"project\":")) != HF_OK ||
	    (rc = buffer_put(out, first->project.data, first->project.size)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"config\":")) != HF_OK ||
	    (rc = buffer_put(out, first->config.data, first->config.size)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"origin\":")) != HF_OK)
		return rc;
	return buffer_put(out, first->origin.data, first->origin.size);
}

int first_encode(const struct first *first, struct buffer *out)
{
	int rc;

	if ((rc = put_claim(first, out)) != HF_OK || (rc = put_values(first, out)) != HF_OK ||
	    (rc = put_labels(first, out)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"previous\":")) != HF_OK ||
	    (rc = put_previous(first, out)) != HF_OK ||
	    (rc = buffer_put_text(out, ",\"records\":")) != HF_OK ||
	    (rc = buffer_put_u64(out, first->records)) != HF_OK)
		return rc;
	return buffer_put_text(out, "}");
}
