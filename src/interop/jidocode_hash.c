/* SPDX-License-Identifier: MIT */
/*
 * The hash is B. Jenkins' of 1996 ("A hash function for hash table lookup", Dr. Dobb's
 * 1997), taken in blocks of 12 bytes, with the start value that the runtime gives it for
 * texts. The decoded name comes a few bytes at a time.
 */
#include "interop/jidocode_hash.h"

#include <stddef.h>

#include "json/decode.h"

enum { BLOCK_SIZE = 12 };

struct state {
	uint32_t a;
	uint32_t b;
	uint32_t c;
	uint8_t block[BLOCK_SIZE];
	size_t used;    /* bytes in the block */
	uint32_t total; /* bytes in all */
};

static void mix(struct state *state)
{
	uint32_t a = state->a;
	uint32_t b = state->b;
	uint32_t c = state->c;

	a = (a - b - c) ^ c >> 13;
	b = (b - c - a) ^ a << 8;
	c = (c - a - b) ^ b >> 13;
	a = (a - b - c) ^ c >> 12;
	b = (b - c - a) ^ a << 16;
	c = (c - a - b) ^ b >> 5;
	a = (a - b - c) ^ c >> 3;
	b = (b - c - a) ^ a << 10;
	c = (c - a - b) ^ b >> 15;
	state->a = a;
	state->b = b;
	state->c = c;
}

/* count bytes of the block from at on, the lowest first. */
static uint32_t word(const struct state *state, size_t at, size_t count)
{
	uint32_t value = 0;

	for (size_t i = 0; i < count && at + i < state->used; i++)
		value |= (uint32_t)state->block[at + i] << 8 * i;
	return value;
}

static void put_byte(struct state *state, uint8_t byte)
{
	state->block[state->used++] = byte;
	state->total++;
	if (state->used < BLOCK_SIZE)
		return;
	state->a += word(state, 0, 4);
	state->b += word(state, 4, 4);
	state->c += word(state, 8, 4);
	mix(state);
	state->used = 0;
}

/* The last block: the lowest byte of c is for the size. */
static uint32_t finish(struct state *state)
{
	state->c += state->total;
	state->a += word(state, 0, 4);
	state->b += word(state, 4, 4);
	state->c += word(state, 8, 3) << 8;
	mix(state);
	return state->c;
}

static uint32_t reverse_groups(uint32_t hash)
{
	uint32_t reversed = 0;

	for (size_t i = 0; i < 8; i++)
		reversed |= (hash >> 4 * i & 15) << 4 * (7 - i);
	return reversed;
}

uint32_t jidocode_hash(struct hf_slice name)
{
	static const uint32_t golden = 0x9e3779b9;
	static const uint32_t start = 0x08d12e65u + 3432918353u;
	struct state state = { .a = golden, .b = golden, .c = start };
	const char *at = name.data + 1;
	const char *end = name.data + name.size - 1;
	char bytes[4];

	/* An empty text is not hashed. */
	if (at >= end)
		return reverse_groups(start);
	while (at < end) {
		size_t count = json_encode_point(json_decode_point(&at, end), bytes);

		for (size_t i = 0; i < count; i++)
			put_byte(&state, (uint8_t)bytes[i]);
	}
	return reverse_groups(finish(&state));
}
