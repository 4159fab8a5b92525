/* SPDX-License-Identifier: MIT */
/*
 * The secret in the key directory: reads it, makes it, and sets a damaged one aside. Of
 * `machine_secret`, whatever happens at once in how many processes:
 *
 *   - It appears complete and synced, by link(2), and is never written to again.
 *   - It is never replaced. Its name is removed only from a file that is damaged, by a
 *     process that holds the lock of that very file and has seen, since it has the lock,
 *     that the name still belongs to it. A fresh secret therefore cannot be removed by
 *     one who came for the damaged one before it.
 *   - It may have a second name for a moment (its temp file's, or the one it is set aside
 *     by), or for longer after a crash. Only such names in the key directory itself are
 *     put up with. Any other second name is unsafe.
 *
 * What is checked is checked on descriptors.
 */
#ifndef KEYS_SECRET_H
#define KEYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/report.h"
#include "format/keyfile.h"
#include "sys/sys.h"

#define SECRET_NAME "machine_secret"
#define SECRET_CORRUPT_PREFIX SECRET_NAME ".corrupt-"

/* Where secrets lie. */
struct secret_dir {
	const struct sys *sys;
	int fd;         /* the key directory */
	bool read_only; /* remove not even a second name */
};

enum secret_state {
	SECRET_GOOD,
	SECRET_MISSING,
	SECRET_DAMAGED,
	SECRET_UNREADABLE, /* EACCES, EPERM or EIO, see reason */
	SECRET_CHANGED,    /* by another process meanwhile; never given to a caller */
};

/* Tells one version of a file from another. */
struct secret_place {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
	struct timespec changed;
};

/* Holds the secret in several forms, so keep it in memory from sys->secret_new. */
struct secret {
	enum secret_state state;
	int reason;                   /* an errno, when it is unreadable */
	struct secret_place place;    /* when it is good or damaged */
	uint8_t digest[32];           /* SHA-256 of the file's bytes, when it is good */
	struct keyfile file;          /* when it is good */
	size_t text_size;
	char text[FORMAT_KEY_FILE_SIZE_MAX + 1];
};

/*
 * Reads the secret; HF_OK says that *secret tells what was found. HF_ERR_KEY_MODE,
 * HF_ERR_KEY_UNSAFE: it, or its directory, is not as safe as it must be. That the secret's
 * name is durable is not known yet: sync the directory before anything is signed.
 */
int secret_read(const struct secret_dir *dir, struct report *report, struct secret *secret);

/*
 * The same, but makes a secret with these PBKDF2 rounds where there is none, and sets a
 * damaged one aside first, so that the state is SECRET_GOOD or SECRET_UNREADABLE. Waits
 * for a process that is about the same. HF_ERR_KEY_CORRUPT: it could not be set aside.
 */
int secret_read_or_make(const struct secret_dir *dir, struct report *report, uint32_t rounds,
			struct secret *secret);

/* True if the file of that name is, to all appearances, what was read from this place. */
bool secret_is_at(const struct secret_dir *dir, const struct secret_place *place);

/* True if name is that of a secret that was set aside; and a walk over all of them. */
bool secret_is_corrupt_name(const char *name);
int secret_each_corrupt(const struct secret_dir *dir, struct report *report, sys_name_fn each,
			void *each_context);

#endif
