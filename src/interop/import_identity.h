/* SPDX-License-Identifier: MIT */
/* What a foreign session is called, there and here. */
#ifndef INTEROP_IMPORT_IDENTITY_H
#define INTEROP_IMPORT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "interop/format.h"

enum { IDENTITY_TEXT_SIZE = 256, IDENTITY_TRIES = 3 };

/* The facts of a session as far as it can have them here: UTF-8, cut to what fits; "" where
 * one is not known or cannot be. */
struct identity {
	char foreign[IDENTITY_TEXT_SIZE];
	char version[IDENTITY_TEXT_SIZE];
	char parent[IDENTITY_TEXT_SIZE];
	char name[HF_NAME_MAX + 1];
	char project[HF_PROJECT_MAX + 1];
	int64_t created_us;
	bool is_unsigned;
};

void identity_take(struct identity *identity, const struct session_facts *facts);

/*
 * The session's id here. try 0: the foreign id if it is a UUID in lower case and not the nil
 * one, otherwise that of try 1: a UUID (version 8) from SHA-256 over "holdfast/1 import", the
 * format's name, and the foreign id, or the path if there is none. Where that is taken by a
 * session that is no import of the same format, the next: the same with the path added.
 */
void identity_id(const struct identity *identity, const char *format, const char *path,
		 unsigned nth, char ret_id[static HF_ID_SIZE]);

/* What record 0 says of where the session came from: docs/INTERCHANGE.md, "Origin". */
int identity_origin(const struct identity *identity, const char *format, const char *path,
		    struct buffer *out);
/* Whether that is the origin of an import of a format; *ret_same_file: of a file of this
 * name. */
bool identity_is_of(struct hf_slice origin, const char *format, const char *path,
		    bool *ret_same_file);

/* A path as it is told of, with its NUL: as it was given, less any "./" it begins with. */
int identity_path(const char *path, struct buffer *out);

#endif
