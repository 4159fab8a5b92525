/* SPDX-License-Identifier: MIT */
/* Markers: what stands where a secret was, "[redacted:KIND]". */
#ifndef REDACT_MARKER_H
#define REDACT_MARKER_H

#include <stddef.h>

#include "redact/redact.h"

enum { MARKER_KIND_MAX = 40 }; /* characters of a kind */

/* The size of the marker that begins at at, or 0 if none does. */
size_t marker_size(struct hf_slice text, size_t at);
/* Appends a marker; errors of buffer_put. */
int marker_put(struct buffer *out, const char *kind);

#endif
