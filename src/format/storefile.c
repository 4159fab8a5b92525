/* SPDX-License-Identifier: MIT */
#include "format/storefile.h"

#include <string.h>

#include "base/text.h"

#define BEFORE_STORE "{\"holdfast\":1,\"store\":\""
#define BEFORE_CREATED "\",\"created\":\""
#define AFTER_CREATED "\"}\n"

enum {
	STORE_AT = sizeof BEFORE_STORE - 1,
	STORE_END = STORE_AT + TEXT_UUID_SIZE,
	CREATED_AT = STORE_END + sizeof BEFORE_CREATED - 1,
	CREATED_END = CREATED_AT + TEXT_TIME_SIZE,
};

_Static_assert(CREATED_END + sizeof AFTER_CREATED - 1 == STOREFILE_SIZE, "the shape's size");

void storefile_encode(const struct storefile *file, char ret_text[static STOREFILE_SIZE])
{
	memcpy(ret_text, BEFORE_STORE, STORE_AT);
	text_put_uuid(file->store, ret_text + STORE_AT);
	memcpy(ret_text + STORE_END, BEFORE_CREATED, CREATED_AT - STORE_END);
	text_put_time(file->created_us, ret_text + CREATED_AT);
	memcpy(ret_text + CREATED_END, AFTER_CREATED, STOREFILE_SIZE - CREATED_END);
}

bool storefile_decode(const char *text, size_t size, struct storefile *ret_file)
{
	struct storefile file = { 0 };

	if (size != STOREFILE_SIZE || memcmp(text, BEFORE_STORE, STORE_AT) != 0 ||
	    memcmp(text + STORE_END, BEFORE_CREATED, CREATED_AT - STORE_END) != 0 ||
	    memcmp(text + CREATED_END, AFTER_CREATED, STOREFILE_SIZE - CREATED_END) != 0)
		return false;
	if (!text_get_uuid(text + STORE_AT, TEXT_UUID_SIZE, file.store) ||
	    !text_get_time(text + CREATED_AT, &file.created_us))
		return false;
	*ret_file = file;
	return true;
}
