/* SPDX-License-Identifier: MIT */
/* Whether a file is a session that JidoCode has signed and would load. */
#ifndef INTEROP_JIDOCODE_CHECK_H
#define INTEROP_JIDOCODE_CHECK_H

#include <stdbool.h>

#include "holdfast.h"
#include "interop/import.h"

/*
 * Judges the whole text of a file, by secret_path, host, salt and allow_unsigned of the
 * options. The signature is looked at before what it covers. The text is then good for
 * json/read.h, and is an object with the members that jidocode_schema.h asks for.
 *
 * HF_ERR_JSON: it is not JSON, or has a number that JidoCode cannot read. HF_ERR_FOREIGN: it
 * is no object, or JidoCode would not load it. HF_ERR_UNSIGNED: it has no signature, or null,
 * and that is not allowed; otherwise *ret_is_unsigned says so. HF_ERR_SIGNATURE: it does not
 * match, or is no text. HF_ERR_SESSION_SIZE: see jidocode_canonical.h. Errors of
 * jidocode_key.h, only if there is a signature.
 */
int jidocode_check_text(const struct import_env *env, struct hf_slice text,
			bool *ret_is_unsigned);

#endif
