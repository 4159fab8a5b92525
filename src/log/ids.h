/* SPDX-License-Identifier: MIT */
/*
 * The newest record ids of a session, so that appending one again can be recognised. A
 * window of HF_ID_WINDOW ids, kept as digests: what an id stands for is its record's type
 * and data, and two ids or contents with the same digest would be a collision of SHA-256.
 */
#ifndef LOG_IDS_H
#define LOG_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

struct ids_entry {
	uint8_t id[32];
	uint8_t contents[32];
	uint64_t n;
};

struct ids {
	uint64_t added;               /* entries ever added; the newest is at added - 1 */
	struct ids_entry *entries;    /* HF_ID_WINDOW of them; NULL until first used */
};

/* What is known of an id. */
enum ids_result { IDS_NEW, IDS_SAME, IDS_OTHER };

void ids_release(struct ids *ids);
/* Forgets all. */
void ids_clear(struct ids *ids);

/* Makes the entry for a record; pure. */
struct ids_entry ids_digest(struct hf_slice id, struct hf_slice type, struct hf_slice data,
			    uint64_t n);
/* IDS_SAME: an entry with this id and contents is there, and *ret_n is its number;
 * IDS_OTHER: one with this id and other contents. */
enum ids_result ids_find(const struct ids *ids, const struct ids_entry *entry, uint64_t *ret_n);
/* Adds an entry in the place of the oldest. HF_ERR_NOMEM. */
int ids_add(struct ids *ids, const struct ids_entry *entry);

#endif
