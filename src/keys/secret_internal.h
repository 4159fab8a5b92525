/* SPDX-License-Identifier: MIT */
/* What the files of struct secret share: reading (secret.c), making (secret_make.c) and
 * setting aside (secret_aside.c). Nobody else includes this. */
#ifndef KEYS_SECRET_INTERNAL_H
#define KEYS_SECRET_INTERNAL_H

#include <stdbool.h>
#include <sys/stat.h>

#include "keys/secret.h"

enum { SECRET_RANDOM_SIZE = 8 }; /* bytes of randomness in a temp file's name */

#define SECRET_TEMP_PREFIX "." SECRET_NAME "."
#define SECRET_TEMP_SUFFIX ".tmp"
/* With its NUL. */
#define SECRET_TEMP_NAME_SIZE                                                            \
	(sizeof SECRET_TEMP_PREFIX + 2 * SECRET_RANDOM_SIZE + sizeof SECRET_TEMP_SUFFIX - 1)

bool secret_is_temp_name(const char *name);
bool secret_is_same_file(const struct stat *a, const struct stat *b);

/* Describes a call that failed with rc (a negative errno); name may be NULL. */
int secret_call_failed(struct report *report, int rc, const char *operation, const char *name);

/* Opens the file that has the secret's name now; access is O_RDONLY or O_RDWR. */
int secret_open(const struct secret_dir *dir, int access);

/* Checks an open file and decodes its bytes. On anything but HF_OK, secret->state other
 * than SECRET_GOOD says that what was found is no failure. */
int secret_examine(const struct secret_dir *dir, struct report *report, int fd,
		   struct secret *secret);

/* Gives a secret whose text is there its name in the directory, unless another process is
 * faster. Read what there is then. */
int secret_put(const struct secret_dir *dir, struct report *report, const struct secret *secret);

/* Makes a secret, unless another process is faster. Read what there is then. */
int secret_make(const struct secret_dir *dir, struct report *report, uint32_t rounds,
		struct secret *secret);

/* Sets a damaged secret aside, unless it is not there or not damaged any more. On HF_OK
 * read what there is then, after a pause if the state is SECRET_CHANGED. */
int secret_aside(const struct secret_dir *dir, struct report *report, struct secret *secret);

#endif
