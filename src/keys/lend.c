/* SPDX-License-Identifier: MIT */
/* Taking in the key of another store, for ever or for one operation. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/invariant.h"
#include "base/mem.h"
#include "crypto/kdf.h"
#include "holdfast.h"
#include "keys/foreign.h"
#include "keys/secret_internal.h"
#include "keys/store_key.h"

struct keyring_secret {
	struct secret secret;
	struct store_key key;
};

/* Reads the file that a person has named. */
static int read_file(const struct sys *sys, struct report *report, const char *path,
		     struct secret *secret)
{
	struct stat found;
	ssize_t size = 0;
	int fd = sys->open_at(sys->context, AT_FDCWD, path,
			      O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	int rc;

	if (fd < 0)
		return report_errno(report, -fd, "open", path);
	rc = sys->stat(sys->context, fd, &found);
	if (rc == 0 && S_ISREG(found.st_mode))
		size = sys_read_some(sys, fd, secret->text, sizeof secret->text, 0);
	(void)sys->close(sys->context, fd);
	if (rc < 0 || size < 0)
		return report_errno(report, rc < 0 ? -rc : -(int)size, "read", path);
	secret->text_size = (size_t)size;
	if (!keyfile_decode(secret->text, secret->text_size, &secret->file))
		return report_fail(report, HF_ERR_KEY_CORRUPT, "key file",
				   "%s: is no machine_secret, or damaged", path);
	if ((found.st_mode & 077) != 0)
		report_log(report, HF_LOG_WARNING, "the key that was named can be read by others");
	kdf_sha256(secret->text, secret->text_size, secret->digest);
	secret->state = SECRET_GOOD;
	return HF_OK;
}

int keyring_secret_read(struct keyring *keyring, struct report *report, const char *path,
			struct keyring_secret **ret_secret)
{
	const struct sys *sys = keyring->sys;
	struct keyring_secret *secret;
	void *memory = NULL;
	bool locked = false;
	int rc = sys->secret_new(sys->context, sizeof *secret, &memory, &locked);

	if (rc < 0)
		return report_errno(report, -rc, "memory for keys", NULL);
	secret = memory;
	rc = read_file(sys, report, path, &secret->secret);
	if (rc != HF_OK) {
		sys->secret_free(sys->context, memory, sizeof *secret);
		return rc;
	}
	store_key_derive(&secret->secret.file, secret->key.key);
	store_key_id(secret->key.key, secret->key.id);
	memcpy(secret->key.digest, secret->secret.digest, sizeof secret->key.digest);
	secret->key.ready = STORE_KEY_READY;
	*ret_secret = secret;
	return HF_OK;
}

void keyring_secret_free(struct keyring *keyring, struct keyring_secret *secret)
{
	if (secret != NULL)
		keyring->sys->secret_free(keyring->sys->context, secret, sizeof *secret);
}

const char *keyring_secret_id(const struct keyring_secret *secret)
{
	return secret->key.id;
}

static struct foreign_label label_of(const struct keyring_secret *secret,
				     const uint8_t store[static 16])
{
	struct foreign_label label;

	memcpy(label.store, store, sizeof label.store);
	memcpy(label.id, secret->key.id, sizeof label.id);
	return label;
}

/* ---- For ever -------------------------------------------------------------------- */

/* Makes a directory and opens it; its name is durable on return. */
static int make_dir(const struct sys *sys, struct report *report, int at_fd, const char *name,
		    int *ret_fd)
{
	int rc = sys->mkdir_at(sys->context, at_fd, name, 0700);
	int fd;

	if (rc < 0 && rc != -EEXIST)
		return secret_call_failed(report, rc, "mkdir", name);
	fd = sys->open_at(sys->context, at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd < 0)
		return secret_call_failed(report, fd, "open", name);
	/* Also if it was there: whoever made it may have died before its name was durable. */
	rc = sys->sync_all(sys->context, at_fd);
	if (rc < 0) {
		(void)sys->close(sys->context, fd);
		return secret_call_failed(report, rc, "fsync", "the key directory");
	}
	*ret_fd = fd;
	return HF_OK;
}

/* Puts the secret into its directory, unless it is there. */
static int put_secret(struct keyring *keyring, struct report *report, int fd,
		      const struct keyring_secret *secret)
{
	const struct sys *sys = keyring->sys;
	struct secret_dir dir = { sys, fd, false };
	struct secret *found;
	void *memory = NULL;
	bool locked = false;
	int rc = sys->secret_new(sys->context, sizeof *found, &memory, &locked);

	if (rc < 0)
		return report_errno(report, -rc, "memory for keys", NULL);
	found = memory;
	rc = secret_read(&dir, report, found);
	if (rc == HF_OK && found->state == SECRET_MISSING) {
		rc = secret_put(&dir, report, &secret->secret);
		if (rc == HF_OK)
			rc = secret_read(&dir, report, found);
	}
	if (rc == HF_OK && (found->state != SECRET_GOOD ||
			    memcmp(found->digest, secret->secret.digest, sizeof found->digest) != 0))
		rc = report_fail(report, HF_ERR_KEY_CORRUPT, "key file",
				 "what " FOREIGN_DIR " has of this key is damaged: remove it");
	sys->secret_free(sys->context, memory, sizeof *found);
	if (rc != HF_OK)
		return rc;
	rc = sys->sync_all(sys->context, fd);
	return rc < 0 ? secret_call_failed(report, rc, "fsync", "the key directory") : HF_OK;
}

static int keep(struct keyring *keyring, struct report *report,
		const struct keyring_secret *secret, const struct foreign_label *label)
{
	const struct sys *sys = keyring->sys;
	char name[FOREIGN_NAME_SIZE + 1];
	int all_fd = -1;
	int fd = -1;
	int rc;

	if (keyring->dir.fd < 0 || keyring->dir.read_only)
		return report_fail(report, keyring->dir_denied ? HF_ERR_DENIED : HF_ERR_READONLY,
				   "key file", "nothing can be written to the key directory");
	foreign_put_name(label, name);
	rc = make_dir(sys, report, keyring->dir.fd, FOREIGN_DIR, &all_fd);
	if (rc == HF_OK)
		rc = make_dir(sys, report, all_fd, name, &fd);
	if (rc == HF_OK)
		rc = put_secret(keyring, report, fd, secret);
	if (fd >= 0)
		(void)sys->close(sys->context, fd);
	if (all_fd >= 0)
		(void)sys->close(sys->context, all_fd);
	return rc;
}

int keyring_keep(struct keyring *keyring, struct report *report,
		 const struct keyring_secret *secret, const uint8_t store[static 16])
{
	struct foreign_label label = label_of(secret, store);
	int rc = HF_OK;

	INVARIANT(keyring->lender == NULL);
	(void)pthread_mutex_lock(&keyring->mutex);
	if (foreign_get(keyring, &label) == NULL) {
		rc = keep(keyring, report, secret, &label);
		if (rc == HF_OK)
			rc = foreign_add(keyring, report, &label, &secret->key);
	}
	(void)pthread_mutex_unlock(&keyring->mutex);
	return rc;
}

/* ---- For one operation ----------------------------------------------------------- */

int keyring_borrow(struct keyring *lender, struct report *report,
		   const struct keyring_secret *secret, struct keyring **ret_borrower)
{
	struct keyring *borrower = mem_new(1, sizeof *borrower);

	INVARIANT(lender->lender == NULL);
	if (borrower == NULL || pthread_mutex_init(&borrower->mutex, NULL) != 0) {
		mem_free(borrower);
		return report_fail(report, HF_ERR_NOMEM, "keyring", "out of memory");
	}
	borrower->sys = lender->sys;
	borrower->dir = (struct secret_dir){ lender->sys, -1, true };
	borrower->lender = lender;
	borrower->secret = secret;
	*ret_borrower = borrower;
	return HF_OK;
}

void keyring_lend(struct keyring *borrower, const uint8_t *store)
{
	INVARIANT(borrower->lender != NULL && (store == NULL || borrower->secret != NULL));
	(void)pthread_mutex_lock(&borrower->mutex);
	borrower->is_lent = store != NULL;
	if (store != NULL)
		memcpy(borrower->lent_store, store, sizeof borrower->lent_store);
	(void)pthread_mutex_unlock(&borrower->mutex);
}

bool keyring_is_lent(struct keyring *borrower)
{
	bool is_lent;

	(void)pthread_mutex_lock(&borrower->mutex);
	is_lent = borrower->is_lent;
	(void)pthread_mutex_unlock(&borrower->mutex);
	return is_lent;
}

/* Gives the key that is lent, if it has this id. A forked child finds it wiped. */
static bool get_lent(struct keyring *borrower, const char *key_id, struct key_found *ret_found)
{
	const struct keyring_secret *secret = borrower->secret;
	bool fits;

	(void)pthread_mutex_lock(&borrower->mutex);
	fits = borrower->is_lent && secret->key.ready == STORE_KEY_READY &&
	       memcmp(secret->key.id, key_id, sizeof secret->key.id) == 0;
	if (fits) {
		memcpy(ret_found->key, secret->key.key, sizeof ret_found->key);
		memcpy(ret_found->store, borrower->lent_store, sizeof ret_found->store);
	}
	(void)pthread_mutex_unlock(&borrower->mutex);
	return fits;
}

static int find_at_lender(struct keyring *borrower, struct report *report,
			  const struct session_key_choice *choice, struct key_found *ret_found)
{
	struct keyring *lender = borrower->lender;
	int rc;

	(void)pthread_mutex_lock(&lender->mutex);
	rc = keyring_find(lender, report, choice, ret_found);
	(void)pthread_mutex_unlock(&lender->mutex);
	return rc;
}

int lend_find(struct keyring *borrower, struct report *report,
	      const struct session_key_choice *choice, struct key_found *ret_found)
{
	struct session_key_choice others = *choice;
	struct key_found lent = { .key = { 0 } };
	int rc = HF_OK;

	if (!get_lent(borrower, choice->key_id, &lent))
		return find_at_lender(borrower, report, choice, ret_found);
	if (choice->store != NULL ? memcmp(choice->store, lent.store, sizeof lent.store) == 0 :
				    choice->skip == 0) {
		*ret_found = lent;
		goto out;
	}
	others.skip -= choice->store == NULL ? 1 : 0;
	rc = find_at_lender(borrower, report, &others, ret_found);
	/* Known, but for another store. */
	if (rc == HF_ERR_KEY_MISSING && choice->store != NULL && !choice->is_exact) {
		*ret_found = lent;
		rc = HF_OK;
	}
out:
	mem_wipe(&lent, sizeof lent);
	return rc;
}
