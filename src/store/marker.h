/* SPDX-License-Identifier: MIT */
/* holdfast.json: the file that makes a directory a store, and gives the store its id. */
#ifndef STORE_MARKER_H
#define STORE_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "sys/sys.h"

/*
 * Reads the store's id. With make, an empty directory (or one in which this was cut short
 * before) becomes a store: of racing programs all get the id of the one that came first;
 * durable on return. HF_ERR_FORMAT: the directory holds something else, or the file is
 * damaged or of a newer version. HF_ERR_NOTFOUND: it is no store, and make is not set.
 */
int marker_open(const struct sys *sys, struct report *report, int dir_fd, bool make,
		uint8_t ret_store[static 16]);

/* True if a name in the store's directory is one that this layer makes or reads; *ret_stale then
 * says whether a crash left it over. Otherwise *ret_stale is as it was. */
bool marker_owns(const char *name, bool *ret_stale);

/* Makes the name of a directory durable unless it has the file that shows that this was
 * done: whoever made the directory may not have come to it. A parent that may not be
 * opened is left alone. */
int marker_sync_parent(const struct sys *sys, struct report *report, int dir_fd,
		       const char *file);

#endif
