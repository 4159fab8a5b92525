/* SPDX-License-Identifier: MIT */
/*
 * What the two ends of a log tell of a session whose head does not tell it: for listings,
 * which must not read a whole log.
 */
#ifndef LOG_ENDS_H
#define LOG_ENDS_H

#include "format/head.h"
#include "log/env.h"

/*
 * Reads at most 64 KiB from the beginning of a log and as much from its end, however large
 * it is, and fills in what these tell; all else in *ret_head is zero, but for the session's
 * id. From record 0: generation, key id, time of creation, project, name, tags, pin; its MAC
 * is checked if its key is here, and nothing is taken from it if it fails. From the last
 * complete line: the time and the number of records; they are not checked, since the line
 * before may be out of reach. And the bytes without the padding at the end.
 *
 * HF_ERR_NOTFOUND: there is no log. Other errors of log_open, log_read and session_key_new.
 */
int ends_read(const struct log_env *env, struct report *report, struct storage_id id,
	      struct head *ret_head);

#endif
