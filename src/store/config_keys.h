/* SPDX-License-Identifier: MIT */
/*
 * The table of settings, and what their values mean. docs/CONFIGURATION.md and
 * holdfast-config(5) have a row for each; tests/tidy/check-config compares them.
 */
#ifndef STORE_CONFIG_KEYS_H
#define STORE_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A setting's place in the table, which is in the order of the documentation. */
enum config_index {
	CONFIG_DURABILITY,
	CONFIG_TIMEOUT,
	CONFIG_MAX_RECORD_SIZE,
	CONFIG_MAX_SESSION_SIZE,
	CONFIG_MAX_SESSIONS,
	CONFIG_AUTO_CLEANUP,
	CONFIG_SPACE_RESERVE,
	CONFIG_ONE_PER_PROJECT,
	CONFIG_RESUME_MAX,
	CONFIG_RESUME_WINDOW,
	CONFIG_RESUME_GLOBAL_MAX,
	CONFIG_RESUME_GLOBAL_WINDOW,
	CONFIG_DEFAULT_MAX,
	CONFIG_DEFAULT_WINDOW,
	CONFIG_DEFAULT_GLOBAL_MAX,
	CONFIG_DEFAULT_GLOBAL_WINDOW,
	CONFIG_CLEANUP_INTERVAL,
	CONFIG_KEY_DIR,
	CONFIG_RUNTIME_DIR,
	CONFIG_ROUNDS,
	CONFIG_THREADS,
	CONFIG_PADDING,
	CONFIG_COUNT,
};

/* What the value of a setting is, and as which number it is kept. */
enum config_kind {
	CONFIG_LEVEL,       /* sync, os, strict: enum hf_durability */
	CONFIG_TRUTH,       /* yes, no, and other words for them: 1, 0 */
	CONFIG_NUMBER,      /* decimal digits */
	CONFIG_SIZE,        /* digits with K, M, ... or KiB, MiB, ...: bytes */
	CONFIG_TIME,        /* digits with ms, s, m, h, d; alone they are seconds: milliseconds */
	CONFIG_DIR,         /* an absolute path, or nothing */
	CONFIG_DIR_OR_NONE, /* the same, or the word "none" */
};

enum {
	CONFIG_NAME_SIZE = 32,  /* of a setting's name with its NUL, at most */
	CONFIG_WANTED_SIZE = 64 /* of config_keys_wanted's text with its NUL, at most */
};

/* One setting. Values and bounds are written as a user writes them. */
struct config_key {
	const char *name;
	enum config_kind kind;
	const char *standard; /* what holds if nobody sets it */
	const char *min;      /* for numbers, sizes and times; otherwise NULL */
	const char *max;
	const char *help;     /* what it is, for people who use the command */
};

extern const struct config_key config_keys[CONFIG_COUNT];

/* The place of the setting with this name, or CONFIG_COUNT. */
size_t config_keys_find(const char *name);
/* The place of the setting whose name is nearest to one that was mistyped, if less than
 * limit letters must be added, taken away or changed; or CONFIG_COUNT. */
size_t config_keys_nearest(const char *typed, size_t limit);

/* Reads a value. False: it is not of the setting's kind, or out of its bounds. */
bool config_keys_read(const struct config_key *key, const char *text, uint64_t *ret_number);
/* Says what a value of the setting must be: "a number from 0 to 1024". */
void config_keys_wanted(const struct config_key *key, char text[CONFIG_WANTED_SIZE]);

#endif
