/* SPDX-License-Identifier: MIT */
#include "lib/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/keyfile.h"
#include "lib/session_expect.h"
#include "lib/session_history.h"

enum {
	SLOTS = 1 << 20, /* of a table that must never be half full */
	KEY_MAX = 64,
	MESSAGE_MAX = 2000, /* of a longer message only the beginning is planted */
};

/* Digests of pieces, by open addressing; 0 is free. */
struct secrets {
	size_t used;
	uint64_t pieces[SLOTS];
};

struct secrets *secrets_new(void)
{
	return session_memory(sizeof(struct secrets));
}

void secrets_free(struct secrets *secrets)
{
	free(secrets);
}

static uint64_t digest(const char *piece)
{
	uint64_t low, high;

	memcpy(&low, piece, sizeof low);
	memcpy(&high, piece + SECRETS_PIECE - sizeof high, sizeof high);
	low = (low ^ high * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
	return (low ^ low >> 33) | 1;
}

static size_t find(const struct secrets *secrets, uint64_t wanted)
{
	size_t at = (size_t)(wanted >> 1) % SLOTS;

	while (secrets->pieces[at] != 0 && secrets->pieces[at] != wanted)
		at = (at + 1) % SLOTS;
	return at;
}

void secrets_add(struct secrets *secrets, const void *bytes, size_t size)
{
	const char *text = bytes;

	for (size_t i = 0; i + SECRETS_PIECE <= size; i++) {
		uint64_t piece = digest(text + i);
		size_t at = find(secrets, piece);

		secrets->used += secrets->pieces[at] == 0;
		secrets->pieces[at] = piece;
	}
	EXPECT(secrets->used < SLOTS / 2, "too many secrets");
}

/* Unpadded base64; 62 and 63 are the last two of the alphabet. */
static size_t put_base64(const uint8_t *bytes, size_t size, const char last[2], char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t used = 0;

	for (size_t bit = 0; bit < size * 8; bit += 6) {
		unsigned next = bit / 8 + 1 < size ? bytes[bit / 8 + 1] : 0;
		unsigned value = ((unsigned)bytes[bit / 8] << 8 | next) >> (10 - bit % 8) & 63;

		text[used++] = value < 62 ? digits[value] : last[value - 62];
	}
	return used;
}

void secrets_add_key(struct secrets *secrets, const void *bytes, size_t size)
{
	enum { FORMS = 3 }; /* small letters, capitals, with spaces */
	char text[KEY_MAX * 4];
	const uint8_t *key = bytes;

	EXPECT(size <= KEY_MAX, "a key of %zu bytes", size);
	secrets_add(secrets, bytes, size);
	for (size_t form = 0; form < FORMS; form++) {
		size_t used = 0;

		for (size_t i = 0; i < size; i++)
			used += (size_t)snprintf(text + used, sizeof text - used,
						 form == 0 ? "%02x" : form == 1 ? "%02X" : "%02x ", key[i]);
		secrets_add(secrets, text, used);
	}
	secrets_add(secrets, text, put_base64(key, size, "+/", text));
	secrets_add(secrets, text, put_base64(key, size, "-_", text));
}

void secrets_add_messages(struct secrets *secrets, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t size = history_size(first + i);
		char *text = history_text(first + i, size < MESSAGE_MAX ? size : MESSAGE_MAX);

		secrets_add(secrets, text, strlen(text));
		free(text);
	}
}

/* The derived key is kept by its key's file under a name of its own. */
static void add_derived(struct secrets *secrets, const struct place *place)
{
	struct place runtime = { .sys = place->sys, .store = place->runtime };
	struct keycache cache;
	struct place_bytes text;
	char name[300] = "holdfast/";

	place_find(&runtime, "holdfast", "", name + strlen(name), sizeof name - strlen(name));
	text = place_get(&runtime, name, true);
	if (text.data != NULL && keycache_decode(text.data, text.size, &cache))
		secrets_add_key(secrets, cache.store_key, sizeof cache.store_key);
	place_free(&text);
}

void secrets_add_keys(struct secrets *secrets, const struct place *place)
{
	struct place_bytes text = place_get(place, "keys/machine_secret", true);
	struct keyfile keyfile;

	if (text.data != NULL && keyfile_decode(text.data, text.size, &keyfile))
		secrets_add_key(secrets, keyfile.secret, sizeof keyfile.secret);
	place_free(&text);
	if (place->runtime != NULL && place->runtime[0] != '\0')
		add_derived(secrets, place);
}

bool secrets_in(const struct secrets *secrets, const char *text, char ret_piece[SECRETS_PIECE + 1])
{
	size_t size = strlen(text);

	for (size_t i = 0; i + SECRETS_PIECE <= size; i++) {
		if (secrets->pieces[find(secrets, digest(text + i))] == 0)
			continue;
		memcpy(ret_piece, text + i, SECRETS_PIECE);
		ret_piece[SECRETS_PIECE] = '\0';
		return true;
	}
	return false;
}
