/* SPDX-License-Identifier: MIT */
/* The tags of a session: words with one space between. */
#ifndef CLI_TAGS_H
#define CLI_TAGS_H

#include <stdbool.h>

#include <holdfast.h>

#include "cli/json.h"

/* Takes the first word off *tags; false if there is none. */
bool tags_next(struct hf_slice *tags, struct hf_slice *ret_tag);
/* The member "tags", an array. */
void tags_put_json(struct json *json, struct hf_slice tags);

#endif
