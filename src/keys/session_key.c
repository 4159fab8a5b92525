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

static int new_memory(const struct sys *sys, struct report *report, struct session_key **ret_key)
{
	void *memory = NULL;
	bool locked;
	int rc = sys->secret_new(sys->context, sizeof(struct session_key), &memory, &locked);

	if (rc < 0)
		return report_errno(report, -rc, "memory for keys", NULL);
	*ret_key = memory;
	return HF_OK;
}

int session_key_new(struct keyring *keyring, struct report *report,
		    const char key_id[static FORMAT_KEY_ID_SIZE], const uint8_t session[static 16],
		    uint64_t generation, struct session_key **ret_key)
{
	const struct purpose purpose = { keyring->store, session, generation };
	uint8_t store_key[FORMAT_KEY_SIZE] = { 0 };
	struct session_key *key = NULL;
	int rc;

	(void)pthread_mutex_lock(&keyring->mutex);
	rc = keyring_find(keyring, report, key_id, store_key);
	(void)pthread_mutex_unlock(&keyring->mutex);
	if (rc == HF_OK)
		rc = new_memory(keyring->sys, report, &key);
	if (rc == HF_OK) {
		init_key(key, store_key, &purpose);
		*ret_key = key;
	}
	mem_wipe(store_key, sizeof store_key);
	return rc;
}

int session_key_copy(struct keyring *keyring, struct report *report,
		     const struct session_key *key, struct session_key **ret_key)
{
	struct session_key *copy = NULL;
	int rc;

	if (!session_key_is_ready(key))
		return report_fail(report, HF_ERR_FORKED, "session key",
				   "the key was made before this process was forked");
	rc = new_memory(keyring->sys, report, &copy);
	if (rc != HF_OK)
		return rc;
	*copy = *key;
	*ret_key = copy;
	return HF_OK;
}

void session_key_free(struct keyring *keyring, struct session_key *key)
{
	if (key != NULL)
		keyring->sys->secret_free(keyring->sys->context, key, sizeof *key);
}

bool session_key_is_ready(const struct session_key *key)
{
	return key->ready == SESSION_KEY_READY;
}
