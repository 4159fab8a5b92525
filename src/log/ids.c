/* SPDX-License-Identifier: MIT */
#include "log/ids.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/kdf.h"

void ids_release(struct ids *ids)
{
	mem_free(ids->entries);
	*ids = (struct ids){ 0 };
}

void ids_clear(struct ids *ids)
{
	ids->added = 0;
}

struct ids_entry ids_digest(struct hf_slice id, struct hf_slice type, struct hf_slice data,
			    uint64_t n)
{
	struct ids_entry entry = { .n = n };
	uint8_t digests[2][32];

	kdf_sha256(id.data, id.size, entry.id);
	/* Digests of both parts, so that no type and data can pass for another pair. */
	kdf_sha256(type.data, type.size, digests[0]);
	kdf_sha256(data.data, data.size, digests[1]);
	kdf_sha256(digests, sizeof digests, entry.contents);
	return entry;
}

enum ids_result ids_find(const struct ids *ids, const struct ids_entry *entry, uint64_t *ret_n)
{
	uint64_t count = ids->added < HF_ID_WINDOW ? ids->added : HF_ID_WINDOW;

	for (uint64_t i = 0; i < count; i++) {
		const struct ids_entry *known = &ids->entries[(ids->added - 1 - i) % HF_ID_WINDOW];

		if (memcmp(known->id, entry->id, sizeof known->id) != 0)
			continue;
		if (memcmp(known->contents, entry->contents, sizeof known->contents) != 0)
			return IDS_OTHER;
		*ret_n = known->n;
		return IDS_SAME;
	}
	return IDS_NEW;
}

int ids_add(struct ids *ids, const struct ids_entry *entry)
{
	if (ids->entries == NULL) {
		ids->entries = mem_new(HF_ID_WINDOW, sizeof *ids->entries);
		if (ids->entries == NULL)
			return HF_ERR_NOMEM;
	}
	ids->entries[ids->added % HF_ID_WINDOW] = *entry;
	ids->added++;
	return HF_OK;
}
