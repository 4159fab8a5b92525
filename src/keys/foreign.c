/* SPDX-License-Identifier: MIT */
#include "keys/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "holdfast.h"
#include "keys/secret_internal.h"
#include "keys/store_key.h"

enum { FOREIGN_MAX = 1000 }; /* keys that are held at once */

_Static_assert(sizeof FOREIGN_DIR + FOREIGN_NAME_SIZE + 1 <= sizeof ((struct hf_key_info *)0)->file,
	       "the name of a key's directory fits");

/* ---- Names ----------------------------------------------------------------------- */

static bool read_name(const char *name, struct foreign_label *ret_label)
{
	const char *id = name + TEXT_UUID_SIZE + 1;

	if (strlen(name) != FOREIGN_NAME_SIZE ||
	    !text_get_uuid(name, TEXT_UUID_SIZE, ret_label->store) ||
	    name[TEXT_UUID_SIZE] != '.' || strspn(id, "0123456789abcdef") != FORMAT_KEY_ID_SIZE)
		return false;
	memcpy(ret_label->id, id, sizeof ret_label->id);
	return true;
}

void foreign_put_name(const struct foreign_label *label,
		      char name[static FOREIGN_NAME_SIZE + 1])
{
	text_put_uuid(label->store, name);
	name[TEXT_UUID_SIZE] = '.';
	memcpy(name + TEXT_UUID_SIZE + 1, label->id, sizeof label->id);
	name[FOREIGN_NAME_SIZE] = '\0';
}

/* ---- In memory ------------------------------------------------------------------- */

static bool is_ready(const struct foreign_key *key)
{
	return key->key->ready == STORE_KEY_READY;
}

static struct foreign_key *find_label(struct keyring *keyring, const struct foreign_label *label)
{
	struct foreign_key *key = keyring->foreign;

	while (key != NULL && memcmp(&key->label, label, sizeof *label) != 0)
		key = key->next;
	return key;
}

const struct foreign_key *foreign_get(struct keyring *keyring, const struct foreign_label *label)
{
	const struct foreign_key *key = find_label(keyring, label);

	return key != NULL && is_ready(key) ? key : NULL;
}

static struct foreign_key *choose(struct keyring *keyring,
				  const struct session_key_choice *choice, unsigned skip)
{
	for (struct foreign_key *key = keyring->foreign; key != NULL; key = key->next) {
		if (memcmp(key->label.id, choice->key_id, sizeof key->label.id) != 0 ||
		    !is_ready(key))
			continue;
		if (choice->store != NULL ?
			    memcmp(key->label.store, choice->store, 16) == 0 : skip-- == 0)
			return key;
	}
	return NULL;
}

static void free_key(struct keyring *keyring, struct foreign_key *key)
{
	const struct sys *sys = keyring->sys;

	if (key->key != NULL)
		sys->secret_free(sys->context, key->key, sizeof *key->key);
	mem_free(key);
}

void foreign_forget(struct keyring *keyring)
{
	while (keyring->foreign != NULL) {
		struct foreign_key *key = keyring->foreign;

		keyring->foreign = key->next;
		free_key(keyring, key);
	}
}

int foreign_add(struct keyring *keyring, struct report *report, const struct foreign_label *label,
		const struct store_key *bytes)
{
	const struct sys *sys = keyring->sys;
	struct foreign_key *key = find_label(keyring, label);
	struct foreign_key **end = &keyring->foreign;
	void *memory = NULL;
	bool locked = false;
	unsigned count = 0;
	int rc;

	if (key != NULL)
		goto out;
	for (; *end != NULL; end = &(*end)->next)
		count++;
	if (count >= FOREIGN_MAX)
		return report_fail(report, HF_ERR_NOMEM, "key file", "there are too many keys");
	key = mem_new(1, sizeof *key);
	if (key == NULL)
		return HF_ERR_NOMEM;
	rc = sys->secret_new(sys->context, sizeof *key->key, &memory, &locked);
	if (rc < 0) {
		mem_free(key);
		return report_errno(report, -rc, "memory for keys", NULL);
	}
	key->key = memory;
	key->label = *label;
	*end = key;
out:
	*key->key = *bytes;
	return HF_OK;
}

/* ---- On disk --------------------------------------------------------------------- */

/* Opens the directory of these keys. *ret_fd is -1 if there is none. Whoever can write to it
 * can put the key of one store in the place of another's. */
static int open_all(struct keyring *keyring, struct report *report, int *ret_fd)
{
	const struct sys *sys = keyring->sys;
	struct stat found;
	int fd = -ENOENT;
	int rc;

	if (keyring->dir.fd >= 0)
		fd = sys->open_at(sys->context, keyring->dir.fd, FOREIGN_DIR,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	*ret_fd = -1;
	if (fd == -ENOENT || fd == -EACCES)
		return HF_OK;
	if (fd == -ELOOP || fd == -ENOTDIR)
		return report_fail(report, HF_ERR_KEY_UNSAFE, "key file",
				   FOREIGN_DIR " in the key directory is not a directory: remove it");
	if (fd < 0)
		return secret_call_failed(report, fd, "open", FOREIGN_DIR);
	rc = sys->stat(sys->context, fd, &found);
	if (rc < 0)
		rc = secret_call_failed(report, rc, "fstat", FOREIGN_DIR);
	else if (found.st_uid != sys->user(sys->context) && found.st_uid != 0)
		rc = report_fail(report, HF_ERR_KEY_UNSAFE, "key file",
				 FOREIGN_DIR " belongs to another user: chown it");
	else if ((found.st_mode & 022) != 0)
		rc = report_fail(report, HF_ERR_KEY_MODE, "key file", FOREIGN_DIR
				 " can be written to by others: chmod 700 it");
	if (rc != HF_OK)
		(void)sys->close(sys->context, fd);
	else
		*ret_fd = fd;
	return rc;
}

/* Reads one secret; what is not there, or not as it must be, is for the caller to say. */
static int read_one(struct keyring *keyring, struct report *report, int dir_fd, const char *name,
		    struct secret *secret)
{
	const struct sys *sys = keyring->sys;
	struct secret_dir dir = { sys, -1, true };
	int rc;

	dir.fd = sys->open_at(sys->context, dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir.fd == -ENOENT || dir.fd == -EACCES) {
		mem_wipe(secret, sizeof *secret);
		secret->state = dir.fd == -ENOENT ? SECRET_MISSING : SECRET_UNREADABLE;
		return HF_OK;
	}
	if (dir.fd == -ELOOP || dir.fd == -ENOTDIR)
		return report_fail(report, HF_ERR_KEY_UNSAFE, "key file",
				   FOREIGN_DIR "/%s is not a directory", name);
	if (dir.fd < 0)
		return secret_call_failed(report, dir.fd, "open", name);
	rc = secret_read(&dir, report, secret);
	(void)sys->close(sys->context, dir.fd);
	return rc;
}

/* Gets the store key of a secret: from the cache, or derived and left there. */
static void derive(struct keyring *keyring, struct report *report, const struct secret *secret,
		   struct store_key *ret_key)
{
	struct keycache cache = { { 0 }, { 0 } };

	memcpy(ret_key->digest, secret->digest, sizeof ret_key->digest);
	if (!runtime_find(&keyring->runtime, report, secret->digest, ret_key->key)) {
		store_key_derive(&secret->file, ret_key->key);
		memcpy(cache.key_file_digest, secret->digest, sizeof cache.key_file_digest);
		memcpy(cache.store_key, ret_key->key, sizeof cache.store_key);
		if (keyring->runtime_dir != NULL)
			runtime_put(&keyring->runtime, report, &cache);
		mem_wipe(&cache, sizeof cache);
	}
	store_key_id(ret_key->key, ret_key->id);
	ret_key->ready = STORE_KEY_READY;
}

/* What a walk over the directory works on. */
struct walk {
	struct keyring *keyring;
	struct report *report;
	int dir_fd;
	struct secret *secret; /* in memory for secrets */
	const char *key_id;    /* load: only keys with this id */
	hf_key_fn each;        /* list: whom to tell */
	void *context;
	int rc;
};

static int walk_all(struct walk *walk, sys_name_fn each)
{
	struct keyring *keyring = walk->keyring;
	const struct sys *sys = keyring->sys;
	void *memory = NULL;
	bool locked = false;
	int rc = open_all(keyring, walk->report, &walk->dir_fd);

	if (rc != HF_OK || walk->dir_fd < 0)
		return rc;
	rc = sys->secret_new(sys->context, sizeof *walk->secret, &memory, &locked);
	if (rc < 0) {
		rc = report_errno(walk->report, -rc, "memory for keys", NULL);
		goto out;
	}
	walk->secret = memory;
	rc = sys->each_name(sys->context, walk->dir_fd, each, walk);
	rc = rc < 0 ? secret_call_failed(walk->report, rc, "getdents", FOREIGN_DIR) : walk->rc;
	sys->secret_free(sys->context, memory, sizeof *walk->secret);
out:
	(void)sys->close(sys->context, walk->dir_fd);
	return rc;
}

/* Says once that a key is there that cannot be used: it is looked for with each session. */
static void warn_once(struct walk *walk, const char *name, const char *what)
{
	if (!walk->keyring->warned_foreign)
		report_log(walk->report, HF_LOG_WARNING, FOREIGN_DIR "/%s: %s", name, what);
	walk->keyring->warned_foreign = true;
}

/* Takes a key into memory, if it has the id that is looked for and is not there already. */
static bool load_one(void *context, const char *name)
{
	struct walk *walk = context;
	struct store_key key = { 0 };
	struct foreign_key *known;
	struct foreign_label label;

	if (!read_name(name, &label) || memcmp(label.id, walk->key_id, sizeof label.id) != 0)
		return true;
	known = find_label(walk->keyring, &label);
	if (known != NULL && is_ready(known))
		return true;
	walk->rc = read_one(walk->keyring, walk->report, walk->dir_fd, name, walk->secret);
	if (walk->rc != HF_OK)
		return false;
	if (walk->secret->state != SECRET_GOOD) {
		warn_once(walk, name, "the key file is missing, damaged or cannot be read");
		return true;
	}
	derive(walk->keyring, walk->report, walk->secret, &key);
	if (memcmp(key.id, label.id, sizeof key.id) == 0)
		walk->rc = foreign_add(walk->keyring, walk->report, &label, &key);
	else
		warn_once(walk, name, "the key in it is another one than its name says");
	mem_wipe(&key, sizeof key);
	return walk->rc == HF_OK;
}

int foreign_find(struct keyring *keyring, struct report *report,
		 const struct session_key_choice *choice, unsigned skip,
		 struct key_found *ret_found)
{
	struct walk walk = { .keyring = keyring, .report = report, .key_id = choice->key_id };
	const struct foreign_key *key = choose(keyring, choice, skip);
	int rc = HF_OK;

	if (key == NULL) {
		rc = walk_all(&walk, load_one);
		key = rc == HF_OK ? choose(keyring, choice, skip) : NULL;
	}
	if (key == NULL)
		return rc == HF_OK ? HF_ERR_KEY_MISSING : rc;
	memcpy(ret_found->key, key->key->key, sizeof ret_found->key);
	memcpy(ret_found->store, key->label.store, sizeof ret_found->store);
	return HF_OK;
}

/* ---- Dropping and listing -------------------------------------------------------- */

static bool drop_one(void *context, const char *name)
{
	struct walk *walk = context;
	struct report unheard = report_make(NULL, NULL);
	struct foreign_label label;
	int rc;

	if (!read_name(name, &label) ||
	    read_one(walk->keyring, &unheard, walk->dir_fd, name, walk->secret) != HF_OK ||
	    walk->secret->state != SECRET_GOOD)
		return true;
	rc = runtime_remove(&walk->keyring->runtime, walk->report, walk->secret->digest);
	if (walk->rc == HF_OK)
		walk->rc = rc;
	return true;
}

int foreign_drop(struct keyring *keyring, struct report *report)
{
	struct walk walk = { .keyring = keyring, .report = report };

	return walk_all(&walk, drop_one);
}

/* What stands in the way of using a secret that was read without a failure. */
static int error_of(const struct secret *secret)
{
	switch (secret->state) {
	case SECRET_GOOD:
		return HF_OK;
	case SECRET_DAMAGED:
		return HF_ERR_KEY_CORRUPT;
	case SECRET_UNREADABLE:
		return HF_ERR_DENIED;
	default:
		return HF_ERR_KEY_MISSING;
	}
}

static bool list_one(void *context, const char *name)
{
	struct walk *walk = context;
	struct hf_key_info info = { .state = HF_KEY_FOREIGN };
	struct secret *secret = walk->secret;
	struct foreign_label label;
	size_t prefix = strlen(FOREIGN_DIR "/");

	if (!read_name(name, &label))
		return true;
	memcpy(info.id, label.id, sizeof label.id);
	text_put_uuid(label.store, info.store);
	memcpy(info.file, FOREIGN_DIR "/", prefix);
	text_copy(info.file + prefix, sizeof info.file - prefix, name);
	info.error = read_one(walk->keyring, walk->report, walk->dir_fd, name, secret);
	report_clear(walk->report);
	if (info.error == HF_OK)
		info.error = error_of(secret);
	if (info.error == HF_OK) {
		info.rounds = secret->file.rounds;
		text_copy(info.host, sizeof info.host, secret->file.host);
		text_copy(info.made, sizeof info.made, secret->file.made);
	}
	walk->each(walk->context, &info);
	return true;
}

int foreign_list(struct keyring *keyring, struct report *report, hf_key_fn each, void *context)
{
	struct walk walk = { .keyring = keyring, .report = report, .each = each,
			     .context = context };

	return walk_all(&walk, list_one);
}
