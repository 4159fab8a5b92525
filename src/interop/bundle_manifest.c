/* SPDX-License-Identifier: MIT */
#include "interop/bundle_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"
#include "json/read.h"
#include "json/scan.h"
#include "json/write.h"

#define SESSIONS BUNDLE_ROOT "sessions/"
#define CHECK_NAME ",\"check\":\""

/* ,"check":"<43 characters>"} and a line feed, at the end of a manifest. */
enum { CHECK_SIZE = sizeof CHECK_NAME - 1 + TEXT_BASE64_32_SIZE + sizeof "\"}\n" - 1 };

_Static_assert(BUNDLE_NAME_SIZE > sizeof SESSIONS + TEXT_UUID_SIZE + sizeof BUNDLE_ASIDE +
					  STORAGE_QUARANTINE_NAME_SIZE, "every name fits");

void bundle_manifest_release(struct bundle_manifest *manifest)
{
	buffer_release(&manifest->asides);
}

size_t bundle_aside_count(const struct bundle_manifest *manifest)
{
	return manifest->asides.size / sizeof(struct bundle_aside);
}

struct bundle_aside *bundle_aside_at(const struct bundle_manifest *manifest, size_t index)
{
	return (struct bundle_aside *)(void *)manifest->asides.data + index;
}

/* ---- Names ----------------------------------------------------------------------- */

void bundle_name(struct storage_id id, const char *part, const char *name,
		 char ret_name[static BUNDLE_NAME_SIZE])
{
	char uuid[TEXT_UUID_SIZE + 1] = "";

	text_put_uuid(id.bytes, uuid);
	(void)snprintf(ret_name, BUNDLE_NAME_SIZE, SESSIONS "%s/%s%s", uuid, part, name);
}

static bool is_nil(struct storage_id id)
{
	static const struct storage_id nil;

	return memcmp(&id, &nil, sizeof nil) == 0;
}

bool bundle_name_is_manifest(const char *name, struct storage_id *ret_id)
{
	size_t prefix = strlen(SESSIONS);

	return strnlen(name, BUNDLE_NAME_SIZE) ==
		       prefix + TEXT_UUID_SIZE + strlen("/" BUNDLE_MANIFEST) &&
	       memcmp(name, SESSIONS, prefix) == 0 &&
	       text_get_uuid(name + prefix, TEXT_UUID_SIZE, ret_id->bytes) && !is_nil(*ret_id) &&
	       strcmp(name + prefix + TEXT_UUID_SIZE, "/" BUNDLE_MANIFEST) == 0;
}

/* ---- Writing --------------------------------------------------------------------- */

/* An object that is being written; the first error sticks. */
struct object {
	struct buffer *out;
	bool first;
	int rc;
};

static struct object begin(struct buffer *out)
{
	struct object object = { out, true, buffer_put_text(out, "{") };

	return object;
}

static void put_text(struct object *object, const char *name, const char *text, size_t size)
{
	if (object->rc == HF_OK)
		object->rc = json_put_member_text(object->out, &object->first, name, text, size);
}

static void put_number(struct object *object, const char *name, uint64_t number)
{
	if (object->rc == HF_OK)
		object->rc = json_put_member_u64(object->out, &object->first, name, number);
}

static void put_null(struct object *object, const char *name)
{
	if (object->rc == HF_OK)
		object->rc = json_put_member_json(object->out, &object->first, name,
						  (struct hf_slice){ "null", 4 });
}

static void put_uuid(struct object *object, const char *name, const uint8_t id[static 16])
{
	char text[TEXT_UUID_SIZE];

	text_put_uuid(id, text);
	put_text(object, name, text, sizeof text);
}

static void put_digest(struct object *object, const uint8_t sha256[static DIGEST_SIZE])
{
	char text[TEXT_BASE64_32_SIZE];

	text_put_base64_32(sha256, text);
	put_text(object, "sha256", text, sizeof text);
}

static int end(struct object *object)
{
	return object->rc == HF_OK ? buffer_put_text(object->out, "}") : object->rc;
}

/* Puts {"size":...,"sha256":...} as a member, or as an element with its name if name is
 * NULL. */
static void put_file(struct object *object, const char *name, const char *own_name,
		     const struct bundle_file *file)
{
	struct object inner = { object->out, true, HF_OK };

	if (object->rc == HF_OK && name != NULL)
		object->rc = json_put_name(object->out, &object->first, name);
	if (object->rc == HF_OK)
		inner = begin(object->out);
	if (own_name != NULL)
		put_text(&inner, "name", own_name, strlen(own_name));
	put_number(&inner, "size", file->size);
	put_digest(&inner, file->sha256);
	if (object->rc == HF_OK)
		object->rc = end(&inner);
}

static void put_asides(struct object *object, const struct bundle_manifest *manifest)
{
	if (object->rc == HF_OK)
		object->rc = json_put_name(object->out, &object->first, "quarantine");
	if (object->rc == HF_OK)
		object->rc = buffer_put_text(object->out, "[");
	for (size_t i = 0; i < bundle_aside_count(manifest) && object->rc == HF_OK; i++) {
		const struct bundle_aside *aside = bundle_aside_at(manifest, i);

		if (i > 0)
			object->rc = buffer_put_text(object->out, ",");
		put_file(object, NULL, aside->name, &aside->file);
	}
	if (object->rc == HF_OK)
		object->rc = buffer_put_text(object->out, "]");
}

static void put_origin(struct object *object, const struct bundle_manifest *manifest)
{
	if (!manifest->has_origin) {
		put_null(object, "store");
		put_null(object, "key");
		put_number(object, "generation", 0);
		return;
	}
	put_uuid(object, "store", manifest->store);
	put_text(object, "key", manifest->key_id, sizeof manifest->key_id);
	put_number(object, "generation", manifest->generation);
}

int bundle_manifest_put(const struct bundle_manifest *manifest, struct buffer *out)
{
	const char *verdict = hf_verdict_name(manifest->verdict);
	size_t start = out->size;
	struct object object = begin(out);
	uint8_t digest[DIGEST_SIZE];
	char text[TEXT_BASE64_32_SIZE];
	int rc;

	put_uuid(&object, "session", manifest->id.bytes);
	put_origin(&object, manifest);
	put_text(&object, "verdict", verdict, strlen(verdict));
	put_number(&object, "records", manifest->records);
	put_file(&object, "log", NULL, &manifest->log);
	if (manifest->has_head)
		put_file(&object, "head", NULL, &manifest->head);
	else
		put_null(&object, "head");
	put_asides(&object, manifest);
	rc = object.rc;
	if (rc != HF_OK)
		return rc;
	kdf_sha256(out->data + start, out->size - start, digest);
	text_put_base64_32(digest, text);
	rc = buffer_put_text(out, CHECK_NAME);
	if (rc == HF_OK)
		rc = buffer_put(out, text, sizeof text);
	return rc == HF_OK ? buffer_put_text(out, "\"}\n") : rc;
}

int bundle_begin_put(const struct bundle_begin *bundle, struct buffer *out)
{
	struct object object = begin(out);
	int rc;

	put_number(&object, "holdfast-bundle", BUNDLE_VERSION);
	put_text(&object, "made", bundle->made, strlen(bundle->made));
	put_uuid(&object, "store", bundle->store);
	rc = end(&object);
	return rc == HF_OK ? buffer_put_text(out, "\n") : rc;
}

int bundle_end_put(const struct bundle_end *bundle, struct buffer *out)
{
	struct object object = begin(out);
	int rc;

	put_number(&object, "holdfast-bundle-end", BUNDLE_VERSION);
	put_number(&object, "sessions", bundle->sessions);
	put_digest(&object, bundle->sha256);
	rc = end(&object);
	return rc == HF_OK ? buffer_put_text(out, "\n") : rc;
}

/* ---- Reading --------------------------------------------------------------------- */

static bool get_number(struct hf_slice object, const char *name, uint64_t *ret_number)
{
	struct hf_slice value;

	return json_member(object, name, &value) && text_get_u64(value.data, value.size, ret_number);
}

/* Reads a member that is a string of size bytes at most, NUL included. */
static bool get_text(struct hf_slice object, const char *name, char *text, size_t size)
{
	struct hf_slice value;
	int64_t length;

	if (!json_member(object, name, &value))
		return false;
	length = json_text(value, text, size);
	return length >= 0 && (size_t)length < size && strlen(text) == (size_t)length;
}

static bool get_uuid(struct hf_slice object, const char *name, uint8_t ret_id[static 16])
{
	char text[TEXT_UUID_SIZE + 1];

	return get_text(object, name, text, sizeof text) &&
	       text_get_uuid(text, strlen(text), ret_id);
}

static bool get_digest(struct hf_slice object, uint8_t ret_sha256[static DIGEST_SIZE])
{
	char text[TEXT_BASE64_32_SIZE + 1];

	return get_text(object, "sha256", text, sizeof text) &&
	       strlen(text) == TEXT_BASE64_32_SIZE && text_get_base64_32(text, ret_sha256);
}

static bool get_file(struct hf_slice object, struct bundle_file *ret_file)
{
	return get_number(object, "size", &ret_file->size) && ret_file->size <= INT64_MAX &&
	       get_digest(object, ret_file->sha256);
}

static bool is_null(struct hf_slice value)
{
	return json_kind(value) == JSON_NULL;
}

static bool get_origin(struct hf_slice object, struct bundle_manifest *manifest)
{
	struct hf_slice key;
	char id[FORMAT_KEY_ID_SIZE + 1];

	if (!json_member(object, "key", &key))
		return false;
	if (is_null(key))
		return true;
	manifest->has_origin = true;
	if (!get_uuid(object, "store", manifest->store) ||
	    !get_text(object, "key", id, sizeof id) || strlen(id) != FORMAT_KEY_ID_SIZE ||
	    !get_number(object, "generation", &manifest->generation))
		return false;
	memcpy(manifest->key_id, id, sizeof manifest->key_id);
	return true;
}

static int compare_name(const void *name, const void *aside)
{
	return strcmp(name, ((const struct bundle_aside *)aside)->name);
}

bool bundle_aside_is(const struct bundle_manifest *manifest, const char *name)
{
	size_t count = bundle_aside_count(manifest);

	return count > 0 && bsearch(name, manifest->asides.data, count,
				    sizeof(struct bundle_aside), compare_name) != NULL;
}

/* By name, and so each once: the one of two could else undo what was checked of the other. */
static bool is_in_order(const struct bundle_manifest *manifest, const char *name)
{
	size_t count = bundle_aside_count(manifest);

	return count == 0 || strcmp(bundle_aside_at(manifest, count - 1)->name, name) < 0;
}

static int get_asides(struct hf_slice object, struct bundle_manifest *manifest)
{
	struct hf_slice array, value;
	size_t position = 0;
	int rc = HF_OK;

	if (!json_member(object, "quarantine", &array) || json_kind(array) != JSON_ARRAY)
		return HF_ERR_BUNDLE;
	while (rc == HF_OK && json_next(array, &position, NULL, &value)) {
		struct bundle_aside aside = { "", { 0, { 0 } } };

		if (!get_text(value, "name", aside.name, sizeof aside.name) ||
		    !storage_aside_is_name(manifest->id, aside.name) ||
		    !get_file(value, &aside.file) || !is_in_order(manifest, aside.name))
			return HF_ERR_BUNDLE;
		rc = buffer_put(&manifest->asides, &aside, sizeof aside);
	}
	return rc == HF_ERR_SESSION_SIZE ? HF_ERR_BUNDLE : rc;
}

/* True if the text ends in the digest of what stands before it. */
static bool is_whole(struct hf_slice text)
{
	uint8_t digest[DIGEST_SIZE];
	uint8_t told[DIGEST_SIZE];
	size_t size;

	if (text.size < CHECK_SIZE)
		return false;
	size = text.size - CHECK_SIZE;
	if (memcmp(text.data + size, CHECK_NAME, strlen(CHECK_NAME)) != 0 ||
	    !text_get_base64_32(text.data + size + strlen(CHECK_NAME), told))
		return false;
	kdf_sha256(text.data, size, digest);
	return memcmp(digest, told, sizeof digest) == 0;
}

static bool get_files(struct hf_slice object, struct bundle_manifest *manifest)
{
	struct hf_slice value;

	if (!json_member(object, "log", &value) || !get_file(value, &manifest->log) ||
	    !json_member(object, "head", &value))
		return false;
	manifest->has_head = !is_null(value);
	return !manifest->has_head ||
	       (get_file(value, &manifest->head) && manifest->head.size == STORAGE_HEAD_SIZE);
}

int bundle_manifest_read(struct hf_slice text, struct bundle_manifest *manifest)
{
	char verdict[32];
	int rc;

	if (text.size < CHECK_SIZE || !is_whole(text))
		return HF_ERR_BUNDLE;
	rc = json_scan(text.data, text.size, NULL);
	if (rc != HF_OK)
		return rc == HF_ERR_JSON ? HF_ERR_BUNDLE : rc;
	if (!get_uuid(text, "session", manifest->id.bytes) || is_nil(manifest->id) ||
	    !get_origin(text, manifest) || !get_text(text, "verdict", verdict, sizeof verdict) ||
	    !hf_verdict_find(verdict, &manifest->verdict) ||
	    !get_number(text, "records", &manifest->records) || !get_files(text, manifest))
		return HF_ERR_BUNDLE;
	return get_asides(text, manifest);
}

int bundle_begin_read(struct hf_slice text, struct bundle_begin *ret_begin)
{
	uint64_t version = 0;

	if (json_scan(text.data, text.size, NULL) != HF_OK ||
	    !get_number(text, "holdfast-bundle", &version) || version != BUNDLE_VERSION ||
	    !get_text(text, "made", ret_begin->made, sizeof ret_begin->made) ||
	    !get_uuid(text, "store", ret_begin->store))
		return version > BUNDLE_VERSION ? HF_ERR_FORMAT : HF_ERR_BUNDLE;
	return HF_OK;
}

int bundle_end_read(struct hf_slice text, struct bundle_end *ret_end)
{
	uint64_t version = 0;

	if (json_scan(text.data, text.size, NULL) != HF_OK ||
	    !get_number(text, "holdfast-bundle-end", &version) || version != BUNDLE_VERSION ||
	    !get_number(text, "sessions", &ret_end->sessions) ||
	    !get_digest(text, ret_end->sha256))
		return HF_ERR_BUNDLE;
	return HF_OK;
}
