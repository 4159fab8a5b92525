/* SPDX-License-Identifier: MIT */
#include "cli/tags.h"

#include <string.h>

bool tags_next(struct hf_slice *tags, struct hf_slice *ret_tag)
{
	const char *space = tags->size > 0 ? memchr(tags->data, ' ', tags->size) : NULL;
	size_t size = space != NULL ? (size_t)(space - tags->data) : tags->size;
	size_t taken = space != NULL ? size + 1 : size;

	if (size == 0)
		return false;
	*ret_tag = (struct hf_slice){ tags->data, size };
	*tags = (struct hf_slice){ tags->data + taken, tags->size - taken };
	return true;
}

void tags_put_json(struct json *json, struct hf_slice tags)
{
	struct hf_slice tag = { 0 };

	json_open_member(json, "tags", '[');
	while (tags_next(&tags, &tag))
		json_put_text(json, NULL, tag);
	json_close(json, ']');
}
