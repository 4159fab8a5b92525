/* SPDX-License-Identifier: MIT */
/*
 * One file of settings: opened, looked at, and taken apart into keys and values by inih.
 * Only this knows inih, and whatever inih would pass over in silence (a line that is too
 * long for it, a section, a NUL) is refused before it sees it.
 */
#ifndef STORE_CONFIG_FILE_H
#define STORE_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/report.h"
#include "sys/sys.h"

enum {
	CONFIG_FILE_SIZE_MAX = 64 << 10,
	CONFIG_PLACE_SIZE = 120 /* of config_file_place's text with its NUL, at most */
};

struct config_file {
	const char *path;
	/* Nobody but the user may have made or changed it: no symbolic link, his own, not
	 * writable by others. Otherwise it may be a link, and need only not be everybody's. */
	bool own;
};

/* Takes one setting as it stands in a line (1 is the first). Text is valid during the call.
 * Returns HF_OK to go on. */
typedef int (*config_file_fn)(void *context, const char *key, const char *value, unsigned line);

/*
 * Reads a file and gives each setting in it, in order. A file that is not there has none.
 * HF_ERR_CONFIG: it is not a file as above, is larger than CONFIG_FILE_SIZE_MAX, or a line is
 * no setting; the report's message is made for the user. HF_ERR_DENIED, HF_ERR_IO, ...: it
 * cannot be read. Else the first code other than HF_OK that each returned.
 */
int config_file_read(const struct sys *sys, struct report *report, const struct config_file *file,
		     config_file_fn each, void *context);

/* The same for text that is there already. */
int config_file_parse(struct report *report, const char *path, const char *text, size_t size,
		      config_file_fn each, void *context);

/* Puts "path:line" (or the path alone if line is 0) into text, a long path with its end only. */
void config_file_place(const char *path, unsigned line, char text[CONFIG_PLACE_SIZE]);

#endif
