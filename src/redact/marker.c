/* SPDX-License-Identifier: MIT */
#include "redact/marker.h"

#include <string.h>

#include "redact/chars.h"

static const char opening[] = "[redacted:";

enum { OPENING_SIZE = sizeof opening - 1 };

size_t marker_size(struct hf_slice text, size_t at)
{
	size_t from = at + OPENING_SIZE;
	size_t end;

	if (text.data[at] != '[' || text.size - at <= OPENING_SIZE ||
	    memcmp(text.data + at, opening, OPENING_SIZE) != 0)
		return 0;
	end = text.size - from > MARKER_KIND_MAX ? from + MARKER_KIND_MAX : text.size;
	end = chars_end(text.data, from, end, CHARS_LOWER | CHARS_DIGIT | CHARS_JOINT);
	return end > from && end < text.size && text.data[end] == ']' ? end + 1 - at : 0;
}

int marker_put(struct buffer *out, const char *kind)
{
	int rc = buffer_put(out, opening, OPENING_SIZE);

	if (rc == HF_OK)
		rc = buffer_put_text(out, kind);
	if (rc == HF_OK)
		rc = buffer_put(out, "]", 1);
	return rc;
}
