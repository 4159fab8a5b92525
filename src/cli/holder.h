/* SPDX-License-Identifier: MIT */
/* Who holds a session, for people and for programs. Everything but the fact is what the
 * holder said of itself, and is made visible first. */
#ifndef CLI_HOLDER_H
#define CLI_HOLDER_H

#include <holdfast.h>

#include "cli/json.h"
#include "cli/strbuf.h"

/* "held by process 123 (claude) on box since 2026-11-23 04:30:15"; what is not known is
 * left out. */
void holder_put(struct strbuf *text, const struct hf_holder *holder);
/* The members "pid", "program", "host" and "since"; null if one is not known. */
void holder_put_json(struct json *json, const struct hf_holder *holder);

#endif
