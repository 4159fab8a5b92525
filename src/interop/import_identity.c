/* SPDX-License-Identifier: MIT */
#include "interop/import_identity.h"

#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "interop/import_sink.h"
#include "interop/import_walk.h"
#include "json/read.h"
#include "json/write.h"

/* Copies text that is UTF-8 and has no control characters, cut at a character; otherwise
 * nothing. */
static void take_text(char *field, size_t size, struct hf_slice text)
{
	size_t kept = text.size < size ? text.size : size - 1;

	field[0] = '\0';
	if (text.size == 0 || !text_is_utf8(text.data, text.size))
		return;
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.data[i] < 0x20)
			return;
	}
	while (kept > 0 && kept < text.size && ((unsigned char)text.data[kept] & 0xc0) == 0x80)
		kept--;
	memcpy(field, text.data, kept);
	field[kept] = '\0';
}

/* The same for what means nothing when it is cut. */
static void take_whole(char *field, size_t size, struct hf_slice text)
{
	if (text.size >= size)
		text.size = 0;
	take_text(field, size, text);
}

/* A title's line feeds and tabs are white space to whoever reads a list of names. */
static void take_name(char field[static HF_NAME_MAX + 1], struct hf_slice text)
{
	char line[HF_NAME_MAX + 8];
	size_t size = text.size < sizeof line ? text.size : sizeof line - 1;

	while (size > 0 && size < text.size && ((unsigned char)text.data[size] & 0xc0) == 0x80)
		size--;
	for (size_t i = 0; i < size; i++)
		line[i] = (unsigned char)text.data[i] < 0x20 ? ' ' : text.data[i];
	take_text(field, HF_NAME_MAX + 1, (struct hf_slice){ line, size });
}

void identity_take(struct identity *identity, const struct session_facts *facts)
{
	take_whole(identity->foreign, sizeof identity->foreign, facts->foreign);
	take_whole(identity->version, sizeof identity->version, facts->version);
	take_whole(identity->parent, sizeof identity->parent, facts->parent);
	take_name(identity->name, facts->name);
	take_whole(identity->project, sizeof identity->project, facts->project);
	if (identity->project[0] != '/')
		identity->project[0] = '\0';
	identity->created_us = facts->created_us;
	identity->is_unsigned = facts->is_unsigned;
}

static bool is_session_id(const char *text)
{
	static const uint8_t nil[16];
	uint8_t bytes[16];

	return text_get_uuid(text, strlen(text), bytes) && memcmp(bytes, nil, sizeof nil) != 0;
}

/* Each text with its NUL, so that no two lists of texts are alike. */
static void digest_text(struct digest *digest, const char *text)
{
	digest_update(digest, text, strlen(text) + 1);
}

void identity_id(const struct identity *identity, const char *format, const char *path,
		 unsigned nth, char ret_id[static HF_ID_SIZE])
{
	uint8_t bytes[DIGEST_SIZE];
	struct digest digest;

	ret_id[TEXT_UUID_SIZE] = '\0';
	if (nth == 0 && is_session_id(identity->foreign)) {
		memcpy(ret_id, identity->foreign, TEXT_UUID_SIZE);
		return;
	}
	digest_init(&digest);
	digest_text(&digest, "holdfast/1 import");
	digest_text(&digest, format);
	digest_text(&digest, identity->foreign);
	if (identity->foreign[0] == '\0' || nth > 1)
		digest_text(&digest, path);
	if (nth > 2)
		digest_text(&digest, "again");
	digest_final(&digest, bytes);
	bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x80);
	bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
	text_put_uuid(bytes, ret_id);
}

static int put_text(struct buffer *out, bool *first, const char *name, const char *text)
{
	if (text[0] == '\0')
		return HF_OK;
	return json_put_member_text(out, first, name, text, strlen(text));
}

int identity_origin(const struct identity *identity, const char *format, const char *path,
		    struct buffer *out)
{
	bool first = true;
	int rc = buffer_put(out, "{", 1);

	if (rc == HF_OK)
		rc = put_text(out, &first, "format", format);
	if (rc == HF_OK)
		rc = put_text(out, &first, "foreign", identity->foreign);
	if (rc == HF_OK)
		rc = json_put_name(out, &first, "path");
	if (rc == HF_OK)
		rc = import_put_path(out, path);
	if (rc == HF_OK)
		rc = put_text(out, &first, "version", identity->version);
	if (rc == HF_OK)
		rc = put_text(out, &first, "parent", identity->parent);
	if (rc == HF_OK && identity->is_unsigned)
		rc = buffer_put_text(out, ",\"unsigned\":true");
	return rc == HF_OK ? buffer_put(out, "}", 1) : rc;
}

bool identity_is_of(struct hf_slice origin, const char *format, const char *path,
		    bool *ret_same_file)
{
	struct buffer name = BUFFER_INIT(64 << 10);
	char text[2 * IMPORT_PATH_SIZE] = "";
	char mine[2 * IMPORT_PATH_SIZE] = "";
	struct hf_slice value;
	bool is_of = json_member(origin, "format", &value) &&
		     json_text(value, text, sizeof text) == (int64_t)strlen(format) &&
		     strcmp(text, format) == 0;

	*ret_same_file = false;
	if (is_of && json_member(origin, "path", &value) &&
	    json_text(value, text, sizeof text) < (int64_t)sizeof text &&
	    import_put_path(&name, path) == HF_OK &&
	    json_text((struct hf_slice){ name.data, name.size }, mine, sizeof mine) <
		    (int64_t)sizeof mine)
		*ret_same_file = strcmp(import_walk_name(text), import_walk_name(mine)) == 0;
	buffer_release(&name);
	return is_of;
}

int identity_path(const char *path, struct buffer *out)
{
	int rc;

	while (path[0] == '.' && path[1] == '/')
		path += 1 + strspn(path + 1, "/");
	rc = buffer_put_text(out, path);
	return rc == HF_OK ? buffer_put(out, "", 1) : rc;
}
