/* SPDX-License-Identifier: MIT */
/*
 * A slot of the head on arbitrary bytes, as they are and under a right MAC: reading stays
 * within the slot, and what is accepted is exactly what is written for it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "format/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const uint8_t session[16] = "the session's id";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void init_key(struct mac *key)
{
	static const uint8_t bytes[MAC_KEY_SIZE] = { 1, 2, 3 };

	mac_init(key, bytes);
}

static void try_slot(const uint8_t *slot)
{
	uint8_t again[FORMAT_HEAD_SLOT_SIZE];
	char key_id[FORMAT_KEY_ID_SIZE];
	struct mac key;

	init_key(&key);
	(void)head_claims_key(slot, key_id);
	for (unsigned index = 0; index < FORMAT_HEAD_SLOTS; index++) {
		struct head head = { 0 };

		if (!head_decode(slot, index, session, &key, &head))
			continue;
		must(head.counter > 0 && head_slot(head.counter) == index);
		must(head.name_size <= sizeof head.name && head.project_size <= sizeof head.project &&
		     head.words_size <= sizeof head.words && head.tags_size <= sizeof head.tags);
		must(head_claims_key(slot, key_id) && head_claims_counter(slot) == head.counter);
		must(head_signed_size(&head) <= FORMAT_HEAD_SLOT_SIZE - MAC_SIZE);
		head_encode(&head, &key, again);
		must(memcmp(again, slot, sizeof again) == 0);
	}
}

static size_t get_size(const uint8_t *bytes)
{
	return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Puts the magic, the session and a right MAC where they belong. */
static void sign(uint8_t *slot)
{
	size_t size = (size_t)FORMAT_HEAD_TEXT_AT + get_size(slot + FORMAT_HEAD_NAME_SIZE_AT) +
		      get_size(slot + FORMAT_HEAD_PROJECT_SIZE_AT) +
		      get_size(slot + FORMAT_HEAD_WORDS_SIZE_AT) +
		      get_size(slot + FORMAT_HEAD_TAGS_SIZE_AT);
	struct mac key;

	memcpy(slot, FORMAT_HEAD_MAGIC, 8);
	memcpy(slot + FORMAT_HEAD_SESSION_AT, session, sizeof session);
	if (size > FORMAT_HEAD_SLOT_SIZE - MAC_SIZE)
		return;
	init_key(&key);
	mac_update(&key, slot, size);
	mac_final(&key, slot + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* On the heap, so that reading beyond the slot is seen. */
	uint8_t *slot = calloc(1, FORMAT_HEAD_SLOT_SIZE);

	must(slot != NULL);
	if (size > 0)
		memcpy(slot, bytes, size < FORMAT_HEAD_SLOT_SIZE ? size : FORMAT_HEAD_SLOT_SIZE);
	try_slot(slot);
	sign(slot);
	try_slot(slot);
	free(slot);
	return 0;
}
