/* SPDX-License-Identifier: MIT */
/*
 * The one form in which JidoCode's encoder writes a JSON value (Jason 1.4 with pretty: true
 * on Erlang maps), which is what its signatures cover.
 *
 * Two spaces a level, "\n", no line feed at the end, empty containers as {} and []. Strings
 * are raw UTF-8 but for what must be escaped, with upper-case digits (\u001F). Floats are
 * as in jidocode_float.h; whole numbers stay as they are, but -0 is 0. Of names that come
 * twice the first counts. The members of an object stand in the order of the Erlang map:
 * up to 32 by the bytes of their names, more of them in the order of a hash tree, which is
 * not the same in all releases of Erlang.
 */
#ifndef INTEROP_JIDOCODE_CANONICAL_H
#define INTEROP_JIDOCODE_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include "holdfast.h"

/* How objects of more than 32 members are ordered. */
enum jidocode_order {
	JIDOCODE_ORDER_OTP25, /* as Erlang/OTP 25 and older do */
	JIDOCODE_ORDER_FOUND, /* as they stand: what a newer release has written */
};

struct jidocode_form {
	enum jidocode_order order;
	bool leave_signature; /* leave out the member "signature" of the outermost object */
	bool mend;            /* write lone surrogates as U+FFFD */
	size_t depth;         /* levels that stand around the value */
	bool *has_large;      /* NULL, or set to true if the order matters */
	/* Takes the text in order; not HF_OK: stop with that code. */
	int (*put)(void *context, const char *bytes, size_t size);
	void *context;
};

enum {
	JIDOCODE_TEXT_MAX = 32 << 20,       /* bytes that are read */
	JIDOCODE_CANONICAL_MAX = 128 << 20, /* bytes that are written */
	JIDOCODE_STEPS_MAX = 1 << 30,       /* bytes that are read over, once for each level */
	JIDOCODE_MEMBERS_MAX = 1 << 20,     /* of one object and those around it */
};

/*
 * Writes a value in that form. json has passed jidocode_parse_check. Time is
 * O(size * depth + size * log size) within the limits above, memory 40 bytes a member of one
 * object and of those around it. HF_ERR_JSON: a number is beyond the largest double.
 * HF_ERR_SESSION_SIZE: it exceeds a limit above. HF_ERR_NOMEM; errors of put.
 */
int jidocode_canonical_put(struct hf_slice json, const struct jidocode_form *form);

#endif
