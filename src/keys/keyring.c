/* SPDX-License-Identifier: MIT */
#include "keys/keyring.h"

#include <errno.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "base/text.h"
#include "holdfast.h"
#include "keys/foreign.h"
#include "keys/store_key.h"

_Static_assert(FORMAT_KEY_ID_SIZE + 1 == HF_KEY_ID_SIZE, "a key id and its NUL");

bool keyring_is_weak(const char key_id[static FORMAT_KEY_ID_SIZE])
{
	return memcmp(key_id, FORMAT_WEAK_PREFIX, strlen(FORMAT_WEAK_PREFIX)) == 0;
}

/* ---- Opening and closing --------------------------------------------------------- */

int keyring_open(const struct sys *sys, struct report *report, int key_dir_fd,
		 const uint8_t store[static 16], const struct keyring_options *options,
		 struct keyring **ret_keyring)
{
	struct keyring *keyring = mem_new(1, sizeof *keyring);
	int rc = HF_ERR_NOMEM;

	INVARIANT(options->rounds >= FORMAT_ROUNDS_MIN && options->rounds <= FORMAT_ROUNDS_MAX);
	INVARIANT(key_dir_fd >= 0 || options->read_only || options->dir_denied);
	if (keyring == NULL)
		goto out;
	if (options->runtime_dir != NULL) {
		keyring->runtime_dir = mem_copy_text(options->runtime_dir);
		if (keyring->runtime_dir == NULL)
			goto out;
	}
	if (pthread_mutex_init(&keyring->mutex, NULL) != 0)
		goto out;
	keyring->sys = sys;
	keyring->dir = (struct secret_dir){ sys, key_dir_fd, options->read_only };
	keyring->runtime = (struct runtime){ sys, keyring->runtime_dir };
	memcpy(keyring->store, store, sizeof keyring->store);
	keyring->rounds = options->rounds;
	keyring->dir_denied = options->dir_denied;
	*ret_keyring = keyring;
	return HF_OK;
out:
	if (keyring != NULL)
		mem_free(keyring->runtime_dir);
	mem_free(keyring);
	return report_fail(report, rc, "keyring", "out of memory");
}

void keyring_close(struct keyring *keyring)
{
	const struct sys *sys;

	if (keyring == NULL)
		return;
	sys = keyring->sys;
	foreign_forget(keyring);
	if (keyring->key != NULL)
		sys->secret_free(sys->context, keyring->key, sizeof *keyring->key);
	if (keyring->spare != NULL)
		sys->secret_free(sys->context, keyring->spare, sizeof *keyring->spare);
	if (keyring->dir.fd >= 0)
		(void)sys->close(sys->context, keyring->dir.fd);
	(void)pthread_mutex_destroy(&keyring->mutex);
	mem_free(keyring->runtime_dir);
	mem_free(keyring);
}

/* ---- Loading; the mutex is held -------------------------------------------------- */

static bool is_loaded(const struct keyring *keyring)
{
	return keyring->key != NULL && keyring->key->ready == STORE_KEY_READY;
}

static int secret_memory(const struct sys *sys, struct report *report, size_t size,
			 void **ret_memory)
{
	bool locked = false;
	int rc = sys->secret_new(sys->context, size, ret_memory, &locked);

	if (rc < 0)
		return report_errno(report, -rc, "memory for keys", NULL);
	if (!locked)
		report_log(report, HF_LOG_DEBUG, "memory for keys could not be locked");
	return HF_OK;
}

/*
 * Makes sure that the secret's name survives a power cut before anything is signed with
 * it: another process may have linked it a moment ago and not have synced yet. One that
 * signs nothing may do without, but must not claim the opposite to others by a cache.
 */
static int sync_dir(struct keyring *keyring, struct report *report, bool *ret_synced)
{
	const struct sys *sys = keyring->sys;
	int rc;

	/* After a failed sync a further one may succeed and mean nothing. */
	if (keyring->unsynced && !keyring->dir.read_only)
		return report_fail(report, HF_ERR_IO, "fsync",
				   "the key directory could not be synced earlier");
	rc = keyring->unsynced ? -EIO : sys->sync_all(sys->context, keyring->dir.fd);
	*ret_synced = rc == 0;
	if (rc == 0)
		return HF_OK;
	keyring->unsynced = true;
	return keyring->dir.read_only ? HF_OK :
					report_errno(report, -rc, "fsync", "the key directory");
}

/* Derives the store key of a secret and offers it to other processes. */
static int derive_and_share(struct keyring *keyring, struct report *report,
			    const struct secret *secret,
			    uint8_t ret_key[static FORMAT_KEY_SIZE])
{
	struct keycache cache = { { 0 }, { 0 } };
	bool synced = false;
	int rc = sync_dir(keyring, report, &synced);

	if (rc != HF_OK)
		return rc;
	store_key_derive(&secret->file, ret_key);
	if (synced && keyring->runtime_dir != NULL) {
		memcpy(cache.key_file_digest, secret->digest, sizeof cache.key_file_digest);
		memcpy(cache.store_key, ret_key, sizeof cache.store_key);
		runtime_put(&keyring->runtime, report, &cache);
		mem_wipe(&cache, sizeof cache);
	}
	return HF_OK;
}

/* Gets the store key of a secret, and makes it the one in memory; *ret_source says where it
 * came from. */
static int replace_key(struct keyring *keyring, struct report *report,
		       const struct secret *secret, const char **ret_source)
{
	struct store_key *key = keyring->key;
	uint8_t bytes[FORMAT_KEY_SIZE] = { 0 };
	const char *source = "runtime cache";
	int rc = HF_OK;

	if (!runtime_find(&keyring->runtime, report, secret->digest, bytes)) {
		source = "derived";
		rc = derive_and_share(keyring, report, secret, bytes);
	}
	if (rc != HF_OK)
		goto out;
	memcpy(key->digest, secret->digest, sizeof key->digest);
	memcpy(key->key, bytes, sizeof key->key);
	store_key_id(bytes, key->id);
	key->ready = STORE_KEY_READY;
	*ret_source = source;
out:
	mem_wipe(bytes, sizeof bytes);
	return rc;
}

/* Makes sure that the key in memory is that of a good secret. */
static int adopt(struct keyring *keyring, struct report *report, const struct secret *secret,
		 const char **ret_source)
{
	void *memory = NULL;
	int rc = HF_OK;

	if (keyring->key == NULL) {
		rc = secret_memory(keyring->sys, report, sizeof *keyring->key, &memory);
		if (rc != HF_OK)
			return rc;
		keyring->key = memory;
	}
	if (is_loaded(keyring) &&
	    memcmp(keyring->key->digest, secret->digest, sizeof secret->digest) == 0)
		*ret_source = "memory";
	else
		rc = replace_key(keyring, report, secret, ret_source);
	if (rc != HF_OK)
		return rc;
	keyring->place = secret->place;
	keyring->warned_weak = false;
	return HF_OK;
}

static void warn_weak(struct keyring *keyring, struct report *report, int reason)
{
	if (!keyring->warned_weak)
		report_log(report, HF_LOG_WARNING,
			   SECRET_NAME " cannot be read (errno %d): until it can, sessions are "
			   "signed with a weak key, which protects against accidents only", reason);
	keyring->warned_weak = true;
}

/* Reads the secret, or makes one if it may; does not look at what is in memory. */
static int read_secret(struct keyring *keyring, struct report *report, bool make,
		       struct secret *secret)
{
	if (keyring->dir.fd < 0) {
		secret->state = keyring->dir_denied ? SECRET_UNREADABLE : SECRET_MISSING;
		secret->reason = keyring->dir_denied ? EACCES : 0;
		return HF_OK;
	}
	if (!make || keyring->dir.read_only)
		return secret_read(&keyring->dir, report, secret);
	return secret_read_or_make(&keyring->dir, report, keyring->rounds, secret);
}

/* What loading has found, without anything secret. */
struct loaded {
	enum secret_state state;
	int reason;
	const char *source;
	uint32_t rounds;
	char host[FORMAT_HOST_SIZE_MAX + 1];
	char made[FORMAT_TIME_SIZE + 1];
};

/* Loads the secret on disk, in place of what is in memory if it is another one. */
static int load(struct keyring *keyring, struct report *report, bool make,
		struct loaded *ret_loaded)
{
	void *memory = NULL;
	struct secret *secret;
	struct loaded loaded = { .source = "" };
	int rc = secret_memory(keyring->sys, report, sizeof *secret, &memory);

	if (rc != HF_OK)
		return rc;
	secret = memory;
	rc = read_secret(keyring, report, make, secret);
	if (rc == HF_OK && secret->state == SECRET_GOOD)
		rc = adopt(keyring, report, secret, &loaded.source);
	if (rc != HF_OK)
		goto out;
	if (secret->state == SECRET_UNREADABLE)
		warn_weak(keyring, report, secret->reason);
	loaded.state = secret->state;
	loaded.reason = secret->reason;
	loaded.rounds = secret->file.rounds;
	memcpy(loaded.host, secret->file.host, sizeof loaded.host);
	memcpy(loaded.made, secret->file.made, sizeof loaded.made);
	*ret_loaded = loaded;
out:
	keyring->sys->secret_free(keyring->sys->context, secret, sizeof *secret);
	return rc;
}

/* ---- Using ----------------------------------------------------------------------- */

/* Gives the id that new sessions are signed with, once the secret has been looked at. */
static int choose_id(struct keyring *keyring, struct report *report, enum secret_state state,
		     char ret_key_id[static FORMAT_KEY_ID_SIZE])
{
	uint8_t weak_key[FORMAT_KEY_SIZE];

	switch (state) {
	case SECRET_GOOD:
		memcpy(ret_key_id, keyring->key->id, FORMAT_KEY_ID_SIZE);
		return HF_OK;
	case SECRET_UNREADABLE:
		store_key_weak(keyring->store, weak_key, ret_key_id);
		return HF_OK;
	case SECRET_DAMAGED:
		return report_fail(report, HF_ERR_KEY_CORRUPT, "key file",
				   SECRET_NAME " is damaged, and the store is read-only");
	default:
		return report_fail(report, HF_ERR_KEY_MISSING, "key file",
				   "there is no " SECRET_NAME);
	}
}

int keyring_current(struct keyring *keyring, struct report *report,
		    char ret_key_id[static FORMAT_KEY_ID_SIZE])
{
	struct loaded loaded = { .state = SECRET_GOOD };
	int rc = HF_OK;

	(void)pthread_mutex_lock(&keyring->mutex);
	if (!is_loaded(keyring))
		rc = load(keyring, report, true, &loaded);
	if (rc == HF_OK)
		rc = choose_id(keyring, report, loaded.state, ret_key_id);
	(void)pthread_mutex_unlock(&keyring->mutex);
	return rc;
}

static bool has_key(const struct keyring *keyring, const char key_id[static FORMAT_KEY_ID_SIZE])
{
	return is_loaded(keyring) && memcmp(keyring->key->id, key_id, FORMAT_KEY_ID_SIZE) == 0;
}

static int find_weak(const struct keyring *keyring, const char key_id[static FORMAT_KEY_ID_SIZE],
		     uint8_t ret_store_key[static FORMAT_KEY_SIZE])
{
	uint8_t weak_key[FORMAT_KEY_SIZE];
	char weak_id[FORMAT_KEY_ID_SIZE];

	store_key_weak(keyring->store, weak_key, weak_id);
	if (memcmp(weak_id, key_id, FORMAT_KEY_ID_SIZE) != 0)
		return HF_ERR_KEY_MISSING;
	memcpy(ret_store_key, weak_key, sizeof weak_key);
	return HF_OK;
}

/* Finds a key of this store's own. */
static int find_own(struct keyring *keyring, struct report *report,
		    const char key_id[static FORMAT_KEY_ID_SIZE],
		    uint8_t ret_store_key[static FORMAT_KEY_SIZE])
{
	struct loaded loaded;

	if (keyring_is_weak(key_id))
		return find_weak(keyring, key_id, ret_store_key);
	if (!has_key(keyring, key_id)) {
		/* A process that lives long may meet sessions of a key that replaced its own. */
		bool changed = !is_loaded(keyring) || !secret_is_at(&keyring->dir, &keyring->place);
		int rc = changed ? load(keyring, report, false, &loaded) : HF_OK;

		if (rc != HF_OK)
			return rc;
	}
	if (!has_key(keyring, key_id))
		return HF_ERR_KEY_MISSING;
	memcpy(ret_store_key, keyring->key->key, FORMAT_KEY_SIZE);
	return HF_OK;
}

int keyring_find(struct keyring *keyring, struct report *report,
		 const struct session_key_choice *choice, struct key_found *ret_found)
{
	struct session_key_choice any = *choice;
	struct key_found own = { .key = { 0 } };
	int own_rc = find_own(keyring, report, choice->key_id, own.key);
	bool is_ours = own_rc == HF_OK;
	int rc;

	if (own_rc != HF_OK && own_rc != HF_ERR_KEY_MISSING)
		return own_rc;
	memcpy(own.store, keyring->store, sizeof own.store);
	if (choice->store != NULL && memcmp(choice->store, own.store, sizeof own.store) != 0)
		is_ours = false;
	if (is_ours && choice->skip == 0) {
		*ret_found = own;
		rc = HF_OK;
		goto out;
	}
	rc = foreign_find(keyring, report, choice, choice->skip - (is_ours ? 1u : 0u), ret_found);
	if (rc != HF_ERR_KEY_MISSING || choice->store == NULL || choice->is_exact)
		goto out;
	/* Known, but for another store. */
	any.store = NULL;
	any.skip = 0;
	if (own_rc == HF_OK)
		*ret_found = own;
	rc = own_rc == HF_OK ? HF_OK : foreign_find(keyring, report, &any, 0, ret_found);
out:
	mem_wipe(&own, sizeof own);
	return rc;
}

/* ---- Dropping -------------------------------------------------------------------- */

/* Removes the cache of the secret that is on disk now. */
static int drop_current(struct keyring *keyring, struct report *report)
{
	struct secret *secret;
	void *memory = NULL;
	int rc = secret_memory(keyring->sys, report, sizeof *secret, &memory);

	if (rc != HF_OK)
		return rc;
	secret = memory;
	rc = read_secret(keyring, report, false, secret);
	if (rc == HF_OK && secret->state == SECRET_GOOD)
		rc = runtime_remove(&keyring->runtime, report, secret->digest);
	keyring->sys->secret_free(keyring->sys->context, secret, sizeof *secret);
	return rc;
}

int keyring_drop(struct keyring *keyring, struct report *report)
{
	uint8_t digest[32];
	bool was_loaded;
	int rc = HF_OK;
	int current_rc = HF_OK;

	(void)pthread_mutex_lock(&keyring->mutex);
	was_loaded = is_loaded(keyring);
	if (was_loaded) {
		memcpy(digest, keyring->key->digest, sizeof digest);
		mem_wipe(keyring->key, sizeof *keyring->key);
		rc = runtime_remove(&keyring->runtime, report, digest);
	}
	/* The secret on disk may be another one by now. */
	if (keyring->runtime_dir != NULL &&
	    !(was_loaded && secret_is_at(&keyring->dir, &keyring->place)))
		current_rc = drop_current(keyring, report);
	foreign_forget(keyring);
	if (current_rc == HF_OK && keyring->runtime_dir != NULL)
		current_rc = foreign_drop(keyring, report);
	(void)pthread_mutex_unlock(&keyring->mutex);
	return rc != HF_OK ? rc : current_rc;
}

/* ---- Listing --------------------------------------------------------------------- */

static void put_id(struct hf_key_info *info, const char id[static FORMAT_KEY_ID_SIZE])
{
	memcpy(info->id, id, FORMAT_KEY_ID_SIZE);
	info->id[FORMAT_KEY_ID_SIZE] = '\0';
}

/* Tells of the secret, given what loading it came to. */
static struct hf_key_info describe(struct keyring *keyring, int error, const struct loaded *loaded)
{
	struct hf_key_info info = { .state = HF_KEY_CURRENT, .error = error };
	uint8_t weak_key[FORMAT_KEY_SIZE];
	char weak_id[FORMAT_KEY_ID_SIZE];

	text_copy(info.file, sizeof info.file, SECRET_NAME);
	if (error != HF_OK)
		return info;
	switch (loaded->state) {
	case SECRET_GOOD:
		put_id(&info, keyring->key->id);
		info.rounds = loaded->rounds;
		text_copy(info.host, sizeof info.host, loaded->host);
		text_copy(info.made, sizeof info.made, loaded->made);
		text_copy(info.source, sizeof info.source, loaded->source);
		break;
	case SECRET_UNREADABLE:
		info.state = HF_KEY_WEAK;
		info.error = report_code(loaded->reason);
		store_key_weak(keyring->store, weak_key, weak_id);
		put_id(&info, weak_id);
		break;
	case SECRET_DAMAGED:
		info.state = HF_KEY_CORRUPT;
		info.error = HF_ERR_KEY_CORRUPT;
		break;
	default:
		info.state = HF_KEY_ABSENT;
		break;
	}
	return info;
}

int keyring_prepare(struct keyring *keyring, struct report *report, struct hf_key_info *ret_key)
{
	char key_id[FORMAT_KEY_ID_SIZE];
	struct loaded loaded;
	int rc;

	(void)pthread_mutex_lock(&keyring->mutex);
	rc = load(keyring, report, true, &loaded);
	if (rc == HF_OK)
		rc = choose_id(keyring, report, loaded.state, key_id);
	if (rc == HF_OK)
		*ret_key = describe(keyring, HF_OK, &loaded);
	(void)pthread_mutex_unlock(&keyring->mutex);
	return rc;
}

/* Whom a list tells of the secrets that were set aside. */
struct listing {
	hf_key_fn each;
	void *context;
};

static bool list_corrupt(void *context, const char *name)
{
	const struct listing *listing = context;
	struct hf_key_info info = { .state = HF_KEY_CORRUPT, .error = HF_ERR_KEY_CORRUPT };

	text_copy(info.file, sizeof info.file, name);
	listing->each(listing->context, &info);
	return true;
}

int keyring_list(struct keyring *keyring, struct report *report, hf_key_fn each, void *context)
{
	struct listing listing = { each, context };
	struct loaded loaded = { .state = SECRET_MISSING };
	struct hf_key_info info;
	int rc;

	(void)pthread_mutex_lock(&keyring->mutex);
	rc = load(keyring, report, false, &loaded);
	info = describe(keyring, rc, &loaded);
	(void)pthread_mutex_unlock(&keyring->mutex);
	/* Whatever is wrong with the secret is what the list is there to tell. */
	if (rc != HF_OK && rc != HF_ERR_KEY_MODE && rc != HF_ERR_KEY_UNSAFE)
		return rc;
	report_clear(report);
	each(context, &info);
	if (keyring->dir.fd < 0)
		return HF_OK;
	rc = secret_each_corrupt(&keyring->dir, report, list_corrupt, &listing);
	/* A directory that cannot be read is told of already. */
	if (info.state == HF_KEY_WEAK && rc != HF_OK)
		return HF_OK;
	if (rc != HF_OK)
		return rc;
	return foreign_list(keyring, report, each, context);
}
