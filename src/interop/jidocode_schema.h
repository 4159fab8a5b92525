/* SPDX-License-Identifier: MIT */
/* What JidoCode asks of a session's JSON, beside the signature, before it loads it. */
#ifndef INTEROP_JIDOCODE_SCHEMA_H
#define INTEROP_JIDOCODE_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "holdfast.h"

/* NULL: JidoCode loads it. Otherwise why not, a static text for people. session is an object
 * that has passed jidocode_parse_check. Linear in its size. */
const char *jidocode_schema_fault(struct hf_slice session);

/* Reads a time of ISO 8601 as Elixir's DateTime.from_iso8601/1 does: seconds are needed, and
 * an offset; the date and the time are apart by 'T' or a space. False: it is none. ret_us
 * may be NULL. */
bool jidocode_schema_time(struct hf_slice string, int64_t *ret_us);

#endif
