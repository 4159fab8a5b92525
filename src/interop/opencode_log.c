/* SPDX-License-Identifier: MIT */
/* The bytes are described in "The SQLite database file format", section 4, and in "WAL-mode
 * file format", section 2. */
#include "interop/opencode_log.h"

#include <string.h>

enum {
	FRAME_HEAD = 24,
	INDEX_VERSION = 3007000,
	INDEX_COPY = OPENCODE_INDEX_HEAD / 2,
	INDEX_SUMMED = 40,   /* bytes of a copy that its checksum is of */
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
};

static uint32_t big(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint32_t little(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;

	return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static uint32_t native(const char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof word);
	return word;
}

static void put_big(uint32_t word, char *bytes)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (char)(word >> (24 - 8 * i));
}

/* Goes on with a checksum over size bytes, a multiple of 8. */
static void sum(uint32_t sums[2], const char *bytes, size_t size, uint32_t (*word)(const char *))
{
	for (size_t i = 0; i + 8 <= size; i += 8) {
		sums[0] += word(bytes + i) + sums[1];
		sums[1] += word(bytes + i + 4) + sums[0];
	}
}

/* The frames that an index counts; 0 if it is not whole, or not of this log. */
static uint32_t read_index(const struct opencode_log *log, struct hf_slice index)
{
	const char *at = index.data;
	uint32_t sums[2] = { 0, 0 };

	/* Version, a word that is not used, the number of changes, isInit, bigEndCksum,
	 * szPage, mxFrame, nPage, aFrameCksum, aSalt, aCksum. */
	if (index.size < OPENCODE_INDEX_HEAD || memcmp(at, at + INDEX_COPY, INDEX_COPY) != 0 ||
	    native(at) != INDEX_VERSION || at[12] != 1 || memcmp(at + 32, log->salts, 8) != 0)
		return 0;
	sum(sums, at, INDEX_SUMMED, native);
	return sums[0] == native(at + 40) && sums[1] == native(at + 44) ? native(at + 16) : 0;
}

void opencode_log_begin(struct opencode_log *log, struct hf_slice head, struct hf_slice index)
{
	uint32_t magic;
	size_t page;

	*log = (struct opencode_log){ .next = UINT64_MAX };
	if (head.size < OPENCODE_LOG_HEAD)
		return;
	magic = big(head.data);
	page = big(head.data + 8);
	if ((magic & ~UINT32_C(1)) != 0x377f0682 || page < PAGE_MIN || page > PAGE_MAX ||
	    (page & (page - 1)) != 0)
		return;
	log->is_big_endian = (magic & 1) != 0;
	log->page = page;
	memcpy(log->salts, head.data + 16, sizeof log->salts);
	log->sums[0] = big(head.data + 24);
	log->sums[1] = big(head.data + 28);
	log->counted = read_index(log, index);
	log->next = 0;
}

void opencode_log_mend(struct opencode_log *log, uint64_t offset, char *bytes, size_t size)
{
	uint32_t (*word)(const char *) = log->is_big_endian ? big : little;
	uint32_t sums[2] = { log->sums[0], log->sums[1] };

	if (log->next >= log->counted || size != FRAME_HEAD + log->page ||
	    offset != OPENCODE_LOG_HEAD + log->next * size)
		return;
	if (memcmp(bytes + 8, log->salts, sizeof log->salts) != 0) {
		log->next = UINT64_MAX;
		return;
	}
	sum(sums, bytes, 8, word);
	sum(sums, bytes + FRAME_HEAD, log->page, word);
	if (sums[0] != big(bytes + 16) || sums[1] != big(bytes + 20)) {
		put_big(sums[0], bytes + 16);
		put_big(sums[1], bytes + 20);
		log->mended++;
	}
	log->next++;
	log->sums[0] = sums[0];
	log->sums[1] = sums[1];
}
