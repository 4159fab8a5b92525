/* SPDX-License-Identifier: MIT */
/*
 * A look at the beginning of a JSON text that may be cut off, damaged or none at all: for
 * telling formats apart by the first bytes of a file.
 *
 *     if (peek_begin(&peek, start, '{'))
 *         while (peek_next(&peek, &name, &rest))
 *             ...
 *
 * Nothing is validated. Every call stays within the bytes, and all calls together take time
 * linear in them.
 */
#ifndef INTEROP_PEEK_H
#define INTEROP_PEEK_H

#include <stdbool.h>

#include "holdfast.h"

struct peek {
	const char *at;
	const char *end;
	const char *value_end; /* of the value given last: its end, or white space behind it */
	char open;             /* '{' or '[' */
	bool is_over;          /* the container ends within the bytes; at is behind it */
};

/* Begins with the outermost container, before which a byte order mark and white space may
 * stand. False: it is not of the kind open. */
bool peek_begin(struct peek *peek, struct hf_slice start, char open);
/* Steps to the next member or element. *ret_name is the raw name with its quotes (empty in an
 * array), *ret_rest the bytes from its value on to the end of all, not empty. False: there is
 * none, or its value is not in the bytes. */
bool peek_next(struct peek *peek, struct hf_slice *ret_name, struct hf_slice *ret_rest);
/* Whether nothing but white space follows the container, as far as the bytes go. */
bool peek_is_all(const struct peek *peek);

#endif
