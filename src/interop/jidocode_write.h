/* SPDX-License-Identifier: MIT */
/* Writing JidoCode's format. */
#ifndef INTEROP_JIDOCODE_WRITE_H
#define INTEROP_JIDOCODE_WRITE_H

#include "interop/export.h"

/*
 * struct format's write: the file as JidoCode itself would write and sign it. options must
 * name the machine_secret to sign with: HF_ERR_INVALID otherwise. Errors of jidocode_key.h.
 *
 * A message is a text and nothing else there. A call of a tool becomes the text
 * "[tool call: NAME] ARGUMENTS" in its message, a result a message of the role "tool" before
 * the rest of its message, images and files a line in brackets; thinking is left out. All of
 * that is noted.
 */
int jidocode_write(struct exporter *exporter);

#endif
