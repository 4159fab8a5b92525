/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/mem.h"
#include "crypto/kdf.h"
#include "holdfast.h"
#include "keys/keyring_internal.h"

/* The longest info: a label, the store, the session and the generation. */
enum { INFO_SIZE_MAX = sizeof FORMAT_INFO_SESSION + 16 + 16 + 8 };

struct info {
	uint8_t bytes[INFO_SIZE_MAX];
	size_t size;
};

static void put(struct info *info, const void *bytes, size_t size)
{
	memcpy(info->bytes + info->size, bytes, size);
	info->size += size;
}

static void put_u64(struct info *info, uint64_t number)
{
	for (unsigned shift = 64; shift > 0; shift -= 8)
		info->bytes[info->size++] = (uint8_t)(number >> (shift - 8));
}

static void init_mac(struct mac *mac, const uint8_t store_key[static FORMAT_KEY_SIZE],
		     const struct info *info)
{
	uint8_t key[MAC_KEY_SIZE];

	kdf_hkdf(store_key, FORMAT_KEY_SIZE, info->bytes, info->size, key);
	mac_init(mac, key);
	mem_wipe(key, sizeof key);
}

/* What a session's keys are derived for. */
struct purpose {
	const uint8_t *store;
	const uint8_t *session;
	uint64_t generation;
};

static void init_key(struct session_key *key, const uint8_t store_key[static FORMAT_KEY_SIZE],
		     const struct purpose *purpose)
{
	struct info record = { { 0 }, 0 };
	struct info head = { { 0 }, 0 };

	put(&record, FORMAT_INFO_SESSION, strlen(FORMAT_INFO_SESSION));
	put(&record, purpose->store, 16);
	put(&record, purpose->session, 16);
	put_u64(&record, purpose->generation);
	init_mac(&key->record, store_key, &record);
	put(&head, FORMAT_INFO_HEAD, strlen(FORMAT_INFO_HEAD));
	put(&head, purpose->store, 16);
	put(&head, purpose->session, 16);
	init_mac(&key->head, store_key, &head);
	key->ready = SESSION_KEY_READY;
}

/* Takes the spare memory, if it is ours: a forked child finds it wiped, and unlocked too. */
static struct session_key *take_spare(struct keyring *keyring)
{
	struct session_key *key;

	(void)pthread_mutex_lock(&keyring->mutex);
	key = keyring->spare;
	keyring->spare = NULL;
	(void)pthread_mutex_unlock(&keyring->mutex);
	if (key == NULL || key->ready == SESSION_KEY_SPARE)
		return key;
	keyring->sys->secret_free(keyring->sys->context, key, sizeof *key);
	return NULL;
}

static int new_memory(struct keyring *keyring, struct report *report,
		      struct session_key **ret_key)
{
	const struct sys *sys = keyring->sys;
	void *memory = take_spare(keyring);
	bool locked;
	int rc = 0;

	if (memory == NULL)
		rc = sys->secret_new(sys->context, sizeof(struct session_key), &memory, &locked);
	if (rc < 0)
		return report_errno(report, -rc, "memory for keys", NULL);
	*ret_key = memory;
	return HF_OK;
}

int session_key_choose(struct keyring *keyring, struct report *report,
		       const struct session_key_choice *choice, struct session_key **ret_key)
{
	struct key_found found = { .key = { 0 } };
	struct session_key *key = NULL;
	int rc;

	if (keyring->lender != NULL) {
		rc = lend_find(keyring, report, choice, &found);
	} else {
		(void)pthread_mutex_lock(&keyring->mutex);
		rc = keyring_find(keyring, report, choice, &found);
		(void)pthread_mutex_unlock(&keyring->mutex);
	}
	if (rc == HF_OK)
		rc = new_memory(keyring, report, &key);
	if (rc == HF_OK) {
		const struct purpose purpose = { found.store, choice->session, choice->generation };

		init_key(key, found.key, &purpose);
		memcpy(key->store, found.store, sizeof key->store);
		key->owner = (int64_t)keyring->sys->process(keyring->sys->context);
		*ret_key = key;
	}
	mem_wipe(&found, sizeof found);
	return rc;
}

int session_key_new(struct keyring *keyring, struct report *report,
		    const char key_id[static FORMAT_KEY_ID_SIZE], const uint8_t session[static 16],
		    uint64_t generation, struct session_key **ret_key)
{
	const struct session_key_choice choice = { .key_id = key_id, .session = session,
						   .generation = generation };

	return session_key_choose(keyring, report, &choice, ret_key);
}

int session_key_copy(struct keyring *keyring, struct report *report,
		     const struct session_key *key, struct session_key **ret_key)
{
	struct session_key *copy = NULL;
	int rc;

	if (!session_key_is_ready(keyring, key))
		return report_fail(report, HF_ERR_FORKED, "session key",
				   "the key was made before this process was forked");
	rc = new_memory(keyring, report, &copy);
	if (rc != HF_OK)
		return rc;
	*copy = *key;
	*ret_key = copy;
	return HF_OK;
}

/* Making such memory takes more system calls than reading a head, which a listing does for
 * each session; so the last one is kept for the next key. */
void session_key_free(struct keyring *keyring, struct session_key *key)
{
	struct session_key *surplus;

	if (key == NULL)
		return;
	mem_wipe(key, sizeof *key);
	key->ready = SESSION_KEY_SPARE;
	(void)pthread_mutex_lock(&keyring->mutex);
	surplus = keyring->spare;
	keyring->spare = key;
	(void)pthread_mutex_unlock(&keyring->mutex);
	if (surplus != NULL)
		keyring->sys->secret_free(keyring->sys->context, surplus, sizeof *surplus);
}

bool session_key_is_ready(const struct keyring *keyring, const struct session_key *key)
{
	return key->ready == SESSION_KEY_READY &&
	       key->owner == (int64_t)keyring->sys->process(keyring->sys->context);
}
