/* SPDX-License-Identifier: MIT */
#include "format/keyfile.h"

#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "crypto/kdf.h"

#define KEYFILE_FIRST_LINE "holdfast-key 1\n"
#define KEYCACHE_FIRST_LINE "holdfast-key-cache 1\n"

_Static_assert(sizeof KEYFILE_FIRST_LINE + sizeof "secret \nhost \nrounds \nmade \ncheck \n" +
		       2 * TEXT_BASE64_32_SIZE + FORMAT_HOST_SIZE_MAX + TEXT_U64_SIZE +
		       FORMAT_TIME_SIZE <= FORMAT_KEY_FILE_SIZE_MAX,
	       "the largest key file fits");

/* ---- Writing --------------------------------------------------------------------- */

/* The text so far; its room is known to be enough by the assertion above. */
struct writer {
	char *text;
	size_t size;
};

static void put(struct writer *writer, const char *bytes, size_t size)
{
	memcpy(writer->text + writer->size, bytes, size);
	writer->size += size;
}

static void put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

/* Adds a line that holds 32 bytes as base64url. */
static void put_bytes_line(struct writer *writer, const char *name, const uint8_t bytes[static 32])
{
	put_text(writer, name);
	text_put_base64_32(bytes, writer->text + writer->size);
	writer->size += TEXT_BASE64_32_SIZE;
	put_text(writer, "\n");
}

/* Adds the last line, which covers all before it. */
static void put_check(struct writer *writer)
{
	uint8_t digest[KDF_SIZE];

	kdf_sha256(writer->text, writer->size, digest);
	put_bytes_line(writer, "check ", digest);
}

/* ---- Reading --------------------------------------------------------------------- */

/* What is left of the text. */
struct reader {
	const char *text;
	size_t size;
};

static bool skip(struct reader *reader, size_t size)
{
	if (size > reader->size)
		return false;
	reader->text += size;
	reader->size -= size;
	return true;
}

static bool get_text(struct reader *reader, const char *text)
{
	size_t size = strlen(text);

	return size <= reader->size && memcmp(reader->text, text, size) == 0 && skip(reader, size);
}

static bool get_bytes_line(struct reader *reader, const char *name, uint8_t ret_bytes[static 32])
{
	return get_text(reader, name) && reader->size >= TEXT_BASE64_32_SIZE &&
	       text_get_base64_32(reader->text, ret_bytes) && skip(reader, TEXT_BASE64_32_SIZE) &&
	       get_text(reader, "\n");
}

/* Checks the last line of a text whose lines before it have been read. */
static bool get_check(struct reader *reader, const char *text)
{
	uint8_t wanted[KDF_SIZE];
	uint8_t digest[KDF_SIZE];

	kdf_sha256(text, (size_t)(reader->text - text), wanted);
	return get_bytes_line(reader, "check ", digest) && reader->size == 0 &&
	       memcmp(digest, wanted, sizeof wanted) == 0;
}

/* The bytes before the next line feed; SIZE_MAX if there is none. */
static size_t line_size(const struct reader *reader)
{
	const char *end = memchr(reader->text, '\n', reader->size);

	return end != NULL ? (size_t)(end - reader->text) : SIZE_MAX;
}

/* ---- The key file ---------------------------------------------------------------- */

static bool host_is_valid(const char *host, size_t size)
{
	if (size == 0 || size > FORMAT_HOST_SIZE_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (host[i] < 0x21 || host[i] > 0x7e)
			return false;
	}
	return true;
}

static bool rounds_are_valid(uint64_t rounds)
{
	return rounds >= FORMAT_ROUNDS_MIN && rounds <= FORMAT_ROUNDS_MAX;
}

size_t keyfile_encode(const struct keyfile *keyfile, char ret_text[static FORMAT_KEY_FILE_SIZE_MAX])
{
	struct writer writer = { ret_text, 0 };
	char digits[TEXT_U64_SIZE];

	INVARIANT(host_is_valid(keyfile->host, strlen(keyfile->host)));
	INVARIANT(rounds_are_valid(keyfile->rounds));
	put_text(&writer, KEYFILE_FIRST_LINE);
	put_bytes_line(&writer, "secret ", keyfile->secret);
	put_text(&writer, "host ");
	put_text(&writer, keyfile->host);
	put_text(&writer, "\nrounds ");
	put(&writer, digits, text_put_u64(keyfile->rounds, digits));
	put_text(&writer, "\nmade ");
	put(&writer, keyfile->made, FORMAT_TIME_SIZE);
	put_text(&writer, "\n");
	put_check(&writer);
	return writer.size;
}

static bool get_host(struct reader *reader, char ret_host[static FORMAT_HOST_SIZE_MAX + 1])
{
	size_t size;

	if (!get_text(reader, "host "))
		return false;
	size = line_size(reader);
	if (!host_is_valid(reader->text, size))
		return false;
	memcpy(ret_host, reader->text, size);
	ret_host[size] = '\0';
	return skip(reader, size + 1);
}

static bool get_rounds(struct reader *reader, uint32_t *ret_rounds)
{
	uint64_t rounds;
	size_t size;

	if (!get_text(reader, "rounds "))
		return false;
	size = line_size(reader);
	if (!text_get_u64(reader->text, size, &rounds) || !rounds_are_valid(rounds))
		return false;
	*ret_rounds = (uint32_t)rounds;
	return skip(reader, size + 1);
}

static bool get_made(struct reader *reader, char ret_made[static FORMAT_TIME_SIZE + 1])
{
	int64_t time_us;

	if (!get_text(reader, "made ") || reader->size < FORMAT_TIME_SIZE ||
	    !text_get_time(reader->text, &time_us))
		return false;
	memcpy(ret_made, reader->text, FORMAT_TIME_SIZE);
	ret_made[FORMAT_TIME_SIZE] = '\0';
	return skip(reader, FORMAT_TIME_SIZE) && get_text(reader, "\n");
}

bool keyfile_decode(const char *text, size_t size, struct keyfile *ret_keyfile)
{
	struct reader reader = { text, size };
	struct keyfile keyfile = { 0 };
	bool good = size <= FORMAT_KEY_FILE_SIZE_MAX && get_text(&reader, KEYFILE_FIRST_LINE) &&
		    get_bytes_line(&reader, "secret ", keyfile.secret) &&
		    get_host(&reader, keyfile.host) && get_rounds(&reader, &keyfile.rounds) &&
		    get_made(&reader, keyfile.made) && get_check(&reader, text);

	if (good)
		*ret_keyfile = keyfile;
	mem_wipe(&keyfile, sizeof keyfile);
	return good;
}

/* ---- The derived key's file ------------------------------------------------------ */

size_t keycache_encode(const struct keycache *cache, char ret_text[static FORMAT_KEY_FILE_SIZE_MAX])
{
	struct writer writer = { ret_text, 0 };

	put_text(&writer, KEYCACHE_FIRST_LINE);
	put_bytes_line(&writer, "for ", cache->key_file_digest);
	put_bytes_line(&writer, "key ", cache->store_key);
	put_check(&writer);
	return writer.size;
}

bool keycache_decode(const char *text, size_t size, struct keycache *ret_cache)
{
	struct reader reader = { text, size };
	struct keycache cache = { 0 };
	bool good = size <= FORMAT_KEY_FILE_SIZE_MAX && get_text(&reader, KEYCACHE_FIRST_LINE) &&
		    get_bytes_line(&reader, "for ", cache.key_file_digest) &&
		    get_bytes_line(&reader, "key ", cache.store_key) && get_check(&reader, text);

	if (good)
		*ret_cache = cache;
	mem_wipe(&cache, sizeof cache);
	return good;
}
