/* SPDX-License-Identifier: MIT */
/* Removing sessions that a listing has shown. */
#ifndef STORE_RETIRE_H
#define STORE_RETIRE_H

#include "store/look.h"

/*
 * Moves a session to the trash, or removes it for good, if it is still as it was seen; the
 * caller may have looked long ago. Durable on return. HF_ERR_BUSY: somebody holds it now.
 * HF_ERR_CONFLICT: something was written to it since. HF_ERR_NOTFOUND: it is gone. Nothing
 * was done then. HF_ERR_EXISTS: another session of this id is in the trash.
 */
int retire_session(struct hf_store *store, struct report *report, const struct look *seen,
		   bool for_good);

#endif
