/* SPDX-License-Identifier: MIT */
/* What is written of pi's format in a file of its own. */
#ifndef INTEROP_PI_H
#define INTEROP_PI_H

#include "interop/export.h"

/* struct format's write: a header and a tree of entries, version 3, or, if the original stands
 * before, entries that go on from its last one. Errors of the exporter's functions. */
int pi_write(struct exporter *exporter);

#endif
