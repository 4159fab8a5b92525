/* SPDX-License-Identifier: MIT */
#include "interop/convert.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/digest.h"
#include "interop/stored.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

void convert_init(struct convert *convert, struct exporter *exporter)
{
	*convert = (struct convert){ .exporter = exporter };
}

void convert_release(struct convert *convert)
{
	mem_free(convert->calls);
	mem_free(convert->ids);
	convert->calls = NULL;
	convert->ids = NULL;
}

/* ---- JSON ---- */

void convert_put_json(struct convert *convert, struct hf_slice json)
{
	struct exporter *exporter = convert->exporter;

	if (exporter->rc == HF_OK)
		exporter->rc = buffer_put(&exporter->line, json.data, json.size);
}

void convert_put(struct convert *convert, const char *text)
{
	convert_put_json(convert, (struct hf_slice){ text, strlen(text) });
}

void convert_put_string(struct convert *convert, struct hf_slice text)
{
	struct exporter *exporter = convert->exporter;

	if (exporter->rc == HF_OK)
		exporter->rc = json_put_string(&exporter->line, text.data, text.size);
}

void convert_put_time(struct convert *convert, int64_t time_us)
{
	char text[TEXT_TIME_SIZE];

	text_put_time(time_us, text);
	/* "2026-11-22T23:54:13.123" without what is below a millisecond. */
	convert_put(convert, "\"");
	convert_put_json(convert, (struct hf_slice){ text, TEXT_TIME_SIZE - 4 });
	convert_put(convert, "Z\"");
}

void convert_put_ms(struct convert *convert, int64_t time_us)
{
	convert_put_number(convert, time_us > 0 ? (uint64_t)time_us / 1000 : 0);
}

void convert_put_plain(struct convert *convert, const char *name, const char *text)
{
	convert_put(convert, ",\"");
	convert_put(convert, name);
	convert_put(convert, "\":\"");
	convert_put(convert, text);
	convert_put(convert, "\"");
}

void convert_put_parent(struct convert *convert, const char *parent, struct hf_slice last)
{
	if (parent[0] != '\0')
		convert_put_string(convert, (struct hf_slice){ parent, strlen(parent) });
	else if (last.size > 0)
		convert_put_json(convert, last);
	else
		convert_put(convert, "null");
}

void convert_put_project(struct convert *convert)
{
	static const struct hf_slice none = { "/", 1 };
	const struct hf_info *info = hf_view_info(convert->exporter->view);

	convert_put_string(convert, info->project.size > 0 ? info->project : none);
}

/* ---- Images ---- */

/* What a string holds, as it stands there. */
static struct hf_slice inside(struct hf_slice string)
{
	if (json_kind(string) != JSON_STRING || string.size < 2)
		return (struct hf_slice){ "", 0 };
	return (struct hf_slice){ string.data + 1, string.size - 2 };
}

/* Finds type and data of an image, as they stand in their strings; false if it has no data. */
static bool find_data(const struct export_part *part, struct hf_slice *ret_type,
		      struct hf_slice *ret_data)
{
	static const char begin[] = "data:";
	static const char end[] = ";base64,";
	struct hf_slice url = inside(part->url);
	const char *semicolon;
	size_t type_size;

	*ret_type = inside(part->media_type);
	*ret_data = inside(part->data);
	if (ret_data->size > 0)
		return true;
	if (url.size < sizeof begin + sizeof end || memcmp(url.data, begin, sizeof begin - 1) != 0)
		return false;
	semicolon = memchr(url.data, ';', url.size - (sizeof end - 1));
	if (semicolon == NULL || memcmp(semicolon, end, sizeof end - 1) != 0)
		return false;
	type_size = (size_t)(semicolon - url.data) - (sizeof begin - 1);
	*ret_type = (struct hf_slice){ url.data + sizeof begin - 1, type_size };
	*ret_data = (struct hf_slice){ semicolon + sizeof end - 1,
				       url.size - type_size - (sizeof begin - 1) -
					       (sizeof end - 1) };
	return ret_data->size > 0;
}

bool convert_has_data(const struct export_part *part)
{
	struct hf_slice type;
	struct hf_slice data;

	return find_data(part, &type, &data);
}

void convert_put_image(struct convert *convert, const struct export_part *part,
		       const char *before_type, const char *before_data)
{
	struct hf_slice type;
	struct hf_slice data;

	(void)find_data(part, &type, &data);
	convert_put(convert, before_type);
	convert_put(convert, "\"");
	convert_put_json(convert, type.size > 0 ? type : (struct hf_slice){ "image/png", 9 });
	convert_put(convert, "\"");
	convert_put(convert, before_data);
	convert_put(convert, "\"");
	convert_put_json(convert, data);
	convert_put(convert, "\"");
}

/* ---- Arguments and counts ---- */

/* An object in a string, as OpenAI's interface has arguments; false if it is none. */
static bool put_packed(struct convert *convert, struct hf_slice string)
{
	struct exporter *exporter = convert->exporter;
	struct buffer packed = BUFFER_INIT(EXPORT_LINE_MAX);
	int64_t size = json_text(string, NULL, 0);
	struct hf_slice json;
	bool is_object = false;
	int rc;

	if (size < 2 || size >= EXPORT_LINE_MAX)
		return false;
	rc = buffer_reserve(&packed, (size_t)size + 1);
	if (rc == HF_OK) {
		(void)json_text(string, packed.data, (size_t)size + 1);
		json = (struct hf_slice){ packed.data, (size_t)size };
		is_object = json_kind(json) == JSON_OBJECT &&
			    json_scan(json.data, json.size, NULL) == HF_OK;
		if (is_object && exporter->rc == HF_OK)
			rc = json_compact(json.data, json.size, &exporter->line, NULL);
	}
	if (rc != HF_OK && exporter->rc == HF_OK)
		exporter->rc = rc;
	buffer_release(&packed);
	return is_object;
}

void convert_put_arguments(struct convert *convert, struct hf_slice arguments)
{
	enum json_kind kind = json_kind(arguments);

	if (kind == JSON_OBJECT) {
		convert_put_json(convert, arguments);
		return;
	}
	if (kind == JSON_STRING && put_packed(convert, arguments))
		return;
	if (kind == JSON_NONE || kind == JSON_NULL) {
		convert_put(convert, "{}");
		return;
	}
	convert_put(convert, "{\"value\":");
	convert_put_json(convert, arguments);
	convert_put(convert, "}");
}

void convert_put_number(struct convert *convert, uint64_t number)
{
	char digits[TEXT_U64_SIZE];
	size_t size = text_put_u64(number, digits);

	convert_put_json(convert, (struct hf_slice){ digits, size });
}

uint64_t convert_put_usage(struct convert *convert, struct hf_slice usage, const char *name,
			   const char *other_name)
{
	struct hf_slice value = { NULL, 0 };
	uint64_t number = 0;

	if (!json_member(usage, name, &value))
		(void)json_member(usage, other_name, &value);
	/* What does not fit the numbers of JavaScript is no count. */
	if (!text_get_u64(value.data, value.size, &number) || number > (UINT64_C(1) << 53))
		number = 0;
	convert_put_number(convert, number);
	return number;
}

/* ---- Names ---- */

void convert_make_hex(struct convert *convert, char hex[static CONVERT_HEX_SIZE])
{
	static const char purpose[] = "holdfast/1 export";
	const struct hf_info *info = hf_view_info(convert->exporter->view);
	uint8_t bytes[DIGEST_SIZE];
	char numbers[2 * TEXT_U64_SIZE + 1];
	struct digest digest;
	size_t size = text_put_u64(convert->n, numbers);

	numbers[size++] = '.';
	size += text_put_u64(convert->part++, numbers + size);
	digest_init(&digest);
	digest_update(&digest, purpose, sizeof purpose);
	digest_update(&digest, info->id, sizeof info->id);
	digest_update(&digest, numbers, size);
	digest_final(&digest, bytes);
	text_put_hex(bytes, CONVERT_HEX_SIZE / 2, hex);
}

void convert_make_uuid(struct convert *convert, char uuid[static TEXT_UUID_SIZE + 1])
{
	char hex[CONVERT_HEX_SIZE];

	convert_make_hex(convert, hex);
	/* RFC 9562: of version 8, which is for names made in ways of one's own. */
	hex[12] = '8';
	hex[16] = "89ab"[(unsigned char)hex[16] & 3];
	for (size_t i = 0, at = 0; i < TEXT_UUID_SIZE; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		uuid[i] = is_dash ? '-' : hex[at++];
	}
	uuid[TEXT_UUID_SIZE] = '\0';
}

uint32_t convert_seed(struct convert *convert)
{
	char hex[CONVERT_HEX_SIZE];
	uint32_t seed = 0;

	convert_make_hex(convert, hex);
	for (size_t i = 0; i < 8; i++)
		seed = seed << 4 | (uint32_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
	return seed;
}

/* ---- Calls ---- */

static bool is_plain_id(const char *text)
{
	return text[0] != '\0' &&
	       text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789_-")] == '\0';
}

bool convert_same(struct hf_slice a, struct hf_slice b)
{
	return a.size > 0 && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Makes room for one more call; false: there is no memory. What moves has been earned by as
 * many calls that were taken away, so that all of it takes linear time. */
static bool make_room(struct convert *convert)
{
	size_t room = convert->call_room > 0 ? convert->call_room * 2 : 64;
	struct convert_call *calls;

	if (convert->count >= CONVERT_CALLS_MAX) {
		export_note(convert->exporter, "calls that wait for a result, beyond 65,536 at once");
		convert->first++;
		convert->count--;
	}
	if (convert->first + convert->count < convert->call_room)
		return true;
	if (convert->first > 0 && convert->first >= convert->count) {
		memcpy(convert->calls, convert->calls + convert->first,
		       convert->count * sizeof *convert->calls);
		convert->first = 0;
		return true;
	}
	calls = mem_resize(convert->calls, room, sizeof *calls);
	if (calls == NULL) {
		if (convert->exporter->rc == HF_OK)
			convert->exporter->rc = HF_ERR_NOMEM;
		return false;
	}
	convert->calls = calls;
	convert->call_room = room;
	return true;
}

/* Puts a tag into a table that has room for it; false: it is there. */
static bool put_tag(uint64_t *ids, size_t room, uint64_t tag)
{
	size_t at = (size_t)tag & (room - 1);

	while (ids[at] != 0 && ids[at] != tag)
		at = (at + 1) & (room - 1);
	if (ids[at] == tag)
		return false;
	ids[at] = tag;
	return true;
}

static void grow_ids(struct convert *convert)
{
	size_t room = convert->id_room > 0 ? convert->id_room * 2 : 64;
	uint64_t *ids = mem_new(room, sizeof *ids);

	if (ids == NULL) {
		if (convert->exporter->rc == HF_OK)
			convert->exporter->rc = HF_ERR_NOMEM;
		return;
	}
	for (size_t i = 0; i < convert->id_room; i++) {
		if (convert->ids[i] != 0)
			(void)put_tag(ids, room, convert->ids[i]);
	}
	mem_free(convert->ids);
	convert->ids = ids;
	convert->id_room = room;
}

/* Whether an id is written for the first time: some models count their calls anew in each
 * answer, and services refuse an id that comes twice. If tags of two ids meet, or if there are
 * too many, a good id is replaced or a second one stays. */
static bool is_first_use(struct convert *convert, const char *id)
{
	uint8_t bytes[DIGEST_SIZE]; /* so that nobody can make many fall on one place */
	struct digest digest;
	uint64_t tag;

	digest_init(&digest);
	digest_update(&digest, id, strlen(id));
	digest_final(&digest, bytes);
	memcpy(&tag, bytes, sizeof tag);
	tag = tag != 0 ? tag : 1;
	if (convert->id_count >= CONVERT_IDS_MAX)
		return true;
	if (2 * convert->id_count >= convert->id_room)
		grow_ids(convert);
	if (2 * convert->id_count >= convert->id_room || !put_tag(convert->ids, convert->id_room, tag))
		return false;
	convert->id_count++;
	return true;
}

const char *convert_open(struct convert *convert, const struct export_part *call)
{
	struct convert_call *open;
	int64_t size;

	if (!make_room(convert))
		return "";
	open = &convert->calls[convert->first + convert->count++];
	*open = (struct convert_call){ .id = call->id, .name = call->name };
	size = json_text(call->id, open->made, sizeof open->made);
	if (size <= 0 || (size_t)size >= sizeof open->made || !is_plain_id(open->made) ||
	    !is_first_use(convert, open->made)) {
		memcpy(open->made, "call_", 5);
		convert_make_hex(convert, open->made + 5);
		open->made[5 + CONVERT_HEX_SIZE] = '\0';
	}
	return open->made;
}

/* Finds the call with an id among the oldest and the newest that wait: results come in the order
 * of their calls, or last first. So nobody can make each result look through all of them. */
static bool find_call(const struct convert *convert, struct hf_slice id, size_t *ret_at)
{
	const struct convert_call *calls = convert->calls + convert->first;
	size_t count = convert->count;

	for (size_t i = 0; i < count && i < CONVERT_LOOK_MAX; i++) {
		if (convert_same(calls[i].id, id)) {
			*ret_at = i;
			return true;
		}
	}
	for (size_t i = count; i > CONVERT_LOOK_MAX && i > count - CONVERT_LOOK_MAX; i--) {
		if (convert_same(calls[i - 1].id, id)) {
			*ret_at = i - 1;
			return true;
		}
	}
	return false;
}

bool convert_close(struct convert *convert, const struct export_part *result,
		   struct convert_call *ret_call)
{
	struct convert_call *calls;
	size_t at = 0;

	if (convert->count == 0 ||
	    (result->id.size > 0 && !find_call(convert, result->id, &at)))
		return false;
	calls = convert->calls + convert->first;
	*ret_call = calls[at];
	convert->count--;
	/* The shorter side moves: mostly nothing does. */
	if (at < convert->count - at) {
		memmove(calls + 1, calls, at * sizeof *calls);
		convert->first++;
	} else {
		memmove(calls + at, calls + at + 1, (convert->count - at) * sizeof *calls);
	}
	return true;
}

/* ---- The session ---- */

struct hf_slice convert_last_id(const struct hf_view *view)
{
	struct hf_record record = { 0 };
	struct hf_slice last = { NULL, 0 };
	struct hf_slice value;
	struct stored stored;

	while (hf_view_next(view, &record)) {
		if (!stored_read(&record, &stored) || stored.file.size > 0 ||
		    json_member(record.data, "side", &value))
			continue;
		if (json_member(record.data, "id", &value) && json_kind(value) == JSON_STRING)
			last = value;
		else if (json_member(record.data, "op", &value) &&
			 convert_same(value, (struct hf_slice){ "\"reset\"", 7 }))
			last = (struct hf_slice){ NULL, 0 };
	}
	return last;
}

struct hf_slice convert_session(const struct exporter *exporter, char *buffer, size_t size)
{
	const struct hf_info *info = hf_view_info(exporter->view);
	struct hf_slice foreign = { NULL, 0 };
	int64_t length = 0;

	if (exporter->is_continued &&
	    json_member(hf_view_origin(exporter->view), "foreign", &foreign))
		length = json_text(foreign, buffer, size);
	if (length <= 0 || (size_t)length >= size) {
		text_copy(buffer, size, info->id);
		length = (int64_t)strlen(buffer);
	}
	return (struct hf_slice){ buffer, (size_t)length };
}

void convert_name(struct exporter *exporter, const char *before, const char *session,
		  const char *suffix)
{
	const char *parts[] = { before, session, suffix };
	size_t size = 0;

	if (exporter->is_continued && exporter->done.name[0] != '\0')
		return;
	if (strlen(before) + strlen(session) + strlen(suffix) >= sizeof exporter->done.name ||
	    !is_plain_id(session))
		parts[1] = hf_view_info(exporter->view)->id;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		text_copy(exporter->done.name + size, sizeof exporter->done.name - size, parts[i]);
		size += strlen(exporter->done.name + size);
	}
}
