/* SPDX-License-Identifier: MIT */
/*
 * Secrets by the names of what they are assigned to: password = "...", "api_key": "...",
 * DB_PASS=..., in source, shells, JSON, YAML, .env files and connection strings.
 */
#ifndef REDACT_ASSIGN_H
#define REDACT_ASSIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "redact/redact.h"

enum {
	ASSIGN_NAME_MAX = 64, /* characters of a name that are looked at, from its end */
	ASSIGN_VALUE_MAX = 512, /* bytes of a value */
};

/* What a name says of its value. */
enum assign_name {
	ASSIGN_OTHER,
	ASSIGN_PASSWORD, /* a person may have chosen it: nearly anything is one */
	ASSIGN_SECRET, /* a program made it: it holds digits and letters */
	ASSIGN_KEY, /* often no secret: it has to look drawn at random */
	ASSIGN_STORAGE, /* an Azure storage account's */
	ASSIGN_QUIET, /* no secret, though it looks random: an id, a digest, a signature */
};

/* What a name says, given as it stands: "aws_secret_access_key", "X-Api-Key". */
enum assign_name assign_name(const char *name, size_t size);
/* Whether value is a secret under such a name. is_quoted: all of value is known to be the
 * value. *ret_kind is its kind. */
bool assign_is_secret(enum assign_name name, const char *value, size_t size, bool is_quoted,
		      const char **ret_kind);
/* The secret behind the '=' or ':' at at. */
bool assign_find(struct hf_slice text, size_t at, struct redact_hit *ret_hit);
/* The secret behind an option: the word text[at] to text[end] is "--password", a space and
 * the value follow. */
bool assign_find_option(struct hf_slice text, size_t at, size_t end, struct redact_hit *ret_hit);
/* What the name says that the value at at belongs to; ASSIGN_OTHER if there is none. */
enum assign_name assign_name_before(struct hf_slice text, size_t at);

#endif
