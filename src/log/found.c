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

/* One slot, and the key that the slot before it was checked with, or NULL. */
struct slot {
	const struct log_env *env;
	struct report *report;
	const uint8_t *bytes;
	unsigned index;
	const uint8_t *session;
	char key_id[FORMAT_KEY_ID_SIZE]; /* that it claims */
	char known_id[FORMAT_KEY_ID_SIZE];
	struct session_key *key;
};

static bool decode(const struct slot *slot, struct head *ret_head)
{
	return head_decode(slot->bytes, slot->index, slot->session, &slot->key->head, ret_head);
}

/* Checks a slot with each of the keys that have the id it claims: ours and those of other
 * stores. *ret_valid says whether one fits, which is then slot->key. HF_ERR_KEY_MISSING: no
 * key has that id. */
static int try_keys(struct slot *slot, struct head *ret_head, bool *ret_valid)
{
	struct session_key_choice choice = { .key_id = slot->key_id, .session = slot->session };
	int rc = HF_OK;

	/* Nearly always both slots have the same key. */
	*ret_valid = slot->key != NULL &&
		     memcmp(slot->known_id, slot->key_id, sizeof slot->key_id) == 0 &&
		     decode(slot, ret_head);
	for (; rc == HF_OK && !*ret_valid; choice.skip++) {
		session_key_free(slot->env->keyring, slot->key);
		slot->key = NULL;
		rc = session_key_choose(slot->env->keyring, slot->report, &choice, &slot->key);
		*ret_valid = rc == HF_OK && decode(slot, ret_head);
	}
	memcpy(slot->known_id, slot->key_id, sizeof slot->known_id);
	return rc == HF_ERR_KEY_MISSING && choice.skip > 1 ? HF_OK : rc;
}

int found_find(const struct log_env *env, struct report *report, struct storage_id id,
	       const uint8_t slots[static STORAGE_HEAD_SIZE], struct found_head *ret_found)
{
	struct found_head found = { .is_valid = false };
	struct slot slot = { .env = env, .report = report, .session = id.bytes };
	bool is_unknown = false;
	unsigned valid = 0;
	int unsafe_rc = HF_OK;
	int rc = HF_OK;

	for (slot.index = 0; rc == HF_OK && slot.index < FORMAT_HEAD_SLOTS; slot.index++) {
		struct head head;
		bool is_valid = false;

		slot.bytes = slots + (size_t)slot.index * FORMAT_HEAD_SLOT_SIZE;
		if (!head_claims_key(slot.bytes, slot.key_id))
			continue;
		rc = try_keys(&slot, &head, &is_valid);
		if (rc == HF_ERR_KEY_MISSING) {
			is_unknown = true;
			rc = HF_OK;
		} else if (rc == HF_ERR_KEY_MODE || rc == HF_ERR_KEY_UNSAFE) {
			/* A slot that a crash has torn sends us to other stores' keys, whose state
			 * must not matter while the other slot is good. */
			unsafe_rc = rc;
			rc = HF_OK;
		}
		valid += is_valid;
		if (is_valid && is_better(&found, &head)) {
			found.head = head;
			memcpy(found.store, slot.key->store, sizeof found.store);
			found.is_valid = true;
		}
	}
	session_key_free(env->keyring, slot.key);
	if (rc == HF_OK && !found.is_valid)
		rc = unsafe_rc;
	if (rc != HF_OK)
		return rc;
	if (unsafe_rc != HF_OK)
		report_clear(report);
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
	if (rc == HF_OK) {
		found->is_valid = head_decode(slot, is_second, id.bytes, &key->head, &found->head);
		memcpy(found->store, key->store, sizeof found->store);
	}
	session_key_free(env->keyring, key);
	if (found->is_valid || (rc != HF_OK && rc != HF_ERR_KEY_MISSING))
		return rc;
	return found_find(env, report, id, slots, ret_found);
}

int found_key(const struct log_env *env, struct report *report, const struct found_head *found,
	      struct session_key **ret_key)
{
	const struct session_key_choice choice = { .key_id = found->head.key_id,
						   .session = found->head.session,
						   .generation = found->head.generation,
						   .store = found->store };

	return session_key_choose(env->keyring, report, &choice, ret_key);
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
