/* SPDX-License-Identifier: MIT */
/*
 * The head of a session, as docs/FORMAT.md describes it: where the log ended when the
 * last append was acknowledged, and what a listing shows. It is at the same time the
 * folded state of a log that an appender carries from record to record.
 */
#ifndef FORMAT_HEAD_H
#define FORMAT_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/mac.h"
#include "format/constants.h"

struct head {
	uint64_t counter;    /* grows by one with each write; 0: never written */
	uint8_t session[16];
	uint64_t generation;
	uint64_t records;    /* records in the log */
	uint64_t offset;     /* bytes that these take */
	uint8_t mac[MAC_SIZE]; /* of the last of them */
	char key_id[FORMAT_KEY_ID_SIZE];
	uint64_t flags;      /* FORMAT_HEAD_SEALED, ... */
	int64_t created_us;
	int64_t updated_us;
	uint64_t messages;
	uint32_t name_size;
	uint32_t project_size;
	uint32_t words_size;
	uint32_t tags_size;
	/* Digests of the paths where the project was before, newest first; unused ones zero. */
	uint8_t former[FORMAT_FORMER_MAX][FORMAT_FORMER_SIZE];
	char name[FORMAT_NAME_SIZE_MAX];       /* no NUL at the end */
	char project[FORMAT_PROJECT_SIZE_MAX];
	char words[FORMAT_WORDS_SIZE_MAX];
	char tags[FORMAT_TAGS_SIZE_MAX]; /* with a space between */
};

/* The slot that a head with this counter is written to. */
unsigned head_slot(uint64_t counter);

/* The digest that stands for a project's path among the former ones. */
void head_digest_path(const char *path, size_t size,
		      uint8_t ret_digest[static FORMAT_FORMER_SIZE]);

/* Writes head into a slot, signed by the head key. */
void head_encode(const struct head *head, struct mac *key,
		 uint8_t ret_slot[static FORMAT_HEAD_SLOT_SIZE]);

/* The key id that a slot claims, before anything is checked; false if the slot is not of
 * this format (or was never written). */
bool head_claims_key(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE],
		     char ret_key_id[static FORMAT_KEY_ID_SIZE]);

/* The counter that a slot claims, before anything is checked. */
uint64_t head_claims_counter(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE]);

/* The bytes at a slot's beginning that its MAC covers. */
size_t head_signed_size(const struct head *head);

/* Checks slot number slot_index of the head of a session and decodes it: true if it is
 * valid in every respect that docs/FORMAT.md names. */
bool head_decode(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE], unsigned slot_index,
		 const uint8_t session[static 16], struct mac *key, struct head *ret_head);

#endif
