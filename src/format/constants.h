/* SPDX-License-Identifier: MIT */
/*
 * Every number of the format, version 1, in one place. docs/FORMAT.md lists each of
 * them in a table; a test fails when the two differ.
 */
#ifndef FORMAT_CONSTANTS_H
#define FORMAT_CONSTANTS_H

enum {
	FORMAT_VERSION = 1,

	/* Records */
	FORMAT_MAC_SIZE = 32,           /* an HMAC-SHA256 */
	FORMAT_MAC_TEXT_SIZE = 43,      /* the same as unpadded base64url */
	FORMAT_TAIL_SIZE = 53,          /* ,"mac":"<43>"} at the end of each line */
	FORMAT_TIME_SIZE = 27,
	FORMAT_UUID_TEXT_SIZE = 36,
	FORMAT_TYPE_SIZE_MAX = 32,
	FORMAT_RECORD_ID_SIZE_MAX = 128,
	FORMAT_DEPTH_MAX = 128,
	FORMAT_KEY_ID_SIZE = 16,
	FORMAT_NAME_SIZE_MAX = 256,
	FORMAT_PROJECT_SIZE_MAX = 3072,

	/* Keys */
	FORMAT_KEY_SIZE = 32,
	FORMAT_ROUNDS_MIN = 10000,
	FORMAT_ROUNDS_MAX = 10000000,
	FORMAT_HOST_SIZE_MAX = 255,
	FORMAT_KEY_FILE_SIZE_MAX = 1024,

	/* The head: offsets and sizes in a slot; integers are big-endian */
	FORMAT_HEAD_SLOTS = 2,
	FORMAT_HEAD_SLOT_SIZE = 4096,
	FORMAT_HEAD_MAGIC_AT = 0,       /* 8 bytes: FORMAT_HEAD_MAGIC */
	FORMAT_HEAD_COUNTER_AT = 8,     /* u64 */
	FORMAT_HEAD_SESSION_AT = 16,    /* 16 bytes */
	FORMAT_HEAD_GENERATION_AT = 32, /* u64 */
	FORMAT_HEAD_RECORDS_AT = 40,    /* u64 */
	FORMAT_HEAD_OFFSET_AT = 48,     /* u64 */
	FORMAT_HEAD_LAST_MAC_AT = 56,   /* 32 bytes */
	FORMAT_HEAD_KEY_ID_AT = 88,     /* 16 bytes */
	FORMAT_HEAD_FLAGS_AT = 104,     /* u64 */
	FORMAT_HEAD_CREATED_AT = 112,   /* i64, microseconds since 1970 */
	FORMAT_HEAD_UPDATED_AT = 120,   /* i64 */
	FORMAT_HEAD_MESSAGES_AT = 128,  /* u64 */
	FORMAT_HEAD_NAME_SIZE_AT = 136, /* u32 */
	FORMAT_HEAD_PROJECT_SIZE_AT = 140, /* u32 */
	FORMAT_HEAD_WORDS_SIZE_AT = 144, /* u32 */
	FORMAT_HEAD_TAGS_SIZE_AT = 148, /* u32 */
	FORMAT_HEAD_FORMER_AT = 152,    /* 8 times 8 bytes: digests of former project paths */
	FORMAT_HEAD_TEXT_AT = 216,      /* name, project, first words, tags, then the MAC */
	FORMAT_WORDS_SIZE_MAX = 160,
	FORMAT_TAGS_SIZE_MAX = 256,     /* bytes of all tags with a space between */
	FORMAT_TAG_SIZE_MAX = 64,
	FORMAT_TAGS_MAX = 16,
	FORMAT_FORMER_MAX = 8,          /* former project paths that are remembered */
	FORMAT_FORMER_SIZE = 8,         /* bytes of a path's SHA-256 that stand for it */

	/* Bits of a head's flags */
	FORMAT_HEAD_SEALED = 1,
	FORMAT_HEAD_UNSIGNED = 2,
	FORMAT_HEAD_DELETED = 4,
	FORMAT_HEAD_PINNED = 8,
};

#define FORMAT_HEAD_MAGIC "hfhead1\n"
#define FORMAT_WEAK_PREFIX "weak"
#define FORMAT_INFO_SESSION "holdfast/1 session"
#define FORMAT_INFO_HEAD "holdfast/1 head"
#define FORMAT_INFO_KEY_ID "holdfast/1 key id"
#define FORMAT_INFO_WEAK "holdfast/1 weak key"
#define FORMAT_SALT "holdfast/1 store key"

_Static_assert(FORMAT_HEAD_TEXT_AT + FORMAT_NAME_SIZE_MAX + FORMAT_PROJECT_SIZE_MAX +
		       FORMAT_WORDS_SIZE_MAX + FORMAT_TAGS_SIZE_MAX + FORMAT_MAC_SIZE <=
	       FORMAT_HEAD_SLOT_SIZE,
	       "the largest head fits its slot");
_Static_assert(FORMAT_HEAD_FORMER_AT + FORMAT_FORMER_MAX * FORMAT_FORMER_SIZE ==
		       FORMAT_HEAD_TEXT_AT,
	       "the digests end where the text begins");
_Static_assert(FORMAT_TAIL_SIZE == 8 + FORMAT_MAC_TEXT_SIZE + 2, "the tail's fixed shape");

#endif
