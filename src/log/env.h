/* SPDX-License-Identifier: MIT */
/* What every operation on a log needs to know of its store. It does not change while the
 * store is open; all members are the store's. */
#ifndef LOG_ENV_H
#define LOG_ENV_H

#include <stdint.h>

#include "holdfast.h"
#include "keys/keyring.h"
#include "storage/storage.h"
#include "sys/sys.h"

struct log_env {
	const struct sys *sys;
	struct storage *storage;
	struct keyring *keyring;
	uint8_t store[16];
	enum hf_durability durability;
	uint32_t max_record_size; /* bytes of one record's data */
	uint64_t max_session_size; /* bytes that a host's records may bring a log to; 0: no limit */
	uint32_t padding;         /* bytes of line feeds written ahead; 0: none */
	uint32_t threads;         /* that check one log; at least 1 */
	/* Looks whether a session of an id that is to be used here lies in another place of the
	 * store; the id's lock here is held. HF_ERR_EXISTS: it does. NULL: there is no other. */
	int (*refuse_elsewhere)(void *owner, struct report *report, struct storage_id id);
	void *owner;              /* what it is given first */
};

#endif
