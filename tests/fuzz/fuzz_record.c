/* SPDX-License-Identifier: MIT */
/*
 * The envelope of records on arbitrary bytes. What must hold:
 *
 * - a line is split only at a tail of the fixed shape, and both parts lie within it;
 * - a line that is decoded is, when its members are encoded again, the same up to its tail;
 * - members taken from the input that are valid come back from encoding and decoding.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool same(struct hf_slice a, struct hf_slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* A copy of a slice with a NUL; NULL if it is empty. Free with free. */
static char *text_of(struct hf_slice slice)
{
	char *text = slice.size > 0 ? malloc(slice.size + 1) : NULL;

	if (text != NULL) {
		memcpy(text, slice.data, slice.size);
		text[slice.size] = '\0';
	}
	return text;
}

static void init_key(struct mac *key)
{
	static const uint8_t bytes[MAC_KEY_SIZE] = { 1, 2, 3 };

	mac_init(key, bytes);
}

/* Encodes what was decoded and compares it with the line. */
static void encode_again(const struct hf_record *record)
{
	char *id = text_of(record->id);
	char *type = text_of(record->type);
	struct record_envelope envelope = { record->n, record->at_us, id, type };
	struct buffer out = BUFFER_INIT(SIZE_MAX / 2);
	size_t covered = record->line.size - FORMAT_TAIL_SIZE;

	must(record_begin(&out, &envelope) == HF_OK);
	must(buffer_put(&out, record->data.data, record->data.size) == HF_OK);
	must(out.size == covered && memcmp(out.data, record->line.data, covered) == 0);
	buffer_release(&out);
	free(id);
	free(type);
}

static void try_line(const char *line, size_t size)
{
	struct hf_record record = { 0 };
	uint8_t mac[MAC_SIZE];
	size_t covered;

	if (record_split(line, size, &covered, mac))
		must(covered + FORMAT_TAIL_SIZE == size);
	if (!record_decode(line, size, &record))
		return;
	must(record.line.data == line && record.line.size == size && record.data.size > 0);
	must(record.data.data + record.data.size == line + size - FORMAT_TAIL_SIZE);
	must(record.type.size > 0 && record.type.size <= FORMAT_TYPE_SIZE_MAX);
	must(record.id.size <= FORMAT_RECORD_ID_SIZE_MAX);
	encode_again(&record);
}

/* Takes members from the input: number, time, sizes of id and type, then these and data. */
static void try_members(const uint8_t *bytes, size_t size)
{
	struct record_envelope envelope = { 0 };
	struct buffer out = BUFFER_INIT(SIZE_MAX / 2);
	struct hf_record record;
	uint8_t mac[MAC_SIZE] = { 0 };
	struct mac key;
	char *id, *type;
	size_t id_size, type_size;

	if (size < 18)
		return;
	memcpy(&envelope.n, bytes, 8);
	memcpy(&envelope.at_us, bytes + 8, 8);
	id_size = bytes[16] % 130;
	type_size = bytes[17] % 34;
	if (size - 18 <= id_size + type_size)
		return;
	id = text_of((struct hf_slice){ (const char *)bytes + 18, id_size });
	type = text_of((struct hf_slice){ (const char *)bytes + 18 + id_size, type_size });
	envelope.id = id;
	envelope.type = type;
	if (type != NULL && record_type_is_valid(type) && (id == NULL || record_id_is_valid(id))) {
		struct hf_slice data = { (const char *)bytes + 18 + id_size + type_size,
					 size - 18 - id_size - type_size };

		init_key(&key);
		must(record_begin(&out, &envelope) == HF_OK);
		must(buffer_put(&out, data.data, data.size) == HF_OK);
		must(record_finish(&out, 0, &key, mac) == HF_OK);
		must(record_decode(out.data, out.size - 1, &record));
		must(record.n == envelope.n && same(record.data, data));
		must(record_slice_is(record.type, type));
		must(id != NULL ? record_slice_is(record.id, id) : record.id.size == 0);
	}
	buffer_release(&out);
	free(id);
	free(type);
}

/* Gives the input a tail, so that it need not be found. */
static void try_with_tail(const uint8_t *bytes, size_t size)
{
	struct buffer out = BUFFER_INIT(SIZE_MAX / 2);
	uint8_t mac[MAC_SIZE] = { 0 };
	struct mac key;

	if (size == 0)
		return;
	init_key(&key);
	must(buffer_put(&out, bytes, size) == HF_OK);
	must(record_finish(&out, 0, &key, mac) == HF_OK);
	try_line(out.data, out.size - 1);
	buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t nothing[1];

	if (size == 0)
		bytes = nothing;
	try_line((const char *)bytes, size);
	try_with_tail(bytes, size);
	try_members(bytes, size);
	return 0;
}
