/* SPDX-License-Identifier: MIT */
/* One string of a JSON text, looked at decoded and written anew where it holds secrets. */
#ifndef REDACT_REWRITE_H
#define REDACT_REWRITE_H

#include <stdint.h>

#include "redact/assign.h"
#include "redact/redact.h"

enum { REWRITE_PASSES = 8 }; /* times that what was redacted is looked at again at most */

/* Decodes what stands between a string's quotes. *ret_text is raw itself if there is nothing
 * to decode, otherwise it lies in the redactor's buffer and is valid until the next call. A
 * lone surrogate is three bytes. HF_ERR_NOMEM. */
int rewrite_decode(struct redactor *redactor, struct hf_slice raw, struct hf_slice *ret_text);

/* Appends what stands between a string's quotes with every secret in it replaced: all other
 * bytes stay as they are, escapes too. name says what the string is the value of. Adds the
 * number of secrets to *count. Errors of buffer_put, HF_ERR_NOMEM. */
int rewrite_string(struct redactor *redactor, struct hf_slice raw, enum assign_name name,
		   struct buffer *out, uint64_t *count);

#endif
