/* SPDX-License-Identifier: MIT */
#include "format/head.h"

#include <string.h>

#include "base/invariant.h"
#include "crypto/kdf.h"

static void put_u64(uint8_t *bytes, uint64_t number)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *bytes)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | bytes[i];
	return number;
}

static void put_u32(uint8_t *bytes, uint32_t number)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

unsigned head_slot(uint64_t counter)
{
	return (unsigned)(counter % FORMAT_HEAD_SLOTS);
}

static bool sizes_fit(const struct head *head)
{
	return head->name_size <= FORMAT_NAME_SIZE_MAX &&
	       head->project_size <= FORMAT_PROJECT_SIZE_MAX &&
	       head->words_size <= FORMAT_WORDS_SIZE_MAX && head->tags_size <= FORMAT_TAGS_SIZE_MAX;
}

/* Numbers that can be counted on without overflow, whoever has signed them. */
static bool numbers_fit(const struct head *head)
{
	return head->counter <= INT64_MAX && head->generation <= INT64_MAX &&
	       head->records <= INT64_MAX && head->offset <= INT64_MAX &&
	       head->messages <= INT64_MAX;
}

size_t head_signed_size(const struct head *head)
{
	return (size_t)FORMAT_HEAD_TEXT_AT + head->name_size + head->project_size +
	       head->words_size + head->tags_size;
}

void head_digest_path(const char *path, size_t size,
		      uint8_t ret_digest[static FORMAT_FORMER_SIZE])
{
	uint8_t digest[KDF_SIZE];

	kdf_sha256(path, size, digest);
	memcpy(ret_digest, digest, FORMAT_FORMER_SIZE);
}

/* Puts the texts one after the other; returns where they end. */
static uint8_t *put_texts(const struct head *head, uint8_t *text)
{
	memcpy(text, head->name, head->name_size);
	text += head->name_size;
	memcpy(text, head->project, head->project_size);
	text += head->project_size;
	memcpy(text, head->words, head->words_size);
	text += head->words_size;
	memcpy(text, head->tags, head->tags_size);
	return text + head->tags_size;
}

void head_encode(const struct head *head, struct mac *key,
		 uint8_t ret_slot[static FORMAT_HEAD_SLOT_SIZE])
{
	uint8_t *text;

	INVARIANT(sizes_fit(head) && head->counter > 0);
	memcpy(ret_slot + FORMAT_HEAD_MAGIC_AT, FORMAT_HEAD_MAGIC, 8);
	put_u64(ret_slot + FORMAT_HEAD_COUNTER_AT, head->counter);
	memcpy(ret_slot + FORMAT_HEAD_SESSION_AT, head->session, sizeof head->session);
	put_u64(ret_slot + FORMAT_HEAD_GENERATION_AT, head->generation);
	put_u64(ret_slot + FORMAT_HEAD_RECORDS_AT, head->records);
	put_u64(ret_slot + FORMAT_HEAD_OFFSET_AT, head->offset);
	memcpy(ret_slot + FORMAT_HEAD_LAST_MAC_AT, head->mac, MAC_SIZE);
	memcpy(ret_slot + FORMAT_HEAD_KEY_ID_AT, head->key_id, FORMAT_KEY_ID_SIZE);
	put_u64(ret_slot + FORMAT_HEAD_FLAGS_AT, head->flags);
	put_u64(ret_slot + FORMAT_HEAD_CREATED_AT, (uint64_t)head->created_us);
	put_u64(ret_slot + FORMAT_HEAD_UPDATED_AT, (uint64_t)head->updated_us);
	put_u64(ret_slot + FORMAT_HEAD_MESSAGES_AT, head->messages);
	put_u32(ret_slot + FORMAT_HEAD_NAME_SIZE_AT, head->name_size);
	put_u32(ret_slot + FORMAT_HEAD_PROJECT_SIZE_AT, head->project_size);
	put_u32(ret_slot + FORMAT_HEAD_WORDS_SIZE_AT, head->words_size);
	put_u32(ret_slot + FORMAT_HEAD_TAGS_SIZE_AT, head->tags_size);
	memcpy(ret_slot + FORMAT_HEAD_FORMER_AT, head->former, sizeof head->former);
	text = put_texts(head, ret_slot + FORMAT_HEAD_TEXT_AT);
	mac_update(key, ret_slot, head_signed_size(head));
	mac_final(key, text);
	text += MAC_SIZE;
	memset(text, 0, (size_t)(ret_slot + FORMAT_HEAD_SLOT_SIZE - text));
}

bool head_claims_key(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE],
		     char ret_key_id[static FORMAT_KEY_ID_SIZE])
{
	if (memcmp(slot + FORMAT_HEAD_MAGIC_AT, FORMAT_HEAD_MAGIC, 8) != 0)
		return false;
	memcpy(ret_key_id, slot + FORMAT_HEAD_KEY_ID_AT, FORMAT_KEY_ID_SIZE);
	return true;
}

uint64_t head_claims_counter(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE])
{
	return get_u64(slot + FORMAT_HEAD_COUNTER_AT);
}

static void decode_fields(const uint8_t *slot, struct head *head)
{
	head->counter = get_u64(slot + FORMAT_HEAD_COUNTER_AT);
	memcpy(head->session, slot + FORMAT_HEAD_SESSION_AT, sizeof head->session);
	head->generation = get_u64(slot + FORMAT_HEAD_GENERATION_AT);
	head->records = get_u64(slot + FORMAT_HEAD_RECORDS_AT);
	head->offset = get_u64(slot + FORMAT_HEAD_OFFSET_AT);
	memcpy(head->mac, slot + FORMAT_HEAD_LAST_MAC_AT, MAC_SIZE);
	memcpy(head->key_id, slot + FORMAT_HEAD_KEY_ID_AT, FORMAT_KEY_ID_SIZE);
	head->flags = get_u64(slot + FORMAT_HEAD_FLAGS_AT);
	head->created_us = (int64_t)get_u64(slot + FORMAT_HEAD_CREATED_AT);
	head->updated_us = (int64_t)get_u64(slot + FORMAT_HEAD_UPDATED_AT);
	head->messages = get_u64(slot + FORMAT_HEAD_MESSAGES_AT);
	head->name_size = get_u32(slot + FORMAT_HEAD_NAME_SIZE_AT);
	head->project_size = get_u32(slot + FORMAT_HEAD_PROJECT_SIZE_AT);
	head->words_size = get_u32(slot + FORMAT_HEAD_WORDS_SIZE_AT);
	head->tags_size = get_u32(slot + FORMAT_HEAD_TAGS_SIZE_AT);
	memcpy(head->former, slot + FORMAT_HEAD_FORMER_AT, sizeof head->former);
}

static void decode_text(const uint8_t *slot, struct head *head)
{
	const uint8_t *text = slot + FORMAT_HEAD_TEXT_AT;

	memcpy(head->name, text, head->name_size);
	text += head->name_size;
	memcpy(head->project, text, head->project_size);
	text += head->project_size;
	memcpy(head->words, text, head->words_size);
	text += head->words_size;
	memcpy(head->tags, text, head->tags_size);
}

/* A listing looks at most of 8 KiB for each session, so each byte is compared with its
 * neighbour by what does that fastest. */
static bool is_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

bool head_decode(const uint8_t slot[static FORMAT_HEAD_SLOT_SIZE], unsigned slot_index,
		 const uint8_t session[static 16], struct mac *key, struct head *ret_head)
{
	struct head head = { 0 };
	uint8_t mac[MAC_SIZE];
	size_t size;

	if (memcmp(slot + FORMAT_HEAD_MAGIC_AT, FORMAT_HEAD_MAGIC, 8) != 0)
		return false;
	decode_fields(slot, &head);
	if (!sizes_fit(&head))
		return false;
	size = head_signed_size(&head);
	mac_update(key, slot, size);
	mac_final(key, mac);
	if (!mac_equal(mac, slot + size) ||
	    !is_zero(slot + size + MAC_SIZE, FORMAT_HEAD_SLOT_SIZE - size - MAC_SIZE))
		return false;
	if (head.counter == 0 || !numbers_fit(&head) || head_slot(head.counter) != slot_index ||
	    memcmp(head.session, session, sizeof head.session) != 0)
		return false;
	decode_text(slot, &head);
	*ret_head = head;
	return true;
}
