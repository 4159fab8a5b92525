/* SPDX-License-Identifier: MIT */
/*
 * Whether a value looks like a secret: drawn at random, or chosen by a person, and not a
 * word, a path, a variable or what stands in examples in place of a secret. All of it is
 * pure and looks at LOOK_SIZE bytes at most, so its time is bounded.
 */
#ifndef REDACT_LOOK_H
#define REDACT_LOOK_H

#include <stdbool.h>
#include <stddef.h>

enum { LOOK_SIZE = 128 };

/* What a text is made of. */
struct look {
	size_t size; /* bytes looked at */
	size_t upper;
	size_t lower;
	size_t digits;
	size_t hex; /* digits of hexadecimal numbers, of either case */
	size_t joints; /* '-' and '_' */
	size_t slashes; /* '+' and '/' */
	size_t others;
	size_t changes; /* neighbours of different classes (upper, lower, digit, other) */
	unsigned entropy; /* Shannon's, by bytes, in 1/1024 bits a byte */
};

void look_at(const char *text, size_t size, struct look *ret_look);

/* Whether text looks drawn at random from letters of both cases and digits: some of each,
 * an entropy that only few repeated characters leave, and changes of class as often as
 * chance makes them, which names made of words do not have. */
bool look_is_random(const char *text, size_t size);
/* The same for digits and letters of one case, as hexadecimal keys are written. */
bool look_is_random_digits(const char *text, size_t size);
/* Whether it stands in place of a secret: "your-token-here", "****", "${VAR}", "<...>",
 * "changeme", a marker of our own. */
bool look_is_placeholder(const char *text, size_t size);
/* Whether it is no value but code that gives one: a call, a member, an index, a variable. */
bool look_is_code(const char *text, size_t size);
/* Whether it is made of words with joints between them, and a number at most at the end. */
bool look_is_words(const char *text, size_t size);
/* Whether text is word, upper and lower case alike. */
bool look_is_word(const char *text, size_t size, const char *word);
/* Finds word (in lower case) in text, upper and lower case alike. */
bool look_has(const char *text, size_t size, const char *word);

#endif
