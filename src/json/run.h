/* SPDX-License-Identifier: MIT */
/*
 * Runs: how far the bytes go on that nobody needs to look at one by one.
 *
 * This is where the speed of the layer comes from: 16 bytes at a time with SSE2, which
 * every x86-64 has. Each function has a twin in plain C, 8 bytes at a time, which is
 * used where SSE2 is missing and when JSON_PLAIN is defined. Both are always there, so
 * that tests can compare them; no byte at or after `end` is ever read.
 *
 * Inline because most strings are shorter than what a call costs.
 */
#ifndef JSON_RUN_H
#define JSON_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What ends a run. Always given as a constant, so that each use compiles to its own
 * loop. */
enum json_run {
	JSON_RUN_TEXT, /* '"', '\\', below 0x20, above 0x7f: checking a string */
	JSON_RUN_STRING, /* '"', '\\': skipping a string known to be good */
	JSON_RUN_NESTING, /* '"' and the brackets []{}: skipping a container */
};

static inline bool json_run_ends(char c, enum json_run run)
{
	switch (run) {
	case JSON_RUN_TEXT:
		return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c > 0x7f;
	case JSON_RUN_STRING:
		return c == '"' || c == '\\';
	case JSON_RUN_NESTING:
	default: /* one bit tells [ from { and ] from } */
		return c == '"' || (c | 0x20) == '{' || (c | 0x20) == '}';
	}
}

/* Every byte of a word set to c. */
static inline uint64_t json_run_fill(char c)
{
	return UINT64_C(0x0101010101010101) * (unsigned char)c;
}

/* Not zero if and only if a byte of word is below limit (1 to 0x80). Which bit is set
 * says nothing: a borrow can set those above the first true one. */
static inline uint64_t json_run_below(uint64_t word, char limit)
{
	return (word - json_run_fill(limit)) & ~word & UINT64_C(0x8080808080808080);
}

static inline uint64_t json_run_equal(uint64_t word, char c)
{
	return json_run_below(word ^ json_run_fill(c), 1);
}

/* Not zero if and only if a byte of word ends the run. */
static inline uint64_t json_run_word(uint64_t word, enum json_run run)
{
	uint64_t folded = word | json_run_fill(0x20);

	switch (run) {
	case JSON_RUN_TEXT:
		return json_run_equal(word, '"') | json_run_equal(word, '\\') |
		       json_run_below(word, 0x20) | (word & UINT64_C(0x8080808080808080));
	case JSON_RUN_STRING:
		return json_run_equal(word, '"') | json_run_equal(word, '\\');
	case JSON_RUN_NESTING:
	default:
		return json_run_equal(word, '"') | json_run_equal(folded, '{') |
		       json_run_equal(folded, '}');
	}
}

/* The first byte from at on that ends the run, or end. The plain twin. */
static inline const char *json_run_plain(const char *at, const char *end, enum json_run run)
{
	uint64_t word;

	while (end - at >= 8) {
		memcpy(&word, at, sizeof word);
		if (json_run_word(word, run) != 0)
			break;
		at += 8;
	}
	while (at < end && !json_run_ends(*at, run))
		at++;
	return at;
}

#if defined(__SSE2__)

/* 0xff for each byte that ends the run. */
static inline __m128i json_run_block(__m128i bytes, enum json_run run)
{
	__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
	__m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));

	switch (run) {
	case JSON_RUN_TEXT: /* as signed numbers, bytes above 0x7f are below 0x20 too */
		quote = _mm_or_si128(quote, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));
		return _mm_or_si128(quote, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	case JSON_RUN_STRING:
		return _mm_or_si128(quote, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
	case JSON_RUN_NESTING:
	default:
		quote = _mm_or_si128(quote, _mm_cmpeq_epi8(folded, _mm_set1_epi8('{')));
		return _mm_or_si128(quote, _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
	}
}

/* The same as json_run_plain. */
static inline const char *json_run_sse2(const char *at, const char *end, enum json_run run)
{
	unsigned hits;

	while (end - at >= 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);

		hits = (unsigned)_mm_movemask_epi8(json_run_block(bytes, run));
		if (hits != 0)
			return at + __builtin_ctz(hits);
		at += 16;
	}
	return json_run_plain(at, end, run);
}

#endif

/* The one to use. */
static inline const char *json_run(const char *at, const char *end, enum json_run run)
{
#if defined(__SSE2__) && !defined(JSON_PLAIN)
	return json_run_sse2(at, end, run);
#else
	return json_run_plain(at, end, run);
#endif
}

#endif
