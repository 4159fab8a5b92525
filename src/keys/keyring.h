/* SPDX-License-Identifier: MIT */
/*
 * The keys of one store: makes, reads, derives and caches them.
 *
 * A keyring holds the store keys in memory from sys->secret_new (locked, not dumped, wiped
 * in a forked child). The store key is derived once and kept until keyring_drop or
 * keyring_close. Across processes it is kept in the user's runtime directory, bound to
 * the exact bytes of the key file, so that a command need not pay for the derivation.
 *
 * What happens to the secret:
 *
 *   missing      made: temp file, sync, link; of racing processes all use the one that was
 *                linked first. A read-only keyring gives HF_ERR_KEY_MISSING instead.
 *   good         used.
 *   too open     HF_ERR_KEY_MODE: file mode has bits of 077, or the directory those of 022.
 *   not ours     HF_ERR_KEY_UNSAFE: another owner, more than one link, not a regular file,
 *                a symbolic link; or a directory that is neither ours nor root's.
 *   damaged      renamed to machine_secret.corrupt-<n>, a warning is logged, and a new one
 *                is made. A read-only keyring gives HF_ERR_KEY_CORRUPT instead.
 *   unreadable   (EACCES, EPERM, EIO): a warning is logged and the weak key is used, whose
 *                id begins with "weak". It is tried again at the next use, so that a secret
 *                that becomes readable is used for new sessions from then on.
 *
 * All functions may be called from any thread; a mutex inside serializes them. The first
 * use may block for the derivation (about 13 ms for 100,000 rounds) and for disk.
 */
#ifndef KEYS_KEYRING_H
#define KEYS_KEYRING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "crypto/mac.h"
#include "format/constants.h"
#include "sys/sys.h"

struct keyring;

struct keyring_options {
	bool read_only;          /* the store: the runtime directory is used all the same */
	bool dir_denied;         /* key_dir_fd is -1 since the directory may not be opened: the
	                          * secret counts as unreadable */
	uint32_t rounds;         /* for a secret that is made; FORMAT_ROUNDS_MIN to _MAX */
	const char *runtime_dir; /* absolute path, or NULL: no cache across processes */
};

/* Opens the keyring of a store in the directory key_dir_fd (taken over on success; -1: the
 * directory does not exist, which only a read-only keyring may meet, or dir_denied is set).
 * sys must outlive it. HF_ERR_NOMEM. */
int keyring_open(const struct sys *sys, struct report *report, int key_dir_fd,
		 const uint8_t store[static 16], const struct keyring_options *options,
		 struct keyring **ret_keyring);
/* Wipes and frees it. NULL is allowed. */
void keyring_close(struct keyring *keyring);

/* The id of the key that signs new sessions, after making or reading it if need be; the
 * secret's name is durable on return. Errors of the table above. HF_ERR_IO for ever after
 * the key directory could not be synced. */
int keyring_current(struct keyring *keyring, struct report *report,
		    char ret_key_id[static FORMAT_KEY_ID_SIZE]);
/* The same, and looks at the key file even if its key is in memory, to tell all of it. */
int keyring_prepare(struct keyring *keyring, struct report *report, struct hf_key_info *ret_key);

/* The keys of one session, in memory for secrets. Used by one thread at a time. */
struct session_key {
	struct mac record;   /* keyed for records of one generation */
	struct mac head;     /* keyed for the head */
	uint8_t store[16];   /* the store that it signs for: this one, or where the session is from */
	uint64_t ready;      /* SESSION_KEY_READY; zero in a forked child */
	int64_t owner;       /* the process that made it, where memory is not wiped by fork */
};

enum { SESSION_KEY_READY = 0x5afe };

/*
 * Derives the keys of a session from the store key with this id. HF_ERR_KEY_MISSING: no
 * such key is here (not described in the report); that is so too while the secret is missing,
 * damaged or unreadable, since this makes and moves nothing. HF_ERR_KEY_MODE, _UNSAFE as in
 * the table above. The weak key's id is always known. The caller frees the keys with
 * session_key_free.
 */
int session_key_new(struct keyring *keyring, struct report *report,
		    const char key_id[static FORMAT_KEY_ID_SIZE], const uint8_t session[static 16],
		    uint64_t generation, struct session_key **ret_key);
/* Which key a session's keys come from. A key id alone may stand for several: two stores
 * can have the same secret, and sign differently with it. */
struct session_key_choice {
	const char *key_id;     /* FORMAT_KEY_ID_SIZE characters */
	const uint8_t *session; /* 16 bytes */
	uint64_t generation;
	const uint8_t *store;   /* 16 bytes: the store it is to sign for; NULL: any */
	unsigned skip;          /* without a store: how many others to pass over, ours being first */
	bool is_exact;          /* with a store: no other will do */
};

/* The same with a choice; session_key_new takes any store's. Of a key that is known only for
 * other stores one of these is given, so that what it should have signed does not check,
 * unless is_exact is set: HF_ERR_KEY_MISSING then. */
int session_key_choose(struct keyring *keyring, struct report *report,
		       const struct session_key_choice *choice, struct session_key **ret_key);
/* A copy for another thread. */
int session_key_copy(struct keyring *keyring, struct report *report,
		     const struct session_key *key, struct session_key **ret_key);
/* Wipes and frees it. NULL is allowed. */
void session_key_free(struct keyring *keyring, struct session_key *key);
/* False in a child forked since the key was made: its memory is wiped there. */
bool session_key_is_ready(const struct keyring *keyring, const struct session_key *key);

/* True if a key id names a weak key. */
bool keyring_is_weak(const char key_id[static FORMAT_KEY_ID_SIZE]);

/* ---- Keys of other stores -------------------------------------------------------- */

/* The secret of another store, as a person gives it, in memory for secrets. */
struct keyring_secret;

/* Reads the key file at path. HF_ERR_KEY_CORRUPT: it is none, or damaged; HF_ERR_NOTFOUND. */
int keyring_secret_read(struct keyring *keyring, struct report *report, const char *path,
			struct keyring_secret **ret_secret);
/* NULL is allowed. */
void keyring_secret_free(struct keyring *keyring, struct keyring_secret *secret);
/* The id of its key, FORMAT_KEY_ID_SIZE characters without NUL. */
const char *keyring_secret_id(const struct keyring_secret *secret);

/* Has it known as the key of a store for ever, in the key directory (foreign.h), durable on
 * return. HF_ERR_KEY_CORRUPT: a damaged file is in its place; errors of secret_read. */
int keyring_keep(struct keyring *keyring, struct report *report,
		 const struct keyring_secret *secret, const uint8_t store[static 16]);

/* A keyring for one operation: it knows the keys that the lender knows, and can know one more,
 * of which nobody else learns. It is for the functions session_key_* alone, and is closed with
 * keyring_close. Lender and secret (NULL: there is none to lend) outlive it. HF_ERR_NOMEM. */
int keyring_borrow(struct keyring *lender, struct report *report,
		   const struct keyring_secret *secret, struct keyring **ret_borrower);
/* Has its secret known as the key of this store, and of no other any more (NULL: of none). */
void keyring_lend(struct keyring *borrower, const uint8_t *store);
/* True while it is known as the key of any. */
bool keyring_is_lent(struct keyring *borrower);

/* ---- All keys -------------------------------------------------------------------- */

/* Wipes the store keys from memory and removes the file in the runtime directory. Session
 * keys stay as they are. The memory is wiped whatever is returned: an error says that the
 * file may be there still, since it could not be found (errors of the table above) or
 * removed. */
int keyring_drop(struct keyring *keyring, struct report *report);

/* Tells of each key file in the key directory, of the secret that signs new sessions first
 * (as the weak key if it cannot be read). Makes nothing; derives the current key's id if
 * its secret can be used. A secret that cannot is no error here: its entry says why. */
int keyring_list(struct keyring *keyring, struct report *report, hf_key_fn each, void *context);

#endif
