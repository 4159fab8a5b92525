/* SPDX-License-Identifier: MIT */
/*
 * A row of a database as JSON, made so that nothing of the row is lost.
 *
 * It is an object of all columns in their order: NULL and numbers as such; a text that is
 * itself an object or array of JSON byte for byte as it stands there, which is what OpenCode
 * keeps in "data", any other text as a string; and what is not UTF-8, or a blob, as a string
 * of hexadecimal digits under the column's name with ":hex" behind it. So what a value was
 * can be told from what stands there.
 */
#ifndef INTEROP_OPENCODE_ROW_H
#define INTEROP_OPENCODE_ROW_H

#include <stdbool.h>

#include "base/buffer.h"
#include "ext/sqlite.h"

/* Replaces what is in out by the row. HF_ERR_NOMEM; HF_ERR_FOREIGN: a column has no name that
 * JSON could hold; HF_ERR_RECORD_SIZE: out's maximum would be exceeded. */
int opencode_row_json(const struct sqlite_rows *rows, struct buffer *out);
/* Replaces what is in out by the text or number in a column, with a NUL behind it; column
 * NULL: by nothing. *ret_found: false if it is neither, or has a NUL in it. HF_ERR_NOMEM;
 * HF_ERR_RECORD_SIZE: it is too long to be a key. */
int opencode_row_key(const struct sqlite_rows *rows, const char *column, struct buffer *out,
		     bool *ret_found);

#endif
