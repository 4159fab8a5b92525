/* SPDX-License-Identifier: MIT */
#include "redact/look.h"

#include <stdint.h>
#include <string.h>

#include "base/invariant.h"
#include "redact/chars.h"

/* 1024 times the logarithm of each number to base 2. */
static const uint16_t logarithms[LOOK_SIZE + 1] = {
	0,    0,    1024, 1623, 2048, 2378, 2647, 2875, 3072, 3246, 3402, 3542, 3671, 3789, 3899,
	4001, 4096, 4186, 4270, 4350, 4426, 4498, 4566, 4632, 4695, 4755, 4813, 4869, 4923, 4975,
	5025, 5073, 5120, 5165, 5210, 5252, 5294, 5334, 5374, 5412, 5450, 5486, 5522, 5556, 5590,
	5624, 5656, 5688, 5719, 5749, 5779, 5809, 5837, 5865, 5893, 5920, 5947, 5973, 5999, 6024,
	6049, 6073, 6097, 6121, 6144, 6167, 6189, 6212, 6234, 6255, 6276, 6297, 6318, 6338, 6358,
	6378, 6398, 6417, 6436, 6455, 6474, 6492, 6510, 6528, 6546, 6563, 6580, 6598, 6614, 6631,
	6648, 6664, 6680, 6696, 6712, 6728, 6743, 6758, 6773, 6788, 6803, 6818, 6833, 6847, 6861,
	6875, 6889, 6903, 6917, 6931, 6944, 6957, 6971, 6984, 6997, 7010, 7023, 7035, 7048, 7060,
	7073, 7085, 7097, 7109, 7121, 7133, 7145, 7156, 7168,
};

/* H = log n - (sum of c log c) / n, c the count of each byte. */
static unsigned entropy_of(const char *text, size_t size)
{
	uint8_t counts[256] = { 0 };
	unsigned sum = 0;

	if (size == 0)
		return 0;
	for (size_t i = 0; i < size; i++)
		counts[(unsigned char)text[i]]++;
	for (size_t i = 0; i < size; i++) {
		unsigned count = counts[(unsigned char)text[i]];

		counts[(unsigned char)text[i]] = 0; /* each byte once */
		sum += count * logarithms[count];
	}
	return logarithms[size] - sum / (unsigned)size;
}

void look_at(const char *text, size_t size, struct look *ret_look)
{
	struct look look = { .size = size < LOOK_SIZE ? size : LOOK_SIZE };
	unsigned before = 0;

	for (size_t i = 0; i < look.size; i++) {
		unsigned class = chars_table[(unsigned char)text[i]];
		unsigned kind = class & CHARS_ALNUM;

		look.upper += (class & CHARS_UPPER) != 0;
		look.lower += (class & CHARS_LOWER) != 0;
		look.digits += (class & CHARS_DIGIT) != 0;
		look.hex += (class & CHARS_HEX) != 0;
		look.joints += (class & CHARS_JOINT) != 0;
		look.slashes += (class & CHARS_BASE64) != 0;
		look.others += (class & CHARS_RUN) == 0;
		look.changes += i > 0 && kind != before;
		before = kind;
	}
	look.entropy = entropy_of(text, look.size);
	*ret_look = look;
}

/* The least entropy, in 1/1024 bits: for random text of so few bytes it stays below the
 * logarithm of its length, which it would have if no byte came twice. */
static unsigned entropy_min(size_t size, unsigned most)
{
	unsigned bound = logarithms[size] * 4u / 5;

	return bound < most ? bound : most;
}

bool look_is_random(const char *text, size_t size)
{
	struct look look;

	look_at(text, size, &look);
	return look.upper >= 2 && look.lower >= 2 && look.digits >= 1 && look.others <= 2 &&
	       look.joints * 9 <= look.size && /* names made of words have more */
	       look.upper + look.lower + look.digits >= look.size * 7 / 8 &&
	       look.changes * 5 >= look.size * 2 && look.entropy >= entropy_min(look.size, 4300);
}

bool look_is_random_digits(const char *text, size_t size)
{
	struct look look;

	look_at(text, size, &look);
	return look.digits >= 2 && (look.lower >= 2 || look.upper >= 2) &&
	       (look.lower == 0 || look.upper == 0) && look.others == 0 &&
	       look.digits + look.lower + look.upper >= look.size * 9 / 10 &&
	       look.changes * 4 >= look.size && look.entropy >= entropy_min(look.size, 3000);
}

/* ---- Words --------------------------------------------------------------------- */

bool look_is_word(const char *text, size_t size, const char *word)
{
	if (strlen(word) != size)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (chars_lower(text[i]) != word[i])
			return false;
	}
	return true;
}

bool look_has(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);

	for (size_t i = 0; i + length <= size; i++) {
		if (chars_lower(text[i]) == word[0] && look_is_word(text + i, length, word))
			return true;
	}
	return false;
}

static bool has_any(const char *text, size_t size, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (look_has(text, size, words[i]))
			return true;
	}
	return false;
}

static bool is_any(const char *text, size_t size, const char *const words[])
{
	for (size_t i = 0; words[i] != NULL; i++) {
		if (look_is_word(text, size, words[i]))
			return true;
	}
	return false;
}

/* Whether one character makes up nearly all of it: "********", "xxxxxxxx-xxxx". */
static bool is_monotonous(const char *text, size_t size)
{
	size_t same = 0;

	for (size_t i = 1; i < size; i++)
		same += text[i] == text[i - 1];
	return size < 2 || same * 10 >= size * 7;
}

/* What begins a variable or a place to be filled in. */
static bool begins_variable(const char *text, size_t size)
{
	return size > 0 && (strchr("$<{%[&*", text[0]) != NULL || text[0] == '\0');
}

bool look_is_placeholder(const char *text, size_t size)
{
	static const char *const parts[] = {
		"your",	    "example",	   "changeme", "change-me", "change_me", "placeholder",
		"xxxx",	    "****",	   "....",     "insert",    "replace",	 "dummy",
		"redacted", "<",	   "${",       "{{",	    "$(",	 "%s",
		"%(",	    "process.env", "environ",  "getenv",    "secrets.",	 "sample",
		"fake",	    "-here",	   "_here",    "<<",	    "todo",	 NULL,
	};
	static const char *const wholes[] = {
		"none",	       "null",	       "true",	     "false",	  "undefined",
		"nil",	       "string",       "text",	     "number",	  "boolean",
		"required",    "optional",     "invalid",    "incorrect", "wrong",
		"missing",     "hidden",       "input",	     "empty",	  "default",
		"disabled",    "enabled",      "password",   "passwd",	  "passwort",
		"wachtwoord",  "pass",	       "passphrase", "secret",	  "token",
		"credential",  "credentials",  "apikey",     "api_key",	  "api-key",
		"username",    "plaintext",    "encrypted",  "hashed",	  "unknown",
		"something",   "anything",     "whatever",   "plain",	  "basic",
		"bearer",      "value",	       "uint8array", "base64",	  "sha256",
		"uint32array", "float64array", "off",	     NULL,
	};

	size = size < LOOK_SIZE ? size : LOOK_SIZE;
	return begins_variable(text, size) || is_monotonous(text, size) ||
	       is_any(text, size, wholes) || has_any(text, size, parts);
}

/* Whether text is names with dots between them: settings.PASSWORD, self.token2. */
static bool is_path_of_names(const char *text, size_t size)
{
	size_t dots = 0;
	size_t digits = 0;
	size_t at = 0;

	while (at < size) {
		size_t end = chars_end(text, at, size, CHARS_ALNUM | CHARS_JOINT);

		if (end - at < 2 || !chars_is(text[at], CHARS_LETTER | CHARS_JOINT))
			return false;
		for (; at < end; at++)
			digits += chars_is(text[at], CHARS_DIGIT);
		if (at == size)
			break;
		if (text[at] != '.' || at + 1 == size)
			return false;
		dots++;
		at++;
	}
	return dots > 0 && digits <= 1;
}

bool look_is_code(const char *text, size_t size)
{
	for (size_t i = 0; i < size && i < LOOK_SIZE; i++) {
		if (text[i] == '(' || text[i] == '[' || text[i] == '{')
			return true;
		if (i + 1 < size && ((text[i] == ':' && text[i + 1] == ':') ||
				     (text[i] == '-' && text[i + 1] == '>')))
			return true;
	}
	return is_path_of_names(text, size < LOOK_SIZE ? size : LOOK_SIZE);
}

bool look_is_words(const char *text, size_t size)
{
	size_t joints = 0;
	size_t at = 0;

	while (at < size) {
		size_t letters = chars_end(text, at, size, CHARS_LETTER);
		size_t digits = chars_end(text, letters, size, CHARS_DIGIT);

		if (digits == at || digits - letters > 4)
			return false;
		if (digits == size)
			break;
		if (!chars_is(text[digits], CHARS_JOINT | CHARS_BASE64) && text[digits] != '.' &&
		    text[digits] != ':')
			return false;
		joints++;
		at = digits + 1;
	}
	return joints > 0;
}
