/* SPDX-License-Identifier: MIT */
#include "store/config_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/invariant.h"
#include "base/text.h"

/* tests/tidy/check-config reads this table: one setting a row, or two lines. */
const struct config_key config_keys[CONFIG_COUNT] = {
	[CONFIG_DURABILITY] = { "durability", CONFIG_LEVEL, "sync", NULL, NULL,
		"when a record counts as kept: sync, os or strict" },
	[CONFIG_TIMEOUT] = { "timeout", CONFIG_TIME, "0", "0", "30d",
		"how long to wait for another writer" },
	[CONFIG_MAX_RECORD_SIZE] = { "max_record_size", CONFIG_SIZE, "16M", "1", "1G",
		"largest data of one record" },
	[CONFIG_MAX_SESSION_SIZE] = { "max_session_size", CONFIG_SIZE, "0", "0", "1024T",
		"largest log of one session; 0: no limit" },
	[CONFIG_MAX_SESSIONS] = { "max_sessions", CONFIG_NUMBER, "0", "0", "4294967295",
		"most sessions in the store, the trash left out; 0: no limit" },
	[CONFIG_AUTO_CLEANUP] = { "auto_cleanup", CONFIG_TRUTH, "no", NULL, NULL,
		"at max_sessions, move the oldest closed session to the trash" },
	[CONFIG_SPACE_RESERVE] = { "space_reserve", CONFIG_SIZE, "16M", "0", "1024T",
		"free space that a new session must leave; 0: none" },
	[CONFIG_ONE_PER_PROJECT] = { "one_per_project", CONFIG_TRUTH, "no", NULL, NULL,
		"resume no session while another of its project is active" },
	[CONFIG_RESUME_MAX] = { "resume_max", CONFIG_NUMBER, "5", "0", "1024",
		"most attempts to resume one session in resume_window; 0: no limit" },
	[CONFIG_RESUME_WINDOW] = { "resume_window", CONFIG_TIME, "60s", "1ms", "30d",
		"the time in which these are counted" },
	[CONFIG_RESUME_GLOBAL_MAX] = { "resume_global_max", CONFIG_NUMBER, "20", "0", "1024",
		"most attempts to resume any session in resume_global_window; 0: no limit" },
	[CONFIG_RESUME_GLOBAL_WINDOW] = { "resume_global_window", CONFIG_TIME, "60s", "1ms", "30d",
		"the time in which these are counted" },
	[CONFIG_DEFAULT_MAX] = { "default_max", CONFIG_NUMBER, "5", "0", "1024",
		"the same for each other operation that a program counts" },
	[CONFIG_DEFAULT_WINDOW] = { "default_window", CONFIG_TIME, "60s", "1ms", "30d",
		"the time in which these are counted" },
	[CONFIG_DEFAULT_GLOBAL_MAX] = { "default_global_max", CONFIG_NUMBER, "20", "0", "1024",
		"the same for all keys of such an operation together" },
	[CONFIG_DEFAULT_GLOBAL_WINDOW] = { "default_global_window", CONFIG_TIME, "60s", "1ms", "30d",
		"the time in which these are counted" },
	[CONFIG_CLEANUP_INTERVAL] = { "cleanup_interval", CONFIG_TIME, "60s", "1s", "30d",
		"how often expired attempts are dropped" },
	[CONFIG_KEY_DIR] = { "key_dir", CONFIG_DIR, "", NULL, NULL,
		"directory of the secret; empty: keys in the store" },
	[CONFIG_RUNTIME_DIR] = { "runtime_dir", CONFIG_DIR_OR_NONE, "", NULL, NULL,
		"directory of the derived key; empty: $XDG_RUNTIME_DIR" },
	[CONFIG_ROUNDS] = { "rounds", CONFIG_NUMBER, "100000", "10000", "10000000",
		"PBKDF2 rounds for a new secret" },
	[CONFIG_THREADS] = { "threads", CONFIG_NUMBER, "2", "1", "16",
		"most threads that check one session" },
	[CONFIG_PADDING] = { "padding", CONFIG_SIZE, "64K", "0", "1M",
		"space that a long-lived writer writes ahead; 0: none" },
};

/* Words, and the number that each stands for. The first with a number is its usual one. */
struct word {
	const char *text;
	uint64_t number;
};

static const struct word levels[] = { { "sync", 0 }, { "os", 1 }, { "strict", 2 }, { NULL, 0 } };
static const struct word truths[] = { { "yes", 1 }, { "no", 0 },  { "true", 1 }, { "false", 0 },
				      { "on", 1 },  { "off", 0 }, { NULL, 0 } };
static const struct word no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct word size_units[] = {
	{ "", 1 },
	{ "K", 1 << 10 }, { "KiB", 1 << 10 },
	{ "M", 1 << 20 }, { "MiB", 1 << 20 },
	{ "G", 1 << 30 }, { "GiB", 1 << 30 },
	{ "T", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 },
	{ NULL, 0 },
};
static const struct word time_units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
	{ "d", 86400000 }, { NULL, 0 },
};

static bool read_word(const struct word *words, const char *text, uint64_t *ret_number)
{
	for (; words->text != NULL; words++) {
		if (strcmp(words->text, text) == 0) {
			*ret_number = words->number;
			return true;
		}
	}
	return false;
}

/* Reads a number with a unit right behind it. */
static bool read_quantity(const struct word *units, const char *text, uint64_t *ret_number)
{
	uint64_t number, unit;
	size_t digits = text_take_u64(text, strlen(text), &number);

	if (digits == 0 || !read_word(units, text + digits, &unit) || number > UINT64_MAX / unit)
		return false;
	*ret_number = number * unit;
	return true;
}

static const struct word *units_of(enum config_kind kind)
{
	return kind == CONFIG_SIZE ? size_units : kind == CONFIG_TIME ? time_units : no_units;
}

/* Reads a quantity that lies within the bounds of its setting. */
static bool read_bounded(const struct config_key *key, const char *text, uint64_t *ret_number)
{
	const struct word *units = units_of(key->kind);
	uint64_t number, min = 0, max = 0;

	INVARIANT(read_quantity(units, key->min, &min) && read_quantity(units, key->max, &max));
	if (!read_quantity(units, text, &number) || number < min || number > max)
		return false;
	*ret_number = number;
	return true;
}

bool config_keys_read(const struct config_key *key, const char *text, uint64_t *ret_number)
{
	switch (key->kind) {
	case CONFIG_LEVEL:
		return read_word(levels, text, ret_number);
	case CONFIG_TRUTH:
		return read_word(truths, text, ret_number);
	case CONFIG_DIR:
	case CONFIG_DIR_OR_NONE:
		if (text[0] != '/' && text[0] != '\0' &&
		    (key->kind == CONFIG_DIR || strcmp(text, "none") != 0))
			return false;
		*ret_number = 0;
		return true;
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
	case CONFIG_TIME:
		break;
	}
	return read_bounded(key, text, ret_number);
}

void config_keys_wanted(const struct config_key *key, char text[CONFIG_WANTED_SIZE])
{
	static const char *const names[] = {
		[CONFIG_LEVEL] = "sync, os or strict",
		[CONFIG_TRUTH] = "yes or no",
		[CONFIG_NUMBER] = "a number",
		[CONFIG_SIZE] = "a size",
		[CONFIG_TIME] = "a time",
		[CONFIG_DIR] = "an absolute path",
		[CONFIG_DIR_OR_NONE] = "an absolute path or none",
	};

	if (key->min != NULL)
		(void)snprintf(text, CONFIG_WANTED_SIZE, "%s from %s to %s", names[key->kind], key->min,
			       key->max);
	else
		text_copy(text, CONFIG_WANTED_SIZE, names[key->kind]);
}

size_t config_keys_find(const char *name)
{
	size_t i = 0;

	while (i < CONFIG_COUNT && strcmp(config_keys[i].name, name) != 0)
		i++;
	return i;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The letters to add, take away or change (V. I. Levenshtein), kept row by row; those of b
 * are small. */
static size_t distance(const char *a, const char *b)
{
	size_t row[CONFIG_NAME_SIZE];
	size_t b_size = strlen(b);

	INVARIANT(b_size < CONFIG_NAME_SIZE);
	for (size_t j = 0; j <= b_size; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t corner = i - 1; /* what row[j - 1] was in the row before */

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			size_t changed = corner + (lower(a[i - 1]) != b[j - 1]);

			corner = row[j];
			row[j] = smaller(changed, smaller(row[j - 1], row[j]) + 1);
		}
	}
	return row[b_size];
}

size_t config_keys_nearest(const char *typed, size_t limit)
{
	size_t nearest = CONFIG_COUNT;

	/* What is much longer is near to nothing, however long it takes to find out. */
	if (strnlen(typed, CONFIG_NAME_SIZE) == CONFIG_NAME_SIZE)
		return CONFIG_COUNT;
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		size_t far = distance(typed, config_keys[i].name);

		if (far < limit && far < strlen(typed)) {
			limit = far;
			nearest = i;
		}
	}
	return nearest;
}
