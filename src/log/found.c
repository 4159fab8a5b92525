/* SPDX-License-Identifier: MIT */
#include "log/found.h"

#include <string.h>

/* Whether a valid slot counts more than the best one so far. */
static bool is_better(const struct found_head *found, const struct head *head)
{
	bool was_weak = keyring_is_weak(found->head.key_id);
	bool is_weak = keyring_is_weak(head->key_id);

	if (!found->is_valid || was_weak != is_weak)
		return !found->is_valid || was_weak;
	return head->counter > found->head.counter;
}

int found_find(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found)
{
	struct found_head found = { 0 };
	char known_id[FORMAT_KEY_ID_SIZE];
	struct session_key *key = NULL;
	bool is_unknown = false;
	unsigned valid = 0;

	for (unsigned i = 0; i < FORMAT_HEAD_SLOTS; i++) {
		const uint8_t *slot = slots + (size_t)i * FORMAT_HEAD_SLOT_SIZE;
		char key_id[FORMAT_KEY_ID_SIZE];
		struct head head;
		int rc = HF_OK;

		if (!head_claims_key(slot, key_id))
			continue;
		/* Nearly always both slots have the same key. */
		if (key == NULL || memcmp(known_id, key_id, sizeof known_id) != 0) {
			session_key_free(env->keyring, key);
			key = NULL;
			rc = session_key_new(env->keyring, report, key_id, id.bytes, 0, &key);
			memcpy(known_id, key_id, sizeof known_id);
		}
		if (rc == HF_ERR_KEY_MISSING) {
			is_unknown = true;
			continue;
		}
		if (rc != HF_OK)
			return rc;
		if (!head_decode(slot, i, id.bytes, &key->head, &head))
			continue;
		valid++;
		if (is_better(&found, &head)) {
			found.head = head;
			found.is_valid = true;
		}
	}
	session_key_free(env->keyring, key);
	found.is_only = valid == 1;
	found.is_key_missing = !found.is_valid && is_unknown;
	*ret_found = found;
	return HF_OK;
}

int found_peek(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found)
{
	const uint8_t *second = slots + FORMAT_HEAD_SLOT_SIZE;
	bool is_second = head_claims_counter(second) > head_claims_counter(slots);
	const uint8_t *slot = is_second ? second : slots;
	char key_id[FORMAT_KEY_ID_SIZE];
	struct session_key *key = NULL;
	struct found_head *found = ret_found;
	int rc = HF_ERR_KEY_MISSING;

	*found = (struct found_head){ .is_valid = false };
	if (head_claims_key(slot, key_id) && !keyring_is_weak(key_id))
		rc = session_key_new(env->keyring, report, key_id, id.bytes, 0, &key);
	if (rc == HF_OK)
		found->is_valid = head_decode(slot, is_second, id.bytes, &key->head, &found->head);
	session_key_free(env->keyring, key);
	if (found->is_valid || (rc != HF_OK && rc != HF_ERR_KEY_MISSING))
		return rc;
	return found_find(env, report, id, slots, ret_found);
}

bool found_is_settled(const uint8_t slots[static STORAGE_HEAD_SIZE], const struct head *head)
{
	const uint8_t *other = slots + FORMAT_HEAD_SLOT_SIZE;
	size_t from = FORMAT_HEAD_SESSION_AT; /* what stands before is the counter */
	size_t size = head_signed_size(head);

	return head->records > 1 && memcmp(slots, other, FORMAT_HEAD_COUNTER_AT) == 0 &&
	       memcmp(slots + from, other + from, size - from) == 0;
}

int found_expect(const struct log_env *env, struct report *report, struct storage_id id,
		 const struct head *seen)
{
	uint8_t slots[STORAGE_HEAD_SIZE];
	struct found_head found = { .is_valid = false };
	int rc = env->storage->ops->head_peek(env->storage, report, id, slots);

	if (rc == HF_OK)
		rc = found_peek(env, report, id, slots, &found);
	/* A session of the same id that was made anew can have the same counter. */
	if (rc == HF_OK && found.is_valid && found.head.counter == seen->counter &&
	    mac_equal(found.head.mac, seen->mac))
		return HF_OK;
	return report_fail(report, HF_ERR_CONFLICT, "expect", "the session is not as it was seen");
}

bool found_is_nothing(const struct head *head)
{
	return (head->flags & FORMAT_HEAD_DELETED) != 0 ||
	       (head->generation == 0 && head->records <= 1);
}
