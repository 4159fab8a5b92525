/* SPDX-License-Identifier: MIT */
/* What names say of their values. */
#include <string.h>

#include "redact/assign.h"
#include "redact/chars.h"

/* A name ends in words, written in lower case and without joints. */
struct ending {
	const char *words;
	size_t size;
	enum assign_name name;
};

#define ENDING(words) (words), sizeof(words) - 1

/* Of two that fit the first is taken, so exceptions come first. */
static const struct ending endings[] = {
	{ ENDING("pagetoken"), ASSIGN_QUIET },
	{ ENDING("nexttoken"), ASSIGN_QUIET },
	{ ENDING("continuationtoken"), ASSIGN_QUIET },
	{ ENDING("cancellationtoken"), ASSIGN_QUIET },
	{ ENDING("synctoken"), ASSIGN_QUIET },
	{ ENDING("canceltoken"), ASSIGN_QUIET },
	{ ENDING("publickey"), ASSIGN_QUIET },
	{ ENDING("primarykey"), ASSIGN_QUIET },
	{ ENDING("foreignkey"), ASSIGN_QUIET },
	{ ENDING("cachekey"), ASSIGN_QUIET },
	{ ENDING("idempotencykey"), ASSIGN_QUIET },
	{ ENDING("password"), ASSIGN_PASSWORD },
	{ ENDING("passwd"), ASSIGN_PASSWORD },
	{ ENDING("pwd"), ASSIGN_PASSWORD },
	{ ENDING("passphrase"), ASSIGN_PASSWORD },
	{ ENDING("accountkey"), ASSIGN_STORAGE },
	{ ENDING("sharedaccesskey"), ASSIGN_STORAGE },
	{ ENDING("secret"), ASSIGN_SECRET },
	{ ENDING("token"), ASSIGN_SECRET },
	{ ENDING("apikey"), ASSIGN_SECRET },
	{ ENDING("secretkey"), ASSIGN_SECRET },
	{ ENDING("accesskey"), ASSIGN_SECRET },
	{ ENDING("privatekey"), ASSIGN_SECRET },
	{ ENDING("authkey"), ASSIGN_SECRET },
	{ ENDING("signingkey"), ASSIGN_SECRET },
	{ ENDING("encryptionkey"), ASSIGN_SECRET },
	{ ENDING("masterkey"), ASSIGN_SECRET },
	{ ENDING("hmackey"), ASSIGN_SECRET },
	{ ENDING("secretkeybase"), ASSIGN_SECRET },
	{ ENDING("credential"), ASSIGN_SECRET },
	{ ENDING("credentials"), ASSIGN_SECRET },
	{ ENDING("authorization"), ASSIGN_SECRET },
	{ ENDING("key"), ASSIGN_KEY },
	{ ENDING("auth"), ASSIGN_KEY },
	{ ENDING("signature"), ASSIGN_QUIET },
	{ ENDING("mac"), ASSIGN_QUIET },
	{ ENDING("hmac"), ASSIGN_QUIET },
	{ ENDING("digest"), ASSIGN_QUIET },
	{ ENDING("hash"), ASSIGN_QUIET },
	{ ENDING("checksum"), ASSIGN_QUIET },
	{ ENDING("integrity"), ASSIGN_QUIET },
	{ ENDING("fingerprint"), ASSIGN_QUIET },
	{ ENDING("etag"), ASSIGN_QUIET },
	{ ENDING("sha1"), ASSIGN_QUIET },
	{ ENDING("sha256"), ASSIGN_QUIET },
	{ ENDING("sha384"), ASSIGN_QUIET },
	{ ENDING("sha512"), ASSIGN_QUIET },
	{ ENDING("md5"), ASSIGN_QUIET },
	{ ENDING("h1"), ASSIGN_QUIET },
	{ ENDING("base64"), ASSIGN_QUIET },
	{ ENDING("challenge"), ASSIGN_QUIET },
	{ ENDING("cursor"), ASSIGN_QUIET },
	{ ENDING("parent"), ASSIGN_QUIET },
	{ ENDING("commit"), ASSIGN_QUIET },
	{ ENDING("encryptedcontent"), ASSIGN_QUIET },
};

/* The end of a name in lower case without joints; returns its size. */
static size_t fold(const char *name, size_t size, char ret_folded[ASSIGN_NAME_MAX])
{
	size_t from = size > ASSIGN_NAME_MAX ? size - ASSIGN_NAME_MAX : 0;
	size_t folded = 0;

	for (size_t i = from; i < size; i++) {
		if (chars_is(name[i], CHARS_ALNUM))
			ret_folded[folded++] = chars_lower(name[i]);
	}
	return folded;
}

static bool ends_with(const char *text, size_t size, const char *words, size_t words_size)
{
	return size >= words_size && text[size - 1] == words[words_size - 1] &&
	       memcmp(text + size - words_size, words, words_size) == 0;
}

/* Whether the last letters are a word of their own: not the end of a longer one, as in
 * "valid" and "compass". */
static bool is_own_word(const char *name, size_t size, size_t length)
{
	return size == length || !chars_is(name[size - length - 1], CHARS_LETTER) ||
	       (chars_is(name[size - length], CHARS_UPPER) &&
		chars_is(name[size - length - 1], CHARS_LOWER));
}

enum assign_name assign_name(const char *name, size_t size)
{
	char folded[ASSIGN_NAME_MAX];
	size_t length = fold(name, size, folded);

	if (length < 2)
		return ASSIGN_OTHER;
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		if (ends_with(folded, length, endings[i].words, endings[i].size))
			return endings[i].name;
	}
	if (ends_with(folded, length, ENDING("pass")) && is_own_word(name, size, 4))
		return ASSIGN_PASSWORD;
	if (ends_with(folded, length, ENDING("id")) && is_own_word(name, size, 2))
		return ASSIGN_QUIET;
	return ASSIGN_OTHER;
}
