/* SPDX-License-Identifier: MIT */
/*
 * The key file, the derived key's file and holdfast.json on arbitrary bytes. What must
 * hold: what is accepted is exactly what would be written for it, and its members keep
 * their bounds. So that inputs get past the check line, each is also tried with a right
 * one in place of its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/kdf.h"
#include "format/keyfile.h"
#include "format/storefile.h"

enum { CHECK_LINE_SIZE = 6 + TEXT_BASE64_32_SIZE + 1 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void try_keyfile(const char *text, size_t size)
{
	struct keyfile keyfile;
	char again[FORMAT_KEY_FILE_SIZE_MAX];
	size_t host_size;

	if (!keyfile_decode(text, size, &keyfile))
		return;
	must(keyfile.rounds >= FORMAT_ROUNDS_MIN && keyfile.rounds <= FORMAT_ROUNDS_MAX);
	host_size = strlen(keyfile.host);
	must(host_size > 0 && host_size <= FORMAT_HOST_SIZE_MAX);
	must(strlen(keyfile.made) == FORMAT_TIME_SIZE);
	must(keyfile_encode(&keyfile, again) == size && memcmp(again, text, size) == 0);
}

static void try_keycache(const char *text, size_t size)
{
	struct keycache cache;
	char again[FORMAT_KEY_FILE_SIZE_MAX];

	if (keycache_decode(text, size, &cache))
		must(keycache_encode(&cache, again) == size && memcmp(again, text, size) == 0);
}

static void try_storefile(const char *text, size_t size)
{
	struct storefile file;
	char again[STOREFILE_SIZE];

	if (!storefile_decode(text, size, &file))
		return;
	storefile_encode(&file, again);
	must(size == STOREFILE_SIZE && memcmp(again, text, size) == 0);
}

/* Tries the text with the check line that its other bytes ask for. */
static void try_checked(const char *text, size_t size)
{
	size_t covered = size < CHECK_LINE_SIZE ? size : size - CHECK_LINE_SIZE;
	char *checked = malloc(covered + CHECK_LINE_SIZE);
	uint8_t digest[KDF_SIZE];

	if (checked == NULL)
		return;
	memcpy(checked, text, covered);
	memcpy(checked + covered, "check ", 6);
	kdf_sha256(text, covered, digest);
	text_put_base64_32(digest, checked + covered + 6);
	checked[covered + CHECK_LINE_SIZE - 1] = '\n';
	try_keyfile(checked, covered + CHECK_LINE_SIZE);
	try_keycache(checked, covered + CHECK_LINE_SIZE);
	free(checked);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char nothing[1];
	const char *text = size > 0 ? (const char *)bytes : nothing;

	try_keyfile(text, size);
	try_keycache(text, size);
	try_storefile(text, size);
	try_checked(text, size);
	return 0;
}
