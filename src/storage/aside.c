/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "storage/storage.h"

enum { LABEL_MAX = 32 };

bool storage_aside_is_name(struct storage_id id, const char *name)
{
	size_t size = strnlen(name, STORAGE_QUARANTINE_NAME_SIZE);
	const char *label = name + TEXT_UUID_SIZE + 1;
	uint8_t uuid[sizeof id.bytes];
	size_t label_size;
	uint64_t number;

	if (size <= TEXT_UUID_SIZE || size == STORAGE_QUARANTINE_NAME_SIZE ||
	    !text_get_uuid(name, TEXT_UUID_SIZE, uuid) ||
	    memcmp(uuid, id.bytes, sizeof uuid) != 0 || name[TEXT_UUID_SIZE] != '.')
		return false;
	label_size = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (label_size == 0 || label_size > LABEL_MAX || label[label_size] != '.')
		return false;
	return text_get_u64(label + label_size + 1, strlen(label + label_size + 1), &number);
}
