/* SPDX-License-Identifier: MIT */
/* What the files of the keyring share. Nobody else includes this. */
#ifndef KEYS_KEYRING_INTERNAL_H
#define KEYS_KEYRING_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "keys/keyring.h"
#include "keys/runtime.h"
#include "keys/secret.h"

/* The store key, in memory for secrets. */
struct store_key {
	uint64_t ready;      /* STORE_KEY_READY; zero in a forked child, and when dropped */
	char id[FORMAT_KEY_ID_SIZE];
	uint8_t digest[32];  /* of the key file that it comes from */
	uint8_t key[FORMAT_KEY_SIZE];
};

enum { STORE_KEY_READY = 0x5707e, SESSION_KEY_SPARE = 0x5ba7e };

struct keyring {
	const struct sys *sys;
	struct secret_dir dir;
	struct runtime runtime;
	char *runtime_dir;
	uint8_t store[16];
	uint32_t rounds;
	bool dir_denied;

	pthread_mutex_t mutex;         /* guards what follows */
	struct store_key *key;         /* NULL until it is first needed */
	struct session_key *spare;     /* wiped memory for the next session's keys, or NULL */
	struct secret_place place;     /* where it was read, when it is ready */
	struct foreign_key *foreign;   /* keys of other stores, see foreign.h */
	bool unsynced;                 /* a sync of the key directory failed */
	bool warned_weak;              /* that the secret is unreadable */
	bool warned_foreign;           /* that a key of another store cannot be used */

	/* Of a borrower alone, which has of the rest only sys, mutex and spare. */
	struct keyring *lender;        /* NULL: this is no borrower */
	const struct keyring_secret *secret; /* that can be lent, or NULL */
	uint8_t lent_store[16];        /* whose key it is for the moment */
	bool is_lent;
};

/* A store key, and the store that it is to sign for. */
struct key_found {
	uint8_t key[FORMAT_KEY_SIZE];
	uint8_t store[16];
};

/* Gives the store key of a choice for the moment; the mutex is held. Makes nothing.
 * Errors of session_key_new. The caller wipes what it is given. */
int keyring_find(struct keyring *keyring, struct report *report,
		 const struct session_key_choice *choice, struct key_found *ret_found);

/* The same for a borrower, whose mutex is not held: the key that is lent goes before those of
 * the lender. */
int lend_find(struct keyring *borrower, struct report *report,
	      const struct session_key_choice *choice, struct key_found *ret_found);

#endif
