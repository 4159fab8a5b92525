/* SPDX-License-Identifier: MIT */
/*
 * The keys of other stores that this one trusts, for sessions that were brought here with
 * their origin's ids:
 *
 *     <key directory>/foreign/<store id>.<key id>/machine_secret
 *
 * Such a directory holds a key file as the other store has it, and all that secret.h says
 * of a key directory and its secret holds for it, but that nothing is ever made in it or
 * set aside: a damaged, missing or unreadable one is as good as none. Only the key with the
 * id in its directory's name is taken from it.
 *
 * Part of the keyring: its mutex is held for all of these but foreign_list, which calls
 * others and looks at nothing in memory.
 */
#ifndef KEYS_FOREIGN_H
#define KEYS_FOREIGN_H

#include "base/text.h"
#include "keys/keyring_internal.h"

#define FOREIGN_DIR "foreign"

enum { FOREIGN_NAME_SIZE = TEXT_UUID_SIZE + 1 + FORMAT_KEY_ID_SIZE };

/* Whose key it is, by the name of its directory. */
struct foreign_label {
	uint8_t store[16];
	char id[FORMAT_KEY_ID_SIZE];
};

/* One that is in memory. */
struct foreign_key {
	struct foreign_key *next;
	struct foreign_label label;
	struct store_key *key; /* in memory for secrets */
};

/* Writes the name of its directory, with a NUL. */
void foreign_put_name(const struct foreign_label *label,
		      char name[static FOREIGN_NAME_SIZE + 1]);
/* Finds one in memory; NULL: it is not there, or was wiped by a fork. */
const struct foreign_key *foreign_get(struct keyring *keyring, const struct foreign_label *label);
/* Puts a key at the end of those in memory, so that their order stays, or in the place of
 * the one with this label. HF_ERR_NOMEM, also if there are too many. */
int foreign_add(struct keyring *keyring, struct report *report, const struct foreign_label *label,
		const struct store_key *bytes);

/* Gives the key that a choice names, of those whose id fits the one after skip others, or
 * the one of choice->store. HF_ERR_KEY_MISSING: there is none, not described. HF_ERR_KEY_MODE,
 * HF_ERR_KEY_UNSAFE: of its file. */
int foreign_find(struct keyring *keyring, struct report *report,
		 const struct session_key_choice *choice, unsigned skip,
		 struct key_found *ret_found);

/* Wipes the keys from memory. */
void foreign_forget(struct keyring *keyring);

/* Removes what the runtime directory has of the keys that are on disk. Errors of
 * runtime_remove, and those of walking over the directory. */
int foreign_drop(struct keyring *keyring, struct report *report);

/* Tells of each key in the directory; one that cannot be used is told of with its error. */
int foreign_list(struct keyring *keyring, struct report *report, hf_key_fn each, void *context);

#endif
